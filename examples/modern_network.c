/* How the gradient vanishes in deep networks and what keeps it: the chain rule in numbers, ten
   layers of sigmoid or ReLU units, twenty residual blocks with batch normalisation and what becomes
   of them where one part is left out, and residual blocks of convolutions.

   After part 003 of a series of tutorials on the vanishing gradient, whose settings it has: digits
   in batches of 128, 100 batches, Adam at 0.001 as PyTorch has it, gradients measured before the
   step. docs/experiments/modern_network.md says what of the article is otherwise. */
/* SPDX-License-Identifier: MIT */
#include "modern_network.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/interrupt.h"
#include "support/options.h"
#include "support/plot.h"
#include "support/record.h"

enum { RUNS_MOST = 16, BATCHES_MOST = 100000, TEST_ROWS_MOST = 10000 };

typedef struct settings {
    common_options common;
    const char *part, *network, *mnist;
    int64_t test_rows, numpy_seed, record;
} settings;

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        { "part", "two_layer|decay|activations|demo|deep|residual|conv|all", "what to show",
          .text = &s->part },
        { "network",
          "sigmoid|relu_he|relu|sigmoid_he|modern|modern_no_clip|modern_no_skip|modern_no_bn|"
          "conv_residual|all",
          "train this one of the part's alone", .text = &s->network },
        { "test-rows", "N", "images to test on", .number = &s->test_rows },
        { "numpy-seed", "N", "of the parts that have NumPy's numbers", .number = &s->numpy_seed },
        images_option(&s->mnist),
        record_option(&s->record),
    };
    int status = options_read(
        &s->common, own, sizeof own / sizeof *own,
        "Shows how the gradient vanishes in deep networks, and what keeps it: ReLU and He's "
        "weights,\n"
        "residual blocks, batch normalization. It writes summary.json, history.csv and pictures.",
        argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    const struct {
        const char *name;
        int64_t value, least, most;
    } numbers[] = {
        { "batches", s->common.epochs, 1, BATCHES_MOST },
        { "test-rows", s->test_rows, 1, TEST_ROWS_MOST },
        { "numpy-seed", s->numpy_seed, 0, UINT32_MAX },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most) {
            fprintf(stderr, "%s: --%s takes %" PRId64 " to %" PRId64 ", got %" PRId64 "\n", argv[0],
                    numbers[i].name, numbers[i].least, numbers[i].most, numbers[i].value);
            return EXIT_USAGE;
        }
    return OPTIONS_GO_ON;
}

static bool shows(const settings *s, const char *part)
{
    return strcmp(s->part, "all") == 0 || strcmp(s->part, part) == 0;
}

static int plan_runs(modern_run *runs, const settings *s)
{
    int count = 0;
    for (const modern_plan *plan = modern_plans; plan->name; plan++)
        if (shows(s, plan->part) &&
            (strcmp(s->network, "all") == 0 || strcmp(s->network, plan->name) == 0))
            runs[count++] = (modern_run){ .plan = plan,
                                          .seed = s->common.seed,
                                          .planned = s->common.epochs,
                                          .record = s->record,
                                          .out = s->common.out,
                                          .test_loss = (double)NAN,
                                          .test_accuracy = (double)NAN };
    return count;
}

static void show_theory(results *files, const settings *s)
{
    const bool quiet = s->common.quiet;
    demo_figures demo;
    if (shows(s, "two_layer"))
        theory_two_layers(files, quiet, (uint32_t)s->numpy_seed);
    /* The demonstration is drawn beside it. */
    if (shows(s, "decay") || shows(s, "demo"))
        theory_decay(files, quiet);
    if (shows(s, "activations"))
        theory_activations(files, quiet);
    if (shows(s, "demo")) {
        demo_run(&demo, (uint32_t)s->numpy_seed);
        demo_write(&demo, files, quiet);
    }
}

/* The data of a run that trains, with as many rows to test on as asked for. */
static void load(images *data, const settings *s)
{
    images_load(data, s->mnist, s->common.quiet);
    vgrad_dataset *part = images_first(data->test, s->test_rows);
    vgrad_dataset_destroy(data->test);
    data->test = part;
}

/* Trains and tells of each; after an interrupt `*count` is what was begun. */
static void train_all(results *files, const settings *s, const images *data, modern_run *runs,
                      int *count)
{
    for (int i = 0; i < *count; i++) {
        if (!s->common.quiet)
            fprintf(stderr, "Training %s (%d of %d)\n", runs[i].plan->name, i + 1, *count);
        modern_train(&runs[i], data);
        modern_write(files, &runs[i]);
        if (!s->common.quiet)
            modern_print(&runs[i]);
        if (interrupted())
            *count = i + 1;
    }
    modern_tables(files, runs, *count);
}

/* What the scripts must know: the names of the runs of each part. */
static void define_runs(char *text, size_t size, const modern_run *runs, int count)
{
    static const char *const parts[] = { "deep", "residual", "conv" };
    size_t used = 0;
    for (int p = 0; p < 3; p++) {
        used += (size_t)snprintf(text + used, size - used, "%s = '", parts[p]);
        for (int i = 0; i < count; i++)
            if (strcmp(runs[i].plan->part, parts[p]) == 0 && runs[i].gradients.count > 0)
                used += (size_t)snprintf(text + used, size - used, "%s ", runs[i].plan->name);
        used += (size_t)snprintf(text + used, size - used, "'\n");
    }
}

static bool has_part(const modern_run *runs, int count, const char *part)
{
    for (int i = 0; i < count; i++)
        if (strcmp(runs[i].plan->part, part) == 0 && runs[i].gradients.count > 0)
            return true;
    return false;
}

/* Draws the pictures, or says why there are none, and names what to open; false if one failed. */
static bool draw(const settings *s, const modern_run *runs, int count)
{
    char definitions[512];
    const char *out = s->common.out;
    const bool plots = plot_begin(!s->common.no_plots, s->common.quiet);
    const bool trained = has_part(runs, count, "deep") || has_part(runs, count, "residual") ||
                         has_part(runs, count, "conv");
    const struct {
        const char *name;
        bool wanted;
    } pictures[] = {
        { "modern_network_activations", shows(s, "activations") },
        { "modern_network_decay", shows(s, "demo") },
        { "modern_network_deep", has_part(runs, count, "deep") },
        { "modern_network_blocks", has_part(runs, count, "residual") },
        { "modern_network_loss", trained },
    };
    const int most = sizeof pictures / sizeof *pictures;
    define_runs(definitions, sizeof definitions, runs, count);
    for (int i = 0; i < most && plots; i++)
        if (pictures[i].wanted && !plot_script(out, pictures[i].name, definitions))
            return false;
    if (s->common.quiet)
        return true;
    puts("\nTo open:");
    for (int i = 0; i < most && plots; i++)
        if (pictures[i].wanted)
            printf("  %s/%s.svg\n", out, pictures[i].name);
    printf("  %s/summary.json\n  %s/history.csv\n", out, out);
    return true;
}

int main(int argc, char **argv)
{
    static modern_run runs[RUNS_MOST];
    settings s = { .common = { .seed = 1,
                               .epochs = 100,
                               .counts = "batches",
                               .out = "results/modern_network" },
                   .part = "all",
                   .network = "all",
                   .mnist = "",
                   .test_rows = TEST_ROWS_MOST,
                   .numpy_seed = 42 };
    images data = { .kind = "none" };
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    int count = plan_runs(runs, &s);
    if (count == 0 && strcmp(s.network, "all") != 0) {
        fprintf(stderr, "%s: --network %s is not of --part %s\n", argv[0], s.network, s.part);
        return EXIT_USAGE;
    }
    if (count > 0)
        load(&data, &s);
    /* Before the training, which would be lost if nothing could be written. */
    results *files = results_open(s.common.out);
    bool good = files != NULL;
    if (good) {
        results_text(results_root(files), "data", data.kind);
        interrupt_listen();
        show_theory(files, &s);
        train_all(files, &s, &data, runs, &count);
        good = results_close(files) && draw(&s, runs, count);
    }
    for (int i = 0; i < count; i++)
        modern_release(&runs[i]);
    images_release(&data);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
