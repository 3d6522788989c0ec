/* Where a window over images is: what images.inc needs once, not for each type. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_KERNELS_PLACES_H
#define VGRAD_TENSOR_KERNELS_PLACES_H

#include "tensor/kernels.h"

enum {
    NARROW = 32, /* rows of windows below it go element by element along the output's line */
    CHANNELS_AT_ONCE =
        64 /* channels at a time, so that what is known of each stays in the first cache */
};

/* From begin to before end. */
typedef struct span {
    int64_t begin, end;
} span;

/* The offsets in a window that starts at `start` which lie inside 0 ... size. */
static inline span inside_of(int64_t start, int64_t window, int64_t size)
{
    return (span){ start < 0 ? -start : 0, size - start < window ? size - start : window };
}

/* The places along a line of the output whose windows do not leave the image sideways. */
static inline span whole_windows(const vgrad__window *w)
{
    const int64_t s = w->stride_width, room = w->width + w->left - w->window_width;
    span whole = { (w->left + s - 1) / s, room < 0 ? 0 : room / s + 1 };
    whole.end = whole.end < w->out_width ? whole.end : w->out_width;
    whole.begin = whole.begin < whole.end ? whole.begin : whole.end;
    return whole;
}

/* One place of a window: the output's element (image, y, x), and the image's rows and columns. */
typedef struct place {
    int64_t image, y, x;
    span rows, columns;
} place;

static inline void look_around(const vgrad__window *w, place *p)
{
    const int64_t top = p->y * w->stride_height - w->top;
    const int64_t left = p->x * w->stride_width - w->left;
    p->rows = inside_of(top, w->window_height, w->height);
    p->columns = inside_of(left, w->window_width, w->width);
    p->rows = (span){ top + p->rows.begin, top + p->rows.end };
    p->columns = (span){ left + p->columns.begin, left + p->columns.end };
}

static inline place first_place(const vgrad__window *w)
{
    place p = { 0 };
    look_around(w, &p);
    return p;
}

/* Along the line, then along the lines, then on to the next image. */
static inline void next_place(const vgrad__window *w, place *p)
{
    if (++p->x == w->out_width) {
        p->x = 0;
        if (++p->y == w->out_height) {
            p->y = 0;
            p->image++;
        }
    }
    look_around(w, p);
}

static inline double cells_of(const place *p)
{
    return (double)((p->rows.end - p->rows.begin) * (p->columns.end - p->columns.begin));
}

/* Where the image's cell (y, x) begins. */
static inline int64_t cell_at(const vgrad__window *w, const place *p, int64_t y, int64_t x)
{
    return ((p->image * w->height + y) * w->width + x) * w->channels;
}

#endif
