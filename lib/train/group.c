/*
 * Batches that share an update: the mean of their gradients, each weighted by its rows, is that of
 * one batch with all their rows.
 *
 *     mean_n = mean_(n-1) + (g_n - mean_(n-1)) rows_n / (rows_1 + ... + rows_n)
 *
 * The mean lies aside, as each backward replaces the network's gradients; the last batch takes it
 * in there, and leaves it as it was, so that a last batch that fails can come again.
 */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "train/trainer.h"

vgrad_status vgrad__group_set_size(vgrad_trainer *trainer, int64_t size)
{
    if (size > 1) {
        vgrad_status status = vgrad__slab_create(trainer->network, &trainer->group.mean);
        if (status != VGRAD_OK)
            return status;
    }
    trainer->accumulate = size;
    return VGRAD_OK;
}

bool vgrad__group_completes(const vgrad_trainer *trainer)
{
    const vgrad__group *group = &trainer->group;
    int64_t size = group->batches > 0 ? group->size : trainer->accumulate;
    return group->batches + 1 >= size || (trainer->step.from_next && trainer->at.drained);
}

vgrad__tally vgrad__group_tally(const vgrad_trainer *trainer)
{
    vgrad__tally tally = trainer->group.tally;
    if (trainer->step.rows > 0)
        vgrad__tally_add(&tally, &trainer->step.value, trainer->step.rows);
    return tally;
}

void vgrad__group_average(vgrad_trainer *trainer)
{
    const vgrad_network *network = trainer->network;
    const vgrad__group *group = &trainer->group;
    if (group->batches == 0)
        return;
    double rows = (double)group->tally.rows, all = rows + (double)trainer->step.rows;
    network->kernels->running_mean(network->gradients.data, group->mean.data,
                                   (size_t)network->slab_count, rows / all);
}

void vgrad__group_join(vgrad_trainer *trainer)
{
    const vgrad_network *network = trainer->network;
    vgrad__group *group = &trainer->group;
    size_t count = (size_t)network->slab_count;
    group->tally = vgrad__group_tally(trainer);
    if (group->batches++ > 0) {
        double share = (double)trainer->step.rows / (double)group->tally.rows;
        network->kernels->running_mean(group->mean.data, network->gradients.data, count, share);
        return;
    }
    group->size = trainer->accumulate;
    memcpy(group->mean.data, network->gradients.data, count * vgrad__element_size(network));
}

void vgrad__group_clear(vgrad_trainer *trainer)
{
    trainer->group.batches = 0;
    trainer->group.tally = (vgrad__tally){ 0 };
}
