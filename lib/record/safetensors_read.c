/* Reading safetensors: nothing that a file says is believed before its bytes bear it out. */
/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/status.h"
#include "record/safetensors.h"

enum { LENGTH_SIZE = 8, HEADER_LEAST = 2, DIGITS = 8, SKIPPED_AT_ONCE = 4096 };
static const char metadata_name[] = "__metadata__";

/* ---- failing ---- */

vgrad_status vgrad__safetensors_fail(const vgrad__safetensors *file, vgrad_status status,
                                     const vgrad__safetensors_entry *entry, const char *format, ...)
{
    char reason[VGRAD__ERROR_SIZE];
    vgrad__shown name;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return vgrad__fail(status, "%s: tensor \"%s\": %s", file->path,
                       vgrad__path_shown(entry->name, name), reason);
}

#define FAIL(file, entry, ...) vgrad__safetensors_fail(file, VGRAD_E_FORMAT, entry, __VA_ARGS__)

static vgrad_status fail_io(const vgrad__safetensors *file, int64_t failure)
{
    char text[VGRAD__ERRNO_TEXT];
    return vgrad__fail(VGRAD_E_IO, "%s: %s", file->path, vgrad__errno_text(failure, text));
}

/* ---- bytes ---- */

static vgrad_status read_bytes(const vgrad__safetensors *file, void *to, size_t count)
{
    for (char *next = to; count > 0;) {
        const int64_t got = file->files->read(file->files, file->file, next, count);
        if (got < 0)
            return fail_io(file, got);
        if (got == 0)
            return vgrad__fail(VGRAD_E_FORMAT, "%s: the file ends, %zu bytes too early", file->path,
                               count);
        next += got;
        count -= (size_t)got;
    }
    return VGRAD_OK;
}

static vgrad_status skip_bytes(const vgrad__safetensors *file, int64_t count)
{
    char unread[SKIPPED_AT_ONCE];
    vgrad_status status = VGRAD_OK;
    while (count > 0 && status == VGRAD_OK) {
        const int64_t some = count < SKIPPED_AT_ONCE ? count : SKIPPED_AT_ONCE;
        status = read_bytes(file, unread, (size_t)some);
        count -= some;
    }
    return status;
}

/* ---- one entry ---- */

/* The format's types, with the library's where it has one. */
static const struct {
    const char *word;
    int bits;
    int dtype;
} types[] = {
    { "F32", 32, VGRAD_FLOAT32 },
    { "F64", 64, VGRAD_FLOAT64 },
    { "F16", 16, VGRAD_FLOAT16 },
    { "BF16", 16, VGRAD_BFLOAT16 },
    { "U8", 8, VGRAD_UINT8 },
    { "I32", 32, VGRAD_INT32 },
    { "I64", 64, VGRAD_INT64 },
    { "BOOL", 8, 0 },
    { "I8", 8, 0 },
    { "I16", 16, 0 },
    { "U16", 16, 0 },
    { "U32", 32, 0 },
    { "U64", 64, 0 },
    { "C64", 64, 0 },
    { "F8_E5M2", 8, 0 },
    { "F8_E4M3", 8, 0 },
    { "F8_E8M0", 8, 0 },
    { "F8_E4M3FNUZ", 8, 0 },
    { "F8_E5M2FNUZ", 8, 0 },
    { "F6_E2M3", 6, 0 },
    { "F6_E3M2", 6, 0 },
    { "F4", 4, 0 },
};
enum { TYPES = sizeof types / sizeof *types };

static vgrad_status take_type(const vgrad__safetensors *file, vgrad__safetensors_entry *entry,
                              const json_t *member, int *bits)
{
    vgrad__shown shown;
    const char *word = json_string_value(member);
    if (!word)
        return FAIL(file, entry, "dtype: a text");
    for (int i = 0; i < TYPES; i++)
        if (strcmp(types[i].word, word) == 0) {
            entry->type = types[i].word;
            entry->dtype = (vgrad_dtype)types[i].dtype;
            *bits = types[i].bits;
            return VGRAD_OK;
        }
    return FAIL(file, entry, "dtype: no type \"%s\"", vgrad__path_shown(word, shown));
}

static vgrad_status take_shape(const vgrad__safetensors *file, vgrad__safetensors_entry *entry,
                               const json_t *member, int64_t *count)
{
    if (!json_is_array(member) || json_array_size(member) > INT32_MAX)
        return FAIL(file, entry, "shape: an array of sizes");
    entry->rank = (int32_t)json_array_size(member);
    *count = 1;
    for (int32_t axis = 0; axis < entry->rank; axis++) {
        const json_t *size = json_array_get(member, (size_t)axis);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return FAIL(file, entry, "shape: size %d is no number from 0 up", (int)axis);
        if (__builtin_mul_overflow(*count, (int64_t)json_integer_value(size), count))
            return FAIL(file, entry, "shape: the product of the sizes is too large");
        if (axis < VGRAD_MAX_RANK)
            entry->shape[axis] = json_integer_value(size);
    }
    return VGRAD_OK;
}

static vgrad_status take_offsets(const vgrad__safetensors *file, vgrad__safetensors_entry *entry,
                                 const json_t *member)
{
    const json_t *begin = json_array_get(member, 0), *end = json_array_get(member, 1);
    if (json_array_size(member) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return FAIL(file, entry, "data_offsets: an array of two numbers");
    entry->begin = json_integer_value(begin);
    entry->end = json_integer_value(end);
    if (entry->begin < 0 || entry->end < entry->begin || entry->end > file->size)
        return FAIL(file, entry, "data_offsets: 0 to %lld, got %lld to %lld", (long long)file->size,
                    (long long)entry->begin, (long long)entry->end);
    return VGRAD_OK;
}

static vgrad_status take_entry(vgrad__safetensors *file, const char *name, const json_t *value)
{
    vgrad__safetensors_entry *entry = &file->entries[file->count];
    int64_t count = 0, size = 0;
    int bits = 0;
    entry->name = name;
    if (!json_is_object(value))
        return FAIL(file, entry, "an object with dtype, shape and data_offsets");
    vgrad_status status = take_type(file, entry, json_object_get(value, "dtype"), &bits);
    if (status == VGRAD_OK)
        status = take_shape(file, entry, json_object_get(value, "shape"), &count);
    if (status == VGRAD_OK)
        status = take_offsets(file, entry, json_object_get(value, "data_offsets"));
    if (status != VGRAD_OK)
        return status;
    if (__builtin_mul_overflow(count, (int64_t)bits, &size))
        return FAIL(file, entry, "shape: the product of the sizes is too large");
    if (size % 8 != 0)
        return FAIL(file, entry, "shape: %lld elements of %d bits are no whole bytes",
                    (long long)count, bits);
    if (entry->end - entry->begin != size / 8)
        return FAIL(file, entry, "%lld elements of %s are %lld bytes, data_offsets have %lld",
                    (long long)count, entry->type, (long long)(size / 8),
                    (long long)(entry->end - entry->begin));
    file->count++;
    return VGRAD_OK;
}

/* ---- sums ---- */

/* Eight hexadecimal digits, in lower case. */
static bool parse_sum(const char *text, uint32_t *sum)
{
    static const char digits[] = "0123456789abcdef";
    *sum = 0;
    if (strlen(text) != DIGITS)
        return false;
    for (const char *c = text; *c; c++) {
        const char *digit = strchr(digits, *c);
        if (!digit)
            return false;
        *sum = *sum << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* A tensor's sum, if the metadata has one. */
static vgrad_status take_sum(const vgrad__safetensors *file, vgrad__safetensors_entry *entry,
                             json_t *metadata)
{
    const size_t prefix = strlen(VGRAD__SAFETENSORS_SUM_OF),
                 size = prefix + strlen(entry->name) + 1;
    char *key = vgrad__allocate(file->context, size, 1);
    if (!key)
        return VGRAD_E_MEMORY;
    memcpy(key, VGRAD__SAFETENSORS_SUM_OF, prefix);
    memcpy(key + prefix, entry->name, size - prefix);
    const char *text = json_string_value(json_object_get(metadata, key));
    vgrad__release(file->context, key, size, 1);
    entry->has_sum = text != NULL;
    if (text && !parse_sum(text, &entry->sum))
        return FAIL(file, entry, "its CRC-32C: %d hexadecimal digits", DIGITS);
    return VGRAD_OK;
}

/* Where the digits of the header's own sum are in its text; NULL: nowhere. */
static const char *find_own_sum(const char *header, size_t size)
{
    static const char before[] = "\"" VGRAD__SAFETENSORS_SUM "\":\"";
    const size_t length = sizeof before - 1;
    for (size_t i = 0; i + length + DIGITS <= size; i++)
        if (memcmp(header + i, before, length) == 0)
            return header + i + length;
    return NULL;
}

static vgrad_status check_own_sum(const vgrad__safetensors *file, const char *stated,
                                  const char *header, size_t size)
{
    const char *digits = find_own_sum(header, size);
    uint32_t sum, found;
    if (!parse_sum(stated, &sum) || !digits || memcmp(digits, stated, DIGITS) != 0)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: the header's CRC-32C: %d hexadecimal digits",
                           file->path, DIGITS);
    found = vgrad__crc32c(0, header, (size_t)(digits - header));
    found = vgrad__crc32c(found, "00000000", DIGITS);
    digits += DIGITS;
    found = vgrad__crc32c(found, digits, size - (size_t)(digits - header));
    if (found != sum)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: the header's CRC-32C is %08x, it states %08x",
                           file->path, (unsigned)found, (unsigned)sum);
    return VGRAD_OK;
}

/* Sums, where the metadata has them. */
static vgrad_status take_sums(vgrad__safetensors *file, const char *header, size_t size)
{
    json_t *metadata = json_object_get(file->json, metadata_name);
    const char *own = vgrad__safetensors_text_of(file, VGRAD__SAFETENSORS_SUM);
    vgrad_status status = own ? check_own_sum(file, own, header, size) : VGRAD_OK;
    file->summed = own != NULL;
    for (size_t i = 0; i < file->count && metadata && status == VGRAD_OK; i++) {
        status = take_sum(file, &file->entries[i], metadata);
        file->summed &= file->entries[i].has_sum;
    }
    return status;
}

/* ---- the header ---- */

static vgrad_status check_metadata(const vgrad__safetensors *file, json_t *metadata)
{
    const char *key;
    json_t *value;
    vgrad__shown shown;
    if (!json_is_object(metadata))
        return vgrad__fail(VGRAD_E_FORMAT, "%s: %s: an object of texts", file->path, metadata_name);
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return vgrad__fail(
        VGRAD_E_FORMAT, "%s: %s: \"%s\": a text", file->path, metadata_name,
        vgrad__path_shown(key, shown));
    return VGRAD_OK;
}

static vgrad_status take_entries(vgrad__safetensors *file)
{
    const char *name;
    json_t *value;
    vgrad_status status = VGRAD_OK;
    file->capacity = json_object_size(file->json);
    file->entries = vgrad__allocate(file->context, file->capacity, sizeof *file->entries);
    if (!file->entries)
        return VGRAD_E_MEMORY;
    json_object_foreach(file->json, name, value)
    {
        status = strcmp(name, metadata_name) == 0 ? check_metadata(file, value)
                                                  : take_entry(file, name, value);
        if (status != VGRAD_OK)
            break;
    }
    return status;
}

/* Of tensors without elements several can lie at one place. */
static int by_place(const void *a, const void *b)
{
    const vgrad__safetensors_entry *one = a, *other = b;
    if (one->begin != other->begin)
        return one->begin < other->begin ? -1 : 1;
    if (one->end != other->end)
        return one->end < other->end ? -1 : 1;
    return strcmp(one->name, other->name);
}

/* Every byte is one tensor's. */
static vgrad_status check_places(const vgrad__safetensors *file)
{
    int64_t end = 0;
    if (file->count > 0)
        qsort(file->entries, file->count, sizeof *file->entries, by_place);
    for (size_t i = 0; i < file->count; i++) {
        const vgrad__safetensors_entry *entry = &file->entries[i];
        if (entry->begin != end)
            return FAIL(file, entry, "begins at byte %lld, where what is before it ends at %lld",
                        (long long)entry->begin, (long long)end);
        end = entry->end;
    }
    if (end != file->size)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: the tensors have %lld bytes, the file has %lld",
                           file->path, (long long)end, (long long)file->size);
    return VGRAD_OK;
}

/* The header begins with an opening brace, and ends with spaces at most. */
static vgrad_status check_ends(const vgrad__safetensors *file, const char *header, size_t size)
{
    size_t end = size;
    while (end > 0 && header[end - 1] == ' ')
        end--;
    if (header[0] != '{')
        return vgrad__fail(VGRAD_E_FORMAT, "%s: byte %d: the header begins with 7b, got %02x",
                           file->path, LENGTH_SIZE, (unsigned)(uint8_t)header[0]);
    if (header[end - 1] != '}')
        return vgrad__fail(VGRAD_E_FORMAT, "%s: byte %zu: the header ends with 7d, got %02x",
                           file->path, LENGTH_SIZE + end - 1, (unsigned)(uint8_t)header[end - 1]);
    return VGRAD_OK;
}

/* jansson's memory is the C library's: its allocator is the process's, and left alone. */
static vgrad_status parse(vgrad__safetensors *file, const char *header, size_t size)
{
    json_error_t error;
    vgrad__shown shown;
    file->json = json_loadb(header, size, JSON_REJECT_DUPLICATES, &error);
    if (file->json)
        return VGRAD_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return vgrad__fail(VGRAD_E_MEMORY, "%s: no memory for a header of %zu bytes", file->path,
                           size);
    return vgrad__fail(VGRAD_E_FORMAT, "%s: byte %d: %s", file->path, error.position + LENGTH_SIZE,
                       vgrad__path_shown(error.text, shown));
}

static vgrad_status take_header(vgrad__safetensors *file, size_t size)
{
    char *header = vgrad__allocate(file->context, size, 1);
    if (!header)
        return VGRAD_E_MEMORY;
    vgrad_status status = read_bytes(file, header, size);
    if (status == VGRAD_OK)
        status = check_ends(file, header, size);
    if (status == VGRAD_OK)
        status = parse(file, header, size);
    if (status == VGRAD_OK)
        status = take_entries(file);
    if (status == VGRAD_OK)
        status = check_places(file);
    if (status == VGRAD_OK)
        status = take_sums(file, header, size);
    vgrad__release(file->context, header, size, 1);
    return status;
}

/* Its length, which the file must have room for before memory is taken. */
static vgrad_status take_length(vgrad__safetensors *file, size_t *length)
{
    uint8_t bytes[LENGTH_SIZE];
    uint64_t stated = 0;
    const int64_t size = file->files->size(file->files, file->file);
    if (size < 0)
        return fail_io(file, size);
    if (size == INT64_MAX)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: not a regular file: its size is not known",
                           file->path);
    if (size < LENGTH_SIZE)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: at least %d bytes, got %lld", file->path,
                           LENGTH_SIZE, (long long)size);
    vgrad_status status = read_bytes(file, bytes, sizeof bytes);
    if (status != VGRAD_OK)
        return status;
    for (int i = 0; i < LENGTH_SIZE; i++)
        stated |= (uint64_t)bytes[i] << 8 * i;
    if (stated < HEADER_LEAST || stated > VGRAD__SAFETENSORS_HEADER_MOST)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: byte 0: a header of %d to %d bytes, got %llu",
                           file->path, HEADER_LEAST, VGRAD__SAFETENSORS_HEADER_MOST,
                           (unsigned long long)stated);
    file->size = size - LENGTH_SIZE - (int64_t)stated;
    if (file->size < 0)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: byte 0: a header of %llu bytes, but %lld follow",
                           file->path, (unsigned long long)stated, (long long)(size - LENGTH_SIZE));
    *length = (size_t)stated;
    return VGRAD_OK;
}

/* ---- opening, looking, reading ---- */

vgrad_status vgrad__safetensors_open(vgrad__safetensors *out, const char *path,
                                     vgrad_context *context)
{
    size_t length = 0;
    *out = (vgrad__safetensors){ .context = context, .files = vgrad__context_files(context) };
    vgrad__path_shown(path, out->path);
    out->file = out->files->open(out->files, path);
    if (out->file < 0)
        return fail_io(out, out->file);
    vgrad_status status = take_length(out, &length);
    if (status == VGRAD_OK)
        status = take_header(out, length);
    if (status != VGRAD_OK)
        vgrad__safetensors_close(out);
    return status;
}

void vgrad__safetensors_close(vgrad__safetensors *file)
{
    file->files->close(file->files, file->file);
    vgrad__release(file->context, file->entries, file->capacity, sizeof *file->entries);
    json_decref(file->json);
    *file = (vgrad__safetensors){ 0 };
}

const vgrad__safetensors_entry *vgrad__safetensors_find(const vgrad__safetensors *file,
                                                        const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].name, name) == 0)
            return &file->entries[i];
    return NULL;
}

const char *vgrad__safetensors_text_of(const vgrad__safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->json, metadata_name), key));
}

vgrad_status vgrad__safetensors_read(vgrad__safetensors *file,
                                     const vgrad__safetensors_entry *entry, void *to)
{
    const size_t size = (size_t)(entry->end - entry->begin);
    vgrad_status status = skip_bytes(file, entry->begin - file->at);
    if (status == VGRAD_OK)
        status = read_bytes(file, to, size);
    if (status != VGRAD_OK)
        return status;
    file->at = entry->end;
    const uint32_t sum = entry->has_sum ? vgrad__crc32c(0, to, size) : 0;
    if (entry->has_sum && sum != entry->sum)
        return FAIL(file, entry, "its CRC-32C is %08x, the header states %08x", (unsigned)sum,
                    (unsigned)entry->sum);
    const size_t element = vgrad__dtype_size(entry->dtype);
    if (element > 0)
        vgrad__safetensors_swap(to, size / element, element);
    return VGRAD_OK;
}
