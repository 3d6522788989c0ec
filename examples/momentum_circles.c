/* Two circles that lie close together, five hidden layers, SGD with momentum: tanh with all weights
   from U(0, 1) hardly learns, ReLU with He's initializer does.

   After "How to Fix the Vanishing Gradients Problem Using the ReLU", machinelearningmastery.com
   (Jason Brownlee, January 2019), and an article of 2022 that repeats it with changes: 1000 points,
   scaled to [-1, 1] by all of them (the test half too: a leak, kept as it is), the first half for
   training and the second for testing; rate 0.01, momentum 0.9, batches of 32, 500 epochs. */
/* SPDX-License-Identifier: MIT */
#include "momentum_circles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/interrupt.h"
#include "support/options.h"
#include "support/plot.h"
#include "support/record.h"

enum { ROWS = 1000, BATCH_SIZE = 32, UNITS = 5, EARLY = 50, LATE = 100, MAX_RUNS = 16 };

const int64_t momentum_noted[MOMENTUM_NOTED] = { 50, 100, 200, 300, 400, 500 };

static const momentum_plan plans[] = {
    { "tanh", VGRAD_TANH, 5, VGRAD_INIT_UNIFORM, VGRAD_INIT_UNIFORM, 1 },
    { "relu", VGRAD_RELU, 5, VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_UNIFORM, 1 },
    { "relu_glorot_output", VGRAD_RELU, 5, VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_GLOROT_UNIFORM, 1 },
    { "tanh_glorot", VGRAD_TANH, 5, VGRAD_INIT_GLOROT_UNIFORM, VGRAD_INIT_GLOROT_UNIFORM, 1 },
    { "tanh_double_output", VGRAD_TANH, 5, VGRAD_INIT_UNIFORM, VGRAD_INIT_UNIFORM, 2 },
};

/* With --depth: how few layers tanh needs to learn, and how many ReLU bears. */
static const momentum_plan depth_plans[] = {
    { "tanh_1_hidden", VGRAD_TANH, 1, VGRAD_INIT_UNIFORM, VGRAD_INIT_UNIFORM, 1 },
    { "relu_10_hidden", VGRAD_RELU, 10, VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_GLOROT_UNIFORM, 1 },
    { "relu_15_hidden", VGRAD_RELU, 15, VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_GLOROT_UNIFORM, 1 },
    { "relu_20_hidden", VGRAD_RELU, 20, VGRAD_INIT_HE_UNIFORM, VGRAD_INIT_GLOROT_UNIFORM, 1 },
};

typedef struct settings {
    common_options common;
    const char *run, *data;
    bool depth;
    int64_t record;
} settings;

typedef struct halves {
    vgrad_dataset *train, *test;
} halves;

/* What callbacks need of a training. */
typedef struct watcher {
    momentum_run *run;
    FILE *accuracies;
} watcher;

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        { "run", "tanh|relu|relu_glorot_output|tanh_glorot|tanh_double_output|all",
          "which network to train", .text = &s->run },
        { "data", "FILE", "points as x1,x2,label; or \"fresh\": new ones, drawn from the seed",
          .text = &s->data },
        { "depth", NULL, "train one hidden layer of tanh, and 10, 15 and 20 of ReLU, too",
          .on = &s->depth },
        record_option(&s->record),
    };
    return options_read(&s->common, own, sizeof own / sizeof *own,
                        "Trains deep networks on two circles by SGD with momentum.\nIt writes "
                        "summary.json, history.csv, tables and pictures.",
                        argc, argv);
}

/* Both halves are scaled by what all points span, as in the source. */
static halves load_points(const settings *s)
{
    vgrad_dataset *all;
    halves h;
    if (strcmp(s->data, "fresh") == 0)
        check(vgrad_dataset_circles(&all, ROWS, 0.8, 0.1, (uint64_t)s->common.seed, NULL));
    else
        check(vgrad_dataset_csv(&all, s->data, "-1", NULL));
    check(vgrad_dataset_scale_min_max(all, -1, 1));
    const int64_t rows = vgrad_dataset_rows(all), half = rows / 2;
    check(vgrad_dataset_slice(&h.train, all, 0, half));
    check(vgrad_dataset_slice(&h.test, all, half, rows - half));
    vgrad_dataset_destroy(all);
    return h;
}

static vgrad_layer *add_dense(vgrad_layer *before, int64_t units, vgrad_activation activation,
                              vgrad_initializer kernel, const char *name)
{
    vgrad_layer *layer = vgrad_dense(before, units, activation);
    vgrad_layer_set_initializer(layer, VGRAD_KERNEL, kernel, kernel == VGRAD_INIT_UNIFORM ? 0 : 1,
                                kernel == VGRAD_INIT_UNIFORM);
    vgrad_layer_set_name(layer, name);
    return layer;
}

static vgrad_network *make_network(const momentum_plan *plan, int64_t seed)
{
    vgrad_network *network;
    char name[CAPTURE_NAME_SIZE];
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, (uint64_t)seed));
    vgrad_layer *layer = vgrad_input(network, 2);
    for (int i = 1; i <= plan->hidden_layers; i++) {
        snprintf(name, sizeof name, "hidden%d", i);
        layer = add_dense(layer, UNITS, plan->activation, plan->hidden, name);
    }
    for (int i = 1; i <= plan->outputs; i++) {
        snprintf(name, sizeof name, i == 1 ? "output" : "output%d", i);
        layer = add_dense(layer, 1, VGRAD_SIGMOID, plan->output, name);
    }
    check(vgrad_network_build(network, layer));
    return network;
}

static int32_t on_gradients(const vgrad_event *e, void *user)
{
    watcher *w = user;
    if (e->batch == 0)
        capture_add(&w->run->gradients, e->network, (capture_look){ e->step, e->epoch, e->loss });
    return 0;
}

static int32_t on_epoch(const vgrad_event *e, void *user)
{
    watcher *w = user;
    momentum_run *run = w->run;
    const int64_t over = e->epoch + 1;
    const vgrad_tensor *kernel = vgrad_network_tensor(e->network, VGRAD_KERNEL, 0);
    run->epochs = over;
    fprintf(w->accuracies, "%s,%d,%.6g,%.6g\n", run->plan->name, (int)over, e->accuracy,
            e->validation_accuracy);
    for (int i = 0; i < MOMENTUM_NOTED; i++)
        if (momentum_noted[i] == over)
            run->noted[i] = e->validation_accuracy;
    if (over == EARLY)
        check(vgrad_tensor_copy(kernel, run->early, VGRAD_FLOAT64, MOMENTUM_WEIGHTS));
    if (over == LATE)
        check(vgrad_tensor_copy(kernel, run->late, VGRAD_FLOAT64, MOMENTUM_WEIGHTS));
    return 0;
}

static void train(momentum_run *run, const halves *data, FILE *accuracies, const settings *s)
{
    vgrad_network *network = make_network(run->plan, s->common.seed);
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    watcher w = { run, accuracies };
    run_records records = { .recorder = NULL };
    check(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.01));
    check(vgrad_optimizer_set(sgd, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_BINARY_CROSSENTROPY, sgd));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH_SIZE));
    check(vgrad_trainer_set_validation(trainer, data->test));
    check(vgrad_trainer_on(trainer, VGRAD_GRADIENTS_READY, 1, on_gradients, &w));
    check(vgrad_trainer_on(trainer, VGRAD_EPOCH_END, 1, on_epoch, &w));
    interrupt_stops(trainer);
    record_training(&records, s->common.out, run->plan->name, s->record, network, trainer);
    check(vgrad_trainer_fit(trainer, data->train, s->common.epochs));
    check(vgrad_trainer_evaluate(trainer, data->train, NULL, &run->train_accuracy));
    check(vgrad_trainer_evaluate(trainer, data->test, NULL, &run->test_accuracy));
    record_close(&records);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
}

static void start_run(momentum_run *run, const momentum_plan *plan)
{
    *run = (momentum_run){ .plan = plan, .gradients = { .role = VGRAD_KERNEL_GRADIENT } };
    for (int i = 0; i < MOMENTUM_NOTED; i++)
        run->noted[i] = (double)NAN;
    for (int i = 0; i < MOMENTUM_WEIGHTS; i++)
        run->early[i] = run->late[i] = (double)NAN;
}

static int plan_runs(momentum_run *runs, const settings *s)
{
    int count = 0;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (strcmp(s->run, "all") == 0 || strcmp(s->run, plans[i].name) == 0)
            start_run(&runs[count++], &plans[i]);
    for (size_t i = 0; i < sizeof depth_plans / sizeof *depth_plans && s->depth; i++)
        start_run(&runs[count++], &depth_plans[i]);
    return count;
}

/* Trains everything and writes it down; false if that failed. After an interrupt `*count` is what
   was begun. */
static bool run_all(const settings *s, const halves *data, momentum_run *runs, int *count)
{
    momentum_files files;
    if (!momentum_open(&files, s->common.out))
        return false;
    interrupt_listen();
    for (int i = 0; i < *count; i++) {
        if (!s->common.quiet)
            fprintf(stderr, "Training %s (%d of %d)\n", runs[i].plan->name, i + 1, *count);
        train(&runs[i], data, files.accuracies, s);
        momentum_write(&files, &runs[i], s->common.seed);
        if (!s->common.quiet)
            momentum_print(&runs[i]);
        if (interrupted())
            *count = i + 1;
    }
    return results_close(files.results);
}

int main(int argc, char **argv)
{
    static momentum_run runs[MAX_RUNS];
    settings s = { .common = { .seed = 1, .epochs = 500, .out = "results/momentum_circles" },
                   .run = "all",
                   .data = EXAMPLE_DATA "/momentum_circles.csv" };
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    const halves data = load_points(&s);
    int count = plan_runs(runs, &s);
    bool good = run_all(&s, &data, runs, &count) &&
                momentum_draw(s.common.out, runs, count, !s.common.no_plots, s.common.quiet);
    vgrad_dataset_destroy(data.train);
    vgrad_dataset_destroy(data.test);
    for (int i = 0; i < count; i++)
        capture_release(&runs[i].gradients);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
