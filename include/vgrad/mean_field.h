/**
 * @file mean_field.h
 * @brief What becomes of signal and gradient in a network, foretold from its weights alone.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_MEAN_FIELD_H
#define VGRAD_MEAN_FIELD_H

#include <vgrad/layer.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * The prediction of mean field theory, made before training (Poole, Lahiri, Raghu, Sohl-Dickstein
 * and Ganguli 2016, "Exponential Expressivity in Deep Neural Networks Through Transient Chaos";
 * Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017, "Deep Information Propagation").
 *
 * In a wide layer whose weights are independent with mean 0, z is normal, and its mean square q is
 * all there is to know. With E over a normal z of mean 0 and variance 1, and for the layer's own
 * kernel W and bias b
 *
 * sw2 = inputs * mean W^2, sb2 = mean b^2,
 *
 * forward q = sw2 E[f(sqrt(q_before) z)^2] + sb2, where f and q_before are the layer before's; of
 * the first layer, sw2 * input_mean_square + sb2. Backward, with delta = dL/dz over the whole
 * batch, |delta|^2 of a layer is chi times that of the layer after it:
 *
 * chi = sw2_after E[f'(sqrt(q) z)^2].
 *
 * The expectations are integrals that are computed for whatever f is, the user's too. Means of
 * squares are those of the parameters as they are now: they need not be what an initializer gave
 * them, nor as many in one layer as in the next.
 *
 * It is made of dense layers, and of activations, reshapings and dropout (as in training) between
 * and before them, one after the other; several activations in a row count as one f. From a layer
 * of any other kind on there is no prediction, nor after a softmax or for an activation of what was
 * dropped; what comes before has its own all the same. Of a layer that several others read there is
 * q alone.
 *
 * How far to trust it: at a width of 512, as a mean over networks, what is measured lies within 2 %
 * of chi; a single one scatters about it by 1 %, with ReLU by 3 %, narrower ones by more, as
 * 1 / sqrt(width). Weights whose mean is not 0 (VGRAD_INIT_UNIFORM from 0 to 1), and what training
 * made of them, are not what the theory is about: it then says what independent weights of that
 * mean square would do.
 * @since 0.1
 */
typedef struct vgrad_mean_field vgrad_mean_field;

/**
 * Predict. What was predicted stays as it is while the network is trained.
 *
 * @param[out] out          the prediction; NULL on failure.
 * @param network           the network, built. Functions of the user's activations are called.
 * @param input_mean_square mean of x^2 over the batch and its columns, at least 0; 1 for
 *                          standardised data.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_STATE (not built, or in a function of a layer of the
 *         user's); VGRAD_E_CALLBACK; VGRAD_E_MEMORY.
 * @par Lifetime
 * It outlives the network.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_mean_field_create(vgrad_mean_field **out, vgrad_network *network,
                                               double input_mean_square);

/**
 * Give a prediction up.
 *
 * @param field NULL is fine.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_mean_field_destroy(vgrad_mean_field *field);

/**
 * Read one figure of one layer.
 *
 * @param field    the prediction.
 * @param layer    the layer's index, see vgrad_layer_index().
 * @param quantity VGRAD_PREDICTED_Q, _CHI, _LOSS or _DEPTH.
 * @param[out] out the figure; NaN where there is none; untouched on VGRAD_E_INVALID.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_NOT_FOUND (no such layer, an input, or chi and loss of
 *         an output); VGRAD_E_UNSUPPORTED (not to be predicted: vgrad_last_error() says why).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_mean_field_read(const vgrad_mean_field *field, int32_t layer,
                                             vgrad_quantity quantity, double *out);

VGRAD_DECLARATIONS_END

#endif
