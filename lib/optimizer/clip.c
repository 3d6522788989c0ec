/* Gradients that are too long: by their norm, a layer's, or each element's value. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "optimizer/optimizer.h"

static const struct {
    vgrad_optimizer_option option;
    const char *name;
} ways[] = { { VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, "clip_global_norm" },
             { VGRAD_OPTIMIZER_CLIP_LAYER_NORM, "clip_layer_norm" },
             { VGRAD_OPTIMIZER_CLIP_VALUE, "clip_value" } };
enum { WAYS = sizeof ways / sizeof *ways };

vgrad_status vgrad__clip_check(const vgrad_optimizer *optimizer, vgrad_optimizer_option option,
                               double value)
{
    const char *name = NULL;
    for (int i = 0; i < WAYS; i++)
        if (ways[i].option == option)
            name = ways[i].name;
    for (int i = 0; i < WAYS && name && value > 0; i++)
        if (ways[i].option != option && optimizer->options[ways[i].option] > 0)
            return vgrad__fail(VGRAD_E_INVALID, "%s: one way at a time, and %s is %g, got %g", name,
                               ways[i].name, optimizer->options[ways[i].option], value);
    return VGRAD_OK;
}

/* min(1, c / (norm + epsilon)); a norm that is no number says nothing of how long is too long. */
static double scale_for(const vgrad_optimizer *optimizer, double norm)
{
    double limit = optimizer->options[optimizer->clip.by];
    double scale = limit / (norm + optimizer->options[VGRAD_OPTIMIZER_CLIP_EPSILON]);
    return isfinite(norm) && scale < 1 ? scale : 1;
}

void vgrad__clip_begin(vgrad_optimizer *optimizer)
{
    vgrad__clip *clip = &optimizer->clip;
    *clip = (vgrad__clip){ .scale = 1 };
    for (int i = 0; i < WAYS; i++)
        if (optimizer->options[ways[i].option] > 0)
            clip->by = ways[i].option;
    if (clip->by == VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM) {
        clip->norm = vgrad__gradient_norm(optimizer->network, NULL);
        clip->scale = scale_for(optimizer, clip->norm);
        clip->norm *= clip->scale;
    }
}

void vgrad__clip_layer(vgrad_optimizer *optimizer, const vgrad_layer *layer)
{
    vgrad__clip *clip = &optimizer->clip;
    if (clip->by != VGRAD_OPTIMIZER_CLIP_LAYER_NORM)
        return;
    double norm = vgrad__gradient_norm(optimizer->network, layer);
    clip->scale = scale_for(optimizer, norm);
    clip->norm = hypot(clip->norm, norm * clip->scale);
}

void vgrad__clip_block(vgrad_optimizer *optimizer, const void *gradient, void *out, size_t n)
{
    const vgrad__kernels *kernels = optimizer->network->kernels;
    vgrad__clip *clip = &optimizer->clip;
    bool by_value = clip->by == VGRAD_OPTIMIZER_CLIP_VALUE;
    double bound = by_value ? optimizer->options[clip->by] : (double)INFINITY;
    kernels->clip(gradient, out, n, clip->scale, bound);
    if (by_value)
        kernels->moments(out, n, &clip->left);
}

void vgrad__clip_end(vgrad_optimizer *optimizer)
{
    vgrad__clip *clip = &optimizer->clip;
    if (clip->by != VGRAD_OPTIMIZER_CLIP_VALUE || clip->left.count == 0)
        return; /* known already, or nothing is trained */
    clip->norm = clip->left.finite < clip->left.count ? (double)NAN
                                                      : vgrad__moments_read(&clip->left, VGRAD_L2);
}
