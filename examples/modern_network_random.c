/* NumPy's RandomState: the Mersenne Twister (Matsumoto and Nishimura 1998, "Mersenne Twister") and
   normal numbers by the polar method (Marsaglia and Bray 1964). */
/* SPDX-License-Identifier: MIT */
#include "modern_network_random.h"

#include <math.h>

enum { SHIFT = 397 };

void numpy_seed(numpy_random *r, uint32_t seed)
{
    r->words[0] = seed;
    for (uint32_t i = 1; i < NUMPY_WORDS; i++) {
        uint32_t before = r->words[i - 1];
        r->words[i] = 1812433253U * (before ^ before >> 30) + i;
    }
    r->next = NUMPY_WORDS;
    r->has_spare = false;
}

/* x[k + n] = x[k + m] ^ (upper bit of x[k], lower bits of x[k + 1]) A, for the whole state. */
static void twist(uint32_t words[NUMPY_WORDS])
{
    for (int k = 0; k < NUMPY_WORDS; k++) {
        uint32_t y = (words[k] & 0x80000000U) | (words[(k + 1) % NUMPY_WORDS] & 0x7fffffffU);
        words[k] = words[(k + SHIFT) % NUMPY_WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfU : 0);
    }
}

static uint32_t next_word(numpy_random *r)
{
    if (r->next == NUMPY_WORDS) {
        twist(r->words);
        r->next = 0;
    }
    uint32_t y = r->words[r->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680U;
    y ^= y << 15 & 0xefc60000U;
    return y ^ y >> 18;
}

/* On [0, 1), of 27 and 26 bits of two words. */
static double next_uniform(numpy_random *r)
{
    double high = next_word(r) >> 5, low = next_word(r) >> 6;
    return (high * 67108864 + low) / 9007199254740992;
}

static double next_normal(numpy_random *r)
{
    double a, b, square;
    if (r->has_spare) {
        r->has_spare = false;
        return r->spare;
    }
    do {
        a = 2 * next_uniform(r) - 1;
        b = 2 * next_uniform(r) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    double factor = sqrt(-2 * log(square) / square);
    r->has_spare = true;
    r->spare = factor * a;
    return factor * b;
}

void numpy_randn(numpy_random *r, double *out, size_t count, double scale)
{
    for (size_t i = 0; i < count; i++)
        out[i] = next_normal(r) * scale;
}
