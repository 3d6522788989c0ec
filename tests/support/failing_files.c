/* The system's files, made to fail. */
/* SPDX-License-Identifier: MIT */
#include "failing_files.h"

#include <errno.h>

/* The table is the first member, so it leads to the rest; what changes is not const in truth. */
static failing_files *owner(const vgrad__files *table)
{
    return (failing_files *)(uintptr_t)table;
}

/* Counts a call; below 0 if it is to fail. */
static int64_t count_call(failing_files *f)
{
    f->calls++;
    bool fails = f->fail_at > 0 && (f->for_good ? f->calls >= f->fail_at : f->calls == f->fail_at);
    return fails ? -f->error : 0;
}

static vgrad__file count_opened(failing_files *f, vgrad__file file)
{
    f->is_open += file >= 0;
    return file;
}

static vgrad__file open_file(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    if (failure < 0)
        return (vgrad__file)failure;
    return count_opened(owner(table), vgrad__posix_files.open(table, path));
}

static vgrad__file create_file(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    if (failure < 0)
        return (vgrad__file)failure;
    return count_opened(owner(table), vgrad__posix_files.create(table, path));
}

static vgrad__file overwrite_file(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    if (failure < 0)
        return (vgrad__file)failure;
    return count_opened(owner(table), vgrad__posix_files.overwrite(table, path));
}

static vgrad__file append_file(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    if (failure < 0)
        return (vgrad__file)failure;
    return count_opened(owner(table), vgrad__posix_files.append(table, path));
}

static void close_file(const vgrad__files *table, vgrad__file file)
{
    owner(table)->is_open--;
    vgrad__posix_files.close(table, file);
}

static int64_t size_of_file(const vgrad__files *table, vgrad__file file)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.size(table, file);
}

static int64_t read_file(const vgrad__files *table, vgrad__file file, void *to, size_t count)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.read(table, file, to, count);
}

static int64_t write_file(const vgrad__files *table, vgrad__file file, const void *from,
                          size_t count)
{
    failing_files *f = owner(table);
    int64_t failure = count_call(f);
    if (failure < 0)
        return failure;
    if (f->most > 0 && count > f->most)
        count = f->most;
    if (f->limited) {
        if (f->room == 0)
            return -ENOSPC;
        if ((int64_t)count > f->room)
            count = (size_t)f->room;
        f->room -= (int64_t)count;
    }
    return vgrad__posix_files.write(table, file, from, count);
}

static int64_t sync_file(const vgrad__files *table, vgrad__file file)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.sync(table, file);
}

static int64_t rename_file(const vgrad__files *table, const char *from, const char *to)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.rename(table, from, to);
}

static int64_t remove_file(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.remove(table, path);
}

static int64_t kind_of_name(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.kind(table, path);
}

static int64_t make_folder(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.make_folder(table, path);
}

static int64_t sync_folder(const vgrad__files *table, const char *path)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.sync_folder(table, path);
}

static int64_t list_folder(const vgrad__files *table, const char *path,
                           void (*each)(const char *name, void *user), void *user)
{
    int64_t failure = count_call(owner(table));
    return failure < 0 ? failure : vgrad__posix_files.list(table, path, each, user);
}

const vgrad__files *failing_files_begin(failing_files *f)
{
    f->table = (vgrad__files){
        .open = open_file,
        .size = size_of_file,
        .read = read_file,
        .close = close_file,
        .create = create_file,
        .overwrite = overwrite_file,
        .append = append_file,
        .write = write_file,
        .sync = sync_file,
        .rename = rename_file,
        .remove = remove_file,
        .kind = kind_of_name,
        .make_folder = make_folder,
        .sync_folder = sync_folder,
        .list = list_folder,
    };
    return &f->table;
}
