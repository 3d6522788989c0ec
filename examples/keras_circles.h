/* What keras_circles.c measures and keras_circles_pictures.c draws. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_KERAS_CIRCLES_H
#define EXAMPLES_KERAS_CIRCLES_H

#include <stdbool.h>

#include "support/capture.h"

/* A network and how it is trained. */
typedef struct circles_plan {
    const char *name;
    vgrad_activation activation; /* Of the hidden layers; the output is a sigmoid. */
    int hidden_layers;           /* Of five units each. */
    vgrad_initializer initializer;
    vgrad_optimizer_kind optimizer;
} circles_plan;

/* One training of one plan. */
typedef struct circles_run {
    char name[64]; /* The plan's and the loop's. */
    circles_plan plan;
    bool by_hand;
    double loss, accuracy; /* Over all rows, at the end. */
    capture weights;       /* Before training and after each epoch. */
    capture gradients;     /* The first batch of each epoch, then the very last batch. */
    int32_t epochs_seen;   /* How many of the gradients' looks are first batches. */
} circles_run;

/* How many times larger a figure of the last layer's gradient is than of the first's: at the very
   first batch, or averaged over the first batches of the epochs. */
double circles_first_ratio(const circles_run *run, vgrad_quantity quantity);
double circles_mean_ratio(const circles_run *run, vgrad_quantity quantity);

/* Whether every gradient that was seen is zero, as where no ReLU passes anything on. */
bool circles_is_dead(const circles_run *run);

/* Draws the data, each run by itself, and the gradients of the four-layer nets side by side; false,
   after a message, if a picture failed. */
bool circles_draw(const char *directory, vgrad_dataset *data, const circles_run *runs, int count);

/* Prints the pictures that circles_draw() draws, the one to look at first. */
void circles_print_pictures(const char *directory, const circles_run *runs, int count);

#endif
