/* The bytes of a file from first to last, inflated on the way if they are gzip. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_BYTES_H
#define VGRAD_DATA_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <vgrad/context.h>

typedef struct vgrad__bytes vgrad__bytes;

enum { VGRAD__PATH_SHOWN = 100 };
/* A path as error texts have it: its end, if it is long, in one line; returns `shown`. */
const char *vgrad__path_shown(const char *path, char shown[VGRAD__PATH_SHOWN]);

/* Whether it is gzip is seen from its first bytes, not from its name. */
vgrad_status vgrad__bytes_open(vgrad__bytes **out, const char *path, vgrad_context *context);
/* NULL is fine. */
void vgrad__bytes_close(vgrad__bytes *bytes);

/* The path, or its end if it is long: for error texts. */
const char *vgrad__bytes_name(const vgrad__bytes *bytes);

/* How many bytes can still come, at most: what may be believed of a size that the file states. */
int64_t vgrad__bytes_most(const vgrad__bytes *bytes);

/* Up to `room` of them; `*got` is 0 at the end only. */
vgrad_status vgrad__bytes_some(vgrad__bytes *bytes, void *to, size_t room, size_t *got);
/* All `count`; VGRAD_E_FORMAT if the file ends before. */
vgrad_status vgrad__bytes_read(vgrad__bytes *bytes, void *to, size_t count);
/* VGRAD_E_FORMAT unless every byte was taken. */
vgrad_status vgrad__bytes_finish(vgrad__bytes *bytes);

/* VGRAD_E_FORMAT with a text that names the file and the byte that comes next. */
vgrad_status vgrad__bytes_fail(const vgrad__bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the byte `back` before that one. */
vgrad_status vgrad__bytes_fail_before(const vgrad__bytes *bytes, size_t back, const char *format,
                                      ...) __attribute__((format(printf, 3, 4)));
/* The same with a place of the caller's own, such as "line 3, column 2", instead of the byte. */
vgrad_status vgrad__bytes_fail_at(const vgrad__bytes *bytes, const char *place, const char *format,
                                  ...) __attribute__((format(printf, 3, 4)));

#endif
