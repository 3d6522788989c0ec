/*
 * Batch normalisation: z = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.
 * Ioffe and Szegedy, "Batch Normalization" (2015).
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "network/activation.h"
#include "network/network.h"

/* What a pass leaves in memory.saved, a figure for each channel: in double, so that a channel with
   a mean of 10^4 and a deviation of 1 loses nothing in float32. */
typedef struct statistics {
    double *mean, *inverse; /* that normalise; inverse = 1 / sqrt(variance + epsilon) */
    double *variance;       /* of the batch, biased */
    double *of_batch;       /* one figure: 1 if they are the batch's, 0 if the moving ones */
    int64_t channels, samples;
} statistics;

static statistics statistics_of(const vgrad_layer *layer)
{
    const int64_t channels = layer->shape[layer->rank - 1];
    double *saved = layer->memory.saved;
    return (statistics){ .mean = saved,
                         .inverse = saved + channels,
                         .variance = saved + 2 * channels,
                         .of_batch = saved + 3 * channels,
                         .channels = channels,
                         .samples = layer->network->rows * (layer->width / channels) };
}

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    const int64_t channels = in->shape[in->rank - 1];
    const vgrad__parameter gamma = { VGRAD_GAMMA, 1, { channels }, 1, 1 };
    const vgrad__parameter beta = { VGRAD_BETA, 1, { channels }, 1, 1 };
    const vgrad__state mean = { VGRAD_MOVING_MEAN, channels, 0, 0 };
    const vgrad__state variance = { VGRAD_MOVING_VARIANCE, channels, 1, 0 };
    vgrad__layer_add_parameter(layer, &gamma);
    vgrad__layer_add_parameter(layer, &beta);
    vgrad__layer_add_state(layer, &mean);
    vgrad__layer_add_state(layer, &variance);
    layer->saved_fixed = vgrad__room_of_doubles(layer->network, 3 * channels + 1);
    layer->scratch = vgrad__room_of_doubles(layer->network, 2 * channels);
    return vgrad__layer_set_shape(layer, in->rank, in->shape);
}

/* Chooses mean and variance: the batch's in training, else the moving ones. */
static vgrad_status choose_statistics(const vgrad_layer *layer, const statistics *s)
{
    const vgrad_network *network = layer->network;
    const bool of_batch = network->training && layer->trainable;
    if (of_batch && s->samples < 2)
        return vgrad__fail(VGRAD_E_INVALID,
                           "layer \"%s\": %lld sample of a channel has no variance to train on; an "
                           "epoch's last batch counts too (VGRAD_TRAINER_ACROSS_EPOCHS)",
                           layer->name, (long long)s->samples);
    if (of_batch) {
        network->kernels->column_moments(layer->inputs[0]->memory.a, (size_t)s->samples,
                                         (size_t)s->channels, s->mean, s->variance);
    } else {
        vgrad__convert(vgrad__state_data(layer, VGRAD_MOVING_MEAN), network->dtype, s->mean,
                       VGRAD_FLOAT64, s->channels);
        vgrad__convert(vgrad__state_data(layer, VGRAD_MOVING_VARIANCE), network->dtype, s->variance,
                       VGRAD_FLOAT64, s->channels);
    }
    *s->of_batch = of_batch;
    for (int64_t j = 0; j < s->channels; j++)
        s->inverse[j] = 1 / sqrt(s->variance[j] + layer->options[VGRAD_LAYER_EPSILON]);
    return VGRAD_OK;
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const statistics s = statistics_of(layer);
    vgrad_status status = choose_statistics(layer, &s);
    if (status != VGRAD_OK)
        return status;
    network->kernels->normalize_columns(
        layer->inputs[0]->memory.a, (size_t)s.samples, (size_t)s.channels, s.mean, s.inverse,
        vgrad__parameter_in(layer, &network->parameters, VGRAD_GAMMA),
        vgrad__parameter_in(layer, &network->parameters, VGRAD_BETA), layer->memory.z);
    vgrad__activate(layer);
    return VGRAD_OK;
}

/*
 * dgamma = sum of delta xhat, dbeta = sum of delta, over the N samples of a channel; and where mean
 * and variance are the batch's, and so depend on x themselves,
 * dx = gamma / sqrt(variance + epsilon) (delta - dbeta / N - xhat dgamma / N),
 * else without the last two terms.
 */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    const statistics s = statistics_of(layer);
    const size_t samples = (size_t)s.samples, channels = (size_t)s.channels;
    double *dbeta = network->scratch, *dgamma = dbeta + channels;
    vgrad__activate_backward(layer);
    network->kernels->normalize_columns_sums(in->memory.a, layer->memory.delta, samples, channels,
                                             s.mean, s.inverse, dbeta, dgamma);
    vgrad__convert(dgamma, VGRAD_FLOAT64,
                   vgrad__parameter_in(layer, &network->gradients, VGRAD_GAMMA), network->dtype,
                   s.channels);
    vgrad__convert(dbeta, VGRAD_FLOAT64,
                   vgrad__parameter_in(layer, &network->gradients, VGRAD_BETA), network->dtype,
                   s.channels);
    if (!in->needs_gradient)
        return VGRAD_OK;
    for (size_t j = 0; j < 2 * channels; j++)
        dbeta[j] = *s.of_batch != 0 ? dbeta[j] / (double)samples : 0;
    network->kernels->normalize_columns_backward(
        in->memory.a, layer->memory.delta, samples, channels, s.mean, s.inverse,
        vgrad__parameter_in(layer, &network->parameters, VGRAD_GAMMA), dbeta, dgamma, in->memory.da,
        vgrad__gradient_begun(in));
    return VGRAD_OK;
}

/* moving = (1 - m) moving + m batch */
static void settle(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const statistics s = statistics_of(layer);
    const double share = layer->options[VGRAD_LAYER_MOMENTUM], n = (double)s.samples;
    const double factor = layer->options[VGRAD_LAYER_UNBIASED_VARIANCE] != 0 ? n / (n - 1) : 1;
    if (*s.of_batch == 0)
        return;
    network->kernels->move_statistics(vgrad__state_data(layer, VGRAD_MOVING_MEAN), s.mean,
                                      (size_t)s.channels, share, 1);
    network->kernels->move_statistics(vgrad__state_data(layer, VGRAD_MOVING_VARIANCE), s.variance,
                                      (size_t)s.channels, share, factor);
}

const vgrad__layer_kind vgrad__batch_norm_kind = {
    .name = "batch_norm",
    .family = VGRAD_KIND_NORM,
    .mixes_rows = true,
    .options = { { VGRAD_LAYER_MOMENTUM, 0.1 },
                 { VGRAD_LAYER_EPSILON, 1e-5 },
                 { VGRAD_LAYER_UNBIASED_VARIANCE, 1 } },
    .inputs = 1,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .settle = settle,
};

vgrad_layer *vgrad_batch_norm(vgrad_layer *in)
{
    return vgrad__layer_after(in, &vgrad__batch_norm_kind);
}
