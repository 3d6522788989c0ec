/* One update: the walk over the slabs, with what lies between a gradient and its rule. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "optimizer/optimizer.h"

/* What happens to a segment's gradient before, and to its weights beside the rule. */
typedef struct treatment {
    double l1, l2; /* the rule sees g + l1 sign(w) + l2 w */
    double shrink; /* w -= shrink w */
} treatment;

static treatment treatment_of(const vgrad_optimizer *optimizer, const vgrad__segment *segment)
{
    const double *options = optimizer->options;
    const vgrad_layer *layer = optimizer->network->layers[segment->layer];
    bool kernel = segment->slot == VGRAD_KERNEL;
    bool coupled = options[VGRAD_OPTIMIZER_DECAY_COUPLED] != 0;
    double decay = options[VGRAD_OPTIMIZER_WEIGHT_DECAY];
    if (!kernel && options[VGRAD_OPTIMIZER_DECAY_BIASES] == 0)
        decay = 0;
    return (treatment){ .l1 = kernel ? layer->options[VGRAD_LAYER_L1] : 0,
                        .l2 = (kernel ? 2 * layer->options[VGRAD_LAYER_L2] : 0) +
                              (coupled ? decay : 0),
                        .shrink = coupled ? 0 : optimizer->rate * decay };
}

/* Whether every rule sees the plain gradient, and nothing else changes a weight. */
static bool all_is_plain(const vgrad_optimizer *optimizer)
{
    const vgrad_network *network = optimizer->network;
    bool plain = !vgrad__clip_changes(&optimizer->clip);
    for (size_t s = 0; s < network->segment_count && plain; s++) {
        treatment t = treatment_of(optimizer, &network->segments[s]);
        plain = t.l1 == 0 && t.l2 == 0 && t.shrink == 0;
    }
    return plain;
}

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

/* Neighbours that are trained become one range. */
static void update_merged(const vgrad_optimizer *optimizer)
{
    const vgrad_network *network = optimizer->network;
    if (network->penalties.data)
        memset(network->penalties.data, 0,
               (size_t)network->slab_count * vgrad__element_size(network));
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *segment = &network->segments[s];
        vgrad__range range = range_at(optimizer, segment->offset, segment->count);
        if (!segment->trainable)
            leave_alone(network, &range);
    }
    vgrad__run run = { .next = 0 };
    while (vgrad__trainable_run(network, &run, network->segment_count)) {
        vgrad__range range = range_at(optimizer, run.offset, run.count);
        optimizer->rule->apply(optimizer, &range);
    }
}

/* What a segment's blocks are measured for, and where what nobody keeps is written. */
typedef struct desk {
    vgrad__moments *of_value, *of_update, *of_penalty; /* NULL: not wanted */
    int64_t *lost;                                     /* likewise */
    void *gradient, *penalty, *update, *before;
} desk;

static desk desk_for(const vgrad_optimizer *optimizer, const vgrad__segment *segment)
{
    const vgrad_network *network = optimizer->network;
    const vgrad_layer *layer = network->layers[segment->layer];
    int32_t slot = segment->slot;
    return (desk){
        .of_value = vgrad__moments_wanted(layer, (vgrad_role)slot),
        .of_update = vgrad__moments_wanted(layer, (vgrad_role)(slot + VGRAD__FACE_UPDATE)),
        .of_penalty = vgrad__moments_wanted(layer, (vgrad_role)(slot + VGRAD__FACE_PENALTY)),
        .lost = vgrad__lost_wanted(layer, (vgrad_role)(slot + VGRAD__FACE_UPDATE)),
        .gradient = vgrad__at(network, optimizer->scratch, 0),
        .penalty = vgrad__at(network, optimizer->scratch, VGRAD__BLOCK_ELEMENTS),
        .update = vgrad__at(network, optimizer->scratch, 2 * VGRAD__BLOCK_ELEMENTS),
        .before = vgrad__at(network, optimizer->scratch, 3 * VGRAD__BLOCK_ELEMENTS),
    };
}

/* The penalty of a block, as far as anybody needs it; NULL: it has none. */
static const void *penalize(const vgrad_optimizer *optimizer, const treatment *t, const desk *d,
                            const vgrad__range *range, int64_t offset)
{
    const vgrad_network *network = optimizer->network;
    bool kept = network->penalties.data != NULL;
    void *penalty = kept ? vgrad__at(network, network->penalties.data, offset) : d->penalty;
    bool there = t->l1 != 0 || t->l2 != 0;
    if (there)
        network->kernels->penalty(range->parameters, penalty, range->count, t->l1, t->l2);
    else if (kept || d->of_penalty)
        memset(penalty, 0, range->count * vgrad__element_size(network));
    if (d->of_penalty)
        network->kernels->moments(penalty, range->count, d->of_penalty);
    return there ? penalty : NULL;
}

/* The rule on a block; the gradients themselves stay as they are. */
static void apply_treated(vgrad_optimizer *optimizer, const treatment *t, const desk *d,
                          vgrad__range range, const void *penalty)
{
    const vgrad__kernels *kernels = optimizer->network->kernels;
    size_t n = range.count;
    if (vgrad__clip_changes(&optimizer->clip)) {
        vgrad__clip_block(optimizer, range.gradients, d->gradient, n);
        range.gradients = d->gradient;
    }
    if (penalty) {
        kernels->sum(range.gradients, penalty, d->gradient, n);
        range.gradients = d->gradient;
    }
    if (t->shrink != 0) {
        kernels->penalty(range.parameters, d->penalty, n, 0, -t->shrink);
        kernels->sum(range.parameters, d->penalty, range.parameters, n);
    }
    optimizer->rule->apply(optimizer, &range);
    if (t->shrink != 0 && range.updates)
        kernels->sum(range.updates, d->penalty, range.updates, n);
}

/* One segment in blocks, so that moments are taken of what was just written. */
static void update_in_blocks(vgrad_optimizer *optimizer, const vgrad__segment *segment)
{
    const vgrad__kernels *kernels = optimizer->network->kernels;
    const desk d = desk_for(optimizer, segment);
    const treatment t =
        segment->trainable ? treatment_of(optimizer, segment) : (treatment){ .l1 = 0 };
    for (int64_t done = 0; done < segment->count; done += VGRAD__BLOCK_ELEMENTS) {
        int64_t left = segment->count - done, offset = segment->offset + done;
        vgrad__range range = range_at(optimizer, offset,
                                      left < VGRAD__BLOCK_ELEMENTS ? left : VGRAD__BLOCK_ELEMENTS);
        if (!range.updates && (d.of_update || d.lost))
            range.updates = d.update;
        if (d.lost)
            memcpy(d.before, range.parameters,
                   range.count * vgrad__element_size(optimizer->network));
        const void *penalty = penalize(optimizer, &t, &d, &range, offset);
        if (segment->trainable)
            apply_treated(optimizer, &t, &d, range, penalty);
        else
            leave_alone(optimizer->network, &range);
        if (d.lost)
            *d.lost += (int64_t)kernels->updates_lost(d.before, range.parameters, range.updates,
                                                      range.count);
        if (d.of_update)
            kernels->moments(range.updates, range.count, d.of_update);
        if (d.of_value)
            kernels->moments(range.parameters, range.count, d.of_value);
    }
}

/* Whether something is wanted of what an update writes. */
static bool is_watched(const vgrad_network *network)
{
    return vgrad__observers_want(network, VGRAD__PARAMETERS) ||
           vgrad__observers_want(network, VGRAD__UPDATES) ||
           vgrad__observers_want(network, VGRAD__PENALTIES);
}

vgrad_status vgrad__optimizer_update(vgrad_optimizer *optimizer)
{
    vgrad_network *network = optimizer->network;
    vgrad_status status = vgrad__scheduled_rate(optimizer, &optimizer->rate);
    if (status != VGRAD_OK)
        return status;
    optimizer->updates++;
    if (optimizer->rule->begin)
        optimizer->rule->begin(optimizer);
    vgrad__clip_begin(optimizer);
    if (is_watched(network) || !all_is_plain(optimizer))
        for (size_t s = 0; s < network->segment_count; s++) {
            if (network->segments[s].parameter == 0) /* a layer begins */
                vgrad__clip_layer(optimizer, network->layers[network->segments[s].layer]);
            update_in_blocks(optimizer, &network->segments[s]);
        }
    else
        update_merged(optimizer);
    vgrad__clip_end(optimizer);
    vgrad__family_open(network, VGRAD__UPDATES);
    vgrad__family_open(network, VGRAD__PENALTIES);
    vgrad__observers_tell(network, VGRAD__PARAMETERS);
    vgrad__observers_tell(network, VGRAD__UPDATES);
    vgrad__observers_tell(network, VGRAD__PENALTIES);
    return VGRAD_OK;
}
