/* Every allocation of saving and loading fails once: file and network stay as they were. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "weights.h"

enum { PATH_SIZE = 64, ROOM = 1 << 15 };

static char folder[32];
static char path[PATH_SIZE];
static allocator memory;
static vgrad_context *context;
static vgrad_network *network;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/w", folder);
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &memory));
    network = weights_network(VGRAD_FLOAT32, context);
    assert_ok(vgrad_network_save(network, path));
}

static void end(void)
{
    vgrad_network_destroy(network);
    vgrad_context_destroy(context);
    ck_assert_int_eq(memory.blocks, 0);
    ck_assert_uint_eq(memory.bytes, 0);
    ck_assert_int_eq(memory.mistakes, 0);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

static size_t get(uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, ROOM, file);
    fclose(file);
    return size;
}

/* Fails allocation n of a call, from then on all if `for_good`; false if it has no n-th. */
static bool disturb(vgrad_status (*call)(void), long n, bool for_good)
{
    const long blocks = memory.blocks;
    allocator_arm(&memory, n, for_good);
    vgrad_status status = call();
    const bool failed = memory.failed > 0;
    allocator_disarm(&memory);
    ck_assert_int_eq(memory.blocks, blocks);
    if (failed) {
        assert_status(VGRAD_E_MEMORY, status);
        assert_error_names("no memory");
    } else {
        assert_ok(status);
    }
    return failed;
}

static vgrad_status save(void)
{
    return vgrad_network_save_as(network, path, VGRAD_WEIGHTS_PYTORCH, NULL, NULL);
}

static vgrad_status load(void)
{
    return vgrad_network_load(network, path);
}

START_TEST(a_save_that_fails_leaves_the_old_file)
{
    static uint8_t before[ROOM], after[ROOM];
    const size_t size = get(before);
    long n = 1;
    for (; disturb(save, n, _i); n++) {
        ck_assert_uint_eq(get(after), size);
        ck_assert_mem_eq(after, before, size);
    }
    ck_assert_int_eq(n - 1, 6); /* pieces, views, room, header, temporary name, buffer */
    ck_assert(get(after) != size || memcmp(after, before, size) != 0);
}
END_TEST

START_TEST(a_load_that_fails_leaves_the_network)
{
    double before[WEIGHTS_MOST], after[WEIGHTS_MOST];
    long n = 1;
    weights_disturb(network);
    const int count = weights_of(network, before);
    for (; disturb(load, n, _i); n++) {
        weights_of(network, after);
        ck_assert_mem_eq(after, before, (size_t)count * sizeof *before);
    }
    ck_assert_int_ge(n - 1, 6); /* pieces, header, entries, two slabs, room for a tensor */
    assert_weights_begun(network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *cases = tcase_create("every allocation");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, a_save_that_fails_leaves_the_old_file, 0, 2);
    tcase_add_loop_test(cases, a_load_that_fails_leaves_the_network, 0, 2);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
