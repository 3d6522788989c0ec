/*
 * Sinks: where records go. The recorder gathers all that is to be told of one moment in an entry,
 * and every sink writes it in its own form. Adding one: a file with a vgrad__sink_kind, and its
 * line in recorder.c.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_SINK_H
#define VGRAD_RECORD_SINK_H

#include <vgrad/recorder.h>

#include "base/context.h"
#include "base/decimal.h"
#include "tensor/histogram.h"

enum { VGRAD__RUN_SIZE = 64 }; /* of a run's name, with its end */

/* One figure; "" where there is no layer or role. */
typedef struct vgrad__row {
    const char *layer, *role, *quantity;
    double value;
    char text[VGRAD__DECIMAL_SIZE]; /* the value, once somebody wants it so; "" before */
} vgrad__row;

static inline const char *vgrad__row_value(vgrad__row *row)
{
    return row->text[0] ? row->text : vgrad__decimal_text(row->value, row->text);
}

/* The histogram of one tensor. */
typedef struct vgrad__counts {
    const char *layer, *role;
    const vgrad__histogram *histogram;
    double least, most; /* of its finite elements */
} vgrad__counts;

/* What is told of one moment. */
typedef struct vgrad__entry {
    int64_t step, epoch; /* epoch -1: not known */
    double time;         /* seconds since 1970 */
    vgrad__row *rows;
    size_t row_count;
    const vgrad__counts *counts;
    size_t counts_count;
    const vgrad_finding *finding; /* NULL: none */
} vgrad__entry;

/* A setting of the run: a text, if that is not NULL; else a whole number, or any other one. */
typedef struct vgrad__setting {
    const char *name;
    const char *text;
    bool is_whole;
    uint64_t whole;
    double number;
} vgrad__setting;

/* What is told once, of how a run is made. */
typedef struct vgrad__run_facts {
    double time;
    const vgrad__setting *settings;
    size_t setting_count;
    const vgrad_network *network; /* NULL: not known */
} vgrad__run_facts;

typedef struct vgrad__sink {
    const struct vgrad__sink_kind *kind;
    vgrad_context *context;
    const char *path, *run; /* of the recorder */
    bool append;
    int64_t max_bytes; /* of a file; 0: no bound */
    void *state;       /* the kind's own */
} vgrad__sink;

/* Every function but close answers with a status; after a failure only close follows. */
typedef struct vgrad__sink_kind {
    vgrad_sink number;
    vgrad_status (*open)(vgrad__sink *sink);
    /* NULL: not told. */
    vgrad_status (*begin)(vgrad__sink *sink, const vgrad__run_facts *facts);
    vgrad_status (*take)(vgrad__sink *sink, const vgrad__entry *entry);
    /* Others see all that was taken. */
    vgrad_status (*flush)(vgrad__sink *sink);
    void (*close)(vgrad__sink *sink);
} vgrad__sink_kind;

extern const vgrad__sink_kind vgrad__sink_csv, vgrad__sink_jsonl, vgrad__sink_tensorboard;

#endif
