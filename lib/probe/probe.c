/* The probe: its life, what can be set of it, and what it has seen. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "probe/attach.h"
#include "probe/figures.h"
#include "tensor/measure.h"

/* ---- what can be watched ---- */

static const vgrad_role watchable[VGRAD__WATCHABLE] = {
    VGRAD_KERNEL,        VGRAD_BIAS,           VGRAD_PREACTIVATION,
    VGRAD_ACTIVATION,    VGRAD_INPUT,          VGRAD_KERNEL_GRADIENT,
    VGRAD_BIAS_GRADIENT, VGRAD_DELTA,          VGRAD_ACTIVATION_GRADIENT,
    VGRAD_KERNEL_UPDATE, VGRAD_BIAS_UPDATE,    VGRAD_GAMMA,
    VGRAD_BETA,          VGRAD_GAMMA_GRADIENT, VGRAD_BETA_GRADIENT,
    VGRAD_GAMMA_UPDATE,  VGRAD_BETA_UPDATE,
};

int32_t vgrad__watchable(vgrad_role role)
{
    for (int32_t i = 0; i < VGRAD__WATCHABLE; i++)
        if (watchable[i] == role)
            return i;
    return -1;
}

vgrad_role vgrad__watchable_role(int32_t place)
{
    return watchable[place];
}

/* ---- life ---- */

/* By vgrad_probe_option; what has no name is no option. */
static const struct {
    const char *name;
    double initial, low, high;
    bool whole, early; /* early: not while the probe looks at layers */
} options[VGRAD__PROBE_OPTIONS_MAX] = {
    [VGRAD_PROBE_EVERY] = { "every", 1, 1, INT32_MAX, true, false },
    [VGRAD_PROBE_HISTOGRAM_EVERY] = { "histogram_every", 0, 0, INT32_MAX, true, true },
    [VGRAD_PROBE_UNITS_EVERY] = { "units_every", 0, 0, INT32_MAX, true, true },
    [VGRAD_PROBE_HISTORY] = { "history", 1024, 1, INT32_MAX, true, true },
    [VGRAD_PROBE_GRADIENTS_ARE] = { "gradients_are", 0, 0, 7, true, false },
    [VGRAD_PROBE_WINDOW] = { "window", 1000, 1, 1e15, true, false },
    [VGRAD_PROBE_COST_LIMIT] = { "cost_limit", 0, 0, 100, false, false },
    [VGRAD_PROBE_BUDGET_EVERY] = { "budget_every", 1, 1, INT32_MAX, true, false },
    [VGRAD_PROBE_FLIGHT] = { "flight", 0, 0, INT32_MAX, true, true },
    [VGRAD_PROBE_WINDOWS] = { "windows", 2, 1, 1000, true, false },
    [VGRAD_PROBE_VANISHING_SLOPE] = { "vanishing_slope", 0.25, 0, 300, false, false },
    [VGRAD_PROBE_VANISHING_TOTAL] = { "vanishing_total", 1, 0, 300, false, false },
    [VGRAD_PROBE_VANISHING_SEVERE] = { "vanishing_severe", 3, 0, 300, false, false },
    [VGRAD_PROBE_DEAD_WARN] = { "dead_warn", 0.25, 0, 1, false, false },
    [VGRAD_PROBE_DEAD_SEVERE] = { "dead_severe", 0.5, 0, 1, false, false },
    [VGRAD_PROBE_SATURATED] = { "saturated", 0.3, 0, 1, false, false },
    [VGRAD_PROBE_UPDATE_LOW] = { "update_low", -4, -300, 300, false, false },
    [VGRAD_PROBE_UPDATE_HIGH] = { "update_high", -2, -300, 300, false, false },
    [VGRAD_PROBE_UPDATE_AFTER] = { "update_after", 100, 0, 1e15, true, false },
    [VGRAD_PROBE_INITIALIZATION] = { "initialization", 0.5, 0, 300, false, false },
    [VGRAD_PROBE_SPIKE] = { "spike", 6, 0, 1e6, false, false },
    [VGRAD_PROBE_LOSS_SCALE] = { "loss_scale", 1, 1e-30, 1e30, false, false },
};

vgrad_status vgrad_probe_create(vgrad_probe **out, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_probe *probe = vgrad__allocate(context, 1, sizeof *probe);
    if (!probe)
        return VGRAD_E_MEMORY;
    probe->context = vgrad__context_hold(context);
    for (int i = 0; i < VGRAD__PROBE_OPTIONS_MAX; i++)
        probe->options[i] = options[i].initial;
    probe->roles = (1u << VGRAD__WATCHABLE) - 1;
    vgrad__attach_prepare(probe);
    *out = probe;
    return VGRAD_OK;
}

void vgrad_probe_destroy(vgrad_probe *probe)
{
    if (!probe)
        return;
    vgrad_context *context = probe->context;
    for (size_t i = 0; i < probe->viewer_count; i++)
        probe->viewers[i].left(probe->viewers[i].self);
    vgrad_probe_detach(probe);
    vgrad__scene_destroy(probe, &probe->scene);
    vgrad__release(context, probe->wishes, probe->wish_capacity, sizeof *probe->wishes);
    vgrad__release(context, probe->viewers, probe->viewer_capacity, sizeof *probe->viewers);
    vgrad__release(context, probe, 1, sizeof *probe);
    vgrad__context_let_go(context);
}

vgrad_status vgrad__probe_show(vgrad_probe *probe, const vgrad__viewer *viewer)
{
    vgrad_status status = vgrad__grow(probe->context, (void **)&probe->viewers, probe->viewer_count,
                                      &probe->viewer_capacity, sizeof *probe->viewers);
    if (status == VGRAD_OK)
        probe->viewers[probe->viewer_count++] = *viewer;
    return status;
}

/* ---- settings ---- */

vgrad_status vgrad__check_not_attached(const vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (probe->network)
        return vgrad__fail(VGRAD_E_STATE, "probe: attached, detach it first");
    return VGRAD_OK;
}

vgrad_status vgrad__check_early(const vgrad_probe *probe)
{
    vgrad_status status = vgrad__check_not_attached(probe);
    if (status == VGRAD_OK && probe->declaring)
        return vgrad__fail(VGRAD_E_STATE, "probe: layers are declared already");
    return status;
}

static bool is_option(vgrad_probe_option option)
{
    return (int)option >= 0 && (int)option < VGRAD__PROBE_OPTIONS_MAX && options[option].name;
}

vgrad_status vgrad__check_option(vgrad_probe_option option, double value)
{
    if (!is_option(option))
        return vgrad__fail(VGRAD_E_INVALID, "option: no probe option %d", (int)option);
    if (!vgrad__number_fits(value, options[option].low, options[option].high,
                            options[option].whole))
        return vgrad__fail(VGRAD_E_INVALID, "%s: %s from %g to %.10g, got %g", options[option].name,
                           options[option].whole ? "a whole number" : "a number",
                           options[option].low, options[option].high, value);
    return VGRAD_OK;
}

vgrad_status vgrad_probe_set(vgrad_probe *probe, vgrad_probe_option option, double value)
{
    if (!probe)
        return vgrad__fail_null("probe");
    vgrad_status status = vgrad__check_option(option, value);
    if (status == VGRAD_OK && options[option].early)
        status = vgrad__check_early(probe);
    if (status == VGRAD_OK)
        probe->options[option] = value;
    return status;
}

double vgrad_probe_get(const vgrad_probe *probe, vgrad_probe_option option)
{
    if (!probe)
        vgrad__fail_null("probe");
    else if (!is_option(option))
        vgrad__fail(VGRAD_E_INVALID, "option: no probe option %d", (int)option);
    else
        return probe->options[option];
    return (double)NAN;
}

vgrad_status vgrad_probe_watch(vgrad_probe *probe, vgrad_role role, int32_t watch)
{
    vgrad_status status = vgrad__check_early(probe);
    if (status != VGRAD_OK)
        return status;
    const int32_t place = vgrad__watchable(role);
    if (place < 0)
        return vgrad__fail(VGRAD_E_INVALID, "role: %d (%s) cannot be watched", (int)role,
                           vgrad_role_name(role));
    if (watch)
        probe->roles |= 1u << place;
    else
        probe->roles &= ~(1u << place);
    return VGRAD_OK;
}

vgrad_status vgrad_probe_watch_none(vgrad_probe *probe)
{
    vgrad_status status = vgrad__check_early(probe);
    if (status == VGRAD_OK)
        probe->roles = 0;
    return status;
}

/* ---- reading ---- */

int32_t vgrad_probe_layer_count(const vgrad_probe *probe)
{
    return probe ? (int32_t)probe->scene.layer_count : (vgrad__fail_null("probe"), -1);
}

const vgrad__probe_layer *vgrad__probe_layer_at(const vgrad_probe *probe, int32_t layer)
{
    if (!probe)
        vgrad__fail_null("probe");
    else if (layer < 0 || (size_t)layer >= probe->scene.layer_count)
        vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %d, got %d", (int)probe->scene.layer_count - 1,
                    (int)layer);
    else
        return &probe->scene.layers[layer];
    return NULL;
}

const char *vgrad_probe_layer_name(const vgrad_probe *probe, int32_t layer)
{
    const vgrad__probe_layer *found = vgrad__probe_layer_at(probe, layer);
    return found ? found->name : NULL;
}

vgrad_status vgrad__check_watched(const vgrad_probe *probe, const vgrad__probe_layer *layer,
                                  vgrad_role role)
{
    const int32_t place = vgrad__watchable(role);
    if (place >= 0 && layer->series[place] >= 0)
        return VGRAD_OK;
    if (place >= 0 && (layer->cadence.every == 0 || !(probe->roles & 1u << place)))
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": its %s (role %d) is not watched",
                           layer->name, vgrad_role_name(role), (int)role);
    return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": has no %s (role %d) to look at",
                       layer->name, vgrad_role_name(role), (int)role);
}

/* Something that a probe remembers: a moment of a tensor, or a figure of a layer. */
typedef struct column {
    const vgrad__probe_layer *layer;
    vgrad_role role;
    vgrad_quantity quantity;
    int32_t series; /* -1: it is the figure */
    size_t figure;
} column;

/* VGRAD_OK, with the column, if it is one that could have been seen. */
static vgrad_status find_column(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                vgrad_quantity quantity, column *c)
{
    vgrad_role of;
    *c = (column){ vgrad__probe_layer_at(probe, layer), role, quantity, -1, 0 };
    if (!c->layer)
        return probe ? VGRAD_E_NOT_FOUND : VGRAD_E_INVALID;
    if (vgrad__quantity_of_moments(quantity)) {
        vgrad_status status = vgrad__check_watched(probe, c->layer, role);
        if (status == VGRAD_OK)
            c->series = c->layer->series[vgrad__watchable(role)];
        return status;
    }
    if (vgrad__quantity_of_histogram(quantity))
        return vgrad__fail(VGRAD_E_NOT_FOUND, "quantity: no history is kept of %s (quantity %d)",
                           vgrad_quantity_name(quantity), (int)quantity);
    const vgrad__figure figure = vgrad__figure_of(quantity, &of);
    if (figure == VGRAD__FIGURES)
        return vgrad__fail(VGRAD_E_INVALID, "quantity: a probe has no quantity %d", (int)quantity);
    if (of != role)
        return vgrad__fail(VGRAD_E_INVALID, "role: %s is of %s (role %d), got %d",
                           vgrad_quantity_name(quantity), vgrad_role_name(of), (int)of, (int)role);
    c->figure = (size_t)layer * VGRAD__FIGURES + figure;
    return VGRAD_OK;
}

/* What a look saw of it; false: nothing. */
static bool read_column(const vgrad__history *history, const column *c, size_t look, double *value)
{
    if (c->series < 0) {
        *value = vgrad__history_figures(history, look)[c->figure];
        return !isnan(*value);
    }
    const vgrad__moments *moments = vgrad__history_at(history, (size_t)c->series, look);
    if (moments)
        *value = vgrad__moments_read(moments, c->quantity);
    return moments != NULL;
}

vgrad_status vgrad_probe_read(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                              vgrad_quantity quantity, double *out)
{
    column c;
    if (vgrad__quantity_of_histogram(quantity))
        return vgrad__closeup_read(probe, layer, role, quantity, out);
    vgrad_status status = find_column(probe, layer, role, quantity, &c);
    if (status != VGRAD_OK)
        return status;
    if (!out)
        return vgrad__fail_null("out");
    const vgrad__history *history = &probe->scene.history;
    for (size_t look = history->looks; look-- > vgrad__history_first(history);) {
        double value;
        if (!read_column(history, &c, look, &value))
            continue;
        *out = value;
        return VGRAD_OK;
    }
    const char *what = c.series < 0 ? vgrad_quantity_name(quantity) : vgrad_role_name(role);
    if (vgrad__history_first(history) > 0)
        return vgrad__fail(VGRAD_E_NOT_FOUND,
                           "layer \"%s\": its %s was not seen at the %zu looks remembered",
                           c.layer->name, what, history->capacity);
    return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": its %s was never seen", c.layer->name,
                       what);
}

/* A column of a history, oldest first. */
static int64_t read_history(const vgrad__history *history, const column *c, int64_t *steps,
                            double *values, int64_t capacity)
{
    int64_t count = 0;
    if (capacity < 0) {
        vgrad__fail(VGRAD_E_INVALID, "capacity: at least 0, got %lld", (long long)capacity);
        return -1;
    }
    for (size_t look = vgrad__history_first(history); look < history->looks; look++) {
        double value;
        if (!read_column(history, c, look, &value))
            continue;
        if (count < capacity && steps)
            steps[count] = vgrad__history_step(history, look);
        if (count < capacity && values)
            values[count] = value;
        count++;
    }
    return count;
}

int64_t vgrad_probe_history(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                            vgrad_quantity quantity, int64_t *steps, double *values,
                            int64_t capacity)
{
    column c;
    if (find_column(probe, layer, role, quantity, &c) != VGRAD_OK)
        return -1;
    return read_history(&probe->scene.history, &c, steps, values, capacity);
}

int64_t vgrad_probe_flight(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                           vgrad_quantity quantity, int64_t *steps, double *values,
                           int64_t capacity)
{
    column c;
    if (find_column(probe, layer, role, quantity, &c) != VGRAD_OK)
        return -1;
    return read_history(&probe->scene.flight, &c, steps, values, capacity);
}

const vgrad_finding *vgrad_probe_finding(const vgrad_probe *probe, int32_t i)
{
    if (!probe) {
        vgrad__fail_null("probe");
        return NULL;
    }
    const vgrad__findings *findings = &probe->scene.findings;
    if (i < 0 || (size_t)i >= findings->raised) {
        vgrad__fail(VGRAD_E_NOT_FOUND, "i: %zu findings are raised, got %d", findings->raised,
                    (int)i);
        return NULL;
    }
    return &findings->order[i]->told;
}

double vgrad_probe_cost(const vgrad_probe *probe)
{
    if (!probe) {
        vgrad__fail_null("probe");
        return (double)NAN;
    }
    return vgrad__cost_percent(&probe->cost, (int64_t)probe->options[VGRAD_PROBE_EVERY]);
}

int64_t vgrad_probe_cadence(const vgrad_probe *probe, int64_t *steps, int64_t *every,
                            int64_t capacity)
{
    if (!probe || capacity < 0) {
        if (!probe)
            vgrad__fail_null("probe");
        else
            vgrad__fail(VGRAD_E_INVALID, "capacity: at least 0, got %lld", (long long)capacity);
        return -1;
    }
    const vgrad__cost *cost = &probe->cost;
    const int64_t count = cost->changes < VGRAD__CADENCES_MAX ? cost->changes : VGRAD__CADENCES_MAX;
    for (int64_t i = 0; i < count && i < capacity; i++) {
        const int64_t at = (cost->changes - count + i) % VGRAD__CADENCES_MAX;
        if (steps)
            steps[i] = cost->steps[at];
        if (every)
            every[i] = cost->every[at];
    }
    return count;
}
