/* resume FOLDER: a training that may die at any moment. Start it, kill it, start it again: it goes
   on from its newest checkpoint, and ends with the same bits as if nothing had happened. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vgrad/vgrad.h>

static int32_t write_line(const char *text, size_t size, void *out)
{
    return fwrite(text, 1, size, out) == size ? 0 : -1;
}

int main(int count, char **arguments)
{
    const char *folder = count > 1 ? arguments[1] : "checkpoints";
    vgrad_dataset *data = NULL;
    vgrad_network *net = NULL;
    vgrad_optimizer *adam = NULL;
    vgrad_trainer *run = NULL;
    char newest[4096];
    double loss;
    /* As every time: what the run is made of. */
    vgrad_status st = vgrad_dataset_circles(&data, 1000, 0.5, 0.1, 1, NULL);
    if (st >= 0 && (st = vgrad_network_create(&net, NULL)) >= 0) {
        vgrad_layer *hidden = vgrad_dense(vgrad_input(net, 2), 32, VGRAD_RELU);
        hidden = vgrad_dense(vgrad_dropout(hidden, 0.2), 32, VGRAD_RELU);
        st = vgrad_network_build(net, vgrad_dense(hidden, 1, VGRAD_SIGMOID));
    }
    if (st >= 0 && (st = vgrad_optimizer_create(&adam, net, VGRAD_ADAM, 0.003)) >= 0)
        st = vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, adam);
    if (st >= 0)
        st = vgrad_trainer_progress(run, write_line, stdout);
    /* Where it was, if it was anywhere. */
    if (st >= 0 && (st = vgrad_checkpoint_latest(folder, newest, sizeof newest, NULL)) >= 0)
        st = vgrad_trainer_load(run, newest);
    else if (st == VGRAD_E_NOT_FOUND)
        st = VGRAD_OK;
    /* A checkpoint after each epoch; the last three stay, and the best one. */
    if (st >= 0)
        st = vgrad_trainer_checkpoint(run, folder, 1, 0, 3, VGRAD_CHECKPOINT_BEST);
    if (st >= 0 && (st = vgrad_trainer_fit(run, data, 50)) >= 0 &&
        (st = vgrad_trainer_evaluate(run, data, &loss, NULL)) >= 0)
        printf("loss %.17g\n", loss);
    if (st < 0)
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(data);
    return st < 0;
}
