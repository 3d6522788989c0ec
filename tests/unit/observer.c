/* lib/network's observer seam: who wants what is told that, in the order of a step. */
/* SPDX-License-Identifier: MIT */
#include "network/observer.h"

#include <string.h>
#include <vgrad/vgrad.h>

#include "runner.h"

enum { TENSORS_MAX = 64, ROWS = 6 };

/* Remembers what it was told, and wants of each role what `roles` says. */
typedef struct witness {
    const vgrad_network *network;
    unsigned wanted[1100]; /* by role */
    bool looks;
    int told;
    vgrad_role roles[TENSORS_MAX];
    bool with_view[TENSORS_MAX], with_moments[TENSORS_MAX];
    double counts[TENSORS_MAX], lengths[TENSORS_MAX]; /* of the moments */
} witness;

static bool begin(void *self, int64_t step)
{
    (void)step;
    return ((witness *)self)->looks;
}

static unsigned wants(void *self, size_t tensor)
{
    const witness *w = self;
    int32_t layer;
    vgrad_role role;
    ck_assert(vgrad__observable(w->network, tensor, &layer, &role));
    return w->wanted[role];
}

static void observe(void *self, size_t tensor, const vgrad_tensor *view,
                    const vgrad__moments *moments)
{
    witness *w = self;
    int32_t layer;
    ck_assert_int_lt(w->told, TENSORS_MAX);
    vgrad__observable(w->network, tensor, &layer, &w->roles[w->told]);
    w->with_view[w->told] = view != NULL;
    w->with_moments[w->told] = moments != NULL;
    if (moments) {
        w->counts[w->told] = vgrad__moments_read(moments, VGRAD_COUNT);
        w->lengths[w->told] = vgrad__moments_read(moments, VGRAD_L2);
    }
    if (view)
        ck_assert_ptr_eq(
            view, vgrad_layer_tensor(vgrad_network_layer(w->network, layer), w->roles[w->told]));
    if (view && moments)
        ck_assert_double_eq(vgrad__moments_read(moments, VGRAD_L2),
                            vgrad_tensor_stat(view, VGRAD_L2));
    w->told++;
}

/* Runs one step of a two-layer network before the witness's eyes. */
static void run_step(witness *w, uint32_t keep)
{
    const double x[ROWS][2] = { { 1, 2 }, { 0, 1 }, { -1, 0.5 }, { 2, 0 }, { 1, 1 }, { 0, -2 } };
    const double y[ROWS] = { 0, 1, 1, 0, 1, 0 };
    vgrad__observer observer = { .self = w, .begin = begin, .wants = wants, .observe = observe };
    vgrad_network *network;
    vgrad_dataset *data;
    vgrad_optimizer *sgd;
    vgrad_trainer *run;
    assert_ok(vgrad_dataset_borrow(&data, ROWS, x, VGRAD_FLOAT64, 2, y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_keep(network, keep));
    vgrad_layer *hidden = vgrad_dense(vgrad_input(network, 2), 3, VGRAD_TANH);
    assert_ok(vgrad_layer_set(hidden, VGRAD_LAYER_L2, 0.1));
    assert_ok(vgrad_network_build(network, vgrad_dense(hidden, 1, VGRAD_SIGMOID)));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&run, network, VGRAD_LOSS_MEAN_SQUARED_ERROR, sgd));
    w->network = network;
    assert_ok(vgrad__observer_join(network, &observer));
    assert_ok(vgrad_trainer_fit(run, data, 1));
    vgrad__observer_leave(network, &observer);
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    vgrad_dataset_destroy(data);
}

START_TEST(tensors_are_told_in_the_order_of_a_step)
{
    witness w = { .looks = true };
    const vgrad_role order[] = { VGRAD_INPUT, VGRAD_DELTA, VGRAD_KERNEL_GRADIENT, VGRAD_KERNEL,
                                 VGRAD_KERNEL_UPDATE };
    for (int i = 0; i < 5; i++)
        w.wanted[order[i]] = VGRAD__WANT_MOMENTS;
    run_step(&w, 0);
    ck_assert_int_eq(w.told, 10); /* two layers each */
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(w.roles[i], order[i / 2]);
        ck_assert(w.with_moments[i] && !w.with_view[i]);
    }
}
END_TEST

START_TEST(views_come_to_those_who_want_and_keep_them)
{
    witness w = { .looks = true };
    w.wanted[VGRAD_KERNEL_GRADIENT] = VGRAD__WANT_TENSOR;
    w.wanted[VGRAD_ACTIVATION_GRADIENT] = VGRAD__WANT_TENSOR | VGRAD__WANT_MOMENTS;
    w.wanted[VGRAD_DELTA] = VGRAD__WANT_TENSOR;
    run_step(&w, VGRAD_KEEP_ACTIVATION_GRADIENT);
    ck_assert_int_eq(w.told, 6);
    for (int i = 0; i < w.told; i++) {
        ck_assert_int_eq(w.with_view[i], w.roles[i] != VGRAD_DELTA); /* not kept */
        ck_assert_int_eq(w.with_moments[i], w.roles[i] == VGRAD_ACTIVATION_GRADIENT);
    }
}
END_TEST

/* Of the hidden layer's kernel, then 0 of the other's; observe() compares moments and view. */
START_TEST(penalties_are_measured_kept_or_not)
{
    for (int kept = 0; kept < 2; kept++) {
        witness w = { .looks = true };
        w.wanted[VGRAD_KERNEL_PENALTY] = VGRAD__WANT_TENSOR | VGRAD__WANT_MOMENTS;
        run_step(&w, kept ? VGRAD_KEEP_PENALTY : 0);
        ck_assert_int_eq(w.told, 2);
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(w.with_view[i], kept);
            ck_assert(w.with_moments[i] && w.counts[i] == (i == 0 ? 6 : 3));
            ck_assert_int_eq(w.lengths[i] > 0, i == 0);
        }
    }
}
END_TEST

START_TEST(who_does_not_look_is_not_asked)
{
    witness w = { .looks = false };
    w.wanted[VGRAD_KERNEL] = VGRAD__WANT_MOMENTS;
    run_step(&w, 0);
    ck_assert_int_eq(w.told, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observer");
    add_tests(suite, "observer", tensors_are_told_in_the_order_of_a_step,
              views_come_to_those_who_want_and_keep_them, penalties_are_measured_kept_or_not,
              who_does_not_look_is_not_asked);
    return run_suite(suite);
}
