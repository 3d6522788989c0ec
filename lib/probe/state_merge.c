/* Reading what another probe has seen of this step, and adding it: see state.h. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/bytes.h"
#include "probe/figures.h"
#include "probe/state.h"

/*
 * A state is gone over twice: bytes from anywhere are checked, and room is made, before the first
 * of them is added. What does not stand to reason sets from.failed.
 */
typedef struct merging {
    vgrad_probe *probe;
    vgrad__reader from;
    bool apply;
    vgrad_status status; /* of what else went wrong, such as no memory */
} merging;

/* Marks the bytes as damaged, unless it holds. */
static bool expect(merging *m, bool holds)
{
    m->from.failed |= !holds;
    return !m->from.failed;
}

/* Whether a count can be added to one that is there. */
static bool is_countable(int64_t mine, int64_t more)
{
    return more >= 0 && more <= INT64_MAX - mine;
}

/* ---- moments ---- */

static vgrad__moments take_moments(merging *m)
{
    vgrad__reader *r = &m->from;
    vgrad__moments more = { .count = vgrad__take_whole(r), .finite = 0 };
    more.finite = vgrad__take_whole(r);
    more.zeros = vgrad__take_whole(r);
    more.nans = vgrad__take_whole(r);
    const int64_t exponent = vgrad__take_whole(r);
    more.exponent = (int32_t)exponent;
    double *const sums[] = { &more.mean,    &more.mean_rest, &more.m2,
                             &more.sum_abs, &more.min,       &more.max };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] = vgrad__take_real(r);
    expect(m, exponent == more.exponent && vgrad__moments_are_sound(&more));
    return more;
}

/* *mine becomes the moments of both. */
static void add_moments(merging *m, vgrad__moments *mine, const vgrad__moments *more)
{
    if (expect(m, is_countable(mine->count, more->count)) && m->apply)
        vgrad__moments_merge(mine, more);
}

static void read_sight(merging *m, vgrad__probe_layer *layer, int32_t place)
{
    vgrad__history *history = &m->probe->scene.history;
    const int64_t there = vgrad__take_whole(&m->from);
    if (!expect(m, there == 0 || there == 1) || !there)
        return;
    const vgrad__moments more = take_moments(m);
    if (!layer->in_look || layer->series[place] < 0)
        return;
    const size_t series = (size_t)layer->series[place];
    const vgrad__moments *mine = vgrad__history_at(history, series, history->looks - 1);
    vgrad__moments sum = mine ? *mine : (vgrad__moments){ 0 };
    add_moments(m, &sum, &more);
    if (!m->apply)
        return;
    vgrad__history_add(history, series, &sum);
    if (vgrad__watchable_role(place) == VGRAD_KERNEL_UPDATE) /* what was lost elsewhere? */
        vgrad__scene_figures(&m->probe->scene, (size_t)(layer - m->probe->scene.layers),
                             history->looks - 1)[VGRAD__UPDATES_LOST] = (double)NAN;
    if (vgrad__watchable_role(place) == VGRAD_KERNEL)
        layer->signal.kernel_norm = vgrad__moments_read(&sum, VGRAD_L2);
    if (vgrad__watchable_role(place) == VGRAD_KERNEL_GRADIENT)
        layer->signal.kernel_gradient_norm = vgrad__moments_read(&sum, VGRAD_L2);
}

/* ---- closer looks ---- */

static void read_histogram(merging *m, const vgrad__probe_layer *layer, vgrad__closeup *closeup)
{
    uint64_t numbers[VGRAD__HISTOGRAM_NUMBERS];
    vgrad__histogram more;
    const int64_t there = vgrad__take_whole(&m->from);
    if (!expect(m, there == 0 || there == 1) || !there)
        return;
    for (int i = 0; i < VGRAD__HISTOGRAM_NUMBERS; i++)
        numbers[i] = (uint64_t)vgrad__take_whole(&m->from);
    memcpy(&more, numbers, sizeof more);
    if (!expect(m, vgrad__histogram_is_sound(&more)) || !closeup->histogram || !layer->counts)
        return;
    if (closeup->counted_now)
        expect(m, is_countable(vgrad__histogram_count(closeup->histogram),
                               vgrad__histogram_count(&more)));
    if (m->apply)
        vgrad__closeup_add_histogram(closeup, &more);
}

/* Room for units, to which others are added one by one: then both are as many. */
static vgrad_status prepare_units(const merging *m, vgrad__probe_layer *layer, int32_t i,
                                  int64_t count)
{
    vgrad__closeup *closeup = &layer->closeups[i];
    const vgrad_role role = vgrad__closeup_role(i);
    if (closeup->units_seen_now && closeup->unit_count != count)
        return vgrad__fail(
            VGRAD_E_FORMAT, "state: %lld units of %s of layer \"%s\", the probe saw %lld",
            (long long)count, vgrad_role_name(role), layer->name, (long long)closeup->unit_count);
    if (!m->apply)
        return vgrad__closeup_reserve(m->probe, layer, role, count);
    if (!closeup->units_seen_now)
        vgrad__closeup_begin_units(closeup, count);
    return VGRAD_OK;
}

static void read_units(merging *m, vgrad__probe_layer *layer, int32_t i)
{
    const size_t unit_size = 11 * 8;
    const vgrad__closeup *closeup = &layer->closeups[i];
    const bool wanted =
        layer->sees_units && layer->series[vgrad__watchable(vgrad__closeup_role(i))] >= 0;
    const int64_t count = vgrad__take_whole(&m->from);
    if (!expect(m, count >= -1 && count <= (int64_t)(m->from.left / unit_size)) || count < 0)
        return;
    if (wanted && m->status == VGRAD_OK)
        m->status = prepare_units(m, layer, i, count);
    for (int64_t unit = 0; unit < count && m->status == VGRAD_OK; unit++) {
        const vgrad__moments more = take_moments(m);
        vgrad__moments none = { 0 };
        add_moments(m, wanted && closeup->units_seen_now ? &closeup->units[unit] : &none, &more);
    }
}

/* ---- rows ---- */

/* Of rows in bytes: how many, and where the first that is odd stands. */
typedef struct rows_read {
    int64_t count, odd_row, odd_column;
    vgrad__reader norms;
} rows_read;

static rows_read take_rows(merging *m)
{
    vgrad__reader *r = &m->from;
    rows_read rows = { .count = vgrad__take_whole(r) };
    rows.odd_row = vgrad__take_whole(r);
    rows.odd_column = vgrad__take_whole(r);
    if (!expect(m, rows.count >= 0 && rows.count <= (int64_t)(r->left / 8) && rows.odd_row >= -1 &&
                       rows.odd_row < rows.count && rows.odd_column >= -1))
        rows.count = 0;
    rows.norms = *r;
    for (int64_t i = 0; i < rows.count; i++) /* NaN: of a row that is not finite */
        expect(m, !(vgrad__take_real(r) < 0));
    return rows;
}

static vgrad_status reserve_rows(const vgrad_probe *probe, vgrad__row_norms *rows, int64_t more)
{
    const int64_t count = rows->count + more;
    if (count <= rows->capacity)
        return VGRAD_OK;
    double *norms = vgrad__allocate(probe->context, (size_t)count, sizeof *norms);
    if (!norms)
        return VGRAD_E_MEMORY;
    if (rows->count > 0)
        memcpy(norms, rows->norms, (size_t)rows->count * sizeof *norms);
    vgrad__release(probe->context, rows->norms, (size_t)rows->capacity, sizeof *rows->norms);
    rows->norms = norms;
    rows->capacity = count;
    return VGRAD_OK;
}

/* They come after those that are there. */
static void add_rows(vgrad__row_norms *rows, rows_read *more)
{
    if (more->count == 0)
        return;
    if (rows->count == 0)
        rows->odd_row = rows->odd_column = -1;
    if (rows->odd_row < 0 && more->odd_row >= 0) {
        rows->odd_row = rows->count + more->odd_row;
        rows->odd_column = more->odd_column;
    }
    for (int64_t i = 0; i < more->count; i++)
        rows->norms[rows->count++] = vgrad__take_real(&more->norms);
}

/* Whether this look is to see, beside moments, what a role tells of the budget. */
static bool is_wanted(const merging *m, const vgrad__probe_layer *layer, vgrad_role role)
{
    return m->probe->look.closer && layer->in_look && layer->series[vgrad__watchable(role)] >= 0;
}

static void read_rows(merging *m, const vgrad__probe_layer *layer, vgrad_role role,
                      vgrad__row_norms *rows)
{
    rows_read more = take_rows(m);
    if (!is_wanted(m, layer, role))
        return;
    if (m->apply)
        add_rows(rows, &more);
    else if (m->status == VGRAD_OK)
        m->status = reserve_rows(m->probe, rows, more.count);
}

static void read_derivatives(merging *m, vgrad__probe_layer *layer)
{
    vgrad__signal *signal = &layer->signal;
    const int64_t count = vgrad__take_whole(&m->from);
    const double squares = vgrad__take_real(&m->from);
    const unsigned char *alive = vgrad__take(&m->from, (size_t)layer->units);
    expect(m, is_countable(signal->derivatives, count) && !(squares < 0));
    for (int64_t unit = 0; alive && unit < layer->units; unit++)
        expect(m, alive[unit] <= 1);
    if (!m->apply || !is_wanted(m, layer, VGRAD_PREACTIVATION))
        return;
    signal->derivatives += count;
    signal->derivative_squares += squares;
    for (int64_t unit = 0; unit < layer->units; unit++)
        signal->alive_now[unit] |= alive[unit];
}

/* ---- all of it ---- */

static bool is_of_layer(merging *m, const vgrad__probe_layer *layer)
{
    const unsigned char *name = vgrad__take(&m->from, sizeof layer->name);
    const int64_t mine[] = { (int64_t)layer->kind, (int64_t)layer->activation, layer->fan_in,
                             layer->fan_out };
    bool same = name && memcmp(name, layer->name, sizeof layer->name) == 0;
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        same &= vgrad__take_whole(&m->from) == mine[i];
    return same;
}

static vgrad_status read_layer(merging *m, vgrad__probe_layer *layer)
{
    if (!is_of_layer(m, layer))
        return vgrad__fail(VGRAD_E_FORMAT,
                           "state: not of layer \"%s\" (kind %d, activation %d, %lld to %lld)",
                           layer->name, (int)layer->kind, (int)layer->activation,
                           (long long)layer->fan_in, (long long)layer->fan_out);
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
        read_sight(m, layer, place);
    for (int32_t i = 0; i < VGRAD__CLOSEUPS; i++) {
        read_histogram(m, layer, &layer->closeups[i]);
        read_units(m, layer, i);
    }
    read_rows(m, layer, VGRAD_INPUT, &layer->signal.input);
    read_rows(m, layer, VGRAD_DELTA, &layer->signal.delta);
    read_derivatives(m, layer);
    if (m->status == VGRAD_OK && m->from.failed)
        return vgrad__fail(VGRAD_E_FORMAT,
                           "state: of layer \"%s\" it has what no probe of these layers can have "
                           "seen beside this one",
                           layer->name);
    return m->status;
}

static vgrad_status read_state(vgrad_probe *probe, vgrad__reader from, bool apply)
{
    vgrad__scene *scene = &probe->scene;
    merging m = { probe, from, apply, VGRAD_OK };
    const int64_t step = vgrad__take_whole(&m.from), rows = vgrad__take_whole(&m.from);
    const int64_t layers = vgrad__take_whole(&m.from);
    vgrad_status status = VGRAD_OK;
    if (step != probe->look.step)
        return vgrad__fail(VGRAD_E_FORMAT, "state: of step %lld, the probe is at %lld",
                           (long long)step, (long long)probe->look.step);
    if (layers != (int64_t)scene->layer_count)
        return vgrad__fail(VGRAD_E_FORMAT, "state: of %lld layers, the probe has %zu",
                           (long long)layers, scene->layer_count);
    if (!is_countable(probe->look.rows, rows))
        return vgrad__fail(VGRAD_E_FORMAT, "state: of %lld rows", (long long)rows);
    for (size_t i = 0; i < scene->layer_count && status == VGRAD_OK; i++)
        status = read_layer(&m, &scene->layers[i]);
    if (status == VGRAD_OK && m.from.left > 0)
        return vgrad__fail(VGRAD_E_FORMAT, "state: %zu bytes too many", m.from.left);
    if (status == VGRAD_OK && apply)
        probe->look.rows += rows;
    return status;
}

/* VGRAD_OK if it is a whole state, as it was written; *body is what is between version and
   checksum. */
static vgrad_status check_frame(const void *state, size_t size, vgrad__reader *body)
{
    *body = (vgrad__reader){ state, size, false };
    const unsigned char *head = vgrad__take(body, VGRAD__STATE_MAGIC);
    const int64_t version = vgrad__take_whole(body);
    if (body->failed || memcmp(head, vgrad__state_magic, VGRAD__STATE_MAGIC) != 0)
        return vgrad__fail(VGRAD_E_FORMAT, "state: not one of a probe");
    if (version != VGRAD__STATE_VERSION)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "state: version %d is known, got %lld",
                           (int)VGRAD__STATE_VERSION, (long long)version);
    if (body->left < VGRAD__STATE_SUM)
        return vgrad__fail(VGRAD_E_FORMAT, "state: cut short after %zu bytes", size);
    body->left -= VGRAD__STATE_SUM;
    vgrad__reader end = { body->at + body->left, VGRAD__STATE_SUM, false };
    if ((uint64_t)vgrad__take_whole(&end) != vgrad__checksum(state, size - VGRAD__STATE_SUM))
        return vgrad__fail(VGRAD_E_FORMAT, "state: cut short, or damaged: its checksum is wrong");
    return VGRAD_OK;
}

vgrad_status vgrad_probe_merge(vgrad_probe *probe, const void *state, size_t size)
{
    vgrad__reader body;
    vgrad_status status = vgrad__check_looking(probe);
    if (status != VGRAD_OK)
        return status;
    if (!state)
        return vgrad__fail_null("state");
    status = check_frame(state, size, &body);
    if (status == VGRAD_OK)
        status = read_state(probe, body, false);
    return status == VGRAD_OK ? read_state(probe, body, true) : status;
}
