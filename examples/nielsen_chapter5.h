/* Chapter 5 of Nielsen's book: what its parts share. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_NIELSEN_CHAPTER5_H
#define EXAMPLES_NIELSEN_CHAPTER5_H

#include <stdbool.h>
#include <stdint.h>

#include <vgrad/vgrad.h>

#include "support/options.h"
#include "support/results.h"

/* The book's networks have 1 to 4 hidden layers; its gradients are those of the first images. */
enum { HIDDEN_UNITS = 30, HIDDEN_MAX = 4, FIRST_IMAGES = 1000, MINI_BATCH = 10 };

/* One start of the program. */
typedef struct chapter5 {
    common_options common;
    const char *part, *mnist;
    int64_t curve_epochs; /* of the curves; those of the accuracies are the common ones */
    int64_t rows;         /* that the accuracies are trained on */
    int64_t record;       /* steps of these trainings from one record to the next; 0: none */
    vgrad_dataset *first, *train, *validation;
    results *files;
} chapter5;

/* What trains a network; the parts free it with chapter5_release(). */
typedef struct chapter5_run {
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
} chapter5_run;

/* 784, `hidden` times 30, and 10 sigmoid units, with the book's cross-entropy, rate and decay for
   `rows` images in batches of `batch`. */
void chapter5_make(chapter5_run *run, const chapter5 *c, int hidden, int64_t rows, int64_t batch);
void chapter5_release(chapter5_run *run);

/* What a network is called: "784-30-30-10". */
void chapter5_name(char *name, size_t size, int hidden);

/* The object `key` of summary.json, made if it is not there. */
json_t *chapter5_object(const chapter5 *c, const char *key);

/* The parts; each writes its member of summary.json and its tables, and says what it found. Returns
   how many hidden layers the deepest network has whose figures there are, for the pictures; 0:
   there is none. */
int chapter5_norms(const chapter5 *c);
int chapter5_bars(const chapter5 *c);
int chapter5_curves(const chapter5 *c);
int chapter5_accuracy(const chapter5 *c);
int chapter5_chain(const chapter5 *c);
int chapter5_width(const chapter5 *c);

#endif
