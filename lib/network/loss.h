/* Losses: what they want of a network and of y, and their value and gradient for a batch. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_LOSS_H
#define VGRAD_NETWORK_LOSS_H

#include <stdbool.h>
#include <vgrad/trainer.h>

#include "network/network.h"

typedef struct vgrad__loss_value {
    double loss;     /* mean over the rows */
    double accuracy; /* NaN where it has no meaning */
} vgrad__loss_value;

/* VGRAD_OK if there is such a loss and the network has the outputs it needs. */
vgrad_status vgrad__loss_check(vgrad_loss loss, const vgrad_network *network);
/* VGRAD_OK if y may be `width` wide. */
vgrad_status vgrad__loss_check_width(vgrad_loss loss, const vgrad_network *network, int64_t width);

/*
 * The loss of the batch that went forward, against y of as many rows; with `gradient`, also the
 * gradient that backward starts from.
 */
vgrad_status vgrad__loss_compute(vgrad_loss loss, vgrad_network *network, const vgrad_tensor *y,
                                 bool gradient, vgrad__loss_value *value);

#endif
