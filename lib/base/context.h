/* The context: all memory and all log lines of the library go through here. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_CONTEXT_H
#define VGRAD_BASE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <vgrad/context.h>

#include "base/file.h"

/* How many hold an object; it goes with the last. */
typedef atomic_int vgrad__references;

static inline void vgrad__hold(vgrad__references *references)
{
    atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

/* True if that was the last. */
static inline bool vgrad__let_go(vgrad__references *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

/* Returns `context`; NULL is the default context and needs no holding. */
vgrad_context *vgrad__context_hold(vgrad_context *context);
void vgrad__context_let_go(vgrad_context *context);

/* `count` * `size` zeroed bytes at a multiple of 64; NULL, with the error text set, if there are
   none or the product overflows. Room for nothing is a block too. */
void *vgrad__allocate(vgrad_context *context, size_t count, size_t size);
/* `count` and `size` as they were asked for. NULL is fine. */
void vgrad__release(vgrad_context *context, void *block, size_t count, size_t size);

/* Makes room for one more: `*items` has `count` elements of `size` and room for `*capacity`. The
   array is untouched on failure. */
vgrad_status vgrad__grow(vgrad_context *context, void **items, size_t count, size_t *capacity,
                         size_t size);

/* The context's way to files: the system's own, until a test puts another in its place. */
const vgrad__files *vgrad__context_files(const vgrad_context *context);
void vgrad__context_set_files(vgrad_context *context, const vgrad__files *files);

/* A line for the context's log, if it has one for this level. */
void vgrad__log_line(const vgrad_context *context, vgrad_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
