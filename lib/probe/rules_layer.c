/* What is judged of one layer: its units, its updates, its kernel. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "probe/rules.h"

/* ---- units ---- */

static void judge_dead_units(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "dead units", "units", "samples" };
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const double warn = probe->options[VGRAD_PROBE_DEAD_WARN];
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_DEAD_UNITS, index);
    v.unit_first = -1;
    for (int64_t unit = 0; unit < layer->units; unit++) {
        if (layer->signal.alive[unit])
            continue;
        v.unit_first = v.unit_first < 0 ? unit : v.unit_first;
        v.unit_count++;
    }
    const double share = (double)v.unit_count / (double)layer->units;
    v.role = VGRAD_ACTIVATION;
    v.cause = VGRAD_DEAD_SHARE;
    v.formula = "units with f' = 0 on every sample of the window";
    v.remedy = "lower the learning rate, begin with smaller or no negative biases, or use a leaky "
               "ReLU";
    v.severity = share >= probe->options[VGRAD_PROBE_DEAD_SEVERE] ? VGRAD__SEVERE
                 : share >= warn                                  ? VGRAD__WARNING
                 : share > 0                                      ? VGRAD__NOTE
                                                                  : 0;
    v.nearly = share > 0;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = (double)v.unit_count;
    v.evidence[1] = (double)layer->units;
    v.evidence[2] = (double)layer->window.samples;
    snprintf(v.message, sizeof v.message, "%s: %lld of %lld units are dead", layer->name,
             (long long)v.unit_count, (long long)layer->units);
    vgrad__deliver(probe, &v);
}

static void judge_saturation(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "rms f' / max |f'|", "rms f'", "max |f'|" };
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad__layer_window *w = &layer->window;
    const double rms = sqrt(w->derivative_squares / (double)w->derivatives);
    const double ratio = rms / layer->steepest;
    const double threshold = probe->options[VGRAD_PROBE_SATURATED], severe = threshold / 10;
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_SATURATION, index);
    v.role = VGRAD_ACTIVATION;
    v.cause = VGRAD_SATURATION;
    v.formula = "sqrt(mean f'^2) / max |f'|";
    v.remedy = "initialize with a smaller variance, scale the inputs to a mean square of 1, or "
               "normalize before the activation";
    v.severity = ratio < severe ? VGRAD__SEVERE : ratio < threshold ? VGRAD__WARNING : 0;
    v.nearly = ratio < threshold / vgrad__ease;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = ratio;
    v.evidence[1] = rms;
    v.evidence[2] = layer->steepest;
    snprintf(v.message, sizeof v.message,
             "%s is saturated: f' has a root mean square of %.3g, and "
             "could have %.3g",
             layer->name, rms, layer->steepest);
    vgrad__deliver(probe, &v);
}

/* ---- updates ---- */

/* An update of a hundredth to a ten thousandth of the weights is as it should be. */
static void judge_update(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "median log10(|U| / |W|)" };
    const double far = 1; /* decades beyond which a note is a warning */
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad__layer_window *w = &layer->window;
    const double ratio = vgrad__median(w->ratios, w->ratio_count);
    const double low = probe->options[VGRAD_PROBE_UPDATE_LOW];
    const double high = probe->options[VGRAD_PROBE_UPDATE_HIGH];
    for (int large = 0; large < 2; large++) {
        const double beyond = large ? ratio - high : low - ratio;
        vgrad__verdict v = vgrad__verdict_on(
            probe, large ? VGRAD_FINDING_UPDATE_TOO_LARGE : VGRAD_FINDING_STALLED, index);
        v.role = VGRAD_KERNEL_UPDATE;
        v.cause = VGRAD_UPDATE_RATIO;
        v.formula = "median over the window of log10(|update| / |weights|)";
        v.remedy = large ? "lower the learning rate, or clip the gradient"
                         : "raise the learning rate, or find out where the gradient is lost";
        v.severity = beyond > far ? VGRAD__WARNING : beyond > 0 ? VGRAD__NOTE : 0;
        v.nearly = beyond > vgrad__ease - 1;
        v.evidence_names = names;
        v.evidence_count = 1;
        v.evidence[0] = ratio;
        snprintf(v.message, sizeof v.message, "%s: an update is 10^%.1f of the weights",
                 layer->name, ratio);
        vgrad__deliver(probe, &v);
    }
}

static void judge_unchanged(vgrad_probe *probe, int32_t index)
{
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_UNCHANGED, index);
    v.role = VGRAD_KERNEL;
    v.formula = "the kernel's moments at every look of the window";
    v.remedy = "no gradient reaches this layer, or its updates are rounded away: see what is cut, "
               "or train in float64";
    v.severity = layer->trainable && layer->window.changes == 0 ? VGRAD__WARNING : 0;
    snprintf(v.message, sizeof v.message, "%s: its kernel has not changed", layer->name);
    vgrad__deliver(probe, &v);
}

/* ---- how it began ---- */

/* A kernel by whose size delta gains or loses much, and does so: in the layer's first windows. */
void vgrad__judge_initialization(vgrad_probe *probe, int32_t at)
{
    static const char *const names[] = { "log10 |W| / sqrt(units)", "decades lost behind it" };
    const vgrad__stop *stop = &probe->scene.path.stops[at];
    const vgrad__probe_layer *layer = &probe->scene.layers[stop->layer];
    int32_t anchor = at - 1;
    while (anchor >= 0 && !probe->scene.path.stops[anchor].is_anchor)
        anchor--;
    if (isnan(layer->first_gain) || anchor < 0 ||
        layer->window.judged >= probe->options[VGRAD_PROBE_WINDOWS] ||
        !vgrad__window_is_full(probe, layer->window.samples))
        return;
    const double gain = layer->first_gain;
    const double lost =
        vgrad__hop_loss(&probe->scene.layers[probe->scene.path.stops[anchor].layer].hop);
    const double threshold = probe->options[VGRAD_PROBE_INITIALIZATION];
    const bool felt = -gain * lost > 0 && fabs(lost) >= probe->options[VGRAD_PROBE_VANISHING_SLOPE];
    vgrad__verdict v = vgrad__verdict_on(probe, VGRAD_FINDING_INITIALIZATION, stop->layer);
    v.role = VGRAD_KERNEL;
    v.cause = VGRAD_BUDGET_WEIGHT;
    v.formula = "|W| / sqrt(units): what an isotropic gradient is multiplied by";
    v.remedy = gain > 0 ? "initialize with a smaller variance: 1 / inputs, or 2 / inputs for ReLU"
                        : "initialize with a larger variance: 1 / inputs, or 2 / inputs for ReLU";
    v.severity = fabs(gain) < threshold ? 0 : felt ? VGRAD__WARNING : VGRAD__NOTE;
    v.nearly = fabs(gain) >= vgrad__ease * threshold;
    v.evidence_names = names;
    v.evidence_count = 2;
    v.evidence[0] = gain;
    v.evidence[1] = lost;
    snprintf(v.message, sizeof v.message, "%s: its weights multiply a gradient by %.3g",
             layer->name, pow(10, gain));
    vgrad__deliver(probe, &v);
}

/* ---- all of a layer ---- */

/* What there was no occasion to judge is not so any more. */
static void drop(vgrad_probe *probe, vgrad_finding_code code, int32_t index)
{
    if (vgrad__findings_are_quiet(&probe->scene.findings, code, index))
        return;
    const vgrad__verdict v = vgrad__verdict_on(probe, code, index);
    vgrad__deliver(probe, &v);
}

void vgrad__judge_layer(vgrad_probe *probe, int32_t index)
{
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad__layer_window *w = &layer->window;
    if (layer->has_derivative && w->derivatives > 0 && isfinite(w->derivative_squares) &&
        !layer->is_output) {
        judge_dead_units(probe, index);
        judge_saturation(probe, index);
    }
    if (w->compared > 0)
        judge_unchanged(probe, index);
    if (layer->trainable && w->ratio_count > 0) {
        judge_update(probe, index);
    } else {
        drop(probe, VGRAD_FINDING_STALLED, index);
        drop(probe, VGRAD_FINDING_UPDATE_TOO_LARGE, index);
    }
}
