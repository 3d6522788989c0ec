/*
 * What it costs to read a gzip file of images, beside zlib inflating the same file and nothing
 * more: way seconds
 *     ...
 *     ratio vgrad_dataset_idx / the quicker way of zlib
 *     memory MiB of the pixels, MiB at most of this process beyond what it had before
 * The quickest of several turns, in one run. The file: that of VGRAD_MNIST_DIR, or 60000 synthetic
 * digits, written to a temporary file. It judges nothing.
 */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgrad/vgrad.h>
#include <zlib.h>

enum { ROWS = 60000, PIXELS = 28 * 28, BYTES = 16 + ROWS * PIXELS, TURNS = 9 };

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(EXIT_FAILURE);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the file ---- */

static void write_digits(const char *path)
{
    static const uint8_t header[16] = { 0, 0, 8, 3,  0, 0, ROWS >> 8, ROWS & 255,
                                        0, 0, 0, 28, 0, 0, 0,         28 };
    uint8_t image[PIXELS];
    vgrad_dataset *digits;
    gzFile file = gzopen(path, "wb");
    if (!file || vgrad_dataset_digits(&digits, ROWS, 1, NULL) < 0 ||
        vgrad_dataset_scale(digits, 1, 0) < 0 || gzwrite(file, header, sizeof header) == 0)
        fail("no file to read");
    for (int i = 0; i < ROWS; i++) {
        vgrad_dataset_read(digits, i, 1, image, NULL, VGRAD_UINT8);
        gzwrite(file, image, sizeof image);
    }
    gzclose(file);
    vgrad_dataset_destroy(digits);
}

/* ---- the ways: each reads the whole file into memory that it asks for and gives back ---- */

static void by_vgrad(const char *path)
{
    vgrad_dataset *images;
    if (vgrad_dataset_idx(&images, path, NULL, NULL) < 0)
        fail(vgrad_last_error());
    vgrad_dataset_destroy(images);
}

static void by_gzread(const char *path)
{
    uint8_t *bytes = malloc(BYTES + 1);
    gzFile file = gzopen(path, "rb");
    if (!bytes || !file || gzread(file, bytes, BYTES + 1) != BYTES)
        fail("gzread");
    gzclose(file);
    free(bytes);
}

/* The compressed bytes are read at once, and inflated in one call. */
static void by_inflate(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(BYTES), *packed = malloc(BYTES);
    z_stream stream = { .next_in = packed, .next_out = bytes, .avail_out = BYTES };
    if (!file || !bytes || !packed || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        fail("inflate");
    stream.avail_in = (uInt)fread(packed, 1, BYTES, file);
    if (inflate(&stream, Z_FINISH) != Z_STREAM_END)
        fail("inflate");
    inflateEnd(&stream);
    fclose(file);
    free(packed);
    free(bytes);
}

typedef struct way {
    const char *name;
    void (*read)(const char *path);
    double best;
} way;

/* ---- memory ---- */

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* In a process of its own, whose peak nothing else has raised. */
static void print_memory(const char *path)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        long before = peak_kib();
        by_vgrad(path);
        printf("memory %.1f %.1f\n", (double)BYTES / (1 << 20),
               (double)(peak_kib() - before) / 1024);
        fflush(stdout);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
}

int main(void)
{
    way ways[] = { { "vgrad_dataset_idx", by_vgrad, 1e9 },
                   { "gzread", by_gzread, 1e9 },
                   { "inflate", by_inflate, 1e9 } };
    char path[4096] = "/tmp/vgrad-bench-XXXXXX";
    const char *mnist = getenv("VGRAD_MNIST_DIR");
    bool made = !mnist || !*mnist;
    if (made) {
        close(mkstemp(path));
        write_digits(path);
    } else {
        snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", mnist);
    }
    print_memory(path);
    for (int turn = 0; turn < TURNS; turn++)
        for (int i = 0; i < 3; i++) {
            double began = now(), took;
            ways[i].read(path);
            took = now() - began;
            ways[i].best = took < ways[i].best ? took : ways[i].best;
        }
    for (int i = 0; i < 3; i++)
        printf("%s %.4f\n", ways[i].name, ways[i].best);
    double zlib = ways[1].best < ways[2].best ? ways[1].best : ways[2].best;
    printf("ratio %.3f\n", ways[0].best / zlib);
    if (made)
        remove(path);
    return EXIT_SUCCESS;
}
