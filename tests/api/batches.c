/* Which rows a batch has: streams, batches across the border of epochs, runs bounded in steps. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fixture.h"

/* ---- a stream over the fixture's rows ---- */

typedef struct source {
    const fixture *f;
    int64_t rows;   /* that there are */
    int64_t most;   /* that it gives at a time */
    int64_t answer; /* instead, if not 0, ... */
    int64_t at;     /* ... from this row on */
    int64_t asked[64], count[64];
    int calls;
} source;

static int64_t give(int64_t first, int64_t count, void *x, void *y, void *user)
{
    source *s = user;
    if (s->calls < 64) {
        s->asked[s->calls] = first;
        s->count[s->calls] = count;
    }
    s->calls++;
    if (s->answer != 0 && first >= s->at)
        return s->answer;
    int64_t left = first < s->rows ? s->rows - first : 0;
    count = count < left ? count : left;
    count = count < s->most ? count : s->most;
    memcpy(x, s->f->x + 2 * first, (size_t)count * 2 * sizeof(double));
    memcpy(y, s->f->y + first, (size_t)count * sizeof(double));
    return count;
}

static vgrad_dataset *stream(source *s, const fixture *f, int64_t most, bool known)
{
    vgrad_dataset *data;
    *s = (source){ .f = f, .rows = FIXTURE_ROWS, .most = most };
    assert_ok(vgrad_dataset_stream(&data, known ? FIXTURE_ROWS : -1, VGRAD_FLOAT64, 2,
                                   VGRAD_FLOAT64, 1, give, s, NULL));
    return data;
}

/* Weights after a run over rows in memory, in their order. */
static void in_order(vgrad_dtype dtype, bool across, double *weights)
{
    fixture f;
    fixture_make(&f, dtype, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, across));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    fixture_weights(&f, weights);
    fixture_destroy(&f);
}

/* Bits of _i: float64, rows known, across epochs, few rows at a time. */
START_TEST(a_stream_trains_as_the_same_rows_in_memory)
{
    const vgrad_dtype dtype = _i & 1 ? VGRAD_FLOAT64 : VGRAD_FLOAT32;
    fixture f;
    source s;
    double expected[FIXTURE_WEIGHTS], loss, accuracy, its_loss, its_accuracy;
    in_order(dtype, _i & 4, expected);
    fixture_make(&f, dtype, 0);
    vgrad_dataset *data = stream(&s, &f, _i & 8 ? 4 : 100, _i & 2);
    ck_assert_int_eq(vgrad_dataset_rows(data), _i & 2 ? FIXTURE_ROWS : -1);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, (_i & 4) != 0));
    assert_ok(vgrad_trainer_fit(f.trainer, data, 3));
    assert_weights(&f, expected);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), _i & 4 ? 10 : 12);
    assert_ok(vgrad_trainer_evaluate(f.trainer, f.data, &loss, &accuracy));
    assert_ok(vgrad_trainer_evaluate(f.trainer, data, &its_loss, &its_accuracy));
    ck_assert_double_eq(loss, its_loss);
    ck_assert_double_eq(accuracy, its_accuracy);
    assert_ok(vgrad_trainer_set_validation(f.trainer, data));
    vgrad_dataset_destroy(data);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 4));
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_stream_is_asked_in_order_and_never_past_its_end)
{
    fixture f;
    source s;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 4, true);
    static const int64_t first[] = { 0, 4, 6, 10, 12, 16, 18, 0 };
    static const int64_t count[] = { 6, 2, 6, 2, 6, 2, 2, 6 };
    assert_ok(vgrad_trainer_fit(f.trainer, data, 2));
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(s.asked[i], first[i]);
        ck_assert_int_eq(s.count[i], count[i]);
    }
    ck_assert_int_eq(s.calls, 14);
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* Where a stream fails, the weights are those of the last step, and the run can go on. */
START_TEST(what_a_stream_does_wrong_is_reported)
{
    static const struct {
        int64_t answer;
        vgrad_status status;
        const char *names;
    } ways[] = { { -3, VGRAD_E_CALLBACK, "gave -3" },
                 { 1000, VGRAD_E_CALLBACK, "gave 1000" },
                 { INT64_MIN, VGRAD_E_CALLBACK, "from 12 on" } };
    fixture f;
    source s;
    double expected[FIXTURE_WEIGHTS], before[FIXTURE_WEIGHTS];
    in_order(VGRAD_FLOAT64, false, expected);
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, true);
    s.at = 12;
    s.answer = ways[_i].answer;
    assert_status(ways[_i].status, vgrad_trainer_fit(f.trainer, data, 3));
    assert_error_names(ways[_i].names);
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    fixture_weights(&f, before);
    assert_status(ways[_i].status, vgrad_trainer_fit(f.trainer, data, 3));
    assert_weights(&f, before);
    assert_status(ways[_i].status, vgrad_trainer_evaluate(f.trainer, data, NULL, NULL));
    s.answer = 0;
    assert_ok(vgrad_trainer_fit(f.trainer, data, 3));
    assert_weights(&f, expected);
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_stream_that_ends_early_is_no_shorter_stream)
{
    fixture f;
    source s;
    double x[2 * FIXTURE_ROWS];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, true);
    s.rows = FIXTURE_ROWS - 1;
    assert_status(VGRAD_E_IO, vgrad_trainer_fit(f.trainer, data, 1));
    assert_error_names("19 of 20 rows");
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 3);
    assert_status(VGRAD_E_IO, vgrad_trainer_evaluate(f.trainer, data, NULL, NULL));
    assert_status(VGRAD_E_IO, vgrad_dataset_standardize(data));
    assert_status(VGRAD_E_IO, vgrad_dataset_read(data, 10, 10, x, NULL, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(data, 10, 9, x, NULL, VGRAD_FLOAT64));
    ck_assert_mem_eq(x, f.x + 20, 18 * sizeof *x);
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_stream_without_rows_ends_nothing_in_silence)
{
    fixture f;
    source s;
    double x[4];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, false);
    s.rows = 0;
    assert_status(VGRAD_E_IO, vgrad_trainer_fit(f.trainer, data, 5));
    assert_error_names("no rows");
    assert_status(VGRAD_E_IO, vgrad_trainer_evaluate(f.trainer, data, NULL, NULL));
    assert_status(VGRAD_E_IO, vgrad_dataset_scale_min_max(data, 0, 1));
    assert_status(VGRAD_E_IO, vgrad_dataset_read(data, 0, 1, x, NULL, VGRAD_FLOAT64));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

START_TEST(streams_are_scaled_and_refuse_parts_and_shuffling)
{
    fixture f;
    source s;
    double mine[2 * FIXTURE_ROWS], its[2 * FIXTURE_ROWS];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 7, _i), *part = data, *other = data;
    assert_ok(vgrad_dataset_standardize(f.data));
    assert_ok(vgrad_dataset_standardize(data));
    assert_ok(vgrad_dataset_read(f.data, 0, FIXTURE_ROWS, mine, NULL, VGRAD_FLOAT64));
    assert_ok(vgrad_dataset_read(data, 0, FIXTURE_ROWS, its, NULL, VGRAD_FLOAT64));
    ck_assert_mem_eq(mine, its, sizeof mine);
    assert_ok(vgrad_dataset_one_hot(data, 2));
    assert_ok(vgrad_dataset_read(data, 1, FIXTURE_ROWS - 1, NULL, its, VGRAD_FLOAT64));
    for (int i = 1; i < FIXTURE_ROWS; i++)
        ck_assert(its[2 * i - 2] == 1 - f.y[i] && its[2 * i - 1] == f.y[i]);
    assert_ok(vgrad_dataset_one_hot(data, 0));
    assert_status(VGRAD_E_STATE, vgrad_dataset_slice(&part, data, 0, 1));
    ck_assert_ptr_null(part);
    assert_status(VGRAD_E_STATE, vgrad_dataset_take(&part, data, (const int64_t[]){ 0 }, 1));
    assert_status(VGRAD_E_STATE, vgrad_dataset_split(&part, &other, data, 1, 1));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 1));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_fit(f.trainer, data, 1));
    assert_error_names("shuffle");
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    assert_ok(vgrad_trainer_fit(f.trainer, data, 1));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

static int64_t give_bytes(int64_t first, int64_t count, void *x, void *y, void *user)
{
    ck_assert_ptr_null(y);
    ck_assert_ptr_null(user);
    for (int64_t i = 0; i < count; i++)
        ((uint8_t *)x)[i] = (uint8_t)(first + i);
    return count;
}

START_TEST(a_stream_may_be_of_bytes_and_without_y)
{
    vgrad_dataset *data;
    fixture f;
    float x[5];
    int64_t shape[VGRAD_MAX_RANK];
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(
        vgrad_dataset_stream(&data, -1, VGRAD_UINT8, 1, VGRAD_UINT8, 0, give_bytes, NULL, NULL));
    ck_assert_int_eq(vgrad_dataset_x_shape(data, shape), 2);
    ck_assert(shape[0] == -1 && shape[1] == 1);
    ck_assert_int_eq(vgrad_dataset_y_width(data), 0);
    assert_ok(vgrad_dataset_scale(data, 0.5, 1));
    assert_ok(vgrad_dataset_read(data, 40, 5, x, NULL, VGRAD_FLOAT32));
    for (int i = 0; i < 5; i++)
        ck_assert(x[i] == 0.5f * (float)(40 + i) + 1);
    assert_status(VGRAD_E_STATE, vgrad_dataset_read(data, 0, 1, x, x, VGRAD_FLOAT32));
    assert_status(VGRAD_E_INVALID, vgrad_dataset_read(data, INT64_MAX, 1, x, NULL, VGRAD_FLOAT32));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* ---- across the border of epochs ---- */

enum { MOST_ROWS = 400, BATCHES_MAX = 200 };

/* What next() gave: the rows by their number, and which batch they came in. */
typedef struct given {
    int rows[MOST_ROWS], row_count;
    int sizes[BATCHES_MAX], epochs[BATCHES_MAX], in_epoch[BATCHES_MAX], of_epoch[BATCHES_MAX];
    int batches, epoch_ends;
    int samples[BATCHES_MAX]; /* of each epoch that ended */
    int fail_at;              /* this batch's callback fails once, from 1 */
} given;

static int32_t note_epoch(const vgrad_event *event, void *user)
{
    given *g = user;
    g->samples[g->epoch_ends++] = (int)event->samples;
    return 0;
}

static int32_t maybe_fail(const vgrad_event *event, void *user)
{
    given *g = user;
    (void)event;
    bool fails = g->fail_at == g->batches;
    if (fails)
        g->fail_at = 0;
    return fails ? -1 : 0;
}

/* A run over rows that are their own number, with an input of width 2: (number, 0). */
static void run(given *g, int rows, int batch, int epochs, int steps, bool shuffle, int fail_at)
{
    fixture f;
    double x[2 * 64] = { 0 }, y[64] = { 0 };
    vgrad_dataset *data;
    const vgrad_tensor *xs, *ys;
    vgrad_status status;
    memset(g, 0, sizeof *g);
    g->fail_at = fail_at;
    for (int i = 0; i < rows; i++)
        x[2 * i] = i;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_dataset_borrow(&data, rows, x, VGRAD_FLOAT64, 2, y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, batch));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, shuffle));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, steps));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_EPOCH_END, 1, note_epoch, g));
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, maybe_fail, g));
    while ((status = vgrad_trainer_next(f.trainer, data, epochs, &xs, &ys)) != VGRAD_DONE) {
        if (status == VGRAD_E_CALLBACK) { /* the batch comes again */
            g->row_count -= g->sizes[--g->batches];
            continue;
        }
        assert_ok(status);
        ck_assert_int_eq(xs->shape[0], ys->shape[0]);
        for (int i = 0; i < xs->shape[0]; i++)
            g->rows[g->row_count++] = (int)vgrad_tensor_f64(xs)[2 * i];
        g->sizes[g->batches] = (int)xs->shape[0];
        g->epochs[g->batches] = (int)vgrad_trainer_epoch(f.trainer);
        g->in_epoch[g->batches] = (int)vgrad_trainer_batch(f.trainer);
        g->of_epoch[g->batches++] = (int)vgrad_trainer_batches(f.trainer);
        vgrad_trainer_forward(f.trainer, xs);
        vgrad_trainer_loss(f.trainer, ys, NULL);
        vgrad_trainer_backward(f.trainer);
        vgrad_trainer_step(f.trainer);
    }
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}

START_TEST(batches_across_epochs_are_full_and_take_each_row_once_an_epoch)
{
    static const int sizes[][2] = { { 20, 6 }, { 20, 7 }, { 20, 20 }, { 20, 19 },
                                    { 20, 1 }, { 20, 5 }, { 13, 9 },  { 2, 2 } };
    given g;
    const int rows = sizes[_i][0], batch = sizes[_i][1], epochs = 7;
    run(&g, rows, batch, epochs, 0, true, 0);
    ck_assert_int_eq(g.batches, (epochs * rows + batch - 1) / batch);
    for (int i = 0, in_epoch = 0; i < g.batches; i++) {
        int epoch = i * batch / rows, begins = (epoch * rows + batch - 1) / batch;
        int ends = ((epoch + 1) * rows + batch - 1) / batch;
        in_epoch = i > 0 && g.epochs[i] == g.epochs[i - 1] ? in_epoch + 1 : 0;
        ck_assert_int_eq(g.sizes[i], batch);
        ck_assert_int_eq(g.epochs[i], epoch);
        ck_assert_int_eq(g.in_epoch[i], in_epoch);
        ck_assert_int_eq(g.of_epoch[i], ends - begins);
    }
    for (int epoch = 0; epoch < epochs; epoch++) {
        int seen[64] = { 0 };
        for (int i = 0; i < rows; i++)
            seen[g.rows[epoch * rows + i]]++;
        for (int i = 0; i < rows; i++)
            ck_assert_int_eq(seen[i], 1);
    }
    ck_assert_int_eq(g.epoch_ends, epochs);
}
END_TEST

START_TEST(without_shuffling_rows_go_round_and_round)
{
    given g;
    run(&g, 11, 4, 6, 0, false, 0);
    for (int i = 0; i < g.row_count; i++)
        ck_assert_int_eq(g.rows[i], i % 11);
    /* An epoch's figures are over the batches that begin in it. */
    static const int samples[] = { 12, 12, 12, 8, 12, 12 };
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(g.samples[i], samples[i]);
}
END_TEST

/* Epochs keep the order that they have without: only the borders of batches move. */
START_TEST(the_order_of_an_epoch_is_the_seeds)
{
    given across, aligned;
    run(&across, 20, 6, 4, 0, true, 0);
    run(&aligned, 20, 20, 4, 0, true, 0);
    ck_assert_int_eq(aligned.row_count, 80);
    ck_assert_mem_eq(across.rows, aligned.rows, 80 * sizeof *across.rows);
}
END_TEST

START_TEST(a_batch_that_failed_at_the_border_comes_again)
{
    given smooth, failing;
    run(&smooth, 20, 6, 4, 0, _i & 1, 0);
    for (int at = 1; at <= smooth.batches; at++) {
        run(&failing, 20, 6, 4, 0, _i & 1, at);
        ck_assert_int_eq(failing.fail_at, 0);
        ck_assert_int_eq(failing.batches, smooth.batches);
        ck_assert_mem_eq(failing.rows, smooth.rows, sizeof smooth.rows);
    }
}
END_TEST

/* The order is asked for when an epoch begins; a new seed waits for one that begins afresh. */
START_TEST(a_new_seed_does_not_tear_an_epoch)
{
    fixture f;
    const vgrad_tensor *x;
    int seen[FIXTURE_ROWS] = { 0 };
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    for (int batch = 0; batch < 10; batch++) { /* 60 rows: three epochs */
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 9, &x, NULL));
        assert_ok(vgrad_trainer_set_seed(f.trainer, (uint64_t)batch));
        for (int i = 0; i < FIXTURE_BATCH; i++)
            for (int row = 0; row < FIXTURE_ROWS; row++)
                seen[row] += vgrad_tensor_f64(x)[2 * i] == f.x[2 * row];
    }
    for (int row = 0; row < FIXTURE_ROWS; row++)
        ck_assert_int_eq(seen[row], 3);
    fixture_destroy(&f);
}
END_TEST

/* Rows that one set lent to an epoch are not those of another, though it has as many. */
START_TEST(what_was_carried_over_is_forgotten_with_its_data)
{
    fixture f;
    source s, t;
    const vgrad_tensor *x;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    vgrad_dataset *first = stream(&s, &f, 100, _i), *second = stream(&t, &f, 100, _i);
    assert_ok(vgrad_trainer_fit(f.trainer, first, 1));
    assert_ok(vgrad_trainer_next(f.trainer, second, 2, &x, NULL));
    ck_assert_int_eq(t.asked[0], 0);
    ck_assert_mem_eq(x->data, f.x, 2 * FIXTURE_BATCH * sizeof *f.x);
    vgrad_dataset_destroy(first);
    vgrad_dataset_destroy(second);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_stream_shorter_than_a_full_batch_is_refused)
{
    fixture f;
    source s;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, false);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 3 * FIXTURE_ROWS));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_fit(f.trainer, data, 3));
    assert_error_names("the stream has 20 rows");
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 0));
    assert_ok(vgrad_trainer_fit(f.trainer, data, 1));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

START_TEST(options_of_an_epoch_are_taken_up_when_it_begins)
{
    fixture f;
    const vgrad_tensor *x;
    int seen[FIXTURE_ROWS] = { 0 };
    fixture_make(&f, VGRAD_FLOAT64, 0);
    for (int batch = 0; batch < FIXTURE_BATCHES; batch++) {
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 2, &x, NULL));
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_SHUFFLE, batch & 1));
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
        assert_ok(vgrad_trainer_set_seed(f.trainer, 77));
        ck_assert_int_eq(x->shape[0], batch < 3 ? FIXTURE_BATCH : 2);
        for (int i = 0; i < x->shape[0]; i++)
            for (int row = 0; row < FIXTURE_ROWS; row++)
                seen[row] += vgrad_tensor_f64(x)[2 * i] == f.x[2 * row];
    }
    for (int row = 0; row < FIXTURE_ROWS; row++)
        ck_assert_int_eq(seen[row], 1);
    fixture_destroy(&f);
}
END_TEST

START_TEST(within_an_epoch_data_and_batch_size_stay_until_it_is_abandoned)
{
    fixture f;
    vgrad_dataset *same;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_dataset_copy(&same, FIXTURE_ROWS, f.x, VGRAD_FLOAT64, 2, f.y, VGRAD_FLOAT64, 1,
                                 NULL));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 2));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 5));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 9));
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(f.trainer, same, 5));
    assert_error_names("abandon_epoch");
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_BATCH_SIZE, 5));
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(f.trainer, f.data, 5));
    assert_error_names("batch_size: 5 within epoch 0, which has batches of 6");
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2);
    assert_ok(vgrad_trainer_abandon_epoch(f.trainer));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_abandon_epoch(NULL));
    assert_ok(vgrad_trainer_fit(f.trainer, same, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 2 + 4);
    vgrad_dataset_destroy(same);
    fixture_destroy(&f);
}
END_TEST

/* A batch whose step failed and is tried again by hand does not count as another one. */
START_TEST(a_batch_tried_again_by_hand_is_not_lost)
{
    fixture f;
    const vgrad_tensor *x, *y;
    vgrad_tensor wrong;
    double first[2 * FIXTURE_BATCH];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
    memcpy(first, x->data, sizeof first);
    vgrad_tensor_matrix(&wrong, first, VGRAD_FLOAT64, FIXTURE_BATCH, 2);
    for (int i = 0; i < 2; i++) {
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_status(VGRAD_E_SHAPE, vgrad_trainer_loss(f.trainer, &wrong, NULL));
    }
    if (_i == 0) { /* failed: it comes again */
        assert_status(VGRAD_E_SHAPE, vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
        ck_assert_mem_eq(x->data, first, sizeof first);
        ck_assert_int_eq(vgrad_trainer_batch(f.trainer), 0);
    } else { /* mended: the next one comes, and it was in the epoch's sums */
        assert_ok(vgrad_trainer_forward(f.trainer, x));
        assert_ok(vgrad_trainer_loss(f.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(f.trainer));
        assert_ok(vgrad_trainer_step(f.trainer));
        assert_ok(vgrad_trainer_next(f.trainer, f.data, 1, &x, &y));
        ck_assert_mem_ne(x->data, first, sizeof first);
        ck_assert_int_eq(vgrad_trainer_batch(f.trainer), 1);
    }
    fixture_destroy(&f);
}
END_TEST

/* ---- streams in odd hands ---- */

START_TEST(the_end_of_a_stream_is_asked_for_once)
{
    fixture f;
    source s;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, false);
    assert_ok(vgrad_trainer_evaluate(f.trainer, data, NULL, NULL));
    ck_assert_int_eq(s.calls, 5); /* three full batches, 2 rows, and the end */
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

typedef struct goner {
    source s;
    vgrad_dataset *data;
} goner;

static int64_t give_and_let_go(int64_t first, int64_t count, void *x, void *y, void *user)
{
    goner *g = user;
    vgrad_dataset_destroy(g->data);
    g->data = NULL;
    return give(first, count, x, y, &g->s);
}

START_TEST(a_stream_may_be_let_go_of_by_its_own_function)
{
    fixture f;
    goner g;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    g.s = (source){ .f = &f, .rows = FIXTURE_ROWS, .most = 100 };
    assert_ok(vgrad_dataset_stream(&g.data, -1, VGRAD_FLOAT64, 2, VGRAD_FLOAT64, 1, give_and_let_go,
                                   &g, NULL));
    if (_i)
        assert_ok(vgrad_trainer_evaluate(f.trainer, g.data, NULL, NULL));
    else
        assert_ok(vgrad_trainer_fit(f.trainer, g.data, 1));
    ck_assert_ptr_null(g.data);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_stream_may_say_that_it_is_as_long_as_can_be)
{
    fixture f;
    source s = { .rows = FIXTURE_ROWS, .most = 100 };
    vgrad_dataset *data;
    const vgrad_tensor *x;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    s.f = &f;
    assert_ok(
        vgrad_dataset_stream(&data, INT64_MAX, VGRAD_FLOAT64, 2, VGRAD_FLOAT64, 1, give, &s, NULL));
    assert_ok(vgrad_trainer_next(f.trainer, data, 1, &x, NULL));
    ck_assert_int_eq(vgrad_trainer_batches(f.trainer), INT64_MAX / FIXTURE_BATCH + 1);
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* ---- runs bounded in steps ---- */

START_TEST(a_run_ends_after_its_steps_and_goes_on_where_it_was)
{
    double expected[FIXTURE_WEIGHTS];
    fixture f;
    fixture_undisturbed(VGRAD_FLOAT64, 3, expected); /* 12 steps */
    for (int at = 1; at < 12; at++) {
        fixture_make(&f, VGRAD_FLOAT64, 0);
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, at));
        assert_ok(_i ? fixture_loop(&f, f.data, 3) : vgrad_trainer_fit(f.trainer, f.data, 3));
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), at);
        assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3)); /* nothing is left to do */
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), at);
        assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 12));
        assert_ok(vgrad_trainer_fit(f.trainer, f.data, -1));
        ck_assert_int_eq(vgrad_trainer_steps(f.trainer), 12);
        assert_weights(&f, expected);
        fixture_destroy(&f);
    }
}
END_TEST

static int32_t count_ends(const vgrad_event *event, void *user)
{
    int *count = user;
    count[event->kind == VGRAD_TRAIN_END]++;
    ck_assert_int_eq(event->epochs, -1);
    return 0;
}

START_TEST(only_epochs_that_are_over_end)
{
    fixture f;
    int count[2] = { 0 };
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_EPOCH_END | VGRAD_TRAIN_END, 1, count_ends, count));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 2 * FIXTURE_BATCHES + 1));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, -1));
    ck_assert_int_eq(count[0], 2);
    ck_assert_int_eq(count[1], 1);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 3 * FIXTURE_BATCHES));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, -1));
    ck_assert_int_eq(count[0], 3);
    ck_assert_int_eq(count[1], 2);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_run_without_any_bound_is_refused)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_MAX_STEPS), 0);
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS), 0);
    assert_status(VGRAD_E_INVALID, vgrad_trainer_fit(f.trainer, f.data, -1));
    assert_error_names("max_steps");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_fit(f.trainer, f.data, -2));
    assert_error_names("-2");
    const double bad[] = { -1, 0.5, NAN, INFINITY, 0x1p54 };
    for (int i = 0; i < 5; i++)
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, bad[i]));
    for (int i = 1; i < 5; i++)
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACROSS_EPOCHS, bad[i]));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 7));
    ck_assert_double_eq(vgrad_trainer_get(f.trainer, VGRAD_TRAINER_MAX_STEPS), 7);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 0));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    ck_assert_int_eq(vgrad_trainer_steps(f.trainer), FIXTURE_BATCHES);
    fixture_destroy(&f);
}
END_TEST

static int32_t keep_text(const char *text, size_t length, void *user)
{
    memcpy(user, text, length);
    ((char *)user)[length] = '\0';
    return 0;
}

START_TEST(progress_names_no_end_that_is_not_known)
{
    fixture f;
    source s;
    char line[600];
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_dataset *data = stream(&s, &f, 100, false);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, FIXTURE_BATCHES));
    assert_ok(vgrad_trainer_progress(f.trainer, keep_text, line));
    assert_ok(vgrad_trainer_fit(f.trainer, data, -1));
    ck_assert_ptr_nonnull(strstr(line, "Epoch 1  4 ["));
    vgrad_dataset_destroy(data);
    fixture_destroy(&f);
}
END_TEST

/* A run that ends within an epoch still ends its line, with all of its batches. */
START_TEST(progress_ends_its_line_where_the_run_ends)
{
    fixture f;
    char line[600] = "";
    fixture_make(&f, VGRAD_FLOAT64, 0);
    assert_ok(vgrad_trainer_set_validation(f.trainer, f.data));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, FIXTURE_BATCHES + 2));
    assert_ok(vgrad_trainer_progress(f.trainer, keep_text, line));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 7));
    ck_assert_msg(strncmp(line, "\rEpoch 2/7  2/4 [==========  ", 28) == 0, "%s", line);
    ck_assert_int_eq(line[strlen(line) - 1], '\n');
    ck_assert_ptr_null(strstr(line, "nan"));
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_MAX_STEPS, 2 * FIXTURE_BATCHES));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 7));
    ck_assert_ptr_nonnull(strstr(line, "Epoch 2/7  4/4 [====================]"));
    ck_assert_ptr_nonnull(strstr(line, "  validation loss 0."));
    ck_assert_ptr_nonnull(strstr(strstr(line, "validation"), " accuracy 0."));
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batches");
    TCase *streams = tcase_create("streams");
    tcase_add_loop_test(streams, a_stream_trains_as_the_same_rows_in_memory, 0, 16);
    tcase_add_loop_test(streams, what_a_stream_does_wrong_is_reported, 0, 3);
    tcase_add_loop_test(streams, streams_are_scaled_and_refuse_parts_and_shuffling, 0, 2);
    suite_add_tcase(suite, streams);
    add_tests(suite, "stream", a_stream_is_asked_in_order_and_never_past_its_end,
              a_stream_that_ends_early_is_no_shorter_stream,
              a_stream_without_rows_ends_nothing_in_silence,
              a_stream_may_be_of_bytes_and_without_y);
    TCase *across = tcase_create("across epochs");
    tcase_add_loop_test(across, batches_across_epochs_are_full_and_take_each_row_once_an_epoch, 0,
                        8);
    tcase_add_loop_test(across, a_batch_that_failed_at_the_border_comes_again, 0, 2);
    suite_add_tcase(suite, across);
    add_tests(suite, "order", without_shuffling_rows_go_round_and_round,
              the_order_of_an_epoch_is_the_seeds, a_new_seed_does_not_tear_an_epoch);
    TCase *odd = tcase_create("odd");
    tcase_add_loop_test(odd, what_was_carried_over_is_forgotten_with_its_data, 0, 2);
    tcase_add_loop_test(odd, a_batch_tried_again_by_hand_is_not_lost, 0, 2);
    tcase_add_loop_test(odd, a_stream_may_be_let_go_of_by_its_own_function, 0, 2);
    suite_add_tcase(suite, odd);
    add_tests(suite, "odd hands", a_stream_shorter_than_a_full_batch_is_refused,
              options_of_an_epoch_are_taken_up_when_it_begins,
              within_an_epoch_data_and_batch_size_stay_until_it_is_abandoned,
              the_end_of_a_stream_is_asked_for_once, a_stream_may_say_that_it_is_as_long_as_can_be);
    TCase *steps = tcase_create("steps");
    tcase_add_loop_test(steps, a_run_ends_after_its_steps_and_goes_on_where_it_was, 0, 2);
    suite_add_tcase(suite, steps);
    add_tests(suite, "bounds", only_epochs_that_are_over_end, a_run_without_any_bound_is_refused,
              progress_names_no_end_that_is_not_known, progress_ends_its_line_where_the_run_ends);
    return run_suite(suite);
}
