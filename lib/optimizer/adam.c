/* Adam, in both of its forms, and AdamW: the same rule, whose weights decay unless told not to. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "optimizer/optimizer.h"

static void apply(const vgrad_optimizer *optimizer, const vgrad__range *range)
{
    const double *options = optimizer->options;
    double t = (double)optimizer->updates;
    double beta1 = options[VGRAD_OPTIMIZER_BETA1], beta2 = options[VGRAD_OPTIMIZER_BETA2];
    double first = 1 - pow(beta1, t), second = 1 - pow(beta2, t);
    bool hat = options[VGRAD_OPTIMIZER_EPSILON_HAT] != 0;
    double rate = optimizer->rate / first;
    vgrad__adam p = { .rate = hat ? rate * sqrt(second) : rate,
                      .beta1 = beta1,
                      .beta2 = beta2,
                      .epsilon = options[VGRAD_OPTIMIZER_EPSILON],
                      .second_correction = hat ? 1 : second };
    optimizer->network->kernels->adam(range->parameters, range->gradients, range->states[0],
                                      range->states[1], range->updates, range->count, &p);
}

const vgrad__rule vgrad__rule_adam = {
    .name = "adam",
    .kind = VGRAD_ADAM,
    .states = 2,
    .velocity = -1,
    .options = { { VGRAD_OPTIMIZER_BETA1, 0.9 },
                 { VGRAD_OPTIMIZER_BETA2, 0.999 },
                 { VGRAD_OPTIMIZER_EPSILON, 1e-7 },
                 { VGRAD_OPTIMIZER_EPSILON_HAT, 1 } },
    .apply = apply,
};

const vgrad__rule vgrad__rule_adamw = {
    .name = "adamw",
    .kind = VGRAD_ADAMW,
    .states = 2,
    .velocity = -1,
    .options = { { VGRAD_OPTIMIZER_BETA1, 0.9 },
                 { VGRAD_OPTIMIZER_BETA2, 0.999 },
                 { VGRAD_OPTIMIZER_EPSILON, 1e-7 },
                 { VGRAD_OPTIMIZER_EPSILON_HAT, 1 },
                 { VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.004 } },
    .apply = apply,
};
