/* Decimal numbers in text. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* for strtod_l(), which no standard has yet */
#include "base/decimal.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

vgrad_status vgrad__decimals_begin(vgrad__decimals *decimals)
{
    decimals->locale = newlocale(LC_ALL_MASK, "C", NULL);
    return decimals->locale ? VGRAD_OK : vgrad__fail(VGRAD_E_MEMORY, "no memory for a locale");
}

void vgrad__decimals_end(vgrad__decimals *decimals)
{
    if (decimals->locale)
        freelocale(decimals->locale);
    decimals->locale = NULL;
}

vgrad__decimal vgrad__decimal_read(const vgrad__decimals *decimals, const char *text, double *value)
{
    char *end;
    if (*text == '\0')
        return VGRAD__DECIMAL_EMPTY;
    double nearest = strtod_l(text, &end, decimals->locale);
    if (*end != '\0')
        return VGRAD__DECIMAL_TEXT;
    /* strtod() takes spaces before a number, hexadecimal ones, inf and nan too; none of them is
       made of these characters alone. */
    if (text[strspn(text, "0123456789+-.eE")] != '\0')
        return isfinite(nearest) ? VGRAD__DECIMAL_TEXT : VGRAD__DECIMAL_SPECIAL;
    if (isinf(nearest))
        return VGRAD__DECIMAL_TOO_LARGE;
    *value = nearest;
    return VGRAD__DECIMAL_FINITE;
}
