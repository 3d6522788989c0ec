/*
 * run DIRECTORY FILE: a run with checkpoints in DIRECTORY, taken up from the newest if there is
 * one; says "ready" when it begins, and leaves what it has come to in FILE. check DIRECTORY: every
 * checkpoint there, by its final name, can be loaded. For killed.py, which kills it; with
 * CK_FORK=no, so that it is one process.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "runs.h"

enum { EPOCHS = 80, PATH_SIZE = 512 };

static char **arguments;

static const run_recipe recipe = { .optimizer = VGRAD_NADAM,
                                   .dropout = true,
                                   .batch_norm = true,
                                   .shared = true,
                                   .schedule = 3,
                                   .clipping = 1,
                                   .validation = true,
                                   .early_stopping = true,
                                   .restores_best = true,
                                   .patience = 1000,
                                   .plateau = true,
                                   .across_epochs = true,
                                   .accumulate = 2 };

START_TEST(it_runs)
{
    char path[PATH_SIZE];
    run r;
    run_make(&r, &recipe, NULL);
    const vgrad_status status = vgrad_checkpoint_latest(arguments[2], path, sizeof path, NULL);
    if (status == VGRAD_OK)
        assert_ok(vgrad_trainer_load(r.trainer, path));
    else
        assert_status(VGRAD_E_NOT_FOUND, status);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, arguments[2], 1, 0, 3, VGRAD_CHECKPOINT_BEST));
    fputs("ready\n", stderr);
    run_fit(&r, EPOCHS);
    assert_ok(vgrad_trainer_save(r.trainer, arguments[3]));
    run_destroy(&r);
}
END_TEST

static bool is_final(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && strcmp(end, ".safetensors") == 0;
}

START_TEST(all_can_be_loaded)
{
    char path[PATH_SIZE];
    run r;
    run_make(&r, &recipe, NULL);
    DIR *directory = opendir(arguments[2]);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof path, "%.200s/%.200s", arguments[2], entry->d_name);
        if (is_final(entry->d_name))
            assert_ok(vgrad_trainer_load(r.trainer, path));
    }
    if (directory)
        closedir(directory);
    run_destroy(&r);
}
END_TEST

int main(int count, char **all)
{
    arguments = all;
    if (count < 3)
        return 2;
    Suite *suite = suite_create("killed");
    if (strcmp(all[1], "run") == 0)
        add_tests(suite, "run", it_runs);
    else
        add_tests(suite, "check", all_can_be_loaded);
    return run_suite(suite);
}
