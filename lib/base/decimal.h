/* Decimal numbers in text, with a point, whatever locale the process or the thread is in. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_DECIMAL_H
#define VGRAD_BASE_DECIMAL_H

#include <vgrad/status.h>

/* What it takes to read them. */
typedef struct vgrad__decimals {
    void *locale;
} vgrad__decimals;

/* VGRAD_OK, or VGRAD_E_MEMORY with nothing to end. */
vgrad_status vgrad__decimals_begin(vgrad__decimals *decimals);
/* One of zeros only (never begun, or ended) is fine. */
void vgrad__decimals_end(vgrad__decimals *decimals);

/* What a text is. */
typedef enum vgrad__decimal {
    VGRAD__DECIMAL_FINITE,    /* such as 1, -.5, 2. and 1e-3 */
    VGRAD__DECIMAL_TOO_LARGE, /* the nearest double is infinite */
    VGRAD__DECIMAL_SPECIAL,   /* inf or nan, as strtod() reads them */
    VGRAD__DECIMAL_EMPTY,
    VGRAD__DECIMAL_TEXT /* anything else, hexadecimal numbers too */
} vgrad__decimal;

/* `text`, without spaces around it, as the nearest double (the even one of two); `*value` is set if
   it is finite. What is too small for a double becomes 0. */
vgrad__decimal vgrad__decimal_read(const vgrad__decimals *decimals, const char *text,
                                   double *value);

enum { VGRAD__DECIMAL_SIZE = 32 };
/* A whole number below 10^15 with all its digits, any other with nine; "nan", "inf" or "-inf".
   Returns `text`. */
const char *vgrad__decimal_text(double value, char text[VGRAD__DECIMAL_SIZE]);

#endif
