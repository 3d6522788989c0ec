/* Writing safetensors: the header is laid out, then the tensors go by in blocks. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/status.h"
#include "data/elements.h"
#include "record/replacement.h"
#include "record/safetensors.h"

enum { BLOCK = 4096, /* elements */ ELEMENT_MOST = 8, HEADER_ALIGNMENT = 8, DIGITS = 8 };

/* ---- order and names ---- */

/* A type's word and its place in the order of alignments. */
typedef struct type {
    const char *word;
    int place;
} type;

static type type_of(int32_t dtype)
{
    switch ((vgrad_dtype)dtype) {
    case VGRAD_UINT8: return (type){ "U8", 0 };
    case VGRAD_FLOAT16: return (type){ "F16", 1 };
    case VGRAD_BFLOAT16: return (type){ "BF16", 2 };
    case VGRAD_INT32: return (type){ "I32", 3 };
    case VGRAD_FLOAT32: return (type){ "F32", 4 };
    case VGRAD_FLOAT64: return (type){ "F64", 5 };
    default: return (type){ "I64", 6 };
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const vgrad_tensor *)a)->name, ((const vgrad_tensor *)b)->name);
}

/* So that each tensor begins at a multiple of its elements' size. */
static int by_alignment(const void *a, const void *b)
{
    const int place_a = type_of(((const vgrad_tensor *)a)->dtype).place;
    const int place_b = type_of(((const vgrad_tensor *)b)->dtype).place;
    return place_a != place_b ? place_b - place_a : by_name(a, b);
}

/* RFC 3629: no surrogates, nothing longer than it must be, nothing above U+10FFFF. */
static bool is_utf8(const char *text)
{
    for (const uint8_t *c = (const uint8_t *)text; *c;) {
        const int more = *c < 0x80                 ? 0
                         : *c >= 0xc2 && *c < 0xe0 ? 1
                         : *c >= 0xe0 && *c < 0xf0 ? 2
                                                   : 3;
        if ((more == 3 && (*c < 0xf0 || *c > 0xf4)) || (*c == 0xe0 && c[1] < 0xa0) ||
            (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
            (*c == 0xf4 && c[1] > 0x8f))
            return false;
        for (int i = 1; i <= more; i++)
            if ((c[i] & 0xc0) != 0x80)
                return false;
        c += 1 + more;
    }
    return true;
}

static vgrad_status fail(const char *path, const char *name, const char *why)
{
    vgrad__shown file, shown;
    return vgrad__fail(VGRAD_E_INVALID, "%s: tensor \"%s\": %s", vgrad__path_shown(path, file),
                       vgrad__path_shown(name, shown), why);
}

/* Puts the tensors into order. */
static vgrad_status arrange(const char *path, vgrad__safetensors_content *content)
{
    vgrad_tensor *tensors = content->tensors;
    if (content->tensor_count == 0)
        return VGRAD_OK;
    qsort(tensors, content->tensor_count, sizeof *tensors, by_name);
    for (size_t i = 0; i < content->tensor_count; i++) {
        if (!is_utf8(tensors[i].name))
            return fail(path, tensors[i].name, "a name is UTF-8");
        if (strcmp(tensors[i].name, "__metadata__") == 0)
            return fail(path, tensors[i].name, "the format has this name for texts");
        if (i > 0 && by_name(&tensors[i - 1], &tensors[i]) == 0)
            return fail(path, tensors[i].name, "two tensors of this name");
    }
    qsort(tensors, content->tensor_count, sizeof *tensors, by_alignment);
    return VGRAD_OK;
}

/* ---- elements ---- */

void vgrad__safetensors_swap(void *elements, size_t count, size_t size)
{
    if (!vgrad__host_is_big_endian())
        return;
    for (uint8_t *e = elements; count > 0; count--, e += size)
        for (size_t i = 0; i < size / 2; i++) {
            const uint8_t byte = e[i];
            e[i] = e[size - 1 - i];
            e[size - 1 - i] = byte;
        }
}

static size_t bytes_of(const vgrad_tensor *tensor)
{
    return (size_t)vgrad_tensor_count(tensor) * vgrad__dtype_size((vgrad_dtype)tensor->dtype);
}

/* Hands the elements to `take` as they are in the file, block by block. */
static vgrad_status each_block(const vgrad_tensor *tensor,
                               vgrad_status (*take)(const void *bytes, size_t count, void *user),
                               void *user)
{
    _Alignas(ELEMENT_MOST) uint8_t block[BLOCK * ELEMENT_MOST];
    const size_t size = vgrad__dtype_size((vgrad_dtype)tensor->dtype);
    const int64_t count = vgrad_tensor_count(tensor);
    vgrad_status status = VGRAD_OK;
    for (int64_t first = 0; first < count && status == VGRAD_OK; first += BLOCK) {
        const int64_t some = count - first < BLOCK ? count - first : BLOCK;
        vgrad__tensor_pack_some(tensor, first, some, block, (vgrad_dtype)tensor->dtype);
        vgrad__safetensors_swap(block, (size_t)some, size);
        status = take(block, (size_t)some * size, user);
    }
    return status;
}

static vgrad_status add_to_sum(const void *bytes, size_t count, void *user)
{
    uint32_t *sum = user;
    *sum = vgrad__crc32c(*sum, bytes, count);
    return VGRAD_OK;
}

static vgrad_status add_to_file(const void *bytes, size_t count, void *user)
{
    return vgrad__replacement_write(user, bytes, count);
}

/* ---- the header ---- */

/* A text that is laid out twice: first only to count its bytes. */
typedef struct text {
    char *to; /* NULL: only count */
    size_t used;
    char last;
    size_t sum_at; /* where the digits of its own sum are */
} text;

/* At least one byte. */
static void put(text *t, const char *bytes)
{
    const size_t count = strlen(bytes);
    if (t->to)
        memcpy(t->to + t->used, bytes, count);
    t->used += count;
    t->last = bytes[count - 1];
}

/* Before a member of an object. */
static void put_comma(text *t)
{
    if (t->last != '{')
        put(t, ",");
}

/* What stands between the quotes of a JSON string. */
static void put_escaped(text *t, const char *bytes)
{
    for (const char *c = bytes; *c; c++) {
        char one[8] = { *c };
        if (*c == '"' || *c == '\\')
            snprintf(one, sizeof one, "\\%c", *c);
        else if ((unsigned char)*c < ' ')
            snprintf(one, sizeof one, "\\u%04x", (unsigned)*c);
        put(t, one);
    }
}

static void put_number(text *t, const char *before, int64_t number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%s%" PRId64, before, number);
    put(t, digits);
}

/* A member of __metadata__, whose key may have two parts. */
static void put_pair(text *t, const char *prefix, const char *key, const char *value)
{
    put_comma(t);
    put(t, "\"");
    put_escaped(t, prefix);
    put_escaped(t, key);
    put(t, "\":\"");
    put_escaped(t, value);
    put(t, "\"");
}

static void put_sum_of(text *t, const vgrad_tensor *tensor)
{
    uint32_t sum = 0;
    char digits[DIGITS + 1] = "00000000";
    if (t->to) {
        each_block(tensor, add_to_sum, &sum);
        snprintf(digits, sizeof digits, "%08" PRIx32, sum);
    }
    put_pair(t, VGRAD__SAFETENSORS_SUM_OF, tensor->name, digits);
}

static void put_metadata(text *t, const vgrad__safetensors_content *content)
{
    if (content->text_count == 0 && !content->sums)
        return;
    put(t, "\"__metadata__\":{");
    for (size_t i = 0; i < content->text_count; i++)
        put_pair(t, "", content->texts[i].key, content->texts[i].value);
    if (content->sums) {
        put_pair(t, "", VGRAD__SAFETENSORS_SUM, "00000000");
        t->sum_at = t->used - 1 - DIGITS;
        for (size_t i = 0; i < content->tensor_count; i++)
            put_sum_of(t, &content->tensors[i]);
    }
    put(t, "}");
}

static void put_tensor(text *t, const vgrad_tensor *tensor, int64_t begin, int64_t end)
{
    put_comma(t);
    put(t, "\"");
    put_escaped(t, tensor->name);
    put(t, "\":{\"dtype\":\"");
    put(t, type_of(tensor->dtype).word);
    put(t, "\",\"shape\":[");
    for (int32_t axis = 0; axis < tensor->rank; axis++)
        put_number(t, axis > 0 ? "," : "", tensor->shape[axis]);
    put_number(t, "],\"data_offsets\":[", begin);
    put_number(t, ",", end);
    put(t, "]}");
}

static void put_header(text *t, const vgrad__safetensors_content *content)
{
    int64_t begin = 0;
    put(t, "{");
    put_metadata(t, content);
    for (size_t i = 0; i < content->tensor_count; i++) {
        const int64_t end = begin + (int64_t)bytes_of(&content->tensors[i]);
        put_tensor(t, &content->tensors[i], begin, end);
        begin = end;
    }
    put(t, "}");
    while (t->used % HEADER_ALIGNMENT != 0)
        put(t, " ");
}

static void put_own_sum(const text *t)
{
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%08" PRIx32, vgrad__crc32c(0, t->to, t->used));
    memcpy(t->to + t->sum_at, digits, DIGITS);
}

/* ---- the file ---- */

static vgrad_status write_all(vgrad__replacement *file, const text *header,
                              const vgrad__safetensors_content *content)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)header->used >> 8 * i);
    vgrad_status status = vgrad__replacement_write(file, length, sizeof length);
    if (status == VGRAD_OK)
        status = vgrad__replacement_write(file, header->to, header->used);
    for (size_t i = 0; i < content->tensor_count && status == VGRAD_OK; i++)
        status = each_block(&content->tensors[i], add_to_file, file);
    return status;
}

static vgrad_status write_file(const char *path, const text *header,
                               const vgrad__safetensors_content *content, vgrad_context *context)
{
    vgrad__replacement file;
    vgrad_status status = vgrad__replacement_begin(&file, path, context);
    if (status != VGRAD_OK)
        return status;
    status = write_all(&file, header, content);
    if (status == VGRAD_OK)
        return vgrad__replacement_finish(&file);
    vgrad__replacement_abandon(&file);
    return status;
}

vgrad_status vgrad__safetensors_write(const char *path, vgrad__safetensors_content *content,
                                      vgrad_context *context)
{
    vgrad__shown shown;
    text header = { 0 };
    vgrad_status status = arrange(path, content);
    if (status != VGRAD_OK)
        return status;
    put_header(&header, content);
    const size_t size = header.used;
    if (size > VGRAD__SAFETENSORS_HEADER_MOST)
        return vgrad__fail(VGRAD_E_INVALID, "%s: a header of at most %d bytes, got %zu",
                           vgrad__path_shown(path, shown), VGRAD__SAFETENSORS_HEADER_MOST, size);
    header = (text){ .to = vgrad__allocate(context, size, 1) };
    if (!header.to)
        return VGRAD_E_MEMORY;
    put_header(&header, content);
    if (content->sums)
        put_own_sum(&header);
    status = write_file(path, &header, content, context);
    vgrad__release(context, header.to, size, 1);
    return status;
}
