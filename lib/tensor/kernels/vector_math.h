/*
 * exp, sigmoid, tanh and the rest in double, without branches, so that a loop over them becomes
 * vector code. float32 kernels use the same functions and round once. NaN goes in and comes out.
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

/* a b, exactly; by Veltkamp's splitting (Dekker 1971) without FMA. |a|, |b| < 2^500. */
ALWAYS_INLINE double_pair exact_product(double a, double b)
{
    double p = a * b;
#ifdef __FMA__
    return (double_pair){ p, __builtin_fma(a, b, -p) };
#else
    double shift_a = 0x1.0000002p+27 * a, shift_b = 0x1.0000002p+27 * b;
    double a_high = shift_a - (shift_a - a), b_high = shift_b - (shift_b - b);
    double a_low = a - a_high, b_low = b - b_high;
    double low = ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return (double_pair){ p, low };
#endif
}

/* exp of something: (1 + t) * first * second. */
typedef struct exp_parts {
    double t, first, second;
} exp_parts;

/* exp(x + low) = 2^n (1 + r + r^2 q(r)), n = round(x / ln 2), |r| <= ln 2 / 2; |x| below 1400, and
   |low| next to nothing. */
ALWAYS_INLINE exp_parts vector_exp_parts(double x, double low)
{
    double n = multiply_add(x, 0x1.71547652b82fep+0, ROUNDING) - ROUNDING;
    double r = multiply_add(n, -0x1.62e42fefa3800p-1, x);
    r = multiply_add(n, -0x1.ef35793c76730p-45, r) + low;
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
    /* In two factors: 2^1024 and the subnormal ones are not representable. */
    double half = multiply_add(n, 0.5, ROUNDING) - ROUNDING;
    return (exp_parts){ multiply_add(r * r, q, r), power_of_two(half), power_of_two(n - half) };
}

ALWAYS_INLINE double_pair vector_exp_pair(double x)
{
    const double lowest = -746.0, highest = 710.0; /* 0 and Inf from here on */
    x = x < lowest ? lowest : x;
    x = x > highest ? highest : x;
    exp_parts e = vector_exp_parts(x, 0.0);
    double p = 1.0 + e.t;
    return (double_pair){ p * e.first * e.second, (e.t - (p - 1.0)) * e.first * e.second };
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

/* exp(x) - 1 for x <= 0 (0 above): (2^n - 1) + 2^n t. */
ALWAYS_INLINE double vector_expm1_below(double x)
{
    const double lowest = -50.0; /* -1 from here on */
    x = x < lowest ? lowest : x;
    x = x > 0.0 ? 0.0 : x;
    exp_parts e = vector_exp_parts(x, 0.0);
    double scale = e.first * e.second;
    return multiply_add(scale, e.t, scale - 1.0);
}

/*
 * ln(1 + exp(x)) = max(x, 0) + ln(1 + e), e = exp(-|x|); the logarithm as in vector_log1p, but with
 * what e and 2 + e lost in rounding.
 */
ALWAYS_INLINE double vector_softplus(double x)
{
    double_pair e = vector_exp_pair(-fabs(x));
    double sum = 2.0 + e.high;
    double sum_low = (e.high - (sum - 2.0)) + e.low;
    double s = e.high / sum, s_low = multiply_add(-s, sum_low, e.low) / sum;
    double w = s * s, t = 0x1.404f6dd66ea13p-4;
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
    double rest = 2.0 * multiply_add(s * w, t, s_low);
    return (x > 0.0 ? x : 0.0) + multiply_add(2.0, s, rest);
}

/* z / (1 + |z|), and +-1 at +-Inf. */
ALWAYS_INLINE double vector_softsign(double z)
{
    double size = fabs(z);
    size = size > DBL_MAX ? DBL_MAX : size;
    return copysign(size / (1.0 + size), z);
}

/*
 * z sigmoid(v) for v of z's sign, |v| = high + low: as vector_sigmoid, but z is in before 2^n, so
 * that what is subnormal is rounded once. |v| up to 800; z not below -800.
 */
ALWAYS_INLINE double vector_gated(double z, double high, double low)
{
    exp_parts e = vector_exp_parts(-high, -low);
    double p = 1.0 + e.t, p_low = e.t - (p - 1.0), scale = e.first * e.second;
    double sum = 1.0 + p * scale;
    double sum_low = (p * scale - (sum - 1.0)) + p_low * scale;
    double above = z < 0.0 ? p : 1.0, q = above / sum;
    double inverse = z < 0.0 ? 1.0 - q * scale : q;
    double_pair back = exact_product(q, sum);
    double lost = (above - back.high) - back.low + (z < 0.0 ? p_low : 0.0);
    q = multiply_add(multiply_add(-q, sum_low, lost), inverse, q);
    return z * q * (z < 0.0 ? e.first : 1.0) * (z < 0.0 ? e.second : 1.0);
}

/* d/dz z sigmoid(v(z)), v' given: s + z v' s (1 - s), s (1 - s) = e / (1 + e)^2, e = exp(-|v|). */
ALWAYS_INLINE double vector_gated_slope(double z, double v, double v_slope)
{
    double e = vector_exp(-fabs(v)), sum = 1.0 + e;
    return ((v < 0.0 ? e : 1.0) + z * v_slope * e / sum) / sum;
}

/* |z|, held at `most`; NaN stays NaN. */
ALWAYS_INLINE double size_to(double z, double most)
{
    double size = fabs(z);
    return size > most ? most : size;
}

/* z sigmoid(z): 0 at -Inf, where it has long been 0. */
ALWAYS_INLINE double vector_silu(double z)
{
    const double most = 800.0;
    return vector_gated(z < -most ? -most : z, size_to(z, most), 0.0);
}

ALWAYS_INLINE double vector_silu_slope(double z)
{
    z = copysign(size_to(z, 800.0), z);
    return vector_gated_slope(z, z, 1.0);
}

/* 2 sqrt(2 / pi) and that times 0.044715, in two doubles each. */
#define GELU_LINEAR     0x1.9884533d43651p+0
#define GELU_LINEAR_LOW -0x1.cbc0d30ebfd15p-54
#define GELU_CUBIC      0x1.2444f2a4d8b4bp-4
#define GELU_CUBIC_LOW  -0x1.6c843a29d1c70p-61

/* z (1 + tanh(v / 2)) / 2 = z sigmoid(v), v = 2 sqrt(2 / pi) (z + 0.044715 z^3), to twice the
   digits, since exp makes |v| times as much of an error in it. */
ALWAYS_INLINE double vector_gelu_tanh(double z)
{
    const double most = 22.0; /* exp(-v) is 0 from here on */
    double y = size_to(z, most);
    double_pair square = exact_product(y, y);
    double_pair cubic = exact_product(square.high, GELU_CUBIC);
    double factor = GELU_LINEAR + cubic.high;
    double bigger = cubic.high > GELU_LINEAR ? cubic.high : GELU_LINEAR;
    double smaller = cubic.high > GELU_LINEAR ? GELU_LINEAR : cubic.high;
    double factor_low = (smaller - (factor - bigger)) + cubic.low + GELU_LINEAR_LOW +
                        square.high * GELU_CUBIC_LOW + square.low * GELU_CUBIC;
    double_pair v = exact_product(y, factor);
    return vector_gated(z < -most ? -most : z, v.high, multiply_add(y, factor_low, v.low));
}

ALWAYS_INLINE double vector_gelu_tanh_slope(double z)
{
    z = copysign(size_to(z, 22.0), z);
    double square = z * z;
    return vector_gated_slope(z, z * multiply_add(GELU_CUBIC, square, GELU_LINEAR),
                              multiply_add(3.0 * GELU_CUBIC, square, GELU_LINEAR));
}

/* Above it exp(-y^2 / 2) is 0, and Phi(y) 1. */
#define NORMAL_MOST 40.0

/*
 * Phi(-y) exp(y^2 / 2) of the normal distribution, for y in [0, 40]: p(u) / (1 + sqrt(2) y),
 * u = (y - 6) / (y + 6), as the quotient and what it lost; the form of Shepherd and Laframboise,
 * "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", 1981.
 */
ALWAYS_INLINE double_pair normal_tail(double y)
{
    double u = (y - 6.0) / (y + 6.0), p = 0x1.392a48f48d098p-29;
    p = multiply_add(p, u, 0x1.1174f039a7fc5p-28);
    p = multiply_add(p, u, -0x1.91ff77e5f4d83p-26);
    p = multiply_add(p, u, -0x1.c4447d13508aep-26);
    p = multiply_add(p, u, 0x1.a7d4ef81d0f8fp-23);
    p = multiply_add(p, u, -0x1.c6b2c40e1d70dp-26);
    p = multiply_add(p, u, -0x1.881f998c058f8p-20);
    p = multiply_add(p, u, 0x1.7a7202d7d796cp-19);
    p = multiply_add(p, u, 0x1.958297d15e686p-18);
    p = multiply_add(p, u, -0x1.4bb30cd54e5bcp-15);
    p = multiply_add(p, u, 0x1.03d148ee5888fp-14);
    p = multiply_add(p, u, 0x1.57a2c956befc2p-13);
    p = multiply_add(p, u, -0x1.55beeff8b7b11p-10);
    p = multiply_add(p, u, 0x1.2b97dc11bbee1p-8);
    p = multiply_add(p, u, -0x1.758cd3adac78cp-7);
    p = multiply_add(p, u, 0x1.6ef8e57351727p-6);
    p = multiply_add(p, u, -0x1.256dd6ed13f36p-5);
    p = multiply_add(p, u, 0x1.7caffe6b6a199p-5);
    p = multiply_add(p, u, -0x1.7bd15903cb888p-5);
    p = multiply_add(p, u, 0x1.c685146c01847p-6);
    p = multiply_add(p, u, 0x1.9874236828bcbp-7);
    p = multiply_add(p, u, -0x1.1b806a2a13415p-4);
    double last = 0x1.3a993188c1a51p-1, sum = multiply_add(p, u, last),
           sum_low = p * u - (sum - last);
    double_pair root = exact_product(0x1.6a09e667f3bcdp+0, y);
    double d = 1.0 + root.high, d_low = root.low - 0x1.bdd3413b26456p-54 * y;
    d_low += root.high > 1.0 ? 1.0 - (d - root.high) : root.high - (d - 1.0);
    double q = sum / d;
    return (double_pair){ q, multiply_add(-q, d_low, sum_low) / d };
}

/* exp(-y^2 / 2), with what the square loses in rounding. */
ALWAYS_INLINE exp_parts normal_exp(double y)
{
    double_pair square = exact_product(y, y);
    return vector_exp_parts(-0.5 * square.high, -0.5 * square.low);
}

/* z Phi(z); within 8 units in the last place. */
ALWAYS_INLINE double vector_gelu(double z)
{
    double y = size_to(z, NORMAL_MOST);
    exp_parts e = normal_exp(y);
    double_pair ratio = normal_tail(y);
    double tail = ratio.high + multiply_add(ratio.high, e.t, ratio.low * (1.0 + e.t));
    double above = z * (1.0 - tail * e.first * e.second);
    double below = -y * tail * e.first * e.second;
    return z < 0.0 ? below : above;
}

/* Phi(z) + z phi(z) */
ALWAYS_INLINE double vector_gelu_slope(double z)
{
    double y = size_to(z, NORMAL_MOST);
    exp_parts e = normal_exp(y);
    double density = multiply_add(e.t, e.first, e.first) * e.second;
    double tail = normal_tail(y).high * density;
    density *= 0x1.9884533d43651p-2; /* 1 / sqrt(2 pi) */
    return z < 0.0 ? tail - y * density : 1.0 - tail + y * density;
}

#endif
