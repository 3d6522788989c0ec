/* Parts of a step seen by several probes make one look of it; what is no state is refused whole. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 12, IN = 3, HIDDEN = 4, PARTS_MAX = 4, STATE_MAX = 60000 };

static const vgrad_role roles[] = { VGRAD_INPUT, VGRAD_PREACTIVATION, VGRAD_DELTA,
                                    VGRAD_ACTIVATION_GRADIENT };

/* Layers to come, histograms and units at every step. */
static vgrad_probe *bare_probe(void)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 2));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, 1));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, 1));
    return probe;
}

static vgrad_probe *new_probe(const char *second)
{
    vgrad_probe *probe = bare_probe();
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
    state[0] = state[size / 2] = 77;
    assert_status(VGRAD_E_INVALID, vgrad_probe_serialize(probe, state, size - 1, &again));
    ck_assert(again == size && state[0] == 77 && state[size / 2] == 77);
    assert_ok(vgrad_probe_serialize(probe, state, STATE_MAX, &again));
    return size;
}

/* Histograms, counts, least and largest are the same; other figures of units to rounding. */
static void assert_closeups_are_alike(const vgrad_probe *a, const vgrad_probe *b)
{
    static const vgrad_role closely[] = { VGRAD_DELTA, VGRAD_KERNEL, VGRAD_KERNEL_GRADIENT };
    static uint64_t bins[2][VGRAD_HISTOGRAM_BINS];
    double units[2][HIDDEN];
    for (size_t r = 0; r < sizeof closely / sizeof *closely; r++) {
        assert_ok(vgrad_probe_histogram(a, 1, closely[r], bins[0], VGRAD_HISTOGRAM_BINS));
        assert_ok(vgrad_probe_histogram(b, 1, closely[r], bins[1], VGRAD_HISTOGRAM_BINS));
        ck_assert_mem_eq(bins[0], bins[1], sizeof bins[0]);
        for (int q = VGRAD_COUNT; q <= VGRAD_INFS; q++) {
            const double exact = q == VGRAD_COUNT || q >= VGRAD_ZEROS ? 0 : 1e-14;
            ck_assert_int_eq(
                vgrad_probe_units(a, 1, closely[r], (vgrad_quantity)q, units[0], HIDDEN), HIDDEN);
            ck_assert_int_eq(
                vgrad_probe_units(b, 1, closely[r], (vgrad_quantity)q, units[1], HIDDEN), HIDDEN);
            for (int unit = 0; unit < HIDDEN; unit++)
                ck_assert_double_le(fabs(units[0][unit] - units[1][unit]), exact);
        }
    }
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
    assert_closeups_are_alike(a, b);
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

/* ---- what is no state ---- */

/* FNV-1a, the test's own. */
static void sign(unsigned char *state, size_t size)
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < size - 8; i++)
        sum = (sum ^ state[i]) * 1099511628211u;
    for (int i = 0; i < 8; i++)
        state[size - 8 + (size_t)i] = (unsigned char)(sum >> 8 * i);
}

/* A step begun in which only deltas and what goes in are looked at. */
static vgrad_probe *small_probe(void)
{
    vgrad_probe *probe = bare_probe();
    assert_ok(vgrad_probe_watch_none(probe));
    for (size_t r = 0; r < 3; r++)
        assert_ok(vgrad_probe_watch(probe, roles[r], 1));
    assert_ok(vgrad_probe_declare(probe, "one", VGRAD_KIND_DENSE, VGRAD_RELU, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_declare(probe, "two", VGRAD_KIND_DENSE, VGRAD_TANH, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    return probe;
}

typedef struct bytes {
    unsigned char state[STATE_MAX];
    size_t size;
} bytes;

static void take_bytes(const vgrad_probe *probe, bytes *b)
{
    b->size = serialize(probe, b->state);
}

static void assert_untouched(const vgrad_probe *probe, const bytes *before)
{
    static bytes now;
    take_bytes(probe, &now);
    ck_assert_uint_eq(now.size, before->size);
    ck_assert_mem_eq(now.state, before->state, now.size);
}

/* All bytes of the head and of the first layer's moments, and every seventh. */
static size_t next(size_t at)
{
    return at + (at < 800 ? 1 : 7);
}

/* Cut, and with a byte that is another one. */
START_TEST(a_damaged_state_is_noticed)
{
    static bytes good, before;
    vgrad_probe *part = small_probe(), *probe = small_probe();
    see_rows(part, 0, 4);
    see_rows(probe, 4, ROWS);
    take_bytes(part, &good);
    take_bytes(probe, &before);
    for (size_t cut = 0; cut < good.size; cut = next(cut)) {
        unsigned char *exact = malloc(cut + 1); /* so that a byte too far is noticed */
        memcpy(exact, good.state, cut);
        assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, exact, cut));
        free(exact);
    }
    for (size_t i = 0; i < good.size; i = next(i)) {
        good.state[i] ^= (unsigned char)(1 << i % 8);
        const vgrad_status status = vgrad_probe_merge(probe, good.state, good.size);
        const bool in_version = i >= 8 && i < 16;
        ck_assert_int_eq(status, in_version ? VGRAD_E_UNSUPPORTED : VGRAD_E_FORMAT);
        good.state[i] ^= (unsigned char)(1 << i % 8);
    }
    assert_untouched(probe, &before);
    assert_ok(vgrad_probe_merge(probe, good.state, good.size));
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
}
END_TEST

/* Whatever was taken over can be read. */
static void read_all(vgrad_probe *probe)
{
    double value, units[HIDDEN];
    ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
    for (int32_t layer = 0; layer < 2; layer++) {
        for (int p = 0; p <= 4; p++)
            assert_ok(vgrad_probe_quantile(probe, layer, VGRAD_DELTA, p / 4.0, &value));
        for (int q = VGRAD_MEDIAN; q <= VGRAD_LOSS_SCALE; q++)
            if (strcmp(vgrad_quantity_name((vgrad_quantity)q), "unknown") != 0)
                assert_ok(vgrad_probe_read(probe, layer, VGRAD_DELTA, (vgrad_quantity)q, &value));
        for (int q = VGRAD_COUNT; q <= VGRAD_INFS; q++)
            ck_assert_int_eq(
                vgrad_probe_units(probe, layer, VGRAD_DELTA, (vgrad_quantity)q, units, HIDDEN),
                HIDDEN);
    }
}

/* Bytes that were made up, and signed: refused whole, or no more than other figures. */
START_TEST(a_forged_state_does_no_harm)
{
    static bytes forged, before;
    vgrad_probe *part = small_probe(), *probe = small_probe();
    int taken = 0, refused = 0;
    see_rows(part, 0, 4);
    see_rows(probe, 4, ROWS);
    take_bytes(part, &forged);
    take_bytes(probe, &before);
    for (size_t i = 0; i < forged.size - 8; i = next(i)) {
        const unsigned char was = forged.state[i];
        forged.state[i] ^= (unsigned char)(i % 3 ? 0x80 : 1 << i % 8);
        sign(forged.state, forged.size);
        const vgrad_status status = vgrad_probe_merge(probe, forged.state, forged.size);
        forged.state[i] = was;
        ck_assert(status == VGRAD_OK || status == VGRAD_E_FORMAT || status == VGRAD_E_UNSUPPORTED);
        refused += status != VGRAD_OK;
        if (status != VGRAD_OK) {
            if (refused % 16 == 0)
                assert_untouched(probe, &before);
            continue;
        }
        taken++;
        read_all(probe);
        vgrad_probe_destroy(probe);
        probe = small_probe();
        see_rows(probe, 4, ROWS);
    }
    ck_assert(taken > 200 && refused > 200);
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
}
END_TEST

enum { SUMS_AT = 8 * 5 + 64 + 8 * 4 }; /* the first layer's moments */

static void put_whole(bytes *b, size_t at, int64_t value)
{
    for (size_t i = 0; i < 8; i++)
        b->state[at + i] = (unsigned char)((uint64_t)value >> 8 * i);
    sign(b->state, b->size);
}

/* Sums of what many states hold stay below 2^63. */
START_TEST(counts_do_not_overflow)
{
    static bytes forged, before;
    vgrad_probe *part = small_probe(), *probe = small_probe();
    see_rows(part, 0, 4);
    take_bytes(part, &forged);
    const size_t count = SUMS_AT + 8 * 3; /* no kernel, no bias, and there is a preactivation */
    put_whole(&forged, count, INT64_MAX / 3);
    for (int i = 0; i < 3; i++)
        assert_ok(vgrad_probe_merge(probe, forged.state, forged.size));
    take_bytes(probe, &before);
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, forged.state, forged.size));
    assert_error_names("layer \"one\"");
    assert_untouched(probe, &before);
    double value;
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_PREACTIVATION, VGRAD_COUNT, &value));
    ck_assert_double_eq(value, 0x1p63);
    put_whole(&forged, count, 16);
    put_whole(&forged, 8 * 3, INT64_MAX - 11); /* rows of the pass: it has 12 */
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, forged.state, forged.size));
    assert_error_names("rows");
    assert_untouched(probe, &before);
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(a_state_of_something_else_is_refused)
{
    static bytes state, before;
    vgrad_probe *part = small_probe(), *probe = small_probe(), *later = small_probe();
    vgrad_probe *other = new_probe("else"), *lone = bare_probe();
    see_rows(part, 0, 4);
    see_rows(probe, 4, ROWS);
    take_bytes(part, &state);
    take_bytes(probe, &before);
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(other, state.state, state.size));
    assert_error_names("not of layer \"else\"");
    assert_ok(vgrad_probe_declare(lone, "one", VGRAD_KIND_DENSE, VGRAD_RELU, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_begin(lone, 0));
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(lone, state.state, state.size));
    assert_error_names("of 2 layers, the probe has 1");
    assert_ok(vgrad_probe_end(later, 1));
    assert_ok(vgrad_probe_begin(later, 1));
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(later, state.state, state.size));
    assert_error_names("of step 0, the probe is at 1");
    for (int i = 0; i < 4; i++) { /* kind, activation, fan-in, fan-out */
        const size_t at = SUMS_AT - 8 * (4 - (size_t)i);
        state.state[at]++;
        sign(state.state, state.size);
        assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, state.state, state.size));
        assert_error_names("not of layer \"one\"");
        state.state[at]--;
    }
    state.state[8] = 2;
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_probe_merge(probe, state.state, state.size));
    assert_error_names("version 1 is known, got 2");
    state.state[8] = 1;
    state.size += 8;
    sign(state.state, state.size);
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(probe, state.state, state.size));
    assert_error_names("8 bytes too many");
    assert_untouched(probe, &before);
    size_t none;
    assert_ok(vgrad_probe_end(probe, 1));
    assert_status(VGRAD_E_STATE, vgrad_probe_serialize(probe, NULL, 0, &none));
    assert_status(VGRAD_E_STATE, vgrad_probe_merge(probe, state.state, state.size));
    assert_status(VGRAD_E_INVALID, vgrad_probe_merge(other, NULL, 0));
    assert_status(VGRAD_E_INVALID, vgrad_probe_serialize(other, NULL, 0, NULL));
    vgrad_probe *const all[] = { part, probe, later, other, lone };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        vgrad_probe_destroy(all[i]);
}
END_TEST

/* ---- what a part has not seen ---- */

static void observe(vgrad_probe *probe, int32_t layer, vgrad_role role, const double *values,
                    int64_t rows, int64_t columns)
{
    vgrad_tensor t;
    vgrad_tensor_matrix(&t, values, VGRAD_FLOAT64, rows, columns);
    assert_ok(vgrad_probe_observe(probe, layer, role, &t));
}

/* A part that saw slices of a kernel's gradient, and no rows; nor did the one it is added to. */
START_TEST(a_part_may_have_seen_little)
{
    static bytes state;
    const double *x = numbers(0, VGRAD_KERNEL_GRADIENT);
    vgrad_probe *part = new_probe("two"), *probe = new_probe("two"), *idle = new_probe("two");
    uint64_t bins[VGRAD_HISTOGRAM_BINS], sum = 0;
    double units[HIDDEN];
    take_bytes(idle, &state);
    assert_ok(vgrad_probe_merge(probe, state.state, state.size));
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_COUNT, NULL, 0), -1);
    observe(part, 0, VGRAD_KERNEL_GRADIENT, x, 2, HIDDEN);
    take_bytes(part, &state);
    assert_ok(vgrad_probe_merge(probe, state.state, state.size));
    assert_ok(vgrad_probe_merge(probe, state.state, state.size));
    assert_ok(vgrad_probe_histogram(probe, 0, VGRAD_KERNEL_GRADIENT, bins, VGRAD_HISTOGRAM_BINS));
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        sum += bins[i];
    ck_assert_uint_eq(sum, 4 * HIDDEN);
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_COUNT, units, HIDDEN),
                     HIDDEN);
    ck_assert_double_eq(units[HIDDEN - 1], 4);
    observe(idle, 0, VGRAD_KERNEL_GRADIENT, x, HIDDEN, 2); /* cut along the other axis */
    assert_status(VGRAD_E_FORMAT, vgrad_probe_merge(idle, state.state, state.size));
    assert_error_names("4 units of kernel_gradient of layer \"one\", the probe saw 2");
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
    vgrad_probe_destroy(idle);
}
END_TEST

/* What is not asked for here, or not due at this step, is left out. */
START_TEST(only_what_is_due_is_taken_over)
{
    static bytes state;
    vgrad_probe *part = new_probe("two"), *plain;
    see_rows(part, 0, 4);
    take_bytes(part, &state);
    assert_ok(vgrad_probe_create(&plain, NULL));
    assert_ok(vgrad_probe_watch(plain, VGRAD_INPUT, 0));
    assert_ok(vgrad_probe_declare(plain, "one", VGRAD_KIND_DENSE, VGRAD_RELU, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_declare(plain, "two", VGRAD_KIND_DENSE, VGRAD_TANH, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_begin(plain, 0));
    assert_ok(vgrad_probe_merge(plain, state.state, state.size));
    ck_assert_int_eq(vgrad_probe_units(plain, 0, VGRAD_DELTA, VGRAD_COUNT, NULL, 0), -1);
    double value;
    assert_ok(vgrad_probe_read(plain, 0, VGRAD_DELTA, VGRAD_COUNT, &value));
    ck_assert_double_eq(value, 4 * HIDDEN);
    ck_assert_int_eq(vgrad_probe_worst_samples(plain, 0, NULL, NULL, 0), -1); /* by their inputs */
    assert_ok(vgrad_probe_end(plain, 1));
    assert_ok(vgrad_probe_read(plain, 0, VGRAD_ACTIVATION, VGRAD_SATURATION, &value));
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(plain);
}
END_TEST

/* A probe that looks at "two" in every other step leaves out what a part saw of it in between. */
START_TEST(a_layer_that_a_look_leaves_out_is_not_taken_over)
{
    static bytes state;
    vgrad_probe *part = new_probe("two"), *probe;
    int64_t steps[2];
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set_layer(probe, "two", VGRAD_PROBE_EVERY, 2));
    assert_ok(vgrad_probe_declare(probe, "one", VGRAD_KIND_DENSE, VGRAD_RELU, IN, HIDDEN, NULL));
    assert_ok(vgrad_probe_declare(probe, "two", VGRAD_KIND_DENSE, VGRAD_TANH, IN, HIDDEN, NULL));
    for (int step = 0; step < 3; step++) {
        if (step > 0)
            assert_ok(vgrad_probe_begin(part, step));
        assert_ok(vgrad_probe_begin(probe, step));
        see_rows(part, 0, 4);
        see_kernels(part);
        take_bytes(part, &state);
        assert_ok(vgrad_probe_merge(probe, state.state, state.size));
        ck_assert_int_ge(vgrad_probe_end(part, 1), 0);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
    }
    static const vgrad_role left_out[] = { VGRAD_DELTA, VGRAD_INPUT, VGRAD_KERNEL };
    for (int r = 0; r < 3; r++) {
        ck_assert_int_eq(vgrad_probe_history(probe, 0, left_out[r], VGRAD_COUNT, NULL, NULL, 0), 3);
        ck_assert_int_eq(vgrad_probe_history(probe, 1, left_out[r], VGRAD_COUNT, steps, NULL, 2),
                         2);
        ck_assert(steps[0] == 0 && steps[1] == 2);
    }
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
}
END_TEST

/* A unit lives if it did in this step: a part has windows of its own, longer than the whole's. */
START_TEST(what_lived_before_is_not_handed_over)
{
    static bytes state;
    const double alive[HIDDEN] = { 1, 1, 1, 1 }, dead[HIDDEN] = { -1, -1, -1, -1 };
    vgrad_probe *part = new_probe("two"), *probe = new_probe("two");
    double share;
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, 1)); /* every step is one */
    for (int step = 0; step < 2; step++) {
        if (step > 0)
            assert_ok(vgrad_probe_begin(part, step));
        if (step > 0)
            assert_ok(vgrad_probe_begin(probe, step));
        observe(part, 0, VGRAD_PREACTIVATION, step ? dead : alive, 1, HIDDEN);
        observe(probe, 0, VGRAD_PREACTIVATION, dead, 1, HIDDEN);
        take_bytes(part, &state);
        assert_ok(vgrad_probe_merge(probe, state.state, state.size));
        ck_assert_int_ge(vgrad_probe_end(part, 1), 0);
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        assert_ok(vgrad_probe_read(probe, 0, VGRAD_ACTIVATION, VGRAD_DEAD_SHARE, &share));
        ck_assert_double_eq(share, step ? 1 : 0);
    }
    vgrad_probe_destroy(part);
    vgrad_probe_destroy(probe);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("states");
    TCase *parts = tcase_create("parts");
    tcase_add_loop_test(parts, parts_make_the_whole, 1, PARTS_MAX + 1);
    suite_add_tcase(suite, parts);
    add_tests(suite, "states", a_damaged_state_is_noticed, a_forged_state_does_no_harm,
              counts_do_not_overflow, a_state_of_something_else_is_refused,
              a_part_may_have_seen_little, only_what_is_due_is_taken_over,
              a_layer_that_a_look_leaves_out_is_not_taken_over,
              what_lived_before_is_not_handed_over);
    return run_suite(suite);
}
