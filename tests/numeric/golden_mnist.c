/*
 * Deep networks over real MNIST against tests/golden/mnist.csv, in float64: six layers under Adam,
 * eleven layers, and twenty residual blocks with batch normalisation, clipped. Skipped without
 * VGRAD_MNIST_DIR.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "golden.h"

enum { PIXELS = 28 * 28, CLASSES = 10, BATCH_MAX = 128, FIGURES = 131 };

static const double tolerance = 1e-8;
static golden_table table;
static vgrad_dataset *mnist; /* the training set, over 255 */

/* ---- weights without random numbers ---- */

/* k -> [0, 1); the same integers in every implementation. */
static double hash(uint32_t k)
{
    uint32_t x = k * UINT32_C(2654435761) + 12345;
    x ^= x >> 16;
    x *= UINT32_C(2246822519);
    x ^= x >> 13;
    return x / 4294967296.0;
}

START_TEST(the_hash_is_golden)
{
    static const double first[5] = { 0.029149997048079967, 0.21337779075838625, 0.8744600263889879,
                                     0.42913049599155784, 0.9820868473034352 };
    for (uint32_t k = 0; k < 5; k++)
        ck_assert_double_eq(hash(k), first[k]);
}
END_TEST

/* From inputs and units to the bound of a kernel's weights. */
typedef double bound(double inputs, double units);

static double glorot(double inputs, double units)
{
    return sqrt(6 / (inputs + units));
}

static double he(double inputs, double units)
{
    (void)units;
    return sqrt(6 / inputs);
}

static double inverse_root(double inputs, double units)
{
    (void)units;
    return 1 / sqrt(inputs);
}

/* All kernels, in order of the layers, with one counter; biases are 0 as they are made. */
static void set_kernels(const vgrad_network *network, bound *bound_of)
{
    uint32_t k = 0;
    vgrad_layer *layer;
    for (int32_t i = 0; (layer = vgrad_network_layer(network, i)) != NULL; i++) {
        const vgrad_tensor *kernel = vgrad_layer_tensor(layer, VGRAD_KERNEL);
        if (!kernel)
            continue;
        const int64_t count = vgrad_tensor_count(kernel);
        const double a = bound_of((double)kernel->shape[0], (double)kernel->shape[1]);
        double *values = malloc((size_t)count * sizeof *values);
        for (int64_t j = 0; j < count; j++, k++)
            values[j] = a * (2 * hash(k) - 1);
        set_parameter(layer, VGRAD_KERNEL, values);
        free(values);
    }
}

/* ---- networks ---- */

static vgrad_network *new_network(void)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    return network;
}

/* So many hidden layers, and logits. */
static vgrad_network *chain_of(int hidden, int64_t units, vgrad_activation activation)
{
    vgrad_network *network = new_network();
    vgrad_layer *layer = vgrad_input(network, PIXELS);
    for (int i = 0; i < hidden; i++)
        layer = vgrad_dense(layer, units, activation);
    assert_ok(vgrad_network_build(network, vgrad_dense(layer, CLASSES, VGRAD_LINEAR)));
    return network;
}

/* x -> relu(x + normalised(W2 relu(normalised(W1 x)))) */
static vgrad_layer *residual_block(vgrad_layer *x, int64_t units)
{
    vgrad_layer *h = vgrad_batch_norm(vgrad_dense(x, units, VGRAD_LINEAR));
    h = vgrad_dense(vgrad_activate(h, VGRAD_RELU), units, VGRAD_LINEAR);
    return vgrad_activate(vgrad_add(x, vgrad_batch_norm(h)), VGRAD_RELU);
}

static vgrad_network *modern_network(void)
{
    enum { UNITS = 256, BLOCKS = 20 };
    vgrad_network *network = new_network();
    vgrad_layer *layer = vgrad_dense(vgrad_input(network, PIXELS), UNITS, VGRAD_LINEAR);
    layer = vgrad_activate(vgrad_batch_norm(layer), VGRAD_RELU);
    for (int i = 0; i < BLOCKS; i++)
        layer = residual_block(layer, UNITS);
    assert_ok(vgrad_network_build(network, vgrad_dense(layer, CLASSES, VGRAD_LINEAR)));
    return network;
}

/* The layer that is the n-th with such a parameter, from 1. */
static vgrad_layer *layer_with(const vgrad_network *network, vgrad_role parameter, int n)
{
    int found = 0;
    vgrad_layer *layer;
    for (int32_t i = 0; (layer = vgrad_network_layer(network, i)) != NULL; i++) {
        if (vgrad_layer_tensor(layer, parameter) && ++found == n)
            return layer;
    }
    ck_abort_msg("no layer %d with parameter %d", n, (int)parameter);
    return NULL;
}

/* ---- comparison ---- */

static double batch_loss(rig *r, int64_t first, int64_t rows)
{
    static double x[BATCH_MAX * PIXELS], y[BATCH_MAX];
    assert_ok(vgrad_dataset_read(mnist, first, rows, x, y, VGRAD_FLOAT64));
    return rig_gradients(r, x, PIXELS, y, 1, rows);
}

static void check_loss(double loss, const char *network, const char *optimizer, int step)
{
    assert_relative(loss, golden(&table, network, optimizer, step, "batch_loss", 0), tolerance,
                    network, 0);
}

/* One quantity of a tensor of the n-th layer with `parameter`, at step 0. */
static void check_tensor(const rig *r, const char *network, const char *optimizer,
                         vgrad_role parameter, int n, vgrad_role role, vgrad_quantity quantity,
                         const char *name)
{
    const vgrad_layer *layer = layer_with(r->network, parameter, n);
    assert_relative(vgrad_tensor_stat(vgrad_layer_tensor(layer, role), quantity),
                    golden(&table, network, optimizer, 0, name, n), tolerance, name, n);
}

static void check_kernels(const rig *r, const char *network, const char *optimizer, int layers)
{
    for (int n = 1; n <= layers; n++) {
        check_tensor(r, network, optimizer, VGRAD_KERNEL, n, VGRAD_KERNEL_GRADIENT, VGRAD_MEAN_ABS,
                     "kernel_mean_abs");
        check_tensor(r, network, optimizer, VGRAD_KERNEL, n, VGRAD_KERNEL_GRADIENT, VGRAD_L2,
                     "kernel_l2");
    }
}

/* ---- the networks of the studies ---- */

/* Six layers, twenty batches of 30 from image 5000 on. */
START_TEST(six_layers_under_adam_are_golden)
{
    enum { LAYERS = 6, ROWS = 30, FIRST = 5000, STEPS = 20 };
    static const vgrad_activation activations[] = { VGRAD_SIGMOID, VGRAD_RELU, VGRAD_LEAKY_RELU };
    const char *name = vgrad_activation_name(activations[_i]);
    vgrad_network *network = chain_of(LAYERS - 1, 10, activations[_i]);
    set_kernels(network, glorot);
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_ADAM, 1e-3);
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_EPSILON, 1e-8));
    for (int step = 0; step < STEPS; step++) {
        double loss = batch_loss(&r, FIRST + ROWS * step, ROWS);
        if (step == 0 || step == 1 || step == 9 || step == 19)
            check_loss(loss, name, "adam", step);
        if (step == 0) {
            check_kernels(&r, name, "adam", LAYERS);
            for (int n = 1; n <= LAYERS; n++)
                check_tensor(&r, name, "adam", VGRAD_KERNEL, n, VGRAD_BIAS_GRADIENT, VGRAD_L2,
                             "bias_l2");
        }
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    rig_destroy(&r);
}
END_TEST

START_TEST(eleven_layers_are_golden)
{
    static const struct {
        const char *name;
        vgrad_activation activation;
        bound *bound_of;
    } nets[] = { { "deep_sigmoid", VGRAD_SIGMOID, inverse_root }, { "deep_relu", VGRAD_RELU, he } };
    vgrad_network *network = chain_of(10, 128, nets[_i].activation);
    set_kernels(network, nets[_i].bound_of);
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_SGD, 0);
    check_loss(batch_loss(&r, 0, 128), nets[_i].name, "none", 0);
    check_kernels(&r, nets[_i].name, "none", 11);
    rig_destroy(&r);
}
END_TEST

static void check_first_gradients(const rig *r)
{
    static const int dense[] = { 1, 2, 3, 40, 41, 42 }; /* blocks 1 and 20 between the ends */
    static const struct {
        vgrad_role role;
        const char *name;
    } normalization[] = { { VGRAD_GAMMA_GRADIENT, "gamma_l2" },
                          { VGRAD_BETA_GRADIENT, "beta_l2" },
                          { VGRAD_MOVING_MEAN, "moving_mean_l2" },
                          { VGRAD_MOVING_VARIANCE, "moving_variance_l2" } };
    for (int i = 0; i < 6; i++)
        check_tensor(r, "modern", "adam", VGRAD_KERNEL, dense[i], VGRAD_KERNEL_GRADIENT, VGRAD_L2,
                     "kernel_l2");
    for (int i = 0; i < 4; i++)
        check_tensor(r, "modern", "adam", VGRAD_GAMMA, 1, normalization[i].role, VGRAD_L2,
                     normalization[i].name);
}

/* The norms of the update that was just made. */
static int32_t check_norms(const vgrad_event *event, void *user)
{
    const int step = *(const int *)user;
    assert_relative(event->gradient_norm,
                    golden(&table, "modern", "adam", step, "gradient_norm", 0), tolerance,
                    "gradient_norm", step);
    assert_relative(event->clipped_norm, golden(&table, "modern", "adam", step, "clipped_norm", 0),
                    tolerance, "clipped_norm", step);
    return 0;
}

/* PyTorch's Adam and clip_grad_norm_ to 1. */
START_TEST(the_modern_network_is_golden)
{
    enum { ROWS = 128, STEPS = 3 };
    int step = 0;
    vgrad_network *network = modern_network();
    set_kernels(network, he);
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_ADAM, 1e-3);
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_EPSILON, 1e-8));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_EPSILON_HAT, 0));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 1));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_CLIP_EPSILON, 1e-6));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, check_norms, &step));
    for (; step < STEPS; step++) {
        check_loss(batch_loss(&r, ROWS * step, ROWS), "modern", "adam", step);
        if (step == 0)
            check_first_gradients(&r);
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    rig_destroy(&r);
}
END_TEST

static const char *directory;

static void load(void)
{
    vgrad_dataset *test;
    assert_ok(vgrad_dataset_mnist(&mnist, &test, directory, NULL));
    vgrad_dataset_destroy(test);
    golden_read(&table, "mnist.csv", FIGURES);
}

static void unload(void)
{
    vgrad_dataset_destroy(mnist);
}

int main(void)
{
    Suite *suite = suite_create("golden mnist");
    directory = getenv("VGRAD_MNIST_DIR");
    if (!directory || !*directory) {
        puts("1..0 # SKIP VGRAD_MNIST_DIR names no folder with MNIST");
        return EXIT_SUCCESS;
    }
    TCase *networks = tcase_create("networks");
    tcase_set_timeout(networks, 120);
    tcase_add_checked_fixture(networks, load, unload);
    tcase_add_test(networks, the_hash_is_golden);
    tcase_add_loop_test(networks, six_layers_under_adam_are_golden, 0, 3);
    tcase_add_loop_test(networks, eleven_layers_are_golden, 0, 2);
    tcase_add_test(networks, the_modern_network_is_golden);
    suite_add_tcase(suite, networks);
    return run_suite(suite);
}
