/* What modern_network.c puts together: figures of plain arithmetic, and trained networks. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_MODERN_NETWORK_H
#define EXAMPLES_MODERN_NETWORK_H

#include <stdbool.h>

#include "support/capture.h"
#include "support/images.h"
#include "support/results.h"

/* ---- modern_network_theory.c: one layer, two layers, and powers ---- */

/* A forward and a backward pass through two layers, with the size of all that goes through. */
void theory_two_layers(results *files, bool quiet, uint32_t numpy_seed);

/* The gradient that is left if every layer lets through the same share. */
void theory_decay(results *files, bool quiet);

/* Sigmoid, tanh and ReLU with their derivatives, and the largest of these. */
void theory_activations(results *files, bool quiet);

/* ---- modern_network_demo.c: ten layers of sigmoid units, weights 0.01 N(0, 1) ---- */

enum { DEMO_LAYERS = 10, DEMO_ROWS = 32, DEMO_UNITS = 100 };

typedef struct demo_figures {
    double as_printed[DEMO_LAYERS]; /* mean |dL/dz|, with f' taken at the activation */
    double correct[DEMO_LAYERS];    /* with f' taken at z */
    double check_as_printed;        /* what the gradient checker says of either derivative */
    double check_correct;
} demo_figures;

void demo_run(demo_figures *out, uint32_t numpy_seed);

void demo_write(const demo_figures *demo, results *files, bool quiet);

/* ---- modern_network_nets.c: networks on digits ---- */

enum { FINDINGS_MOST = 24, LATE_BATCHES = 10 };

/* A network, by what is put into it. */
typedef struct modern_plan {
    const char *name;
    const char *part; /* "deep", "residual" or "conv" */
    vgrad_activation activation;
    vgrad_initializer kernels, biases;
    bool skip, norm, clip;
} modern_plan;

extern const modern_plan modern_plans[]; /* Ends with a name of NULL. */

/* Something that a probe found, once for each layer. */
typedef struct modern_finding {
    int64_t code, severity; /* The gravest that it was. */
    int64_t since;          /* The step at which it was raised. */
    int64_t until;          /* That at which it was cleared; -1: it never was. */
    char layer[CAPTURE_NAME_SIZE];
    char message[256];
} modern_finding;

typedef struct modern_batch {
    double loss;
    double norm;    /* of all gradients, before clipping */
    double clipped; /* after it */
} modern_batch;

/* One training of one plan. */
typedef struct modern_run {
    const modern_plan *plan;
    int64_t seed;
    capture gradients;     /* of the kernels, at every batch, before clipping */
    modern_batch *batches; /* as many as gradients.count */
    int64_t planned;       /* how many there should be */
    int64_t record;        /* every so many of them; 0: none */
    const char *out;       /* where to */
    double test_loss, test_accuracy;
    modern_finding findings[FINDINGS_MOST];
    int finding_count;
    char budget[256]; /* what delta loses on its way, by the first look and the latest */
    char first_budget[256];
} modern_run;

void modern_train(modern_run *run, const images *data);

void modern_release(modern_run *run);

/* "vanishing", "exploding" or what else was gravest; "healthy" where nothing was a warning. */
const char *modern_verdict(const modern_run *run);

/* The mean over the last batches, ten at most, of their losses or norms. */
double modern_late_loss(const modern_run *run);
double modern_late_norm(const modern_run *run);

/* ---- modern_network_write.c: what is said and left of trained networks ---- */

void modern_print(const modern_run *run);

void modern_write(results *files, const modern_run *run);

/* Tables for the pictures: kernels.csv and batches.csv. */
void modern_tables(results *files, const modern_run *runs, int count);

#endif
