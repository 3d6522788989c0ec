/* The phase diagram's parts: what is measured and foretold at each place of a plane of depths and
   variances. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_PHASE_DIAGRAM_H
#define EXAMPLES_PHASE_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgrad/vgrad.h>

#include "support/images.h"

enum {
    DIAGRAM_BATCH = 32,
    DIAGRAM_LEAST_DEPTH = 2, /* Hidden layers. */
    DIAGRAM_MOST_DEPTH = 48,
    DIAGRAM_TEST_ROWS = 200,
    DIAGRAM_CURVE_POINTS = 4 /* Of the line of trainable depth, from one variance to the next. */
};

/* The data that every network sees: images in few pixels, standardised. */
typedef struct diagram_data {
    vgrad_dataset *train, *test;
    int64_t pixels;
    double mean_square; /* Of a pixel of `train`. */
} diagram_data;

/* A network: what it was, and what became of it. */
typedef struct diagram_cell {
    int64_t depth;   /* Hidden layers. */
    double variance; /* Inputs of a layer times the variance of its weights. */
    uint64_t seed;
    double loss_first, loss_last; /* Of images that it was not trained on. */
    double lost;                  /* Decades of |delta| per layer, at the first step. */
    double predicted_lost;
    double trainable_depth; /* Predicted: 6 xi. */
    bool is_done;
} diagram_cell;

/* All networks of one activation. */
typedef struct diagram_plane {
    vgrad_activation activation;
    const diagram_data *data;
    int64_t width, steps, depths, variances;
    diagram_cell *cells;      /* (depths, variances) */
    double *curve;            /* Trainable depth at each of diagram_curve_points(). */
    double critical_variance; /* Predicted: chi = 1 for a signal that has all but faded away. */
} diagram_plane;

/* What the cells say together. */
typedef struct diagram_verdict {
    int64_t cells, trained;
    double median_error;       /* |measured - predicted| decades per layer, at the deeper half. */
    double critical_measured;  /* Where the deepest quarter loses nothing, */
    double critical_predicted; /* and where it was foretold to. */
    double agreement;          /* Share of cells that are trained if no deeper than 6 xi. */
    double best_xis;           /* With which multiple of xi most cells agree, */
    double best_agreement;     /* and how many. */
} diagram_verdict;

/* Zeros; ends the program, after a message, where there is no memory. */
void *diagram_allocate(int64_t count, size_t size);

/* Rows for so many steps. */
void diagram_data_make(diagram_data *data, const images *from, int64_t steps);

/* Shapes the plane and takes the memory; fill in what comes before `cells` first. */
void diagram_make(diagram_plane *plane, int64_t seed);
void diagram_release(diagram_plane *plane);

/* The grid: depths from 2 to 48 evenly, variances from 1/4 to 8 by equal factors. */
double diagram_variance(const diagram_plane *plane, double place);
int64_t diagram_curve_points(const diagram_plane *plane);

/* Job i of the predictions, of as many as diagram_curve_points(): a point of the curve, and all
   cells of its variance if it is one of the grid's. */
void diagram_predict(diagram_plane *plane, int64_t i);

/* Without biases a signal fades away below the critical variance and does not above it. Where it is
   all but 0 chi is proportional to the variance, so one network tells where it is 1. */
void diagram_find_critical(diagram_plane *plane);

/* Trains a cell's network and measures it. */
void diagram_train(const diagram_plane *plane, diagram_cell *cell);

/* Whether its loss fell to nine tenths, both of what it was and of what guessing would have. */
bool diagram_is_trained(const diagram_cell *cell);

/* The variance at which networks of the grid's depth number `depth` are foretold to lose so many
   decades on a layer; NaN if there is none in the plane. */
double diagram_predicted_variance(const diagram_plane *plane, int64_t depth, double lost);

diagram_verdict diagram_judge(const diagram_plane *plane);

#endif
