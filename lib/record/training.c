/* What a trainer does, as entries of a recorder. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/clock.h"
#include "network/loss.h"
#include "optimizer/optimizer.h"
#include "record/recorder.h"
#include "train/trainer.h"

/* A figure that is known. */
static void add(vgrad_recorder *recorder, const char *quantity, double value)
{
    if (!isnan(value))
        vgrad__recorder_add_row(recorder, "", "", quantity, value);
}

static void begin(vgrad_recorder *recorder, const vgrad_trainer *trainer)
{
    const vgrad_network *network = trainer->network;
    const vgrad__setting settings[] = {
        { .name = "loss", .text = vgrad__loss_name(trainer->terms[0].loss) },
        { .name = "optimizer", .text = trainer->optimizer->rule->name },
        { .name = "learning_rate",
          .number = trainer->optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE] },
        { .name = "batch_size", .is_whole = true, .whole = (uint64_t)trainer->batch_size },
        { .name = "seed", .is_whole = true, .whole = trainer->seed },
        { .name = "dtype", .text = network->dtype == VGRAD_FLOAT64 ? "float64" : "float32" },
        { .name = "parameters",
          .is_whole = true,
          .whole = (uint64_t)vgrad_network_parameter_count(network) },
        /* The last: it is not told where it is not known. */
        { .name = "epochs", .is_whole = true, .whole = (uint64_t)trainer->at.epochs },
    };
    const size_t count = sizeof settings / sizeof *settings;
    const vgrad__run_facts facts = { .time = vgrad__time(),
                                     .settings = settings,
                                     .setting_count = count - (trainer->at.epochs < 0),
                                     .network = network };
    recorder->has_begun = true;
    vgrad__recorder_begin(recorder, &facts);
}

int64_t vgrad__recorder_epoch(const vgrad_recorder *recorder)
{
    const vgrad_trainer *trainer = recorder->trainer;
    return trainer && trainer->step.from_next ? trainer->at.given_epoch : -1;
}

/* The step of a batch is that of a probe's look at it: updates made before. */
static void end_batch(vgrad_recorder *recorder, const vgrad_event *e)
{
    const int64_t step = e->step - !recorder->trainer->step.skip;
    if (!vgrad__recorder_is_due(recorder, step))
        return;
    add(recorder, "loss", e->loss);
    add(recorder, "accuracy", e->accuracy);
    add(recorder, "learning_rate", e->learning_rate);
    vgrad__recorder_take(recorder, step, vgrad__recorder_epoch(recorder), NULL);
}

static void end_epoch(vgrad_recorder *recorder, const vgrad_event *e)
{
    add(recorder, "epoch_loss", e->loss);
    add(recorder, "epoch_accuracy", e->accuracy);
    add(recorder, "validation_loss", e->validation_loss);
    add(recorder, "validation_accuracy", e->validation_accuracy);
    vgrad__recorder_take(recorder, e->step, e->epoch, NULL);
}

static int32_t hear(const vgrad_event *e, void *user)
{
    vgrad_recorder *recorder = user;
    /* A loop without next() has no TRAIN_BEGIN. */
    if (!recorder->closed && (e->kind == VGRAD_TRAIN_BEGIN || !recorder->has_begun))
        begin(recorder, e->trainer);
    if (recorder->closed)
        return VGRAD_OK;
    if (e->kind == VGRAD_BATCH_END)
        end_batch(recorder, e);
    else if (e->kind == VGRAD_EPOCH_END)
        end_epoch(recorder, e);
    else if (e->kind == VGRAD_TRAIN_END)
        vgrad__recorder_flush(recorder);
    return VGRAD_OK; /* a run that cannot be recorded goes on */
}

static void leave(vgrad_context *context, void *user)
{
    (void)context;
    vgrad_recorder *recorder = user;
    recorder->trainer = NULL;
    vgrad__recorder_let_go(recorder);
}

vgrad_status vgrad_recorder_trainer(vgrad_recorder *recorder, vgrad_trainer *trainer)
{
    if (!recorder)
        return vgrad__fail_null("recorder");
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (recorder->trainer)
        return vgrad__fail(VGRAD_E_STATE, "trainer: the recorder has one");
    const vgrad__listener listener = { .events = VGRAD_TRAIN_BEGIN | VGRAD_TRAIN_END |
                                                 VGRAD_EPOCH_END | VGRAD_BATCH_END,
                                       .every = 1,
                                       .callback = hear,
                                       .user = recorder,
                                       .ready_made = true,
                                       .release = leave };
    status = vgrad__listen(trainer, &listener);
    if (status != VGRAD_OK)
        return status;
    vgrad__hold(&recorder->references);
    recorder->trainer = trainer;
    return VGRAD_OK;
}
