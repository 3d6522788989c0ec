/* What all layers have: names, options, initializers. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "network/activation.h"
#include "network/network.h"
#include "tensor/blas.h"

/* "dense", or the first of "dense_1", "dense_2", ... that is free. */
static void name_by_word(vgrad_layer *layer, const char *word)
{
    char name[VGRAD__NAME_SIZE];
    layer->name[0] = '\0';
    snprintf(name, sizeof name, "%s", word);
    for (int number = 1; vgrad__layer_named(layer->network, name); number++)
        snprintf(name, sizeof name, "%s_%d", word, number);
    memcpy(layer->name, name, sizeof name);
}

static size_t layer_size(int32_t input_count)
{
    return sizeof(vgrad_layer) + (size_t)input_count * sizeof(vgrad_layer *);
}

vgrad_layer *vgrad__layer_create(vgrad_network *network, const vgrad__layer_kind *kind,
                                 int32_t input_count, vgrad_layer *const *inputs)
{
    if (vgrad__is_built(network)) {
        vgrad__fail(VGRAD_E_STATE, "network: built already, no %s can be added", kind->name);
        return NULL;
    }
    if (vgrad__check_not_in_layer(network) != VGRAD_OK)
        return NULL;
    if (vgrad__grow(network->context, (void **)&network->layers, network->layer_count,
                    &network->layer_capacity, sizeof *network->layers) != VGRAD_OK) {
        vgrad__keep_error(network, VGRAD_E_MEMORY);
        return NULL;
    }
    vgrad_layer *layer = vgrad__allocate(network->context, 1, layer_size(input_count));
    if (!layer) {
        vgrad__keep_error(network, VGRAD_E_MEMORY);
        return NULL;
    }
    layer->network = network;
    layer->kind = kind;
    layer->trainable = true;
    for (const vgrad__layer_option *o = kind->options; o->option; o++)
        layer->options[o->option] = o->initial;
    layer->input_count = input_count;
    for (int32_t i = 0; i < input_count; i++)
        layer->inputs[i] = inputs[i];
    name_by_word(layer, kind->name);
    layer->index = (int32_t)network->layer_count;
    network->layers[network->layer_count++] = layer;
    return layer;
}

void vgrad__layer_destroy(vgrad_layer *layer)
{
    vgrad__release(layer->network->context, layer, 1, layer_size(layer->input_count));
}

/* False if one is missing, which the other's network keeps as its error. */
static bool are_both_there(const vgrad_layer *a, const char *a_name, const vgrad_layer *b,
                           const char *b_name)
{
    if (a && b)
        return true;
    vgrad_status status = vgrad__fail_null(a ? b_name : a_name);
    if (a || b)
        vgrad__keep_error((a ? a : b)->network, status);
    return false;
}

bool vgrad__is_stranger(const char *argument, const vgrad_layer *layer, const vgrad_layer *to)
{
    if (layer->network == to->network)
        return false;
    vgrad__keep_error(to->network,
                      vgrad__fail(VGRAD_E_INVALID,
                                  "%s: layer \"%s\" is of another network than layer \"%s\"",
                                  argument, layer->name, to->name));
    vgrad__keep_error(layer->network, VGRAD_E_INVALID);
    return true;
}

vgrad_layer *vgrad_share(vgrad_layer *layer, vgrad_layer *in)
{
    if (!are_both_there(layer, "layer", in, "in"))
        return NULL;
    vgrad_layer *owner = vgrad__owner(layer);
    if (!owner->kind->can_be_shared) {
        vgrad__keep_error(owner->network, vgrad__fail(VGRAD_E_INVALID,
                                                      "layer \"%s\": a layer of kind %s cannot be "
                                                      "shared",
                                                      owner->name, owner->kind->name));
        return NULL;
    }
    if (vgrad__is_stranger("in", in, owner))
        return NULL;
    vgrad_layer *other = vgrad__layer_after(in, owner->kind);
    if (other) {
        other->shares = owner;
        other->is_shared = owner->is_shared = true;
        other->rank = owner->rank;
        memcpy(other->shape, owner->shape, sizeof other->shape);
        other->width = owner->width;
        other->window = owner->window;
        other->activation = owner->activation;
    }
    return other;
}

vgrad_layer *vgrad__layer_joining(vgrad_layer *a, vgrad_layer *b, const vgrad__layer_kind *kind)
{
    vgrad_layer *inputs[2] = { a, b };
    if (!are_both_there(a, "a", b, "b"))
        return NULL;
    if (vgrad__is_stranger("b", b, a))
        return NULL;
    return vgrad__layer_create(a->network, kind, 2, inputs);
}

vgrad_layer *vgrad__layer_after(vgrad_layer *in, const vgrad__layer_kind *kind)
{
    if (!in) {
        vgrad__fail_null("in");
        return NULL;
    }
    return vgrad__layer_create(in->network, kind, 1, &in);
}

vgrad_status vgrad__layer_set_shape(vgrad_layer *layer, int64_t rank, const int64_t *shape)
{
    if (rank < 1 || rank > VGRAD__ROW_RANK_MAX)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": rows of 1 to %d axes, got %lld",
                           layer->name, VGRAD__ROW_RANK_MAX, (long long)rank);
    vgrad_tensor row = { .rank = (int32_t)rank };
    memcpy(row.shape, shape, (size_t)rank * sizeof *shape);
    int64_t width = 1;
    for (int32_t axis = 0; axis < rank; axis++)
        if (shape[axis] < 1 || __builtin_mul_overflow(width, shape[axis], &width) ||
            width > VGRAD__BLAS_MAX) {
            char text[VGRAD__SHAPE_TEXT];
            return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": rows of 1 to %d elements, got %s",
                               layer->name, VGRAD__BLAS_MAX, vgrad__shape_text(&row, text));
        }
    layer->rank = row.rank;
    memcpy(layer->shape, shape, (size_t)rank * sizeof *shape);
    layer->width = width;
    return VGRAD_OK;
}

const char *vgrad__row_text(const vgrad_layer *layer, char text[VGRAD__SHAPE_TEXT])
{
    vgrad_tensor row = { .rank = layer->rank };
    memcpy(row.shape, layer->shape, (size_t)layer->rank * sizeof *layer->shape);
    return vgrad__shape_text(&row, text);
}

void vgrad__layer_add_parameter(vgrad_layer *layer, const vgrad__parameter *parameter)
{
    layer->parameters[layer->parameter_count++] = *parameter;
}

void vgrad__layer_add_state(vgrad_layer *layer, const vgrad__state *state)
{
    layer->states[layer->state_count++] = *state;
}

const char *vgrad_layer_name(const vgrad_layer *layer)
{
    if (!layer)
        vgrad__fail_null("layer");
    return layer ? layer->name : NULL;
}

int32_t vgrad_layer_index(const vgrad_layer *layer)
{
    return layer ? layer->index : (vgrad__fail_null("layer"), -1);
}

vgrad_status vgrad__layer_set_word(vgrad_layer *layer, const char *word, const char *argument)
{
    const size_t most = 47; /* with a number behind it, it is a name still */
    const size_t length = strlen(word);
    if (length < 1 || length > most)
        return vgrad__keep_error(
            layer->network,
            vgrad__fail(VGRAD_E_INVALID, "%s: 1 to %zu bytes, got %zu", argument, most, length));
    name_by_word(layer, word);
    return VGRAD_OK;
}

void vgrad__user_enter(const vgrad_layer *layer)
{
    layer->network->callbacks++;
    layer->network->in_layer = true;
}

vgrad_status vgrad__user_leave(const vgrad_layer *layer, const char *function, int32_t returned)
{
    layer->network->callbacks--;
    layer->network->in_layer = false;
    if (returned == 0)
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_CALLBACK, "layer \"%s\": its %s returned %d", layer->name, function,
                       (int)returned);
}

/* Keeps the error for build, and returns it. */
static vgrad_status refuse(vgrad_layer *layer, vgrad_status status)
{
    return vgrad__keep_error(layer->network, status);
}

static vgrad_status check_not_built(const vgrad_layer *layer, const char *what)
{
    if (vgrad__is_built(layer->network))
        return vgrad__fail(VGRAD_E_STATE, "layer \"%s\": %s is fixed once the network is built",
                           layer->name, what);
    return vgrad__check_not_in_layer(layer->network);
}

vgrad_status vgrad_layer_set_name(vgrad_layer *layer, const char *name)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = check_not_built(layer, "the name");
    if (status != VGRAD_OK)
        return status;
    if (!name)
        return refuse(layer, vgrad__fail_null("name"));
    size_t length = strlen(name);
    if (length < 1 || length >= VGRAD__NAME_SIZE)
        return refuse(layer, vgrad__fail(VGRAD_E_INVALID, "name: 1 to %d bytes, got %zu",
                                         VGRAD__NAME_SIZE - 1, length));
    const vgrad_layer *holder = vgrad__layer_named(layer->network, name);
    if (holder && holder != layer)
        return refuse(layer, vgrad__fail(VGRAD_E_INVALID, "name: layer %d is called \"%s\" already",
                                         (int)holder->index, name));
    memmove(layer->name, name, length + 1);
    return VGRAD_OK;
}

/* By vgrad_layer_option; what has no name is no option. `late`: also after build. */
static const struct {
    const char *name;
    double low, high;
    bool whole, late;
    const char *range;
} options[VGRAD__LAYER_OPTIONS_MAX] = {
    [VGRAD_LAYER_TRAINABLE] = { "trainable", 0, 1, true, true, "0 or 1" },
    [VGRAD_LAYER_USE_BIAS] = { "use_bias", 0, 1, true, false, "0 or 1" },
    [VGRAD_LAYER_ALPHA] = { "alpha", 0, 1, false, false, "in [0, 1]" },
    [VGRAD_LAYER_L1] = { "l1", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_LAYER_L2] = { "l2", 0, DBL_MAX, false, true, "at least 0" },
    [VGRAD_LAYER_STRIDE_HEIGHT] = { "stride_height", 1, INT32_MAX, true, false, "1 to 2147483647" },
    [VGRAD_LAYER_STRIDE_WIDTH] = { "stride_width", 1, INT32_MAX, true, false, "1 to 2147483647" },
    [VGRAD_LAYER_PADDING] = { "padding", VGRAD_VALID, VGRAD_SAME, true, false,
                              "VALID (0) or SAME (1)" },
    [VGRAD_LAYER_MOMENTUM] = { "momentum", 0, 1, false, false, "in [0, 1]" },
    [VGRAD_LAYER_EPSILON] = { "epsilon", 1e-30, 1, false, false, "in [1e-30, 1]" },
    [VGRAD_LAYER_UNBIASED_VARIANCE] = { "unbiased_variance", 0, 1, true, false, "0 or 1" },
};

/* VGRAD_OK if layers of this kind have the option. */
static vgrad_status check_option(const vgrad_layer *layer, vgrad_layer_option option)
{
    if ((int)option < 0 || (int)option >= VGRAD__LAYER_OPTIONS_MAX || !options[option].name)
        return vgrad__fail(VGRAD_E_INVALID, "option: no layer option %d", (int)option);
    if (option == VGRAD_LAYER_TRAINABLE)
        return VGRAD_OK;
    for (const vgrad__layer_option *o = layer->kind->options; o->option; o++)
        if (o->option == option)
            return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": %s has no %s", layer->name,
                       layer->kind->name, options[option].name);
}

static vgrad_status check_value(const vgrad_layer *layer, vgrad_layer_option option, double value)
{
    const bool elu_alpha = option == VGRAD_LAYER_ALPHA && vgrad__alpha_most(layer) > 1;
    if (vgrad__number_fits(value, options[option].low,
                           elu_alpha ? vgrad__alpha_most(layer) : options[option].high,
                           options[option].whole))
        return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": %s %s, got %g", layer->name,
                       options[option].name, elu_alpha ? "in [0, 1e30]" : options[option].range,
                       value);
}

vgrad_status vgrad_layer_set(vgrad_layer *layer, vgrad_layer_option option, double value)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = check_option(layer, option);
    if (status == VGRAD_OK && layer->shares)
        status = vgrad__fail(VGRAD_E_STATE, "layer \"%s\": its options are those of \"%s\"",
                             layer->name, layer->shares->name);
    if (status != VGRAD_OK)
        return refuse(layer, status);
    status = check_value(layer, option, value);
    if (status != VGRAD_OK)
        return refuse(layer, status);
    status = options[option].late ? vgrad__check_not_in_layer(layer->network)
                                  : check_not_built(layer, options[option].name);
    if (status != VGRAD_OK)
        return status;
    if (option == VGRAD_LAYER_TRAINABLE) {
        layer->trainable = value != 0;
        vgrad__segments_set_trainable(layer);
    } else {
        layer->options[option] = value;
    }
    return VGRAD_OK;
}

/* An alpha that was never set is NaN. */
static void visit_option(vgrad_layer *layer, vgrad__fields *f, vgrad_layer_option option, bool made)
{
    const char *name = options[option].name;
    double value = layer->options[option];
    if (!made && !options[option].late) {
        vgrad__visit_same_real(f, name, value);
        return;
    }
    f->way->real(f, name, &value);
    if (!(option == VGRAD_LAYER_ALPHA && isnan(value)) &&
        check_value(layer, option, value) != VGRAD_OK)
        f->way->refuse(f, VGRAD_E_FORMAT, name, options[option].range);
    if (f->commits)
        layer->options[option] = value;
}

void vgrad__layer_options_visit(vgrad_layer *layer, vgrad__fields *f, bool made)
{
    bool trainable = layer->trainable;
    f->way->open(f, "options");
    vgrad__visit_flag(f, options[VGRAD_LAYER_TRAINABLE].name, &trainable);
    for (const vgrad__layer_option *o = layer->kind->options; o->option; o++)
        visit_option(layer, f, o->option, made);
    f->way->close(f);
    if (!f->commits)
        return;
    layer->trainable = trainable;
    vgrad__segments_set_trainable(layer);
}

double vgrad_layer_get(const vgrad_layer *layer, vgrad_layer_option option)
{
    if (!layer) {
        vgrad__fail_null("layer");
        return (double)NAN;
    }
    if (check_option(layer, option) != VGRAD_OK)
        return (double)NAN;
    layer = vgrad__owner(layer);
    return option == VGRAD_LAYER_TRAINABLE ? layer->trainable
           : option == VGRAD_LAYER_ALPHA   ? vgrad__alpha(layer)
                                           : layer->options[option];
}

vgrad_status vgrad__layer_check_slot(const vgrad_layer *layer, int32_t slot)
{
    for (int32_t p = 0; p < layer->parameter_count; p++)
        if (layer->parameters[p].slot == slot)
            return VGRAD_OK;
    return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": has no %s to initialize", layer->name,
                       vgrad_role_name((vgrad_role)slot));
}

vgrad_status vgrad_layer_set_initializer(vgrad_layer *layer, vgrad_role parameter,
                                         vgrad_initializer kind, double a, double b)
{
    if (!layer)
        return vgrad__fail_null("layer");
    vgrad_status status = vgrad__check_not_in_layer(layer->network);
    if (status != VGRAD_OK)
        return status;
    status = vgrad__initializer_check(parameter, kind, a, b);
    if (status == VGRAD_OK && layer->shares)
        status = vgrad__fail(VGRAD_E_STATE, "layer \"%s\": its parameters are those of \"%s\"",
                             layer->name, layer->shares->name);
    if (status == VGRAD_OK && vgrad__is_built(layer->network))
        status = vgrad__layer_check_slot(layer, (int32_t)parameter);
    if (status != VGRAD_OK)
        return refuse(layer, status);
    layer->initializers[parameter] = (vgrad__initializer){ true, kind, a, b };
    return VGRAD_OK;
}

vgrad_status vgrad_network_set_initializer(vgrad_network *network, vgrad_role parameter,
                                           vgrad_initializer kind, double a, double b)
{
    if (!network)
        return vgrad__fail_null("network");
    vgrad_status status = vgrad__check_not_in_layer(network);
    if (status != VGRAD_OK)
        return status;
    status = vgrad__initializer_check(parameter, kind, a, b);
    if (status != VGRAD_OK)
        return vgrad__keep_error(network, status);
    network->initializers[parameter] = (vgrad__initializer){ true, kind, a, b };
    return VGRAD_OK;
}
