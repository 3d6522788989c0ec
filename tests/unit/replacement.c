/* lib/record/replacement: what was there is there until the new file is whole, whatever fails. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocator.h"
#include "failing_files.h"
#include "record/replacement.h"
#include "runner.h"

enum { PATH_SIZE = 128, LARGE = 200000 };

static char folder[32];
static char path[PATH_SIZE];
static failing_files files;
static allocator memory;
static vgrad_context *context;
static char large[LARGE], found[2 * LARGE];

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/file", folder);
    files = (failing_files){ .error = EIO };
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &memory));
    vgrad__context_set_files(context, failing_files_begin(&files));
    for (int i = 0; i < LARGE; i++)
        large[i] = (char)(i % 251);
}

static void end(void)
{
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    ck_assert_int_eq(memory.blocks, 0);
    ck_assert_int_eq(memory.mistakes, 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing was left in it */
}

static void put_old(void)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputs("old", file), 1);
    fclose(file);
}

static size_t get(void)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    const size_t size = fread(found, 1, sizeof found, file);
    fclose(file);
    return size;
}

static bool is_old(void)
{
    return get() == 3 && memcmp(found, "old", 3) == 0;
}

static bool is_new(void)
{
    return get() == LARGE + 3 && memcmp(found, "new", 3) == 0 &&
           memcmp(found + 3, large, LARGE) == 0;
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

static vgrad_status replace(void)
{
    vgrad__replacement r;
    vgrad_status status = vgrad__replacement_begin(&r, path, context);
    if (status != VGRAD_OK)
        return status;
    status = vgrad__replacement_write(&r, "new", 3);
    if (status == VGRAD_OK)
        status = vgrad__replacement_write(&r, large, LARGE);
    if (status == VGRAD_OK)
        return vgrad__replacement_finish(&r);
    vgrad__replacement_abandon(&r);
    return status;
}

START_TEST(a_file_appears_or_is_replaced)
{
    for (size_t most = 0; most < 3; most++) {
        files.most = most * 777;
        assert_ok(replace());
        ck_assert(is_new());
        ck_assert_int_eq(names(), 1);
        put_old();
        assert_ok(replace());
        ck_assert(is_new());
        unlink(path);
    }
}
END_TEST

START_TEST(until_it_is_finished_nothing_is_there)
{
    vgrad__replacement r;
    put_old();
    assert_ok(vgrad__replacement_begin(&r, path, context));
    assert_ok(vgrad__replacement_write(&r, large, LARGE));
    ck_assert(is_old());
    ck_assert_int_eq(names(), 2);
    ck_assert_int_eq(strncmp(r.temporary, path, strlen(path)), 0);
    vgrad__replacement_abandon(&r);
    ck_assert(is_old());
    ck_assert_int_eq(names(), 1);
    unlink(path);
}
END_TEST

START_TEST(a_call_that_fails_loses_nothing)
{
    const long sync_folder = 7; /* kind, create, 4 writes of 64 KiB, sync, rename: 8 calls */
    long n = 1;
    int failed = 0;
    for (;; n++) {
        put_old();
        files.calls = 0;
        files.fail_at = n;
        vgrad_status status = replace();
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
        ck_assert(is_old() || (is_new() && strstr(vgrad_last_error(), "is in its place")));
        failed++;
    }
    ck_assert_int_gt(failed, sync_folder);
    unlink(path);
}
END_TEST

START_TEST(when_every_call_fails_from_one_on_the_old_file_stays)
{
    char left[PATH_SIZE + 256];
    for (long n = 1; n <= 9; n++) {
        put_old();
        files.calls = 0;
        files.fail_at = n;
        files.for_good = true;
        vgrad_status status = replace();
        files.fail_at = 0;
        assert_status(VGRAD_E_IO, status);
        ck_assert_int_eq(files.is_open, 0);
        ck_assert(is_old() || is_new());
        DIR *open = opendir(folder); /* a file that could not be removed either */
        for (const struct dirent *e; (e = readdir(open)) != NULL;)
            if (strstr(e->d_name, ".tmp")) {
                snprintf(left, sizeof left, "%s/%s", folder, e->d_name);
                unlink(left);
            }
        closedir(open);
    }
    unlink(path);
}
END_TEST

START_TEST(a_device_that_is_full_keeps_the_old_file)
{
    for (int64_t room = 0; room <= LARGE + 3; room += room < LARGE - 10000 ? 9973 : 101) {
        put_old();
        files.limited = true;
        files.room = room;
        vgrad_status status = replace();
        if (room == LARGE + 3) {
            assert_ok(status);
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names(strerror(ENOSPC));
        ck_assert(is_old());
        ck_assert_int_eq(names(), 1);
    }
    unlink(path);
}
END_TEST

START_TEST(a_symbolic_link_is_not_replaced)
{
    char other[PATH_SIZE + 8];
    put_old();
    snprintf(other, sizeof other, "%s.real", path);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink("file.real", path), 0);
    assert_status(VGRAD_E_IO, replace());
    assert_error_names("a symbolic link");
    ck_assert(is_old());
    ck_assert_int_eq(names(), 2);
    unlink(path);
    ck_assert_int_eq(symlink("nowhere", path), 0);
    assert_status(VGRAD_E_IO, replace());
    unlink(path);
    unlink(other);
}
END_TEST

/* A pipe stands for what is no file: if it were replaced, nothing is lost. */
START_TEST(what_is_no_file_is_not_replaced)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    assert_status(VGRAD_E_IO, replace());
    assert_error_names("no file to be replaced");
    ck_assert_int_eq(names(), 1);
    unlink(path);
}
END_TEST

START_TEST(what_cannot_be_written_to_is_named)
{
    char inner[PATH_SIZE + 8];
    const char *all[] = { inner, folder, "" };
    snprintf(inner, sizeof inner, "%s/a/b", folder);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        vgrad__replacement r;
        vgrad_status status = vgrad__replacement_begin(&r, all[i], context);
        if (status == VGRAD_OK) /* that there is no such name is seen at the end */
            status = vgrad__replacement_finish(&r);
        assert_status(VGRAD_E_IO, status);
        ck_assert_int_eq(strncmp(vgrad_last_error(), all[i], strlen(all[i])), 0);
        ck_assert_int_eq(names(), 0);
    }
    if (geteuid() != 0) { /* to whom no folder is closed */
        ck_assert_int_eq(chmod(folder, 0500), 0);
        assert_status(VGRAD_E_IO, replace());
        assert_error_names(strerror(EACCES));
        chmod(folder, 0700);
    }
    files.fail_at = 2;
    files.error = EACCES;
    files.calls = 0;
    assert_status(VGRAD_E_IO, replace());
    assert_error_names("cannot create a file beside it: ");
    assert_error_names(strerror(EACCES));
}
END_TEST

/* As if other processes of this number had been killed. */
START_TEST(leftovers_are_passed_over)
{
    char left[2][2 * PATH_SIZE];
    vgrad__replacement r;
    unsigned counter;
    assert_ok(vgrad__replacement_begin(&r, path, context));
    ck_assert_int_eq(sscanf(r.temporary + strlen(path), ".%*d.%u.tmp", &counter), 1);
    vgrad__replacement_abandon(&r);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(left[i], sizeof left[i], "%s.%ld.%u.tmp", path, (long)getpid(), counter + 1 + i);
        FILE *file = fopen(left[i], "w");
        ck_assert_ptr_nonnull(file);
        fputs("leftover", file);
        fclose(file);
    }
    assert_ok(replace());
    ck_assert(is_new());
    ck_assert_int_eq(names(), 3);
    unlink(left[0]);
    unlink(left[1]);
    unlink(path);
}
END_TEST

START_TEST(an_allocation_that_fails_loses_nothing)
{
    long n = 1;
    for (;; n++) {
        put_old();
        allocator_arm(&memory, n, false);
        vgrad_status status = replace();
        allocator_disarm(&memory);
        if (memory.failed == 0)
            break;
        assert_status(VGRAD_E_MEMORY, status);
        ck_assert(is_old());
        ck_assert_int_eq(names(), 1);
    }
    ck_assert_int_eq(n, 3);
    unlink(path);
}
END_TEST

START_TEST(a_file_in_the_folder_that_one_is_in)
{
    char before[512];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    strcpy(path, "here");
    assert_ok(replace());
    ck_assert(is_new());
    unlink(path);
    ck_assert_int_eq(chdir(before), 0);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        a_file_appears_or_is_replaced,
        until_it_is_finished_nothing_is_there,
        a_call_that_fails_loses_nothing,
        when_every_call_fails_from_one_on_the_old_file_stays,
        a_device_that_is_full_keeps_the_old_file,
        a_symbolic_link_is_not_replaced,
        what_is_no_file_is_not_replaced,
        what_cannot_be_written_to_is_named,
        leftovers_are_passed_over,
        an_allocation_that_fails_loses_nothing,
        a_file_in_the_folder_that_one_is_in,
    };
    Suite *suite = suite_create("replacement");
    TCase *cases = tcase_create("in a folder");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
