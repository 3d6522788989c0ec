/*
 * An optimizer inside: a rule, its options, its state in slabs. optimizer.c: life and options;
 * update.c: the walk over the slabs; one file for each rule.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_OPTIMIZER_OPTIMIZER_H
#define VGRAD_OPTIMIZER_OPTIMIZER_H

#include <vgrad/optimizer.h>

#include "network/network.h"

enum { VGRAD__STATES_MAX = 2, VGRAD__OPTIONS_MAX = 24 };

/* Elements that are worked on together while they are in the first-level cache, and the room for
   what is made of them: gradient, penalty, update. */
enum { VGRAD__BLOCK_ELEMENTS = 1024, VGRAD__SCRATCH_ELEMENTS = 3 * VGRAD__BLOCK_ELEMENTS };

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

struct vgrad_optimizer {
    vgrad__references references;
    vgrad_network *network;
    const vgrad__rule *rule;
    double options[VGRAD__OPTIONS_MAX]; /* by vgrad_optimizer_option */
    vgrad__slab states[VGRAD__STATES_MAX];
    int64_t updates; /* begun: the t of Adam's corrections while a rule applies */
    double rate;     /* the learning rate of this update */
    double product;  /* Nadam's P(t) */
    void *scratch;   /* VGRAD__SCRATCH_ELEMENTS */
};

vgrad_optimizer *vgrad__optimizer_hold(vgrad_optimizer *optimizer);

/* One update of every trainable parameter from the gradients as they are. */
void vgrad__optimizer_update(vgrad_optimizer *optimizer);

#endif
