/*
 * A probe inside: the layers that it looks at, what it has seen of them, and the look in progress.
 * attach.c brings a network's tensors, declare.c those of a loop of the user's; from there on both
 * are the same.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_PROBE_H
#define VGRAD_PROBE_PROBE_H

#include <stdbool.h>
#include <vgrad/probe.h>

#include "base/context.h"
#include "base/status.h"
#include "network/observer.h"
#include "probe/closeup.h"
#include "probe/cost.h"
#include "probe/finding.h"
#include "probe/history.h"
#include "probe/path.h"
#include "probe/window.h"

enum { VGRAD__WATCHABLE = 17 };

/* Where a role stands among those that can be watched; -1: nowhere. */
int32_t vgrad__watchable(vgrad_role role);
/* The role that stands there. */
vgrad_role vgrad__watchable_role(int32_t place);

/* ---- what a look gathers of a layer, beside moments ---- */

/* L2 norms of the rows of a tensor. */
typedef struct vgrad__row_norms {
    double *norms;
    int64_t count, capacity;     /* count 0: not seen in this look */
    int64_t odd_row, odd_column; /* the first element that is not finite; -1: all are */
} vgrad__row_norms;

typedef struct vgrad__signal {
    vgrad__row_norms input, delta;
    double kernel_norm, kernel_gradient_norm; /* NaN: not seen */
    /* f' over the elements of this look. */
    int64_t derivatives;
    double derivative_squares;
    /* Units whose f' was not 0 somewhere: in this look, and in the window's looks that ended. */
    uint8_t *alive_now, *alive;
    bool hop_seen; /* delta at either end of the hop to here, and the layers between */
} vgrad__signal;

/* A tensor of the look of which a copy is kept. */
typedef struct vgrad__kept {
    void *data;
    size_t capacity; /* bytes */
    bool is_there;   /* in this look */
    vgrad_tensor view;
} vgrad__kept;

/* ---- what a layer is ---- */

/* How often a layer is looked at: at looks whose step is a multiple; 0: never. */
typedef struct vgrad__cadence {
    double every, histogram_every, units_every;
} vgrad__cadence;

typedef struct vgrad__probe_layer {
    char name[64];
    vgrad_layer_kind kind;
    vgrad_activation activation; /* of a declared layer */
    int64_t fan_in, fan_out, units;
    vgrad__cadence cadence;
    bool in_look;            /* the look is one of its cadence */
    bool counts, sees_units; /* and takes its histograms, and statistics of each of its units */
    bool has_derivative, is_output;
    bool is_odd;                      /* at its latest look something of it was not finite */
    bool trainable;                   /* at the latest look */
    double steepest;                  /* max |f'| */
    bool below_batch_norm;            /* what comes back to it is of no sample alone */
    int32_t series[VGRAD__WATCHABLE]; /* in the history; -1: not watched */
    vgrad__signal signal;
    vgrad__kept kernel_before; /* its update; of a declared layer */
    vgrad__closeup closeups[VGRAD__CLOSEUPS];
    vgrad__layer_window window;
    vgrad__hop_window hop;      /* to here from the anchor behind */
    vgrad__moments last_kernel; /* count 0: not seen yet */
    double first_gain;          /* log10 of the kernel's gain at the first look; NaN: not known */
} vgrad__probe_layer;

/* ---- the probe ---- */

/* All that comes and goes with the layers. */
typedef struct vgrad__scene {
    vgrad__probe_layer *layers;
    size_t layer_count, layer_capacity;
    vgrad__path path;
    vgrad__history history;
    vgrad__history flight; /* the looks up to the first that is not finite; empty before */
    vgrad__findings findings;
    int32_t *of_tensor; /* attached: layer * VGRAD__WATCHABLE + place by the network's number */
    size_t tensor_count;
} vgrad__scene;

/* What becomes of one look in particular. */
typedef struct vgrad__look {
    bool open;
    bool closer; /* its turn to look at what the budget takes, too */
    int64_t step;
    /* Of a loop of the user's. */
    bool in_step;
    bool has_begun; /* some step */
    int64_t rows;   /* of the tensors of its pass */
} vgrad__look;

/* Someone who is shown every look that has ended. */
typedef struct vgrad__viewer {
    void *self;
    bool (*looked)(void *self, const vgrad_probe *probe); /* false: it wants to see no more */
    void (*left)(void *self); /* nothing more is shown, as it wants no more or the probe goes */
} vgrad__viewer;

enum { VGRAD__PROBE_OPTIONS_MAX = 48 };

/* What was asked for one layer, by its name. NaN: what holds for all. */
typedef struct vgrad__wish {
    char name[64];
    bool is_spared;
    vgrad__cadence cadence;
} vgrad__wish;

struct vgrad_probe {
    vgrad_context *context;
    double options[VGRAD__PROBE_OPTIONS_MAX];
    vgrad__wish *wishes;
    size_t wish_count, wish_capacity;
    uint32_t roles;         /* a bit for each place among the watchable */
    vgrad_network *network; /* NULL: not attached */
    bool declaring;         /* the layers are those of a loop of the user's */
    vgrad__observer observer;
    vgrad__scene scene;
    vgrad__look look;
    vgrad__run_window window;
    vgrad__cost cost;
    vgrad__viewer *viewers;
    size_t viewer_count, viewer_capacity;
};

/* From the next look on. */
vgrad_status vgrad__probe_show(vgrad_probe *probe, const vgrad__viewer *viewer);

/* VGRAD_OK if nothing is attached. */
vgrad_status vgrad__check_not_attached(const vgrad_probe *probe);
/* VGRAD_OK where what is watched, or remembered, can still be chosen. */
vgrad_status vgrad__check_early(const vgrad_probe *probe);
/* VGRAD_OK if it is an option, and the value one that it can have. */
vgrad_status vgrad__check_option(vgrad_probe_option option, double value);
/* How often a layer of that name is to be looked at (wish.c). */
vgrad__cadence vgrad__cadence_of(const vgrad_probe *probe, const char *name);

/* NULL, with the error, if there is none. */
const vgrad__probe_layer *vgrad__probe_layer_at(const vgrad_probe *probe, int32_t layer);
/* VGRAD_OK if the role of that layer is looked at. */
vgrad_status vgrad__check_watched(const vgrad_probe *probe, const vgrad__probe_layer *layer,
                                  vgrad_role role);

/* ---- scene.c ---- */

/* Adds a layer of that name that watches nothing; the caller sets the rest. NULL: no memory. */
vgrad__probe_layer *vgrad__scene_add_layer(const vgrad_probe *probe, vgrad__scene *scene,
                                           const char *name);
/* Numbers what is watched, and makes room for its history; on failure there is none. */
vgrad_status vgrad__scene_complete(const vgrad_probe *probe, vgrad__scene *scene,
                                   const vgrad__wiring *wiring);
void vgrad__scene_destroy(const vgrad_probe *probe, vgrad__scene *scene);
/* The probe looks at other layers from now on, and begins anew. */
void vgrad__scene_replace(vgrad_probe *probe, const vgrad__scene *fresh);

/* What a look saw of a layer's tensor; NULL: nothing. */
const vgrad__moments *vgrad__scene_moments(const vgrad__scene *scene, size_t layer, vgrad_role role,
                                           size_t look);
/* A layer's figures of a look. */
double *vgrad__scene_figures(const vgrad__scene *scene, size_t layer, size_t look);
/* The loss of a look; NaN: not known. */
double *vgrad__scene_loss(const vgrad__scene *scene, size_t look);

/* ---- look.c ---- */

/* The L2 norm of a packed tensor of float32 or float64. */
double vgrad__norm(const vgrad_tensor *tensor);
/* A look at this step begins. */
void vgrad__look_begin(vgrad_probe *probe, int64_t step);
/* What the look that has begun takes in: layers, histograms, units, the budget. Of two that take in
   the same it is the same, and never 0. */
uint64_t vgrad__look_kind(const vgrad_probe *probe);
/* It saw these moments. */
void vgrad__look_moments(vgrad_probe *probe, int32_t layer, int32_t place,
                         const vgrad__moments *moments);
/* It saw the rows of this tensor, whose numbers are `scale` times too large. VGRAD_E_MEMORY leaves
   them out. */
vgrad_status vgrad__look_rows(vgrad_probe *probe, vgrad__row_norms *rows,
                              const vgrad_tensor *tensor, double scale);
/* It saw f' of `count` elements of a layer, the first of them element `first` of the batch. */
void vgrad__look_derivative(vgrad_probe *probe, int32_t layer, const double *derivative,
                            int64_t first, int64_t count);
/* It has seen all there is: figures are made of it. */
void vgrad__look_end(vgrad_probe *probe, double loss, int64_t rows);

/* ---- lost.c ---- */

/* A declared layer's kernel came, and its update may follow. */
vgrad_status vgrad__lost_keep(vgrad_probe *probe, int32_t layer, const vgrad_tensor *kernel);
/* The update came: VGRAD_UPDATES_LOST is made, if the kernel was kept. */
void vgrad__lost_count(vgrad_probe *probe, int32_t layer, const vgrad_tensor *update);
void vgrad__kept_release(const vgrad_probe *probe, vgrad__kept *kept);

#endif
