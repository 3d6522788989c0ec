/* The ready-made progress line: a listener like any other. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "train/trainer.h"

enum { BAR_WIDTH = 20 };

/* Shortest time between two rewritings of the line. */
static const double pause_seconds = 0.1;

typedef struct vgrad__progress {
    vgrad_write write;
    void *user;
    double epoch_began, last_written;
    vgrad__tally tally;
} vgrad__progress;

/* " 12/32 [=======             ] 0.1s  loss 0.6412  accuracy 0.684", after "\rEpoch 7/100". */
static vgrad_status write_line(const vgrad__progress *progress, const vgrad_event *event,
                               const vgrad__loss_value *value, const char *end)
{
    char bar[BAR_WIDTH + 1], accuracy[32] = "", validation[64] = "";
    char of_epochs[32] = "", of_batches[32] = ""; /* nothing where there is no bound */
    int64_t done = event->batch + 1;
    int64_t filled = event->batches > 0 ? BAR_WIDTH * done / event->batches : 0;
    filled = filled < BAR_WIDTH ? filled : BAR_WIDTH;
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    if (event->epochs >= 0)
        snprintf(of_epochs, sizeof of_epochs, "/%lld", (long long)event->epochs);
    if (event->batches >= 0)
        snprintf(of_batches, sizeof of_batches, "/%lld", (long long)event->batches);
    if (value->accuracy == value->accuracy)
        snprintf(accuracy, sizeof accuracy, "  accuracy %.3f", value->accuracy);
    if (event->kind == VGRAD_EPOCH_END && event->validation_loss == event->validation_loss)
        snprintf(validation, sizeof validation, "  validation loss %.4f", event->validation_loss);
    if (*validation && event->validation_accuracy == event->validation_accuracy)
        snprintf(validation + strlen(validation), sizeof validation - strlen(validation),
                 " accuracy %.3f", event->validation_accuracy);
    return vgrad__print(
        progress->write, progress->user, "\rEpoch %lld%s  %lld%s [%s] %.1fs  loss %.4f%s%s%s",
        (long long)event->epoch + 1, of_epochs, (long long)done, of_batches, bar,
        vgrad__seconds() - progress->epoch_began, value->loss, accuracy, validation, end);
}

static int32_t on_event(const vgrad_event *event, void *user)
{
    vgrad__progress *progress = user;
    vgrad_status status = VGRAD_OK;
    vgrad__loss_value value = { event->loss, event->accuracy };
    double now = vgrad__seconds();
    switch (event->kind) {
    case VGRAD_EPOCH_BEGIN:
        progress->epoch_began = progress->last_written = now;
        progress->tally = (vgrad__tally){ 0 };
        break;
    case VGRAD_BATCH_END:
        vgrad__tally_add(&progress->tally, &value, event->samples);
        if (now - progress->last_written < pause_seconds)
            break;
        progress->last_written = now;
        value = vgrad__tally_mean(&progress->tally);
        status = write_line(progress, event, &value, "");
        break;
    case VGRAD_EPOCH_END:
        status = write_line(progress, event, &value, "\n");
        progress->tally = (vgrad__tally){ 0 };
        break;
    default: /* the run is over: what there was of an epoch that is not */
        value = vgrad__tally_mean(&progress->tally);
        if (progress->tally.rows > 0)
            status = write_line(progress, event, &value, "\n");
        progress->tally = (vgrad__tally){ 0 };
        break;
    }
    return (int32_t)status;
}

void vgrad__progress_release(vgrad_trainer *trainer)
{
    vgrad__release(trainer->network->context, trainer->progress, 1, sizeof *trainer->progress);
}

vgrad_status vgrad_trainer_progress(vgrad_trainer *trainer, vgrad_write write, void *user)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (!write)
        return vgrad__fail_null("write");
    vgrad__progress *progress = vgrad__ready_made(
        trainer, trainer->progress, sizeof *progress,
        VGRAD_EPOCH_BEGIN | VGRAD_BATCH_END | VGRAD_EPOCH_END | VGRAD_TRAIN_END, on_event);
    if (!progress)
        return VGRAD_E_MEMORY;
    trainer->progress = progress;
    progress->epoch_began = vgrad__seconds(); /* or when it begins, if that is later */
    progress->write = write;
    progress->user = user;
    return VGRAD_OK;
}
