/* A probe in a loop of the user's, while each allocation fails in turn: what failed can be tried
   again, and nothing is left. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"

enum { ROWS = 4, CALLS = 17, STATE_MAX = 40000 };

static vgrad_status observe(vgrad_probe *probe, int32_t layer, vgrad_role role, vgrad_dtype dtype)
{
    static const double numbers[ROWS * 3] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    static const int32_t whole[ROWS * 3] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    vgrad_tensor view;
    const void *data = dtype == VGRAD_INT32 ? (const void *)whole : numbers;
    return vgrad_probe_observe(probe, layer, role,
                               vgrad_tensor_matrix(&view, data, dtype, ROWS, 3));
}

static vgrad_status declare(vgrad_probe *probe, const char *name, vgrad_activation activation)
{
    return vgrad_probe_declare(probe, name, VGRAD_KIND_DENSE, activation, 3, 3, NULL);
}

/* What another probe has seen of step 0, with memory of its own. */
static vgrad_status merge(vgrad_probe *probe)
{
    static unsigned char state[STATE_MAX];
    static size_t size;
    if (size == 0) {
        vgrad_probe *part;
        assert_ok(vgrad_probe_create(&part, NULL));
        assert_ok(vgrad_probe_set(part, VGRAD_PROBE_UNITS_EVERY, 1));
        assert_ok(declare(part, "one", VGRAD_TANH));
        assert_ok(declare(part, "two", VGRAD_RELU));
        assert_ok(vgrad_probe_begin(part, 0));
        assert_ok(observe(part, 0, VGRAD_DELTA, VGRAD_FLOAT64));
        assert_ok(observe(part, 1, VGRAD_INPUT, VGRAD_FLOAT64));
        assert_ok(observe(part, 1, VGRAD_ACTIVATION, VGRAD_FLOAT64));
        assert_ok(vgrad_probe_serialize(part, state, sizeof state, &size));
        vgrad_probe_destroy(part);
    }
    return vgrad_probe_merge(probe, state, size);
}

/* Call number `i` of a program; the first ones make the probe. */
static vgrad_status call(vgrad_probe **probe, vgrad_context *context, int i)
{
    switch (i) {
    case 0: return vgrad_probe_create(probe, context);
    case 1: return vgrad_probe_set(*probe, VGRAD_PROBE_FLIGHT, 2);
    case 2: return vgrad_probe_set(*probe, VGRAD_PROBE_UNITS_EVERY, 1);
    case 3: return vgrad_probe_set_layer(*probe, "two", VGRAD_PROBE_EVERY, 1);
    case 4: return declare(*probe, "one", VGRAD_TANH);
    case 5: return declare(*probe, "two", VGRAD_RELU);
    case 6: return vgrad_probe_begin(*probe, 0);
    case 7: return observe(*probe, 0, VGRAD_INPUT, VGRAD_FLOAT64);
    case 8: return observe(*probe, 0, VGRAD_DELTA, VGRAD_INT32);
    case 9: return observe(*probe, 0, VGRAD_PREACTIVATION, VGRAD_FLOAT64);
    case 10: return observe(*probe, 1, VGRAD_DELTA, VGRAD_FLOAT64);
    case 11: return observe(*probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_FLOAT64);
    case 12: return observe(*probe, 1, VGRAD_KERNEL, VGRAD_FLOAT64);
    case 13: return observe(*probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_FLOAT64);
    case 14: return merge(*probe);
    case 15: return vgrad_probe_end(*probe, 1);
    default: return vgrad_probe_begin(*probe, 1);
    }
}

/* Every allocation from the n-th on fails, or it alone, until its call has said so; then that call
   is made again. Returns whether any did. */
static bool run(vgrad_context *context, allocator *a, long n, bool for_good)
{
    vgrad_probe *probe = NULL;
    bool failed = false;
    allocator_arm(a, n, for_good);
    for (int i = 0; i < CALLS; i++) {
        vgrad_status status = call(&probe, context, i);
        if (a->failed > 0 && !failed) {
            failed = true;
            assert_status(VGRAD_E_MEMORY, status);
            allocator_disarm(a);
            status = call(&probe, context, i);
        }
        ck_assert_msg(status >= 0, "call %d: %s", i, vgrad_last_error());
    }
    allocator_disarm(a);
    double value;
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_DELTA, VGRAD_MAX, &value));
    ck_assert_double_eq(value, 12);
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_DELTA, VGRAD_COUNT, &value));
    ck_assert_double_eq(value, 2 * 3 * ROWS);
    ck_assert_int_eq(vgrad_probe_worst_samples(probe, 0, NULL, NULL, 0), -1); /* deltas alone */
    ck_assert_int_eq(vgrad_probe_units(probe, 1, VGRAD_ACTIVATION, VGRAD_COUNT, NULL, 0), 3);
    vgrad_probe_destroy(probe);
    return failed;
}

START_TEST(what_failed_can_be_tried_again)
{
    allocator a = { 0 };
    vgrad_context *context;
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &a));
    const long blocks = a.blocks;
    long n = 1;
    while (run(context, &a, n, _i)) {
        ck_assert_int_eq(a.blocks, blocks);
        ck_assert_int_eq(a.mistakes, 0);
        n++;
    }
    ck_assert_int_gt(n, 20);
    vgrad_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("declared");
    TCase *every = tcase_create("every allocation");
    tcase_add_loop_test(every, what_failed_can_be_tried_again, 0, 2);
    suite_add_tcase(suite, every);
    return run_suite(suite);
}
