/* Lines of eight heights: every kernel's gradient, and the loss, over the remembered looks. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "probe/report.h"

enum { WIDTH = 60, HEIGHTS = 8, BYTES = 3 /* of U+2581 to U+2588 in UTF-8 */ };

static const char loss_name[] = "loss";

/* One series, pooled: NaN where there was nothing finite. */
typedef struct curve {
    double at[WIDTH];
    size_t width;
} curve;

typedef struct range {
    double low, high; /* low > high: nothing lies in it */
} range;

static const range nothing = { (double)INFINITY, -(double)INFINITY };

/* Of layer `which`; of the loss for that behind the last one. */
static double value_at(const vgrad__sheet *sheet, size_t which, size_t look)
{
    const vgrad__scene *scene = &sheet->probe->scene;
    if (which == scene->layer_count)
        return *vgrad__scene_loss(scene, look);
    return log10(vgrad__sheet_rms(sheet, which, VGRAD_KERNEL_GRADIENT, look));
}

/* The looks in stretches whose lengths differ by one at most: the mean of each. */
static curve pool(const vgrad__sheet *sheet, size_t which)
{
    const size_t looks = sheet->end - sheet->first;
    curve c = { .width = looks < WIDTH ? looks : WIDTH };
    size_t look = sheet->first;
    for (size_t i = 0; i < c.width; i++) {
        double mean = 0, count = 0;
        for (; look < sheet->first + (i + 1) * looks / c.width; look++) {
            const double value = value_at(sheet, which, look);
            if (isfinite(value))
                mean += (value - mean) / ++count; /* a sum might overflow */
        }
        c.at[i] = count > 0 ? mean : (double)NAN;
    }
    return c;
}

static range widen(range r, const curve *c)
{
    for (size_t i = 0; i < c->width; i++)
        if (!isnan(c->at[i]))
            r = (range){ fmin(r.low, c->at[i]), fmax(r.high, c->at[i]) };
    return r;
}

/* Blank where there was nothing. */
static void draw(const curve *c, range scale, char line[WIDTH * BYTES + 1])
{
    size_t used = 0;
    for (size_t i = 0; i < c->width; i++) {
        const double share = (c->at[i] - scale.low) / (scale.high - scale.low);
        const int height = share > 0 ? (int)fmin(share * HEIGHTS, HEIGHTS - 1) : 0;
        if (isnan(c->at[i])) {
            line[used++] = ' ';
            continue;
        }
        memcpy(line + used, "\xe2\x96\x81", BYTES);
        line[used + BYTES - 1] = (char)(line[used + BYTES - 1] + height);
        used += BYTES;
    }
    line[used] = '\0';
}

/* How wide names are, and the scale that all layers share. */
static range survey(const vgrad__sheet *sheet, int *name_width)
{
    const vgrad__scene *scene = &sheet->probe->scene;
    range all = nothing;
    *name_width = vgrad__sheet_columns(loss_name);
    for (size_t i = 0; i < scene->layer_count; i++) {
        const curve c = pool(sheet, i);
        const range own = widen(nothing, &c);
        if (own.low > own.high)
            continue;
        const int width = vgrad__sheet_columns(scene->layers[i].name);
        *name_width = width > *name_width ? width : *name_width;
        all = widen(all, &c);
    }
    return all;
}

static vgrad_status print_head(const vgrad__sheet *sheet, range scale)
{
    const vgrad__history *history = &sheet->probe->scene.history;
    const long long first = (long long)vgrad__history_step(history, sheet->first);
    const long long last = (long long)vgrad__history_step(history, sheet->end - 1);
    if (scale.low > scale.high)
        return vgrad__print(sheet->write, sheet->user,
                            "steps %lld to %lld: no gradient of a kernel was seen\n", first, last);
    return vgrad__print(sheet->write, sheet->user,
                        "steps %lld to %lld: log10 rms dL/dW, all on one scale from %.2f to %.2f\n",
                        first, last, scale.low, scale.high);
}

vgrad_status vgrad__report_sparklines(const vgrad__sheet *sheet)
{
    const vgrad__scene *scene = &sheet->probe->scene;
    int name_width;
    const range shared = survey(sheet, &name_width);
    vgrad_status status = print_head(sheet, shared);
    for (size_t i = 0; i <= scene->layer_count && status == VGRAD_OK; i++) {
        const bool is_loss = i == scene->layer_count;
        const char *name = is_loss ? loss_name : scene->layers[i].name;
        const curve c = pool(sheet, i);
        const range own = widen(nothing, &c);
        char line[WIDTH * BYTES + 1];
        if (own.low > own.high)
            continue;
        draw(&c, is_loss ? own : shared, line);
        status = vgrad__print(sheet->write, sheet->user,
                              is_loss ? "%-*s  %s  %.3g to %.3g\n" : "%-*s  %s  %.2f to %.2f\n",
                              vgrad__sheet_pad(name, name_width), name, line, own.low, own.high);
    }
    return status;
}
