/* A file that grows. */
/* SPDX-License-Identifier: MIT */
#include "record/output.h"

#include "base/status.h"

static vgrad_status fail(const vgrad__output *output, int64_t failure)
{
    char text[VGRAD__ERRNO_TEXT];
    return vgrad__fail(VGRAD_E_IO, "%s: %s", output->path, vgrad__errno_text(failure, text));
}

/* As `how` says; the size that the file has, or errno, negated. */
static int64_t open_file(vgrad__output *output, vgrad__opening how)
{
    const vgrad__files *files = vgrad__context_files(output->context);
    output->file = how == VGRAD__OPEN_NEW      ? files->create(files, output->path)
                   : how == VGRAD__OPEN_AFRESH ? files->overwrite(files, output->path)
                                               : files->append(files, output->path);
    if (output->file < 0)
        return output->file;
    output->open = true;
    int64_t size = files->size(files, output->file);
    return size == INT64_MAX ? 0 : size; /* a pipe has none */
}

vgrad_status vgrad__output_open(vgrad__output *output, const char *path, vgrad__opening how,
                                vgrad_context *context)
{
    *output = (vgrad__output){ .context = context };
    output->path = vgrad__allocate(context, strlen(path) + 1, 1);
    if (!output->path)
        return VGRAD_E_MEMORY;
    strcpy(output->path, path);
    output->buffer = vgrad__allocate(context, VGRAD__OUTPUT_BUFFER, 1);
    vgrad_status status = output->buffer ? VGRAD_OK : VGRAD_E_MEMORY;
    if (status == VGRAD_OK) {
        output->size = open_file(output, how);
        if (output->size < 0)
            status = fail(output, output->size);
    }
    if (status != VGRAD_OK)
        vgrad__output_close(output);
    return status;
}

static void write_out(vgrad__output *output, const void *bytes, size_t count)
{
    const vgrad__files *files = vgrad__context_files(output->context);
    if (output->status != VGRAD_OK || count == 0)
        return;
    int64_t failure = vgrad__write_all(files, output->file, bytes, count);
    if (failure < 0)
        output->status = fail(output, failure);
}

vgrad_status vgrad__output_flush(vgrad__output *output)
{
    write_out(output, output->buffer, output->waiting);
    output->waiting = 0;
    return output->status;
}

void vgrad__output_spill(vgrad__output *output, const void *bytes, size_t count)
{
    vgrad__output_flush(output);
    if (count > VGRAD__OUTPUT_BUFFER) {
        write_out(output, bytes, count);
        return;
    }
    memcpy(output->buffer, bytes, count);
    output->waiting = count;
}

void vgrad__output_whole(vgrad__output *output, int64_t value)
{
    if (value < 0)
        vgrad__output_put(output, "-", 1);
    vgrad__output_natural(output, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void vgrad__output_natural(vgrad__output *output, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    vgrad__output_put(output, digits + at, sizeof digits - at);
}

void vgrad__output_close(vgrad__output *output)
{
    const vgrad__files *files = vgrad__context_files(output->context);
    if (output->open)
        files->close(files, output->file);
    if (output->path)
        vgrad__release(output->context, output->path, strlen(output->path) + 1, 1);
    vgrad__release(output->context, output->buffer, VGRAD__OUTPUT_BUFFER, 1);
    *output = (vgrad__output){ 0 };
}
