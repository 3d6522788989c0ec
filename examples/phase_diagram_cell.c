/* One network of the phase diagram: made, looked at by a probe, trained for a few steps. */
/* SPDX-License-Identifier: MIT */
#include "phase_diagram.h"

#include <math.h>
#include <stdlib.h>

#include "support/check.h"

/* SGD with momentum. The rate is for one hidden layer: the deeper a network, the smaller the steps
   that it bears. */
static const double rate_of_one_layer = 0.2, momentum = 0.9;
static const double fall = 0.1;

/* Squares of 4 x 4 pixels become one: there is more to read in them than 50 steps can learn. */
enum { SQUARE = 4, SIDE = IMAGES_SIDE / SQUARE, PIXELS = SIDE * SIDE };

void *diagram_allocate(int64_t count, size_t size)
{
    void *block = calloc((size_t)count, size);
    if (!block) {
        fprintf(stderr, "No memory for %lld numbers\n", (long long)count);
        exit(EXIT_FAILURE);
    }
    return block;
}

/* The first rows of a set of images, smaller. */
static vgrad_dataset *shrink(vgrad_dataset *from, int64_t rows)
{
    float image[IMAGES_PIXELS];
    float *x = diagram_allocate(rows * PIXELS, sizeof *x), *y = diagram_allocate(rows, sizeof *y);
    vgrad_dataset *out;
    for (int64_t row = 0; row < rows; row++) {
        check(vgrad_dataset_read(from, row, 1, image, &y[row], VGRAD_FLOAT32));
        for (int p = 0; p < IMAGES_PIXELS; p++) {
            const int down = p / IMAGES_SIDE / SQUARE, across = p % IMAGES_SIDE / SQUARE;
            x[row * PIXELS + down * SIDE + across] += image[p] / (SQUARE * SQUARE);
        }
    }
    check(vgrad_dataset_copy(&out, rows, x, VGRAD_FLOAT32, PIXELS, y, VGRAD_FLOAT32, 1, NULL));
    free(x);
    free(y);
    return out;
}

/* Of what comes in a batch. */
static double mean_square_of(const vgrad_dataset *data)
{
    const int64_t rows = vgrad_dataset_rows(data);
    float *x = diagram_allocate(rows * PIXELS, sizeof *x);
    vgrad_tensor view;
    check(vgrad_dataset_read(data, 0, rows, x, NULL, VGRAD_FLOAT32));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT32, rows, PIXELS);
    const double l2 = vgrad_tensor_stat(&view, VGRAD_L2);
    free(x);
    return l2 * l2 / (double)(rows * PIXELS);
}

void diagram_data_make(diagram_data *data, const images *from, int64_t steps)
{
    data->pixels = PIXELS;
    data->train = shrink(from->train, steps * DIAGRAM_BATCH);
    data->test = shrink(from->test, DIAGRAM_TEST_ROWS);
    check(vgrad_dataset_standardize(data->train));
    check(vgrad_dataset_scale_as(data->test, data->train));
    data->mean_square = mean_square_of(data->train);
}

static vgrad_network *make_network(const diagram_plane *plane, const diagram_cell *cell)
{
    vgrad_network *network;
    check(vgrad_network_create(&network, NULL));
    check(vgrad_network_set_seed(network, cell->seed));
    check(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_LECUN_NORMAL,
                                        sqrt(cell->variance), 0));
    vgrad_layer *layer = vgrad_input(network, plane->data->pixels);
    for (int64_t i = 0; i < cell->depth; i++)
        layer = vgrad_dense(layer, plane->width, plane->activation);
    check(vgrad_network_build(network, vgrad_dense(layer, IMAGES_CLASSES, VGRAD_SOFTMAX)));
    return network;
}

/* A probe that takes one look, at the first step, at what the way of delta needs. */
static vgrad_probe *make_probe(const diagram_plane *plane, vgrad_network *network)
{
    vgrad_probe *probe;
    check(vgrad_probe_create(&probe, NULL));
    check(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, (double)plane->steps));
    check(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 1));
    check(vgrad_probe_watch_none(probe));
    check(vgrad_probe_watch(probe, VGRAD_DELTA, 1));
    check(vgrad_probe_watch(probe, VGRAD_ACTIVATION_GRADIENT, 1));
    check(vgrad_probe_attach(probe, network));
    return probe;
}

/* From the last hidden layer, `depth`, to the first, 1, a layer: layer 0 is the input. NaN where a
   layer of dead units lets nothing through. */
static double lost_per_layer(const vgrad_probe *probe, int64_t depth)
{
    double sum = 0;
    for (int32_t layer = 1; layer < depth; layer++) {
        double lost = (double)NAN;
        vgrad_status status = vgrad_probe_read(probe, layer, VGRAD_DELTA, VGRAD_BUDGET_LOSS, &lost);
        if (status != VGRAD_E_NOT_FOUND)
            check(status);
        sum += lost;
    }
    return sum / (double)(depth - 1);
}

void diagram_train(const diagram_plane *plane, diagram_cell *cell)
{
    const double rate = rate_of_one_layer / (double)cell->depth;
    vgrad_network *network = make_network(plane, cell);
    vgrad_probe *probe = make_probe(plane, network);
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    check(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, rate));
    check(vgrad_optimizer_set(sgd, VGRAD_OPTIMIZER_MOMENTUM, momentum));
    check(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_CROSSENTROPY, sgd));
    check(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, DIAGRAM_BATCH));
    check(vgrad_trainer_evaluate(trainer, plane->data->test, &cell->loss_first, NULL));
    check(vgrad_trainer_fit(trainer, plane->data->train, 1));
    check(vgrad_trainer_evaluate(trainer, plane->data->test, &cell->loss_last, NULL));
    cell->lost = lost_per_layer(probe, cell->depth);
    cell->is_done = true;
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_probe_destroy(probe);
    vgrad_network_destroy(network);
}

bool diagram_is_trained(const diagram_cell *cell)
{
    const double guessing = log(IMAGES_CLASSES);
    return cell->loss_last <= (1 - fall) * fmin(cell->loss_first, guessing);
}
