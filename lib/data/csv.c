/*
 * Comma-separated values, as RFC 4180 has them. A file goes by once, byte by byte; of what it says
 * only the numbers are kept, and one field at a time.
 */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/decimal.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/readers.h"

enum { FIELD_MOST = 4096, PIECE_SIZE = 1 << 16, SHOWN = 40, END = -1, NONE = -1 };

/* The line that a field begins on, and which of its record it is, both from 1. */
typedef struct place {
    int64_t line, column;
} place;

/* A field that is none of the numbers that a dataset holds. */
typedef struct misfit {
    vgrad__decimal kind; /* VGRAD__DECIMAL_FINITE: there is none */
    place place;
    char shown[SHOWN + 4];
} misfit;

/* A file while it is read. The first failure stays, and the file seems to end with it. */
typedef struct reader {
    vgrad_context *context;
    vgrad__bytes *bytes;
    vgrad__decimals decimals;
    vgrad_status status;
    int64_t line; /* of the next byte, from 1 */

    const char *label_column; /* NULL: none is wanted */
    int64_t label;            /* y's column, from 0; NONE: there is none, or not yet */
    place label_again;        /* a second field with its name; line 0: there is none */

    int64_t columns; /* fields of the first record; 0: it was not read to its end */
    bool has_names;  /* some field of the first record is text */
    misfit first;    /* its first field that is neither text nor a number */

    double *values; /* record after record */
    size_t count, capacity;

    int64_t record_line; /* on which this record begins */
    place place;         /* of this field */
    bool quoted;         /* it is, or was */
    const char *text;    /* what is in it, without the spaces around */
    size_t length;
    char field[FIELD_MOST + 1];

    bool at_end; /* nothing comes after what waits in the piece */
    size_t next, end;
    uint8_t piece[PIECE_SIZE];
} reader;

/* ---- failing ---- */

static void stop(reader *r, vgrad_status status)
{
    r->status = status;
    r->at_end = true;
    r->next = r->end;
}

/* In this field; column 0: in the line as a whole. */
static void __attribute__((format(printf, 3, 4)))
fail(reader *r, place where, const char *format, ...)
{
    char reason[VGRAD__ERROR_SIZE], text[64];
    if (r->status != VGRAD_OK)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    int length = snprintf(text, sizeof text, "line %lld", (long long)where.line);
    if (where.column > 0)
        snprintf(text + length, sizeof text - (size_t)length, ", column %lld",
                 (long long)where.column);
    stop(r, vgrad__bytes_fail_at(r->bytes, text, "%s", reason));
}

/* The beginning of a text, for the one line of an error text; returns `shown`. */
static const char *show(const char *text, char shown[SHOWN + 4])
{
    size_t length = strlen(text), kept = length > SHOWN ? SHOWN : length;
    for (size_t i = 0; i < kept; i++)
        shown[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    strcpy(shown + kept, length > SHOWN ? "..." : "");
    return shown;
}

static void fail_misfit(reader *r, const misfit *m)
{
    const char *reason = m->kind == VGRAD__DECIMAL_TOO_LARGE ? "too large for a double"
                         : m->kind == VGRAD__DECIMAL_SPECIAL ? "not finite"
                                                             : "no number";
    bool is_label = r->label != NONE && m->place.column == r->label + 1;
    fail(r, m->place, "\"%s\" is %s%s", m->shown, reason,
         is_label ? "; classes are numbers from 0" : "");
}

/* ---- bytes ---- */

/* One more read, behind what waits. */
static void refill(reader *r)
{
    size_t got;
    if (r->next == r->end)
        r->next = r->end = 0;
    vgrad_status status =
        vgrad__bytes_some(r->bytes, r->piece + r->end, sizeof r->piece - r->end, &got);
    r->end += got;
    if (status != VGRAD_OK)
        stop(r, status);
    else if (got == 0)
        r->at_end = true;
}

/* The next byte, which stays; END at the end, and after a failure. */
static inline int peek(reader *r)
{
    if (r->next == r->end && !r->at_end)
        refill(r);
    return r->next < r->end ? r->piece[r->next] : END;
}

/* What some programs put before UTF-8. */
static void skip_byte_order_mark(reader *r)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
    while (r->end < sizeof mark && !r->at_end)
        refill(r);
    if (r->status == VGRAD_OK && r->end >= sizeof mark && memcmp(r->piece, mark, sizeof mark) == 0)
        r->next = sizeof mark;
}

/* ---- fields ---- */

static inline void keep(reader *r, int byte)
{
    if (byte == '\0')
        fail(r, r->place, "a NUL byte");
    else if (r->length == FIELD_MOST)
        fail(r, r->place, "longer than %d bytes", FIELD_MOST);
    else
        r->field[r->length++] = (char)byte;
}

/* Up to what ends a field, which stays. */
static void read_plain(reader *r)
{
    for (;;) {
        int byte = peek(r);
        if (byte == ',' || byte == '\n' || byte == '\r' || byte == END)
            return;
        r->next++;
        if (byte == '"')
            fail(r, r->place, "a quote inside a field that does not begin with one");
        else
            keep(r, byte);
    }
}

/* From the opening quote to the closing one. */
static void read_quoted(reader *r)
{
    r->next++;
    for (;;) {
        int byte = peek(r);
        if (byte == END) {
            fail(r, r->place, "the file ends inside quotes");
            return;
        }
        r->next++;
        if (byte == '\n')
            r->line++;
        if (byte == '"') {
            if (peek(r) != '"')
                return;
            r->next++; /* two are one that belongs to the text */
        }
        keep(r, byte);
    }
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

static void trim(reader *r)
{
    size_t first = 0;
    while (r->length > 0 && is_space(r->field[r->length - 1]))
        r->length--;
    r->field[r->length] = '\0';
    while (is_space(r->field[first]))
        first++;
    r->text = r->field + first;
}

static void read_field(reader *r)
{
    r->place = (place){ r->line, r->place.column + 1 };
    r->length = 0;
    r->quoted = peek(r) == '"';
    if (r->quoted)
        read_quoted(r);
    else
        read_plain(r);
    trim(r);
}

/* Takes what is between fields or records; true if the record goes on. */
static bool another_field(reader *r)
{
    int byte = peek(r);
    if (byte == '\r') {
        r->next++;
        byte = peek(r);
        if (byte != '\n') {
            fail(r, r->place, "a carriage return without a line feed");
            return false;
        }
    }
    if (byte == END)
        return false;
    r->next++;
    if (byte == '\n')
        r->line++;
    else if (byte != ',')
        fail(r, r->place, "text after the closing quote");
    return byte == ',';
}

/* ---- what fields say ---- */

/* Keeps this field's number; false, with what is wrong in `m`, if it is none. */
static bool take_number(reader *r, misfit *m)
{
    double value = 0;
    m->kind = vgrad__decimal_read(&r->decimals, r->text, &value);
    if (m->kind != VGRAD__DECIMAL_FINITE) {
        m->place = r->place;
        show(r->text, m->shown);
        return false;
    }
    void *values = r->values;
    vgrad_status status =
        vgrad__grow(r->context, &values, r->count, &r->capacity, sizeof *r->values);
    r->values = values;
    if (status == VGRAD_OK)
        r->values[r->count++] = value;
    else
        stop(r, status);
    return true;
}

/* Whether it holds names is known at its end: until then a field may be a name and a number. */
static void take_first_record(reader *r)
{
    misfit m;
    if (r->label_column && strcmp(r->text, r->label_column) == 0) {
        if (r->label == NONE)
            r->label = r->place.column - 1;
        else if (r->label_again.line == 0)
            r->label_again = r->place;
    }
    if (r->has_names || take_number(r, &m))
        return;
    if (m.kind == VGRAD__DECIMAL_TEXT)
        r->has_names = true;
    else if (r->first.kind == VGRAD__DECIMAL_FINITE)
        r->first = m;
}

static void take_field(reader *r)
{
    misfit m;
    if (r->columns == 0)
        take_first_record(r);
    else if (r->place.column <= r->columns && !take_number(r, &m))
        fail_misfit(r, &m);
}

/* ---- the first record ---- */

/* Which column a number means; NONE: it is no number, or there is no such column. */
static int64_t column_of_number(const char *text, int64_t columns)
{
    char *end;
    const char *digits = text + (*text == '-');
    if (*digits < '0' || *digits > '9')
        return NONE;
    long long number = strtoll(text, &end, 10); /* too many digits: as far off as can be */
    if (*end != '\0' || number < -columns || number >= columns)
        return NONE;
    return number < 0 ? number + columns : number;
}

/* What is probably wrong with a file of one column. */
static const char *hint(const reader *r)
{
    return r->columns == 1 ? "; a comma is what separates columns" : "";
}

static void find_label(reader *r)
{
    char shown[SHOWN + 4];
    if (r->label_again.line > 0)
        fail(r, r->label_again, "another column is named \"%s\"", show(r->label_column, shown));
    else if (r->label == NONE)
        r->label = column_of_number(r->label_column, r->columns);
    if (r->label == NONE)
        stop(r, vgrad__fail(
                    VGRAD_E_NOT_FOUND, "label_column: no \"%s\" among %lld column%s of %s%s%s",
                    show(r->label_column, shown), (long long)r->columns, r->columns == 1 ? "" : "s",
                    vgrad__bytes_name(r->bytes), r->has_names ? "" : " without names", hint(r)));
    else if (r->columns == 1)
        fail(r, (place){ r->record_line, 0 }, "no column but the label's is left for x%s", hint(r));
}

static void end_first_record(reader *r)
{
    r->columns = r->place.column;
    if (r->has_names) {
        r->count = 0;
    } else {
        if (r->first.kind != VGRAD__DECIMAL_FINITE)
            fail_misfit(r, &r->first);
        r->label = NONE; /* what looked like its name is a number */
        r->label_again.line = 0;
    }
    if (r->label_column && r->status == VGRAD_OK)
        find_label(r);
}

/* ---- records ---- */

static void end_record(reader *r)
{
    if (r->columns == 0)
        end_first_record(r);
    else if (r->place.column != r->columns)
        fail(r, (place){ r->record_line, 0 }, "%lld field%s, the first line has %lld",
             (long long)r->place.column, r->place.column == 1 ? "" : "s", (long long)r->columns);
}

static void read_record(reader *r)
{
    bool more = true;
    r->record_line = r->line;
    r->place.column = 0;
    while (more && r->status == VGRAD_OK) {
        read_field(r);
        more = another_field(r);
        if (!more && r->place.column == 1 && !r->quoted && *r->text == '\0')
            return; /* a line with nothing in it */
        if (r->status == VGRAD_OK)
            take_field(r);
    }
    if (r->status == VGRAD_OK)
        end_record(r);
}

static void read_records(reader *r)
{
    skip_byte_order_mark(r);
    while (peek(r) != END)
        read_record(r);
    if (r->count == 0)
        fail(r, (place){ r->line, 0 }, "%s",
             r->columns ? "the file ends after the columns' names" : "the file holds no records");
}

/* ---- the dataset ---- */

/* Deals the values out to x and y (not looked at if there is no label). */
static void deal(const reader *r, double *x, double *y)
{
    int64_t column = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (column == r->label)
            *y++ = r->values[i];
        else
            *x++ = r->values[i];
        column = column + 1 < r->columns ? column + 1 : 0;
    }
}

static vgrad_status make_dataset(vgrad_dataset **out, const reader *r)
{
    const bool has_y = r->label != NONE;
    const int64_t rows = (int64_t)r->count / r->columns;
    const int64_t x_shape[2] = { rows, r->columns - has_y }, y_shape[2] = { rows, 1 };
    vgrad__array x = { 0 }, y = { 0 };
    vgrad_status status = vgrad__array_make(&x, VGRAD_FLOAT64, 2, x_shape, r->context);
    if (status == VGRAD_OK && has_y)
        status = vgrad__array_make(&y, VGRAD_FLOAT64, 2, y_shape, r->context);
    if (status != VGRAD_OK) {
        vgrad__array_release(&x, r->context);
        return status;
    }
    deal(r, x.block, y.block);
    return vgrad__dataset_own(out, &x, has_y ? &y : NULL, r->context);
}

static void destroy(reader *r)
{
    vgrad__bytes_close(r->bytes);
    vgrad__decimals_end(&r->decimals);
    vgrad__release(r->context, r->values, r->capacity, sizeof *r->values);
    vgrad__release(r->context, r, 1, sizeof *r);
}

vgrad_status vgrad_dataset_csv(vgrad_dataset **out, const char *path, const char *label_column,
                               vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (!path)
        return vgrad__fail_null("path");
    reader *r = vgrad__allocate(context, 1, sizeof *r);
    if (!r)
        return VGRAD_E_MEMORY;
    r->context = context;
    r->label_column = label_column;
    r->label = NONE;
    r->line = 1;
    r->status = vgrad__decimals_begin(&r->decimals);
    if (r->status == VGRAD_OK)
        r->status = vgrad__bytes_open(&r->bytes, path, context);
    if (r->status == VGRAD_OK)
        read_records(r);
    vgrad_status status = r->status == VGRAD_OK ? make_dataset(out, r) : r->status;
    destroy(r);
    return status;
}
