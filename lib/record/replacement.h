/* A file that takes the place of another in one step, once it is whole. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_REPLACEMENT_H
#define VGRAD_RECORD_REPLACEMENT_H

#include "base/context.h"

/*
 * It grows in a temporary file beside the other, PATH.PID.COUNTER.tmp, which nothing ever reads;
 * when it is on the device it is renamed. Until then, and after any failure, what was under the
 * name is there as it was. Only a process that is killed leaves a temporary file behind.
 */
typedef struct vgrad__replacement {
    vgrad_context *context;
    const vgrad__files *files;
    const char *path; /* borrowed */
    char *temporary;
    size_t temporary_size;
    vgrad__file file;
    uint8_t *buffer;
    size_t used; /* of the buffer */
} vgrad__replacement;

/* Begins one for `path`, which must stay until the end; on failure nothing has begun. Only a
   file may be replaced: in the place of a symbolic link the rename would leave what it leads to
   behind, and a device or a folder is never meant. */
vgrad_status vgrad__replacement_begin(vgrad__replacement *replacement, const char *path,
                                      vgrad_context *context);
/* Adds to its end. After a failure all that is left to do is to abandon it. */
vgrad_status vgrad__replacement_write(vgrad__replacement *replacement, const void *bytes,
                                      size_t count);
/* Puts it into its place, for good: it and its name are on the device. Ends it, also on failure. */
vgrad_status vgrad__replacement_finish(vgrad__replacement *replacement);
/* Ends it without a trace. */
void vgrad__replacement_abandon(vgrad__replacement *replacement);

#endif
