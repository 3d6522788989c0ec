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
 * @param probe NULL is fine; also inside a callback of a trainer, but not inside a function of a
 *              layer or an activation of the user's.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_probe_destroy(vgrad_probe *probe);

/** What can be set of a probe. @since 0.1 */
typedef enum vgrad_probe_option {
    VGRAD_PROBE_EVERY = 1, /**< 1. Looks at steps 0, k, 2k, ... (vgrad_trainer_steps()). */
    /** 0: none. k: histograms at looks whose step is a multiple of k; 4 KiB for each tensor. */
    VGRAD_PROBE_HISTOGRAM_EVERY = 2,
    /** 1024. Looks remembered, the latest; about 90 bytes for each and each tensor. */
    VGRAD_PROBE_HISTORY = 4,
    /** 0: none. Percent of the run's time that looking may cost, to 100: then looks are as far
       apart as it takes, a multiple of EVERY that changes between epochs alone
       (vgrad_probe_cadence()), and one step in 16 is not looked at where all would be. Of an
       attached probe, in epochs of vgrad_trainer_fit() or next(); with 0 EVERY holds again from the
       next one on. What has a cadence beside it (BUDGET_EVERY, histograms, a layer's own) is due at
       common multiples, which may lie far apart. What is seen then hangs on the machine; a fixed
       EVERY does not. */
    VGRAD_PROBE_COST_LIMIT = 3,
    /** 1. How many times too large observed gradients are: they are divided by it. Of a loop of
       your own; 1e-30 to 1e30. */
    VGRAD_PROBE_LOSS_SCALE = 6,
    /** 0. What was done to observed gradients of parameters before they came: a sum of
        vgrad_gradients_are. Of a loop of your own. */
    VGRAD_PROBE_GRADIENTS_ARE = 11,
    /** 1000. Samples of a window: what is found is found in windows of so many. */
    VGRAD_PROBE_WINDOW = 5,
    /** 1. The budget is made, samples are told apart and f' is seen at the first look, and at those
       whose step is a multiple of k: what is judged by windows counts these. */
    VGRAD_PROBE_BUDGET_EVERY = 10,
    /** 0. The flight recorder: so many looks, the latest of those in the history, are kept for good
       when something is not finite for the first time (vgrad_probe_flight()). */
    VGRAD_PROBE_FLIGHT = 9,
    VGRAD_PROBE_WINDOWS = 7, /**< 2. Windows in a row that raise a finding, or clear it. */
    /** 0: none. k: statistics of each unit at looks whose step is a multiple of k; about 90 bytes
       for each unit and each tensor. */
    VGRAD_PROBE_UNITS_EVERY = 8,
    /* Thresholds of findings: see vgrad_finding_code. */
    VGRAD_PROBE_VANISHING_SLOPE = 20,  /**< 0.25. Decades a hop. */
    VGRAD_PROBE_VANISHING_TOTAL = 21,  /**< 1. Decades in all: a warning. */
    VGRAD_PROBE_DEAD_WARN = 22,        /**< 0.25. Share of a layer's units. */
    VGRAD_PROBE_VANISHING_SEVERE = 23, /**< 3. Decades in all: severe, whatever the slope. */
    VGRAD_PROBE_DEAD_SEVERE = 24,      /**< 0.5. Share of a layer's units. */
    VGRAD_PROBE_SATURATED = 25,        /**< 0.3. rms f' over max |f'|; a tenth of it is severe. */
    VGRAD_PROBE_UPDATE_LOW = 26,       /**< -4. log10 of update over weights; a decade beyond it */
    VGRAD_PROBE_UPDATE_HIGH = 27,      /**< -2. a note is a warning. */
    VGRAD_PROBE_UPDATE_AFTER = 28,     /**< 100. Steps before which updates are not judged. */
    VGRAD_PROBE_INITIALIZATION = 29,   /**< 0.5. Decades that a kernel alone gains or loses. */
    VGRAD_PROBE_SPIKE = 30             /**< 6. Distances of log(loss) from its median. */
} vgrad_probe_option;

/**
 * What a loop of your own may have done to the gradients of parameters that it hands over. Then
 * they are not the mean over the samples whose rows come with them, and coherence, noise scale and
 * norm test are not told; vgrad_probe_report() says what they are. @since 0.1
 */
typedef enum vgrad_gradients_are {
    VGRAD_GRADIENTS_CLIPPED = 1,     /**< Clipped: they are smaller than they were. */
    VGRAD_GRADIENTS_ACCUMULATED = 2, /**< Of several batches; rows are the last one's. */
    VGRAD_GRADIENTS_REDUCED = 4      /**< Of several machines; rows are this one's. */
} vgrad_gradients_are;

/**
 * Set an option.
 *
 * @param probe  the probe.
 * @param option which.
 * @param value  a whole number, at least 1, for EVERY, BUDGET_EVERY, HISTORY, WINDOW and WINDOWS,
 *               from 0 for HISTOGRAM_EVERY, UNITS_EVERY, UPDATE_AFTER and FLIGHT, 0 to 7 for
 *               GRADIENTS_ARE; shares in [0, 1]; the others as they are described.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (HISTORY, FLIGHT, HISTOGRAM_EVERY, UNITS_EVERY
 *         while attached, or after declare).
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
 * Look at one layer, or at it no more, by its name in the networks to come or in the declarations.
 * Default: all. The way of delta is judged only where all its layers are looked at.
 *
 * @param probe the probe.
 * @param name  1 to 63 bytes; copied.
 * @param watch 1 or 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (while attached, or after declare),
 *         VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_watch_layer(vgrad_probe *probe, const char *name, int32_t watch);

/**
 * Set how often one layer is looked at, by its name in the networks to come or in the declarations.
 * A layer's own number stands in place of the probe's, except for VGRAD_PROBE_EVERY: the probe's
 * says when it looks at all, the layer's which of these looks are at the layer. All are counted in
 * steps, so what two of them allow is due at their common multiples.
 *
 * A look that leaves a layer out has nothing of it: vgrad_probe_history() skips it,
 * vgrad_probe_read() gives what was seen last, while that look is one of the VGRAD_PROBE_HISTORY
 * remembered, reports say "-" or "not known". It says nothing of the layer, either: a layer is
 * judged when VGRAD_PROBE_WINDOW samples of it were seen, so that its windows are as many times
 * longer as it is looked at less often, and what is raised stays raised until then. A hop of the
 * budget, and the way of delta, is made and judged where all its layers are looked at. How a kernel
 * began is judged of those layers alone that the first look is at.
 *
 * @param probe  the probe.
 * @param name   1 to 63 bytes; copied.
 * @param option VGRAD_PROBE_EVERY, which is 1 for a layer until it is set,
 *               VGRAD_PROBE_HISTOGRAM_EVERY or VGRAD_PROBE_UNITS_EVERY.
 * @param value  as in vgrad_probe_set().
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (while attached, or after declare),
 *         VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_set_layer(vgrad_probe *probe, const char *name,
                                             vgrad_probe_option option, double value);

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
 * loss. VGRAD_UPDATES_LOST wants VGRAD_KERNEL from before its update, and then VGRAD_KERNEL_UPDATE,
 * of the same shape in the same step: an update that is not 0 is lost where W + U, rounded to the
 * dtype of W, is W.
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
 * Look at a tensor of the step: each role of a layer once. Nothing of it is kept but a copy of
 * VGRAD_KERNEL where VGRAD_KERNEL_UPDATE is watched, for the update to come; not of one whose
 * elements share memory, of which VGRAD_UPDATES_LOST is not told.
 *
 * Mind when you hand over VGRAD_KERNEL: the budget wants it as the pass had it, before the update,
 * and so VGRAD_UPDATE_RATIO is by those weights. An attached probe takes the budget from before
 * the update too, but VGRAD_KERNEL and VGRAD_UPDATE_RATIO from after it: what it remembers of a
 * kernel at step t is what a loop of your own hands over at step t + 1. Biases likewise.
 *
 * The samples of a step, which windows count, are the most rows that a tensor of the pass has in
 * it: where none is handed over no window ends, and only what is found at once is.
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
 * @return VGRAD_OK; VGRAD_CHANGED: a finding was raised, changed or cleared; VGRAD_E_INVALID,
 *         VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_end(vgrad_probe *probe, double loss);

/**
 * What a step's looks have seen so far, as bytes, so that threads and machines that each see a part
 * of a step's tensors can make one look of it: each has a probe with the same layers and options,
 * begins, and observes its part; all but one serialize, and that one merges. Then each ends, so
 * that it can begin the next; what the others find is about their parts. The parts of a tensor are
 * taken together as one: rows of a batch, or slices of a kernel's gradient. What all of them hold
 * in full, such as kernels that were copied, or a gradient that was added up, only one observes.
 * Where each part's loss is a mean over its own rows, VGRAD_PROBE_LOSS_SCALE = all rows / its rows
 * makes its deltas those of the whole.
 *
 * In it are moments, norms of rows, f', and of a step in which they are due histograms (4 KiB for
 * each tensor) and units. Exactly those of the whole, in any order of merging, are: counts
 * (elements, zeros, NaNs, Infs), least and largest, histograms, units' counts, least and largest,
 * and which units live; where LOSS_SCALE is no power of two, but for the rounding of each division
 * by it. To rounding: mean, standard deviation, L2, mean of |x|, mean of f'^2, and all figures that
 * are made of them; another cut or order changes their last bits.
 * VGRAD_UPDATES_LOST is not in it.
 *
 * @param probe     the probe, within a step that it looks at.
 * @param[out] out  the bytes, the same on every machine, untouched on failure; NULL: only their
 *                  number is wanted.
 * @param capacity  of `out`.
 * @param[out] size how many there are.
 * @return VGRAD_OK, VGRAD_E_INVALID (`capacity` is too small: `size` is set), VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_serialize(const vgrad_probe *probe, void *out, size_t capacity,
                                             size_t *size);

/**
 * Add what another probe has seen of this step. Rows come after those that are there, and what this
 * probe does not look at in this step is left out. Observe first: a tensor that is observed later
 * takes the place of what was merged.
 *
 * Units are added one by one: those of tensors that were cut along any axis but the last. A state
 * that is merged twice counts twice.
 *
 * @param probe the probe, within a step that it looks at.
 * @param state by vgrad_probe_serialize() of a probe with the same layers; bytes from anywhere,
 *              with a checksum, looked over before anything is added. They are as safe as any
 *              figures from there: what could have been seen is believed.
 * @param size  its bytes.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_FORMAT (of other layers or another
 *         step, other units, damaged, or sums beyond 2^63 - 1), VGRAD_E_UNSUPPORTED (of another
 *         version), VGRAD_E_MEMORY. On failure nothing is added.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_merge(vgrad_probe *probe, const void *state, size_t size);

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
 * The latest value of a quantity, of the looks remembered. The median, shares lost and the scale of
 * a loss are those of the latest histogram, see vgrad_probe_histogram().
 *
 * @param probe    the probe.
 * @param layer    the layer's index.
 * @param role     the tensor's role.
 * @param quantity what of it.
 * @param[out] out the figure; untouched on failure.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_NOT_FOUND (not measured at the looks remembered).
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

/**
 * What the flight recorder has kept: as vgrad_probe_history(), of the looks up to the first at
 * which something was not finite.
 *
 * @param probe       the probe, with VGRAD_PROBE_FLIGHT.
 * @param layer       the layer's index.
 * @param role        the tensor's role.
 * @param quantity    what of it.
 * @param[out] steps  the step of each value; NULL: not wanted.
 * @param[out] values the values; NULL: not wanted.
 * @param capacity    how many both have room for: the oldest ones are filled in.
 * @return how many there are, 0 while all is finite; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_probe_flight(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                     vgrad_quantity quantity, int64_t *steps, double *values,
                                     int64_t capacity);

/**
 * The samples of the latest look whose own gradient of a dense layer's kernel is largest: sample
 * b's has the norm B |delta_b| |a_b| for a batch of B rows whose loss is a mean, so no gradient is
 * made for each sample (Goodfellow 2015, "Efficient Per-Example Gradient Computations").
 *
 * @param probe         the probe.
 * @param layer         the layer's index: a dense one that no batch normalization follows.
 * @param[out] samples  rows of the batch, from 0, the largest gradient first, of several alike the
 *                      first row first; what is NaN before all others.
 * @param[out] norms    the norms; NULL: not wanted.
 * @param capacity      how many both have room for.
 * @return how many samples there are, which may be more than `capacity`; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_probe_worst_samples(const vgrad_probe *probe, int32_t layer,
                                            int64_t *samples, double *norms, int64_t capacity);

/** @name A closer look
 * At some looks (VGRAD_PROBE_HISTOGRAM_EVERY, VGRAD_PROBE_UNITS_EVERY) and of some of the roles
 * that are watched: VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT, VGRAD_KERNEL, VGRAD_DELTA and
 * VGRAD_ACTIVATION. Only the latest one is remembered, be it of a step that was given up. Of a step
 * of several batches it is the last batch's delta and activation.
 * @{ */

/**
 * The latest histogram, with bins as those of vgrad_tensor_histogram().
 *
 * @param probe     the probe.
 * @param layer     the layer's index.
 * @param role      the tensor's role, one of the above.
 * @param[out] bins VGRAD_HISTOGRAM_BINS counts; untouched on failure.
 * @param count     VGRAD_HISTOGRAM_BINS.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_NOT_FOUND (never taken, or no such layer).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_histogram(const vgrad_probe *probe, int32_t layer,
                                             vgrad_role role, uint64_t *bins, size_t count);

/**
 * A quantile by the latest histogram: see vgrad_tensor_quantile().
 *
 * @param probe    the probe.
 * @param layer    the layer's index.
 * @param role     the tensor's role, one of the above.
 * @param p        0 to 1.
 * @param[out] out the figure, NaN if nothing is finite; untouched on failure.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_NOT_FOUND (never taken, or no such layer).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_quantile(const vgrad_probe *probe, int32_t layer,
                                            vgrad_role role, double p, double *out);

/**
 * A quantity of every unit, when last they were looked at. Units go along a tensor's last axis:
 * those of a dense layer, the filters of a convolution. A unit's own are its bias, its column of
 * the kernel, and what it gave for each sample (and at each place of an image).
 *
 * @param probe       the probe.
 * @param layer       the layer's index.
 * @param role        the tensor's role, one of the above.
 * @param quantity    VGRAD_COUNT to VGRAD_INFS.
 * @param[out] values the values, by unit; NaN where nothing is finite; NULL: not wanted.
 * @param capacity    how many it has room for: the first ones are filled in.
 * @return how many units there are, which may be more than `capacity`; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_probe_units(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                                    vgrad_quantity quantity, double *values, int64_t capacity);

/** @} */

/**
 * What looking costs, by steps that are looked at beside steps that are not, as medians over the
 * latest 64 of either: with VGRAD_PROBE_EVERY above 1, or a VGRAD_PROBE_COST_LIMIT. Looks of which
 * one takes in layers, histograms, units or a budget that another does not have medians of their
 * own, and count as often as they came: of up to 16 such kinds, from the eighth look of each on.
 *
 * @param probe the probe.
 * @return percent of the time that the run would take without; NaN: not known yet, or every step is
 *         looked at, or on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_probe_cost(const vgrad_probe *probe);

/**
 * When VGRAD_PROBE_COST_LIMIT changed how far apart looks are, oldest first; the latest 64 times.
 *
 * @param probe      the probe.
 * @param[out] steps the first step of each; NULL: not wanted.
 * @param[out] every steps from look to look since then; NULL: not wanted.
 * @param capacity   how many both have room for.
 * @return how many there are; -1 on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_probe_cadence(const vgrad_probe *probe, int64_t *steps, int64_t *every,
                                      int64_t capacity);

/** @name Findings
 * What is wrong, and why. All rules are made of ratios, so that the scale of the loss changes none.
 * What holds for VGRAD_PROBE_WINDOWS windows in a row is raised, what does not hold for as many is
 * cleared, with thresholds a fifth closer, and another severity takes as many; a window is
 * VGRAD_PROBE_WINDOW samples, and the first one after initialization counts. What needs a tensor
 * that is not watched is not judged: the way of delta needs VGRAD_DELTA and
 * VGRAD_ACTIVATION_GRADIENT, units need VGRAD_DELTA and VGRAD_ACTIVATION. A network with nothing at
 * warning or above is healthy.
 * @{ */

/** What may be found. @since 0.1 */
typedef enum vgrad_finding_code {
    /** log10 |delta| falls from the last anchor to the first by VANISHING_SLOPE a hop over 2 hops
        or more, and by VANISHING_TOTAL in all: a warning; by VANISHING_SEVERE: severe. Anchors are
        dense and convolutional layers, joins and layers of the user's that every path goes through.
        Where nothing comes through, the layer that cuts it is named. */
    VGRAD_FINDING_VANISHING = 1,
    VGRAD_FINDING_EXPLODING = 2,  /**< It grows by as much. */
    VGRAD_FINDING_DEAD_UNITS = 3, /**< f' = 0 on every sample of the window; one is a note. */
    VGRAD_FINDING_SATURATION = 4, /**< sqrt(mean f'^2) below SATURATED times max |f'|. */
    /** After UPDATE_AFTER steps the window's median of log10(|update| / |weights|) of a kernel is
        below UPDATE_LOW: a note; a decade below: a warning. */
    VGRAD_FINDING_STALLED = 5,
    VGRAD_FINDING_UPDATE_TOO_LARGE = 6, /**< Likewise above UPDATE_HIGH. */
    /** At the first look a kernel alone multiplies an isotropic gradient by 10^INITIALIZATION or
        more, or divides it: a note; a warning where delta goes that way too in the first windows.
     */
    VGRAD_FINDING_INITIALIZATION = 7,
    VGRAD_FINDING_NON_FINITE = 8, /**< At once: the first tensor with NaN or Inf, and where. */
    /** At once: log(loss) is SPIKE robust distances above its median over 128 looks, and the loss
        is twice its median. Where a loss is below 0, without the logarithm; where most are 0,
        nothing is a leap. */
    VGRAD_FINDING_LOSS_SPIKE = 9,
    VGRAD_FINDING_UNCHANGED = 10 /**< A kernel that is trained is the same at all looks. */
} vgrad_finding_code;

/**
 * The code's word as it stands in files, such as "dead_units".
 *
 * @param code any number.
 * @return a static string; "unknown" for a number that is no code.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_finding_name(vgrad_finding_code code);

/**
 * A finding. Filled by the library; it grows at its end, so read `struct_size` before reading a
 * field that is newer than the oldest library you want to work with.
 * @since 0.1
 */
typedef struct vgrad_finding {
    size_t struct_size;     /**< Bytes that the library filled. */
    int64_t code;           /**< vgrad_finding_code */
    int64_t severity;       /**< 0: cleared, 1: note, 2: warning, 3: severe. */
    int64_t layer;          /**< Its index; -1: the whole network. */
    int64_t role;           /**< vgrad_role of the tensor that shows it; -1: none. */
    int64_t cause;          /**< The vgrad_quantity that explains most of it; 0: none. */
    int64_t first_step;     /**< Where the first window in which it held began. */
    int64_t last_step;      /**< Where the latest window in which it held ended. */
    int64_t unit_first;     /**< The first unit, or column, that it is about; -1: none. */
    int64_t unit_count;     /**< How many units; 0: it is not about units. */
    const char *layer_name; /**< "" for the whole network. */
    const char *message;    /**< One line: what, where, how much. */
    const char *formula;    /**< What was computed. */
    const char *remedy;     /**< What helps. */
    const char *const *evidence_names; /**< What `evidence` holds. */
    const double *evidence;            /**< `evidence_count` numbers. */
    int64_t evidence_count;            /**< 0 to 6. */
} vgrad_finding;

/**
 * A finding that is raised.
 *
 * @param probe the probe.
 * @param i     from 0, gravest first.
 * @return NULL past the last.
 * @par Lifetime
 * Until the next step that the probe looks at ends, and the probe's next attach or declare.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API const vgrad_finding *vgrad_probe_finding(const vgrad_probe *probe, int32_t i);

/** @} */

/** What can be told as text. @since 0.1 */
typedef enum vgrad_report {
    /** A line for each layer, of the latest look: rms of dL/dW and of delta, VGRAD_SATURATION,
        VGRAD_DEAD_SHARE, VGRAD_UPDATE_RATIO, VGRAD_COHERENCE, VGRAD_NOISE_SCALE. "-": not known;
        Inf for a rms: not all of the tensor is finite. */
    VGRAD_REPORT_TABLE = 1,
    /** Of the latest look, from the last anchor to the first: what delta loses on each hop, to what
        (from 0.005 decades), and in all. In the bars '=' was lost or gained before, '-' is lost by
        this hop, '+' is gained. */
    VGRAD_REPORT_BUDGET = 2,
    VGRAD_REPORT_FINDINGS = 3, /**< All that are raised, gravest first, with evidence and remedy. */
    /** A line for each layer whose kernel gradient was seen: log10 of its rms over the remembered
        looks, at most 60 columns (each the mean of as many looks), in the characters U+2581 to
        U+2588 as UTF-8, with its own lowest and highest beside it. All layers share one scale.
        Blank: not seen, 0 or not finite. Below them the loss, if it is known, on a scale of its
        own. */
    VGRAD_REPORT_SPARKLINES = 4
} vgrad_report;

/**
 * Tell what was seen, in lines of text. Of a look in progress nothing is told; before the first one
 * has ended the text is "nothing seen yet". The text is for people: it may change, its columns are
 * counted in UTF-8's characters, its decimal point is that of the process's locale, and '?' stands
 * for control characters in names.
 *
 * @param probe the probe.
 * @param what  which report.
 * @param write where it goes, line by line, each with its LF, until it refuses one; it may read the
 *              probe, or report on it, but must not change it.
 * @param user  handed to `write`.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_IO (`write` refused).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_probe_report(const vgrad_probe *probe, vgrad_report what,
                                          vgrad_write write, void *user);

VGRAD_DECLARATIONS_END

#endif
