/* Networks whose gradients are known to be well or ill, each with what there is to find: named ones
   after published experiments, triggers and near misses of single findings, and any number of
   others by recipe. What is expected is decided by how a network is made, never by the probe. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_NETWORKS_H
#define VGRAD_TESTS_NETWORKS_H

#include <stdbool.h>
#include <vgrad/vgrad.h>

#include "runner.h"

/* What can be found, as bits. */
typedef enum verdict {
    VERDICT_HEALTHY = 0,
    VERDICT_VANISHING = 1,   /* |delta| falls: 0.25 decade a hop, 2 hops, 1 decade; or 3 */
    VERDICT_EXPLODING = 2,   /* it grows likewise */
    VERDICT_SATURATED = 4,   /* a layer with rms f' < 0.3 max f' in each 16 steps */
    VERDICT_DEAD = 8,        /* units with f' = 0 on every row of the run */
    VERDICT_STALLED = 16,    /* every kernel's |update| < 1e-6 |W| at all steps */
    VERDICT_TOO_LARGE = 32,  /* a kernel's |update| > 0.1 |W| in step 0 */
    VERDICT_SPIKE = 64,      /* the loss leaps at one step */
    VERDICT_UNCHANGED = 128, /* a parameter that is trained and has the same bits all the time */
    VERDICT_NON_FINITE = 256,
    VERDICT_INITIALIZATION = 512 /* |log10(|W| / sqrt(units))| >= 0.5 of a kernel in step 0, and
                                    delta goes that way there by 0.25 decade */
} verdict;

/* What takes the gradient away, or blows it up: the derivative factor, or the weight factor. */
typedef enum cause { CAUSE_NONE, CAUSE_DERIVATIVE, CAUSE_WEIGHTS } cause;

typedef struct expectation {
    uint32_t verdicts;   /* what must be found: a sum of `verdict`; none: it is healthy */
    uint32_t also;       /* what is true of it too, or can be in the course of its steps */
    cause cause;         /* of VANISHING or EXPLODING */
    int32_t first, last; /* layers concerned, by vgrad_layer_index(); 0, 0: the whole network */
    double low, high;    /* log10 |delta| at the path's begin less that at its end, in step 0 */
    int64_t step;        /* when it happens: 0 from the beginning */
} expectation;

enum { PATH_MOST = 24 };

/* A network with all that it takes to train it: vgrad_trainer_fit(l.trainer, l.data, -1) makes
   l.steps updates. */
typedef struct living {
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_loss loss;
    vgrad_layer *path[PATH_MOST]; /* the layers that a gradient passes, from the first to the last:
                                     dense ones, or the activations of block sums */
    int count;                    /* of the path */
    vgrad_activation activations[PATH_MOST]; /* theirs */
    uint64_t seed;
    int64_t steps;
    expectation expected;
} living;

typedef struct specimen {
    const char *name;
    void (*make)(living *l);
    uint64_t seed; /* of weights, data and order: what is expected was measured with this one */
    int64_t steps;
    expectation expected;
} specimen;

/* The named ones; the last has no name. */
extern const specimen specimens[];

/* NULL if there is none. */
const specimen *specimen_find(const char *name);
/* With its own seed, or another. */
void specimen_make(living *l, const specimen *s);
void specimen_make_seeded(living *l, const specimen *s, uint64_t seed);
/* Adds a layer to the end of the path, and returns it. */
vgrad_layer *living_pass(living *l, vgrad_layer *layer, vgrad_activation activation);
void living_destroy(living *l);

/* A chain of dense layers with a softmax over four clusters. */
typedef struct recipe {
    const char *family;
    int depth, width; /* hidden layers, and the units of each */
    vgrad_activation activation;
    vgrad_initializer initializer;
    double gain;
    double bias;       /* deviation of the first biases */
    int odd;           /* the hidden layer that is made otherwise, from 1; 0: none */
    double odd_gain;   /* that layer's gain, unless 0 */
    double odd_bias;   /* and its first biases */
    bool normalized;   /* batch normalization before each hidden activation */
    bool residual;     /* hidden layers are blocks of two dense layers with a way past them */
    double data_scale; /* the factor of standardized inputs */
    vgrad_optimizer_kind optimizer;
    double rate;
    int64_t steps;
    expectation expected;
} recipe;

/* Numbers 0 to RECIPES - 1 are measured in tests/numeric/networks.c. */
enum { RECIPES = 65 };

recipe recipe_numbered(uint64_t number, bool broken);
void recipe_make(living *l, const recipe *r, uint64_t seed);

#endif
