/* A probe in a loop of the user's: what it takes, what it refuses, and that it stays usable. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "runner.h"

/* Two dense layers, 2-3-1, and a step begun. */
static vgrad_probe *begun(void)
{
    vgrad_probe *probe;
    int32_t layer;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "hidden", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 3, &layer));
    ck_assert_int_eq(layer, 0);
    assert_ok(vgrad_probe_declare(probe, "out", VGRAD_KIND_DENSE, VGRAD_SIGMOID, 3, 1, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    return probe;
}

static double read(const vgrad_probe *probe, int32_t layer, vgrad_role role, vgrad_quantity what)
{
    double value = (double)NAN;
    assert_ok(vgrad_probe_read(probe, layer, role, what, &value));
    return value;
}

static vgrad_status observe(vgrad_probe *probe, const void *data, vgrad_dtype dtype)
{
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, data, dtype, 2, 3);
    return vgrad_probe_observe(probe, 0, VGRAD_DELTA, &view);
}

static int32_t append(const char *text, size_t length, void *user)
{
    strncat(user, text, length);
    return 0;
}

START_TEST(layers_that_are_none)
{
    vgrad_probe *probe;
    char long_name[65] = { 0 };
    memset(long_name, 'n', 64);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_status(VGRAD_E_INVALID,
                  vgrad_probe_declare(NULL, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    const struct {
        const char *name;
        int kind, activation;
        int64_t in, out;
        const char *word;
    } bad[] = {
        { NULL, VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, "name" },
        { "", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, "name: 1 to 63 bytes, got 0" },
        { long_name, VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, "got 64" },
        { "a", 8, VGRAD_TANH, 1, 1, "kind: no kind of layer 8" },
        { "a", -1, VGRAD_TANH, 1, 1, "kind" },
        { "a", VGRAD_KIND_DENSE, 99, 1, 1, "activation: no activation 99" },
        { "a", VGRAD_KIND_DENSE, VGRAD_TANH, 0, 1, "fan_in: at least 1, got 0" },
        { "a", VGRAD_KIND_CONV, VGRAD_TANH, 1, 0, "fan_out: at least 1, got 0" },
        { "a", VGRAD_KIND_NORM, VGRAD_TANH, -1, 0, "fan_in: at least 0, got -1" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(VGRAD_E_INVALID,
                      vgrad_probe_declare(probe, bad[i].name, (vgrad_layer_kind)bad[i].kind,
                                          (vgrad_activation)bad[i].activation, bad[i].in,
                                          bad[i].out, NULL));
        assert_error_names(bad[i].word);
    }
    assert_status(VGRAD_E_STATE, vgrad_probe_begin(probe, 0));
    assert_error_names("no layer is declared");
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_NORM, VGRAD_LINEAR, 0, 0, NULL));
    assert_status(VGRAD_E_INVALID,
                  vgrad_probe_declare(probe, "a", VGRAD_KIND_NORM, VGRAD_LINEAR, 0, 0, NULL));
    assert_error_names("layer 0 is called \"a\" already");
    assert_status(VGRAD_E_STATE, vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 3));
    ck_assert_int_eq(vgrad_probe_layer_count(probe), 1);
    ck_assert_str_eq(vgrad_probe_layer_name(probe, 0), "a");
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(steps_go_on_and_end)
{
    const float x[6] = { 3, 4, 0, 0, 0, 0 };
    vgrad_probe *probe = begun();
    assert_status(VGRAD_E_INVALID, vgrad_probe_begin(NULL, 1));
    assert_status(VGRAD_E_INVALID, vgrad_probe_end(NULL, 1));
    assert_status(VGRAD_E_STATE, vgrad_probe_begin(probe, 1));
    assert_error_names("step 0 is not ended");
    assert_status(VGRAD_E_STATE,
                  vgrad_probe_declare(probe, "late", VGRAD_KIND_NORM, VGRAD_LINEAR, 0, 0, NULL));
    assert_ok(observe(probe, x, VGRAD_FLOAT32));
    assert_ok(vgrad_probe_end(probe, (double)NAN));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_L2), 5);
    assert_status(VGRAD_E_STATE, vgrad_probe_end(probe, 0));
    assert_status(VGRAD_E_STATE, observe(probe, x, VGRAD_FLOAT32));
    assert_error_names("vgrad_probe_begin() comes first");
    assert_status(VGRAD_E_INVALID, vgrad_probe_begin(probe, 0));
    assert_error_names("step: above 0, got 0");
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, 4));
    assert_status(VGRAD_SKIPPED, vgrad_probe_begin(probe, 7));
    assert_ok(observe(probe, x, VGRAD_FLOAT32));
    assert_ok(vgrad_probe_end(probe, 0));
    assert_ok(vgrad_probe_begin(probe, 8));
    assert_ok(observe(probe, x, VGRAD_FLOAT32));
    assert_ok(vgrad_probe_end(probe, 0));
    int64_t steps[3] = { 0 };
    ck_assert_int_eq(vgrad_probe_history(probe, 0, VGRAD_DELTA, VGRAD_L2, steps, NULL, 3), 2);
    ck_assert(steps[0] == 0 && steps[1] == 8);
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(tensors_that_are_none)
{
    double x[7] = { 1 };
    vgrad_tensor t;
    vgrad_probe *probe = begun();
    vgrad_tensor_matrix(&t, x, VGRAD_FLOAT64, 2, 3);
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(NULL, 0, VGRAD_DELTA, &t));
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(probe, 0, VGRAD_DELTA, NULL));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_observe(probe, 2, VGRAD_DELTA, &t));
    assert_error_names("layer: 0 to 1 are declared, got 2");
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_observe(probe, -1, VGRAD_DELTA, &t));
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(probe, 0, (vgrad_role)7, &t));
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(probe, 0, VGRAD_KERNEL_EPOCH_GRADIENT, &t));
    t.dtype = 77;
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_error_names("no dtype 77");
    t.dtype = VGRAD_FLOAT64;
    t.device_type = 2;
    t.data = (const void *)8; /* nowhere: it is not read */
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_error_names("device type 2");
    t.device_type = 1;
    t.data = (const char *)x + 1;
    assert_status(VGRAD_E_INVALID, vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_error_names("not aligned");
    t.data = x;
    t.shape[1] = 2;
    assert_status(VGRAD_E_SHAPE, vgrad_probe_observe(probe, 0, VGRAD_PREACTIVATION, &t));
    assert_error_names("layer \"hidden\": rows of 3 units");
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_MAX), 1);
    vgrad_probe_destroy(probe);
}
END_TEST

/* Nothing, nothing finite, next to nothing, and more than fits in 32 bits. */
START_TEST(tensors_at_the_edge)
{
    const double nans[6] = { (double)NAN, (double)NAN, (double)NAN,
                             (double)NAN, (double)NAN, (double)NAN };
    const double tiny[6] = { 0x1p-1074, 0, -0x1p-1074, 0, 0, 0 };
    const int64_t many[2] = { 40, 30 }, nowhere[2] = { 0, 0 }, back[2] = { -3, -1 };
    vgrad_tensor t;
    vgrad_probe *probe = begun();
    vgrad_tensor_matrix(&t, NULL, VGRAD_FLOAT64, 0, 3);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_PREACTIVATION, &t));
    assert_ok(vgrad_probe_end(probe, 0));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_COUNT), 0);
    assert_ok(vgrad_probe_begin(probe, 1));
    assert_ok(observe(probe, nans, VGRAD_FLOAT64));
    assert_status(VGRAD_CHANGED, vgrad_probe_end(probe, (double)NAN));
    const vgrad_finding *f = vgrad_probe_finding(probe, 0);
    ck_assert(f && f->code == VGRAD_FINDING_NON_FINITE && f->severity == 3);
    ck_assert(f->role == VGRAD_DELTA && f->evidence_count == 4 && f->evidence[0] == 6);
    ck_assert_str_eq(f->message, "hidden.delta: 6 of 6 elements are not finite");
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_NANS), 6);
    assert_ok(vgrad_probe_begin(probe, 2));
    assert_ok(observe(probe, tiny, VGRAD_FLOAT64));
    assert_status(VGRAD_CHANGED, vgrad_probe_end(probe, 1)); /* it is over */
    ck_assert_ptr_null(vgrad_probe_finding(probe, 0));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_MAX), 0x1p-1074);
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_ZEROS), 4);
    assert_ok(vgrad_probe_begin(probe, 3));
    vgrad_tensor_view(&t, tiny + 5, VGRAD_FLOAT64, 2, (const int64_t[2]){ 2, 3 }, back);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_MIN), -0x1p-1074);
    assert_ok(vgrad_probe_begin(probe, 4));
    vgrad_tensor_view(&t, tiny, VGRAD_FLOAT64, 2, many, nowhere);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &t));
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_KERNEL, VGRAD_COUNT), 1200);
    ck_assert_double_eq(read(probe, 0, VGRAD_KERNEL, VGRAD_MIN), 0x1p-1074);
    vgrad_probe_destroy(probe);
}
END_TEST

/* Of the looks before something goes wrong, and that one; what comes later is not kept. */
START_TEST(a_flight_recorder_keeps_what_led_to_nan)
{
    vgrad_probe *probe;
    double values[8], x[6] = { 0 };
    int64_t steps[8];
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_FLIGHT, 3));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 4));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 3, NULL));
    for (int64_t step = 0; step < 10; step++) {
        assert_ok(vgrad_probe_begin(probe, step));
        x[0] = step == 6 || step == 8 ? (double)NAN : (double)step;
        assert_ok(observe(probe, x, VGRAD_FLOAT64));
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
        const int64_t kept = vgrad_probe_flight(probe, 0, VGRAD_DELTA, VGRAD_MAX, steps, values, 8);
        ck_assert_int_eq(kept, step < 6 ? 0 : 3);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(steps[i], 4 + i);
    ck_assert(values[0] == 4 && values[1] == 5 && values[2] == 0);
    ck_assert_int_eq(vgrad_probe_flight(probe, 0, VGRAD_DELTA, VGRAD_NANS, NULL, values, 8), 3);
    ck_assert(values[1] == 0 && values[2] == 1);
    assert_status(VGRAD_E_STATE, vgrad_probe_set(probe, VGRAD_PROBE_FLIGHT, 1));
    vgrad_probe_destroy(probe);
}
END_TEST

/* All samples of a large batch in order, with norms that grow, in sevens alike, and one NaN. */
START_TEST(many_samples_are_put_in_order)
{
    enum { MANY = 1000000, NAN_AT = 12345 };
    double *x = malloc(MANY * sizeof *x), *norms = malloc(MANY * sizeof *norms);
    int64_t *samples = malloc(MANY * sizeof *samples), few[3];
    vgrad_tensor t;
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    for (int i = 0; i < MANY; i++)
        x[i] = i == NAN_AT ? (double)NAN : 1 + i / 7;
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA,
                                  vgrad_tensor_matrix(&t, x, VGRAD_FLOAT64, MANY, 1)));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_INPUT, &t));
    ck_assert_int_eq(vgrad_probe_worst_samples(probe, 0, samples, norms, MANY), MANY);
    ck_assert(samples[0] == NAN_AT && isnan(norms[0]));
    int wrong = 0;
    for (int i = 1; i < MANY; i++) {
        wrong += norms[i] != MANY * x[samples[i]] * x[samples[i]];
        wrong += i > 1 && norms[i] >= norms[i - 1] &&
                 (norms[i] > norms[i - 1] || samples[i] <= samples[i - 1]);
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(vgrad_probe_worst_samples(probe, 0, few, norms, 3), MANY);
    ck_assert_mem_eq(few, samples, sizeof few);
    vgrad_probe_destroy(probe);
    free(x);
    free(norms);
    free(samples);
}
END_TEST

/* Of a tensor that comes twice in a step the later one counts. */
START_TEST(a_tensor_may_come_again)
{
    const double wide[6] = { 50, -50, 50, -50, 50, -50 }, narrow[6] = { 0 };
    vgrad_tensor t;
    vgrad_probe *probe = begun();
    const vgrad_role roles[] = { VGRAD_PREACTIVATION, VGRAD_DELTA, VGRAD_INPUT };
    for (int again = 0; again < 2; again++)
        for (int r = 0; r < 3; r++) {
            vgrad_tensor_matrix(&t, again ? narrow : wide, VGRAD_FLOAT64, 2, 3);
            assert_ok(vgrad_probe_observe(probe, 0, roles[r], &t));
        }
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_ACTIVATION, VGRAD_DERIVATIVE_RMS), 1);
    for (int r = 0; r < 3; r++)
        ck_assert_double_eq(read(probe, 0, roles[r], VGRAD_MAX), 0);
    vgrad_probe_destroy(probe);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_RELU, 2, 3, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    for (int again = 0; again < 2; again++) { /* units live first */
        vgrad_tensor_matrix(&t, again ? narrow : wide, VGRAD_FLOAT64, 2, 3);
        assert_ok(vgrad_probe_observe(probe, 0, VGRAD_PREACTIVATION, &t));
    }
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_ACTIVATION, VGRAD_DEAD_SHARE), 1);
    vgrad_probe_destroy(probe);
}
END_TEST

/* A gradient that is not the mean over the rows beside it says nothing of samples. */
START_TEST(what_was_done_to_gradients_is_told)
{
    const double x[6] = { 1, 2, 3, 4, 5, 6 };
    const vgrad_role roles[] = { VGRAD_INPUT, VGRAD_DELTA, VGRAD_KERNEL_GRADIENT };
    for (int are = 0; are < 8; are++) {
        double value;
        char text[4000] = "";
        vgrad_tensor t;
        vgrad_probe *probe = begun();
        assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_GRADIENTS_ARE, are));
        for (int r = 0; r < 3; r++) {
            vgrad_tensor_matrix(&t, x, VGRAD_FLOAT64, 2, 3);
            assert_ok(vgrad_probe_observe(probe, 0, roles[r], &t));
        }
        assert_ok(vgrad_probe_end(probe, 1));
        assert_status(are ? VGRAD_E_NOT_FOUND : VGRAD_OK,
                      vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE, &value));
        ck_assert_double_gt(read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_L2), 9);
        assert_ok(vgrad_probe_report(probe, VGRAD_REPORT_TABLE, append, text));
        ck_assert_int_eq(strstr(text, "are clipped") != NULL, are & 1);
        ck_assert_int_eq(strstr(text, "of several batches") != NULL, (are & 2) != 0);
        ck_assert_int_eq(strstr(text, "of several machines") != NULL, (are & 4) != 0);
        assert_status(VGRAD_E_INVALID, vgrad_probe_set(probe, VGRAD_PROBE_GRADIENTS_ARE, 8));
        vgrad_probe_destroy(probe);
    }
}
END_TEST

/* The sign is exact, and the size within a factor of 2. */
START_TEST(quantiles_come_from_a_histogram)
{
    const double x[6] = { -8, -1, 0, 1, 4, 100 }, shares[] = { 0, 0.2, 0.4, 0.6, 0.8, 1 };
    double out = 7;
    vgrad_tensor t;
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, 1));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 2, 3, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_quantile(probe, 0, VGRAD_DELTA, 0.5, &out));
    ck_assert_double_eq(out, 7);
    assert_ok(observe(probe, x, VGRAD_FLOAT64));
    assert_ok(vgrad_probe_end(probe, 1));
    vgrad_tensor_matrix(&t, x, VGRAD_FLOAT64, 2, 3);
    for (int i = 0; i < 6; i++) {
        assert_ok(vgrad_probe_quantile(probe, 0, VGRAD_DELTA, shares[i], &out));
        ck_assert_double_eq(out, vgrad_tensor_quantile(&t, shares[i]));
        ck_assert((x[i] == 0 && out == 0) || (out / x[i] >= 0.5 && out / x[i] <= 2));
    }
    ck_assert(isnan(vgrad_tensor_quantile(&t, -0.1)));
    assert_error_names("p: in [0, 1], got -0.1");
    ck_assert(isnan(vgrad_tensor_quantile(&t, (double)NAN)));
    vgrad_probe_destroy(probe);
}
END_TEST

/* Updates of 2^-9 to 2^-55, of either sign, of weights of 1: what is at most half the distance to
   the next number is lost, 2^-11 upwards and 2^-12 downwards in float16, and so on; 0 loses
   nothing. */
START_TEST(an_update_that_is_rounded_away_is_told)
{
    static const struct {
        vgrad_dtype dtype;
        int up; /* 1 + 2^-up is 1, and so is 1 - 2^-(up + 1), to even */
    } kinds[] = {
        { VGRAD_FLOAT16, 11 }, { VGRAD_BFLOAT16, 8 }, { VGRAD_FLOAT32, 24 }, { VGRAD_FLOAT64, 53 }
    };
    enum { ROWS = 48, COUNT = 2 * ROWS };
    double u[COUNT], ones[COUNT];
    static double w[COUNT];
    for (int i = 0; i < COUNT; i++) {
        ones[i] = 1;
        u[i] = i == 0 ? 0 : i % 2 ? ldexp(1, -8 - i / 2) : -ldexp(1, -8 - i / 2);
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        vgrad_tensor t;
        vgrad_probe *probe = begun();
        int lost = 0;
        for (int i = 1; i < COUNT; i++)
            lost += 8 + i / 2 >= kinds[k].up + (i % 2 ? 0 : 1);
        vgrad_tensor_matrix(&t, ones, VGRAD_FLOAT64, ROWS, 2);
        assert_ok(vgrad_tensor_copy(&t, w, kinds[k].dtype, COUNT));
        vgrad_tensor_matrix(&t, w, kinds[k].dtype, ROWS, 2);
        assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &t));
        memset(w, 0, sizeof w); /* it is not looked at again */
        vgrad_tensor_matrix(&t, u, VGRAD_FLOAT64, ROWS, 2);
        assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_UPDATE, &t));
        assert_ok(vgrad_probe_end(probe, 1));
        ck_assert_int_gt(lost, 1);
        ck_assert_double_eq(read(probe, 0, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST),
                            (double)lost / COUNT);
        vgrad_probe_destroy(probe);
    }
}
END_TEST

/* The kernel of this step, before its update, with the same shape: else nothing is told. */
START_TEST(what_is_lost_is_told_of_one_kernel_and_its_update)
{
    const double w[6] = { 1, 1, 1, 1, 1, 1 }, u[6] = { 1e-20, 1e-20, 1, 0, 0, 0 };
    const int32_t whole[6] = { 1, 1, 1, 1, 1, 1 };
    const int64_t shape[2] = { 2, 3 }, nowhere[2] = { 0, 0 }, by_one[2] = { 1, 1 };
    vgrad_tensor kernel, update, turned, odd, same, overlapping;
    vgrad_probe *probe = begun();
    int64_t steps[4];
    vgrad_tensor_matrix(&kernel, w, VGRAD_FLOAT64, 2, 3);
    vgrad_tensor_matrix(&update, u, VGRAD_FLOAT64, 2, 3);
    vgrad_tensor_matrix(&turned, u, VGRAD_FLOAT64, 3, 2);
    vgrad_tensor_matrix(&odd, whole, VGRAD_INT32, 2, 3);
    vgrad_tensor_view(&same, w, VGRAD_FLOAT64, 2, shape, nowhere);
    vgrad_tensor_view(&overlapping, w, VGRAD_FLOAT64, 2, shape, by_one);
    const vgrad_tensor *const pairs[][2] = { { &kernel, &update },     { NULL, &update },
                                             { &kernel, &turned },     { &odd, &update },
                                             { &same, &update },       { &kernel, &update },
                                             { &overlapping, &update } };
    for (int step = 0; step < 7; step++) {
        if (step > 0)
            assert_ok(vgrad_probe_begin(probe, step));
        if (pairs[step][0])
            assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, pairs[step][0]));
        assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_UPDATE, pairs[step][1]));
        assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &kernel)); /* as it is after it */
        ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
    }
    assert_ok(vgrad_probe_begin(probe, 7));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &kernel));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL, &odd)); /* the later one counts */
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_UPDATE, &update));
    ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
    ck_assert_int_eq(
        vgrad_probe_history(probe, 0, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST, steps, NULL, 4), 2);
    ck_assert(steps[0] == 0 && steps[1] == 5);
    ck_assert_double_eq(read(probe, 0, VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST), 2 / 6.0);
    vgrad_probe_destroy(probe);
}
END_TEST

/* A gradient that comes too large by the loss's scale is divided by it; nothing else is. */
START_TEST(a_scaled_loss_is_told)
{
    const float x[6] = { 3, 4, 0, 0, 0, 0 };
    vgrad_tensor t;
    vgrad_probe *probe = begun();
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, 1024));
    assert_ok(observe(probe, x, VGRAD_FLOAT32));
    vgrad_tensor_matrix(&t, x, VGRAD_FLOAT32, 2, 3);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_INPUT, &t));
    assert_ok(vgrad_probe_end(probe, 1));
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_L2), 5 / 1024.0);
    ck_assert_double_eq(read(probe, 0, VGRAD_DELTA, VGRAD_MAX), 4 / 1024.0);
    ck_assert_double_eq(read(probe, 0, VGRAD_INPUT, VGRAD_L2), 5);
    const double bad[] = { 0, -1, (double)NAN, (double)INFINITY, 1e31 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(VGRAD_E_INVALID, vgrad_probe_set(probe, VGRAD_PROBE_LOSS_SCALE, bad[i]));
    ck_assert_double_eq(vgrad_probe_get(probe, VGRAD_PROBE_LOSS_SCALE), 1024);
    vgrad_probe_destroy(probe);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("declare");
    add_tests(suite, "declare", layers_that_are_none, steps_go_on_and_end, tensors_that_are_none,
              tensors_at_the_edge, a_flight_recorder_keeps_what_led_to_nan, a_tensor_may_come_again,
              many_samples_are_put_in_order, quantiles_come_from_a_histogram,
              what_was_done_to_gradients_is_told, a_scaled_loss_is_told,
              an_update_that_is_rounded_away_is_told,
              what_is_lost_is_told_of_one_kernel_and_its_update);
    return run_suite(suite);
}
