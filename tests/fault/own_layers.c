/* Layers and activations of the user's own while memory fails, and none asked for in a step. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"

enum { ROWS = 8, STEPS = 12 };

static int32_t copy(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    memcpy(out, z, n * sizeof(float));
    return 0;
}

static int32_t ones(const void *z, void *out, size_t n, void *user)
{
    (void)z;
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((float *)out)[i] = 1;
    return 0;
}

static int32_t shape(vgrad_layer_shapes *shapes, void *user)
{
    (void)user;
    *shapes->output = shapes->inputs[0];
    shapes->parameter_count = 1;
    shapes->parameters[0].shape = shapes->inputs[0];
    shapes->saved = 3;
    return 0;
}

static int32_t forward(const vgrad_layer_call *call, void *user)
{
    (void)user;
    const float *w = call->parameters[0].data;
    const int64_t width = call->inputs[0].shape[1];
    for (int64_t i = 0; i < call->rows * width; i++)
        ((float *)call->output_data)[i] = ((const float *)call->inputs[0].data)[i] * w[i % width];
    return 0;
}

static int32_t backward(const vgrad_layer_call *call, void *user)
{
    (void)user;
    const int64_t width = call->inputs[0].shape[1];
    const float *w = call->parameters[0].data, *delta = call->output_gradient->data;
    for (int64_t i = 0; i < call->rows * width; i++) {
        if (call->input_gradients[0])
            ((float *)call->input_gradients[0])[i] += w[i % width] * delta[i];
        ((float *)call->parameter_gradients[0])[i % width] +=
            ((const float *)call->inputs[0].data)[i] * delta[i];
    }
    return 0;
}

static const vgrad_layer_operations scale = {
    .struct_size = sizeof(vgrad_layer_operations),
    .kind = "scale",
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

/* Makes, builds and trains; counts[i]: the allocator's calls after step i. */
static vgrad_status run(vgrad_context *context, const allocator *a, long *counts)
{
    static const float x[ROWS * 2] = { 1, 2, 3, 4, 5 }, y[ROWS] = { 1 };
    vgrad_network *network = NULL;
    vgrad_optimizer *sgd = NULL;
    vgrad_trainer *trainer = NULL;
    vgrad_tensor rows, answers;
    vgrad_status status = vgrad_network_create(&network, context);
    vgrad_layer *in = vgrad_input(network, 2);
    vgrad_layer *mine = vgrad_user_layer(&in, 1, &scale, NULL);
    mine = vgrad_user_layer(&mine, 1, &scale, NULL);
    mine = vgrad_activate(vgrad_user_activation(mine, "copy", copy, ones, NULL), VGRAD_GELU);
    if (status == VGRAD_OK)
        status = vgrad_network_build(network, vgrad_dense(mine, 1, VGRAD_LINEAR));
    if (status == VGRAD_OK)
        status = vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.01);
    if (status == VGRAD_OK)
        status = vgrad_trainer_create(&trainer, network, VGRAD_LOSS_MEAN_SQUARED_ERROR, sgd);
    for (int i = 0; i < STEPS && status == VGRAD_OK; i++) {
        vgrad_trainer_forward(trainer, vgrad_tensor_matrix(&rows, x, VGRAD_FLOAT32, ROWS, 2));
        vgrad_trainer_loss(trainer, vgrad_tensor_matrix(&answers, y, VGRAD_FLOAT32, ROWS, 1), NULL);
        vgrad_trainer_backward(trainer);
        status = vgrad_trainer_step(trainer);
        counts[i] = a->calls;
    }
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    return status;
}

START_TEST(every_allocation_fails_and_nothing_is_left)
{
    allocator a = { 0 };
    vgrad_context *context;
    long counts[STEPS], n = 0;
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &a));
    const long blocks = a.blocks;
    for (bool failed = true; failed; n++) {
        allocator_arm(&a, n + 1, _i);
        vgrad_status status = run(context, &a, counts);
        failed = a.failed > 0;
        allocator_disarm(&a);
        ck_assert_int_eq(status, failed ? VGRAD_E_MEMORY : VGRAD_OK);
        ck_assert_int_eq(a.blocks, blocks);
        ck_assert_int_eq(a.mistakes, 0);
    }
    ck_assert_int_gt(n, 10);
    vgrad_context_destroy(context);
}
END_TEST

START_TEST(no_step_after_the_first_asks_for_memory)
{
    allocator a = { 0 };
    vgrad_context *context;
    long counts[STEPS];
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &a));
    assert_ok(run(context, &a, counts));
    for (int i = 1; i < STEPS; i++)
        ck_assert_int_eq(counts[i], counts[0]);
    vgrad_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("own_layers");
    TCase *every = tcase_create("every allocation");
    tcase_add_loop_test(every, every_allocation_fails_and_nothing_is_left, 0, 2);
    suite_add_tcase(suite, every);
    add_tests(suite, "steady", no_step_after_the_first_asks_for_memory);
    return run_suite(suite);
}
