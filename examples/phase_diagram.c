/* The phase diagram of deep networks: for depths from 2 to 48 and weights from far too small to far
   too large, which networks train, what their gradient loses on a layer, and what mean field theory
   foretells of both before there is a network.

   After Poole et al. 2016, "Exponential Expressivity in Deep Neural Networks Through Transient
   Chaos", and Schoenholz et al. 2017, "Deep Information Propagation". */
/* SPDX-License-Identifier: MIT */
#include "phase_diagram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/interrupt.h"
#include "support/options.h"
#include "support/parallel.h"
#include "support/plot.h"
#include "support/results.h"

enum { PLANES = 2, MOST_STEPS = 60000 / DIAGRAM_BATCH /* Each with images of its own. */ };
static const vgrad_activation activations[PLANES] = { VGRAD_TANH, VGRAD_RELU };

typedef struct settings {
    common_options common;
    const char *mnist, *activation;
    int64_t depths, variances, width, threads;
} settings;

/* All planes that were asked for. */
typedef struct diagram {
    diagram_plane planes[PLANES];
    int64_t count;
    diagram_data data;
    int64_t stride; /* From one cell to the next that is trained. */
} diagram;

static int read_settings(settings *s, int argc, char **argv)
{
    const cli_option own[] = {
        { "activation", "tanh|relu|all", "f of the hidden layers", .text = &s->activation },
        { "depths", "N", "how many, between 2 and 48 hidden layers", .number = &s->depths },
        { "variances", "N", "how many, between 1/4 and 8", .number = &s->variances },
        { "width", "N", "units of a hidden layer", .number = &s->width },
        { "threads", "N", "networks trained at the same time", .number = &s->threads },
        images_option(&s->mnist),
    };
    return options_read(&s->common, own, sizeof own / sizeof *own,
                        "Trains a network for every depth and variance of the weights, and draws "
                        "which ones learn\nand what their gradients lose on a layer, beside what "
                        "mean field theory foretells.\nIt writes summary.json, phase_diagram.csv, "
                        "phase_theory.csv and a picture.",
                        argc, argv);
}

/* Whether every number is one that makes sense; after a message, if not. */
static bool check_ranges(const settings *s, const char *program)
{
    const struct {
        const char *name;
        int64_t value, least, most;
    } ranges[] = {
        { "depths", s->depths, 2, DIAGRAM_MOST_DEPTH - DIAGRAM_LEAST_DEPTH + 1 },
        { "variances", s->variances, 2, 1000 },
        { "width", s->width, 1, 4096 },
        { "threads", s->threads, 1, 1024 },
        { "steps", s->common.epochs, 1, MOST_STEPS },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].value < ranges[i].least || ranges[i].value > ranges[i].most) {
            fprintf(stderr, "%s: --%s takes %lld to %lld, got %lld\n", program, ranges[i].name,
                    (long long)ranges[i].least, (long long)ranges[i].most,
                    (long long)ranges[i].value);
            return false;
        }
    return true;
}

static int64_t cells_of(const diagram *d)
{
    return d->count * d->planes[0].depths * d->planes[0].variances;
}

/* A stride of about the golden share of `count` that has no factor in common with it: cells that
   are trained one after the other lie all over the planes, so that an interrupted run shows all of
   them coarsely, and progress is even. */
static int64_t stride_over(int64_t count)
{
    const double golden = 0.6180339887498949;
    for (int64_t stride = llround(golden * (double)count);; stride++) {
        int64_t a = count, b = stride;
        while (b) {
            const int64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return stride;
    }
}

static void make_diagram(diagram *d, const settings *s, const images *from)
{
    diagram_data_make(&d->data, from, s->common.epochs);
    for (int i = 0; i < PLANES; i++) {
        const char *name = vgrad_activation_name(activations[i]);
        if (strcmp(s->activation, "all") != 0 && strcmp(s->activation, name) != 0)
            continue;
        diagram_plane *plane = &d->planes[d->count++];
        *plane = (diagram_plane){ .activation = activations[i],
                                  .data = &d->data,
                                  .width = s->width,
                                  .steps = s->common.epochs,
                                  .depths = s->depths,
                                  .variances = s->variances };
        diagram_make(plane, s->common.seed);
        diagram_find_critical(plane);
    }
    d->stride = stride_over(cells_of(d));
}

static void release_diagram(diagram *d)
{
    for (int64_t i = 0; i < d->count; i++)
        diagram_release(&d->planes[i]);
    vgrad_dataset_destroy(d->data.train);
    vgrad_dataset_destroy(d->data.test);
}

static void predict_job(int64_t i, void *user)
{
    diagram *d = user;
    diagram_predict(&d->planes[i % d->count], i / d->count);
}

static void train_job(int64_t i, void *user)
{
    diagram *d = user;
    const int64_t cell = i * d->stride % cells_of(d);
    const diagram_plane *plane = &d->planes[cell % d->count];
    diagram_train(plane, &plane->cells[cell / d->count]);
}

/* Theory first: it needs no network. */
static void run(diagram *d, const settings *s)
{
    const char *what = s->common.quiet ? NULL : "networks";
    parallel_run(d->count * diagram_curve_points(d->planes), s->threads, predict_job, d, NULL);
    parallel_run(cells_of(d), s->threads, train_job, d, what);
    if (interrupted())
        fputs("Interrupted: writing what was seen until then.\n", stderr);
}

static void write_cells(FILE *file, const diagram_plane *plane)
{
    for (int64_t i = 0; i < plane->depths * plane->variances; i++) {
        const diagram_cell *c = &plane->cells[i];
        if (c->is_done)
            fprintf(file, "%s,%d,%.9g,%d,%.9g,%.9g,%.9g,%.9g,%.9g\n",
                    vgrad_activation_name(plane->activation), (int)c->depth, c->variance,
                    diagram_is_trained(c), c->loss_first, fabs(c->loss_last), c->lost,
                    c->predicted_lost, c->trainable_depth);
    }
}

/* The lines of the picture: up to which depth networks are trainable, and where a layer loses 0.4
   decades and fewer, down to a gain of 0.2. */
static void write_lines(FILE *file, const diagram_plane *plane)
{
    const char *name = vgrad_activation_name(plane->activation);
    for (int64_t i = 0; i < diagram_curve_points(plane); i++)
        fprintf(file, "%s,trainable,%.9g,%.9g\n", name,
                diagram_variance(plane, (double)i / DIAGRAM_CURVE_POINTS), plane->curve[i]);
    for (int tenths = -2; tenths <= 4; tenths++)
        for (int64_t i = 0; i < plane->depths; i++) {
            const double variance = diagram_predicted_variance(plane, i, tenths / 10.0);
            if (isfinite(variance))
                fprintf(file, "%s,%.1f,%.9g,%d\n", name, tenths / 10.0, variance,
                        (int)plane->cells[i * plane->variances].depth);
        }
}

/* An interrupted run may have too few networks for some of it. */
static void print_verdict(const diagram_verdict *v, const diagram_plane *plane)
{
    printf("\n%s: %d of %d networks were trained: their loss fell by 10 %%.\n",
           vgrad_activation_name(plane->activation), (int)v->trained, (int)v->cells);
    if (isfinite(v->median_error))
        printf("The gradient lost what was foretold to %.4f decades a layer (median error).\n",
               v->median_error);
    if (isfinite(v->critical_measured))
        printf(
            "It neither vanished nor exploded at variance %.3f; foretold: %.3f (%.3f for endless "
            "depth).\n",
            v->critical_measured, v->critical_predicted, plane->critical_variance);
    if (v->cells > 0)
        printf("Trained, if no deeper than 6 xi: %.1f %% of the networks; %.3g xi: %.1f %%.\n",
               100 * v->agreement, v->best_xis, 100 * v->best_agreement);
}

static void write_verdict(json_t *object, const diagram_plane *plane, const settings *s)
{
    const diagram_verdict v = diagram_judge(plane);
    results_text(object, "name", vgrad_activation_name(plane->activation));
    json_object_set_new(object, "seed", json_integer(s->common.seed));
    json_object_set_new(object, "steps", json_integer(plane->steps));
    json_object_set_new(object, "width", json_integer(plane->width));
    json_object_set_new(object, "cells", json_integer(v.cells));
    json_object_set_new(object, "trained", json_integer(v.trained));
    results_number(object, "median_abs_error_decades", v.median_error);
    results_number(object, "critical_variance_predicted", v.critical_predicted);
    results_number(object, "critical_variance_measured", v.critical_measured);
    results_number(object, "critical_variance_limit", plane->critical_variance);
    results_number(object, "agreement_at_6_xi", v.agreement);
    results_number(object, "best_xis", v.best_xis);
    results_number(object, "best_agreement", v.best_agreement);
    if (s->common.quiet)
        return;
    print_verdict(&v, plane);
}

static bool write_down(results *r, const diagram *d, const settings *s, const char *kind)
{
    FILE *cells = results_table(r, "phase_diagram.csv");
    FILE *theory = results_table(r, "phase_theory.csv");
    fputs("activation,depth,variance,fell,loss_first,loss_last,decades_per_layer,"
          "predicted_decades_per_layer,trainable_depth\n",
          cells);
    fputs("activation,line,variance,depth\n", theory);
    results_text(results_root(r), "data", kind);
    for (int64_t i = 0; i < d->count; i++) {
        write_cells(cells, &d->planes[i]);
        write_lines(theory, &d->planes[i]);
        write_verdict(results_add_run(r), &d->planes[i], s);
    }
    return results_close(r);
}

/* With what the script of the picture has to know beside the tables. */
static bool draw_picture(const diagram *d, const settings *s)
{
    char definitions[512];
    const diagram_plane *first = &d->planes[0], *last = &d->planes[d->count - 1];
    const double depths = DIAGRAM_MOST_DEPTH - DIAGRAM_LEAST_DEPTH;
    snprintf(definitions, sizeof definitions,
             "planes = '%s %s'; columns = %d; array critical[2] = [%.6g, %.6g]; steps = %d; "
             "units = %d; half_depth = %.6g; half_factor = %.9g; guessing = %.9g",
             vgrad_activation_name(first->activation), vgrad_activation_name(last->activation),
             (int)d->count, first->critical_variance, last->critical_variance, (int)first->steps,
             (int)first->width, depths / (double)(s->depths - 1) / 2,
             sqrt(diagram_variance(first, 1) / diagram_variance(first, 0)), log(IMAGES_CLASSES));
    return plot_script(s->common.out, "phase_diagram", definitions);
}

/* Draws the picture, or says why there is none, and names what to open; false if it failed. */
static bool draw(const diagram *d, const settings *s)
{
    const char *out = s->common.out;
    const bool plots = plot_begin(!s->common.no_plots, s->common.quiet);
    if (plots && !draw_picture(d, s))
        return false;
    if (s->common.quiet)
        return true;
    puts("\nTo open:");
    if (plots)
        printf("  %s/phase_diagram.png\n", out);
    printf("  %s/phase_diagram.csv\n  %s/summary.json\n", out, out);
    return true;
}

int main(int argc, char **argv)
{
    settings s = {
        .common = { .seed = 1, .epochs = 50, .counts = "steps", .out = "results/phase_diagram" },
        .mnist = "",
        .activation = "all",
        .depths = 24,
        .variances = 32,
        .width = 64,
        .threads = parallel_cpus()
    };
    images from;
    diagram d = { .count = 0 };
    int status = read_settings(&s, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    if (!check_ranges(&s, argv[0]))
        return EXIT_USAGE;
    images_load(&from, s.mnist, s.common.quiet);
    if (vgrad_dataset_rows(from.train) < s.common.epochs * DIAGRAM_BATCH) {
        fprintf(stderr, "%s: %d images are too few for %d steps\n", argv[0],
                (int)vgrad_dataset_rows(from.train), (int)s.common.epochs);
        images_release(&from);
        return EXIT_FAILURE;
    }
    make_diagram(&d, &s, &from);
    /* Before the training, which would be lost if nothing could be written. */
    results *files = results_open(s.common.out);
    if (files) {
        interrupt_listen();
        run(&d, &s);
    }
    const bool good = files && write_down(files, &d, &s, from.kind) && draw(&d, &s);
    release_diagram(&d);
    images_release(&from);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
