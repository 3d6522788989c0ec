/* One table of activations, and the passes over a layer's rows that use it. */
/* SPDX-License-Identifier: MIT */
#include "network/activation.h"

#include <math.h>
#include <string.h>

#include "tensor/tensor.h"

/* Elements of a block: it stays in the first-level cache while its moments are taken. */
enum { BLOCK_ELEMENTS = 1024 };

/* A run of values that an activation is taken of: whole rows of a layer, or any numbers. */
typedef struct block {
    const vgrad__kernels *kernels;
    size_t element_size;
    double alpha;
    int64_t columns;     /* of the last axis, over which a softmax goes */
    int64_t rows, count; /* of a layer, and values in them */
} block;

static void linear(const block *b, const void *z, void *a)
{
    if (a != z)
        memcpy(a, z, (size_t)b->count * b->element_size);
}

static void linear_backward(const block *b, const void *a, const void *z, const void *da,
                            void *delta)
{
    (void)z;
    (void)a;
    linear(b, da, delta);
}

static void sigmoid(const block *b, const void *z, void *a)
{
    b->kernels->sigmoid(z, a, (size_t)b->count);
}

static void sigmoid_backward(const block *b, const void *a, const void *z, const void *da,
                             void *delta)
{
    (void)z;
    b->kernels->sigmoid_backward(a, da, delta, (size_t)b->count);
}

static void hyperbolic_tangent(const block *b, const void *z, void *a)
{
    b->kernels->tanh(z, a, (size_t)b->count);
}

static void hyperbolic_tangent_backward(const block *b, const void *a, const void *z,
                                        const void *da, void *delta)
{
    (void)z;
    b->kernels->tanh_backward(a, da, delta, (size_t)b->count);
}

static void relu(const block *b, const void *z, void *a)
{
    b->kernels->relu(z, a, (size_t)b->count, 0.0);
}

static void relu_backward(const block *b, const void *a, const void *z, const void *da, void *delta)
{
    (void)z;
    b->kernels->relu_backward(a, da, delta, (size_t)b->count, 0.0);
}

static void leaky_relu(const block *b, const void *z, void *a)
{
    b->kernels->relu(z, a, (size_t)b->count, b->alpha);
}

static void leaky_relu_backward(const block *b, const void *a, const void *z, const void *da,
                                void *delta)
{
    (void)z;
    b->kernels->relu_backward(a, da, delta, (size_t)b->count, b->alpha);
}

static void softmax(const block *b, const void *z, void *a)
{
    b->kernels->softmax(z, a, (size_t)(b->count / b->columns), (size_t)b->columns);
}

static void softmax_backward(const block *b, const void *a, const void *z, const void *da,
                             void *delta)
{
    (void)z;
    b->kernels->softmax_backward(a, da, delta, (size_t)(b->count / b->columns), (size_t)b->columns);
}

static void elu(const block *b, const void *z, void *a)
{
    b->kernels->elu(z, a, (size_t)b->count, 1.0, b->alpha);
}

static void elu_backward(const block *b, const void *a, const void *z, const void *da, void *delta)
{
    (void)z;
    b->kernels->elu_backward(a, da, delta, (size_t)b->count, 1.0, b->alpha);
}

/* lambda and lambda alpha of Klambauer et al. 2017, which keep mean 0 and variance 1. */
static const double selu_slope = 1.0507009873554804934193349852946;
static const double selu_factor = 1.7580993408473768599402175208123;

static void selu(const block *b, const void *z, void *a)
{
    b->kernels->elu(z, a, (size_t)b->count, selu_slope, selu_factor);
}

static void selu_backward(const block *b, const void *a, const void *z, const void *da, void *delta)
{
    (void)z;
    b->kernels->elu_backward(a, da, delta, (size_t)b->count, selu_slope, selu_factor);
}

static void gelu(const block *b, const void *z, void *a)
{
    b->kernels->gelu(z, a, (size_t)b->count);
}

static void gelu_backward(const block *b, const void *a, const void *z, const void *da, void *delta)
{
    (void)a;
    b->kernels->gelu_backward(z, da, delta, (size_t)b->count);
}

static void gelu_tanh(const block *b, const void *z, void *a)
{
    b->kernels->gelu_tanh(z, a, (size_t)b->count);
}

static void gelu_tanh_backward(const block *b, const void *a, const void *z, const void *da,
                               void *delta)
{
    (void)a;
    b->kernels->gelu_tanh_backward(z, da, delta, (size_t)b->count);
}

static void silu(const block *b, const void *z, void *a)
{
    b->kernels->silu(z, a, (size_t)b->count);
}

static void silu_backward(const block *b, const void *a, const void *z, const void *da, void *delta)
{
    (void)a;
    b->kernels->silu_backward(z, da, delta, (size_t)b->count);
}

static void softplus(const block *b, const void *z, void *a)
{
    b->kernels->softplus(z, a, (size_t)b->count);
}

static void softplus_backward(const block *b, const void *a, const void *z, const void *da,
                              void *delta)
{
    (void)z;
    b->kernels->softplus_backward(a, da, delta, (size_t)b->count);
}

static void softsign(const block *b, const void *z, void *a)
{
    b->kernels->softsign(z, a, (size_t)b->count);
}

static void softsign_backward(const block *b, const void *a, const void *z, const void *da,
                              void *delta)
{
    (void)z;
    b->kernels->softsign_backward(a, da, delta, (size_t)b->count);
}

static const struct {
    const char *name;
    void (*forward)(const block *b, const void *z, void *a);
    /* z is a's memory unless reads_z. */
    void (*backward)(const block *b, const void *a, const void *z, const void *da, void *delta);
    bool reads_z;
} activations[] = {
    [VGRAD_LINEAR] = { "linear", linear, linear_backward, false },
    [VGRAD_SIGMOID] = { "sigmoid", sigmoid, sigmoid_backward, false },
    [VGRAD_TANH] = { "tanh", hyperbolic_tangent, hyperbolic_tangent_backward, false },
    [VGRAD_RELU] = { "relu", relu, relu_backward, false },
    [VGRAD_LEAKY_RELU] = { "leaky_relu", leaky_relu, leaky_relu_backward, false },
    [VGRAD_SOFTMAX] = { "softmax", softmax, softmax_backward, false },
    [VGRAD_ELU] = { "elu", elu, elu_backward, false },
    [VGRAD_SELU] = { "selu", selu, selu_backward, false },
    [VGRAD_GELU] = { "gelu", gelu, gelu_backward, true },
    [VGRAD_GELU_TANH] = { "gelu_tanh", gelu_tanh, gelu_tanh_backward, true },
    [VGRAD_SILU] = { "silu", silu, silu_backward, true },
    [VGRAD_SOFTPLUS] = { "softplus", softplus, softplus_backward, false },
    [VGRAD_SOFTSIGN] = { "softsign", softsign, softsign_backward, false },
};

enum { ACTIVATIONS = sizeof activations / sizeof *activations };

bool vgrad__activation_exists(vgrad_activation activation)
{
    return (int)activation >= 0 && (int)activation < ACTIVATIONS;
}

static int64_t last_size(const vgrad_layer *layer)
{
    return layer->shape[layer->rank - 1];
}

vgrad_status vgrad__activation_check(vgrad_layer *layer)
{
    if (!vgrad__activation_exists(layer->activation))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": no activation %d%s", layer->name,
                           (int)layer->activation,
                           (int)layer->activation == -1 ? " (a word that is none?)" : "");
    if (layer->activation == VGRAD_SOFTMAX && last_size(layer) < 2)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": softmax over one unit is always 1",
                           layer->name);
    layer->keeps_z |= activations[layer->activation].reads_z;
    return VGRAD_OK;
}

/* `alpha`, or what goes with the activation if it is NaN. */
static double alpha_of(vgrad_activation activation, double alpha)
{
    const double leaky_relu_default = 0.2, elu_default = 1.0;
    return alpha == alpha ? alpha : activation == VGRAD_ELU ? elu_default : leaky_relu_default;
}

double vgrad__alpha(const vgrad_layer *layer)
{
    return alpha_of(layer->activation, layer->options[VGRAD_LAYER_ALPHA]);
}

double vgrad__alpha_most(const vgrad_layer *layer)
{
    const double elu_most = 1e30; /* so that no float32 overflows */
    return layer->activation == VGRAD_ELU ? elu_most : 1.0;
}

const char *vgrad_activation_name(vgrad_activation activation)
{
    return vgrad__activation_exists(activation) ? activations[activation].name : "unknown";
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

bool vgrad__activation_bends(vgrad_activation activation)
{
    return activation != VGRAD_LINEAR && activation != VGRAD_SOFTMAX;
}

static void fill_with_ones(const vgrad_network *network, void *values, int64_t count)
{
    float *f32 = values;
    double *f64 = values;
    if (network->dtype == VGRAD_FLOAT32)
        for (int64_t i = 0; i < count; i++)
            f32[i] = 1;
    else
        for (int64_t i = 0; i < count; i++)
            f64[i] = 1;
}

/* Where a is NaN, so is f': a ReLU's backward may well say 0 or 1. */
static void blot_out(const vgrad_network *network, const void *a, int64_t count, double *out)
{
    for (int64_t i = 0; i < count; i++) {
        double value;
        vgrad__convert(vgrad__at(network, a, i), network->dtype, &value, VGRAD_FLOAT64, 1);
        out[i] = isnan(value) ? value : out[i];
    }
}

/* delta = f'(z) dL/da with a dL/da of 1. */
vgrad_status vgrad__derivative(const vgrad_layer *layer, int64_t first, int64_t count, double *out)
{
    const vgrad_network *network = layer->network;
    double ones[BLOCK_ELEMENTS], part[BLOCK_ELEMENTS];
    vgrad_status status = VGRAD_OK;
    fill_with_ones(network, ones, count < BLOCK_ELEMENTS ? count : BLOCK_ELEMENTS);
    for (int64_t done = 0; done < count && status == VGRAD_OK; done += BLOCK_ELEMENTS) {
        const int64_t some = count - done < BLOCK_ELEMENTS ? count - done : BLOCK_ELEMENTS;
        const block b = { .kernels = network->kernels,
                          .element_size = vgrad__element_size(network),
                          .alpha = vgrad__alpha(layer),
                          .count = some };
        const void *z = vgrad__at(network, layer->memory.z, first + done);
        const void *a = vgrad__at(network, layer->memory.a, first + done);
        if (layer->own.df)
            status = vgrad__user_derivative(layer, z, part, some);
        else
            activations[layer->activation].backward(&b, a, z, ones, part);
        vgrad__convert(part, network->dtype, out + done, VGRAD_FLOAT64, some);
        if (!network->kernels->all_finite(a, (size_t)some))
            blot_out(network, a, some, out + done);
    }
    return status;
}

/* The block of rows from `row` on. */
static block block_at(const vgrad_layer *layer, int64_t row)
{
    const vgrad_network *network = layer->network;
    int64_t rows = layer->width < BLOCK_ELEMENTS ? BLOCK_ELEMENTS / layer->width : 1;
    rows = network->rows - row < rows ? network->rows - row : rows;
    return (block){ .kernels = network->kernels,
                    .element_size = vgrad__element_size(network),
                    .alpha = vgrad__alpha(layer),
                    .columns = last_size(layer),
                    .rows = rows,
                    .count = rows * layer->width };
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
        const void *z = vgrad__at(network, layer->memory.z, first);
        const void *da = vgrad__at(network, layer->memory.da, first);
        void *delta = vgrad__at(network, layer->memory.delta, first);
        measure(&b, da, of_da);
        if (!fused)
            activations[layer->activation].backward(&b, a, z, da, delta);
        measure(&b, delta, of_delta);
    }
}

vgrad_status vgrad__activation_values(vgrad_activation activation, double alpha, const double *z,
                                      size_t n, double *f, double *df)
{
    const block b = { .kernels = vgrad__kernels_for(VGRAD_FLOAT64),
                      .element_size = sizeof *z,
                      .alpha = alpha_of(activation, alpha),
                      .count = (int64_t)n };
    if (!vgrad__activation_exists(activation))
        return vgrad__fail(VGRAD_E_INVALID, "activation: no activation %d", (int)activation);
    if (activation == VGRAD_SOFTMAX)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "activation: softmax is not element-wise");
    activations[activation].forward(&b, z, f);
    for (size_t i = 0; i < n; i++)
        df[i] = 1; /* dL/da, of which backward makes f' in place */
    activations[activation].backward(&b, f, z, df, df);
    return VGRAD_OK;
}

vgrad_status vgrad__activation_at(const vgrad_layer *layer, const double *z, size_t n, double *f,
                                  double *df)
{
    return layer->own.f ? vgrad__user_activation_at(layer, z, n, f, df)
                        : vgrad__activation_values(layer->activation,
                                                   layer->options[VGRAD_LAYER_ALPHA], z, n, f, df);
}

/* Where f' is looked for: no activation is steepest farther out. */
enum { PLACES = 401 };
static const double farthest = 10;

static void fill_places(double *z)
{
    for (int i = 0; i < PLACES; i++)
        z[i] = farthest * (2.0 * i / (PLACES - 1) - 1);
}

static double largest(const double *df)
{
    double most = 0;
    for (int i = 0; i < PLACES; i++)
        most = fabs(df[i]) > most ? fabs(df[i]) : most;
    return most > 0 ? most : 1;
}

double vgrad__steepest(vgrad_activation activation)
{
    double z[PLACES], f[PLACES], df[PLACES];
    fill_places(z);
    if (!vgrad__activation_bends(activation))
        return 1;
    vgrad__activation_values(activation, (double)NAN, z, PLACES, f, df);
    return largest(df);
}

double vgrad__steepest_of(const vgrad_layer *layer)
{
    double z[PLACES], f[PLACES], df[PLACES];
    fill_places(z);
    if (!layer->own.df && !vgrad__activation_bends(layer->activation))
        return 1;
    return vgrad__activation_at(layer, z, PLACES, f, df) == VGRAD_OK ? largest(df) : 1;
}
