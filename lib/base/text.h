/* Text to a caller's write function. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_TEXT_H
#define VGRAD_BASE_TEXT_H

#include <vgrad/context.h>

enum { VGRAD__TEXT_SIZE = 512 };

/* Formats at most 511 bytes and hands them on; VGRAD_E_IO if `write` refuses them. */
vgrad_status vgrad__print(vgrad_write write, void *user, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
