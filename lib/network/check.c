/*
 * The gradient checker: backward against central differences of L = sum_i c_i a_i, with a fixed
 * random c, over every parameter and every input.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/random.h"
#include "network/pass.h"

/* Parts of a gradient below this share of all of it are nothing but rounding. */
static const double negligible = 1e-4;
static const double step_default = 1e-5;

/* What one check needs. */
typedef struct check {
    vgrad_network *network;
    vgrad_tensor x;  /* packed, and its own: it is changed */
    double *numbers; /* all that follows, in one block */
    size_t count;
    double *values;    /* of x */
    double *weights;   /* c */
    double *gradients; /* the slab, and then dL/dx, as backward made them */
    bool training;
    double step;
    double all, worst; /* L2 of all gradients; the largest relative error */
} check;

/* L for the parameters and x as they are. */
static vgrad_status find_loss(check *k, double *loss)
{
    vgrad_status status = vgrad__forward(k->network, &k->x, k->training);
    if (status != VGRAD_OK)
        return status;
    const double *weight = k->weights;
    *loss = 0;
    for (size_t o = 0; o < k->network->output_count; o++) {
        const vgrad_layer *output = k->network->outputs[o];
        const double *a = output->memory.a;
        for (int64_t i = 0; i < k->x.shape[0] * output->width; i++)
            *loss += *weight++ * a[i];
    }
    return VGRAD_OK;
}

/* Compares `count` gradients with what changing their values does; `name` for the log. */
static vgrad_status compare(check *k, const char *layer, const char *role, double *values,
                            const double *gradients, int64_t count)
{
    double off = 0, here = 0, there = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = values[i];
        double above, below;
        values[i] = value + k->step;
        vgrad_status status = find_loss(k, &above);
        values[i] = value - k->step;
        if (status == VGRAD_OK)
            status = find_loss(k, &below);
        values[i] = value;
        if (status != VGRAD_OK)
            return status;
        double numeric = (above - below) / (2 * k->step);
        off += (numeric - gradients[i]) * (numeric - gradients[i]);
        here += gradients[i] * gradients[i];
        there += numeric * numeric;
    }
    const double size = fmax(sqrt(fmax(here, there)), negligible * k->all);
    const double error = off == 0 ? 0 : sqrt(off) / size;
    if (!isnan(k->worst) && !(error <= k->worst)) /* NaN is the worst of all, and stays */
        k->worst = error;
    vgrad__log_line(k->network->context, VGRAD_LOG_DEBUG, "gradient check: %s.%s is off by %g",
                    layer, role, error);
    return VGRAD_OK;
}

static vgrad_status compare_all(check *k)
{
    vgrad_network *network = k->network;
    double *parameters = network->parameters.data;
    vgrad_status status = VGRAD_OK;
    for (size_t s = 0; s < network->segment_count && status == VGRAD_OK; s++) {
        const vgrad__segment *segment = &network->segments[s];
        status = compare(k, network->layers[segment->layer]->name,
                         vgrad_role_name((vgrad_role)segment->slot), parameters + segment->offset,
                         k->gradients + segment->offset, segment->count);
    }
    if (status == VGRAD_OK)
        status = compare(k, "x", "gradient", k->values, k->gradients + network->slab_count,
                         k->x.shape[0] * network->input_width);
    return status;
}

/* dL/dx, column after column of the inputs, behind the gradients of the parameters. */
static void keep_input_gradients(check *k)
{
    const vgrad_network *network = k->network;
    double *rows = k->gradients + network->slab_count;
    int64_t first = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const vgrad_layer *layer = network->layers[i];
        if (layer->input_count > 0)
            continue;
        const double *da = layer->memory.da;
        for (int64_t row = 0; row < k->x.shape[0]; row++)
            for (int64_t j = 0; j < layer->width; j++)
                rows[row * network->input_width + first + j] =
                    layer->da_written ? da[row * layer->width + j] : 0;
        first += layer->width;
    }
}

/* One pass forward and back, from dL/da = c. */
static vgrad_status find_gradients(check *k)
{
    vgrad_network *network = k->network;
    double loss;
    vgrad_status status = find_loss(k, &loss);
    if (status != VGRAD_OK)
        return status;
    const double *weights = k->weights;
    for (size_t o = 0; o < network->output_count; o++) {
        vgrad_layer *output = network->outputs[o];
        const size_t count = (size_t)(k->x.shape[0] * output->width);
        memcpy(output->memory.da, weights, count * sizeof *weights);
        weights += count;
        output->fused = false;
    }
    status = vgrad__backward(network);
    if (status != VGRAD_OK)
        return status;
    memcpy(k->gradients, network->gradients.data,
           (size_t)network->slab_count * sizeof *k->gradients);
    keep_input_gradients(k);
    for (int64_t i = 0; i < network->slab_count + k->x.shape[0] * network->input_width; i++)
        k->all += k->gradients[i] * k->gradients[i];
    k->all = sqrt(k->all);
    return VGRAD_OK;
}

/* Inputs get a dL/da for the time of the check. */
static void set_input_gradients(vgrad_network *network, bool on)
{
    for (size_t i = 0; i < network->layer_count; i++)
        if (network->layers[i]->input_count == 0)
            network->layers[i]->needs_gradient = on;
    vgrad__memory_release(network); /* the next pass lays it out anew */
    vgrad__records_point(network);
}

/* Room for everything, with a copy of x and the weights c. */
static vgrad_status prepare(check *k, const vgrad_tensor *x)
{
    vgrad_network *network = k->network;
    const int64_t rows = x->shape[0];
    /* Takes more than what follows: if there is room for a pass, no product overflows. */
    if (vgrad__memory_reserve(network, rows) != VGRAD_OK)
        return VGRAD_E_MEMORY;
    const int64_t inputs = rows * network->input_width, outputs = rows * network->output_width;
    k->count = (size_t)(2 * inputs + outputs + network->slab_count);
    k->numbers = vgrad__allocate(network->context, k->count, sizeof *k->numbers);
    if (!k->numbers)
        return VGRAD_E_MEMORY;
    k->values = k->numbers;
    k->weights = k->values + inputs;
    k->gradients = k->weights + outputs;
    vgrad__tensor_pack(x, k->values, VGRAD_FLOAT64);
    vgrad_tensor_matrix(&k->x, k->values, VGRAD_FLOAT64, rows, network->input_width);
    vgrad__random random = vgrad__random_stream(network->seed, VGRAD__RANDOM_CHECK, 0, 0);
    for (int64_t i = 0; i < outputs; i++)
        k->weights[i] = 2 * vgrad__random_uniform(&random) - 1;
    return VGRAD_OK;
}

vgrad_status vgrad_gradient_check(vgrad_network *network, const vgrad_tensor *x, int32_t training,
                                  double step, double *worst)
{
    check k = { .network = network, .training = training != 0 };
    vgrad_status status = vgrad__check_idle(network);
    if (status == VGRAD_OK)
        status = vgrad__check_batch(network, x);
    if (status != VGRAD_OK)
        return status;
    if (!worst)
        return vgrad__fail_null("worst");
    if (network->dtype != VGRAD_FLOAT64)
        return vgrad__fail(VGRAD_E_STATE, "network: differences need float64, it is float32");
    if (!vgrad__number_fits(step, 0, 1, false))
        return vgrad__fail(VGRAD_E_INVALID, "step: in [0, 1], got %g", step);
    k.step = step > 0 ? step : step_default;
    vgrad__aside aside = vgrad__step_aside(network);
    set_input_gradients(network, true);
    network->on_trial = true; /* statistics stay, and dropout has one mask for all passes */
    status = prepare(&k, x);
    if (status == VGRAD_OK)
        status = find_gradients(&k);
    if (status == VGRAD_OK)
        status = compare_all(&k);
    vgrad__end_step(network);
    network->on_trial = false;
    set_input_gradients(network, false);
    vgrad__step_back(network, &aside);
    vgrad__release(network->context, k.numbers, k.count, sizeof *k.numbers);
    if (status == VGRAD_OK)
        *worst = k.worst;
    return status;
}
