/* What lies between two steps: batches, epochs, and how a step's trouble comes out. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "data/dataset.h"
#include "train/trainer.h"

/* The run is over, with `status`; TRAIN_END may still turn a good end into another. */
static vgrad_status end_run(vgrad_trainer *trainer, vgrad_status status)
{
    char text[VGRAD__ERROR_SIZE];
    snprintf(text, sizeof text, "%s", vgrad_last_error());
    atomic_store(&trainer->stop_requested, false);
    if (!trainer->running)
        return status;
    trainer->running = false;
    vgrad_status last = vgrad__fire(trainer, VGRAD_TRAIN_END);
    if (status == VGRAD_DONE && last != VGRAD_OK)
        return last;
    return status < 0 ? vgrad__fail(status, "%s", text) : status;
}

void vgrad__step_forget(vgrad_trainer *trainer)
{
    if (trainer->step.trouble != VGRAD_OK && trainer->step.from_next && !trainer->step.updated)
        trainer->at.batch = trainer->at.given_batch;
    vgrad__step_begin(trainer, 0);
}

/* Hands out how the step before ended. */
static vgrad_status deliver_trouble(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__step_trouble(trainer);
    vgrad__step_forget(trainer);
    return status;
}

static vgrad_status end_epoch(vgrad_trainer *trainer)
{
    vgrad_status status = VGRAD_OK;
    if (trainer->validation)
        status = vgrad__evaluate(trainer, trainer->validation, &trainer->validated);
    if (status != VGRAD_OK)
        return status;
    trainer->at.in_epoch = false;
    trainer->at.epoch++;
    trainer->at.batch = 0;
    return vgrad__fire(trainer, VGRAD_EPOCH_END);
}

static vgrad_status begin_epoch(vgrad_trainer *trainer, const vgrad_dataset *data)
{
    vgrad__position *at = &trainer->at;
    int64_t rows = vgrad_dataset_rows(data), batch = vgrad__batch_rows(trainer, data);
    vgrad_status status = VGRAD_OK;
    if (trainer->shuffle)
        status = vgrad__batches_shuffle(&trainer->batches, trainer->network, data, trainer->seed,
                                        at->epoch);
    else
        vgrad__batches_unshuffle(&trainer->batches, trainer->network);
    if (status != VGRAD_OK)
        return status;
    at->in_epoch = true;
    at->rows = rows;
    at->batch_rows = batch;
    at->batches = (rows + batch - 1) / batch;
    trainer->tally = (vgrad__tally){ 0 };
    trainer->network->epoch_updates = 0;
    return vgrad__fire(trainer, VGRAD_EPOCH_BEGIN);
}

/* The data as next() needs it: fits the network, the batch size, and the epoch in progress. */
static vgrad_status check_data(const vgrad_trainer *trainer, const vgrad_dataset *data,
                               int64_t epochs)
{
    vgrad_status status = vgrad__batches_check(trainer, data);
    if (status != VGRAD_OK)
        return status;
    int64_t rows = vgrad_dataset_rows(data), batch = vgrad__batch_rows(trainer, data);
    if (epochs < 0)
        return vgrad__fail(VGRAD_E_INVALID, "epochs: at least 0, got %lld", (long long)epochs);
    if (trainer->batch_size_chosen && trainer->batch_size > rows)
        return vgrad__fail(VGRAD_E_INVALID, "batch_size: %lld, but the data has %lld rows",
                           (long long)trainer->batch_size, (long long)rows);
    if (trainer->at.in_epoch && (rows != trainer->at.rows || batch != trainer->at.batch_rows))
        return vgrad__fail(VGRAD_E_STATE,
                           "data: another number of rows or batch size within epoch %lld",
                           (long long)trainer->at.epoch);
    return VGRAD_OK;
}

static void give_batch(vgrad_trainer *trainer, const vgrad_dataset *data)
{
    vgrad__position *at = &trainer->at;
    int64_t first = at->batch * at->batch_rows, left = at->rows - first;
    int64_t rows = left < at->batch_rows ? left : at->batch_rows;
    vgrad__batches_fill(&trainer->batches, trainer->network, data, first, rows);
    vgrad__step_begin(trainer, rows);
    trainer->step.announced = trainer->step.from_next = true;
    at->given_epoch = at->epoch;
    at->given_batch = at->batch++;
}

/* VGRAD_OK with a batch in place; anything else ends the run. */
static vgrad_status next(vgrad_trainer *trainer, vgrad_dataset *data, int64_t epochs)
{
    if (trainer->step.trouble != VGRAD_OK)
        return deliver_trouble(trainer);
    vgrad__step_begin(trainer, 0); /* one that was not brought to its end is given up */
    if (atomic_exchange(&trainer->stop_requested, false))
        return VGRAD_STOPPED;
    vgrad_status status = check_data(trainer, data, epochs);
    if (status == VGRAD_OK)
        status = vgrad__batches_reserve(&trainer->batches, trainer->network, data,
                                        vgrad__batch_rows(trainer, data));
    if (status != VGRAD_OK)
        return status;
    trainer->at.epochs = epochs;
    if (!trainer->running) {
        trainer->running = true;
        status = vgrad__fire(trainer, VGRAD_TRAIN_BEGIN);
    }
    if (status == VGRAD_OK && trainer->at.in_epoch && trainer->at.batch == trainer->at.batches)
        status = end_epoch(trainer);
    if (status == VGRAD_OK && trainer->at.epoch >= epochs)
        return VGRAD_DONE;
    if (status == VGRAD_OK && !trainer->at.in_epoch)
        status = begin_epoch(trainer, data);
    if (status != VGRAD_OK)
        return status;
    give_batch(trainer, data);
    return vgrad__step_end_early(trainer, vgrad__fire(trainer, VGRAD_BATCH_BEGIN));
}

vgrad_status vgrad_trainer_next(vgrad_trainer *trainer, vgrad_dataset *data, int64_t epochs,
                                const vgrad_tensor **x, const vgrad_tensor **y)
{
    if (x)
        *x = NULL;
    if (y)
        *y = NULL;
    if (!x)
        return vgrad__fail_null("x");
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    vgrad__dataset_hold(data); /* callbacks may let go of it */
    status = next(trainer, data, epochs);
    vgrad_dataset_destroy(data);
    if (status != VGRAD_OK) {
        if (trainer->step.trouble != VGRAD_OK) /* of BATCH_BEGIN: delivered here and now */
            deliver_trouble(trainer);
        return vgrad__leave(trainer, end_run(trainer, status));
    }
    *x = &trainer->batches.x_view;
    if (y)
        *y = &trainer->batches.y_view;
    return vgrad__leave(trainer, VGRAD_OK);
}
