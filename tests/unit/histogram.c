/* lib/tensor/histogram and precision: quantiles, merging, and what few bits would leave. */
/* SPDX-License-Identifier: MIT */
#include "tensor/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"
#include "tensor/measure.h"
#include "tensor/precision.h"

static vgrad__histogram histogram_of(const double *values, int64_t count)
{
    vgrad__histogram h = { 0 };
    vgrad_tensor view;
    vgrad__histogram_of(vgrad_tensor_matrix(&view, values, VGRAD_FLOAT64, 1, count), 1, &h);
    return h;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- what can be one ---- */

/* Each of its numbers too large, or too small, by itself. */
START_TEST(what_no_elements_have_is_no_histogram)
{
    enum { NUMBERS = sizeof(vgrad__histogram) / sizeof(uint64_t) };
    const double values[] = { -0.0,     0,          0,     1,           -1,
                              0x1p-140, -0x1p-1074, 1e300, (double)NAN, (double)INFINITY };
    const vgrad__histogram good = histogram_of(values, 10), none = { 0 };
    ck_assert(vgrad__histogram_is_sound(&good) && vgrad__histogram_is_sound(&none));
    ck_assert_int_eq(vgrad__histogram_count(&good), 10);
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t numbers[NUMBERS];
        vgrad__histogram bad;
        memcpy(numbers, &good, sizeof good);
        numbers[i] = i < VGRAD_HISTOGRAM_BINS ? INT64_MAX : 10;
        memcpy(&bad, numbers, sizeof bad);
        ck_assert_msg(!vgrad__histogram_is_sound(&bad), "number %d", i);
    }
    vgrad__histogram bad = good;
    bad.zeros = 2; /* fewer than vanish, and no more than bins hold: it could be */
    ck_assert(vgrad__histogram_is_sound(&bad));
    bad.vanishing[VGRAD__BF16] = 1; /* less than zeros */
    ck_assert(!vgrad__histogram_is_sound(&bad));
    bad = good;
    bad.bins[3] = UINT64_MAX; /* with others it wraps around */
    ck_assert(!vgrad__histogram_is_sound(&bad));
    bad = good;
    bad.negative_zeros = 3; /* more than its bin holds */
    ck_assert(!vgrad__histogram_is_sound(&bad));
}
END_TEST

/* ---- quantiles ---- */

enum { MANY = 1000, STEPS = 64 };

/* Sizes over 40 powers of two of either sign, with some zeros. */
static void fill(double *values, unsigned seed)
{
    srand(seed);
    for (int i = 0; i < MANY; i++) {
        double size = ldexp(1 + rand() / (RAND_MAX + 1.0), rand() % 40 - 30);
        values[i] = rand() % 10 == 0 ? 0 : rand() % 3 ? size : -size;
    }
}

START_TEST(quantiles_have_the_sign_and_half_to_twice_the_size)
{
    double values[MANY];
    fill(values, (unsigned)_i);
    vgrad__histogram h = histogram_of(values, MANY);
    qsort(values, MANY, sizeof *values, compare);
    for (int step = 0; step <= STEPS; step++) {
        double p = (double)step / STEPS, want = values[(int)(p * (MANY - 1))];
        double got = vgrad__histogram_quantile(&h, p);
        ck_assert_msg(want == 0 ? got == 0 : got / want > 0.5 && got / want < 2,
                      "quantile %g is %g, of the histogram %g", p, want, got);
    }
}
END_TEST

/* Even distances inside of a bin: of many that are spread evenly, every quantile is right. */
START_TEST(inside_of_a_bin_they_are_spread_evenly)
{
    double values[2 * MANY];
    for (int i = 0; i < MANY; i++) {
        values[i] = 1 + (i + 0.5) / MANY;
        values[MANY + i] = -8 * values[i];
    }
    vgrad__histogram h = histogram_of(values, 2 * MANY);
    qsort(values, 2 * MANY, sizeof *values, compare);
    for (int i = 0; i < 2 * MANY; i += 7)
        ck_assert_double_eq_tol(vgrad__histogram_quantile(&h, (i + 0.5) / (2 * MANY - 1)),
                                values[i], 1e-12);
}
END_TEST

START_TEST(quantiles_of_little_and_of_odd_things)
{
    const double none[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
    const double three[] = { (double)NAN, -2, 0x1p-140, (double)INFINITY, 0 };
    const double zeros[] = { -0.0, 0.0, -0.0 }, small[] = { -0x1p-140, -0.0, -0x1p-1000 };
    vgrad__histogram h = histogram_of(none, 3);
    ck_assert_double_nan(vgrad__histogram_quantile(&h, 0.5));
    ck_assert_int_eq((int)h.nans, 1);
    h = histogram_of(three, 5);
    ck_assert_double_lt(vgrad__histogram_quantile(&h, 0), -1.99);
    ck_assert_double_eq(vgrad__histogram_quantile(&h, 0.5), 0);
    ck_assert_double_gt(vgrad__histogram_quantile(&h, 1), 0);
    ck_assert_double_lt(vgrad__histogram_quantile(&h, 1), 0x1p-126);
    h = histogram_of(zeros, 3);
    for (int i = 0; i <= 2; i++)
        ck_assert_double_eq(vgrad__histogram_quantile(&h, i / 2.0), 0);
    h = histogram_of(small, 3);
    ck_assert_double_lt(vgrad__histogram_quantile(&h, 0.5), 0);
    ck_assert_double_eq(vgrad__histogram_quantile(&h, 1), 0);
}
END_TEST

/* ---- merging ---- */

START_TEST(histograms_of_parts_are_that_of_the_whole)
{
    double values[MANY];
    fill(values, 5);
    values[0] = (double)NAN;
    values[1] = -0.0;
    vgrad__histogram whole = histogram_of(values, MANY), first = histogram_of(values, 317);
    const vgrad__histogram rest = histogram_of(values + 317, MANY - 317);
    vgrad__histogram_merge(&first, &rest);
    ck_assert_mem_eq(&first, &whole, sizeof whole);
    vgrad__histogram_repeat(&whole, (uint64_t)1 << 40);
    ck_assert_uint_eq(vgrad__histogram_finite(&whole), (uint64_t)(MANY - 1) << 40);
    ck_assert_uint_eq(whole.negative_zeros, (uint64_t)1 << 40);
}
END_TEST

/* ---- formats ---- */

static void assert_precision(const double *values, int64_t count, vgrad__format format,
                             vgrad__precision want)
{
    vgrad__histogram h = histogram_of(values, count);
    vgrad__precision got = vgrad__precision_of(&h, format);
    ck_assert_double_eq(got.lost, want.lost);
    ck_assert_double_eq(got.subnormal, want.subnormal);
    ck_assert_double_eq(got.overflow, want.overflow);
    ck_assert_double_eq(got.scale, want.scale);
}

/* Of eight numbers that are not 0; zeros, NaN and Inf have no part in it. */
START_TEST(shares_of_what_a_format_would_not_keep)
{
    const double half[] = { 0,       (double)NAN, -(double)INFINITY,
                            0x1p-25, -0x1.1p-25,  0x1p-15,
                            0x1p-14, 1,           65519,
                            -65520,  1e30 };
    const double brain[] = { 0x1p-134, 0x1p-149, -0x1.8p-134, 0x1p-126,
                             1,        0x1p-127, 0x1.ffp127,  0x1.fep127 };
    const double e4m3[] = { 0x1p-10, -0x1.01p-10, 0x1p-7, 0x1p-6, 464, 465, 1, -0.0, -2 };
    const double e5m2[] = { 0x1p-17, -0x1.01p-17, 0x1p-15, 0x1p-14, 61440, 61439, 1, -2 };
    assert_precision(half, 11, VGRAD__FP16,
                     (vgrad__precision){ 0.125, 0.25, 0.25, ldexp(1, 14 - 99) });
    assert_precision(brain, 8, VGRAD__BF16, (vgrad__precision){ 0.25, 0.25, 0.125, 0.5 });
    assert_precision(e4m3, 9, VGRAD__FP8_E4M3, (vgrad__precision){ 0.125, 0.25, 0.125, 0.5 });
    assert_precision(e5m2, 8, VGRAD__FP8_E5M2, (vgrad__precision){ 0.125, 0.25, 0.125, 0.5 });
}
END_TEST

START_TEST(nothing_but_zeros_has_no_shares)
{
    const double zeros[] = { 0, -0.0, (double)NAN };
    vgrad__histogram h = histogram_of(zeros, 3);
    vgrad__precision got = vgrad__precision_of(&h, VGRAD__FP16);
    ck_assert(isnan(got.lost) && isnan(got.subnormal) && isnan(got.overflow) && isnan(got.scale));
}
END_TEST

/* The scale leaves room for one bit more, and no larger power of two does. */
START_TEST(a_scale_brings_the_largest_below_the_top_with_room)
{
    static const double largest[] = { 65504, 0x1.fep127, 448, 57344 };
    static const double sizes[] = { 0x1p-149, 0x1.8p-127, 0x1p-126,       1e-30, 1e-8,
                                    0.999,    1,          1.999999999999, 300,   0x1.8p127 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const double values[] = { -sizes[i], sizes[i] / 1e6, 0 };
        vgrad__histogram h = histogram_of(values, 3);
        double scale = vgrad__precision_of(&h, (vgrad__format)_i).scale;
        int exponent;
        ck_assert_double_eq(frexp(scale, &exponent), 0.5);
        ck_assert_double_lt(sizes[i] * scale, largest[_i] / 1.75);
        if (sizes[i] >= 0x1p-126)
            ck_assert_double_gt(sizes[i] * scale * 4, largest[_i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *quantiles = tcase_create("quantiles"), *scales = tcase_create("scales");
    tcase_add_loop_test(quantiles, quantiles_have_the_sign_and_half_to_twice_the_size, 0, 20);
    tcase_add_loop_test(scales, a_scale_brings_the_largest_below_the_top_with_room, 0,
                        VGRAD__FORMATS);
    suite_add_tcase(suite, quantiles);
    suite_add_tcase(suite, scales);
    add_tests(suite, "histogram", what_no_elements_have_is_no_histogram,
              inside_of_a_bin_they_are_spread_evenly, quantiles_of_little_and_of_odd_things,
              histograms_of_parts_are_that_of_the_whole, shares_of_what_a_format_would_not_keep,
              nothing_but_zeros_has_no_shares);
    return run_suite(suite);
}
