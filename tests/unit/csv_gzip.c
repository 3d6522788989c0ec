/* vgrad_dataset_csv() on compressed files. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <vgrad/dataset.h>

#include "base/context.h"
#include "gzip_bytes.h"
#include "memory_files.h"
#include "runner.h"

enum { ROWS = 20000, TEXT_SIZE = ROWS * 24, BLOCK_SIZE = TEXT_SIZE };

/* "rows.csv" is this block, given in pieces. */
static vgrad_status load(vgrad_dataset **data, const uint8_t *block, size_t size, size_t most)
{
    memory_files files = { .files = { { "rows.csv", block, size } }, .most = most };
    vgrad_context *context;
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__context_set_files(context, memory_files_begin(&files));
    vgrad_status status = vgrad_dataset_csv(data, "rows.csv", "y", context);
    ck_assert_int_eq(files.is_open, 0);
    vgrad_context_destroy(context);
    return status;
}

static uint8_t block[BLOCK_SIZE];

START_TEST(compressed_rows_are_the_same_rows)
{
    static char text[TEXT_SIZE];
    double x, y;
    vgrad_dataset *data;
    int at = sprintf(text, "x,y\n");
    for (int i = 0; i < ROWS; i++)
        at += sprintf(text + at, "%d,%d\n", i, -i);
    size_t size = gzip_bytes(block, sizeof block, text, (size_t)at);
    assert_ok(load(&data, block, size, (size_t)_i));
    ck_assert_int_eq(vgrad_dataset_rows(data), ROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_ok(vgrad_dataset_read(data, i, 1, &x, &y, VGRAD_FLOAT64));
        ck_assert_double_eq(x, i);
        ck_assert_double_eq(y, -i);
    }
    vgrad_dataset_destroy(data);
}
END_TEST

/* A cut that leaves whole lines is seen all the same: gzip says where it ends. */
START_TEST(a_cut_or_damaged_block_is_no_dataset)
{
    static const char text[] = "x,y\n1,2\n3,4\n5,6\n";
    vgrad_dataset *data;
    size_t size = gzip_bytes(block, sizeof block, text, sizeof text - 1);
    for (size_t cut = 2; cut < size; cut++) {
        assert_status(VGRAD_E_FORMAT, load(&data, block, cut, 0));
        assert_error_names("rows.csv: ");
        ck_assert_ptr_null(data);
    }
    block[size - 5] ^= 1; /* of the CRC */
    assert_status(VGRAD_E_FORMAT, load(&data, block, size, 0));
    assert_error_names("damaged");
    block[size - 5] ^= 1;
    assert_ok(load(&data, block, size, 0));
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(places_are_those_of_the_text)
{
    static const char text[] = "x,y\n1,2\n3,z\n";
    vgrad_dataset *data;
    size_t size = gzip_bytes(block, sizeof block, text, sizeof text - 1);
    assert_status(VGRAD_E_FORMAT, load(&data, block, size, 0));
    ck_assert_str_eq(vgrad_last_error(),
                     "rows.csv: line 3, column 2: \"z\" is no number; classes are numbers from 0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv_gzip");
    TCase *pieces = tcase_create("pieces");
    tcase_add_loop_test(pieces, compressed_rows_are_the_same_rows, 0, 4);
    suite_add_tcase(suite, pieces);
    add_tests(suite, "gzip", a_cut_or_damaged_block_is_no_dataset, places_are_those_of_the_text);
    return run_suite(suite);
}
