/* The gradient budget as a waterfall: hop by hop from the last anchor to the first. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "probe/factors.h"
#include "probe/report.h"

enum { BAR = 30 };

static const double worth_telling = 0.005; /* decades: what two digits show */

/* The way of delta at one look. */
typedef struct way {
    const vgrad__sheet *sheet;
    const vgrad__path *path;
    int32_t last;                          /* the stop at which it begins; -1: none */
    double lost[VGRAD__LOST_IN_BLOCK + 1]; /* so far */
    double low, high;                      /* between which lost[VGRAD__LOST] goes */
    bool known;                            /* all hops so far */
} way;

/* The stop from which delta goes on from `at`; -1: none. */
static int32_t anchor_before(const vgrad__path *path, int32_t at)
{
    while (--at >= 0 && !path->stops[at].is_anchor)
        continue;
    return at;
}

static const char *name_at(const way *w, int32_t at)
{
    return w->sheet->probe->scene.layers[w->path->stops[at].layer].name;
}

static const double *hop_to(const way *w, int32_t at)
{
    return vgrad__scene_figures(&w->sheet->probe->scene, (size_t)w->path->stops[at].layer,
                                w->sheet->end - 1);
}

static void begin(way *w)
{
    memset(w->lost, 0, sizeof w->lost);
    w->known = true;
}

/* A hop is added to what was lost so far; of one that is not known or cut, nothing. */
static void add(way *w, const double *hop)
{
    w->known &= isfinite(hop[VGRAD__LOST]) != 0;
    if (!isfinite(hop[VGRAD__LOST]))
        return;
    for (int f = VGRAD__LOST; f <= VGRAD__LOST_IN_BLOCK; f++)
        w->lost[f] += hop[f];
    w->low = fmin(w->low, w->lost[VGRAD__LOST]);
    w->high = fmax(w->high, w->lost[VGRAD__LOST]);
}

static bool is_cut(const double *hop)
{
    return isinf(hop[VGRAD__LOST]) && hop[VGRAD__LOST] > 0;
}

static void fill(const way *w, double from, double to, char with, char bar[BAR + 1])
{
    const double range = w->high - w->low;
    if (!(range > 0))
        return;
    const long begin = lround((fmin(from, to) - w->low) / range * BAR);
    const long end = lround((fmax(from, to) - w->low) / range * BAR);
    memset(bar + begin, with, (size_t)(end - begin));
}

/* '=': from 0 to what stays of it; '-' and '+': what this hop loses or gains. */
static void draw(const way *w, double before, double after, char bar[BAR + 1])
{
    memset(bar, ' ', BAR);
    bar[BAR] = '\0';
    fill(w, 0, before, '=', bar);
    fill(w, before, after, after > before ? '-' : '+', bar);
}

static vgrad_status print_hop(way *w, int32_t at)
{
    const double *hop = hop_to(w, at);
    const double before = w->lost[VGRAD__LOST];
    char bar[BAR + 1], text[VGRAD__LOSS_TEXT];
    add(w, hop);
    draw(w, before, w->lost[VGRAD__LOST], bar);
    if (is_cut(hop))
        return vgrad__print(w->sheet->write, w->sheet->user,
                            "|%s| cut at %s: nothing comes through\n", bar, name_at(w, at));
    if (!isfinite(hop[VGRAD__LOST]))
        return vgrad__print(w->sheet->write, w->sheet->user, "|%s| %s: not known\n", bar,
                            name_at(w, at));
    vgrad__tell_loss(hop, worth_telling, text);
    return vgrad__print(w->sheet->write, w->sheet->user, "|%s| %s %s\n", bar, name_at(w, at), text);
}

static vgrad_status print_total(const way *w, int32_t first, bool cut)
{
    char text[VGRAD__LOSS_TEXT];
    if (!w->known)
        return vgrad__print(w->sheet->write, w->sheet->user, "from %s to %s: %s\n",
                            name_at(w, w->last), name_at(w, first),
                            cut ? "nothing comes through" : "not known");
    vgrad__tell_loss(w->lost, worth_telling, text);
    return vgrad__print(w->sheet->write, w->sheet->user, "from %s to %s delta %s\n",
                        name_at(w, w->last), name_at(w, first), text);
}

/* Every hop, up to one that cuts, and the sum. */
static vgrad_status print_hops(way *w)
{
    vgrad_status status = VGRAD_OK;
    bool cut = false;
    int32_t first = w->last;
    begin(w);
    for (int32_t at = w->last; (at = anchor_before(w->path, at)) >= 0;) {
        first = at;
        if (cut || status != VGRAD_OK)
            continue;
        status = print_hop(w, at);
        cut = is_cut(hop_to(w, at));
    }
    return status == VGRAD_OK ? print_total(w, first, cut) : status;
}

vgrad_status vgrad__report_budget(const vgrad__sheet *sheet)
{
    const vgrad__scene *scene = &sheet->probe->scene;
    const long long step = (long long)vgrad__history_step(&scene->history, sheet->end - 1);
    way w = { .sheet = sheet, .path = &scene->path };
    w.last = anchor_before(w.path, w.path->count);
    if (w.last < 0 || anchor_before(w.path, w.last) < 0)
        return vgrad__print(sheet->write, sheet->user,
                            "step %lld: no two layers between which delta could lose\n", step);
    begin(&w);
    for (int32_t at = w.last; (at = anchor_before(w.path, at)) >= 0;)
        add(&w, hop_to(&w, at));
    vgrad_status status =
        vgrad__print(sheet->write, sheet->user,
                     "step %lld: delta from %s back, bars from %.2f to %.2f decades\n", step,
                     name_at(&w, w.last), w.low, w.high);
    return status == VGRAD_OK ? print_hops(&w) : status;
}
