/* zlib; no other file sees it. Its memory is the context's too. */
/* SPDX-License-Identifier: MIT */
#include "data/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include "base/context.h"
#include "base/status.h"

struct vgrad__inflater {
    z_stream stream;
    vgrad_context *context;
};

/* zlib does not tell the size of what it gives back, so it stands in front of the block. */
enum { ALIGNED = 64, GZIP_ONLY = 16 };

static void *give_block(void *context, uInt count, uInt size)
{
    size_t bytes = (size_t)count * size + ALIGNED;
    size_t *block = vgrad__allocate(context, bytes, 1);
    if (!block)
        return NULL;
    *block = bytes;
    return (char *)block + ALIGNED;
}

static void take_block(void *context, void *address)
{
    size_t *block = (void *)((char *)address - ALIGNED);
    vgrad__release(context, block, *block, 1);
}

vgrad_status vgrad__inflater_create(vgrad__inflater **out, vgrad_context *context)
{
    vgrad__inflater *inflater = *out = vgrad__allocate(context, 1, sizeof *inflater);
    if (!inflater)
        return VGRAD_E_MEMORY;
    inflater->context = context;
    inflater->stream = (z_stream){ .zalloc = give_block, .zfree = take_block, .opaque = context };
    int result = inflateInit2(&inflater->stream, GZIP_ONLY + MAX_WBITS);
    if (result == Z_OK)
        return VGRAD_OK;
    vgrad__release(context, inflater, 1, sizeof *inflater);
    *out = NULL;
    return result == Z_MEM_ERROR ? VGRAD_E_MEMORY
                                 : vgrad__fail(VGRAD_E_UNSUPPORTED, "zlib %s does not fit %s",
                                               zlibVersion(), ZLIB_VERSION);
}

void vgrad__inflater_destroy(vgrad__inflater *inflater)
{
    if (!inflater)
        return;
    inflateEnd(&inflater->stream);
    vgrad__release(inflater->context, inflater, 1, sizeof *inflater);
}

static uInt at_most_1_gib(size_t count)
{
    return count < 1u << 30 ? (uInt)count : 1u << 30;
}

vgrad__inflated vgrad__inflate(vgrad__inflater *inflater, const uint8_t **in, size_t *in_count,
                               uint8_t **out, size_t *out_count)
{
    z_stream *stream = &inflater->stream;
    uInt given = at_most_1_gib(*in_count), room = at_most_1_gib(*out_count);
    stream->next_in = *in;
    stream->avail_in = given;
    stream->next_out = *out;
    stream->avail_out = room;
    int result = inflate(stream, Z_NO_FLUSH);
    *in += given - stream->avail_in;
    *in_count -= given - stream->avail_in;
    *out += room - stream->avail_out;
    *out_count -= room - stream->avail_out;
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: return VGRAD__INFLATE_GOES_ON; /* it wants more bytes, or more room */
    case Z_STREAM_END: return VGRAD__INFLATE_MEMBER_ENDS;
    case Z_MEM_ERROR: return VGRAD__INFLATE_NO_MEMORY;
    default: return VGRAD__INFLATE_DAMAGED;
    }
}

void vgrad__inflater_again(vgrad__inflater *inflater)
{
    inflateReset(&inflater->stream);
}
