/* Checkpoints through the public headers: what is refused, what is named, what stays. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runs.h"

enum { FOLDER_SIZE = 64, PATH_SIZE = 192, FILE_MOST = 1 << 17 };

static char folder[FOLDER_SIZE], checkpoints[2 * FOLDER_SIZE], path[2 * FOLDER_SIZE];

typedef struct bytes {
    size_t size;
    char all[FILE_MOST];
} bytes;
static bytes whole, before, after;

static const run_recipe rich = { .dropout = true, .batch_norm = true, .optimizer = VGRAD_ADAM };

static void begin(void)
{
    strcpy(folder, "/tmp/vgrad-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(checkpoints, sizeof checkpoints, "%s/run", folder);
    snprintf(path, sizeof path, "%s/file", folder);
}

/* Calls `use` with every name in a folder; returns how many there are. */
static int each_name(const char *of, void (*use)(const char *name, void *user), void *user)
{
    int count = 0;
    DIR *directory = opendir(of);
    if (!directory)
        return 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (use)
            use(entry->d_name, user);
    }
    closedir(directory);
    return count;
}

static void remove_name(const char *name, void *user)
{
    char full[PATH_SIZE + 256];
    snprintf(full, sizeof full, "%s/%s", (const char *)user, name);
    unlink(full);
}

static void end(void)
{
    each_name(checkpoints, remove_name, checkpoints);
    rmdir(checkpoints);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

static void get(const char *name, bytes *b)
{
    FILE *file = fopen(name, "rb");
    ck_assert_ptr_nonnull(file);
    b->size = fread(b->all, 1, FILE_MOST, file);
    fclose(file);
    ck_assert_uint_lt(b->size, FILE_MOST);
}

static void put(const bytes *b, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(b->all, 1, size, file), size);
    fclose(file);
}

/* What a run is at. */
static void take(const run *r, bytes *b)
{
    char own[PATH_SIZE];
    snprintf(own, sizeof own, "%s/own", folder);
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

/* A checkpoint of a run after `epochs` epochs, under `path` and in `whole`. */
static void save_run(const run_recipe *recipe, int64_t epochs)
{
    run r;
    run_make(&r, recipe, NULL);
    run_fit(&r, epochs);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    run_destroy(&r);
    get(path, &whole);
}

/* ---- damage ---- */

START_TEST(every_truncation_is_refused_and_changes_nothing)
{
    run r;
    vgrad_network *network;
    begin();
    save_run(&rich, 1);
    run_make(&r, &rich, NULL);
    take(&r, &before);
    for (size_t size = whole.size; size-- > 0;) {
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
        assert_status(VGRAD_E_FORMAT, vgrad_trainer_load(r.trainer, path));
        assert_error_names(path);
        assert_status(VGRAD_E_FORMAT, vgrad_network_create_from_file(&network, path, NULL));
        ck_assert_ptr_null(network);
    }
    assert_untouched(&r);
    put(&whole, whole.size);
    assert_ok(vgrad_trainer_load(r.trainer, path)); /* so it was the truncation */
    run_destroy(&r);
    end();
}
END_TEST

static size_t header_size(const bytes *b)
{
    size_t length = 0;
    for (int i = 0; i < 8; i++)
        length |= (size_t)(unsigned char)b->all[i] << 8 * i;
    return 8 + length;
}

static void put_byte(size_t at, int byte)
{
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, (long)at, SEEK_SET), 0);
    ck_assert_int_ne(putc(byte & 0xff, file), EOF);
    fclose(file);
}

START_TEST(every_flipped_bit_of_a_header_and_many_of_the_tensors_are_found)
{
    run r;
    begin();
    save_run(&rich, 1);
    const size_t header = header_size(&whole);
    run_make(&r, &rich, NULL);
    take(&r, &before);
    for (size_t at = 0; at < whole.size; at += at < header ? 1 : 5) {
        const int bit = 1 << (at * 5 + 3) % 8;
        put_byte(at, whole.all[at] ^ bit);
        const vgrad_status status = vgrad_trainer_load(r.trainer, path);
        ck_assert_msg(status == VGRAD_E_FORMAT, "byte %zu: %s: %s", at, vgrad_status_name(status),
                      vgrad_last_error());
        assert_error_names(path);
        if (at >= header) {
            assert_error_names("tensor \"");
            assert_error_names("CRC-32C");
        }
        put_byte(at, whole.all[at]);
    }
    assert_untouched(&r);
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(what_is_no_checkpoint_is_told_apart)
{
    run r;
    begin();
    run_make(&r, &rich, NULL);
    take(&r, &before);
    assert_ok(vgrad_network_save(r.network, path));
    assert_status(VGRAD_E_FORMAT, vgrad_trainer_load(r.trainer, path));
    assert_error_names("no checkpoint");
    unlink(path);
    assert_status(VGRAD_E_IO, vgrad_trainer_load(r.trainer, path));
    assert_error_names(path);
    assert_untouched(&r);
    run_destroy(&r);
    end();
}
END_TEST

/* ---- another run ---- */

typedef struct difference {
    const char *part; /* of the error text */
    run_recipe saved, here;
} difference;

static const difference differences[] = {
    { "network.dtype: \"float64\" here, \"float32\" there", { .wide = false }, { .wide = true } },
    { "network.layers: 4 of them here, 5 there", { .dropout = true }, { .dropout = false } },
    { "network.layers[2].kind: \"batch_norm\" here, \"dropout\" there",
      { .dropout = true },
      { .batch_norm = true } },
    { "optimizer.rule: \"adam\" here, \"sgd\" there",
      { .wide = false },
      { .optimizer = VGRAD_ADAM } },
    { "trainer.class_weights: 3 of them here, 0 there",
      { .wide = false },
      { .class_weights = true } },
    { "early_stopping: here, but not there", { .wide = false }, { .early_stopping = true } },
    { "early_stopping: not here", { .early_stopping = true }, { .wide = false } },
    { "restore_best: 0 here, 1 there",
      { .early_stopping = true, .restores_best = true },
      { .early_stopping = true } },
    { "plateau: not here", { .plateau = true }, { .wide = false } },
    { "optimizer.schedule.users: the run had a function of the user's",
      { .schedule = 4 },
      { .schedule = 3 } },
    { "optimizer.schedule.users: the run had none", { .schedule = 3 }, { .schedule = 4 } },
};
enum { DIFFERENCES = sizeof differences / sizeof *differences };

START_TEST(the_first_difference_is_named)
{
    const difference *d = &differences[_i];
    run r;
    begin();
    save_run(&d->saved, 1);
    run_make(&r, &d->here, NULL);
    run_fit(&r, 2);
    take(&r, &before);
    assert_status(VGRAD_E_INVALID, vgrad_trainer_load(r.trainer, path));
    assert_error_names(path);
    assert_error_names(d->part);
    assert_untouched(&r);
    run_destroy(&r);
    end();
}
END_TEST

/* A small network made by hand, with whatever is to be different in it. */
typedef struct hand_made {
    int64_t inputs, units;
    vgrad_activation activation;
    const char *name;
    double alpha, rate;
    bool no_bias;
    vgrad_loss loss;
} hand_made;

static run make_by_hand(const hand_made *m)
{
    run r = { .data = NULL };
    assert_ok(vgrad_network_create(&r.network, NULL));
    vgrad_layer *in = vgrad_input(r.network, m->inputs);
    vgrad_layer *hidden = vgrad_dense(in, m->units, m->activation);
    vgrad_layer_set_name(hidden, m->name);
    vgrad_layer_set(hidden, VGRAD_LAYER_ALPHA, m->alpha);
    vgrad_layer_set(hidden, VGRAD_LAYER_USE_BIAS, !m->no_bias);
    vgrad_layer *dropped = vgrad_dropout(hidden, m->rate);
    assert_ok(vgrad_network_build(r.network, vgrad_dense(dropped, 1, VGRAD_LINEAR)));
    assert_ok(vgrad_optimizer_create(&r.optimizer, r.network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&r.trainer, r.network, m->loss, r.optimizer));
    return r;
}

START_TEST(what_a_layer_is_must_be_the_same)
{
    const hand_made saved = {
        3, 4, VGRAD_LEAKY_RELU, "hidden", 0.1, 0.5, false, VGRAD_LOSS_MEAN_SQUARED_ERROR
    };
    const struct {
        const char *part;
        hand_made here;
    } others[] = {
        { "network.layers[0].shape[0]: 2 here, 3 there", saved },
        { "network.layers[1].units: 5 here, 4 there", saved },
        { "network.layers[1].activation: \"elu\" here, \"leaky_relu\" there", saved },
        { "network.layers[1].name: \"other\" here, \"hidden\" there", saved },
        { "network.layers[1].options.alpha: 0.3 here, 0.1 there", saved },
        { "network.layers[2].rate: 0.25 here, 0.5 there", saved },
        { "network.layers[1].options.use_bias: 0 here, 1 there", saved },
        { "trainer.losses[0].loss: 8 here, 1 there", saved },
    };
    enum { OTHERS = sizeof others / sizeof *others };
    hand_made here[OTHERS];
    for (int i = 0; i < OTHERS; i++)
        here[i] = others[i].here;
    here[0].inputs = 2;
    here[1].units = 5;
    here[2].activation = VGRAD_ELU;
    here[3].name = "other";
    here[4].alpha = 0.3;
    here[5].rate = 0.25;
    here[6].no_bias = true;
    here[7].loss = VGRAD_LOSS_MEAN_ABSOLUTE_ERROR;
    begin();
    run r = make_by_hand(&saved);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    run_destroy(&r);
    for (int i = 0; i < OTHERS; i++) {
        r = make_by_hand(&here[i]);
        take(&r, &before);
        assert_status(VGRAD_E_INVALID, vgrad_trainer_load(r.trainer, path));
        assert_error_names(others[i].part);
        assert_untouched(&r);
        run_destroy(&r);
    }
    end();
}
END_TEST

START_TEST(settings_come_from_the_file)
{
    const run_recipe saved = { .plateau = true,
                               .clipping = 1,
                               .decay = true,
                               .across_epochs = true,
                               .accumulate = 2,
                               .schedule = 3,
                               .frozen = true };
    const run_recipe here = { .plateau = true, .clipping = 2, .schedule = 1 };
    run r;
    begin();
    save_run(&saved, 1);
    run_make(&r, &here, NULL);
    assert_ok(vgrad_trainer_load(r.trainer, path));
    ck_assert_double_eq(vgrad_trainer_get(r.trainer, VGRAD_TRAINER_ACCUMULATE), 2);
    ck_assert_double_eq(vgrad_trainer_get(r.trainer, VGRAD_TRAINER_ACROSS_EPOCHS), 1);
    ck_assert_double_eq(vgrad_optimizer_get(r.optimizer, VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM), 0.05);
    ck_assert_double_eq(vgrad_optimizer_get(r.optimizer, VGRAD_OPTIMIZER_CLIP_LAYER_NORM), 0);
    ck_assert_double_eq(
        vgrad_layer_get(vgrad_network_find(r.network, "first"), VGRAD_LAYER_TRAINABLE), 0);
    take(&r, &after);
    ck_assert_uint_eq(after.size, whole.size);
    ck_assert_mem_eq(after.all, whole.all, whole.size);
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(within_an_epoch_the_data_must_have_as_many_rows)
{
    const run_recipe recipe = { .wide = false };
    const vgrad_tensor *x, *y;
    vgrad_dataset *fewer, *others;
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_MAX_STEPS, 7));
    run_fit(&r, RUN_EPOCHS);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    run_destroy(&r);
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_load(r.trainer, path));
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_MAX_STEPS, 0));
    assert_ok(vgrad_dataset_slice(&fewer, r.data, 0, 20));
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(r.trainer, fewer, RUN_EPOCHS));
    assert_error_names("data: 20 rows");
    assert_ok(vgrad_trainer_next(r.trainer, r.data, RUN_EPOCHS, &x, &y));
    ck_assert_int_eq(vgrad_trainer_epoch(r.trainer), 1);
    ck_assert_int_eq(vgrad_trainer_batch(r.trainer), 2);
    assert_status(VGRAD_E_STATE, vgrad_trainer_save(r.trainer, path));
    assert_status(VGRAD_E_STATE, vgrad_trainer_load(r.trainer, path));
    assert_error_names("between a batch and its update");
    assert_ok(vgrad_dataset_slice(&others, r.data, 0, RUN_ROWS)); /* as many, but not the same */
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(r.trainer, others, RUN_EPOCHS));
    assert_error_names("data: another set within epoch 1");
    vgrad_dataset_destroy(others);
    vgrad_dataset_destroy(fewer);
    run_destroy(&r);
    end();
}
END_TEST

static int32_t save_inside(const vgrad_event *event, void *user)
{
    *(vgrad_status *)user = vgrad_trainer_save(event->trainer, path);
    return 0;
}

START_TEST(a_callback_cannot_save)
{
    const run_recipe recipe = { .wide = false };
    vgrad_status status = VGRAD_OK;
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_on(r.trainer, VGRAD_EPOCH_END, 1, save_inside, &status));
    run_fit(&r, 1);
    ck_assert_int_eq(status, VGRAD_E_STATE);
    run_destroy(&r);
    end();
}
END_TEST

/* ---- networks from files ---- */

static const run_recipe networks[] = {
    { .wide = true, .dropout = true, .batch_norm = true, .shared = true, .images = true },
    { .two_outputs = true, .penalties = true, .frozen = true },
};

START_TEST(a_network_comes_from_its_file_alone)
{
    run r, again = { .data = NULL };
    begin();
    save_run(&networks[_i], 2);
    run_make(&r, &networks[_i], NULL);
    assert_ok(vgrad_trainer_load(r.trainer, path));
    assert_ok(vgrad_network_create_from_file(&again.network, path, NULL));
    assert_ok(vgrad_optimizer_create(&again.optimizer, again.network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&again.trainer, again.network, VGRAD_LOSS_CROSSENTROPY,
                                   again.optimizer));
    if (networks[_i].two_outputs)
        assert_ok(
            vgrad_trainer_set_output_loss(again.trainer, 1, VGRAD_LOSS_BINARY_CROSSENTROPY, 1));
    /* Its weights are there before the run is loaded. */
    for (int32_t i = 0; vgrad_network_tensor(r.network, VGRAD_KERNEL, i); i++) {
        const vgrad_tensor *a = vgrad_network_tensor(r.network, VGRAD_KERNEL, i);
        const vgrad_tensor *b = vgrad_network_tensor(again.network, VGRAD_KERNEL, i);
        ck_assert_str_eq(a->name, b->name);
        ck_assert_mem_eq(a->data, b->data,
                         (size_t)vgrad_tensor_count(a) * (networks[_i].wide ? 8 : 4));
    }
    assert_ok(vgrad_trainer_load(again.trainer, path));
    assert_ok(vgrad_trainer_fit(again.trainer, r.data, RUN_EPOCHS));
    run_fit(&r, RUN_EPOCHS);
    take(&r, &before);
    assert_untouched(&again);
    /* What it would begin with is the same, too. */
    assert_ok(vgrad_network_initialize(r.network, 5));
    assert_ok(vgrad_network_initialize(again.network, 5));
    take(&r, &before);
    assert_untouched(&again);
    run_destroy(&again);
    run_destroy(&r);
    end();
}
END_TEST

static vgrad_network *put_all_kinds(vgrad_layer **output)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *image = vgrad_input_image(network, 6, 6, 2), *flat = vgrad_input(network, 3);
    vgrad_layer *l = vgrad_conv2d(image, 3, 2, 3, VGRAD_GELU);
    l = vgrad_max_pool2d(l, 2, 1);
    vgrad_layer_set(l, VGRAD_LAYER_STRIDE_HEIGHT, 1);
    l = vgrad_average_pool2d(l, 2, 2);
    l = vgrad_batch_norm(l);
    vgrad_layer_set(l, VGRAD_LAYER_MOMENTUM, 0.01);
    l = vgrad_activate(l, VGRAD_ELU);
    vgrad_layer_set(l, VGRAD_LAYER_ALPHA, 7);
    vgrad_layer *mean = vgrad_global_average_pool2d(l);
    vgrad_layer *dense = vgrad_dense(vgrad_flatten(l), 3, VGRAD_SILU);
    l = vgrad_add(vgrad_layer_norm(dense), flat);
    l = vgrad_concatenate(vgrad_dropout(l, 0.125), mean);
    const int64_t shape[2] = { 2, 3 };
    l = vgrad_flatten(vgrad_reshape(l, 2, shape));
    vgrad_layer *square = vgrad_dense(l, 6, VGRAD_SOFTSIGN);
    *output = vgrad_share(square, square);
    vgrad_layer_set_name(*output, "a \"strange\" \\ name, \xc3\xa4\xc3\xb6");
    vgrad_network_set_initializer(network, VGRAD_KERNEL, VGRAD_INIT_UNIFORM, -0.1, 0.3);
    vgrad_network_set_seed(network, UINT64_MAX);
    return network;
}

START_TEST(every_kind_of_layer_comes_back)
{
    run r = { .data = NULL }, again = { .data = NULL };
    vgrad_layer *output;
    begin();
    r.network = put_all_kinds(&output);
    assert_ok(vgrad_network_build(r.network, output));
    assert_ok(vgrad_optimizer_create(&r.optimizer, r.network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&r.trainer, r.network, VGRAD_LOSS_HUBER, r.optimizer));
    assert_ok(vgrad_trainer_save(r.trainer, path));
    take(&r, &before);
    assert_ok(vgrad_network_create_from_file(&again.network, path, NULL));
    assert_ok(vgrad_optimizer_create(&again.optimizer, again.network, VGRAD_SGD, 1));
    assert_ok(
        vgrad_trainer_create(&again.trainer, again.network, VGRAD_LOSS_HUBER, again.optimizer));
    assert_ok(vgrad_trainer_set_seed(again.trainer, UINT64_MAX));
    assert_untouched(&again);
    run_destroy(&again);
    run_destroy(&r);
    end();
}
END_TEST

static int32_t twice(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((float *)out)[i] = 2 * ((const float *)z)[i];
    return 0;
}

static int32_t two(const void *z, void *out, size_t n, void *user)
{
    (void)z, (void)user;
    for (size_t i = 0; i < n; i++)
        ((float *)out)[i] = 2;
    return 0;
}

START_TEST(a_layer_of_the_users_is_refused_by_its_name_but_loads_where_it_is)
{
    run r = { .data = NULL };
    vgrad_network *network;
    begin();
    assert_ok(vgrad_network_create(&r.network, NULL));
    vgrad_layer *layer = vgrad_dense(vgrad_input(r.network, 2), 2, VGRAD_LINEAR);
    assert_ok(
        vgrad_network_build(r.network, vgrad_user_activation(layer, "twice", twice, two, NULL)));
    assert_ok(vgrad_optimizer_create(&r.optimizer, r.network, VGRAD_SGD, 1));
    assert_ok(vgrad_trainer_create(&r.trainer, r.network, VGRAD_LOSS_HUBER, r.optimizer));
    assert_ok(vgrad_trainer_save(r.trainer, path));
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_network_create_from_file(&network, path, NULL));
    assert_error_names("layer \"twice\"");
    ck_assert_ptr_null(network);
    assert_ok(vgrad_trainer_load(r.trainer, path));
    run_destroy(&r);
    end();
}
END_TEST

/* ---- a folder of them ---- */

static void find_largest(const char *name, void *user)
{
    if (strcmp(name, user) > 0)
        strcpy(user, name);
}

START_TEST(the_last_are_kept_and_the_newest_is_found)
{
    const run_recipe recipe = { .wide = false };
    char found[PATH_SIZE], largest[256] = "";
    run r;
    begin();
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 2, 3, 0));
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
    assert_error_names("no checkpoints");
    run_fit(&r, RUN_EPOCHS);
    ck_assert_int_eq(each_name(checkpoints, find_largest, largest), 3);
    ck_assert_str_eq(largest, "checkpoint-00000004-000000000020.safetensors");
    assert_ok(vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
    ck_assert_str_eq(strrchr(found, '/') + 1, largest);
    assert_status(VGRAD_E_INVALID, vgrad_checkpoint_latest(checkpoints, found, 20, NULL));
    assert_error_names("capacity");
    ck_assert_str_eq(found, "");
    assert_status(VGRAD_E_INVALID, vgrad_checkpoint_latest(checkpoints, found, 0, NULL));
    assert_error_names("capacity");
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(one_that_is_damaged_is_passed_over)
{
    const run_recipe recipe = { .wide = false };
    char found[PATH_SIZE], newest[PATH_SIZE];
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 2, 0));
    run_fit(&r, 3);
    assert_ok(vgrad_checkpoint_latest(checkpoints, newest, sizeof newest, NULL));
    ck_assert_int_eq(truncate(newest, 5000), 0);
    assert_ok(vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
    ck_assert_str_eq(strrchr(found, '/') + 1, "checkpoint-00000002-000000000010.safetensors");
    ck_assert_int_eq(truncate(found, 7), 0);
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
    run_destroy(&r);
    end();
}
END_TEST

static int32_t note_best(const vgrad_event *event, void *user)
{
    double *best = user;
    const double loss = isnan(event->validation_loss) ? event->loss : event->validation_loss;
    if (loss < best[0]) {
        best[0] = loss;
        best[1] = (double)event->epoch + 1;
    }
    return 0;
}

START_TEST(the_best_epoch_has_a_file_of_its_own_also_over_processes)
{
    const run_recipe recipe = { .validation = true, .momentum = true };
    char best_path[PATH_SIZE], found[PATH_SIZE];
    double best[2] = { (double)INFINITY, -1 };
    const vgrad_tensor *x, *y;
    run r;
    begin();
    snprintf(best_path, sizeof best_path, "%s/best.safetensors", checkpoints);
    for (int64_t epoch = 1; epoch <= 12; epoch++) {
        run_make(&r, &recipe, NULL);
        if (epoch > 1) {
            assert_ok(vgrad_checkpoint_latest(checkpoints, found, sizeof found, NULL));
            assert_ok(vgrad_trainer_load(r.trainer, found));
        }
        if (epoch > 6) /* far too large: from here on it gets worse */
            assert_ok(vgrad_optimizer_set(r.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE, 50));
        assert_ok(vgrad_trainer_on(r.trainer, VGRAD_EPOCH_END, 1, note_best, best));
        assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 1, VGRAD_CHECKPOINT_BEST));
        run_fit(&r, epoch);
        run_destroy(&r);
        run_make(&r, &recipe, NULL);
        assert_ok(vgrad_trainer_load(r.trainer, best_path));
        assert_ok(vgrad_trainer_next(r.trainer, r.data, 100, &x, &y));
        ck_assert_int_eq(vgrad_trainer_epoch(r.trainer), (int64_t)best[1]);
        run_destroy(&r);
    }
    ck_assert_double_lt(best[1], 12); /* so that some were not the best */
    ck_assert_double_gt(best[1], 1);
    end();
}
END_TEST

START_TEST(another_run_does_not_begin_among_them)
{
    const run_recipe recipe = { .wide = false };
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 0, 0));
    run_fit(&r, 1);
    run_destroy(&r);
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 0, 0));
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(r.trainer, r.data, 1));
    assert_error_names("checkpoint-00000001-000000000005.safetensors");
    ck_assert_int_eq(vgrad_trainer_steps(r.trainer), 0);
    run_destroy(&r);
    end();
}
END_TEST

static void put_empty(const char *name)
{
    char full[PATH_SIZE];
    snprintf(full, sizeof full, "%s/%s", checkpoints, name);
    FILE *file = fopen(full, "wb");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

/* A process that dies after its first epoch's best and before its checkpoint leaves that. */
START_TEST(a_best_one_alone_is_in_nobodys_way_but_that_of_best_ones)
{
    const run_recipe recipe = { .wide = false };
    run r;
    begin();
    ck_assert_int_eq(mkdir(checkpoints, 0700), 0);
    put_empty("best.safetensors");
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 0, 0, 0, VGRAD_CHECKPOINT_BEST));
    assert_status(VGRAD_E_STATE, vgrad_trainer_fit(r.trainer, r.data, 1));
    assert_error_names("best.safetensors");
    run_destroy(&r);
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 0, VGRAD_CHECKPOINT_BEST));
    run_fit(&r, 1);
    ck_assert_int_eq(each_name(checkpoints, NULL, NULL), 2);
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(what_a_killed_process_left_is_removed_and_nothing_else)
{
    const run_recipe recipe = { .wide = false };
    run r;
    begin();
    ck_assert_int_eq(mkdir(checkpoints, 0700), 0);
    put_empty("checkpoint-00000001-000000000005.safetensors.12.3.tmp");
    put_empty("best.safetensors.12.4.tmp");
    put_empty("notes.tmp");
    put_empty("checkpoint-of-mine");
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 1, 0));
    ck_assert_int_eq(each_name(checkpoints, NULL, NULL), 2);
    run_fit(&r, 3);
    ck_assert_int_eq(each_name(checkpoints, NULL, NULL), 3);
    run_destroy(&r);
    end();
}
END_TEST

/* ---- what cannot be written ---- */

START_TEST(a_link_in_the_way_is_refused_and_ends_the_run)
{
    const run_recipe recipe = { .wide = false };
    char in_the_way[PATH_SIZE];
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 0, 0));
    snprintf(in_the_way, sizeof in_the_way, "%s/checkpoint-00000002-000000000010.safetensors",
             checkpoints);
    run_fit(&r, 1);
    ck_assert_int_eq(symlink(path, in_the_way), 0);
    assert_status(VGRAD_E_IO, vgrad_trainer_fit(r.trainer, r.data, RUN_EPOCHS));
    assert_error_names("symbolic link");
    ck_assert_int_eq(vgrad_trainer_steps(r.trainer), 10);
    run_fit(&r, RUN_EPOCHS); /* it goes on after the epoch that was to be saved */
    ck_assert_int_eq(vgrad_trainer_steps(r.trainer), 20);
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(a_run_can_be_told_to_go_on)
{
    const run_recipe recipe = { .wide = false };
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    assert_ok(vgrad_trainer_checkpoint(r.trainer, checkpoints, 1, 0, 0, VGRAD_CHECKPOINT_GO_ON));
    ck_assert_int_eq(rmdir(checkpoints), 0);
    assert_status(VGRAD_E_NOT_FOUND, vgrad_trainer_fit(r.trainer, r.data, 1));
    ck_assert_int_eq(mkdir(checkpoints, 0700), 0);
    run_fit(&r, 1);
    each_name(checkpoints, remove_name, checkpoints);
    ck_assert_int_eq(rmdir(checkpoints), 0);
    run_fit(&r, RUN_EPOCHS);
    ck_assert_int_eq(vgrad_trainer_steps(r.trainer), 20);
    run_destroy(&r);
    end();
}
END_TEST

START_TEST(a_directory_that_cannot_be_is_refused_at_once)
{
    const run_recipe recipe = { .wide = false };
    char below[PATH_SIZE];
    run r;
    begin();
    run_make(&r, &recipe, NULL);
    snprintf(below, sizeof below, "%s/not/there", folder);
    assert_status(VGRAD_E_IO, vgrad_trainer_checkpoint(r.trainer, below, 1, 0, 0, 0));
    assert_error_names(below);
    assert_ok(vgrad_trainer_save(r.trainer, path));
    assert_status(VGRAD_E_IO, vgrad_trainer_checkpoint(r.trainer, path, 1, 0, 0, 0));
    assert_error_names(path);
    run_destroy(&r);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *loops = tcase_create("each");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, the_first_difference_is_named, 0, DIFFERENCES);
    tcase_add_loop_test(loops, a_network_comes_from_its_file_alone, 0, 2);
    suite_add_tcase(suite, loops);
    add_tests(suite, "damage", every_truncation_is_refused_and_changes_nothing,
              every_flipped_bit_of_a_header_and_many_of_the_tensors_are_found,
              what_is_no_checkpoint_is_told_apart);
    add_tests(suite, "another run", what_a_layer_is_must_be_the_same, settings_come_from_the_file,
              within_an_epoch_the_data_must_have_as_many_rows, a_callback_cannot_save);
    add_tests(suite, "networks", every_kind_of_layer_comes_back,
              a_layer_of_the_users_is_refused_by_its_name_but_loads_where_it_is);
    add_tests(suite, "a folder", the_last_are_kept_and_the_newest_is_found,
              one_that_is_damaged_is_passed_over,
              the_best_epoch_has_a_file_of_its_own_also_over_processes,
              another_run_does_not_begin_among_them,
              a_best_one_alone_is_in_nobodys_way_but_that_of_best_ones,
              what_a_killed_process_left_is_removed_and_nothing_else);
    add_tests(suite, "what cannot be written", a_link_in_the_way_is_refused_and_ends_the_run,
              a_run_can_be_told_to_go_on, a_directory_that_cannot_be_is_refused_at_once);
    return run_suite(suite);
}
