/* Gzip files in memory, for builds with zlib. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_GZIP_BYTES_H
#define VGRAD_TESTS_GZIP_BYTES_H

#include <stddef.h>

/* One gzip member with these bytes; its size. `room` must do. */
size_t gzip_bytes(void *to, size_t room, const void *from, size_t size);

#endif
