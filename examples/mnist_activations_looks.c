/* Looks at a training: the gradients of a batch after its update, layer by layer. */
/* SPDX-License-Identifier: MIT */
#include "mnist_activations.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

enum { LATE = 1200, SIGN_BIT = 256, EXPONENT_BIAS = 127 };

bool looks_open(look_files *files, const char *directory)
{
    files->results = results_open(directory);
    if (!files->results)
        return false;
    files->looks = results_table(files->results, "looks.csv");
    files->histograms = results_table(files->results, "histograms.csv");
    fputs("run,iteration,batch_loss,batch_accuracy", files->looks);
    for (int i = 1; i <= LOOK_LAYERS; i++)
        fprintf(files->looks, ",layer%d", i);
    fputs("\n", files->looks);
    fputs("run,iteration,layer,role,sign,exponent,share\n", files->histograms);
    return true;
}

void looks_record(looks *l, const char *directory)
{
    record_open(&l->records, directory, l->name);
    check(vgrad_probe_create(&l->records.probe, NULL));
    check(vgrad_probe_set(l->records.probe, VGRAD_PROBE_HISTOGRAM_EVERY, 1));
    for (int i = 1; i <= LOOK_LAYERS; i++) {
        char name[CAPTURE_NAME_SIZE];
        snprintf(name, sizeof name, "layer%d", i);
        check(vgrad_probe_declare(l->records.probe, name, VGRAD_KIND_OTHER, VGRAD_LINEAR, 0, 0,
                                  NULL));
    }
    check(vgrad_recorder_probe(l->records.recorder, l->records.probe));
}

/* Gradients and weights of every layer, with histograms, and how the batch did. */
static void record_look(const looks *l, const vgrad_network *network, const look *seen)
{
    static const vgrad_role roles[] = { VGRAD_KERNEL_GRADIENT, VGRAD_KERNEL };
    vgrad_probe *probe = l->records.probe;
    check(vgrad_probe_begin(probe, seen->iteration));
    for (int32_t i = 0; i < LOOK_LAYERS; i++)
        for (int r = 0; r < 2; r++)
            check(vgrad_probe_observe(probe, i, roles[r],
                                      vgrad_network_tensor(network, roles[r], i)));
    check(vgrad_probe_end(probe, seen->loss));
    check(vgrad_recorder_scalar(l->records.recorder, seen->iteration, "accuracy", seen->accuracy));
}

/* A line for each bin that is not empty: the share of elements in [2^exponent, 2^(exponent + 1)) of
   a sign. Zeros have sign 0, exponent 0. */
static void write_histogram(const looks *l, int64_t iteration, int layer,
                            const vgrad_tensor *tensor)
{
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    const double count = (double)vgrad_tensor_count(tensor);
    check(vgrad_tensor_histogram(tensor, bins, VGRAD_HISTOGRAM_BINS));
    for (int b = 0; b < VGRAD_HISTOGRAM_BINS; b++) {
        const int magnitude = b % SIGN_BIT;
        const int sign = magnitude == 0 ? 0 : b < SIGN_BIT ? 1 : -1;
        const int exponent = magnitude == 0 ? 0 : magnitude - EXPONENT_BIAS;
        if (bins[b] > 0)
            fprintf(l->files->histograms, "%s,%" PRId64 ",%d,%s,%d,%d,%.6g\n", l->name, iteration,
                    layer + 1, vgrad_role_name(tensor->role), sign, exponent,
                    (double)bins[b] / count);
    }
}

static look *add_look(looks *l)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 16;
        l->list = realloc(l->list, (size_t)l->capacity * sizeof *l->list);
        if (!l->list) {
            fputs("No memory for another look\n", stderr);
            exit(EXIT_FAILURE);
        }
    }
    return &l->list[l->count++];
}

/* At GRADIENTS_READY, when everything of the look is there. */
static int32_t on_gradients(const vgrad_event *e, void *user)
{
    static const vgrad_quantity quantities[] = { VGRAD_MEAN_ABS, VGRAD_L2 };
    looks *l = user;
    look *seen = add_look(l);
    *seen = (look){ .iteration = l->iteration, .loss = e->loss, .accuracy = e->accuracy };
    fprintf(l->files->looks, "%s,%" PRId64 ",%.6g,%.6g", l->name, l->iteration, e->loss,
            e->accuracy);
    for (int i = 0; i < LOOK_LAYERS; i++) {
        const vgrad_tensor *gradient = vgrad_network_tensor(e->network, VGRAD_KERNEL_GRADIENT, i);
        double values[2];
        check(vgrad_tensor_stats(gradient, quantities, values, 2));
        seen->mean_abs[i] = values[0];
        seen->l2[i] = values[1];
        fprintf(l->files->looks, ",%.6g", values[0]);
        write_histogram(l, l->iteration, i, gradient);
        write_histogram(l, l->iteration, i, vgrad_network_tensor(e->network, VGRAD_KERNEL, i));
    }
    fputc('\n', l->files->looks);
    record_look(l, e->network, seen);
    capture_add(&l->gradients, e->network, (capture_look){ l->iteration + 1, 0, e->loss });
    return 0;
}

void looks_taken_by(looks *l, vgrad_trainer *again)
{
    check(vgrad_trainer_on(again, VGRAD_GRADIENTS_READY, 1, on_gradients, l));
}

void looks_take(looks *l, vgrad_trainer *again, int64_t iteration, const vgrad_tensor *x,
                const vgrad_tensor *y)
{
    l->iteration = iteration;
    check(vgrad_trainer_forward(again, x));
    check(vgrad_trainer_loss(again, y, NULL));
    check(vgrad_trainer_backward(again));
    check(vgrad_trainer_skip_update(again));
    check(vgrad_trainer_step(again));
}

double looks_mean_ratio(const looks *l)
{
    double first = 0, last = 0;
    for (int32_t i = 0; i < l->count; i++) {
        first += l->list[i].mean_abs[0];
        last += l->list[i].mean_abs[LOOK_LAYERS - 1];
    }
    return last / first;
}

static double ratio_of(const look *seen)
{
    return seen->mean_abs[LOOK_LAYERS - 1] / seen->mean_abs[0];
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double looks_late_ratio(const looks *l)
{
    int32_t late = 0;
    double *ratios = malloc(((size_t)l->count + 1) * sizeof *ratios);
    if (!ratios)
        exit(EXIT_FAILURE);
    for (int32_t i = 0; i < l->count; i++)
        if (l->list[i].iteration >= LATE)
            ratios[late++] = ratio_of(&l->list[i]);
    qsort(ratios, (size_t)late, sizeof *ratios, compare);
    const double median = late ? (ratios[(late - 1) / 2] + ratios[late / 2]) / 2 : (double)NAN;
    free(ratios);
    return median;
}

void looks_print(const looks *l)
{
    printf("Mean |dL/dW| of the layers, after the update of the same batch:\n"
           "iteration  accuracy   loss");
    for (int i = 1; i <= LOOK_LAYERS; i++)
        printf("   layer %d", i);
    puts("    6 by 1");
    for (int32_t i = 0; i < l->count; i++) {
        const look *seen = &l->list[i];
        printf("%9" PRId64 "%10.2f%7.2f", seen->iteration, seen->accuracy, seen->loss);
        for (int layer = 0; layer < LOOK_LAYERS; layer++)
            printf("%10.1e", seen->mean_abs[layer]);
        printf("%10.3g\n", ratio_of(seen));
    }
    if (l->count == 0)
        return;
    printf("Layer 6 by layer 1: %.3g by their means over these", looks_mean_ratio(l));
    if (isfinite(looks_late_ratio(l)))
        printf(", %.3g as the median from iteration %d on", looks_late_ratio(l), LATE);
    puts(".");
}

/* An array of arrays of numbers, one of six for each look. */
static void add_figures(json_t *run, const char *key, const looks *l, bool l2)
{
    json_t *all = json_array();
    for (int32_t i = 0; i < l->count; i++) {
        const double *values = l2 ? l->list[i].l2 : l->list[i].mean_abs;
        json_t *one = json_array();
        for (int layer = 0; layer < LOOK_LAYERS; layer++)
            json_array_append_new(one, json_real(values[layer]));
        json_array_append_new(all, one);
    }
    json_object_set_new(run, key, all);
}

void looks_write(const looks *l, json_t *run)
{
    json_t *iterations = json_array(), *accuracies = json_array(), *losses = json_array();
    for (int32_t i = 0; i < l->count; i++) {
        json_array_append_new(iterations, json_integer(l->list[i].iteration));
        json_array_append_new(accuracies, json_real(l->list[i].accuracy));
        json_array_append_new(losses, json_real(l->list[i].loss));
    }
    json_object_set_new(run, "iterations", iterations);
    json_object_set_new(run, "batch_accuracy", accuracies);
    json_object_set_new(run, "batch_loss", losses);
    add_figures(run, "layer_mean_abs", l, false);
    add_figures(run, "layer_l2", l, true);
    results_number(run, "ratio_6_1_mean", looks_mean_ratio(l));
    results_number(run, "ratio_6_1_late", looks_late_ratio(l));
    results_history(l->files->results, l->name, &l->gradients);
}

void looks_release(looks *l)
{
    record_close(&l->records);
    free(l->list);
    capture_release(&l->gradients);
}
