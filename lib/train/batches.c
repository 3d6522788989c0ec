/* Which rows a batch has, and the batch that they become. */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "tensor/tensor.h"
#include "train/trainer.h"

vgrad_status vgrad__batches_check(const vgrad_trainer *trainer, const vgrad_dataset *data)
{
    if (!data)
        return vgrad__fail_null("data");
    vgrad_status status = vgrad__check_input_width(trainer->network, vgrad_dataset_x_width(data));
    if (status != VGRAD_OK)
        return status;
    if (vgrad_dataset_y_width(data) == 0)
        return vgrad__fail(VGRAD_E_STATE, "data: it has no y to train on");
    return vgrad__loss_check_width(trainer->terms, trainer->network, vgrad_dataset_y_width(data));
}

int64_t vgrad__batch_rows(const vgrad_trainer *trainer, const vgrad_dataset *data)
{
    int64_t rows = vgrad_dataset_rows(data);
    return rows >= 0 && rows < trainer->batch_size ? rows : trainer->batch_size;
}

/* ---- room ---- */

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
    vgrad__release(network->context, b->rows, (size_t)b->capacity_rows, sizeof *b->rows);
    vgrad__release(network->context, b->weights, (size_t)b->capacity_rows, sizeof *b->weights);
}

static void release_order(vgrad__batches *b, const vgrad_network *network)
{
    vgrad__release(network->context, b->order, (size_t)b->order_count, sizeof *b->order);
}

void vgrad__batches_release(vgrad__batches *b, const vgrad_network *network)
{
    release_columns(b, network);
    release_order(b, network);
    vgrad__staging_release(&b->staging, network->context);
    *b = (vgrad__batches){ 0 };
}

static vgrad_status reserve_columns(vgrad__batches *b, const vgrad_network *network,
                                    const vgrad_dataset *data, int64_t rows)
{
    int64_t x_width = vgrad_dataset_x_width(data), y_width = vgrad_dataset_y_width(data);
    if (rows <= b->capacity_rows && x_width == b->x_width && y_width == b->y_width)
        return VGRAD_OK;
    size_t size = vgrad__element_size(network);
    vgrad__batches larger = { .capacity_rows = rows, .x_width = x_width, .y_width = y_width };
    larger.x = vgrad__allocate(network->context, (size_t)rows, (size_t)x_width * size);
    if (larger.x)
        larger.y = vgrad__allocate(network->context, (size_t)rows, (size_t)y_width * size);
    if (larger.y)
        larger.rows = vgrad__allocate(network->context, (size_t)rows, sizeof *larger.rows);
    if (larger.rows)
        larger.weights = vgrad__allocate(network->context, (size_t)rows, sizeof *larger.weights);
    if (!larger.weights) {
        release_columns(&larger, network);
        return VGRAD_E_MEMORY;
    }
    release_columns(b, network);
    b->x = larger.x;
    b->y = larger.y;
    b->rows = larger.rows;
    b->weights = larger.weights;
    b->capacity_rows = rows;
    b->x_width = x_width;
    b->y_width = y_width;
    return VGRAD_OK;
}

static vgrad_status reserve_order(vgrad__batches *b, const vgrad_network *network, int64_t rows)
{
    if (b->order_count == rows)
        return VGRAD_OK;
    int64_t *order = vgrad__allocate(network->context, (size_t)rows, sizeof *order);
    if (!order)
        return VGRAD_E_MEMORY;
    release_order(b, network);
    b->order = order;
    b->order_count = rows;
    b->order_known = false;
    return VGRAD_OK;
}

vgrad_status vgrad__batches_reserve(vgrad__batches *b, const vgrad_network *network,
                                    const vgrad_dataset *data, int64_t rows, bool shuffle)
{
    vgrad_status status = reserve_columns(b, network, data, rows);
    if (status == VGRAD_OK)
        status = vgrad__staging_reserve(&b->staging, data, rows, network->context);
    if (status == VGRAD_OK && shuffle)
        status = reserve_order(b, network, vgrad_dataset_rows(data));
    return status;
}

/* ---- rows ---- */

/* The order of an epoch's rows: a function of seed and epoch alone. */
static const int64_t *order_of(vgrad__batches *b, uint64_t seed, int64_t epoch)
{
    if (!b->order_known || b->order_seed != seed || b->order_epoch != epoch) {
        vgrad__random random =
            vgrad__random_stream(seed, VGRAD__RANDOM_SHUFFLE, 0, (uint32_t)epoch);
        vgrad__random_permutation(&random, b->order, b->order_count);
        b->order_seed = seed;
        b->order_epoch = epoch;
        b->order_known = true;
    }
    return b->order;
}

/* Puts `count` rows of one epoch behind the first `at` rows of the batch. */
static vgrad_status fill_part(vgrad__batches *b, const vgrad_network *network,
                              const vgrad_dataset *data, const vgrad__stretch *part, int64_t at,
                              int64_t *got)
{
    const size_t size = vgrad__element_size(network);
    const int64_t *order = part->shuffle ? order_of(b, part->seed, part->epoch) : NULL;
    for (int64_t i = 0; i < part->count; i++)
        b->rows[at + i] = order ? order[part->first + i] : part->first + i;
    const vgrad__wanted wanted = {
        .order = vgrad__dataset_is_stream(data) ? NULL : b->rows + at,
        .first = part->first,
        .count = part->count,
        .dtype = network->dtype,
        .x = (char *)b->x + (size_t)(at * b->x_width) * size,
        .y = (char *)b->y + (size_t)(at * b->y_width) * size,
    };
    return vgrad__dataset_gather(data, &wanted, &b->staging, got);
}

vgrad_status vgrad__batches_fill(vgrad__batches *b, const vgrad_network *network,
                                 const vgrad_dataset *data, const vgrad__stretch *stretch,
                                 vgrad__filled *filled)
{
    const int64_t rows = vgrad_dataset_rows(data);
    vgrad__stretch part = *stretch;
    *filled = (vgrad__filled){ 0 };
    if (rows >= 0 && part.count > rows - part.first)
        part.count = rows - part.first;
    vgrad_status status = fill_part(b, network, data, &part, 0, &filled->of_epoch);
    if (status == VGRAD_OK && stretch->across && filled->of_epoch > 0 &&
        filled->of_epoch < stretch->count) {
        part.epoch++;
        part.first = 0;
        part.count = stretch->count - filled->of_epoch;
        status = fill_part(b, network, data, &part, filled->of_epoch, &filled->of_next);
        if (status == VGRAD_OK && filled->of_next < part.count)
            status = vgrad__fail(VGRAD_E_INVALID, "batch_size: %lld, but the stream has %lld rows",
                                 (long long)stretch->count, (long long)filled->of_next);
    }
    if (status != VGRAD_OK)
        return status;
    int64_t count = filled->of_epoch + filled->of_next;
    b->weighted = vgrad__dataset_weights(data, b->rows, count, b->weights);
    vgrad_tensor_matrix(&b->x_view, b->x, network->dtype, count, b->x_width);
    vgrad_tensor_matrix(&b->y_view, b->y, network->dtype, count, b->y_width);
    return VGRAD_OK;
}
