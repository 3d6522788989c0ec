/* Networks by recipe. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "networks.h"

enum { ROWS = 256, INPUTS = 16, CLASSES = 4, BATCH = 64 };

/* ---- from a recipe to a network ---- */

/* Clusters that overlap, every column with mean 0 and deviation data_scale. */
static void make_data(living *l, double scale)
{
    enum { ELEMENTS = ROWS * INPUTS };
    double *x = malloc(ELEMENTS * sizeof *x), y[ROWS];
    assert_ok(vgrad_dataset_blobs(&l->data, ROWS, INPUTS, CLASSES, 8, l->seed, NULL));
    assert_ok(vgrad_dataset_standardize(l->data));
    assert_ok(vgrad_dataset_read(l->data, 0, ROWS, x, y, VGRAD_FLOAT64));
    vgrad_dataset_destroy(l->data);
    for (int i = 0; i < ELEMENTS; i++)
        x[i] *= scale;
    assert_ok(
        vgrad_dataset_copy(&l->data, ROWS, x, VGRAD_FLOAT64, INPUTS, y, VGRAD_FLOAT64, 1, NULL));
    free(x);
}

static vgrad_layer *normalized_dense(vgrad_layer *in, int64_t units)
{
    return vgrad_batch_norm(vgrad_dense(in, units, VGRAD_LINEAR));
}

static vgrad_layer *hidden_layer(living *l, const recipe *r, vgrad_layer *in)
{
    vgrad_layer *h;
    if (r->residual) {
        h = vgrad_activate(normalized_dense(in, r->width), r->activation);
        h = vgrad_add(in, normalized_dense(h, r->width));
        return living_pass(l, vgrad_activate(h, r->activation), r->activation);
    }
    if (r->normalized) {
        h = living_pass(l, vgrad_dense(in, r->width, VGRAD_LINEAR), VGRAD_LINEAR);
        return vgrad_activate(vgrad_batch_norm(h), r->activation);
    }
    h = living_pass(l, vgrad_dense(in, r->width, r->activation), r->activation);
    return h;
}

static void make_odd(const recipe *r, vgrad_layer *layer)
{
    if (r->odd_gain != 0)
        vgrad_layer_set_initializer(layer, VGRAD_KERNEL, r->initializer, r->odd_gain, 0);
    if (r->odd_bias != 0)
        vgrad_layer_set_initializer(layer, VGRAD_BIAS, VGRAD_INIT_CONSTANT, r->odd_bias, 0);
}

void recipe_make(living *l, const recipe *r, uint64_t seed)
{
    *l = (living){ .seed = seed, .steps = r->steps, .expected = r->expected };
    make_data(l, r->data_scale);
    assert_ok(vgrad_network_create(&l->network, NULL));
    assert_ok(vgrad_network_set_seed(l->network, seed));
    vgrad_network_set_initializer(l->network, VGRAD_KERNEL, r->initializer, r->gain, 0);
    vgrad_network_set_initializer(l->network, VGRAD_BIAS, VGRAD_INIT_NORMAL, 0, r->bias);
    vgrad_layer *h = vgrad_input(l->network, INPUTS);
    if (r->residual)
        h = vgrad_activate(normalized_dense(h, r->width), r->activation);
    for (int i = 1; i <= r->depth; i++) {
        h = hidden_layer(l, r, h);
        if (i == r->odd)
            make_odd(r, h);
    }
    /* Not a block sum, so no hop of a residual network. */
    vgrad_layer *output = vgrad_dense(h, CLASSES, VGRAD_SOFTMAX);
    if (!r->residual)
        living_pass(l, output, VGRAD_SOFTMAX);
    assert_ok(vgrad_network_build(l->network, output));
    assert_ok(vgrad_optimizer_create(&l->optimizer, l->network, r->optimizer, r->rate));
    l->loss = VGRAD_LOSS_CROSSENTROPY;
    assert_ok(vgrad_trainer_create(&l->trainer, l->network, l->loss, l->optimizer));
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH));
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_MAX_STEPS, (double)r->steps));
}

/* ---- families ---- */

/* What the recipes of a family have in common, and from where to where the others go. The decades
   that a hop gains are those of the mean field at its fixed point, log10 sqrt(chi) (Poole et al.
   2016, Schoenholz et al. 2017); `once` is what one layer that differs gains beside that, and the
   way to the fixed point. */
typedef struct family {
    recipe base;
    int depth[2], width[2];
    double hop, once;
} family;

/* Where nothing comes through, updates are small or rounded away; ReLUs without a signal die. */
#define VANISHES(cause, also)                                                                      \
    {                                                                                              \
        VERDICT_VANISHING, VERDICT_STALLED | VERDICT_UNCHANGED | VERDICT_DEAD | (also), cause, 0,  \
            0, 0, 0, 0                                                                             \
    }
#define EXPLODES(also)                                                                             \
    {                                                                                              \
        VERDICT_EXPLODING, VERDICT_INITIALIZATION | (also), CAUSE_WEIGHTS, 0, 0, 0, 0, 0           \
    }
#define FINDS(verdict, also)                                                                       \
    {                                                                                              \
        verdict, also, CAUSE_NONE, 0, 0, 0, 0, 0                                                   \
    }

/* A stand-in for the number of the last hidden layer. */
enum { LAST_HIDDEN = -1 };

enum {
    ANYTHING = VERDICT_VANISHING | VERDICT_EXPLODING | VERDICT_SATURATED | VERDICT_DEAD |
               VERDICT_STALLED | VERDICT_UNCHANGED | VERDICT_SPIKE | VERDICT_INITIALIZATION
};

static const family broken_families[] = {
    { { .family = "sigmoid, Glorot",
        .activation = VGRAD_SIGMOID,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .optimizer = VGRAD_SGD,
        .rate = 0.05,
        .expected = VANISHES(CAUSE_DERIVATIVE, 0) },
      { 4, 16 },
      { 16, 128 },
      -0.62,
      0 },
    { { .family = "sigmoid, Nielsen's weights",
        .activation = VGRAD_SIGMOID,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .bias = 1,
        .optimizer = VGRAD_SGD,
        .rate = 0.05,
        .expected = VANISHES(CAUSE_DERIVATIVE, 0) },
      { 3, 12 },
      { 32, 128 },
      -0.69,
      0 },
    { { .family = "tanh, weights too small",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 0.3,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-4,
        .expected = VANISHES(CAUSE_WEIGHTS, VERDICT_INITIALIZATION) },
      { 4, 16 },
      { 16, 128 },
      -0.523,
      0 },
    { { .family = "ReLU, weights too small",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .gain = 0.25,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-4,
        .expected = VANISHES(CAUSE_WEIGHTS, VERDICT_INITIALIZATION) },
      { 4, 12 },
      { 32, 128 },
      -0.602,
      0 },
    { { .family = "SELU, weights too small",
        .activation = VGRAD_SELU,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 0.2,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-4,
        .expected = VANISHES(CAUSE_WEIGHTS, VERDICT_INITIALIZATION) },
      { 4, 12 },
      { 16, 128 },
      -0.54,
      0 },
    { { .family = "ReLU, weights too large",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .gain = 3,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = EXPLODES(VERDICT_DEAD | VERDICT_SPIKE) },
      { 4, 20 },
      { 32, 128 },
      0.477,
      0 },
    { { .family = "ELU, weights too large",
        .activation = VGRAD_ELU,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 4,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = EXPLODES(VERDICT_DEAD | VERDICT_SPIKE) },
      { 4, 16 },
      { 32, 128 },
      0.455,
      0 },
    { { .family = "tanh, weights far too large",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 30,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = { VERDICT_EXPLODING | VERDICT_SATURATED,
                      VERDICT_DEAD | VERDICT_SPIKE | VERDICT_INITIALIZATION, CAUSE_WEIGHTS, 1,
                      LAST_HIDDEN, 0, 0, 0 } },
      { 4, 12 },
      { 32, 128 },
      0.6,
      0 },
    { { .family = "tanh, inputs times 100",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .data_scale = 100,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = { VERDICT_SATURATED, VERDICT_DEAD, CAUSE_NONE, 1, 1, 0, 0, 0 } },
      { 8, 20 },
      { 32, 128 },
      -0.03,
      -1.1 },
    { { .family = "tanh, one layer's weights too large",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .odd = 3,
        .odd_gain = 40,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = { VERDICT_SATURATED, VERDICT_DEAD | VERDICT_INITIALIZATION, CAUSE_NONE, 3, 3, 0,
                      0, 0 } },
      { 6, 16 },
      { 32, 128 },
      -0.02,
      0.7 },
    { { .family = "ReLU, one layer dead",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .odd = 2,
        .odd_bias = -30,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = { VERDICT_DEAD | VERDICT_UNCHANGED,
                      VERDICT_VANISHING | VERDICT_STALLED | VERDICT_SATURATED, CAUSE_DERIVATIVE, 2,
                      2, 0, 0, 0 } },
      { 3, 8 },
      { 16, 128 },
      0,
      -INFINITY },
    { { .family = "tanh, rate far too small",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-9,
        .expected = FINDS(VERDICT_STALLED, VERDICT_UNCHANGED) },
      { 2, 10 },
      { 16, 128 },
      -0.02,
      -0.1 },
    { { .family = "tanh, rate far too large",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .optimizer = VGRAD_ADAM,
        .rate = 0.5,
        .expected = FINDS(VERDICT_TOO_LARGE, ANYTHING) },
      { 2, 10 },
      { 16, 128 },
      -0.02,
      -0.1 },
};

static const family healthy_families[] = {
    { { .family = "ReLU, He normal",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = FINDS(VERDICT_HEALTHY, VERDICT_DEAD) },
      { 2, 12 },
      { 32, 128 },
      0,
      0 },
    { { .family = "ReLU, He uniform, inputs times 100",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_UNIFORM,
        .data_scale = 100,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = FINDS(VERDICT_HEALTHY, VERDICT_DEAD) },
      { 2, 8 },
      { 32, 128 },
      0,
      0 },
    { { .family = "tanh, Glorot",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 20 },
      { 16, 128 },
      -0.02,
      -0.1 },
    { { .family = "tanh, Glorot, plain descent",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_GLOROT_NORMAL,
        .optimizer = VGRAD_SGD,
        .rate = 0.05 },
      { 2, 12 },
      { 32, 128 },
      -0.02,
      -0.1 },
    { { .family = "tanh, orthogonal, inputs times 0.01",
        .activation = VGRAD_TANH,
        .initializer = VGRAD_INIT_ORTHOGONAL,
        .data_scale = 0.01,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 20 },
      { 16, 128 },
      0,
      0 },
    { { .family = "ReLU, He normal, inputs times 0.01",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .data_scale = 0.01,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = FINDS(VERDICT_HEALTHY, VERDICT_DEAD) },
      { 2, 12 },
      { 32, 128 },
      0,
      0 },
    { { .family = "SELU, LeCun",
        .activation = VGRAD_SELU,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 20 },
      { 32, 128 },
      0.015,
      0 },
    { { .family = "ELU",
        .activation = VGRAD_ELU,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 1.22,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 16 },
      { 32, 128 },
      0.006,
      0 },
    { { .family = "leaky ReLU, He normal",
        .activation = VGRAD_LEAKY_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 12 },
      { 32, 128 },
      0,
      0 },
    { { .family = "softsign, Glorot",
        .activation = VGRAD_SOFTSIGN,
        .initializer = VGRAD_INIT_GLOROT_UNIFORM,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 12 },
      { 32, 128 },
      -0.03,
      -0.4 },
    { { .family = "ReLU with batch normalization",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .normalized = true,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 8 },
      { 32, 128 },
      0.083,
      -0.1 },
    { { .family = "residual blocks",
        .activation = VGRAD_RELU,
        .initializer = VGRAD_INIT_HE_NORMAL,
        .residual = true,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3,
        .expected = FINDS(VERDICT_HEALTHY, VERDICT_DEAD) },
      { 3, 20 },
      { 32, 64 },
      0.06,
      0.1 },
    { { .family = "sigmoid, weights times 4",
        .activation = VGRAD_SIGMOID,
        .initializer = VGRAD_INIT_LECUN_NORMAL,
        .gain = 4,
        .optimizer = VGRAD_ADAM,
        .rate = 1e-3 },
      { 2, 3 },
      { 64, 128 },
      -0.2,
      -0.1 },
};

enum {
    BROKEN = sizeof broken_families / sizeof *broken_families,
    HEALTHY = sizeof healthy_families / sizeof *healthy_families
};

/* ---- numbers ---- */

/* The finalizer of splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static int between(const int *range, uint64_t number)
{
    return range[0] + (int)(mix(number) % (uint64_t)(range[1] - range[0] + 1));
}

/* How far a draw of some tens of units lies from the limit of many. */
static double spread(double decades)
{
    return 0.5 + 0.1 * fabs(decades);
}

recipe recipe_numbered(uint64_t number, bool broken)
{
    const family *f =
        broken ? &broken_families[number % BROKEN] : &healthy_families[number % HEALTHY];
    recipe r = f->base;
    r.depth = between(f->depth, 2 * number);
    r.width = between(f->width, 2 * number + 1);
    r.rate *= 1 - 0.2 * (double)(mix(3 * number) % 4);
    r.steps = 24;
    if (r.data_scale == 0)
        r.data_scale = 1 + 0.25 * ((double)(mix(5 * number) % 3) - 1);
    if (r.expected.last == LAST_HIDDEN)
        r.expected.last = r.depth;
    double decades = f->hop * r.depth + f->once;
    r.expected.low = decades - spread(decades);
    r.expected.high = isinf(decades) ? decades : decades + spread(decades);
    return r;
}
