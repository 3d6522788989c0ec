/**
 * @file optimizer.h
 * @brief All that lies between a gradient and a changed weight.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_OPTIMIZER_H
#define VGRAD_OPTIMIZER_H

#include <vgrad/network.h>

VGRAD_DECLARATIONS_BEGIN

/** An update rule with its state for one network, which it serves for good. @since 0.1 */
typedef struct vgrad_optimizer vgrad_optimizer;

/**
 * The rules; r is the learning rate, g the gradient, u the update (w becomes w + u).
 * Defaults are those of Keras.
 * @since 0.1
 */
typedef enum vgrad_optimizer_kind {
    /**
     * v = momentum v - r g; u = v; with NESTEROV u = momentum v - r g (Sutskever et al. 2013).
     * Options: MOMENTUM 0, NESTEROV 0. While MOMENTUM is 0, v is 0.
     */
    VGRAD_SGD = 1,
    /**
     * s = rho s + (1 - rho) g^2; h = g / (sqrt(s) + e), or g / sqrt(s + e) with EPSILON_INSIDE;
     * v = momentum v - r h; u = v (Tieleman and Hinton 2012).
     * While MOMENTUM is 0, v is 0. Options: RHO 0.9, MOMENTUM 0, EPSILON 1e-7, EPSILON_INSIDE 0.
     * Keras before 2.11 and PyTorch have it outside the root, later Keras inside.
     */
    VGRAD_RMSPROP = 2,
    /**
     * m = b1 m + (1 - b1) g; s = b2 s + (1 - b2) g^2; at update t = 1, 2, ...
     * u = -r sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(s) + e) with EPSILON_HAT, as TensorFlow;
     * u = -r m' / (sqrt(s') + e), m' = m / (1 - b1^t), s' = s / (1 - b2^t) without, as Algorithm 1
     * of Kingma and Ba (2015) and PyTorch.
     * Options: BETA1 0.9, BETA2 0.999, EPSILON 1e-7, EPSILON_HAT 1.
     */
    VGRAD_ADAM = 3,
    /**
     * Adam whose weights decay beside it, WEIGHT_DECAY decoupled (Loshchilov and Hutter 2019):
     * w = w - r decay w, then w = w + u with Adam's u. Options: Adam's, WEIGHT_DECAY 0.004.
     * PyTorch's: EPSILON_HAT 0, EPSILON 1e-8, WEIGHT_DECAY 0.01, DECAY_BIASES 1.
     */
    VGRAD_ADAMW = 4,
    /**
     * Adam with Nesterov's momentum (Dozat 2016): m and s as Adam's; with the momentum's schedule
     * b(t) = b1 (1 - 0.96^(d t) / 2) and P(t) = b(1) b(2) ... b(t),
     * u = -r m' / (sqrt(s / (1 - b2^t)) + e),
     * m' = b(t + 1) m / (1 - P(t + 1)) + (1 - b(t)) g / (1 - P(t)).
     * Options: BETA1 0.9, BETA2 0.999, EPSILON 1e-7, MOMENTUM_DECAY (d) 0.004.
     * That d is Dozat's, PyTorch's, and Keras's before 2.11; later Keras has 1.
     */
    VGRAD_NADAM = 5,
    /**
     * s = s + g^2; u = -r g / (sqrt(a + s) + e), or -r g / sqrt(a + s + e) with EPSILON_INSIDE
     * (Duchi et al. 2011). Options: INITIAL_ACCUMULATOR (a) 0.1, EPSILON 1e-7, EPSILON_INSIDE 0.
     * PyTorch has a = 0 and e = 1e-10. Keras before 2.11 and PyTorch have e outside the root, later
     * Keras inside.
     */
    VGRAD_ADAGRAD = 6
} vgrad_optimizer_kind;

/**
 * Make an optimizer with its state at zero.
 *
 * @param[out] out      the new optimizer; NULL on failure.
 * @param network       built; its context is inherited.
 * @param kind          the rule.
 * @param learning_rate finite, at least 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (not built), VGRAD_E_MEMORY.
 * @par Lifetime
 * Its trainers keep it alive, and it its network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_create(vgrad_optimizer **out, vgrad_network *network,
                                              vgrad_optimizer_kind kind, double learning_rate);

/**
 * Give an optimizer up.
 *
 * @param optimizer NULL is fine; also inside a callback.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_optimizer_destroy(vgrad_optimizer *optimizer);

/**
 * What can be set of an optimizer: which rule has which, see vgrad_optimizer_kind; the rate and
 * what concerns decay and clipping is for every rule.
 *
 * Weight decay d, decoupled: w = w - r d w beside the rule, which sees nothing of it, as Keras on
 * any optimizer. With d = lambda / n that is Nielsen's factor 1 - eta lambda / n. Coupled: the rule
 * sees g + d w, as with PyTorch's weight_decay; this is added after clipping. For SGD without
 * momentum both are the same. Biases do not decay unless DECAY_BIASES is 1 (in PyTorch and Keras
 * they do, unless they are left out one by one). The update that is reported holds the decay.
 *
 * Clipping, one of three ways at a time (a second is refused): gradients whose norm n is above c
 * are taken times min(1, c / (n + CLIP_EPSILON)), n being the L2 norm over all that is trained
 * (GLOBAL_NORM), or over all parameters of each layer (LAYER_NORM; Keras's clipnorm is over each
 * of them alone); or each element is held within [-c, c] (VALUE). It comes after
 * VGRAD_GRADIENTS_READY and its edits. It changes what the rule takes, not the gradients that are
 * read: those stay the true ones, at VGRAD_BATCH_END too; vgrad_event.clipped_norm tells what was
 * left. A norm that is NaN or Inf clips nothing: gradients go on as they are, and
 * VGRAD_TRAINER_STOP_ON_NAN is the way to stop (PyTorch makes every gradient NaN). By value, NaN
 * stays NaN and Inf becomes c.
 * @since 0.1
 */
typedef enum vgrad_optimizer_option {
    /** At least 0. Set: the base of the schedule. Read: the rate of the next update. */
    VGRAD_OPTIMIZER_LEARNING_RATE = 1,
    VGRAD_OPTIMIZER_MOMENTUM = 2,          /**< In [0, 1). */
    VGRAD_OPTIMIZER_NESTEROV = 3,          /**< 0 or 1. */
    VGRAD_OPTIMIZER_RHO = 4,               /**< In [0, 1). */
    VGRAD_OPTIMIZER_BETA1 = 5,             /**< In [0, 1). */
    VGRAD_OPTIMIZER_BETA2 = 6,             /**< In [0, 1). */
    VGRAD_OPTIMIZER_EPSILON = 7,           /**< At least 2^-126. */
    VGRAD_OPTIMIZER_EPSILON_INSIDE = 8,    /**< 0 or 1: inside the root of RMSprop or Adagrad. */
    VGRAD_OPTIMIZER_WEIGHT_DECAY = 9,      /**< 0 (AdamW: 0.004). At least 0: d. */
    VGRAD_OPTIMIZER_DECAY_COUPLED = 10,    /**< 0. 0 or 1: as a part of the gradient. */
    VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM = 11, /**< 0. At least 0: c; 0: off. */
    VGRAD_OPTIMIZER_CLIP_LAYER_NORM = 12,  /**< 0. At least 0: c; 0: off. */
    VGRAD_OPTIMIZER_CLIP_VALUE = 13,       /**< 0. At least 0: c; 0: off. */
    VGRAD_OPTIMIZER_EPSILON_HAT = 14,      /**< 0 or 1: Adam's epsilon is the epsilon-hat. */
    VGRAD_OPTIMIZER_CLIP_EPSILON = 15,     /**< 0. At least 0: added to the norm (PyTorch: 1e-6). */
    VGRAD_OPTIMIZER_DECAY_BIASES = 16, /**< 0. 0 or 1: all parameters decay, not kernels alone. */
    VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR = 17, /**< At least 0: Adagrad's a. */
    VGRAD_OPTIMIZER_MOMENTUM_DECAY = 18       /**< At least 0: Nadam's d. */
} vgrad_optimizer_option;

/**
 * Set an option: at any time, in callbacks too; the next update uses it.
 *
 * @param optimizer the optimizer.
 * @param option    one that its rule has.
 * @param value     see vgrad_optimizer_option.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_set(vgrad_optimizer *optimizer,
                                           vgrad_optimizer_option option, double value);

/**
 * Read an option.
 *
 * @param optimizer the optimizer.
 * @param option    one that its rule has.
 * @return its value; NaN on failure (also: of a schedule of your own).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_optimizer_get(const vgrad_optimizer *optimizer,
                                     vgrad_optimizer_option option);

/** @name Schedules
 *
 * The learning rate of the optimizer's update t = 0, 1, ... is a function of t, of the base rate r
 * (the one that was given or set last), and of nothing else: a run that is taken up again goes on
 * where it was. An optimizer has one schedule; setting another replaces it, at any time, callbacks
 * included.
 *
 * Before each of the ready-made ones there may be a warm-up (Goyal et al. 2017): update t of the
 * first `warmup` takes r (t + 1) / warmup, so the last of them takes r. After it the schedule
 * begins: s = t - warmup.
 *
 * Where a schedule is set, VGRAD_OPTIMIZER_LEARNING_RATE reads as the rate of the next update, and
 * vgrad_event.learning_rate at VGRAD_BATCH_END is the one that the update took.
 * @{ */

/**
 * The base rate itself: r. With no warm-up, what an optimizer has from the start.
 *
 * @param optimizer the optimizer.
 * @param warmup    updates, at least 0.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_schedule_constant(vgrad_optimizer *optimizer,
                                                         int64_t warmup);

/**
 * Down a stair: r factor^floor(s / every).
 *
 * @param optimizer the optimizer.
 * @param warmup    updates, at least 0.
 * @param every     updates of one step, at least 1.
 * @param factor    above 0, at most 1.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_schedule_step(vgrad_optimizer *optimizer, int64_t warmup,
                                                     int64_t every, double factor);

/**
 * Down a slope: r factor^(s / every), as Keras's ExponentialDecay with decay_steps `every`.
 *
 * @param optimizer the optimizer.
 * @param warmup    updates, at least 0.
 * @param every     updates after which the rate is `factor` times what it was, at least 1.
 * @param factor    above 0, at most 1.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_schedule_exponential(vgrad_optimizer *optimizer,
                                                            int64_t warmup, int64_t every,
                                                            double factor);

/**
 * Half a cosine down to a floor (Loshchilov and Hutter 2017, without restarts):
 * f + (r - f) (1 + cos(pi s / (total - warmup))) / 2, and f from update `total` on.
 *
 * @param optimizer  the optimizer.
 * @param warmup     updates, at least 0.
 * @param total      updates until the floor, those of the warm-up included: above `warmup`.
 * @param final_rate f, finite, at least 0. One above the optimizer's rate is gone up to.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_schedule_cosine(vgrad_optimizer *optimizer, int64_t warmup,
                                                       int64_t total, double final_rate);

/**
 * A schedule of your own: the rate of update `step` (from 0), finite and at least 0. It is asked
 * whenever the rate is needed or read, so it must depend on nothing but what it is given, and must
 * not call into the optimizer, its network or their trainers.
 */
typedef double (*vgrad_schedule)(int64_t step, double base_rate, void *user);

/**
 * Let a function of your own decide. An update for which it returns NaN, Inf or a number below 0 is
 * not made: vgrad_trainer_step() returns VGRAD_E_CALLBACK; the rate then reads as NaN.
 *
 * @param optimizer the optimizer.
 * @param schedule  your function.
 * @param user      handed to it.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @par Lifetime
 * `schedule` and `user` must work until another is set or the optimizer is gone.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_optimizer_schedule_user(vgrad_optimizer *optimizer,
                                                     vgrad_schedule schedule, void *user);

/** @} */

VGRAD_DECLARATIONS_END

#endif
