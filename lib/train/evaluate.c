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

/* One batch of an evaluation, from row `first` on; `*rows` is 0 where the data ended. */
static vgrad_status evaluate_batch(vgrad_trainer *trainer, const vgrad_dataset *data, int64_t first,
                                   vgrad__tally *tally, int64_t *rows)
{
    vgrad_network *network = trainer->network;
    vgrad__batches *batches = &trainer->evaluation;
    const vgrad__stretch stretch = { .first = first, .count = vgrad__batch_rows(trainer, data) };
    vgrad__filled filled;
    vgrad__loss_value value;
    vgrad_status status = vgrad__batches_fill(batches, network, data, &stretch, &filled);
    *rows = filled.of_epoch;
    if (status != VGRAD_OK || *rows == 0)
        return status;
    status = vgrad__forward(network, &batches->x_view, false);
    const double *class_weights = trainer->terms->class_weights;
    trainer->terms->class_weights = NULL; /* they are for training */
    if (status == VGRAD_OK)
        status = vgrad__loss_compute(trainer->terms, network, &batches->y_view,
                                     batches->weighted ? batches->weights : NULL, false, &value);
    trainer->terms->class_weights = class_weights;
    if (status == VGRAD_OK)
        vgrad__tally_add(tally, &value, *rows);
    return status;
}

vgrad_status vgrad__evaluate(vgrad_trainer *trainer, vgrad_dataset *data, vgrad__loss_value *value)
{
    vgrad_network *network = trainer->network;
    vgrad_status status = vgrad__batches_check(trainer, data);
    if (status == VGRAD_OK)
        status = vgrad__batches_reserve(&trainer->evaluation, network, data,
                                        vgrad__batch_rows(trainer, data), false);
    if (status != VGRAD_OK)
        return status;
    vgrad__aside aside = vgrad__step_aside(network);
    vgrad__tally tally = { 0 };
    const int64_t batch = vgrad__batch_rows(trainer, data);
    int64_t rows = batch; /* fewer: a stream has said that it ends */
    while (status == VGRAD_OK && rows == batch && tally.rows != vgrad_dataset_rows(data))
        status = evaluate_batch(trainer, data, tally.rows, &tally, &rows);
    vgrad__step_back(network, &aside);
    if (status == VGRAD_OK && tally.rows == 0)
        status = vgrad__fail(VGRAD_E_IO, "read: the stream has no rows");
    if (status == VGRAD_OK)
        *value = vgrad__tally_mean(&tally);
    return status;
}

double vgrad__watched_loss(const vgrad_trainer *trainer, const vgrad_event *epoch_end)
{
    return trainer->validation ? epoch_end->validation_loss : epoch_end->loss;
}

vgrad_status vgrad_trainer_evaluate(vgrad_trainer *trainer, vgrad_dataset *data, double *loss,
                                    double *accuracy)
{
    if (!trainer)
        return vgrad__fail_null("trainer");
    vgrad_status status = vgrad__check_pass(trainer->network);
    vgrad__loss_value value;
    vgrad__hold(&trainer->references); /* functions of the user's may let go of both */
    vgrad__dataset_hold(data);
    if (status == VGRAD_OK)
        status = vgrad__evaluate(trainer, data, &value);
    vgrad_dataset_destroy(data);
    vgrad_trainer_destroy(trainer);
    if (status != VGRAD_OK)
        return status;
    if (loss)
        *loss = value.loss;
    if (accuracy)
        *accuracy = value.accuracy;
    return VGRAD_OK;
}
