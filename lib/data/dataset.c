/* Rows in memory, copied or borrowed. */
/* SPDX-License-Identifier: MIT */
#include "data/dataset.h"

#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "tensor/tensor.h"

/* One of the two columns of a set: `width` elements a row, without gaps. */
typedef struct column {
    const void *data;
    void *owned; /* NULL if borrowed */
    vgrad_dtype dtype;
    int64_t width; /* 0: none */
} column;

struct vgrad_dataset {
    vgrad__references references;
    vgrad_context *context;
    int64_t rows;
    column x, y;
};

static vgrad_dataset *new_dataset(int64_t rows, vgrad_context *context)
{
    vgrad_dataset *dataset = vgrad__allocate(context, 1, sizeof *dataset);
    if (!dataset)
        return NULL;
    dataset->references = 1;
    dataset->context = vgrad__context_hold(context);
    dataset->rows = rows;
    return dataset;
}

static void release_column(vgrad_dataset *dataset, column *c)
{
    vgrad__release(dataset->context, c->owned, (size_t)dataset->rows,
                   (size_t)c->width * vgrad__dtype_size(c->dtype));
}

void vgrad_dataset_destroy(vgrad_dataset *dataset)
{
    if (!dataset || !vgrad__let_go(&dataset->references))
        return;
    vgrad_context *context = dataset->context;
    release_column(dataset, &dataset->x);
    release_column(dataset, &dataset->y);
    vgrad__release(context, dataset, 1, sizeof *dataset);
    vgrad__context_let_go(context);
}

vgrad_dataset *vgrad__dataset_hold(vgrad_dataset *dataset)
{
    if (dataset)
        vgrad__hold(&dataset->references);
    return dataset;
}

static vgrad_status check_column(const char *name, int64_t rows, const void *data,
                                 vgrad_dtype dtype, int64_t width)
{
    int64_t bytes;
    if (!data)
        return vgrad__fail_null(name);
    if (vgrad__dtype_size(dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "%s_dtype: no dtype %d", name, (int)dtype);
    if (width < 1)
        return vgrad__fail(VGRAD_E_INVALID, "%s_width: at least 1, got %lld", name,
                           (long long)width);
    if (__builtin_mul_overflow(rows, width, &bytes) ||
        __builtin_mul_overflow(bytes, (int64_t)vgrad__dtype_size(dtype), &bytes))
        return vgrad__fail(VGRAD_E_INVALID, "%s: %lld rows of %lld elements are too many", name,
                           (long long)rows, (long long)width);
    return VGRAD_OK;
}

/* The column over the caller's array; with `copy`, over a copy of it. */
static vgrad_status fill_column(vgrad_dataset *dataset, column *c, const void *data,
                                vgrad_dtype dtype, int64_t width, bool copy)
{
    *c = (column){ .data = data, .dtype = dtype, .width = width };
    if (!copy)
        return VGRAD_OK;
    size_t row = (size_t)width * vgrad__dtype_size(dtype);
    c->owned = vgrad__allocate(dataset->context, (size_t)dataset->rows, row);
    if (!c->owned)
        return VGRAD_E_MEMORY;
    memcpy(c->owned, data, (size_t)dataset->rows * row);
    c->data = c->owned;
    return VGRAD_OK;
}

static vgrad_status from_arrays(vgrad_dataset **out, int64_t rows, const void *x,
                                vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                vgrad_dtype y_dtype, int64_t y_width, bool copy,
                                vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (rows < 1)
        return vgrad__fail(VGRAD_E_INVALID, "rows: at least 1, got %lld", (long long)rows);
    vgrad_status status = check_column("x", rows, x, x_dtype, x_width);
    if (status == VGRAD_OK && y)
        status = check_column("y", rows, y, y_dtype, y_width);
    if (status != VGRAD_OK)
        return status;
    vgrad_dataset *dataset = new_dataset(rows, context);
    if (!dataset)
        return VGRAD_E_MEMORY;
    status = fill_column(dataset, &dataset->x, x, x_dtype, x_width, copy);
    if (status == VGRAD_OK && y)
        status = fill_column(dataset, &dataset->y, y, y_dtype, y_width, copy);
    if (status == VGRAD_OK)
        *out = dataset;
    else
        vgrad_dataset_destroy(dataset);
    return status;
}

vgrad_status vgrad_dataset_copy(vgrad_dataset **out, int64_t rows, const void *x,
                                vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                vgrad_dtype y_dtype, int64_t y_width, vgrad_context *context)
{
    return from_arrays(out, rows, x, x_dtype, x_width, y, y_dtype, y_width, true, context);
}

vgrad_status vgrad_dataset_borrow(vgrad_dataset **out, int64_t rows, const void *x,
                                  vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                  vgrad_dtype y_dtype, int64_t y_width, vgrad_context *context)
{
    return from_arrays(out, rows, x, x_dtype, x_width, y, y_dtype, y_width, false, context);
}

vgrad_dataset *vgrad__dataset_blank(int64_t rows, int64_t x_width, int64_t y_width,
                                    vgrad_context *context)
{
    vgrad_dataset *dataset = new_dataset(rows, context);
    if (!dataset)
        return NULL;
    column *columns[2] = { &dataset->x, &dataset->y };
    int64_t widths[2] = { x_width, y_width };
    for (int i = 0; i < 2; i++) {
        column *c = columns[i];
        *c = (column){ .dtype = VGRAD_FLOAT64, .width = widths[i] };
        c->data = c->owned =
            vgrad__allocate(context, (size_t)rows, (size_t)widths[i] * sizeof(double));
        if (!c->owned) {
            vgrad_dataset_destroy(dataset);
            return NULL;
        }
    }
    return dataset;
}

double *vgrad__dataset_x(vgrad_dataset *blank)
{
    return blank->x.owned;
}

double *vgrad__dataset_y(vgrad_dataset *blank)
{
    return blank->y.owned;
}

int64_t vgrad_dataset_rows(const vgrad_dataset *dataset)
{
    return dataset ? dataset->rows : (vgrad__fail_null("dataset"), -1);
}

int64_t vgrad_dataset_x_width(const vgrad_dataset *dataset)
{
    return dataset ? dataset->x.width : (vgrad__fail_null("dataset"), -1);
}

int64_t vgrad_dataset_y_width(const vgrad_dataset *dataset)
{
    return dataset ? dataset->y.width : (vgrad__fail_null("dataset"), -1);
}

static void gather(const column *c, const int64_t *order, int64_t first, int64_t count, void *out,
                   vgrad_dtype dtype)
{
    int64_t from_row = c->width * (int64_t)vgrad__dtype_size(c->dtype);
    int64_t to_row = c->width * (int64_t)vgrad__dtype_size(dtype);
    const char *from = c->data;
    if (!order) {
        vgrad__convert(from + first * from_row, c->dtype, out, dtype, count * c->width);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        vgrad__convert(from + order[i] * from_row, c->dtype, (char *)out + i * to_row, dtype,
                       c->width);
}

void vgrad__dataset_gather(const vgrad_dataset *dataset, const int64_t *order, int64_t first,
                           int64_t count, void *x, void *y, vgrad_dtype dtype)
{
    if (x)
        gather(&dataset->x, order, first, count, x, dtype);
    if (y)
        gather(&dataset->y, order, first, count, y, dtype);
}

vgrad_status vgrad_dataset_read(const vgrad_dataset *dataset, int64_t first, int64_t count, void *x,
                                void *y, vgrad_dtype dtype)
{
    if (!dataset)
        return vgrad__fail_null("dataset");
    if (first < 0 || count < 0 || first > dataset->rows || count > dataset->rows - first)
        return vgrad__fail(VGRAD_E_INVALID, "first, count: %lld rows from %lld on, of %lld",
                           (long long)count, (long long)first, (long long)dataset->rows);
    if (vgrad__dtype_size(dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "dtype: no dtype %d", (int)dtype);
    if (y && dataset->y.width == 0)
        return vgrad__fail(VGRAD_E_STATE, "y: the dataset has none");
    vgrad__dataset_gather(dataset, NULL, first, count, x, y, dtype);
    return VGRAD_OK;
}
