/* Parts of a step seen by several probes make one look of it; what is no state is refused whole. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 12, IN = 3, HIDDEN = 4, PARTS_MAX = 4, STATE_MAX = 8000 };

static const vgrad_role roles[] = { VGRAD_INPUT, VGRAD_PREACTIVATION, VGRAD_DELTA,
                                    VGRAD_ACTIVATION_GRADIENT };

static vgrad_probe *new_probe(const char *second)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "one", VGRAD_KIND_DENSE, VGRAD_RELU, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_declare(probe, second, VGRAD_KIND_DENSE, VGRAD_TANH, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    return probe;
}

/* Numbers of a layer's tensor, the same every time. */
static const double *numbers(int32_t layer, vgrad_role role)
{
    static double values[ROWS * HIDDEN];
    dice d = dice_from((uint64_t)(1000 * layer + (int)role + 1));
    for (int i = 0; i < ROWS * HIDDEN; i++)
        values[i] = dice_uniform(&d, -1, 1);
    return values;
}

/* Rows `first` to `end` - 1 of all tensors of the pass; deltas are of a mean over `end - first`. */
static void see_rows(vgrad_probe *probe, int64_t first, int64_t end)
{
    const double share = (double)ROWS / (double)(end - first);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, share));
    for (int32_t layer = 0; layer < 2; layer++)
        for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
            const bool is_gradient = r >= 2;
            const int64_t width = r == 0 ? IN : HIDDEN;
            const double *all = numbers(layer, roles[r]);
            double part[ROWS * HIDDEN];
            vgrad_tensor t;
            for (int64_t i = 0; i < (end - first) * width; i++)
                part[i] = all[first * width + i] * (is_gradient ? share : 1);
            vgrad_tensor_matrix(&t, part, VGRAD_FLOAT64, end - first, width);
            assert_ok(vgrad_probe_observe(probe, layer, roles[r], &t));
        }
}

/* What is there once: the first part's to see. */
static void see_kernels(vgrad_probe *probe)
{
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, 1));
    for (int32_t layer = 0; layer < 2; layer++) {
        vgrad_tensor t;
        vgrad_tensor_matrix(&t, numbers(layer, VGRAD_KERNEL), VGRAD_FLOAT64, IN, HIDDEN);
        assert_ok(vgrad_probe_observe(probe, layer, VGRAD_KERNEL, &t));
        assert_ok(vgrad_probe_observe(probe, layer, VGRAD_KERNEL_GRADIENT, &t));
    }
}

static size_t serialize(const vgrad_probe *probe, unsigned char *state)
{
    size_t size = 0, again = 0;
    assert_ok(vgrad_probe_serialize(probe, NULL, 0, &size));
    ck_assert_uint_le(size, STATE_MAX);
    assert_status(VGRAD_E_INVALID, vgrad_probe_serialize(probe, state, size - 1, &again));
    ck_assert_uint_eq(again, size);
    assert_ok(vgrad_probe_serialize(probe, state, STATE_MAX, &again));
    return size;
}

static void assert_alike(const vgrad_probe *a, const vgrad_probe *b)
{
    static const struct {
        vgrad_role role;
        vgrad_quantity quantity;
    } figures[] = {
        { VGRAD_DELTA, VGRAD_BUDGET_LOSS },
        { VGRAD_DELTA, VGRAD_BUDGET_WEIGHT },
        { VGRAD_DELTA, VGRAD_BUDGET_ALIGNMENT },
        { VGRAD_DELTA, VGRAD_BUDGET_DERIVATIVE },
        { VGRAD_DELTA, VGRAD_BUDGET_CORRELATION },
        { VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE },
        { VGRAD_KERNEL_GRADIENT, VGRAD_NOISE_SCALE },
        { VGRAD_ACTIVATION, VGRAD_SATURATION },
        { VGRAD_ACTIVATION, VGRAD_DEAD_SHARE },
        { VGRAD_DELTA, VGRAD_COUNT },
        { VGRAD_DELTA, VGRAD_MEAN },
        { VGRAD_DELTA, VGRAD_STD },
        { VGRAD_INPUT, VGRAD_MIN },
        { VGRAD_INPUT, VGRAD_MAX },
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        double x = (double)NAN, y = (double)NAN;
        assert_ok(vgrad_probe_read(a, 0, figures[i].role, figures[i].quantity, &x));
        assert_ok(vgrad_probe_read(b, 0, figures[i].role, figures[i].quantity, &y));
        ck_assert_msg(x == y || fabs(x - y) <= 1e-12 * fmax(1, fabs(x)), "%s: %.17g and %.17g",
                      vgrad_quantity_name(figures[i].quantity), x, y);
    }
    int64_t worst[2][3];
    ck_assert_int_eq(vgrad_probe_worst_samples(a, 0, worst[0], NULL, 3), ROWS);
    ck_assert_int_eq(vgrad_probe_worst_samples(b, 0, worst[1], NULL, 3), ROWS);
    ck_assert_mem_eq(worst[0], worst[1], sizeof worst[0]);
}

START_TEST(parts_make_the_whole)
{
    static unsigned char state[STATE_MAX];
    vgrad_probe *whole = new_probe("two"), *probes[PARTS_MAX] = { NULL };
    see_rows(whole, 0, ROWS);
    see_kernels(whole);
    assert_ok(vgrad_probe_end(whole, 1));
    const int parts = _i;
    for (int p = 0; p < parts; p++) {
        probes[p] = new_probe("two");
        see_rows(probes[p], ROWS * p / parts, ROWS * (p + 1) / parts);
    }
    see_kernels(probes[0]);
    for (int p = 1; p < parts; p++) {
        const size_t size = serialize(probes[p], state);
        assert_ok(vgrad_probe_merge(probes[0], state, size));
        vgrad_probe_destroy(probes[p]);
    }
    assert_ok(vgrad_probe_end(probes[0], 1));
    assert_alike(whole, probes[0]);
    vgrad_probe_destroy(probes[0]);
    vgrad_probe_destroy(whole);
}
END_TEST

/* At every length, with every byte another one, of other layers, of another version. */
START_TEST(what_is_no_state_adds_nothing)
{
    static unsigned char state[STATE_MAX], before[STATE_MAX], after[STATE_MAX];
    vgrad_probe *part = new_probe("two"), *probe = new_probe("two"), *other = new_probe("else");
    see_rows(part, 0, 4);
    see_rows(probe, 4, ROWS);
    const size_t size = serialize(part, state), had = serialize(probe, before);
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *exact = malloc(cut + 1); /* so that a byte too far is noticed */
        memcpy(exact, state, cut);
        assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, exact, cut));
        free(exact);
    }
    ck_assert_uint_eq(serialize(probe, after), had);
    ck_assert_mem_eq(before, after, had);
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, state, size + 1));
    assert_error_names("1 bytes too many");
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(other, state, size));
    assert_error_names("not of layer \"else\"");
    state[8] = 2;
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_probe_merge(probe, state, size));
    assert_error_names("version 1 is known, got 2");
    state[8] = 1;
    for (size_t i = 0; i < size; i++) { /* whatever comes of it: no more than another figure */
        state[i] ^= 0x80;
        vgrad_status status = vgrad_probe_merge(part, state, size);
        ck_assert(status == VGRAD_OK || status == VGRAD_E_FORMAT || status == VGRAD_E_UNSUPPORTED ||
                  status == VGRAD_E_MEMORY);
        state[i] ^= 0x80;
    }
    ck_assert_int_ge(vgrad_probe_end(part, 1), 0);
    ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
    size_t none;
    assert_status(VGRAD_E_STATE, vgrad_probe_serialize(probe, NULL, 0, &none));
    assert_status(VGRAD_E_STATE, vgrad_probe_merge(probe, state, size));
    assert_status(VGRAD_E_INVALID, vgrad_probe_merge(other, NULL, size));
    assert_status(VGRAD_E_INVALID, vgrad_probe_serialize(other, NULL, 0, NULL));
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
    vgrad_probe_destroy(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("states");
    TCase *parts = tcase_create("parts");
    tcase_add_loop_test(parts, parts_make_the_whole, 1, PARTS_MAX + 1);
    suite_add_tcase(suite, parts);
    add_tests(suite, "states", what_is_no_state_adds_nothing);
    return run_suite(suite);
}
