/* Events: their order, their contents, and what a callback's answer does. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum { HEARD_MAX = 400, ALL_EVENTS = 255 };

/* A callback with a memory, and with an answer for one of its calls. */
typedef struct ear {
    vgrad_event heard[HEARD_MAX];
    int count;
    int answer_at; /* from 1; 0: none */
    int32_t answer;
} ear;

static int32_t hear(const vgrad_event *event, void *user)
{
    ear *e = user;
    ck_assert_int_lt(e->count, HEARD_MAX);
    e->heard[e->count++] = *event;
    return e->count == e->answer_at ? e->answer : 0;
}

static void listen(fixture *f, ear *e, uint32_t events, int64_t every)
{
    memset(e, 0, sizeof *e);
    assert_ok(vgrad_trainer_on(f->trainer, events, every, hear, e));
}

static vgrad_status train(const fixture *f, int loop, int64_t epochs)
{
    return loop ? fixture_loop(f, f->data, epochs) : vgrad_trainer_fit(f->trainer, f->data, epochs);
}

START_TEST(the_order_is_that_of_the_documentation)
{
    fixture f;
    ear e;
    int at = 0;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    listen(&f, &e, ALL_EVENTS, 1);
    assert_ok(train(&f, _i, 2));
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_TRAIN_BEGIN);
    for (int epoch = 0; epoch < 2; epoch++) {
        ck_assert_int_eq(e.heard[at++].kind, VGRAD_EPOCH_BEGIN);
        for (int batch = 0; batch < FIXTURE_BATCHES; batch++)
            for (int kind = VGRAD_BATCH_BEGIN; kind <= VGRAD_BATCH_END; kind *= 2)
                ck_assert_int_eq(e.heard[at++].kind, kind);
        ck_assert_int_eq(e.heard[at++].kind, VGRAD_EPOCH_END);
    }
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_TRAIN_END);
    ck_assert_int_eq(e.count, at);
    fixture_destroy(&f);
}
END_TEST

static int is_of_step(const vgrad_event *event)
{
    return event->kind >= VGRAD_BATCH_BEGIN;
}

static void check_numbers(const fixture *f, const vgrad_event *event, int batches_ended)
{
    ck_assert_uint_eq(event->struct_size, sizeof *event);
    ck_assert_ptr_eq(event->trainer, f->trainer);
    ck_assert_ptr_eq(event->network, f->network);
    ck_assert_ptr_null(event->finding);
    ck_assert_int_eq(event->flags, 0);
    ck_assert_int_eq(event->epochs, 2);
    ck_assert_double_eq(event->learning_rate, 0.5);
    if (is_of_step(event)) {
        int batch = batches_ended % FIXTURE_BATCHES;
        ck_assert_int_eq(event->epoch, batches_ended / FIXTURE_BATCHES);
        ck_assert_int_eq(event->batch, batch);
        ck_assert_int_eq(event->batches, FIXTURE_BATCHES);
        ck_assert_int_eq(event->samples, batch == FIXTURE_BATCHES - 1 ? 2 : FIXTURE_BATCH);
        ck_assert_int_eq(event->step, batches_ended + (event->kind == VGRAD_BATCH_END));
    } else if (event->kind == VGRAD_EPOCH_END) {
        ck_assert_int_eq(event->epoch, batches_ended / FIXTURE_BATCHES - 1);
        ck_assert_int_eq(event->samples, FIXTURE_ROWS);
        ck_assert_int_eq(event->step, batches_ended);
    }
}

static void check_measures(const vgrad_event *event)
{
    int known = event->kind == VGRAD_GRADIENTS_READY || event->kind == VGRAD_BATCH_END;
    int with_loss = known || event->kind == VGRAD_EPOCH_END;
    ck_assert_int_eq(!isnan(event->loss), with_loss);
    ck_assert_int_eq(!isnan(event->accuracy), with_loss);
    ck_assert_int_eq(!isnan(event->gradient_norm), known);
    ck_assert_int_eq(!isnan(event->clipped_norm), event->kind == VGRAD_BATCH_END);
    ck_assert(!with_loss || (event->accuracy >= 0 && event->accuracy <= 1));
    if (event->kind == VGRAD_BATCH_END)
        ck_assert_double_eq(event->gradient_norm, event->clipped_norm);
}

START_TEST(every_field_is_what_it_says)
{
    fixture f;
    ear e;
    int ended = 0;
    double loss = 0, accuracy = 0;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    listen(&f, &e, ALL_EVENTS, 1);
    assert_ok(train(&f, _i, 2));
    for (int i = 0; i < e.count; i++) {
        const vgrad_event *event = &e.heard[i];
        check_numbers(&f, event, ended);
        check_measures(event);
        if (event->kind == VGRAD_EPOCH_BEGIN)
            loss = accuracy = 0;
        if (event->kind == VGRAD_BATCH_END) {
            ended++;
            loss += event->loss * (double)event->samples / FIXTURE_ROWS;
            accuracy += event->accuracy * (double)event->samples / FIXTURE_ROWS;
        }
        if (event->kind == VGRAD_EPOCH_END) {
            ck_assert_double_eq_tol(event->loss, loss, 1e-12);
            ck_assert_double_eq_tol(event->accuracy, accuracy, 1e-12);
        }
    }
    fixture_destroy(&f);
}
END_TEST

/* The bytes of two events but for whose they are; NaN equals NaN so. */
static void assert_same_event(const vgrad_event *a, const vgrad_event *b)
{
    const size_t first = offsetof(vgrad_event, kind);
    ck_assert_mem_eq((const char *)a + first, (const char *)b + first, sizeof *a - first);
}

START_TEST(fit_and_a_loop_tell_the_same)
{
    fixture f[2];
    static ear e[2];
    for (int way = 0; way < 2; way++) {
        fixture_make(&f[way], VGRAD_FLOAT32, 0);
        listen(&f[way], &e[way], ALL_EVENTS, 1);
        assert_ok(vgrad_trainer_set_validation(f[way].trainer, f[way].data));
        assert_ok(train(&f[way], way, 2));
        assert_ok(train(&f[way], way, 3));
    }
    ck_assert_int_eq(e[0].count, e[1].count);
    for (int i = 0; i < e[0].count; i++)
        assert_same_event(&e[0].heard[i], &e[1].heard[i]);
    fixture_destroy(&f[0]);
    fixture_destroy(&f[1]);
}
END_TEST

START_TEST(every_kth_starts_with_the_first_of_each_kind)
{
    fixture f;
    ear e;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    listen(&f, &e, VGRAD_BATCH_END | VGRAD_EPOCH_END, 3);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 4));
    int64_t steps[6] = { 0 }, epochs[2] = { 0 };
    int step_count = 0, epoch_count = 0;
    for (int i = 0; i < e.count; i++)
        if (e.heard[i].kind == VGRAD_BATCH_END)
            steps[step_count++] = e.heard[i].step;
        else
            epochs[epoch_count++] = e.heard[i].epoch;
    ck_assert_int_eq(step_count, 6); /* of 16: the 1st, 4th, ... 16th */
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(steps[i], 1 + 3 * i);
    ck_assert_int_eq(epoch_count, 2);
    ck_assert_int_eq(epochs[0], 0);
    ck_assert_int_eq(epochs[1], 3);
    fixture_destroy(&f);
}
END_TEST

static int turns;

static int32_t take_turn(const vgrad_event *event, void *user)
{
    const int *place = user;
    (void)event;
    ck_assert_int_eq(turns++ % 10, *place);
    return 0;
}

START_TEST(callbacks_are_called_in_order_of_adding)
{
    fixture f;
    static const int places[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    turns = 0;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    for (int i = 0; i < 10; i++)
        assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, take_turn,
                                   (void *)(uintptr_t)&places[i]));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    ck_assert_int_eq(turns, 10 * FIXTURE_BATCHES);
    fixture_destroy(&f);
}
END_TEST

/* The weights when so many updates have been made, of a run that nothing disturbs. */
static void weights_after(int64_t steps, double *weights)
{
    fixture f;
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int64_t i = 0; i < steps; i++) {
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 3, &x, &y));
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_ok(vgrad_trainer_step(f.trainer));
    }
    fixture_weights(&f, weights);
    fixture_destroy(&f);
}

/* Answers at the k-th event of a kind; the run must end as it says, and can go on. */
static void answer_once(int kind, int k, int32_t answer, int loop, const double *final)
{
    fixture f;
    ear e, ends;
    double weights[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    listen(&f, &e, (uint32_t)kind, 1);
    listen(&f, &ends, VGRAD_TRAIN_END, 1);
    e.answer_at = k;
    e.answer = answer;
    assert_status(answer < 0 ? VGRAD_E_CALLBACK : VGRAD_STOPPED, train(&f, loop, 3));
    if (answer < 0)
        assert_error_names("callback");
    ck_assert_int_eq(e.count, k);
    ck_assert_int_eq(ends.count, kind == VGRAD_TRAIN_END && answer < 0 ? 0 : 1);
    int64_t made = e.heard[k - 1].step;
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), made);
    weights_after(made, weights);
    assert_weights(&f, weights);
    assert_ok(train(&f, loop, 3));
    assert_weights(&f, final);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 3 * FIXTURE_BATCHES);
    fixture_destroy(&f);
}

START_TEST(an_answer_ends_the_run_and_it_can_go_on)
{
    const int kinds[] = { VGRAD_TRAIN_BEGIN,     VGRAD_TRAIN_END,   VGRAD_EPOCH_BEGIN,
                          VGRAD_EPOCH_END,       VGRAD_BATCH_BEGIN, VGRAD_FORWARD_DONE,
                          VGRAD_GRADIENTS_READY, VGRAD_BATCH_END };
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT64, 3, final);
    int kind = kinds[_i];
    int most = kind <= VGRAD_TRAIN_END ? 1 : kind <= VGRAD_EPOCH_END ? 3 : 3 * FIXTURE_BATCHES;
    for (int k = 1; k <= most; k++)
        for (int loop = 0; loop < 2; loop++) {
            answer_once(kind, k, 7, loop, final);
            answer_once(kind, k, -7, loop, final);
        }
}
END_TEST

START_TEST(a_later_callback_hears_of_a_stop_and_not_of_a_failure)
{
    for (int32_t answer = -1; answer <= 1; answer += 2) {
        fixture f;
        ear e, later;
        fixture_make(&f, VGRAD_FLOAT64, 0);
        listen(&f, &e, VGRAD_BATCH_END, 1);
        listen(&f, &later, VGRAD_BATCH_END, 1);
        e.answer_at = 2;
        e.answer = answer;
        assert_status(answer > 0 ? VGRAD_STOPPED : VGRAD_E_CALLBACK,
                      vgrad_trainer_fit(f.trainer, f.data, 3));
        ck_assert_int_eq(later.count, answer > 0 ? 2 : 1);
        fixture_destroy(&f);
    }
}
END_TEST

static int32_t skip_odd(const vgrad_event *event, void *user)
{
    int *skipped = user;
    if (event->batch % 2 == 1) {
        assert_ok(vgrad_trainer_skip_update(event->trainer));
        ++*skipped;
    }
    return 0;
}

START_TEST(a_skipped_update_leaves_weights_and_steps)
{
    fixture f;
    ear e;
    int skipped = 0;
    double before[FIXTURE_WEIGHTS];
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, skip_odd, &skipped));
    listen(&f, &e, VGRAD_BATCH_END, 1);
    for (int batch = 0; batch < FIXTURE_BATCHES; batch++) {
        fixture_weights(&f, before);
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_status(batch % 2 ? VGRAD_SKIPPED : VGRAD_OK, vgrad_trainer_step(f.trainer));
        if (batch % 2)
            assert_weights(&f, before);
        ck_assert_int_eq(e.heard[batch].step, batch / 2 + 1);
    }
    assert_status(VGRAD_DONE, vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    ck_assert_int_eq(skipped, 2);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    fixture_destroy(&f);
}
END_TEST

static int32_t zero_first_kernel(const vgrad_event *event, void *user)
{
    void *data;
    const vgrad_tensor *gradient = vgrad_layer_tensor(user, VGRAD_KERNEL_GRADIENT);
    assert_ok(vgrad_trainer_edit(event->trainer, gradient, &data));
    memset(data, 0, (size_t)vgrad_tensor_count(gradient) * sizeof(double));
    return 0;
}

START_TEST(an_edited_gradient_is_the_one_that_is_used)
{
    fixture f;
    ear e;
    double before[FIXTURE_WEIGHTS], after[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, zero_first_kernel, f.first));
    listen(&f, &e, VGRAD_GRADIENTS_READY | VGRAD_BATCH_END, 1);
    fixture_weights(&f, before);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    fixture_weights(&f, after);
    ck_assert_mem_eq(before, after, 10 * sizeof *before);
    ck_assert_mem_ne(before + 10, after + 10, 5 * sizeof *before);
    for (int i = 0; i < e.count; i += 2) {
        const vgrad_event *ready = &e.heard[i], *end = &e.heard[i + 1];
        ck_assert_double_eq(ready->gradient_norm, end->gradient_norm);
        ck_assert_double_lt(end->clipped_norm, end->gradient_norm);
    }
    fixture_destroy(&f);
}
END_TEST

static int32_t check_norm(const vgrad_event *event, void *user)
{
    double sum = 0;
    (void)user;
    for (int role = VGRAD_KERNEL_GRADIENT; role <= VGRAD_BIAS_GRADIENT; role++)
        for (int32_t i = 0; i < 3; i++) {
            double norm = vgrad_tensor_stat(
                vgrad_network_tensor(event->network, (vgrad_role)role, i), VGRAD_L2);
            sum += norm * norm;
        }
    ck_assert_double_eq_tol(event->gradient_norm, sqrt(sum), 1e-12 * sqrt(sum));
    return 0;
}

START_TEST(the_norm_is_that_of_all_gradients)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(
        vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY | VGRAD_BATCH_END, 1, check_norm, NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    fixture_destroy(&f);
}
END_TEST

START_TEST(validation_figures_are_those_of_evaluate)
{
    fixture f;
    ear e;
    double loss, accuracy;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set_validation(f.trainer, f.data));
    listen(&f, &e, VGRAD_EPOCH_BEGIN | VGRAD_EPOCH_END, 1);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &loss, &accuracy));
    ck_assert(isnan(e.heard[0].validation_loss) && isnan(e.heard[0].validation_accuracy));
    ck_assert_double_eq(e.heard[2].validation_loss, e.heard[1].validation_loss);
    ck_assert_double_eq(e.heard[3].validation_loss, loss);
    ck_assert_double_eq(e.heard[3].validation_accuracy, accuracy);
    fixture_destroy(&f);
}
END_TEST

START_TEST(epochs_count_from_the_beginning_of_the_run)
{
    fixture f;
    ear e;
    double final[FIXTURE_WEIGHTS], second[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 2, second);
    fixture_undisturbed(VGRAD_FLOAT32, 5, final);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(train(&f, _i, 2));
    listen(&f, &e, VGRAD_EPOCH_BEGIN | VGRAD_BATCH_BEGIN, 1);
    assert_ok(train(&f, _i, 2));
    assert_ok(train(&f, _i, 0));
    ck_assert_int_eq(e.count, 0);
    assert_weights(&f, second);
    assert_ok(train(&f, _i, 5));
    assert_weights(&f, final);
    ck_assert_int_eq(vgrad_trainer_epoch(f.trainer), 4);
    ck_assert_int_eq(vgrad_trainer_batch(f.trainer), FIXTURE_BATCHES - 1);
    ck_assert_int_eq(vgrad_trainer_batches(f.trainer), FIXTURE_BATCHES);
    fixture_destroy(&f);
}
END_TEST

static void *stop_from_afar(void *trainer)
{
    vgrad_trainer_request_stop(trainer);
    return NULL;
}

static int32_t let_another_thread_stop(const vgrad_event *event, void *user)
{
    pthread_t thread;
    (void)user;
    if (event->step == 2) {
        ck_assert_int_eq(pthread_create(&thread, NULL, stop_from_afar, event->trainer), 0);
        pthread_join(thread, NULL);
    }
    return 0;
}

START_TEST(a_requested_stop_comes_after_the_step)
{
    fixture f;
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 3, final);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_BEGIN, 1, let_another_thread_stop, NULL));
    assert_status(VGRAD_STOPPED, train(&f, _i, 3));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 3);
    assert_ok(train(&f, _i, 3));
    assert_weights(&f, final);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_loop_without_next_has_no_epochs)
{
    fixture f;
    ear e;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    listen(&f, &e, ALL_EVENTS, 1);
    for (int i = 0; i < 3; i++)
        assert_ok(fixture_step(&f));
    ck_assert_int_eq(e.count, 12);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(e.heard[i].kind, VGRAD_BATCH_BEGIN << i % 4);
        ck_assert_int_eq(e.heard[i].epochs, -1);
        ck_assert_int_eq(e.heard[i].batches, -1);
        ck_assert_int_eq(e.heard[i].samples, FIXTURE_ROWS);
        ck_assert_int_eq(e.heard[i].step, i / 4 + (i % 4 == 3));
    }
    fixture_destroy(&f);
}
END_TEST

START_TEST(calls_out_of_order_are_refused_and_harmless)
{
    fixture f;
    vgrad_tensor x, y;
    double loss = 0, before[FIXTURE_WEIGHTS];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    fixture_weights(&f, before);
    assert_status(VGRAD_E_STATE, vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), &loss));
    ck_assert(isnan(loss));
    assert_status(VGRAD_E_STATE, vgrad_trainer_step(f.trainer));
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
    assert_status(VGRAD_E_STATE, vgrad_trainer_backward(f.trainer));
    assert_status(VGRAD_E_STATE, vgrad_trainer_loss(f.trainer, fixture_y(&f, &y), NULL));
    assert_status(VGRAD_E_STATE, vgrad_trainer_step(f.trainer));
    assert_weights(&f, before);
    assert_ok(fixture_step(&f));
    assert_status(VGRAD_E_STATE, vgrad_trainer_step(f.trainer));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    assert_ok(fixture_step(&f));
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_troubled_step_says_so_until_next_has_said_it)
{
    fixture f;
    vgrad_tensor wide;
    const vgrad_tensor *x, *y, *again;
    double first[FIXTURE_BATCH * 2], second[FIXTURE_BATCH * 2];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    assert_ok(vgrad_tensor_copy(x, first, VGRAD_FLOAT64, FIXTURE_BATCH * 2));
    vgrad_tensor_matrix(&wide, f.x, VGRAD_FLOAT64, 4, 3);
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_forward(f.trainer, &wide));
    for (int i = 0; i < 2; i++) {
        assert_status(VGRAD_E_SHAPE, vgrad_trainer_loss(f.trainer, y, NULL));
        assert_status(VGRAD_E_SHAPE, vgrad_trainer_backward(f.trainer));
    }
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_step(f.trainer));
    assert_error_names("\"input\"");
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_next(f.trainer, f.data, 1, &again, NULL));
    assert_error_names("\"input\"");
    ck_assert_ptr_null(again);
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &again, NULL));
    assert_ok(vgrad_tensor_copy(again, second, VGRAD_FLOAT64, FIXTURE_BATCH * 2));
    ck_assert_mem_eq(first, second, sizeof first);
    fixture_destroy(&f);
}
END_TEST

/* In a loop without next() the next forward is another step, whatever became of this one. */
START_TEST(forward_goes_on_after_a_step_that_failed)
{
    fixture f;
    vgrad_tensor x, y, wide;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_tensor_matrix(&x, f.x, VGRAD_FLOAT64, 4, 2);
    vgrad_tensor_matrix(&y, f.y, VGRAD_FLOAT64, 4, 1);
    vgrad_tensor_matrix(&wide, f.x, VGRAD_FLOAT64, 4, 3);
    assert_status(VGRAD_E_STATE, vgrad_trainer_backward(f.trainer)); /* out of turn */
    assert_status(VGRAD_E_SHAPE, vgrad_trainer_forward(f.trainer, &wide));
    assert_ok(vgrad_trainer_forward(f.trainer, &x));
    assert_ok(vgrad_trainer_loss(f.trainer, &y, NULL));
    assert_ok(vgrad_trainer_backward(f.trainer));
    assert_ok(vgrad_trainer_step(f.trainer));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

static int32_t keep_event(const vgrad_event *event, void *user)
{
    *(vgrad_event *)user = *event;
    return 0;
}

/* Steps of one's own within an epoch are no batches of it. */
START_TEST(own_steps_are_not_in_the_epochs_means)
{
    fixture f;
    vgrad_event end = { 0 }, step = { 0 };
    const vgrad_tensor *x, *y;
    vgrad_tensor own_x, own_y;
    vgrad_status status;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_EPOCH_END, 1, keep_event, &end));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, keep_event, &step));
    while ((status = vgrad_trainer_next(f.trainer, f.data, 1, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(f.trainer, x);
        vgrad_trainer_loss(f.trainer, y, NULL);
        vgrad_trainer_backward(f.trainer);
        vgrad_trainer_step(f.trainer);
        ck_assert_int_eq(step.epochs, 1);
        vgrad_trainer_forward(f.trainer, fixture_x(&f, &own_x));
        vgrad_trainer_loss(f.trainer, fixture_y(&f, &own_y), NULL);
        vgrad_trainer_backward(f.trainer);
        assert_ok(vgrad_trainer_step(f.trainer));
        ck_assert_int_eq(step.epochs, -1);
        ck_assert_int_eq(step.batches, -1);
    }
    assert_status(VGRAD_DONE, status);
    ck_assert_int_eq(end.samples, FIXTURE_ROWS);
    fixture_destroy(&f);
}
END_TEST

static int32_t try_everything(const vgrad_event *event, void *user)
{
    double loss;
    assert_ok(vgrad_trainer_evaluate(event->trainer, user, &loss, NULL));
    assert_status(VGRAD_E_STATE, vgrad_trainer_skip_update(event->trainer));
    return 0;
}

/* A step not brought to its end is given up before the events between steps. */
START_TEST(an_abandoned_step_is_gone_when_the_epoch_ends)
{
    fixture f;
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, FIXTURE_ROWS));
    assert_ok(
        vgrad_trainer_on(f.trainer, VGRAD_EPOCH_END | VGRAD_TRAIN_END, 1, try_everything, f.data));
    for (int epochs = 1; epochs <= 2; epochs++) {
        assert_ok(vgrad_trainer_next(f.trainer, f.data, epochs, &x, &y));
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        if (epochs == 2)
            assert_ok(vgrad_trainer_backward(f.trainer));
        assert_status(VGRAD_DONE, vgrad_trainer_next(f.trainer, f.data, epochs, &x, &y));
    }
    fixture_destroy(&f);
}
END_TEST

/* A batch whose step was completed is not given again, whatever fails after it. */
START_TEST(a_completed_batch_does_not_come_again)
{
    fixture f;
    const vgrad_tensor *x, *y;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    assert_ok(vgrad_trainer_forward(f.trainer, x));
    assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
    assert_ok(vgrad_trainer_backward(f.trainer));
    assert_ok(vgrad_trainer_step(f.trainer));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_forward(f.trainer, NULL));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    ck_assert_int_eq(vgrad_trainer_batch(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

/* A smaller number of epochs ends a run in the middle of one. */
START_TEST(fewer_epochs_end_the_run_where_it_is)
{
    fixture f;
    const vgrad_tensor *x;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 3, &x, NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 0));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 0);
    fixture_destroy(&f);
}
END_TEST

static int32_t mend_gradients(const vgrad_event *event, void *seen)
{
    double *norms = seen;
    if (event->kind == VGRAD_BATCH_END) {
        norms[1] = event->gradient_norm;
        norms[2] = event->clipped_norm;
        return 0;
    }
    norms[0] = event->gradient_norm;
    const vgrad_tensor *g;
    const vgrad_role roles[] = { VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT };
    for (int r = 0; r < 2; r++)
        for (int i = 0; (g = vgrad_network_tensor(event->network, roles[r], i)); i++) {
            void *data;
            assert_ok(vgrad_trainer_edit(event->trainer, g, &data));
            memset(data, 0, (size_t)vgrad_tensor_count(g) * sizeof(double));
        }
    return 0;
}

/* The norm before edits is told after them too, even where it is NaN. */
START_TEST(a_norm_that_is_nan_stays_so_when_the_gradients_are_mended)
{
    fixture f;
    vgrad_tensor x, y;
    double norms[3] = { 0, 0, 7 }, poisoned[4 * 2] = { NAN };
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY | VGRAD_BATCH_END, 1,
                               mend_gradients, norms));
    vgrad_tensor_matrix(&x, poisoned, VGRAD_FLOAT64, 4, 2);
    vgrad_tensor_matrix(&y, f.y, VGRAD_FLOAT64, 4, 1);
    assert_ok(vgrad_trainer_forward(f.trainer, &x));
    assert_ok(vgrad_trainer_loss(f.trainer, &y, NULL));
    assert_ok(vgrad_trainer_backward(f.trainer));
    assert_ok(vgrad_trainer_step(f.trainer));
    ck_assert_double_nan(norms[0]);
    ck_assert_double_nan(norms[1]);
    ck_assert_double_eq(norms[2], 0);
    fixture_destroy(&f);
}
END_TEST

/* Where progress goes: text, and a number of writes after which it fails. */
typedef struct page {
    char text[4000];
    size_t length;
    int writes_left;
} page;

static int32_t write_page(const char *text, size_t length, void *user)
{
    page *p = user;
    if (p->writes_left-- == 0)
        return 1;
    ck_assert_uint_lt(p->length + length, sizeof p->text);
    memcpy(p->text + p->length, text, length);
    p->length += length;
    return 0;
}

START_TEST(progress_is_a_line_for_each_epoch)
{
    fixture f;
    page p = { .writes_left = -1 };
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_progress(f.trainer, write_page, &p));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    const char *line = strrchr(p.text, '\r');
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(p.text, "\rEpoch 1/2  4/4 [====================] "));
    ck_assert_ptr_eq(strstr(line, "\rEpoch 2/2  4/4 [====================] "), line);
    ck_assert_ptr_nonnull(strstr(line, "s  loss 0."));
    ck_assert_ptr_nonnull(strstr(line, "  accuracy "));
    ck_assert_ptr_null(strstr(line, "validation"));
    ck_assert_int_eq(p.text[p.length - 1], '\n');
    fixture_destroy(&f);
}
END_TEST

START_TEST(progress_that_cannot_be_written_fails_the_run)
{
    fixture f;
    page p = { .writes_left = 0 };
    double final[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 2, final);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_progress(f.trainer, write_page, &p));
    assert_status(VGRAD_E_IO, vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_weights(&f, final);
    fixture_destroy(&f);
}
END_TEST

static int32_t stop_after_the_last_batch(const vgrad_event *event, void *user)
{
    (void)user;
    return event->batch == event->batches - 1;
}

/* The end of the epoch is still to come then, and comes with the next run. */
START_TEST(an_epoch_that_was_stopped_at_its_end_ends_in_the_next_run)
{
    fixture f;
    ear e;
    page p = { .writes_left = -1 };
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, stop_after_the_last_batch, NULL));
    assert_status(VGRAD_STOPPED, vgrad_trainer_fit(f.trainer, f.data, 1));
    listen(&f, &e, VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_END, 1);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    ck_assert_int_eq(e.count, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_lt(e.heard[i].batch, FIXTURE_BATCHES);
    ck_assert_int_eq(e.heard[1].epoch, 0);
    assert_ok(vgrad_trainer_progress(f.trainer, write_page, &p));
    assert_status(VGRAD_STOPPED, vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    ck_assert_ptr_nonnull(strstr(p.text, "\rEpoch 2/2  4/4 [====================] "));
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events");
    TCase *both = tcase_create("fit and loop");
    tcase_set_timeout(both, 120);
    tcase_add_loop_test(both, the_order_is_that_of_the_documentation, 0, 2);
    tcase_add_loop_test(both, every_field_is_what_it_says, 0, 2);
    tcase_add_loop_test(both, epochs_count_from_the_beginning_of_the_run, 0, 2);
    tcase_add_loop_test(both, a_requested_stop_comes_after_the_step, 0, 2);
    tcase_add_loop_test(both, an_answer_ends_the_run_and_it_can_go_on, 0, 8);
    suite_add_tcase(suite, both);
    add_tests(suite, "callbacks", fit_and_a_loop_tell_the_same,
              every_kth_starts_with_the_first_of_each_kind, callbacks_are_called_in_order_of_adding,
              a_later_callback_hears_of_a_stop_and_not_of_a_failure,
              a_skipped_update_leaves_weights_and_steps, an_edited_gradient_is_the_one_that_is_used,
              the_norm_is_that_of_all_gradients, validation_figures_are_those_of_evaluate);
    add_tests(suite, "calls", a_loop_without_next_has_no_epochs,
              calls_out_of_order_are_refused_and_harmless,
              a_troubled_step_says_so_until_next_has_said_it,
              forward_goes_on_after_a_step_that_failed, a_completed_batch_does_not_come_again,
              own_steps_are_not_in_the_epochs_means, an_abandoned_step_is_gone_when_the_epoch_ends,
              fewer_epochs_end_the_run_where_it_is,
              a_norm_that_is_nan_stays_so_when_the_gradients_are_mended,
              progress_is_a_line_for_each_epoch, progress_that_cannot_be_written_fails_the_run,
              an_epoch_that_was_stopped_at_its_end_ends_in_the_next_run);
    return run_suite(suite);
}
