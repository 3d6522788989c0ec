/* Floating-point types of 16 bits: IEEE 754 binary16, and bfloat16, the upper half of a float. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_HALF_H
#define VGRAD_TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

static inline float vgrad__float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Exact; NaN keeps its sign and payload. */
static inline float vgrad__float_of_bfloat16(uint16_t bits)
{
    return vgrad__float_of_bits((uint32_t)bits << 16);
}

/* The same. */
static inline float vgrad__float_of_float16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16, size = bits & 0x7fff;
    const uint32_t least_normal = 0x0400, infinity = 0x7c00;
    if (size < least_normal) { /* in units of 2^-24 */
        float value = (float)size * 0x1p-24f;
        return sign ? -value : value;
    }
    const uint32_t rebias = size < infinity ? 127 - 15 : 255 - 31;
    return vgrad__float_of_bits(sign | (size + (rebias << 10)) << 13);
}

/* The nearest, of two the even one; Inf past the largest. NaN keeps its sign. */
uint16_t vgrad__float16_of(double value);
uint16_t vgrad__bfloat16_of(double value);

#endif
