/* The system's files. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static vgrad__file open_file(const vgrad__files *files, const char *path)
{
    (void)files;
    int file;
    do
        file = open(path, O_RDONLY | O_CLOEXEC);
    while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
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
    /* Linux hands out 2 GiB at most; asking for no more is portable. */
    const size_t most = 1u << 30;
    ssize_t got;
    do
        got = read((int)file, to, count < most ? count : most);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : (int64_t)got;
}

static void close_file(const vgrad__files *files, vgrad__file file)
{
    (void)files;
    close((int)file);
}

const vgrad__files vgrad__posix_files = { open_file, size_of_file, read_file, close_file };

const char *vgrad__errno_text(int64_t failure, char text[VGRAD__ERRNO_TEXT])
{
    if (strerror_r((int)-failure, text, VGRAD__ERRNO_TEXT) != 0)
        snprintf(text, VGRAD__ERRNO_TEXT, "error %d", (int)-failure);
    return text;
}
