/* Strided views of every rank and type, and the ends of the integer types. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static const vgrad_dtype all_dtypes[] = { VGRAD_FLOAT32,  VGRAD_FLOAT64, VGRAD_FLOAT16,
                                          VGRAD_BFLOAT16, VGRAD_UINT8,   VGRAD_INT32,
                                          VGRAD_INT64 };
enum { DTYPES = sizeof all_dtypes / sizeof *all_dtypes };
enum { ROOM = 4096, ELEMENTS_MAX = 9 * 9 * 9 * 9 };
static int64_t room[ROOM], out[ELEMENTS_MAX + 1];
static double values[ELEMENTS_MAX];

/* A number of 16 bits with `fraction` bits after its first one, neither subnormal nor odd. */
static double from_bits(uint16_t bits, int fraction)
{
    const int bias = (1 << (14 - fraction)) - 1, exponent = bits >> fraction;
    const int significand = 1 << fraction | (bits & ((1 << fraction) - 1));
    return exponent == 0 ? 0 : ldexp(significand, exponent - bias - fraction);
}

static uint16_t to_bits(uint8_t value, int fraction)
{
    const int bias = (1 << (14 - fraction)) - 1;
    int exponent;
    if (value == 0)
        return 0;
    double significand = frexp(value, &exponent) * 2 - 1;
    return (uint16_t)((exponent - 1 + bias) << fraction | (int)ldexp(significand, fraction));
}

static double element(const void *data, vgrad_dtype dtype, int64_t i)
{
    switch (dtype) {
    case VGRAD_FLOAT32: return (double)((const float *)data)[i];
    case VGRAD_FLOAT64: return ((const double *)data)[i];
    case VGRAD_FLOAT16: return from_bits(((const uint16_t *)data)[i], 10);
    case VGRAD_BFLOAT16: return from_bits(((const uint16_t *)data)[i], 7);
    case VGRAD_UINT8: return ((const uint8_t *)data)[i];
    case VGRAD_INT32: return ((const int32_t *)data)[i];
    default: return (double)((const int64_t *)data)[i];
    }
}

/* Small integers, so that every type holds them. */
static void store(void *data, vgrad_dtype dtype, int64_t i, uint8_t value)
{
    switch (dtype) {
    case VGRAD_FLOAT32: ((float *)data)[i] = value; break;
    case VGRAD_FLOAT64: ((double *)data)[i] = value; break;
    case VGRAD_FLOAT16: ((uint16_t *)data)[i] = to_bits(value, 10); break;
    case VGRAD_BFLOAT16: ((uint16_t *)data)[i] = to_bits(value, 7); break;
    case VGRAD_UINT8: ((uint8_t *)data)[i] = value; break;
    case VGRAD_INT32: ((int32_t *)data)[i] = value; break;
    default: ((int64_t *)data)[i] = value;
    }
}

/* Any rank, shape and strides whose elements lie within ROOM / 2 of its data. */
static void random_view(vgrad_tensor *view, const void *data, vgrad_dtype dtype, dice *d)
{
    int64_t shape[VGRAD_MAX_RANK], strides[VGRAD_MAX_RANK];
    int32_t rank = dice_below(d, VGRAD_MAX_RANK + 1);
    for (int32_t i = 0; i < rank; i++) {
        shape[i] = rank > 4 ? dice_below(d, 20) ? 1 + dice_below(d, 3) : 0 : dice_below(d, 9);
        strides[i] = dice_below(d, 61) - 30;
    }
    bool packed = dice_below(d, 4) == 0;
    ck_assert_ptr_nonnull(
        vgrad_tensor_view(view, data, dtype, rank, shape, packed ? NULL : strides));
}

/* The elements in row-major order, by division instead of counting along. */
static int64_t place_of(const vgrad_tensor *view, int64_t index)
{
    int64_t at = 0;
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        at += index % view->shape[i] * view->strides[i];
        index /= view->shape[i];
    }
    return at;
}

static void check_stats(const vgrad_tensor *view, int64_t count)
{
    static const vgrad_quantity quantities[] = { VGRAD_COUNT, VGRAD_MEAN, VGRAD_STD,  VGRAD_L2,
                                                 VGRAD_MIN,   VGRAD_MAX,  VGRAD_ZEROS };
    double got[7], zeros = 0, low = INFINITY, high = -INFINITY;
    assert_ok(vgrad_tensor_stats(view, quantities, got, 7));
    ck_assert_double_eq(got[0], (double)count);
    if (count == 0) {
        ck_assert(isnan(got[1]) && isnan(got[4]));
        return;
    }
    long double sum = 0, squares = 0, m2 = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
        squares += (long double)values[i] * values[i];
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
        zeros += values[i] == 0;
    }
    for (int64_t i = 0; i < count; i++)
        m2 += (values[i] - sum / count) * (values[i] - sum / count);
    const long double want[] = { count, sum / count, sqrtl(m2 / count), sqrtl(squares), low,
                                 high,  zeros };
    for (int i = 0; i < 7; i++)
        ck_assert_msg(fabsl(got[i] - want[i]) <= 1e-12L * (1 + fabsl(want[i])), "%s: %g, not %Lg",
                      vgrad_quantity_name(quantities[i]), got[i], want[i]);
}

static void check_copy(const vgrad_tensor *view, vgrad_dtype to, int64_t count)
{
    memset(out, 0x77, sizeof out);
    assert_ok(vgrad_tensor_copy(view, out, to, count));
    for (int64_t i = 0; i < count; i++)
        ck_assert_double_eq(element(out, to, i), values[i]);
    int64_t untouched;
    memset(&untouched, 0x77, sizeof untouched);
    ck_assert_int_eq(out[count], untouched); /* no type is wider */
    if (count > 0)
        assert_status(VGRAD_E_INVALID, vgrad_tensor_copy(view, out, to, count - 1));
}

static void check_view(vgrad_dtype from, dice *d)
{
    for (int64_t i = 0; i < ROOM; i++)
        store(room, from, i, (uint8_t)dice_below(d, 256));
    const int64_t size = from == VGRAD_UINT8                               ? 1
                         : from == VGRAD_FLOAT16 || from == VGRAD_BFLOAT16 ? 2
                         : from == VGRAD_FLOAT32 || from == VGRAD_INT32    ? 4
                                                                           : 8;
    const char *middle = (const char *)room + ROOM / 2 * size;
    vgrad_tensor view;
    random_view(&view, middle, from, d);
    int64_t count = vgrad_tensor_count(&view);
    ck_assert_int_le(count, ELEMENTS_MAX);
    for (int64_t i = 0; i < count; i++)
        values[i] = element(middle, from, place_of(&view, i));
    for (int to = 0; to < DTYPES; to++)
        check_copy(&view, all_dtypes[to], count);
    check_stats(&view, count);
}

START_TEST(random_views_are_copied_and_measured)
{
    dice d = dice_from(21);
    for (int trial = 0; trial < 420; trial++)
        check_view(all_dtypes[trial % DTYPES], &d);
}
END_TEST

/* ---- conversions ---- */

static void convert(const void *from, vgrad_dtype from_dtype, void *to, vgrad_dtype to_dtype)
{
    vgrad_tensor view;
    assert_ok(vgrad_tensor_copy(vgrad_tensor_view(&view, from, from_dtype, 0, NULL, NULL), to,
                                to_dtype, 1));
}

static void check_to_integers(double value, uint8_t byte, int32_t word, int64_t wide)
{
    uint8_t got_byte;
    int32_t got_word;
    int64_t got_wide;
    convert(&value, VGRAD_FLOAT64, &got_byte, VGRAD_UINT8);
    convert(&value, VGRAD_FLOAT64, &got_word, VGRAD_INT32);
    convert(&value, VGRAD_FLOAT64, &got_wide, VGRAD_INT64);
    ck_assert_msg(got_byte == byte && got_word == word && got_wide == wide,
                  "%g became %d, %d and %lld", value, got_byte, (int)got_word, (long long)got_wide);
}

START_TEST(floats_become_the_nearest_integer_in_range)
{
    check_to_integers(0.5, 0, 0, 0);
    check_to_integers(1.5, 2, 2, 2);
    check_to_integers(2.5, 2, 2, 2);
    check_to_integers(-0.6, 0, -1, -1);
    check_to_integers(255.4, 255, 255, 255);
    check_to_integers(256, 255, 256, 256);
    check_to_integers(0x1p31 - 1, 255, INT32_MAX, INT32_MAX);
    check_to_integers(0x1p31, 255, INT32_MAX, (int64_t)INT32_MAX + 1);
    check_to_integers(-0x1p31, 0, INT32_MIN, INT32_MIN);
    check_to_integers(-0x1p31 - 1, 0, INT32_MIN, (int64_t)INT32_MIN - 1);
    check_to_integers(0x1p63 - 1024, 255, INT32_MAX, INT64_MAX - 1023);
    check_to_integers(0x1p63, 255, INT32_MAX, INT64_MAX);
    check_to_integers(-0x1p63, 0, INT32_MIN, INT64_MIN);
    check_to_integers(1e300, 255, INT32_MAX, INT64_MAX);
    check_to_integers(-1e300, 0, INT32_MIN, INT64_MIN);
    check_to_integers((double)INFINITY, 255, INT32_MAX, INT64_MAX);
    check_to_integers(-(double)INFINITY, 0, INT32_MIN, INT64_MIN);
    check_to_integers((double)NAN, 0, 0, 0);
}
END_TEST

START_TEST(integers_are_held_at_the_ends_of_the_other_type)
{
    const int64_t wide[] = { INT64_MIN, -1, 300, INT64_MAX };
    const int32_t words[] = { INT32_MIN, -1, 300, INT32_MAX };
    const uint8_t bytes[] = { 0, 0, 255, 255 };
    for (int i = 0; i < 4; i++) {
        int32_t word;
        int64_t back;
        uint8_t byte;
        convert(&wide[i], VGRAD_INT64, &word, VGRAD_INT32);
        ck_assert_int_eq(word, words[i]);
        convert(&wide[i], VGRAD_INT64, &byte, VGRAD_UINT8);
        ck_assert_int_eq(byte, bytes[i]);
        convert(&words[i], VGRAD_INT32, &byte, VGRAD_UINT8);
        ck_assert_int_eq(byte, bytes[i]);
        convert(&words[i], VGRAD_INT32, &back, VGRAD_INT64);
        ck_assert_int_eq(back, words[i]);
        convert(&wide[i], VGRAD_INT64, &back, VGRAD_INT64);
        ck_assert_int_eq(back, wide[i]);
    }
}
END_TEST

START_TEST(float64_becomes_float32)
{
    const double from[] = { 0.1, 1e300, -1e300, 1e-320, (double)INFINITY };
    const float want[] = { 0.1f, INFINITY, -INFINITY, 0, INFINITY };
    for (int i = 0; i < 5; i++) {
        float to;
        convert(&from[i], VGRAD_FLOAT64, &to, VGRAD_FLOAT32);
        ck_assert((double)to == (double)want[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views");
    add_tests(suite, "views", random_views_are_copied_and_measured,
              floats_become_the_nearest_integer_in_range,
              integers_are_held_at_the_ends_of_the_other_type, float64_becomes_float32);
    return run_suite(suite);
}
