/* The ready-made line that tells of learning rates. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/text.h"
#include "train/trainer.h"

typedef struct vgrad__rate_log {
    vgrad_write write;
    void *user;
    double taken;   /* by the last update; NaN: none yet */
    double written; /* in the last line; NaN: none yet in this run */
} vgrad__rate_log;

static int32_t on_event(const vgrad_event *event, void *user)
{
    vgrad__rate_log *log = user;
    double rate = isnan(log->taken) ? event->learning_rate : log->taken;
    switch (event->kind) {
    case VGRAD_TRAIN_BEGIN: log->written = (double)NAN; break;
    case VGRAD_BATCH_END:
        if (!event->trainer->step.skip)
            log->taken = event->learning_rate;
        break;
    default:
        if (rate == log->written)
            break;
        log->written = rate;
        return (int32_t)vgrad__print(log->write, log->user, "epoch %lld: learning rate %.9g\n",
                                     (long long)event->epoch + 1, rate);
    }
    return VGRAD_OK;
}

void vgrad__rate_log_release(vgrad_trainer *trainer)
{
    vgrad__release(trainer->network->context, trainer->rate_log, 1, sizeof *trainer->rate_log);
}

vgrad_status vgrad_trainer_log_rate(vgrad_trainer *trainer, vgrad_write write, void *user)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (!write)
        return vgrad__fail_null("write");
    vgrad__rate_log *log =
        vgrad__ready_made(trainer, trainer->rate_log, sizeof *log,
                          VGRAD_TRAIN_BEGIN | VGRAD_BATCH_END | VGRAD_EPOCH_END, on_event);
    if (!log)
        return VGRAD_E_MEMORY;
    *log = (vgrad__rate_log){ write, user, (double)NAN, (double)NAN };
    trainer->rate_log = log;
    return VGRAD_OK;
}
