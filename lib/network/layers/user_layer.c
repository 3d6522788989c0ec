/* A layer of the user's own: a table of functions, and what they are handed. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "network/activation.h"
#include "network/network.h"
#include "tensor/blas.h"

enum { USER_PARAMETERS_MAX = 2 }; /* VGRAD_KERNEL, VGRAD_BIAS */

/* ---- shape ---- */

static vgrad_shape shape_of(const vgrad_layer *in)
{
    vgrad_shape shape = { .rank = in->rank };
    memcpy(shape.sizes, in->shape, (size_t)in->rank * sizeof *in->shape);
    return shape;
}

/* The axes and fans that the user gave parameter number `slot`; `count` is its elements. */
static vgrad_status read_parameter(const vgrad_layer *layer, int32_t slot,
                                   const vgrad_parameter_shape *wanted, vgrad__parameter *out,
                                   int64_t *count)
{
    const char *name = vgrad_role_name((vgrad_role)slot);
    const vgrad_shape *shape = &wanted->shape;
    if (shape->rank < 1 || shape->rank > VGRAD__PARAMETER_RANK_MAX)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": its %s needs 1 to %d axes, got %lld",
                           layer->name, name, VGRAD__PARAMETER_RANK_MAX, (long long)shape->rank);
    if (wanted->fan_in < 0 || wanted->fan_out < 0)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": its %s needs fans from 0, got %lld and %lld", layer->name,
                           name, (long long)wanted->fan_in, (long long)wanted->fan_out);
    *out = (vgrad__parameter){ .slot = slot, .rank = (int32_t)shape->rank };
    *count = 1;
    for (int32_t axis = 0; axis < out->rank; axis++) {
        out->shape[axis] = shape->sizes[axis];
        if (shape->sizes[axis] < 1 || __builtin_mul_overflow(*count, shape->sizes[axis], count) ||
            *count > INT64_MAX / 16)
            return vgrad__fail(VGRAD_E_SHAPE,
                               "layer \"%s\": its %s needs sizes of at least 1 that can be "
                               "multiplied, got %lld along axis %d",
                               layer->name, name, (long long)shape->sizes[axis], axis);
    }
    return VGRAD_OK;
}

/* Adds parameter number `slot`, if it is one. */
static vgrad_status add_parameter(vgrad_layer *layer, int32_t slot,
                                  const vgrad_parameter_shape *wanted)
{
    vgrad__parameter parameter;
    int64_t count = 0;
    vgrad_status status = read_parameter(layer, slot, wanted, &parameter, &count);
    if (status != VGRAD_OK)
        return status;
    const int64_t last = parameter.shape[parameter.rank - 1];
    const bool as_before = parameter.rank == 1 && slot > 0;
    parameter.fan_in = wanted->fan_in        ? wanted->fan_in
                       : as_before           ? layer->parameters[slot - 1].fan_in
                       : parameter.rank == 1 ? last
                                             : count / last;
    parameter.fan_out = wanted->fan_out ? wanted->fan_out
                        : as_before     ? layer->parameters[slot - 1].fan_out
                                        : last;
    vgrad__layer_add_parameter(layer, &parameter);
    return VGRAD_OK;
}

/* What the user's functions save, and room for dL/d(input) of every input. */
static vgrad_status set_saved(vgrad_layer *layer, int64_t saved)
{
    if (saved < 0 || saved > VGRAD__BLAS_MAX)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": saves 0 to %d elements a row, got %lld",
                           layer->name, VGRAD__BLAS_MAX, (long long)saved);
    layer->own.saved_row = layer->saved_row = saved;
    for (int32_t i = 0; i < layer->input_count; i++)
        layer->saved_row += layer->inputs[i]->width;
    return VGRAD_OK;
}

static vgrad_status shape(vgrad_layer *layer)
{
    vgrad_shape inputs[VGRAD_USER_INPUTS_MAX], output = { 0 };
    vgrad_parameter_shape parameters[USER_PARAMETERS_MAX] = { 0 };
    vgrad_layer_shapes shapes = { .struct_size = sizeof shapes,
                                  .inputs = inputs,
                                  .input_count = layer->input_count,
                                  .dtype = (int64_t)layer->network->dtype,
                                  .output = &output,
                                  .parameters = parameters,
                                  .parameters_max = USER_PARAMETERS_MAX };
    for (int32_t i = 0; i < layer->input_count; i++)
        inputs[i] = shape_of(layer->inputs[i]);
    vgrad__user_enter(layer);
    vgrad_status status =
        vgrad__user_leave(layer, "shape", layer->own.operations.shape(&shapes, layer->own.user));
    if (status != VGRAD_OK)
        return status;
    if (shapes.parameter_count < 0 || shapes.parameter_count > USER_PARAMETERS_MAX)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": 0 to %d parameters, got %lld", layer->name,
                           USER_PARAMETERS_MAX, (long long)shapes.parameter_count);
    status = vgrad__layer_set_shape(layer, output.rank, output.sizes);
    for (int32_t slot = 0; slot < shapes.parameter_count && status == VGRAD_OK; slot++)
        status = add_parameter(layer, slot, &parameters[slot]);
    return status == VGRAD_OK ? set_saved(layer, shapes.saved) : status;
}

/* ---- calls ---- */

/* What a call points at. */
typedef struct views {
    vgrad_tensor inputs[VGRAD_USER_INPUTS_MAX], parameters[USER_PARAMETERS_MAX];
    vgrad_tensor output, output_gradient;
    void *input_gradients[VGRAD_USER_INPUTS_MAX], *parameter_gradients[USER_PARAMETERS_MAX];
} views;

/* (rows, shape of a row) */
static vgrad_tensor rows_view(const vgrad_layer *of, const void *data, vgrad_role role)
{
    vgrad_tensor view;
    int64_t shape[VGRAD_MAX_RANK] = { of->network->rows };
    memcpy(shape + 1, of->shape, (size_t)of->rank * sizeof *shape);
    vgrad_tensor_view(&view, data, of->network->dtype, of->rank + 1, shape, NULL);
    view.layer = of->index;
    view.role = (int32_t)role;
    return view;
}

static void *place_of(const vgrad_layer *layer, const vgrad__slab *slab, int32_t slot)
{
    return vgrad__at(layer->network, slab->data, vgrad__segment_of(layer, slot)->offset);
}

static vgrad_layer_call call_of(const vgrad_layer *layer, views *v)
{
    const vgrad_network *network = layer->network;
    for (int32_t i = 0; i < layer->input_count; i++)
        v->inputs[i] = rows_view(layer->inputs[i], layer->inputs[i]->memory.a, VGRAD_ACTIVATION);
    for (int32_t p = 0; p < layer->parameter_count; p++) {
        const vgrad__parameter *parameter = &layer->parameters[p];
        vgrad_tensor_view(&v->parameters[p], place_of(layer, &network->parameters, p),
                          network->dtype, parameter->rank, parameter->shape, NULL);
        v->parameters[p].layer = layer->index;
        v->parameters[p].role = p;
    }
    v->output = rows_view(layer, layer->memory.z, VGRAD_ACTIVATION);
    return (vgrad_layer_call){ .struct_size = sizeof(vgrad_layer_call),
                               .layer = layer,
                               .inputs = v->inputs,
                               .parameters = v->parameters,
                               .output = &v->output,
                               .saved = layer->own.saved_row > 0 ? layer->memory.saved : NULL,
                               .input_count = layer->input_count,
                               .parameter_count = layer->parameter_count,
                               .rows = network->rows,
                               .training = network->training,
                               .dtype = (int64_t)network->dtype };
}

static vgrad_status forward(vgrad_layer *layer)
{
    views v;
    vgrad_layer_call call = call_of(layer, &v);
    call.output_data = layer->memory.z;
    vgrad__user_enter(layer);
    vgrad_status status =
        vgrad__user_leave(layer, "forward", layer->own.operations.forward(&call, layer->own.user));
    if (status == VGRAD_OK)
        vgrad__activate(layer); /* of which there is none: moments, and a where it lies apart */
    return status;
}

/* Points at room for the gradients, and makes it 0. */
static void make_room(const vgrad_layer *layer, views *v)
{
    const vgrad_network *network = layer->network;
    const size_t size = vgrad__element_size(network);
    int64_t first = network->rows * layer->own.saved_row;
    for (int32_t i = 0; i < layer->input_count; i++) {
        const vgrad_layer *in = layer->inputs[i];
        void *room = vgrad__at(network, layer->memory.saved, first);
        first += network->rows * in->width;
        v->input_gradients[i] = in->needs_gradient ? room : NULL;
        if (in->needs_gradient)
            memset(room, 0, (size_t)(network->rows * in->width) * size);
    }
    for (int32_t p = 0; p < layer->parameter_count; p++) {
        v->parameter_gradients[p] = place_of(layer, &network->gradients, p);
        memset(v->parameter_gradients[p], 0, (size_t)vgrad__segment_of(layer, p)->count * size);
    }
}

static vgrad_status backward(vgrad_layer *layer)
{
    views v;
    if (!layer->own.operations.backward)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "layer \"%s\": it has no backward", layer->name);
    vgrad__activate_backward(layer);
    vgrad_layer_call call = call_of(layer, &v);
    make_room(layer, &v);
    v.output.data = layer->memory.a;
    v.output_gradient = rows_view(layer, layer->memory.delta, VGRAD_ACTIVATION_GRADIENT);
    call.output_gradient = &v.output_gradient;
    call.input_gradients = v.input_gradients;
    call.parameter_gradients = v.parameter_gradients;
    vgrad__user_enter(layer);
    vgrad_status status = vgrad__user_leave(layer, "backward",
                                            layer->own.operations.backward(&call, layer->own.user));
    for (int32_t i = 0; i < layer->input_count && status == VGRAD_OK; i++)
        vgrad__give_gradient(layer->inputs[i], v.input_gradients[i]);
    return status;
}

const vgrad__layer_kind vgrad__user_layer_kind = { .name = "user layer",
                                                   .family = VGRAD_KIND_OTHER,
                                                   .inputs = VGRAD__INPUTS_ANY,
                                                   .takes = VGRAD__TAKES_FUNCTIONS,
                                                   .shape = shape,
                                                   .forward = forward,
                                                   .backward = backward };

/* ---- making ---- */

/* As much of the table as there is; what it has beyond this library's must be empty. */
static vgrad_status read_table(const vgrad_layer_operations *given, vgrad_layer_operations *table)
{
    const size_t least = offsetof(vgrad_layer_operations, backward);
    const size_t size = given->struct_size;
    if (size < least)
        return vgrad__fail(VGRAD_E_INVALID, "operations: struct_size at least %zu, got %zu", least,
                           size);
    *table = (vgrad_layer_operations){ 0 };
    memcpy(table, given,
           size < sizeof *table ? size / sizeof(void *) * sizeof(void *) : sizeof *table);
    for (size_t i = sizeof *table; i < size; i++)
        if (((const unsigned char *)given)[i] != 0)
            return vgrad__fail(VGRAD_E_UNSUPPORTED,
                               "operations: %zu bytes of it are known to this library, got %zu",
                               sizeof *table, size);
    if (!table->kind || !table->shape || !table->forward)
        return vgrad__fail_null(!table->kind    ? "operations.kind"
                                : !table->shape ? "operations.shape"
                                                : "operations.forward");
    return VGRAD_OK;
}

/* VGRAD_OK if all are layers of one network. */
static vgrad_status check_inputs(vgrad_layer *const *inputs, size_t count)
{
    vgrad_network *network = inputs[0]->network;
    char argument[32];
    if (count > VGRAD_USER_INPUTS_MAX)
        return vgrad__keep_error(network,
                                 vgrad__fail(VGRAD_E_INVALID, "count: 1 to %d inputs, got %zu",
                                             VGRAD_USER_INPUTS_MAX, count));
    for (size_t i = 1; i < count; i++) {
        if (!inputs[i])
            return vgrad__keep_error(network,
                                     vgrad__fail(VGRAD_E_INVALID, "inputs[%zu]: is NULL", i));
        snprintf(argument, sizeof argument, "inputs[%zu]", i);
        if (vgrad__is_stranger(argument, inputs[i], inputs[0]))
            return VGRAD_E_INVALID;
    }
    return VGRAD_OK;
}

vgrad_layer *vgrad_user_layer(vgrad_layer *const *inputs, size_t count,
                              const vgrad_layer_operations *operations, void *user)
{
    vgrad_layer_operations table;
    if (!inputs || count == 0 || !inputs[0]) {
        if (inputs && count == 0)
            vgrad__fail(VGRAD_E_INVALID, "count: 1 to %d inputs, got 0", VGRAD_USER_INPUTS_MAX);
        else
            vgrad__fail_null(inputs ? "inputs[0]" : "inputs");
        return NULL;
    }
    if (check_inputs(inputs, count) != VGRAD_OK)
        return NULL;
    vgrad_network *network = inputs[0]->network;
    vgrad_status status =
        operations ? read_table(operations, &table) : vgrad__fail_null("operations");
    if (vgrad__keep_error(network, status) != VGRAD_OK)
        return NULL;
    vgrad_layer *layer =
        vgrad__layer_create(network, &vgrad__user_layer_kind, (int32_t)count, inputs);
    if (!layer || vgrad__layer_set_word(layer, table.kind, "operations.kind") != VGRAD_OK)
        return NULL;
    table.kind = NULL; /* the layer has its copy */
    layer->own = (vgrad__user_functions){ .operations = table, .user = user };
    return layer;
}
