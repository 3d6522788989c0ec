/* The life of a run, and its settings. */
/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/number.h"

/* Of rows in a batch, and of batches in a group. */
enum { COUNT_MAX = 1 << 30 };

/* The same loss for every output. */
static vgrad_status check_loss(vgrad_loss loss, const vgrad_network *network)
{
    vgrad_status status = VGRAD_OK;
    for (size_t o = 0; o < network->output_count && status == VGRAD_OK; o++)
        status = vgrad__loss_check(loss, network->outputs[o]);
    return status;
}

vgrad_status vgrad_trainer_create(vgrad_trainer **out, vgrad_network *network, vgrad_loss loss,
                                  vgrad_optimizer *optimizer)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = vgrad__check_built(network);
    if (status == VGRAD_OK)
        status = check_loss(loss, network);
    if (status != VGRAD_OK)
        return status;
    if (!optimizer)
        return vgrad__fail_null("optimizer");
    if (optimizer->network != network)
        return vgrad__fail(VGRAD_E_INVALID, "optimizer: made for another network");
    vgrad_trainer *trainer = vgrad__allocate(network->context, 1, sizeof *trainer);
    if (!trainer)
        return VGRAD_E_MEMORY;
    trainer->terms =
        vgrad__allocate(network->context, network->output_count, sizeof *trainer->terms);
    if (!trainer->terms) {
        vgrad__release(network->context, trainer, 1, sizeof *trainer);
        return VGRAD_E_MEMORY;
    }
    trainer->references = 1;
    trainer->network = vgrad__network_hold(network);
    trainer->optimizer = vgrad__optimizer_hold(optimizer);
    for (size_t o = 0; o < network->output_count; o++)
        trainer->terms[o] = (vgrad__loss_terms){ .loss = loss, .huber_delta = 1, .weight = 1 };
    trainer->batch_size = VGRAD__BATCH_SIZE_DEFAULT;
    trainer->accumulate = 1;
    trainer->shuffle = true;
    trainer->seed = network->seed;
    trainer->validated = (vgrad__loss_value){ (double)NAN, (double)NAN };
    trainer->at.epochs = trainer->at.batches = -1;
    *out = trainer;
    return VGRAD_OK;
}

void vgrad_trainer_destroy(vgrad_trainer *trainer)
{
    if (!trainer || !vgrad__let_go(&trainer->references))
        return;
    vgrad_network *network = trainer->network;
    if (network->pass == trainer->step.pass)
        vgrad__end_step(network);
    vgrad__batches_release(&trainer->batches, network);
    vgrad__batches_release(&trainer->evaluation, network);
    vgrad__slab_destroy(network, &trainer->group.mean);
    vgrad__progress_release(trainer);
    vgrad__early_stopping_release(trainer);
    vgrad__plateau_release(trainer);
    vgrad__rate_log_release(trainer);
    vgrad__release(network->context, trainer->class_weights, (size_t)trainer->class_count,
                   sizeof *trainer->class_weights);
    vgrad__release(network->context, trainer->terms, network->output_count, sizeof *trainer->terms);
    vgrad_dataset_destroy(trainer->validation);
    vgrad_dataset_destroy(trainer->at.data);
    for (size_t i = 0; i < trainer->listener_count; i++)
        if (trainer->listeners[i].release)
            trainer->listeners[i].release(network->context, trainer->listeners[i].user);
    vgrad__release(network->context, trainer->listeners, trainer->listener_capacity,
                   sizeof *trainer->listeners);
    vgrad_optimizer_destroy(trainer->optimizer);
    vgrad__release(network->context, trainer, 1, sizeof *trainer);
    vgrad_network_destroy(network);
}

/* The options that are 0 or 1. */
static vgrad_status set_switch(vgrad_trainer *trainer, vgrad_trainer_option option, double value)
{
    const struct {
        vgrad_trainer_option option;
        const char *name;
        bool *on;
    } switches[] = { { VGRAD_TRAINER_SHUFFLE, "shuffle", &trainer->shuffle },
                     { VGRAD_TRAINER_STOP_ON_NAN, "stop_on_nan", &trainer->stop_on_nan },
                     { VGRAD_TRAINER_ACROSS_EPOCHS, "across_epochs", &trainer->across_epochs } };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (switches[i].option != option)
            continue;
        if (!vgrad__number_fits(value, 0, 1, true))
            return vgrad__fail(VGRAD_E_INVALID, "%s: 0 or 1, got %g", switches[i].name, value);
        *switches[i].on = value != 0;
        trainer->shuffle_chosen |= option == VGRAD_TRAINER_SHUFFLE;
        return VGRAD_OK;
    }
    return vgrad__fail(VGRAD_E_INVALID, "option: no trainer option %d", (int)option);
}

vgrad_status vgrad_trainer_set(vgrad_trainer *trainer, vgrad_trainer_option option, double value)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (option == VGRAD_TRAINER_BATCH_SIZE) {
        if (!vgrad__number_fits(value, 1, COUNT_MAX, true))
            return vgrad__fail(VGRAD_E_INVALID, "batch_size: a whole number from 1 to %d, got %g",
                               COUNT_MAX, value);
        trainer->batch_size = (int64_t)value;
        trainer->batch_size_chosen = true;
        return VGRAD_OK;
    }
    if (option == VGRAD_TRAINER_ACCUMULATE) {
        if (!vgrad__number_fits(value, 1, COUNT_MAX, true))
            return vgrad__fail(VGRAD_E_INVALID, "accumulate: a whole number from 1 to %d, got %g",
                               COUNT_MAX, value);
        return vgrad__group_set_size(trainer, (int64_t)value);
    }
    if (option == VGRAD_TRAINER_MAX_STEPS) {
        if (!vgrad__number_fits(value, 0, 0x1p53, true))
            return vgrad__fail(VGRAD_E_INVALID, "max_steps: a whole number from 0 to 2^53, got %g",
                               value);
        trainer->max_steps = (int64_t)value;
        return VGRAD_OK;
    }
    if (option == VGRAD_TRAINER_HUBER_DELTA) {
        if (!vgrad__number_fits(value, DBL_MIN, DBL_MAX, false))
            return vgrad__fail(VGRAD_E_INVALID, "huber_delta: above 0, got %g", value);
        for (size_t o = 0; o < trainer->network->output_count; o++)
            trainer->terms[o].huber_delta = value;
        return VGRAD_OK;
    }
    return set_switch(trainer, option, value);
}

vgrad_status vgrad_trainer_set_output_loss(vgrad_trainer *trainer, int32_t output, vgrad_loss loss,
                                           double weight)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    if (output < 0 || (size_t)output >= trainer->network->output_count)
        return vgrad__fail(VGRAD_E_INVALID, "output: 0 to %zu, got %d",
                           trainer->network->output_count - 1, (int)output);
    if (!vgrad__number_fits(weight, 0, DBL_MAX, false))
        return vgrad__fail(VGRAD_E_INVALID, "weight: at least 0, got %g", weight);
    status = vgrad__loss_check(loss, trainer->network->outputs[output]);
    if (status == VGRAD_OK && trainer->class_weights)
        status = vgrad__loss_check_classes(loss, trainer->network, trainer->class_count);
    if (status != VGRAD_OK)
        return status;
    trainer->terms[output].loss = loss;
    trainer->terms[output].weight = weight;
    return VGRAD_OK;
}

vgrad_status vgrad_trainer_set_class_weights(vgrad_trainer *trainer, const double *weights,
                                             int64_t count)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK && weights)
        status = vgrad__loss_check_classes(trainer->terms->loss, trainer->network, count);
    if (status == VGRAD_OK && weights)
        status = vgrad__weights_check(weights, count);
    if (status != VGRAD_OK)
        return status;
    vgrad_context *context = trainer->network->context;
    double *copy = NULL;
    if (weights) {
        copy = vgrad__allocate(context, (size_t)count, sizeof *copy);
        if (!copy)
            return VGRAD_E_MEMORY;
        memcpy(copy, weights, (size_t)count * sizeof *copy);
    }
    vgrad__release(context, trainer->class_weights, (size_t)trainer->class_count,
                   sizeof *trainer->class_weights);
    trainer->terms->class_weights = trainer->class_weights = copy;
    trainer->class_count = weights ? count : 0;
    return VGRAD_OK;
}

double vgrad_trainer_get(const vgrad_trainer *trainer, vgrad_trainer_option option)
{
    if (!trainer) {
        vgrad__fail_null("trainer");
        return (double)NAN;
    }
    switch (option) {
    case VGRAD_TRAINER_BATCH_SIZE: return (double)trainer->batch_size;
    case VGRAD_TRAINER_SHUFFLE: return trainer->shuffle;
    case VGRAD_TRAINER_ACCUMULATE: return (double)trainer->accumulate;
    case VGRAD_TRAINER_STOP_ON_NAN: return trainer->stop_on_nan;
    case VGRAD_TRAINER_MAX_STEPS: return (double)trainer->max_steps;
    case VGRAD_TRAINER_ACROSS_EPOCHS: return trainer->across_epochs;
    case VGRAD_TRAINER_HUBER_DELTA: return trainer->terms->huber_delta;
    }
    vgrad__fail(VGRAD_E_INVALID, "option: no trainer option %d", (int)option);
    return (double)NAN;
}

vgrad_status vgrad_trainer_set_seed(vgrad_trainer *trainer, uint64_t seed)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK)
        trainer->seed = seed;
    return status;
}

vgrad_status vgrad_trainer_set_validation(vgrad_trainer *trainer, vgrad_dataset *data)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK && data)
        status = vgrad__batches_check(trainer, data);
    if (status != VGRAD_OK)
        return status;
    vgrad__dataset_hold(data);
    vgrad_dataset_destroy(trainer->validation);
    trainer->validation = data;
    return VGRAD_OK;
}

void vgrad_trainer_request_stop(vgrad_trainer *trainer)
{
    if (trainer)
        atomic_store(&trainer->stop_requested, true);
}

int64_t vgrad_trainer_epoch(const vgrad_trainer *trainer)
{
    return trainer ? trainer->at.given_epoch : (vgrad__fail_null("trainer"), -1);
}

int64_t vgrad_trainer_batch(const vgrad_trainer *trainer)
{
    return trainer ? trainer->at.given_batch : (vgrad__fail_null("trainer"), -1);
}

int64_t vgrad_trainer_batches(const vgrad_trainer *trainer)
{
    return trainer ? trainer->at.batches : (vgrad__fail_null("trainer"), -1);
}

int64_t vgrad_trainer_steps(const vgrad_trainer *trainer)
{
    return trainer ? trainer->at.steps : (vgrad__fail_null("trainer"), -1);
}
