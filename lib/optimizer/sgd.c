/* Stochastic gradient descent, with momentum and Nesterov's look ahead. */
/* SPDX-License-Identifier: MIT */
#include "optimizer/optimizer.h"

static void apply(const vgrad_optimizer *optimizer, const vgrad__range *range)
{
    const vgrad__kernels *kernels = optimizer->network->kernels;
    double rate = optimizer->rate;
    double momentum = optimizer->options[VGRAD_OPTIMIZER_MOMENTUM];
    if (momentum == 0)
        kernels->sgd(range->parameters, range->gradients, range->updates, range->count, rate);
    else
        kernels->momentum(range->parameters, range->gradients, range->states[0], range->updates,
                          range->count, rate, momentum,
                          optimizer->options[VGRAD_OPTIMIZER_NESTEROV] != 0);
}

const vgrad__rule vgrad__rule_sgd = {
    .name = "sgd",
    .kind = VGRAD_SGD,
    .states = 1,
    .velocity = 0,
    .options = { { VGRAD_OPTIMIZER_MOMENTUM, 0 }, { VGRAD_OPTIMIZER_NESTEROV, 0 } },
    .apply = apply,
};
