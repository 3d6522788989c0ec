/* lib/record/buckets: what TensorBoard shows of a histogram. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>
#include <vgrad/tensor.h>

#include "record/tensorboard_parts.h"
#include "runner.h"
#include "tensor/measure.h"

static vgrad__histogram histogram;
static vgrad__buckets values, logarithms;

/* Buckets of these numbers. */
static void count(const double *numbers, int64_t n, vgrad_dtype dtype)
{
    float narrow[64];
    double least = INFINITY, most = -INFINITY;
    vgrad_tensor view;
    for (int64_t i = 0; i < n; i++) {
        narrow[i] = (float)numbers[i];
        if (isfinite(numbers[i])) {
            least = fmin(least, numbers[i]);
            most = fmax(most, numbers[i]);
        }
    }
    vgrad_tensor_matrix(&view, dtype == VGRAD_FLOAT32 ? (const void *)narrow : numbers, dtype, 1,
                        n);
    histogram = (vgrad__histogram){ .zeros = 0 };
    vgrad__histogram_of(&view, 1, &histogram);
    const vgrad__counts counts = { "l", "r", &histogram, least, most };
    vgrad__buckets_of_values(&values, &counts);
    vgrad__buckets_of_logarithms(&logarithms, &histogram);
}

/* In order, without gaps, the outer ones not empty, all elements in them. */
static void assert_proper(const vgrad__buckets *b, double elements)
{
    double sum = 0;
    ck_assert_int_gt(b->count, 0);
    ck_assert(b->rows[0].count > 0 && b->rows[b->count - 1].count > 0);
    for (int32_t i = 0; i < b->count; i++) {
        ck_assert(b->rows[i].left <= b->rows[i].right);
        ck_assert(i == 0 || b->rows[i].left == b->rows[i - 1].right);
        sum += b->rows[i].count;
    }
    ck_assert(sum == elements);
}

static void assert_bucket(const vgrad__buckets *b, int32_t i, double left, double right, double n)
{
    ck_assert_msg(b->rows[i].left == left && b->rows[i].right == right && b->rows[i].count == n,
                  "bucket %d: %g to %g, %g", i, b->rows[i].left, b->rows[i].right,
                  b->rows[i].count);
}

START_TEST(edges_are_powers_of_two_between_the_least_and_the_most)
{
    count((const double[]){ -3, -2.5, 0, 1, 1.5, 7 }, 6, VGRAD_FLOAT32);
    assert_proper(&values, 6);
    ck_assert_int_eq(values.count, 7);
    assert_bucket(&values, 0, -3, -2, 2);
    assert_bucket(&values, 1, -2, -FLT_MIN, 0); /* a row of empty bins is one */
    assert_bucket(&values, 2, -FLT_MIN, FLT_MIN, 1);
    assert_bucket(&values, 3, FLT_MIN, 1, 0);
    assert_bucket(&values, 4, 1, 2, 2);
    assert_bucket(&values, 5, 2, 4, 0);
    assert_bucket(&values, 6, 4, 7, 1);
    assert_proper(&logarithms, 5);
    assert_bucket(&logarithms, 0, 0, log10(2), 2);
    assert_bucket(&logarithms, 2, log10(4), log10(8), 1);
}
END_TEST

START_TEST(one_number_has_a_bucket_without_width)
{
    count((const double[]){ 0.3, 0.3 }, 2, VGRAD_FLOAT64);
    ck_assert_int_eq(values.count, 1);
    assert_bucket(&values, 0, 0.3, 0.3, 2);
    ck_assert_int_eq(logarithms.count, 1);
}
END_TEST

START_TEST(zeros_have_a_bucket_and_no_logarithm)
{
    count((const double[]){ 0, -0.0, 0 }, 3, VGRAD_FLOAT32);
    ck_assert_int_eq(values.count, 1);
    assert_bucket(&values, 0, 0, 0, 3);
    ck_assert_int_eq(logarithms.count, 0);
}
END_TEST

START_TEST(what_is_not_finite_is_in_no_bucket)
{
    count((const double[]){ NAN, INFINITY, -INFINITY, 1 }, 4, VGRAD_FLOAT32);
    assert_proper(&values, 1);
    assert_proper(&logarithms, 1);
    count((const double[]){ NAN, INFINITY }, 2, VGRAD_FLOAT32);
    ck_assert_int_eq(values.count, 0);
    ck_assert_int_eq(logarithms.count, 0);
}
END_TEST

START_TEST(subnormals_have_a_bucket)
{
    count((const double[]){ 0x1p-149, -0x1p-130, 0x1p-126 }, 3, VGRAD_FLOAT32);
    assert_proper(&values, 3);
    assert_bucket(&values, 0, -0x1p-130, 0x1p-126, 2);
    assert_bucket(&values, 1, 0x1p-126, 0x1p-126, 1);
    assert_proper(&logarithms, 3);
    assert_bucket(&logarithms, 0, log10(0x1p-149), log10(0x1p-126), 2);
}
END_TEST

START_TEST(doubles_beyond_float32_are_in_the_outer_buckets)
{
    count((const double[]){ 1e-200, 1e300, -1e300 }, 3, VGRAD_FLOAT64);
    assert_proper(&values, 3);
    ck_assert(values.rows[0].left == -1e300 && values.rows[values.count - 1].right == 1e300);
    assert_proper(&logarithms, 3);
}
END_TEST

START_TEST(every_bin_has_room)
{
    static float all[VGRAD_HISTOGRAM_BINS];
    vgrad_tensor view;
    for (uint32_t i = 0; i < VGRAD_HISTOGRAM_BINS; i++) {
        const uint32_t bits = i << 23;
        memcpy(&all[i], &bits, sizeof bits);
    }
    vgrad_tensor_matrix(&view, all, VGRAD_FLOAT32, 1, VGRAD_HISTOGRAM_BINS);
    histogram = (vgrad__histogram){ .zeros = 0 };
    vgrad__histogram_of(&view, 1, &histogram);
    const vgrad__counts counts = { "l", "r", &histogram, -0x1p127, 0x1p127 };
    vgrad__buckets_of_values(&values, &counts);
    assert_proper(&values, VGRAD_HISTOGRAM_BINS - 2);
    ck_assert_int_eq(values.count, VGRAD_HISTOGRAM_BINS - 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buckets");
    add_tests(suite, "buckets", edges_are_powers_of_two_between_the_least_and_the_most,
              one_number_has_a_bucket_without_width, zeros_have_a_bucket_and_no_logarithm,
              what_is_not_finite_is_in_no_bucket, subnormals_have_a_bucket,
              doubles_beyond_float32_are_in_the_outer_buckets, every_bin_has_room);
    return run_suite(suite);
}
