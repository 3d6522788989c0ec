/* How rows come out of a dataset: from memory or a stream, scaled, one-hot, in any dtype. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "data/dataset.h"

/* ---- rows that lie in memory ---- */

/* Where rows lie: a column's own array, or what a stream just gave. */
typedef struct source {
    vgrad_tensor row;   /* its data: the first row */
    int64_t row_stride; /* in bytes */
} source;

/* The rows of a column; its tensor's axis 0 goes. Rows without gaps are one long axis. */
static source rows_of(const vgrad_tensor *rows, int64_t width)
{
    source s = { .row = *rows };
    if (rows->shape[0] != 1) /* the stride of a single row may be any number */
        s.row_stride = rows->strides[0] * (int64_t)vgrad__dtype_size((vgrad_dtype)rows->dtype);
    s.row.rank = rows->rank - 1;
    memmove(s.row.shape, rows->shape + 1, sizeof s.row.shape - sizeof *s.row.shape);
    memmove(s.row.strides, rows->strides + 1, sizeof s.row.strides - sizeof *s.row.strides);
    if (vgrad__tensor_is_packed(&s.row))
        vgrad_tensor_view(&s.row, rows->data, (vgrad_dtype)rows->dtype, 1, &width, NULL);
    return s;
}

static void give_row(const source *from, int64_t row, const vgrad__affine *scaling, void *to,
                     vgrad_dtype dtype)
{
    vgrad_tensor view = from->row;
    view.data = (const char *)from->row.data + row * from->row_stride;
    vgrad__tensor_pack_scaled(&view, scaling, to, dtype);
}

static const vgrad__affine as_it_is = { 0 };

/* The class number in a row that the caller knows as number `name`. */
static vgrad_status read_class(const source *from, int64_t row, int64_t name, int64_t classes,
                               int64_t *out)
{
    double label;
    give_row(from, row, &as_it_is, &label, VGRAD_FLOAT64);
    if (!(label >= 0 && label < (double)classes) || label != rint(label))
        return vgrad__fail(VGRAD_E_INVALID, "y: row %lld has the class %.17g, of %lld classes",
                           (long long)name, label, (long long)classes);
    *out = (int64_t)label;
    return VGRAD_OK;
}

/* The same as a one-hot row. */
static vgrad_status give_one_hot(const source *from, int64_t row, int64_t name, int64_t classes,
                                 char *to, vgrad_dtype dtype)
{
    const double one = 1.0;
    const size_t size = vgrad__dtype_size(dtype);
    int64_t hot = 0;
    vgrad_status status = read_class(from, row, name, classes, &hot);
    if (status != VGRAD_OK)
        return status;
    memset(to, 0, (size_t)classes * size);
    vgrad__convert(&one, VGRAD_FLOAT64, to + (size_t)hot * size, dtype, 1);
    return VGRAD_OK;
}

/* Copies `count` of the wanted rows out of two tensors: those of the order lie there, without one
   those from `at` on. */
static vgrad_status give_rows(const vgrad_dataset *dataset, const vgrad_tensor *x,
                              const vgrad_tensor *y, int64_t at, const vgrad__wanted *wanted,
                              int64_t count)
{
    const size_t size = vgrad__dtype_size(wanted->dtype);
    const size_t x_bytes = (size_t)dataset->x.width * size;
    const size_t y_bytes = (size_t)vgrad_dataset_y_width(dataset) * size;
    const vgrad__affine *scaling = wanted->x_as_stored ? &as_it_is : &dataset->scaling;
    const source x_rows = rows_of(x, dataset->x.width);
    const source y_rows = wanted->y ? rows_of(y, dataset->y.width) : (source){ 0 };
    char *x_to = wanted->x, *y_to = wanted->y;
    for (int64_t i = 0; i < count; i++) {
        int64_t name = wanted->order ? wanted->order[i] : wanted->first + i;
        int64_t row = wanted->order ? name : at + i;
        vgrad_status status = VGRAD_OK;
        if (dataset->chosen)
            row = dataset->chosen[row];
        if (x_to)
            give_row(&x_rows, row, scaling, x_to + (size_t)i * x_bytes, wanted->dtype);
        if (y_to && dataset->classes)
            status = give_one_hot(&y_rows, row, name, dataset->classes, y_to + (size_t)i * y_bytes,
                                  wanted->dtype);
        else if (y_to)
            give_row(&y_rows, row, &as_it_is, y_to + (size_t)i * y_bytes, wanted->dtype);
        if (status != VGRAD_OK)
            return status;
    }
    return VGRAD_OK;
}

vgrad_status vgrad__dataset_check_classes(const vgrad_dataset *dataset, int64_t classes)
{
    if (vgrad__dataset_is_stream(dataset))
        return VGRAD_OK;
    const source y = rows_of(&dataset->y.array.view, dataset->y.width);
    int64_t ignored;
    for (int64_t i = 0; i < dataset->rows; i++) {
        int64_t row = dataset->chosen ? dataset->chosen[i] : i;
        vgrad_status status = read_class(&y, row, i, classes, &ignored);
        if (status != VGRAD_OK)
            return status;
    }
    return VGRAD_OK;
}

bool vgrad__dataset_weights(const vgrad_dataset *dataset, const int64_t *rows, int64_t count,
                            double *weights)
{
    if (!dataset->weights)
        return false;
    for (int64_t i = 0; i < count; i++)
        weights[i] = dataset->weights[rows[i]];
    return true;
}

/* ---- rows that a function gives ---- */

static vgrad_status reserve_column(vgrad__array *array, const vgrad__column *column, int64_t rows,
                                   vgrad_context *context)
{
    const int64_t shape[2] = { rows, column->width };
    vgrad_dtype dtype = (vgrad_dtype)column->array.view.dtype;
    int64_t count, bytes;
    if (column->width == 0)
        return VGRAD_OK;
    if (__builtin_mul_overflow(rows, column->width, &count) ||
        __builtin_mul_overflow(count, (int64_t)vgrad__dtype_size(dtype), &bytes))
        return vgrad__fail(VGRAD_E_INVALID, "count: %lld rows of %lld elements are too many",
                           (long long)rows, (long long)column->width);
    return vgrad__array_make(array, dtype, 2, shape, context);
}

/* True if rows of this set find room there. */
static bool fits(const vgrad__array *array, const vgrad__column *column, int64_t rows)
{
    return column->width == 0 ||
           (array->block && array->view.shape[0] >= rows && array->view.shape[1] == column->width &&
            array->view.dtype == column->array.view.dtype);
}

vgrad_status vgrad__staging_reserve(vgrad__staging *staging, const vgrad_dataset *dataset,
                                    int64_t rows, vgrad_context *context)
{
    vgrad__staging larger = { .rows = rows };
    if (!vgrad__dataset_is_stream(dataset) ||
        (fits(&staging->x, &dataset->x, rows) && fits(&staging->y, &dataset->y, rows)))
        return VGRAD_OK;
    vgrad_status status = reserve_column(&larger.x, &dataset->x, rows, context);
    if (status == VGRAD_OK)
        status = reserve_column(&larger.y, &dataset->y, rows, context);
    if (status != VGRAD_OK) {
        vgrad__staging_release(&larger, context);
        return status;
    }
    vgrad__staging_release(staging, context);
    *staging = larger;
    return VGRAD_OK;
}

void vgrad__staging_release(vgrad__staging *staging, vgrad_context *context)
{
    vgrad__array_release(&staging->x, context);
    vgrad__array_release(&staging->y, context);
}

/* Row `row` of a staged column. */
static void *staged_row(const vgrad__array *array, int64_t row)
{
    size_t size = vgrad__dtype_size((vgrad_dtype)array->view.dtype);
    return array->block ? (char *)array->block + (size_t)(row * array->view.shape[1]) * size : NULL;
}

/* Calls the stream's function until `count` rows are staged, or no more come. */
static vgrad_status stage(const vgrad_dataset *dataset, int64_t first, int64_t count,
                          vgrad__staging *staging, int64_t *got)
{
    *got = 0;
    while (*got < count) {
        int64_t left = count - *got;
        int64_t given = dataset->read(first + *got, left, staged_row(&staging->x, *got),
                                      staged_row(&staging->y, *got), dataset->user);
        if (given < 0 || given > left)
            return vgrad__fail(VGRAD_E_CALLBACK,
                               "read: asked for %lld rows from %lld on, gave %lld", (long long)left,
                               (long long)(first + *got), (long long)given);
        if (given == 0)
            break;
        *got += given;
    }
    if (*got < count && dataset->rows >= 0)
        return vgrad__fail(VGRAD_E_IO, "read: the stream ended after %lld of %lld rows",
                           (long long)(first + *got), (long long)dataset->rows);
    return VGRAD_OK;
}

/* ---- for those who want rows ---- */

vgrad_status vgrad__dataset_gather(const vgrad_dataset *dataset, const vgrad__wanted *wanted,
                                   vgrad__staging *staging, int64_t *got)
{
    *got = wanted->count;
    if (!vgrad__dataset_is_stream(dataset))
        return give_rows(dataset, &dataset->x.array.view, &dataset->y.array.view, wanted->first,
                         wanted, wanted->count);
    vgrad_status status = stage(dataset, wanted->first, wanted->count, staging, got);
    if (status != VGRAD_OK)
        return status;
    return give_rows(dataset, &staging->x.view, &staging->y.view, 0, wanted, *got);
}

vgrad_status vgrad_dataset_read(const vgrad_dataset *dataset, int64_t first, int64_t count, void *x,
                                void *y, vgrad_dtype dtype)
{
    if (!dataset)
        return vgrad__fail_null("dataset");
    const int64_t rows = dataset->rows < 0 ? INT64_MAX : dataset->rows;
    if (first < 0 || count < 0 || first > rows || count > rows - first)
        return vgrad__fail(VGRAD_E_INVALID, "first, count: %lld rows from %lld on, of %lld",
                           (long long)count, (long long)first, (long long)rows);
    if (vgrad__dtype_size(dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "dtype: no dtype %d", (int)dtype);
    if (y && dataset->y.width == 0)
        return vgrad__fail(VGRAD_E_STATE, "y: the dataset has none");
    if (count == 0)
        return VGRAD_OK;
    const vgrad__wanted wanted = { .first = first, .count = count, .dtype = dtype, .x = x, .y = y };
    vgrad__staging staging = { 0 };
    int64_t got;
    vgrad_status status = vgrad__staging_reserve(&staging, dataset, count, dataset->context);
    if (status == VGRAD_OK)
        status = vgrad__dataset_gather(dataset, &wanted, &staging, &got);
    if (status == VGRAD_OK && got < count)
        status = vgrad__fail(VGRAD_E_IO, "read: the stream ended after %lld rows",
                             (long long)(first + got));
    vgrad__staging_release(&staging, dataset->context);
    return status;
}
