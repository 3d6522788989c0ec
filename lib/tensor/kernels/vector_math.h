/*
 * exp, sigmoid, tanh and log1p in double, without branches, so that a loop over them becomes vector
 * code. float32 kernels use the same functions and round once. NaN goes in and comes out.
 * Coefficients: Chebyshev interpolation of the stated function, made with 60 digits.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_KERNELS_VECTOR_MATH_H
#define VGRAD_TENSOR_KERNELS_VECTOR_MATH_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* The rounding tricks need double arithmetic to be double. */
_Static_assert(FLT_EVAL_METHOD == 0, "built for x87? use -msse2 -mfpmath=sse");

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Adding it rounds a number below 2^51 to an integer, which then stands in the low bits. */
#define ROUNDING      0x1.8p52
#define EXPONENT_BIAS 1023
#define MANTISSA_BITS 52

ALWAYS_INLINE uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

ALWAYS_INLINE double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a b + c, rounded once where the instruction level can. */
ALWAYS_INLINE double multiply_add(double a, double b, double c)
{
#ifdef __FMA__
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

/* 2^n for an integral n in [-1022, 1023]. */
ALWAYS_INLINE double power_of_two(double n)
{
    return double_of(bits_of(n + (ROUNDING + EXPONENT_BIAS)) << MANTISSA_BITS);
}

/* A number and what its rounding lost. */
typedef struct double_pair {
    double high, low;
} double_pair;

/* exp(x) = 2^n (1 + r + r^2 q(r)), n = round(x / ln 2), |r| <= ln 2 / 2. */
ALWAYS_INLINE double_pair vector_exp_pair(double x)
{
    const double lowest = -746.0, highest = 710.0; /* 0 and Inf from here on */
    x = x < lowest ? lowest : x;
    x = x > highest ? highest : x;
    double n = multiply_add(x, 0x1.71547652b82fep+0, ROUNDING) - ROUNDING;
    double r = multiply_add(n, -0x1.62e42fefa3800p-1, x);
    r = multiply_add(n, -0x1.ef35793c76730p-45, r);
    double q = 0x1.1f7340dbc337ep-29;
    q = multiply_add(q, r, 0x1.af4e554377204p-26);
    q = multiply_add(q, r, 0x1.27e4db46cddd1p-22);
    q = multiply_add(q, r, 0x1.71de01fdbf9cap-19);
    q = multiply_add(q, r, 0x1.a01a01a6e1e2ap-16);
    q = multiply_add(q, r, 0x1.a01a01abf85abp-13);
    q = multiply_add(q, r, 0x1.6c16c16c162c3p-10);
    q = multiply_add(q, r, 0x1.11111111100bep-7);
    q = multiply_add(q, r, 0x1.5555555555556p-5);
    q = multiply_add(q, r, 0x1.5555555555557p-3);
    q = multiply_add(q, r, 0x1.0000000000000p-1);
    double t = multiply_add(r * r, q, r);
    double p = 1.0 + t;
    /* In two factors: 2^1024 and the subnormal ones are not representable. */
    double half = multiply_add(n, 0.5, ROUNDING) - ROUNDING;
    double first = power_of_two(half), second = power_of_two(n - half);
    return (double_pair){ p * first * second, (t - (p - 1.0)) * first * second };
}

ALWAYS_INLINE double vector_exp(double x)
{
    return vector_exp_pair(x).high;
}

/*
 * 1 / (1 + e) or, below 0, e / (1 + e), with e = exp(-|x|), which cannot overflow. The quotient q
 * is then mended by what e and 1 + e lost in rounding; 1 / (1 + e) is q or 1 - q.
 */
ALWAYS_INLINE double vector_sigmoid(double x)
{
    double_pair e = vector_exp_pair(-fabs(x));
    double sum = 1.0 + e.high;
    double sum_low = (e.high - (sum - 1.0)) + e.low;
    double q = (x < 0.0 ? e.high : 1.0) / sum;
    double inverse = x < 0.0 ? 1.0 - q : q;
    return multiply_add(multiply_add(-q, sum_low, x < 0.0 ? e.low : 0.0), inverse, q);
}

/* Odd; of |x|: below 0.55 x + x^3 t(x^2), else 1 - 2 / (exp(2 x) + 1). */
ALWAYS_INLINE double vector_tanh(double x)
{
    double size = fabs(x), u = x * x;
    double t = -0x1.59a834187ce22p-16;
    t = multiply_add(t, u, 0x1.64fd88e9900a5p-14);
    t = multiply_add(t, u, -0x1.ec1091436eb2ap-13);
    t = multiply_add(t, u, 0x1.34c5a8a996cd4p-11);
    t = multiply_add(t, u, -0x1.7d97cfd138c28p-10);
    t = multiply_add(t, u, 0x1.d6d339333f329p-9);
    t = multiply_add(t, u, -0x1.226e32f00cf0cp-7);
    t = multiply_add(t, u, 0x1.664f487713373p-6);
    t = multiply_add(t, u, -0x1.ba1ba1b9fec84p-5);
    t = multiply_add(t, u, 0x1.1111111111032p-3);
    t = multiply_add(t, u, -0x1.5555555555555p-2);
    double near = multiply_add(size * u, t, size);
    double far = 1.0 - 2.0 / (vector_exp(2.0 * size) + 1.0);
    return copysign(size < 0.55 ? near : far, x); /* -0 stays -0 */
}

/* ln(1 + x) for 0 <= x <= 1: 2 atanh(s) = 2 s + 2 s^3 t(s^2), s = x / (2 + x) <= 1/3. */
ALWAYS_INLINE double vector_log1p(double x)
{
    double s = x / (2.0 + x), w = s * s;
    double t = 0x1.404f6dd66ea13p-4;
    t = multiply_add(t, w, 0x1.32abe5dccab6ep-5);
    t = multiply_add(t, w, 0x1.bc43c35a64a26p-5);
    t = multiply_add(t, w, 0x1.e0a1603ef49f0p-5);
    t = multiply_add(t, w, 0x1.111acba3705c9p-4);
    t = multiply_add(t, w, 0x1.3b1350bd293a1p-4);
    t = multiply_add(t, w, 0x1.745d1997fab11p-4);
    t = multiply_add(t, w, 0x1.c71c71becc6d8p-4);
    t = multiply_add(t, w, 0x1.2492492499e70p-3);
    t = multiply_add(t, w, 0x1.9999999999943p-3);
    t = multiply_add(t, w, 0x1.5555555555555p-2);
    return multiply_add(2.0 * s * w, t, 2.0 * s);
}

#endif
