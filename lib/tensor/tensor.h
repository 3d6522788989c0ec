/* Types of elements and strided views, for the rest of the library. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_TENSOR_H
#define VGRAD_TENSOR_TENSOR_H

#include <stdbool.h>
#include <vgrad/tensor.h>

/* Bytes of an element; 0 for a number that is no dtype. */
size_t vgrad__dtype_size(vgrad_dtype dtype);
const char *vgrad__dtype_name(vgrad_dtype dtype);
/* Whether networks compute in it: float32 and float64. */
bool vgrad__dtype_has_kernels(vgrad_dtype dtype);

/* VGRAD_OK if `tensor`, the argument `name`, can be read: not NULL, known dtype, on this CPU. */
vgrad_status vgrad__tensor_check(const vgrad_tensor *tensor, const char *name);

enum { VGRAD__SHAPE_TEXT = 80 };
/* "(2, 5)", for error texts; returns `text`. */
const char *vgrad__shape_text(const vgrad_tensor *tensor, char text[VGRAD__SHAPE_TEXT]);

/* True if the elements lie row-major without gaps. */
bool vgrad__tensor_is_packed(const vgrad_tensor *tensor);

/* Whether some of its elements lie within `size` bytes at `data`. */
bool vgrad__tensor_touches(const vgrad_tensor *tensor, const void *data, size_t size);

/* `count` elements of one type become another; the arrays do not overlap. */
void vgrad__convert(const void *from, vgrad_dtype from_dtype, void *to, vgrad_dtype to_dtype,
                    int64_t count);

/* x becomes (x - center) * factor + offset, in double: one triple of numbers for all elements, or
   one for each along a row. */
typedef struct vgrad__affine {
    int64_t count; /* of triples; 0: nothing changes */
    double *center, *factor, *offset;
} vgrad__affine;

/* Row `row` along axis 0 as a tensor of one row; a tensor of rank 0 is its only row. */
vgrad_tensor vgrad__tensor_row(const vgrad_tensor *tensor, int64_t row);

/* As vgrad_tensor_copy(), into an array that is large enough, of a tensor that was checked. */
void vgrad__tensor_pack(const vgrad_tensor *tensor, void *out, vgrad_dtype dtype);
/* Only `count` of them, from `first` on in row-major order. */
void vgrad__tensor_pack_some(const vgrad_tensor *tensor, int64_t first, int64_t count, void *out,
                             vgrad_dtype dtype);
/* All, each element scaled before it is converted. */
void vgrad__tensor_pack_scaled(const vgrad_tensor *tensor, const vgrad__affine *scaling, void *out,
                               vgrad_dtype dtype);

#endif
