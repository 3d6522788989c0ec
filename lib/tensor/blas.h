/* Matrix products. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_BLAS_H
#define VGRAD_TENSOR_BLAS_H

#include <stdbool.h>
#include <stdint.h>
#include <vgrad/tensor.h>

/* The largest dimension that it takes. */
#define VGRAD__BLAS_MAX INT32_MAX

/* A row-major matrix, or its transpose. */
typedef struct vgrad__matrix {
    const void *data;
    int64_t stride; /* from one stored row to the next */
    bool transposed;
} vgrad__matrix;

/* c (m, n) = a (m, k) b (k, n) + (add ? c : 0); c is stored without gaps. */
void vgrad__multiply(vgrad_dtype dtype, int64_t m, int64_t n, int64_t k, vgrad__matrix a,
                     vgrad__matrix b, bool add, void *c);

/* The BLAS that is linked, as it describes itself. */
const char *vgrad__blas_description(void);

#endif
