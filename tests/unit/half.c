/* lib/tensor/half: every number of 16 bits, and what lies between them. */
/* SPDX-License-Identifier: MIT */
#include "tensor/half.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <vgrad/tensor.h>

#include "runner.h"

/* A type of 16 bits, by the number of bits after the point. */
static const struct {
    const char *name;
    vgrad_dtype dtype;
    int fraction;
} types[] = { { "float16", VGRAD_FLOAT16, 10 }, { "bfloat16", VGRAD_BFLOAT16, 7 } };
enum { TYPES = 2, SIZES = 0x8000, SIGN = 0x8000 };

static int bias_of(int type)
{
    return (1 << (14 - types[type].fraction)) - 1;
}

static int infinity_of(int type)
{
    return (2 * bias_of(type) + 1) << types[type].fraction;
}

/* From IEEE 754's definition. */
static double value_of(int type, int bits)
{
    const int fraction = types[type].fraction, bias = bias_of(type);
    const int exponent = (bits & ~SIGN) >> fraction, rest = bits & ((1 << fraction) - 1);
    double size = exponent == 0 ? ldexp(rest, 1 - bias - fraction)
                  : exponent == 2 * bias + 1
                      ? (double)(rest ? NAN : INFINITY)
                      : ldexp((1 << fraction) + rest, exponent - bias - fraction);
    return bits & SIGN ? -size : size;
}

static void convert(const void *from, vgrad_dtype from_dtype, void *to, vgrad_dtype to_dtype)
{
    vgrad_tensor view;
    assert_ok(vgrad_tensor_copy(vgrad_tensor_view(&view, from, from_dtype, 0, NULL, NULL), to,
                                to_dtype, 1));
}

static int rounded(int type, double value)
{
    uint16_t bits;
    convert(&value, VGRAD_FLOAT64, &bits, types[type].dtype);
    return bits;
}

static bool is_nan(int type, int bits)
{
    return (bits & ~SIGN) > infinity_of(type);
}

START_TEST(every_number_is_widened_exactly)
{
    for (int bits = 0; bits < 2 * SIZES; bits++) {
        const uint16_t stored = (uint16_t)bits;
        const double want = value_of(_i, bits);
        float single;
        double wide;
        convert(&stored, types[_i].dtype, &single, VGRAD_FLOAT32);
        convert(&stored, types[_i].dtype, &wide, VGRAD_FLOAT64);
        const bool right = is_nan(_i, bits) ? isnan(single) && isnan(wide)
                                            : wide == want && (double)single == want &&
                                                  !signbit(single) == !signbit(want) &&
                                                  !signbit(wide) == !signbit(want);
        if (!right)
            ck_abort_msg("%s %04x became %g and %g", types[_i].name, (unsigned)bits, (double)single,
                         wide);
    }
}
END_TEST

START_TEST(every_number_survives_the_way_there_and_back)
{
    for (int bits = 0; bits < 2 * SIZES; bits++) {
        const int back = rounded(_i, value_of(_i, bits));
        if (is_nan(_i, bits) ? !is_nan(_i, back) : back != bits)
            ck_abort_msg("%s %04x came back as %04x", types[_i].name, (unsigned)bits,
                         (unsigned)back);
    }
}
END_TEST

static void assert_rounds(int type, double value, int want)
{
    const int up = rounded(type, value), down = rounded(type, -value);
    if (up != want || down != (want | SIGN))
        ck_abort_msg("%s: %a became %04x and %a %04x, not %04x", types[type].name, value,
                     (unsigned)up, -value, (unsigned)down, (unsigned)want);
}

/* Half way is one step of a 53-bit double away from being nearer to either, and no more. The
   largest number's upper neighbour is what would follow if there were more exponents: Inf has its
   bits. */
START_TEST(what_lies_between_goes_to_the_nearest_and_ties_to_even)
{
    for (int bits = 0; bits < infinity_of(_i); bits++) {
        const double low = value_of(_i, bits);
        const double high =
            bits + 1 < infinity_of(_i) ? value_of(_i, bits + 1) : ldexp(1, bias_of(_i) + 1);
        const double middle = low + (high - low) / 2;
        assert_rounds(_i, middle, bits & 1 ? bits + 1 : bits);
        assert_rounds(_i, nextafter(middle, 0), bits);
        assert_rounds(_i, nextafter(middle, (double)INFINITY), bits + 1);
        assert_rounds(_i, nextafter(high, 0), bits + 1);
        assert_rounds(_i, nextafter(low, (double)INFINITY), bits);
    }
}
END_TEST

START_TEST(beyond_the_ends)
{
    const double largest = value_of(_i, infinity_of(_i) - 1);
    assert_rounds(_i, largest * 2, infinity_of(_i));
    assert_rounds(_i, 0x1p1023, infinity_of(_i));
    assert_rounds(_i, (double)INFINITY, infinity_of(_i));
    assert_rounds(_i, 0x1p-1074, 0);
    assert_rounds(_i, 0x1p-140, 0);
    assert_rounds(_i, 0, 0);
    ck_assert(is_nan(_i, rounded(_i, (double)NAN)));
    ck_assert_int_eq(rounded(_i, -(double)NAN) & SIGN, signbit(-(double)NAN) ? SIGN : 0);
}
END_TEST

/* One rounding: a float between would make a tie of what is just above one. */
START_TEST(integers_are_rounded_once)
{
    static const struct {
        int64_t value;
        uint16_t want[TYPES];
    } known[] = {
        { 0, { 0, 0 } },
        { -3, { 0xc200, 0xc040 } },
        { 65519, { 0x7bff, 0x4780 } },
        { 65520, { 0x7c00, 0x4780 } },
        { (INT64_C(0x101) << 54) + 1, { 0x7c00, 0x5e81 } },
        { INT64_C(0x101) << 54, { 0x7c00, 0x5e80 } },
        { -(INT64_C(0x101) << 54) - 1, { 0xfc00, 0xde81 } },
        { -(INT64_C(0x103) << 54) + 1, { 0xfc00, 0xde81 } },
        { INT64_MAX, { 0x7c00, 0x5f00 } },
        { INT64_MIN, { 0xfc00, 0xdf00 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint16_t bits;
        convert(&known[i].value, VGRAD_INT64, &bits, types[_i].dtype);
        ck_assert_msg(bits == known[i].want[_i], "%s: %lld became %04x", types[_i].name,
                      (long long)known[i].value, (unsigned)bits);
    }
}
END_TEST

START_TEST(one_becomes_the_other)
{
    static const uint16_t from[] = { 0x3c01, 0x0001, 0x7bff, 0xfc00, 0x7e00 };
    static const uint16_t want[] = { 0x3f80, 0x3380, 0x4780, 0xff80, 0x7fc0 };
    for (int i = 0; i < 5; i++) {
        uint16_t bits;
        convert(&from[i], VGRAD_FLOAT16, &bits, VGRAD_BFLOAT16);
        ck_assert_int_eq(bits, want[i]);
    }
    const uint16_t large = 0x4780, small = 0x3300; /* 65536 and 2^-25, to which 0 is nearest */
    uint16_t bits;
    convert(&large, VGRAD_BFLOAT16, &bits, VGRAD_FLOAT16);
    ck_assert_int_eq(bits, 0x7c00);
    convert(&small, VGRAD_BFLOAT16, &bits, VGRAD_FLOAT16);
    ck_assert_int_eq(bits, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("half");
    const TTest *const of_each_type[] = { every_number_is_widened_exactly,
                                          every_number_survives_the_way_there_and_back,
                                          what_lies_between_goes_to_the_nearest_and_ties_to_even,
                                          beyond_the_ends, integers_are_rounded_once };
    TCase *each_type = tcase_create("each type");
    for (size_t i = 0; i < sizeof of_each_type / sizeof *of_each_type; i++)
        tcase_add_loop_test(each_type, of_each_type[i], 0, TYPES);
    suite_add_tcase(suite, each_type);
    add_tests(suite, "both", one_becomes_the_other);
    return run_suite(suite);
}
