/* Images of handwritten digits: real MNIST where it is, the library's own drawings elsewhere. */
/* SPDX-License-Identifier: MIT */
#include "images.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* As many as MNIST has; drawn with seeds of their own, so that every run sees the same. */
enum { TRAIN_ROWS = 60000, TEST_ROWS = 10000, TRAIN_SEED = 1, TEST_SEED = 2 };

cli_option images_option(const char **mnist)
{
    return (cli_option){
        .name = "mnist",
        .takes = "DIR",
        .help = "where MNIST's four files are (VGRAD_MNIST_DIR; without it: digits drawn here)",
        .text = mnist,
    };
}

void images_load(images *out, const char *mnist, bool quiet)
{
    const char *named_by = "--mnist";
    if (!mnist || !*mnist) {
        mnist = getenv("VGRAD_MNIST_DIR");
        named_by = "VGRAD_MNIST_DIR";
    }
    if (mnist && *mnist) {
        out->kind = "mnist";
        if (vgrad_dataset_mnist(&out->train, &out->test, mnist, NULL) < 0) {
            fprintf(stderr, "%s: %s\n", named_by, vgrad_last_error());
            exit(EXIT_FAILURE);
        }
        if (!quiet)
            printf("Data: MNIST, from %s\n", mnist);
        return;
    }
    out->kind = "synthetic";
    check(vgrad_dataset_digits(&out->train, TRAIN_ROWS, TRAIN_SEED, NULL));
    check(vgrad_dataset_digits(&out->test, TEST_ROWS, TEST_SEED, NULL));
    if (!quiet)
        puts("Data: synthetic digits (for MNIST: --mnist DIR, or VGRAD_MNIST_DIR)");
}

vgrad_dataset *images_first(vgrad_dataset *from, int64_t rows)
{
    vgrad_dataset *part;
    const int64_t all = vgrad_dataset_rows(from);
    check(vgrad_dataset_slice(&part, from, 0, rows < all ? rows : all));
    return part;
}

void images_release(images *i)
{
    vgrad_dataset_destroy(i->train);
    vgrad_dataset_destroy(i->test);
}
