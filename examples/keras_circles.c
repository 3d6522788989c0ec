/* The vanishing gradient on two circles: one network of four hidden layers with sigmoid, tanh or
   ReLU units, trained by fit and by a loop of one's own, with the gradient of every layer recorded.

   After "Visualizing the vanishing gradient problem", machinelearningmastery.com (Adrian Tam,
   November 2021), whose settings it has: 1000 points, kernels from N(0, 1), RMSprop at 0.001,
   binary cross-entropy, batches of 32, 100 epochs; measured on the points that it was trained on.
 */
/* SPDX-License-Identifier: MIT */
#include "keras_circles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/interrupt.h"
#include "support/options.h"
#include "support/plot.h"
#include "support/record.h"
#include "support/results.h"

/* The published experiment has one data set, so every seed trains on the same points. */
enum { ROWS = 1000, DATA_SEED = 42, BATCH_SIZE = 32, UNITS = 5, MAX_RUNS = 12, MAX_LAYERS = 5 };

typedef struct settings {
    common_options common;
    const char *activation, *loop, *init;
    bool shallow;
    int64_t record;
} settings;

/* The article's smaller networks, with Keras's own defaults. */
static const circles_plan shallow_plans[] = {
    { "relu-2-5-1", VGRAD_RELU, 1, VGRAD_INIT_GLOROT_UNIFORM, VGRAD_ADAM },
    { "sigmoid-2-5-1", VGRAD_SIGMOID, 1, VGRAD_INIT_GLOROT_UNIFORM, VGRAD_ADAM },
    { "sigmoid-2-5-5-5-1", VGRAD_SIGMOID, 3, VGRAD_INIT_GLOROT_UNIFORM, VGRAD_ADAM },
};

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        { "activation", "sigmoid|tanh|relu|all", "f of the hidden layers", .text = &s->activation },
        { "loop", "fit|manual|both", "who makes the steps", .text = &s->loop },
        { "init", "normal|glorot_uniform|he_uniform", "how the kernels start", .text = &s->init },
        { "shallow", NULL, "train the article's three shallow nets too", .on = &s->shallow },
        record_option(&s->record),
    };
    return options_read(
        &s->common, own, sizeof own / sizeof *own,
        "Trains 2-5-5-5-5-1 networks on two circles and records every layer's "
        "gradient.\nThe points are the same for every seed. It writes summary.json, "
        "history.csv and pictures.",
        argc, argv);
}

static vgrad_initializer initializer_of(const char *word)
{
    if (strcmp(word, "glorot_uniform") == 0)
        return VGRAD_INIT_GLOROT_UNIFORM;
    return strcmp(word, "he_uniform") == 0 ? VGRAD_INIT_HE_UNIFORM : VGRAD_INIT_NORMAL;
}

static vgrad_network *make_network(const circles_plan *plan, int64_t seed)
{
    vgrad_network *network;
    char name[CAPTURE_NAME_SIZE];
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, (uint64_t)seed));
    if (plan->initializer == VGRAD_INIT_NORMAL)
        check(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_NORMAL, 0, 1));
    else
        check(vgrad_network_set_initializer(network, VGRAD_KERNEL, plan->initializer, 1, 0));
    vgrad_layer *layer = vgrad_input(network, 2);
    for (int i = 1; i <= plan->hidden_layers; i++) {
        layer = vgrad_dense(layer, UNITS, plan->activation);
        snprintf(name, sizeof name, "hidden%d", i);
        vgrad_layer_set_name(layer, name);
    }
    layer = vgrad_dense(layer, 1, VGRAD_SIGMOID);
    vgrad_layer_set_name(layer, "output");
    check(vgrad_network_build(network, layer));
    return network;
}

/* At TRAIN_BEGIN and EPOCH_END, in either loop. */
static int32_t capture_weights(const vgrad_event *e, void *user)
{
    circles_run *run = user;
    int64_t epochs_over = e->kind == VGRAD_EPOCH_END ? e->epoch + 1 : e->epoch;
    capture_add(&run->weights, e->network, (capture_look){ e->step, epochs_over, (double)NAN });
    return 0;
}

/* Records the gradients if this batch is one of those that the article looks at. */
static void see_gradients(circles_run *run, const vgrad_network *network, capture_look when,
                          bool first_of_epoch, bool very_last)
{
    if (first_of_epoch) {
        capture_add(&run->gradients, network, when);
        run->epochs_seen++;
    }
    if (very_last) {
        when.epoch++;
        capture_add(&run->gradients, network, when);
    }
}

static int32_t on_gradients(const vgrad_event *e, void *user)
{
    see_gradients(user, e->network, (capture_look){ e->step, e->epoch, e->loss }, e->batch == 0,
                  e->epoch == e->epochs - 1 && e->batch == e->batches - 1);
    return 0;
}

static void train_by_hand(circles_run *run, vgrad_trainer *trainer, vgrad_network *network,
                          vgrad_dataset *data, int64_t epochs)
{
    const vgrad_tensor *x, *y;
    vgrad_status status;
    while ((status = vgrad_trainer_next(trainer, data, epochs, &x, &y)) == VGRAD_OK) {
        int64_t epoch = vgrad_trainer_epoch(trainer), batch = vgrad_trainer_batch(trainer);
        capture_look when = { vgrad_trainer_steps(trainer), epoch, (double)NAN };
        vgrad_trainer_forward(trainer, x);
        vgrad_trainer_loss(trainer, y, &when.loss);
        vgrad_trainer_backward(trainer);
        see_gradients(run, network, when, batch == 0,
                      epoch == epochs - 1 && batch == vgrad_trainer_batches(trainer) - 1);
        vgrad_trainer_step(trainer);
    }
    check(status);
}

static void train(circles_run *run, vgrad_dataset *data, const settings *s)
{
    vgrad_network *network = make_network(&run->plan, s->common.seed);
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    run_records records = { .recorder = NULL };
    check(vgrad_optimizer_create(&optimizer, network, run->plan.optimizer, 0.001));
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_BINARY_CROSSENTROPY, optimizer));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH_SIZE));
    check(vgrad_trainer_on(trainer, VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_END, 1, capture_weights, run));
    interrupt_stops(trainer);
    record_training(&records, s->common.out, run->name, s->record, network, trainer);
    if (run->by_hand) {
        train_by_hand(run, trainer, network, data, s->common.epochs);
    } else {
        check(vgrad_trainer_on(trainer, VGRAD_GRADIENTS_READY, 1, on_gradients, run));
        check(vgrad_trainer_fit(trainer, data, s->common.epochs));
    }
    check(vgrad_trainer_evaluate(trainer, data, &run->loss, &run->accuracy));
    record_close(&records);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(optimizer);
    vgrad_network_destroy(network);
}

double circles_first_ratio(const circles_run *run, vgrad_quantity quantity)
{
    return capture_value(&run->gradients, 0, run->gradients.layers - 1, quantity) /
           capture_value(&run->gradients, 0, 0, quantity);
}

double circles_mean_ratio(const circles_run *run, vgrad_quantity quantity)
{
    const capture *g = &run->gradients;
    return capture_mean(g, run->epochs_seen, g->layers - 1, quantity) /
           capture_mean(g, run->epochs_seen, 0, quantity);
}

bool circles_is_dead(const circles_run *run)
{
    double sum = 0;
    for (int32_t layer = 0; layer < run->gradients.layers; layer++)
        sum += capture_mean(&run->gradients, run->epochs_seen, layer, VGRAD_L2);
    return sum == 0;
}

/* Says in words what the ratio of the last layer's gradient to the first's means. */
static void print_ratio(double ratio, const char *when)
{
    if (isnan(ratio))
        printf(" not to be compared %s", when);
    else if (isinf(ratio))
        printf(" zero %s", when);
    else if (ratio <= 0)
        printf(" there, and the last layer's zero, %s", when);
    else
        printf(" %.1f decades (%.3g times) %s %s", fabs(log10(ratio)),
               ratio < 1 ? 1 / ratio : ratio, ratio < 1 ? "larger" : "smaller", when);
}

/* Whether two runs saw the same gradients, to the last bit. */
static bool same_gradients(const circles_run *a, const circles_run *b)
{
    size_t size = (size_t)a->gradients.count * (size_t)a->gradients.layers * CAPTURE_QUANTITIES;
    return a->gradients.count == b->gradients.count && a->gradients.layers == b->gradients.layers &&
           size && memcmp(a->gradients.values, b->gradients.values, size * sizeof(double)) == 0;
}

static void print_gradients(const circles_run *run)
{
    const capture *g = &run->gradients;
    printf("%-14s %-33s mean of first batches\n%-9s", "kernel", "first batch", "gradient");
    for (int i = 0; i < 2; i++)
        printf(" %11s%11s%11s", "mean", "std", "L2");
    for (int32_t layer = 0; layer < g->layers; layer++) {
        printf("\n%-9s", g->names[layer]);
        for (int q = 0; q < CAPTURE_QUANTITIES; q++)
            printf("%s%11.2e", q ? "" : " ", capture_value(g, 0, layer, capture_quantities[q]));
        for (int q = 0; q < CAPTURE_QUANTITIES; q++)
            printf("%s%11.2e", q ? "" : " ",
                   capture_mean(g, run->epochs_seen, layer, capture_quantities[q]));
    }
    if (circles_is_dead(run)) {
        puts("\nThe network is dead: no kernel ever has a gradient.");
        return;
    }
    printf("\n%-10s %21.3g%11.3g %22.3g%11.3g\n", "last/first", circles_first_ratio(run, VGRAD_STD),
           circles_first_ratio(run, VGRAD_L2), circles_mean_ratio(run, VGRAD_STD),
           circles_mean_ratio(run, VGRAD_L2));
    printf("Against the last layer's, the std of the first layer's gradient is");
    print_ratio(circles_first_ratio(run, VGRAD_STD), "at the first batch,");
    print_ratio(circles_mean_ratio(run, VGRAD_STD), "in the mean of first batches.\n");
}

/* `before`: the run before it, or NULL. */
static void print_run(const circles_run *run, const circles_run *before)
{
    printf("\n%s: loss %.4f, accuracy %.3f\n", run->name, run->loss, run->accuracy);
    if (run->gradients.count == 0)
        puts("It saw no batch, so there is no gradient.");
    else if (before && same_gradients(run, before))
        printf("Every gradient is that of %s, to the last bit.\n", before->name);
    else
        print_gradients(run);
}

/* One figure of every layer, at a look; of the layers that the weights know, as a run of no epoch
   has no gradients. */
static void add_look(json_t *object, const char *key, const circles_run *run, const capture *c,
                     int32_t look, vgrad_quantity quantity)
{
    double values[MAX_LAYERS];
    for (int32_t layer = 0; layer < run->weights.layers; layer++)
        values[layer] = capture_value(c, look, layer, quantity);
    results_numbers(object, key, values, run->weights.layers);
}

/* One figure of every layer's gradient, averaged over the first batches of the epochs. */
static void add_mean(json_t *object, const char *key, const circles_run *run,
                     vgrad_quantity quantity)
{
    double values[MAX_LAYERS];
    for (int32_t layer = 0; layer < run->weights.layers; layer++)
        values[layer] = capture_mean(&run->gradients, run->epochs_seen, layer, quantity);
    results_numbers(object, key, values, run->weights.layers);
}

static void write_run(results *r, const circles_run *run, int64_t seed)
{
    json_t *object = results_add_run(r);
    results_text(object, "name", run->name);
    results_text(object, "loop", run->by_hand ? "manual" : "fit");
    results_text(object, "activation", vgrad_activation_name(run->plan.activation));
    json_object_set_new(object, "seed", json_integer(seed));
    results_number(object, "loss", run->loss);
    results_number(object, "accuracy", run->accuracy);
    results_names(object, "layers", &run->weights);
    add_look(object, "gradient_l2_first", run, &run->gradients, 0, VGRAD_L2);
    add_mean(object, "gradient_l2_mean", run, VGRAD_L2);
    add_mean(object, "gradient_std_mean", run, VGRAD_STD);
    add_look(object, "weight_std_first", run, &run->weights, 0, VGRAD_STD);
    add_look(object, "weight_std_last", run, &run->weights, run->weights.count - 1, VGRAD_STD);
    results_history(r, run->name, &run->weights);
    results_history(r, run->name, &run->gradients);
}

/* Adds the plan's runs, by fit and by hand as the settings say; returns how many there are then. */
static int add_runs(circles_run *runs, int count, const circles_plan *plan, const settings *s)
{
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        const char *loop = by_hand ? "manual" : "fit";
        if (strcmp(s->loop, "both") != 0 && strcmp(s->loop, loop) != 0)
            continue;
        circles_run *run = &runs[count++];
        *run = (circles_run){ .plan = *plan, .by_hand = by_hand };
        run->weights.role = VGRAD_KERNEL;
        run->gradients.role = VGRAD_KERNEL_GRADIENT;
        snprintf(run->name, sizeof run->name, "%s-%s", plan->name, loop);
    }
    return count;
}

static int plan_runs(circles_run *runs, const settings *s)
{
    static const vgrad_activation activations[] = { VGRAD_SIGMOID, VGRAD_TANH, VGRAD_RELU };
    int count = 0;
    for (int i = 0; i < 3; i++) {
        const char *name = vgrad_activation_name(activations[i]);
        circles_plan plan = { name, activations[i], 4, initializer_of(s->init), VGRAD_RMSPROP };
        if (strcmp(s->activation, "all") == 0 || strcmp(s->activation, name) == 0)
            count = add_runs(runs, count, &plan, s);
    }
    for (int i = 0; i < 3 && s->shallow; i++)
        count = add_runs(runs, count, &shallow_plans[i], s);
    return count;
}

/* Draws the pictures, or says why there are none, and names what to open; false if one failed. */
static bool draw(const settings *s, vgrad_dataset *data, const circles_run *runs, int count)
{
    const char *out = s->common.out;
    const bool plots = plot_begin(!s->common.no_plots, s->common.quiet);
    if (plots && !circles_draw(out, data, runs, count))
        return false;
    if (s->common.quiet)
        return true;
    puts("\nTo open:");
    if (plots)
        circles_print_pictures(out, runs, count);
    printf("  %s/summary.json\n  %s/history.csv\n", out, out);
    return true;
}

/* Trains everything and writes it down; false if that failed. After an interrupt `*count` is what
   was begun. */
static bool run_all(const settings *s, vgrad_dataset *data, circles_run *runs, int *count)
{
    results *r = results_open(s->common.out);
    if (!r)
        return false;
    interrupt_listen();
    for (int i = 0; i < *count; i++) {
        if (!s->common.quiet)
            fprintf(stderr, "Training %s (%d of %d)\n", runs[i].name, i + 1, *count);
        train(&runs[i], data, s);
        write_run(r, &runs[i], s->common.seed);
        if (!s->common.quiet)
            print_run(&runs[i], i ? &runs[i - 1] : NULL);
        if (interrupted())
            *count = i + 1;
    }
    return results_close(r);
}

int main(int argc, char **argv)
{
    static circles_run runs[MAX_RUNS];
    settings s = {
        .common = { .seed = 1, .epochs = 100, .out = "results/keras_circles" },
        .activation = "all",
        .loop = "both",
        .init = "normal",
    };
    vgrad_dataset *data;
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    check(vgrad_dataset_circles(&data, ROWS, 0.5, 0.1, DATA_SEED, NULL));
    int count = plan_runs(runs, &s);
    bool good = run_all(&s, data, runs, &count) && draw(&s, data, runs, count);
    vgrad_dataset_destroy(data);
    for (int i = 0; i < count; i++) {
        capture_release(&runs[i].weights);
        capture_release(&runs[i].gradients);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
