/* Networks that are no chains, against central differences and against chains that are equal. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "common.h"

enum { ROWS = 3 };

static vgrad_network *new_network(uint64_t seed)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_set_seed(network, seed));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    return network;
}

/* Builds and checks at rows of random numbers; the network goes. */
static void check_network(vgrad_network *network, vgrad_layer *output, int64_t width)
{
    double x[ROWS * 64], worst = NAN;
    vgrad_tensor view;
    dice d = dice_from(5);
    assert_ok(vgrad_network_build(network, output));
    for (int i = 0; i < ROWS * width; i++)
        x[i] = dice_uniform(&d, -1, 1);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, width);
    for (int32_t training = 0; training < 2; training++) {
        assert_ok(vgrad_gradient_check(network, &view, training, 0, &worst));
        ck_assert_double_lt(worst, 1e-7);
    }
    vgrad_network_destroy(network);
}

/* ---- each kind, in the company that shows its faults ---- */

START_TEST(a_residual_block_with_fan_out_3)
{
    vgrad_network *network = new_network(1);
    vgrad_layer *x = vgrad_dense(vgrad_input(network, 4), 5, VGRAD_TANH);
    vgrad_layer *h = vgrad_dense(vgrad_dense(x, 6, VGRAD_SIGMOID), 5, VGRAD_LINEAR);
    vgrad_layer *sum = vgrad_add(vgrad_add(h, x), vgrad_dense(x, 5, VGRAD_TANH));
    check_network(network, vgrad_dense(sum, 2, VGRAD_SIGMOID), 4);
}
END_TEST

START_TEST(a_layer_added_to_itself)
{
    vgrad_network *network = new_network(2);
    vgrad_layer *x = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
    check_network(network, vgrad_dense(vgrad_add(x, x), 2, VGRAD_TANH), 3);
}
END_TEST

/* The input needs no gradient; the other part does. Also the other way round, and twice the same.
 */
START_TEST(concatenation_with_what_needs_no_gradient)
{
    vgrad_network *network = new_network(3);
    vgrad_layer *in = vgrad_input(network, 3), *h = vgrad_dense(in, 4, VGRAD_TANH);
    vgrad_layer *joint = _i == 0   ? vgrad_concatenate(in, h)
                         : _i == 1 ? vgrad_concatenate(h, in)
                                   : vgrad_concatenate(h, h);
    check_network(network, vgrad_dense(joint, 2, VGRAD_SIGMOID), 3);
}
END_TEST

START_TEST(concatenation_of_rows_of_rank_3)
{
    const int64_t row[3] = { 2, 3, 2 }, other[3] = { 2, 3, 1 };
    vgrad_network *network = new_network(4);
    vgrad_layer *in = vgrad_input(network, 5);
    vgrad_layer *a = vgrad_reshape(vgrad_dense(in, 12, VGRAD_TANH), 3, row);
    vgrad_layer *b = vgrad_reshape(vgrad_dense(in, 6, VGRAD_TANH), 3, other);
    vgrad_layer *joint = vgrad_flatten(vgrad_concatenate(a, b));
    check_network(network, vgrad_dense(joint, 2, VGRAD_SIGMOID), 5);
}
END_TEST

START_TEST(several_inputs_take_their_columns)
{
    vgrad_network *network = new_network(5);
    vgrad_layer *a = vgrad_input(network, 3), *b = vgrad_input_image(network, 2, 1, 2);
    vgrad_layer *joint = vgrad_concatenate(vgrad_dense(a, 4, VGRAD_TANH), vgrad_flatten(b));
    check_network(network, vgrad_dense(joint, 2, VGRAD_SIGMOID), 7);
}
END_TEST

/* ---- several outputs ---- */

/* A body with a head of three classes and one of two numbers. */
static vgrad_network *two_heads(uint64_t seed, vgrad_layer *heads[2])
{
    vgrad_network *network = new_network(seed);
    vgrad_layer *body = vgrad_dense(vgrad_input(network, 4), 5, VGRAD_TANH);
    heads[0] = vgrad_dense(body, 3, VGRAD_SOFTMAX);
    heads[1] = vgrad_dense(vgrad_dense(body, 3, VGRAD_SIGMOID), 2, VGRAD_TANH);
    return network;
}

START_TEST(several_outputs_pass_the_check_and_answer_side_by_side)
{
    double x[ROWS * 4], joint[ROWS * 5], worst;
    vgrad_layer *heads[2];
    vgrad_tensor view;
    vgrad_network *network = two_heads(13, heads);
    dice d = dice_from(1);
    for (int i = 0; i < ROWS * 4; i++)
        x[i] = dice_uniform(&d, -1, 1);
    assert_ok(vgrad_network_build_outputs(network, 2, heads));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, 4);
    assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
    ck_assert_double_lt(worst, 1e-7);
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    assert_ok(vgrad_network_predict(network, &view, joint, VGRAD_FLOAT64, ROWS * 5));
    for (int row = 0; row < ROWS; row++) {
        const double *classes = vgrad_tensor_f64(vgrad_layer_tensor(heads[0], VGRAD_ACTIVATION));
        const double *numbers = vgrad_tensor_f64(vgrad_layer_tensor(heads[1], VGRAD_ACTIVATION));
        ck_assert_mem_eq(joint + 5 * row, classes + 3 * row, 3 * sizeof *joint);
        ck_assert_mem_eq(joint + 5 * row + 3, numbers + 2 * row, 2 * sizeof *joint);
    }
    assert_status(VGRAD_E_INVALID,
                  vgrad_network_predict(network, &view, joint, VGRAD_FLOAT64, ROWS * 5 - 1));
    vgrad_network_destroy(network);
}
END_TEST

/* Gradients of the body with one head's loss switched off, or both on. */
static double body_gradient(double first, double second, bool sparse, double gradient[20])
{
    static const double x[8] = { .1, .2, -.3, .4, -.5, .6, .7, -.8 };
    static const double dense[10] = { 0, 1, 0, .5, -.5, 0, 0, 1, .1, .9 };
    static const double classes[6] = { 1, .5, -.5, 2, .1, .9 };
    vgrad_layer *heads[2];
    vgrad_network *network = two_heads(14, heads);
    vgrad_layer *body = vgrad_network_layer(network, 1);
    assert_ok(vgrad_network_build_outputs(network, 2, heads));
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY, VGRAD_SGD, 0.1);
    assert_ok(vgrad_trainer_set_output_loss(r.trainer, 0, VGRAD_LOSS_CROSSENTROPY, first));
    assert_ok(vgrad_trainer_set_output_loss(r.trainer, 1, VGRAD_LOSS_MEAN_SQUARED_ERROR, second));
    double loss = rig_gradients(&r, x, 4, sparse ? classes : dense, sparse ? 3 : 5, 2);
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(body, VGRAD_KERNEL_GRADIENT), gradient,
                                VGRAD_FLOAT64, 20));
    assert_ok(vgrad_trainer_step(r.trainer));
    rig_destroy(&r);
    return loss;
}

START_TEST(the_loss_is_the_weighted_sum_over_outputs)
{
    double a[20], b[20], both[20], sparse[20];
    double loss_a = body_gradient(1, 0, false, a), loss_b = body_gradient(0, 1, false, b);
    ck_assert_double_eq_tol(body_gradient(2, 0.5, false, both), 2 * loss_a + 0.5 * loss_b, 1e-14);
    ck_assert_double_eq_tol(body_gradient(2, 0.5, true, sparse), 2 * loss_a + 0.5 * loss_b, 1e-14);
    ck_assert_double_gt(norm(a, 20), 1e-3);
    ck_assert_double_gt(norm(b, 20), 1e-3);
    for (int i = 0; i < 20; i++) {
        ck_assert_double_eq_tol(both[i], 2 * a[i] + 0.5 * b[i], 1e-15);
        ck_assert_double_eq_tol(sparse[i], both[i], 1e-15);
    }
}
END_TEST

START_TEST(fit_evaluate_and_own_gradients_know_all_outputs)
{
    double x[40 * 4], y[40 * 5], before, after, accuracy, gradient[10] = { 0 }, w[2];
    vgrad_layer *heads[2];
    vgrad_network *network = two_heads(15, heads);
    vgrad_dataset *data;
    vgrad_tensor view, own;
    dice d = dice_from(2);
    for (int i = 0; i < 40 * 4; i++)
        x[i] = dice_uniform(&d, -1, 1);
    for (int i = 0; i < 40; i++) {
        const int class = x[4 * i] > 0.3 ? 2 : x[4 * i] > -0.3;
        for (int j = 0; j < 3; j++)
            y[5 * i + j] = j == class;
        y[5 * i + 3] = x[4 * i + 1] / 2;
        y[5 * i + 4] = -x[4 * i + 2] / 2;
    }
    assert_ok(vgrad_network_build_outputs(network, 2, heads));
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY, VGRAD_ADAM, 0.02);
    assert_ok(vgrad_trainer_set_output_loss(r.trainer, 1, VGRAD_LOSS_MEAN_SQUARED_ERROR, 4));
    assert_ok(vgrad_dataset_borrow(&data, 40, x, VGRAD_FLOAT64, 4, y, VGRAD_FLOAT64, 5, NULL));
    assert_ok(vgrad_trainer_evaluate(r.trainer, data, &before, NULL));
    assert_ok(vgrad_trainer_fit(r.trainer, data, 150));
    assert_ok(vgrad_trainer_evaluate(r.trainer, data, &after, &accuracy));
    ck_assert_double_lt(after, before / 4);
    ck_assert_double_gt(accuracy, 0.9);
    /* A gradient of one's own for the second output only. */
    gradient[4] = 1;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 4);
    vgrad_tensor_matrix(&own, gradient, VGRAD_FLOAT64, 2, 5);
    assert_ok(vgrad_trainer_forward(r.trainer, &view));
    assert_ok(vgrad_trainer_set_loss_gradient(r.trainer, 1, &own));
    assert_ok(vgrad_trainer_backward(r.trainer));
    for (int i = 0; i < 2; i++)
        w[i] = vgrad_tensor_stat(vgrad_layer_tensor(heads[i], VGRAD_KERNEL_GRADIENT), VGRAD_L2);
    ck_assert(w[0] == 0 && w[1] > 0);
    vgrad_dataset_destroy(data);
    rig_destroy(&r);
}
END_TEST

START_TEST(outputs_that_are_none_are_refused)
{
    double y[3] = { 0 };
    const double x[4] = { 0 };
    vgrad_tensor xs, ys;
    vgrad_layer *heads[2], *twice[2];
    vgrad_network *network = two_heads(16, heads);
    vgrad_layer *more = vgrad_dense(heads[0], 2, VGRAD_TANH),
                *chained[3] = { heads[0], heads[1], more };
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 3, chained));
    assert_error_names("leads on to layer \"dense_4\"");
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 2, heads));
    assert_error_names("does not lead to");
    vgrad_network_destroy(network);
    network = two_heads(16, heads);
    twice[0] = twice[1] = heads[0];
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 2, twice));
    assert_error_names("is one already");
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 0, heads));
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 2, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(NULL, 2, heads));
    twice[1] = NULL;
    assert_status(VGRAD_E_INVALID, vgrad_network_build_outputs(network, 2, twice));
    assert_ok(vgrad_network_build_outputs(network, 2, heads));
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY, VGRAD_SGD, 0.1);
    const vgrad_loss squares = VGRAD_LOSS_MEAN_SQUARED_ERROR;
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(r.trainer, 2, squares, 1));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(r.trainer, -1, squares, 1));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(r.trainer, 0, squares, -1));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(r.trainer, 0, squares, NAN));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(r.trainer, 0, (vgrad_loss)99, 1));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_output_loss(NULL, 0, squares, 1));
    assert_status(VGRAD_E_STATE, vgrad_trainer_set_class_weights(r.trainer, x, 3));
    vgrad_tensor_matrix(&xs, x, VGRAD_FLOAT64, 1, 4);
    vgrad_tensor_matrix(&ys, y, VGRAD_FLOAT64, 1, 3);
    assert_ok(vgrad_trainer_forward(r.trainer, &xs));
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_loss(r.trainer, &ys, NULL));
    assert_error_names("2 outputs need width 5 or 2, got 3");
    rig_destroy(&r);
}
END_TEST

/* ---- one layer in two places ---- */

/* Twice in a row, in a residual, and with a bias or without. */
START_TEST(shared_parameters_have_the_gradient_of_both_places)
{
    vgrad_network *network = new_network(10);
    vgrad_layer *in = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
    vgrad_layer *h = vgrad_dense(in, 4, VGRAD_SIGMOID);
    assert_ok(vgrad_layer_set(h, VGRAD_LAYER_USE_BIAS, _i & 1));
    vgrad_layer *again = vgrad_share(h, _i & 2 ? h : in), *third = vgrad_share(again, again);
    check_network(network, vgrad_dense(vgrad_add(vgrad_add(h, again), third), 2, VGRAD_TANH), 3);
}
END_TEST

/* The same network with two layers of equal parameters, whose gradients add up to the shared one's.
 */
START_TEST(sharing_is_adding_gradients)
{
    double gradients[2][4 * 4 + 4], sum[4 * 4 + 4] = { 0 }, worst = 0;
    static const double x[6] = { .1, -.4, .3, .9, .2, -.7 }, y[4] = { 0, 1, 1, 0 };
    for (int shared = 0; shared < 2; shared++) {
        vgrad_network *network = new_network(11);
        vgrad_layer *in = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
        vgrad_layer *a = vgrad_dense(in, 4, VGRAD_SIGMOID);
        vgrad_layer *b = shared ? vgrad_share(a, a) : vgrad_dense(a, 4, VGRAD_SIGMOID);
        vgrad_layer *out = vgrad_dense(b, 2, VGRAD_SIGMOID);
        assert_ok(vgrad_layer_set_initializer(out, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, .3, 0));
        assert_ok(vgrad_layer_set_initializer(out, VGRAD_BIAS, VGRAD_INIT_CONSTANT, .1, 0));
        assert_ok(vgrad_network_build(network, out));
        for (int role = 0; role < 2 && !shared; role++)
            assert_ok(vgrad_layer_set_tensor(b, (vgrad_role)role,
                                             vgrad_layer_tensor(a, (vgrad_role)role)));
        ck_assert_int_eq(vgrad_network_parameter_count(network), 16 + 20 + (shared ? 0 : 20) + 10);
        rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.1);
        rig_gradients(&r, x, 3, y, 2, 2);
        vgrad_layer *layers[2] = { a, b };
        for (int i = 0; i < 2; i++)
            for (int role = 0; role < 2; role++)
                assert_ok(vgrad_tensor_copy(
                    vgrad_layer_tensor(layers[i], (vgrad_role)(VGRAD_KERNEL_GRADIENT + role)),
                    gradients[i] + 16 * role, VGRAD_FLOAT64, 16));
        for (int p = 0; p < 20; p++) {
            if (shared) {
                worst = fmax(worst, fabs(gradients[0][p] - sum[p]));
                ck_assert_double_eq(gradients[0][p], gradients[1][p]); /* one tensor */
            } else {
                sum[p] = gradients[0][p] + gradients[1][p];
            }
        }
        assert_ok(vgrad_trainer_step(r.trainer));
        rig_destroy(&r);
    }
    ck_assert_double_lt(worst, 1e-15);
}
END_TEST

START_TEST(what_cannot_be_shared_is_named)
{
    vgrad_network *network = new_network(1), *other = new_network(1);
    vgrad_layer *in = vgrad_input(network, 4), *h = vgrad_dense(in, 3, VGRAD_TANH);
    vgrad_layer *again = vgrad_share(h, h);
    assert_status(VGRAD_E_SHAPE, vgrad_network_build(network, again));
    assert_error_names("layer \"dense_1\": \"dense\" has parameters of other shapes");
    vgrad_network_destroy(network);
    network = new_network(1);
    in = vgrad_input(network, 4);
    ck_assert_ptr_null(vgrad_share(in, in));
    assert_status(VGRAD_E_INVALID, vgrad_network_build(network, in));
    assert_error_names("cannot be shared");
    vgrad_network_destroy(network);
    network = new_network(1);
    h = vgrad_dense(vgrad_input(network, 4), 4, VGRAD_TANH);
    again = vgrad_share(h, h);
    assert_status(VGRAD_E_STATE, vgrad_layer_set(again, VGRAD_LAYER_USE_BIAS, 0));
    ck_assert_double_eq(vgrad_layer_get(again, VGRAD_LAYER_USE_BIAS), 1);
    ck_assert_ptr_null(vgrad_share(h, vgrad_input(other, 4)));
    ck_assert_ptr_null(vgrad_share(NULL, h));
    ck_assert_ptr_null(vgrad_share(h, NULL));
    vgrad_network_destroy(network);
    vgrad_network_destroy(other);
}
END_TEST

/* ---- orthogonal kernels ---- */

START_TEST(orthogonal_kernels_have_orthonormal_columns_or_rows)
{
    static const int64_t sizes[][2] = { { 5, 5 }, { 9, 4 }, { 4, 9 }, { 30, 1 }, { 1, 3 } };
    const int64_t inputs = sizes[_i / 2][0], units = sizes[_i / 2][1];
    const bool single = _i & 1;
    double w[81];
    vgrad_network *network = new_network(12);
    assert_ok(vgrad_network_set_dtype(network, single ? VGRAD_FLOAT32 : VGRAD_FLOAT64));
    vgrad_layer *h = vgrad_dense(vgrad_input(network, inputs), units, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set_initializer(h, VGRAD_KERNEL, VGRAD_INIT_ORTHOGONAL, 3, 0));
    assert_ok(vgrad_network_build(network, h));
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(h, VGRAD_KERNEL), w, VGRAD_FLOAT64, 81));
    const bool by_columns = units <= inputs;
    const int64_t count = by_columns ? units : inputs, length = by_columns ? inputs : units;
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b < count; b++) {
            double sum = 0;
            for (int64_t j = 0; j < length; j++)
                sum += by_columns ? w[j * units + a] * w[j * units + b]
                                  : w[a * units + j] * w[b * units + j];
            ck_assert_double_eq_tol(sum, a == b ? 9 : 0, single ? 1e-5 : 1e-13);
        }
    vgrad_network_destroy(network);
}
END_TEST

/* ---- values ---- */

static void predict(vgrad_network *network, const double *x, int64_t width, double *out,
                    int64_t count)
{
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, width);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, count));
}

/* Rows are concatenated along their last axis, run by run. */
START_TEST(concatenation_puts_channels_side_by_side)
{
    const int64_t row[2] = { 2, 2 }, thin[2] = { 2, 1 };
    const double x[6] = { 1, 2, 3, 4, 10, 20 };
    static const double joint[6] = { 1, 2, 10, 3, 4, 20 };
    double out[6];
    vgrad_network *network = new_network(6);
    vgrad_layer *a = vgrad_input_shape(network, 2, row), *b = vgrad_input_shape(network, 2, thin);
    assert_ok(vgrad_network_build(network, vgrad_concatenate(a, b)));
    predict(network, x, 6, out, 6);
    ck_assert_mem_eq(out, joint, sizeof joint);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_sum_is_a_sum_and_views_know_their_shape)
{
    const double x[4] = { 1, -2, 3, 4 };
    double out[4];
    vgrad_network *network = new_network(7);
    vgrad_layer *in = vgrad_input_image(network, 1, 2, 2), *twice = vgrad_add(in, in);
    assert_ok(vgrad_network_build(network, vgrad_flatten(twice)));
    assert_ok(vgrad_network_keep(network, VGRAD_KEEP_ACTIVATION));
    predict(network, x, 4, out, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(out[i], 2 * x[i]);
    const vgrad_tensor *a = vgrad_layer_tensor(twice, VGRAD_ACTIVATION);
    ck_assert_int_eq(a->rank, 4);
    ck_assert(a->shape[0] == 1 && a->shape[1] == 1 && a->shape[2] == 2 && a->shape[3] == 2);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- activations as layers of their own ---- */

enum { ACTIVATIONS = 13 };

START_TEST(an_activation_of_its_own_goes_backward)
{
    const int64_t row[2] = { 2, 3 };
    vgrad_network *network = new_network(11);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 4), 6, VGRAD_LINEAR);
    vgrad_layer *a = vgrad_activate(vgrad_reshape(h, 2, row), (vgrad_activation)_i);
    vgrad_layer *joint = vgrad_concatenate(vgrad_flatten(a), h); /* z is there for others too */
    check_network(network, vgrad_activate(vgrad_dense(joint, 2, VGRAD_LINEAR), VGRAD_TANH), 4);
}
END_TEST

/* The same bits as those of a dense layer with the activation. */
START_TEST(an_activation_of_its_own_is_that_of_a_dense_layer)
{
    const double x[4] = { 0.3, -1.2, 2.5, -0.1 };
    double out[2][5];
    for (int apart = 0; apart < 2; apart++) {
        vgrad_network *network = new_network(12);
        vgrad_activation f = (vgrad_activation)_i;
        vgrad_layer *dense = vgrad_dense(vgrad_input(network, 4), 5, apart ? VGRAD_LINEAR : f);
        assert_ok(vgrad_network_build(network, apart ? vgrad_activate(dense, f) : dense));
        predict(network, x, 4, out[apart], 5);
        vgrad_network_destroy(network);
    }
    ck_assert_mem_eq(out[0], out[1], sizeof out[0]);
}
END_TEST

START_TEST(softmax_runs_over_the_last_axis)
{
    const int64_t row[2] = { 2, 2 };
    const double x[4] = { 0, log(3), 5, 5 };
    double out[4];
    vgrad_network *network = new_network(13);
    vgrad_layer *in = vgrad_input_shape(network, 2, row);
    assert_ok(vgrad_network_build(network, vgrad_activate(in, VGRAD_SOFTMAX)));
    predict(network, x, 4, out, 4);
    ck_assert_double_eq_tol(out[0], 0.25, 1e-15);
    ck_assert_double_eq_tol(out[1], 0.75, 1e-15);
    ck_assert(out[2] == 0.5 && out[3] == 0.5);
    vgrad_network_destroy(network);
    network = new_network(13);
    const int64_t thin[2] = { 3, 1 };
    in = vgrad_input_shape(network, 2, thin);
    assert_status(VGRAD_E_SHAPE, vgrad_network_build(network, vgrad_activate(in, VGRAD_SOFTMAX)));
    assert_error_names("layer \"activation\"");
    vgrad_network_destroy(network);
}
END_TEST

/* Two distributions in a row are not one over four: what the loss is given is a itself. */
START_TEST(a_softmax_over_parts_of_a_row_is_not_fused)
{
    const int64_t row[2] = { 2, 2 };
    const double x[4] = { 0, log(3), 0, 0 }, y[1] = { 1 };
    vgrad_network *network = new_network(14);
    vgrad_layer *in = vgrad_input_shape(network, 2, row);
    assert_ok(vgrad_network_build(network, vgrad_activate(vgrad_add(in, in), VGRAD_SOFTMAX)));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY, VGRAD_SGD, 0);
    double loss = rig_gradients(&r, x, 4, y, 1, 1);
    ck_assert_double_eq_tol(loss, -log(0.9 / 2), 1e-14);
    ck_assert_ptr_nonnull(vgrad_network_tensor(network, VGRAD_ACTIVATION_GRADIENT, 1));
    rig_destroy(&r);
}
END_TEST

START_TEST(alpha_has_the_range_of_its_activation)
{
    double out[1];
    const double x[1] = { -1 };
    vgrad_network *network = new_network(15);
    vgrad_layer *in = vgrad_input(network, 1);
    vgrad_layer *elu = vgrad_activate(in, VGRAD_ELU),
                *leaky = vgrad_activate(elu, VGRAD_LEAKY_RELU);
    ck_assert_double_eq(vgrad_layer_get(elu, VGRAD_LAYER_ALPHA), 1);
    ck_assert_double_eq(vgrad_layer_get(leaky, VGRAD_LAYER_ALPHA), 0.2);
    assert_ok(vgrad_layer_set(elu, VGRAD_LAYER_ALPHA, 3));
    assert_ok(vgrad_network_build(network, leaky));
    predict(network, x, 1, out, 1);
    ck_assert_double_eq_tol(out[0], 0.2 * 3 * expm1(-1), 1e-15);
    vgrad_network_destroy(network);
    const double bad[] = { -0.1, 1e31, (double)NAN, (double)INFINITY };
    for (int i = 0; i < 5; i++) {
        network = new_network(15);
        elu = vgrad_activate(vgrad_input(network, 1), i < 4 ? VGRAD_ELU : VGRAD_LEAKY_RELU);
        assert_status(VGRAD_E_INVALID,
                      vgrad_layer_set(elu, VGRAD_LAYER_ALPHA, i < 4 ? bad[i] : 1.5));
        assert_error_names(i < 4 ? "alpha in [0, 1e30]" : "alpha in [0, 1]");
        vgrad_network_destroy(network);
    }
}
END_TEST

/* ---- the checker itself ---- */

START_TEST(the_checker_leaves_the_network_as_it_was)
{
    double x[6] = { .1, .2, .3, .4, .5, .6 }, before[2], after[2], worst;
    vgrad_tensor view;
    vgrad_network *network = new_network(8);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
    assert_ok(vgrad_network_build(network, vgrad_dense(h, 2, VGRAD_SOFTMAX)));
    predict(network, x, 3, before, 2);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 3);
    assert_ok(vgrad_gradient_check(network, &view, 1, 1e-6, &worst));
    predict(network, x, 3, after, 2);
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert_double_eq(x[5], .6);
    ck_assert_ptr_null(vgrad_network_tensor(network, VGRAD_KERNEL_GRADIENT, 0));
    vgrad_network_destroy(network);
}
END_TEST

/* The gradient of an input is read when backward is over, wherever among the layers it was made. */
START_TEST(the_checker_reads_inputs_made_late)
{
    vgrad_network *network = new_network(8);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 3), 4, VGRAD_TANH);
    vgrad_layer *late = vgrad_dense(vgrad_input(network, 2), 4, VGRAD_TANH);
    vgrad_layer *sum = vgrad_add(vgrad_dense(h, 4, VGRAD_TANH), late);
    check_network(network, vgrad_dense(vgrad_dense(sum, 4, VGRAD_SIGMOID), 2, VGRAD_TANH), 5);
}
END_TEST

START_TEST(the_checker_is_not_seen)
{
    const double x[4] = { .1, .2, .3, .4 }, y[2] = { 0, 1 };
    const chain c = { VGRAD_FLOAT64, 1, 2, 2, { 3, 1 }, { VGRAD_TANH, VGRAD_SIGMOID } };
    double worst, before[10], after[10], update[6], still[6];
    vgrad_tensor view;
    vgrad_probe *probe;
    rig r = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.1);
    assert_ok(vgrad_network_keep(r.network, VGRAD_KEEP_UPDATE));
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, r.network));
    rig_gradients(&r, x, 2, y, 1, 2);
    assert_ok(vgrad_trainer_step(r.trainer));
    const vgrad_role roles[5] = { VGRAD_ACTIVATION, VGRAD_DELTA, VGRAD_KERNEL_GRADIENT,
                                  VGRAD_BIAS_GRADIENT, VGRAD_KERNEL };
    for (int i = 0; i < 10; i++)
        assert_ok(vgrad_probe_read(probe, 1 + i % 2, roles[i / 2], VGRAD_L2, &before[i]));
    assert_ok(vgrad_tensor_copy(vgrad_network_tensor(r.network, VGRAD_KERNEL_UPDATE, 0), update,
                                VGRAD_FLOAT64, 6));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 2);
    assert_ok(vgrad_gradient_check(r.network, &view, 1, 0, &worst));
    for (int i = 0; i < 10; i++)
        assert_ok(vgrad_probe_read(probe, 1 + i % 2, roles[i / 2], VGRAD_L2, &after[i]));
    ck_assert_mem_eq(before, after, sizeof before);
    assert_ok(vgrad_tensor_copy(vgrad_network_tensor(r.network, VGRAD_KERNEL_UPDATE, 0), still,
                                VGRAD_FLOAT64, 6));
    ck_assert_mem_eq(update, still, sizeof update);
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}
END_TEST

/* ---- more rows than there are numbers for ---- */

/* Rows of one number each, by way of a stride of 0: they cost nothing to hand over. */
static const vgrad_tensor *endless(vgrad_tensor *view, int64_t rows, int64_t width)
{
    static const double one = 1;
    const int64_t shape[2] = { rows, width }, strides[2] = { 0, 0 };
    const vgrad_tensor *x = vgrad_tensor_view(view, &one, VGRAD_FLOAT64, 2, shape, strides);
    ck_assert_msg(x != NULL, "%s", vgrad_last_error());
    return x;
}

START_TEST(products_beyond_64_bits_are_memory_that_is_not_there)
{
    enum { WIDE = INT32_MAX, OUTPUTS = 600 };
    double worst, out;
    vgrad_tensor view;
    vgrad_layer *outputs[OUTPUTS];
    vgrad_network *network = new_network(1);
    vgrad_layer *in = vgrad_input_image(network, 1, WIDE, 1);
    for (int i = 0; i < OUTPUTS; i++)
        outputs[i] = vgrad_global_average_pool2d(in);
    assert_ok(vgrad_network_build_outputs(network, OUTPUTS, outputs));
    const vgrad_tensor *x = endless(&view, WIDE, WIDE);
    assert_status(VGRAD_E_MEMORY, vgrad_gradient_check(network, x, 1, 0, &worst));
    assert_status(VGRAD_E_INVALID, vgrad_network_predict(network, x, &out, VGRAD_FLOAT64, 1));
    assert_error_names("capacity: the answer has 2147483647 x 600 elements, got 1");
    vgrad_network_destroy(network);
}
END_TEST

/* A ReLU right on its kink has no derivative, and the checker does not hide it. */
START_TEST(the_checker_sees_a_kink)
{
    const double x[2] = { 0, 0 };
    double worst;
    vgrad_tensor view;
    vgrad_network *network = new_network(9);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_ZEROS, 0, 0));
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 2), 3, VGRAD_RELU);
    assert_ok(vgrad_network_build(network, vgrad_dense(h, 1, VGRAD_LINEAR)));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
    ck_assert_double_gt(worst, 0.1);
    vgrad_network_destroy(network);
}
END_TEST

/* No gradient anywhere is no error. */
START_TEST(the_checker_finds_nothing_wrong_with_zero)
{
    const double x[2] = { 0.5, -1 };
    double worst = -1;
    vgrad_tensor view;
    vgrad_network *network = new_network(9);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_CONSTANT, -100, 0));
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 3, VGRAD_RELU)));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
    ck_assert_double_eq(worst, 0);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(the_checker_refuses_what_it_cannot_do)
{
    double x[2] = { 1, 2 }, worst = 7;
    vgrad_tensor view;
    vgrad_network *network;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *output = vgrad_dense(vgrad_input(network, 2), 1, VGRAD_TANH);
    assert_status(VGRAD_E_STATE, vgrad_gradient_check(network, &view, 0, 0, &worst));
    assert_ok(vgrad_network_build(network, output));
    assert_status(VGRAD_E_STATE, vgrad_gradient_check(network, &view, 0, 0, &worst));
    assert_error_names("float64");
    assert_status(VGRAD_E_INVALID, vgrad_gradient_check(NULL, &view, 0, 0, &worst));
    vgrad_network_destroy(network);
    network = new_network(1);
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 1, VGRAD_TANH)));
    assert_status(VGRAD_E_INVALID, vgrad_gradient_check(network, &view, 0, NAN, &worst));
    assert_status(VGRAD_E_INVALID, vgrad_gradient_check(network, &view, 0, -1, &worst));
    assert_status(VGRAD_E_INVALID, vgrad_gradient_check(network, &view, 0, 0, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_gradient_check(network, NULL, 0, 0, &worst));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 1);
    assert_status(VGRAD_E_SHAPE, vgrad_gradient_check(network, &view, 0, 0, &worst));
    ck_assert_double_eq(worst, 7);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- what does not fit ---- */

static void refuse(vgrad_network *network, vgrad_layer *output, vgrad_status status,
                   const char *names)
{
    assert_status(status, vgrad_network_build(network, output));
    assert_error_names(names);
    vgrad_network_destroy(network);
}

START_TEST(shapes_that_do_not_fit_name_the_layer)
{
    const int64_t six[2] = { 2, 3 };
    vgrad_network *network = new_network(1);
    vgrad_layer *in = vgrad_input(network, 4), *a = vgrad_dense(in, 3, VGRAD_TANH);
    refuse(network, vgrad_add(a, in), VGRAD_E_SHAPE, "layer \"add\": \"dense\" has rows of (3)");
    network = new_network(1);
    in = vgrad_input_image(network, 2, 2, 1);
    refuse(network, vgrad_concatenate(in, vgrad_input_image(network, 2, 1, 1)), VGRAD_E_SHAPE,
           "layer \"concatenate\"");
    network = new_network(1);
    refuse(network, vgrad_reshape(vgrad_input(network, 4), 2, six), VGRAD_E_SHAPE,
           "layer \"reshape\": rows of (4) have other elements than (2, 3)");
    network = new_network(1);
    refuse(network, vgrad_dense(vgrad_input_image(network, 2, 2, 1), 3, VGRAD_TANH), VGRAD_E_SHAPE,
           "flatten");
    network = new_network(1);
    refuse(network, vgrad_reshape(vgrad_input(network, 4), 9, six), VGRAD_E_INVALID, "rank");
    network = new_network(1);
    refuse(network, vgrad_flatten(vgrad_input_image(network, 1 << 20, 1 << 20, 1)), VGRAD_E_SHAPE,
           "layer \"input\"");
}
END_TEST

START_TEST(layers_of_two_networks_do_not_mix)
{
    vgrad_network *network = new_network(1), *other = new_network(1);
    vgrad_layer *a = vgrad_input(network, 4), *b = vgrad_input(other, 4);
    ck_assert_ptr_null(vgrad_add(a, b));
    ck_assert_ptr_null(vgrad_concatenate(NULL, b));
    refuse(network, a, VGRAD_E_INVALID, "another network");
    refuse(other, b, VGRAD_E_INVALID, "another network");
}
END_TEST

START_TEST(x_must_be_as_wide_as_all_inputs)
{
    double x[7] = { 0 }, out[2];
    const int64_t cube[3] = { 1, 2, 2 };
    vgrad_tensor view;
    vgrad_network *network = new_network(1);
    vgrad_layer *a = vgrad_input(network, 3), *b = vgrad_input(network, 4);
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_concatenate(a, b), 2, VGRAD_TANH)));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 3);
    assert_status(VGRAD_E_SHAPE, vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 2));
    assert_error_names("7 wide together, got 3");
    vgrad_tensor_view(&view, x, VGRAD_FLOAT64, 3, cube, NULL);
    assert_status(VGRAD_E_SHAPE, vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 2));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 7);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 2));
    vgrad_network_destroy(network);
    /* Rows in the shape of the only input are fine. */
    const int64_t images[4] = { 1, 2, 1, 2 };
    network = new_network(1);
    assert_ok(vgrad_network_build(network, vgrad_flatten(vgrad_input_image(network, 2, 1, 2))));
    vgrad_tensor_view(&view, x, VGRAD_FLOAT64, 4, images, NULL);
    assert_status(VGRAD_E_INVALID, vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 2));
    double four[4];
    assert_ok(vgrad_network_predict(network, &view, four, VGRAD_FLOAT64, 4));
    vgrad_network_destroy(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graphs");
    add_tests(suite, "gradients", a_residual_block_with_fan_out_3, a_layer_added_to_itself,
              concatenation_of_rows_of_rank_3, several_inputs_take_their_columns);
    TCase *loops = tcase_create("in several ways");
    tcase_add_loop_test(loops, concatenation_with_what_needs_no_gradient, 0, 3);
    tcase_add_loop_test(loops, shared_parameters_have_the_gradient_of_both_places, 0, 4);
    tcase_add_loop_test(loops, orthogonal_kernels_have_orthonormal_columns_or_rows, 0, 10);
    suite_add_tcase(suite, loops);
    add_tests(suite, "outputs", several_outputs_pass_the_check_and_answer_side_by_side,
              the_loss_is_the_weighted_sum_over_outputs,
              fit_evaluate_and_own_gradients_know_all_outputs, outputs_that_are_none_are_refused);
    add_tests(suite, "shared", sharing_is_adding_gradients, what_cannot_be_shared_is_named);
    add_tests(suite, "values", concatenation_puts_channels_side_by_side,
              a_sum_is_a_sum_and_views_know_their_shape);
    TCase *activations = tcase_create("activations");
    tcase_add_loop_test(activations, an_activation_of_its_own_goes_backward, 0, ACTIVATIONS);
    tcase_add_loop_test(activations, an_activation_of_its_own_is_that_of_a_dense_layer, 0,
                        ACTIVATIONS);
    suite_add_tcase(suite, activations);
    add_tests(suite, "softmax and alpha", softmax_runs_over_the_last_axis,
              a_softmax_over_parts_of_a_row_is_not_fused, alpha_has_the_range_of_its_activation);
    add_tests(suite, "checker", the_checker_leaves_the_network_as_it_was,
              the_checker_reads_inputs_made_late, the_checker_is_not_seen,
              products_beyond_64_bits_are_memory_that_is_not_there, the_checker_sees_a_kink,
              the_checker_finds_nothing_wrong_with_zero, the_checker_refuses_what_it_cannot_do);
    add_tests(suite, "shapes", shapes_that_do_not_fit_name_the_layer,
              layers_of_two_networks_do_not_mix, x_must_be_as_wide_as_all_inputs);
    return run_suite(suite);
}
