/**
 * @file tensor.h
 * @brief Views of tensors, the roles that they play in a layer, and what can be measured of them.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_H
#define VGRAD_TENSOR_H

#include <vgrad/status.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * The type of an element. Networks compute in the first two; tensors of all are read.
 * @since 0.1
 */
typedef enum vgrad_dtype {
    VGRAD_FLOAT32 = 1,  /**< float */
    VGRAD_FLOAT64 = 2,  /**< double */
    VGRAD_FLOAT16 = 3,  /**< IEEE 754 binary16, as a uint16_t of its bits. */
    VGRAD_BFLOAT16 = 4, /**< The upper 16 bits of a float, as a uint16_t. */
    VGRAD_UINT8 = 5,    /**< uint8_t */
    VGRAD_INT32 = 6,    /**< int32_t */
    VGRAD_INT64 = 7     /**< int64_t */
} vgrad_dtype;

/**
 * What a tensor is to its layer: a slot plus a face.
 *
 * Slots: 0 to 31 are parameters: 0 the kernel, 1 the bias, 2 gamma, 3 beta; 32 to 63 are the
 * layer's state: statistics that move with each training batch, but that no optimizer touches, and
 * that have a value only; 64 is z (before the activation), 65 is a (after it), 66 what the layer
 * was given. Faces: +0 the value, +256 its gradient, +512 its update, +768 what penalties added to
 * its gradient, +1024 its gradient averaged over the epoch. The numbers are part of the ABI and of
 * files.
 *
 * The L2 of an epoch gradient is the norm of a mean; for the mean of the norms, average them at
 * VGRAD_GRADIENTS_READY or from a probe's history.
 *
 * Every gradient is the true dL/d(tensor) of the loss L that vgrad_trainer_loss() returns, a mean
 * over the rows of the batch: never negated, scaled or clipped on the way.
 * @since 0.1
 */
typedef enum vgrad_role {
    VGRAD_KERNEL = 0,                /**< W, shape (inputs, units): z = x W + b. */
    VGRAD_BIAS = 1,                  /**< b, shape (units). */
    VGRAD_GAMMA = 2,                 /**< The factor of a normalisation, shape (channels). */
    VGRAD_BETA = 3,                  /**< What it adds, shape (channels). */
    VGRAD_MOVING_MEAN = 32,          /**< State of vgrad_batch_norm(), shape (channels). */
    VGRAD_MOVING_VARIANCE = 33,      /**< State of vgrad_batch_norm(), shape (channels). */
    VGRAD_PREACTIVATION = 64,        /**< z, shape (rows, units). */
    VGRAD_ACTIVATION = 65,           /**< a = f(z), shape (rows, units). */
    VGRAD_INPUT = 66,                /**< What the layer was given, shape (rows, inputs). */
    VGRAD_KERNEL_GRADIENT = 256,     /**< dL/dW */
    VGRAD_BIAS_GRADIENT = 257,       /**< dL/db */
    VGRAD_GAMMA_GRADIENT = 258,      /**< dL/dgamma */
    VGRAD_BETA_GRADIENT = 259,       /**< dL/dbeta */
    VGRAD_DELTA = 320,               /**< dL/dz, shape (rows, units). */
    VGRAD_ACTIVATION_GRADIENT = 321, /**< dL/da, shape (rows, units); see vgrad_loss on fusing. */
    VGRAD_KERNEL_UPDATE = 512,       /**< What the optimizer added to W, before rounding. */
    VGRAD_BIAS_UPDATE = 513,         /**< What the optimizer added to b, before rounding. */
    VGRAD_GAMMA_UPDATE = 514,        /**< What the optimizer added to gamma, before rounding. */
    VGRAD_BETA_UPDATE = 515,         /**< What the optimizer added to beta, before rounding. */
    VGRAD_KERNEL_PENALTY =
        768, /**< What the optimizer took beside dL/dW: of L1, L2, coupled decay. */
    VGRAD_BIAS_PENALTY = 769,           /**< Likewise for b: of coupled decay, if biases decay. */
    VGRAD_GAMMA_PENALTY = 770,          /**< Likewise for gamma. */
    VGRAD_BETA_PENALTY = 771,           /**< Likewise for beta. */
    VGRAD_KERNEL_EPOCH_GRADIENT = 1024, /**< Mean of dL/dW over the epoch's updates so far. */
    VGRAD_BIAS_EPOCH_GRADIENT = 1025,   /**< Mean of dL/db over the epoch's updates so far. */
    VGRAD_GAMMA_EPOCH_GRADIENT = 1026,  /**< Mean of dL/dgamma over the epoch's updates so far. */
    VGRAD_BETA_EPOCH_GRADIENT = 1027    /**< Mean of dL/dbeta over the epoch's updates so far. */
} vgrad_role;

/**
 * The role's word as it stands in tensor names and files, such as "kernel_gradient".
 *
 * @param role any number.
 * @return a static string; "unknown" for a number that is no role.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_role_name(vgrad_role role);

/** The highest rank a tensor can have. @since 0.1 */
enum { VGRAD_MAX_RANK = 8 };

/**
 * A view of numbers that somebody else holds. This struct never changes: fill it, copy it, keep
 * arrays of it. Element (i, j, ...) lies at data[i * strides[0] + j * strides[1] + ...].
 *
 * How long `data` of a network's tensor may be read is said at vgrad_network_tensor().
 * @since 0.1
 */
typedef struct vgrad_tensor {
    const void *data;                /**< The element (0, 0, ...). */
    const char *name;                /**< "dense_1.kernel_gradient", or NULL. */
    int64_t shape[VGRAD_MAX_RANK];   /**< Elements along each axis, `rank` of them. */
    int64_t strides[VGRAD_MAX_RANK]; /**< From one to the next along each axis, in elements. */
    int32_t rank;                    /**< 0 (one element) to 8. */
    int32_t dtype;                   /**< vgrad_dtype */
    int32_t device_type;             /**< DLPack's number; 0 and 1: this CPU's memory. */
    int32_t device_id;               /**< DLPack's. */
    int32_t layer;                   /**< The layer's index, -1: none. */
    int32_t role;                    /**< vgrad_role, -1: none. */
} vgrad_tensor;

/**
 * View a row-major matrix.
 *
 * @param[out] out the view.
 * @param data     rows * columns elements; not read here.
 * @param dtype    their type.
 * @param rows     at least 0.
 * @param columns  at least 0.
 * @return `out`, so that a call can be an argument; NULL on failure (see vgrad_last_error()).
 * @par Lifetime
 * `data` is borrowed by whoever reads the view.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const vgrad_tensor *vgrad_tensor_matrix(vgrad_tensor *out, const void *data,
                                                  vgrad_dtype dtype, int64_t rows, int64_t columns);

/**
 * View a tensor of any rank and strides.
 *
 * @param[out] out the view.
 * @param data     its first element; not read here.
 * @param dtype    the type of an element.
 * @param rank     0 to 8.
 * @param shape    `rank` sizes, each at least 0.
 * @param strides  `rank` distances in elements, of either sign; NULL: row-major without gaps.
 * @return `out`; NULL on failure (see vgrad_last_error()).
 * @par Lifetime
 * `data` is borrowed by whoever reads the view; `shape` and `strides` are copied.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const vgrad_tensor *vgrad_tensor_view(vgrad_tensor *out, const void *data,
                                                vgrad_dtype dtype, int32_t rank,
                                                const int64_t *shape, const int64_t *strides);

/**
 * View a tensor of another library by DLPack: https://dmlc.github.io/dlpack/latest/. Its header is
 * not needed; what is read is, in this order and with a C compiler's padding,
 *
 *     void    *data;
 *     int32_t  device_type, device_id;
 *     int32_t  ndim;
 *     uint8_t  code, bits;
 *     uint16_t lanes;
 *     int64_t *shape;
 *     int64_t *strides;        in elements; NULL: row-major without gaps
 *     uint64_t byte_offset;    from data to the first element
 *
 * A DLManagedTensor begins with the same and can be handed over too, such as what a Python capsule
 * named "dltensor" holds; of a DLManagedTensorVersioned take the address of its dl_tensor. Its
 * deleter stays the caller's to call.
 *
 * Code 2 (float) with 16, 32 or 64 bits, 4 (bfloat) with 16, 1 (unsigned) with 8 and 0 (signed)
 * with 32 or 64 are a vgrad_dtype; others are refused. The device's numbers are passed on: whoever
 * reads a view of one other than this CPU (1) refuses it. The view has no name, layer or role.
 *
 * @param[out] out the view; untouched on failure.
 * @param dltensor the DLTensor.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL, a size below 0); VGRAD_E_UNSUPPORTED (another type,
 *         lanes other than 1, ndim above 8).
 * @par Lifetime
 * The elements are borrowed by whoever reads the view, and never freed; the DLTensor, its shape and
 * its strides may go.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_tensor_from_dlpack(vgrad_tensor *out, const void *dltensor);

/**
 * How many elements a tensor has.
 *
 * @param tensor the view.
 * @return the product of its shape; -1 on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int64_t vgrad_tensor_count(const vgrad_tensor *tensor);

/**
 * The elements as an array, where they are one.
 *
 * @param tensor the view.
 * @return its data if it is float32 and row-major without gaps, else NULL (see vgrad_last_error();
 *         vgrad_tensor_copy() always works).
 * @par Lifetime
 * As the view's data.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const float *vgrad_tensor_f32(const vgrad_tensor *tensor);

/**
 * The elements as an array, where they are one.
 *
 * @param tensor the view.
 * @return its data if it is float64 and row-major without gaps, else NULL (see vgrad_last_error();
 *         vgrad_tensor_copy() always works).
 * @par Lifetime
 * As the view's data.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const double *vgrad_tensor_f64(const vgrad_tensor *tensor);

/**
 * Copy a tensor into a row-major array without gaps, converting each element.
 *
 * @param tensor   the view.
 * @param[out] out where they go; untouched on failure.
 * @param dtype    what they become. To float16 and bfloat16: rounded once, to nearest, of two to
 *                 the even one, Inf past the largest. To an integer: rounded to nearest, held at
 *                 the type's ends, NaN becomes 0.
 * @param capacity how many elements `out` has room for.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL, bad view, or too little room, with both numbers).
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_tensor_copy(const vgrad_tensor *tensor, void *out, vgrad_dtype dtype,
                                         int64_t capacity);

/** The bins of a histogram. @since 0.1 */
enum { VGRAD_HISTOGRAM_BINS = 512 };

/**
 * Count the elements of each sign and power of two, in one pass.
 *
 * Bin b holds the elements that, as float32, have the upper nine bits b: bins 1 to 254 those from
 * 2^(b-127) to before 2^(b-126), bin 0 the zeros (see VGRAD_ZEROS) and the subnormals, bin 255 Inf
 * and NaN; 256 to 511 the same of the other sign. A float64 that float32 cannot hold goes to bin 0
 * if it is smaller, to bin 254 if it is larger. Counts of several tensors may be added: that is the
 * histogram of all.
 *
 * @param tensor    the view.
 * @param[out] bins VGRAD_HISTOGRAM_BINS counts; untouched on failure.
 * @param count     VGRAD_HISTOGRAM_BINS.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL, bad view, another count).
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_tensor_histogram(const vgrad_tensor *tensor, uint64_t *bins,
                                              size_t count);

/**
 * A number that a share p of the elements do not exceed, by a histogram: its sign, or that it is 0,
 * is exact, its size within a factor of 2 (from 2^-126 on). NaN and Inf are left out.
 *
 * @param tensor the view.
 * @param p      0 (the least) to 1 (the largest); 0.5: the median.
 * @return NaN if nothing is finite, or on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API double vgrad_tensor_quantile(const vgrad_tensor *tensor, double p);

/**
 * Everything that is ever measured has one number here: the words of tensors, probes and records.
 *
 * Mean, standard deviation and the rest are over the finite elements; the others are counted apart.
 * What follows VGRAD_INFS is read from a histogram (vgrad_tensor_histogram()), in a pass of its
 * own; probes have it where VGRAD_PROBE_HISTOGRAM_EVERY asks for it. A share is that of the finite
 * elements other than 0 which, rounded to the type without a scale, would become 0: fp16 those up
 * to 2^-25, bf16 up to 2^-134, and of OCP's 8-bit types E4M3 up to 2^-10 and E5M2 up to 2^-17.
 * @since 0.1
 */
typedef enum vgrad_quantity {
    VGRAD_COUNT = 1,    /**< Elements, finite or not. */
    VGRAD_MEAN = 2,     /**< Arithmetic mean. */
    VGRAD_STD = 3,      /**< Standard deviation, sqrt(mean (x - mean)^2). */
    VGRAD_MEAN_ABS = 4, /**< Mean of |x|. */
    VGRAD_L2 = 5,       /**< sqrt(sum x^2). */
    VGRAD_MIN = 6,      /**< Smallest. */
    VGRAD_MAX = 7,      /**< Largest. */
    VGRAD_ZEROS = 8,    /**< Elements that are 0 or -0. */
    VGRAD_NANS = 9,     /**< Elements that are NaN. */
    VGRAD_INFS = 10,    /**< Elements that are Inf or -Inf. */
    VGRAD_MEDIAN = 11, /**< The middle one, of an even number the lower of two: its sign, or that it
                            is 0, is exact, its size within a factor of 2 (from 2^-126 on). */
    VGRAD_FP16_LOST = 20,     /**< Share that IEEE 754 binary16 would lose. */
    VGRAD_BF16_LOST = 21,     /**< Share that bfloat16 would lose. */
    VGRAD_FP8_E4M3_LOST = 22, /**< Share that FP8 E4M3 would lose. */
    VGRAD_FP8_E5M2_LOST = 23, /**< Share that FP8 E5M2 would lose. */
    /** Of a gradient: the power of two that the loss may be multiplied by for binary16 to lose
        least of it without overflow: the largest element comes to 2^14 ... 2^15, a bit below where
        binary16 ends. NaN where all is 0. Of a network: the least of its gradients'. */
    VGRAD_LOSS_SCALE = 24,
    /* What a probe makes of several tensors: see vgrad_probe_read(). */
    VGRAD_UPDATE_RATIO = 40,       /**< log10(|update| / |weights|). */
    VGRAD_UPDATES_LOST = 41,       /**< Share of weights whose update, not 0, was rounded away. */
    VGRAD_DEAD_SHARE = 42,         /**< Share of units with f' = 0 on every sample of the window. */
    VGRAD_SATURATION = 43,         /**< sqrt(mean f'^2) / max |f'|. */
    VGRAD_DERIVATIVE_RMS = 44,     /**< sqrt(mean f'^2). */
    VGRAD_BUDGET_LOSS = 60,        /**< Decades lost on the way here; the sum of the next five. */
    VGRAD_BUDGET_WEIGHT = 61,      /**< Of these, to the size of the weights. */
    VGRAD_BUDGET_ALIGNMENT = 62,   /**< To how delta stands to them. */
    VGRAD_BUDGET_DERIVATIVE = 63,  /**< To the size of f'. */
    VGRAD_BUDGET_CORRELATION = 64, /**< To how the gradient stands to f'. */
    VGRAD_COHERENCE = 65,          /**< 1: all samples agree; 1 / sqrt(rows): noise. */
    VGRAD_NOISE_SCALE = 67,        /**< The batch size at which noise and signal are alike. */
    VGRAD_BUDGET_BLOCK = 68,       /**< Lost in what is neither: convolutions, blocks. */
    VGRAD_INPUT_FACTOR = 69,       /**< What the inputs make of |delta| in |dL/dW|. */
    VGRAD_SAMPLE_NORM = 70,        /**< Root mean square of the samples' own |dL/dW|. */
    VGRAD_NORM_TEST = 71,          /**< Variance of dL/dW over its square. */
    /** Foretold by vgrad_mean_field_create(): decades of |delta| that are lost on the way from the
        layer after this one, -log10(chi) / 2; below 0: gained; Inf where chi is 0. */
    VGRAD_PREDICTED_LOSS = 66,
    VGRAD_PREDICTED_Q = 100,   /**< Foretold: the mean of z^2. */
    VGRAD_PREDICTED_CHI = 101, /**< Foretold: |delta|^2 by that of the layer after this one. */
    /** Foretold: how many layers like this one, dense with f, can be trained one after the other,
        6 / |ln chi*|: |delta| changes by a factor of e in 2 / |ln chi*| of them, with chi* where q
        ends that is passed on from one to the next (Schoenholz et al. 2017). If it has no end
        within 300 layers, chi* is chi there. Inf where chi* is 1. */
    VGRAD_PREDICTED_DEPTH = 102
} vgrad_quantity;

/**
 * The quantity's word as it stands in files, such as "mean_abs".
 *
 * @param quantity any number.
 * @return a static string; "unknown" for a number that is no quantity.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_quantity_name(vgrad_quantity quantity);

/**
 * Measure one quantity of a tensor, in one pass over it.
 *
 * Accumulated in double by blocks of 4096 elements (Chan, Golub and LeVeque, "Algorithms for
 * Computing the Sample Variance", 1983), whose figures are merged in a binary tree: no cancellation
 * as in E[x^2] - E[x]^2, no overflow where the result itself is representable. Counts, smallest and
 * largest are exact; the mean is within 1e-12 of the mean of |x|, standard deviation, L2 and mean
 * of |x| within 1e-12 of themselves.
 *
 * @param tensor   the view.
 * @param quantity which.
 * @return the figure; NaN if there is nothing to measure (nothing finite, or for a share nothing
 *         finite but zeros), or on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API double vgrad_tensor_stat(const vgrad_tensor *tensor, vgrad_quantity quantity);

/**
 * Measure several quantities of a tensor in the same pass; those of the histogram in one more.
 *
 * @param tensor      the view.
 * @param quantities  `count` of them.
 * @param[out] values `count` figures, as vgrad_tensor_stat() would return; untouched on failure.
 * @param count       how many.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_tensor_stats(const vgrad_tensor *tensor,
                                          const vgrad_quantity *quantities, double *values,
                                          size_t count);

VGRAD_DECLARATIONS_END

#endif
