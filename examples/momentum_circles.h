/* What momentum_circles.c measures and momentum_circles_report.c tells. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_MOMENTUM_CIRCLES_H
#define EXAMPLES_MOMENTUM_CIRCLES_H

#include <stdbool.h>

#include "support/capture.h"
#include "support/results.h"

/* First-layer weights: two inputs by five units. Epochs after which the test accuracy is noted. */
enum { MOMENTUM_WEIGHTS = 10, MOMENTUM_NOTED = 6 };
extern const int64_t momentum_noted[MOMENTUM_NOTED];

/* A network; uniform kernels are from 0 to 1. */
typedef struct momentum_plan {
    const char *name;
    vgrad_activation activation; /* Of the hidden layers, five units each. */
    int hidden_layers;
    vgrad_initializer hidden, output; /* Of their kernels. */
    int outputs;                      /* Sigmoid units, one after the other. */
} momentum_plan;

/* One training of one plan; NaN for what it did not come to. */
typedef struct momentum_run {
    const momentum_plan *plan;
    int64_t epochs;                                         /* That are over. */
    double train_accuracy, test_accuracy;                   /* At the end. */
    double noted[MOMENTUM_NOTED];                           /* Test accuracies. */
    double early[MOMENTUM_WEIGHTS], late[MOMENTUM_WEIGHTS]; /* After epochs 50 and 100. */
    capture gradients;                                      /* The first batch of each epoch. */
} momentum_run;

/* What a start leaves; the tables are closed with the results. */
typedef struct momentum_files {
    results *results;
    FILE *accuracies, *weights, *gradients;
} momentum_files;

/* Makes the files; false after a message. */
bool momentum_open(momentum_files *files, const char *directory);

/* The mean change of a first-layer weight from epoch 50 to epoch 100. */
double momentum_change(const momentum_run *run);

void momentum_print(const momentum_run *run);
void momentum_write(momentum_files *files, const momentum_run *run, int64_t seed);

/* Draws the pictures of the runs, or says why there are none, and names what to open; false if one
   failed. */
bool momentum_draw(const char *directory, const momentum_run *runs, int count, bool plots,
                   bool quiet);

#endif
