/* Datasets: any strides, parts, scaling, one-hot, and functions that give rows. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "fixture.h"

enum { ROWS = 12, WIDTH = 6 };

/* All of x, as double. */
static void read_x(const vgrad_dataset *data, double *x)
{
    assert_ok(vgrad_dataset_read(data, 0, vgrad_dataset_rows(data), x, NULL, VGRAD_FLOAT64));
}

/* x[i][j] = 10 i + j, y[i] = i. */
static vgrad_dataset *numbered(void)
{
    vgrad_dataset *data;
    int32_t x[ROWS * WIDTH];
    uint8_t y[ROWS];
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = 10 * (i / WIDTH) + i % WIDTH;
    for (int i = 0; i < ROWS; i++)
        y[i] = (uint8_t)i;
    assert_ok(vgrad_dataset_copy(&data, ROWS, x, VGRAD_INT32, WIDTH, y, VGRAD_UINT8, 1, NULL));
    return data;
}

/* The rows of a part of numbered(), told from x and y. */
static void assert_rows(const vgrad_dataset *data, const int64_t *rows, int64_t count)
{
    double x[2 * ROWS * WIDTH], y[2 * ROWS];
    ck_assert_int_eq(vgrad_dataset_rows(data), count);
    assert_ok(vgrad_dataset_read(data, 0, count, x, y, VGRAD_FLOAT64));
    for (int64_t i = 0; i < count; i++) {
        ck_assert_double_eq(y[i], (double)rows[i]);
        for (int j = 0; j < WIDTH; j++)
            ck_assert_double_eq(x[i * WIDTH + j], (double)(10 * rows[i] + j));
    }
}

/* ---- strides ---- */

/* Strides that walk over 4 x 3 x 2 elements in ways of their own. */
static const int64_t walks[][3] = {
    { 6, 2, 1 }, { 1, 4, 12 }, { -6, 2, 1 }, { 6, -2, -1 },
    { 0, 2, 1 }, { 6, 0, 0 },  { 2, 8, 1 },  { 12, 4, 2 },
};
enum { WALKS = sizeof walks / sizeof *walks };

START_TEST(tensors_of_any_strides_are_read_as_they_lie)
{
    static const int64_t shape[3] = { 4, 3, 2 };
    static const vgrad_dtype dtypes[] = { VGRAD_FLOAT32, VGRAD_FLOAT64, VGRAD_UINT8, VGRAD_INT32,
                                          VGRAD_INT64 };
    unsigned char raw[8 * 128];
    double expected[24], found[24];
    const int64_t *strides = walks[_i % WALKS];
    vgrad_dtype dtype = dtypes[_i / WALKS];
    vgrad_tensor whole, view, y;
    vgrad_dataset *made[2];
    int32_t numbers[128];
    for (int i = 0; i < 128; i++)
        numbers[i] = i;
    vgrad_tensor_matrix(&whole, numbers, VGRAD_INT32, 1, 128);
    assert_ok(vgrad_tensor_copy(&whole, raw, dtype, 128));
    static const size_t sizes[] = { 4, 8, 1, 4, 8 };
    vgrad_tensor_view(&view, raw + 64 * sizes[_i / WALKS], dtype, 3, shape, strides);
    vgrad_tensor_view(&y, numbers, VGRAD_INT32, 1, shape, NULL);
    for (int i = 0; i < 24; i++)
        expected[i] =
            (double)(64 + i / 6 * strides[0] + i / 2 % 3 * strides[1] + i % 2 * strides[2]);
    assert_ok(vgrad_dataset_borrow_tensors(&made[0], &view, &y, NULL));
    assert_ok(vgrad_dataset_copy_tensors(&made[1], &view, &y, NULL));
    for (int i = 0; i < 2; i++) {
        int64_t of_x[VGRAD_MAX_RANK], of_y[VGRAD_MAX_RANK];
        ck_assert_int_eq(vgrad_dataset_x_shape(made[i], of_x), 3);
        ck_assert_mem_eq(of_x, shape, sizeof shape);
        ck_assert_int_eq(vgrad_dataset_y_shape(made[i], of_y), 1);
        ck_assert_int_eq(of_y[0], 4);
        ck_assert_int_eq(vgrad_dataset_x_width(made[i]), 6);
        ck_assert_int_eq(vgrad_dataset_y_width(made[i]), 1);
        if (i == 1) /* a copy knows nothing of this */
            memset(raw, 0, sizeof raw);
        read_x(made[i], found);
        ck_assert_mem_eq(found, expected, sizeof expected);
        vgrad_dataset_destroy(made[i]);
    }
}
END_TEST

START_TEST(scaling_follows_the_strides_too)
{
    /* Fortran order: the elements of a row lie ROWS apart. */
    enum { ROW_COUNT = 5, COLUMNS = 700 }; /* more than are converted at a time */
    static float values[ROW_COUNT * COLUMNS];
    static double found[ROW_COUNT * COLUMNS];
    const int64_t shape[2] = { ROW_COUNT, COLUMNS }, strides[2] = { 1, ROW_COUNT };
    vgrad_tensor view;
    vgrad_dataset *data;
    for (int i = 0; i < ROW_COUNT * COLUMNS; i++)
        values[i] = (float)(i * i % 1009);
    vgrad_tensor_view(&view, values, VGRAD_FLOAT32, 2, shape, strides);
    assert_ok(vgrad_dataset_borrow_tensors(&data, &view, NULL, NULL));
    ck_assert_int_eq(vgrad_dataset_y_shape(data, (int64_t[VGRAD_MAX_RANK]){ 0 }), 0);
    assert_ok(vgrad_dataset_scale_min_max(data, -1, 1));
    read_x(data, found);
    for (int j = 0; j < COLUMNS; j++) {
        double low = INFINITY, high = -INFINITY;
        for (int i = 0; i < ROW_COUNT; i++) {
            low = fmin(low, (double)values[j * ROW_COUNT + i]);
            high = fmax(high, (double)values[j * ROW_COUNT + i]);
        }
        for (int i = 0; i < ROW_COUNT; i++) {
            double share = ((double)values[j * ROW_COUNT + i] - low) / (high - low);
            ck_assert_double_eq_tol(found[i * COLUMNS + j], high > low ? 2 * share - 1 : -1, 1e-14);
        }
    }
    vgrad_dataset_destroy(data);
}
END_TEST

/* The stride of an axis of one element is never walked: DLPack lets it be anything. */
START_TEST(strides_of_single_elements_do_not_matter)
{
    const int64_t shape[3] = { 1, 2, 1 }, strides[3] = { INT64_MAX, 1, INT64_MIN };
    const double numbers[2] = { 4, 5 };
    double found[2];
    vgrad_tensor view;
    vgrad_dataset *data;
    vgrad_tensor_view(&view, numbers, VGRAD_FLOAT64, 3, shape, strides);
    assert_ok(vgrad_dataset_borrow_tensors(&data, &view, NULL, NULL));
    read_x(data, found);
    ck_assert_mem_eq(found, numbers, sizeof found);
    assert_status(VGRAD_E_INVALID,
                  vgrad_dataset_read(data, INT64_MIN, 1, found, NULL, VGRAD_FLOAT64));
    assert_status(VGRAD_E_INVALID,
                  vgrad_dataset_read(data, 0, INT64_MIN, found, NULL, VGRAD_FLOAT64));
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(tensors_that_are_no_rows_are_refused)
{
    float numbers[6] = { 0 };
    const int64_t shape[2] = { 3, 2 }, empty[2] = { 3, 0 };
    vgrad_tensor x, y;
    vgrad_dataset *data = (void *)numbers;
    vgrad_tensor_view(&x, numbers, VGRAD_FLOAT32, 0, NULL, NULL);
    assert_status(VGRAD_E_INVALID, vgrad_dataset_borrow_tensors(&data, &x, NULL, NULL));
    assert_error_names("x: rank");
    ck_assert_ptr_null(data);
    vgrad_tensor_view(&x, numbers, VGRAD_FLOAT32, 2, empty, NULL);
    assert_status(VGRAD_E_INVALID, vgrad_dataset_copy_tensors(&data, &x, NULL, NULL));
    assert_error_names("(3, 0)");
    vgrad_tensor_view(&x, numbers, VGRAD_FLOAT32, 2, shape, NULL);
    vgrad_tensor_view(&y, numbers, VGRAD_FLOAT32, 1, shape + 1, NULL);
    assert_status(VGRAD_E_SHAPE, vgrad_dataset_borrow_tensors(&data, &x, &y, NULL));
    assert_error_names("2 rows, but x has 3");
    x.dtype = 99;
    assert_status(VGRAD_E_INVALID, vgrad_dataset_borrow_tensors(&data, &x, NULL, NULL));
    assert_error_names("99");
    ck_assert_ptr_null(data);
}
END_TEST

/* ---- parts ---- */

START_TEST(parts_are_the_rows_they_name)
{
    static const int64_t picked[] = { 7, 2, 2, 11, 0 }, middle[] = { 5, 6, 7, 8 };
    static const int64_t of_middle[] = { 3, 0, 3 }, taken[] = { 8, 5, 8 };
    vgrad_dataset *all = numbered(), *slice, *take, *nested, *last;
    assert_ok(vgrad_dataset_slice(&slice, all, 5, 4));
    assert_rows(slice, middle, 4);
    assert_ok(vgrad_dataset_take(&take, all, picked, 5));
    assert_rows(take, picked, 5);
    assert_ok(vgrad_dataset_take(&nested, slice, of_middle, 3));
    assert_rows(nested, taken, 3);
    assert_ok(vgrad_dataset_slice(&last, take, 1, 3));
    assert_rows(last, picked + 1, 3);
    vgrad_dataset_destroy(nested);
    assert_ok(vgrad_dataset_take(&nested, take, (const int64_t[]){ 4, 3 }, 2));
    assert_rows(nested, (const int64_t[]){ 0, 11 }, 2);
    /* What they come from may go first. */
    vgrad_dataset_destroy(all);
    vgrad_dataset_destroy(take);
    vgrad_dataset_destroy(slice);
    assert_rows(last, picked + 1, 3);
    assert_rows(nested, (const int64_t[]){ 0, 11 }, 2);
    vgrad_dataset_destroy(last);
    vgrad_dataset_destroy(nested);
}
END_TEST

/* However often a part is taken of a part: no chain of them waits to be destroyed. */
START_TEST(parts_of_parts_make_no_chain)
{
    enum { DEPTH = 200000 };
    vgrad_dataset *part = numbered(), *next;
    const int64_t last[2] = { 1, 0 };
    assert_ok(vgrad_dataset_take(&next, part, last, 2));
    vgrad_dataset_destroy(part);
    part = next;
    for (int i = 0; i < DEPTH; i++) {
        if (vgrad_dataset_slice(&next, part, 0, 2) != VGRAD_OK)
            ck_abort_msg("%s", vgrad_last_error());
        vgrad_dataset_destroy(part);
        part = next;
    }
    assert_rows(part, last, 2);
    vgrad_dataset_destroy(part);
}
END_TEST

START_TEST(parts_outside_are_refused)
{
    vgrad_dataset *all = numbered(), *part = all, *other = all;
    const int64_t bad[] = { 3, ROWS, 1 };
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, 0, ROWS + 1));
    ck_assert_ptr_null(part);
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, ROWS, 1));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, -1, 2));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, 2, 0));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, INT64_MAX, 2));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_slice(&part, all, 2, INT64_MAX));
    part = all;
    assert_status(VGRAD_E_INVALID, vgrad_dataset_take(&part, all, bad, 3));
    ck_assert_ptr_null(part);
    assert_error_names("rows[1]: 0 to 11, got 12");
    assert_status(VGRAD_E_INVALID, vgrad_dataset_take(&part, all, bad, 0));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_split(&part, &other, all, 0, 1));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_split(&part, &other, all, ROWS, 1));
    ck_assert_ptr_null(part);
    ck_assert_ptr_null(other);
    vgrad_dataset_destroy(all);
}
END_TEST

START_TEST(a_split_deals_every_row_once)
{
    vgrad_dataset *all = numbered(), *a, *b, *again, *rest;
    double y[ROWS], same[ROWS];
    int seen[ROWS] = { 0 }, moved = 0;
    assert_ok(vgrad_dataset_split(&a, &b, all, 5, 3));
    assert_ok(vgrad_dataset_split(&again, &rest, all, 5, 3));
    ck_assert_int_eq(vgrad_dataset_rows(a), 5);
    ck_assert_int_eq(vgrad_dataset_rows(b), ROWS - 5);
    assert_ok(vgrad_dataset_read(a, 0, 5, NULL, y, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(b, 0, ROWS - 5, NULL, y + 5, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(again, 0, 5, NULL, same, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(rest, 0, ROWS - 5, NULL, same + 5, VGRAD_FLOAT64));
    ck_assert_mem_eq(y, same, sizeof y);
    for (int i = 0; i < ROWS; i++) {
        seen[(int)y[i]]++;
        moved += (int)y[i] != i;
    }
    for (int i = 0; i < ROWS; i++)
        ck_assert_int_eq(seen[i], 1);
    ck_assert_int_gt(moved, 3);
    vgrad_dataset_destroy(rest);
    vgrad_dataset_destroy(again);
    assert_ok(vgrad_dataset_split(&again, &rest, all, 5, 4));
    assert_ok(vgrad_dataset_read(rest, 0, ROWS - 5, NULL, same + 5, VGRAD_FLOAT64));
    ck_assert_mem_ne(y + 5, same + 5, (ROWS - 5) * sizeof *y);
    vgrad_dataset_destroy(all);
    vgrad_dataset_destroy(a);
    vgrad_dataset_destroy(b);
    vgrad_dataset_destroy(again);
    vgrad_dataset_destroy(rest);
}
END_TEST

/* ---- scaling ---- */

START_TEST(bytes_stay_bytes_until_they_are_read)
{
    uint8_t pixels[256 * 2];
    float as_float[256 * 2];
    double as_double[256 * 2];
    vgrad_dataset *data;
    for (int i = 0; i < 512; i++)
        pixels[i] = (uint8_t)i;
    assert_ok(vgrad_dataset_borrow(&data, 2, pixels, VGRAD_UINT8, 256, NULL, VGRAD_UINT8, 0, NULL));
    assert_ok(vgrad_dataset_scale(data, 1.0 / 256, 0.25));
    assert_ok(vgrad_dataset_read(data, 0, 2, as_float, NULL, VGRAD_FLOAT32));
    read_x(data, as_double);
    for (int i = 0; i < 512; i++) {
        ck_assert_double_eq(as_double[i], i % 256 / 256.0 + 0.25);
        ck_assert(as_float[i] == (float)(i % 256) / 256.0f + 0.25f);
    }
    pixels[3] = 128; /* borrowed: read where it lies */
    read_x(data, as_double);
    ck_assert_double_eq(as_double[3], 0.75);
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(a_scaling_takes_the_place_of_the_one_before)
{
    vgrad_dataset *data = numbered(), *part;
    double x[ROWS * WIDTH];
    assert_ok(vgrad_dataset_scale(data, 3, 1));
    assert_ok(vgrad_dataset_scale(data, 2, -1));
    assert_ok(vgrad_dataset_slice(&part, data, 1, 2));
    read_x(part, x);
    ck_assert_double_eq(x[0], 19); /* 10 * 2 - 1 */
    /* A part has the scaling of its birth, and then its own. */
    assert_ok(vgrad_dataset_scale(data, 1, 0));
    read_x(part, x);
    ck_assert_double_eq(x[0], 19);
    assert_ok(vgrad_dataset_scale(part, 5, 0));
    read_x(data, x);
    ck_assert_double_eq(x[WIDTH], 10);
    vgrad_dataset_destroy(part);
    vgrad_dataset_destroy(data);
}
END_TEST

/* Columns: ordinary; far from 0, where float32 would lose it; never changing. */
static vgrad_dataset *three_columns(int rows, double *x)
{
    vgrad_dataset *data;
    for (int i = 0; i < rows; i++) {
        x[3 * i] = sin(i);
        x[3 * i + 1] = 1.6e9 + i % 7;
        x[3 * i + 2] = -4;
    }
    assert_ok(vgrad_dataset_copy(&data, rows, x, VGRAD_FLOAT64, 3, NULL, VGRAD_FLOAT64, 0, NULL));
    return data;
}

START_TEST(standardized_columns_have_mean_0_and_deviation_1)
{
    enum { N = 200 };
    double x[3 * N], found[3 * N], mean[3] = { 0 }, squares[3] = { 0 };
    float single[3 * N];
    vgrad_dataset *data = three_columns(N, x);
    assert_ok(vgrad_dataset_standardize(data));
    read_x(data, found);
    assert_ok(vgrad_dataset_read(data, 0, N, single, NULL, VGRAD_FLOAT32));
    for (int i = 0; i < 3 * N; i++) {
        mean[i % 3] += found[i] / N;
        squares[i % 3] += found[i] * found[i] / N;
        ck_assert(single[i] == (float)found[i]);
    }
    for (int j = 0; j < 3; j++) {
        double error = j == 1 ? 2.4e-7 : 1e-14; /* what a double near 1.6e9 is rounded to */
        ck_assert_double_eq_tol(mean[j], 0, error);
        ck_assert_double_eq_tol(squares[j], j < 2, 10 * error);
    }
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(min_max_reaches_both_ends)
{
    enum { N = 200 };
    double x[3 * N], found[3 * N], low[3], high[3];
    vgrad_dataset *data = three_columns(N, x), *test;
    assert_ok(vgrad_dataset_scale_min_max(data, -1, 1));
    read_x(data, found);
    for (int j = 0; j < 3; j++)
        low[j] = high[j] = found[j];
    for (int i = 0; i < 3 * N; i++) {
        low[i % 3] = fmin(low[i % 3], found[i]);
        high[i % 3] = fmax(high[i % 3], found[i]);
    }
    for (int j = 0; j < 3; j++) {
        ck_assert_double_eq(low[j], -1);
        ck_assert_double_eq_tol(high[j], j == 2 ? -1 : 1, 1e-15);
    }
    /* Applied to other rows, which may lie outside. */
    const double other[3] = { 3, 1.6e9 + 12, -3 };
    assert_ok(vgrad_dataset_copy(&test, 1, other, VGRAD_FLOAT64, 3, NULL, VGRAD_FLOAT64, 0, NULL));
    assert_ok(vgrad_dataset_scale_as(test, data));
    read_x(test, found);
    ck_assert_double_gt(found[0], 3);
    ck_assert_double_eq_tol(found[1], 3, 1e-14); /* 12 of 0 ... 6 */
    ck_assert_double_eq(found[2], 1);            /* -1 + 2 (-3 - -4), as scikit-learn has it */
    vgrad_dataset_destroy(data);
    read_x(test, found); /* it does not need the other */
    ck_assert_double_eq(found[2], 1);
    vgrad_dataset_destroy(test);
}
END_TEST

START_TEST(what_cannot_be_fitted_leaves_the_scaling_alone)
{
    double x[4] = { 1, 2, 3, NAN }, found[4];
    vgrad_dataset *data, *wide = numbered();
    assert_ok(vgrad_dataset_borrow(&data, 2, x, VGRAD_FLOAT64, 2, NULL, VGRAD_FLOAT64, 0, NULL));
    assert_ok(vgrad_dataset_scale(data, 2, 0));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_standardize(data));
    assert_error_names("element 1 of row 1 is nan");
    x[3] = -1.7e308;
    x[1] = 1.7e308;
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale_min_max(data, 0, 1));
    assert_error_names("element 1");
    assert_status(VGRAD_E_INVALID, vgrad_dataset_standardize(data));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale_min_max(data, 1, 1));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale_min_max(data, 0, INFINITY));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale(data, 0, 0));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale(data, NAN, 0));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_scale(data, 1, INFINITY));
    assert_status(VGRAD_E_SHAPE, vgrad_dataset_scale_as(data, wide));
    assert_ok(vgrad_dataset_scale_as(data, data));
    read_x(data, found);
    ck_assert_double_eq(found[2], 6);
    vgrad_dataset_destroy(data);
    vgrad_dataset_destroy(wide);
}
END_TEST

/* ---- one-hot ---- */

START_TEST(class_numbers_become_rows)
{
    vgrad_dataset *data = numbered(), *part;
    double y[ROWS * ROWS], number;
    int32_t whole[ROWS * ROWS];
    int64_t shape[VGRAD_MAX_RANK];
    assert_ok(vgrad_dataset_one_hot(data, ROWS));
    ck_assert_int_eq(vgrad_dataset_y_width(data), ROWS);
    ck_assert_int_eq(vgrad_dataset_y_shape(data, shape), 2);
    ck_assert_int_eq(shape[0], ROWS);
    ck_assert_int_eq(shape[1], ROWS);
    assert_ok(vgrad_dataset_read(data, 0, ROWS, NULL, y, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(data, 0, ROWS, NULL, whole, VGRAD_INT32));
    for (int i = 0; i < ROWS * ROWS; i++) {
        ck_assert_double_eq(y[i], i / ROWS == i % ROWS);
        ck_assert_int_eq(whole[i], i / ROWS == i % ROWS);
    }
    assert_ok(vgrad_dataset_slice(&part, data, 3, 1));
    ck_assert_int_eq(vgrad_dataset_y_width(part), ROWS);
    assert_ok(vgrad_dataset_one_hot(part, 0));
    assert_ok(vgrad_dataset_read(part, 0, 1, NULL, &number, VGRAD_FLOAT64));
    ck_assert_double_eq(number, 3);
    vgrad_dataset_destroy(part);
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(classes_out_of_range_are_named)
{
    float x[3] = { 0 }, y[3] = { 0, 2, 1 }, wide[6] = { 0 };
    double out[9];
    vgrad_dataset *data, *with_wide;
    assert_ok(vgrad_dataset_borrow(&data, 3, x, VGRAD_FLOAT32, 1, y, VGRAD_FLOAT32, 1, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_one_hot(data, 2));
    assert_error_names("row 1 has the class 2, of 2");
    ck_assert_int_eq(vgrad_dataset_y_width(data), 1);
    assert_ok(vgrad_dataset_one_hot(data, 3));
    const float bad[] = { 0.5f, -1, 3, NAN, INFINITY, 1e30f };
    for (int i = 0; i < 6; i++) {
        y[2] = bad[i];
        assert_status(VGRAD_E_INVALID, vgrad_dataset_read(data, 1, 2, NULL, out, VGRAD_FLOAT64));
        assert_error_names("row 2");
    }
    assert_status(VGRAD_E_INVALID, vgrad_dataset_one_hot(data, 1));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_one_hot(data, -3));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_one_hot(data, (int64_t)1 << 40));
    vgrad_dataset_destroy(data);
    assert_ok(
        vgrad_dataset_borrow(&with_wide, 3, x, VGRAD_FLOAT32, 1, wide, VGRAD_FLOAT32, 2, NULL));
    assert_status(VGRAD_E_STATE, vgrad_dataset_one_hot(with_wide, 3));
    vgrad_dataset_destroy(with_wide);
}
END_TEST

/* ---- NULL ---- */

#define INVALID(call) assert_status(VGRAD_E_INVALID, call)

static int64_t give_nothing(int64_t first, int64_t count, void *x, void *y, void *user)
{
    (void)first, (void)count, (void)x, (void)y, (void)user;
    return 0;
}

START_TEST(null_is_refused)
{
    vgrad_dataset *data = numbered(), *out = data, *other = data;
    const int64_t one = 1;
    int64_t shape[VGRAD_MAX_RANK];
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, shape, VGRAD_INT64, 1, 1);
    INVALID(vgrad_dataset_copy_tensors(NULL, &view, NULL, NULL));
    INVALID(vgrad_dataset_borrow_tensors(NULL, &view, NULL, NULL));
    INVALID(vgrad_dataset_copy_tensors(&out, NULL, NULL, NULL));
    ck_assert_ptr_null(out);
    INVALID(vgrad_dataset_stream(NULL, 1, VGRAD_FLOAT32, 1, VGRAD_FLOAT32, 1, give_nothing, NULL,
                                 NULL));
    out = data;
    INVALID(vgrad_dataset_stream(&out, 1, VGRAD_FLOAT32, 1, VGRAD_FLOAT32, 1, NULL, NULL, NULL));
    ck_assert_ptr_null(out);
    INVALID(vgrad_dataset_digits(NULL, 1, 1, NULL));
    INVALID(vgrad_dataset_slice(NULL, data, 0, 1));
    INVALID(vgrad_dataset_slice(&out, NULL, 0, 1));
    INVALID(vgrad_dataset_take(NULL, data, &one, 1));
    INVALID(vgrad_dataset_take(&out, NULL, &one, 1));
    INVALID(vgrad_dataset_take(&out, data, NULL, 1));
    INVALID(vgrad_dataset_split(NULL, &other, data, 1, 1));
    ck_assert_ptr_null(other);
    INVALID(vgrad_dataset_split(&out, NULL, data, 1, 1));
    INVALID(vgrad_dataset_split(&out, &other, NULL, 1, 1));
    INVALID(vgrad_dataset_scale(NULL, 1, 0));
    INVALID(vgrad_dataset_scale_min_max(NULL, 0, 1));
    INVALID(vgrad_dataset_standardize(NULL));
    INVALID(vgrad_dataset_scale_as(NULL, data));
    INVALID(vgrad_dataset_scale_as(data, NULL));
    INVALID(vgrad_dataset_one_hot(NULL, 2));
    ck_assert_int_eq(vgrad_dataset_x_shape(NULL, shape), -1);
    ck_assert_int_eq(vgrad_dataset_y_shape(NULL, shape), -1);
    ck_assert_int_eq(vgrad_dataset_x_shape(data, NULL), -1);
    ck_assert_int_eq(vgrad_dataset_y_shape(data, NULL), -1);
    ck_assert_int_eq(vgrad_dataset_rows(NULL), -1);
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(numbers_that_are_none_are_named)
{
    vgrad_dataset *out = NULL;
    INVALID(vgrad_dataset_digits(&out, 0, 1, NULL));
    assert_error_names("rows: 1 to");
    INVALID(vgrad_dataset_digits(&out, (int64_t)1 << 31, 1, NULL));
    INVALID(vgrad_dataset_stream(&out, 0, VGRAD_FLOAT32, 1, VGRAD_FLOAT32, 1, give_nothing, NULL,
                                 NULL));
    assert_error_names("rows: at least 1, or -1 if not known, got 0");
    INVALID(vgrad_dataset_stream(&out, -2, VGRAD_FLOAT32, 1, VGRAD_FLOAT32, 1, give_nothing, NULL,
                                 NULL));
    INVALID(vgrad_dataset_stream(&out, 1, (vgrad_dtype)9, 1, VGRAD_FLOAT32, 1, give_nothing, NULL,
                                 NULL));
    assert_error_names("x_dtype");
    INVALID(vgrad_dataset_stream(&out, 1, VGRAD_FLOAT32, 0, VGRAD_FLOAT32, 1, give_nothing, NULL,
                                 NULL));
    assert_error_names("x_width");
    INVALID(vgrad_dataset_stream(&out, 1, VGRAD_FLOAT32, 1, VGRAD_FLOAT32, -1, give_nothing, NULL,
                                 NULL));
    assert_error_names("y_width");
    ck_assert_ptr_null(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("datasets");
    TCase *strides = tcase_create("strides");
    tcase_add_loop_test(strides, tensors_of_any_strides_are_read_as_they_lie, 0, 5 * WALKS);
    suite_add_tcase(suite, strides);
    add_tests(suite, "tensors", scaling_follows_the_strides_too,
              strides_of_single_elements_do_not_matter, tensors_that_are_no_rows_are_refused);
    add_tests(suite, "parts", parts_are_the_rows_they_name, parts_of_parts_make_no_chain,
              parts_outside_are_refused, a_split_deals_every_row_once);
    add_tests(suite, "scaling", bytes_stay_bytes_until_they_are_read,
              a_scaling_takes_the_place_of_the_one_before,
              standardized_columns_have_mean_0_and_deviation_1, min_max_reaches_both_ends,
              what_cannot_be_fitted_leaves_the_scaling_alone);
    add_tests(suite, "bad input", null_is_refused, numbers_that_are_none_are_named);
    add_tests(suite, "one-hot", class_numbers_become_rows, classes_out_of_range_are_named);
    return run_suite(suite);
}
