/* Asking observers what they want of a step, and telling them. */
/* SPDX-License-Identifier: MIT */
#include "network/observer.h"

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
    all->seats[place] = (vgrad__seat){ observer, false };
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
    if (!any)
        return;
    for (size_t r = 0; r < network->record_count; r++)
        network->records[r].measured = false;
    for (size_t r = 0; r < network->record_count; r++) {
        unsigned wanted = VGRAD__WANT_NOTHING;
        for (size_t i = 0; i < all->count; i++)
            wanted |= wants(&all->seats[i], r);
        if (wanted & VGRAD__WANT_MOMENTS) {
            vgrad__record *source = measured_in_place_of(network, &network->records[r]);
            source->measured = true;
            source->moments = (vgrad__moments){ 0 };
        }
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

void vgrad__observers_tell(vgrad_network *network, vgrad__family family)
{
    if (!network->observers.watched)
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
