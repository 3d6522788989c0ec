/* A folder for a test's files. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "scratch.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[32];

const char *scratch_begin(void)
{
    strcpy(folder, "/tmp/vgrad-test-XXXXXX"); /* again and again, where tests do not fork */
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
}

void scratch_end(void)
{
    enum { OPEN = 8 };
    ck_assert_int_eq(nftw(folder, remove_one, OPEN, FTW_DEPTH | FTW_PHYS), 0);
}
