/**
 * @file probe.h
 * @brief What was seen of every layer's tensors, step by step.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_H
#define VGRAD_PROBE_H

#include <vgrad/layer.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Statistics of every role of every layer, with their history. Layers are named by
 * vgrad_layer_index(): 0 is the first input. Inputs have an activation and no gradient.
 *
 * They are taken in the pass that holds the values anyway, so nothing has to be kept for them, and
 * a step that is not looked at costs nothing. A gradient is seen before any callback edits it;
 * parameters are seen after the update.
 * @since 0.1
 */
typedef struct vgrad_probe vgrad_probe;

/**
 * Make a probe that looks at nothing yet.
 *
 * @param[out] out the new probe; NULL on failure.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_create(vgrad_probe **out, vgrad_context *context);

/**
 * Give a probe up, and what it remembers.
 *
 * @param probe NULL is fine; also inside a callback.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_probe_destroy(vgrad_probe *probe);

/** What can be set of a probe. @since 0.1 */
typedef enum vgrad_probe_option {
    VGRAD_PROBE_EVERY = 1, /**< 1. Looks at steps 0, k, 2k, ... (vgrad_trainer_steps()). */
    /** 1024. Looks remembered, the latest; about 90 bytes for each and each tensor. */
    VGRAD_PROBE_HISTORY = 4,
    /** 1. How many times too large observed gradients are: they are divided by it. Of a loop of
       your own; 1e-30 to 1e30. */
    VGRAD_PROBE_LOSS_SCALE = 6
} vgrad_probe_option;

/**
 * Set an option.
 *
 * @param probe  the probe.
 * @param option which.
 * @param value  a whole number, at least 1, but for LOSS_SCALE.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (HISTORY while attached, or after declare).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_set(vgrad_probe *probe, vgrad_probe_option option, double value);

/**
 * Read an option.
 *
 * @param probe  the probe.
 * @param option which.
 * @return its value; NaN on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_probe_get(const vgrad_probe *probe, vgrad_probe_option option);

/**
 * Look at one role, or at one no more. Default: all of them but epoch gradients and penalties
 * (which the probe does not look at). Choose only what you read: what nobody asks for costs
 * nothing.
 *
 * @param probe the probe.
 * @param role  which.
 * @param watch 1 or 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (while attached).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_watch(vgrad_probe *probe, vgrad_role role, int32_t watch);

/**
 * Look at no role: what vgrad_probe_watch() adds afterwards is then all.
 *
 * @param probe the probe.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (while attached).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_watch_none(vgrad_probe *probe);

/**
 * Look at a network's training steps from now on, whoever makes them. What was remembered is
 * forgotten.
 *
 * @param probe   the probe, not attached.
 * @param network the network, built.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (attached already, not built, inside a step),
 *         VGRAD_E_MEMORY.
 * @par Lifetime
 * The probe keeps the network alive until it is detached or destroyed.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_attach(vgrad_probe *probe, vgrad_network *network);

/**
 * Look no more. What was seen can still be read.
 *
 * @param probe the probe; not attached is fine.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_detach(vgrad_probe *probe);

/** @name A loop that is not the library's
 * Declare the layers once; then, for each step, begin, observe what there is, and end:
 *
 *     vgrad_probe_declare(probe, "hidden", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 5, &hidden);
 *     ...
 *     vgrad_probe_begin(probe, step);
 *     vgrad_probe_observe(probe, hidden, VGRAD_DELTA, vgrad_tensor_matrix(&t, dz, ...));
 *     ...
 *     vgrad_probe_end(probe, loss);
 *
 * The gradient budget wants, of each dense layer, VGRAD_KERNEL as the pass had it,
 * VGRAD_PREACTIVATION, VGRAD_DELTA and VGRAD_ACTIVATION_GRADIENT; what samples say wants
 * VGRAD_INPUT, VGRAD_DELTA and VGRAD_KERNEL_GRADIENT. Rows of delta hold the 1 / rows of a mean
 * loss.
 * @{ */

/**
 * Add a layer, in order from input to output: each takes the one before. What was remembered of a
 * network is forgotten.
 *
 * @param probe      the probe, not attached, and not begun to look.
 * @param name       1 to 63 bytes, of no other layer. Copied.
 * @param kind       what it does with a gradient.
 * @param activation f; with the alpha that goes with it.
 * @param fan_in     inputs of a unit; of a dense or convolutional layer at least 1, else at least
 * 0.
 * @param fan_out    units; likewise.
 * @param[out] layer its index, from 0; NULL: not wanted.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_declare(vgrad_probe *probe, const char *name,
                                           vgrad_layer_kind kind, vgrad_activation activation,
                                           int64_t fan_in, int64_t fan_out, int32_t *layer);

/**
 * Begin a step.
 *
 * @param probe the probe, with layers declared.
 * @param step  above that of the step before.
 * @return VGRAD_OK; VGRAD_SKIPPED: this step is not looked at (VGRAD_PROBE_EVERY), and observing
 *         does nothing; VGRAD_E_INVALID, VGRAD_E_STATE (within a step), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_begin(vgrad_probe *probe, int64_t step);

/**
 * Look at a tensor of the step. Nothing of it is kept.
 *
 * @param probe  the probe, within a step.
 * @param layer  whose it is.
 * @param role   what it is.
 * @param tensor any shape, strides (0 and below too) and dtype, in this CPU's memory; axis 0 of a
 *               tensor of the pass goes along the samples.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE, VGRAD_E_NOT_FOUND (no such
 * layer), VGRAD_E_UNSUPPORTED (on another device: it is not read), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_observe(vgrad_probe *probe, int32_t layer, vgrad_role role,
                                           const vgrad_tensor *tensor);

/**
 * End a step: figures are made of what was seen.
 *
 * @param probe the probe, within a step.
 * @param loss  of the step; NaN: not known.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_end(vgrad_probe *probe, double loss);

/** @} */

/**
 * How many layers it has looked at.
 *
 * @param probe the probe.
 * @return those of the network, by vgrad_layer_index(); 0 before attach; -1 if `probe` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int32_t vgrad_probe_layer_count(const vgrad_probe *probe);

/**
 * The name of a layer.
 *
 * @param probe the probe.
 * @param layer its index.
 * @return NULL if there is none.
 * @par Lifetime
 * Until the next attach.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API const char *vgrad_probe_layer_name(const vgrad_probe *probe, int32_t layer);

/**
 * The latest value of a quantity.
 *
 * @param probe    the probe.
 * @param layer    the layer's index.
 * @param role     the tensor's role.
 * @param quantity what of it.
 * @param[out] out the figure; untouched on failure.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_NOT_FOUND (never measured).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_read(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                        vgrad_quantity quantity, double *out);

/**
 * A quantity over time, oldest first. Only the latest looks are remembered: to see how a run began,
 * set VGRAD_PROBE_HISTORY to its steps / VGRAD_PROBE_EVERY at least. A step's number comes twice if
 * it was skipped or failed and then made again.
 *
 * @param probe       the probe.
 * @param layer       the layer's index.
 * @param role        the tensor's role.
 * @param quantity    what of it.
 * @param[out] steps  the step of each value (updates made before it); NULL: not wanted.
 * @param[out] values the values, NaN where there was nothing finite to measure; NULL: not wanted.
 * @param capacity    how many both have room for: the oldest ones are filled in.
 * @return how many there are, which may be more than `capacity`; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_probe_history(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                      vgrad_quantity quantity, int64_t *steps, double *values,
                                      int64_t capacity);

VGRAD_DECLARATIONS_END

#endif
