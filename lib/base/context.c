/* Allocator and log. */
/* SPDX-License-Identifier: MIT */
#include "base/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/status.h"

struct vgrad_context {
    vgrad__references references;
    vgrad_alloc alloc;
    vgrad_release release;
    void *user;
    vgrad_log_level log_level;
    vgrad_log log;
    void *log_user;
    const vgrad__files *files;
    double read_limit;
};

enum { ALIGNMENT = 64, LOG_LINE_SIZE = 512 };
static const double read_limit_default = 0x1p30;

static void *default_alloc(size_t size, size_t alignment, void *user)
{
    (void)user;
    /* aligned_alloc wants a multiple of the alignment. */
    if (size > SIZE_MAX - alignment)
        return NULL;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void default_release(void *block, size_t size, void *user)
{
    (void)size;
    (void)user;
    free(block);
}

vgrad_status vgrad_context_create(vgrad_context **out, vgrad_alloc alloc, vgrad_release release,
                                  void *user)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (!alloc != !release)
        return vgrad__fail(VGRAD_E_INVALID, "%s: NULL, but %s is given",
                           alloc ? "release" : "alloc", alloc ? "alloc" : "release");
    if (!alloc) {
        alloc = default_alloc;
        release = default_release;
    }
    vgrad_context *context = alloc(sizeof *context, ALIGNMENT, user);
    if (!context)
        return vgrad__fail(VGRAD_E_MEMORY, "no memory for %zu bytes", sizeof *context);
    *context = (vgrad_context){ .references = 1,
                                .alloc = alloc,
                                .release = release,
                                .user = user,
                                .files = &vgrad__posix_files,
                                .read_limit = read_limit_default };
    *out = context;
    return VGRAD_OK;
}

void vgrad_context_destroy(vgrad_context *context)
{
    vgrad__context_let_go(context);
}

vgrad_status vgrad_context_set_log(vgrad_context *context, vgrad_log_level level, vgrad_log log,
                                   void *user)
{
    if (!context)
        return vgrad__fail_null("context");
    if (level < VGRAD_LOG_NONE || level > VGRAD_LOG_DEBUG)
        return vgrad__fail(VGRAD_E_INVALID, "level: no log level %d", (int)level);
    context->log_level = log ? level : VGRAD_LOG_NONE;
    context->log = log;
    context->log_user = user;
    return VGRAD_OK;
}

vgrad_status vgrad_context_set(vgrad_context *context, vgrad_context_option option, double value)
{
    if (!context)
        return vgrad__fail_null("context");
    switch (option) {
    case VGRAD_CONTEXT_READ_LIMIT:
        if (!vgrad__number_fits(value, 1, 0x1p53, true))
            return vgrad__fail(VGRAD_E_INVALID, "read_limit: whole, 1 to 2^53, got %g", value);
        context->read_limit = value;
        return VGRAD_OK;
    }
    return vgrad__fail(VGRAD_E_INVALID, "option: no context option %d", (int)option);
}

double vgrad_context_get(const vgrad_context *context, vgrad_context_option option)
{
    switch (option) {
    case VGRAD_CONTEXT_READ_LIMIT: return context ? context->read_limit : read_limit_default;
    }
    vgrad__fail(VGRAD_E_INVALID, "option: no context option %d", (int)option);
    return (double)NAN;
}

const vgrad__files *vgrad__context_files(const vgrad_context *context)
{
    return context ? context->files : &vgrad__posix_files;
}

void vgrad__context_set_files(vgrad_context *context, const vgrad__files *files)
{
    context->files = files;
}

vgrad_context *vgrad__context_hold(vgrad_context *context)
{
    if (context)
        vgrad__hold(&context->references);
    return context;
}

void vgrad__context_let_go(vgrad_context *context)
{
    if (context && vgrad__let_go(&context->references))
        context->release(context, sizeof *context, context->user);
}

/* Never 0, which an allocator is not asked for; SIZE_MAX if the product overflows. */
static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return SIZE_MAX;
    return bytes ? bytes : 1;
}

void *vgrad__allocate(vgrad_context *context, size_t count, size_t size)
{
    void *block = NULL;
    size_t bytes = bytes_of(count, size);
    if (bytes < SIZE_MAX)
        block = context ? context->alloc(bytes, ALIGNMENT, context->user)
                        : default_alloc(bytes, ALIGNMENT, NULL);
    if (block)
        memset(block, 0, bytes);
    else
        vgrad__fail(VGRAD_E_MEMORY, "no memory for %zu times %zu bytes", count, size);
    return block;
}

void vgrad__release(vgrad_context *context, void *block, size_t count, size_t size)
{
    if (!block)
        return;
    if (context)
        context->release(block, bytes_of(count, size), context->user);
    else
        default_release(block, bytes_of(count, size), NULL);
}

vgrad_status vgrad__grow(vgrad_context *context, void **items, size_t count, size_t *capacity,
                         size_t size)
{
    if (count < *capacity)
        return VGRAD_OK;
    size_t larger = *capacity ? 2 * *capacity : 8;
    void *moved = vgrad__allocate(context, larger, size);
    if (!moved)
        return VGRAD_E_MEMORY;
    if (*items) {
        memcpy(moved, *items, count * size);
        vgrad__release(context, *items, *capacity, size);
    }
    *items = moved;
    *capacity = larger;
    return VGRAD_OK;
}

void vgrad__log_line(const vgrad_context *context, vgrad_log_level level, const char *format, ...)
{
    if (!context || level > context->log_level)
        return;
    char line[LOG_LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    context->log((int32_t)level, line, context->log_user);
}
