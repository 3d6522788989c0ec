/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <string.h>

static const uint32_t keep_all = VGRAD_KEEP_PREACTIVATION | VGRAD_KEEP_ACTIVATION |
                                 VGRAD_KEEP_DELTA | VGRAD_KEEP_ACTIVATION_GRADIENT |
                                 VGRAD_KEEP_UPDATE | VGRAD_KEEP_EPOCH_GRADIENT | VGRAD_KEEP_PENALTY;

/* A failed create must leave NULL, whatever was there before. */
static vgrad_status checked(world *w, vgrad_status status, const void *address, const char *name)
{
    const void *out;
    memcpy(&out, address, sizeof out);
    if (status < 0 && out)
        w->left = name;
    return status;
}

#define CREATE(out, create, ...)                                                                   \
    ((out) = (void *)w, checked(w, create(&(out), __VA_ARGS__), &(out), #create))

static vgrad_status make_circles(world *w)
{
    return CREATE(w->circles, vgrad_dataset_circles, WORLD_VALIDATION_ROWS, 0.5, 0.1, 1,
                  w->context);
}

static vgrad_status make_copy(world *w)
{
    vgrad_status status = vgrad_dataset_read(w->circles, 0, WORLD_ROWS, w->x, w->y, VGRAD_FLOAT64);
    if (status != VGRAD_OK)
        return status;
    return CREATE(w->copy, vgrad_dataset_copy, WORLD_ROWS, w->x, VGRAD_FLOAT64, 2, w->y,
                  VGRAD_FLOAT64, 1, w->context);
}

static vgrad_status borrow(world *w)
{
    return CREATE(w->data, vgrad_dataset_borrow, WORLD_ROWS, w->x, VGRAD_FLOAT64, 2, w->y,
                  VGRAD_FLOAT64, 1, w->context);
}

static vgrad_status make_ordered(world *w)
{
    return CREATE(w->validation, vgrad_dataset_circles_ordered, WORLD_VALIDATION_ROWS, 0.5, 0.1, 2,
                  w->context);
}

static vgrad_status make_network(world *w)
{
    vgrad_status status = CREATE(w->network, vgrad_network_create, w->context);
    if (status == VGRAD_OK)
        status = vgrad_network_set_dtype(w->network, w->dtype);
    return status;
}

/* A network remembers the failure of a constructor for good: tried again, it is another one. */
static vgrad_status add_layers(world *w)
{
    if (w->tries++ > 0) {
        vgrad_network_destroy(w->network);
        vgrad_status status = make_network(w);
        if (status != VGRAD_OK)
            return status;
    }
    vgrad_layer *layer = vgrad_input(w->network, 2);
    layer = vgrad_dense(layer, 5, VGRAD_TANH);
    layer = vgrad_dense(layer, 4, VGRAD_LEAKY_RELU);
    layer = vgrad_dense(layer, 1, VGRAD_SIGMOID);
    return layer ? VGRAD_OK : vgrad_network_build(w->network, layer);
}

static vgrad_layer *last_layer(const world *w)
{
    return vgrad_network_layer(w->network, 3);
}

static vgrad_status build(world *w)
{
    return vgrad_network_build(w->network, last_layer(w));
}

static vgrad_status make_optimizer(world *w)
{
    vgrad_status status = CREATE(w->optimizer, vgrad_optimizer_create, w->network,
                                 w->kind ? w->kind : VGRAD_ADAM, 0.01);
    if (status != VGRAD_OK || !w->kind)
        return status;
    vgrad_layer_set(vgrad_network_layer(w->network, 1), VGRAD_LAYER_L1, 0.01);
    vgrad_layer_set(vgrad_network_layer(w->network, 2), VGRAD_LAYER_L2, 0.01);
    vgrad_optimizer_set(w->optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.01);
    vgrad_optimizer_set(w->optimizer, VGRAD_OPTIMIZER_CLIP_LAYER_NORM, 0.01);
    return vgrad_optimizer_schedule_cosine(w->optimizer, 3, 50, 0.001);
}

static vgrad_status make_trainer(world *w)
{
    vgrad_status status = CREATE(w->trainer, vgrad_trainer_create, w->network,
                                 VGRAD_LOSS_BINARY_CROSSENTROPY, w->optimizer);
    if (status == VGRAD_OK)
        status = vgrad_trainer_set(w->trainer, VGRAD_TRAINER_BATCH_SIZE, 7);
    return status;
}

static vgrad_status make_probe(world *w)
{
    vgrad_status status = CREATE(w->probe, vgrad_probe_create, w->context);
    if (status == VGRAD_OK)
        status = vgrad_probe_set(w->probe, VGRAD_PROBE_HISTOGRAM_EVERY, 2);
    return status == VGRAD_OK ? vgrad_probe_set(w->probe, VGRAD_PROBE_UNITS_EVERY, 3) : status;
}

static vgrad_status attach(world *w)
{
    return vgrad_probe_attach(w->probe, w->network);
}

static vgrad_status foretell(world *w)
{
    vgrad_mean_field *field = NULL;
    vgrad_status status = CREATE(field, vgrad_mean_field_create, w->network, 1);
    vgrad_mean_field_destroy(field);
    return status;
}

static int32_t hear_nothing(const vgrad_event *event, void *user)
{
    (void)event;
    (void)user;
    return 0;
}

/* More than the first room for them holds. */
static vgrad_status add_callbacks(world *w)
{
    vgrad_status status = VGRAD_OK;
    while (w->callbacks < 12 && status == VGRAD_OK) {
        status = vgrad_trainer_on(w->trainer, 255, 1, w->heard ? w->heard : hear_nothing, w->user);
        w->callbacks += status == VGRAD_OK;
    }
    return status;
}

static int32_t swallow(const char *text, size_t length, void *user)
{
    (void)text;
    (void)length;
    (void)user;
    return 0;
}

static vgrad_status add_progress(world *w)
{
    return vgrad_trainer_progress(w->trainer, swallow, NULL);
}

static vgrad_status set_validation(world *w)
{
    return vgrad_trainer_set_validation(w->trainer, w->validation);
}

static vgrad_status fit_some(world *w)
{
    return vgrad_trainer_fit(w->trainer, w->data, 2);
}

static vgrad_status keep(world *w)
{
    return vgrad_network_keep(w->network, keep_all);
}

static vgrad_status fit_more(world *w)
{
    return vgrad_trainer_fit(w->trainer, w->copy, 4);
}

static vgrad_status loop(world *w)
{
    const vgrad_tensor *x, *y;
    vgrad_status status;
    while ((status = vgrad_trainer_next(w->trainer, w->data, 6, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(w->trainer, x);
        vgrad_trainer_loss(w->trainer, y, NULL);
        vgrad_trainer_backward(w->trainer);
        vgrad_trainer_step(w->trainer);
    }
    return status == VGRAD_DONE ? VGRAD_OK : status;
}

/* A batch of one's own, larger than any before, so that it needs more room. */
static vgrad_status loop_without_next(world *w)
{
    vgrad_tensor x, y;
    vgrad_trainer_forward(w->trainer, vgrad_tensor_matrix(&x, w->x, VGRAD_FLOAT64, WORLD_ROWS, 2));
    vgrad_trainer_loss(w->trainer, vgrad_tensor_matrix(&y, w->y, VGRAD_FLOAT64, WORLD_ROWS, 1),
                       NULL);
    vgrad_trainer_backward(w->trainer);
    return vgrad_trainer_step(w->trainer);
}

static vgrad_status evaluate(world *w)
{
    vgrad_trainer_set(w->trainer, VGRAD_TRAINER_BATCH_SIZE, 45);
    return vgrad_trainer_evaluate(w->trainer, w->validation, &w->loss, &w->accuracy);
}

static vgrad_status predict(world *w)
{
    static const double x[600] = { 1 };
    vgrad_tensor rows;
    return vgrad_network_predict(w->network, vgrad_tensor_matrix(&rows, x, VGRAD_FLOAT64, 300, 2),
                                 w->answers, VGRAD_FLOAT64, 300);
}

static vgrad_status accumulate(world *w)
{
    return vgrad_trainer_set(w->trainer, VGRAD_TRAINER_ACCUMULATE, 4);
}

static vgrad_status stop_early(world *w)
{
    return vgrad_trainer_early_stopping(w->trainer, 9, 0, 1);
}

static vgrad_status reduce_on_plateau(world *w)
{
    return vgrad_trainer_reduce_on_plateau(w->trainer, 0.5, 1, 0.001, 0, 0);
}

static vgrad_status log_rate(world *w)
{
    return vgrad_trainer_log_rate(w->trainer, swallow, NULL);
}

static vgrad_status fit_in_groups(world *w)
{
    vgrad_trainer_set(w->trainer, VGRAD_TRAINER_BATCH_SIZE, 7);
    return vgrad_trainer_fit(w->trainer, w->data, 8);
}

static vgrad_status make_moons(world *w)
{
    return CREATE(w->moons, vgrad_dataset_moons, WORLD_ROWS, 0.1, 1, w->context);
}

static vgrad_status make_blobs(world *w)
{
    return CREATE(w->blobs, vgrad_dataset_blobs, WORLD_ROWS, 3, 4, 1, 1, w->context);
}

static vgrad_status make_spirals(world *w)
{
    return CREATE(w->spirals, vgrad_dataset_spirals, WORLD_ROWS, 2, 1.5, 0.1, 1, w->context);
}

static vgrad_status make_corners(world *w)
{
    return CREATE(w->corners, vgrad_dataset_xor, WORLD_ROWS, 0.1, 1, w->context);
}

const phase world_phases[] = {
    { "dataset_circles", make_circles },
    { "dataset_copy", make_copy },
    { "dataset_borrow", borrow },
    { "dataset_circles_ordered", make_ordered },
    { "network_create", make_network },
    { "input, dense", add_layers },
    { "network_build", build },
    { "optimizer_create", make_optimizer },
    { "trainer_create", make_trainer },
    { "probe_create", make_probe },
    { "probe_attach", attach },
    { "mean_field_create", foretell },
    { "trainer_on", add_callbacks },
    { "trainer_progress", add_progress },
    { "trainer_set_validation", set_validation },
    { "trainer_fit", fit_some },
    { "network_keep", keep },
    { "trainer_fit again", fit_more },
    { "next, forward, loss, backward, step", loop },
    { "forward with more rows", loop_without_next },
    { "trainer_evaluate", evaluate },
    { "network_predict", predict },
    { "trainer_set accumulate", accumulate },
    { "trainer_early_stopping", stop_early },
    { "trainer_early_stopping again", stop_early },
    { "trainer_reduce_on_plateau", reduce_on_plateau },
    { "trainer_log_rate", log_rate },
    { "trainer_fit in groups", fit_in_groups },
    { "dataset_moons", make_moons },
    { "dataset_blobs", make_blobs },
    { "dataset_spirals", make_spirals },
    { "dataset_xor", make_corners },
};
const int world_phase_count = sizeof world_phases / sizeof *world_phases;

vgrad_status world_run(world *w, int begin, int end)
{
    vgrad_status status = VGRAD_OK;
    for (int i = begin; i < end && status == VGRAD_OK; i++)
        status = world_phases[i].run(w);
    return status;
}

void world_weights(const world *w, double *weights)
{
    memset(weights, 0, WORLD_WEIGHTS * sizeof *weights);
    const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_BIAS };
    for (int r = 0; r < 2; r++)
        for (int32_t i = 0; i < 3; i++) {
            const vgrad_tensor *tensor = vgrad_network_tensor(w->network, roles[r], i);
            vgrad_tensor_copy(tensor, weights, VGRAD_FLOAT64, WORLD_WEIGHTS);
            weights += vgrad_tensor_count(tensor);
        }
}

void world_destroy(world *w)
{
    vgrad_network_destroy(w->network);
    vgrad_dataset_destroy(w->validation);
    vgrad_trainer_destroy(w->trainer);
    vgrad_dataset_destroy(w->circles);
    vgrad_optimizer_destroy(w->optimizer);
    vgrad_probe_destroy(w->probe);
    vgrad_dataset_destroy(w->data);
    vgrad_dataset_destroy(w->copy);
    vgrad_dataset_destroy(w->moons);
    vgrad_dataset_destroy(w->blobs);
    vgrad_dataset_destroy(w->spirals);
    vgrad_dataset_destroy(w->corners);
}
