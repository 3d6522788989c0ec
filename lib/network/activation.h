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

/* f(z) and f'(z) of n numbers, in double; `alpha` NaN: what goes with the activation. f and df lie
   apart from z. VGRAD_E_UNSUPPORTED for a softmax, which is not element-wise. */
vgrad_status vgrad__activation_values(vgrad_activation activation, double alpha, const double *z,
                                      size_t n, double *f, double *df);
/* The same of a layer of a built network, also where f is the user's: then as exact as the
   network's dtype, and VGRAD_E_CALLBACK if it fails. */
vgrad_status vgrad__activation_at(const vgrad_layer *layer, const double *z, size_t n, double *f,
                                  double *df);
/* The latter case (layers/user_activation.c). */
vgrad_status vgrad__user_activation_at(const vgrad_layer *layer, const double *z, size_t n,
                                       double *f, double *df);

/* forward and backward of a layer whose z is what its input gives (layers/activate.c). */
vgrad_status vgrad__activate_input(vgrad_layer *layer);
vgrad_status vgrad__activate_input_backward(vgrad_layer *layer);

#endif
