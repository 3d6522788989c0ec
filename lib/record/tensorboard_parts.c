/* Messages that are packed by themselves. */
/* SPDX-License-Identifier: MIT */
#include "record/tensorboard_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "network/network.h"
#include <event.pb-c.h>

static vgrad_status pack(vgrad__packed *out, const ProtobufCMessage *message,
                         vgrad_context *context)
{
    out->size = protobuf_c_message_get_packed_size(message);
    out->bytes = vgrad__allocate(context, out->size, 1);
    if (!out->bytes)
        return VGRAD_E_MEMORY;
    protobuf_c_message_pack(message, out->bytes);
    return VGRAD_OK;
}

void vgrad__packed_release(vgrad__packed *packed, vgrad_context *context)
{
    vgrad__release(context, packed->bytes, packed->size, 1);
}

static bool is_legal(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_' || (c >= '-' && c <= '9') || (c >= 'A' && c <= 'Z');
}

void vgrad__clean_tag(char *tag)
{
    for (char *c = tag; *c; c++)
        if (!is_legal(*c) || (c == tag && *c == '/'))
            *c = '_';
}

/* ---- charts ---- */

/* A title, and a regular expression for the tags of its lines. */
static const char *const charts[][2] = {
    { "Gradient of each kernel: log10 of L2", "^kernel_gradient\\.log10_l2/" },
    { "delta of each layer: log10 of L2", "^delta\\.log10_l2/" },
    { "Updates: log10(|update| / |weights|)", "^kernel_update\\.update_ratio/" },
    { "Saturation: rms f' / max |f'|", "^activation\\.saturation/" },
    { "Share of dead units", "^activation\\.dead_share/" },
};
enum { CHARTS = sizeof charts / sizeof *charts };

vgrad_status vgrad__pack_layout(vgrad__packed *out, vgrad_context *context)
{
    VgradEvent__Chart chart[CHARTS], *chart_pointers[CHARTS];
    VgradEvent__MultilineChart lines[CHARTS];
    char *tags[CHARTS];
    VgradEvent__Category category, *categories[] = { &category };
    VgradEvent__Layout layout = VGRAD_EVENT__LAYOUT__INIT;
    vgrad_event__category__init(&category);
    for (int i = 0; i < CHARTS; i++) {
        tags[i] = vgrad__read_only(charts[i][1]);
        vgrad_event__multiline_chart__init(&lines[i]);
        lines[i].n_tag = 1;
        lines[i].tag = &tags[i];
        vgrad_event__chart__init(&chart[i]);
        chart[i].title = vgrad__read_only(charts[i][0]);
        chart[i].multiline = &lines[i];
        chart_pointers[i] = &chart[i];
    }
    category.title = vgrad__read_only("All layers");
    category.n_chart = CHARTS;
    category.chart = chart_pointers;
    layout.n_category = 1;
    layout.category = categories;
    return pack(out, &layout.base, context);
}

/* ---- settings ---- */

/* An entry of the map, with its value. */
typedef struct hparam {
    VgradEvent__HParam entry;
    VgradEvent__HParamValue value;
    char digits[24];
} hparam;

enum { EXACT_BITS = 53 }; /* of a whole number that is a double too */

static void make_hparam(hparam *h, const vgrad__setting *setting)
{
    vgrad_event__hparam__init(&h->entry);
    vgrad_event__hparam_value__init(&h->value);
    h->entry.key = vgrad__read_only(setting->name);
    h->entry.value = &h->value;
    const char *text = setting->text;
    if (!text && setting->is_whole && setting->whole >> EXACT_BITS) {
        snprintf(h->digits, sizeof h->digits, "%" PRIu64, setting->whole);
        text = h->digits;
    }
    if (text) {
        h->value.kind_case = VGRAD_EVENT__HPARAM_VALUE__KIND_STRING_VALUE;
        h->value.string_value = vgrad__read_only(text);
    } else {
        h->value.kind_case = VGRAD_EVENT__HPARAM_VALUE__KIND_NUMBER_VALUE;
        h->value.number_value = setting->is_whole ? (double)setting->whole : setting->number;
    }
}

vgrad_status vgrad__pack_session_start(vgrad__packed *out, const char *run,
                                       const vgrad__run_facts *facts, vgrad_context *context)
{
    enum { MOST = 32 };
    hparam hparams[MOST];
    VgradEvent__HParam *entries[MOST];
    VgradEvent__SessionStartInfo start;
    VgradEvent__HParamsPluginData data = VGRAD_EVENT__HPARAMS_PLUGIN_DATA__INIT;
    vgrad_event__session_start_info__init(&start);
    for (size_t i = 0; i < facts->setting_count && i < MOST; i++) {
        make_hparam(&hparams[i], &facts->settings[i]);
        entries[start.n_hparams++] = &hparams[i].entry;
    }
    start.hparams = entries;
    char group[VGRAD__RUN_SIZE];
    snprintf(group, sizeof group, "%s", run);
    vgrad__clean_tag(group);
    start.group_name = group;
    start.start_time_secs = facts->time;
    data.session_start_info = &start;
    return pack(out, &data.base, context);
}

/* ---- the graph ---- */

/* A node, with room for what it points at. */
typedef struct node {
    VgradEvent__NodeDef def;
    VgradEvent__Attribute attributes[2], *attribute_pointers[2];
    VgradEvent__AttrValue values[2];
    char name[VGRAD__NAME_SIZE];
    char **inputs;
} node;

/* One attribute more. */
static VgradEvent__AttrValue *add_attribute(node *n, const char *key)
{
    const size_t i = n->def.n_attr++;
    vgrad_event__attribute__init(&n->attributes[i]);
    vgrad_event__attr_value__init(&n->values[i]);
    n->attributes[i].key = vgrad__read_only(key);
    n->attributes[i].value = &n->values[i];
    n->attribute_pointers[i] = &n->attributes[i];
    n->def.attr = n->attribute_pointers;
    return &n->values[i];
}

static void make_name(node *n, const vgrad_layer *layer)
{
    snprintf(n->name, sizeof n->name, "%s", layer->name);
    vgrad__clean_tag(n->name);
}

/* All nodes have their names. */
static void make_node(node *n, const vgrad_layer *layer, node *all)
{
    vgrad_event__node_def__init(&n->def);
    n->def.name = n->name;
    n->def.op = vgrad__read_only(layer->kind->name);
    n->def.n_input = (size_t)layer->input_count;
    n->def.input = n->inputs;
    for (int32_t i = 0; i < layer->input_count; i++)
        n->inputs[i] = all[layer->inputs[i]->index].name;
    const char *activation = vgrad_activation_name(layer->activation);
    VgradEvent__AttrValue *value = add_attribute(n, "activation");
    value->value_case = VGRAD_EVENT__ATTR_VALUE__VALUE_S;
    value->s.data = vgrad__read_only(activation);
    value->s.len = strlen(activation);
    value = add_attribute(n, "width");
    value->value_case = VGRAD_EVENT__ATTR_VALUE__VALUE_I;
    value->i = layer->width;
}

/* All nodes of a network, and their inputs one after the other. */
typedef struct graph {
    vgrad_context *context;
    node *nodes;
    VgradEvent__NodeDef **pointers;
    char **inputs;
    size_t node_count, input_count;
} graph;

static vgrad_status graph_create(graph *g, const vgrad_network *network, vgrad_context *context)
{
    *g = (graph){ .context = context, .node_count = network->layer_count };
    for (size_t i = 0; i < network->layer_count; i++)
        g->input_count += (size_t)network->layers[i]->input_count;
    g->nodes = vgrad__allocate(context, g->node_count, sizeof *g->nodes);
    g->pointers = vgrad__allocate(context, g->node_count, sizeof *g->pointers);
    g->inputs = vgrad__allocate(context, g->input_count, sizeof *g->inputs);
    if (!g->nodes || !g->pointers || !g->inputs)
        return VGRAD_E_MEMORY;
    char **inputs = g->inputs;
    for (size_t i = 0; i < g->node_count; i++)
        make_name(&g->nodes[i], network->layers[i]);
    for (size_t i = 0; i < g->node_count; i++) {
        g->nodes[i].inputs = inputs;
        inputs += network->layers[i]->input_count;
        make_node(&g->nodes[i], network->layers[i], g->nodes);
        g->pointers[i] = &g->nodes[i].def;
    }
    return VGRAD_OK;
}

static void graph_destroy(graph *g)
{
    vgrad__release(g->context, g->nodes, g->node_count, sizeof *g->nodes);
    vgrad__release(g->context, g->pointers, g->node_count, sizeof *g->pointers);
    vgrad__release(g->context, g->inputs, g->input_count, sizeof *g->inputs);
}

vgrad_status vgrad__pack_graph(vgrad__packed *out, const vgrad_network *network,
                               vgrad_context *context)
{
    graph g;
    VgradEvent__GraphDef def = VGRAD_EVENT__GRAPH_DEF__INIT;
    VgradEvent__VersionDef version = VGRAD_EVENT__VERSION_DEF__INIT;
    vgrad_status status = graph_create(&g, network, context);
    if (status == VGRAD_OK) {
        version.producer = 1;
        def.versions = &version;
        def.n_node = g.node_count;
        def.node = g.pointers;
        status = pack(out, &def.base, context);
    }
    graph_destroy(&g);
    return status;
}
