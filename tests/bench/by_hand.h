/* The same training written by hand over cblas: what the library is measured against. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BENCH_BY_HAND_H
#define VGRAD_BENCH_BY_HAND_H

#include <stdint.h>

enum { LAYERS_MAX = 8 };

/* A workload: widths[0] inputs, then `layers` dense layers; SGD at rate 0.01. */
typedef struct workload {
    const char *name;
    int layers;
    int widths[LAYERS_MAX + 1];
    int relu; /* hidden layers: ReLU, else sigmoid */
    int rows, batch;
} workload;

typedef struct by_hand by_hand;

/* y: class numbers, or 0 / 1 if there is one output (then sigmoid cross-entropy). */
by_hand *by_hand_create(const workload *work, const float *x, const float *y);
void by_hand_destroy(by_hand *net);
/* One epoch over shuffled rows; returns the mean loss. */
double by_hand_epoch(by_hand *net);

#endif
