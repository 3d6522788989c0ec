/* lib/data/bytes and gzip: files that are inflated on the way. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "data/bytes.h"
#include "gzip_bytes.h"
#include "reading.h"

enum { MOST = 200000, IDX_COUNT = 300, IDX_SIZE = IDX_COUNT + 8, ROOM = MOST + 1000 };

static uint8_t content[MOST], packed[ROOM];

/* Runs, and bytes that do not repeat. */
static void fill_content(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < MOST; i++) {
        state = state * 1664525 + 1013904223;
        content[i] = i / 5000 % 2 ? (uint8_t)(i / 5000) : (uint8_t)(state >> 24);
    }
}

static size_t member(size_t at, const void *from, size_t size)
{
    return at + gzip_bytes(packed + at, ROOM - at, from, size);
}

/* IDX: so many bytes. */
static void make_idx(uint8_t *to, uint32_t count)
{
    const uint8_t header[] = {
        0, 0, 8, 1, 0, (uint8_t)(count >> 16), (uint8_t)(count >> 8), (uint8_t)count
    };
    memcpy(to, header, sizeof header);
    for (uint32_t i = 0; i < count; i++)
        to[sizeof header + i] = (uint8_t)(i * i / 7);
}

static vgrad_status read_x(reading *r, uint8_t *found, size_t size, size_t piece)
{
    vgrad__bytes *bytes;
    vgrad_status status = vgrad__bytes_open(&bytes, "x", r->context);
    for (size_t at = 0; at < size && status == VGRAD_OK; at += piece) {
        if (piece > size - at)
            piece = size - at;
        status = vgrad__bytes_read(bytes, found + at, piece);
    }
    if (status == VGRAD_OK)
        status = vgrad__bytes_finish(bytes);
    vgrad__bytes_close(bytes);
    return status;
}

/* The file "x" inflates to the first `size` bytes of the content, however it is handed out. */
static void assert_inflates(reading *r, size_t packed_size, size_t size)
{
    static uint8_t found[MOST];
    static const size_t pieces[] = { 1, 1000, MOST };
    reading_file(r, "x", packed, packed_size);
    for (int way = 0; way < 6; way++) {
        r->files.like_a_pipe = way & 1;
        r->files.most = way < 2 ? 0 : way < 4 ? 1 : 3;
        memset(found, 0xee, sizeof found);
        assert_ok(read_x(r, found, size, pieces[way % 3]));
        ck_assert_mem_eq(found, content, size);
    }
}

static void assert_inflates_not(reading *r, size_t packed_size, size_t size, const char *part)
{
    static uint8_t found[MOST];
    reading_file(r, "x", packed, packed_size);
    for (int way = 0; way < 6; way++) {
        r->files.like_a_pipe = way & 1;
        r->files.most = way < 2 ? 0 : way < 4 ? 1 : 3;
        assert_status(VGRAD_E_FORMAT, read_x(r, found, size, MOST));
        ck_assert_msg(strncmp(vgrad_last_error(), "x: byte ", 8) == 0, "%s", vgrad_last_error());
        assert_error_names("of what it inflates to");
        assert_error_names(part);
        ck_assert_int_eq(r->files.is_open, 0);
        ck_assert_int_eq(r->memory.blocks, 1);
    }
}

/* ---- what is whole ---- */

START_TEST(one_member_of_any_size)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 1000, 65535, 65536, 65537, MOST };
    reading r;
    fill_content();
    reading_begin(&r);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        assert_inflates(&r, member(0, content, sizes[s]), sizes[s]);
    reading_end(&r);
}
END_TEST

START_TEST(several_members_some_of_them_empty)
{
    static const size_t ends[] = { 0, 0, 1, 1, 1, 70000, 70010, MOST, MOST };
    reading r;
    size_t at = 0, from = 0;
    fill_content();
    reading_begin(&r);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; from = ends[i++])
        at = member(at, content + from, ends[i] - from);
    assert_inflates(&r, at, MOST);
    reading_end(&r);
}
END_TEST

START_TEST(zeros_after_and_between_members)
{
    reading r;
    fill_content();
    reading_begin(&r);
    size_t at = member(0, content, 100);
    memset(packed + at, 0, 70000); /* more than a buffer */
    assert_inflates(&r, at + 1, 100);
    assert_inflates(&r, at + 70000, 100);
    assert_inflates(&r, member(at + 70000, content + 100, 50), 150);
    reading_end(&r);
}
END_TEST

/* ---- what is not ---- */

START_TEST(garbage_after_a_member)
{
    static const char *const garbage[] = { "x", "\x8b", "PK\3\4" };
    reading r;
    fill_content();
    reading_begin(&r);
    size_t at = member(0, content, 100);
    for (int zeros = 0; zeros < 3; zeros++)
        for (int i = 0; i < 3; i++) {
            memset(packed + at, 0, (size_t)zeros);
            memcpy(packed + at + zeros, garbage[i], strlen(garbage[i]));
            assert_inflates_not(&r, at + (size_t)zeros + strlen(garbage[i]), 100,
                                "x: byte 100 of what it inflates to: something that is no gzip");
        }
    memcpy(packed + at, "\x1f\x8c\x08", 3); /* half a magic */
    assert_inflates_not(&r, at + 1, 100, "ends too early");
    assert_inflates_not(&r, at + 3, 100, "damaged");
    memcpy(packed + at, "\x1f\x8b\x08", 3);
    assert_inflates_not(&r, at + 3, 100, "ends too early");
    reading_end(&r);
}
END_TEST

START_TEST(a_damaged_crc_or_length)
{
    reading r;
    fill_content();
    reading_begin(&r);
    const size_t size = member(0, content, 6000);
    for (size_t bit = 0; bit < 64; bit++) {
        uint8_t *byte = packed + size - 8 + bit / 8;
        char place[80];
        snprintf(place, sizeof place, "the gzip data is damaged before byte %zu of the file",
                 bit < 32 ? size - 4 : size); /* first the CRC, then the length */
        *byte ^= (uint8_t)(1 << bit % 8);
        assert_inflates_not(&r, size, 6000, place);
        *byte ^= (uint8_t)(1 << bit % 8);
    }
    assert_inflates(&r, size, 6000);
    reading_end(&r);
}
END_TEST

START_TEST(more_or_less_than_it_should_inflate_to)
{
    reading r;
    fill_content();
    reading_begin(&r);
    const size_t size = member(0, content, 6000);
    assert_inflates_not(&r, size, 5999, "byte 5999 of what it inflates to: more bytes follow");
    assert_inflates_not(&r, size, 6001, "byte 6000 of what it inflates to: the file ends, 1 bytes");
    reading_end(&r);
}
END_TEST

/* ---- datasets ---- */

START_TEST(a_file_cut_anywhere_is_no_dataset)
{
    uint8_t idx[IDX_SIZE];
    reading r;
    make_idx(idx, IDX_COUNT);
    reading_begin(&r);
    size_t size = member(0, idx, 150);
    size = member(size, idx + 150, IDX_SIZE - 150);
    for (size_t cut = 0; cut < size; cut++) {
        reading_file(&r, "x", packed, cut);
        r.files.like_a_pipe = cut % 2;
        assert_refused(&r, vgrad_dataset_idx, "");
    }
    reading_end(&r);
}
END_TEST

/* Bits that say nothing of the data, such as the time in the header, may be any. */
START_TEST(a_file_with_any_bit_turned_is_refused_or_the_same)
{
    uint8_t idx[IDX_SIZE];
    double found[IDX_COUNT];
    int refused = 0;
    vgrad_dataset *data;
    reading r;
    make_idx(idx, IDX_COUNT);
    reading_begin(&r);
    const size_t size = member(0, idx, IDX_SIZE);
    reading_file(&r, "x", packed, size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (vgrad_dataset_idx(&data, "x", NULL, r.context) == VGRAD_OK) {
            ck_assert_int_eq(vgrad_dataset_rows(data), IDX_COUNT);
            assert_ok(vgrad_dataset_read(data, 0, IDX_COUNT, found, NULL, VGRAD_FLOAT64));
            for (int i = 0; i < IDX_COUNT; i++)
                ck_assert_double_eq(found[i], idx[8 + i]);
            vgrad_dataset_destroy(data);
        } else {
            assert_refused(&r, vgrad_dataset_idx, "");
            refused++;
        }
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_int_ge(refused, (int)(size - 10) * 8);
    reading_end(&r);
}
END_TEST

/* ---- limits ---- */

START_TEST(a_bomb_stops_at_the_read_limit)
{
    enum { COUNT = MOST - 8 };
    vgrad_dataset *data;
    vgrad__bytes *bytes;
    size_t got;
    reading r;
    reading_begin(&r);
    make_idx(content, COUNT);
    memset(content + 8, 0, COUNT);
    reading_file(&r, "x", packed, member(0, content, MOST));
    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, MOST));
    assert_ok(vgrad_dataset_idx(&data, "x", NULL, r.context));
    vgrad_dataset_destroy(data);
    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, MOST - 1));
    assert_refused(&r, vgrad_dataset_idx, "199992 bytes should follow, 199991 can");

    /* For those who do not ask how much can come. */
    assert_ok(vgrad__bytes_open(&bytes, "x", r.context));
    assert_ok(vgrad__bytes_some(bytes, content, MOST - 1, &got));
    ck_assert_uint_eq(got, MOST - 1);
    ck_assert_int_eq(vgrad__bytes_most(bytes), 0);
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_some(bytes, content, 1, &got));
    assert_error_names("over the read limit of 199999 bytes");
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

/* Padding counts too, where no size bounds it; empty members likewise. */
START_TEST(a_pipe_of_nothing_stops_at_the_read_limit)
{
    static uint8_t endless[4 * MOST];
    uint8_t found[10];
    reading r;
    size_t size = member(0, content, sizeof found),
           empty = _i ? member(size, content, 0) - size : 1;
    memcpy(endless, packed, size);
    for (size_t at = size; _i && at + empty <= sizeof endless; at += empty)
        memcpy(endless + at, packed + size, empty);
    reading_begin(&r);
    reading_file(&r, "x", endless, sizeof endless);
    r.files.like_a_pipe = true;
    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, 1000));
    assert_status(VGRAD_E_FORMAT, read_x(&r, found, sizeof found, sizeof found));
    assert_error_names("read limit of 1000 bytes");
    reading_end(&r);
}
END_TEST

START_TEST(what_a_small_file_cannot_inflate_to_takes_no_memory)
{
    uint8_t idx[9] = { 0, 0, 8, 1, 0x3f, 0, 0, 0, 1 }; /* nearly 1 GiB */
    vgrad__bytes *bytes;
    reading r;
    reading_begin(&r);
    const size_t size = member(0, idx, sizeof idx);
    reading_file(&r, "x", packed, size);
    assert_ok(vgrad__bytes_open(&bytes, "x", r.context));
    ck_assert_int_eq(vgrad__bytes_most(bytes), (int64_t)size * 1032);
    vgrad__bytes_close(bytes);
    assert_refused(&r, vgrad_dataset_idx, "1056964608 bytes should follow");
    reading_end(&r);
}
END_TEST

/* ---- faults ---- */

START_TEST(every_fault_is_survived)
{
    static const char npy[] = "\x93NUMPY\1\0\x3b\0"
                              "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), } \n12345";
    uint8_t idx[13];
    const bool is_npy = _i % 2;
    reading r;
    make_idx(idx, 5);
    const size_t size = is_npy ? member(0, npy, sizeof npy - 1) : member(0, idx, sizeof idx);
    reading_begin(&r);
    reading_file(&r, "x", packed, size);
    reading_file(&r, "y", packed, size);
    r.files.most = _i < 2 ? 0 : 5;
    r.files.like_a_pipe = _i == 3;
    assert_every_fault_is_survived(&r, is_npy ? vgrad_dataset_npy : vgrad_dataset_idx);
    reading_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gzip");
    add_tests(suite, "whole", one_member_of_any_size, several_members_some_of_them_empty,
              zeros_after_and_between_members);
    add_tests(suite, "damaged", garbage_after_a_member, a_damaged_crc_or_length,
              more_or_less_than_it_should_inflate_to, a_file_cut_anywhere_is_no_dataset,
              a_file_with_any_bit_turned_is_refused_or_the_same);
    add_tests(suite, "limits", a_bomb_stops_at_the_read_limit,
              what_a_small_file_cannot_inflate_to_takes_no_memory);
    TCase *faults = tcase_create("faults");
    tcase_add_loop_test(faults, every_fault_is_survived, 0, 4);
    tcase_add_loop_test(faults, a_pipe_of_nothing_stops_at_the_read_limit, 0, 2);
    suite_add_tcase(suite, faults);
    return run_suite(suite);
}
