/* A residual network with batch normalization on two circles, with the kit that trains deep ones.
 */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vgrad/vgrad.h>

enum { BLOCKS = 8, UNITS = 16, BATCH = 32, EPOCHS = 60 };

/* x + dropout(W relu(batch norm(x))), one layer at a time. */
static vgrad_layer *block(vgrad_layer *x)
{
    vgrad_layer *h = vgrad_activate(vgrad_batch_norm(x), VGRAD_RELU);
    h = vgrad_dropout(vgrad_dense(h, UNITS, VGRAD_LINEAR), 0.1);
    return vgrad_add(x, h);
}

static vgrad_status make_network(vgrad_network **net)
{
    vgrad_status status = vgrad_network_create(net, NULL);
    if (status < 0)
        return status;
    /* Whatever fails in a constructor, build says so. */
    vgrad_network_set_initializer(*net, VGRAD_KERNEL, VGRAD_INIT_HE_NORMAL, 0, 0);
    vgrad_layer *x = vgrad_dense(vgrad_input(*net, 2), UNITS, VGRAD_LINEAR);
    vgrad_layer_set_name(x, "stem");
    for (int i = 0; i < BLOCKS; i++)
        x = block(x);
    vgrad_layer *output = vgrad_dense(vgrad_batch_norm(x), 1, VGRAD_SIGMOID);
    vgrad_layer_set(output, VGRAD_LAYER_L2, 1e-4);
    return vgrad_network_build(*net, output);
}

/* 40 updates of warm-up, then half a cosine; clipped at norm 1; stopped when it gets no better. */
static vgrad_status train(vgrad_trainer *run, vgrad_optimizer *adam, vgrad_dataset *train,
                          vgrad_dataset *validation)
{
    const int64_t updates = vgrad_dataset_rows(train) / BATCH * EPOCHS;
    vgrad_status status = vgrad_optimizer_schedule_cosine(adam, 40, updates, 1e-5);
    if (status >= 0)
        status = vgrad_optimizer_set(adam, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 1);
    if (status >= 0)
        status = vgrad_trainer_set(run, VGRAD_TRAINER_BATCH_SIZE, BATCH);
    if (status >= 0)
        status = vgrad_trainer_set_validation(run, validation);
    if (status >= 0)
        status = vgrad_trainer_progress(run, vgrad_write_file, stdout);
    if (status >= 0)
        status = vgrad_trainer_early_stopping(run, 15, 0, 1);
    return status >= 0 ? vgrad_trainer_fit(run, train, EPOCHS) : status;
}

int main(void)
{
    vgrad_network *net = NULL;
    vgrad_optimizer *adam = NULL;
    vgrad_trainer *run = NULL;
    vgrad_dataset *data = NULL, *rows = NULL, *held_out = NULL;
    double loss = 0, accuracy = 0;

    vgrad_status status = vgrad_dataset_circles(&data, 1000, 0.5, 0.1, 1, NULL);
    if (status >= 0)
        status = vgrad_dataset_split(&rows, &held_out, data, 800, 1);
    if (status >= 0)
        status = make_network(&net);
    if (status >= 0)
        status = vgrad_network_summary(net, vgrad_write_file, stdout);
    if (status >= 0)
        status = vgrad_optimizer_create(&adam, net, VGRAD_ADAMW, 0.01);
    if (status >= 0)
        status = vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, adam);
    if (status >= 0)
        status = train(run, adam, rows, held_out);
    if (status >= 0)
        status = vgrad_trainer_evaluate(run, held_out, &loss, &accuracy);
    if (status >= 0)
        printf("best epoch %lld: loss %.4f, accuracy %.4f on the held-out rows\n",
               (long long)vgrad_trainer_best_epoch(run) + 1, loss, accuracy);
    else
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(held_out);
    vgrad_dataset_destroy(rows);
    vgrad_dataset_destroy(data);
    return status < 0;
}
