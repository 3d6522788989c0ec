/* Text to a caller's write function, and the one for a FILE. */
/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

int32_t vgrad_write_file(const char *text, size_t length, void *user)
{
    if (!user || fwrite(text, 1, length, user) != length)
        return 1;
    bool within_line = length > 0 && text[length - 1] != '\n';
    return within_line && fflush(user) != 0; /* a line that grows is to be seen growing */
}

vgrad_status vgrad__print(vgrad_write write, void *user, const char *format, ...)
{
    char text[VGRAD__TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int32_t refused = write(text, strlen(text), user);
    if (refused)
        return vgrad__fail(VGRAD_E_IO, "write returned %d", (int)refused);
    return VGRAD_OK;
}

size_t vgrad__utf8(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return c[0] != 0;
    const size_t length = c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if (c[i] < 0x80 || c[i] > 0xbf)
            return 0;
    /* What a shorter form has, halves of pairs of UTF-16, and what is beyond 10ffff. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return length;
}
