/* What no second look is waited for: a loss that leaps, and what is not finite. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "probe/rules.h"

static double least_of(const double *losses, int64_t count)
{
    double least = losses[0];
    for (int64_t i = 1; i < count; i++)
        least = losses[i] < least ? losses[i] : least;
    return least;
}

/* How far a loss lies above the median. By the logarithm of their ratio, which no scale changes:
   the losses of batches that are nearly learned lie decades apart, and one that is twice their
   median is nothing new. */
static double distance(double loss, double middle, bool by_logarithm)
{
    return by_logarithm ? log(loss / middle) : loss - middle;
}

/* Robust: the same in units of the median distance from `middle`, the median. */
static double distances_above(const double *losses, int64_t count, double loss, double middle,
                              bool by_logarithm)
{
    const double to_sigma = 1.4826;
    double distances[VGRAD__LOSSES_MAX];
    for (int64_t i = 0; i < count; i++)
        distances[i] = fabs(distance(losses[i], middle, by_logarithm));
    return distance(loss, middle, by_logarithm) / (to_sigma * vgrad__median(distances, count));
}

void vgrad__judge_loss(vgrad_probe *probe, double loss)
{
    static const char *const names[] = { "loss", "median", "distances" };
    enum { LEAST = 16 };
    const vgrad__run_window *w = &probe->window;
    const int64_t count = w->loss_count < VGRAD__LOSSES_MAX ? w->loss_count : VGRAD__LOSSES_MAX;
    if (count < LEAST || !isfinite(loss))
        return;
    /* Below twice the smallest of them it is below twice their median, which takes longer. */
    const double least = least_of(w->losses, count);
    if (least > 0 && loss <= 2 * least &&
        vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_LOSS_SPIKE, -1))
        return;
    const double middle = vgrad__median(w->losses, count);
    const bool by_logarithm = least >= 0 && middle > 0 && loss > 0; /* of 0 it is -Inf */
    const double off = distances_above(w->losses, count, loss, middle, by_logarithm);
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_LOSS_SPIKE, -1);
    v.at_once = true;
    v.formula = by_logarithm
                    ? "d / (1.4826 median |d|) over the last 128 looks, d = log(loss / median)"
                    : "d / (1.4826 median |d|) over the last 128 looks, d = loss - median";
    v.remedy = "look at the batch; lower the learning rate, or clip the gradient";
    const bool has_scale = middle != 0 || isfinite(off); /* not if most of them are 0 */
    v.severity =
        has_scale && off > probe->options[VGRAD_PROBE_SPIKE] && loss - middle > fabs(middle)
            ? VGRAD__WARNING
            : 0;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = loss;
    v.evidence[1] = middle;
    v.evidence[2] = off;
    snprintf(v.message, sizeof v.message, "the loss is %.3g, and was about %.3g", loss, middle);
    vgrad__deliver(probe, &v);
}

static bool is_odd(const vgrad_probe *probe, size_t layer, vgrad_role role)
{
    const vgrad__moments *moments = vgrad__moments_seen(probe, layer, role);
    return moments && moments->finite < moments->count;
}

/* The first of these roles of a layer that is not finite. */
static bool find_odd_role(const vgrad_probe *probe, int32_t layer, const vgrad_role *roles,
                          size_t count, vgrad_role *role)
{
    for (size_t r = 0; r < count; r++)
        if (is_odd(probe, (size_t)layer, *role = roles[r]))
            return true;
    return false;
}

/* The first tensor that is not finite, in the order in which they are computed. */
static bool find_odd(const vgrad_probe *probe, int32_t *layer, vgrad_role *role)
{
    static const vgrad_role forward[] = { VGRAD_INPUT, VGRAD_PREACTIVATION, VGRAD_ACTIVATION };
    static const vgrad_role backward[] = { VGRAD_ACTIVATION_GRADIENT, VGRAD_DELTA,
                                           VGRAD_KERNEL_GRADIENT,     VGRAD_BIAS_GRADIENT,
                                           VGRAD_GAMMA_GRADIENT,      VGRAD_BETA_GRADIENT };
    static const vgrad_role updates[] = { VGRAD_KERNEL_UPDATE, VGRAD_BIAS_UPDATE,
                                          VGRAD_GAMMA_UPDATE,  VGRAD_BETA_UPDATE,
                                          VGRAD_KERNEL,        VGRAD_BIAS,
                                          VGRAD_GAMMA,         VGRAD_BETA };
    const int32_t count = (int32_t)probe->scene.layer_count;
    for (*layer = 0; *layer < count; ++*layer)
        if (find_odd_role(probe, *layer, forward, sizeof forward / sizeof *forward, role))
            return true;
    for (*layer = count; (*layer)-- > 0;)
        if (find_odd_role(probe, *layer, backward, sizeof backward / sizeof *backward, role))
            return true;
    for (*layer = 0; *layer < count; ++*layer)
        if (find_odd_role(probe, *layer, updates, sizeof updates / sizeof *updates, role))
            return true;
    return false;
}

/* Remembers which layers are odd; true: one that this look left out was so when last seen. */
static bool is_odd_elsewhere(vgrad_probe *probe)
{
    bool elsewhere = false;
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        vgrad__probe_layer *layer = &probe->scene.layers[i];
        bool odd = false;
        for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
            odd |= is_odd(probe, i, vgrad__watchable_role(place));
        elsewhere |= !layer->in_look && layer->is_odd;
        layer->is_odd = layer->in_look ? odd : layer->is_odd;
    }
    return elsewhere;
}

/* The rows that a role was seen by: its own, or those of the layer that takes what this one gives.
 */
static const vgrad__row_norms *rows_of(const vgrad_probe *probe, int32_t layer, vgrad_role role)
{
    const vgrad__scene *scene = &probe->scene;
    if (role == VGRAD_DELTA)
        return &scene->layers[layer].signal.delta;
    if (role == VGRAD_INPUT)
        return &scene->layers[layer].signal.input;
    const bool given_on = role == VGRAD_PREACTIVATION || role == VGRAD_ACTIVATION;
    return given_on && (size_t)layer + 1 < scene->layer_count
               ? &scene->layers[layer + 1].signal.input
               : NULL;
}

void vgrad__judge_finite(vgrad_probe *probe)
{
    static const char *const names[] = { "not finite", "elements", "sample", "column" };
    int32_t layer = -1;
    vgrad_role role = VGRAD_KERNEL;
    const bool odd = vgrad__history_is_odd(&probe->scene.history) && find_odd(probe, &layer, &role);
    if (!odd && vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_NON_FINITE, -1))
        return;
    if (is_odd_elsewhere(probe) && !odd)
        return;
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_NON_FINITE, -1);
    v.at_once = true;
    if (odd) {
        const vgrad__moments *moments = vgrad__moments_seen(probe, (size_t)layer, role);
        const vgrad__row_norms *rows = rows_of(probe, layer, role);
        const bool known = rows && rows->count > 0 && rows->odd_column >= 0;
        if (probe->scene.flight.capacity > 0 && probe->scene.flight.looks == 0)
            vgrad__history_copy(&probe->scene.flight, &probe->scene.history);
        v.severity = VGRAD__SEVERE;
        v.role = (int32_t)role;
        v.layer_name = probe->scene.layers[layer].name;
        v.formula = "the first tensor, as they are computed, that is not finite";
        v.remedy = "look at that sample; lower the learning rate, clip the gradient, or use "
                   "a loss from logits";
        v.evidence_names = names;
        v.evidence_count = known ? 4 : 2;
        v.evidence[0] = (double)(moments->count - moments->finite);
        v.evidence[1] = (double)moments->count;
        v.evidence[2] = known ? (double)rows->odd_row : 0;
        v.evidence[3] = known ? (double)rows->odd_column : 0;
        v.unit_first = known ? rows->odd_column : -1;
        v.unit_count = known;
        v.where = layer;
        v.keeps_first = true;
        snprintf(v.message, sizeof v.message, "%s.%s: %lld of %lld elements are not finite",
                 v.layer_name, vgrad_role_name(role), (long long)(moments->count - moments->finite),
                 (long long)moments->count);
    }
    vgrad__deliver(probe, &v);
}
