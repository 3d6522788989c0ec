/* How x and y are changed on their way out: scaled, fitted on the rows or given; one-hot. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "data/dataset.h"

/* ---- the numbers of a scaling ---- */

/* Room for `count` triples, in one block that begins at `center`. */
static vgrad_status make(vgrad__affine *scaling, int64_t count, vgrad_context *context)
{
    *scaling = (vgrad__affine){ 0 };
    double *block = vgrad__allocate(context, (size_t)count, 3 * sizeof *block);
    if (!block)
        return VGRAD_E_MEMORY;
    *scaling = (vgrad__affine){ count, block, block + count, block + 2 * count };
    return VGRAD_OK;
}

static void release(vgrad__affine *scaling, vgrad_context *context)
{
    vgrad__release(context, scaling->center, (size_t)scaling->count, 3 * sizeof(double));
    *scaling = (vgrad__affine){ 0 };
}

void vgrad__scaling_release(vgrad_dataset *dataset)
{
    release(&dataset->scaling, dataset->context);
}

static void replace(vgrad_dataset *dataset, const vgrad__affine *scaling)
{
    vgrad__scaling_release(dataset);
    dataset->scaling = *scaling;
}

vgrad_status vgrad__scaling_copy(vgrad_dataset *dataset, const vgrad__affine *scaling)
{
    vgrad__affine copy = { 0 };
    if (scaling->count > 0) {
        vgrad_status status = make(&copy, scaling->count, dataset->context);
        if (status != VGRAD_OK)
            return status;
        memcpy(copy.center, scaling->center, (size_t)scaling->count * 3 * sizeof(double));
    }
    replace(dataset, &copy);
    return VGRAD_OK;
}

/* ---- given ---- */

vgrad_status vgrad_dataset_scale(vgrad_dataset *dataset, double factor, double offset)
{
    vgrad__affine scaling;
    if (!dataset)
        return vgrad__fail_null("dataset");
    if (!isfinite(factor) || factor == 0)
        return vgrad__fail(VGRAD_E_INVALID, "factor: finite and not 0, got %g", factor);
    if (!isfinite(offset))
        return vgrad__fail(VGRAD_E_INVALID, "offset: finite, got %g", offset);
    vgrad_status status = make(&scaling, 1, dataset->context);
    if (status != VGRAD_OK)
        return status;
    scaling.factor[0] = factor;
    scaling.offset[0] = offset;
    replace(dataset, &scaling);
    return VGRAD_OK;
}

vgrad_status vgrad_dataset_scale_as(vgrad_dataset *dataset, const vgrad_dataset *like)
{
    if (!dataset || !like)
        return vgrad__fail_null(dataset ? "like" : "dataset");
    if (dataset == like)
        return VGRAD_OK;
    if (dataset->x.width != like->x.width)
        return vgrad__fail(VGRAD_E_SHAPE, "like: its x has %lld elements a row, not %lld",
                           (long long)like->x.width, (long long)dataset->x.width);
    return vgrad__scaling_copy(dataset, &like->scaling);
}

/* ---- fitted ---- */

/* What is known of each element of x after some rows. */
typedef struct fit {
    int64_t rows;
    double *mean, *squares; /* sum of (x - mean)^2 */
    double *low, *high;
} fit;

/* One more row: Welford, "Note on a Method for Calculating Corrected Sums of Squares" (1962). */
static vgrad_status fit_row(fit *f, const double *x, int64_t width)
{
    for (int64_t i = 0; i < width; i++) {
        if (!isfinite(x[i]))
            return vgrad__fail(VGRAD_E_INVALID, "x: element %lld of row %lld is %g", (long long)i,
                               (long long)f->rows, x[i]);
        double before = x[i] - f->mean[i];
        f->mean[i] += before / (double)(f->rows + 1);
        f->squares[i] += before * (x[i] - f->mean[i]);
        f->low[i] = f->rows == 0 || x[i] < f->low[i] ? x[i] : f->low[i];
        f->high[i] = f->rows == 0 || x[i] > f->high[i] ? x[i] : f->high[i];
    }
    f->rows++;
    return VGRAD_OK;
}

/* Takes in all rows, a block of them at a time. */
static vgrad_status fit_rows(fit *f, const vgrad_dataset *dataset, double *block, int64_t most,
                             vgrad__staging *staging)
{
    const int64_t width = dataset->x.width;
    vgrad_status status = VGRAD_OK;
    int64_t got = most;
    while (status == VGRAD_OK && got == most && f->rows != dataset->rows) {
        vgrad__wanted wanted = {
            .first = f->rows, .count = most, .dtype = VGRAD_FLOAT64, .x = block, .x_as_stored = true
        };
        if (dataset->rows >= 0 && dataset->rows - f->rows < most)
            wanted.count = dataset->rows - f->rows;
        status = vgrad__dataset_gather(dataset, &wanted, staging, &got);
        for (int64_t i = 0; i < got && status == VGRAD_OK; i++)
            status = fit_row(f, block + i * width, width);
    }
    if (status == VGRAD_OK && f->rows == 0)
        status = vgrad__fail(VGRAD_E_IO, "read: the stream has no rows");
    return status;
}

/* How the numbers of a scaling follow from element `i` of a fit. */
typedef void set_element(vgrad__affine *scaling, const fit *f, int64_t i, const double *range);

static void standard(vgrad__affine *scaling, const fit *f, int64_t i, const double *range)
{
    (void)range;
    double deviation = sqrt(f->squares[i] / (double)f->rows);
    scaling->center[i] = f->mean[i];
    scaling->factor[i] = deviation > 0 ? 1 / deviation : 1;
}

static void to_range(vgrad__affine *scaling, const fit *f, int64_t i, const double *range)
{
    double span = f->high[i] - f->low[i];
    scaling->center[i] = f->low[i];
    scaling->factor[i] = (range[1] - range[0]) / (span > 0 ? span : 1);
    scaling->offset[i] = range[0];
}

/* Every number finite, and no factor 0: overflow would leave such. */
static vgrad_status check_scaling(const vgrad__affine *scaling)
{
    for (int64_t i = 0; i < scaling->count; i++)
        if (!isfinite(scaling->center[i]) || !isfinite(scaling->factor[i]) ||
            scaling->factor[i] == 0)
            return vgrad__fail(
                VGRAD_E_INVALID,
                "x: element %lld is spread too widely, or too narrowly, to be scaled",
                (long long)i);
    return VGRAD_OK;
}

/* Fits every element of x over all rows; `scaling` has room for them. */
static vgrad_status fit_all(const vgrad_dataset *dataset, vgrad__affine *scaling, set_element *set,
                            const double *range)
{
    enum { BLOCK = 64, FIGURES = 4 };
    vgrad_context *context = dataset->context;
    const int64_t width = dataset->x.width;
    vgrad__staging staging = { 0 };
    double *room = vgrad__allocate(context, (size_t)width, (BLOCK + FIGURES) * sizeof *room);
    vgrad_status status =
        room ? vgrad__staging_reserve(&staging, dataset, BLOCK, context) : VGRAD_E_MEMORY;
    if (status == VGRAD_OK) {
        fit f = { 0, room, room + width, room + 2 * width, room + 3 * width };
        status = fit_rows(&f, dataset, room + FIGURES * width, BLOCK, &staging);
        for (int64_t i = 0; i < width && status == VGRAD_OK; i++)
            set(scaling, &f, i, range);
    }
    vgrad__staging_release(&staging, context);
    vgrad__release(context, room, (size_t)width, (BLOCK + FIGURES) * sizeof *room);
    return status == VGRAD_OK ? check_scaling(scaling) : status;
}

static vgrad_status fit_scaling(vgrad_dataset *dataset, set_element *set, const double *range)
{
    vgrad__affine scaling;
    vgrad_status status = make(&scaling, dataset->x.width, dataset->context);
    if (status != VGRAD_OK)
        return status;
    status = fit_all(dataset, &scaling, set, range);
    if (status == VGRAD_OK)
        replace(dataset, &scaling);
    else
        release(&scaling, dataset->context);
    return status;
}

vgrad_status vgrad_dataset_standardize(vgrad_dataset *dataset)
{
    return dataset ? fit_scaling(dataset, standard, NULL) : vgrad__fail_null("dataset");
}

vgrad_status vgrad_dataset_scale_min_max(vgrad_dataset *dataset, double low, double high)
{
    const double range[2] = { low, high };
    if (!dataset)
        return vgrad__fail_null("dataset");
    if (!isfinite(low) || !isfinite(high) || !(low < high))
        return vgrad__fail(VGRAD_E_INVALID, "low, high: finite and low < high, got %g and %g", low,
                           high);
    return fit_scaling(dataset, to_range, range);
}

/* ---- one-hot ---- */

vgrad_status vgrad_dataset_one_hot(vgrad_dataset *dataset, int64_t classes)
{
    if (!dataset)
        return vgrad__fail_null("dataset");
    if (dataset->y.width != 1)
        return vgrad__fail(VGRAD_E_STATE, "dataset: y has %lld elements a row, not a class number",
                           (long long)dataset->y.width);
    if (classes != 0 && (classes < 2 || classes > INT32_MAX))
        return vgrad__fail(VGRAD_E_INVALID, "classes: 0, or 2 to %d, got %lld", INT32_MAX,
                           (long long)classes);
    vgrad_status status = classes ? vgrad__dataset_check_classes(dataset, classes) : VGRAD_OK;
    if (status != VGRAD_OK)
        return status;
    dataset->classes = classes;
    return VGRAD_OK;
}
