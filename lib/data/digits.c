/* Handwritten-like digits: a pen's way, distorted as hands distort it, drawn in grey. */
/* SPDX-License-Identifier: MIT */
#include "data/digits.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/digit_strokes.h"

/* Stream of the generator; circles.c has those before. */
enum { DIGITS_STREAM = 16 };

enum {
    SIDE = VGRAD__DIGIT_SIDE,
    PIXELS = VGRAD__DIGIT_PIXELS,
    PIECES = 4, /* straight ones between two points of a stroke */
    SEGMENTS_MAX = STROKES_MAX * (POINTS_MAX - 1) * PIECES,
    WAVES = 6 /* of which a distortion is the sum */
};

/* As MNIST lays its digits out: ink in a box of 20 pixels, its centre of mass at pixel (14, 14). */
static const double box = 20, centre = 14;

/* The grey value of ink. */
static const double full = 255;

/* Ink fades over one pixel, half of it outside the pen. */
static const double edge = 0.5;

/* How hands and pens differ, chosen so that a network of 784, 30 and 10 units finds the digits
   about as hard as MNIST's. All but `elastic` bound uniform draws: no digit is turned until it is
   another. */
static const double turn = 0.45;                     /* radians, either way */
static const double slant_mean = 0.15, slant = 0.55; /* tangent, to the right, and either way */
static const double widening = 0.4;                  /* logarithm of a factor, either way */
static const double elastic = 0.055;                 /* deviation, in heights of the digit */
static const double pen_from = 0.85, pen_to = 2.1;   /* radius in pixels */
static const double size_from = 0.92;                /* of the box, up to all of it */
static const double grain = 24;                      /* of a grey value, either way */

typedef struct point {
    double x, y;
} point;

typedef struct segment {
    point from, to;
} segment;

/* A digit as a hand wrote it. */
typedef struct writing {
    segment segments[SEGMENTS_MAX];
    int count;
} writing;

static double between(vgrad__random *random, double from, double to)
{
    return from + (to - from) * vgrad__random_uniform(random);
}

static const way *choose_way(vgrad__random *random, int digit)
{
    int percent = (int)vgrad__random_below(random, 100);
    const way *chosen = ways[digit];
    while (percent >= chosen->percent) {
        percent -= chosen->percent;
        chosen++;
    }
    return chosen;
}

/*
 * A random field d(p) = s sqrt(2 / K) sum_k a_k cos(w_k . p + phase_k), k = 1 ... K, which smoothly
 * moves the points: that of Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural
 * Networks Applied to Visual Document Analysis" (ICDAR 2003), white noise smoothed by a Gaussian of
 * deviation 4 pixels, so that its covariance is a Gaussian of deviation sqrt(2) 4 pixels. Waves
 * with normal w have that covariance too (Rahimi and Recht, "Random Features for Large-Scale Kernel
 * Machines", 2007).
 */
typedef struct field {
    struct {
        point frequency, amplitude;
        double phase;
    } waves[WAVES];
} field;

static point random_point(vgrad__random *random, double deviation)
{
    double x = deviation * vgrad__random_normal(random);
    double y = deviation * vgrad__random_normal(random);
    return (point){ x, y };
}

static void draw_field(vgrad__random *random, field *f)
{
    /* 4 pixels of a digit that is 20 high. */
    const double two_pi = 6.283185307179586, covariance_length = sqrt(2.0) * 4 / 20;
    for (int k = 0; k < WAVES; k++) {
        f->waves[k].frequency = random_point(random, 1.0 / covariance_length);
        f->waves[k].amplitude = random_point(random, elastic * sqrt(2.0 / WAVES));
        f->waves[k].phase = two_pi * vgrad__random_uniform(random);
    }
}

static point moved(const field *f, point p)
{
    point at = p;
    for (int k = 0; k < WAVES; k++) {
        point w = f->waves[k].frequency, a = f->waves[k].amplitude;
        double wave = cos(w.x * p.x + w.y * p.y + f->waves[k].phase);
        at.x += a.x * wave;
        at.y += a.y * wave;
    }
    return at;
}

/* x' = xx x + xy y, y' = yx x + yy y */
typedef struct affine {
    double xx, xy, yx, yy;
} affine;

/* Widens, then slants to the right, then turns. */
static affine draw_affine(vgrad__random *random)
{
    double angle = between(random, -turn, turn);
    double lean = slant_mean + between(random, -slant, slant);
    double wide = exp(between(random, -widening, widening));
    double c = cos(angle), s = sin(angle);
    return (affine){ c * wide, -c * lean - s, s * wide, -s * lean + c };
}

static point mapped(const affine *a, point p)
{
    return (point){ a->xx * p.x + a->xy * p.y, a->yx * p.x + a->yy * p.y };
}

/* The cubic through b and c with slopes from their neighbours a and d, at t in [0, 1] (Catmull and
   Rom 1974). */
static double spline(double a, double b, double c, double d, double t)
{
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* Adds the smooth line through the points. */
static void add_stroke(writing *w, const point *points, int count)
{
    for (int i = 0; i + 1 < count; i++) {
        point b = points[i], c = points[i + 1];
        point a = i > 0 ? points[i - 1] : b, d = i + 2 < count ? points[i + 2] : c;
        point from = b;
        for (int piece = 1; piece <= PIECES; piece++) {
            double t = (double)piece / PIECES;
            point to = { spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t) };
            w->segments[w->count++] = (segment){ from, to };
            from = to;
        }
    }
}

static void write_digit(vgrad__random *random, int digit, writing *w)
{
    const way *chosen = choose_way(random, digit);
    affine a = draw_affine(random);
    field f;
    draw_field(random, &f);
    w->count = 0;
    for (int s = 0; s < STROKES_MAX; s++) {
        point points[POINTS_MAX];
        int count = 0;
        while (count < POINTS_MAX && chosen->strokes[s][count] > 0) {
            int place = chosen->strokes[s][count];
            /* Around (0, 0), and 1 high. */
            point p = { place / 100 / 100.0 - 0.5, place % 100 / 100.0 - 0.5 };
            points[count++] = mapped(&a, moved(&f, p));
        }
        add_stroke(w, points, count);
    }
}

/* Enlarges the writing until its longer side is `side`, in the middle of the picture. */
static void lay_out(writing *w, double side)
{
    point low = w->segments[0].from, high = low;
    for (int i = 0; i < w->count; i++) {
        const segment *s = &w->segments[i];
        low.x = fmin(low.x, fmin(s->from.x, s->to.x));
        low.y = fmin(low.y, fmin(s->from.y, s->to.y));
        high.x = fmax(high.x, fmax(s->from.x, s->to.x));
        high.y = fmax(high.y, fmax(s->from.y, s->to.y));
    }
    const double middle = (SIDE - 1) / 2.0;
    double scale = side / fmax(high.x - low.x, high.y - low.y);
    point shift = { middle - scale * 0.5 * (low.x + high.x),
                    middle - scale * 0.5 * (low.y + high.y) };
    for (int i = 0; i < w->count; i++) {
        segment *s = &w->segments[i];
        s->from = (point){ scale * s->from.x + shift.x, scale * s->from.y + shift.y };
        s->to = (point){ scale * s->to.x + shift.x, scale * s->to.y + shift.y };
    }
}

static double clamped(double value, double most)
{
    return value < 0 ? 0 : (value > most ? most : value);
}

/* The row or column, held inside the picture. */
static int inside(double pixel)
{
    return (int)clamped(pixel, SIDE - 1);
}

/* Lowers the squared distances of the pixels that are within `reach` of the segment. */
static void approach(const segment *s, double reach, double squares[PIXELS])
{
    double dx = s->to.x - s->from.x, dy = s->to.y - s->from.y;
    double square = dx * dx + dy * dy, inverse = square > 0 ? 1 / square : 0;
    int left = inside(ceil(fmin(s->from.x, s->to.x) - reach));
    int right = inside(floor(fmax(s->from.x, s->to.x) + reach));
    int top = inside(ceil(fmin(s->from.y, s->to.y) - reach));
    int bottom = inside(floor(fmax(s->from.y, s->to.y) + reach));
    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            double x = column - s->from.x, y = row - s->from.y;
            /* Where the segment is nearest, from 0 to 1. */
            double t = clamped((x * dx + y * dy) * inverse, 1);
            x -= t * dx;
            y -= t * dy;
            double distance = x * x + y * y, *least = &squares[row * SIDE + column];
            *least = distance < *least ? distance : *least;
        }
}

/* Ink where the pen of this radius passes: full inside, none outside, a ramp one pixel wide. */
static void ink(vgrad__random *random, const writing *w, double radius, uint8_t pixels[PIXELS])
{
    double reach = radius + edge, squares[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        squares[i] = reach * reach;
    for (int i = 0; i < w->count; i++)
        approach(&w->segments[i], reach, squares);
    for (int i = 0; i < PIXELS; i++) {
        pixels[i] = 0;
        if (squares[i] < reach * reach) {
            double coverage = clamped(reach - sqrt(squares[i]), 1);
            double grey = full * coverage + between(random, -grain, grain);
            pixels[i] = (uint8_t)(clamped(grey, full) + 0.5);
        }
    }
}

/* Moves the drawing by whole pixels until its centre of mass is at most half a pixel off. */
static void centre_mass(const uint8_t drawn[PIXELS], uint8_t pixels[PIXELS])
{
    double mass = 0, x = 0, y = 0;
    for (int i = 0; i < PIXELS; i++) {
        mass += drawn[i];
        x += drawn[i] * (i % SIDE);
        y += drawn[i] * (i / SIDE);
    }
    int right = (int)floor(centre - x / mass + 0.5), down = (int)floor(centre - y / mass + 0.5);
    for (int i = 0; i < PIXELS; i++) {
        int column = i % SIDE - right, row = i / SIDE - down;
        bool was_inside = column >= 0 && column < SIDE && row >= 0 && row < SIDE;
        pixels[i] = was_inside ? drawn[row * SIDE + column] : 0;
    }
}

int vgrad__digit_draw(uint64_t seed, int64_t index, uint8_t pixels[PIXELS])
{
    vgrad__random random =
        vgrad__random_stream(seed, VGRAD__RANDOM_DATA, DIGITS_STREAM, (uint32_t)index);
    int digit = (int)vgrad__random_below(&random, 10);
    writing w;
    write_digit(&random, digit, &w);
    double radius = between(&random, pen_from, pen_to);
    double side = box * between(&random, size_from, 1.0) - 2 * (radius + edge);
    lay_out(&w, side);
    uint8_t drawn[PIXELS];
    ink(&random, &w, radius, drawn);
    centre_mass(drawn, pixels);
    return digit;
}

vgrad_status vgrad_dataset_digits(vgrad_dataset **out, int64_t rows, uint64_t seed,
                                  vgrad_context *context)
{
    const int64_t shape[3] = { rows, SIDE, SIDE };
    vgrad__array images = { 0 }, labels = { 0 };
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (rows < 1 || rows > INT32_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "rows: 1 to %d, got %lld", INT32_MAX, (long long)rows);
    vgrad_status status = vgrad__array_make(&images, VGRAD_UINT8, 3, shape, context);
    if (status == VGRAD_OK)
        status = vgrad__array_make(&labels, VGRAD_UINT8, 1, shape, context);
    if (status != VGRAD_OK) {
        vgrad__array_release(&images, context);
        return status;
    }
    uint8_t *pixels = images.block, *digits = labels.block;
    for (int64_t i = 0; i < rows; i++)
        digits[i] = (uint8_t)vgrad__digit_draw(seed, i, pixels + i * PIXELS);
    status = vgrad__dataset_own(out, &images, &labels, context);
    if (status == VGRAD_OK)
        status = vgrad_dataset_scale(*out, 1.0 / full, 0);
    if (status != VGRAD_OK) {
        vgrad_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}
