/*
 * Real MNIST, where VGRAD_MNIST_DIR says that it is: the published shapes, labels and pixel sums.
 * Skipped without it.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { PIXELS = 28 * 28, CLASSES = 10, TRAIN_ROWS = 60000, TEST_ROWS = 10000 };

/* A stretch of one of the two sets, and how often each digit is in it. */
typedef struct stretch {
    bool of_test;
    int64_t first, count;
    int histogram[CLASSES];
} stretch;

static const stretch stretches[] = {
    { false, 0, TRAIN_ROWS, { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 } },
    { true, 0, TEST_ROWS, { 980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009 } },
    { false, 0, 50000, { 4932, 5678, 4968, 5101, 4859, 4506, 4951, 5175, 4842, 4988 } },
    { false, 50000, 10000, { 991, 1064, 990, 1030, 983, 915, 967, 1090, 1009, 961 } },
    { false, 0, 1000, { 97, 116, 99, 93, 105, 92, 94, 117, 87, 100 } },
};
enum { STRETCHES = sizeof stretches / sizeof *stretches };

static const int first_of_train[] = { 5, 0, 4, 1, 9, 2, 1, 3, 1, 4 };
static const int first_of_test[] = { 7, 2, 1, 0, 4, 1, 4, 9, 5, 9 };
static const int first_of_validation[] = { 3, 8, 6, 9, 6 };

static const char *directory; /* that the test reads now */

static void check_labels(const vgrad_dataset *data, int64_t first, const int *labels, int count)
{
    int32_t y[CLASSES];
    assert_ok(vgrad_dataset_read(data, first, count, NULL, y, VGRAD_INT32));
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(y[i], labels[i]);
}

static void check_stretch(vgrad_dataset *data, const stretch *s)
{
    vgrad_dataset *part;
    int found[CLASSES] = { 0 };
    int32_t *y = malloc((size_t)s->count * sizeof *y);
    assert_ok(vgrad_dataset_slice(&part, data, s->first, s->count));
    assert_ok(vgrad_dataset_read(part, 0, s->count, NULL, y, VGRAD_INT32));
    for (int64_t i = 0; i < s->count; i++)
        found[y[i]]++;
    for (int digit = 0; digit < CLASSES; digit++)
        ck_assert_int_eq(found[digit], s->histogram[digit]);
    free(y);
    vgrad_dataset_destroy(part);
}

/* Sum and sum of squares of the pixels as they come out, row by row. */
static void sum_pixels(const vgrad_dataset *data, double *sum, double *squares)
{
    double x[PIXELS];
    *sum = *squares = 0;
    for (int64_t row = 0; row < vgrad_dataset_rows(data); row++) {
        assert_ok(vgrad_dataset_read(data, row, 1, x, NULL, VGRAD_FLOAT64));
        for (int i = 0; i < PIXELS; i++) {
            *sum += x[i];
            *squares += x[i] * x[i];
        }
    }
}

static void check_shape(const vgrad_dataset *data, int64_t rows)
{
    int64_t x[VGRAD_MAX_RANK], y[VGRAD_MAX_RANK];
    ck_assert_int_eq(vgrad_dataset_x_shape(data, x), 3);
    ck_assert_int_eq(vgrad_dataset_y_shape(data, y), 1);
    ck_assert(x[0] == rows && x[1] == 28 && x[2] == 28 && y[0] == rows);
}

static void check_pixels(vgrad_dataset *train, vgrad_dataset *test)
{
    const double count = (double)TRAIN_ROWS * PIXELS;
    double sum, squares;
    sum_pixels(train, &sum, &squares); /* of k / 255 */
    ck_assert_double_eq_tol(sum / count, .130660, 5e-7);
    ck_assert_double_eq_tol(sqrt(squares / count - pow(sum / count, 2)), .308108, 5e-7);
    assert_ok(vgrad_dataset_scale(train, 1, 0));
    sum_pixels(train, &sum, &squares);
    ck_assert_double_eq(sum, 1567298545);
    assert_ok(vgrad_dataset_scale(test, 1.0 / 256, 0)); /* Nielsen's, exact in binary */
    sum_pixels(test, &sum, &squares);
    ck_assert_double_eq(sum * 256, 264923200);
}

static void check_mnist(void)
{
    vgrad_dataset *train, *test;
    assert_ok(vgrad_dataset_mnist(&train, &test, directory, NULL));
    check_shape(train, TRAIN_ROWS);
    check_shape(test, TEST_ROWS);
    for (int i = 0; i < STRETCHES; i++)
        check_stretch(stretches[i].of_test ? test : train, &stretches[i]);
    check_labels(train, 0, first_of_train, 10);
    check_labels(test, 0, first_of_test, 10);
    check_labels(train, 50000, first_of_validation, 5);
    check_pixels(train, test);
    vgrad_dataset_destroy(train);
    vgrad_dataset_destroy(test);
}

START_TEST(the_files_hold_what_was_published)
{
    check_mnist();
}
END_TEST

/* Reads IDX into bytes and writes them out again as a plain file, header and all. */
static void write_plain(const vgrad_dataset *data, const char *path, bool images)
{
    const uint32_t rows = (uint32_t)vgrad_dataset_rows(data);
    const size_t width = images ? PIXELS : 1;
    const uint8_t header[16] = {
        0, 0, 8, images ? 3 : 1, 0, 0, (uint8_t)(rows >> 8), (uint8_t)rows, 0, 0, 0, 28, 0, 0, 0, 28
    };
    uint8_t *bytes = malloc(rows * width);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    assert_ok(vgrad_dataset_read(data, 0, rows, images ? bytes : NULL, images ? NULL : bytes,
                                 VGRAD_UINT8));
    ck_assert_uint_eq(fwrite(header, 1, images ? 16 : 8, file), images ? 16 : 8);
    ck_assert_uint_eq(fwrite(bytes, width, rows, file), rows);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
}

/* The same from plain files, under the names with a dot. */
START_TEST(plain_files_hold_the_same)
{
    static const char *const names[] = { "train-images.idx3-ubyte", "train-labels.idx1-ubyte",
                                         "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte" };
    char folder[] = "/tmp/vgrad-mnist-XXXXXX", path[80];
    vgrad_dataset *sets[2];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    assert_ok(vgrad_dataset_mnist(&sets[0], &sets[1], directory, NULL));
    for (int i = 0; i < 4; i++) {
        assert_ok(vgrad_dataset_scale(sets[i / 2], 1, 0));
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        write_plain(sets[i / 2], path, i % 2 == 0);
    }
    for (int i = 0; i < 2; i++)
        vgrad_dataset_destroy(sets[i]);
    directory = folder;
    check_mnist();
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mnist");
    directory = getenv("VGRAD_MNIST_DIR");
    if (!directory || !*directory) {
        puts("1..0 # SKIP VGRAD_MNIST_DIR names no folder with MNIST");
        return EXIT_SUCCESS;
    }
    add_tests(suite, "mnist", the_files_hold_what_was_published, plain_files_hold_the_same);
    return run_suite(suite);
}
