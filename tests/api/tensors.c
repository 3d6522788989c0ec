/* Which tensors are there when, what they say of themselves, and writing to parameters. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fixture.h"

/* Whether a tensor of `first` is there at an event, with everything kept. */
static bool is_there(vgrad_role role, int64_t kind, int64_t step)
{
    bool forward = kind >= VGRAD_FORWARD_DONE, backward = kind >= VGRAD_GRADIENTS_READY;
    switch (role) {
    case VGRAD_KERNEL:
    case VGRAD_BIAS: return true;
    case VGRAD_PREACTIVATION:
    case VGRAD_ACTIVATION:
    case VGRAD_INPUT: return forward;
    case VGRAD_KERNEL_UPDATE:
    case VGRAD_BIAS_UPDATE: return kind == VGRAD_BATCH_END;
    case VGRAD_KERNEL_EPOCH_GRADIENT:
    case VGRAD_BIAS_EPOCH_GRADIENT: return step > 0;
    default: return backward;
    }
}

static const vgrad_role roles[] = {
    VGRAD_KERNEL,
    VGRAD_BIAS,
    VGRAD_PREACTIVATION,
    VGRAD_ACTIVATION,
    VGRAD_INPUT,
    VGRAD_KERNEL_GRADIENT,
    VGRAD_BIAS_GRADIENT,
    VGRAD_DELTA,
    VGRAD_KERNEL_UPDATE,
    VGRAD_ACTIVATION_GRADIENT,
    VGRAD_BIAS_UPDATE,
    VGRAD_KERNEL_EPOCH_GRADIENT,
    VGRAD_BIAS_EPOCH_GRADIENT,
};
enum { ROLES = sizeof roles / sizeof *roles };

static void check_words(const vgrad_tensor *tensor, vgrad_role role, int64_t rows)
{
    char name[64] = "first.";
    strcat(name, vgrad_role_name(role));
    bool vector = role % 256 == VGRAD_BIAS, kernel = role % 256 == VGRAD_KERNEL;
    ck_assert_str_eq(tensor->name, name);
    ck_assert_int_eq(tensor->role, role);
    ck_assert_int_eq(tensor->layer, 1);
    ck_assert_int_eq(tensor->dtype, VGRAD_FLOAT32);
    ck_assert_int_eq(tensor->rank, vector ? 1 : 2);
    ck_assert_int_eq(tensor->shape[0], vector ? 5 : kernel ? 2 : rows);
    ck_assert_int_eq(tensor->strides[tensor->rank - 1], 1);
    if (!vector) {
        ck_assert_int_eq(tensor->shape[1], role == VGRAD_INPUT ? 2 : 5);
        ck_assert_int_eq(tensor->strides[0], tensor->shape[1]);
    }
}

/* In the first step, where nothing of a step before can be there. */
static int32_t check_roles(const vgrad_event *event, void *user)
{
    const fixture *f = user;
    for (int r = 0; r < ROLES; r++) {
        const vgrad_tensor *tensor = vgrad_layer_tensor(f->first, roles[r]);
        ck_assert_msg((tensor != NULL) == is_there(roles[r], event->kind, event->step),
                      "%s at event %d", vgrad_role_name(roles[r]), (int)event->kind);
        if (tensor)
            check_words(tensor, roles[r], event->samples);
        ck_assert_ptr_eq(tensor, vgrad_network_tensor(event->network, roles[r],
                                                      roles[r] == VGRAD_ACTIVATION ? 1 : 0));
    }
    return 0;
}

START_TEST(kept_tensors_are_there_in_their_time)
{
    fixture f;
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT32, KEEP_ALL);
    assert_ok(vgrad_trainer_on(f.trainer, 255, 1, check_roles, &f));
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    assert_ok(vgrad_trainer_forward(f.trainer, x));
    assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
    assert_ok(vgrad_trainer_backward(f.trainer));
    assert_ok(vgrad_trainer_step(f.trainer));
    ck_assert_ptr_null(vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT));
    ck_assert_ptr_nonnull(vgrad_layer_tensor(f.first, VGRAD_DELTA));
    fixture_destroy(&f);
}
END_TEST

static int32_t check_not_kept(const vgrad_event *event, void *user)
{
    const fixture *f = user;
    for (int r = 0; r < ROLES; r++) {
        bool always = roles[r] <= VGRAD_BIAS;
        bool gradient = roles[r] == VGRAD_KERNEL_GRADIENT || roles[r] == VGRAD_BIAS_GRADIENT;
        bool there = always || (gradient && event->kind >= VGRAD_GRADIENTS_READY);
        ck_assert_int_eq(vgrad_layer_tensor(f->first, roles[r]) != NULL, there);
        if (!there)
            assert_error_names("first.");
    }
    return 0;
}

START_TEST(what_is_not_kept_is_not_there)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_on(f.trainer, 255, 1, check_not_kept, &f));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    fixture_destroy(&f);
}
END_TEST

START_TEST(past_the_end_and_absent)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    ck_assert_int_eq(vgrad_network_tensor(f.network, VGRAD_KERNEL, 2)->layer, 3);
    ck_assert_ptr_null(vgrad_network_tensor(f.network, VGRAD_KERNEL, 3));
    ck_assert_ptr_null(vgrad_network_tensor(f.network, VGRAD_KERNEL, -1));
    ck_assert_ptr_null(vgrad_layer_tensor(f.input, VGRAD_KERNEL));
    assert_error_names("input");
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_fused_output_has_delta_but_no_da)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, KEEP_ALL);
    assert_ok(fixture_step(&f));
    ck_assert_ptr_nonnull(vgrad_layer_tensor(f.last, VGRAD_DELTA));
    ck_assert_ptr_null(vgrad_layer_tensor(f.last, VGRAD_ACTIVATION_GRADIENT));
    ck_assert_ptr_null(vgrad_network_tensor(f.network, VGRAD_ACTIVATION_GRADIENT, 2));
    fixture_destroy(&f);
}
END_TEST

START_TEST(epoch_gradients_are_the_mean_of_the_steps)
{
    fixture f;
    const vgrad_tensor *x, *y;
    double sum[10] = { 0 }, one[10], mean[10];
    fixture_make(&f, VGRAD_FLOAT64, KEEP_ALL);
    for (int step = 0; step < 2 * FIXTURE_BATCHES; step++) {
        int n = step % FIXTURE_BATCHES + 1; /* anew in the second epoch */
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 2, &x, &y));
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT), one,
                                    VGRAD_FLOAT64, 10));
        assert_ok(vgrad_trainer_step(f.trainer));
        assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_KERNEL_EPOCH_GRADIENT), mean,
                                    VGRAD_FLOAT64, 10));
        for (int i = 0; i < 10; i++) {
            sum[i] = n == 1 ? one[i] : sum[i] + one[i];
            ck_assert_double_eq_tol(mean[i], sum[i] / n, 1e-14);
        }
    }
    fixture_destroy(&f);
}
END_TEST

/* Kept in the middle of an epoch: the mean is over the updates from there on. */
START_TEST(an_epoch_gradient_kept_late_is_still_a_mean)
{
    fixture f;
    vgrad_tensor x, y;
    double one[10], mean[10];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int step = 0; step < 4; step++) {
        if (step == 3)
            assert_ok(vgrad_network_keep(f.network, VGRAD_KEEP_EPOCH_GRADIENT));
        assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
        assert_ok(vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT), one,
                                    VGRAD_FLOAT64, 10));
        assert_ok(vgrad_trainer_step(f.trainer));
    }
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_KERNEL_EPOCH_GRADIENT), mean,
                                VGRAD_FLOAT64, 10));
    ck_assert_mem_eq(mean, one, sizeof one);
    fixture_destroy(&f);
}
END_TEST

/* network.h: readable until the next forward pass; trainer.h: x may change after backward(). */
START_TEST(a_kept_input_survives_the_batch_it_came_from)
{
    fixture f;
    double given[FIXTURE_ROWS * 2], kept[FIXTURE_ROWS * 2];
    vgrad_tensor x, y;
    fixture_make(&f, VGRAD_FLOAT64, VGRAD_KEEP_ACTIVATION);
    memcpy(given, f.x, sizeof given);
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
    assert_ok(vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
    assert_ok(vgrad_trainer_backward(f.trainer));
    memset(f.x, 0, sizeof f.x);
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_INPUT), kept, VGRAD_FLOAT64,
                                FIXTURE_ROWS * 2));
    ck_assert_mem_eq(kept, given, sizeof given);
    fixture_destroy(&f);
}
END_TEST

/* tensor.h: an update is what the optimizer added, and to a frozen layer it adds nothing. */
START_TEST(a_layer_frozen_later_has_no_old_update)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, VGRAD_KEEP_UPDATE);
    assert_ok(fixture_step(&f));
    assert_ok(vgrad_layer_set(f.first, VGRAD_LAYER_TRAINABLE, 0));
    assert_ok(fixture_step(&f));
    const vgrad_tensor *update = vgrad_layer_tensor(f.first, VGRAD_KERNEL_UPDATE);
    ck_assert(!update || vgrad_tensor_stat(update, VGRAD_L2) == 0);
    fixture_destroy(&f);
}
END_TEST

/* What was not kept when it was made is not there, rather than zeros in its place. */
START_TEST(an_update_of_before_it_was_kept_is_not_there)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    assert_ok(vgrad_network_keep(f.network, VGRAD_KEEP_UPDATE));
    ck_assert_ptr_null(vgrad_layer_tensor(f.first, VGRAD_KERNEL_UPDATE));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    ck_assert_double_gt(
        vgrad_tensor_stat(vgrad_layer_tensor(f.first, VGRAD_KERNEL_UPDATE), VGRAD_L2), 0);
    fixture_destroy(&f);
}
END_TEST

/* A step that failed is over: the network may be changed again. */
START_TEST(a_failed_step_holds_nothing)
{
    fixture f;
    vgrad_tensor x, y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
    vgrad_tensor_matrix(&y, f.y, VGRAD_FLOAT64, 3, 1);
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_loss(f.trainer, &y, NULL));
    assert_ok(vgrad_network_initialize(f.network, 3));
    assert_status(VGRAD_E_STATE, vgrad_trainer_skip_update(f.trainer));
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_parameter_is_set_from_any_strides_and_dtype)
{
    static const int32_t columns[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    const int64_t shape[2] = { 2, 5 }, strides[2] = { 1, 2 };
    fixture f;
    vgrad_tensor view;
    double found[10];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_tensor_view(&view, columns, VGRAD_INT32, 2, shape, strides);
    assert_ok(vgrad_layer_set_tensor(f.first, VGRAD_KERNEL, &view));
    assert_ok(
        vgrad_tensor_copy(vgrad_layer_tensor(f.first, VGRAD_KERNEL), found, VGRAD_FLOAT64, 10));
    for (int i = 0; i < 10; i++)
        ck_assert_double_eq(found[i], columns[i / 5 + i % 5 * 2]);
    assert_status(VGRAD_E_SHAPE, vgrad_layer_set_tensor(f.first, VGRAD_BIAS, &view));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_layer_set_tensor(f.first, VGRAD_ACTIVATION, &view));
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &view)));
    assert_status(VGRAD_E_STATE, vgrad_layer_set_tensor(f.first, VGRAD_KERNEL, &view));
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_parameter_is_not_set_from_itself_in_another_order)
{
    fixture f;
    double before[16], after[16];
    fixture_network(&f, VGRAD_FLOAT64);
    vgrad_layer *square = vgrad_dense(f.last, 1, VGRAD_LINEAR);
    vgrad_layer *wide = vgrad_dense(square, 4, VGRAD_TANH);
    square = vgrad_dense(wide, 4, VGRAD_LINEAR);
    assert_ok(vgrad_network_build(f.network, square));
    const vgrad_tensor *kernel = vgrad_layer_tensor(square, VGRAD_KERNEL);
    assert_ok(vgrad_tensor_copy(kernel, before, VGRAD_FLOAT64, 16));
    vgrad_tensor turned = *kernel;
    turned.strides[0] = 1;
    turned.strides[1] = 4;
    assert_status(VGRAD_E_INVALID, vgrad_layer_set_tensor(square, VGRAD_KERNEL, &turned));
    assert_error_names(".kernel: value is a view of itself");
    assert_ok(vgrad_layer_set_tensor(square, VGRAD_KERNEL, kernel));
    assert_ok(vgrad_tensor_copy(kernel, after, VGRAD_FLOAT64, 16));
    ck_assert_mem_eq(before, after, sizeof before);
    turned.data = vgrad_layer_tensor(wide, VGRAD_KERNEL)->data; /* a neighbour is no part of it */
    turned.strides[0] = 0;
    turned.strides[1] = 1;
    assert_ok(vgrad_layer_set_tensor(square, VGRAD_KERNEL, &turned));
    vgrad_network_destroy(f.network);
}
END_TEST

/* An empty tensor is no error, however large its other sizes; a view may be made from itself. */
START_TEST(views_at_their_limits)
{
    const int64_t shape[] = { 0, (int64_t)1 << 40, (int64_t)1 << 40 };
    const int64_t reversed[] = { (int64_t)1 << 40, (int64_t)1 << 40, 0 };
    vgrad_tensor v;
    float data[6] = { 0 };
    ck_assert_ptr_nonnull(vgrad_tensor_view(&v, NULL, VGRAD_FLOAT32, 3, shape, NULL));
    ck_assert_int_eq(vgrad_tensor_count(&v), 0);
    assert_ok(vgrad_tensor_copy(&v, data, VGRAD_FLOAT32, 0));
    ck_assert_ptr_nonnull(vgrad_tensor_view(&v, NULL, VGRAD_FLOAT32, 3, reversed, NULL));
    ck_assert_int_eq(vgrad_tensor_count(&v), 0);
    ck_assert_double_eq(vgrad_tensor_stat(&v, VGRAD_COUNT), 0);
    ck_assert_double_nan(vgrad_tensor_stat(&v, VGRAD_MEAN));
    vgrad_tensor_matrix(&v, data, VGRAD_FLOAT32, 2, 3);
    ck_assert_ptr_nonnull(vgrad_tensor_view(&v, data, VGRAD_FLOAT32, v.rank, v.shape, NULL));
    ck_assert_int_eq(vgrad_tensor_count(&v), 6);
}
END_TEST

START_TEST(views_that_are_none)
{
    static const double data[4] = { 1, 2, 3, 4 };
    const int64_t shape[9] = { 2, 2, 1, 1, 1, 1, 1, 1, 1 }, negative[1] = { -1 };
    const int64_t back[1] = { -1 }, huge[2] = { INT64_MAX, 2 };
    vgrad_tensor view;
    double out[4] = { 7, 7, 7, 7 };
    ck_assert_ptr_null(vgrad_tensor_matrix(&view, data, VGRAD_FLOAT64, -1, 2));
    ck_assert_ptr_null(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, 9, shape, NULL));
    ck_assert_ptr_null(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, -1, shape, NULL));
    ck_assert_ptr_null(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, 1, negative, NULL));
    ck_assert_ptr_null(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, 2, huge, NULL));
    ck_assert_ptr_nonnull(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, 8, shape, NULL));
    ck_assert_int_eq(vgrad_tensor_count(&view), 4);
    ck_assert_ptr_nonnull(vgrad_tensor_view(&view, data, VGRAD_FLOAT64, 0, NULL, NULL));
    ck_assert_int_eq(vgrad_tensor_count(&view), 1);
    ck_assert_ptr_eq(vgrad_tensor_f64(&view), data);
    ck_assert_ptr_null(vgrad_tensor_f32(&view));
    vgrad_tensor_view(&view, data + 3, VGRAD_FLOAT64, 1, (const int64_t[]){ 4 }, back);
    ck_assert_ptr_null(vgrad_tensor_f64(&view));
    assert_status(VGRAD_E_INVALID, vgrad_tensor_copy(&view, out, VGRAD_FLOAT64, 3));
    assert_error_names("4");
    ck_assert_double_eq(out[0], 7);
    assert_ok(vgrad_tensor_copy(&view, out, VGRAD_FLOAT64, 4));
    ck_assert_double_eq(out[0], 4);
    vgrad_tensor_matrix(&view, data, VGRAD_FLOAT64, 0, 3);
    ck_assert(isnan(vgrad_tensor_stat(&view, VGRAD_MEAN)));
}
END_TEST

/* A column of a matrix, in float16: 1, 2^-24, -2^-20, 0, Inf, NaN, 3, -4. */
static const vgrad_tensor *some_halves(vgrad_tensor *view)
{
    static const uint16_t bits[] = { 0x3c00, 9, 0x0001, 9, 0x8010, 9, 0x0000, 9,
                                     0x7c00, 9, 0x7e00, 9, 0x4200, 9, 0xc400, 9 };
    const int64_t shape[] = { 8 }, strides[] = { 2 };
    return vgrad_tensor_view(view, bits, VGRAD_FLOAT16, 1, shape, strides);
}

/* As DLPack lays it out. */
typedef struct dltensor {
    void *data;
    struct {
        int32_t device_type, device_id;
    } device;
    int32_t ndim;
    struct {
        uint8_t code, bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} dltensor;

START_TEST(a_view_of_a_dltensor)
{
    double data[7] = { 0, 1, 2, 3, 4, 5, 6 }, out[6];
    int64_t shape[2] = { 2, 3 }, columns[2] = { 1, 2 };
    struct {
        dltensor tensor;
        void *context, *deleter;
    } managed = { { data, { 1, 0 }, 2, { 2, 64, 1 }, shape, NULL, sizeof *data }, NULL, NULL };
    vgrad_tensor view;
    assert_ok(vgrad_tensor_from_dlpack(&view, &managed));
    ck_assert(view.rank == 2 && view.shape[0] == 2 && view.shape[1] == 3);
    ck_assert(view.dtype == VGRAD_FLOAT64 && view.device_type == 1 && view.device_id == 0);
    ck_assert(view.name == NULL && view.layer == -1 && view.role == -1);
    ck_assert_ptr_eq(vgrad_tensor_f64(&view), data + 1);
    managed.tensor.strides = columns;
    assert_ok(vgrad_tensor_from_dlpack(&view, &managed));
    shape[0] = columns[0] = 77; /* both were copied */
    assert_ok(vgrad_tensor_copy(&view, out, VGRAD_FLOAT64, 6));
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(out[i], 1 + i / 3 + 2 * (i % 3));
    managed.tensor.ndim = 0; /* one element, and neither shape nor strides */
    managed.tensor.shape = managed.tensor.strides = NULL;
    assert_ok(vgrad_tensor_from_dlpack(&view, &managed));
    ck_assert_double_eq(vgrad_tensor_stat(&view, VGRAD_MEAN), 1);
}
END_TEST

START_TEST(types_of_dltensors)
{
    static const struct {
        uint8_t code, bits;
        int32_t dtype; /* 0: none */
    } types[] = {
        { 2, 16, VGRAD_FLOAT16 },
        { 2, 32, VGRAD_FLOAT32 },
        { 2, 64, VGRAD_FLOAT64 },
        { 4, 16, VGRAD_BFLOAT16 },
        { 1, 8, VGRAD_UINT8 },
        { 0, 32, VGRAD_INT32 },
        { 0, 64, VGRAD_INT64 },
        { 2, 128, 0 },
        { 2, 8, 0 },
        { 4, 32, 0 },
        { 1, 16, 0 },
        { 1, 32, 0 },
        { 0, 8, 0 },
        { 0, 16, 0 },
        { 3, 64, 0 },
        { 5, 64, 0 },
        { 6, 8, 0 },
        { 255, 32, 0 },
    };
    double data[2] = { 0 };
    int64_t shape[1] = { 1 };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        dltensor from = { data, { 1, 0 }, 1, { types[i].code, types[i].bits, 1 }, shape, NULL, 0 };
        vgrad_tensor view = { .dtype = 99 };
        assert_status(types[i].dtype ? VGRAD_OK : VGRAD_E_UNSUPPORTED,
                      vgrad_tensor_from_dlpack(&view, &from));
        ck_assert_int_eq(view.dtype, types[i].dtype ? types[i].dtype : 99);
        from.dtype.lanes = 4;
        assert_status(VGRAD_E_UNSUPPORTED, vgrad_tensor_from_dlpack(&view, &from));
        assert_error_names("4 lanes");
    }
}
END_TEST

START_TEST(dltensors_that_cannot_be_viewed_or_read)
{
    float data[2] = { 3, 4 };
    int64_t shape[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 2 };
    dltensor from = { data, { 1, 0 }, 9, { 2, 32, 1 }, shape, NULL, 0 };
    vgrad_tensor view = { .dtype = 99 };
    float out[2] = { 0 };
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_tensor_from_dlpack(&view, &from));
    assert_error_names("ndim 0 to 8, got 9");
    from.ndim = -1;
    assert_status(VGRAD_E_INVALID, vgrad_tensor_from_dlpack(&view, &from));
    from.ndim = 8;
    shape[3] = -2;
    assert_status(VGRAD_E_INVALID, vgrad_tensor_from_dlpack(&view, &from));
    shape[3] = 2;
    from.data = NULL;
    from.byte_offset = 16;
    assert_status(VGRAD_E_INVALID, vgrad_tensor_from_dlpack(&view, &from));
    from.data = data;
    from.byte_offset = 0;
    from.shape = NULL;
    assert_status(VGRAD_E_INVALID, vgrad_tensor_from_dlpack(&view, &from));
    ck_assert_int_eq(view.dtype, 99);
    from.shape = shape;
    from.device.device_type = 2; /* CUDA: nothing here reads it */
    from.device.device_id = 3;
    assert_ok(vgrad_tensor_from_dlpack(&view, &from));
    ck_assert(view.device_type == 2 && view.device_id == 3);
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_tensor_copy(&view, out, VGRAD_FLOAT32, 2));
    assert_error_names("device type 2");
    ck_assert(out[0] == 0);
    shape[3] = 0; /* no elements: no address is needed */
    from.data = NULL;
    from.device.device_type = 1;
    assert_ok(vgrad_tensor_from_dlpack(&view, &from));
    ck_assert_int_eq(vgrad_tensor_count(&view), 0);
}
END_TEST

START_TEST(a_histogram_counts_signs_and_powers_of_two)
{
    vgrad_tensor view;
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    static const int expected[][2] = { { 127, 1 }, { 127 - 24, 1 }, { 256 + 127 - 20, 1 }, { 0, 1 },
                                       { 255, 2 }, { 128, 1 },      { 256 + 129, 1 } };
    assert_ok(vgrad_tensor_histogram(some_halves(&view), bins, VGRAD_HISTOGRAM_BINS));
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq((int)bins[expected[i][0]], expected[i][1]);
        bins[expected[i][0]] = 0;
    }
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        ck_assert_int_eq((int)bins[i], 0);
    assert_status(VGRAD_E_INVALID, vgrad_tensor_histogram(&view, bins, 511));
    assert_error_names("count: 512 bins, got 511");
    ck_assert_int_eq((int)bins[127], 0);
}
END_TEST

/* Of -4, -2^-20, 0, 2^-24, 1 and 3: the third; of the five that are not 0, shares. */
START_TEST(what_is_read_from_a_histogram_beside_the_moments)
{
    static const vgrad_quantity quantities[] = { VGRAD_FP8_E5M2_LOST, VGRAD_MEDIAN,
                                                 VGRAD_MAX,           VGRAD_FP16_LOST,
                                                 VGRAD_BF16_LOST,     VGRAD_FP8_E4M3_LOST,
                                                 VGRAD_INFS };
    static const double expected[] = { 0.4, 0, 3, 0, 0, 0.4, 1 };
    vgrad_tensor view;
    double found[7], scaled[6];
    assert_ok(vgrad_tensor_stats(some_halves(&view), quantities, found, 7));
    for (int i = 0; i < 7; i++) {
        ck_assert_double_eq(found[i], expected[i]);
        ck_assert_double_eq(vgrad_tensor_stat(&view, quantities[i]), expected[i]);
    }
    const double values[] = { 0x1p-26, 0x1.8p-25, -0x1p-140, 5, 6, 7 };
    vgrad_tensor_matrix(&view, values, VGRAD_FLOAT64, 2, 3);
    assert_ok(vgrad_tensor_stats(&view, quantities, scaled, 6));
    ck_assert_double_eq(scaled[3], 2 / 6.0);
    ck_assert_double_eq(scaled[4], 1 / 6.0);
    ck_assert_double_eq_tol(scaled[1], 0x1.8p-25, 0x1p-26); /* the third of six */
}
END_TEST

START_TEST(a_share_of_nothing_is_no_number)
{
    const float zeros[] = { 0, -0.0f };
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, zeros, VGRAD_FLOAT32, 1, 2);
    ck_assert_double_eq(vgrad_tensor_stat(&view, VGRAD_MEDIAN), 0);
    ck_assert_double_nan(vgrad_tensor_stat(&view, VGRAD_FP16_LOST));
    vgrad_tensor_matrix(&view, zeros, VGRAD_FLOAT32, 0, 2);
    ck_assert_double_nan(vgrad_tensor_stat(&view, VGRAD_MEDIAN));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensors");
    add_tests(suite, "tensors", kept_tensors_are_there_in_their_time, what_is_not_kept_is_not_there,
              past_the_end_and_absent, a_fused_output_has_delta_but_no_da,
              epoch_gradients_are_the_mean_of_the_steps,
              an_epoch_gradient_kept_late_is_still_a_mean,
              a_kept_input_survives_the_batch_it_came_from, a_layer_frozen_later_has_no_old_update,
              an_update_of_before_it_was_kept_is_not_there, a_failed_step_holds_nothing,
              a_parameter_is_set_from_any_strides_and_dtype,
              a_parameter_is_not_set_from_itself_in_another_order, views_at_their_limits,
              views_that_are_none, a_view_of_a_dltensor, types_of_dltensors,
              dltensors_that_cannot_be_viewed_or_read, a_histogram_counts_signs_and_powers_of_two,
              what_is_read_from_a_histogram_beside_the_moments, a_share_of_nothing_is_no_number);
    return run_suite(suite);
}
