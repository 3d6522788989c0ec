/* Text to a caller's write function. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_TEXT_H
#define VGRAD_BASE_TEXT_H

#include <stddef.h>
#include <vgrad/context.h>

enum { VGRAD__TEXT_SIZE = 512 };

/* Bytes of the character that a text begins with, in UTF-8: 1 to 4; 0 where there is no well-formed
   one (RFC 3629), or the text ends. */
size_t vgrad__utf8(const char *text);

/* Formats at most 511 bytes and hands them on; VGRAD_E_IO if `write` refuses them. */
vgrad_status vgrad__print(vgrad_write write, void *user, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
