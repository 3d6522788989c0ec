/* Which samples of the latest look have the largest gradients of their own. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "probe/probe.h"

/* |g_b| = B |delta_b| |a_b|: delta holds the 1/B of the mean. */
static double norm_of(const vgrad__signal *signal, int64_t sample)
{
    return (double)signal->delta.count * signal->delta.norms[sample] * signal->input.norms[sample];
}

/* Whether sample a stands before sample b: the larger gradient, then the lower number; what is no
   number is the worst of all. */
static bool is_before(const vgrad__signal *signal, int64_t a, int64_t b)
{
    const double x = norm_of(signal, a), y = norm_of(signal, b);
    if (isnan(x) || isnan(y))
        return isnan(x) && (!isnan(y) || a < b);
    return x > y || (x == y && a < b);
}

/* In a heap a sample stands before none of the two below it, so that the last in order is on top:
   Williams, "Algorithm 232: Heapsort", 1964. What is at `at` may not be in its place yet. */
static void sift(const vgrad__signal *signal, int64_t *heap, int64_t count, int64_t at)
{
    for (int64_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && is_before(signal, heap[below], heap[below + 1]))
            below++;
        const int64_t sample = heap[at];
        if (!is_before(signal, sample, heap[below]))
            return;
        heap[at] = heap[below];
        heap[below] = sample;
    }
}

/* The first `most` of all in order; how many that is. */
static int64_t find_worst(const vgrad__signal *signal, int64_t *samples, int64_t most)
{
    const int64_t all = signal->delta.count, count = all < most ? all : most;
    for (int64_t i = 0; i < count; i++)
        samples[i] = i;
    for (int64_t at = count / 2; at-- > 0;)
        sift(signal, samples, count, at);
    for (int64_t sample = count; sample < all && count > 0; sample++)
        if (is_before(signal, sample, samples[0])) {
            samples[0] = sample;
            sift(signal, samples, count, 0);
        }
    for (int64_t end = count - 1; end > 0; end--) {
        const int64_t last = samples[0];
        samples[0] = samples[end];
        samples[end] = last;
        sift(signal, samples, end, 0);
    }
    return count;
}

/* VGRAD_OK if the layer's samples were seen each by itself. */
static vgrad_status check_samples(const vgrad_probe *probe, int32_t index)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (index < 0 || (size_t)index >= probe->scene.layer_count)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer: 0 to %d, got %d",
                           (int)probe->scene.layer_count - 1, (int)index);
    const vgrad__probe_layer *layer = &probe->scene.layers[index];
    if (layer->kind != VGRAD_KIND_DENSE)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "layer \"%s\": samples are told of dense layers",
                           layer->name);
    if (layer->below_batch_norm)
        return vgrad__fail(
            VGRAD_E_UNSUPPORTED,
            "layer \"%s\": below a batch normalization no gradient is a sample's own", layer->name);
    const vgrad__signal *signal = &layer->signal;
    if (signal->delta.count == 0 || signal->input.count != signal->delta.count)
        return vgrad__fail(VGRAD_E_NOT_FOUND, "layer \"%s\": its samples were not seen",
                           layer->name);
    return VGRAD_OK;
}

int64_t vgrad_probe_worst_samples(const vgrad_probe *probe, int32_t layer, int64_t *samples,
                                  double *norms, int64_t capacity)
{
    if (check_samples(probe, layer) != VGRAD_OK)
        return -1;
    if (capacity < 0 || (!samples && capacity > 0)) {
        if (capacity < 0)
            vgrad__fail(VGRAD_E_INVALID, "capacity: at least 0, got %lld", (long long)capacity);
        else
            vgrad__fail_null("samples");
        return -1;
    }
    const vgrad__signal *signal = &probe->scene.layers[layer].signal;
    const int64_t count = find_worst(signal, samples, capacity);
    for (int64_t i = 0; i < count && norms; i++)
        norms[i] = norm_of(signal, samples[i]);
    return signal->delta.count;
}
