/* Batch norm, layer norm and dropout against differences, plain loops and statistics. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "common.h"

static vgrad_network *new_network(vgrad_dtype dtype, uint64_t seed)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    assert_ok(vgrad_network_set_seed(network, seed));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_GAMMA, VGRAD_INIT_UNIFORM, 0.5, 1.5));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BETA, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    return network;
}

static void fill(double *x, int64_t count, double from, double to, uint64_t seed)
{
    dice d = dice_from(seed);
    for (int64_t i = 0; i < count; i++)
        x[i] = dice_uniform(&d, from, to);
}

/* As if it had been trained: moving means in [-1, 1], moving variances in [0.5, 2]. */
static void set_statistics(vgrad_network *network)
{
    double values[64];
    vgrad_layer *layer;
    for (int32_t i = 0; (layer = vgrad_network_layer(network, i)) != NULL; i++) {
        if (!vgrad_layer_tensor(layer, VGRAD_MOVING_MEAN))
            continue;
        fill(values, 64, -1, 1, 3);
        set_parameter(layer, VGRAD_MOVING_MEAN, values);
        fill(values, 64, 0.5, 2, 4);
        set_parameter(layer, VGRAD_MOVING_VARIANCE, values);
    }
}

/* The statistics of the first layer that has some. */
static void read_statistics(const vgrad_network *network, double *out, int64_t channels)
{
    assert_ok(vgrad_tensor_copy(vgrad_network_tensor(network, VGRAD_MOVING_MEAN, 0), out,
                                VGRAD_FLOAT64, channels));
    assert_ok(vgrad_tensor_copy(vgrad_network_tensor(network, VGRAD_MOVING_VARIANCE, 0),
                                out + channels, VGRAD_FLOAT64, channels));
}

/* ---- against differences ---- */

enum { CHECK_ROWS = 8 };

/* Builds and checks in both modes, and leaves the statistics alone; the network goes. */
static void check_network(vgrad_network *network, vgrad_layer *output, int64_t width)
{
    double x[CHECK_ROWS * 64], worst = (double)NAN;
    vgrad_tensor view;
    assert_ok(vgrad_network_build(network, output));
    set_statistics(network);
    fill(x, CHECK_ROWS * width, -1, 1, 5);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, CHECK_ROWS, width);
    for (int32_t training = 0; training < 2; training++) {
        assert_ok(vgrad_gradient_check(network, &view, training, 0, &worst));
        ck_assert_double_lt(worst, 1e-7);
    }
    vgrad_network_destroy(network);
}

enum { KINDS = 3 };

static vgrad_layer *layer_of_kind(vgrad_layer *in, int kind)
{
    return kind == 0   ? vgrad_batch_norm(in)
           : kind == 1 ? vgrad_layer_norm(in)
                       : vgrad_dropout(in, 0.4);
}

/* What comes before is used three times, what comes after twice. */
START_TEST(every_kind_goes_backward)
{
    const int64_t image[3] = { 2, 2, 3 };
    vgrad_network *network = new_network(VGRAD_FLOAT64, 1);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 5), 12, VGRAD_TANH);
    if (_i >= KINDS)
        h = vgrad_reshape(h, 3, image);
    vgrad_layer *n = layer_of_kind(h, _i % KINDS), *m = layer_of_kind(vgrad_add(n, h), _i % KINDS);
    vgrad_layer *sum = vgrad_add(vgrad_add(m, n), h);
    check_network(network, vgrad_dense(vgrad_flatten(sum), 2, VGRAD_SIGMOID), 5);
}
END_TEST

START_TEST(every_kind_goes_backward_to_x)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64, 2);
    vgrad_layer *n = layer_of_kind(vgrad_input_image(network, 2, 2, 3), _i);
    check_network(network, vgrad_dense(vgrad_flatten(n), 2, VGRAD_TANH), 12);
}
END_TEST

START_TEST(every_kind_can_be_the_output)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64, 3);
    check_network(network, layer_of_kind(vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH), _i),
                  3);
}
END_TEST

/* What a layer keeps from forward to backward, in rooms that 64 bytes leave no slack in. */
START_TEST(eight_units_fill_their_room)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64, 3);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 3), 8, VGRAD_TANH);
    h = layer_of_kind(vgrad_dense(layer_of_kind(h, _i), 8, VGRAD_SIGMOID), _i);
    check_network(network, vgrad_dense(h, 8, VGRAD_TANH), 3);
}
END_TEST

START_TEST(twenty_residual_blocks)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64, 4);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_GAMMA, VGRAD_INIT_UNIFORM, 0.2, 0.6));
    vgrad_layer *x = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
    for (int block = 0; block < 20; block++) {
        vgrad_layer *h = vgrad_dense(vgrad_batch_norm(x), 4, VGRAD_TANH);
        x = vgrad_add(vgrad_batch_norm(vgrad_dense(h, 4, VGRAD_LINEAR)), x);
    }
    check_network(network, vgrad_dense(x, 2, VGRAD_LINEAR), 3);
}
END_TEST

START_TEST(the_checker_moves_no_statistics_and_no_mask)
{
    double x[6 * 3], before[6], after[6], answers[2][18 + 6], aside[18], worst;
    vgrad_tensor view;
    fill(x, 18, -1, 1, 6);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 6, 3);
    for (int checked = 0; checked < 2; checked++) {
        vgrad_network *network = new_network(VGRAD_FLOAT64, 5);
        vgrad_layer *n = vgrad_batch_norm(vgrad_input(network, 3));
        assert_ok(vgrad_network_build(network, vgrad_dropout(n, 0.5)));
        assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
        rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
        assert_ok(vgrad_trainer_forward(r.trainer, &view));
        assert_ok(vgrad_network_predict(network, &view, aside, VGRAD_FLOAT64, 18));
        read_statistics(network, before, 3);
        if (checked)
            assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
        read_statistics(network, after, 3);
        ck_assert_mem_eq(before, after, sizeof before);
        assert_ok(vgrad_trainer_forward(r.trainer, &view));
        assert_ok(vgrad_tensor_copy(vgrad_network_tensor(network, VGRAD_ACTIVATION, 2),
                                    answers[checked], VGRAD_FLOAT64, 18));
        read_statistics(network, answers[checked] + 18, 3);
        ck_assert_mem_ne(answers[checked] + 18, before, sizeof before); /* training moves again */
        rig_destroy(&r);
    }
    ck_assert_mem_eq(answers[0], answers[1], sizeof answers[0]);
}
END_TEST

/* ---- batch norm against plain loops ---- */

enum { ROWS = 5, PIXELS = 2, CHANNELS = 3, WIDTH = PIXELS * CHANNELS, SAMPLES = ROWS * PIXELS };

/* What the layer should be, in the plainest way. */
typedef struct plain {
    double gamma[CHANNELS], beta[CHANNELS], mean[CHANNELS], variance[CHANNELS]; /* moving */
    double a[ROWS * WIDTH], dx[ROWS * WIDTH], dgamma[CHANNELS], dbeta[CHANNELS];
} plain;

/* One training pass for L = 1/ROWS sum 1/2 (a - y)^2. */
static void plain_pass(plain *p, const double *x, const double *y, double momentum, double epsilon,
                       bool unbiased)
{
    for (int c = 0; c < CHANNELS; c++) {
        double mean = 0, variance = 0, dmean = 0, dvariance = 0;
        for (int i = 0; i < SAMPLES; i++)
            mean += x[i * CHANNELS + c] / SAMPLES;
        for (int i = 0; i < SAMPLES; i++)
            variance += pow(x[i * CHANNELS + c] - mean, 2) / SAMPLES;
        const double deviation = sqrt(variance + epsilon);
        p->dgamma[c] = p->dbeta[c] = 0;
        for (int i = 0; i < SAMPLES; i++) {
            const double centred = x[i * CHANNELS + c] - mean, xhat = centred / deviation;
            double *a = &p->a[i * CHANNELS + c];
            *a = p->gamma[c] * xhat + p->beta[c];
            const double delta = (*a - y[i * CHANNELS + c]) / ROWS, dxhat = delta * p->gamma[c];
            p->dgamma[c] += delta * xhat;
            p->dbeta[c] += delta;
            dvariance += dxhat * centred * -0.5 * pow(deviation, -3);
            dmean += -dxhat / deviation;
            p->dx[i * CHANNELS + c] = dxhat / deviation;
        }
        for (int i = 0; i < SAMPLES; i++) /* the chain rule as the paper has it */
            p->dx[i * CHANNELS + c] +=
                dvariance * 2 * (x[i * CHANNELS + c] - mean) / SAMPLES + dmean / SAMPLES;
        if (unbiased)
            variance *= SAMPLES / (SAMPLES - 1.0);
        p->mean[c] = (1 - momentum) * p->mean[c] + momentum * mean;
        p->variance[c] = (1 - momentum) * p->variance[c] + momentum * variance;
    }
}

static void assert_near(const char *what, const vgrad_tensor *tensor, const double *wanted,
                        double tolerance)
{
    double *got = doubles_of(tensor);
    for (int64_t i = 0; i < vgrad_tensor_count(tensor); i++)
        if (!(fabs(got[i] - wanted[i]) <= tolerance * fmax(1, fabs(wanted[i]))))
            ck_abort_msg("%s[%d]: %.17g, not %.17g", what, (int)i, got[i], wanted[i]);
    free(got);
}

/* A network of one batch norm behind a layer that shows its dL/dx. */
static vgrad_network *one_batch_norm(vgrad_dtype dtype, vgrad_layer **before, vgrad_layer **layer)
{
    const int64_t row[2] = { PIXELS, CHANNELS };
    vgrad_network *network = new_network(dtype, 7);
    *before = vgrad_reshape(vgrad_input(network, WIDTH), 2, row);
    *layer = vgrad_batch_norm(*before);
    return network;
}

START_TEST(batch_norm_is_what_plain_loops_make)
{
    const bool unbiased = _i & 1, options = _i & 2;
    const double momentum = options ? 0.3 : 0.1, epsilon = options ? 1e-3 : 1e-5, rate = 0.5;
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], y[ROWS * WIDTH];
    plain p = { .variance = { 1, 1, 1 } };
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    if (!unbiased)
        assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_UNBIASED_VARIANCE, 0));
    if (options) {
        assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_MOMENTUM, momentum));
        assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_EPSILON, epsilon));
    }
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, rate);
    vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_GAMMA), p.gamma, VGRAD_FLOAT64, CHANNELS);
    vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_BETA), p.beta, VGRAD_FLOAT64, CHANNELS);
    for (uint64_t step = 0; step < 6; step++) {
        fill(x, ROWS * WIDTH, -2, 3, 2 * step);
        fill(y, ROWS * WIDTH, -1, 1, 2 * step + 1);
        plain_pass(&p, x, y, momentum, epsilon, unbiased);
        rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
        assert_near("a", vgrad_layer_tensor(layer, VGRAD_ACTIVATION), p.a, 1e-12);
        assert_near("dgamma", vgrad_layer_tensor(layer, VGRAD_GAMMA_GRADIENT), p.dgamma, 1e-12);
        assert_near("dbeta", vgrad_layer_tensor(layer, VGRAD_BETA_GRADIENT), p.dbeta, 1e-12);
        assert_near("dx", vgrad_layer_tensor(before, VGRAD_ACTIVATION_GRADIENT), p.dx, 1e-12);
        assert_near("mean", vgrad_layer_tensor(layer, VGRAD_MOVING_MEAN), p.mean, 1e-12);
        assert_near("variance", vgrad_layer_tensor(layer, VGRAD_MOVING_VARIANCE), p.variance,
                    1e-12);
        assert_ok(vgrad_trainer_step(r.trainer));
        for (int c = 0; c < CHANNELS; c++) {
            p.gamma[c] -= rate * p.dgamma[c];
            p.beta[c] -= rate * p.dbeta[c];
        }
        assert_near("gamma", vgrad_layer_tensor(layer, VGRAD_GAMMA), p.gamma, 1e-12);
        assert_near("beta", vgrad_layer_tensor(layer, VGRAD_BETA), p.beta, 1e-12);
    }
    rig_destroy(&r);
}
END_TEST

/* A mean that is ten thousand deviations away: E[x^2] - E[x]^2 would have no digit left. */
START_TEST(float32_far_from_zero)
{
    enum { MANY = 256 };
    static float x[MANY * 2];
    double statistics[4];
    vgrad_tensor view;
    dice d = dice_from(8);
    for (int i = 0; i < MANY * 2; i++)
        x[i] = (float)(dice_uniform(&d, -1.7320508, 1.7320508) + (i % 2 ? 1e4 : -1e4));
    vgrad_network *network = new_network(VGRAD_FLOAT32, 8);
    vgrad_layer *layer = vgrad_batch_norm(vgrad_input(network, 2));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_GAMMA, VGRAD_INIT_CONSTANT, 1, 0));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BETA, VGRAD_INIT_ZEROS, 0, 0));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_MOMENTUM, 1));
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, MANY, 2);
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    double *a = doubles_of(vgrad_layer_tensor(layer, VGRAD_ACTIVATION));
    read_statistics(network, statistics, 2);
    for (int c = 0; c < 2; c++) {
        long double mean = 0, variance = 0;
        for (int i = 0; i < MANY; i++)
            mean += (long double)x[2 * i + c] / MANY;
        for (int i = 0; i < MANY; i++)
            variance += ((long double)x[2 * i + c] - mean) * ((long double)x[2 * i + c] - mean);
        for (int i = 0; i < MANY; i++) {
            const long double xhat =
                ((long double)x[2 * i + c] - mean) / sqrtl(variance / MANY + 1e-5L);
            ck_assert_double_lt(fabs(a[2 * i + c] - (double)xhat), 1e-6);
        }
        ck_assert_double_lt(fabs(statistics[c] - (double)mean), 1e-3); /* float32 at 10^4 */
        ck_assert_double_lt(fabs(statistics[2 + c] - (double)variance / (MANY - 1)), 1e-6);
    }
    free(a);
    rig_destroy(&r);
}
END_TEST

/* ---- training and prediction ---- */

START_TEST(prediction_takes_the_moving_statistics_and_moves_nothing)
{
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], out[ROWS * WIDTH], old[6], now[6], loss;
    vgrad_tensor view;
    vgrad_dataset *data;
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    fill(x, ROWS * WIDTH, 1, 3, 9);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, WIDTH);
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    double *trained = doubles_of(vgrad_layer_tensor(layer, VGRAD_ACTIVATION));
    read_statistics(network, old, CHANNELS);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, ROWS * WIDTH));
    ck_assert_double_gt(distance(out, trained, ROWS * WIDTH), 1);
    double *gamma = doubles_of(vgrad_layer_tensor(layer, VGRAD_GAMMA));
    double *beta = doubles_of(vgrad_layer_tensor(layer, VGRAD_BETA));
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const int c = i % CHANNELS;
        const double wanted = gamma[c] * (x[i] - old[c]) / sqrt(old[CHANNELS + c] + 1e-5) + beta[c];
        ck_assert_double_lt(fabs(out[i] - wanted), 1e-12);
    }
    assert_ok(
        vgrad_dataset_borrow(&data, ROWS, x, VGRAD_FLOAT64, WIDTH, x, VGRAD_FLOAT64, WIDTH, NULL));
    assert_ok(vgrad_trainer_evaluate(r.trainer, data, &loss, NULL));
    read_statistics(network, now, CHANNELS);
    ck_assert_mem_eq(old, now, sizeof now);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, ROWS * WIDTH));
    double sum = 0;
    for (int i = 0; i < ROWS * WIDTH; i++)
        sum += (out[i] - x[i]) * (out[i] - x[i]) / (ROWS * WIDTH);
    ck_assert_double_lt(fabs(loss - sum), 1e-12);
    vgrad_dataset_destroy(data);
    free(trained);
    free(gamma);
    free(beta);
    rig_destroy(&r);
}
END_TEST

START_TEST(a_skipped_step_has_moved_the_statistics)
{
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], old[6], now[6], again[6];
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    fill(x, ROWS * WIDTH, 1, 3, 10);
    read_statistics(network, old, CHANNELS);
    rig_gradients(&r, x, WIDTH, x, WIDTH, ROWS);
    read_statistics(network, now, CHANNELS);
    ck_assert_double_gt(distance(old, now, 6), 0.1);
    assert_ok(vgrad_trainer_skip_update(r.trainer));
    assert_status(VGRAD_SKIPPED, vgrad_trainer_step(r.trainer));
    read_statistics(network, again, CHANNELS);
    ck_assert_mem_eq(now, again, sizeof now);
    assert_ok(vgrad_network_initialize(network, 7)); /* and they go back to where they began */
    read_statistics(network, again, CHANNELS);
    ck_assert_mem_eq(old, again, sizeof old);
    rig_destroy(&r);
}
END_TEST

/* In inference mode: it gives what prediction gives, and gradients through it are those. */
START_TEST(a_frozen_layer_stands_still)
{
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], y[ROWS * WIDTH], out[ROWS * WIDTH], old[6], now[6];
    vgrad_tensor view;
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_ADAM, 0.1);
    fill(x, ROWS * WIDTH, 1, 3, 11);
    fill(y, ROWS * WIDTH, 1, 3, 12);
    set_statistics(network);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_TRAINABLE, 0));
    double *gamma = doubles_of(vgrad_layer_tensor(layer, VGRAD_GAMMA));
    read_statistics(network, old, CHANNELS);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, WIDTH);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, ROWS * WIDTH));
    for (int step = 0; step < 3; step++) {
        rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
        assert_near("a", vgrad_layer_tensor(layer, VGRAD_ACTIVATION), out, 0);
        double dx[ROWS * WIDTH];
        for (int i = 0; i < ROWS * WIDTH; i++)
            dx[i] = (out[i] - y[i]) / ROWS * gamma[i % CHANNELS] /
                    sqrt(old[CHANNELS + i % CHANNELS] + 1e-5);
        assert_near("dx", vgrad_layer_tensor(before, VGRAD_ACTIVATION_GRADIENT), dx, 1e-12);
        ck_assert_double_gt(
            vgrad_tensor_stat(vgrad_layer_tensor(layer, VGRAD_GAMMA_GRADIENT), VGRAD_L2), 0);
        assert_ok(vgrad_trainer_step(r.trainer));
        assert_near("gamma", vgrad_layer_tensor(layer, VGRAD_GAMMA), gamma, 0);
    }
    read_statistics(network, now, CHANNELS);
    ck_assert_mem_eq(old, now, sizeof now);
    /* Thawed between forward and backward: the pass ends as it began. */
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_TRAINABLE, 1));
    vgrad_tensor targets;
    vgrad_tensor_matrix(&targets, y, VGRAD_FLOAT64, ROWS, WIDTH);
    assert_ok(vgrad_trainer_loss(r.trainer, &targets, NULL));
    assert_ok(vgrad_trainer_backward(r.trainer));
    double *dx = doubles_of(vgrad_layer_tensor(before, VGRAD_ACTIVATION_GRADIENT));
    for (int i = 0; i < ROWS * WIDTH; i++)
        ck_assert_double_lt(fabs(dx[i] - (out[i] - y[i]) / ROWS * gamma[i % CHANNELS] /
                                             sqrt(old[CHANNELS + i % CHANNELS] + 1e-5)),
                            1e-12);
    free(dx);
    free(gamma);
    rig_destroy(&r);
}
END_TEST

/* Two rows of one pixel each are two samples; one row of it is one, and then nothing moves: not in
   the layers before it either. */
START_TEST(one_sample_is_refused_and_moves_nothing)
{
    double x[2 * 6], y[2 * 6] = { 0 }, old[6], now[6];
    vgrad_tensor view;
    vgrad_network *network = new_network(VGRAD_FLOAT64, 13);
    vgrad_layer *first = vgrad_batch_norm(vgrad_input_image(network, 2, 1, 3));
    vgrad_layer *layer = vgrad_batch_norm(vgrad_flatten(first));
    assert_ok(vgrad_layer_set_name(layer, "narrow"));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    fill(x, 12, -1, 1, 13);
    rig_gradients(&r, x, 6, y, 6, 2);
    assert_ok(vgrad_trainer_step(r.trainer));
    read_statistics(network, old, 3);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 6);
    assert_status(VGRAD_E_INVALID, vgrad_trainer_forward(r.trainer, &view));
    assert_error_names("\"narrow\": 1 sample");
    read_statistics(network, now, 3);
    ck_assert_mem_eq(old, now, sizeof now);
    assert_ok(vgrad_network_predict(network, &view, now, VGRAD_FLOAT64, 6));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_TRAINABLE, 0));
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    rig_destroy(&r);
}
END_TEST

START_TEST(nan_and_infinity_stay_in_their_channel)
{
    double x[ROWS * WIDTH];
    vgrad_layer *before, *layer;
    vgrad_network *network = one_batch_norm(_i ? VGRAD_FLOAT32 : VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    fill(x, ROWS * WIDTH, -1, 1, 14);
    double y[ROWS * WIDTH] = { 0 };
    x[4] = (double)NAN;
    x[CHANNELS + 2] = HUGE_VAL;
    rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
    double *a = doubles_of(vgrad_layer_tensor(layer, VGRAD_ACTIVATION));
    double *dgamma = doubles_of(vgrad_layer_tensor(layer, VGRAD_GAMMA_GRADIENT)), s[6];
    read_statistics(network, s, CHANNELS);
    for (int i = 0; i < ROWS * WIDTH; i++)
        ck_assert_int_eq(isfinite(a[i]) != 0, i % CHANNELS == 0);
    for (int c = 0; c < CHANNELS; c++) {
        ck_assert_int_eq(isnan(dgamma[c]) != 0, c != 0);
        ck_assert_int_eq(isnan(s[CHANNELS + c]) != 0, c != 0);
    }
    assert_ok(vgrad_trainer_step(r.trainer));
    free(a);
    free(dgamma);
    rig_destroy(&r);
}
END_TEST

/* A column of one value has variance 0, and its xhat is 0 whatever the value is. */
START_TEST(constant_columns_are_zero)
{
    double x[ROWS * WIDTH], out[ROWS * WIDTH];
    vgrad_layer *before, *layer;
    vgrad_tensor view;
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_EPSILON, 1e-30));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BETA, VGRAD_INIT_ZEROS, 0, 0));
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    const double values[CHANNELS] = { 0.1, -1e30 / 3, 1e-200 };
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = values[i % CHANNELS];
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, WIDTH);
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_ACTIVATION), out, VGRAD_FLOAT64,
                                ROWS * WIDTH));
    for (int i = 0; i < ROWS * WIDTH; i++)
        ck_assert_double_eq(out[i], 0);
    rig_destroy(&r);
}
END_TEST

/* ---- layer norm against plain loops ---- */

START_TEST(layer_norm_is_what_plain_loops_make)
{
    double x[ROWS * WIDTH], y[ROWS * WIDTH], a[ROWS * WIDTH], dx[ROWS * WIDTH];
    double gamma[CHANNELS], beta[CHANNELS], dgamma[CHANNELS] = { 0 }, dbeta[CHANNELS] = { 0 };
    const int64_t row[2] = { PIXELS, CHANNELS };
    const double epsilon = _i ? 1e-3 : 1e-5;
    vgrad_network *network = new_network(VGRAD_FLOAT64, 15);
    vgrad_layer *before = vgrad_reshape(vgrad_input(network, WIDTH), 2, row);
    vgrad_layer *layer = vgrad_layer_norm(before);
    if (_i)
        assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_EPSILON, epsilon));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, 0.1);
    vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_GAMMA), gamma, VGRAD_FLOAT64, CHANNELS);
    vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_BETA), beta, VGRAD_FLOAT64, CHANNELS);
    fill(x, ROWS * WIDTH, -2, 3, 15);
    fill(y, ROWS * WIDTH, -1, 1, 16);
    for (int i = 0; i < SAMPLES; i++) {
        const double *here = x + i * CHANNELS;
        double mean = 0, variance = 0, delta[CHANNELS];
        for (int c = 0; c < CHANNELS; c++)
            mean += here[c] / CHANNELS;
        for (int c = 0; c < CHANNELS; c++)
            variance += (here[c] - mean) * (here[c] - mean) / CHANNELS;
        const double s = sqrt(variance + epsilon);
        for (int c = 0; c < CHANNELS; c++) {
            a[i * CHANNELS + c] = gamma[c] * (here[c] - mean) / s + beta[c];
            delta[c] = (a[i * CHANNELS + c] - y[i * CHANNELS + c]) / ROWS;
            dgamma[c] += delta[c] * (here[c] - mean) / s;
            dbeta[c] += delta[c];
        }
        for (int c = 0; c < CHANNELS; c++) { /* the whole Jacobian */
            dx[i * CHANNELS + c] = 0;
            for (int k = 0; k < CHANNELS; k++)
                dx[i * CHANNELS + c] +=
                    delta[k] * gamma[k] *
                    (((c == k) - 1.0 / CHANNELS) / s -
                     (here[k] - mean) * (here[c] - mean) / (CHANNELS * s * s * s));
        }
    }
    rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
    assert_near("a", vgrad_layer_tensor(layer, VGRAD_ACTIVATION), a, 1e-12);
    assert_near("dgamma", vgrad_layer_tensor(layer, VGRAD_GAMMA_GRADIENT), dgamma, 1e-12);
    assert_near("dbeta", vgrad_layer_tensor(layer, VGRAD_BETA_GRADIENT), dbeta, 1e-12);
    assert_near("dx", vgrad_layer_tensor(before, VGRAD_ACTIVATION_GRADIENT), dx, 1e-12);
    rig_destroy(&r);
}
END_TEST

/* ---- state and parameters ---- */

/* gamma and beta are a layer's parameters as a kernel and a bias are. */
START_TEST(a_layers_norm_is_clipped_whatever_its_parameters)
{
    const double limit = 1e-3;
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], y[ROWS * WIDTH];
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 1);
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_CLIP_LAYER_NORM, limit));
    fill(x, ROWS * WIDTH, 1, 3, 0);
    fill(y, ROWS * WIDTH, 1, 3, 1);
    rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
    assert_ok(vgrad_trainer_step(r.trainer));
    double norm = hypot(vgrad_tensor_stat(vgrad_layer_tensor(layer, VGRAD_GAMMA_UPDATE), VGRAD_L2),
                        vgrad_tensor_stat(vgrad_layer_tensor(layer, VGRAD_BETA_UPDATE), VGRAD_L2));
    ck_assert_double_eq_tol(norm, limit, 1e-15);
    rig_destroy(&r);
}
END_TEST

START_TEST(no_optimizer_touches_the_state)
{
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], y[ROWS * WIDTH], old[6], now[6];
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_MOMENTUM, 0));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, (vgrad_optimizer_kind)_i, 0.1);
    set_statistics(network);
    read_statistics(network, old, CHANNELS);
    double *gamma = doubles_of(vgrad_layer_tensor(layer, VGRAD_GAMMA));
    for (uint64_t step = 0; step < 20; step++) {
        fill(x, ROWS * WIDTH, 1, 3, step);
        fill(y, ROWS * WIDTH, 1, 3, step + 1);
        rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    read_statistics(network, now, CHANNELS);
    ck_assert_mem_eq(old, now, sizeof now);
    vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_GAMMA), now, VGRAD_FLOAT64, CHANNELS);
    ck_assert_double_gt(distance(gamma, now, CHANNELS), 0.1);
    free(gamma);
    rig_destroy(&r);
}
END_TEST

START_TEST(a_variance_is_at_least_0)
{
    const double bad[2][2] = { { 1, -1e-9 }, { (double)NAN, 1 } };
    vgrad_tensor view;
    vgrad_network *network = new_network(VGRAD_FLOAT64, 3);
    vgrad_layer *norm = vgrad_batch_norm(vgrad_input(network, 2));
    assert_ok(vgrad_network_build(network, norm));
    for (int i = 0; i < 2; i++) {
        const int64_t two = 2;
        vgrad_tensor_view(&view, bad[i], VGRAD_FLOAT64, 1, &two, NULL);
        assert_status(VGRAD_E_INVALID, vgrad_layer_set_tensor(norm, VGRAD_MOVING_VARIANCE, &view));
        assert_error_names("moving_variance: at least 0, got ");
        assert_ok(vgrad_layer_set_tensor(norm, VGRAD_MOVING_MEAN, &view));
    }
    ck_assert_double_eq(
        vgrad_tensor_stat(vgrad_layer_tensor(norm, VGRAD_MOVING_VARIANCE), VGRAD_MIN), 1);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(states_have_a_value_and_no_other_face)
{
    vgrad_layer *before, *layer;
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    const double ones[CHANNELS] = { 1, 1, 1 }, zeros[CHANNELS] = { 0 };
    const int faces[] = { 256, 512, 1024 };
    vgrad_tensor view;
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    assert_near("mean", vgrad_layer_tensor(layer, VGRAD_MOVING_MEAN), zeros, 0);
    assert_near("variance", vgrad_layer_tensor(layer, VGRAD_MOVING_VARIANCE), ones, 0);
    ck_assert_str_eq(vgrad_layer_tensor(layer, VGRAD_MOVING_MEAN)->name, "batch_norm.moving_mean");
    ck_assert_int_eq(vgrad_network_parameter_count(network), 2 * CHANNELS);
    for (int f = 0; f < 3; f++) {
        ck_assert_ptr_null(vgrad_layer_tensor(layer, (vgrad_role)(VGRAD_MOVING_MEAN + faces[f])));
        assert_error_names("has no");
        vgrad_tensor_view(&view, ones, VGRAD_FLOAT64, 1, (const int64_t[]){ CHANNELS }, NULL);
        assert_status(
            VGRAD_E_NOT_FOUND,
            vgrad_layer_set_tensor(layer, (vgrad_role)(VGRAD_MOVING_MEAN + faces[f]), &view));
    }
    assert_status(VGRAD_E_NOT_FOUND, vgrad_layer_set_tensor(before, VGRAD_MOVING_MEAN, &view));
    vgrad_tensor_view(&view, ones, VGRAD_FLOAT64, 1, (const int64_t[]){ CHANNELS - 1 }, NULL);
    assert_status(VGRAD_E_SHAPE, vgrad_layer_set_tensor(layer, VGRAD_MOVING_VARIANCE, &view));
    vgrad_network_destroy(network);
}
END_TEST

/* The dense layers draw the same numbers whether the one between them has states or not. */
START_TEST(initializing_resets_states_and_moves_no_draw)
{
    double *kernels[4] = { 0 };
    for (int with = 0; with < 2; with++) {
        vgrad_network *network = new_network(VGRAD_FLOAT64, 17);
        vgrad_layer *h = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
        vgrad_layer *n = with ? vgrad_batch_norm(h) : vgrad_flatten(h);
        assert_ok(vgrad_network_build(network, vgrad_dense(n, 2, VGRAD_TANH)));
        set_statistics(network);
        assert_ok(vgrad_network_initialize(network, 18));
        for (int i = 0; i < 2; i++)
            kernels[2 * with + i] = doubles_of(vgrad_network_tensor(network, VGRAD_KERNEL, i));
        if (with) {
            double s[8];
            read_statistics(network, s, 4);
            for (int c = 0; c < 4; c++)
                ck_assert(s[c] == 0 && s[4 + c] == 1);
        }
        vgrad_network_destroy(network);
    }
    ck_assert_mem_eq(kernels[0], kernels[2], 12 * sizeof(double));
    ck_assert_mem_eq(kernels[1], kernels[3], 8 * sizeof(double));
    for (int i = 0; i < 4; i++)
        free(kernels[i]);
}
END_TEST

START_TEST(gamma_and_beta_are_initialized_as_asked)
{
    const double defaults[2][2] = { { 1, 1 }, { 0, 0 } };
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *first = vgrad_batch_norm(vgrad_input(network, 2));
    vgrad_layer *second = vgrad_layer_norm(first);
    assert_ok(vgrad_layer_set_initializer(second, VGRAD_GAMMA, VGRAD_INIT_CONSTANT, 3, 0));
    assert_ok(vgrad_layer_set_initializer(second, VGRAD_BETA, VGRAD_INIT_CONSTANT, -3, 0));
    assert_status(VGRAD_E_INVALID,
                  vgrad_layer_set_initializer(second, VGRAD_MOVING_MEAN, VGRAD_INIT_ZEROS, 0, 0));
    assert_error_names("gamma or beta, got role 32");
    vgrad_network_destroy(network);
    assert_ok(vgrad_network_create(&network, NULL));
    first = vgrad_batch_norm(vgrad_input(network, 2));
    second = vgrad_layer_norm(first);
    assert_ok(vgrad_layer_set_initializer(second, VGRAD_GAMMA, VGRAD_INIT_CONSTANT, 3, 0));
    assert_ok(vgrad_layer_set_initializer(second, VGRAD_BETA, VGRAD_INIT_CONSTANT, -3, 0));
    assert_ok(vgrad_network_build(network, second));
    assert_near("gamma", vgrad_layer_tensor(first, VGRAD_GAMMA), defaults[0], 0);
    assert_near("beta", vgrad_layer_tensor(first, VGRAD_BETA), defaults[1], 0);
    ck_assert_double_eq(vgrad_tensor_stat(vgrad_layer_tensor(second, VGRAD_GAMMA), VGRAD_MIN), 3);
    ck_assert_double_eq(vgrad_tensor_stat(vgrad_layer_tensor(second, VGRAD_BETA), VGRAD_MAX), -3);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_probe_sees_gamma_and_beta)
{
    const vgrad_role roles[] = { VGRAD_GAMMA_GRADIENT, VGRAD_BETA_GRADIENT, VGRAD_GAMMA_UPDATE,
                                 VGRAD_BETA_UPDATE,    VGRAD_GAMMA,         VGRAD_BETA };
    vgrad_layer *before, *layer;
    double x[ROWS * WIDTH], y[ROWS * WIDTH], seen, l2[6];
    vgrad_probe *probe;
    vgrad_network *network = one_batch_norm(VGRAD_FLOAT64, &before, &layer);
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, layer));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_ADAM, 0.1);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_probe_watch(probe, VGRAD_MOVING_MEAN, 1));
    assert_ok(vgrad_probe_attach(probe, network));
    fill(x, ROWS * WIDTH, -1, 1, 18);
    fill(y, ROWS * WIDTH, -1, 1, 19);
    rig_gradients(&r, x, WIDTH, y, WIDTH, ROWS);
    for (int i = 0; i < 2; i++)
        l2[i] = vgrad_tensor_stat(vgrad_layer_tensor(layer, roles[i]), VGRAD_L2);
    assert_ok(vgrad_trainer_step(r.trainer));
    for (int i = 2; i < 6; i++)
        l2[i] = vgrad_tensor_stat(vgrad_layer_tensor(layer, roles[i]), VGRAD_L2);
    for (int i = 0; i < 6; i++) {
        assert_ok(vgrad_probe_read(probe, vgrad_layer_index(layer), roles[i], VGRAD_L2, &seen));
        ck_assert_double_eq(seen, l2[i]);
        ck_assert_double_gt(seen, 0);
    }
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}
END_TEST

/* ---- dropout ---- */

enum { DROPPED_ROWS = 200, DROPPED_WIDTH = 100, DROPPED = DROPPED_ROWS * DROPPED_WIDTH };

/* Two dropouts in a row, of ones. */
typedef struct droppings {
    rig rig;
    vgrad_layer *first, *second;
    double a[DROPPED], b[DROPPED]; /* what they give */
} droppings;

static void make_droppings(droppings *d, vgrad_dtype dtype, uint64_t seed, double rate)
{
    vgrad_network *network = new_network(dtype, seed);
    d->first = vgrad_dropout(vgrad_input(network, DROPPED_WIDTH), rate);
    d->second = vgrad_dropout(d->first, rate);
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, d->second));
    d->rig = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, 0.1);
}

static void drop(droppings *d, int64_t rows)
{
    static double x[DROPPED], zeros[DROPPED];
    for (int i = 0; i < DROPPED; i++)
        x[i] = 1;
    rig_gradients(&d->rig, x, DROPPED_WIDTH, zeros, DROPPED_WIDTH, rows);
    vgrad_tensor_copy(vgrad_layer_tensor(d->first, VGRAD_ACTIVATION), d->a, VGRAD_FLOAT64, DROPPED);
    vgrad_tensor_copy(vgrad_layer_tensor(d->second, VGRAD_ACTIVATION), d->b, VGRAD_FLOAT64,
                      DROPPED);
}

START_TEST(dropout_keeps_its_share_and_the_mean)
{
    static droppings d;
    const double rates[] = { 0.1, 0.25, 0.5, 0.9 }, rate = rates[_i];
    int kept = 0, both = 0;
    make_droppings(&d, VGRAD_FLOAT64, 20, rate);
    drop(&d, DROPPED_ROWS);
    for (int i = 0; i < DROPPED; i++) {
        ck_assert(d.a[i] == 0 || fabs(d.a[i] - 1 / (1 - rate)) < 1e-15);
        kept += d.a[i] != 0;
        both += d.b[i] != 0;
    }
    /* Binomial: four standard errors. The two layers are independent. */
    const double p = 1 - rate, q = p * p;
    ck_assert_double_lt(fabs(kept - DROPPED * p), 4 * sqrt(DROPPED * p * (1 - p)));
    ck_assert_double_lt(fabs(both - DROPPED * q), 4 * sqrt(DROPPED * q * (1 - q)));
    const double mean =
        vgrad_tensor_stat(vgrad_layer_tensor(d.first, VGRAD_ACTIVATION), VGRAD_MEAN);
    ck_assert_double_lt(fabs(mean - 1), 4 * sqrt(rate / p / DROPPED));
    rig_destroy(&d.rig);
}
END_TEST

static int differences(const double *a, const double *b, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += (a[i] != 0) != (b[i] != 0);
    return count;
}

START_TEST(masks_differ_and_repeat)
{
    static droppings d, other;
    static double a[DROPPED], a2[DROPPED], b[DROPPED];
    make_droppings(&d, VGRAD_FLOAT64, 21, 0.5);
    drop(&d, DROPPED_ROWS);
    memcpy(a, d.a, sizeof a);
    memcpy(b, d.b, sizeof b);
    drop(&d, DROPPED_ROWS); /* from pass to pass */
    memcpy(a2, d.a, sizeof a2);
    ck_assert_int_gt(differences(a, d.a, DROPPED), DROPPED / 3);
    ck_assert_int_gt(differences(a, b, DROPPED), DROPPED / 5); /* b is 0 where a is */
    /* Another network of the seed, of another type, with passes on the side. */
    make_droppings(&other, VGRAD_FLOAT32, 21, 0.5);
    drop(&other, DROPPED_ROWS);
    ck_assert_int_eq(differences(a, other.a, DROPPED), 0);
    ck_assert_int_eq(differences(b, other.b, DROPPED), 0);
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, a, VGRAD_FLOAT64, 3, DROPPED_WIDTH);
    assert_ok(vgrad_network_predict(other.rig.network, &view, b, VGRAD_FLOAT64, DROPPED));
    drop(&other, 7); /* an element's place decides, not how many there are */
    ck_assert_int_eq(differences(a2, other.a, 7 * DROPPED_WIDTH), 0);
    /* From the start again, and with another seed. */
    vgrad_trainer_skip_update(other.rig.trainer);
    vgrad_trainer_step(other.rig.trainer);
    assert_ok(vgrad_network_initialize(other.rig.network, 21));
    drop(&other, DROPPED_ROWS);
    ck_assert_int_eq(differences(a, other.a, DROPPED), 0);
    vgrad_trainer_skip_update(other.rig.trainer);
    vgrad_trainer_step(other.rig.trainer);
    assert_ok(vgrad_network_initialize(other.rig.network, 22));
    drop(&other, DROPPED_ROWS);
    ck_assert_int_gt(differences(a, other.a, DROPPED), DROPPED / 3);
    rig_destroy(&d.rig);
    rig_destroy(&other.rig);
}
END_TEST

/* Word by word from the generator: what a seed drops never changes. */
START_TEST(a_mask_is_the_stream_of_its_layer_and_pass)
{
    static droppings d;
    const uint32_t key[2] = { 0x9abcdef0u, 0x12345678u };
    make_droppings(&d, VGRAD_FLOAT32, 0x123456789abcdef0u, 0.25);
    for (uint32_t pass = 0; pass < 3; pass++) {
        drop(&d, DROPPED_ROWS);
        for (uint32_t i = 0; i < DROPPED; i++) {
            const uint32_t counter[4] = { i / 4, 5, 1, pass }; /* block, purpose, layer, pass */
            uint32_t block[4];
            vgrad__philox(counter, key, block);
            if ((d.a[i] != 0) != (block[i % 4] >= 0x40000000u))
                ck_abort_msg("pass %u, element %u: %g", pass, i, d.a[i]);
        }
    }
    rig_destroy(&d.rig);
}
END_TEST

/* Layers 1 and 2 of one seed see the same input here: their own masks differ. */
START_TEST(layers_have_masks_of_their_own)
{
    double x[100], y[200] = { 0 };
    vgrad_network *network = new_network(VGRAD_FLOAT64, 23);
    vgrad_layer *in = vgrad_input(network, 100), *a = vgrad_dropout(in, 0.5);
    vgrad_layer *b = vgrad_dropout(in, 0.5);
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_network_build(network, vgrad_concatenate(a, b)));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    fill(x, 100, 1, 2, 23);
    rig_gradients(&r, x, 100, y, 200, 1);
    double *of_a = doubles_of(vgrad_layer_tensor(a, VGRAD_ACTIVATION));
    double *of_b = doubles_of(vgrad_layer_tensor(b, VGRAD_ACTIVATION));
    ck_assert_int_gt(differences(of_a, of_b, 100), 25);
    free(of_a);
    free(of_b);
    rig_destroy(&r);
}
END_TEST

START_TEST(the_gradient_goes_through_the_mask_of_forward)
{
    static droppings d;
    make_droppings(&d, _i ? VGRAD_FLOAT32 : VGRAD_FLOAT64, 24, 0.3);
    drop(&d, DROPPED_ROWS);
    double *delta = doubles_of(vgrad_layer_tensor(d.second, VGRAD_DELTA));
    double *da = doubles_of(vgrad_layer_tensor(d.first, VGRAD_ACTIVATION_GRADIENT));
    for (int i = 0; i < DROPPED; i++) {
        const double mask = d.a[i] != 0 ? d.b[i] / d.a[i] : 0; /* as x was 1 */
        if (d.a[i] != 0 && !(fabs(da[i] - delta[i] * mask) <= 1e-6 * fabs(delta[i])))
            ck_abort_msg("%d: %g, not %g", i, da[i], delta[i] * mask);
    }
    free(delta);
    free(da);
    rig_destroy(&d.rig);
}
END_TEST

START_TEST(nothing_is_dropped_in_prediction_evaluation_or_at_rate_0)
{
    static droppings d;
    static double x[DROPPED], out[DROPPED];
    double loss;
    vgrad_tensor view;
    vgrad_dataset *data;
    make_droppings(&d, VGRAD_FLOAT64, 25, 0.5);
    fill(x, DROPPED, -1, 1, 25);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, DROPPED_ROWS, DROPPED_WIDTH);
    assert_ok(vgrad_network_predict(d.rig.network, &view, out, VGRAD_FLOAT64, DROPPED));
    ck_assert_mem_eq(x, out, sizeof x);
    assert_ok(vgrad_dataset_borrow(&data, DROPPED_ROWS, x, VGRAD_FLOAT64, DROPPED_WIDTH, x,
                                   VGRAD_FLOAT64, DROPPED_WIDTH, NULL));
    assert_ok(vgrad_trainer_evaluate(d.rig.trainer, data, &loss, NULL));
    ck_assert_double_eq(loss, 0);
    vgrad_dataset_destroy(data);
    rig_destroy(&d.rig);
    make_droppings(&d, VGRAD_FLOAT64, 25, 0);
    drop(&d, DROPPED_ROWS);
    for (int i = 0; i < DROPPED; i++)
        ck_assert(d.b[i] == 1);
    rig_destroy(&d.rig);
}
END_TEST

/* ---- what does not fit ---- */

START_TEST(rates_and_axes_that_cannot_be_are_refused)
{
    const double rates[] = { 1, -0.1, 1.5, (double)NAN, HUGE_VAL, -HUGE_VAL, -1e-300 };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        vgrad_network *network = new_network(VGRAD_FLOAT32, 1);
        vgrad_layer *layer = vgrad_dropout(vgrad_input(network, 2), rates[i]);
        assert_ok(vgrad_layer_set_name(layer, "leaky"));
        assert_status(VGRAD_E_INVALID, vgrad_network_build(network, layer));
        assert_error_names("layer \"leaky\": rate in [0, 1)");
        vgrad_network_destroy(network);
    }
    vgrad_network *network = new_network(VGRAD_FLOAT32, 1);
    assert_ok(
        vgrad_network_build(network, vgrad_dropout(vgrad_input(network, 2), 0x1.fffffffffffffp-1)));
    vgrad_network_destroy(network);
    network = new_network(VGRAD_FLOAT32, 1);
    assert_status(
        VGRAD_E_SHAPE,
        vgrad_network_build(network, vgrad_layer_norm(vgrad_input_image(network, 4, 4, 1))));
    assert_error_names("layer \"layer_norm\"");
    vgrad_network_destroy(network);
    ck_assert_ptr_null(vgrad_batch_norm(NULL));
    ck_assert_ptr_null(vgrad_layer_norm(NULL));
    ck_assert_ptr_null(vgrad_dropout(NULL, 0.5));
}
END_TEST

START_TEST(options_are_held_in_their_ranges)
{
    const struct {
        vgrad_layer_option option;
        double initial, bad[4];
    } options[] = {
        { VGRAD_LAYER_MOMENTUM, 0.1, { -0.1, 1.1, (double)NAN, HUGE_VAL } },
        { VGRAD_LAYER_EPSILON, 1e-5, { 0, -1, 2, (double)NAN } },
        { VGRAD_LAYER_UNBIASED_VARIANCE, 1, { 0.5, 2, -1, (double)NAN } },
    };
    for (size_t o = 0; o < 3; o++)
        for (int i = 0; i < 4; i++) {
            vgrad_network *network = new_network(VGRAD_FLOAT32, 1);
            vgrad_layer *layer = vgrad_batch_norm(vgrad_input(network, 2));
            ck_assert_double_eq(vgrad_layer_get(layer, options[o].option), options[o].initial);
            assert_status(VGRAD_E_INVALID,
                          vgrad_layer_set(layer, options[o].option, options[o].bad[i]));
            ck_assert_double_eq(vgrad_layer_get(layer, options[o].option), options[o].initial);
            assert_status(VGRAD_E_INVALID, vgrad_network_build(network, layer));
            vgrad_network_destroy(network);
        }
    vgrad_network *network = new_network(VGRAD_FLOAT32, 1);
    vgrad_layer *layer = vgrad_layer_norm(vgrad_batch_norm(vgrad_input(network, 2)));
    ck_assert_double_eq(vgrad_layer_get(layer, VGRAD_LAYER_EPSILON), 1e-5);
    ck_assert(isnan(vgrad_layer_get(layer, VGRAD_LAYER_MOMENTUM)));
    assert_ok(vgrad_network_build(network, layer));
    assert_status(VGRAD_E_STATE, vgrad_layer_set(layer, VGRAD_LAYER_EPSILON, 1e-3));
    vgrad_network_destroy(network);
}
END_TEST

static void add_loop(Suite *suite, const char *name, const TTest *test, int from, int to)
{
    TCase *loop = tcase_create(name);
    tcase_set_timeout(loop, 120);
    tcase_add_loop_test(loop, test, from, to);
    suite_add_tcase(suite, loop);
}

int main(void)
{
    Suite *suite = suite_create("normalization");
    add_loop(suite, "kinds", every_kind_goes_backward, 0, 2 * KINDS);
    add_loop(suite, "to x", every_kind_goes_backward_to_x, 0, KINDS);
    add_loop(suite, "output", every_kind_can_be_the_output, 0, KINDS);
    add_loop(suite, "room", eight_units_fill_their_room, 0, KINDS);
    add_tests(suite, "checker", twenty_residual_blocks,
              the_checker_moves_no_statistics_and_no_mask);
    add_loop(suite, "batch norm", batch_norm_is_what_plain_loops_make, 0, 4);
    add_loop(suite, "nan", nan_and_infinity_stay_in_their_channel, 0, 2);
    add_tests(suite, "modes", float32_far_from_zero, constant_columns_are_zero,
              prediction_takes_the_moving_statistics_and_moves_nothing,
              a_skipped_step_has_moved_the_statistics, a_frozen_layer_stands_still,
              one_sample_is_refused_and_moves_nothing);
    add_loop(suite, "layer norm", layer_norm_is_what_plain_loops_make, 0, 2);
    add_loop(suite, "optimizers", no_optimizer_touches_the_state, VGRAD_SGD, VGRAD_ADAM + 1);
    add_tests(suite, "state", a_layers_norm_is_clipped_whatever_its_parameters,
              states_have_a_value_and_no_other_face, a_variance_is_at_least_0,
              initializing_resets_states_and_moves_no_draw, gamma_and_beta_are_initialized_as_asked,
              a_probe_sees_gamma_and_beta);
    add_loop(suite, "shares", dropout_keeps_its_share_and_the_mean, 0, 4);
    add_loop(suite, "mask", the_gradient_goes_through_the_mask_of_forward, 0, 2);
    add_tests(suite, "masks", masks_differ_and_repeat, a_mask_is_the_stream_of_its_layer_and_pass,
              layers_have_masks_of_their_own,
              nothing_is_dropped_in_prediction_evaluation_or_at_rate_0);
    add_tests(suite, "refusals", rates_and_axes_that_cannot_be_are_refused,
              options_are_held_in_their_ranges);
    return run_suite(suite);
}
