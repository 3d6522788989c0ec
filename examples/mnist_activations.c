/* Handwritten digits, read by five hidden layers of ten units: sigmoid, ReLU and leaky ReLU, and
   how much smaller the first layer's gradient is than the last one's.

   After "The vanishing gradient problem and ReLUs - a TensorFlow investigation",
   adventuresinml.com, and its program vanishing_gradient.py: 784-10-10-10-10-10-10 with logits,
   Glorot's initializer, Adam at 0.001 with epsilon-hat 1e-8, batches of 30 that go on from one
   epoch into the next, 2500 iterations; the first 5000 training images are left out. Every 200
   iterations the batch is looked at once more, after its update. */
/* SPDX-License-Identifier: MIT */
#include "mnist_activations.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/images.h"
#include "support/interrupt.h"
#include "support/options.h"
#include "support/plot.h"

enum { HELD_OUT = 5000, BATCH_SIZE = 30, UNITS = 10, HIDDEN_LAYERS = 5, RUNS = 3, LIST_SIZE = 64 };

typedef struct settings {
    common_options common;
    const char *mnist;
    int64_t every;
    bool small_alpha;
} settings;

/* A network with what trains it and what looks at it. */
typedef struct setup {
    vgrad_network *network;
    vgrad_optimizer *adam;
    vgrad_trainer *trainer, *again;
} setup;

/* What one training leaves beside its looks. */
typedef struct outcome {
    double test_accuracy;
    int64_t iterations;
} outcome;

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        images_option(&s->mnist),
        { "every", "N", "iterations from look to look, 1 or more", .number = &s->every },
        { "small-alpha", NULL,
          "leaky ReLU's slope below 0 is 0.01, as the article says, and not "
          "0.2, as its program has it",
          .on = &s->small_alpha },
    };
    int status = options_read(&s->common, own, sizeof own / sizeof *own,
                              "Trains deep, narrow networks on images of digits with three "
                              "activations and records every\nlayer's gradient. It writes "
                              "summary.json, history.csv, looks.csv, histograms.csv and pictures.",
                              argc, argv);
    if (status == OPTIONS_GO_ON && s->every < 1) {
        fprintf(stderr, "%s: --every takes 1 or more, got 0\n", argv[0]);
        return EXIT_USAGE;
    }
    return status;
}

static vgrad_network *make_network(vgrad_activation activation, const settings *s)
{
    vgrad_network *network;
    char name[CAPTURE_NAME_SIZE];
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, (uint64_t)s->common.seed));
    check(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_GLOROT_UNIFORM, 1, 0));
    vgrad_layer *layer = vgrad_input(network, IMAGES_PIXELS);
    for (int i = 1; i <= HIDDEN_LAYERS; i++) {
        layer = vgrad_dense(layer, UNITS, activation);
        if (activation == VGRAD_LEAKY_RELU)
            vgrad_layer_set(layer, VGRAD_LAYER_ALPHA, s->small_alpha ? 0.01 : 0.2);
        snprintf(name, sizeof name, "layer%d", i);
        vgrad_layer_set_name(layer, name);
    }
    layer = vgrad_dense(layer, IMAGES_CLASSES, VGRAD_LINEAR);
    vgrad_layer_set_name(layer, "layer6");
    check(vgrad_network_build(network, layer));
    return network;
}

static setup make_setup(vgrad_activation activation, const settings *s)
{
    setup u = { .network = make_network(activation, s) };
    const vgrad_loss loss = VGRAD_LOSS_CROSSENTROPY_LOGITS;
    check(vgrad_optimizer_create(&u.adam, u.network, VGRAD_ADAM, 0.001));
    check(vgrad_optimizer_set(u.adam, VGRAD_OPTIMIZER_EPSILON, 1e-8));
    check(vgrad_trainer_create(&u.trainer, u.network, loss, u.adam));
    check(vgrad_trainer_set(u.trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH_SIZE));
    check(vgrad_trainer_set(u.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    interrupt_stops(u.trainer);
    /* A second trainer looks, so that its passes are none of the training's. */
    check(vgrad_trainer_create(&u.again, u.network, loss, u.adam));
    return u;
}

static void release_setup(setup *u)
{
    vgrad_trainer_destroy(u->again);
    vgrad_trainer_destroy(u->trainer);
    vgrad_optimizer_destroy(u->adam);
    vgrad_network_destroy(u->network);
}

/* One iteration; VGRAD_DONE after the last, VGRAD_STOPPED after an interrupt. */
static vgrad_status iterate(setup *u, vgrad_dataset *data, const settings *s, looks *l)
{
    const vgrad_tensor *x, *y;
    const int64_t iteration = vgrad_trainer_steps(u->trainer);
    if (iteration == s->common.epochs)
        return VGRAD_DONE;
    vgrad_status status = check(vgrad_trainer_next(u->trainer, data, INT64_MAX, &x, &y));
    if (status != VGRAD_OK)
        return status;
    check(vgrad_trainer_forward(u->trainer, x));
    check(vgrad_trainer_loss(u->trainer, y, NULL));
    check(vgrad_trainer_backward(u->trainer));
    status = check(vgrad_trainer_step(u->trainer));
    if (status == VGRAD_OK && iteration % s->every == 0)
        looks_take(l, u->again, iteration, x, y);
    return status;
}

static outcome train(vgrad_activation activation, vgrad_dataset *data, vgrad_dataset *test,
                     const settings *s, looks *l)
{
    setup u = make_setup(activation, s);
    outcome o;
    looks_taken_by(l, u.again);
    while (iterate(&u, data, s, l) == VGRAD_OK)
        ;
    o.iterations = vgrad_trainer_steps(u.trainer);
    check(vgrad_trainer_evaluate(u.trainer, test, NULL, &o.test_accuracy));
    release_setup(&u);
    return o;
}

static void write_run(const looks *l, const outcome *o, const settings *s)
{
    json_t *run = results_add_run(l->files->results);
    results_text(run, "name", l->name);
    json_object_set_new(run, "seed", json_integer(s->common.seed));
    json_object_set_new(run, "updates", json_integer(o->iterations));
    results_number(run, "test_accuracy", o->test_accuracy);
    looks_write(l, run);
}

/* Trains all three and writes them down; false if that failed. `looked`: a list of those that were
   looked at, each with a space after it. */
static bool run_all(const settings *s, const images *data, char looked[LIST_SIZE])
{
    static const vgrad_activation activations[RUNS] = { VGRAD_SIGMOID, VGRAD_RELU,
                                                        VGRAD_LEAKY_RELU };
    vgrad_dataset *train_rows;
    look_files files;
    if (!looks_open(&files, s->common.out))
        return false;
    check(vgrad_dataset_slice(&train_rows, data->train, HELD_OUT,
                              vgrad_dataset_rows(data->train) - HELD_OUT));
    results_text(results_root(files.results), "data", data->kind);
    interrupt_listen();
    for (int i = 0; i < RUNS && !interrupted(); i++) {
        looks l = { .name = vgrad_activation_name(activations[i]),
                    .files = &files,
                    .gradients = { .role = VGRAD_KERNEL_GRADIENT } };
        looks_record(&l, s->common.out);
        if (!s->common.quiet)
            fprintf(stderr, "Training %s (%d of %d)\n", l.name, i + 1, RUNS);
        const outcome o = train(activations[i], train_rows, data->test, s, &l);
        write_run(&l, &o, s);
        if (!s->common.quiet) {
            printf("\n%s: test accuracy %.4f after %d iterations\n", l.name, o.test_accuracy,
                   (int)o.iterations);
            looks_print(&l);
        }
        if (l.count > 0)
            strcat(strcat(looked, l.name), " ");
        looks_release(&l);
    }
    vgrad_dataset_destroy(train_rows);
    return results_close(files.results);
}

/* Draws the pictures, or says why there are none, and names what to open; false if one failed. */
static bool draw(const settings *s, const char *looked)
{
    static const char *const pictures[] = { "mnist_activations_gradients",
                                            "mnist_activations_ratio", "mnist_activations_learning",
                                            "mnist_activations_histograms" };
    static const char *const tables[] = { "summary.json", "looks.csv", "histograms.csv",
                                          "history.csv" };
    const char *out = s->common.out;
    const bool plots = plot_begin(!s->common.no_plots && *looked, s->common.quiet);
    char definitions[LIST_SIZE + 16];
    snprintf(definitions, sizeof definitions, "runs = '%s'", looked);
    if (!s->common.quiet)
        puts("\nTo open:");
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures && plots; i++) {
        if (!plot_script(out, pictures[i], definitions))
            return false;
        if (!s->common.quiet)
            printf("  %s/%s.svg\n", out, pictures[i]);
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !s->common.quiet; i++)
        printf("  %s/%s\n", out, tables[i]);
    if (!s->common.quiet)
        printf("  %s/records, for tensorboard --logdir\n", out);
    return true;
}

int main(int argc, char **argv)
{
    settings s = { .common = { .seed = 1,
                               .epochs = 2500,
                               .counts = "iterations",
                               .out = "results/mnist_activations" },
                   .mnist = "",
                   .every = 200 };
    images data;
    char looked[LIST_SIZE] = "";
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    images_load(&data, s.mnist, s.common.quiet);
    bool good = run_all(&s, &data, looked) && draw(&s, looked);
    images_release(&data);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
