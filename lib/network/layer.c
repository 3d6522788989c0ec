/* What all layers have: names, options, initializers. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "network/network.h"

/* "dense", or the first of "dense_1", "dense_2", ... that is free. */
static void name_by_kind(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    snprintf(layer->name, sizeof layer->name, "%s", layer->kind->name);
    for (int number = 1; vgrad__layer_named(network, layer->name); number++)
        snprintf(layer->name, sizeof layer->name, "%s_%d", layer->kind->name, number);
}

static size_t layer_size(int32_t input_count)
{
    return sizeof(vgrad_layer) + (size_t)input_count * sizeof(vgrad_layer *);
}

vgrad_layer *vgrad__layer_create(vgrad_network *network, const vgrad__layer_kind *kind,
                                 int32_t input_count, vgrad_layer *const *inputs)
{
    if (vgrad__is_built(network)) {
        vgrad__fail(VGRAD_E_STATE, "network: built already, no %s can be added", kind->name);
        return NULL;
    }
    if (vgrad__grow(network->context, (void **)&network->layers, network->layer_count,
                    &network->layer_capacity, sizeof *network->layers) != VGRAD_OK) {
        vgrad__keep_error(network, VGRAD_E_MEMORY);
        return NULL;
    }
    vgrad_layer *layer = vgrad__allocate(network->context, 1, layer_size(input_count));
    if (!layer) {
        vgrad__keep_error(network, VGRAD_E_MEMORY);
        return NULL;
    }
    layer->network = network;
    layer->kind = kind;
    layer->trainable = true;
    layer->use_bias = true;
    layer->alpha = 0.2;
    layer->input_count = input_count;
    for (int32_t i = 0; i < input_count; i++)
        layer->inputs[i] = inputs[i];
    name_by_kind(layer);
    layer->index = (int32_t)network->layer_count;
    network->layers[network->layer_count++] = layer;
    return layer;
}

void vgrad__layer_destroy(vgrad_layer *layer)
{
    vgrad__release(layer->network->context, layer, 1, layer_size(layer->input_count));
}

const char *vgrad_layer_name(const vgrad_layer *layer)
{
    if (!layer)
        vgrad__fail_null("layer");
    return layer ? layer->name : NULL;
}

int32_t vgrad_layer_index(const vgrad_layer *layer)
{
    return layer ? layer->index : (vgrad__fail_null("layer"), -1);
}

/* Keeps the error for build, and returns it. */
static vgrad_status refuse(vgrad_layer *layer, vgrad_status status)
{
    return vgrad__keep_error(layer->network, status);
}

static vgrad_status check_not_built(const vgrad_layer *layer, const char *what)
{
    if (vgrad__is_built(layer->network))
        return vgrad__fail(VGRAD_E_STATE, "layer \"%s\": %s is fixed once the network is built",
                           layer->name, what);
    return VGRAD_OK;
}

vgrad_status vgrad_layer_set_name(vgrad_layer *layer, const char *name)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = check_not_built(layer, "the name");
    if (status != VGRAD_OK)
        return status;
    if (!name)
        return refuse(layer, vgrad__fail_null("name"));
    size_t length = strlen(name);
    if (length < 1 || length >= VGRAD__NAME_SIZE)
        return refuse(layer, vgrad__fail(VGRAD_E_INVALID, "name: 1 to %d bytes, got %zu",
                                         VGRAD__NAME_SIZE - 1, length));
    const vgrad_layer *holder = vgrad__layer_named(layer->network, name);
    if (holder && holder != layer)
        return refuse(layer, vgrad__fail(VGRAD_E_INVALID, "name: layer %d is called \"%s\" already",
                                         (int)holder->index, name));
    memmove(layer->name, name, length + 1);
    return VGRAD_OK;
}

/* By vgrad_layer_option; what has no name is no option. `late`: also after build. */
static const struct {
    const char *name;
    double high;
    bool whole, late;
    const char *range;
} options[] = {
    [VGRAD_LAYER_TRAINABLE] = { "trainable", 1, true, true, "0 or 1" },
    [VGRAD_LAYER_USE_BIAS] = { "use_bias", 1, true, false, "0 or 1" },
    [VGRAD_LAYER_ALPHA] = { "alpha", 1, false, false, "in [0, 1]" },
    [VGRAD_LAYER_L1] = { "l1", DBL_MAX, false, true, "at least 0" },
    [VGRAD_LAYER_L2] = { "l2", DBL_MAX, false, true, "at least 0" },
};

static vgrad_status check_option(const vgrad_layer *layer, vgrad_layer_option option, double value)
{
    const int count = sizeof options / sizeof *options;
    if ((int)option < 0 || (int)option >= count || !options[option].name)
        return vgrad__fail(VGRAD_E_INVALID, "option: no layer option %d", (int)option);
    if (!vgrad__number_fits(value, 0, options[option].high, options[option].whole))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": %s %s, got %g", layer->name,
                           options[option].name, options[option].range, value);
    return VGRAD_OK;
}

vgrad_status vgrad_layer_set(vgrad_layer *layer, vgrad_layer_option option, double value)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = check_option(layer, option, value);
    if (status != VGRAD_OK)
        return refuse(layer, status);
    if (!options[option].late)
        status = check_not_built(layer, options[option].name);
    if (status != VGRAD_OK)
        return status;
    switch (option) {
    case VGRAD_LAYER_TRAINABLE:
        layer->trainable = value != 0;
        vgrad__segments_set_trainable(layer);
        break;
    case VGRAD_LAYER_USE_BIAS: layer->use_bias = value != 0; break;
    case VGRAD_LAYER_ALPHA: layer->alpha = value; break;
    case VGRAD_LAYER_L1: layer->l1 = value; break;
    case VGRAD_LAYER_L2: layer->l2 = value; break;
    }
    return VGRAD_OK;
}

double vgrad_layer_get(const vgrad_layer *layer, vgrad_layer_option option)
{
    if (!layer) {
        vgrad__fail_null("layer");
        return (double)NAN;
    }
    switch (option) {
    case VGRAD_LAYER_TRAINABLE: return layer->trainable;
    case VGRAD_LAYER_USE_BIAS: return layer->use_bias;
    case VGRAD_LAYER_ALPHA: return layer->alpha;
    case VGRAD_LAYER_L1: return layer->l1;
    case VGRAD_LAYER_L2: return layer->l2;
    }
    vgrad__fail(VGRAD_E_INVALID, "option: no layer option %d", (int)option);
    return (double)NAN;
}

vgrad_status vgrad_layer_set_initializer(vgrad_layer *layer, vgrad_role parameter,
                                         vgrad_initializer kind, double a, double b)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = vgrad__initializer_check(parameter, kind, a, b);
    if (status != VGRAD_OK)
        return refuse(layer, status);
    layer->parameters[parameter].initializer = (vgrad__initializer){ true, kind, a, b };
    return VGRAD_OK;
}

vgrad_status vgrad_network_set_initializer(vgrad_network *network, vgrad_role parameter,
                                           vgrad_initializer kind, double a, double b)
{
    if (!network)
        return vgrad__fail_null("network");
    vgrad_status status = vgrad__initializer_check(parameter, kind, a, b);
    if (status != VGRAD_OK)
        return vgrad__keep_error(network, status);
    network->initializers[parameter] = (vgrad__initializer){ true, kind, a, b };
    return VGRAD_OK;
}
