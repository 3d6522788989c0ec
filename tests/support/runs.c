/* Runs of every kind. */
/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include <math.h>
#include <string.h>

enum { VALIDATION_ROWS = 9, CLASSES = 3 };

/* Rows of one number after the other; there are RUN_ROWS. */
static int64_t read_rows(int64_t first, int64_t count, void *x, void *y, void *user)
{
    int64_t got = 0;
    (void)user;
    for (; got < count && first + got < RUN_ROWS; got++) {
        const int64_t i = first + got;
        for (int j = 0; j < RUN_INPUTS; j++)
            ((double *)x)[got * RUN_INPUTS + j] = cos(0.3 * (double)((i + 1) * (j + 2)));
        for (int64_t j = 0; j < CLASSES; j++)
            ((double *)y)[got * CLASSES + j] = i % CLASSES == j;
    }
    return got;
}

/* Rows that are told apart by a few sines, with noise that no network learns. */
static vgrad_dataset *make_data(int64_t rows, const run_recipe *recipe, vgrad_context *context)
{
    double x[RUN_ROWS * RUN_INPUTS], y[RUN_ROWS * 2 * CLASSES] = { 0 };
    const int64_t width = recipe->two_outputs ? 2 * CLASSES : CLASSES;
    vgrad_dataset *data;
    ck_assert_int_le(rows, RUN_ROWS);
    if (recipe->streamed) {
        assert_ok(vgrad_dataset_stream(&data, -1, VGRAD_FLOAT64, RUN_INPUTS, VGRAD_FLOAT64, CLASSES,
                                       read_rows, NULL, context));
        return data;
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int j = 0; j < RUN_INPUTS; j++)
            x[i * RUN_INPUTS + j] = sin(0.7 * (double)(i + 1) * (j + 1) + (double)rows);
        const int64_t class = (int64_t)(1.5 + 1.49 * sin((double)(i * i + rows)));
        y[i * width + class] = 1;
        if (recipe->two_outputs)
            y[i * width + CLASSES + (class + i) % CLASSES] = 1;
    }
    assert_ok(vgrad_dataset_copy(&data, rows, x, VGRAD_FLOAT64, RUN_INPUTS, y, VGRAD_FLOAT64, width,
                                 context));
    return data;
}

static vgrad_layer *body(vgrad_network *network, const run_recipe *recipe)
{
    vgrad_layer *layer = vgrad_input(network, RUN_INPUTS);
    if (recipe->images) {
        const int64_t image[3] = { 2, 2, 1 };
        layer = vgrad_conv2d(vgrad_reshape(layer, 3, image), 3, 2, 2, VGRAD_ELU);
        vgrad_layer_set(layer, VGRAD_LAYER_PADDING, VGRAD_SAME);
        vgrad_layer_set(layer, VGRAD_LAYER_ALPHA, 1.5);
        if (recipe->batch_norm)
            layer = vgrad_batch_norm(layer);
        layer = vgrad_flatten(vgrad_max_pool2d(layer, 1, 2));
    }
    vgrad_layer *first = vgrad_dense(layer, 6, VGRAD_TANH);
    vgrad_layer_set_name(first, "first");
    vgrad_layer_set_initializer(first, VGRAD_KERNEL, VGRAD_INIT_HE_NORMAL, 0.5, 0);
    layer = first;
    if (recipe->batch_norm)
        layer = vgrad_batch_norm(layer);
    if (recipe->dropout)
        layer = vgrad_dropout(layer, 0.3);
    vgrad_layer *square = vgrad_dense(layer, 6, VGRAD_LEAKY_RELU);
    if (recipe->penalties) {
        vgrad_layer_set(square, VGRAD_LAYER_L1, 1e-3);
        vgrad_layer_set(square, VGRAD_LAYER_L2, 1e-2);
    }
    layer = square;
    if (recipe->shared)
        layer = vgrad_add(vgrad_share(square, square), first);
    if (recipe->frozen)
        vgrad_layer_set(first, VGRAD_LAYER_TRAINABLE, 0);
    return layer;
}

static void make_network(run *r, const run_recipe *recipe, vgrad_context *context)
{
    vgrad_layer *outputs[2];
    assert_ok(vgrad_network_create(&r->network, context));
    assert_ok(vgrad_network_set_dtype(r->network, recipe->wide ? VGRAD_FLOAT64 : VGRAD_FLOAT32));
    assert_ok(vgrad_network_set_seed(r->network, 0xfedcba9876543210u));
    vgrad_layer *top = body(r->network, recipe);
    outputs[0] = vgrad_dense(top, CLASSES, VGRAD_SOFTMAX);
    outputs[1] = recipe->two_outputs ? vgrad_dense(top, CLASSES, VGRAD_SIGMOID) : NULL;
    assert_ok(vgrad_network_build_outputs(r->network, recipe->two_outputs ? 2 : 1, outputs));
    if (recipe->keeps_epoch_gradients)
        assert_ok(vgrad_network_keep(r->network, VGRAD_KEEP_EPOCH_GRADIENT));
}

static double users_schedule(int64_t step, double base, void *user)
{
    (void)user;
    return base / (1 + 0.1 * (double)step);
}

static void make_optimizer(run *r, const run_recipe *recipe)
{
    const vgrad_optimizer_kind kind = recipe->optimizer ? recipe->optimizer : VGRAD_SGD;
    static const vgrad_optimizer_option ways[] = { VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM,
                                                   VGRAD_OPTIMIZER_CLIP_LAYER_NORM,
                                                   VGRAD_OPTIMIZER_CLIP_VALUE };
    assert_ok(vgrad_optimizer_create(&r->optimizer, r->network, kind, 0.05));
    vgrad_optimizer *o = r->optimizer;
    if (recipe->momentum)
        assert_ok(vgrad_optimizer_set(o, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
    if (recipe->nesterov)
        assert_ok(vgrad_optimizer_set(o, VGRAD_OPTIMIZER_NESTEROV, 1));
    if (recipe->clipping > 0)
        assert_ok(vgrad_optimizer_set(o, ways[recipe->clipping - 1], 0.05));
    if (recipe->decay)
        assert_ok(vgrad_optimizer_set(o, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.01));
    switch (recipe->schedule) {
    case 1: assert_ok(vgrad_optimizer_schedule_step(o, 2, 3, 0.5)); break;
    case 2: assert_ok(vgrad_optimizer_schedule_exponential(o, 2, 5, 0.7)); break;
    case 3: assert_ok(vgrad_optimizer_schedule_cosine(o, 2, 15, 1e-4)); break;
    case 4: assert_ok(vgrad_optimizer_schedule_user(o, users_schedule, NULL)); break;
    default: break;
    }
}

void run_make(run *r, const run_recipe *recipe, vgrad_context *context)
{
    const double weights[CLASSES] = { 1, 0.5, 2 };
    *r = (run){ .data = make_data(RUN_ROWS, recipe, context) };
    make_network(r, recipe, context);
    make_optimizer(r, recipe);
    assert_ok(vgrad_trainer_create(&r->trainer, r->network, VGRAD_LOSS_CROSSENTROPY, r->optimizer));
    vgrad_trainer *t = r->trainer;
    assert_ok(vgrad_trainer_set(t, VGRAD_TRAINER_BATCH_SIZE, 5));
    assert_ok(vgrad_trainer_set_seed(t, 3));
    if (recipe->two_outputs)
        assert_ok(vgrad_trainer_set_output_loss(t, 1, VGRAD_LOSS_BINARY_CROSSENTROPY, 0.5));
    if (recipe->class_weights)
        assert_ok(vgrad_trainer_set_class_weights(t, weights, CLASSES));
    if (recipe->unshuffled)
        assert_ok(vgrad_trainer_set(t, VGRAD_TRAINER_SHUFFLE, 0));
    if (recipe->across_epochs)
        assert_ok(vgrad_trainer_set(t, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    if (recipe->accumulate > 1)
        assert_ok(vgrad_trainer_set(t, VGRAD_TRAINER_ACCUMULATE, recipe->accumulate));
    if (recipe->validation) {
        r->validation = make_data(VALIDATION_ROWS, recipe, context);
        assert_ok(vgrad_trainer_set_validation(t, r->validation));
    }
    if (recipe->watched) {
        assert_ok(vgrad_probe_create(&r->probe, context));
        assert_ok(vgrad_probe_attach(r->probe, r->network));
    }
    if (recipe->early_stopping)
        assert_ok(vgrad_trainer_early_stopping(t, recipe->patience, 0, recipe->restores_best));
    if (recipe->plateau)
        assert_ok(vgrad_trainer_reduce_on_plateau(t, 0.5, 1, 0.2, 1, 1e-5));
}

void run_destroy(run *r)
{
    vgrad_probe_destroy(r->probe);
    vgrad_trainer_destroy(r->trainer);
    vgrad_optimizer_destroy(r->optimizer);
    vgrad_network_destroy(r->network);
    vgrad_dataset_destroy(r->data);
    vgrad_dataset_destroy(r->validation);
    *r = (run){ 0 };
}

void run_fit(const run *r, int64_t epochs)
{
    const vgrad_status status = vgrad_trainer_fit(r->trainer, r->data, epochs);
    if (status != VGRAD_STOPPED)
        assert_ok(status);
}
