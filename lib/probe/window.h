/*
 * What is judged: all looks at some number of samples, as one. Windows count samples, not time, so
 * that what is found does not hang on how large a batch is.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_WINDOW_H
#define VGRAD_PROBE_WINDOW_H

#include "probe/figures.h"
#include "tensor/moments.h"

enum { VGRAD__RATIOS_MAX = 64 }; /* of which the median is taken: at even distances */

typedef struct vgrad__layer_window {
    int64_t first_step, looks, samples; /* of the looks at this layer */
    int64_t derivatives;
    double derivative_squares;
    double ratios[VGRAD__RATIOS_MAX]; /* log10 |U| / |W| */
    int64_t ratio_count;
    int64_t ratio_looks, ratio_stride; /* of which every so many are kept */
    int64_t compared, changes; /* kernels with that of the look before; which was another one */
    int64_t judged;            /* windows before this one */
} vgrad__layer_window;

/* Sums over looks of a hop's figures, from VGRAD__LOST to VGRAD__LOST_IN_BLOCK. */
typedef struct vgrad__hop_window {
    int64_t samples; /* of looks at all its layers */
    double lost[VGRAD__LOST_IN_BLOCK + 1];
    int64_t hops;         /* looks in which the hop was whole */
    double lost_before;   /* a look, in the latest window that had such; 0: none had */
    int64_t cuts;         /* looks in which nothing came through */
    vgrad__figure cut_by; /* what let nothing through at the latest cut, and which layer */
    int32_t cut_at;
} vgrad__hop_window;

enum { VGRAD__LOSSES_MAX = 128 };

/* Of the whole run. */
typedef struct vgrad__run_window {
    int64_t samples;
    int64_t way_first_step, way_looks; /* since the way of delta was judged */
    double losses[VGRAD__LOSSES_MAX];  /* the latest, across windows */
    int64_t loss_count;
} vgrad__run_window;

#endif
