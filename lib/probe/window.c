/* What a window of looks adds up to. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/rules.h"

/* The first factor that is 0, in the order in which a gradient meets them. */
static vgrad__figure cut_cause(const double *figures)
{
    for (int f = VGRAD__LOST_TO_WEIGHTS; f < VGRAD__LOST_IN_BLOCK; f++)
        if (isinf(figures[f]) && figures[f] > 0)
            return (vgrad__figure)f;
    return VGRAD__LOST_IN_BLOCK;
}

/* Which layer of the hop to stop `here` cuts it: the one with the kernel that is 0, or the one
   whose f' is. */
static int32_t find_cut(const vgrad_probe *probe, int32_t here, vgrad__figure by)
{
    const vgrad__path *path = &probe->scene.path;
    int32_t behind = here + 1;
    while (!path->stops[behind].is_anchor)
        behind++;
    if (by == VGRAD__LOST_TO_WEIGHTS || by == VGRAD__LOST_TO_ALIGNMENT)
        return path->stops[behind].layer;
    for (int32_t at = behind - 1; at > here; at--) {
        const vgrad__signal *signal = &probe->scene.layers[path->stops[at].layer].signal;
        if (signal->derivatives > 0 && signal->derivative_squares == 0)
            return path->stops[at].layer;
    }
    return path->stops[here].layer;
}

/* The hop to stop `here`, if this look saw it. */
static void add_hop(vgrad_probe *probe, int32_t here, int64_t rows)
{
    const int32_t index = probe->scene.path.stops[here].layer;
    const double *figures =
        vgrad__scene_figures(&probe->scene, (size_t)index, probe->scene.history.looks - 1);
    vgrad__hop_window *w = &probe->scene.layers[index].hop;
    if (!probe->scene.layers[index].signal.hop_seen)
        return;
    w->samples += rows;
    if (isinf(figures[VGRAD__LOST]) && figures[VGRAD__LOST] > 0) {
        w->cuts++;
        w->cut_by = cut_cause(figures);
        w->cut_at = find_cut(probe, here, w->cut_by);
    }
    if (!isfinite(figures[VGRAD__LOST]))
        return;
    for (int f = VGRAD__LOST; f <= VGRAD__LOST_IN_BLOCK; f++)
        w->lost[f] += figures[f];
    w->hops++;
}

static void add_kernel(vgrad__probe_layer *layer, const vgrad__moments *kernel, bool is_first)
{
    vgrad__layer_window *w = &layer->window;
    const double norm = layer->signal.kernel_norm;
    if (is_first && layer->kind == VGRAD_KIND_DENSE && norm > 0)
        layer->first_gain = log10(norm / sqrt((double)layer->fan_out));
    if (!kernel)
        return;
    if (layer->last_kernel.count > 0) {
        w->compared++;
        w->changes += layer->last_kernel.mean != kernel->mean ||
                      layer->last_kernel.m2 != kernel->m2 ||
                      layer->last_kernel.sum_abs != kernel->sum_abs;
    }
    layer->last_kernel = *kernel;
}

/* Keeps every look's, then every other's, every fourth's, ... as room gets short. */
static void add_ratio(vgrad__layer_window *w, double ratio)
{
    const int64_t stride = w->ratio_stride > 0 ? w->ratio_stride : 1;
    if (w->ratio_looks++ % stride != 0)
        return;
    if (w->ratio_count == VGRAD__RATIOS_MAX) {
        for (int64_t i = 0; i < VGRAD__RATIOS_MAX / 2; i++)
            w->ratios[i] = w->ratios[2 * i];
        w->ratio_count = VGRAD__RATIOS_MAX / 2;
        w->ratio_stride = 2 * stride;
    }
    w->ratios[w->ratio_count++] = ratio;
}

static void add_layer(vgrad_probe *probe, size_t i, const double *figures, int64_t rows)
{
    vgrad__probe_layer *layer = &probe->scene.layers[i];
    vgrad__layer_window *w = &layer->window;
    if (!layer->in_look)
        return;
    if (w->looks++ == 0)
        w->first_step = probe->look.step;
    w->samples += rows;
    add_kernel(layer, vgrad__moments_seen(probe, i, VGRAD_KERNEL), probe->scene.history.looks == 1);
    w->derivatives += layer->signal.derivatives;
    w->derivative_squares += layer->signal.derivative_squares;
    if (!isnan(figures[VGRAD__UPDATE_RATIO]) &&
        probe->look.step >= (int64_t)probe->options[VGRAD_PROBE_UPDATE_AFTER])
        add_ratio(w, figures[VGRAD__UPDATE_RATIO]);
}

void vgrad__window_add_loss(vgrad_probe *probe, double loss)
{
    vgrad__run_window *w = &probe->window;
    if (isfinite(loss))
        w->losses[w->loss_count++ % VGRAD__LOSSES_MAX] = loss;
}

void vgrad__window_add_look(vgrad_probe *probe, int64_t rows)
{
    const size_t look = probe->scene.history.looks - 1;
    vgrad__run_window *w = &probe->window;
    if (w->way_looks++ == 0)
        w->way_first_step = probe->look.step;
    w->samples += rows;
    for (size_t i = 0; i < probe->scene.layer_count; i++)
        add_layer(probe, i, vgrad__scene_figures(&probe->scene, i, look), rows);
    for (int32_t at = 0; at < probe->scene.path.count; at++)
        add_hop(probe, at, rows);
}

double vgrad__hop_loss(const vgrad__hop_window *w)
{
    return w->hops > 0 ? w->lost[VGRAD__LOST] / (double)w->hops : w->lost_before;
}

bool vgrad__window_is_full(const vgrad_probe *probe, int64_t samples)
{
    return samples >= (int64_t)probe->options[VGRAD_PROBE_WINDOW];
}

bool vgrad__window_has_way(const vgrad_probe *probe)
{
    const vgrad__path *path = &probe->scene.path;
    int32_t anchors = 0;
    bool all = true;
    for (int32_t at = path->count; at-- > 0;)
        if (path->stops[at].is_anchor && anchors++ > 0)
            all &= vgrad__window_is_full(probe,
                                         probe->scene.layers[path->stops[at].layer].hop.samples);
    return all && anchors > 1;
}

void vgrad__window_begin(vgrad_probe *probe)
{
    vgrad__run_window *w = &probe->window;
    const bool has_way = vgrad__window_has_way(probe);
    w->samples = 0;
    if (has_way)
        w->way_looks = 0;
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        vgrad__probe_layer *layer = &probe->scene.layers[i];
        if (has_way)
            layer->hop = (vgrad__hop_window){ .lost_before = vgrad__hop_loss(&layer->hop) };
        if (!vgrad__window_is_full(probe, layer->window.samples))
            continue;
        layer->window = (vgrad__layer_window){ .judged = layer->window.judged + 1 };
        memset(layer->signal.alive, 0, (size_t)layer->units);
    }
}
