/* Losses over the output of a network. */
/* SPDX-License-Identifier: MIT */
#include "network/loss.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "tensor/tensor.h"

/* What a loss computes; several losses share one form. */
typedef enum form { SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, BINARY, CATEGORICAL } form;

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
    [VGRAD_LOSS_MEAN_ABSOLUTE_ERROR] = { "mean absolute error", ABSOLUTE_ERROR, false, false, 1.0,
                                         VGRAD_LINEAR },
    [VGRAD_LOSS_HUBER] = { "Huber loss", HUBER, false, false, 1.0, VGRAD_LINEAR },
};

const char *vgrad__loss_name(vgrad_loss loss)
{
    return descriptions[loss].name;
}

/* Targets are classes, or shares of them. */
static bool is_crossentropy(const description *d)
{
    return d->form == BINARY || d->form == CATEGORICAL;
}

/* Trains without an error, but hardly as meant. */
static void warn_of_mismatch(const description *d, const vgrad_layer *output)
{
    bool gives_probabilities =
        output->activation == VGRAD_SIGMOID || output->activation == VGRAD_SOFTMAX;
    if (is_crossentropy(d) && d->logits == gives_probabilities)
        vgrad__log_line(output->network->context, VGRAD_LOG_WARNING,
                        "layer \"%s\": %s %s, but its activation is %s", output->name, d->name,
                        d->logits ? "from logits takes z itself" : "takes probabilities",
                        vgrad_activation_name(output->activation));
}

vgrad_status vgrad__loss_check(vgrad_loss loss, const vgrad_layer *output)
{
    if ((int)loss < VGRAD_LOSS_MEAN_SQUARED_ERROR ||
        (int)loss >= (int)(sizeof descriptions / sizeof *descriptions))
        return vgrad__fail(VGRAD_E_INVALID, "loss: no loss %d", (int)loss);
    if (descriptions[loss].form == CATEGORICAL && output->width < 2)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": cross-entropy needs 2 outputs or more, got %lld",
                           output->name, (long long)output->width);
    warn_of_mismatch(&descriptions[loss], output);
    return VGRAD_OK;
}

/* How many columns of y an output takes; sparse: class numbers where the loss takes them. */
static int64_t columns_of(const vgrad__loss_terms *terms, const vgrad_layer *output, bool sparse)
{
    return sparse && descriptions[terms->loss].form == CATEGORICAL ? 1 : output->width;
}

/* The same for all outputs together. */
static int64_t all_columns(const vgrad__loss_terms *terms, const vgrad_network *network,
                           bool sparse)
{
    int64_t sum = 0;
    for (size_t o = 0; o < network->output_count; o++)
        sum += columns_of(&terms[o], network->outputs[o], sparse);
    return sum;
}

vgrad_status vgrad__loss_check_width(const vgrad__loss_terms *terms, const vgrad_network *network,
                                     int64_t width)
{
    const int64_t dense = all_columns(terms, network, false);
    const int64_t sparse = all_columns(terms, network, true);
    char or_sparse[32] = "";
    if (width == dense || width == sparse)
        return VGRAD_OK;
    if (sparse != dense)
        snprintf(or_sparse, sizeof or_sparse, " or %lld", (long long)sparse);
    if (network->output_count > 1)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "y: the losses of %zu outputs need width %lld%s, got %lld",
                           network->output_count, (long long)dense, or_sparse, (long long)width);
    return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": %s needs y of width %lld%s, got %lld",
                       network->outputs[0]->name, descriptions[terms->loss].name, (long long)dense,
                       or_sparse, (long long)width);
}

/* Checks y's shape; *width is how many elements a row has. A rank of 1 is a width of 1. */
static vgrad_status check_targets(const vgrad__loss_terms *terms, const vgrad_network *network,
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
    return vgrad__loss_check_width(terms, network, *width);
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
    return !is_crossentropy(d) ? isfinite(label) : vgrad__number_fits(label, 0, high, sparse);
}

/* Class numbers are whole and below the number of outputs, other classes lie in [0, 1], targets are
   finite. If all that is not 0 is next to nothing, it is not what it was declared to be. */
enum { FLOAT_WHOLE_MAX = 1 << 24 }; /* up to here a float tells all whole numbers apart */

static vgrad_status check_labels(const description *d, const vgrad_layer *output, const void *y,
                                 int64_t width)
{
    const vgrad_network *network = output->network;
    bool sparse = width != output->width, real = false;
    double high = sparse ? (double)(output->width - 1) : 1.0, odd = 0;
    if (sparse && network->dtype == VGRAD_FLOAT32 && output->width > FLOAT_WHOLE_MAX)
        return vgrad__fail(VGRAD_E_UNSUPPORTED,
                           "layer \"%s\": class numbers of %lld classes need a float64 network",
                           output->name, (long long)output->width);
    for (int64_t i = 0; i < network->rows * width; i++) {
        double label = element(network, y, i);
        real |= label >= 1e-37;
        odd = is_next_to_nothing(label) ? label : odd;
        if (is_label(d, label, sparse, high))
            continue;
        char range[64] = "a finite number";
        if (is_crossentropy(d))
            snprintf(range, sizeof range, sparse ? "class 0 to %g" : "in [0, %g]", high);
        return vgrad__fail(VGRAD_E_INVALID, "y: row %lld of the batch, column %lld: %s, got %g%s",
                           (long long)(i / width), (long long)(i % width), range, label,
                           is_next_to_nothing(label) ? integers_hint : "");
    }
    if (is_crossentropy(d) && odd > 0 && !real)
        return vgrad__fail(VGRAD_E_INVALID, "y: nothing in the batch above %g%s", odd,
                           integers_hint);
    return VGRAD_OK;
}

/* What a loss works on: some rows of a batch. */
typedef struct portion {
    const description *d;
    const vgrad__loss_terms *terms;
    const vgrad_network *network;
    vgrad_layer *output;
    bool from_logits, sparse;
    int64_t y_width;
    const void *given, *y;
    void *gradient; /* NULL: not wanted */
    int64_t rows;
} portion;

/* Runs the kernel of the loss; the gradient is scaled by `scale`. */
static vgrad__loss_sums run(const portion *p, double scale)
{
    const vgrad__kernels *kernels = p->network->kernels;
    size_t rows = (size_t)p->rows, columns = (size_t)p->output->width, n = rows * columns;
    vgrad__loss_sums sums;
    switch (p->d->form) {
    case SQUARED_ERROR: kernels->squared_error(p->given, p->y, p->gradient, n, scale, &sums); break;
    case ABSOLUTE_ERROR:
        kernels->absolute_error(p->given, p->y, p->gradient, n, scale, &sums);
        break;
    case HUBER:
        kernels->huber(p->given, p->y, p->gradient, n, p->terms->huber_delta, scale, &sums);
        break;
    case BINARY:
        (p->from_logits ? kernels->binary_crossentropy_logits : kernels->binary_crossentropy)(
            p->given, p->y, p->gradient, n, scale, &sums);
        break;
    case CATEGORICAL:
        (p->from_logits ? kernels->crossentropy_logits : kernels->crossentropy)(
            p->given, p->y, p->sparse, p->gradient, rows, columns, scale, &sums);
        break;
    }
    return sums;
}

/* Row `row` of a portion by itself. */
static portion row_of(const portion *all, int64_t row)
{
    const vgrad_network *network = all->network;
    portion p = *all;
    p.rows = 1;
    p.given = vgrad__at(network, all->given, row * all->output->width);
    p.y = vgrad__at(network, all->y, row * all->y_width);
    if (all->gradient)
        p.gradient = vgrad__at(network, all->gradient, row * all->output->width);
    return p;
}

/* The class of a row: its number, its largest share, or of a single output which side of 1/2. */
static int64_t class_of(const portion *row)
{
    if (row->y_width == 1)
        return row->d->form == BINARY ? element(row->network, row->y, 0) > 0.5
                                      : (int64_t)element(row->network, row->y, 0);
    int64_t largest = 0;
    for (int64_t j = 1; j < row->y_width; j++)
        if (element(row->network, row->y, j) > element(row->network, row->y, largest))
            largest = j;
    return largest;
}

/* Row by row, each with its weights: those of its class and its own. */
static vgrad__loss_sums run_weighted(const portion *all, const double *row_weights, double scale)
{
    const vgrad__loss_terms *terms = all->terms;
    vgrad__loss_sums sums = { 0, 0 };
    for (int64_t i = 0; i < all->rows; i++) {
        const portion row = row_of(all, i);
        double weight = row_weights ? row_weights[i] : 1;
        if (terms->class_weights)
            weight *= terms->class_weights[class_of(&row)];
        vgrad__loss_sums one = run(&row, scale * weight);
        sums.loss += weight * one.loss;
        sums.correct += one.correct;
    }
    return sums;
}

vgrad_status vgrad__loss_check_classes(vgrad_loss loss, const vgrad_network *network, int64_t count)
{
    const description *d = &descriptions[loss];
    const vgrad_layer *output = network->outputs[0];
    int64_t width = output->width;
    if (network->output_count > 1)
        return vgrad__fail(VGRAD_E_STATE, "weights: of classes, but there are %zu outputs",
                           network->output_count);
    int64_t classes = d->form == CATEGORICAL ? width : d->form == BINARY && width == 1 ? 2 : 0;
    if (classes == 0)
        return vgrad__fail(VGRAD_E_INVALID,
                           "weights: %s over an output of width %lld knows no classes", d->name,
                           (long long)width);
    if (count != classes)
        return vgrad__fail(VGRAD_E_INVALID,
                           "count: layer \"%s\" tells %lld classes apart, got %lld", output->name,
                           (long long)classes, (long long)count);
    return VGRAD_OK;
}

/* y's columns for an output, in the network's dtype and packed; where they are, if they lie so. */
static const void *take_columns(const vgrad_network *network, const vgrad_tensor *y, int64_t all,
                                int64_t first, int64_t width)
{
    vgrad_tensor columns = *y;
    if (width == all && y->dtype == (int32_t)network->dtype && vgrad__tensor_is_packed(y))
        return y->data;
    void *packed = vgrad__at(network, network->targets, network->rows * first);
    if (width < all) {
        columns.shape[1] = width;
        columns.data = (const char *)y->data +
                       first * y->strides[1] * (int64_t)vgrad__dtype_size((vgrad_dtype)y->dtype);
    }
    vgrad__tensor_pack(&columns, packed, network->dtype);
    return packed;
}

/* A softmax over the last axis of several makes no distribution over all outputs. */
static bool covers_output(const description *d, const vgrad_layer *output)
{
    return d->form != CATEGORICAL || output->shape[output->rank - 1] == output->width;
}

/* What the loss of an output works on. */
static portion portion_of(const vgrad__loss_terms *terms, vgrad_layer *output, const void *targets,
                          int64_t width, bool gradient)
{
    const description *d = &descriptions[terms->loss];
    const bool fused = d->fuses_with != VGRAD_LINEAR && output->activation == d->fuses_with &&
                       covers_output(d, output);
    void *start = fused ? output->memory.delta : output->memory.da;
    if (gradient)
        output->fused = fused;
    return (portion){
        .d = d,
        .terms = terms,
        .network = output->network,
        .output = output,
        .from_logits = d->logits || fused,
        .sparse = width != output->width,
        .y_width = width,
        /* A loss that names logits takes what the output gives; a fused one looks behind it. */
        .given = fused ? output->memory.z : output->memory.a,
        .y = targets,
        .gradient = gradient ? start : NULL,
        .rows = output->network->rows,
    };
}

/* Loss and accuracy of one output. */
static vgrad__loss_value compute(const portion *p, const double *row_weights)
{
    const double rows = (double)p->rows, outputs = (double)p->output->width;
    const double share = p->d->factor / (p->d->sum_over_outputs ? rows : rows * outputs);
    const double scale = share * p->terms->weight;
    const vgrad__loss_sums sums = row_weights || p->terms->class_weights
                                      ? run_weighted(p, row_weights, scale)
                                      : run(p, scale);
    return (vgrad__loss_value){
        sums.loss * scale, sums.correct / (p->d->form == CATEGORICAL ? rows : rows * outputs)
    };
}

vgrad_status vgrad__loss_compute(const vgrad__loss_terms *terms, vgrad_network *network,
                                 const vgrad_tensor *y, const double *row_weights, bool gradient,
                                 vgrad__loss_value *value)
{
    int64_t all = 0, first = 0;
    vgrad__loss_value sum = { 0, (double)NAN };
    vgrad_status status = check_targets(terms, network, y, &all);
    if (status != VGRAD_OK)
        return status;
    const bool sparse = all != all_columns(terms, network, false);
    for (size_t o = 0; o < network->output_count && status == VGRAD_OK; o++) {
        vgrad_layer *output = network->outputs[o];
        const int64_t width = columns_of(&terms[o], output, sparse);
        const void *targets = take_columns(network, y, all, first, width);
        status = check_labels(&descriptions[terms[o].loss], output, targets, width);
        if (status != VGRAD_OK)
            break;
        const portion p = portion_of(&terms[o], output, targets, width, gradient);
        const vgrad__loss_value one = compute(&p, row_weights);
        sum.loss += one.loss;
        if (sum.accuracy != sum.accuracy)
            sum.accuracy = one.accuracy; /* of the first output that has one */
        first += width;
    }
    if (status != VGRAD_OK)
        return status;
    *value = sum;
    if (gradient)
        network->phase = VGRAD__LOSS_DONE;
    return VGRAD_OK;
}

vgrad_status vgrad__loss_take_gradient(vgrad_network *network, const vgrad_tensor *gradient)
{
    vgrad_status status = vgrad__tensor_check(gradient, "gradient");
    if (status != VGRAD_OK)
        return status;
    bool rank_fits = gradient->rank == 2 || (network->output_count == 1 && gradient->rank >= 1);
    if (!rank_fits || gradient->shape[0] != network->rows ||
        vgrad_tensor_count(gradient) != network->rows * network->output_width) {
        char text[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_SHAPE, "gradient: shape (%lld, %lld), got %s",
                           (long long)network->rows, (long long)network->output_width,
                           vgrad__shape_text(gradient, text));
    }
    int64_t first = 0;
    for (size_t o = 0; o < network->output_count; o++) {
        vgrad_layer *output = network->outputs[o];
        vgrad_tensor columns = *gradient;
        if (network->output_count > 1) {
            columns.shape[1] = output->width;
            columns.data = (const char *)gradient->data +
                           first * gradient->strides[1] *
                               (int64_t)vgrad__dtype_size((vgrad_dtype)gradient->dtype);
        }
        vgrad__tensor_pack(&columns, output->memory.da, network->dtype);
        output->fused = false;
        first += output->width;
    }
    network->phase = VGRAD__LOSS_DONE;
    return VGRAD_OK;
}
