/* lib/probe/mean_field.c: expectations, and where q goes, against known figures. */
/* SPDX-License-Identifier: MIT */
#include "probe/mean_field.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "network/activation.h"
#include "runner.h"

/* An activation of the library's own. */
typedef struct builtin {
    vgrad_activation activation;
    double alpha;
} builtin;

static vgrad_status builtin_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    const builtin *b = self;
    return vgrad__activation_values(b->activation, b->alpha, z, n, f, df);
}

static vgrad__wide_layer wide(const builtin *b, double sw2, double sb2)
{
    return (vgrad__wide_layer){ { builtin_at, b }, sw2, sb2 };
}

static void close_to(const char *what, double got, double wanted, double error)
{
    ck_assert_msg(fabs(got - wanted) <= error, "%s: %.9g instead of %.9g", what, got, wanted);
}

/* ---- expectations ---- */

static vgrad__expectation expect(vgrad_status (*at)(const void *, const double *, size_t, double *,
                                                    double *),
                                 const void *self, double q)
{
    const vgrad__curve curve = { at, self };
    vgrad__expectation e;
    assert_ok(vgrad__expect(&curve, q, &e));
    return e;
}

/* The normal distribution function. */
static double below(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

static double density(double z)
{
    return exp(-z * z / 2) / sqrt(2 * acos(-1));
}

START_TEST(expectations_of_activations_with_a_kink_are_exact)
{
    const double scales[] = { 1e-12, 0.3, 1, 7, 1e12 };
    for (int i = 0; i < 5; i++) {
        const double q = scales[i];
        vgrad__expectation e = expect(builtin_at, &(builtin){ VGRAD_RELU, 0 }, q);
        close_to("relu f2", e.f2 / q, 0.5, 1e-8);
        close_to("relu df2", e.df2, 0.5, 1e-8);
        e = expect(builtin_at, &(builtin){ VGRAD_LEAKY_RELU, 0.3 }, q);
        close_to("leaky relu f2", e.f2 / q, (1 + 0.09) / 2, 1e-8);
        close_to("leaky relu df2", e.df2, (1 + 0.09) / 2, 1e-8);
    }
    /* E[exp(k z); z < 0] = exp(k^2 / 2) below(-k) */
    const double lambda = 1.0507009873554805, alpha = 1.6732632423543772;
    vgrad__expectation e = expect(builtin_at, &(builtin){ VGRAD_SELU, 0 }, 1);
    close_to("selu f2", e.f2, 1, 1e-8);
    close_to("selu df2", e.df2, lambda * lambda * (0.5 + alpha * alpha * exp(2) * below(-2)), 1e-8);
}
END_TEST

/* Held within +-1; `at` says where else f' jumps from 1 to 2. */
static vgrad_status hard_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    const double jump = *(const double *)self;
    for (size_t i = 0; i < n; i++) {
        f[i] = fmax(-1, fmin(1, z[i]));
        df[i] = fabs(z[i]) < 1 ? z[i] > jump ? 2 : 1 : 0;
    }
    return VGRAD_OK;
}

START_TEST(kinks_and_jumps_may_lie_anywhere)
{
    for (int i = 0; i < 2000; i++) {
        const double q = 0.01 * pow(1.01, i), end = 1 / sqrt(q), jump = 0.37;
        const vgrad__expectation e = expect(hard_at, &jump, q);
        close_to("f2", e.f2,
                 q * (below(end) - below(-end) - 2 * end * density(end)) + 2 * below(-end), 1e-8);
        close_to("df2", e.df2,
                 below(jump * end) - below(-end) + 4 * (below(end) - below(jump * end)), 1e-7);
    }
}
END_TEST

/* E[f'^2] of a steep sigmoid: its integral over z, 1/6, times the density of sqrt(q) z at 0. */
START_TEST(a_steep_sigmoid_is_not_missed)
{
    const double scales[] = { 1e8, 1e12, 1e16, 1e200 };
    for (int i = 0; i < 4; i++) {
        const vgrad__expectation e = expect(builtin_at, &(builtin){ VGRAD_SIGMOID, 0 }, scales[i]);
        close_to("f2", e.f2, 0.5, 1e-4);
        close_to("df2", e.df2 * sqrt(scales[i]) / density(0), 1.0 / 6, 1e-7);
    }
}
END_TEST

START_TEST(a_point_has_the_activations_own_value)
{
    const vgrad__expectation e = expect(builtin_at, &(builtin){ VGRAD_SIGMOID, 0 }, 0);
    close_to("f2", e.f2, 0.25, 1e-9);
    close_to("df2", e.df2, 1.0 / 16, 1e-9);
}
END_TEST

START_TEST(a_mean_square_that_is_none_gives_nan)
{
    const double bad[] = { -1, (double)NAN, (double)INFINITY };
    for (int i = 0; i < 3; i++) {
        const vgrad__expectation e = expect(builtin_at, &(builtin){ VGRAD_TANH, 0 }, bad[i]);
        ck_assert(isnan(e.f2) && isnan(e.df2));
    }
}
END_TEST

/* Noise that no halving ends. */
static vgrad_status noise_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    (void)self;
    for (size_t i = 0; i < n; i++)
        f[i] = df[i] = 1 + 0.01 * sin(1e9 * z[i]);
    return VGRAD_OK;
}

/* Fails from its third call on. */
static vgrad_status failing_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    int *calls = *(int *const *)self;
    (void)z;
    for (size_t i = 0; i < n; i++)
        f[i] = df[i] = 1;
    return ++*calls < 3 ? VGRAD_OK : VGRAD_E_CALLBACK;
}

START_TEST(noise_comes_to_an_end_and_a_failure_stops_it)
{
    const vgrad__expectation e = expect(noise_at, NULL, 1);
    close_to("f2", e.f2, 1, 0.02);
    int count = 0, *calls = &count;
    const vgrad__wide_layer layer = { { failing_at, &calls }, 1, 0 };
    vgrad__fixed_point end;
    assert_status(VGRAD_E_CALLBACK, vgrad__find_fixed_point(&layer, 1, &end));
    ck_assert_int_eq(count, 3);
}
END_TEST

/* ---- layer after layer ---- */

static const struct {
    builtin activation;
    double sw2, sb2;
    vgrad__fate fate;
    double q, chi;
} ends[] = {
    { { VGRAD_SIGMOID, 0 }, 1, 0, VGRAD__SETTLES, 0.26469, 0.05572 },
    { { VGRAD_SIGMOID, 0 }, 2, 0, VGRAD__SETTLES, 0.55529, 0.10098 },
    { { VGRAD_SIGMOID, 0 }, 16, 0, VGRAD__SETTLES, 5.8554, 0.39888 },
    { { VGRAD_SIGMOID, 0 }, 1.0 / 3, 0, VGRAD__SETTLES, 0.08503, 0.02001 },
    { { VGRAD_TANH, 0 }, 25.0 / 9, 0, VGRAD__SETTLES, 1.1785, 1.2098 },
    { { VGRAD_TANH, 0 }, 1.76, 0.05, VGRAD__SETTLES, 0.56946, 0.9998 },
    { { VGRAD_RELU, 0 }, 2, 0, VGRAD__SETTLES, 1, 1 },
    { { VGRAD_RELU, 0 }, 1, 0, VGRAD__FADES, 0, 0.5 },
    { { VGRAD_RELU, 0 }, 1.0 / 3, 0, VGRAD__FADES, 0, 1.0 / 6 },
    { { VGRAD_RELU, 0 }, 3, 0, VGRAD__GROWS, (double)INFINITY, 1.5 },
    { { VGRAD_SELU, 0 }, 1, 0, VGRAD__SETTLES, 1, 1.07157 },
    { { VGRAD_GELU, 0 }, 2, 0, VGRAD__FADES, 0, 0.5 },
    { { VGRAD_SILU, 0 }, 2, 0, VGRAD__FADES, 0, 0.5 },
    { { VGRAD_SIGMOID, 0 }, 0, 0, VGRAD__FADES, 0, 0 },
};
enum { ENDS = sizeof ends / sizeof *ends };

START_TEST(q_ends_where_the_theory_says)
{
    const vgrad__wide_layer layer = wide(&ends[_i].activation, ends[_i].sw2, ends[_i].sb2);
    vgrad__fixed_point end;
    assert_ok(vgrad__find_fixed_point(&layer, 1, &end));
    ck_assert_int_eq(end.fate, ends[_i].fate);
    if (isfinite(ends[_i].q))
        close_to("q", end.q, ends[_i].q, 1e-4);
    else
        ck_assert(isinf(end.q));
    close_to("chi", end.chi, ends[_i].chi, 1e-4);
    if (ends[_i].chi == 1)
        ck_assert(isinf(end.depth));
    else
        close_to("depth", end.depth, 6 / fabs(log(end.chi)), 1e-9 * end.depth);
}
END_TEST

/* With what the first layer makes of an input of mean square 1: q = sw2. */
START_TEST(the_twentieth_layer_is_where_the_theory_says)
{
    static const struct {
        builtin activation;
        double sw2, q, chi, error_of_q, error_of_chi;
    } rows[] = {
        { { VGRAD_TANH, 0 }, 1, 0.0273, 0.950, 1e-4, 1e-3 },
        { { VGRAD_GELU, 0 }, 2, 0.0054, 0.507, 1e-4, 1e-3 },
        { { VGRAD_SILU, 0 }, 2, 4.6e-5, 0.500, 1e-6, 1e-3 },
        { { VGRAD_RELU, 0 }, 2, 2, 1, 1e-6, 1e-6 },
    };
    for (int i = 0; i < 4; i++) {
        const vgrad__wide_layer layer = wide(&rows[i].activation, rows[i].sw2, 0);
        double q = 0, next_q = rows[i].sw2, chi = 0;
        for (int l = 1; l <= 20; l++) {
            q = next_q;
            assert_ok(vgrad__wide_layer_step(&layer, q, &next_q, &chi));
        }
        close_to("q", q, rows[i].q, rows[i].error_of_q);
        close_to("chi", chi, rows[i].chi, rows[i].error_of_chi);
    }
}
END_TEST

START_TEST(a_slow_drift_is_not_called_an_end)
{
    const builtin tangent = { VGRAD_TANH, 0 };
    const vgrad__wide_layer layer = wide(&tangent, 1, 0);
    vgrad__fixed_point end;
    assert_ok(vgrad__find_fixed_point(&layer, 1, &end));
    ck_assert_int_eq(end.fate, VGRAD__UNSETTLED);
    ck_assert(end.q > 0 && end.q < 2e-3 && end.chi > 0.99 && end.chi < 1);
    ck_assert_double_gt(end.depth, 1000);
}
END_TEST

/* exp(-z^2), whose E[f^2] falls as q grows: 1 / sqrt(1 + 4 q). */
static vgrad_status bump_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    (void)self;
    for (size_t i = 0; i < n; i++) {
        f[i] = exp(-z[i] * z[i]);
        df[i] = -2 * z[i] * f[i];
    }
    return VGRAD_OK;
}

/* q = 1 / sqrt(1 + 4 q), that is 4 q^3 + q^2 - 1 = 0, and E[f'^2] = 4 q (1 + 4 q)^-1.5. */
START_TEST(q_may_settle_from_both_sides)
{
    const vgrad__wide_layer layer = { { bump_at, NULL }, 1, 0 };
    vgrad__fixed_point end;
    assert_ok(vgrad__find_fixed_point(&layer, 1, &end));
    ck_assert_int_eq(end.fate, VGRAD__SETTLES);
    close_to("q", 4 * pow(end.q, 3) + end.q * end.q, 1, 1e-5);
    close_to("chi", end.chi, 4 * end.q * pow(1 + 4 * end.q, -1.5), 1e-6);
}
END_TEST

/* ---- activations at points ---- */

START_TEST(slopes_are_those_of_the_values)
{
    enum { POINTS = 7 };
    const double h = 1e-6, z[POINTS] = { -9, -2.5, -1, -0.01, 0.01, 0.7, 4 };
    for (int a = VGRAD_LINEAR; a <= VGRAD_SOFTSIGN; a++) {
        double f[POINTS], df[POINTS], up[POINTS], down[POINTS], other[POINTS], to[POINTS];
        if (a == VGRAD_SOFTMAX)
            continue;
        assert_ok(vgrad__activation_values((vgrad_activation)a, 0.7, z, POINTS, f, df));
        for (int i = 0; i < POINTS; i++)
            to[i] = z[i] + h;
        assert_ok(vgrad__activation_values((vgrad_activation)a, 0.7, to, POINTS, up, other));
        for (int i = 0; i < POINTS; i++)
            to[i] = z[i] - h;
        assert_ok(vgrad__activation_values((vgrad_activation)a, 0.7, to, POINTS, down, other));
        for (int i = 0; i < POINTS; i++)
            close_to(vgrad_activation_name((vgrad_activation)a), df[i], (up[i] - down[i]) / (2 * h),
                     1e-8);
    }
}
END_TEST

START_TEST(alpha_is_as_set_or_goes_with_the_activation)
{
    const double z = -3;
    double f, df;
    assert_ok(vgrad__activation_values(VGRAD_LEAKY_RELU, 0.5, &z, 1, &f, &df));
    ck_assert(f == -1.5 && df == 0.5);
    assert_ok(vgrad__activation_values(VGRAD_LEAKY_RELU, (double)NAN, &z, 1, &f, &df));
    close_to("leaky relu", f, -0.6, 1e-15);
    assert_ok(vgrad__activation_values(VGRAD_ELU, (double)NAN, &z, 1, &f, &df));
    close_to("elu", f, expm1(-3), 1e-15);
}
END_TEST

START_TEST(a_softmax_is_refused)
{
    const double z = 1;
    double f, df;
    assert_status(VGRAD_E_UNSUPPORTED, vgrad__activation_values(VGRAD_SOFTMAX, 0, &z, 1, &f, &df));
    assert_error_names("softmax");
    assert_status(VGRAD_E_INVALID,
                  vgrad__activation_values((vgrad_activation)99, 0, &z, 1, &f, &df));
}
END_TEST

/* z^2 and 2 z in either dtype; `user` says which fails. */
typedef struct squarer {
    vgrad_dtype dtype;
    int f_returns, df_returns;
} squarer;

static void square(vgrad_dtype dtype, const void *z, void *out, size_t n, bool slope)
{
    for (size_t i = 0; i < n; i++)
        if (dtype == VGRAD_FLOAT64)
            ((double *)out)[i] = ((const double *)z)[i] * (slope ? 2 : ((const double *)z)[i]);
        else
            ((float *)out)[i] = ((const float *)z)[i] * (slope ? 2 : ((const float *)z)[i]);
}

static int32_t square_f(const void *z, void *out, size_t n, void *user)
{
    const squarer *s = user;
    square(s->dtype, z, out, n, false);
    return s->f_returns;
}

static int32_t square_df(const void *z, void *out, size_t n, void *user)
{
    const squarer *s = user;
    square(s->dtype, z, out, n, true);
    return s->df_returns;
}

START_TEST(a_users_activation_works_in_the_networks_dtype)
{
    enum { POINTS = 200 };
    squarer user = { _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32, 0, 0 };
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, user.dtype));
    vgrad_layer *layer =
        vgrad_user_activation(vgrad_input(network, 2), "square", square_f, square_df, &user);
    assert_ok(vgrad_network_build(network, layer));
    double z[POINTS], f[POINTS], df[POINTS];
    for (int i = 0; i < POINTS; i++)
        z[i] = 0.1 * i - 3;
    assert_ok(vgrad__activation_at(layer, z, POINTS, f, df));
    for (int i = 0; i < POINTS; i++) {
        close_to("f", f[i], z[i] * z[i], (_i ? 1e-15 : 2e-7) * z[i] * z[i]);
        close_to("df", df[i], 2 * z[i], (_i ? 1e-15 : 2e-7) * fabs(z[i]));
    }
    user.df_returns = 5;
    assert_status(VGRAD_E_CALLBACK, vgrad__activation_at(layer, z, POINTS, f, df));
    assert_error_names("its df returned 5");
    user.f_returns = 4;
    assert_status(VGRAD_E_CALLBACK, vgrad__activation_at(layer, z, POINTS, f, df));
    assert_error_names("its f returned 4");
    vgrad_network_destroy(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mean_field");
    add_tests(suite, "expectations", expectations_of_activations_with_a_kink_are_exact,
              kinks_and_jumps_may_lie_anywhere, a_steep_sigmoid_is_not_missed,
              a_point_has_the_activations_own_value, a_mean_square_that_is_none_gives_nan,
              noise_comes_to_an_end_and_a_failure_stops_it);
    add_tests(suite, "layers", the_twentieth_layer_is_where_the_theory_says,
              a_slow_drift_is_not_called_an_end, q_may_settle_from_both_sides);
    add_tests(suite, "activations", slopes_are_those_of_the_values,
              alpha_is_as_set_or_goes_with_the_activation, a_softmax_is_refused);
    TCase *loops = tcase_create("each");
    tcase_add_loop_test(loops, q_ends_where_the_theory_says, 0, ENDS);
    tcase_add_loop_test(loops, a_users_activation_works_in_the_networks_dtype, 0, 2);
    suite_add_tcase(suite, loops);
    return run_suite(suite);
}
