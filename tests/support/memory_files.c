/* Files that are arrays of bytes. */
/* SPDX-License-Identifier: MIT */
#include "memory_files.h"

#include <errno.h>
#include <string.h>

/* The table is the first member, so it leads to the rest; what changes is not const in truth. */
static memory_files *owner(const vgrad__files *table)
{
    return (memory_files *)(uintptr_t)table;
}

/* Counts a call; below 0 if it is the one to fail. */
static int64_t count_call(memory_files *m)
{
    return ++m->calls == m->fail_at ? -m->error : 0;
}

static vgrad__file open_file(const vgrad__files *table, const char *path)
{
    memory_files *m = owner(table);
    int64_t failure = count_call(m);
    int file = 0, handle = 0;
    if (failure < 0)
        return (vgrad__file)failure;
    while (file < MEMORY_FILES_MAX && m->files[file].path && strcmp(m->files[file].path, path) != 0)
        file++;
    if (file == MEMORY_FILES_MAX || !m->files[file].path)
        return -ENOENT;
    while (handle < MEMORY_FILES_MAX && m->handles[handle].in_use)
        handle++;
    if (handle == MEMORY_FILES_MAX)
        return -EMFILE;
    m->handles[handle].in_use = true;
    m->handles[handle].file = file;
    m->handles[handle].at = 0;
    m->is_open++;
    return handle;
}

static int64_t size_of_file(const vgrad__files *table, vgrad__file handle)
{
    memory_files *m = owner(table);
    int64_t failure = count_call(m);
    if (failure < 0)
        return failure;
    return m->like_a_pipe ? INT64_MAX : (int64_t)m->files[m->handles[handle].file].size;
}

static int64_t read_file(const vgrad__files *table, vgrad__file handle, void *to, size_t count)
{
    memory_files *m = owner(table);
    int64_t failure = count_call(m);
    if (failure < 0)
        return failure;
    const memory_file *file = &m->files[m->handles[handle].file];
    size_t *at = &m->handles[handle].at;
    if (m->most > 0 && count > m->most)
        count = m->most;
    if (count > file->size - *at)
        count = file->size - *at;
    if (count > 0)
        memcpy(to, (const char *)file->bytes + *at, count);
    *at += count;
    return (int64_t)count;
}

static void close_file(const vgrad__files *table, vgrad__file handle)
{
    memory_files *m = owner(table);
    m->handles[handle].in_use = false;
    m->is_open--;
}

const vgrad__files *memory_files_begin(memory_files *m)
{
    m->table = (vgrad__files){
        .open = open_file, .size = size_of_file, .read = read_file, .close = close_file
    };
    return &m->table;
}
