/* SPDX-License-Identifier: MIT */
#include "weights.h"

static const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_BIAS,        VGRAD_GAMMA,
                                    VGRAD_BETA,   VGRAD_MOVING_MEAN, VGRAD_MOVING_VARIANCE };
enum { ROLES = sizeof roles / sizeof *roles, ROLE_MOST = 300 };

/* The weights that a layer has itself; a layer that shares them shows those of another. */
static const vgrad_tensor *own_tensor(const vgrad_layer *layer, vgrad_role role)
{
    const vgrad_tensor *tensor = vgrad_layer_tensor(layer, role);
    return tensor && tensor->layer == vgrad_layer_index(layer) ? tensor : NULL;
}

/* Sets every weight to a number of its own, from `first` on. */
static void fill(vgrad_network *network, int first)
{
    vgrad_layer *layer;
    int next = first;
    for (int32_t i = 0; (layer = vgrad_network_layer(network, i)) != NULL; i++)
        for (int r = 0; r < ROLES; r++) {
            const vgrad_tensor *tensor = own_tensor(layer, roles[r]);
            double values[ROLE_MOST];
            vgrad_tensor view;
            if (!tensor)
                continue;
            const int64_t count = vgrad_tensor_count(tensor);
            ck_assert_int_le(count, ROLE_MOST);
            for (int64_t k = 0; k < count; k++, next++)
                values[k] = (roles[r] == VGRAD_MOVING_VARIANCE || next % 2 ? 1 : -1) * next / 64.0;
            assert_ok(vgrad_layer_set_tensor(layer, roles[r],
                                             vgrad_tensor_view(&view, values, VGRAD_FLOAT64,
                                                               tensor->rank, tensor->shape, NULL)));
        }
}

vgrad_network *weights_network(vgrad_dtype dtype, vgrad_context *context)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, context));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    vgrad_layer *h = vgrad_conv2d(vgrad_input_image(network, 4, 5, 2), 3, 3, 2, VGRAD_RELU);
    h = vgrad_dropout(vgrad_flatten(vgrad_batch_norm(h)), 0.1);
    h = vgrad_dense(vgrad_batch_norm(h), 6, VGRAD_TANH);
    assert_ok(vgrad_layer_set_name(h, "hidden"));
    h = vgrad_dense(vgrad_layer_norm(h), 6, VGRAD_TANH);
    assert_ok(vgrad_layer_set_name(h, "again"));
    h = vgrad_dense(vgrad_share(h, h), WEIGHTS_OUTPUTS, VGRAD_SOFTMAX);
    assert_ok(vgrad_layer_set_name(h, "last"));
    assert_ok(vgrad_network_build(network, h));
    fill(network, 1);
    return network;
}

int weights_of(const vgrad_network *network, double *weights)
{
    const vgrad_layer *layer;
    int count = 0;
    for (int32_t i = 0; (layer = vgrad_network_layer(network, i)) != NULL; i++)
        for (int r = 0; r < ROLES; r++) {
            const vgrad_tensor *tensor = own_tensor(layer, roles[r]);
            if (!tensor)
                continue;
            assert_ok(
                vgrad_tensor_copy(tensor, weights + count, VGRAD_FLOAT64, WEIGHTS_MOST - count));
            count += (int)vgrad_tensor_count(tensor);
        }
    return count;
}

void assert_weights_begun(const vgrad_network *network)
{
    double found[WEIGHTS_MOST];
    const int count = weights_of(network, found);
    for (int i = 0; i < count; i++)
        ck_assert_msg(found[i] * 64 == i + 1 || found[i] * 64 == -(i + 1), "weight %d: %g", i,
                      found[i]);
}

void weights_disturb(vgrad_network *network)
{
    fill(network, 2);
}
