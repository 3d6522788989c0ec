/*
 * NumPy's .npy: a magic, a version, the length of a header, the header, the elements. The header is
 * text, a dict as Python writes it, such as
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60, 28), }
 * and here what numpy.lib.format reads of it is read, but for comments, escapes and fields. Version
 * 3.0 has UTF-8 where the others have Latin-1, which only names of fields make use of.
 */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "data/readers.h"

enum {
    HEADER_MOST = 10000, /* NumPy's own max_header_size */
    SHOWN = 48           /* of the header's text, in error texts */
};

typedef struct header {
    const vgrad__bytes *bytes;  /* all of the header was taken */
    size_t length;              /* of the text */
    char text[HEADER_MOST + 1]; /* ends with a NUL, where every step of the parser stops */
    const char *next;

    unsigned seen; /* a bit for each of the keys */
    const vgrad__element *element;
    bool big_endian, fortran_order;
    int32_t rank;
    int64_t shape[VGRAD_MAX_RANK];
} header;

/* ---- the text ---- */

/* What stands at `from`, fit for one line of ASCII; returns `shown`. */
static const char *show(const header *h, const char *from, char shown[SHOWN + 1])
{
    int i = 0;
    for (; i < SHOWN && from + i < h->text + h->length; i++)
        shown[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    shown[i] = 0;
    return i > 0 ? shown : "the header's end";
}

/* What is wrong about the text from `place` on. */
static vgrad_status fail(const header *h, const char *place, const char *what)
{
    char shown[SHOWN + 1];
    return vgrad__bytes_fail_before(h->bytes, (size_t)(h->text + h->length - place), "%s at %s",
                                    what, show(h, place, shown));
}

static void skip_space(header *h)
{
    h->next += strspn(h->next, " \t\n\r\f");
}

/* Steps over this character, and space before it, if it comes next. */
static bool take(header *h, char character)
{
    skip_space(h);
    if (*h->next != character)
        return false;
    h->next++;
    return true;
}

static vgrad_status expect(header *h, char character, const char *what)
{
    return take(h, character) ? VGRAD_OK : fail(h, h->next, what);
}

static bool take_word(header *h, const char *word)
{
    size_t length = strlen(word);
    skip_space(h);
    if (strncmp(h->next, word, length) != 0)
        return false;
    h->next += length;
    return true;
}

/* A string between quotes of either kind. */
static vgrad_status take_string(header *h, const char **string, size_t *length)
{
    skip_space(h);
    const char *stops = *h->next == '\'' ? "'\\\n" : "\"\\\n";
    if (*h->next != stops[0])
        return fail(h, h->next, "no string");
    *string = h->next + 1;
    *length = strcspn(*string, stops);
    if ((*string)[*length] != stops[0])
        return fail(h, h->next, "no plain string");
    h->next += *length + 2;
    return VGRAD_OK;
}

/* ---- the values ---- */

/* An order and an element's name, such as "<f4". '=' is the reader's own order, and '|' none, which
   is enough for a single byte. */
static bool understand_descr(header *h, const char *descr, size_t length)
{
    char name[3] = { 0 };
    if (length != sizeof name)
        return false;
    memcpy(name, descr + 1, 2);
    h->element = vgrad__element_named(name);
    h->big_endian = descr[0] == '>' || (descr[0] == '=' && vgrad__host_is_big_endian());
    return h->element && strchr(h->element->size > 1 ? "<>=" : "<>=|", descr[0]);
}

static vgrad_status parse_descr(header *h)
{
    static const char unknown[] = "descr: no numeric type that can be read";
    const char *string = NULL;
    size_t length = 0;
    skip_space(h);
    const char *begin = h->next;
    if (*begin == '[' || *begin == '(') /* fields, or an array in each element */
        return fail(h, begin, unknown);
    vgrad_status status = take_string(h, &string, &length);
    if (status == VGRAD_OK && !understand_descr(h, string, length))
        status = fail(h, begin, unknown);
    return status;
}

static vgrad_status parse_fortran_order(header *h)
{
    h->fortran_order = take_word(h, "True");
    if (h->fortran_order || take_word(h, "False"))
        return VGRAD_OK;
    return fail(h, h->next, "fortran_order: neither True nor False");
}

/* Decimal digits, and the L that Python 2 put after a long one. */
static vgrad_status parse_size(header *h, int64_t *size)
{
    skip_space(h);
    const char *begin = h->next;
    size_t digits = strspn(begin, "0123456789");
    if (digits == 0 || (digits > 1 && *begin == '0'))
        return fail(h, begin, "shape: no size");
    *size = 0;
    for (; h->next < begin + digits; h->next++)
        if (__builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, *h->next - '0', size))
            return fail(h, begin, "shape: too large a size");
    h->next += *h->next == 'L';
    return VGRAD_OK;
}

/* (), (3,), (3, 4) or (3, 4,); Python takes (3) for a number. */
static vgrad_status parse_shape(header *h)
{
    vgrad_status status = expect(h, '(', "shape: no tuple");
    while (status == VGRAD_OK && !take(h, ')')) {
        if (h->rank == VGRAD_MAX_RANK)
            return fail(h, h->next, "shape: a rank above 8");
        status = parse_size(h, &h->shape[h->rank]);
        if (status != VGRAD_OK)
            return status;
        h->rank++;
        if (take(h, ','))
            continue;
        if (h->rank == 1)
            return fail(h, h->next, "shape: no comma");
        return expect(h, ')', "shape: neither a comma nor its end");
    }
    return status;
}

/* ---- the dict ---- */

static const struct {
    const char *name;
    vgrad_status (*parse)(header *h);
} keys[] = {
    { "descr", parse_descr },
    { "fortran_order", parse_fortran_order },
    { "shape", parse_shape },
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

static int find_key(const char *name, size_t length)
{
    int key = 0;
    while (key < KEY_COUNT &&
           (strlen(keys[key].name) != length || memcmp(keys[key].name, name, length) != 0))
        key++;
    return key;
}

static vgrad_status parse_entry(header *h)
{
    const char *name = NULL;
    size_t length = 0;
    vgrad_status status = take_string(h, &name, &length);
    if (status != VGRAD_OK)
        return status;
    int key = find_key(name, length);
    if (key == KEY_COUNT)
        return fail(h, name - 1, "an unknown key");
    if (h->seen & 1u << key)
        return fail(h, name - 1, "a second value");
    h->seen |= 1u << key;
    status = expect(h, ':', "no colon");
    return status == VGRAD_OK ? keys[key].parse(h) : status;
}

static vgrad_status parse_dict(header *h)
{
    vgrad_status status = expect(h, '{', "no dict");
    while (status == VGRAD_OK && !take(h, '}')) {
        status = parse_entry(h);
        if (status == VGRAD_OK && !take(h, ',')) {
            status = expect(h, '}', "neither a comma nor the dict's end");
            break;
        }
    }
    return status;
}

static vgrad_status parse_header(header *h)
{
    h->next = h->text;
    vgrad_status status = parse_dict(h);
    if (status != VGRAD_OK)
        return status;
    for (int key = 0; key < KEY_COUNT; key++)
        if (!(h->seen & 1u << key))
            return vgrad__bytes_fail_before(h->bytes, h->length, "the header has no '%s'",
                                            keys[key].name);
    skip_space(h);
    if (h->next != h->text + h->length)
        return fail(h, h->next, "more than a dict");
    return VGRAD_OK;
}

/* ---- the file ---- */

static vgrad_status read_preamble(vgrad__bytes *bytes, header *h)
{
    uint8_t magic[8], length[4] = { 0 };
    vgrad_status status = vgrad__bytes_read(bytes, magic, sizeof magic);
    if (status != VGRAD_OK)
        return status;
    if (memcmp(magic, "\x93NUMPY", 6) != 0)
        return vgrad__bytes_fail_before(bytes, sizeof magic,
                                        "no .npy file: it begins %02x %02x %02x %02x", magic[0],
                                        magic[1], magic[2], magic[3]);
    if (magic[6] < 1 || magic[6] > 3 || magic[7] != 0)
        return vgrad__bytes_fail_before(bytes, 2, "version 1.0, 2.0 or 3.0, got %d.%d", magic[6],
                                        magic[7]);
    const size_t length_size = magic[6] == 1 ? 2 : 4;
    status = vgrad__bytes_read(bytes, length, length_size);
    if (status != VGRAD_OK)
        return status;
    h->length = length[0] | length[1] << 8 | length[2] << 16 | (size_t)length[3] << 24;
    if (h->length > HEADER_MOST)
        return vgrad__bytes_fail_before(bytes, length_size, "a header of at most %d bytes, got %zu",
                                        HEADER_MOST, h->length);
    return VGRAD_OK;
}

/* From one to the next along the first axis, then along the second, ... */
static void use_fortran_order(vgrad_tensor *view)
{
    int64_t stride = 1;
    for (int32_t axis = 0; axis < view->rank; axis++) {
        view->strides[axis] = stride;
        stride *= view->shape[axis];
    }
}

vgrad_status vgrad__npy_read(vgrad__bytes *bytes, vgrad__array *out, vgrad_context *context)
{
    header h = { .bytes = bytes };
    vgrad_status status = read_preamble(bytes, &h);
    if (status == VGRAD_OK)
        status = vgrad__bytes_read(bytes, h.text, h.length);
    if (status == VGRAD_OK)
        status = parse_header(&h);
    if (status == VGRAD_OK)
        status = vgrad__array_for(out, bytes, h.element, h.rank, h.shape, context);
    if (status != VGRAD_OK)
        return status;
    if (h.fortran_order)
        use_fortran_order(&out->view);
    return vgrad__elements_read(bytes, h.element, h.big_endian, out->block,
                                (size_t)vgrad_tensor_count(&out->view));
}

vgrad_status vgrad_dataset_npy(vgrad_dataset **out, const char *x_path, const char *y_path,
                               vgrad_context *context)
{
    return vgrad__dataset_from_files(out, x_path, y_path, vgrad__npy_read, context);
}
