/* Trains on arrays of one's own, sees every layer's gradient, and edits one of them. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vgrad/vgrad.h>

static int32_t on_gradients(const vgrad_event *e, void *out)
{
    const vgrad_tensor *g;
    void *writable;
    for (int i = 0; (g = vgrad_network_tensor(e->network, VGRAD_KERNEL_GRADIENT, i)) != NULL; i++)
        fprintf(out, "step %d: |%s| = %g\n", (int)e->step, g->name, vgrad_tensor_stat(g, VGRAD_L2));
    g = vgrad_network_tensor(e->network, VGRAD_KERNEL_GRADIENT, 0);
    if (vgrad_trainer_edit(e->trainer, g, &writable) < 0)
        return -1;
    ((float *)writable)[0] = 0.0f; /* this weight stays as it is in this step */
    return 0;
}

int main(void)
{
    static const float x[4][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } }, y[4] = { 0, 1, 1, 0 };
    vgrad_dataset *xy = NULL;
    vgrad_network *net = NULL;
    vgrad_optimizer *sgd = NULL;
    vgrad_trainer *run = NULL;
    double loss, accuracy;
    vgrad_status st = vgrad_dataset_borrow(&xy, 4, x, VGRAD_FLOAT32, 2, y, VGRAD_FLOAT32, 1, NULL);
    if (st >= 0 && (st = vgrad_network_create(&net, NULL)) >= 0) {
        vgrad_layer *hidden = vgrad_dense(vgrad_input(net, 2), 4, VGRAD_TANH);
        st = vgrad_network_build(net, vgrad_dense(hidden, 1, VGRAD_SIGMOID));
    }
    if (st >= 0 && (st = vgrad_optimizer_create(&sgd, net, VGRAD_SGD, 0.5)) >= 0 &&
        (st = vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, sgd)) >= 0 &&
        (st = vgrad_trainer_on(run, VGRAD_GRADIENTS_READY, 100, on_gradients, stdout)) >= 0 &&
        (st = vgrad_trainer_fit(run, xy, 1000)) >= 0 &&
        (st = vgrad_trainer_evaluate(run, xy, &loss, &accuracy)) >= 0)
        printf("XOR %slearned: loss %g, accuracy %g\n", accuracy < 1 ? "not " : "", loss, accuracy);
    if (st < 0)
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(xy);
    return st < 0;
}
