/* SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <stdlib.h>
#include <string.h>

/* In front of every block, and as large as the alignment that the block must have. */
enum { HEADER_SIZE = 64, FRESH = 0xa5, STALE = 0x5a };

void __attribute__((noinline)) allocator_faults_here(void)
{
    __asm__ volatile("");
}

void allocator_arm(allocator *a, long n, bool for_good)
{
    a->calls = a->failed = 0;
    a->fail_at = n;
    a->for_good = for_good;
}

void allocator_disarm(allocator *a)
{
    a->fail_at = 0;
}

static bool fails_now(const allocator *a)
{
    if (a->fail_at == 0)
        return false;
    return a->for_good ? a->calls >= a->fail_at : a->calls == a->fail_at;
}

static bool is_power_of_two(size_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

void *allocator_alloc(size_t size, size_t alignment, void *user)
{
    allocator *a = user;
    a->calls++;
    a->mistakes += size == 0 || !is_power_of_two(alignment) || alignment > HEADER_SIZE;
    if (fails_now(a)) {
        if (a->failed++ == 0)
            allocator_faults_here();
        return NULL;
    }
    size_t whole = HEADER_SIZE + (size + HEADER_SIZE - 1) / HEADER_SIZE * HEADER_SIZE;
    char *header = aligned_alloc(HEADER_SIZE, whole);
    if (!header)
        abort(); /* the machine's own memory is not what is tested */
    memcpy(header, &size, sizeof size);
    memset(header + HEADER_SIZE, FRESH, size); /* nobody may count on zeros */
    a->blocks++;
    a->bytes += size;
    return header + HEADER_SIZE;
}

void allocator_release(void *block, size_t size, void *user)
{
    allocator *a = user;
    if (!block) {
        a->mistakes++;
        return;
    }
    char *header = (char *)block - HEADER_SIZE;
    size_t asked;
    memcpy(&asked, header, sizeof asked);
    a->mistakes += asked != size;
    a->blocks--;
    a->bytes -= asked;
    memset(block, STALE, asked);
    free(header);
}
