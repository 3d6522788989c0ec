/* Activations: names, and their passes over a layer's rows. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_ACTIVATION_H
#define VGRAD_NETWORK_ACTIVATION_H

#include "network/network.h"

bool vgrad__activation_exists(vgrad_activation activation);

/* a = f(z), block by block, taking the moments of both that are wanted. */
void vgrad__activate(vgrad_layer *layer);
/* delta = f'(z) dL/da likewise; if the loss gave the delta, only its moments. */
void vgrad__activate_backward(vgrad_layer *layer);

#endif
