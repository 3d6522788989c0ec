/* A network's weights to and from safetensors. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/weights.h>

#include "network/network.h"
#include "record/safetensors.h"

enum { AXES_MAX = VGRAD__PARAMETER_RANK_MAX };

/* How a tensor of the network lies in a file: its axes, one of them perhaps taken apart, in another
   order; then some of them as one again. */
typedef struct layout {
    int32_t rank;
    int64_t shape[AXES_MAX]; /* in the network */
    int32_t axes[AXES_MAX];  /* the i-th in the file is axes[i] here */
    int32_t file_rank;
    int64_t file_shape[AXES_MAX];
} layout;

/* A tensor that is saved or loaded. */
typedef struct piece {
    char name[VGRAD_WEIGHTS_NAME_SIZE]; /* in the file */
    const vgrad__record *record;
    layout layout;
    bool found; /* in a file that is loaded */
} piece;

typedef struct pieces {
    piece *all; /* by name */
    size_t count, capacity;
} pieces;

/* What a caller asks for. */
typedef struct request {
    const char *path;
    uint32_t format;
    vgrad_weights_name name;
    void *user;
} request;

/* ---- layouts ---- */

/* The images whose elements became the rows that a layer is given, each element still in its
   place; NULL: there are none. */
static const vgrad_layer *flattened_images(const vgrad_layer *layer)
{
    const int32_t of_images = 3;
    for (const vgrad_layer *in = layer->inputs[0]; in->rank == 1 && in->input_count == 1;
         in = in->inputs[0]) {
        const vgrad_layer_kind family = in->kind->family;
        if (family != VGRAD_KIND_ELEMENTWISE && family != VGRAD_KIND_NORM)
            return NULL;
        if (in->inputs[0]->rank == of_images)
            return in->inputs[0];
    }
    return NULL;
}

/* As it is. */
static layout plain_layout(const vgrad_tensor *view)
{
    layout l = { .rank = view->rank, .file_rank = view->rank };
    for (int32_t axis = 0; axis < view->rank; axis++) {
        l.shape[axis] = l.file_shape[axis] = view->shape[axis];
        l.axes[axis] = axis;
    }
    return l;
}

static layout pytorch_layout(const vgrad_layer *layer, const vgrad_tensor *view)
{
    const vgrad_layer_kind family = layer->kind->family;
    const bool is_kernel = view->role == VGRAD_KERNEL;
    const int64_t *size = view->shape;
    const vgrad_layer *images =
        family == VGRAD_KIND_NORM || (family == VGRAD_KIND_DENSE && is_kernel)
            ? flattened_images(layer)
            : NULL;
    if (images && is_kernel)
        return (layout){ .rank = 4,
                         .shape = { images->shape[0], images->shape[1], images->shape[2], size[1] },
                         .axes = { 3, 2, 0, 1 },
                         .file_rank = 2,
                         .file_shape = { size[1], size[0] } };
    if (images)
        return (layout){ .rank = 3,
                         .shape = { images->shape[0], images->shape[1], images->shape[2] },
                         .axes = { 2, 0, 1 },
                         .file_rank = 1,
                         .file_shape = { size[0] } };
    if (family == VGRAD_KIND_DENSE && is_kernel)
        return (layout){ .rank = 2,
                         .shape = { size[0], size[1] },
                         .axes = { 1, 0 },
                         .file_rank = 2,
                         .file_shape = { size[1], size[0] } };
    if (family == VGRAD_KIND_CONV && is_kernel)
        return (layout){ .rank = 4,
                         .shape = { size[0], size[1], size[2], size[3] },
                         .axes = { 3, 2, 0, 1 },
                         .file_rank = 4,
                         .file_shape = { size[3], size[2], size[0], size[1] } };
    return plain_layout(view);
}

/* The network's elements, in the order of the file's. */
static vgrad_tensor view_as_file(const layout *l, const void *data, vgrad_dtype dtype)
{
    vgrad_tensor packed, view;
    vgrad_tensor_view(&packed, data, dtype, l->rank, l->shape, NULL);
    view = packed;
    for (int32_t i = 0; i < l->rank; i++) {
        view.shape[i] = packed.shape[l->axes[i]];
        view.strides[i] = packed.strides[l->axes[i]];
    }
    return view;
}

/* The file's elements, in the order of the network's. */
static vgrad_tensor view_as_network(const layout *l, const void *data, vgrad_dtype dtype)
{
    vgrad_tensor packed, view;
    int64_t in_file[AXES_MAX];
    for (int32_t i = 0; i < l->rank; i++)
        in_file[i] = l->shape[l->axes[i]];
    vgrad_tensor_view(&packed, data, dtype, l->rank, in_file, NULL);
    view = packed;
    for (int32_t i = 0; i < l->rank; i++) {
        view.shape[l->axes[i]] = packed.shape[i];
        view.strides[l->axes[i]] = packed.strides[i];
    }
    return view;
}

/* ---- names ---- */

static const char *pytorch_word(vgrad_role role)
{
    switch (role) {
    case VGRAD_KERNEL:
    case VGRAD_GAMMA: return "weight";
    case VGRAD_BIAS:
    case VGRAD_BETA: return "bias";
    case VGRAD_MOVING_MEAN: return "running_mean";
    case VGRAD_MOVING_VARIANCE: return "running_var";
    default: return vgrad_role_name(role);
    }
}

/* Names a piece; *left_out if it is to be no piece at all. */
static vgrad_status name_piece(const vgrad_network *network, const request *asked, piece *p,
                               bool *left_out)
{
    const vgrad_tensor *view = &p->record->view;
    const vgrad_role role = (vgrad_role)view->role;
    const bool pytorch = asked->format & VGRAD_WEIGHTS_PYTORCH_NAMES;
    snprintf(p->name, sizeof p->name, "%s.%s", network->layers[view->layer]->name,
             pytorch ? pytorch_word(role) : vgrad_role_name(role));
    const int32_t answer =
        asked->name ? asked->name(view, p->name, sizeof p->name, asked->user) : 0;
    *left_out = answer > 0;
    if (answer < 0)
        return vgrad__fail(VGRAD_E_CALLBACK, "name: returned %d for \"%s\"", (int)answer,
                           view->name);
    if (*left_out)
        return VGRAD_OK;
    if (!memchr(p->name, '\0', sizeof p->name) || p->name[0] == '\0')
        return vgrad__fail(VGRAD_E_INVALID, "name: 1 to %d bytes for \"%s\", got %s",
                           VGRAD_WEIGHTS_NAME_SIZE - 1, view->name, p->name[0] ? "more" : "none");
    return VGRAD_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const piece *)a)->name, ((const piece *)b)->name);
}

static vgrad_status sort_pieces(pieces *p)
{
    vgrad__shown shown;
    if (p->count > 0)
        qsort(p->all, p->count, sizeof *p->all, by_name);
    for (size_t i = 1; i < p->count; i++)
        if (by_name(&p->all[i - 1], &p->all[i]) == 0)
            return vgrad__fail(VGRAD_E_INVALID, "name: \"%s\" and \"%s\" are both called \"%s\"",
                               p->all[i - 1].record->view.name, p->all[i].record->view.name,
                               vgrad__path_shown(p->all[i].name, shown));
    return VGRAD_OK;
}

/* ---- pieces ---- */

static void release_pieces(const vgrad_network *network, pieces *p)
{
    vgrad__release(network->context, p->all, p->capacity, sizeof *p->all);
}

static vgrad_status add_pieces(const vgrad_network *network, const request *asked, pieces *p)
{
    vgrad_status status = VGRAD_OK;
    for (size_t r = 0; r < network->record_count && status == VGRAD_OK; r++) {
        const vgrad__record *record = &network->records[r];
        bool left_out = false;
        if (record->family != VGRAD__PARAMETERS && record->family != VGRAD__STATES)
            continue;
        piece *next = &p->all[p->count];
        const vgrad_layer *layer = network->layers[record->view.layer];
        *next = (piece){ .record = record,
                         .layout = asked->format & VGRAD_WEIGHTS_PYTORCH_AXES
                                       ? pytorch_layout(layer, &record->view)
                                       : plain_layout(&record->view) };
        status = name_piece(network, asked, next, &left_out);
        p->count += !left_out;
    }
    return status;
}

/* All that the caller wants, by name. */
static vgrad_status make_pieces(const vgrad_network *network, const request *asked, pieces *p)
{
    *p = (pieces){ .capacity = network->record_count };
    p->all = vgrad__allocate(network->context, p->capacity, sizeof *p->all);
    if (!p->all)
        return VGRAD_E_MEMORY;
    vgrad_status status = add_pieces(network, asked, p);
    if (status == VGRAD_OK)
        status = sort_pieces(p);
    if (status != VGRAD_OK)
        release_pieces(network, p);
    return status;
}

static vgrad_status check_request(const request *asked)
{
    const uint32_t all = VGRAD_WEIGHTS_PYTORCH | VGRAD_WEIGHTS_PASS_OTHERS;
    if (!asked->path)
        return vgrad__fail_null("path");
    if (asked->format & ~all)
        return vgrad__fail(VGRAD_E_INVALID, "format: no VGRAD_WEIGHTS_ bits 0x%x",
                           (unsigned)(asked->format & ~all));
    return VGRAD_OK;
}

/* ---- saving ---- */

/* Lays each tensor out as the file has it, one after the other in `room`, and views it there. */
static void lay_out(const vgrad_network *network, const pieces *p, vgrad_tensor *views, void *room)
{
    int64_t used = 0;
    for (size_t i = 0; i < p->count; i++) {
        const layout *l = &p->all[i].layout;
        void *at = vgrad__at(network, room, used);
        const vgrad_tensor view = view_as_file(l, p->all[i].record->view.data, network->dtype);
        vgrad__tensor_pack(&view, at, network->dtype);
        vgrad_tensor_view(&views[i], at, network->dtype, l->file_rank, l->file_shape, NULL);
        views[i].name = p->all[i].name;
        used += vgrad_tensor_count(&view);
    }
}

static vgrad_status write_pieces(const vgrad_network *network, const request *asked,
                                 const pieces *p)
{
    const bool pytorch = asked->format & VGRAD_WEIGHTS_PYTORCH_NAMES;
    const vgrad__safetensors_text format = { "format", pytorch ? "pt" : "vgrad" };
    const size_t size = vgrad__element_size(network);
    size_t elements = 0;
    for (size_t i = 0; i < p->count; i++)
        elements += (size_t)vgrad_tensor_count(&p->all[i].record->view);
    vgrad_status status = VGRAD_E_MEMORY;
    vgrad_tensor *views = vgrad__allocate(network->context, p->count, sizeof *views);
    void *room = views ? vgrad__allocate(network->context, elements, size) : NULL;
    if (room) {
        vgrad__safetensors_content content = {
            .tensors = views, .tensor_count = p->count, .texts = &format, .text_count = 1
        };
        lay_out(network, p, views, room);
        status = vgrad__safetensors_write(asked->path, &content, network->context);
    }
    vgrad__release(network->context, room, elements, size);
    vgrad__release(network->context, views, p->count, sizeof *views);
    return status;
}

/* What saving and loading begin with, if the network is `ready`: the pieces that were asked for. */
static vgrad_status begin(const vgrad_network *network, vgrad_status ready, const request *asked,
                          pieces *p)
{
    if (ready != VGRAD_OK)
        return ready;
    vgrad_status status = check_request(asked);
    return status == VGRAD_OK ? make_pieces(network, asked, p) : status;
}

vgrad_status vgrad_network_save_as(const vgrad_network *network, const char *path, uint32_t format,
                                   vgrad_weights_name name, void *user)
{
    const request asked = { path, format, name, user };
    pieces p;
    vgrad_status status = begin(network, vgrad__check_built(network), &asked, &p);
    if (status != VGRAD_OK)
        return status;
    status = write_pieces(network, &asked, &p);
    release_pieces(network, &p);
    return status;
}

vgrad_status vgrad_network_save(const vgrad_network *network, const char *path)
{
    return vgrad_network_save_as(network, path, 0, NULL, NULL);
}

/* ---- loading: what is in the file ---- */

static bool is_passed_over(const request *asked, const char *name)
{
    static const char counter[] = ".num_batches_tracked";
    const size_t length = strlen(name), tail = sizeof counter - 1;
    if (asked->format & VGRAD_WEIGHTS_PASS_OTHERS)
        return true;
    return asked->format & VGRAD_WEIGHTS_PYTORCH_NAMES && length >= tail &&
           strcmp(name + length - tail, counter) == 0;
}

static bool is_float(vgrad_dtype dtype)
{
    return dtype == VGRAD_FLOAT32 || dtype == VGRAD_FLOAT64 || dtype == VGRAD_FLOAT16 ||
           dtype == VGRAD_BFLOAT16;
}

/* Of a tensor in a file: as much of its shape as a view can have. */
static const char *shape_text(int32_t rank, const int64_t *shape, char text[VGRAD__SHAPE_TEXT])
{
    vgrad_tensor view = { .rank = rank < VGRAD_MAX_RANK ? rank : VGRAD_MAX_RANK };
    memcpy(view.shape, shape, (size_t)view.rank * sizeof *shape);
    return vgrad__shape_text(&view, text);
}

static vgrad_status check_entry(const vgrad__safetensors *file,
                                const vgrad__safetensors_entry *entry, const piece *p)
{
    const layout *l = &p->layout;
    char wanted[VGRAD__SHAPE_TEXT], got[VGRAD__SHAPE_TEXT];
    if (!is_float(entry->dtype))
        return vgrad__safetensors_fail(file, VGRAD_E_FORMAT, entry,
                                       "of type F16, BF16, F32 or F64, got %s", entry->type);
    if (entry->rank != l->file_rank ||
        memcmp(entry->shape, l->file_shape, (size_t)l->file_rank * sizeof *l->file_shape) != 0)
        return vgrad__safetensors_fail(file, VGRAD_E_SHAPE, entry, "shape %s, got %s",
                                       shape_text(l->file_rank, l->file_shape, wanted),
                                       shape_text(entry->rank, entry->shape, got));
    return VGRAD_OK;
}

static piece *piece_of(const pieces *p, const vgrad__safetensors_entry *entry)
{
    piece key = { .record = NULL };
    if (p->count == 0 || strlen(entry->name) >= sizeof key.name)
        return NULL;
    strcpy(key.name, entry->name);
    return bsearch(&key, p->all, p->count, sizeof *p->all, by_name);
}

/* The file has what the network wants, and nothing else. */
static vgrad_status match(const vgrad__safetensors *file, const request *asked, pieces *p)
{
    vgrad__shown shown;
    vgrad_status status = VGRAD_OK;
    for (size_t i = 0; i < file->count && status == VGRAD_OK; i++) {
        const vgrad__safetensors_entry *entry = &file->entries[i];
        piece *wanted = piece_of(p, entry);
        if (wanted) {
            wanted->found = true;
            status = check_entry(file, entry, wanted);
        } else if (!is_passed_over(asked, entry->name)) {
            status = vgrad__safetensors_fail(file, VGRAD_E_FORMAT, entry,
                                             "the network has none of this name");
        }
    }
    for (size_t i = 0; i < p->count && status == VGRAD_OK; i++)
        if (!p->all[i].found)
            status = vgrad__fail(VGRAD_E_NOT_FOUND, "%s: there is no tensor \"%s\"", file->path,
                                 vgrad__path_shown(p->all[i].name, shown));
    return status;
}

/* ---- loading: taking it ---- */

static vgrad_status take_entry(const vgrad_network *network, vgrad__safetensors *file,
                               const vgrad__safetensors_entry *entry, const piece *p, void *bytes,
                               const vgrad__weights *kept)
{
    vgrad_status status = vgrad__safetensors_read(file, entry, bytes);
    if (status != VGRAD_OK)
        return status;
    const vgrad_tensor view = view_as_network(&p->layout, bytes, entry->dtype);
    const double least =
        p->record->view.role == VGRAD_MOVING_VARIANCE ? vgrad_tensor_stat(&view, VGRAD_MIN) : 0;
    if (least < 0)
        return vgrad__safetensors_fail(file, VGRAD_E_INVALID, entry,
                                       "a variance is at least 0, got %g", least);
    vgrad__tensor_pack(&view, vgrad__weights_at(network, kept, p->record->view.data),
                       network->dtype);
    return VGRAD_OK;
}

/* Reads all that is wanted into the copy. */
static vgrad_status take_entries(const vgrad_network *network, vgrad__safetensors *file,
                                 const pieces *p, const vgrad__weights *kept)
{
    size_t most = 0;
    for (size_t i = 0; i < file->count; i++) {
        const vgrad__safetensors_entry *entry = &file->entries[i];
        const size_t size = (size_t)(entry->end - entry->begin);
        if (size > most && piece_of(p, entry))
            most = size;
    }
    void *bytes = vgrad__allocate(network->context, most, 1);
    vgrad_status status = bytes ? VGRAD_OK : VGRAD_E_MEMORY;
    for (size_t i = 0; i < file->count && status == VGRAD_OK; i++) {
        const piece *wanted = piece_of(p, &file->entries[i]);
        if (wanted)
            status = take_entry(network, file, &file->entries[i], wanted, bytes, kept);
    }
    vgrad__release(network->context, bytes, most, 1);
    return status;
}

static vgrad_status load_pieces(vgrad_network *network, const request *asked, pieces *p)
{
    vgrad__safetensors file;
    vgrad__weights kept;
    vgrad_status status = vgrad__safetensors_open(&file, asked->path, network->context);
    if (status != VGRAD_OK)
        return status;
    status = match(&file, asked, p);
    if (status == VGRAD_OK && (status = vgrad__weights_create(network, &kept)) == VGRAD_OK) {
        vgrad__weights_keep(network, &kept);
        status = take_entries(network, &file, p, &kept);
        if (status == VGRAD_OK)
            vgrad__weights_put_back(network, &kept);
        vgrad__weights_destroy(network, &kept);
    }
    vgrad__safetensors_close(&file);
    return status;
}

vgrad_status vgrad_network_load_as(vgrad_network *network, const char *path, uint32_t format,
                                   vgrad_weights_name name, void *user)
{
    const request asked = { path, format, name, user };
    pieces p;
    vgrad_status status = begin(network, vgrad__check_idle(network), &asked, &p);
    if (status != VGRAD_OK)
        return status;
    status = load_pieces(network, &asked, &p);
    release_pieces(network, &p);
    return status;
}

vgrad_status vgrad_network_load(vgrad_network *network, const char *path)
{
    return vgrad_network_load_as(network, path, 0, NULL, NULL);
}
