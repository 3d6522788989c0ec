/*
 * What each thing costs that can be seen of a training step, one thread, and what a hand-written
 * loop over cblas takes for the same step:
 *     workload subject ns_per_step percent_over_plain ns_per_element
 * The last is for each element whose moments the probe takes. Every turn of a subject comes just
 * after one of a plain run, in CPU time, and the median of their ratios is told, so that what else
 * the machine does falls on both. It judges nothing.
 *     bench_train [workload [subject]]
 * measures that alone.
 */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vgrad/vgrad.h>

#include "by_hand.h"

#define CHECK(call) ((call) < 0 ? (fprintf(stderr, "%s\n", vgrad_last_error()), exit(1)) : (void)0)

static const workload workloads[] = {
    { "mlp30", 3, { 784, 30, 30, 10 }, 0, 1000, 10 },
    { "mlp512", 3, { 784, 512, 512, 10 }, 1, 1280, 128 },
    { "deep5", 5, { 2, 5, 5, 5, 5, 1 }, 0, 1000, 32 },
};

/* Who makes the steps. */
typedef enum maker {
    BY_HAND,  /* a plain loop over cblas */
    TRAINER,  /* vgrad_trainer_fit() */
    CALLBACK, /* the same, with a callback that takes the L2 norm of each gradient of a parameter */
    PROBED,   /* the same, with a probe */
    RECORDED  /* the same, with a probe and a recorder that writes all forms */
} maker;

enum { ROLES_MAX = 8, TURNS_MAX = 1000, MOMENTS_ALONE = -2 };

/* What is measured. A probe looks at `count` roles, at all of them if that is -1 (MOMENTS_ALONE:
   and makes nothing else of them), and has an option set, unless it is 0. */
typedef struct subject {
    const char *name;
    maker maker;
    int count;
    vgrad_role roles[ROLES_MAX];
    int option;
    double value;
} subject;

static const subject plain = { .name = "plain", .maker = TRAINER };
static const subject subjects[] = {
    { .name = "by_hand", .maker = BY_HAND },
    { .name = "plain_again", .maker = TRAINER }, /* how far two measurements of one thing differ */
    { .name = "gradients_read", .maker = CALLBACK },
    /* One thing each. */
    { "nothing", PROBED, 0, { VGRAD_KERNEL }, 0, 0 },
    { "kernel_gradients", PROBED, 1, { VGRAD_KERNEL_GRADIENT }, 0, 0 },
    { "bias_gradients", PROBED, 1, { VGRAD_BIAS_GRADIENT }, 0, 0 },
    { "kernels", PROBED, 1, { VGRAD_KERNEL }, 0, 0 },
    { "biases", PROBED, 1, { VGRAD_BIAS }, 0, 0 },
    { "kernel_updates_and_lost", PROBED, 1, { VGRAD_KERNEL_UPDATE }, 0, 0 },
    { "bias_updates", PROBED, 1, { VGRAD_BIAS_UPDATE }, 0, 0 },
    { "delta", PROBED, 1, { VGRAD_DELTA }, 0, 0 },
    { "activation_gradients", PROBED, 1, { VGRAD_ACTIVATION_GRADIENT }, 0, 0 },
    { "preactivations", PROBED, 1, { VGRAD_PREACTIVATION }, 0, 0 },
    { "activations", PROBED, 1, { VGRAD_ACTIVATION }, 0, 0 },
    { "histograms", PROBED, 1, { VGRAD_KERNEL_GRADIENT }, VGRAD_PROBE_HISTOGRAM_EVERY, 1 },
    { "units", PROBED, 1, { VGRAD_KERNEL_GRADIENT }, VGRAD_PROBE_UNITS_EVERY, 1 },
    { "long_history", PROBED, 1, { VGRAD_KERNEL_GRADIENT }, VGRAD_PROBE_HISTORY, 1 << 16 },
    /* What is made of several. */
    { "derivatives", PROBED, 2, { VGRAD_DELTA, VGRAD_ACTIVATION }, 0, 0 },
    { "samples", PROBED, 3, { VGRAD_DELTA, VGRAD_INPUT, VGRAD_KERNEL_GRADIENT }, 0, 0 },
    { "budget",
      PROBED,
      4,
      { VGRAD_DELTA, VGRAD_ACTIVATION_GRADIENT, VGRAD_ACTIVATION, VGRAD_KERNEL },
      0,
      0 },
    { "findings", /* judged at every step */
      PROBED,
      5,
      { VGRAD_DELTA, VGRAD_ACTIVATION_GRADIENT, VGRAD_ACTIVATION, VGRAD_KERNEL,
        VGRAD_KERNEL_UPDATE },
      VGRAD_PROBE_WINDOW,
      1 },
    { "parameter_gradients", PROBED, 2, { VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT }, 0, 0 },
    { "all", PROBED, -1, { VGRAD_KERNEL }, 0, 0 },
    { "all_10th", PROBED, -1, { VGRAD_KERNEL }, VGRAD_PROBE_EVERY, 10 },
    { "recorded_10th", RECORDED, -1, { VGRAD_KERNEL }, VGRAD_PROBE_EVERY, 10 },
    { "moments_10th", PROBED, MOMENTS_ALONE, { VGRAD_KERNEL }, VGRAD_PROBE_EVERY, 10 },
    { "moments_recorded_10th", RECORDED, MOMENTS_ALONE, { VGRAD_KERNEL }, VGRAD_PROBE_EVERY, 10 },
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };
static const double seconds_of_turn = 0.01, seconds_for_each = 0.8;

/* One subject at one workload, ready for another turn. */
typedef struct contender {
    by_hand *hand;
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *run;
    vgrad_probe *probe;
    vgrad_recorder *recorder;
    char folder[32]; /* its files */
    int64_t epochs;
    double ratios[TURNS_MAX];
} contender;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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

static void watch(contender *c, const subject *what)
{
    CHECK(vgrad_probe_create(&c->probe, NULL));
    if (what->count >= 0)
        CHECK(vgrad_probe_watch_none(c->probe));
    for (int i = 0; i < what->count; i++)
        CHECK(vgrad_probe_watch(c->probe, what->roles[i], 1));
    if (what->option)
        CHECK(vgrad_probe_set(c->probe, (vgrad_probe_option)what->option, what->value));
    if (what->count == MOMENTS_ALONE)
        CHECK(vgrad_probe_set(c->probe, VGRAD_PROBE_BUDGET_EVERY, INT32_MAX));
    CHECK(vgrad_probe_attach(c->probe, c->network));
}

/* What the probe and the trainer tell at every tenth step, in every form. */
static void record(contender *c)
{
    char path[64];
    strcpy(c->folder, "/tmp/vgrad-bench-XXXXXX");
    if (!mkdtemp(c->folder)) {
        perror(c->folder);
        exit(1);
    }
    CHECK(vgrad_recorder_create(&c->recorder, "bench", NULL));
    CHECK(vgrad_recorder_set(c->recorder, VGRAD_RECORDER_EVERY, 10));
    snprintf(path, sizeof path, "%s/run.csv", c->folder);
    CHECK(vgrad_recorder_add(c->recorder, VGRAD_SINK_CSV, path));
    snprintf(path, sizeof path, "%s/run.jsonl", c->folder);
    CHECK(vgrad_recorder_add(c->recorder, VGRAD_SINK_JSONL, path));
    const vgrad_status status = vgrad_recorder_add(c->recorder, VGRAD_SINK_TENSORBOARD, c->folder);
    if (status != VGRAD_E_UNSUPPORTED)
        CHECK(status);
    CHECK(vgrad_recorder_probe(c->recorder, c->probe));
    CHECK(vgrad_recorder_trainer(c->recorder, c->run));
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
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

static void prepare(contender *c, const workload *work, const subject *what, const float *x,
                    const float *y)
{
    static double sum;
    int classes = work->widths[work->layers];
    if (what->maker == BY_HAND) {
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
    if (what->maker == CALLBACK)
        CHECK(vgrad_trainer_on(c->run, VGRAD_GRADIENTS_READY, 1, read_gradients, &sum));
    if (what->maker == PROBED || what->maker == RECORDED)
        watch(c, what);
    if (what->maker == RECORDED)
        record(c);
}

static void finish(contender *c)
{
    if (c->hand)
        by_hand_destroy(c->hand);
    if (c->recorder) {
        CHECK(vgrad_recorder_flush(c->recorder));
        vgrad_recorder_destroy(c->recorder);
        nftw(c->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
    }
    vgrad_probe_destroy(c->probe);
    vgrad_trainer_destroy(c->run);
    vgrad_optimizer_destroy(c->sgd);
    vgrad_network_destroy(c->network);
    vgrad_dataset_destroy(c->data);
}

/* Seconds that so many epochs take. */
static double run(contender *c, int64_t epochs)
{
    double began = now();
    if (c->hand)
        for (int64_t i = 0; i < epochs; i++)
            by_hand_epoch(c->hand);
    else
        CHECK(vgrad_trainer_fit(c->run, c->data, c->epochs += epochs));
    return now() - began;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static void make_data(const workload *work, float *x, float *y)
{
    int classes = work->widths[work->layers];
    for (int i = 0; i < work->rows * work->widths[0]; i++)
        x[i] = (float)rand() / (float)RAND_MAX;
    for (int i = 0; i < work->rows; i++)
        y[i] = (float)(rand() % (classes == 1 ? 2 : classes));
}

static void print(const workload *work, const char *name, double step, double ratio,
                  double elements)
{
    printf("%-7s %-23s %9.0f %6.1f", work->name, name, 1e9 * step * ratio, 100 * (ratio - 1));
    if (elements > 0)
        printf(" %6.2f", 1e9 * step * (ratio - 1) / elements);
    putchar('\n');
}

/* NULL fits all. */
static bool is_wanted(const char *name, const char *wanted)
{
    return !wanted || strcmp(name, wanted) == 0;
}

static void measure(const workload *work, const char *wanted)
{
    static contender base, contenders[SUBJECTS];
    static double times[TURNS_MAX * SUBJECTS];
    const subject *what[SUBJECTS];
    float *x = malloc((size_t)(work->rows * work->widths[0]) * sizeof *x);
    float *y = malloc((size_t)work->rows * sizeof *y);
    int turns = 0, count = 0;
    make_data(work, x, y);
    base = (contender){ .hand = NULL };
    prepare(&base, work, &plain, x, y);
    for (int i = 0; i < SUBJECTS; i++) {
        if (!is_wanted(subjects[i].name, wanted))
            continue;
        what[count] = &subjects[i];
        contenders[count] = (contender){ .hand = NULL };
        prepare(&contenders[count], work, &subjects[i], x, y);
        run(&contenders[count++], 1);
    }
    run(&base, 1);
    const int64_t epochs = 1 + (int64_t)(seconds_of_turn / run(&base, 1));
    for (double began = now(); turns < TURNS_MAX && now() - began < seconds_for_each * count;
         turns++)
        for (int i = 0; i < count; i++) {
            const double without = run(&base, epochs);
            times[turns * count + i] = without;
            contenders[i].ratios[turns] = run(&contenders[i], epochs) / without;
        }
    const int steps = (work->rows + work->batch - 1) / work->batch;
    const double step = median(times, turns * count) / (double)epochs / steps;
    print(work, plain.name, step, 1, 0);
    for (int i = 0; i < count; i++) {
        const bool rare = what[i]->option == VGRAD_PROBE_EVERY;
        print(work, what[i]->name, step, median(contenders[i].ratios, turns),
              rare ? 0 : elements_of(contenders[i].probe));
        finish(&contenders[i]);
    }
    finish(&base);
    free(x);
    free(y);
}

int main(int argc, char **argv)
{
    const char *workload_name = argc > 1 ? argv[1] : NULL, *name = argc > 2 ? argv[2] : NULL;
    fprintf(stderr, "%s\n", vgrad_build_info());
    printf("workload subject ns_per_step percent_over_plain ns_per_element\n");
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (is_wanted(workloads[i].name, workload_name))
            measure(&workloads[i], name);
    return 0;
}
