/* Files that are arrays of bytes, behind the library's own table of file calls: they can be cut,
   handed out in small pieces, and made to fail at any call. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_MEMORY_FILES_H
#define VGRAD_TESTS_MEMORY_FILES_H

#include <stdbool.h>

#include "base/file.h"

enum { MEMORY_FILES_MAX = 8 };

typedef struct memory_file {
    const char *path;
    const void *bytes;
    size_t size;
} memory_file;

/* Zero but for `files` to begin with; use its `table` after memory_files_begin(). */
typedef struct memory_files {
    vgrad__files table;
    memory_file files[MEMORY_FILES_MAX]; /* up to the first without a path */
    size_t most;                         /* bytes that one read gives; 0: as many as asked for */
    bool like_a_pipe;                    /* their sizes are not known */

    long calls;   /* of open, size and read so far */
    long fail_at; /* this call fails, from 1, with `error`; 0: none */
    int error;    /* a number of errno */
    int is_open;  /* files that were opened and not closed */

    struct {
        bool in_use;
        int file;
        size_t at;
    } handles[MEMORY_FILES_MAX];
} memory_files;

/* Makes the table; returns it, for vgrad__context_set_files(). */
const vgrad__files *memory_files_begin(memory_files *files);

#endif
