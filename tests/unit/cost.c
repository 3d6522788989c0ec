/* lib/probe/cost.c, by a clock of the test's. */
/* SPDX-License-Identifier: MIT */
#include "probe/cost.h"

#include <math.h>

#include "probe/probe.h"
#include "runner.h"

/* Steps that take 1 second, and `more` if they are looked at: every k-th, as the cost says. */
static double run(vgrad__cost *cost, double now, int64_t first, int64_t steps, int64_t every,
                  double more)
{
    for (int64_t step = first; step < first + steps; step++) {
        bool looks = step % vgrad__cost_every(cost, every) == 0;
        vgrad__cost_begin(cost, now, looks);
        now += looks ? 1 + more : 1;
        if (step % 50 == 49)
            now += 1000; /* something else: one step in fifty seems to take long */
    }
    return now;
}

START_TEST(a_look_costs_what_it_takes_longer)
{
    vgrad__cost cost = { .stretch = 0 };
    ck_assert(isnan(vgrad__cost_percent(&cost, 4)));
    run(&cost, 5, 0, 400, 4, 0.5);
    ck_assert_double_eq_tol(vgrad__cost_of_a_look(&cost), 0.5, 1e-9);
    ck_assert_double_eq_tol(vgrad__cost_percent(&cost, 4), 12.5, 1e-7);
}
END_TEST

START_TEST(what_is_not_known_is_not_told)
{
    vgrad__cost cost = { .stretch = 0 };
    run(&cost, 0, 0, 400, 1, 0.5); /* every step is looked at */
    ck_assert(isnan(vgrad__cost_of_a_look(&cost)));
    vgrad__cost_limit(&cost, 1, 1, 400);
    ck_assert_int_eq(vgrad__cost_every(&cost, 1), 1);
    ck_assert_int_eq(cost.changes, 0);
}
END_TEST

/* One look in five takes five times as long as the others do: their median would not know of it. */
START_TEST(dear_looks_count_as_often_as_they_come)
{
    vgrad__cost cost = { .stretch = 0 };
    double now = 0;
    for (int step = 0; step < 500; step++) {
        const uint64_t kind = step % 10 == 0 ? 7 : step % 2 == 0 ? 8 : 0;
        vgrad__cost_begin(&cost, now, kind);
        now += kind == 7 ? 6 : kind == 8 ? 1.5 : 1;
    }
    ck_assert_double_eq_tol(vgrad__cost_of_a_look(&cost), (5 + 4 * 0.5) / 5, 0.02);
    vgrad__cost_limit(&cost, 10, 2, 500); /* 140 percent a look: one in 14 */
    ck_assert_int_eq(vgrad__cost_every(&cost, 2), 14);
}
END_TEST

/* What there is no room for is together in the last place. */
START_TEST(looks_may_be_of_very_many_kinds)
{
    enum { KINDS = 3 * VGRAD__LOOK_KINDS_MAX };
    vgrad__cost cost = { .stretch = 0 };
    double now = 0;
    for (int step = 0; step < 20 * KINDS; step++) {
        const uint64_t kind = step % 2 ? (uint64_t)(step / 2 % KINDS + 1) : 0;
        vgrad__cost_begin(&cost, now, kind);
        now += kind ? 1.25 : 1;
    }
    ck_assert_double_eq_tol(vgrad__cost_of_a_look(&cost), 0.25, 1e-9);
}
END_TEST

static int kinds_of(const vgrad_probe *probe)
{
    int kinds = 0;
    while (kinds < VGRAD__LOOK_KINDS_MAX && probe->cost.looked[kinds].kind != 0)
        kinds++;
    return kinds;
}

/* Layer "b" is seen at every third of the looks, the budget is made and histograms of "a" are taken
   at every second: together four kinds in a round of six looks; an odd step has none. */
START_TEST(a_probe_tells_its_looks_apart)
{
    vgrad_probe *probe;
    int64_t looked = 0;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, 2));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_BUDGET_EVERY, 4));
    assert_ok(vgrad_probe_set_layer(probe, "b", VGRAD_PROBE_EVERY, 6));
    assert_ok(vgrad_probe_set_layer(probe, "a", VGRAD_PROBE_HISTOGRAM_EVERY, 4));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 2, NULL));
    assert_ok(vgrad_probe_declare(probe, "b", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 2, NULL));
    for (int step = 0; step < 49; step++) {
        ck_assert_int_ge(vgrad_probe_begin(probe, step), 0);
        assert_ok(vgrad_probe_end(probe, 1));
    }
    ck_assert_int_eq(kinds_of(probe), 4);
    for (int i = 0; i < 4; i++)
        looked += probe->cost.looked[i].times.count;
    ck_assert_int_eq(looked, 24);
    ck_assert_int_eq(probe->cost.plain.count, 24);
    ck_assert_int_eq(probe->cost.looked[0].times.count, 4); /* steps 0, 12, 24, 36 */
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(a_limit_is_kept_and_given_back)
{
    vgrad__cost cost = { .stretch = 0 };
    double now = run(&cost, 0, 0, 400, 2, 0.5);
    vgrad__cost_limit(&cost, 5, 2, 400); /* 50 percent a look: one in ten */
    ck_assert_int_eq(vgrad__cost_every(&cost, 2), 10);
    ck_assert(cost.changes == 1 && cost.steps[0] == 400 && cost.every[0] == 10);
    ck_assert_double_le(vgrad__cost_percent(&cost, 2), 5 + 1e-9);
    now = run(&cost, now, 400, 2000, 2, 0.01);
    vgrad__cost_limit(&cost, 5, 2, 2400); /* looks have become cheap */
    ck_assert_int_eq(vgrad__cost_every(&cost, 2), 2);
    ck_assert_int_eq(cost.changes, 2);
    vgrad__cost_limit(&cost, 5, 2, 2400);
    ck_assert_int_eq(cost.changes, 2);
}
END_TEST

START_TEST(a_limit_that_is_given_up_holds_no_more)
{
    vgrad__cost cost = { .stretch = 0 };
    run(&cost, 0, 0, 400, 2, 0.5);
    vgrad__cost_limit(&cost, 0, 2, 400); /* there was none */
    ck_assert(vgrad__cost_every(&cost, 2) == 2 && cost.changes == 0);
    vgrad__cost_limit(&cost, 5, 2, 400);
    ck_assert_int_eq(vgrad__cost_every(&cost, 2), 10);
    vgrad__cost_limit(&cost, 0, 2, 800);
    ck_assert_int_eq(vgrad__cost_every(&cost, 2), 2);
    ck_assert(cost.changes == 2 && cost.steps[1] == 800 && cost.every[1] == 2);
}
END_TEST

/* What no clock should say, and limits next to nothing: looks stay a sane distance apart. */
START_TEST(odd_times_do_no_harm)
{
    vgrad__cost cost = { .stretch = 0 };
    run(&cost, 0, 0, 400, 2, 1e6);
    vgrad__cost_limit(&cost, 1e-300, INT32_MAX, 400);
    ck_assert_int_eq(vgrad__cost_every(&cost, INT32_MAX), (int64_t)INT32_MAX << 20);
    vgrad__cost still = { .stretch = 0 };
    for (int step = 0; step < 100; step++)
        vgrad__cost_begin(&still, 7, step % 2 == 0); /* a clock that stands */
    ck_assert(isnan(vgrad__cost_percent(&still, 2)));
    vgrad__cost_limit(&still, 1, 2, 100);
    ck_assert_int_eq(vgrad__cost_every(&still, 2), 2);
    vgrad__cost cheap = { .stretch = 0 };
    run(&cheap, 0, 0, 400, 2, -0.25); /* looked at, it takes less time */
    ck_assert_double_eq(vgrad__cost_percent(&cheap, 2), 0);
    vgrad__cost_limit(&cheap, 1e-300, 2, 400);
    ck_assert_int_eq(vgrad__cost_every(&cheap, 2), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cost");
    add_tests(suite, "cost", a_look_costs_what_it_takes_longer, what_is_not_known_is_not_told,
              dear_looks_count_as_often_as_they_come, looks_may_be_of_very_many_kinds,
              a_probe_tells_its_looks_apart, a_limit_is_kept_and_given_back,
              a_limit_that_is_given_up_holds_no_more, odd_times_do_no_harm);
    return run_suite(suite);
}
