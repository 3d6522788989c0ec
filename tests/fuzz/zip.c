/* gzip members of stored blocks. */
/* SPDX-License-Identifier: MIT */
#include "zip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 10, BLOCK_HEADER = 5, TRAILER = 8, BLOCK_MOST = 65535 };

static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static uint8_t *put_number(uint8_t *to, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (uint8_t)(number >> 8 * i);
    return to;
}

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(to, bytes, size);
    return to + size;
}

static uint8_t *put_member(uint8_t *to, const uint8_t *bytes, size_t size)
{
    const uint32_t crc = crc32_of(bytes, size), length = (uint32_t)size;
    to = put_bytes(to, "\x1f\x8b\x08\0\0\0\0\0\0\xff", HEADER);
    do {
        uint32_t some = size < BLOCK_MOST ? (uint32_t)size : BLOCK_MOST;
        *to++ = some == size; /* the last block of type 0 */
        to = put_number(to, some, 2);
        to = put_number(to, ~some, 2);
        to = put_bytes(to, bytes, some);
        bytes += some;
        size -= some;
    } while (size > 0);
    return put_number(put_number(to, crc, 4), length, 4);
}

static size_t room_for(size_t size)
{
    return HEADER + size + (size / BLOCK_MOST + 1) * BLOCK_HEADER + TRAILER;
}

void *zip(const void *bytes, size_t size, size_t first, size_t *zipped_size)
{
    uint8_t *block = malloc(room_for(first) + room_for(size - first));
    if (!block)
        abort();
    uint8_t *end = put_member(block, bytes, first);
    if (first < size)
        end = put_member(end, (const uint8_t *)bytes + first, size - first);
    *zipped_size = (size_t)(end - block);
    return block;
}
