/* Every kind of layer with every activation behind it, under every loss, against central
   differences of that loss; what a layer does when it trains and when it predicts. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "network/loss.h"
#include "network/pass.h"

enum { ROWS = 4, INPUTS = 2 * 3 * 2, OUTPUTS = 2, ACTIVATIONS = 13 };

/* ---- the layers ---- */

/* Each puts its layer behind rows of shape (2, 3, 2), and the activation in it or behind it. */
typedef vgrad_layer *make_layer(vgrad_layer *in, vgrad_activation activation);

static vgrad_layer *dense(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_dense(vgrad_flatten(in), 3, activation);
}

static vgrad_layer *conv2d(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_conv2d(in, 3, 2, 2, activation);
}

static vgrad_layer *strided_conv2d(vgrad_layer *in, vgrad_activation activation)
{
    vgrad_layer *layer = vgrad_conv2d(in, 2, 2, 2, activation);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, VGRAD_SAME));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_STRIDE_WIDTH, 2));
    return layer;
}

static vgrad_layer *max_pool(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_max_pool2d(in, 1, 2), activation);
}

static vgrad_layer *average_pool(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_average_pool2d(in, 1, 2), activation);
}

static vgrad_layer *global_average_pool(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_global_average_pool2d(in), activation);
}

static vgrad_layer *batch_norm(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_batch_norm(in), activation);
}

static vgrad_layer *layer_norm(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_layer_norm(vgrad_flatten(in)), activation);
}

static vgrad_layer *dropout(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_dropout(vgrad_activate(in, activation), 0.3);
}

static vgrad_layer *flatten(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_activate(vgrad_flatten(in), activation);
}

static vgrad_layer *reshape(vgrad_layer *in, vgrad_activation activation)
{
    const int64_t shape[2] = { 3, 4 };
    return vgrad_activate(vgrad_reshape(in, 2, shape), activation);
}

static vgrad_layer *add(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_add(vgrad_activate(in, activation), in);
}

static vgrad_layer *concatenate(vgrad_layer *in, vgrad_activation activation)
{
    return vgrad_concatenate(in, vgrad_activate(in, activation));
}

static vgrad_layer *share(vgrad_layer *in, vgrad_activation activation)
{
    vgrad_layer *once = vgrad_conv2d(in, 2, 1, 1, activation);
    return vgrad_share(once, once);
}

static const struct {
    const char *name;
    make_layer *make;
} kinds[] = {
    { "dense", dense },
    { "conv2d", conv2d },
    { "conv2d, same and strided", strided_conv2d },
    { "max pool", max_pool },
    { "average pool", average_pool },
    { "global average pool", global_average_pool },
    { "batch norm", batch_norm },
    { "layer norm", layer_norm },
    { "dropout", dropout },
    { "flatten", flatten },
    { "reshape", reshape },
    { "add", add },
    { "concatenate", concatenate },
    { "share", share },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- the losses ---- */

/* How y is made: numbers that no output comes near, where a loss might have a kink; shares that
   add to 1; class numbers. */
typedef enum target { FAR_NUMBERS, SHARES, CLASSES } target;

static const struct loss_case {
    vgrad_loss loss;
    vgrad_activation output;
    target target;
} losses[] = {
    { VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_TANH, FAR_NUMBERS },
    { VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SIGMOID, FAR_NUMBERS },
    { VGRAD_LOSS_MEAN_ABSOLUTE_ERROR, VGRAD_LINEAR, FAR_NUMBERS },
    { VGRAD_LOSS_HUBER, VGRAD_LINEAR, FAR_NUMBERS },
    { VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SIGMOID, SHARES },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_SIGMOID, SHARES },
    { VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS, VGRAD_LINEAR, SHARES },
    { VGRAD_LOSS_CROSSENTROPY, VGRAD_SOFTMAX, CLASSES },
    { VGRAD_LOSS_CROSSENTROPY, VGRAD_SIGMOID, SHARES },
    { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_LINEAR, CLASSES },
    { VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_TANH, SHARES },
};
enum { LOSSES = sizeof losses / sizeof *losses };

static int64_t fill_targets(double *y, target kind, dice *d)
{
    for (int row = 0; row < ROWS; row++) {
        const double share = dice_uniform(d, 0, 1);
        if (kind == CLASSES)
            y[row] = dice_below(d, OUTPUTS);
        for (int i = 0; i < OUTPUTS && kind != CLASSES; i++)
            y[row * OUTPUTS + i] = kind == FAR_NUMBERS ? dice_uniform(d, 8, 12)
                                   : i == 0            ? share
                                                       : 1 - share;
    }
    return kind == CLASSES ? 1 : OUTPUTS;
}

/* ---- one case ---- */

typedef struct problem {
    vgrad_network *network;
    vgrad__loss_terms terms;
    bool training;
    double x[ROWS * INPUTS], y[ROWS * OUTPUTS];
    vgrad_tensor x_view, y_view;
} problem;

static void make_problem(problem *p, int kind, vgrad_activation activation,
                         const struct loss_case *loss, uint64_t seed)
{
    dice d = dice_from(seed);
    p->terms = (vgrad__loss_terms){ .loss = loss->loss, .huber_delta = 1, .weight = 1 };
    for (int i = 0; i < ROWS * INPUTS; i++)
        p->x[i] = dice_uniform(&d, -1, 1);
    vgrad_tensor_matrix(&p->x_view, p->x, VGRAD_FLOAT64, ROWS, INPUTS);
    vgrad_tensor_matrix(&p->y_view, p->y, VGRAD_FLOAT64, ROWS,
                        fill_targets(p->y, loss->target, &d));
    assert_ok(vgrad_network_create(&p->network, NULL));
    assert_ok(vgrad_network_set_dtype(p->network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_set_seed(p->network, seed));
    for (vgrad_role role = VGRAD_KERNEL; role <= VGRAD_BETA; role = (vgrad_role)(role + 1))
        assert_ok(vgrad_network_set_initializer(p->network, role, VGRAD_INIT_UNIFORM,
                                                role == VGRAD_GAMMA ? 0.5 : -1, 1));
    vgrad_layer *stem = vgrad_conv2d(vgrad_input_image(p->network, 2, 3, 2), 2, 1, 1, VGRAD_TANH);
    vgrad_layer *layer = kinds[kind].make(stem, activation);
    assert_ok(
        vgrad_network_build(p->network, vgrad_dense(vgrad_flatten(layer), OUTPUTS, loss->output)));
    p->network->on_trial = true; /* moving statistics and dropout's mask stay */
}

static double loss_of(problem *p, bool gradient)
{
    vgrad__loss_value value;
    assert_ok(vgrad__forward(p->network, &p->x_view, p->training));
    assert_ok(vgrad__loss_compute(&p->terms, p->network, &p->y_view, NULL, gradient, &value));
    return value.loss;
}

static double slope(problem *p, double *value, double h)
{
    const double before = *value;
    *value = before + h;
    double above = loss_of(p, false);
    *value = before - h;
    double below = loss_of(p, false);
    *value = before;
    return (above - below) / (2 * h);
}

/* The largest relative error of a parameter's gradient, where one with less than 1e-3 of all
   gradients' norm counts as that much. */
static double error_of(problem *p)
{
    vgrad_network *network = p->network;
    const int64_t count = network->slab_count;
    double *analytic = malloc((size_t)count * sizeof *analytic), worst = 0;
    ck_assert_ptr_nonnull(analytic);
    loss_of(p, true);
    assert_ok(vgrad__backward(network));
    memcpy(analytic, network->gradients.data, (size_t)count * sizeof *analytic);
    const double all = norm(analytic, count);
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *segment = &network->segments[s];
        double *values = (double *)network->parameters.data + segment->offset, numeric[64];
        ck_assert_int_le(segment->count, 64);
        for (int64_t i = 0; i < segment->count; i++)
            numeric[i] = slope(p, &values[i], 1e-5);
        double off = distance(numeric, analytic + segment->offset, segment->count);
        double size = norm(analytic + segment->offset, segment->count);
        worst = fmax(worst, off / fmax(size, 1e-3 * all));
    }
    free(analytic);
    vgrad__end_step(network);
    return worst;
}

/* Whether the slope of a loss stays the same over ten times the step: not beside a kink. A wrong
   backward changes nothing in this. */
static bool is_smooth(problem *p)
{
    vgrad_network *network = p->network;
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *segment = &network->segments[s];
        double *values = (double *)network->parameters.data + segment->offset;
        for (int64_t i = 0; i < segment->count; i++) {
            double near = slope(p, &values[i], 1e-5), far = slope(p, &values[i], 1e-4);
            if (fabs(near - far) > 1e-5 * fmax(1, fabs(near)))
                return false;
        }
    }
    return true;
}

static void check_case(int kind, vgrad_activation activation, const struct loss_case *loss,
                       bool training)
{
    for (uint64_t seed = 1; seed < 30; seed++) {
        problem p = { .training = training };
        make_problem(&p, kind, activation, loss, seed);
        const double error = error_of(&p);
        const bool bad = !(error < 1e-6);
        const bool kink = bad && !is_smooth(&p);
        vgrad_network_destroy(p.network);
        ck_assert_msg(!bad || kink, "%s, %s, loss %d, %s: off by %g", kinds[kind].name,
                      vgrad_activation_name(activation), (int)loss->loss,
                      training ? "training" : "predicting", error);
        if (!kink)
            return;
    }
    ck_abort_msg("%s, %s: every seed is beside a kink", kinds[kind].name,
                 vgrad_activation_name(activation));
}

START_TEST(every_gradient_agrees_with_differences)
{
    for (int activation = 0; activation < ACTIVATIONS; activation++)
        for (int l = 0; l < LOSSES; l++)
            for (int training = 0; training < 2; training++)
                check_case(_i, (vgrad_activation)activation, &losses[l], training);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("every layer");
    TCase *products = tcase_create("layer x activation x loss");
    tcase_set_timeout(products, 120);
    tcase_add_loop_test(products, every_gradient_agrees_with_differences, 0, KINDS);
    suite_add_tcase(suite, products);
    return run_suite(suite);
}
