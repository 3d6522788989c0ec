/* Adagrad: the gradient over the root of the sum of its squares. */
/* SPDX-License-Identifier: MIT */
#include "optimizer/optimizer.h"

/* The state is the sum without the initial accumulator, so that this may be set at any time. */
static void apply(const vgrad_optimizer *optimizer, const vgrad__range *range)
{
    const double *options = optimizer->options;
    vgrad__adagrad p = { .rate = optimizer->rate,
                         .initial = options[VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR],
                         .epsilon = options[VGRAD_OPTIMIZER_EPSILON],
                         .epsilon_inside = options[VGRAD_OPTIMIZER_EPSILON_INSIDE] != 0 };
    optimizer->network->kernels->adagrad(range->parameters, range->gradients, range->states[0],
                                         range->updates, range->count, &p);
}

const vgrad__rule vgrad__rule_adagrad = {
    .name = "adagrad",
    .kind = VGRAD_ADAGRAD,
    .states = 1,
    .velocity = -1,
    .options = { { VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR, 0.1 },
                 { VGRAD_OPTIMIZER_EPSILON, 1e-7 },
                 { VGRAD_OPTIMIZER_EPSILON_INSIDE, 0 } },
    .apply = apply,
};
