/* The order in which a look is judged, and what the rules share. */
/* SPDX-License-Identifier: MIT */
#include "probe/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const vgrad__moments *vgrad__moments_seen(const vgrad_probe *probe, size_t layer, vgrad_role role)
{
    return vgrad__scene_moments(&probe->scene, layer, role, probe->scene.history.looks - 1);
}

vgrad__verdict vgrad__verdict_on(const vgrad_probe *probe, vgrad_finding_code code, int32_t layer)
{
    return (vgrad__verdict){ .code = code,
                             .layer = layer,
                             .where = -1,
                             .role = -1,
                             .layer_name = layer < 0 ? "" : probe->scene.layers[layer].name,
                             .formula = "",
                             .remedy = "" };
}

void vgrad__deliver(vgrad_probe *probe, const vgrad__verdict *verdict)
{
    const int64_t first = verdict->at_once ? probe->look.step
                          : verdict->layer >= 0
                              ? probe->scene.layers[verdict->layer].window.first_step
                              : probe->window.way_first_step;
    vgrad__findings_take(&probe->scene.findings, verdict, first, probe->look.step,
                         (int32_t)probe->options[VGRAD_PROBE_WINDOWS]);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double vgrad__median(const double *values, int64_t count)
{
    double sorted[VGRAD__LOSSES_MAX];
    if (count == 0)
        return (double)NAN;
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static void judge_window(vgrad_probe *probe)
{
    if (vgrad__window_has_way(probe))
        vgrad__judge_way(probe);
    for (int32_t at = 1; at < probe->scene.path.count; at++)
        vgrad__judge_initialization(probe, at);
    for (size_t i = 0; i < probe->scene.layer_count; i++)
        if (vgrad__window_is_full(probe, probe->scene.layers[i].window.samples))
            vgrad__judge_layer(probe, (int32_t)i);
}

void vgrad__rules_look(vgrad_probe *probe, double loss, int64_t rows)
{
    vgrad__findings *findings = &probe->scene.findings;
    vgrad__findings_begin(findings);
    vgrad__judge_loss(probe, loss);
    vgrad__window_add_loss(probe, loss);
    vgrad__judge_finite(probe);
    if (probe->look.closer)
        vgrad__window_add_look(probe, rows);
    if (vgrad__window_is_full(probe, probe->window.samples)) {
        judge_window(probe);
        vgrad__window_begin(probe);
    }
    vgrad__findings_end(findings);
}
