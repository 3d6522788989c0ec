/* Two circles: rows of each layer's weights by fit, or of its gradients too by one's own loop. */
#include <stdio.h>
#include <stdlib.h>
#include <vgrad/vgrad.h>
#define CHECK(call) ((call) < 0 ? (fprintf(stderr, "%s\n", vgrad_last_error()), exit(1)) : (void)0)

static void print_rows(const vgrad_network *net, vgrad_role role, int64_t epoch, double loss)
{
    const vgrad_tensor *t;
    for (int i = 0; (t = vgrad_network_tensor(net, role, i)) != NULL; i++)
        printf("%d,%s,%g,%g,%g\n", (int)epoch, t->name, vgrad_tensor_stat(t, VGRAD_MEAN),
               vgrad_tensor_stat(t, VGRAD_STD), loss);
}

static int32_t on_epoch_end(const vgrad_event *e, void *user)
{
    (void)user;
    print_rows(e->network, VGRAD_KERNEL, e->epoch, e->loss);
    return 0;
}

static vgrad_status train_by_hand(vgrad_trainer *run, vgrad_dataset *data, vgrad_network *net)
{
    const vgrad_tensor *x, *y;
    vgrad_status st;
    double loss;
    while ((st = vgrad_trainer_next(run, data, 100, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(run, x);
        vgrad_trainer_loss(run, y, &loss);
        vgrad_trainer_backward(run);
        if (vgrad_trainer_batch(run) == 0)
            print_rows(net, VGRAD_KERNEL_GRADIENT, vgrad_trainer_epoch(run), loss);
        vgrad_trainer_step(run);
    }
    return st;
}

int main(int argc, char **argv)
{
    vgrad_dataset *data;
    vgrad_network *net;
    vgrad_optimizer *rmsprop;
    vgrad_trainer *run;
    CHECK(vgrad_dataset_circles(&data, 1000, 0.5, 0.1, 42, NULL));
    CHECK(vgrad_network_create(&net, NULL));
    vgrad_network_set_seed(net, 1);
    vgrad_network_set_initializer(net, VGRAD_KERNEL, VGRAD_INIT_NORMAL, 0.0, 1.0);
    vgrad_layer *h = vgrad_input(net, 2);
    for (int i = 0; i < 4; i++)
        h = vgrad_dense(h, 5, (vgrad_activation)vgrad_activation_find(argc > 1 ? argv[1] : "tanh"));
    CHECK(vgrad_network_build(net, vgrad_dense(h, 1, VGRAD_SIGMOID)));
    CHECK(vgrad_optimizer_create(&rmsprop, net, VGRAD_RMSPROP, 0.001));
    CHECK(vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, rmsprop));
    CHECK(vgrad_trainer_on(run, VGRAD_EPOCH_END, 1, on_epoch_end, NULL));
    CHECK(argc > 2 ? train_by_hand(run, data, net) : vgrad_trainer_fit(run, data, 100));
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(rmsprop);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(data);
}
