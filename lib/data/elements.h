/* Elements as files hold them, and as what a dataset keeps them. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_ELEMENTS_H
#define VGRAD_DATA_ELEMENTS_H

#include <stdbool.h>
#include <vgrad/tensor.h>

#include "data/bytes.h"

/* One type of element in a file. */
typedef struct vgrad__element {
    char name[3];   /* NumPy's kind and size, such as "f4" */
    uint8_t idx;    /* IDX's number, 0: it has none */
    uint8_t size;   /* in the file */
    vgrad_dtype as; /* the narrowest dtype that holds all its values */
    /* From the file's type to `as`, up to a value that does not fit; how many did. NULL: the types
       are one. */
    size_t (*widen)(const void *from, void *to, size_t count);
} vgrad__element;

/* The type with this name, or this IDX number; NULL: there is none. */
const vgrad__element *vgrad__element_named(const char *name);
const vgrad__element *vgrad__element_of_idx(uint8_t number);

bool vgrad__host_is_big_endian(void);

/* Reads `count` of them into an array of their dtype. */
vgrad_status vgrad__elements_read(vgrad__bytes *bytes, const vgrad__element *element,
                                  bool big_endian, void *to, size_t count);

#endif
