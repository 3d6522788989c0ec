/* Digits are as hard as they should be: for a small network, and harder for a linear classifier. */
/* SPDX-License-Identifier: MIT */
#include "data/digits.h"

#include <stdlib.h>

#include "common.h"

enum { RUNS = 5, TRAINING = 10000, HELD_OUT = 2000, PIXELS = VGRAD__DIGIT_PIXELS, DIGITS = 10 };

/* ---- rows ---- */

typedef struct rows {
    int64_t count;
    float *x, *y; /* grey values from 0 to 1; one-hot */
    int *digits;
} rows;

static rows draw_rows(uint64_t seed, int64_t count)
{
    rows r = { .count = count,
               .x = malloc((size_t)count * PIXELS * sizeof *r.x),
               .y = calloc((size_t)count * DIGITS, sizeof *r.y),
               .digits = malloc((size_t)count * sizeof *r.digits) };
    for (int64_t i = 0; i < count; i++) {
        uint8_t pixels[PIXELS];
        r.digits[i] = vgrad__digit_draw(seed, i, pixels);
        r.y[DIGITS * i + r.digits[i]] = 1;
        for (int p = 0; p < PIXELS; p++)
            r.x[PIXELS * i + p] = (float)pixels[p] / 255;
    }
    return r;
}

static void release_rows(rows *r)
{
    free(r->x);
    free(r->y);
    free(r->digits);
}

/* The share of rows whose digit has the largest output. */
static double accuracy_on(const rig *r, const rows *test)
{
    vgrad_tensor x;
    float *out = malloc((size_t)test->count * DIGITS * sizeof *out);
    assert_ok(vgrad_network_predict(
        r->network, vgrad_tensor_matrix(&x, test->x, VGRAD_FLOAT32, test->count, PIXELS), out,
        VGRAD_FLOAT32, test->count * DIGITS));
    int64_t right = 0;
    for (int64_t i = 0; i < test->count; i++) {
        int answer = 0;
        for (int d = 1; d < DIGITS; d++)
            if (out[DIGITS * i + d] > out[DIGITS * i + answer])
                answer = d;
        right += answer == test->digits[i];
    }
    free(out);
    return (double)right / (double)test->count;
}

/* ---- classifiers ---- */

/* A chain with normal first weights, trained with batches of 10. */
static rig make_rig(const chain *c, vgrad_loss loss, double rate)
{
    vgrad_layer *output;
    vgrad_network *network = chain_network(c, &output);
    assert_ok(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_GLOROT_NORMAL, 0, 0));
    assert_ok(vgrad_network_build(network, output));
    rig r = rig_around(network, loss, VGRAD_SGD, rate);
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_BATCH_SIZE, 10));
    return r;
}

/* Thirty hidden units, Nielsen's cross-entropy and rate, thirty epochs. */
static double network_accuracy(uint64_t seed, vgrad_dataset *data, const rows *test)
{
    chain c = { .dtype = VGRAD_FLOAT32,
                .seed = seed,
                .inputs = PIXELS,
                .count = 2,
                .units = { 30, DIGITS },
                .activations = { VGRAD_SIGMOID, VGRAD_SIGMOID } };
    rig r = make_rig(&c, VGRAD_LOSS_BINARY_CROSSENTROPY_SUM, 0.5);
    assert_ok(vgrad_trainer_fit(r.trainer, data, 30));
    double accuracy = accuracy_on(&r, test);
    rig_destroy(&r);
    return accuracy;
}

/* The best after any epoch at any rate, chosen on the test rows themselves: at least as good as
   what early stopping could choose. */
static double best_linear_accuracy(uint64_t seed, vgrad_dataset *data, const rows *test)
{
    const struct {
        double rate;
        int epochs;
    } trials[] = { { 0.2, 10 }, { 0.05, 20 }, { 0.01, 40 } };
    chain c = { .dtype = VGRAD_FLOAT32,
                .seed = seed,
                .inputs = PIXELS,
                .count = 1,
                .units = { DIGITS },
                .activations = { VGRAD_SOFTMAX } };
    double best = 0;
    for (size_t t = 0; t < sizeof trials / sizeof *trials; t++) {
        rig r = make_rig(&c, VGRAD_LOSS_CROSSENTROPY, trials[t].rate);
        for (int epoch = 1; epoch <= trials[t].epochs; epoch++) {
            assert_ok(vgrad_trainer_fit(r.trainer, data, epoch));
            double accuracy = accuracy_on(&r, test);
            best = accuracy > best ? accuracy : best;
        }
        rig_destroy(&r);
    }
    return best;
}

START_TEST(a_small_network_reads_them_and_a_linear_classifier_less_so)
{
    uint64_t run = (uint64_t)_i + 1;
    rows training = draw_rows(run, TRAINING), test = draw_rows(1000 + run, HELD_OUT);
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_borrow(&data, TRAINING, training.x, VGRAD_FLOAT32, PIXELS, training.y,
                                   VGRAD_FLOAT32, DIGITS, NULL));
    double network = network_accuracy(run, data, &test);
    double linear = best_linear_accuracy(run, data, &test);
    ck_assert_msg(network >= 0.90 && network <= 0.99, "network %g", network);
    ck_assert_msg(linear <= network - 0.03, "network %g, linear %g", network, linear);
    vgrad_dataset_destroy(data);
    release_rows(&training);
    release_rows(&test);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digits");
    TCase *runs = tcase_create("difficulty");
    tcase_set_timeout(runs, 120);
    tcase_add_loop_test(runs, a_small_network_reads_them_and_a_linear_classifier_less_so, 0, RUNS);
    suite_add_tcase(suite, runs);
    return run_suite(suite);
}
