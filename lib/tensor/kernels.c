/* Which kernels this CPU can run. */
/* SPDX-License-Identifier: MIT */
#include "tensor/kernels.h"

/* One of each for float32 and float64, made by kernels/level.c. */
extern const vgrad__kernels vgrad__kernels_baseline[2];
#ifdef VGRAD_X86_64
extern const vgrad__kernels vgrad__kernels_avx2[2];
extern const vgrad__kernels vgrad__kernels_avx512[2];

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

static int always(void)
{
    return 1;
}

/* From the plainest on; a CPU that has one has all before it. */
static const struct {
    const vgrad__kernels *kernels;
    int (*supported)(void);
} levels[] = {
    { vgrad__kernels_baseline, always },
#ifdef VGRAD_X86_64
    { vgrad__kernels_avx2, has_avx2 },
    { vgrad__kernels_avx512, has_avx512 },
#endif
};

const vgrad__kernels *vgrad__kernels_level(int i, vgrad_dtype dtype)
{
    if (i < 0 || i >= (int)(sizeof levels / sizeof *levels) || !levels[i].supported())
        return NULL;
    return &levels[i].kernels[dtype == VGRAD_FLOAT64];
}

const vgrad__kernels *vgrad__kernels_for(vgrad_dtype dtype)
{
    const vgrad__kernels *best = NULL, *next;
    for (int i = 0; (next = vgrad__kernels_level(i, dtype)) != NULL; i++)
        best = next;
    return best;
}
