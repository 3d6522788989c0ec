/* Merging histograms, and reading quantiles off them. */
/* SPDX-License-Identifier: MIT */
#include "tensor/histogram.h"

#include <math.h>

enum {
    ODD = VGRAD__HALF_OF_BINS - 1,
    BIAS = 127
}; /* the exponent of Inf and NaN; float32's bias */

void vgrad__histogram_merge(vgrad__histogram *histogram, const vgrad__histogram *more)
{
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        histogram->bins[i] += more->bins[i];
    histogram->zeros += more->zeros;
    histogram->negative_zeros += more->negative_zeros;
    histogram->nans += more->nans;
    for (int f = 0; f < VGRAD__FORMATS; f++) {
        histogram->vanishing[f] += more->vanishing[f];
        histogram->within[f] += more->within[f];
    }
}

void vgrad__histogram_repeat(vgrad__histogram *histogram, uint64_t times)
{
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        histogram->bins[i] *= times;
    histogram->zeros *= times;
    histogram->negative_zeros *= times;
    histogram->nans *= times;
    for (int f = 0; f < VGRAD__FORMATS; f++) {
        histogram->vanishing[f] *= times;
        histogram->within[f] *= times;
    }
}

/* False: they are more than can be counted. */
static bool add_up(const vgrad__histogram *h, uint64_t *count)
{
    *count = 0;
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++) {
        if (h->bins[i] > INT64_MAX - *count)
            return false;
        *count += h->bins[i];
    }
    return true;
}

bool vgrad__histogram_is_sound(const vgrad__histogram *h)
{
    uint64_t count;
    if (!add_up(h, &count))
        return false;
    const uint64_t finite = vgrad__histogram_finite(h);
    bool sound = h->negative_zeros <= h->zeros &&
                 h->negative_zeros <= h->bins[VGRAD__HALF_OF_BINS] &&
                 h->zeros - h->negative_zeros <= h->bins[0] && h->nans <= count - finite;
    for (int f = 0; f < VGRAD__FORMATS; f++)
        sound = sound && h->vanishing[f] >= h->zeros && h->vanishing[f] <= finite &&
                h->within[f] <= finite;
    return sound;
}

int64_t vgrad__histogram_count(const vgrad__histogram *histogram)
{
    uint64_t count;
    add_up(histogram, &count);
    return (int64_t)count;
}

uint64_t vgrad__histogram_finite(const vgrad__histogram *histogram)
{
    uint64_t finite = 0;
    for (int i = 0; i < VGRAD_HISTOGRAM_BINS; i++)
        finite += i % VGRAD__HALF_OF_BINS == ODD ? 0 : histogram->bins[i];
    return finite;
}

/* The size of what lies at `share` of the way through the numbers of an exponent. */
static double size_at(int exponent, double share)
{
    return exponent == 0 ? ldexp(share, 1 - BIAS) : ldexp(1 + share, exponent - BIAS);
}

/* Element `rank` of a bin's `count`, by size, stands in the middle of its share of the bin. */
static double place_of(uint64_t rank, uint64_t count)
{
    return ((double)rank + 0.5) / (double)count;
}

double vgrad__histogram_quantile(const vgrad__histogram *h, double p)
{
    const uint64_t finite = vgrad__histogram_finite(h);
    if (finite == 0)
        return (double)NAN;
    const double last = (double)(finite - 1);
    uint64_t rank = p * last < last ? (uint64_t)(p * last) : finite - 1;
    for (int exponent = ODD - 1; exponent >= 0; exponent--) { /* from -Inf up to zero */
        uint64_t count = h->bins[VGRAD__HALF_OF_BINS + exponent];
        count -= exponent == 0 ? h->negative_zeros : 0;
        if (rank < count)
            return -size_at(exponent, place_of(count - 1 - rank, count));
        rank -= count;
    }
    if (rank < h->zeros)
        return 0;
    rank -= h->zeros;
    int exponent = 0;
    uint64_t count = h->bins[0] - (h->zeros - h->negative_zeros);
    while (rank >= count) {
        rank -= count;
        count = h->bins[++exponent];
    }
    return size_at(exponent, place_of(rank, count));
}
