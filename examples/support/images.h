/* Images of handwritten digits: real MNIST where it is, the library's own drawings elsewhere. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_IMAGES_H
#define EXAMPLES_IMAGES_H

#include <stdbool.h>
#include <vgrad/vgrad.h>

#include "options.h"

enum { IMAGES_SIDE = 28, IMAGES_PIXELS = IMAGES_SIDE * IMAGES_SIDE, IMAGES_CLASSES = 10 };

typedef struct images {
    vgrad_dataset *train; /* x in [0, 1], y a class number */
    vgrad_dataset *test;
    const char *kind; /* "mnist" or "synthetic", for summary.json */
} images;

/* The option --mnist. */
cli_option images_option(const char **mnist);

/* What follows --mnist; NULL or "" where it was not given: then VGRAD_MNIST_DIR says. Ends the
   program, after a message, if the one that was named cannot be read. Says on stdout what it took,
   as the first line of every example, unless `quiet`. */
void images_load(images *out, const char *mnist, bool quiet);

/* The first `rows` of a set, or all of one that has fewer; to be destroyed. */
vgrad_dataset *images_first(vgrad_dataset *from, int64_t rows);

void images_release(images *i);

#endif
