/* One table of activations, and the passes over a layer's rows that use it. */
/* SPDX-License-Identifier: MIT */
#include "network/activation.h"

#include <string.h>

/* Elements of a block: it stays in the first-level cache while its moments are taken. */
enum { BLOCK_ELEMENTS = 1024 };

/* A run of whole rows of a layer. */
typedef struct block {
    const vgrad_layer *layer;
    const vgrad__kernels *kernels;
    int64_t rows, count; /* count = rows * width */
} block;

static void linear(const block *b, const void *z, void *a)
{
    if (a != z)
        memcpy(a, z, (size_t)b->count * vgrad__element_size(b->layer->network));
}

static void linear_backward(const block *b, const void *a, const void *da, void *delta)
{
    (void)a;
    linear(b, da, delta);
}

static void sigmoid(const block *b, const void *z, void *a)
{
    b->kernels->sigmoid(z, a, (size_t)b->count);
}

static void sigmoid_backward(const block *b, const void *a, const void *da, void *delta)
{
    b->kernels->sigmoid_backward(a, da, delta, (size_t)b->count);
}

static void hyperbolic_tangent(const block *b, const void *z, void *a)
{
    b->kernels->tanh(z, a, (size_t)b->count);
}

static void hyperbolic_tangent_backward(const block *b, const void *a, const void *da, void *delta)
{
    b->kernels->tanh_backward(a, da, delta, (size_t)b->count);
}

static void relu(const block *b, const void *z, void *a)
{
    b->kernels->relu(z, a, (size_t)b->count, 0.0);
}

static void relu_backward(const block *b, const void *a, const void *da, void *delta)
{
    b->kernels->relu_backward(a, da, delta, (size_t)b->count, 0.0);
}

static void leaky_relu(const block *b, const void *z, void *a)
{
    b->kernels->relu(z, a, (size_t)b->count, vgrad__alpha(b->layer));
}

static void leaky_relu_backward(const block *b, const void *a, const void *da, void *delta)
{
    b->kernels->relu_backward(a, da, delta, (size_t)b->count, vgrad__alpha(b->layer));
}

static void softmax(const block *b, const void *z, void *a)
{
    b->kernels->softmax(z, a, (size_t)b->rows, (size_t)b->layer->width);
}

static void softmax_backward(const block *b, const void *a, const void *da, void *delta)
{
    b->kernels->softmax_backward(a, da, delta, (size_t)b->rows, (size_t)b->layer->width);
}

static const struct {
    const char *name;
    void (*forward)(const block *b, const void *z, void *a);
    void (*backward)(const block *b, const void *a, const void *da, void *delta);
} activations[] = {
    [VGRAD_LINEAR] = { "linear", linear, linear_backward },
    [VGRAD_SIGMOID] = { "sigmoid", sigmoid, sigmoid_backward },
    [VGRAD_TANH] = { "tanh", hyperbolic_tangent, hyperbolic_tangent_backward },
    [VGRAD_RELU] = { "relu", relu, relu_backward },
    [VGRAD_LEAKY_RELU] = { "leaky_relu", leaky_relu, leaky_relu_backward },
    [VGRAD_SOFTMAX] = { "softmax", softmax, softmax_backward },
};

enum { ACTIVATIONS = sizeof activations / sizeof *activations };

static bool exists(vgrad_activation activation)
{
    return (int)activation >= 0 && (int)activation < ACTIVATIONS;
}

vgrad_status vgrad__activation_check(const vgrad_layer *layer)
{
    if (!exists(layer->activation))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": no activation %d%s", layer->name,
                           (int)layer->activation,
                           (int)layer->activation == -1 ? " (a word that is none?)" : "");
    if (layer->activation == VGRAD_SOFTMAX && layer->width < 2)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": softmax over one unit is always 1",
                           layer->name);
    return VGRAD_OK;
}

double vgrad__alpha(const vgrad_layer *layer)
{
    const double leaky_relu_default = 0.2;
    double alpha = layer->options[VGRAD_LAYER_ALPHA];
    return alpha == alpha ? alpha : leaky_relu_default;
}

const char *vgrad_activation_name(vgrad_activation activation)
{
    return exists(activation) ? activations[activation].name : "unknown";
}

int32_t vgrad_activation_find(const char *name)
{
    if (!name) {
        vgrad__fail_null("name");
        return -1;
    }
    for (int i = 0; i < ACTIVATIONS; i++)
        if (strcmp(activations[i].name, name) == 0)
            return i;
    vgrad__fail(VGRAD_E_NOT_FOUND, "name: no activation \"%.100s\"", name);
    return -1;
}

/* The block of rows from `row` on. */
static block block_at(const vgrad_layer *layer, int64_t row)
{
    const vgrad_network *network = layer->network;
    int64_t rows = layer->width < BLOCK_ELEMENTS ? BLOCK_ELEMENTS / layer->width : 1;
    rows = network->rows - row < rows ? network->rows - row : rows;
    return (block){ layer, network->kernels, rows, rows * layer->width };
}

static void measure(const block *b, const void *values, vgrad__moments *moments)
{
    if (moments)
        b->kernels->moments(values, (size_t)b->count, moments);
}

void vgrad__activate(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__moments *of_z = vgrad__moments_wanted(layer, VGRAD_PREACTIVATION);
    vgrad__moments *of_a = vgrad__moments_wanted(layer, VGRAD_ACTIVATION);
    block b;
    for (int64_t row = 0; row < network->rows; row += b.rows) {
        b = block_at(layer, row);
        const void *z = vgrad__at(network, layer->memory.z, row * layer->width);
        void *a = vgrad__at(network, layer->memory.a, row * layer->width);
        measure(&b, z, of_z);
        activations[layer->activation].forward(&b, z, a);
        measure(&b, a, of_a);
    }
}

void vgrad__activate_backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const bool fused = layer->fused;
    vgrad__moments *of_da = fused ? NULL : vgrad__moments_wanted(layer, VGRAD_ACTIVATION_GRADIENT);
    vgrad__moments *of_delta = vgrad__moments_wanted(layer, VGRAD_DELTA);
    if (fused && !of_delta)
        return;
    block b;
    for (int64_t row = 0; row < network->rows; row += b.rows) {
        b = block_at(layer, row);
        int64_t first = row * layer->width;
        const void *a = vgrad__at(network, layer->memory.a, first);
        const void *da = vgrad__at(network, layer->memory.da, first);
        void *delta = vgrad__at(network, layer->memory.delta, first);
        measure(&b, da, of_da);
        if (!fused)
            activations[layer->activation].backward(&b, a, da, delta);
        measure(&b, delta, of_delta);
    }
}
