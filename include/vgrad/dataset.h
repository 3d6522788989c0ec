/**
 * @file dataset.h
 * @brief Rows to train on.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATASET_H
#define VGRAD_DATASET_H

#include <vgrad/context.h>
#include <vgrad/tensor.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Rows of x (what the network is given) and y (what it should answer). It holds no position: who
 * reads keeps it, so one set may feed many runs, also from several threads at once.
 * @since 0.1
 */
typedef struct vgrad_dataset vgrad_dataset;

/**
 * Give a dataset up; who still reads it keeps it alive.
 *
 * @param dataset NULL is fine.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_dataset_destroy(vgrad_dataset *dataset);

/**
 * A dataset with a copy of arrays of yours.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param rows     at least 1.
 * @param x        rows * x_width elements, row-major.
 * @param x_dtype  their type; converted to the network's when a batch is made.
 * @param x_width  at least 1.
 * @param y        rows * y_width elements, row-major: targets, one-hot classes, or (width 1) class
 *                 numbers from 0. NULL: none, for prediction only.
 * @param y_dtype  their type; not looked at if `y` is NULL.
 * @param y_width  at least 1; not looked at if `y` is NULL.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @par Lifetime
 * The arrays may go when the call returns.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_copy(vgrad_dataset **out, int64_t rows, const void *x,
                                          vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                          vgrad_dtype y_dtype, int64_t y_width,
                                          vgrad_context *context);

/**
 * A dataset over arrays of yours, which are read where they lie. As vgrad_dataset_copy() but for:
 * @par Lifetime
 * The arrays must stay as long as the dataset and every trainer that was given it.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param rows     at least 1.
 * @param x        rows * x_width elements, row-major.
 * @param x_dtype  their type.
 * @param x_width  at least 1.
 * @param y        rows * y_width elements, or NULL.
 * @param y_dtype  their type.
 * @param y_width  at least 1.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_borrow(vgrad_dataset **out, int64_t rows, const void *x,
                                            vgrad_dtype x_dtype, int64_t x_width, const void *y,
                                            vgrad_dtype y_dtype, int64_t y_width,
                                            vgrad_context *context);

/**
 * Two concentric circles in the plane, as scikit-learn's make_circles: rows / 2 points on the unit
 * circle with label 0, the others on the circle of radius `factor` with label 1, each circle evenly
 * spaced from angle 0; normal noise on both coordinates; rows in random order.
 *
 * The points are float64; the random stream is this library's, so the points are not scikit-learn's
 * for the same seed.
 *
 * @param[out] out the new dataset: x is (rows, 2), y is (rows, 1); NULL on failure.
 * @param rows     at least 2.
 * @param factor   radius of the inner circle, in [0, 1). scikit-learn's default: 0.8.
 * @param noise    standard deviation, at least 0.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_circles(vgrad_dataset **out, int64_t rows, double factor,
                                             double noise, uint64_t seed, vgrad_context *context);

/**
 * The same points in the order of their circle and angle, outer circle first: make_circles with
 * shuffle=False.
 *
 * @param[out] out the new dataset: x is (rows, 2), y is (rows, 1); NULL on failure.
 * @param rows     at least 2.
 * @param factor   radius of the inner circle, in [0, 1).
 * @param noise    standard deviation, at least 0.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_circles_ordered(vgrad_dataset **out, int64_t rows,
                                                     double factor, double noise, uint64_t seed,
                                                     vgrad_context *context);

/**
 * Two half circles that interlock, as scikit-learn's make_moons: rows / 2 points (cos t, sin t)
 * with label 0, the others (1 - cos t, 1 - sin t - 0.5) with label 1, on each moon t evenly spaced
 * from 0 to pi, both included; normal noise on both coordinates; rows in random order.
 *
 * The points are float64; the random stream is this library's, so the points are not scikit-learn's
 * for the same seed.
 *
 * @param[out] out the new dataset: x is (rows, 2), y is (rows, 1); NULL on failure.
 * @param rows     at least 2.
 * @param noise    standard deviation, at least 0.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_moons(vgrad_dataset **out, int64_t rows, double noise,
                                           uint64_t seed, vgrad_context *context);

/**
 * Clusters around random centres, as scikit-learn's make_blobs: the coordinates of each centre are
 * uniform on [-10, 10), and its points normal around it with one deviation in every direction; a
 * point's label is its centre's number. The clusters have rows / classes points each, the first
 * rows % classes of them one more; rows in random order.
 *
 * The points are float64; the random stream is this library's, so the points are not scikit-learn's
 * for the same seed. With noise 0 every point is its centre: the same seed with noise has the same
 * centres.
 *
 * @param[out] out the new dataset: x is (rows, width), y is (rows, 1); NULL on failure.
 * @param rows     at least `classes`.
 * @param width    at least 1; rows * width at most 2^32. scikit-learn's default: 2.
 * @param classes  how many clusters, at least 1. scikit-learn's default: 3.
 * @param noise    standard deviation, at least 0. scikit-learn's default: 1.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_blobs(vgrad_dataset **out, int64_t rows, int64_t width,
                                           int64_t classes, double noise, uint64_t seed,
                                           vgrad_context *context);

/**
 * Archimedean spirals that interleave, one arm for each class. Point j = 1 ... n of arm k = 0 ...
 * classes - 1 is (r cos a, r sin a) with r = j / n and a = 2 pi (k / classes + turns r), and has
 * label k; there is none at the origin, which the arms share. The arms have rows / classes points
 * each, the first rows % classes of them one more; normal noise on both coordinates; rows in random
 * order.
 *
 * The 194 points of K. J. Lang and M. J. Witbrock's two-spirals problem ("Learning to tell two
 * spirals apart", Proceedings of the 1988 Connectionist Models Summer School) are, but for their
 * radius of 6.5, those of 208 rows, 2 classes, 3.25 turns and noise 0 without the innermost eight
 * of each arm. The points are float64.
 *
 * @param[out] out the new dataset: x is (rows, 2), y is (rows, 1); NULL on failure.
 * @param rows     at least `classes`.
 * @param classes  how many arms, at least 1.
 * @param turns    how often an arm goes round the origin, from -1e6 to 1e6; below 0: clockwise.
 * @param noise    standard deviation, at least 0; the outer ends have radius 1.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_spirals(vgrad_dataset **out, int64_t rows, int64_t classes,
                                             double turns, double noise, uint64_t seed,
                                             vgrad_context *context);

/**
 * The exclusive or: rows dealt in turn to the corners (0, 0), (0, 1), (1, 0) and (1, 1) of the unit
 * square, with label 1 where one coordinate is 1 and the other is 0, else label 0; normal noise on
 * both coordinates; rows in random order. Four rows without noise are the truth table, which D. E.
 * Rumelhart, G. E. Hinton and R. J. Williams train in "Learning internal representations by error
 * propagation" (1986). The points are float64.
 *
 * @param[out] out the new dataset: x is (rows, 2), y is (rows, 1); NULL on failure.
 * @param rows     at least 4.
 * @param noise    standard deviation, at least 0.
 * @param seed     the same seed, the same rows.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_xor(vgrad_dataset **out, int64_t rows, double noise,
                                         uint64_t seed, vgrad_context *context);

/**
 * How many rows there are.
 *
 * @param dataset the dataset.
 * @return at least 1; -1 if `dataset` is NULL.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int64_t vgrad_dataset_rows(const vgrad_dataset *dataset);

/**
 * How many elements a row of x has.
 *
 * @param dataset the dataset.
 * @return at least 1; -1 if `dataset` is NULL.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int64_t vgrad_dataset_x_width(const vgrad_dataset *dataset);

/**
 * How many elements a row of y has.
 *
 * @param dataset the dataset.
 * @return 0 if it has no y; -1 if `dataset` is NULL.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int64_t vgrad_dataset_y_width(const vgrad_dataset *dataset);

/**
 * Copy a run of rows out.
 *
 * @param dataset the dataset.
 * @param first   the first row, from 0.
 * @param count   how many; first + count at most vgrad_dataset_rows().
 * @param[out] x  count * x_width elements; NULL: not wanted.
 * @param[out] y  count * y_width elements; NULL: not wanted.
 * @param dtype   what both become.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_STATE (y asked of a set without).
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_read(const vgrad_dataset *dataset, int64_t first,
                                          int64_t count, void *x, void *y, vgrad_dtype dtype);

VGRAD_DECLARATIONS_END

#endif
