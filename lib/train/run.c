/* All that a run is at, for files. */
/* SPDX-License-Identifier: MIT */
#include <float.h>

#include "train/trainer.h"

enum { COUNT_MAX = 1 << 30 };                 /* as in trainer.c */
static const int64_t most = (int64_t)1 << 53; /* of what is only counted up */

vgrad_status vgrad__check_between(const vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    const vgrad__step *step = &trainer->step;
    const bool waits = step->from_next && !step->updated;
    if (waits || (trainer->network->phase != VGRAD__IDLE && !step->updated))
        return vgrad__fail(VGRAD_E_STATE, "trainer: between a batch and its update");
    return VGRAD_OK;
}

/* ---- what must be the same ---- */

/* The words of losses are their numbers, which are never used again. */
static void visit_terms(vgrad_trainer *trainer, vgrad__fields *f)
{
    const size_t count = trainer->network->output_count;
    vgrad__visit_same_count(f, "losses", (int64_t)count);
    for (size_t o = 0; o < count; o++) {
        double weight = trainer->terms[o].weight, delta = trainer->terms[o].huber_delta;
        f->way->open(f, NULL);
        vgrad__visit_same(f, "loss", trainer->terms[o].loss);
        vgrad__visit_number(f, "weight", &weight, 0, DBL_MAX);
        vgrad__visit_number(f, "huber_delta", &delta, DBL_MIN, DBL_MAX);
        f->way->close(f);
        if (!f->commits)
            continue;
        trainer->terms[o].weight = weight;
        trainer->terms[o].huber_delta = delta;
    }
    f->way->close(f);
    vgrad__visit_same_count(f, "class_weights", trainer->class_count);
    for (int64_t i = 0; i < trainer->class_count; i++)
        vgrad__visit_same_real(f, NULL, trainer->class_weights[i]);
    f->way->close(f);
}

/* ---- what is taken ---- */

typedef struct settings {
    int64_t batch_size, accumulate, max_steps;
    bool batch_size_chosen, shuffle_chosen, shuffle, across_epochs, stop_on_nan;
    uint64_t seed;
} settings;

static void visit_settings(vgrad_trainer *trainer, vgrad__fields *f)
{
    settings s = { .batch_size = trainer->batch_size,
                   .accumulate = trainer->accumulate,
                   .max_steps = trainer->max_steps,
                   .batch_size_chosen = trainer->batch_size_chosen,
                   .shuffle_chosen = trainer->shuffle_chosen,
                   .shuffle = trainer->shuffle,
                   .across_epochs = trainer->across_epochs,
                   .stop_on_nan = trainer->stop_on_nan,
                   .seed = trainer->seed };
    f->way->open(f, "settings");
    f->way->integer(f, "batch_size", &s.batch_size, 1, COUNT_MAX);
    vgrad__visit_flag(f, "batch_size_chosen", &s.batch_size_chosen);
    vgrad__visit_flag(f, "shuffle", &s.shuffle);
    vgrad__visit_flag(f, "shuffle_chosen", &s.shuffle_chosen);
    vgrad__visit_flag(f, "across_epochs", &s.across_epochs);
    f->way->integer(f, "accumulate", &s.accumulate, 1, COUNT_MAX);
    vgrad__visit_flag(f, "stop_on_nan", &s.stop_on_nan);
    f->way->integer(f, "max_steps", &s.max_steps, 0, most);
    vgrad__visit_seed(f, "seed", &s.seed);
    f->way->close(f);
    if (f->reads && s.accumulate > 1 && vgrad__fields_fine(f)) /* room, which changes nothing */
        f->status = vgrad__slab_create(trainer->network, &trainer->group.mean);
    if (!f->commits)
        return;
    trainer->batch_size = s.batch_size;
    trainer->accumulate = s.accumulate;
    trainer->max_steps = s.max_steps;
    trainer->batch_size_chosen = s.batch_size_chosen;
    trainer->shuffle_chosen = s.shuffle_chosen;
    trainer->shuffle = s.shuffle;
    trainer->across_epochs = s.across_epochs;
    trainer->stop_on_nan = s.stop_on_nan;
    trainer->seed = s.seed;
}

/* What begin_epoch() and make_batch() may count on. */
static bool holds_together(const vgrad__position *at)
{
    const bool known = at->rows >= 0;
    return (known || !at->shuffle) && (!known || at->row <= at->rows);
}

static void visit_position(vgrad_trainer *trainer, vgrad__fields *f)
{
    vgrad__position at = trainer->at;
    f->way->open(f, "position");
    f->way->integer(f, "steps", &at.steps, 0, most);
    f->way->integer(f, "epoch", &at.epoch, 0, most);
    f->way->integer(f, "batch", &at.batch, 0, most);
    f->way->integer(f, "row", &at.row, 0, most);
    vgrad__visit_flag(f, "in_epoch", &at.in_epoch);
    vgrad__visit_flag(f, "drained", &at.drained);
    f->way->integer(f, "given_epoch", &at.given_epoch, 0, most);
    f->way->integer(f, "given_batch", &at.given_batch, 0, most);
    f->way->integer(f, "given_row", &at.given_row, 0, most);
    f->way->integer(f, "carried", &at.carried, 0, COUNT_MAX);
    f->way->integer(f, "epochs", &at.epochs, -1, most);
    f->way->integer(f, "batches", &at.batches, -1, most);
    f->way->integer(f, "rows", &at.rows, -1, most);
    f->way->integer(f, "batch_rows", &at.batch_rows, 0, COUNT_MAX);
    vgrad__visit_flag(f, "shuffle", &at.shuffle);
    vgrad__visit_flag(f, "across", &at.across);
    vgrad__visit_seed(f, "seed", &at.seed);
    if (vgrad__fields_fine(f) && f->reads && !holds_together(&at))
        f->way->refuse(f, VGRAD_E_FORMAT, NULL, "rows and batches that no epoch has");
    f->way->close(f);
    if (!f->commits)
        return;
    vgrad_dataset_destroy(at.data);
    at.data = NULL;
    at.adopts = true;
    trainer->at = at;
}

static void visit_tally(vgrad__tally *tally, vgrad__fields *f, const char *name)
{
    f->way->open(f, name);
    f->way->real(f, "loss", &tally->loss);
    f->way->real(f, "accuracy", &tally->accuracy);
    f->way->integer(f, "rows", &tally->rows, 0, most);
    f->way->close(f);
}

/* At a BATCH_END the group is still there for the event to tell of; but it is over. */
static void visit_group(vgrad_trainer *trainer, vgrad__fields *f)
{
    const bool over = !f->reads && trainer->step.complete && trainer->step.updated;
    const bool none = over || trainer->group.batches == 0;
    vgrad__group group = none ? (vgrad__group){ 0 } : trainer->group;
    f->way->open(f, "group");
    f->way->integer(f, "batches", &group.batches, 0, COUNT_MAX);
    f->way->integer(f, "size", &group.size, 0, COUNT_MAX);
    visit_tally(&group.tally, f, "tally");
    if (group.batches > 0 && (group.size < 2 || group.tally.rows < 1))
        f->way->refuse(f, VGRAD_E_FORMAT, NULL, "batches that make no group");
    f->way->close(f);
    if (f->reads && group.batches > 0 && vgrad__fields_fine(f)) {
        f->status = vgrad__slab_create(trainer->network, &trainer->group.mean);
        group.mean = trainer->group.mean;
    }
    if (group.batches > 0)
        vgrad__slab_visit(trainer->network, f, "group", &group.mean);
    if (!f->commits)
        return;
    group.mean = trainer->group.mean;
    trainer->group = group;
}

/* Not whether it is stopped: that was asked of another process. */
static void visit_whole(vgrad_trainer *trainer, vgrad__fields *f)
{
    bool running = trainer->running || trainer->resumes;
    vgrad__loss_value validated = trainer->validated;
    vgrad__tally tally = trainer->tally;
    vgrad__visit_flag(f, "running", &running);
    visit_tally(&tally, f, "epoch");
    f->way->open(f, "validated");
    f->way->real(f, "loss", &validated.loss);
    f->way->real(f, "accuracy", &validated.accuracy);
    f->way->close(f);
    if (!f->commits)
        return;
    vgrad__step_begin(trainer, 0);
    trainer->running = false;
    trainer->resumes = running;
    trainer->validated = validated;
    trainer->tally = tally;
}

void vgrad__run_visit(vgrad_trainer *trainer, vgrad__fields *f)
{
    f->way->open(f, "trainer");
    visit_terms(trainer, f);
    visit_settings(trainer, f);
    visit_position(trainer, f);
    visit_group(trainer, f);
    visit_whole(trainer, f);
    vgrad__early_stopping_visit(trainer, f);
    vgrad__plateau_visit(trainer, f);
    f->way->close(f);
}
