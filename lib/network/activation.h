/* Activations: names, and their passes over a layer's rows. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_ACTIVATION_H
#define VGRAD_NETWORK_ACTIVATION_H

#include "network/network.h"

/* VGRAD_OK if the layer's activation is one, and can work on rows of its shape; for a layer whose
   shape is being found, since z is kept where backward will need it. */
vgrad_status vgrad__activation_check(vgrad_layer *layer);
/* The layer's alpha: as it was set, or what goes with its activation. */
double vgrad__alpha(const vgrad_layer *layer);
/* The highest that its activation can take. */
double vgrad__alpha_most(const vgrad_layer *layer);

/* a = f(z), block by block, taking the moments of both that are wanted. */
void vgrad__activate(vgrad_layer *layer);
/* delta = f'(z) dL/da likewise; if the loss gave the delta, only its moments. */
void vgrad__activate_backward(vgrad_layer *layer);

/* forward and backward of a layer whose z is what its input gives (layers/activate.c). */
vgrad_status vgrad__activate_input(vgrad_layer *layer);
vgrad_status vgrad__activate_input_backward(vgrad_layer *layer);

#endif
