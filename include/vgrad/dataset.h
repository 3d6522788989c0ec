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
 * As vgrad_dataset_copy(), of tensors of any rank, strides (also 0 and below) and dtype: axis 0
 * goes along the rows, the others together are the elements of a row, in row-major order.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param x        rank at least 1, no axis empty.
 * @param y        likewise, with as many rows; NULL: none.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE (other rows in x than in y), VGRAD_E_MEMORY.
 * @par Lifetime
 * The tensors may go when the call returns.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_copy_tensors(vgrad_dataset **out, const vgrad_tensor *x,
                                                  const vgrad_tensor *y, vgrad_context *context);

/**
 * As vgrad_dataset_borrow(), of tensors of any rank, strides (also 0 and below) and dtype.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param x        rank at least 1, no axis empty.
 * @param y        likewise, with as many rows; NULL: none.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE (other rows in x than in y), VGRAD_E_MEMORY.
 * @par Lifetime
 * The elements must stay as long as the dataset, its parts, and every trainer that was given one of
 * them; the two structs may go.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_borrow_tensors(vgrad_dataset **out, const vgrad_tensor *x,
                                                    const vgrad_tensor *y, vgrad_context *context);

/** @name Streams: rows that a function gives when they are wanted.
 * @{ */

/**
 * Your function for rows: write up to `count` rows from row `first` on to `x` and `y` (NULL if the
 * stream has none), row-major in the stream's dtypes, and return how many: 0 at the end, below 0 to
 * fail. Fewer than `count` is not the end; it is asked again for the rest.
 *
 * Every reader has a place of its own: `first` goes on where it stopped, and begins at 0 with each
 * epoch and each evaluation; a training step that failed or was stopped gets its batch again. So
 * with one reader at a time a source that can only rewind, and step back by one batch, is enough;
 * where readers take turns (an evaluation inside a callback, vgrad_dataset_read()), any `first` may
 * come. It must not call the trainer, throw, or longjmp.
 */
typedef int64_t (*vgrad_read_rows)(int64_t first, int64_t count, void *x, void *y, void *user);

/**
 * A dataset without rows of its own: batches are asked of a function, in order, never shuffled. It
 * has no parts.
 *
 * A stream may be endless: bound the run by VGRAD_TRAINER_MAX_STEPS then. Its first epoch never
 * ends, so there is no VGRAD_EPOCH_END and no validation; and what needs all rows (evaluate,
 * standardize, scale_min_max) never returns.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param rows     how many there are, at least 1: if fewer come, the call that reads fails with
 *                 VGRAD_E_IO, and more are not asked for. -1: not known; then the function says
 *                 where the end is.
 * @param x_dtype  what `read` writes to x.
 * @param x_width  elements of a row of x, at least 1.
 * @param y_dtype  what `read` writes to y; not looked at if y_width is 0.
 * @param y_width  elements of a row of y; 0: there is no y.
 * @param read     your function. If it fails, the call that reads fails with VGRAD_E_CALLBACK.
 * @param user     handed to it.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @par Lifetime
 * `read` and `user` must work as long as the dataset and every trainer that was given it.
 * @thread_any `read` is called on the thread that wants rows.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_stream(vgrad_dataset **out, int64_t rows, vgrad_dtype x_dtype,
                                            int64_t x_width, vgrad_dtype y_dtype, int64_t y_width,
                                            vgrad_read_rows read, void *user,
                                            vgrad_context *context);

/** @}
 * @name Files
 *
 * What a file says of its own size is believed only as far as the file can hold it, before memory
 * is taken; VGRAD_CONTEXT_READ_LIMIT bounds those that are compressed. Whether one is gzip is seen
 * from its bytes, not from its name; a build without zlib answers VGRAD_E_UNSUPPORTED. A file that
 * is too short, too long, damaged or something else is VGRAD_E_FORMAT, with its name and the place
 * in the text, and never becomes a dataset of the rows that could be read.
 * @{ */

/**
 * Read IDX, the format of MNIST: any type of element and rank 1 to 8, axis 0 along the rows. int8
 * and int16 become int32.
 *
 * The format: http://yann.lecun.com/exdb/mnist/
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param x_path   a file.
 * @param y_path   a file with as many rows; NULL: no y.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_IO, VGRAD_E_FORMAT, VGRAD_E_SHAPE (other rows in x
 * than in y), VGRAD_E_UNSUPPORTED, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_idx(vgrad_dataset **out, const char *x_path,
                                         const char *y_path, vgrad_context *context);

/**
 * Read NumPy's .npy: versions 1 to 3, C and Fortran order, either byte order, rank 1 to 8, axis 0
 * along the rows; every numeric type but complex ones and long double. A type that no vgrad_dtype
 * is becomes the next one that holds it: bool uint8, int8, int16 and uint16 int32, uint32 and
 * uint64 int64 (a number above its range is VGRAD_E_FORMAT), float16 float32.
 *
 * The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param x_path   a file.
 * @param y_path   a file with as many rows; NULL: no y.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_IO, VGRAD_E_FORMAT, VGRAD_E_SHAPE (other rows in x
 * than in y), VGRAD_E_UNSUPPORTED, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_npy(vgrad_dataset **out, const char *x_path,
                                         const char *y_path, vgrad_context *context);

/**
 * Read comma-separated values (RFC 4180): records end with LF or CRLF, the last one with the file
 * at the latest, and all have as many fields as the first. A field may stand in quotes, with `""`
 * for a quote; then commas and line ends belong to it. It is at most 4096 bytes long. Spaces and
 * tabs around a number or a name do not count, lines of nothing else are passed over, and so is a
 * UTF-8 byte order mark.
 *
 * Every field is a finite decimal number with a point, whatever the locale, and is read as the
 * nearest double. All columns but the label's are x, (rows, columns - 1) in float64; y is (rows,
 * 1), float64 too. If some field of the first record is text, that record holds the columns' names:
 * text is what is no number, but for an empty field, inf and nan. So a first row that misses a
 * number is an error and no record of names.
 *
 * The format: https://www.rfc-editor.org/rfc/rfc4180
 *
 * @param[out] out     the new dataset; NULL on failure.
 * @param path         a file.
 * @param label_column the name of the column that is y, or its number, from 0, or from -1 for the
 *                     last, -2 for the one before; a name comes first, and only one column may have
 *                     it. NULL: no y.
 * @param context      NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_IO, VGRAD_E_FORMAT (the text names the line, and as
 * the column the number of the field, both from 1), VGRAD_E_NOT_FOUND (no such column),
 *         VGRAD_E_UNSUPPORTED, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_csv(vgrad_dataset **out, const char *path,
                                         const char *label_column, vgrad_context *context);

/**
 * Read MNIST, or a set in its form such as Fashion-MNIST: train-images-idx3-ubyte,
 * train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each with or without
 * .gz, a dot in the place of its second hyphen being fine too.
 *
 * The pixels stay bytes until a batch is made, and are scaled by 1/255 then. For Nielsen's 1/256
 * call vgrad_dataset_scale(train, 1.0 / 256, 0) afterwards; for none, vgrad_dataset_scale(train, 1,
 * 0). x has the shape (60000, 28, 28), y (60000): class numbers; vgrad_dataset_one_hot() widens
 * them.
 *
 * @param[out] train the training set; NULL on failure. May itself be NULL: not wanted, not read.
 * @param[out] test  the test set; likewise.
 * @param directory  where the files are.
 * @param context    NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_NOT_FOUND (a file; the text names it), VGRAD_E_IO,
 *         VGRAD_E_FORMAT, VGRAD_E_SHAPE (images and labels differ in number), VGRAD_E_UNSUPPORTED,
 *         VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_mnist(vgrad_dataset **train, vgrad_dataset **test,
                                           const char *directory, vgrad_context *context);

/** @}
 * @name Made on the spot
 * @{ */

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
 * Images of handwritten digits, drawn on the spot, in the form of MNIST: for those who do not have
 * that at hand. Each is a pen's way for its digit, in one of several manners, with random affine
 * and elastic distortion (Simard, Steinkraus and Platt 2003), pen width and grain; grey values 0 to
 * 255 of 28 x 28 pixels, in a box of 20, the centre of mass in the middle. They are about as hard
 * as MNIST: a network of 784, 30 and 10 sigmoid units gets some 95 percent right after 10000 of
 * them, a linear classifier 4 points less.
 *
 * As with vgrad_dataset_mnist(), pixels are bytes, scaled by 1/255 in a batch. Image i of a seed is
 * the same whatever `rows` is; other seeds draw other images.
 *
 * @param[out] out the new dataset: x is (rows, 28, 28), y is (rows): class numbers; NULL on
 * failure.
 * @param rows     at least 1, below 2^31. MNIST's training set has 60000.
 * @param seed     the same seed, the same images.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_digits(vgrad_dataset **out, int64_t rows, uint64_t seed,
                                            vgrad_context *context);

/** @}
 * @name Parts
 *
 * A part is a dataset like any other. It uses the rows of the set that it comes from and keeps that
 * one alive; scaling and one-hot are taken over as they are now, and set apart from then on. A
 * stream has no parts (VGRAD_E_STATE).
 * @{ */

/**
 * Rows in one piece.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param from     whose rows.
 * @param first    the first row, from 0.
 * @param count    how many, at least 1; first + count at most the rows of `from`.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_slice(vgrad_dataset **out, vgrad_dataset *from, int64_t first,
                                           int64_t count);

/**
 * Rows picked by number, in that order; one may come several times.
 *
 * @param[out] out the new dataset; NULL on failure.
 * @param from     whose rows.
 * @param rows     `count` numbers, each from 0 to below the rows of `from`; copied.
 * @param count    at least 1.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_take(vgrad_dataset **out, vgrad_dataset *from,
                                          const int64_t *rows, int64_t count);

/**
 * Deal all rows out at random, such as into a training and a test set; for a split in the order of
 * the rows, take two slices.
 *
 * @param[out] first  `count` rows; NULL on failure.
 * @param[out] second the others; NULL on failure.
 * @param from        whose rows.
 * @param count       1 to the rows of `from` less 1.
 * @param seed        the same seed, the same rows in the same order.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_split(vgrad_dataset **first, vgrad_dataset **second,
                                           vgrad_dataset *from, int64_t count, uint64_t seed);

/** @}
 * @name Scaling
 *
 * x is changed when it comes out, in double precision; what is stored stays as it is. Every scaling
 * is one of the stored values and takes the place of the one before. None of these calls while
 * another thread, or a training step, reads the dataset.
 * @{ */

/**
 * x becomes x * factor + offset, such as 1.0 / 255 and 0 for bytes.
 *
 * @param dataset the dataset.
 * @param factor  finite, not 0.
 * @param offset  finite.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_scale(vgrad_dataset *dataset, double factor, double offset);

/**
 * Each element of x by itself becomes (x - min) / (max - min) * (high - low) + low, with its
 * smallest and largest value in these rows: scikit-learn's MinMaxScaler. One that never changes
 * becomes `low`.
 *
 * @param dataset all its rows are read; NaN or Inf among them is an error.
 * @param low     what the smallest becomes; finite.
 * @param high    what the largest becomes; finite, above `low`.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY, VGRAD_E_CALLBACK or VGRAD_E_IO (a stream's).
 *         The scaling is unchanged on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_scale_min_max(vgrad_dataset *dataset, double low, double high);

/**
 * Each element of x by itself becomes (x - mean) / deviation over these rows, the deviation being
 * sqrt(mean (x - mean)^2): scikit-learn's StandardScaler. One that never changes becomes 0.
 *
 * @param dataset all its rows are read; NaN or Inf among them is an error.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY, VGRAD_E_CALLBACK or VGRAD_E_IO (a stream's).
 *         The scaling is unchanged on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_standardize(vgrad_dataset *dataset);

/**
 * The scaling of another set: what was fitted on training data, applied to test data.
 *
 * @param dataset the dataset.
 * @param like    one with x as wide.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_scale_as(vgrad_dataset *dataset, const vgrad_dataset *like);

/**
 * y, a class number from 0, comes out as a row of `classes` elements: 1 at its place, 0 elsewhere.
 * Losses that take class numbers (sparse labels) do not need it.
 *
 * @param dataset with one element in a row of y. Its classes are looked at now, and again when a
 *                batch is made; a stream's only then.
 * @param classes at least 2; 0: class numbers again.
 * @return VGRAD_OK, VGRAD_E_INVALID (also: a class outside 0 to classes - 1), VGRAD_E_STATE (no y,
 * or a wider one).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_one_hot(vgrad_dataset *dataset, int64_t classes);

/** @}
 * @name Weights
 * @{ */

/**
 * Give rows weights: in training and evaluation the loss of a row is multiplied by its own, and L
 * stays the sum over rows divided by their number, as in Keras. Parts take them over.
 *
 * @param dataset no stream.
 * @param weights one for each row, finite, at least 0, not all 0; copied. NULL: all 1 again.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (a stream), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_set_weights(vgrad_dataset *dataset, const double *weights);

/** @}
 * @name What it has
 * @{ */

/**
 * How many rows there are.
 *
 * @param dataset the dataset.
 * @return at least 1; -1 of a stream that does not know, or if `dataset` is NULL.
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
 * The shape of x: axis 0 goes along the rows, and x_width is the product of the others.
 *
 * @param dataset    the dataset.
 * @param[out] shape room for VGRAD_MAX_RANK sizes; as many as the rank are set, -1 for rows that
 *                   are not known.
 * @return the rank; -1 on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int32_t vgrad_dataset_x_shape(const vgrad_dataset *dataset, int64_t *shape);

/**
 * The shape of y as it comes out: (rows, classes) after vgrad_dataset_one_hot().
 *
 * @param dataset    the dataset.
 * @param[out] shape as for vgrad_dataset_x_shape().
 * @return the rank; 0 if it has no y; -1 on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int32_t vgrad_dataset_y_shape(const vgrad_dataset *dataset, int64_t *shape);

/**
 * Copy a run of rows out, scaled and one-hot as batches are: bytes that a scaling makes fractions
 * of come out as 0 and 1 if they are asked for as bytes; vgrad_dataset_scale(dataset, 1, 0) comes
 * first.
 *
 * @param dataset the dataset.
 * @param first   the first row, from 0.
 * @param count   how many; first + count at most vgrad_dataset_rows(), where that is known.
 * @param[out] x  count * x_width elements; NULL: not wanted. Undefined on failure.
 * @param[out] y  count * y_width elements; NULL: not wanted. Undefined on failure.
 * @param dtype   what both become, as vgrad_tensor_copy() converts.
 * @return VGRAD_OK; VGRAD_E_INVALID (also: a class out of range); VGRAD_E_STATE (y asked of a set
 *         without); of a stream also VGRAD_E_CALLBACK, VGRAD_E_IO (it ended), VGRAD_E_MEMORY.
 * @thread_any As far as a stream's function allows.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_dataset_read(const vgrad_dataset *dataset, int64_t first,
                                          int64_t count, void *x, void *y, vgrad_dtype dtype);

/** @} */

VGRAD_DECLARATIONS_END

#endif
