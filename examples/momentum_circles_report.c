/* What momentum_circles.c has seen: as text, as figures, and as pictures. */
/* SPDX-License-Identifier: MIT */
#include "momentum_circles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/plot.h"

enum { MAX_LAYERS = 24, UNITS = 5, AVERAGED = 10 };

bool momentum_open(momentum_files *files, const char *directory)
{
    files->results = results_open(directory);
    if (!files->results)
        return false;
    files->accuracies = results_table(files->results, "accuracies.csv");
    files->weights = results_table(files->results, "weights.csv");
    files->gradients = results_table(files->results, "gradients.csv");
    fputs("run,epochs,train_accuracy,test_accuracy\n", files->accuracies);
    fputs("run,input,unit,after_50_epochs,after_100_epochs\n", files->weights);
    fputs("run,epoch,place,layer,kernel_gradient_l2\n", files->gradients);
    return true;
}

double momentum_change(const momentum_run *run)
{
    double sum = 0;
    for (int i = 0; i < MOMENTUM_WEIGHTS; i++)
        sum += fabs(run->late[i] - run->early[i]);
    return sum / MOMENTUM_WEIGHTS;
}

static void print_weights(const char *when, const double *weights)
{
    for (int i = 0; i < MOMENTUM_WEIGHTS; i++)
        printf("%s%9.4f", i % UNITS == 0 ? when : "", weights[i]);
    putchar('\n');
}

void momentum_print(const momentum_run *run)
{
    const capture *g = &run->gradients;
    printf("\n%s: accuracy %.3f on the training half, %.3f on the test half\n", run->plan->name,
           run->train_accuracy, run->test_accuracy);
    if (isfinite(momentum_change(run))) {
        printf("Weights of the first layer, five units of either input, after 50 and 100 epochs; "
               "they change by %.4f on average:\n",
               momentum_change(run));
        print_weights("  ", run->early);
        print_weights("  ", run->late);
    }
    if (g->count == 0)
        return;
    printf("L2 of each kernel's gradient:\n%10s %14s %14s\n", "", "first batch", "mean of epochs");
    for (int32_t layer = 0; layer < g->layers; layer++)
        printf("%10s %14.2e %14.2e\n", g->names[layer], capture_value(g, 0, layer, VGRAD_L2),
               capture_mean(g, g->count, layer, VGRAD_L2));
}

static void write_gradients(json_t *object, const capture *g)
{
    double first[MAX_LAYERS], mean[MAX_LAYERS];
    for (int32_t layer = 0; layer < g->layers; layer++) {
        first[layer] = capture_value(g, 0, layer, VGRAD_L2);
        mean[layer] = capture_mean(g, g->count, layer, VGRAD_L2);
    }
    results_names(object, "layers", g);
    results_numbers(object, "gradient_l2_first", first, g->layers);
    results_numbers(object, "gradient_l2_mean", mean, g->layers);
}

/* L2 of every layer's gradient, as means over ten epochs, or what is left of them at the end. */
static void write_curves(FILE *table, const momentum_run *run)
{
    const capture *g = &run->gradients;
    for (int32_t first = 0; first < g->count; first += AVERAGED) {
        const int32_t looks = g->count - first < AVERAGED ? g->count - first : AVERAGED;
        for (int32_t layer = 0; layer < g->layers; layer++) {
            double sum = 0;
            for (int32_t i = 0; i < looks; i++)
                sum += capture_value(g, first + i, layer, VGRAD_L2);
            fprintf(table, "%s,%.1f,%d,%s,%.6g\n", run->plan->name, first + 0.5 * (looks - 1),
                    layer + 1, g->names[layer], sum / looks);
        }
    }
}

void momentum_write(momentum_files *files, const momentum_run *run, int64_t seed)
{
    results *r = files->results;
    json_t *object = results_add_run(r);
    results_text(object, "name", run->plan->name);
    results_text(object, "activation", vgrad_activation_name(run->plan->activation));
    json_object_set_new(object, "hidden_layers", json_integer(run->plan->hidden_layers));
    json_object_set_new(object, "outputs", json_integer(run->plan->outputs));
    json_object_set_new(object, "seed", json_integer(seed));
    results_number(object, "train_accuracy", run->train_accuracy);
    results_number(object, "test_accuracy", run->test_accuracy);
    results_number(object, "mean_abs_dw1_50_100", momentum_change(run));
    results_numbers(object, "weights1_50", run->early, MOMENTUM_WEIGHTS);
    results_numbers(object, "weights1_100", run->late, MOMENTUM_WEIGHTS);
    results_numbers(object, "test_accuracy_50_100_200_300_400_500", run->noted, MOMENTUM_NOTED);
    write_gradients(object, &run->gradients);
    results_history(r, run->plan->name, &run->gradients);
    write_curves(files->gradients, run);
    for (int i = 0; i < MOMENTUM_WEIGHTS && isfinite(momentum_change(run)); i++)
        fprintf(files->weights, "%s,%d,%d,%.9g,%.9g\n", run->plan->name, i / UNITS + 1,
                i % UNITS + 1, run->early[i], run->late[i]);
}

/* Whether a run came to what a picture shows. */
static bool has_epochs(const momentum_run *run)
{
    return run->epochs > 0;
}

static bool has_weights(const momentum_run *run)
{
    return isfinite(momentum_change(run));
}

static bool has_gradients(const momentum_run *run)
{
    return run->gradients.count > 0;
}

/* The names of the runs that have what a picture shows, as gnuplot's list; false if none has. */
static bool list_runs(char *list, size_t size, const momentum_run *runs, int count,
                      bool (*has)(const momentum_run *run))
{
    size_t used = (size_t)snprintf(list, size, "runs = '");
    bool any = false;
    for (int i = 0; i < count; i++) {
        const momentum_run *run = &runs[i];
        if (!has(run))
            continue;
        used += (size_t)snprintf(list + used, size - used, "%s%s", any ? " " : "", run->plan->name);
        any = true;
    }
    snprintf(list + used, size - used, "'");
    return any;
}

bool momentum_draw(const char *directory, const momentum_run *runs, int count, bool plots,
                   bool quiet)
{
    static const struct {
        const char *name;
        bool (*has)(const momentum_run *run);
    } pictures[] = { { "momentum_circles_accuracy", has_epochs },
                     { "momentum_circles_weights", has_weights },
                     { "momentum_circles_gradients", has_gradients } };
    static const char *const files[] = { "summary.json", "accuracies.csv", "weights.csv",
                                         "gradients.csv", "history.csv" };
    char list[1024];
    const bool draw = plot_begin(plots, quiet);
    if (!quiet)
        puts("\nTo open:");
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures && draw; i++) {
        if (!list_runs(list, sizeof list, runs, count, pictures[i].has))
            continue;
        if (!plot_script(directory, pictures[i].name, list))
            return false;
        if (!quiet)
            printf("  %s/%s.svg\n", directory, pictures[i].name);
    }
    if (!quiet)
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
            printf("  %s/%s\n", directory, files[i]);
    return true;
}
