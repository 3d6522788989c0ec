/* What mnist_activations.c trains and mnist_activations_looks.c sees of it. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_MNIST_ACTIVATIONS_H
#define EXAMPLES_MNIST_ACTIVATIONS_H

#include <stdbool.h>

#include "support/record.h"
#include "support/results.h"

enum { LOOK_LAYERS = 6 };

/* One look: the batch of an iteration, after its update. */
typedef struct look {
    int64_t iteration; /* From 0. */
    double loss, accuracy;
    double mean_abs[LOOK_LAYERS], l2[LOOK_LAYERS]; /* Of every kernel's gradient. */
} look;

/* What a start leaves; the tables are closed with the results. */
typedef struct look_files {
    results *results;
    FILE *looks, *histograms;
} look_files;

/* One training, with its looks. */
typedef struct looks {
    const char *name;
    const look_files *files;
    int64_t iteration; /* Of the look that is taken now. */
    look *list;
    int32_t count, capacity;
    capture gradients;   /* For history.csv. */
    run_records records; /* What the source logs; its probe is told of each look. */
} looks;

/* Makes the files; false after a message. */
bool looks_open(look_files *files, const char *directory);

/* Begins the records of a run, for TensorBoard as in the source. */
void looks_record(looks *l, const char *directory);

/* Makes this trainer, which trains nothing, the one that takes looks. */
void looks_taken_by(looks *l, vgrad_trainer *again);

/* Shows it the batch of an iteration: forward and backward once more, and no update. */
void looks_take(looks *l, vgrad_trainer *again, int64_t iteration, const vgrad_tensor *x,
                const vgrad_tensor *y);

/* The mean of layer 6's figures over the looks, divided by that of layer 1's. */
double looks_mean_ratio(const looks *l);

/* The median of layer 6 divided by layer 1 over the looks from iteration 1200 on; NaN: no look. */
double looks_late_ratio(const looks *l);

void looks_print(const looks *l);

/* Adds the looks to a run of summary.json, and to history.csv. */
void looks_write(const looks *l, json_t *run);

void looks_release(looks *l);

#endif
