/* Networks over images: every allocation fails once, and none is made inside a step. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"

enum { ROWS = 23, HEIGHT = 7, WIDTH = 6, PIXELS = HEIGHT * WIDTH, EPOCHS = 4, BATCH = 5 };

/* A run over images, from nothing to the last epoch. */
typedef struct run {
    vgrad_context *context;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_dataset *data;
    const allocator *a;
    float x[ROWS * PIXELS], y[ROWS];
    long calls[EPOCHS * ROWS];
    int steps;
} run;

static int32_t count(const vgrad_event *event, void *user)
{
    run *r = user;
    (void)event;
    r->calls[r->steps++] = r->a->calls;
    return 0;
}

static vgrad_layer *add_layers(run *r)
{
    vgrad_layer *h =
        vgrad_conv2d(vgrad_input_image(r->network, HEIGHT, WIDTH, 1), 3, 3, 2, VGRAD_RELU);
    vgrad_layer_set(h, VGRAD_LAYER_PADDING, VGRAD_SAME);
    h = vgrad_max_pool2d(h, 2, 2);
    vgrad_layer *beside = vgrad_conv2d(h, 3, 1, 1, VGRAD_TANH),
                *mean = vgrad_average_pool2d(h, 2, 2);
    vgrad_layer_set(mean, VGRAD_LAYER_PADDING, VGRAD_SAME);
    vgrad_layer_set(mean, VGRAD_LAYER_STRIDE_HEIGHT, 1);
    vgrad_layer_set(mean, VGRAD_LAYER_STRIDE_WIDTH, 1);
    vgrad_layer *again = vgrad_share(beside, vgrad_add(beside, mean));
    h = vgrad_concatenate(vgrad_global_average_pool2d(again), vgrad_flatten(again));
    const int64_t row[2] = { 3, 10 };
    return vgrad_dense(vgrad_flatten(vgrad_reshape(h, 2, row)), 1, VGRAD_SIGMOID);
}

static vgrad_status run_all(run *r, uint32_t keep)
{
    static const double class_weights[2] = { 1, 2 };
    vgrad_status status = vgrad_network_create(&r->network, r->context);
    vgrad_layer *output = status == VGRAD_OK ? add_layers(r) : NULL;
    if (status == VGRAD_OK)
        status = vgrad_network_build_outputs(r->network, 1, &output);
    if (status == VGRAD_OK)
        status = vgrad_network_keep(r->network, keep);
    if (status == VGRAD_OK)
        status = vgrad_optimizer_create(&r->optimizer, r->network, VGRAD_ADAM, 0.01);
    if (status == VGRAD_OK)
        status = vgrad_trainer_create(&r->trainer, r->network, VGRAD_LOSS_BINARY_CROSSENTROPY,
                                      r->optimizer);
    if (status == VGRAD_OK)
        status = vgrad_trainer_set_class_weights(r->trainer, class_weights, 2);
    if (status == VGRAD_OK)
        status = vgrad_trainer_set(r->trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH);
    if (status == VGRAD_OK)
        status = vgrad_trainer_on(r->trainer, VGRAD_BATCH_END, 1, count, r);
    if (status == VGRAD_OK)
        status = vgrad_dataset_borrow(&r->data, ROWS, r->x, VGRAD_FLOAT32, PIXELS, r->y,
                                      VGRAD_FLOAT32, 1, r->context);
    return status == VGRAD_OK ? vgrad_trainer_fit(r->trainer, r->data, EPOCHS) : status;
}

static void begin(run *r, allocator *a)
{
    memset(r, 0, sizeof *r);
    memset(a, 0, sizeof *a);
    r->a = a;
    for (int i = 0; i < ROWS * PIXELS; i++)
        r->x[i] = (float)(i * 7 % 31) / 31;
    for (int i = 0; i < ROWS; i++)
        r->y[i] = (float)(i % 2);
    assert_ok(vgrad_context_create(&r->context, allocator_alloc, allocator_release, a));
}

static void end(run *r, allocator *a)
{
    allocator_arm(a, 1, true);
    vgrad_context_destroy(r->context);
    vgrad_trainer_destroy(r->trainer);
    vgrad_optimizer_destroy(r->optimizer);
    vgrad_network_destroy(r->network);
    vgrad_dataset_destroy(r->data);
    ck_assert_int_eq(a->calls, 0);
    ck_assert_int_eq(a->blocks, 0);
    ck_assert_uint_eq(a->bytes, 0);
    ck_assert_int_eq(a->mistakes, 0);
}

START_TEST(each_allocation_may_fail)
{
    long n = 0;
    for (bool failed = true; failed; n++) {
        run r;
        allocator a;
        begin(&r, &a);
        allocator_arm(&a, n + 1, _i);
        vgrad_status status = run_all(&r, 0);
        failed = a.failed > 0;
        if (failed) {
            assert_status(VGRAD_E_MEMORY, status);
            assert_error_names("no memory");
        } else {
            assert_ok(status);
        }
        end(&r, &a);
    }
    ck_assert_int_gt(n, 20);
}
END_TEST

START_TEST(no_step_after_the_first_asks_for_memory)
{
    run r;
    allocator a;
    begin(&r, &a);
    assert_ok(run_all(&r, _i ? 63 : 0));
    const int batches = (ROWS + BATCH - 1) / BATCH;
    ck_assert_int_eq(r.steps, EPOCHS * batches);
    for (int step = 1; step < r.steps; step++)
        if (step != batches) /* the first epoch's end */
            ck_assert_int_eq(r.calls[step], r.calls[step - 1]);
    end(&r, &a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("images");
    TCase *all = tcase_create("images");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, each_allocation_may_fail, 0, 2);
    tcase_add_loop_test(all, no_step_after_the_first_asks_for_memory, 0, 2);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
