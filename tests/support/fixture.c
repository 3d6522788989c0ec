/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <string.h>

void fixture_network(fixture *f, vgrad_dtype dtype)
{
    assert_ok(vgrad_network_create(&f->network, NULL));
    assert_ok(vgrad_network_set_dtype(f->network, dtype));
    f->input = vgrad_input(f->network, 2);
    f->first = vgrad_dense(f->input, 5, VGRAD_TANH);
    f->second = vgrad_dense(f->first, 4, VGRAD_RELU);
    f->last = vgrad_dense(f->second, 1, VGRAD_SIGMOID);
    assert_ok(vgrad_layer_set_name(f->first, "first"));
    assert_ok(vgrad_layer_set_name(f->second, "second"));
    assert_ok(vgrad_layer_set_name(f->last, "last"));
}

vgrad_trainer *fixture_trainer(const fixture *f)
{
    vgrad_trainer *trainer;
    assert_ok(
        vgrad_trainer_create(&trainer, f->network, VGRAD_LOSS_BINARY_CROSSENTROPY, f->optimizer));
    assert_ok(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, FIXTURE_BATCH));
    return trainer;
}

void fixture_make(fixture *f, vgrad_dtype dtype, uint32_t keep)
{
    memset(f, 0, sizeof *f);
    assert_ok(vgrad_dataset_circles(&f->data, FIXTURE_ROWS, 0.5, 0.1, 1, NULL));
    assert_ok(vgrad_dataset_read(f->data, 0, FIXTURE_ROWS, f->x, f->y, VGRAD_FLOAT64));
    fixture_network(f, dtype);
    assert_ok(vgrad_network_keep(f->network, keep));
    assert_ok(vgrad_network_build(f->network, f->last));
    assert_ok(vgrad_optimizer_create(&f->optimizer, f->network, VGRAD_SGD, 0.5));
    assert_ok(vgrad_optimizer_set(f->optimizer, VGRAD_OPTIMIZER_MOMENTUM, 0.5));
    f->trainer = fixture_trainer(f);
}

void fixture_destroy(fixture *f)
{
    vgrad_trainer_destroy(f->trainer);
    vgrad_optimizer_destroy(f->optimizer);
    vgrad_network_destroy(f->network);
    vgrad_dataset_destroy(f->data);
}

void fixture_weights(const fixture *f, double *weights)
{
    const vgrad_layer *const layers[] = { f->first, f->second, f->last };
    const double *end = weights + FIXTURE_WEIGHTS;
    for (int i = 0; i < 3; i++)
        for (int role = VGRAD_KERNEL; role <= VGRAD_BIAS; role++) {
            const vgrad_tensor *tensor = vgrad_layer_tensor(layers[i], (vgrad_role)role);
            assert_ok(vgrad_tensor_copy(tensor, weights, VGRAD_FLOAT64, end - weights));
            weights += vgrad_tensor_count(tensor);
        }
    ck_assert_ptr_eq(weights, end);
}

void fixture_undisturbed(vgrad_dtype dtype, int64_t epochs, double *weights)
{
    fixture f;
    fixture_make(&f, dtype, 0);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, epochs));
    fixture_weights(&f, weights);
    fixture_destroy(&f);
}

void assert_weights(const fixture *f, const double *expected)
{
    double found[FIXTURE_WEIGHTS];
    fixture_weights(f, found);
    ck_assert_mem_eq(found, expected, sizeof found);
}

const vgrad_tensor *fixture_x(const fixture *f, vgrad_tensor *view)
{
    return vgrad_tensor_matrix(view, f->x, VGRAD_FLOAT64, FIXTURE_ROWS, 2);
}

const vgrad_tensor *fixture_y(const fixture *f, vgrad_tensor *view)
{
    return vgrad_tensor_matrix(view, f->y, VGRAD_FLOAT64, FIXTURE_ROWS, 1);
}

vgrad_status fixture_step(const fixture *f)
{
    vgrad_tensor x, y;
    vgrad_trainer_forward(f->trainer, fixture_x(f, &x));
    vgrad_trainer_loss(f->trainer, fixture_y(f, &y), NULL);
    vgrad_trainer_backward(f->trainer);
    return vgrad_trainer_step(f->trainer);
}

vgrad_status fixture_loop(const fixture *f, vgrad_dataset *data, int64_t epochs)
{
    const vgrad_tensor *x, *y;
    vgrad_status status;
    while ((status = vgrad_trainer_next(f->trainer, data, epochs, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(f->trainer, x);
        vgrad_trainer_loss(f->trainer, y, NULL);
        vgrad_trainer_backward(f->trainer);
        vgrad_trainer_step(f->trainer);
    }
    return status == VGRAD_DONE ? VGRAD_OK : status;
}
