/* NumPy's .npy. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "data/readers.h"

vgrad_status vgrad__npy_read(vgrad__bytes *bytes, vgrad__array *out, vgrad_context *context)
{
    (void)out, (void)context;
    return vgrad__bytes_fail(bytes, "not yet");
}

vgrad_status vgrad_dataset_npy(vgrad_dataset **out, const char *x_path, const char *y_path,
                               vgrad_context *context)
{
    return vgrad__dataset_from_files(out, x_path, y_path, vgrad__npy_read, context);
}
