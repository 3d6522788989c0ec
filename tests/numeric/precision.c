/* Figures of ten million numbers meant to be hard, against compensated sums in long double; numbers
   beyond 32 bits; and the same bits from any number of workers. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "tensor/kernels.h"
#include "tensor/measure.h"
#include "tensor/tensor.h"

/* ---- the reference ---- */

/* Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974). */
typedef struct sum {
    long double value, rest;
} sum;

static void add(sum *s, long double x)
{
    const long double after = s->value + x;
    s->rest += fabsl(s->value) >= fabsl(x) ? (s->value - after) + x : (x - after) + s->value;
    s->value = after;
}

static long double total(const sum *s)
{
    return s->value + s->rest;
}

typedef struct figures {
    long double count, finite, zeros, nans, mean, std, mean_abs, l2, min, max;
} figures;

static double element(const void *data, vgrad_dtype dtype, int64_t i)
{
    return dtype == VGRAD_FLOAT64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* Its exponents hold the square of every double, and x - mean is exact where x is near the mean;
   the sum of these takes out what the mean was off by. */
static figures figures_of(const void *data, vgrad_dtype dtype, int64_t n)
{
    figures f = { .count = n, .min = (long double)INFINITY, .max = -(long double)INFINITY };
    sum values = { 0 }, sizes = { 0 }, squares = { 0 }, off = { 0 }, off_squares = { 0 };
    for (int64_t i = 0; i < n; i++) {
        const long double x = element(data, dtype, i);
        f.nans += isnan(x) != 0;
        if (!isfinite(x))
            continue;
        f.finite++;
        f.zeros += x == 0;
        f.min = x < f.min ? x : f.min;
        f.max = x > f.max ? x : f.max;
        add(&values, x);
        add(&sizes, fabsl(x));
        add(&squares, x * x);
    }
    const long double near = total(&values) / f.finite;
    for (int64_t i = 0; i < n; i++) {
        const long double x = element(data, dtype, i);
        if (!isfinite(x))
            continue;
        add(&off, x - near);
        add(&off_squares, (x - near) * (x - near));
    }
    const long double correction = total(&off) / f.finite;
    f.mean = near + correction;
    f.mean_abs = total(&sizes) / f.finite;
    f.l2 = sqrtl(total(&squares));
    f.std = sqrtl(total(&off_squares) / f.finite - correction * correction);
    return f;
}

/* ---- what is promised ---- */

static const vgrad_quantity asked[] = { VGRAD_COUNT,    VGRAD_ZEROS, VGRAD_NANS, VGRAD_INFS,
                                        VGRAD_MIN,      VGRAD_MAX,   VGRAD_MEAN, VGRAD_STD,
                                        VGRAD_MEAN_ABS, VGRAD_L2 };
enum { ASKED = sizeof asked / sizeof *asked };

/* The least number is added: closer than that there is none. What no double holds is Inf. */
static void assert_figures(const char *what, const double *got, const figures *f)
{
    const long double share = 1e-12L, least = 0x1p-1074L;
    const long double want[ASKED] = {
        f->count, f->zeros,    f->nans, f->count - f->finite - f->nans, f->min, f->max, f->mean,
        f->std,   f->mean_abs, f->l2
    };
    const long double off[ASKED] = { [6] = share * f->mean_abs + least,
                                     [7] = share * f->std + least,
                                     [8] = share * f->mean_abs + least,
                                     [9] = share * f->l2 + least };
    for (int i = 0; i < ASKED; i++)
        if ((double)want[i] > DBL_MAX)
            ck_assert_double_eq(got[i], (double)INFINITY);
        else
            ck_assert_msg(fabsl(got[i] - want[i]) <= off[i],
                          "%s, %s: %.17g instead of %.20Lg, off by %Lg, allowed %Lg", what,
                          vgrad_quantity_name(asked[i]), got[i], want[i], fabsl(got[i] - want[i]),
                          off[i]);
}

static void assert_moments(const char *what, const vgrad__moments *m, const figures *f)
{
    double got[ASKED];
    for (int i = 0; i < ASKED; i++)
        got[i] = vgrad__moments_read(m, asked[i]);
    assert_figures(what, got, f);
}

/* ---- ten million numbers ---- */

enum { MANY = 10000000 };

/* Element i of so many. */
typedef double one_of(dice *d, vgrad_dtype dtype, int64_t i);

/* Every number of the type is equally likely: huge, tiny, subnormal, NaN, Inf. */
static double any_bits(dice *d, vgrad_dtype dtype, int64_t i)
{
    const uint64_t bits = dice_bits(d);
    const uint32_t upper = (uint32_t)(bits >> 32);
    double wide;
    float single;
    (void)i;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&single, &upper, sizeof single);
    return dtype == VGRAD_FLOAT64 ? wide : (double)single;
}

/* One unit in the last place more or less is all that there is to the deviation. */
static double constant_and_last_places(dice *d, vgrad_dtype dtype, int64_t i)
{
    (void)i;
    return 3 + dice_below(d, 4) * (dtype == VGRAD_FLOAT64 ? 0x1p-51 : 0x1p-22);
}

/* The same, and drifting, so that blocks differ by as little. */
static double constant_and_drift(dice *d, vgrad_dtype dtype, int64_t i)
{
    const double unit = dtype == VGRAD_FLOAT64 ? 0x1p-52 : 0x1p-23;
    return 1 + unit * ((double)(i / 5000) + dice_below(d, 3));
}

/* Sums of 0.1 are rounded the same way each time. */
static double constant(dice *d, vgrad_dtype dtype, int64_t i)
{
    (void)d;
    (void)dtype;
    return i == 4711 ? 0.2 : 0.1;
}

static double alternating(dice *d, vgrad_dtype dtype, int64_t i)
{
    (void)dtype;
    return (i % 2 ? -1 : 1) * (1e7 + dice_uniform(d, 0, 1));
}

/* Blocks far apart in size, some of them beyond where squares are held, some with NaN or Inf. */
static double regions(dice *d, vgrad_dtype dtype, int64_t i)
{
    static const double sizes[] = { 1e38, 1e-40, 0, 1, 1e-20, 1e300, 1e-310, 1e150, 1e-150 };
    const int region = (int)(i / 300001) % (dtype == VGRAD_FLOAT64 ? 9 : 5);
    if (region % 2 && dice_below(d, 2000) == 0)
        return dice_below(d, 2) ? (double)NAN : -(double)INFINITY;
    return sizes[region] * dice_uniform(d, -1, 1);
}

static double subnormal(dice *d, vgrad_dtype dtype, int64_t i)
{
    (void)i;
    return (dtype == VGRAD_FLOAT64 ? 0x1p-1060 : 0x1p-130) * dice_uniform(d, -1, 2);
}

/* One giant among dwarfs. */
static double outlier(dice *d, vgrad_dtype dtype, int64_t i)
{
    const double giant = dtype == VGRAD_FLOAT64 ? 1e308 : 3e38;
    return i == MANY / 3 ? giant : dice_uniform(d, -1e-3, 1e-3);
}

static const struct {
    const char *name;
    one_of *make;
} mixes[] = {
    { "any bits", any_bits },        { "last places", constant_and_last_places },
    { "drift", constant_and_drift }, { "constant", constant },
    { "alternating", alternating },  { "regions", regions },
    { "subnormal", subnormal },      { "outlier", outlier },
};
enum { MIXES = sizeof mixes / sizeof *mixes };

static void *filled(one_of *make, vgrad_dtype dtype, int64_t n)
{
    dice d = dice_from(17);
    void *data = malloc((size_t)n * vgrad__dtype_size(dtype));
    for (int64_t i = 0; i < n; i++) {
        const double value = make(&d, dtype, i);
        if (dtype == VGRAD_FLOAT64)
            ((double *)data)[i] = value;
        else
            ((float *)data)[i] = (float)value;
    }
    return data;
}

/* As they lie, and back to front, which no kernel reads as it lies. */
static void check_views(const char *name, const void *data, vgrad_dtype dtype, const figures *want)
{
    const int64_t shape[] = { MANY }, back[] = { -1 };
    const char *last = (const char *)data + (MANY - 1) * vgrad__dtype_size(dtype);
    vgrad_tensor view;
    double got[ASKED];
    vgrad_tensor_view(&view, data, dtype, 1, shape, NULL);
    assert_ok(vgrad_tensor_stats(&view, asked, got, ASKED));
    assert_figures(name, got, want);
    vgrad_tensor_view(&view, last, dtype, 1, shape, back);
    assert_ok(vgrad_tensor_stats(&view, asked, got, ASKED));
    assert_figures(name, got, want);
}

/* What networks call, at every level: one after the other. */
static void check_kernels(const void *data, vgrad_dtype dtype, const figures *want)
{
    const vgrad__kernels *k;
    for (int level = 0; (k = vgrad__kernels_level(level, dtype)) != NULL; level++) {
        vgrad__moments moments = { 0 };
        k->moments(data, MANY, &moments);
        assert_moments(k->level, &moments, want);
    }
}

static void check_mix(int mix, vgrad_dtype dtype)
{
    void *data = filled(mixes[mix].make, dtype, MANY);
    const figures want = figures_of(data, dtype, MANY);
    check_views(mixes[mix].name, data, dtype, &want);
    check_kernels(data, dtype, &want);
    free(data);
}

START_TEST(ten_million_hard_numbers_of_float32)
{
    check_mix(_i, VGRAD_FLOAT32);
}
END_TEST

START_TEST(ten_million_hard_numbers_of_float64)
{
    check_mix(_i, VGRAD_FLOAT64);
}
END_TEST

/* ---- 16 bits ---- */

/* Every float16 there is: finite, its sums are held exactly. */
START_TEST(every_float16_at_once)
{
    enum { ALL = 65536 };
    static uint16_t bits[ALL];
    static float wide[ALL];
    for (int i = 0; i < ALL; i++)
        bits[i] = (uint16_t)i;
    vgrad_tensor view;
    double got[ASKED];
    vgrad_tensor_matrix(&view, bits, VGRAD_FLOAT16, 256, 256);
    assert_ok(vgrad_tensor_copy(&view, wide, VGRAD_FLOAT32, ALL));
    const figures want = figures_of(wide, VGRAD_FLOAT32, ALL);
    assert_ok(vgrad_tensor_stats(&view, asked, got, ASKED));
    assert_figures("float16", got, &want);
    ck_assert_double_eq(got[1], 2);
    ck_assert_double_eq(got[2], 2 * 1023);
    ck_assert_double_eq(got[3], 2);
    ck_assert_double_eq(got[5], 65504);
}
END_TEST

/* ---- beyond 32 bits ---- */

START_TEST(a_number_repeated_beyond_32_bits)
{
    const float value = 0.1f;
    const double count = 5e9;
    const int64_t shape[] = { 1000000, 5000 }, strides[] = { 0, 0 };
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    vgrad_tensor view;
    double got[ASKED];
    const long double x = value;
    const figures want = { .count = count,
                           .finite = count,
                           .mean = x,
                           .mean_abs = x,
                           .l2 = x * sqrtl(count),
                           .min = x,
                           .max = x };
    vgrad_tensor_view(&view, &value, VGRAD_FLOAT32, 2, shape, strides);
    assert_ok(vgrad_tensor_stats(&view, asked, got, ASKED));
    assert_figures("repeated", got, &want);
    assert_ok(vgrad_tensor_histogram(&view, bins, VGRAD_HISTOGRAM_BINS));
    ck_assert_uint_eq(bins[127 - 4], (uint64_t)5000000000);
}
END_TEST

/* Rows that overlap: element (i, j) is value i + j, and each of these is read. */
START_TEST(a_thousand_million_numbers_one_by_one)
{
    enum { SIDE = 31623 };
    const int64_t shape[] = { SIDE, SIDE }, strides[] = { 1, 1 };
    float *values = malloc((2 * SIDE - 1) * sizeof *values);
    for (int i = 0; i < 2 * SIDE - 1; i++)
        values[i] = (float)i;
    /* Twice the mean of 0 ... n - 1, and the same of their variance (n^2 - 1) / 12. */
    const long double n = SIDE, mean = n - 1, variance = (n * n - 1) / 6;
    const figures want = { .count = n * n,
                           .finite = n * n,
                           .zeros = 1,
                           .mean = mean,
                           .mean_abs = mean,
                           .std = sqrtl(variance),
                           .l2 = n * sqrtl(variance + mean * mean),
                           .max = 2 * n - 2 };
    vgrad_tensor view;
    double got[ASKED];
    vgrad_tensor_view(&view, values, VGRAD_FLOAT32, 2, shape, strides);
    assert_ok(vgrad_tensor_stats(&view, asked, got, ASKED));
    assert_figures("overlapping", got, &want);
    free(values);
}
END_TEST

START_TEST(parts_of_more_than_32_bits_are_merged)
{
    const double one = 1, four = 4;
    const int64_t three_parts[] = { INT64_C(3000000000) }, part[] = { INT64_C(1000000000) };
    const int64_t still[] = { 0 };
    vgrad_tensor view;
    vgrad__moments ones =
        vgrad__moments_of(vgrad_tensor_view(&view, &one, VGRAD_FLOAT64, 1, three_parts, still));
    const vgrad__moments fours =
        vgrad__moments_of(vgrad_tensor_view(&view, &four, VGRAD_FLOAT64, 1, part, still));
    const figures want = { .count = 4e9L,
                           .finite = 4e9L,
                           .mean = 1.75L,
                           .mean_abs = 1.75L,
                           .std = 3 * sqrtl(3) / 4,
                           .l2 = sqrtl(19e9L),
                           .min = 1,
                           .max = 4 };
    vgrad__moments_merge(&ones, &fours);
    assert_moments("merged", &ones, &want);
}
END_TEST

/* ---- any number of workers ---- */

/* Worker `w` of `workers` takes its share of the blocks: in one piece, or every so many-th. */
static void work(const vgrad_tensor *view, int w, int workers, bool in_one_piece,
                 vgrad__moments *blocks)
{
    const int64_t count = vgrad__block_count(view);
    if (in_one_piece) {
        const int64_t first = count * w / workers, end = count * (w + 1) / workers;
        vgrad__moments_blocks(view, first, end - first, blocks + first);
        return;
    }
    for (int64_t i = w; i < count; i += workers)
        vgrad__moments_blocks(view, i, 1, blocks + i);
}

static vgrad__moments sum_of(const vgrad__moments *blocks, int64_t count)
{
    vgrad__moments_tree tree;
    tree.leaves = 0;
    for (int64_t i = 0; i < count; i++)
        vgrad__moments_tree_add(&tree, &blocks[i]);
    return vgrad__moments_tree_sum(&tree);
}

static void assert_same_bits(const vgrad__moments *a, const vgrad__moments *b)
{
    for (int i = 0; i < ASKED; i++) {
        const double x = vgrad__moments_read(a, asked[i]), y = vgrad__moments_read(b, asked[i]);
        ck_assert_msg(memcmp(&x, &y, sizeof x) == 0, "%s: %a and %a", vgrad_quantity_name(asked[i]),
                      x, y);
    }
}

/* The last worker is done first. */
static void check_partitions(const vgrad_tensor *view)
{
    const vgrad__moments whole = vgrad__moments_of(view);
    const int64_t count = vgrad__block_count(view);
    vgrad__moments *blocks = malloc((size_t)count * sizeof *blocks);
    for (int workers = 1; workers <= 16; workers++)
        for (int way = 0; way < 2; way++) {
            memset(blocks, 0xff, (size_t)count * sizeof *blocks);
            for (int w = workers - 1; w >= 0; w--)
                work(view, w, workers, way == 0, blocks);
            const vgrad__moments together = sum_of(blocks, count);
            assert_same_bits(&together, &whole);
        }
    free(blocks);
}

START_TEST(one_to_sixteen_workers_find_the_same_bits)
{
    static const vgrad_dtype dtypes[] = { VGRAD_FLOAT32, VGRAD_FLOAT64 };
    static const int64_t counts[] = { 1, 4096, 4097, 3 * 4096, 61 * 4096 + 123 };
    for (int t = 0; t < 2; t++)
        for (int c = 0; c < 5; c++) {
            const int64_t n = counts[c], shape[] = { n }, back[] = { -1 };
            void *data = filled(mixes[_i].make, dtypes[t], n);
            const char *last = (const char *)data + (size_t)(n - 1) * vgrad__dtype_size(dtypes[t]);
            vgrad_tensor view;
            check_partitions(vgrad_tensor_view(&view, data, dtypes[t], 1, shape, NULL));
            check_partitions(vgrad_tensor_view(&view, last, dtypes[t], 1, shape, back));
            free(data);
        }
}
END_TEST

/* That the shape of the tree matters: without it the partition would be in the last bits. */
START_TEST(another_order_of_merging_has_other_bits)
{
    enum { COUNT = 64 * VGRAD__BLOCK };
    double *data = filled(outlier, VGRAD_FLOAT64, COUNT);
    vgrad__moments blocks[64], turned = { 0 };
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, data, VGRAD_FLOAT64, 1, COUNT);
    vgrad__moments_blocks(&view, 0, 64, blocks);
    const vgrad__moments whole = sum_of(blocks, 64);
    for (int i = 63; i >= 0; i--)
        vgrad__moments_merge(&turned, &blocks[i]);
    ck_assert(turned.sum_abs != whole.sum_abs || turned.m2 != whole.m2 ||
              turned.mean_rest != whole.mean_rest);
    free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("precision");
    TCase *hard = tcase_create("hard numbers"), *workers = tcase_create("workers");
    tcase_set_timeout(hard, 120);
    tcase_set_timeout(workers, 120);
    tcase_add_loop_test(hard, ten_million_hard_numbers_of_float32, 0, MIXES);
    tcase_add_loop_test(hard, ten_million_hard_numbers_of_float64, 0, MIXES);
    tcase_add_loop_test(workers, one_to_sixteen_workers_find_the_same_bits, 0, MIXES);
    suite_add_tcase(suite, hard);
    suite_add_tcase(suite, workers);
    add_tests(suite, "precision", every_float16_at_once, a_number_repeated_beyond_32_bits,
              a_thousand_million_numbers_one_by_one, parts_of_more_than_32_bits_are_merged,
              another_order_of_merging_has_other_bits);
    return run_suite(suite);
}
