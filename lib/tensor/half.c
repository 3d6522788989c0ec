/* Rounding to 16 bits. */
/* SPDX-License-Identifier: MIT */
#include "tensor/half.h"

enum { DOUBLE_FRACTION = 52, DOUBLE_BIAS = 1023 };

/* To the nearest number of a sign, 15 - `fraction` bits of exponent and `fraction` bits, in one
   rounding: one to float first would make a tie of what is none. */
static uint16_t narrow(double value, int fraction)
{
    const int bias = (1 << (14 - fraction)) - 1;
    const uint16_t infinity = (uint16_t)((2 * bias + 1) << fraction);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    const uint64_t one = UINT64_C(1) << DOUBLE_FRACTION;
    const int exponent = (int)(bits >> DOUBLE_FRACTION & 2047) - DOUBLE_BIAS;
    if (value != value)
        return (uint16_t)(sign | infinity | 1u << (fraction - 1));
    if (exponent > bias)
        return sign | infinity;
    /* Significand in units of the result's last place; below the normal numbers that stays. */
    const int least = 1 - bias;
    const int shift = DOUBLE_FRACTION - fraction + (exponent < least ? least - exponent : 0);
    if (shift > DOUBLE_FRACTION + 1)
        return sign; /* less than half of the smallest */
    const uint64_t significand = one | (bits & (one - 1));
    const uint64_t rest = significand & ((UINT64_C(1) << shift) - 1);
    const uint64_t half = UINT64_C(1) << (shift - 1);
    uint64_t size = significand >> shift;
    size += rest > half || (rest == half && size & 1);
    /* The leading one is the exponent's first; a carry out of the largest is Inf. */
    if (exponent > least)
        size += (uint64_t)(exponent - least) << fraction;
    return (uint16_t)(sign | size);
}

uint16_t vgrad__float16_of(double value)
{
    return narrow(value, 10);
}

uint16_t vgrad__bfloat16_of(double value)
{
    return narrow(value, 7);
}
