/* Every allocation of every call fails once, and then for good: nothing leaks, nothing is lost. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "runner.h"
#include "world.h"

static const struct {
    vgrad_dtype dtype;
    bool for_good;
    const char *name;
} ways[] = {
    { VGRAD_FLOAT32, false, "float32, once" },
    { VGRAD_FLOAT32, true, "float32, from then on" },
    { VGRAD_FLOAT64, false, "float64, once" },
    { VGRAD_FLOAT64, true, "float64, from then on" },
};

static void begin(world *w, allocator *a, vgrad_dtype dtype)
{
    memset(w, 0, sizeof *w);
    memset(a, 0, sizeof *a);
    w->dtype = dtype;
    assert_ok(vgrad_context_create(&w->context, allocator_alloc, allocator_release, a));
}

/* Everything goes without needing memory, and nothing stays behind. */
static void end(world *w, allocator *a)
{
    allocator_arm(a, 1, true);
    vgrad_context_destroy(w->context);
    world_destroy(w);
    ck_assert_int_eq(a->calls, 0);
    ck_assert_int_eq(a->blocks, 0);
    ck_assert_uint_eq(a->bytes, 0);
    ck_assert_int_eq(a->mistakes, 0);
}

static void undisturbed(vgrad_dtype dtype, double *weights, double *answers)
{
    world w;
    allocator a;
    begin(&w, &a, dtype);
    assert_ok(world_run(&w, 0, world_phase_count));
    world_weights(&w, weights);
    memcpy(answers, w.answers, sizeof w.answers);
    end(&w, &a);
}

/* Fails allocation n of a phase; false if the phase has no n-th. */
static bool disturb(int way, int number, long n, const double *weights, const double *answers)
{
    world w;
    allocator a;
    double found[WORLD_WEIGHTS];
    begin(&w, &a, ways[way].dtype);
    assert_ok(world_run(&w, 0, number));
    allocator_arm(&a, n, ways[way].for_good);
    vgrad_status status = world_phases[number].run(&w);
    bool failed = a.failed > 0;
    allocator_disarm(&a);
    if (failed) {
        ck_assert_msg(status == VGRAD_E_MEMORY, "%s, allocation %ld: %s", world_phases[number].name,
                      n, vgrad_status_name(status));
        assert_error_names("no memory");
        ck_assert_msg(!w.left, "%s leaves its out", w.left);
        assert_ok(world_run(&w, number, world_phase_count));
        world_weights(&w, found);
        ck_assert_mem_eq(found, weights, sizeof found);
        ck_assert_mem_eq(w.answers, answers, sizeof w.answers);
    }
    end(&w, &a);
    return failed;
}

START_TEST(a_failed_allocation_changes_nothing_but_the_status)
{
    double weights[WORLD_WEIGHTS], answers[300];
    undisturbed(ways[_i].dtype, weights, answers);
    long all = 0;
    for (int number = 0; number < world_phase_count; number++) {
        long n = 0;
        while (disturb(_i, number, n + 1, weights, answers))
            n++;
        all += n;
        /* Unbuffered, because the runner's own lines wait in stdio's buffer. */
        dprintf(STDOUT_FILENO, "# %s: %s: %ld allocations failed\n", ways[_i].name,
                world_phases[number].name, n);
    }
    dprintf(STDOUT_FILENO, "# %s: %ld in all\n", ways[_i].name, all);
    ck_assert_int_gt(all, 40);
}
END_TEST

static const vgrad_optimizer_kind kinds[] = { VGRAD_SGD,   VGRAD_RMSPROP, VGRAD_ADAM,
                                              VGRAD_ADAMW, VGRAD_NADAM,   VGRAD_ADAGRAD };
enum { KINDS = sizeof kinds / sizeof *kinds };

START_TEST(every_optimizer_can_fail_to_be_made)
{
    const char *name = "optimizer_create";
    int number = 0;
    while (strcmp(world_phases[number].name, name) != 0)
        number++;
    for (long n = 1, failed = 1; failed; n++) {
        world w;
        allocator a;
        begin(&w, &a, VGRAD_FLOAT64);
        w.kind = kinds[_i];
        assert_ok(world_run(&w, 0, number));
        allocator_arm(&a, n, false);
        vgrad_status status = world_phases[number].run(&w);
        failed = a.failed;
        allocator_disarm(&a);
        assert_status(failed ? VGRAD_E_MEMORY : VGRAD_OK, status);
        ck_assert_msg(!w.left, "%s leaves its out", w.left);
        assert_ok(world_run(&w, failed ? number : number + 1, world_phase_count));
        end(&w, &a);
        ck_assert(failed || n > 2); /* the optimizer, its scratch, a state or two */
    }
}
END_TEST

/* Destroying right after a failure, without the second try that might mend what is broken. */
START_TEST(a_failed_call_leaves_nothing_behind)
{
    for (int number = 0; number < world_phase_count; number++)
        for (long n = 1, failed = 1; failed; n++) {
            world w;
            allocator a;
            begin(&w, &a, ways[_i].dtype);
            assert_ok(world_run(&w, 0, number));
            allocator_arm(&a, n, ways[_i].for_good);
            world_phases[number].run(&w);
            failed = a.failed;
            end(&w, &a);
        }
}
END_TEST

START_TEST(a_context_itself_may_fail)
{
    allocator a = { 0 };
    allocator_arm(&a, 1, false);
    vgrad_context *context = (void *)&a;
    assert_status(VGRAD_E_MEMORY,
                  vgrad_context_create(&context, allocator_alloc, allocator_release, &a));
    ck_assert_ptr_null(context);
    ck_assert_int_eq(a.blocks, 0);
}
END_TEST

START_TEST(a_constructor_that_failed_is_reported_by_build)
{
    for (long n = 1; n <= 3; n++) {
        world w;
        allocator a;
        begin(&w, &a, VGRAD_FLOAT32);
        assert_ok(vgrad_network_create(&w.network, w.context));
        allocator_arm(&a, n, false);
        vgrad_layer *layer = vgrad_dense(vgrad_input(w.network, 2), 1, VGRAD_LINEAR);
        ck_assert_ptr_null(layer);
        assert_status(VGRAD_E_MEMORY, vgrad_network_build(w.network, layer));
        end(&w, &a);
    }
}
END_TEST

/* status.h: negative, and the object is as it was. */
START_TEST(a_probe_that_could_not_be_attached_again_still_remembers)
{
    for (long n = 1, failed = 1; failed; n++) {
        world w;
        allocator a;
        double before, after;
        begin(&w, &a, VGRAD_FLOAT64);
        assert_ok(world_run(&w, 0, world_phase_count));
        assert_ok(vgrad_probe_detach(w.probe));
        assert_ok(vgrad_probe_read(w.probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_L2, &before));
        allocator_arm(&a, n, false);
        vgrad_probe_attach(w.probe, w.network);
        failed = a.failed;
        if (failed) {
            assert_ok(vgrad_probe_read(w.probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_L2, &after));
            ck_assert_double_eq(before, after);
        }
        end(&w, &a);
    }
}
END_TEST

/* context.h: a size is never 0. */
START_TEST(a_probe_that_watches_nothing_asks_for_no_empty_block)
{
    world w;
    allocator a;
    begin(&w, &a, VGRAD_FLOAT32);
    assert_ok(world_run(&w, 0, 10));
    assert_ok(vgrad_probe_watch_none(w.probe));
    assert_ok(world_run(&w, 10, world_phase_count));
    end(&w, &a);
}
END_TEST

/* ---- a loop of the user's ---- */

static void declare_layers(vgrad_probe **probe, vgrad_context *context)
{
    assert_ok(vgrad_probe_create(probe, context));
    assert_ok(vgrad_probe_set(*probe, VGRAD_PROBE_HISTOGRAM_EVERY, 1));
    assert_ok(vgrad_probe_set(*probe, VGRAD_PROBE_UNITS_EVERY, 1));
    assert_ok(vgrad_probe_declare(*probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 3, NULL));
    assert_ok(vgrad_probe_declare(*probe, "b", VGRAD_KIND_DENSE, VGRAD_TANH, 3, 2, NULL));
}

/* Each of its allocations fails once; then it is tried again, or (`give_up`) destroyed. */
static bool begin_fails(long n, bool give_up)
{
    world w;
    allocator a;
    vgrad_probe *probe;
    begin(&w, &a, VGRAD_FLOAT32);
    declare_layers(&probe, w.context);
    allocator_arm(&a, n, false);
    vgrad_status status = vgrad_probe_begin(probe, 0);
    const bool failed = a.failed > 0;
    allocator_disarm(&a);
    assert_status(failed ? VGRAD_E_MEMORY : VGRAD_OK, status);
    if (failed && !give_up)
        assert_ok(vgrad_probe_begin(probe, 0));
    vgrad_probe_destroy(probe);
    end(&w, &a);
    return failed;
}

START_TEST(a_step_that_could_not_begin_begins_later)
{
    long n = 0;
    while (begin_fails(n + 1, false) && begin_fails(n + 1, true))
        n++;
    ck_assert_int_gt(n, 2 * 6); /* of each layer: its five histograms, and its units */
}
END_TEST

START_TEST(units_that_could_not_be_seen_are_as_they_were)
{
    const float x[6] = { 1, 2, 3, 4, 5, 6 };
    double values[6];
    vgrad_tensor view;
    vgrad_probe *probe;
    world w;
    allocator a;
    begin(&w, &a, VGRAD_FLOAT32);
    declare_layers(&probe, w.context);
    assert_ok(vgrad_probe_begin(probe, 0));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, 2, 3);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &view));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, 1, 6);
    allocator_arm(&a, 1, false);
    assert_status(VGRAD_E_MEMORY, vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &view));
    allocator_disarm(&a);
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_KERNEL, VGRAD_MEAN, values, 6), 3);
    ck_assert_double_eq(values[2], 4.5);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &view));
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_KERNEL, VGRAD_MEAN, values, 6), 6);
    ck_assert_double_eq(values[5], 6);
    vgrad_probe_destroy(probe);
    end(&w, &a);
}
END_TEST

/* ---- once it runs, it needs no more ---- */

enum { STEPS_HEARD = 200 };

typedef struct counts {
    const allocator *a;
    long at_step[STEPS_HEARD], at_epoch[STEPS_HEARD];
    int steps, epochs;
} counts;

static int32_t count(const vgrad_event *event, void *user)
{
    counts *c = user;
    if (event->kind == VGRAD_BATCH_END)
        c->at_step[c->steps++] = c->a->calls;
    else
        c->at_epoch[c->epochs++] = c->a->calls;
    return 0;
}

static vgrad_status train(world *w, bool fit, int64_t epochs)
{
    const vgrad_tensor *x, *y;
    if (fit)
        return vgrad_trainer_fit(w->trainer, w->data, epochs);
    while (vgrad_trainer_next(w->trainer, w->data, epochs, &x, &y) == VGRAD_OK) {
        assert_ok(vgrad_trainer_forward(w->trainer, x));
        assert_ok(vgrad_trainer_loss(w->trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(w->trainer));
        assert_ok(vgrad_trainer_step(w->trainer));
    }
    return VGRAD_OK;
}

START_TEST(no_step_after_the_first_asks_for_memory)
{
    world w;
    allocator a;
    counts c = { .a = &a };
    const uint32_t kept = _i & 1 ? 127 : 0;
    begin(&w, &a, _i & 2 ? VGRAD_FLOAT64 : VGRAD_FLOAT32);
    w.kind = _i < 8 ? (vgrad_optimizer_kind)0 : kinds[_i - 8];
    assert_ok(world_run(&w, 0, 14)); /* all but the training */
    assert_ok(vgrad_network_keep(w.network, kept));
    assert_ok(vgrad_trainer_on(w.trainer, VGRAD_BATCH_END | VGRAD_EPOCH_END, 1, count, &c));
    assert_ok(train(&w, _i & 4, 20));
    ck_assert_int_eq(c.steps, 20 * 6);
    ck_assert_int_eq(c.epochs, 20);
    for (int step = 1; step < 6; step++)
        ck_assert_int_eq(c.at_step[step], c.at_step[0]);
    for (int epoch = 1; epoch < 20; epoch++)
        ck_assert_int_eq(c.at_epoch[epoch], c.at_epoch[0]);
    ck_assert_int_eq(a.calls, c.at_epoch[0]);
    end(&w, &a);
}
END_TEST

/* The memory of a group is taken when it is set. */
START_TEST(no_batch_of_a_group_after_the_first_asks_for_memory)
{
    world w;
    allocator a;
    long calls = 0;
    const vgrad_tensor *x, *y;
    begin(&w, &a, _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32);
    assert_ok(world_run(&w, 0, 14));
    assert_ok(vgrad_network_keep(w.network, 63));
    assert_ok(vgrad_trainer_set(w.trainer, VGRAD_TRAINER_ACCUMULATE, 4));
    assert_ok(vgrad_trainer_early_stopping(w.trainer, 9, 0, 1));
    assert_ok(vgrad_trainer_reduce_on_plateau(w.trainer, 0.5, 1, 0, 0, 0));
    for (int batch = 0; vgrad_trainer_next(w.trainer, w.data, 3, &x, &y) == VGRAD_OK; batch++) {
        assert_ok(vgrad_trainer_forward(w.trainer, x));
        assert_ok(vgrad_trainer_loss(w.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(w.trainer));
        assert_status(batch % 6 == 3 || batch % 6 == 5 ? VGRAD_OK : VGRAD_ACCUMULATED,
                      vgrad_trainer_step(w.trainer));
        if (batch % 6 == 0 && batch <= 6) /* the first evaluation comes after batch 5 */
            calls = a.calls;
        ck_assert_int_eq(a.calls, calls);
    }
    ck_assert_int_eq(vgrad_trainer_steps(w.trainer), 6);
    end(&w, &a);
}
END_TEST

/* status.h: the object is as it was. Patience 1, from the first call, ends the run. */
START_TEST(early_stopping_that_could_not_be_replaced_is_as_it_was)
{
    world w;
    allocator a;
    begin(&w, &a, VGRAD_FLOAT64);
    assert_ok(world_run(&w, 0, 14));
    assert_ok(vgrad_optimizer_set(w.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 0));
    assert_ok(vgrad_trainer_early_stopping(w.trainer, 1, 0, _i));
    allocator_arm(&a, 1, true);
    assert_status(VGRAD_E_MEMORY, vgrad_trainer_early_stopping(w.trainer, 5, 0, 1));
    allocator_disarm(&a);
    assert_status(VGRAD_STOPPED, vgrad_trainer_fit(w.trainer, w.data, 9));
    ck_assert_int_eq(vgrad_trainer_epoch(w.trainer), 1);
    end(&w, &a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    const int way_count = sizeof ways / sizeof *ways;
    TCase *every = tcase_create("every allocation");
    tcase_set_timeout(every, 300);
    tcase_add_loop_test(every, a_failed_allocation_changes_nothing_but_the_status, 0, way_count);
    tcase_add_loop_test(every, a_failed_call_leaves_nothing_behind, 0, way_count);
    tcase_add_loop_test(every, every_optimizer_can_fail_to_be_made, 0, KINDS);
    suite_add_tcase(suite, every);
    TCase *steady = tcase_create("steady");
    tcase_add_loop_test(steady, no_step_after_the_first_asks_for_memory, 0, 8 + KINDS);
    tcase_add_loop_test(steady, no_batch_of_a_group_after_the_first_asks_for_memory, 0, 2);
    suite_add_tcase(suite, steady);
    TCase *again = tcase_create("again");
    tcase_add_loop_test(again, early_stopping_that_could_not_be_replaced_is_as_it_was, 0, 2);
    suite_add_tcase(suite, again);
    add_tests(
        suite, "apart", a_context_itself_may_fail, a_constructor_that_failed_is_reported_by_build,
        a_probe_that_could_not_be_attached_again_still_remembers,
        a_probe_that_watches_nothing_asks_for_no_empty_block,
        a_step_that_could_not_begin_begins_later, units_that_could_not_be_seen_are_as_they_were);
    return run_suite(suite);
}
