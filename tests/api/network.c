/* A network by itself: its layers, its parameters, its answers. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "fixture.h"

enum { MANY = 600 };

START_TEST(layers_are_found_by_index_and_name)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_layer *const layers[] = { f.input, f.first, f.second, f.last };
    for (int32_t i = 0; i < 4; i++) {
        ck_assert_ptr_eq(vgrad_network_layer(f.network, i), layers[i]);
        ck_assert_int_eq(vgrad_layer_index(layers[i]), i);
        ck_assert_ptr_eq(vgrad_network_find(f.network, vgrad_layer_name(layers[i])), layers[i]);
    }
    ck_assert_ptr_null(vgrad_network_layer(f.network, 4));
    ck_assert_ptr_null(vgrad_network_layer(f.network, -1));
    ck_assert_ptr_null(vgrad_network_find(f.network, "dense"));
    ck_assert_int_eq(vgrad_network_parameter_count(f.network), FIXTURE_WEIGHTS);
    fixture_destroy(&f);
}
END_TEST

START_TEST(names_are_made_of_the_kind_and_a_free_number)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *a = vgrad_dense(vgrad_input(network, 1), 1, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set_name(a, "dense_1"));
    vgrad_layer *b = vgrad_dense(a, 1, VGRAD_LINEAR), *c = vgrad_dense(b, 1, VGRAD_LINEAR);
    ck_assert_str_eq(vgrad_layer_name(b), "dense");
    ck_assert_str_eq(vgrad_layer_name(c), "dense_2");
    vgrad_network_destroy(network);
}
END_TEST

/* Rows one by one must give what many at once give, within the rounding of another order. */
START_TEST(many_rows_answer_as_single_ones)
{
    static double x[MANY * 2], all[MANY], one;
    fixture f;
    vgrad_tensor view;
    fixture_make(&f, _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32, 0);
    for (int i = 0; i < MANY * 2; i++)
        x[i] = sin(i);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, MANY, 2);
    assert_ok(vgrad_network_predict(f.network, &view, all, VGRAD_FLOAT64, MANY));
    for (int i = 0; i < MANY; i++) {
        vgrad_tensor_matrix(&view, x + (ptrdiff_t)2 * i, VGRAD_FLOAT64, 1, 2);
        assert_ok(vgrad_network_predict(f.network, &view, &one, VGRAD_FLOAT64, 1));
        ck_assert_double_eq_tol(one, all[i], _i ? 1e-14 : 1e-6);
    }
    fixture_destroy(&f);
}
END_TEST

START_TEST(strides_and_dtypes_do_not_matter)
{
    static int32_t columns[MANY * 2], rows[MANY * 2];
    static double expected[MANY], found[MANY];
    static float single[MANY];
    fixture f;
    vgrad_tensor view;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < 2; j++)
            rows[2 * i + j] = columns[j * MANY + i] = (i * 7 + j * 3) % 11 - 5;
    vgrad_tensor_matrix(&view, rows, VGRAD_INT32, MANY, 2);
    assert_ok(vgrad_network_predict(f.network, &view, expected, VGRAD_FLOAT64, MANY));
    vgrad_tensor_view(&view, columns, VGRAD_INT32, 2, (const int64_t[]){ MANY, 2 },
                      (const int64_t[]){ 1, MANY });
    assert_ok(vgrad_network_predict(f.network, &view, found, VGRAD_FLOAT64, MANY));
    ck_assert_mem_eq(found, expected, sizeof found);
    assert_ok(vgrad_network_predict(f.network, &view, single, VGRAD_FLOAT32, MANY));
    for (int i = 0; i < MANY; i++)
        ck_assert_double_eq((double)single[i], (double)(float)expected[i]);
    assert_status(VGRAD_E_INVALID,
                  vgrad_network_predict(f.network, &view, found, VGRAD_FLOAT64, MANY - 1));
    assert_error_names("600");
    fixture_destroy(&f);
}
END_TEST

START_TEST(initializing_anew_depends_on_the_seed_alone)
{
    fixture f;
    double first[FIXTURE_WEIGHTS], other[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    fixture_weights(&f, first);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_ok(vgrad_network_initialize(f.network, 5));
    fixture_weights(&f, other);
    ck_assert_mem_ne(first, other, sizeof first);
    assert_ok(vgrad_network_initialize(f.network, 0));
    assert_weights(&f, first);
    fixture_destroy(&f);
}
END_TEST

START_TEST(without_bias_there_is_none)
{
    vgrad_network *network;
    const double x[2] = { 0, 0 };
    double out[3] = { 1, 1, 1 };
    vgrad_tensor view;
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *dense = vgrad_dense(vgrad_input(network, 2), 3, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set(dense, VGRAD_LAYER_USE_BIAS, 0));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_CONSTANT, 4, 0));
    assert_ok(vgrad_network_build(network, dense));
    ck_assert_int_eq(vgrad_network_parameter_count(network), 6);
    ck_assert_ptr_null(vgrad_layer_tensor(dense, VGRAD_BIAS));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 3));
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(out[i], 0);
    vgrad_network_destroy(network);
}
END_TEST

static int32_t gradient_is_there(const vgrad_event *event, void *user)
{
    const vgrad_tensor *gradient = vgrad_layer_tensor(user, VGRAD_KERNEL_GRADIENT);
    (void)event;
    ck_assert_ptr_nonnull(gradient);
    ck_assert_double_gt(vgrad_tensor_stat(gradient, VGRAD_L2), 0);
    return 0;
}

START_TEST(a_frozen_layer_stays_and_has_gradients)
{
    fixture f;
    double before[FIXTURE_WEIGHTS], after[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT64, _i ? KEEP_ALL : 0);
    assert_ok(vgrad_layer_set(f.first, VGRAD_LAYER_TRAINABLE, 0));
    ck_assert_double_eq(vgrad_layer_get(f.first, VGRAD_LAYER_TRAINABLE), 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, gradient_is_there, f.first));
    fixture_weights(&f, before);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    fixture_weights(&f, after);
    ck_assert_mem_eq(before, after, 15 * sizeof *before);
    ck_assert_mem_ne(before + 15, after + 15, 24 * sizeof *before);
    fixture_destroy(&f);
}
END_TEST

START_TEST(alpha_is_the_slope_below_zero)
{
    static const double alphas[] = { 0, 0.2, 1 };
    for (int i = 0; i < 3; i++) {
        vgrad_network *network;
        const double x[2] = { -2, 3 };
        double out[2];
        vgrad_tensor view;
        assert_ok(vgrad_network_create(&network, NULL));
        assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
        vgrad_layer *dense = vgrad_dense(vgrad_input(network, 1), 1, VGRAD_LEAKY_RELU);
        ck_assert_double_eq(vgrad_layer_get(dense, VGRAD_LAYER_ALPHA), 0.2);
        assert_ok(vgrad_layer_set(dense, VGRAD_LAYER_ALPHA, alphas[i]));
        assert_ok(vgrad_layer_set_initializer(dense, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 1, 0));
        assert_ok(vgrad_network_build(network, dense));
        vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 1);
        assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, 2));
        ck_assert_double_eq(out[0], -2 * alphas[i]);
        ck_assert_double_eq(out[1], 3);
        vgrad_network_destroy(network);
    }
}
END_TEST

/* v = momentum v - r g from the step on at which momentum is raised, and from 0 again after it was
   taken away. */
START_TEST(momentum_can_be_raised_and_taken_away)
{
    fixture f;
    vgrad_tensor x, y;
    const double momenta[] = { 0.5, 0, 0.5, 0.5 };
    double g[4], u[4];
    fixture_make(&f, VGRAD_FLOAT64, VGRAD_KEEP_UPDATE);
    for (int step = 0; step < 4; step++) {
        assert_ok(vgrad_optimizer_set(f.optimizer, VGRAD_OPTIMIZER_MOMENTUM, momenta[step]));
        assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
        assert_ok(vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        g[step] = vgrad_tensor_f64(vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT))[3];
        assert_ok(vgrad_trainer_step(f.trainer));
        u[step] = vgrad_tensor_f64(vgrad_layer_tensor(f.first, VGRAD_KERNEL_UPDATE))[3];
    }
    ck_assert_double_eq_tol(u[1], -0.5 * g[1], 1e-15);
    ck_assert_double_eq_tol(u[2], -0.5 * g[2], 1e-15);
    ck_assert_double_eq_tol(u[3], 0.5 * u[2] - 0.5 * g[3], 1e-15);
    fixture_destroy(&f);
}
END_TEST

/* The same bits, whatever was evaluated before with other sizes. */
START_TEST(evaluation_has_no_memory)
{
    fixture f;
    double first, again;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 3));
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &first, NULL));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 20));
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &again, NULL));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 3));
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &again, NULL));
    ck_assert_double_eq(first, again);
    fixture_destroy(&f);
}
END_TEST

/* Its own step is over, but another run is in the middle of one. */
START_TEST(no_run_edits_weights_in_another_ones_step)
{
    fixture f;
    vgrad_tensor x, y;
    void *data;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_trainer *other = fixture_trainer(&f);
    const vgrad_tensor *kernel = vgrad_layer_tensor(f.first, VGRAD_KERNEL);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_ok(vgrad_trainer_edit(f.trainer, kernel, &data));
    assert_ok(vgrad_trainer_forward(other, fixture_x(&f, &x)));
    assert_ok(vgrad_trainer_loss(other, fixture_y(&f, &y), NULL));
    assert_status(VGRAD_E_STATE, vgrad_trainer_edit(f.trainer, kernel, &data));
    ck_assert_ptr_null(data);
    vgrad_trainer_destroy(other);
    fixture_destroy(&f);
}
END_TEST

/* ---- the table ---- */

typedef struct paper {
    char text[2000];
    size_t used;
    int lines_left; /* before it refuses */
} paper;

static int32_t take_line(const char *text, size_t length, void *user)
{
    paper *p = user;
    if (p->lines_left-- <= 0)
        return 7;
    memcpy(p->text + p->used, text, length);
    p->used += length;
    p->text[p->used] = '\0';
    return 0;
}

START_TEST(the_summary_is_a_table_of_layers)
{
    static const char expected[] =
        "Layer (kind)       Output shape     Parameters  Connected to\n"
        "-----------------  ---------------  ----------  ---------------\n"
        "input (input)      (rows, 2, 2, 1)           0\n"
        "flatten (flatten)  (rows, 4)                 0  input\n"
        "hidden (dense)     (rows, 4)         20 frozen  flatten\n"
        "add (add)          (rows, 4)                 0  hidden, flatten\n"
        "dense (dense)      (rows, 3)                15  add\n"
        "-----------------  ---------------  ----------  ---------------\n"
        "35 parameters, 15 of them trainable\n";
    vgrad_network *network;
    paper p = { .lines_left = 100 };
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *flat = vgrad_flatten(vgrad_input_image(network, 2, 2, 1));
    vgrad_layer *hidden = vgrad_dense(flat, 4, VGRAD_TANH);
    assert_ok(vgrad_layer_set_name(hidden, "hidden"));
    assert_ok(vgrad_layer_set(hidden, VGRAD_LAYER_TRAINABLE, 0));
    vgrad_layer *sum = vgrad_add(hidden, flat);
    assert_status(VGRAD_E_STATE, vgrad_network_summary(network, take_line, &p));
    assert_ok(vgrad_network_build(network, vgrad_dense(sum, 3, VGRAD_SOFTMAX)));
    assert_ok(vgrad_network_summary(network, take_line, &p));
    ck_assert_str_eq(p.text, expected);
    for (int lines = 0; lines < 9; lines++) {
        paper short_one = { .lines_left = lines };
        assert_status(VGRAD_E_IO, vgrad_network_summary(network, take_line, &short_one));
    }
    assert_status(VGRAD_E_INVALID, vgrad_network_summary(network, NULL, NULL));
    vgrad_network_destroy(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network");
    add_tests(suite, "network", layers_are_found_by_index_and_name,
              names_are_made_of_the_kind_and_a_free_number, strides_and_dtypes_do_not_matter,
              initializing_anew_depends_on_the_seed_alone, without_bias_there_is_none,
              alpha_is_the_slope_below_zero);
    add_tests(suite, "summary", the_summary_is_a_table_of_layers);
    TCase *each = tcase_create("each");
    tcase_add_loop_test(each, many_rows_answer_as_single_ones, 0, 2);
    tcase_add_loop_test(each, a_frozen_layer_stays_and_has_gradients, 0, 2);
    suite_add_tcase(suite, each);
    add_tests(suite, "runs", momentum_can_be_raised_and_taken_away, evaluation_has_no_memory,
              no_run_edits_weights_in_another_ones_step);
    return run_suite(suite);
}
