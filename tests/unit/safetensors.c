/* lib/record/safetensors: bytes laid out by hand, every rule of the format broken, every fault. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing_files.h"
#include "reading.h"
#include "record/safetensors.h"

enum { ROOM = 4096, PATH_SIZE = 128 };

static uint8_t file[ROOM];

/* ---- by hand ---- */

/* A length, a header as it stands, and bytes 0, 1, 2, ... */
static size_t make_file(const char *header, size_t bytes)
{
    const size_t length = strlen(header);
    ck_assert_uint_le(8 + length + bytes, ROOM);
    memset(file, 0, 8);
    file[0] = (uint8_t)length;
    file[1] = (uint8_t)(length >> 8);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < bytes; i++)
        file[8 + length + i] = (uint8_t)i;
    return 8 + length + bytes;
}

/* What the writer must make of `w`, `b` and their sums; CRCs computed elsewhere. */
static const char golden_header[] =
    "{\"__metadata__\":{\"format\":\"x\",\"crc32c\":\"942cb9e1\",\"crc32c:w\":\"fb5a877d\","
    "\"crc32c:b\":\"c6233a7e\"},\"w\":{\"dtype\":\"F64\",\"shape\":[2,1],\"data_offsets\":[0,16]},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[16,28]}}  ";
static const uint8_t golden_bytes[28] = { 0, 0, 0,    0,    0, 0, 0xf0, 0x3f, /* 1 */
                                          0, 0, 0,    0,    0, 0, 4,    0xc0, /* -2.5 */
                                          0, 0, 0,    0x3f,                   /* 0.5 */
                                          0, 0, 0x80, 0xbe,                   /* -0.25 */
                                          0, 0, 0x40, 0x40 };                 /* 3 */
static const double w[2] = { 1, -2.5 };
static const float b[3] = { 0.5f, -0.25f, 3 };

static size_t make_golden(void)
{
    const size_t size = make_file(golden_header, sizeof golden_bytes);
    memcpy(file + size - sizeof golden_bytes, golden_bytes, sizeof golden_bytes);
    return size;
}

/* ---- reading ---- */

/* "x" is refused, with a text that names it and contains `part`; nothing is left. */
static void assert_no_file(reading *r, size_t size, const char *part)
{
    vgrad__safetensors opened;
    reading_file(r, "x", file, size);
    assert_status(VGRAD_E_FORMAT, vgrad__safetensors_open(&opened, "x", r->context));
    ck_assert_msg(strncmp(vgrad_last_error(), "x: ", 3) == 0, "%s", vgrad_last_error());
    assert_error_names(part);
    ck_assert_ptr_null(strchr(vgrad_last_error(), '\n'));
    ck_assert_int_eq(r->files.is_open, 0);
    ck_assert_int_eq(r->memory.blocks, 1);
    ck_assert_int_eq(r->memory.mistakes, 0);
}

static vgrad__safetensors open_ok(reading *r, size_t size)
{
    vgrad__safetensors opened;
    reading_file(r, "x", file, size);
    assert_ok(vgrad__safetensors_open(&opened, "x", r->context));
    return opened;
}

/* Opens "x" and reads all of it. */
static vgrad_status read_all(vgrad_context *context, const char *path)
{
    vgrad__safetensors opened;
    uint8_t room[ROOM];
    vgrad_status status = vgrad__safetensors_open(&opened, path, context);
    if (status != VGRAD_OK)
        return status;
    for (size_t i = 0; i < opened.count && status == VGRAD_OK; i++)
        status = vgrad__safetensors_read(&opened, &opened.entries[i], room);
    vgrad__safetensors_close(&opened);
    return status;
}

START_TEST(a_file_made_by_hand_is_read)
{
    double w_found[2];
    float b_found[3];
    reading r;
    reading_begin(&r);
    for (size_t most = 0; most < 3; most++) {
        r.files.most = most;
        vgrad__safetensors opened = open_ok(&r, make_golden());
        ck_assert_uint_eq(opened.count, 2);
        ck_assert(opened.summed);
        const vgrad__safetensors_entry *first = vgrad__safetensors_find(&opened, "w"),
                                       *second = vgrad__safetensors_find(&opened, "b");
        ck_assert_ptr_eq(first, &opened.entries[0]);
        ck_assert_ptr_eq(second, &opened.entries[1]);
        ck_assert_ptr_null(vgrad__safetensors_find(&opened, "__metadata__"));
        ck_assert_str_eq(vgrad__safetensors_text_of(&opened, "format"), "x");
        ck_assert_ptr_null(vgrad__safetensors_text_of(&opened, "w"));
        ck_assert_int_eq(first->dtype, VGRAD_FLOAT64);
        ck_assert_str_eq(first->type, "F64");
        ck_assert_int_eq(first->rank, 2);
        ck_assert_int_eq(first->shape[0], 2);
        ck_assert_int_eq(first->shape[1], 1);
        if (most != 1) /* else only what comes after it */
            assert_ok(vgrad__safetensors_read(&opened, first, w_found));
        assert_ok(vgrad__safetensors_read(&opened, second, b_found));
        ck_assert_mem_eq(b_found, b, sizeof b);
        vgrad__safetensors_close(&opened);
    }
    ck_assert_mem_eq(w_found, w, sizeof w);
    reading_end(&r);
}
END_TEST

#define A(shape, from, to)                                                                         \
    "\"a\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"
#define OF(name, type, shape, from, to)                                                            \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static const struct {
    const char *header;
    size_t bytes;
    size_t count; /* of tensors */
} good[] = {
    { "{}", 0, 0 },
    { "{}      ", 0, 0 },
    { "{\"__metadata__\":{}}", 0, 0 },
    { "{\"__metadata__\":{\"a\":\"b\",\"\":\"\"}}", 0, 0 },
    { "{" A("[]", "0", "4") "}", 4, 1 },
    { "{" A("[0]", "0", "0") "}", 0, 1 },
    { "{" A("[3,0,5]", "0", "0") "," OF("b", "F32", "[0]", "0", "0") "}", 0, 2 },
    { "{ \"a\" : { \"shape\" : [ 1 ] , \"data_offsets\" : [ 0 , 4 ],\n\"dtype\":\"F32\" } }  ", 4,
      1 },
    { "{" OF("b", "U8", "[2]", "4", "6") "," A("[1]", "0", "4") "}", 6, 2 },
    { "{" OF("a", "F4", "[2,3]", "0", "3") "}", 3, 1 },
    { "{" OF("a", "F6_E2M3", "[4]", "0", "3") "}", 3, 1 },
    { "{" OF("a", "BOOL", "[3]", "0", "3") "," OF("b", "C64", "[]", "3", "11") "}", 11, 2 },
    { "{" OF("\\u00e9\\\"\\\\\\n", "I64", "[1]", "0", "8") "}", 8, 1 },
    { "{" OF("\xc3\xa9", "U64", "[1]", "0", "8") "}", 8, 1 },
    { "{" OF("a", "U8", "[1,1,1,1,1,1,1,1,1,2]", "0", "2") "}", 2, 1 },
    { "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":null}}", 1, 1 },
};
enum { GOOD = sizeof good / sizeof *good };

START_TEST(what_the_format_allows_is_read)
{
    reading r;
    reading_begin(&r);
    const size_t size = make_file(good[_i].header, good[_i].bytes);
    vgrad__safetensors opened = open_ok(&r, size);
    ck_assert_uint_eq(opened.count, good[_i].count);
    ck_assert(!opened.summed);
    vgrad__safetensors_close(&opened);
    assert_ok(read_all(r.context, "x"));
    reading_end(&r);
}
END_TEST

static const struct {
    const char *header;
    size_t bytes;
    const char *part;
} bad[] = {
    { "[]", 0, "byte 8: the header begins with 7b, got 5b" },
    { " {}", 0, "byte 8: the header begins with 7b, got 20" },
    { "{}\n", 0, "byte 10: the header ends with 7d, got 0a" },
    { "{} }", 0, "byte 12: end of file expected near '}'" },
    { "{\"a\":}", 0, "byte 1" },
    { "{\"a\": 1}", 0, "tensor \"a\": an object with dtype" },
    { "{\"__metadata__\":1}", 0, "__metadata__: an object of texts" },
    { "{\"__metadata__\":{\"a\":1}}", 0, "__metadata__: \"a\": a text" },
    { "{" A("[1]", "0", "4") "," A("[1]", "0", "4") "}", 4, "duplicate object key near '\"a\"'" },
    { "{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}", 0, "duplicate object key" },
    { "{" A("[1]", "0", "4") ",\"\\u0061\":1}", 4, "duplicate object key" },
    { "{\"a\\u0000\":1}", 0, "NUL byte in object key" },
    { "{\"\xc3(\":1}", 0, "unable to decode byte 0xc3" },
    { "{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor \"a\": dtype: a text" },
    { "{" OF("a", "f32", "[]", "0", "4") "}", 4, "tensor \"a\": dtype: no type \"f32\"" },
    { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor \"a\": shape: an array" },
    { "{" A("4", "0", "4") "}", 4, "tensor \"a\": shape: an array" },
    { "{" A("[1,-1]", "0", "4") "}", 4, "tensor \"a\": shape: size 1 is no number from 0 up" },
    { "{" A("[1.0]", "0", "4") "}", 4, "tensor \"a\": shape: size 0 is no number from 0 up" },
    { "{" A("[9223372036854775808]", "0", "4") "}", 4, "too big integer" },
    { "{" A("[4294967296,4294967296]", "0", "4") "}", 4, "\"a\": shape: the product of the sizes" },
    { "{" A("[9223372036854775807]", "0", "4") "}", 4, "\"a\": shape: the product of the sizes" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4,
      "tensor \"a\": data_offsets: an array of two" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,4]}}", 4, "an array of two" },
    { "{" A("[1]", "0", "4.0") "}", 4, "tensor \"a\": data_offsets: an array of two numbers" },
    { "{" A("[1]", "-4", "0") "}", 4, "tensor \"a\": data_offsets: 0 to 4, got -4 to 0" },
    { "{" A("[1]", "4", "0") "}", 4, "tensor \"a\": data_offsets: 0 to 4, got 4 to 0" },
    { "{" A("[1]", "0", "5") "}", 4, "tensor \"a\": data_offsets: 0 to 4, got 0 to 5" },
    { "{" A("[2]", "0", "4") "}", 4,
      "tensor \"a\": 2 elements of F32 are 8 bytes, data_offsets have 4" },
    { "{" OF("a", "F4", "[3]", "0", "2") "}", 2,
      "tensor \"a\": shape: 3 elements of 4 bits are no" },
    { "{" A("[1]", "4", "8") "}", 8,
      "tensor \"a\": begins at byte 4, where what is before it ends at 0" },
    { "{" A("[1]", "0", "4") "," OF("b", "F32", "[1]", "8", "12") "}", 12,
      "tensor \"b\": begins at byte 8, where what is before it ends at 4" },
    { "{" A("[2]", "0", "8") "," OF("b", "F32", "[1]", "4", "8") "}", 8,
      "tensor \"b\": begins at byte 4, where what is before it ends at 8" },
    { "{" A("[1]", "0", "4") "," OF("b", "F32", "[1]", "0", "4") "}", 4,
      "tensor \"b\": begins at byte 0, where what is before it ends at 4" },
    { "{" A("[2]", "0", "8") "," OF("b", "F32", "[0]", "4", "4") "}", 8, "tensor \"b\": begins" },
    { "{" A("[1]", "0", "4") "}", 5, "the tensors have 4 bytes, the file has 5" },
    { "{}", 1, "the tensors have 0 bytes, the file has 1" },
    { "{\"__metadata__\":{\"crc32c:a\":\"0000000\"}," A("[1]", "0", "4") "}", 4,
      "\"a\": its CRC-32C" },
    { "{\"__metadata__\":{\"crc32c:a\":\"0000000A\"}," A("[1]", "0", "4") "}", 4,
      "\"a\": its CRC-32C" },
    { "{\"__metadata__\":{\"crc32c\":\"00000000\"}}", 0, "the header's CRC-32C is " },
    { "{\"__metadata__\":{\"crc32c\": \"00000000\"}}", 0, "the header's CRC-32C: 8 hex" },
    { "{\"__metadata__\":{\"crc32c\":\"\"}}", 0, "the header's CRC-32C: 8 hex" },
};
enum { BAD = sizeof bad / sizeof *bad };

START_TEST(what_it_does_not_allow_is_refused_and_named)
{
    reading r;
    reading_begin(&r);
    assert_no_file(&r, make_file(bad[_i].header, bad[_i].bytes), bad[_i].part);
    reading_end(&r);
}
END_TEST

START_TEST(a_length_is_not_believed)
{
    static const struct {
        uint64_t length;
        const char *part;
    } all[] = {
        { 0, "byte 0: a header of 2 to 100000000 bytes, got 0" },
        { 1, "a header of 2 to 100000000 bytes, got 1" },
        { 8, "" }, /* the header is cut */
        { 237, "byte 0: a header of 237 bytes, but 236 follow" },
        { 100000000, "a header of 100000000 bytes, but 236 follow" },
        { 100000001, "got 100000001" },
        { UINT64_C(1) << 63, "got 9223372036854775808" },
        { UINT64_MAX, "got 18446744073709551615" },
    };
    reading r;
    reading_begin(&r);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const size_t size = make_golden();
        for (int byte = 0; byte < 8; byte++)
            file[byte] = (uint8_t)(all[i].length >> 8 * byte);
        allocator_arm(&r.memory, 0, false);
        assert_no_file(&r, size, all[i].part);
        ck_assert_int_le(r.memory.calls, i == 2);
    }
    reading_end(&r);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
    reading r;
    reading_begin(&r);
    const size_t size = make_golden();
    for (size_t cut = 0; cut < size; cut++)
        assert_no_file(&r, cut, cut < 8 ? "at least 8 bytes" : cut < 216 ? "but" : "data_offsets");
    file[size] = 0;
    assert_no_file(&r, size + 1, "the file has 29");
    r.files.like_a_pipe = true;
    assert_no_file(&r, size, "not a regular file");
    reading_end(&r);
}
END_TEST

START_TEST(a_bit_flipped_anywhere_is_found_by_the_sums)
{
    reading r;
    reading_begin(&r);
    const size_t size = make_golden();
    reading_file(&r, "x", file, size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        vgrad__safetensors opened;
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (vgrad__safetensors_open(&opened, "x", r.context) == VGRAD_OK) {
            const bool summed = opened.summed;
            vgrad__safetensors_close(&opened);
            if (summed)
                assert_status(VGRAD_E_FORMAT, read_all(r.context, "x"));
        }
        ck_assert_int_eq(strncmp(vgrad_last_error(), "x: ", 3), 0);
        ck_assert_int_eq(r.files.is_open, 0);
        ck_assert_int_eq(r.memory.blocks, 1);
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(read_all(r.context, "x"));
    reading_end(&r);
}
END_TEST

START_TEST(any_byte_of_a_header_without_sums_may_be_another)
{
    static const char others[] = "\0 \n\"\\{}[](),:-09eEuF\x7f\x80\xff";
    const char *header = good[8].header;
    int taken = 0;
    reading r;
    reading_begin(&r);
    for (size_t i = 0; i < 8 + strlen(header); i++)
        for (size_t other = 0; other < sizeof others; other++) {
            reading_file(&r, "x", file, make_file(header, good[8].bytes));
            file[i] = (uint8_t)others[other];
            vgrad_status status = read_all(r.context, "x");
            ck_assert(status == VGRAD_OK || status == VGRAD_E_FORMAT);
            taken += status == VGRAD_OK;
            ck_assert_int_eq(r.files.is_open, 0);
            ck_assert_int_eq(r.memory.blocks, 1);
        }
    ck_assert_int_gt(taken, 10); /* such as another name */
    reading_end(&r);
}
END_TEST

START_TEST(every_fault_of_reading_is_survived)
{
    long n = 1;
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", file, make_golden());
    for (;; n++) {
        r.files.calls = 0;
        r.files.fail_at = n;
        r.files.error = EIO;
        vgrad_status status = read_all(r.context, "x");
        if (r.files.calls < n)
            break;
        assert_status(VGRAD_E_IO, status);
        ck_assert_str_eq(vgrad_last_error(), "x: Input/output error");
        ck_assert_int_eq(r.files.is_open, 0);
        ck_assert_int_eq(r.memory.blocks, 1);
    }
    ck_assert_int_eq(n, 7); /* open, size, length, header, two tensors */
    r.files.fail_at = 0;
    for (n = 1;; n++) {
        allocator_arm(&r.memory, n, n % 2);
        vgrad_status status = read_all(r.context, "x");
        allocator_disarm(&r.memory);
        if (r.memory.failed == 0)
            break;
        assert_status(VGRAD_E_MEMORY, status);
        ck_assert_int_eq(r.files.is_open, 0);
        ck_assert_int_eq(r.memory.blocks, 1);
    }
    ck_assert_int_eq(n, 5); /* header, entries, two sums' keys */
    reading_file(&r, "y", file, 3);
    vgrad__safetensors opened;
    assert_status(VGRAD_E_IO, vgrad__safetensors_open(&opened, "nothing", r.context));
    ck_assert_str_eq(vgrad_last_error(), "nothing: No such file or directory");
    reading_end(&r);
}
END_TEST

/* ---- writing ---- */

static char folder[] = "/tmp/vgrad-test-XXXXXX";
static char path[PATH_SIZE];
static failing_files files;
static allocator memory;
static vgrad_context *context;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/file", folder);
    files = (failing_files){ .error = EIO };
    assert_ok(vgrad_context_create(&context, allocator_alloc, allocator_release, &memory));
    vgrad__context_set_files(context, failing_files_begin(&files));
}

static void end(void)
{
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    ck_assert_int_eq(memory.blocks, 0);
    ck_assert_int_eq(memory.mistakes, 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing was left in it */
}

static vgrad_tensor named(const char *name, const void *data, vgrad_dtype dtype, int32_t rank,
                          const int64_t *shape, const int64_t *strides)
{
    vgrad_tensor view;
    ck_assert_ptr_nonnull(vgrad_tensor_view(&view, data, dtype, rank, shape, strides));
    view.name = name;
    return view;
}

/* The golden file; its tensors in the wrong order, and one with strides. */
static vgrad_status write_golden(void)
{
    static const float b_backwards[3] = { 3, -0.25f, 0.5f };
    const vgrad__safetensors_text text = { "format", "x" };
    vgrad_tensor tensors[] = {
        named("b", b_backwards + 2, VGRAD_FLOAT32, 1, (int64_t[]){ 3 }, (int64_t[]){ -1 }),
        named("w", w, VGRAD_FLOAT64, 2, (int64_t[]){ 2, 1 }, NULL),
    };
    vgrad__safetensors_content content = { tensors, 2, &text, 1, true };
    return vgrad__safetensors_write(path, &content, context);
}

static size_t get(void)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return 0;
    const size_t size = fread(file, 1, sizeof file, in);
    fclose(in);
    return size;
}

START_TEST(the_bytes_that_are_written_are_those_made_by_hand)
{
    static uint8_t expected[ROOM];
    const size_t size = make_golden();
    memcpy(expected, file, size);
    assert_ok(write_golden());
    ck_assert_uint_eq(get(), size);
    ck_assert_mem_eq(file, expected, size);
    assert_ok(read_all(context, path));
    unlink(path);
}
END_TEST

START_TEST(every_type_in_the_order_of_alignment)
{
    static const uint64_t data[2] = { 0x0807060504030201, 0x100f0e0d0c0b0a09 };
    static const char *const sorted[] = { "e", "d", "a", "c", "b", "g", "\xc3\xa9\"\\\x01", "f" };
    static const char *const words[] = { "I64", "F64", "F32", "I32", "BF16", "F16", "U8", "U8" };
    const int64_t two = 2;
    vgrad_tensor tensors[] = {
        named("a", data, VGRAD_FLOAT32, 1, &two, NULL),
        named("b", data, VGRAD_BFLOAT16, 1, &two, NULL),
        named("c", data, VGRAD_INT32, 1, &two, NULL),
        named("d", data, VGRAD_FLOAT64, 1, &two, NULL),
        named("e", data, VGRAD_INT64, 1, &two, NULL),
        named("\xc3\xa9\"\\\x01", data, VGRAD_UINT8, 0, NULL, NULL),
        named("g", data, VGRAD_FLOAT16, 1, &two, NULL),
        named("f", data, VGRAD_UINT8, 1, (int64_t[]){ 0 }, NULL),
    };
    uint8_t found[16];
    vgrad__safetensors_content content = { .tensors = tensors, .tensor_count = 8 };
    assert_ok(vgrad__safetensors_write(path, &content, context));
    vgrad__safetensors opened;
    assert_ok(vgrad__safetensors_open(&opened, path, context));
    ck_assert_uint_eq(opened.count, 8);
    for (size_t i = 0; i < 8; i++) {
        const bool empty = i == 6; /* of two at one place the one without bytes comes first */
        const char *name = sorted[empty ? 7 : i == 7 ? 6 : i];
        const vgrad__safetensors_entry *entry = &opened.entries[i];
        ck_assert_str_eq(entry->name, name);
        ck_assert_str_eq(entry->type, words[i]);
        ck_assert_int_eq(entry->begin % (int64_t)vgrad__dtype_size(entry->dtype), 0);
        assert_ok(vgrad__safetensors_read(&opened, entry, found));
        ck_assert(empty || memcmp(found, data, (size_t)(entry->end - entry->begin)) == 0);
    }
    vgrad__safetensors_close(&opened);
    unlink(path);
}
END_TEST

START_TEST(nothing_makes_a_file_too)
{
    vgrad__safetensors_content content = { 0 };
    assert_ok(vgrad__safetensors_write(path, &content, context));
    ck_assert_uint_eq(get(), 16);
    ck_assert_mem_eq(file, "\x08\0\0\0\0\0\0\0{}      ", 16);
    assert_ok(read_all(context, path));
    unlink(path);
}
END_TEST

START_TEST(more_elements_than_a_block)
{
    enum { MANY = 10007 };
    static double many[MANY], found[MANY];
    for (int i = 0; i < MANY; i++)
        many[i] = i * 0.1;
    vgrad_tensor tensor =
        named("many", many + MANY - 1, VGRAD_FLOAT64, 1, (int64_t[]){ MANY }, (int64_t[]){ -1 });
    vgrad__safetensors_content content = { .tensors = &tensor, .tensor_count = 1, .sums = true };
    assert_ok(vgrad__safetensors_write(path, &content, context));
    vgrad__safetensors opened;
    assert_ok(vgrad__safetensors_open(&opened, path, context));
    ck_assert(opened.summed);
    assert_ok(vgrad__safetensors_read(&opened, opened.entries, found));
    for (int i = 0; i < MANY; i++)
        ck_assert_double_eq(found[i], many[MANY - 1 - i]);
    vgrad__safetensors_close(&opened);
    unlink(path);
}
END_TEST

START_TEST(names_that_no_file_may_have)
{
    static const char *const names[] = { "__metadata__",
                                         "\xff",
                                         "\xc0\xaf",
                                         "\xed\xa0\x80",
                                         "\xe2\x82",
                                         "\xf4\x90\x80\x80",
                                         "\xf0\x8f\xbf\xbf",
                                         "\xe0\x9f\xbf",
                                         "a\x80",
                                         "same" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        vgrad_tensor tensors[] = {
            named("same", b, VGRAD_FLOAT32, 0, NULL, NULL),
            named(names[i], w, VGRAD_FLOAT64, 0, NULL, NULL),
        };
        vgrad__safetensors_content content = { .tensors = tensors, .tensor_count = 2 };
        assert_status(VGRAD_E_INVALID, vgrad__safetensors_write(path, &content, context));
        assert_error_names(folder);
        assert_error_names(names[i]);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
}
END_TEST

START_TEST(every_fault_of_writing_is_survived)
{
    static uint8_t old[ROOM];
    long n = 1;
    assert_ok(write_golden());
    const size_t size = get();
    memcpy(old, file, size);
    for (;; n++) {
        files.calls = 0;
        files.fail_at = n;
        vgrad_status status = write_golden();
        files.fail_at = 0;
        if (files.calls < n)
            break;
        assert_status(VGRAD_E_IO, status);
        assert_error_names(path);
        ck_assert_int_eq(files.is_open, 0);
        ck_assert_uint_eq(get(), size);
        ck_assert_mem_eq(file, old, size);
    }
    ck_assert_int_eq(n, 7); /* kind, create, write, sync, rename, sync_folder */
    for (n = 1;; n++) {
        allocator_arm(&memory, n, n % 2);
        vgrad_status status = write_golden();
        allocator_disarm(&memory);
        if (memory.failed == 0)
            break;
        assert_status(VGRAD_E_MEMORY, status);
    }
    ck_assert_int_eq(n, 4); /* header, temporary name, buffer */
    files.limited = true;
    for (files.room = 0; files.room < (int64_t)size; files.room++) {
        const int64_t room = files.room;
        assert_status(VGRAD_E_IO, write_golden());
        assert_error_names(strerror(ENOSPC));
        files.room = room;
        ck_assert_uint_eq(get(), size);
    }
    unlink(path);
}
END_TEST

int main(void)
{
    const TTest *const writing[] = {
        the_bytes_that_are_written_are_those_made_by_hand,
        every_type_in_the_order_of_alignment,
        nothing_makes_a_file_too,
        more_elements_than_a_block,
        names_that_no_file_may_have,
        every_fault_of_writing_is_survived,
    };
    Suite *suite = suite_create("safetensors");
    TCase *each = tcase_create("each"), *written = tcase_create("in a folder");
    tcase_add_loop_test(each, what_the_format_allows_is_read, 0, GOOD);
    tcase_add_loop_test(each, what_it_does_not_allow_is_refused_and_named, 0, BAD);
    suite_add_tcase(suite, each);
    add_tests(suite, "reading", a_file_made_by_hand_is_read, a_length_is_not_believed,
              a_file_cut_anywhere_is_refused, a_bit_flipped_anywhere_is_found_by_the_sums,
              any_byte_of_a_header_without_sums_may_be_another, every_fault_of_reading_is_survived);
    tcase_add_checked_fixture(written, begin, end);
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
        tcase_add_test(written, writing[i]);
    suite_add_tcase(suite, written);
    return run_suite(suite);
}
