/* A small network with all that it takes to train it, for tests through the public headers. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_FIXTURE_H
#define VGRAD_TESTS_FIXTURE_H

#include <vgrad/vgrad.h>

#include "runner.h"

enum { FIXTURE_ROWS = 20, FIXTURE_BATCH = 6, FIXTURE_BATCHES = 4, FIXTURE_WEIGHTS = 15 + 24 + 5 };

/* Every VGRAD_KEEP_ bit. */
enum { KEEP_ALL = 127 };

/* input (2), first (5, tanh), second (4, relu), last (1, sigmoid); cross-entropy; SGD. */
typedef struct fixture {
    double x[FIXTURE_ROWS * 2], y[FIXTURE_ROWS];
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_layer *input, *first, *second, *last;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
} fixture;

void fixture_make(fixture *f, vgrad_dtype dtype, uint32_t keep);
void fixture_destroy(fixture *f);
/* A chain of such layers, not yet built. */
void fixture_network(fixture *f, vgrad_dtype dtype);
/* One more trainer on its network. */
vgrad_trainer *fixture_trainer(const fixture *f);

/* Every parameter, in order, as double. */
void fixture_weights(const fixture *f, double *weights);
/* The weights after `epochs` epochs of a run that nothing disturbs. */
void fixture_undisturbed(vgrad_dtype dtype, int64_t epochs, double *weights);
/* The same bits. */
void assert_weights(const fixture *f, const double *expected);

/* All rows as one batch. */
const vgrad_tensor *fixture_x(const fixture *f, vgrad_tensor *view);
const vgrad_tensor *fixture_y(const fixture *f, vgrad_tensor *view);
/* One step of one's own over all rows; the status of step(). */
vgrad_status fixture_step(const fixture *f);
/* What fit does, in single calls. */
vgrad_status fixture_loop(const fixture *f, vgrad_dataset *data, int64_t epochs);

#endif
