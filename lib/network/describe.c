/* What a network is, and where it is, field by field. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "network/network.h"
#include "tensor/blas.h"
#include "tensor/tensor.h"

/* Adding a kind of layer: its line. */
static const vgrad__layer_kind *const kinds[] = {
    &vgrad__activation_kind,      &vgrad__add_kind,
    &vgrad__average_pool2d_kind,  &vgrad__batch_norm_kind,
    &vgrad__concatenate_kind,     &vgrad__conv2d_kind,
    &vgrad__dense_kind,           &vgrad__dropout_kind,
    &vgrad__flatten_kind,         &vgrad__global_average_pool2d_kind,
    &vgrad__input_kind,           &vgrad__layer_norm_kind,
    &vgrad__max_pool2d_kind,      &vgrad__reshape_kind,
    &vgrad__user_activation_kind, &vgrad__user_layer_kind,
};

const vgrad__layer_kind *vgrad__kind_named(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

/* ---- what a constructor takes ---- */

static void visit_size(vgrad__fields *f, const char *name, int64_t *size, bool made)
{
    if (made)
        f->way->integer(f, name, size, 1, VGRAD__BLAS_MAX);
    else
        vgrad__visit_same(f, name, *size);
}

static void visit_shape(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    int64_t shape[VGRAD__ROW_RANK_MAX];
    int64_t rank = layer->rank;
    memcpy(shape, layer->shape, sizeof shape);
    if (made)
        rank = f->way->open_list(f, "shape", rank);
    else
        vgrad__visit_same_count(f, "shape", rank);
    if (rank < 1 || rank > VGRAD__ROW_RANK_MAX) {
        f->way->refuse(f, VGRAD_E_FORMAT, NULL, "sizes along 1 to 7 axes");
        rank = 0;
    }
    for (int64_t i = 0; i < rank; i++)
        visit_size(f, NULL, &shape[i], made);
    f->way->close(f);
    if (!f->commits)
        return;
    layer->rank = (int32_t)rank;
    memcpy(layer->shape, shape, sizeof shape);
}

static void visit_activation(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    const char *word = vgrad_activation_name(layer->activation);
    char text[VGRAD__WORD_SIZE];
    if (!made) {
        vgrad__visit_same_text(f, "activation", word);
        return;
    }
    snprintf(text, sizeof text, "%s", word);
    f->way->text(f, "activation", text, sizeof text);
    const int32_t found = vgrad_activation_find(text);
    if (found < 0)
        f->way->refuse(f, VGRAD_E_FORMAT, "activation", "no activation is called that");
    else if (f->commits)
        layer->activation = (vgrad_activation)found;
}

static void visit_rate(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    double rate = layer->rate;
    if (!made) {
        vgrad__visit_same_real(f, "rate", rate);
        return;
    }
    vgrad__visit_number(f, "rate", &rate, 0, 1); /* build knows more */
    if (f->commits)
        layer->rate = rate;
}

static void visit_arguments(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    const uint32_t takes = layer->kind->takes;
    int64_t width = layer->width, filters = layer->shape[2];
    vgrad__window window = layer->window;
    if (takes & VGRAD__TAKES_SHAPE)
        visit_shape(layer, f, made);
    if (takes & VGRAD__TAKES_UNITS)
        visit_size(f, "units", &width, made);
    if (takes & VGRAD__TAKES_FILTERS)
        visit_size(f, "filters", &filters, made);
    if (takes & VGRAD__TAKES_WINDOW) {
        visit_size(f, "window_height", &window.window_height, made);
        visit_size(f, "window_width", &window.window_width, made);
    }
    if (takes & VGRAD__TAKES_RATE)
        visit_rate(layer, f, made);
    if (takes & VGRAD__TAKES_ACTIVATION)
        visit_activation(layer, f, made);
    if (!f->commits || !made)
        return;
    layer->width = width;
    layer->window = window;
    if (takes & VGRAD__TAKES_FILTERS)
        layer->shape[2] = filters;
}

/* ---- initializers ---- */

/* One that was not chosen is not there. */
static void visit_initializer(vgrad__fields *f, const char *name, vgrad__initializer *into,
                              int32_t slot)
{
    vgrad__initializer init = *into;
    int64_t kind = init.kind;
    init.chosen = f->way->has(f, name, init.chosen);
    if (init.chosen) {
        f->way->open(f, name);
        f->way->integer(f, "kind", &kind, 0, INT32_MAX);
        f->way->real(f, "a", &init.a);
        f->way->real(f, "b", &init.b);
        init.kind = (vgrad_initializer)kind;
        if (vgrad__fields_fine(f) &&
            vgrad__initializer_check((vgrad_role)slot, init.kind, init.a, init.b) != VGRAD_OK)
            f->way->refuse(f, VGRAD_E_FORMAT, NULL, "no initializer with such arguments");
        f->way->close(f);
    }
    if (f->commits)
        *into = init;
}

static void visit_initializers(vgrad__fields *f, vgrad__initializer *initializers)
{
    f->way->open(f, "initializers");
    for (int32_t slot = 0; slot < VGRAD__PARAMETERS_MAX; slot++)
        visit_initializer(f, vgrad_role_name((vgrad_role)slot), &initializers[slot], slot);
    f->way->close(f);
}

/* ---- layers and networks ---- */

void vgrad__layer_visit(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    if (layer->shares)
        return; /* all this is the other's */
    visit_arguments(layer, f, made);
    vgrad__layer_options_visit(layer, f, made);
    visit_initializers(f, layer->initializers);
}

static void visit_layer(vgrad_layer *layer, vgrad__fields *f)
{
    f->way->open(f, NULL);
    vgrad__visit_same_text(f, "kind", layer->kind->name);
    vgrad__visit_same_text(f, "name", layer->name);
    vgrad__visit_same_count(f, "inputs", layer->input_count);
    for (int32_t i = 0; i < layer->input_count; i++)
        vgrad__visit_same(f, NULL, layer->inputs[i]->index);
    f->way->close(f);
    if (vgrad__visit_same_presence(f, "shares", layer->shares != NULL))
        vgrad__visit_same(f, "shares", layer->shares->index);
    vgrad__layer_visit(layer, f, false);
    f->way->close(f);
}

void vgrad__network_settings_visit(vgrad_network *network, vgrad__fields *f)
{
    uint64_t seed = network->seed;
    vgrad__visit_seed(f, "seed", &seed);
    visit_initializers(f, network->initializers);
    if (f->commits)
        network->seed = seed;
}

void vgrad__network_visit(vgrad_network *network, vgrad__fields *f)
{
    f->way->open(f, "network");
    vgrad__visit_same_text(f, "dtype", vgrad__dtype_name(network->dtype));
    vgrad__network_settings_visit(network, f);
    vgrad__visit_same_count(f, "layers", (int64_t)network->layer_count);
    for (size_t i = 0; i < network->layer_count; i++)
        visit_layer(network->layers[i], f);
    f->way->close(f);
    vgrad__visit_same_count(f, "outputs", (int64_t)network->output_count);
    for (size_t i = 0; i < network->output_count; i++)
        vgrad__visit_same(f, NULL, network->outputs[i]->index);
    f->way->close(f);
    f->way->close(f);
}

/* ---- tensors ---- */

enum { TENSOR_NAME_SIZE = sizeof((vgrad__record *)NULL)->name + VGRAD__WORD_SIZE };

/* Those of one slab of the network's, as they lie in another one of the same layout. */
static void visit_tensors(const vgrad_network *network, vgrad__fields *f, vgrad__family family,
                          const char *word, const vgrad__slab *like, const vgrad__slab *slab)
{
    char name[TENSOR_NAME_SIZE];
    for (size_t r = 0; r < network->record_count; r++) {
        const vgrad__record *record = &network->records[r];
        vgrad_tensor view = record->view;
        if (record->family != family)
            continue;
        snprintf(name, sizeof name, "%s.%s", record->name, word);
        view.data = slab && slab->data
                        ? (const char *)slab->data +
                              ((const char *)record->view.data - (const char *)like->data)
                        : NULL;
        f->way->tensor(f, *word ? name : record->name, &view);
    }
}

void vgrad__slab_visit(const vgrad_network *network, vgrad__fields *f, const char *word,
                       const vgrad__slab *slab)
{
    visit_tensors(network, f, VGRAD__PARAMETERS, word, &network->parameters, slab);
}

void vgrad__weights_visit(const vgrad_network *network, vgrad__fields *f, const char *word,
                          const vgrad__weights *weights)
{
    visit_tensors(network, f, VGRAD__PARAMETERS, word, &network->parameters, &weights->slabs[0]);
    visit_tensors(network, f, VGRAD__STATES, word, &network->states, &weights->slabs[1]);
}

void vgrad__network_state_visit(vgrad_network *network, vgrad__fields *f)
{
    const bool kept = network->epoch_gradients.data != NULL;
    int64_t trained = network->trained, updates = kept ? network->epoch_updates : 0;
    f->way->integer(f, "trained", &trained, 0, INT64_MAX - 1);
    f->way->integer(f, "epoch_updates", &updates, 0, INT64_MAX - 1);
    visit_tensors(network, f, VGRAD__PARAMETERS, "", &network->parameters, &network->parameters);
    visit_tensors(network, f, VGRAD__STATES, "", &network->states, &network->states);
    if (updates > 0)
        vgrad__slab_visit(network, f, "epoch_gradient", &network->epoch_gradients);
    if (!f->commits)
        return;
    network->trained = trained;
    network->epoch_updates = kept ? updates : 0;
    if (network->epoch_updates > 0)
        vgrad__family_open(network, VGRAD__EPOCH_GRADIENTS);
    else
        vgrad__family_close(network, VGRAD__EPOCH_GRADIENTS);
}
