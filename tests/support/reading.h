/* Datasets out of files in memory, through a context that counts every block. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_READING_H
#define VGRAD_TESTS_READING_H

#include <vgrad/dataset.h>

#include "allocator.h"
#include "memory_files.h"
#include "runner.h"

typedef struct reading {
    memory_files files;
    allocator memory;
    vgrad_context *context;
} reading;

void reading_begin(reading *r);
/* Nothing is open any more, and no block is left. */
void reading_end(reading *r);

/* The file with this path; its bytes are borrowed. */
void reading_file(reading *r, const char *path, const void *bytes, size_t size);

/* A reader such as vgrad_dataset_idx(). */
typedef vgrad_status reading_call(vgrad_dataset **out, const char *x_path, const char *y_path,
                                  vgrad_context *context);

/* Reads the file "x" alone; it is refused as VGRAD_E_FORMAT with a text that names it and contains
   `part`, and nothing is left. */
void assert_refused(reading *r, reading_call *call, const char *part);

/* Reads "x" and "y" again and again, while each call for a file, then each allocation, fails in
   turn: the status is right, an I/O error names its file, *out is NULL, nothing is left. */
void assert_every_fault_is_survived(reading *r, reading_call *call);

#endif
