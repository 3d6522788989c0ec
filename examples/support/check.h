/* An example that cannot go on says why and ends. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_CHECK_H
#define EXAMPLES_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include <vgrad/vgrad.h>

/* Returns the status of a call that has not failed. */
static inline vgrad_status check(vgrad_status status)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", vgrad_status_name(status), vgrad_last_error());
        exit(EXIT_FAILURE);
    }
    return status;
}

#endif
