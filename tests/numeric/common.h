/* What the numeric tests share: a dice of their own, networks in one call, tensors as doubles. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_NUMERIC_COMMON_H
#define VGRAD_TESTS_NUMERIC_COMMON_H

#include <stdbool.h>
#include <vgrad/vgrad.h>

#include "runner.h"

enum { KEEP_ALL = 127, LAYERS_MAX = 8 };

/* Not the library's generator, so that a fault there cannot hide itself. */
typedef struct dice {
    uint64_t state;
} dice;

dice dice_from(uint64_t seed);
uint64_t dice_bits(dice *d);
double dice_uniform(dice *d, double from, double to);
int dice_below(dice *d, int n);

/* A chain of dense layers. */
typedef struct chain {
    vgrad_dtype dtype;
    uint64_t seed;
    int64_t inputs;
    int count;
    int64_t units[LAYERS_MAX];
    vgrad_activation activations[LAYERS_MAX];
} chain;

typedef struct rig {
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
} rig;

/* The network, not yet built; *output is its last layer. */
vgrad_network *chain_network(const chain *c, vgrad_layer **output);
/* Built, with optimizer and trainer. */
rig rig_create(const chain *c, vgrad_loss loss, vgrad_optimizer_kind kind, double rate);
/* The same from a network that is built. */
rig rig_around(vgrad_network *network, vgrad_loss loss, vgrad_optimizer_kind kind, double rate);
void rig_destroy(rig *r);

/* Forward, loss and backward of a batch; returns the loss. */
double rig_gradients(rig *r, const double *x, int64_t x_width, const double *y, int64_t y_width,
                     int64_t rows);

/* Layer 1 is the first dense one. */
vgrad_layer *dense_layer(const vgrad_network *network, int index);
/* The elements of a tensor, to be freed. */
double *doubles_of(const vgrad_tensor *tensor);
void set_parameter(vgrad_layer *layer, vgrad_role role, const double *values);

/* |a - b|_2 and |a|_2 */
double distance(const double *a, const double *b, int64_t n);
double norm(const double *a, int64_t n);

#endif
