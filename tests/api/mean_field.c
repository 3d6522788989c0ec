/* What is foretold of small networks, against figures by hand, and of which there is none. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "fixture.h"

static vgrad_network *new_network(vgrad_dtype dtype)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    return network;
}

/* A dense layer with the same weight and bias everywhere. */
static vgrad_layer *even_dense(vgrad_layer *in, int64_t units, vgrad_activation f, double weight,
                               double bias)
{
    vgrad_layer *layer = vgrad_dense(in, units, f);
    assert_ok(vgrad_layer_set_initializer(layer, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, weight, 0));
    assert_ok(vgrad_layer_set_initializer(layer, VGRAD_BIAS, VGRAD_INIT_CONSTANT, bias, 0));
    return layer;
}

static vgrad_mean_field *build_and_predict(vgrad_network *network, vgrad_layer *output,
                                           double mean_square)
{
    vgrad_mean_field *field;
    assert_ok(vgrad_network_build(network, output));
    assert_ok(vgrad_mean_field_create(&field, network, mean_square));
    return field;
}

static double figure(const vgrad_mean_field *field, const vgrad_layer *layer,
                     vgrad_quantity quantity)
{
    double value = 0;
    assert_ok(vgrad_mean_field_read(field, vgrad_layer_index(layer), quantity, &value));
    return value;
}

static void assert_figure(const vgrad_mean_field *field, const vgrad_layer *layer,
                          vgrad_quantity quantity, double expected)
{
    const double value = figure(field, layer, quantity);
    ck_assert_msg(value == expected || fabs(value - expected) <= 2e-7 * fabs(expected),
                  "%s of %s: %.12g instead of %.12g", vgrad_quantity_name(quantity),
                  vgrad_layer_name(layer), value, expected);
}

/* NaN, and a reason that has this word in it. */
static void assert_none(const vgrad_mean_field *field, const vgrad_layer *layer,
                        vgrad_quantity quantity, vgrad_status status, const char *word)
{
    double value = 7;
    assert_status(status, vgrad_mean_field_read(field, vgrad_layer_index(layer), quantity, &value));
    assert_error_names(word);
    ck_assert(isnan(value));
}

/* ReLU: E[f^2] = q / 2, E[f'^2] = 1 / 2. */
START_TEST(figures_are_those_of_the_formulas)
{
    vgrad_network *network = new_network(_i ? VGRAD_FLOAT64 : VGRAD_FLOAT32);
    vgrad_layer *first = even_dense(vgrad_input(network, 3), 4, VGRAD_RELU, 0.5, 0.25);
    vgrad_layer *second = even_dense(first, 5, VGRAD_LEAKY_RELU, -0.75, 0);
    assert_ok(vgrad_layer_set(second, VGRAD_LAYER_ALPHA, 0.5));
    vgrad_layer *last = even_dense(second, 2, VGRAD_LINEAR, 1, 0);
    vgrad_mean_field *field = build_and_predict(network, last, 8);
    const double q1 = 3 * 0.25 * 8 + 0.0625, sw2 = 4 * 0.5625, q2 = sw2 * q1 / 2;
    assert_figure(field, first, VGRAD_PREDICTED_Q, q1);
    assert_figure(field, second, VGRAD_PREDICTED_Q, q2);
    assert_figure(field, last, VGRAD_PREDICTED_Q, 5 * q2 * (1 + 0.25) / 2);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, sw2 / 2);
    assert_figure(field, second, VGRAD_PREDICTED_CHI, 5 * (1 + 0.25) / 2);
    assert_figure(field, first, VGRAD_PREDICTED_LOSS, -log10(sw2 / 2) / 2);
    assert_figure(field, first, VGRAD_PREDICTED_DEPTH, 6 / -log(0.75 / 2));
    assert_figure(field, second, VGRAD_PREDICTED_DEPTH, 6 / log(sw2 * (1 + 0.25) / 2));
    assert_figure(field, last, VGRAD_PREDICTED_DEPTH, 6 / log(5));
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_chain_at_the_edge_can_be_trained_at_any_depth)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = even_dense(vgrad_input(network, 8), 8, VGRAD_RELU, 0.5, 0);
    vgrad_mean_field *field = build_and_predict(network, layer, 1);
    assert_figure(field, layer, VGRAD_PREDICTED_DEPTH, (double)INFINITY);
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(weights_of_zero_cut_the_gradient)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *first = even_dense(vgrad_input(network, 3), 4, VGRAD_TANH, 0.5, 0);
    vgrad_layer *second = even_dense(first, 4, VGRAD_TANH, 0, 0.5);
    vgrad_mean_field *field = build_and_predict(network, second, 1);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 0);
    assert_figure(field, first, VGRAD_PREDICTED_LOSS, (double)INFINITY);
    assert_figure(field, second, VGRAD_PREDICTED_Q, 0.25);
    assert_figure(field, second, VGRAD_PREDICTED_DEPTH, 0);
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

/* The same function, in one layer or in several. */
START_TEST(an_activation_apart_is_the_layers_own)
{
    vgrad_network *whole = new_network(VGRAD_FLOAT64), *parts = new_network(VGRAD_FLOAT64);
    const int64_t shape[2] = { 2, 3 };
    vgrad_layer *a = even_dense(vgrad_input(whole, 6), 4, VGRAD_TANH, 0.9, 0.1);
    vgrad_layer *b = even_dense(a, 5, VGRAD_SIGMOID, 0.7, 0);
    vgrad_layer *in = vgrad_flatten(vgrad_input_shape(parts, 2, shape));
    vgrad_layer *c = even_dense(in, 4, VGRAD_LINEAR, 0.9, 0.1);
    vgrad_layer *c_f = vgrad_activate(vgrad_reshape(c, 2, (const int64_t[]){ 2, 2 }), VGRAD_TANH);
    vgrad_layer *flat = vgrad_flatten(c_f);
    vgrad_layer *d = even_dense(flat, 5, VGRAD_LINEAR, 0.7, 0);
    vgrad_layer *d_f = vgrad_activate(d, VGRAD_SIGMOID);
    vgrad_mean_field *one = build_and_predict(whole, b, 2);
    vgrad_mean_field *other = build_and_predict(parts, d_f, 2);
    assert_figure(other, c, VGRAD_PREDICTED_Q, figure(one, a, VGRAD_PREDICTED_Q));
    assert_figure(other, c_f, VGRAD_PREDICTED_Q, figure(one, a, VGRAD_PREDICTED_Q));
    assert_figure(other, d, VGRAD_PREDICTED_Q, figure(one, b, VGRAD_PREDICTED_Q));
    assert_figure(other, c, VGRAD_PREDICTED_CHI, 1);
    ck_assert_double_eq_tol(figure(other, c_f, VGRAD_PREDICTED_LOSS) +
                                figure(other, flat, VGRAD_PREDICTED_LOSS),
                            figure(one, a, VGRAD_PREDICTED_LOSS), 1e-7);
    assert_figure(other, d, VGRAD_PREDICTED_CHI, 1);
    assert_figure(other, c, VGRAD_PREDICTED_DEPTH, figure(one, a, VGRAD_PREDICTED_DEPTH));
    assert_figure(other, d_f, VGRAD_PREDICTED_DEPTH, figure(one, b, VGRAD_PREDICTED_DEPTH));
    assert_none(other, d_f, VGRAD_PREDICTED_LOSS, VGRAD_E_NOT_FOUND, "an output");
    assert_none(other, in, VGRAD_PREDICTED_DEPTH, VGRAD_E_NOT_FOUND, "no weights");
    vgrad_mean_field_destroy(one);
    vgrad_mean_field_destroy(other);
    vgrad_network_destroy(whole);
    vgrad_network_destroy(parts);
}
END_TEST

START_TEST(dropout_adds_to_the_mean_of_squares)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *first = even_dense(vgrad_input(network, 4), 4, VGRAD_RELU, 0.5, 0);
    vgrad_layer *drop = vgrad_dropout(first, 0.75);
    vgrad_layer *second = even_dense(drop, 4, VGRAD_LINEAR, 0.5, 0);
    vgrad_layer *late = vgrad_activate(vgrad_dropout(second, 0.5), VGRAD_TANH);
    vgrad_mean_field *field = build_and_predict(network, late, 1);
    assert_figure(field, drop, VGRAD_PREDICTED_Q, 4 * 0.5);
    assert_figure(field, second, VGRAD_PREDICTED_Q, 4 * 0.5);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 4 * 0.5);
    assert_figure(field, drop, VGRAD_PREDICTED_CHI, 1);
    assert_figure(field, first, VGRAD_PREDICTED_DEPTH, 6 / log(2));
    assert_none(field, late, VGRAD_PREDICTED_Q, VGRAD_E_UNSUPPORTED, "dropped");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_shared_layer_has_its_owners_weights)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *first = even_dense(vgrad_input(network, 4), 4, VGRAD_LINEAR, 0.75, 0.5);
    vgrad_layer *again = vgrad_share(first, first);
    vgrad_mean_field *field = build_and_predict(network, again, 1);
    assert_figure(field, again, VGRAD_PREDICTED_Q, 4 * 0.5625 * (4 * 0.5625 + 0.25) + 0.25);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 4 * 0.5625);
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_layer_without_bias_has_none)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = vgrad_dense(vgrad_input(network, 4), 3, VGRAD_TANH);
    assert_ok(vgrad_layer_set_initializer(layer, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 1, 0));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_USE_BIAS, 0));
    vgrad_mean_field *field = build_and_predict(network, layer, 0.25);
    assert_figure(field, layer, VGRAD_PREDICTED_Q, 1);
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- no prediction, and why ---- */

START_TEST(a_kind_without_a_theory_ends_the_prediction)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *input = vgrad_input(network, 4);
    vgrad_layer *first = even_dense(input, 4, VGRAD_RELU, 0.5, 0);
    vgrad_layer *second = even_dense(first, 4, VGRAD_LINEAR, 0.5, 0);
    vgrad_layer *apart = vgrad_activate(second, VGRAD_LINEAR);
    vgrad_layer *norm = vgrad_batch_norm(apart);
    vgrad_layer *last = even_dense(norm, 4, VGRAD_RELU, 0.5, 0);
    vgrad_mean_field *field = build_and_predict(network, last, 1);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 0.5);
    assert_figure(field, first, VGRAD_PREDICTED_DEPTH, 6 / log(2));
    assert_figure(field, apart, VGRAD_PREDICTED_Q, 0.5);
    assert_none(field, second, VGRAD_PREDICTED_CHI, VGRAD_E_UNSUPPORTED, "\"dense_1\"");
    assert_none(field, second, VGRAD_PREDICTED_DEPTH, VGRAD_E_UNSUPPORTED, "\"dense_1\"");
    assert_none(field, apart, VGRAD_PREDICTED_LOSS, VGRAD_E_UNSUPPORTED, "batch_norm");
    assert_none(field, norm, VGRAD_PREDICTED_Q, VGRAD_E_UNSUPPORTED, "batch_norm");
    assert_none(field, last, VGRAD_PREDICTED_Q, VGRAD_E_UNSUPPORTED, "batch_norm");
    assert_none(field, last, VGRAD_PREDICTED_DEPTH, VGRAD_E_UNSUPPORTED, "batch_norm");
    assert_none(field, input, VGRAD_PREDICTED_Q, VGRAD_E_NOT_FOUND, "an input");
    assert_none(field, input, VGRAD_PREDICTED_CHI, VGRAD_E_NOT_FOUND, "an input");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(where_several_read_one_there_is_q_alone)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *first = even_dense(vgrad_input(network, 4), 4, VGRAD_RELU, 0.5, 0);
    vgrad_layer *second = even_dense(first, 4, VGRAD_RELU, 0.5, 0);
    vgrad_layer *sum = vgrad_add(first, second);
    vgrad_mean_field *field = build_and_predict(network, sum, 1);
    assert_figure(field, first, VGRAD_PREDICTED_Q, 1);
    assert_figure(field, second, VGRAD_PREDICTED_Q, 0.5);
    assert_none(field, first, VGRAD_PREDICTED_CHI, VGRAD_E_UNSUPPORTED, "several");
    assert_none(field, first, VGRAD_PREDICTED_DEPTH, VGRAD_E_UNSUPPORTED, "comes after");
    assert_none(field, second, VGRAD_PREDICTED_CHI, VGRAD_E_UNSUPPORTED, "kind add");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_softmax_may_only_come_last)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *first = even_dense(vgrad_input(network, 4), 4, VGRAD_RELU, 0.5, 0);
    vgrad_layer *second = even_dense(first, 4, VGRAD_LINEAR, 0.5, 0);
    vgrad_layer *soft = vgrad_activate(second, VGRAD_SOFTMAX);
    vgrad_mean_field *field = build_and_predict(network, soft, 1);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 0.5);
    assert_figure(field, second, VGRAD_PREDICTED_CHI, 1);
    assert_figure(field, soft, VGRAD_PREDICTED_Q, 0.5);
    assert_none(field, second, VGRAD_PREDICTED_DEPTH, VGRAD_E_UNSUPPORTED, "softmax");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
    network = new_network(VGRAD_FLOAT64);
    soft = vgrad_dense(vgrad_input(network, 4), 4, VGRAD_SOFTMAX);
    vgrad_layer *after = vgrad_dense(soft, 4, VGRAD_RELU);
    field = build_and_predict(network, after, 1);
    assert_none(field, after, VGRAD_PREDICTED_Q, VGRAD_E_UNSUPPORTED, "softmax");
    assert_none(field, soft, VGRAD_PREDICTED_CHI, VGRAD_E_UNSUPPORTED, "softmax");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(weights_that_are_no_numbers_foretell_nothing)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = vgrad_dense(vgrad_input(network, 2), 1, VGRAD_TANH);
    vgrad_layer *last = vgrad_dense(layer, 1, VGRAD_TANH);
    const double bad[2] = { 1, (double)NAN };
    vgrad_tensor view;
    vgrad_mean_field *field;
    assert_ok(vgrad_network_build(network, last));
    assert_ok(vgrad_layer_set_tensor(layer, VGRAD_KERNEL,
                                     vgrad_tensor_matrix(&view, bad, VGRAD_FLOAT64, 2, 1)));
    assert_ok(vgrad_mean_field_create(&field, network, 1));
    assert_none(field, layer, VGRAD_PREDICTED_Q, VGRAD_E_UNSUPPORTED, "would be nan");
    assert_none(field, last, VGRAD_PREDICTED_DEPTH, VGRAD_E_UNSUPPORTED, "would be nan");
    vgrad_mean_field_destroy(field);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- functions of the user's ---- */

typedef struct squarer {
    vgrad_network *network;
    int32_t returns;
    int calls;
    vgrad_status inside; /* of a prediction that f asks for */
} squarer;

static int32_t square(const void *z, void *out, size_t n, void *user)
{
    const double *x = z;
    double *a = out;
    squarer *s = user;
    vgrad_mean_field *field;
    for (size_t i = 0; i < n; i++)
        a[i] = x[i] * x[i];
    s->calls++;
    s->inside = vgrad_mean_field_create(&field, s->network, 1);
    return s->returns;
}

static int32_t square_slope(const void *z, void *out, size_t n, void *user)
{
    const double *x = z;
    double *slope = out;
    (void)user;
    for (size_t i = 0; i < n; i++)
        slope[i] = 2 * x[i];
    return 0;
}

/* E[(q z^2)^2] = 3 q^2, E[(2 sqrt(q) z)^2] = 4 q; squares of squares come to 0. */
START_TEST(an_activation_of_the_users_is_asked)
{
    squarer s = { .network = new_network(VGRAD_FLOAT64) };
    vgrad_layer *first = even_dense(vgrad_input(s.network, 4), 3, VGRAD_LINEAR, 0.25, 0);
    vgrad_layer *squared = vgrad_user_activation(first, "square", square, square_slope, &s);
    vgrad_layer *last = even_dense(squared, 4, VGRAD_LINEAR, 2, 0);
    vgrad_mean_field *field = build_and_predict(s.network, last, 1);
    assert_figure(field, squared, VGRAD_PREDICTED_Q, 0.25);
    assert_figure(field, last, VGRAD_PREDICTED_Q, 3 * 4 * 3 * 0.0625);
    assert_figure(field, squared, VGRAD_PREDICTED_CHI, 3 * 4 * 4 * 0.25);
    assert_figure(field, first, VGRAD_PREDICTED_CHI, 1);
    ck_assert_double_lt(figure(field, first, VGRAD_PREDICTED_DEPTH), 0.2);
    ck_assert_int_gt(s.calls, 0);
    ck_assert_int_eq(s.inside, VGRAD_E_STATE);
    vgrad_mean_field_destroy(field);
    s.returns = 3;
    field = (void *)&s;
    assert_status(VGRAD_E_CALLBACK, vgrad_mean_field_create(&field, s.network, 1));
    assert_error_names("layer \"square\": its f returned 3");
    ck_assert_ptr_null(field);
    vgrad_network_destroy(s.network);
}
END_TEST

/* ---- the prediction itself ---- */

static void read_all(const vgrad_mean_field *field, double figures[3][4])
{
    const vgrad_quantity all[] = { VGRAD_PREDICTED_Q, VGRAD_PREDICTED_CHI, VGRAD_PREDICTED_LOSS,
                                   VGRAD_PREDICTED_DEPTH };
    memset(figures, 0, 12 * sizeof figures[0][0]);
    for (int32_t layer = 1; layer <= 3; layer++)
        for (int i = 0; i < 4; i++)
            if (layer < 3 || (i != 1 && i != 2))
                assert_ok(vgrad_mean_field_read(field, layer, all[i], &figures[layer - 1][i]));
}

START_TEST(a_prediction_stays_as_it_was_made)
{
    fixture f;
    vgrad_mean_field *field, *later;
    double before[3][4], after[3][4], trained[3][4];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_mean_field_create(&field, f.network, 1));
    read_all(field, before);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    assert_ok(vgrad_mean_field_create(&later, f.network, 1));
    read_all(later, trained);
    fixture_destroy(&f);
    read_all(field, after);
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert_double_ne(before[0][0], trained[0][0]);
    vgrad_mean_field_destroy(field);
    vgrad_mean_field_destroy(later);
}
END_TEST

START_TEST(making_one_leaves_network_and_last_error_alone)
{
    fixture f;
    vgrad_mean_field *field;
    double untouched[FIXTURE_WEIGHTS], disturbed[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT64, 2, untouched);
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_status(VGRAD_E_INVALID, vgrad_mean_field_create(&field, f.network, -3));
    assert_ok(vgrad_mean_field_create(&field, f.network, 1));
    assert_error_names("input_mean_square");
    vgrad_mean_field_destroy(field);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    fixture_weights(&f, disturbed);
    ck_assert_mem_eq(untouched, disturbed, sizeof untouched);
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mean_field");
    add_tests(suite, "figures", a_chain_at_the_edge_can_be_trained_at_any_depth,
              weights_of_zero_cut_the_gradient, an_activation_apart_is_the_layers_own,
              dropout_adds_to_the_mean_of_squares, a_shared_layer_has_its_owners_weights,
              a_layer_without_bias_has_none, an_activation_of_the_users_is_asked);
    add_tests(suite, "none", a_kind_without_a_theory_ends_the_prediction,
              where_several_read_one_there_is_q_alone, a_softmax_may_only_come_last,
              weights_that_are_no_numbers_foretell_nothing);
    add_tests(suite, "prediction", a_prediction_stays_as_it_was_made,
              making_one_leaves_network_and_last_error_alone);
    TCase *loops = tcase_create("each");
    tcase_add_loop_test(loops, figures_are_those_of_the_formulas, 0, 2);
    suite_add_tcase(suite, loops);
    return run_suite(suite);
}
