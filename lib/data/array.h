/* A tensor together with the memory that it lies in. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_ARRAY_H
#define VGRAD_DATA_ARRAY_H

#include <vgrad/context.h>
#include <vgrad/tensor.h>

typedef struct vgrad__array {
    vgrad_tensor view; /* strides as the memory has them */
    void *block;       /* NULL: somebody else's memory */
    size_t size;       /* of the block, in bytes */
} vgrad__array;

/* Zeroed and row-major; the product of the shape was checked. */
vgrad_status vgrad__array_make(vgrad__array *array, vgrad_dtype dtype, int32_t rank,
                               const int64_t *shape, vgrad_context *context);
/* An array of zeros only (never made, or released) is fine. */
void vgrad__array_release(vgrad__array *array, vgrad_context *context);

#endif
