/* Expectations over a normal z, and where their iteration ends. */
/* SPDX-License-Identifier: MIT */
#include "probe/mean_field.h"

#include <math.h>
#include <stdbool.h>

/* ---- quadrature ---- */

/* Beyond it the normal density is below 1e-17. */
static const double reach = 9;
/* Where activations have their shape: nothing narrower than this is looked for around 0. */
static const double finest = 1.0 / 64;
/* Parts are halved until halving changes them by less than this share of the whole. */
static const double tolerance = 1e-9;
/* How often, at most, within one of the first parts: enough for some jumps, and an end for noise.
 */
enum { HALVINGS = 256 };

/*
 * Gauss and Lobatto's rule on [-1, 1], exact to degree 13: half of it. It has nodes at the ends, so
 * that a jump is seen wherever it lies; they are moved inwards by a hair, for the part beyond an
 * end has its own value there.
 */
static const double nodes[VGRAD__CURVE_POINTS / 2] = { 0.2092992179024788687, 0.5917001814331423021,
                                                       0.8717401485096066153, 1 - 1e-9 };
static const double weights[VGRAD__CURVE_POINTS / 2] = { 0.4124587946587038816,
                                                         0.3411226924835043648,
                                                         0.2107042271435060394, 1.0 / 28 };

typedef struct integral {
    const vgrad__curve *curve;
    double scale;             /* sqrt(q) */
    vgrad__expectation whole; /* roughly */
    int halvings;             /* left */
    vgrad_status status;      /* of the curve */
} integral;

static double density(double z)
{
    const double factor = 0.39894228040143267794; /* 1 / sqrt(2 pi) */
    return factor * exp(-z * z / 2);
}

static vgrad__expectation sum(vgrad__expectation a, vgrad__expectation b)
{
    return (vgrad__expectation){ a.f2 + b.f2, a.df2 + b.df2 };
}

/* The part of both integrals that lies between two z, by the rule. */
static vgrad__expectation part(integral *in, double from, double to)
{
    enum { N = VGRAD__CURVE_POINTS };
    const double middle = (from + to) / 2, half = (to - from) / 2;
    double z[N], scaled[N], f[N], df[N];
    vgrad__expectation out = { 0, 0 };
    for (int i = 0; i < N; i++) {
        z[i] = middle + half * (i % 2 ? nodes[i / 2] : -nodes[i / 2]);
        scaled[i] = in->scale * z[i];
    }
    if (in->status == VGRAD_OK)
        in->status = in->curve->at(in->curve->self, scaled, N, f, df);
    if (in->status != VGRAD_OK)
        return out;
    for (int i = 0; i < N; i++) {
        const double weight = half * weights[i / 2] * density(z[i]);
        out.f2 += weight * (f[i] * f[i]);
        out.df2 += weight * (df[i] * df[i]);
    }
    return out;
}

/* False also for NaN, which no halving mends. */
static bool differ(double a, double b, double whole)
{
    return fabs(a - b) > tolerance * whole;
}

/* The same part from its halves, and theirs, until that makes no difference. */
static vgrad__expectation refine(integral *in, double from, double to, vgrad__expectation rough)
{
    const double middle = (from + to) / 2;
    const vgrad__expectation left = part(in, from, middle), right = part(in, middle, to);
    const vgrad__expectation fine = sum(left, right);
    const bool changed =
        differ(fine.f2, rough.f2, in->whole.f2) || differ(fine.df2, rough.df2, in->whole.df2);
    if (!changed || in->status != VGRAD_OK || in->halvings-- <= 0)
        return fine;
    return sum(refine(in, from, middle, left), refine(in, middle, to, right));
}

/* Parts that get finer towards 0, where most activations bend: both sides of it, all together. */
static vgrad__expectation over_all(integral *in, bool refined)
{
    vgrad__expectation out = { 0, 0 };
    double from, to = reach;
    do {
        from = to >= 0.5 || to * in->scale >= finest ? to / 2 : 0;
        for (int side = -1; side <= 1; side += 2) {
            const double low = side < 0 ? -to : from, high = side < 0 ? -from : to;
            vgrad__expectation some = part(in, low, high);
            in->halvings = HALVINGS;
            out = sum(out, refined ? refine(in, low, high, some) : some);
        }
        to = from;
    } while (from > 0);
    return out;
}

vgrad_status vgrad__expect(const vgrad__curve *curve, double q, vgrad__expectation *out)
{
    integral in = { .curve = curve, .scale = sqrt(q) };
    *out = (vgrad__expectation){ (double)NAN, (double)NAN };
    if (!isfinite(in.scale))
        return VGRAD_OK;
    in.whole = over_all(&in, false);
    const vgrad__expectation fine = over_all(&in, true);
    if (in.status == VGRAD_OK)
        *out = fine;
    return in.status;
}

/* ---- layer after layer ---- */

vgrad_status vgrad__wide_layer_step(const vgrad__wide_layer *layer, double q, double *next_q,
                                    double *chi)
{
    vgrad__expectation e;
    vgrad_status status = vgrad__expect(&layer->curve, q, &e);
    *next_q = layer->sw2 * e.f2 + layer->sb2;
    *chi = layer->sw2 * e.df2;
    return status;
}

/* Schoenholz et al.: |dL/dz| changes by e in 2 xi layers, with 1 / xi = |ln chi|, and networks
   train up to a depth of about 6 xi. */
static double depth_of(double chi)
{
    const double xis = 6, none = 1e-6;
    const double rate = fabs(log(chi));
    return rate < none ? (double)INFINITY : xis / rate;
}

/*
 * What becomes of q, by its factor in this step and in the one before: a factor of 1 holds it, and
 * one that no longer changes takes it to 0 or to infinity.
 */
static vgrad__fate fate_of(double next_q, double factor, double factor_before)
{
    const double held = 1e-7, steady = 1e-6;
    const bool is_steady = fabs(factor - factor_before) <= steady * fabs(factor - 1);
    if (fabs(factor - 1) <= held)
        return VGRAD__SETTLES;
    if (next_q == 0 || (is_steady && factor < 1))
        return VGRAD__FADES;
    if (isinf(next_q) || (is_steady && factor > 1))
        return VGRAD__GROWS;
    return VGRAD__UNSETTLED;
}

vgrad_status vgrad__find_fixed_point(const vgrad__wide_layer *layer, double q,
                                     vgrad__fixed_point *out)
{
    enum { LAYERS = 300 };
    double next_q = q, chi = 1, chi_before = 1, factor = (double)NAN;
    out->fate = VGRAD__UNSETTLED;
    for (int i = 0; i < LAYERS && out->fate == VGRAD__UNSETTLED; i++) {
        const double factor_before = factor;
        q = next_q;
        chi_before = chi;
        vgrad_status status = vgrad__wide_layer_step(layer, q, &next_q, &chi);
        if (status != VGRAD_OK)
            return status;
        factor = next_q == q ? 1 : next_q / q;
        out->fate = fate_of(next_q, factor, factor_before);
    }
    out->q = out->fate == VGRAD__FADES ? 0 : out->fate == VGRAD__GROWS ? (double)INFINITY : next_q;
    out->chi = out->fate == VGRAD__UNSETTLED ? sqrt(chi * chi_before) : chi;
    out->depth = depth_of(out->chi);
    return VGRAD_OK;
}
