/* Handwritten digits, read by a network of sigmoid units, with the gradient of every layer: real
   MNIST where it is at hand, the library's own drawings elsewhere.

   After "Neural Networks and Deep Learning", chapter 3 (Michael Nielsen, 2015): 784-30-10 with a
   softmax layer, plain SGD at 0.5 in batches of 10. With --hidden-layers 4 the gradient of the
   first layer is small for some epochs, with 6 for good. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/capture.h"
#include "support/check.h"
#include "support/images.h"
#include "support/interrupt.h"
#include "support/options.h"
#include "support/plot.h"
#include "support/record.h"
#include "support/results.h"

enum { BATCH_SIZE = 10, SHEET_COLUMNS = 12, SHEET_ROWS = 6 };
static const double learning_rate = 0.5;

typedef struct settings {
    common_options common;
    const char *mnist;
    int64_t rows, units, hidden_layers, record;
} settings;

/* What one training leaves. */
typedef struct run {
    capture gradients; /* of the last batch of every epoch */
    vgrad_dataset *train, *test;
    double train_accuracy, test_accuracy;
    bool quiet;
} run;

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        images_option(&s->mnist),
        { "rows", "N", "images to train on, 10 or more; tested on as many", .number = &s->rows },
        { "units", "N", "of a hidden layer", .number = &s->units },
        { "hidden-layers", "N", "how deep", .number = &s->hidden_layers },
        record_option(&s->record),
    };
    return options_read(&s->common, own, sizeof own / sizeof *own,
                        "Trains a network of sigmoid units on images of digits and records every "
                        "layer's gradient.\nIt writes summary.json, history.csv and pictures.",
                        argc, argv);
}

static vgrad_network *make_network(const settings *s)
{
    vgrad_network *network;
    char name[CAPTURE_NAME_SIZE];
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, (uint64_t)s->common.seed));
    vgrad_layer *layer = vgrad_input(network, IMAGES_PIXELS);
    for (int64_t i = 1; i <= s->hidden_layers; i++) {
        layer = vgrad_dense(layer, s->units, VGRAD_SIGMOID);
        snprintf(name, sizeof name, "hidden%d", (int)i);
        vgrad_layer_set_name(layer, name);
    }
    layer = vgrad_dense(layer, IMAGES_CLASSES, VGRAD_SOFTMAX);
    vgrad_layer_set_name(layer, "output");
    check(vgrad_network_build(network, layer));
    return network;
}

static int32_t on_batch(const vgrad_event *e, void *user)
{
    run *r = user;
    if (e->batch == e->batches - 1)
        capture_add(&r->gradients, e->network, (capture_look){ e->step, e->epoch + 1, e->loss });
    return 0;
}

static int32_t on_epoch(const vgrad_event *e, void *user)
{
    run *r = user;
    r->train_accuracy = e->accuracy;
    r->test_accuracy = e->validation_accuracy;
    if (!r->quiet)
        printf("Epoch %2d: training accuracy %.4f, test accuracy %.4f\n", (int)e->epoch + 1,
               e->accuracy, e->validation_accuracy);
    return 0;
}

static void train(run *r, const settings *s)
{
    vgrad_network *network = make_network(s);
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    run_records records = { .recorder = NULL };
    check(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, learning_rate));
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_CROSSENTROPY, sgd));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH_SIZE));
    check(vgrad_trainer_set_validation(trainer, r->test));
    check(vgrad_trainer_on(trainer, VGRAD_GRADIENTS_READY, 1, on_batch, r));
    check(vgrad_trainer_on(trainer, VGRAD_EPOCH_END, 1, on_epoch, r));
    interrupt_stops(trainer);
    record_training(&records, s->common.out, "sigmoid", s->record, network, trainer);
    check(vgrad_trainer_fit(trainer, r->train, s->common.epochs));
    record_close(&records);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
}

/* The first images of the training set, as one picture: a square for every pixel with ink. */
static bool draw_images(const char *directory, const vgrad_dataset *data)
{
    float image[IMAGES_PIXELS];
    FILE *gp = plot_open(directory, "digits", 800, 420);
    if (!gp)
        return false;
    fputs("$images << END\n", gp);
    for (int i = 0; i < SHEET_COLUMNS * SHEET_ROWS && i < vgrad_dataset_rows(data); i++) {
        check(vgrad_dataset_read(data, i, 1, image, NULL, VGRAD_FLOAT32));
        for (int p = 0; p < IMAGES_PIXELS; p++)
            if (image[p] > 0)
                fprintf(gp, "%d %d %.2f\n", i % SHEET_COLUMNS * IMAGES_SIDE + p % IMAGES_SIDE,
                        i / SHEET_COLUMNS * IMAGES_SIDE + p / IMAGES_SIDE, (double)image[p]);
    }
    fprintf(gp,
            "END\n"
            "unset border; unset tics; unset grid; unset key; unset colorbox\n"
            "set palette gray negative; set cbrange [0:1]; set style fill solid noborder\n"
            "set xrange [0:%d]; set yrange [%d:0]; set size ratio -1; set margins 0,0,0,0\n"
            "plot $images using ($1 + 0.5):($2 + 0.5):(0.52):(0.52):3 with boxxyerror fc palette\n",
            SHEET_COLUMNS * IMAGES_SIDE, SHEET_ROWS * IMAGES_SIDE);
    return plot_close(gp);
}

static bool draw_gradients(const char *directory, const capture *g)
{
    FILE *gp = plot_open(directory, "gradients", 800, 420);
    if (!gp)
        return false;
    plot_data(gp, "gradients", g);
    plot_layer_colors(gp, g->layers);
    fputs("set title 'L2 of every kernel''s gradient, at the last batch of each epoch'\n"
          "set xlabel 'epochs of training'; set logscale y; set format y '10^{%T}'\n"
          "set key outside right top\n",
          gp);
    fprintf(gp, "set xrange [0:%d]\n", (int)g->looks[g->count - 1].epoch);
    plot_log_range(gp, &g, 1, VGRAD_L2);
    plot_layers(gp, "gradients", g, VGRAD_L2);
    return plot_close(gp);
}

/* Draws the pictures, or says why there are none, and names what to open; false if one failed. */
static bool draw(const settings *s, const run *r)
{
    const char *out = s->common.out;
    const bool plots = plot_begin(!s->common.no_plots, s->common.quiet);
    if (plots && !(draw_images(out, r->train) &&
                   (r->gradients.count == 0 || draw_gradients(out, &r->gradients))))
        return false;
    if (s->common.quiet)
        return true;
    puts("\nTo open:");
    if (plots)
        printf("  %s/digits.svg\n", out);
    if (plots && r->gradients.count > 0)
        printf("  %s/gradients.svg\n", out);
    printf("  %s/summary.json\n  %s/history.csv\n", out, out);
    return true;
}

static bool write_down(results *files, const settings *s, const run *r, const char *kind)
{
    results_text(results_root(files), "data", kind);
    json_t *object = results_add_run(files);
    results_text(object, "name", "sigmoid");
    json_object_set_new(object, "seed", json_integer(s->common.seed));
    json_object_set_new(object, "epochs", json_integer(s->common.epochs));
    json_object_set_new(object, "rows", json_integer(vgrad_dataset_rows(r->train)));
    json_object_set_new(object, "units", json_integer(s->units));
    json_object_set_new(object, "hidden_layers", json_integer(s->hidden_layers));
    results_number(object, "train_accuracy", r->train_accuracy);
    results_number(object, "test_accuracy", r->test_accuracy);
    results_history(files, "sigmoid", &r->gradients);
    return results_close(files);
}

int main(int argc, char **argv)
{
    settings s = { .common = { .seed = 1, .epochs = 10, .out = "results/digits" },
                   .mnist = "",
                   .rows = 10000,
                   .units = 30,
                   .hidden_layers = 1 };
    images data;
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    images_load(&data, s.mnist, s.common.quiet);
    if (s.rows < BATCH_SIZE || s.rows > vgrad_dataset_rows(data.train)) {
        fprintf(stderr, "%s: --rows takes %d to %d, got %d\n", argv[0], BATCH_SIZE,
                (int)vgrad_dataset_rows(data.train), (int)s.rows);
        images_release(&data);
        return EXIT_USAGE;
    }
    run r = { .gradients = { .role = VGRAD_KERNEL_GRADIENT },
              .train_accuracy = (double)NAN,
              .test_accuracy = (double)NAN,
              .quiet = s.common.quiet };
    r.train = images_first(data.train, s.rows);
    r.test = images_first(data.test, s.rows);
    /* Before the training, which would be lost if nothing could be written. */
    results *files = results_open(s.common.out);
    if (files) {
        interrupt_listen();
        train(&r, &s);
    }
    bool good = files && write_down(files, &s, &r, data.kind) && draw(&s, &r);
    capture_release(&r.gradients);
    vgrad_dataset_destroy(r.train);
    vgrad_dataset_destroy(r.test);
    images_release(&data);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
