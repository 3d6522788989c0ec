/* An allocator that watches what the library does with it, and that fails when told to. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_ALLOCATOR_H
#define VGRAD_TESTS_ALLOCATOR_H

#include <stdbool.h>
#include <vgrad/context.h>

typedef struct allocator {
    long calls;    /* of alloc, since it was armed */
    long fail_at;  /* this call fails, from 1; 0: none */
    bool for_good; /* and every call after it */
    long failed;
    long blocks;   /* alive */
    size_t bytes;  /* alive */
    long mistakes; /* sizes of 0, odd alignments, blocks given back with another size */
} allocator;

/* For vgrad_context_create(), with an allocator as `user`. */
void *allocator_alloc(size_t size, size_t alignment, void *user);
void allocator_release(void *block, size_t size, void *user);

/* Counts anew; the n-th call from now fails, with `for_good` also those after it. */
void allocator_arm(allocator *a, long n, bool for_good);
/* No call fails any more. */
void allocator_disarm(allocator *a);

/* Nothing: a place for a breakpoint, called at the first fault after arming. */
void allocator_faults_here(void);

#endif
