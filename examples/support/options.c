/* The command line of every example. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMON_COUNT = 6, HELP_COLUMN = 24, WORDS_MAX = 32 };

/* Both halves of the table: what every example has, and the example's own. */
typedef struct table {
    cli_option common[COMMON_COUNT];
    const cli_option *own;
    size_t own_count;
} table;

static table make_table(common_options *common, bool *help, const cli_option *own, size_t own_count)
{
    return (table){
        .common = {
            { "seed", "N", "start weights and the order of rows", .number = &common->seed },
            { common->counts ? common->counts : "epochs", "N", "how long to train",
              .number = &common->epochs },
            { "out", "DIR", "where the files go", .text = &common->out },
            { "no-plots", NULL, "draw no pictures", .on = &common->no_plots },
            { "quiet", NULL, "print nothing but errors", .on = &common->quiet },
            { "help", NULL, "print this", .on = help },
        },
        .own = own,
        .own_count = own_count,
    };
}

static const cli_option *option_at(const table *t, size_t i)
{
    if (i < t->own_count)
        return &t->own[i];
    i -= t->own_count;
    return i < COMMON_COUNT ? &t->common[i] : NULL;
}

static void print_help(const table *t, const char *program, const char *about)
{
    const cli_option *o;
    printf("usage: %s [options]\n\n%s\n\n", program, about);
    for (size_t i = 0; (o = option_at(t, i)) != NULL; i++) {
        int used = printf("  --%s %s", o->name, o->takes ? o->takes : "");
        if (used >= HELP_COLUMN)
            used = printf("\n") - 1;
        printf("%*s%s", HELP_COLUMN - used, "", o->help);
        if (o->number)
            printf(" (%lld)", (long long)*o->number);
        if (o->text && *o->text && **o->text)
            printf(" (%s)", *o->text);
        putchar('\n');
    }
    puts("\nExit status: 0 done, 1 the run failed, 2 the command line makes no sense.");
}

static bool is_one_of(const char *words, const char *value)
{
    size_t length = strlen(value);
    for (const char *word = words; *word; word += strcspn(word, "|"), word += *word == '|')
        if (strcspn(word, "|") == length && strncmp(word, value, length) == 0)
            return true;
    return false;
}

static bool read_number(const char *value, int64_t *out)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < 0)
        return false;
    *out = number;
    return true;
}

/* Stores what follows the option (NULL for a switch); false if it is nothing for it. */
static bool take_value(const cli_option *o, const char *value)
{
    if (o->on)
        *o->on = true;
    else if (o->number)
        return read_number(value, o->number);
    else if (*value == '\0' || (strchr(o->takes, '|') && !is_one_of(o->takes, value)))
        return false;
    else
        *o->text = value;
    return true;
}

/* The table in getopt's words; it answers with an option's place in it. */
static void describe(const table *t, struct option words[WORDS_MAX])
{
    const cli_option *o;
    memset(words, 0, WORDS_MAX * sizeof *words);
    for (size_t i = 0; (o = option_at(t, i)) != NULL && i < WORDS_MAX - 1; i++)
        words[i] =
            (struct option){ o->name, o->takes ? required_argument : no_argument, NULL, (int)i };
}

/* Takes all options; false, after a message, if one cannot be taken. */
static bool take_options(const table *t, int argc, char **argv)
{
    struct option words[WORDS_MAX];
    int place;
    describe(t, words);
    while ((place = getopt_long(argc, argv, "", words, NULL)) != -1) {
        if (place == '?')
            return false;
        const cli_option *o = option_at(t, (size_t)place);
        if (!take_value(o, optarg)) {
            fprintf(stderr, "%s: --%s takes %s, got %s\n", argv[0], o->name, o->takes, optarg);
            return false;
        }
    }
    if (optind < argc)
        fprintf(stderr, "%s: there is no option %s\n", argv[0], argv[optind]);
    return optind == argc;
}

int options_read(common_options *common, const cli_option *own, size_t own_count, const char *about,
                 int argc, char **argv)
{
    bool help = false;
    const table t = make_table(common, &help, own, own_count);
    if (!take_options(&t, argc, argv)) {
        fprintf(stderr, "%s --help lists the options.\n", argv[0]);
        return EXIT_USAGE;
    }
    if (!help)
        return OPTIONS_GO_ON;
    print_help(&t, argv[0], about);
    return EXIT_SUCCESS;
}
