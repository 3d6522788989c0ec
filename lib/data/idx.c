/*
 * IDX, as MNIST's authors defined it: two zero bytes, a type, a rank, that many sizes, the
 * elements; all big-endian.
 */
/* SPDX-License-Identifier: MIT */
#include "data/readers.h"

vgrad_status vgrad__idx_read(vgrad__bytes *bytes, vgrad__array *out, vgrad_context *context)
{
    uint8_t magic[4], size[4];
    int64_t shape[VGRAD_MAX_RANK];
    vgrad_status status = vgrad__bytes_read(bytes, magic, sizeof magic);
    if (status != VGRAD_OK)
        return status;
    const vgrad__element *element = vgrad__element_of_idx(magic[2]);
    if (magic[0] != 0 || magic[1] != 0 || !element)
        return vgrad__bytes_fail_before(bytes, sizeof magic,
                                        "no IDX file: it begins %02x %02x %02x %02x", magic[0],
                                        magic[1], magic[2], magic[3]);
    if (magic[3] < 1 || magic[3] > VGRAD_MAX_RANK)
        return vgrad__bytes_fail_before(bytes, 1, "rank 1 to %d, got %d", VGRAD_MAX_RANK, magic[3]);
    for (int axis = 0; axis < magic[3]; axis++) {
        status = vgrad__bytes_read(bytes, size, sizeof size);
        if (status != VGRAD_OK)
            return status;
        shape[axis] = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
    }
    status = vgrad__array_for(out, bytes, element, magic[3], shape, context);
    if (status == VGRAD_OK)
        status = vgrad__elements_read(bytes, element, true, out->block,
                                      (size_t)vgrad_tensor_count(&out->view));
    return status;
}

vgrad_status vgrad_dataset_idx(vgrad_dataset **out, const char *x_path, const char *y_path,
                               vgrad_context *context)
{
    return vgrad__dataset_from_files(out, x_path, y_path, vgrad__idx_read, context);
}
