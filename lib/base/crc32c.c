/* CRC-32C: reflected polynomial 0x82F63B78, inverted before and after. */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"

#include <string.h>

#ifdef VGRAD_X86_64
#include <nmmintrin.h>
#endif

/* What four bits become after four steps: halves of a byte, one after the other. */
static const uint32_t after_four[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t vgrad__crc32c_plain(uint32_t before, const void *bytes, size_t count)
{
    uint32_t sum = ~before;
    for (const uint8_t *byte = bytes; count > 0; byte++, count--) {
        sum ^= *byte;
        sum = sum >> 4 ^ after_four[sum & 15];
        sum = sum >> 4 ^ after_four[sum & 15];
    }
    return ~sum;
}

#ifdef VGRAD_X86_64
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_cpu(uint32_t before, const void *bytes,
                                                                size_t count)
{
    const uint8_t *byte = bytes;
    uint64_t sum = ~before, eight;
    for (; count >= sizeof eight; byte += sizeof eight, count -= sizeof eight) {
        memcpy(&eight, byte, sizeof eight);
        sum = _mm_crc32_u64(sum, eight);
    }
    for (; count > 0; byte++, count--)
        sum = _mm_crc32_u8((uint32_t)sum, *byte);
    return ~(uint32_t)sum;
}
#endif

uint32_t vgrad__crc32c(uint32_t before, const void *bytes, size_t count)
{
#ifdef VGRAD_X86_64
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_cpu(before, bytes, count);
#endif
    return vgrad__crc32c_plain(before, bytes, count);
}
