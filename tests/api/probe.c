/* The probe against vgrad_tensor_stat() of the tensors themselves. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fixture.h"

static const vgrad_role roles[] = {
    VGRAD_KERNEL,        VGRAD_BIAS,        VGRAD_PREACTIVATION,
    VGRAD_ACTIVATION,    VGRAD_INPUT,       VGRAD_KERNEL_GRADIENT,
    VGRAD_BIAS_GRADIENT, VGRAD_DELTA,       VGRAD_ACTIVATION_GRADIENT,
    VGRAD_KERNEL_UPDATE, VGRAD_BIAS_UPDATE,
};
enum { ROLES = sizeof roles / sizeof *roles };

static vgrad_probe *attached(const fixture *f, double every, double history)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, every));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, history));
    assert_ok(vgrad_probe_attach(probe, f->network));
    return probe;
}

static void assert_same_figure(double found, double expected, int32_t layer, int role, int q)
{
    bool same =
        isnan(found) ? isnan(expected) : fabs(found - expected) <= 1e-12 * fabs(expected) + 1e-300;
    ck_assert_msg(same, "layer %d, %s, %s: %.17g, measured %.17g", (int)layer,
                  vgrad_role_name((vgrad_role)role), vgrad_quantity_name((vgrad_quantity)q), found,
                  expected);
}

typedef struct comparison {
    const vgrad_probe *probe;
    int compared;
} comparison;

static void compare(comparison *c, const vgrad_tensor *tensor)
{
    for (int q = VGRAD_COUNT; q <= VGRAD_INFS; q++) {
        double found;
        assert_ok(vgrad_probe_read(c->probe, tensor->layer, (vgrad_role)tensor->role,
                                   (vgrad_quantity)q, &found));
        assert_same_figure(found, vgrad_tensor_stat(tensor, (vgrad_quantity)q), tensor->layer,
                           tensor->role, q);
    }
    c->compared++;
}

/* At BATCH_END everything of the step is there. */
static int32_t compare_all(const vgrad_event *event, void *user)
{
    for (int r = 0; r < ROLES; r++) {
        const vgrad_tensor *tensor;
        for (int32_t i = 0; (tensor = vgrad_network_tensor(event->network, roles[r], i)); i++)
            compare(user, tensor);
    }
    return 0;
}

START_TEST(every_figure_is_that_of_its_tensor)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, KEEP_ALL);
    comparison c = { attached(&f, 1, 10), 0 };
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, compare_all, &c));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    /* Three layers with eleven roles, the input's a, but no dL/da at the fused end. */
    ck_assert_int_eq(c.compared, 3 * FIXTURE_BATCHES * (3 * ROLES + 1 - 1));
    vgrad_probe_destroy((vgrad_probe *)(uintptr_t)c.probe);
    fixture_destroy(&f);
}
END_TEST

/* A layer that is not trained has updates of zero, in its tensor and in the probe. */
START_TEST(a_frozen_layer_is_measured_like_the_others)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, KEEP_ALL);
    assert_ok(vgrad_layer_set(f.second, VGRAD_LAYER_TRAINABLE, 0));
    comparison c = { attached(&f, 1, 10), 0 };
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, compare_all, &c));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    vgrad_probe_destroy((vgrad_probe *)(uintptr_t)c.probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(every_kth_step_and_a_ring_of_looks)
{
    fixture f;
    int64_t steps[8];
    double values[8];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = attached(&f, 3, 3);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 4)); /* 16 steps: 0, 3, ... 15 */
    memset(steps, -1, sizeof steps);
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, steps, values, 8), 3);
    ck_assert_int_eq(steps[0], 9);
    ck_assert_int_eq(steps[1], 12);
    ck_assert_int_eq(steps[2], 15);
    ck_assert_int_eq(steps[3], -1);
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0), 3);
    memset(steps, -1, sizeof steps);
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, steps, NULL, 1), 3);
    ck_assert_int_eq(steps[0], 9);
    ck_assert_int_eq(steps[1], -1);
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, -1), -1);
    double last;
    assert_ok(vgrad_probe_read(probe, 1, VGRAD_KERNEL, VGRAD_L2, &last));
    ck_assert_double_eq(last, values[2]);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(only_what_is_watched_is_seen)
{
    fixture f;
    double value = 7;
    vgrad_probe *probe;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    ck_assert_int_eq(vgrad_probe_layer_count(probe), 0);
    assert_ok(vgrad_probe_watch_none(probe));
    assert_ok(vgrad_probe_watch(probe, VGRAD_DELTA, 1));
    assert_ok(vgrad_probe_watch(probe, VGRAD_BIAS, 1));
    assert_ok(vgrad_probe_watch(probe, VGRAD_BIAS, 0));
    assert_status(VGRAD_E_INVALID, vgrad_probe_watch(probe, VGRAD_KERNEL_EPOCH_GRADIENT, 1));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_status(VGRAD_E_STATE, vgrad_probe_watch(probe, VGRAD_KERNEL, 1));
    assert_status(VGRAD_E_STATE, vgrad_probe_watch_none(probe));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_read(probe, 1, VGRAD_DELTA, VGRAD_L2, &value));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_read(probe, 1, VGRAD_BIAS, VGRAD_L2, &value));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_read(probe, 9, VGRAD_DELTA, VGRAD_L2, &value));
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_probe_read(probe, 1, VGRAD_KERNEL, VGRAD_MEDIAN, &value));
    assert_error_names("its kernel (role 0) is not watched");
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_read(probe, 1, VGRAD_DELTA, VGRAD_MEDIAN, &value));
    assert_error_names("no histogram of its delta was taken");
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_FP16_LOST, NULL, NULL, 0),
                     -1);
    assert_error_names("fp16_lost (quantity 20)");
    ck_assert_double_eq(value, 7);
    assert_ok(vgrad_probe_read(probe, 1, VGRAD_DELTA, VGRAD_L2, &value));
    ck_assert_int_eq(vgrad_probe_layer_count(probe), 4);
    ck_assert_str_eq(vgrad_probe_layer_name(probe, 2), "second");
    ck_assert_ptr_null(vgrad_probe_layer_name(probe, 4));
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_detached_probe_remembers_and_an_attached_one_forgets)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = attached(&f, 1, 100);
    assert_status(VGRAD_E_STATE, vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_ok(vgrad_probe_detach(probe));
    assert_ok(vgrad_probe_detach(probe));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0),
                     FIXTURE_BATCHES);
    assert_ok(vgrad_probe_attach(probe, f.network));
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0), 0);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    fixture_destroy(&f); /* the network first */
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0),
                     FIXTURE_BATCHES);
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(probes_do_not_change_the_training)
{
    fixture f;
    double final[FIXTURE_WEIGHTS], one, two;
    vgrad_dtype dtype = _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32;
    fixture_undisturbed(dtype, 3, final);
    fixture_make(&f, dtype, 0);
    vgrad_probe *a = attached(&f, 1, 5), *b = attached(&f, 2, 5);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    assert_weights(&f, final);
    ck_assert_int_eq(vgrad_probe_history(a, 1, VGRAD_DELTA, VGRAD_L2, NULL, NULL, 0), 5);
    int64_t steps[5];
    ck_assert_int_eq(vgrad_probe_history(b, 1, VGRAD_DELTA, VGRAD_L2, steps, NULL, 5), 5);
    ck_assert_int_eq(steps[4], 10);
    assert_ok(vgrad_probe_read(a, 0, VGRAD_ACTIVATION, VGRAD_MEAN, &one));
    assert_ok(vgrad_probe_read(a, 1, VGRAD_INPUT, VGRAD_MEAN, &two));
    ck_assert_double_eq(one, two);
    vgrad_probe_destroy(a);
    vgrad_probe_destroy(b);
    fixture_destroy(&f);
}
END_TEST

static int32_t destroy_probe(const vgrad_event *event, void *user)
{
    vgrad_probe **probe = user;
    (void)event;
    vgrad_probe_destroy(*probe);
    *probe = NULL;
    return 0;
}

/* Two runs of one network count their steps apart; every look is remembered all the same. */
START_TEST(looks_at_two_runs_are_all_remembered)
{
    fixture f;
    vgrad_probe *probe;
    vgrad_tensor x, y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_trainer *other = fixture_trainer(&f), *runs[] = { f.trainer, other };
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    for (int i = 0; i < 4; i++) {
        assert_ok(vgrad_trainer_forward(runs[i % 2], fixture_x(&f, &x)));
        assert_ok(vgrad_trainer_loss(runs[i % 2], fixture_y(&f, &y), NULL));
        assert_ok(vgrad_trainer_backward(runs[i % 2]));
        assert_ok(vgrad_trainer_step(runs[i % 2]));
    }
    int64_t steps[4];
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_L2, steps, NULL, 4),
                     4);
    ck_assert_int_eq(steps[2], 1);
    ck_assert_int_eq(steps[3], 1);
    vgrad_trainer_destroy(other);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_probe_may_go_in_a_callback)
{
    fixture f;
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 2, final);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = attached(&f, 1, 5), *other = attached(&f, 1, 50);
    assert_ok(vgrad_trainer_on(f.trainer, 1u << _i, 1, destroy_probe, &probe));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    ck_assert_ptr_null(probe);
    assert_weights(&f, final);
    ck_assert_int_eq(vgrad_probe_history(other, 1, VGRAD_KERNEL_UPDATE, VGRAD_L2, NULL, NULL, 0),
                     2 * FIXTURE_BATCHES);
    vgrad_probe_destroy(other);
    fixture_destroy(&f);
}
END_TEST

static int32_t skip_all(const vgrad_event *event, void *user)
{
    (void)user;
    return vgrad_trainer_skip_update(event->trainer);
}

START_TEST(a_skipped_update_is_not_seen_but_its_gradient_is)
{
    fixture f;
    double value;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = attached(&f, 1, 50);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, skip_all, NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_ok(vgrad_probe_read(probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_L2, &value));
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_probe_read(probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_L2, &value));
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

static int32_t give_up(const vgrad_event *event, void *user)
{
    vgrad_probe **probe = user;
    (void)event;
    vgrad_probe_destroy(*probe);
    *probe = NULL;
    return 0;
}

static int32_t read_finding(const vgrad_event *event, void *user)
{
    const vgrad_finding *f = event->finding;
    int *heard = user;
    ck_assert(f->code == VGRAD_FINDING_NON_FINITE && f->evidence[0] > 0);
    ck_assert_ptr_nonnull(strstr(f->message, "not finite"));
    ck_assert_uint_gt(strlen(f->layer_name), 0);
    ++*heard;
    while (vgrad_trainer_get(event->trainer, (vgrad_trainer_option)-1) == 0) /* an error text */
        ;
    return 0;
}

/* And the error of the step is still the one that is told. */
START_TEST(a_probe_may_be_given_up_when_it_finds_something)
{
    fixture f;
    vgrad_probe *probe;
    vgrad_tensor x, y;
    int heard = 0;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_FINDING_CHANGED, 1, give_up, &probe));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_FINDING_CHANGED, 1, read_finding, &heard));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    f.x[3] = (double)NAN;
    vgrad_tensor_matrix(&x, f.x, VGRAD_FLOAT64, FIXTURE_ROWS, 2);
    assert_ok(vgrad_trainer_forward(f.trainer, &x));
    assert_ok(vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
    assert_status(VGRAD_E_NUMBER, vgrad_trainer_backward(f.trainer));
    assert_error_names("input.activation, row 1");
    ck_assert_int_eq(heard, 1);
    ck_assert_ptr_null(probe);
    fixture_destroy(&f);
}
END_TEST

/* Of a network and of declared layers; the others' figures stay what they are. */
START_TEST(a_layer_can_be_left_out)
{
    for (int out = 0; out < 2; out++) {
        fixture f;
        vgrad_probe *probe;
        double value, length;
        fixture_make(&f, VGRAD_FLOAT64, 0);
        assert_ok(vgrad_probe_create(&probe, NULL));
        assert_ok(vgrad_probe_watch_layer(probe, "second", 0));
        assert_ok(vgrad_probe_watch_layer(probe, "first", 0));
        assert_ok(vgrad_probe_watch_layer(probe, "first", 0));
        assert_ok(vgrad_probe_watch_layer(probe, "first", 1));
        if (!out)
            assert_ok(vgrad_probe_watch_layer(probe, "second", 1));
        assert_ok(vgrad_probe_attach(probe, f.network));
        assert_status(VGRAD_E_STATE, vgrad_probe_watch_layer(probe, "second", 1));
        assert_ok(fixture_step(&f));
        assert_status(out ? VGRAD_E_NOT_FOUND : VGRAD_OK,
                      vgrad_probe_read(probe, 2, VGRAD_KERNEL_GRADIENT, VGRAD_L2, &length));
        assert_status(out ? VGRAD_E_NOT_FOUND : VGRAD_OK,
                      vgrad_probe_read(probe, 2, VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE, &value));
        assert_ok(vgrad_probe_read(probe, 1, VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE, &value));
        assert_ok(vgrad_probe_read(probe, 3, VGRAD_KERNEL_GRADIENT, VGRAD_L2, &length));
        vgrad_probe_destroy(probe);
        fixture_destroy(&f);
    }
}
END_TEST

/* A step that is given up half way is none that was looked at. */
START_TEST(a_step_that_is_given_up_is_not_remembered)
{
    fixture f;
    vgrad_probe *probe;
    vgrad_tensor x, y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    for (int i = 0; i < 3; i++) {
        assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
        assert_ok(vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
    }
    assert_ok(vgrad_trainer_step(f.trainer));
    assert_ok(fixture_step(&f));
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_PREACTIVATION, VGRAD_L2, NULL, NULL, 0),
                     2);
    ck_assert_int_eq(vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0), 2);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

static void pass_rows(fixture *f, int64_t rows)
{
    vgrad_tensor x, y;
    vgrad_tensor_matrix(&x, f->x, VGRAD_FLOAT64, rows, 2);
    vgrad_tensor_matrix(&y, f->y, VGRAD_FLOAT64, rows, 1);
    assert_ok(vgrad_trainer_forward(f->trainer, &x));
    assert_ok(vgrad_trainer_loss(f->trainer, &y, NULL));
    assert_ok(vgrad_trainer_backward(f->trainer));
}

/* Of units of "second" in a step of so many rows, after a pass of others that was given up. */
static double dead_share(int64_t given_up, int64_t rows)
{
    fixture f;
    vgrad_probe *probe;
    double share = (double)NAN;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    if (given_up > 0)
        pass_rows(&f, given_up);
    pass_rows(&f, rows);
    assert_ok(vgrad_trainer_step(f.trainer));
    assert_ok(vgrad_probe_read(probe, 2, VGRAD_ACTIVATION, VGRAD_DEAD_SHARE, &share));
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
    return share;
}

START_TEST(units_that_lived_in_a_step_given_up_may_be_dead)
{
    const double of_one = dead_share(0, 1);
    ck_assert_double_gt(of_one, dead_share(0, FIXTURE_ROWS));
    ck_assert_double_eq(dead_share(FIXTURE_ROWS, 1), of_one);
}
END_TEST

/* Whatever looking costs here: the weights are those of a run without, the cadence changes between
   epochs alone, and what it is told to be is what was seen. */
START_TEST(a_limit_on_the_cost_changes_how_often_it_looks)
{
    fixture f;
    vgrad_probe *probe;
    enum { EPOCHS = 60, STEPS = EPOCHS * FIXTURE_BATCHES };
    double plain[FIXTURE_WEIGHTS];
    static int64_t seen[STEPS], steps[64], every[64];
    fixture_undisturbed(VGRAD_FLOAT64, EPOCHS, plain);
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_COST_LIMIT, 0.5));
    assert_ok(vgrad_probe_attach(probe, f.network));
    ck_assert(isnan(vgrad_probe_cost(probe)));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, EPOCHS));
    assert_weights(&f, plain);
    const int64_t changes = vgrad_probe_cadence(probe, steps, every, 64);
    ck_assert_int_gt(changes, 0); /* a look costs more than the half of a percent */
    for (int64_t i = 0; i < changes; i++) {
        ck_assert_int_eq(steps[i] % FIXTURE_BATCHES, 0);
        ck_assert_int_ge(every[i], 1);
    }
    ck_assert_double_ge(vgrad_probe_cost(probe), 0);
    const int64_t looks = vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, seen, NULL, STEPS);
    ck_assert_int_lt(looks, STEPS);
    for (int64_t i = 0, change = -1; i < looks; i++) {
        while (change + 1 < changes && steps[change + 1] <= seen[i])
            change++;
        ck_assert_int_eq(seen[i] % (change < 0 ? 1 : every[change]), 0);
    }
    ck_assert_int_eq(vgrad_probe_cadence(probe, NULL, NULL, -1), -1);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_COST_LIMIT, 0)); /* as if there had been none */
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, EPOCHS + 2));
    const int64_t more = vgrad_probe_history(probe, 1, VGRAD_KERNEL, VGRAD_L2, seen, NULL, STEPS);
    ck_assert_int_eq(more - looks, 2 * FIXTURE_BATCHES);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    add_tests(suite, "probe", every_figure_is_that_of_its_tensor,
              a_frozen_layer_is_measured_like_the_others, every_kth_step_and_a_ring_of_looks,
              only_what_is_watched_is_seen, a_detached_probe_remembers_and_an_attached_one_forgets,
              a_skipped_update_is_not_seen_but_its_gradient_is,
              looks_at_two_runs_are_all_remembered, a_limit_on_the_cost_changes_how_often_it_looks,
              a_probe_may_be_given_up_when_it_finds_something,
              a_step_that_is_given_up_is_not_remembered,
              units_that_lived_in_a_step_given_up_may_be_dead, a_layer_can_be_left_out);
    TCase *each = tcase_create("each");
    tcase_add_loop_test(each, probes_do_not_change_the_training, 0, 2);
    tcase_add_loop_test(each, a_probe_may_go_in_a_callback, 0, 8);
    suite_add_tcase(suite, each);
    return run_suite(suite);
}
