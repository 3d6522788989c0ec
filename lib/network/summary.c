/* The network as a table: layer, output shape, parameters, connected to. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "network/network.h"

enum { CELL_SIZE = 160 };

/* The cells of a line. */
typedef struct line {
    char layer[CELL_SIZE], shape[CELL_SIZE], parameters[CELL_SIZE], inputs[CELL_SIZE];
} line;

/* How wide each column is. */
typedef struct widths {
    int layer, shape, parameters, inputs;
} widths;

static int64_t parameters_of(const vgrad_layer *layer, bool trainable_only)
{
    const vgrad_network *network = layer->network;
    int64_t count = 0;
    for (int32_t p = 0; p < layer->parameter_count; p++) {
        const vgrad__segment *segment = &network->segments[layer->first_segment + p];
        count += segment->trainable || !trainable_only ? segment->count : 0;
    }
    return count;
}

static void name_inputs(const vgrad_layer *layer, char text[CELL_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < layer->input_count && used < CELL_SIZE; i++)
        used += (size_t)snprintf(text + used, CELL_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                 layer->inputs[i]->name);
}

static line describe(const vgrad_layer *layer)
{
    line l;
    char row[VGRAD__SHAPE_TEXT];
    snprintf(l.layer, sizeof l.layer, "%s (%s)", layer->name, layer->kind->name);
    snprintf(l.shape, sizeof l.shape, "(rows, %s", vgrad__row_text(layer, row) + 1);
    snprintf(l.parameters, sizeof l.parameters, "%lld%s", (long long)parameters_of(layer, false),
             layer->parameter_count > 0 && !layer->trainable ? " frozen" : "");
    name_inputs(layer, l.inputs);
    return l;
}

static void widen(int *width, const char *cell)
{
    int length = (int)strlen(cell);
    *width = length > *width ? length : *width;
}

static void widen_all(widths *w, const line *l)
{
    widen(&w->layer, l->layer);
    widen(&w->shape, l->shape);
    widen(&w->parameters, l->parameters);
    widen(&w->inputs, l->inputs);
}

static vgrad_status print_line(const widths *w, const line *l, vgrad_write write, void *user)
{
    bool last = l->inputs[0] == '\0'; /* no spaces at the end of a line */
    return vgrad__print(write, user, "%-*s  %-*s  %*s%s%s\n", w->layer, l->layer, w->shape,
                        l->shape, w->parameters, l->parameters, last ? "" : "  ", l->inputs);
}

static vgrad_status print_rule(const widths *w, vgrad_write write, void *user)
{
    char dashes[CELL_SIZE + 1];
    memset(dashes, '-', CELL_SIZE);
    dashes[CELL_SIZE] = '\0';
    return vgrad__print(write, user, "%.*s  %.*s  %.*s  %.*s\n", w->layer, dashes, w->shape, dashes,
                        w->parameters, dashes, w->inputs, dashes);
}

vgrad_status vgrad_network_summary(const vgrad_network *network, vgrad_write write, void *user)
{
    static const line heading = { "Layer (kind)", "Output shape", "Parameters", "Connected to" };
    widths w = { 0 };
    int64_t trainable = 0;
    vgrad_status status = vgrad__check_built(network);
    if (status != VGRAD_OK)
        return status;
    if (!write)
        return vgrad__fail_null("write");
    widen_all(&w, &heading);
    for (size_t i = 0; i < network->layer_count; i++) {
        const line l = describe(network->layers[i]);
        widen_all(&w, &l);
        trainable += parameters_of(network->layers[i], true);
    }
    status = print_line(&w, &heading, write, user);
    if (status == VGRAD_OK)
        status = print_rule(&w, write, user);
    for (size_t i = 0; i < network->layer_count && status == VGRAD_OK; i++) {
        const line l = describe(network->layers[i]);
        status = print_line(&w, &l, write, user);
    }
    if (status == VGRAD_OK)
        status = print_rule(&w, write, user);
    int64_t all = vgrad_network_parameter_count(network);
    if (status == VGRAD_OK)
        status = vgrad__print(write, user, "%lld parameters, %lld of them trainable\n",
                              (long long)all, (long long)trainable);
    return status;
}
