/* Vanishing and exploding: the way of delta from the last anchor to the first. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "probe/factors.h"
#include "probe/rules.h"

/* The way of delta in this window, from the last anchor to the first. */
typedef struct way {
    int32_t hops, first, last; /* layers: of the first anchor, and of the last */
    double lost[VGRAD__LOST_IN_BLOCK + 1];
    int32_t cut; /* the layer that lets nothing through; -1: none */
    vgrad__figure cut_by;
    bool known;
} way;

static way find_way(const vgrad_probe *probe)
{
    const vgrad__path *path = &probe->scene.path;
    way w = { .first = -1, .last = -1, .cut = -1, .known = true };
    for (int32_t at = path->count; at-- > 0 && w.cut < 0;) {
        const int32_t layer = path->stops[at].layer;
        const vgrad__hop_window *window = &probe->scene.layers[layer].hop;
        if (!path->stops[at].is_anchor)
            continue;
        w.first = layer;
        if (w.last < 0) {
            w.last = layer;
            continue;
        }
        w.hops++;
        if (window->hops == 0 && window->cuts > 0) {
            w.cut_by = window->cut_by;
            w.cut = window->cut_at;
        } else if (window->hops == 0)
            w.known = false;
        for (int f = VGRAD__LOST; f <= VGRAD__LOST_IN_BLOCK && window->hops > 0; f++)
            w.lost[f] += window->lost[f] / (double)window->hops;
    }
    w.known &= w.hops > 0;
    return w;
}

static const struct {
    vgrad_quantity quantity;
    const char *vanishing, *exploding;
} causes[VGRAD__LOST_IN_BLOCK + 1] = {
    [VGRAD__LOST_TO_WEIGHTS] = { VGRAD_BUDGET_WEIGHT,
                                 "initialize the kernels with a variance of 1 / inputs or more: "
                                 "Glorot's for tanh, He's for ReLU",
                                 "initialize the kernels with a smaller variance, or clip the "
                                 "gradient's norm" },
    [VGRAD__LOST_TO_ALIGNMENT] = { VGRAD_BUDGET_ALIGNMENT,
                                   "the gradient lies where the kernels map to little: use an "
                                   "orthogonal initializer, or normalize",
                                   "the gradient lies along the kernels' largest directions: "
                                   "decay or normalize the weights" },
    [VGRAD__LOST_TO_DERIVATIVE] = { VGRAD_BUDGET_DERIVATIVE,
                                    "use an activation with a derivative near 1 (ReLU with He's "
                                    "initializer, tanh with Glorot's), fewer layers, residual "
                                    "blocks or batch normalization",
                                    "use an activation whose derivative is at most 1" },
    [VGRAD__LOST_TO_CORRELATION] = { VGRAD_BUDGET_CORRELATION,
                                     "the gradient sits on saturated units: scale the inputs, or "
                                     "use an activation that does not saturate",
                                     "the gradient sits on the steepest units: normalize" },
    [VGRAD__LOST_IN_BLOCK] = { VGRAD_BUDGET_BLOCK, "give the blocks an identity path around them",
                               "normalize inside the blocks, or scale what they add" },
};

static int32_t severity_of_way(const vgrad_probe *probe, const way *w, double total, double factor)
{
    if (total >= factor * probe->options[VGRAD_PROBE_VANISHING_SEVERE])
        return VGRAD__SEVERE;
    const bool steep = total / w->hops >= factor * probe->options[VGRAD_PROBE_VANISHING_SLOPE];
    return w->hops >= 2 && steep && total >= factor * probe->options[VGRAD_PROBE_VANISHING_TOTAL]
               ? VGRAD__WARNING
               : 0;
}

static void judge_direction(vgrad_probe *probe, const way *w, vgrad_finding_code code, double sign)
{
    static const char *const names[] = { "decades",   "hops",       "weights",
                                         "alignment", "derivative", "correlation" };
    const vgrad__probe_layer *layers = probe->scene.layers;
    const double total = sign * w->lost[VGRAD__LOST];
    const vgrad__figure cause = vgrad__main_factor(w->lost, sign);
    const double worth_telling = 0.05;
    const bool vanishing = code == VGRAD_FINDING_VANISHING;
    char text[VGRAD__LOSS_TEXT];
    vgrad__verdict v = vgrad__verdict_on(probe, code, -1);
    v.role = VGRAD_DELTA;
    v.cause = causes[cause].quantity;
    v.formula = "log10 |delta(last)| - log10 |delta(first)|, the sum of its factors";
    v.remedy = vanishing ? causes[cause].vanishing : causes[cause].exploding;
    v.severity = severity_of_way(probe, w, total, 1);
    v.nearly = severity_of_way(probe, w, total, vgrad__ease) > 0;
    v.evidence_names = names;
    v.evidence_count = 6;
    v.evidence[0] = total;
    v.evidence[1] = w->hops;
    for (int i = 0; i < 4; i++)
        v.evidence[2 + i] = sign * w->lost[VGRAD__LOST_TO_WEIGHTS + i];
    vgrad__tell_loss(w->lost, worth_telling, text);
    snprintf(v.message, sizeof v.message, "from %s to %s delta %s", layers[w->last].name,
             layers[w->first].name, text);
    if (vanishing && w->cut >= 0) {
        v.severity = VGRAD__SEVERE;
        v.cause = causes[w->cut_by].quantity;
        v.remedy = causes[w->cut_by].vanishing;
        snprintf(v.message, sizeof v.message, "cut at %s: nothing comes through",
                 layers[w->cut].name);
    }
    vgrad__deliver(probe, &v);
}

void vgrad__judge_way(vgrad_probe *probe)
{
    way w = find_way(probe);
    if (!vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_NON_FINITE, -1))
        return;                /* there is nothing to compare */
    if (!w.known && w.cut < 0) /* nothing came back at all: no way to lose it */
        w = (way){ .hops = 1, .first = w.first, .last = w.last, .cut = -1 };
    if (w.first < 0)
        return;
    judge_direction(probe, &w, VGRAD_FINDING_VANISHING, 1);
    judge_direction(probe, &w, VGRAD_FINDING_EXPLODING, -1);
}
