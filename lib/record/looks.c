/* What probes saw, as entries of a recorder. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "probe/figures.h"
#include "probe/probe.h"
#include "record/recorder.h"
#include "train/trainer.h"

/* Of every tensor: all that moments know beside their count. */
static const vgrad_quantity of_moments[] = { VGRAD_MEAN,  VGRAD_STD,  VGRAD_MEAN_ABS,
                                             VGRAD_L2,    VGRAD_MIN,  VGRAD_MAX,
                                             VGRAD_ZEROS, VGRAD_NANS, VGRAD_INFS };
static const vgrad_quantity of_histograms[] = { VGRAD_MEDIAN,        VGRAD_FP16_LOST,
                                                VGRAD_BF16_LOST,     VGRAD_FP8_E4M3_LOST,
                                                VGRAD_FP8_E5M2_LOST, VGRAD_LOSS_SCALE };

static void add_moments(vgrad_recorder *recorder, const char *layer, vgrad_role role,
                        const vgrad__moments *moments)
{
    const char *role_name = vgrad_role_name(role);
    for (size_t i = 0; i < sizeof of_moments / sizeof *of_moments; i++)
        vgrad__recorder_add_row(recorder, layer, role_name, vgrad_quantity_name(of_moments[i]),
                                vgrad__moments_read(moments, of_moments[i]));
}

/* The histogram that this look took of a role, if it did. */
static void add_histogram(vgrad_recorder *recorder, const vgrad_probe *probe, int32_t index,
                          int32_t place, const vgrad__moments *moments)
{
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const vgrad_role role = vgrad__closeup_role(place);
    const char *role_name = vgrad_role_name(role);
    double value;
    if (!layer->closeups[place].counted_now || !moments)
        return;
    for (size_t i = 0; i < sizeof of_histograms / sizeof *of_histograms; i++)
        if (vgrad__closeup_read(probe, index, role, of_histograms[i], &value) == VGRAD_OK)
            vgrad__recorder_add_row(recorder, layer->name, role_name,
                                    vgrad_quantity_name(of_histograms[i]), value);
    const vgrad__counts counts = { .layer = layer->name,
                                   .role = role_name,
                                   .histogram = layer->closeups[place].histogram,
                                   .least = vgrad__moments_read(moments, VGRAD_MIN),
                                   .most = vgrad__moments_read(moments, VGRAD_MAX) };
    vgrad__recorder_add_counts(recorder, &counts);
}

static void add_figures(vgrad_recorder *recorder, const char *layer, const double *figures)
{
    for (int f = 0; f < VGRAD__FIGURES; f++) {
        vgrad_role role;
        const vgrad_quantity quantity = vgrad__quantity_of((vgrad__figure)f, &role);
        if (!isnan(figures[f]))
            vgrad__recorder_add_row(recorder, layer, vgrad_role_name(role),
                                    vgrad_quantity_name(quantity), figures[f]);
    }
}

static void add_layer(vgrad_recorder *recorder, const vgrad_probe *probe, size_t index, size_t look)
{
    const vgrad__scene *scene = &probe->scene;
    const vgrad__probe_layer *layer = &scene->layers[index];
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++) {
        const vgrad_role role = vgrad__watchable_role(place);
        const vgrad__moments *moments = vgrad__scene_moments(scene, index, role, look);
        if (moments)
            add_moments(recorder, layer->name, role, moments);
    }
    for (int32_t place = 0; place < VGRAD__CLOSEUPS; place++)
        add_histogram(recorder, probe, (int32_t)index, place,
                      vgrad__scene_moments(scene, index, vgrad__closeup_role(place), look));
    add_figures(recorder, layer->name, vgrad__scene_figures(scene, index, look));
}

static bool looked(void *self, const vgrad_probe *probe)
{
    vgrad_recorder *recorder = self;
    const vgrad__scene *scene = &probe->scene;
    const size_t look = scene->history.looks - 1;
    const int64_t step = vgrad__history_step(&scene->history, look);
    const int64_t epoch = vgrad__recorder_epoch(recorder);
    /* Findings are told whether their step is due or not. */
    for (size_t i = 0; i < scene->findings.news_count && !recorder->closed; i++)
        vgrad__recorder_take(recorder, step, epoch, &scene->findings.news[i]->told);
    if (!vgrad__recorder_is_due(recorder, step))
        return !recorder->closed;
    for (size_t i = 0; i < scene->layer_count; i++)
        add_layer(recorder, probe, i, look);
    const double loss = *vgrad__scene_loss(scene, look);
    if (!recorder->trainer && !isnan(loss)) /* a trainer tells it by itself */
        vgrad__recorder_add_row(recorder, "", "", "loss", loss);
    vgrad__recorder_take(recorder, step, epoch, NULL);
    return true;
}

static void left(void *self)
{
    vgrad__recorder_let_go(self);
}

vgrad_status vgrad_recorder_probe(vgrad_recorder *recorder, vgrad_probe *probe)
{
    if (!recorder || !probe)
        return vgrad__fail_null(recorder ? "probe" : "recorder");
    for (size_t i = 0; i < probe->viewer_count; i++)
        if (probe->viewers[i].self == recorder)
            return vgrad__fail(VGRAD_E_STATE, "probe: recorded by this recorder already");
    const vgrad__viewer viewer = { recorder, looked, left };
    vgrad_status status = vgrad__probe_show(probe, &viewer);
    if (status == VGRAD_OK)
        vgrad__hold(&recorder->references);
    return status;
}
