/* How fast each layer goes on learning: the norms of its bias gradient while networks are trained
   on the first images, all at once as in the book, and in mini-batches, which are noisier. */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <math.h>
#include <stdio.h>

#include "support/capture.h"
#include "support/check.h"
#include "support/interrupt.h"

/* Epochs whose norms go to summary.json. */
static const int marks[] = { 0, 1, 5, 10, 50, 100, 250, 499 };
enum { MARKS = sizeof marks / sizeof *marks };

/* One training. */
typedef struct curve {
    capture batches;   /* before each update that is looked at */
    capture epochs;    /* mini-batches: the mean gradient of each epoch */
    int64_t all_until; /* Updates that are all looked at; then the first of each epoch is. */
} curve;

static int32_t on_gradients(const vgrad_event *e, void *user)
{
    curve *v = user;
    if (e->step < v->all_until || e->batch == 0)
        capture_add(&v->batches, e->network, (capture_look){ e->step, e->epoch, e->loss });
    return 0;
}

static int32_t on_epoch(const vgrad_event *e, void *user)
{
    curve *v = user;
    capture_add(&v->epochs, e->network, (capture_look){ e->step, e->epoch + 1, e->loss });
    return 0;
}

/* `batch` is the number of all images, or of those of a mini-batch. */
static void train(const chapter5 *c, curve *v, int hidden, int64_t batch)
{
    chapter5_run run;
    *v = (curve){ .batches = { .role = VGRAD_BIAS_GRADIENT },
                  .epochs = { .role = VGRAD_BIAS_EPOCH_GRADIENT },
                  .all_until = c->curve_epochs };
    chapter5_make(&run, c, hidden, FIRST_IMAGES, batch);
    check(vgrad_trainer_on(run.trainer, VGRAD_GRADIENTS_READY, 1, on_gradients, v));
    if (batch < FIRST_IMAGES) {
        check(vgrad_network_keep(run.network, VGRAD_KEEP_EPOCH_GRADIENT));
        check(vgrad_trainer_on(run.trainer, VGRAD_EPOCH_END, 1, on_epoch, v));
    }
    check(vgrad_trainer_fit(run.trainer, c->first, c->curve_epochs));
    chapter5_release(&run);
}

/* The look after `updates` of them; -1: there is none. */
static int32_t look_at(const capture *g, int64_t updates)
{
    for (int32_t look = 0; look < g->count; look++)
        if (g->looks[look].step == updates)
            return look;
    return -1;
}

/* {"epochs": [...], "norms": [[...], ...]} of the marks that were come to. */
static json_t *at_marks(const capture *g, int hidden, int64_t updates_of_epoch)
{
    json_t *object = json_object(), *epochs = json_array(), *norms = json_array();
    for (int i = 0; i < MARKS; i++) {
        const int32_t look = look_at(g, marks[i] * updates_of_epoch);
        if (look < 0)
            continue;
        json_t *layers = json_array();
        for (int layer = 0; layer < hidden; layer++)
            json_array_append_new(layers, json_real(capture_value(g, look, layer, VGRAD_L2)));
        json_array_append_new(epochs, json_integer(marks[i]));
        json_array_append_new(norms, layers);
    }
    json_object_set_new(object, "epochs", epochs);
    json_object_set_new(object, "norms", norms);
    return object;
}

/* Rows of a table for the pictures: hidden layers, updates, and the norm of each layer. */
static void write_rows(FILE *table, const capture *g, int hidden)
{
    for (int32_t look = 0; look < g->count; look++) {
        fprintf(table, "%d,%lld", hidden, (long long)g->looks[look].step);
        for (int layer = 0; layer < HIDDEN_MAX; layer++) {
            if (layer < hidden)
                fprintf(table, ",%.6g", capture_value(g, look, layer, VGRAD_L2));
            else
                fputs(",NaN", table);
        }
        fputc('\n', table);
    }
}

static FILE *open_table(const chapter5 *c, const char *name)
{
    FILE *table = results_table(c->files, name);
    fputs("hidden,updates,layer1,layer2,layer3,layer4\n", table);
    return table;
}

static void print_marks(const capture *g, int hidden, const char *what, int64_t updates_of_epoch)
{
    char name[CAPTURE_NAME_SIZE];
    chapter5_name(name, sizeof name, hidden);
    printf("\n%s, %s\nepoch", name, what);
    for (int layer = 0; layer < hidden; layer++)
        printf("    hidden%d", layer + 1);
    puts("  last/first");
    for (int i = 0; i < MARKS; i++) {
        const int32_t look = look_at(g, marks[i] * updates_of_epoch);
        if (look < 0)
            continue;
        printf("%5d", marks[i]);
        for (int layer = 0; layer < hidden; layer++)
            printf(" %10.3e", capture_value(g, look, layer, VGRAD_L2));
        printf(" %11.2f\n",
               capture_value(g, look, hidden - 1, VGRAD_L2) / capture_value(g, look, 0, VGRAD_L2));
    }
}

/* The curves of one network, by one size of batch. */
static void curves_of(const chapter5 *c, int hidden, int64_t batch, FILE *batches, FILE *epochs)
{
    curve v;
    char name[CAPTURE_NAME_SIZE], key[] = { (char)('0' + hidden), '\0' };
    const bool all = batch == FIRST_IMAGES;
    const int64_t updates_of_epoch = FIRST_IMAGES / batch;
    train(c, &v, hidden, batch);
    json_object_set_new(chapter5_object(c, all ? "curves" : "mini_batches"), key,
                        at_marks(&v.batches, hidden, updates_of_epoch));
    if (!all)
        json_object_set_new(chapter5_object(c, "epoch_means"), key,
                            at_marks(&v.epochs, hidden, updates_of_epoch));
    write_rows(batches, &v.batches, hidden);
    write_rows(epochs, &v.epochs, hidden);
    snprintf(name, sizeof name, "hidden%d-batch%d", hidden, (int)batch);
    results_history(c->files, name, &v.batches);
    results_history(c->files, name, &v.epochs);
    if (!c->common.quiet) {
        print_marks(&v.batches, hidden, all ? "all images at once" : "one mini-batch of 10",
                    updates_of_epoch);
        if (!all)
            print_marks(&v.epochs, hidden, "mean gradient of an epoch of mini-batches",
                        updates_of_epoch);
    }
    capture_release(&v.batches);
    capture_release(&v.epochs);
}

int chapter5_curves(const chapter5 *c)
{
    FILE *full = open_table(c, "curves.csv"), *mini = open_table(c, "batches.csv");
    FILE *epochs = open_table(c, "epoch_means.csv");
    int deepest = 0;
    for (int hidden = 2; hidden <= HIDDEN_MAX && !interrupted(); hidden++) {
        curves_of(c, hidden, FIRST_IMAGES, full, epochs);
        if (interrupted())
            break;
        curves_of(c, hidden, MINI_BATCH, mini, epochs);
        deepest = c->curve_epochs ? hidden : 0;
    }
    return deepest;
}
