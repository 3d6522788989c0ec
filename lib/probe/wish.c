/* What was asked for one layer alone: whether to look at it, and how often. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/probe.h"

/* Where in a cadence an option stands; NULL: it is of no layer alone. */
static double *place_of(vgrad__cadence *cadence, vgrad_probe_option option)
{
    switch ((int)option) {
    case VGRAD_PROBE_EVERY: return &cadence->every;
    case VGRAD_PROBE_HISTOGRAM_EVERY: return &cadence->histogram_every;
    case VGRAD_PROBE_UNITS_EVERY: return &cadence->units_every;
    default: return NULL;
    }
}

static double chosen(double own, double common)
{
    return isnan(own) ? common : own;
}

/* As many as there are: nothing was asked for that layer. */
static size_t find(const vgrad_probe *probe, const char *name)
{
    size_t i = 0;
    while (i < probe->wish_count && strcmp(probe->wishes[i].name, name) != 0)
        i++;
    return i;
}

vgrad__cadence vgrad__cadence_of(const vgrad_probe *probe, const char *name)
{
    const size_t at = find(probe, name);
    const vgrad__cadence common = { 1, probe->options[VGRAD_PROBE_HISTOGRAM_EVERY],
                                    probe->options[VGRAD_PROBE_UNITS_EVERY] };
    if (at == probe->wish_count)
        return common;
    const vgrad__wish *wish = &probe->wishes[at];
    if (wish->is_spared)
        return (vgrad__cadence){ 0, 0, 0 };
    return (vgrad__cadence){ chosen(wish->cadence.every, common.every),
                             chosen(wish->cadence.histogram_every, common.histogram_every),
                             chosen(wish->cadence.units_every, common.units_every) };
}

/* VGRAD_OK, with the layer's wish: an empty one if it is new. */
static vgrad_status wish_for(vgrad_probe *probe, const char *name, vgrad__wish **wish)
{
    const double none = (double)NAN;
    vgrad_status status = vgrad__check_early(probe);
    if (status != VGRAD_OK)
        return status;
    if (!name)
        return vgrad__fail_null("name");
    const size_t length = strlen(name), at = find(probe, name);
    if (length < 1 || length >= sizeof probe->wishes->name)
        return vgrad__fail(VGRAD_E_INVALID, "name: 1 to %zu bytes, got %zu",
                           sizeof probe->wishes->name - 1, length);
    if (at == probe->wish_count) {
        status = vgrad__grow(probe->context, (void **)&probe->wishes, at, &probe->wish_capacity,
                             sizeof *probe->wishes);
        if (status != VGRAD_OK)
            return status;
        probe->wishes[at] = (vgrad__wish){ .cadence = { none, none, none } };
        memcpy(probe->wishes[at].name, name, length + 1);
        probe->wish_count++;
    }
    *wish = &probe->wishes[at];
    return VGRAD_OK;
}

vgrad_status vgrad_probe_watch_layer(vgrad_probe *probe, const char *name, int32_t watch)
{
    vgrad__wish *wish = NULL;
    vgrad_status status = wish_for(probe, name, &wish);
    if (status == VGRAD_OK)
        wish->is_spared = !watch;
    return status;
}

vgrad_status vgrad_probe_set_layer(vgrad_probe *probe, const char *name, vgrad_probe_option option,
                                   double value)
{
    vgrad__wish *wish = NULL;
    vgrad__cadence any;
    vgrad_status status = vgrad__check_option(option, value);
    if (status == VGRAD_OK && !place_of(&any, option))
        status =
            vgrad__fail(VGRAD_E_INVALID, "option: no probe option of a layer, got %d", (int)option);
    if (status == VGRAD_OK)
        status = wish_for(probe, name, &wish);
    if (status == VGRAD_OK)
        *place_of(&wish->cadence, option) = value;
    return status;
}
