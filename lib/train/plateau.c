/* The ready-made learning rate that goes down where the loss no longer does. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/number.h"
#include "train/trainer.h"

typedef struct vgrad__plateau {
    vgrad_trainer *trainer;
    double factor, min_delta, min_rate;
    int64_t patience, cooldown;
    double best;
    int64_t wait;    /* epochs without an improvement */
    int64_t cooling; /* epochs that are still let pass */
} vgrad__plateau;

static void begin(vgrad__plateau *plateau)
{
    plateau->best = (double)INFINITY;
    plateau->wait = plateau->cooling = 0;
}

static vgrad_status reduce(vgrad__plateau *plateau, int64_t epoch)
{
    /* Not vgrad_optimizer_get(): what is scaled is the rate that was set. */
    vgrad_optimizer *optimizer = plateau->trainer->optimizer;
    double rate = optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE];
    if (!(rate > plateau->min_rate))
        return VGRAD_OK;
    plateau->cooling = plateau->cooldown;
    plateau->wait = 0;
    rate = fmax(rate * plateau->factor, plateau->min_rate);
    vgrad__log_line(optimizer->network->context, VGRAD_LOG_INFO,
                    "plateau: after epoch %lld the learning rate is %.9g", (long long)epoch + 1,
                    rate);
    return vgrad_optimizer_set(optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, rate);
}

static int32_t on_event(const vgrad_event *event, void *user)
{
    vgrad__plateau *plateau = user;
    if (event->kind == VGRAD_TRAIN_BEGIN) {
        if (!event->trainer->resumes)
            begin(plateau);
        return VGRAD_OK;
    }
    double loss = vgrad__watched_loss(plateau->trainer, event);
    plateau->cooling -= plateau->cooling > 0;
    if (loss < plateau->best - plateau->min_delta) {
        plateau->best = loss;
        plateau->wait = 0;
    } else if (plateau->cooling == 0 && ++plateau->wait >= plateau->patience) {
        return (int32_t)reduce(plateau, event->epoch);
    }
    return VGRAD_OK;
}

void vgrad__plateau_visit(vgrad_trainer *trainer, vgrad__fields *f)
{
    if (!vgrad__visit_same_presence(f, "plateau", trainer->plateau != NULL))
        return;
    vgrad__plateau copy = *trainer->plateau;
    f->way->open(f, "plateau");
    vgrad__visit_number(f, "factor", &copy.factor, DBL_MIN, 1 - DBL_EPSILON / 2);
    vgrad__visit_number(f, "min_delta", &copy.min_delta, 0, DBL_MAX);
    vgrad__visit_number(f, "min_rate", &copy.min_rate, 0, DBL_MAX);
    f->way->integer(f, "patience", &copy.patience, 0, INT64_MAX);
    f->way->integer(f, "cooldown", &copy.cooldown, 0, INT64_MAX);
    f->way->real(f, "best", &copy.best);
    f->way->integer(f, "wait", &copy.wait, 0, INT64_MAX - 1);
    f->way->integer(f, "cooling", &copy.cooling, 0, INT64_MAX);
    f->way->close(f);
    if (f->commits)
        *trainer->plateau = copy;
}

void vgrad__plateau_release(vgrad_trainer *trainer)
{
    vgrad__release(trainer->network->context, trainer->plateau, 1, sizeof *trainer->plateau);
}

static vgrad_status check(const vgrad__plateau *settings)
{
    const struct {
        const char *name;
        double value;
    } sizes[] = { { "min_delta", settings->min_delta }, { "min_rate", settings->min_rate } };
    const struct {
        const char *name;
        int64_t value;
    } counts[] = { { "patience", settings->patience }, { "cooldown", settings->cooldown } };
    if (!(settings->factor > 0 && settings->factor < 1))
        return vgrad__fail(VGRAD_E_INVALID, "factor: between 0 and 1, got %g", settings->factor);
    for (int i = 0; i < 2; i++) {
        if (!vgrad__number_fits(sizes[i].value, 0, (double)INFINITY, false))
            return vgrad__fail(VGRAD_E_INVALID, "%s: finite, at least 0, got %g", sizes[i].name,
                               sizes[i].value);
        if (counts[i].value < 0)
            return vgrad__fail(VGRAD_E_INVALID, "%s: at least 0, got %lld", counts[i].name,
                               (long long)counts[i].value);
    }
    return VGRAD_OK;
}

vgrad_status vgrad_trainer_reduce_on_plateau(vgrad_trainer *trainer, double factor,
                                             int64_t patience, double min_delta, int64_t cooldown,
                                             double min_rate)
{
    const vgrad__plateau settings = { .trainer = trainer,
                                      .factor = factor,
                                      .min_delta = min_delta,
                                      .min_rate = min_rate,
                                      .patience = patience,
                                      .cooldown = cooldown };
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK)
        status = check(&settings);
    if (status != VGRAD_OK)
        return status;
    vgrad__plateau *plateau = vgrad__ready_made(trainer, trainer->plateau, sizeof *plateau,
                                                VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_END, on_event);
    if (!plateau)
        return VGRAD_E_MEMORY;
    *plateau = settings;
    trainer->plateau = plateau;
    begin(plateau);
    return VGRAD_OK;
}
