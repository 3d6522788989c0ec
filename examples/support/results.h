/* What an example leaves behind: DIR/summary.json, DIR/history.csv, and tables of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_RESULTS_H
#define EXAMPLES_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "capture.h"

typedef struct results results;

/* Makes the directory and the files; NULL after a message. */
results *results_open(const char *directory);

/* All of summary.json, borrowed from `r`, for what goes beside "runs". */
json_t *results_root(results *r);

/* A new object at the end of summary.json's "runs", borrowed from `r`. */
json_t *results_add_run(results *r);

/* Set a member of such an object. A number that is not finite becomes null. */
void results_text(json_t *object, const char *key, const char *value);
void results_number(json_t *object, const char *key, double value);
void results_names(json_t *object, const char *key, const capture *c);
void results_numbers(json_t *object, const char *key, const double *values, int32_t count);

/* Writes every look to history.csv; with its loss, where it has one, as role "loss" of no layer. */
void results_history(results *r, const char *run, const capture *c);

/* Makes DIR/name, a table for whoever reads on, such as a picture; closed by results_close(). Ends
   the program, after a message, where it cannot be made. */
FILE *results_table(results *r, const char *name);

/* Writes what is left to write; false, after a message, if anything could not be written. */
bool results_close(results *r);

#endif
