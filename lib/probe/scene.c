/* The layers that a probe looks at, with room for what it sees of them. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probe/figures.h"
#include "probe/probe.h"

vgrad__probe_layer *vgrad__scene_add_layer(const vgrad_probe *probe, vgrad__scene *scene,
                                           const char *name)
{
    if (vgrad__grow(probe->context, (void **)&scene->layers, scene->layer_count,
                    &scene->layer_capacity, sizeof *scene->layers) != VGRAD_OK)
        return NULL;
    vgrad__probe_layer *layer = &scene->layers[scene->layer_count++];
    *layer = (vgrad__probe_layer){ .steepest = 1, .trainable = true, .first_gain = (double)NAN };
    snprintf(layer->name, sizeof layer->name, "%s", name);
    layer->cadence = vgrad__cadence_of(probe, name);
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
        layer->series[place] = -1;
    return layer;
}

static vgrad_status create_history(const vgrad_probe *probe, const vgrad__scene *scene,
                                   vgrad__history *history, int32_t series,
                                   vgrad_probe_option capacity)
{
    return vgrad__history_create(history, (size_t)series,
                                 scene->layer_count * VGRAD__FIGURES + VGRAD__LOOK_FIGURES,
                                 (size_t)probe->options[capacity], probe->context);
}

/* A byte for each unit. */
static uint8_t *allocate_units(const vgrad_probe *probe, const vgrad__probe_layer *layer)
{
    return vgrad__allocate(probe->context, (size_t)layer->units, sizeof(uint8_t));
}

static void release_units(const vgrad_probe *probe, const vgrad__probe_layer *layer,
                          uint8_t **units)
{
    vgrad__release(probe->context, *units, (size_t)layer->units, sizeof **units);
    *units = NULL;
}

/* All that completing makes. */
static vgrad_status complete(const vgrad_probe *probe, vgrad__scene *scene,
                             const vgrad__wiring *wiring)
{
    const int32_t count = (int32_t)scene->layer_count;
    int32_t series = 0;
    for (int32_t i = 0; i < count; i++) {
        vgrad__probe_layer *layer = &scene->layers[i];
        for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
            if (layer->series[place] >= 0)
                layer->series[place] = series++;
        layer->signal.alive = allocate_units(probe, layer);
        layer->signal.alive_now = layer->signal.alive ? allocate_units(probe, layer) : NULL;
        if (!layer->signal.alive_now || vgrad__closeups_create(probe, layer) != VGRAD_OK)
            return VGRAD_E_MEMORY;
    }
    vgrad_status status =
        vgrad__findings_create(&scene->findings, scene->layer_count, probe->context);
    if (status == VGRAD_OK)
        status = vgrad__path_find(&scene->path, wiring, count, probe->context);
    if (status == VGRAD_OK && probe->options[VGRAD_PROBE_FLIGHT] > 0)
        status = create_history(probe, scene, &scene->flight, series, VGRAD_PROBE_FLIGHT);
    if (status == VGRAD_OK)
        status = create_history(probe, scene, &scene->history, series, VGRAD_PROBE_HISTORY);
    return status;
}

static void give_back(const vgrad_probe *probe, vgrad__scene *scene)
{
    for (size_t i = 0; i < scene->layer_count; i++) {
        vgrad__probe_layer *layer = &scene->layers[i];
        release_units(probe, layer, &layer->signal.alive);
        release_units(probe, layer, &layer->signal.alive_now);
        vgrad__closeups_destroy(probe, layer);
    }
    vgrad__history_destroy(&scene->history);
    vgrad__history_destroy(&scene->flight);
    vgrad__findings_destroy(&scene->findings);
    vgrad__path_destroy(&scene->path, probe->context);
}

vgrad_status vgrad__scene_complete(const vgrad_probe *probe, vgrad__scene *scene,
                                   const vgrad__wiring *wiring)
{
    vgrad_status status = complete(probe, scene, wiring);
    if (status != VGRAD_OK)
        give_back(probe, scene); /* so that it can be tried again */
    return status;
}

static void release_rows(const vgrad_probe *probe, vgrad__row_norms *rows)
{
    vgrad__release(probe->context, rows->norms, (size_t)rows->capacity, sizeof *rows->norms);
}

void vgrad__scene_replace(vgrad_probe *probe, const vgrad__scene *fresh)
{
    vgrad__scene_destroy(probe, &probe->scene);
    probe->scene = *fresh;
    probe->window = (vgrad__run_window){ .samples = 0 };
    probe->look = (vgrad__look){ .open = false };
    probe->cost = (vgrad__cost){ .stretch = 0 };
}

void vgrad__scene_destroy(const vgrad_probe *probe, vgrad__scene *scene)
{
    give_back(probe, scene);
    for (size_t i = 0; i < scene->layer_count; i++) {
        release_rows(probe, &scene->layers[i].signal.input);
        release_rows(probe, &scene->layers[i].signal.delta);
        vgrad__kept_release(probe, &scene->layers[i].kernel_before);
    }
    vgrad__release(probe->context, scene->of_tensor, scene->tensor_count, sizeof *scene->of_tensor);
    vgrad__release(probe->context, scene->layers, scene->layer_capacity, sizeof *scene->layers);
    *scene = (vgrad__scene){ 0 };
}

const vgrad__moments *vgrad__scene_moments(const vgrad__scene *scene, size_t layer, vgrad_role role,
                                           size_t look)
{
    const int32_t series = scene->layers[layer].series[vgrad__watchable(role)];
    return series >= 0 ? vgrad__history_at(&scene->history, (size_t)series, look) : NULL;
}

double *vgrad__scene_figures(const vgrad__scene *scene, size_t layer, size_t look)
{
    return vgrad__history_figures(&scene->history, look) + layer * VGRAD__FIGURES;
}

double *vgrad__scene_loss(const vgrad__scene *scene, size_t look)
{
    return vgrad__scene_figures(scene, scene->layer_count, look);
}
