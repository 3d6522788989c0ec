/* lib/base/file: files that are written, renamed and removed, and the table that makes them fail.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "failing_files.h"
#include "runner.h"

enum { PATH_SIZE = 128 };

static char folder[32];
static failing_files failing;
static const vgrad__files *files;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    failing = (failing_files){ 0 };
    files = failing_files_begin(&failing);
}

static void end(void)
{
    ck_assert_int_eq(failing.is_open, 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing was left in it */
}

static const char *path_of(const char *name)
{
    static char paths[4][PATH_SIZE];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    vgrad__file file = files->create(files, path_of(name));
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(vgrad__write_all(files, file, text, strlen(text)), 0);
    ck_assert_int_eq(files->sync(files, file), 0);
    files->close(files, file);
}

static void assert_text(const char *name, const char *text)
{
    char found[PATH_SIZE] = "";
    vgrad__file file = files->open(files, path_of(name));
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(files->read(files, file, found, sizeof found - 1), (int64_t)strlen(text));
    ck_assert_str_eq(found, text);
    files->close(files, file);
}

START_TEST(a_new_file_takes_what_is_written_in_pieces_of_any_size)
{
    for (size_t most = 0; most < 4; most++) {
        failing.most = most;
        write_text("a", "seventeen letters");
        assert_text("a", "seventeen letters");
        ck_assert_int_eq(files->remove(files, path_of("a")), 0);
    }
}
END_TEST

START_TEST(nothing_that_is_there_is_opened_as_new)
{
    write_text("a", "old");
    ck_assert_int_eq(symlink("a", path_of("link")), 0);
    ck_assert_int_eq(symlink("nowhere", path_of("broken")), 0);
    ck_assert_int_eq(files->create(files, path_of("a")), -EEXIST);
    ck_assert_int_eq(files->create(files, path_of("link")), -EEXIST);
    ck_assert_int_eq(files->create(files, path_of("broken")), -EEXIST);
    assert_text("a", "old");
    ck_assert_int_eq(files->kind(files, path_of("a")), VGRAD__NAME_FILE);
    ck_assert_int_eq(files->kind(files, path_of("link")), VGRAD__NAME_LINK);
    ck_assert_int_eq(files->kind(files, path_of("broken")), VGRAD__NAME_LINK);
    ck_assert_int_eq(files->kind(files, path_of("nothing")), VGRAD__NAME_FREE);
    ck_assert_int_eq(files->kind(files, path_of("a/below")), -ENOTDIR);
    ck_assert_int_eq(files->kind(files, folder), VGRAD__NAME_OTHER);
    ck_assert_int_eq(files->kind(files, "/dev/null"), VGRAD__NAME_OTHER);
    unlink(path_of("a"));
    unlink(path_of("link"));
    unlink(path_of("broken"));
}
END_TEST

START_TEST(a_renamed_file_replaces)
{
    write_text("a", "old");
    write_text("b", "new");
    ck_assert_int_eq(files->rename(files, path_of("b"), path_of("a")), 0);
    assert_text("a", "new");
    ck_assert_int_eq(files->rename(files, path_of("b"), path_of("a")), -ENOENT);
    ck_assert_int_eq(files->sync_folder(files, folder), 0);
    ck_assert_int_eq(files->sync_folder(files, path_of("a")), -ENOTDIR);
    unlink(path_of("a"));
}
END_TEST

static void count_name(const char *name, void *user)
{
    int *seen = user;
    seen[strcmp(name, "a") == 0 ? 0 : strcmp(name, "inner") == 0 ? 1 : 2]++;
}

START_TEST(a_folder_is_made_once_and_lists_its_names)
{
    int seen[3] = { 0 };
    write_text("a", "");
    ck_assert_int_eq(files->make_folder(files, path_of("inner")), 0);
    ck_assert_int_eq(files->make_folder(files, path_of("inner")), -EEXIST);
    ck_assert_int_eq(files->list(files, folder, count_name, seen), 0);
    ck_assert_int_eq(seen[0], 1);
    ck_assert_int_eq(seen[1], 1);
    ck_assert_int_eq(seen[2], 0);
    ck_assert_int_eq(files->list(files, path_of("nothing"), count_name, seen), -ENOENT);
    unlink(path_of("a"));
    rmdir(path_of("inner"));
}
END_TEST

START_TEST(a_device_that_is_full_takes_what_it_can)
{
    failing.limited = true;
    failing.room = 5;
    vgrad__file file = files->create(files, path_of("a"));
    ck_assert_int_eq(vgrad__write_all(files, file, "0123456789", 10), -ENOSPC);
    files->close(files, file);
    assert_text("a", "01234");
    unlink(path_of("a"));
}
END_TEST

START_TEST(any_call_can_be_made_to_fail)
{
    failing.error = EIO;
    failing.fail_at = 2;
    vgrad__file file = files->create(files, path_of("a"));
    ck_assert_int_eq(vgrad__write_all(files, file, "x", 1), -EIO);
    ck_assert_int_eq(vgrad__write_all(files, file, "x", 1), 0);
    failing.for_good = true;
    ck_assert_int_eq(files->sync(files, file), -EIO);
    ck_assert_int_eq(files->remove(files, path_of("a")), -EIO);
    files->close(files, file);
    unlink(path_of("a"));
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        a_new_file_takes_what_is_written_in_pieces_of_any_size,
        nothing_that_is_there_is_opened_as_new,
        a_renamed_file_replaces,
        a_folder_is_made_once_and_lists_its_names,
        a_device_that_is_full_takes_what_it_can,
        any_call_can_be_made_to_fail,
    };
    Suite *suite = suite_create("written files");
    TCase *cases = tcase_create("in a folder");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
