/*
 * A dataset inside. dataset.c: its life, and what it is made from; parts.c: rows of another set;
 * scaling.c: fitting and setting it; rows.c: how rows come out.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_DATASET_H
#define VGRAD_DATA_DATASET_H

#include <vgrad/dataset.h>

#include "base/context.h"
#include "data/array.h"
#include "tensor/tensor.h"

/* x or y. */
typedef struct vgrad__column {
    vgrad__array array; /* axis 0 goes along the rows; no data in a stream */
    int64_t width;      /* elements of a row; 0: there is no such column */
} vgrad__column;

struct vgrad_dataset {
    vgrad__references references;
    vgrad_context *context;
    int64_t rows; /* -1: a stream that does not know */
    vgrad__column x, y;
    vgrad__affine scaling; /* of x; its numbers are owned */
    int64_t classes;       /* y comes out one-hot, so wide; 0: as it is */
    double *weights;       /* of its rows; NULL: all 1 */

    vgrad_dataset *origin; /* of a part: whose memory it uses, kept alive */
    const int64_t *chosen; /* which rows of the columns these are; NULL: all, in order */
    int64_t *chosen_block; /* `chosen`, if it is this part's own */

    vgrad_read_rows read; /* of a stream */
    void *user;
};

/* ---- dataset.c ---- */

vgrad_dataset *vgrad__dataset_hold(vgrad_dataset *dataset);

/* A set over these arrays, whose blocks become its own; they are gone on failure too. `y` may be
   NULL. Both have the same number of rows, at least one, and rows of at least one element. */
vgrad_status vgrad__dataset_own(vgrad_dataset **out, vgrad__array *x, vgrad__array *y,
                                vgrad_context *context);
/* An empty set of one reference, for the other files here. NULL on failure. */
vgrad_dataset *vgrad__dataset_new(int64_t rows, vgrad_context *context);

/* VGRAD_OK if all are finite and at least 0, and some above it. */
vgrad_status vgrad__weights_check(const double *weights, int64_t count);
/* Room for a weight of each row, unless it has that already. */
vgrad_status vgrad__dataset_reserve_weights(vgrad_dataset *dataset);

/* An owned set of float64 rows, zeroed, for a generator to fill. NULL on failure. */
vgrad_dataset *vgrad__dataset_blank(int64_t rows, int64_t x_width, int64_t y_width,
                                    vgrad_context *context);
double *vgrad__dataset_x(vgrad_dataset *blank);
double *vgrad__dataset_y(vgrad_dataset *blank);

/* ---- scaling.c ---- */

vgrad_status vgrad__scaling_copy(vgrad_dataset *dataset, const vgrad__affine *scaling);
void vgrad__scaling_release(vgrad_dataset *dataset);

/* ---- rows.c ---- */

/* Where a stream puts rows before they are converted. Rows in memory need none. */
typedef struct vgrad__staging {
    int64_t rows;
    vgrad__array x, y;
} vgrad__staging;

/* Room for `rows` rows of this set. */
vgrad_status vgrad__staging_reserve(vgrad__staging *staging, const vgrad_dataset *dataset,
                                    int64_t rows, vgrad_context *context);
void vgrad__staging_release(vgrad__staging *staging, vgrad_context *context);

/* Which rows are wanted, and as what. */
typedef struct vgrad__wanted {
    const int64_t *order; /* NULL: first, first + 1, ...; must be NULL for a stream */
    int64_t first, count;
    vgrad_dtype dtype;
    void *x, *y;      /* NULL: not wanted */
    bool x_as_stored; /* not scaled */
} vgrad__wanted;

/* Copies the rows out; `*got` is less than wanted at the end of a stream of unknown length only. */
vgrad_status vgrad__dataset_gather(const vgrad_dataset *dataset, const vgrad__wanted *wanted,
                                   vgrad__staging *staging, int64_t *got);

/* The weights of `count` rows by number; false, and nothing written, if the set has none. */
bool vgrad__dataset_weights(const vgrad_dataset *dataset, const int64_t *rows, int64_t count,
                            double *weights);

/* VGRAD_E_INVALID if a class number in y is none of 0 ... classes - 1. Those of a stream are seen
   when they come. */
vgrad_status vgrad__dataset_check_classes(const vgrad_dataset *dataset, int64_t classes);

static inline bool vgrad__dataset_is_stream(const vgrad_dataset *dataset)
{
    return dataset->read != NULL;
}

#endif
