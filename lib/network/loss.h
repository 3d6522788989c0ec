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

/* VGRAD_OK if there is such a loss and the output has the units it needs. */
vgrad_status vgrad__loss_check(vgrad_loss loss, const vgrad_layer *output);

/* VGRAD_OK if there are `count` classes that can have weights. */
vgrad_status vgrad__loss_check_classes(vgrad_loss loss, const vgrad_network *network,
                                       int64_t count);

/* Its name in words. */
const char *vgrad__loss_name(vgrad_loss loss);

/* A loss with its settings. */
typedef struct vgrad__loss_terms {
    vgrad_loss loss;
    double huber_delta;
    double weight;               /* of this output among several */
    const double *class_weights; /* one for each class; NULL: all alike */
} vgrad__loss_terms;

/* VGRAD_OK if y may be `width` wide. The terms here and below: one for each output. */
vgrad_status vgrad__loss_check_width(const vgrad__loss_terms *terms, const vgrad_network *network,
                                     int64_t width);

/*
 * The loss of the batch that went forward, against y of as many rows, each with its weight (NULL:
 * 1); with `gradient`, also the gradient that backward starts from.
 */
vgrad_status vgrad__loss_compute(const vgrad__loss_terms *terms, vgrad_network *network,
                                 const vgrad_tensor *y, const double *row_weights, bool gradient,
                                 vgrad__loss_value *value);
/* Backward shall start from dL/da of the user's own. */
vgrad_status vgrad__loss_take_gradient(vgrad_network *network, const vgrad_tensor *gradient);

#endif
