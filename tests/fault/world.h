/* A whole training run, made call by call, so that any call can be disturbed and tried again. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_WORLD_H
#define VGRAD_TESTS_WORLD_H

#include <vgrad/vgrad.h>

enum { WORLD_ROWS = 40, WORLD_VALIDATION_ROWS = 50, WORLD_WEIGHTS = 2 * 5 + 5 + 5 * 4 + 4 + 4 + 1 };

typedef struct world {
    vgrad_context *context; /* borrowed */
    vgrad_dtype dtype;
    vgrad_optimizer_kind kind; /* 0: Adam alone; else with all that lies around a rule */
    vgrad_dataset *circles, *copy, *data, *validation, *moons, *blobs, *spirals, *corners;
    double x[WORLD_ROWS * 2], y[WORLD_ROWS];
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_probe *probe;
    int tries;            /* at adding layers */
    int callbacks;        /* added so far */
    vgrad_callback heard; /* what they call; NULL: one that does nothing */
    void *user;           /* for it */
    double loss, accuracy, answers[300];
    const char *left; /* an `out` that a failed call did not set to NULL */
} world;

/* A call, or a few of one kind. Tried again after a failure, it goes on where it was. */
typedef struct phase {
    const char *name;
    vgrad_status (*run)(world *w);
} phase;

extern const phase world_phases[];
extern const int world_phase_count;

/* All phases before number `end`; the first status that is not VGRAD_OK. */
vgrad_status world_run(world *w, int begin, int end);
/* Every parameter, in order. */
void world_weights(const world *w, double *weights);
/* Everything that was made, in no sensible order. */
void world_destroy(world *w);

#endif
