/* The system's files. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux moves 2 GiB at most in one call; asking for no more is portable. */
enum { MOST_AT_ONCE = 1 << 30 };

/* open(2), again after a signal. */
static vgrad__file open_as(const char *path, int flags)
{
    int file;
    do
        file = open(path, flags | O_CLOEXEC, 0666);
    while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
}

static vgrad__file open_file(const vgrad__files *files, const char *path)
{
    (void)files;
    return open_as(path, O_RDONLY);
}

static int64_t size_of_file(const vgrad__files *files, vgrad__file file)
{
    (void)files;
    struct stat about;
    if (fstat((int)file, &about) != 0)
        return -errno;
    if (S_ISDIR(about.st_mode))
        return -EISDIR;
    return S_ISREG(about.st_mode) ? (int64_t)about.st_size : INT64_MAX;
}

static int64_t read_file(const vgrad__files *files, vgrad__file file, void *to, size_t count)
{
    (void)files;
    ssize_t got;
    do
        got = read((int)file, to, count < MOST_AT_ONCE ? count : MOST_AT_ONCE);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : (int64_t)got;
}

static void close_file(const vgrad__files *files, vgrad__file file)
{
    (void)files;
    close((int)file);
}

static vgrad__file create_file(const vgrad__files *files, const char *path)
{
    (void)files;
    return open_as(path, O_WRONLY | O_CREAT | O_EXCL);
}

static vgrad__file overwrite_file(const vgrad__files *files, const char *path)
{
    (void)files;
    return open_as(path, O_WRONLY | O_CREAT | O_TRUNC);
}

static vgrad__file append_file(const vgrad__files *files, const char *path)
{
    (void)files;
    return open_as(path, O_WRONLY | O_CREAT | O_APPEND);
}

static int64_t write_file(const vgrad__files *files, vgrad__file file, const void *from,
                          size_t count)
{
    (void)files;
    ssize_t put;
    do
        put = write((int)file, from, count < MOST_AT_ONCE ? count : MOST_AT_ONCE);
    while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : (int64_t)put;
}

static int64_t sync_file(const vgrad__files *files, vgrad__file file)
{
    (void)files;
    int result;
    do
        result = fsync((int)file);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : -errno;
}

static int64_t rename_file(const vgrad__files *files, const char *from, const char *to)
{
    (void)files;
    return rename(from, to) == 0 ? 0 : -errno;
}

static int64_t remove_file(const vgrad__files *files, const char *path)
{
    (void)files;
    return unlink(path) == 0 ? 0 : -errno;
}

static int64_t kind_of_name(const vgrad__files *files, const char *path)
{
    (void)files;
    struct stat about;
    if (lstat(path, &about) != 0)
        return errno == ENOENT ? VGRAD__NAME_FREE : -errno;
    return S_ISREG(about.st_mode)   ? VGRAD__NAME_FILE
           : S_ISLNK(about.st_mode) ? VGRAD__NAME_LINK
                                    : VGRAD__NAME_OTHER;
}

static int64_t make_folder(const vgrad__files *files, const char *path)
{
    (void)files;
    return mkdir(path, 0777) == 0 ? 0 : -errno;
}

static int64_t sync_folder(const vgrad__files *files, const char *path)
{
    vgrad__file folder = open_as(path, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return folder;
    int64_t result = sync_file(files, folder);
    close((int)folder);
    return result == -EINVAL ? 0 : result; /* a file system that cannot need not */
}

static int64_t list_folder(const vgrad__files *files, const char *path,
                           void (*each)(const char *name, void *user), void *user)
{
    (void)files;
    DIR *folder = opendir(path);
    if (!folder)
        return -errno;
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(entry->d_name, user);
    int64_t result = -errno;
    closedir(folder);
    return result;
}

const vgrad__files vgrad__posix_files = {
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

int64_t vgrad__write_all(const vgrad__files *files, vgrad__file file, const void *from,
                         size_t count)
{
    const char *next = from;
    while (count > 0) {
        int64_t put = files->write(files, file, next, count);
        if (put <= 0)
            return put < 0 ? put : -EIO; /* a device that takes nothing would be asked for ever */
        next += put;
        count -= (size_t)put;
    }
    return 0;
}

const char *vgrad__errno_text(int64_t failure, char text[VGRAD__ERRNO_TEXT])
{
    if (strerror_r((int)-failure, text, VGRAD__ERRNO_TEXT) != 0)
        snprintf(text, VGRAD__ERRNO_TEXT, "error %d", (int)-failure);
    return text;
}
