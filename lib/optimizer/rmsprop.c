/* RMSprop: the gradient over the root of its running mean square. */
/* SPDX-License-Identifier: MIT */
#include "optimizer/optimizer.h"

static void apply(const vgrad_optimizer *optimizer, const vgrad__range *range)
{
    const double *options = optimizer->options;
    vgrad__rmsprop p = { .rate = optimizer->rate,
                         .rho = options[VGRAD_OPTIMIZER_RHO],
                         .momentum = options[VGRAD_OPTIMIZER_MOMENTUM],
                         .epsilon = options[VGRAD_OPTIMIZER_EPSILON],
                         .epsilon_inside = options[VGRAD_OPTIMIZER_EPSILON_INSIDE] != 0 };
    optimizer->network->kernels->rmsprop(range->parameters, range->gradients, range->states[0],
                                         p.momentum == 0 ? NULL : range->states[1], range->updates,
                                         range->count, &p);
}

const vgrad__rule vgrad__rule_rmsprop = {
    .name = "rmsprop",
    .kind = VGRAD_RMSPROP,
    .states = 2,
    .velocity = 1,
    .options = { { VGRAD_OPTIMIZER_RHO, 0.9 },
                 { VGRAD_OPTIMIZER_MOMENTUM, 0 },
                 { VGRAD_OPTIMIZER_EPSILON, 1e-7 },
                 { VGRAD_OPTIMIZER_EPSILON_INSIDE, 0 } },
    .apply = apply,
};
