/* How far the phase diagram is as it was foretold. */
/* SPDX-License-Identifier: MIT */
#include "phase_diagram.h"

#include <math.h>
#include <stdlib.h>

/* Deeper than this share of the depths, for the error and for the critical variance. */
static const double deeper = 0.5, deepest = 0.75;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them; NaN of none. */
static double median(double *values, int64_t count)
{
    if (count == 0)
        return (double)NAN;
    qsort(values, (size_t)count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static bool is_deep(const diagram_cell *cell, double share)
{
    return cell->is_done && (double)cell->depth > share * DIAGRAM_MOST_DEPTH;
}

static double median_error(const diagram_plane *plane)
{
    double *errors = diagram_allocate(plane->depths * plane->variances, sizeof(double));
    int64_t count = 0;
    for (int64_t i = 0; i < plane->depths * plane->variances; i++) {
        const diagram_cell *cell = &plane->cells[i];
        if (is_deep(cell, deeper) && isfinite(cell->lost))
            errors[count++] = fabs(cell->lost - cell->predicted_lost);
    }
    const double out = median(errors, count);
    free(errors);
    return out;
}

/* Of the deepest cells of a variance, the median of what they lose or were foretold to. */
static double lost_at(const diagram_plane *plane, int64_t place, bool predicted)
{
    double *lost = diagram_allocate(plane->depths * plane->variances, sizeof(double));
    int64_t count = 0;
    for (int64_t i = 0; i < plane->depths; i++) {
        const diagram_cell *cell = &plane->cells[i * plane->variances + place];
        const double value = predicted ? cell->predicted_lost : cell->lost;
        if (is_deep(cell, deepest) && isfinite(value))
            lost[count++] = value;
    }
    const double out = median(lost, count);
    free(lost);
    return out;
}

/* Where, between two variances of the grid, a figure that falls with the variance comes to `level`;
   `at` gives it by the place of a variance. NaN if it does not. */
static double find_crossing(const diagram_plane *plane, double level, const double *at)
{
    for (int64_t i = 1; i < plane->variances; i++)
        if (at[i - 1] > level && at[i] <= level)
            return diagram_variance(plane,
                                    (double)(i - 1) + (at[i - 1] - level) / (at[i - 1] - at[i]));
    return (double)NAN;
}

/* Where a loss becomes a gain. */
static double find_critical(const diagram_plane *plane, bool predicted)
{
    double *lost = diagram_allocate(plane->variances, sizeof *lost);
    for (int64_t i = 0; i < plane->variances; i++)
        lost[i] = lost_at(plane, i, predicted);
    const double out = find_crossing(plane, 0, lost);
    free(lost);
    return out;
}

double diagram_predicted_variance(const diagram_plane *plane, int64_t depth, double lost)
{
    double *at = diagram_allocate(plane->variances, sizeof *at);
    for (int64_t i = 0; i < plane->variances; i++)
        at[i] = plane->cells[depth * plane->variances + i].predicted_lost;
    const double out = find_crossing(plane, lost, at);
    free(at);
    return out;
}

/* The share of cells that were trained if, and only if, they are no deeper than `xis` times xi. */
static double agreement(const diagram_plane *plane, double xis)
{
    const double xis_of_depth = 6; /* VGRAD_PREDICTED_DEPTH */
    int64_t agree = 0, done = 0;
    for (int64_t i = 0; i < plane->depths * plane->variances; i++) {
        const diagram_cell *cell = &plane->cells[i];
        const bool foretold = (double)cell->depth <= cell->trainable_depth * xis / xis_of_depth;
        done += cell->is_done;
        agree += cell->is_done && foretold == diagram_is_trained(cell);
    }
    return done ? (double)agree / (double)done : (double)NAN;
}

diagram_verdict diagram_judge(const diagram_plane *plane)
{
    const double most_xis = 20, step = 0.25;
    diagram_verdict v = { .median_error = median_error(plane),
                          .critical_measured = find_critical(plane, false),
                          .critical_predicted = find_critical(plane, true),
                          .agreement = agreement(plane, 6) };
    for (int64_t i = 0; i < plane->depths * plane->variances; i++) {
        v.cells += plane->cells[i].is_done;
        v.trained += plane->cells[i].is_done && diagram_is_trained(&plane->cells[i]);
    }
    for (double xis = step; xis <= most_xis; xis += step) {
        const double here = agreement(plane, xis);
        if (here > v.best_agreement) {
            v.best_xis = xis;
            v.best_agreement = here;
        }
    }
    return v;
}
