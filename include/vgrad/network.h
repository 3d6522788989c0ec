/**
 * @file network.h
 * @brief A network: building it, reading every tensor in it, predicting with it.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_H
#define VGRAD_NETWORK_H

#include <vgrad/context.h>
#include <vgrad/tensor.h>

VGRAD_DECLARATIONS_BEGIN

/** Layers, their parameters, and the memory of a pass. @since 0.1 */
typedef struct vgrad_network vgrad_network;

/**
 * A layer, borrowed from its network. Before build: wiring and options (layer.h). After: reading.
 * @since 0.1
 */
typedef struct vgrad_layer vgrad_layer;

/**
 * Make an empty network: float32, seed 0.
 *
 * @param[out] out the new network; NULL on failure.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @par Lifetime
 * Its optimizers, trainers and probes keep it alive, and with it its layers and tensors.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_create(vgrad_network **out, vgrad_context *context);

/**
 * Give a network up.
 *
 * @param network NULL is fine; also inside a callback.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_network_destroy(vgrad_network *network);

/**
 * Choose the type in which everything is computed. Default: VGRAD_FLOAT32.
 *
 * @param network the network, not yet built.
 * @param dtype   VGRAD_FLOAT32 or VGRAD_FLOAT64.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (built).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_set_dtype(vgrad_network *network, vgrad_dtype dtype);

/**
 * Choose the seed of the parameters, and of the order of rows in training. Default: 0.
 *
 * Every number drawn is a function of (seed, purpose, layer, position) alone, by Philox4x32-10
 * (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011).
 *
 * @param network the network, not yet built.
 * @param seed    any number.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (built; see vgrad_network_initialize()).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_set_seed(vgrad_network *network, uint64_t seed);

/**
 * Check the wiring, take the memory, and draw the parameters.
 *
 * The first error of any call that made or changed a layer is reported here, so those may go
 * unchecked. An output NULL is an error too, and so is a layer that does not lead to the output: a
 * lost layer cannot pass.
 *
 * @param network the network.
 * @param output  its last layer.
 * @return VGRAD_OK; VGRAD_E_INVALID or VGRAD_E_SHAPE with the layer's name; VGRAD_E_STATE (built
 *         already); VGRAD_E_MEMORY (may be tried again, unless a constructor had none).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_build(vgrad_network *network, vgrad_layer *output);

/**
 * Draw all parameters anew, and begin the layers' states anew: moving statistics, and the count of
 * training passes that dropout goes by. The state of an optimizer stays as it is.
 *
 * @param network the network, built.
 * @param seed    as vgrad_network_set_seed().
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (not built, or inside a step).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_initialize(vgrad_network *network, uint64_t seed);

/**
 * The network's answer to x.
 *
 * @param network  the network, built.
 * @param x        shape (rows, inputs), any strides and dtype.
 * @param[out] out rows * outputs elements, row-major; partly written on failure.
 * @param dtype    the type of `out`.
 * @param capacity how many elements `out` has room for.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_SHAPE; VGRAD_E_STATE (not built, or in a callback
 *         between forward and backward); VGRAD_E_MEMORY; or what a layer of the user's fails with.
 * @par Lifetime
 * A pass of its own: views of z, a, delta and dL/da of the pass before end here, and a forward of
 * training that waits for its backward is lost (complete gradients are not).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_predict(vgrad_network *network, const vgrad_tensor *x,
                                             void *out, vgrad_dtype dtype, int64_t capacity);

/**
 * How many numbers are trained or could be; moving statistics are not among them.
 *
 * @param network the network, built.
 * @return the sum over all parameters; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_network_parameter_count(const vgrad_network *network);

/**
 * The layers in order of creation.
 *
 * @param network the network.
 * @param index   from 0.
 * @return NULL past the end.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_network_layer(const vgrad_network *network, int32_t index);

/**
 * The layer of that name.
 *
 * @param network the network.
 * @param name    as vgrad_layer_name().
 * @return NULL if there is none; unlike a constructor's, build does not know of this NULL: look at
 *         it before you hand it on.
 * @par Lifetime
 * As the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_layer *vgrad_network_find(const vgrad_network *network, const char *name);

/**
 * The i-th tensor of a role, over the layers that have one, in their order.
 *
 * @param network the network, built.
 * @param role    which.
 * @param i       from 0.
 * @return NULL past the last. NULL at i = 0 also for a role that is not there now:
 *         vgrad_last_error() says why.
 * @par Lifetime
 * The view lives as long as the network and may be kept; what its data may be read as:
 * parameters and moving statistics always; gradients of parameters from vgrad_trainer_backward() to
 * the end of that step (VGRAD_BATCH_END included; a step that fails or is stopped ends there);
 * updates and penalties at VGRAD_BATCH_END, until the next step's; epoch gradients from the epoch's
 * first update to the next epoch's; z, a, input, delta and dL/da until the next forward pass. All
 * but the first two only if kept: vgrad_network_keep().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API const vgrad_tensor *vgrad_network_tensor(const vgrad_network *network, vgrad_role role,
                                                   int32_t i);

/**
 * A layer's tensor. As vgrad_network_tensor() but for one layer:
 *
 * @param layer the layer, of a built network.
 * @param role  which.
 * @return NULL if the layer has none or it is not there now: vgrad_last_error() says why.
 * @par Lifetime
 * As at vgrad_network_tensor().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API const vgrad_tensor *vgrad_layer_tensor(const vgrad_layer *layer, vgrad_role role);

/**
 * Set a parameter, or a part of a layer's state.
 *
 * @param layer the layer, of a built network.
 * @param role  VGRAD_KERNEL, VGRAD_BIAS, VGRAD_GAMMA, VGRAD_BETA, VGRAD_MOVING_MEAN or
 *              VGRAD_MOVING_VARIANCE.
 * @param value the same shape; any strides and dtype; not another view of the parameter itself. A
 *              VGRAD_MOVING_VARIANCE is at least 0.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_SHAPE; VGRAD_E_STATE (not built, or inside a step: see
 *         vgrad_trainer_edit()); VGRAD_E_NOT_FOUND (the layer has no such parameter).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_layer_set_tensor(vgrad_layer *layer, vgrad_role role,
                                              const vgrad_tensor *value);

/**
 * What must stay readable after it has served: each costs memory, and no time but for the last
 * three, which write a number for each parameter at each update.
 * @since 0.1
 */
enum {
    VGRAD_KEEP_PREACTIVATION = 1,       /**< VGRAD_PREACTIVATION */
    VGRAD_KEEP_ACTIVATION = 2,          /**< VGRAD_ACTIVATION and VGRAD_INPUT */
    VGRAD_KEEP_DELTA = 4,               /**< VGRAD_DELTA */
    VGRAD_KEEP_ACTIVATION_GRADIENT = 8, /**< VGRAD_ACTIVATION_GRADIENT */
    VGRAD_KEEP_UPDATE = 16,             /**< VGRAD_KERNEL_UPDATE, VGRAD_BIAS_UPDATE, ... */
    VGRAD_KEEP_EPOCH_GRADIENT = 32,     /**< VGRAD_KERNEL_EPOCH_GRADIENT, ... */
    VGRAD_KEEP_PENALTY = 64             /**< VGRAD_KERNEL_PENALTY, VGRAD_BIAS_PENALTY */
};

/**
 * Keep tensors of every layer. Adds to what is kept already. Views of z, a, delta and dL/da of the
 * pass before end here.
 *
 * @param network the network, built or not.
 * @param what    a sum of VGRAD_KEEP_ bits.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (inside a step), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_keep(vgrad_network *network, uint32_t what);

/**
 * The layer's name: as set, else its kind with a number that is free ("dense", "dense_1", ...).
 *
 * @param layer the layer.
 * @return NULL if `layer` is NULL.
 * @par Lifetime
 * As the network, or until vgrad_layer_set_name().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API const char *vgrad_layer_name(const vgrad_layer *layer);

/**
 * The layer's index in order of creation: vgrad_tensor.layer.
 *
 * @param layer the layer.
 * @return -1 if `layer` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int32_t vgrad_layer_index(const vgrad_layer *layer);

/**
 * As vgrad_network_build(), for a network with several outputs. Answers, and y, have their columns
 * side by side in this order; see vgrad_trainer_set_output_loss(). An output must not lead on to
 * another layer.
 *
 * @param network the network.
 * @param count   how many, at least 1.
 * @param outputs the outputs, each once; copied.
 * @return as vgrad_network_build().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_build_outputs(vgrad_network *network, size_t count,
                                                   vgrad_layer *const *outputs);

/**
 * Write the network as a table, such as
 *
 *     Layer (kind)     Output shape  Parameters  Connected to
 *     ---------------  ------------  ----------  ------------
 *     input (input)    (rows, 784)            0
 *     hidden (dense)   (rows, 30)         23550  input
 *     dense (dense)    (rows, 10)           310  hidden
 *     ---------------  ------------  ----------  ------------
 *     23860 parameters, 23860 of them trainable
 *
 * @param network built.
 * @param write   where the text goes, line by line.
 * @param user    handed to it.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (not built), VGRAD_E_IO (`write` refused).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_summary(const vgrad_network *network, vgrad_write write,
                                             void *user);

/**
 * Check backward against central differences, (L(w + h) - L(w - h)) / 2h, of L = sum_i c_i a_i with
 * a fixed random c over the output: for every parameter, frozen ones too, and for x. For those who
 * write layers, activations or whole networks of their own; it takes two passes for each number.
 *
 * @param network     built, float64, not inside a step. Its parameters, moving statistics and
 *                    updates are as before when it returns, and no probe has seen the check.
 * @param x           shape (rows, inputs); a few rows are enough.
 * @param training    1: as in training, with one fixed mask for dropout; 0: as in prediction.
 * @param step        h, to 1; 0: 1e-5.
 * @param[out] worst  the largest relative error of a tensor, |difference|_2 / |gradient|_2, where
 *                    a tensor with less than 1e-4 of all gradients' norm counts as that much; some
 *                    1e-9 if all is well and no unit sits on a kink; NaN if something is NaN.
 *                    Untouched on failure. The log (VGRAD_LOG_DEBUG) has every tensor's.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE, VGRAD_E_MEMORY, or what a layer
 *         of the user's fails with.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_gradient_check(vgrad_network *network, const vgrad_tensor *x,
                                            int32_t training, double step, double *worst);

VGRAD_DECLARATIONS_END

#endif
