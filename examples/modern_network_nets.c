/* The networks on digits: ten hidden layers with sigmoid or ReLU units, twenty residual blocks with
   batch normalisation, and residual blocks of convolutions; each with a probe that says what it is
   about its gradient. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "modern_network.h"
#include "support/check.h"
#include "support/interrupt.h"
#include "support/record.h"

enum { BATCH_SIZE = 128, HIDDEN_LAYERS = 10, HIDDEN_UNITS = 128, BLOCKS = 20, UNITS = 256 };
enum { FILTERS = 8, CONV_BLOCKS = 3, WINDOW = 3 };
static const double learning_rate = 0.001, clip_norm = 1;

/* Every how many batches a probe looks, and how many samples are a window of its: of 100 batches it
   then sees five windows or more, and of ten at least one. */
enum { LOOK_EVERY = 2, LOOK_WINDOW = 256 };

#define HE    VGRAD_INIT_HE_NORMAL
#define TORCH VGRAD_INIT_TORCH_LINEAR
#define NONE  VGRAD_INIT_ZEROS

const modern_plan modern_plans[] = {
    { "sigmoid", "deep", VGRAD_SIGMOID, TORCH, TORCH, false, false, false },
    { "relu_he", "deep", VGRAD_RELU, HE, TORCH, false, false, false },
    { "relu", "deep", VGRAD_RELU, TORCH, TORCH, false, false, false },
    { "sigmoid_he", "deep", VGRAD_SIGMOID, HE, TORCH, false, false, false },
    { "modern", "residual", VGRAD_RELU, HE, NONE, true, true, true },
    { "modern_no_clip", "residual", VGRAD_RELU, HE, NONE, true, true, false },
    { "modern_no_skip", "residual", VGRAD_RELU, HE, NONE, false, true, true },
    { "modern_no_bn", "residual", VGRAD_RELU, HE, NONE, true, false, true },
    { "conv_residual", "conv", VGRAD_RELU, HE, NONE, true, true, false },
    { .name = NULL },
};

/* ---- networks ---- */

static vgrad_layer *named(vgrad_layer *layer, const char *format, ...)
{
    char name[CAPTURE_NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    vgrad_layer_set_name(layer, name);
    return layer;
}

static vgrad_layer *deep_layers(vgrad_network *network, const modern_plan *plan)
{
    vgrad_layer *h = vgrad_input(network, IMAGES_PIXELS);
    for (int i = 1; i <= HIDDEN_LAYERS; i++)
        h = named(vgrad_dense(h, HIDDEN_UNITS, plan->activation), "hidden%d", i);
    return h;
}

static vgrad_layer *normed(vgrad_layer *h, const modern_plan *plan)
{
    return plan->norm ? vgrad_batch_norm(h) : h;
}

/* relu(x + BN(W2 relu(BN(W1 x)))) (He et al. 2016), or what the plan leaves of it; W1 and W2 are
   dense, or convolutions where `filters` is above 0. */
static vgrad_layer *block(vgrad_layer *x, int number, int64_t filters, const modern_plan *plan)
{
    vgrad_layer *h = x;
    for (int i = 0; i < 2; i++) {
        if (filters > 0) {
            h = vgrad_conv2d(h, filters, WINDOW, WINDOW, VGRAD_LINEAR);
            vgrad_layer_set(h, VGRAD_LAYER_PADDING, VGRAD_SAME);
        } else {
            h = vgrad_dense(h, UNITS, VGRAD_LINEAR);
        }
        h = normed(named(h, "block%d.%s", number, i ? "second" : "first"), plan);
        if (i == 0)
            h = vgrad_activate(h, VGRAD_RELU);
    }
    return vgrad_activate(plan->skip ? vgrad_add(x, h) : h, VGRAD_RELU);
}

static vgrad_layer *residual_layers(vgrad_network *network, const modern_plan *plan)
{
    vgrad_layer *h = vgrad_dense(vgrad_input(network, IMAGES_PIXELS), UNITS, VGRAD_LINEAR);
    h = vgrad_activate(normed(named(h, "stem"), plan), VGRAD_RELU);
    for (int i = 1; i <= BLOCKS; i++)
        h = block(h, i, 0, plan);
    return h;
}

/* 28 x 28 to 14 x 14 with `FILTERS` channels, blocks, and the mean of each 2 x 2 for the output. */
static vgrad_layer *conv_layers(vgrad_network *network, const modern_plan *plan)
{
    vgrad_layer *h = vgrad_input_image(network, IMAGES_SIDE, IMAGES_SIDE, 1);
    h = named(vgrad_conv2d(h, FILTERS, WINDOW, WINDOW, VGRAD_LINEAR), "stem");
    vgrad_layer_set(h, VGRAD_LAYER_PADDING, VGRAD_SAME);
    vgrad_layer_set(h, VGRAD_LAYER_STRIDE_HEIGHT, 2);
    vgrad_layer_set(h, VGRAD_LAYER_STRIDE_WIDTH, 2);
    h = vgrad_activate(normed(h, plan), VGRAD_RELU);
    for (int i = 1; i <= CONV_BLOCKS; i++)
        h = block(h, i, FILTERS, plan);
    return vgrad_flatten(vgrad_average_pool2d(h, 2, 2));
}

static vgrad_network *make_network(const modern_plan *plan, int64_t seed)
{
    vgrad_network *network;
    vgrad_layer *h;
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, (uint64_t)seed));
    check(vgrad_network_set_initializer(network, VGRAD_KERNEL, plan->kernels, 0, 0));
    check(vgrad_network_set_initializer(network, VGRAD_BIAS, plan->biases, 0, 0));
    if (strcmp(plan->part, "deep") == 0)
        h = deep_layers(network, plan);
    else if (strcmp(plan->part, "residual") == 0)
        h = residual_layers(network, plan);
    else
        h = conv_layers(network, plan);
    check(vgrad_network_build(network,
                              named(vgrad_dense(h, IMAGES_CLASSES, VGRAD_LINEAR), "output")));
    return network;
}

/* Adam as PyTorch has it. */
static vgrad_optimizer *make_optimizer(vgrad_network *network, const modern_plan *plan)
{
    vgrad_optimizer *adam;
    check(vgrad_optimizer_create(&adam, network, VGRAD_ADAM, learning_rate));
    check(vgrad_optimizer_set(adam, VGRAD_OPTIMIZER_EPSILON_HAT, 0));
    check(vgrad_optimizer_set(adam, VGRAD_OPTIMIZER_EPSILON, 1e-8));
    if (plan->clip) {
        check(vgrad_optimizer_set(adam, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, clip_norm));
        check(vgrad_optimizer_set(adam, VGRAD_OPTIMIZER_CLIP_EPSILON, 1e-6));
    }
    return adam;
}

/* ---- what is recorded ---- */

static int32_t on_gradients(const vgrad_event *e, void *user)
{
    modern_run *run = user;
    capture_add(&run->gradients, e->network, (capture_look){ e->step, e->epoch, e->loss });
    return 0;
}

static int32_t on_batch(const vgrad_event *e, void *user)
{
    modern_run *run = user;
    run->batches[run->gradients.count - 1] =
        (modern_batch){ e->loss, e->gradient_norm, e->clipped_norm };
    return 0;
}

/* The record of this finding, a new one if need be; NULL where there is no room for more. */
static modern_finding *record_of(modern_run *run, const vgrad_finding *f)
{
    for (int i = 0; i < run->finding_count; i++)
        if (run->findings[i].code == f->code && strcmp(run->findings[i].layer, f->layer_name) == 0)
            return &run->findings[i];
    if (run->finding_count == FINDINGS_MOST)
        return NULL;
    modern_finding *record = &run->findings[run->finding_count++];
    *record = (modern_finding){ .code = f->code, .since = f->first_step };
    snprintf(record->layer, sizeof record->layer, "%s", f->layer_name);
    return record;
}

static int32_t on_finding(const vgrad_event *e, void *user)
{
    modern_finding *record = record_of(user, e->finding);
    if (!record)
        return 0;
    record->until = e->finding->severity == 0 ? e->step : -1;
    if (e->finding->severity > record->severity) {
        record->severity = e->finding->severity;
        snprintf(record->message, sizeof record->message, "%s", e->finding->message);
    }
    return 0;
}

/* Keeps the last line of a report. */
static int32_t keep_line(const char *text, size_t size, void *user)
{
    char *kept = user;
    while (size > 0 && text[size - 1] == '\n')
        size--;
    size = size < 255 ? size : 255;
    memcpy(kept, text, size);
    kept[size] = '\0';
    return 0;
}

typedef struct budget_writer {
    vgrad_probe *probe;
    char *line;
} budget_writer;

/* After the first batch. */
static int32_t keep_first_budget(const vgrad_event *e, void *user)
{
    const budget_writer *w = user;
    if (e->epoch == 0 && e->batch == 1)
        check(vgrad_probe_report(w->probe, VGRAD_REPORT_BUDGET, keep_line, w->line));
    return 0;
}

static vgrad_probe *make_probe(vgrad_network *network)
{
    vgrad_probe *probe;
    check(vgrad_probe_create(&probe, NULL));
    check(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, LOOK_EVERY));
    check(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, LOOK_WINDOW));
    check(vgrad_probe_attach(probe, network));
    return probe;
}

void modern_train(modern_run *run, const images *data)
{
    vgrad_network *network = make_network(run->plan, run->seed);
    vgrad_optimizer *adam = make_optimizer(network, run->plan);
    vgrad_probe *probe = make_probe(network);
    budget_writer first = { probe, run->first_budget };
    vgrad_trainer *trainer;
    run_records records = { .recorder = NULL };
    run->gradients.role = VGRAD_KERNEL_GRADIENT;
    run->batches = calloc((size_t)run->planned, sizeof *run->batches);
    if (!run->batches)
        exit(EXIT_FAILURE);
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_CROSSENTROPY_LOGITS, adam));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH_SIZE));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_MAX_STEPS, (double)run->planned));
    check(vgrad_trainer_on(trainer, VGRAD_GRADIENTS_READY, 1, on_gradients, run));
    check(vgrad_trainer_on(trainer, VGRAD_BATCH_END, 1, on_batch, run));
    check(vgrad_trainer_on(trainer, VGRAD_BATCH_BEGIN, 1, keep_first_budget, &first));
    check(vgrad_trainer_on(trainer, VGRAD_FINDING_CHANGED, 1, on_finding, run));
    interrupt_stops(trainer);
    record_training(&records, run->out, run->plan->name, run->record, network, trainer);
    check(vgrad_trainer_fit(trainer, data->train, -1));
    check(vgrad_probe_report(probe, VGRAD_REPORT_BUDGET, keep_line, run->budget));
    if (run->gradients.count == 1)
        memcpy(run->first_budget, run->budget, sizeof run->budget);
    check(vgrad_trainer_evaluate(trainer, data->test, &run->test_loss, &run->test_accuracy));
    record_close(&records);
    vgrad_trainer_destroy(trainer);
    vgrad_probe_destroy(probe);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(network);
}

void modern_release(modern_run *run)
{
    capture_release(&run->gradients);
    free(run->batches);
}

/* ---- what it comes to ---- */

static const char *name_of(const modern_finding *f)
{
    return vgrad_finding_name((vgrad_finding_code)f->code);
}

const char *modern_verdict(const modern_run *run)
{
    const modern_finding *gravest = NULL;
    for (int i = 0; i < run->finding_count; i++) {
        const modern_finding *f = &run->findings[i];
        if (f->severity >= 2 &&
            (f->code == VGRAD_FINDING_VANISHING || f->code == VGRAD_FINDING_EXPLODING))
            return name_of(f);
        if (f->severity >= 2 && (!gravest || f->severity > gravest->severity))
            gravest = f;
    }
    return gravest ? name_of(gravest) : "healthy";
}

static int first_late(const modern_run *run)
{
    return run->gradients.count > LATE_BATCHES ? run->gradients.count - LATE_BATCHES : 0;
}

double modern_late_loss(const modern_run *run)
{
    double sum = 0;
    for (int i = first_late(run); i < run->gradients.count; i++)
        sum += run->batches[i].loss;
    return sum / (run->gradients.count - first_late(run));
}

double modern_late_norm(const modern_run *run)
{
    double sum = 0;
    for (int i = first_late(run); i < run->gradients.count; i++)
        sum += run->batches[i].norm;
    return sum / (run->gradients.count - first_late(run));
}
