/* What is said and left of trained networks. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modern_network.h"

/* How many findings are told of a network. */
enum { FINDINGS_TOLD = 4 };

/* The mean of a kernel's gradient norm over the batches. */
static double l2_mean(const modern_run *run, int32_t layer)
{
    return capture_mean(&run->gradients, run->gradients.count, layer, VGRAD_L2);
}

static double l2_at(const modern_run *run, int32_t look, int32_t layer)
{
    return capture_value(&run->gradients, look, layer, VGRAD_L2);
}

/* In words, that of the first layer against that of the last. */
static double ratio(const modern_run *run)
{
    return l2_mean(run, run->gradients.layers - 1) / l2_mean(run, 0);
}

static int clipped_batches(const modern_run *run)
{
    int count = 0;
    for (int i = 0; i < run->gradients.count; i++)
        count += run->batches[i].clipped < run->batches[i].norm;
    return count;
}

/* Of twenty blocks only these have a line. */
static bool is_told(const modern_run *run, int32_t layer)
{
    static const char *const told[] = { "stem",           "block1.first",   "block1.second",
                                        "block2.first",   "block2.second",  "block10.first",
                                        "block10.second", "block19.first",  "block19.second",
                                        "block20.first",  "block20.second", "output" };
    if (strcmp(run->plan->part, "residual") != 0)
        return true;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (strcmp(run->gradients.names[layer], told[i]) == 0)
            return true;
    return false;
}

static void print_findings(const modern_run *run)
{
    static const char *const severities[] = { "cleared", "note", "warning", "severe" };
    int told = 0;
    for (int64_t severity = 3; severity >= 2; severity--)
        for (int i = 0; i < run->finding_count && told < FINDINGS_TOLD; i++) {
            const modern_finding *f = &run->findings[i];
            if (f->severity != severity)
                continue;
            printf("  %s, %s, step %" PRId64, severities[severity],
                   vgrad_finding_name((vgrad_finding_code)f->code), f->since);
            if (f->until >= 0)
                printf(" to %" PRId64, f->until);
            printf(": %s\n", f->message);
            told++;
        }
}

void modern_print(const modern_run *run)
{
    const capture *g = &run->gradients;
    if (g->count == 0)
        return;
    printf("\n%s: loss %.4g, then %.4g (mean of the last batches), test accuracy %.4f\n",
           run->plan->name, run->batches[0].loss, modern_late_loss(run), run->test_accuracy);
    printf("%-16s %12s %14s %12s\n", "|dL/dW|", "first batch", "mean of all", "last batch");
    for (int32_t layer = 0; layer < g->layers; layer++)
        if (is_told(run, layer))
            printf("%-16s %12.3g %14.3g %12.3g\n", g->names[layer], l2_at(run, 0, layer),
                   l2_mean(run, layer), l2_at(run, g->count - 1, layer));
    printf("last / first     %12.3g %14.3g\n", l2_at(run, 0, g->layers - 1) / l2_at(run, 0, 0),
           ratio(run));
    printf("all gradients    %12.3g, then %.3g; clipped: %d of %d batches\n", run->batches[0].norm,
           modern_late_norm(run), clipped_batches(run), g->count);
    printf("The probe: %s\n", modern_verdict(run));
    print_findings(run);
    printf("  first: %s\n  last:  %s\n", run->first_budget, run->budget);
}

static void add_layers(json_t *object, const char *key, const modern_run *run, int32_t look)
{
    const int32_t layers = run->gradients.layers;
    double *values = calloc((size_t)layers + 1, sizeof *values);
    if (!values)
        exit(EXIT_FAILURE);
    for (int32_t layer = 0; layer < layers; layer++)
        values[layer] = look < 0 ? l2_mean(run, layer) : l2_at(run, look, layer);
    results_numbers(object, key, values, layers);
    free(values);
}

static void add_findings(json_t *object, const modern_run *run)
{
    json_t *array = json_array();
    json_object_set_new(object, "findings", array);
    for (int i = 0; i < run->finding_count; i++) {
        const modern_finding *f = &run->findings[i];
        json_t *own = json_object();
        json_array_append_new(array, own);
        results_text(own, "code", vgrad_finding_name((vgrad_finding_code)f->code));
        json_object_set_new(own, "severity", json_integer(f->severity));
        json_object_set_new(own, "since", json_integer(f->since));
        json_object_set_new(own, "until", f->until < 0 ? json_null() : json_integer(f->until));
        results_text(own, "layer", f->layer);
        results_text(own, "message", f->message);
    }
}

void modern_write(results *files, const modern_run *run)
{
    const int32_t count = run->gradients.count;
    json_t *object = results_add_run(files);
    results_text(object, "name", run->plan->name);
    results_text(object, "part", run->plan->part);
    json_object_set_new(object, "seed", json_integer(run->seed));
    json_object_set_new(object, "batches", json_integer(count));
    results_names(object, "layers", &run->gradients);
    add_layers(object, "gradient_l2_first", run, 0);
    add_layers(object, "gradient_l2_mean", run, -1);
    add_layers(object, "gradient_l2_last", run, count - 1);
    results_number(object, "ratio_last_first", count ? ratio(run) : (double)NAN);
    results_number(object, "loss_first", count ? run->batches[0].loss : (double)NAN);
    results_number(object, "loss_late", count ? modern_late_loss(run) : (double)NAN);
    results_number(object, "test_accuracy", run->test_accuracy);
    results_number(object, "norm_first", count ? run->batches[0].norm : (double)NAN);
    results_number(object, "norm_late", count ? modern_late_norm(run) : (double)NAN);
    json_object_set_new(object, "clipped", json_integer(clipped_batches(run)));
    results_text(object, "verdict", modern_verdict(run));
    results_text(object, "budget_first", run->first_budget);
    results_text(object, "budget_last", run->budget);
    add_findings(object, run);
    results_history(files, run->plan->name, &run->gradients);
}

void modern_tables(results *files, const modern_run *runs, int count)
{
    FILE *kernels = results_table(files, "kernels.csv");
    FILE *batches = results_table(files, "batches.csv");
    fputs("run,place,layer,first,mean,last\n", kernels);
    fputs("run,batch,loss,norm,clipped\n", batches);
    for (int i = 0; i < count; i++) {
        const modern_run *run = &runs[i];
        const int32_t looks = run->gradients.count;
        for (int32_t layer = 0; layer < run->gradients.layers; layer++)
            fprintf(kernels, "%s,%d,%s,%.6g,%.6g,%.6g\n", run->plan->name, layer + 1,
                    run->gradients.names[layer], l2_at(run, 0, layer), l2_mean(run, layer),
                    l2_at(run, looks - 1, layer));
        for (int32_t look = 0; look < looks; look++)
            fprintf(batches, "%s,%d,%.6g,%.6g,%.6g\n", run->plan->name, look + 1,
                    run->batches[look].loss, run->batches[look].norm, run->batches[look].clipped);
    }
}
