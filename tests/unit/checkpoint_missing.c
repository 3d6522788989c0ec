/* Checkpoints in a build without jansson: written, and a way to say that they cannot be read. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runs.h"

START_TEST(reading_says_what_is_missing)
{
    const run_recipe recipe = { .wide = false };
    char folder[] = "/tmp/vgrad-test-XXXXXX", path[128], found[128];
    vgrad_network *network;
    run r;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/checkpoint-00000001-000000000005.safetensors", folder);
    run_make(&r, &recipe, NULL);
    run_fit(&r, 1);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_trainer_load(r.trainer, path));
    assert_error_names("without jansson");
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_network_create_from_file(&network, path, NULL));
    ck_assert_ptr_null(network);
    assert_error_names("without jansson");
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_checkpoint_latest(folder, found, sizeof found, NULL));
    assert_error_names("without jansson");
    run_destroy(&r);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint missing");
    add_tests(suite, "without jansson", reading_says_what_is_missing);
    return run_suite(suite);
}
