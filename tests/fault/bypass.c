/*
 * Nothing goes past a context's allocator. Linked with the static library and with --wrap for the C
 * library's allocators, so every call of an object of ours comes through here; OpenBLAS, a shared
 * library, is not touched by that.
 */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "runner.h"
#include "scratch.h"
#include "world.h"

static bool counting;
static long bypassed;

#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        bypassed += counting;                                                                      \
        return __real_##name arguments;                                                            \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *block, size_t size), (block, size))
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAP(int, posix_memalign, (void **block, size_t alignment, size_t size), (block, alignment, size))

/* Memory that comes from nowhere: never given back, so never reused. */
static char arena[32 << 20];
static size_t used;

static void *take(size_t size, size_t alignment, void *user)
{
    (void)user;
    used = (used + alignment - 1) / alignment * alignment;
    if (size > sizeof arena - used)
        return NULL;
    void *block = arena + used;
    used += size;
    return block;
}

static void forget(void *block, size_t size, void *user)
{
    (void)block;
    (void)size;
    (void)user;
}

/* Some more epochs, recorded in every form that this build has, in a folder. */
static vgrad_status record(world *w, const char *folder)
{
    char path[64];
    vgrad_recorder *recorder;
    vgrad_status status = vgrad_recorder_create(&recorder, "run", w->context);
    if (status != VGRAD_OK)
        return status;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    status = vgrad_recorder_add(recorder, VGRAD_SINK_CSV, path);
    snprintf(path, sizeof path, "%s/a.jsonl", folder);
    if (status == VGRAD_OK)
        status = vgrad_recorder_add(recorder, VGRAD_SINK_JSONL, path);
    if (status == VGRAD_OK)
        status = vgrad_recorder_add(recorder, VGRAD_SINK_TENSORBOARD, folder);
    if (status == VGRAD_OK || status == VGRAD_E_UNSUPPORTED)
        status = vgrad_recorder_probe(recorder, w->probe);
    if (status == VGRAD_OK)
        status = vgrad_recorder_trainer(recorder, w->trainer);
    if (status == VGRAD_OK)
        status = vgrad_trainer_fit(w->trainer, w->data, 12);
    if (status == VGRAD_OK)
        status = vgrad_recorder_flush(recorder);
    vgrad_recorder_destroy(recorder);
    return status;
}

static const char *folder;

static void begin(void)
{
    folder = scratch_begin();
}

static void end(void)
{
    scratch_end();
}

/* Nothing of Check's between, which allocates as it pleases. */
static vgrad_status run_counted(world *w, bool own)
{
    bypassed = 0;
    counting = true;
    vgrad_status status = own ? vgrad_context_create(&w->context, take, forget, NULL) : VGRAD_OK;
    if (status == VGRAD_OK)
        status = world_run(w, 0, world_phase_count);
    if (status == VGRAD_OK)
        status = record(w, folder);
    vgrad_context_destroy(w->context);
    world_destroy(w);
    counting = false;
    return status;
}

START_TEST(with_a_context_nothing_goes_past_it)
{
    world w = { .dtype = _i ? VGRAD_FLOAT64 : VGRAD_FLOAT32 };
    assert_ok(run_counted(&w, true));
    ck_assert_int_eq(bypassed, 0);
    ck_assert_uint_gt(used, 10000);
}
END_TEST

START_TEST(without_one_the_calls_are_seen_here)
{
    world w = { .dtype = VGRAD_FLOAT32 };
    assert_ok(run_counted(&w, false));
    ck_assert_int_gt(bypassed, 40);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bypass");
    TCase *all = tcase_create("bypass");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_loop_test(all, with_a_context_nothing_goes_past_it, 0, 2);
    tcase_add_test(all, without_one_the_calls_are_seen_here);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
