/* Writing beside, syncing, renaming. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "record/replacement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "data/bytes.h"

enum {
    BUFFER_SIZE = 1 << 16,
    SUFFIX_SIZE = 48, /* of .PID.COUNTER.tmp */
    TRIES = 100       /* leftovers of a process that had this number before */
};

/* ---- failing ---- */

static vgrad_status fail(const char *path, const char *what, int64_t failure)
{
    char shown[VGRAD__PATH_SHOWN], text[VGRAD__ERRNO_TEXT];
    return vgrad__fail(VGRAD_E_IO, "%s: %s: %s", vgrad__path_shown(path, shown), what,
                       vgrad__errno_text(failure, text));
}

/* Only a file may be replaced: a link would be lost where what it leads to is meant, and to put a
   file in the place of a device would harm the system. */
static vgrad_status check_name(const vgrad__replacement *r)
{
    const int64_t kind = r->files->kind(r->files, r->path);
    char shown[VGRAD__PATH_SHOWN];
    if (kind < 0)
        return fail(r->path, "cannot look", kind);
    if (kind == VGRAD__NAME_LINK)
        return vgrad__fail(VGRAD_E_IO,
                           "%s: a symbolic link: it would be replaced, and what it leads to not",
                           vgrad__path_shown(r->path, shown));
    if (kind == VGRAD__NAME_OTHER)
        return vgrad__fail(VGRAD_E_IO, "%s: a folder or a device, no file to be replaced",
                           vgrad__path_shown(r->path, shown));
    return VGRAD_OK;
}

/* ---- beginning and ending ---- */

/* Gives back what begin took; the temporary file is closed. */
static void release(vgrad__replacement *r)
{
    vgrad__release(r->context, r->temporary, r->temporary_size, 1);
    vgrad__release(r->context, r->buffer, BUFFER_SIZE, 1);
    *r = (vgrad__replacement){ 0 };
}

/* A file of a name that is free. The counter tells threads apart, the number of the process those
   that share a folder. */
static vgrad_status create(vgrad__replacement *r)
{
    static atomic_uint counter;
    for (int tries = 0; tries < TRIES; tries++) {
        snprintf(r->temporary, r->temporary_size, "%s.%ld.%u.tmp", r->path, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        r->file = r->files->create(r->files, r->temporary);
        if (r->file != -EEXIST)
            break;
    }
    return r->file < 0 ? fail(r->path, "cannot create a file beside it", r->file) : VGRAD_OK;
}

vgrad_status vgrad__replacement_begin(vgrad__replacement *r, const char *path,
                                      vgrad_context *context)
{
    *r = (vgrad__replacement){
        .context = context,
        .files = vgrad__context_files(context),
        .path = path,
        .temporary_size = strlen(path) + SUFFIX_SIZE,
    };
    vgrad_status status = check_name(r);
    if (status != VGRAD_OK)
        return status;
    r->temporary = vgrad__allocate(context, r->temporary_size, 1);
    r->buffer = r->temporary ? vgrad__allocate(context, BUFFER_SIZE, 1) : NULL;
    status = r->buffer ? create(r) : VGRAD_E_MEMORY;
    if (status != VGRAD_OK)
        release(r);
    return status;
}

void vgrad__replacement_abandon(vgrad__replacement *r)
{
    r->files->close(r->files, r->file);
    r->files->remove(r->files, r->temporary);
    release(r);
}

/* ---- writing ---- */

static vgrad_status flush(vgrad__replacement *r)
{
    const int64_t result = vgrad__write_all(r->files, r->file, r->buffer, r->used);
    r->used = 0;
    return result < 0 ? fail(r->path, "cannot write", result) : VGRAD_OK;
}

vgrad_status vgrad__replacement_write(vgrad__replacement *r, const void *bytes, size_t count)
{
    const uint8_t *next = bytes;
    while (count > 0) {
        const size_t room = BUFFER_SIZE - r->used, some = count < room ? count : room;
        memcpy(r->buffer + r->used, next, some);
        r->used += some;
        next += some;
        count -= some;
        if (r->used == BUFFER_SIZE) {
            vgrad_status status = flush(r);
            if (status != VGRAD_OK)
                return status;
        }
    }
    return VGRAD_OK;
}

/* The folder that a path leads into, written over `path` itself. */
static const char *folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    slash[slash == path] = '\0'; /* "/a" lies in "/" */
    return path;
}

vgrad_status vgrad__replacement_finish(vgrad__replacement *r)
{
    int64_t result;
    vgrad_status status = flush(r);
    if (status == VGRAD_OK && (result = r->files->sync(r->files, r->file)) < 0)
        status = fail(r->path, "cannot sync", result);
    if (status == VGRAD_OK && (result = r->files->rename(r->files, r->temporary, r->path)) < 0)
        status = fail(r->path, "cannot rename a file to it", result);
    if (status != VGRAD_OK) {
        vgrad__replacement_abandon(r);
        return status;
    }
    r->files->close(r->files, r->file);
    result = r->files->sync_folder(r->files, folder_of(r->temporary));
    if (result < 0)
        status = fail(r->path, "is in its place, but cannot sync its folder", result);
    release(r);
    return status;
}
