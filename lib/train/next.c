/* What lies between two steps: batches, epochs, and how a step's trouble comes out. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

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
    trainer->outcome = status;
    vgrad_status last = vgrad__fire(trainer, VGRAD_TRAIN_END);
    if (status == VGRAD_DONE && last != VGRAD_OK)
        return last;
    return status < 0 ? vgrad__fail(status, "%s", text) : status;
}

/* The last batch comes again. */
static void rewind_batch(vgrad__position *at)
{
    at->batch = at->given_batch;
    at->row = at->given_row;
    at->drained = false;
}

void vgrad__step_forget(vgrad_trainer *trainer)
{
    if (trainer->step.trouble != VGRAD_OK && trainer->step.from_next && !trainer->step.updated)
        rewind_batch(&trainer->at);
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
    vgrad__position *at = &trainer->at;
    at->in_epoch = at->drained = false;
    at->epoch++;
    at->batch = 0;
    at->row = at->carried;
    at->carried = 0;
    return vgrad__fire(trainer, VGRAD_EPOCH_END);
}

/* An epoch whose first rows went with the last batch of the one before keeps its order. */
static vgrad_status begin_epoch(vgrad_trainer *trainer, vgrad_dataset *data)
{
    vgrad__position *at = &trainer->at;
    int64_t rows = vgrad_dataset_rows(data), batch = vgrad__batch_rows(trainer, data);
    if (data != at->data) {
        vgrad__dataset_hold(data);
        vgrad_dataset_destroy(at->data);
        at->data = data;
        at->row = 0; /* what the last batch took was of other rows */
    }
    if (at->row == 0) {
        at->seed = trainer->seed;
        at->shuffle = trainer->shuffle && !vgrad__dataset_is_stream(data);
    }
    at->across = trainer->across_epochs;
    at->in_epoch = true;
    at->rows = rows;
    at->batch_rows = batch;
    at->batches = rows < 0 ? -1 : 1 + (rows - at->row - 1) / batch;
    trainer->tally = (vgrad__tally){ 0 };
    trainer->network->epoch_updates = 0;
    vgrad__observers_epoch(trainer->network, at->steps);
    return vgrad__fire(trainer, VGRAD_EPOCH_BEGIN);
}

/* Some of its batches are over; an epoch whose first batch failed can begin again in any way. */
static bool is_within_epoch(const vgrad__position *at)
{
    return at->in_epoch && at->batch > 0;
}

/* An epoch that began now would be the one that has begun. */
static bool begins_alike(const vgrad_trainer *trainer, const vgrad_dataset *data)
{
    const vgrad__position *at = &trainer->at;
    return data == at->data && vgrad__batch_rows(trainer, data) == at->batch_rows &&
           trainer->across_epochs == at->across;
}

/* The data as next() needs it: fits the network, the batch size, and the epoch in progress. */
static vgrad_status check_data(const vgrad_trainer *trainer, const vgrad_dataset *data,
                               int64_t epochs)
{
    vgrad_status status = vgrad__batches_check(trainer, data);
    if (status != VGRAD_OK)
        return status;
    int64_t rows = vgrad_dataset_rows(data), batch = vgrad__batch_rows(trainer, data);
    if (epochs < -1)
        return vgrad__fail(VGRAD_E_INVALID, "epochs: at least 0, or -1, got %lld",
                           (long long)epochs);
    if (epochs == -1 && trainer->max_steps == 0)
        return vgrad__fail(VGRAD_E_INVALID, "epochs: -1, but max_steps is not set");
    if (trainer->batch_size_chosen && rows >= 0 && trainer->batch_size > rows)
        return vgrad__fail(VGRAD_E_INVALID, "batch_size: %lld, but the data has %lld rows",
                           (long long)trainer->batch_size, (long long)rows);
    if (trainer->shuffle && trainer->shuffle_chosen && vgrad__dataset_is_stream(data))
        return vgrad__fail(VGRAD_E_INVALID, "shuffle: 1, but the data is a stream");
    if (trainer->at.adopts && (trainer->at.in_epoch || trainer->at.row > 0) &&
        rows != trainer->at.rows)
        return vgrad__fail(VGRAD_E_STATE,
                           "data: %lld rows, but the run that was loaded is within an epoch of "
                           "%lld; see vgrad_trainer_abandon_epoch",
                           (long long)rows, (long long)trainer->at.rows);
    if (is_within_epoch(&trainer->at) && data != trainer->at.data && !trainer->at.adopts)
        return vgrad__fail(VGRAD_E_STATE,
                           "data: another set within epoch %lld; see vgrad_trainer_abandon_epoch",
                           (long long)trainer->at.epoch);
    if (is_within_epoch(&trainer->at) && batch != trainer->at.batch_rows)
        return vgrad__fail(
            VGRAD_E_STATE, "batch_size: %lld within epoch %lld, which has batches of %lld",
            (long long)batch, (long long)trainer->at.epoch, (long long)trainer->at.batch_rows);
    return VGRAD_OK;
}

/* A run that was loaded goes on with the first data that fit it. */
static void adopt(vgrad__position *at, vgrad_dataset *data)
{
    if (!at->adopts)
        return;
    vgrad__dataset_hold(data);
    vgrad_dataset_destroy(at->data);
    at->data = data;
    at->adopts = false;
}

/* VGRAD_DONE if these data have no more rows for the epoch in progress. */
static vgrad_status make_batch(vgrad_trainer *trainer, const vgrad_dataset *data,
                               vgrad__filled *filled)
{
    const vgrad__position *at = &trainer->at;
    const vgrad__stretch stretch = { .first = at->row,
                                     .count = at->batch_rows,
                                     .epoch = at->epoch,
                                     .seed = at->seed,
                                     .shuffle = at->shuffle,
                                     .across = at->across };
    vgrad_status status = vgrad__batches_reserve(&trainer->batches, trainer->network, data,
                                                 at->batch_rows, at->shuffle);
    if (status == VGRAD_OK)
        status = vgrad__batches_fill(&trainer->batches, trainer->network, data, &stretch, filled);
    if (status != VGRAD_OK)
        return status;
    if (filled->of_epoch == 0 && at->row == 0)
        return vgrad__fail(VGRAD_E_IO, "read: the stream has no rows");
    return filled->of_epoch > 0 ? VGRAD_OK : VGRAD_DONE;
}

/* The batch that was made becomes the step's. */
static void give_batch(vgrad_trainer *trainer, const vgrad__filled *filled)
{
    vgrad__position *at = &trainer->at;
    vgrad__step_begin(trainer, filled->of_epoch + filled->of_next);
    trainer->step.announced = trainer->step.from_next = true;
    at->given_epoch = at->epoch;
    at->given_batch = at->batch++;
    at->given_row = at->row;
    at->row += filled->of_epoch;
    at->carried = filled->of_next;
    at->drained = at->rows < 0 ? filled->of_epoch < at->batch_rows : at->row == at->rows;
}

/* No row of the epoch is left. What its last group has makes an update of its own, if the last
   batch could not know that it was the last. */
static vgrad_status finish_epoch(vgrad_trainer *trainer)
{
    if (trainer->group.batches > 0) {
        vgrad_status status = vgrad__step_of_the_rest(trainer);
        if (status != VGRAD_OK)
            return status;
        if (atomic_exchange(&trainer->stop_requested, false)) /* during that group */
            return VGRAD_STOPPED;
    }
    return end_epoch(trainer);
}

/* Goes on to the next batch, over the border of epochs if need be. VGRAD_DONE: the run is over. */
static vgrad_status advance(vgrad_trainer *trainer, vgrad_dataset *data)
{
    vgrad__position *at = &trainer->at;
    vgrad__filled filled;
    vgrad_status status = VGRAD_OK;
    if (!is_within_epoch(at) && !begins_alike(trainer, data))
        at->in_epoch = false;
    do {
        if (at->in_epoch && at->drained)
            status = finish_epoch(trainer);
        if (status != VGRAD_OK)
            return status;
        if ((at->epochs >= 0 && at->epoch >= at->epochs) ||
            (trainer->max_steps > 0 && at->steps >= trainer->max_steps))
            return VGRAD_DONE;
        if (!at->in_epoch)
            status = begin_epoch(trainer, data);
        if (status == VGRAD_OK)
            status = make_batch(trainer, data, &filled);
        at->drained = status == VGRAD_DONE;
    } while (at->drained);
    if (status == VGRAD_OK)
        give_batch(trainer, &filled);
    return status;
}

/* VGRAD_OK with a batch in place; anything else ends the run. */
static vgrad_status next(vgrad_trainer *trainer, vgrad_dataset *data, int64_t epochs)
{
    if (trainer->step.trouble != VGRAD_OK)
        return deliver_trouble(trainer);
    vgrad__step_begin(trainer, 0); /* one that was not brought to its end is given up */
    bool within_group = trainer->running && trainer->group.batches > 0;
    if (!within_group && atomic_exchange(&trainer->stop_requested, false))
        return VGRAD_STOPPED;
    vgrad_status status = check_data(trainer, data, epochs);
    if (status != VGRAD_OK)
        return status;
    adopt(&trainer->at, data);
    trainer->at.epochs = epochs;
    if (!trainer->running) {
        trainer->running = true;
        status = vgrad__fire(trainer, VGRAD_TRAIN_BEGIN);
        trainer->resumes = false;
    }
    if (status == VGRAD_OK)
        status = advance(trainer, data);
    if (status != VGRAD_OK)
        return status;
    return vgrad__step_end_early(trainer, vgrad__fire(trainer, VGRAD_BATCH_BEGIN));
}

vgrad_status vgrad_trainer_abandon_epoch(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    vgrad__position *at = &trainer->at;
    vgrad__step_forget(trainer);
    vgrad__group_clear(trainer);
    at->in_epoch = at->drained = false;
    at->batch = at->row = at->carried = 0;
    return VGRAD_OK;
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
