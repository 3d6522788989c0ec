/* gzip (RFC 1952) around bytes as they are: made without zlib, which is what is tested. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_FUZZ_ZIP_H
#define VGRAD_TESTS_FUZZ_ZIP_H

#include <stddef.h>

/* A new block with one member; with two, if `first` bytes of `size` are fewer. */
void *zip(const void *bytes, size_t size, size_t first, size_t *zipped_size);

#endif
