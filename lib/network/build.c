/* From layers that name each other to a network that can run. */
/* SPDX-License-Identifier: MIT */
#include "network/network.h"

#include <string.h>

#include "tensor/tensor.h"

void vgrad__built_release(vgrad_network *network)
{
    vgrad_context *context = network->context;
    vgrad__memory_release(network);
    vgrad__slab_destroy(network, &network->parameters);
    vgrad__slab_destroy(network, &network->gradients);
    vgrad__slab_destroy(network, &network->updates);
    vgrad__slab_destroy(network, &network->penalties);
    vgrad__slab_destroy(network, &network->epoch_gradients);
    vgrad__slab_destroy(network, &network->states);
    vgrad__release(context, network->segments, network->segment_count, sizeof *network->segments);
    vgrad__release(context, network->records, network->record_capacity, sizeof *network->records);
    network->segments = NULL;
    network->records = NULL;
    network->segment_count = network->record_count = 0;
    vgrad__release(context, network->outputs, network->output_count, sizeof *network->outputs);
    network->outputs = NULL;
    network->output_count = 0;
}

/* Which layers are outputs. */
static vgrad_status mark_outputs(vgrad_network *network, size_t count, vgrad_layer *const *outputs)
{
    for (size_t i = 0; i < network->layer_count; i++)
        network->layers[i]->is_output = false;
    for (size_t i = 0; i < count; i++) {
        vgrad_layer *output = outputs[i];
        if (!output)
            return vgrad__fail_null("output");
        if (output->network != network)
            return vgrad__fail(VGRAD_E_INVALID, "output: layer \"%s\" is of another network",
                               output->name);
        if (output->input_count == 0)
            return vgrad__fail(VGRAD_E_INVALID, "output: \"%s\" is an input", output->name);
        if (output->is_output)
            return vgrad__fail(VGRAD_E_INVALID, "output: \"%s\" is one already", output->name);
        output->is_output = true;
    }
    return VGRAD_OK;
}

/* Every layer leads to an output, or it was lost on the way; and none comes after one, so that an
   output's gradient is its loss's alone. */
static vgrad_status check_wiring(vgrad_network *network, const vgrad_layer *output)
{
    for (size_t i = 0; i < network->layer_count; i++)
        network->layers[i]->leads_to_output = network->layers[i]->is_output;
    for (size_t i = network->layer_count; i-- > 0;) {
        const vgrad_layer *layer = network->layers[i];
        if (!layer->leads_to_output)
            return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": does not lead to the output \"%s\"",
                               layer->name, output->name);
        for (int32_t k = 0; k < layer->input_count; k++) {
            if (layer->inputs[k]->is_output)
                return vgrad__fail(VGRAD_E_INVALID, "output: \"%s\" leads on to layer \"%s\"",
                                   layer->inputs[k]->name, layer->name);
            layer->inputs[k]->leads_to_output = true;
        }
    }
    return VGRAD_OK;
}

/* A layer that shares parameters must want the same ones; then it has none of its own. */
static vgrad_status check_shared(vgrad_layer *layer)
{
    const vgrad_layer *owner = layer->shares;
    bool same = layer->parameter_count == owner->parameter_count;
    for (int32_t p = 0; p < layer->parameter_count && same; p++) {
        const vgrad__parameter *mine = &layer->parameters[p], *its = &owner->parameters[p];
        same = mine->slot == its->slot && mine->rank == its->rank &&
               memcmp(mine->shape, its->shape, (size_t)its->rank * sizeof *its->shape) == 0;
    }
    layer->parameter_count = 0;
    return same ? VGRAD_OK
                : vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": \"%s\" has parameters of other shapes",
                              layer->name, owner->name);
}

/* An initializer for a parameter that is not there was meant for something else. */
static vgrad_status check_initializers(const vgrad_layer *layer)
{
    vgrad_status status = VGRAD_OK;
    for (int32_t slot = 0; slot < VGRAD__PARAMETERS_MAX && status == VGRAD_OK; slot++)
        if (layer->initializers[slot].chosen)
            status = vgrad__layer_check_slot(layer, slot);
    return status;
}

static vgrad_status infer_shapes(vgrad_network *network)
{
    network->input_width = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        vgrad_layer *layer = network->layers[i];
        layer->needs_gradient = layer->input_count > 0;
        layer->parameter_count = layer->state_count = 0;
        layer->saved_row = layer->saved_fixed = layer->scratch = 0;
        if (layer->shares)
            memcpy(layer->options, layer->shares->options, sizeof layer->options);
        vgrad_status status = layer->kind->shape(layer);
        if (status == VGRAD_OK && layer->shares)
            status = check_shared(layer);
        if (status == VGRAD_OK)
            status = check_initializers(layer);
        if (status != VGRAD_OK)
            return status;
        if (layer->input_count == 0)
            network->input_width += layer->width;
    }
    return VGRAD_OK;
}

static vgrad_status take_memory(vgrad_network *network)
{
    vgrad_status status = vgrad__segments_create(network);
    if (status == VGRAD_OK)
        status = vgrad__states_create(network);
    if (status == VGRAD_OK)
        status = vgrad__slab_create(network, &network->parameters);
    if (status == VGRAD_OK)
        status = vgrad__slab_create(network, &network->gradients);
    if (status == VGRAD_OK)
        status = vgrad__slabs_keep(network, network->keep);
    if (status == VGRAD_OK)
        status = vgrad__records_create(network);
    return status;
}

/* Keeps the outputs, which makes the network a built one. */
static vgrad_status keep_outputs(vgrad_network *network, size_t count, vgrad_layer *const *outputs)
{
    network->outputs = vgrad__allocate(network->context, count, sizeof *network->outputs);
    if (!network->outputs)
        return VGRAD_E_MEMORY;
    network->output_count = count;
    network->output_width = 0;
    for (size_t i = 0; i < count; i++) {
        network->outputs[i] = outputs[i];
        network->output_width += outputs[i]->width;
    }
    return VGRAD_OK;
}

/* All parameters and states together; no sum of products that were checked one by one is near the
   end of doubles. */
static double count_elements(const vgrad_network *network)
{
    double sum = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const vgrad_layer *layer = network->layers[i];
        for (int32_t p = 0; p < layer->parameter_count; p++) {
            double product = 1;
            for (int32_t axis = 0; axis < layer->parameters[p].rank; axis++)
                product *= (double)layer->parameters[p].shape[axis];
            sum += product;
        }
        for (int32_t s = 0; s < layer->state_count; s++)
            sum += (double)layer->states[s].count;
    }
    return sum;
}

vgrad_status vgrad__network_plan(vgrad_network *network, size_t count, vgrad_layer *const *outputs,
                                 double *elements)
{
    vgrad_status status = mark_outputs(network, count, outputs);
    if (status == VGRAD_OK)
        status = check_wiring(network, outputs[0]);
    if (status == VGRAD_OK)
        status = infer_shapes(network);
    *elements = status == VGRAD_OK ? count_elements(network) : 0;
    return status;
}

vgrad_status vgrad_network_build_outputs(vgrad_network *network, size_t count,
                                         vgrad_layer *const *outputs)
{
    if (!network)
        return vgrad__fail_null("network");
    if (vgrad__is_built(network))
        return vgrad__fail(VGRAD_E_STATE, "network: built already");
    if (vgrad__check_not_in_layer(network) != VGRAD_OK)
        return VGRAD_E_STATE;
    if (network->first_error != VGRAD_OK)
        return vgrad__fail(network->first_error, "%s", network->first_error_text);
    if (!outputs)
        return vgrad__fail_null("outputs");
    if (count < 1)
        return vgrad__fail(VGRAD_E_INVALID, "count: at least 1, got 0");
    double elements;
    vgrad_status status = vgrad__network_plan(network, count, outputs, &elements);
    if (status == VGRAD_OK)
        status = take_memory(network);
    if (status == VGRAD_OK)
        status = keep_outputs(network, count, outputs);
    if (status != VGRAD_OK) {
        vgrad__built_release(network);
        return status;
    }
    network->kernels = vgrad__kernels_for(network->dtype);
    vgrad__initialize(network, network->seed);
    vgrad__log_line(network->context, VGRAD_LOG_INFO,
                    "network: %zu layers, %lld parameters, %s, kernels %s", network->layer_count,
                    (long long)vgrad_network_parameter_count(network),
                    vgrad__dtype_name(network->dtype), network->kernels->level);
    return VGRAD_OK;
}

vgrad_status vgrad_network_build(vgrad_network *network, vgrad_layer *output)
{
    return vgrad_network_build_outputs(network, 1, &output);
}
