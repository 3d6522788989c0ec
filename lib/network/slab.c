/* Parameters and what belongs to each of them, in slabs with one segment table. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network/network.h"

enum { SEGMENT_ALIGNMENT = 64 };

/* Elements from one piece of a slab to the next, so that each begins at a multiple of 64 bytes. */
static int64_t step_of(const vgrad_network *network)
{
    return SEGMENT_ALIGNMENT / (int64_t)vgrad__element_size(network);
}

static int64_t parameter_count(const vgrad__parameter *parameter)
{
    int64_t count = 1;
    for (int32_t i = 0; i < parameter->rank; i++)
        count *= parameter->shape[i];
    return count;
}

vgrad_status vgrad__segments_create(vgrad_network *network)
{
    size_t count = 0;
    for (size_t i = 0; i < network->layer_count; i++)
        count += (size_t)network->layers[i]->parameter_count;
    network->segments = vgrad__allocate(network->context, count, sizeof *network->segments);
    if (!network->segments)
        return VGRAD_E_MEMORY;
    network->segment_count = count;
    int64_t offset = 0, step = step_of(network);
    vgrad__segment *segment = network->segments;
    for (size_t i = 0; i < network->layer_count; i++) {
        vgrad_layer *layer = network->layers[i];
        layer->first_segment = (int32_t)(segment - network->segments);
        for (int32_t p = 0; p < layer->parameter_count; p++, segment++) {
            int64_t elements = parameter_count(&layer->parameters[p]);
            *segment = (vgrad__segment){ .offset = offset,
                                         .count = elements,
                                         .layer = layer->index,
                                         .slot = layer->parameters[p].slot,
                                         .parameter = p,
                                         .trainable = layer->trainable };
            if (__builtin_add_overflow(offset, (elements + step - 1) / step * step, &offset))
                return vgrad__fail(VGRAD_E_MEMORY, "layer \"%s\": no memory for its parameters",
                                   layer->name);
        }
    }
    network->slab_count = offset;
    return VGRAD_OK;
}

const vgrad__segment *vgrad__segment_of(const vgrad_layer *layer, int32_t slot)
{
    const vgrad__segment *segment = &layer->network->segments[vgrad__owner(layer)->first_segment];
    while (segment->slot != slot)
        segment++;
    return segment;
}

void *vgrad__parameter_in(const vgrad_layer *layer, const vgrad__slab *slab, int32_t slot)
{
    return vgrad__at(layer->network, slab->data, vgrad__segment_of(layer, slot)->offset);
}

void vgrad__segments_set_trainable(const vgrad_layer *layer)
{
    if (!layer->network->segments)
        return;
    for (int32_t p = 0; p < layer->parameter_count; p++)
        layer->network->segments[layer->first_segment + p].trainable = layer->trainable;
}

vgrad_status vgrad__slab_create(const vgrad_network *network, vgrad__slab *slab)
{
    if (slab->data)
        return VGRAD_OK;
    slab->data = vgrad__allocate(network->context, (size_t)network->slab_count,
                                 vgrad__element_size(network));
    slab->count = network->slab_count;
    return slab->data ? VGRAD_OK : VGRAD_E_MEMORY;
}

void vgrad__slab_destroy(const vgrad_network *network, vgrad__slab *slab)
{
    vgrad__release(network->context, slab->data, (size_t)slab->count, vgrad__element_size(network));
    *slab = (vgrad__slab){ 0 };
}

vgrad_status vgrad__states_create(vgrad_network *network)
{
    const int64_t step = step_of(network);
    int64_t offset = 0; /* states are no longer than a row: the sum cannot overflow */
    for (size_t i = 0; i < network->layer_count; i++) {
        vgrad_layer *layer = network->layers[i];
        for (int32_t s = 0; s < layer->state_count; s++) {
            layer->states[s].offset = offset;
            offset += (layer->states[s].count + step - 1) / step * step;
        }
    }
    if (offset == 0)
        return VGRAD_OK;
    network->states.data =
        vgrad__allocate(network->context, (size_t)offset, vgrad__element_size(network));
    network->states.count = offset;
    return network->states.data ? VGRAD_OK : VGRAD_E_MEMORY;
}

static const vgrad__state *state_of(const vgrad_layer *layer, int32_t slot)
{
    const vgrad__state *state = layer->states;
    while (state->slot != slot)
        state++;
    return state;
}

void *vgrad__state_data(const vgrad_layer *layer, int32_t slot)
{
    return vgrad__at(layer->network, layer->network->states.data, state_of(layer, slot)->offset);
}

void vgrad__states_reset(vgrad_network *network)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        const vgrad_layer *layer = network->layers[i];
        for (const vgrad__state *s = layer->states; s < layer->states + layer->state_count; s++)
            for (int64_t j = 0; j < s->count; j++)
                vgrad__convert(&s->initial, VGRAD_FLOAT64,
                               vgrad__at(network, network->states.data, s->offset + j),
                               network->dtype, 1);
    }
}

/* What "the weights" are: the one list of them. */
static const vgrad__slab *weight_slab(const vgrad_network *network, int i)
{
    const vgrad__slab *const all[VGRAD__WEIGHT_SLABS] = { &network->parameters, &network->states };
    return all[i];
}

vgrad_status vgrad__weights_create(const vgrad_network *network, vgrad__weights *weights)
{
    *weights = (vgrad__weights){ 0 };
    for (int i = 0; i < VGRAD__WEIGHT_SLABS; i++) {
        vgrad__slab *slab = &weights->slabs[i];
        slab->count = weight_slab(network, i)->count;
        slab->data =
            vgrad__allocate(network->context, (size_t)slab->count, vgrad__element_size(network));
        if (!slab->data) {
            vgrad__weights_destroy(network, weights);
            return VGRAD_E_MEMORY;
        }
    }
    return VGRAD_OK;
}

void vgrad__weights_destroy(const vgrad_network *network, vgrad__weights *weights)
{
    for (int i = 0; i < VGRAD__WEIGHT_SLABS; i++)
        vgrad__slab_destroy(network, &weights->slabs[i]);
}

static void copy_slab(const vgrad_network *network, const vgrad__slab *to, const vgrad__slab *from)
{
    if (from->count > 0)
        memcpy(to->data, from->data, (size_t)from->count * vgrad__element_size(network));
}

void vgrad__weights_keep(const vgrad_network *network, vgrad__weights *weights)
{
    for (int i = 0; i < VGRAD__WEIGHT_SLABS; i++)
        copy_slab(network, &weights->slabs[i], weight_slab(network, i));
}

void vgrad__weights_put_back(vgrad_network *network, const vgrad__weights *weights)
{
    for (int i = 0; i < VGRAD__WEIGHT_SLABS; i++)
        copy_slab(network, weight_slab(network, i), &weights->slabs[i]);
}

void *vgrad__weights_at(const vgrad_network *network, const vgrad__weights *weights,
                        const void *data)
{
    const size_t size = vgrad__element_size(network);
    for (int i = 0; i < VGRAD__WEIGHT_SLABS; i++) {
        const vgrad__slab *slab = weight_slab(network, i);
        /* As numbers: `data` is in one of the arrays only. */
        const uintptr_t offset = (uintptr_t)data - (uintptr_t)slab->data;
        if (offset < (uintptr_t)slab->count * size)
            return (char *)weights->slabs[i].data + offset;
    }
    return NULL;
}

vgrad_status vgrad__slabs_keep(vgrad_network *network, uint32_t keep)
{
    vgrad_status status = VGRAD_OK;
    if (keep & VGRAD_KEEP_UPDATE) {
        if (!network->updates.data)
            vgrad__family_close(network, VGRAD__UPDATES); /* those before were not kept */
        status = vgrad__slab_create(network, &network->updates);
    }
    if (status == VGRAD_OK && keep & VGRAD_KEEP_PENALTY) {
        if (!network->penalties.data)
            vgrad__family_close(network, VGRAD__PENALTIES);
        status = vgrad__slab_create(network, &network->penalties);
    }
    if (status == VGRAD_OK && keep & VGRAD_KEEP_EPOCH_GRADIENT)
        status = vgrad__slab_create(network, &network->epoch_gradients);
    return status;
}

/* mean_n = mean_(n-1) + (g - mean_(n-1)) / n */
void vgrad__epoch_gradient_add(vgrad_network *network)
{
    if (!network->epoch_gradients.data)
        return;
    network->epoch_updates++;
    if (network->epoch_updates == 1) /* so that the first mean is g exactly */
        memset(network->epoch_gradients.data, 0,
               (size_t)network->slab_count * vgrad__element_size(network));
    network->kernels->running_mean(network->epoch_gradients.data, network->gradients.data,
                                   (size_t)network->slab_count,
                                   1.0 / (double)network->epoch_updates);
    vgrad__family_open(network, VGRAD__EPOCH_GRADIENTS);
}

bool vgrad__trainable_run(const vgrad_network *network, vgrad__run *run, size_t end)
{
    const vgrad__segment *segments = network->segments;
    size_t first = run->next;
    while (first < end && !segments[first].trainable)
        first++;
    size_t last = first;
    while (last + 1 < end && segments[last + 1].trainable)
        last++;
    run->next = last + 1;
    if (first >= end)
        return false;
    run->offset = segments[first].offset;
    run->count = segments[last].offset + segments[last].count - run->offset;
    return true;
}

double vgrad__gradient_norm(const vgrad_network *network, const vgrad_layer *layer)
{
    const vgrad__kernels *kernels = network->kernels;
    size_t first = layer ? (size_t)layer->first_segment : 0;
    size_t end = layer ? first + (size_t)layer->parameter_count : network->segment_count;
    double sum = 0;
    vgrad__run run = { .next = first };
    while (vgrad__trainable_run(network, &run, end))
        sum += kernels->sum_of_squares(vgrad__at(network, network->gradients.data, run.offset),
                                       (size_t)run.count);
    const double trusted_low = 1e-200, trusted_high = 1e200;
    if (sum > trusted_low && sum < trusted_high)
        return sqrt(sum);
    vgrad__moments moments = { 0 };
    run = (vgrad__run){ .next = first };
    while (vgrad__trainable_run(network, &run, end))
        kernels->moments(vgrad__at(network, network->gradients.data, run.offset), (size_t)run.count,
                         &moments);
    if (moments.count == 0)
        return 0; /* nothing is trained */
    if (moments.finite < moments.count)
        return sqrt(sum); /* NaN or Inf, as it is */
    return vgrad__moments_read(&moments, VGRAD_L2);
}
