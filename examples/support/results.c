/* What an example leaves behind: DIR/summary.json and DIR/history.csv. */
/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

struct results {
    char summary_path[PATH_SIZE];
    char history_path[PATH_SIZE];
    FILE *summary;
    FILE *history;
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

/* Opens directory/name for writing and leaves its path; NULL after a message. */
static FILE *open_file(char *path, const char *directory, const char *name)
{
    FILE *file = NULL;
    if (snprintf(path, PATH_SIZE, "%s/%s", directory, name) >= PATH_SIZE)
        errno = ENAMETOOLONG;
    else
        file = fopen(path, "w");
    if (!file)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return file;
}

static void release(results *r)
{
    if (r->summary)
        fclose(r->summary);
    if (r->history)
        fclose(r->history);
    json_decref(r->root);
    free(r);
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
    r->root = json_object();
    r->runs = json_array();
    if (json_object_set_new(r->root, "runs", r->runs) != 0 ||
        !(r->summary = open_file(r->summary_path, directory, "summary.json")) ||
        !(r->history = open_file(r->history_path, directory, "history.csv"))) {
        release(r);
        return NULL;
    }
    fputs("run,step,epoch,layer,role,quantity,value\n", r->history);
    return r;
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
            write_layer(r->history, run, c, look, layer);
        if (isfinite(when->loss))
            fprintf(r->history, "%s,%" PRId64 ",%" PRId64 ",,loss,%s,%.9g\n", run, when->step,
                    when->epoch, vgrad_quantity_name(VGRAD_MEAN), when->loss);
    }
}

/* Closes a file that must have taken all; false after a message. */
static bool close_file(FILE **file, const char *path)
{
    bool good = !ferror(*file);
    good &= fclose(*file) == 0;
    *file = NULL;
    if (!good)
        fprintf(stderr, "%s: it could not be written\n", path);
    return good;
}

bool results_close(results *r)
{
    bool good = json_dumpf(r->root, r->summary, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    good &= fputc('\n', r->summary) != EOF;
    good &= close_file(&r->summary, r->summary_path);
    good &= close_file(&r->history, r->history_path);
    release(r);
    return good;
}
