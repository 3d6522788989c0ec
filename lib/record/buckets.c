/* Buckets of histograms: a sign and a power of two each. */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "record/tensorboard_parts.h"

enum { HALF = VGRAD__HALF_OF_BINS, ODD = HALF - 1, BIAS = 127 };

/* Adds the next bucket to the right. */
static void add(vgrad__buckets *buckets, double left, double right, uint64_t count)
{
    vgrad__bucket *last = buckets->count > 0 ? &buckets->rows[buckets->count - 1] : NULL;
    if (count == 0 && !last)
        return; /* none of the outer ones is empty */
    if (count == 0 && last->count == 0)
        last->right = right;
    else
        buckets->rows[buckets->count++] = (vgrad__bucket){ left, right, (double)count };
}

static void end(vgrad__buckets *buckets)
{
    if (buckets->count > 0 && buckets->rows[buckets->count - 1].count == 0)
        buckets->count--;
}

void vgrad__buckets_of_values(vgrad__buckets *buckets, const vgrad__counts *counts)
{
    const uint64_t *bins = counts->histogram->bins;
    const double tiny = ldexp(1, 1 - BIAS);
    buckets->count = 0;
    for (int e = ODD - 1; e > 0; e--)
        add(buckets, -ldexp(1, e + 1 - BIAS), -ldexp(1, e - BIAS), bins[HALF + e]);
    add(buckets, -tiny, tiny, bins[0] + bins[HALF]); /* zeros and subnormals */
    for (int e = 1; e < ODD; e++)
        add(buckets, ldexp(1, e - BIAS), ldexp(1, e + 1 - BIAS), bins[e]);
    end(buckets);
    if (buckets->count == 0)
        return;
    buckets->rows[0].left = counts->least;
    buckets->rows[buckets->count - 1].right = counts->most;
}

void vgrad__buckets_of_logarithms(vgrad__buckets *buckets, const vgrad__histogram *histogram)
{
    const uint64_t *bins = histogram->bins;
    const double smallest = ldexp(1, -22 - BIAS); /* of float32 */
    buckets->count = 0;
    add(buckets, log10(smallest), log10(ldexp(1, 1 - BIAS)),
        bins[0] + bins[HALF] - histogram->zeros);
    for (int e = 1; e < ODD; e++)
        add(buckets, log10(ldexp(1, e - BIAS)), log10(ldexp(1, e + 1 - BIAS)),
            bins[e] + bins[HALF + e]);
    end(buckets);
}
