/* Files, memory and options of one fuzzed input. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200112L
#include "world.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "zip.h"

void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\nlast error: %s\n", file, line, condition,
            vgrad_last_error());
    abort();
}

/* ---- options ---- */

/* '@' in each of them is the plainest choice, so an input can be a text that reads well. */
enum { OPTIONS = 3, NEUTRAL = '@' };

static unsigned bits(uint8_t option, int first, int count)
{
    return (unsigned)(option ^ NEUTRAL) >> first & ((1u << count) - 1);
}

bool fuzz_input_begin(fuzz_input *input, const uint8_t *data, size_t size)
{
    static const size_t pieces[] = { 0, 1, 3, 100 };
    static const int64_t limits[] = { 1 << 16, 1 << 20, 1 << 12, 1 << 6 };
    if (size < OPTIONS)
        return false;
    const long failing = bits(data[2], 0, 5);
    const bool memory_fails = bits(data[2], 5, 1);
    *input = (fuzz_input){
        .like_a_pipe = bits(data[0], 0, 1),
        .most = pieces[bits(data[0], 1, 2)],
        .zipped = bits(data[0], 3, 1),
        .limit = limits[bits(data[0], 4, 2)],
        .two_members = bits(data[0], 6, 1),
        .choice = (uint8_t)bits(data[1], 0, 8),
        .file_call = memory_fails ? 0 : failing,
        .memory_call = memory_fails ? failing : 0,
        .bytes = data + OPTIONS,
        .size = size - OPTIONS,
    };
    return true;
}

fuzz_input fuzz_input_plain(const fuzz_input *input)
{
    return (fuzz_input){
        .limit = input->limit, .choice = input->choice, .bytes = input->bytes, .size = input->size
    };
}

bool fuzz_is_gzip(const void *bytes, size_t size)
{
    return size >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

/* ---- memory ---- */

/* A byte of a file can become a double, and an array may double while it grows. */
enum { WORTH_OF_A_BYTE = 64, WORTH_OF_NO_FILE = 1 << 20 };

static void *give_block(size_t size, size_t alignment, void *user)
{
    fuzz_world *world = user;
    void *block;
    if (++world->allocations == world->input->memory_call && world->allocations > 0) {
        world->refused = true;
        return NULL;
    }
    world->held += size;
    world->blocks++;
    REQUIRE(world->held <= world->worth);
    /* Not aligned_alloc(): its size would be rounded up, and an overrun be missed. */
    REQUIRE(posix_memalign(&block, alignment, size) == 0);
    return block;
}

static void take_block(void *block, size_t size, void *user)
{
    fuzz_world *world = user;
    world->held -= size;
    world->blocks--;
    free(block);
}

/* ---- the world ---- */

void fuzz_world_begin(fuzz_world *world, const fuzz_input *input)
{
    /* The context itself, number 0, is not refused: it is not what reads. */
    *world = (fuzz_world){ .input = input, .allocations = -1, .worth = WORTH_OF_NO_FILE };
    world->files.like_a_pipe = input->like_a_pipe;
    world->files.most = input->most;
    world->files.fail_at = input->file_call;
    world->files.error = EIO;
    REQUIRE(vgrad_context_create(&world->context, give_block, take_block, world) == VGRAD_OK);
    REQUIRE(vgrad_context_set(world->context, VGRAD_CONTEXT_READ_LIMIT, (double)input->limit) ==
            VGRAD_OK);
    vgrad__context_set_files(world->context, memory_files_begin(&world->files));
    REQUIRE(isnan(vgrad_context_get(NULL, (vgrad_context_option)0)));
    snprintf(world->error_before, sizeof world->error_before, "%s", vgrad_last_error());
}

void fuzz_world_add_file(fuzz_world *world, const char *path, const void *bytes, size_t size)
{
    const fuzz_input *input = world->input;
    const bool is_gzip = fuzz_is_gzip(bytes, size);
    int i = 0;
    while (world->files.files[i].path)
        i++;
    if (input->zipped)
        bytes = world->zipped[i] = zip(bytes, size, input->two_members ? size / 2 : size, &size);
    world->files.files[i] = (memory_file){ path, bytes, size };
    world->holds_gzip |= is_gzip;
    const bool bounded = !input->like_a_pipe && !input->zipped && !is_gzip;
    world->worth += WORTH_OF_A_BYTE * (bounded ? size : (size_t)input->limit);
}

void fuzz_world_end(fuzz_world *world)
{
    vgrad_context_destroy(world->context);
    REQUIRE(world->files.is_open == 0);
    REQUIRE(world->blocks == 0);
    REQUIRE(world->held == 0); /* every block came back with its size */
    for (int i = 0; i < MEMORY_FILES_MAX; i++)
        free(world->zipped[i]);
}

/* ---- failures ---- */

static bool is_a_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return false;
    return *text != '\0';
}

static bool begins_with_a_file(const fuzz_world *world, const char *text)
{
    const memory_file *files = world->files.files;
    for (int i = 0; i < MEMORY_FILES_MAX && files[i].path; i++)
        if (strncmp(text, files[i].path, strlen(files[i].path)) == 0)
            return true;
    return false;
}

void fuzz_check_status(const fuzz_world *world, vgrad_status status, vgrad_status also)
{
    const char *text = vgrad_last_error();
    const bool file_failed = world->files.fail_at > 0 && world->files.calls >= world->files.fail_at;
    REQUIRE((status == VGRAD_E_IO) == file_failed);
    REQUIRE((status == VGRAD_E_MEMORY) == world->refused);
    if (status == VGRAD_OK)
        return;
    REQUIRE(status == VGRAD_E_IO || status == VGRAD_E_MEMORY || status == VGRAD_E_FORMAT ||
            status == VGRAD_E_UNSUPPORTED || status == also);
    REQUIRE(strcmp(text, world->error_before) != 0);
    REQUIRE(is_a_line(text));
    REQUIRE((status != VGRAD_E_FORMAT && status != VGRAD_E_IO) || begins_with_a_file(world, text));
}
