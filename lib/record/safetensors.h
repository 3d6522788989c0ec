/* safetensors: tensors by name in one file; docs/file-formats.md says what is in it. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_SAFETENSORS_H
#define VGRAD_RECORD_SAFETENSORS_H

#include "base/context.h"
#include "data/bytes.h"
#include "tensor/tensor.h"

enum { VGRAD__SAFETENSORS_HEADER_MOST = 100000000 };

/* Beside the texts of the user's, __metadata__ can hold sums: of each tensor's bytes, and of the
   header with this one's eight digits as zeros. */
#define VGRAD__SAFETENSORS_SUM    "crc32c"
#define VGRAD__SAFETENSORS_SUM_OF "crc32c:" /* and then the tensor's name */

/* A path or a name as error texts have it: for vgrad__path_shown(). */
typedef char vgrad__shown[VGRAD__PATH_SHOWN];

/* ---- writing (safetensors_write.c) ---- */

/* A text of __metadata__. */
typedef struct vgrad__safetensors_text {
    const char *key, *value;
} vgrad__safetensors_text;

/* What goes into a file. */
typedef struct vgrad__safetensors_content {
    vgrad_tensor *tensors; /* by their names; any strides; put into the file's order */
    size_t tensor_count;
    const vgrad__safetensors_text *texts; /* each key once, none that begins as a sum's */
    size_t text_count;
    bool sums;
} vgrad__safetensors_content;

/* Writes a file, which takes the place of what was there once it is whole (replacement.h).
   VGRAD_E_INVALID for a name that is taken twice, is no UTF-8, or is "__metadata__". */
vgrad_status vgrad__safetensors_write(const char *path, vgrad__safetensors_content *content,
                                      vgrad_context *context);

/* Turns elements of the host's byte order into the file's, or back. */
void vgrad__safetensors_swap(void *elements, size_t count, size_t size);

/* ---- reading (safetensors_read.c) ---- */

typedef struct vgrad__safetensors_entry {
    const char *name;
    const char *type;  /* the format's word, such as "F32" */
    vgrad_dtype dtype; /* 0: one that the library has not */
    int32_t rank;      /* above VGRAD_MAX_RANK: `shape` has only the first sizes */
    int64_t shape[VGRAD_MAX_RANK];
    int64_t begin, end; /* bytes, from where the header ends */
    bool has_sum;
    uint32_t sum;
} vgrad__safetensors_entry;

/* A file that is open, whose header was found to be right and to describe all bytes of it. */
typedef struct vgrad__safetensors {
    vgrad_context *context;
    const vgrad__files *files;
    vgrad__file file;
    vgrad__shown path;                 /* for error texts */
    int64_t size;                      /* of what follows the header */
    int64_t at;                        /* of that: where reading stands */
    void *json;                        /* the header; names and texts are in it */
    vgrad__safetensors_entry *entries; /* in the order of their bytes */
    size_t count, capacity;
    bool summed; /* the header has a sum, which was right, and so has every tensor */
} vgrad__safetensors;

/* Opens a file and checks all that can be known without its tensors. On failure nothing is open.
   VGRAD_E_FORMAT, VGRAD_E_IO, VGRAD_E_MEMORY; VGRAD_E_UNSUPPORTED in a build without jansson. */
vgrad_status vgrad__safetensors_open(vgrad__safetensors *out, const char *path,
                                     vgrad_context *context);
void vgrad__safetensors_close(vgrad__safetensors *file);

/* NULL if there is no such tensor, or text. */
const vgrad__safetensors_entry *vgrad__safetensors_find(const vgrad__safetensors *file,
                                                        const char *name);
const char *vgrad__safetensors_text_of(const vgrad__safetensors *file, const char *key);

/* Reads the elements of a tensor, end - begin bytes, in the host's byte order; its sum, if it has
   one, is right. From front to back: no entry before one that was read. */
vgrad_status vgrad__safetensors_read(vgrad__safetensors *file,
                                     const vgrad__safetensors_entry *entry, void *to);

/* VGRAD_E_FORMAT, or another status, with a text that names the file and a tensor of it. */
vgrad_status vgrad__safetensors_fail(const vgrad__safetensors *file, vgrad_status status,
                                     const vgrad__safetensors_entry *entry, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
