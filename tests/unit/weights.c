/* lib/record/weights: every call for a file fails once; nothing that was there is lost. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "failing_files.h"
#include "weights.h"

enum { PATH_SIZE = 64, ROOM = 1 << 15 };

static char folder[32];
static char path[PATH_SIZE];
static failing_files files;
static vgrad_context *context;
static vgrad_network *network;
static uint8_t before[ROOM], after[ROOM];
static size_t size;

static size_t get(uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t got = fread(bytes, 1, ROOM, file);
    fclose(file);
    return got;
}

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/w", folder);
    files = (failing_files){ .error = EIO };
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__context_set_files(context, failing_files_begin(&files));
    network = weights_network(VGRAD_FLOAT32, context);
    assert_ok(vgrad_network_save(network, path));
    size = get(before);
}

static void end(void)
{
    vgrad_network_destroy(network);
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

static int names(void)
{
    DIR *open = opendir(folder);
    int count = -2; /* . and .. */
    while (readdir(open))
        count++;
    closedir(open);
    return count;
}

static bool file_is_old(void)
{
    return get(after) == size && memcmp(after, before, size) == 0;
}

START_TEST(a_call_that_fails_while_saving_loses_nothing)
{
    long n = 1;
    files.most = 100; /* so that many calls write */
    weights_disturb(network);
    for (;; n++) {
        files.calls = 0;
        files.fail_at = n;
        vgrad_status status = vgrad_network_save(network, path);
        files.fail_at = 0;
        if (files.calls < n) {
            assert_ok(status);
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names(path);
        assert_error_names(strerror(EIO));
        ck_assert_int_eq(names(), 1);
        ck_assert_int_eq(files.is_open, 0);
        ck_assert(file_is_old() || strstr(vgrad_last_error(), "is in its place"));
    }
    ck_assert_int_gt(n, 20);
    ck_assert(!file_is_old());
}
END_TEST

START_TEST(a_full_device_while_saving_loses_nothing)
{
    weights_disturb(network);
    files.limited = true;
    for (int64_t room = 0; room < (int64_t)size; room += 37) {
        files.room = room;
        assert_status(VGRAD_E_IO, vgrad_network_save(network, path));
        assert_error_names(strerror(ENOSPC));
        ck_assert_int_eq(names(), 1);
        ck_assert(file_is_old());
    }
}
END_TEST

START_TEST(a_call_that_fails_while_loading_leaves_the_network)
{
    double wanted[WEIGHTS_MOST], found[WEIGHTS_MOST];
    long n = 1;
    weights_disturb(network);
    const size_t bytes = (size_t)weights_of(network, wanted) * sizeof *wanted;
    for (;; n++) {
        files.calls = 0;
        files.fail_at = n;
        vgrad_status status = vgrad_network_load(network, path);
        files.fail_at = 0;
        if (files.calls < n) {
            assert_ok(status);
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names(path);
        ck_assert_int_eq(files.is_open, 0);
        weights_of(network, found);
        ck_assert_mem_eq(found, wanted, bytes);
    }
    ck_assert_int_gt(n, 4 + 18); /* open, size, length, header, tensors */
    assert_weights_begun(network);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        a_call_that_fails_while_saving_loses_nothing,
        a_full_device_while_saving_loses_nothing,
        a_call_that_fails_while_loading_leaves_the_network,
    };
    Suite *suite = suite_create("weights");
    TCase *cases = tcase_create("in a folder");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
