/* What the numeric tests share. */
/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <math.h>
#include <stdlib.h>

dice dice_from(uint64_t seed)
{
    return (dice){ (seed + 1) * 0x9e3779b97f4a7c15u };
}

/* xorshift64* (Vigna 2016). */
uint64_t dice_bits(dice *d)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * 0x2545f4914f6cdd1du;
}

double dice_uniform(dice *d, double from, double to)
{
    return from + (to - from) * (double)(dice_bits(d) >> 11) * 0x1p-53;
}

int dice_below(dice *d, int n)
{
    return (int)((dice_bits(d) >> 33) % (uint64_t)n);
}

vgrad_network *chain_network(const chain *c, vgrad_layer **output)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, c->dtype));
    assert_ok(vgrad_network_set_seed(network, c->seed));
    vgrad_layer *layer = vgrad_input(network, c->inputs);
    for (int i = 0; i < c->count; i++)
        layer = vgrad_dense(layer, c->units[i], c->activations[i]);
    *output = layer;
    return network;
}

rig rig_around(vgrad_network *network, vgrad_loss loss, vgrad_optimizer_kind kind, double rate)
{
    rig r = { .network = network };
    assert_ok(vgrad_optimizer_create(&r.optimizer, network, kind, rate));
    assert_ok(vgrad_trainer_create(&r.trainer, network, loss, r.optimizer));
    return r;
}

rig rig_create(const chain *c, vgrad_loss loss, vgrad_optimizer_kind kind, double rate)
{
    vgrad_layer *output;
    vgrad_network *network = chain_network(c, &output);
    assert_ok(vgrad_network_build(network, output));
    return rig_around(network, loss, kind, rate);
}

void rig_destroy(rig *r)
{
    vgrad_trainer_destroy(r->trainer);
    vgrad_optimizer_destroy(r->optimizer);
    vgrad_network_destroy(r->network);
}

double rig_gradients(rig *r, const double *x, int64_t x_width, const double *y, int64_t y_width,
                     int64_t rows)
{
    vgrad_tensor view;
    double loss;
    assert_ok(vgrad_trainer_forward(r->trainer,
                                    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, rows, x_width)));
    assert_ok(vgrad_trainer_loss(
        r->trainer, vgrad_tensor_matrix(&view, y, VGRAD_FLOAT64, rows, y_width), &loss));
    assert_ok(vgrad_trainer_backward(r->trainer));
    return loss;
}

vgrad_layer *dense_layer(const vgrad_network *network, int index)
{
    return vgrad_network_layer(network, index);
}

double *doubles_of(const vgrad_tensor *tensor)
{
    ck_assert_msg(tensor != NULL, "%s", vgrad_last_error());
    int64_t count = vgrad_tensor_count(tensor);
    double *values = malloc((size_t)(count + 1) * sizeof *values);
    assert_ok(vgrad_tensor_copy(tensor, values, VGRAD_FLOAT64, count));
    return values;
}

void set_parameter(vgrad_layer *layer, vgrad_role role, const double *values)
{
    const vgrad_tensor *old = vgrad_layer_tensor(layer, role);
    vgrad_tensor view;
    ck_assert_ptr_nonnull(
        vgrad_tensor_view(&view, values, VGRAD_FLOAT64, old->rank, old->shape, NULL));
    assert_ok(vgrad_layer_set_tensor(layer, role, &view));
}

double distance(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

double norm(const double *a, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}
