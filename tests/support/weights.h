/* A network with every kind of weight there is, and what is in it. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_WEIGHTS_H
#define VGRAD_TESTS_WEIGHTS_H

#include <vgrad/vgrad.h>

#include "runner.h"

enum { WEIGHTS_INPUTS = 4 * 5 * 2, WEIGHTS_OUTPUTS = 2, WEIGHTS_MOST = 1000 };

/* Images (4, 5, 2); conv2d (3 filters of 3 x 2), batch_norm; flatten, dropout, batch_norm_1; hidden
   (dense, 6), layer_norm; again (dense, 6), once more as dense by vgrad_share(); last (2). All
   weights are different numbers that float16 holds. */
vgrad_network *weights_network(vgrad_dtype dtype, vgrad_context *context);
/* All weights, layer by layer; how many. */
int weights_of(const vgrad_network *network, double *weights);
/* As weights_network() left them. */
void assert_weights_begun(const vgrad_network *network);
/* Gives every weight another value. */
void weights_disturb(vgrad_network *network);

#endif
