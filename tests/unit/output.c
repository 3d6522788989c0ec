/* lib/record/output: what is gathered comes to the file in order, and a failure is not forgotten.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "record/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing_files.h"
#include "runner.h"

enum { LARGE = 3 * VGRAD__OUTPUT_BUFFER + 17 };

static char path[] = "/tmp/vgrad-test-XXXXXX";
static failing_files files;
static vgrad_context *context;
static vgrad__output output;
static char found[4 * LARGE], many[LARGE];

static void begin(void)
{
    strcpy(path, "/tmp/vgrad-test-XXXXXX");
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, "old\n", 4), 4);
    close(file);
    files = (failing_files){ .error = EIO };
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__context_set_files(context, failing_files_begin(&files));
    for (int i = 0; i < LARGE; i++)
        many[i] = (char)('a' + i % 26);
}

static void end(void)
{
    vgrad__output_close(&output);
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    unlink(path);
}

static size_t get(void)
{
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    const size_t size = fread(found, 1, sizeof found, stream);
    fclose(stream);
    return size;
}

START_TEST(there_are_three_ways_to_open)
{
    assert_status(VGRAD_E_IO, vgrad__output_open(&output, path, VGRAD__OPEN_NEW, context));
    assert_error_names(path);
    assert_ok(vgrad__output_open(&output, path, VGRAD__OPEN_AT_END, context));
    ck_assert_int_eq(output.size, 4);
    vgrad__output_text(&output, "new");
    ck_assert_int_eq(output.size, 7);
    assert_ok(vgrad__output_flush(&output));
    vgrad__output_close(&output);
    ck_assert_uint_eq(get(), 7);
    ck_assert_mem_eq(found, "old\nnew", 7);
    assert_ok(vgrad__output_open(&output, path, VGRAD__OPEN_AFRESH, context));
    ck_assert_int_eq(output.size, 0);
    vgrad__output_close(&output);
    ck_assert_uint_eq(get(), 0);
}
END_TEST

START_TEST(bytes_come_in_order_whatever_their_number)
{
    static const size_t sizes[] = { 1, VGRAD__OUTPUT_BUFFER - 1, 1, VGRAD__OUTPUT_BUFFER, LARGE, 0,
                                    5 };
    size_t sum = 0;
    files.most = 1000; /* a write may take less than it is given */
    assert_ok(vgrad__output_open(&output, path, VGRAD__OPEN_AFRESH, context));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        vgrad__output_put(&output, many, sizes[i]);
        sum += sizes[i];
        ck_assert_int_eq(output.size, (int64_t)sum);
    }
    assert_ok(vgrad__output_flush(&output));
    ck_assert_uint_eq(get(), sum);
    for (size_t i = 0, at = 0; i < sizeof sizes / sizeof *sizes; at += sizes[i++])
        ck_assert_mem_eq(found + at, many, sizes[i]);
}
END_TEST

START_TEST(whole_numbers_have_all_their_digits)
{
    assert_ok(vgrad__output_open(&output, path, VGRAD__OPEN_AFRESH, context));
    const int64_t numbers[] = { 0, -1, 10, INT64_MAX, INT64_MIN };
    for (int i = 0; i < 5; i++) {
        vgrad__output_whole(&output, numbers[i]);
        vgrad__output_text(&output, " ");
    }
    vgrad__output_natural(&output, UINT64_MAX);
    assert_ok(vgrad__output_flush(&output));
    const char text[] = "0 -1 10 9223372036854775807 -9223372036854775808 18446744073709551615";
    ck_assert_uint_eq(get(), sizeof text - 1);
    ck_assert_mem_eq(found, text, sizeof text - 1);
}
END_TEST

START_TEST(after_a_write_that_failed_there_is_no_other)
{
    assert_ok(vgrad__output_open(&output, path, VGRAD__OPEN_AFRESH, context));
    files.limited = true;
    files.room = 10;
    vgrad__output_put(&output, many, 20);
    assert_status(VGRAD_E_IO, vgrad__output_flush(&output));
    assert_error_names(path);
    files.limited = false; /* room again */
    vgrad__output_put(&output, many, LARGE);
    assert_status(VGRAD_E_IO, vgrad__output_flush(&output));
    ck_assert_uint_eq(get(), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output");
    const TTest *const tests[] = { there_are_three_ways_to_open,
                                   bytes_come_in_order_whatever_their_number,
                                   whole_numbers_have_all_their_digits,
                                   after_a_write_that_failed_there_is_no_other };
    TCase *cases = tcase_create("output");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
