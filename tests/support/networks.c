/* SPDX-License-Identifier: MIT */
#include "networks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- parts ---- */

static void network_begin(living *l, vgrad_initializer kernel, double a, double b)
{
    assert_ok(vgrad_network_create(&l->network, NULL));
    assert_ok(vgrad_network_set_seed(l->network, l->seed));
    assert_ok(vgrad_network_set_initializer(l->network, VGRAD_KERNEL, kernel, a, b));
}

vgrad_layer *living_pass(living *l, vgrad_layer *layer, vgrad_activation activation)
{
    ck_assert_int_lt(l->count, PATH_MOST);
    l->activations[l->count] = activation;
    return l->path[l->count++] = layer;
}

/* `hidden` dense layers of `units` each, on the path. */
static vgrad_layer *hidden_layers(living *l, vgrad_layer *in, int hidden, int64_t units,
                                  vgrad_activation activation)
{
    for (int i = 0; i < hidden; i++)
        in = living_pass(l, vgrad_dense(in, units, activation), activation);
    return in;
}

static void train_with(living *l, vgrad_layer *output, vgrad_loss loss, vgrad_optimizer_kind kind,
                       double rate, int64_t batch)
{
    assert_ok(vgrad_network_build(l->network, output));
    assert_ok(vgrad_optimizer_create(&l->optimizer, l->network, kind, rate));
    l->loss = loss;
    assert_ok(vgrad_trainer_create(&l->trainer, l->network, loss, l->optimizer));
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_BATCH_SIZE, (double)batch));
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_MAX_STEPS, (double)l->steps));
}

/* PyTorch's Adam. */
static void torch_adam(living *l)
{
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_EPSILON_HAT, 0));
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_EPSILON, 1e-8));
}

/* A set of its own with what `edit` makes of the rows of l->data, and of `value`. */
static void edit_rows(living *l, void (*edit)(double *x, int64_t width, double value), double value)
{
    int64_t rows = vgrad_dataset_rows(l->data), width = vgrad_dataset_x_width(l->data);
    double *x = malloc((size_t)(rows * width) * sizeof *x);
    double *y = malloc((size_t)rows * sizeof *y);
    assert_ok(vgrad_dataset_read(l->data, 0, rows, x, y, VGRAD_FLOAT64));
    edit(x, width, value);
    vgrad_dataset_destroy(l->data);
    assert_ok(
        vgrad_dataset_copy(&l->data, rows, x, VGRAD_FLOAT64, width, y, VGRAD_FLOAT64, 1, NULL));
    free(x);
    free(y);
}

/* ---- after Tam 2021, "Visualizing the vanishing gradient problem" ---- */

static void keras_circles(living *l)
{
    assert_ok(vgrad_dataset_circles(&l->data, 1000, 0.5, 0.1, l->seed, NULL));
}

/* make_mlp: 2-5-5-5-5-1, every kernel N(0, 1), RMSprop. */
static void make_keras_mlp(living *l, vgrad_activation activation)
{
    keras_circles(l);
    network_begin(l, VGRAD_INIT_NORMAL, 0, 1);
    vgrad_layer *h = hidden_layers(l, vgrad_input(l->network, 2), 4, 5, activation);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 1, VGRAD_SIGMOID), VGRAD_SIGMOID);
    train_with(l, output, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_RMSPROP, 0.001, 32);
}

static void make_keras5_sigmoid(living *l)
{
    make_keras_mlp(l, VGRAD_SIGMOID);
}

static void make_keras5_tanh(living *l)
{
    make_keras_mlp(l, VGRAD_TANH);
}

/* Its "5-layer" network, where the input is counted too: 2-5-5-5-1, Glorot, Adam. */
static void make_keras_glorot(living *l)
{
    keras_circles(l);
    network_begin(l, VGRAD_INIT_GLOROT_UNIFORM, 0, 0);
    vgrad_layer *h = hidden_layers(l, vgrad_input(l->network, 2), 3, 5, VGRAD_SIGMOID);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 1, VGRAD_SIGMOID), VGRAD_SIGMOID);
    train_with(l, output, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_ADAM, 0.001, 32);
}

/* ---- after Nielsen 2015, "Neural networks and deep learning", chapter 5 ---- */

/* 784, H times 30, 10 sigmoid units; cross-entropy summed over the outputs; all 1000 images at
   once; eta 0.1, lambda 5. */
static void make_nielsen(living *l, int hidden)
{
    enum { IMAGES = 1000, CLASSES = 10 };
    assert_ok(vgrad_dataset_digits(&l->data, IMAGES, l->seed, NULL));
    assert_ok(vgrad_dataset_scale(l->data, 1.0 / 256, 0));
    assert_ok(vgrad_dataset_one_hot(l->data, CLASSES));
    network_begin(l, VGRAD_INIT_LECUN_NORMAL, 0, 0);
    vgrad_network_set_initializer(l->network, VGRAD_BIAS, VGRAD_INIT_NORMAL, 0, 1);
    vgrad_layer *h = hidden_layers(l, vgrad_input(l->network, 784), hidden, 30, VGRAD_SIGMOID);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, CLASSES, VGRAD_SIGMOID), VGRAD_SIGMOID);
    train_with(l, output, VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, VGRAD_SGD, 0.1, IMAGES);
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 5.0 / IMAGES));
}

static void make_nielsen1(living *l)
{
    make_nielsen(l, 1);
}

static void make_nielsen2(living *l)
{
    make_nielsen(l, 2);
}

static void make_nielsen3(living *l)
{
    make_nielsen(l, 3);
}

static void make_nielsen4(living *l)
{
    make_nielsen(l, 4);
}

/* Four units in a row, w = 100, biases so that every z is 0: a factor 100 / 4 for each hop. The
   rate keeps them there. */
static void make_chain_w100(living *l)
{
    const double x = 1, y = 0;
    assert_ok(vgrad_dataset_copy(&l->data, 1, &x, VGRAD_FLOAT64, 1, &y, VGRAD_FLOAT64, 1, NULL));
    network_begin(l, VGRAD_INIT_CONSTANT, 100, 0);
    assert_ok(vgrad_network_set_dtype(l->network, VGRAD_FLOAT64));
    vgrad_layer *h = vgrad_input(l->network, 1);
    for (int i = 0; i < 4; i++) {
        h = living_pass(l, vgrad_dense(h, 1, VGRAD_SIGMOID), VGRAD_SIGMOID);
        vgrad_layer_set_initializer(h, VGRAD_BIAS, VGRAD_INIT_CONSTANT, i == 0 ? -100 * x : -50, 0);
    }
    train_with(l, h, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, VGRAD_SGD, 1e-11, 1);
}

/* ---- after Brownlee 2019, "How to fix the vanishing gradients problem using the ReLU" ---- */

/* 2-5-5-5-5-5-1 tanh on 500 of 1000 scaled points; SGD with momentum. */
static void make_momentum_circles(living *l, vgrad_initializer kind, double a, double b)
{
    vgrad_dataset *all;
    assert_ok(vgrad_dataset_circles(&all, 1000, 0.8, 0.1, l->seed, NULL));
    assert_ok(vgrad_dataset_scale_min_max(all, -1, 1));
    assert_ok(vgrad_dataset_slice(&l->data, all, 0, 500));
    vgrad_dataset_destroy(all);
    network_begin(l, kind, a, b);
    vgrad_layer *h = hidden_layers(l, vgrad_input(l->network, 2), 5, 5, VGRAD_TANH);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 1, VGRAD_SIGMOID), VGRAD_SIGMOID);
    train_with(l, output, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.01, 32);
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
}

static void make_tanh_uniform01(living *l)
{
    make_momentum_circles(l, VGRAD_INIT_UNIFORM, 0, 1);
}

static void make_tanh_glorot(living *l)
{
    make_momentum_circles(l, VGRAD_INIT_GLOROT_UNIFORM, 0, 0);
}

/* ---- ten layers and twenty blocks on digits, with PyTorch's Adam ---- */

static void thousand_digits(living *l)
{
    assert_ok(vgrad_dataset_digits(&l->data, 1024, l->seed, NULL));
}

/* 784, ten times 128, 10. */
static void make_ten_layers(living *l, vgrad_activation activation)
{
    vgrad_layer *h = hidden_layers(l, vgrad_input(l->network, 784), 10, 128, activation);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 10, VGRAD_LINEAR), VGRAD_LINEAR);
    train_with(l, output, VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_ADAM, 0.001, 128);
    torch_adam(l);
}

static void make_sigmoid10(living *l)
{
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_TORCH_LINEAR, 0, 0);
    vgrad_network_set_initializer(l->network, VGRAD_BIAS, VGRAD_INIT_TORCH_LINEAR, 0, 0);
    make_ten_layers(l, VGRAD_SIGMOID);
}

static void make_relu_he10(living *l)
{
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, 0, 0);
    make_ten_layers(l, VGRAD_RELU);
}

/* relu(x + BN(W relu(BN(V x)))), He et al. 2016. */
static vgrad_layer *residual_block(living *l, vgrad_layer *x, int64_t units)
{
    vgrad_layer *h = vgrad_batch_norm(vgrad_dense(x, units, VGRAD_LINEAR));
    h = vgrad_dense(vgrad_activate(h, VGRAD_RELU), units, VGRAD_LINEAR);
    return living_pass(l, vgrad_activate(vgrad_add(x, vgrad_batch_norm(h)), VGRAD_RELU),
                       VGRAD_RELU);
}

static void make_modern20(living *l)
{
    enum { BLOCKS = 20, UNITS = 256 };
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, 0, 0);
    vgrad_layer *h = vgrad_dense(vgrad_input(l->network, 784), UNITS, VGRAD_LINEAR);
    h = vgrad_activate(vgrad_batch_norm(h), VGRAD_RELU);
    for (int i = 0; i < BLOCKS; i++)
        h = residual_block(l, h, UNITS);
    train_with(l, vgrad_dense(h, 10, VGRAD_LINEAR), VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_ADAM,
               0.001, 128);
    torch_adam(l);
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 1));
}

/* ---- one thing at a time: 2-32-32-32-1 on circles ---- */

enum { SMALL_HIDDEN = 3, SMALL_UNITS = 32, SMALL_BATCH = 32 };

static void small_output(living *l, vgrad_layer *h, vgrad_optimizer_kind kind, double rate)
{
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 1, VGRAD_SIGMOID), VGRAD_SIGMOID);
    train_with(l, output, VGRAD_LOSS_BINARY_CROSSENTROPY, kind, rate, SMALL_BATCH);
}

static void make_small(living *l, vgrad_activation activation, vgrad_initializer kind, double gain,
                       vgrad_optimizer_kind optimizer, double rate)
{
    network_begin(l, kind, gain, 0);
    vgrad_layer *h =
        hidden_layers(l, vgrad_input(l->network, 2), SMALL_HIDDEN, SMALL_UNITS, activation);
    small_output(l, h, optimizer, rate);
}

/* tanh, but for one layer of ReLU. */
static vgrad_layer *one_relu(living *l, int odd)
{
    vgrad_layer *h = vgrad_input(l->network, 2);
    for (int i = 0; i < SMALL_HIDDEN; i++)
        h = hidden_layers(l, h, 1, SMALL_UNITS, i == odd ? VGRAD_RELU : VGRAD_TANH);
    return h;
}

static void make_dead_layer(living *l)
{
    keras_circles(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, 0, 0);
    vgrad_layer *h = one_relu(l, 1);
    vgrad_layer_set_initializer(l->path[1], VGRAD_BIAS, VGRAD_INIT_CONSTANT, -10, 0);
    small_output(l, h, VGRAD_ADAM, 0.001);
}

/* The first layer's units look in all directions, x w - b with |w| = 1; `dead` of them have b = 10,
   the others `bias`. */
static void make_directions(living *l, double bias, int dead)
{
    const double turn = 2 * 3.14159265358979323846 / SMALL_UNITS;
    double kernel[2][SMALL_UNITS], biases[SMALL_UNITS];
    const int64_t units = SMALL_UNITS;
    vgrad_tensor view;
    keras_circles(l);
    network_begin(l, VGRAD_INIT_GLOROT_UNIFORM, 0, 0);
    small_output(l, one_relu(l, 0), VGRAD_ADAM, 0.001);
    for (int i = 0; i < SMALL_UNITS; i++) {
        kernel[0][i] = cos(i * turn);
        kernel[1][i] = sin(i * turn);
        biases[i] = i < dead ? -10 : -bias;
    }
    assert_ok(
        vgrad_layer_set_tensor(l->path[0], VGRAD_KERNEL,
                               vgrad_tensor_matrix(&view, kernel, VGRAD_FLOAT64, 2, SMALL_UNITS)));
    assert_ok(vgrad_layer_set_tensor(
        l->path[0], VGRAD_BIAS, vgrad_tensor_view(&view, biases, VGRAD_FLOAT64, 1, &units, NULL)));
}

static void make_dead_units(living *l)
{
    make_directions(l, 0, 8);
}

/* Each unit fires for a few rows in a hundred. */
static void make_rare_units(living *l)
{
    make_directions(l, 0.9, 0);
}

/* He's weights, and one layer's times `gain`. */
static void make_odd_kernel(living *l, double gain)
{
    keras_circles(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, 1, 0);
    vgrad_layer *in = vgrad_input(l->network, 2);
    vgrad_layer *h = hidden_layers(l, in, SMALL_HIDDEN, SMALL_UNITS, VGRAD_RELU);
    vgrad_layer_set_initializer(l->path[2], VGRAD_KERNEL, VGRAD_INIT_HE_NORMAL, gain, 0);
    small_output(l, h, VGRAD_ADAM, 0.001);
}

/* |W| / sqrt(units) is 10^0.63, and delta grows by 10^0.48. */
static void make_large_kernel(living *l)
{
    make_odd_kernel(l, 3);
}

static void make_stalled(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_SGD, 1e-6);
}

static void make_slow(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_SGD, 0.01);
}

static void make_too_large(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_ADAMW, 0.3);
    /* Weights that grow would make each update a smaller part of them. */
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 1));
}

enum { SPIKE_STEP = 150, SPIKE_STEPS = 200 };

static void scale_one_batch(double *x, int64_t width, double factor)
{
    for (int64_t i = 0; i < SMALL_BATCH * width; i++)
        x[SPIKE_STEP * SMALL_BATCH * width + i] *= factor;
}

/* The rows of one batch come too large by a factor. */
static void make_odd_batch(living *l, double factor, double rate)
{
    assert_ok(vgrad_dataset_circles(&l->data, SPIKE_STEPS * SMALL_BATCH, 0.5, 0.1, l->seed, NULL));
    edit_rows(l, scale_one_batch, factor);
    make_small(l, VGRAD_RELU, VGRAD_INIT_HE_NORMAL, 1, VGRAD_ADAM, rate);
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_SHUFFLE, 0));
}

static void make_spike_data(living *l)
{
    make_odd_batch(l, 30, 0.001);
}

/* The update before the spike is made with 500 times the rate. */
static double one_burst(int64_t step, double base_rate, void *user)
{
    (void)user;
    return step == SPIKE_STEP - 1 ? 500 * base_rate : base_rate;
}

static void make_spike_rate(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_ADAM, 0.001);
    assert_ok(vgrad_optimizer_schedule_user(l->optimizer, one_burst, NULL));
}

/* Two columns more, of nothing but zeros. */
static void make_zero_input(living *l)
{
    enum { ROWS = 1000 };
    double points[ROWS][2], x[ROWS][4], y[ROWS];
    keras_circles(l);
    assert_ok(vgrad_dataset_read(l->data, 0, ROWS, points, y, VGRAD_FLOAT64));
    vgrad_dataset_destroy(l->data);
    for (int i = 0; i < ROWS; i++) {
        x[i][0] = points[i][0];
        x[i][1] = points[i][1];
        x[i][2] = x[i][3] = 0;
    }
    assert_ok(vgrad_dataset_copy(&l->data, ROWS, x, VGRAD_FLOAT64, 4, y, VGRAD_FLOAT64, 1, NULL));
    network_begin(l, VGRAD_INIT_GLOROT_UNIFORM, 0, 0);
    vgrad_layer *seen = vgrad_input(l->network, 2), *unseen = vgrad_input(l->network, 2);
    seen = living_pass(l, vgrad_dense(seen, SMALL_UNITS, VGRAD_TANH), VGRAD_TANH);
    unseen = vgrad_dense(unseen, SMALL_UNITS, VGRAD_TANH);
    vgrad_layer *h = vgrad_concatenate(seen, unseen);
    small_output(l, living_pass(l, vgrad_dense(h, SMALL_UNITS, VGRAD_TANH), VGRAD_TANH), VGRAD_ADAM,
                 0.001);
}

/* A branch that ends in a dead layer beside one that is alive. */
static void make_dead_branch(living *l)
{
    keras_circles(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, 0, 0);
    vgrad_layer *in = vgrad_input(l->network, 2);
    vgrad_layer *dead = vgrad_dense(in, SMALL_UNITS, VGRAD_TANH);
    dead = vgrad_dense(dead, SMALL_UNITS, VGRAD_RELU);
    vgrad_layer_set_initializer(dead, VGRAD_BIAS, VGRAD_INIT_CONSTANT, -10, 0);
    vgrad_layer *alive = hidden_layers(l, in, 2, SMALL_UNITS, VGRAD_TANH);
    small_output(l, vgrad_concatenate(alive, dead), VGRAD_ADAM, 0.001);
}

/* What is frozen by choice is no finding. */
static void make_frozen(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_ADAM, 0.003);
    assert_ok(vgrad_layer_set(l->path[1], VGRAD_LAYER_TRAINABLE, 0));
}

enum { ODD_STEP = 20 };

static void set_one_element(double *x, int64_t width, double value)
{
    x[(ODD_STEP * SMALL_BATCH + 5) * width] = value;
}

static void make_odd_row(living *l, double value)
{
    keras_circles(l);
    edit_rows(l, set_one_element, value);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_ADAM, 0.001);
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_SHUFFLE, 0));
}

static void make_nan_row(living *l)
{
    make_odd_row(l, NAN);
}

/* ---- near misses of vanishing, exploding and saturated ---- */

/* He's weights times `gain`, ten hidden layers. */
static void make_relu_gain(living *l, double gain)
{
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_HE_NORMAL, gain, 0);
    make_ten_layers(l, VGRAD_RELU);
}

/* log10 0.7 is -0.155 a hop. */
static void make_relu_fading(living *l)
{
    make_relu_gain(l, 0.7);
}

/* log10 1.7 is 0.23 a hop. */
static void make_relu_growing(living *l)
{
    make_relu_gain(l, 1.7);
}

/* At weights of variance 9 / n: rms f' 0.46, 0.135 a hop. */
static void make_tanh_gain3(living *l)
{
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_LECUN_NORMAL, 3, 0);
    vgrad_layer *in = vgrad_input(l->network, 784);
    vgrad_layer *h = hidden_layers(l, in, 6, 128, VGRAD_TANH);
    vgrad_layer_set_initializer(l->path[0], VGRAD_KERNEL, VGRAD_INIT_LECUN_NORMAL, 1, 0);
    vgrad_layer *output = living_pass(l, vgrad_dense(h, 10, VGRAD_LINEAR), VGRAD_LINEAR);
    vgrad_layer_set_initializer(output, VGRAD_KERNEL, VGRAD_INIT_LECUN_NORMAL, 1, 0);
    train_with(l, output, VGRAD_LOSS_CROSSENTROPY_LOGITS, VGRAD_ADAM, 0.001, 128);
}

/* ---- near misses of single findings: within a fifth of what a warning takes ---- */

/* log10 0.6 is -0.222 a hop. At a low rate it stays so. */
static void make_nearly_vanishing(living *l)
{
    thousand_digits(l);
    network_begin(l, VGRAD_INIT_LECUN_NORMAL, 0.6, 0);
    make_ten_layers(l, VGRAD_TANH);
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 1e-4));
}

static void make_nearly_dead(living *l)
{
    make_directions(l, 0, 7);
}

/* Inputs too large by so much that the first layer's rms f' is a third. */
static void make_nearly_saturated(living *l)
{
    keras_circles(l);
    assert_ok(vgrad_dataset_scale(l->data, 19, 0));
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_ADAM, 0.001);
}

/* All rows at once, so that so small a descent is seen in the loss. */
static void make_nearly_stalled(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_SGD, 2.1e-3);
    assert_ok(vgrad_trainer_set(l->trainer, VGRAD_TRAINER_BATCH_SIZE, 1000));
}

/* Each layer's update has the norm 0.13, and the last layer's weights are the smallest. */
static void make_nearly_too_large(living *l)
{
    const double norm = 0.01;
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_SGD, 0.13 / norm);
    assert_ok(vgrad_optimizer_set(l->optimizer, VGRAD_OPTIMIZER_CLIP_LAYER_NORM, norm));
}

/* |W| / sqrt(units) is 10^0.47, and delta grows by 10^0.3. */
static void make_nearly_large_kernel(living *l)
{
    make_odd_kernel(l, 2.1);
}

/* float32 ends at 3.4e38. */
static void make_nearly_infinite(living *l)
{
    make_odd_row(l, 3e38);
}

/* A low rate keeps the loss near its median. */
static void make_nearly_spike(living *l)
{
    make_odd_batch(l, 5.2, 3e-4);
}

/* Updates below what most weights' last bit is worth. */
static void make_nearly_unchanged(living *l)
{
    keras_circles(l);
    make_small(l, VGRAD_TANH, VGRAD_INIT_GLOROT_UNIFORM, 1, VGRAD_SGD, 1e-7);
}

/* ---- the table ---- */

#define VANISHES(from, to, also)                                                                   \
    {                                                                                              \
        VERDICT_VANISHING, also, CAUSE_DERIVATIVE, 0, 0, from, to, 0                               \
    }
#define FOUND(verdicts, first, last, step, also)                                                   \
    {                                                                                              \
        verdicts, also, CAUSE_NONE, first, last, -0.9, 0.9, step                                   \
    }
#define HEALTHY(from, to, also)                                                                    \
    {                                                                                              \
        VERDICT_HEALTHY, also, CAUSE_NONE, 0, 0, from, to, 0                                       \
    }

const specimen specimens[] = {
    { "keras5_sigmoid", make_keras5_sigmoid, 1, 200, VANISHES(-2.5, -1.2, 0) },
    { "keras5_tanh", make_keras5_tanh, 1, 200, HEALTHY(-0.9, 0.9, 0) },
    { "keras_glorot", make_keras_glorot, 1, 200, VANISHES(-2.5, -1.3, 0) },
    { "nielsen1", make_nielsen1, 1, 20, HEALTHY(-0.9, -0.5, VERDICT_TOO_LARGE) },
    { "nielsen2", make_nielsen2, 1, 20, VANISHES(-1.6, -1.2, VERDICT_TOO_LARGE) },
    { "nielsen3", make_nielsen3, 1, 20, VANISHES(-2.4, -1.8, VERDICT_TOO_LARGE) },
    { "nielsen4", make_nielsen4, 1, 20, VANISHES(-3.1, -2.5, VERDICT_TOO_LARGE) },
    { "sigmoid10", make_sigmoid10, 1, 40, VANISHES(-8.8, -8.2, 0) },
    { "chain_w100",
      make_chain_w100,
      1,
      50,
      { VERDICT_EXPLODING, VERDICT_STALLED | VERDICT_UNCHANGED | VERDICT_INITIALIZATION,
        CAUSE_WEIGHTS, 0, 0, 4.1938, 4.1939, 0 } },
    { "tanh_uniform01", make_tanh_uniform01, 36, 192,
      FOUND(VERDICT_SATURATED, 4, 5, 0, VERDICT_STALLED) },
    { "tanh_glorot", make_tanh_glorot, 1, 200, HEALTHY(-0.9, 0.9, 0) },
    { "relu_he10", make_relu_he10, 1, 40, HEALTHY(-0.9, 0.9, VERDICT_DEAD) },
    { "modern20", make_modern20, 1, 12, HEALTHY(0.5, 1.5, 0) },
    { "relu_fading", make_relu_fading, 1, 40, HEALTHY(-1.8, -1.2, VERDICT_DEAD) },
    { "relu_growing", make_relu_growing, 1, 40, HEALTHY(2.1, 2.5, VERDICT_DEAD) },
    { "tanh_gain3", make_tanh_gain3, 1, 40, HEALTHY(0.6, 1.2, 0) },
    { "dead_layer",
      make_dead_layer,
      1,
      64,
      { VERDICT_DEAD | VERDICT_UNCHANGED, VERDICT_VANISHING | VERDICT_STALLED | VERDICT_SATURATED,
        CAUSE_DERIVATIVE, 2, 2, -INFINITY, -INFINITY, 0 } },
    { "dead_units", make_dead_units, 1, 64, FOUND(VERDICT_DEAD, 1, 1, 0, 0) },
    { "rare_units", make_rare_units, 1, 64, HEALTHY(-0.9, 0.9, VERDICT_SATURATED) },
    { "dead_branch", make_dead_branch, 1, 64,
      FOUND(VERDICT_DEAD | VERDICT_UNCHANGED, 2, 2, 0, VERDICT_SATURATED | VERDICT_STALLED) },
    { "zero_input", make_zero_input, 1, 64, FOUND(VERDICT_UNCHANGED, 3, 3, 0, VERDICT_STALLED) },
    { "frozen", make_frozen, 1, 64, HEALTHY(-0.9, 0.9, 0) },
    { "stalled", make_stalled, 1, 64, FOUND(VERDICT_STALLED, 0, 0, 0, VERDICT_UNCHANGED) },
    { "slow", make_slow, 1, 200, HEALTHY(-0.9, 0.9, 0) },
    { "too_large", make_too_large, 1, 64,
      FOUND(VERDICT_TOO_LARGE, 0, 0, 0, VERDICT_SATURATED | VERDICT_DEAD | VERDICT_VANISHING) },
    { "spike_data", make_spike_data, 1, SPIKE_STEPS,
      FOUND(VERDICT_SPIKE, 0, 0, SPIKE_STEP, VERDICT_DEAD) },
    { "spike_rate", make_spike_rate, 1, SPIKE_STEPS,
      FOUND(VERDICT_SPIKE, 0, 0, SPIKE_STEP, VERDICT_TOO_LARGE | VERDICT_SATURATED) },
    { "nan_row", make_nan_row, 1, 30, FOUND(VERDICT_NON_FINITE, 0, 0, ODD_STEP, 0) },
    { "large_kernel", make_large_kernel, 1, 64,
      FOUND(VERDICT_INITIALIZATION, 3, 3, 0, VERDICT_DEAD) },
    { "nearly_vanishing", make_nearly_vanishing, 1, 40, HEALTHY(-2.5, -2, 0) },
    { "nearly_dead", make_nearly_dead, 1, 64, HEALTHY(-0.9, 0.9, VERDICT_DEAD) },
    { "nearly_saturated", make_nearly_saturated, 1, 64, HEALTHY(-0.9, 0.9, 0) },
    { "nearly_stalled", make_nearly_stalled, 1, 64, HEALTHY(-0.9, 0.9, 0) },
    { "nearly_too_large", make_nearly_too_large, 1, 64, HEALTHY(-0.9, 0.9, 0) },
    { "nearly_large_kernel", make_nearly_large_kernel, 1, 64, HEALTHY(-0.9, 0.9, VERDICT_DEAD) },
    { "nearly_infinite", make_nearly_infinite, 1, 30, HEALTHY(-0.9, 0.9, 0) },
    { "nearly_spike", make_nearly_spike, 1, SPIKE_STEPS, HEALTHY(-0.9, 0.9, VERDICT_DEAD) },
    { "nearly_unchanged", make_nearly_unchanged, 1, 64, FOUND(VERDICT_STALLED, 0, 0, 0, 0) },
    { 0 },
};

const specimen *specimen_find(const char *name)
{
    for (const specimen *s = specimens; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

void specimen_make(living *l, const specimen *s)
{
    specimen_make_seeded(l, s, s->seed);
}

void specimen_make_seeded(living *l, const specimen *s, uint64_t seed)
{
    *l = (living){ .seed = seed, .steps = s->steps, .expected = s->expected };
    s->make(l);
}

void living_destroy(living *l)
{
    vgrad_trainer_destroy(l->trainer);
    vgrad_optimizer_destroy(l->optimizer);
    vgrad_network_destroy(l->network);
    vgrad_dataset_destroy(l->data);
}
