/* NPY from any bytes. */
/* SPDX-License-Identifier: MIT */
#include "reader.h"

static vgrad_status read_npy(vgrad_dataset **out, fuzz_world *world)
{
    return fuzz_read_files(out, world, vgrad_dataset_npy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_format npy = { .read = read_npy,
                                     .wants_y = fuzz_files_have_y,
                                     .failure_with_y = VGRAD_E_SHAPE };
    return fuzz_reader(&npy, data, size);
}
