/* A folder of checkpoints: written while a run goes on, and the newest of them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/checkpoint.h>

#include "base/status.h"
#include "record/checkpoint.h"

enum { NAME_SIZE = 64 };
static const char prefix[] = "checkpoint-", suffix[] = ".safetensors", temporary[] = ".tmp",
                  best_name[] = "best.safetensors";

typedef struct folder {
    vgrad_context *context;
    const vgrad__files *files;
    char *path; /* NULL: not there */
    size_t size;
} folder;

/* What vgrad_trainer_checkpoint() was told. */
typedef struct checkpoints {
    folder folder;
    int64_t every_epochs, every_steps, keep;
    uint32_t flags;
    double best; /* loss of the best epoch so far */
} checkpoints;

/* ---- paths ---- */

static vgrad_status folder_open(folder *f, const char *path, vgrad_context *context)
{
    *f = (folder){ context, vgrad__context_files(context), NULL, strlen(path) + 1 };
    f->path = vgrad__allocate(context, f->size, 1);
    if (!f->path)
        return VGRAD_E_MEMORY;
    memcpy(f->path, path, f->size);
    return VGRAD_OK;
}

static void folder_close(folder *f)
{
    vgrad__release(f->context, f->path, f->size, 1);
}

static vgrad_status fail(const char *path, const char *what, int64_t failure)
{
    vgrad__shown shown;
    char text[VGRAD__ERRNO_TEXT];
    return vgrad__fail(VGRAD_E_IO, "%s: %s: %s", vgrad__path_shown(path, shown), what,
                       vgrad__errno_text(failure, text));
}

/* Calls `use` with the path of a file in the folder. */
static vgrad_status with_path(const folder *f, const char *name,
                              vgrad_status (*use)(const char *path, void *user), void *user)
{
    const size_t size = f->size + strlen(name) + 1;
    char *path = vgrad__allocate(f->context, size, 1);
    if (!path)
        return VGRAD_E_MEMORY;
    snprintf(path, size, "%s/%s", f->path, name);
    vgrad_status status = use(path, user);
    vgrad__release(f->context, path, size, 1);
    return status;
}

static vgrad_status remove_file(const char *path, void *user)
{
    const folder *f = user;
    const int64_t result = f->files->remove(f->files, path);
    return result < 0 ? fail(path, "cannot remove", result) : VGRAD_OK;
}

/* ---- names ---- */

typedef struct names {
    vgrad_context *context;
    char (*all)[NAME_SIZE];
    size_t count, capacity;
    bool (*wanted)(const char *name);
    vgrad_status status;
} names;

static bool begins_with(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool ends_with(const char *name, const char *with)
{
    const size_t length = strlen(name), tail = strlen(with);
    return length >= tail && strcmp(name + length - tail, with) == 0;
}

/* checkpoint-EPOCH-STEP.safetensors */
static bool is_checkpoint(const char *name)
{
    static const char digits[] = "0123456789";
    if (strlen(name) >= NAME_SIZE || !begins_with(name, prefix))
        return false;
    const char *at = name + strlen(prefix);
    const size_t epoch = strspn(at, digits);
    at += epoch;
    if (epoch == 0 || *at++ != '-')
        return false;
    const size_t step = strspn(at, digits);
    return step > 0 && strcmp(at + step, suffix) == 0;
}

static bool is_checkpoint_or_best(const char *name)
{
    return is_checkpoint(name) || strcmp(name, best_name) == 0;
}

/* What a process that was killed has left. */
static bool is_left_over(const char *name)
{
    return strlen(name) < NAME_SIZE && ends_with(name, temporary) &&
           (begins_with(name, prefix) || begins_with(name, best_name));
}

static void take_name(const char *name, void *user)
{
    names *n = user;
    if (n->status != VGRAD_OK || !n->wanted(name))
        return;
    n->status = vgrad__grow(n->context, (void **)&n->all, n->count, &n->capacity, sizeof *n->all);
    if (n->status == VGRAD_OK)
        memcpy(n->all[n->count++], name, strlen(name) + 1);
}

/* Longer numbers are larger ones. */
static int by_age(const void *a, const void *b)
{
    const size_t of_a = strlen(a), of_b = strlen(b);
    return of_a != of_b ? (of_a < of_b ? -1 : 1) : strcmp(a, b);
}

/* The wanted names, the oldest first; ended by names_release(), also on failure. */
static vgrad_status names_list(const folder *f, names *n, bool (*wanted)(const char *name))
{
    *n = (names){ .context = f->context, .wanted = wanted };
    vgrad__shown shown;
    const int64_t result = f->files->list(f->files, f->path, take_name, n);
    if (result == -ENOENT)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "%s: there is no such directory",
                           vgrad__path_shown(f->path, shown));
    if (result < 0)
        return fail(f->path, "cannot list", result);
    if (n->count > 0)
        qsort(n->all, n->count, sizeof *n->all, by_age);
    return n->status;
}

static void names_release(names *n)
{
    vgrad__release(n->context, n->all, n->capacity, sizeof *n->all);
}

/* ---- writing ---- */

typedef struct saving {
    vgrad_trainer *trainer;
    double loss;
} saving;

static vgrad_status save(const char *path, void *user)
{
    const saving *s = user;
    return vgrad__checkpoint_save(s->trainer, path, s->loss);
}

/* The oldest go, but never the one that was just written. */
static vgrad_status forget_old(checkpoints *c, const char *newest)
{
    names n;
    vgrad_status status = names_list(&c->folder, &n, is_checkpoint);
    for (size_t i = 0; status == VGRAD_OK && (int64_t)(n.count - i) > c->keep; i++)
        if (strcmp(n.all[i], newest) != 0)
            status = with_path(&c->folder, n.all[i], remove_file, &c->folder);
    names_release(&n);
    return status;
}

static vgrad_status save_next(checkpoints *c, const vgrad_event *event, double loss)
{
    char name[NAME_SIZE];
    saving s = { event->trainer, loss };
    snprintf(name, sizeof name, "%s%08lld-%012lld%s", prefix, (long long)event->trainer->at.epoch,
             (long long)event->trainer->at.steps, suffix);
    vgrad_status status = with_path(&c->folder, name, save, &s);
    return status == VGRAD_OK && c->keep > 0 ? forget_old(c, name) : status;
}

static vgrad_status at_epoch_end(checkpoints *c, const vgrad_event *event)
{
    saving s = { event->trainer, vgrad__watched_loss(event->trainer, event) };
    vgrad_status status = VGRAD_OK;
    /* The best one first: a process killed between the two comes to this epoch again. */
    if (c->flags & VGRAD_CHECKPOINT_BEST && s.loss < c->best) {
        status = with_path(&c->folder, best_name, save, &s);
        c->best = status == VGRAD_OK ? s.loss : c->best;
    }
    if (status == VGRAD_OK && c->every_epochs > 0 &&
        event->trainer->at.epoch % c->every_epochs == 0)
        status = save_next(c, event, s.loss);
    return status;
}

static vgrad_status at_batch_end(checkpoints *c, const vgrad_event *event)
{
    const bool due = c->every_steps > 0 && event->step % c->every_steps == 0;
    return due && !event->trainer->step.skip ? save_next(c, event, (double)NAN) : VGRAD_OK;
}

static vgrad_status read_best(const char *path, void *user)
{
    checkpoints *c = user;
    return vgrad__checkpoint_verify(path, c->folder.context, &c->best);
}

/* A run that begins has the folder for itself; one that goes on knows how good the best one was. */
static vgrad_status at_train_begin(checkpoints *c, const vgrad_event *event)
{
    names n;
    vgrad__shown shown;
    if (event->step > 0) {
        if (!(c->flags & VGRAD_CHECKPOINT_BEST))
            return VGRAD_OK;
        if (with_path(&c->folder, best_name, read_best, c) != VGRAD_OK || isnan(c->best)) {
            c->best = (double)INFINITY;
            vgrad__log_line(c->folder.context, VGRAD_LOG_WARNING,
                            "checkpoint: no best one to go on from: %s", vgrad_last_error());
        }
        return VGRAD_OK;
    }
    c->best = (double)INFINITY;
    /* A best one alone is what a process leaves that was killed before its first checkpoint. */
    const bool best_alone = c->every_epochs == 0 && c->every_steps == 0;
    vgrad_status status =
        names_list(&c->folder, &n, best_alone ? is_checkpoint_or_best : is_checkpoint);
    if (status == VGRAD_OK && n.count > 0)
        status =
            vgrad__fail(VGRAD_E_STATE,
                        "%s: another run's checkpoints are there, such as %s; load one, or take "
                        "another directory",
                        vgrad__path_shown(c->folder.path, shown), n.all[0]);
    names_release(&n);
    return status;
}

static int32_t on_event(const vgrad_event *event, void *user)
{
    checkpoints *c = user;
    vgrad_status status;
    if (event->kind == VGRAD_TRAIN_BEGIN)
        return (int32_t)at_train_begin(c, event);
    status = event->kind == VGRAD_EPOCH_END ? at_epoch_end(c, event) : at_batch_end(c, event);
    if (status == VGRAD_OK || !(c->flags & VGRAD_CHECKPOINT_GO_ON))
        return (int32_t)status;
    vgrad__log_line(c->folder.context, VGRAD_LOG_WARNING, "checkpoint: not written: %s",
                    vgrad_last_error());
    return VGRAD_OK;
}

/* ---- the listener ---- */

static void release(vgrad_context *context, void *user)
{
    checkpoints *c = user;
    folder_close(&c->folder);
    vgrad__release(context, c, 1, sizeof *c);
}

static vgrad_status check(const char *directory, int64_t every_epochs, int64_t every_steps,
                          int64_t keep, uint32_t flags)
{
    const uint32_t all = VGRAD_CHECKPOINT_BEST | VGRAD_CHECKPOINT_GO_ON;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = { { "every_epochs", every_epochs },
                   { "every_steps", every_steps },
                   { "keep", keep } };
    if (!directory)
        return vgrad__fail_null("directory");
    for (int i = 0; i < 3; i++)
        if (counts[i].value < 0)
            return vgrad__fail(VGRAD_E_INVALID, "%s: at least 0, got %lld", counts[i].name,
                               (long long)counts[i].value);
    if (flags & ~all)
        return vgrad__fail(VGRAD_E_INVALID, "flags: no VGRAD_CHECKPOINT_ bits 0x%x",
                           (unsigned)(flags & ~all));
    if (every_epochs == 0 && every_steps == 0 && !(flags & VGRAD_CHECKPOINT_BEST))
        return vgrad__fail(VGRAD_E_INVALID, "every_epochs: 0, and so is every_steps: never");
    return VGRAD_OK;
}

/* The folder is there, and nothing left over in it. */
static vgrad_status prepare(folder *f)
{
    names n;
    const int64_t made = f->files->make_folder(f->files, f->path);
    if (made < 0 && made != -EEXIST)
        return fail(f->path, "cannot make this directory", made);
    vgrad_status status = names_list(f, &n, is_left_over);
    for (size_t i = 0; i < n.count && status == VGRAD_OK; i++)
        status = with_path(f, n.all[i], remove_file, f);
    names_release(&n);
    return status == VGRAD_E_NOT_FOUND ? fail(f->path, "cannot list", -ENOENT) : status;
}

vgrad_status vgrad_trainer_checkpoint(vgrad_trainer *trainer, const char *directory,
                                      int64_t every_epochs, int64_t every_steps, int64_t keep,
                                      uint32_t flags)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK)
        status = check(directory, every_epochs, every_steps, keep, flags);
    if (status != VGRAD_OK)
        return status;
    vgrad_context *context = trainer->network->context;
    checkpoints *c = vgrad__allocate(context, 1, sizeof *c);
    if (!c)
        return VGRAD_E_MEMORY;
    *c = (checkpoints){ .every_epochs = every_epochs,
                        .every_steps = every_steps,
                        .keep = keep,
                        .flags = flags,
                        .best = (double)INFINITY };
    const vgrad__listener listener = { .events =
                                           VGRAD_TRAIN_BEGIN | VGRAD_BATCH_END | VGRAD_EPOCH_END,
                                       .every = 1,
                                       .callback = on_event,
                                       .user = c,
                                       .ready_made = true,
                                       .last = true,
                                       .release = release };
    status = folder_open(&c->folder, directory, context);
    if (status == VGRAD_OK)
        status = prepare(&c->folder);
    if (status == VGRAD_OK)
        status = vgrad__listen(trainer, &listener);
    if (status != VGRAD_OK)
        release(context, c);
    return status;
}

/* ---- the newest ---- */

static vgrad_status verify(const char *path, void *user)
{
    double loss = (double)NAN;
    return vgrad__checkpoint_verify(path, user, &loss);
}

/* NULL: none of them. */
static const char *find_readable(const folder *f, const names *n, vgrad_status *status)
{
    for (size_t i = n->count; i-- > 0;) {
        *status = with_path(f, n->all[i], verify, f->context);
        if (*status == VGRAD_OK)
            return n->all[i];
        if (*status == VGRAD_E_MEMORY)
            return NULL;
        vgrad__log_line(f->context, VGRAD_LOG_WARNING, "checkpoint: passed over: %s",
                        vgrad_last_error());
    }
    return NULL;
}

static vgrad_status find_latest(const folder *f, char *path, size_t capacity)
{
    names n;
    vgrad__shown shown;
    vgrad_status status = names_list(f, &n, is_checkpoint), read = VGRAD_OK;
    const char *found = status == VGRAD_OK ? find_readable(f, &n, &read) : NULL;
    if (status == VGRAD_OK && read != VGRAD_OK && !found && read != VGRAD_E_MEMORY &&
        read != VGRAD_E_UNSUPPORTED)
        status = VGRAD_E_NOT_FOUND; /* with the text of the oldest */
    else if (status == VGRAD_OK && !found)
        status = read != VGRAD_OK ? read
                                  : vgrad__fail(VGRAD_E_NOT_FOUND, "%s: no checkpoints",
                                                vgrad__path_shown(f->path, shown));
    const size_t size = found ? f->size + strlen(found) + 1 : 0;
    if (found && size > capacity)
        status = vgrad__fail(VGRAD_E_INVALID, "capacity: at least %zu, got %zu", size, capacity);
    else if (found)
        snprintf(path, capacity, "%s/%s", f->path, found);
    names_release(&n);
    return status;
}

vgrad_status vgrad_checkpoint_latest(const char *directory, char *path, size_t capacity,
                                     vgrad_context *context)
{
    folder f;
    if (!directory || !path)
        return vgrad__fail_null(directory ? "path" : "directory");
    if (capacity < 1)
        return vgrad__fail(VGRAD_E_INVALID, "capacity: at least 1, got 0");
    path[0] = '\0';
    vgrad_status status = folder_open(&f, directory, context);
    if (status == VGRAD_OK)
        status = find_latest(&f, path, capacity);
    folder_close(&f);
    return status;
}
