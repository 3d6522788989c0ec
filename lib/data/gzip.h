/* Inflating gzip (RFC 1952), piece by piece. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_GZIP_H
#define VGRAD_DATA_GZIP_H

#include <stddef.h>
#include <stdint.h>
#include <vgrad/context.h>

typedef struct vgrad__inflater vgrad__inflater;

/* No byte of deflate becomes more than 1032 bytes: 2 bits can repeat 258 bytes. */
enum { VGRAD__INFLATE_MOST = 1032 };

/* VGRAD_E_UNSUPPORTED in a build without zlib. */
vgrad_status vgrad__inflater_create(vgrad__inflater **out, vgrad_context *context);
void vgrad__inflater_destroy(vgrad__inflater *inflater);

typedef enum vgrad__inflated {
    VGRAD__INFLATE_GOES_ON,
    VGRAD__INFLATE_MEMBER_ENDS, /* its length and CRC are right; another member may follow */
    VGRAD__INFLATE_NO_MEMORY,
    VGRAD__INFLATE_DAMAGED
} vgrad__inflated;

/* Takes from `*in` and gives to `*out` as much as it can, moving both on. */
vgrad__inflated vgrad__inflate(vgrad__inflater *inflater, const uint8_t **in, size_t *in_count,
                               uint8_t **out, size_t *out_count);
/* Ready for the next member. */
void vgrad__inflater_again(vgrad__inflater *inflater);

#endif
