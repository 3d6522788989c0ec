/* Merging moments, and reading figures off them. */
/* SPDX-License-Identifier: MIT */
#include "tensor/moments.h"

#include <math.h>

/* Moments of zeros alone fit any scale. */
static int has_no_scale(const vgrad__moments *m)
{
    return m->min == 0.0 && m->max == 0.0;
}

static void rescale(vgrad__moments *m, int32_t exponent)
{
    int32_t shift = m->exponent - exponent;
    if (shift != 0) {
        m->mean = ldexp(m->mean, shift);
        m->mean_rest = ldexp(m->mean_rest, shift);
        m->m2 = ldexp(m->m2, 2 * shift);
        m->sum_abs = ldexp(m->sum_abs, shift);
        m->exponent = exponent;
    }
}

static void use_one_scale(vgrad__moments *a, vgrad__moments *b)
{
    if (a->exponent == b->exponent)
        return;
    int32_t exponent = has_no_scale(a)   ? b->exponent
                       : has_no_scale(b) ? a->exponent
                                         : (a->exponent > b->exponent ? a->exponent : b->exponent);
    rescale(a, exponent);
    rescale(b, exponent);
}

void vgrad__moments_merge(vgrad__moments *moments, const vgrad__moments *more)
{
    if (moments->finite == 0 || more->finite == 0) {
        vgrad__moments sum = moments->finite ? *moments : *more;
        sum.count = moments->count + more->count;
        sum.nans = moments->nans + more->nans;
        *moments = sum;
        return;
    }
    vgrad__moments b = *more;
    use_one_scale(moments, &b);
    double share = (double)b.finite / (double)(moments->finite + b.finite), rest;
    double delta = vgrad__two_sum(b.mean, -moments->mean, &rest);
    delta += rest + (b.mean_rest - moments->mean_rest);
    double mean = vgrad__two_sum(moments->mean, delta * share, &rest);
    moments->mean = vgrad__two_sum(mean, rest + moments->mean_rest, &moments->mean_rest);
    moments->m2 += b.m2 + delta * delta * ((double)moments->finite * share);
    moments->sum_abs += b.sum_abs;
    moments->min = b.min < moments->min ? b.min : moments->min;
    moments->max = b.max > moments->max ? b.max : moments->max;
    moments->count += b.count;
    moments->finite += b.finite;
    moments->zeros += b.zeros;
    moments->nans += b.nans;
}

bool vgrad__moments_are_sound(const vgrad__moments *m)
{
    const int32_t farthest = 1100; /* a double's exponents, and some */
    if (m->finite < 0 || m->finite > m->count || m->zeros < 0 || m->zeros > m->finite ||
        m->nans < 0 || m->nans > m->count - m->finite || m->exponent < -farthest ||
        m->exponent > farthest)
        return false;
    if (m->finite == 0)
        return true; /* nothing else is read then */
    return isfinite(m->mean) && isfinite(m->mean_rest) && isfinite(m->m2) && m->m2 >= 0 &&
           isfinite(m->sum_abs) && m->sum_abs >= 0 && m->min <= m->max;
}

void vgrad__moments_divide(vgrad__moments *m, double divisor)
{
    m->mean /= divisor;
    m->mean_rest /= divisor;
    m->m2 = m->m2 / divisor / divisor;
    m->sum_abs /= divisor;
    m->min /= divisor;
    m->max /= divisor;
}

void vgrad__moments_tree_add(vgrad__moments_tree *tree, const vgrad__moments *leaf)
{
    vgrad__moments right = *leaf;
    int level = 0;
    for (int64_t carry = tree->leaves++; carry & 1; carry >>= 1, level++) { /* as 1 is added */
        vgrad__moments sum = tree->partial[level];
        vgrad__moments_merge(&sum, &right);
        right = sum;
    }
    tree->partial[level] = right;
}

vgrad__moments vgrad__moments_tree_sum(const vgrad__moments_tree *tree)
{
    vgrad__moments right = { 0 };
    for (int level = 0; tree->leaves >> level != 0; level++)
        if (tree->leaves >> level & 1) {
            vgrad__moments sum = tree->partial[level];
            vgrad__moments_merge(&sum, &right);
            right = sum;
        }
    return right;
}

void vgrad__moments_repeat(vgrad__moments *moments, int64_t times)
{
    moments->count *= times;
    moments->finite *= times;
    moments->zeros *= times;
    moments->nans *= times;
    moments->m2 *= (double)times;
    moments->sum_abs *= (double)times;
}

double vgrad__moments_read(const vgrad__moments *m, vgrad_quantity quantity)
{
    double n = (double)m->finite;
    switch (quantity) {
    case VGRAD_COUNT: return (double)m->count;
    case VGRAD_ZEROS: return (double)m->zeros;
    case VGRAD_NANS: return (double)m->nans;
    case VGRAD_INFS: return (double)(m->count - m->finite - m->nans);
    default: break;
    }
    if (m->finite == 0)
        return (double)NAN;
    switch (quantity) {
    case VGRAD_MEAN: return ldexp(m->mean, m->exponent);
    case VGRAD_STD: return ldexp(sqrt(m->m2 / n), m->exponent);
    case VGRAD_MEAN_ABS: return ldexp(m->sum_abs / n, m->exponent);
    case VGRAD_L2: return ldexp(sqrt(m->m2 + n * m->mean * m->mean), m->exponent);
    case VGRAD_MIN: return m->min;
    case VGRAD_MAX: return m->max;
    default: return (double)NAN;
    }
}
