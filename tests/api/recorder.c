/* Recorders through the public header: what is in the files, how often, and who may go first. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* unlink */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "scratch.h"

enum { ROOM = 1 << 22, PATH_SIZE = 128 };

static const char *top;
static char text[ROOM];

static void begin(void)
{
    top = scratch_begin();
}

static void end(void)
{
    scratch_end();
}

static const char *path_of(const char *name)
{
    static char paths[4][PATH_SIZE];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_SIZE, "%s/%s", top, name);
    return path;
}

/* A file's text, until the next call; NULL: there is none. */
static const char *get(const char *name)
{
    FILE *stream = fopen(path_of(name), "rb");
    if (!stream)
        return NULL;
    text[fread(text, 1, ROOM - 1, stream)] = '\0';
    fclose(stream);
    return text;
}

static int count_of(const char *haystack, const char *needle)
{
    int count = 0;
    for (const char *at = haystack; (at = strstr(at, needle)) != NULL; at += strlen(needle))
        count++;
    return count;
}

static vgrad_recorder *make(const char *run)
{
    vgrad_recorder *recorder;
    assert_ok(vgrad_recorder_create(&recorder, run, NULL));
    return recorder;
}

/* One with a CSV file. */
static vgrad_recorder *make_csv(const char *name)
{
    vgrad_recorder *recorder = make("run");
    assert_ok(vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path_of(name)));
    return recorder;
}

static vgrad_probe *make_probe(const fixture *f)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, f->network));
    return probe;
}

START_TEST(a_run_is_named_by_a_path_that_stays_inside)
{
    static const char *const bad[] = { "", "/a", "a/", "a//b", "..", "a/../b", "../a" };
    static const char *const good[] = { "a", "a/b", "...", "a b", "..a", ".", "a,\"b\"" };
    vgrad_recorder *recorder;
    char name[65];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        recorder = (void *)name;
        assert_status(VGRAD_E_INVALID, vgrad_recorder_create(&recorder, bad[i], NULL));
        assert_error_names("run: ");
        ck_assert_ptr_null(recorder);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        vgrad_recorder_destroy(make(good[i]));
    memset(name, 'x', 64);
    name[64] = '\0';
    assert_status(VGRAD_E_INVALID, vgrad_recorder_create(&recorder, name, NULL));
    name[63] = '\0';
    vgrad_recorder_destroy(make(name));
}
END_TEST

START_TEST(options_have_defaults_and_limits)
{
    vgrad_recorder *r = make("run");
    ck_assert(vgrad_recorder_get(r, VGRAD_RECORDER_EVERY) == 1);
    ck_assert(vgrad_recorder_get(r, VGRAD_RECORDER_MAX_BYTES) == 0);
    ck_assert(vgrad_recorder_get(r, VGRAD_RECORDER_APPEND) == 0);
    ck_assert(vgrad_recorder_get(r, VGRAD_RECORDER_FLUSH_EVERY) == 1);
    const double none[] = { -1, 0.5, 0x1p54, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        for (int option = VGRAD_RECORDER_EVERY; option <= VGRAD_RECORDER_FLUSH_EVERY; option++)
            assert_status(VGRAD_E_INVALID,
                          vgrad_recorder_set(r, (vgrad_recorder_option)option, none[i]));
    assert_status(VGRAD_E_INVALID, vgrad_recorder_set(r, VGRAD_RECORDER_EVERY, 0));
    assert_error_names("every: ");
    assert_status(VGRAD_E_INVALID, vgrad_recorder_set(r, VGRAD_RECORDER_APPEND, 2));
    assert_status(VGRAD_E_INVALID, vgrad_recorder_set(r, (vgrad_recorder_option)0, 1));
    assert_status(VGRAD_E_INVALID, vgrad_recorder_set(r, (vgrad_recorder_option)5, 1));
    ck_assert(isnan(vgrad_recorder_get(r, (vgrad_recorder_option)99)));
    assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_MAX_BYTES, 0x1p53));
    ck_assert(vgrad_recorder_get(r, VGRAD_RECORDER_MAX_BYTES) == 0x1p53);
    vgrad_recorder_destroy(r);
}
END_TEST

START_TEST(figures_of_ones_own_are_rows_and_lines)
{
    vgrad_recorder *r = make("a,\"b\"/\x01\xff");
    assert_ok(vgrad_recorder_add(r, VGRAD_SINK_CSV, path_of("a.csv")));
    assert_ok(vgrad_recorder_add(r, VGRAD_SINK_JSONL, path_of("a.jsonl")));
    assert_ok(vgrad_recorder_scalar(r, 0, "x", 0.1));
    assert_ok(vgrad_recorder_scalar(r, INT64_MAX, "q\"\\\n\xc3\xa9,", (double)NAN));
    assert_ok(vgrad_recorder_scalar(r, 3, "x", -(double)INFINITY));
    assert_ok(vgrad_recorder_scalar(r, 3, "x", 1e300)); /* the same step again */
    assert_ok(vgrad_recorder_flush(r));
    ck_assert_str_eq(get("a.csv"), "run,step,epoch,layer,role,quantity,value\n"
                                   "\"a,\"\"b\"\"/\x01\xef\xbf\xbd\",0,,,,x,0.1\n"
                                   "\"a,\"\"b\"\"/\x01\xef\xbf\xbd\",9223372036854775807,,,,"
                                   "\"q\"\"\\\n\xc3\xa9,\",nan\n"
                                   "\"a,\"\"b\"\"/\x01\xef\xbf\xbd\",3,,,,x,-inf\n"
                                   "\"a,\"\"b\"\"/\x01\xef\xbf\xbd\",3,,,,x,1e+300\n");
#define HEAD "{\"what\":\"figure\",\"run\":\"a,\\\"b\\\"/\\u0001\xef\xbf\xbd\",\"step\":"
    ck_assert_str_eq(get("a.jsonl"), HEAD "0,\"quantity\":\"x\",\"value\":0.1}\n" HEAD
                                          "9223372036854775807,\"quantity\":\"q\\\"\\\\\\u000a"
                                          "\xc3\xa9,\",\"value\":\"nan\"}\n" HEAD
                                          "3,\"quantity\":\"x\",\"value\":\"-inf\"}\n" HEAD
                                          "3,\"quantity\":\"x\",\"value\":1e+300}\n");
#undef HEAD
    vgrad_recorder_destroy(r);
}
END_TEST

/* The value of a row of the CSV file in `text`; NaN: there is none. */
static double value_of(int64_t step, const char *layer, const char *role, const char *quantity)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        char found_layer[64] = "", found_role[64] = "", found_quantity[64] = "", value[64] = "";
        long long found_step = -1, epoch;
        line += *line == '\n';
        if (sscanf(line, "run,%lld,%lld,%63[^,],%63[^,],%63[^,],%63[^\n]", &found_step, &epoch,
                   found_layer, found_role, found_quantity, value) == 6 &&
            found_step == step && strcmp(found_layer, layer) == 0 &&
            strcmp(found_role, role) == 0 && strcmp(found_quantity, quantity) == 0)
            return strtod(value, NULL);
    }
    return (double)NAN;
}

START_TEST(what_is_written_is_what_the_probe_remembers)
{
    static const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_KERNEL_GRADIENT, VGRAD_DELTA,
                                        VGRAD_ACTIVATION, VGRAD_KERNEL_UPDATE };
    static const vgrad_quantity quantities[] = { VGRAD_MEAN, VGRAD_STD, VGRAD_L2, VGRAD_MAX,
                                                 VGRAD_ZEROS };
    fixture f;
    int compared = 0;
    fixture_make(&f, VGRAD_FLOAT64, 0);
    vgrad_probe *probe = make_probe(&f);
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_EVERY, 3));
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2)); /* steps 0 to 7 */
    ck_assert_ptr_nonnull(get("a.csv"));
    for (int32_t layer = 1; layer <= 3; layer++)
        for (int i = 0; i < 5; i++)
            for (int q = 0; q < 5; q++) {
                int64_t steps[16];
                double values[16];
                const int64_t count =
                    vgrad_probe_history(probe, layer, roles[i], quantities[q], steps, values, 16);
                ck_assert_int_eq(count, 8);
                for (int64_t k = 0; k < count; k++) {
                    const double value =
                        value_of(steps[k], vgrad_probe_layer_name(probe, layer),
                                 vgrad_role_name(roles[i]), vgrad_quantity_name(quantities[q]));
                    if (steps[k] % 3)
                        ck_assert(isnan(value));
                    else
                        ck_assert_msg(fabs(value - values[k]) <= 5.1e-9 * fabs(values[k]), "%g %g",
                                      value, values[k]);
                    compared += steps[k] % 3 == 0;
                }
            }
    ck_assert_int_eq(compared, 3 * 5 * 5 * 3);
    ck_assert_int_eq(count_of(text, ",,,loss,"), 3); /* the trainer's, not the probe's too */
    ck_assert_int_eq(count_of(text, "run,4,0,,,epoch_loss,"), 1);
    ck_assert_int_eq(count_of(text, "run,8,1,,,epoch_accuracy,"), 1);
    ck_assert_int_eq(count_of(text, "run,6,1,,,learning_rate,"), 1);
    vgrad_recorder_destroy(r);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

/* Who goes first, by its place in `order`: recorder, probe, trainer, network, context. */
static void destroy_in_order(const int *order)
{
    fixture f;
    vgrad_context *context;
    vgrad_recorder *recorder;
    vgrad_probe *probe;
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_recorder_create(&recorder, "run", context));
    assert_ok(vgrad_recorder_add(recorder, VGRAD_SINK_JSONL, path_of("a.jsonl")));
    assert_ok(vgrad_probe_create(&probe, context));
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_recorder_probe(recorder, probe));
    assert_ok(vgrad_recorder_trainer(recorder, f.trainer));
    vgrad_trainer *trainer = f.trainer;
    f.trainer = NULL;
    for (int i = 0; i < 4; i++) {
        if (trainer)
            assert_ok(vgrad_trainer_fit(trainer, f.data, i + 1));
        switch (order[i]) {
        case 0:
            vgrad_recorder_destroy(recorder);
            recorder = NULL;
            break;
        case 1: vgrad_probe_destroy(probe); break;
        case 2:
            vgrad_trainer_destroy(trainer);
            trainer = NULL;
            break;
        default: vgrad_context_destroy(context); break;
        }
        if (recorder)
            assert_ok(vgrad_recorder_scalar(recorder, i, "mine", i));
    }
    fixture_destroy(&f);
}

START_TEST(anything_may_go_first)
{
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            for (int c = 0; c < 4; c++) {
                const int order[] = { a, b, c, 6 - a - b - c };
                if (a != b && b != c && a != c)
                    destroy_in_order(order);
            }
}
END_TEST

static int32_t give_up(const vgrad_event *e, void *user)
{
    vgrad_recorder **recorder = user;
    if (e->step < 2)
        return 0;
    vgrad_recorder_destroy(*recorder);
    *recorder = NULL;
    return 0;
}

START_TEST(a_recorder_may_be_given_up_in_a_callback)
{
    static const vgrad_event_kind kinds[] = { VGRAD_BATCH_BEGIN, VGRAD_GRADIENTS_READY,
                                              VGRAD_BATCH_END, VGRAD_EPOCH_END, VGRAD_TRAIN_END };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int before = 0; before < 2; before++) {
            fixture f;
            fixture_make(&f, VGRAD_FLOAT32, 0);
            vgrad_probe *probe = make_probe(&f);
            vgrad_recorder *r = make_csv("a.csv");
            if (before)
                assert_ok(vgrad_trainer_on(f.trainer, kinds[i], 1, give_up, &r));
            assert_ok(vgrad_recorder_trainer(r, f.trainer));
            assert_ok(vgrad_recorder_probe(r, probe));
            if (!before)
                assert_ok(vgrad_trainer_on(f.trainer, kinds[i], 1, give_up, &r));
            assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
            ck_assert_ptr_null(r);
            get("a.csv");
            ck_assert_int_ge(count_of(text, ",learning_rate,"), 1);
            vgrad_probe_destroy(probe);
            fixture_destroy(&f);
        }
}
END_TEST

START_TEST(each_has_one_trainer_and_each_probe_once)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = make_probe(&f), *other = make_probe(&f);
    vgrad_recorder *r = make_csv("a.csv"), *beside = make_csv("b.csv");
    vgrad_trainer *second = fixture_trainer(&f);
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    assert_status(VGRAD_E_STATE, vgrad_recorder_trainer(r, f.trainer));
    assert_status(VGRAD_E_STATE, vgrad_recorder_trainer(r, second));
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_status(VGRAD_E_STATE, vgrad_recorder_probe(r, probe));
    assert_error_names("probe: ");
    assert_ok(vgrad_recorder_probe(r, other));
    assert_ok(vgrad_recorder_probe(beside, probe));
    assert_status(VGRAD_E_STATE, vgrad_recorder_add(r, VGRAD_SINK_CSV, path_of("a.csv")));
    assert_error_names("a.csv");
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    get("a.csv");
    ck_assert_int_eq(count_of(text, ",first,kernel,l2,"), 2 * FIXTURE_BATCHES);
    get("b.csv"); /* no trainer: the probe's loss, and no epoch */
    ck_assert_int_eq(count_of(text, ",first,kernel,l2,"), FIXTURE_BATCHES);
    ck_assert_int_eq(count_of(text, "run,1,,,,loss,"), 1);
    vgrad_trainer_destroy(f.trainer); /* then it may have another */
    f.trainer = NULL;
    assert_ok(vgrad_recorder_trainer(r, second));
    vgrad_recorder_destroy(r);
    vgrad_recorder_destroy(beside);
    assert_ok(vgrad_trainer_fit(second, f.data, 1));
    vgrad_trainer_destroy(second);
    vgrad_probe_destroy(probe);
    vgrad_probe_destroy(other);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_probe_may_look_at_other_layers_meanwhile)
{
    fixture f;
    int32_t layer;
    float numbers[] = { 1, 2, 3 };
    vgrad_tensor view;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = make_probe(&f);
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    vgrad_probe_detach(probe);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 2));
    assert_ok(vgrad_probe_declare(probe, "own,1", VGRAD_KIND_DENSE, VGRAD_TANH, 3, 1, &layer));
    vgrad_tensor_matrix(&view, numbers, VGRAD_FLOAT32, 3, 1);
    assert_ok(vgrad_probe_begin(probe, 7));
    assert_ok(vgrad_probe_observe(probe, layer, VGRAD_KERNEL_GRADIENT, &view));
    assert_ok(vgrad_probe_end(probe, 0.5));
    get("a.csv");
    ck_assert_int_eq(count_of(text, ",first,kernel,l2,"), FIXTURE_BATCHES);
    ck_assert_int_eq(count_of(text, "run,7,,\"own,1\",kernel_gradient,mean,2\n"), 1);
    ck_assert_int_eq(count_of(text, "run,7,,,,loss,0.5\n"), 1);
    assert_ok(vgrad_probe_attach(probe, f.network));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    get("a.csv");
    ck_assert_int_eq(count_of(text, ",first,kernel,l2,"), 2 * FIXTURE_BATCHES);
    vgrad_recorder_destroy(r);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(a_loop_without_next_has_settings_and_no_epoch)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_trainer_set_seed(f.trainer, UINT64_MAX - 1));
    assert_ok(vgrad_recorder_add(r, VGRAD_SINK_JSONL, path_of("a.jsonl")));
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    for (int i = 0; i < 3; i++)
        assert_ok(fixture_step(&f));
    get("a.csv");
    ck_assert_int_eq(count_of(text, "run,0,,,,loss,"), 1);
    ck_assert_int_eq(count_of(text, "run,2,,,,loss,"), 1);
    get("a.jsonl");
    ck_assert_int_eq(count_of(text, "{\"what\":\"run\","), 1);
    ck_assert_int_eq(count_of(text, ",\"seed\":18446744073709551614,"), 1); /* every digit */
    ck_assert_int_eq(count_of(text, "\"epochs\""), 0);
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1));
    get("a.jsonl");
    ck_assert_int_eq(count_of(text, "\"epochs\":1}"), 1);
    vgrad_recorder_destroy(r);
    fixture_destroy(&f);
}
END_TEST

static int32_t skip(const vgrad_event *e, void *user)
{
    (void)user;
    return e->batch == 1 && vgrad_trainer_skip_update(e->trainer) < 0;
}

START_TEST(steps_of_batches_are_those_of_looks)
{
    fixture f;
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = make_probe(&f);
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_trainer_on(f.trainer, VGRAD_GRADIENTS_READY, 1, skip, NULL));
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 1)); /* steps 0, 1 (skipped), 1, 2 */
    static const int expected[] = { 1, 2, 1, 0 };
    get("a.csv");
    for (int step = 0; step < 4; step++) {
        char of_batch[32], of_look[48];
        snprintf(of_batch, sizeof of_batch, "\nrun,%d,0,,,loss,", step);
        snprintf(of_look, sizeof of_look, "\nrun,%d,0,first,kernel_gradient,l2,", step);
        ck_assert_int_eq(count_of(text, of_batch), expected[step]);
        ck_assert_int_eq(count_of(text, of_look), expected[step]);
    }
    vgrad_recorder_destroy(r);
    assert_ok(vgrad_trainer_set(f.trainer, VGRAD_TRAINER_ACCUMULATE, 2));
    r = make_csv("b.csv");
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    assert_ok(
        vgrad_trainer_fit(f.trainer, f.data, 2)); /* 2 groups, the first skipped: steps 3, 3 */
    get("b.csv");
    ck_assert_int_eq(count_of(text, ",,,loss,"), 2);
    ck_assert_int_eq(count_of(text, "run,3,1,first,kernel_gradient,l2,"), 2);
    vgrad_recorder_destroy(r);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(flush_every_says_when_others_see_it)
{
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_FLUSH_EVERY, 3));
    for (int i = 0; i < 7; i++) {
        assert_ok(vgrad_recorder_scalar(r, i, "x", i));
        ck_assert_int_eq(count_of(get("a.csv"), ",x,"), (i + 1) / 3 * 3);
    }
    assert_ok(vgrad_recorder_flush(r));
    ck_assert_int_eq(count_of(get("a.csv"), ",x,"), 7);
    assert_ok(vgrad_recorder_scalar(r, 7, "x", 7));
    vgrad_recorder_destroy(r);
    ck_assert_int_eq(count_of(get("a.csv"), ",x,"), 8);
}
END_TEST

static int rows_of(const char *name)
{
    const char *found = get(name);
    return found ? count_of(found, ",x,") : -1;
}

START_TEST(files_end_where_they_are_full)
{
    for (int bound = 1; bound < 150; bound += 37) { /* smaller than a header, than a row, ... */
        vgrad_recorder *r = make_csv("a.csv");
        assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_MAX_BYTES, bound)); /* of open ones too */
        for (int i = 0; i < 20; i++)
            assert_ok(vgrad_recorder_scalar(r, i, "x", i));
        vgrad_recorder_destroy(r);
        int sum = rows_of("a.csv"), number = 1;
        for (;; number++) {
            char name[32];
            snprintf(name, sizeof name, "a.%d.csv", number);
            const int rows = rows_of(name);
            if (rows < 0)
                break;
            ck_assert_int_gt(rows, 0); /* no file with a header alone */
            ck_assert_ptr_eq(strstr(text, "run,step"), text);
            sum += rows;
            ck_assert_int_eq(unlink(path_of(name)), 0);
        }
        ck_assert_int_eq(sum, 20);
        ck_assert(bound > 41 || number == 20);
        ck_assert_int_gt(number, 1);
    }
}
END_TEST

START_TEST(append_goes_on_behind_the_last_file)
{
    for (int i = 0; i < 3; i++) {
        vgrad_recorder *r = make("run");
        assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_APPEND, 1));
        assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_MAX_BYTES, 70));
        assert_ok(vgrad_recorder_add(r, VGRAD_SINK_CSV, path_of("a.csv")));
        for (int k = 0; k < 3; k++)
            assert_ok(vgrad_recorder_scalar(r, 3 * i + k, "x", k));
        vgrad_recorder_destroy(r);
    }
    int sum = rows_of("a.csv");
    for (int i = 1; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, "a.%d.csv", i);
        const int rows = rows_of(name);
        ck_assert(rows < 0 || count_of(text, "run,step") == 1);
        sum += rows > 0 ? rows : 0;
    }
    ck_assert_int_eq(sum, 9);
    vgrad_recorder_destroy(make_csv("a.csv")); /* and without it they are emptied */
    ck_assert_int_eq(rows_of("a.csv"), 0);
}
END_TEST

START_TEST(what_cannot_be_opened_is_named)
{
    vgrad_recorder *r = make("run");
    assert_status(VGRAD_E_IO, vgrad_recorder_add(r, VGRAD_SINK_CSV, path_of("none/a.csv")));
    assert_error_names("none/a.csv");
    assert_status(VGRAD_E_IO, vgrad_recorder_add(r, VGRAD_SINK_JSONL, top));
    assert_error_names(top);
    assert_status(VGRAD_E_IO, vgrad_recorder_add(r, VGRAD_SINK_CSV, "/dev/full"));
    assert_error_names("/dev/full");
    vgrad_status status = vgrad_recorder_add(r, VGRAD_SINK_TENSORBOARD, "/dev/null");
    ck_assert(status == VGRAD_E_IO || status == VGRAD_E_UNSUPPORTED);
    status = vgrad_recorder_add(r, VGRAD_SINK_TENSORBOARD, "/proc/none");
    ck_assert(status == VGRAD_E_IO || status == VGRAD_E_UNSUPPORTED);
    assert_ok(vgrad_recorder_add(r, VGRAD_SINK_CSV, "/dev/null")); /* no regular file */
    assert_ok(vgrad_recorder_scalar(r, 0, "x", 1));
    assert_ok(vgrad_recorder_flush(r)); /* what was not added is no trouble */
    vgrad_recorder_destroy(r);
}
END_TEST

START_TEST(findings_are_told_once_whatever_the_steps)
{
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    vgrad_dataset *data;
    vgrad_probe *probe;
    assert_ok(vgrad_dataset_circles(&data, 64, 0.5, 0.1, 1, NULL));
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *h = vgrad_input(network, 2);
    for (int i = 0; i < 6; i++)
        h = vgrad_dense(h, 5, VGRAD_SIGMOID);
    assert_ok(vgrad_network_build(network, vgrad_dense(h, 1, VGRAD_SIGMOID)));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.01));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_BINARY_CROSSENTROPY, sgd));
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, 10));
    assert_ok(vgrad_probe_attach(probe, network));
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_recorder_add(r, VGRAD_SINK_JSONL, path_of("a.jsonl")));
    assert_ok(vgrad_recorder_set(r, VGRAD_RECORDER_EVERY, 1000000));
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_trainer_fit(trainer, data, 40));
    get("a.csv");
    ck_assert_int_eq(count_of(text, ",finding,vanishing,"), 1);
    ck_assert_int_eq(count_of(text, ",kernel,l2,"), 7); /* of step 0 */
    get("a.jsonl");
    const char *line = strstr(text, "\"code\":\"vanishing\",\"severity\":");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "\"evidence\":{\""));
    vgrad_recorder_destroy(r);
    vgrad_probe_destroy(probe);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_network_destroy(network);
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(recording_changes_no_bit)
{
    fixture f;
    double undisturbed[FIXTURE_WEIGHTS];
    fixture_undisturbed(VGRAD_FLOAT32, 3, undisturbed);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    vgrad_probe *probe = make_probe(&f);
    vgrad_recorder *r = make_csv("a.csv");
    assert_ok(vgrad_recorder_probe(r, probe));
    assert_ok(vgrad_recorder_trainer(r, f.trainer));
    assert_ok(vgrad_trainer_fit(f.trainer, f.data, 3));
    assert_weights(&f, undisturbed);
    vgrad_recorder_destroy(r);
    vgrad_probe_destroy(probe);
    fixture_destroy(&f);
}
END_TEST

START_TEST(every_finding_has_a_name)
{
    ck_assert_str_eq(vgrad_finding_name(VGRAD_FINDING_VANISHING), "vanishing");
    for (int code = VGRAD_FINDING_VANISHING; code <= VGRAD_FINDING_UNCHANGED; code++)
        ck_assert_str_ne(vgrad_finding_name((vgrad_finding_code)code), "unknown");
    ck_assert_str_eq(vgrad_finding_name((vgrad_finding_code)0), "unknown");
    ck_assert_str_eq(vgrad_finding_name((vgrad_finding_code)-1), "unknown");
    ck_assert_str_eq(vgrad_finding_name((vgrad_finding_code)(VGRAD_FINDING_UNCHANGED + 1)),
                     "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    const TTest *const tests[] = {
        a_run_is_named_by_a_path_that_stays_inside,
        options_have_defaults_and_limits,
        figures_of_ones_own_are_rows_and_lines,
        what_is_written_is_what_the_probe_remembers,
        anything_may_go_first,
        a_recorder_may_be_given_up_in_a_callback,
        each_has_one_trainer_and_each_probe_once,
        a_probe_may_look_at_other_layers_meanwhile,
        a_loop_without_next_has_settings_and_no_epoch,
        steps_of_batches_are_those_of_looks,
        flush_every_says_when_others_see_it,
        files_end_where_they_are_full,
        append_goes_on_behind_the_last_file,
        what_cannot_be_opened_is_named,
        findings_are_told_once_whatever_the_steps,
        recording_changes_no_bit,
        every_finding_has_a_name,
    };
    TCase *cases = tcase_create("recorder");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
