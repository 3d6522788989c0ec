/* Nadam: Adam that looks ahead as Nesterov's momentum does. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "optimizer/optimizer.h"

/* b(t) of vgrad_optimizer_kind. */
static double momentum_at(const vgrad_optimizer *optimizer, double t)
{
    const double *options = optimizer->options;
    double shrunk = pow(0.96, options[VGRAD_OPTIMIZER_MOMENTUM_DECAY] * t);
    return options[VGRAD_OPTIMIZER_BETA1] * (1 - shrunk / 2);
}

static void begin(vgrad_optimizer *optimizer)
{
    optimizer->product *= momentum_at(optimizer, (double)optimizer->updates);
}

static void apply(const vgrad_optimizer *optimizer, const vgrad__range *range)
{
    const double *options = optimizer->options;
    double t = (double)optimizer->updates, product = optimizer->product;
    double now = momentum_at(optimizer, t), next = momentum_at(optimizer, t + 1);
    vgrad__nadam p = { .rate = optimizer->rate,
                       .beta1 = options[VGRAD_OPTIMIZER_BETA1],
                       .beta2 = options[VGRAD_OPTIMIZER_BETA2],
                       .epsilon = options[VGRAD_OPTIMIZER_EPSILON],
                       .of_mean = next / (1 - product * next),
                       .of_gradient = (1 - now) / (1 - product),
                       .second_correction = 1 - pow(options[VGRAD_OPTIMIZER_BETA2], t) };
    optimizer->network->kernels->nadam(range->parameters, range->gradients, range->states[0],
                                       range->states[1], range->updates, range->count, &p);
}

const vgrad__rule vgrad__rule_nadam = {
    .name = "nadam",
    .kind = VGRAD_NADAM,
    .states = 2,
    .velocity = -1,
    .options = { { VGRAD_OPTIMIZER_BETA1, 0.9 },
                 { VGRAD_OPTIMIZER_BETA2, 0.999 },
                 { VGRAD_OPTIMIZER_EPSILON, 1e-7 },
                 { VGRAD_OPTIMIZER_MOMENTUM_DECAY, 0.004 } },
    .begin = begin,
    .apply = apply,
};
