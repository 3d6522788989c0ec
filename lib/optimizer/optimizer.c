/* The life of an optimizer, and its options. */
/* SPDX-License-Identifier: MIT */
#include "optimizer/optimizer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static const vgrad__rule *const rules[] = {
    &vgrad__rule_sgd,   &vgrad__rule_rmsprop, &vgrad__rule_adam,
    &vgrad__rule_adamw, &vgrad__rule_nadam,   &vgrad__rule_adagrad,
};

static const double below_one = 1.0 - DBL_EPSILON / 2;

/* By vgrad_optimizer_option; what has no name is no option. `common`: every rule has it. */
static const struct {
    const char *name;
    double low, high;
    bool whole, common;
    const char *range;
} options[VGRAD__OPTIONS_MAX] = {
    [VGRAD_OPTIMIZER_LEARNING_RATE] = { "learning_rate", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_OPTIMIZER_MOMENTUM] = { "momentum", 0, below_one, false, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_NESTEROV] = { "nesterov", 0, 1, true, false, "0 or 1" },
    [VGRAD_OPTIMIZER_RHO] = { "rho", 0, below_one, false, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_BETA1] = { "beta1", 0, below_one, false, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_BETA2] = { "beta2", 0, below_one, false, false, "in [0, 1)" },
    [VGRAD_OPTIMIZER_EPSILON] = { "epsilon", (double)FLT_MIN, DBL_MAX, false, false,
                                  "at least 2^-126" },
    [VGRAD_OPTIMIZER_EPSILON_INSIDE] = { "epsilon_inside", 0, 1, true, false, "0 or 1" },
    [VGRAD_OPTIMIZER_WEIGHT_DECAY] = { "weight_decay", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_OPTIMIZER_DECAY_COUPLED] = { "decay_coupled", 0, 1, true, true, "0 or 1" },
    [VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM] = { "clip_global_norm", 0, DBL_MAX, false, true,
                                           "at least 0" },
    [VGRAD_OPTIMIZER_CLIP_LAYER_NORM] = { "clip_layer_norm", 0, DBL_MAX, false, true,
                                          "at least 0" },
    [VGRAD_OPTIMIZER_CLIP_VALUE] = { "clip_value", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_OPTIMIZER_CLIP_EPSILON] = { "clip_epsilon", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_OPTIMIZER_EPSILON_HAT] = { "epsilon_hat", 0, 1, true, false, "0 or 1" },
    [VGRAD_OPTIMIZER_DECAY_BIASES] = { "decay_biases", 0, 1, true, true, "0 or 1" },
    [VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR] = { "initial_accumulator", 0, DBL_MAX, false, false,
                                              "at least 0" },
    [VGRAD_OPTIMIZER_MOMENTUM_DECAY] = { "momentum_decay", 0, DBL_MAX, false, false, "at least 0" },
};

/* ---- life ---- */

static const vgrad__rule *find_rule(vgrad_optimizer_kind kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i]->kind == kind)
            return rules[i];
    return NULL;
}

static vgrad_status check_value(vgrad_optimizer_option option, double value)
{
    if (vgrad__number_fits(value, options[option].low, options[option].high, options[option].whole))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "%s: %s, got %g", options[option].name,
                       options[option].range, value);
}

vgrad_status vgrad_optimizer_create(vgrad_optimizer **out, vgrad_network *network,
                                    vgrad_optimizer_kind kind, double learning_rate)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = vgrad__check_built(network);
    if (status == VGRAD_OK && !find_rule(kind))
        status = vgrad__fail(VGRAD_E_INVALID, "kind: no optimizer %d", (int)kind);
    if (status == VGRAD_OK)
        status = check_value(VGRAD_OPTIMIZER_LEARNING_RATE, learning_rate);
    if (status != VGRAD_OK)
        return status;
    vgrad_optimizer *optimizer = vgrad__allocate(network->context, 1, sizeof *optimizer);
    if (!optimizer)
        return VGRAD_E_MEMORY;
    optimizer->references = 1;
    optimizer->network = vgrad__network_hold(network);
    optimizer->rule = find_rule(kind);
    optimizer->product = 1;
    optimizer->options[VGRAD_OPTIMIZER_LEARNING_RATE] = learning_rate;
    for (const vgrad__rule_option *o = optimizer->rule->options; o->option; o++)
        optimizer->options[o->option] = o->initial;
    optimizer->scratch =
        vgrad__allocate(network->context, VGRAD__SCRATCH_ELEMENTS, vgrad__element_size(network));
    if (!optimizer->scratch)
        status = VGRAD_E_MEMORY;
    for (int32_t i = 0; i < optimizer->rule->states && status == VGRAD_OK; i++)
        status = vgrad__slab_create(network, &optimizer->states[i]);
    if (status == VGRAD_OK)
        *out = optimizer;
    else
        vgrad_optimizer_destroy(optimizer);
    return status;
}

vgrad_optimizer *vgrad__optimizer_hold(vgrad_optimizer *optimizer)
{
    vgrad__hold(&optimizer->references);
    return optimizer;
}

void vgrad_optimizer_destroy(vgrad_optimizer *optimizer)
{
    if (!optimizer || !vgrad__let_go(&optimizer->references))
        return;
    vgrad_network *network = optimizer->network;
    for (int32_t i = 0; i < VGRAD__STATES_MAX; i++)
        vgrad__slab_destroy(network, &optimizer->states[i]);
    vgrad__release(network->context, optimizer->scratch, VGRAD__SCRATCH_ELEMENTS,
                   vgrad__element_size(network));
    vgrad__release(network->context, optimizer, 1, sizeof *optimizer);
    vgrad_network_destroy(network);
}

/* ---- options ---- */

/* Of an option that there is. */
static bool has_option(const vgrad_optimizer *optimizer, vgrad_optimizer_option option)
{
    bool has = options[option].common;
    for (const vgrad__rule_option *o = optimizer->rule->options; o->option && !has; o++)
        has = o->option == option;
    return has;
}

static vgrad_status check_option(const vgrad_optimizer *optimizer, vgrad_optimizer_option option)
{
    if (!optimizer)
        return vgrad__fail_null("optimizer");
    if ((int)option < 0 || (int)option >= VGRAD__OPTIONS_MAX || !options[option].name)
        return vgrad__fail(VGRAD_E_INVALID, "option: no optimizer option %d", (int)option);
    if (has_option(optimizer, option))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "option: %s has no %s", optimizer->rule->name,
                       options[option].name);
}

vgrad_status vgrad_optimizer_set(vgrad_optimizer *optimizer, vgrad_optimizer_option option,
                                 double value)
{
    vgrad_status status = check_option(optimizer, option);
    if (status == VGRAD_OK)
        status = check_value(option, value);
    if (status == VGRAD_OK)
        status = vgrad__clip_check(optimizer, option, value);
    if (status == VGRAD_OK)
        status = vgrad__check_not_in_layer(optimizer->network);
    if (status != VGRAD_OK)
        return status;
    optimizer->options[option] = value;
    if (option == VGRAD_OPTIMIZER_MOMENTUM && value == 0) /* rules then leave v as it is */
        memset(optimizer->states[optimizer->rule->velocity].data, 0,
               (size_t)optimizer->network->slab_count * vgrad__element_size(optimizer->network));
    return VGRAD_OK;
}

/* ---- what a run is made of ---- */

static void visit_options(const vgrad_optimizer *optimizer, vgrad__fields *f,
                          double values[VGRAD__OPTIONS_MAX])
{
    f->way->open(f, "options");
    for (int i = 0; i < VGRAD__OPTIONS_MAX; i++) {
        const vgrad_optimizer_option option = (vgrad_optimizer_option)i;
        if (!options[i].name || !has_option(optimizer, option))
            continue;
        f->way->real(f, options[i].name, &values[i]);
        if (check_value(option, values[i]) != VGRAD_OK)
            f->way->refuse(f, VGRAD_E_FORMAT, options[i].name, options[i].range);
    }
    f->way->close(f);
}

void vgrad__optimizer_visit(vgrad_optimizer *optimizer, vgrad__fields *f)
{
    double values[VGRAD__OPTIONS_MAX];
    int64_t updates = optimizer->updates;
    double product = optimizer->product;
    memcpy(values, optimizer->options, sizeof values);
    f->way->open(f, "optimizer");
    vgrad__visit_same_text(f, "rule", optimizer->rule->name);
    visit_options(optimizer, f, values);
    vgrad__schedule_visit(optimizer, f);
    f->way->integer(f, "updates", &updates, 0, INT64_MAX - 1);
    f->way->real(f, "product", &product);
    for (int32_t i = 0; i < optimizer->rule->states; i++) {
        char word[VGRAD__WORD_SIZE];
        snprintf(word, sizeof word, "optimizer_%d", (int)i);
        vgrad__slab_visit(optimizer->network, f, word, &optimizer->states[i]);
    }
    f->way->close(f);
    if (!f->commits)
        return;
    memcpy(optimizer->options, values, sizeof values);
    optimizer->updates = updates;
    optimizer->product = product;
}

double vgrad_optimizer_get(const vgrad_optimizer *optimizer, vgrad_optimizer_option option)
{
    double rate;
    if (check_option(optimizer, option) != VGRAD_OK)
        return (double)NAN;
    if (option != VGRAD_OPTIMIZER_LEARNING_RATE)
        return optimizer->options[option];
    return vgrad__scheduled_rate(optimizer, &rate) == VGRAD_OK ? rate : (double)NAN;
}
