/* The error text of each thread, and the names of statuses. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[VGRAD__ERROR_SIZE];

vgrad_status vgrad__fail(vgrad_status status, const char *format, ...)
{
    /* Formatted aside: an argument may be the old text itself. */
    char text[VGRAD__ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(last_error, sizeof last_error, "%s", text);
    return status;
}

vgrad_status vgrad__fail_null(const char *argument)
{
    return vgrad__fail(VGRAD_E_INVALID, "%s: NULL", argument);
}

const char *vgrad_last_error(void)
{
    return last_error;
}

const char *vgrad_status_name(vgrad_status status)
{
    switch (status) {
    case VGRAD_OK: return "OK";
    case VGRAD_STOPPED: return "STOPPED";
    case VGRAD_DONE: return "DONE";
    case VGRAD_CHANGED: return "CHANGED";
    case VGRAD_ACCUMULATED: return "ACCUMULATED";
    case VGRAD_SKIPPED: return "SKIPPED";
    case VGRAD_E_INVALID: return "E_INVALID";
    case VGRAD_E_SHAPE: return "E_SHAPE";
    case VGRAD_E_STATE: return "E_STATE";
    case VGRAD_E_MEMORY: return "E_MEMORY";
    case VGRAD_E_CALLBACK: return "E_CALLBACK";
    case VGRAD_E_IO: return "E_IO";
    case VGRAD_E_FORMAT: return "E_FORMAT";
    case VGRAD_E_NOT_FOUND: return "E_NOT_FOUND";
    case VGRAD_E_NUMBER: return "E_NUMBER";
    case VGRAD_E_UNSUPPORTED: return "E_UNSUPPORTED";
    }
    return "UNKNOWN";
}

uint32_t vgrad_version(void)
{
    return VGRAD_VERSION_NUMBER;
}

uint32_t vgrad_abi_version(void)
{
    return VGRAD_ABI_VERSION;
}
