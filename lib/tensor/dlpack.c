/* Tensors of other libraries, by the layout that DLPack gives them: dmlc.github.io/dlpack. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/status.h"
#include "tensor/tensor.h"

/* What DLPack calls DLTensor; its own header is not needed to read one. */
typedef struct foreign {
    const void *data;
    int32_t device_type, device_id;
    int32_t ndim;
    uint8_t code, bits; /* of an element */
    uint16_t lanes;
    const int64_t *shape;
    const int64_t *strides; /* in elements; NULL: row-major without gaps */
    uint64_t byte_offset;
} foreign;

enum { SIGNED = 0, UNSIGNED = 1, FLOAT = 2, BFLOAT = 4 }; /* kDLInt, kDLUInt, ... */

static const struct {
    uint8_t code, bits;
    vgrad_dtype dtype;
} types[] = {
    { FLOAT, 16, VGRAD_FLOAT16 },   { FLOAT, 32, VGRAD_FLOAT32 }, { FLOAT, 64, VGRAD_FLOAT64 },
    { BFLOAT, 16, VGRAD_BFLOAT16 }, { UNSIGNED, 8, VGRAD_UINT8 }, { SIGNED, 32, VGRAD_INT32 },
    { SIGNED, 64, VGRAD_INT64 },
};
enum { TYPES = sizeof types / sizeof *types };

vgrad_status vgrad_tensor_from_dlpack(vgrad_tensor *out, const void *dltensor)
{
    const foreign *from = dltensor;
    vgrad_tensor view;
    if (!out || !from)
        return vgrad__fail_null(out ? "dltensor" : "out");
    int type = 0;
    while (type < TYPES && (types[type].code != from->code || types[type].bits != from->bits))
        type++;
    if (type == TYPES || from->lanes != 1)
        return vgrad__fail(VGRAD_E_UNSUPPORTED,
                           "dltensor: no dtype is code %d, %d bits, %d lanes of DLPack",
                           (int)from->code, (int)from->bits, (int)from->lanes);
    if (from->ndim > VGRAD_MAX_RANK)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "dltensor: ndim 0 to %d, got %d", VGRAD_MAX_RANK,
                           (int)from->ndim);
    /* Data of another device need not be an address here: it is moved on as a number. */
    const void *data = (const void *)((uintptr_t)from->data + (uintptr_t)from->byte_offset);
    if (!vgrad_tensor_view(&view, from->data ? data : NULL, types[type].dtype, from->ndim,
                           from->shape, from->strides))
        return VGRAD_E_INVALID;
    view.device_type = from->device_type;
    view.device_id = from->device_id;
    *out = view;
    return VGRAD_OK;
}
