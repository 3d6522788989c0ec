/* Asking observers what they want of a step, and telling them. */
/* SPDX-License-Identifier: MIT */
#include "network/observer.h"

#include "network/activation.h"
#include "network/network.h"

bool vgrad__observable(const vgrad_network *network, size_t tensor, int32_t *layer,
                       vgrad_role *role)
{
    if (tensor >= network->record_count)
        return false;
    *layer = network->records[tensor].view.layer;
    *role = (vgrad_role)network->records[tensor].view.role;
    return true;
}

int64_t vgrad__observable_units(const vgrad_network *network, size_t tensor)
{
    const vgrad_tensor *view = &network->records[tensor].view;
    return view->shape[view->rank - 1];
}

int64_t vgrad__updates_lost(const vgrad_network *network, size_t tensor)
{
    return network->records[tensor].lost;
}

vgrad_status vgrad__observer_join(vgrad_network *network, vgrad__observer *observer)
{
    vgrad__observers *all = &network->observers;
    size_t place = 0;
    while (place < all->count && all->seats[place].observer)
        place++;
    vgrad_status status = vgrad__check_idle(network);
    if (status == VGRAD_OK)
        status = vgrad__grow(network->context, (void **)&all->seats, place, &all->capacity,
                             sizeof *all->seats);
    if (status != VGRAD_OK)
        return status;
    all->seats[place] = (vgrad__seat){ .observer = observer };
    all->count += place == all->count;
    vgrad__network_hold(network);
    return VGRAD_OK;
}

void vgrad__observer_leave(vgrad_network *network, const vgrad__observer *observer)
{
    for (size_t i = 0; i < network->observers.count; i++)
        if (network->observers.seats[i].observer == observer) {
            network->observers.seats[i].observer = NULL;
            vgrad_network_destroy(network);
            return;
        }
}

/* What the observer wants of a tensor in this step. */
static unsigned wants(const vgrad__seat *seat, size_t tensor)
{
    return seat->looking && seat->observer ? seat->observer->wants(seat->observer->self, tensor)
                                           : VGRAD__WANT_NOTHING;
}

/* What a layer is given is what another one gave out: measured there. */
static vgrad__record *measured_in_place_of(const vgrad_network *network, vgrad__record *record)
{
    if (record->view.role != VGRAD_INPUT)
        return record;
    const vgrad_layer *layer = network->layers[record->view.layer];
    return vgrad__record_find(layer->inputs[0], VGRAD_ACTIVATION);
}

void vgrad__observers_begin(vgrad_network *network, int64_t step)
{
    vgrad__observers *all = &network->observers;
    bool any = false;
    for (size_t i = 0; i < all->count; i++) {
        vgrad__seat *seat = &all->seats[i];
        seat->looking = seat->observer && seat->observer->begin(seat->observer->self, step);
        any |= seat->looking;
    }
    all->watched = any;
    all->wanted = 0;
    if (!any)
        return;
    for (size_t r = 0; r < network->record_count; r++)
        network->records[r].measured = network->records[r].counts_lost = false;
    for (size_t r = 0; r < network->record_count; r++) {
        unsigned wanted = VGRAD__WANT_NOTHING;
        for (size_t i = 0; i < all->count; i++)
            wanted |= wants(&all->seats[i], r);
        if (wanted)
            all->wanted |= 1u << network->records[r].family;
        if (wanted & VGRAD__WANT_MOMENTS) {
            vgrad__record *source = measured_in_place_of(network, &network->records[r]);
            source->measured = true;
            source->moments = (vgrad__moments){ 0 };
        }
        network->records[r].counts_lost = wanted & VGRAD__WANT_LOST;
        network->records[r].lost = 0;
    }
}

void vgrad__observers_again(vgrad_network *network)
{
    for (size_t r = 0; network->observers.watched && r < network->record_count; r++)
        network->records[r].moments = (vgrad__moments){ 0 };
}

/* Tells one observer of one tensor, if it wants to hear. */
static void tell(const vgrad__seat *seat, size_t tensor, const vgrad_tensor *view,
                 const vgrad__moments *moments)
{
    unsigned wanted = wants(seat, tensor);
    if (wanted)
        seat->observer->observe(seat->observer->self, tensor,
                                wanted & VGRAD__WANT_TENSOR ? view : NULL,
                                wanted & VGRAD__WANT_MOMENTS ? moments : NULL);
}

bool vgrad__observers_want(const vgrad_network *network, vgrad__family family)
{
    return network->observers.watched && network->observers.wanted & 1u << family;
}

void vgrad__observers_tell(vgrad_network *network, vgrad__family family)
{
    if (!vgrad__observers_want(network, family))
        return;
    for (size_t r = 0; r < network->record_count; r++) {
        vgrad__record *record = &network->records[r];
        bool kept = !(record->keep & ~network->keep);
        if (record->family != family || !record->there)
            continue;
        for (size_t i = 0; i < network->observers.count; i++)
            tell(&network->observers.seats[i], r, kept ? &record->view : NULL,
                 &measured_in_place_of(network, record)->moments);
    }
}

/* (rows, elements of a row) of a pass. */
static void view_rows(const vgrad_layer *layer, const void *data, vgrad_tensor *view)
{
    const vgrad_network *network = layer->network;
    vgrad_tensor_matrix(view, data, network->dtype, network->rows, layer->width);
}

/* A kernel as a matrix, or its gradient; not where several layers have it. */
static void view_kernel(const vgrad_layer *layer, const vgrad__slab *slab, vgrad_tensor *view)
{
    const vgrad__parameter *kernel = layer->parameters;
    *view = (vgrad_tensor){ .data = NULL };
    if (layer->parameter_count == 0 || kernel->slot != VGRAD_KERNEL || layer->is_shared)
        return;
    const int64_t count = vgrad__segment_of(layer, VGRAD_KERNEL)->count;
    const int64_t columns = kernel->shape[kernel->rank - 1];
    vgrad_tensor_matrix(view, vgrad__parameter_in(layer, slab, VGRAD_KERNEL), layer->network->dtype,
                        count / columns, columns);
}

/* Whether this observer is told of each layer's backward in this step. */
static bool follows(const vgrad__seat *seat)
{
    return seat->looking && seat->observer && seat->observer->passed;
}

static bool is_followed(const vgrad__observers *all)
{
    bool any = false;
    for (size_t i = 0; all->watched && i < all->count; i++)
        any |= follows(&all->seats[i]);
    return any;
}

vgrad_status vgrad__observers_passed(const vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_status status = VGRAD_OK;
    if (!is_followed(&network->observers))
        return VGRAD_OK;
    vgrad__passage passage = { .layer = layer, .index = layer->index };
    view_rows(layer, layer->memory.a, &passage.activation);
    if (layer->input_count > 0) {
        view_rows(layer->inputs[0], layer->inputs[0]->memory.a, &passage.input);
        view_rows(layer, layer->memory.delta, &passage.delta);
        view_kernel(layer, &network->parameters, &passage.kernel);
        view_kernel(layer, &network->gradients, &passage.kernel_gradient);
    }
    for (size_t i = 0; i < network->observers.count && status == VGRAD_OK; i++) {
        const vgrad__seat *seat = &network->observers.seats[i];
        if (follows(seat))
            status = seat->observer->passed(seat->observer->self, &passage);
    }
    return status;
}

void vgrad__observers_epoch(const vgrad_network *network, int64_t step)
{
    for (size_t i = 0; i < network->observers.count; i++) {
        const vgrad__observer *observer = network->observers.seats[i].observer;
        if (observer && observer->epoch)
            observer->epoch(observer->self, step);
    }
}

size_t vgrad__observers_end(vgrad_network *network, const vgrad__step_end *step)
{
    size_t news = 0;
    for (size_t i = 0; i < network->observers.count; i++) {
        vgrad__seat *seat = &network->observers.seats[i];
        const bool ends =
            network->observers.watched && seat->looking && seat->observer && seat->observer->end;
        seat->news = ends ? seat->observer->end(seat->observer->self, step) : 0;
        news += seat->news;
        seat->looking = false;
    }
    network->observers.watched = false;
    return news;
}

const vgrad_finding *vgrad__observers_news(const vgrad_network *network, size_t i)
{
    const vgrad__seat *seat = network->observers.seats;
    for (; seat->news <= i; seat++)
        i -= seat->news;
    return seat->observer ? seat->observer->news(seat->observer->self, i) : NULL;
}

/* ---- what a network is ---- */

bool vgrad__layer_facts_of(const vgrad_network *network, int32_t index, vgrad__layer_facts *facts)
{
    if (index < 0 || (size_t)index >= network->layer_count)
        return false;
    const vgrad_layer *layer = network->layers[index];
    const vgrad_layer *owner = vgrad__owner(layer);
    *facts = (vgrad__layer_facts){ .name = layer->name,
                                   .kind = layer->kind->family,
                                   .units = layer->shape[layer->rank - 1],
                                   .has_derivative =
                                       layer->own.df || vgrad__activation_bends(layer->activation),
                                   .steepest = vgrad__steepest_of(layer),
                                   .mixes_rows = layer->kind->mixes_rows,
                                   .is_output = layer->is_output,
                                   .input_count = layer->input_count };
    if (owner->parameter_count > 0 && owner->parameters[0].slot == VGRAD_KERNEL) {
        facts->fan_in = owner->parameters[0].fan_in;
        facts->fan_out = owner->parameters[0].fan_out;
    }
    return true;
}

bool vgrad__layer_is_trained(const vgrad_network *network, int32_t index)
{
    return vgrad__owner(network->layers[index])->trainable;
}

int32_t vgrad__layer_input(const vgrad_network *network, int32_t index, int32_t k)
{
    return network->layers[index]->inputs[k]->index;
}
