/* Layers that keep more than parameters: every allocation fails once, and none comes in a step. */
/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"

enum { ROWS = 8, WIDTH = 6, ALL = ROWS * WIDTH };

typedef struct run {
    vgrad_context *context;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    double answers[ALL], worst;
} run;

static vgrad_status create(run *r, vgrad_dtype dtype)
{
    vgrad_status status = vgrad_network_create(&r->network, r->context);
    if (status != VGRAD_OK)
        return status;
    vgrad_network_set_dtype(r->network, dtype);
    vgrad_layer *x = vgrad_input_image(r->network, 1, 2, 3);
    vgrad_layer *h = vgrad_dropout(vgrad_batch_norm(x), 0.3);
    h = vgrad_layer_norm(vgrad_add(vgrad_batch_norm(h), x));
    h = vgrad_dropout(h, 0.5);
    status = vgrad_network_build(r->network, h);
    if (status == VGRAD_E_MEMORY && h) /* may be tried again, as its documentation says */
        status = vgrad_network_build(r->network, h);
    if (status == VGRAD_OK)
        status = vgrad_optimizer_create(&r->optimizer, r->network, VGRAD_ADAM, 0.01);
    if (status == VGRAD_OK)
        status = vgrad_trainer_create(&r->trainer, r->network, VGRAD_LOSS_MEAN_SQUARED_ERROR,
                                      r->optimizer);
    return status;
}

static const vgrad_tensor *batch(vgrad_tensor *view)
{
    static double x[ALL];
    for (int i = 0; i < ALL; i++)
        x[i] = i * i % 11 - 5;
    return vgrad_tensor_matrix(view, x, VGRAD_FLOAT64, ROWS, WIDTH);
}

static vgrad_status step(run *r)
{
    vgrad_tensor view;
    vgrad_status status = vgrad_trainer_forward(r->trainer, batch(&view));
    if (status == VGRAD_OK)
        status = vgrad_trainer_loss(r->trainer, &view, NULL);
    if (status == VGRAD_OK)
        status = vgrad_trainer_backward(r->trainer);
    return status == VGRAD_OK ? vgrad_trainer_step(r->trainer) : status;
}

static vgrad_status check(run *r)
{
    vgrad_tensor view;
    return vgrad_gradient_check(r->network, batch(&view), 1, 0, &r->worst);
}

static vgrad_status predict(run *r)
{
    vgrad_tensor view;
    return vgrad_network_predict(r->network, batch(&view), r->answers, VGRAD_FLOAT64, ALL);
}

static void destroy(run *r)
{
    vgrad_trainer_destroy(r->trainer);
    vgrad_optimizer_destroy(r->optimizer);
    vgrad_network_destroy(r->network);
    r->trainer = NULL;
    r->optimizer = NULL;
    r->network = NULL;
}

/* Three steps, a check that fails in the middle and is tried again, and the answer. */
static bool disturb(run *r, allocator *a, vgrad_dtype dtype, long n, bool in_making)
{
    allocator_arm(a, n, false);
    if (!in_making)
        allocator_disarm(a);
    vgrad_status status = create(r, dtype);
    bool failed = a->failed > 0;
    allocator_disarm(a);
    if (status != VGRAD_OK) {
        assert_status(VGRAD_E_MEMORY, status);
        destroy(r);
        status = create(r, dtype);
    }
    assert_ok(status);
    if (!in_making)
        allocator_arm(a, n, false);
    status = step(r);
    failed |= a->failed > 0;
    allocator_disarm(a);
    if (status != VGRAD_OK) {
        assert_status(VGRAD_E_MEMORY, status);
        status = step(r);
    }
    assert_ok(status);
    if (dtype == VGRAD_FLOAT64) {
        if (!in_making)
            allocator_arm(a, n, false);
        status = check(r);
        failed |= a->failed > 0;
        allocator_disarm(a);
        if (status != VGRAD_OK)
            assert_status(VGRAD_E_MEMORY, status);
    }
    assert_ok(step(r));
    assert_ok(step(r));
    assert_ok(predict(r));
    destroy(r);
    return failed;
}

START_TEST(a_failed_allocation_moves_no_statistics_and_no_mask)
{
    const vgrad_dtype dtype = _i & 1 ? VGRAD_FLOAT64 : VGRAD_FLOAT32;
    allocator a = { 0 };
    run r = { 0 };
    double undisturbed[ALL];
    assert_ok(vgrad_context_create(&r.context, allocator_alloc, allocator_release, &a));
    disturb(&r, &a, dtype, 0, false);
    memcpy(undisturbed, r.answers, sizeof undisturbed);
    long n = 0;
    while (disturb(&r, &a, dtype, n + 1, _i & 2)) {
        ck_assert_mem_eq(r.answers, undisturbed, sizeof undisturbed);
        n++;
    }
    ck_assert_int_ge(n, _i & 2 ? 15 : 2);
    vgrad_context_destroy(r.context);
    ck_assert_int_eq(a.blocks, 0);
    ck_assert_uint_eq(a.bytes, 0);
    ck_assert_int_eq(a.mistakes, 0);
}
END_TEST

START_TEST(no_step_after_the_first_asks_for_memory)
{
    allocator a = { 0 };
    run r = { 0 };
    assert_ok(vgrad_context_create(&r.context, allocator_alloc, allocator_release, &a));
    assert_ok(create(&r, _i & 1 ? VGRAD_FLOAT64 : VGRAD_FLOAT32));
    assert_ok(vgrad_network_keep(r.network, _i & 2 ? 63 : 0));
    assert_ok(step(&r));
    allocator_arm(&a, 1, true);
    for (int i = 0; i < 20; i++)
        assert_ok(step(&r));
    ck_assert_int_eq(a.calls, 0);
    destroy(&r);
    vgrad_context_destroy(r.context);
    ck_assert_int_eq(a.blocks, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("normalization faults");
    TCase *faults = tcase_create("faults");
    tcase_add_loop_test(faults, a_failed_allocation_moves_no_statistics_and_no_mask, 0, 4);
    suite_add_tcase(suite, faults);
    TCase *steady = tcase_create("steady");
    tcase_add_loop_test(steady, no_step_after_the_first_asks_for_memory, 0, 4);
    suite_add_tcase(suite, steady);
    return run_suite(suite);
}
