/* First weights: their statistics within stated errors. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "common.h"

/* A chance of 6e-7 for each comparison, and the seeds are fixed. */
static const double errors = 5;
static const double pi = 3.14159265358979323846;

enum { FAN_IN = 120, FAN_OUT = 200 };

/* A distribution: mean, standard deviation, fourth central moment over variance^2, and the
   largest distance from the mean. */
typedef struct expectation {
    double mean, deviation, kurtosis, limit;
} expectation;

static expectation uniform(double from, double to)
{
    return (expectation){ (from + to) / 2, (to - from) / sqrt(12), 1.8, (to - from) / 2 };
}

static expectation normal(double mean, double deviation)
{
    return (expectation){ mean, deviation, 3, (double)INFINITY };
}

/* Cut at two deviations: with c = 2 phi(2) / (2 Phi(2) - 1), variance 1 - 2 c and fourth moment
   3 - 14 c. */
static expectation truncated(double mean, double deviation)
{
    double c = 2 * exp(-2) / sqrt(2 * pi) / erf(sqrt(2)), variance = 1 - 2 * c;
    return (expectation){ mean, deviation * sqrt(variance), (3 - 14 * c) / (variance * variance),
                          2 * deviation };
}

static void check_values(const double *values, int64_t n, expectation e, int kind)
{
    double sum = 0, squares = 0, far = 0, root = sqrt((double)n);
    for (int64_t i = 0; i < n; i++) {
        double d = values[i] - e.mean;
        sum += d;
        squares += d * d;
        far = fmax(far, fabs(d));
    }
    ck_assert_msg(fabs(sum / (double)n) <= errors * e.deviation / root, "kind %d: mean", kind);
    double variance = e.deviation * e.deviation;
    ck_assert_msg(fabs(squares / (double)n - variance) <=
                      errors * variance * sqrt(e.kurtosis - 1) / root,
                  "kind %d: variance %g, not %g", kind, squares / (double)n, variance);
    ck_assert_msg(far <= e.limit * (1 + 1e-15), "kind %d: %g beyond %g", kind, far, e.limit);
    /* And it reaches out: the outermost fiftieth is not empty. */
    ck_assert_msg(far >= 0.98 * fmin(e.limit, 3 * e.deviation), "kind %d: only %g", kind, far);
}

static void check_initializer(vgrad_role role, vgrad_initializer kind, double a, double b,
                              expectation e)
{
    bool bias = role == VGRAD_BIAS;
    chain c = { .dtype = VGRAD_FLOAT64,
                .seed = 17,
                .inputs = bias ? 9 : FAN_IN,
                .count = 1,
                .units = { bias ? 20000 : FAN_OUT } };
    vgrad_layer *output;
    vgrad_network *network = chain_network(&c, &output);
    assert_ok(vgrad_layer_set_initializer(output, role, kind, a, b));
    assert_ok(vgrad_network_build(network, output));
    const vgrad_tensor *view = vgrad_layer_tensor(output, role);
    check_values(vgrad_tensor_f64(view), vgrad_tensor_count(view), e, (int)kind);
    vgrad_network_destroy(network);
}

static expectation symmetric(double limit)
{
    return uniform(-limit, limit);
}

START_TEST(given_distributions_have_their_moments)
{
    const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_BIAS };
    for (int i = 0; i < 2; i++) {
        check_initializer(roles[i], VGRAD_INIT_UNIFORM, -1, 3, uniform(-1, 3));
        check_initializer(roles[i], VGRAD_INIT_NORMAL, 0.5, 2, normal(0.5, 2));
        check_initializer(roles[i], VGRAD_INIT_TRUNCATED_NORMAL, -1, 0.5, truncated(-1, 0.5));
    }
}
END_TEST

START_TEST(scaled_distributions_have_their_variances)
{
    const double glorot = 2.0 / (FAN_IN + FAN_OUT), he = 2.0 / FAN_IN, lecun = 1.0 / FAN_IN;
    const struct {
        vgrad_initializer uniform, normal;
        double variance;
    } kinds[] = { { VGRAD_INIT_GLOROT_UNIFORM, VGRAD_INIT_GLOROT_NORMAL, glorot },
                  { VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_HE_NORMAL, he },
                  { VGRAD_INIT_LECUN_UNIFORM, VGRAD_INIT_LECUN_NORMAL, lecun } };
    for (int i = 0; i < 3; i++)
        for (int with_gain = 0; with_gain < 2; with_gain++) {
            double gain = with_gain ? 1.7 : 0, factor = with_gain ? 1.7 : 1;
            check_initializer(VGRAD_KERNEL, kinds[i].uniform, gain, 0,
                              symmetric(factor * sqrt(3 * kinds[i].variance)));
            check_initializer(VGRAD_KERNEL, kinds[i].normal, gain, 0,
                              normal(0, factor * sqrt(kinds[i].variance)));
        }
}
END_TEST

/* The bias has the fan-in of its layer: 9. */
START_TEST(torch_linear_has_the_limit_of_its_layer)
{
    check_initializer(VGRAD_KERNEL, VGRAD_INIT_TORCH_LINEAR, 0, 0, symmetric(1 / sqrt(FAN_IN)));
    check_initializer(VGRAD_BIAS, VGRAD_INIT_TORCH_LINEAR, 0, 0, symmetric(1.0 / 3));
}
END_TEST

static void assert_all(const vgrad_layer *layer, vgrad_role role, double value)
{
    const vgrad_tensor *view = vgrad_layer_tensor(layer, role);
    for (int64_t i = 0; i < vgrad_tensor_count(view); i++)
        ck_assert_double_eq(vgrad_tensor_f64(view)[i], value);
}

/* Also: a layer's own choice goes before the network's. */
START_TEST(constants_and_defaults)
{
    chain c = { .dtype = VGRAD_FLOAT64, .inputs = FAN_IN, .count = 2, .units = { FAN_OUT, 3 } };
    vgrad_layer *output;
    vgrad_network *network = chain_network(&c, &output);
    assert_ok(vgrad_network_build(network, output));
    const vgrad_layer *first = dense_layer(network, 1);
    assert_all(first, VGRAD_BIAS, 0);
    check_values(vgrad_tensor_f64(vgrad_layer_tensor(first, VGRAD_KERNEL)), FAN_IN * FAN_OUT,
                 symmetric(sqrt(6.0 / (FAN_IN + FAN_OUT))), -1);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    assert_ok(vgrad_layer_set_initializer(output, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 0.3, 0));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_CONSTANT, -2, 0));
    assert_ok(vgrad_network_initialize(network, 1));
    assert_all(first, VGRAD_KERNEL, 0);
    assert_all(output, VGRAD_KERNEL, 0.3);
    assert_all(first, VGRAD_BIAS, -2);
    vgrad_network_destroy(network);
}
END_TEST

/* Layers, and kernel and bias, draw from streams of their own. */
START_TEST(no_two_parameters_are_alike)
{
    chain c = { .dtype = VGRAD_FLOAT64, .inputs = 4, .count = 2, .units = { 4, 4 } };
    vgrad_layer *output;
    vgrad_network *network = chain_network(&c, &output);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_UNIFORM, 0, 1));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, 0, 1));
    assert_ok(vgrad_network_build(network, output));
    double first[4];
    for (int i = 0; i < 4; i++)
        first[i] = *vgrad_tensor_f64(
            vgrad_layer_tensor(dense_layer(network, 1 + i / 2), (vgrad_role)(i % 2)));
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            ck_assert_double_ne(first[i], first[j]);
    vgrad_network_destroy(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("initializers");
    add_tests(suite, "initializers", given_distributions_have_their_moments,
              scaled_distributions_have_their_variances, torch_linear_has_the_limit_of_its_layer,
              constants_and_defaults, no_two_parameters_are_alike);
    return run_suite(suite);
}
