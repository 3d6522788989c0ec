/* Taking histograms and moments of units, and reading them. */
/* SPDX-License-Identifier: MIT */
#include "probe/closeup.h"

#include <string.h>

#include "probe/probe.h"
#include "tensor/measure.h"
#include "tensor/tensor.h"

static const vgrad_role roles[VGRAD__CLOSEUPS] = {
    VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT, VGRAD_KERNEL, VGRAD_DELTA, VGRAD_ACTIVATION,
};

vgrad_role vgrad__closeup_role(int32_t place)
{
    return roles[place];
}

/* Where a role stands among them; -1: nowhere. */
static int32_t place_of(vgrad_role role)
{
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++)
        if (roles[i] == role)
            return i;
    return -1;
}

/* ---- room ---- */

vgrad_status vgrad__closeups_create(const vgrad_probe *probe, vgrad__probe_layer *layer)
{
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++) {
        vgrad__closeup *closeup = &layer->closeups[i];
        if (layer->cadence.histogram_every == 0 || layer->series[vgrad__watchable(roles[i])] < 0)
            continue;
        closeup->histogram = vgrad__allocate(probe->context, 1, sizeof *closeup->histogram);
        if (!closeup->histogram)
            return VGRAD_E_MEMORY;
    }
    return VGRAD_OK;
}

void vgrad__closeups_destroy(const vgrad_probe *probe, vgrad__probe_layer *layer)
{
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++) {
        vgrad__closeup *closeup = &layer->closeups[i];
        vgrad__release(probe->context, closeup->histogram, 1, sizeof *closeup->histogram);
        vgrad__release(probe->context, closeup->units, (size_t)closeup->unit_capacity,
                       sizeof *closeup->units);
        *closeup = (vgrad__closeup){ 0 };
    }
}

vgrad_status vgrad__closeup_reserve(const vgrad_probe *probe, vgrad__probe_layer *layer,
                                    vgrad_role role, int64_t units)
{
    const int32_t place = place_of(role);
    if (place < 0 || layer->cadence.units_every == 0)
        return VGRAD_OK;
    vgrad__closeup *closeup = &layer->closeups[place];
    if (units <= closeup->unit_capacity)
        return VGRAD_OK;
    vgrad__moments *room = vgrad__allocate(probe->context, (size_t)units, sizeof *room);
    if (!room)
        return VGRAD_E_MEMORY;
    if (closeup->units)
        memcpy(room, closeup->units, (size_t)closeup->unit_count * sizeof *room);
    vgrad__release(probe->context, closeup->units, (size_t)closeup->unit_capacity,
                   sizeof *closeup->units);
    closeup->units = room;
    closeup->unit_capacity = units;
    return VGRAD_OK;
}

/* ---- looking ---- */

bool vgrad__closeup_wants(const vgrad__probe_layer *layer, vgrad_role role)
{
    return (layer->counts || layer->sees_units) && place_of(role) >= 0;
}

void vgrad__closeups_begin(vgrad__probe_layer *layer)
{
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++)
        layer->closeups[i].counted_now = layer->closeups[i].units_seen_now = false;
}

void vgrad__closeup_add_histogram(vgrad__closeup *closeup, const vgrad__histogram *more)
{
    if (!closeup->counted_now)
        *closeup->histogram = (vgrad__histogram){ 0 };
    vgrad__histogram_merge(closeup->histogram, more);
    closeup->counted = closeup->counted_now = true;
}

void vgrad__closeup_begin_units(vgrad__closeup *closeup, int64_t count)
{
    closeup->unit_count = count;
    for (int64_t unit = 0; unit < count; unit++)
        closeup->units[unit] = (vgrad__moments){ 0 };
    closeup->units_seen = closeup->units_seen_now = true;
}

/* Column by column: each is a tensor with strides of its own. */
static void measure_units(const vgrad_tensor *tensor, double scale, vgrad__closeup *closeup)
{
    const int32_t last = tensor->rank - 1;
    const int64_t size = (int64_t)vgrad__dtype_size((vgrad_dtype)tensor->dtype);
    const int64_t step = last >= 0 ? tensor->strides[last] * size : 0;
    vgrad_tensor column = *tensor;
    vgrad__closeup_begin_units(closeup, last >= 0 ? tensor->shape[last] : 1);
    if (last >= 0)
        column.shape[last] = 1;
    for (int64_t unit = 0; unit < closeup->unit_count; unit++) {
        column.data = (const char *)tensor->data + unit * step;
        closeup->units[unit] = vgrad__moments_of(&column);
        vgrad__moments_divide(&closeup->units[unit], scale);
    }
}

void vgrad__closeup_look(vgrad_probe *probe, int32_t layer, vgrad_role role,
                         const vgrad_tensor *tensor, double scale)
{
    vgrad__probe_layer *of = &probe->scene.layers[layer];
    if (!vgrad__closeup_wants(of, role) || of->series[vgrad__watchable(role)] < 0)
        return;
    vgrad__closeup *closeup = &of->closeups[place_of(role)];
    if (of->counts) {
        closeup->counted_now = false; /* of a tensor that comes twice, the later one counts */
        vgrad__histogram of_tensor = { 0 };
        vgrad__histogram_of(tensor, scale, &of_tensor);
        vgrad__closeup_add_histogram(closeup, &of_tensor);
    }
    if (of->sees_units)
        measure_units(tensor, scale, closeup);
}

/* ---- reading ---- */

/* VGRAD_OK, with what was seen of a role of a layer that is watched. */
static vgrad_status find(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                         const vgrad__closeup **closeup)
{
    const int32_t place = place_of(role);
    const vgrad__probe_layer *of = vgrad__probe_layer_at(probe, layer);
    if (!of)
        return probe ? VGRAD_E_NOT_FOUND : VGRAD_E_INVALID;
    if (place < 0)
        return vgrad__fail(VGRAD_E_INVALID, "role: %d (%s) is not looked at closely", (int)role,
                           vgrad_role_name(role));
    *closeup = &of->closeups[place];
    return vgrad__check_watched(probe, of, role);
}

/* VGRAD_OK, with a histogram that was taken. */
static vgrad_status find_histogram(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                   const vgrad__histogram **histogram)
{
    const vgrad__closeup *closeup = NULL;
    vgrad_status status = find(probe, layer, role, &closeup);
    if (status != VGRAD_OK)
        return status;
    if (!closeup->counted)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": no histogram of its %s was taken",
                           probe->scene.layers[layer].name, vgrad_role_name(role));
    *histogram = closeup->histogram;
    return VGRAD_OK;
}

vgrad_status vgrad__closeup_read(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                 vgrad_quantity quantity, double *out)
{
    const vgrad__histogram *histogram = NULL;
    vgrad_status status = find_histogram(probe, layer, role, &histogram);
    if (status != VGRAD_OK)
        return status;
    if (!out)
        return vgrad__fail_null("out");
    *out = vgrad__histogram_read(histogram, quantity);
    return VGRAD_OK;
}

vgrad_status vgrad_probe_histogram(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                   uint64_t *bins, size_t count)
{
    const vgrad__histogram *histogram = NULL;
    if (!probe || !bins)
        return vgrad__fail_null(probe ? "bins" : "probe");
    if (count != VGRAD_HISTOGRAM_BINS)
        return vgrad__fail(VGRAD_E_INVALID, "count: %d bins, got %zu", (int)VGRAD_HISTOGRAM_BINS,
                           count);
    vgrad_status status = find_histogram(probe, layer, role, &histogram);
    if (status == VGRAD_OK)
        memcpy(bins, histogram->bins, sizeof histogram->bins);
    return status;
}

vgrad_status vgrad_probe_quantile(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                  double p, double *out)
{
    const vgrad__histogram *histogram = NULL;
    if (!probe || !out)
        return vgrad__fail_null(probe ? "out" : "probe");
    if (!(p >= 0 && p <= 1))
        return vgrad__fail(VGRAD_E_INVALID, "p: in [0, 1], got %g", p);
    vgrad_status status = find_histogram(probe, layer, role, &histogram);
    if (status == VGRAD_OK)
        *out = vgrad__histogram_quantile(histogram, p);
    return status;
}

int64_t vgrad_probe_units(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                          vgrad_quantity quantity, double *values, int64_t capacity)
{
    const vgrad__closeup *closeup = NULL;
    vgrad_status status = find(probe, layer, role, &closeup);
    if (status == VGRAD_OK && !vgrad__quantity_of_moments(quantity))
        status = vgrad__fail(VGRAD_E_INVALID, "quantity: units have no %s (quantity %d)",
                             vgrad_quantity_name(quantity), (int)quantity);
    if (status == VGRAD_OK && capacity < 0)
        status =
            vgrad__fail(VGRAD_E_INVALID, "capacity: at least 0, got %lld", (long long)capacity);
    if (status == VGRAD_OK && !closeup->units_seen)
        status = vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": units of its %s were never seen",
                             probe->scene.layers[layer].name, vgrad_role_name(role));
    if (status != VGRAD_OK)
        return -1;
    for (int64_t unit = 0; values && unit < closeup->unit_count && unit < capacity; unit++)
        values[unit] = vgrad__moments_read(&closeup->units[unit], quantity);
    return closeup->unit_count;
}
