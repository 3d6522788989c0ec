/* What a user writes: trains, and reads every layer's gradient on every batch and every epoch. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <vgrad/vgrad.h>

enum { EPOCHS = 3, ROWS = 100, BATCHES = 4, LAYERS = 3 };

struct seen {
    int batches, epochs, bad;
};

/* Kernel gradients that are not finite, all zero, or not as many as there are layers. */
static int bad_gradients(const vgrad_network *net, vgrad_role role)
{
    const vgrad_tensor *g;
    int i, bad = 0;
    for (i = 0; (g = vgrad_network_tensor(net, role, i)) != NULL; i++) {
        const float *numbers = vgrad_tensor_f32(g);
        double sum = 0;
        for (int64_t k = 0; numbers && k < vgrad_tensor_count(g); k++)
            sum += fabs(numbers[k]);
        bad += !(isfinite(sum) && sum > 0);
    }
    return bad + (i != LAYERS);
}

static int32_t on_event(const vgrad_event *e, void *user)
{
    struct seen *seen = user;
    if (e->kind == VGRAD_GRADIENTS_READY) {
        seen->batches++;
        seen->bad += bad_gradients(e->network, VGRAD_KERNEL_GRADIENT);
    } else {
        seen->epochs++;
        seen->bad += bad_gradients(e->network, VGRAD_KERNEL_EPOCH_GRADIENT);
    }
    return 0;
}

int main(void)
{
    struct seen seen = { 0, 0, 0 };
    vgrad_dataset *data = NULL;
    vgrad_network *net = NULL;
    vgrad_optimizer *sgd = NULL;
    vgrad_trainer *run = NULL;
    vgrad_status st = VGRAD_E_INVALID;
    if (vgrad_dataset_circles(&data, ROWS, 0.5, 0.1, 42, NULL) >= 0 &&
        vgrad_network_create(&net, NULL) >= 0 &&
        vgrad_network_keep(net, VGRAD_KEEP_EPOCH_GRADIENT) >= 0 &&
        vgrad_network_build(
            net,
            vgrad_dense(vgrad_dense(vgrad_dense(vgrad_input(net, 2), 5, VGRAD_TANH), 5, VGRAD_TANH),
                        1, VGRAD_SIGMOID)) >= 0 &&
        vgrad_optimizer_create(&sgd, net, VGRAD_SGD, 0.1) >= 0 &&
        vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, sgd) >= 0 &&
        vgrad_trainer_on(run, VGRAD_GRADIENTS_READY | VGRAD_EPOCH_END, 1, on_event, &seen) >= 0)
        st = vgrad_trainer_fit(run, data, EPOCHS);
    if (st < 0)
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(data);
    printf("%d batches, %d epochs, %d bad gradients\n", seen.batches, seen.epochs, seen.bad);
    return st < 0 || seen.batches != EPOCHS * BATCHES || seen.epochs != EPOCHS || seen.bad;
}
