/* NumPy's numbers of np.random.seed() and np.random.randn(), so that a published run can be
   repeated digit for digit. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_MODERN_NETWORK_RANDOM_H
#define EXAMPLES_MODERN_NETWORK_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMPY_WORDS = 624 };

typedef struct numpy_random {
    uint32_t words[NUMPY_WORDS]; /* The state of MT19937. */
    int next;                    /* The word to give out; NUMPY_WORDS: make new ones. */
    bool has_spare;              /* The polar method makes two normal numbers at a time. */
    double spare;
} numpy_random;

/* np.random.seed(seed). */
void numpy_seed(numpy_random *r, uint32_t seed);

/* np.random.randn(count) times `scale`. */
void numpy_randn(numpy_random *r, double *out, size_t count, double scale);

#endif
