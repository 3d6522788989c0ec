/* Parameters and what belongs to each of them, in slabs with one segment table. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network/network.h"

enum { SEGMENT_ALIGNMENT = 64 };

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
    int64_t offset = 0, step = SEGMENT_ALIGNMENT / (int64_t)vgrad__element_size(network);
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
    const vgrad__segment *segment = &layer->network->segments[layer->first_segment];
    while (segment->slot != slot)
        segment++;
    return segment;
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

/* What "the weights" are: the one list of them. */
static const vgrad__slab *weight_slab(const vgrad_network *network, int i)
{
    const vgrad__slab *const all[VGRAD__WEIGHT_SLABS] = { &network->parameters };
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

vgrad_status vgrad__slabs_keep(vgrad_network *network, uint32_t keep)
{
    vgrad_status status = VGRAD_OK;
    if (keep & VGRAD_KEEP_UPDATE) {
        if (!network->updates.data)
            vgrad__family_close(network, VGRAD__UPDATES); /* those before were not kept */
        status = vgrad__slab_create(network, &network->updates);
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

double vgrad__gradient_norm(const vgrad_network *network)
{
    /* Padding is zero, so the slab's sum is that of its segments. */
    double sum =
        network->kernels->sum_of_squares(network->gradients.data, (size_t)network->slab_count);
    const double trusted_low = 1e-200, trusted_high = 1e200;
    if (sum > trusted_low && sum < trusted_high)
        return sqrt(sum);
    vgrad__moments moments = { 0 };
    network->kernels->moments(network->gradients.data, (size_t)network->slab_count, &moments);
    if (moments.finite < moments.count)
        return sqrt(sum); /* NaN or Inf, as it is */
    return vgrad__moments_read(&moments, VGRAD_L2);
}
