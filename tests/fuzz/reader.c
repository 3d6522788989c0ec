/* What holds of every dataset that comes of a file, and of every file that gives none. */
/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What came of a file: the same however it was read. */
typedef struct outcome {
    vgrad_status status;
    uint64_t digest; /* of shapes and rows */
    bool of_gzip;
} outcome;

/* FNV-1a. */
static void digest(uint64_t *hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
}

static void *room_for(int64_t count, size_t size)
{
    void *room = malloc((size_t)count * size);
    REQUIRE(room);
    return room;
}

/* ---- shapes ---- */

typedef int32_t shape_of(const vgrad_dataset *dataset, int64_t *shape);

static void check_shape(const vgrad_dataset *data, shape_of *get, int64_t width, uint64_t *hash)
{
    int64_t shape[VGRAD_MAX_RANK], product = 1;
    int32_t rank = get(data, shape);
    REQUIRE(rank >= 1 && rank <= VGRAD_MAX_RANK);
    REQUIRE(shape[0] == vgrad_dataset_rows(data));
    for (int32_t i = 1; i < rank; i++)
        product *= shape[i];
    REQUIRE(product == width && width >= 1);
    digest(hash, shape, (size_t)rank * sizeof *shape);
}

static void check_shapes(const vgrad_dataset *data, bool with_y, uint64_t *hash)
{
    int64_t shape[VGRAD_MAX_RANK];
    REQUIRE(vgrad_dataset_rows(data) >= 1);
    check_shape(data, vgrad_dataset_x_shape, vgrad_dataset_x_width(data), hash);
    if (with_y) {
        check_shape(data, vgrad_dataset_y_shape, vgrad_dataset_y_width(data), hash);
    } else {
        REQUIRE(vgrad_dataset_y_width(data) == 0);
        REQUIRE(vgrad_dataset_y_shape(data, shape) == 0);
    }
}

/* ---- rows ---- */

typedef struct rows {
    void *x, *y; /* y NULL: not wanted */
    size_t x_size, y_size;
} rows;

static rows read_rows(const vgrad_dataset *data, int64_t first, int64_t count, vgrad_dtype dtype)
{
    const size_t size = dtype == VGRAD_FLOAT32 ? sizeof(float) : sizeof(double);
    const int64_t x_count = count * vgrad_dataset_x_width(data);
    const int64_t y_count = count * vgrad_dataset_y_width(data);
    rows r = { .x_size = (size_t)x_count * size, .y_size = (size_t)y_count * size };
    r.x = room_for(x_count, size);
    r.y = y_count > 0 ? room_for(y_count, size) : NULL;
    REQUIRE(vgrad_dataset_read(data, first, count, r.x, r.y, dtype) == VGRAD_OK);
    return r;
}

static void release_rows(rows *r)
{
    free(r->x);
    free(r->y);
}

/* A row that is read alone is the one that was read among all. */
static void check_row(const vgrad_dataset *data, int64_t row, const rows *all)
{
    rows one = read_rows(data, row, 1, VGRAD_FLOAT64);
    REQUIRE(memcmp(one.x, (char *)all->x + (size_t)row * one.x_size, one.x_size) == 0);
    REQUIRE(!one.y || memcmp(one.y, (char *)all->y + (size_t)row * one.y_size, one.y_size) == 0);
    release_rows(&one);
}

static void check_finite(const rows *r)
{
    for (size_t i = 0; i < r->x_size / sizeof(double); i++)
        REQUIRE(isfinite(((const double *)r->x)[i]));
    for (size_t i = 0; i < r->y_size / sizeof(double); i++)
        REQUIRE(isfinite(((const double *)r->y)[i]));
}

static void check_rows(const vgrad_dataset *data, bool finite, uint64_t *hash)
{
    const int64_t count = vgrad_dataset_rows(data);
    rows single = read_rows(data, 0, count, VGRAD_FLOAT32);
    rows all = read_rows(data, 0, count, VGRAD_FLOAT64);
    check_row(data, 0, &all);
    check_row(data, count - 1, &all);
    REQUIRE(vgrad_dataset_read(data, count, 1, single.x, NULL, VGRAD_FLOAT32) == VGRAD_E_INVALID);
    if (finite)
        check_finite(&all);
    digest(hash, single.x, single.x_size);
    digest(hash, all.x, all.x_size);
    digest(hash, all.y, all.y_size);
    release_rows(&single);
    release_rows(&all);
}

/* ---- one reading, and two ---- */

static outcome read_one(const fuzz_format *format, const fuzz_input *input)
{
    fuzz_world world;
    vgrad_dataset *data = (vgrad_dataset *)&world; /* neither NULL nor a dataset */
    outcome o = { .digest = 0 };
    const bool with_y = format->wants_y(input);
    fuzz_world_begin(&world, input);
    o.status = format->read(&data, &world);
    o.of_gzip = world.holds_gzip;
    fuzz_check_status(&world, o.status, with_y ? format->failure_with_y : VGRAD_OK);
    REQUIRE((o.status == VGRAD_OK) == (data != NULL));
    REQUIRE(world.files.is_open == 0); /* not even while the dataset lives */
    if (data) {
        check_shapes(data, with_y, &o.digest);
        check_rows(data, format->finite, &o.digest);
        vgrad_dataset_destroy(data);
    }
    fuzz_world_end(&world);
    return o;
}

/* Nothing but the way to it is different: no call fails, the limit has room, zlib is there, and the
   bytes that come out are the same. */
static bool must_agree(const fuzz_input *input, const outcome *seen)
{
    if (input->zipped && (seen->of_gzip || seen->status == VGRAD_E_UNSUPPORTED))
        return false;
    return seen->status != VGRAD_E_IO && seen->status != VGRAD_E_MEMORY &&
           (int64_t)input->size <= input->limit;
}

/* Of gzip that is damaged, what comes before the damage may fail first, or not, as it is read. */
static bool agree(const outcome *a, const outcome *b)
{
    if (a->of_gzip && a->status != VGRAD_OK && b->status != VGRAD_OK)
        return true;
    return a->status == b->status && a->digest == b->digest;
}

int fuzz_reader(const fuzz_format *format, const uint8_t *data, size_t size)
{
    fuzz_input input;
    if (!fuzz_input_begin(&input, data, size))
        return 0;
    outcome seen = read_one(format, &input);
    fuzz_input plainly = fuzz_input_plain(&input);
    outcome plain = read_one(format, &plainly);
    REQUIRE(!must_agree(&input, &seen) || agree(&seen, &plain));
    return 0;
}

/* ---- x and y in files of their own ---- */

enum { NO_Y, Y_IS_X, Y_IS_THE_OTHER_HALF };

static unsigned where_y_is(const fuzz_input *input)
{
    return input->choice % 3;
}

bool fuzz_files_have_y(const fuzz_input *input)
{
    return where_y_is(input) != NO_Y;
}

vgrad_status fuzz_read_files(vgrad_dataset **out, fuzz_world *world, fuzz_read_pair *read)
{
    const fuzz_input *input = world->input;
    const size_t half = input->size / 2;
    if (where_y_is(input) == Y_IS_THE_OTHER_HALF) {
        fuzz_world_add_file(world, "x-file", input->bytes, half);
        fuzz_world_add_file(world, "y-file", (const char *)input->bytes + half, input->size - half);
        return read(out, "x-file", "y-file", world->context);
    }
    fuzz_world_add_file(world, "x-file", input->bytes, input->size);
    return read(out, "x-file", where_y_is(input) == Y_IS_X ? "x-file" : NULL, world->context);
}
