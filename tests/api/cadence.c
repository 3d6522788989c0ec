/* Layers that are looked at less often than others: what is seen of them when, and what is found.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum { STEPS = 31, MOST = 64 };

static vgrad_probe *new_probe(void)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    return probe;
}

static int64_t steps_of(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                        vgrad_quantity quantity, int64_t *steps, double *values)
{
    const int64_t count = vgrad_probe_history(probe, layer, role, quantity, steps, values, MOST);
    ck_assert_msg(count >= 0 && count <= MOST, "%s", vgrad_last_error());
    return count;
}

/* Seen at multiples of `every` and nowhere else, with what `all` saw there. */
static void assert_every(const vgrad_probe *probe, const vgrad_probe *all, int32_t layer,
                         vgrad_role role, vgrad_quantity quantity, int64_t every)
{
    int64_t steps[MOST], of_all[MOST];
    double values[MOST], wanted[MOST];
    const int64_t count = steps_of(probe, layer, role, quantity, steps, values);
    ck_assert_int_eq(steps_of(all, layer, role, quantity, of_all, wanted), STEPS);
    ck_assert_int_eq(count, (STEPS - 1) / every + 1);
    for (int64_t i = 0; i < count; i++) {
        ck_assert_int_eq(steps[i], i * every);
        ck_assert_double_eq(values[i], wanted[steps[i]]);
    }
}

/* Looks at even steps, of which every third one is at the layer in the middle. */
START_TEST(a_layer_of_a_network_is_seen_at_steps_of_its_own)
{
    fixture f;
    vgrad_probe *all = new_probe(), *probe = new_probe();
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, 2));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, 7));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, 3));
    assert_ok(vgrad_probe_attach(all, f.network));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_status(VGRAD_E_STATE, vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, 2));
    for (int i = 0; i < STEPS; i++)
        assert_ok(fixture_step(&f));
    static const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_BIAS_GRADIENT, VGRAD_DELTA,
                                        VGRAD_ACTIVATION };
    for (int r = 0; r < 4; r++) {
        assert_every(probe, all, 1, roles[r], VGRAD_L2, 2);
        assert_every(probe, all, 2, roles[r], VGRAD_L2, 6);
        assert_every(probe, all, 3, roles[r], VGRAD_L2, 2);
    }
    assert_every(probe, all, 1, VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE, 2);
    assert_every(probe, all, 2, VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE, 6);
    assert_every(probe, all, 2, VGRAD_ACTIVATION, VGRAD_SATURATION, 6);
    assert_every(probe, all, 2, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST, 6);
    assert_every(probe, all, 1, VGRAD_DELTA, VGRAD_BUDGET_LOSS, 6); /* its hop begins there */
    assert_every(probe, all, 2, VGRAD_DELTA, VGRAD_BUDGET_LOSS, 6);
    vgrad_probe_destroy(probe);
    vgrad_probe_destroy(all);
    fixture_destroy(&f);
}
END_TEST

/* Of wishes for layers that are not there nothing comes, nor of cadences that meet nowhere. */
START_TEST(a_name_that_never_comes_asks_for_nothing)
{
    fixture f;
    vgrad_probe *all = new_probe(), *probe = new_probe();
    char name[32];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "nobody %d", i);
        assert_ok(vgrad_probe_set_layer(probe, name, VGRAD_PROBE_EVERY, 2));
        assert_ok(vgrad_probe_set_layer(probe, name, VGRAD_PROBE_UNITS_EVERY, 1));
    }
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, INT32_MAX));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_HISTOGRAM_EVERY, INT32_MAX - 1));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_UNITS_EVERY, INT32_MAX - 2));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_BUDGET_EVERY, INT32_MAX - 3));
    assert_ok(vgrad_probe_attach(all, f.network));
    assert_ok(vgrad_probe_attach(probe, f.network));
    for (int i = 0; i < STEPS; i++)
        assert_ok(fixture_step(&f));
    assert_every(probe, all, 1, VGRAD_DELTA, VGRAD_L2, 1);
    assert_every(probe, all, 2, VGRAD_DELTA, VGRAD_L2, INT32_MAX);
    assert_every(probe, all, 1, VGRAD_DELTA, VGRAD_BUDGET_LOSS, INT32_MAX);
    ck_assert_int_eq(vgrad_probe_units(probe, 1, VGRAD_DELTA, VGRAD_L2, NULL, 0), -1);
    ck_assert_int_eq(vgrad_probe_units(probe, 2, VGRAD_DELTA, VGRAD_L2, NULL, 0), 4);
    vgrad_probe_destroy(probe);
    vgrad_probe_destroy(all);
    fixture_destroy(&f);
}
END_TEST

/* How many elements the latest histogram of a layer's activation has; -1: it has none. */
static int64_t counted(const vgrad_probe *probe, int32_t layer)
{
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    int64_t sum = 0;
    if (vgrad_probe_histogram(probe, layer, VGRAD_ACTIVATION, bins, VGRAD_HISTOGRAM_BINS) < 0)
        return -1;
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        sum += (int64_t)bins[i];
    return sum;
}

/* The mean of the first unit of a layer's activation when it was seen last. */
static double unit_mean(const vgrad_probe *probe, int32_t layer)
{
    double value = (double)NAN;
    vgrad_probe_units(probe, layer, VGRAD_ACTIVATION, VGRAD_MEAN, &value, 1);
    return value;
}

/* One layer alone has histograms, another none, and units are seen when either allows it. */
START_TEST(histograms_and_units_have_cadences_by_layer)
{
    fixture f;
    vgrad_probe *probe = new_probe();
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_set_layer(probe, "first", VGRAD_PROBE_HISTOGRAM_EVERY, 2));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, 1));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_UNITS_EVERY, 4));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, 6));
    assert_ok(vgrad_probe_set_layer(probe, "last", VGRAD_PROBE_UNITS_EVERY, 0));
    assert_ok(vgrad_probe_attach(probe, f.network));
    double before[3] = { 0, 0, 0 };
    for (int step = 0; step < STEPS; step++) {
        assert_ok(fixture_step(&f));
        ck_assert_int_eq(counted(probe, 1), FIXTURE_ROWS * 5);
        ck_assert_int_eq(counted(probe, 2), -1);
        ck_assert_int_eq(unit_mean(probe, 1) != before[1], 1);
        ck_assert_int_eq(unit_mean(probe, 2) != before[2], step % 12 == 0);
        ck_assert(isnan(unit_mean(probe, 3)));
        before[1] = unit_mean(probe, 1);
        before[2] = unit_mean(probe, 2);
    }
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

/* What the limit leaves of the looks is the layer's where it is a multiple of its own number. */
START_TEST(a_limit_on_the_cost_leaves_a_layer_its_steps)
{
    fixture f;
    enum { EPOCHS = 60, RUN = EPOCHS * FIXTURE_BATCHES };
    static int64_t looks[RUN], steps[RUN];
    vgrad_probe *probe = new_probe();
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_COST_LIMIT, 50));
    assert_ok(vgrad_probe_set_layer(probe, "second", VGRAD_PROBE_EVERY, 3));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, EPOCHS));
    const int64_t all = vgrad_probe_history(probe, 1, VGRAD_DELTA, VGRAD_L2, looks, NULL, RUN);
    const int64_t some = vgrad_probe_history(probe, 2, VGRAD_DELTA, VGRAD_L2, steps, NULL, RUN);
    int64_t at = 0;
    for (int64_t i = 0; i < all; i++)
        if (looks[i] % 3 == 0)
            ck_assert_int_eq(steps[at++], looks[i]);
    ck_assert_int_eq(at, some);
    ck_assert_int_gt(some, 0);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

/* ---- findings, in a loop of one's own ---- */

enum { ROWS = 8, UNITS = 2, CHAIN = 4 };

/* Layers "0" to "3" of ReLU; of layer `rare` every `every`-th step is looked at. */
static vgrad_probe *new_chain(int rare, int every, int window)
{
    vgrad_probe *probe = new_probe();
    char name[2] = { (char)('0' + rare), 0 };
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, window));
    assert_ok(vgrad_probe_set_layer(probe, name, VGRAD_PROBE_EVERY, every));
    for (int i = 0; i < CHAIN; i++) {
        name[0] = (char)('0' + i);
        assert_ok(
            vgrad_probe_declare(probe, name, VGRAD_KIND_DENSE, VGRAD_RELU, UNITS, UNITS, NULL));
    }
    return probe;
}

static void show(vgrad_probe *probe, int32_t layer, vgrad_role role, double value)
{
    double x[ROWS * UNITS];
    vgrad_tensor view;
    for (int i = 0; i < ROWS * UNITS; i++)
        x[i] = value;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, UNITS);
    assert_ok(vgrad_probe_observe(probe, layer, role, &view));
}

static const vgrad_finding *found(const vgrad_probe *probe, vgrad_finding_code code)
{
    const vgrad_finding *f;
    for (int32_t i = 0; (f = vgrad_probe_finding(probe, i)) != NULL; i++)
        if (f->code == (int64_t)code)
            return f;
    return NULL;
}

/* Dead until step 25; seen at 0, 10, 20, ..., each of which fills a window. */
START_TEST(units_stay_dead_until_their_layer_is_seen_again)
{
    vgrad_probe *probe = new_chain(1, 10, ROWS);
    for (int step = 0; step < 60; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        for (int i = 0; i < CHAIN; i++)
            show(probe, i, VGRAD_PREACTIVATION, i == 1 && step < 25 ? -1 : 1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_DEAD_UNITS);
        ck_assert_msg((f != NULL) == (step >= 10 && step < 40), "step %d", step);
        ck_assert(!f || (f->layer == 1 && f->evidence[2] == ROWS && f->first_step == 0));
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* A unit lives in one of three batches: with every other one left out, windows are twice as long,
   and it lives in each of them; dead from step 60 on, it is found when two, to 65 and 71, are over.
 */
START_TEST(a_window_of_a_layer_is_as_many_samples_of_that_layer)
{
    vgrad_probe *probe = new_chain(1, 2, 3 * ROWS);
    for (int step = 0; step < 80; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        show(probe, 0, VGRAD_PREACTIVATION, 1);
        show(probe, 1, VGRAD_PREACTIVATION, step < 60 && step / 2 % 3 == 2 ? 1 : -1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_DEAD_UNITS);
        ck_assert_msg((f != NULL) == (step >= 71), "step %d", step);
        ck_assert(!f || f->first_step == 60);
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* The layer is seen at 0, 4, 8 and 12, and finite from 9 on; that others are finite in between says
   nothing of it. */
START_TEST(what_is_not_finite_stays_so_until_its_layer_is_seen_again)
{
    vgrad_probe *probe = new_chain(1, 4, ROWS);
    for (int step = 0; step < 20; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        show(probe, 0, VGRAD_DELTA, step == 5 ? (double)INFINITY : 1);
        show(probe, 1, VGRAD_DELTA, step < 9 ? (double)NAN : 1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_NON_FINITE);
        ck_assert_msg((f != NULL) == (step < 12), "step %d", step);
        ck_assert(!f || f->layer == 1);
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* Two decades a hop are lost until step 10; the layer in between is seen at 0, 4, 8, 12, 16. */
START_TEST(the_way_is_judged_where_all_of_it_is_seen)
{
    vgrad_probe *probe = new_chain(2, 4, ROWS);
    for (int step = 0; step < 30; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        for (int i = 0; i < CHAIN; i++)
            show(probe, i, VGRAD_DELTA, step < 10 ? pow(10, 2 * i) : 1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_VANISHING);
        ck_assert_msg((f != NULL) == (step >= 4 && step < 16), "step %d", step);
        ck_assert(!f || (f->first_step == 0 && f->evidence[1] == 3));
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* Nothing comes through the activation "1", which is seen at every fourth step; "3" is at every
   sixth. */
START_TEST(a_cut_is_told_of_the_layer_that_cut_when_it_was_seen)
{
    vgrad_probe *probe = new_probe();
    char name[2] = "0";
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, ROWS));
    assert_ok(vgrad_probe_set_layer(probe, "1", VGRAD_PROBE_EVERY, 4));
    assert_ok(vgrad_probe_set_layer(probe, "3", VGRAD_PROBE_EVERY, 6));
    for (int i = 0; i < CHAIN; i++, name[0]++)
        assert_ok(vgrad_probe_declare(probe, name,
                                      i == 1 ? VGRAD_KIND_ELEMENTWISE : VGRAD_KIND_DENSE,
                                      i == 1 ? VGRAD_RELU : VGRAD_LINEAR, UNITS, UNITS, NULL));
    for (int step = 0; step < 14; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        for (int i = 0; i < CHAIN; i++) {
            show(probe, i, VGRAD_DELTA, i > 1);
            show(probe, i, VGRAD_ACTIVATION_GRADIENT, i > 0);
            show(probe, i, VGRAD_KERNEL, 1);
        }
        show(probe, 1, VGRAD_PREACTIVATION, -1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_VANISHING);
        ck_assert_msg((f != NULL) == (step >= 6), "step %d", step);
        if (f)
            ck_assert_str_eq(f->message, "cut at 1: nothing comes through");
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* The kernel of "1" multiplies a gradient by 14, and delta grows by as much on the hop to "0", of
   which every tenth step is looked at. */
START_TEST(a_kernel_is_judged_by_the_hop_as_it_was_seen)
{
    vgrad_probe *probe = new_chain(0, 10, ROWS);
    for (int step = 0; step < 25; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        for (int i = 0; i < CHAIN; i++) {
            show(probe, i, VGRAD_DELTA, i == 0 ? 14 : 1);
            show(probe, i, VGRAD_KERNEL, i == 1 ? 5 : 0.35);
        }
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_INITIALIZATION);
        ck_assert_msg((f != NULL) == (step >= 1), "step %d", step);
        ck_assert(!f || (f->layer == 1 && f->severity == 2));
        ck_assert(!f || fabs(f->evidence[1] + log10(14)) < 1e-12);
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* The kernel of "1" is looked at in every tenth step only, and two windows of it raise. */
START_TEST(a_kernel_is_judged_in_windows_of_its_own_layer)
{
    vgrad_probe *probe = new_chain(1, 10, ROWS);
    for (int step = 0; step < 25; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        for (int i = 0; i < CHAIN; i++)
            show(probe, i, VGRAD_KERNEL, i == 1 ? 5 : 0.35);
        show(probe, 0, VGRAD_DELTA, 1);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const vgrad_finding *f = found(probe, VGRAD_FINDING_INITIALIZATION);
        ck_assert_msg((f != NULL) == (step >= 10), "step %d", step);
        ck_assert(!f || (f->layer == 1 && f->first_step == 0 && f->last_step == 10));
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* Four looks are remembered, and the layer was seen at step 0. */
START_TEST(what_is_remembered_no_more_is_told_apart_from_what_was_never_seen)
{
    vgrad_probe *probe = new_probe();
    double value = 0;
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 4));
    assert_ok(vgrad_probe_set_layer(probe, "0", VGRAD_PROBE_EVERY, 10));
    assert_ok(vgrad_probe_declare(probe, "0", VGRAD_KIND_DENSE, VGRAD_RELU, UNITS, UNITS, NULL));
    for (int step = 0; step < 6; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        show(probe, 0, VGRAD_DELTA, 3);
        assert_ok(vgrad_probe_end(probe, 1));
        const vgrad_status status = vgrad_probe_read(probe, 0, VGRAD_DELTA, VGRAD_MAX, &value);
        assert_status(step < 4 ? VGRAD_OK : VGRAD_E_NOT_FOUND, status);
        if (step >= 4)
            assert_error_names("its delta was not seen at the 4 looks remembered");
        if (step < 4)
            assert_status(VGRAD_E_NOT_FOUND,
                          vgrad_probe_read(probe, 0, VGRAD_BIAS, VGRAD_MAX, &value));
        if (step < 4)
            assert_error_names("its bias was never seen");
        ck_assert_double_eq(value, 3);
    }
    vgrad_probe_destroy(probe);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cadence");
    add_tests(suite, "cadence", a_layer_of_a_network_is_seen_at_steps_of_its_own,
              a_name_that_never_comes_asks_for_nothing, histograms_and_units_have_cadences_by_layer,
              a_limit_on_the_cost_leaves_a_layer_its_steps,
              units_stay_dead_until_their_layer_is_seen_again,
              a_window_of_a_layer_is_as_many_samples_of_that_layer,
              what_is_not_finite_stays_so_until_its_layer_is_seen_again,
              the_way_is_judged_where_all_of_it_is_seen,
              a_cut_is_told_of_the_layer_that_cut_when_it_was_seen,
              a_kernel_is_judged_by_the_hop_as_it_was_seen,
              a_kernel_is_judged_in_windows_of_its_own_layer,
              what_is_remembered_no_more_is_told_apart_from_what_was_never_seen);
    return run_suite(suite);
}
