/* Numbers as bytes, the same on every machine: little-endian, 8 bytes each. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_BYTES_H
#define VGRAD_PROBE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits (Fowler, Noll and Vo): no two sequences that differ in one byte alone have the
   same. It is no protection against those who mean harm. */
uint64_t vgrad__checksum(const unsigned char *bytes, size_t count);

/* Room for all of it, or NULL: it is counted only. */
typedef struct vgrad__writer {
    unsigned char *out;
    size_t size;
} vgrad__writer;

void vgrad__put(vgrad__writer *w, const void *bytes, size_t count);
void vgrad__put_whole(vgrad__writer *w, int64_t value);
void vgrad__put_real(vgrad__writer *w, double value);

/* Reads 0 once it has come to the end too early. */
typedef struct vgrad__reader {
    const unsigned char *at;
    size_t left;
    bool failed;
} vgrad__reader;

/* NULL if there are not so many. */
const unsigned char *vgrad__take(vgrad__reader *r, size_t count);
int64_t vgrad__take_whole(vgrad__reader *r);
double vgrad__take_real(vgrad__reader *r);

#endif
