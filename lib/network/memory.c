/*
 * The memory of a pass: one arena, laid out for the rows of the largest batch so far.
 *
 * a of every layer stays until backward needs it; z shares a's place unless it is kept, or is the
 * output's, where fused losses read it. dL/da is needed from the backward of the layer after to
 * that of the layer itself, so layers share a few slots (two in a chain), unless it or delta is
 * kept. delta takes dL/da's place unless that is kept.
 */
/* SPDX-License-Identifier: MIT */
#include "network/network.h"

/* Hands out 64-byte aligned pieces; without a base it only counts. */
typedef struct layout {
    const vgrad_network *network;
    char *base;
    int64_t rows, used; /* elements; used is INT64_MAX once that is too little */
} layout;

/* `width` elements for each row, and `fixed` more. */
static void *piece_of(layout *l, int64_t width, int64_t fixed)
{
    const int64_t step = 64 / (int64_t)vgrad__element_size(l->network);
    void *here = l->base ? vgrad__at(l->network, l->base, l->used) : NULL;
    int64_t elements, end;
    if (__builtin_mul_overflow(l->rows, width, &elements) ||
        __builtin_add_overflow(elements, fixed, &elements) ||
        __builtin_add_overflow(l->used, elements, &end) || end > INT64_MAX - step)
        l->used = INT64_MAX;
    else
        l->used = (end + step - 1) / step * step;
    return here;
}

static void *piece(layout *l, int64_t width)
{
    return piece_of(l, width, 0);
}

/* The first slot that no layer holds between the backward of `user` and its own. */
static int32_t free_slot(const vgrad_network *network, const vgrad_layer *user)
{
    for (int32_t slot = 0;; slot++) {
        bool taken = false;
        for (int32_t i = 0; i <= user->index; i++)
            taken |= network->layers[i]->da_slot == slot;
        if (!taken)
            return slot;
    }
}

/* Gives every layer a slot for dL/da, in the order of backward; returns how many there are. Inputs
   have none: where they are asked for theirs (check.c), it is read when backward is over. */
static int32_t assign_slots(vgrad_network *network)
{
    int32_t slots = 0;
    bool shared = !(network->keep & (VGRAD_KEEP_DELTA | VGRAD_KEEP_ACTIVATION_GRADIENT));
    for (size_t i = 0; i < network->layer_count; i++)
        network->layers[i]->da_slot = -1;
    if (!shared)
        return 0;
    for (size_t i = 0; i < network->output_count; i++) /* all at once, from the loss */
        network->outputs[i]->da_slot = slots++;
    for (size_t i = network->layer_count; i-- > 0;) {
        vgrad_layer *layer = network->layers[i];
        for (int32_t k = 0; k < layer->input_count; k++) {
            vgrad_layer *in = layer->inputs[k];
            if (in->input_count == 0 || in->da_slot >= 0)
                continue;
            in->da_slot = free_slot(network, layer);
            slots = in->da_slot + 1 > slots ? in->da_slot + 1 : slots;
        }
    }
    return slots;
}

static void lay_out_layer(layout *l, vgrad_layer *layer, char *const *slots)
{
    uint32_t keep = l->network->keep;
    bool own_z = keep & VGRAD_KEEP_PREACTIVATION || layer->keeps_z || layer->is_output;
    vgrad__layer_memory memory = { .a = piece(l, layer->width) };
    memory.z = own_z && layer->input_count > 0 ? piece(l, layer->width) : memory.a;
    if (layer->needs_gradient) {
        memory.da = layer->da_slot >= 0 ? slots[layer->da_slot] : piece(l, layer->width);
        memory.delta = keep & VGRAD_KEEP_ACTIVATION_GRADIENT ? piece(l, layer->width) : memory.da;
    }
    memory.saved = piece_of(l, layer->saved_row, layer->saved_fixed);
    if (l->base)
        layer->memory = memory;
}

static int64_t most_scratch(const vgrad_network *network)
{
    int64_t most = 0;
    for (size_t i = 0; i < network->layer_count; i++)
        most = network->layers[i]->scratch > most ? network->layers[i]->scratch : most;
    return most;
}

/* Lays everything out from `base`; returns how many elements it takes. */
static int64_t lay_out(vgrad_network *network, char *base, int64_t rows, int32_t slot_count,
                       char **slots)
{
    layout l = { network, base, rows, 0 };
    int64_t widest = 0;
    for (size_t i = 0; i < network->layer_count; i++)
        widest = network->layers[i]->width > widest ? network->layers[i]->width : widest;
    for (int32_t slot = 0; slot < slot_count; slot++)
        slots[slot] = piece(&l, widest);
    for (size_t i = 0; i < network->layer_count; i++)
        lay_out_layer(&l, network->layers[i], slots);
    void *targets = piece(&l, network->output_width);
    void *scratch = piece_of(&l, 0, most_scratch(network));
    if (base) {
        network->targets = targets;
        network->scratch = scratch;
    }
    return l.used;
}

vgrad_status vgrad__memory_reserve(vgrad_network *network, int64_t rows)
{
    if (rows <= network->capacity_rows)
        return VGRAD_OK;
    int32_t slot_count = assign_slots(network);
    char **slots = vgrad__allocate(network->context, (size_t)slot_count, sizeof *slots);
    if (!slots)
        return VGRAD_E_MEMORY;
    int64_t count = lay_out(network, NULL, rows, slot_count, slots);
    void *arena = NULL;
    if (count < INT64_MAX)
        arena = vgrad__allocate(network->context, (size_t)count, vgrad__element_size(network));
    else
        vgrad__fail(VGRAD_E_MEMORY, "x: no memory for a pass of %lld rows", (long long)rows);
    if (arena) {
        vgrad__memory_release(network);
        network->arena = arena;
        network->arena_count = count;
        network->capacity_rows = rows;
        lay_out(network, arena, rows, slot_count, slots);
        vgrad__log_line(network->context, VGRAD_LOG_DEBUG,
                        "memory of a pass: %lld rows, %lld elements, %d shared gradients",
                        (long long)rows, (long long)count, (int)slot_count);
    }
    vgrad__release(network->context, slots, (size_t)slot_count, sizeof *slots);
    return arena ? VGRAD_OK : VGRAD_E_MEMORY;
}

void vgrad__memory_release(vgrad_network *network)
{
    vgrad__family_close(network, VGRAD__FORWARD);
    vgrad__family_close(network, VGRAD__BACKWARD);
    vgrad__release(network->context, network->arena, (size_t)network->arena_count,
                   vgrad__element_size(network));
    network->arena = NULL;
    network->targets = network->scratch = NULL;
    for (size_t i = 0; i < network->layer_count; i++)
        network->layers[i]->memory = (vgrad__layer_memory){ 0 };
    network->rows = network->capacity_rows = network->pointed_rows = 0;
    network->phase = VGRAD__IDLE;
}
