/* What this build computes with, for bug reports. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vgrad/status.h>

#include "tensor/blas.h"
#include "tensor/kernels.h"

#define QUOTE_(a) #a
#define QUOTE(a)  QUOTE_(a)
#define VERSION                                                                                    \
    QUOTE(VGRAD_VERSION_MAJOR) "." QUOTE(VGRAD_VERSION_MINOR) "." QUOTE(VGRAD_VERSION_PATCH)

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

const char *vgrad_build_info(void)
{
    static _Thread_local char text[256];
    snprintf(text, sizeof text, "libvgrad %s, ABI %d, %s, kernels %s, %s, %s", VERSION,
             VGRAD_ABI_VERSION, COMPILER, vgrad__kernels_for(VGRAD_FLOAT32)->level,
             vgrad__blas_description(), VGRAD_FEATURES);
    return text;
}
