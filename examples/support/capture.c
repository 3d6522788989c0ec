/* What was seen of one role of every layer, look by look. */
/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

const vgrad_quantity capture_quantities[CAPTURE_QUANTITIES] = { VGRAD_MEAN, VGRAD_STD, VGRAD_L2 };

static void *resize(void *block, size_t count, size_t size)
{
    void *resized = realloc(block, count * size);
    if (!resized) {
        fprintf(stderr, "No memory for %zu records\n", count);
        exit(EXIT_FAILURE);
    }
    return resized;
}

/* The layers that have a tensor of the role, at the first look. */
static void learn_layers(capture *c, const vgrad_network *network)
{
    const vgrad_tensor *t;
    for (c->layers = 0; (t = vgrad_network_tensor(network, c->role, c->layers)) != NULL;) {
        c->names = resize(c->names, (size_t)c->layers + 1, sizeof *c->names);
        snprintf(c->names[c->layers++], CAPTURE_NAME_SIZE, "%s",
                 vgrad_layer_name(vgrad_network_layer(network, t->layer)));
    }
}

static void make_room(capture *c)
{
    if (c->count < c->capacity)
        return;
    c->capacity = c->capacity ? 2 * c->capacity : 128;
    c->looks = resize(c->looks, (size_t)c->capacity, sizeof *c->looks);
    c->values = resize(c->values, (size_t)c->capacity * (size_t)c->layers,
                       CAPTURE_QUANTITIES * sizeof *c->values);
}

static double *values_of(const capture *c, int32_t look, int32_t layer)
{
    return c->values + ((size_t)look * (size_t)c->layers + (size_t)layer) * CAPTURE_QUANTITIES;
}

void capture_add(capture *c, const vgrad_network *network, capture_look when)
{
    if (c->count == 0)
        learn_layers(c, network);
    make_room(c);
    for (int32_t i = 0; i < c->layers; i++)
        check(vgrad_tensor_stats(vgrad_network_tensor(network, c->role, i), capture_quantities,
                                 values_of(c, c->count, i), CAPTURE_QUANTITIES));
    c->looks[c->count++] = when;
}

double capture_value(const capture *c, int32_t look, int32_t layer, vgrad_quantity quantity)
{
    if (look < 0 || look >= c->count)
        return (double)NAN;
    for (int i = 0; i < CAPTURE_QUANTITIES; i++)
        if (capture_quantities[i] == quantity)
            return values_of(c, look, layer)[i];
    return (double)NAN;
}

double capture_mean(const capture *c, int32_t looks, int32_t layer, vgrad_quantity quantity)
{
    double sum = 0;
    for (int32_t look = 0; look < looks; look++)
        sum += capture_value(c, look, layer, quantity);
    return sum / looks;
}

void capture_release(capture *c)
{
    free(c->names);
    free(c->looks);
    free(c->values);
}
