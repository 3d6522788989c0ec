/**
 * @file layer.h
 * @brief Kinds of layers, their options, activations and initializers.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_LAYER_H
#define VGRAD_LAYER_H

#include <vgrad/network.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * f in a = f(z).
 *
 * Backward takes f' from a in the network's dtype, as all the field does: the derivative of a
 * sigmoid is exactly 0 from z = 17 on in float32 (37 in float64), that of tanh beyond 9 (19), that
 * of ELU and SELU below -17 (-37). Only that of GELU and SiLU, which a does not tell, is taken from
 * z. Values are within 2 units in the last place of the true ones, 8 for GELU in float64.
 * @since 0.1
 */
typedef enum vgrad_activation {
    VGRAD_LINEAR = 0,     /**< z */
    VGRAD_SIGMOID = 1,    /**< 1 / (1 + exp(-z)) */
    VGRAD_TANH = 2,       /**< tanh(z) */
    VGRAD_RELU = 3,       /**< max(z, 0); its derivative at 0 is 0. */
    VGRAD_LEAKY_RELU = 4, /**< z > 0: z, else alpha z (VGRAD_LAYER_ALPHA); at 0: alpha. */
    VGRAD_SOFTMAX = 5,    /**< exp(z_j) / sum_k exp(z_k), over the last axis of a row. */
    /** z > 0: z, else alpha (exp(z) - 1), alpha 1 (VGRAD_LAYER_ALPHA); its derivative at 0 is alpha
        (Clevert, Unterthiner and Hochreiter 2016, "Fast and Accurate Deep Network Learning by
        Exponential Linear Units"). */
    VGRAD_ELU = 6,
    /** lambda times ELU's of a fixed alpha, with lambda 1.0507009873554805 and alpha
        1.6732632423543772, so that activations keep mean 0 and variance 1 from layer to layer, with
        VGRAD_INIT_LECUN_NORMAL (Klambauer et al. 2017, "Self-Normalizing Neural Networks"). */
    VGRAD_SELU = 7,
    /** z Phi(z), with the distribution function Phi of the normal distribution (Hendrycks and
        Gimpel 2016, "Gaussian Error Linear Units"). */
    VGRAD_GELU = 8,
    /** z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2: their approximation of it. */
    VGRAD_GELU_TANH = 9,
    /** z / (1 + exp(-z)), "swish" (Elfwing, Uchibe and Doya 2018, "Sigmoid-Weighted Linear Units
        for Neural Network Function Approximation in Reinforcement Learning"). */
    VGRAD_SILU = 10,
    /** ln(1 + exp(z)) (Dugas et al. 2001, "Incorporating Second-Order Functional Knowledge for
        Better Option Pricing"). */
    VGRAD_SOFTPLUS = 11,
    /** z / (1 + |z|) (Bergstra, Desjardins, Lamblin and Bengio 2009, "Quadratic Polynomials Learn
        Better Image Features"; Glorot and Bengio 2010). */
    VGRAD_SOFTSIGN = 12
} vgrad_activation;

/**
 * The activation's word, such as "leaky_relu".
 *
 * @param activation any number.
 * @return a static string; "unknown" for a number that is no activation.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_activation_name(vgrad_activation activation);

/**
 * The activation of that word.
 *
 * @param name as vgrad_activation_name() returns it.
 * @return a vgrad_activation; -1 if there is none (a layer made with it fails at build).
 * @thread_any
 * @since 0.1
 */
VGRAD_API int32_t vgrad_activation_find(const char *name);

/** What a layer does with a gradient that comes back through it. @since 0.1 */
typedef enum vgrad_layer_kind {
    VGRAD_KIND_OTHER = 0,       /**< Something with numbers of its own: a layer of the user's. */
    VGRAD_KIND_DENSE = 1,       /**< z = x W + b, a = f(z). */
    VGRAD_KIND_CONV = 2,        /**< A convolution. */
    VGRAD_KIND_NORM = 3,        /**< A normalisation, of a batch or a row. */
    VGRAD_KIND_ELEMENTWISE = 4, /**< Each element by itself: activations, dropout, shapes. */
    VGRAD_KIND_POOL = 5,        /**< Windows without numbers of their own. */
    VGRAD_KIND_JOIN = 6,        /**< Several layers become one: add, concatenate. */
    VGRAD_KIND_INPUT = 7        /**< Where rows come in. */
} vgrad_layer_kind;

/**
 * Where rows come in.
 *
 * Constructors of layers take what comes before and return the new layer. NULL in, NULL out: the
 * network keeps the first error, and vgrad_network_build() reports it.
 *
 * The order in which layers are made numbers and names them, and with that chooses their random
 * numbers and, of several inputs, whose columns of x come first. C leaves open which argument of a
 * call is evaluated first, so make no two layers as two arguments of one call.
 *
 * @param network the network, not yet built.
 * @param width   elements of a row, at least 1.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_input(vgrad_network *network, int64_t width);

/**
 * Rows of any shape, such as (height, width, channels). A network may have several inputs: each
 * takes its columns of x, in the order in which they were made.
 *
 * @param network the network, not yet built.
 * @param rank    1 to VGRAD_MAX_RANK - 1.
 * @param shape   `rank` sizes, at least 1 each; copied.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_input_shape(vgrad_network *network, int32_t rank,
                                         const int64_t *shape);

/**
 * Images: rows of the shape (height, width, channels), channels last.
 *
 * @param network  the network, not yet built.
 * @param height   at least 1.
 * @param width    at least 1.
 * @param channels at least 1.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_input_image(vgrad_network *network, int64_t height, int64_t width,
                                         int64_t channels);

/**
 * A fully connected layer: a = f(x W + b), with kernel W (inputs, units) and bias b (units).
 *
 * Default initializers: Glorot uniform for the kernel, zeros for the bias.
 *
 * @param in         the layer before.
 * @param units      at least 1.
 * @param activation f.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_dense(vgrad_layer *in, int64_t units, vgrad_activation activation);

/**
 * An activation as a layer of its own, a = f(z), where z is what the layer before gives; for rows
 * of any shape, with a softmax over their last axis.
 *
 * @param in         the layer before.
 * @param activation f.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_activate(vgrad_layer *in, vgrad_activation activation);

/**
 * A layer once more, after another one: the same kind, options and parameters, whose gradient is
 * the sum over both places. Dense and convolutional layers; the rows of `in` must fit the
 * parameters.
 *
 * @param layer whose parameters; also one that shares them itself.
 * @param in    the layer before.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_share(vgrad_layer *layer, vgrad_layer *in);

/**
 * The sum of two layers with rows of one shape, such as what goes through a residual block and what
 * goes past it (He et al. 2016). Both may be the same layer.
 *
 * @param a one of them.
 * @param b the other.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_add(vgrad_layer *a, vgrad_layer *b);

/**
 * Two layers side by side along the last axis: units, or the channels of images. The other axes
 * must agree.
 *
 * @param a whose elements come first.
 * @param b whose elements follow.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_concatenate(vgrad_layer *a, vgrad_layer *b);

/**
 * What a window does at the border of an image.
 * @since 0.1
 */
typedef enum vgrad_padding {
    VGRAD_VALID = 0, /**< It stays inside: (size - window) / stride + 1 places, rounded down. */
    VGRAD_SAME = 1   /**< size / stride places, rounded up: what lacks lies half before the image
                          and half after it, an odd row or column after (as in TensorFlow). */
} vgrad_padding;

/**
 * Convolution of images: z[y, x, f] = b[f] + sum over i, j, c of
 * in[y s + i, x t + j, c] W[i, j, c, f], a = f(z), with strides s and t, kernel W (kernel_height,
 * kernel_width, in, filters) and bias b (filters); the kernel is not flipped, and outside the image
 * all is 0.
 *
 * Options: STRIDE_HEIGHT, STRIDE_WIDTH, PADDING, USE_BIAS, ALPHA, L1, L2. A softmax goes over the
 * filters of each place. Default initializers: as vgrad_dense(), with kernel_height * kernel_width
 * times its inputs and outputs.
 *
 * @param in            the layer before: rows of (height, width, channels).
 * @param filters       channels of the result, at least 1.
 * @param kernel_height at least 1; with VGRAD_VALID, at most the height of `in`.
 * @param kernel_width  likewise.
 * @param activation    f.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_conv2d(vgrad_layer *in, int64_t filters, int64_t kernel_height,
                                    int64_t kernel_width, vgrad_activation activation);

/**
 * The largest of the cells under a window, channel by channel; NaN if one of them is.
 *
 * The gradient goes to the first of the largest in row-major order. Options: STRIDE_HEIGHT and
 * STRIDE_WIDTH, at first as large as the window; PADDING, whose cells are none.
 *
 * @param in     the layer before: rows of (height, width, channels).
 * @param height of the window, at least 1; with VGRAD_VALID, at most the height of `in`.
 * @param width  likewise.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_max_pool2d(vgrad_layer *in, int64_t height, int64_t width);

/**
 * The mean of the cells under a window, channel by channel. What lies outside the image is not
 * counted (as in Keras).
 *
 * Options: as vgrad_max_pool2d().
 *
 * @param in     the layer before: rows of (height, width, channels).
 * @param height of the window, at least 1; with VGRAD_VALID, at most the height of `in`.
 * @param width  likewise.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_average_pool2d(vgrad_layer *in, int64_t height, int64_t width);

/**
 * The mean of each channel of an image: rows of (channels).
 *
 * @param in the layer before: rows of (height, width, channels).
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_global_average_pool2d(vgrad_layer *in);

/**
 * Rows of one axis, with all elements in row-major order: between images and dense layers.
 *
 * @param in the layer before.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_flatten(vgrad_layer *in);

/**
 * The same elements, in row-major order, in rows of another shape.
 *
 * @param in    the layer before.
 * @param rank  1 to VGRAD_MAX_RANK - 1.
 * @param shape `rank` sizes, with the product that the rows of `in` have; copied.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_reshape(vgrad_layer *in, int32_t rank, const int64_t *shape);

/**
 * Batch normalisation (Ioffe and Szegedy, "Batch Normalization", 2015), over all axes but the last,
 * so for each unit, or for each channel of an image:
 *
 * a = gamma xhat + beta, xhat = (x - mean) / sqrt(variance + epsilon).
 *
 * In training mean and variance are those of the batch, over the N samples of a channel (rows times
 * pixels), in two passes in double; the variance is the biased one, the mean of (x - mean)^2. Each
 * training forward also moves the layer's state, VGRAD_MOVING_MEAN and VGRAD_MOVING_VARIANCE, which
 * begin at 0 and 1:
 *
 * moving = (1 - m) moving + m batch, the variance times N / (N - 1).
 *
 * Without that factor if VGRAD_LAYER_UNBIASED_VARIANCE is 0. In prediction and evaluation mean and
 * variance are the moving ones, and nothing moves.
 *
 * | option | default, as PyTorch | as Keras |
 * | --- | --- | --- |
 * | VGRAD_LAYER_MOMENTUM, m | 0.1 | 0.01 (there written as 0.99, the share of the old) |
 * | VGRAD_LAYER_EPSILON | 1e-5 | 1e-3 |
 * | VGRAD_LAYER_UNBIASED_VARIANCE | 1 | 0 |
 *
 * The state moves once in each training forward that went through all layers, and so also in a step
 * that fails, is stopped or is skipped after it; vgrad_gradient_check() leaves it as it was. No
 * optimizer sees it. NaN in a batch makes NaN of its channel's state, which then stays so until
 * vgrad_layer_set_tensor() or vgrad_network_initialize(). A frozen layer (VGRAD_LAYER_TRAINABLE 0)
 * takes the moving statistics in training too, and they stand still, as in Keras.
 *
 * Training with one sample of a channel, such as a last batch of one row, fails with
 * VGRAD_E_INVALID and moves nothing: see VGRAD_TRAINER_ACROSS_EPOCHS.
 *
 * @param in the layer before; one that has no bias is enough, as beta is one.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_batch_norm(vgrad_layer *in);

/**
 * Layer normalisation (Ba, Kiros and Hinton, "Layer Normalization", 2016), over the last axis: each
 * row by itself, in training as in prediction.
 *
 * a = gamma xhat + beta, xhat = (x - mean) / sqrt(variance + epsilon), with mean and biased
 * variance of the elements along the last axis, and gamma and beta of its size. VGRAD_LAYER_EPSILON
 * is 1e-5, as PyTorch's; Keras's is 1e-3.
 *
 * @param in the layer before; at least 2 elements along its last axis.
 * @return NULL on failure.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_layer_norm(vgrad_layer *in);

/**
 * Dropout (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
 * 2014), inverted: in training an element is 0 with probability `rate`, else x / (1 - rate), so
 * that its mean is x; in prediction and evaluation a = x.
 *
 * What is dropped is a function of the network's seed, the layer, the element's place in the batch,
 * and how many training forwards went through the network since it was built or initialized: it
 * depends on no thread and no order, and a run that is repeated repeats it.
 *
 * @param in   the layer before.
 * @param rate in [0, 1); to 2^-32.
 * @return NULL on failure; vgrad_network_build() refuses another rate, with the layer's name.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_dropout(vgrad_layer *in, double rate);

/**
 * What can be set of a layer: before build; TRAINABLE, L1 and L2 also after, in callbacks too.
 *
 * The penalty l1 sum |w| + l2 sum w^2 over the kernel is Keras's: its gradient
 * l1 sign(w) + 2 l2 w (sign(0) is 0) is added to what the optimizer takes, after clipping. It is
 * part neither of the gradient that callbacks see nor of the loss (in Keras of both), but a tensor
 * of its own: VGRAD_KERNEL_PENALTY.
 * @since 0.1
 */
typedef enum vgrad_layer_option {
    /** 1. 0: never updated; its gradients are there all the same. See also vgrad_batch_norm(). */
    VGRAD_LAYER_TRAINABLE = 1,
    VGRAD_LAYER_USE_BIAS = 2, /**< 1. 0: no bias. */
    VGRAD_LAYER_ALPHA = 3, /**< 0.2: leaky ReLU's slope below 0, in [0, 1]; ELU: 1, at least 0. */
    VGRAD_LAYER_L1 = 4,    /**< 0. At least 0: of the kernel, added to the gradient. */
    VGRAD_LAYER_L2 = 5,    /**< 0. At least 0: likewise. */
    VGRAD_LAYER_MOMENTUM = 6, /**< 0.1. A batch's share in the moving statistics, in [0, 1]. */
    VGRAD_LAYER_EPSILON = 7,  /**< 1e-5. What normalisations add to a variance, 1e-30 to 1. */
    VGRAD_LAYER_UNBIASED_VARIANCE = 8, /**< 1. The moving variance takes the batch's N / (N - 1). */
    VGRAD_LAYER_STRIDE_HEIGHT = 9,     /**< 1; pools: the window's height. From line to line. */
    VGRAD_LAYER_STRIDE_WIDTH = 10,     /**< 1; pools: the window's width. From column to column. */
    VGRAD_LAYER_PADDING = 11           /**< VGRAD_VALID. A vgrad_padding. */
} vgrad_layer_option;

/**
 * Set an option. Before build the status may be left unchecked.
 *
 * @param layer  NULL: nothing happens (build says so, if it is from a constructor that failed).
 * @param option which.
 * @param value  its value; 0 or 1 for a switch.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_layer_set(vgrad_layer *layer, vgrad_layer_option option, double value);

/**
 * Read an option.
 *
 * @param layer  the layer.
 * @param option which.
 * @return its value; NaN on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_layer_get(const vgrad_layer *layer, vgrad_layer_option option);

/**
 * Name a layer. Before build the status may be left unchecked.
 *
 * @param layer NULL: nothing happens.
 * @param name  1 to 63 bytes, of no other layer of the network. Copied.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (built).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_layer_set_name(vgrad_layer *layer, const char *name);

/**
 * How a parameter gets its first numbers, with its two arguments a and b, within +-1e30 ("-": not
 * looked at). A gain of 0 means 1.
 *
 * Uniform on [-l, l] with l = gain * sqrt(3 v), or normal with standard deviation gain * sqrt(v),
 * where v is 2 / (fan_in + fan_out) (Glorot and Bengio 2010), 2 / fan_in (He et al. 2015) or
 * 1 / fan_in (LeCun et al. 1998). The normal ones are not truncated (as PyTorch's; Keras's are).
 *
 * Nielsen's default ("Neural Networks and Deep Learning", 2015, chapter 3) is LECUN_NORMAL for the
 * kernels and NORMAL 0, 1 for the biases; his large one is NORMAL 0, 1 for both.
 * @since 0.1
 */
typedef enum vgrad_initializer {
    VGRAD_INIT_ZEROS = 0,            /**< -, - */
    VGRAD_INIT_CONSTANT = 1,         /**< value, - */
    VGRAD_INIT_UNIFORM = 2,          /**< from, to */
    VGRAD_INIT_NORMAL = 3,           /**< mean, standard deviation */
    VGRAD_INIT_TRUNCATED_NORMAL = 4, /**< the same, drawn again beyond two deviations */
    VGRAD_INIT_GLOROT_UNIFORM = 5,   /**< gain, - */
    VGRAD_INIT_GLOROT_NORMAL = 6,    /**< gain, - */
    VGRAD_INIT_HE_UNIFORM = 7,       /**< gain, - */
    VGRAD_INIT_HE_NORMAL = 8,        /**< gain, - */
    VGRAD_INIT_LECUN_UNIFORM = 9,    /**< gain, - */
    VGRAD_INIT_LECUN_NORMAL = 10,    /**< gain, - */
    /**
     * gain, -: as a matrix of all inputs by the units, orthonormal columns (rows, if those are
     * fewer) times gain (Saxe, McClelland and Ganguli 2014).
     */
    VGRAD_INIT_ORTHOGONAL = 11,
    VGRAD_INIT_TORCH_LINEAR = 12 /**< -, -: U(+-1 / sqrt(fan_in)), as PyTorch's Linear */
} vgrad_initializer;

/**
 * Choose a parameter's initializer. Before build the status may be left unchecked.
 *
 * @param layer     NULL: nothing happens.
 * @param parameter VGRAD_KERNEL, VGRAD_BIAS, VGRAD_GAMMA (default: ones) or VGRAD_BETA (zeros).
 * @param kind      which.
 * @param a         see vgrad_initializer.
 * @param b         see vgrad_initializer.
 * @return VGRAD_OK, VGRAD_E_INVALID (also, at build, for a parameter that the layer lacks),
 *         VGRAD_E_STATE (its parameters are another layer's: vgrad_share()).
 * @thread_handle After build: for the next vgrad_network_initialize().
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_layer_set_initializer(vgrad_layer *layer, vgrad_role parameter,
                                                   vgrad_initializer kind, double a, double b);

/**
 * Choose the initializer of that parameter for every layer without its own, whenever it was or will
 * be added. Before build the status may be left unchecked.
 *
 * @param network   the network.
 * @param parameter VGRAD_KERNEL, VGRAD_BIAS, VGRAD_GAMMA (default: ones) or VGRAD_BETA (zeros).
 * @param kind      which.
 * @param a         see vgrad_initializer.
 * @param b         see vgrad_initializer.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle After build: for the next vgrad_network_initialize().
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_set_initializer(vgrad_network *network, vgrad_role parameter,
                                                     vgrad_initializer kind, double a, double b);

/**
 * An elementwise function of the user's: out_i = f(z_i).
 *
 * @param z    n values in the network's dtype.
 * @param out  n values, to be written; never z's memory.
 * @param n    how many; a batch comes in parts.
 * @param user as given with the function.
 * @return 0; anything else fails the pass.
 * @since 0.1
 */
typedef int32_t (*vgrad_elementwise)(const void *z, void *out, size_t n, void *user);

/**
 * An activation of the user's own, a = f(z), after rows of any shape. vgrad_gradient_check() tells
 * whether df is f's derivative.
 *
 * vgrad_mean_field_create() calls both as well, with values of its own.
 *
 * NaN and Inf that f gives go on as any others; VGRAD_TRAINER_STOP_ON_NAN finds them.
 *
 * @param in   the layer before.
 * @param name 1 to 47 bytes: the layer's name, with a number if it is taken. Copied.
 * @param f    called in every forward pass. A return that is not 0 fails the pass with
 *             VGRAD_E_CALLBACK and a text that has the layer and the number.
 * @param df   called in backward: df/dz, from the same z. Likewise.
 * @param user handed to both.
 * @return NULL on failure.
 * @par Lifetime
 * As the network. `f`, `df` and `user` must stay as long as the network is used.
 * @par Threading
 * One thread at a time with the network. f and df run on the thread that is in a call of this
 * network or its trainers, before that call returns. They may read the network's layers and
 * parameters; what would change the network or run it returns VGRAD_E_STATE, and they must not give
 * it up. Other networks are free.
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_user_activation(vgrad_layer *in, const char *name, vgrad_elementwise f,
                                             vgrad_elementwise df, void *user);

/** How many inputs a layer of the user's may have. @since 0.1 */
enum { VGRAD_USER_INPUTS_MAX = 8 };

/** A shape. This struct never changes. @since 0.1 */
typedef struct vgrad_shape {
    int64_t rank;                  /**< How many sizes. */
    int64_t sizes[VGRAD_MAX_RANK]; /**< Along each axis. */
} vgrad_shape;

/** A parameter that a layer of the user's asks for. This struct never changes. @since 0.1 */
typedef struct vgrad_parameter_shape {
    vgrad_shape shape; /**< 1 to 4 axes, sizes at least 1. */
    int64_t fan_in;    /**< For initializers; 0: the product of all sizes but the last, and for what
                          has one axis that of the parameter before it, if there is one. */
    int64_t fan_out;   /**< Likewise; 0: the last size. */
} vgrad_parameter_shape;

/**
 * What vgrad_layer_operations.shape is asked: filled by the library but for what is marked
 * "answer". Later versions may add members at the end.
 * @since 0.1
 */
typedef struct vgrad_layer_shapes {
    size_t struct_size;        /**< Bytes of this struct. */
    const vgrad_shape *inputs; /**< Of a row of each input, the axis of the rows left out. */
    int64_t input_count;       /**< How many inputs. */
    int64_t dtype;             /**< vgrad_dtype: what everything is in. */
    vgrad_shape *output;       /**< Answer: of a row that the layer gives, 1 to 7 axes. */
    vgrad_parameter_shape *parameters; /**< Answer: VGRAD_KERNEL, then VGRAD_BIAS; 0 at first. */
    int64_t parameters_max;            /**< How many parameters there may be: 2. */
    int64_t parameter_count;           /**< Answer: how many there are; 0 at first. */
    int64_t
        saved; /**< Answer: elements for each row that forward leaves for backward; 0 at first. */
} vgrad_layer_shapes;

/**
 * One forward or backward pass through a layer of the user's. All arrays are in the network's dtype
 * and row-major without gaps, the first axis along the rows; all are the library's, and nothing of
 * it may be read after the function has returned. Later versions may add members at the end.
 * @since 0.1
 */
typedef struct vgrad_layer_call {
    size_t struct_size;                  /**< Bytes of this struct. */
    const vgrad_layer *layer;            /**< The layer, for its name and parameters. */
    const vgrad_tensor *inputs;          /**< What each input gives; `input_count` of them. */
    const vgrad_tensor *parameters;      /**< `parameter_count` of them. */
    const vgrad_tensor *output;          /**< Backward: what forward wrote. Forward: its shape. */
    const vgrad_tensor *output_gradient; /**< Backward: dL/d(output). Forward: NULL. */
    void *output_data;                   /**< Forward: write every element. Backward: NULL. */
    void *const *input_gradients; /**< Backward: add dL/d(input) to zeros; an entry is NULL where it
                                     is not needed. The library adds up what other layers give.
                                     Forward: NULL. */
    void *const *parameter_gradients; /**< Backward: add dL/d(parameter) to zeros. Forward: NULL. */
    void *saved;                      /**< rows * vgrad_layer_shapes.saved elements, from forward to
                                         backward of the same pass; NULL if that is 0. */
    int64_t input_count;              /**< How many inputs. */
    int64_t parameter_count;          /**< How many parameters. */
    int64_t rows;                     /**< Of this batch. */
    int64_t training;                 /**< 0 in passes that only predict or evaluate. */
    int64_t dtype;                    /**< vgrad_dtype */
} vgrad_layer_call;

/**
 * A kind of layer of the user's own: a table that vgrad_user_layer() copies.
 *
 * Each function returns 0; anything else fails the call that it is part of (build, a pass) with
 * VGRAD_E_CALLBACK and a text that has the layer, the function and the number: no parameter has
 * changed then, and the network can be used on.
 * @since 0.1
 */
typedef struct vgrad_layer_operations {
    size_t struct_size; /**< sizeof(vgrad_layer_operations). */
    const char *kind;   /**< 1 to 47 bytes: the layer's name, with a number if it is taken. */
    /** From the inputs' shapes to the output's and the parameters'; called by build. */
    int32_t (*shape)(vgrad_layer_shapes *shapes, void *user);
    /** From inputs and parameters to the output. */
    int32_t (*forward)(const vgrad_layer_call *call, void *user);
    /** From dL/d(output) to those of inputs and parameters. NULL, or a table that ends before it: a
        layer to predict with; backward through it is VGRAD_E_UNSUPPORTED. */
    int32_t (*backward)(const vgrad_layer_call *call, void *user);
} vgrad_layer_operations;

/**
 * A layer of the user's own: docs/own-layers.md has an example. vgrad_gradient_check() tells
 * whether its backward is that of its forward.
 *
 * Its parameters have the roles VGRAD_KERNEL and VGRAD_BIAS, in this order, with all that belongs
 * to them: initializers, gradients, updates.
 *
 * @param inputs     `count` layers of one network; may name a layer twice. Copied.
 * @param count      1 to VGRAD_USER_INPUTS_MAX.
 * @param operations copied, struct_size bytes of it at most.
 * @param user       handed to its functions.
 * @return NULL on failure.
 * @par Lifetime
 * As the network. The functions and `user` must stay as long as the network is used.
 * @par Threading
 * One thread at a time with the network. The functions run on the thread that is in a call of this
 * network or its trainers, before that call returns. They may read the network's layers and
 * parameters; what would change the network or run it returns VGRAD_E_STATE, and they must not give
 * it up. Other networks are free.
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_user_layer(vgrad_layer *const *inputs, size_t count,
                                        const vgrad_layer_operations *operations, void *user);

VGRAD_DECLARATIONS_END

#endif
