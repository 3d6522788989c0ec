/* Checkpoints from any bytes: a run's description in an otherwise good file, or a whole file with
   its header's sum put right. What is refused leaves the run as it was; what is taken can go on. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgrad/vgrad.h>

#include "base/crc32c.h"
#include "world.h"

enum { INPUTS = 2, ROWS = 6, LENGTH = 8, DIGITS = 8, ROOM = 1 << 16, WEIGHTS = 64 };
static const char path[] = "x-file";

typedef struct bytes {
    size_t size;
    char *all;
} bytes;

/* ---- a run ---- */

typedef struct run {
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
} run;

static void make_run(run *r, vgrad_context *context)
{
    double x[ROWS * INPUTS], y[ROWS];
    for (int i = 0; i < ROWS * INPUTS; i++)
        x[i] = i % 5 - 2;
    for (int i = 0; i < ROWS; i++)
        y[i] = i % 2;
    REQUIRE(vgrad_dataset_copy(&r->data, ROWS, x, VGRAD_FLOAT64, INPUTS, y, VGRAD_FLOAT64, 1,
                               context) == VGRAD_OK);
    REQUIRE(vgrad_network_create(&r->network, context) == VGRAD_OK);
    vgrad_layer *layer = vgrad_dense(vgrad_input(r->network, INPUTS), 3, VGRAD_TANH);
    layer = vgrad_dropout(vgrad_batch_norm(layer), 0.25);
    layer = vgrad_dense(layer, 1, VGRAD_SIGMOID);
    REQUIRE(vgrad_network_build(r->network, layer) == VGRAD_OK);
    REQUIRE(vgrad_optimizer_create(&r->optimizer, r->network, VGRAD_NADAM, 0.01) == VGRAD_OK);
    REQUIRE(vgrad_optimizer_schedule_step(r->optimizer, 1, 2, 0.5) == VGRAD_OK);
    REQUIRE(vgrad_trainer_create(&r->trainer, r->network, VGRAD_LOSS_BINARY_CROSSENTROPY,
                                 r->optimizer) == VGRAD_OK);
    REQUIRE(vgrad_trainer_set(r->trainer, VGRAD_TRAINER_BATCH_SIZE, 2) == VGRAD_OK);
    REQUIRE(vgrad_trainer_set(r->trainer, VGRAD_TRAINER_ACCUMULATE, 2) == VGRAD_OK);
    REQUIRE(vgrad_trainer_early_stopping(r->trainer, 5, 0, 1) == VGRAD_OK);
    REQUIRE(vgrad_trainer_reduce_on_plateau(r->trainer, 0.5, 2, 0, 1, 0) == VGRAD_OK);
}

static void give_up(run *r)
{
    vgrad_trainer_destroy(r->trainer);
    vgrad_optimizer_destroy(r->optimizer);
    vgrad_network_destroy(r->network);
    vgrad_dataset_destroy(r->data);
}

static int weights_of(const run *r, double *weights)
{
    const vgrad_role roles[] = { VGRAD_KERNEL, VGRAD_BIAS,        VGRAD_GAMMA,
                                 VGRAD_BETA,   VGRAD_MOVING_MEAN, VGRAD_MOVING_VARIANCE };
    const vgrad_tensor *tensor;
    int count = 0;
    for (size_t role = 0; role < sizeof roles / sizeof *roles; role++)
        for (int32_t i = 0; (tensor = vgrad_network_tensor(r->network, roles[role], i)); i++) {
            REQUIRE(vgrad_tensor_copy(tensor, weights + count, VGRAD_FLOAT64, WEIGHTS - count) ==
                    VGRAD_OK);
            count += (int)vgrad_tensor_count(tensor);
        }
    return count;
}

/* Some steps, which may fail, but only with a status. */
static void go_on(const run *r)
{
    const vgrad_tensor *x, *y;
    for (int i = 0; i < 5; i++) {
        if (vgrad_trainer_next(r->trainer, r->data, 1000, &x, &y) != VGRAD_OK)
            continue;
        vgrad_trainer_forward(r->trainer, x);
        vgrad_trainer_loss(r->trainer, y, NULL);
        vgrad_trainer_backward(r->trainer);
        vgrad_trainer_step(r->trainer);
    }
}

/* ---- files ---- */

/* A checkpoint of such a run, made once. */
static const bytes *good_file(void)
{
    static bytes good;
    static char all[ROOM], name[] = "/tmp/vgrad-fuzz-XXXXXX";
    run r;
    if (good.size > 0)
        return &good;
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    make_run(&r, NULL);
    REQUIRE(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_MAX_STEPS, 3) == VGRAD_OK);
    REQUIRE(vgrad_trainer_fit(r.trainer, r.data, 5) == VGRAD_OK);
    REQUIRE(vgrad_trainer_save(r.trainer, name) == VGRAD_OK);
    give_up(&r);
    FILE *opened = fopen(name, "rb");
    REQUIRE(opened);
    good = (bytes){ fread(all, 1, ROOM, opened), all };
    fclose(opened);
    close(file);
    unlink(name);
    return &good;
}

static char *find(const bytes *in, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= in->size; i++)
        if (memcmp(in->all + i, text, length) == 0)
            return in->all + i;
    return NULL;
}

static size_t length_of(const bytes *b)
{
    size_t length = 0;
    for (int i = 0; i < LENGTH; i++)
        length |= (size_t)(unsigned char)b->all[i] << 8 * i;
    return length;
}

/* Puts the header's sum right, if it has one. */
static void mend(bytes *b)
{
    static const char key[] = "\"crc32c\":\"";
    char digits[DIGITS + 1];
    const size_t length = b->size < LENGTH ? SIZE_MAX : length_of(b);
    char *sum = find(b, key);
    if (!sum || length > b->size - LENGTH ||
        sum + sizeof key - 1 + DIGITS > b->all + LENGTH + length)
        return;
    sum += sizeof key - 1;
    memcpy(sum, "00000000", DIGITS);
    snprintf(digits, sizeof digits, "%08x", (unsigned)vgrad__crc32c(0, b->all + LENGTH, length));
    memcpy(sum, digits, DIGITS);
}

/* The good file with these bytes as its run; what JSON must escape is escaped. */
static bytes with_run(const void *run_bytes, size_t size)
{
    static const char key[] = "\"run\":\"", after[] = "\",\"crc32c\":";
    const bytes *good = good_file();
    char *begin = find(good, key) + sizeof key - 1, *end = find(good, after);
    const size_t before = (size_t)(begin - good->all);
    bytes made = { before, malloc(good->size + 6 * size) };
    REQUIRE(made.all);
    memcpy(made.all, good->all, before);
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = ((const unsigned char *)run_bytes)[i];
        if (c == '"' || c == '\\')
            made.size += (size_t)sprintf(made.all + made.size, "\\%c", c);
        else if (c < ' ')
            made.size += (size_t)sprintf(made.all + made.size, "\\u%04x", c);
        else
            made.all[made.size++] = (char)c;
    }
    const size_t header = length_of(good) + made.size - (size_t)(end - good->all);
    memcpy(made.all + made.size, end, good->size - (size_t)(end - good->all));
    made.size += good->size - (size_t)(end - good->all);
    for (int i = 0; i < LENGTH; i++)
        made.all[i] = (char)(header >> 8 * i);
    return made;
}

/* ---- what must hold ---- */

static void check(const fuzz_world *world, vgrad_status status)
{
    REQUIRE(world->files.is_open == 0);
    if (status != VGRAD_E_INVALID && status != VGRAD_E_SHAPE && status != VGRAD_E_NOT_FOUND)
        fuzz_check_status(world, status, VGRAD_OK);
}

static void make_network(const fuzz_input *input, const bytes *file)
{
    fuzz_world world;
    vgrad_network *network;
    fuzz_world_begin(&world, input);
    fuzz_world_add_file(&world, path, file->all, file->size);
    vgrad_status status = vgrad_network_create_from_file(&network, path, world.context);
    REQUIRE((status == VGRAD_OK) == (network != NULL));
    check(&world, status);
    vgrad_network_destroy(network);
    fuzz_world_end(&world);
}

static void load_run(const fuzz_input *input, const bytes *file)
{
    fuzz_world world;
    run r;
    double before[WEIGHTS], after[WEIGHTS];
    fuzz_input calmly = *input; /* an allocation that fails would be the run's own */
    calmly.memory_call = 0;
    fuzz_world_begin(&world, &calmly);
    fuzz_world_add_file(&world, path, file->all, file->size);
    make_run(&r, world.context);
    const size_t size = (size_t)weights_of(&r, before) * sizeof *before;
    vgrad_status status = vgrad_trainer_load(r.trainer, path);
    check(&world, status);
    weights_of(&r, after);
    REQUIRE(status == VGRAD_OK || memcmp(before, after, size) == 0);
    go_on(&r);
    give_up(&r);
    fuzz_world_end(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input;
    if (!fuzz_input_begin(&input, data, size))
        return 0;
    bytes file;
    if (input.choice % 2u == 0) {
        file = with_run(input.bytes, input.size);
    } else {
        file = (bytes){ input.size, malloc(input.size + !input.size) };
        REQUIRE(file.all);
        memcpy(file.all, input.bytes, input.size);
    }
    mend(&file);
    make_network(&input, &file);
    load_run(&input, &file);
    free(file.all);
    return 0;
}
