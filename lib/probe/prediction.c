/* Mean field theory of a network: from its weights to q, chi and depth of every layer. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vgrad/mean_field.h>

#include "base/number.h"
#include "network/activation.h"
#include "network/network.h"
#include "probe/mean_field.h"

/* A figure, or why there is none. */
typedef struct figure {
    double value;
    vgrad_status status;
    char reason[VGRAD__ERROR_SIZE];
} figure;

typedef struct forecast {
    figure q, chi, depth;
} forecast;

struct vgrad_mean_field {
    vgrad_context *context;
    forecast *layers;
    size_t layer_count;
};

/* ---- what is known of a layer on the way ---- */

/* Who reads a layer, if it is not one layer, by its index. */
enum { NOBODY = -1, SEVERAL = -2 };

/*
 * A group is a dense layer, or an input, with the element-wise layers after it: its first layer's z
 * is normal, and all others are functions of that.
 */
typedef struct place {
    int32_t first;   /* of its group */
    int32_t last;    /* of its group, as far as one layer follows another */
    bool is_whole;   /* a dense layer or nothing follows the last one */
    int32_t next;    /* who reads it */
    int32_t toward;  /* who reads it on the path that is being walked */
    double q;        /* of a first one: the mean square of its z, or of an input */
    double sw2, sb2; /* of a dense one */
} place;

typedef struct survey {
    const vgrad_network *network;
    place *places;
    forecast *layers;
} survey;

static void refuse(figure *out, vgrad_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(figure *out, vgrad_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->reason, sizeof out->reason, format, arguments);
    va_end(arguments);
    out->value = (double)NAN;
    out->status = status;
}

static void set_figure(figure *out, const vgrad_layer *layer, const char *name, double value)
{
    if (isfinite(value))
        *out = (figure){ .value = value, .status = VGRAD_OK };
    else
        refuse(out, VGRAD_E_UNSUPPORTED, "layer \"%s\": its %s would be %g", layer->name, name,
               value);
}

static bool is_input(const vgrad_layer *layer)
{
    return layer->input_count == 0;
}

static bool is_dense(const vgrad_layer *layer)
{
    return layer->kind->family == VGRAD_KIND_DENSE;
}

/* Whether a row that it gives is f of, or of a product with, the row that it takes. */
static bool is_in_a_chain(vgrad_layer_kind family)
{
    return family == VGRAD_KIND_DENSE || family == VGRAD_KIND_ELEMENTWISE;
}

/* ---- functions of a normal z ---- */

/* From the z of a group's first layer to a of layer `to`, and its derivative by z of layer `from`.
 */
typedef struct path {
    const survey *survey;
    int32_t from, to;
} path;

/* z of a dropout layer is what it drops from, times 0 or 1 / (1 - rate): in the mean of squares,
   times this. */
static double dropout_factor(const vgrad_layer *layer)
{
    return sqrt(1 / (1 - layer->rate));
}

static vgrad_status path_at(const void *self, const double *z, size_t n, double *f, double *df)
{
    const path *p = self;
    const place *places = p->survey->places;
    double x[VGRAD__CURVE_POINTS], slope[VGRAD__CURVE_POINTS];
    memcpy(f, z, n * sizeof *f);
    for (size_t i = 0; i < n; i++)
        df[i] = 1;
    for (int32_t at = places[p->to].first;; at = places[at].toward) {
        const vgrad_layer *layer = p->survey->network->layers[at];
        const double factor = dropout_factor(layer);
        for (size_t i = 0; i < n; i++)
            x[i] = f[i] * factor;
        vgrad_status status = vgrad__activation_at(layer, x, n, f, slope);
        if (status != VGRAD_OK)
            return status;
        for (size_t i = 0; i < n; i++)
            df[i] *= (at > p->from ? factor : 1) * (at >= p->from ? slope[i] : 1);
        if (at == p->to)
            return VGRAD_OK;
    }
}

/* Lays the way of a path; the path must outlive the curve. */
static vgrad__curve curve_of(const path *p)
{
    const survey *s = p->survey;
    for (int32_t at = p->to; at != s->places[p->to].first;) {
        const int32_t before = s->network->layers[at]->inputs[0]->index;
        s->places[before].toward = at;
        at = before;
    }
    return (vgrad__curve){ path_at, p };
}

static vgrad_status expect_along(const survey *s, int32_t from, int32_t to, vgrad__expectation *out)
{
    const path p = { s, from, to };
    const vgrad__curve curve = curve_of(&p);
    return vgrad__expect(&curve, s->places[s->places[to].first].q, out);
}

/* ---- q, from the inputs on ---- */

static double mean_square(const vgrad_layer *layer, int32_t slot)
{
    const vgrad_network *network = layer->network;
    const size_t count = (size_t)vgrad__segment_of(layer, slot)->count;
    const void *values = vgrad__parameter_in(layer, &network->parameters, slot);
    return network->kernels->sum_of_squares(values, count) / (double)count;
}

/* False, with the reason, if nothing can be said of a layer's z. */
static bool is_predictable(const survey *s, const vgrad_layer *layer, figure *out)
{
    if (!is_in_a_chain(layer->kind->family)) {
        refuse(out, VGRAD_E_UNSUPPORTED, "layer \"%s\": no prediction for layers of kind %s",
               layer->name, layer->kind->name);
        return false;
    }
    const vgrad_layer *in = layer->inputs[0];
    if (!is_input(in) && s->layers[in->index].q.status != VGRAD_OK) {
        *out = s->layers[in->index].q;
        return false;
    }
    const bool is_bent = layer->own.f || layer->activation != VGRAD_LINEAR;
    if (in->activation == VGRAD_SOFTMAX)
        refuse(out, VGRAD_E_UNSUPPORTED, "layer \"%s\": softmax is not element-wise", in->name);
    else if (in->rate > 0 && !is_dense(layer) && is_bent)
        refuse(out, VGRAD_E_UNSUPPORTED,
               "layer \"%s\": no prediction for an activation of what was dropped", layer->name);
    else
        return true;
    return false;
}

static vgrad_status find_q(survey *s, const vgrad_layer *layer)
{
    place *here = &s->places[layer->index];
    figure *q = &s->layers[layer->index].q;
    vgrad__expectation e;
    if (!is_predictable(s, layer, q))
        return VGRAD_OK;
    const int32_t before = layer->inputs[0]->index;
    vgrad_status status = expect_along(s, before, before, &e);
    if (status != VGRAD_OK)
        return status;
    here->first = s->places[before].first;
    if (is_dense(layer)) {
        const bool has_bias = layer->options[VGRAD_LAYER_USE_BIAS] != 0;
        here->sw2 = (double)layer->inputs[0]->width * mean_square(layer, VGRAD_KERNEL);
        here->sb2 = has_bias ? mean_square(layer, VGRAD_BIAS) : 0;
        here->first = layer->index;
        here->q = here->sw2 * e.f2 + here->sb2;
    }
    set_figure(q, layer, "mean square of z",
               is_dense(layer) ? here->q : e.f2 * pow(dropout_factor(layer), 2));
    return VGRAD_OK;
}

/* ---- how groups go on, from the outputs back ---- */

static void find_readers(survey *s)
{
    for (size_t i = 0; i < s->network->layer_count; i++)
        s->places[i].next = NOBODY;
    for (size_t i = 0; i < s->network->layer_count; i++) {
        const vgrad_layer *layer = s->network->layers[i];
        for (int32_t k = 0; k < layer->input_count; k++) {
            int32_t *next = &s->places[layer->inputs[k]->index].next;
            *next = *next == NOBODY ? layer->index : SEVERAL;
        }
    }
}

static void find_last(survey *s, int32_t index)
{
    place *here = &s->places[index];
    here->last = index;
    here->is_whole = here->next == NOBODY;
    if (here->next < 0 || s->layers[here->next].q.status != VGRAD_OK)
        return;
    const place *next = &s->places[here->next];
    const bool goes_on = !is_dense(s->network->layers[here->next]);
    here->last = goes_on ? next->last : index;
    here->is_whole = !goes_on || next->is_whole;
}

/* ---- chi ---- */

/*
 * Back over an element-wise layer, delta = f'(z) dL/da: the share of f' in the derivative of the
 * rest of the group, up to where the gradient comes from: the next dense layer, or an output's z.
 */
static vgrad_status find_chi_within(const survey *s, int32_t index, double *chi)
{
    const place *here = &s->places[index];
    const bool ends_in_output = s->places[here->last].next == NOBODY;
    const int32_t to =
        ends_in_output ? s->network->layers[here->last]->inputs[0]->index : here->last;
    vgrad__expectation of_both, of_rest;
    vgrad_status status = expect_along(s, index, to, &of_both);
    if (status == VGRAD_OK)
        status = expect_along(s, here->next, to, &of_rest);
    if (status == VGRAD_OK)
        *chi = of_both.df2 / of_rest.df2;
    return status;
}

/* False, with the reason, if there is no hop to a layer or nothing can be said of it. */
static bool has_chi(const survey *s, const vgrad_layer *layer, figure *chi)
{
    const place *here = &s->places[layer->index];
    const forecast *known = &s->layers[layer->index];
    if (known->q.status != VGRAD_OK)
        *chi = known->q;
    else if (here->next == NOBODY)
        refuse(chi, VGRAD_E_NOT_FOUND, "layer \"%s\": an output, no layer comes after it",
               layer->name);
    else if (here->next == SEVERAL)
        refuse(chi, VGRAD_E_UNSUPPORTED,
               "layer \"%s\": no prediction where several layers read one", layer->name);
    else if (s->layers[here->next].q.status != VGRAD_OK)
        *chi = s->layers[here->next].q;
    else if (!is_dense(s->network->layers[here->next]) && !here->is_whole)
        refuse(chi, VGRAD_E_UNSUPPORTED, "layer \"%s\": no prediction for what comes after it",
               layer->name);
    else
        return true;
    return false;
}

static vgrad_status find_chi(survey *s, const vgrad_layer *layer)
{
    const place *here = &s->places[layer->index];
    figure *out = &s->layers[layer->index].chi;
    vgrad__expectation e;
    vgrad_status status;
    double chi = 0;
    if (!has_chi(s, layer, out))
        return VGRAD_OK;
    if (is_dense(s->network->layers[here->next])) {
        status = expect_along(s, layer->index, layer->index, &e);
        chi = s->places[here->next].sw2 * e.df2;
    } else {
        status = find_chi_within(s, layer->index, &chi);
    }
    set_figure(out, layer, "chi", chi);
    return status;
}

/* ---- depth ---- */

/* False, with the reason or what is known already, if there is nothing to find. */
static bool has_depth_to_find(const survey *s, const vgrad_layer *layer, figure *depth)
{
    const place *here = &s->places[layer->index];
    const vgrad_layer *first = s->network->layers[here->first];
    if (s->layers[layer->index].q.status != VGRAD_OK)
        *depth = s->layers[layer->index].q;
    else if (is_input(first))
        refuse(depth, VGRAD_E_NOT_FOUND, "layer \"%s\": no weights come before it", layer->name);
    else if (first != layer)
        *depth = s->layers[here->first].depth;
    else if (!here->is_whole)
        refuse(depth, VGRAD_E_UNSUPPORTED, "layer \"%s\": no prediction for what comes after it",
               layer->name);
    else if (s->network->layers[here->last]->activation == VGRAD_SOFTMAX)
        refuse(depth, VGRAD_E_UNSUPPORTED, "layer \"%s\": softmax is not element-wise",
               s->network->layers[here->last]->name);
    else
        return true;
    return false;
}

static vgrad_status find_depth(survey *s, const vgrad_layer *layer)
{
    const place *here = &s->places[layer->index];
    figure *out = &s->layers[layer->index].depth;
    const path p = { s, layer->index, here->last };
    vgrad__fixed_point end;
    if (!has_depth_to_find(s, layer, out))
        return VGRAD_OK;
    const vgrad__wide_layer wide = { curve_of(&p), here->sw2, here->sb2 };
    vgrad_status status = vgrad__find_fixed_point(&wide, here->q, &end);
    if (status != VGRAD_OK)
        return status;
    if (isnan(end.depth))
        refuse(out, VGRAD_E_UNSUPPORTED, "layer \"%s\": its chi would come to NaN", layer->name);
    else
        *out = (figure){ .value = end.depth };
    return VGRAD_OK;
}

/* ---- all of it ---- */

static vgrad_status survey_all(survey *s, double input_mean_square)
{
    const size_t count = s->network->layer_count;
    vgrad_status status = VGRAD_OK;
    find_readers(s);
    for (size_t i = 0; i < count && status == VGRAD_OK; i++) {
        const vgrad_layer *layer = s->network->layers[i];
        if (is_input(layer)) {
            s->places[i].first = layer->index;
            s->places[i].q = input_mean_square;
            refuse(&s->layers[i].q, VGRAD_E_NOT_FOUND, "layer \"%s\": an input has no z",
                   layer->name);
        } else {
            status = find_q(s, layer);
        }
    }
    for (size_t i = count; i-- > 0 && status == VGRAD_OK;)
        find_last(s, (int32_t)i);
    for (size_t i = 0; i < count && status == VGRAD_OK; i++) {
        status = find_chi(s, s->network->layers[i]);
        if (status == VGRAD_OK)
            status = find_depth(s, s->network->layers[i]);
    }
    return status;
}

static vgrad_status predict(const vgrad_network *network, double input_mean_square,
                            vgrad_mean_field *field)
{
    const size_t count = network->layer_count;
    survey s = { .network = network };
    s.layers = field->layers = vgrad__allocate(field->context, count, sizeof *s.layers);
    if (!s.layers)
        return VGRAD_E_MEMORY;
    field->layer_count = count;
    s.places = vgrad__allocate(field->context, count, sizeof *s.places);
    if (!s.places)
        return VGRAD_E_MEMORY;
    vgrad_status status = survey_all(&s, input_mean_square);
    vgrad__release(field->context, s.places, count, sizeof *s.places);
    return status;
}

vgrad_status vgrad_mean_field_create(vgrad_mean_field **out, vgrad_network *network,
                                     double input_mean_square)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = vgrad__check_built(network);
    if (status == VGRAD_OK)
        status = vgrad__check_not_in_layer(network);
    if (status != VGRAD_OK)
        return status;
    if (!vgrad__number_fits(input_mean_square, 0, DBL_MAX, false))
        return vgrad__fail(VGRAD_E_INVALID, "input_mean_square: a number of at least 0, got %g",
                           input_mean_square);
    vgrad_mean_field *field = vgrad__allocate(network->context, 1, sizeof *field);
    if (!field)
        return VGRAD_E_MEMORY;
    field->context = vgrad__context_hold(network->context);
    status = predict(network, input_mean_square, field);
    if (status == VGRAD_OK)
        *out = field;
    else
        vgrad_mean_field_destroy(field);
    return status;
}

void vgrad_mean_field_destroy(vgrad_mean_field *field)
{
    if (!field)
        return;
    vgrad_context *context = field->context;
    vgrad__release(context, field->layers, field->layer_count, sizeof *field->layers);
    vgrad__release(context, field, 1, sizeof *field);
    vgrad__context_let_go(context);
}

vgrad_status vgrad_mean_field_read(const vgrad_mean_field *field, int32_t layer,
                                   vgrad_quantity quantity, double *out)
{
    if (!field || !out)
        return vgrad__fail_null(field ? "out" : "field");
    if (quantity != VGRAD_PREDICTED_Q && quantity != VGRAD_PREDICTED_CHI &&
        quantity != VGRAD_PREDICTED_LOSS && quantity != VGRAD_PREDICTED_DEPTH)
        return vgrad__fail(VGRAD_E_INVALID, "quantity: none that is predicted, got %d (%s)",
                           (int)quantity, vgrad_quantity_name(quantity));
    *out = (double)NAN;
    if (layer < 0 || (size_t)layer >= field->layer_count)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %d, got %d", (int)field->layer_count - 1,
                           (int)layer);
    const forecast *of = &field->layers[layer];
    const figure *found = quantity == VGRAD_PREDICTED_Q       ? &of->q
                          : quantity == VGRAD_PREDICTED_DEPTH ? &of->depth
                                                              : &of->chi;
    if (found->status != VGRAD_OK)
        return vgrad__fail(found->status, "%s", found->reason);
    *out = quantity == VGRAD_PREDICTED_LOSS ? -log10(found->value) / 2 : found->value;
    return VGRAD_OK;
}
