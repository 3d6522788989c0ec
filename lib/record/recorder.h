/*
 * A recorder inside. recorder.c: life, sinks, figures of the user's; looks.c: what probes saw;
 * training.c: what a trainer does. All three make entries, which go to every sink.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_RECORDER_H
#define VGRAD_RECORD_RECORDER_H

#include "base/context.h"
#include "base/status.h"
#include "record/sink.h"

enum { VGRAD__RECORDER_OPTIONS_MAX = 8 };

/* What went wrong. */
typedef struct vgrad__trouble {
    vgrad_status status; /* VGRAD_OK: nothing */
    char text[VGRAD__ERROR_SIZE];
} vgrad__trouble;

typedef struct vgrad__open_sink {
    vgrad__sink sink;
    char *path;
    vgrad__trouble trouble; /* it takes nothing more */
    bool told;              /* the log knows of it */
} vgrad__open_sink;

struct vgrad_recorder {
    vgrad__references references; /* the user's, and one for each probe and trainer */
    vgrad_context *context;
    char run[VGRAD__RUN_SIZE];
    double options[VGRAD__RECORDER_OPTIONS_MAX];
    vgrad__open_sink *sinks;
    size_t sink_count, sink_capacity;
    bool closed;                  /* the user has given it up */
    bool has_begun;               /* sinks were told how the run is made */
    const vgrad_trainer *trainer; /* NULL: none, or it is gone */
    int64_t unflushed;            /* entries */
    vgrad__trouble trouble;       /* the first of all */
    vgrad__trouble incomplete;    /* for want of memory something was left out */
    bool told;                    /* the log knows of that */
    /* Of the entry that is being made. */
    vgrad__row *rows;
    size_t row_count, row_capacity;
    vgrad__counts *counts;
    size_t counts_count, counts_capacity;
};

void vgrad__recorder_let_go(vgrad_recorder *recorder);
/* Whether a step is one of those that are recorded. */
bool vgrad__recorder_is_due(const vgrad_recorder *recorder, int64_t step);
/* The epoch that its trainer is in; -1: not known. */
int64_t vgrad__recorder_epoch(const vgrad_recorder *recorder);
/* Another row for the entry; where there is no memory for it, it is left out. */
void vgrad__recorder_add_row(vgrad_recorder *recorder, const char *layer, const char *role,
                             const char *quantity, double value);
void vgrad__recorder_add_counts(vgrad_recorder *recorder, const vgrad__counts *counts);
/* The entry goes to all sinks, with what was added to it; the next one is empty. In this and what
   follows the log may be told of trouble, and its function may give the recorder up. */
void vgrad__recorder_take(vgrad_recorder *recorder, int64_t step, int64_t epoch,
                          const vgrad_finding *finding);
/* All sinks are told how the run is made. */
void vgrad__recorder_begin(vgrad_recorder *recorder, const vgrad__run_facts *facts);
/* What waits is written. */
void vgrad__recorder_flush(vgrad_recorder *recorder);

#endif
