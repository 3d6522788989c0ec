/* What the readers share: from a file to an array, and from two of them to a dataset. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_READERS_H
#define VGRAD_DATA_READERS_H

#include <vgrad/dataset.h>

#include "data/array.h"
#include "data/bytes.h"
#include "data/elements.h"

/* Reads one array of a file that is open; what remains of the file is not looked at. */
typedef vgrad_status vgrad__read_array(vgrad__bytes *bytes, vgrad__array *out,
                                       vgrad_context *context);
vgrad__read_array vgrad__idx_read, vgrad__npy_read;

/* The shape that a file states, once its product has been checked against what can still come of
   it: VGRAD_E_FORMAT, or room in `out` for its elements. */
vgrad_status vgrad__array_for(vgrad__array *out, vgrad__bytes *bytes, const vgrad__element *element,
                              int32_t rank, const int64_t *shape, vgrad_context *context);

/* A dataset of x and y (NULL: none), each in a file of its own. */
vgrad_status vgrad__dataset_from_files(vgrad_dataset **out, const char *x_path, const char *y_path,
                                       vgrad__read_array *read, vgrad_context *context);

#endif
