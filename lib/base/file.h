/* Files: a small table of calls, so that a test can make any of them fail. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_FILE_H
#define VGRAD_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* An open file; below 0: what errno would be, negated. */
typedef intptr_t vgrad__file;

/* A context's way to files. A failing call returns errno, negated. */
typedef struct vgrad__files {
    vgrad__file (*open)(const struct vgrad__files *files, const char *path); /* for reading */
    /* Bytes of a regular file; INT64_MAX of anything else that can be read, such as a pipe: not
       known. A folder fails as such. */
    int64_t (*size)(const struct vgrad__files *files, vgrad__file file);
    /* Reads 1 to `count` bytes; 0 at the end. */
    int64_t (*read)(const struct vgrad__files *files, vgrad__file file, void *to, size_t count);
    void (*close)(const struct vgrad__files *files, vgrad__file file);
} vgrad__files;

/* The system's own. */
extern const vgrad__files vgrad__posix_files;

enum { VGRAD__ERRNO_TEXT = 80 };
/* The words for a negated errno; returns `text`. */
const char *vgrad__errno_text(int64_t failure, char text[VGRAD__ERRNO_TEXT]);

#endif
