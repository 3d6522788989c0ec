/* Parts: datasets over the rows of another one, which they keep alive. */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"

/* The stream of split(): the generators have the lower numbers of this purpose. */
enum { SPLIT_STREAM = 32 };

static vgrad_status check_origin(const vgrad_dataset *from)
{
    if (!from)
        return vgrad__fail_null("from");
    if (vgrad__dataset_is_stream(from))
        return vgrad__fail(VGRAD_E_STATE, "from: a stream has no parts");
    return VGRAD_OK;
}

/* Whose arrays a set uses. */
static vgrad_dataset *holder_of_arrays(vgrad_dataset *set)
{
    while (set->origin)
        set = set->origin;
    return set;
}

/* Whose choice of rows a set uses, and with it the arrays; parts of parts make no chain. */
static vgrad_dataset *holder_of_choice(vgrad_dataset *set)
{
    return !set->chosen ? holder_of_arrays(set) : set->chosen_block ? set : set->origin;
}

/* A set of `rows` rows with the columns and settings of another, whose memory `holder` keeps; which
   rows is still open. */
static vgrad_dataset *new_part(vgrad_dataset *from, vgrad_dataset *holder, int64_t rows)
{
    vgrad_dataset *part = vgrad__dataset_new(rows, from->context);
    if (!part)
        return NULL;
    part->origin = vgrad__dataset_hold(holder);
    part->x = from->x;
    part->y = from->y;
    part->classes = from->classes;
    if (vgrad__scaling_copy(part, &from->scaling) == VGRAD_OK &&
        (!from->weights || vgrad__dataset_reserve_weights(part) == VGRAD_OK))
        return part;
    vgrad_dataset_destroy(part);
    return NULL;
}

/* Moves a column to its row `first`. */
static void advance(vgrad__column *column, int64_t first)
{
    vgrad_tensor *view = &column->array.view;
    int64_t size = (int64_t)vgrad__dtype_size((vgrad_dtype)view->dtype);
    if (column->width > 0)
        view->data = (const char *)view->data + first * view->strides[0] * size;
}

vgrad_status vgrad_dataset_slice(vgrad_dataset **out, vgrad_dataset *from, int64_t first,
                                 int64_t count)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = check_origin(from);
    if (status != VGRAD_OK)
        return status;
    if (first < 0 || count < 1 || first > from->rows || count > from->rows - first)
        return vgrad__fail(VGRAD_E_INVALID, "first, count: %lld rows from %lld on, of %lld",
                           (long long)count, (long long)first, (long long)from->rows);
    vgrad_dataset *part = *out = new_part(from, holder_of_choice(from), count);
    if (!part)
        return VGRAD_E_MEMORY;
    for (int64_t i = 0; from->weights && i < count; i++)
        part->weights[i] = from->weights[first + i];
    if (from->chosen) {
        part->chosen = from->chosen + first;
    } else {
        advance(&part->x, first);
        advance(&part->y, first);
    }
    return VGRAD_OK;
}

/* A part with room for its row numbers, which are those of the columns. */
static vgrad_dataset *new_choice(vgrad_dataset *from, int64_t rows)
{
    vgrad_dataset *part = new_part(from, holder_of_arrays(from), rows);
    if (!part)
        return NULL;
    part->chosen_block = vgrad__allocate(part->context, (size_t)rows, sizeof *part->chosen_block);
    part->chosen = part->chosen_block;
    if (part->chosen_block)
        return part;
    vgrad_dataset_destroy(part);
    return NULL;
}

static void choose(vgrad_dataset *part, const vgrad_dataset *from, const int64_t *rows)
{
    for (int64_t i = 0; i < part->rows; i++) {
        part->chosen_block[i] = from->chosen ? from->chosen[rows[i]] : rows[i];
        if (from->weights)
            part->weights[i] = from->weights[rows[i]];
    }
}

vgrad_status vgrad_dataset_take(vgrad_dataset **out, vgrad_dataset *from, const int64_t *rows,
                                int64_t count)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    vgrad_status status = check_origin(from);
    if (status != VGRAD_OK)
        return status;
    if (!rows)
        return vgrad__fail_null("rows");
    if (count < 1)
        return vgrad__fail(VGRAD_E_INVALID, "count: at least 1, got %lld", (long long)count);
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= from->rows)
            return vgrad__fail(VGRAD_E_INVALID, "rows[%lld]: 0 to %lld, got %lld", (long long)i,
                               (long long)from->rows - 1, (long long)rows[i]);
    vgrad_dataset *part = *out = new_choice(from, count);
    if (!part)
        return VGRAD_E_MEMORY;
    choose(part, from, rows);
    return VGRAD_OK;
}

vgrad_status vgrad_dataset_split(vgrad_dataset **first, vgrad_dataset **second, vgrad_dataset *from,
                                 int64_t count, uint64_t seed)
{
    if (first)
        *first = NULL;
    if (second)
        *second = NULL;
    if (!first || !second)
        return vgrad__fail_null(first ? "second" : "first");
    vgrad_status status = check_origin(from);
    if (status != VGRAD_OK)
        return status;
    if (count < 1 || count >= from->rows)
        return vgrad__fail(VGRAD_E_INVALID, "count: 1 to %lld of %lld rows, got %lld",
                           (long long)from->rows - 1, (long long)from->rows, (long long)count);
    int64_t *order = vgrad__allocate(from->context, (size_t)from->rows, sizeof *order);
    vgrad_dataset *a = order ? new_choice(from, count) : NULL;
    vgrad_dataset *b = a ? new_choice(from, from->rows - count) : NULL;
    if (b) {
        vgrad__random random = vgrad__random_stream(seed, VGRAD__RANDOM_DATA, SPLIT_STREAM, 0);
        vgrad__random_permutation(&random, order, from->rows);
        choose(a, from, order);
        choose(b, from, order + count);
        *first = a;
        *second = b;
    } else {
        vgrad_dataset_destroy(a);
    }
    vgrad__release(from->context, order, (size_t)from->rows, sizeof *order);
    return b ? VGRAD_OK : VGRAD_E_MEMORY;
}
