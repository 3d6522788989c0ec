/*
 * What looking costs: steps that are looked at beside steps that are not, by the time from the
 * begin of one to the begin of the next; and how seldom to look so that it costs no more than it
 * may. Medians, so that what else happens between steps (an epoch's end, another process) is no
 * part of it; of each kind of look by itself, as those that are dear may be the fewer.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_COST_H
#define VGRAD_PROBE_COST_H

#include <stdbool.h>
#include <stdint.h>

enum { VGRAD__TIMES_MAX = 64, VGRAD__CADENCES_MAX = 64, VGRAD__LOOK_KINDS_MAX = 16 };

typedef struct vgrad__times {
    double seconds[VGRAD__TIMES_MAX]; /* the latest */
    int64_t count;                    /* ever */
} vgrad__times;

typedef struct vgrad__cost {
    vgrad__times plain;
    struct vgrad__look_kind {
        uint64_t kind; /* 0: not come yet */
        vgrad__times times;
    } looked[VGRAD__LOOK_KINDS_MAX]; /* the last has all for which there is no room */
    bool running;                    /* a step has begun */
    uint64_t kind;                   /* of the look at it; 0: it is not looked at */
    double began;
    int64_t stretch; /* looks are so many times as far apart as was asked for; 0: never changed */
    /* When that changed: the first step, and from which to which the looks are apart. */
    int64_t steps[VGRAD__CADENCES_MAX], every[VGRAD__CADENCES_MAX];
    int64_t changes;
} vgrad__cost;

/* How far apart looks are, where `every` was asked for. */
int64_t vgrad__cost_every(const vgrad__cost *cost, int64_t every);
/* A step begins, with a look of that kind, or 0: none. */
void vgrad__cost_begin(vgrad__cost *cost, double now, uint64_t kind);
/* What looking at every step would cost, as a share of a step, if the kinds of looks come as often
   as they have: of those of which enough are known; NaN: of none, or of steps without a look. */
double vgrad__cost_of_a_look(const vgrad__cost *cost);
/* Percent of the run's time with a look every so many steps; NaN likewise. */
double vgrad__cost_percent(const vgrad__cost *cost, int64_t every);
/* Between epochs, before `step`: looks may cost `limit` percent; 0: whatever they cost. */
void vgrad__cost_limit(vgrad__cost *cost, double limit, int64_t every, int64_t step);

#endif
