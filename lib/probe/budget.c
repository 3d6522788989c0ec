/*
 * From one anchor of the path back to the one before it, with g = dL/da and delta = dL/dz,
 * Frobenius norms over the batch:
 *
 *     |delta_p| / |delta_l| = |g_p| / |delta_l|   what l lets through
 *                           * |delta_p| / |g_p|   what p's activation lets through
 *
 * For a dense l with kernel W (n inputs, m units) that takes p alone, the first factor is
 *     r A,  r = |W|_F / sqrt(m)     what an isotropic delta would gain
 *           A = (|g_p| / |delta_l|) / r   how it stands to W's singular directions
 * and for an activation that works element by element the second is
 *     d C,  d = sqrt(mean f'^2),  C = (|delta_p| / |g_p|) / d   whether g sits on steep units.
 * What is neither is told as a whole. Logarithms of the factors add up to that of the product.
 *
 * The kernel's gradient of a dense layer, whose rows of delta hold the 1/B of the mean:
 *     |dW| = |delta| I C,  I = sqrt(B sum_b |delta_b|^2 |a_b|^2) / |delta|,
 *     C = |dW| / sqrt(B sum_b |delta_b|^2 |a_b|^2): 1 if all samples agree, 1 / sqrt(B) for noise.
 */
/* SPDX-License-Identifier: MIT */
#include "probe/budget.h"

#include <math.h>

#include "probe/figures.h"

/* The look whose figures are made. */
typedef struct scribe {
    const vgrad__scene *scene;
    size_t look;
} scribe;

static double *figures_of(const scribe *s, int32_t layer)
{
    return vgrad__scene_figures(s->scene, (size_t)layer, s->look);
}

/* A norm that this look saw; NaN if it did not. */
static double norm_seen(const scribe *s, int32_t layer, vgrad_role role)
{
    const vgrad__moments *moments = vgrad__scene_moments(s->scene, (size_t)layer, role, s->look);
    if (!moments || moments->finite < moments->count)
        return (double)NAN;
    return vgrad__moments_read(moments, VGRAD_L2);
}

/* Decades that a quantity loses; 0 / 0, where it was cut before, is none. */
static double lost(double from, double to)
{
    return log10(from) - log10(to);
}

static double derivative_rms(const vgrad__probe_layer *layer)
{
    if (!layer->has_derivative)
        return 1;
    return layer->signal.derivatives > 0
               ? sqrt(layer->signal.derivative_squares / (double)layer->signal.derivatives)
               : (double)NAN;
}

/* What p's activation takes, from g to delta. */
static void add_activation(const scribe *s, int32_t p, double *to)
{
    const vgrad__probe_layer *layer = &s->scene->layers[p];
    const double delta = norm_seen(s, p, VGRAD_DELTA);
    const double g = norm_seen(s, p, VGRAD_ACTIVATION_GRADIENT);
    const double rms = derivative_rms(layer);
    if (layer->has_derivative) {
        to[VGRAD__LOST_TO_DERIVATIVE] += -log10(rms);
        to[VGRAD__LOST_TO_CORRELATION] += lost(g * rms, delta);
    } else {
        to[VGRAD__LOST_IN_BLOCK] += lost(g, delta);
    }
}

/* What lies between the delta of stop `at` + 1 and the g of stop `at`. */
static void add_passage(const scribe *s, int32_t at, double *to)
{
    const vgrad__stop *stop = &s->scene->path.stops[at];
    const int32_t p = stop->layer, l = stop[1].layer;
    const vgrad__probe_layer *layer = &s->scene->layers[l];
    const double g = norm_seen(s, p, VGRAD_ACTIVATION_GRADIENT);
    const double delta = norm_seen(s, l, VGRAD_DELTA);
    if (stop->is_direct && layer->kind == VGRAD_KIND_DENSE && !isnan(layer->signal.kernel_norm)) {
        const double gain = layer->signal.kernel_norm / sqrt((double)layer->fan_out);
        to[VGRAD__LOST_TO_WEIGHTS] += -log10(gain);
        to[VGRAD__LOST_TO_ALIGNMENT] += lost(delta * gain, g);
    } else {
        to[VGRAD__LOST_IN_BLOCK] += lost(delta, g);
    }
}

/* Whether this look was one at all the layers of a hop, and saw delta at either end. */
static bool sees_hop(const scribe *s, int32_t here, int32_t behind)
{
    const vgrad__stop *stops = s->scene->path.stops;
    bool all = true;
    for (int32_t at = here; at <= behind; at++)
        all &= s->scene->layers[stops[at].layer].in_look;
    return all && vgrad__scene_moments(s->scene, (size_t)stops[here].layer, VGRAD_DELTA, s->look) &&
           vgrad__scene_moments(s->scene, (size_t)stops[behind].layer, VGRAD_DELTA, s->look);
}

/* From the anchor at `behind` back to the one at `here`. */
static void make_hop(const scribe *s, int32_t here, int32_t behind)
{
    vgrad__signal *signal = &s->scene->layers[s->scene->path.stops[here].layer].signal;
    double *to = figures_of(s, s->scene->path.stops[here].layer);
    signal->hop_seen = sees_hop(s, here, behind);
    if (!signal->hop_seen)
        return;
    for (int f = VGRAD__LOST_TO_WEIGHTS; f <= VGRAD__LOST_IN_BLOCK; f++)
        to[f] = 0;
    for (int32_t at = behind; at-- > here;) {
        add_passage(s, at, to);
        add_activation(s, s->scene->path.stops[at].layer, to);
    }
    to[VGRAD__LOST] = lost(norm_seen(s, s->scene->path.stops[behind].layer, VGRAD_DELTA),
                           norm_seen(s, s->scene->path.stops[here].layer, VGRAD_DELTA));
}

static void make_hops(const scribe *s)
{
    int32_t behind = -1;
    for (int32_t at = s->scene->path.count; at-- > 0;) {
        if (!s->scene->path.stops[at].is_anchor)
            continue;
        if (behind >= 0)
            make_hop(s, at, behind);
        behind = at;
    }
}

/*
 * A dense layer's gradient by samples: sample b's own is B delta_b a_b^T, of norm B |delta_b|
 * |a_b|. With G the mean gradient over the batch and g_b a sample's (McCandlish et al. 2018,
 * appendix A): |G_true|^2 ~ (B |G|^2 - mean |g_b|^2) / (B - 1),  S ~ (mean |g_b|^2 - |G|^2) / (1 -
 * 1/B), and the noise scale is S / |G_true|^2. The norm test (Byrd et al. 2012) is the variance of
 * G over its square: (mean |g_b|^2 - |G|^2) / ((B - 1) |G|^2).
 */
static void make_samples(const scribe *s, int32_t index)
{
    const vgrad__probe_layer *layer = &s->scene->layers[index];
    const vgrad__signal *signal = &layer->signal;
    double *to = figures_of(s, index), squares = 0;
    const int64_t rows = signal->delta.count;
    if (layer->kind != VGRAD_KIND_DENSE || rows == 0 || signal->input.count != rows)
        return;
    const double delta = norm_seen(s, index, VGRAD_DELTA), norm = signal->kernel_gradient_norm;
    if (!(delta > 0))
        return;
    for (int64_t b = 0; b < rows; b++) {
        const double one = signal->delta.norms[b] / delta * signal->input.norms[b];
        squares += one * one;
    }
    const double all = sqrt((double)rows * squares); /* by |delta| */
    to[VGRAD__INPUT_FACTOR] = all;
    to[VGRAD__COHERENCE] = norm / delta / all;
    if (layer->below_batch_norm)
        return;
    /* mean |g_b|^2 / |delta|^2 and |G|^2 / |delta|^2 */
    const double of_sample = all * all, of_mean = norm / delta * (norm / delta);
    to[VGRAD__SAMPLE_NORM] = all * delta;
    if (rows < 2 || isnan(of_mean))
        return;
    const double b = (double)rows;
    const double truth = (b * of_mean - of_sample) / (b - 1);
    to[VGRAD__NOISE_SCALE] =
        truth > 0 ? (of_sample - of_mean) / (1 - 1 / b) / truth : (double)INFINITY;
    to[VGRAD__NORM_TEST] = (of_sample - of_mean) / ((b - 1) * of_mean);
}

static void make_derivative(const scribe *s, int32_t index)
{
    const vgrad__probe_layer *layer = &s->scene->layers[index];
    double *to = figures_of(s, index);
    if (!layer->has_derivative || layer->signal.derivatives == 0)
        return;
    to[VGRAD__DERIVATIVE_RMS] = derivative_rms(layer);
    to[VGRAD__SATURATION] = to[VGRAD__DERIVATIVE_RMS] / layer->steepest;
    int64_t dead = 0;
    for (int64_t unit = 0; unit < layer->units; unit++)
        dead += !layer->signal.alive[unit];
    to[VGRAD__DEAD_SHARE] = (double)dead / (double)layer->units;
}

static void make_update(const scribe *s, int32_t index)
{
    figures_of(s, index)[VGRAD__UPDATE_RATIO] =
        lost(norm_seen(s, index, VGRAD_KERNEL_UPDATE), norm_seen(s, index, VGRAD_KERNEL));
}

void vgrad__budget(vgrad_probe *probe)
{
    const scribe s = { &probe->scene, probe->scene.history.looks - 1 };
    const bool updates = probe->roles & 1u << vgrad__watchable(VGRAD_KERNEL_UPDATE);
    if (probe->look.closer && probe->roles & 1u << vgrad__watchable(VGRAD_DELTA))
        make_hops(&s);
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        if (probe->look.closer) {
            if (probe->options[VGRAD_PROBE_GRADIENTS_ARE] == 0)
                make_samples(&s, (int32_t)i);
            make_derivative(&s, (int32_t)i);
        }
        if (updates)
            make_update(&s, (int32_t)i);
    }
}
