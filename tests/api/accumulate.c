/* Gradient accumulation: several batches to an update are one batch with all their rows. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { ROWS = 100, HEARD_MAX = 600, ALL_EVENTS = 255, GROUP_EVENTS = 64 | 128 };

static const double rounding = 1e-12;

/* A run in float64 over the first `rows` of 100; `k` batches of `batch` rows to an update. */
static void make(fixture *f, vgrad_optimizer_kind kind, int64_t rows, int64_t batch, int64_t k)
{
    vgrad_dataset *all;
    memset(f, 0, sizeof *f);
    assert_ok(vgrad_dataset_circles(&all, ROWS, 0.5, 0.1, 1, NULL));
    assert_ok(vgrad_dataset_slice(&f->data, all, 0, rows));
    assert_ok(vgrad_dataset_read(all, 0, FIXTURE_ROWS, f->x, f->y, VGRAD_FLOAT64));
    vgrad_dataset_destroy(all);
    fixture_network(f, VGRAD_FLOAT64);
    assert_ok(vgrad_network_keep(f->network, KEEP_ALL));
    assert_ok(vgrad_network_build(f->network, f->last));
    assert_ok(vgrad_optimizer_create(&f->optimizer, f->network, kind, 0.05));
    f->trainer = fixture_trainer(f);
    assert_ok(vgrad_trainer_set(f->trainer, VGRAD_TRAINER_BATCH_SIZE, (double)batch));
    assert_ok(vgrad_trainer_set(f->trainer, VGRAD_TRAINER_ACCUMULATE, (double)k));
}

static vgrad_status train(const fixture *f, int loop, int64_t epochs)
{
    return loop ? fixture_loop(f, f->data, epochs) : vgrad_trainer_fit(f->trainer, f->data, epochs);
}

/* Events as they came, with the epoch's mean gradient of the last bias. */
typedef struct ear {
    vgrad_event heard[HEARD_MAX];
    double mean[HEARD_MAX];
    int count;
    int answer_at; /* from 1; 0: none */
    int32_t answer;
} ear;

static int32_t hear(const vgrad_event *event, void *user)
{
    ear *e = user;
    ck_assert_int_lt(e->count, HEARD_MAX);
    e->mean[e->count] = 0;
    if (event->kind == VGRAD_EPOCH_END)
        e->mean[e->count] =
            *vgrad_tensor_f64(vgrad_network_tensor(event->network, VGRAD_BIAS_EPOCH_GRADIENT, 2));
    e->heard[e->count++] = *event;
    return e->count == e->answer_at ? e->answer : 0;
}

static void listen(const fixture *f, ear *e, uint32_t events)
{
    memset(e, 0, sizeof *e);
    assert_ok(vgrad_trainer_on(f->trainer, events, 1, hear, e));
}

static void assert_close(double a, double b)
{
    ck_assert_msg((isnan(a) && isnan(b)) || fabs(a - b) <= rounding, "%.17g and %.17g", a, b);
}

static void assert_close_weights(const fixture *a, const fixture *b)
{
    double first[FIXTURE_WEIGHTS], second[FIXTURE_WEIGHTS];
    fixture_weights(a, first);
    fixture_weights(b, second);
    for (int i = 0; i < FIXTURE_WEIGHTS; i++)
        assert_close(first[i], second[i]);
}

/* All that the events of groups and epochs tell is that of the large batches. */
static void assert_same_story(const ear *a, const ear *b)
{
    ck_assert_int_eq(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        const vgrad_event *x = &a->heard[i], *y = &b->heard[i];
        ck_assert_int_eq(x->kind, y->kind);
        ck_assert_int_eq(x->epoch, y->epoch);
        ck_assert_int_eq(x->step, y->step);
        ck_assert_int_eq(x->samples, y->samples);
        assert_close(x->loss, y->loss);
        assert_close(x->accuracy, y->accuracy);
        assert_close(x->gradient_norm, y->gradient_norm);
        assert_close(x->clipped_norm, y->clipped_norm);
        assert_close(a->mean[i], b->mean[i]);
    }
}

static const struct {
    int64_t batch, k;
} cuts[] = { { 8, 4 }, { 6, 3 }, { 3, 7 }, { 100, 2 }, { 50, 2 }, { 30, 9 } };
enum { CUTS = sizeof cuts / sizeof *cuts };

START_TEST(a_group_is_one_batch_with_all_its_rows)
{
    static ear small, large;
    const struct {
        vgrad_optimizer_kind kind;
        double momentum;
    } ways[] = { { VGRAD_SGD, 0 }, { VGRAD_SGD, 0.9 }, { VGRAD_ADAM, 0 } };
    for (int way = 0; way < 6; way++) {
        fixture a, b;
        int64_t all = cuts[_i].batch * cuts[_i].k;
        make(&a, ways[way / 2].kind, ROWS, cuts[_i].batch, cuts[_i].k);
        make(&b, ways[way / 2].kind, ROWS, all < ROWS ? all : ROWS, 1);
        if (ways[way / 2].momentum > 0) {
            assert_ok(vgrad_optimizer_set(a.optimizer, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
            assert_ok(vgrad_optimizer_set(b.optimizer, VGRAD_OPTIMIZER_MOMENTUM, 0.9));
        }
        listen(&a, &small, GROUP_EVENTS | VGRAD_EPOCH_END);
        listen(&b, &large, GROUP_EVENTS | VGRAD_EPOCH_END);
        assert_ok(train(&a, way % 2, 5));
        assert_ok(train(&b, way % 2, 5));
        ck_assert_int_eq(vgrad_trainer_steps(a.trainer), vgrad_trainer_steps(b.trainer));
        assert_close_weights(&a, &b);
        assert_same_story(&small, &large);
        fixture_destroy(&a);
        fixture_destroy(&b);
    }
}
END_TEST

START_TEST(the_order_is_that_of_the_documentation)
{
    fixture f;
    static ear e;
    int at = 0;
    make(&f, VGRAD_SGD, 20, 3, 4); /* 4 + 3 batches */
    listen(&f, &e, ALL_EVENTS);
    assert_ok(train(&f, _i, 1));
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_TRAIN_BEGIN);
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_EPOCH_BEGIN);
    for (int batch = 0; batch < 7; batch++) {
        bool last = batch == 3 || batch == 6;
        for (int kind = VGRAD_BATCH_BEGIN; kind <= (last ? 128 : 32); kind *= 2) {
            const vgrad_event *event = &e.heard[at++];
            ck_assert_int_eq(event->kind, kind);
            ck_assert_int_eq(event->batch, batch);
            ck_assert_int_eq(event->batches, 7);
            ck_assert_int_eq(event->samples,
                             kind >= 64 ? (batch == 3 ? 12 : 8) : (batch == 6 ? 2 : 3));
            ck_assert_int_eq(event->step, batch / 4 + (kind == VGRAD_BATCH_END));
            ck_assert_int_eq(isnan(event->loss), kind < 64);
        }
    }
    ck_assert_int_eq(e.heard[at].samples, 20);
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_EPOCH_END);
    ck_assert_int_eq(e.heard[at++].kind, VGRAD_TRAIN_END);
    ck_assert_int_eq(e.count, at);
    fixture_destroy(&f);
}
END_TEST

START_TEST(fit_and_a_loop_tell_the_same)
{
    fixture f[2];
    static ear e[2];
    const size_t first = offsetof(vgrad_event, kind);
    for (int way = 0; way < 2; way++) {
        make(&f[way], VGRAD_ADAM, 20, 3, 4);
        listen(&f[way], &e[way], ALL_EVENTS);
        assert_ok(train(&f[way], way, 2));
        assert_ok(train(&f[way], way, 3));
    }
    ck_assert_int_eq(e[0].count, e[1].count);
    for (int i = 0; i < e[0].count; i++)
        ck_assert_mem_eq((char *)&e[0].heard[i] + first, (char *)&e[1].heard[i] + first,
                         sizeof(vgrad_event) - first);
    fixture_destroy(&f[0]);
    fixture_destroy(&f[1]);
}
END_TEST

static void first_gradient(const fixture *f, double *values)
{
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(f->first, VGRAD_KERNEL_GRADIENT), values,
                                VGRAD_FLOAT64, 10));
}

START_TEST(a_batch_that_makes_no_update_says_so)
{
    fixture f;
    vgrad_tensor x, y;
    void *data;
    double before[FIXTURE_WEIGHTS], gradients[3][10];
    const int rows[] = { 2, 5, 13 };
    make(&f, VGRAD_SGD, 20, 6, 3);
    fixture_weights(&f, before);
    for (int i = 0, first = 0; i < 3; first += rows[i++]) {
        vgrad_tensor_matrix(&x, f.x + 2 * first, VGRAD_FLOAT64, rows[i], 2);
        vgrad_tensor_matrix(&y, f.y + first, VGRAD_FLOAT64, rows[i], 1);
        assert_ok(vgrad_trainer_forward(f.trainer, &x));
        assert_ok(vgrad_trainer_loss(f.trainer, &y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        const vgrad_tensor *gradient = vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT);
        first_gradient(&f, gradients[i]);
        assert_weights(&f, before);
        if (i < 2) {
            assert_status(VGRAD_E_STATE, vgrad_trainer_skip_update(f.trainer));
            assert_status(VGRAD_E_STATE, vgrad_trainer_edit(f.trainer, gradient, &data));
            assert_status(VGRAD_ACCUMULATED, vgrad_trainer_step(f.trainer));
            assert_status(VGRAD_E_STATE, vgrad_trainer_step(f.trainer));
            ck_assert_ptr_null(vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT));
        }
    }
    void *values;
    assert_ok(
        vgrad_trainer_edit(f.trainer, vgrad_layer_tensor(f.first, VGRAD_KERNEL_GRADIENT), &values));
    assert_ok(vgrad_trainer_step(f.trainer));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    /* What was read last is the mean: that of all rows at once. */
    fixture whole;
    make(&whole, VGRAD_SGD, 20, 6, 1);
    assert_ok(vgrad_trainer_forward(whole.trainer, fixture_x(&f, &x)));
    assert_ok(vgrad_trainer_loss(whole.trainer, fixture_y(&f, &y), NULL));
    assert_ok(vgrad_trainer_backward(whole.trainer));
    first_gradient(&whole, gradients[0]);
    for (int i = 0; i < 10; i++)
        assert_close(gradients[2][i], gradients[0][i]);
    assert_ok(vgrad_trainer_step(whole.trainer));
    assert_close_weights(&f, &whole);
    fixture_destroy(&f);
    fixture_destroy(&whole);
}
END_TEST

/* ---- by hand: the mean of gradients through nothing but callbacks ---- */

typedef struct hand {
    double mean[FIXTURE_WEIGHTS];
    double rows;
    int64_t k;
} hand;

static double *gradient_at(const vgrad_event *event, int i, int64_t *count)
{
    void *data;
    const vgrad_tensor *tensor = vgrad_network_tensor(
        event->network, i % 2 ? VGRAD_BIAS_GRADIENT : VGRAD_KERNEL_GRADIENT, i / 2);
    assert_ok(vgrad_trainer_edit(event->trainer, tensor, &data));
    *count = vgrad_tensor_count(tensor);
    return data;
}

static int32_t average_by_hand(const vgrad_event *event, void *user)
{
    hand *h = user;
    bool last = (event->batch + 1) % h->k == 0 || event->batch + 1 == event->batches;
    double all = h->rows + (double)event->samples, *mean = h->mean;
    for (int i = 0; i < 6; i++) {
        int64_t count;
        double *gradient = gradient_at(event, i, &count);
        for (int64_t j = 0; j < count; j++, mean++) {
            *mean = (*mean * h->rows + gradient[j] * (double)event->samples) / all;
            gradient[j] = *mean;
        }
    }
    h->rows = last ? 0 : all;
    if (!last)
        assert_ok(vgrad_trainer_skip_update(event->trainer));
    return 0;
}

START_TEST(groups_end_with_their_epoch_where_batches_run_across_it)
{
    fixture a, b;
    static ear e;
    hand h = { .k = 2 };
    make(&a, VGRAD_ADAM, 20, 6, 2);
    make(&b, VGRAD_ADAM, 20, 6, 1);
    assert_ok(vgrad_trainer_set(a.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    assert_ok(vgrad_trainer_set(b.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    assert_ok(vgrad_trainer_on(b.trainer, VGRAD_GRADIENTS_READY, 1, average_by_hand, &h));
    listen(&a, &e, VGRAD_BATCH_END | VGRAD_EPOCH_END);
    assert_ok(train(&a, _i, 7));
    assert_ok(train(&b, _i, 7));
    assert_close_weights(&a, &b);
    /* 18 + 2', 16' = 12 + 4 and 2'': 4 batches, then 3 */
    const int64_t samples[] = { 12, 12, 24, 12, 6, 18 };
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(e.heard[i].samples, samples[i]);
    fixture_destroy(&a);
    fixture_destroy(&b);
}
END_TEST

/* ---- runs that are disturbed ---- */

/* Epochs of the undisturbed run, and its batches in each: groups of 3, 3 and 1. */
enum { EPOCHS = 2, BATCHES = 7 };

static void make_disturbed(fixture *f)
{
    make(f, VGRAD_ADAM, 20, 3, 3);
}

/* The weights after so many updates. */
static void weights_after(int64_t steps, double *weights)
{
    fixture f;
    make_disturbed(&f);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, (double)(steps ? steps : 1)));
    if (steps)
        assert_ok(train(&f, 0, EPOCHS));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), steps);
    fixture_weights(&f, weights);
    fixture_destroy(&f);
}

static void answer_once(int kind, int k, int32_t answer, int loop, const double *final)
{
    fixture f;
    static ear e;
    double weights[FIXTURE_WEIGHTS];
    make_disturbed(&f);
    listen(&f, &e, (uint32_t)kind);
    e.answer_at = k;
    e.answer = answer;
    assert_status(answer < 0 ? VGRAD_E_CALLBACK : VGRAD_STOPPED, train(&f, loop, EPOCHS));
    ck_assert_int_eq(e.count, k);
    weights_after(e.heard[k - 1].step, weights);
    assert_weights(&f, weights);
    assert_ok(train(&f, loop, EPOCHS));
    assert_weights(&f, final);
    fixture_destroy(&f);
}

START_TEST(an_answer_ends_the_run_and_its_group_goes_on)
{
    const int kind = VGRAD_EPOCH_BEGIN << _i;
    const int most[] = { EPOCHS, EPOCHS, EPOCHS * BATCHES, EPOCHS * BATCHES, 6, 6 };
    double final[FIXTURE_WEIGHTS];
    weights_after(6, final);
    for (int k = 1; k <= most[_i]; k++)
        for (int loop = 0; loop < 2; loop++) {
            answer_once(kind, k, 7, loop, final);
            answer_once(kind, k, -7, loop, final);
        }
}
END_TEST

static int32_t request_stop(const vgrad_event *event, void *user)
{
    const int64_t *batch = user;
    if (event->batch == *batch && event->epoch == 0)
        vgrad_trainer_request_stop(event->trainer);
    return 0;
}

START_TEST(a_requested_stop_comes_after_the_group)
{
    double final[FIXTURE_WEIGHTS];
    weights_after(6, final);
    for (int64_t batch = 0; batch < BATCHES; batch++) {
        fixture f;
        make_disturbed(&f);
        assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_BEGIN, 1, request_stop, &batch));
        assert_status(VGRAD_STOPPED, train(&f, _i, EPOCHS));
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), batch / 3 + 1);
        vgrad_trainer_request_stop(f.trainer); /* before a run: at once */
        assert_status(VGRAD_STOPPED, train(&f, _i, EPOCHS));
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), batch / 3 + 1);
        assert_ok(train(&f, _i, EPOCHS));
        assert_weights(&f, final);
        fixture_destroy(&f);
    }
}
END_TEST

/* A run that was left within a group is not in it any more: the stop before a run is its first. */
START_TEST(a_stop_before_a_run_does_not_wait_for_an_old_group)
{
    fixture f;
    static ear e;
    make_disturbed(&f);
    listen(&f, &e, VGRAD_BATCH_BEGIN);
    e.answer_at = 3;
    e.answer = 1;
    assert_status(VGRAD_STOPPED, train(&f, _i, EPOCHS));
    vgrad_trainer_request_stop(f.trainer);
    assert_status(VGRAD_STOPPED, train(&f, _i, EPOCHS));
    ck_assert_int_eq(e.count, 3);
    fixture_destroy(&f);
}
END_TEST

/* A run over borrowed rows, so that one can be spoiled and mended. */
static double spoil(fixture *f, int row)
{
    double was = f->x[2 * row];
    f->x[2 * row] = (double)NAN;
    return was;
}

static void make_spoilable(fixture *f)
{
    make_disturbed(f);
    vgrad_dataset_destroy(f->data);
    assert_ok(
        vgrad_dataset_borrow(&f->data, 20, f->x, VGRAD_FLOAT64, 2, f->y, VGRAD_FLOAT64, 1, NULL));
}

START_TEST(a_batch_that_is_not_finite_does_not_spoil_its_group)
{
    double final[FIXTURE_WEIGHTS];
    weights_after(6, final);
    for (int row = 0; row < 20; row++) {
        fixture f;
        make_spoilable(&f);
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
        double was = spoil(&f, row);
        for (int again = 0; again < 2; again++)
            assert_status(VGRAD_E_NUMBER, train(&f, _i, EPOCHS));
        assert_error_names(" of the data)");
        f.x[2 * row] = was;
        assert_ok(train(&f, _i, EPOCHS));
        assert_weights(&f, final);
        fixture_destroy(&f);
    }
}
END_TEST

/* The step of a batch from next(). */
static vgrad_status one_batch(const fixture *f)
{
    const vgrad_tensor *x, *y;
    assert_ok(vgrad_trainer_next(f->trainer, f->data, EPOCHS, &x, &y));
    vgrad_trainer_forward(f->trainer, x);
    vgrad_trainer_loss(f->trainer, y, NULL);
    vgrad_trainer_backward(f->trainer);
    return vgrad_trainer_step(f->trainer);
}

START_TEST(a_mean_that_is_not_finite_is_given_up)
{
    fixture f;
    double before[FIXTURE_WEIGHTS];
    make_spoilable(&f);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    double was = spoil(&f, 1);
    fixture_weights(&f, before);
    assert_status(VGRAD_ACCUMULATED, one_batch(&f)); /* nobody looks yet */
    f.x[2] = was;
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_status(VGRAD_E_NUMBER, one_batch(&f));
    assert_weights(&f, before);
    assert_ok(train(&f, 0, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2); /* 3 + 2 batches */
    fixture_destroy(&f);
}
END_TEST

static int32_t skip_first(const vgrad_event *event, void *user)
{
    (void)user;
    if (event->batch < 3)
        assert_ok(vgrad_trainer_skip_update(event->trainer));
    return 0;
}

START_TEST(a_group_whose_update_is_skipped_is_over)
{
    fixture f;
    double before[FIXTURE_WEIGHTS];
    make_disturbed(&f);
    fixture_weights(&f, before);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, skip_first, NULL));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_status(VGRAD_SKIPPED, one_batch(&f));
    assert_weights(&f, before);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 0);
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_ok(one_batch(&f));
    assert_ok(one_batch(&f)); /* alone at the end */
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    fixture_destroy(&f);
}
END_TEST

START_TEST(max_steps_counts_updates)
{
    fixture f;
    static ear e;
    double after[FIXTURE_WEIGHTS];
    weights_after(2, after);
    make_disturbed(&f);
    listen(&f, &e, VGRAD_BATCH_BEGIN);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 2));
    assert_ok(train(&f, _i, -1));
    ck_assert_int_eq(e.count, 6);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    assert_weights(&f, after);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_new_number_is_that_of_the_next_group)
{
    fixture f;
    make_disturbed(&f);
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, 1));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_ok(one_batch(&f));
    assert_ok(one_batch(&f));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, 2));
    assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_ok(one_batch(&f));
    assert_ok(one_batch(&f));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 4);
    fixture_destroy(&f);
}
END_TEST

/* ---- an epoch whose last batch could not know that it was the last ---- */

static int64_t give(int64_t first, int64_t count, void *x, void *y, void *user)
{
    const fixture *f = user;
    count = count < FIXTURE_ROWS - first ? count : FIXTURE_ROWS - first;
    memcpy(x, f->x + 2 * first, (size_t)(2 * count) * sizeof *f->x);
    memcpy(y, f->y + first, (size_t)count * sizeof *f->y);
    return count;
}

static void make_stream(fixture *f, int64_t k)
{
    make(f, VGRAD_ADAM, 20, 5, k);
    vgrad_dataset_destroy(f->data);
    assert_ok(
        vgrad_dataset_stream(&f->data, -1, VGRAD_FLOAT64, 2, VGRAD_FLOAT64, 1, give, f, NULL));
}

/* The same rows, known to be 20. */
static void stream_weights(int64_t k, double *weights)
{
    fixture f;
    make(&f, VGRAD_ADAM, 20, 5, k);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    assert_ok(train(&f, 0, 2));
    fixture_weights(&f, weights);
    fixture_destroy(&f);
}

START_TEST(the_rest_of_a_stream_makes_an_update)
{
    for (int64_t k = 1; k <= 9; k++) {
        fixture f;
        static ear e;
        double weights[FIXTURE_WEIGHTS], found[FIXTURE_WEIGHTS];
        stream_weights(k, weights);
        make_stream(&f, k);
        listen(&f, &e, GROUP_EVENTS | VGRAD_EPOCH_END);
        assert_ok(train(&f, _i, 2));
        fixture_weights(&f, found);
        for (int i = 0; i < FIXTURE_WEIGHTS; i++)
            assert_close(found[i], weights[i]);
        int64_t updates = 2 * ((4 + k - 1) / k);
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), updates);
        ck_assert_int_eq(e.count, 2 * updates + 2);
        const vgrad_event *event = &e.heard[e.count - 2];
        ck_assert_int_eq(event->kind, VGRAD_BATCH_END);
        ck_assert_int_eq(event->samples, 4 % k ? 4 % k * 5 : k < 4 ? k * 5 : 20);
        ck_assert_int_eq(event->batch, 3);
        ck_assert_int_eq(event->epochs, 2);
        ck_assert(event->gradient_norm > 0 && event->loss > 0);
        ck_assert_int_eq(event[1].samples, 20);
        ck_assert(event[1].loss > 0);
        fixture_destroy(&f);
    }
}
END_TEST

/* Its update is that of batches which are over: what was predicted since has no part in it. */
START_TEST(the_rest_of_a_stream_does_not_look_at_later_passes)
{
    fixture f;
    vgrad_tensor view;
    const vgrad_tensor *x, *y;
    double out, *rows = malloc(2 * sizeof *rows);
    make_stream(&f, 5);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    for (int batch = 0; batch < 4; batch++) {
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_status(VGRAD_ACCUMULATED, vgrad_trainer_step(f.trainer));
    }
    rows[0] = rows[1] = (double)NAN;
    vgrad_tensor_matrix(&view, rows, VGRAD_FLOAT64, 1, 2);
    assert_ok(vgrad_network_predict(f.network, &view, &out, VGRAD_FLOAT64, 1));
    free(rows);
    assert_status(VGRAD_DONE, vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

START_TEST(the_rest_of_a_stream_may_be_stopped)
{
    double weights[FIXTURE_WEIGHTS];
    stream_weights(3, weights);
    for (int kind = VGRAD_GRADIENTS_READY; kind <= VGRAD_BATCH_END; kind *= 2)
        for (int32_t answer = -1; answer <= 1; answer += 2) {
            fixture f;
            static ear e;
            make_stream(&f, 3);
            listen(&f, &e, (uint32_t)kind);
            e.answer_at = 2;
            e.answer = answer;
            assert_status(answer < 0 ? VGRAD_E_CALLBACK : VGRAD_STOPPED, train(&f, _i, 2));
            ck_assert_int_eq(vgrad_trainer_steps(f.trainer), kind == VGRAD_BATCH_END ? 2 : 1);
            assert_ok(train(&f, _i, 2));
            assert_weights(&f, weights);
            fixture_destroy(&f);
        }
}
END_TEST

START_TEST(a_stop_requested_in_the_rest_of_a_stream_comes_after_it)
{
    fixture f;
    static ear e;
    const int64_t batch = 3;
    make_stream(&f, 3);
    listen(&f, &e, VGRAD_EPOCH_END);
    assert_ok(
        vgrad_trainer_on(f.trainer, VGRAD_BATCH_BEGIN, 1, request_stop, (void *)(uintptr_t)&batch));
    assert_status(VGRAD_STOPPED, train(&f, _i, 2));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    ck_assert_int_eq(e.count, 0);
    assert_ok(train(&f, _i, 2));
    ck_assert_int_eq(e.count, 2);
    fixture_destroy(&f);
}
END_TEST

static int32_t zero_or_skip(const vgrad_event *event, void *user)
{
    const int *skip = user;
    int64_t count;
    if (event->batch < 3)
        return 0;
    if (*skip)
        assert_ok(vgrad_trainer_skip_update(event->trainer));
    double *gradient = gradient_at(event, 0, &count);
    ck_assert_int_eq(count, 10);
    for (int i = 0; i < 10; i++)
        gradient[i] = 0;
    return 0;
}

START_TEST(the_rest_of_a_stream_may_be_edited_and_skipped)
{
    double weights[2][FIXTURE_WEIGHTS];
    for (int stream = 0; stream < 2; stream++) {
        fixture f;
        int skip = _i;
        make(&f, VGRAD_SGD, 20, 5, 3);
        if (stream) {
            fixture_destroy(&f);
            make_stream(&f, 3);
        }
        vgrad_optimizer_destroy(f.optimizer);
        vgrad_trainer_destroy(f.trainer);
        assert_ok(vgrad_optimizer_create(&f.optimizer, f.network, VGRAD_SGD, 0.1));
        f.trainer = fixture_trainer(&f);
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 5));
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, 3));
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
        assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, zero_or_skip, &skip));
        assert_ok(train(&f, 0, 2));
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), skip ? 2 : 4);
        fixture_weights(&f, weights[stream]);
        fixture_destroy(&f);
    }
    ck_assert_mem_eq(weights[0], weights[1], sizeof weights[0]);
}
END_TEST

/* A last batch that is given up leaves the others of its group. */
START_TEST(what_is_left_when_the_last_batch_is_abandoned_makes_an_update)
{
    fixture f;
    const vgrad_tensor *x, *y;
    make(&f, VGRAD_SGD, 20, 5, 4);
    for (int i = 0; i < 3; i++)
        assert_status(VGRAD_ACCUMULATED, one_batch(&f));
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    assert_ok(vgrad_trainer_forward(f.trainer, x));
    assert_status(VGRAD_DONE, vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

/* ---- who looks on ---- */

static int32_t compare_with_probe(const vgrad_event *event, void *user)
{
    const vgrad_role roles[] = { VGRAD_KERNEL,        VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT,
                                 VGRAD_KERNEL_UPDATE, VGRAD_PREACTIVATION,   VGRAD_DELTA };
    double seen;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        const vgrad_layer *layer = vgrad_network_layer(event->network, 2);
        assert_ok(vgrad_probe_read(user, 2, roles[i], VGRAD_L2, &seen));
        double is = vgrad_tensor_stat(vgrad_layer_tensor(layer, roles[i]), VGRAD_L2);
        ck_assert_double_eq_tol(seen, is, 1e-12 * is);
        ck_assert(is > 0);
    }
    return 0;
}

START_TEST(a_probe_sees_each_group_once)
{
    fixture f;
    vgrad_probe *probe;
    int64_t steps[64];
    double values[64];
    static ear e;
    if (_i)
        make_stream(&f, 3);
    else
        make_disturbed(&f);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_BATCH_END, 1, compare_with_probe, probe));
    listen(&f, &e, VGRAD_FORWARD_DONE);
    e.answer_at = 2;
    e.answer = 1;
    assert_status(VGRAD_STOPPED, train(&f, 0, EPOCHS)); /* that batch comes again */
    assert_ok(train(&f, 0, EPOCHS));
    int64_t updates = vgrad_trainer_steps(f.trainer);
    size_t count =
        vgrad_probe_history(probe, 2, VGRAD_KERNEL_GRADIENT, VGRAD_L2, steps, values, 64);
    ck_assert_int_eq(count, updates);
    for (int64_t i = 0; i < updates; i++)
        ck_assert_int_eq(steps[i], i);
    ck_assert_int_eq(vgrad_probe_history(probe, 2, VGRAD_PREACTIVATION, VGRAD_L2, NULL, NULL, 0),
                     updates);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

/* ---- the number ---- */

static int32_t set_inside(const vgrad_event *event, void *user)
{
    (void)user;
    assert_status(VGRAD_E_STATE, vgrad_trainer_set(event->trainer, VGRAD_TRAINER_ACCUMULATE, 2));
    return 0;
}

START_TEST(the_number_is_whole_and_at_least_one)
{
    fixture f;
    const double bad[] = { 0, -1, 1.5, (double)NAN, (double)INFINITY, 1073741825.0 };
    make(&f, VGRAD_SGD, 20, 5, 1);
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_ACCUMULATE), 1);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, 1073741824.0));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, bad[i]));
        assert_error_names("accumulate: a whole number from 1 to 1073741824, got ");
    }
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_ACCUMULATE), 1073741824.0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_EPOCH_END, 1, set_inside, NULL));
    assert_ok(train(&f, 0, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 1);
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("accumulate");
    TCase *golden = tcase_create("golden");
    tcase_set_timeout(golden, 120);
    tcase_add_loop_test(golden, a_group_is_one_batch_with_all_its_rows, 0, CUTS);
    suite_add_tcase(suite, golden);
    TCase *both = tcase_create("fit and loop");
    tcase_set_timeout(both, 120);
    tcase_add_loop_test(both, the_order_is_that_of_the_documentation, 0, 2);
    tcase_add_loop_test(both, groups_end_with_their_epoch_where_batches_run_across_it, 0, 2);
    tcase_add_loop_test(both, an_answer_ends_the_run_and_its_group_goes_on, 0, 6);
    tcase_add_loop_test(both, a_requested_stop_comes_after_the_group, 0, 2);
    tcase_add_loop_test(both, a_stop_before_a_run_does_not_wait_for_an_old_group, 0, 2);
    tcase_add_loop_test(both, a_batch_that_is_not_finite_does_not_spoil_its_group, 0, 2);
    tcase_add_loop_test(both, max_steps_counts_updates, 0, 2);
    tcase_add_loop_test(both, the_rest_of_a_stream_makes_an_update, 0, 2);
    tcase_add_test(both, the_rest_of_a_stream_does_not_look_at_later_passes);
    tcase_add_loop_test(both, the_rest_of_a_stream_may_be_stopped, 0, 2);
    tcase_add_loop_test(both, a_stop_requested_in_the_rest_of_a_stream_comes_after_it, 0, 2);
    tcase_add_loop_test(both, the_rest_of_a_stream_may_be_edited_and_skipped, 0, 2);
    tcase_add_loop_test(both, a_probe_sees_each_group_once, 0, 2);
    suite_add_tcase(suite, both);
    add_tests(suite, "calls", fit_and_a_loop_tell_the_same, a_batch_that_makes_no_update_says_so,
              a_mean_that_is_not_finite_is_given_up, a_group_whose_update_is_skipped_is_over,
              a_new_number_is_that_of_the_next_group,
              what_is_left_when_the_last_batch_is_abandoned_makes_an_update,
              the_number_is_whole_and_at_least_one);
    return run_suite(suite);
}
