/* Every kernel of every instruction level against a plain loop in long double. */
/* SPDX-License-Identifier: MIT */
#include "tensor/kernels.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "tensor/blas.h"
#include "tensor/kernels/vector_math.h"

/* ---- arrays of either type ---- */

enum { GUARD = 16, SIZES = 24, FILL = 0x5a };

/* `data` starts at any element of a larger block, whose rest must stay as it was. */
typedef struct array {
    vgrad_dtype dtype;
    char *block, *data;
    size_t n, size, offset;
} array;

static array array_of(vgrad_dtype dtype, size_t n, dice *d)
{
    array a = { .dtype = dtype, .n = n, .size = dtype == VGRAD_FLOAT64 ? 8 : 4 };
    a.offset = (size_t)dice_below(d, GUARD);
    a.block = malloc((n + 2 * GUARD) * a.size);
    memset(a.block, FILL, (n + 2 * GUARD) * a.size);
    a.data = a.block + a.offset * a.size;
    return a;
}

static double get(const array *a, size_t i)
{
    return a->dtype == VGRAD_FLOAT64 ? ((const double *)a->data)[i]
                                     : (double)((const float *)a->data)[i];
}

static void set(array *a, size_t i, double value)
{
    if (a->dtype == VGRAD_FLOAT64)
        ((double *)a->data)[i] = value;
    else
        ((float *)a->data)[i] = (float)value;
}

/* What T makes of a double. */
static double as(vgrad_dtype dtype, double value)
{
    return dtype == VGRAD_FLOAT64 ? value : (double)(float)value;
}

static void free_array(array *a)
{
    const char *end = a->block + (a->n + 2 * GUARD) * a->size;
    for (const char *p = a->block; p < end; p++)
        if ((p < a->data || p >= a->data + a->n * a->size) && *p != FILL)
            ck_abort_msg("written outside of an array of %zu elements", a->n);
    free(a->block);
}

static array random_array(vgrad_dtype dtype, size_t n, double from, double to, dice *d)
{
    array a = array_of(dtype, n, d);
    for (size_t i = 0; i < n; i++)
        set(&a, i, dice_uniform(d, from, to));
    return a;
}

static array copy_of(const array *a, dice *d)
{
    array copy = array_of(a->dtype, a->n, d);
    memcpy(copy.data, a->data, a->n * a->size);
    return copy;
}

/* ---- comparing ---- */

static double epsilon_of(vgrad_dtype dtype)
{
    return dtype == VGRAD_FLOAT64 ? DBL_EPSILON : (double)FLT_EPSILON;
}

/* The distance between neighbours at x. */
static long double ulp(vgrad_dtype dtype, long double x)
{
    int exponent, digits = dtype == VGRAD_FLOAT64 ? DBL_MANT_DIG : FLT_MANT_DIG;
    int lowest = dtype == VGRAD_FLOAT64 ? -1074 : -149;
    frexpl(x, &exponent);
    return ldexpl(1, x == 0 || exponent - digits < lowest ? lowest : exponent - digits);
}

static void assert_within(const vgrad__kernels *k, const char *what, double got, long double want,
                          long double tolerance)
{
    long double off = fabsl((long double)got - want);
    if (off <= tolerance) /* each assertion of Check writes to a pipe, and these are millions */
        return;
    ck_abort_msg("%s %s: %.17g instead of %.20Lg, off by %Lg, allowed %Lg", k->level, what, got,
                 want, off, tolerance);
}

static void assert_sum(const vgrad__kernels *k, const char *what, double got, long double want,
                       long double magnitude)
{
    assert_within(k, what, got, want, 1e-13L * magnitude + 1e-300L);
}

/* ---- every level, type and size ---- */

typedef void check(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d);

static const size_t sizes[SIZES] = { 0,  1,  2,  3,   4,   5,   7,   8,    9,    15,   16,   17,
                                     31, 33, 63, 127, 129, 255, 511, 1023, 1024, 1025, 1999, 2000 };

static void at_every_size(check *run)
{
    static const vgrad_dtype dtypes[] = { VGRAD_FLOAT32, VGRAD_FLOAT64 };
    const vgrad__kernels *k;
    for (int t = 0; t < 2; t++)
        for (int level = 0; (k = vgrad__kernels_level(level, dtypes[t])) != NULL; level++) {
            dice d = dice_from((uint64_t)(level * 2 + t));
            for (int i = 0; i < SIZES + 12; i++)
                run(k, dtypes[t], i < SIZES ? sizes[i] : (size_t)dice_below(&d, 2000), &d);
        }
}

START_TEST(levels_are_there_for_both_types)
{
    for (int i = 0; i < 3; i++) {
        const vgrad__kernels *k = vgrad__kernels_level(i, VGRAD_FLOAT32);
        const vgrad__kernels *wide = vgrad__kernels_level(i, VGRAD_FLOAT64);
        ck_assert_int_eq(k == NULL, wide == NULL);
        if (!k)
            break;
        ck_assert_str_eq(k->level, wide->level);
        ck_assert_str_eq(vgrad__kernels_level(0, VGRAD_FLOAT32)->level, "baseline");
    }
    ck_assert_ptr_nonnull(vgrad__kernels_for(VGRAD_FLOAT32));
    ck_assert_ptr_null(vgrad__kernels_level(-1, VGRAD_FLOAT32));
    ck_assert_ptr_null(vgrad__kernels_level(99, VGRAD_FLOAT32));
}
END_TEST

/* ---- activations ---- */

static long double true_sigmoid(double z)
{
    return z < 0 ? expl(z) / (1 + expl(z)) : 1 / (1 + expl(-(long double)z));
}

/* Small and large, of both signs, in the regions where the formulas change, and beyond. */
static void fill_widely(array *a, dice *d)
{
    static const double special[] = { 0.0,   -0.0,  1e-300, -1e-300, 1e-20,    -1e-20,   0.55,
                                      -0.55, 36.7,  -36.7,  709.7,   -709.7,   744.4,    -745.2,
                                      1e30,  -1e30, 5e-324, -5e-324, INFINITY, -INFINITY };
    static const double ranges[] = { 1e-3, 0.6, 2, 20, 110, 760 };
    for (size_t i = 0; i < a->n; i++) {
        double range = ranges[dice_below(d, 6)];
        set(a, i, dice_uniform(d, -range, range));
    }
    for (size_t i = 0; i < a->n && i < sizeof special / sizeof *special; i++)
        set(a, (size_t)dice_below(d, (int)a->n), special[dice_below(d, 20)]);
}

static void check_sigmoid_and_tanh(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array z = array_of(dtype, n, d), s = array_of(dtype, n, d);
    fill_widely(&z, d);
    array t = copy_of(&z, d);
    k->sigmoid(z.data, s.data, n);
    k->tanh(t.data, t.data, n); /* in place */
    for (size_t i = 0; i < n; i++) {
        long double want_s = true_sigmoid(get(&z, i)), want_t = tanhl(get(&z, i));
        assert_within(k, "sigmoid", get(&s, i), want_s, 2 * ulp(dtype, want_s));
        assert_within(k, "tanh", get(&t, i), want_t, 2 * ulp(dtype, want_t));
    }
    free_array(&z);
    free_array(&s);
    free_array(&t);
}

START_TEST(sigmoid_and_tanh_are_within_two_ulp)
{
    at_every_size(check_sigmoid_and_tanh);
}
END_TEST

static void check_relu(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    double alpha = dice_below(d, 2) ? dice_uniform(d, 0, 1) : 0;
    array z = random_array(dtype, n, -2, 2, d), a = copy_of(&z, d);
    array da = random_array(dtype, n, -1, 1, d), delta = copy_of(&da, d);
    if (n > 2)
        set(&z, 1, 0), set(&a, 1, 0);
    k->relu(a.data, a.data, n, alpha);
    k->relu_backward(a.data, delta.data, delta.data, n, alpha);
    for (size_t i = 0; i < n; i++) {
        double x = get(&z, i), slope = x > 0 ? 1 : as(dtype, alpha);
        ck_assert_double_eq(get(&a, i), as(dtype, slope * x));
        ck_assert_double_eq(get(&delta, i), as(dtype, slope * get(&da, i)));
    }
    free_array(&z);
    free_array(&a);
    free_array(&da);
    free_array(&delta);
}

START_TEST(relu_and_its_backward_are_exact)
{
    at_every_size(check_relu);
}
END_TEST

static void check_backward(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array a = random_array(dtype, n, 0, 1, d), da = random_array(dtype, n, -3, 3, d);
    array s = array_of(dtype, n, d), t = copy_of(&da, d);
    k->sigmoid_backward(a.data, da.data, s.data, n);
    k->tanh_backward(a.data, t.data, t.data, n);
    for (size_t i = 0; i < n; i++) {
        long double x = get(&a, i), g = get(&da, i), allowed = 4 * epsilon_of(dtype) * fabsl(g);
        assert_within(k, "sigmoid_backward", get(&s, i), g * x * (1 - x),
                      allowed * x * (1 - x) + ulp(dtype, 0));
        assert_within(k, "tanh_backward", get(&t, i), g * (1 - x * x), allowed);
    }
    free_array(&a);
    free_array(&da);
    free_array(&s);
    free_array(&t);
}

START_TEST(sigmoid_and_tanh_go_backward)
{
    at_every_size(check_backward);
}
END_TEST

/* ---- activations of one argument, and their backward ---- */

static const long double root_half = 0.707106781186547524400844362104849039L;
static const long double root_two_over_pi = 0.797884560802865355879892119868763737L;

static long double true_elu(long double z)
{
    return z > 0 ? 1.25L * z : 1.75L * expm1l(z);
}

static long double true_elu_slope(long double z)
{
    return z > 0 ? 1.25L : 1.75L * expl(z);
}

static long double true_gelu(long double z)
{
    return isinf(z) ? fmaxl(z, 0) : z * erfcl(-z * root_half) / 2;
}

static long double true_gelu_slope(long double z)
{
    long double density = root_two_over_pi / 2 * expl(-z * z / 2);
    return erfcl(-z * root_half) / 2 + (isinf(z) ? 0 : z * density);
}

/* z / (1 + exp(-v)): 1 + tanh(v / 2) would have no digit left where v is far below 0. */
static long double true_gate(long double z, long double v)
{
    return isinf(z) ? fmaxl(z, 0) : z / (1 + expl(-v));
}

static long double true_gate_slope(long double z, long double v, long double slope)
{
    long double s = 1 / (1 + expl(-v)), rest = 1 / (1 + expl(v));
    return fabsl(v) > 1e4L ? s : s + z * slope * s * rest;
}

static long double true_silu(long double z)
{
    return true_gate(z, z);
}

static long double true_silu_slope(long double z)
{
    return true_gate_slope(z, z, 1);
}

static long double true_gelu_tanh(long double z)
{
    return true_gate(z, 2 * root_two_over_pi * (z + 0.044715L * z * z * z));
}

static long double true_gelu_tanh_slope(long double z)
{
    return true_gate_slope(z, 2 * root_two_over_pi * (z + 0.044715L * z * z * z),
                           2 * root_two_over_pi * (1 + 3 * 0.044715L * z * z));
}

static long double true_softplus(long double z)
{
    return fmaxl(z, 0) + log1pl(expl(-fabsl(z)));
}

static long double true_softplus_slope(long double z)
{
    return true_sigmoid((double)z);
}

static long double true_softsign(long double z)
{
    return isinf(z) ? copysignl(1, z) : z / (1 + fabsl(z));
}

static long double true_softsign_slope(long double z)
{
    return 1 / ((1 + fabsl(z)) * (1 + fabsl(z)));
}

enum { ELU, GELU, GELU_TANH, SILU, SOFTPLUS, SOFTSIGN, ONE_BY_ONE };

static const struct {
    const char *name;
    long double (*value)(long double z), (*slope)(long double z);
    bool reads_z;
    double ulps; /* of float64; 2 of float32 */
} one_by_one[ONE_BY_ONE] = {
    [ELU] = { "elu", true_elu, true_elu_slope, false, 2 },
    [GELU] = { "gelu", true_gelu, true_gelu_slope, true, 8 },
    [GELU_TANH] = { "gelu_tanh", true_gelu_tanh, true_gelu_tanh_slope, true, 2 },
    [SILU] = { "silu", true_silu, true_silu_slope, true, 2 },
    [SOFTPLUS] = { "softplus", true_softplus, true_softplus_slope, false, 2 },
    [SOFTSIGN] = { "softsign", true_softsign, true_softsign_slope, false, 2 },
};

static void run_one(const vgrad__kernels *k, int which, const void *z, void *a, size_t n)
{
    switch (which) {
    case ELU: k->elu(z, a, n, 1.25, 1.75); break;
    case GELU: k->gelu(z, a, n); break;
    case GELU_TANH: k->gelu_tanh(z, a, n); break;
    case SILU: k->silu(z, a, n); break;
    case SOFTPLUS: k->softplus(z, a, n); break;
    default: k->softsign(z, a, n);
    }
}

static void run_one_backward(const vgrad__kernels *k, int which, const void *from, const void *da,
                             void *delta, size_t n)
{
    switch (which) {
    case ELU: k->elu_backward(from, da, delta, n, 1.25, 1.75); break;
    case GELU: k->gelu_backward(from, da, delta, n); break;
    case GELU_TANH: k->gelu_tanh_backward(from, da, delta, n); break;
    case SILU: k->silu_backward(from, da, delta, n); break;
    case SOFTPLUS: k->softplus_backward(from, da, delta, n); break;
    default: k->softsign_backward(from, da, delta, n);
    }
}

static void check_one(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, int which, dice *d)
{
    array z = array_of(dtype, n, d), a = array_of(dtype, n, d);
    fill_widely(&z, d);
    for (size_t i = 0; i < n; i += 3) /* where the normal distribution and v's cube end */
        set(&z, i, dice_uniform(d, -39, 6));
    run_one(k, which, z.data, a.data, n);
    for (size_t i = 0; i < n; i++) {
        long double want = one_by_one[which].value(get(&z, i));
        double ulps = dtype == VGRAD_FLOAT64 ? one_by_one[which].ulps : 2;
        if (isinf(want) || fabsl(want) > (dtype == VGRAD_FLOAT64 ? DBL_MAX : (double)FLT_MAX))
            ck_assert_double_eq(get(&a, i), (double)INFINITY);
        else
            assert_within(k, one_by_one[which].name, get(&a, i), want, ulps * ulp(dtype, want));
    }
    array same = copy_of(&z, d);
    run_one(k, which, same.data, same.data, n); /* in place */
    ck_assert_mem_eq(same.data, a.data, n * a.size);
    free_array(&same);
    free_array(&z);
    free_array(&a);
}

/* From a, as good as a tells it: a few roundings of what f' is at most, 1.75. */
static void check_one_backward(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, int which,
                               dice *d)
{
    array z = array_of(dtype, n, d), a = array_of(dtype, n, d);
    array da = random_array(dtype, n, -3, 3, d), delta = copy_of(&da, d);
    fill_widely(&z, d);
    run_one(k, which, z.data, a.data, n);
    run_one_backward(k, which, one_by_one[which].reads_z ? z.data : a.data, delta.data, delta.data,
                     n);
    for (size_t i = 0; i < n; i++) {
        long double g = get(&da, i), slope = one_by_one[which].slope(get(&z, i));
        assert_within(k, one_by_one[which].name, get(&delta, i), g * slope,
                      4 * epsilon_of(dtype) * fabsl(g) + ulp(dtype, 0));
    }
    free_array(&z);
    free_array(&a);
    free_array(&da);
    free_array(&delta);
}

static void check_all_one_by_one(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int which = 0; which < ONE_BY_ONE; which++) {
        check_one(k, dtype, n, which, d);
        check_one_backward(k, dtype, n, which, d);
    }
}

START_TEST(the_other_activations_are_within_their_ulp_and_go_backward)
{
    at_every_size(check_all_one_by_one);
}
END_TEST

/* A slope that is small is not rounded away where a or z tells it: softplus far below 0. */
static void check_small_slopes(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array z = random_array(dtype, n, -80, -20, d), one = random_array(dtype, n, 1, 1, d);
    k->softplus(z.data, z.data, n);
    array a = copy_of(&z, d);
    k->softplus_backward(z.data, one.data, z.data, n);
    for (size_t i = 0; i < n; i++) {
        long double want = -expm1l(-(long double)get(&a, i));
        assert_within(k, "softplus_backward", get(&z, i), want, 2 * ulp(dtype, want));
    }
    free_array(&z);
    free_array(&a);
    free_array(&one);
}

START_TEST(softplus_keeps_its_small_slopes)
{
    at_every_size(check_small_slopes);
}
END_TEST

static void check_limits(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    const double low[] = { -1.75, 0, 0, 0, 0, -1 }, inf = (double)INFINITY;
    const double high[] = { inf, inf, inf, inf, inf, 1 };
    array z = array_of(dtype, n, d), a = array_of(dtype, n, d),
          da = random_array(dtype, n, 1, 1, d);
    for (size_t i = 0; i < n; i++)
        set(&z, i, i % 2 ? inf : -inf);
    for (int which = 0; which < ONE_BY_ONE; which++) {
        run_one(k, which, z.data, a.data, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(get(&a, i) == (i % 2 ? high : low)[which], "%s: %s at %sInf is %g",
                          k->level, one_by_one[which].name, i % 2 ? "" : "-", get(&a, i));
        run_one_backward(k, which, one_by_one[which].reads_z ? z.data : a.data, da.data, a.data, n);
        for (size_t i = 0; i < n; i++) {
            double slope = which == SOFTSIGN || i % 2 == 0 ? 0 : which == ELU ? 1.25 : 1;
            ck_assert_msg(get(&a, i) == slope, "%s: %s' at %sInf is %g", k->level,
                          one_by_one[which].name, i % 2 ? "" : "-", get(&a, i));
        }
    }
    free_array(&z);
    free_array(&a);
    free_array(&da);
}

START_TEST(limits_at_infinity)
{
    at_every_size(check_limits);
}
END_TEST

static void check_multiply(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array x = random_array(dtype, n, -3, 3, d), y = random_array(dtype, n, -3, 3, d);
    array out = copy_of(&y, d);
    k->multiply(x.data, out.data, out.data, n, 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq(get(&out, i), as(dtype, get(&x, i) * get(&y, i)));
    free_array(&x);
    free_array(&y);
    free_array(&out);
}

START_TEST(products_of_elements_are_exact)
{
    at_every_size(check_multiply);
}
END_TEST

/* From a size to a matrix: columns from 1 to 40. */
static size_t columns_of(size_t n, dice *d)
{
    size_t columns = 1 + (size_t)dice_below(d, 40);
    return columns > n && n > 0 ? n : columns;
}

static void check_softmax_row(const vgrad__kernels *k, const array *z, const array *a, size_t first,
                              size_t columns)
{
    long double high = -INFINITY, sum = 0;
    for (size_t j = first; j < first + columns; j++)
        high = fmaxl(high, get(z, j));
    for (size_t j = first; j < first + columns; j++)
        sum += expl(get(z, j) - high);
    for (size_t j = first; j < first + columns; j++) {
        long double below = high - get(z, j), want = expl(-below) / sum;
        /* Double's own roundings: of z - max, which exp magnifies, and of the sum. */
        long double ulps =
            4 + (a->dtype == VGRAD_FLOAT64 ? 2 * below + (long double)columns / 2 : 0);
        assert_within(k, "softmax", get(a, j), want, ulps * ulp(a->dtype, want));
    }
}

static void check_softmax(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    size_t columns = columns_of(n, d), rows = n / columns;
    double range = dice_below(d, 2) ? 3 : 900;
    array z = random_array(dtype, rows * columns, -range, range, d), a = copy_of(&z, d);
    k->softmax(a.data, a.data, rows, columns);
    for (size_t i = 0; i < rows; i++)
        check_softmax_row(k, &z, &a, i * columns, columns);
    free_array(&z);
    free_array(&a);
}

static void check_softmax_backward(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    size_t columns = columns_of(n, d), rows = n / columns;
    array a = random_array(dtype, rows * columns, 0, 1, d);
    array da = random_array(dtype, rows * columns, -2, 2, d), delta = copy_of(&da, d);
    k->softmax_backward(a.data, delta.data, delta.data, rows, columns);
    for (size_t i = 0; i < rows; i++) {
        long double common = 0, size = 0;
        for (size_t j = i * columns; j < (i + 1) * columns; j++) {
            common += (long double)get(&a, j) * get(&da, j);
            size += fabsl((long double)get(&a, j) * get(&da, j));
        }
        for (size_t j = i * columns; j < (i + 1) * columns; j++) {
            long double want = get(&a, j) * (get(&da, j) - common);
            assert_within(k, "softmax_backward", get(&delta, j), want,
                          ulp(dtype, want) + 1e-14L * (2 + size));
        }
    }
    free_array(&a);
    free_array(&da);
    free_array(&delta);
}

START_TEST(softmax_is_right_forward_and_backward)
{
    at_every_size(check_softmax);
    at_every_size(check_softmax_backward);
}
END_TEST

/* NaN anywhere must come out as NaN there; in softmax, in its whole row. */
static void check_nan(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    if (n == 0)
        return;
    size_t at = (size_t)dice_below(d, (int)n);
    array z = random_array(dtype, n, -1, 1, d), a = array_of(dtype, n, d);
    array one = random_array(dtype, n, 1, 1, d);
    set(&z, at, (double)NAN);
    for (int which = 0; which < 4 + 2 * ONE_BY_ONE; which++) {
        const int other = which - 4;
        if (which == 0)
            k->sigmoid(z.data, a.data, n);
        else if (which == 1)
            k->tanh(z.data, a.data, n);
        else if (which < 4)
            k->relu(z.data, a.data, n, which == 2 ? 0.0 : 0.2);
        else if (other < ONE_BY_ONE)
            run_one(k, other, z.data, a.data, n);
        else
            run_one_backward(k, other - ONE_BY_ONE, z.data, one.data, a.data, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(!isnan(get(&a, i)) == (i != at), "%s, activation %d", k->level, which);
    }
    k->softmax(z.data, a.data, 1, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(isnan(get(&a, i)), "%s, softmax", k->level);
    free_array(&z);
    free_array(&one);
    free_array(&a);
}

START_TEST(nan_stays_nan_in_every_activation)
{
    at_every_size(check_nan);
}
END_TEST

static void check_infinite_relu(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array z = random_array(dtype, n, -1, 1, d);
    for (size_t i = 0; i < n; i++)
        set(&z, i, i % 2 ? (double)INFINITY : -(double)INFINITY);
    k->relu(z.data, z.data, n, 0.0);
    for (size_t i = 0; i < n; i++) /* max(z, 0) */
        ck_assert_msg(i % 2 ? get(&z, i) > 0 : get(&z, i) == 0, "%s: relu(%sInf) is %g", k->level,
                      i % 2 ? "" : "-", get(&z, i));
    free_array(&z);
}

START_TEST(relu_of_minus_infinity_is_zero)
{
    at_every_size(check_infinite_relu);
}
END_TEST

/* ---- sums ---- */

static void check_sums(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array x = random_array(dtype, n, -5, 5, d);
    long double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (long double)get(&x, i) * get(&x, i);
    assert_sum(k, "sum_of_squares", k->sum_of_squares(x.data, n), sum, sum);
    ck_assert_int_eq(k->all_finite(x.data, n), 1);
    static const double odd[] = { (double)INFINITY, -(double)INFINITY, (double)NAN };
    for (int i = 0; i < 3 && n > 0; i++) {
        size_t at = (size_t)dice_below(d, (int)n);
        double before = get(&x, at);
        set(&x, at, odd[i]);
        ck_assert_int_eq(k->all_finite(x.data, n), 0);
        set(&x, at, dtype == VGRAD_FLOAT64 ? DBL_MAX : (double)FLT_MAX);
        ck_assert_int_eq(k->all_finite(x.data, n), 1);
        set(&x, at, before);
    }
    free_array(&x);
}

static void check_column_sums(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    size_t columns = columns_of(n, d), rows = n / columns;
    array x = random_array(dtype, rows * columns, -5, 5, d), sums = array_of(dtype, columns, d);
    k->column_sums(x.data, rows, columns, sums.data);
    for (size_t j = 0; j < columns; j++) {
        long double want = 0, size = 0;
        for (size_t i = 0; i < rows; i++) {
            want += get(&x, i * columns + j);
            size += fabsl((long double)get(&x, i * columns + j));
        }
        /* Summed in double, as kernels.h says, then rounded once. */
        assert_within(k, "column_sums", get(&sums, j), want, ulp(dtype, want) + 1e-14L * size);
    }
    free_array(&x);
    free_array(&sums);
}

START_TEST(sums_of_squares_and_finiteness)
{
    at_every_size(check_sums);
}
END_TEST

START_TEST(column_sums_are_taken_in_double)
{
    at_every_size(check_column_sums);
}
END_TEST

/* ---- moments ---- */

/* Two passes in long double, whose exponents hold the square of every double. */
static void check_moments_of(const vgrad__kernels *k, const array *x)
{
    vgrad__moments m = { 0 };
    k->moments(x->data, x->n, &m);
    long double finite = 0, zeros = 0, nans = 0, sum = 0, abs = 0, squares = 0, m2 = 0;
    long double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < x->n; i++) {
        long double v = get(x, i);
        nans += isnan(v) != 0;
        if (!isfinite(v))
            continue;
        finite++;
        zeros += v == 0;
        sum += v;
        abs += fabsl(v);
        squares += v * v;
        low = fminl(low, v);
        high = fmaxl(high, v);
    }
    for (size_t i = 0; i < x->n; i++)
        if (isfinite(get(x, i)))
            m2 += (get(x, i) - sum / finite) * (get(x, i) - sum / finite);
    ck_assert_double_eq(vgrad__moments_read(&m, VGRAD_COUNT), (double)x->n);
    ck_assert_double_eq(vgrad__moments_read(&m, VGRAD_ZEROS), (double)zeros);
    ck_assert_double_eq(vgrad__moments_read(&m, VGRAD_NANS), (double)nans);
    ck_assert_double_eq(vgrad__moments_read(&m, VGRAD_INFS), (double)(x->n - finite - nans));
    if (finite == 0) {
        for (int q = VGRAD_MEAN; q <= VGRAD_MAX; q++)
            ck_assert(isnan(vgrad__moments_read(&m, (vgrad_quantity)q)));
        return;
    }
    const struct {
        vgrad_quantity quantity;
        long double want, size;
    } figures[] = { { VGRAD_MEAN, sum / finite, abs / finite },
                    { VGRAD_STD, sqrtl(m2 / finite), abs / finite },
                    { VGRAD_MEAN_ABS, abs / finite, abs / finite },
                    { VGRAD_L2, sqrtl(squares), sqrtl(squares) },
                    { VGRAD_MIN, low, 0 },
                    { VGRAD_MAX, high, 0 } };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        assert_within(k, vgrad_quantity_name(figures[i].quantity),
                      vgrad__moments_read(&m, figures[i].quantity), figures[i].want,
                      1e-13L * figures[i].size + (figures[i].size > 0 ? 0x1p-1074L : 0));
}

typedef void shape_of_values(array *x, dice *d);

static void plain(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, dice_uniform(d, -3, 5));
}

/* E[x^2] - E[x]^2 would have no digit left. */
static void far_from_zero(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, 1e7 + dice_uniform(d, -1, 1));
}

static void zeros_of_both_signs(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, dice_below(d, 2) ? 0.0 : -0.0);
}

static void huge(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, (x->dtype == VGRAD_FLOAT64 ? 1e300 : 1e38) * dice_uniform(d, -1, 1));
}

static void subnormal(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, (x->dtype == VGRAD_FLOAT64 ? 1e-310 : 1e-40) * dice_uniform(d, -1, 1));
}

/* Whole blocks of different sizes, so that scales are merged. */
static void blocks_of_all_sizes(array *x, dice *d)
{
    static const double factors[] = { 0, 1e-310, 1e-200, 1, 1e200, 1e300 };
    double factor = 0;
    for (size_t i = 0; i < x->n; i++) {
        if (i % 512 == 0)
            factor = factors[dice_below(d, x->dtype == VGRAD_FLOAT64 ? 6 : 4)];
        set(x, i, factor * dice_uniform(d, -1, 1));
    }
}

static void mixed_with_odd_ones(array *x, dice *d)
{
    static const double odd[] = { (double)INFINITY, -(double)INFINITY, (double)NAN, 0 };
    for (size_t i = 0; i < x->n; i++)
        set(x, i, dice_below(d, 5) ? dice_uniform(d, -3, 5) : odd[dice_below(d, 4)]);
}

static void nothing_finite(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++)
        set(x, i, dice_below(d, 2) ? (double)NAN : (double)INFINITY);
}

static void check_moments(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    shape_of_values *const shapes[] = {
        plain,     far_from_zero,       zeros_of_both_signs, huge,
        subnormal, blocks_of_all_sizes, mixed_with_odd_ones, nothing_finite
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        array x = array_of(dtype, n + (dice_below(d, 4) ? 0 : 2048), d);
        shapes[i](&x, d);
        check_moments_of(k, &x);
        free_array(&x);
    }
}

START_TEST(moments_agree_with_two_passes)
{
    at_every_size(check_moments);
}
END_TEST

/* ---- histograms ---- */

/* Formats by their definition: bits of the significand with the first one, the distance between
   subnormal numbers as a power of two, and the largest. */
static const struct {
    int bits, least;
    double largest;
} formats[VGRAD__FORMATS] = {
    [VGRAD__FP16] = { 11, -24, 65504 },
    [VGRAD__BF16] = { 8, -133, 0x1.fep127 },
    [VGRAD__FP8_E4M3] = { 4, -9, 448 },
    [VGRAD__FP8_E5M2] = { 3, -16, 57344 },
};

/* As if there were no largest exponent. */
static double rounded_to(vgrad__format format, double size)
{
    int step = size > 0 ? ilogb(size) - formats[format].bits + 1 : 0;
    step = step > formats[format].least ? step : formats[format].least;
    return ldexp(nearbyint(ldexp(size, -step)), step);
}

static int bin_of(double value)
{
    int exponent = isfinite(value) ? value == 0 ? 0 : ilogb(value) + 127 : 255;
    if (isfinite(value))
        exponent = exponent < 0 ? 0 : exponent > 254 ? 254 : exponent;
    return exponent + (signbit(value) ? 256 : 0);
}

static void add_plainly(vgrad__histogram *h, double value)
{
    h->bins[bin_of(value)]++;
    h->nans += isnan(value) != 0;
    h->zeros += value == 0;
    h->negative_zeros += value == 0 && signbit(value);
    if (!isfinite(value))
        return;
    for (int f = 0; f < VGRAD__FORMATS; f++) {
        double size = rounded_to((vgrad__format)f, fabs(value));
        h->vanishing[f] += size == 0;
        h->within[f] += size <= formats[f].largest;
    }
}

static void any_bits(array *x, dice *d)
{
    for (size_t i = 0; i < x->n; i++) {
        uint64_t bits = dice_bits(d);
        memcpy(x->data + i * x->size, &bits, x->size);
    }
}

/* What lies on, just below and just above each place where a format's rounding changes. */
static void around_limits(array *x, dice *d)
{
    static const double limits[] = { 0x1p-25,  0x1p-14,    0x1p-15, 65520,  65504, 0x1p-134,
                                     0x1p-126, 0x1.ffp127, 0x1p-10, 0x1p-9, 464,   448,
                                     0x1p-17,  0x1p-16,    61440,   57344,  0,     0x1p-149 };
    for (size_t i = 0; i < x->n; i++) {
        double limit = limits[dice_below(d, 18)] * (dice_below(d, 2) ? 1 : -1);
        int where = dice_below(d, 3) - 1;
        if (x->dtype == VGRAD_FLOAT64)
            set(x, i, where == 0 ? limit : nextafter(limit, where * (double)INFINITY));
        else
            set(x, i,
                where == 0 ? limit : (double)nextafterf((float)limit, (float)where * INFINITY));
    }
}

static void check_histogram(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    shape_of_values *const shapes[] = { plain,    zeros_of_both_signs, huge,         subnormal,
                                        any_bits, mixed_with_odd_ones, around_limits };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        vgrad__histogram got = { 0 }, want = { 0 };
        array x = array_of(dtype, n + (dice_below(d, 4) ? 0 : 2048), d);
        shapes[i](&x, d);
        for (size_t j = 0; j < x.n; j++)
            add_plainly(&want, get(&x, j));
        k->histogram(x.data, x.n, &got);
        ck_assert_msg(memcmp(&got, &want, sizeof got) == 0, "%s: %zu elements, shape %zu", k->level,
                      x.n, i);
        k->histogram(x.data, x.n, &got); /* it adds */
        vgrad__histogram_repeat(&want, 2);
        ck_assert_mem_eq(&got, &want, sizeof got);
        free_array(&x);
    }
}

START_TEST(histograms_agree_with_counting_one_by_one)
{
    at_every_size(check_histogram);
}
END_TEST

/* ---- losses ---- */

static void check_squared_error(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array a = random_array(dtype, n, -2, 2, d), y = random_array(dtype, n, -2, 2, d);
    array g = array_of(dtype, n, d);
    vgrad__loss_sums sums, without;
    k->squared_error(a.data, y.data, g.data, n, 0.3, &sums);
    k->squared_error(a.data, y.data, NULL, n, 0.3, &without);
    long double loss = 0;
    for (size_t i = 0; i < n; i++) {
        long double off = (long double)get(&a, i) - get(&y, i), want = 0.6L * off;
        loss += off * off;
        assert_within(k, "squared_error", get(&g, i), want, ulp(dtype, want) + 1e-15L);
    }
    assert_sum(k, "squared_error", sums.loss, loss, loss);
    ck_assert_double_eq(sums.loss, without.loss);
    ck_assert(isnan(sums.correct));
    free_array(&a);
    free_array(&y);
    free_array(&g);
}

static void check_binary(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array p = random_array(dtype, n, 0.001, 0.999, d), y = random_array(dtype, n, 0, 1, d);
    array g = array_of(dtype, n, d);
    for (size_t i = 0; i < n; i += 7)
        set(&p, i, (double)dice_below(d, 2)); /* held */
    vgrad__loss_sums sums, without;
    k->binary_crossentropy(p.data, y.data, g.data, n, 0.3, &sums);
    k->binary_crossentropy(p.data, y.data, NULL, n, 0.3, &without);
    long double loss = 0;
    double correct = 0;
    for (size_t i = 0; i < n; i++) {
        double given = get(&p, i), t = get(&y, i), q = fmin(fmax(given, 1e-7), 1.0 - 1e-7);
        long double want =
            q == given ? 0.3L * (q - t) / ((long double)q * (1 - (long double)q)) : 0;
        loss -= t * logl(q) + (1 - (long double)t) * log1pl(-(long double)q);
        correct += (given > 0.5) == (t > 0.5);
        assert_within(k, "binary_crossentropy", get(&g, i), want, 8 * ulp(dtype, want) + 1e-13L);
    }
    assert_sum(k, "binary_crossentropy", sums.loss, loss, loss);
    ck_assert_double_eq(sums.correct, correct);
    ck_assert_double_eq(sums.loss, without.loss);
    free_array(&p);
    free_array(&y);
    free_array(&g);
}

static double logit_range(dice *d)
{
    static const double ranges[] = { 1e-3, 2, 30, 900 };
    return ranges[dice_below(d, 4)];
}

static void check_binary_logits(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    double range = logit_range(d);
    array z = random_array(dtype, n, -range, range, d), y = random_array(dtype, n, 0, 1, d);
    array g = array_of(dtype, n, d);
    for (size_t i = 0; i < n; i += 5)
        set(&y, i, (double)dice_below(d, 2));
    vgrad__loss_sums sums, without;
    k->binary_crossentropy_logits(z.data, y.data, g.data, n, 0.3, &sums);
    k->binary_crossentropy_logits(z.data, y.data, NULL, n, 0.3, &without);
    long double loss = 0, size = 0;
    double correct = 0;
    for (size_t i = 0; i < n; i++) {
        long double v = get(&z, i), t = get(&y, i);
        long double want = 0.3L * (true_sigmoid(get(&z, i)) - t);
        loss += fmaxl(v, 0) - v * t + log1pl(expl(-fabsl(v)));
        size += fabsl(v) + 1;
        correct += (v > 0) == (t > 0.5L);
        assert_within(k, "binary_crossentropy_logits", get(&g, i), want, ulp(dtype, want) + 4e-16L);
    }
    assert_sum(k, "binary_crossentropy_logits", sums.loss, loss, size);
    ck_assert_double_eq(sums.correct, correct);
    ck_assert_double_eq(sums.loss, without.loss);
    free_array(&z);
    free_array(&y);
    free_array(&g);
}

/* Absolute error, and Huber's with a bend at 0.7. */
static void check_absolute_errors(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array a = random_array(dtype, n, -2, 2, d), y = random_array(dtype, n, -2, 2, d);
    array g = array_of(dtype, n, d), h = array_of(dtype, n, d);
    const double bend = 0.7;
    vgrad__loss_sums absolute, huber;
    long double sum = 0, bent = 0;
    if (n > 2)
        set(&a, 2, get(&y, 2)); /* right on the kink */
    k->absolute_error(a.data, y.data, g.data, n, 0.3, &absolute);
    k->huber(a.data, y.data, h.data, n, bend, 0.3, &huber);
    for (size_t i = 0; i < n; i++) {
        double off = get(&a, i) - get(&y, i), size = fabs(off);
        double slope = size <= bend ? off : copysign(bend, off);
        sum += size;
        bent += size <= bend ? 0.5L * size * size : (long double)bend * (size - 0.5L * bend);
        ck_assert(get(&g, i) == as(dtype, off > 0 ? 0.3 : off < 0 ? -0.3 : 0));
        ck_assert(get(&h, i) == as(dtype, 0.3 * slope));
    }
    assert_sum(k, "absolute_error", absolute.loss, sum, sum);
    assert_sum(k, "huber", huber.loss, bent, bent);
    ck_assert(isnan(absolute.correct) && isnan(huber.correct));
    if (n > 0) { /* NaN stays NaN */
        set(&a, 0, (double)NAN);
        k->absolute_error(a.data, y.data, g.data, n, 0.3, &absolute);
        k->huber(a.data, y.data, h.data, n, bend, 0.3, &huber);
        ck_assert(isnan(get(&g, 0)) && isnan(get(&h, 0)));
        ck_assert(isnan(absolute.loss) && isnan(huber.loss));
    }
    free_array(&a);
    free_array(&y);
    free_array(&g);
    free_array(&h);
}

START_TEST(losses_of_elements)
{
    at_every_size(check_squared_error);
    at_every_size(check_absolute_errors);
    at_every_size(check_binary);
    at_every_size(check_binary_logits);
}
END_TEST

/* A matrix of outputs with class numbers or weights. */
typedef struct classes {
    size_t rows, columns;
    int sparse;
    array given, y, gradient;
} classes;

static classes make_classes(vgrad_dtype dtype, size_t n, double from, double to, dice *d)
{
    classes c = { .columns = 2 + (size_t)dice_below(d, 20), .sparse = dice_below(d, 2) };
    c.rows = n / c.columns;
    c.given = random_array(dtype, c.rows * c.columns, from, to, d);
    c.gradient = array_of(dtype, c.rows * c.columns, d);
    c.y = random_array(dtype, c.rows * (c.sparse ? 1 : c.columns), 0, 1, d);
    for (size_t i = 0; i < c.y.n; i++)
        if (c.sparse || dice_below(d, 3) == 0)
            set(&c.y, i, c.sparse ? (double)dice_below(d, (int)c.columns) : 0);
    return c;
}

static void free_classes(classes *c)
{
    free_array(&c->given);
    free_array(&c->y);
    free_array(&c->gradient);
}

static long double target_of(const classes *c, size_t row, size_t j)
{
    return c->sparse ? get(&c->y, row) == (double)j : (long double)get(&c->y, row * c->columns + j);
}

static size_t largest_given(const classes *c, size_t row)
{
    size_t at = 0;
    for (size_t j = 1; j < c->columns; j++)
        if (get(&c->given, row * c->columns + j) > get(&c->given, row * c->columns + at))
            at = j;
    return at;
}

static bool row_is_correct(const classes *c, size_t row)
{
    size_t at = 0;
    for (size_t j = 1; j < c->columns; j++)
        if (target_of(c, row, j) > target_of(c, row, at))
            at = j;
    return at == largest_given(c, row);
}

/* Checks one row of the gradient; returns its loss. */
static long double check_crossentropy_row(const vgrad__kernels *k, const classes *c, size_t row)
{
    long double sum = 0, common = 0, loss = 0, g[32], size = 0;
    for (size_t j = 0; j < c->columns; j++)
        sum += get(&c->given, row * c->columns + j);
    for (size_t j = 0; j < c->columns; j++) {
        long double q = get(&c->given, row * c->columns + j) / sum, t = target_of(c, row, j);
        long double held = fminl(fmaxl(q, 1e-7L), 1 - 1e-7L);
        loss -= t == 0 ? 0 : t * logl(held);
        g[j] = t == 0 || q != held ? 0 : -t / q;
        common += g[j] * q;
    }
    for (size_t j = 0; j < c->columns; j++)
        size = fmaxl(size, fabsl(g[j]) + fabsl(common));
    for (size_t j = 0; j < c->columns; j++)
        assert_within(k, "crossentropy", get(&c->gradient, row * c->columns + j),
                      0.3L * (g[j] - common) / sum,
                      0.3L * 2 * epsilon_of(c->given.dtype) * size / sum + 1e-13L);
    return loss;
}

static long double check_logits_row(const vgrad__kernels *k, const classes *c, size_t row)
{
    long double high = get(&c->given, row * c->columns + largest_given(c, row));
    long double sum = 0, weight = 0, loss = 0;
    for (size_t j = 0; j < c->columns; j++) {
        sum += expl(get(&c->given, row * c->columns + j) - high);
        weight += target_of(c, row, j);
    }
    for (size_t j = 0; j < c->columns; j++) {
        long double below = high - get(&c->given, row * c->columns + j);
        long double t = target_of(c, row, j), p = weight * expl(-below) / sum;
        loss += t * (logl(sum) + below);
        assert_within(k, "crossentropy_logits", get(&c->gradient, row * c->columns + j),
                      0.3L * (p - t), 0.3L * epsilon_of(c->given.dtype) * (p + t + 1e-9L) * 8);
    }
    return loss;
}

typedef long double check_row(const vgrad__kernels *k, const classes *c, size_t row);

static void check_classes(const vgrad__kernels *k, classes *c, bool logits)
{
    vgrad__loss_sums sums, without;
    (logits ? k->crossentropy_logits : k->crossentropy)(
        c->given.data, c->y.data, c->sparse, c->gradient.data, c->rows, c->columns, 0.3, &sums);
    (logits ? k->crossentropy_logits : k->crossentropy)(c->given.data, c->y.data, c->sparse, NULL,
                                                        c->rows, c->columns, 0.3, &without);
    check_row *const check_a_row = logits ? check_logits_row : check_crossentropy_row;
    long double loss = 0;
    double correct = 0;
    for (size_t i = 0; i < c->rows; i++) {
        loss += check_a_row(k, c, i);
        correct += row_is_correct(c, i);
    }
    assert_sum(k, logits ? "crossentropy_logits" : "crossentropy", sums.loss, loss,
               loss + c->rows); /* near a probability of 1, the loss holds its rounding */
    ck_assert_double_eq(sums.correct, correct);
    ck_assert_double_eq(sums.loss, without.loss);
}

static void check_crossentropy(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    classes c = make_classes(dtype, n, 0.01, 1, d);
    for (size_t i = 0; i < c.given.n; i += 11)
        set(&c.given, i, 0); /* held */
    check_classes(k, &c, false);
    free_classes(&c);
}

static void check_crossentropy_logits(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    double range = logit_range(d);
    classes c = make_classes(dtype, n, -range, range, d);
    check_classes(k, &c, true);
    free_classes(&c);
}

START_TEST(losses_of_classes)
{
    at_every_size(check_crossentropy);
    at_every_size(check_crossentropy_logits);
}
END_TEST

/* ---- update rules ---- */

/* Weights, gradient and two states before and after; `update` may be absent. */
typedef struct update {
    array w, g, m, s, u, w0, m0, s0;
} update;

static update make_update(vgrad_dtype dtype, size_t n, dice *d)
{
    update t = { .w = random_array(dtype, n, -2, 2, d), .g = random_array(dtype, n, -2, 2, d) };
    t.m = random_array(dtype, n, -1, 1, d);
    t.s = random_array(dtype, n, 0, 1, d);
    t.u = random_array(dtype, n, 7, 7, d);
    t.w0 = copy_of(&t.w, d);
    t.m0 = copy_of(&t.m, d);
    t.s0 = copy_of(&t.s, d);
    return t;
}

static void free_update(update *t)
{
    array *const all[] = { &t->w, &t->g, &t->m, &t->s, &t->u, &t->w0, &t->m0, &t->s0 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free_array(all[i]);
}

/* Element i against the step and states that the formula gives; options are rounded to T, too. */
static void assert_updated(const vgrad__kernels *k, const char *what, const update *t, size_t i,
                           bool with_update, long double step, long double m, long double s)
{
    long double e = 8 * epsilon_of(t->w.dtype), size = 4;
    assert_within(k, what, get(&t->m, i), m, e * size);
    assert_within(k, what, get(&t->s, i), s, e * size);
    if (with_update)
        assert_within(k, what, get(&t->u, i), step, e * (fabsl(step) + 0.2L));
    else
        assert_within(k, what, get(&t->u, i), 7, 0);
    assert_within(k, what, get(&t->w, i), get(&t->w0, i) + step, e * (fabsl(step) + 1));
}

static void check_sgd(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kind = 0; kind < 6; kind++) {
        update t = make_update(dtype, n, d);
        bool kept = kind % 2;
        void *u = kept ? t.u.data : NULL;
        if (kind < 2)
            k->sgd(t.w.data, t.g.data, u, n, 0.1);
        else
            k->momentum(t.w.data, t.g.data, t.m.data, u, n, 0.1, 0.9, kind >= 4);
        for (size_t i = 0; i < n; i++) {
            long double g = get(&t.g, i), m = get(&t.m0, i), v = 0.9L * m - 0.1L * g;
            long double step = kind < 2 ? -0.1L * g : (kind < 4 ? v : 0.9L * v - 0.1L * g);
            assert_updated(k, "sgd", &t, i, kept, step, kind < 2 ? m : v, get(&t.s0, i));
        }
        free_update(&t);
    }
}

static void check_rmsprop(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kind = 0; kind < 8; kind++) {
        update t = make_update(dtype, n, d);
        bool kept = kind & 1, moving = kind & 2, inside = kind & 4;
        vgrad__rmsprop p = { 0.1, 0.9, moving ? 0.8 : 0, 0.25, inside };
        k->rmsprop(t.w.data, t.g.data, t.s.data, moving ? t.m.data : NULL, kept ? t.u.data : NULL,
                   n, &p);
        for (size_t i = 0; i < n; i++) {
            long double g = get(&t.g, i), m = get(&t.m0, i);
            long double s = 0.9L * get(&t.s0, i) + 0.1L * g * g;
            long double h = inside ? g / sqrtl(s + 0.25L) : g / (sqrtl(s) + 0.25L);
            long double step = (moving ? 0.8L * m : 0) - 0.1L * h;
            assert_updated(k, "rmsprop", &t, i, kept, step, moving ? step : m, s);
        }
        free_update(&t);
    }
}

static void check_adam(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kind = 0; kind < 4; kind++) {
        update t = make_update(dtype, n, d);
        bool kept = kind & 1;
        long double correction = kind & 2 ? 0.75L : 1;
        vgrad__adam p = { 0.1, 0.9, 0.95, 0.25, (double)correction };
        k->adam(t.w.data, t.g.data, t.m.data, t.s.data, kept ? t.u.data : NULL, n, &p);
        for (size_t i = 0; i < n; i++) {
            long double g = get(&t.g, i), m = 0.9L * get(&t.m0, i) + 0.1L * g;
            long double s = 0.95L * get(&t.s0, i) + 0.05L * g * g;
            assert_updated(k, "adam", &t, i, kept, -0.1L * m / (sqrtl(s / correction) + 0.25L), m,
                           s);
        }
        free_update(&t);
    }
}

static void check_nadam(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kept = 0; kept < 2; kept++) {
        update t = make_update(dtype, n, d);
        vgrad__nadam p = { 0.1, 0.9, 0.95, 0.25, 0.7, 0.6, 0.75 };
        k->nadam(t.w.data, t.g.data, t.m.data, t.s.data, kept ? t.u.data : NULL, n, &p);
        for (size_t i = 0; i < n; i++) {
            long double g = get(&t.g, i), m = 0.9L * get(&t.m0, i) + 0.1L * g;
            long double s = 0.95L * get(&t.s0, i) + 0.05L * g * g;
            long double step = -0.1L * (0.7L * m + 0.6L * g) / (sqrtl(s / 0.75L) + 0.25L);
            assert_updated(k, "nadam", &t, i, kept, step, m, s);
        }
        free_update(&t);
    }
}

static void check_adagrad(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kind = 0; kind < 4; kind++) {
        update t = make_update(dtype, n, d);
        bool kept = kind & 1, inside = kind & 2;
        vgrad__adagrad p = { 0.1, 0.2, 0.25, inside };
        k->adagrad(t.w.data, t.g.data, t.s.data, kept ? t.u.data : NULL, n, &p);
        for (size_t i = 0; i < n; i++) {
            long double g = get(&t.g, i), s = get(&t.s0, i) + g * g;
            long double under = inside ? sqrtl(0.2L + s + 0.25L) : sqrtl(0.2L + s) + 0.25L;
            assert_updated(k, "adagrad", &t, i, kept, -0.1L * g / under, get(&t.m0, i), s);
        }
        free_update(&t);
    }
}

static void check_penalty_and_add(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    update t = make_update(dtype, n, d);
    for (size_t i = 0; i < n; i += 7)
        set(&t.w, i, i % 2 ? 0.0 : -0.0);
    k->penalty(t.w.data, t.m.data, n, 0.25, 0.5); /* both exact in either type */
    k->sum(t.g.data, t.m.data, t.u.data, n);
    for (size_t i = 0; i < n; i++) {
        double w = get(&t.w, i), sign = w > 0 ? 1 : (w < 0 ? -1 : 0);
        ck_assert(get(&t.m, i) == as(dtype, 0.25 * sign + as(dtype, 0.5 * w)));
        ck_assert(get(&t.u, i) == as(dtype, get(&t.g, i) + get(&t.m, i)));
    }
    k->sum(t.u.data, t.g.data, t.u.data, n);
    k->penalty(t.s.data, t.s.data, n, 0, -0.5); /* in place */
    for (size_t i = 0; i < n; i++) {
        double once = as(dtype, get(&t.g, i) + get(&t.m, i));
        ck_assert(get(&t.u, i) == as(dtype, once + get(&t.g, i)));
        ck_assert(get(&t.s, i) == -0.5 * get(&t.s0, i));
    }
    free_update(&t);
}

static void check_clip(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    for (int kind = 0; kind < 3; kind++) {
        update t = make_update(dtype, n, d);
        const double scale = kind == 1 ? 1 : 0.3, bound = kind == 0 ? (double)INFINITY : 0.4;
        size_t nan = n > 2 ? (size_t)dice_below(d, (int)n) : n;
        if (nan < n)
            set(&t.g, nan, (double)NAN);
        k->clip(t.g.data, t.u.data, n, scale, bound);
        for (size_t i = 0; i < n; i++) {
            double want = as(dtype, fmax(-bound, fmin(bound, scale * get(&t.g, i))));
            ck_assert(i == nan ? isnan(get(&t.u, i)) : get(&t.u, i) == want);
        }
        k->clip(t.s.data, t.s.data, n, 1, (double)INFINITY); /* in place, nothing to do */
        for (size_t i = 0; i < n; i++)
            ck_assert(get(&t.s, i) == get(&t.s0, i));
        free_update(&t);
    }
}

static void check_running_mean(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    update t = make_update(dtype, n, d);
    k->running_mean(t.w.data, t.g.data, n, 0.2);
    for (size_t i = 0; i < n; i++)
        assert_within(k, "running_mean", get(&t.w, i), 0.8L * get(&t.w0, i) + 0.2L * get(&t.g, i),
                      8 * epsilon_of(dtype));
    free_update(&t);
}

/* Weights up to 2^25 (2^54) times their updates: half of these are lost, a quarter is 0. */
static void check_updates_lost(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    update t = make_update(dtype, n, d);
    size_t want = 0;
    for (size_t i = 0; i < n; i++) {
        set(&t.g, i, dice_below(d, 4) == 0 ? 0 : get(&t.g, i));
        set(&t.w0, i, get(&t.w0, i) * 4 / epsilon_of(dtype));
        set(&t.w, i, as(dtype, get(&t.w0, i) + get(&t.g, i)));
        want += get(&t.g, i) != 0 && get(&t.w, i) == get(&t.w0, i);
    }
    const size_t got = k->updates_lost(t.w0.data, t.w.data, t.g.data, n);
    assert_within(k, "updates_lost", (double)got, (long double)want, 0);
    ck_assert(n < 500 || (want > n / 8 && want < n - n / 4));
    free_update(&t);
}

START_TEST(update_rules)
{
    at_every_size(check_updates_lost);
    at_every_size(check_sgd);
    at_every_size(check_rmsprop);
    at_every_size(check_adam);
    at_every_size(check_nadam);
    at_every_size(check_adagrad);
    at_every_size(check_clip);
    at_every_size(check_penalty_and_add);
    at_every_size(check_running_mean);
}
END_TEST

/* ---- sums ---- */

static void check_add(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array x = random_array(dtype, n, -2, 2, d), y = random_array(dtype, n, -2, 2, d);
    array before = copy_of(&y, d);
    k->add(y.data, x.data, n);
    for (size_t i = 0; i < n; i++)
        ck_assert(get(&y, i) == as(dtype, get(&before, i) + get(&x, i)));
    free_array(&x);
    free_array(&y);
    free_array(&before);
}

START_TEST(arrays_are_added)
{
    at_every_size(check_add);
}
END_TEST

/* ---- normalisation and dropout ---- */

/* Columns that fill one strip, or several, or a part of one. */
static size_t strips_of(size_t n, dice *d)
{
    size_t columns = 1 + (size_t)dice_below(d, dice_below(d, 2) ? 200 : 9);
    return columns > n && n > 0 ? n : columns;
}

/* Means and inverses as a layer would have them, in double whatever the type. */
typedef struct normalized {
    size_t rows, columns;
    array x, delta, gamma, beta, mean, inverse, first, second; /* two more arrays of figures */
    array out, before;
} normalized;

static normalized make_normalized(vgrad_dtype dtype, size_t n, bool by_rows, dice *d)
{
    normalized t = { .columns = strips_of(n, d) };
    t.rows = n / t.columns;
    const size_t all = t.rows * t.columns, figures = by_rows ? t.rows : t.columns;
    const double center = dice_below(d, 2) ? 0 : dice_uniform(d, -1e3, 1e3);
    t.x = random_array(dtype, all, center - 2, center + 2, d);
    t.delta = random_array(dtype, all, -2, 2, d);
    t.gamma = random_array(dtype, t.columns, -2, 2, d);
    t.beta = random_array(dtype, t.columns, -2, 2, d);
    t.mean = random_array(VGRAD_FLOAT64, figures, center - 1, center + 1, d);
    t.inverse = random_array(VGRAD_FLOAT64, figures, 0.1, 3, d);
    t.first = random_array(VGRAD_FLOAT64, t.columns, -1, 1, d);
    t.second = random_array(VGRAD_FLOAT64, t.columns, -1, 1, d);
    t.out = random_array(dtype, all, -1, 1, d);
    t.before = copy_of(&t.out, d);
    return t;
}

static void free_normalized(normalized *t)
{
    free_array(&t->x);
    free_array(&t->delta);
    free_array(&t->gamma);
    free_array(&t->beta);
    free_array(&t->mean);
    free_array(&t->inverse);
    free_array(&t->first);
    free_array(&t->second);
    free_array(&t->out);
    free_array(&t->before);
}

static double *figures(const array *a)
{
    return (double *)(void *)a->data;
}

/* Mean and biased variance of `count` elements, `step` apart; *mean_abs for tolerances. */
static long double true_variance(const array *x, size_t from, size_t count, size_t step,
                                 long double *mean, long double *mean_abs)
{
    long double sum = 0, size = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += get(x, from + i * step);
        size += fabsl((long double)get(x, from + i * step));
    }
    *mean = sum / (long double)count;
    *mean_abs = size / (long double)count;
    for (size_t i = 0; i < count; i++) {
        const long double off = get(x, from + i * step) - *mean;
        squares += off * off;
    }
    return squares / (long double)count;
}

static void check_column_moments(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    normalized t = make_normalized(dtype, n, false, d);
    k->column_moments(t.x.data, t.rows, t.columns, figures(&t.first), figures(&t.second));
    for (size_t j = 0; j < t.columns && t.rows > 0; j++) {
        long double mean, size;
        const long double variance = true_variance(&t.x, j, t.rows, t.columns, &mean, &size);
        assert_within(k, "column_moments", get(&t.first, j), mean, 1e-15L * size);
        assert_within(k, "column_moments", get(&t.second, j), variance, 1e-14L * variance + 1e-24L);
    }
    free_normalized(&t);
}

static void check_normalize_columns(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    normalized t = make_normalized(dtype, n, false, d);
    const double *mean = figures(&t.mean), *inverse = figures(&t.inverse);
    k->normalize_columns(t.x.data, t.rows, t.columns, mean, inverse, t.gamma.data, t.beta.data,
                         t.out.data);
    for (size_t i = 0; i < t.rows * t.columns; i++) {
        const size_t j = i % t.columns;
        const long double xhat = ((long double)get(&t.x, i) - mean[j]) * inverse[j];
        const long double want = get(&t.gamma, j) * xhat + get(&t.beta, j);
        assert_within(k, "normalize_columns", get(&t.out, i), want,
                      ulp(dtype, want) + 1e-14L * (1 + fabsl(xhat)));
    }
    k->normalize_columns_sums(t.x.data, t.delta.data, t.rows, t.columns, mean, inverse,
                              figures(&t.first), figures(&t.second));
    for (size_t j = 0; j < t.columns; j++) {
        long double sum = 0, product = 0, size = 0, product_size = 0;
        for (size_t i = j; i < t.rows * t.columns; i += t.columns) {
            const long double delta = get(&t.delta, i);
            const long double xhat = ((long double)get(&t.x, i) - mean[j]) * inverse[j];
            sum += delta;
            size += fabsl(delta);
            product += delta * xhat;
            product_size += fabsl(delta * xhat);
        }
        assert_sum(k, "normalize_columns_sums", get(&t.first, j), sum, size);
        assert_sum(k, "normalize_columns_sums", get(&t.second, j), product, product_size);
    }
    free_normalized(&t);
}

static void check_columns_backward(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    normalized t = make_normalized(dtype, n, false, d);
    const double *mean = figures(&t.mean), *inverse = figures(&t.inverse);
    const int add = dice_below(d, 2);
    if (!add)
        memset(t.out.data, 0xff, t.out.n * t.out.size); /* NaN: must not be read */
    k->normalize_columns_backward(t.x.data, t.delta.data, t.rows, t.columns, mean, inverse,
                                  t.gamma.data, figures(&t.first), figures(&t.second), t.out.data,
                                  add);
    for (size_t i = 0; i < t.rows * t.columns; i++) {
        const size_t j = i % t.columns;
        const long double xhat = ((long double)get(&t.x, i) - mean[j]) * inverse[j];
        const long double part = (long double)get(&t.gamma, j) * inverse[j] *
                                 (get(&t.delta, i) - get(&t.first, j) - xhat * get(&t.second, j));
        const long double want = part + (add ? get(&t.before, i) : 0);
        assert_within(k, "normalize_columns_backward", get(&t.out, i), want,
                      ulp(dtype, want) + ulp(dtype, part) + 1e-14L * (8 + 8 * fabsl(xhat)));
    }
    free_normalized(&t);
}

static void check_layer_norm(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    normalized t = make_normalized(dtype, n, true, d);
    const double epsilon = dice_below(d, 2) ? 1e-5 : 0.1;
    k->layer_norm(t.x.data, t.gamma.data, t.beta.data, t.out.data, t.rows, t.columns, epsilon,
                  figures(&t.mean), figures(&t.inverse));
    for (size_t i = 0; i < t.rows * t.columns; i++) {
        long double mean, size;
        const long double variance =
            true_variance(&t.x, i / t.columns * t.columns, t.columns, 1, &mean, &size);
        const long double inverse = 1 / sqrtl(variance + epsilon);
        const long double xhat = (get(&t.x, i) - mean) * inverse;
        const long double want = get(&t.gamma, i % t.columns) * xhat + get(&t.beta, i % t.columns);
        assert_within(k, "layer_norm", get(&t.out, i), want,
                      ulp(dtype, want) + 1e-15L * (8 + fabsl(xhat) + size * inverse));
        assert_within(k, "layer_norm", get(&t.mean, i / t.columns), mean, 1e-15L * size);
        assert_within(k, "layer_norm", get(&t.inverse, i / t.columns), inverse, 1e-13L * inverse);
    }
    free_normalized(&t);
}

/* One row of dx, and its part of the sums; `magnitudes` for tolerances. */
static void check_layer_norm_row(const vgrad__kernels *k, const normalized *t, size_t row, int add,
                                 long double *sums, long double *magnitudes)
{
    const long double mean = get(&t->mean, row), inverse = get(&t->inverse, row);
    const long double count = (long double)t->columns;
    long double common = 0, slope = 0, size = 0;
    for (size_t j = 0; j < t->columns; j++) {
        const long double delta = get(&t->delta, row * t->columns + j);
        const long double xhat = (get(&t->x, row * t->columns + j) - mean) * inverse;
        common += delta * get(&t->gamma, j) / count;
        slope += delta * get(&t->gamma, j) * xhat / count;
        size += fabsl(delta * get(&t->gamma, j)) * (1 + fabsl(xhat)) / count;
        sums[2 * j] += delta * xhat;
        sums[2 * j + 1] += delta;
        magnitudes[2 * j] += fabsl(delta * xhat);
        magnitudes[2 * j + 1] += fabsl(delta);
    }
    for (size_t j = 0; j < t->columns; j++) {
        const size_t i = row * t->columns + j;
        const long double xhat = (get(&t->x, i) - mean) * inverse;
        const long double part =
            inverse * ((long double)get(&t->delta, i) * get(&t->gamma, j) - common - xhat * slope);
        const long double want = part + (add ? get(&t->before, i) : 0);
        assert_within(k, "layer_norm_backward", get(&t->out, i), want,
                      ulp(t->out.dtype, want) + ulp(t->out.dtype, part) +
                          1e-14L * inverse * (4 + size) * (1 + fabsl(xhat)));
    }
}

static void check_layer_norm_backward(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    normalized t = make_normalized(dtype, n, true, d);
    const int way = dice_below(d, 3); /* dx is set, added to, or not wanted */
    long double sums[2 * 200] = { 0 }, magnitudes[2 * 200] = { 0 };
    if (way == 0)
        memset(t.out.data, 0xff, t.out.n * t.out.size); /* NaN: must not be read */
    k->layer_norm_backward(t.x.data, t.delta.data, t.gamma.data, figures(&t.mean),
                           figures(&t.inverse), t.rows, t.columns, figures(&t.first),
                           figures(&t.second), way == 2 ? NULL : t.out.data, way == 1);
    if (way == 2) {
        ck_assert_mem_eq(t.out.data, t.before.data, t.out.n * t.out.size);
        k->layer_norm_backward(t.x.data, t.delta.data, t.gamma.data, figures(&t.mean),
                               figures(&t.inverse), t.rows, t.columns, figures(&t.first),
                               figures(&t.second), t.out.data, 0);
    }
    for (size_t row = 0; row < t.rows; row++)
        check_layer_norm_row(k, &t, row, way == 1, sums, magnitudes);
    for (size_t j = 0; j < t.columns; j++) {
        assert_sum(k, "layer_norm_backward", get(&t.first, j), sums[2 * j], magnitudes[2 * j]);
        assert_sum(k, "layer_norm_backward", get(&t.second, j), sums[2 * j + 1],
                   magnitudes[2 * j + 1]);
    }
    free_normalized(&t);
}

static void check_move_statistics(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array moving = random_array(dtype, n, -3, 3, d), before = copy_of(&moving, d);
    array fresh = random_array(VGRAD_FLOAT64, n, -3, 3, d);
    const double share = dice_below(d, 4) ? dice_uniform(d, 0, 1) : dice_below(d, 2);
    const double factor = dice_uniform(d, 1, 2);
    k->move_statistics(moving.data, figures(&fresh), n, share, factor);
    for (size_t i = 0; i < n; i++) {
        const long double want = (1 - (long double)share) * get(&before, i) +
                                 (long double)share * factor * get(&fresh, i);
        assert_within(k, "move_statistics", get(&moving, i), want, ulp(dtype, want) + 1e-15L * 9);
    }
    free_array(&moving);
    free_array(&before);
    free_array(&fresh);
}

static void check_dropout(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array x = random_array(dtype, n, -3, 3, d), y = array_of(dtype, n, d);
    array mask = array_of(dtype, n, d), dx = random_array(dtype, n, -1, 1, d);
    array before = copy_of(&dx, d);
    uint32_t *words = malloc((n + 1) * sizeof *words);
    const uint32_t threshold = (uint32_t)dice_uniform(d, 0, 0x1p32);
    const double factor = dice_uniform(d, 1, 9);
    const int add = dice_below(d, 2);
    for (size_t i = 0; i < n; i++) /* the threshold itself and its neighbours too */
        words[i] = dice_below(d, 4) ? (uint32_t)dice_uniform(d, 0, 0x1p32)
                                    : threshold + (uint32_t)dice_below(d, 3) - 1;
    k->dropout(x.data, words, threshold, factor, mask.data, y.data, n);
    k->multiply(x.data, mask.data, dx.data, n, add);
    for (size_t i = 0; i < n; i++) { /* nothing but roundings to T: the same bits */
        const double m = words[i] < threshold ? 0 : as(dtype, factor);
        const double product = as(dtype, get(&x, i) * m);
        ck_assert(get(&mask, i) == m && get(&y, i) == product);
        ck_assert(get(&dx, i) == (add ? as(dtype, get(&before, i) + product) : product));
    }
    free_array(&x);
    free_array(&y);
    free_array(&mask);
    free_array(&dx);
    free_array(&before);
    free(words);
}

START_TEST(normalisation_by_columns)
{
    at_every_size(check_column_moments);
    at_every_size(check_normalize_columns);
    at_every_size(check_columns_backward);
    at_every_size(check_move_statistics);
}
END_TEST

START_TEST(normalisation_by_rows)
{
    at_every_size(check_layer_norm);
    at_every_size(check_layer_norm_backward);
}
END_TEST

START_TEST(dropout_and_its_mask)
{
    at_every_size(check_dropout);
}
END_TEST

/* ---- bytes on their way into a batch ---- */

static void check_scale_bytes(const vgrad__kernels *k, vgrad_dtype dtype, size_t n, dice *d)
{
    array out = array_of(dtype, n, d);
    uint8_t *x = malloc(n + 1);
    const double center = dice_uniform(d, -9, 9), factor = dice_uniform(d, -2, 2);
    const double offset = dice_uniform(d, -3, 3);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)dice_below(d, 256);
    k->scale_bytes(x, out.data, n, center, factor, offset);
    for (size_t i = 0; i < n; i++) /* in double, rounded once: every level the same bits */
        ck_assert(get(&out, i) == as(dtype, (x[i] - center) * factor + offset));
    free_array(&out);
    free(x);
}

START_TEST(bytes_are_scaled_exactly)
{
    at_every_size(check_scale_bytes);
}
END_TEST

/* ---- the functions under them ---- */

static void assert_ulps(const char *name, double x, double got, long double want)
{
    ck_assert_msg(fabsl(got - want) <= 2 * ulp(VGRAD_FLOAT64, want), "%s(%.17g): %.17g, not %.20Lg",
                  name, x, got, want);
}

START_TEST(exp_and_log1p_are_within_two_ulp)
{
    dice d = dice_from(11);
    for (int i = 0; i < 200000; i++) {
        double x = i % 2 ? dice_uniform(&d, -745, 709.7) : dice_uniform(&d, -2, 2);
        assert_ulps("exp", x, vector_exp(x), expl(x));
        double y = dice_uniform(&d, 0, 1) * pow(2, -dice_below(&d, 60));
        assert_ulps("log1p", y, vector_log1p(y), log1pl(y));
    }
    ck_assert_double_eq(vector_exp(0), 1);
    ck_assert_double_eq(vector_exp(-INFINITY), 0);
    ck_assert(isinf(vector_exp(INFINITY)) && isinf(vector_exp(710)));
    ck_assert(isnan(vector_exp(NAN)));
    ck_assert_double_eq(vector_log1p(0), 0);
    ck_assert(isnan(vector_log1p(NAN)));
}
END_TEST

/* ---- products ---- */

static vgrad__matrix matrix_in(const array *a, int64_t stride, bool transposed)
{
    return (vgrad__matrix){ a->data, stride, transposed };
}

static size_t place(vgrad__matrix a, int64_t i, int64_t j)
{
    return (size_t)(a.transposed ? j * a.stride + i : i * a.stride + j);
}

static void check_product(vgrad_dtype dtype, const int64_t size[3], int kind, dice *d)
{
    const vgrad__kernels *k = vgrad__kernels_level(0, dtype); /* for the message */
    bool ta = kind & 1, tb = kind & 2, add = kind & 4;
    int64_t m = size[0], n = size[1], inner = size[2], extra = dice_below(d, 4);
    int64_t a_stride = (ta ? m : inner) + extra, b_stride = (tb ? inner : n) + extra;
    array a = random_array(dtype, (size_t)((ta ? inner : m) * a_stride), -1, 1, d);
    array b = random_array(dtype, (size_t)((tb ? n : inner) * b_stride), -1, 1, d);
    array c = random_array(dtype, (size_t)(m * n), -1, 1, d), before = copy_of(&c, d);
    vgrad__matrix left = matrix_in(&a, a_stride, ta), right = matrix_in(&b, b_stride, tb);
    if (!add)
        memset(c.data, 0xff, c.n * c.size); /* NaN: must not be read */
    vgrad__multiply(dtype, m, n, inner, left, right, add, c.data);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            long double want = add ? get(&before, (size_t)(i * n + j)) : 0;
            for (int64_t l = 0; l < inner; l++)
                want += (long double)get(&a, place(left, i, l)) * get(&b, place(right, l, j));
            assert_within(k, "multiply", get(&c, (size_t)(i * n + j)), want,
                          epsilon_of(dtype) * (long double)(inner + 2));
        }
    free_array(&a);
    free_array(&b);
    free_array(&c);
    free_array(&before);
}

START_TEST(products_of_all_transposes)
{
    dice d = dice_from(3);
    for (int trial = 0; trial < 400; trial++) {
        int64_t size[3];
        for (int i = 0; i < 3; i++)
            size[i] = 1 + dice_below(&d, dice_below(&d, 2) ? 4 : 50);
        check_product(VGRAD_FLOAT32, size, trial % 8, &d);
        check_product(VGRAD_FLOAT64, size, trial % 8, &d);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    add_tests(
        suite, "activations", levels_are_there_for_both_types, sigmoid_and_tanh_are_within_two_ulp,
        relu_and_its_backward_are_exact, sigmoid_and_tanh_go_backward,
        the_other_activations_are_within_their_ulp_and_go_backward, softplus_keeps_its_small_slopes,
        limits_at_infinity, products_of_elements_are_exact, softmax_is_right_forward_and_backward,
        nan_stays_nan_in_every_activation, relu_of_minus_infinity_is_zero);
    add_tests(suite, "sums", sums_of_squares_and_finiteness, column_sums_are_taken_in_double,
              moments_agree_with_two_passes, histograms_agree_with_counting_one_by_one);
    add_tests(suite, "losses", losses_of_elements, losses_of_classes);
    add_tests(suite, "updates", update_rules);
    add_tests(suite, "normalisation", normalisation_by_columns, normalisation_by_rows,
              dropout_and_its_mask);
    add_tests(suite, "bytes", bytes_are_scaled_exactly, arrays_are_added);
    add_tests(suite, "functions", exp_and_log1p_are_within_two_ulp, products_of_all_transposes);
    return run_suite(suite);
}
