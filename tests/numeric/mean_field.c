/* What mean field theory foretells of networks, beside what is measured in them. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "common.h"

enum { ROWS = 128, LAYERS = 12, FIGURES_MAX = 3 * LAYERS + 2 };

/* ---- networks ---- */

/* Held within +-1: kinks where the library has none. */
static int32_t hard(const void *z, void *out, size_t n, void *user)
{
    const double *x = z;
    double *a = out;
    (void)user;
    for (size_t i = 0; i < n; i++)
        a[i] = fmax(-1, fmin(1, x[i]));
    return 0;
}

static int32_t hard_slope(const void *z, void *out, size_t n, void *user)
{
    const double *x = z;
    double *slope = out;
    (void)user;
    for (size_t i = 0; i < n; i++)
        slope[i] = fabs(x[i]) < 1;
    return 0;
}

/* A deep chain. `after`: what comes after each dense layer but the last, if anything. */
typedef struct deep {
    const char *name;
    vgrad_activation activation;
    vgrad_initializer kernel;
    double gain, bias; /* of the initializer, 0: 1; and the deviation of biases */
    int networks;      /* how many of them to take the mean of; 0: 4 */
    vgrad_layer *(*after)(vgrad_layer *in, int number);
    int64_t widths[4]; /* of the input and the layers, in turn; 0: 512 */
} deep;

static int64_t width_of(const deep *c, int layer)
{
    return c->widths[layer % 4] > 0 ? c->widths[layer % 4] : 512;
}

static vgrad_layer *bounded(vgrad_layer *in, int number)
{
    (void)number;
    return vgrad_user_activation(in, "hard", hard, hard_slope, NULL);
}

static vgrad_layer *dropped(vgrad_layer *in, int number)
{
    return number % 2 ? vgrad_dropout(in, 0.3) : in;
}

static vgrad_layer *bent_twice(vgrad_layer *in, int number)
{
    return vgrad_activate(vgrad_activate(in, VGRAD_SOFTSIGN), number % 2 ? VGRAD_SELU : VGRAD_TANH);
}

static vgrad_network *deep_network(const deep *c, uint64_t seed)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_set_seed(network, seed));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_KERNEL, c->kernel, c->gain, 0));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_NORMAL, 0, c->bias));
    vgrad_layer *layer = vgrad_input(network, width_of(c, 0));
    for (int i = 1; i <= LAYERS; i++) {
        layer = vgrad_dense(layer, width_of(c, i), c->activation);
        layer = c->after && i < LAYERS ? c->after(layer, i) : layer;
    }
    assert_ok(vgrad_network_build(network, layer));
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_DELTA | VGRAD_KEEP_PREACTIVATION));
    return network;
}

/* ---- a pass ---- */

static double *normals(dice *d, int64_t n)
{
    double *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] =
            sqrt(-2 * log(1 - dice_uniform(d, 0, 1))) * cos(2 * acos(-1) * dice_uniform(d, 0, 1));
    return values;
}

/* Of normal rows, and back from a normal gradient, so that no loss has a say. */
static void make_pass(const rig *r, int64_t inputs, int64_t outputs, uint64_t seed)
{
    dice d = dice_from(seed);
    vgrad_tensor view;
    double *x = normals(&d, ROWS * inputs), *gradient = normals(&d, ROWS * outputs);
    assert_ok(vgrad_trainer_forward(r->trainer,
                                    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, inputs)));
    assert_ok(vgrad_trainer_set_loss_gradient(
        r->trainer, 1, vgrad_tensor_matrix(&view, gradient, VGRAD_FLOAT64, ROWS, outputs)));
    assert_ok(vgrad_trainer_backward(r->trainer));
    free(x);
    free(gradient);
}

/* Sum of squares. */
static double squares(const vgrad_network *network, int32_t layer, vgrad_role role)
{
    const vgrad_tensor *tensor = vgrad_layer_tensor(vgrad_network_layer(network, layer), role);
    ck_assert_msg(tensor != NULL, "%s", vgrad_last_error());
    return pow(vgrad_tensor_stat(tensor, VGRAD_L2), 2);
}

static double mean_square(const vgrad_network *network, int32_t layer, vgrad_role role)
{
    return squares(network, layer, role) / (double)vgrad_tensor_count(vgrad_layer_tensor(
                                               vgrad_network_layer(network, layer), role));
}

static double foretold(const vgrad_mean_field *field, int32_t layer, vgrad_quantity quantity)
{
    double value = 0;
    assert_ok(vgrad_mean_field_read(field, layer, quantity, &value));
    return value;
}

/* ---- measured beside foretold ---- */

/* By layer: sums over networks of measured / foretold. */
typedef struct comparison {
    int32_t layers;
    double q[FIGURES_MAX], chi[FIGURES_MAX];
} comparison;

static void compare_one(const deep *c, uint64_t seed, comparison *out)
{
    vgrad_network *network = deep_network(c, seed);
    vgrad_mean_field *field;
    assert_ok(vgrad_mean_field_create(&field, network, 1));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    make_pass(&r, width_of(c, 0), width_of(c, LAYERS), seed);
    for (out->layers = 1; vgrad_network_layer(network, out->layers); out->layers++) {
        const int32_t i = out->layers;
        out->q[i] +=
            mean_square(network, i, VGRAD_PREACTIVATION) / foretold(field, i, VGRAD_PREDICTED_Q);
        if (vgrad_network_layer(network, i + 1))
            out->chi[i] += squares(network, i, VGRAD_DELTA) / squares(network, i + 1, VGRAD_DELTA) /
                           foretold(field, i, VGRAD_PREDICTED_CHI);
    }
    vgrad_mean_field_destroy(field);
    rig_destroy(&r);
}

/*
 * One network of width 512 scatters about the theory, hop by hop by about 1 % and with ReLU, whose
 * rows grow alike from layer to layer, by 3 %; q, which every layer passes on to all that follow,
 * by more. So chi is held to 2 % as the mean of some networks, 24 of them with ReLU.
 */
static const deep chains[] = {
    { .name = "sigmoid", .activation = VGRAD_SIGMOID, .kernel = VGRAD_INIT_LECUN_NORMAL },
    { .name = "tanh", .activation = VGRAD_TANH, .kernel = VGRAD_INIT_LECUN_NORMAL },
    { .name = "tanh 5/3",
      .activation = VGRAD_TANH,
      .kernel = VGRAD_INIT_LECUN_UNIFORM,
      .gain = 5.0 / 3 },
    { .name = "relu", .activation = VGRAD_RELU, .kernel = VGRAD_INIT_HE_NORMAL, .networks = 24 },
    { .name = "selu", .activation = VGRAD_SELU, .kernel = VGRAD_INIT_LECUN_NORMAL },
    { .name = "tanh with biases",
      .activation = VGRAD_TANH,
      .kernel = VGRAD_INIT_LECUN_NORMAL,
      .gain = 1.3,
      .bias = 0.25 },
    { .name = "a user's",
      .activation = VGRAD_LINEAR,
      .kernel = VGRAD_INIT_LECUN_NORMAL,
      .gain = 1.5,
      .after = bounded },
    { .name = "dropout",
      .activation = VGRAD_TANH,
      .kernel = VGRAD_INIT_LECUN_NORMAL,
      .after = dropped },
    { .name = "three in a row",
      .activation = VGRAD_TANH,
      .kernel = VGRAD_INIT_LECUN_NORMAL,
      .gain = 2,
      .after = bent_twice },
    { .name = "widths that change",
      .activation = VGRAD_TANH,
      .kernel = VGRAD_INIT_GLOROT_UNIFORM,
      .gain = 1.5,
      .widths = { 400, 640, 300, 512 } },
};
enum { CHAINS = sizeof chains / sizeof *chains };

START_TEST(chi_is_within_two_percent_of_what_is_measured)
{
    const deep *c = &chains[_i];
    const int networks = c->networks > 0 ? c->networks : 4;
    comparison mean = { 0 };
    for (int seed = 0; seed < networks; seed++)
        compare_one(c, (uint64_t)seed, &mean);
    ck_assert_int_gt(mean.layers, LAYERS);
    for (int32_t i = 1; i < mean.layers; i++) {
        const double q = mean.q[i] / networks, chi = mean.chi[i] / networks;
        ck_assert_msg(fabs(q - 1) < 0.1, "%s, layer %d: q is %.4f of it", c->name, (int)i, q);
        ck_assert_msg(i == mean.layers - 1 || fabs(chi - 1) < 0.02,
                      "%s, layer %d: chi is %.4f of it", c->name, (int)i, chi);
    }
}
END_TEST

/* The published table of square layers, from the variances that initializers give. */
START_TEST(a_deep_chain_comes_to_the_figures_of_the_theory)
{
    static const struct {
        deep chain;
        double chi, chi_error, depth, depth_error;
    } rows[] = {
        { { .activation = VGRAD_SIGMOID, .kernel = VGRAD_INIT_LECUN_NORMAL },
          0.05572,
          0.001,
          2.078,
          0.02 },
        { { .activation = VGRAD_RELU, .kernel = VGRAD_INIT_TORCH_LINEAR },
          1.0 / 6,
          0.002,
          3.349,
          0.02 },
        { { .activation = VGRAD_TANH, .kernel = VGRAD_INIT_LECUN_NORMAL, .gain = 5.0 / 3 },
          1.2098,
          0.01,
          31.5,
          2 },
    };
    for (int i = 0; i < 3; i++) {
        vgrad_network *network = deep_network(&rows[i].chain, 3);
        vgrad_mean_field *field;
        assert_ok(vgrad_mean_field_create(&field, network, 1));
        const double chi = foretold(field, LAYERS - 1, VGRAD_PREDICTED_CHI);
        const double loss = foretold(field, LAYERS - 1, VGRAD_PREDICTED_LOSS);
        const double depth = foretold(field, LAYERS - 1, VGRAD_PREDICTED_DEPTH);
        ck_assert_double_eq_tol(chi, rows[i].chi, rows[i].chi_error);
        ck_assert_double_eq_tol(depth, rows[i].depth, rows[i].depth_error);
        ck_assert_double_eq_tol(loss, -log10(chi) / 2, 1e-12);
        vgrad_mean_field_destroy(field);
        vgrad_network_destroy(network);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mean_field");
    add_tests(suite, "table", a_deep_chain_comes_to_the_figures_of_the_theory);
    TCase *loops = tcase_create("each");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, chi_is_within_two_percent_of_what_is_measured, 0, CHAINS);
    suite_add_tcase(suite, loops);
    return run_suite(suite);
}
