/* lib/record: every call for a file fails once while a run is recorded; training and the other
   sinks go on, and the trouble is told. Without protobuf-c there are two sinks. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "base/context.h"
#include "failing_files.h"
#include "runner.h"
#include "scratch.h"

enum { ROOM = 1 << 21, SINKS = 3 };

static const char *top;
static failing_files files;
static vgrad_context *context;
static char last_line[512];
static int lines;
static vgrad_recorder *given_up_by_log;

static void hear(int32_t level, const char *line, void *user)
{
    (void)user;
    if (level != VGRAD_LOG_WARNING || !strstr(line, "record"))
        return;
    lines++;
    snprintf(last_line, sizeof last_line, "%s", line);
    vgrad_recorder *recorder = given_up_by_log;
    given_up_by_log = NULL;
    vgrad_recorder_destroy(recorder); /* which may have more to tell */
}

static void begin(void)
{
    top = scratch_begin();
    files = (failing_files){ .error = EIO };
    lines = 0;
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    assert_ok(vgrad_context_set_log(context, VGRAD_LOG_WARNING, hear, NULL));
    vgrad__context_set_files(context, failing_files_begin(&files));
}

static void end(void)
{
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    scratch_end();
}

typedef struct world {
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    vgrad_probe *probe;
} world;

static world make(void)
{
    world w;
    assert_ok(vgrad_dataset_circles(&w.data, 64, 0.5, 0.1, 1, NULL));
    assert_ok(vgrad_network_create(&w.network, NULL));
    vgrad_layer *h = vgrad_dense(vgrad_input(w.network, 2), 5, VGRAD_TANH);
    assert_ok(vgrad_network_build(w.network, vgrad_dense(h, 1, VGRAD_SIGMOID)));
    assert_ok(vgrad_optimizer_create(&w.optimizer, w.network, VGRAD_SGD, 0.1));
    assert_ok(
        vgrad_trainer_create(&w.trainer, w.network, VGRAD_LOSS_BINARY_CROSSENTROPY, w.optimizer));
    assert_ok(vgrad_probe_create(&w.probe, NULL));
    assert_ok(vgrad_probe_set(w.probe, VGRAD_PROBE_HISTOGRAM_EVERY, 2));
    assert_ok(vgrad_probe_attach(w.probe, w.network));
    return w;
}

static void drop(const world *w)
{
    vgrad_probe_destroy(w->probe);
    vgrad_trainer_destroy(w->trainer);
    vgrad_optimizer_destroy(w->optimizer);
    vgrad_network_destroy(w->network);
    vgrad_dataset_destroy(w->data);
}

static const char *path_of(const char *name)
{
    static char path[96];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

/* All sinks that this build has; the first failure of those that were added. */
static vgrad_status add_all(vgrad_recorder *recorder)
{
    static const struct {
        vgrad_sink sink;
        const char *name;
    } sinks[SINKS] = { { VGRAD_SINK_CSV, "a.csv" },
                       { VGRAD_SINK_JSONL, "a.jsonl" },
                       { VGRAD_SINK_TENSORBOARD, "logs" } };
    vgrad_status first = VGRAD_OK;
    for (int i = 0; i < SINKS; i++) {
        vgrad_status status = vgrad_recorder_add(recorder, sinks[i].sink, path_of(sinks[i].name));
        if (status != VGRAD_E_UNSUPPORTED && first == VGRAD_OK)
            first = status;
    }
    return first;
}

static size_t get(const char *name, char *bytes)
{
    FILE *stream = fopen(path_of(name), "rb");
    ck_assert_ptr_nonnull(stream);
    const size_t size = fread(bytes, 1, ROOM - 1, stream);
    fclose(stream);
    bytes[size] = '\0';
    return size;
}

/* What a file has in a run that nothing disturbs. */
static void train(const world *w, vgrad_recorder *recorder)
{
    assert_ok(vgrad_recorder_probe(recorder, w->probe));
    assert_ok(vgrad_recorder_trainer(recorder, w->trainer));
    assert_ok(vgrad_trainer_fit(w->trainer, w->data, 2));
}

START_TEST(a_call_that_fails_ends_one_sink_alone)
{
    static char csv[ROOM], jsonl[ROOM], found[ROOM];
    vgrad_recorder *recorder;
    for (long n = 0;; n++) {
        const world w = make();
        files.calls = lines = 0;
        files.fail_at = n;
        assert_ok(vgrad_recorder_create(&recorder, "run", context));
        assert_ok(vgrad_recorder_set(recorder, VGRAD_RECORDER_MAX_BYTES, 20000));
        const vgrad_status added = add_all(recorder);
        const bool failed_early = files.fail_at && files.calls >= files.fail_at;
        train(&w, recorder);
        const bool failed = files.fail_at && files.calls >= files.fail_at;
        files.fail_at = 0;
        const vgrad_status status = vgrad_recorder_flush(recorder);
        if (failed_early) {
            assert_status(VGRAD_E_IO, added);
            assert_ok(status); /* it was answered by add() */
        } else if (failed) {
            assert_status(VGRAD_E_IO, status);
            assert_error_names(top);
            ck_assert_int_eq(lines, 1);
            ck_assert_ptr_nonnull(strstr(last_line, top));
        } else {
            assert_ok(status);
            ck_assert_int_eq(lines, 0);
        }
        vgrad_recorder_destroy(recorder);
        drop(&w);
        ck_assert_int_eq(files.is_open, 0);
        if (n == 0) {
            get("a.csv", csv);
            get("a.jsonl", jsonl);
        } else if (failed && !failed_early) { /* at most one of the two is another one */
            get("a.csv", found);
            const bool same = strcmp(found, csv) == 0;
            get("a.jsonl", found);
            ck_assert(same || strcmp(found, jsonl) == 0);
        } else if (!failed) {
            ck_assert_int_gt(n, 30);
            break;
        }
    }
}
END_TEST

START_TEST(a_full_device_leaves_whole_lines_before_the_last)
{
    static char found[ROOM];
    vgrad_recorder *recorder;
    const world w = make();
    assert_ok(vgrad_recorder_create(&recorder, "run", context));
    assert_ok(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path_of("a.csv")));
    files.limited = true;
    files.room = 30000;
    train(&w, recorder);
    assert_status(VGRAD_E_IO, vgrad_recorder_flush(recorder));
    assert_error_names("No space left");
    ck_assert_int_eq(lines, 1);
    assert_status(VGRAD_E_IO, vgrad_recorder_flush(recorder)); /* it stays told */
    assert_ok(vgrad_recorder_scalar(recorder, 1, "x", 1));     /* by this call nothing failed */
    vgrad_recorder_destroy(recorder);
    ck_assert_int_eq(lines, 1);
    drop(&w);
    get("a.csv", found);
    found[strcspn(found, "\n")] = '\0';
    ck_assert_str_eq(found, "run,step,epoch,layer,role,quantity,value");
    files.room = 10; /* from the first line on */
    assert_ok(vgrad_recorder_create(&recorder, "run", context));
    assert_status(VGRAD_E_IO, vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path_of("b.csv")));
    assert_error_names("b.csv");
    vgrad_recorder_destroy(recorder);
}
END_TEST

START_TEST(the_call_by_which_a_sink_fails_says_so)
{
    vgrad_recorder *recorder;
    assert_ok(vgrad_recorder_create(&recorder, "run", context));
    assert_ok(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path_of("a.csv")));
    assert_ok(vgrad_recorder_scalar(recorder, 0, "x", 1));
    files.limited = true;
    assert_status(VGRAD_E_IO, vgrad_recorder_scalar(recorder, 1, "x", 2));
    assert_error_names("a.csv");
    assert_ok(vgrad_recorder_scalar(recorder, 2, "x", 3));
    vgrad_recorder_destroy(recorder);
}
END_TEST

START_TEST(the_log_may_give_the_recorder_up)
{
    vgrad_recorder *recorder;
    const world w = make();
    for (int inside = 0; inside < 2; inside++) {
        assert_ok(vgrad_recorder_create(&recorder, "run", context));
        assert_ok(add_all(recorder));
        given_up_by_log = recorder;
        if (inside) {
            assert_ok(vgrad_recorder_probe(recorder, w.probe));
            assert_ok(vgrad_recorder_trainer(recorder, w.trainer));
        }
        files.limited = true;
        if (inside)
            assert_ok(vgrad_trainer_fit(w.trainer, w.data, 1));
        else
            assert_status(VGRAD_E_IO, vgrad_recorder_scalar(recorder, 0, "x", 1));
        ck_assert_ptr_null(given_up_by_log);
        ck_assert_int_eq(files.is_open, 0);
        files.limited = false;
    }
    assert_ok(vgrad_trainer_fit(w.trainer, w.data, 2));
    drop(&w);
}
END_TEST

START_TEST(a_line_that_was_cut_short_is_ended_by_append)
{
    static char found[ROOM];
    vgrad_recorder *recorder;
    FILE *stream = fopen(path_of("a.csv"), "w");
    ck_assert_ptr_nonnull(stream);
    fputs("run,step,epoch,layer,role,quantity,value\nrun,0,,,,x", stream);
    fclose(stream);
    for (int i = 1; i < 3; i++) {
        assert_ok(vgrad_recorder_create(&recorder, "run", context));
        assert_ok(vgrad_recorder_set(recorder, VGRAD_RECORDER_APPEND, 1));
        assert_ok(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path_of("a.csv")));
        assert_ok(vgrad_recorder_scalar(recorder, i, "x", i));
        vgrad_recorder_destroy(recorder);
    }
    get("a.csv", found);
    ck_assert_str_eq(found, "run,step,epoch,layer,role,quantity,value\nrun,0,,,,x\n"
                            "run,1,,,,x,1\nrun,2,,,,x,2\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    const TTest *const tests[] = { a_call_that_fails_ends_one_sink_alone,
                                   a_full_device_leaves_whole_lines_before_the_last,
                                   the_call_by_which_a_sink_fails_says_so,
                                   the_log_may_give_the_recorder_up,
                                   a_line_that_was_cut_short_is_ended_by_append };
    TCase *cases = tcase_create("files");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
