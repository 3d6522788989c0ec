/* Ten layers of sigmoid units with weights of 0.01 N(0, 1), the gradient carried back from ones at
   the output, with the derivative that the article's code takes and with the correct one. Both go
   through the same network: an activation of one's own has the derivative that it is given. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "modern_network.h"
#include "modern_network_random.h"
#include "support/check.h"

static const double scale = 0.01;

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

static double slope(double z)
{
    return sigmoid(z) * (1 - sigmoid(z));
}

static int32_t f(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = sigmoid(((const double *)z)[i]);
    return 0;
}

/* f'(z). */
static int32_t df(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = slope(((const double *)z)[i]);
    return 0;
}

/* f'(a): the article hands its sigmoid_derivative(), which wants z, what the layer gave. */
static int32_t df_of_activation(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = slope(sigmoid(((const double *)z)[i]));
    return 0;
}

/* `layers` dense layers without biases, in float64, each with the sigmoid after it. */
static vgrad_network *make_network(vgrad_layer **dense, int layers, int64_t units,
                                   vgrad_elementwise derivative)
{
    vgrad_network *network;
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    check(vgrad_network_keep(network, VGRAD_KEEP_DELTA));
    vgrad_layer *h = vgrad_input(network, units);
    for (int i = 0; i < layers; i++) {
        dense[i] = vgrad_dense(h, units, VGRAD_LINEAR);
        vgrad_layer_set(dense[i], VGRAD_LAYER_USE_BIAS, 0);
        h = vgrad_user_activation(dense[i], "sigmoid", f, derivative, NULL);
    }
    check(vgrad_network_build(network, h));
    return network;
}

/* x (rows, units), to be freed, and then the kernels, from the first layer on. */
static double *draw_all(uint32_t seed, vgrad_layer **dense, int layers, int64_t rows, int64_t units)
{
    const size_t of_kernel = (size_t)(units * units);
    double *x = malloc(((size_t)(rows * units) + of_kernel) * sizeof *x);
    if (!x)
        exit(EXIT_FAILURE);
    double *kernel = x + rows * units;
    numpy_random r;
    vgrad_tensor view;
    numpy_seed(&r, seed);
    numpy_randn(&r, x, (size_t)(rows * units), 1);
    for (int i = 0; i < layers; i++) {
        numpy_randn(&r, kernel, of_kernel, scale);
        check(vgrad_layer_set_tensor(
            dense[i], VGRAD_KERNEL,
            vgrad_tensor_matrix(&view, kernel, VGRAD_FLOAT64, units, units)));
    }
    return x;
}

/* A step of a trainer up to its gradients, from a dL/da of ones. */
static void carry_back(double magnitudes[DEMO_LAYERS], uint32_t seed, vgrad_elementwise derivative)
{
    static double ones[DEMO_ROWS * DEMO_UNITS];
    vgrad_layer *dense[DEMO_LAYERS];
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_tensor view, gradient;
    for (int i = 0; i < DEMO_ROWS * DEMO_UNITS; i++)
        ones[i] = 1;
    vgrad_network *network = make_network(dense, DEMO_LAYERS, DEMO_UNITS, derivative);
    double *x = draw_all(seed, dense, DEMO_LAYERS, DEMO_ROWS, DEMO_UNITS);
    check(vgrad_optimizer_create(&optimizer, network, VGRAD_SGD, 0));
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_MEAN_SQUARED_ERROR, optimizer));
    check(vgrad_trainer_forward(
        trainer, vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, DEMO_ROWS, DEMO_UNITS)));
    vgrad_tensor_matrix(&gradient, ones, VGRAD_FLOAT64, DEMO_ROWS, DEMO_UNITS);
    check(vgrad_trainer_set_loss_gradient(trainer, 0, &gradient));
    check(vgrad_trainer_backward(trainer));
    for (int i = 0; i < DEMO_LAYERS; i++)
        magnitudes[i] =
            vgrad_tensor_stat(vgrad_layer_tensor(dense[i], VGRAD_DELTA), VGRAD_MEAN_ABS);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(optimizer);
    vgrad_network_destroy(network);
    free(x);
}

/* What the gradient checker says of a derivative, by two layers small enough for it. */
static double check_derivative(uint32_t seed, vgrad_elementwise derivative)
{
    enum { LAYERS = 2, ROWS = 4, UNITS = 6 };
    vgrad_layer *dense[LAYERS];
    vgrad_tensor view;
    double worst;
    vgrad_network *network = make_network(dense, LAYERS, UNITS, derivative);
    double *x = draw_all(seed, dense, LAYERS, ROWS, UNITS);
    check(vgrad_gradient_check(network, vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, UNITS),
                               1, 0, &worst));
    vgrad_network_destroy(network);
    free(x);
    return worst;
}

void demo_run(demo_figures *out, uint32_t seed)
{
    carry_back(out->as_printed, seed, df_of_activation);
    carry_back(out->correct, seed, df);
    out->check_as_printed = check_derivative(seed, df_of_activation);
    out->check_correct = check_derivative(seed, df);
}

static void print(const demo_figures *demo)
{
    const double *printed = demo->as_printed, *correct = demo->correct;
    puts("\nTen layers of 100 sigmoid units, weights 0.01 N(0, 1), dL/da = 1 at the output\n"
         "layer   mean |dL/dz|: as the article has it   with f'(z)");
    for (int i = 0; i < DEMO_LAYERS; i++)
        printf("Layer %2d: %.2e %20s %.10e   %.10e\n", i + 1, printed[i], "", printed[i],
               correct[i]);
    printf(
        "The gradient falls by %.4g for each layer as printed, by %.4g with f'(z): 0.25, and the\n"
        "weights' 0.01 sqrt(100) = 0.1. With 0.25 alone the first of ten would have %.2g.\n",
        pow(printed[0] / printed[9], 1 / 9.0), pow(correct[0] / correct[9], 1 / 9.0),
        pow(0.25, DEMO_LAYERS));
    printf("The gradient checker's worst relative error: %.2g as printed, %.2g with f'(z).\n",
           demo->check_as_printed, demo->check_correct);
}

void demo_write(const demo_figures *demo, results *files, bool quiet)
{
    FILE *table = results_table(files, "demo.csv");
    fputs("layer,as printed,correct\n", table);
    for (int i = 0; i < DEMO_LAYERS; i++)
        fprintf(table, "%d,%.10e,%.10e\n", i + 1, demo->as_printed[i], demo->correct[i]);
    json_t *object = json_object();
    json_object_set_new(results_root(files), "demo", object);
    results_numbers(object, "as_printed", demo->as_printed, DEMO_LAYERS);
    results_numbers(object, "correct", demo->correct, DEMO_LAYERS);
    results_number(object, "gradient_check_as_printed", demo->check_as_printed);
    results_number(object, "gradient_check_correct", demo->check_correct);
    if (!quiet)
        print(demo);
}
