/*
 * Every rule is made of ratios, so that the scale of the loss, and of the gradients with it,
 * changes no verdict; none knows a network's name.
 */
/* SPDX-License-Identifier: MIT */
#include "probe/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/factors.h"

enum { NOTE = 1, WARNING = 2, SEVERE = 3 };

/* What is raised stays until it is this much better than the threshold. */
static const double ease = 0.8;

static double option(const vgrad_probe *probe, vgrad_probe_option which)
{
    return probe->options[which];
}

static const vgrad__moments *moments_seen(const vgrad_probe *probe, size_t layer, vgrad_role role)
{
    return vgrad__scene_moments(&probe->scene, layer, role, probe->scene.history.looks - 1);
}

/* ---- the window ---- */

/* The first factor that is 0, in the order in which a gradient meets them. */
static vgrad__figure cut_cause(const double *figures)
{
    for (int f = VGRAD__LOST_TO_WEIGHTS; f < VGRAD__LOST_IN_BLOCK; f++)
        if (isinf(figures[f]) && figures[f] > 0)
            return (vgrad__figure)f;
    return VGRAD__LOST_IN_BLOCK;
}

static void add_hop(vgrad__layer_window *w, const double *figures)
{
    if (isinf(figures[VGRAD__LOST]) && figures[VGRAD__LOST] > 0) {
        w->cuts++;
        w->cut_by = cut_cause(figures);
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

static void add_layer(vgrad_probe *probe, size_t i, const double *figures)
{
    vgrad__probe_layer *layer = &probe->scene.layers[i];
    vgrad__layer_window *w = &layer->window;
    add_hop(w, figures);
    add_kernel(layer, moments_seen(probe, i, VGRAD_KERNEL), probe->scene.history.looks == 1);
    w->derivatives += layer->signal.derivatives;
    w->derivative_squares += layer->signal.derivative_squares;
    if (!isnan(figures[VGRAD__UPDATE_RATIO]) &&
        probe->look.step >= (int64_t)option(probe, VGRAD_PROBE_UPDATE_AFTER))
        add_ratio(w, figures[VGRAD__UPDATE_RATIO]);
}

static void add_loss(vgrad_probe *probe, double loss)
{
    vgrad__run_window *w = &probe->window;
    if (isfinite(loss))
        w->losses[w->loss_count++ % VGRAD__LOSSES_MAX] = loss;
}

/* A look at all that is judged by windows. */
static void add_look(vgrad_probe *probe, int64_t rows)
{
    const size_t look = probe->scene.history.looks - 1;
    vgrad__run_window *w = &probe->window;
    if (w->looks++ == 0)
        w->first_step = probe->look.step;
    w->samples += rows;
    for (size_t i = 0; i < probe->scene.layer_count; i++)
        add_layer(probe, i, vgrad__scene_figures(&probe->scene, i, look));
}

static void begin_window(vgrad_probe *probe)
{
    vgrad__run_window *w = &probe->window;
    w->looks = w->samples = 0;
    w->judged++;
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        vgrad__probe_layer *layer = &probe->scene.layers[i];
        layer->window = (vgrad__layer_window){ .hops = 0 };
        memset(layer->signal.alive, 0, (size_t)layer->units);
    }
}

/* ---- verdicts ---- */

static vgrad__verdict verdict_on(const vgrad_probe *probe, vgrad_finding_code code, int32_t layer)
{
    return (vgrad__verdict){ .code = code,
                             .layer = layer,
                             .where = -1,
                             .role = -1,
                             .layer_name = layer < 0 ? "" : probe->scene.layers[layer].name,
                             .formula = "",
                             .remedy = "" };
}

static void deliver(vgrad_probe *probe, const vgrad__verdict *verdict)
{
    const int64_t first = verdict->at_once ? probe->look.step : probe->window.first_step;
    vgrad__findings_take(&probe->scene.findings, verdict, first, probe->look.step,
                         (int32_t)option(probe, VGRAD_PROBE_WINDOWS));
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of at most VGRAD__LOSSES_MAX numbers; NaN of none. */
static double median(const double *values, int64_t count)
{
    double sorted[VGRAD__LOSSES_MAX];
    if (count == 0)
        return (double)NAN;
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* ---- vanishing and exploding ---- */

/* The way of delta in this window, from the last anchor to the first. */
typedef struct way {
    int32_t hops, first, last; /* layers: of the first anchor, and of the last */
    double lost[VGRAD__LOST_IN_BLOCK + 1];
    int32_t cut; /* the layer that lets nothing through; -1: none */
    vgrad__figure cut_by;
    bool known;
} way;

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
        const vgrad__layer_window *w = &probe->scene.layers[path->stops[at].layer].window;
        if (w->derivatives > 0 && w->derivative_squares == 0)
            return path->stops[at].layer;
    }
    return path->stops[here].layer;
}

static way find_way(const vgrad_probe *probe)
{
    const vgrad__path *path = &probe->scene.path;
    way w = { .first = -1, .last = -1, .cut = -1, .known = true };
    for (int32_t at = path->count; at-- > 0 && w.cut < 0;) {
        const int32_t layer = path->stops[at].layer;
        const vgrad__layer_window *window = &probe->scene.layers[layer].window;
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
            w.cut = find_cut(probe, at, window->cut_by);
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
    if (total >= factor * option(probe, VGRAD_PROBE_VANISHING_SEVERE))
        return SEVERE;
    const bool steep = total / w->hops >= factor * option(probe, VGRAD_PROBE_VANISHING_SLOPE);
    return w->hops >= 2 && steep && total >= factor * option(probe, VGRAD_PROBE_VANISHING_TOTAL)
               ? WARNING
               : 0;
}

static void judge_way(vgrad_probe *probe, const way *w, vgrad_finding_code code, double sign)
{
    static const char *const names[] = { "decades",   "hops",       "weights",
                                         "alignment", "derivative", "correlation" };
    const vgrad__probe_layer *layers = probe->scene.layers;
    const double total = sign * w->lost[VGRAD__LOST];
    const vgrad__figure cause = vgrad__main_factor(w->lost, sign);
    const double worth_telling = 0.05;
    const bool vanishing = code == VGRAD_FINDING_VANISHING;
    char text[VGRAD__LOSS_TEXT];
    vgrad__verdict v = verdict_on(probe, code, -1);
    v.role = VGRAD_DELTA;
    v.cause = causes[cause].quantity;
    v.formula = "log10 |delta(last)| - log10 |delta(first)|, the sum of its factors";
    v.remedy = vanishing ? causes[cause].vanishing : causes[cause].exploding;
    v.severity = severity_of_way(probe, w, total, 1);
    v.nearly = severity_of_way(probe, w, total, ease) > 0;
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
        v.severity = SEVERE;
        v.cause = causes[w->cut_by].quantity;
        v.remedy = causes[w->cut_by].vanishing;
        snprintf(v.message, sizeof v.message, "cut at %s: nothing comes through",
                 layers[w->cut].name);
    }
    deliver(probe, &v);
}

static void judge_profile(vgrad_probe *probe)
{
    way w = find_way(probe);
    if (!vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_NON_FINITE, -1))
        return;                /* there is nothing to compare */
    if (!w.known && w.cut < 0) /* nothing came back at all: no way to lose it */
        w = (way){ .hops = 1, .first = w.first, .last = w.last, .cut = -1 };
    if (w.first < 0)
        return;
    judge_way(probe, &w, VGRAD_FINDING_VANISHING, 1);
    judge_way(probe, &w, VGRAD_FINDING_EXPLODING, -1);
}

/* ---- units ---- */

static void judge_dead_units(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "dead units", "units", "samples" };
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const double warn = option(probe, VGRAD_PROBE_DEAD_WARN);
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_DEAD_UNITS, index);
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
    v.severity = share >= option(probe, VGRAD_PROBE_DEAD_SEVERE) ? SEVERE
                 : share >= warn                                 ? WARNING
                 : share > 0                                     ? NOTE
                                                                 : 0;
    v.nearly = share > 0;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = (double)v.unit_count;
    v.evidence[1] = (double)layer->units;
    v.evidence[2] = (double)probe->window.samples;
    snprintf(v.message, sizeof v.message, "%s: %lld of %lld units are dead", layer->name,
             (long long)v.unit_count, (long long)layer->units);
    deliver(probe, &v);
}

static void judge_saturation(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "rms f' / max |f'|", "rms f'", "max |f'|" };
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad__layer_window *w = &layer->window;
    const double rms = sqrt(w->derivative_squares / (double)w->derivatives);
    const double ratio = rms / layer->steepest;
    const double threshold = option(probe, VGRAD_PROBE_SATURATED), severe = threshold / 10;
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_SATURATION, index);
    v.role = VGRAD_ACTIVATION;
    v.cause = VGRAD_SATURATION;
    v.formula = "sqrt(mean f'^2) / max |f'|";
    v.remedy = "initialize with a smaller variance, scale the inputs to a mean square of 1, or "
               "normalize before the activation";
    v.severity = ratio < severe ? SEVERE : ratio < threshold ? WARNING : 0;
    v.nearly = ratio < threshold / ease;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = ratio;
    v.evidence[1] = rms;
    v.evidence[2] = layer->steepest;
    snprintf(v.message, sizeof v.message,
             "%s is saturated: f' has a root mean square of %.3g, and "
             "could have %.3g",
             layer->name, rms, layer->steepest);
    deliver(probe, &v);
}

/* ---- updates ---- */

/* An update of a hundredth to a ten thousandth of the weights is as it should be. */
static void judge_update(vgrad_probe *probe, int32_t index)
{
    static const char *const names[] = { "median log10(|U| / |W|)" };
    const double far = 1; /* decades beyond which a note is a warning */
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad__layer_window *w = &layer->window;
    const double ratio = median(w->ratios, w->ratio_count);
    const double low = option(probe, VGRAD_PROBE_UPDATE_LOW);
    const double high = option(probe, VGRAD_PROBE_UPDATE_HIGH);
    for (int large = 0; large < 2; large++) {
        const double beyond = large ? ratio - high : low - ratio;
        vgrad__verdict v = verdict_on(
            probe, large ? VGRAD_FINDING_UPDATE_TOO_LARGE : VGRAD_FINDING_STALLED, index);
        v.role = VGRAD_KERNEL_UPDATE;
        v.cause = VGRAD_UPDATE_RATIO;
        v.formula = "median over the window of log10(|update| / |weights|)";
        v.remedy = large ? "lower the learning rate, or clip the gradient"
                         : "raise the learning rate, or find out where the gradient is lost";
        v.severity = beyond > far ? WARNING : beyond > 0 ? NOTE : 0;
        v.nearly = beyond > ease - 1;
        v.evidence_names = names;
        v.evidence_count = 1;
        v.evidence[0] = ratio;
        snprintf(v.message, sizeof v.message, "%s: an update is 10^%.1f of the weights",
                 layer->name, ratio);
        deliver(probe, &v);
    }
}

static void judge_unchanged(vgrad_probe *probe, int32_t index)
{
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_UNCHANGED, index);
    v.role = VGRAD_KERNEL;
    v.formula = "the kernel's moments at every look of the window";
    v.remedy = "no gradient reaches this layer, or its updates are rounded away: see what is cut, "
               "or train in float64";
    v.severity = layer->trainable && layer->window.changes == 0 ? WARNING : 0;
    snprintf(v.message, sizeof v.message, "%s: its kernel has not changed", layer->name);
    deliver(probe, &v);
}

/* ---- how it began ---- */

/* A kernel by whose size delta gains or loses much, and does so. */
static void judge_initialization(vgrad_probe *probe, int32_t at)
{
    static const char *const names[] = { "log10 |W| / sqrt(units)", "decades lost behind it" };
    const vgrad__stop *stop = &probe->scene.path.stops[at];
    const vgrad__probe_layer *layer = &probe->scene.layers[stop->layer];
    int32_t anchor = at - 1;
    while (anchor >= 0 && !probe->scene.path.stops[anchor].is_anchor)
        anchor--;
    if (isnan(layer->first_gain) || anchor < 0)
        return;
    const vgrad__layer_window *before =
        &probe->scene.layers[probe->scene.path.stops[anchor].layer].window;
    const double gain = layer->first_gain;
    const double lost = before->hops > 0 ? before->lost[VGRAD__LOST] / (double)before->hops : 0;
    const double threshold = option(probe, VGRAD_PROBE_INITIALIZATION);
    const bool felt = -gain * lost > 0 && fabs(lost) >= option(probe, VGRAD_PROBE_VANISHING_SLOPE);
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_INITIALIZATION, stop->layer);
    v.role = VGRAD_KERNEL;
    v.cause = VGRAD_BUDGET_WEIGHT;
    v.formula = "|W| / sqrt(units): what an isotropic gradient is multiplied by";
    v.remedy = gain > 0 ? "initialize with a smaller variance: 1 / inputs, or 2 / inputs for ReLU"
                        : "initialize with a larger variance: 1 / inputs, or 2 / inputs for ReLU";
    v.severity = fabs(gain) < threshold ? 0 : felt ? WARNING : NOTE;
    v.nearly = fabs(gain) >= ease * threshold;
    v.evidence_names = names;
    v.evidence_count = 2;
    v.evidence[0] = gain;
    v.evidence[1] = lost;
    snprintf(v.message, sizeof v.message, "%s: its weights multiply a gradient by %.3g",
             layer->name, pow(10, gain));
    deliver(probe, &v);
}

/* ---- at once ---- */

/* Below twice the smallest of them a number is below twice their median, which takes longer. */
static bool is_far_from_twice(const double *losses, int64_t count, double loss)
{
    double least = losses[0];
    for (int64_t i = 1; i < count; i++)
        least = losses[i] < least ? losses[i] : least;
    return least > 0 && loss <= 2 * least;
}

/* Robust: the distance from the median in units of the median distance from it. */
static void judge_loss(vgrad_probe *probe, double loss)
{
    static const char *const names[] = { "loss", "median", "distances" };
    enum { LEAST = 16 };
    const double to_sigma = 1.4826;
    const vgrad__run_window *w = &probe->window;
    double distances[VGRAD__LOSSES_MAX];
    const int64_t count = w->loss_count < VGRAD__LOSSES_MAX ? w->loss_count : VGRAD__LOSSES_MAX;
    if (count < LEAST || !isfinite(loss))
        return;
    if (is_far_from_twice(w->losses, count, loss) &&
        vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_LOSS_SPIKE, -1))
        return;
    const double middle = median(w->losses, count);
    for (int64_t i = 0; i < count; i++)
        distances[i] = fabs(w->losses[i] - middle);
    const double sigma = to_sigma * median(distances, count);
    const double off = (loss - middle) / sigma;
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_LOSS_SPIKE, -1);
    v.at_once = true;
    v.formula = "(loss - median) / (1.4826 median |loss - median|) over the last 128 looks";
    v.remedy = "look at the batch; lower the learning rate, or clip the gradient";
    v.severity =
        off > option(probe, VGRAD_PROBE_SPIKE) && loss - middle > fabs(middle) ? WARNING : 0;
    v.evidence_names = names;
    v.evidence_count = 3;
    v.evidence[0] = loss;
    v.evidence[1] = middle;
    v.evidence[2] = off;
    snprintf(v.message, sizeof v.message, "the loss is %.3g, and was about %.3g", loss, middle);
    deliver(probe, &v);
}

static bool is_odd(const vgrad_probe *probe, size_t layer, vgrad_role role)
{
    const vgrad__moments *moments = moments_seen(probe, layer, role);
    return moments && moments->finite < moments->count;
}

/* The first tensor that is not finite, in the order in which they are computed. */
static bool find_odd_role(const vgrad_probe *probe, int32_t layer, const vgrad_role *roles,
                          size_t count, vgrad_role *role)
{
    for (size_t r = 0; r < count; r++)
        if (is_odd(probe, (size_t)layer, *role = roles[r]))
            return true;
    return false;
}

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

static void judge_finite(vgrad_probe *probe)
{
    static const char *const names[] = { "not finite", "elements", "sample", "column" };
    int32_t layer;
    vgrad_role role;
    const bool odd = find_odd(probe, &layer, &role);
    if (!odd && vgrad__findings_are_quiet(&probe->scene.findings, VGRAD_FINDING_NON_FINITE, -1))
        return;
    vgrad__verdict v = verdict_on(probe, VGRAD_FINDING_NON_FINITE, -1);
    v.at_once = true;
    if (odd) {
        const vgrad__moments *moments = moments_seen(probe, (size_t)layer, role);
        const vgrad__row_norms *rows = rows_of(probe, layer, role);
        const bool known = rows && rows->count > 0 && rows->odd_column >= 0;
        if (probe->scene.flight.capacity > 0 && probe->scene.flight.looks == 0)
            vgrad__history_copy(&probe->scene.flight, &probe->scene.history);
        v.severity = SEVERE;
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
    deliver(probe, &v);
}

/* ---- all of them ---- */

/* What there was no occasion to judge is not so any more. */
static void drop(vgrad_probe *probe, vgrad_finding_code code, int32_t index)
{
    if (vgrad__findings_are_quiet(&probe->scene.findings, code, index))
        return;
    const vgrad__verdict v = verdict_on(probe, code, index);
    deliver(probe, &v);
}

static void judge_layer(vgrad_probe *probe, int32_t index)
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

void vgrad__rules_look(vgrad_probe *probe, double loss, int64_t rows)
{
    vgrad__findings *findings = &probe->scene.findings;
    vgrad__findings_begin(findings);
    judge_loss(probe, loss);
    add_loss(probe, loss);
    judge_finite(probe);
    if (probe->look.closer)
        add_look(probe, rows);
    if (probe->window.samples >= (int64_t)option(probe, VGRAD_PROBE_WINDOW)) {
        judge_profile(probe);
        for (int32_t at = 1; at < probe->scene.path.count &&
                             probe->window.judged < option(probe, VGRAD_PROBE_WINDOWS);
             at++)
            judge_initialization(probe, at);
        for (size_t i = 0; i < probe->scene.layer_count; i++)
            judge_layer(probe, (int32_t)i);
        begin_window(probe);
    }
    vgrad__findings_end(findings);
}
