/* Every gradient against central differences in float64, and losses against figures by hand. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 5, INPUTS = 2, HIDDEN = 3, OUTPUTS = 2, ACTIVATIONS = 13 };

/* ---- cases ---- */

typedef struct initializer {
    vgrad_initializer kind;
    double a, b;
} initializer;

static const initializer initializers[] = {
    { VGRAD_INIT_ZEROS, 0, 0 },
    { VGRAD_INIT_CONSTANT, 0.3, 0 },
    { VGRAD_INIT_UNIFORM, -1, 1 },
    { VGRAD_INIT_NORMAL, 0.1, 0.8 },
    { VGRAD_INIT_TRUNCATED_NORMAL, 0, 1 },
    { VGRAD_INIT_GLOROT_UNIFORM, 0, 0 },
    { VGRAD_INIT_GLOROT_NORMAL, 0, 0 },
    { VGRAD_INIT_HE_UNIFORM, 0.7, 0 },
    { VGRAD_INIT_HE_NORMAL, 0, 0 },
    { VGRAD_INIT_LECUN_UNIFORM, 0, 0 },
    { VGRAD_INIT_LECUN_NORMAL, 1.5, 0 },
    { VGRAD_INIT_ORTHOGONAL, 0.8, 0 },
    { VGRAD_INIT_TORCH_LINEAR, 0, 0 },
};
enum { INITIALIZERS = sizeof initializers / sizeof *initializers };

/* How y is made: numbers, numbers that no output comes near (where a loss has a kink), numbers in
   [0, 1], or class numbers. */
typedef enum target { NUMBERS, FAR_NUMBERS, SHARES, CLASSES } target;

typedef struct loss_case {
    vgrad_loss loss;
    target target;
    bool needs_probabilities;
} loss_case;

static const loss_case losses[] = {
    { VGRAD_LOSS_MEAN_SQUARED_ERROR, NUMBERS, false },
    { VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, NUMBERS, false },
    { VGRAD_LOSS_MEAN_ABSOLUTE_ERROR, FAR_NUMBERS, false },
    { VGRAD_LOSS_HUBER, FAR_NUMBERS, false },
    { VGRAD_LOSS_BINARY_CROSSENTROPY, SHARES, true },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, SHARES, true },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, SHARES, false },
    { VGRAD_LOSS_CROSSENTROPY, SHARES, true },
    { VGRAD_LOSS_CROSSENTROPY, CLASSES, true },
    { VGRAD_LOSS_CROSSENTROPY_LOGITS, SHARES, false },
    { VGRAD_LOSS_CROSSENTROPY_LOGITS, CLASSES, false },
};
enum { LOSSES = sizeof losses / sizeof *losses };

static bool gives_probabilities(vgrad_activation last)
{
    return last == VGRAD_SIGMOID || last == VGRAD_SOFTMAX;
}

/* A network with rows to train on. */
typedef struct problem {
    rig r;
    double x[ROWS * INPUTS], y[ROWS * OUTPUTS];
    int64_t y_width;
    vgrad_dataset *data;
} problem;

static void fill_targets(problem *p, target kind, dice *d)
{
    p->y_width = kind == CLASSES ? 1 : OUTPUTS;
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        p->y[i] = kind == NUMBERS       ? dice_uniform(d, -1, 1)
                  : kind == FAR_NUMBERS ? dice_uniform(d, 8, 12) * (dice_below(d, 2) ? 1 : -1)
                  : kind == SHARES      ? dice_uniform(d, 0, 1)
                                        : dice_below(d, OUTPUTS);
}

/* Two hidden layers; where one parameter's initializer is asked for, the other's must not make all
   units alike or put them on a kink. */
static problem make_problem(vgrad_activation hidden, vgrad_activation last, const loss_case *loss,
                            const initializer *kernel, const initializer *bias, uint64_t seed)
{
    chain c = { .dtype = VGRAD_FLOAT64,
                .seed = seed,
                .inputs = INPUTS,
                .count = 3,
                .units = { HIDDEN, HIDDEN, OUTPUTS },
                .activations = { hidden, hidden, last } };
    problem p = { .y_width = 0 };
    dice d = dice_from(seed);
    for (int i = 0; i < ROWS * INPUTS; i++)
        p.x[i] = dice_uniform(&d, -1, 1);
    fill_targets(&p, loss->target, &d);
    vgrad_layer *output;
    vgrad_network *network = chain_network(&c, &output);
    assert_ok(
        vgrad_network_set_initializer(network, VGRAD_KERNEL, kernel->kind, kernel->a, kernel->b));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, bias->kind, bias->a, bias->b));
    assert_ok(vgrad_network_build(network, output));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    p.r = rig_around(network, loss->loss, VGRAD_SGD, 0);
    assert_ok(vgrad_dataset_copy(&p.data, ROWS, p.x, VGRAD_FLOAT64, INPUTS, p.y, VGRAD_FLOAT64,
                                 p.y_width, NULL));
    return p;
}

static void destroy_problem(problem *p)
{
    vgrad_dataset_destroy(p->data);
    rig_destroy(&p->r);
}

static double problem_gradients(problem *p)
{
    return rig_gradients(&p->r, p->x, INPUTS, p->y, p->y_width, ROWS);
}

static void end_step(problem *p)
{
    assert_ok(vgrad_trainer_step(p->r.trainer)); /* with a learning rate of 0 */
}

static bool has_kink(vgrad_activation activation)
{
    return activation == VGRAD_RELU || activation == VGRAD_LEAKY_RELU || activation == VGRAD_ELU ||
           activation == VGRAD_SELU || activation == VGRAD_SOFTSIGN;
}

/* The smallest |z| of the layers whose activation has a kink at 0, in itself or its slope. */
static double distance_from_kinks(const problem *p, vgrad_activation hidden, vgrad_activation last)
{
    double nearest = INFINITY;
    for (int i = 1; i <= 3; i++) {
        if (!has_kink(i == 3 ? last : hidden))
            continue;
        const vgrad_tensor *view =
            vgrad_layer_tensor(dense_layer(p->r.network, i), VGRAD_PREACTIVATION);
        const double *z = vgrad_tensor_f64(view);
        for (int64_t j = 0; j < vgrad_tensor_count(view); j++)
            nearest = fmin(nearest, fabs(z[j]));
    }
    return nearest;
}

/* ---- central differences ---- */

static double loss_at(problem *p, vgrad_layer *layer, vgrad_role role, double *values, int64_t i,
                      double shift)
{
    double before = values[i], loss;
    values[i] += shift;
    set_parameter(layer, role, values);
    assert_ok(vgrad_trainer_evaluate(p->r.trainer, p->data, &loss, NULL));
    values[i] = before;
    return loss;
}

/* Of fourth order: the error is h^4 / 30 of the fifth derivative. */
static double slope(problem *p, vgrad_layer *layer, vgrad_role role, double *values, int64_t i)
{
    const double h = 2e-4;
    double near = loss_at(p, layer, role, values, i, h) - loss_at(p, layer, role, values, i, -h);
    double far =
        loss_at(p, layer, role, values, i, 2 * h) - loss_at(p, layer, role, values, i, -2 * h);
    return (8 * near - far) / (12 * h);
}

static void check_parameter(problem *p, vgrad_layer *layer, vgrad_role role, const double *analytic,
                            const char *what)
{
    const vgrad_tensor *parameter = vgrad_layer_tensor(layer, role);
    int64_t count = vgrad_tensor_count(parameter);
    double numeric[HIDDEN * HIDDEN], *values = doubles_of(parameter);
    for (int64_t i = 0; i < count; i++)
        numeric[i] = slope(p, layer, role, values, i);
    set_parameter(layer, role, values);
    double off = distance(numeric, analytic, count), size = norm(analytic, count);
    ck_assert_msg(off <= 1e-6 * fmax(size, 1e-4), "%s, %s.%s: off by %g of %g", what,
                  vgrad_layer_name(layer), vgrad_role_name(role), off, size);
    free(values);
}

static void check_problem(problem *p, const char *what)
{
    double *analytic[6];
    for (int i = 0; i < 6; i++) {
        vgrad_role role = i % 2 ? VGRAD_BIAS_GRADIENT : VGRAD_KERNEL_GRADIENT;
        analytic[i] = doubles_of(vgrad_layer_tensor(dense_layer(p->r.network, 1 + i / 2), role));
    }
    end_step(p);
    for (int i = 0; i < 6; i++) {
        check_parameter(p, dense_layer(p->r.network, 1 + i / 2), i % 2 ? VGRAD_BIAS : VGRAD_KERNEL,
                        analytic[i], what);
        free(analytic[i]);
    }
}

static void check_case(vgrad_activation hidden, vgrad_activation last, const loss_case *loss,
                       const initializer *kernel, const initializer *bias)
{
    char what[128];
    snprintf(what, sizeof what, "%s, %s, loss %d, targets %d, initializers %d and %d",
             vgrad_activation_name(hidden), vgrad_activation_name(last), (int)loss->loss,
             (int)loss->target, (int)kernel->kind, (int)bias->kind);
    for (uint64_t seed = 1; seed < 200; seed++) {
        problem p = make_problem(hidden, last, loss, kernel, bias, seed);
        problem_gradients(&p);
        /* Far enough that no step of the differences gets across. */
        bool smooth = distance_from_kinks(&p, hidden, last) > 1e-2;
        if (smooth)
            check_problem(&p, what);
        destroy_problem(&p);
        if (smooth)
            return;
    }
    ck_abort_msg("%s: no seed is far from all kinks", what);
}

static void sweep(vgrad_activation hidden)
{
    const initializer spread = { VGRAD_INIT_UNIFORM, -1, 1 };
    for (int last = 0; last < ACTIVATIONS; last++)
        for (int l = 0; l < LOSSES; l++) {
            if (losses[l].needs_probabilities && !gives_probabilities((vgrad_activation)last))
                continue;
            for (int i = 0; i < INITIALIZERS; i++)
                check_case(hidden, (vgrad_activation)last, &losses[l], &initializers[i], &spread);
        }
}

START_TEST(differences_agree_behind_every_activation)
{
    sweep((vgrad_activation)_i);
}
END_TEST

START_TEST(differences_agree_for_every_initializer_of_the_bias)
{
    const initializer spread = { VGRAD_INIT_UNIFORM, -1, 1 };
    for (int hidden = 0; hidden < ACTIVATIONS; hidden++)
        for (int i = 0; i < INITIALIZERS; i++)
            check_case((vgrad_activation)hidden, VGRAD_LINEAR, &losses[0], &spread,
                       &initializers[i]);
}
END_TEST

/* ---- identities inside one pass ---- */

static const double pi = 3.14159265358979323846;

static double derivative(vgrad_activation activation, double z)
{
    const double lambda = 1.0507009873554805, alpha = 1.6732632423543772, c = sqrt(2 / pi);
    double s = 1 / (1 + exp(-z)), t = tanh(z), g = tanh(c * (z + 0.044715 * z * z * z));
    switch (activation) {
    case VGRAD_SIGMOID: return s * (1 - s);
    case VGRAD_TANH: return 1 - t * t;
    case VGRAD_RELU: return z > 0;
    case VGRAD_LEAKY_RELU: return z > 0 ? 1 : 0.2;
    case VGRAD_ELU: return z > 0 ? 1 : exp(z);
    case VGRAD_SELU: return lambda * (z > 0 ? 1 : alpha * exp(z));
    case VGRAD_GELU: return erfc(-z / sqrt(2)) / 2 + z * exp(-z * z / 2) / sqrt(2 * pi);
    case VGRAD_GELU_TANH: return (1 + g) / 2 + z * (1 - g * g) * c * (1 + 3 * 0.044715 * z * z) / 2;
    case VGRAD_SILU: return s * (1 + z * (1 - s));
    case VGRAD_SOFTPLUS: return s;
    case VGRAD_SOFTSIGN: return 1 / ((1 + fabs(z)) * (1 + fabs(z)));
    default: return 1;
    }
}

/* delta = J^T dL/da, row by row. */
static void expected_delta(vgrad_activation activation, const double *z, const double *a,
                           const double *da, int64_t units, double *delta)
{
    for (int64_t j = 0; j < units; j++) {
        delta[j] = activation == VGRAD_SOFTMAX ? 0 : derivative(activation, z[j]) * da[j];
        for (int64_t k = 0; k < units && activation == VGRAD_SOFTMAX; k++)
            delta[j] += da[k] * a[k] * ((j == k) - a[j]);
    }
}

static void assert_near(const double *got, const double *want, int64_t n, const char *what)
{
    double off = distance(got, want, n);
    ck_assert_msg(off <= 1e-13 * fmax(norm(want, n), 1e-3), "%s: off by %g", what, off);
}

static const double *data_of(const vgrad_layer *layer, vgrad_role role)
{
    const double *data = vgrad_tensor_f64(vgrad_layer_tensor(layer, role));
    ck_assert_msg(data != NULL, "%s", vgrad_last_error());
    return data;
}

static void check_delta(const vgrad_layer *layer, vgrad_activation activation, int64_t units)
{
    double want[ROWS * HIDDEN];
    const double *z = data_of(layer, VGRAD_PREACTIVATION), *a = data_of(layer, VGRAD_ACTIVATION);
    const double *da = data_of(layer, VGRAD_ACTIVATION_GRADIENT);
    for (int64_t row = 0; row < ROWS * units; row += units)
        expected_delta(activation, z + row, a + row, da + row, units, want + row);
    assert_near(data_of(layer, VGRAD_DELTA), want, ROWS * units, "delta");
}

/* dW = x^T delta, db = the column sums of delta; and dx = delta W^T, unless dx is NULL. */
static void check_products(const vgrad_layer *layer, int64_t inputs, int64_t units,
                           const double *dx)
{
    double dw[HIDDEN * HIDDEN] = { 0 }, db[HIDDEN] = { 0 }, back[ROWS * HIDDEN] = { 0 };
    const double *x = data_of(layer, VGRAD_INPUT), *delta = data_of(layer, VGRAD_DELTA);
    const double *w = data_of(layer, VGRAD_KERNEL);
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t j = 0; j < units; j++) {
            db[j] += delta[r * units + j];
            for (int64_t i = 0; i < inputs; i++) {
                dw[i * units + j] += x[r * inputs + i] * delta[r * units + j];
                back[r * inputs + i] += delta[r * units + j] * w[i * units + j];
            }
        }
    assert_near(data_of(layer, VGRAD_KERNEL_GRADIENT), dw, inputs * units, "dW");
    assert_near(data_of(layer, VGRAD_BIAS_GRADIENT), db, units, "db");
    if (dx)
        assert_near(dx, back, ROWS * inputs, "dx");
}

static bool is_fused(vgrad_loss loss, vgrad_activation last)
{
    bool binary =
        loss == VGRAD_LOSS_BINARY_CROSSENTROPY || loss == VGRAD_LOSS_BINARY_CROSSENTROPY_SUM;
    return (binary && last == VGRAD_SIGMOID) ||
           (loss == VGRAD_LOSS_CROSSENTROPY && last == VGRAD_SOFTMAX);
}

/* A fused output has delta = (a - y) / (rows or rows * outputs), and no dL/da. */
static void check_fused(const problem *p, const vgrad_layer *output, const loss_case *loss)
{
    ck_assert_ptr_null(vgrad_layer_tensor(output, VGRAD_ACTIVATION_GRADIENT));
    double want[ROWS * OUTPUTS];
    const double *a = data_of(output, VGRAD_ACTIVATION);
    double share = loss->loss == VGRAD_LOSS_BINARY_CROSSENTROPY ? ROWS * OUTPUTS : ROWS;
    for (int i = 0; i < ROWS * OUTPUTS; i++) {
        int row = i / OUTPUTS, j = i % OUTPUTS;
        double y = loss->target == CLASSES ? p->y[row] == j : p->y[i], weight = 1;
        if (loss->loss == VGRAD_LOSS_CROSSENTROPY && loss->target == SHARES)
            weight = p->y[row * OUTPUTS] + p->y[row * OUTPUTS + 1];
        want[i] = (a[i] * weight - y) / share;
    }
    assert_near(data_of(output, VGRAD_DELTA), want, ROWS * OUTPUTS, "fused delta");
}

static void check_identities(vgrad_activation hidden, vgrad_activation last, const loss_case *loss)
{
    problem p =
        make_problem(hidden, last, loss, &initializers[3], &initializers[2], (uint64_t)last + 7);
    problem_gradients(&p);
    const vgrad_layer *layers[] = { NULL, dense_layer(p.r.network, 1), dense_layer(p.r.network, 2),
                                    dense_layer(p.r.network, 3) };
    check_delta(layers[1], hidden, HIDDEN);
    check_delta(layers[2], hidden, HIDDEN);
    if (is_fused(loss->loss, last))
        check_fused(&p, layers[3], loss);
    else
        check_delta(layers[3], last, OUTPUTS);
    check_products(layers[1], INPUTS, HIDDEN, NULL);
    check_products(layers[2], HIDDEN, HIDDEN, data_of(layers[1], VGRAD_ACTIVATION_GRADIENT));
    check_products(layers[3], HIDDEN, OUTPUTS, data_of(layers[2], VGRAD_ACTIVATION_GRADIENT));
    destroy_problem(&p);
}

START_TEST(the_chain_rule_holds_inside_every_layer)
{
    for (int hidden = 0; hidden < ACTIVATIONS; hidden++)
        for (int last = 0; last < ACTIVATIONS; last++)
            for (int l = 0; l < LOSSES; l++)
                if (!losses[l].needs_probabilities || gives_probabilities((vgrad_activation)last))
                    check_identities((vgrad_activation)hidden, (vgrad_activation)last, &losses[l]);
}
END_TEST

/* What is kept, and so which memory is shared, must not change a gradient. */
START_TEST(gradients_do_not_depend_on_what_is_kept)
{
    chain c = { .dtype = VGRAD_FLOAT64,
                .inputs = INPUTS,
                .count = 4,
                .units = { 4, 7, 3, OUTPUTS },
                .activations = { VGRAD_TANH, VGRAD_SOFTMAX, VGRAD_RELU, VGRAD_SOFTMAX } };
    const double x[] = { 0.3, -0.4, 1, 2, -0.7, 0.1 }, y[] = { 0, 1, 1 };
    double first[2 * 4];
    for (uint32_t keep = 0; keep < 64; keep++) {
        rig r = rig_create(&c, VGRAD_LOSS_CROSSENTROPY, VGRAD_SGD, 0);
        assert_ok(vgrad_network_keep(r.network, keep));
        rig_gradients(&r, x, INPUTS, y, 1, 3);
        const double *gradient = data_of(dense_layer(r.network, 1), VGRAD_KERNEL_GRADIENT);
        if (keep == 0)
            memcpy(first, gradient, sizeof first);
        ck_assert_mem_eq(first, gradient, sizeof first);
        rig_destroy(&r);
    }
}
END_TEST

/* delta = f' dL/da whichever of the two is kept: neither may stand where the other does. */
START_TEST(each_kept_tensor_is_itself_when_kept_alone)
{
    chain c = { .dtype = VGRAD_FLOAT64,
                .inputs = INPUTS,
                .count = 3,
                .units = { 4, 3, 1 },
                .activations = { VGRAD_TANH, VGRAD_SIGMOID, VGRAD_SIGMOID } };
    const double x[] = { 0.3, -0.4, 1, 2 }, y[] = { 0, 1 };
    const struct {
        uint32_t bit;
        vgrad_role role;
    } kept[] = { { VGRAD_KEEP_PREACTIVATION, VGRAD_PREACTIVATION },
                 { VGRAD_KEEP_ACTIVATION, VGRAD_ACTIVATION },
                 { VGRAD_KEEP_DELTA, VGRAD_DELTA },
                 { VGRAD_KEEP_ACTIVATION_GRADIENT, VGRAD_ACTIVATION_GRADIENT } };
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
        rig alone = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0);
        rig all = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0);
        assert_ok(vgrad_network_keep(alone.network, kept[k].bit));
        assert_ok(vgrad_network_keep(all.network, KEEP_ALL));
        rig_gradients(&alone, x, INPUTS, y, 1, 2);
        rig_gradients(&all, x, INPUTS, y, 1, 2);
        for (int l = 1; l <= 2; l++)
            ck_assert_mem_eq(data_of(dense_layer(alone.network, l), kept[k].role),
                             data_of(dense_layer(all.network, l), kept[k].role),
                             2 * (size_t)c.units[l - 1] * sizeof(double));
        rig_destroy(&alone);
        rig_destroy(&all);
    }
}
END_TEST

/* Three rows and two rows, weighed by their numbers, are five rows. */
START_TEST(gradients_are_means_over_rows)
{
    for (int l = 0; l < LOSSES; l++) {
        problem p = make_problem(VGRAD_TANH, VGRAD_SIGMOID, &losses[l], &initializers[2],
                                 &initializers[2], 5);
        const vgrad_layer *layer = dense_layer(p.r.network, 2);
        double together[HIDDEN * HIDDEN], parts[HIDDEN * HIDDEN] = { 0 }, loss = 0;
        double whole = problem_gradients(&p);
        memcpy(together, data_of(layer, VGRAD_KERNEL_GRADIENT), sizeof together);
        end_step(&p);
        const int64_t first[] = { 0, 3, ROWS };
        for (int part = 0; part < 2; part++) {
            int64_t rows = first[part + 1] - first[part];
            loss += (double)rows / ROWS *
                    rig_gradients(&p.r, p.x + first[part] * INPUTS, INPUTS,
                                  p.y + first[part] * p.y_width, p.y_width, rows);
            for (int i = 0; i < HIDDEN * HIDDEN; i++)
                parts[i] += (double)rows / ROWS * data_of(layer, VGRAD_KERNEL_GRADIENT)[i];
            end_step(&p);
        }
        ck_assert_double_eq_tol(whole, loss, 1e-14 * fmax(1, loss));
        assert_near(parts, together, HIDDEN * HIDDEN, "parts");
        destroy_problem(&p);
    }
}
END_TEST

/* ---- losses by hand ---- */

/* What a loss gives for a row of outputs of our choice; the gradient is that of the bias, so it is
   dL/dz of the last layer, summed over the rows. */
typedef struct answer {
    double loss, accuracy, gradient[4];
} answer;

static int32_t keep_accuracy(const vgrad_event *event, void *user)
{
    *(double *)user = event->accuracy;
    return 0;
}

static answer ask(vgrad_dtype dtype, vgrad_loss loss, vgrad_activation last, int64_t outputs,
                  const double *z, int64_t y_width, const double *y, int64_t rows)
{
    chain c = {
        .dtype = dtype, .inputs = outputs, .count = 1, .units = { outputs }, .activations = { last }
    };
    rig r = rig_create(&c, loss, VGRAD_SGD, 0);
    double identity[16] = { 0 }, *gradient;
    for (int64_t i = 0; i < outputs; i++)
        identity[i * outputs + i] = 1;
    set_parameter(dense_layer(r.network, 1), VGRAD_KERNEL, identity);
    answer a;
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_GRADIENTS_READY, 1, keep_accuracy, &a.accuracy));
    a.loss = rig_gradients(&r, z, outputs, y, y_width, rows);
    gradient = doubles_of(vgrad_layer_tensor(dense_layer(r.network, 1), VGRAD_BIAS_GRADIENT));
    memcpy(a.gradient, gradient, (size_t)outputs * sizeof *gradient);
    free(gradient);
    rig_destroy(&r);
    return a;
}

static answer ask_row(vgrad_loss loss, vgrad_activation last, const double z[2], int64_t y_width,
                      const double *y)
{
    return ask(VGRAD_FLOAT64, loss, last, 2, z, y_width, y, 1);
}

#define assert_close(got, want)                                                                    \
    ck_assert_double_eq_tol(got, want, 1e-13 * fmax(1, fabs((double)(want))))

START_TEST(squared_errors_by_hand)
{
    const double z[] = { 1, 2 }, y[] = { 3, -1 }; /* errors -2 and 3 */
    answer mean = ask_row(VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_LINEAR, z, 2, y);
    assert_close(mean.loss, 6.5);
    assert_close(mean.gradient[0], -2);
    assert_close(mean.gradient[1], 3);
    ck_assert(isnan(mean.accuracy));
    answer sum = ask_row(VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_LINEAR, z, 2, y);
    assert_close(sum.loss, 6.5);
    assert_close(sum.gradient[0], -2);
    assert_close(sum.gradient[1], 3);
}
END_TEST

/* With three outputs and two rows, mean and half a sum no longer agree. */
START_TEST(squared_errors_differ_in_their_reductions)
{
    const double z[] = { 1, 2, 3, 4, 5, 6 }, y[] = { 0, 0, 0, 0, 0, 0 };
    answer mean = ask(VGRAD_FLOAT64, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_LINEAR, 3, z, 3, y, 2);
    assert_close(mean.loss, 91.0 / 6);
    assert_close(mean.gradient[2], 2 * (3 + 6) / 6.0);
    answer sum = ask(VGRAD_FLOAT64, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_LINEAR, 3, z, 3, y, 2);
    assert_close(sum.loss, 91.0 / 4);
    assert_close(sum.gradient[2], (3 + 6) / 2.0);
}
END_TEST

/* Probabilities 3/4 and 1/4 against 1 and 1: -ln(3/4) and -ln(1/4). */
START_TEST(binary_crossentropies_by_hand)
{
    const double z[] = { log(3), -log(3) }, p[] = { 0.75, 0.25 }, y[] = { 1, 1 };
    const double want = log(4.0 / 3) + log(4);
    const struct {
        vgrad_loss loss;
        vgrad_activation last;
        const double *given;
        double share;
    } cases[] = { { VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SIGMOID, z, 2 },
                  { VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_SIGMOID, z, 1 },
                  { VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, VGRAD_LINEAR, z, 2 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer a = ask_row(cases[i].loss, cases[i].last, cases[i].given, 2, y);
        assert_close(a.loss, want / cases[i].share);
        assert_close(a.gradient[0], -0.25 / cases[i].share);
        assert_close(a.gradient[1], -0.75 / cases[i].share);
        ck_assert_double_eq(a.accuracy, 0.5);
    }
    answer linear = ask_row(VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_LINEAR, p, 2, y);
    assert_close(linear.loss, want / 2);
    assert_close(linear.gradient[0], -2.0 / 3); /* -1 / (2 p) */
    assert_close(linear.gradient[1], -2);
}
END_TEST

START_TEST(crossentropies_by_hand)
{
    const double z[] = { log(3), 0 }, p[] = { 3, 1 }, hot[] = { 0, 1 }, sparse[] = { 1 };
    answer answers[] = {
        ask_row(VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX, z, 2, hot),
        ask_row(VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX, z, 1, sparse),
        ask_row(VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, z, 2, hot),
        ask_row(VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, z, 1, sparse),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        assert_close(answers[i].loss, log(4));
        assert_close(answers[i].gradient[0], 0.75);
        assert_close(answers[i].gradient[1], -0.75);
        ck_assert_double_eq(answers[i].accuracy, 0);
    }
    /* -ln(p_1 / (p_0 + p_1)) with 3 and 1: d/dp_0 = 1/4, d/dp_1 = 1/4 - 1. */
    for (int width = 1; width <= 2; width++) {
        answer a =
            ask_row(VGRAD_LOSS_CROSSENTROPY, VGRAD_LINEAR, p, width, width == 1 ? sparse : hot);
        assert_close(a.loss, log(4));
        assert_close(a.gradient[0], 0.25);
        assert_close(a.gradient[1], -0.75);
    }
}
END_TEST

START_TEST(held_probabilities_have_a_finite_loss_and_no_gradient)
{
    const double p[] = { 0, 1 }, wrong[] = { 1, 0 }, right[] = { 0, 1 };
    answer a = ask_row(VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_LINEAR, p, 2, wrong);
    ck_assert_double_eq_tol(a.loss, -2 * log(1e-7), 1e-8);
    ck_assert_double_eq(a.gradient[0], 0);
    ck_assert_double_eq(a.gradient[1], 0);
    a = ask_row(VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_LINEAR, p, 2, right);
    ck_assert_double_eq_tol(a.loss, 2e-7, 1e-13);
    ck_assert_double_eq(a.gradient[0], 0);
    a = ask_row(VGRAD_LOSS_CROSSENTROPY, VGRAD_LINEAR, p, 2, wrong);
    ck_assert_double_eq_tol(a.loss, -log(1e-7), 1e-8);
    ck_assert_double_eq(a.gradient[0], 0);
    ck_assert_double_eq(a.gradient[1], 0);
    /* Just inside, the gradient is there. */
    const double inside[] = { 2e-7, 0.5 };
    a = ask_row(VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_LINEAR, inside, 2, wrong);
    assert_close(a.gradient[0] * 2e-7, -1);
}
END_TEST

static void check_extreme(vgrad_dtype dtype)
{
    const double z[] = { 800, -800 }, wrong[] = { 0, 1 }, right[] = { 1, 0 };
    const struct {
        vgrad_loss loss;
        vgrad_activation last;
        double want;
    } cases[] = { { VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_SIGMOID, 1600 },
                  { VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX, 1600 },
                  { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, 1600 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer a = ask(dtype, cases[i].loss, cases[i].last, 2, z, 2, wrong, 1);
        assert_close(a.loss, cases[i].want);
        assert_close(a.gradient[0], 1);
        assert_close(a.gradient[1], -1);
        a = ask(dtype, cases[i].loss, cases[i].last, 2, z, 2, right, 1);
        ck_assert_double_eq_tol(a.loss, 0, 1e-300);
        ck_assert_double_eq_tol(a.gradient[0], 0, 1e-300);
        ck_assert_double_eq_tol(a.gradient[1], 0, 1e-300);
        ck_assert_double_eq(a.accuracy, 1);
    }
    answer a = ask(dtype, VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, VGRAD_LINEAR, 2, z, 2, wrong, 1);
    assert_close(a.loss, 800);
    assert_close(a.gradient[0], 0.5);
}

START_TEST(extreme_logits_stay_finite)
{
    check_extreme(VGRAD_FLOAT64);
    check_extreme(VGRAD_FLOAT32);
}
END_TEST

/* Where the answer is all but right, loss and gradient are exp(-z): small, but not rounded away. */
static void check_vanishing(vgrad_dtype dtype, double tolerance)
{
    const struct {
        vgrad_loss loss;
        vgrad_activation last;
        int outputs;
        double z[2], y[2];
        int64_t y_width;
    } cases[] = {
        { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, 2, { 40, 0 }, { 0 }, 1 },
        { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, 2, { 40, 0 }, { 1, 0 }, 2 },
        { VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX, 2, { 40, 0 }, { 0 }, 1 },
        { VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SIGMOID, 1, { 40 }, { 1 }, 1 },
        { VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, VGRAD_LINEAR, 1, { 40 }, { 1 }, 1 },
    };
    const double truth = exp(-40) / (1 + exp(-40));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer a = ask(dtype, cases[i].loss, cases[i].last, cases[i].outputs, cases[i].z,
                       cases[i].y_width, cases[i].y, 1);
        ck_assert_double_eq_tol(a.loss, truth, tolerance * truth);
        ck_assert_double_eq_tol(a.gradient[0], -truth, tolerance * truth);
        if (cases[i].outputs == 2)
            ck_assert_double_eq_tol(a.gradient[1], truth, tolerance * truth);
    }
}

START_TEST(losses_that_vanish_keep_their_digits)
{
    check_vanishing(VGRAD_FLOAT64, 1e-13);
    check_vanishing(VGRAD_FLOAT32, 1e-6);
}
END_TEST

/* Probabilities of a linear layer: -ln(a / (a + b)), whose slope is b / (a (a + b)), all but gone;
   and a row that sums to nothing, which is held. */
START_TEST(probabilities_that_are_none_have_their_true_gradient)
{
    const double a[] = { 1, 3e-7 }, nothing[] = { 0, 0 }, y[] = { 0 };
    answer got = ask(VGRAD_FLOAT32, VGRAD_LOSS_CROSSENTROPY, VGRAD_LINEAR, 2, a, 1, y, 1);
    double truth = -a[1] / (a[0] * (a[0] + a[1]));
    ck_assert_double_eq_tol(got.gradient[0], truth, 1e-6 * fabs(truth));
    got = ask(VGRAD_FLOAT64, VGRAD_LOSS_CROSSENTROPY, VGRAD_LINEAR, 2, nothing, 1, y, 1);
    ck_assert_double_eq_tol(got.loss, -log(1e-7), 1e-12);
    ck_assert_double_eq(got.gradient[0], 0);
    ck_assert_double_eq(got.gradient[1], 0);
}
END_TEST

/* The derivatives at 0 that the header states. */
START_TEST(kinks_have_their_stated_derivative)
{
    const double z[] = { 0, -0.0 }, y[] = { 1, 1 };
    answer a = ask_row(VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_RELU, z, 2, y);
    ck_assert_double_eq(a.gradient[0], 0);
    ck_assert_double_eq(a.gradient[1], 0);
    a = ask_row(VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_LEAKY_RELU, z, 2, y);
    assert_close(a.gradient[0], -0.2);
    assert_close(a.gradient[1], -0.2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *behind = tcase_create("differences");
    tcase_add_loop_test(behind, differences_agree_behind_every_activation, 0, ACTIVATIONS);
    tcase_set_timeout(behind, 60);
    suite_add_tcase(suite, behind);
    add_tests(suite, "differences of biases", differences_agree_for_every_initializer_of_the_bias);
    add_tests(suite, "identities", the_chain_rule_holds_inside_every_layer,
              gradients_do_not_depend_on_what_is_kept, each_kept_tensor_is_itself_when_kept_alone,
              gradients_are_means_over_rows);
    add_tests(suite, "losses", squared_errors_by_hand, squared_errors_differ_in_their_reductions,
              binary_crossentropies_by_hand, crossentropies_by_hand,
              held_probabilities_have_a_finite_loss_and_no_gradient, extreme_logits_stay_finite,
              losses_that_vanish_keep_their_digits,
              probabilities_that_are_none_have_their_true_gradient,
              kinks_have_their_stated_derivative);
    return run_suite(suite);
}
