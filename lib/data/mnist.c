/* The four files that MNIST is, under the names that they are handed round with. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "data/dataset.h"
#include "data/readers.h"

/* With the directory's name in front. */
typedef struct path {
    char *text;
    size_t size;
} path;

static vgrad_status make_path(path *p, const char *directory, vgrad_context *context)
{
    enum { LONGEST_NAME = 64 };
    p->size = strlen(directory) + LONGEST_NAME;
    p->text = vgrad__allocate(context, p->size, 1);
    return p->text ? VGRAD_OK : VGRAD_E_MEMORY;
}

/* VGRAD_OK, VGRAD_E_NOT_FOUND, or VGRAD_E_IO if it is there and cannot be opened. */
static vgrad_status look_for(const char *text, vgrad_context *context)
{
    const vgrad__files *files = vgrad__context_files(context);
    vgrad__file file = files->open(files, text);
    char reason[VGRAD__ERRNO_TEXT], shown[VGRAD__PATH_SHOWN];
    if (file == -ENOENT)
        return VGRAD_E_NOT_FOUND;
    int64_t size = file < 0 ? file : files->size(files, file);
    if (file >= 0)
        files->close(files, file);
    if (size == -EISDIR) /* an archive unpacked into folders of these names */
        return VGRAD_E_NOT_FOUND;
    if (size < 0)
        return vgrad__fail(VGRAD_E_IO, "%s: %s", vgrad__path_shown(text, shown),
                           vgrad__errno_text(size, reason));
    return VGRAD_OK;
}

/* The path of a file such as train-images-idx3-ubyte: with a dot or a hyphen, inflated or not. */
static vgrad_status find(path *p, const char *directory, const char *stem, const char *ending,
                         vgrad_context *context)
{
    static const char *const joints[] = { "-", "." }, *const tails[] = { "", ".gz" };
    for (int i = 0; i < 4; i++) {
        snprintf(p->text, p->size, "%s/%s%s%s%s", directory, stem, joints[i / 2], ending,
                 tails[i % 2]);
        vgrad_status status = look_for(p->text, context);
        if (status != VGRAD_E_NOT_FOUND)
            return status;
    }
    char shown[VGRAD__PATH_SHOWN];
    return vgrad__fail(VGRAD_E_NOT_FOUND, "directory: no %s-%s or %s.%s, nor with .gz, in %s", stem,
                       ending, stem, ending, vgrad__path_shown(directory, shown));
}

/* Images and labels as they should be: one byte a pixel, one byte a label. */
static vgrad_status check(const vgrad_dataset *dataset, const path *images, const path *labels)
{
    const vgrad_tensor *x = &dataset->x.array.view, *y = &dataset->y.array.view;
    char shape[VGRAD__SHAPE_TEXT], shown[VGRAD__PATH_SHOWN];
    if (x->rank != 3 || x->dtype != VGRAD_UINT8)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: no images of bytes, but %s of shape %s",
                           vgrad__path_shown(images->text, shown),
                           vgrad__dtype_name((vgrad_dtype)x->dtype), vgrad__shape_text(x, shape));
    if (y->rank != 1 || y->dtype != VGRAD_UINT8)
        return vgrad__fail(VGRAD_E_FORMAT, "%s: no labels of a byte, but %s of shape %s",
                           vgrad__path_shown(labels->text, shown),
                           vgrad__dtype_name((vgrad_dtype)y->dtype), vgrad__shape_text(y, shape));
    return VGRAD_OK;
}

/* One half: "train" or "t10k". */
static vgrad_status read_half(vgrad_dataset **out, const char *directory, const char *images_stem,
                              const char *labels_stem, vgrad_context *context)
{
    path images = { 0 }, labels = { 0 };
    vgrad_status status = make_path(&images, directory, context);
    if (status == VGRAD_OK)
        status = make_path(&labels, directory, context);
    if (status == VGRAD_OK)
        status = find(&images, directory, images_stem, "idx3-ubyte", context);
    if (status == VGRAD_OK)
        status = find(&labels, directory, labels_stem, "idx1-ubyte", context);
    if (status == VGRAD_OK)
        status = vgrad_dataset_idx(out, images.text, labels.text, context);
    if (status == VGRAD_OK)
        status = check(*out, &images, &labels);
    if (status == VGRAD_OK)
        status = vgrad_dataset_scale(*out, 1.0 / 255, 0);
    vgrad__release(context, images.text, images.size, 1);
    vgrad__release(context, labels.text, labels.size, 1);
    return status;
}

vgrad_status vgrad_dataset_mnist(vgrad_dataset **train, vgrad_dataset **test, const char *directory,
                                 vgrad_context *context)
{
    vgrad_status status = VGRAD_OK;
    if (train)
        *train = NULL;
    if (test)
        *test = NULL;
    if (!train && !test)
        return vgrad__fail(VGRAD_E_INVALID, "train and test: both NULL");
    if (!directory)
        return vgrad__fail_null("directory");
    if (!*directory)
        return vgrad__fail(VGRAD_E_INVALID, "directory: an empty text");
    if (train)
        status = read_half(train, directory, "train-images", "train-labels", context);
    if (status == VGRAD_OK && test)
        status = read_half(test, directory, "t10k-images", "t10k-labels", context);
    if (status == VGRAD_OK)
        return VGRAD_OK;
    for (int i = 0; i < 2; i++) {
        vgrad_dataset **made = i == 0 ? train : test;
        if (made) {
            vgrad_dataset_destroy(*made);
            *made = NULL;
        }
    }
    return status;
}
