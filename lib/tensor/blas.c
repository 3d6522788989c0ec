/* The only file that sees cblas.h. */
/* SPDX-License-Identifier: MIT */
#include "tensor/blas.h"

#include <cblas.h>

static CBLAS_TRANSPOSE order_of(vgrad__matrix a)
{
    return a.transposed ? CblasTrans : CblasNoTrans;
}

void vgrad__multiply(vgrad_dtype dtype, int64_t m, int64_t n, int64_t k, vgrad__matrix a,
                     vgrad__matrix b, bool add, void *c)
{
    blasint rows = (blasint)m, columns = (blasint)n, inner = (blasint)k;
    blasint a_stride = (blasint)a.stride, b_stride = (blasint)b.stride;
    if (dtype == VGRAD_FLOAT64)
        cblas_dgemm(CblasRowMajor, order_of(a), order_of(b), rows, columns, inner, 1.0, a.data,
                    a_stride, b.data, b_stride, add ? 1.0 : 0.0, c, columns);
    else
        cblas_sgemm(CblasRowMajor, order_of(a), order_of(b), rows, columns, inner, 1.0f, a.data,
                    a_stride, b.data, b_stride, add ? 1.0f : 0.0f, c, columns);
}

const char *vgrad__blas_description(void)
{
    return openblas_get_config();
}
