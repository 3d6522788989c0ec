/* The records: every tensor of a network by role and name, and when it may be read. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "network/network.h"
#include "tensor/tensor.h"

/* ---- making ---- */

static void add_record(vgrad_layer *layer, vgrad_role role, vgrad__family family, uint32_t keep,
                       int32_t rank, const int64_t *shape)
{
    vgrad_network *network = layer->network;
    vgrad__record *record = &network->records[network->record_count++];
    *record = (vgrad__record){ .family = family, .keep = keep, .there = true };
    snprintf(record->name, sizeof record->name, "%s.%s", layer->name, vgrad_role_name(role));
    /* The shape of a pass's tensors has no rows yet: its data comes with the pass. */
    static const char nothing;
    vgrad_tensor_view(&record->view, &nothing, network->dtype, rank, shape, NULL);
    record->view.data = NULL;
    record->view.name = record->name;
    record->view.layer = layer->index;
    record->view.role = role;
    layer->record_count++;
}

/* A tensor of a pass, with rows like those of `like`. */
static void add_rows_record(vgrad_layer *layer, vgrad_role role, vgrad__family family,
                            uint32_t keep, const vgrad_layer *like)
{
    int64_t shape[VGRAD_MAX_RANK] = { 0 };
    memcpy(shape + 1, like->shape, (size_t)like->rank * sizeof *shape);
    add_record(layer, role, family, keep, like->rank + 1, shape);
}

static void add_layer_records(vgrad_layer *layer)
{
    static const struct {
        vgrad__family family;
        int32_t face;
        uint32_t keep;
    } faces[] = {
        { VGRAD__PARAMETERS, 0, 0 },
        { VGRAD__GRADIENTS, VGRAD__FACE_GRADIENT, 0 },
        { VGRAD__UPDATES, VGRAD__FACE_UPDATE, VGRAD_KEEP_UPDATE },
        { VGRAD__PENALTIES, VGRAD__FACE_PENALTY, VGRAD_KEEP_PENALTY },
        { VGRAD__EPOCH_GRADIENTS, VGRAD__FACE_EPOCH_GRADIENT, VGRAD_KEEP_EPOCH_GRADIENT },
    };
    for (size_t f = 0; f < sizeof faces / sizeof *faces; f++)
        for (int32_t p = 0; p < layer->parameter_count; p++)
            add_record(layer, (vgrad_role)(layer->parameters[p].slot + faces[f].face),
                       faces[f].family, faces[f].keep, layer->parameters[p].rank,
                       layer->parameters[p].shape);
    for (const vgrad__state *s = layer->states; s < layer->states + layer->state_count; s++)
        add_record(layer, (vgrad_role)s->slot, VGRAD__STATES, 0, 1, &s->count);
    add_rows_record(layer, VGRAD_ACTIVATION, VGRAD__FORWARD, VGRAD_KEEP_ACTIVATION, layer);
    if (layer->input_count == 0)
        return;
    add_rows_record(layer, VGRAD_PREACTIVATION, VGRAD__FORWARD, VGRAD_KEEP_PREACTIVATION, layer);
    add_rows_record(layer, VGRAD_DELTA, VGRAD__BACKWARD, VGRAD_KEEP_DELTA, layer);
    add_rows_record(layer, VGRAD_ACTIVATION_GRADIENT, VGRAD__BACKWARD,
                    VGRAD_KEEP_ACTIVATION_GRADIENT, layer);
    add_rows_record(layer, VGRAD_INPUT, VGRAD__FORWARD, VGRAD_KEEP_ACTIVATION, layer->inputs[0]);
}

vgrad_status vgrad__records_create(vgrad_network *network)
{
    const size_t most =
        network->layer_count * (5 * VGRAD__PARAMETERS_MAX + VGRAD__LAYER_STATES_MAX + 5);
    network->records = vgrad__allocate(network->context, most, sizeof *network->records);
    if (!network->records)
        return VGRAD_E_MEMORY;
    network->record_capacity = most;
    for (size_t i = 0; i < network->layer_count; i++) {
        network->layers[i]->first_record = (int32_t)network->record_count;
        network->layers[i]->record_count = 0;
        add_layer_records(network->layers[i]);
    }
    for (int family = 0; family < VGRAD__FAMILIES; family++)
        network->open[family] = false;
    vgrad__records_point(network);
    vgrad__family_open(network, VGRAD__PARAMETERS);
    vgrad__family_open(network, VGRAD__STATES);
    return VGRAD_OK;
}

/* ---- pointing at data ---- */

static const void *data_of(const vgrad_network *network, const vgrad__record *record)
{
    const vgrad_layer *layer = network->layers[record->view.layer];
    const vgrad__slab *slab = NULL;
    if (record->family == VGRAD__STATES)
        return vgrad__state_data(layer, record->view.role);
    switch (record->family) {
    case VGRAD__PARAMETERS: slab = &network->parameters; break;
    case VGRAD__GRADIENTS: slab = &network->gradients; break;
    case VGRAD__UPDATES: slab = &network->updates; break;
    case VGRAD__PENALTIES: slab = &network->penalties; break;
    case VGRAD__EPOCH_GRADIENTS: slab = &network->epoch_gradients; break;
    default: break;
    }
    if (slab) {
        int32_t slot = record->view.role % VGRAD__FACE_GRADIENT;
        return slab->data ? vgrad__parameter_in(layer, slab, slot) : NULL;
    }
    switch ((vgrad_role)record->view.role) {
    case VGRAD_PREACTIVATION: return layer->memory.z;
    case VGRAD_ACTIVATION: return layer->memory.a;
    case VGRAD_INPUT: return layer->inputs[0]->memory.a;
    case VGRAD_DELTA: return layer->memory.delta;
    default: return layer->memory.da;
    }
}

void vgrad__records_point(vgrad_network *network)
{
    for (size_t r = 0; r < network->record_count; r++) {
        vgrad__record *record = &network->records[r];
        record->view.data = data_of(network, record);
        if (record->family == VGRAD__FORWARD || record->family == VGRAD__BACKWARD)
            record->view.shape[0] = network->rows;
    }
    network->pointed_rows = network->rows;
    network->pointed_batch = network->layers[0]->memory.a;
}

void vgrad__family_open(vgrad_network *network, vgrad__family family)
{
    network->open[family] = true;
}

#ifdef VGRAD_POISON
/* A view that is read after its time shows NaN, in builds that ask for it. */
static void poison(const vgrad_network *network, vgrad__family family)
{
    for (size_t r = 0; r < network->record_count; r++) {
        const vgrad_tensor *view = &network->records[r].view;
        if (network->records[r].family != family || !view->data)
            continue;
        int64_t count = vgrad_tensor_count(view);
        for (int64_t i = 0; i < count; i++) {
            void *element = vgrad__at(network, view->data, i);
            if (network->dtype == VGRAD_FLOAT64)
                *(double *)element = (double)NAN;
            else
                *(float *)element = NAN;
        }
    }
}
#endif

void vgrad__family_close(vgrad_network *network, vgrad__family family)
{
#ifdef VGRAD_POISON
    if (network->open[family] && (family == VGRAD__GRADIENTS || family == VGRAD__BACKWARD))
        poison(network, family);
#endif
    network->open[family] = false;
}

/* ---- finding ---- */

static bool is_of_parameter(vgrad_role role)
{
    return (int)role % VGRAD__FACE_GRADIENT < VGRAD_PREACTIVATION;
}

vgrad__record *vgrad__record_find(const vgrad_layer *layer, vgrad_role role)
{
    if (is_of_parameter(role))
        layer = vgrad__owner(layer);
    vgrad__record *records = layer->network->records + layer->first_record;
    for (int32_t r = 0; r < layer->record_count; r++)
        if (records[r].view.role == (int32_t)role)
            return &records[r];
    return NULL;
}

vgrad__moments *vgrad__moments_wanted(const vgrad_layer *layer, vgrad_role role)
{
    if (!layer->network->observers.watched)
        return NULL;
    vgrad__record *record = vgrad__record_find(layer, role);
    return record && record->measured ? &record->moments : NULL;
}

int64_t *vgrad__lost_wanted(const vgrad_layer *layer, vgrad_role role)
{
    if (!layer->network->observers.watched)
        return NULL;
    vgrad__record *record = vgrad__record_find(layer, role);
    return record && record->counts_lost ? &record->lost : NULL;
}

static const char *when(vgrad__family family)
{
    switch (family) {
    case VGRAD__GRADIENTS: return "from backward to the end of the step";
    case VGRAD__UPDATES:
    case VGRAD__PENALTIES: return "after an update, until the next backward";
    case VGRAD__EPOCH_GRADIENTS: return "from the epoch's first update on";
    case VGRAD__FORWARD: return "from a forward pass to the next";
    case VGRAD__BACKWARD: return "from backward to the next forward pass";
    default: return "always";
    }
}

const vgrad_tensor *vgrad__record_read(const vgrad_network *network, const vgrad__record *record)
{
    if (record->keep & ~network->keep)
        vgrad__fail(VGRAD_E_STATE, "%s: not kept, see vgrad_network_keep", record->name);
    else if (!network->open[record->family])
        vgrad__fail(VGRAD_E_STATE, "%s: there only %s", record->name, when(record->family));
    else if (!record->there)
        vgrad__fail(VGRAD_E_STATE, "%s: the loss is fused with this activation", record->name);
    else
        return &record->view;
    return NULL;
}

const vgrad_tensor *vgrad_network_tensor(const vgrad_network *network, vgrad_role role, int32_t i)
{
    if (vgrad__check_built(network) != VGRAD_OK)
        return NULL;
    int32_t place = 0;
    for (size_t r = 0; r < network->record_count; r++) {
        const vgrad__record *record = &network->records[r];
        if (record->view.role == (int32_t)role && record->there && place++ == i)
            return vgrad__record_read(network, record);
    }
    vgrad__fail(VGRAD_E_NOT_FOUND, "role %d (%s): %d of them in this network, got i = %d",
                (int)role, vgrad_role_name(role), (int)place, (int)i);
    return NULL;
}

const vgrad_tensor *vgrad_layer_tensor(const vgrad_layer *layer, vgrad_role role)
{
    if (!layer) {
        vgrad__fail_null("layer");
        return NULL;
    }
    if (vgrad__check_built(layer->network) != VGRAD_OK)
        return NULL;
    const vgrad__record *record = vgrad__record_find(layer, role);
    if (record)
        return vgrad__record_read(layer->network, record);
    vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": has no %s (role %d)", layer->name,
                vgrad_role_name(role), (int)role);
    return NULL;
}

/* VGRAD_OK if no element of value is overwritten before it is read: it lies elsewhere, or is what
   is there already. */
static vgrad_status check_apart(const vgrad__record *record, const vgrad_tensor *value)
{
    const vgrad_tensor *view = &record->view;
    const size_t size =
        (size_t)vgrad_tensor_count(view) * vgrad__dtype_size((vgrad_dtype)view->dtype);
    if (!vgrad__tensor_touches(value, view->data, size) ||
        (value->data == view->data && value->dtype == view->dtype &&
         vgrad__tensor_is_packed(value)))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "%s: value is a view of itself; set it from a copy",
                       record->name);
}

static vgrad_status check_variance(const vgrad__record *record, const vgrad_tensor *value)
{
    const double least = vgrad_tensor_stat(value, VGRAD_MIN);
    if (vgrad_tensor_stat(value, VGRAD_NANS) > 0 || least < 0)
        return vgrad__fail(VGRAD_E_INVALID, "%s: at least 0, got %s%g", record->name,
                           least < 0 ? "" : "NaN beside ", least);
    return VGRAD_OK;
}

vgrad_status vgrad_layer_set_tensor(vgrad_layer *layer, vgrad_role role, const vgrad_tensor *value)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = vgrad__check_idle(layer->network);
    if (status == VGRAD_OK)
        status = vgrad__tensor_check(value, "value");
    if (status != VGRAD_OK)
        return status;
    const vgrad__record *record = vgrad__record_find(layer, role);
    if (!record || (record->family != VGRAD__PARAMETERS && record->family != VGRAD__STATES))
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": has no parameter %s (role %d)",
                           layer->name, vgrad_role_name(role), (int)role);
    bool fits = value->rank == record->view.rank;
    for (int32_t axis = 0; fits && axis < value->rank; axis++)
        fits = value->shape[axis] == record->view.shape[axis];
    char wanted[VGRAD__SHAPE_TEXT], got[VGRAD__SHAPE_TEXT];
    if (!fits)
        return vgrad__fail(VGRAD_E_SHAPE, "%s: shape %s, got %s", record->name,
                           vgrad__shape_text(&record->view, wanted), vgrad__shape_text(value, got));
    if (role == VGRAD_MOVING_VARIANCE)
        status = check_variance(record, value);
    if (status == VGRAD_OK)
        status = check_apart(record, value);
    if (status == VGRAD_OK)
        vgrad__tensor_pack(value, (void *)(uintptr_t)record->view.data, layer->network->dtype);
    return status;
}
