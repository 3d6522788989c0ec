/* Datasets, for those who read batches from them. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_DATASET_H
#define VGRAD_DATA_DATASET_H

#include <vgrad/dataset.h>

vgrad_dataset *vgrad__dataset_hold(vgrad_dataset *dataset);

/* An owned set of float64 rows, zeroed, for a generator to fill. NULL on failure. */
vgrad_dataset *vgrad__dataset_blank(int64_t rows, int64_t x_width, int64_t y_width,
                                    vgrad_context *context);
double *vgrad__dataset_x(vgrad_dataset *blank);
double *vgrad__dataset_y(vgrad_dataset *blank);

/* Copies `count` rows, those at `order` (NULL: first, first + 1, ...). x or y may be NULL. */
void vgrad__dataset_gather(const vgrad_dataset *dataset, const int64_t *order, int64_t first,
                           int64_t count, void *x, void *y, vgrad_dtype dtype);

#endif
