/* Forward through all layers, and backward. */
/* SPDX-License-Identifier: MIT */
#include "network/pass.h"

#include <math.h>
#include <string.h>

#include "tensor/tensor.h"

static bool is_input(const vgrad_layer *layer)
{
    return layer->input_count == 0;
}

vgrad_status vgrad__check_input_width(const vgrad_network *network, int64_t width)
{
    const vgrad_layer *first = network->layers[0];
    if (width == network->input_width)
        return VGRAD_OK;
    if (first->width == network->input_width)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": input width %lld, got %lld", first->name,
                           (long long)first->width, (long long)width);
    return vgrad__fail(VGRAD_E_SHAPE, "x: the inputs are %lld wide together, got %lld",
                       (long long)network->input_width, (long long)width);
}

/* Rows in the shape of the only input are fine too. */
static bool has_shape_of(const vgrad_tensor *x, const vgrad_network *network)
{
    const vgrad_layer *input = network->layers[0];
    return input->width == network->input_width && x->rank == input->rank + 1 &&
           memcmp(x->shape + 1, input->shape, (size_t)input->rank * sizeof *input->shape) == 0;
}

vgrad_status vgrad__check_batch(const vgrad_network *network, const vgrad_tensor *x)
{
    vgrad_status status = vgrad__tensor_check(x, "x");
    if (status != VGRAD_OK)
        return status;
    if (x->rank != 2 && !has_shape_of(x, network)) {
        char text[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_SHAPE, "x: shape (rows, %lld), got %s",
                           (long long)network->input_width, vgrad__shape_text(x, text));
    }
    if (x->rank == 2)
        status = vgrad__check_input_width(network, x->shape[1]);
    if (status != VGRAD_OK)
        return status;
    if (x->shape[0] < 1 || x->shape[0] > INT32_MAX)
        return vgrad__fail(VGRAD_E_SHAPE, "x: 1 to %d rows, got %lld", INT32_MAX,
                           (long long)x->shape[0]);
    return VGRAD_OK;
}

/* The batch itself if the layers can read it as it is, else a packed copy; a copy too if it is to
   be kept, for the caller may change x after backward. */
static void take_in(vgrad_layer *input, const vgrad_tensor *x)
{
    bool keep = input->network->keep & VGRAD_KEEP_ACTIVATION;
    if (!keep && input->width == input->network->input_width &&
        x->dtype == (int32_t)input->network->dtype && vgrad__tensor_is_packed(x)) {
        input->memory.a = (void *)(uintptr_t)x->data; /* only read */
    } else {
        input->memory.a = input->memory.z;
        vgrad__tensor_pack(x, input->memory.a, input->network->dtype);
    }
}

/* Hands x to the inputs: each takes its columns, in the order of their making. */
static void deal_out(vgrad_network *network, const vgrad_tensor *x)
{
    int64_t size = (int64_t)vgrad__dtype_size((vgrad_dtype)x->dtype);
    vgrad_tensor columns = *x;
    for (size_t i = 0; i < network->layer_count; i++) {
        vgrad_layer *layer = network->layers[i];
        if (!is_input(layer))
            continue;
        if (layer->width < network->input_width)
            columns.shape[1] = layer->width;
        take_in(layer, &columns);
        columns.data = (const char *)columns.data + layer->width * columns.strides[1] * size;
    }
}

static vgrad_status run_forward(vgrad_network *network)
{
    vgrad_status status = VGRAD_OK;
    for (size_t i = 0; i < network->layer_count && status == VGRAD_OK; i++)
        status = network->layers[i]->kind->forward(network->layers[i]);
    return status;
}

/* What a training pass leaves for good, now that it went through all layers. */
static void settle(vgrad_network *network)
{
    if (!network->training || network->on_trial)
        return;
    for (size_t i = 0; i < network->layer_count; i++)
        if (network->layers[i]->kind->settle)
            network->layers[i]->kind->settle(network->layers[i]);
    network->trained++;
}

vgrad_status vgrad__forward(vgrad_network *network, const vgrad_tensor *x, bool training)
{
    vgrad_status status = vgrad__check_batch(network, x);
    if (status == VGRAD_OK)
        status = vgrad__memory_reserve(network, x->shape[0]);
    if (status != VGRAD_OK)
        return status;
    vgrad__family_close(network, VGRAD__FORWARD);
    vgrad__family_close(network, VGRAD__BACKWARD);
    network->rows = x->shape[0];
    network->pass = ++network->passes;
    network->phase = VGRAD__IDLE; /* a pass that fails leaves none behind */
    network->training = training;
    deal_out(network, x);
    if (network->rows != network->pointed_rows ||
        network->layers[0]->memory.a != network->pointed_batch)
        vgrad__records_point(network);
    status = run_forward(network);
    if (status != VGRAD_OK)
        return status;
    settle(network);
    vgrad__family_open(network, VGRAD__FORWARD);
    network->phase = VGRAD__FORWARD_DONE;
    vgrad__observers_tell(network, VGRAD__FORWARD);
    return VGRAD_OK;
}

static void measure_gradients(vgrad_network *network)
{
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *segment = &network->segments[s];
        vgrad__moments *moments = vgrad__moments_wanted(
            network->layers[segment->layer], (vgrad_role)(segment->slot + VGRAD__FACE_GRADIENT));
        if (moments)
            network->kernels->moments(vgrad__at(network, network->gradients.data, segment->offset),
                                      (size_t)segment->count, moments);
    }
}

void vgrad__give_gradient(vgrad_layer *in, const void *part)
{
    const vgrad_network *network = in->network;
    size_t count = (size_t)(network->rows * in->width);
    if (!in->needs_gradient)
        return;
    if (vgrad__gradient_begun(in))
        network->kernels->add(in->memory.da, part, count);
    else
        memcpy(in->memory.da, part, count * vgrad__element_size(network));
}

vgrad_status vgrad__backward(vgrad_network *network)
{
    vgrad_status status = VGRAD_OK;
    if (!network->on_trial) {
        vgrad__family_close(network, VGRAD__UPDATES);
        vgrad__family_close(network, VGRAD__PENALTIES);
    }
    for (size_t i = 0; i < network->layer_count; i++)
        network->layers[i]->da_written = network->layers[i]->parameters_written = false;
    for (size_t i = network->layer_count; i-- > 0 && status == VGRAD_OK;) {
        status = network->layers[i]->kind->backward(network->layers[i]);
        if (status == VGRAD_OK)
            status = vgrad__observers_passed(network->layers[i]);
    }
    if (status != VGRAD_OK)
        return status;
    for (size_t i = 0; i < network->output_count; i++)
        vgrad__record_find(network->outputs[i], VGRAD_ACTIVATION_GRADIENT)->there =
            !network->outputs[i]->fused;
    vgrad__family_open(network, VGRAD__GRADIENTS);
    vgrad__family_open(network, VGRAD__BACKWARD);
    network->phase = VGRAD__BACKWARD_DONE;
    vgrad__observers_tell(network, VGRAD__BACKWARD);
    return VGRAD_OK;
}

void vgrad__gradients_put(vgrad_network *network, const void *gradients)
{
    memcpy(network->gradients.data, gradients,
           (size_t)network->slab_count * vgrad__element_size(network));
    vgrad__family_close(network, VGRAD__UPDATES);
    vgrad__family_open(network, VGRAD__GRADIENTS);
    network->pass = ++network->passes;
    network->phase = VGRAD__BACKWARD_DONE;
}

void vgrad__gradients_tell(vgrad_network *network)
{
    if (vgrad__observers_want(network, VGRAD__GRADIENTS))
        measure_gradients(network);
    vgrad__observers_tell(network, VGRAD__GRADIENTS);
}

void vgrad__end_step(vgrad_network *network)
{
    vgrad__family_close(network, VGRAD__GRADIENTS);
    network->phase = VGRAD__IDLE;
}

vgrad_status vgrad__check_pass(const vgrad_network *network)
{
    vgrad_status status = vgrad__check_built(network);
    bool waits =
        network && (network->phase == VGRAD__FORWARD_DONE || network->phase == VGRAD__LOSS_DONE);
    if (status == VGRAD_OK)
        status = vgrad__check_not_in_layer(network);
    if (status == VGRAD_OK && network->callbacks > 0 && waits)
        return vgrad__fail(VGRAD_E_STATE,
                           "network: inside a callback between forward and backward");
    return status;
}

vgrad__aside vgrad__step_aside(vgrad_network *network)
{
    vgrad__aside aside = { network->phase, network->pass, network->observers.watched };
    network->observers.watched = false;
    return aside;
}

void vgrad__step_back(vgrad_network *network, const vgrad__aside *aside)
{
    bool complete = aside->phase == VGRAD__BACKWARD_DONE;
    network->observers.watched = aside->watched;
    network->phase = complete ? aside->phase : VGRAD__IDLE;
    network->pass = complete ? aside->pass : network->pass;
}

/* The rows of all outputs, side by side; returns where the next rows go. */
static char *hand_out(const vgrad_network *network, char *to, vgrad_dtype dtype)
{
    const int64_t size = (int64_t)vgrad__dtype_size(dtype);
    int64_t first = 0;
    for (size_t i = 0; i < network->output_count; i++) {
        const vgrad_layer *output = network->outputs[i];
        for (int64_t row = 0; row < network->rows; row++)
            vgrad__convert(vgrad__at(network, output->memory.a, row * output->width),
                           network->dtype, to + (row * network->output_width + first) * size, dtype,
                           output->width);
        first += output->width;
    }
    return to + network->rows * network->output_width * size;
}

vgrad_status vgrad_network_predict(vgrad_network *network, const vgrad_tensor *x, void *out,
                                   vgrad_dtype dtype, int64_t capacity)
{
    const int64_t rows_at_once = 256;
    vgrad_status status = vgrad__check_pass(network);
    if (status == VGRAD_OK)
        status = vgrad__check_batch(network, x);
    if (status != VGRAD_OK)
        return status;
    int64_t rows = x->shape[0], width = network->output_width;
    if (!out)
        return vgrad__fail_null("out");
    if (vgrad__dtype_size(dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "dtype: no dtype %d", (int)dtype);
    if (capacity / width < rows)
        return vgrad__fail(VGRAD_E_INVALID,
                           "capacity: the answer has %lld x %lld elements, got %lld",
                           (long long)rows, (long long)width, (long long)capacity);
    vgrad__aside aside = vgrad__step_aside(network);
    char *to = out;
    for (int64_t first = 0; first < rows && status == VGRAD_OK; first += rows_at_once) {
        vgrad_tensor part = *x;
        part.shape[0] = rows - first < rows_at_once ? rows - first : rows_at_once;
        part.data = (const char *)x->data +
                    first * x->strides[0] * (int64_t)vgrad__dtype_size((vgrad_dtype)x->dtype);
        status = vgrad__forward(network, &part, false);
        if (status != VGRAD_OK)
            break;
        to = hand_out(network, to, dtype);
    }
    vgrad__step_back(network, &aside);
    return status;
}

/* The culprit in `count` elements, `columns` of them a row; its layer is NULL if all are finite. */
static vgrad__culprit search(const vgrad_layer *layer, vgrad_role role, const void *data,
                             int64_t count, int64_t columns)
{
    const vgrad_network *network = layer->network;
    vgrad__culprit culprit = { NULL, role, 0, 0, 0 };
    if (network->kernels->all_finite(data, (size_t)count))
        return culprit;
    for (int64_t i = 0; i < count && !culprit.layer; i++) {
        double value;
        vgrad__convert(vgrad__at(network, data, i), network->dtype, &value, VGRAD_FLOAT64, 1);
        if (!isfinite(value))
            culprit = (vgrad__culprit){ layer, role, i / columns, i % columns, value };
    }
    return culprit;
}

static vgrad__culprit nobody(void)
{
    return (vgrad__culprit){ NULL, VGRAD_ACTIVATION, 0, 0, 0 };
}

vgrad__culprit vgrad__find_odd_activation(const vgrad_network *network)
{
    vgrad__culprit culprit = nobody();
    for (size_t i = 0; i < network->layer_count && !culprit.layer; i++) {
        const vgrad_layer *layer = network->layers[i];
        culprit = search(layer, VGRAD_ACTIVATION, layer->memory.a, network->rows * layer->width,
                         layer->width);
    }
    return culprit;
}

vgrad__culprit vgrad__find_odd_gradient(const vgrad_network *network)
{
    vgrad__culprit culprit = nobody();
    for (size_t s = network->segment_count; s-- > 0 && !culprit.layer;) {
        const vgrad__segment *segment = &network->segments[s];
        const vgrad_layer *layer = network->layers[segment->layer];
        const vgrad__parameter *parameter = &layer->parameters[segment->parameter];
        culprit = search(layer, (vgrad_role)(segment->slot + VGRAD__FACE_GRADIENT),
                         vgrad__at(network, network->gradients.data, segment->offset),
                         segment->count, parameter->shape[parameter->rank - 1]);
    }
    return culprit;
}
