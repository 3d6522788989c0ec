/* Labelled points that fill a shape, most of them as scikit-learn defines them. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/context.h"
#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"

/* Streams of the generator: what is drawn for one purpose does not move the others. The numbers
   decide what is drawn: they are never changed. */
enum { NOISE_STREAM = 0, ORDER_STREAM = 1, CENTRE_STREAM = 2 };

static const double pi = 3.141592653589793, two_pi = 6.283185307179586;

typedef struct recipe recipe;

struct recipe {
    /* Without noise: writes the coordinates of point i of the ordered set, returns its label. */
    double (*point)(const recipe *r, int64_t i, double *x);
    /* What only this shape asks of its parameters; NULL: nothing. */
    vgrad_status (*check)(const recipe *r);
    int64_t rows, width;
    int64_t parts;    /* circles, moons, clusters, arms or corners: each has a row at least */
    double parameter; /* the factor of circles, the turns of spirals */
    double noise;
    uint64_t seed;
    bool ordered;
};

/* ---- the mechanism ---- */

static vgrad_status check(const recipe *r)
{
    /* A row of x takes a normal for each element, and a stream has no more than these. */
    const int64_t normals = INT64_C(1) << 32;
    if (r->parts < 1 || r->parts > INT32_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "classes: 1 to %d, got %lld", INT32_MAX,
                           (long long)r->parts);
    if (r->rows < r->parts || r->rows > INT32_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "rows: %lld to %d, got %lld", (long long)r->parts,
                           INT32_MAX, (long long)r->rows);
    if (r->width < 1 || r->width > normals / r->rows)
        return vgrad__fail(VGRAD_E_INVALID, "width: 1 to %lld for %lld rows, got %lld",
                           (long long)(normals / r->rows), (long long)r->rows, (long long)r->width);
    vgrad_status status = r->check ? r->check(r) : VGRAD_OK;
    if (status != VGRAD_OK)
        return status;
    if (r->noise < 0.0 || !isfinite(r->noise))
        return vgrad__fail(VGRAD_E_INVALID, "noise: at least 0, got %g", r->noise);
    return VGRAD_OK;
}

/* Where each point of the ordered set goes. */
static void arrange(const recipe *r, int64_t *place)
{
    vgrad__random random = vgrad__random_stream(r->seed, VGRAD__RANDOM_DATA, ORDER_STREAM, 0);
    if (r->ordered)
        for (int64_t i = 0; i < r->rows; i++)
            place[i] = i;
    else
        vgrad__random_permutation(&random, place, r->rows);
}

/* Noise is drawn in the order of the set, so that a point has the same wherever it goes. */
static void fill(const recipe *r, const int64_t *place, vgrad_dataset *points)
{
    vgrad__random random = vgrad__random_stream(r->seed, VGRAD__RANDOM_DATA, NOISE_STREAM, 0);
    for (int64_t i = 0; i < r->rows; i++) {
        double *x = vgrad__dataset_x(points) + r->width * place[i];
        vgrad__dataset_y(points)[place[i]] = r->point(r, i, x);
        for (int64_t j = 0; j < r->width; j++)
            x[j] += r->noise * vgrad__random_normal(&random);
    }
}

static vgrad_status make(vgrad_dataset **out, const recipe *r, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = check(r);
    if (status != VGRAD_OK)
        return status;
    int64_t *place = vgrad__allocate(context, (size_t)r->rows, sizeof *place);
    vgrad_dataset *points = place ? vgrad__dataset_blank(r->rows, r->width, 1, context) : NULL;
    if (points) {
        arrange(r, place);
        fill(r, place, points);
    }
    vgrad__release(context, place, (size_t)r->rows, sizeof *place);
    *out = points;
    return points ? VGRAD_OK : VGRAD_E_MEMORY;
}

/* ---- circles and moons ---- */

/* Which of the two curves point i lies on, its place on that curve from 0, and the curve's points:
   rows / 2 on the outer one, then the inner one's. */
static bool on_inner(const recipe *r, int64_t i, int64_t *place, int64_t *count)
{
    int64_t outer = r->rows / 2;
    bool inner = i >= outer;
    *place = inner ? i - outer : i;
    *count = inner ? r->rows - outer : outer;
    return inner;
}

static vgrad_status check_factor(const recipe *r)
{
    if (!(r->parameter >= 0.0 && r->parameter < 1.0))
        return vgrad__fail(VGRAD_E_INVALID, "factor: in [0, 1), got %g", r->parameter);
    return VGRAD_OK;
}

static double circle_point(const recipe *r, int64_t i, double *x)
{
    int64_t place, count;
    bool inner = on_inner(r, i, &place, &count);
    double angle = two_pi * (double)place / (double)count, radius = inner ? r->parameter : 1.0;
    x[0] = radius * cos(angle);
    x[1] = radius * sin(angle);
    return inner;
}

static vgrad_status make_circles(vgrad_dataset **out, int64_t rows, double factor, double noise,
                                 bool ordered, uint64_t seed, vgrad_context *context)
{
    const recipe circles = { .point = circle_point,
                             .check = check_factor,
                             .rows = rows,
                             .width = 2,
                             .parts = 2,
                             .parameter = factor,
                             .noise = noise,
                             .seed = seed,
                             .ordered = ordered };
    return make(out, &circles, context);
}

vgrad_status vgrad_dataset_circles(vgrad_dataset **out, int64_t rows, double factor, double noise,
                                   uint64_t seed, vgrad_context *context)
{
    return make_circles(out, rows, factor, noise, false, seed, context);
}

vgrad_status vgrad_dataset_circles_ordered(vgrad_dataset **out, int64_t rows, double factor,
                                           double noise, uint64_t seed, vgrad_context *context)
{
    return make_circles(out, rows, factor, noise, true, seed, context);
}

/* Both ends of the half circle are points; the only point of one is its beginning. */
static double moon_point(const recipe *r, int64_t i, double *x)
{
    int64_t place, count;
    bool inner = on_inner(r, i, &place, &count);
    double angle = count > 1 ? pi * (double)place / (double)(count - 1) : 0.0;
    x[0] = inner ? 1.0 - cos(angle) : cos(angle);
    x[1] = inner ? 1.0 - sin(angle) - 0.5 : sin(angle);
    return inner;
}

vgrad_status vgrad_dataset_moons(vgrad_dataset **out, int64_t rows, double noise, uint64_t seed,
                                 vgrad_context *context)
{
    const recipe moons = {
        .point = moon_point, .rows = rows, .width = 2, .parts = 2, .noise = noise, .seed = seed
    };
    return make(out, &moons, context);
}

/* ---- blobs, spirals and corners: rows are dealt to them in turn ---- */

/* Each cluster has a stream for its centre, so that nothing has to be remembered. */
static double blob_point(const recipe *r, int64_t i, double *x)
{
    int64_t cluster = i % r->parts;
    vgrad__random random =
        vgrad__random_stream(r->seed, VGRAD__RANDOM_DATA, CENTRE_STREAM, (uint32_t)cluster);
    for (int64_t j = 0; j < r->width; j++)
        x[j] = -10.0 + 20.0 * vgrad__random_uniform(&random);
    return (double)cluster;
}

vgrad_status vgrad_dataset_blobs(vgrad_dataset **out, int64_t rows, int64_t width, int64_t classes,
                                 double noise, uint64_t seed, vgrad_context *context)
{
    const recipe blobs = { .point = blob_point,
                           .rows = rows,
                           .width = width,
                           .parts = classes,
                           .noise = noise,
                           .seed = seed };
    return make(out, &blobs, context);
}

/* Beyond that an angle loses the digits that tell neighbours apart, and in the end is infinite. */
static vgrad_status check_turns(const recipe *r)
{
    if (!(fabs(r->parameter) <= 1e6))
        return vgrad__fail(VGRAD_E_INVALID, "turns: -1e6 to 1e6, got %g", r->parameter);
    return VGRAD_OK;
}

static double spiral_point(const recipe *r, int64_t i, double *x)
{
    int64_t arm = i % r->parts, place = i / r->parts;
    int64_t on_arm = r->rows / r->parts + (arm < r->rows % r->parts);
    double radius = (double)(place + 1) / (double)on_arm;
    double angle = two_pi * ((double)arm / (double)r->parts + r->parameter * radius);
    x[0] = radius * cos(angle);
    x[1] = radius * sin(angle);
    return (double)arm;
}

vgrad_status vgrad_dataset_spirals(vgrad_dataset **out, int64_t rows, int64_t classes, double turns,
                                   double noise, uint64_t seed, vgrad_context *context)
{
    const recipe spirals = { .point = spiral_point,
                             .check = check_turns,
                             .rows = rows,
                             .width = 2,
                             .parts = classes,
                             .parameter = turns,
                             .noise = noise,
                             .seed = seed };
    return make(out, &spirals, context);
}

static double corner_point(const recipe *r, int64_t i, double *x)
{
    (void)r;
    bool first = i / 2 % 2, second = i % 2;
    x[0] = first;
    x[1] = second;
    return first != second;
}

vgrad_status vgrad_dataset_xor(vgrad_dataset **out, int64_t rows, double noise, uint64_t seed,
                               vgrad_context *context)
{
    const recipe corners = {
        .point = corner_point, .rows = rows, .width = 2, .parts = 4, .noise = noise, .seed = seed
    };
    return make(out, &corners, context);
}
