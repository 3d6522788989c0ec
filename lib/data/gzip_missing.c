/* In the place of gzip.c in a build without zlib: a way to say so. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "data/gzip.h"

vgrad_status vgrad__inflater_create(vgrad__inflater **out, vgrad_context *context)
{
    (void)context;
    *out = NULL;
    return vgrad__fail(VGRAD_E_UNSUPPORTED, "gzip: this build is without zlib");
}

void vgrad__inflater_destroy(vgrad__inflater *inflater)
{
    (void)inflater;
}

vgrad__inflated vgrad__inflate(vgrad__inflater *inflater, const uint8_t **in, size_t *in_count,
                               uint8_t **out, size_t *out_count)
{
    (void)inflater, (void)in, (void)in_count, (void)out, (void)out_count;
    return VGRAD__INFLATE_DAMAGED;
}

void vgrad__inflater_again(vgrad__inflater *inflater)
{
    (void)inflater;
}
