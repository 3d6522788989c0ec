/**
 * @file trainer.h
 * @brief Training: losses, events and callbacks, fit, and a loop of your own.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TRAINER_H
#define VGRAD_TRAINER_H

#include <vgrad/dataset.h>
#include <vgrad/layer.h>
#include <vgrad/optimizer.h>

VGRAD_DECLARATIONS_BEGIN

/** One training run: network, loss, optimizer, position (epoch, batch, step). @since 0.1 */
typedef struct vgrad_trainer vgrad_trainer;

/**
 * The loss of a row; that of a batch is the mean over its rows. Over the outputs of a row: a name
 * with SUM adds, every other takes the mean; CROSSENTROPY has one value for a row.
 *
 * A cross-entropy over probabilities whose last layer is the sigmoid (BINARY) or softmax that makes
 * them is computed from z, where nothing can overflow or be clipped: the two are fused, as Keras
 * does. Then the last layer has a delta, (a - y) / (rows or rows * outputs), but no dL/da.
 * So end with VGRAD_SIGMOID or VGRAD_SOFTMAX, or take a loss with LOGITS and end with VGRAD_LINEAR;
 * a mixture trains, and is a warning in the log. Without such a layer probabilities are held within
 * [1e-7, 1 - 1e-7], as Keras does; where they are held, the gradient is 0.
 * @since 0.1
 */
typedef enum vgrad_loss {
    /** mean_j (a_j - y_j)^2 */
    VGRAD_LOSS_MEAN_SQUARED_ERROR = 1,
    /** 1/2 sum_j (a_j - y_j)^2 (Nielsen's quadratic cost) */
    VGRAD_LOSS_HALF_SQUARED_ERROR_SUM = 2,
    /** mean_j -(y_j ln a_j + (1 - y_j) ln(1 - a_j)), y in [0, 1] */
    VGRAD_LOSS_BINARY_CROSSENTROPY = 3,
    /** The sum of the same (Nielsen's cross-entropy cost). */
    VGRAD_LOSS_BINARY_CROSSENTROPY_SUM = 4,
    /** BINARY_CROSSENTROPY of sigmoid(a): the last layer gives logits. */
    VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS = 5,
    /**
     * -sum_j y_j ln(a_j / sum_k a_k). y is one-hot (or any weights in [0, 1]) if as wide as the
     * output, and a class number (sparse) if its width is 1. The output needs two units or more.
     */
    VGRAD_LOSS_CROSSENTROPY = 6,
    /** CROSSENTROPY of softmax(a): the last layer gives logits. */
    VGRAD_LOSS_CROSSENTROPY_LOGITS = 7,
    /** mean_j |a_j - y_j|; its derivative is 0 where they are equal. */
    VGRAD_LOSS_MEAN_ABSOLUTE_ERROR = 8,
    /** mean_j of r^2 / 2 where |r| <= d, else d (|r| - d / 2); r = a_j - y_j, d is
        VGRAD_TRAINER_HUBER_DELTA (Huber 1964). */
    VGRAD_LOSS_HUBER = 9
} vgrad_loss;

/**
 * Make a run at epoch 0, batch 0, step 0.
 *
 * @param[out] out  the new trainer; NULL on failure.
 * @param network   built; its context is inherited.
 * @param loss      which.
 * @param optimizer one made for this network.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE (the loss needs more outputs), VGRAD_E_STATE
 *         (not built), VGRAD_E_MEMORY.
 * @par Lifetime
 * It keeps network and optimizer alive, and a dataset while it reads it.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_create(vgrad_trainer **out, vgrad_network *network,
                                            vgrad_loss loss, vgrad_optimizer *optimizer);

/**
 * Give a trainer up. Inside one of its callbacks: it goes when the call that fired it returns, so
 * that call is then the last one on it.
 *
 * @param trainer NULL is fine.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_trainer_destroy(vgrad_trainer *trainer);

/** What can be set of a trainer. @since 0.1 */
typedef enum vgrad_trainer_option {
    /**
     * 32, or all rows if there are fewer. Rows, 1 to 2^30; a number that was set and is above that
     * of the data is an error. The last batch of an epoch may be shorter.
     */
    VGRAD_TRAINER_BATCH_SIZE = 1,
    /**
     * 1. Rows in a new random order each epoch; taken up when an epoch begins. A stream comes in
     * its own order: there the default yields, and a 1 that was set is an error.
     */
    VGRAD_TRAINER_SHUFFLE = 2,
    /**
     * 1. Batches to an update, 1 to 2^30: the gradients of so many batches, a group, are averaged,
     * each weighted by its rows, so that 4 batches of 8 rows train as one of 32 does (to rounding,
     * and unless a layer looks at a batch as a whole). See vgrad_event_kind for the order of
     * events.
     *
     * A group ends with its epoch, also with VGRAD_TRAINER_ACROSS_EPOCHS: an epoch's last one may
     * have fewer batches, and is averaged over the rows that it has. A batch that fails or is
     * stopped comes again and the rest of its group stands; so does a group that a run leaves
     * unfinished, until the next run goes on with it. A group whose update is skipped is over.
     * A new number is that of the next group. The memory (as much as the parameters) is taken when
     * it is set.
     */
    VGRAD_TRAINER_ACCUMULATE = 3,
    /**
     * 0. 1: a step whose data, activations, loss or gradients hold NaN or Inf fails with
     * VGRAD_E_NUMBER before its update and before VGRAD_GRADIENTS_READY; the text names step,
     * layer, tensor and place. Costs a pass over the gradients. (NaN in y is VGRAD_E_INVALID
     * anyway.) A batch that fails so is not in its group; if it is the group's mean that holds one,
     * the group is given up.
     */
    VGRAD_TRAINER_STOP_ON_NAN = 4,
    VGRAD_TRAINER_HUBER_DELTA = 5, /**< 1. Where Huber's loss turns linear; above 0. */
    /**
     * 0: no bound. How many updates the run may make in all: it is done when it has made them, also
     * within an epoch, which a later fit with a larger number takes up again (or see
     * vgrad_trainer_abandon_epoch()). Updates that are skipped do not count. 0 to 2^53.
     */
    VGRAD_TRAINER_MAX_STEPS = 7,
    /**
     * 0. 1: every batch is full. One that an epoch's last rows do not fill goes on with the first
     * rows of the next, and belongs to the epoch in which it begins; so do TensorFlow's
     * next_batch() loops. Taken up when an epoch begins.
     */
    VGRAD_TRAINER_ACROSS_EPOCHS = 8
} vgrad_trainer_option;

/**
 * Set an option.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param option  which.
 * @param value   see vgrad_trainer_option.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY (VGRAD_TRAINER_ACCUMULATE).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set(vgrad_trainer *trainer, vgrad_trainer_option option,
                                         double value);

/**
 * Read an option.
 *
 * @param trainer the trainer.
 * @param option  which.
 * @return its value; NaN on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_trainer_get(const vgrad_trainer *trainer, vgrad_trainer_option option);

/**
 * Give one of several outputs a loss of its own. L is the sum over outputs of weight times loss;
 * without this call each has the trainer's loss, and weight 1. y has the columns of all outputs
 * side by side: as many as an output has units, or, if it is so for every CROSSENTROPY, one class
 * number. Accuracy is that of the first output that has one. While classes have weights, which only
 * a network of one output can have, the loss must know classes.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param output  its place among the outputs, from 0.
 * @param loss    which.
 * @param weight  finite, at least 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set_output_loss(vgrad_trainer *trainer, int32_t output,
                                                     vgrad_loss loss, double weight);

/**
 * Give classes weights in training: the loss and the gradient of a row are multiplied by that of
 * its class (and by its own, see vgrad_dataset_set_weights()); L stays the sum over rows divided by
 * their number, as in Keras. Accuracy and vgrad_trainer_evaluate() do not change.
 *
 * The class of a row is its class number, its largest share if y is one-hot, and whether y is above
 * 1/2 for a single unit with binary cross-entropy. Other losses know none, nor do networks of
 * several outputs (VGRAD_E_STATE).
 *
 * @param trainer the trainer, outside its callbacks.
 * @param weights `count` of them, finite, at least 0, not all 0; copied. NULL: all alike.
 * @param count   as many as there are classes; not looked at if `weights` is NULL.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set_class_weights(vgrad_trainer *trainer,
                                                       const double *weights, int64_t count);

/**
 * Choose the seed of the order of rows. Default: the network's.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param seed    any number.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set_seed(vgrad_trainer *trainer, uint64_t seed);

/**
 * Evaluate on these rows after each epoch, before VGRAD_EPOCH_END.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param data    NULL: none (the default).
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE.
 * @par Lifetime
 * Kept alive until another is set or the trainer goes.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set_validation(vgrad_trainer *trainer, vgrad_dataset *data);

/** @name Events: the same ones whether fit or a loop of your own makes the calls.
 * @{ */

/**
 * Kinds of events, as bits. The order of a step: BATCH_BEGIN, forward, FORWARD_DONE, loss,
 * backward, GRADIENTS_READY, update, BATCH_END. A loop that does not call vgrad_trainer_next() has
 * no epochs: the first four do not occur in it.
 *
 * With VGRAD_TRAINER_ACCUMULATE, each batch of a group has BATCH_BEGIN and FORWARD_DONE; then the
 * group has one GRADIENTS_READY, where the gradients are the group's mean, and one BATCH_END. z, a,
 * delta and dL/da are then those of the last batch. So a probe sees one step for each group. Only
 * where a stream that does not know its rows ends with a full batch, next() finds out that a group
 * was the epoch's last: it makes that update, with these two events.
 * @since 0.1
 */
typedef enum vgrad_event_kind {
    VGRAD_TRAIN_BEGIN = 1,   /**< Before the first batch of a fit, and after one that has ended. */
    VGRAD_TRAIN_END = 2,     /**< The run is over: done, stopped or failed. */
    VGRAD_EPOCH_BEGIN = 4,   /**< Before the first batch of an epoch. */
    VGRAD_EPOCH_END = 8,     /**< Loss and accuracy of the epoch; epoch gradients, if kept. */
    VGRAD_BATCH_BEGIN = 16,  /**< A batch is there. */
    VGRAD_FORWARD_DONE = 32, /**< z and a are there, if kept. */
    VGRAD_GRADIENTS_READY = 64, /**< All gradients are complete; before clipping and the update. */
    VGRAD_BATCH_END = 128,      /**< After an update; gradients are still there. */
    VGRAD_FINDING_CHANGED = 512 /**< Before BATCH_END: a probe's finding was raised, changed or
                                     cleared: `finding`. */
} vgrad_event_kind;

/**
 * What an event tells. Loss and accuracy of an epoch are means over its batches, each as it was
 * before its own update: vgrad_trainer_evaluate() gives those of the weights as they are. Filled by
 * the library; it grows at its end, so read `struct_size` before reading a field that is newer than
 * the oldest library you want to work with.
 * @since 0.1
 */
typedef struct vgrad_event {
    size_t struct_size;                  /**< Bytes that the library filled. */
    vgrad_trainer *trainer;              /**< Whose event it is. */
    const vgrad_network *network;        /**< Where vgrad_network_tensor() finds every tensor. */
    const struct vgrad_finding *finding; /**< FINDING_CHANGED: which; else NULL. */
    int64_t kind;                        /**< One bit of vgrad_event_kind. */
    int64_t flags;                       /**< Reserved, 0. */
    int64_t epoch;                       /**< From 0. */
    int64_t epochs;                      /**< In all; -1: no bound, or no vgrad_trainer_next(). */
    int64_t batch;                       /**< From 0 in its epoch; of a group's batches the last. */
    int64_t batches;                     /**< Of an epoch; -1: not known. */
    int64_t step;                        /**< Updates made so far. */
    int64_t samples;        /**< Rows of this batch, from GRADIENTS_READY on of its group;
                                 of the epoch so far at EPOCH_END. */
    double loss;            /**< Mean over the same rows; NaN before it is known. */
    double accuracy;        /**< Likewise, in [0, 1]; NaN for losses that are no cross-entropy. */
    double validation_loss; /**< Of the last validation; NaN until known. */
    double validation_accuracy; /**< Of the last validation; NaN until known. */
    double learning_rate;       /**< BATCH_END: of the update; else of the one to come. */
    double gradient_norm;       /**< L2 over the gradients of all that is trained, before edits and
                                     clipping: GRADIENTS_READY and BATCH_END; else NaN. */
    double clipped_norm;        /**< The same after edits and clipping: BATCH_END; else NaN. */
} vgrad_event;

/**
 * Your function for events: 0 go on; above 0 stop (the call returns VGRAD_STOPPED); below 0 fail
 * (VGRAD_E_CALLBACK). At VGRAD_GRADIENTS_READY both leave the weights as they were. A stop is made
 * when all callbacks have heard of the event; those added after one that fails do not hear of it.
 *
 * `event` is valid during the call. It may read everything, set options of the optimizer, call
 * vgrad_trainer_edit(), vgrad_trainer_skip_update(), vgrad_trainer_request_stop(), and, except at
 * VGRAD_FORWARD_DONE, predict and evaluate. It must not train, throw, or longjmp.
 */
typedef int32_t (*vgrad_callback)(const vgrad_event *event, void *user);

/**
 * Add a callback: any number, called in order of adding.
 *
 * @param trainer  the trainer, outside its callbacks.
 * @param events   a sum of vgrad_event_kind bits.
 * @param every    the first of each kind, then every k-th of it; at least 1.
 * @param callback your function.
 * @param user     handed to it.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @par Lifetime
 * `callback` and `user` must work until the trainer is gone.
 * @thread_handle Called on the thread that called into the trainer.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_on(vgrad_trainer *trainer, uint32_t events, int64_t every,
                                        vgrad_callback callback, void *user);

/**
 * Skip this step's update: the weights stay, vgrad_trainer_step() returns VGRAD_SKIPPED, the number
 * of steps does not grow. Moving statistics have moved already, in the forward pass. At
 * VGRAD_GRADIENTS_READY, or in your own loop after the backward of the update's last batch.
 *
 * @param trainer the trainer.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (no gradients wait for an update).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_skip_update(vgrad_trainer *trainer);

/**
 * The way to write to a tensor: a parameter's gradient at VGRAD_GRADIENTS_READY (in your own loop:
 * between backward and step of the update's last batch), a parameter at VGRAD_BATCH_END (after step
 * and before forward).
 *
 * @param trainer   the trainer.
 * @param tensor    a view of its network's, or a copy of one.
 * @param[out] data where to write, row-major without gaps, in the network's dtype; NULL on failure.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_STATE (outside its window);
 *         VGRAD_E_NOT_FOUND (no tensor of this network).
 * @par Lifetime
 * Until the window closes: the callback returns, or the next call on the trainer.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_edit(vgrad_trainer *trainer, const vgrad_tensor *tensor,
                                          void **data);

/**
 * End the run after the step in progress, with all batches of its group: vgrad_trainer_next() then
 * returns VGRAD_STOPPED, once. Asked for before a run, it is that run's first next(); what is left
 * of it when a run ends is forgotten.
 *
 * @param trainer NULL: nothing happens.
 * @par Threading
 * From any thread, and from a signal handler, as long as the trainer lives.
 * @since 0.1
 */
VGRAD_API void vgrad_trainer_request_stop(vgrad_trainer *trainer);

/**
 * Ready-made: a line for each epoch, such as
 * `Epoch 7/100  32/32 [====================] 0.1s  loss 0.6412  accuracy 0.684`,
 * rewritten in place (with a carriage return) while the epoch runs, ten times a second at most;
 * with the loss and accuracy of the validation, if there is one, and also for an epoch within which
 * the run ends. A second call replaces the first one's `write` and `user`.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param write   where the text goes.
 * @param user    handed to it.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @par Lifetime
 * `write` and `user` must work until the trainer is gone.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_progress(vgrad_trainer *trainer, vgrad_write write,
                                              void *user);

/**
 * Ready-made: ends the run (VGRAD_STOPPED) after `patience` epochs in a row that did not improve
 * the loss: that of the validation, or of the epoch where there is no
 * vgrad_trainer_set_validation().
 *
 * At each VGRAD_EPOCH_END, as in Keras's EarlyStopping:
 *
 *     wait = wait + 1
 *     if (loss < best - min_delta) { best = loss; wait = 0; }
 *     else if (wait >= patience and epoch > 0) end the run
 *
 * So 0 and 1 are the same patience, the run's epoch 0 never ends it, and a loss of NaN is no
 * improvement. Keras's defaults: patience 0, min_delta 0, restore_best 0.
 *
 * With `restore_best` the weights of the best epoch and its moving statistics are put back when it
 * ends the run, and as in Keras 3 at VGRAD_TRAIN_END of a run that is done; a run that fails or is
 * stopped by something else keeps its own. If no epoch improves, the first one is the best. The
 * optimizer's state stays as it is, and dropout's masks go on.
 *
 * Each run begins anew, with best infinite: from VGRAD_TRAIN_BEGIN to VGRAD_TRAIN_END, so a fit for
 * each epoch is a run for each. A second call replaces the first one, and begins anew. Callbacks
 * that were added later see the best weights already at the VGRAD_EPOCH_END that ends the run.
 *
 * @param trainer      the trainer, outside its callbacks.
 * @param patience     at least 0.
 * @param min_delta    finite, at least 0.
 * @param restore_best not 0: put the best weights back; takes memory for a copy, here and now.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_early_stopping(vgrad_trainer *trainer, int64_t patience,
                                                    double min_delta, int32_t restore_best);

/**
 * The best epoch, as vgrad_trainer_early_stopping() counts, of the run in progress or the last one.
 * The context's log says it too, counting from 1, when a run is ended (VGRAD_LOG_INFO).
 *
 * @param trainer the trainer.
 * @return from 0; -1 if no epoch of that run has ended, without early stopping, or if `trainer` is
 *         NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_trainer_best_epoch(const vgrad_trainer *trainer);

/**
 * Ready-made: multiplies the optimizer's learning rate by `factor` after `patience` epochs in a row
 * that did not improve the loss, which is that of vgrad_trainer_early_stopping().
 *
 * At each VGRAD_EPOCH_END, as in Keras's ReduceLROnPlateau:
 *
 *     if (cooling > 0) cooling = cooling - 1;
 *     if (loss < best - min_delta) { best = loss; wait = 0; }
 *     else if (cooling == 0) {
 *         wait = wait + 1;
 *         if (wait >= patience and rate > min_rate) {
 *             rate = max(rate * factor, min_rate); cooling = cooldown; wait = 0;
 *         }
 *     }
 *
 * Keras's defaults: factor 0.1, patience 10, min_delta 1e-4, cooldown 0, min_rate 0. The rate is
 * the one that was set (VGRAD_OPTIMIZER_LEARNING_RATE): where a schedule makes others of it, they
 * scale with it. Each run begins anew, with best infinite and the rate as it is; so does a second
 * call, which replaces the first one. The context's log tells of each new rate (VGRAD_LOG_INFO).
 *
 * @param trainer   the trainer, outside its callbacks.
 * @param factor    between 0 and 1, neither of them.
 * @param patience  at least 0, which is as 1.
 * @param min_delta finite, at least 0.
 * @param cooldown  epochs that are let pass after a reduction, at least 0.
 * @param min_rate  finite, at least 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_reduce_on_plateau(vgrad_trainer *trainer, double factor,
                                                       int64_t patience, double min_delta,
                                                       int64_t cooldown, double min_rate);

/**
 * Ready-made: a line at the end of an epoch, such as `epoch 7: learning rate 0.00025`, for a run's
 * first epoch and for each one whose rate is another than that of the line before. The rate is that
 * of the epoch's last update; epochs count from 1, as in the progress line. A second call replaces
 * the first one's `write` and `user`.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param write   where the text goes.
 * @param user    handed to it.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_MEMORY.
 * @par Lifetime
 * `write` and `user` must work until the trainer is gone.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_log_rate(vgrad_trainer *trainer, vgrad_write write,
                                              void *user);

/** @}
 * @name Training
 *
 * `fit(run, data, epochs)` is exactly
 *
 *     while ((st = next(run, data, epochs, &x, &y)) == VGRAD_OK) {
 *         forward(run, x); loss(run, y, NULL); backward(run); step(run);
 *     }
 *
 * A step that failed or was stopped stays so: its later calls do nothing and return the same
 * status; next() delivers it once more and clears it; so do the forward() of another step, and fit.
 * So one check, of st after the loop, is enough; in a loop without next(), check step(). A call out
 * of turn (VGRAD_E_STATE) is such a failure too. The batch of a failed or stopped step is given
 * again by the next() after that, unless its update was made. What one call does not list among its
 * statuses is trouble of an earlier one.
 * @{ */

/**
 * Train until `epochs` epochs are over, counted from the run's beginning: a second fit with the
 * same number trains nothing (but fires TRAIN_BEGIN and TRAIN_END), one with a larger one goes on.
 * VGRAD_TRAINER_MAX_STEPS may end the run before.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param data    x as wide as the input; y as the loss wants it.
 * @param epochs  at least 0; -1: as many as VGRAD_TRAINER_MAX_STEPS, which must be set, needs.
 * @return VGRAD_OK when they are over; VGRAD_STOPPED; VGRAD_E_INVALID (also: a batch size above the
 *         number of rows; a label out of range); VGRAD_E_SHAPE; VGRAD_E_STATE; VGRAD_E_CALLBACK
 * (also: a stream's); VGRAD_E_NUMBER; VGRAD_E_MEMORY; VGRAD_E_IO (also: a stream that ended too
 *         early). Whatever it is, the weights are those of the last completed step.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_fit(vgrad_trainer *trainer, vgrad_dataset *data,
                                         int64_t epochs);

/**
 * Loss and accuracy over all rows, without training.
 *
 * @param trainer       the trainer; in callbacks too, but not at VGRAD_FORWARD_DONE.
 * @param data          as for fit.
 * @param[out] loss     mean over the rows; NULL: not wanted; untouched on failure.
 * @param[out] accuracy see vgrad_event; NULL: not wanted; untouched on failure.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE, VGRAD_E_MEMORY, VGRAD_E_CALLBACK
 *         or VGRAD_E_IO (a stream's).
 * @par Lifetime
 * A pass of its own: views of z, a, delta and dL/da of the pass before end here, and a forward of
 * training that waits for its backward is lost (complete gradients are not).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_evaluate(vgrad_trainer *trainer, vgrad_dataset *data,
                                              double *loss, double *accuracy);

/**
 * The next batch, in the network's dtype: at the end of an epoch fires its event and begins the
 * next. A step not brought to its end is given up. Within an epoch the data and the batch size must
 * stay (else VGRAD_E_STATE): see vgrad_trainer_abandon_epoch().
 *
 * @param trainer the trainer, outside its callbacks.
 * @param data    as for fit; the same set throughout an epoch.
 * @param epochs  as for fit.
 * @param[out] x  shape (rows, inputs); NULL unless VGRAD_OK.
 * @param[out] y  shape (rows, y width); NULL unless VGRAD_OK; may itself be NULL: not wanted.
 * @return VGRAD_OK; VGRAD_DONE after the last; VGRAD_STOPPED, or a failure, also of the step
 * before.
 * @par Lifetime
 * The batch: until the next call of next().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_next(vgrad_trainer *trainer, vgrad_dataset *data,
                                          int64_t epochs, const vgrad_tensor **x,
                                          const vgrad_tensor **y);

/**
 * Give up the epoch in progress, which a run bounded in steps, stopped or failed may have left: the
 * next batch begins it again from its first row, with other data if you like. VGRAD_EPOCH_END is
 * not fired.
 *
 * @param trainer the trainer, outside its callbacks.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_abandon_epoch(vgrad_trainer *trainer);

/**
 * Run the network on a batch, for training.
 *
 * @param trainer the trainer, outside its callbacks.
 * @param x       shape (rows, inputs), any strides and dtype: from next() or of your own.
 * @return VGRAD_OK, VGRAD_STOPPED, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE, VGRAD_E_MEMORY,
 *         VGRAD_E_CALLBACK.
 * @par Lifetime
 * `x` must stay as it is until backward() returns.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_forward(vgrad_trainer *trainer, const vgrad_tensor *x);

/**
 * The loss of the batch that went forward, and with it the gradient of the output.
 *
 * @param trainer   the trainer, outside its callbacks.
 * @param y         shape (rows, width), any strides and dtype.
 * @param[out] loss the mean over its rows; NULL: not wanted; NaN on failure.
 * @return VGRAD_OK, VGRAD_E_INVALID (a label out of range), VGRAD_E_SHAPE, VGRAD_E_STATE (no
 *         forward), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_loss(vgrad_trainer *trainer, const vgrad_tensor *y,
                                          double *loss);

/**
 * As vgrad_trainer_loss(), with a weight for each row: L is the sum of weight times loss divided by
 * the number of rows. Weights that came with the data (vgrad_dataset_set_weights()) are taken by
 * vgrad_trainer_loss() itself.
 *
 * @param trainer   the trainer, outside its callbacks.
 * @param y         as for vgrad_trainer_loss().
 * @param weights   one for each row, finite, at least 0, not all 0.
 * @param[out] loss NULL: not wanted; NaN on failure.
 * @return as vgrad_trainer_loss().
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_loss_weighted(vgrad_trainer *trainer, const vgrad_tensor *y,
                                                   const double *weights, double *loss);

/**
 * In the place of vgrad_trainer_loss(), for a loss of your own: what it is, and its gradient by the
 * output's activation.
 *
 * @param trainer  the trainer, outside its callbacks.
 * @param loss     shown in events and sums; NaN and Inf end the run with VGRAD_TRAINER_STOP_ON_NAN.
 * @param gradient dL/da of the last layer, shape (rows, outputs), any strides and dtype.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_SHAPE, VGRAD_E_STATE (no forward).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_set_loss_gradient(vgrad_trainer *trainer, double loss,
                                                       const vgrad_tensor *gradient);

/**
 * Compute every layer's gradient; it replaces the one before. Fires VGRAD_GRADIENTS_READY; but
 * until the last batch of a group (VGRAD_TRAINER_ACCUMULATE) it is the gradient of this batch
 * alone, and nothing is fired.
 *
 * @param trainer the trainer, outside its callbacks.
 * @return VGRAD_OK, VGRAD_STOPPED, VGRAD_E_INVALID, VGRAD_E_STATE (no loss), VGRAD_E_NUMBER,
 *         VGRAD_E_CALLBACK.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_backward(vgrad_trainer *trainer);

/**
 * Update the parameters. Fires VGRAD_BATCH_END. Until the last batch of a group: keep its gradients
 * for the group's mean, fire nothing, and return VGRAD_ACCUMULATED.
 *
 * @param trainer the trainer, outside its callbacks.
 * @return VGRAD_OK, VGRAD_ACCUMULATED, VGRAD_SKIPPED, VGRAD_STOPPED, VGRAD_E_INVALID, VGRAD_E_STATE
 *         (no gradients), VGRAD_E_CALLBACK or, of the progress line, VGRAD_E_IO (the update is
 *         made; but not where the optimizer's schedule gave no rate: VGRAD_E_CALLBACK).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_step(vgrad_trainer *trainer);

/**
 * The epoch of the batch that next() gave last.
 *
 * @param trainer the trainer.
 * @return from 0; -1 if `trainer` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_trainer_epoch(const vgrad_trainer *trainer);

/**
 * The place in its epoch of the batch that next() gave last.
 *
 * @param trainer the trainer.
 * @return from 0; -1 if `trainer` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_trainer_batch(const vgrad_trainer *trainer);

/**
 * How many batches the epoch has of the batch that next() gave last.
 *
 * @param trainer the trainer.
 * @return at least 1; -1 before the first next(), for a stream that does not know its rows, or if
 *         `trainer` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_trainer_batches(const vgrad_trainer *trainer);

/**
 * Updates made so far.
 *
 * @param trainer the trainer.
 * @return from 0; -1 if `trainer` is NULL.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API int64_t vgrad_trainer_steps(const vgrad_trainer *trainer);

/** @} */

VGRAD_DECLARATIONS_END

#endif
