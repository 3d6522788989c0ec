/* lib/data/idx: every type and rank, and everything that is no IDX file. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "data/dataset.h"
#include "reading.h"

static const struct {
    uint8_t number;
    size_t size;
    vgrad_dtype as;
} types[] = {
    { 0x08, 1, VGRAD_UINT8 }, { 0x09, 1, VGRAD_INT32 },   { 0x0b, 2, VGRAD_INT32 },
    { 0x0c, 4, VGRAD_INT32 }, { 0x0d, 4, VGRAD_FLOAT32 }, { 0x0e, 8, VGRAD_FLOAT64 },
};
enum { TYPES = sizeof types / sizeof *types, COUNT_MOST = 96, SIZE_MOST = 36 + COUNT_MOST * 8 };

static const uint32_t shape[8] = { 2, 3, 1, 2, 1, 2, 2, 2 }; /* 96 elements */

static void put_big_endian(uint8_t *to, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(bits >> 8 * (size - 1 - i));
}

static double value_of(int type, size_t i)
{
    return (double)(i + 1) - (types[type].as == VGRAD_UINT8 ? 0 : 50);
}

static uint64_t bits_of(int type, double value)
{
    float narrow = (float)value;
    uint32_t narrow_bits;
    uint64_t bits;
    switch (types[type].as) {
    case VGRAD_FLOAT32: memcpy(&narrow_bits, &narrow, sizeof narrow); return narrow_bits;
    case VGRAD_FLOAT64: memcpy(&bits, &value, sizeof bits); return bits;
    default: return (uint64_t)(int64_t)value;
    }
}

static size_t put_header(uint8_t *to, uint8_t number, int rank, const uint32_t *sizes)
{
    const uint8_t magic[] = { 0, 0, number, (uint8_t)rank };
    memcpy(to, magic, sizeof magic);
    for (int axis = 0; axis < rank; axis++)
        put_big_endian(to + 4 + 4 * axis, sizes[axis], 4);
    return 4 + 4 * (size_t)rank;
}

static size_t count_of(int rank)
{
    size_t count = 1;
    for (int axis = 0; axis < rank; axis++)
        count *= shape[axis];
    return count;
}

static size_t make_idx(uint8_t *to, int type, int rank)
{
    size_t at = put_header(to, types[type].number, rank, shape);
    for (size_t i = 0; i < count_of(rank); i++, at += types[type].size)
        put_big_endian(to + at, bits_of(type, value_of(type, i)), types[type].size);
    return at;
}

START_TEST(every_type_and_rank)
{
    uint8_t bytes[SIZE_MOST];
    double found[COUNT_MOST];
    int64_t found_shape[VGRAD_MAX_RANK];
    reading r;
    reading_begin(&r);
    for (int rank = 1; rank <= 8; rank++) {
        vgrad_dataset *data;
        reading_file(&r, "x", bytes, make_idx(bytes, _i, rank));
        r.files.most = rank % 2;
        assert_ok(vgrad_dataset_idx(&data, "x", NULL, r.context));
        ck_assert_int_eq(vgrad_dataset_x_shape(data, found_shape), rank);
        for (int axis = 0; axis < rank; axis++)
            ck_assert_int_eq(found_shape[axis], shape[axis]);
        ck_assert_int_eq(data->x.array.view.dtype, types[_i].as);
        ck_assert_int_eq(vgrad_dataset_y_width(data), 0);
        assert_ok(vgrad_dataset_read(data, 0, shape[0], found, NULL, VGRAD_FLOAT64));
        for (size_t i = 0; i < count_of(rank); i++)
            ck_assert_double_eq(found[i], value_of(_i, i));
        vgrad_dataset_destroy(data);
    }
    reading_end(&r);
}
END_TEST

START_TEST(images_and_labels)
{
    uint8_t images[SIZE_MOST], labels[SIZE_MOST];
    double x[6], y[2];
    vgrad_dataset *data;
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", images, make_idx(images, 0, 2));
    reading_file(&r, "y", labels, make_idx(labels, 2, 1));
    assert_ok(vgrad_dataset_idx(&data, "x", "y", r.context));
    assert_ok(vgrad_dataset_read(data, 0, 2, x, y, VGRAD_FLOAT64));
    ck_assert_double_eq(x[5], 6);
    ck_assert_double_eq(y[1], -48);
    vgrad_dataset_destroy(data);
    reading_end(&r);
}
END_TEST

START_TEST(as_many_labels_as_images)
{
    uint8_t images[SIZE_MOST], labels[SIZE_MOST] = { 0 };
    const uint32_t three = 3;
    vgrad_dataset *data = (void *)images;
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", images, make_idx(images, 0, 3));
    reading_file(&r, "y", labels, put_header(labels, 0x08, 1, &three) + 3);
    assert_status(VGRAD_E_SHAPE, vgrad_dataset_idx(&data, "x", "y", r.context));
    ck_assert_str_eq(vgrad_last_error(), "y_path: y has 3 rows, but x has 2");
    ck_assert_ptr_null(data);
    assert_status(VGRAD_E_SHAPE, vgrad_dataset_idx(&data, "y", "x", r.context));
    ck_assert_str_eq(vgrad_last_error(), "y_path: x has 2 rows, but y has 3");
    reading_end(&r);
}
END_TEST

START_TEST(a_file_cut_anywhere_and_one_with_a_byte_too_many)
{
    uint8_t bytes[SIZE_MOST + 1];
    reading r;
    reading_begin(&r);
    for (int rank = 1; rank <= 8; rank += 7) {
        const size_t size = make_idx(bytes, _i, rank);
        for (size_t cut = 0; cut < size; cut++) {
            reading_file(&r, "x", bytes, cut);
            r.files.like_a_pipe = false;
            assert_refused(&r, vgrad_dataset_idx, "");
            r.files.like_a_pipe = true;
            assert_refused(&r, vgrad_dataset_idx, "too early");
        }
        r.files.like_a_pipe = false;
        bytes[size] = 0;
        reading_file(&r, "x", bytes, size + 1);
        assert_refused(&r, vgrad_dataset_idx, "more bytes follow");
        r.files.like_a_pipe = true;
        assert_refused(&r, vgrad_dataset_idx, "more bytes follow");
    }
    reading_end(&r);
}
END_TEST

static const struct {
    uint8_t bytes[12];
    size_t size;
    const char *part;
} wrong[] = {
    { { 0 }, 0, "x: byte 0: the file ends, 4 bytes too early" },
    { { 0, 0, 8 }, 3, "x: byte 3: the file ends, 1 bytes too early" },
    { { 0, 0, 8, 1, 0, 0, 0 }, 7, "x: byte 7: the file ends, 1 bytes too early" },
    { { 1, 0, 8, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 0: no IDX file: it begins 01 00 08 01" },
    { { 0, 2, 8, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 0: no IDX file: it begins 00 02 08 01" },
    { { 0, 0, 0, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 0: no IDX file" },
    { { 0, 0, 0x0a, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 0: no IDX file" },
    { { 0, 0, 0x0f, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 0: no IDX file" },
    { { 0, 0, 8, 0, 5 }, 5, "x: byte 3: rank 1 to 8, got 0" },
    { { 0, 0, 8, 9, 0, 0, 0, 1, 5 }, 9, "x: byte 3: rank 1 to 8, got 9" },
    { { 0, 0, 8, 255, 0, 0, 0, 1, 5 }, 9, "x: byte 3: rank 1 to 8, got 255" },
    { { 0, 0, 8, 1, 0, 0, 0, 0 }, 8, "x: byte 8: no elements" },
    { { 0, 0, 8, 1, 0, 0, 0, 2, 5 }, 9, "x: byte 8: 2 bytes should follow, 1 can" },
    { { 0, 0, 0x0e, 1, 0, 0, 0, 1, 5 }, 9, "x: byte 8: 8 bytes should follow, 1 can" },
    { { 0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 5 }, 9, "4294967295 bytes should follow" },
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(what_is_no_idx_file)
{
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", wrong[_i].bytes, wrong[_i].size);
    assert_refused(&r, vgrad_dataset_idx, wrong[_i].part);
    reading_end(&r);
}
END_TEST

START_TEST(a_product_of_sizes_that_is_too_large_takes_no_memory)
{
    static const uint32_t most[8] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                      UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
    uint8_t bytes[100] = { 0 };
    reading r;
    reading_begin(&r);
    for (int type = 0; type < TYPES; type++)
        for (int rank = 1; rank <= 8; rank++) {
            put_header(bytes, types[type].number, rank, most);
            reading_file(&r, "x", bytes, sizeof bytes);
            allocator_arm(&r.memory, 0, false);
            assert_refused(&r, vgrad_dataset_idx,
                           rank == 1 ? "should follow" : "product of the sizes is too large");
            ck_assert_int_eq(r.memory.calls, 1); /* for the file itself */
        }
    /* 2^62 elements: of a byte they can be counted, of 8 bytes not. */
    const uint32_t half[2] = { 1u << 31, 1u << 31 };
    put_header(bytes, 0x08, 2, half);
    reading_file(&r, "x", bytes, sizeof bytes);
    assert_refused(&r, vgrad_dataset_idx, "4611686018427387904 bytes should follow, 88 can");
    put_header(bytes, 0x0e, 2, half);
    assert_refused(&r, vgrad_dataset_idx, "product of the sizes is too large");
    reading_end(&r);
}
END_TEST

START_TEST(a_size_of_zero_anywhere)
{
    uint8_t bytes[SIZE_MOST];
    reading r;
    reading_begin(&r);
    for (int axis = 0; axis < 8; axis++) {
        make_idx(bytes, 0, 8);
        memset(bytes + 4 + 4 * axis, 0, 4);
        reading_file(&r, "x", bytes, 36);
        assert_refused(&r, vgrad_dataset_idx, "byte 36: no elements");
    }
    reading_end(&r);
}
END_TEST

START_TEST(every_fault_is_survived)
{
    uint8_t images[SIZE_MOST], labels[SIZE_MOST];
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", images, make_idx(images, _i % TYPES, 3));
    reading_file(&r, "y", labels, make_idx(labels, 1, 1));
    r.files.most = _i < TYPES ? 0 : 3;
    r.files.like_a_pipe = _i % 2;
    assert_every_fault_is_survived(&r, vgrad_dataset_idx);
    reading_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idx");
    TCase *each = tcase_create("each");
    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, every_type_and_rank, 0, TYPES);
    tcase_add_loop_test(each, a_file_cut_anywhere_and_one_with_a_byte_too_many, 0, TYPES);
    tcase_add_loop_test(each, what_is_no_idx_file, 0, WRONG);
    tcase_add_loop_test(each, every_fault_is_survived, 0, 2 * TYPES);
    suite_add_tcase(suite, each);
    add_tests(suite, "idx", images_and_labels, as_many_labels_as_images,
              a_product_of_sizes_that_is_too_large_takes_no_memory, a_size_of_zero_anywhere);
    return run_suite(suite);
}
