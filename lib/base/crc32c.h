/* CRC-32C (Castagnoli; RFC 3720, appendix B.4), which event files and checkpoints carry. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_CRC32C_H
#define VGRAD_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The sum of what came before, 0 at first, with these bytes after it. */
uint32_t vgrad__crc32c(uint32_t before, const void *bytes, size_t count);

/* The same without the CPU's own instruction, for those that have none. */
uint32_t vgrad__crc32c_plain(uint32_t before, const void *bytes, size_t count);

#endif
