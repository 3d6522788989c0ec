/* Visits that are made of others. */
/* SPDX-License-Identifier: MIT */
#include "base/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

enum { TEXT_SIZE = 192, TEXT_MOST = 128 };

void vgrad__visit_flag(vgrad__fields *f, const char *name, bool *value)
{
    int64_t flag = *value;
    f->way->integer(f, name, &flag, 0, 1);
    *value = flag != 0;
}

/* As text: JSON's numbers are doubles to many. */
void vgrad__visit_seed(vgrad__fields *f, const char *name, uint64_t *value)
{
    char text[VGRAD__WORD_SIZE], again[VGRAD__WORD_SIZE];
    uint64_t seed = 0;
    snprintf(text, sizeof text, "%" PRIu64, *value);
    f->way->text(f, name, text, sizeof text);
    for (const char *c = text; *c >= '0' && *c <= '9'; c++)
        seed = seed * 10 + (uint64_t)(*c - '0');
    snprintf(again, sizeof again, "%" PRIu64, seed);
    if (strcmp(text, again) != 0)
        f->way->refuse(f, VGRAD_E_FORMAT, name, "the digits of a number of 64 bits");
    *value = seed;
}

void vgrad__visit_number(vgrad__fields *f, const char *name, double *value, double low, double high)
{
    char why[TEXT_SIZE];
    f->way->real(f, name, value);
    if (vgrad__number_fits(*value, low, high, false))
        return;
    snprintf(why, sizeof why, "a number from %g to %g, got %g", low, high, *value);
    f->way->refuse(f, VGRAD_E_FORMAT, name, why);
}

void vgrad__visit_same(vgrad__fields *f, const char *name, int64_t value)
{
    char why[TEXT_SIZE];
    int64_t found = value;
    f->way->integer(f, name, &found, INT64_MIN, INT64_MAX);
    snprintf(why, sizeof why, "%lld here, %lld there", (long long)value, (long long)found);
    if (found != value)
        f->way->refuse(f, VGRAD_E_INVALID, name, why);
}

void vgrad__visit_same_real(vgrad__fields *f, const char *name, double value)
{
    char why[TEXT_SIZE];
    double found = value;
    f->way->real(f, name, &found);
    snprintf(why, sizeof why, "%.9g here, %.9g there", value, found);
    if (found != value && !(found != found && value != value))
        f->way->refuse(f, VGRAD_E_INVALID, name, why);
}

void vgrad__visit_same_text(vgrad__fields *f, const char *name, const char *value)
{
    char why[TEXT_SIZE], found[TEXT_MOST];
    snprintf(found, sizeof found, "%s", value);
    f->way->text(f, name, found, sizeof found);
    snprintf(why, sizeof why, "\"%.64s\" here, \"%.64s\" there", value, found);
    if (strcmp(found, value) != 0)
        f->way->refuse(f, VGRAD_E_INVALID, name, why);
}

bool vgrad__visit_same_presence(vgrad__fields *f, const char *name, bool here)
{
    const bool there = f->way->has(f, name, here);
    if (there != here)
        f->way->refuse(f, VGRAD_E_INVALID, name, here ? "here, but not there" : "not here");
    return here;
}

void vgrad__visit_same_count(vgrad__fields *f, const char *name, int64_t count)
{
    char why[TEXT_SIZE];
    const int64_t found = f->way->open_list(f, name, count);
    snprintf(why, sizeof why, "%lld of them here, %lld there", (long long)count, (long long)found);
    if (found != count)
        f->way->refuse(f, VGRAD_E_INVALID, NULL, why);
}
