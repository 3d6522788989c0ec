/* Updates of a loop of the user's that are rounded away: W and its update come one after the other,
   so a copy of W is kept from the one to the other. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/figures.h"
#include "probe/probe.h"
#include "tensor/tensor.h"

static bool is_floating(vgrad_dtype dtype)
{
    return dtype == VGRAD_FLOAT32 || dtype == VGRAD_FLOAT64 || dtype == VGRAD_FLOAT16 ||
           dtype == VGRAD_BFLOAT16;
}

/* Whether all elements can be weights of their own: few numbers, which are repeated or overlap, can
   stand for more than there is memory. */
static bool is_spread(const vgrad_tensor *tensor)
{
    bool spread = true;
    double places = 1; /* from the first element to the last */
    for (int32_t axis = 0; axis < tensor->rank; axis++) {
        spread &= tensor->strides[axis] != 0 || tensor->shape[axis] <= 1;
        places += fabs((double)tensor->strides[axis]) * (double)(tensor->shape[axis] - 1);
    }
    return spread && (double)vgrad_tensor_count(tensor) <= places;
}

static vgrad_status reserve(const vgrad_probe *probe, vgrad__kept *kept, size_t bytes)
{
    if (bytes <= kept->capacity)
        return VGRAD_OK;
    void *data = vgrad__allocate(probe->context, bytes, 1);
    if (!data)
        return VGRAD_E_MEMORY;
    vgrad__kept_release(probe, kept);
    kept->data = data;
    kept->capacity = bytes;
    return VGRAD_OK;
}

void vgrad__kept_release(const vgrad_probe *probe, vgrad__kept *kept)
{
    vgrad__release(probe->context, kept->data, kept->capacity, 1);
    *kept = (vgrad__kept){ .data = NULL };
}

vgrad_status vgrad__lost_keep(vgrad_probe *probe, int32_t layer, const vgrad_tensor *kernel)
{
    const vgrad_dtype dtype = (vgrad_dtype)kernel->dtype;
    vgrad__probe_layer *of = &probe->scene.layers[layer];
    of->kernel_before.is_there = false; /* of a tensor that comes twice, the later one counts */
    if (of->series[vgrad__watchable(VGRAD_KERNEL_UPDATE)] < 0 || !is_floating(dtype) ||
        !is_spread(kernel))
        return VGRAD_OK;
    const size_t bytes = (size_t)vgrad_tensor_count(kernel) * vgrad__dtype_size(dtype);
    vgrad_status status = reserve(probe, &of->kernel_before, bytes);
    if (status != VGRAD_OK)
        return status;
    vgrad__tensor_pack(kernel, of->kernel_before.data, dtype);
    vgrad_tensor_view(&of->kernel_before.view, of->kernel_before.data, dtype, kernel->rank,
                      kernel->shape, NULL);
    of->kernel_before.is_there = bytes > 0;
    return VGRAD_OK;
}

/* How many updates are not 0, and leave W what it is in its own type: W + U is made in double,
   where that rounds nothing that matters to a narrower type. */
static int64_t count_lost(const vgrad_tensor *kernel, const vgrad_tensor *update)
{
    enum { PART = 256 };
    double w[PART], u[PART], sum[PART], narrow[PART], rounded[PART]; /* narrow: room for any type */
    const vgrad_dtype dtype = (vgrad_dtype)kernel->dtype;
    const int64_t count = vgrad_tensor_count(kernel);
    int64_t lost = 0;
    for (int64_t first = 0; first < count; first += PART) {
        const int64_t some = count - first < PART ? count - first : PART;
        vgrad__tensor_pack_some(kernel, first, some, w, VGRAD_FLOAT64);
        vgrad__tensor_pack_some(update, first, some, u, VGRAD_FLOAT64);
        for (int64_t i = 0; i < some; i++)
            sum[i] = w[i] + u[i];
        vgrad__convert(sum, VGRAD_FLOAT64, narrow, dtype, some);
        vgrad__convert(narrow, dtype, rounded, VGRAD_FLOAT64, some);
        for (int64_t i = 0; i < some; i++)
            lost += u[i] != 0 && rounded[i] == w[i];
    }
    return lost;
}

static bool have_one_shape(const vgrad_tensor *a, const vgrad_tensor *b)
{
    return a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

void vgrad__lost_count(vgrad_probe *probe, int32_t layer, const vgrad_tensor *update)
{
    const vgrad__kept *before = &probe->scene.layers[layer].kernel_before;
    double *figures =
        vgrad__scene_figures(&probe->scene, (size_t)layer, probe->scene.history.looks - 1);
    figures[VGRAD__UPDATES_LOST] = (double)NAN;
    if (before->is_there && have_one_shape(&before->view, update))
        figures[VGRAD__UPDATES_LOST] =
            (double)count_lost(&before->view, update) / (double)vgrad_tensor_count(&before->view);
}
