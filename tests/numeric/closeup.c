/* A probe's closer looks: histograms, units and lost updates, against plain loops. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 7, SIDE = 5, CHANNELS = 2, IMAGE = SIDE * SIDE * CHANNELS, OUTPUTS = 3 };

static const vgrad_role roles[] = { VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT, VGRAD_KERNEL,
                                    VGRAD_DELTA, VGRAD_ACTIVATION };
enum { ROLES = sizeof roles / sizeof *roles };

/* ---- a network of images, a probe on it, and steps ---- */

typedef struct scene {
    rig r;
    vgrad_probe *probe;
    double x[ROWS * IMAGE], y[ROWS * OUTPUTS];
} scene;

static vgrad_probe *probe_with(double histograms, double units)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, histograms));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, units));
    return probe;
}

/* conv2d, batch_norm, a pool, flatten, two dense layers. */
static void make(scene *s, vgrad_dtype dtype, uint32_t keep, double histograms, double units)
{
    dice d = dice_from(5);
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    vgrad_layer *layer = vgrad_input_image(network, SIDE, SIDE, CHANNELS);
    layer = vgrad_conv2d(layer, 4, 3, 2, VGRAD_TANH);
    layer = vgrad_max_pool2d(vgrad_batch_norm(layer), 2, 2);
    layer = vgrad_dense(vgrad_flatten(layer), 6, VGRAD_RELU);
    assert_ok(vgrad_network_build(network, vgrad_dense(layer, OUTPUTS, VGRAD_LINEAR)));
    assert_ok(vgrad_network_keep(network, keep));
    s->r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    s->probe = probe_with(histograms, units);
    assert_ok(vgrad_probe_attach(s->probe, network));
    for (int i = 0; i < ROWS * IMAGE; i++)
        s->x[i] = dice_uniform(&d, -1, 1);
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        s->y[i] = dice_uniform(&d, -1, 1);
}

static void destroy(scene *s)
{
    vgrad_probe_destroy(s->probe);
    rig_destroy(&s->r);
}

/* Called for every tensor of the roles while it is there. */
typedef void check(const scene *s, int32_t layer, vgrad_role role, const vgrad_tensor *tensor);

static int check_some(const scene *s, bool after, check *run)
{
    int checked = 0;
    for (int r = 0; r < ROLES; r++) {
        const vgrad_tensor *tensor;
        if ((roles[r] == VGRAD_KERNEL) != after)
            continue;
        for (int32_t i = 0; (tensor = vgrad_network_tensor(s->r.network, roles[r], i)); i++) {
            run(s, tensor->layer, roles[r], tensor);
            checked++;
        }
    }
    return checked;
}

/* The probe takes the gradients as they come before an update, and the kernel after it. */
static void step_and_check(scene *s, check *run)
{
    rig_gradients(&s->r, s->x, IMAGE, s->y, OUTPUTS, ROWS);
    /* Three kernels and their biases, six layers that have a delta, seven a. */
    ck_assert_int_eq(check_some(s, false, run), 3 + 3 + 6 + 7);
    assert_ok(vgrad_trainer_step(s->r.trainer));
    ck_assert_int_eq(check_some(s, true, run), 3);
}

/* ---- histograms ---- */

static void check_bins(const scene *s, int32_t layer, vgrad_role role, const vgrad_tensor *tensor)
{
    uint64_t want[VGRAD_HISTOGRAM_BINS] = { 0 }, got[VGRAD_HISTOGRAM_BINS];
    const int64_t count = vgrad_tensor_count(tensor);
    double *values = doubles_of(tensor);
    for (int64_t i = 0; i < count; i++) {
        int exponent;
        const double size = frexp(values[i], &exponent); /* 0.5 to 1 */
        int bin = size == 0 || exponent < -125 ? 0 : exponent + 126;
        want[bin + (signbit(values[i]) ? 256 : 0)]++;
    }
    assert_ok(vgrad_probe_histogram(s->probe, layer, role, got, VGRAD_HISTOGRAM_BINS));
    ck_assert_msg(memcmp(got, want, sizeof got) == 0, "layer %d, %s", (int)layer,
                  vgrad_role_name(role));
    for (int q = VGRAD_MEDIAN; q <= VGRAD_LOSS_SCALE; q++) {
        double figure;
        if (strcmp(vgrad_quantity_name((vgrad_quantity)q), "unknown") == 0)
            continue;
        assert_ok(vgrad_probe_read(s->probe, layer, role, (vgrad_quantity)q, &figure));
        ck_assert_double_eq(figure, vgrad_tensor_stat(tensor, (vgrad_quantity)q));
    }
    free(values);
}

START_TEST(a_histogram_is_that_of_its_tensor)
{
    scene s;
    make(&s, _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32, KEEP_ALL, 1, 0);
    step_and_check(&s, check_bins);
    step_and_check(&s, check_bins);
    destroy(&s);
}
END_TEST

static double all_moments(const vgrad_probe *probe, vgrad_role role, uint64_t *bins)
{
    double value;
    assert_ok(vgrad_probe_histogram(probe, 1, role, bins, VGRAD_HISTOGRAM_BINS));
    ck_assert_int_eq(vgrad_probe_units(probe, 1, role, VGRAD_MEAN, &value, 1), 4);
    return value;
}

/* Nobody keeps the tensors; looks are at 0, 2, 4, ..., histograms at 0, 6, ..., units at 0, 4. */
START_TEST(a_closer_look_is_taken_when_it_is_due_whatever_is_kept)
{
    scene s;
    uint64_t bins[8][VGRAD_HISTOGRAM_BINS];
    double units[8];
    make(&s, VGRAD_FLOAT32, 0, 3, 4);
    assert_ok(vgrad_probe_set(s.probe, VGRAD_PROBE_EVERY, 2));
    for (int step = 0; step < 8; step++) {
        rig_gradients(&s.r, s.x, IMAGE, s.y, OUTPUTS, ROWS);
        assert_ok(vgrad_trainer_step(s.r.trainer));
        units[step] = all_moments(s.probe, VGRAD_DELTA, bins[step]);
        const bool counted = step == 0 || step == 6, seen = step == 0 || step == 4;
        if (step == 0)
            continue;
        ck_assert_int_eq(memcmp(bins[step], bins[step - 1], sizeof bins[step]) != 0, counted);
        ck_assert_int_eq(units[step] != units[step - 1], seen);
    }
    destroy(&s);
}
END_TEST

/* ---- what half precision would make of a gradient ---- */

typedef struct figures {
    double median, lost, scale;
} figures;

static figures figures_of(vgrad_probe *probe, int64_t step, const vgrad_tensor *tensor)
{
    figures f;
    assert_ok(vgrad_probe_begin(probe, step));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_GRADIENT, tensor));
    assert_ok(vgrad_probe_end(probe, (double)NAN));
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_MEDIAN, &f.median));
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_FP16_LOST, &f.lost));
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_LOSS_SCALE, &f.scale));
    return f;
}

START_TEST(what_a_gradient_made_by_hand_loses)
{
    enum { COUNT = 5000 };
    static float x[COUNT];
    dice d = dice_from(17);
    vgrad_tensor view;
    const double times = _i ? 1536 : 1; /* as the loss was: no power of two */
    double largest = 0;
    int lost = 0, zeros = 0;
    for (int i = 0; i < COUNT; i++) { /* 1e-9 to 1e-5 and zeros, three of five below 0 */
        const double value = i % 10 == 0 ? 0 : pow(10, dice_uniform(&d, -9, -5));
        x[i] = (float)((i % 5 < 3 ? -value : value) * times);
        const double true_one = fabs((double)x[i] / times);
        largest = fmax(largest, true_one);
        zeros += x[i] == 0;
        lost += x[i] != 0 && true_one <= 0x1p-25;
    }
    vgrad_probe *probe = probe_with(1, 0);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, times));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 50, 100, NULL));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, 50, 100);
    const figures f = figures_of(probe, 0, &view);
    ck_assert_double_eq(f.lost, (double)lost / (COUNT - zeros));
    ck_assert(f.lost > 0.2 && f.lost < 0.8);
    double below = 0;
    for (int i = 0; i < COUNT; i++)
        below += (double)x[i] / times < f.median * 2; /* f.median is below 0 */
    ck_assert(f.median < 0 && below < COUNT / 2.0);
    for (int i = 0, more = 0; i < COUNT; i++) {
        more += (double)x[i] / times < f.median / 2;
        ck_assert(i < COUNT - 1 || more >= COUNT / 2);
    }
    ck_assert(largest * f.scale < 32768 && largest * f.scale >= 16384);
    ck_assert_double_eq(exp2(round(log2(f.scale))), f.scale);
    /* That scale is what a loop would do, and it helps: nothing overflows, and less is lost. */
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)((double)x[i] / times * f.scale);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, 1));
    const figures scaled = figures_of(probe, 1, &view);
    ck_assert_double_eq(scaled.lost, 0);
    ck_assert_double_eq(scaled.scale, 1);
    memset(x, 0, sizeof x);
    const figures none = figures_of(probe, 2, &view);
    ck_assert(none.median == 0 && isnan(none.lost) && isnan(none.scale));
    vgrad_probe_destroy(probe);
}
END_TEST

/* One number, told of as 2^40: it is read once, whatever the scale. */
START_TEST(a_repeated_element_is_counted_once_and_multiplied)
{
    const float three = 3;
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    vgrad_tensor view;
    vgrad_probe *probe = probe_with(1, 0);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, 1024));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 2, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    vgrad_tensor_view(&view, &three, VGRAD_FLOAT32, 2,
                      (int64_t[]){ INT64_C(1) << 20, INT64_C(1) << 20 }, (int64_t[]){ 0, 0 });
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_GRADIENT, &view));
    assert_ok(vgrad_probe_histogram(probe, 0, VGRAD_KERNEL_GRADIENT, bins, VGRAD_HISTOGRAM_BINS));
    ck_assert_uint_eq(bins[127 + 1 - 10], UINT64_C(1) << 40);
    vgrad_probe_destroy(probe);
}
END_TEST

/* ---- units ---- */

typedef struct column {
    long double mean, mean_abs, l2, std;
} column;

static column column_of(const double *values, int64_t rows, int64_t units, int64_t unit)
{
    long double sum = 0, sum_abs = 0, squares = 0, n = (long double)rows, off = 0;
    for (int64_t i = 0; i < rows; i++) {
        const long double v = values[i * units + unit];
        sum += v;
        sum_abs += fabsl(v);
        squares += v * v;
    }
    for (int64_t i = 0; i < rows; i++)
        off += (values[i * units + unit] - sum / n) * (values[i * units + unit] - sum / n);
    return (column){ sum / n, sum_abs / n, sqrtl(squares), sqrtl(off / n) };
}

static void check_units(const scene *s, int32_t layer, vgrad_role role, const vgrad_tensor *tensor)
{
    const vgrad_quantity quantities[] = { VGRAD_MEAN, VGRAD_MEAN_ABS, VGRAD_L2, VGRAD_STD };
    const int64_t units = tensor->shape[tensor->rank - 1];
    const int64_t rows = vgrad_tensor_count(tensor) / units;
    double *values = doubles_of(tensor), *got = malloc((size_t)units * sizeof *got);
    for (int q = 0; q < 4; q++) {
        ck_assert_int_eq(vgrad_probe_units(s->probe, layer, role, quantities[q], got, units),
                         units);
        for (int64_t unit = 0; unit < units; unit++) {
            const column c = column_of(values, rows, units, unit);
            const long double want[] = { c.mean, c.mean_abs, c.l2, c.std };
            ck_assert_msg(fabsl((long double)got[unit] - want[q]) <= 1e-12L * c.mean_abs + 1e-16L,
                          "layer %d, %s, %s of unit %d: %.17g, not %.17Lg", (int)layer,
                          vgrad_role_name(role), vgrad_quantity_name(quantities[q]), (int)unit,
                          got[unit], want[q]);
            if (role == VGRAD_BIAS_GRADIENT && q == 0)
                ck_assert_double_eq(got[unit], values[unit]);
        }
    }
    free(values);
    free(got);
}

START_TEST(a_unit_is_its_column)
{
    scene s;
    make(&s, _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32, KEEP_ALL, 0, 1);
    step_and_check(&s, check_units);
    step_and_check(&s, check_units);
    destroy(&s);
}
END_TEST

/* Strides, other types, a scale of the loss, and another number of units than before. */
START_TEST(units_of_a_loop_of_ones_own)
{
    const float x[2][4] = { { 1, -2, 3, (float)NAN }, { 5, -8, -3, 0 } };
    vgrad_tensor view;
    double got[4] = { 7, 7, 7, 7 };
    vgrad_probe *probe = probe_with(0, 1);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, 4));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 2, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_MEAN, got, 4), -1);
    assert_error_names("never seen");
    vgrad_tensor_view(&view, x, VGRAD_FLOAT32, 2, (int64_t[]){ 4, 2 }, (int64_t[]){ 1, 4 });
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &view)); /* transposed */
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_MEAN_ABS, got, 1), 2);
    ck_assert_double_eq(got[0], 2 / 4.0);
    ck_assert_double_eq(got[1], 7);
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_MEAN, NULL, 0), 2);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, 2, 4);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &view));
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_MEAN, got, 4), 4);
    ck_assert(got[0] == 3 / 4.0 && got[1] == -5 / 4.0 && got[2] == 0 && got[3] == 0);
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_DELTA, VGRAD_NANS, got, 4), 4);
    ck_assert(got[0] == 0 && got[3] == 1);
    vgrad_tensor_view(&view, x, VGRAD_FLOAT32, 0, NULL, NULL);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_ACTIVATION, &view));
    ck_assert_int_eq(vgrad_probe_units(probe, 0, VGRAD_ACTIVATION, VGRAD_MEAN, got, 4), 1);
    ck_assert_double_eq(got[0], 1);
    const struct {
        int32_t layer;
        vgrad_role role;
        vgrad_quantity quantity;
        int64_t capacity;
        const char *word;
    } bad[] = {
        { 1, VGRAD_DELTA, VGRAD_MEAN, 4, "layer: 0 to 0, got 1" },
        { 0, VGRAD_BIAS, VGRAD_MEAN, 4, "role: 1 (bias) is not looked at closely" },
        { 0, (vgrad_role)9999, VGRAD_MEAN, 4, "role: 9999" },
        { 0, VGRAD_DELTA, VGRAD_MEDIAN, 4, "units have no median" },
        { 0, VGRAD_DELTA, VGRAD_MEAN, -1, "capacity: at least 0, got -1" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(vgrad_probe_units(probe, bad[i].layer, bad[i].role, bad[i].quantity, got,
                                           bad[i].capacity),
                         -1);
        assert_error_names(bad[i].word);
    }
    vgrad_probe_destroy(probe);
}
END_TEST

/* ---- lost updates ---- */

enum { INPUTS = 60, UNITS = 50 }; /* more than two blocks of an update */

/* How many of its elements, as T has them, an update does not change. */
static int lost_by_hand(const double *before, const double *after, const double *update, int *moved)
{
    int lost = 0;
    for (int i = 0; i < INPUTS * UNITS; i++) {
        lost += update[i] != 0 && before[i] == after[i];
        *moved += update[i] != 0;
    }
    return lost;
}

typedef struct kind {
    vgrad_dtype dtype;
    vgrad_optimizer_kind optimizer;
    double decay, share;
    uint32_t keep;
} kind;

static const kind kinds[] = {
    { VGRAD_FLOAT32, VGRAD_SGD, 0, 1e8, VGRAD_KEEP_UPDATE },
    { VGRAD_FLOAT64, VGRAD_SGD, 0, 1e17, VGRAD_KEEP_UPDATE },
    { VGRAD_FLOAT32, VGRAD_ADAM, 0, 1e8, VGRAD_KEEP_UPDATE },
    { VGRAD_FLOAT32, VGRAD_ADAMW, 1e-9, 1e8, VGRAD_KEEP_UPDATE },
    { VGRAD_FLOAT32, VGRAD_SGD, 0, 1e8, 0 },
};

static double lost_share(const vgrad_probe *probe)
{
    double value = (double)NAN;
    assert_ok(vgrad_probe_read(probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST, &value));
    return value;
}

/* Every third weight is 1e8, where float32's neighbours are 8 apart; its inputs are 0 or small. */
START_TEST(an_update_that_is_rounded_away_is_counted)
{
    const kind *k = &kinds[_i];
    const chain c = { .dtype = k->dtype,
                      .inputs = INPUTS,
                      .count = 1,
                      .units = { UNITS },
                      .activations = { VGRAD_LINEAR } };
    static double w[INPUTS * UNITS], x[ROWS * INPUTS], y[ROWS * UNITS];
    dice d = dice_from(3);
    rig r = rig_create(&c, VGRAD_LOSS_MEAN_SQUARED_ERROR, k->optimizer, 1e-3);
    vgrad_layer *layer = dense_layer(r.network, 1);
    vgrad_probe *probe = probe_with(0, 0);
    assert_ok(vgrad_network_keep(r.network, k->keep));
    assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, k->decay));
    assert_ok(vgrad_probe_attach(probe, r.network));
    int big = 0;
    for (int i = 0; i < INPUTS * UNITS; i++) {
        w[i] = i % 3 == 0 ? k->share : dice_uniform(&d, -1, 1);
        big += i % 3 == 0;
    }
    for (int i = 0; i < ROWS * INPUTS; i++) /* the third input is 0: so are its gradients */
        x[i] = i % INPUTS == 2 ? 0 : dice_uniform(&d, 0.5, 1) * 1e-9;
    set_parameter(layer, VGRAD_KERNEL, w);
    double *before = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL));
    rig_gradients(&r, x, INPUTS, y, UNITS, ROWS);
    assert_ok(vgrad_trainer_step(r.trainer));
    double *after = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL));
    int moved = 0, lost = 0;
    if (k->keep) {
        double *update = doubles_of(vgrad_layer_tensor(layer, VGRAD_KERNEL_UPDATE));
        lost = lost_by_hand(before, after, update, &moved);
        free(update);
    } else { /* gradients are nowhere 0 but at the input that is */
        for (int i = 0; i < INPUTS * UNITS; i++)
            lost += i / UNITS != 2 && before[i] == after[i];
    }
    ck_assert_double_eq(lost_share(probe), (double)lost / (INPUTS * UNITS));
    ck_assert_int_ge(lost, big * 9 / 10); /* nearly all that are 1e8 */
    ck_assert_int_lt(lost, INPUTS * UNITS);
    /* A layer that is not trained has no updates to lose. */
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_TRAINABLE, 0));
    rig_gradients(&r, x, INPUTS, y, UNITS, ROWS);
    assert_ok(vgrad_trainer_step(r.trainer));
    ck_assert_double_eq(lost_share(probe), 0);
    ck_assert_int_eq(
        vgrad_probe_history(probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST, NULL, NULL, 0), 2);
    free(before);
    free(after);
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}
END_TEST

START_TEST(updates_that_nobody_watches_are_not_counted)
{
    scene s;
    double value;
    make(&s, VGRAD_FLOAT32, 0, 0, 0);
    assert_ok(vgrad_probe_detach(s.probe));
    assert_ok(vgrad_probe_watch(s.probe, VGRAD_KERNEL_UPDATE, 0));
    assert_ok(vgrad_probe_attach(s.probe, s.r.network));
    rig_gradients(&s.r, s.x, IMAGE, s.y, OUTPUTS, ROWS);
    assert_ok(vgrad_trainer_step(s.r.trainer));
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_probe_read(s.probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST, &value));
    destroy(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("closeup");
    TCase *both = tcase_create("both types");
    tcase_add_loop_test(both, a_histogram_is_that_of_its_tensor, 0, 2);
    tcase_add_loop_test(both, a_unit_is_its_column, 0, 2);
    tcase_add_loop_test(both, what_a_gradient_made_by_hand_loses, 0, 2);
    tcase_add_loop_test(both, an_update_that_is_rounded_away_is_counted, 0,
                        sizeof kinds / sizeof *kinds);
    suite_add_tcase(suite, both);
    add_tests(suite, "looks", a_closer_look_is_taken_when_it_is_due_whatever_is_kept,
              units_of_a_loop_of_ones_own, a_repeated_element_is_counted_once_and_multiplied,
              updates_that_nobody_watches_are_not_counted);
    return run_suite(suite);
}
