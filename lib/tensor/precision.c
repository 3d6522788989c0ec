/* Shares of a histogram on either side of a format's limits. */
/* SPDX-License-Identifier: MIT */
#include "tensor/precision.h"

#include <math.h>

const vgrad__limits vgrad__limits_of[VGRAD__FORMATS] = {
    [VGRAD__FP16] = { 0x1p-25, 0x1p-14, 65520, true, 15 },
    [VGRAD__BF16] = { 0x1p-134, 0x1p-126, 0x1.ffp127, true, 127 },
    [VGRAD__FP8_E4M3] = { 0x1p-10, 0x1p-6, 464, false, 8 },
    [VGRAD__FP8_E5M2] = { 0x1p-17, 0x1p-14, 61440, true, 15 },
};

enum { ODD = VGRAD__HALF_OF_BINS - 1, BIAS = 127 };

/* Of both signs; for an exponent that float32 has. */
static uint64_t in_bin(const vgrad__histogram *h, int exponent)
{
    return h->bins[exponent] + h->bins[VGRAD__HALF_OF_BINS + exponent];
}

/* That are less than a power of two, zeros included. */
static uint64_t below(const vgrad__histogram *h, double power)
{
    uint64_t count = 0;
    for (int exponent = 0; exponent < BIAS + ilogb(power); exponent++)
        count += in_bin(h, exponent);
    return count;
}

vgrad__precision vgrad__precision_of(const vgrad__histogram *h, vgrad__format format)
{
    const vgrad__limits *limits = &vgrad__limits_of[format];
    const uint64_t finite = vgrad__histogram_finite(h);
    const double nan = (double)NAN, all = (double)(finite - h->zeros);
    if (finite == h->zeros)
        return (vgrad__precision){ nan, nan, nan, nan };
    int largest = ODD - 1;
    while (largest > 0 && in_bin(h, largest) == 0)
        largest--;
    /* Subnormal numbers are below the least normal one, as those of exponent 0 are. */
    const int highest = largest > 0 ? largest - BIAS : -BIAS;
    return (vgrad__precision){
        .lost = (double)(h->vanishing[format] - h->zeros) / all,
        .subnormal = (double)(below(h, limits->least) - h->vanishing[format]) / all,
        .overflow = (double)(finite - h->within[format]) / all,
        .scale = ldexp(1, limits->exponent - 1 - highest),
    };
}
