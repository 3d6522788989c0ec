/* The types of elements that files may hold, and how they are read. */
/* SPDX-License-Identifier: MIT */
#include "data/elements.h"

#include <string.h>

#include "tensor/half.h"
#include "tensor/tensor.h"

/* ---- types that no dtype has, and float16: they become the next wider one ---- */

/* `from` may lie anywhere, so its values are copied out. */
#define WIDEN(name, From, To, expression)                                                          \
    static size_t name(const void *from, void *to, size_t count)                                   \
    {                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            From value;                                                                            \
            memcpy(&value, (const char *)from + i * sizeof value, sizeof value);                   \
            ((To *)to)[i] = (To)(expression);                                                      \
        }                                                                                          \
        return count;                                                                              \
    }

WIDEN(widen_bool, uint8_t, uint8_t, value != 0)
WIDEN(widen_int8, int8_t, int32_t, value)
WIDEN(widen_int16, int16_t, int32_t, value)
WIDEN(widen_uint16, uint16_t, int32_t, value)
WIDEN(widen_uint32, uint32_t, int64_t, value)
WIDEN(widen_half, uint16_t, float, vgrad__float_of_float16(value))

static size_t widen_uint64(const void *from, void *to, size_t count)
{
    memcpy(to, from, count * sizeof(uint64_t));
    for (size_t i = 0; i < count; i++)
        if (((int64_t *)to)[i] < 0)
            return i;
    return count;
}

static const vgrad__element elements[] = {
    { "u1", 0x08, 1, VGRAD_UINT8, NULL },        { "i1", 0x09, 1, VGRAD_INT32, widen_int8 },
    { "i2", 0x0b, 2, VGRAD_INT32, widen_int16 }, { "i4", 0x0c, 4, VGRAD_INT32, NULL },
    { "f4", 0x0d, 4, VGRAD_FLOAT32, NULL },      { "f8", 0x0e, 8, VGRAD_FLOAT64, NULL },
    { "i8", 0, 8, VGRAD_INT64, NULL },           { "u2", 0, 2, VGRAD_INT32, widen_uint16 },
    { "u4", 0, 4, VGRAD_INT64, widen_uint32 },   { "u8", 0, 8, VGRAD_INT64, widen_uint64 },
    { "f2", 0, 2, VGRAD_FLOAT32, widen_half },   { "b1", 0, 1, VGRAD_UINT8, widen_bool },
};
enum { ELEMENT_COUNT = sizeof elements / sizeof *elements };

const vgrad__element *vgrad__element_named(const char *name)
{
    for (int i = 0; i < ELEMENT_COUNT; i++)
        if (strcmp(elements[i].name, name) == 0)
            return &elements[i];
    return NULL;
}

const vgrad__element *vgrad__element_of_idx(uint8_t number)
{
    for (int i = 0; i < ELEMENT_COUNT; i++)
        if (elements[i].idx == number && number != 0)
            return &elements[i];
    return NULL;
}

/* ---- reading ---- */

bool vgrad__host_is_big_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 0;
}

/* Turns the bytes of each element round. */
static void swap(void *values, size_t size, size_t count)
{
    uint8_t *value = values;
    for (size_t i = 0; i < count; i++, value += size)
        for (size_t j = 0; j < size / 2; j++) {
            uint8_t byte = value[j];
            value[j] = value[size - 1 - j];
            value[size - 1 - j] = byte;
        }
}

/* A handful of elements through a buffer, each made wider. */
static vgrad_status read_widened(vgrad__bytes *bytes, const vgrad__element *element, bool turned,
                                 char *to, size_t count)
{
    uint64_t buffer[512];
    const size_t room = sizeof buffer / element->size, wide = vgrad__dtype_size(element->as);
    for (size_t done = 0; done < count;) {
        size_t some = count - done < room ? count - done : room;
        vgrad_status status = vgrad__bytes_read(bytes, buffer, some * element->size);
        if (status != VGRAD_OK)
            return status;
        if (turned)
            swap(buffer, element->size, some);
        size_t fit = element->widen(buffer, to + done * wide, some);
        if (fit < some)
            return vgrad__bytes_fail_before(bytes, (some - fit) * element->size,
                                            "a number that does not fit into int64");
        done += some;
    }
    return VGRAD_OK;
}

vgrad_status vgrad__elements_read(vgrad__bytes *bytes, const vgrad__element *element,
                                  bool big_endian, void *to, size_t count)
{
    const bool turned = big_endian != vgrad__host_is_big_endian() && element->size > 1;
    if (element->widen)
        return read_widened(bytes, element, turned, to, count);
    vgrad_status status = vgrad__bytes_read(bytes, to, count * element->size);
    if (status == VGRAD_OK && turned)
        swap(to, element->size, count);
    return status;
}
