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
