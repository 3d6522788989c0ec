/* What was seen of every tensor at the latest looks. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_HISTORY_H
#define VGRAD_PROBE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <vgrad/context.h>

#include "tensor/moments.h"

/* One look at one tensor. */
typedef struct vgrad__sight {
    bool seen;
    vgrad__moments moments;
} vgrad__sight;

/* A ring of `capacity` looks, each with a row of `series` sights and one of `figures` numbers. {0}
   is an empty one. */
typedef struct vgrad__history {
    vgrad_context *context; /* borrowed */
    size_t series, figure_count, capacity;
    size_t looks; /* ever taken */
    int64_t *steps;
    vgrad__sight *sights;
    double *figures;
} vgrad__history;

vgrad_status vgrad__history_create(vgrad__history *history, size_t series, size_t figures,
                                   size_t capacity, vgrad_context *context);
void vgrad__history_destroy(vgrad__history *history);

/* A new look. */
void vgrad__history_begin(vgrad__history *history, int64_t step);
/* Forgets the latest look. */
void vgrad__history_drop(vgrad__history *history);
void vgrad__history_add(vgrad__history *history, size_t series, const vgrad__moments *moments);

/* Looks that are still there: those from `vgrad__history_first` up to history->looks. */
size_t vgrad__history_first(const vgrad__history *history);
int64_t vgrad__history_step(const vgrad__history *history, size_t look);
/* The latest looks of `from`, as many as there is room for, become all of `history`; both have the
   same series and figures. */
void vgrad__history_copy(vgrad__history *history, const vgrad__history *from);

/* The figures of a look, NaN at first. */
double *vgrad__history_figures(const vgrad__history *history, size_t look);
/* Whether the latest look saw something that is not finite. */
bool vgrad__history_is_odd(const vgrad__history *history);
/* NULL if the series was not seen at that look. */
const vgrad__moments *vgrad__history_at(const vgrad__history *history, size_t series, size_t look);

#endif
