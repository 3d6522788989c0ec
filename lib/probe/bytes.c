/* SPDX-License-Identifier: MIT */
#include "probe/bytes.h"

#include <string.h>

uint64_t vgrad__checksum(const unsigned char *bytes, size_t count)
{
    const uint64_t offset = UINT64_C(14695981039346656037), prime = UINT64_C(1099511628211);
    uint64_t sum = offset;
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ bytes[i]) * prime;
    return sum;
}

void vgrad__put(vgrad__writer *w, const void *bytes, size_t count)
{
    if (w->out)
        memcpy(w->out + w->size, bytes, count);
    w->size += count;
}

void vgrad__put_whole(vgrad__writer *w, int64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> 8 * i);
    vgrad__put(w, bytes, sizeof bytes);
}

void vgrad__put_real(vgrad__writer *w, double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    vgrad__put_whole(w, bits);
}

const unsigned char *vgrad__take(vgrad__reader *r, size_t count)
{
    if (r->failed || count > r->left) {
        r->failed = true;
        return NULL;
    }
    r->at += count;
    r->left -= count;
    return r->at - count;
}

int64_t vgrad__take_whole(vgrad__reader *r)
{
    const unsigned char *bytes = vgrad__take(r, 8);
    uint64_t value = 0;
    for (int i = 0; bytes && i < 8; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return (int64_t)value;
}

double vgrad__take_real(vgrad__reader *r)
{
    const int64_t bits = vgrad__take_whole(r);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
