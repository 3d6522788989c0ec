/* From files to datasets, whatever the format. */
/* SPDX-License-Identifier: MIT */
#include "data/readers.h"

#include <string.h>

#include "base/status.h"
#include "data/dataset.h"

vgrad_status vgrad__array_for(vgrad__array *out, vgrad__bytes *bytes, const vgrad__element *element,
                              int32_t rank, const int64_t *shape, vgrad_context *context)
{
    int64_t count = 1, size;
    bool too_many = false;
    for (int32_t i = 0; i < rank; i++)
        too_many |= __builtin_mul_overflow(count, shape[i], &count);
    too_many |= __builtin_mul_overflow(count, (int64_t)element->size, &size);
    if (too_many)
        return vgrad__bytes_fail(bytes, "the product of the sizes is too large");
    if (count == 0)
        return vgrad__bytes_fail(bytes, "no elements");
    if (size > vgrad__bytes_most(bytes))
        return vgrad__bytes_fail(bytes, "%lld bytes should follow, %lld can", (long long)size,
                                 (long long)vgrad__bytes_most(bytes));
    return vgrad__array_make(out, element->as, rank, shape, context);
}

/* One array that is all there is in a file, with an axis along its rows. */
static vgrad_status read_file(vgrad__array *out, const char *path, vgrad__read_array *read,
                              vgrad_context *context)
{
    vgrad__bytes *bytes;
    vgrad_status status = vgrad__bytes_open(&bytes, path, context);
    if (status != VGRAD_OK)
        return status;
    status = read(bytes, out, context);
    if (status == VGRAD_OK)
        status = vgrad__bytes_finish(bytes);
    if (status == VGRAD_OK && out->view.rank == 0)
        status = vgrad__bytes_fail(bytes, "a single number, no rows");
    vgrad__bytes_close(bytes);
    if (status != VGRAD_OK)
        vgrad__array_release(out, context);
    return status;
}

/* A path's last part, for error texts. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

vgrad_status vgrad__dataset_from_files(vgrad_dataset **out, const char *x_path, const char *y_path,
                                       vgrad__read_array *read, vgrad_context *context)
{
    vgrad__array x = { 0 }, y = { 0 };
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (!x_path)
        return vgrad__fail_null("x_path");
    vgrad_status status = read_file(&x, x_path, read, context);
    if (status == VGRAD_OK && y_path)
        status = read_file(&y, y_path, read, context);
    if (status == VGRAD_OK && y_path && x.view.shape[0] != y.view.shape[0])
        status =
            vgrad__fail(VGRAD_E_SHAPE, "y_path: %s has %lld rows, but %s has %lld", name_of(y_path),
                        (long long)y.view.shape[0], name_of(x_path), (long long)x.view.shape[0]);
    if (status == VGRAD_OK)
        return vgrad__dataset_own(out, &x, y_path ? &y : NULL, context);
    vgrad__array_release(&x, context);
    vgrad__array_release(&y, context);
    return status;
}
