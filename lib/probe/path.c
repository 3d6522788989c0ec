/*
 * A layer is on every path if no edge passes over it: in the order in which layers run, what comes
 * before it leads to it and what comes after it comes from it. An edge from outside goes to every
 * input, and one from every output to the outside.
 */
/* SPDX-License-Identifier: MIT */
#include "probe/path.h"

/* The last layer that takes this one; the number of layers for an output. */
static int32_t last_user(const vgrad__wiring *w, int32_t layer_count, int32_t layer, int32_t *users)
{
    int32_t last = w->is_output(w->of, layer) ? layer_count : layer;
    *users = 0;
    for (int32_t i = layer + 1; i < layer_count; i++)
        for (int32_t k = 0; k < w->input_count(w->of, i); k++)
            if (w->input(w->of, i, k) == layer) {
                ++*users;
                last = i > last ? i : last;
            }
    return last;
}

/* The last input, to which an edge comes from outside. */
static int32_t last_input(const vgrad__wiring *w, int32_t layer_count)
{
    int32_t last = 0;
    for (int32_t i = 0; i < layer_count; i++)
        if (w->input_count(w->of, i) == 0)
            last = i;
    return last;
}

static bool is_anchor(vgrad_layer_kind kind)
{
    return kind == VGRAD_KIND_DENSE || kind == VGRAD_KIND_CONV || kind == VGRAD_KIND_JOIN ||
           kind == VGRAD_KIND_OTHER;
}

vgrad_status vgrad__path_find(vgrad__path *path, const vgrad__wiring *w, int32_t layer_count,
                              vgrad_context *context)
{
    *path = (vgrad__path){ .capacity = layer_count };
    path->stops = vgrad__allocate(context, (size_t)layer_count, sizeof *path->stops);
    if (!path->stops)
        return VGRAD_E_MEMORY;
    int32_t reach =
        last_input(w, layer_count); /* how far the edges go that began before this layer */
    for (int32_t i = 0; i < layer_count; i++) {
        int32_t users, last = last_user(w, layer_count, i, &users);
        if (reach <= i)
            path->stops[path->count++] =
                (vgrad__stop){ i, users == 1 && last == i + 1, is_anchor(w->kind(w->of, i)) };
        reach = last > reach ? last : reach;
    }
    /* Direct is also that the next stop takes nothing but this one. */
    for (int32_t s = 0; s < path->count; s++) {
        const int32_t next = s + 1 < path->count ? path->stops[s + 1].layer : -1;
        path->stops[s].is_direct &=
            next == path->stops[s].layer + 1 && w->input_count(w->of, next) == 1;
    }
    return VGRAD_OK;
}

void vgrad__path_destroy(vgrad__path *path, vgrad_context *context)
{
    vgrad__release(context, path->stops, (size_t)path->capacity, sizeof *path->stops);
    *path = (vgrad__path){ 0 };
}
