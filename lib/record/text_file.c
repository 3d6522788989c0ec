/* What sinks that write lines have in common. */
/* SPDX-License-Identifier: MIT */
#include "record/text_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* Where the number goes: before the last dot of the name, or at its end. */
static size_t stem_length(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - path) : strlen(path);
}

/* Whether a file ends in the middle of a line, as one does whose program was killed. */
static bool ends_within_line(const vgrad__sink *sink, const char *path)
{
    const vgrad__files *files = vgrad__context_files(sink->context);
    char bytes[4096], last = '\n';
    int64_t count;
    if (files->kind(files, path) != VGRAD__NAME_FILE)
        return false;
    const vgrad__file file = files->open(files, path);
    if (file < 0)
        return false;
    while ((count = files->read(files, file, bytes, sizeof bytes)) > 0)
        last = bytes[count - 1];
    files->close(files, file);
    return last != '\n';
}

/* Opens file `number`, with its header if it is empty. */
static vgrad_status open_number(vgrad__sink *sink, vgrad__text_file *file, int64_t number)
{
    enum { DIGITS = 24 };
    const size_t stem = stem_length(sink->path), size = strlen(sink->path) + DIGITS;
    char *path = vgrad__allocate(sink->context, size, 1);
    if (!path)
        return VGRAD_E_MEMORY;
    if (number == 0)
        snprintf(path, size, "%s", sink->path);
    else
        snprintf(path, size, "%.*s.%" PRId64 "%s", (int)stem, sink->path, number,
                 sink->path + stem);
    const bool within_line = sink->append && ends_within_line(sink, path);
    vgrad_status status = vgrad__output_open(
        &file->output, path, sink->append ? VGRAD__OPEN_AT_END : VGRAD__OPEN_AFRESH, sink->context);
    vgrad__release(sink->context, path, size, 1);
    file->number = number;
    if (status == VGRAD_OK && file->output.size == 0)
        vgrad__output_text(&file->output, file->header);
    else if (status == VGRAD_OK && within_line)
        vgrad__output_text(&file->output, "\n");
    return status;
}

/* Whether it is to take no more: one with nothing but its header always takes an entry. */
static bool is_full(const vgrad__sink *sink, const vgrad__text_file *file)
{
    return sink->max_bytes > 0 && file->output.size >= sink->max_bytes &&
           file->output.size > (int64_t)strlen(file->header);
}

vgrad_status vgrad__text_file_turn(vgrad__sink *sink)
{
    vgrad__text_file *file = sink->state;
    vgrad_status status = file->output.status;
    while (status == VGRAD_OK && is_full(sink, file)) {
        status = vgrad__output_flush(&file->output);
        vgrad__output_close(&file->output);
        if (status == VGRAD_OK)
            status = open_number(sink, file, file->number + 1);
    }
    return status;
}

vgrad_status vgrad__text_file_open(vgrad__sink *sink, const char *header)
{
    vgrad__text_file *file = sink->state = vgrad__allocate(sink->context, 1, sizeof *file);
    if (!file)
        return VGRAD_E_MEMORY;
    file->header = header;
    return open_number(sink, file, 0);
}

vgrad_status vgrad__text_file_flush(vgrad__sink *sink)
{
    vgrad__text_file *file = sink->state;
    return vgrad__output_flush(&file->output);
}

void vgrad__text_file_close(vgrad__sink *sink)
{
    vgrad__text_file *file = sink->state;
    if (!file)
        return;
    vgrad__output_close(&file->output);
    vgrad__release(sink->context, file, 1, sizeof *file);
    sink->state = NULL;
}
