/* The visit that writes: JSON, and a list of tensors. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/checkpoint.h"

enum { FIRST_CAPACITY = 4096, NUMBER_SIZE = 40 };

static vgrad__fields_writer *writer_of(vgrad__fields *f)
{
    return (vgrad__fields_writer *)f; /* its first member */
}

/* ---- text ---- */

/* Room for `more` bytes and a zero. */
static bool make_room(vgrad__fields_writer *w, size_t more)
{
    size_t capacity = w->capacity > 0 ? w->capacity : FIRST_CAPACITY;
    if (w->fields.status != VGRAD_OK)
        return false;
    while (capacity - w->used <= more)
        capacity *= 2;
    if (capacity == w->capacity)
        return true;
    char *larger = vgrad__allocate(w->context, capacity, 1);
    if (!larger) {
        w->fields.status = VGRAD_E_MEMORY;
        return false;
    }
    if (w->used > 0)
        memcpy(larger, w->text, w->used);
    vgrad__release(w->context, w->text, w->capacity, 1);
    w->text = larger;
    w->capacity = capacity;
    return true;
}

static void put(vgrad__fields_writer *w, const char *bytes)
{
    const size_t count = strlen(bytes);
    if (!make_room(w, count))
        return;
    memcpy(w->text + w->used, bytes, count + 1);
    w->used += count;
}

static void put_text(vgrad__fields_writer *w, const char *text)
{
    put(w, "\"");
    for (const char *c = text; *c; c++) {
        char one[8] = { *c };
        if (*c == '"' || *c == '\\')
            snprintf(one, sizeof one, "\\%c", *c);
        else if ((unsigned char)*c < ' ')
            snprintf(one, sizeof one, "\\u%04x", (unsigned)*c);
        put(w, one);
    }
    put(w, "\"");
}

/* What comes before a value. */
static void put_name(vgrad__fields_writer *w, const char *name)
{
    if (w->used > 0 && w->text[w->used - 1] != '{' && w->text[w->used - 1] != '[')
        put(w, ",");
    if (!name)
        return;
    put_text(w, name);
    put(w, ":");
}

/* ---- the visit ---- */

static void begin(vgrad__fields_writer *w, const char *name, bool list)
{
    put_name(w, name);
    put(w, list ? "[" : "{");
    w->list[w->depth++] = list;
}

static void open_object(vgrad__fields *f, const char *name)
{
    begin(writer_of(f), name, false);
}

static int64_t open_list(vgrad__fields *f, const char *name, int64_t count)
{
    begin(writer_of(f), name, true);
    return count;
}

static void close_any(vgrad__fields *f)
{
    vgrad__fields_writer *w = writer_of(f);
    put(w, w->list[--w->depth] ? "]" : "}");
}

static bool has(vgrad__fields *f, const char *name, bool here)
{
    (void)f, (void)name;
    return here;
}

static void integer(vgrad__fields *f, const char *name, int64_t *value, int64_t low, int64_t high)
{
    char number[NUMBER_SIZE];
    (void)low, (void)high;
    snprintf(number, sizeof number, "%" PRId64, *value);
    put_name(writer_of(f), name);
    put(writer_of(f), number);
}

/* A number with a point, whatever the locale has in its place, or an exponent: 17 digits, which are
   enough to get the same double back. */
static void put_real(vgrad__fields_writer *w, double value)
{
    char number[NUMBER_SIZE], plain[NUMBER_SIZE];
    size_t used = 0;
    bool is_real = false;
    snprintf(number, sizeof number, "%.17g", value);
    for (const char *c = number; *c; c++) {
        const bool known = (*c >= '0' && *c <= '9') || *c == '-' || *c == '+' || *c == 'e';
        if (known || plain[used - 1] != '.')
            plain[used++] = known ? *c : '.';
        is_real |= !known || *c == 'e';
    }
    plain[used] = '\0';
    put(w, plain);
    if (!is_real)
        put(w, ".0");
}

/* JSON has no NaN and no Inf: words, in their place. */
static void real(vgrad__fields *f, const char *name, double *value)
{
    put_name(writer_of(f), name);
    if (isfinite(*value))
        put_real(writer_of(f), *value);
    else
        put_text(writer_of(f), isnan(*value) ? "nan" : *value > 0 ? "inf" : "-inf");
}

static void text(vgrad__fields *f, const char *name, char *value, size_t size)
{
    (void)size;
    put_name(writer_of(f), name);
    put_text(writer_of(f), value);
}

static void tensor(vgrad__fields *f, const char *name, const vgrad_tensor *view)
{
    vgrad__fields_writer *w = writer_of(f);
    if (f->status == VGRAD_OK)
        f->status = vgrad__grow(w->context, (void **)&w->tensors, w->tensor_count,
                                &w->tensor_capacity, sizeof *w->tensors);
    if (f->status != VGRAD_OK)
        return;
    vgrad__named_tensor *named = &w->tensors[w->tensor_count++];
    named->view = *view;
    snprintf(named->name, sizeof named->name, "%s", name);
}

static void refuse(vgrad__fields *f, vgrad_status status, const char *name, const char *why)
{
    if (f->status == VGRAD_OK)
        f->status = vgrad__fail(status, "%s: %s", name ? name : "run", why);
}

static const vgrad__fields_way writing = { .open = open_object,
                                           .open_list = open_list,
                                           .close = close_any,
                                           .has = has,
                                           .integer = integer,
                                           .real = real,
                                           .text = text,
                                           .tensor = tensor,
                                           .refuse = refuse };

void vgrad__fields_writer_begin(vgrad__fields_writer *w, vgrad_context *context)
{
    *w = (vgrad__fields_writer){ .fields = { .way = &writing }, .context = context };
    put(w, "{");
}

void vgrad__fields_writer_finish(vgrad__fields_writer *w)
{
    put(w, "}");
}

void vgrad__fields_writer_release(vgrad__fields_writer *w)
{
    vgrad__release(w->context, w->text, w->capacity, 1);
    vgrad__release(w->context, w->tensors, w->tensor_capacity, sizeof *w->tensors);
}
