/* Records for TensorBoard: a folder for every run, with scalars, histograms, findings as text, all
   layers on one chart, settings and the network's graph. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "record/event_file.h"
#include "record/sink.h"
#include "record/tensorboard_parts.h"

enum { VALUES = 128, TAG_SIZE = 192 }; /* a moment with more values takes several events */

/* What shows a value. */
typedef enum plugin_number { SCALARS, HISTOGRAMS, TEXT, CUSTOM_SCALARS, HPARAMS, PLUGINS } plugin;

typedef struct board {
    char *folder;
    size_t folder_size;
    vgrad__event_file file;
    VgradEvent__PluginData plugins[PLUGINS];
    VgradEvent__SummaryMetadata metadata[PLUGINS];
    /* Values that wait for their event. */
    VgradEvent__Value values[VALUES];
    VgradEvent__Value *pointers[VALUES];
    VgradEvent__TensorProto tensors[VALUES];
    float numbers[VALUES];
    char tags[VALUES][TAG_SIZE];
    size_t count;
    bool has_graph;
    int64_t step;
    double time;
} board;

static VgradEvent__TensorShapeProto scalar_shape = VGRAD_EVENT__TENSOR_SHAPE_PROTO__INIT;

static void make_plugins(board *b)
{
    static const struct {
        char name[16];
        VgradEvent__DataClass class; /* UNKNOWN: readers know it */
    } known[PLUGINS] = {
        [SCALARS] = { "scalars", VGRAD_EVENT__DATA_CLASS__DATA_CLASS_UNKNOWN },
        [HISTOGRAMS] = { "histograms", VGRAD_EVENT__DATA_CLASS__DATA_CLASS_UNKNOWN },
        [TEXT] = { "text", VGRAD_EVENT__DATA_CLASS__DATA_CLASS_TENSOR },
        [CUSTOM_SCALARS] = { "custom_scalars", VGRAD_EVENT__DATA_CLASS__DATA_CLASS_TENSOR },
        [HPARAMS] = { "hparams", VGRAD_EVENT__DATA_CLASS__DATA_CLASS_TENSOR },
    };
    for (int i = 0; i < PLUGINS; i++) {
        vgrad_event__plugin_data__init(&b->plugins[i]);
        vgrad_event__summary_metadata__init(&b->metadata[i]);
        b->plugins[i].plugin_name = vgrad__read_only(known[i].name);
        b->metadata[i].plugin_data = &b->plugins[i];
        b->metadata[i].data_class = known[i].class;
    }
}

/* One event with the values that wait. */
static vgrad_status put_values(board *b)
{
    VgradEvent__Summary summary = VGRAD_EVENT__SUMMARY__INIT;
    VgradEvent__Event event = VGRAD_EVENT__EVENT__INIT;
    if (b->count == 0)
        return VGRAD_OK;
    summary.n_value = b->count;
    summary.value = b->pointers;
    event.wall_time = b->time;
    event.step = b->step;
    event.what_case = VGRAD_EVENT__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    b->count = 0;
    return vgrad__event_file_add(&b->file, &event);
}

/* Returns the end of the text, to which more may be appended. */
static char *append(char *to, const char *text)
{
    const size_t length = strlen(text);
    memcpy(to, text, length + 1);
    return to + length;
}

/* The next value, of which the tensor is yet to be filled; room for it was made. The tag is
   ROLE.QUANTITY/LAYER, so that all layers stand side by side. */
static VgradEvent__TensorProto *next_value(board *b, plugin shown_by, const char *role,
                                           const char *quantity, const char *layer)
{
    const size_t i = b->count++;
    VgradEvent__Value *value = b->pointers[i] = &b->values[i];
    VgradEvent__TensorProto *tensor = &b->tensors[i];
    char *end = append(b->tags[i], role);
    end = append(append(end, *role ? "." : ""), quantity);
    append(append(end, *layer ? "/" : ""), layer);
    vgrad__clean_tag(b->tags[i]);
    vgrad_event__value__init(value);
    vgrad_event__tensor_proto__init(tensor);
    value->tag = b->tags[i];
    value->metadata = &b->metadata[shown_by];
    value->value_case = VGRAD_EVENT__VALUE__VALUE_TENSOR;
    value->tensor = tensor;
    tensor->tensor_shape = &scalar_shape;
    return tensor;
}

/* Room for one more value. */
static vgrad_status make_room(board *b)
{
    return b->count == VALUES ? put_values(b) : VGRAD_OK;
}

/* ---- scalars ---- */

static vgrad_status add_scalar(board *b, const char *role, const char *quantity, const char *layer,
                               double number)
{
    vgrad_status status = make_room(b);
    if (status != VGRAD_OK)
        return status;
    VgradEvent__TensorProto *tensor = next_value(b, SCALARS, role, quantity, layer);
    float *place = &b->numbers[b->count - 1];
    *place = (float)number;
    tensor->dtype = VGRAD_EVENT__DATA_TYPE__DT_FLOAT; /* the only one that a scalar may have */
    tensor->n_float_val = 1;
    tensor->float_val = place;
    return VGRAD_OK;
}

static vgrad_status add_row(board *b, const vgrad__row *row)
{
    vgrad_status status = add_scalar(b, row->role, row->quantity, row->layer, row->value);
    /* A vanished gradient cannot be told from 0 on a linear axis. */
    if (status == VGRAD_OK && row->value > 0 && strcmp(row->quantity, "l2") == 0)
        status = add_scalar(b, row->role, "log10_l2", row->layer, log10(row->value));
    return status;
}

/* ---- histograms ---- */

/* A tensor (rows, 3) of left edge, right edge, count. */
static vgrad_status add_histogram(board *b, const char *role, const char *quantity,
                                  const char *layer, const vgrad__buckets *buckets)
{
    VgradEvent__Dim rows = VGRAD_EVENT__DIM__INIT, columns = VGRAD_EVENT__DIM__INIT;
    VgradEvent__Dim *axes[] = { &rows, &columns };
    VgradEvent__TensorShapeProto shape = VGRAD_EVENT__TENSOR_SHAPE_PROTO__INIT;
    vgrad_status status = buckets->count > 0 ? make_room(b) : VGRAD_OK;
    if (status != VGRAD_OK || buckets->count == 0)
        return status;
    VgradEvent__TensorProto *tensor = next_value(b, HISTOGRAMS, role, quantity, layer);
    rows.size = buckets->count;
    columns.size = 3;
    shape.n_dim = 2;
    shape.dim = axes;
    tensor->dtype = VGRAD_EVENT__DATA_TYPE__DT_DOUBLE;
    tensor->tensor_shape = &shape;
    tensor->tensor_content.data = vgrad__read_only(buckets->rows);
    tensor->tensor_content.len = (size_t)buckets->count * sizeof *buckets->rows;
    return put_values(b); /* while its rows are there */
}

static vgrad_status add_counts(board *b, const vgrad__counts *counts)
{
    vgrad__buckets buckets;
    vgrad__buckets_of_values(&buckets, counts);
    vgrad_status status = add_histogram(b, counts->role, "histogram", counts->layer, &buckets);
    if (status != VGRAD_OK)
        return status;
    vgrad__buckets_of_logarithms(&buckets, counts->histogram);
    return add_histogram(b, counts->role, "log10_histogram", counts->layer, &buckets);
}

/* ---- texts ---- */

/* A tensor of one string, which may hold any bytes; it takes an event of its own. */
static vgrad_status put_string(board *b, plugin shown_by, const char *group, const char *name,
                               void *bytes, size_t size)
{
    ProtobufCBinaryData text = { size, bytes };
    vgrad_status status = make_room(b);
    if (status != VGRAD_OK)
        return status;
    VgradEvent__TensorProto *tensor = next_value(b, shown_by, "", group, name);
    tensor->dtype = VGRAD_EVENT__DATA_TYPE__DT_STRING;
    tensor->n_string_val = 1;
    tensor->string_val = &text;
    return put_values(b);
}

static vgrad_status put_finding(board *b, const vgrad_finding *finding)
{
    static const char *const severities[] = { "cleared", "note", "warning", "severe" };
    char text[1024];
    snprintf(text, sizeof text, "**%s** %s%s%s\n\n%s\n\n%s", severities[finding->severity],
             finding->layer_name, *finding->layer_name ? ": " : "", finding->message,
             finding->formula, finding->remedy);
    return put_string(b, TEXT, "finding", vgrad_finding_name((vgrad_finding_code)finding->code),
                      text, strlen(text));
}

/* ---- what is told once ---- */

static vgrad_status put_graph(board *b, const vgrad_network *network)
{
    VgradEvent__Event event = VGRAD_EVENT__EVENT__INIT;
    vgrad__packed graph;
    vgrad_status status = vgrad__pack_graph(&graph, network, b->file.context);
    if (status != VGRAD_OK)
        return status;
    event.wall_time = b->time;
    event.what_case = VGRAD_EVENT__EVENT__WHAT_GRAPH_DEF;
    event.graph_def.data = graph.bytes;
    event.graph_def.len = graph.size;
    status = vgrad__event_file_add(&b->file, &event);
    vgrad__packed_release(&graph, b->file.context);
    return status;
}

/* A value that is nothing but what its plugin reads. */
static vgrad_status put_session(board *b, const char *name, vgrad__packed *session)
{
    VgradEvent__Dim none = VGRAD_EVENT__DIM__INIT, *axes[] = { &none };
    VgradEvent__TensorShapeProto empty = VGRAD_EVENT__TENSOR_SHAPE_PROTO__INIT;
    VgradEvent__TensorProto *tensor = next_value(b, HPARAMS, "", "_hparams_", name);
    empty.n_dim = 1;
    empty.dim = axes;
    tensor->dtype = VGRAD_EVENT__DATA_TYPE__DT_FLOAT;
    tensor->tensor_shape = &empty;
    b->plugins[HPARAMS].content.data = session->bytes;
    b->plugins[HPARAMS].content.len = session->size;
    vgrad_status status = put_values(b);
    vgrad__packed_release(session, b->file.context);
    return status;
}

static vgrad_status begin(vgrad__sink *sink, const vgrad__run_facts *facts)
{
    board *b = sink->state;
    vgrad__packed session;
    b->step = 0;
    b->time = facts->time;
    vgrad_status status = vgrad__event_file_turn(&b->file, sink->max_bytes, facts->time);
    if (status == VGRAD_OK)
        status = vgrad__pack_session_start(&session, sink->run, facts, sink->context);
    if (status == VGRAD_OK)
        status = put_session(b, "session_start_info", &session);
    if (status != VGRAD_OK || !facts->network || b->has_graph)
        return status;
    b->has_graph = true; /* readers warn of a second one */
    return put_graph(b, facts->network);
}

/* ---- as a sink ---- */

static vgrad_status put_layout(board *b, vgrad_context *context)
{
    vgrad__packed layout;
    vgrad_status status = vgrad__pack_layout(&layout, context);
    if (status != VGRAD_OK)
        return status;
    status =
        put_string(b, CUSTOM_SCALARS, "custom_scalars__config__", "", layout.bytes, layout.size);
    vgrad__packed_release(&layout, context);
    return status;
}

static vgrad_status open_board(vgrad__sink *sink)
{
    board *b = sink->state = vgrad__allocate(sink->context, 1, sizeof *b);
    if (!b)
        return VGRAD_E_MEMORY;
    make_plugins(b);
    b->time = vgrad__time();
    b->folder_size = strlen(sink->path) + strlen(sink->run) + 2;
    b->folder = vgrad__allocate(sink->context, b->folder_size, 1);
    if (!b->folder)
        return VGRAD_E_MEMORY;
    snprintf(b->folder, b->folder_size, "%s/%s", sink->path, sink->run);
    vgrad_status status = vgrad__event_file_open(&b->file, b->folder, b->time, sink->context);
    if (status == VGRAD_OK)
        status = put_layout(b, sink->context);
    b->file.bare_size = b->file.output.size;
    return status;
}

static vgrad_status take(vgrad__sink *sink, const vgrad__entry *entry)
{
    board *b = sink->state;
    vgrad_status status = vgrad__event_file_turn(&b->file, sink->max_bytes, entry->time);
    b->step = entry->step;
    b->time = entry->time;
    for (size_t i = 0; i < entry->row_count && status == VGRAD_OK; i++)
        status = add_row(b, &entry->rows[i]);
    for (size_t i = 0; i < entry->counts_count && status == VGRAD_OK; i++)
        status = add_counts(b, &entry->counts[i]);
    if (status == VGRAD_OK && entry->finding)
        status = put_finding(b, entry->finding);
    return status == VGRAD_OK ? put_values(b) : status;
}

static vgrad_status flush(vgrad__sink *sink)
{
    board *b = sink->state;
    return vgrad__event_file_flush(&b->file);
}

static void close_board(vgrad__sink *sink)
{
    board *b = sink->state;
    if (!b)
        return;
    vgrad__event_file_close(&b->file);
    vgrad__release(sink->context, b->folder, b->folder_size, 1);
    vgrad__release(sink->context, b, 1, sizeof *b);
    sink->state = NULL;
}

const vgrad__sink_kind vgrad__sink_tensorboard = { .number = VGRAD_SINK_TENSORBOARD,
                                                   .open = open_board,
                                                   .begin = begin,
                                                   .take = take,
                                                   .flush = flush,
                                                   .close = close_board };
