/* Files: a small table of calls, so that a test can make any of them fail. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_FILE_H
#define VGRAD_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* An open file; below 0: what errno would be, negated. */
typedef intptr_t vgrad__file;

/* What there is of a name. */
typedef enum vgrad__name_kind {
    VGRAD__NAME_FREE,
    VGRAD__NAME_FILE,
    VGRAD__NAME_LINK,
    VGRAD__NAME_OTHER /* a folder, a device, a pipe */
} vgrad__name_kind;

/* A context's way to files. A failing call returns errno, negated; one that has nothing to answer
   returns 0. */
typedef struct vgrad__files {
    /* ---- reading ---- */
    vgrad__file (*open)(const struct vgrad__files *files, const char *path); /* for reading */
    /* Bytes of a regular file; INT64_MAX of anything else that can be read, such as a pipe: not
       known. A folder fails as such. */
    int64_t (*size)(const struct vgrad__files *files, vgrad__file file);
    /* Reads 1 to `count` bytes; 0 at the end. */
    int64_t (*read)(const struct vgrad__files *files, vgrad__file file, void *to, size_t count);
    void (*close)(const struct vgrad__files *files, vgrad__file file);
    /* ---- writing ---- */
    /* Makes a file and opens it; -EEXIST where there is anything of this name, a link included. */
    vgrad__file (*create)(const struct vgrad__files *files, const char *path);
    /* Opens a file and empties it, or makes it. */
    vgrad__file (*overwrite)(const struct vgrad__files *files, const char *path);
    /* Opens a file to write at its end, or makes it. */
    vgrad__file (*append)(const struct vgrad__files *files, const char *path);
    /* Writes 1 to `count` bytes. */
    int64_t (*write)(const struct vgrad__files *files, vgrad__file file, const void *from,
                     size_t count);
    /* What was written is on the device. */
    int64_t (*sync)(const struct vgrad__files *files, vgrad__file file);
    /* In one step; a file that has the name `to` is replaced. */
    int64_t (*rename)(const struct vgrad__files *files, const char *from, const char *to);
    int64_t (*remove)(const struct vgrad__files *files, const char *path);
    /* A vgrad__name_kind: of the name itself, not of what a link leads to. */
    int64_t (*kind)(const struct vgrad__files *files, const char *path);
    /* ---- folders ---- */
    int64_t (*make_folder)(const struct vgrad__files *files, const char *path);
    /* The names in it are on the device. */
    int64_t (*sync_folder)(const struct vgrad__files *files, const char *path);
    /* Hands over each name in it but . and .., in no order. */
    int64_t (*list)(const struct vgrad__files *files, const char *path,
                    void (*each)(const char *name, void *user), void *user);
} vgrad__files;

/* The system's own. */
extern const vgrad__files vgrad__posix_files;

/* Writes all of it, in as many calls as that takes; 0, or errno, negated. */
int64_t vgrad__write_all(const vgrad__files *files, vgrad__file file, const void *from,
                         size_t count);

enum { VGRAD__ERRNO_TEXT = 80 };
/* The words for a negated errno; returns `text`. */
const char *vgrad__errno_text(int64_t failure, char text[VGRAD__ERRNO_TEXT]);

#endif
