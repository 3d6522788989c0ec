/* Findings one rule at a time, by tensors of a loop of the test's. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "runner.h"

enum { ROWS = 10, UNITS = 4 };

/* Layers of 4 units each, all dense: windows of one step, and two of them raise. */
typedef struct loop {
    vgrad_probe *probe;
    int64_t step;
    int32_t layers;
} loop;

static loop begin_loop(int32_t layers, vgrad_activation f)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    loop l = { .layers = layers };
    assert_ok(vgrad_probe_create(&l.probe, NULL));
    assert_ok(vgrad_probe_set(l.probe, VGRAD_PROBE_WINDOW, ROWS));
    assert_ok(vgrad_probe_set(l.probe, VGRAD_PROBE_UPDATE_AFTER, 0));
    for (int32_t i = 0; i < layers; i++)
        assert_ok(vgrad_probe_declare(l.probe, names[i], VGRAD_KIND_DENSE, f, UNITS, UNITS, NULL));
    return l;
}

static void see(const loop *l, int32_t layer, vgrad_role role, int64_t rows, double value)
{
    double numbers[ROWS * UNITS];
    vgrad_tensor t;
    for (int i = 0; i < ROWS * UNITS; i++)
        numbers[i] = i % 2 ? value : -value;
    assert_ok(vgrad_probe_observe(l->probe, layer, role,
                                  vgrad_tensor_matrix(&t, numbers, VGRAD_FLOAT64, rows, UNITS)));
}

/* delta of each layer is `shrink` times that of the layer behind it. */
static void see_way(const loop *l, double last, double shrink)
{
    for (int32_t i = l->layers; i-- > 0; last *= shrink) {
        see(l, i, VGRAD_DELTA, ROWS, last);
        see(l, i, VGRAD_ACTIVATION_GRADIENT, ROWS, last);
        see(l, i, VGRAD_KERNEL, UNITS, 0.5 + 0.001 * (double)l->step); /* it moves */
    }
}

static vgrad_status end_step(loop *l, double loss)
{
    l->step++;
    return vgrad_probe_end(l->probe, loss);
}

static void begin_step(const loop *l)
{
    assert_ok(vgrad_probe_begin(l->probe, l->step));
}

/* The finding of that code that is raised; NULL: none. */
static const vgrad_finding *raised(const loop *l, vgrad_finding_code code)
{
    const vgrad_finding *f;
    for (int32_t i = 0; (f = vgrad_probe_finding(l->probe, i)) != NULL; i++)
        if (f->code == (int64_t)code)
            return f;
    return NULL;
}

START_TEST(two_windows_raise_and_two_clear)
{
    loop l = begin_loop(4, VGRAD_LINEAR);
    const double shrinks[] = { 0.1, 0.1, 0.1, 1, 0.1, 1, 1, 1, 0.1, 1, 0.1 };
    const int expected[] = { 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0 };
    for (int i = 0; i < 11; i++) {
        begin_step(&l);
        see_way(&l, 1, shrinks[i]);
        end_step(&l, 1);
        const vgrad_finding *f = raised(&l, VGRAD_FINDING_VANISHING);
        ck_assert_msg((f != NULL) == expected[i], "window %d", i);
        if (f)
            ck_assert(f->severity == 3 && f->first_step == 0 && f->layer == -1);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* 0.3 decades a hop over three are .9 in all, and nothing; 0.36 are 1.08: a warning; with .3 it
   stays, as that is nearly so; with .2 it goes. */
START_TEST(what_is_raised_stays_while_it_is_nearly_so)
{
    loop l = begin_loop(4, VGRAD_LINEAR);
    const double decades[] = { 0.3, 0.3, 0.36, 0.36, 0.3, 0.3, 0.3, 0.2, 0.2 };
    const int expected[] = { 0, 0, 0, 2, 2, 2, 2, 2, 0 };
    for (int i = 0; i < 9; i++) {
        begin_step(&l);
        see_way(&l, 1, pow(10, -decades[i]));
        end_step(&l, 1);
        const vgrad_finding *f = raised(&l, VGRAD_FINDING_VANISHING);
        ck_assert_msg((f ? f->severity : 0) == expected[i], "window %d", i);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* One window of another severity is none. */
START_TEST(a_severity_changes_after_two_windows)
{
    loop l = begin_loop(4, VGRAD_LINEAR);
    const double decades[] = { 0.5, 0.5, 1.5, 0.5, 1.5, 1.5, 0.5, 1.5, 0.5, 0.5 };
    const int expected[] = { 0, 2, 2, 2, 2, 3, 3, 3, 3, 2 };
    for (int i = 0; i < 10; i++) {
        begin_step(&l);
        see_way(&l, 1, pow(10, -decades[i]));
        const vgrad_status status = end_step(&l, 1);
        const vgrad_finding *f = raised(&l, VGRAD_FINDING_VANISHING);
        ck_assert_msg((f ? f->severity : 0) == expected[i], "window %d", i);
        const bool changes = expected[i] != (i ? expected[i - 1] : 0);
        ck_assert_int_eq(status == VGRAD_CHANGED, changes);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

START_TEST(a_cut_names_the_layer_that_cuts)
{
    for (int kernel = 0; kernel < 2; kernel++) {
        loop l = begin_loop(3, VGRAD_RELU);
        for (int i = 0; i < 2; i++) {
            begin_step(&l);
            for (int32_t layer = 0; layer < 3; layer++) {
                const bool through = layer == 2;
                see(&l, layer, VGRAD_DELTA, ROWS, through ? 1 : 0);
                see(&l, layer, VGRAD_ACTIVATION_GRADIENT, ROWS, through || !kernel ? 1 : 0);
                see(&l, layer, VGRAD_KERNEL, UNITS, kernel && layer == 2 ? 0 : 1);
                see(&l, layer, VGRAD_PREACTIVATION, ROWS, !kernel && layer == 1 ? 0 : 1);
            }
            end_step(&l, 1);
        }
        const vgrad_finding *f = raised(&l, VGRAD_FINDING_VANISHING);
        ck_assert_ptr_nonnull(f);
        ck_assert_str_eq(f->message, kernel ? "cut at c: nothing comes through"
                                            : "cut at b: nothing comes through");
        ck_assert_int_eq(f->cause, kernel ? VGRAD_BUDGET_WEIGHT : VGRAD_BUDGET_DERIVATIVE);
        vgrad_probe_destroy(l.probe);
    }
}
END_TEST

/* Updates of 0 count; and what there is no occasion to judge is no more. */
START_TEST(updates_are_judged_by_their_median)
{
    loop l = begin_loop(1, VGRAD_LINEAR);
    const double updates[] = { 1e-7, 1e-7, 1e-7, 1e-3, 1e-3, 0, 0, 1, 1, 1e-3, 1e-3 };
    const int stalled[] = { 0, 2, 2, 2, 0, 0, 2, 2, 0, 0, 0 };
    const int large[] = { 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0 };
    for (int i = 0; i < 11; i++) {
        begin_step(&l);
        see(&l, 0, VGRAD_DELTA, ROWS, 1);
        see(&l, 0, VGRAD_KERNEL, UNITS, 1);
        see(&l, 0, VGRAD_KERNEL_UPDATE, UNITS, updates[i]);
        end_step(&l, 1);
        const vgrad_finding *s = raised(&l, VGRAD_FINDING_STALLED);
        const vgrad_finding *t = raised(&l, VGRAD_FINDING_UPDATE_TOO_LARGE);
        ck_assert_msg((s ? s->severity : 0) == stalled[i], "stalled in window %d", i);
        ck_assert_msg((t ? t->severity : 0) == large[i], "too large in window %d", i);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* Also where each window has one look. */
START_TEST(a_kernel_that_stays_is_told_until_it_moves)
{
    loop l = begin_loop(1, VGRAD_LINEAR);
    const double kernels[] = { 1, 1, 1, 1, 2, 3, 3 };
    const int expected[] = { 0, 0, 1, 1, 1, 0, 0 };
    for (int i = 0; i < 7; i++) {
        begin_step(&l);
        see(&l, 0, VGRAD_INPUT, ROWS, 1);
        see(&l, 0, VGRAD_KERNEL, UNITS, kernels[i]);
        end_step(&l, 1);
        ck_assert_msg((raised(&l, VGRAD_FINDING_UNCHANGED) != NULL) == expected[i], "window %d", i);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* The first tensor that is not finite stays the one that is told of; updates come after deltas. */
START_TEST(the_first_that_is_not_finite_is_told)
{
    loop l = begin_loop(2, VGRAD_LINEAR);
    begin_step(&l);
    see(&l, 0, VGRAD_DELTA, ROWS, (double)NAN);
    see(&l, 1, VGRAD_KERNEL_UPDATE, UNITS, (double)NAN);
    assert_status(VGRAD_CHANGED, end_step(&l, 1));
    begin_step(&l);
    see(&l, 0, VGRAD_INPUT, ROWS, (double)NAN);
    assert_ok(end_step(&l, 1));
    const vgrad_finding *f = raised(&l, VGRAD_FINDING_NON_FINITE);
    ck_assert_ptr_nonnull(f);
    ck_assert(f->role == VGRAD_DELTA && f->layer == 0 && f->first_step == 0 && f->last_step == 1);
    ck_assert_str_eq(f->message, "a.delta: 40 of 40 elements are not finite");
    begin_step(&l);
    see(&l, 1, VGRAD_BIAS, UNITS, 1);
    assert_status(VGRAD_CHANGED, end_step(&l, 1));
    ck_assert_ptr_null(raised(&l, VGRAD_FINDING_NON_FINITE));
    begin_step(&l);
    see(&l, 1, VGRAD_BIAS, UNITS, (double)INFINITY);
    assert_status(VGRAD_CHANGED, end_step(&l, 1));
    f = raised(&l, VGRAD_FINDING_NON_FINITE);
    ck_assert(f && f->role == VGRAD_BIAS && f->unit_count == 0);
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* NaN is no unit that lives. */
START_TEST(nan_clears_nothing)
{
    loop l = begin_loop(2, VGRAD_RELU);
    for (int i = 0; i < 6; i++) {
        begin_step(&l);
        see(&l, 0, VGRAD_PREACTIVATION, ROWS, i < 2 ? 0 : (double)NAN);
        see(&l, 0, VGRAD_DELTA, ROWS, 1);
        end_step(&l, 1);
        ck_assert_msg((raised(&l, VGRAD_FINDING_DEAD_UNITS) != NULL) == (i > 0), "window %d", i);
        ck_assert_int_eq(raised(&l, VGRAD_FINDING_SATURATION) != NULL, i > 0);
    }
    vgrad_probe_destroy(l.probe);
}
END_TEST

START_TEST(a_loss_leaps_by_its_own_size)
{
    const double around[2] = { 1, -10 };
    for (int k = 0; k < 2; k++) {
        loop l = begin_loop(1, VGRAD_LINEAR);
        const double leaps[] = { 0.5, 1.5, 0, 0 };
        for (int i = 0; i < 44; i++) {
            const double size = fabs(around[k]);
            const double wobble = size * (i % 2 ? 0.01 : -0.01);
            const double loss = around[k] + (i < 40 ? wobble : leaps[i - 40] * size);
            begin_step(&l);
            see(&l, 0, VGRAD_DELTA, ROWS, 1);
            end_step(&l, loss);
            ck_assert_msg((raised(&l, VGRAD_FINDING_LOSS_SPIKE) != NULL) == (i == 41),
                          "look %d around %g", i, around[k]);
        }
        const vgrad_finding *f = raised(&l, VGRAD_FINDING_LOSS_SPIKE);
        ck_assert_ptr_null(f);
        vgrad_probe_destroy(l.probe);
    }
}
END_TEST

/* Where all but a few rows are learned, batches with one of those have losses decades above others.
 */
START_TEST(losses_that_lie_decades_apart_are_no_leaps)
{
    loop l = begin_loop(1, VGRAD_LINEAR);
    int above_median = 0;
    for (int i = 0; i < 400; i++) {
        const double decades = 3 * sin(i * 1.7) * sin(i * 0.31);
        begin_step(&l);
        see(&l, 0, VGRAD_DELTA, ROWS, 1);
        end_step(&l, pow(10, -4 + decades));
        above_median += decades > 1;
        ck_assert_msg(!raised(&l, VGRAD_FINDING_LOSS_SPIKE), "look %d", i);
    }
    ck_assert_int_gt(above_median, 40); /* ten times the median */
    begin_step(&l);
    see(&l, 0, VGRAD_DELTA, ROWS, 1);
    end_step(&l, 1e9);
    ck_assert(raised(&l, VGRAD_FINDING_LOSS_SPIKE));
    vgrad_probe_destroy(l.probe);
}
END_TEST

/* The evidence of a loss that leaps after `count` others, all times `scale`; `leaps` if it does. */
static double leap(const double *losses, int count, double loss, double scale, bool *leaps)
{
    loop l = begin_loop(1, VGRAD_LINEAR);
    for (int i = 0; i <= count; i++) {
        begin_step(&l);
        see(&l, 0, VGRAD_DELTA, ROWS, 1);
        end_step(&l, scale * (i < count ? losses[i] : loss));
    }
    const vgrad_finding *f = raised(&l, VGRAD_FINDING_LOSS_SPIKE);
    const double off = f ? f->evidence[2] : 0;
    *leaps = f != NULL;
    vgrad_probe_destroy(l.probe);
    return off;
}

/* To the last bit, where all are above 0, where some are 0, and where some are below. */
START_TEST(no_scale_of_the_loss_changes_a_leap)
{
    enum { COUNT = 60 };
    const double least[] = { 0.5, 0, -0.5 };
    double losses[COUNT];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < COUNT; i++)
            losses[i] = i % 7 == 3 ? least[k] : 1 + 0.1 * sin(i * 1.7);
        bool plain, scaled;
        const double off = leap(losses, COUNT, 9, 1, &plain);
        ck_assert(plain);
        for (int power = -10; power <= 10; power += 4) {
            ck_assert_double_eq(leap(losses, COUNT, 9, ldexp(1, power), &scaled), off);
            ck_assert(scaled);
        }
    }
}
END_TEST

/* A batch without any loss lies beyond all decades: it makes no leap of those that have some. */
START_TEST(losses_of_0_are_no_occasion_to_leap)
{
    enum { COUNT = 100 };
    double losses[COUNT];
    bool leaps;
    for (int zeros = 0; zeros < 2; zeros++) {
        for (int i = 0; i < COUNT; i++)
            losses[i] = i % 5 < 1 + 2 * zeros ? 0 : pow(10, -4 + 3 * sin(i * 1.7));
        leap(losses, COUNT, 0.2, 1, &leaps);
        ck_assert_msg(!leaps, "%d of 5 losses are 0", 1 + 2 * zeros);
    }
}
END_TEST

/* A probe that goes from a loop to a network and back begins anew. */
START_TEST(a_probe_may_change_what_it_looks_at)
{
    vgrad_network *network;
    loop l = begin_loop(1, VGRAD_LINEAR);
    l.step = INT64_MAX;
    begin_step(&l);
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 1, VGRAD_LINEAR)));
    assert_ok(vgrad_probe_attach(l.probe, network)); /* what was begun is forgotten */
    assert_ok(vgrad_probe_detach(l.probe));
    assert_ok(vgrad_probe_declare(l.probe, "new", VGRAD_KIND_DENSE, VGRAD_TANH, 4, 4, NULL));
    assert_status(VGRAD_E_STATE, vgrad_probe_end(l.probe, 1));
    l.step = 0;
    begin_step(&l);
    see(&l, 0, VGRAD_DELTA, ROWS, 3);
    end_step(&l, 1);
    double value;
    assert_ok(vgrad_probe_read(l.probe, 0, VGRAD_DELTA, VGRAD_MAX, &value));
    ck_assert_double_eq(value, 3);
    assert_status(VGRAD_E_INVALID, vgrad_probe_begin(l.probe, -1));
    vgrad_network_destroy(network);
    vgrad_probe_destroy(l.probe);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules");
    add_tests(suite, "windows", two_windows_raise_and_two_clear,
              what_is_raised_stays_while_it_is_nearly_so, a_severity_changes_after_two_windows);
    add_tests(suite, "rules", a_cut_names_the_layer_that_cuts, updates_are_judged_by_their_median,
              a_kernel_that_stays_is_told_until_it_moves, the_first_that_is_not_finite_is_told,
              nan_clears_nothing, a_loss_leaps_by_its_own_size,
              losses_that_lie_decades_apart_are_no_leaps, no_scale_of_the_loss_changes_a_leap,
              losses_of_0_are_no_occasion_to_leap, a_probe_may_change_what_it_looks_at);
    return run_suite(suite);
}
