/*
 * Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
 * (SC11). Ten rounds of two 32 x 32 -> 64 bit products over a 128-bit counter.
 */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { ROUNDS = 10, WORDS = 4 };

static const uint32_t multiplier[2] = { 0xD2511F53u, 0xCD9E8D57u };
static const uint32_t weyl[2] = { 0x9E3779B9u, 0xBB67AE85u };

void vgrad__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4] = { counter[0], counter[1], counter[2], counter[3] };
    uint32_t k[2] = { key[0], key[1] };
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)multiplier[0] * c[0];
        uint64_t p1 = (uint64_t)multiplier[1] * c[2];
        uint32_t next[4] = { (uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1,
                             (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0 };
        for (int i = 0; i < WORDS; i++)
            c[i] = next[i];
        k[0] += weyl[0];
        k[1] += weyl[1];
    }
    for (int i = 0; i < WORDS; i++)
        out[i] = c[i];
}

vgrad__random vgrad__random_stream(uint64_t seed, uint32_t purpose, uint32_t layer,
                                   uint32_t position)
{
    return (vgrad__random){ .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
                            .counter = { 0, purpose, layer, position },
                            .used = WORDS };
}

static uint64_t next_64(vgrad__random *random)
{
    if (random->used >= WORDS) {
        vgrad__philox(random->counter, random->key, random->block);
        random->counter[0]++;
        random->used = 0;
    }
    uint64_t low = random->block[random->used];
    uint64_t high = random->block[random->used + 1];
    random->used += 2;
    return high << 32 | low;
}

void vgrad__random_words(vgrad__random *random, uint32_t *out, int64_t count)
{
    for (int64_t i = 0; i < count; i += WORDS) {
        uint32_t block[WORDS];
        vgrad__philox(random->counter, random->key, block);
        random->counter[0]++;
        memcpy(out + i, block, (size_t)(count - i < WORDS ? count - i : WORDS) * sizeof *out);
    }
}

double vgrad__random_uniform(vgrad__random *random)
{
    return (double)(next_64(random) >> 11) * 0x1p-53;
}

/* Box and Muller (1958); of the pair only one is kept, so a stream has no hidden half. */
double vgrad__random_normal(vgrad__random *random)
{
    const double two_pi = 6.283185307179586;
    double radius = sqrt(-2.0 * log(1.0 - vgrad__random_uniform(random)));
    return radius * cos(two_pi * vgrad__random_uniform(random));
}

uint64_t vgrad__random_below(vgrad__random *random, uint64_t bound)
{
    /* Draws below 2^64 mod bound are one too many for their residue: drawn again. */
    uint64_t threshold = (0 - bound) % bound;
    uint64_t draw;
    do
        draw = next_64(random);
    while (draw < threshold);
    return draw % bound;
}

/* Fisher and Yates, in Durstenfeld's form (1964). */
void vgrad__random_permutation(vgrad__random *random, int64_t *order, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)vgrad__random_below(random, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
