/* The life of a network, and its settings. */
/* SPDX-License-Identifier: MIT */
#include "network/network.h"

#include <string.h>

#include "tensor/tensor.h"

vgrad_status vgrad_network_create(vgrad_network **out, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_network *network = vgrad__allocate(context, 1, sizeof *network);
    if (!network)
        return VGRAD_E_MEMORY;
    network->references = 1;
    network->context = vgrad__context_hold(context);
    network->dtype = VGRAD_FLOAT32;
    network->initializers[VGRAD_KERNEL].kind = VGRAD_INIT_GLOROT_UNIFORM;
    network->initializers[VGRAD_BIAS].kind = VGRAD_INIT_ZEROS;
    network->initializers[VGRAD_GAMMA] =
        (vgrad__initializer){ .kind = VGRAD_INIT_CONSTANT, .a = 1 };
    network->initializers[VGRAD_BETA].kind = VGRAD_INIT_ZEROS;
    *out = network;
    return VGRAD_OK;
}

vgrad_network *vgrad__network_hold(vgrad_network *network)
{
    vgrad__hold(&network->references);
    return network;
}

void vgrad_network_destroy(vgrad_network *network)
{
    if (!network || !vgrad__let_go(&network->references))
        return;
    vgrad_context *context = network->context;
    vgrad__built_release(network);
    for (size_t i = 0; i < network->layer_count; i++)
        vgrad__layer_destroy(network->layers[i]);
    vgrad__release(context, network->layers, network->layer_capacity, sizeof *network->layers);
    vgrad__release(context, network->observers.seats, network->observers.capacity,
                   sizeof *network->observers.seats);
    vgrad__release(context, network, 1, sizeof *network);
    vgrad__context_let_go(context);
}

/* ---- when a call may come ---- */

vgrad_status vgrad__check_not_in_layer(const vgrad_network *network)
{
    if (network->in_layer)
        return vgrad__fail(VGRAD_E_STATE, "network: inside a function of one of its layers");
    return VGRAD_OK;
}

vgrad_status vgrad__check_built(const vgrad_network *network)
{
    if (!network)
        return vgrad__fail_null("network");
    if (!vgrad__is_built(network))
        return vgrad__fail(VGRAD_E_STATE, "network: not built");
    return VGRAD_OK;
}

static vgrad_status check_not_built(const vgrad_network *network)
{
    if (!network)
        return vgrad__fail_null("network");
    if (vgrad__is_built(network))
        return vgrad__fail(VGRAD_E_STATE, "network: built already");
    return vgrad__check_not_in_layer(network);
}

vgrad_status vgrad__check_idle(const vgrad_network *network)
{
    vgrad_status status = vgrad__check_built(network);
    if (status == VGRAD_OK && (network->callbacks > 0 || network->phase != VGRAD__IDLE))
        return vgrad__fail(VGRAD_E_STATE, "network: inside a training step");
    return status;
}

vgrad_status vgrad__keep_error(vgrad_network *network, vgrad_status status)
{
    if (status < 0 && !vgrad__is_built(network) && network->first_error == VGRAD_OK) {
        network->first_error = status;
        strncpy(network->first_error_text, vgrad_last_error(), VGRAD__ERROR_SIZE - 1);
    }
    return status;
}

/* ---- settings ---- */

vgrad_status vgrad_network_set_dtype(vgrad_network *network, vgrad_dtype dtype)
{
    vgrad_status status = check_not_built(network);
    if (status != VGRAD_OK)
        return status;
    if (dtype != VGRAD_FLOAT32 && dtype != VGRAD_FLOAT64)
        return vgrad__keep_error(network,
                                 vgrad__fail(VGRAD_E_INVALID, "dtype: float32 or float64, got %s",
                                             vgrad__dtype_name(dtype)));
    network->dtype = dtype;
    return VGRAD_OK;
}

vgrad_status vgrad_network_set_seed(vgrad_network *network, uint64_t seed)
{
    vgrad_status status = check_not_built(network);
    if (status == VGRAD_OK)
        network->seed = seed;
    return status;
}

vgrad_status vgrad_network_initialize(vgrad_network *network, uint64_t seed)
{
    vgrad_status status = vgrad__check_idle(network);
    if (status == VGRAD_OK) {
        network->seed = seed;
        vgrad__initialize(network, seed);
    }
    return status;
}

vgrad_status vgrad_network_keep(vgrad_network *network, uint32_t what)
{
    const uint32_t all = 2 * VGRAD_KEEP_PENALTY - 1;
    if (!network)
        return vgrad__fail_null("network");
    if (vgrad__check_not_in_layer(network) != VGRAD_OK)
        return VGRAD_E_STATE;
    if (what & ~all)
        return vgrad__fail(VGRAD_E_INVALID, "what: no VGRAD_KEEP_ bits 0x%x",
                           (unsigned)(what & ~all));
    if (vgrad__is_built(network)) {
        vgrad_status status = vgrad__check_idle(network);
        if (status == VGRAD_OK)
            status = vgrad__slabs_keep(network, what);
        if (status != VGRAD_OK)
            return status;
        vgrad__memory_release(network); /* the next pass lays it out anew */
        vgrad__records_point(network);
    }
    network->keep |= what;
    return VGRAD_OK;
}

/* ---- layers ---- */

vgrad_layer *vgrad_network_layer(const vgrad_network *network, int32_t index)
{
    if (!network) {
        vgrad__fail_null("network");
        return NULL;
    }
    return index >= 0 && (size_t)index < network->layer_count ? network->layers[index] : NULL;
}

vgrad_layer *vgrad__layer_named(const vgrad_network *network, const char *name)
{
    for (size_t i = 0; i < network->layer_count; i++)
        if (strcmp(network->layers[i]->name, name) == 0)
            return network->layers[i];
    return NULL;
}

vgrad_layer *vgrad_network_find(const vgrad_network *network, const char *name)
{
    if (!network || !name) {
        vgrad__fail_null(network ? "name" : "network");
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_named(network, name);
    if (!layer)
        vgrad__fail(VGRAD_E_NOT_FOUND, "name: no layer \"%.100s\"", name);
    return layer;
}

int64_t vgrad_network_parameter_count(const vgrad_network *network)
{
    if (vgrad__check_built(network) != VGRAD_OK)
        return -1;
    int64_t count = 0;
    for (size_t i = 0; i < network->segment_count; i++)
        count += network->segments[i].count;
    return count;
}
