/*
 * The way a gradient takes: the layers that every path from the inputs to the outputs goes through,
 * and among them those from which to which gains are told.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_PATH_H
#define VGRAD_PROBE_PATH_H

#include <stdbool.h>
#include <vgrad/layer.h>

#include "base/context.h"

/* A layer that everything goes through. */
typedef struct vgrad__stop {
    int32_t layer;
    /* The next stop takes this one alone, and nothing else takes this one. */
    bool is_direct;
    /* Gains are told from anchor to anchor: layers with a kernel, joins, layers of the user's. */
    bool is_anchor;
} vgrad__stop;

typedef struct vgrad__path {
    vgrad__stop *stops; /* from the inputs to the outputs */
    int32_t count, capacity;
} vgrad__path;

/* What the path is found from: layers in the order in which they run. */
typedef struct vgrad__wiring {
    const void *of;
    int32_t (*input_count)(const void *of, int32_t layer);
    int32_t (*input)(const void *of, int32_t layer, int32_t k);
    bool (*is_output)(const void *of, int32_t layer);
    vgrad_layer_kind (*kind)(const void *of, int32_t layer);
} vgrad__wiring;

vgrad_status vgrad__path_find(vgrad__path *path, const vgrad__wiring *wiring, int32_t layer_count,
                              vgrad_context *context);
void vgrad__path_destroy(vgrad__path *path, vgrad_context *context);

#endif
