/* Passes: forward, backward, those on the side, and where one went wrong. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_PASS_H
#define VGRAD_NETWORK_PASS_H

#include "network/network.h"

/* VGRAD_OK if x is a batch that this network can take: shape (rows, inputs). */
vgrad_status vgrad__check_batch(const vgrad_network *network, const vgrad_tensor *x);
/* VGRAD_OK if rows may be `width` wide. */
vgrad_status vgrad__check_input_width(const vgrad_network *network, int64_t width);
/* Runs x, (rows, inputs), through all layers; `training`: as layers such as dropout do it then.
   Ends whatever pass was there. */
vgrad_status vgrad__forward(vgrad_network *network, const vgrad_tensor *x, bool training);
/* After a loss with gradient: all gradients. */
vgrad_status vgrad__backward(vgrad_network *network);
/* As if backward had made these: a slab like that of the gradients. */
void vgrad__gradients_put(vgrad_network *network, const void *gradients);
/* Observers are told of the parameters' gradients, which are those of the update to come. */
void vgrad__gradients_tell(vgrad_network *network);
/* The end of a step: gradients may no longer be read. */
void vgrad__end_step(vgrad_network *network);

/* VGRAD_E_STATE where a pass on the side would spoil one that waits for its backward. */
vgrad_status vgrad__check_pass(const vgrad_network *network);
/* Passes between these two are on the side: nobody observes them, and complete gradients survive
   them. A forward that waited for its backward does not. */
typedef struct vgrad__aside {
    vgrad__phase phase;
    int64_t pass;
    bool watched;
} vgrad__aside;
vgrad__aside vgrad__step_aside(vgrad_network *network);
void vgrad__step_back(vgrad_network *network, const vgrad__aside *aside);

/* Where the first NaN or Inf of a pass stands, in the order in which things are computed. */
typedef struct vgrad__culprit {
    const vgrad_layer *layer; /* NULL: there is none */
    vgrad_role role;
    int64_t row, column;
    double value;
} vgrad__culprit;
vgrad__culprit vgrad__find_odd_activation(const vgrad_network *network);
vgrad__culprit vgrad__find_odd_gradient(const vgrad_network *network);

#endif
