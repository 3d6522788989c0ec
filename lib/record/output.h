/* A file that grows: what is put into it is gathered and written in large pieces. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_OUTPUT_H
#define VGRAD_RECORD_OUTPUT_H

#include <stdbool.h>
#include <string.h>

#include "base/context.h"

enum { VGRAD__OUTPUT_BUFFER = 1 << 16 };

typedef enum vgrad__opening {
    VGRAD__OPEN_NEW,    /* refused where there is anything of this name */
    VGRAD__OPEN_AFRESH, /* a file of this name is emptied */
    VGRAD__OPEN_AT_END  /* goes on behind what is there */
} vgrad__opening;

/* {0} is none. */
typedef struct vgrad__output {
    vgrad_context *context;
    char *path;
    bool open;
    vgrad__file file;
    int64_t size; /* of the file, with what is yet to be written */
    char *buffer;
    size_t waiting;
    vgrad_status status; /* of the first write that failed: then no other is made, as what came
                            after it would not be where readers look for it */
} vgrad__output;

/* VGRAD_E_IO names the path; on failure there is nothing to close. */
vgrad_status vgrad__output_open(vgrad__output *output, const char *path, vgrad__opening how,
                                vgrad_context *context);
/* The rest of vgrad__output_put(): what is gathered is written first. */
void vgrad__output_spill(vgrad__output *output, const void *bytes, size_t count);
static inline void vgrad__output_put(vgrad__output *output, const void *bytes, size_t count)
{
    output->size += (int64_t)count;
    if (count > VGRAD__OUTPUT_BUFFER - output->waiting) {
        vgrad__output_spill(output, bytes, count);
        return;
    }
    memcpy(output->buffer + output->waiting, bytes, count);
    output->waiting += count;
}
static inline void vgrad__output_text(vgrad__output *output, const char *text)
{
    vgrad__output_put(output, text, strlen(text));
}
/* U+FFFD, in the place of every byte that is none of a character in UTF-8. */
#define VGRAD__REPLACEMENT "\xef\xbf\xbd"
void vgrad__output_whole(vgrad__output *output, int64_t value);
void vgrad__output_natural(vgrad__output *output, uint64_t value);
/* Writes what waits, so that other processes see it; how all went so far. */
vgrad_status vgrad__output_flush(vgrad__output *output);
/* Without a flush what waits is lost. */
void vgrad__output_close(vgrad__output *output);

#endif
