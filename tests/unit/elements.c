/* lib/data/elements: every type of element that a file may hold, in both orders of bytes. */
/* SPDX-License-Identifier: MIT */
#include "data/elements.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "tensor/tensor.h"

/* The last `size` bytes of a number, in either order. */
static void put(uint8_t *to, uint64_t bits, size_t size, bool big_endian)
{
    for (size_t i = 0; i < size; i++)
        to[big_endian ? size - 1 - i : i] = (uint8_t)(bits >> 8 * i);
}

/* Reads `count` elements that lie in the file "x"; the file is read to its end. */
static vgrad_status read_elements(reading *r, const char *name, bool big_endian, void *to,
                                  size_t count)
{
    vgrad__bytes *bytes;
    assert_ok(vgrad__bytes_open(&bytes, "x", r->context));
    vgrad_status status =
        vgrad__elements_read(bytes, vgrad__element_named(name), big_endian, to, count);
    if (status == VGRAD_OK)
        status = vgrad__bytes_finish(bytes);
    vgrad__bytes_close(bytes);
    return status;
}

/* What some bits of a type become; integers beyond 2^53 would not survive a double. */
static const struct {
    char name[3];
    uint64_t bits;
    vgrad_dtype as;
    int64_t integer;
    double real; /* of those that become float32 or float64 */
} known[] = {
    { "b1", 0, VGRAD_UINT8, 0, 0 },
    { "b1", 1, VGRAD_UINT8, 1, 0 },
    { "b1", 255, VGRAD_UINT8, 1, 0 },
    { "u1", 0, VGRAD_UINT8, 0, 0 },
    { "u1", 255, VGRAD_UINT8, 255, 0 },
    { "i1", 127, VGRAD_INT32, 127, 0 },
    { "i1", 0x80, VGRAD_INT32, -128, 0 },
    { "i1", 0xff, VGRAD_INT32, -1, 0 },
    { "i2", 0x7fff, VGRAD_INT32, 32767, 0 },
    { "i2", 0x8000, VGRAD_INT32, -32768, 0 },
    { "i2", 0x0102, VGRAD_INT32, 258, 0 },
    { "u2", 0xffff, VGRAD_INT32, 65535, 0 },
    { "u2", 0x0102, VGRAD_INT32, 258, 0 },
    { "i4", 0x7fffffff, VGRAD_INT32, INT32_MAX, 0 },
    { "i4", 0x80000000, VGRAD_INT32, INT32_MIN, 0 },
    { "i4", 0x01020304, VGRAD_INT32, 0x01020304, 0 },
    { "u4", 0xffffffff, VGRAD_INT64, UINT32_MAX, 0 },
    { "u4", 0x80000000, VGRAD_INT64, INT64_C(0x80000000), 0 },
    { "u4", 0x01020304, VGRAD_INT64, 0x01020304, 0 },
    { "i8", 0x7fffffffffffffff, VGRAD_INT64, INT64_MAX, 0 },
    { "i8", 0x8000000000000000, VGRAD_INT64, INT64_MIN, 0 },
    { "i8", 0x0102030405060708, VGRAD_INT64, 0x0102030405060708, 0 },
    { "u8", 0, VGRAD_INT64, 0, 0 },
    { "u8", 0x7fffffffffffffff, VGRAD_INT64, INT64_MAX, 0 },
    { "u8", 0x0102030405060708, VGRAD_INT64, 0x0102030405060708, 0 },
    { "f2", 0x3c01, VGRAD_FLOAT32, 0, 1 + 0x1p-10 },
    { "f4", 0x3f800001, VGRAD_FLOAT32, 0, 1 + 0x1p-23 },
    { "f4", 0x7f7fffff, VGRAD_FLOAT32, 0, (double)FLT_MAX },
    { "f4", 0x80000001, VGRAD_FLOAT32, 0, -0x1p-149 },
    { "f4", 0xff800000, VGRAD_FLOAT32, 0, (double)-INFINITY },
    { "f8", 0x3ff0000000000001, VGRAD_FLOAT64, 0, 1 + 0x1p-52 },
    { "f8", 0x7fefffffffffffff, VGRAD_FLOAT64, 0, DBL_MAX },
    { "f8", 0x8000000000000001, VGRAD_FLOAT64, 0, -0x1p-1074 },
    { "f8", 0xfff0000000000000, VGRAD_FLOAT64, 0, (double)-INFINITY },
};

static void assert_element(int i, const void *found, size_t at)
{
    switch (known[i].as) {
    case VGRAD_UINT8: ck_assert_int_eq(((const uint8_t *)found)[at], known[i].integer); break;
    case VGRAD_INT32: ck_assert_int_eq(((const int32_t *)found)[at], known[i].integer); break;
    case VGRAD_INT64: ck_assert_int_eq(((const int64_t *)found)[at], known[i].integer); break;
    case VGRAD_FLOAT32:
        ck_assert(((const float *)found)[at] == (float)known[i].real);
        ck_assert((double)(float)known[i].real == known[i].real);
        break;
    default: ck_assert(((const double *)found)[at] == known[i].real);
    }
}

/* Each among zeros, past what one buffer of the reader holds. */
START_TEST(every_type_in_both_orders)
{
    enum { COUNT = 9001 };
    static const size_t places[] = { 0, 1, 511, 512, 4095, 4096, COUNT - 1 };
    static uint8_t bytes[COUNT * 8];
    static uint64_t found[COUNT];
    const vgrad__element *element = vgrad__element_named(known[_i].name);
    reading r;
    reading_begin(&r);
    ck_assert_ptr_nonnull(element);
    ck_assert_str_eq(element->name, known[_i].name);
    ck_assert_int_eq(element->as, known[_i].as);
    ck_assert_int_eq(element->size, known[_i].name[1] - '0');
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        memset(bytes, 0, sizeof bytes);
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            put(bytes + places[p] * element->size, known[_i].bits, element->size, big_endian);
        reading_file(&r, "x", bytes, (size_t)COUNT * element->size);
        memset(found, 0xff, sizeof found);
        assert_ok(read_elements(&r, known[_i].name, big_endian, found, COUNT));
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            assert_element(_i, found, places[p]);
        double zeros[2];
        const size_t wide = vgrad__dtype_size(known[_i].as);
        vgrad__convert((char *)found + 2 * wide, known[_i].as, zeros, VGRAD_FLOAT64, 2);
        ck_assert(zeros[0] == 0 && zeros[1] == 0);
    }
    reading_end(&r);
}
END_TEST

START_TEST(nan_stays_nan)
{
    uint8_t bytes[8];
    float narrow;
    double wide;
    reading r;
    reading_begin(&r);
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        put(bytes, 0x7fc00001, 4, big_endian);
        reading_file(&r, "x", bytes, 4);
        assert_ok(read_elements(&r, "f4", big_endian, &narrow, 1));
        ck_assert(isnan(narrow));
        put(bytes, 0x7ff8000000000001, 8, big_endian);
        reading_file(&r, "x", bytes, 8);
        assert_ok(read_elements(&r, "f8", big_endian, &wide, 1));
        ck_assert(isnan(wide));
    }
    reading_end(&r);
}
END_TEST

/* binary16 to the bits of binary32, by integers alone: the exponent's bias goes from 15 to 127, the
   fraction from 10 bits to 23. */
static uint32_t bits_of_half(uint32_t half)
{
    const uint32_t sign = half >> 15 << 31;
    uint32_t exponent = half >> 10 & 31, fraction = (half & 1023) << 13;
    if (exponent == 31)
        return sign | 0x7f800000 | fraction;
    if (exponent == 0 && fraction == 0)
        return sign;
    exponent += 127 - 15;
    if (half >> 10 & 31)
        return sign | exponent << 23 | fraction;
    for (exponent++; !(fraction & 1 << 23); exponent--)
        fraction <<= 1;
    return sign | exponent << 23 | (fraction & 0x7fffff);
}

START_TEST(every_half)
{
    enum { HALVES = 1 << 16 };
    static uint8_t bytes[HALVES * 2];
    static float found[HALVES];
    reading r;
    reading_begin(&r);
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        for (uint32_t half = 0; half < HALVES; half++)
            put(bytes + 2 * half, half, 2, big_endian);
        reading_file(&r, "x", bytes, sizeof bytes);
        assert_ok(read_elements(&r, "f2", big_endian, found, HALVES));
        for (uint32_t half = 0; half < HALVES; half++) {
            uint32_t bits, expected = bits_of_half(half);
            memcpy(&bits, &found[half], sizeof bits);
            const bool is_nan = (expected & 0x7fffffff) > 0x7f800000;
            if (is_nan ? !isnan(found[half]) : bits != expected)
                ck_abort_msg("%04x became %08x, not %08x", half, bits, expected);
        }
    }
    reading_end(&r);
}
END_TEST

START_TEST(uint64_above_int64_is_refused_wherever_it_stands)
{
    enum { COUNT = 2000 };
    static const size_t places[] = { 0, 1, 511, 512, COUNT - 1 };
    static uint8_t bytes[COUNT * 8];
    static int64_t found[COUNT];
    reading r;
    reading_begin(&r);
    for (int big_endian = 0; big_endian < 2; big_endian++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            char place[40];
            memset(bytes, 0, sizeof bytes);
            put(bytes + 8 * places[p], 0x8000000000000000, 8, big_endian);
            reading_file(&r, "x", bytes, sizeof bytes);
            assert_status(VGRAD_E_FORMAT, read_elements(&r, "u8", big_endian, found, COUNT));
            snprintf(place, sizeof place, "x: byte %zu: ", 8 * places[p]);
            assert_error_names(place);
            assert_error_names("int64");
        }
    reading_end(&r);
}
END_TEST

START_TEST(a_file_that_ends_within_an_element)
{
    double found[2];
    uint8_t bytes[15] = { 0 };
    static const char *const names[] = { "f8", "u8" };
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", bytes, sizeof bytes);
    for (int i = 0; i < 2; i++) {
        assert_status(VGRAD_E_FORMAT, read_elements(&r, names[i], false, found, 2));
        assert_error_names("x: byte 15: the file ends, 1 bytes too early");
    }
    reading_end(&r);
}
END_TEST

START_TEST(types_that_nobody_has)
{
    static const char *const names[] = { "f1", "f16", "u3", "c8", "U4", "i", "", "f", "O", "b2" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_ptr_null(vgrad__element_named(names[i]));
    for (int number = 0; number < 256; number++) {
        const bool is_one = number == 0x08 || number == 0x09 || (number >= 0x0b && number <= 0x0e);
        ck_assert_int_eq(vgrad__element_of_idx((uint8_t)number) != NULL, is_one);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elements");
    TCase *types = tcase_create("types");
    tcase_add_loop_test(types, every_type_in_both_orders, 0, sizeof known / sizeof *known);
    suite_add_tcase(suite, types);
    add_tests(suite, "values", nan_stays_nan, every_half,
              uint64_above_int64_is_refused_wherever_it_stands, a_file_that_ends_within_an_element,
              types_that_nobody_has);
    return run_suite(suite);
}
