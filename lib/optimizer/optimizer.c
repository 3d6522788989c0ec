/* The life of an optimizer, its options, and the walk over the slabs. */
/* SPDX-License-Identifier: MIT */
#include "optimizer/optimizer.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/number.h"

static const vgrad__rule *const rules[] = {
    &vgrad__rule_sgd,   &vgrad__rule_rmsprop, &vgrad__rule_adam,
    &vgrad__rule_nadam, &vgrad__rule_adagrad,
};

/* Elements whose update and moments are taken together. */
enum { BLOCK_ELEMENTS = 1024 };

static const double below_one = 1.0 - DBL_EPSILON / 2;

/* By vgrad_optimizer_option; what has no name is no option. */
static const struct {
    const char *name;
    double low, high;
    bool whole;
    const char *range;
} options[VGRAD__OPTIONS_MAX] = {
    [VGRAD_OPTIMIZER_LEARNING_RATE] = { "learning_rate", 0, DBL_MAX, false, "at least 0" },
    [VGRAD_OPTIMIZER_MOMENTUM] = { "momentum", 0, below_one, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_NESTEROV] = { "nesterov", 0, 1, true, "0 or 1" },
    [VGRAD_OPTIMIZER_RHO] = { "rho", 0, below_one, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_BETA1] = { "beta1", 0, below_one, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_BETA2] = { "beta2", 0, below_one, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_EPSILON] = { "epsilon", (double)FLT_MIN, DBL_MAX, false, "at least 2^-126" },
    [VGRAD_OPTIMIZER_EPSILON_INSIDE] = { "epsilon_inside", 0, 1, true, "0 or 1" },
    [VGRAD_OPTIMIZER_EPSILON_HAT] = { "epsilon_hat", 0, 1, true, "0 or 1" },
    [VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR] = { "initial_accumulator", 0, DBL_MAX, false,
                                              "at least 0" },
    [VGRAD_OPTIMIZER_MOMENTUM_DECAY] = { "momentum_decay", 0, DBL_MAX, false, "at least 0" },
};

/* ---- life ---- */

static const vgrad__rule *find_rule(vgrad_optimizer_kind kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i]->kind == kind)
            return rules[i];
    return NULL;
}

static vgrad_status check_value(vgrad_optimizer_option option, double value)
{
    if (vgrad__number_fits(value, options[option].low, options[option].high, options[option].whole))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "%s: %s, got %g", options[option].name,
                       options[option].range, value);
}

vgrad_status vgrad_optimizer_create(vgrad_optimizer **out, vgrad_network *network,
                                    vgrad_optimizer_kind kind, double learning_rate)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = vgrad__check_built(network);
    if (status == VGRAD_OK && !find_rule(kind))
        status = vgrad__fail(VGRAD_E_INVALID, "kind: no optimizer %d", (int)kind);
    if (status == VGRAD_OK)
        status = check_value(VGRAD_OPTIMIZER_LEARNING_RATE, learning_rate);
    if (status != VGRAD_OK)
        return status;
    vgrad_optimizer *optimizer = vgrad__allocate(network->context, 1, sizeof *optimizer);
    if (!optimizer)
        return VGRAD_E_MEMORY;
    optimizer->references = 1;
    optimizer->network = vgrad__network_hold(network);
    optimizer->rule = find_rule(kind);
    optimizer->product = 1;
    optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE] = learning_rate;
    for (const vgrad__rule_option *o = optimizer->rule->options; o->option; o++)
        optimizer->options[o->option] = o->initial;
    optimizer->scratch =
        vgrad__allocate(network->context, BLOCK_ELEMENTS, vgrad__element_size(network));
    if (!optimizer->scratch)
        status = VGRAD_E_MEMORY;
    for (int32_t i = 0; i < optimizer->rule->states && status == VGRAD_OK; i++)
        status = vgrad__slab_create(network, &optimizer->states[i]);
    if (status == VGRAD_OK)
        *out = optimizer;
    else
        vgrad_optimizer_destroy(optimizer);
    return status;
}

vgrad_optimizer *vgrad__optimizer_hold(vgrad_optimizer *optimizer)
{
    vgrad__hold(&optimizer->references);
    return optimizer;
}

void vgrad_optimizer_destroy(vgrad_optimizer *optimizer)
{
    if (!optimizer || !vgrad__let_go(&optimizer->references))
        return;
    vgrad_network *network = optimizer->network;
    for (int32_t i = 0; i < VGRAD__STATES_MAX; i++)
        vgrad__slab_destroy(network, &optimizer->states[i]);
    vgrad__release(network->context, optimizer->scratch, BLOCK_ELEMENTS,
                   vgrad__element_size(network));
    vgrad__release(network->context, optimizer, 1, sizeof *optimizer);
    vgrad_network_destroy(network);
}

/* ---- options ---- */

static vgrad_status check_option(const vgrad_optimizer *optimizer, vgrad_optimizer_option option)
{
    if (!optimizer)
        return vgrad__fail_null("optimizer");
    if ((int)option < 0 || (int)option >= VGRAD__OPTIONS_MAX || !options[option].name)
        return vgrad__fail(VGRAD_E_INVALID, "option: no optimizer option %d", (int)option);
    if (option == VGRAD_OPTIMIZER_LEARNING_RATE)
        return VGRAD_OK;
    for (const vgrad__rule_option *o = optimizer->rule->options; o->option; o++)
        if (o->option == option)
            return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "option: %s has no %s", optimizer->rule->name,
                       options[option].name);
}

vgrad_status vgrad_optimizer_set(vgrad_optimizer *optimizer, vgrad_optimizer_option option,
                                 double value)
{
    vgrad_status status = check_option(optimizer, option);
    if (status == VGRAD_OK)
        status = check_value(option, value);
    if (status != VGRAD_OK)
        return status;
    optimizer->options[option] = value;
    if (option == VGRAD_OPTIMIZER_MOMENTUM && value == 0) /* rules then leave v as it is */
        memset(optimizer->states[optimizer->rule->velocity].data, 0,
               (size_t)optimizer->network->slab_count * vgrad__element_size(optimizer->network));
    return VGRAD_OK;
}

double vgrad_optimizer_get(const vgrad_optimizer *optimizer, vgrad_optimizer_option option)
{
    return check_option(optimizer, option) == VGRAD_OK ? optimizer->options[option] : (double)NAN;
}

/* ---- the update ---- */

static vgrad__range range_at(const vgrad_optimizer *optimizer, int64_t offset, int64_t count)
{
    const vgrad_network *network = optimizer->network;
    vgrad__range range = { .parameters = vgrad__at(network, network->parameters.data, offset),
                           .gradients = vgrad__at(network, network->gradients.data, offset),
                           .count = (size_t)count };
    for (int32_t i = 0; i < optimizer->rule->states; i++)
        range.states[i] = vgrad__at(network, optimizer->states[i].data, offset);
    if (network->updates.data)
        range.updates = vgrad__at(network, network->updates.data, offset);
    return range;
}

/* A frozen parameter's update is 0. */
static void leave_alone(const vgrad_network *network, const vgrad__range *range)
{
    if (range->updates)
        memset(range->updates, 0, range->count * vgrad__element_size(network));
}

/* Neighbours that are trained become one range, with the padding (zeros) between them. */
static void update_merged(const vgrad_optimizer *optimizer)
{
    const vgrad_network *network = optimizer->network;
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *first = &network->segments[s], *last = first;
        if (!first->trainable) {
            vgrad__range range = range_at(optimizer, first->offset, first->count);
            leave_alone(network, &range);
            continue;
        }
        while (s + 1 < network->segment_count && network->segments[s + 1].trainable)
            last = &network->segments[++s];
        vgrad__range range =
            range_at(optimizer, first->offset, last->offset + last->count - first->offset);
        optimizer->rule->apply(optimizer, &range);
    }
}

/* One segment in blocks, so that moments are taken of what was just written. */
static void update_measured(const vgrad_optimizer *optimizer, const vgrad__segment *segment)
{
    const vgrad_network *network = optimizer->network;
    const vgrad_layer *layer = network->layers[segment->layer];
    vgrad__moments *of_value = vgrad__moments_wanted(layer, (vgrad_role)segment->slot);
    vgrad__moments *of_update =
        vgrad__moments_wanted(layer, (vgrad_role)(segment->slot + VGRAD__FACE_UPDATE));
    for (int64_t done = 0; done < segment->count; done += BLOCK_ELEMENTS) {
        int64_t left = segment->count - done;
        vgrad__range range = range_at(optimizer, segment->offset + done,
                                      left < BLOCK_ELEMENTS ? left : BLOCK_ELEMENTS);
        if (!range.updates)
            range.updates = optimizer->scratch;
        if (segment->trainable)
            optimizer->rule->apply(optimizer, &range);
        else
            leave_alone(network, &range);
        if (of_update)
            network->kernels->moments(range.updates, range.count, of_update);
        if (of_value)
            network->kernels->moments(range.parameters, range.count, of_value);
    }
}

void vgrad__optimizer_update(vgrad_optimizer *optimizer)
{
    vgrad_network *network = optimizer->network;
    optimizer->updates++;
    optimizer->rate = optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE];
    if (optimizer->rule->begin)
        optimizer->rule->begin(optimizer);
    if (network->observers.watched)
        for (size_t s = 0; s < network->segment_count; s++)
            update_measured(optimizer, &network->segments[s]);
    else
        update_merged(optimizer);
    vgrad__family_open(network, VGRAD__UPDATES);
    vgrad__observers_tell(network, VGRAD__PARAMETERS);
    vgrad__observers_tell(network, VGRAD__UPDATES);
}
