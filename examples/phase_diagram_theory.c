/* What mean field theory says of the phase diagram, before any of its networks is there. */
/* SPDX-License-Identifier: MIT */
#include "phase_diagram.h"

#include <math.h>
#include <stdlib.h>

#include "support/check.h"

static const double least_variance = 0.25, most_variance = 8;

double diagram_variance(const diagram_plane *plane, double place)
{
    const double share = place / (double)(plane->variances - 1);
    return least_variance * pow(most_variance / least_variance, share);
}

int64_t diagram_curve_points(const diagram_plane *plane)
{
    return (plane->variances - 1) * DIAGRAM_CURVE_POINTS + 1;
}

static int64_t depth_at(const diagram_plane *plane, int64_t i)
{
    const double share = (double)i / (double)(plane->depths - 1);
    return llround(DIAGRAM_LEAST_DEPTH + share * (DIAGRAM_MOST_DEPTH - DIAGRAM_LEAST_DEPTH));
}

void diagram_make(diagram_plane *plane, int64_t seed)
{
    const int64_t cells = plane->depths * plane->variances;
    plane->cells = diagram_allocate(cells, sizeof *plane->cells);
    plane->curve = diagram_allocate(diagram_curve_points(plane), sizeof *plane->curve);
    for (int64_t i = 0; i < cells; i++) {
        diagram_cell *cell = &plane->cells[i];
        cell->depth = depth_at(plane, i / plane->variances);
        cell->variance = diagram_variance(plane, (double)(i % plane->variances));
        /* Every place of every plane of every seed has numbers of its own. */
        cell->seed = ((uint64_t)seed << 24) + ((uint64_t)plane->activation << 16) + (uint64_t)i;
    }
}

void diagram_release(diagram_plane *plane)
{
    free(plane->cells);
    free(plane->curve);
}

/* The variance stands for the weights, so they need not be drawn: of a kernel the prediction takes
   nothing but its mean square, which a constant has exactly. */
static vgrad_layer *add_layer(vgrad_layer *before, int64_t inputs, int64_t units,
                              vgrad_activation activation, double variance)
{
    vgrad_layer *layer = vgrad_dense(before, units, activation);
    vgrad_layer_set_initializer(layer, VGRAD_KERNEL, VGRAD_INIT_CONSTANT,
                                sqrt(variance / (double)inputs), 0);
    return layer;
}

static vgrad_mean_field *predict(const diagram_plane *plane, double variance, int64_t depth,
                                 double mean_square)
{
    vgrad_network *network;
    vgrad_mean_field *field;
    check(vgrad_network_create(&network, NULL));
    vgrad_layer *layer = vgrad_input(network, plane->data->pixels);
    for (int64_t i = 0; i < depth; i++)
        layer = add_layer(layer, i ? plane->width : plane->data->pixels, plane->width,
                          plane->activation, variance);
    layer = add_layer(layer, plane->width, IMAGES_CLASSES, VGRAD_SOFTMAX, variance);
    check(vgrad_network_build(network, layer));
    check(vgrad_mean_field_create(&field, network, mean_square));
    vgrad_network_destroy(network);
    return field;
}

static double trainable_depth(const vgrad_mean_field *field)
{
    double depth;
    check(vgrad_mean_field_read(field, 1, VGRAD_PREDICTED_DEPTH, &depth));
    return depth;
}

/* All cells of a variance: a layer's prediction does not hang on how many come after it. */
static void predict_cells(diagram_plane *plane, int64_t place, const vgrad_mean_field *field)
{
    double sum = 0, lost;
    int64_t layers = 0;
    for (int64_t i = 0; i < plane->depths; i++) {
        diagram_cell *cell = &plane->cells[i * plane->variances + place];
        for (; layers < cell->depth - 1; layers++, sum += lost)
            check(vgrad_mean_field_read(field, (int32_t)layers + 1, VGRAD_PREDICTED_LOSS, &lost));
        cell->predicted_lost = sum / (double)layers;
        cell->trainable_depth = trainable_depth(field);
    }
}

void diagram_predict(diagram_plane *plane, int64_t i)
{
    const double place = (double)i / DIAGRAM_CURVE_POINTS;
    const bool of_grid = i % DIAGRAM_CURVE_POINTS == 0;
    vgrad_mean_field *field = predict(plane, diagram_variance(plane, place),
                                      of_grid ? DIAGRAM_MOST_DEPTH : 1, plane->data->mean_square);
    plane->curve[i] = trainable_depth(field);
    if (of_grid)
        predict_cells(plane, i / DIAGRAM_CURVE_POINTS, field);
    vgrad_mean_field_destroy(field);
}

void diagram_find_critical(diagram_plane *plane)
{
    const double faded = 1e-12;
    double chi;
    vgrad_mean_field *field = predict(plane, 1, 2, faded);
    check(vgrad_mean_field_read(field, 1, VGRAD_PREDICTED_CHI, &chi));
    plane->critical_variance = 1 / chi;
    vgrad_mean_field_destroy(field);
}
