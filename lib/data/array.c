/* Tensors with memory of their own. */
/* SPDX-License-Identifier: MIT */
#include "data/array.h"

#include "base/context.h"
#include "tensor/tensor.h"

vgrad_status vgrad__array_make(vgrad__array *array, vgrad_dtype dtype, int32_t rank,
                               const int64_t *shape, vgrad_context *context)
{
    size_t count = 1;
    for (int32_t i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    *array = (vgrad__array){ .size = count * vgrad__dtype_size(dtype) };
    array->block = vgrad__allocate(context, count, vgrad__dtype_size(dtype));
    if (!array->block)
        return VGRAD_E_MEMORY;
    vgrad_tensor_view(&array->view, array->block, dtype, rank, shape, NULL);
    return VGRAD_OK;
}

void vgrad__array_release(vgrad__array *array, vgrad_context *context)
{
    vgrad__release(context, array->block, array->size, 1);
    *array = (vgrad__array){ 0 };
}
