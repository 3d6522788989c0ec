/*
 * Checkpoints: a whole run in one safetensors file. checkpoint.c: saving; checkpoint_write.c and
 * checkpoint_read.c: the two ways of a visit; checkpoint_load.c: loading into a run, and a network
 * from a file alone; checkpoint_folder.c: one after the other while a run goes on.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_CHECKPOINT_H
#define VGRAD_RECORD_CHECKPOINT_H

#include "base/fields.h"
#include "record/safetensors.h"
#include "train/trainer.h"

enum {
    VGRAD__CHECKPOINT_VERSION = 1,
    VGRAD__TENSOR_NAME_SIZE = 160,
    VGRAD__OPEN_MAX = 8 /* objects within objects */
};

/* The keys of its texts. */
#define VGRAD__CHECKPOINT_FORMAT_KEY  "format"
#define VGRAD__CHECKPOINT_FORMAT      "vgrad checkpoint"
#define VGRAD__CHECKPOINT_VERSION_KEY "version"
#define VGRAD__CHECKPOINT_LIBRARY_KEY "library"
#define VGRAD__CHECKPOINT_RUN_KEY     "run"

/* Beside the run: what it was judged by when it was written; NaN: it was not. */
#define VGRAD__CHECKPOINT_LOSS "watched_loss"

/* Everything about a run, once; returns how that went. */
vgrad_status vgrad__checkpoint_visit(vgrad_trainer *trainer, vgrad__fields *fields);

/* ---- checkpoint_write.c ---- */

typedef struct vgrad__named_tensor {
    vgrad_tensor view;
    char name[VGRAD__TENSOR_NAME_SIZE];
} vgrad__named_tensor;

/* Zero but for `context` to begin with. */
typedef struct vgrad__fields_writer {
    vgrad__fields fields;
    vgrad_context *context;
    char *text; /* JSON, ended by a zero */
    size_t used, capacity;
    bool list[VGRAD__OPEN_MAX];
    int depth;
    vgrad__named_tensor *tensors;
    size_t tensor_count, tensor_capacity;
} vgrad__fields_writer;

void vgrad__fields_writer_begin(vgrad__fields_writer *writer, vgrad_context *context);
/* What was begun is brought to its end. */
void vgrad__fields_writer_finish(vgrad__fields_writer *writer);
void vgrad__fields_writer_release(vgrad__fields_writer *writer);

/* ---- checkpoint.c ---- */

/* Saves at a moment when the caller knows that no step is in progress. */
vgrad_status vgrad__checkpoint_save(vgrad_trainer *trainer, const char *path, double watched_loss);

/* ---- checkpoint_read.c ---- */

/* An object or a list that is open. */
typedef struct vgrad__opened {
    const void *json;
    const char *name; /* NULL: an element of a list */
    int64_t next;     /* element of a list */
} vgrad__opened;

typedef struct vgrad__fields_reader {
    vgrad__fields fields;
    vgrad_context *context;
    vgrad__safetensors file;
    void *json;
    uint8_t *bytes; /* of all tensors */
    bool *used;     /* by its entries: somebody has asked for it */
    vgrad__opened stack[VGRAD__OPEN_MAX];
    int depth;
} vgrad__fields_reader;

/* Opens a checkpoint and reads all of it: every byte is as its sums say. On failure nothing is
   open. */
vgrad_status vgrad__fields_reader_open(vgrad__fields_reader *reader, const char *path,
                                       vgrad_context *context);
void vgrad__fields_reader_close(vgrad__fields_reader *reader);
/* A visit from the beginning. */
void vgrad__fields_reader_begin(vgrad__fields_reader *reader, bool commits);
/* VGRAD_E_FORMAT if nobody has asked for some tensor. */
vgrad_status vgrad__fields_reader_all_used(vgrad__fields_reader *reader);

/* ---- checkpoint_load.c, or checkpoint_missing.c ---- */

/* VGRAD_OK if all of a checkpoint can be read; and the loss that it was judged by. */
vgrad_status vgrad__checkpoint_verify(const char *path, vgrad_context *context,
                                      double *watched_loss);

#endif
