/* SPDX-License-Identifier: MIT */
#include "probe/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 8 }; /* steps of either kind before anything is said */

static void add(vgrad__times *times, double seconds)
{
    times->seconds[times->count++ % VGRAD__TIMES_MAX] = seconds;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const vgrad__times *times)
{
    double sorted[VGRAD__TIMES_MAX];
    const int64_t count = times->count < VGRAD__TIMES_MAX ? times->count : VGRAD__TIMES_MAX;
    memcpy(sorted, times->seconds, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

int64_t vgrad__cost_every(const vgrad__cost *cost, int64_t every)
{
    return cost->stretch > 0 ? every * cost->stretch : every;
}

/* Where times of a kind of look go. */
static vgrad__times *times_of(vgrad__cost *cost, uint64_t kind)
{
    int i = 0;
    while (i < VGRAD__LOOK_KINDS_MAX - 1 && cost->looked[i].kind != kind &&
           cost->looked[i].kind != 0)
        i++;
    cost->looked[i].kind = kind;
    return &cost->looked[i].times;
}

void vgrad__cost_begin(vgrad__cost *cost, double now, uint64_t kind)
{
    if (cost->running)
        add(cost->kind ? times_of(cost, cost->kind) : &cost->plain, now - cost->began);
    cost->running = true;
    cost->kind = kind;
    cost->began = now;
}

double vgrad__cost_of_a_look(const vgrad__cost *cost)
{
    double looks = 0, steps = 0; /* how many, and as how many steps they are */
    const double plain = cost->plain.count < LEAST ? 0 : median(&cost->plain);
    for (int i = 0; i < VGRAD__LOOK_KINDS_MAX && plain > 0; i++) {
        const vgrad__times *times = &cost->looked[i].times;
        if (times->count < LEAST)
            continue;
        looks += (double)times->count;
        steps += (double)times->count * (median(times) / plain);
    }
    return looks > 0 ? fmax(0, steps / looks - 1) : (double)NAN;
}

double vgrad__cost_percent(const vgrad__cost *cost, int64_t every)
{
    return 100 * vgrad__cost_of_a_look(cost) / (double)vgrad__cost_every(cost, every);
}

void vgrad__cost_limit(vgrad__cost *cost, double limit, int64_t every, int64_t step)
{
    const int64_t farthest = 1 << 20;
    const double wanted =
        limit > 0 ? ceil(100 * vgrad__cost_of_a_look(cost) / limit / (double)every) : 1;
    const int64_t before = cost->stretch > 0 ? cost->stretch : 1;
    if (isnan(wanted))
        return;
    cost->stretch = wanted < 1 ? 1 : wanted > (double)farthest ? farthest : (int64_t)wanted;
    if (cost->stretch == before)
        return;
    const int64_t at = cost->changes++ % VGRAD__CADENCES_MAX;
    cost->steps[at] = step;
    cost->every[at] = every * cost->stretch;
}
