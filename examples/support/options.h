/* The command line of every example: --seed, --epochs (or what it counts in their place), --out,
   --no-plots, --quiet, --help, and the example's own options. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One option; where it goes says what it is: a switch, a number from 0 up, or a text. */
typedef struct cli_option {
    const char *name;  /* Without its dashes. */
    const char *takes; /* What follows it, such as "N"; words apart by '|' are the only ones. */
    const char *help;
    bool *on;
    int64_t *number;
    const char **text;
} cli_option;

/* What every example has; fill in the defaults first. */
typedef struct common_options {
    int64_t seed;
    int64_t epochs;     /* How many of what `counts` says. */
    const char *counts; /* The option's word, such as "iterations"; NULL: "epochs". */
    const char *out;
    bool no_plots;
    bool quiet;
} common_options;

/* What options_read() returns when there is work to do. */
enum { OPTIONS_GO_ON = -1, EXIT_USAGE = 2 };

/* Returns OPTIONS_GO_ON, or what the program must exit with: 0 after --help, 2 after a command line
   that makes no sense (both have been explained). */
int options_read(common_options *common, const cli_option *own, size_t own_count, const char *about,
                 int argc, char **argv);

#endif
