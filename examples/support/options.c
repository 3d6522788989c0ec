/* The command line of every example. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, COMMON_COUNT = 6, HELP_COLUMN = 24 };

/* Both halves of the table: what every example has, and the example's own. */
typedef struct table {
    option common[COMMON_COUNT];
    const option *own;
    size_t own_count;
} table;

static table make_table(common_options *common, bool *help, const option *own, size_t own_count)
{
    return (table){
        .common = {
            { "seed", "N", "start weights and the order of rows", .number = &common->seed },
            { "epochs", "N", "how long to train", .number = &common->epochs },
            { "out", "DIR", "where the files go", .text = &common->out },
            { "no-plots", NULL, "draw no pictures", .on = &common->no_plots },
            { "quiet", NULL, "print nothing but errors", .on = &common->quiet },
            { "help", NULL, "print this", .on = help },
        },
        .own = own,
        .own_count = own_count,
    };
}

static const option *option_at(const table *t, size_t i)
{
    if (i < t->own_count)
        return &t->own[i];
    i -= t->own_count;
    return i < COMMON_COUNT ? &t->common[i] : NULL;
}

static void print_help(const table *t, const char *program, const char *about)
{
    const option *o;
    printf("usage: %s [options]\n\n%s\n\n", program, about);
    for (size_t i = 0; (o = option_at(t, i)) != NULL; i++) {
        int used = printf("  --%s %s", o->name, o->takes ? o->takes : "");
        if (used >= HELP_COLUMN)
            used = printf("\n") - 1;
        printf("%*s%s", HELP_COLUMN - used, "", o->help);
        if (o->number)
            printf(" (%lld)", (long long)*o->number);
        if (o->text && *o->text)
            printf(" (%s)", *o->text);
        putchar('\n');
    }
    puts("\nExit status: 0 done, 1 the run failed, 2 the command line makes no sense.");
}

/* The option that `argument` names, up to a '='; NULL if there is none. */
static const option *find_option(const table *t, const char *argument)
{
    const option *o;
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    size_t length = strcspn(argument + 2, "=");
    for (size_t i = 0; (o = option_at(t, i)) != NULL; i++)
        if (strlen(o->name) == length && strncmp(argument + 2, o->name, length) == 0)
            return o;
    return NULL;
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

/* Stores the option's value; false if it is none for it. */
static bool take_value(const option *o, const char *value)
{
    if (o->number)
        return read_number(value, o->number);
    if (*value == '\0' || (strchr(o->takes, '|') && !is_one_of(o->takes, value)))
        return false;
    *o->text = value;
    return true;
}

/* Takes the option at argv[*i] and what belongs to it; false, after a message, if it cannot. */
static bool take_option(const table *t, int *i, char **argv)
{
    const char *argument = argv[*i], *equals = strchr(argument, '=');
    const option *o = find_option(t, argument);
    if (!o) {
        fprintf(stderr, "%s: there is no option %s\n", argv[0], argument);
        return false;
    }
    if (o->on) {
        *o->on = true;
        if (equals)
            fprintf(stderr, "%s: --%s takes no value\n", argv[0], o->name);
        return !equals;
    }
    const char *value = equals ? equals + 1 : argv[*i + 1];
    if (!value || !take_value(o, value)) {
        fprintf(stderr, "%s: --%s takes %s, got %s\n", argv[0], o->name, o->takes,
                value ? value : "nothing");
        return false;
    }
    *i += !equals;
    return true;
}

int options_read(common_options *common, const option *own, size_t own_count, const char *about,
                 int argc, char **argv)
{
    bool help = false;
    const table t = make_table(common, &help, own, own_count);
    for (int i = 1; i < argc && !help; i++)
        if (!take_option(&t, &i, argv)) {
            fprintf(stderr, "%s --help lists the options.\n", argv[0]);
            return EXIT_USAGE;
        }
    if (!help)
        return OPTIONS_GO_ON;
    print_help(&t, argv[0], about);
    return EXIT_SUCCESS;
}
