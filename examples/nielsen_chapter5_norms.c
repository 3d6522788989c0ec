/* How fast each layer begins to learn: the gradient of its biases, averaged over the first images,
   before any training; as a norm for each layer, and neuron by neuron. */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <math.h>
#include <stdio.h>

#include "support/capture.h"
#include "support/check.h"
#include "support/interrupt.h"

enum { BAR_HIDDEN = 2, BAR_NEURONS = 6 };

/* One look at a new network: a step over all the first images, whose gradients are those of the
   weights as they were drawn. The probe may judge at once: its window is these images. */
static vgrad_probe *look(const chapter5 *c, chapter5_run *run, int hidden)
{
    vgrad_probe *probe;
    chapter5_make(run, c, hidden, FIRST_IMAGES, FIRST_IMAGES);
    check(vgrad_probe_create(&probe, NULL));
    check(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, FIRST_IMAGES));
    check(vgrad_probe_set(probe, VGRAD_PROBE_WINDOWS, 1));
    check(vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, 1));
    check(vgrad_probe_attach(probe, run->network));
    check(vgrad_trainer_fit(run->trainer, c->first, 1));
    return probe;
}

static int32_t index_of(const chapter5_run *run, int layer)
{
    char name[CAPTURE_NAME_SIZE];
    snprintf(name, sizeof name, "hidden%d", layer + 1);
    return vgrad_layer_index(vgrad_network_find(run->network, name));
}

/* Why the gradient vanishes, as the probe has found; NULL if it has not. */
static const vgrad_finding *vanishing(const vgrad_probe *probe)
{
    const vgrad_finding *f;
    for (int32_t i = 0; (f = vgrad_probe_finding(probe, i)) != NULL; i++)
        if (f->code == VGRAD_FINDING_VANISHING)
            return f;
    return NULL;
}

/* summary.json's "findings": the cause by its word, and the line for people. */
static void write_finding(const chapter5 *c, const char *key, const vgrad_finding *f)
{
    json_t *object = json_object();
    results_text(object, "cause", f ? vgrad_quantity_name((vgrad_quantity)f->cause) : "none");
    results_text(object, "message", f ? f->message : "");
    json_object_set_new(chapter5_object(c, "findings"), key, object);
}

static void norms_of(const chapter5 *c, int hidden)
{
    double norms[HIDDEN_MAX];
    chapter5_run run;
    char name[CAPTURE_NAME_SIZE], key[] = { (char)('0' + hidden), '\0' };
    vgrad_probe *probe = look(c, &run, hidden);
    for (int layer = 0; layer < hidden; layer++)
        check(vgrad_probe_read(probe, index_of(&run, layer), VGRAD_BIAS_GRADIENT, VGRAD_L2,
                               &norms[layer]));
    const vgrad_finding *f = vanishing(probe);
    results_numbers(chapter5_object(c, "norms"), key, norms, hidden);
    write_finding(c, key, f);
    if (!c->common.quiet) {
        chapter5_name(name, sizeof name, hidden);
        printf("%-19s", name);
        for (int layer = 0; layer < hidden; layer++)
            printf(" %9.5f", norms[layer]);
        printf("   last/first %.1f\n", norms[hidden - 1] / norms[0]);
        if (f)
            printf("    the probe: %s\n", f->message);
    }
    vgrad_probe_destroy(probe);
    chapter5_release(&run);
}

int chapter5_norms(const chapter5 *c)
{
    if (!c->common.quiet)
        puts("\n|delta^l|: L2 of the bias gradient, averaged over the first 1000 images");
    for (int hidden = 2; hidden <= HIDDEN_MAX && !interrupted(); hidden++)
        norms_of(c, hidden);
    return HIDDEN_MAX;
}

int chapter5_bars(const chapter5 *c)
{
    double bars[BAR_NEURONS];
    chapter5_run run;
    vgrad_probe *probe = look(c, &run, BAR_HIDDEN);
    FILE *table = results_table(c->files, "bars.csv");
    fputs("layer,neuron,gradient\n", table);
    if (!c->common.quiet)
        puts("\ndC/db of the first six neurons of each hidden layer of 784-30-30-10");
    for (int layer = 0; layer < BAR_HIDDEN; layer++) {
        check(vgrad_probe_units(probe, index_of(&run, layer), VGRAD_BIAS_GRADIENT, VGRAD_MEAN, bars,
                                BAR_NEURONS) < 0
                  ? VGRAD_E_NOT_FOUND
                  : VGRAD_OK);
        results_numbers(chapter5_object(c, "bars"), layer ? "2" : "1", bars, BAR_NEURONS);
        for (int i = 0; i < BAR_NEURONS; i++) {
            fprintf(table, "%d,%d,%.9g\n", layer + 1, i + 1, bars[i]);
            if (!c->common.quiet)
                printf("%s%9.5f", i ? " " : layer ? "hidden2 " : "hidden1 ", bars[i]);
        }
        if (!c->common.quiet)
            putchar('\n');
    }
    vgrad_probe_destroy(probe);
    chapter5_release(&run);
    return BAR_HIDDEN;
}
