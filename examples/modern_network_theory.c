/* One layer, two layers, and powers: what the article says before it trains anything. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "modern_network.h"
#include "modern_network_random.h"
#include "support/check.h"

/* A float64 network and its trainer, with every tensor of a step kept. */
typedef struct bench {
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
} bench;

static bench bench_begin(void)
{
    bench b;
    check(vgrad_network_create(&b.network, NULL));
    check(vgrad_network_set_dtype(b.network, VGRAD_FLOAT64));
    check(vgrad_network_keep(b.network, VGRAD_KEEP_PREACTIVATION | VGRAD_KEEP_ACTIVATION |
                                            VGRAD_KEEP_DELTA | VGRAD_KEEP_ACTIVATION_GRADIENT));
    return b;
}

static void bench_build(bench *b, vgrad_layer *output)
{
    check(vgrad_network_build(b->network, output));
    check(vgrad_optimizer_create(&b->optimizer, b->network, VGRAD_SGD, 0));
    check(vgrad_trainer_create(&b->trainer, b->network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM,
                               b->optimizer));
}

static void bench_end(bench *b)
{
    vgrad_trainer_destroy(b->trainer);
    vgrad_optimizer_destroy(b->optimizer);
    vgrad_network_destroy(b->network);
}

/* ---- two layers ---- */

enum { ROWS = 32, INPUTS = 100, HIDDEN = 30, CLASSES = 10 };

typedef struct line {
    const char *name, *formula;
    int layer; /* 0: x */
    vgrad_role role;
} line;

/* In the order in which they are computed. */
static const line lines[] = {
    { "z1", "x W1 + b1", 1, VGRAD_PREACTIVATION },
    { "a1", "f(z1)", 1, VGRAD_ACTIVATION },
    { "z2", "a1 W2 + b2", 2, VGRAD_PREACTIVATION },
    { "a2", "f(z2)", 2, VGRAD_ACTIVATION },
    { "dL/da2", "(a2 - y) / rows", 2, VGRAD_ACTIVATION_GRADIENT },
    { "dL/dz2", "dL/da2 f'(z2)", 2, VGRAD_DELTA },
    { "dL/dW2", "a1' dL/dz2", 2, VGRAD_KERNEL_GRADIENT },
    { "dL/da1", "dL/dz2 W2'", 1, VGRAD_ACTIVATION_GRADIENT },
    { "dL/dz1", "dL/da1 f'(z1)", 1, VGRAD_DELTA },
    { "dL/dW1", "x' dL/dz1", 1, VGRAD_KERNEL_GRADIENT },
};
enum { LINES = sizeof lines / sizeof *lines };

/* Kernels of N(0, 1) / sqrt(inputs), so that the weights take nothing away. */
static void set_kernel(vgrad_layer *layer, numpy_random *r, int64_t inputs, int64_t units)
{
    static double numbers[INPUTS * HIDDEN];
    vgrad_tensor view;
    numpy_randn(r, numbers, (size_t)(inputs * units), 1 / sqrt((double)inputs));
    check(vgrad_layer_set_tensor(
        layer, VGRAD_KERNEL, vgrad_tensor_matrix(&view, numbers, VGRAD_FLOAT64, inputs, units)));
}

void theory_two_layers(results *files, bool quiet, uint32_t seed)
{
    static double numbers[ROWS * INPUTS], classes[ROWS * CLASSES];
    numpy_random r;
    vgrad_tensor x, y;
    double loss, mean[LINES];
    bench b = bench_begin();
    vgrad_layer *hidden = vgrad_dense(vgrad_input(b.network, INPUTS), HIDDEN, VGRAD_SIGMOID);
    vgrad_layer *output = vgrad_dense(hidden, CLASSES, VGRAD_SIGMOID);
    bench_build(&b, output);
    numpy_seed(&r, seed);
    numpy_randn(&r, numbers, ROWS * INPUTS, 1);
    set_kernel(hidden, &r, INPUTS, HIDDEN);
    set_kernel(output, &r, HIDDEN, CLASSES);
    for (int row = 0; row < ROWS; row++)
        classes[row * CLASSES + row % CLASSES] = 1;
    check(vgrad_trainer_forward(b.trainer,
                                vgrad_tensor_matrix(&x, numbers, VGRAD_FLOAT64, ROWS, INPUTS)));
    check(vgrad_trainer_loss(
        b.trainer, vgrad_tensor_matrix(&y, classes, VGRAD_FLOAT64, ROWS, CLASSES), &loss));
    check(vgrad_trainer_backward(b.trainer));

    json_t *object = json_object();
    json_object_set_new(results_root(files), "two_layer", object);
    results_number(object, "loss", loss);
    if (!quiet)
        printf("\nTwo layers, 100-30-10 sigmoid units, weights N(0, 1 / inputs), loss %.4f\n"
               "%-8s %-18s %11s %11s\n",
               loss, "", "", "mean |.|", "L2");
    for (int i = 0; i < LINES; i++) {
        const vgrad_tensor *t =
            vgrad_layer_tensor(lines[i].layer == 1 ? hidden : output, lines[i].role);
        mean[i] = vgrad_tensor_stat(t, VGRAD_MEAN_ABS);
        results_number(object, lines[i].name, mean[i]);
        if (!quiet)
            printf("%-8s %-18s %11.3e %11.3e\n", lines[i].name, lines[i].formula, mean[i],
                   vgrad_tensor_stat(t, VGRAD_L2));
    }
    if (!quiet)
        printf("Of dL/da2 %.3f goes through f'(z2), of dL/da1 %.3f through f'(z1): at most 0.25.\n",
               mean[5] / mean[4], mean[8] / mean[7]);
    bench_end(&b);
}

/* ---- powers ---- */

void theory_decay(results *files, bool quiet)
{
    static const double shares[] = { 0.2, 0.25, 0.025 };
    enum { LAYERS = 10, SHARES = sizeof shares / sizeof *shares };
    double published[LAYERS];
    FILE *table = results_table(files, "decay.csv");
    fputs("layers,0.2,0.25,0.025\n", table);
    if (!quiet)
        puts("\nWhat is left of a gradient if each layer lets through\n"
             "layers       0.2        0.25   0.025 (0.25, and weights of 0.01 in 100 units)");
    for (int i = 1; i <= LAYERS; i++) {
        published[i - 1] = pow(shares[0], i);
        fprintf(table, "%d", i);
        for (int s = 0; s < SHARES; s++)
            fprintf(table, ",%.6g", pow(shares[s], i));
        fputc('\n', table);
        if (!quiet)
            printf("%6d %9.2e %11.2e %7.2e\n", i, published[i - 1], pow(shares[1], i),
                   pow(shares[2], i));
    }
    results_numbers(results_root(files), "decay", published, LAYERS);
}

/* ---- activations ---- */

enum { FUNCTIONS = 3, GRID = 100, FINE = 501 };
static const vgrad_activation functions[FUNCTIONS] = { VGRAD_SIGMOID, VGRAD_TANH, VGRAD_RELU };

typedef struct curve {
    double z[FINE], value[FINE], slope[FINE];
} curve;

/* f and f' at `count` points from -5 to 5: what a layer with a weight of 1 gives, and its delta
   where dL/da is 1. */
static void trace(curve *c, int count, vgrad_activation activation)
{
    static double ones[FINE];
    vgrad_tensor view;
    bench b = bench_begin();
    check(vgrad_network_set_initializer(b.network, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 1, 0));
    vgrad_layer *layer = vgrad_dense(vgrad_input(b.network, 1), 1, activation);
    bench_build(&b, layer);
    for (int i = 0; i < count; i++) {
        c->z[i] = -5 + 10.0 * i / (count - 1);
        ones[i] = 1;
    }
    check(vgrad_trainer_forward(b.trainer,
                                vgrad_tensor_matrix(&view, c->z, VGRAD_FLOAT64, count, 1)));
    check(vgrad_trainer_set_loss_gradient(
        b.trainer, 0, vgrad_tensor_matrix(&view, ones, VGRAD_FLOAT64, count, 1)));
    check(vgrad_trainer_backward(b.trainer));
    check(vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_ACTIVATION), c->value, VGRAD_FLOAT64,
                            count));
    check(
        vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_DELTA), c->slope, VGRAD_FLOAT64, count));
    bench_end(&b);
}

/* All functions at `count` points, as a table. */
static void tabulate(curve curves[FUNCTIONS], int count, FILE *table)
{
    fputs("z,sigmoid,sigmoid',tanh,tanh',relu,relu'\n", table);
    for (int f = 0; f < FUNCTIONS; f++)
        trace(&curves[f], count, functions[f]);
    for (int i = 0; i < count; i++) {
        fprintf(table, "%.10g", curves[0].z[i]);
        for (int f = 0; f < FUNCTIONS; f++)
            fprintf(table, ",%.10g,%.10g", curves[f].value[i], curves[f].slope[i]);
        fputc('\n', table);
    }
}

/* Where the slope is largest, the last such point. */
static int steepest(const curve *c, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (c->slope[i] >= c->slope[best])
            best = i;
    return best;
}

static double mean(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

void theory_activations(results *files, bool quiet)
{
    static curve fine[FUNCTIONS], grid[FUNCTIONS];
    json_t *object = json_object();
    json_object_set_new(results_root(files), "activations", object);
    tabulate(fine, FINE, results_table(files, "activations.csv"));
    tabulate(grid, GRID, results_table(files, "activations_grid.csv"));
    if (!quiet)
        printf(
            "\nDerivatives on [-5, 5]: at their largest, and as %d points see them, of which none\n"
            "is 0\n%-8s %8s %14s %10s %20s\n",
            GRID, "", "largest", "on the points", "at", "mean of the points");
    for (int f = 0; f < FUNCTIONS; f++) {
        const char *name = vgrad_activation_name(functions[f]);
        int best = steepest(&grid[f], GRID);
        double largest = fine[f].slope[steepest(&fine[f], FINE)];
        json_t *own = json_object();
        json_object_set_new(object, name, own);
        results_number(own, "maximum", largest);
        results_number(own, "grid_maximum", grid[f].slope[best]);
        results_number(own, "grid_mean", mean(grid[f].slope, GRID));
        if (!quiet)
            printf("%-8s %8.4g %14.10f %10.4f %20.5f\n", name, largest, grid[f].slope[best],
                   functions[f] == VGRAD_RELU ? grid[f].z[GRID / 2] : fabs(grid[f].z[best]),
                   mean(grid[f].slope, GRID));
    }
}
