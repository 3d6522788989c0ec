/* Saving a run. */
/* SPDX-License-Identifier: MIT */
#include "record/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <vgrad/checkpoint.h>
#include <vgrad/version.h>

vgrad_status vgrad__checkpoint_visit(vgrad_trainer *trainer, vgrad__fields *f)
{
    vgrad__network_visit(trainer->network, f);
    f->way->open(f, "state");
    vgrad__network_state_visit(trainer->network, f);
    f->way->close(f);
    vgrad__optimizer_visit(trainer->optimizer, f);
    vgrad__run_visit(trainer, f);
    return f->status;
}

static vgrad_status write_file(const vgrad__fields_writer *w, const char *path)
{
    char version[VGRAD__WORD_SIZE], library[VGRAD__WORD_SIZE];
    snprintf(version, sizeof version, "%d", VGRAD__CHECKPOINT_VERSION);
    snprintf(library, sizeof library, "%d.%d.%d", VGRAD_VERSION_MAJOR, VGRAD_VERSION_MINOR,
             VGRAD_VERSION_PATCH);
    const vgrad__safetensors_text texts[] = {
        { VGRAD__CHECKPOINT_FORMAT_KEY, VGRAD__CHECKPOINT_FORMAT },
        { VGRAD__CHECKPOINT_VERSION_KEY, version },
        { VGRAD__CHECKPOINT_LIBRARY_KEY, library },
        { VGRAD__CHECKPOINT_RUN_KEY, w->text },
    };
    vgrad_tensor *views = vgrad__allocate(w->context, w->tensor_count, sizeof *views);
    if (!views)
        return VGRAD_E_MEMORY;
    for (size_t i = 0; i < w->tensor_count; i++) {
        views[i] = w->tensors[i].view;
        views[i].name = w->tensors[i].name;
    }
    vgrad__safetensors_content content = { .tensors = views,
                                           .tensor_count = w->tensor_count,
                                           .texts = texts,
                                           .text_count = sizeof texts / sizeof *texts,
                                           .sums = true };
    vgrad_status status = vgrad__safetensors_write(path, &content, w->context);
    vgrad__release(w->context, views, w->tensor_count, sizeof *views);
    return status;
}

vgrad_status vgrad__checkpoint_save(vgrad_trainer *trainer, const char *path, double watched_loss)
{
    vgrad__fields_writer writer;
    vgrad__fields_writer_begin(&writer, trainer->network->context);
    vgrad__fields *f = &writer.fields;
    vgrad_status status = vgrad__checkpoint_visit(trainer, f);
    f->way->real(f, VGRAD__CHECKPOINT_LOSS, &watched_loss);
    vgrad__fields_writer_finish(&writer);
    if (f->status == VGRAD_OK)
        status = write_file(&writer, path);
    else
        status = f->status;
    vgrad__fields_writer_release(&writer);
    return status;
}

vgrad_status vgrad_trainer_save(vgrad_trainer *trainer, const char *path)
{
    vgrad_status status = vgrad__check_between(trainer);
    if (status == VGRAD_OK && !path)
        status = vgrad__fail_null("path");
    return status == VGRAD_OK ? vgrad__checkpoint_save(trainer, path, (double)NAN) : status;
}
