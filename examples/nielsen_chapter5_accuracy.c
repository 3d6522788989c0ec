/* What depth is worth: accuracy on the validation images after each epoch, of networks with one to
   four hidden layers. */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/images.h"
#include "support/interrupt.h"
#include "support/record.h"

/* The validation images as the network takes them, and its answers. */
typedef struct validation {
    int64_t rows;
    float *x, *y, *answers;
} validation;

/* One training. */
typedef struct training {
    const validation *images;
    vgrad_network *network;
    double *accuracies; /* after each epoch */
    int64_t epochs;     /* that are over */
    int hidden;
    bool quiet;
    FILE *table;
} training;

static float *room_for(int64_t rows, int64_t width)
{
    float *room = malloc((size_t)(rows * width) * sizeof *room);
    if (!room) {
        fprintf(stderr, "No memory for %lld numbers\n", (long long)(rows * width));
        exit(EXIT_FAILURE);
    }
    return room;
}

static validation read_validation(vgrad_dataset *data)
{
    validation v = { .rows = vgrad_dataset_rows(data) };
    v.x = room_for(v.rows, IMAGES_PIXELS);
    v.y = room_for(v.rows, IMAGES_CLASSES);
    v.answers = room_for(v.rows, IMAGES_CLASSES);
    check(vgrad_dataset_read(data, 0, v.rows, v.x, v.y, VGRAD_FLOAT32));
    return v;
}

static void release_validation(validation *v)
{
    free(v->x);
    free(v->y);
    free(v->answers);
}

static int largest(const float *row)
{
    int best = 0;
    for (int i = 1; i < IMAGES_CLASSES; i++)
        if (row[i] > row[best])
            best = i;
    return best;
}

/* The share of images whose largest output is the right one. The loss has an accuracy too, but
   counts each output by itself. */
static double share_right(const validation *v, vgrad_network *network)
{
    vgrad_tensor x;
    int64_t right = 0;
    check(vgrad_network_predict(
        network, vgrad_tensor_matrix(&x, v->x, VGRAD_FLOAT32, v->rows, IMAGES_PIXELS), v->answers,
        VGRAD_FLOAT32, v->rows * IMAGES_CLASSES));
    for (int64_t i = 0; i < v->rows; i++)
        right += largest(v->answers + i * IMAGES_CLASSES) == largest(v->y + i * IMAGES_CLASSES);
    return (double)right / (double)v->rows;
}

static int32_t on_epoch(const vgrad_event *e, void *user)
{
    training *t = user;
    const double accuracy = share_right(t->images, t->network);
    t->accuracies[t->epochs++] = accuracy;
    fprintf(t->table, "%d,%lld,%.6g\n", t->hidden, (long long)e->epoch + 1, accuracy);
    if (!t->quiet)
        printf("Epoch %2d: validation accuracy %.4f\n", (int)e->epoch + 1, accuracy);
    return 0;
}

static int64_t best_epoch(const training *t)
{
    int64_t best = 0;
    for (int64_t i = 1; i < t->epochs; i++)
        if (t->accuracies[i] > t->accuracies[best])
            best = i;
    return best;
}

/* One element of summary.json's "accuracy"; epochs count from 0, as in the book's programs. */
static json_t *to_json(const training *t)
{
    json_t *object = json_object(), *sizes = json_array();
    const int64_t best = best_epoch(t);
    json_array_append_new(sizes, json_integer(IMAGES_PIXELS));
    for (int i = 0; i < t->hidden; i++)
        json_array_append_new(sizes, json_integer(HIDDEN_UNITS));
    json_array_append_new(sizes, json_integer(IMAGES_CLASSES));
    json_object_set_new(object, "sizes", sizes);
    results_number(object, "best", t->epochs ? t->accuracies[best] : (double)NAN);
    results_number(object, "final", t->epochs ? t->accuracies[t->epochs - 1] : (double)NAN);
    json_object_set_new(object, "best_epoch", json_integer(best));
    results_numbers(object, "epochs", t->accuracies, (int32_t)t->epochs);
    return object;
}

static void train(const chapter5 *c, training *t)
{
    chapter5_run run;
    run_records records = { .recorder = NULL };
    char name[CAPTURE_NAME_SIZE];
    chapter5_name(name, sizeof name, t->hidden);
    chapter5_make(&run, c, t->hidden, c->rows, MINI_BATCH);
    t->network = run.network;
    check(vgrad_trainer_on(run.trainer, VGRAD_EPOCH_END, 1, on_epoch, t));
    record_training(&records, c->common.out, name, c->record, run.network, run.trainer);
    check(vgrad_trainer_fit(run.trainer, c->train, c->common.epochs));
    record_close(&records);
    chapter5_release(&run);
}

int chapter5_accuracy(const chapter5 *c)
{
    validation v = read_validation(c->validation);
    FILE *table = results_table(c->files, "accuracy.csv");
    json_t *all = json_array();
    double *accuracies = malloc(((size_t)c->common.epochs + 1) * sizeof *accuracies);
    char name[CAPTURE_NAME_SIZE];
    int deepest = 0;
    if (!accuracies)
        exit(EXIT_FAILURE);
    fputs("hidden,epoch,accuracy\n", table);
    for (int hidden = 1; hidden <= HIDDEN_MAX && !interrupted(); hidden++) {
        training t = { .images = &v,
                       .accuracies = accuracies,
                       .hidden = hidden,
                       .quiet = c->common.quiet,
                       .table = table };
        chapter5_name(name, sizeof name, hidden);
        if (!t.quiet)
            printf("\n%s\n", name);
        train(c, &t);
        json_array_append_new(all, to_json(&t));
        if (t.epochs > 0)
            deepest = hidden;
    }
    json_object_set_new(results_root(c->files), "accuracy", all);
    free(accuracies);
    release_validation(&v);
    return deepest;
}
