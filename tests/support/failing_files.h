/* The system's files, of which any call can be made to fail, and a device that can be full. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_FAILING_FILES_H
#define VGRAD_TESTS_FAILING_FILES_H

#include <stdbool.h>

#include "base/file.h"

/* Zero to begin with; use its `table` after failing_files_begin(). */
typedef struct failing_files {
    vgrad__files table;
    long calls;    /* of anything but close so far */
    long fail_at;  /* this call fails, from 1, with `error`; 0: none */
    bool for_good; /* and so does every later one */
    int error;     /* a number of errno */
    bool limited;  /* the device takes `room` more bytes, then it is full */
    int64_t room;
    size_t most; /* bytes that one write takes; 0: as many as there are */
    int is_open; /* files that were opened and not closed */
} failing_files;

/* Makes the table; returns it, for vgrad__context_set_files(). */
const vgrad__files *failing_files_begin(failing_files *files);

#endif
