/* A layer of one's own: a_j = exp(-|x - c_j|^2), a radial basis function, checked and trained. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <vgrad/vgrad.h>

enum { UNITS = 12 };

static int32_t rbf_shape(vgrad_layer_shapes *shapes, void *user)
{
    (void)user;
    if (shapes->inputs[0].rank != 1 || shapes->dtype != VGRAD_FLOAT64)
        return 1; /* build fails, with the layer's name and this number */
    shapes->output->rank = 1;
    shapes->output->sizes[0] = UNITS;
    shapes->parameter_count = 1; /* VGRAD_KERNEL: the centers c, (inputs, units) */
    shapes->parameters[0].shape.rank = 2;
    shapes->parameters[0].shape.sizes[0] = shapes->inputs[0].sizes[0];
    shapes->parameters[0].shape.sizes[1] = UNITS;
    return 0;
}

static int32_t rbf_forward(const vgrad_layer_call *call, void *user)
{
    const double *x = vgrad_tensor_f64(&call->inputs[0]),
                 *c = vgrad_tensor_f64(&call->parameters[0]);
    double *a = call->output_data;
    const int64_t inputs = call->inputs[0].shape[1];
    (void)user;
    for (int64_t row = 0; row < call->rows; row++)
        for (int64_t j = 0; j < UNITS; j++) {
            double square = 0;
            for (int64_t i = 0; i < inputs; i++)
                square += pow(x[row * inputs + i] - c[i * UNITS + j], 2);
            a[row * UNITS + j] = exp(-square);
        }
    return 0;
}

/* da_j/dx_i = -2 (x_i - c_ij) a_j, and the same with the other sign for c_ij: added to zeros. */
static int32_t rbf_backward(const vgrad_layer_call *call, void *user)
{
    const double *x = vgrad_tensor_f64(&call->inputs[0]),
                 *c = vgrad_tensor_f64(&call->parameters[0]);
    const double *a = vgrad_tensor_f64(call->output), *da = vgrad_tensor_f64(call->output_gradient);
    double *dx = call->input_gradients[0], *dc = call->parameter_gradients[0];
    const int64_t inputs = call->inputs[0].shape[1];
    (void)user;
    for (int64_t row = 0; row < call->rows; row++)
        for (int64_t j = 0; j < UNITS; j++)
            for (int64_t i = 0; i < inputs; i++) {
                const double off = x[row * inputs + i] - c[i * UNITS + j];
                const double d = 2 * off * a[row * UNITS + j] * da[row * UNITS + j];
                dc[i * UNITS + j] += d;
                if (dx) /* NULL where nobody needs it */
                    dx[row * inputs + i] -= d;
            }
    return 0;
}

int main(void)
{
    const vgrad_layer_operations rbf = { sizeof rbf, "rbf", rbf_shape, rbf_forward, rbf_backward };
    const double probe[4] = { 0.3, -0.2, -0.9, 0.4 };
    double worst = 0, loss = 0, accuracy = 0;
    vgrad_network *net = NULL;
    vgrad_optimizer *adam = NULL;
    vgrad_trainer *run = NULL;
    vgrad_dataset *data = NULL;
    vgrad_tensor x;

    vgrad_dataset_circles(&data, 400, 0.5, 0.1, 1, NULL);
    vgrad_network_create(&net, NULL);
    vgrad_network_set_dtype(net, VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input(net, 2), *mine = vgrad_user_layer(&in, 1, &rbf, NULL);
    vgrad_layer_set_initializer(mine, VGRAD_KERNEL, VGRAD_INIT_UNIFORM, -1, 1);
    vgrad_status status = vgrad_network_build(net, vgrad_dense(mine, 1, VGRAD_SIGMOID));
    if (status >= 0)
        status = vgrad_gradient_check(net, vgrad_tensor_matrix(&x, probe, VGRAD_FLOAT64, 2, 2), 1,
                                      0, &worst);
    if (status >= 0)
        printf("backward is off by %.1e\n", worst);
    if (status >= 0)
        status = vgrad_optimizer_create(&adam, net, VGRAD_ADAM, 0.05);
    if (status >= 0)
        status = vgrad_trainer_create(&run, net, VGRAD_LOSS_BINARY_CROSSENTROPY, adam);
    if (status >= 0)
        status = vgrad_trainer_fit(run, data, 50);
    if (status >= 0)
        status = vgrad_trainer_evaluate(run, data, &loss, &accuracy);
    if (status >= 0)
        printf("circles learned: loss %.4f, accuracy %.4f\n", loss, accuracy);
    else
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(data);
    return status < 0;
}
