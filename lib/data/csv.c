/* Comma-separated values. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "data/readers.h"

vgrad_status vgrad_dataset_csv(vgrad_dataset **out, const char *path, const char *label_column,
                               vgrad_context *context)
{
    (void)label_column, (void)context;
    *out = NULL;
    return vgrad__fail(VGRAD_E_FORMAT, "%s: not yet", path);
}
