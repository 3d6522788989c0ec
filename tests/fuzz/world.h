/* What a reader sees while it is fuzzed: a context whose files are in memory and whose allocator
   counts, made from three bytes of options and a file after them. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_FUZZ_WORLD_H
#define VGRAD_TESTS_FUZZ_WORLD_H

#include <vgrad/context.h>

#include "memory_files.h"

/* libFuzzer's entry point, and replay.c's; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of every input; ends the process if it does not. */
#define REQUIRE(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
void fuzz_broken(const char *file, int line, const char *condition) __attribute__((noreturn));

/* An input: options, then the file. */
typedef struct fuzz_input {
    bool like_a_pipe;  /* its size is not known */
    bool zipped;       /* it goes into gzip first, so that the checksum is right */
    bool two_members;  /* in two pieces */
    size_t most;       /* bytes that one read gives; 0: as many as asked for */
    int64_t limit;     /* VGRAD_CONTEXT_READ_LIMIT */
    uint8_t choice;    /* the target's own */
    long file_call;    /* this call of the file table fails; 0: none */
    long memory_call;  /* this call of the allocator fails; 0: none */
    const void *bytes; /* the file */
    size_t size;
} fuzz_input;

/* False if it is too short to hold the options. */
bool fuzz_input_begin(fuzz_input *input, const uint8_t *data, size_t size);
/* The same file in the plainest way: regular, read at once, and nothing fails. */
fuzz_input fuzz_input_plain(const fuzz_input *input);
/* The bytes begin as gzip does. */
bool fuzz_is_gzip(const void *bytes, size_t size);

typedef struct fuzz_world {
    const fuzz_input *input;
    memory_files files;
    void *zipped[MEMORY_FILES_MAX]; /* what the files' bytes are, if they were zipped */
    vgrad_context *context;
    char error_before[256];   /* the text of a failure that was none of the reader's */
    long allocations, blocks; /* asked for; alive */
    size_t held, worth;       /* bytes alive; as many as the files can be worth */
    bool refused;             /* an allocation was made to fail */
    bool holds_gzip;          /* a file was gzip before it may have been zipped */
} fuzz_world;

/* Every world that begins must end; its files are added in between. */
void fuzz_world_begin(fuzz_world *world, const fuzz_input *input);
void fuzz_world_add_file(fuzz_world *world, const char *path, const void *bytes, size_t size);
/* Nothing may be left open or allocated. */
void fuzz_world_end(fuzz_world *world);

/* What may be said of a reading that gave `status`, and its text: VGRAD_OK, `also` (VGRAD_OK:
   nothing else), or a failure that the world gave a reason for. */
void fuzz_check_status(const fuzz_world *world, vgrad_status status, vgrad_status also);

#endif
