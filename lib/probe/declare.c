/* A loop that is not the library's: its layers declared, its tensors observed step by step. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "network/activation.h"
#include "probe/probe.h"
#include "tensor/measure.h"
#include "tensor/tensor.h"

/* ---- declaring ---- */

static vgrad_status check_declaration(const vgrad_probe *probe, const char *name,
                                      vgrad_layer_kind kind, vgrad_activation activation,
                                      int64_t fan_in, int64_t fan_out)
{
    vgrad_status status = vgrad__check_not_attached(probe);
    if (status != VGRAD_OK)
        return status;
    if (!name)
        return vgrad__fail_null("name");
    if (strlen(name) < 1 || strlen(name) > 63)
        return vgrad__fail(VGRAD_E_INVALID, "name: 1 to 63 bytes, got %zu", strlen(name));
    if ((int)kind < VGRAD_KIND_OTHER || kind > VGRAD_KIND_INPUT)
        return vgrad__fail(VGRAD_E_INVALID, "kind: no kind of layer %d", (int)kind);
    if (!vgrad__activation_exists(activation))
        return vgrad__fail(VGRAD_E_INVALID, "activation: no activation %d", (int)activation);
    const int64_t least = kind == VGRAD_KIND_DENSE || kind == VGRAD_KIND_CONV;
    if (fan_in < least || fan_out < least)
        return vgrad__fail(VGRAD_E_INVALID, "%s: at least %d, got %lld",
                           fan_in < least ? "fan_in" : "fan_out", (int)least,
                           (long long)(fan_in < least ? fan_in : fan_out));
    if (probe->declaring && probe->scene.history.steps)
        return vgrad__fail(VGRAD_E_STATE, "probe: it has begun to look, no layer can be added");
    for (size_t i = 0; probe->declaring && i < probe->scene.layer_count; i++)
        if (strcmp(probe->scene.layers[i].name, name) == 0)
            return vgrad__fail(VGRAD_E_INVALID, "name: layer %zu is called \"%s\" already", i,
                               name);
    return VGRAD_OK;
}

vgrad_status vgrad_probe_declare(vgrad_probe *probe, const char *name, vgrad_layer_kind kind,
                                 vgrad_activation activation, int64_t fan_in, int64_t fan_out,
                                 int32_t *layer)
{
    vgrad_status status = check_declaration(probe, name, kind, activation, fan_in, fan_out);
    if (status != VGRAD_OK)
        return status;
    if (!probe->declaring)
        vgrad__scene_replace(probe, &(vgrad__scene){ .layers = NULL });
    probe->declaring = true;
    vgrad__probe_layer *one = vgrad__scene_add_layer(probe, &probe->scene, name);
    if (!one)
        return VGRAD_E_MEMORY;
    one->kind = kind;
    one->activation = activation;
    one->fan_in = fan_in;
    one->fan_out = fan_out;
    one->is_output = true; /* until another comes */
    if (probe->scene.layer_count > 1)
        one[-1].is_output = false;
    one->units = fan_out > 0 ? fan_out : 1;
    one->has_derivative = vgrad__activation_bends(activation);
    one->steepest = vgrad__steepest(activation);
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
        one->series[place] = one->cadence.every > 0 && probe->roles & 1u << place ? 0 : -1;
    if (layer)
        *layer = (int32_t)probe->scene.layer_count - 1;
    return VGRAD_OK;
}

/* ---- the chain that was declared ---- */

static int32_t input_count(const void *scene, int32_t layer)
{
    (void)scene;
    return layer > 0;
}

static int32_t input(const void *scene, int32_t layer, int32_t k)
{
    (void)scene;
    (void)k;
    return layer - 1;
}

static bool is_output(const void *scene, int32_t layer)
{
    return (size_t)layer + 1 == ((const vgrad__scene *)scene)->layer_count;
}

static vgrad_layer_kind kind(const void *scene, int32_t layer)
{
    return ((const vgrad__scene *)scene)->layers[layer].kind;
}

static vgrad_status complete(vgrad_probe *probe)
{
    const vgrad__wiring wiring = { &probe->scene, input_count, input, is_output, kind };
    bool mixed = false;
    for (size_t i = probe->scene.layer_count; i-- > 0;) {
        probe->scene.layers[i].below_batch_norm = mixed;
        mixed |= probe->scene.layers[i].kind == VGRAD_KIND_NORM;
    }
    return vgrad__scene_complete(probe, &probe->scene, &wiring);
}

/* ---- steps ---- */

static vgrad_status check_declared(const vgrad_probe *probe)
{
    vgrad_status status = vgrad__check_not_attached(probe);
    if (status == VGRAD_OK && (!probe->declaring || probe->scene.layer_count == 0))
        return vgrad__fail(VGRAD_E_STATE, "probe: no layer is declared");
    return status;
}

vgrad_status vgrad_probe_begin(vgrad_probe *probe, int64_t step)
{
    vgrad_status status = check_declared(probe);
    if (status != VGRAD_OK)
        return status;
    if (probe->look.in_step)
        return vgrad__fail(VGRAD_E_STATE, "probe: step %lld is not ended",
                           (long long)probe->look.step);
    if (step < 0 || (probe->look.has_begun && step <= probe->look.step))
        return vgrad__fail(VGRAD_E_INVALID, "step: above %lld, got %lld",
                           (long long)(probe->look.has_begun ? probe->look.step : -1),
                           (long long)step);
    if (!probe->scene.history.steps) {
        status = complete(probe);
        if (status != VGRAD_OK)
            return status;
    }
    const bool looks = step % (int64_t)probe->options[VGRAD_PROBE_EVERY] == 0;
    const double now = vgrad__seconds();
    if (looks)
        vgrad__look_begin(probe, step);
    vgrad__cost_begin(&probe->cost, now, looks ? vgrad__look_kind(probe) : 0);
    probe->look.step = step;
    probe->look.in_step = probe->look.has_begun = true;
    probe->look.rows = 0;
    probe->look.open = looks;
    return looks ? VGRAD_OK : VGRAD_SKIPPED;
}

/* Gradients come as many times too large as the loss was. */
static double scale_of(const vgrad_probe *probe, vgrad_role role)
{
    const bool is_gradient = (role >= VGRAD_KERNEL_GRADIENT && role <= VGRAD_BETA_GRADIENT) ||
                             role == VGRAD_DELTA || role == VGRAD_ACTIVATION_GRADIENT;
    return is_gradient ? probe->options[VGRAD_PROBE_LOSS_SCALE] : 1;
}

/* f' at the rows of z, part by part. */
static vgrad_status look_at_preactivation(vgrad_probe *probe, int32_t index,
                                          const vgrad_tensor *tensor)
{
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    const int64_t rows = tensor->rank > 0 ? tensor->shape[0] : 1;
    const int64_t width = rows > 0 ? vgrad_tensor_count(tensor) / rows : 0;
    if (!layer->has_derivative || width == 0)
        return VGRAD_OK;
    if (width % layer->units != 0)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": rows of %lld units or a multiple, got %lld", layer->name,
                           (long long)layer->units, (long long)width);
    double *row = vgrad__allocate(probe->context, (size_t)width, 3 * sizeof *row);
    if (!row)
        return VGRAD_E_MEMORY;
    vgrad__signal *signal = &probe->scene.layers[index].signal;
    signal->derivatives = 0; /* of a tensor that comes twice, the later one counts */
    signal->derivative_squares = 0;
    memset(signal->alive_now, 0, (size_t)layer->units);
    for (int64_t i = 0; i < rows; i++) {
        const vgrad_tensor one = vgrad__tensor_row(tensor, i);
        vgrad__tensor_pack(&one, row, VGRAD_FLOAT64);
        vgrad__activation_values(layer->activation, (double)NAN, row, (size_t)width, row + width,
                                 row + 2 * width);
        for (int64_t k = 0; k < width; k++)
            row[2 * width + k] = isnan(row[k]) ? row[k] : row[2 * width + k];
        vgrad__look_derivative(probe, index, row + 2 * width, i * width, width);
    }
    vgrad__release(probe->context, row, (size_t)width, 3 * sizeof *row);
    return VGRAD_OK;
}

/* What a tensor tells beside its moments. */
static vgrad_status look_closer(vgrad_probe *probe, int32_t index, vgrad_role role,
                                const vgrad_tensor *tensor, const vgrad__moments *moments)
{
    vgrad__signal *signal = &probe->scene.layers[index].signal;
    const double scale = scale_of(probe, role);
    switch ((int)role) {
    case VGRAD_INPUT: return vgrad__look_rows(probe, &signal->input, tensor, scale);
    case VGRAD_DELTA: return vgrad__look_rows(probe, &signal->delta, tensor, scale);
    case VGRAD_PREACTIVATION: return look_at_preactivation(probe, index, tensor);
    case VGRAD_KERNEL: signal->kernel_norm = vgrad__moments_read(moments, VGRAD_L2); break;
    case VGRAD_KERNEL_GRADIENT:
        signal->kernel_gradient_norm = vgrad__moments_read(moments, VGRAD_L2);
        break;
    default: break;
    }
    return VGRAD_OK;
}

/* Axis 0 goes along the samples. */
static bool is_of_rows(vgrad_role role)
{
    return role == VGRAD_INPUT || role == VGRAD_PREACTIVATION || role == VGRAD_ACTIVATION ||
           role == VGRAD_DELTA || role == VGRAD_ACTIVATION_GRADIENT;
}

vgrad_status vgrad_probe_observe(vgrad_probe *probe, int32_t layer, vgrad_role role,
                                 const vgrad_tensor *tensor)
{
    vgrad_status status = check_declared(probe);
    if (status != VGRAD_OK)
        return status;
    if (!probe->look.in_step)
        return vgrad__fail(VGRAD_E_STATE, "probe: vgrad_probe_begin() comes first");
    if (layer < 0 || (size_t)layer >= probe->scene.layer_count)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %zu are declared, got %d",
                           probe->scene.layer_count - 1, (int)layer);
    const int32_t place = vgrad__watchable(role);
    if (place < 0)
        return vgrad__fail(VGRAD_E_INVALID, "role: %d (%s) cannot be watched", (int)role,
                           vgrad_role_name(role));
    status = vgrad__tensor_check(tensor, "tensor");
    if (status != VGRAD_OK || !probe->look.open || !probe->scene.layers[layer].in_look ||
        probe->scene.layers[layer].series[place] < 0)
        return status;
    if (is_of_rows(role) && tensor->rank > 0 && tensor->shape[0] > probe->look.rows)
        probe->look.rows = tensor->shape[0];
    vgrad__moments moments = vgrad__moments_of(tensor);
    vgrad__moments_divide(&moments, scale_of(probe, role));
    if (probe->look.closer)
        status = look_closer(probe, layer, role, tensor, &moments);
    if (status == VGRAD_OK && role == VGRAD_KERNEL)
        status = vgrad__lost_keep(probe, layer, tensor);
    if (status == VGRAD_OK)
        status = vgrad__closeup_reserve(probe, &probe->scene.layers[layer], role,
                                        tensor->rank > 0 ? tensor->shape[tensor->rank - 1] : 1);
    if (status != VGRAD_OK)
        return status;
    vgrad__look_moments(probe, layer, place, &moments);
    if (role == VGRAD_KERNEL_UPDATE)
        vgrad__lost_count(probe, layer, tensor);
    vgrad__closeup_look(probe, layer, role, tensor, scale_of(probe, role));
    return VGRAD_OK;
}

vgrad_status vgrad_probe_end(vgrad_probe *probe, double loss)
{
    vgrad_status status = check_declared(probe);
    if (status != VGRAD_OK)
        return status;
    if (!probe->look.in_step)
        return vgrad__fail(VGRAD_E_STATE, "probe: vgrad_probe_begin() comes first");
    probe->look.in_step = false;
    if (!probe->look.open)
        return VGRAD_OK;
    vgrad__look_end(probe, loss, probe->look.rows);
    return probe->scene.findings.news_count > 0 ? VGRAD_CHANGED : VGRAD_OK;
}
