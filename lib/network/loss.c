/* Losses over the output of a network. */
/* SPDX-License-Identifier: MIT */
#include "network/loss.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "tensor/tensor.h"

/* What a loss computes; several losses share one form. */
typedef enum form { SQUARED_ERROR, BINARY, CATEGORICAL } form;

typedef struct description {
    const char *name;
    form form;
    bool logits; /* the output is z, not f(z) */
    bool sum_over_outputs;
    double factor;               /* in front of the form */
    vgrad_activation fuses_with; /* what makes its probabilities; LINEAR: none */
} description;

static const description descriptions[] = {
    [VGRAD_LOSS_MEAN_SQUARED_ERROR] = { "mean squared error", SQUARED_ERROR, false, false, 1.0,
                                        VGRAD_LINEAR },
    [VGRAD_LOSS_HALF_SQUARED_ERROR_SUM] = { "half squared error", SQUARED_ERROR, false, true, 0.5,
                                            VGRAD_LINEAR },
    [VGRAD_LOSS_BINARY_CROSSENTROPY] = { "binary cross-entropy", BINARY, false, false, 1.0,
                                         VGRAD_SIGMOID },
    [VGRAD_LOSS_BINARY_CROSSENTROPY_SUM] = { "binary cross-entropy", BINARY, false, true, 1.0,
                                             VGRAD_SIGMOID },
    [VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS] = { "binary cross-entropy", BINARY, true, false, 1.0,
                                                VGRAD_LINEAR },
    [VGRAD_LOSS_CROSSENTROPY] = { "cross-entropy", CATEGORICAL, false, true, 1.0, VGRAD_SOFTMAX },
    [VGRAD_LOSS_CROSSENTROPY_LOGITS] = { "cross-entropy", CATEGORICAL, true, true, 1.0,
                                         VGRAD_LINEAR },
};

/* Trains without an error, but hardly as meant. */
static void warn_of_mismatch(const description *d, const vgrad_layer *output)
{
    bool gives_probabilities =
        output->activation == VGRAD_SIGMOID || output->activation == VGRAD_SOFTMAX;
    if (d->form != SQUARED_ERROR && d->logits == gives_probabilities)
        vgrad__log_line(output->network->context, VGRAD_LOG_WARNING,
                        "layer \"%s\": %s %s, but its activation is %s", output->name, d->name,
                        d->logits ? "from logits takes z itself" : "takes probabilities",
                        vgrad_activation_name(output->activation));
}

vgrad_status vgrad__loss_check(vgrad_loss loss, const vgrad_network *network)
{
    if ((int)loss < VGRAD_LOSS_MEAN_SQUARED_ERROR ||
        (int)loss >= (int)(sizeof descriptions / sizeof *descriptions))
        return vgrad__fail(VGRAD_E_INVALID, "loss: no loss %d", (int)loss);
    if (descriptions[loss].form == CATEGORICAL && network->output->width < 2)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": cross-entropy needs 2 outputs or more",
                           network->output->name);
    warn_of_mismatch(&descriptions[loss], network->output);
    return VGRAD_OK;
}

vgrad_status vgrad__loss_check_width(vgrad_loss loss, const vgrad_network *network, int64_t width)
{
    const description *d = &descriptions[loss];
    if (width == network->output->width || (d->form == CATEGORICAL && width == 1))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": %s needs y of width %lld%s, got %lld",
                       network->output->name, d->name, (long long)network->output->width,
                       d->form == CATEGORICAL ? " or 1" : "", (long long)width);
}

/* Checks y's shape; *width is how many elements a row has. A rank of 1 is a width of 1. */
static vgrad_status check_targets(vgrad_loss loss, const vgrad_network *network,
                                  const vgrad_tensor *y, int64_t *width)
{
    vgrad_status status = vgrad__tensor_check(y, "y");
    if (status != VGRAD_OK)
        return status;
    if (y->rank != 1 && y->rank != 2)
        return vgrad__fail(VGRAD_E_SHAPE, "y: shape (rows, width), got rank %d", (int)y->rank);
    if (y->shape[0] != network->rows)
        return vgrad__fail(VGRAD_E_SHAPE, "y: %lld rows went forward, got %lld",
                           (long long)network->rows, (long long)y->shape[0]);
    *width = y->rank == 2 ? y->shape[1] : 1;
    return vgrad__loss_check_width(loss, network, *width);
}

static double element(const vgrad_network *network, const void *values, int64_t i)
{
    return network->dtype == VGRAD_FLOAT64 ? ((const double *)values)[i]
                                           : (double)((const float *)values)[i];
}

static const char integers_hint[] = " (integers that were declared as floats?)";

/* Integers that were declared as floats look like this, unless they are 0. */
static bool is_next_to_nothing(double label)
{
    return label > 0 && label < 1e-37;
}

/* Whether a label is one; *high is the highest that may be. */
static bool is_label(const description *d, double label, bool sparse, double high)
{
    return d->form == SQUARED_ERROR ? isfinite(label) : vgrad__number_fits(label, 0, high, sparse);
}

/* Class numbers are whole and below the number of outputs, other classes lie in [0, 1], targets are
   finite. If all that is not 0 is next to nothing, it is not what it was declared to be. */
static vgrad_status check_labels(const description *d, const vgrad_network *network, const void *y,
                                 int64_t width)
{
    bool sparse = width != network->output->width, real = false;
    double high = sparse ? (double)(network->output->width - 1) : 1.0, odd = 0;
    for (int64_t i = 0; i < network->rows * width; i++) {
        double label = element(network, y, i);
        real |= label >= 1e-37;
        odd = is_next_to_nothing(label) ? label : odd;
        if (is_label(d, label, sparse, high))
            continue;
        char range[64] = "a finite number";
        if (d->form != SQUARED_ERROR)
            snprintf(range, sizeof range, sparse ? "class 0 to %g" : "in [0, %g]", high);
        return vgrad__fail(VGRAD_E_INVALID, "y: row %lld of the batch, column %lld: %s, got %g%s",
                           (long long)(i / width), (long long)(i % width), range, label,
                           is_next_to_nothing(label) ? integers_hint : "");
    }
    if (d->form != SQUARED_ERROR && odd > 0 && !real)
        return vgrad__fail(VGRAD_E_INVALID, "y: nothing in the batch above %g%s", odd,
                           integers_hint);
    return VGRAD_OK;
}

/* Runs the kernel of the loss; `gradient` NULL: not wanted, else it is scaled by `scale`. */
static vgrad__loss_sums run(const description *d, bool from_logits, const vgrad_network *network,
                            const void *y, bool sparse, void *gradient, double scale)
{
    const vgrad__kernels *kernels = network->kernels;
    const vgrad_layer *output = network->output;
    /* A loss that names logits takes what the output gives; a fused one looks behind it. */
    const void *given = from_logits && !d->logits ? output->memory.z : output->memory.a;
    size_t rows = (size_t)network->rows, columns = (size_t)output->width, n = rows * columns;
    vgrad__loss_sums sums;
    if (d->form == SQUARED_ERROR)
        kernels->squared_error(given, y, gradient, n, scale, &sums);
    else if (d->form == BINARY)
        (from_logits ? kernels->binary_crossentropy_logits
                     : kernels->binary_crossentropy)(given, y, gradient, n, scale, &sums);
    else
        (from_logits ? kernels->crossentropy_logits : kernels->crossentropy)(
            given, y, sparse, gradient, rows, columns, scale, &sums);
    return sums;
}

/* A softmax over the last axis of several makes no distribution over all outputs. */
static bool covers_output(const description *d, const vgrad_layer *output)
{
    return d->form != CATEGORICAL || output->shape[output->rank - 1] == output->width;
}

vgrad_status vgrad__loss_compute(vgrad_loss loss, vgrad_network *network, const vgrad_tensor *y,
                                 bool gradient, vgrad__loss_value *value)
{
    const description *d = &descriptions[loss];
    vgrad_layer *output = network->output;
    int64_t width = 0;
    vgrad_status status = check_targets(loss, network, y, &width);
    if (status != VGRAD_OK)
        return status;
    const void *targets = y->data;
    if (y->dtype != (int32_t)network->dtype || !vgrad__tensor_is_packed(y)) {
        vgrad__tensor_pack(y, network->targets, network->dtype);
        targets = network->targets;
    }
    status = check_labels(d, network, targets, width);
    if (status != VGRAD_OK)
        return status;
    bool fused = d->fuses_with != VGRAD_LINEAR && output->activation == d->fuses_with &&
                 covers_output(d, output);
    double rows = (double)network->rows, outputs = (double)output->width;
    double scale = d->factor / (d->sum_over_outputs ? rows : rows * outputs);
    void *start = fused ? output->memory.delta : output->memory.da;
    vgrad__loss_sums sums = run(d, d->logits || fused, network, targets, width != output->width,
                                gradient ? start : NULL, scale);
    value->loss = sums.loss * scale;
    value->accuracy = sums.correct / (d->form == CATEGORICAL ? rows : rows * outputs);
    if (gradient) {
        network->fused = fused;
        network->phase = VGRAD__LOSS_DONE;
    }
    return VGRAD_OK;
}
