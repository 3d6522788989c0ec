/* What was seen of one role of every layer (its kernels, say, or their gradients), look by look. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_CAPTURE_H
#define EXAMPLES_CAPTURE_H

#include <stdint.h>

#include <vgrad/vgrad.h>

enum { CAPTURE_QUANTITIES = 3, CAPTURE_NAME_SIZE = 64 };

/* What is measured at each look. */
extern const vgrad_quantity capture_quantities[CAPTURE_QUANTITIES];

/* When a look was taken, and the loss that went with it. */
typedef struct capture_look {
    int64_t step;  /* Updates before it. */
    int64_t epoch; /* Epochs before it. */
    double loss;   /* NaN: not known. */
} capture_look;

/* Start it as { .role = ... }. */
typedef struct capture {
    vgrad_role role;
    int32_t layers;
    int32_t count;
    int32_t capacity;
    char (*names)[CAPTURE_NAME_SIZE]; /* Of the layers. */
    capture_look *looks;
    double *values; /* (count, layers, CAPTURE_QUANTITIES) */
} capture;

/* Takes a look at the network; ends the program where memory ends. */
void capture_add(capture *c, const vgrad_network *network, capture_look when);

/* One figure; NaN for a look that was not taken. */
double capture_value(const capture *c, int32_t look, int32_t layer, vgrad_quantity quantity);

/* The mean of a figure over the first `looks` looks; NaN over none. */
double capture_mean(const capture *c, int32_t looks, int32_t layer, vgrad_quantity quantity);

void capture_release(capture *c);

#endif
