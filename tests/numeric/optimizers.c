/* Whole optimizers over many steps against plain loops that share nothing with the library. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* input (3), dense (2), dense (2), both linear; their parameters in this order. */
enum { INPUTS = 3, UNITS = 2, LAYERS = 2, PARAMETERS = 2 * LAYERS, WEIGHTS = 14, STEPS = 60 };

static const struct {
    int layer; /* from 1 */
    bool bias;
    int first, count; /* of the weights */
} parameters[PARAMETERS] = {
    { 1, false, 0, 6 }, { 1, true, 6, 2 }, { 2, false, 8, 4 }, { 2, true, 12, 2 }
};

/* One weight: its own number, m (momentum or first moment), s (second). */
typedef struct weight {
    double w, m, s;
    int layer;
    bool bias;
} weight;

/* What the rule makes of g at update t = 1, 2, ... */
typedef void rule(weight *w, double g, int t);

typedef struct option {
    vgrad_optimizer_option option;
    double value;
} option;

static double made_up_gradient(int t, int i)
{
    return sin(1.7 * t + 0.9 * i) * (1 + i % 5) + 0.1 * i;
}

/* ---- the library's side ---- */

static const vgrad_tensor *tensor(const vgrad_network *network, int parameter, int face)
{
    return vgrad_layer_tensor(dense_layer(network, parameters[parameter].layer),
                              (vgrad_role)(face + parameters[parameter].bias));
}

/* Puts made-up gradients in place of the true ones. */
static int32_t replace_gradients(const vgrad_event *event, void *user)
{
    (void)user;
    for (int p = 0; p < PARAMETERS; p++) {
        void *data;
        assert_ok(vgrad_trainer_edit(event->trainer, tensor(event->network, p, 256), &data));
        for (int i = 0; i < parameters[p].count; i++)
            ((double *)data)[i] = made_up_gradient((int)event->step + 1, parameters[p].first + i);
    }
    return 0;
}

static rig make(vgrad_optimizer_kind kind, double rate, const option *options)
{
    chain c = { .dtype = VGRAD_FLOAT64, .seed = 4, .inputs = INPUTS, .count = LAYERS };
    c.units[0] = c.units[1] = UNITS;
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, kind, rate);
    for (; options->option; options++)
        assert_ok(vgrad_optimizer_set(r.optimizer, options->option, options->value));
    assert_ok(vgrad_network_keep(r.network, VGRAD_KEEP_UPDATE));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY, 1, replace_gradients, NULL));
    return r;
}

static void step(rig *r)
{
    static const double x[INPUTS] = { 1, 2, 3 }, y[UNITS] = { 0 };
    rig_gradients(r, x, INPUTS, y, UNITS, 1);
    assert_ok(vgrad_trainer_step(r->trainer));
}

/* All of a face, as one array. */
static void read_all(const vgrad_network *network, int face, double *values)
{
    for (int p = 0; p < PARAMETERS; p++)
        assert_ok(vgrad_tensor_copy(tensor(network, p, face), values + parameters[p].first,
                                    VGRAD_FLOAT64, parameters[p].count));
}

/* ---- the two side by side ---- */

static void begin(const rig *r, weight *weights)
{
    double w[WEIGHTS];
    read_all(r->network, 0, w);
    for (int p = 0; p < PARAMETERS; p++)
        for (int i = parameters[p].first; i < parameters[p].first + parameters[p].count; i++)
            weights[i] =
                (weight){ .w = w[i], .layer = parameters[p].layer, .bias = parameters[p].bias };
}

static void assert_close(double got, double want, const char *what, int t, int i)
{
    ck_assert_msg(fabs(got - want) <= 1e-12 * fmax(fabs(want), 0.01),
                  "step %d, %s %d: %.17g instead of %.17g", t, what, i, got, want);
}

static void compare(rig *r, rule *apply)
{
    weight weights[WEIGHTS];
    begin(r, weights);
    for (int t = 1; t <= STEPS; t++) {
        double got[WEIGHTS], updates[WEIGHTS];
        step(r);
        read_all(r->network, 0, got);
        read_all(r->network, 512, updates);
        for (int i = 0; i < WEIGHTS; i++) {
            double before = weights[i].w;
            apply(&weights[i], made_up_gradient(t, i), t);
            assert_close(got[i], weights[i].w, "weight", t, i);
            assert_close(updates[i], weights[i].w - before, "update", t, i);
        }
    }
    rig_destroy(r);
}

static void compare_rule(vgrad_optimizer_kind kind, double rate, const option *options, rule *apply)
{
    rig r = make(kind, rate, options);
    compare(&r, apply);
}

#define OPTIONS(...) ((const option[]){ __VA_ARGS__, { 0, 0 } })
#define NO_OPTIONS   ((const option[]){ { 0, 0 } })

/* ---- rules ---- */

/* Dozat (2016), as PyTorch writes it: the two parts one after the other. */
static void nadam_with(weight *w, double g, int t, double beta1, double beta2, double epsilon,
                       double decay, double rate)
{
    double product = 1;
    for (int i = 1; i <= t; i++)
        product *= beta1 * (1 - 0.5 * pow(0.96, i * decay));
    double now = beta1 * (1 - 0.5 * pow(0.96, t * decay));
    double next = beta1 * (1 - 0.5 * pow(0.96, (t + 1) * decay));
    w->m = beta1 * w->m + (1 - beta1) * g;
    w->s = beta2 * w->s + (1 - beta2) * g * g;
    double under = sqrt(w->s / (1 - pow(beta2, t))) + epsilon;
    w->w -= rate * (1 - now) / (1 - product) * g / under;
    w->w -= rate * next / (1 - product * next) * w->m / under;
}

static void nadam(weight *w, double g, int t)
{
    nadam_with(w, g, t, 0.9, 0.999, 1e-7, 0.004, 0.02);
}

static void nadam_of_later_keras(weight *w, double g, int t)
{
    nadam_with(w, g, t, 0.85, 0.99, 1e-3, 1, 0.02);
}

START_TEST(nadam_follows_its_formula)
{
    compare_rule(VGRAD_NADAM, 0.02, NO_OPTIONS, nadam);
    compare_rule(VGRAD_NADAM, 0.02,
                 OPTIONS({ VGRAD_OPTIMIZER_BETA1, 0.85 }, { VGRAD_OPTIMIZER_BETA2, 0.99 },
                         { VGRAD_OPTIMIZER_EPSILON, 1e-3 }, { VGRAD_OPTIMIZER_MOMENTUM_DECAY, 1 }),
                 nadam_of_later_keras);
}
END_TEST

/* Duchi et al. (2011), with an accumulator that begins where it is told to. */
static void adagrad(weight *w, double g, int t)
{
    w->s = (t == 1 ? 0.1 : w->s) + g * g;
    w->w -= 0.05 * g / (sqrt(w->s) + 1e-7);
}

static void adagrad_of_pytorch(weight *w, double g, int t)
{
    (void)t;
    w->s += g * g;
    w->w -= 0.05 * g / (sqrt(w->s) + 1e-10);
}

static void adagrad_of_later_keras(weight *w, double g, int t)
{
    w->s = (t == 1 ? 0.3 : w->s) + g * g;
    w->w -= 0.05 * g / sqrt(w->s + 1e-3);
}

START_TEST(adagrad_follows_its_formulas)
{
    compare_rule(VGRAD_ADAGRAD, 0.05, NO_OPTIONS, adagrad);
    compare_rule(
        VGRAD_ADAGRAD, 0.05,
        OPTIONS({ VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR, 0 }, { VGRAD_OPTIMIZER_EPSILON, 1e-10 }),
        adagrad_of_pytorch);
    compare_rule(VGRAD_ADAGRAD, 0.05,
                 OPTIONS({ VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR, 0.3 },
                         { VGRAD_OPTIMIZER_EPSILON, 1e-3 }, { VGRAD_OPTIMIZER_EPSILON_INSIDE, 1 }),
                 adagrad_of_later_keras);
}
END_TEST

static void adamw_of_pytorch(weight *w, double g, int t)
{
    w->w *= 1 - 0.02 * 0.3;
    w->m = 0.85 * w->m + 0.15 * g;
    w->s = 0.99 * w->s + 0.01 * g * g;
    w->w -= 0.02 / (1 - pow(0.85, t)) * w->m / (sqrt(w->s) / sqrt(1 - pow(0.99, t)) + 1e-3);
}

/* Its defaults: epsilon-hat, and kernels alone decay. */
static void adamw_of_keras(weight *w, double g, int t)
{
    if (!w->bias)
        w->w -= w->w * 0.004 * 0.02;
    w->m += (g - w->m) * (1 - 0.9);
    w->s += (g * g - w->s) * (1 - 0.999);
    w->w -= 0.02 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) * w->m / (sqrt(w->s) + 1e-7);
}

START_TEST(adamw_follows_its_formulas)
{
    compare_rule(VGRAD_ADAMW, 0.02,
                 OPTIONS({ VGRAD_OPTIMIZER_BETA1, 0.85 }, { VGRAD_OPTIMIZER_BETA2, 0.99 },
                         { VGRAD_OPTIMIZER_EPSILON, 1e-3 }, { VGRAD_OPTIMIZER_EPSILON_HAT, 0 },
                         { VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.3 },
                         { VGRAD_OPTIMIZER_DECAY_BIASES, 1 }),
                 adamw_of_pytorch);
    compare_rule(VGRAD_ADAMW, 0.02, NO_OPTIONS, adamw_of_keras);
}
END_TEST

/* ---- decay and penalties ---- */

static void momentum_coupled(weight *w, double g, int t)
{
    (void)t;
    g += w->bias ? 0 : 0.3 * w->w;
    w->m = 0.9 * w->m - 0.01 * g;
    w->w += w->m;
}

static void momentum_coupled_all(weight *w, double g, int t)
{
    (void)t;
    w->m = 0.9 * w->m - 0.01 * (g + 0.3 * w->w);
    w->w += w->m;
}

/* Nielsen's equations (93) and (94): eta 0.05, lambda 6, n 20; biases as ever. */
static void nielsen(weight *w, double g, int t)
{
    (void)t;
    w->w = (w->bias ? 1 : 1 - 0.05 * 6 / 20) * w->w - 0.05 * g;
}

static void rmsprop_decoupled(weight *w, double g, int t)
{
    (void)t;
    w->w *= 1 - 0.01 * 0.3;
    w->s = 0.9 * w->s + 0.1 * g * g;
    w->w -= 0.01 * g / (sqrt(w->s) + 1e-7);
}

START_TEST(any_rule_can_decay)
{
    compare_rule(VGRAD_SGD, 0.01,
                 OPTIONS({ VGRAD_OPTIMIZER_MOMENTUM, 0.9 }, { VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.3 },
                         { VGRAD_OPTIMIZER_DECAY_COUPLED, 1 }),
                 momentum_coupled);
    compare_rule(VGRAD_SGD, 0.01,
                 OPTIONS({ VGRAD_OPTIMIZER_MOMENTUM, 0.9 }, { VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.3 },
                         { VGRAD_OPTIMIZER_DECAY_COUPLED, 1 }, { VGRAD_OPTIMIZER_DECAY_BIASES, 1 }),
                 momentum_coupled_all);
    compare_rule(VGRAD_SGD, 0.05, OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 6.0 / 20 }), nielsen);
    compare_rule(
        VGRAD_RMSPROP, 0.01,
        OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.3 }, { VGRAD_OPTIMIZER_DECAY_BIASES, 1 }),
        rmsprop_decoupled);
}
END_TEST

/* Keras's regularizers: the first layer has both, the second one L2; biases have none. */
static void penalized_with_decay(weight *w, double g, int t)
{
    (void)t;
    if (!w->bias && w->layer == 1)
        g += 0.2 * (w->w > 0 ? 1 : -1) + 2 * 0.3 * w->w;
    if (!w->bias && w->layer == 2)
        g += 2 * 0.4 * w->w;
    w->w -= w->bias ? 0 : 0.05 * 0.1 * w->w;
    w->w -= 0.05 * g;
}

static void penalized_coupled(weight *w, double g, int t)
{
    (void)t;
    if (!w->bias && w->layer == 1)
        g += 0.2 * (w->w > 0 ? 1 : -1) + 2 * 0.3 * w->w;
    if (!w->bias && w->layer == 2)
        g += 2 * 0.4 * w->w;
    w->w -= 0.05 * (g + 0.1 * w->w);
}

static void set_penalties(const rig *r)
{
    vgrad_layer *first = dense_layer(r->network, 1), *second = dense_layer(r->network, 2);
    assert_ok(vgrad_layer_set(first, VGRAD_LAYER_L1, 0.2));
    assert_ok(vgrad_layer_set(first, VGRAD_LAYER_L2, 0.3));
    assert_ok(vgrad_layer_set(second, VGRAD_LAYER_L2, 0.4));
}

START_TEST(penalties_are_a_layers_own)
{
    rig r = make(VGRAD_SGD, 0.05, OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.1 }));
    set_penalties(&r);
    compare(&r, penalized_with_decay);
    r = make(VGRAD_SGD, 0.05,
             OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.1 }, { VGRAD_OPTIMIZER_DECAY_COUPLED, 1 },
                     { VGRAD_OPTIMIZER_DECAY_BIASES, 1 }));
    set_penalties(&r);
    compare(&r, penalized_coupled);
}
END_TEST

/* network.h: at VGRAD_BATCH_END, until the next step's. */
static int32_t penalties_are_gone(const vgrad_event *event, void *user)
{
    (void)user;
    ck_assert_ptr_null(tensor(event->network, 0, 768));
    return 0;
}

/* tensor.h: what was taken beside the gradient, and 0 where nothing was. */
START_TEST(penalties_can_be_read)
{
    rig r = make(VGRAD_SGD, 0.05, OPTIONS({ VGRAD_OPTIMIZER_DECAY_BIASES, 1 }));
    double before[WEIGHTS], penalties[WEIGHTS];
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY, 1, penalties_are_gone, NULL));
    step(&r);
    ck_assert_ptr_null(tensor(r.network, 0, 768));
    assert_error_names("not kept");
    assert_ok(vgrad_network_keep(r.network, VGRAD_KEEP_PENALTY));
    ck_assert_ptr_null(tensor(r.network, 0, 768));
    ck_assert_ptr_nonnull(tensor(r.network, 0, 512)); /* kept all along */
    for (int way = 0; way < 6; way++) {
        if (way == 1)
            set_penalties(&r);
        assert_ok(
            vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, way >= 2 ? 0.1 : 0));
        assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_DECAY_COUPLED, way >= 3));
        assert_ok(vgrad_layer_set(dense_layer(r.network, 1), VGRAD_LAYER_TRAINABLE, way != 4));
        for (int layer = 1; layer <= 2 && way == 5; layer++) { /* none again, but for decay */
            assert_ok(vgrad_layer_set(dense_layer(r.network, layer), VGRAD_LAYER_L1, 0));
            assert_ok(vgrad_layer_set(dense_layer(r.network, layer), VGRAD_LAYER_L2, 0));
        }
        read_all(r.network, 0, before);
        step(&r);
        read_all(r.network, 768, penalties);
        for (int i = 0; i < WEIGHTS; i++) {
            bool first = i < 6, second = i >= 8 && i < 12, own = way >= 1 && way != 5;
            double w = before[i], want = way >= 3 ? 0.1 * w : 0;
            want += own && first ? 0.2 * (w > 0 ? 1 : -1) + 2 * 0.3 * w : 0;
            want += own && second ? 2 * 0.4 * w : 0;
            assert_close(penalties[i], way == 4 && i < 8 ? 0 : want, "penalty", way, i);
        }
    }
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0));
    step(&r);
    read_all(r.network, 768, penalties);
    for (int i = 0; i < WEIGHTS; i++)
        ck_assert_double_eq(penalties[i], 0);
    rig_destroy(&r);
}
END_TEST

/* A kernel of more elements than are worked on at a time. */
enum { WIDE = 61, MANY = 50 * WIDE };

static int32_t note_gradient(const vgrad_event *event, void *user)
{
    const vgrad_tensor *gradient = vgrad_network_tensor(event->network, VGRAD_KERNEL_GRADIENT, 0);
    assert_ok(vgrad_tensor_copy(gradient, user, VGRAD_FLOAT64, MANY));
    return 0;
}

static void check_many(vgrad_dtype dtype, bool watched)
{
    static double x[50], y[WIDE], gradient[MANY];
    chain c = { .dtype = dtype, .seed = 3, .inputs = 50, .count = 1, .units = { WIDE } };
    const double epsilon = dtype == VGRAD_FLOAT64 ? 1e-15 : 1e-6;
    dice d = dice_from(8);
    for (int i = 0; i < WIDE; i++)
        y[i] = dice_uniform(&d, -WIDE, WIDE);
    for (int i = 0; i < 50; i++)
        x[i] = dice_uniform(&d, -2, 2);
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.25);
    vgrad_layer *layer = dense_layer(r.network, 1);
    vgrad_probe *probe;
    assert_ok(vgrad_network_keep(r.network, VGRAD_KEEP_UPDATE | VGRAD_KEEP_PENALTY));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_L1, 0.5));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_L2, 0.125));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.5));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_CLIP_VALUE, 0.75));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, note_gradient, gradient));
    assert_ok(vgrad_probe_create(&probe, NULL));
    if (watched)
        assert_ok(vgrad_probe_attach(probe, r.network));
    double *before = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL));
    rig_gradients(&r, x, 50, y, WIDE, 1);
    assert_ok(vgrad_trainer_step(r.trainer));
    double *after = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL));
    double *update = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL_UPDATE));
    double *penalty = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL_PENALTY));
    int held = 0;
    for (int i = 0; i < MANY; i++) {
        double w = before[i], g = fmax(-0.75, fmin(0.75, gradient[i]));
        double p = 0.5 * (w > 0 ? 1 : -1) + 2 * 0.125 * w, u = -0.25 * 0.5 * w - 0.25 * (g + p);
        held += g != gradient[i];
        ck_assert_double_eq_tol(penalty[i], p, 2 * epsilon);
        ck_assert_double_eq_tol(update[i], u, 2 * epsilon);
        ck_assert_double_eq_tol(after[i], w + u, 2 * epsilon);
    }
    ck_assert(held > MANY / 10 && held < MANY);
    free(before);
    free(after);
    free(update);
    free(penalty);
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}

START_TEST(large_layers_are_treated_throughout)
{
    for (int watched = 0; watched < 2; watched++) {
        check_many(VGRAD_FLOAT64, watched);
        check_many(VGRAD_FLOAT32, watched);
    }
}
END_TEST

/* layer.h: sign(0) is 0, so a weight of 0 that no gradient moves stays. */
START_TEST(a_weight_of_zero_has_no_penalty)
{
    static const double zeros[6] = { 0 }, x[INPUTS] = { 0 }, y[UNITS] = { 0 };
    chain c = { .dtype = VGRAD_FLOAT64, .inputs = INPUTS, .count = 1, .units = { UNITS } };
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.5);
    vgrad_layer *layer = dense_layer(r.network, 1);
    set_parameter(layer, VGRAD_KERNEL, zeros);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_L1, 1));
    rig_gradients(&r, x, INPUTS, y, UNITS, 1);
    assert_ok(vgrad_trainer_step(r.trainer));
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(vgrad_tensor_f64(vgrad_layer_tensor(layer, VGRAD_KERNEL))[i], 0);
    rig_destroy(&r);
}
END_TEST

static int32_t gradients_are_as_made_up(const vgrad_event *event, void *user)
{
    double gradients[WEIGHTS];
    (void)user;
    read_all(event->network, 256, gradients);
    for (int i = 0; i < WEIGHTS; i++)
        ck_assert_double_eq(gradients[i], made_up_gradient((int)event->step, i));
    return 0;
}

/* trainer.h: whatever the optimizer makes of them, gradients stay what they are; and what does not
   train does not change. */
START_TEST(gradients_and_frozen_layers_are_left_alone)
{
    rig r =
        make(VGRAD_SGD, 0.05,
             OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.1 }, { VGRAD_OPTIMIZER_DECAY_COUPLED, 1 },
                     { VGRAD_OPTIMIZER_DECAY_BIASES, 1 }));
    double before[WEIGHTS], after[WEIGHTS], updates[WEIGHTS];
    set_penalties(&r);
    assert_ok(vgrad_layer_set(dense_layer(r.network, 1), VGRAD_LAYER_TRAINABLE, 0));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, gradients_are_as_made_up, NULL));
    for (int way = 0; way < 2; way++) {
        assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_DECAY_COUPLED, way));
        read_all(r.network, 0, before);
        step(&r);
        read_all(r.network, 0, after);
        read_all(r.network, 512, updates);
        ck_assert_mem_eq(before, after, 8 * sizeof *before);
        for (int i = 0; i < WEIGHTS; i++)
            ck_assert_int_eq(updates[i] == 0, i < 8);
    }
    rig_destroy(&r);
}
END_TEST

/* ---- clipping ---- */

static const vgrad_optimizer_option ways[] = { VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM,
                                               VGRAD_OPTIMIZER_CLIP_LAYER_NORM,
                                               VGRAD_OPTIMIZER_CLIP_VALUE };

static void true_gradients(int t, double *gradients)
{
    for (int i = 0; i < WEIGHTS; i++)
        gradients[i] = made_up_gradient(t, i);
}

/* The first layer's weights are 0 to 7. */
static double length(const double *values, int layer)
{
    return layer == 0 ? norm(values, WEIGHTS) : layer == 1 ? norm(values, 8) : norm(values + 8, 6);
}

static double clipped(int way, double limit, double epsilon, const double *gradients, int i)
{
    if (way == 2)
        return fmax(-limit, fmin(limit, gradients[i]));
    return gradients[i] * fmin(1, limit / (length(gradients, way == 0 ? 0
                                                             : i < 8  ? 1
                                                                      : 2) +
                                           epsilon));
}

/* SGD at a rate of 1 shows what it was given: u = -g. */
static void take_and_compare(rig *r, int way, double limit, double epsilon, int t)
{
    double gradients[WEIGHTS], updates[WEIGHTS];
    true_gradients(t, gradients);
    step(r);
    read_all(r->network, 512, updates);
    for (int i = 0; i < WEIGHTS; i++)
        assert_close(-updates[i], clipped(way, limit, epsilon, gradients, i), "gradient", t, i);
    if (way == 0 && epsilon == 0 && length(gradients, 0) > limit)
        ck_assert_double_eq_tol(length(updates, 0), limit, 1e-12);
    for (int layer = 1; layer <= 2 && way == 1 && epsilon == 0; layer++)
        if (length(gradients, layer) > limit)
            ck_assert_double_eq_tol(length(updates, layer), limit, 1e-12);
}

START_TEST(clipping_follows_its_formulas)
{
    static const double limits[] = { 5, 5, 1 }, epsilons[] = { 0, 0.5 };
    for (int e = 0; e < 2; e++) {
        rig r =
            make(VGRAD_SGD, 1,
                 OPTIONS({ ways[_i], limits[_i] }, { VGRAD_OPTIMIZER_CLIP_EPSILON, epsilons[e] }));
        for (int t = 1; t <= STEPS; t++)
            take_and_compare(&r, _i, limits[_i], epsilons[e], t);
        rig_destroy(&r);
    }
}
END_TEST

typedef struct norms {
    double before, after;
    int64_t steps;
} norms;

static int32_t note_norms(const vgrad_event *event, void *user)
{
    norms *n = user;
    n->before = event->gradient_norm;
    n->after = event->clipped_norm;
    n->steps++;
    return 0;
}

/* trainer.h: gradient_norm before edits, clipped_norm after edits and clipping. */
START_TEST(both_norms_are_told)
{
    static const double limits[] = { 5, 5, 1 };
    rig r = make(VGRAD_SGD, 1, OPTIONS({ ways[_i], limits[_i] }));
    rig plain = make(VGRAD_SGD, 1, NO_OPTIONS);
    norms n = { 0 }, unclipped = { 0 };
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, note_norms, &n));
    assert_ok(vgrad_trainer_on(plain.trainer, VGRAD_BATCH_END, 1, note_norms, &unclipped));
    for (int t = 1; t <= 5; t++) {
        double gradients[WEIGHTS], updates[WEIGHTS];
        true_gradients(t, gradients);
        if (t > 1) /* from the same weights, so that the true gradients are the same */
            for (int p = 0; p < PARAMETERS; p++)
                assert_ok(vgrad_layer_set_tensor(dense_layer(plain.network, parameters[p].layer),
                                                 (vgrad_role)parameters[p].bias,
                                                 tensor(r.network, p, 0)));
        step(&r);
        step(&plain);
        read_all(r.network, 512, updates);
        ck_assert_double_eq(n.before, unclipped.before);
        ck_assert_double_eq_tol(unclipped.after, length(gradients, 0), 1e-12);
        ck_assert_double_eq_tol(n.after, length(updates, 0), 1e-12);
        ck_assert_double_lt(n.after, unclipped.after);
    }
    rig_destroy(&r);
    rig_destroy(&plain);
}
END_TEST

static void train_with(vgrad_optimizer_kind kind, const option *options, double *weights)
{
    rig r = make(kind, 0.02, options);
    for (int t = 1; t <= STEPS; t++)
        step(&r);
    read_all(r.network, 0, weights);
    rig_destroy(&r);
}

START_TEST(below_the_bound_clipping_changes_no_bit)
{
    double plain[WEIGHTS], weights[WEIGHTS];
    for (int kind = VGRAD_SGD; kind <= VGRAD_ADAGRAD; kind++) {
        train_with((vgrad_optimizer_kind)kind, NO_OPTIONS, plain);
        train_with((vgrad_optimizer_kind)kind, OPTIONS({ ways[_i], 1e4 }), weights);
        ck_assert_mem_eq(plain, weights, sizeof plain);
        train_with((vgrad_optimizer_kind)kind, OPTIONS({ ways[_i], 0.1 }), weights);
        ck_assert_mem_ne(plain, weights, sizeof plain);
    }
}
END_TEST

static int32_t spoil_one(const vgrad_event *event, void *user)
{
    void *data;
    assert_ok(vgrad_trainer_edit(event->trainer, tensor(event->network, 0, 256), &data));
    ((double *)data)[3] = *(const double *)user;
    return 0;
}

/* optimizer.h: a norm that is NaN or Inf clips nothing; by value, Inf becomes c. */
START_TEST(a_norm_that_is_no_number_clips_nothing)
{
    static const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
    for (int k = 0; k < 3; k++) {
        rig r = make(VGRAD_SGD, 1, OPTIONS({ ways[_i], 0.5 }));
        norms n = { 0 };
        double updates[WEIGHTS], gradients[WEIGHTS];
        assert_ok(vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY, 1, spoil_one,
                                   (void *)(uintptr_t)&odd[k]));
        assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, note_norms, &n));
        true_gradients(1, gradients);
        step(&r);
        read_all(r.network, 512, updates);
        for (int i = 0; i < WEIGHTS; i++) {
            bool clips = _i == 2 || (_i == 1 && i >= 8);
            if (i != 3)
                assert_close(-updates[i], clips ? clipped(_i, 0.5, 0, gradients, i) : gradients[i],
                             "gradient", k, i);
        }
        double want = _i == 2 ? fmax(-0.5, fmin(0.5, odd[k])) : odd[k];
        ck_assert(k == 0 ? isnan(updates[3]) : -updates[3] == want);
        ck_assert(_i == 2 && k > 0 ? isfinite(n.after) : !isfinite(n.after));
        rig_destroy(&r);
    }
}
END_TEST

/* Clipped first, then penalized, then taken; and the state is that of what was taken. */
static void clipped_then_penalized(weight *w, double g, int t)
{
    double gradients[WEIGHTS];
    true_gradients(t, gradients);
    g *= fmin(1, 2 / length(gradients, 0));
    g += w->bias ? 0 : 0.3 * w->w;
    w->m = 0.9 * w->m - 0.01 * g;
    w->w += w->m;
}

START_TEST(penalties_are_added_after_clipping)
{
    compare_rule(VGRAD_SGD, 0.01,
                 OPTIONS({ VGRAD_OPTIMIZER_MOMENTUM, 0.9 }, { VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.3 },
                         { VGRAD_OPTIMIZER_DECAY_COUPLED, 1 },
                         { VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 2 }),
                 clipped_then_penalized);
}
END_TEST

START_TEST(what_is_frozen_is_in_no_norm)
{
    rig r = make(VGRAD_SGD, 1, OPTIONS({ VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 0.5 }));
    norms n = { 0 };
    double updates[WEIGHTS];
    assert_ok(vgrad_layer_set(dense_layer(r.network, 1), VGRAD_LAYER_TRAINABLE, 0));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_BATCH_END, 1, note_norms, &n));
    step(&r);
    read_all(r.network, 512, updates);
    ck_assert_double_eq_tol(length(updates, 0), 0.5, 1e-12);
    ck_assert_double_eq_tol(n.after, 0.5, 1e-12);
    assert_ok(vgrad_layer_set(dense_layer(r.network, 2), VGRAD_LAYER_TRAINABLE, 0));
    for (int way = 0; way < 3; way++) {
        assert_ok(vgrad_optimizer_set(r.optimizer, ways[way], 0.5));
        step(&r);
        ck_assert(n.before == 0 && n.after == 0);
        assert_ok(vgrad_optimizer_set(r.optimizer, ways[way], 0));
    }
    rig_destroy(&r);
}
END_TEST

/* ---- schedules ---- */

enum { UPDATES = 40, WARMUP = 6 };

typedef struct planned {
    const char *name;
    vgrad_status (*set)(vgrad_optimizer *optimizer, int64_t warmup);
    double (*rate)(int s, double base, int warmup); /* s counts from the end of the warm-up */
} planned;

static vgrad_status set_stair(vgrad_optimizer *optimizer, int64_t warmup)
{
    return vgrad_optimizer_schedule_step(optimizer, warmup, 7, 0.5);
}

static double stair(int s, double base, int warmup)
{
    (void)warmup;
    for (int i = 7; i <= s; i += 7)
        base /= 2;
    return base;
}

static vgrad_status set_slope(vgrad_optimizer *optimizer, int64_t warmup)
{
    return vgrad_optimizer_schedule_exponential(optimizer, warmup, 10, 0.3);
}

static double slope(int s, double base, int warmup)
{
    (void)warmup;
    return base * exp(s * log(0.3) / 10);
}

static vgrad_status set_cosine(vgrad_optimizer *optimizer, int64_t warmup)
{
    return vgrad_optimizer_schedule_cosine(optimizer, warmup, 30, 0.01);
}

static double cosine(int s, double base, int warmup)
{
    return s >= 30 - warmup
               ? 0.01
               : 0.01 + 0.5 * (base - 0.01) * (1 + cos(acos(-1) * s / (30.0 - warmup)));
}

static double constant(int s, double base, int warmup)
{
    (void)s;
    (void)warmup;
    return base;
}

static const planned plans[] = { { "constant", vgrad_optimizer_schedule_constant, constant },
                                 { "step", set_stair, stair },
                                 { "exponential", set_slope, slope },
                                 { "cosine", set_cosine, cosine } };

static double rate_at(const planned *plan, int t, double base, int warmup)
{
    return t < warmup ? base * (t + 1) / warmup : plan->rate(t - warmup, base, warmup);
}

typedef struct rates {
    double ready, end;
} rates;

static int32_t note_rates(const vgrad_event *event, void *user)
{
    rates *seen = user;
    *(event->kind == VGRAD_BATCH_END ? &seen->end : &seen->ready) = event->learning_rate;
    return 0;
}

/* One update at `want`: as it is read before, as both events tell it, and as the weights show it.
 */
static void check_rate(rig *r, rates *seen, double want, int t)
{
    double updates[WEIGHTS];
    assert_close(vgrad_optimizer_get(r->optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), want, "rate", t,
                 0);
    step(r);
    assert_close(seen->ready, want, "rate when ready", t, 0);
    assert_close(seen->end, want, "rate at the end", t, 0);
    read_all(r->network, 512, updates);
    assert_close(updates[1], -want * made_up_gradient(t + 1, 1), "update", t, 1);
}

static rig make_listened(rates *seen)
{
    rig r = make(VGRAD_SGD, 0.3, NO_OPTIONS);
    assert_ok(
        vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY | VGRAD_BATCH_END, 1, note_rates, seen));
    return r;
}

START_TEST(schedules_follow_their_formulas)
{
    const planned *plan = &plans[_i];
    for (int warmup = 0; warmup <= WARMUP; warmup += WARMUP) {
        rates seen;
        rig r = make_listened(&seen);
        assert_ok(plan->set(r.optimizer, warmup));
        for (int t = 0; t < UPDATES; t++) {
            if (t == 20) /* another base */
                assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 0.2));
            check_rate(&r, &seen, rate_at(plan, t, t < 20 ? 0.3 : 0.2, warmup), t);
        }
        assert_ok(vgrad_optimizer_schedule_constant(r.optimizer, 0));
        check_rate(&r, &seen, 0.2, UPDATES);
        rig_destroy(&r);
    }
}
END_TEST

/* An update that is skipped is none; a schedule that is set late begins where the updates are. */
START_TEST(a_schedule_counts_updates)
{
    static const double x[INPUTS] = { 1, 2, 3 }, y[UNITS] = { 0 };
    rates seen;
    rig r = make_listened(&seen);
    for (int t = 0; t < 9; t++)
        check_rate(&r, &seen, 0.3, t);
    assert_ok(plans[_i].set(r.optimizer, WARMUP));
    double next = rate_at(&plans[_i], 9, 0.3, WARMUP);
    for (int i = 0; i < 3; i++) {
        rig_gradients(&r, x, INPUTS, y, UNITS, 1);
        assert_ok(vgrad_trainer_skip_update(r.trainer));
        assert_status(VGRAD_SKIPPED, vgrad_trainer_step(r.trainer));
        assert_close(seen.end, next, "rate of no update", i, 0);
    }
    check_rate(&r, &seen, next, 9);
    rig_destroy(&r);
}
END_TEST

static double zigzag(int64_t t, double base, void *user)
{
    return base * *(const double *)user * (double)(1 + t % 3);
}

/* Decay goes with the rate in force. */
static void decayed_on_a_zigzag(weight *w, double g, int t)
{
    double rate = 0.03 * 0.5 * (1 + (t - 1) % 3);
    w->w -= w->bias ? 0 : rate * 0.4 * w->w;
    w->w -= rate * g;
}

START_TEST(a_schedule_of_ones_own)
{
    static const double half = 0.5;
    rig r = make(VGRAD_SGD, 0.03, OPTIONS({ VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.4 }));
    assert_ok(vgrad_optimizer_schedule_user(r.optimizer, zigzag, (void *)(uintptr_t)&half));
    compare(&r, decayed_on_a_zigzag);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizers");
    add_tests(suite, "rules", nadam_follows_its_formula, adagrad_follows_its_formulas,
              adamw_follows_its_formulas);
    add_tests(suite, "decay", any_rule_can_decay, penalties_are_a_layers_own, penalties_can_be_read,
              large_layers_are_treated_throughout, a_weight_of_zero_has_no_penalty,
              gradients_and_frozen_layers_are_left_alone);
    TCase *each = tcase_create("each way of clipping");
    tcase_add_loop_test(each, clipping_follows_its_formulas, 0, 3);
    tcase_add_loop_test(each, both_norms_are_told, 0, 3);
    tcase_add_loop_test(each, below_the_bound_clipping_changes_no_bit, 0, 3);
    tcase_add_loop_test(each, a_norm_that_is_no_number_clips_nothing, 0, 3);
    suite_add_tcase(suite, each);
    add_tests(suite, "clipping", penalties_are_added_after_clipping, what_is_frozen_is_in_no_norm);
    TCase *planned_rates = tcase_create("schedules");
    tcase_add_loop_test(planned_rates, schedules_follow_their_formulas, 0, 4);
    tcase_add_loop_test(planned_rates, a_schedule_counts_updates, 0, 4);
    tcase_add_test(planned_rates, a_schedule_of_ones_own);
    suite_add_tcase(suite, planned_rates);
    return run_suite(suite);
}
