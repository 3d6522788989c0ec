/* Layers with a kernel and a bias: z (places, units) = what is there W + b. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_LAYERS_AFFINE_H
#define VGRAD_NETWORK_LAYERS_AFFINE_H

#include "network/network.h"

/* The kernel, whose last axis counts the units, and the bias that goes with it unless the option
   says none. Asks for the scratch that the bias's gradient may need, if there is less. */
void vgrad__affine_add_parameters(vgrad_layer *layer, const vgrad__parameter *kernel);

/* Lays the bias into z at `places` places, for the product to be added to. False: there is none,
   and nothing is in z. */
bool vgrad__affine_begin(const vgrad_layer *layer, int64_t units, int64_t places, void *z);

/* db = the sum of delta over all places, added to what is there if it has begun. Uses the scratch.
 */
void vgrad__affine_bias_gradient(const vgrad_layer *layer, int64_t units, bool begun);

#endif
