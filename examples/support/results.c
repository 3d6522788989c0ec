/* What an example leaves behind: DIR/summary.json, DIR/history.csv, and tables of its own. */
/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, SUMMARY = 0, HISTORY = 1, FILES_MAX = 12 };

typedef struct output_file {
    char path[PATH_SIZE];
    FILE *file;
} output_file;

struct results {
    const char *directory;
    output_file files[FILES_MAX]; /* summary.json, history.csv, tables in the order of opening */
    int count;
    json_t *root;
    json_t *runs;
};

/* As `mkdir -p`; false with errno set. */
static bool make_directories(const char *directory)
{
    char path[PATH_SIZE];
    size_t length = strlen(directory);
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i <= length; i++) {
        if (directory[i] != '/' && directory[i] != '\0')
            continue;
        memcpy(path, directory, i);
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* Opens directory/name for writing, as the next of the files; NULL after a message. */
static FILE *open_file(results *r, const char *name)
{
    if (r->count == FILES_MAX) {
        fprintf(stderr, "%s/%s: more than %d files\n", r->directory, name, FILES_MAX);
        return NULL;
    }
    output_file *next = &r->files[r->count];
    if (snprintf(next->path, PATH_SIZE, "%s/%s", r->directory, name) >= PATH_SIZE)
        errno = ENAMETOOLONG;
    else
        next->file = fopen(next->path, "w");
    if (next->file)
        r->count++;
    else
        fprintf(stderr, "%s: %s\n", next->path, strerror(errno));
    return next->file;
}

/* Closes every file, which must have taken all; false after a message. */
static bool close_files(results *r)
{
    bool all_good = true;
    for (int i = 0; i < r->count; i++) {
        bool good = !ferror(r->files[i].file);
        good &= fclose(r->files[i].file) == 0;
        if (!good)
            fprintf(stderr, "%s: it could not be written\n", r->files[i].path);
        all_good &= good;
    }
    return all_good;
}

results *results_open(const char *directory)
{
    if (!make_directories(directory)) {
        fprintf(stderr, "%s: %s\n", directory, strerror(errno));
        return NULL;
    }
    results *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->directory = directory;
    r->root = json_object();
    r->runs = json_array();
    if (json_object_set_new(r->root, "runs", r->runs) != 0 || !open_file(r, "summary.json") ||
        !open_file(r, "history.csv")) {
        close_files(r);
        json_decref(r->root);
        free(r);
        return NULL;
    }
    fputs("run,step,epoch,layer,role,quantity,value\n", r->files[HISTORY].file);
    return r;
}

FILE *results_table(results *r, const char *name)
{
    FILE *file = open_file(r, name);
    if (!file)
        exit(EXIT_FAILURE);
    return file;
}

json_t *results_root(results *r)
{
    return r->root;
}

json_t *results_add_run(results *r)
{
    json_t *run = json_object();
    json_array_append_new(r->runs, run);
    return run;
}

void results_text(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, json_string(value));
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void results_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, number(value));
}

void results_names(json_t *object, const char *key, const capture *c)
{
    json_t *array = json_array();
    for (int32_t i = 0; i < c->layers; i++)
        json_array_append_new(array, json_string(c->names[i]));
    json_object_set_new(object, key, array);
}

void results_numbers(json_t *object, const char *key, const double *values, int32_t count)
{
    json_t *array = json_array();
    for (int32_t i = 0; i < count; i++)
        json_array_append_new(array, number(values[i]));
    json_object_set_new(object, key, array);
}

/* The rows of one layer at one look. */
static void write_layer(FILE *file, const char *run, const capture *c, int32_t look, int32_t layer)
{
    const capture_look *when = &c->looks[look];
    for (int q = 0; q < CAPTURE_QUANTITIES; q++)
        fprintf(file, "%s,%" PRId64 ",%" PRId64 ",%s,%s,%s,%.9g\n", run, when->step, when->epoch,
                c->names[layer], vgrad_role_name(c->role),
                vgrad_quantity_name(capture_quantities[q]),
                capture_value(c, look, layer, capture_quantities[q]));
}

void results_history(results *r, const char *run, const capture *c)
{
    for (int32_t look = 0; look < c->count; look++) {
        const capture_look *when = &c->looks[look];
        for (int32_t layer = 0; layer < c->layers; layer++)
            write_layer(r->files[HISTORY].file, run, c, look, layer);
        if (isfinite(when->loss))
            fprintf(r->files[HISTORY].file, "%s,%" PRId64 ",%" PRId64 ",,loss,%s,%.9g\n", run,
                    when->step, when->epoch, vgrad_quantity_name(VGRAD_MEAN), when->loss);
    }
}

bool results_close(results *r)
{
    FILE *summary = r->files[SUMMARY].file;
    bool good = json_dumpf(r->root, summary, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    good &= fputc('\n', summary) != EOF;
    good &= close_files(r);
    json_decref(r->root);
    free(r);
    return good;
}
