/* Reading a file once, front to back. */
/* SPDX-License-Identifier: MIT */
#include "data/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "data/gzip.h"

enum { BUFFER_SIZE = 1 << 16 };

struct vgrad__bytes {
    vgrad_context *context;
    const vgrad__files *files;
    vgrad__file file;
    char path[VGRAD__PATH_SHOWN]; /* for error texts */
    int64_t size;                 /* of the file; INT64_MAX: not known */
    int64_t limit;                /* of what may be taken where the size does not bound it */
    int64_t taken;                /* what went to the reader */
    int64_t fetched;              /* what came from the file */

    vgrad__inflater *inflater; /* NULL: plain */
    bool member_ended;         /* nothing of the next gzip member was seen */
    const uint8_t *next;       /* what waits in the buffer */
    size_t waiting;
    uint8_t buffer[BUFFER_SIZE];
};

/* ---- failing ---- */

const char *vgrad__path_shown(const char *path, char shown[VGRAD__PATH_SHOWN])
{
    const size_t length = strlen(path), most = VGRAD__PATH_SHOWN - sizeof "...";
    const char *end = path + length - (length < most ? length : most);
    if (end > path)
        while ((*end & 0xc0) == 0x80) /* not from within a character of UTF-8 */
            end++;
    snprintf(shown, VGRAD__PATH_SHOWN, "%s%s", end > path ? "..." : "", end);
    for (char *c = shown; *c; c++) /* an error text is one line */
        if ((*c >= '\0' && *c < ' ') || *c == '\x7f')
            *c = '?';
    return shown;
}

static vgrad_status __attribute__((format(printf, 3, 0)))
fail_at(const vgrad__bytes *bytes, const char *place, const char *format, va_list arguments)
{
    char reason[VGRAD__ERROR_SIZE];
    vsnprintf(reason, sizeof reason, format, arguments);
    return vgrad__fail(VGRAD_E_FORMAT, "%s: %s: %s", bytes->path, place, reason);
}

static vgrad_status __attribute__((format(printf, 3, 0)))
fail_byte(const vgrad__bytes *bytes, int64_t byte, const char *format, va_list arguments)
{
    char place[64];
    snprintf(place, sizeof place, "byte %lld%s", (long long)byte,
             bytes->inflater ? " of what it inflates to" : "");
    return fail_at(bytes, place, format, arguments);
}

vgrad_status vgrad__bytes_fail(const vgrad__bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vgrad_status status = fail_byte(bytes, bytes->taken, format, arguments);
    va_end(arguments);
    return status;
}

vgrad_status vgrad__bytes_fail_before(const vgrad__bytes *bytes, size_t back, const char *format,
                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    vgrad_status status = fail_byte(bytes, bytes->taken - (int64_t)back, format, arguments);
    va_end(arguments);
    return status;
}

vgrad_status vgrad__bytes_fail_at(const vgrad__bytes *bytes, const char *place, const char *format,
                                  ...)
{
    va_list arguments;
    va_start(arguments, format);
    vgrad_status status = fail_at(bytes, place, format, arguments);
    va_end(arguments);
    return status;
}

static vgrad_status fail_io(const vgrad__bytes *bytes, int64_t failure)
{
    char text[VGRAD__ERRNO_TEXT];
    return vgrad__fail(VGRAD_E_IO, "%s: byte %lld: %s", bytes->path, (long long)bytes->fetched,
                       vgrad__errno_text(failure, text));
}

static vgrad_status fail_over_limit(const vgrad__bytes *bytes)
{
    return vgrad__bytes_fail(bytes, "over the read limit of %lld bytes (VGRAD_CONTEXT_READ_LIMIT)",
                             (long long)bytes->limit);
}

/* ---- opening and closing ---- */

/* One call of the file's read, into `to`. */
static vgrad_status fetch(vgrad__bytes *bytes, void *to, size_t room, size_t *got)
{
    int64_t count = bytes->files->read(bytes->files, bytes->file, to, room);
    *got = count > 0 ? (size_t)count : 0;
    if (count < 0)
        return fail_io(bytes, count);
    bytes->fetched += count;
    return VGRAD_OK;
}

/* Incompressible bytes grow a little under gzip. Whoever sends more than that sends padding, or
   members with nothing in them. */
static bool fetched_too_much(const vgrad__bytes *bytes)
{
    return bytes->size == INT64_MAX &&
           bytes->fetched > bytes->limit + bytes->limit / 8 + BUFFER_SIZE;
}

/* Refills the empty buffer; nothing waits afterwards at the end of the file only. */
static vgrad_status refill(vgrad__bytes *bytes)
{
    bytes->next = bytes->buffer;
    return fetch(bytes, bytes->buffer, sizeof bytes->buffer, &bytes->waiting);
}

/* Fills the buffer for the first time, and sees whether it begins as gzip does. */
static vgrad_status begin(vgrad__bytes *bytes)
{
    vgrad_status status = refill(bytes);
    while (status == VGRAD_OK && bytes->waiting == 1) { /* a pipe may give a single byte */
        size_t more;
        status = fetch(bytes, bytes->buffer + 1, sizeof bytes->buffer - 1, &more);
        bytes->waiting += more;
        if (more == 0)
            break;
    }
    if (status == VGRAD_OK && bytes->waiting >= 2 && bytes->next[0] == 0x1f &&
        bytes->next[1] == 0x8b)
        status = vgrad__inflater_create(&bytes->inflater, bytes->context);
    if (status == VGRAD_E_UNSUPPORTED)
        status = vgrad__fail(status, "%s: %s", bytes->path, vgrad_last_error());
    return status;
}

vgrad_status vgrad__bytes_open(vgrad__bytes **out, const char *path, vgrad_context *context)
{
    *out = NULL;
    vgrad__bytes *bytes = vgrad__allocate(context, 1, sizeof *bytes);
    if (!bytes)
        return VGRAD_E_MEMORY;
    bytes->context = context;
    bytes->files = vgrad__context_files(context);
    bytes->limit = (int64_t)vgrad_context_get(context, VGRAD_CONTEXT_READ_LIMIT);
    vgrad__path_shown(path, bytes->path);
    bytes->file = bytes->files->open(bytes->files, path);
    if (bytes->file < 0) {
        char text[VGRAD__ERRNO_TEXT];
        vgrad_status status =
            vgrad__fail(VGRAD_E_IO, "%s: %s", bytes->path, vgrad__errno_text(bytes->file, text));
        vgrad__release(context, bytes, 1, sizeof *bytes);
        return status;
    }
    bytes->size = bytes->files->size(bytes->files, bytes->file);
    vgrad_status status = bytes->size < 0 ? fail_io(bytes, bytes->size) : begin(bytes);
    if (status == VGRAD_OK)
        *out = bytes;
    else
        vgrad__bytes_close(bytes);
    return status;
}

void vgrad__bytes_close(vgrad__bytes *bytes)
{
    if (!bytes)
        return;
    vgrad__inflater_destroy(bytes->inflater);
    bytes->files->close(bytes->files, bytes->file);
    vgrad__release(bytes->context, bytes, 1, sizeof *bytes);
}

const char *vgrad__bytes_name(const vgrad__bytes *bytes)
{
    return bytes->path;
}

/* ---- reading ---- */

int64_t vgrad__bytes_most(const vgrad__bytes *bytes)
{
    if (!bytes->inflater && bytes->size < INT64_MAX)
        return bytes->size > bytes->taken ? bytes->size - bytes->taken : 0;
    int64_t most = bytes->limit - bytes->taken, inflated;
    if (bytes->inflater && bytes->size < INT64_MAX &&
        !__builtin_mul_overflow(bytes->size, (int64_t)VGRAD__INFLATE_MOST, &inflated) &&
        inflated - bytes->taken < most)
        most = inflated - bytes->taken;
    return most > 0 ? most : 0;
}

static vgrad_status some_plain(vgrad__bytes *bytes, void *to, size_t room, size_t *got)
{
    if (bytes->waiting == 0 && room >= sizeof bytes->buffer)
        return fetch(bytes, to, room, got); /* much is wanted: past the buffer */
    vgrad_status status = bytes->waiting > 0 ? VGRAD_OK : refill(bytes);
    *got = room < bytes->waiting ? room : bytes->waiting;
    memcpy(to, bytes->next, *got);
    bytes->next += *got;
    bytes->waiting -= *got;
    return status;
}

/* Between gzip members: true if another one begins. Zeros are padding, as gzip has it. */
static vgrad_status next_member(vgrad__bytes *bytes, bool *another)
{
    *another = false;
    for (;;) {
        if (bytes->waiting == 0) {
            vgrad_status status = refill(bytes);
            if (status != VGRAD_OK || bytes->waiting == 0)
                return status;
        }
        if (fetched_too_much(bytes))
            return fail_over_limit(bytes);
        if (*bytes->next != 0)
            break;
        bytes->next++;
        bytes->waiting--;
    }
    if (*bytes->next != 0x1f)
        return vgrad__bytes_fail(bytes, "something that is no gzip follows");
    vgrad__inflater_again(bytes->inflater);
    bytes->member_ended = false;
    *another = true;
    return VGRAD_OK;
}

static vgrad_status some_inflated(vgrad__bytes *bytes, void *to, size_t room, size_t *got)
{
    uint8_t *out = to;
    size_t left = room;
    while (left == room) {
        bool another = true;
        vgrad_status status = VGRAD_OK;
        if (bytes->member_ended)
            status = next_member(bytes, &another);
        else if (bytes->waiting == 0)
            status = refill(bytes);
        if (status != VGRAD_OK)
            return status;
        if (!another)
            break;
        if (fetched_too_much(bytes))
            return fail_over_limit(bytes);
        if (bytes->waiting == 0)
            return vgrad__bytes_fail(bytes, "the gzip data ends too early");
        switch (vgrad__inflate(bytes->inflater, &bytes->next, &bytes->waiting, &out, &left)) {
        case VGRAD__INFLATE_GOES_ON: break;
        case VGRAD__INFLATE_MEMBER_ENDS: bytes->member_ended = true; break;
        case VGRAD__INFLATE_NO_MEMORY: return VGRAD_E_MEMORY;
        case VGRAD__INFLATE_DAMAGED:
            return vgrad__bytes_fail(bytes, "the gzip data is damaged before byte %lld of the file",
                                     (long long)(bytes->fetched - (int64_t)bytes->waiting));
        }
    }
    *got = room - left;
    return VGRAD_OK;
}

vgrad_status vgrad__bytes_some(vgrad__bytes *bytes, void *to, size_t room, size_t *got)
{
    *got = 0;
    if (room == 0)
        return VGRAD_OK;
    vgrad_status status =
        bytes->inflater ? some_inflated(bytes, to, room, got) : some_plain(bytes, to, room, got);
    bytes->taken += (int64_t)*got;
    bool bounded = !bytes->inflater && bytes->size < INT64_MAX && bytes->taken <= bytes->size;
    if (status == VGRAD_OK && bytes->taken > bytes->limit && !bounded)
        return fail_over_limit(bytes);
    return status;
}

vgrad_status vgrad__bytes_read(vgrad__bytes *bytes, void *to, size_t count)
{
    size_t got, done = 0;
    while (done < count) {
        vgrad_status status = vgrad__bytes_some(bytes, (char *)to + done, count - done, &got);
        if (status != VGRAD_OK)
            return status;
        if (got == 0)
            return vgrad__bytes_fail(bytes, "the file ends, %zu bytes too early", count - done);
        done += got;
    }
    return VGRAD_OK;
}

vgrad_status vgrad__bytes_finish(vgrad__bytes *bytes)
{
    uint8_t byte;
    size_t got;
    vgrad_status status = vgrad__bytes_some(bytes, &byte, 1, &got);
    if (status == VGRAD_OK && got > 0) {
        bytes->taken--; /* the place of the first byte too many */
        status = vgrad__bytes_fail(bytes, "more bytes follow than the file should have");
    }
    return status;
}
