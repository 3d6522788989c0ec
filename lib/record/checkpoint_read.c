/* The visit that reads. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "record/checkpoint.h"

enum { PLACE_SIZE = 160 };

static vgrad__fields_reader *reader_of(vgrad__fields *f)
{
    return (vgrad__fields_reader *)f; /* its first member */
}

/* ---- failing ---- */

/* "network.layers[3].units" */
static const char *place_of(const vgrad__fields_reader *r, const char *name, char text[PLACE_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 1; i <= r->depth && used < PLACE_SIZE; i++) {
        const char *part = i < r->depth ? r->stack[i].name : name;
        const bool element = !part && r->stack[i - 1].next > 0;
        if (part)
            used +=
                (size_t)snprintf(text + used, PLACE_SIZE - used, "%s%s", used > 0 ? "." : "", part);
        else if (element)
            used += (size_t)snprintf(text + used, PLACE_SIZE - used, "[%" PRId64 "]",
                                     r->stack[i - 1].next - 1);
    }
    return used > 0 ? text : "run";
}

/* In one line, though names and words of the file are in `why`. */
static void refuse(vgrad__fields *f, vgrad_status status, const char *name, const char *why)
{
    const vgrad__fields_reader *r = reader_of(f);
    char place[PLACE_SIZE], line[VGRAD__ERROR_SIZE];
    snprintf(line, sizeof line, "%s", why);
    for (char *c = line; *c; c++)
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    if (f->status == VGRAD_OK)
        f->status = vgrad__fail(status, "%s: %s: %s", r->file.path, place_of(r, name, place), line);
}

/* ---- members ---- */

/* The member, or the next element; NULL if it is not there, or something was wrong before. */
static const json_t *member(vgrad__fields *f, const char *name)
{
    vgrad__opened *top = &reader_of(f)->stack[reader_of(f)->depth - 1];
    if (f->status != VGRAD_OK)
        return NULL;
    const json_t *found =
        name ? json_object_get(top->json, name) : json_array_get(top->json, (size_t)top->next++);
    if (!found)
        refuse(f, VGRAD_E_FORMAT, name, "is missing");
    return found;
}

static void push(vgrad__fields *f, const char *name, const json_t *json)
{
    vgrad__fields_reader *r = reader_of(f);
    r->stack[r->depth++] = (vgrad__opened){ .json = json, .name = name };
}

static void open_object(vgrad__fields *f, const char *name)
{
    const json_t *found = member(f, name);
    if (found && !json_is_object(found))
        refuse(f, VGRAD_E_FORMAT, name, "an object");
    push(f, name, found);
}

static int64_t open_list(vgrad__fields *f, const char *name, int64_t count)
{
    const json_t *found = member(f, name);
    (void)count;
    if (found && !json_is_array(found))
        refuse(f, VGRAD_E_FORMAT, name, "an array");
    push(f, name, found);
    return (int64_t)json_array_size(found);
}

static void close_any(vgrad__fields *f)
{
    reader_of(f)->depth--;
}

static bool has(vgrad__fields *f, const char *name, bool here)
{
    const vgrad__fields_reader *r = reader_of(f);
    (void)here;
    return f->status == VGRAD_OK && json_object_get(r->stack[r->depth - 1].json, name) != NULL;
}

static void integer(vgrad__fields *f, const char *name, int64_t *value, int64_t low, int64_t high)
{
    char why[PLACE_SIZE];
    const json_t *found = member(f, name);
    if (!found)
        return;
    if (!json_is_integer(found)) {
        refuse(f, VGRAD_E_FORMAT, name, "a whole number");
        return;
    }
    const int64_t read = json_integer_value(found);
    if (read < low || read > high) {
        snprintf(why, sizeof why, "%lld to %lld, got %lld", (long long)low, (long long)high,
                 (long long)read);
        refuse(f, VGRAD_E_FORMAT, name, why);
        return;
    }
    *value = read;
}

static void real(vgrad__fields *f, const char *name, double *value)
{
    static const struct {
        const char *word;
        double value;
    } words[] = { { "nan", (double)NAN },
                  { "inf", (double)INFINITY },
                  { "-inf", -(double)INFINITY } };
    const json_t *found = member(f, name);
    if (!found)
        return;
    if (json_is_number(found)) {
        *value = json_number_value(found);
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_is_string(found) && strcmp(json_string_value(found), words[i].word) == 0) {
            *value = words[i].value;
            return;
        }
    refuse(f, VGRAD_E_FORMAT, name, "a number");
}

static void text(vgrad__fields *f, const char *name, char *value, size_t size)
{
    const json_t *found = member(f, name);
    if (!found)
        return;
    if (!json_is_string(found) || json_string_length(found) >= size)
        refuse(f, VGRAD_E_FORMAT, name, json_is_string(found) ? "a shorter text" : "a text");
    else
        memcpy(value, json_string_value(found), json_string_length(found) + 1);
}

/* ---- tensors ---- */

static void tensor(vgrad__fields *f, const char *name, const vgrad_tensor *view)
{
    vgrad__fields_reader *r = reader_of(f);
    vgrad__shown shown;
    if (f->status != VGRAD_OK)
        return;
    const vgrad__safetensors_entry *entry = vgrad__safetensors_find(&r->file, name);
    if (!entry)
        f->status = vgrad__fail(VGRAD_E_NOT_FOUND, "%s: there is no tensor \"%s\"", r->file.path,
                                vgrad__path_shown(name, shown));
    else if ((int32_t)entry->dtype != view->dtype)
        f->status =
            vgrad__safetensors_fail(&r->file, VGRAD_E_INVALID, entry, "%s here, %s there",
                                    vgrad__dtype_name((vgrad_dtype)view->dtype), entry->type);
    else if (entry->rank != view->rank ||
             memcmp(entry->shape, view->shape, (size_t)view->rank * sizeof *view->shape) != 0)
        f->status =
            vgrad__safetensors_fail(&r->file, VGRAD_E_SHAPE, entry, "has another shape here");
    if (f->status != VGRAD_OK)
        return;
    r->used[entry - r->file.entries] = true;
    if (f->commits && view->data)
        memcpy((void *)(uintptr_t)view->data, r->bytes + entry->begin,
               (size_t)(entry->end - entry->begin));
}

static const vgrad__fields_way reading = { .open = open_object,
                                           .open_list = open_list,
                                           .close = close_any,
                                           .has = has,
                                           .integer = integer,
                                           .real = real,
                                           .text = text,
                                           .tensor = tensor,
                                           .refuse = refuse };

/* ---- the file ---- */

static vgrad_status check_version(const vgrad__safetensors *file)
{
    const char *format = vgrad__safetensors_text_of(file, VGRAD__CHECKPOINT_FORMAT_KEY);
    const char *version = vgrad__safetensors_text_of(file, VGRAD__CHECKPOINT_VERSION_KEY);
    const char *library = vgrad__safetensors_text_of(file, VGRAD__CHECKPOINT_LIBRARY_KEY);
    char known[VGRAD__WORD_SIZE];
    vgrad__shown shown, by;
    if (!format || strcmp(format, VGRAD__CHECKPOINT_FORMAT) != 0 || !version)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: safetensors, but no checkpoint", file->path);
    snprintf(known, sizeof known, "%d", VGRAD__CHECKPOINT_VERSION);
    if (strcmp(version, known) != 0)
        return vgrad__fail(VGRAD_E_UNSUPPORTED,
                           "%s: version %s of the format, written by libvgrad %s; this library "
                           "reads version %s",
                           file->path, vgrad__path_shown(version, shown),
                           vgrad__path_shown(library ? library : "?", by), known);
    if (!file->summed)
        return vgrad__fail(VGRAD_E_FORMAT,
                           "%s: a checkpoint has a CRC-32C of its header and of "
                           "every tensor",
                           file->path);
    return VGRAD_OK;
}

static vgrad_status parse_run(vgrad__fields_reader *r)
{
    json_error_t error;
    vgrad__shown shown;
    const char *run = vgrad__safetensors_text_of(&r->file, VGRAD__CHECKPOINT_RUN_KEY);
    if (!run)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: the run is missing", r->file.path);
    r->json = json_loads(run, JSON_REJECT_DUPLICATES, &error);
    if (!r->json && json_error_code(&error) == json_error_out_of_memory)
        return vgrad__fail(VGRAD_E_MEMORY, "%s: no memory for its run", r->file.path);
    if (!json_is_object((json_t *)r->json))
        return vgrad__fail(VGRAD_E_FORMAT, "%s: the run: byte %d: %s", r->file.path,
                           r->json ? 0 : error.position,
                           r->json ? "an object" : vgrad__path_shown(error.text, shown));
    return VGRAD_OK;
}

static vgrad_status read_tensors(vgrad__fields_reader *r)
{
    vgrad_status status = VGRAD_OK;
    r->bytes = vgrad__allocate(r->context, (size_t)r->file.size, 1);
    r->used = r->bytes ? vgrad__allocate(r->context, r->file.count, sizeof *r->used) : NULL;
    if (!r->used)
        return VGRAD_E_MEMORY;
    for (size_t i = 0; i < r->file.count && status == VGRAD_OK; i++)
        status = vgrad__safetensors_read(&r->file, &r->file.entries[i],
                                         r->bytes + r->file.entries[i].begin);
    return status;
}

vgrad_status vgrad__fields_reader_open(vgrad__fields_reader *r, const char *path,
                                       vgrad_context *context)
{
    *r = (vgrad__fields_reader){ .context = context };
    vgrad_status status = vgrad__safetensors_open(&r->file, path, context);
    if (status != VGRAD_OK)
        return status;
    status = check_version(&r->file);
    if (status == VGRAD_OK)
        status = parse_run(r);
    if (status == VGRAD_OK)
        status = read_tensors(r);
    if (status != VGRAD_OK)
        vgrad__fields_reader_close(r);
    return status;
}

void vgrad__fields_reader_close(vgrad__fields_reader *r)
{
    vgrad__release(r->context, r->bytes, (size_t)r->file.size, 1);
    vgrad__release(r->context, r->used, r->file.count, sizeof *r->used);
    json_decref(r->json);
    vgrad__safetensors_close(&r->file);
}

void vgrad__fields_reader_begin(vgrad__fields_reader *r, bool commits)
{
    r->fields = (vgrad__fields){ .way = &reading, .reads = true, .commits = commits };
    r->stack[0] = (vgrad__opened){ .json = r->json };
    r->depth = 1;
}

vgrad_status vgrad__fields_reader_all_used(vgrad__fields_reader *r)
{
    for (size_t i = 0; i < r->file.count; i++)
        if (!r->used[i])
            return vgrad__safetensors_fail(&r->file, VGRAD_E_FORMAT, &r->file.entries[i],
                                           "the run has none of this name");
    return VGRAD_OK;
}
