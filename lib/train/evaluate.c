/* Loss and accuracy over all rows, and the sums that they are made of. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/trainer.h"

void vgrad__tally_add(vgrad__tally *tally, const vgrad__loss_value *value, int64_t rows)
{
    tally->loss += value->loss * (double)rows;
    tally->accuracy += value->accuracy * (double)rows;
    tally->rows += rows;
}

vgrad__loss_value vgrad__tally_mean(const vgrad__tally *tally)
{
    double rows = tally->rows ? (double)tally->rows : (double)NAN;
    return (vgrad__loss_value){ tally->loss / rows, tally->accuracy / rows };
}

vgrad_status vgrad__evaluate(vgrad_trainer *trainer, vgrad_dataset *data, vgrad__loss_value *value)
{
    vgrad_network *network = trainer->network;
    vgrad__batches *batches = &trainer->evaluation;
    vgrad_status status = vgrad__batches_check(trainer, data);
    if (status == VGRAD_OK)
        status = vgrad__batches_reserve(batches, network, data, vgrad__batch_rows(trainer, data));
    if (status != VGRAD_OK)
        return status;
    vgrad__aside aside = vgrad__step_aside(network);
    vgrad__tally tally = { 0 };
    int64_t rows = vgrad_dataset_rows(data), batch = vgrad__batch_rows(trainer, data);
    for (int64_t first = 0; first < rows && status == VGRAD_OK; first += batch) {
        int64_t count = rows - first < batch ? rows - first : batch;
        vgrad__loss_value part;
        vgrad__batches_fill(batches, network, data, first, count);
        status = vgrad__forward(network, &batches->x_view);
        if (status == VGRAD_OK)
            status = vgrad__loss_compute(trainer->loss, network, &batches->y_view, false, &part);
        if (status == VGRAD_OK)
            vgrad__tally_add(&tally, &part, count);
    }
    vgrad__step_back(network, &aside);
    if (status == VGRAD_OK)
        *value = vgrad__tally_mean(&tally);
    return status;
}

vgrad_status vgrad_trainer_evaluate(vgrad_trainer *trainer, vgrad_dataset *data, double *loss,
                                    double *accuracy)
{
    if (!trainer)
        return vgrad__fail_null("trainer");
    vgrad_status status = vgrad__check_pass(trainer->network);
    vgrad__loss_value value;
    if (status == VGRAD_OK)
        status = vgrad__evaluate(trainer, data, &value);
    if (status != VGRAD_OK)
        return status;
    if (loss)
        *loss = value.loss;
    if (accuracy)
        *accuracy = value.accuracy;
    return VGRAD_OK;
}
