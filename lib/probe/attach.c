/* A network's layers and tensors, brought to a probe by the observer seam. */
/* SPDX-License-Identifier: MIT */
#include "probe/attach.h"

#include "base/clock.h"
#include "probe/figures.h"

/* ---- as an observer ---- */

/* Looks as often as was asked for, or as its cost allows. Where every step would be looked at, one
   in a few is not, if there is a limit: by such steps a look's cost is told. */
static bool is_due(const vgrad_probe *probe, int64_t step)
{
    enum { ONE_IN = 16 };
    const int64_t every =
        vgrad__cost_every(&probe->cost, (int64_t)probe->options[VGRAD_PROBE_EVERY]);
    const bool limited = probe->options[VGRAD_PROBE_COST_LIMIT] > 0;
    return step % every == 0 && !(limited && every == 1 && step % ONE_IN == ONE_IN - 1);
}

static bool begin(void *self, int64_t step)
{
    vgrad_probe *probe = self;
    const double now = vgrad__seconds();
    const bool due = is_due(probe, step);
    if (due)
        vgrad__look_begin(probe, step);
    vgrad__cost_begin(&probe->cost, now, due ? vgrad__look_kind(probe) : 0);
    return due;
}

static void epoch(void *self, int64_t step)
{
    vgrad_probe *probe = self;
    vgrad__cost_limit(&probe->cost, probe->options[VGRAD_PROBE_COST_LIMIT],
                      (int64_t)probe->options[VGRAD_PROBE_EVERY], step);
}

/* Looked at closely in passed(), where it is there whether anybody keeps it or not. */
static bool is_of_pass(vgrad_role role)
{
    return role == VGRAD_DELTA || role == VGRAD_ACTIVATION;
}

static unsigned wants(void *self, size_t tensor)
{
    const vgrad__scene *scene = &((const vgrad_probe *)self)->scene;
    const int32_t at = scene->of_tensor[tensor];
    if (at < 0)
        return VGRAD__WANT_NOTHING;
    const vgrad__probe_layer *layer = &scene->layers[at / VGRAD__WATCHABLE];
    if (!layer->in_look || layer->series[at % VGRAD__WATCHABLE] < 0)
        return VGRAD__WANT_NOTHING;
    const vgrad_role role = vgrad__watchable_role(at % VGRAD__WATCHABLE);
    unsigned wanted = VGRAD__WANT_MOMENTS;
    if (role == VGRAD_KERNEL_UPDATE)
        wanted |= VGRAD__WANT_LOST;
    if (vgrad__closeup_wants(layer, role) && !is_of_pass(role))
        wanted |= VGRAD__WANT_TENSOR;
    return wanted;
}

static void look_at_lost(vgrad_probe *probe, size_t tensor, int32_t layer,
                         const vgrad__moments *moments)
{
    const vgrad__history *history = &probe->scene.history;
    double *figures = vgrad__history_figures(history, history->looks - 1);
    figures[(size_t)layer * VGRAD__FIGURES + VGRAD__UPDATES_LOST] =
        (double)vgrad__updates_lost(probe->network, tensor) / (double)moments->count;
}

static void observe(void *self, size_t tensor, const vgrad_tensor *view,
                    const vgrad__moments *moments)
{
    vgrad_probe *probe = self;
    const int32_t at = probe->scene.of_tensor[tensor];
    const int32_t layer = at / VGRAD__WATCHABLE, place = at % VGRAD__WATCHABLE;
    const vgrad_role role = vgrad__watchable_role(place);
    vgrad__look_moments(probe, layer, place, moments);
    if (role == VGRAD_KERNEL_UPDATE)
        look_at_lost(probe, tensor, layer, moments);
    if (view)
        vgrad__closeup_look(probe, layer, role, view, 1);
}

static bool watches(const vgrad_probe *probe, vgrad_role role)
{
    return probe->roles & 1u << vgrad__watchable(role);
}

/* f' of the layer's rows, part by part; what a function of the user's refuses is not seen. */
static void look_at_derivative(vgrad_probe *probe, const vgrad__passage *passage)
{
    enum { PART = 1024 };
    double derivative[PART];
    const int64_t count = vgrad_tensor_count(&passage->delta);
    vgrad__signal *signal = &probe->scene.layers[passage->index].signal;
    signal->derivatives = 0; /* of several batches of a step it is the last one's, as delta is */
    signal->derivative_squares = 0;
    for (int64_t first = 0; first < count; first += PART) {
        const int64_t some = count - first < PART ? count - first : PART;
        if (vgrad__derivative(passage->layer, first, some, derivative) != VGRAD_OK)
            return;
        vgrad__look_derivative(probe, passage->index, derivative, first, some);
    }
}

/* (rows, elements) of a pass, with the units along the last axis. */
static vgrad_tensor by_unit(const vgrad_tensor *rows, int64_t units)
{
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, rows->data, (vgrad_dtype)rows->dtype,
                        vgrad_tensor_count(rows) / units, units);
    return view;
}

static void look_closely(vgrad_probe *probe, const vgrad__passage *passage)
{
    const int64_t units = probe->scene.layers[passage->index].units;
    const vgrad_tensor activation = by_unit(&passage->activation, units);
    vgrad__closeup_look(probe, passage->index, VGRAD_ACTIVATION, &activation, 1);
    if (probe->scene.layers[passage->index].kind == VGRAD_KIND_INPUT)
        return;
    const vgrad_tensor delta = by_unit(&passage->delta, units);
    vgrad__closeup_look(probe, passage->index, VGRAD_DELTA, &delta, 1);
}

static vgrad_status passed(void *self, const vgrad__passage *passage)
{
    vgrad_probe *probe = self;
    const vgrad__probe_layer *layer = &probe->scene.layers[passage->index];
    vgrad__signal *signal = &probe->scene.layers[passage->index].signal;
    if (!layer->in_look)
        return VGRAD_OK;
    look_closely(probe, passage);
    if (!probe->look.closer || layer->kind == VGRAD_KIND_INPUT || !watches(probe, VGRAD_DELTA))
        return VGRAD_OK;
    if (layer->has_derivative && watches(probe, VGRAD_ACTIVATION))
        look_at_derivative(probe, passage);
    if (layer->kind != VGRAD_KIND_DENSE || !passage->kernel.data)
        return VGRAD_OK;
    if (watches(probe, VGRAD_KERNEL))
        signal->kernel_norm = vgrad__norm(&passage->kernel);
    if (!watches(probe, VGRAD_INPUT) || !watches(probe, VGRAD_KERNEL_GRADIENT))
        return VGRAD_OK;
    signal->kernel_gradient_norm = vgrad__norm(&passage->kernel_gradient);
    vgrad_status status = vgrad__look_rows(probe, &signal->input, &passage->input, 1);
    return status == VGRAD_OK ? vgrad__look_rows(probe, &signal->delta, &passage->delta, 1)
                              : status;
}

static size_t end(void *self, const vgrad__step_end *step)
{
    vgrad_probe *probe = self;
    for (size_t i = 0; i < probe->scene.layer_count; i++)
        probe->scene.layers[i].trainable = vgrad__layer_is_trained(probe->network, (int32_t)i);
    vgrad__look_end(probe, step->loss, step->rows);
    return probe->scene.findings.news_count;
}

static const vgrad_finding *news(void *self, size_t i)
{
    return &((const vgrad_probe *)self)->scene.findings.news[i]->told;
}

void vgrad__attach_prepare(vgrad_probe *probe)
{
    probe->observer = (vgrad__observer){ probe, begin, wants, observe, passed, epoch, end, news };
}

/* ---- the layers of a network ---- */

static vgrad__layer_facts facts_of(const void *network, int32_t layer)
{
    vgrad__layer_facts facts = { .name = NULL };
    vgrad__layer_facts_of(network, layer, &facts);
    return facts;
}

static int32_t input_count(const void *network, int32_t layer)
{
    return facts_of(network, layer).input_count;
}

static int32_t input(const void *network, int32_t layer, int32_t k)
{
    return vgrad__layer_input(network, layer, k);
}

static bool is_output(const void *network, int32_t layer)
{
    return facts_of(network, layer).is_output;
}

static vgrad_layer_kind kind(const void *network, int32_t layer)
{
    return facts_of(network, layer).kind;
}

static vgrad_status add_layers(const vgrad_probe *probe, const vgrad_network *network,
                               vgrad__scene *scene)
{
    vgrad__layer_facts facts;
    for (int32_t i = 0; vgrad__layer_facts_of(network, i, &facts); i++) {
        vgrad__probe_layer *layer = vgrad__scene_add_layer(probe, scene, facts.name);
        if (!layer)
            return VGRAD_E_MEMORY;
        layer->kind = facts.kind;
        layer->fan_in = facts.fan_in;
        layer->fan_out = facts.fan_out;
        layer->units = facts.units;
        layer->has_derivative = facts.has_derivative;
        layer->steepest = facts.steepest;
        layer->is_output = facts.is_output;
    }
    return VGRAD_OK;
}

/* What comes back through a layer that mixes the samples of a batch is of no sample alone. */
static void mark_below_batch_norm(const vgrad_network *network, const vgrad__scene *scene)
{
    for (int32_t i = (int32_t)scene->layer_count; i-- > 0;) {
        const vgrad__layer_facts facts = facts_of(network, i);
        for (int32_t k = 0; k < facts.input_count; k++)
            scene->layers[vgrad__layer_input(network, i, k)].below_batch_norm |=
                facts.mixes_rows || scene->layers[i].below_batch_norm;
    }
}

/* Which tensor is which layer's, and which of them are watched. */
static vgrad_status number_tensors(const vgrad_probe *probe, const vgrad_network *network,
                                   vgrad__scene *scene)
{
    int32_t layer;
    vgrad_role role;
    size_t count = 0;
    while (vgrad__observable(network, count, &layer, &role))
        count++;
    scene->of_tensor = vgrad__allocate(probe->context, count, sizeof *scene->of_tensor);
    if (!scene->of_tensor)
        return VGRAD_E_MEMORY;
    scene->tensor_count = count;
    for (size_t i = 0; i < count; i++) {
        vgrad__observable(network, i, &layer, &role);
        const int32_t place = vgrad__watchable(role);
        scene->of_tensor[i] = place < 0 ? -1 : layer * VGRAD__WATCHABLE + place;
        if (place < 0 || !watches(probe, role) || scene->layers[layer].cadence.every == 0)
            continue;
        scene->layers[layer].series[place] = 0; /* a number comes later */
        vgrad_status status = vgrad__closeup_reserve(probe, &scene->layers[layer], role,
                                                     vgrad__observable_units(network, i));
        if (status != VGRAD_OK)
            return status;
    }
    return VGRAD_OK;
}

static vgrad_status make_scene(const vgrad_probe *probe, const vgrad_network *network,
                               vgrad__scene *scene)
{
    const vgrad__wiring wiring = { .of = network,
                                   .input_count = input_count,
                                   .input = input,
                                   .is_output = is_output,
                                   .kind = kind };
    vgrad_status status = add_layers(probe, network, scene);
    if (status == VGRAD_OK)
        status = number_tensors(probe, network, scene);
    if (status != VGRAD_OK)
        return status;
    mark_below_batch_norm(network, scene);
    return vgrad__scene_complete(probe, scene, &wiring);
}

/* Whether anything is made of what is there after a layer's backward. */
static bool needs_passages(const vgrad_probe *probe, const vgrad__scene *scene)
{
    bool needs = watches(probe, VGRAD_DELTA);
    for (size_t i = 0; i < scene->layer_count; i++)
        needs |= scene->layers[i].cadence.histogram_every > 0 ||
                 scene->layers[i].cadence.units_every > 0;
    return needs;
}

vgrad_status vgrad_probe_attach(vgrad_probe *probe, vgrad_network *network)
{
    vgrad__scene fresh = { 0 };
    vgrad_status status = vgrad__check_not_attached(probe);
    if (status == VGRAD_OK && !network)
        status = vgrad__fail_null("network");
    if (status == VGRAD_OK)
        status = vgrad__observer_join(network, &probe->observer);
    if (status != VGRAD_OK)
        return status;
    status = make_scene(probe, network, &fresh);
    if (status != VGRAD_OK) {
        vgrad__scene_destroy(probe, &fresh);
        vgrad__observer_leave(network, &probe->observer);
        return status;
    }
    probe->observer.passed = needs_passages(probe, &fresh) ? passed : NULL;
    vgrad__scene_replace(probe, &fresh);
    probe->declaring = false;
    probe->network = network;
    return VGRAD_OK;
}

vgrad_status vgrad_probe_detach(vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    vgrad_network *network = probe->network;
    probe->network = NULL;
    if (network)
        vgrad__observer_leave(network, &probe->observer);
    return VGRAD_OK;
}
