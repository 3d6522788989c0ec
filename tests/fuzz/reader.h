/* A reader of files, fuzzed. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_FUZZ_READER_H
#define VGRAD_TESTS_FUZZ_READER_H

#include <vgrad/dataset.h>

#include "world.h"

/* How one format is read. */
typedef struct fuzz_format {
    /* Adds the input's files to the world and reads them; the input's `choice` says whether and
       how y is wanted. */
    vgrad_status (*read)(vgrad_dataset **out, fuzz_world *world);
    bool (*wants_y)(const fuzz_input *input);
    vgrad_status failure_with_y; /* what can be wrong only if y is wanted */
    bool finite;                 /* no NaN or Inf can come of it */
} fuzz_format;

/* Reads the input the way its options say and the plainest way, looks into both datasets, and
   compares them. Always 0. */
int fuzz_reader(const fuzz_format *format, const uint8_t *data, size_t size);

/* For formats that have x and y in files of their own. */
typedef vgrad_status fuzz_read_pair(vgrad_dataset **out, const char *x_path, const char *y_path,
                                    vgrad_context *context);
vgrad_status fuzz_read_files(vgrad_dataset **out, fuzz_world *world, fuzz_read_pair *read);
bool fuzz_files_have_y(const fuzz_input *input);

#endif
