/* SPDX-License-Identifier: MIT */
#include "gzip_bytes.h"

#include <check.h>
#define ZLIB_CONST
#include <zlib.h>

size_t gzip_bytes(void *to, size_t room, const void *from, size_t size)
{
    enum { GZIP = 16, MEMORY_LEVEL = 8 };
    z_stream stream = {
        .next_in = from, .avail_in = (uInt)size, .next_out = to, .avail_out = (uInt)room
    };
    ck_assert_int_eq(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP + MAX_WBITS,
                                  MEMORY_LEVEL, Z_DEFAULT_STRATEGY),
                     Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}
