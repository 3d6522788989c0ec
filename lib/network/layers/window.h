/* What layers that move a window over images share. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_LAYERS_WINDOW_H
#define VGRAD_NETWORK_LAYERS_WINDOW_H

#include "network/network.h"

/* VGRAD_OK if the rows of the layer's input are images. */
vgrad_status vgrad__image_check(const vgrad_layer *layer);
/*
 * Completes layer->window, of which the constructor has set the window's size, from the input and
 * the options. `what` is the window's word in error texts.
 */
vgrad_status vgrad__window_fit(vgrad_layer *layer, const char *what);
/* The input's dL/da, to be added to: zeros if nothing is in it yet; NULL if it needs none. */
void *vgrad__image_gradient(vgrad_layer *in);

#endif
