/* Golden figures: tables of tests/golden/ with six columns, the last of which is a number. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_NUMERIC_GOLDEN_H
#define VGRAD_TESTS_NUMERIC_GOLDEN_H

enum { GOLDEN_MAX = 600 };

typedef struct golden_figure {
    char network[16], optimizer[16], quantity[24];
    int step, layer;
    double value;
} golden_figure;

typedef struct golden_table {
    golden_figure figures[GOLDEN_MAX];
    int count;
} golden_table;

/* Reads a file of that folder, which holds so many figures. */
void golden_read(golden_table *table, const char *file, int count);
/* The figure; fails the test if there is none. */
double golden(const golden_table *table, const char *network, const char *optimizer, int step,
              const char *quantity, int layer);
void assert_relative(double got, double want, double tolerance, const char *what, int layer);

#endif
