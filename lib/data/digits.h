/* Handwritten-like digits, drawn one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_DIGITS_H
#define VGRAD_DATA_DIGITS_H

#include <stdint.h>

enum { VGRAD__DIGIT_SIDE = 28, VGRAD__DIGIT_PIXELS = VGRAD__DIGIT_SIDE * VGRAD__DIGIT_SIDE };

/* Image `index` (below 2^32) of the endless set that `seed` names: 28 x 28 grey values, 0
   background
   ... 255 ink, row-major; returns its digit, 0-9. A function of its two arguments alone. */
int vgrad__digit_draw(uint64_t seed, int64_t index, uint8_t pixels[VGRAD__DIGIT_PIXELS]);

#endif
