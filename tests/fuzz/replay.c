/* PATH ...: gives a fuzz target files, or all files of a folder, without libFuzzer. TAP; the
   process ends where an input breaks something. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static int points;

static void *must(void *block)
{
    if (!block)
        abort();
    return block;
}

/* The input in a block of just its size, so that a byte too many is seen. */
static uint8_t *load(FILE *file, size_t *size)
{
    uint8_t *bytes = NULL;
    *size = 0;
    for (int c; (c = getc(file)) != EOF; bytes[(*size)++] = (uint8_t)c)
        bytes = must(realloc(bytes, *size + 1));
    return bytes;
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size;
    if (!file) {
        printf("not ok %d - %s cannot be read\n", ++points, path);
        return 1;
    }
    uint8_t *bytes = load(file, &size);
    fclose(file);
    printf("# %s\n", path);
    fflush(stdout); /* it is the last line if the input ends the process */
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    printf("ok %d - %s\n", ++points, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort), failed = 0;
    if (count < 0) /* no folder */
        return replay_file(path);
    for (int i = 0; i < count; i++) {
        size_t room = strlen(path) + strlen(entries[i]->d_name) + 2;
        char *inside = must(malloc(room));
        snprintf(inside, room, "%s/%s", path, entries[i]->d_name);
        failed += replay_file(inside);
        free(inside);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int count, char **arguments)
{
    int failed = 0;
    for (int i = 1; i < count; i++)
        failed += replay(arguments[i]);
    printf("1..%d\n", points);
    return failed > 0 || points == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
