/* Failing: a status, and the line that vgrad_last_error() shows. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_STATUS_H
#define VGRAD_BASE_STATUS_H

#include <vgrad/status.h>

enum { VGRAD__ERROR_SIZE = 256 };

/* Sets this thread's error text, one lower-case line, and returns `status`. Never allocates. */
vgrad_status vgrad__fail(vgrad_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The failure of every function that was handed a NULL `argument`. */
vgrad_status vgrad__fail_null(const char *argument);

#endif
