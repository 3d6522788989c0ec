/* The circles network against tests/golden/circles.csv; update rules against plain loops. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "common.h"
#include "golden.h"

enum { POINTS = 64, BATCH = 32, DENSE = 5 };

/* What the file says of the network with that hidden activation. */
static double figure(vgrad_activation activation, const char *optimizer, int step,
                     const char *quantity, int layer)
{
    static golden_table table;
    if (table.count == 0)
        golden_read(&table, "circles.csv", 4 * 118);
    return golden(&table, vgrad_activation_name(activation), optimizer, step, quantity, layer);
}

/* ---- the fixture ---- */

static const vgrad_activation hidden[] = { VGRAD_SIGMOID, VGRAD_TANH, VGRAD_RELU,
                                           VGRAD_LEAKY_RELU };
enum { HIDDEN = sizeof hidden / sizeof *hidden };

static double points[POINTS][2], labels[POINTS];

static void make_points(void)
{
    const double pi = 3.14159265358979323846;
    for (int i = 0; i < POINTS; i++) {
        double radius = i % 2 ? 0.5 : 1.0, angle = 2 * pi * (i / 2) / 32;
        points[i][0] = radius * cos(angle);
        points[i][1] = radius * sin(angle);
        labels[i] = i % 2;
    }
}

static void set_weights(const vgrad_network *network)
{
    double k = 0;
    for (int i = 1; i <= DENSE; i++) {
        double kernel[25];
        vgrad_layer *layer = dense_layer(network, i);
        int64_t count = vgrad_tensor_count(vgrad_layer_tensor(layer, VGRAD_KERNEL));
        for (int64_t j = 0; j < count; j++, k++)
            kernel[j] = sqrt(2) * sin(0.7 + 1.3 * k + 0.01 * k * k);
        set_parameter(layer, VGRAD_KERNEL, kernel);
    }
    ck_assert_double_eq(k, 90);
}

/* From logits: a linear output; else a sigmoid that is fused with its loss. */
static rig make_rig(vgrad_dtype dtype, vgrad_activation activation, bool logits,
                    vgrad_optimizer_kind kind, double rate)
{
    chain c = { .dtype = dtype, .inputs = 2, .count = DENSE, .units = { 5, 5, 5, 5, 1 } };
    for (int i = 0; i < DENSE; i++)
        c.activations[i] = activation;
    c.activations[DENSE - 1] = logits ? VGRAD_LINEAR : VGRAD_SIGMOID;
    rig r = rig_create(
        &c, logits ? VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS : VGRAD_LOSS_BINARY_CROSSENTROPY, kind,
        rate);
    set_weights(r.network);
    return r;
}

/* ---- before any step ---- */

static void check_statistics(const rig *r, vgrad_activation activation, double tolerance)
{
    static const vgrad_quantity quantities[] = { VGRAD_MEAN, VGRAD_STD, VGRAD_MEAN_ABS, VGRAD_L2 };
    for (int layer = 1; layer <= DENSE; layer++) {
        const vgrad_layer *l = dense_layer(r->network, layer);
        const vgrad_tensor *kernel = vgrad_layer_tensor(l, VGRAD_KERNEL_GRADIENT);
        double size = vgrad_tensor_stat(kernel, VGRAD_MEAN_ABS);
        for (int q = 0; q < 4; q++) {
            char name[24];
            snprintf(name, sizeof name, "kernel_%s", vgrad_quantity_name(quantities[q]));
            double want = figure(activation, "none", 0, name, layer);
            /* A mean may cancel: relative to the size of what was averaged. */
            ck_assert_msg(fabs(vgrad_tensor_stat(kernel, quantities[q]) - want) <= tolerance * size,
                          "%s %s, layer %d", vgrad_activation_name(activation), name, layer);
        }
        assert_relative(vgrad_tensor_stat(vgrad_layer_tensor(l, VGRAD_BIAS_GRADIENT), VGRAD_L2),
                        figure(activation, "none", 0, "bias_l2", layer), tolerance, "bias_l2",
                        layer);
    }
}

static void check_start(vgrad_dtype dtype, bool logits, double tolerance)
{
    for (int i = 0; i < HIDDEN; i++) {
        rig r = make_rig(dtype, hidden[i], logits, VGRAD_SGD, 0);
        vgrad_dataset *data;
        assert_ok(vgrad_dataset_borrow(&data, POINTS, points, VGRAD_FLOAT64, 2, labels,
                                       VGRAD_FLOAT64, 1, NULL));
        double loss, accuracy;
        assert_ok(vgrad_trainer_evaluate(r.trainer, data, &loss, &accuracy));
        assert_relative(loss, figure(hidden[i], "none", 0, "loss", 0), tolerance, "loss", 0);
        /* From logits as well: above 0 is above one half. */
        assert_relative(accuracy, figure(hidden[i], "none", 0, "accuracy", 0), 0, "accuracy", 0);
        loss = rig_gradients(&r, points[0], 2, labels, 1, BATCH);
        assert_relative(loss, figure(hidden[i], "none", 0, "batch_loss", 0), tolerance, "batch", 0);
        check_statistics(&r, hidden[i], tolerance);
        vgrad_dataset_destroy(data);
        rig_destroy(&r);
    }
}

START_TEST(first_gradients_are_golden)
{
    check_start(VGRAD_FLOAT64, false, 1e-9);
    check_start(VGRAD_FLOAT32, false, 1e-4);
}
END_TEST

START_TEST(first_gradients_are_golden_from_logits)
{
    check_start(VGRAD_FLOAT64, true, 1e-9);
    check_start(VGRAD_FLOAT32, true, 1e-4);
}
END_TEST

/* ---- 200 steps ---- */

/* Loss and gradients on all points, from a pass whose update is not made. */
static void check_after(rig *r, vgrad_activation activation, const char *optimizer, int step,
                        double tolerance)
{
    double loss = rig_gradients(r, points[0], 2, labels, 1, POINTS);
    assert_relative(loss, figure(activation, optimizer, step, "loss", 0), tolerance, optimizer, 0);
    for (int i = 1; i <= DENSE; i++)
        assert_relative(
            vgrad_tensor_stat(vgrad_layer_tensor(dense_layer(r->network, i), VGRAD_KERNEL_GRADIENT),
                              VGRAD_L2),
            figure(activation, optimizer, step, "kernel_l2", i), tolerance, optimizer, i);
    assert_ok(vgrad_trainer_skip_update(r->trainer));
    assert_status(VGRAD_SKIPPED, vgrad_trainer_step(r->trainer));
}

static void train(vgrad_dtype dtype, vgrad_activation activation, bool logits,
                  vgrad_optimizer_kind kind, int last, double tolerance)
{
    const char *optimizer = kind == VGRAD_SGD ? "sgd" : (kind == VGRAD_ADAM ? "adam" : "rmsprop");
    rig r = make_rig(dtype, activation, logits, kind, kind == VGRAD_SGD ? 0.01 : 0.001);
    if (kind == VGRAD_SGD)
        assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
    for (int step = 1; step <= last; step++) {
        int first = step % 2 ? 0 : BATCH;
        rig_gradients(&r, points[first], 2, labels + first, 1, BATCH);
        assert_ok(vgrad_trainer_step(r.trainer));
        if (step == 1 || step == 2 || step == 10 || step == 100 || step == 200)
            check_after(&r, activation, optimizer, step, tolerance);
    }
    rig_destroy(&r);
}

static void train_all(vgrad_optimizer_kind kind)
{
    for (int i = 0; i < HIDDEN; i++) {
        train(VGRAD_FLOAT64, hidden[i], false, kind, 200, 1e-9);
        train(VGRAD_FLOAT64, hidden[i], true, kind, 200, 1e-9);
        train(VGRAD_FLOAT32, hidden[i], false, kind, 10, 1e-4);
        train(VGRAD_FLOAT32, hidden[i], true, kind, 10, 1e-4);
    }
}

START_TEST(sgd_with_momentum_is_golden)
{
    train_all(VGRAD_SGD);
}
END_TEST

START_TEST(rmsprop_is_golden)
{
    train_all(VGRAD_RMSPROP);
}
END_TEST

START_TEST(adam_is_golden)
{
    train_all(VGRAD_ADAM);
}
END_TEST

/* ---- update rules, one weight at a time ---- */

enum { INPUTS = 3, UNITS = 2, WEIGHTS = INPUTS * UNITS, STEPS = 50 };

typedef struct weight {
    double w, m, s; /* m: momentum or first moment; s: second */
} weight;

/* What the rule does to one weight at step t = 1, 2, ... */
typedef void rule(weight *w, double g, int t);

typedef struct option {
    vgrad_optimizer_option option;
    double value;
} option;

static double made_up_gradient(int t, int i)
{
    return sin(1.7 * t + 0.9 * i) * (i + 1) + 0.1 * i;
}

/* Puts made-up gradients in place of the true ones. */
static int32_t replace_gradients(const vgrad_event *event, void *user)
{
    (void)user;
    const vgrad_tensor *gradient = vgrad_network_tensor(event->network, VGRAD_KERNEL_GRADIENT, 0);
    void *data;
    assert_ok(vgrad_trainer_edit(event->trainer, gradient, &data));
    for (int i = 0; i < WEIGHTS; i++)
        ((double *)data)[i] = made_up_gradient((int)event->step + 1, i);
    return 0;
}

static void compare_rule(vgrad_optimizer_kind kind, double rate, const option *options, rule *apply)
{
    chain c = {
        .dtype = VGRAD_FLOAT64, .inputs = INPUTS, .count = 1, .units = { UNITS }, .seed = 4
    };
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, kind, rate);
    for (; options->option; options++)
        assert_ok(vgrad_optimizer_set(r.optimizer, options->option, options->value));
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY, 1, replace_gradients, NULL));
    const vgrad_tensor *kernel = vgrad_network_tensor(r.network, VGRAD_KERNEL, 0);
    weight weights[WEIGHTS] = { { 0 } };
    for (int i = 0; i < WEIGHTS; i++)
        weights[i].w = vgrad_tensor_f64(kernel)[i];
    const double x[INPUTS] = { 1, 2, 3 }, y[UNITS] = { 0 };
    for (int t = 1; t <= STEPS; t++) {
        rig_gradients(&r, x, INPUTS, y, UNITS, 1);
        assert_ok(vgrad_trainer_step(r.trainer));
        for (int i = 0; i < WEIGHTS; i++) {
            apply(&weights[i], made_up_gradient(t, i), t);
            double got = vgrad_tensor_f64(kernel)[i], want = weights[i].w;
            ck_assert_msg(fabs(got - want) <= 1e-12 * fmax(fabs(want), rate),
                          "step %d, weight %d: %.17g instead of %.17g", t, i, got, want);
        }
    }
    rig_destroy(&r);
}

static void plain_sgd(weight *w, double g, int t)
{
    (void)t;
    w->w -= 0.05 * g;
}

/* Sutskever et al. (2013), in the form that steps from where the velocity leads. */
static void nesterov(weight *w, double g, int t)
{
    (void)t;
    w->m = 0.8 * w->m - 0.05 * g;
    w->w += 0.8 * w->m - 0.05 * g;
}

static void rmsprop_inside_with_momentum(weight *w, double g, int t)
{
    (void)t;
    w->s = 0.95 * w->s + 0.05 * g * g;
    w->m = 0.7 * w->m - 0.01 * (g / sqrt(w->s + 1e-3));
    w->w += w->m;
}

static void rmsprop_outside(weight *w, double g, int t)
{
    (void)t;
    w->s = 0.95 * w->s + 0.05 * g * g;
    w->w -= 0.01 * (g / (sqrt(w->s) + 1e-3));
}

/* Algorithm 1 of Kingma and Ba (2015). */
static void adam_algorithm_1(weight *w, double g, int t)
{
    w->m = 0.85 * w->m + 0.15 * g;
    w->s = 0.99 * w->s + 0.01 * g * g;
    w->w -= 0.02 * (w->m / (1 - pow(0.85, t))) / (sqrt(w->s / (1 - pow(0.99, t))) + 1e-3);
}

static void adam_epsilon_hat(weight *w, double g, int t)
{
    w->m = 0.85 * w->m + 0.15 * g;
    w->s = 0.99 * w->s + 0.01 * g * g;
    w->w -= 0.02 * (sqrt(1 - pow(0.99, t)) / (1 - pow(0.85, t))) * w->m / (sqrt(w->s) + 1e-3);
}

START_TEST(sgd_rules_follow_their_formulas)
{
    compare_rule(VGRAD_SGD, 0.05, (option[]){ { 0, 0 } }, plain_sgd);
    compare_rule(
        VGRAD_SGD, 0.05,
        (option[]){ { VGRAD_OPTIMIZER_MOMENTUM, 0.8 }, { VGRAD_OPTIMIZER_NESTEROV, 1 }, { 0, 0 } },
        nesterov);
}
END_TEST

START_TEST(rmsprop_rules_follow_their_formulas)
{
    compare_rule(VGRAD_RMSPROP, 0.01,
                 (option[]){ { VGRAD_OPTIMIZER_RHO, 0.95 },
                             { VGRAD_OPTIMIZER_MOMENTUM, 0.7 },
                             { VGRAD_OPTIMIZER_EPSILON, 1e-3 },
                             { VGRAD_OPTIMIZER_EPSILON_INSIDE, 1 },
                             { 0, 0 } },
                 rmsprop_inside_with_momentum);
    compare_rule(
        VGRAD_RMSPROP, 0.01,
        (option[]){ { VGRAD_OPTIMIZER_RHO, 0.95 }, { VGRAD_OPTIMIZER_EPSILON, 1e-3 }, { 0, 0 } },
        rmsprop_outside);
}
END_TEST

START_TEST(adam_rules_follow_their_formulas)
{
    compare_rule(VGRAD_ADAM, 0.02,
                 (option[]){ { VGRAD_OPTIMIZER_BETA1, 0.85 },
                             { VGRAD_OPTIMIZER_BETA2, 0.99 },
                             { VGRAD_OPTIMIZER_EPSILON, 1e-3 },
                             { VGRAD_OPTIMIZER_EPSILON_HAT, 0 },
                             { 0, 0 } },
                 adam_algorithm_1);
    compare_rule(VGRAD_ADAM, 0.02,
                 (option[]){ { VGRAD_OPTIMIZER_BETA1, 0.85 },
                             { VGRAD_OPTIMIZER_BETA2, 0.99 },
                             { VGRAD_OPTIMIZER_EPSILON, 1e-3 },
                             { 0, 0 } },
                 adam_epsilon_hat);
}
END_TEST

int main(void)
{
    make_points();
    Suite *suite = suite_create("golden_circles");
    add_tests(suite, "start", first_gradients_are_golden, first_gradients_are_golden_from_logits);
    add_tests(suite, "training", sgd_with_momentum_is_golden, rmsprop_is_golden, adam_is_golden);
    add_tests(suite, "rules", sgd_rules_follow_their_formulas, rmsprop_rules_follow_their_formulas,
              adam_rules_follow_their_formulas);
    return run_suite(suite);
}
