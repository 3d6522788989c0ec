/* Callbacks: who hears what, and what may be written meanwhile. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/trainer.h"

vgrad_status vgrad__check_outside(const vgrad_trainer *trainer)
{
    if (!trainer)
        return vgrad__fail_null("trainer");
    if (trainer->network->callbacks > 0)
        return vgrad__fail(VGRAD_E_STATE, "trainer: not inside a callback");
    return VGRAD_OK;
}

vgrad_status vgrad__listen(vgrad_trainer *trainer, const vgrad__listener *listener)
{
    vgrad_status status = vgrad__grow(trainer->network->context, (void **)&trainer->listeners,
                                      trainer->listener_count, &trainer->listener_capacity,
                                      sizeof *trainer->listeners);
    if (status != VGRAD_OK)
        return status;
    trainer->listeners[trainer->listener_count++] = *listener;
    trainer->listened |= listener->events;
    return VGRAD_OK;
}

void *vgrad__ready_made(vgrad_trainer *trainer, void *state, size_t size, uint32_t events,
                        vgrad_callback callback)
{
    if (state)
        return state;
    void *made = vgrad__allocate(trainer->network->context, 1, size);
    if (!made)
        return NULL;
    vgrad__listener listener = {
        .events = events, .every = 1, .callback = callback, .user = made, .ready_made = true
    };
    if (vgrad__listen(trainer, &listener) == VGRAD_OK)
        return made;
    vgrad__release(trainer->network->context, made, 1, size);
    return NULL;
}

vgrad_status vgrad_trainer_on(vgrad_trainer *trainer, uint32_t events, int64_t every,
                              vgrad_callback callback, void *user)
{
    const uint32_t all = (2u * VGRAD_BATCH_END - 1) | VGRAD_FINDING_CHANGED;
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (events == 0 || events & ~all)
        return vgrad__fail(VGRAD_E_INVALID, "events: a sum of event bits, got 0x%x",
                           (unsigned)events);
    if (every < 1)
        return vgrad__fail(VGRAD_E_INVALID, "every: at least 1, got %lld", (long long)every);
    if (!callback)
        return vgrad__fail_null("callback");
    vgrad__listener listener = {
        .events = events, .every = every, .callback = callback, .user = user
    };
    return vgrad__listen(trainer, &listener);
}

/* Whether its turn has come: the first event of a kind, then every k-th. */
static bool is_due(vgrad__listener *listener, vgrad_event_kind kind)
{
    if (!(listener->events & (uint32_t)kind))
        return false;
    int bit = __builtin_ctz((unsigned)kind);
    return listener->heard[bit]++ % listener->every == 0;
}

static double gradient_norm(vgrad_trainer *trainer)
{
    if (!trainer->step.norm_known) {
        trainer->step.norm = vgrad__gradient_norm(trainer->network, NULL);
        trainer->step.norm_known = true;
    }
    return trainer->step.norm;
}

static vgrad_event describe(vgrad_trainer *trainer, vgrad_event_kind kind)
{
    const uint32_t with_loss = VGRAD_GRADIENTS_READY | VGRAD_BATCH_END;
    /* These are of the batch to come, if one is left in its epoch. */
    bool ahead = kind & (VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_BEGIN) &&
                 !(trainer->at.in_epoch && trainer->at.drained);
    const uint32_t of_batch = with_loss | VGRAD_BATCH_BEGIN | VGRAD_FORWARD_DONE;
    vgrad_event event = { .struct_size = sizeof event,
                          .trainer = trainer,
                          .network = trainer->network,
                          .finding = kind == VGRAD_FINDING_CHANGED ? trainer->finding : NULL,
                          .kind = kind,
                          .epoch = ahead ? trainer->at.epoch : trainer->at.given_epoch,
                          .epochs = trainer->at.epochs,
                          .batch = ahead ? trainer->at.batch : trainer->at.given_batch,
                          .batches = trainer->at.batches,
                          .step = trainer->at.steps,
                          .samples = kind & of_batch ? trainer->step.rows : 0,
                          .loss = (double)NAN,
                          .accuracy = (double)NAN,
                          .validation_loss = trainer->validated.loss,
                          .validation_accuracy = trainer->validated.accuracy,
                          .gradient_norm = (double)NAN,
                          .clipped_norm = (double)NAN };
    if (kind == VGRAD_BATCH_END && !trainer->step.skip)
        event.learning_rate = trainer->step.rate;
    else
        event.learning_rate =
            vgrad_optimizer_get(trainer->optimizer, VGRAD_OPTIMIZER_LEARNING_RATE);
    if (kind & of_batch && !trainer->step.from_next)
        event.epochs = event.batches = -1;
    vgrad__loss_value value = { (double)NAN, (double)NAN };
    if (kind == VGRAD_EPOCH_END) {
        value = vgrad__tally_mean(&trainer->tally);
        event.samples = trainer->tally.rows;
    } else if (kind & with_loss && trainer->group.batches > 0) {
        vgrad__tally group = vgrad__group_tally(trainer);
        value = vgrad__tally_mean(&group);
        event.samples = group.rows;
    } else if (kind & with_loss) {
        value = trainer->step.value;
    }
    event.loss = value.loss;
    event.accuracy = value.accuracy;
    return event;
}

/* Both norms cost a pass over the gradients: only for those who may read them. */
static void describe_norms(vgrad_trainer *trainer, vgrad_event *event)
{
    const int64_t with_norm = VGRAD_GRADIENTS_READY | VGRAD_BATCH_END;
    if (!(event->kind & with_norm))
        return;
    event->gradient_norm = gradient_norm(trainer);
    if (event->kind != VGRAD_BATCH_END)
        return;
    if (trainer->step.clipped)
        event->clipped_norm = trainer->step.clipped_norm;
    else if (trainer->step.edited)
        event->clipped_norm = vgrad__gradient_norm(trainer->network, NULL);
    else
        event->clipped_norm = event->gradient_norm;
}

/* Calls one listener; what its answer means. */
static vgrad_status call(vgrad_trainer *trainer, const vgrad__listener *listener,
                         const vgrad_event *event)
{
    trainer->network->callbacks++;
    int32_t answer = listener->callback(event, listener->user);
    trainer->network->callbacks--;
    if (listener->ready_made)
        return (vgrad_status)answer;
    if (answer < 0)
        return vgrad__fail(VGRAD_E_CALLBACK, "a callback returned %d at step %lld", (int)answer,
                           (long long)trainer->at.steps);
    return answer > 0 ? VGRAD_STOPPED : VGRAD_OK;
}

vgrad_status vgrad__fire(vgrad_trainer *trainer, vgrad_event_kind kind)
{
    if (!(trainer->listened & (uint32_t)kind))
        return VGRAD_OK;
    vgrad_event event = { .struct_size = 0 };
    vgrad_status outcome = VGRAD_OK; /* a stop waits until everyone has heard */
    for (size_t turn = 0; turn < 2 * trainer->listener_count; turn++) {
        const size_t i = turn % trainer->listener_count;
        vgrad__listener *listener = &trainer->listeners[i];
        if (listener->last != (turn >= trainer->listener_count) || !is_due(listener, kind))
            continue;
        if (event.struct_size == 0)
            event = describe(trainer, kind);
        if (!listener->ready_made)
            describe_norms(trainer, &event);
        vgrad_status status = call(trainer, listener, &event);
        if (status < 0)
            return status;
        if (status != VGRAD_OK)
            outcome = status;
    }
    return outcome;
}

/* ---- verbs for callbacks, and for loops of one's own between the same calls ---- */

/* Those of the whole group are there, and the update is not made yet. */
static bool gradients_wait(const vgrad_trainer *trainer)
{
    return vgrad__step_is_at(trainer, VGRAD__BACKWARD_DONE) && trainer->step.complete &&
           !trainer->step.updated;
}

vgrad_status vgrad_trainer_skip_update(vgrad_trainer *trainer)
{
    if (!trainer)
        return vgrad__fail_null("trainer");
    if (!gradients_wait(trainer))
        return vgrad__fail(VGRAD_E_STATE, "trainer: no gradients are waiting for an update");
    trainer->step.skip = true;
    return VGRAD_OK;
}

vgrad_status vgrad_trainer_edit(vgrad_trainer *trainer, const vgrad_tensor *tensor, void **data)
{
    if (!data)
        return vgrad__fail_null("data");
    *data = NULL;
    if (!trainer || !tensor)
        return vgrad__fail_null(trainer ? "tensor" : "trainer");
    if (vgrad__check_not_in_layer(trainer->network) != VGRAD_OK)
        return VGRAD_E_STATE;
    vgrad_layer *layer = vgrad_network_layer(trainer->network, tensor->layer);
    const vgrad__record *record =
        layer ? vgrad__record_find(layer, (vgrad_role)tensor->role) : NULL;
    if (!record || record->view.data != tensor->data)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "tensor: no tensor of this network");
    bool waiting = gradients_wait(trainer);
    bool between = trainer->network->phase == VGRAD__IDLE ||
                   (trainer->step.updated && trainer->network->pass == trainer->step.pass);
    if (record->family == VGRAD__GRADIENTS ? !waiting
                                           : record->family != VGRAD__PARAMETERS || !between)
        return vgrad__fail(
            VGRAD_E_STATE,
            "%s: gradients can be edited at GRADIENTS_READY, parameters at BATCH_END",
            record->name);
    if (waiting && trainer->listened & VGRAD_BATCH_END)
        gradient_norm(trainer); /* its event tells the norm before any edit */
    trainer->step.edited |= waiting;
    *data = (void *)(uintptr_t)record->view.data;
    return VGRAD_OK;
}
