/* fit: the loop that a user would write. */
/* SPDX-License-Identifier: MIT */
#include "data/dataset.h"
#include "train/trainer.h"

vgrad_status vgrad_trainer_fit(vgrad_trainer *trainer, vgrad_dataset *data, int64_t epochs)
{
    const vgrad_tensor *x, *y;
    vgrad_status status = vgrad__check_outside(trainer);
    if (status != VGRAD_OK)
        return status;
    vgrad__step_forget(trainer); /* what went wrong before is not this call's */
    /* Callbacks may let go of either. */
    vgrad__hold(&trainer->references);
    vgrad__dataset_hold(data);
    while ((status = vgrad_trainer_next(trainer, data, epochs, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(trainer, x);
        vgrad_trainer_loss(trainer, y, NULL);
        vgrad_trainer_backward(trainer);
        vgrad_trainer_step(trainer);
    }
    vgrad_dataset_destroy(data);
    vgrad_trainer_destroy(trainer);
    return status == VGRAD_DONE ? VGRAD_OK : status;
}
