/* A ring of looks. */
/* SPDX-License-Identifier: MIT */
#include "probe/history.h"

#include <math.h>
#include <string.h>

#include "base/context.h"

vgrad_status vgrad__history_create(vgrad__history *history, size_t series, size_t figures,
                                   size_t capacity, vgrad_context *context)
{
    *history = (vgrad__history){
        .context = context, .series = series, .figure_count = figures, .capacity = capacity
    };
    history->steps = vgrad__allocate(context, capacity, sizeof *history->steps);
    if (history->steps)
        history->sights = vgrad__allocate(context, capacity, series * sizeof *history->sights);
    if (history->sights)
        history->figures = vgrad__allocate(context, capacity, figures * sizeof *history->figures);
    if (history->figures)
        return VGRAD_OK;
    vgrad__history_destroy(history);
    return VGRAD_E_MEMORY;
}

void vgrad__history_destroy(vgrad__history *history)
{
    vgrad__release(history->context, history->steps, history->capacity, sizeof *history->steps);
    vgrad__release(history->context, history->sights, history->capacity,
                   history->series * sizeof *history->sights);
    vgrad__release(history->context, history->figures, history->capacity,
                   history->figure_count * sizeof *history->figures);
    *history = (vgrad__history){ 0 };
}

static vgrad__sight *row(const vgrad__history *history, size_t look)
{
    return history->sights + look % history->capacity * history->series;
}

void vgrad__history_begin(vgrad__history *history, int64_t step)
{
    history->looks++;
    history->steps[(history->looks - 1) % history->capacity] = step;
    for (size_t s = 0; s < history->series; s++)
        row(history, history->looks - 1)[s].seen = false;
    double *figures = vgrad__history_figures(history, history->looks - 1);
    for (size_t f = 0; f < history->figure_count; f++)
        figures[f] = (double)NAN;
}

void vgrad__history_drop(vgrad__history *history)
{
    history->looks--;
}

double *vgrad__history_figures(const vgrad__history *history, size_t look)
{
    return history->figures + look % history->capacity * history->figure_count;
}

void vgrad__history_add(vgrad__history *history, size_t series, const vgrad__moments *moments)
{
    row(history, history->looks - 1)[series] = (vgrad__sight){ true, *moments };
}

size_t vgrad__history_first(const vgrad__history *history)
{
    return history->looks > history->capacity ? history->looks - history->capacity : 0;
}

int64_t vgrad__history_step(const vgrad__history *history, size_t look)
{
    return history->steps[look % history->capacity];
}

bool vgrad__history_is_odd(const vgrad__history *history)
{
    const vgrad__sight *sights = row(history, history->looks - 1);
    for (size_t s = 0; s < history->series; s++)
        if (sights[s].seen && sights[s].moments.finite < sights[s].moments.count)
            return true;
    return false;
}

const vgrad__moments *vgrad__history_at(const vgrad__history *history, size_t series, size_t look)
{
    const vgrad__sight *sight = &row(history, look)[series];
    return sight->seen ? &sight->moments : NULL;
}

void vgrad__history_copy(vgrad__history *history, const vgrad__history *from)
{
    size_t look = vgrad__history_first(from);
    if (from->looks - look > history->capacity)
        look = from->looks - history->capacity;
    for (history->looks = 0; look < from->looks; look++) {
        vgrad__history_begin(history, vgrad__history_step(from, look));
        memcpy(row(history, history->looks - 1), row(from, look),
               history->series * sizeof *history->sights);
        memcpy(vgrad__history_figures(history, history->looks - 1),
               vgrad__history_figures(from, look), history->figure_count * sizeof(double));
    }
}
