/* Datasets: their life, and what they can be made from. */
/* SPDX-License-Identifier: MIT */
#include "data/dataset.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

/* ---- life ---- */

vgrad_dataset *vgrad__dataset_new(int64_t rows, vgrad_context *context)
{
    vgrad_dataset *dataset = vgrad__allocate(context, 1, sizeof *dataset);
    if (!dataset)
        return NULL;
    dataset->references = 1;
    dataset->context = vgrad__context_hold(context);
    dataset->rows = rows;
    return dataset;
}

void vgrad_dataset_destroy(vgrad_dataset *dataset)
{
    if (!dataset || !vgrad__let_go(&dataset->references))
        return;
    vgrad_context *context = dataset->context;
    vgrad_dataset *origin = dataset->origin;
    if (!origin) {
        vgrad__array_release(&dataset->x.array, context);
        vgrad__array_release(&dataset->y.array, context);
    }
    vgrad__scaling_release(dataset);
    vgrad__release(context, dataset->weights, (size_t)dataset->rows, sizeof *dataset->weights);
    vgrad__release(context, dataset->chosen_block, (size_t)dataset->rows, sizeof(int64_t));
    vgrad__release(context, dataset, 1, sizeof *dataset);
    vgrad__context_let_go(context);
    vgrad_dataset_destroy(origin);
}

vgrad_dataset *vgrad__dataset_hold(vgrad_dataset *dataset)
{
    if (dataset)
        vgrad__hold(&dataset->references);
    return dataset;
}

/* ---- from arrays ---- */

/* Elements of a row: the product of the axes after the first. */
static int64_t row_width(const vgrad_tensor *rows)
{
    int64_t width = 1;
    for (int32_t axis = 1; axis < rows->rank; axis++)
        width *= rows->shape[axis];
    return width;
}

/* One column over an array of its own or of somebody else's. */
static void set_column(vgrad__column *column, const vgrad__array *array)
{
    column->array = *array;
    column->width = row_width(&array->view);
}

vgrad_status vgrad__dataset_own(vgrad_dataset **out, vgrad__array *x, vgrad__array *y,
                                vgrad_context *context)
{
    vgrad_dataset *dataset = vgrad__dataset_new(x->view.shape[0], context);
    *out = dataset;
    if (dataset) {
        set_column(&dataset->x, x);
        if (y)
            set_column(&dataset->y, y);
        return VGRAD_OK;
    }
    vgrad__array_release(x, context);
    if (y)
        vgrad__array_release(y, context);
    return VGRAD_E_MEMORY;
}

/* The tensor, argument `name`, as a column: rows of at least one element. */
static vgrad_status check_rows(const vgrad_tensor *tensor, const char *name)
{
    vgrad_status status = vgrad__tensor_check(tensor, name);
    if (status != VGRAD_OK)
        return status;
    if (tensor->rank < 1)
        return vgrad__fail(VGRAD_E_INVALID, "%s: rank at least 1, got 0", name);
    if (vgrad_tensor_count(tensor) < 1) {
        char text[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_INVALID, "%s: shape %s has no elements", name,
                           vgrad__shape_text(tensor, text));
    }
    return VGRAD_OK;
}

/* The array over the caller's tensor; with `copy`, over a copy of it. */
static vgrad_status take_tensor(vgrad__array *array, const vgrad_tensor *tensor, bool copy,
                                vgrad_context *context)
{
    if (!copy) {
        *array = (vgrad__array){ .view = *tensor };
        return VGRAD_OK;
    }
    vgrad_status status =
        vgrad__array_make(array, (vgrad_dtype)tensor->dtype, tensor->rank, tensor->shape, context);
    if (status == VGRAD_OK)
        vgrad__tensor_pack(tensor, array->block, (vgrad_dtype)tensor->dtype);
    return status;
}

static vgrad_status from_tensors(vgrad_dataset **out, const vgrad_tensor *x, const vgrad_tensor *y,
                                 bool copy, vgrad_context *context)
{
    vgrad__array x_array = { 0 }, y_array = { 0 };
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = check_rows(x, "x");
    if (status == VGRAD_OK && y)
        status = check_rows(y, "y");
    if (status != VGRAD_OK)
        return status;
    if (y && x->shape[0] != y->shape[0])
        return vgrad__fail(VGRAD_E_SHAPE, "y: %lld rows, but x has %lld", (long long)y->shape[0],
                           (long long)x->shape[0]);
    status = take_tensor(&x_array, x, copy, context);
    if (status == VGRAD_OK && y)
        status = take_tensor(&y_array, y, copy, context);
    if (status == VGRAD_OK)
        return vgrad__dataset_own(out, &x_array, y ? &y_array : NULL, context);
    vgrad__array_release(&x_array, context);
    return status;
}

vgrad_status vgrad_dataset_copy_tensors(vgrad_dataset **out, const vgrad_tensor *x,
                                        const vgrad_tensor *y, vgrad_context *context)
{
    return from_tensors(out, x, y, true, context);
}

vgrad_status vgrad_dataset_borrow_tensors(vgrad_dataset **out, const vgrad_tensor *x,
                                          const vgrad_tensor *y, vgrad_context *context)
{
    return from_tensors(out, x, y, false, context);
}

/* What a column of a caller's array or stream is said to be. */
static vgrad_status check_column(const char *name, int64_t rows, vgrad_dtype dtype, int64_t width)
{
    int64_t bytes;
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

static vgrad_status view_rows(vgrad_tensor *view, const char *name, int64_t rows, const void *data,
                              vgrad_dtype dtype, int64_t width)
{
    if (!data)
        return vgrad__fail_null(name);
    vgrad_status status = check_column(name, rows, dtype, width);
    if (status == VGRAD_OK)
        vgrad_tensor_matrix(view, data, dtype, rows, width);
    return status;
}

static vgrad_status from_arrays(vgrad_dataset **out, int64_t rows, const void *x,
                                vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                vgrad_dtype y_dtype, int64_t y_width, bool copy,
                                vgrad_context *context)
{
    vgrad_tensor x_rows, y_rows;
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (rows < 1)
        return vgrad__fail(VGRAD_E_INVALID, "rows: at least 1, got %lld", (long long)rows);
    vgrad_status status = view_rows(&x_rows, "x", rows, x, x_dtype, x_width);
    if (status == VGRAD_OK && y)
        status = view_rows(&y_rows, "y", rows, y, y_dtype, y_width);
    if (status != VGRAD_OK)
        return status;
    return from_tensors(out, &x_rows, y ? &y_rows : NULL, copy, context);
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

/* ---- from a function ---- */

/* The column of a stream: a shape and a type, and no data. */
static void set_stream_column(vgrad__column *column, int64_t rows, vgrad_dtype dtype, int64_t width)
{
    const int64_t shape[2] = { rows < 0 ? 0 : rows, width };
    column->width = width;
    column->array.view = (vgrad_tensor){ .dtype = dtype, .rank = 2, .layer = -1, .role = -1 };
    memcpy(column->array.view.shape, shape, sizeof shape);
}

vgrad_status vgrad_dataset_stream(vgrad_dataset **out, int64_t rows, vgrad_dtype x_dtype,
                                  int64_t x_width, vgrad_dtype y_dtype, int64_t y_width,
                                  vgrad_read_rows read, void *user, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (rows < -1 || rows == 0)
        return vgrad__fail(VGRAD_E_INVALID, "rows: at least 1, or -1 if not known, got %lld",
                           (long long)rows);
    if (!read)
        return vgrad__fail_null("read");
    vgrad_status status = check_column("x", 1, x_dtype, x_width);
    if (status == VGRAD_OK && y_width != 0)
        status = check_column("y", 1, y_dtype, y_width);
    if (status != VGRAD_OK)
        return status;
    vgrad_dataset *dataset = *out = vgrad__dataset_new(rows, context);
    if (!dataset)
        return VGRAD_E_MEMORY;
    set_stream_column(&dataset->x, rows, x_dtype, x_width);
    if (y_width != 0)
        set_stream_column(&dataset->y, rows, y_dtype, y_width);
    dataset->read = read;
    dataset->user = user;
    return VGRAD_OK;
}

/* ---- weights ---- */

vgrad_status vgrad__dataset_reserve_weights(vgrad_dataset *dataset)
{
    if (!dataset->weights)
        dataset->weights =
            vgrad__allocate(dataset->context, (size_t)dataset->rows, sizeof *dataset->weights);
    return dataset->weights ? VGRAD_OK : VGRAD_E_MEMORY;
}

vgrad_status vgrad__weights_check(const double *weights, int64_t count)
{
    bool any = false;
    for (int64_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0) || isinf(weights[i]))
            return vgrad__fail(VGRAD_E_INVALID, "weights[%lld]: finite, at least 0, got %g",
                               (long long)i, weights[i]);
        any |= weights[i] > 0;
    }
    return any ? VGRAD_OK : vgrad__fail(VGRAD_E_INVALID, "weights: all of them are 0");
}

vgrad_status vgrad_dataset_set_weights(vgrad_dataset *dataset, const double *weights)
{
    if (!dataset)
        return vgrad__fail_null("dataset");
    if (vgrad__dataset_is_stream(dataset))
        return vgrad__fail(VGRAD_E_STATE, "dataset: the rows of a stream have no weights");
    vgrad_status status = weights ? vgrad__weights_check(weights, dataset->rows) : VGRAD_OK;
    if (status == VGRAD_OK && weights)
        status = vgrad__dataset_reserve_weights(dataset);
    if (status != VGRAD_OK)
        return status;
    if (weights) {
        memcpy(dataset->weights, weights, (size_t)dataset->rows * sizeof *weights);
    } else {
        vgrad__release(dataset->context, dataset->weights, (size_t)dataset->rows, sizeof *weights);
        dataset->weights = NULL;
    }
    return VGRAD_OK;
}

/* ---- for generators ---- */

vgrad_dataset *vgrad__dataset_blank(int64_t rows, int64_t x_width, int64_t y_width,
                                    vgrad_context *context)
{
    const int64_t x_shape[2] = { rows, x_width }, y_shape[2] = { rows, y_width };
    vgrad__array x = { 0 }, y = { 0 };
    vgrad_dataset *dataset = NULL;
    if (vgrad__array_make(&x, VGRAD_FLOAT64, 2, x_shape, context) == VGRAD_OK &&
        vgrad__array_make(&y, VGRAD_FLOAT64, 2, y_shape, context) == VGRAD_OK)
        vgrad__dataset_own(&dataset, &x, &y, context);
    else
        vgrad__array_release(&x, context);
    return dataset;
}

double *vgrad__dataset_x(vgrad_dataset *blank)
{
    return blank->x.array.block;
}

double *vgrad__dataset_y(vgrad_dataset *blank)
{
    return blank->y.array.block;
}

/* ---- what it has ---- */

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
    if (!dataset)
        return vgrad__fail_null("dataset"), -1;
    return dataset->classes ? dataset->classes : dataset->y.width;
}

/* The rank of a column with `rows` rows, and its shape. */
static int32_t column_shape(const vgrad__column *column, int64_t rows, int64_t *shape)
{
    const vgrad_tensor *view = &column->array.view;
    if (!shape)
        return vgrad__fail_null("shape"), -1;
    memcpy(shape, view->shape, (size_t)view->rank * sizeof *shape);
    if (view->rank > 0)
        shape[0] = rows;
    return view->rank;
}

int32_t vgrad_dataset_x_shape(const vgrad_dataset *dataset, int64_t *shape)
{
    if (!dataset)
        return vgrad__fail_null("dataset"), -1;
    return column_shape(&dataset->x, dataset->rows, shape);
}

int32_t vgrad_dataset_y_shape(const vgrad_dataset *dataset, int64_t *shape)
{
    if (!dataset)
        return vgrad__fail_null("dataset"), -1;
    if (!dataset->classes || !shape)
        return column_shape(&dataset->y, dataset->rows, shape);
    shape[0] = dataset->rows;
    shape[1] = dataset->classes;
    return 2;
}
