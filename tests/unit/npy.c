/* lib/data/npy: headers as NumPy and others write them, and everything that is no .npy file. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "data/dataset.h"
#include "reading.h"

enum { ROOM = 20000, PREAMBLE_1 = 10, PREAMBLE_2 = 12 };

static uint8_t file[ROOM];

/* A file of version `major`.0 with this header and these elements; its size. */
static size_t make_file(int major, const char *header, const void *elements, size_t size)
{
    const size_t length = strlen(header), length_size = major == 1 ? 2 : 4;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (uint8_t)major;
    file[7] = 0;
    for (size_t i = 0; i < length_size; i++)
        file[8 + i] = (uint8_t)(length >> 8 * i);
    memcpy(file + 8 + length_size, header, length);
    memcpy(file + 8 + length_size + length, elements, size);
    return 8 + length_size + length + size;
}

/* The header that NumPy writes. */
static const char *header_for(const char *descr, bool fortran_order, const char *shape)
{
    static char header[300];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }%*s\n",
             descr, fortran_order ? "True" : "False", shape, 20, "");
    return header;
}

static vgrad_dataset *read_ok(reading *r, size_t size)
{
    vgrad_dataset *data;
    reading_file(r, "x", file, size);
    assert_ok(vgrad_dataset_npy(&data, "x", NULL, r->context));
    return data;
}

static const uint8_t six[] = { 10, 11, 12, 13, 14, 15 };

/* The rows of a set are 10, 11, ... */
static void assert_six(vgrad_dataset *data, int64_t rows)
{
    double found[6];
    ck_assert_int_eq(vgrad_dataset_rows(data), rows);
    ck_assert_int_eq(vgrad_dataset_x_width(data), 6 / rows);
    assert_ok(vgrad_dataset_read(data, 0, rows, found, NULL, VGRAD_FLOAT64));
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(found[i], six[i]);
}

/* ---- headers ---- */

/* Of a (3, 2) array of bytes. */
static const char *const good[] = {
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }             \n",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2)}",
    "{'shape': (3, 2), 'descr': '|u1', 'fortran_order': False}\n",
    "{'fortran_order': False, 'shape': (3, 2), 'descr': '|u1'}\n",
    "{\"descr\": \"|u1\", 'fortran_order': False, \"shape\": (3, 2)}\n",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 2L)}\n",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2,)}\n",
    "{'descr':'|u1','fortran_order':False,'shape':(3,2)}",
    " \t{ 'descr' :\n\t'|u1' ,\r\n'fortran_order' : False , 'shape' : ( 3 , 2 , ) , \f} \n\n",
    "{'descr': '<u1', 'fortran_order': False, 'shape': (3, 2)}",
    "{'descr': '>u1', 'fortran_order': False, 'shape': (3, 2)}",
    "{'descr': '=u1', 'fortran_order': False, 'shape': (3, 2)}",
};
enum { GOOD = sizeof good / sizeof *good };

START_TEST(headers_that_python_would_read)
{
    reading r;
    reading_begin(&r);
    for (int major = 1; major <= 3; major++) {
        vgrad_dataset *data = read_ok(&r, make_file(major, good[_i], six, 6));
        ck_assert_int_eq(data->x.array.view.rank, 2);
        assert_six(data, 3);
        vgrad_dataset_destroy(data);
    }
    reading_end(&r);
}
END_TEST

#define DESCR "{'descr': '|u1', "
#define ORDER "'fortran_order': False, "
#define SHAPE "'shape': (6,)"

static const struct {
    const char *header;
    int at; /* the byte in the header */
    const char *part;
} bad[] = {
    /* the dict */
    { "", 0, "no dict at the header's end" },
    { "[1]", 0, "no dict at [1]" },
    { "{", 1, "no string at the header's end" },
    { "{}", 0, "the header has no 'descr'" },
    { DESCR "}", 0, "the header has no 'fortran_order'" },
    { DESCR ORDER "}", 0, "the header has no 'shape'" },
    { "{" ORDER SHAPE "}", 0, "the header has no 'descr'" },
    { DESCR ORDER SHAPE, 54, "neither a comma nor the dict's end at the header's end" },
    { DESCR ORDER SHAPE ",, }", 55, "no string at , }" },
    { "{, " ORDER SHAPE "}", 1, "no string at , 'fort" },
    { DESCR ORDER SHAPE "} x", 56, "more than a dict at x" },
    { DESCR ORDER SHAPE "}}", 55, "more than a dict at }" },
    { DESCR ORDER SHAPE "},", 55, "more than a dict at ," },
    { DESCR ORDER SHAPE ", 'x': 1}", 56, "an unknown key at 'x': 1}" },
    { DESCR ORDER SHAPE ", 'desc': 1}", 56, "an unknown key at 'desc'" },
    { DESCR ORDER SHAPE ", 'descr2': 1}", 56, "an unknown key at 'descr2'" },
    { DESCR ORDER SHAPE ", 'shape_and_far_more_than_any_key': 1}", 56,
      "an unknown key at 'shape_" },
    { DESCR ORDER SHAPE ", '': 1}", 56, "an unknown key at ''" },
    { DESCR ORDER SHAPE ", 'shape': (6,)}", 56, "a second value at 'shape'" },
    { DESCR ORDER SHAPE ", 'descr': '<f4'}", 56, "a second value at 'descr'" },
    { DESCR ORDER "'shape' (6,)}", 49, "no colon at (6,)}" },
    { DESCR ORDER "shape: (6,)}", 41, "no string at shape: (6,)}" },
    { DESCR ORDER "'shape\": (6,)}", 41, "no plain string at 'shape\": (6,)}" },
    { DESCR ORDER "'sh\\x61pe': (6,)}", 41, "no plain string at 'sh\\x61pe'" },
    { DESCR ORDER "'sha\npe': (6,)}", 41, "no plain string at 'sha?pe'" },
    { DESCR ORDER "'sh\xc3\xa4pe': (6,)}", 41, "an unknown key at 'sh??pe'" },
    { DESCR "'fortran_order': False 'shape': (6,)}", 40, "neither a comma nor the dict's end" },
    /* descr */
    { "{'descr': 'u1', " ORDER SHAPE "}", 10, "descr: no numeric type that can be read at 'u1'" },
    { "{'descr': '|O', " ORDER SHAPE "}", 10, "that can be read at '|O', 'fortran_order'" },
    { "{'descr': '<U5', " ORDER SHAPE "}", 10, "that can be read at '<U5'" },
    { "{'descr': '|S1', " ORDER SHAPE "}", 10, "that can be read at '|S1'" },
    { "{'descr': '<c8', " ORDER SHAPE "}", 10, "that can be read at '<c8'" },
    { "{'descr': '<f16', " ORDER SHAPE "}", 10, "that can be read at '<f16'" },
    { "{'descr': '<M8[ns]', " ORDER SHAPE "}", 10, "that can be read at '<M8[ns]'" },
    { "{'descr': '|V8', " ORDER SHAPE "}", 10, "that can be read at '|V8'" },
    { "{'descr': '|f4', " ORDER SHAPE "}", 10, "that can be read at '|f4'" },
    { "{'descr': '?u1', " ORDER SHAPE "}", 10, "that can be read at '?u1'" },
    { "{'descr': '<f3', " ORDER SHAPE "}", 10, "that can be read at '<f3'" },
    { "{'descr': '<f44', " ORDER SHAPE "}", 10, "that can be read at '<f44'" },
    { "{'descr': '|u1 ', " ORDER SHAPE "}", 10, "that can be read at '|u1 '" },
    { "{'descr': '|u', " ORDER SHAPE "}", 10, "that can be read at '|u'" },
    { "{'descr': '', " ORDER SHAPE "}", 10, "that can be read at ''" },
    { "{'descr': [('a', '<f4')], " ORDER SHAPE "}", 10, "read at [('a', '<f4')], 'fortran" },
    { "{'descr': ('<f4', (2,)), " ORDER SHAPE "}", 10, "read at ('<f4', (2,))" },
    { "{'descr': None, " ORDER SHAPE "}", 10, "no string at None" },
    { "{'descr': '|u1' '|u1', " ORDER SHAPE "}", 16, "neither a comma nor the dict's end" },
    { "{'descr': '''|u1''', " ORDER SHAPE "}", 10, "that can be read at '''|u1'''" },
    /* fortran_order */
    { DESCR "'fortran_order': false, " SHAPE "}", 34,
      "fortran_order: neither True nor False at f" },
    { DESCR "'fortran_order': 0, " SHAPE "}", 34, "fortran_order: neither True nor False at 0" },
    { DESCR "'fortran_order': , " SHAPE "}", 34, "fortran_order: neither True nor False at ," },
    { DESCR "'fortran_order': Falsey, " SHAPE "}", 39, "neither a comma nor the dict's end at y" },
    /* shape */
    { DESCR ORDER "'shape': 6}", 50, "shape: no tuple at 6}" },
    { DESCR ORDER "'shape': [6]}", 50, "shape: no tuple at [6]}" },
    { DESCR ORDER "'shape': (6)}", 52, "shape: no comma at )}" },
    { DESCR ORDER "'shape': (,)}", 51, "shape: no size at ,)}" },
    { DESCR ORDER "'shape': (6,,)}", 53, "shape: no size at ,)}" },
    { DESCR ORDER "'shape': (6 1)}", 53, "shape: no comma at 1)}" },
    { DESCR ORDER "'shape': (6, 1 1)}", 56, "shape: neither a comma nor its end at 1)}" },
    { DESCR ORDER "'shape': (6, 1", 55, "shape: neither a comma nor its end at the header's end" },
    { DESCR ORDER "'shape': (6,", 53, "shape: no size at the header's end" },
    { DESCR ORDER "'shape': (-6,)}", 51, "shape: no size at -6,)}" },
    { DESCR ORDER "'shape': (+6,)}", 51, "shape: no size at +6,)}" },
    { DESCR ORDER "'shape': (06,)}", 51, "shape: no size at 06,)}" },
    { DESCR ORDER "'shape': (00,)}", 51, "shape: no size at 00,)}" },
    { DESCR ORDER "'shape': (6.0,)}", 52, "shape: no comma at .0,)}" },
    { DESCR ORDER "'shape': (0x6,)}", 52, "shape: no comma at x6,)}" },
    { DESCR ORDER "'shape': (6LL,)}", 53, "shape: no comma at L,)}" },
    { DESCR ORDER "'shape': (L,)}", 51, "shape: no size at L,)}" },
    { DESCR ORDER "'shape': (6 L,)}", 53, "shape: no comma at L,)}" },
    { DESCR ORDER "'shape': ('6',)}", 51, "shape: no size at '6',)}" },
    { DESCR ORDER "'shape': (9223372036854775808,)}", 51,
      "shape: too large a size at 9223372036854" },
    { DESCR ORDER "'shape': (99999999999999999999999,)}", 51, "shape: too large a size" },
    { DESCR ORDER "'shape': (1,1,1,1,1,1,1,1,6)}", 67, "shape: a rank above 8 at 6)}" },
};
enum { BAD = sizeof bad / sizeof *bad };

START_TEST(headers_that_are_wrong_somewhere)
{
    char place[40];
    reading r;
    reading_begin(&r);
    for (int major = 1; major <= 3; major++) {
        reading_file(&r, "x", file, make_file(major, bad[_i].header, six, 6));
        assert_refused(&r, vgrad_dataset_npy, bad[_i].part);
        snprintf(place, sizeof place,
                 "x: byte %d: ", bad[_i].at + (major == 1 ? PREAMBLE_1 : PREAMBLE_2));
        assert_error_names(place);
    }
    reading_end(&r);
}
END_TEST

START_TEST(a_nul_ends_nothing)
{
    const char *header = good[0];
    reading r;
    reading_begin(&r);
    for (size_t i = 0; i < strlen(header); i++) {
        reading_file(&r, "x", file, make_file(1, header, six, 6));
        file[PREAMBLE_1 + i] = 0;
        assert_refused(&r, vgrad_dataset_npy, "");
    }
    reading_end(&r);
}
END_TEST

/* Whatever is in a header, it is read or refused; the sanitizers watch. */
START_TEST(any_byte_of_a_header_may_be_another)
{
    static const char others[] = "\0 \n'\"\\{}[](),:<>|=-09LTu\x7f\x80\xff";
    const char *header = header_for("<u1", true, "(3L, 2)");
    int taken = 0;
    reading r;
    vgrad_dataset *data;
    reading_begin(&r);
    for (size_t i = 0; i < PREAMBLE_1 + strlen(header); i++)
        for (size_t other = 0; other < sizeof others; other++) {
            reading_file(&r, "x", file, make_file(1, header, six, 6));
            file[i] = (uint8_t)others[other];
            if (vgrad_dataset_npy(&data, "x", NULL, r.context) == VGRAD_OK) {
                ck_assert_int_eq(vgrad_dataset_rows(data), 3);
                taken++;
                vgrad_dataset_destroy(data);
            } else {
                assert_refused(&r, vgrad_dataset_npy, "");
            }
        }
    ck_assert_int_gt(taken, 20); /* such as the padding's spaces */
    reading_end(&r);
}
END_TEST

START_TEST(headers_are_of_at_most_10000_bytes)
{
    static char header[10002];
    reading r;
    reading_begin(&r);
    memset(header, ' ', sizeof header - 1);
    memcpy(header, good[1], strlen(good[1]));
    for (int major = 1; major <= 3; major++) {
        reading_file(&r, "x", file, make_file(major, header, six, 6));
        assert_refused(&r, vgrad_dataset_npy,
                       "x: byte 8: a header of at most 10000 bytes, got 10001");
    }
    header[10000] = 0;
    for (int major = 1; major <= 3; major++) {
        vgrad_dataset *data = read_ok(&r, make_file(major, header, six, 6));
        assert_six(data, 3);
        vgrad_dataset_destroy(data);
    }
    make_file(2, good[0], six, 6);
    memset(file + 8, 0xff, 4);
    assert_refused(&r, vgrad_dataset_npy, "at most 10000 bytes, got 4294967295");
    reading_end(&r);
}
END_TEST

START_TEST(magics_and_versions)
{
    static const struct {
        uint8_t at, byte;
        const char *part;
    } wrong[] = {
        { 0, 0x92, "x: byte 0: no .npy file: it begins 92 4e 55 4d" },
        { 5, 'y', "x: byte 0: no .npy file" },
        { 6, 0, "x: byte 6: version 1.0, 2.0 or 3.0, got 0.0" },
        { 6, 4, "x: byte 6: version 1.0, 2.0 or 3.0, got 4.0" },
        { 7, 1, "x: byte 6: version 1.0, 2.0 or 3.0, got 1.1" },
    };
    reading r;
    reading_begin(&r);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        reading_file(&r, "x", file, make_file(1, good[0], six, 6));
        file[wrong[i].at] = wrong[i].byte;
        assert_refused(&r, vgrad_dataset_npy, wrong[i].part);
    }
    reading_end(&r);
}
END_TEST

/* ---- elements ---- */

static const struct {
    const char *name;
    uint64_t minus_two; /* of unsigned ones: two */
    size_t size;
    vgrad_dtype as;
} types[] = {
    { "i1", 0xfe, 1, VGRAD_INT32 },
    { "i2", 0xfffe, 2, VGRAD_INT32 },
    { "i4", 0xfffffffe, 4, VGRAD_INT32 },
    { "i8", 0xfffffffffffffffe, 8, VGRAD_INT64 },
    { "u1", 2, 1, VGRAD_UINT8 },
    { "u2", 2, 2, VGRAD_INT32 },
    { "u4", 2, 4, VGRAD_INT64 },
    { "u8", 2, 8, VGRAD_INT64 },
    { "f2", 0xc000, 2, VGRAD_FLOAT32 },
    { "f4", 0xc0000000, 4, VGRAD_FLOAT32 },
    { "f8", 0xc000000000000000, 8, VGRAD_FLOAT64 },
    { "b1", 1, 1, VGRAD_UINT8 },
};
enum { TYPES = sizeof types / sizeof *types };

static void put(uint8_t *to, uint64_t bits, size_t size, bool big_endian)
{
    for (size_t i = 0; i < size; i++)
        to[big_endian ? size - 1 - i : i] = (uint8_t)(bits >> 8 * i);
}

static bool host_is_big_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 0;
}

/* Three elements: 0, the one of the table, 0. */
static size_t make_typed(int type, char order, const char *shape)
{
    uint8_t elements[24] = { 0 };
    char descr[4];
    const size_t size = types[type].size;
    put(elements + size, types[type].minus_two, size,
        order == '>' || (order == '=' && host_is_big_endian()));
    snprintf(descr, sizeof descr, "%c%s", order, types[type].name);
    return make_file(1, header_for(descr, false, shape), elements, 3 * size);
}

START_TEST(every_type_in_every_order)
{
    const char *orders = types[_i].size == 1 ? "<>=|" : "<>=";
    const char kind = types[_i].name[0];
    reading r;
    reading_begin(&r);
    for (; *orders; orders++) {
        double found[3];
        vgrad_dataset *data = read_ok(&r, make_typed(_i, *orders, "(3,)"));
        ck_assert_int_eq(data->x.array.view.dtype, types[_i].as);
        assert_ok(vgrad_dataset_read(data, 0, 3, found, NULL, VGRAD_FLOAT64));
        ck_assert_double_eq(found[0], 0);
        ck_assert_double_eq(found[1], kind == 'u' ? 2 : kind == 'b' ? 1 : -2);
        ck_assert_double_eq(found[2], 0);
        vgrad_dataset_destroy(data);
    }
    reading_end(&r);
}
END_TEST

START_TEST(uint64_above_int64_is_refused_with_its_place)
{
    uint8_t elements[32] = { 0 };
    reading r;
    reading_begin(&r);
    elements[23] = 0x80;
    const size_t size = make_file(1, header_for("<u8", false, "(4,)"), elements, 32);
    char place[40];
    snprintf(place, sizeof place, "x: byte %zu: ", size - 16);
    reading_file(&r, "x", file, size);
    assert_refused(&r, vgrad_dataset_npy, place);
    assert_error_names("does not fit into int64");
    reading_end(&r);
}
END_TEST

START_TEST(a_file_cut_anywhere_and_one_with_a_byte_too_many)
{
    reading r;
    reading_begin(&r);
    const size_t size = make_typed(_i, '<', "(3, 1)");
    for (size_t cut = 0; cut < size; cut++) {
        reading_file(&r, "x", file, cut);
        r.files.like_a_pipe = cut % 2;
        assert_refused(&r, vgrad_dataset_npy, "");
    }
    file[size] = 0;
    reading_file(&r, "x", file, size + 1);
    for (int pipe = 0; pipe < 2; pipe++) {
        r.files.like_a_pipe = pipe;
        assert_refused(&r, vgrad_dataset_npy, "more bytes follow");
    }
    reading_end(&r);
}
END_TEST

/* ---- shapes ---- */

START_TEST(every_rank_in_both_orders)
{
    /* rank and index turn into 96 elements; the value is the place in row-major order */
    static const int64_t sizes[8] = { 2, 3, 1, 2, 1, 2, 2, 2 };
    reading r;
    reading_begin(&r);
    for (int rank = 1; rank <= 8; rank++)
        for (int fortran_order = 0; fortran_order < 2; fortran_order++) {
            uint8_t elements[96];
            char shape[60] = "(";
            int64_t count = 1, found_shape[8], found[96];
            for (int axis = 0; axis < rank; axis++) {
                count *= sizes[axis];
                snprintf(shape + strlen(shape), 10, "%d,", (int)sizes[axis]);
            }
            strcat(shape, ")");
            for (int64_t i = 0; i < count; i++) {
                int64_t rest = i, at = 0, stride = count;
                for (int axis = rank - 1; axis >= 0; axis--, rest /= sizes[axis + 1]) {
                    stride /= sizes[axis]; /* of column-major order: the sizes before this one */
                    at += rest % sizes[axis] * stride;
                }
                elements[fortran_order ? at : i] = (uint8_t)i;
            }
            vgrad_dataset *data = read_ok(
                &r, make_file(1, header_for("|u1", fortran_order, shape), elements, (size_t)count));
            ck_assert_int_eq(vgrad_dataset_x_shape(data, found_shape), rank);
            ck_assert_mem_eq(found_shape, sizes, (size_t)rank * sizeof *sizes);
            ck_assert_mem_eq(data->x.array.block, elements, (size_t)count); /* as in the file */
            assert_ok(vgrad_dataset_read(data, 0, 2, found, NULL, VGRAD_INT64));
            for (int64_t i = 0; i < count; i++)
                ck_assert_int_eq(found[i], i);
            vgrad_dataset_destroy(data);
        }
    reading_end(&r);
}
END_TEST

START_TEST(parts_of_a_set_in_fortran_order)
{
    static const uint8_t columns[] = { 10, 12, 14, 11, 13, 15 };
    static const int64_t picked[] = { 2, 0 };
    double found[4];
    vgrad_dataset *part;
    reading r;
    reading_begin(&r);
    vgrad_dataset *data = read_ok(&r, make_file(1, header_for("|u1", true, "(3, 2)"), columns, 6));
    assert_six(data, 3);
    assert_ok(vgrad_dataset_take(&part, data, picked, 2));
    vgrad_dataset_destroy(data);
    assert_ok(vgrad_dataset_read(part, 0, 2, found, NULL, VGRAD_FLOAT64));
    ck_assert_double_eq(found[0], 14);
    ck_assert_double_eq(found[1], 15);
    ck_assert_double_eq(found[2], 10);
    ck_assert_double_eq(found[3], 11);
    vgrad_dataset_destroy(part);
    reading_end(&r);
}
END_TEST

START_TEST(x_and_y)
{
    static uint8_t labels[ROOM];
    double y[3];
    vgrad_dataset *data = NULL;
    reading r;
    reading_begin(&r);
    const size_t size = make_typed(1, '>', "(3,)");
    memcpy(labels, file, size);
    reading_file(&r, "y", labels, size);
    reading_file(&r, "x", file, make_file(1, header_for("|u1", false, "(3, 2)"), six, 6));
    assert_ok(vgrad_dataset_npy(&data, "x", "y", r.context));
    assert_six(data, 3);
    assert_ok(vgrad_dataset_read(data, 0, 3, NULL, y, VGRAD_FLOAT64));
    ck_assert_double_eq(y[1], -2);
    vgrad_dataset_destroy(data);
    reading_file(&r, "x", file, make_file(1, header_for("|u1", false, "(2, 3)"), six, 6));
    assert_status(VGRAD_E_SHAPE, vgrad_dataset_npy(&data, "x", "y", r.context));
    ck_assert_str_eq(vgrad_last_error(), "y_path: y has 3 rows, but x has 2");
    ck_assert_ptr_null(data);
    reading_end(&r);
}
END_TEST

START_TEST(shapes_that_no_file_holds_take_no_memory)
{
    static const struct {
        const char *descr, *shape, *part;
    } wrong[] = {
        { "|u1", "()", "more bytes follow" },
        { "|u1", "(0,)", "no elements" },
        { "|u1", "(0, 6)", "no elements" },
        { "|u1", "(6, 0)", "no elements" },
        { "|u1", "(7,)", "7 bytes should follow, 6 can" },
        { "<f4", "(3, 2)", "24 bytes should follow, 6 can" },
        { "|u1", "(9223372036854775807,)", "9223372036854775807 bytes should follow, 6 can" },
        { "<f2", "(9223372036854775807,)", "the product of the sizes is too large" },
        { "|u1", "(4294967296, 4294967296)", "the product of the sizes is too large" },
        { "|u1", "(9223372036854775807, 2, 0)", "the product of the sizes is too large" },
    };
    reading r;
    reading_begin(&r);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        reading_file(&r, "x", file,
                     make_file(1, header_for(wrong[i].descr, i % 2, wrong[i].shape), six, 6));
        allocator_arm(&r.memory, 0, false);
        assert_refused(&r, vgrad_dataset_npy, wrong[i].part);
        ck_assert_int_le(r.memory.calls, i == 0 ? 2 : 1); /* for the file itself */
    }
    reading_file(&r, "x", file, make_file(1, header_for("|u1", false, "()"), six, 1));
    assert_refused(&r, vgrad_dataset_npy, "a single number, no rows");
    reading_end(&r);
}
END_TEST

START_TEST(every_fault_is_survived)
{
    reading r;
    reading_begin(&r);
    const size_t size = make_typed(_i % TYPES, '>', "(3,)");
    reading_file(&r, "x", file, size);
    reading_file(&r, "y", file, size);
    r.files.most = _i < TYPES ? 0 : 7;
    r.files.like_a_pipe = _i % 2;
    assert_every_fault_is_survived(&r, vgrad_dataset_npy);
    reading_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *each = tcase_create("each");
    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, headers_that_python_would_read, 0, GOOD);
    tcase_add_loop_test(each, headers_that_are_wrong_somewhere, 0, BAD);
    tcase_add_loop_test(each, every_type_in_every_order, 0, TYPES);
    tcase_add_loop_test(each, a_file_cut_anywhere_and_one_with_a_byte_too_many, 0, TYPES);
    tcase_add_loop_test(each, every_fault_is_survived, 0, 2 * TYPES);
    suite_add_tcase(suite, each);
    add_tests(suite, "header", a_nul_ends_nothing, any_byte_of_a_header_may_be_another,
              headers_are_of_at_most_10000_bytes, magics_and_versions);
    add_tests(suite, "elements", uint64_above_int64_is_refused_with_its_place);
    add_tests(suite, "shape", every_rank_in_both_orders, parts_of_a_set_in_fortran_order, x_and_y,
              shapes_that_no_file_holds_take_no_memory);
    return run_suite(suite);
}
