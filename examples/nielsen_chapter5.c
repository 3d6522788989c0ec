/* Why deep networks are hard to train: the gradients, curves, accuracies and formulas of a chapter.

   After "Neural Networks and Deep Learning", chapter 5 (Michael Nielsen, 2015): sigmoid units,
   cross-entropy, biases from N(0, 1), kernels from N(0, 1) / sqrt(inputs), plain SGD at 0.1 with
   weight decay 5 / rows, pixels over 256. */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/images.h"
#include "support/interrupt.h"
#include "support/plot.h"
#include "support/record.h"

/* The book trains on the first 50000 of MNIST's 60000 and validates on the others. */
enum { TRAIN_ROWS = 50000, VALIDATION_ROWS = 10000, PICTURES_MAX = 2 };
static const double learning_rate = 0.1, lambda = 5;

/* A part with what follows --part, and its pictures. */
typedef struct chapter_part {
    const char *name;
    int (*run)(const chapter5 *c);
    const char *pictures[PICTURES_MAX];
} chapter_part;

static const chapter_part parts[] = {
    { "norms", chapter5_norms, { NULL } },
    { "bars", chapter5_bars, { "nielsen_chapter5_bars" } },
    { "chain", chapter5_chain, { "nielsen_chapter5_chain" } },
    { "chain", chapter5_width, { "nielsen_chapter5_width" } },
    { "curves", chapter5_curves, { "nielsen_chapter5_curves", "nielsen_chapter5_batches" } },
    { "accuracy", chapter5_accuracy, { "nielsen_chapter5_accuracy" } },
};
enum { PARTS = sizeof parts / sizeof *parts };

static int read_settings(chapter5 *c, int argc, char **argv)
{
    const cli_option own[] = {
        { "part", "norms|bars|curves|accuracy|chain|all", "what to do", .text = &c->part },
        images_option(&c->mnist),
        { "curve-epochs", "N", "of the curves; --epochs is of the accuracies",
          .number = &c->curve_epochs },
        { "rows", "N", "images that the accuracies are trained on", .number = &c->rows },
        record_option(&c->record),
    };
    int status = options_read(&c->common, own, sizeof own / sizeof *own,
                              "Rebuilds chapter 5 of Nielsen's book: gradients in networks of 1 to "
                              "4 hidden layers,\nand what they are a product of.\nIt writes "
                              "summary.json, history.csv, tables and pictures.",
                              argc, argv);
    if (status == OPTIONS_GO_ON && (c->rows < MINI_BATCH || c->rows > TRAIN_ROWS)) {
        fprintf(stderr, "%s: --rows takes %d to %d, got %lld\n", argv[0], MINI_BATCH, TRAIN_ROWS,
                (long long)c->rows);
        return EXIT_USAGE;
    }
    return status;
}

void chapter5_name(char *name, size_t size, int hidden)
{
    int used = snprintf(name, size, "784");
    for (int i = 0; i < hidden; i++)
        used += snprintf(name + used, size - (size_t)used, "-%d", HIDDEN_UNITS);
    snprintf(name + used, size - (size_t)used, "-%d", IMAGES_CLASSES);
}

json_t *chapter5_object(const chapter5 *c, const char *key)
{
    json_t *root = results_root(c->files);
    if (!json_object_get(root, key))
        json_object_set_new(root, key, json_object());
    return json_object_get(root, key);
}

static vgrad_network *make_network(uint64_t seed, int hidden)
{
    vgrad_network *network;
    char name[CAPTURE_NAME_SIZE];
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, seed));
    check(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_LECUN_NORMAL, 0, 0));
    check(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_NORMAL, 0, 1));
    vgrad_layer *layer = vgrad_input(network, IMAGES_PIXELS);
    for (int i = 1; i <= hidden; i++) {
        layer = vgrad_dense(layer, HIDDEN_UNITS, VGRAD_SIGMOID);
        snprintf(name, sizeof name, "hidden%d", i);
        vgrad_layer_set_name(layer, name);
    }
    layer = vgrad_dense(layer, IMAGES_CLASSES, VGRAD_SIGMOID);
    vgrad_layer_set_name(layer, "output");
    check(vgrad_network_build(network, layer));
    return network;
}

void chapter5_make(chapter5_run *run, const chapter5 *c, int hidden, int64_t rows, int64_t batch)
{
    run->network = make_network((uint64_t)c->common.seed, hidden);
    check(vgrad_optimizer_create(&run->sgd, run->network, VGRAD_SGD, learning_rate));
    /* w becomes (1 - eta lambda / n) w, and biases stay out of it: the book's L2. */
    check(vgrad_optimizer_set(run->sgd, VGRAD_OPTIMIZER_WEIGHT_DECAY, lambda / (double)rows));
    check(vgrad_trainer_create(&run->trainer, run->network, VGRAD_LOSS_BINARY_CROSSENTROPY_SUM,
                               run->sgd));
    check(vgrad_trainer_set(run->trainer, VGRAD_TRAINER_BATCH_SIZE, (double)batch));
    interrupt_stops(run->trainer);
}

void chapter5_release(chapter5_run *run)
{
    vgrad_trainer_destroy(run->trainer);
    vgrad_optimizer_destroy(run->sgd);
    vgrad_network_destroy(run->network);
}

/* The book's parts of the images, with its pixels and its targets. */
static void take_images(chapter5 *c, const images *all)
{
    check(vgrad_dataset_scale(all->train, 1.0 / 256, 0));
    check(vgrad_dataset_one_hot(all->train, IMAGES_CLASSES));
    c->first = images_first(all->train, FIRST_IMAGES);
    c->train = images_first(all->train, c->rows);
    check(vgrad_dataset_slice(&c->validation, all->train, TRAIN_ROWS, VALIDATION_ROWS));
}

/* The pictures of one part; false if one failed. */
static bool draw_part(const chapter5 *c, const chapter_part *part, int deepest)
{
    char definitions[128];
    snprintf(definitions, sizeof definitions, "curve_epochs = %lld; epochs = %lld; deepest = %d",
             (long long)c->curve_epochs, (long long)c->common.epochs, deepest);
    for (int i = 0; i < PICTURES_MAX && part->pictures[i] && deepest; i++) {
        if (!plot_script(c->common.out, part->pictures[i], definitions))
            return false;
        if (!c->common.quiet)
            printf("  %s/%s.svg\n", c->common.out, part->pictures[i]);
    }
    return true;
}

/* Draws the pictures of the parts that saw something, or says why there are none, and names what to
   open; false if one failed. */
static bool draw(const chapter5 *c, const int deepest[PARTS])
{
    const bool told = !c->common.quiet, plots = plot_begin(!c->common.no_plots, !told);
    if (told)
        puts("\nTo open:");
    for (int i = 0; i < PARTS && plots; i++)
        if (!draw_part(c, &parts[i], deepest[i]))
            return false;
    if (told)
        printf("  %s/summary.json\n  %s/history.csv\n", c->common.out, c->common.out);
    return true;
}

/* Runs what is wanted, up to an interrupt. */
static void run_parts(const chapter5 *c, int deepest[PARTS])
{
    for (int i = 0; i < PARTS && !interrupted(); i++)
        if (strcmp(c->part, "all") == 0 || strcmp(c->part, parts[i].name) == 0)
            deepest[i] = parts[i].run(c);
}

int main(int argc, char **argv)
{
    chapter5 c = { .common = { .seed = 1, .epochs = 30, .out = "results/nielsen_chapter5" },
                   .part = "all",
                   .mnist = "",
                   .curve_epochs = 500,
                   .rows = TRAIN_ROWS };
    images data;
    int status = read_settings(&c, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    images_load(&data, c.mnist, c.common.quiet);
    take_images(&c, &data);
    c.files = results_open(c.common.out);
    bool good = c.files != NULL;
    if (good) {
        interrupt_listen();
        results_text(results_root(c.files), "data", data.kind);
        json_object_set_new(results_root(c.files), "seed", json_integer(c.common.seed));
        int deepest[PARTS] = { 0 };
        run_parts(&c, deepest);
        good = results_close(c.files) && draw(&c, deepest);
    }
    vgrad_dataset_destroy(c.first);
    vgrad_dataset_destroy(c.train);
    vgrad_dataset_destroy(c.validation);
    images_release(&data);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
