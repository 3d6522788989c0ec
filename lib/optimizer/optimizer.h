/*
 * An optimizer inside: a rule, its options, its state in slabs. optimizer.c: life and options;
 * update.c: the walk over the slabs; clip.c: gradients that are too long; schedule.c: the learning
 * rate; one file for each rule.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_OPTIMIZER_OPTIMIZER_H
#define VGRAD_OPTIMIZER_OPTIMIZER_H

#include <vgrad/optimizer.h>

#include "network/network.h"

enum { VGRAD__STATES_MAX = 2, VGRAD__OPTIONS_MAX = 24 };

/* Elements that are worked on together while they are in the first-level cache, and the room for
   what is made of them: gradient, penalty, update, and for the weights as they were. */
enum { VGRAD__BLOCK_ELEMENTS = 1024, VGRAD__SCRATCH_ELEMENTS = 4 * VGRAD__BLOCK_ELEMENTS };

/* A range of every slab: what one call of a rule works on. */
typedef struct vgrad__range {
    void *parameters;
    const void *gradients;
    void *states[VGRAD__STATES_MAX];
    void *updates; /* NULL: not wanted */
    size_t count;
} vgrad__range;

typedef struct vgrad__rule_option {
    vgrad_optimizer_option option;
    double initial;
} vgrad__rule_option;

/* An update rule. Adding one: a file with one of these, and its line in optimizer.c. */
typedef struct vgrad__rule {
    const char *name;
    vgrad_optimizer_kind kind;
    int32_t states;   /* slabs, of zeros at first */
    int32_t velocity; /* which of them is momentum's v; -1: none */
    /* Its options besides the learning rate, ended by { 0, 0 }. */
    vgrad__rule_option options[8];
    /* Once before the ranges of an update; NULL: nothing to do. */
    void (*begin)(vgrad_optimizer *optimizer);
    void (*apply)(const vgrad_optimizer *optimizer, const vgrad__range *range);
} vgrad__rule;

extern const vgrad__rule vgrad__rule_sgd, vgrad__rule_rmsprop, vgrad__rule_adam, vgrad__rule_adamw,
    vgrad__rule_nadam, vgrad__rule_adagrad;

/* What clipping does in an update. */
typedef struct vgrad__clip {
    vgrad_optimizer_option by; /* CLIP_GLOBAL_NORM, CLIP_LAYER_NORM, CLIP_VALUE; 0: not at all */
    double scale;              /* by a norm: of the gradients, or of this layer's */
    double norm;               /* L2 of what is left of all gradients, once all are clipped */
    vgrad__moments left;       /* by value: of what is left */
} vgrad__clip;

/* The learning rate as a function of the updates that were made. */
typedef struct vgrad__schedule {
    /* The rate of update `s` after the warm-up; NULL: the base rate. */
    double (*rate)(const struct vgrad__schedule *schedule, int64_t s, double base);
    int64_t warmup, span;
    double figure; /* factor or floor */
    vgrad_schedule users;
    void *user;
} vgrad__schedule;

struct vgrad_optimizer {
    vgrad__references references;
    vgrad_network *network;
    const vgrad__rule *rule;
    double options[VGRAD__OPTIONS_MAX]; /* by vgrad_optimizer_option */
    vgrad__slab states[VGRAD__STATES_MAX];
    int64_t updates; /* begun: the t of Adam's corrections while a rule applies */
    double rate;     /* the learning rate of this update */
    double product;  /* Nadam's P(t) */
    vgrad__clip clip;
    vgrad__schedule schedule;
    void *scratch; /* VGRAD__SCRATCH_ELEMENTS */
};

/* ---- clip.c ---- */

/* VGRAD_E_INVALID if this option would switch a second way of clipping on. */
vgrad_status vgrad__clip_check(const vgrad_optimizer *optimizer, vgrad_optimizer_option option,
                               double value);
/* In the order of an update: its beginning, each layer, each block of it that is trained, its end.
 */
void vgrad__clip_begin(vgrad_optimizer *optimizer);
void vgrad__clip_layer(vgrad_optimizer *optimizer, const vgrad_layer *layer);
void vgrad__clip_block(vgrad_optimizer *optimizer, const void *gradient, void *out, size_t n);
void vgrad__clip_end(vgrad_optimizer *optimizer);

/* Whether the rule sees anything but the gradient itself. */
static inline bool vgrad__clip_changes(const vgrad__clip *clip)
{
    return clip->by == VGRAD_OPTIMIZER_CLIP_VALUE || clip->by == VGRAD_OPTIMIZER_CLIP_LAYER_NORM ||
           clip->scale != 1;
}

/* ---- schedule.c ---- */

/* The rate of the next update; VGRAD_E_CALLBACK if the user's function gives none. */
vgrad_status vgrad__scheduled_rate(const vgrad_optimizer *optimizer, double *rate);

void vgrad__schedule_visit(vgrad_optimizer *optimizer, vgrad__fields *fields);

/* ---- optimizer.c, update.c ---- */

/* Its rule, which must be the same; options, schedule and state, which are taken. */
void vgrad__optimizer_visit(vgrad_optimizer *optimizer, vgrad__fields *fields);

vgrad_optimizer *vgrad__optimizer_hold(vgrad_optimizer *optimizer);

/* One update of every trainable parameter from the gradients as they are; on failure none. */
vgrad_status vgrad__optimizer_update(vgrad_optimizer *optimizer);

#endif
