/* The learning rate as a function of the updates that were made. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "optimizer/optimizer.h"

static double stair(const vgrad__schedule *schedule, int64_t s, double base)
{
    return base * pow(schedule->figure, (double)(s / schedule->span));
}

static double slope(const vgrad__schedule *schedule, int64_t s, double base)
{
    return base * pow(schedule->figure, (double)s / (double)schedule->span);
}

static double cosine(const vgrad__schedule *schedule, int64_t s, double base)
{
    const double pi = 3.14159265358979323846;
    double done = (double)s / (double)schedule->span, floor = schedule->figure;
    return done < 1 ? floor + (base - floor) * ((1 + cos(pi * done)) / 2) : floor;
}

vgrad_status vgrad__scheduled_rate(const vgrad_optimizer *optimizer, double *rate)
{
    const vgrad__schedule *schedule = &optimizer->schedule;
    double base = optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE];
    int64_t t = optimizer->updates;
    if (schedule->users) {
        *rate = schedule->users(t, base, schedule->user);
        if (!vgrad__number_fits(*rate, 0, HUGE_VAL, false))
            return vgrad__fail(VGRAD_E_CALLBACK,
                               "schedule: rates at least 0, got %g for update %lld", *rate,
                               (long long)t);
    } else if (t < schedule->warmup) {
        *rate = base * ((double)(t + 1) / (double)schedule->warmup);
    } else {
        *rate = schedule->rate ? schedule->rate(schedule, t - schedule->warmup, base) : base;
    }
    return VGRAD_OK;
}

/* Words stand in files, and are never changed. */
static const struct {
    const char *word;
    double (*rate)(const vgrad__schedule *schedule, int64_t s, double base);
} shapes[] = {
    { "constant", NULL }, { "step", stair }, { "exponential", slope }, { "cosine", cosine }
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const char *word_of(const vgrad__schedule *schedule)
{
    int i = 0;
    while (i < SHAPES - 1 && shapes[i].rate != schedule->rate)
        i++;
    return shapes[i].word;
}

/* Warm-up, span and figure of one of the library's own. */
static void visit_shape(vgrad__schedule *schedule, vgrad__fields *f)
{
    char word[VGRAD__WORD_SIZE];
    int known = 0;
    snprintf(word, sizeof word, "%s", word_of(schedule));
    f->way->text(f, "kind", word, sizeof word);
    while (known < SHAPES && strcmp(shapes[known].word, word) != 0)
        known++;
    if (known == SHAPES)
        f->way->refuse(f, VGRAD_E_FORMAT, "kind", "no schedule is called that");
    else
        schedule->rate = shapes[known].rate;
    f->way->integer(f, "warmup", &schedule->warmup, 0, INT64_MAX);
    f->way->integer(f, "span", &schedule->span, schedule->rate ? 1 : 0, INT64_MAX);
    vgrad__visit_number(f, "figure", &schedule->figure, 0, DBL_MAX);
}

/* A function of the user's must be there already: no file has it. */
void vgrad__schedule_visit(vgrad_optimizer *optimizer, vgrad__fields *f)
{
    vgrad__schedule schedule = optimizer->schedule;
    f->way->open(f, "schedule");
    bool users = schedule.users != NULL;
    vgrad__visit_flag(f, "users", &users);
    if (users != (schedule.users != NULL))
        f->way->refuse(f, VGRAD_E_INVALID, "users",
                       users ? "the run had a function of the user's" : "the run had none");
    else if (!users)
        visit_shape(&schedule, f);
    f->way->close(f);
    if (f->commits)
        optimizer->schedule = schedule;
}

static vgrad_status set_schedule(vgrad_optimizer *optimizer, const vgrad__schedule *schedule)
{
    if (!optimizer)
        return vgrad__fail_null("optimizer");
    if (schedule->warmup < 0)
        return vgrad__fail(VGRAD_E_INVALID, "warmup: at least 0, got %lld",
                           (long long)schedule->warmup);
    if (vgrad__check_not_in_layer(optimizer->network) != VGRAD_OK)
        return VGRAD_E_STATE;
    optimizer->schedule = *schedule;
    return VGRAD_OK;
}

vgrad_status vgrad_optimizer_schedule_constant(vgrad_optimizer *optimizer, int64_t warmup)
{
    return set_schedule(optimizer, &(vgrad__schedule){ .warmup = warmup });
}

static vgrad_status check_factor(int64_t every, double factor)
{
    if (every < 1)
        return vgrad__fail(VGRAD_E_INVALID, "every: at least 1, got %lld", (long long)every);
    if (!(factor > 0 && factor <= 1))
        return vgrad__fail(VGRAD_E_INVALID, "factor: in (0, 1], got %g", factor);
    return VGRAD_OK;
}

vgrad_status vgrad_optimizer_schedule_step(vgrad_optimizer *optimizer, int64_t warmup,
                                           int64_t every, double factor)
{
    const vgrad__schedule schedule = {
        .rate = stair, .warmup = warmup, .span = every, .figure = factor
    };
    vgrad_status status = check_factor(every, factor);
    return status == VGRAD_OK ? set_schedule(optimizer, &schedule) : status;
}

vgrad_status vgrad_optimizer_schedule_exponential(vgrad_optimizer *optimizer, int64_t warmup,
                                                  int64_t every, double factor)
{
    const vgrad__schedule schedule = {
        .rate = slope, .warmup = warmup, .span = every, .figure = factor
    };
    vgrad_status status = check_factor(every, factor);
    return status == VGRAD_OK ? set_schedule(optimizer, &schedule) : status;
}

vgrad_status vgrad_optimizer_schedule_cosine(vgrad_optimizer *optimizer, int64_t warmup,
                                             int64_t total, double final_rate)
{
    if (warmup >= 0 && total <= warmup)
        return vgrad__fail(VGRAD_E_INVALID, "total: above the warmup of %lld, got %lld",
                           (long long)warmup, (long long)total);
    if (!vgrad__number_fits(final_rate, 0, HUGE_VAL, false))
        return vgrad__fail(VGRAD_E_INVALID, "final_rate: at least 0, got %g", final_rate);
    const vgrad__schedule schedule = { .rate = cosine,
                                       .warmup = warmup,
                                       .span = warmup < 0 ? 1 : total - warmup,
                                       .figure = final_rate };
    return set_schedule(optimizer, &schedule);
}

vgrad_status vgrad_optimizer_schedule_user(vgrad_optimizer *optimizer, vgrad_schedule schedule,
                                           void *user)
{
    if (!schedule)
        return vgrad__fail_null("schedule");
    return set_schedule(optimizer, &(vgrad__schedule){ .users = schedule, .user = user });
}
