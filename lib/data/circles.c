/* Two circles, as scikit-learn's make_circles defines them. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/context.h"
#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"

/* Streams of the generator: what is drawn for one purpose does not move the other. */
enum { NOISE_STREAM = 0, ORDER_STREAM = 1 };

/* Point i of the ordered set: rows / 2 on the outer circle, then the inner ones. */
static double point(int64_t i, int64_t rows, double factor, double *x)
{
    const double two_pi = 6.283185307179586;
    int64_t outer = rows / 2;
    int inner = i >= outer;
    int64_t place = inner ? i - outer : i, on_circle = inner ? rows - outer : outer;
    double angle = two_pi * (double)place / (double)on_circle, radius = inner ? factor : 1.0;
    x[0] = radius * cos(angle);
    x[1] = radius * sin(angle);
    return inner;
}

static vgrad_status make_circles(vgrad_dataset **out, int64_t rows, double factor, double noise,
                                 bool shuffle, uint64_t seed, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (rows < 2 || rows > INT32_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "rows: 2 to %d, got %lld", INT32_MAX, (long long)rows);
    if (!(factor >= 0.0 && factor < 1.0))
        return vgrad__fail(VGRAD_E_INVALID, "factor: in [0, 1), got %g", factor);
    if (!(noise >= 0.0) || !isfinite(noise))
        return vgrad__fail(VGRAD_E_INVALID, "noise: at least 0, got %g", noise);
    int64_t *place = vgrad__allocate(context, (size_t)rows, sizeof *place);
    vgrad_dataset *circles = place ? vgrad__dataset_blank(rows, 2, 1, context) : NULL;
    if (!circles) {
        vgrad__release(context, place, (size_t)rows, sizeof *place);
        return VGRAD_E_MEMORY;
    }
    vgrad__random order = vgrad__random_stream(seed, VGRAD__RANDOM_DATA, ORDER_STREAM, 0);
    if (shuffle)
        vgrad__random_permutation(&order, place, rows);
    else
        for (int64_t i = 0; i < rows; i++)
            place[i] = i;
    vgrad__random random = vgrad__random_stream(seed, VGRAD__RANDOM_DATA, NOISE_STREAM, 0);
    for (int64_t i = 0; i < rows; i++) {
        double *x = vgrad__dataset_x(circles) + 2 * place[i];
        vgrad__dataset_y(circles)[place[i]] = point(i, rows, factor, x);
        x[0] += noise * vgrad__random_normal(&random);
        x[1] += noise * vgrad__random_normal(&random);
    }
    vgrad__release(context, place, (size_t)rows, sizeof *place);
    *out = circles;
    return VGRAD_OK;
}

vgrad_status vgrad_dataset_circles(vgrad_dataset **out, int64_t rows, double factor, double noise,
                                   uint64_t seed, vgrad_context *context)
{
    return make_circles(out, rows, factor, noise, true, seed, context);
}

vgrad_status vgrad_dataset_circles_ordered(vgrad_dataset **out, int64_t rows, double factor,
                                           double noise, uint64_t seed, vgrad_context *context)
{
    return make_circles(out, rows, factor, noise, false, seed, context);
}
