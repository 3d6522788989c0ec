/* A closer look at a tensor, at some of the looks: its histogram, and moments of each unit. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_CLOSEUP_H
#define VGRAD_PROBE_CLOSEUP_H

#include <stdbool.h>
#include <vgrad/probe.h>

#include "tensor/histogram.h"
#include "tensor/moments.h"

/* Roles that are looked at so. */
enum { VGRAD__CLOSEUPS = 5 };

/* The latest ones of a role of a layer. {0} is an empty one. */
typedef struct vgrad__closeup {
    vgrad__histogram *histogram; /* NULL: not wanted */
    bool counted, counted_now;   /* it was taken; in this look */
    vgrad__moments *units;
    int64_t unit_count, unit_capacity;
    bool units_seen, units_seen_now; /* likewise */
} vgrad__closeup;

struct vgrad__probe_layer;

/* Room for the histograms that the probe's options ask for, of the roles that are watched; what is
   made before a failure is for vgrad__closeups_destroy() to give back. */
vgrad_status vgrad__closeups_create(const vgrad_probe *probe, struct vgrad__probe_layer *layer);
void vgrad__closeups_destroy(const vgrad_probe *probe, struct vgrad__probe_layer *layer);
/* Room for so many units of a role, if the options and the role ask for it. */
vgrad_status vgrad__closeup_reserve(const vgrad_probe *probe, struct vgrad__probe_layer *layer,
                                    vgrad_role role, int64_t units);

/* The role that stands at a place among those that are looked at so. */
vgrad_role vgrad__closeup_role(int32_t place);

/* A look begins. */
void vgrad__closeups_begin(struct vgrad__probe_layer *layer);
/* Whether this look is to look closely at the layer's tensors of the role. */
bool vgrad__closeup_wants(const struct vgrad__probe_layer *layer, vgrad_role role);
/* Looks at one, if it is to and the role is watched. Its numbers are `scale` times too large; there
   is room for its units. */
void vgrad__closeup_look(vgrad_probe *probe, int32_t layer, vgrad_role role,
                         const vgrad_tensor *tensor, double scale);

/* Adds a histogram to this look's. */
void vgrad__closeup_add_histogram(vgrad__closeup *closeup, const vgrad__histogram *more);
/* This look sees so many units, for which there is room; nothing of them was seen yet. */
void vgrad__closeup_begin_units(vgrad__closeup *closeup, int64_t count);

/* vgrad_probe_read() of a quantity that is read from a histogram. */
vgrad_status vgrad__closeup_read(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                 vgrad_quantity quantity, double *out);

#endif
