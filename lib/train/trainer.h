/*
 * A run inside. trainer.c: its life and settings; events.c: callbacks; batches.c: the order of rows
 * and the batch; step.c: one step, call by call; group.c: batches that share an update; next.c:
 * what lies between two steps; run.c: all of a run, for files; fit.c: the loop over both;
 * evaluate.c: loss and accuracy without training; progress.c, early_stopping.c, plateau.c,
 * rate_log.c: the ready-made callbacks.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TRAIN_TRAINER_H
#define VGRAD_TRAIN_TRAINER_H

#include <vgrad/probe.h>
#include <vgrad/trainer.h>

#include "data/dataset.h"
#include "network/loss.h"
#include "network/pass.h"
#include "optimizer/optimizer.h"

enum {
    VGRAD__EVENT_KINDS = 10, /* bits; that of 256 is free */
    VGRAD__BATCH_SIZE_DEFAULT = 32
};

typedef struct vgrad__listener {
    uint32_t events;
    int64_t every;
    int64_t heard[VGRAD__EVENT_KINDS]; /* events of each kind so far */
    vgrad_callback callback;
    void *user;
    bool ready_made; /* one of ours: answers with a status, and needs no gradient norms */
    bool last;       /* hears of an event when all others have */
    void (*release)(vgrad_context *context, void *user); /* NULL: `user` is looked after */
} vgrad__listener;

/* Sums over the rows of an epoch, or of an evaluation. */
typedef struct vgrad__tally {
    double loss, accuracy; /* times rows */
    int64_t rows;
} vgrad__tally;

/* Rows of a dataset in the network's dtype, and the order in which an epoch takes them. */
typedef struct vgrad__batches {
    int64_t capacity_rows, x_width, y_width;
    void *x, *y;
    int64_t *rows;   /* which row of the data each one is */
    double *weights; /* of each row */
    bool weighted;   /* the data has weights */
    vgrad_tensor x_view, y_view;
    vgrad__staging staging;

    int64_t *order; /* NULL: never shuffled yet */
    int64_t order_count, order_epoch;
    uint64_t order_seed;
    bool order_known; /* it is that of this seed and epoch */
} vgrad__batches;

/* The rows of a batch to be: `count` of an epoch from its place `first` on. */
typedef struct vgrad__stretch {
    int64_t first, count;
    int64_t epoch;
    uint64_t seed;
    bool shuffle;
    bool across; /* where the epoch ends too early, the next one goes on */
} vgrad__stretch;

/* What became of a stretch: fewer rows than it asked for where the data ended. */
typedef struct vgrad__filled {
    int64_t of_epoch, of_next;
} vgrad__filled;

/* Where a run is. */
typedef struct vgrad__position {
    int64_t epoch, batch;             /* of the next batch */
    int64_t given_epoch, given_batch; /* of the last one */
    bool in_epoch;                    /* EPOCH_BEGIN has fired, EPOCH_END has not */
    int64_t epochs, batches;          /* of this fit, of an epoch; -1 without next() */
    int64_t rows, batch_rows; /* of this epoch's data (-1: not known), of its full batches */
    int64_t row, given_row;   /* of this epoch: first of the next batch, of the last one */
    int64_t carried;          /* rows of the next epoch that the last batch took */
    bool drained;             /* no row of this epoch is left */
    vgrad_dataset *data;      /* whose epoch it is, held; NULL: nobody's yet */
    bool adopts;              /* loaded: it is that of the data which come next */
    bool shuffle, across;     /* as they were set when it began */
    uint64_t seed;            /* likewise */
    int64_t steps;
} vgrad__position;

/* The step in progress. */
typedef struct vgrad__step {
    int64_t pass;         /* the network's number of it; another number: somebody else's pass */
    bool announced;       /* BATCH_BEGIN has fired, forward is next */
    bool from_next;       /* a batch from next() was waiting when it began */
    bool knows_rows;      /* it is that batch which went forward */
    bool complete;        /* its gradients are those of the whole group, for the update */
    bool updated;         /* the update is made, or was skipped, or is that of a later batch */
    bool skip;            /* the update, as a callback asked */
    bool edited;          /* some gradient: its norm may have changed */
    vgrad_status trouble; /* not VGRAD_OK: how it ended early */
    char text[VGRAD__ERROR_SIZE];
    int64_t rows;
    vgrad__loss_value value;
    bool norm_known;
    double norm; /* of the gradients, before edits and clipping */
    bool clipped;
    double clipped_norm; /* if so: after both */
    double rate;         /* that the update took */
} vgrad__step;

/* Batches whose gradients are averaged for one update. A batch joins when its step is over. */
typedef struct vgrad__group {
    int64_t batches;  /* that have joined */
    int64_t size;     /* batches to its update, as it was set when the first one joined */
    vgrad__slab mean; /* of their gradients, by their rows; not there while groups have one */
    vgrad__tally tally;
} vgrad__group;

struct vgrad_trainer {
    vgrad__references references;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad__loss_terms *terms; /* for each output of the network */
    double *class_weights;    /* what the terms point at */
    int64_t class_count;
    int64_t batch_size;
    bool batch_size_chosen; /* else it yields to data with fewer rows */
    bool shuffle_chosen;    /* else it yields to data that come in an order of their own */
    bool shuffle, across_epochs, stop_on_nan;
    int64_t max_steps; /* 0: not bounded */
    int64_t accumulate;
    uint64_t seed;
    vgrad_dataset *validation;
    vgrad__loss_value validated;

    vgrad__listener *listeners;
    size_t listener_count, listener_capacity;
    uint32_t listened;                /* all their events */
    struct vgrad__progress *progress; /* the ready-made ones; NULL: not asked for */
    struct vgrad__early_stopping *early_stopping;
    struct vgrad__plateau *plateau;
    struct vgrad__rate_log *rate_log;

    bool running;         /* TRAIN_BEGIN has fired, TRAIN_END has not */
    bool resumes;         /* loaded: its TRAIN_BEGIN is not the run's first */
    vgrad_status outcome; /* of the last run: VGRAD_DONE, VGRAD_STOPPED or a failure */
    atomic_bool stop_requested;
    vgrad__position at;
    vgrad__tally tally;
    vgrad__step step;
    vgrad__group group;
    vgrad__batches batches, evaluation; /* so that evaluating leaves the batch alone */
    const vgrad_finding *finding;       /* that a FINDING_CHANGED is about */
};

/* ---- events.c ---- */

/* Adds a listener; vgrad_trainer_on() for those that are ready-made. */
vgrad_status vgrad__listen(vgrad_trainer *trainer, const vgrad__listener *listener);
/* `state`, or if that is NULL a new one of `size` zeroed bytes that listens as `callback` says;
   NULL if there is no memory for it. */
void *vgrad__ready_made(vgrad_trainer *trainer, void *state, size_t size, uint32_t events,
                        vgrad_callback callback);
/* Fires an event: VGRAD_OK, VGRAD_STOPPED, VGRAD_E_CALLBACK, or what a ready-made one answers. */
vgrad_status vgrad__fire(vgrad_trainer *trainer, vgrad_event_kind kind);
/* VGRAD_E_STATE in a callback of this trainer, or of another one on its network. */
vgrad_status vgrad__check_outside(const vgrad_trainer *trainer);

/* ---- run.c ---- */

/* A run: what belongs to it, which must be the same; its settings and where it is, which are taken.
   Its network and its optimizer are not visited. */
void vgrad__run_visit(vgrad_trainer *trainer, vgrad__fields *fields);
/* VGRAD_E_STATE in a callback, or between a batch and its update. */
vgrad_status vgrad__check_between(const vgrad_trainer *trainer);

/* ---- batches.c ---- */

/* VGRAD_OK if the network and the loss can work on these rows. */
vgrad_status vgrad__batches_check(const vgrad_trainer *trainer, const vgrad_dataset *data);
/* How many rows a batch of these data has, at most. */
int64_t vgrad__batch_rows(const vgrad_trainer *trainer, const vgrad_dataset *data);
/* Room for batches of `rows` rows of these data, and for their order if they are shuffled. */
vgrad_status vgrad__batches_reserve(vgrad__batches *batches, const vgrad_network *network,
                                    const vgrad_dataset *data, int64_t rows, bool shuffle);
void vgrad__batches_release(vgrad__batches *batches, const vgrad_network *network);
/* Makes the batch; room for it was reserved. */
vgrad_status vgrad__batches_fill(vgrad__batches *batches, const vgrad_network *network,
                                 const vgrad_dataset *data, const vgrad__stretch *stretch,
                                 vgrad__filled *filled);

/* ---- step.c ---- */

/* Every public call that trains: not from inside a callback; the trainer stays until it is over. */
vgrad_status vgrad__enter(vgrad_trainer *trainer);
vgrad_status vgrad__leave(vgrad_trainer *trainer, vgrad_status status);

/* A new step; whatever pass the network was at is over. */
void vgrad__step_begin(vgrad_trainer *trainer, int64_t rows);
/* The step ends with `status`, unless that is VGRAD_OK; its later calls return the same. */
vgrad_status vgrad__step_end_early(vgrad_trainer *trainer, vgrad_status status);
/* What a step that has ended early answers, with its text. */
vgrad_status vgrad__step_trouble(const vgrad_trainer *trainer);

/* Whether the network's pass is the one of this trainer's step, and at this phase. */
bool vgrad__step_is_at(const vgrad_trainer *trainer, vgrad__phase phase);

/* The update of a group whose epoch turned out to be over: a step without a batch. */
vgrad_status vgrad__step_of_the_rest(vgrad_trainer *trainer);

/* ---- group.c ---- */

/* Room for groups of so many batches, from the next one on. */
vgrad_status vgrad__group_set_size(vgrad_trainer *trainer, int64_t size);
/* Whether the batch of this step is the last one of its group. */
bool vgrad__group_completes(const vgrad_trainer *trainer);
/* The network's gradients, of this step's batch, become the mean of the group with it. */
void vgrad__group_average(vgrad_trainer *trainer);
/* This step's batch joins, with the network's gradients. */
void vgrad__group_join(vgrad_trainer *trainer);
/* Nobody has joined. */
void vgrad__group_clear(vgrad_trainer *trainer);
/* Loss, accuracy and rows of all that have joined, and of this step's batch. */
vgrad__tally vgrad__group_tally(const vgrad_trainer *trainer);

/* ---- next.c ---- */

/* Gives up the step in progress; if it had ended early, its batch comes again. */
void vgrad__step_forget(vgrad_trainer *trainer);

/* ---- evaluate.c ---- */

void vgrad__tally_add(vgrad__tally *tally, const vgrad__loss_value *value, int64_t rows);
vgrad__loss_value vgrad__tally_mean(const vgrad__tally *tally);
/* Loss and accuracy over all rows; leaves no pass behind. */
vgrad_status vgrad__evaluate(vgrad_trainer *trainer, vgrad_dataset *data, vgrad__loss_value *value);

/* What an epoch is judged by: its validation's loss, without one its own. */
double vgrad__watched_loss(const vgrad_trainer *trainer, const vgrad_event *epoch_end);

/* ---- progress.c, early_stopping.c, plateau.c, rate_log.c ---- */

void vgrad__progress_release(vgrad_trainer *trainer);
void vgrad__early_stopping_release(vgrad_trainer *trainer);
void vgrad__early_stopping_visit(vgrad_trainer *trainer, vgrad__fields *fields);
void vgrad__plateau_release(vgrad_trainer *trainer);
void vgrad__plateau_visit(vgrad_trainer *trainer, vgrad__fields *fields);
void vgrad__rate_log_release(vgrad_trainer *trainer);

#endif
