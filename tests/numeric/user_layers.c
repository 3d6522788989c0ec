/* Layers and activations of the user's own: equal to the library's, checked, failing, refused. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 6, INPUTS = 3, UNITS = 4, OUTPUTS = 2 };

/* ---- a dense layer of the user's, in either dtype, that fails when it is told to ---- */

typedef struct plan {
    int64_t units;
    int32_t fail_shape, fail_forward, fail_backward;
    bool wrong;     /* backward forgets a factor */
    double spoiled; /* what it adds to the kernel's gradient */
    int calls;
    int64_t training, rows;
    vgrad_network *network; /* to be called where it may not be */
    const rig *rig;         /* the same */
    int refused;            /* how often the rig was tried */
} plan;

static double at(const vgrad_tensor *t, int64_t i)
{
    return t->dtype == VGRAD_FLOAT64 ? ((const double *)t->data)[i]
                                     : (double)((const float *)t->data)[i];
}

static void add_to(void *values, int64_t dtype, int64_t i, double x)
{
    if (dtype == VGRAD_FLOAT64)
        ((double *)values)[i] += x;
    else
        ((float *)values)[i] += (float)x;
}

static void put(void *values, int64_t dtype, int64_t i, double x)
{
    if (dtype == VGRAD_FLOAT64)
        ((double *)values)[i] = x;
    else
        ((float *)values)[i] = (float)x;
}

static int32_t dense_shape(vgrad_layer_shapes *shapes, void *user)
{
    const plan *p = user;
    ck_assert_uint_eq(shapes->struct_size, sizeof *shapes);
    ck_assert_int_eq(shapes->parameters_max, 2);
    shapes->output->rank = 1;
    shapes->output->sizes[0] = p->units;
    shapes->parameter_count = 2;
    shapes->parameters[0].shape.rank = 2;
    shapes->parameters[0].shape.sizes[0] = shapes->inputs[0].sizes[0];
    shapes->parameters[0].shape.sizes[1] = p->units;
    shapes->parameters[1].shape.rank = 1;
    shapes->parameters[1].shape.sizes[0] = p->units;
    return p->fail_shape;
}

/* The weights of a running pass, and what its update will do, are not for its layers to change. */
static void try_the_trainer(plan *p)
{
    void *data = p;
    const vgrad_tensor *kernel = vgrad_network_tensor(p->rig->network, VGRAD_KERNEL, 0);
    ck_assert_int_eq(vgrad_trainer_edit(p->rig->trainer, kernel, &data), VGRAD_E_STATE);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(vgrad_layer_set_tensor(vgrad_network_layer(p->rig->network, kernel->layer),
                                            VGRAD_KERNEL, kernel),
                     VGRAD_E_STATE);
    ck_assert_int_eq(vgrad_optimizer_set(p->rig->optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 1),
                     VGRAD_E_STATE);
    ck_assert_int_eq(vgrad_optimizer_schedule_constant(p->rig->optimizer, 3), VGRAD_E_STATE);
    ck_assert_int_eq(vgrad_trainer_skip_update(p->rig->trainer), VGRAD_E_STATE);
    ck_assert_int_eq(vgrad_trainer_step(p->rig->trainer), VGRAD_E_STATE);
    p->refused++;
}

static int32_t dense_forward(const vgrad_layer_call *call, void *user)
{
    plan *p = user;
    const int64_t inputs = call->inputs[0].shape[1], units = p->units;
    p->calls++;
    p->training = call->training;
    p->rows = call->rows;
    ck_assert(call->struct_size == sizeof *call && !call->output_gradient && !call->saved);
    ck_assert(!call->input_gradients && !call->parameter_gradients);
    for (int64_t row = 0; row < call->rows; row++)
        for (int64_t j = 0; j < units; j++) {
            double z = at(&call->parameters[1], j);
            for (int64_t i = 0; i < inputs; i++)
                z += at(&call->inputs[0], row * inputs + i) *
                     at(&call->parameters[0], i * units + j);
            put(call->output_data, call->dtype, row * units + j, z);
        }
    if (p->network)
        ck_assert_int_eq(vgrad_network_keep(p->network, 1), VGRAD_E_STATE);
    if (p->rig)
        try_the_trainer(p);
    return p->fail_forward;
}

static int32_t dense_backward(const vgrad_layer_call *call, void *user)
{
    plan *p = user;
    const int64_t inputs = call->inputs[0].shape[1], units = p->units;
    ck_assert_ptr_null(call->output_data);
    for (int64_t row = 0; row < call->rows; row++)
        for (int64_t j = 0; j < units; j++) {
            double delta = at(call->output_gradient, row * units + j);
            add_to(call->parameter_gradients[1], call->dtype, j, delta);
            for (int64_t i = 0; i < inputs; i++) {
                const double x = at(&call->inputs[0], row * inputs + i);
                const double w = at(&call->parameters[0], i * units + j);
                add_to(call->parameter_gradients[0], call->dtype, i * units + j,
                       x * delta + p->spoiled);
                if (call->input_gradients[0])
                    add_to(call->input_gradients[0], call->dtype, row * inputs + i,
                           p->wrong ? delta : w * delta);
            }
        }
    if (p->rig)
        try_the_trainer(p);
    return p->fail_backward;
}

static const vgrad_layer_operations dense_table = {
    .struct_size = sizeof(vgrad_layer_operations),
    .kind = "mine",
    .shape = dense_shape,
    .forward = dense_forward,
    .backward = dense_backward,
};

static vgrad_layer *my_dense(vgrad_layer *in, plan *p)
{
    return vgrad_user_layer(&in, 1, &dense_table, p);
}

static vgrad_network *new_network(vgrad_dtype dtype)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    assert_ok(vgrad_network_set_seed(network, 3));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    return network;
}

static const double *some_rows(void)
{
    static double x[ROWS * INPUTS];
    dice d = dice_from(4);
    for (int i = 0; i < ROWS * INPUTS; i++)
        x[i] = dice_uniform(&d, -1, 1);
    return x;
}

static const double targets[ROWS] = { 0, 1, 1, 0, 1, 0 };

static double worst_of(vgrad_network *network, int64_t width)
{
    double worst = -1;
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, some_rows(), VGRAD_FLOAT64, ROWS, width);
    assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
    return worst;
}

/* ---- equal to what the library has ---- */

static int32_t scaled_tanh(const void *z, void *out, size_t n, void *user)
{
    const double scale = *(const double *)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = scale * tanh(((const double *)z)[i]);
    return 0;
}

static int32_t scaled_tanh_slope(const void *z, void *out, size_t n, void *user)
{
    const double scale = *(const double *)user;
    for (size_t i = 0; i < n; i++) {
        const double t = tanh(((const double *)z)[i]);
        ((double *)out)[i] = scale * (1 - t * t);
    }
    return 0;
}

static double one = 1;

/* A layer, tanh, a dense layer behind another: trained for some steps; the weights of all. */
static void train(vgrad_dtype dtype, plan *p, double *weights, bool my_tanh)
{
    vgrad_network *network = new_network(dtype);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    vgrad_layer *h = vgrad_dense(in, INPUTS, VGRAD_TANH);
    vgrad_layer *layer = p ? my_dense(h, p) : vgrad_dense(h, UNITS, VGRAD_LINEAR);
    vgrad_layer *a = my_tanh
                         ? vgrad_user_activation(layer, "t", scaled_tanh, scaled_tanh_slope, &one)
                         : vgrad_activate(layer, VGRAD_TANH);
    assert_ok(vgrad_network_build(network, vgrad_dense(a, OUTPUTS, VGRAD_SOFTMAX)));
    rig r = rig_around(network, VGRAD_LOSS_CROSSENTROPY, VGRAD_ADAM, 0.05);
    for (int step = 0; step < 8; step++) {
        rig_gradients(&r, some_rows(), INPUTS, targets, 1, ROWS);
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    for (int i = 1; i <= 4; i++)
        for (int role = VGRAD_KERNEL; role <= VGRAD_BIAS; role++) {
            if (i == 3)
                continue;
            const vgrad_tensor *t =
                vgrad_layer_tensor(vgrad_network_layer(network, i), (vgrad_role)role);
            assert_ok(vgrad_tensor_copy(t, weights, VGRAD_FLOAT64, 64));
            weights += vgrad_tensor_count(t);
        }
    rig_destroy(&r);
}

enum { WEIGHTS = 3 * 3 + 3 + 3 * 4 + 4 + 4 * 2 + 2 };

START_TEST(a_dense_layer_of_ones_own_trains_like_the_librarys)
{
    const vgrad_dtype dtype = _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32;
    plan p = { .units = UNITS };
    double mine[WEIGHTS + 64], theirs[WEIGHTS + 64];
    train(dtype, &p, mine, false);
    train(dtype, NULL, theirs, false);
    for (int i = 0; i < WEIGHTS; i++)
        ck_assert_double_eq_tol(mine[i], theirs[i], _i ? 1e-11 : 2e-4);
    ck_assert(p.calls == 8 && p.training == 1 && p.rows == ROWS);
}
END_TEST

START_TEST(a_tanh_of_ones_own_trains_like_the_librarys)
{
    double mine[WEIGHTS + 64], theirs[WEIGHTS + 64];
    train(VGRAD_FLOAT64, NULL, mine, true);
    train(VGRAD_FLOAT64, NULL, theirs, false);
    for (int i = 0; i < WEIGHTS; i++)
        ck_assert_double_eq_tol(mine[i], theirs[i], 1e-11);
}
END_TEST

/* ---- the checker ---- */

START_TEST(the_checker_tells_a_right_backward_from_a_wrong_one)
{
    plan p = { .units = UNITS, .wrong = _i };
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *x = vgrad_dense(vgrad_input(network, INPUTS), INPUTS, VGRAD_TANH);
    vgrad_layer *mine = my_dense(x, &p);
    ck_assert_str_eq(vgrad_layer_name(mine), "mine");
    assert_ok(vgrad_network_build(network, vgrad_dense(mine, 2, VGRAD_SIGMOID)));
    const double worst = worst_of(network, INPUTS);
    ck_assert_msg(_i ? worst > 0.1 : worst < 1e-7, "%g", worst);
    vgrad_network_destroy(network);
}
END_TEST

/* And no right gradient after it hides that. */
START_TEST(the_checker_tells_of_a_gradient_that_is_no_number)
{
    plan p = { .units = UNITS, .spoiled = (double)NAN };
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *mine = my_dense(vgrad_dense(vgrad_input(network, INPUTS), 3, VGRAD_TANH), &p);
    assert_ok(vgrad_network_build(network, vgrad_dense(mine, 2, VGRAD_SIGMOID)));
    ck_assert_double_nan(worst_of(network, INPUTS));
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(the_checker_tells_a_right_df_from_a_wrong_one)
{
    double scale = 1.7;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *x = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_LINEAR);
    vgrad_layer *a = vgrad_user_activation(x, "scaled", scaled_tanh,
                                           _i ? scaled_tanh : scaled_tanh_slope, &scale);
    ck_assert_str_eq(vgrad_layer_name(a), "scaled");
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_add(a, x), 2, VGRAD_SIGMOID)));
    const double worst = worst_of(network, INPUTS);
    ck_assert_msg(_i ? worst > 0.1 : worst < 1e-7, "%g", worst);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- two inputs, one of them perhaps the other; what forward saves ---- */

static int32_t product_shape(vgrad_layer_shapes *shapes, void *user)
{
    (void)user;
    ck_assert_int_eq(shapes->input_count, 2);
    *shapes->output = shapes->inputs[0];
    shapes->saved = shapes->inputs[0].sizes[0];
    return shapes->inputs[0].sizes[0] == shapes->inputs[1].sizes[0] ? 0 : 9;
}

static int32_t product_forward(const vgrad_layer_call *call, void *user)
{
    (void)user;
    const double *x = call->inputs[0].data, *y = call->inputs[1].data;
    for (int64_t i = 0; i < vgrad_tensor_count(call->output); i++) {
        ((double *)call->saved)[i] = x[i];
        ((double *)call->output_data)[i] = x[i] * y[i];
    }
    return 0;
}

static int32_t product_backward(const vgrad_layer_call *call, void *user)
{
    (void)user;
    const double *x = call->saved, *y = call->inputs[1].data, *g = call->output_gradient->data;
    double *dx = call->input_gradients[0], *dy = call->input_gradients[1];
    for (int64_t i = 0; i < vgrad_tensor_count(call->output); i++) {
        ck_assert_double_eq(((const double *)call->output->data)[i], x[i] * y[i]);
        if (dx)
            dx[i] += y[i] * g[i];
        if (dy)
            dy[i] += x[i] * g[i];
    }
    return 0;
}

static const vgrad_layer_operations product_table = {
    .struct_size = sizeof(vgrad_layer_operations),
    .kind = "product",
    .shape = product_shape,
    .forward = product_forward,
    .backward = product_backward,
};

START_TEST(two_inputs_and_fan_out)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    vgrad_layer *x = vgrad_dense(in, INPUTS, VGRAD_TANH);
    vgrad_layer *y = _i == 0 ? x : _i == 1 ? in : vgrad_dense(in, INPUTS, VGRAD_SIGMOID);
    vgrad_layer *pairs[3][2] = { { x, y }, { y, x }, { x, x } };
    vgrad_layer *a = vgrad_user_layer(pairs[0], 2, &product_table, NULL);
    vgrad_layer *b = vgrad_user_layer(pairs[1], 2, &product_table, NULL);
    vgrad_layer *c = vgrad_user_layer(pairs[2], 2, &product_table, NULL);
    ck_assert_str_eq(vgrad_layer_name(c), "product_2");
    vgrad_layer *sum = vgrad_add(vgrad_add(a, vgrad_activate(b, VGRAD_GELU)), vgrad_add(c, x));
    assert_ok(vgrad_network_build(network, vgrad_dense(sum, 2, VGRAD_SIGMOID)));
    const double worst = worst_of(network, INPUTS);
    ck_assert_msg(worst < 1e-7, "%g", worst);
    vgrad_network_destroy(network);
}
END_TEST

/* As the output, with each of the losses that start from a. */
START_TEST(as_the_output_it_gives_the_loss_its_gradient)
{
    plan p = { .units = 1 };
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    assert_ok(vgrad_network_build(network, my_dense(vgrad_input(network, INPUTS), &p)));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    rig r = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, 0.1);
    rig_gradients(&r, some_rows(), INPUTS, targets, 1, ROWS);
    const vgrad_tensor *a = vgrad_network_tensor(network, VGRAD_ACTIVATION, 1);
    const vgrad_tensor *delta = vgrad_network_tensor(network, VGRAD_DELTA, 0);
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
        ck_assert_double_eq_tol(at(delta, i), (at(a, i) - targets[i]) / ROWS, 1e-15);
        sum += at(delta, i);
    }
    ck_assert_double_eq_tol(at(vgrad_network_tensor(network, VGRAD_BIAS_GRADIENT, 0), 0), sum,
                            1e-15);
    rig_destroy(&r);
}
END_TEST

/* ---- functions that fail ---- */

static void weights_of(const vgrad_network *network, double *weights)
{
    const vgrad_tensor *kernel = vgrad_network_tensor(network, VGRAD_KERNEL, 0);
    assert_ok(vgrad_tensor_copy(kernel, weights, VGRAD_FLOAT64, INPUTS * UNITS));
}

static void fail_a_step(rig *r, vgrad_network *network, vgrad_status expected, const char *text)
{
    double before[INPUTS * UNITS], after[INPUTS * UNITS], loss;
    vgrad_tensor x, y;
    weights_of(network, before);
    vgrad_trainer_forward(r->trainer,
                          vgrad_tensor_matrix(&x, some_rows(), VGRAD_FLOAT64, ROWS, INPUTS));
    vgrad_trainer_loss(r->trainer, vgrad_tensor_matrix(&y, targets, VGRAD_FLOAT64, ROWS, 1), &loss);
    vgrad_trainer_backward(r->trainer);
    assert_status(expected, vgrad_trainer_step(r->trainer));
    assert_error_names(text);
    weights_of(network, after);
    ck_assert_mem_eq(before, after, sizeof before);
}

START_TEST(a_function_that_fails_leaves_the_network_usable)
{
    plan p = { .units = UNITS, .fail_shape = 5 };
    double out[ROWS * 1];
    vgrad_tensor x;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    vgrad_layer *output = vgrad_dense(my_dense(in, &p), 1, VGRAD_SIGMOID);
    assert_status(VGRAD_E_CALLBACK, vgrad_network_build(network, output));
    assert_error_names("layer \"mine\": its shape returned 5");
    p.fail_shape = 0;
    assert_ok(vgrad_network_build(network, output));
    p.network = network;
    rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.5);
    p.fail_forward = -3;
    fail_a_step(&r, network, VGRAD_E_CALLBACK, "layer \"mine\": its forward returned -3");
    vgrad_tensor_matrix(&x, some_rows(), VGRAD_FLOAT64, ROWS, INPUTS);
    assert_status(VGRAD_E_CALLBACK, vgrad_network_predict(network, &x, out, VGRAD_FLOAT64, ROWS));
    double worst = 7;
    assert_status(VGRAD_E_CALLBACK, vgrad_gradient_check(network, &x, 1, 0, &worst));
    ck_assert_double_eq(worst, 7);
    p.fail_forward = 0;
    p.fail_backward = 2;
    fail_a_step(&r, network, VGRAD_E_CALLBACK, "layer \"mine\": its backward returned 2");
    assert_status(VGRAD_E_CALLBACK, vgrad_gradient_check(network, &x, 1, 0, &worst));
    p.fail_backward = 0;
    assert_ok(vgrad_network_predict(network, &x, out, VGRAD_FLOAT64, ROWS));
    ck_assert_int_eq(p.training, 0);
    rig_gradients(&r, some_rows(), INPUTS, targets, 1, ROWS);
    assert_ok(vgrad_trainer_step(r.trainer));
    p.network = NULL;
    ck_assert_double_lt(worst_of(network, INPUTS), 1e-7);
    rig_destroy(&r);
}
END_TEST

START_TEST(a_layer_may_not_touch_what_trains_it)
{
    double weights[2][INPUTS * UNITS];
    for (int touching = 0; touching < 2; touching++) {
        plan p = { .units = UNITS };
        vgrad_network *network = new_network(VGRAD_FLOAT64);
        vgrad_layer *mine = my_dense(vgrad_input(network, INPUTS), &p);
        assert_ok(vgrad_network_build(network, vgrad_dense(mine, 1, VGRAD_SIGMOID)));
        rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_ADAM, 0.5);
        p.rig = touching ? &r : NULL;
        for (int step = 0; step < 2; step++) {
            rig_gradients(&r, some_rows(), INPUTS, targets, 1, ROWS);
            assert_ok(vgrad_trainer_step(r.trainer));
        }
        ck_assert_int_eq(p.refused, touching ? 4 : 0);
        weights_of(network, weights[touching]);
        rig_destroy(&r);
    }
    ck_assert_mem_eq(weights[0], weights[1], sizeof weights[0]);
}
END_TEST

static int32_t let_go(const vgrad_layer_call *call, void *user)
{
    plan *p = user;
    memset(call->output_data, 0, (size_t)(call->rows * call->output->shape[1]) * sizeof(double));
    if (p->rig && p->calls++ == 1)
        vgrad_trainer_destroy(p->rig->trainer);
    return 0;
}

/* By a layer's function, in the middle of an evaluation or a fit. */
START_TEST(a_trainer_that_is_let_go_while_it_runs)
{
    plan p = { .units = 1 };
    double loss;
    vgrad_dataset *data;
    vgrad_layer_operations table = dense_table;
    table.forward = let_go;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    assert_ok(vgrad_network_build(network, vgrad_user_layer(&in, 1, &table, &p)));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    p.rig = &r;
    assert_ok(vgrad_dataset_copy(&data, ROWS, some_rows(), VGRAD_FLOAT64, INPUTS, targets,
                                 VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_BATCH_SIZE, 2));
    if (_i == 0)
        assert_ok(vgrad_trainer_evaluate(r.trainer, data, &loss, NULL));
    else
        assert_ok(vgrad_trainer_fit(r.trainer, data, 1));
    ck_assert_int_eq(p.calls, 3);
    r.trainer = NULL;
    vgrad_dataset_destroy(data);
    rig_destroy(&r);
}
END_TEST

/* What was refused inside a function is no mistake in the network. */
static int32_t refused_in_shape(vgrad_layer_shapes *shapes, void *user)
{
    plan *p = user;
    vgrad_layer *in = vgrad_network_layer(p->network, 0);
    const int32_t answers[] = {
        vgrad_network_set_initializer(p->network, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0),
        vgrad_layer_set_initializer(in, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0),
        vgrad_network_keep(p->network, VGRAD_KEEP_DELTA),
        vgrad_network_set_seed(p->network, 1),
        vgrad_network_set_dtype(p->network, VGRAD_FLOAT32),
        vgrad_layer_set_name(in, "x"),
        vgrad_network_build(p->network, in),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        p->refused += answers[i] == VGRAD_E_STATE;
    ck_assert_ptr_null(vgrad_input(p->network, 1));
    return dense_shape(shapes, user);
}

START_TEST(what_a_shape_was_refused_does_not_stay)
{
    plan p = { .units = 2, .fail_shape = 7 };
    vgrad_layer_operations table = dense_table;
    table.shape = refused_in_shape;
    vgrad_network *network = p.network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    vgrad_layer *output = vgrad_user_layer(&in, 1, &table, &p);
    assert_status(VGRAD_E_CALLBACK, vgrad_network_build(network, output));
    ck_assert_int_eq(p.refused, 7);
    p.fail_shape = 0;
    assert_ok(vgrad_network_build(network, output));
    ck_assert_int_eq(p.refused, 14);
    vgrad_network_destroy(network);
}
END_TEST

typedef struct elementwise {
    int32_t f, df;
    double value;
    vgrad_network *network;
} elementwise;

static int32_t f_of(const void *z, void *out, size_t n, void *user)
{
    const elementwise *e = user;
    vgrad_tensor x;
    double answer[ROWS];
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = e->value;
    vgrad_tensor_matrix(&x, z, VGRAD_FLOAT64, 1, INPUTS);
    if (e->network) {
        ck_assert_int_eq(vgrad_network_predict(e->network, &x, answer, VGRAD_FLOAT64, ROWS),
                         VGRAD_E_STATE);
        ck_assert_int_eq(vgrad_network_initialize(e->network, 1), VGRAD_E_STATE);
        vgrad_layer *first = vgrad_network_layer(e->network, 1);
        ck_assert_int_eq(vgrad_layer_set(first, VGRAD_LAYER_TRAINABLE, 0), VGRAD_E_STATE);
        ck_assert_int_eq(vgrad_layer_set(first, VGRAD_LAYER_L2, 1), VGRAD_E_STATE);
        ck_assert_int_eq(vgrad_layer_set_initializer(first, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0),
                         VGRAD_E_STATE);
        ck_assert_int_eq(
            vgrad_network_set_initializer(e->network, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0),
            VGRAD_E_STATE);
        ck_assert_ptr_null(vgrad_dense(vgrad_network_layer(e->network, 0), 1, VGRAD_LINEAR));
    }
    return e->f;
}

static int32_t df_of(const void *z, void *out, size_t n, void *user)
{
    (void)z;
    memset(out, 0, n * sizeof(double));
    return ((const elementwise *)user)->df;
}

START_TEST(an_activation_that_fails_leaves_the_network_usable)
{
    elementwise e = { .f = 4, .value = 0.5 };
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, INPUTS), UNITS, VGRAD_LINEAR);
    h = vgrad_user_activation(h, "mine", f_of, df_of, &e);
    assert_ok(vgrad_network_build(network, vgrad_dense(h, 1, VGRAD_SIGMOID)));
    e.network = network;
    rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.5);
    fail_a_step(&r, network, VGRAD_E_CALLBACK, "layer \"mine\": its f returned 4");
    e.f = 0;
    e.df = -1;
    fail_a_step(&r, network, VGRAD_E_CALLBACK, "layer \"mine\": its df returned -1");
    e.df = 0;
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    e.value = (double)NAN;
    fail_a_step(&r, network, VGRAD_E_NUMBER, "nan in mine.activation");
    e.value = 0.5;
    rig_gradients(&r, some_rows(), INPUTS, targets, 1, ROWS);
    assert_ok(vgrad_trainer_step(r.trainer));
    rig_destroy(&r);
}
END_TEST

/* More elements than one part, moments of all of them, and z apart from a. */
START_TEST(an_activation_sees_every_element_once)
{
    enum { WIDE = 3000 };
    static double x[ROWS * WIDE], out[ROWS * WIDE];
    double scale = 2;
    vgrad_tensor view;
    for (int i = 0; i < ROWS * WIDE; i++)
        x[i] = (i - 9000) * 1e-3;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, WIDE);
    assert_ok(vgrad_network_build(
        network, vgrad_user_activation(in, "f", scaled_tanh, scaled_tanh_slope, &scale)));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, WIDE);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, ROWS * WIDE));
    const vgrad_tensor *z = vgrad_network_tensor(network, VGRAD_PREACTIVATION, 0);
    for (int i = 0; i < ROWS * WIDE; i++) {
        ck_assert_double_eq(out[i], 2 * tanh(x[i]));
        ck_assert_double_eq(at(z, i), x[i]);
    }
    rig r = rig_around(network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, 0);
    vgrad_probe *probe;
    double mean, want = 0;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_watch(probe, VGRAD_DELTA, 1));
    assert_ok(vgrad_probe_attach(probe, network));
    rig_gradients(&r, x, WIDE, x, WIDE, ROWS);
    const vgrad_tensor *delta = vgrad_network_tensor(network, VGRAD_DELTA, 0);
    for (int i = 0; i < ROWS * WIDE; i++) {
        const double t = tanh(x[i]), d = 2 * (1 - t * t) * ((2 * t - x[i]) / ROWS);
        ck_assert_double_eq_tol(at(delta, i), d, 1e-14);
        want += fabs(d) / (ROWS * WIDE);
    }
    assert_ok(vgrad_probe_read(probe, 1, VGRAD_DELTA, VGRAD_MEAN_ABS, &mean));
    ck_assert_double_eq_tol(mean, want, 1e-12);
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}
END_TEST

/* ---- what is refused ---- */

static int32_t given_shape(vgrad_layer_shapes *shapes, void *user)
{
    const vgrad_layer_shapes *given = user;
    *shapes->output = *given->output;
    memcpy(shapes->parameters, given->parameters, 2 * sizeof *given->parameters);
    shapes->parameter_count = given->parameter_count;
    shapes->saved = given->saved;
    return 0;
}

START_TEST(shapes_that_are_none_are_refused_at_build)
{
    static const struct {
        vgrad_shape output, parameter;
        int64_t count, saved, fan;
        const char *names;
    } cases[] = {
        { { 0, { 1 } }, { 1, { 1 } }, 0, 0, 0, "rows of 1 to 7 axes, got 0" },
        { { 8, { 1, 1, 1, 1, 1, 1, 1, 1 } }, { 1, { 1 } }, 0, 0, 0, "axes, got 8" },
        { { INT64_C(1) << 32, { 1 } }, { 1, { 1 } }, 0, 0, 0, "axes, got 4294967296" },
        { { -1, { 1 } }, { 1, { 1 } }, 0, 0, 0, "axes, got -1" },
        { { 1, { 0 } }, { 1, { 1 } }, 0, 0, 0, "elements, got (0)" },
        { { 2, { INT64_C(1) << 31, 4 } }, { 1, { 1 } }, 0, 0, 0, "got (2147483648, 4)" },
        { { 1, { 1 } }, { 1, { 1 } }, 3, 0, 0, "0 to 2 parameters, got 3" },
        { { 1, { 1 } }, { 1, { 1 } }, -1, 0, 0, "0 to 2 parameters, got -1" },
        { { 1, { 1 } }, { 0, { 1 } }, 1, 0, 0, "its kernel needs 1 to 4 axes, got 0" },
        { { 1, { 1 } }, { 5, { 1, 1, 1, 1, 1 } }, 1, 0, 0, "its kernel needs 1 to 4 axes, got 5" },
        { { 1, { 1 } }, { 1, { 0 } }, 1, 0, 0, "got 0 along axis 0" },
        { { 1, { 1 } }, { 2, { INT64_MAX / 2, 4 } }, 1, 0, 0, "along axis 0" },
        { { 1, { 1 } }, { 1, { 1 } }, 1, 0, -1, "fans from 0, got -1 and 0" },
        { { 1, { 1 } }, { 1, { 1 } }, 0, -1, 0, "saves" },
        { { 1, { 1 } }, { 1, { 1 } }, 0, INT64_MAX, 0, "saves" },
    };
    vgrad_shape output = cases[_i].output;
    vgrad_parameter_shape parameters[2] = { { cases[_i].parameter, cases[_i].fan, 0 },
                                            { cases[_i].parameter, 0, 0 } };
    vgrad_layer_shapes given = { .output = &output,
                                 .parameters = parameters,
                                 .parameter_count = cases[_i].count,
                                 .saved = cases[_i].saved };
    vgrad_layer_operations table = dense_table;
    table.shape = given_shape;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    assert_status(VGRAD_E_SHAPE,
                  vgrad_network_build(network, vgrad_user_layer(&in, 1, &table, &given)));
    assert_error_names("layer \"mine\"");
    assert_error_names(cases[_i].names);
    vgrad_network_destroy(network);
}
END_TEST

static void refuse_table(const void *table, vgrad_status status, const char *names)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    plan p = { .units = UNITS };
    ck_assert_ptr_null(vgrad_user_layer(&in, 1, table, &p));
    assert_error_names(names);
    assert_status(status, vgrad_network_build(network, in));
    assert_error_names(names);
    vgrad_network_destroy(network);
}

START_TEST(tables_that_are_none_are_refused)
{
    vgrad_layer_operations t = dense_table;
    char long_word[49];
    memset(long_word, 'x', 48);
    long_word[48] = '\0';
    refuse_table(NULL, VGRAD_E_INVALID, "operations");
    t.shape = NULL;
    refuse_table(&t, VGRAD_E_INVALID, "operations.shape");
    t = dense_table;
    t.forward = NULL;
    refuse_table(&t, VGRAD_E_INVALID, "operations.forward");
    t = dense_table;
    t.kind = NULL;
    refuse_table(&t, VGRAD_E_INVALID, "operations.kind");
    t.kind = "";
    refuse_table(&t, VGRAD_E_INVALID, "operations.kind: 1 to 47 bytes, got 0");
    t.kind = long_word;
    refuse_table(&t, VGRAD_E_INVALID, "operations.kind: 1 to 47 bytes, got 48");
    for (size_t size = 0; size < offsetof(vgrad_layer_operations, backward); size++) {
        /* Of its very size, so that reading on is reading outside. */
        size_t *small = malloc(size < sizeof(size_t) ? sizeof(size_t) : size);
        memcpy(small, &dense_table, size);
        *small = size;
        refuse_table(small, VGRAD_E_INVALID, "struct_size");
        free(small);
    }
    struct {
        vgrad_layer_operations table;
        void (*later)(void);
    } newer = { dense_table, NULL };
    newer.table.struct_size = sizeof newer;
    newer.later = (void (*)(void))dense_shape;
    refuse_table(&newer, VGRAD_E_UNSUPPORTED, "known to this library");
    newer.later = NULL;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS);
    ck_assert_ptr_nonnull(vgrad_user_layer(&in, 1, &newer.table, NULL));
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(a_table_without_backward_predicts)
{
    plan p = { .units = UNITS };
    const size_t size = offsetof(vgrad_layer_operations, backward);
    vgrad_layer_operations *table = malloc(size);
    memcpy(table, &dense_table, size);
    memcpy(table, &size, sizeof size);
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS), *mine = vgrad_user_layer(&in, 1, table, &p);
    free(table);
    assert_ok(vgrad_network_build(network, vgrad_dense(mine, 1, VGRAD_SIGMOID)));
    rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.5);
    fail_a_step(&r, network, VGRAD_E_UNSUPPORTED, "layer \"mine\": it has no backward");
    rig_destroy(&r);
}
END_TEST

START_TEST(inputs_that_are_none_are_refused)
{
    plan p = { .units = UNITS };
    vgrad_layer *many[9];
    vgrad_network *network = new_network(VGRAD_FLOAT64), *other = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(network, INPUTS), *b = vgrad_input(other, INPUTS);
    for (int i = 0; i < 9; i++)
        many[i] = in;
    ck_assert_ptr_null(vgrad_user_layer(NULL, 1, &dense_table, &p));
    ck_assert_ptr_null(vgrad_user_layer(many, 0, &dense_table, &p));
    assert_error_names("count: 1 to 8");
    many[1] = NULL;
    ck_assert_ptr_null(vgrad_user_layer(many, 2, &dense_table, &p));
    assert_error_names("inputs[1]");
    ck_assert_ptr_null(vgrad_user_layer(many + 1, 1, &dense_table, &p));
    many[1] = in;
    ck_assert_ptr_nonnull(vgrad_user_layer(many, 8, &dense_table, &p));
    many[1] = b;
    ck_assert_ptr_null(vgrad_user_layer(many, 2, &dense_table, &p));
    assert_status(VGRAD_E_INVALID, vgrad_network_build(network, in));
    assert_error_names("inputs[1]: is NULL"); /* the first mistake */
    assert_status(VGRAD_E_INVALID, vgrad_network_build(other, b));
    assert_error_names("another network");
    vgrad_network_destroy(network);
    vgrad_network_destroy(other);
    network = new_network(VGRAD_FLOAT64);
    many[1] = many[0] = in = vgrad_input(network, INPUTS);
    for (int i = 0; i < 9; i++)
        many[i] = in;
    ck_assert_ptr_null(vgrad_user_layer(many, 9, &dense_table, &p));
    assert_status(VGRAD_E_INVALID, vgrad_network_build(network, in));
    assert_error_names("count: 1 to 8 inputs, got 9");
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(activations_that_are_none_are_refused)
{
    char long_word[49];
    memset(long_word, 'x', 48);
    long_word[48] = '\0';
    const struct {
        const char *name;
        vgrad_elementwise f, df;
        const char *names;
    } cases[] = { { NULL, f_of, df_of, "name" },
                  { "a", NULL, df_of, "f" },
                  { "a", f_of, NULL, "df" },
                  { "", f_of, df_of, "name: 1 to 47" },
                  { long_word, f_of, df_of, "name: 1 to 47 bytes, got 48" } };
    ck_assert_ptr_null(vgrad_user_activation(NULL, "a", f_of, df_of, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vgrad_network *network = new_network(VGRAD_FLOAT64);
        vgrad_layer *in = vgrad_input(network, INPUTS);
        ck_assert_ptr_null(vgrad_user_activation(in, cases[i].name, cases[i].f, cases[i].df, NULL));
        assert_status(VGRAD_E_INVALID, vgrad_network_build(network, in));
        assert_error_names(cases[i].names);
        vgrad_network_destroy(network);
    }
    long_word[47] = '\0'; /* the longest, three times */
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = vgrad_input(network, INPUTS);
    for (int i = 0; i < 3; i++)
        layer = vgrad_user_activation(layer, long_word, f_of, df_of, NULL);
    ck_assert_str_eq(vgrad_layer_name(layer) + 47, "_2");
    vgrad_network_destroy(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("user_layers");
    TCase *loops = tcase_create("loops");
    tcase_add_loop_test(loops, a_dense_layer_of_ones_own_trains_like_the_librarys, 0, 2);
    tcase_add_loop_test(loops, the_checker_tells_a_right_backward_from_a_wrong_one, 0, 2);
    tcase_add_loop_test(loops, the_checker_tells_a_right_df_from_a_wrong_one, 0, 2);
    tcase_add_test(loops, the_checker_tells_of_a_gradient_that_is_no_number);
    tcase_add_loop_test(loops, two_inputs_and_fan_out, 0, 3);
    tcase_add_loop_test(loops, shapes_that_are_none_are_refused_at_build, 0, 15);
    suite_add_tcase(suite, loops);
    add_tests(suite, "values", a_tanh_of_ones_own_trains_like_the_librarys,
              as_the_output_it_gives_the_loss_its_gradient, an_activation_sees_every_element_once);
    add_tests(suite, "failures", a_function_that_fails_leaves_the_network_usable,
              a_layer_may_not_touch_what_trains_it, what_a_shape_was_refused_does_not_stay,
              an_activation_that_fails_leaves_the_network_usable);
    add_tests(suite, "refused", tables_that_are_none_are_refused, a_table_without_backward_predicts,
              inputs_that_are_none_are_refused, activations_that_are_none_are_refused);
    TCase *gone = tcase_create("let go");
    tcase_add_loop_test(gone, a_trainer_that_is_let_go_while_it_runs, 0, 2);
    suite_add_tcase(suite, gone);
    return run_suite(suite);
}
