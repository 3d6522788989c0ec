/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <errno.h>
#include <string.h>

#include "base/context.h"

void reading_begin(reading *r)
{
    memset(r, 0, sizeof *r);
    assert_ok(vgrad_context_create(&r->context, allocator_alloc, allocator_release, &r->memory));
    vgrad__context_set_files(r->context, memory_files_begin(&r->files));
}

void reading_end(reading *r)
{
    vgrad_context_destroy(r->context);
    ck_assert_int_eq(r->files.is_open, 0);
    ck_assert_int_eq(r->memory.blocks, 0);
    ck_assert_int_eq(r->memory.mistakes, 0);
}

void reading_file(reading *r, const char *path, const void *bytes, size_t size)
{
    int i = 0;
    while (r->files.files[i].path && strcmp(r->files.files[i].path, path) != 0)
        i++;
    ck_assert_int_lt(i, MEMORY_FILES_MAX);
    r->files.files[i] = (memory_file){ path, bytes, size };
}

/* What a failed call leaves: no dataset, no open file, no block but the context. */
static void assert_nothing_left(const reading *r, const vgrad_dataset *data)
{
    ck_assert_ptr_null(data);
    ck_assert_int_eq(r->files.is_open, 0);
    ck_assert_int_eq(r->memory.blocks, 1);
    ck_assert_int_eq(r->memory.mistakes, 0);
}

void assert_refused(reading *r, reading_call *call, const char *part)
{
    vgrad_dataset *data = (void *)r;
    assert_status(VGRAD_E_FORMAT, call(&data, "x", NULL, r->context));
    ck_assert_msg(strncmp(vgrad_last_error(), "x: byte ", 8) == 0, "%s", vgrad_last_error());
    assert_error_names(part);
    assert_nothing_left(r, data);
}

/* Fails the n-th call for a file; 'x' or 'y', whose name was in the text, or 0 if none failed. */
static char disturb_files(reading *r, reading_call *call, long n)
{
    vgrad_dataset *data = (void *)r;
    r->files.calls = 0;
    r->files.fail_at = n;
    r->files.error = EIO;
    vgrad_status status = call(&data, "x", "y", r->context);
    r->files.fail_at = 0;
    if (r->files.calls < n) {
        assert_ok(status);
        vgrad_dataset_destroy(data);
        return 0;
    }
    assert_status(VGRAD_E_IO, status);
    assert_error_names(strerror(EIO));
    assert_nothing_left(r, data);
    return vgrad_last_error()[0];
}

/* Fails the n-th allocation; false if there is none. */
static bool disturb_memory(reading *r, reading_call *call, long n, bool for_good)
{
    vgrad_dataset *data = (void *)r;
    allocator_arm(&r->memory, n, for_good);
    vgrad_status status = call(&data, "x", "y", r->context);
    allocator_disarm(&r->memory);
    if (r->memory.failed == 0) {
        assert_ok(status);
        vgrad_dataset_destroy(data);
        return false;
    }
    assert_status(VGRAD_E_MEMORY, status);
    assert_error_names("no memory");
    assert_nothing_left(r, data);
    return true;
}

void assert_every_fault_is_survived(reading *r, reading_call *call)
{
    long in_x = 0, in_y = 0, allocations = 0;
    char file;
    while ((file = disturb_files(r, call, in_x + in_y + 1)) != 0) {
        ck_assert(file == 'x' || file == 'y');
        in_x += file == 'x';
        in_y += file == 'y';
    }
    ck_assert_int_ge(in_x, 3); /* open, size, read */
    ck_assert_int_ge(in_y, 3);
    for (int for_good = 0; for_good < 2; for_good++)
        for (allocations = 0; disturb_memory(r, call, allocations + 1, for_good);)
            allocations++;
    ck_assert_int_ge(allocations, 5); /* two files, two arrays, a dataset */
}
