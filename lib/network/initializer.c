/* The first numbers of parameters. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/random.h"
#include "network/network.h"

/* Arguments beyond it could overflow float32. */
static const double largest = 1e30;

static bool is_usable(double x)
{
    return fabs(x) <= largest;
}

vgrad_status vgrad__initializer_check(vgrad_role parameter, vgrad_initializer kind, double a,
                                      double b)
{
    if ((int)parameter < 0 || (int)parameter >= VGRAD__PARAMETERS_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "parameter: kernel, bias, gamma or beta, got role %d",
                           (int)parameter);
    switch (kind) {
    case VGRAD_INIT_ZEROS:
    case VGRAD_INIT_TORCH_LINEAR: return VGRAD_OK;
    case VGRAD_INIT_CONSTANT:
        if (!is_usable(a))
            return vgrad__fail(VGRAD_E_INVALID, "a: a value within +-1e30, got %g", a);
        return VGRAD_OK;
    case VGRAD_INIT_UNIFORM:
        if (!is_usable(a) || !is_usable(b) || a > b)
            return vgrad__fail(VGRAD_E_INVALID, "a, b: a range within +-1e30, got %g to %g", a, b);
        return VGRAD_OK;
    case VGRAD_INIT_NORMAL:
    case VGRAD_INIT_TRUNCATED_NORMAL:
        if (!is_usable(a) || !is_usable(b) || b < 0)
            return vgrad__fail(VGRAD_E_INVALID,
                               "a, b: mean and standard deviation at least 0, got %g and %g", a, b);
        return VGRAD_OK;
    case VGRAD_INIT_GLOROT_UNIFORM:
    case VGRAD_INIT_GLOROT_NORMAL:
    case VGRAD_INIT_HE_UNIFORM:
    case VGRAD_INIT_HE_NORMAL:
    case VGRAD_INIT_LECUN_UNIFORM:
    case VGRAD_INIT_LECUN_NORMAL:
    case VGRAD_INIT_ORTHOGONAL:
        if (!is_usable(a) || a < 0)
            return vgrad__fail(VGRAD_E_INVALID, "a: a gain, at least 0 (0: 1), got %g", a);
        return VGRAD_OK;
    }
    return vgrad__fail(VGRAD_E_INVALID, "kind: no initializer %d", (int)kind);
}

/* What every kind comes down to: one of three distributions. */
typedef struct distribution {
    enum { UNIFORM, NORMAL, TRUNCATED } kind;
    double a, b; /* from, to; or mean, standard deviation */
} distribution;

static distribution uniform_of_variance(double gain, double variance)
{
    double limit = (gain == 0 ? 1 : gain) * sqrt(3 * variance);
    return (distribution){ UNIFORM, -limit, limit };
}

static distribution normal_of_variance(double gain, double variance)
{
    return (distribution){ NORMAL, 0, (gain == 0 ? 1 : gain) * sqrt(variance) };
}

static distribution distribution_of(const vgrad__initializer *init, double fan_in, double fan_out)
{
    double glorot = 2 / (fan_in + fan_out), he = 2 / fan_in, lecun = 1 / fan_in;
    switch (init->kind) {
    case VGRAD_INIT_ZEROS: break;
    case VGRAD_INIT_CONSTANT: return (distribution){ UNIFORM, init->a, init->a };
    case VGRAD_INIT_UNIFORM: return (distribution){ UNIFORM, init->a, init->b };
    case VGRAD_INIT_NORMAL: return (distribution){ NORMAL, init->a, init->b };
    case VGRAD_INIT_TRUNCATED_NORMAL: return (distribution){ TRUNCATED, init->a, init->b };
    case VGRAD_INIT_GLOROT_UNIFORM: return uniform_of_variance(init->a, glorot);
    case VGRAD_INIT_GLOROT_NORMAL: return normal_of_variance(init->a, glorot);
    case VGRAD_INIT_HE_UNIFORM: return uniform_of_variance(init->a, he);
    case VGRAD_INIT_HE_NORMAL: return normal_of_variance(init->a, he);
    case VGRAD_INIT_LECUN_UNIFORM: return uniform_of_variance(init->a, lecun);
    case VGRAD_INIT_LECUN_NORMAL: return normal_of_variance(init->a, lecun);
    case VGRAD_INIT_ORTHOGONAL: return (distribution){ NORMAL, 0, 1 };
    case VGRAD_INIT_TORCH_LINEAR:
        return (distribution){ UNIFORM, -1 / sqrt(fan_in), 1 / sqrt(fan_in) };
    }
    return (distribution){ UNIFORM, 0, 0 };
}

static double draw(vgrad__random *random, const distribution *d)
{
    if (d->kind == UNIFORM)
        return d->a + (d->b - d->a) * vgrad__random_uniform(random);
    double normal;
    do
        normal = vgrad__random_normal(random);
    while (d->kind == TRUNCATED && fabs(normal) > 2);
    return d->a + d->b * normal;
}

/* ---- orthogonal ---- */

/* Vectors of `length` elements in a parameter: its columns, or its rows if those are fewer. */
typedef struct vectors {
    const vgrad_network *network;
    void *values;
    int64_t count, length;
    int64_t step, stride; /* from one vector to the next, and from one element to the next */
} vectors;

static double get(const vectors *v, int64_t i, int64_t j)
{
    const void *at = vgrad__at(v->network, v->values, i * v->step + j * v->stride);
    return v->network->dtype == VGRAD_FLOAT64 ? *(const double *)at : (double)*(const float *)at;
}

static void set(const vectors *v, int64_t i, int64_t j, double value)
{
    void *at = vgrad__at(v->network, v->values, i * v->step + j * v->stride);
    if (v->network->dtype == VGRAD_FLOAT64)
        *(double *)at = value;
    else
        *(float *)at = (float)value;
}

static double product(const vectors *v, int64_t a, int64_t b)
{
    double sum = 0;
    for (int64_t j = 0; j < v->length; j++)
        sum += get(v, a, j) * get(v, b, j);
    return sum;
}

/* Takes from vector i what lies along those before it, and gives it the length `length`. */
static void straighten(const vectors *v, int64_t i, double length)
{
    for (int64_t before = 0; before < i; before++) {
        double share = product(v, i, before) / product(v, before, before);
        for (int64_t j = 0; j < v->length; j++)
            set(v, i, j, get(v, i, j) - share * get(v, before, j));
    }
    double norm = sqrt(product(v, i, i));
    for (int64_t j = 0; j < v->length; j++)
        set(v, i, j, norm > 0 ? get(v, i, j) * (length / norm) : 0);
}

/* Gram and Schmidt, modified, and twice: "twice is enough" (Kahan and Parlett, 1987). Of a matrix
   with normal elements the result is uniform over the orthogonal ones. */
static void make_orthogonal(const vgrad_network *network, void *values, int64_t rows,
                            int64_t columns, double gain)
{
    const bool by_columns = columns <= rows;
    const vectors v = { .network = network,
                        .values = values,
                        .count = by_columns ? columns : rows,
                        .length = by_columns ? rows : columns,
                        .step = by_columns ? 1 : columns,
                        .stride = by_columns ? columns : 1 };
    for (int64_t i = 0; i < v.count; i++) {
        straighten(&v, i, 1);
        straighten(&v, i, gain == 0 ? 1 : gain);
    }
}

/* Each parameter has a stream of its own, so that adding a layer moves no other's numbers. */
void vgrad__initialize(vgrad_network *network, uint64_t seed)
{
    vgrad__states_reset(network);
    network->trained = 0;
    for (size_t s = 0; s < network->segment_count; s++) {
        const vgrad__segment *segment = &network->segments[s];
        const vgrad_layer *layer = network->layers[segment->layer];
        const vgrad__parameter *parameter = &layer->parameters[segment->parameter];
        const vgrad__initializer *init = layer->initializers[segment->slot].chosen
                                             ? &layer->initializers[segment->slot]
                                             : &network->initializers[segment->slot];
        distribution d =
            distribution_of(init, (double)parameter->fan_in, (double)parameter->fan_out);
        vgrad__random random = vgrad__random_stream(
            seed, VGRAD__RANDOM_INITIALIZER, (uint32_t)segment->layer, (uint32_t)segment->slot);
        void *values = vgrad__at(network, network->parameters.data, segment->offset);
        for (int64_t i = 0; i < segment->count; i++) {
            double value = draw(&random, &d);
            if (network->dtype == VGRAD_FLOAT64)
                ((double *)values)[i] = value;
            else
                ((float *)values)[i] = (float)value;
        }
        if (init->kind == VGRAD_INIT_ORTHOGONAL) {
            int64_t columns = parameter->shape[parameter->rank - 1];
            make_orthogonal(network, values, segment->count / columns, columns, init->a);
        }
    }
}
