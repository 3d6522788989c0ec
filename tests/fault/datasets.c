/* Every allocation of every call on datasets fails once: nothing leaks, and a set stays as it was.
 */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"

enum { ROWS = 6, WIDTH = 3 };

static const double x[ROWS * WIDTH] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 3, 5, 7, 9, 2, 4, 6, 8 };
static const double y[ROWS] = { 0, 1, 2, 0, 1, 2 };

/* Sets to call something on: rows in memory, with a scaling, and a stream. */
typedef struct stage {
    vgrad_context *context;
    vgrad_dataset *rows, *stream, *out, *second;
} stage;

static int64_t give(int64_t first, int64_t count, void *to_x, void *to_y, void *user)
{
    (void)user;
    count = count < ROWS - first ? count : ROWS - first;
    memcpy(to_x, x + first * WIDTH, (size_t)(count * WIDTH) * sizeof *x);
    memcpy(to_y, y + first, (size_t)count * sizeof *y);
    return count;
}

static vgrad_status copy(stage *s)
{
    return vgrad_dataset_copy(&s->out, ROWS, x, VGRAD_FLOAT64, WIDTH, y, VGRAD_FLOAT64, 1,
                              s->context);
}

static vgrad_status borrow_tensors(stage *s)
{
    vgrad_tensor view;
    return vgrad_dataset_borrow_tensors(
        &s->out, vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, WIDTH), NULL, s->context);
}

static vgrad_status copy_tensors(stage *s)
{
    const int64_t shape[1] = { ROWS };
    vgrad_tensor rows, labels;
    vgrad_tensor_view(&labels, y, VGRAD_FLOAT64, 1, shape, NULL);
    return vgrad_dataset_copy_tensors(
        &s->out, vgrad_tensor_matrix(&rows, x, VGRAD_FLOAT64, ROWS, WIDTH), &labels, s->context);
}

static vgrad_status stream(stage *s)
{
    return vgrad_dataset_stream(&s->out, -1, VGRAD_FLOAT64, WIDTH, VGRAD_FLOAT64, 1, give, NULL,
                                s->context);
}

static vgrad_status digits(stage *s)
{
    return vgrad_dataset_digits(&s->out, 3, 1, s->context);
}

static vgrad_status slice(stage *s)
{
    return vgrad_dataset_slice(&s->out, s->rows, 1, 4);
}

static vgrad_status take(stage *s)
{
    return vgrad_dataset_take(&s->out, s->rows, (const int64_t[]){ 5, 0 }, 2);
}

static vgrad_status split(stage *s)
{
    return vgrad_dataset_split(&s->out, &s->second, s->rows, 2, 1);
}

static vgrad_status set_weights(stage *s)
{
    return vgrad_dataset_set_weights(s->rows, y);
}

static vgrad_status slice_weighted(stage *s)
{
    s->out = NULL;
    vgrad_status status = set_weights(s);
    return status == VGRAD_OK ? slice(s) : status;
}

static vgrad_status take_weighted(stage *s)
{
    s->out = NULL;
    vgrad_status status = set_weights(s);
    return status == VGRAD_OK ? take(s) : status;
}

static vgrad_status scale(stage *s)
{
    return vgrad_dataset_scale(s->rows, 5, 5);
}

static vgrad_status min_max(stage *s)
{
    return vgrad_dataset_scale_min_max(s->rows, -1, 1);
}

static vgrad_status standardize(stage *s)
{
    return vgrad_dataset_standardize(s->rows);
}

static vgrad_status scale_as(stage *s)
{
    vgrad_status status = vgrad_dataset_scale_as(s->stream, s->rows);
    if (status == VGRAD_OK)
        status = vgrad_dataset_scale_as(s->rows, s->stream);
    return status;
}

static vgrad_status standardize_stream(stage *s)
{
    return vgrad_dataset_standardize(s->stream);
}

static vgrad_status read_stream(stage *s)
{
    double rows[2 * WIDTH], labels[2];
    return vgrad_dataset_read(s->stream, 1, 2, rows, labels, VGRAD_FLOAT64);
}

static const struct {
    const char *name;
    vgrad_status (*call)(stage *s);
    int makes; /* sets */
} calls[] = {
    { "copy", copy, 1 },
    { "borrow_tensors", borrow_tensors, 1 },
    { "copy_tensors", copy_tensors, 1 },
    { "stream", stream, 1 },
    { "digits", digits, 1 },
    { "slice", slice, 1 },
    { "take", take, 1 },
    { "split", split, 2 },
    { "set_weights", set_weights, 0 },
    { "slice with weights", slice_weighted, 1 },
    { "take with weights", take_weighted, 1 },
    { "scale", scale, 0 },
    { "scale_min_max", min_max, 0 },
    { "standardize", standardize, 0 },
    { "scale_as", scale_as, 0 },
    { "standardize a stream", standardize_stream, 0 },
    { "read a stream", read_stream, 0 },
};
enum { CALLS = sizeof calls / sizeof *calls };

static void begin(stage *s, allocator *a)
{
    memset(s, 0, sizeof *s);
    memset(a, 0, sizeof *a);
    assert_ok(vgrad_context_create(&s->context, allocator_alloc, allocator_release, a));
    assert_ok(stream(s));
    s->stream = s->out;
    assert_ok(copy(s));
    s->rows = s->out;
    s->out = NULL;
    assert_ok(vgrad_dataset_scale(s->rows, 2, 1));
}

/* In an order that leaves parts behind those that they come from. */
static void end(stage *s, allocator *a)
{
    allocator_arm(a, 1, true);
    vgrad_context_destroy(s->context);
    vgrad_dataset_destroy(s->rows);
    vgrad_dataset_destroy(s->stream);
    vgrad_dataset_destroy(s->out);
    vgrad_dataset_destroy(s->second);
    ck_assert_int_eq(a->calls, 0);
    ck_assert_int_eq(a->blocks, 0);
    ck_assert_uint_eq(a->bytes, 0);
    ck_assert_int_eq(a->mistakes, 0);
}

/* The rows are those of begin(), with the scaling of begin(). */
static void assert_untouched(const stage *s)
{
    double found[ROWS * WIDTH];
    assert_ok(vgrad_dataset_read(s->rows, 0, ROWS, found, NULL, VGRAD_FLOAT64));
    for (int i = 0; i < ROWS * WIDTH; i++)
        ck_assert_double_eq(found[i], 2 * x[i] + 1);
}

/* Fails allocation n of a call, then tries it again; false if it has no n-th. */
static bool disturb(int number, long n)
{
    stage s;
    allocator a;
    begin(&s, &a);
    vgrad_dataset *const left = s.rows; /* nothing that fails may leave it in an out */
    s.out = calls[number].makes > 0 ? left : NULL;
    s.second = calls[number].makes > 1 ? left : NULL;
    allocator_arm(&a, n, false);
    vgrad_status status = calls[number].call(&s);
    bool failed = a.failed > 0;
    allocator_disarm(&a);
    if (failed) {
        ck_assert_msg(status == VGRAD_E_MEMORY, "%s, allocation %ld: %s", calls[number].name, n,
                      vgrad_status_name(status));
        assert_error_names("no memory");
        ck_assert(!s.out && !s.second);
        assert_untouched(&s);
        status = calls[number].call(&s);
    }
    assert_ok(status);
    end(&s, &a);
    return failed;
}

START_TEST(a_failed_allocation_leaves_the_sets_alone)
{
    long n = 0;
    while (disturb(_i, n + 1))
        n++;
    ck_assert_int_gt(n, 0);
}
END_TEST

/* ---- once it runs, a stream needs no more ---- */

enum { EPOCHS = 6 };

typedef struct counts {
    const allocator *a;
    long calls[EPOCHS];
} counts;

static int32_t count(const vgrad_event *event, void *user)
{
    counts *c = user;
    c->calls[event->epoch] = c->a->calls;
    return 0;
}

START_TEST(no_epoch_of_a_stream_after_the_first_asks_for_memory)
{
    stage s;
    allocator a;
    counts c = { .a = &a };
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    begin(&s, &a);
    assert_ok(vgrad_dataset_standardize(s.stream));
    assert_ok(vgrad_network_create(&network, s.context));
    assert_ok(
        vgrad_network_build(network, vgrad_dense(vgrad_input(network, WIDTH), 3, VGRAD_SOFTMAX)));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_CROSSENTROPY, sgd));
    assert_ok(vgrad_trainer_set(trainer, VGRAD_TRAINER_BATCH_SIZE, 4));
    assert_ok(vgrad_trainer_set(trainer, VGRAD_TRAINER_ACROSS_EPOCHS, 1));
    assert_ok(vgrad_trainer_set_validation(trainer, s.stream));
    assert_ok(vgrad_trainer_on(trainer, VGRAD_EPOCH_END, 1, count, &c));
    allocator_arm(&a, 0, false);
    assert_ok(vgrad_trainer_fit(trainer, s.stream, EPOCHS));
    for (int epoch = 1; epoch < EPOCHS; epoch++)
        ck_assert_int_eq(c.calls[epoch], c.calls[0]);
    ck_assert_int_gt(c.calls[0], 0);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    end(&s, &a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("datasets");
    TCase *every = tcase_create("every allocation");
    tcase_add_loop_test(every, a_failed_allocation_leaves_the_sets_alone, 0, CALLS);
    suite_add_tcase(suite, every);
    add_tests(suite, "steady", no_epoch_of_a_stream_after_the_first_asks_for_memory);
    return run_suite(suite);
}
