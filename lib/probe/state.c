/* Writing what a probe has seen of a step: see state.h. */
/* SPDX-License-Identifier: MIT */
#include "probe/state.h"

#include <string.h>

#include "probe/bytes.h"

const char vgrad__state_magic[VGRAD__STATE_MAGIC] = { 'V', 'G', 'R', 'D', 'L', 'O', 'O', 'K' };

static void put_moments(vgrad__writer *w, const vgrad__moments *m)
{
    const int64_t counts[] = { m->count, m->finite, m->zeros, m->nans, m->exponent };
    const double sums[] = { m->mean, m->mean_rest, m->m2, m->sum_abs, m->min, m->max };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        vgrad__put_whole(w, counts[i]);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        vgrad__put_real(w, sums[i]);
}

static void put_sights(vgrad__writer *w, const vgrad__scene *scene, const vgrad__probe_layer *layer)
{
    const vgrad__history *history = &scene->history;
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++) {
        const int32_t series = layer->series[place];
        const vgrad__moments *seen =
            series < 0 ? NULL : vgrad__history_at(history, (size_t)series, history->looks - 1);
        vgrad__put_whole(w, seen != NULL);
        if (seen)
            put_moments(w, seen);
    }
}

static void put_closeup(vgrad__writer *w, const vgrad__closeup *closeup)
{
    uint64_t numbers[VGRAD__HISTOGRAM_NUMBERS];
    vgrad__put_whole(w, closeup->counted_now);
    if (closeup->counted_now) {
        memcpy(numbers, closeup->histogram, sizeof numbers);
        for (int i = 0; i < VGRAD__HISTOGRAM_NUMBERS; i++)
            vgrad__put_whole(w, (int64_t)numbers[i]);
    }
    vgrad__put_whole(w, closeup->units_seen_now ? closeup->unit_count : -1);
    for (int64_t unit = 0; closeup->units_seen_now && unit < closeup->unit_count; unit++)
        put_moments(w, &closeup->units[unit]);
}

static void put_rows(vgrad__writer *w, const vgrad__row_norms *rows)
{
    vgrad__put_whole(w, rows->count);
    vgrad__put_whole(w, rows->count > 0 ? rows->odd_row : -1);
    vgrad__put_whole(w, rows->count > 0 ? rows->odd_column : -1);
    for (int64_t i = 0; i < rows->count; i++)
        vgrad__put_real(w, rows->norms[i]);
}

static void put_layer(vgrad__writer *w, const vgrad__scene *scene, const vgrad__probe_layer *layer)
{
    vgrad__put(w, layer->name, sizeof layer->name);
    vgrad__put_whole(w, (int64_t)layer->kind);
    vgrad__put_whole(w, (int64_t)layer->activation);
    vgrad__put_whole(w, layer->fan_in);
    vgrad__put_whole(w, layer->fan_out);
    put_sights(w, scene, layer);
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++)
        put_closeup(w, &layer->closeups[i]);
    put_rows(w, &layer->signal.input);
    put_rows(w, &layer->signal.delta);
    vgrad__put_whole(w, layer->signal.derivatives);
    vgrad__put_real(w, layer->signal.derivative_squares);
    vgrad__put(w, layer->signal.alive_now, (size_t)layer->units);
}

/* All but the checksum; how many bytes that is. */
static size_t put_state(const vgrad_probe *probe, unsigned char *out)
{
    const vgrad__scene *scene = &probe->scene;
    vgrad__writer w = { out, 0 };
    vgrad__put(&w, vgrad__state_magic, sizeof vgrad__state_magic);
    vgrad__put_whole(&w, VGRAD__STATE_VERSION);
    vgrad__put_whole(&w, probe->look.step);
    vgrad__put_whole(&w, probe->look.rows);
    vgrad__put_whole(&w, (int64_t)scene->layer_count);
    for (size_t i = 0; i < scene->layer_count; i++)
        put_layer(&w, scene, &scene->layers[i]);
    return w.size;
}

vgrad_status vgrad__check_looking(const vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (!probe->declaring || !probe->look.in_step || !probe->look.open)
        return vgrad__fail(VGRAD_E_STATE, "probe: not within a step that it looks at");
    return VGRAD_OK;
}

vgrad_status vgrad_probe_serialize(const vgrad_probe *probe, void *out, size_t capacity,
                                   size_t *size)
{
    vgrad_status status = vgrad__check_looking(probe);
    if (status != VGRAD_OK)
        return status;
    if (!size)
        return vgrad__fail_null("size");
    const size_t before_sum = put_state(probe, NULL);
    *size = before_sum + VGRAD__STATE_SUM;
    if (!out)
        return VGRAD_OK;
    if (*size > capacity)
        return vgrad__fail(VGRAD_E_INVALID, "capacity: the state has %zu bytes, got %zu", *size,
                           capacity);
    vgrad__writer w = { out, put_state(probe, out) };
    vgrad__put_whole(&w, (int64_t)vgrad__checksum(out, before_sum));
    return VGRAD_OK;
}
