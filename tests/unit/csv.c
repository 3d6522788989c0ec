/* vgrad_dataset_csv(): what files say, and what is wrong with them. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/dataset.h>

#include "allocator.h"
#include "base/context.h"
#include "base/status.h"
#include "memory_files.h"
#include "runner.h"

/* The linker puts these two in the place of the C library's. */
locale_t __wrap_newlocale(int mask, const char *name, locale_t base);
locale_t __real_newlocale(int mask, const char *name, locale_t base);
void __wrap_freelocale(locale_t locale);
void __real_freelocale(locale_t locale);

static bool no_locale; /* there is no memory for one */
static int locales;    /* alive */

locale_t __wrap_newlocale(int mask, const char *name, locale_t base)
{
    if (no_locale)
        return NULL;
    locales++;
    return __real_newlocale(mask, name, base);
}

void __wrap_freelocale(locale_t locale)
{
    locales--;
    __real_freelocale(locale);
}

/* One file behind a context whose memory is watched. */
typedef struct world {
    allocator memory;
    size_t peak; /* of the bytes alive */
    memory_files files;
    vgrad_context *context;
} world;

static void *alloc(size_t size, size_t alignment, void *user)
{
    world *w = user;
    void *block = allocator_alloc(size, alignment, &w->memory);
    if (w->memory.bytes > w->peak)
        w->peak = w->memory.bytes;
    return block;
}

static void release(void *block, size_t size, void *user)
{
    allocator_release(block, size, &((world *)user)->memory);
}

static void world_make(world *w, const void *bytes, size_t size)
{
    memset(w, 0, sizeof *w);
    w->files.files[0] = (memory_file){ "rows.csv", bytes, size };
    w->files.error = EIO;
    assert_ok(vgrad_context_create(&w->context, alloc, release, w));
    vgrad__context_set_files(w->context, memory_files_begin(&w->files));
}

static vgrad_status load(world *w, vgrad_dataset **data, const char *label)
{
    *data = (void *)w; /* must be set whatever happens */
    vgrad_status status = vgrad_dataset_csv(data, "rows.csv", label, w->context);
    ck_assert_int_eq(w->files.is_open, 0);
    ck_assert_int_eq(locales, 0);
    if (status != VGRAD_OK) {
        ck_assert_ptr_null(*data);
        ck_assert_int_eq(w->memory.blocks, 1); /* the context */
    }
    return status;
}

static void world_destroy(world *w)
{
    vgrad_context_destroy(w->context);
    ck_assert_int_eq(w->memory.blocks, 0);
    ck_assert_int_eq(w->memory.mistakes, 0);
}

/* "1 2|3;" is a row with x (1, 2) and y (3). */
static void print_rows(const vgrad_dataset *data, char *text, size_t size)
{
    int64_t rows = vgrad_dataset_rows(data), width = vgrad_dataset_x_width(data), shape[8];
    int has_y = vgrad_dataset_y_width(data) > 0;
    double x[64], y[64];
    ck_assert(rows * width <= 64);
    ck_assert_int_eq(vgrad_dataset_x_shape(data, shape), 2);
    ck_assert(shape[0] == rows && shape[1] == width);
    if (has_y) {
        ck_assert_int_eq(vgrad_dataset_y_shape(data, shape), 2);
        ck_assert(shape[0] == rows && shape[1] == 1);
    }
    assert_ok(vgrad_dataset_read(data, 0, rows, x, has_y ? y : NULL, VGRAD_FLOAT64));
    size_t at = 0;
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t i = 0; i < width; i++)
            at +=
                (size_t)snprintf(text + at, size - at, "%s%.17g", i ? " " : "", x[row * width + i]);
        if (has_y)
            at += (size_t)snprintf(text + at, size - at, "|%.17g", y[row]);
        at += (size_t)snprintf(text + at, size - at, ";");
        ck_assert_uint_lt(at, size);
    }
}

/* However few bytes one read gives. */
static const size_t pieces[] = { 0, 1, 3 };

static void reads(const char *bytes, size_t size, const char *label, const char *expected)
{
    for (int i = 0; i < 3; i++) {
        world w;
        char text[1024];
        vgrad_dataset *data;
        world_make(&w, bytes, size);
        w.files.most = pieces[i];
        w.files.like_a_pipe = i == 2;
        assert_ok(load(&w, &data, label));
        print_rows(data, text, sizeof text);
        ck_assert_str_eq(text, expected);
        vgrad_dataset_destroy(data);
        world_destroy(&w);
    }
}

static void refuses(vgrad_status expected, const char *bytes, size_t size, const char *label,
                    const char *error)
{
    for (int i = 0; i < 3; i++) {
        world w;
        vgrad_dataset *data;
        world_make(&w, bytes, size);
        w.files.most = pieces[i];
        assert_status(expected, load(&w, &data, label));
        ck_assert_str_eq(vgrad_last_error(), error);
        world_destroy(&w);
    }
}

/* Of a string, which may hold NULs. */
#define READS(text, label, expected) reads(text, sizeof text - 1, label, expected)
#define REFUSES(text, error)                                                                       \
    refuses(VGRAD_E_FORMAT, text, sizeof text - 1, NULL, "rows.csv: " error)
#define REFUSES_LABEL(status, text, label, error)                                                  \
    refuses(status, text, sizeof text - 1, label, error)

/* ---- what files say ---- */

START_TEST(columns_become_x_and_y)
{
    READS("1,2,3\n4,5,6\n", NULL, "1 2 3;4 5 6;");
    READS("1,2,3\n4,5,6\n", "2", "1 2|3;4 5|6;");
    READS("1,2,3\n4,5,6\n", "-1", "1 2|3;4 5|6;");
    READS("1,2,3\n4,5,6\n", "0", "2 3|1;5 6|4;");
    READS("1,2,3\n4,5,6\n", "-3", "2 3|1;5 6|4;");
    READS("1,2,3\n4,5,6\n", "1", "1 3|2;4 6|5;");
    READS("7\n8\n9\n", NULL, "7;8;9;");
    READS("7", NULL, "7;");
}
END_TEST

START_TEST(lines_end_in_either_way)
{
    READS("1,2\r\n3,4\r\n", NULL, "1 2;3 4;");
    READS("1,2\r\n3,4\n5,6", NULL, "1 2;3 4;5 6;");
    READS("1,2\n3,4", "1", "1|2;3|4;");
    READS("\"1\",2\r\n3,\"4\"\r\n", NULL, "1 2;3 4;");
    READS("\"1\",\"2\"", NULL, "1 2;");
}
END_TEST

START_TEST(empty_lines_are_passed_over)
{
    READS("1,2\n3,4\n\n\r\n\n", NULL, "1 2;3 4;");
    READS("\n\r\n1,2\n\n \t\n3,4\n  ", NULL, "1 2;3 4;");
    READS("\nx,y\n\n1,2\n", "y", "1|2;");
    READS("1\n\n2\n", NULL, "1;2;");
    REFUSES("1\n\"\"\n2\n", "line 2, column 1: \"\" is no number");
    REFUSES("1,2\n,\n3,4\n", "line 2, column 1: \"\" is no number");
    REFUSES("1,2\n\n\r\n3,x\n", "line 4, column 2: \"x\" is no number");
}
END_TEST

START_TEST(spaces_around_a_number_or_a_name_do_not_count)
{
    READS(" 1,\t2 , 3\t \n4,5,\" 6 \"\n", NULL, "1 2 3;4 5 6;");
    READS(" x , y \n1,2\n", "y", "1|2;");
    REFUSES("1,2\n1, 2 3\n", "line 2, column 2: \"2 3\" is no number");
    REFUSES("1,2\n1, \n", "line 2, column 2: \"\" is no number");
    REFUSES("1,2\n1,\v2\n", "line 2, column 2: \"?2\" is no number");
}
END_TEST

START_TEST(quotes_hold_commas_lines_and_quotes)
{
    READS("\"x\",\"a,b\"\n\"1\",\"-2e1\"\n", "a,b", "1|-20;");
    READS("\"say \"\"y\"\"\",x\n1,2\n", "say \"y\"", "2|1;");
    READS("\"\"\"\",x\n1,2\n", "\"", "2|1;");
    READS("\"two\nlines\",x\n1,2\n", "two\nlines", "2|1;");
    READS("\"two\r\nlines\",x\r\n1,2\r\n", "two\r\nlines", "2|1;");
    READS("\"\",x\n1,2\n", "", "2|1;");
    REFUSES("\"a\n\n\",x\n1,2\n3,z\n", "line 5, column 2: \"z\" is no number");
    REFUSES("x,y\n\"1\n\",z\n", "line 2, column 1: \"1?\" is no number");
    REFUSES("1,2\n3,\"4\n5\"\n", "line 2, column 2: \"4?5\" is no number");
    REFUSES("x,\"a\nb\",y\n1,2\n", "line 3: 2 fields, the first line has 3");
    REFUSES("x,\"a\nb\",y\n1,2,3\n1,\"\n\",\"4\nb\"\n", "line 4, column 2: \"?\" is no number");
}
END_TEST

START_TEST(quotes_out_of_place_are_errors)
{
    REFUSES("1,\"2\"3\n", "line 1, column 2: text after the closing quote");
    REFUSES("1,\"2\" \n", "line 1, column 2: text after the closing quote");
    REFUSES("1,2\n\"3\"\"4\"5,6\n", "line 2, column 1: text after the closing quote");
    REFUSES("1,2\n3,\"4\n5,6\n", "line 2, column 2: the file ends inside quotes");
    REFUSES("1,2\n3,\"", "line 2, column 2: the file ends inside quotes");
    REFUSES("1,2\n3,\"4\"\"", "line 2, column 2: the file ends inside quotes");
    REFUSES("1,2\n3,4\"\n",
            "line 2, column 2: a quote inside a field that does not begin with one");
    REFUSES("1, \"2\"\n", "line 1, column 2: a quote inside a field that does not begin with one");
}
END_TEST

START_TEST(a_byte_order_mark_is_no_text)
{
    READS("\xEF\xBB\xBF"
          "1,2\n",
          NULL, "1 2;");
    READS("\xEF\xBB\xBFx,y\n1,2\n", "x", "2|1;");
    READS("\xEF\xBB\xBF\"x\",y\n1,2\n", "x", "2|1;");
    READS("\xEF\xBD\x98,y\n1,2\n", "\xEF\xBD\x98", "2|1;"); /* a wide x begins with the same byte */
    REFUSES("\xEF\xBB\xBF", "line 1: the file holds no records");
    REFUSES("\xEF\xBB", "line 1: the file ends after the columns' names");
    REFUSES("1,2\n\xEF\xBB\xBF"
            "3,4\n",
            "line 2, column 1: \"???3\" is no number");
}
END_TEST

START_TEST(stray_bytes_are_errors)
{
    REFUSES("1,2\n3,\0004\n", "line 2, column 2: a NUL byte");
    REFUSES("1,2\n\"3\0\",4\n", "line 2, column 1: a NUL byte");
    REFUSES("x\0y,z\n1,2\n", "line 1, column 1: a NUL byte");
    REFUSES("1,2\r3,4\r", "line 1, column 2: a carriage return without a line feed");
    REFUSES("1,2\r", "line 1, column 2: a carriage return without a line feed");
    REFUSES("1,2\n\r3,4\n", "line 2, column 1: a carriage return without a line feed");
    REFUSES("1,2\r\r\n", "line 1, column 2: a carriage return without a line feed");
}
END_TEST

/* ---- numbers ---- */

START_TEST(numbers_are_decimal_and_finite)
{
    READS("-0,+1,.5,5.,1e-400,1E2,007\n", NULL, "-0 1 0.5 5 0 100 7;");
    REFUSES("1,2\n3,abc\n", "line 2, column 2: \"abc\" is no number");
    REFUSES("1,2\n3,0x10\n", "line 2, column 2: \"0x10\" is no number");
    REFUSES("1,2\n3,\"1,5\"\n", "line 2, column 2: \"1,5\" is no number");
    REFUSES("1,2\n3,\n", "line 2, column 2: \"\" is no number");
    REFUSES("1,2\n3,nan\n", "line 2, column 2: \"nan\" is not finite");
    REFUSES("1,2\n-inf,4\n", "line 2, column 1: \"-inf\" is not finite");
    REFUSES("1,2\n1e309,4\n", "line 2, column 1: \"1e309\" is too large for a double");
}
END_TEST

START_TEST(an_odd_field_is_shown_shortened_and_harmless)
{
    REFUSES("1,2\n3,a\tb\x1b[31m\x7f\xC3\xA9\n", "line 2, column 2: \"a?b?[31m???\" is no number");
    REFUSES("1\n1234567890123456789012345678901234567890x\n",
            "line 2, column 1: \"1234567890123456789012345678901234567890...\" is no number");
    REFUSES("1\n123456789012345678901234567890123456789x\n",
            "line 2, column 1: \"123456789012345678901234567890123456789x\" is no number");
}
END_TEST

/* A field of `length` bytes, in quotes or not. */
static size_t long_field(char *text, size_t length, const char *quote)
{
    char digits[5000];
    memset(digits, '0', sizeof digits);
    digits[1] = '.';
    digits[length - 1] = '5';
    return (size_t)sprintf(text, "1\n%s%.*s%s\n", quote, (int)length, digits, quote);
}

START_TEST(a_field_has_a_longest_length)
{
    char text[6000];
    for (int i = 0; i < 2; i++) {
        const char *quote = i ? "\"" : "";
        reads(text, long_field(text, 4096, quote), NULL, "1;0;"); /* 5e-4095 */
        refuses(VGRAD_E_FORMAT, text, long_field(text, 4097, quote), NULL,
                "rows.csv: line 2, column 1: longer than 4096 bytes");
    }
}
END_TEST

/* ---- names ---- */

START_TEST(a_first_record_with_text_holds_names)
{
    READS("x,y,z\n1,2,3\n", NULL, "1 2 3;");
    READS("1,y,3\n1,2,3\n", NULL, "1 2 3;");
    READS(",y\n1,2\n", "y", "1|2;"); /* as pandas writes an index */
    READS("nan,y\n1,2\n", "nan", "2|1;");
    READS("1e999,x\n1,2\n", "x", "1|2;");
    READS("0x1,2\n3,4\n", NULL, "3 4;");
    REFUSES("1,2\nx,y\n", "line 2, column 1: \"x\" is no number");
}
END_TEST

/* It would be lost without a word. */
START_TEST(a_first_row_that_misses_a_number_is_no_record_of_names)
{
    REFUSES("1,,\n3,4,5\n", "line 1, column 2: \"\" is no number");
    REFUSES("1,nan,inf\n3,4,5\n", "line 1, column 2: \"nan\" is not finite");
    REFUSES("\n1,-inf\n3,4\n", "line 2, column 2: \"-inf\" is not finite");
    REFUSES("1,1e999,\n3,4,5\n", "line 1, column 2: \"1e999\" is too large for a double");
    REFUSES_LABEL(VGRAD_E_FORMAT, "1,\n3,4\n", "7",
                  "rows.csv: line 1, column 2: \"\" is no number");
}
END_TEST

START_TEST(a_label_is_found_by_name_before_number)
{
    READS("2,x,1\n10,11,12\n", "1", "10 11|12;");
    READS("2,x,1\n10,11,12\n", "2", "11 12|10;");
    READS("2,x,1\n10,11,12\n", "0", "11 12|10;");
    READS("-1,x,y\n10,11,12\n", "-1", "11 12|10;");
    READS("x,x,y\n10,11,12\n", "y", "10 11|12;"); /* who else shares a name does not matter */
    READS("1,1,0\n3,4,5\n", "1", "1 0|1;3 5|4;"); /* numbers are no names */
    REFUSES_LABEL(VGRAD_E_FORMAT, "x,y,y,y\n1,2,3,4\n", "y",
                  "rows.csv: line 1, column 3: another column is named \"y\"");
    REFUSES_LABEL(VGRAD_E_FORMAT, "y,\"a\nb\",y\n1,2,3\n", "y",
                  "rows.csv: line 2, column 3: another column is named \"y\"");
}
END_TEST

START_TEST(a_label_that_is_not_there_is_named)
{
#define MISSES(text, label, error)                                                                 \
    REFUSES_LABEL(VGRAD_E_NOT_FOUND, text, label, "label_column: no " error)
    MISSES("x,y\n1,2\n", "z", "\"z\" among 2 columns of rows.csv");
    MISSES("x,y\n1,2\n", "Y", "\"Y\" among 2 columns of rows.csv");
    MISSES("x,y\n1,2\n", "", "\"\" among 2 columns of rows.csv");
    MISSES("1,2\n", "x", "\"x\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "2", "\"2\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "-3", "\"-3\" among 2 columns of rows.csv without names");
    MISSES("1\n", "1",
           "\"1\" among 1 column of rows.csv without names"
           "; a comma is what separates columns");
    MISSES("1,2\n", "-", "\"-\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", " 1", "\" 1\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "+1", "\"+1\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "1x", "\"1x\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "1.0", "\"1.0\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "99999999999999999999",
           "\"99999999999999999999\" among 2 columns of rows.csv without names");
    MISSES("1,2\n", "a\n", "\"a?\" among 2 columns of rows.csv without names");
#undef MISSES
}
END_TEST

START_TEST(something_must_be_left_for_x)
{
    REFUSES_LABEL(VGRAD_E_FORMAT, "y\n1\n", "y",
                  "rows.csv: line 1: no column but the label's is left for x"
                  "; a comma is what separates columns");
    REFUSES_LABEL(VGRAD_E_FORMAT, "\n1\n", "-1",
                  "rows.csv: line 2: no column but the label's is left for x"
                  "; a comma is what separates columns");
}
END_TEST

/* ---- shape ---- */

START_TEST(all_records_have_as_many_fields)
{
    REFUSES("1,2,3,4\n1,2,3,4\n\n1,2,3\n", "line 4: 3 fields, the first line has 4");
    REFUSES("1,2\n3\n", "line 2: 1 field, the first line has 2");
    REFUSES("1,2\n3,4,5,6\n", "line 2: 4 fields, the first line has 2");
    REFUSES("1,2\n3,4,x\n", "line 2: 3 fields, the first line has 2");
    REFUSES("1,2\n3,4,\n", "line 2: 3 fields, the first line has 2");
    REFUSES("x,y\n3\n", "line 2: 1 field, the first line has 2");
    REFUSES("x\n3,4\n", "line 2: 2 fields, the first line has 1");
}
END_TEST

START_TEST(a_file_without_rows_is_no_dataset)
{
    REFUSES("", "line 1: the file holds no records");
    REFUSES("\n\n", "line 3: the file holds no records");
    REFUSES("x,y", "line 1: the file ends after the columns' names");
    REFUSES("x,y\n", "line 2: the file ends after the columns' names");
    REFUSES("1,y\n\n", "line 3: the file ends after the columns' names");
    REFUSES("\"\"", "line 1, column 1: \"\" is no number");
}
END_TEST

/* Of every cut, what its bytes say: one that ends within a number is that shorter number. */
START_TEST(a_cut_file_is_an_error_or_what_its_bytes_say)
{
    static const char whole[] = "x,y\n1,\"2\"\r\n34,56";
    static const struct {
        size_t size;
        const char *says;
    } datasets[] = { { 9, "1 2;" }, { 11, "1 2;" }, { 15, "1 2;34 5;" }, { 16, "1 2;34 56;" } };
    size_t next = 0;
    for (size_t size = 0; size < sizeof whole; size++) {
        world w;
        vgrad_dataset *data;
        if (next < 4 && datasets[next].size == size) {
            reads(whole, size, NULL, datasets[next++].says);
            continue;
        }
        world_make(&w, whole, size);
        assert_status(VGRAD_E_FORMAT, load(&w, &data, NULL));
        assert_error_names("rows.csv: line ");
        world_destroy(&w);
    }
    ck_assert_uint_eq(next, 4);
}
END_TEST

/* ---- faults ---- */

/* "i,-i" on each line; the size. Freed by the caller. */
static size_t many_rows(char **text, int rows)
{
    *text = malloc((size_t)rows * 24);
    char *at = *text;
    for (int i = 0; i < rows; i++)
        at += sprintf(at, "%d,%d\n", i, -i);
    return (size_t)(at - *text);
}

static void check_many_rows(const vgrad_dataset *data, int rows)
{
    double x, y;
    ck_assert_int_eq(vgrad_dataset_rows(data), rows);
    for (int i = 0; i < rows; i++) {
        assert_ok(vgrad_dataset_read(data, i, 1, &x, &y, VGRAD_FLOAT64));
        ck_assert(x == i && y == -i);
    }
}

enum { ROWS = 300 };

START_TEST(every_file_call_may_fail)
{
    world w;
    char *text;
    vgrad_dataset *data;
    vgrad_status status;
    size_t length = many_rows(&text, ROWS);
    world_make(&w, text, length);
    w.files.most = 400;
    do {
        w.files.calls = 0;
        w.files.fail_at++;
        status = load(&w, &data, "-1");
        if (status != VGRAD_OK) {
            assert_status(VGRAD_E_IO, status);
            assert_error_names("rows.csv: ");
            assert_error_names(strerror(EIO));
        }
    } while (status != VGRAD_OK);
    ck_assert_int_ge(w.files.fail_at, 1 + 2 + 5); /* open, size, and some reads did fail */
    check_many_rows(data, ROWS);
    vgrad_dataset_destroy(data);
    world_destroy(&w);
    free(text);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    world w;
    char *text;
    long n = 0;
    vgrad_dataset *data;
    vgrad_status status;
    size_t length = many_rows(&text, ROWS);
    world_make(&w, text, length);
    do {
        allocator_arm(&w.memory, ++n, _i);
        status = load(&w, &data, "1");
        ck_assert_int_eq(w.memory.failed > 0, status != VGRAD_OK);
        if (status != VGRAD_OK) {
            assert_status(VGRAD_E_MEMORY, status);
            assert_error_names("no memory");
        }
    } while (status != VGRAD_OK);
    ck_assert_int_ge(n, 1 + 2 + 7 + 3); /* reader, bytes, 8 values to 1024, x, y and the dataset */
    allocator_disarm(&w.memory);
    check_many_rows(data, ROWS);
    vgrad_dataset_destroy(data);
    world_destroy(&w);
    free(text);
}
END_TEST

START_TEST(there_may_be_no_memory_for_a_locale)
{
    world w;
    vgrad_dataset *data;
    world_make(&w, "1,2\n", 4);
    no_locale = true;
    assert_status(VGRAD_E_MEMORY, load(&w, &data, NULL));
    assert_error_names("no memory for a locale");
    no_locale = false;
    assert_ok(load(&w, &data, NULL));
    vgrad_dataset_destroy(data);
    world_destroy(&w);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    world w;
    vgrad_dataset *data = (void *)&w;
    world_make(&w, "", 0);
    assert_status(VGRAD_E_IO, vgrad_dataset_csv(&data, "none.csv", NULL, w.context));
    ck_assert_ptr_null(data);
    assert_error_names("none.csv: ");
    world_destroy(&w);
}
END_TEST

/* Room that doubles, and x and y: three times the data, at the worst numbers of rows. */
START_TEST(memory_stays_below_three_times_the_data)
{
    enum { BASE = 1 << 15, SMALL = 1 << 18 };
    world w;
    char *text;
    vgrad_dataset *data;
    int rows = BASE + _i;
    size_t size = (size_t)rows * 2 * sizeof(double);
    size_t length = many_rows(&text, rows);
    world_make(&w, text, length);
    assert_ok(load(&w, &data, "-1"));
    ck_assert_uint_le(w.peak, 3 * size + SMALL);
    ck_assert_uint_le(w.memory.bytes, size + 4096); /* exact once it is read */
    vgrad_dataset_destroy(data);
    world_destroy(&w);
    free(text);
}
END_TEST

/* A first record is as long as it likes; only its numbers take room. */
START_TEST(names_take_no_memory)
{
    enum { COLUMNS = 200000, SMALL = 1 << 18 };
    static char text[2 * COLUMNS + 1];
    world w;
    vgrad_dataset *data;
    for (int i = 0; i < COLUMNS; i++)
        memcpy(text + 2 * (size_t)i, i == 0 ? "x," : "1,", 2);
    world_make(&w, text, sizeof text - 1);
    assert_status(VGRAD_E_FORMAT, load(&w, &data, NULL));
    assert_error_names("the file ends after the columns' names");
    ck_assert_uint_le(w.peak, SMALL);
    world_destroy(&w);
}
END_TEST

/* A file that grows meanwhile does not go on in the middle of its last record. */
START_TEST(the_end_is_asked_for_once)
{
    world w;
    vgrad_dataset *data;
    world_make(&w, "1,2\n3,4", 7);
    assert_ok(load(&w, &data, NULL));
    ck_assert_int_eq(w.files.calls, 4); /* open, size, all of it, and the end */
    vgrad_dataset_destroy(data);
    world_destroy(&w);
}
END_TEST

START_TEST(success_leaves_the_last_error_alone)
{
    vgrad__fail(VGRAD_E_STATE, "an older error");
    READS("1,2\n", "-1", "1|2;");
    READS(",nan,y\n1,2,3\n", "y", "1 2|3;");
    ck_assert_str_eq(vgrad_last_error(), "an older error");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    add_tests(suite, "bytes", columns_become_x_and_y, lines_end_in_either_way,
              empty_lines_are_passed_over, spaces_around_a_number_or_a_name_do_not_count,
              quotes_hold_commas_lines_and_quotes, quotes_out_of_place_are_errors,
              a_byte_order_mark_is_no_text, stray_bytes_are_errors);
    add_tests(suite, "numbers", numbers_are_decimal_and_finite,
              an_odd_field_is_shown_shortened_and_harmless, a_field_has_a_longest_length);
    add_tests(suite, "names", a_first_record_with_text_holds_names,
              a_first_row_that_misses_a_number_is_no_record_of_names,
              a_label_is_found_by_name_before_number, a_label_that_is_not_there_is_named,
              something_must_be_left_for_x);
    add_tests(suite, "shape", all_records_have_as_many_fields, a_file_without_rows_is_no_dataset,
              a_cut_file_is_an_error_or_what_its_bytes_say);
    add_tests(suite, "faults", every_file_call_may_fail, there_may_be_no_memory_for_a_locale,
              a_missing_file_is_named, names_take_no_memory, the_end_is_asked_for_once,
              success_leaves_the_last_error_alone);
    TCase *loops = tcase_create("each");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, every_allocation_may_fail, 0, 2);
    tcase_add_loop_test(loops, memory_stays_below_three_times_the_data, 0, 2);
    suite_add_tcase(suite, loops);
    return run_suite(suite);
}
