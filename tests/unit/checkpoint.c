/* lib/record/checkpoint*: descriptions that no library wrote, and every call and every allocation
   failing. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "base/context.h"
#include "base/crc32c.h"
#include "failing_files.h"
#include "runs.h"

enum { FOLDER_SIZE = 64, PATH_SIZE = 320, FILE_MOST = 1 << 17 };

static char folder[FOLDER_SIZE], path[2 * FOLDER_SIZE], own[2 * FOLDER_SIZE],
    checkpoints[2 * FOLDER_SIZE];
static failing_files files;
static allocator memory;
static vgrad_context *context;

typedef struct bytes {
    size_t size;
    char all[FILE_MOST];
} bytes;
static bytes whole, edited, before, after;

static const run_recipe recipe = { .dropout = true,
                                   .optimizer = VGRAD_ADAM,
                                   .schedule = 1,
                                   .validation = true,
                                   .plateau = true,
                                   .early_stopping = true,
                                   .restores_best = true,
                                   .patience = 100,
                                   .accumulate = 2 };

static void get(const char *name, bytes *b)
{
    FILE *file = fopen(name, "rb");
    ck_assert_ptr_nonnull(file);
    b->size = fread(b->all, 1, FILE_MOST, file);
    fclose(file);
    ck_assert_uint_lt(b->size, FILE_MOST);
}

static void put(const bytes *b)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(b->all, 1, b->size, file), b->size);
    fclose(file);
}

/* What a run is at. */
static void take(const run *r, bytes *b)
{
    assert_ok(vgrad_trainer_save(r->trainer, own));
    get(own, b);
    unlink(own);
}

static void assert_untouched(const run *r)
{
    take(r, &after);
    ck_assert_uint_eq(after.size, before.size);
    ck_assert_mem_eq(after.all, before.all, after.size);
}

static void begin(void)
{
    run r;
    strcpy(folder, "/tmp/vgrad-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(own, sizeof own, "%s/own", folder);
    snprintf(checkpoints, sizeof checkpoints, "%s/run", folder);
    files = (failing_files){ .error = EIO };
    memory = (allocator){ .calls = 0 };
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &memory));
    vgrad__context_set_files(context, failing_files_begin(&files));
    run_make(&r, &recipe, NULL);
    run_fit(&r, 2);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    run_destroy(&r);
    get(path, &whole);
}

/* Calls `use` with every name in the folder of checkpoints. */
static void each_checkpoint(void (*use)(const char *full))
{
    char full[PATH_SIZE];
    DIR *directory = opendir(checkpoints);
    if (!directory)
        return;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(full, sizeof full, "%s/%.100s", checkpoints, entry->d_name);
        use(full);
    }
    closedir(directory);
}

static void remove_file(const char *full)
{
    unlink(full);
}

static void empty_folder(void)
{
    each_checkpoint(remove_file);
    rmdir(checkpoints);
}

static void end(void)
{
    vgrad_context_destroy(context);
    ck_assert_int_eq(memory.blocks, 0);
    ck_assert_int_eq(memory.mistakes, 0);
    ck_assert_int_eq(files.is_open, 0);
    empty_folder();
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

/* ---- descriptions that no library wrote ---- */

enum { LENGTH = 8, DIGITS = 8, TEXT_SIZE = 512 };

/* As it stands in a JSON text that is a text of JSON. */
static const char *escaped(const char *text, char out[TEXT_SIZE])
{
    size_t used = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            out[used++] = '\\';
        out[used++] = *c;
    }
    out[used] = '\0';
    return out;
}

static char *find(const bytes *in, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= in->size; i++)
        if (memcmp(in->all + i, text, length) == 0)
            return (char *)(uintptr_t)in->all + i;
    ck_abort_msg("%s is not in the file", text);
    return NULL;
}

static size_t header_length(const bytes *b)
{
    size_t length = 0;
    for (int i = 0; i < LENGTH; i++)
        length |= (size_t)(unsigned char)b->all[i] << 8 * i;
    return length;
}

/* Puts the right length and sum into a header that has grown by `more` bytes. */
static void mend(bytes *b, size_t more)
{
    static const char key[] = "\"crc32c\":\"";
    char digits[DIGITS + 1];
    const size_t length = header_length(b) + more;
    for (int i = 0; i < LENGTH; i++)
        b->all[i] = (char)(length >> 8 * i);
    char *sum = find(b, key) + sizeof key - 1;
    memcpy(sum, "00000000", DIGITS);
    snprintf(digits, sizeof digits, "%08x", (unsigned)vgrad__crc32c(0, b->all + LENGTH, length));
    memcpy(sum, digits, DIGITS);
}

/* `whole` with `to` for the first `from`, in `edited` and in the file. */
static void edit(const char *from, const char *to)
{
    const size_t old = strlen(from), new = strlen(to);
    const size_t at = (size_t)(find(&whole, from) - whole.all);
    memcpy(edited.all, whole.all, at);
    memcpy(edited.all + at, to, new);
    memcpy(edited.all + at + new, whole.all + at + old, whole.size - at - old);
    edited.size = whole.size + new - old;
    mend(&edited, new - old);
    put(&edited);
}

typedef struct damage {
    const char *from, *to;
    vgrad_status status;
    const char *part; /* of the error text */
} damage;

static const damage of_networks[] = {
    { "\"inputs\":[1]", "\"inputs\":[2]", VGRAD_E_FORMAT,
      "network.layers[2].inputs[0]: no layer before it" },
    { "\"inputs\":[1]", "\"inputs\":[4]", VGRAD_E_FORMAT, "layers[2].inputs[0]: no layer" },
    { "\"inputs\":[1]", "\"inputs\":[-1]", VGRAD_E_FORMAT, "layers[2].inputs[0]: no layer" },
    { "\"inputs\":[1]", "\"inputs\":[\"1\"]", VGRAD_E_FORMAT, "inputs[0]: a whole number" },
    { "\"inputs\":[1]", "\"inputs\":[]", VGRAD_E_FORMAT, "inputs: another number than its kind" },
    { "\"inputs\":[1]", "\"inputs\":[1,1,1,1,1,1,1,1,1,1]", VGRAD_E_FORMAT, "another number" },
    { "\"inputs\":[1]", "\"inputs\":1", VGRAD_E_FORMAT, "inputs: an array" },
    { "\"inputs\":[1]", "\"inputs\":[1],\"shares\":0", VGRAD_E_FORMAT, "a layer of another kind" },
    { "\"inputs\":[1]", "\"inputs\":[1],\"shares\":9", VGRAD_E_FORMAT, "shares: no layer before" },
    { "\"kind\":\"dense\"", "\"kind\":\"dance\"", VGRAD_E_FORMAT,
      "layers[1].kind: no kind of layer is called \"dance\"" },
    { "\"kind\":\"dense\"", "\"kind\":\"user layer\"", VGRAD_E_UNSUPPORTED, "layer \"first\"" },
    { "\"kind\":\"dense\"", "\"kind\":7", VGRAD_E_FORMAT, "layers[1].kind: a text" },
    { "\"kind\":\"dense\"", "\"kind\":\"dense dense dense dense dense dense dense dense\"",
      VGRAD_E_FORMAT, "a shorter text" },
    { "\"kind\":\"dense\"", "\"kine\":\"dense\"", VGRAD_E_FORMAT, "layers[1].kind: is missing" },
    { "\"kind\":\"dense\"", "\"kind\":\"dense\",\"kind\":\"dense\"", VGRAD_E_FORMAT, "duplicate" },
    { "\"name\":\"first\"", "\"name\":\"input\"", VGRAD_E_FORMAT, "layers[1].name: " },
    { "\"name\":\"first\"", "\"name\":\"\"", VGRAD_E_FORMAT, "layers[1].name: " },
    { "\"units\":6", "\"units\":\"6\"", VGRAD_E_FORMAT, "layers[1].units: a whole number" },
    { "\"units\":6", "\"units\":6.5", VGRAD_E_FORMAT, "layers[1].units: a whole number" },
    { "\"units\":6", "\"units\":0", VGRAD_E_FORMAT, "layers[1].units: 1 to" },
    { "\"units\":6", "\"units\":99999999999999", VGRAD_E_FORMAT, "layers[1].units: 1 to" },
    { "\"units\":6", "\"units\":99999999999999999999", VGRAD_E_FORMAT, "integer" },
    { "\"units\":6", "\"units\":2000000000", VGRAD_E_FORMAT, "more than the file has" },
    { "\"units\":6", "\"units\":7", VGRAD_E_SHAPE, "tensor \"first.kernel\"" },
    { "\"shape\":[4]", "\"shape\":[]", VGRAD_E_FORMAT, "layers[0].shape: sizes along 1 to 7" },
    { "\"shape\":[4]", "\"shape\":[1,1,1,1,1,1,1,1]", VGRAD_E_FORMAT, "layers[0].shape" },
    { "\"shape\":[4]", "\"shape\":[2000000000,2000000000]", VGRAD_E_SHAPE, "layer \"input\"" },
    { "\"shape\":[4]", "\"shape\":[2,2]", VGRAD_E_SHAPE, "layer \"first\"" },
    { "\"activation\":\"tanh\"", "\"activation\":\"tan\"", VGRAD_E_FORMAT,
      "layers[1].activation: no activation" },
    { "\"activation\":\"tanh\"", "\"activation\":null", VGRAD_E_FORMAT, "activation: a text" },
    { "\"outputs\":[4]", "\"outputs\":[]", VGRAD_E_FORMAT, "network.outputs: at least one" },
    { "\"outputs\":[4]", "\"outputs\":[5]", VGRAD_E_FORMAT, "network.outputs[0]: no layer" },
    { "\"outputs\":[4]", "\"outputs\":[0]", VGRAD_E_INVALID, "is an input" },
    { "\"outputs\":[4]", "\"outputs\":[3]", VGRAD_E_INVALID, "does not lead to the output" },
    { "\"outputs\":[4]", "\"outputs\":[4,4]", VGRAD_E_INVALID, "is one already" },
    { "\"dtype\":\"float32\"", "\"dtype\":\"float16\"", VGRAD_E_FORMAT, "network.dtype: float32" },
    { "\"dtype\":\"float32\"", "\"dtype\":\"float64\"", VGRAD_E_INVALID, "F32 there" },
    { "\"seed\":\"18364758544493064720\"", "\"seed\":\"-1\"", VGRAD_E_FORMAT, "network.seed: " },
    { "\"seed\":\"18364758544493064720\"", "\"seed\":\"99999999999999999999\"", VGRAD_E_FORMAT,
      "network.seed: the digits" },
    { "\"trainable\":1", "\"trainable\":2", VGRAD_E_FORMAT, "options.trainable: 0 to 1, got 2" },
    { "\"use_bias\":1.0", "\"use_bias\":0.5", VGRAD_E_FORMAT, "options.use_bias" },
    { "\"initializers\":{}", "\"initializers\":{\"kernel\":{\"kind\":99,\"a\":1,\"b\":1}}",
      VGRAD_E_FORMAT, "network.initializers.kernel: no initializer" },
    { "\"initializers\":{}", "\"initializers\":7", VGRAD_E_FORMAT, "initializers: an object" },
    { "{\"network\":", "[\"network\":", VGRAD_E_FORMAT, "the run: byte" },
    { "\"trained\":", "\"trained\":-", VGRAD_E_FORMAT, "state.trained: 0 to" },
};
enum { OF_NETWORKS = sizeof of_networks / sizeof *of_networks };

START_TEST(a_network_is_not_made_of_a_wrong_description)
{
    const damage *d = &of_networks[_i];
    char from[TEXT_SIZE], to[TEXT_SIZE];
    vgrad_network *network = (vgrad_network *)folder;
    edit(escaped(d->from, from), escaped(d->to, to));
    assert_status(d->status, vgrad_network_create_from_file(&network, path, context));
    assert_error_names(path);
    assert_error_names(d->part);
    ck_assert_ptr_null(network);
}
END_TEST

static const damage of_runs[] = {
    { "\"row\":0,\"in_epoch\"", "\"row\":23,\"in_epoch\"", VGRAD_E_FORMAT,
      "trainer.position: rows and batches" },
    { "\"steps\":6", "\"steps\":-6", VGRAD_E_FORMAT, "trainer.position.steps: 0 to" },
    { "\"batch_size\":5", "\"batch_size\":0", VGRAD_E_FORMAT, "trainer.settings.batch_size: 1 to" },
    { "\"group\":{\"batches\":0", "\"group\":{\"batches\":1", VGRAD_E_FORMAT,
      "trainer.group: batches that make no group" },
    { "\"kind\":\"step\"", "\"kind\":\"stop\"", VGRAD_E_FORMAT, "schedule.kind: no schedule" },
    { "\"span\":3", "\"span\":0", VGRAD_E_FORMAT, "optimizer.schedule.span: 1 to" },
    { "\"warmup\":2", "\"warmup\":-2", VGRAD_E_FORMAT, "optimizer.schedule.warmup: 0 to" },
    { "\"beta1\":", "\"beta1\":1,\"was\":", VGRAD_E_FORMAT, "optimizer.options.beta1: in [0, 1)" },
    { "\"beta1\":", "\"beta1\":\"nan\",\"was\":", VGRAD_E_FORMAT, "optimizer.options.beta1" },
    { "\"beta1\":", "\"beta1\":\"many\",\"was\":", VGRAD_E_FORMAT, "beta1: a number" },
    { "\"updates\":6", "\"updates\":-6", VGRAD_E_FORMAT, "optimizer.updates: 0 to" },
    { "\"best_epoch\":", "\"best_epoch\":-7,\"was\":", VGRAD_E_FORMAT,
      "early_stopping.best_epoch: -1 to" },
    { "\"factor\":", "\"factor\":1,\"was\":", VGRAD_E_FORMAT, "plateau.factor: a number from" },
    { "\"running\":0", "\"running\":3", VGRAD_E_FORMAT, "trainer.running: 0 to 1" },
};
enum { OF_RUNS = sizeof of_runs / sizeof *of_runs };

START_TEST(a_run_does_not_take_a_wrong_description)
{
    const damage *d = &of_runs[_i];
    char from[TEXT_SIZE], to[TEXT_SIZE];
    run r;
    run_make(&r, &recipe, context);
    take(&r, &before);
    edit(escaped(d->from, from), escaped(d->to, to));
    assert_status(d->status, vgrad_trainer_load(r.trainer, path));
    assert_error_names(path);
    assert_error_names(d->part);
    assert_untouched(&r);
    run_destroy(&r);
}
END_TEST

/* These stand in the header itself. */
static const damage of_headers[] = {
    { "\"version\":\"1\"", "\"version\":\"2\"", VGRAD_E_UNSUPPORTED,
      "version 2 of the format, written by libvgrad 0.1.0" },
    { "\"format\":\"vgrad checkpoint\"", "\"format\":\"pt\"", VGRAD_E_FORMAT, "no checkpoint" },
    { "\"run\":\"", "\"ran\":\"", VGRAD_E_FORMAT, "the run is missing" },
    { "\"crc32c:first.bias\":\"", "\"crc32c:other\":\"", VGRAD_E_FORMAT,
      "a CRC-32C of its header" },
    { "\"first.bias.best\":{", "\"first.bias.rest\":{", VGRAD_E_FORMAT, "a CRC-32C of its header" },
    { "\"first.kernel\":{\"dtype\":\"F32\"", "\"first.kernel\":{\"dtype\":\"I32\"", VGRAD_E_INVALID,
      "tensor \"first.kernel\": float32 here, I32 there" },
    { "\"first.kernel\":{\"dtype\":\"F32\",\"shape\":[4,6]",
      "\"first.kernel\":{\"dtype\":\"F32\",\"shape\":[6,4]", VGRAD_E_SHAPE,
      "tensor \"first.kernel\"" },
};
enum { OF_HEADERS = sizeof of_headers / sizeof *of_headers };

START_TEST(a_run_does_not_take_a_wrong_header)
{
    const damage *d = &of_headers[_i];
    run r;
    run_make(&r, &recipe, context);
    take(&r, &before);
    edit(d->from, d->to);
    assert_status(d->status, vgrad_trainer_load(r.trainer, path));
    assert_error_names(path);
    assert_error_names(d->part);
    assert_untouched(&r);
    run_destroy(&r);
}
END_TEST

/* A tensor under another name, with its sum. */
START_TEST(a_tensor_too_many_is_one_too_few)
{
    run r;
    run_make(&r, &recipe, context);
    edit("\"first.bias.best\":{", "\"first.bias.rest\":{");
    whole = edited;
    edit("\"crc32c:first.bias.best\":", "\"crc32c:first.bias.rest\":");
    assert_status(VGRAD_E_NOT_FOUND, vgrad_trainer_load(r.trainer, path));
    assert_error_names("there is no tensor \"first.bias.best\"");
    run_destroy(&r);
}
END_TEST

/* ---- files that fail ---- */

START_TEST(a_call_that_fails_while_saving_leaves_the_old_file)
{
    run r;
    long n = 1;
    run_make(&r, &recipe, context);
    run_fit(&r, 1);
    for (;; n++) {
        files.calls = 0;
        files.fail_at = n;
        const vgrad_status status = vgrad_trainer_save(r.trainer, path);
        files.fail_at = 0;
        if (files.calls < n) {
            assert_ok(status);
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names(path);
        if (strstr(vgrad_last_error(), "is in its place"))
            continue;
        get(path, &after);
        ck_assert_uint_eq(after.size, whole.size);
        ck_assert_mem_eq(after.all, whole.all, whole.size);
    }
    ck_assert_int_ge(n, 6); /* is_link, create, write, sync, rename, sync_folder */
    run_destroy(&r);
}
END_TEST

START_TEST(a_full_device_leaves_the_old_file)
{
    run r;
    run_make(&r, &recipe, context);
    run_fit(&r, 1);
    files.limited = true;
    for (int64_t room = 0; room < (int64_t)whole.size / 2; room += 61) {
        files.room = room;
        assert_status(VGRAD_E_IO, vgrad_trainer_save(r.trainer, path));
        assert_error_names(strerror(ENOSPC));
        get(path, &after);
        ck_assert_uint_eq(after.size, whole.size);
        ck_assert_mem_eq(after.all, whole.all, whole.size);
    }
    files.limited = false;
    run_destroy(&r);
}
END_TEST

START_TEST(a_call_that_fails_while_loading_changes_nothing)
{
    vgrad_network *network;
    run r;
    long n = 1;
    run_make(&r, &recipe, context);
    take(&r, &before);
    for (;; n++) {
        files.calls = 0;
        files.fail_at = n;
        const vgrad_status status = vgrad_trainer_load(r.trainer, path);
        files.fail_at = 0;
        if (files.calls < n) {
            assert_ok(status);
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names(path);
        files.calls = 0;
        files.fail_at = n;
        assert_status(VGRAD_E_IO, vgrad_network_create_from_file(&network, path, context));
        files.fail_at = 0;
        assert_untouched(&r);
    }
    ck_assert_int_gt(n, 10);
    run_destroy(&r);
}
END_TEST

static int readable;

static void must_be_readable(const char *full)
{
    run r;
    if (strstr(full, ".tmp"))
        return;
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_load(r.trainer, full));
    run_destroy(&r);
    readable++;
}

/* A run with checkpoints of which one call fails. */
static vgrad_status run_with_a_fault(long n)
{
    run r;
    run_make(&r, &recipe, context);
    files.calls = 0;
    files.fail_at = n;
    vgrad_status status =
        vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 2, VGRAD_CHECKPOINT_BEST);
    if (status == VGRAD_OK)
        status = vgrad_trainer_fit(r.trainer, r.data, RUN_EPOCHS);
    files.fail_at = 0;
    run_destroy(&r);
    return status;
}

/* Another process takes the run up from what there is, and comes to the end of `before`. */
static void assert_can_go_on(void)
{
    char found[PATH_SIZE];
    run r;
    readable = 0;
    each_checkpoint(must_be_readable);
    const vgrad_status status = vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL);
    ck_assert(status == VGRAD_OK || (status == VGRAD_E_NOT_FOUND && readable <= 1)); /* the best */
    run_make(&r, &recipe, NULL);
    if (status == VGRAD_OK)
        assert_ok(vgrad_trainer_load(r.trainer, found));
    run_fit(&r, RUN_EPOCHS);
    assert_untouched(&r);
    run_destroy(&r);
}

START_TEST(whatever_call_fails_the_run_is_taken_up_from_what_there_is)
{
    run r;
    long n = 1;
    bool failed = true;
    run_make(&r, &recipe, NULL);
    run_fit(&r, RUN_EPOCHS);
    take(&r, &before);
    run_destroy(&r);
    for (; failed; n++) {
        const vgrad_status status = run_with_a_fault(n);
        failed = files.calls >= n;
        assert_status(failed ? VGRAD_E_IO : VGRAD_OK, status);
        assert_can_go_on();
        empty_folder();
    }
    ck_assert_int_gt(n, 40);
}
END_TEST

/* ---- memory that fails ---- */

/* Fails allocation n of a call; false if it has no n-th. */
static bool disturb(vgrad_status (*call)(run *r), run *r, long n)
{
    const long blocks = memory.blocks;
    allocator_arm(&memory, n, false);
    const vgrad_status status = call(r);
    const bool failed = memory.failed > 0;
    allocator_disarm(&memory);
    assert_status(failed ? VGRAD_E_MEMORY : VGRAD_OK, status);
    ck_assert(!failed || memory.blocks <= blocks + 1); /* a group's mean may have come */
    return failed;
}

static vgrad_status save(run *r)
{
    return vgrad_trainer_save(r->trainer, path);
}

static vgrad_status load(run *r)
{
    return vgrad_trainer_load(r->trainer, path);
}

static vgrad_status make_network(run *r)
{
    (void)r;
    vgrad_network *network;
    const vgrad_status status = vgrad_network_create_from_file(&network, path, context);
    ck_assert_ptr_eq(network, status == VGRAD_OK ? network : NULL);
    vgrad_network_destroy(network);
    return status;
}

static vgrad_status latest(run *r)
{
    char found[PATH_SIZE];
    (void)r;
    return vgrad_checkpoint_latest(checkpoints, found, sizeof found, context);
}

START_TEST(an_allocation_that_fails_changes_nothing)
{
    run r;
    long n;
    run_make(&r, &recipe, context);
    take(&r, &before);
    for (n = 1; disturb(load, &r, n); n++)
        assert_untouched(&r);
    ck_assert_int_gt(n, 4);
    get(path, &whole);
    for (n = 1; disturb(save, &r, n); n++) {
        get(path, &after);
        ck_assert_mem_eq(after.all, whole.all, whole.size);
    }
    ck_assert_int_gt(n, 5);
    for (n = 1; disturb(make_network, &r, n); n++)
        ;
    ck_assert_int_gt(n, 15);
    run_destroy(&r);
}
END_TEST

START_TEST(an_allocation_that_fails_ends_a_run_that_can_go_on)
{
    run r;
    long n = 1;
    run_make(&r, &recipe, NULL);
    run_fit(&r, RUN_EPOCHS);
    take(&r, &before);
    run_destroy(&r);
    for (bool failed = true; failed; n++) {
        run_make(&r, &recipe, context);
        allocator_arm(&memory, n, false);
        vgrad_status status =
            vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 1, VGRAD_CHECKPOINT_BEST);
        if (status == VGRAD_OK)
            status = vgrad_trainer_fit(r.trainer, r.data, RUN_EPOCHS);
        failed = memory.failed > 0;
        allocator_disarm(&memory);
        assert_status(failed ? VGRAD_E_MEMORY : VGRAD_OK, status);
        run_destroy(&r);
        assert_can_go_on();
        if (failed)
            empty_folder();
    }
    ck_assert_int_gt(n, 60);
    for (n = 1; disturb(latest, NULL, n); n++)
        ;
    ck_assert_int_gt(n, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *loops = tcase_create("wrong");
    tcase_add_checked_fixture(loops, begin, end);
    tcase_add_loop_test(loops, a_network_is_not_made_of_a_wrong_description, 0, OF_NETWORKS);
    tcase_add_loop_test(loops, a_run_does_not_take_a_wrong_description, 0, OF_RUNS);
    tcase_add_loop_test(loops, a_run_does_not_take_a_wrong_header, 0, OF_HEADERS);
    tcase_add_test(loops, a_tensor_too_many_is_one_too_few);
    suite_add_tcase(suite, loops);
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 120);
    tcase_add_checked_fixture(faults, begin, end);
    tcase_add_test(faults, a_call_that_fails_while_saving_leaves_the_old_file);
    tcase_add_test(faults, a_full_device_leaves_the_old_file);
    tcase_add_test(faults, a_call_that_fails_while_loading_changes_nothing);
    tcase_add_test(faults, whatever_call_fails_the_run_is_taken_up_from_what_there_is);
    tcase_add_test(faults, an_allocation_that_fails_changes_nothing);
    tcase_add_test(faults, an_allocation_that_fails_ends_a_run_that_can_go_on);
    suite_add_tcase(suite, faults);
    return run_suite(suite);
}
