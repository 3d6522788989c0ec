/* The bits of a number: what histogram.inc needs of each type. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_KERNELS_BINS_H
#define VGRAD_TENSOR_KERNELS_BINS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BIN_BLOCK = 1024, BIN_TABLES = 4 };

static inline uint32_t bits_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint64_t bits_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Its place in vgrad__histogram.bins. */
static inline uint16_t bin_f32(float value)
{
    return (uint16_t)(bits_f32(value) >> 23);
}

static inline uint16_t bin_f64(double value)
{
    const int rebias = 1023 - 127, odd = 2047;
    const uint64_t bits = bits_f64(value);
    const int exponent = (int)(bits >> 52) & 2047, moved = exponent - rebias;
    const int held = moved < 0 ? 0 : moved > 254 ? 254 : moved;
    return (uint16_t)((bits >> 63 << 8) | (uint64_t)(exponent == odd ? 255 : held));
}

/* Counts as wide as the numbers, so that both go through the same lanes. */
typedef int32_t count_f32;
typedef int64_t count_f64;

static inline count_f32 is_negative_f32(float value)
{
    return (count_f32)(bits_f32(value) >> 31);
}

static inline count_f64 is_negative_f64(double value)
{
    return (count_f64)(bits_f64(value) >> 63);
}

static inline float size_f32(float value)
{
    return fabsf(value);
}

static inline double size_f64(double value)
{
    return fabs(value);
}

/* The next number towards 0. */
static inline float before_f32(float value)
{
    return nextafterf(value, 0);
}

static inline double before_f64(double value)
{
    return nextafter(value, 0);
}

#endif
