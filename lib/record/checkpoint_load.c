/* What becomes of a checkpoint: a run that goes on, or a network made from the file alone. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vgrad/checkpoint.h>

#include "base/status.h"
#include "record/checkpoint.h"

enum { WHY_SIZE = 256 };

/* ---- into a run ---- */

/* The first visit changes nothing and finds whatever is wrong; the second one takes it all. */
static vgrad_status take_run(vgrad_trainer *trainer, vgrad__fields_reader *reader)
{
    vgrad__fields_reader_begin(reader, false);
    vgrad_status status = vgrad__checkpoint_visit(trainer, &reader->fields);
    if (status == VGRAD_OK)
        status = vgrad__fields_reader_all_used(reader);
    if (status != VGRAD_OK)
        return status;
    vgrad__fields_reader_begin(reader, true);
    return vgrad__checkpoint_visit(trainer, &reader->fields);
}

vgrad_status vgrad_trainer_load(vgrad_trainer *trainer, const char *path)
{
    vgrad__fields_reader reader;
    vgrad_status status = vgrad__check_between(trainer);
    if (status == VGRAD_OK && !path)
        status = vgrad__fail_null("path");
    if (status == VGRAD_OK)
        status = vgrad__fields_reader_open(&reader, path, trainer->network->context);
    if (status != VGRAD_OK)
        return status;
    status = take_run(trainer, &reader);
    vgrad__fields_reader_close(&reader);
    return status;
}

vgrad_status vgrad__checkpoint_verify(const char *path, vgrad_context *context,
                                      double *watched_loss)
{
    vgrad__fields_reader reader;
    vgrad_status status = vgrad__fields_reader_open(&reader, path, context);
    if (status != VGRAD_OK)
        return status;
    vgrad__fields_reader_begin(&reader, false);
    reader.fields.way->real(&reader.fields, VGRAD__CHECKPOINT_LOSS, watched_loss);
    status = reader.fields.status;
    vgrad__fields_reader_close(&reader);
    return status;
}

/* ---- a network ---- */

/* What the library says of something that the file made it do. */
static void refuse_as_it_says(vgrad__fields *f, vgrad_status status, const char *name)
{
    char why[VGRAD__ERROR_SIZE];
    snprintf(why, sizeof why, "%s", vgrad_last_error());
    f->way->refuse(f, status, name, why);
}

/* What every layer has, whatever its kind. */
typedef struct plan {
    const vgrad__layer_kind *kind;
    char name[VGRAD__NAME_SIZE];
    vgrad_layer *inputs[VGRAD_USER_INPUTS_MAX];
    int64_t input_count;
    vgrad_layer *shares;
} plan;

/* A layer that was made before. */
static vgrad_layer *layer_before(const vgrad_network *network, vgrad__fields *f, const char *name)
{
    int64_t index = 0;
    f->way->integer(f, name, &index, INT64_MIN, INT64_MAX);
    if (index >= 0 && (uint64_t)index < network->layer_count)
        return network->layers[index];
    f->way->refuse(f, VGRAD_E_FORMAT, name, "no layer before it has this number");
    return NULL;
}

static void read_kind(vgrad__fields *f, plan *p)
{
    char word[VGRAD__WORD_SIZE] = "", why[WHY_SIZE];
    f->way->text(f, "kind", word, sizeof word);
    f->way->text(f, "name", p->name, sizeof p->name);
    p->kind = vgrad__kind_named(word);
    if (!p->kind) {
        snprintf(why, sizeof why, "no kind of layer is called \"%s\"", word);
        f->way->refuse(f, VGRAD_E_FORMAT, "kind", why);
    } else if (p->kind->takes & VGRAD__TAKES_FUNCTIONS) {
        snprintf(why, sizeof why,
                 "layer \"%s\": functions of the user's are in no file; make the network, and load "
                 "the run into its trainer",
                 p->name);
        f->way->refuse(f, VGRAD_E_UNSUPPORTED, "kind", why);
    }
}

static void read_inputs(const vgrad_network *network, vgrad__fields *f, plan *p)
{
    p->input_count = f->way->open_list(f, "inputs", 0);
    if (p->kind && p->input_count != p->kind->inputs)
        f->way->refuse(f, VGRAD_E_FORMAT, NULL, "another number than its kind has");
    for (int64_t i = 0; i < p->input_count && vgrad__fields_fine(f); i++)
        p->inputs[i] = layer_before(network, f, NULL);
    f->way->close(f);
    if (!f->way->has(f, "shares", false))
        return;
    p->shares = layer_before(network, f, "shares");
    if (p->shares && p->shares->kind != p->kind)
        f->way->refuse(f, VGRAD_E_FORMAT, "shares", "a layer of another kind");
}

static void make_layer(vgrad_network *network, vgrad__fields *f)
{
    plan p = { .kind = NULL };
    f->way->open(f, NULL);
    read_kind(f, &p);
    read_inputs(network, f, &p);
    if (vgrad__fields_fine(f)) {
        vgrad_layer *layer =
            p.shares ? vgrad_share(p.shares, p.inputs[0])
                     : vgrad__layer_create(network, p.kind, (int32_t)p.input_count, p.inputs);
        if (!layer)
            refuse_as_it_says(f, network->first_error, NULL);
        else if (vgrad_layer_set_name(layer, p.name) != VGRAD_OK)
            refuse_as_it_says(f, VGRAD_E_FORMAT, "name");
        else
            vgrad__layer_visit(layer, f, true);
    }
    f->way->close(f);
}

/* Builds once it is known that the file has numbers for all parameters. */
static void build(vgrad_network *network, vgrad__fields *f, int64_t bytes, size_t count,
                  vgrad_layer *const *outputs)
{
    double elements = 0;
    vgrad_status status = vgrad__network_plan(network, count, outputs, &elements);
    if (status == VGRAD_OK && elements * (double)vgrad__element_size(network) > (double)bytes)
        status = vgrad__fail(VGRAD_E_FORMAT, "%.0f parameters, more than the file has", elements);
    if (status == VGRAD_OK)
        status = vgrad_network_build_outputs(network, count, outputs);
    if (status != VGRAD_OK)
        refuse_as_it_says(f, status, NULL);
}

static void read_outputs(vgrad_network *network, vgrad__fields *f, int64_t bytes)
{
    const int64_t count = f->way->open_list(f, "outputs", 0);
    vgrad_layer **outputs = vgrad__allocate(network->context, (size_t)count, sizeof(vgrad_layer *));
    if (!outputs && f->status == VGRAD_OK)
        f->status = VGRAD_E_MEMORY;
    for (int64_t i = 0; i < count && vgrad__fields_fine(f); i++)
        outputs[i] = layer_before(network, f, NULL);
    if (count < 1)
        f->way->refuse(f, VGRAD_E_FORMAT, NULL, "at least one");
    f->way->close(f);
    if (vgrad__fields_fine(f))
        build(network, f, bytes, (size_t)count, outputs);
    vgrad__release(network->context, outputs, (size_t)count, sizeof *outputs);
}

static void read_dtype(vgrad_network *network, vgrad__fields *f)
{
    char word[VGRAD__WORD_SIZE] = "";
    f->way->text(f, "dtype", word, sizeof word);
    if (strcmp(word, vgrad__dtype_name(VGRAD_FLOAT64)) == 0)
        network->dtype = VGRAD_FLOAT64;
    else if (strcmp(word, vgrad__dtype_name(VGRAD_FLOAT32)) != 0)
        f->way->refuse(f, VGRAD_E_FORMAT, "dtype", "float32 or float64");
}

/* A network that fails is given up, so that it may take what it reads as it comes. */
static vgrad_status make_network(vgrad_network *network, vgrad__fields_reader *reader)
{
    vgrad__fields *f = &reader->fields;
    vgrad__fields_reader_begin(reader, true);
    f->way->open(f, "network");
    read_dtype(network, f);
    vgrad__network_settings_visit(network, f);
    const int64_t count = f->way->open_list(f, "layers", 0);
    for (int64_t i = 0; i < count && vgrad__fields_fine(f); i++)
        make_layer(network, f);
    f->way->close(f);
    read_outputs(network, f, reader->file.size);
    f->way->close(f);
    if (!vgrad__fields_fine(f))
        return f->status;
    f->way->open(f, "state");
    vgrad__network_state_visit(network, f);
    f->way->close(f);
    return f->status;
}

vgrad_status vgrad_network_create_from_file(vgrad_network **out, const char *path,
                                            vgrad_context *context)
{
    vgrad__fields_reader reader;
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (!path)
        return vgrad__fail_null("path");
    vgrad_status status = vgrad__fields_reader_open(&reader, path, context);
    if (status != VGRAD_OK)
        return status;
    vgrad_network *network = NULL;
    status = vgrad_network_create(&network, context);
    if (status == VGRAD_OK)
        status = make_network(network, &reader);
    vgrad__fields_reader_close(&reader);
    if (status == VGRAD_OK)
        *out = network;
    else
        vgrad_network_destroy(network);
    return status;
}
