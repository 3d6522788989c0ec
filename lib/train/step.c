/* One training step, call by call, and the batches between. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "data/dataset.h"
#include "train/trainer.h"

/* ---- a step that ends early ---- */

/* The step ends with `status`, if that is none of the good ones; its later calls return the same.
 */
static vgrad_status end_early(vgrad_trainer *trainer, vgrad_status status)
{
    vgrad__step *step = &trainer->step;
    if (status == VGRAD_OK || step->trouble != VGRAD_OK)
        return status;
    step->trouble = status;
    snprintf(step->text, sizeof step->text, "%s", status < 0 ? vgrad_last_error() : "");
    return status;
}

/* What a step that has ended early answers. */
static vgrad_status repeat_trouble(const vgrad_trainer *trainer)
{
    if (trainer->step.trouble < 0)
        vgrad__fail(trainer->step.trouble, "%s", trainer->step.text);
    return trainer->step.trouble;
}

bool vgrad__step_is_at(const vgrad_trainer *trainer, vgrad__phase phase)
{
    return trainer->network->pass == trainer->step.pass && trainer->network->phase == phase;
}

/* Whatever pass the network was at is over. */
static void begin_step(vgrad_trainer *trainer, int64_t rows)
{
    vgrad__end_step(trainer->network);
    trainer->step =
        (vgrad__step){ .rows = rows, .norm = (double)NAN, .value = { (double)NAN, (double)NAN } };
}

/* ---- the four calls ---- */

static vgrad_status forward(vgrad_trainer *trainer, const vgrad_tensor *x)
{
    vgrad_status status = VGRAD_OK;
    vgrad__step *step = &trainer->step;
    if (!step->announced) { /* a loop without next() */
        begin_step(trainer, x && x->rank > 0 ? x->shape[0] : 0);
        step->announced = true;
        status = vgrad__fire(trainer, VGRAD_BATCH_BEGIN);
    }
    step->announced = false; /* another forward is another step */
    if (status != VGRAD_OK)
        return status;
    vgrad__observers_begin(trainer->network, trainer->at.steps);
    status = vgrad__forward(trainer->network, x);
    if (status != VGRAD_OK)
        return status;
    step->pass = trainer->network->pass;
    step->rows = trainer->network->rows;
    return vgrad__fire(trainer, VGRAD_FORWARD_DONE);
}

/* A call of a step after its first: trouble of before goes first, then the order of calls. */
static vgrad_status check_turn(const vgrad_trainer *trainer, vgrad__phase phase, const char *before)
{
    if (trainer->step.trouble != VGRAD_OK)
        return repeat_trouble(trainer);
    if (!vgrad__step_is_at(trainer, phase) || trainer->step.updated)
        return vgrad__fail(VGRAD_E_STATE, "trainer: %s comes first", before);
    return VGRAD_OK;
}

static vgrad_status check_finite(const vgrad_trainer *trainer)
{
    vgrad_role role;
    const vgrad_layer *layer = vgrad__find_non_finite(trainer->network, &role);
    if (layer)
        return vgrad__fail(VGRAD_E_NUMBER, "step %lld: NaN or Inf in %s.%s",
                           (long long)trainer->at.steps, layer->name, vgrad_role_name(role));
    if (!isfinite(trainer->step.value.loss))
        return vgrad__fail(VGRAD_E_NUMBER, "step %lld: the loss behind layer \"%s\" is %g",
                           (long long)trainer->at.steps, trainer->network->output->name,
                           trainer->step.value.loss);
    return VGRAD_OK;
}

static vgrad_status backward(vgrad_trainer *trainer)
{
    vgrad__backward(trainer->network);
    vgrad_status status = trainer->stop_on_nan ? check_finite(trainer) : VGRAD_OK;
    return status == VGRAD_OK ? vgrad__fire(trainer, VGRAD_GRADIENTS_READY) : status;
}

static vgrad_status step(vgrad_trainer *trainer)
{
    vgrad__step *step = &trainer->step;
    if (!step->skip) {
        vgrad__optimizer_update(trainer->optimizer);
        vgrad__epoch_gradient_add(trainer->network);
        trainer->at.steps++;
    }
    step->updated = true;
    vgrad__tally_add(&trainer->tally, &step->value, step->rows);
    vgrad_status status = vgrad__fire(trainer, VGRAD_BATCH_END);
    return status == VGRAD_OK && step->skip ? VGRAD_SKIPPED : status;
}

/* Every public call: not from inside a callback; the trainer stays until the call is over. */
static vgrad_status enter(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK)
        vgrad__hold(&trainer->references);
    return status;
}

static vgrad_status leave(vgrad_trainer *trainer, vgrad_status status)
{
    vgrad_trainer_destroy(trainer);
    return status;
}

vgrad_status vgrad_trainer_forward(vgrad_trainer *trainer, const vgrad_tensor *x)
{
    vgrad_status status = enter(trainer);
    if (status != VGRAD_OK)
        return status;
    if (trainer->step.trouble != VGRAD_OK && !trainer->step.delivered)
        return leave(trainer, repeat_trouble(trainer));
    trainer->step.trouble = VGRAD_OK;
    return leave(trainer, end_early(trainer, forward(trainer, x)));
}

vgrad_status vgrad_trainer_loss(vgrad_trainer *trainer, const vgrad_tensor *y, double *loss)
{
    if (loss)
        *loss = (double)NAN;
    vgrad_status status = enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__FORWARD_DONE, "forward");
    if (status == VGRAD_OK)
        status =
            vgrad__loss_compute(trainer->loss, trainer->network, y, true, &trainer->step.value);
    if (status == VGRAD_OK && loss)
        *loss = trainer->step.value.loss;
    return leave(trainer, end_early(trainer, status));
}

vgrad_status vgrad_trainer_backward(vgrad_trainer *trainer)
{
    vgrad_status status = enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__LOSS_DONE, "loss");
    if (status == VGRAD_OK)
        status = backward(trainer);
    return leave(trainer, end_early(trainer, status));
}

vgrad_status vgrad_trainer_step(vgrad_trainer *trainer)
{
    vgrad_status status = enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__BACKWARD_DONE, "backward");
    if (status == VGRAD_OK)
        status = step(trainer);
    if (status != VGRAD_SKIPPED)
        end_early(trainer, status);
    if (trainer->network->pass == trainer->step.pass)
        vgrad__end_step(trainer->network);
    trainer->step.delivered = true;
    return leave(trainer, status);
}

/* ---- the batches between ---- */

/* The run is over, with `status`; TRAIN_END may still turn a good end into another. */
static vgrad_status end_run(vgrad_trainer *trainer, vgrad_status status)
{
    char text[VGRAD__ERROR_SIZE];
    snprintf(text, sizeof text, "%s", vgrad_last_error());
    if (!trainer->running)
        return status;
    trainer->running = false;
    vgrad_status last = vgrad__fire(trainer, VGRAD_TRAIN_END);
    if (status == VGRAD_DONE && last != VGRAD_OK)
        return last;
    return status < 0 ? vgrad__fail(status, "%s", text) : status;
}

/* Hands out how the step before ended; its batch comes again unless it was completed. */
static vgrad_status deliver_trouble(vgrad_trainer *trainer)
{
    vgrad_status status = repeat_trouble(trainer);
    if (!trainer->step.updated && trainer->at.in_epoch)
        trainer->at.batch = trainer->at.given_batch;
    begin_step(trainer, 0);
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
    at->given_epoch = at->epoch;
    at->given_batch = at->batch;
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
    begin_step(trainer, rows);
    trainer->step.announced = true;
    at->given_epoch = at->epoch;
    at->given_batch = at->batch++;
}

/* VGRAD_OK with a batch in place; anything else ends the run. */
static vgrad_status next(vgrad_trainer *trainer, vgrad_dataset *data, int64_t epochs)
{
    if (trainer->step.trouble != VGRAD_OK)
        return deliver_trouble(trainer);
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
        if (!trainer->at.in_epoch) {
            trainer->at.given_epoch = trainer->at.epoch;
            trainer->at.given_batch = 0;
        }
        status = vgrad__fire(trainer, VGRAD_TRAIN_BEGIN);
    }
    if (status == VGRAD_OK && trainer->at.in_epoch && trainer->at.batch == trainer->at.batches)
        status = end_epoch(trainer);
    if (status == VGRAD_OK && !trainer->at.in_epoch) {
        if (trainer->at.epoch >= epochs)
            return VGRAD_DONE;
        status = begin_epoch(trainer, data);
    }
    if (status != VGRAD_OK)
        return status;
    give_batch(trainer, data);
    return end_early(trainer, vgrad__fire(trainer, VGRAD_BATCH_BEGIN));
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
    vgrad_status status = enter(trainer);
    if (status != VGRAD_OK)
        return status;
    vgrad__dataset_hold(data); /* callbacks may let go of it */
    status = next(trainer, data, epochs);
    vgrad_dataset_destroy(data);
    if (status != VGRAD_OK) {
        if (trainer->step.trouble != VGRAD_OK) /* of BATCH_BEGIN: delivered here and now */
            deliver_trouble(trainer);
        return leave(trainer, end_run(trainer, status));
    }
    *x = &trainer->batches.x_view;
    if (y)
        *y = &trainer->batches.y_view;
    return leave(trainer, VGRAD_OK);
}
