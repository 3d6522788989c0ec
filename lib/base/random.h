/* Random streams: Philox4x32-10, a function of (seed, purpose, layer, position) alone. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_RANDOM_H
#define VGRAD_BASE_RANDOM_H

#include <stdint.h>

/* What a stream is for. The numbers decide what is drawn: they are never changed. */
enum {
    VGRAD__RANDOM_DATA = 1,
    VGRAD__RANDOM_INITIALIZER = 2,
    VGRAD__RANDOM_SHUFFLE = 3,
    VGRAD__RANDOM_CHECK = 4,
    VGRAD__RANDOM_DROPOUT = 5
};

typedef struct vgrad__random {
    uint32_t key[2];
    uint32_t counter[4]; /* block, purpose, layer, position */
    uint32_t block[4];   /* of the counter before */
    int used;            /* words of `block` that are gone */
} vgrad__random;

/* One block of Philox4x32-10, as the paper's tables have it. */
void vgrad__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* `layer` and `position` tell streams of one purpose apart. Streams are 2^34 words long. */
vgrad__random vgrad__random_stream(uint64_t seed, uint32_t purpose, uint32_t layer,
                                   uint32_t position);

/* Uniform on [0, 1), 53 bits. */
double vgrad__random_uniform(vgrad__random *random);
/* Whole blocks of four words; what the last one has more than `count` is lost. */
void vgrad__random_words(vgrad__random *random, uint32_t *out, int64_t count);
/* Standard normal. */
double vgrad__random_normal(vgrad__random *random);
/* Uniform on 0 ... bound - 1, without bias; bound at least 1. */
uint64_t vgrad__random_below(vgrad__random *random, uint64_t bound);
/* Fills `order` with 0 ... count - 1 in random order. */
void vgrad__random_permutation(vgrad__random *random, int64_t *order, int64_t count);

#endif
