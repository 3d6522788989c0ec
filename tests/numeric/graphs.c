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
    TCase *loops = tcase_create("concatenation");
    tcase_add_loop_test(loops, concatenation_with_what_needs_no_gradient, 0, 3);
    suite_add_tcase(suite, loops);
    add_tests(suite, "values", concatenation_puts_channels_side_by_side,
              a_sum_is_a_sum_and_views_know_their_shape);
    TCase *activations = tcase_create("activations");
    tcase_add_loop_test(activations, an_activation_of_its_own_goes_backward, 0, ACTIVATIONS);
    tcase_add_loop_test(activations, an_activation_of_its_own_is_that_of_a_dense_layer, 0,
                        ACTIVATIONS);
    suite_add_tcase(suite, activations);
    add_tests(suite, "softmax and alpha", softmax_runs_over_the_last_axis,
              a_softmax_over_parts_of_a_row_is_not_fused, alpha_has_the_range_of_its_activation);
    add_tests(suite, "checker", the_checker_leaves_the_network_as_it_was, the_checker_sees_a_kink,
              the_checker_refuses_what_it_cannot_do);
    add_tests(suite, "shapes", shapes_that_do_not_fit_name_the_layer,
              layers_of_two_networks_do_not_mix, x_must_be_as_wide_as_all_inputs);
    return run_suite(suite);
}
