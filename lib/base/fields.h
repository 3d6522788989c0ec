/*
 * What a thing is made of, gone through one by one: to write it down, to check what was written, to
 * take it. One visit is all three, so nothing is written that is not read.
 *
 * A visit hands copies over, checks how those fit together that were read, and takes them only if
 * `commits`: the first reading only checks, and after it the second one cannot fail.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_FIELDS_H
#define VGRAD_BASE_FIELDS_H

#include <stdbool.h>
#include <vgrad/tensor.h>

enum { VGRAD__WORD_SIZE = 32 };

typedef struct vgrad__fields vgrad__fields;

/* Names are of the object that is open; NULL for the next element of a list. Once something was
   wrong, nothing is written or read any more. */
typedef struct vgrad__fields_way {
    void (*open)(vgrad__fields *f, const char *name);
    /* Returns how many elements there are: `count`, or as many as were written. */
    int64_t (*open_list)(vgrad__fields *f, const char *name, int64_t count);
    void (*close)(vgrad__fields *f);
    /* Whether the open object has this member: `here`, or whether it was written. */
    bool (*has)(vgrad__fields *f, const char *name, bool here);
    void (*integer)(vgrad__fields *f, const char *name, int64_t *value, int64_t low, int64_t high);
    void (*real)(vgrad__fields *f, const char *name, double *value);
    void (*text)(vgrad__fields *f, const char *name, char *text, size_t size);
    /* By a name of its own, whatever is open. Read: only if its data is not NULL, into it. */
    void (*tensor)(vgrad__fields *f, const char *name, const vgrad_tensor *view);
    /* What was read here will not do. */
    void (*refuse)(vgrad__fields *f, vgrad_status status, const char *name, const char *why);
} vgrad__fields_way;

struct vgrad__fields {
    const vgrad__fields_way *way;
    bool reads, commits;
    vgrad_status status; /* the first that was not VGRAD_OK, with its text */
};

static inline bool vgrad__fields_fine(const vgrad__fields *f)
{
    return f->status == VGRAD_OK;
}

void vgrad__visit_flag(vgrad__fields *f, const char *name, bool *value);
/* A seed: all 64 bits. */
void vgrad__visit_seed(vgrad__fields *f, const char *name, uint64_t *value);
/* Finite and in [low, high]. */
void vgrad__visit_number(vgrad__fields *f, const char *name, double *value, double low,
                         double high);

/* What must be as it is here: VGRAD_E_INVALID, with both. */
void vgrad__visit_same(vgrad__fields *f, const char *name, int64_t value);
void vgrad__visit_same_real(vgrad__fields *f, const char *name, double value);
void vgrad__visit_same_text(vgrad__fields *f, const char *name, const char *value);
/* A member that is there if it is here; whether it is. */
bool vgrad__visit_same_presence(vgrad__fields *f, const char *name, bool here);
/* A list of as many; it is open then. */
void vgrad__visit_same_count(vgrad__fields *f, const char *name, int64_t count);

#endif
