/*
 * What a probe has seen of a step, as bytes, so that parts of a step that were seen elsewhere
 * become one: little-endian, numbers of 8 bytes each,
 *
 *     "VGRDLOOK", version 1, the number of layers; for each layer
 *         its name (64 bytes), units
 *         for each role that can be watched: 1 and 12 numbers of its moments, or 0
 *         rows of input: count, norms; rows of delta: likewise
 *         elements of f' and the sum of their squares; a byte for each unit: 1 if it lives
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/figures.h"
#include "probe/probe.h"

static const char magic[8] = { 'V', 'G', 'R', 'D', 'L', 'O', 'O', 'K' };
enum { VERSION = 1, NAME = 64 };

/* ---- writing ---- */

/* Counts what does not fit, and writes what does. */
typedef struct writer {
    unsigned char *out;
    size_t capacity, size;
} writer;

static void put(writer *w, const void *bytes, size_t count)
{
    if (w->out && w->size + count <= w->capacity)
        memcpy(w->out + w->size, bytes, count);
    w->size += count;
}

static void put_whole(writer *w, int64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> 8 * i);
    put(w, bytes, sizeof bytes);
}

static void put_real(writer *w, double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_whole(w, bits);
}

static void put_moments(writer *w, const vgrad__moments *m)
{
    put_whole(w, m != NULL);
    if (!m)
        return;
    const int64_t counts[] = { m->count, m->finite, m->zeros, m->nans, m->exponent };
    const double sums[] = { m->mean, m->mean_rest, m->m2, m->sum_abs, m->min, m->max };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        put_whole(w, counts[i]);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        put_real(w, sums[i]);
}

static void put_rows(writer *w, const vgrad__row_norms *rows)
{
    put_whole(w, rows->count);
    put_whole(w, rows->odd_row);
    put_whole(w, rows->odd_column);
    for (int64_t i = 0; i < rows->count; i++)
        put_real(w, rows->norms[i]);
}

static void put_layer(writer *w, const vgrad__scene *scene, const vgrad__probe_layer *layer)
{
    char name[NAME] = { 0 };
    memcpy(name, layer->name, strlen(layer->name));
    put(w, name, sizeof name);
    put_whole(w, layer->units);
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++)
        put_moments(w, layer->series[place] < 0
                           ? NULL
                           : vgrad__history_at(&scene->history, (size_t)layer->series[place],
                                               scene->history.looks - 1));
    put_rows(w, &layer->signal.input);
    put_rows(w, &layer->signal.delta);
    put_whole(w, layer->signal.derivatives);
    put_real(w, layer->signal.derivative_squares);
    put(w, layer->signal.alive, (size_t)layer->units);
}

/* VGRAD_OK within a step that is looked at. */
static vgrad_status check_looking(const vgrad_probe *probe)
{
    if (!probe)
        return vgrad__fail_null("probe");
    if (!probe->declaring || !probe->look.in_step || !probe->look.open)
        return vgrad__fail(VGRAD_E_STATE, "probe: not within a step that it looks at");
    return VGRAD_OK;
}

vgrad_status vgrad_probe_serialize(const vgrad_probe *probe, void *out, size_t capacity,
                                   size_t *size)
{
    vgrad_status status = check_looking(probe);
    if (status != VGRAD_OK)
        return status;
    if (!size)
        return vgrad__fail_null("size");
    const vgrad__scene *scene = &probe->scene;
    writer w = { out, capacity, 0 };
    put(&w, magic, sizeof magic);
    put_whole(&w, VERSION);
    put_whole(&w, probe->look.rows);
    put_whole(&w, (int64_t)scene->layer_count);
    for (size_t i = 0; i < scene->layer_count; i++)
        put_layer(&w, scene, &scene->layers[i]);
    *size = w.size;
    if (out && w.size > capacity)
        return vgrad__fail(VGRAD_E_INVALID, "capacity: the state has %zu bytes, got %zu", w.size,
                           capacity);
    return VGRAD_OK;
}

/* ---- reading ---- */

/* Reads 0 once it has come to the end too early. */
typedef struct reader {
    const unsigned char *at;
    size_t left;
    bool failed;
} reader;

static const unsigned char *take(reader *r, size_t count)
{
    if (r->failed || count > r->left) {
        r->failed = true;
        return NULL;
    }
    r->at += count;
    r->left -= count;
    return r->at - count;
}

static int64_t take_whole(reader *r)
{
    const unsigned char *bytes = take(r, 8);
    uint64_t value = 0;
    for (int i = 0; bytes && i < 8; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return (int64_t)value;
}

static double take_real(reader *r)
{
    const int64_t bits = take_whole(r);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* False: there are none. */
static bool take_moments(reader *r, vgrad__moments *m)
{
    const int64_t there = take_whole(r);
    r->failed |= there != 0 && there != 1;
    if (there != 1)
        return false;
    *m = (vgrad__moments){ .count = take_whole(r), .finite = 0 };
    m->finite = take_whole(r);
    m->zeros = take_whole(r);
    m->nans = take_whole(r);
    const int64_t exponent = take_whole(r), most = 1100;
    m->exponent = (int32_t)exponent;
    double *const sums[] = { &m->mean, &m->mean_rest, &m->m2, &m->sum_abs, &m->min, &m->max };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] = take_real(r);
    r->failed |= m->count < 0 || m->count > INT64_MAX / 4 || m->finite < 0 ||
                 m->finite > m->count || m->zeros < 0 || m->zeros > m->finite || m->nans < 0 ||
                 m->nans > m->count || exponent < -most || exponent > most;
    r->failed = r->failed || m->nans > m->count - m->finite;
    return !r->failed;
}

/* Of rows in bytes: how many, and where the first that is odd stands. */
typedef struct rows_read {
    int64_t count, odd_row, odd_column;
    const unsigned char *norms;
} rows_read;

static rows_read take_rows(reader *r)
{
    rows_read rows = { .count = take_whole(r) };
    rows.odd_row = take_whole(r);
    rows.odd_column = take_whole(r);
    r->failed |= rows.count < 0 || rows.count > (int64_t)(r->left / 8) || rows.odd_row < -1 ||
                 rows.odd_row >= rows.count || rows.odd_column < -1;
    rows.norms = r->failed ? NULL : take(r, (size_t)rows.count * 8);
    return rows;
}

/* ---- merging ---- */

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
static void add_rows(vgrad__row_norms *rows, const rows_read *more)
{
    reader r = { more->norms, (size_t)more->count * 8, false };
    if (more->count == 0)
        return;
    if (rows->count == 0)
        rows->odd_row = rows->odd_column = -1;
    if (rows->odd_row < 0 && more->odd_row >= 0) {
        rows->odd_row = rows->count + more->odd_row;
        rows->odd_column = more->odd_column;
    }
    for (int64_t i = 0; i < more->count; i++)
        rows->norms[rows->count++] = take_real(&r);
}

static void add_moments(vgrad_probe *probe, vgrad__probe_layer *layer, int32_t place,
                        const vgrad__moments *more)
{
    vgrad__history *history = &probe->scene.history;
    const size_t series = (size_t)layer->series[place];
    const vgrad__moments *mine = vgrad__history_at(history, series, history->looks - 1);
    vgrad__moments sum = mine ? *mine : (vgrad__moments){ 0 };
    vgrad__moments_merge(&sum, more);
    vgrad__history_add(history, series, &sum);
    if (vgrad__watchable_role(place) == VGRAD_KERNEL_UPDATE) /* what was lost elsewhere? */
        vgrad__scene_figures(&probe->scene, (size_t)(layer - probe->scene.layers),
                             history->looks - 1)[VGRAD__UPDATES_LOST] = (double)NAN;
    if (vgrad__watchable_role(place) == VGRAD_KERNEL)
        layer->signal.kernel_norm = vgrad__moments_read(&sum, VGRAD_L2);
    if (vgrad__watchable_role(place) == VGRAD_KERNEL_GRADIENT)
        layer->signal.kernel_gradient_norm = vgrad__moments_read(&sum, VGRAD_L2);
}

/* Checks the bytes of one layer; with `apply` they were checked before, and are added. */
static vgrad_status read_layer(vgrad_probe *probe, vgrad__probe_layer *layer, reader *r, bool apply)
{
    const unsigned char *name = take(r, NAME);
    vgrad__signal *signal = &layer->signal;
    const int64_t units = take_whole(r);
    if (r->failed || name[NAME - 1] != 0 || strcmp((const char *)name, layer->name) != 0 ||
        units != layer->units)
        return vgrad__fail(VGRAD_E_FORMAT, "state: not of layer \"%s\" with %lld units",
                           layer->name, (long long)layer->units);
    for (int32_t place = 0; place < VGRAD__WATCHABLE; place++) {
        vgrad__moments more;
        if (take_moments(r, &more) && apply && layer->series[place] >= 0)
            add_moments(probe, layer, place, &more);
    }
    const rows_read input = take_rows(r), delta = take_rows(r);
    const int64_t derivatives = take_whole(r);
    const double squares = take_real(r);
    const unsigned char *alive = take(r, (size_t)units);
    if (r->failed || derivatives < 0 || derivatives > INT64_MAX / 4)
        return vgrad__fail(VGRAD_E_FORMAT, "state: cut short, or damaged, in layer \"%s\"",
                           layer->name);
    if (!apply) {
        vgrad_status status = reserve_rows(probe, &signal->input, input.count);
        return status == VGRAD_OK ? reserve_rows(probe, &signal->delta, delta.count) : status;
    }
    add_rows(&signal->input, &input);
    add_rows(&signal->delta, &delta);
    signal->derivatives += derivatives;
    signal->derivative_squares += squares;
    for (int64_t unit = 0; unit < units; unit++)
        signal->alive[unit] |= alive[unit] != 0;
    return VGRAD_OK;
}

static vgrad_status read_state(vgrad_probe *probe, reader r, bool apply)
{
    const unsigned char *head = take(&r, sizeof magic);
    const int64_t version = take_whole(&r), rows = take_whole(&r), layers = take_whole(&r);
    vgrad_status status = VGRAD_OK;
    if (r.failed || memcmp(head, magic, sizeof magic) != 0)
        return vgrad__fail(VGRAD_E_FORMAT, "state: not one of a probe");
    if (version != VERSION)
        return vgrad__fail(VGRAD_E_UNSUPPORTED, "state: version %d is known, got %lld", VERSION,
                           (long long)version);
    if (layers != (int64_t)probe->scene.layer_count || rows < 0 || rows > INT64_MAX / 4)
        return vgrad__fail(VGRAD_E_FORMAT, "state: of %lld layers, the probe has %zu",
                           (long long)layers, probe->scene.layer_count);
    for (size_t i = 0; i < probe->scene.layer_count && status == VGRAD_OK; i++)
        status = read_layer(probe, &probe->scene.layers[i], &r, apply);
    if (status == VGRAD_OK && r.left > 0)
        return vgrad__fail(VGRAD_E_FORMAT, "state: %zu bytes too many", r.left);
    if (status == VGRAD_OK && apply)
        probe->look.rows += rows;
    return status;
}

vgrad_status vgrad_probe_merge(vgrad_probe *probe, const void *state, size_t size)
{
    vgrad_status status = check_looking(probe);
    if (status != VGRAD_OK)
        return status;
    if (!state)
        return vgrad__fail_null("state");
    const reader r = { state, size, false };
    status = read_state(probe, r, false);
    return status == VGRAD_OK ? read_state(probe, r, true) : status;
}
