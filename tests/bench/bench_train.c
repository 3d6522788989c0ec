/*
 * How long an epoch takes, one thread, beside a hand-written loop over cblas on the same data:
 *     workload variant seconds_per_epoch steps_per_second percent_over_plain ns_per_element
 * The last is what a probe costs for each element whose moments it takes.
 * The quickest epoch of about a second of them, variants taking turns, so that what else the
 * machine does falls on all of them. It judges nothing.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <vgrad/vgrad.h>

#include "by_hand.h"

#define CHECK(call) ((call) < 0 ? (fprintf(stderr, "%s\n", vgrad_last_error()), exit(1)) : (void)0)

static const workload workloads[] = {
    { "mlp30", 3, { 784, 30, 30, 10 }, 0, 5000, 10 },
    { "mlp512", 3, { 784, 512, 512, 10 }, 1, 5000, 128 },
    { "deep5", 5, { 2, 5, 5, 5, 5, 1 }, 0, 1000, 32 },
};

typedef enum variant {
    BY_HAND,
    PLAIN,
    GRADIENTS_READ,
    PROBE_PARAMETER_GRADIENTS,
    PROBE_GRADIENTS,
    PROBE_BUDGET,
    PROBE_BUDGET_10TH,
    PROBE_ALL,
    VARIANTS
} variant;
static const char *const variant_names[] = {
    "by_hand",         "plain",        "gradients_read",    "probe_parameter_gradients",
    "probe_gradients", "probe_budget", "probe_budget_10th", "probe_all",
};
static const double seconds_for_each = 1.0;

/* One variant of one workload, ready for another epoch. */
typedef struct contender {
    by_hand *hand;
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *run;
    vgrad_probe *probe;
    int64_t epochs;
    double best;
} contender;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int32_t read_gradients(const vgrad_event *event, void *sum)
{
    const vgrad_tensor *g;
    for (int32_t i = 0; (g = vgrad_network_tensor(event->network, VGRAD_KERNEL_GRADIENT, i)); i++)
        *(double *)sum += vgrad_tensor_stat(g, VGRAD_L2);
    for (int32_t i = 0; (g = vgrad_network_tensor(event->network, VGRAD_BIAS_GRADIENT, i)); i++)
        *(double *)sum += vgrad_tensor_stat(g, VGRAD_L2);
    return 0;
}

/* What each variant's probe looks at; the first `count` of these. */
static void watch(contender *c, variant v)
{
    static const vgrad_role roles[] = {
        VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT, VGRAD_DELTA, VGRAD_ACTIVATION_GRADIENT,
        VGRAD_KERNEL,          VGRAD_ACTIVATION,    VGRAD_INPUT
    };
    static const size_t counts[VARIANTS] = { [PROBE_PARAMETER_GRADIENTS] = 2,
                                             [PROBE_GRADIENTS] = 4,
                                             [PROBE_BUDGET] = 7,
                                             [PROBE_BUDGET_10TH] = 7 };
    CHECK(vgrad_probe_create(&c->probe, NULL));
    if (v != PROBE_ALL)
        CHECK(vgrad_probe_watch_none(c->probe));
    for (size_t i = 0; i < counts[v]; i++)
        CHECK(vgrad_probe_watch(c->probe, roles[i], 1));
    if (v == PROBE_BUDGET_10TH)
        CHECK(vgrad_probe_set(c->probe, VGRAD_PROBE_EVERY, 10));
    CHECK(vgrad_probe_attach(c->probe, c->network));
}

/* Elements whose moments the probe took in its latest look. */
static double elements_of(const vgrad_probe *probe)
{
    double sum = 0, count;
    for (int32_t layer = 0; probe && layer < vgrad_probe_layer_count(probe); layer++)
        for (int role = 0; role <= VGRAD_BETA_UPDATE; role++)
            if (vgrad_probe_read(probe, layer, (vgrad_role)role, VGRAD_COUNT, &count) == VGRAD_OK)
                sum += count;
    return sum;
}

static void prepare(contender *c, const workload *work, variant v, const float *x, const float *y)
{
    static double sum;
    int classes = work->widths[work->layers];
    if (v == BY_HAND) {
        c->hand = by_hand_create(work, x, y);
        return;
    }
    CHECK(vgrad_dataset_borrow(&c->data, work->rows, x, VGRAD_FLOAT32, work->widths[0], y,
                               VGRAD_FLOAT32, 1, NULL));
    CHECK(vgrad_network_create(&c->network, NULL));
    vgrad_layer *h = vgrad_input(c->network, work->widths[0]);
    for (int l = 1; l < work->layers; l++)
        h = vgrad_dense(h, work->widths[l], work->relu ? VGRAD_RELU : VGRAD_SIGMOID);
    h = vgrad_dense(h, classes, classes == 1 ? VGRAD_SIGMOID : VGRAD_SOFTMAX);
    CHECK(vgrad_network_build(c->network, h));
    CHECK(vgrad_optimizer_create(&c->sgd, c->network, VGRAD_SGD, 0.01));
    CHECK(vgrad_trainer_create(
        &c->run, c->network,
        classes == 1 ? VGRAD_LOSS_BINARY_CROSSENTROPY : VGRAD_LOSS_CROSSENTROPY, c->sgd));
    CHECK(vgrad_trainer_set(c->run, VGRAD_TRAINER_BATCH_SIZE, work->batch));
    if (v == GRADIENTS_READ)
        CHECK(vgrad_trainer_on(c->run, VGRAD_GRADIENTS_READY, 1, read_gradients, &sum));
    if (v >= PROBE_PARAMETER_GRADIENTS)
        watch(c, v);
}

static void finish(contender *c)
{
    if (c->hand)
        by_hand_destroy(c->hand);
    vgrad_probe_destroy(c->probe);
    vgrad_trainer_destroy(c->run);
    vgrad_optimizer_destroy(c->sgd);
    vgrad_network_destroy(c->network);
    vgrad_dataset_destroy(c->data);
}

static void run_epoch(contender *c)
{
    double began = now();
    if (c->hand)
        by_hand_epoch(c->hand);
    else
        CHECK(vgrad_trainer_fit(c->run, c->data, ++c->epochs));
    double took = now() - began;
    c->best = took < c->best ? took : c->best;
}

static void measure(const workload *work)
{
    size_t width = (size_t)work->widths[0], rows = (size_t)work->rows;
    int classes = work->widths[work->layers];
    float *x = malloc(rows * width * sizeof *x), *y = malloc(rows * sizeof *y);
    for (size_t i = 0; i < rows * width; i++)
        x[i] = (float)rand() / (float)RAND_MAX;
    for (size_t i = 0; i < rows; i++)
        y[i] = (float)(rand() % (classes == 1 ? 2 : classes));
    contender contenders[VARIANTS] = { 0 };
    for (int v = 0; v < VARIANTS; v++) {
        prepare(&contenders[v], work, (variant)v, x, y);
        contenders[v].best = INFINITY;
    }
    for (double began = now(); now() - began < seconds_for_each * VARIANTS;)
        for (int v = 0; v < VARIANTS; v++)
            run_epoch(&contenders[v]);
    int steps = (work->rows + work->batch - 1) / work->batch;
    for (int v = 0; v < VARIANTS; v++) {
        const double more = contenders[v].best - contenders[PLAIN].best;
        const double elements = elements_of(contenders[v].probe);
        printf("%-7s %-25s %.6f %.0f %.1f", work->name, variant_names[v], contenders[v].best,
               steps / contenders[v].best, 100 * more / contenders[PLAIN].best);
        if (elements > 0 && v != PROBE_BUDGET_10TH)
            printf(" %.2f", 1e9 * more / steps / elements);
        putchar('\n');
    }
    for (int v = 0; v < VARIANTS; v++) {
        finish(&contenders[v]);
    }
    free(x);
    free(y);
}

int main(void)
{
    fprintf(stderr, "%s\n", vgrad_build_info());
    printf(
        "workload variant seconds_per_epoch steps_per_second percent_over_plain ns_per_element\n");
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        measure(&workloads[i]);
    return 0;
}
