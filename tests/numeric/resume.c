/* A run that is loaded from any of its checkpoints ends as the one that never stopped: with the
   same file, byte for byte. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runs.h"

enum { FOLDER_SIZE = 64, PATH_SIZE = 160, FILE_MOST = 1 << 17, CHECKPOINTS_MOST = 64 };

static const struct named_recipe {
    const char *name;
    run_recipe recipe;
} recipes[] = {
    { "plain", { .wide = false } },
    { "float64", { .wide = true } },
    { "momentum", { .momentum = true } },
    { "nesterov", { .momentum = true, .nesterov = true, .wide = true } },
    { "rmsprop", { .optimizer = VGRAD_RMSPROP } },
    { "rmsprop with momentum", { .optimizer = VGRAD_RMSPROP, .momentum = true, .wide = true } },
    { "adam", { .optimizer = VGRAD_ADAM } },
    { "adam in float64", { .optimizer = VGRAD_ADAM, .wide = true } },
    { "adamw", { .optimizer = VGRAD_ADAMW } },
    { "nadam", { .optimizer = VGRAD_NADAM } },
    { "adagrad", { .optimizer = VGRAD_ADAGRAD } },
    { "dropout", { .dropout = true } },
    { "dropout and adam in float64", { .dropout = true, .optimizer = VGRAD_ADAM, .wide = true } },
    { "batch norm", { .batch_norm = true } },
    { "shared layers", { .shared = true, .optimizer = VGRAD_ADAM } },
    { "images", { .images = true, .batch_norm = true, .momentum = true } },
    { "frozen", { .frozen = true, .optimizer = VGRAD_ADAM } },
    { "steps", { .schedule = 1 } },
    { "exponential", { .schedule = 2, .optimizer = VGRAD_ADAM } },
    { "cosine", { .schedule = 3, .wide = true } },
    { "schedule of the user's", { .schedule = 4 } },
    { "global norm", { .clipping = 1, .momentum = true } },
    { "layer norm", { .clipping = 2, .optimizer = VGRAD_ADAM } },
    { "by value", { .clipping = 3 } },
    { "decay and penalties", { .decay = true, .penalties = true, .momentum = true } },
    { "validation", { .validation = true } },
    { "early stopping",
      { .validation = true, .early_stopping = true, .patience = 1, .momentum = true } },
    { "early stopping that restores",
      { .early_stopping = true,
        .restores_best = true,
        .patience = 1,
        .batch_norm = true,
        .momentum = true,
        .dropout = true } },
    { "early stopping that never comes",
      { .early_stopping = true, .restores_best = true, .patience = 100, .dropout = true } },
    { "plateau", { .plateau = true, .validation = true } },
    { "unshuffled", { .unshuffled = true } },
    { "across epochs", { .across_epochs = true, .optimizer = VGRAD_ADAM } },
    { "groups", { .accumulate = 2, .optimizer = VGRAD_ADAM } },
    { "groups of three across epochs", { .accumulate = 3, .across_epochs = true } },
    { "class weights", { .class_weights = true } },
    { "two outputs", { .two_outputs = true } },
    { "epoch gradients", { .keeps_epoch_gradients = true } },
    { "a stream", { .streamed = true, .optimizer = VGRAD_ADAM } },
    { "a stream in groups", { .streamed = true, .accumulate = 2 } },
    { "a probe", { .watched = true, .optimizer = VGRAD_ADAM, .clipping = 1 } },
    { "everything",
      { .wide = true,
        .optimizer = VGRAD_NADAM,
        .dropout = true,
        .batch_norm = true,
        .shared = true,
        .images = true,
        .schedule = 3,
        .clipping = 1,
        .decay = true,
        .penalties = true,
        .validation = true,
        .early_stopping = true,
        .restores_best = true,
        .patience = 2,
        .plateau = true,
        .across_epochs = true,
        .accumulate = 2,
        .class_weights = true,
        .keeps_epoch_gradients = true } },
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* ---- files ---- */

static char folder[] = "/tmp/vgrad-test-XXXXXX";
static char checkpoints[FOLDER_SIZE], last[FOLDER_SIZE];
static char names[CHECKPOINTS_MOST][PATH_SIZE];
static int count;

typedef struct bytes {
    size_t size;
    char all[FILE_MOST];
} bytes;
static bytes expected, found;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(checkpoints, sizeof checkpoints, "%s/run", folder);
    snprintf(last, sizeof last, "%s/last", folder);
    count = 0;
}

static void end(void)
{
    for (int i = 0; i < count; i++)
        unlink(names[i]);
    unlink(last);
    rmdir(checkpoints);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void list_checkpoints(void)
{
    DIR *directory = opendir(checkpoints);
    ck_assert_ptr_nonnull(directory);
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_int_lt(count, CHECKPOINTS_MOST);
        snprintf(names[count++], PATH_SIZE, "%s/%.64s", checkpoints, entry->d_name);
    }
    closedir(directory);
}

/* What a run is at, in bytes. */
static void take_bytes(const run *r, bytes *b)
{
    assert_ok(vgrad_trainer_save(r->trainer, last));
    FILE *file = fopen(last, "rb");
    ck_assert_ptr_nonnull(file);
    b->size = fread(b->all, 1, FILE_MOST, file);
    fclose(file);
    ck_assert_uint_lt(b->size, FILE_MOST);
}

static void assert_ends_alike(const run *r, const char *name, const char *from)
{
    take_bytes(r, &found);
    ck_assert_msg(found.size == expected.size && memcmp(found.all, expected.all, found.size) == 0,
                  "%s: another end after %s", name, from);
}

/* ---- tests ---- */

START_TEST(from_every_checkpoint_a_run_ends_as_if_it_had_never_stopped)
{
    const struct named_recipe *named = &recipes[_i];
    run r;
    begin();
    run_make(&r, &named->recipe, NULL);
    run_fit(&r, RUN_EPOCHS);
    take_bytes(&r, &expected);
    run_destroy(&r);

    run_make(&r, &named->recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 1, 0, 0));
    run_fit(&r, RUN_EPOCHS);
    assert_ends_alike(&r, named->name, "writing checkpoints");
    run_destroy(&r);

    list_checkpoints();
    ck_assert_int_ge(count, 8);
    for (int i = 0; i < count; i++) {
        run_make(&r, &named->recipe, NULL);
        assert_ok(vgrad_trainer_load(r.trainer, names[i]));
        run_fit(&r, RUN_EPOCHS);
        assert_ends_alike(&r, named->name, names[i]);
        run_destroy(&r);
    }
    end();
}
END_TEST

/* Saved between any two calls where that may be, groups of batches unfinished. */
START_TEST(within_a_group_a_run_can_be_left_and_taken_up)
{
    const run_recipe recipe = { .accumulate = 3,
                                .watched = true,
                                .dropout = true,
                                .batch_norm = true,
                                .optimizer = VGRAD_ADAM,
                                .keeps_epoch_gradients = true };
    const vgrad_tensor *x, *y;
    run r, other;
    int unfinished = 0;
    begin();
    run_make(&r, &recipe, NULL);
    run_fit(&r, RUN_EPOCHS);
    take_bytes(&r, &expected);
    run_destroy(&r);
    run_make(&r, &recipe, NULL);
    while (vgrad_trainer_next(r.trainer, r.data, RUN_EPOCHS, &x, &y) == VGRAD_OK) {
        vgrad_trainer_forward(r.trainer, x);
        vgrad_trainer_loss(r.trainer, y, NULL);
        vgrad_trainer_backward(r.trainer);
        const vgrad_status status = vgrad_trainer_step(r.trainer);
        unfinished += status == VGRAD_ACCUMULATED;
        assert_ok(vgrad_trainer_save(r.trainer, last));
        run_make(&other, &recipe, NULL);
        assert_ok(vgrad_trainer_load(other.trainer, last));
        run_fit(&other, RUN_EPOCHS);
        assert_ends_alike(&other, "a group", "a batch of it");
        run_destroy(&other);
    }
    ck_assert_int_gt(unfinished, 4);
    assert_ends_alike(&r, "a group", "all that");
    run_destroy(&r);
    end();
}
END_TEST

/* What judges an epoch may have been asked for after the checkpoints that tell of it. */
static void make_judged(run *r, const char *folder_of_checkpoints)
{
    const run_recipe recipe = { .momentum = true, .dropout = true };
    run_make(r, &recipe, NULL);
    if (folder_of_checkpoints)
        assert_ok(vgrad_trainer_checkpoint(r->trainer, folder_of_checkpoints, 1, 0, 0, 0));
    assert_ok(vgrad_trainer_early_stopping(r->trainer, 2, 0, 1));
    assert_ok(vgrad_trainer_reduce_on_plateau(r->trainer, 0.5, 1, 0.5, 1, 1e-5));
}

START_TEST(a_checkpoint_is_written_when_all_others_have_heard)
{
    run r;
    begin();
    make_judged(&r, NULL);
    run_fit(&r, 30);
    ck_assert_int_lt(vgrad_trainer_epoch(r.trainer), 29); /* it was stopped */
    take_bytes(&r, &expected);
    run_destroy(&r);
    make_judged(&r, checkpoints);
    run_fit(&r, 30);
    run_destroy(&r);
    list_checkpoints();
    for (int i = 0; i < count; i++) {
        make_judged(&r, NULL);
        assert_ok(vgrad_trainer_load(r.trainer, names[i]));
        run_fit(&r, 30);
        assert_ends_alike(&r, "judged", names[i]);
        run_destroy(&r);
    }
    end();
}
END_TEST

/* A trainer that has gone farther, or was given up within a group. */
START_TEST(a_trainer_can_go_back)
{
    const run_recipe recipe = recipes[RECIPES - 1].recipe;
    const vgrad_tensor *x, *y;
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 0, 3, 0, 0));
    run_fit(&r, RUN_EPOCHS);
    take_bytes(&r, &expected);
    list_checkpoints();
    run_destroy(&r);
    run_make(&r, &recipe, NULL);
    run_fit(&r, 3);
    for (int i = 0; i < count; i++) {
        assert_ok(vgrad_trainer_load(r.trainer, names[i]));
        run_fit(&r, RUN_EPOCHS);
        assert_ends_alike(&r, "everything", names[i]);
        assert_ok(vgrad_trainer_next(r.trainer, r.data, 100, &x, &y));
        assert_ok(vgrad_trainer_forward(r.trainer, x));
        assert_ok(vgrad_trainer_loss(r.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(r.trainer));
        assert_status(VGRAD_ACCUMULATED, vgrad_trainer_step(r.trainer));
    }
    run_destroy(&r);
    end();
}
END_TEST

/* Every process makes one epoch. */
START_TEST(a_run_of_many_processes_is_the_run_of_one)
{
    const run_recipe recipe = recipes[RECIPES - 1].recipe;
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    run_fit(&r, RUN_EPOCHS);
    take_bytes(&r, &expected);
    run_destroy(&r);
    for (int64_t epoch = 1; epoch <= RUN_EPOCHS; epoch++) {
        run_make(&r, &recipe, NULL);
        if (epoch > 1)
            assert_ok(vgrad_trainer_load(r.trainer, names[0]));
        assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 1, 0));
        run_fit(&r, RUN_EPOCHS);
        if (epoch == RUN_EPOCHS)
            assert_ends_alike(&r, "everything", "the process before");
        run_destroy(&r);
        count = 0;
        list_checkpoints();
        ck_assert_int_eq(count, 1);
    }
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume");
    TCase *all = tcase_create("runs");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, from_every_checkpoint_a_run_ends_as_if_it_had_never_stopped, 0,
                        RECIPES);
    suite_add_tcase(suite, all);
    add_tests(suite, "runs", within_a_group_a_run_can_be_left_and_taken_up,
              a_checkpoint_is_written_when_all_others_have_heard, a_trainer_can_go_back,
              a_run_of_many_processes_is_the_run_of_one);
    return run_suite(suite);
}
