/* The order of rows, and the batch that they become. */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "data/dataset.h"
#include "tensor/tensor.h"
#include "train/trainer.h"

vgrad_status vgrad__batches_check(const vgrad_trainer *trainer, const vgrad_dataset *data)
{
    const vgrad_layer *input = trainer->network->layers[0];
    if (!data)
        return vgrad__fail_null("data");
    if (vgrad_dataset_x_width(data) != input->width)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": input width %lld, got %lld", input->name,
                           (long long)input->width, (long long)vgrad_dataset_x_width(data));
    if (vgrad_dataset_y_width(data) == 0)
        return vgrad__fail(VGRAD_E_STATE, "data: it has no y to train on");
    return vgrad__loss_check_width(trainer->loss, trainer->network, vgrad_dataset_y_width(data));
}

int64_t vgrad__batch_rows(const vgrad_trainer *trainer, const vgrad_dataset *data)
{
    int64_t rows = vgrad_dataset_rows(data);
    return trainer->batch_size < rows ? trainer->batch_size : rows;
}

/* Gives back the room of one column. */
static void release_column(const vgrad_network *network, void *column, int64_t rows, int64_t width)
{
    vgrad__release(network->context, column, (size_t)rows,
                   (size_t)width * vgrad__element_size(network));
}

static void release_columns(vgrad__batches *b, const vgrad_network *network)
{
    release_column(network, b->x, b->capacity_rows, b->x_width);
    release_column(network, b->y, b->capacity_rows, b->y_width);
}

void vgrad__batches_unshuffle(vgrad__batches *b, const vgrad_network *network)
{
    vgrad__release(network->context, b->order, (size_t)b->order_count, sizeof *b->order);
    b->order = NULL;
    b->order_count = 0;
}

void vgrad__batches_release(vgrad__batches *b, const vgrad_network *network)
{
    release_columns(b, network);
    vgrad__batches_unshuffle(b, network);
    *b = (vgrad__batches){ 0 };
}

vgrad_status vgrad__batches_reserve(vgrad__batches *b, const vgrad_network *network,
                                    const vgrad_dataset *data, int64_t rows)
{
    int64_t x_width = vgrad_dataset_x_width(data), y_width = vgrad_dataset_y_width(data);
    if (rows <= b->capacity_rows && x_width == b->x_width && y_width == b->y_width)
        return VGRAD_OK;
    size_t size = vgrad__element_size(network);
    void *x = vgrad__allocate(network->context, (size_t)rows, (size_t)x_width * size);
    void *y = x ? vgrad__allocate(network->context, (size_t)rows, (size_t)y_width * size) : NULL;
    if (!y) {
        release_column(network, x, rows, x_width);
        return VGRAD_E_MEMORY;
    }
    release_columns(b, network);
    b->x = x;
    b->y = y;
    b->capacity_rows = rows;
    b->x_width = x_width;
    b->y_width = y_width;
    return VGRAD_OK;
}

vgrad_status vgrad__batches_shuffle(vgrad__batches *b, const vgrad_network *network,
                                    const vgrad_dataset *data, uint64_t seed, int64_t epoch)
{
    int64_t rows = vgrad_dataset_rows(data);
    if (b->order_count != rows) {
        int64_t *order = vgrad__allocate(network->context, (size_t)rows, sizeof *order);
        if (!order)
            return VGRAD_E_MEMORY;
        vgrad__batches_unshuffle(b, network);
        b->order = order;
        b->order_count = rows;
    }
    vgrad__random random = vgrad__random_stream(seed, VGRAD__RANDOM_SHUFFLE, 0, (uint32_t)epoch);
    vgrad__random_permutation(&random, b->order, rows);
    return VGRAD_OK;
}

void vgrad__batches_fill(vgrad__batches *b, const vgrad_network *network, const vgrad_dataset *data,
                         int64_t first, int64_t count)
{
    const int64_t *order = b->order ? b->order + first : NULL;
    vgrad__dataset_gather(data, order, first, count, b->x, b->y, network->dtype);
    vgrad_tensor_matrix(&b->x_view, b->x, network->dtype, count, b->x_width);
    vgrad_tensor_matrix(&b->y_view, b->y, network->dtype, count, b->y_width);
}
