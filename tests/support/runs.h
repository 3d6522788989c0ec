/* Runs of every kind, made from a few numbers: for checkpoints. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_RUNS_H
#define VGRAD_TESTS_RUNS_H

#include <stdbool.h>
#include <vgrad/vgrad.h>

#include "runner.h"

enum { RUN_ROWS = 22, RUN_INPUTS = 4, RUN_EPOCHS = 4 };

/* Zero is a plain one: SGD, float32, batches of 5, shuffled. */
typedef struct run_recipe {
    bool wide;                      /* float64 */
    vgrad_optimizer_kind optimizer; /* 0: SGD */
    bool momentum, nesterov;
    bool dropout, batch_norm, shared, images, frozen;
    int schedule; /* 1: steps, 2: exponential, 3: cosine, 4: the user's; with a warm-up of 2 */
    int clipping; /* 1: by the global norm, 2: a layer's, 3: by value */
    bool decay, penalties;
    bool validation, early_stopping, restores_best, plateau;
    int64_t patience;
    bool unshuffled, across_epochs;
    int accumulate;
    bool class_weights;
    bool two_outputs;
    bool keeps_epoch_gradients;
    bool streamed; /* its rows come one after the other, and nobody knows how many */
    bool watched;  /* a probe looks */
} run_recipe;

typedef struct run {
    vgrad_dataset *data, *validation;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_probe *probe;
} run;

void run_make(run *r, const run_recipe *recipe, vgrad_context *context);
void run_destroy(run *r);
/* All epochs, counted from the run's beginning; it may be stopped by early stopping. */
void run_fit(const run *r, int64_t epochs);

#endif
