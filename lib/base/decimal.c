/* Decimal numbers in text. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* for strtod_l(), which no standard has yet */
#include "base/decimal.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
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

static const char *whole_text(double value, char text[VGRAD__DECIMAL_SIZE])
{
    char *at = text, digits[VGRAD__DECIMAL_SIZE];
    int count = 0;
    uint64_t left = (uint64_t)fabs(value);
    do
        digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (signbit(value))
        *at++ = '-';
    while (count > 0)
        *at++ = digits[--count];
    *at = '\0';
    return text;
}

const char *vgrad__decimal_text(double value, char text[VGRAD__DECIMAL_SIZE])
{
    if (!isfinite(value))
        return strcpy(text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    if (fabs(value) < 1e15 && value == floor(value))
        return whole_text(value, text);
    snprintf(text, VGRAD__DECIMAL_SIZE, "%.9g", value);
    /* What stands between the digits is the locale's point, which may be several bytes. */
    char *point = text + strspn(text, "0123456789+-e");
    if (*point == '\0')
        return text;
    const char *rest = point + strcspn(point, "0123456789");
    *point = '.';
    memmove(point + 1, rest, strlen(rest) + 1);
    return text;
}
