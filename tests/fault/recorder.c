/* Every allocation of recording fails once: the call says so, or training goes on and the recorder
   tells; nothing is left behind. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "allocator.h"
#include "runner.h"
#include "scratch.h"

static const char *top;
static allocator memory;
static vgrad_context *context;
static vgrad_dataset *data;
static vgrad_network *network;
static vgrad_optimizer *optimizer;
static vgrad_trainer *trainer;
static vgrad_probe *probe;
static int lines;

static void count_lines(int32_t level, const char *line, void *user)
{
    (void)user;
    lines += level == VGRAD_LOG_WARNING && strstr(line, "record") != NULL;
}

static void begin(void)
{
    top = scratch_begin();
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &memory));
    assert_ok(vgrad_context_set_log(context, VGRAD_LOG_WARNING, count_lines, NULL));
    assert_ok(vgrad_dataset_circles(&data, 64, 0.5, 0.1, 1, context));
}

static void end(void)
{
    vgrad_dataset_destroy(data);
    vgrad_context_destroy(context);
    ck_assert_int_eq(memory.blocks, 0);
    ck_assert_uint_eq(memory.bytes, 0);
    ck_assert_int_eq(memory.mistakes, 0);
    scratch_end();
}

/* A network with a probe that has all the memory that it ever needs. */
static void make(void)
{
    assert_ok(vgrad_network_create(&network, context));
    vgrad_layer *h = vgrad_dense(vgrad_input(network, 2), 5, VGRAD_TANH);
    assert_ok(vgrad_network_build(network, vgrad_dense(h, 1, VGRAD_SIGMOID)));
    assert_ok(vgrad_optimizer_create(&optimizer, network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_BINARY_CROSSENTROPY, optimizer));
    assert_ok(vgrad_probe_create(&probe, context));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTOGRAM_EVERY, 2));
    assert_ok(vgrad_probe_attach(probe, network));
    assert_ok(vgrad_trainer_fit(trainer, data, 1));
}

static void drop(void)
{
    vgrad_probe_destroy(probe);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(optimizer);
    vgrad_network_destroy(network);
}

static const vgrad_sink sinks[] = { VGRAD_SINK_CSV, VGRAD_SINK_JSONL, VGRAD_SINK_TENSORBOARD };
static const char *const names[] = { "a.csv", "a.jsonl", "logs" };

/* As long as all goes well. */
static vgrad_status prepare(vgrad_recorder **out)
{
    vgrad_status status = vgrad_recorder_create(out, "run", context);
    for (int i = 0; i < 3 && status == VGRAD_OK; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", top, names[i]);
        status = vgrad_recorder_add(*out, sinks[i], path);
        status = status == VGRAD_E_UNSUPPORTED ? VGRAD_OK : status;
    }
    if (status == VGRAD_OK)
        status = vgrad_recorder_probe(*out, probe);
    return status == VGRAD_OK ? vgrad_recorder_trainer(*out, trainer) : status;
}

START_TEST(a_call_without_memory_says_so)
{
    bool failed = true;
    for (long n = 1; failed; n++) {
        vgrad_recorder *recorder = (void *)&memory;
        make();
        allocator_arm(&memory, n, _i);
        vgrad_status status = prepare(&recorder);
        failed = memory.failed > 0;
        allocator_disarm(&memory);
        if (failed) {
            assert_status(VGRAD_E_MEMORY, status);
            assert_error_names("no memory");
        } else {
            assert_ok(status);
            ck_assert_int_gt(n, 12);
        }
        if (n == 1)
            ck_assert_ptr_null(recorder);
        assert_ok(vgrad_trainer_fit(trainer, data, 2)); /* as far as it came */
        vgrad_recorder_destroy(recorder);
        drop();
    }
}
END_TEST

START_TEST(a_run_without_memory_goes_on_and_is_told)
{
    bool failed = true;
    for (long n = 1; failed; n++) {
        vgrad_recorder *recorder;
        make();
        lines = 0;
        assert_ok(prepare(&recorder));
        assert_ok(vgrad_recorder_set(recorder, VGRAD_RECORDER_MAX_BYTES, 5000));
        allocator_arm(&memory, n, _i);
        vgrad_status status = vgrad_trainer_fit(trainer, data, 2);
        failed = memory.failed > 0;
        allocator_disarm(&memory);
        assert_ok(status);
        status = vgrad_recorder_flush(recorder);
        assert_status(failed ? VGRAD_E_MEMORY : VGRAD_OK, status);
        if (_i == 0)
            ck_assert_int_eq(lines, failed);
        ck_assert_int_eq(lines > 0, failed);
        if (!failed)
            ck_assert_int_gt(n, 8);
        vgrad_recorder_destroy(recorder);
        drop();
    }
}
END_TEST

START_TEST(without_a_bound_later_steps_ask_for_nothing)
{
    vgrad_recorder *recorder;
    make();
    assert_ok(prepare(&recorder));
    assert_ok(vgrad_trainer_fit(trainer, data, 2));
    const long before = memory.calls;
    assert_ok(vgrad_trainer_fit(trainer, data, 40));
    const long with = memory.calls - before;
    const vgrad_status status = vgrad_recorder_flush(recorder);
    vgrad_recorder_destroy(recorder);
    assert_ok(status);
    const long after = memory.calls;
    assert_ok(vgrad_trainer_fit(trainer, data, 78));
    ck_assert_int_le(with - (memory.calls - after), 1); /* the settings, packed for TensorBoard */
    drop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    TCase *cases = tcase_create("every allocation");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_call_without_memory_says_so, 0, 2);
    tcase_add_loop_test(cases, a_run_without_memory_goes_on_and_is_told, 0, 2);
    tcase_add_test(cases, without_a_bound_later_steps_ask_for_nothing);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
