/* The probe: an observer that remembers. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include <vgrad/probe.h>

#include "base/context.h"
#include "base/number.h"
#include "base/status.h"
#include "network/observer.h"
#include "probe/history.h"
#include "tensor/measure.h"

/* A tensor of the network, and where it stands in the history. */
typedef struct watched_tensor {
    int32_t layer;
    vgrad_role role;
    bool watched;
    size_t series;
} watched_tensor;

typedef struct layer_name {
    char text[64];
} layer_name;

/* What a probe knows of a network that it is or was attached to. */
typedef struct memory {
    watched_tensor *tensors; /* by the number that the network gives them */
    size_t tensor_count;
    layer_name *layers;
    size_t layer_count;
    vgrad__history history;
} memory;

struct vgrad_probe {
    vgrad_context *context;
    int64_t every, remembered;
    uint32_t roles;         /* a bit for each of `watchable` */
    vgrad_network *network; /* NULL: not attached */
    vgrad__observer observer;
    memory seen;
};

static const vgrad_role watchable[] = {
    VGRAD_KERNEL,        VGRAD_BIAS,           VGRAD_PREACTIVATION,
    VGRAD_ACTIVATION,    VGRAD_INPUT,          VGRAD_KERNEL_GRADIENT,
    VGRAD_BIAS_GRADIENT, VGRAD_DELTA,          VGRAD_ACTIVATION_GRADIENT,
    VGRAD_KERNEL_UPDATE, VGRAD_BIAS_UPDATE,    VGRAD_GAMMA,
    VGRAD_BETA,          VGRAD_GAMMA_GRADIENT, VGRAD_BETA_GRADIENT,
    VGRAD_GAMMA_UPDATE,  VGRAD_BETA_UPDATE,
};

enum { WATCHABLE = sizeof watchable / sizeof *watchable };

/* The role's bit; 0 if it cannot be watched. */
static uint32_t bit_of(vgrad_role role)
{
    for (uint32_t i = 0; i < WATCHABLE; i++)
        if (watchable[i] == role)
            return 1u << i;
    return 0;
}

/* ---- as an observer ---- */

static bool begin(void *self, int64_t step)
{
    vgrad_probe *probe = self;
    if (step % probe->every != 0)
        return false;
    vgrad__history_begin(&probe->seen.history, step);
    return true;
}

static unsigned wants(void *self, size_t tensor)
{
    const vgrad_probe *probe = self;
    return probe->seen.tensors[tensor].watched ? VGRAD__WANT_MOMENTS : VGRAD__WANT_NOTHING;
}

static void observe(void *self, size_t tensor, const vgrad_tensor *view,
                    const vgrad__moments *moments)
{
    vgrad_probe *probe = self;
    (void)view;
    vgrad__history_add(&probe->seen.history, probe->seen.tensors[tensor].series, moments);
}

/* ---- life ---- */

vgrad_status vgrad_probe_create(vgrad_probe **out, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_probe *probe = vgrad__allocate(context, 1, sizeof *probe);
    if (!probe)
        return VGRAD_E_MEMORY;
    probe->context = vgrad__context_hold(context);
    probe->every = 1;
    probe->remembered = 1024;
    probe->roles = (1u << WATCHABLE) - 1;
    probe->observer = (vgrad__observer){ probe, begin, wants, observe };
    *out = probe;
    return VGRAD_OK;
}

static void forget(const vgrad_probe *probe, memory *seen)
{
    vgrad__history_destroy(&seen->history);
    vgrad__release(probe->context, seen->tensors, seen->tensor_count, sizeof *seen->tensors);
    vgrad__release(probe->context, seen->layers, seen->layer_count, sizeof *seen->layers);
    *seen = (memory){ 0 };
}

void vgrad_probe_destroy(vgrad_probe *probe)
{
    if (!probe)
        return;
    vgrad_context *context = probe->context;
    vgrad_probe_detach(probe);
    forget(probe, &probe->seen);
    vgrad__release(context, probe, 1, sizeof *probe);
    vgrad__context_let_go(context);
}

/* ---- settings ---- */

static vgrad_status check_not_attached(const vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (probe->network)
        return vgrad__fail(VGRAD_E_STATE, "probe: attached, detach it first");
    return VGRAD_OK;
}

vgrad_status vgrad_probe_set(vgrad_probe *probe, vgrad_probe_option option, double value)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (option != VGRAD_PROBE_EVERY && option != VGRAD_PROBE_HISTORY)
        return vgrad__fail(VGRAD_E_INVALID, "option: no probe option %d", (int)option);
    if (!vgrad__number_fits(value, 1, INT32_MAX, true))
        return vgrad__fail(VGRAD_E_INVALID, "%s: a whole number from 1 to %d, got %g",
                           option == VGRAD_PROBE_EVERY ? "every" : "history", INT32_MAX, value);
    if (option == VGRAD_PROBE_EVERY) {
        probe->every = (int64_t)value;
        return VGRAD_OK;
    }
    vgrad_status status = check_not_attached(probe);
    if (status == VGRAD_OK)
        probe->remembered = (int64_t)value;
    return status;
}

double vgrad_probe_get(const vgrad_probe *probe, vgrad_probe_option option)
{
    if (!probe)
        vgrad__fail_null("probe");
    else if (option == VGRAD_PROBE_EVERY)
        return (double)probe->every;
    else if (option == VGRAD_PROBE_HISTORY)
        return (double)probe->remembered;
    else
        vgrad__fail(VGRAD_E_INVALID, "option: no probe option %d", (int)option);
    return (double)NAN;
}

vgrad_status vgrad_probe_watch(vgrad_probe *probe, vgrad_role role, int32_t watch)
{
    vgrad_status status = check_not_attached(probe);
    if (status != VGRAD_OK)
        return status;
    if (bit_of(role) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "role: %d (%s) cannot be watched", (int)role,
                           vgrad_role_name(role));
    if (watch)
        probe->roles |= bit_of(role);
    else
        probe->roles &= ~bit_of(role);
    return VGRAD_OK;
}

vgrad_status vgrad_probe_watch_none(vgrad_probe *probe)
{
    vgrad_status status = check_not_attached(probe);
    if (status == VGRAD_OK)
        probe->roles = 0;
    return status;
}

/* ---- attaching ---- */

static vgrad_status copy_layer_names(const vgrad_probe *probe, const vgrad_network *network,
                                     memory *seen)
{
    size_t count = 0;
    while (vgrad_network_layer(network, (int32_t)count))
        count++;
    seen->layers = vgrad__allocate(probe->context, count, sizeof *seen->layers);
    if (!seen->layers)
        return VGRAD_E_MEMORY;
    seen->layer_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *name = vgrad_layer_name(vgrad_network_layer(network, (int32_t)i));
        strncpy(seen->layers[i].text, name, sizeof seen->layers[i].text - 1);
    }
    return VGRAD_OK;
}

/* Lists the tensors, numbers those that are watched, and makes room for their history. */
static vgrad_status choose_tensors(const vgrad_probe *probe, const vgrad_network *network,
                                   memory *seen)
{
    watched_tensor one;
    size_t count = 0, series = 0;
    while (vgrad__observable(network, count, &one.layer, &one.role))
        count++;
    seen->tensors = vgrad__allocate(probe->context, count, sizeof *seen->tensors);
    if (!seen->tensors)
        return VGRAD_E_MEMORY;
    seen->tensor_count = count;
    for (size_t i = 0; i < count; i++) {
        watched_tensor *tensor = &seen->tensors[i];
        vgrad__observable(network, i, &tensor->layer, &tensor->role);
        tensor->watched = probe->roles & bit_of(tensor->role);
        tensor->series = tensor->watched ? series++ : 0;
    }
    return vgrad__history_create(&seen->history, series, (size_t)probe->remembered, probe->context);
}

vgrad_status vgrad_probe_attach(vgrad_probe *probe, vgrad_network *network)
{
    memory fresh = { 0 };
    vgrad_status status = check_not_attached(probe);
    if (status == VGRAD_OK && !network)
        status = vgrad__fail_null("network");
    if (status == VGRAD_OK)
        status = vgrad__observer_join(network, &probe->observer);
    if (status != VGRAD_OK)
        return status;
    status = copy_layer_names(probe, network, &fresh);
    if (status == VGRAD_OK)
        status = choose_tensors(probe, network, &fresh);
    if (status != VGRAD_OK) {
        forget(probe, &fresh);
        vgrad__observer_leave(network, &probe->observer);
        return status;
    }
    forget(probe, &probe->seen);
    probe->seen = fresh;
    probe->network = network;
    return VGRAD_OK;
}

vgrad_status vgrad_probe_detach(vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    vgrad_network *network = probe->network;
    probe->network = NULL;
    if (network)
        vgrad__observer_leave(network, &probe->observer);
    return VGRAD_OK;
}

/* ---- reading ---- */

int32_t vgrad_probe_layer_count(const vgrad_probe *probe)
{
    return probe ? (int32_t)probe->seen.layer_count : (vgrad__fail_null("probe"), -1);
}

const char *vgrad_probe_layer_name(const vgrad_probe *probe, int32_t layer)
{
    if (!probe)
        vgrad__fail_null("probe");
    else if (layer < 0 || (size_t)layer >= probe->seen.layer_count)
        vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %d, got %d", (int)probe->seen.layer_count - 1,
                    (int)layer);
    else
        return probe->seen.layers[layer].text;
    return NULL;
}

static const watched_tensor *find_tensor(const vgrad_probe *probe, int32_t layer, vgrad_role role)
{
    for (size_t i = 0; i < probe->seen.tensor_count; i++)
        if (probe->seen.tensors[i].layer == layer && probe->seen.tensors[i].role == role)
            return &probe->seen.tensors[i];
    return NULL;
}

/* VGRAD_OK, with the series, if it is one that could have been seen. */
static vgrad_status check_series(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                 vgrad_quantity quantity, size_t *found)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (vgrad__quantity_of_histogram(quantity))
        return vgrad__fail(VGRAD_E_NOT_FOUND, "quantity: a probe has no %s (quantity %d)",
                           vgrad_quantity_name(quantity), (int)quantity);
    if (!vgrad__quantity_of_moments(quantity))
        return vgrad__fail(VGRAD_E_INVALID, "quantity: no quantity %d", (int)quantity);
    if (layer < 0 || (size_t)layer >= probe->seen.layer_count)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %d, got %d",
                           (int)probe->seen.layer_count - 1, (int)layer);
    const watched_tensor *tensor = find_tensor(probe, layer, role);
    if (!tensor)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": has no %s (role %d)",
                           probe->seen.layers[layer].text, vgrad_role_name(role), (int)role);
    if (!tensor->watched)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": its %s (role %d) is not watched",
                           probe->seen.layers[layer].text, vgrad_role_name(role), (int)role);
    *found = tensor->series;
    return VGRAD_OK;
}

vgrad_status vgrad_probe_read(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                              vgrad_quantity quantity, double *out)
{
    size_t s;
    vgrad_status status = check_series(probe, layer, role, quantity, &s);
    if (status != VGRAD_OK)
        return status;
    if (!out)
        return vgrad__fail_null("out");
    const vgrad__history *history = &probe->seen.history;
    for (size_t look = history->looks; look-- > vgrad__history_first(history);) {
        const vgrad__moments *moments = vgrad__history_at(history, s, look);
        if (moments) {
            *out = vgrad__moments_read(moments, quantity);
            return VGRAD_OK;
        }
    }
    return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": its %s was never seen",
                       probe->seen.layers[layer].text, vgrad_role_name(role));
}

int64_t vgrad_probe_history(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                            vgrad_quantity quantity, int64_t *steps, double *values,
                            int64_t capacity)
{
    size_t s;
    if (check_series(probe, layer, role, quantity, &s) != VGRAD_OK)
        return -1;
    if (capacity < 0) {
        vgrad__fail(VGRAD_E_INVALID, "capacity: at least 0, got %lld", (long long)capacity);
        return -1;
    }
    const vgrad__history *history = &probe->seen.history;
    int64_t count = 0;
    for (size_t look = vgrad__history_first(history); look < history->looks; look++) {
        const vgrad__moments *moments = vgrad__history_at(history, s, look);
        if (!moments)
            continue;
        if (count < capacity && steps)
            steps[count] = vgrad__history_step(history, look);
        if (count < capacity && values)
            values[count] = vgrad__moments_read(moments, quantity);
        count++;
    }
    return count;
}
