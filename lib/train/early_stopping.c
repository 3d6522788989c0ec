/* The ready-made end of a run that has stopped getting better. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/number.h"
#include "train/trainer.h"

typedef struct vgrad__early_stopping {
    vgrad_trainer *trainer;
    int64_t patience;
    double min_delta;
    bool restore;
    double best;
    int64_t best_epoch; /* -1: no epoch has ended yet */
    int64_t wait;       /* epochs since the best one */
    bool over;          /* it has ended the run */
    vgrad__weights weights;
} vgrad__early_stopping;

static void begin(vgrad__early_stopping *stopping)
{
    stopping->best = (double)INFINITY;
    stopping->best_epoch = -1;
    stopping->wait = 0;
    stopping->over = false;
}

static void put_back(const vgrad__early_stopping *stopping)
{
    vgrad_network *network = stopping->trainer->network;
    if (!stopping->restore || stopping->best_epoch < 0)
        return;
    vgrad__weights_put_back(network, &stopping->weights);
    vgrad__log_line(network->context, VGRAD_LOG_INFO,
                    "early stopping: the weights are those of epoch %lld",
                    (long long)stopping->best_epoch + 1);
}

static void keep(vgrad__early_stopping *stopping, int64_t epoch)
{
    stopping->best_epoch = epoch;
    if (stopping->restore)
        vgrad__weights_keep(stopping->trainer->network, &stopping->weights);
}

/* As Keras: the first epoch is the best one for want of another, and never ends the run. */
static vgrad_status judge(vgrad__early_stopping *stopping, const vgrad_event *event)
{
    double loss = vgrad__watched_loss(stopping->trainer, event);
    bool better = loss < stopping->best - stopping->min_delta;
    if (better || stopping->best_epoch < 0)
        keep(stopping, event->epoch);
    stopping->best = better ? loss : stopping->best;
    stopping->wait = better ? 0 : stopping->wait + 1;
    if (better || stopping->wait < stopping->patience || event->epoch == 0)
        return VGRAD_OK;
    vgrad__log_line(stopping->trainer->network->context, VGRAD_LOG_INFO,
                    "early stopping: epoch %lld is the last, epoch %lld was the best (loss %g)",
                    (long long)event->epoch + 1, (long long)stopping->best_epoch + 1,
                    stopping->best);
    put_back(stopping);
    stopping->over = true;
    return VGRAD_STOPPED;
}

static int32_t on_event(const vgrad_event *event, void *user)
{
    vgrad__early_stopping *stopping = user;
    const bool resumes = event->trainer->resumes;
    if (event->kind == VGRAD_TRAIN_BEGIN && resumes)
        return stopping->over ? VGRAD_STOPPED : VGRAD_OK;
    if (event->kind == VGRAD_TRAIN_BEGIN)
        begin(stopping);
    else if (event->kind == VGRAD_EPOCH_END)
        return (int32_t)judge(stopping, event);
    else if (event->trainer->outcome == VGRAD_DONE)
        put_back(stopping);
    return VGRAD_OK;
}

void vgrad__early_stopping_release(vgrad_trainer *trainer)
{
    if (trainer->early_stopping)
        vgrad__weights_destroy(trainer->network, &trainer->early_stopping->weights);
    vgrad__release(trainer->network->context, trainer->early_stopping, 1,
                   sizeof *trainer->early_stopping);
}

/* Whether it keeps weights is settled by who asked for it: there is room for them or not. */
static void visit(vgrad__early_stopping *stopping, vgrad__fields *f)
{
    vgrad__early_stopping copy = *stopping;
    vgrad__visit_same(f, "restore_best", copy.restore);
    f->way->integer(f, "patience", &copy.patience, 0, INT64_MAX);
    vgrad__visit_number(f, "min_delta", &copy.min_delta, 0, DBL_MAX);
    f->way->real(f, "best", &copy.best);
    f->way->integer(f, "best_epoch", &copy.best_epoch, -1, INT64_MAX - 1);
    f->way->integer(f, "wait", &copy.wait, 0, INT64_MAX - 1);
    vgrad__visit_flag(f, "over", &copy.over);
    if (copy.restore && copy.best_epoch >= 0)
        vgrad__weights_visit(stopping->trainer->network, f, "best", &copy.weights);
    if (f->commits)
        *stopping = copy;
}

void vgrad__early_stopping_visit(vgrad_trainer *trainer, vgrad__fields *f)
{
    if (!vgrad__visit_same_presence(f, "early_stopping", trainer->early_stopping != NULL))
        return;
    f->way->open(f, "early_stopping");
    visit(trainer->early_stopping, f);
    f->way->close(f);
}

/* What is set is in force only once there is room for all of it. */
static vgrad_status set(vgrad_trainer *trainer, const vgrad__early_stopping *settings)
{
    vgrad__early_stopping *stopping =
        vgrad__ready_made(trainer, trainer->early_stopping, sizeof *stopping,
                          VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_END | VGRAD_TRAIN_END, on_event);
    if (!stopping)
        return VGRAD_E_MEMORY;
    if (trainer->early_stopping)
        vgrad__weights_destroy(trainer->network, &stopping->weights);
    *stopping = *settings;
    trainer->early_stopping = stopping;
    begin(stopping);
    return VGRAD_OK;
}

vgrad_status vgrad_trainer_early_stopping(vgrad_trainer *trainer, int64_t patience,
                                          double min_delta, int32_t restore_best)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (patience < 0)
        return vgrad__fail(VGRAD_E_INVALID, "patience: at least 0, got %lld", (long long)patience);
    if (!vgrad__number_fits(min_delta, 0, (double)INFINITY, false))
        return vgrad__fail(VGRAD_E_INVALID, "min_delta: finite, at least 0, got %g", min_delta);
    vgrad__early_stopping settings = { .trainer = trainer,
                                       .patience = patience,
                                       .min_delta = min_delta,
                                       .restore = restore_best != 0 };
    if (restore_best)
        status = vgrad__weights_create(trainer->network, &settings.weights);
    if (status == VGRAD_OK)
        status = set(trainer, &settings);
    if (status != VGRAD_OK)
        vgrad__weights_destroy(trainer->network, &settings.weights);
    return status;
}

int64_t vgrad_trainer_best_epoch(const vgrad_trainer *trainer)
{
    if (!trainer)
        vgrad__fail_null("trainer");
    return trainer && trainer->early_stopping ? trainer->early_stopping->best_epoch : -1;
}
