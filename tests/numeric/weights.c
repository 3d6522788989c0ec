/* Losses of weighted rows and classes, Huber's bend, and gradients of a loss of one's own. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "common.h"

enum { ROWS = 6, INPUTS = 3, OUTPUTS = 3, PARAMETERS = INPUTS * OUTPUTS + OUTPUTS };

typedef struct task {
    rig r;
    double x[ROWS * INPUTS], numbers[ROWS * OUTPUTS], classes[ROWS], one_hot[ROWS * OUTPUTS];
} task;

static task make(vgrad_loss loss, vgrad_activation last)
{
    const chain c = { .dtype = VGRAD_FLOAT64,
                      .seed = 4,
                      .inputs = INPUTS,
                      .count = 1,
                      .units = { OUTPUTS },
                      .activations = { last } };
    task t = { .r = rig_create(&c, loss, VGRAD_SGD, 0.1) };
    dice d = dice_from(9);
    for (int i = 0; i < ROWS * INPUTS; i++)
        t.x[i] = dice_uniform(&d, -1, 1);
    for (int i = 0; i < ROWS; i++) {
        t.classes[i] = i % OUTPUTS;
        for (int j = 0; j < OUTPUTS; j++) {
            t.numbers[i * OUTPUTS + j] = dice_uniform(&d, -2, 2);
            t.one_hot[i * OUTPUTS + j] = j == i % OUTPUTS;
        }
    }
    return t;
}

static void keep_gradients(const rig *r, double *gradients)
{
    for (int role = 0; role < 2; role++) {
        const vgrad_tensor *g =
            vgrad_network_tensor(r->network, (vgrad_role)(VGRAD_KERNEL_GRADIENT + role), 0);
        assert_ok(vgrad_tensor_copy(g, gradients + role * INPUTS * OUTPUTS, VGRAD_FLOAT64,
                                    INPUTS * OUTPUTS));
    }
}

/* Loss and gradients of `rows` rows from `first` on; NULL: without weights. */
static double gradients_of(task *t, int first, int rows, const double *y, int y_width,
                           const double *weights, double *gradients)
{
    vgrad_tensor x, view;
    double loss;
    vgrad_tensor_matrix(&x, t->x + first * INPUTS, VGRAD_FLOAT64, rows, INPUTS);
    vgrad_tensor_matrix(&view, y + first * y_width, VGRAD_FLOAT64, rows, y_width);
    assert_ok(vgrad_trainer_forward(t->r.trainer, &x));
    assert_ok(weights ? vgrad_trainer_loss_weighted(t->r.trainer, &view, weights, &loss)
                      : vgrad_trainer_loss(t->r.trainer, &view, &loss));
    assert_ok(vgrad_trainer_backward(t->r.trainer));
    keep_gradients(&t->r, gradients);
    return loss;
}

/* The same from single rows, each times its weight. */
static double by_rows(task *t, const double *y, int y_width, const double *weights, double *sum)
{
    double loss = 0, one[PARAMETERS];
    memset(sum, 0, PARAMETERS * sizeof *sum);
    for (int i = 0; i < ROWS; i++) {
        loss += weights[i] * gradients_of(t, i, 1, y, y_width, NULL, one) / ROWS;
        for (int p = 0; p < PARAMETERS; p++)
            sum[p] += weights[i] * one[p] / ROWS;
    }
    return loss;
}

static const struct {
    vgrad_loss loss;
    vgrad_activation last;
} cases[] = {
    { VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_TANH },
    { VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SIGMOID },
    { VGRAD_LOSS_MEAN_ABSOLUTE_ERROR, VGRAD_LINEAR },
    { VGRAD_LOSS_HUBER, VGRAD_LINEAR },
    { VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SIGMOID },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_SIGMOID },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, VGRAD_LINEAR },
    { VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX },
    { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR },
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(a_weight_multiplies_a_rows_loss_and_gradient)
{
    static const double weights[ROWS] = { 0.5, 2, 0, 1, 3.25, 1e-3 };
    task t = make(cases[_i].loss, cases[_i].last);
    double sum[PARAMETERS], found[PARAMETERS];
    const double *y = cases[_i].loss < VGRAD_LOSS_BINARY_CROSSENTROPY ||
                              cases[_i].loss > VGRAD_LOSS_CROSSENTROPY_LOGITS
                          ? t.numbers
                          : t.one_hot;
    double expected = by_rows(&t, y, OUTPUTS, weights, sum);
    double loss = gradients_of(&t, 0, ROWS, y, OUTPUTS, weights, found);
    ck_assert_double_eq_tol(loss, expected, 1e-14);
    ck_assert_double_lt(distance(found, sum, PARAMETERS), 1e-14 * (1 + norm(sum, PARAMETERS)));
    rig_destroy(&t.r);
}
END_TEST

/* One-hot and sparse, alone and with weights of the rows. */
START_TEST(a_class_has_the_weight_of_its_own)
{
    static const double of_class[OUTPUTS] = { 1, 0.25, 4 }, of_row[ROWS] = { 1, 2, 3, 1, 2, 3 };
    task t = make(VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX);
    double sum[PARAMETERS], found[PARAMETERS], weights[ROWS];
    const double *y = _i & 1 ? t.classes : t.one_hot;
    for (int i = 0; i < ROWS; i++)
        weights[i] = of_class[i % OUTPUTS] * (_i & 2 ? of_row[i] : 1);
    double expected = by_rows(&t, y, _i & 1 ? 1 : OUTPUTS, weights, sum);
    assert_ok(vgrad_trainer_set_class_weights(t.r.trainer, of_class, OUTPUTS));
    double loss = gradients_of(&t, 0, ROWS, y, _i & 1 ? 1 : OUTPUTS, _i & 2 ? of_row : NULL, found);
    ck_assert_double_eq_tol(loss, expected, 1e-14);
    ck_assert_double_lt(distance(found, sum, PARAMETERS), 1e-14);
    rig_destroy(&t.r);
}
END_TEST

START_TEST(a_single_output_has_two_classes)
{
    const chain c = { .dtype = VGRAD_FLOAT64,
                      .inputs = 1,
                      .count = 1,
                      .units = { 1 },
                      .activations = { VGRAD_SIGMOID } };
    static const double x[2] = { 1, -1 }, y[2] = { 0, 1 }, weights[2] = { 3, 5 };
    rig r = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0);
    double zero, one;
    zero = rig_gradients(&r, x, 1, y, 1, 1);
    one = rig_gradients(&r, x + 1, 1, y + 1, 1, 1);
    assert_ok(vgrad_trainer_set_class_weights(r.trainer, weights, 2));
    ck_assert_double_eq_tol(rig_gradients(&r, x, 1, y, 1, 2), (3 * zero + 5 * one) / 2, 1e-15);
    assert_ok(vgrad_trainer_set_class_weights(r.trainer, NULL, 0));
    ck_assert_double_eq_tol(rig_gradients(&r, x, 1, y, 1, 2), (zero + one) / 2, 1e-15);
    rig_destroy(&r);
}
END_TEST

/* Training on rows of weight 0 and 2 is training on rows left out and doubled, but for L's divisor.
 */
START_TEST(weights_of_a_dataset_go_with_its_rows)
{
    static const double weights[ROWS] = { 2, 0, 1, 0, 2, 1 };
    static const int64_t doubled[ROWS] = { 0, 0, 2, 4, 4, 5 };
    double kernels[2][INPUTS * OUTPUTS], losses[2], accuracy;
    for (int way = 0; way < 2; way++) {
        task t = make(VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX);
        vgrad_dataset *data, *part;
        assert_ok(vgrad_dataset_copy(&data, ROWS, t.x, VGRAD_FLOAT64, INPUTS, t.classes,
                                     VGRAD_FLOAT64, 1, NULL));
        if (way == 0) {
            assert_ok(vgrad_dataset_set_weights(data, weights));
            assert_ok(vgrad_dataset_slice(&part, data, 0, ROWS));
        } else {
            assert_ok(vgrad_dataset_take(&part, data, doubled, ROWS));
        }
        vgrad_dataset_destroy(data);
        assert_ok(vgrad_trainer_set(t.r.trainer, VGRAD_TRAINER_BATCH_SIZE, ROWS));
        assert_ok(vgrad_trainer_fit(t.r.trainer, part, 20));
        assert_ok(vgrad_tensor_copy(vgrad_network_tensor(t.r.network, VGRAD_KERNEL, 0),
                                    kernels[way], VGRAD_FLOAT64, INPUTS * OUTPUTS));
        assert_ok(vgrad_trainer_evaluate(t.r.trainer, part, &losses[way], &accuracy));
        vgrad_dataset_destroy(part);
        rig_destroy(&t.r);
    }
    ck_assert_double_lt(distance(kernels[0], kernels[1], INPUTS * OUTPUTS), 1e-13);
    ck_assert_double_eq_tol(losses[0], losses[1], 1e-13);
}
END_TEST

/* Shuffled, in batches, and through take and split, each row keeps its weight. */
START_TEST(weights_follow_every_way_of_choosing_rows)
{
    double x[ROWS], y[ROWS], weights[ROWS], loss;
    const chain c = { .dtype = VGRAD_FLOAT64,
                      .inputs = 1,
                      .count = 1,
                      .units = { 1 },
                      .activations = { VGRAD_LINEAR } };
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0);
    vgrad_dataset *data, *parts[4];
    double kernel = 0;
    vgrad_tensor zero;
    vgrad_tensor_matrix(&zero, &kernel, VGRAD_FLOAT64, 1, 1);
    assert_ok(vgrad_layer_set_tensor(dense_layer(r.network, 1), VGRAD_KERNEL, &zero));
    for (int i = 0; i < ROWS; i++) { /* the network answers 0: the loss of a row is y^2 */
        x[i] = i;
        y[i] = i + 1;
        weights[i] = 1 / y[i];
    }
    assert_ok(vgrad_dataset_copy(&data, ROWS, x, VGRAD_FLOAT64, 1, y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_dataset_set_weights(data, weights));
    assert_ok(vgrad_dataset_take(&parts[0], data, (const int64_t[]){ 5, 1, 3 }, 3));
    assert_ok(vgrad_dataset_slice(&parts[1], parts[0], 1, 2));
    assert_ok(vgrad_dataset_split(&parts[2], &parts[3], data, 2, 1));
    for (int p = 0; p < 4; p++) {
        int64_t rows = vgrad_dataset_rows(parts[p]);
        double sum = 0;
        assert_ok(vgrad_dataset_read(parts[p], 0, rows, NULL, y, VGRAD_FLOAT64));
        for (int64_t i = 0; i < rows; i++)
            sum += y[i] / (double)rows; /* weight times y^2 */
        assert_ok(vgrad_trainer_evaluate(r.trainer, parts[p], &loss, NULL));
        ck_assert_double_eq_tol(loss, sum, 1e-14);
        vgrad_dataset_destroy(parts[p]);
    }
    assert_ok(vgrad_dataset_set_weights(data, NULL));
    assert_ok(vgrad_trainer_evaluate(r.trainer, data, &loss, NULL));
    ck_assert_double_eq_tol(loss, (1 + 4 + 9 + 16 + 25 + 36) / 6.0, 1e-14);
    vgrad_dataset_destroy(data);
    rig_destroy(&r);
}
END_TEST

/* However often a batch from next() goes through, its rows have their weights. */
START_TEST(a_second_pass_over_a_batch_has_its_weights)
{
    double x[4] = { 0 }, y[4] = { 1, 2, 3, 4 }, loss;
    const double weights[4] = { 0, 0, 0, 1 };
    const chain c = { VGRAD_FLOAT64, 1, 1, 1, { 1 }, { VGRAD_LINEAR } };
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0);
    vgrad_dataset *data;
    const vgrad_tensor *rows, *answers;
    assert_ok(vgrad_dataset_copy(&data, 4, x, VGRAD_FLOAT64, 1, y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_dataset_set_weights(data, weights));
    assert_ok(vgrad_trainer_next(r.trainer, data, 1, &rows, &answers));
    for (int pass = 0; pass < 3; pass++) {
        assert_ok(vgrad_trainer_forward(r.trainer, rows));
        assert_ok(vgrad_trainer_loss(r.trainer, answers, &loss));
        ck_assert_double_eq(loss, 4 * 4 / 4.0);
        assert_ok(vgrad_trainer_backward(r.trainer));
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    vgrad_dataset_destroy(data);
    rig_destroy(&r);
}
END_TEST

/* ---- Huber ---- */

START_TEST(hubers_loss_bends_at_delta)
{
    const chain c = { .dtype = VGRAD_FLOAT64,
                      .inputs = 1,
                      .count = 1,
                      .units = { 1 },
                      .activations = { VGRAD_LINEAR } };
    rig r = rig_create(&c, VGRAD_LOSS_HUBER, VGRAD_SGD, 0);
    const double nothing = 0, offs[] = { 0.2, 0.5, 0.6, -3, 0 };
    const double losses[] = { 0.02, 0.125, 0.175, 1.375, 0 }, slopes[] = { -.2, -.5, -.5, .5, 0 };
    vgrad_tensor zero;
    ck_assert_double_eq(vgrad_trainer_get(r.trainer, VGRAD_TRAINER_HUBER_DELTA), 1);
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_HUBER_DELTA, 0.5));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set(r.trainer, VGRAD_TRAINER_HUBER_DELTA, 0));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set(r.trainer, VGRAD_TRAINER_HUBER_DELTA, NAN));
    vgrad_tensor_matrix(&zero, &nothing, VGRAD_FLOAT64, 1, 1);
    assert_ok(vgrad_layer_set_tensor(dense_layer(r.network, 1), VGRAD_KERNEL, &zero));
    for (int i = 0; i < 5; i++) {
        ck_assert_double_eq_tol(rig_gradients(&r, &nothing, 1, &offs[i], 1, 1), losses[i], 1e-15);
        const vgrad_tensor *g = vgrad_network_tensor(r.network, VGRAD_BIAS_GRADIENT, 0);
        ck_assert_double_eq_tol(vgrad_tensor_f64(g)[0], slopes[i], 1e-15);
    }
    rig_destroy(&r);
}
END_TEST

/* ---- a loss of one's own ---- */

START_TEST(a_gradient_of_ones_own_is_as_good_as_a_loss)
{
    task t = make(VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_TANH);
    double expected[PARAMETERS], found[PARAMETERS], a[ROWS * OUTPUTS], gradient[ROWS * OUTPUTS];
    vgrad_tensor x, view;
    double loss = gradients_of(&t, 0, ROWS, t.numbers, OUTPUTS, NULL, expected);
    vgrad_tensor_matrix(&x, t.x, VGRAD_FLOAT64, ROWS, INPUTS);
    assert_ok(vgrad_network_predict(t.r.network, &x, a, VGRAD_FLOAT64, ROWS * OUTPUTS));
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        gradient[i] = 2 * (a[i] - t.numbers[i]) / (ROWS * OUTPUTS);
    vgrad_tensor_matrix(&view, gradient, VGRAD_FLOAT64, ROWS, OUTPUTS);
    assert_status(VGRAD_E_STATE, vgrad_trainer_set_loss_gradient(t.r.trainer, loss, &view));
    assert_ok(vgrad_trainer_forward(t.r.trainer, &x));
    assert_ok(vgrad_trainer_set_loss_gradient(t.r.trainer, loss, &view));
    assert_ok(vgrad_trainer_backward(t.r.trainer));
    keep_gradients(&t.r, found);
    ck_assert_double_lt(distance(found, expected, PARAMETERS), 1e-15);
    /* Of another shape it is refused, and the step is over. */
    assert_ok(vgrad_trainer_step(t.r.trainer));
    assert_ok(vgrad_trainer_forward(t.r.trainer, &x));
    vgrad_tensor_matrix(&view, gradient, VGRAD_FLOAT64, ROWS, OUTPUTS - 1);
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_set_loss_gradient(t.r.trainer, loss, &view));
    assert_error_names("(6, 3), got (6, 2)");
    rig_destroy(&t.r);
}
END_TEST

/* ---- what is no weight ---- */

START_TEST(weights_that_are_none_are_refused)
{
    static const double bad[][OUTPUTS] = {
        { 0, 0, 0 }, { 1, -1, 1 }, { 1, (double)NAN, 1 }, { 1, (double)INFINITY, 1 }
    };
    task t = make(VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX),
         other = make(VGRAD_LOSS_HUBER, VGRAD_TANH);
    vgrad_dataset *data;
    vgrad_tensor x, y;
    vgrad_tensor_matrix(&x, t.x, VGRAD_FLOAT64, OUTPUTS, INPUTS);
    vgrad_tensor_matrix(&y, t.classes, VGRAD_FLOAT64, OUTPUTS, 1);
    assert_ok(vgrad_dataset_borrow(&data, OUTPUTS, t.x, VGRAD_FLOAT64, INPUTS, t.classes,
                                   VGRAD_FLOAT64, 1, NULL));
    for (int i = 0; i < 4; i++) {
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_set_class_weights(t.r.trainer, bad[i], OUTPUTS));
        assert_error_names("weights");
        assert_status(VGRAD_E_INVALID, vgrad_dataset_set_weights(data, bad[i]));
        assert_ok(vgrad_trainer_forward(t.r.trainer, &x));
        assert_status(VGRAD_E_INVALID, vgrad_trainer_loss_weighted(t.r.trainer, &y, bad[i], NULL));
    }
    assert_ok(vgrad_trainer_forward(t.r.trainer, &x));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_loss_weighted(t.r.trainer, &y, NULL, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_class_weights(t.r.trainer, t.x, 2));
    assert_error_names("3 classes apart, got 2");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_set_class_weights(other.r.trainer, t.classes, 3));
    assert_error_names("knows no classes");
    /* Nor does a loss that has none come behind weights that are there. */
    static const double three[3] = { 1, 2, 3 };
    assert_ok(vgrad_trainer_set_class_weights(t.r.trainer, three, 3));
    assert_status(VGRAD_E_INVALID,
                  vgrad_trainer_set_output_loss(t.r.trainer, 0, VGRAD_LOSS_HUBER, 1));
    assert_error_names("knows no classes");
    assert_ok(vgrad_trainer_set_output_loss(t.r.trainer, 0, VGRAD_LOSS_CROSSENTROPY, 2));
    assert_ok(vgrad_trainer_set_class_weights(t.r.trainer, NULL, 0));
    assert_ok(vgrad_trainer_set_output_loss(t.r.trainer, 0, VGRAD_LOSS_HUBER, 1));
    vgrad_dataset_destroy(data);
    rig_destroy(&t.r);
    rig_destroy(&other.r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *loops = tcase_create("weights");
    tcase_add_loop_test(loops, a_weight_multiplies_a_rows_loss_and_gradient, 0, CASES);
    tcase_add_loop_test(loops, a_class_has_the_weight_of_its_own, 0, 4);
    suite_add_tcase(suite, loops);
    add_tests(suite, "data", a_single_output_has_two_classes, weights_of_a_dataset_go_with_its_rows,
              a_second_pass_over_a_batch_has_its_weights, weights_follow_every_way_of_choosing_rows,
              weights_that_are_none_are_refused);
    add_tests(suite, "losses", hubers_loss_bends_at_delta,
              a_gradient_of_ones_own_is_as_good_as_a_loss);
    return run_suite(suite);
}
