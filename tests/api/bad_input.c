/* What must be refused: with which status, in which words, and without any harm. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* Makes this thread's last error text "capacity ...", so that a later check sees a new one. */
static void forget_error(void)
{
    static const double x[2] = { 0 };
    double out[2];
    vgrad_tensor view;
    vgrad_tensor_copy(vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2), out, VGRAD_FLOAT64, 1);
    assert_error_names("capacity");
}

#define refuses(expected, call)                                                                    \
    do {                                                                                           \
        forget_error();                                                                            \
        assert_status(expected, call);                                                             \
        ck_assert_msg(!strstr(vgrad_last_error(), "capacity"), "%s: no error text", #call);        \
    } while (0)

#define refuses_number(expected, call)                                                             \
    do {                                                                                           \
        forget_error();                                                                            \
        double wanted = (double)(expected), number = (double)(call);                               \
        ck_assert_msg(number == wanted || (isnan(number) && isnan(wanted)), "%s", #call);          \
        ck_assert_msg(!strstr(vgrad_last_error(), "capacity"), "%s: no error text", #call);        \
    } while (0)

#define refuses_pointer(call)                                                                      \
    do {                                                                                           \
        forget_error();                                                                            \
        ck_assert_msg((call) == NULL, "%s", #call);                                                \
        ck_assert_msg(!strstr(vgrad_last_error(), "capacity"), "%s: no error text", #call);        \
    } while (0)

#define INVALID(call) refuses(VGRAD_E_INVALID, call)

/* ---- NULL ---- */

START_TEST(null_for_context_dataset_and_tensor)
{
    double x[4] = { 0 };
    vgrad_dataset *data;
    vgrad_tensor view;
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    const vgrad_quantity mean = VGRAD_MEAN;
    INVALID(vgrad_context_create(NULL, NULL, NULL, NULL));
    INVALID(vgrad_context_set_log(NULL, VGRAD_LOG_NONE, NULL, NULL));
    INVALID(vgrad_dataset_copy(NULL, 1, x, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_copy(&data, 1, NULL, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_borrow(NULL, 1, x, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_borrow(&data, 1, NULL, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_circles(NULL, 2, 0.5, 0, 0, NULL));
    INVALID(vgrad_dataset_circles_ordered(NULL, 2, 0.5, 0, 0, NULL));
    INVALID(vgrad_dataset_moons(NULL, 2, 0, 0, NULL));
    INVALID(vgrad_dataset_blobs(NULL, 3, 2, 3, 1, 0, NULL));
    INVALID(vgrad_dataset_spirals(NULL, 2, 2, 1, 0, 0, NULL));
    INVALID(vgrad_dataset_xor(NULL, 4, 0, 0, NULL));
    refuses_number(-1, vgrad_dataset_rows(NULL));
    refuses_number(-1, vgrad_dataset_x_width(NULL));
    refuses_number(-1, vgrad_dataset_y_width(NULL));
    INVALID(vgrad_dataset_read(NULL, 0, 1, x, NULL, VGRAD_FLOAT64));
    INVALID(vgrad_dataset_set_weights(NULL, x));
    ck_assert_int_eq(vgrad_write_file(NULL, 0, NULL), 1);
    refuses_pointer(vgrad_tensor_matrix(NULL, x, VGRAD_FLOAT64, 1, 1));
    refuses_pointer(vgrad_tensor_view(NULL, x, VGRAD_FLOAT64, 0, NULL, NULL));
    refuses_pointer(vgrad_tensor_view(&view, x, VGRAD_FLOAT64, 1, NULL, NULL));
    INVALID(vgrad_tensor_from_dlpack(NULL, x));
    INVALID(vgrad_tensor_from_dlpack(&view, NULL));
    refuses_number(-1, vgrad_tensor_count(NULL));
    refuses_pointer(vgrad_tensor_f32(NULL));
    refuses_pointer(vgrad_tensor_f64(NULL));
    INVALID(vgrad_tensor_copy(NULL, x, VGRAD_FLOAT64, 4));
    INVALID(vgrad_tensor_histogram(NULL, bins, VGRAD_HISTOGRAM_BINS));
    refuses_number((double)NAN, vgrad_tensor_stat(NULL, VGRAD_MEAN));
    INVALID(vgrad_tensor_stats(NULL, &mean, x, 1));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 2, 2);
    INVALID(vgrad_tensor_copy(&view, NULL, VGRAD_FLOAT64, 4));
    INVALID(vgrad_tensor_histogram(&view, NULL, VGRAD_HISTOGRAM_BINS));
    INVALID(vgrad_tensor_stats(&view, NULL, x, 1));
    INVALID(vgrad_tensor_stats(&view, &mean, NULL, 1));
    vgrad_context_destroy(NULL);
    vgrad_dataset_destroy(NULL);
}
END_TEST

START_TEST(null_for_recorders)
{
    vgrad_recorder *recorder;
    vgrad_probe *probe;
    INVALID(vgrad_recorder_create(NULL, "run", NULL));
    INVALID(vgrad_recorder_create(&recorder, NULL, NULL));
    ck_assert_ptr_null(recorder);
    INVALID(vgrad_recorder_set(NULL, VGRAD_RECORDER_EVERY, 1));
    refuses_number((double)NAN, vgrad_recorder_get(NULL, VGRAD_RECORDER_EVERY));
    INVALID(vgrad_recorder_add(NULL, VGRAD_SINK_CSV, "/dev/null"));
    INVALID(vgrad_recorder_trainer(NULL, NULL));
    INVALID(vgrad_recorder_scalar(NULL, 0, "x", 1));
    INVALID(vgrad_recorder_flush(NULL));
    vgrad_recorder_destroy(NULL);
    assert_ok(vgrad_probe_create(&probe, NULL));
    INVALID(vgrad_recorder_probe(NULL, probe));
    vgrad_probe_destroy(probe);
    assert_ok(vgrad_recorder_create(&recorder, "run", NULL));
    INVALID(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, NULL));
    INVALID(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, ""));
    INVALID(vgrad_recorder_add(recorder, (vgrad_sink)0, "/dev/null"));
    INVALID(vgrad_recorder_add(recorder, (vgrad_sink)4, "/dev/null"));
    INVALID(vgrad_recorder_probe(recorder, NULL));
    INVALID(vgrad_recorder_trainer(recorder, NULL));
    INVALID(vgrad_recorder_scalar(recorder, 0, NULL, 1));
    INVALID(vgrad_recorder_scalar(recorder, 0, "", 1));
    INVALID(vgrad_recorder_scalar(recorder, -1, "x", 1));
    vgrad_recorder_destroy(recorder);
}
END_TEST

START_TEST(null_for_graphs_and_their_losses)
{
    fixture f;
    vgrad_tensor view;
    vgrad_network *network;
    double loss;
    const double weights[FIXTURE_ROWS] = { 1, 2 };
    const int64_t row[1] = { 2 };
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *in = vgrad_input(network, 2);
    refuses_pointer(vgrad_share(NULL, in));
    refuses_pointer(vgrad_share(vgrad_dense(in, 2, VGRAD_TANH), NULL));
    refuses_pointer(vgrad_add(NULL, in));
    refuses_pointer(vgrad_add(in, NULL));
    refuses_pointer(vgrad_concatenate(NULL, in));
    refuses_pointer(vgrad_concatenate(in, NULL));
    refuses_pointer(vgrad_flatten(NULL));
    refuses_pointer(vgrad_reshape(NULL, 1, row));
    refuses_pointer(vgrad_reshape(in, 1, NULL));
    INVALID(vgrad_network_build_outputs(NULL, 1, &in));
    vgrad_network_destroy(network);
    assert_ok(vgrad_network_create(&network, NULL));
    INVALID(vgrad_network_build_outputs(network, 1, NULL));
    INVALID(vgrad_network_build_outputs(network, 0, &in));
    vgrad_network_destroy(network);
    fixture_make(&f, VGRAD_FLOAT64, 0);
    INVALID(vgrad_network_summary(NULL, NULL, NULL));
    INVALID(vgrad_network_summary(f.network, NULL, NULL));
    INVALID(vgrad_trainer_set_output_loss(NULL, 0, VGRAD_LOSS_HUBER, 1));
    INVALID(vgrad_trainer_set_class_weights(NULL, weights, 2));
    INVALID(vgrad_trainer_set_class_weights(f.trainer, weights, -1));
    refuses_number(-1, vgrad_trainer_best_epoch(NULL));
    INVALID(vgrad_trainer_abandon_epoch(NULL));
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &view)));
    INVALID(vgrad_trainer_loss_weighted(NULL, fixture_y(&f, &view), weights, &loss));
    INVALID(vgrad_trainer_loss_weighted(f.trainer, NULL, weights, &loss));
    INVALID(vgrad_trainer_loss_weighted(f.trainer, fixture_y(&f, &view), NULL, &loss));
    INVALID(vgrad_trainer_set_loss_gradient(NULL, 0, fixture_y(&f, &view)));
    INVALID(vgrad_trainer_set_loss_gradient(f.trainer, 0, NULL));
    fixture_destroy(&f);
}
END_TEST

START_TEST(null_and_nonsense_for_contexts)
{
    vgrad_context *context;
    const vgrad_context_option none = (vgrad_context_option)9;
    const double refused[] = { 0, -1, 1.5, 0x1p53 + 2, (double)INFINITY, (double)NAN };
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    INVALID(vgrad_context_set(NULL, VGRAD_CONTEXT_READ_LIMIT, 1));
    INVALID(vgrad_context_set(context, none, 1));
    refuses_number((double)NAN, vgrad_context_get(context, none));
    refuses_number((double)NAN, vgrad_context_get(NULL, none));
    ck_assert_double_eq(vgrad_context_get(NULL, VGRAD_CONTEXT_READ_LIMIT), 0x1p30);
    ck_assert_double_eq(vgrad_context_get(context, VGRAD_CONTEXT_READ_LIMIT), 0x1p30);
    assert_ok(vgrad_context_set(context, VGRAD_CONTEXT_READ_LIMIT, 1));
    assert_ok(vgrad_context_set(context, VGRAD_CONTEXT_READ_LIMIT, 0x1p53));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        INVALID(vgrad_context_set(context, VGRAD_CONTEXT_READ_LIMIT, refused[i]));
    assert_error_names("read_limit");
    ck_assert_double_eq(vgrad_context_get(context, VGRAD_CONTEXT_READ_LIMIT), 0x1p53);
    ck_assert_double_eq(vgrad_context_get(NULL, VGRAD_CONTEXT_READ_LIMIT), 0x1p30);
    vgrad_context_destroy(context);
}
END_TEST

START_TEST(null_and_nowhere_for_files)
{
    int there = 0;
    vgrad_dataset *const before = (void *)&there;
    vgrad_dataset *data = before, *test = before;
    INVALID(vgrad_dataset_idx(NULL, "x", NULL, NULL));
    INVALID(vgrad_dataset_idx(&data, NULL, "y", NULL));
    ck_assert_ptr_null(data);
    INVALID(vgrad_dataset_npy(NULL, "x", NULL, NULL));
    data = before;
    INVALID(vgrad_dataset_npy(&data, NULL, "y", NULL));
    ck_assert_ptr_null(data);
    INVALID(vgrad_dataset_mnist(NULL, NULL, ".", NULL));
    data = before;
    INVALID(vgrad_dataset_mnist(&data, &test, NULL, NULL));
    ck_assert_ptr_null(data);
    ck_assert_ptr_null(test);

    data = before;
    refuses(VGRAD_E_IO, vgrad_dataset_idx(&data, "nowhere/x", NULL, NULL));
    assert_error_names("nowhere/x");
    ck_assert_ptr_null(data);
    data = before;
    refuses(VGRAD_E_IO, vgrad_dataset_npy(&data, "", NULL, NULL));
    ck_assert_ptr_null(data);
    data = test = before;
    refuses(VGRAD_E_NOT_FOUND, vgrad_dataset_mnist(&data, &test, "nowhere", NULL));
    assert_error_names("train-images-idx3-ubyte");
    ck_assert_ptr_null(data);
    ck_assert_ptr_null(test);
    refuses(VGRAD_E_NOT_FOUND, vgrad_dataset_mnist(NULL, &test, "nowhere", NULL));
    assert_error_names("t10k-images-idx3-ubyte");
}
END_TEST

START_TEST(null_for_checkpoints)
{
    fixture f;
    char path[64];
    vgrad_network *network = (vgrad_network *)path;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    INVALID(vgrad_trainer_save(NULL, "nowhere"));
    INVALID(vgrad_trainer_save(f.trainer, NULL));
    INVALID(vgrad_trainer_load(NULL, "nowhere"));
    INVALID(vgrad_trainer_load(f.trainer, NULL));
    INVALID(vgrad_network_create_from_file(NULL, "nowhere", NULL));
    INVALID(vgrad_network_create_from_file(&network, NULL, NULL));
    INVALID(vgrad_trainer_checkpoint(NULL, "nowhere", 1, 0, 0, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, NULL, 1, 0, 0, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, "nowhere", 0, 0, 0, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, "nowhere", -1, 0, 0, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, "nowhere", 1, -1, 0, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, "nowhere", 1, 0, -1, 0));
    INVALID(vgrad_trainer_checkpoint(f.trainer, "nowhere", 1, 0, 0, 4));
    INVALID(vgrad_checkpoint_latest(NULL, path, sizeof path, NULL));
    INVALID(vgrad_checkpoint_latest("nowhere", NULL, sizeof path, NULL));
    ck_assert_ptr_null(network);
    fixture_destroy(&f);
}
END_TEST

START_TEST(null_for_network_and_layer)
{
    fixture f;
    double out[20];
    vgrad_tensor x;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    INVALID(vgrad_network_create(NULL, NULL));
    INVALID(vgrad_network_set_dtype(NULL, VGRAD_FLOAT32));
    INVALID(vgrad_network_set_seed(NULL, 1));
    INVALID(vgrad_network_build(NULL, NULL));
    INVALID(vgrad_network_initialize(NULL, 1));
    INVALID(vgrad_network_predict(NULL, fixture_x(&f, &x), out, VGRAD_FLOAT64, 20));
    INVALID(vgrad_network_predict(f.network, NULL, out, VGRAD_FLOAT64, 20));
    INVALID(vgrad_network_predict(f.network, fixture_x(&f, &x), NULL, VGRAD_FLOAT64, 20));
    refuses_number(-1, vgrad_network_parameter_count(NULL));
    refuses_pointer(vgrad_network_layer(NULL, 0));
    refuses_pointer(vgrad_network_find(NULL, "x"));
    refuses_pointer(vgrad_network_find(f.network, NULL));
    refuses_pointer(vgrad_network_tensor(NULL, VGRAD_KERNEL, 0));
    refuses_pointer(vgrad_layer_tensor(NULL, VGRAD_KERNEL));
    INVALID(vgrad_layer_set_tensor(NULL, VGRAD_KERNEL, &x));
    INVALID(vgrad_layer_set_tensor(f.first, VGRAD_KERNEL, NULL));
    INVALID(vgrad_network_keep(NULL, 1));
    INVALID(vgrad_network_save(NULL, "nowhere"));
    INVALID(vgrad_network_save(f.network, NULL));
    INVALID(vgrad_network_load(NULL, "nowhere"));
    INVALID(vgrad_network_load(f.network, NULL));
    INVALID(vgrad_network_save_as(NULL, "nowhere", 0, NULL, NULL));
    INVALID(vgrad_network_save_as(f.network, NULL, 0, NULL, NULL));
    INVALID(vgrad_network_save_as(f.network, "nowhere", 8, NULL, NULL));
    INVALID(vgrad_network_load_as(NULL, "nowhere", 0, NULL, NULL));
    INVALID(vgrad_network_load_as(f.network, NULL, 0, NULL, NULL));
    INVALID(vgrad_network_load_as(f.network, "nowhere", 8, NULL, NULL));
    refuses_pointer(vgrad_layer_name(NULL));
    refuses_number(-1, vgrad_layer_index(NULL));
    refuses_pointer(vgrad_input(NULL, 1));
    refuses_pointer(vgrad_input_image(NULL, 1, 1, 1));
    refuses_pointer(vgrad_input_shape(NULL, 0, NULL));
    refuses_pointer(vgrad_input_shape(f.network, 1, NULL));
    refuses_pointer(vgrad_dense(NULL, 1, VGRAD_LINEAR));
    refuses_pointer(vgrad_conv2d(NULL, 1, 1, 1, VGRAD_LINEAR));
    refuses_pointer(vgrad_max_pool2d(NULL, 1, 1));
    refuses_pointer(vgrad_average_pool2d(NULL, 1, 1));
    refuses_pointer(vgrad_global_average_pool2d(NULL));
    refuses_pointer(vgrad_batch_norm(NULL));
    refuses_pointer(vgrad_layer_norm(NULL));
    refuses_pointer(vgrad_dropout(NULL, 0.5));
    refuses_pointer(vgrad_activate(NULL, VGRAD_TANH));
    refuses_pointer(vgrad_user_layer(NULL, 1, NULL, NULL));
    refuses_pointer(vgrad_user_activation(NULL, "f", NULL, NULL, NULL));
    INVALID(vgrad_layer_set(NULL, VGRAD_LAYER_TRAINABLE, 1));
    refuses_number((double)NAN, vgrad_layer_get(NULL, VGRAD_LAYER_TRAINABLE));
    INVALID(vgrad_layer_set_name(NULL, "x"));
    INVALID(vgrad_layer_set_initializer(NULL, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    INVALID(vgrad_network_set_initializer(NULL, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    ck_assert_int_eq(vgrad_activation_find(NULL), -1);
    vgrad_network_destroy(NULL);
    fixture_destroy(&f);
}
END_TEST

START_TEST(null_for_optimizer_and_probe)
{
    fixture f;
    double out;
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    vgrad_probe *probe;
    vgrad_optimizer *optimizer = (void *)&f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    INVALID(vgrad_optimizer_create(NULL, f.network, VGRAD_SGD, 0.1));
    INVALID(vgrad_optimizer_create(&optimizer, NULL, VGRAD_SGD, 0.1));
    ck_assert_ptr_null(optimizer);
    INVALID(vgrad_optimizer_set(NULL, VGRAD_OPTIMIZER_LEARNING_RATE, 1));
    refuses_number((double)NAN, vgrad_optimizer_get(NULL, VGRAD_OPTIMIZER_LEARNING_RATE));
    INVALID(vgrad_probe_create(NULL, NULL));
    INVALID(vgrad_probe_set(NULL, VGRAD_PROBE_EVERY, 1));
    refuses_number((double)NAN, vgrad_probe_get(NULL, VGRAD_PROBE_EVERY));
    INVALID(vgrad_probe_watch(NULL, VGRAD_KERNEL, 1));
    INVALID(vgrad_probe_watch_none(NULL));
    INVALID(vgrad_probe_attach(NULL, f.network));
    INVALID(vgrad_probe_attach(probe, NULL));
    INVALID(vgrad_probe_detach(NULL));
    refuses_number(-1, vgrad_probe_layer_count(NULL));
    refuses_pointer(vgrad_probe_finding(NULL, 0));
    INVALID(vgrad_probe_watch_layer(NULL, "x", 0));
    INVALID(vgrad_probe_watch_layer(probe, NULL, 0));
    INVALID(vgrad_probe_watch_layer(probe, "", 0));
    INVALID(vgrad_probe_set_layer(NULL, "x", VGRAD_PROBE_EVERY, 2));
    INVALID(vgrad_probe_set_layer(probe, NULL, VGRAD_PROBE_EVERY, 2));
    INVALID(vgrad_probe_set_layer(probe, "", VGRAD_PROBE_EVERY, 2));
    INVALID(vgrad_probe_set_layer(probe, "x", VGRAD_PROBE_EVERY, 0));
    INVALID(vgrad_probe_set_layer(probe, "x", VGRAD_PROBE_HISTOGRAM_EVERY, 0.5));
    INVALID(vgrad_probe_set_layer(probe, "x", VGRAD_PROBE_BUDGET_EVERY, 2));
    INVALID(vgrad_probe_set_layer(probe, "x", (vgrad_probe_option)12, 2));
    INVALID(vgrad_probe_quantile(NULL, 0, VGRAD_DELTA, 0.5, &out));
    INVALID(vgrad_probe_quantile(probe, 0, VGRAD_DELTA, 0.5, NULL));
    INVALID(vgrad_probe_quantile(probe, 0, VGRAD_DELTA, 1.5, &out));
    refuses_number((double)NAN, vgrad_tensor_quantile(NULL, 0.5));
    INVALID(vgrad_probe_serialize(NULL, NULL, 0, NULL));
    INVALID(vgrad_probe_merge(NULL, NULL, 0));
    refuses_number((double)NAN, vgrad_probe_cost(NULL));
    refuses_number(-1, vgrad_probe_cadence(NULL, NULL, NULL, 0));
    refuses_number(-1, vgrad_probe_worst_samples(NULL, 0, NULL, NULL, 0));
    refuses_number(-1, vgrad_probe_flight(NULL, 0, VGRAD_KERNEL, VGRAD_L2, NULL, NULL, 0));
    INVALID(vgrad_probe_report(NULL, VGRAD_REPORT_TABLE, vgrad_write_file, stdout));
    INVALID(vgrad_probe_report(probe, VGRAD_REPORT_TABLE, NULL, NULL));
    refuses_pointer(vgrad_probe_layer_name(NULL, 0));
    INVALID(vgrad_probe_read(NULL, 1, VGRAD_KERNEL, VGRAD_MEAN, &out));
    INVALID(vgrad_probe_histogram(NULL, 1, VGRAD_KERNEL, bins, VGRAD_HISTOGRAM_BINS));
    refuses_number(-1, vgrad_probe_units(NULL, 1, VGRAD_KERNEL, VGRAD_MEAN, NULL, 0));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, 1));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    INVALID(vgrad_probe_histogram(probe, 1, VGRAD_KERNEL, NULL, VGRAD_HISTOGRAM_BINS));
    INVALID(vgrad_probe_histogram(probe, 1, VGRAD_KERNEL, bins, VGRAD_HISTOGRAM_BINS - 1));
    INVALID(vgrad_probe_histogram(probe, 1, VGRAD_BIAS, bins, VGRAD_HISTOGRAM_BINS));
    INVALID(vgrad_probe_read(probe, 1, VGRAD_KERNEL, VGRAD_MEDIAN, NULL));
    INVALID(vgrad_probe_read(NULL, 1, VGRAD_KERNEL, VGRAD_MEDIAN, &out));
    INVALID(vgrad_probe_read(probe, 1, VGRAD_KERNEL, VGRAD_MEAN, NULL));
    refuses_number(-1, vgrad_probe_history(NULL, 1, VGRAD_KERNEL, VGRAD_MEAN, NULL, NULL, 0));
    vgrad_optimizer_destroy(NULL);
    vgrad_probe_destroy(NULL);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(null_and_nonsense_for_a_prediction)
{
    fixture f;
    const double bad[] = { -1e-300, (double)NAN, (double)INFINITY };
    double out = 7;
    vgrad_mean_field *field = (void *)&f;
    vgrad_network *unbuilt;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    INVALID(vgrad_mean_field_create(NULL, f.network, 1));
    INVALID(vgrad_mean_field_create(&field, NULL, 1));
    ck_assert_ptr_null(field);
    for (int i = 0; i < 3; i++) {
        field = (void *)&f;
        INVALID(vgrad_mean_field_create(&field, f.network, bad[i]));
        ck_assert_ptr_null(field);
    }
    assert_ok(vgrad_network_create(&unbuilt, NULL));
    refuses(VGRAD_E_STATE, vgrad_mean_field_create(&field, unbuilt, 1));
    vgrad_network_destroy(unbuilt);
    assert_ok(vgrad_mean_field_create(&field, f.network, 1));
    INVALID(vgrad_mean_field_read(NULL, 1, VGRAD_PREDICTED_Q, &out));
    INVALID(vgrad_mean_field_read(field, 1, VGRAD_PREDICTED_Q, NULL));
    INVALID(vgrad_mean_field_read(field, 1, VGRAD_MEAN, &out));
    INVALID(vgrad_mean_field_read(field, 1, (vgrad_quantity)999, &out));
    ck_assert_double_eq(out, 7);
    refuses(VGRAD_E_NOT_FOUND, vgrad_mean_field_read(field, -1, VGRAD_PREDICTED_Q, &out));
    refuses(VGRAD_E_NOT_FOUND, vgrad_mean_field_read(field, 4, VGRAD_PREDICTED_Q, &out));
    vgrad_mean_field_destroy(NULL);
    vgrad_mean_field_destroy(field);
    fixture_destroy(&f);
}
END_TEST

static int32_t hear_nothing(const vgrad_event *event, void *user)
{
    (void)event;
    (void)user;
    return 0;
}

START_TEST(null_for_trainer)
{
    fixture f;
    void *data = &f;
    vgrad_tensor view;
    const vgrad_tensor *x, *y;
    vgrad_trainer *trainer = (void *)&f;
    const vgrad_loss loss = VGRAD_LOSS_MEAN_SQUARED_ERROR;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    INVALID(vgrad_trainer_create(NULL, f.network, loss, f.optimizer));
    INVALID(vgrad_trainer_create(&trainer, NULL, loss, f.optimizer));
    INVALID(vgrad_trainer_create(&trainer, f.network, loss, NULL));
    ck_assert_ptr_null(trainer);
    INVALID(vgrad_trainer_set(NULL, VGRAD_TRAINER_SHUFFLE, 1));
    refuses_number((double)NAN, vgrad_trainer_get(NULL, VGRAD_TRAINER_SHUFFLE));
    INVALID(vgrad_trainer_set_seed(NULL, 1));
    INVALID(vgrad_trainer_set_validation(NULL, f.data));
    INVALID(vgrad_trainer_on(NULL, 1, 1, hear_nothing, NULL));
    INVALID(vgrad_trainer_on(f.trainer, 1, 1, NULL, NULL));
    INVALID(vgrad_trainer_skip_update(NULL));
    INVALID(vgrad_trainer_edit(NULL, &view, &data));
    INVALID(vgrad_trainer_edit(f.trainer, NULL, &data));
    ck_assert_ptr_null(data);
    INVALID(vgrad_trainer_edit(f.trainer, vgrad_layer_tensor(f.first, VGRAD_KERNEL), NULL));
    INVALID(vgrad_trainer_progress(NULL, vgrad_write_file, NULL));
    INVALID(vgrad_trainer_progress(f.trainer, NULL, NULL));
    INVALID(vgrad_trainer_fit(NULL, f.data, 1));
    INVALID(vgrad_trainer_fit(f.trainer, NULL, 1));
    INVALID(vgrad_trainer_evaluate(NULL, f.data, NULL, NULL));
    INVALID(vgrad_trainer_evaluate(f.trainer, NULL, NULL, NULL));
    INVALID(vgrad_trainer_next(NULL, f.data, 1, &x, &y));
    INVALID(vgrad_trainer_next(f.trainer, NULL, 1, &x, &y));
    INVALID(vgrad_trainer_next(f.trainer, f.data, 1, NULL, &y));
    INVALID(vgrad_trainer_forward(NULL, fixture_x(&f, &view)));
    INVALID(vgrad_trainer_loss(NULL, fixture_y(&f, &view), NULL));
    INVALID(vgrad_trainer_backward(NULL));
    INVALID(vgrad_trainer_step(NULL));
    refuses_number(-1, vgrad_trainer_epoch(NULL));
    refuses_number(-1, vgrad_trainer_batch(NULL));
    refuses_number(-1, vgrad_trainer_batches(NULL));
    refuses_number(-1, vgrad_trainer_steps(NULL));
    vgrad_trainer_request_stop(NULL);
    vgrad_trainer_destroy(NULL);
    INVALID(vgrad_trainer_forward(f.trainer, NULL));
    fixture_destroy(&f);
}
END_TEST

START_TEST(null_and_nothing_for_a_csv_file)
{
    vgrad_dataset *data = (void *)&data;
    INVALID(vgrad_dataset_csv(NULL, "rows.csv", NULL, NULL));
    assert_error_names("out: NULL");
    INVALID(vgrad_dataset_csv(&data, NULL, NULL, NULL));
    assert_error_names("path: NULL");
    ck_assert_ptr_null(data);
    data = (void *)&data;
    refuses(VGRAD_E_IO, vgrad_dataset_csv(&data, "", NULL, NULL));
    ck_assert_ptr_null(data);
    data = (void *)&data;
    refuses(VGRAD_E_FORMAT, vgrad_dataset_csv(&data, "/dev/null", NULL, NULL));
    assert_error_names("/dev/null: line 1: ");
    ck_assert_ptr_null(data);
}
END_TEST

/* ---- what is no enumerator, and what is out of range ---- */

START_TEST(unknown_enumerators)
{
    static const int unknown[] = { -1, 99, INT32_MAX, INT32_MIN };
    fixture f;
    double x[4] = { 0 }, out[20];
    vgrad_tensor view, rows;
    vgrad_dataset *data;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_probe *probe;
    int u = unknown[_i];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    ck_assert_str_eq(vgrad_status_name((vgrad_status)(u == -1 ? 99 : u)), "UNKNOWN");
    ck_assert_str_eq(vgrad_role_name((vgrad_role)u), "unknown");
    ck_assert_str_eq(vgrad_quantity_name((vgrad_quantity)u), "unknown");
    ck_assert_str_eq(vgrad_activation_name((vgrad_activation)u), "unknown");
    ck_assert_int_eq(vgrad_activation_find("unknown"), -1);
    INVALID(vgrad_dataset_copy(&data, 2, x, (vgrad_dtype)u, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_copy(&data, 2, x, VGRAD_FLOAT64, 1, x, (vgrad_dtype)u, 1, NULL));
    INVALID(vgrad_dataset_read(f.data, 0, 1, x, NULL, (vgrad_dtype)u));
    refuses_pointer(vgrad_tensor_matrix(&view, x, (vgrad_dtype)u, 1, 1));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 2);
    INVALID(vgrad_tensor_copy(&view, out, (vgrad_dtype)u, 20));
    refuses_number((double)NAN, vgrad_tensor_stat(&view, (vgrad_quantity)u));
    INVALID(vgrad_network_predict(f.network, fixture_x(&f, &rows), out, (vgrad_dtype)u, 20));
    INVALID(vgrad_layer_set(f.first, (vgrad_layer_option)u, 1));
    refuses_number((double)NAN, vgrad_layer_get(f.first, (vgrad_layer_option)u));
    INVALID(vgrad_layer_set_initializer(f.first, (vgrad_role)u, VGRAD_INIT_ZEROS, 0, 0));
    INVALID(vgrad_layer_set_initializer(f.first, VGRAD_KERNEL, (vgrad_initializer)u, 0, 0));
    INVALID(vgrad_network_set_initializer(f.network, (vgrad_role)u, VGRAD_INIT_ZEROS, 0, 0));
    refuses_pointer(vgrad_layer_tensor(f.first, (vgrad_role)u));
    refuses_pointer(vgrad_network_tensor(f.network, (vgrad_role)u, 0));
    refuses(VGRAD_E_NOT_FOUND, vgrad_layer_set_tensor(f.first, (vgrad_role)u, &view));
    INVALID(vgrad_optimizer_create(&optimizer, f.network, (vgrad_optimizer_kind)u, 1));
    INVALID(vgrad_optimizer_set(f.optimizer, (vgrad_optimizer_option)u, 1));
    refuses_number((double)NAN, vgrad_optimizer_get(f.optimizer, (vgrad_optimizer_option)u));
    INVALID(vgrad_trainer_create(&trainer, f.network, (vgrad_loss)u, f.optimizer));
    INVALID(vgrad_trainer_set(f.trainer, (vgrad_trainer_option)u, 1));
    refuses_number((double)NAN, vgrad_trainer_get(f.trainer, (vgrad_trainer_option)u));
    INVALID(vgrad_trainer_on(f.trainer, 1u << 8, 1, hear_nothing, NULL));
    INVALID(vgrad_network_keep(f.network, 128));
    INVALID(vgrad_probe_set(probe, (vgrad_probe_option)u, 1));
    refuses_number((double)NAN, vgrad_probe_get(probe, (vgrad_probe_option)u));
    INVALID(vgrad_probe_read(probe, 1, VGRAD_KERNEL, (vgrad_quantity)u, out));
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

static void check_optimizer_option(fixture *f, vgrad_optimizer_option option, double low,
                                   double high, int whole)
{
    INVALID(vgrad_optimizer_set(f->optimizer, option, low == 0 ? -DBL_MIN : 0));
    INVALID(vgrad_optimizer_set(f->optimizer, option, nextafter(high, INFINITY)));
    INVALID(vgrad_optimizer_set(f->optimizer, option, (double)NAN));
    INVALID(vgrad_optimizer_set(f->optimizer, option, -(double)INFINITY));
    if (whole)
        INVALID(vgrad_optimizer_set(f->optimizer, option, 0.5));
    assert_ok(vgrad_optimizer_set(f->optimizer, option, low));
    ck_assert_double_eq(vgrad_optimizer_get(f->optimizer, option), low);
    assert_ok(vgrad_optimizer_set(f->optimizer, option, high));
    ck_assert_double_eq(vgrad_optimizer_get(f->optimizer, option), high);
}

START_TEST(penalties_at_their_ends)
{
    static const double bad[] = { -DBL_MIN, (double)NAN, (double)INFINITY, -1 };
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    for (int option = VGRAD_LAYER_L1; option <= VGRAD_LAYER_L2; option++) {
        vgrad_layer_option o = (vgrad_layer_option)option;
        ck_assert_double_eq(vgrad_layer_get(f.first, o), 0);
        assert_ok(vgrad_layer_set(f.first, o, 0.5));
        for (int i = 0; i < 4; i++)
            INVALID(vgrad_layer_set(f.first, o, bad[i]));
        assert_error_names(option == VGRAD_LAYER_L1 ? "\"first\": l1 at least 0, got -1"
                                                    : "\"first\": l2 at least 0, got -1");
        ck_assert_double_eq(vgrad_layer_get(f.first, o), 0.5);
        ck_assert_double_eq(vgrad_layer_get(f.second, o), 0);
        assert_ok(vgrad_layer_set(f.first, o, DBL_MAX));
    }
    fixture_destroy(&f);
}
END_TEST

static double whatever_is_wanted(int64_t step, double base, void *user)
{
    (void)step;
    (void)base;
    return *(const double *)user;
}

START_TEST(schedules_out_of_range)
{
    static const double bad[] = { 0, -0.5, 1.0000001, (double)NAN, (double)INFINITY };
    double rate = 1;
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_optimizer *o = f.optimizer;
    INVALID(vgrad_optimizer_schedule_constant(NULL, 0));
    INVALID(vgrad_optimizer_schedule_step(NULL, 0, 1, 0.5));
    INVALID(vgrad_optimizer_schedule_exponential(NULL, 0, 1, 0.5));
    INVALID(vgrad_optimizer_schedule_cosine(NULL, 0, 1, 0.5));
    INVALID(vgrad_optimizer_schedule_user(NULL, whatever_is_wanted, &rate));
    assert_ok(vgrad_optimizer_schedule_exponential(o, 2, 1, 1));
    assert_ok(vgrad_optimizer_schedule_step(o, 2, 1, DBL_MIN));
    INVALID(vgrad_optimizer_schedule_user(o, NULL, &rate));
    INVALID(vgrad_optimizer_schedule_constant(o, -1));
    assert_error_names("warmup: at least 0, got -1");
    INVALID(vgrad_optimizer_schedule_step(o, -1, 1, 0.5));
    INVALID(vgrad_optimizer_schedule_step(o, 0, 0, 0.5));
    assert_error_names("every: at least 1, got 0");
    INVALID(vgrad_optimizer_schedule_exponential(o, INT64_MIN, 1, 0.5));
    INVALID(vgrad_optimizer_schedule_exponential(o, 0, INT64_MIN, 0.5));
    for (int i = 0; i < 5; i++) {
        INVALID(vgrad_optimizer_schedule_step(o, 0, 1, bad[i]));
        INVALID(vgrad_optimizer_schedule_exponential(o, 0, 1, bad[i]));
        if (i > 0 && i != 2)
            INVALID(vgrad_optimizer_schedule_cosine(o, 0, 1, bad[i]));
    }
    assert_error_names("final_rate: at least 0, got inf");
    INVALID(vgrad_optimizer_schedule_cosine(o, INT64_MIN, INT64_MAX, 0));
    INVALID(vgrad_optimizer_schedule_cosine(o, 7, 7, 0));
    assert_error_names("total: above the warmup of 7, got 7");
    /* None of them has replaced the one that was set. */
    ck_assert_double_eq(vgrad_optimizer_get(o, VGRAD_OPTIMIZER_LEARNING_RATE), 0.25);
    assert_ok(vgrad_optimizer_schedule_cosine(o, INT64_MAX - 1, INT64_MAX, 0));
    assert_ok(fixture_step(&f));
    fixture_destroy(&f);
}
END_TEST

/* optimizer.h: such an update is not made; the batch comes again. */
START_TEST(a_schedule_that_gives_no_rate)
{
    static const double bad[] = { -1, (double)NAN, (double)INFINITY };
    double rate = bad[_i], final[FIXTURE_WEIGHTS], before[FIXTURE_WEIGHTS];
    fixture f;
    fixture_undisturbed(VGRAD_FLOAT64, 2, final);
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    fixture_weights(&f, before);
    assert_ok(vgrad_optimizer_schedule_user(f.optimizer, whatever_is_wanted, &rate));
    refuses_number((double)NAN, vgrad_optimizer_get(f.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE));
    refuses(VGRAD_E_CALLBACK, vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_error_names("schedule: rates at least 0, got ");
    assert_error_names("for update 4");
    assert_weights(&f, before);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), FIXTURE_BATCHES);
    rate = 0.5;
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_weights(&f, final);
    fixture_destroy(&f);
}
END_TEST

START_TEST(optimizer_options_at_their_ends)
{
    const double below_one = nextafter(1, 0);
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_LEARNING_RATE, 0, DBL_MAX, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_MOMENTUM, 0, below_one, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_NESTEROV, 0, 1, 1);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0, DBL_MAX, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_DECAY_COUPLED, 0, 1, 1);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_DECAY_BIASES, 0, 1, 1);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_CLIP_EPSILON, 0, DBL_MAX, 0);
    for (int i = VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM; i <= VGRAD_OPTIMIZER_CLIP_VALUE; i++) {
        vgrad_optimizer_option way = (vgrad_optimizer_option)i;
        check_optimizer_option(&f, way, 0, DBL_MAX, 0);
        assert_ok(vgrad_optimizer_set(f.optimizer, way, 5));
        for (int j = VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM; j <= VGRAD_OPTIMIZER_CLIP_VALUE; j++)
            assert_status(i == j ? VGRAD_OK : VGRAD_E_INVALID,
                          vgrad_optimizer_set(f.optimizer, (vgrad_optimizer_option)j, 7));
        for (int j = VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM; j <= VGRAD_OPTIMIZER_CLIP_VALUE; j++)
            if (i != j) /* off stays off */
                assert_ok(vgrad_optimizer_set(f.optimizer, (vgrad_optimizer_option)j, 0));
        ck_assert_double_eq(vgrad_optimizer_get(f.optimizer, way), 7);
        assert_ok(vgrad_optimizer_set(f.optimizer, way, 0));
    }
    assert_ok(vgrad_optimizer_set(f.optimizer, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM, 5));
    INVALID(vgrad_optimizer_set(f.optimizer, VGRAD_OPTIMIZER_CLIP_VALUE, 0.5));
    assert_error_names("clip_value: one way at a time, and clip_global_norm is 5, got 0.5");
    INVALID(vgrad_optimizer_set(f.optimizer, VGRAD_OPTIMIZER_RHO, 0.5));
    refuses_number((double)NAN, vgrad_optimizer_get(f.optimizer, VGRAD_OPTIMIZER_BETA1));
    vgrad_optimizer_destroy(f.optimizer);
    assert_ok(vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_RMSPROP, 0));
    check_optimizer_option(&f, VGRAD_OPTIMIZER_RHO, 0, below_one, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_EPSILON, FLT_MIN, DBL_MAX, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_EPSILON_INSIDE, 0, 1, 1);
    vgrad_optimizer_destroy(f.optimizer);
    assert_ok(vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_ADAM, 0));
    check_optimizer_option(&f, VGRAD_OPTIMIZER_BETA1, 0, below_one, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_BETA2, 0, below_one, 0);
    check_optimizer_option(&f, VGRAD_OPTIMIZER_EPSILON_HAT, 0, 1, 1);
    vgrad_optimizer_destroy(f.optimizer);
    assert_ok(vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_NADAM, 0));
    check_optimizer_option(&f, VGRAD_OPTIMIZER_MOMENTUM_DECAY, 0, DBL_MAX, 0);
    vgrad_optimizer_destroy(f.optimizer);
    assert_ok(vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_ADAGRAD, 0));
    check_optimizer_option(&f, VGRAD_OPTIMIZER_INITIAL_ACCUMULATOR, 0, DBL_MAX, 0);
    vgrad_optimizer *optimizer;
    INVALID(vgrad_optimizer_create(&optimizer, f.network, VGRAD_SGD, -1));
    INVALID(vgrad_optimizer_create(&optimizer, f.network, VGRAD_SGD, (double)INFINITY));
    fixture_destroy(&f);
}
END_TEST

START_TEST(trainer_and_probe_options_at_their_ends)
{
    static const double bad[] = { 0, -1, 1.5, (double)NAN, (double)INFINITY };
    fixture f;
    vgrad_probe *probe;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_probe_create(&probe, NULL));
    for (int i = 0; i < 5; i++) {
        INVALID(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, bad[i]));
        INVALID(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, bad[i]));
        INVALID(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, bad[i]));
    }
    for (int i = 1; i < 5; i++) {
        INVALID(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, bad[i]));
        INVALID(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, bad[i]));
        INVALID(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, bad[i]));
        INVALID(vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, bad[i]));
    }
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_BATCH_SIZE), FIXTURE_BATCH);
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_SHUFFLE), 1);
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_STOP_ON_NAN), 0);
    ck_assert_double_eq(vgrad_probe_get(probe, VGRAD_PROBE_EVERY), 1);
    ck_assert_double_eq(vgrad_probe_get(probe, VGRAD_PROBE_HISTORY), 1024);
    ck_assert_double_eq(vgrad_probe_get(probe, VGRAD_PROBE_HISTOGRAM_EVERY), 0);
    ck_assert_double_eq(vgrad_probe_get(probe, VGRAD_PROBE_UNITS_EVERY), 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 1));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 1 << 30));
    INVALID(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, (1 << 30) + 1.0));
    INVALID(vgrad_trainer_on(f.trainer, 0, 1, hear_nothing, NULL));
    INVALID(vgrad_trainer_on(f.trainer, 1, 0, hear_nothing, NULL));
    INVALID(vgrad_trainer_fit(f.trainer, f.data, -1));
    assert_ok(vgrad_probe_attach(probe, f.network));
    refuses(VGRAD_E_STATE, vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 5));
    refuses(VGRAD_E_STATE, vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, 5));
    refuses(VGRAD_E_STATE, vgrad_probe_set(probe, VGRAD_PROBE_UNITS_EVERY, 5));
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(datasets_out_of_range)
{
    double x[4] = { 0 };
    vgrad_dataset *d = (void *)x;
    INVALID(vgrad_dataset_copy(&d, 0, x, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    ck_assert_ptr_null(d);
    INVALID(vgrad_dataset_copy(&d, -1, x, VGRAD_FLOAT64, 1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_borrow(&d, 1, x, VGRAD_FLOAT64, 0, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_borrow(&d, 1, x, VGRAD_FLOAT64, -1, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_borrow(&d, 1, x, VGRAD_FLOAT64, 1, x, VGRAD_FLOAT64, 0, NULL));
    INVALID(vgrad_dataset_borrow(&d, INT64_MAX, x, VGRAD_FLOAT64, 2, NULL, 0, 0, NULL));
    assert_ok(vgrad_dataset_borrow(&d, 2, x, VGRAD_FLOAT64, 2, NULL, 0, 0, NULL));
    INVALID(vgrad_dataset_read(d, -1, 1, x, NULL, VGRAD_FLOAT64));
    INVALID(vgrad_dataset_read(d, 0, 3, x, NULL, VGRAD_FLOAT64));
    INVALID(vgrad_dataset_read(d, 1, INT64_MAX, x, NULL, VGRAD_FLOAT64));
    refuses(VGRAD_E_STATE, vgrad_dataset_read(d, 0, 1, NULL, x, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(d, 2, 0, x, NULL, VGRAD_FLOAT64));
    vgrad_dataset_destroy(d);
}
END_TEST

/* The argument and its value are named, and what `d` was is forgotten. */
#define REFUSES_POINTS(argument, value, call)                                                      \
    do {                                                                                           \
        d = (void *)&d;                                                                            \
        INVALID(call);                                                                             \
        ck_assert_ptr_null(d);                                                                     \
        assert_error_names(argument ": ");                                                         \
        assert_error_names(value);                                                                 \
    } while (0)

static vgrad_status circles(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_circles(out, rows, 0.5, noise, 0, NULL);
}

static vgrad_status ordered_circles(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_circles_ordered(out, rows, 0.5, noise, 0, NULL);
}

static vgrad_status moons(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_moons(out, rows, noise, 0, NULL);
}

static vgrad_status three_blobs(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_blobs(out, rows, 2, 3, noise, 0, NULL);
}

static vgrad_status three_spirals(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_spirals(out, rows, 3, 1, noise, 0, NULL);
}

static vgrad_status corners(vgrad_dataset **out, int64_t rows, double noise)
{
    return vgrad_dataset_xor(out, rows, noise, 0, NULL);
}

static const struct {
    vgrad_status (*make)(vgrad_dataset **out, int64_t rows, double noise);
    int64_t fewest;
} shapes[] = {
    { circles, 2 },     { ordered_circles, 2 }, { moons, 2 },
    { three_blobs, 3 }, { three_spirals, 3 },   { corners, 4 },
};

START_TEST(every_shape_has_its_rows_and_its_noise)
{
    const int64_t fewest = shapes[_i].fewest;
    const int64_t rows[] = { fewest - 1, 0, -1, INT64_MIN, INT64_C(1) << 31, INT64_MAX };
    const double noises[] = { -1, -1e-300, (double)NAN, (double)INFINITY, (double)-INFINITY };
    char got[64];
    vgrad_dataset *d;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(got, sizeof got, "got %lld", (long long)rows[i]);
        REFUSES_POINTS("rows", got, shapes[_i].make(&d, rows[i], 0.1));
    }
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        snprintf(got, sizeof got, "got %g", noises[i]);
        REFUSES_POINTS("noise", got, shapes[_i].make(&d, fewest, noises[i]));
    }
    assert_ok(shapes[_i].make(&d, fewest, 0));
    ck_assert_int_eq(vgrad_dataset_rows(d), fewest);
    vgrad_dataset_destroy(d);
}
END_TEST

START_TEST(shapes_have_their_parameters)
{
    vgrad_dataset *d;
    REFUSES_POINTS("factor", "got 1", vgrad_dataset_circles(&d, 2, 1, 0, 0, NULL));
    REFUSES_POINTS("factor", "got -0.1", vgrad_dataset_circles(&d, 2, -0.1, 0, 0, NULL));
    REFUSES_POINTS("factor", "got nan", vgrad_dataset_circles(&d, 2, (double)NAN, 0, 0, NULL));
    REFUSES_POINTS("factor", "got 2", vgrad_dataset_circles_ordered(&d, 2, 2, 0, 0, NULL));
    REFUSES_POINTS("classes", "got 0", vgrad_dataset_blobs(&d, 8, 2, 0, 1, 0, NULL));
    REFUSES_POINTS("classes", "got -1", vgrad_dataset_blobs(&d, 8, 2, -1, 1, 0, NULL));
    REFUSES_POINTS("classes", "got 2147483648",
                   vgrad_dataset_blobs(&d, 8, 2, INT64_C(2147483648), 1, 0, NULL));
    REFUSES_POINTS("rows", "got 8", vgrad_dataset_blobs(&d, 8, 2, INT32_MAX, 1, 0, NULL));
    REFUSES_POINTS("width", "got 0", vgrad_dataset_blobs(&d, 8, 0, 3, 1, 0, NULL));
    REFUSES_POINTS("width", "got -1", vgrad_dataset_blobs(&d, 8, -1, 3, 1, 0, NULL));
    REFUSES_POINTS("width", "got 9223372036854775807",
                   vgrad_dataset_blobs(&d, 8, INT64_MAX, 3, 1, 0, NULL));
    REFUSES_POINTS("classes", "got 0", vgrad_dataset_spirals(&d, 8, 0, 1, 0, 0, NULL));
    REFUSES_POINTS("classes", "got -9223372036854775808",
                   vgrad_dataset_spirals(&d, 8, INT64_MIN, 1, 0, 0, NULL));
    REFUSES_POINTS("turns", "got nan", vgrad_dataset_spirals(&d, 8, 2, (double)NAN, 0, 0, NULL));
    REFUSES_POINTS("turns", "got inf",
                   vgrad_dataset_spirals(&d, 8, 2, (double)INFINITY, 0, 0, NULL));
    REFUSES_POINTS("turns", "got -1e+07", vgrad_dataset_spirals(&d, 8, 2, -1e7, 0, 0, NULL));
    REFUSES_POINTS("turns", "got 1e+300", vgrad_dataset_spirals(&d, 8, 2, 1e300, 0, 0, NULL));
    assert_ok(vgrad_dataset_spirals(&d, 1, 1, -1e6, 0, 0, NULL));
    vgrad_dataset_destroy(d);
    assert_ok(vgrad_dataset_blobs(&d, 1, 1, 1, 0, 0, NULL));
    vgrad_dataset_destroy(d);
}
END_TEST

static void *allocate_little(size_t size, size_t alignment, void *user)
{
    (void)user;
    return size <= 4096 ? aligned_alloc(alignment, (size + 63) / 64 * 64) : NULL;
}

static void release_little(void *block, size_t size, void *user)
{
    (void)size;
    (void)user;
    free(block);
}

/* The allocator is asked for 2^32 elements; a column more is refused before. */
START_TEST(blobs_end_where_their_stream_ends)
{
    const int64_t most = INT64_C(1) << 32;
    vgrad_context *context;
    vgrad_dataset *d;
    assert_ok(vgrad_context_create(&context, allocate_little, release_little, NULL));
    for (int64_t rows = 1; rows <= 64; rows *= 4) {
        refuses(VGRAD_E_MEMORY, vgrad_dataset_blobs(&d, rows, most / rows, 1, 1, 0, context));
        INVALID(vgrad_dataset_blobs(&d, rows, most / rows + 1, 1, 1, 0, context));
        assert_error_names("width: ");
    }
    vgrad_context_destroy(context);
}
END_TEST

/* ---- wiring ---- */

/* Builds a chain with one mistake in it; the status and a word that its text must hold. */
static void build_fails(vgrad_status expected, const char *word, fixture *f, vgrad_layer *output)
{
    refuses(expected, vgrad_network_build(f->network, output));
    assert_error_names(word);
    refuses(VGRAD_E_STATE, vgrad_network_initialize(f->network, 1));
    vgrad_network_destroy(f->network);
}

START_TEST(build_reports_the_first_mistake)
{
    fixture f, g;
    char long_name[65];
    memset(long_name, 'n', 64);
    long_name[64] = '\0';
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "output", &f, NULL);
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "\"last\"", &f, f.second);
    for (int i = 0; i < 6; i++) {
        fixture_network(&f, VGRAD_FLOAT32);
        vgrad_layer *a = i % 2 ? f.last : NULL, *b = i % 2 ? NULL : f.last;
        refuses_pointer(i < 2   ? vgrad_add(a, b)
                        : i < 4 ? vgrad_concatenate(a, b)
                                : vgrad_share(a, b));
        build_fails(VGRAD_E_INVALID, ": NULL", &f, f.last);
    }
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "input", &f, f.input);
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "\"dense\"", &f, vgrad_dense(f.last, 0, VGRAD_LINEAR));
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "\"dense\"", &f, vgrad_dense(f.last, -5, VGRAD_LINEAR));
    fixture_network(&f, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "\"dense\"", &f, vgrad_dense(f.last, 1, (vgrad_activation)-1));
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set_name(f.first, long_name);
    vgrad_layer_set(f.first, VGRAD_LAYER_ALPHA, 7);
    build_fails(VGRAD_E_INVALID, "name", &f, f.last);
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set_name(f.first, "second");
    build_fails(VGRAD_E_INVALID, "second", &f, f.last);
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set_name(f.first, "");
    build_fails(VGRAD_E_INVALID, "name", &f, f.last);
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set(f.first, VGRAD_LAYER_ALPHA, 1.1);
    build_fails(VGRAD_E_INVALID, "\"first\"", &f, f.last);
    fixture_network(&f, VGRAD_FLOAT32);
    fixture_network(&g, VGRAD_FLOAT32);
    build_fails(VGRAD_E_INVALID, "another network", &f, g.last);
    vgrad_network_destroy(g.network);
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_network_set_dtype(f.network, VGRAD_INT32);
    build_fails(VGRAD_E_INVALID, "dtype", &f, f.last);
}
END_TEST

START_TEST(initializers_for_what_is_not_there)
{
    fixture f;
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set_initializer(f.first, VGRAD_GAMMA, VGRAD_INIT_ZEROS, 0, 0);
    build_fails(VGRAD_E_INVALID, "\"first\": has no gamma to initialize", &f, f.last);
    fixture_network(&f, VGRAD_FLOAT32);
    vgrad_layer_set_initializer(vgrad_share(f.second, f.first), VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0,
                                0);
    build_fails(VGRAD_E_STATE, "its parameters are those of \"second\"", &f, f.last);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    INVALID(vgrad_layer_set_initializer(f.input, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    assert_ok(vgrad_layer_set_initializer(f.first, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    fixture_destroy(&f);
}
END_TEST

/* A float tells no more of them apart. */
START_TEST(class_numbers_beyond_a_float)
{
    enum { CLASSES = (1 << 24) + 1 };
    const double x = 1;
    const int32_t label = CLASSES - 1;
    double loss;
    vgrad_tensor rows, labels;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_ZEROS, 0, 0));
    vgrad_layer *output = vgrad_dense(vgrad_input(network, 1), CLASSES, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set(output, VGRAD_LAYER_USE_BIAS, 0));
    assert_ok(vgrad_network_build(network, output));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_CROSSENTROPY_LOGITS, sgd));
    assert_ok(vgrad_trainer_forward(trainer, vgrad_tensor_matrix(&rows, &x, VGRAD_FLOAT64, 1, 1)));
    vgrad_tensor_matrix(&labels, &label, VGRAD_INT32, 1, 1);
    refuses(VGRAD_E_UNSUPPORTED, vgrad_trainer_loss(trainer, &labels, &loss));
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
}
END_TEST

START_TEST(an_input_has_a_width)
{
    static const int64_t widths[] = { 0, -1, INT64_MAX };
    for (int i = 0; i < 3; i++) {
        vgrad_network *network;
        assert_ok(vgrad_network_create(&network, NULL));
        vgrad_layer *output = vgrad_dense(vgrad_input(network, widths[i]), 1, VGRAD_LINEAR);
        refuses(VGRAD_E_INVALID, vgrad_network_build(network, output));
        assert_error_names("\"input\"");
        vgrad_network_destroy(network);
    }
}
END_TEST

/* ---- layers over images ---- */

enum { CONVOLUTION, MAXIMUM, AVERAGE, WHOLE };

typedef struct image_case {
    int kind;
    int64_t filters, height, width;
    vgrad_status status;
    const char *names;
} image_case;

static vgrad_layer *over_images(vgrad_layer *in, const image_case *c)
{
    switch (c->kind) {
    case CONVOLUTION: return vgrad_conv2d(in, c->filters, c->height, c->width, VGRAD_RELU);
    case MAXIMUM: return vgrad_max_pool2d(in, c->height, c->width);
    case AVERAGE: return vgrad_average_pool2d(in, c->height, c->width);
    default: return vgrad_global_average_pool2d(in);
    }
}

static const int64_t big = INT64_C(1) << 31;
#define TOO_BIG_TEXT "2147483648"

START_TEST(windows_that_are_none_or_do_not_fit)
{
    const image_case cases[] = {
        { CONVOLUTION, 1, 0, 1, VGRAD_E_INVALID, "layer \"conv2d\": kernel of 1 to" },
        { CONVOLUTION, 1, 1, -1, VGRAD_E_INVALID, "(1, -1)" },
        { CONVOLUTION, 1, big, 1, VGRAD_E_INVALID, TOO_BIG_TEXT },
        { CONVOLUTION, 1, 1, INT64_MAX, VGRAD_E_INVALID, "9223372036854775807" },
        { CONVOLUTION, 1, INT64_MIN, 1, VGRAD_E_INVALID, "-9223372036854775808" },
        { CONVOLUTION, 0, 1, 1, VGRAD_E_INVALID, "filters 1 to 2147483647, got 0" },
        { CONVOLUTION, -3, 1, 1, VGRAD_E_INVALID, "got -3" },
        { CONVOLUTION, INT64_MAX, 1, 1, VGRAD_E_INVALID, "got 9223372036854775807" },
        { CONVOLUTION, 1, 5, 1, VGRAD_E_SHAPE,
          "kernel of (5, 1) does not fit into rows of (4, 6," },
        { CONVOLUTION, 1, 1, 7, VGRAD_E_SHAPE, "(1, 7)" },
        { CONVOLUTION, INT32_MAX, 3, 6, VGRAD_E_SHAPE, "layer \"conv2d\"" },
        { MAXIMUM, 0, 0, 1, VGRAD_E_INVALID, "layer \"max_pool2d\": window of 1 to" },
        { MAXIMUM, 0, 1, big, VGRAD_E_INVALID, TOO_BIG_TEXT },
        { MAXIMUM, 0, 5, 2, VGRAD_E_SHAPE, "window of (5, 2) does not fit into rows of (4, 6, 2)" },
        { AVERAGE, 0, -9, 1, VGRAD_E_INVALID, "layer \"average_pool2d\"" },
        { AVERAGE, 0, 4, 7, VGRAD_E_SHAPE, "layer \"average_pool2d\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vgrad_network *network;
        assert_ok(vgrad_network_create(&network, NULL));
        vgrad_layer *output = over_images(vgrad_input_image(network, 4, 6, 2), &cases[i]);
        for (int again = 0; again < 2; again++) { /* a second build says the same */
            refuses(cases[i].status, vgrad_network_build(network, output));
            assert_error_names(cases[i].names);
        }
        vgrad_network_destroy(network);
    }
}
END_TEST

/* With the same padding a window may be larger than the image, but not beyond all numbers. */
START_TEST(kernels_beyond_all_numbers)
{
    const struct {
        int64_t filters, height, width, channels;
    } cases[] = {
        { 1, INT32_MAX, INT32_MAX, 3 }, { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX },
        { INT32_MAX, INT32_MAX, 1, 1 }, { 1, 65536, 65536, 1 },
        { 1, INT32_MAX, 1, 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vgrad_network *network;
        assert_ok(vgrad_network_create(&network, NULL));
        vgrad_layer *in = vgrad_input_image(network, 1, 1, cases[i].channels);
        vgrad_layer *output =
            vgrad_conv2d(in, cases[i].filters, cases[i].height, cases[i].width, VGRAD_LINEAR);
        vgrad_layer_set(output, VGRAD_LAYER_PADDING, VGRAD_SAME);
        refuses(VGRAD_E_SHAPE, vgrad_network_build(network, output));
        assert_error_names("layer \"conv2d\": a kernel of (");
        assert_error_names("too large");
        vgrad_network_destroy(network);
    }
}
END_TEST

START_TEST(layers_over_images_want_images)
{
    const image_case kinds[] = { { CONVOLUTION, 1, 1, 1, VGRAD_E_SHAPE, "\"conv2d\"" },
                                 { MAXIMUM, 0, 1, 1, VGRAD_E_SHAPE, "\"max_pool2d\"" },
                                 { AVERAGE, 0, 1, 1, VGRAD_E_SHAPE, "\"average_pool2d\"" },
                                 { WHOLE, 0, 0, 0, VGRAD_E_SHAPE, "\"global_average_pool2d\"" } };
    static const int64_t row[4] = { 2, 3, 2, 1 };
    for (int i = 0; i < 4; i++)
        for (int32_t rank = 1; rank <= 4; rank++) {
            vgrad_network *network;
            assert_ok(vgrad_network_create(&network, NULL));
            vgrad_layer *in = vgrad_input_shape(network, rank, row);
            vgrad_layer *output = over_images(in, &kinds[i]);
            if (rank == 3) {
                assert_ok(vgrad_network_build(network, output));
            } else {
                refuses(VGRAD_E_SHAPE, vgrad_network_build(network, output));
                assert_error_names(kinds[i].names);
                assert_error_names("(height, width, channels), got (2");
            }
            vgrad_network_destroy(network);
        }
}
END_TEST

START_TEST(options_of_layers_over_images)
{
    static const vgrad_layer_option strides[] = { VGRAD_LAYER_STRIDE_HEIGHT,
                                                  VGRAD_LAYER_STRIDE_WIDTH };
    static const double bad[] = { 0, -1, 1.5, 2147483648.0, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < 3; i++) {
        const image_case kind = { .kind = (int)i, .filters = 1, .height = 2, .width = 3 };
        vgrad_network *network;
        assert_ok(vgrad_network_create(&network, NULL));
        vgrad_layer *layer = over_images(vgrad_input_image(network, 4, 6, 2), &kind);
        ck_assert_double_eq(vgrad_layer_get(layer, strides[0]), i == 0 ? 1 : 2);
        ck_assert_double_eq(vgrad_layer_get(layer, strides[1]), i == 0 ? 1 : 3);
        ck_assert_double_eq(vgrad_layer_get(layer, VGRAD_LAYER_PADDING), VGRAD_VALID);
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
            for (int s = 0; s < 2; s++)
                INVALID(vgrad_layer_set(layer, strides[s], bad[b]));
        INVALID(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, 2));
        INVALID(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, -1));
        INVALID(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, 0.5));
        if (i > 0)
            INVALID(vgrad_layer_set(layer, VGRAD_LAYER_USE_BIAS, 0));
        ck_assert_double_eq(vgrad_layer_get(layer, strides[0]), i == 0 ? 1 : 2);
        assert_ok(vgrad_layer_set(layer, strides[0], INT32_MAX));
        assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, VGRAD_SAME));
        /* The first mistake is what build reports. */
        INVALID(vgrad_network_build(network, layer));
        assert_error_names("stride_height 1 to 2147483647, got 0");
        vgrad_network_destroy(network);
    }
}
END_TEST

START_TEST(a_convolution_has_an_activation_that_there_is)
{
    static const vgrad_activation none[] = { VGRAD_SOFTMAX, (vgrad_activation)-1,
                                             (vgrad_activation)99 };
    for (int i = 0; i < 3; i++) {
        vgrad_network *network;
        assert_ok(vgrad_network_create(&network, NULL));
        vgrad_layer *in = vgrad_input_image(network, 4, 6, 2);
        refuses(i == 0 ? VGRAD_E_SHAPE : VGRAD_E_INVALID,
                vgrad_network_build(network, vgrad_conv2d(in, 1, 3, 3, none[i])));
        assert_error_names(i == 0 ? "\"conv2d\": softmax over one unit"
                                  : "\"conv2d\": no activation");
        vgrad_network_destroy(network);
    }
}
END_TEST

START_TEST(a_built_network_is_fixed)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    refuses(VGRAD_E_STATE, vgrad_network_build(f.network, f.last));
    refuses(VGRAD_E_STATE, vgrad_network_set_dtype(f.network, VGRAD_FLOAT64));
    refuses(VGRAD_E_STATE, vgrad_network_set_seed(f.network, 1));
    refuses_pointer(vgrad_dense(f.last, 1, VGRAD_LINEAR));
    refuses_pointer(vgrad_input(f.network, 1));
    refuses(VGRAD_E_STATE, vgrad_layer_set_name(f.first, "other"));
    refuses(VGRAD_E_STATE, vgrad_layer_set(f.first, VGRAD_LAYER_USE_BIAS, 0));
    assert_ok(vgrad_layer_set(f.first, VGRAD_LAYER_TRAINABLE, 0));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    fixture_destroy(&f);
}
END_TEST

START_TEST(an_unbuilt_network_does_nothing)
{
    fixture f;
    double out[2];
    vgrad_tensor x;
    vgrad_probe *probe;
    const double row[2] = { 0 };
    fixture_network(&f, VGRAD_FLOAT32);
    assert_ok(vgrad_probe_create(&probe, NULL));
    refuses(VGRAD_E_STATE, vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_SGD, 0.1));
    ck_assert_ptr_null(f.optimizer);
    refuses(VGRAD_E_STATE,
            vgrad_trainer_create(&f.trainer, f.network, VGRAD_LOSS_MEAN_SQUARED_ERROR, NULL));
    vgrad_tensor_matrix(&x, row, VGRAD_FLOAT64, 1, 2);
    refuses(VGRAD_E_STATE, vgrad_network_predict(f.network, &x, out, VGRAD_FLOAT64, 2));
    refuses(VGRAD_E_STATE, vgrad_network_initialize(f.network, 1));
    refuses(VGRAD_E_STATE, vgrad_probe_attach(probe, f.network));
    refuses(VGRAD_E_STATE, vgrad_layer_set_tensor(f.first, VGRAD_KERNEL, &x));
    refuses_number(-1, vgrad_network_parameter_count(f.network));
    refuses_pointer(vgrad_network_tensor(f.network, VGRAD_KERNEL, 0));
    refuses_pointer(vgrad_layer_tensor(f.first, VGRAD_KERNEL));
    vgrad_probe_destroy(probe);
    vgrad_network_destroy(f.network);
}
END_TEST

START_TEST(parts_of_two_networks_do_not_mix)
{
    fixture f, g;
    void *data;
    vgrad_trainer *trainer;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    fixture_make(&g, VGRAD_FLOAT32, 0);
    INVALID(vgrad_trainer_create(&trainer, f.network, VGRAD_LOSS_MEAN_SQUARED_ERROR, g.optimizer));
    refuses(VGRAD_E_NOT_FOUND,
            vgrad_trainer_edit(f.trainer, vgrad_layer_tensor(g.first, VGRAD_KERNEL), &data));
    ck_assert_ptr_null(data);
    fixture_destroy(&f);
    fixture_destroy(&g);
}
END_TEST

/* status.h: a success leaves the text alone. */
START_TEST(success_leaves_the_last_error_alone)
{
    fixture f;
    vgrad_probe *probe;
    forget_error();
    fixture_make(&f, VGRAD_FLOAT32, KEEP_ALL);
    assert_error_names("capacity");
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    vgrad_probe_destroy(probe);
    assert_error_names("capacity");
    fixture_destroy(&f);
}
END_TEST

/* ---- data that do not fit ---- */

static vgrad_status fit_arrays(fixture *f, int64_t rows, int64_t x_width, const double *y,
                               int64_t y_width)
{
    static const double x[300] = { 0 };
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_borrow(&data, rows, x, VGRAD_FLOAT64, x_width, y, VGRAD_FLOAT64,
                                   y_width, NULL));
    vgrad_status status = vgrad_trainer_fit(f->trainer, data, 1);
    vgrad_dataset_destroy(data);
    return status;
}

START_TEST(widths_that_do_not_fit)
{
    static const double y[100] = { 0 };
    fixture f;
    vgrad_tensor view;
    double out[20];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    refuses(VGRAD_E_SHAPE, fit_arrays(&f, 20, 3, y, 1));
    assert_error_names("\"input\"");
    refuses(VGRAD_E_SHAPE, fit_arrays(&f, 20, 2, y, 2));
    assert_error_names("\"last\"");
    refuses(VGRAD_E_STATE, fit_arrays(&f, 20, 2, NULL, 1));
    vgrad_tensor_matrix(&view, y, VGRAD_FLOAT64, 4, 5);
    refuses(VGRAD_E_SHAPE, vgrad_network_predict(f.network, &view, out, VGRAD_FLOAT64, 20));
    assert_error_names("\"input\"");
    vgrad_tensor_matrix(&view, y, VGRAD_FLOAT64, 0, 2);
    refuses(VGRAD_E_SHAPE, vgrad_network_predict(f.network, &view, out, VGRAD_FLOAT64, 20));
    refuses(VGRAD_E_SHAPE, vgrad_layer_set_tensor(f.first, VGRAD_BIAS, &view));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_batch_above_the_rows)
{
    static const double y[100] = { 0 };
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    refuses(VGRAD_E_INVALID, fit_arrays(&f, FIXTURE_BATCH - 1, 2, y, 1));
    assert_ok(fit_arrays(&f, FIXTURE_BATCH, 2, y, 1));
    vgrad_trainer_destroy(f.trainer);
    assert_ok(
        vgrad_trainer_create(&f.trainer, f.network, VGRAD_LOSS_BINARY_CROSSENTROPY, f.optimizer));
    assert_ok(fit_arrays(&f, 3, 2, y, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

/* A network with three classes; its trainer takes rows in order, so that a row has its number. */
static void make_classes(fixture *f)
{
    memset(f, 0, sizeof *f);
    assert_ok(vgrad_network_create(&f->network, NULL));
    f->last = vgrad_dense(vgrad_input(f->network, 2), 3, VGRAD_SOFTMAX);
    assert_ok(vgrad_network_build(f->network, f->last));
    assert_ok(vgrad_optimizer_create(&f->optimizer, f->network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&f->trainer, f->network, VGRAD_LOSS_CROSSENTROPY, f->optimizer));
    assert_ok(vgrad_trainer_set(f->trainer, VGRAD_TRAINER_SHUFFLE, 0));
}

START_TEST(labels_out_of_range_name_their_row)
{
    static const double bad[] = { 3, -1, 0.5, (double)NAN, 1e30 };
    for (int i = 0; i < 5; i++) {
        fixture f;
        double sparse[8] = { 0, 1, 2, 0, 1 }, one_hot[24] = { 0 }, binary[8] = { 0, 1 };
        make_classes(&f);
        sparse[5] = bad[i];
        refuses(VGRAD_E_INVALID, fit_arrays(&f, 8, 2, sparse, 1));
        assert_error_names("row 5");
        one_hot[6 * 3 + 1] = bad[i] == 0.5 ? -0.5 : bad[i];
        refuses(VGRAD_E_INVALID, fit_arrays(&f, 8, 2, one_hot, 3));
        assert_error_names("row 6");
        fixture_destroy(&f);
        fixture_make(&f, VGRAD_FLOAT32, 0);
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
        binary[4] = one_hot[6 * 3 + 1];
        refuses(VGRAD_E_INVALID, fit_arrays(&f, 8, 2, binary, 1));
        assert_error_names("row 4");
        fixture_destroy(&f);
    }
}
END_TEST

START_TEST(cross_entropy_needs_two_outputs)
{
    fixture f;
    vgrad_trainer *trainer;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    refuses(VGRAD_E_SHAPE,
            vgrad_trainer_create(&trainer, f.network, VGRAD_LOSS_CROSSENTROPY, f.optimizer));
    assert_error_names("\"last\"");
    fixture_destroy(&f);
}
END_TEST

/* 0 and 1 as int32, read as float32, are 0 and the smallest subnormal: close enough to train on. */
START_TEST(integers_declared_as_floats_are_noticed)
{
    static const int32_t labels[FIXTURE_ROWS] = { 1, 0, 1 };
    fixture f;
    vgrad_dataset *data;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_dataset_borrow(&data, FIXTURE_ROWS, f.x, VGRAD_FLOAT64, 2, labels,
                                   VGRAD_FLOAT32, 1, NULL));
    refuses(VGRAD_E_INVALID, vgrad_trainer_fit(f.trainer, data, 1));
    assert_error_names("integers");
    vgrad_dataset_destroy(data);
    assert_ok(vgrad_dataset_borrow(&data, FIXTURE_ROWS, f.x, VGRAD_FLOAT64, 2, labels, VGRAD_INT32,
                                   1, NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, data, 1));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

static void count_warnings(int32_t level, const char *line, void *user)
{
    *(int *)user += level == VGRAD_LOG_WARNING && strstr(line, "activation is") != NULL;
}

/* How many warnings a loss behind an activation gives. */
static int warnings_of(vgrad_activation last, vgrad_loss loss)
{
    int count = 0;
    vgrad_context *context;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *run;
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    assert_ok(vgrad_context_set_log(context, VGRAD_LOG_WARNING, count_warnings, &count));
    assert_ok(vgrad_network_create(&network, context));
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 2, last)));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&run, network, loss, sgd));
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    vgrad_context_destroy(context);
    return count;
}

START_TEST(a_loss_that_hardly_fits_its_activation_is_a_warning)
{
    ck_assert_int_eq(warnings_of(VGRAD_SIGMOID, VGRAD_LOSS_BINARY_CROSSENTROPY), 0);
    ck_assert_int_eq(warnings_of(VGRAD_SOFTMAX, VGRAD_LOSS_CROSSENTROPY), 0);
    ck_assert_int_eq(warnings_of(VGRAD_LINEAR, VGRAD_LOSS_CROSSENTROPY_LOGITS), 0);
    ck_assert_int_eq(warnings_of(VGRAD_LINEAR, VGRAD_LOSS_MEAN_SQUARED_ERROR), 0);
    ck_assert_int_eq(warnings_of(VGRAD_LINEAR, VGRAD_LOSS_CROSSENTROPY), 1);
    ck_assert_int_eq(warnings_of(VGRAD_SIGMOID, VGRAD_LOSS_BINARY_CROSSENTROPY_LOGITS), 1);
    ck_assert_int_eq(warnings_of(VGRAD_SOFTMAX, VGRAD_LOSS_CROSSENTROPY_LOGITS), 1);
}
END_TEST

START_TEST(softmax_over_one_unit_is_refused)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    refuses(VGRAD_E_SHAPE,
            vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 1, VGRAD_SOFTMAX)));
    assert_error_names("\"dense\"");
    vgrad_network_destroy(network);
}
END_TEST

/* A call out of turn fails, and is over and done with when fit begins. */
START_TEST(fit_begins_with_a_clean_slate)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    refuses(VGRAD_E_STATE, vgrad_trainer_step(f.trainer));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), FIXTURE_BATCHES);
    fixture_destroy(&f);
}
END_TEST

/* ---- NaN and Inf ---- */

/* A network that answers NaN is right about no row. */
START_TEST(nan_answers_are_not_accurate)
{
    fixture f;
    double loss, accuracy, weights[10];
    vgrad_tensor w;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int i = 0; i < 10; i++)
        weights[i] = (double)NAN;
    vgrad_tensor_matrix(&w, weights, VGRAD_FLOAT64, 2, 5);
    assert_ok(vgrad_layer_set_tensor(f.first, VGRAD_KERNEL, &w));
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &loss, &accuracy));
    ck_assert_double_nan(loss);
    ck_assert_double_eq(accuracy, 0);
    fixture_destroy(&f);
}
END_TEST

START_TEST(nan_in_the_data_stops_before_its_update)
{
    fixture f;
    double before[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_borrow(&data, 12, f.x, VGRAD_FLOAT64, 2, f.y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, data, 1));
    fixture_weights(&f, before);
    f.x[0] = (double)NAN;
    refuses(VGRAD_E_NUMBER, vgrad_trainer_fit(f.trainer, data, 2));
    assert_error_names("step 2: nan in input.");
    assert_error_names("row 0 of the batch (row 0 of the data), column 0");
    assert_weights(&f, before);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    f.x[0] = 1;
    assert_ok(vgrad_trainer_fit(f.trainer, data, 2));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* Whatever order the rows were in, the text names the row of the data. */
START_TEST(nan_is_traced_to_its_row)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_borrow(&data, FIXTURE_ROWS, f.x, VGRAD_FLOAT64, 2, f.y, VGRAD_FLOAT64,
                                   1, NULL));
    f.x[2 * 13 + 1] = (double)NAN;
    refuses(VGRAD_E_NUMBER, vgrad_trainer_fit(f.trainer, data, 1));
    assert_error_names("(row 13 of the data), column 1");
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* Rows of one's own are no rows of the data, though next() has given a batch. */
START_TEST(nan_in_rows_of_ones_own_is_not_traced)
{
    enum { OWN = 100 };
    static double own[OWN][2], targets[OWN];
    fixture f;
    vgrad_tensor x, y;
    const vgrad_tensor *given;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    own[OWN - 1][0] = (double)NAN;
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &given, NULL));
    assert_ok(
        vgrad_trainer_forward(f.trainer, vgrad_tensor_matrix(&x, own, VGRAD_FLOAT64, OWN, 2)));
    assert_ok(vgrad_trainer_loss(f.trainer, vgrad_tensor_matrix(&y, targets, VGRAD_FLOAT64, OWN, 1),
                                 NULL));
    refuses(VGRAD_E_NUMBER, vgrad_trainer_backward(f.trainer));
    assert_error_names("row 99 of the batch, column 0");
    fixture_destroy(&f);
}
END_TEST

/* The loss, or the status below 0, of one row against soft targets. */
static double loss_against(vgrad_loss loss, double first, double second)
{
    const double x[2] = { 1, 2 }, y[2] = { first, second };
    vgrad_tensor rows, targets;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *run;
    double value;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_build(network, vgrad_dense(vgrad_input(network, 2), 2, VGRAD_LINEAR)));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&run, network, loss, sgd));
    vgrad_tensor_matrix(&rows, x, VGRAD_FLOAT64, 1, 2);
    vgrad_tensor_matrix(&targets, y, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_trainer_forward(run, &rows));
    vgrad_status status = vgrad_trainer_loss(run, &targets, &value);
    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    return status < 0 ? (double)status : value;
}

START_TEST(soft_targets_may_be_tiny_but_not_nan)
{
    ck_assert_double_gt(loss_against(VGRAD_LOSS_CROSSENTROPY_LOGITS, 1, 1e-50), 0);
    ck_assert_double_gt(loss_against(VGRAD_LOSS_CROSSENTROPY_LOGITS, 0, 1), 0);
    ck_assert_double_eq(loss_against(VGRAD_LOSS_CROSSENTROPY_LOGITS, 0, 1e-50), VGRAD_E_INVALID);
    ck_assert_double_gt(loss_against(VGRAD_LOSS_MEAN_SQUARED_ERROR, -5, 1e-50), 0);
    ck_assert_double_eq(loss_against(VGRAD_LOSS_MEAN_SQUARED_ERROR, 1, (double)NAN),
                        VGRAD_E_INVALID);
    assert_error_names("column 1");
    ck_assert_double_eq(loss_against(VGRAD_LOSS_CROSSENTROPY_LOGITS, (double)NAN, 0),
                        VGRAD_E_INVALID);
}
END_TEST

/* What the network held after the last completed step. */
typedef struct memory {
    const fixture *f;
    double weights[FIXTURE_WEIGHTS];
} memory;

static int32_t remember(const vgrad_event *event, void *user)
{
    memory *m = user;
    (void)event;
    fixture_weights(m->f, m->weights);
    return 0;
}

START_TEST(a_run_that_explodes_keeps_the_weights_of_its_last_step)
{
    fixture f;
    memory m = { .f = &f };
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    assert_ok(vgrad_optimizer_set(f.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 1e38));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, remember, &m));
    refuses(VGRAD_E_NUMBER, vgrad_trainer_fit(f.trainer, f.data, 100));
    assert_error_names("step ");
    ck_assert_int_gt(vgrad_trainer_steps(f.trainer), 0);
    assert_weights(&f, m.weights);
    fixture_destroy(&f);
}
END_TEST

/* ---- from inside a callback ---- */

/* Tries everything that trains, on the trainer of the event and on another one of its network. */
typedef struct intruder {
    fixture *f;
    vgrad_trainer *other;
} intruder;

static void try_to_train(const fixture *f, vgrad_trainer *trainer)
{
    vgrad_tensor x, y;
    const vgrad_tensor *given;
    refuses(VGRAD_E_STATE, vgrad_trainer_fit(trainer, f->data, 9));
    refuses(VGRAD_E_STATE, vgrad_trainer_next(trainer, f->data, 9, &given, NULL));
    refuses(VGRAD_E_STATE, vgrad_trainer_forward(trainer, fixture_x(f, &x)));
    refuses(VGRAD_E_STATE, vgrad_trainer_loss(trainer, fixture_y(f, &y), NULL));
    refuses(VGRAD_E_STATE, vgrad_trainer_backward(trainer));
    refuses(VGRAD_E_STATE, vgrad_trainer_step(trainer));
    refuses(VGRAD_E_STATE, vgrad_trainer_on(trainer, 1, 1, hear_nothing, NULL));
    refuses(VGRAD_E_STATE, vgrad_trainer_progress(trainer, vgrad_write_file, NULL));
    refuses(VGRAD_E_STATE, vgrad_trainer_set(trainer, VGRAD_TRAINER_SHUFFLE, 0));
    refuses(VGRAD_E_STATE, vgrad_trainer_set_seed(trainer, 9));
    refuses(VGRAD_E_STATE, vgrad_trainer_set_validation(trainer, NULL));
}

static int32_t intrude(const vgrad_event *event, void *user)
{
    const intruder *i = user;
    try_to_train(i->f, event->trainer);
    try_to_train(i->f, i->other);
    if (event->kind >= VGRAD_FORWARD_DONE) {
        refuses(VGRAD_E_STATE, vgrad_network_keep(i->f->network, KEEP_ALL));
        refuses(VGRAD_E_STATE, vgrad_network_initialize(i->f->network, 1));
    }
    return 0;
}

START_TEST(training_inside_a_callback_is_refused_and_harmless)
{
    fixture f;
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 2, final);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    intruder i = { &f, fixture_trainer(&f) };
    assert_ok(vgrad_trainer_on(f.trainer, 255, 1, intrude, &i));
    assert_ok(_i ? fixture_loop(&f, f.data, 2) : vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_weights(&f, final);
    vgrad_trainer_destroy(i.other);
    fixture_destroy(&f);
}
END_TEST

static int32_t look_aside(const vgrad_event *event, void *user)
{
    const fixture *f = user;
    vgrad_tensor x;
    double out[FIXTURE_ROWS], loss;
    vgrad_status expected = event->kind == VGRAD_FORWARD_DONE ? VGRAD_E_STATE : VGRAD_OK;
    assert_status(expected, vgrad_network_predict(f->network, fixture_x(f, &x), out, VGRAD_FLOAT64,
                                                  FIXTURE_ROWS));
    assert_status(expected, vgrad_trainer_evaluate(event->trainer, f->data, &loss, NULL));
    return 0;
}

START_TEST(looking_aside_does_not_change_the_weights)
{
    fixture f;
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT64, 2, final);
    fixture_make(&f, VGRAD_FLOAT64, _i ? KEEP_ALL : 0);
    assert_ok(vgrad_trainer_on(f.trainer, 255, 1, look_aside, &f));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_weights(&f, final);
    fixture_destroy(&f);
}
END_TEST

static int32_t edit_at_any_time(const vgrad_event *event, void *user)
{
    const fixture *f = user;
    void *data;
    const vgrad_tensor *kernel = vgrad_layer_tensor(f->first, VGRAD_KERNEL);
    const vgrad_tensor *gradient = vgrad_layer_tensor(f->first, VGRAD_KERNEL_GRADIENT);
    const vgrad_tensor *a = vgrad_layer_tensor(f->first, VGRAD_ACTIVATION);
    int ready = event->kind == VGRAD_GRADIENTS_READY, end = event->kind == VGRAD_BATCH_END;
    if (gradient)
        assert_status(ready ? VGRAD_OK : VGRAD_E_STATE,
                      vgrad_trainer_edit(event->trainer, gradient, &data));
    if (a)
        refuses(VGRAD_E_STATE, vgrad_trainer_edit(event->trainer, a, &data));
    if (ready || end || event->kind == VGRAD_FORWARD_DONE)
        assert_status(end ? VGRAD_OK : VGRAD_E_STATE,
                      vgrad_trainer_edit(event->trainer, kernel, &data));
    if (!ready)
        refuses(VGRAD_E_STATE, vgrad_trainer_skip_update(event->trainer));
    return 0;
}

START_TEST(editing_has_its_windows)
{
    fixture f;
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT64, 2, final);
    fixture_make(&f, VGRAD_FLOAT64, KEEP_ALL);
    assert_ok(vgrad_trainer_on(f.trainer, 255, 1, edit_at_any_time, &f));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_weights(&f, final);
    fixture_destroy(&f);
}
END_TEST

/* ---- destroying ---- */

enum { HANDLES = 6 };

static void destroy_handle(fixture *f, vgrad_context *context, vgrad_probe *probe, int which)
{
    switch (which) {
    case 0: vgrad_context_destroy(context); break;
    case 1: vgrad_dataset_destroy(f->data); break;
    case 2: vgrad_network_destroy(f->network); break;
    case 3: vgrad_optimizer_destroy(f->optimizer); break;
    case 4: vgrad_trainer_destroy(f->trainer); break;
    default: vgrad_probe_destroy(probe); break;
    }
}

/* Everything with a context of its own, trained a little. */
static void make_all(fixture *f, vgrad_context **context, vgrad_probe **probe)
{
    assert_ok(vgrad_context_create(context, NULL, NULL, NULL));
    assert_ok(vgrad_dataset_circles(&f->data, 8, 0.5, 0.1, 1, *context));
    assert_ok(vgrad_network_create(&f->network, *context));
    f->last = vgrad_dense(vgrad_input(f->network, 2), 1, VGRAD_SIGMOID);
    assert_ok(vgrad_network_build(f->network, f->last));
    assert_ok(vgrad_optimizer_create(&f->optimizer, f->network, VGRAD_ADAM, 0.1));
    f->trainer = NULL;
    assert_ok(vgrad_trainer_create(&f->trainer, f->network, VGRAD_LOSS_BINARY_CROSSENTROPY,
                                   f->optimizer));
    assert_ok(vgrad_trainer_set_validation(f->trainer, f->data));
    assert_ok(vgrad_probe_create(probe, *context));
    assert_ok(vgrad_probe_set(*probe, VGRAD_PROBE_HISTORY, 2));
    assert_ok(vgrad_probe_attach(*probe, f->network));
    assert_ok(vgrad_trainer_fit(f->trainer, f->data, 1));
}

START_TEST(any_order_of_destruction_is_safe)
{
    for (int number = 0; number < 720; number++) {
        fixture f;
        vgrad_context *context;
        vgrad_probe *probe;
        int order[HANDLES] = { 0, 1, 2, 3, 4, 5 };
        make_all(&f, &context, &probe);
        for (int left = HANDLES, rest = number; left > 0; rest /= left, left--) {
            int pick = rest % left, which = order[pick];
            destroy_handle(&f, context, probe, which);
            order[pick] = order[left - 1];
        }
    }
}
END_TEST

typedef struct bomb {
    fixture *f;
    vgrad_context *context;
    vgrad_probe *probe;
    int gone;
} bomb;

static int32_t explode(const vgrad_event *event, void *user)
{
    bomb *b = user;
    (void)event;
    for (int which = 0; which < HANDLES && !b->gone; which++)
        destroy_handle(b->f, b->context, b->probe, which);
    b->gone = 1;
    return 0;
}

START_TEST(everything_may_be_destroyed_in_a_callback)
{
    fixture f;
    bomb b = { .f = &f };
    make_all(&f, &b.context, &b.probe);
    assert_ok(vgrad_trainer_on(f.trainer, 1u << _i, 1, explode, &b));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    ck_assert_int_eq(b.gone, 1);
}
END_TEST

static int32_t drop_dataset(const vgrad_event *event, void *user)
{
    vgrad_dataset **data = user;
    (void)event;
    vgrad_dataset_destroy(*data);
    *data = NULL;
    return 0;
}

/* trainer.h: it keeps a dataset alive while it reads it. */
START_TEST(next_keeps_a_dataset_that_a_callback_destroys)
{
    fixture f;
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, 1u << _i, 1, drop_dataset, &f.data));
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    ck_assert_int_eq(x->shape[0], FIXTURE_BATCH);
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad_input");
    add_tests(suite, "NULL", null_for_context_dataset_and_tensor, null_for_graphs_and_their_losses,
              null_and_nonsense_for_contexts, null_and_nowhere_for_files, null_for_checkpoints,
              null_for_recorders, null_for_network_and_layer, null_for_optimizer_and_probe,
              null_and_nonsense_for_a_prediction, null_for_trainer,
              null_and_nothing_for_a_csv_file);
    add_tests(suite, "range", penalties_at_their_ends, schedules_out_of_range,
              optimizer_options_at_their_ends, trainer_and_probe_options_at_their_ends,
              datasets_out_of_range, shapes_have_their_parameters,
              blobs_end_where_their_stream_ends);
    add_tests(suite, "wiring", build_reports_the_first_mistake, initializers_for_what_is_not_there,
              class_numbers_beyond_a_float, an_input_has_a_width,
              windows_that_are_none_or_do_not_fit, kernels_beyond_all_numbers,
              layers_over_images_want_images, options_of_layers_over_images,
              a_convolution_has_an_activation_that_there_is, a_built_network_is_fixed,
              an_unbuilt_network_does_nothing, parts_of_two_networks_do_not_mix,
              success_leaves_the_last_error_alone);
    add_tests(suite, "data", widths_that_do_not_fit, a_batch_above_the_rows,
              labels_out_of_range_name_their_row, cross_entropy_needs_two_outputs,
              integers_declared_as_floats_are_noticed,
              a_loss_that_hardly_fits_its_activation_is_a_warning, softmax_over_one_unit_is_refused,
              fit_begins_with_a_clean_slate, nan_answers_are_not_accurate,
              nan_in_the_data_stops_before_its_update, nan_is_traced_to_its_row,
              nan_in_rows_of_ones_own_is_not_traced, soft_targets_may_be_tiny_but_not_nan,
              a_run_that_explodes_keeps_the_weights_of_its_last_step);
    TCase *loops = tcase_create("each");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, unknown_enumerators, 0, 4);
    tcase_add_loop_test(loops, every_shape_has_its_rows_and_its_noise, 0,
                        sizeof shapes / sizeof *shapes);
    tcase_add_loop_test(loops, training_inside_a_callback_is_refused_and_harmless, 0, 2);
    tcase_add_loop_test(loops, looking_aside_does_not_change_the_weights, 0, 2);
    tcase_add_loop_test(loops, everything_may_be_destroyed_in_a_callback, 0, 8);
    tcase_add_loop_test(loops, next_keeps_a_dataset_that_a_callback_destroys, 0, 5);
    tcase_add_loop_test(loops, a_schedule_that_gives_no_rate, 0, 3);
    tcase_add_test(loops, editing_has_its_windows);
    tcase_add_test(loops, any_order_of_destruction_is_safe);
    suite_add_tcase(suite, loops);
    return run_suite(suite);
}
