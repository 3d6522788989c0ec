/* The bytes of a file, gzip or plain, in pieces of any size: below every format. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "data/bytes.h"
#include "world.h"

/* What came of the file. */
typedef struct taken {
    char *bytes;
    size_t size;
    int64_t promised; /* no more could come, by the smallest of vgrad__bytes_most()'s answers */
} taken;

static void note_most(taken *t, const vgrad__bytes *file)
{
    int64_t all = (int64_t)t->size + vgrad__bytes_most(file);
    if (all < t->promised)
        t->promised = all;
}

/* Up to `piece` more bytes; `*got` is 0 at the end. */
static vgrad_status take_piece(taken *t, vgrad__bytes *file, size_t piece, size_t *got)
{
    /* A block of its own, so that one byte too many is seen. */
    char *room = malloc(piece);
    REQUIRE(room);
    note_most(t, file);
    vgrad_status status = vgrad__bytes_some(file, room, piece, got);
    REQUIRE(*got <= piece);
    if (status == VGRAD_OK && *got > 0) {
        t->bytes = realloc(t->bytes, t->size + *got);
        REQUIRE(t->bytes);
        memcpy(t->bytes + t->size, room, *got);
        t->size += *got;
    }
    free(room);
    return status;
}

static vgrad_status take_all(taken *t, vgrad__bytes *file, const fuzz_input *input)
{
    static const size_t pieces[] = { 100000, 1, 7, 1000 };
    const size_t piece = pieces[input->choice % (sizeof pieces / sizeof *pieces)];
    size_t got;
    vgrad_status status;
    do
        status = take_piece(t, file, piece, &got);
    while (status == VGRAD_OK && got > 0);
    return status == VGRAD_OK ? vgrad__bytes_finish(file) : status;
}

/* What comes of a whole file. */
static void check_taken(const taken *t, const fuzz_input *input)
{
    REQUIRE((int64_t)t->size <= t->promised);
    if (input->zipped || !fuzz_is_gzip(input->bytes, input->size)) {
        REQUIRE(t->size == input->size);
        REQUIRE(t->size == 0 || memcmp(t->bytes, input->bytes, t->size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input;
    fuzz_world world;
    vgrad__bytes *file;
    taken t = { .promised = INT64_MAX };
    if (!fuzz_input_begin(&input, data, size))
        return 0;
    fuzz_world_begin(&world, &input);
    fuzz_world_add_file(&world, "x-file", input.bytes, input.size);
    vgrad_status status = vgrad__bytes_open(&file, "x-file", world.context);
    REQUIRE((status == VGRAD_OK) == (file != NULL));
    if (status == VGRAD_OK)
        status = take_all(&t, file, &input);
    fuzz_check_status(&world, status, VGRAD_OK);
    if (status == VGRAD_OK)
        check_taken(&t, &input);
    vgrad__bytes_close(file);
    free(t.bytes);
    fuzz_world_end(&world);
    return 0;
}
