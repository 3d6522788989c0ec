/* vgrad_dataset_mnist(): which files it finds, and which it refuses. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "reading.h"

enum { ROWS = 3, PIXELS = 2 * 2, FOLDERS = -EISDIR };

/* Two by two pixels, three images; and their labels. */
static const uint8_t images[16 + ROWS * PIXELS] = { 0, 0, 8, 3,  0,   0, 0, 3, 0, 0, 0, 2, 0, 0,
                                                    0, 2, 0, 51, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const uint8_t labels[8 + ROWS] = { 0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 9 };

static const char *const kinds[4] = { "train-images", "train-labels", "t10k-images",
                                      "t10k-labels" };

typedef struct shelf {
    reading r;
    char paths[8][64];
} shelf;

/* The four files in folder "d", with this between a stem and its ending. */
static void fill(shelf *s, const char *joint, const char *tail)
{
    reading_begin(&s->r);
    for (int i = 0; i < 4; i++) {
        snprintf(s->paths[i], sizeof s->paths[i], "d/%s%sidx%d-ubyte%s", kinds[i], joint,
                 i % 2 ? 1 : 3, tail);
        reading_file(&s->r, s->paths[i], i % 2 ? labels : images,
                     i % 2 ? sizeof labels : sizeof images);
    }
}

static vgrad_status load(shelf *s, vgrad_dataset **train, vgrad_dataset **test)
{
    return vgrad_dataset_mnist(train, test, "d", s->r.context);
}

START_TEST(files_are_found_by_all_their_names)
{
    static const char *const joints[2] = { "-", "." }, *const tails[2] = { "", ".gz" };
    shelf s;
    vgrad_dataset *sets[2];
    double x[ROWS * PIXELS], y[ROWS];
    fill(&s, joints[_i & 1], tails[_i / 2]); /* what the name says of gzip is not believed */
    assert_ok(load(&s, &sets[0], &sets[1]));
    for (int i = 0; i < 2; i++) {
        assert_ok(vgrad_dataset_read(sets[i], 0, ROWS, x, y, VGRAD_FLOAT64));
        ck_assert(x[0] == 0 && x[1] == 51.0 * (1.0 / 255) && x[2] == 255.0 * (1.0 / 255));
        ck_assert(y[0] == 7 && y[1] == 2 && y[2] == 9);
        vgrad_dataset_destroy(sets[i]);
    }
    reading_end(&s.r);
}
END_TEST

START_TEST(one_half_is_enough_if_only_one_is_wanted)
{
    shelf s;
    vgrad_dataset *train, *test;
    fill(&s, "-", "");
    s.r.files.files[2].path = "elsewhere"; /* the test images */
    assert_ok(load(&s, &train, NULL));
    vgrad_dataset_destroy(train);
    train = test = (void *)&s;
    assert_status(VGRAD_E_NOT_FOUND, load(&s, &train, &test));
    assert_error_names("no t10k-images-idx3-ubyte or t10k-images.idx3-ubyte, nor with .gz, in d");
    ck_assert_ptr_null(train); /* which had been read */
    ck_assert_ptr_null(test);
    assert_status(VGRAD_E_NOT_FOUND, load(&s, NULL, &test));
    reading_end(&s.r);
}
END_TEST

/* As some archives unpack: folders of the usual names, with the files in them under others. */
static int64_t a_folder_if_hyphened(const vgrad__files *table, vgrad__file handle)
{
    const memory_files *m = (const void *)table;
    const memory_file *file = &m->files[m->handles[handle].file];
    return strchr(file->path, '.') ? (int64_t)file->size : FOLDERS;
}

START_TEST(folders_of_these_names_are_passed_over)
{
    shelf s;
    vgrad_dataset *train;
    fill(&s, ".", "");
    for (int i = 0; i < 4; i++) {
        snprintf(s.paths[4 + i], sizeof s.paths[4 + i], "d/%s-idx%d-ubyte", kinds[i],
                 i % 2 ? 1 : 3);
        reading_file(&s.r, s.paths[4 + i], "", 0);
    }
    s.r.files.table.size = a_folder_if_hyphened;
    assert_ok(load(&s, &train, NULL));
    vgrad_dataset_destroy(train);
    reading_end(&s.r);
}
END_TEST

START_TEST(what_is_no_mnist_is_named)
{
    uint8_t other[sizeof images + 1];
    shelf s;
    vgrad_dataset *train = (void *)&s;
    fill(&s, "-", "");
    s.r.files.files[1] = (memory_file){ s.paths[1], images, sizeof images };
    assert_status(VGRAD_E_FORMAT, load(&s, &train, NULL));
    assert_error_names(
        "d/train-labels-idx1-ubyte: no labels of a byte, but uint8 of shape (3, 2, 2)");
    ck_assert_ptr_null(train);
    s.r.files.files[1] = (memory_file){ s.paths[1], labels, sizeof labels };
    s.r.files.files[0] = (memory_file){ s.paths[0], labels, sizeof labels };
    assert_status(VGRAD_E_FORMAT, load(&s, &train, NULL));
    assert_error_names("no images of bytes, but uint8 of shape (3)");
    memcpy(other, images, sizeof images);
    other[2] = 9; /* int8 */
    s.r.files.files[0] = (memory_file){ s.paths[0], other, sizeof images };
    assert_status(VGRAD_E_FORMAT, load(&s, &train, NULL));
    assert_error_names("no images of bytes, but int32");
    other[2] = 8;
    other[7] = 2; /* two images, and then too many bytes */
    assert_status(VGRAD_E_FORMAT, load(&s, &train, NULL));
    s.r.files.files[0].size = 16 + 2 * PIXELS;
    assert_status(VGRAD_E_SHAPE, load(&s, &train, NULL));
    assert_error_names("train-labels-idx1-ubyte has 3 rows, but train-images-idx3-ubyte has 2");
    assert_status(VGRAD_E_INVALID, vgrad_dataset_mnist(&train, NULL, "", s.r.context));
    reading_end(&s.r);
}
END_TEST

/* Each call for a file fails in turn: none is taken for a file that is not there. */
START_TEST(every_call_for_a_file_may_fail)
{
    vgrad_status status = VGRAD_E_IO;
    for (long n = 1; status != VGRAD_OK; n++) {
        shelf s;
        vgrad_dataset *sets[2] = { (void *)&s, (void *)&s };
        fill(&s, ".", "");
        s.r.files.fail_at = n;
        s.r.files.error = EACCES;
        status = load(&s, &sets[0], &sets[1]);
        if (status == VGRAD_OK) {
            ck_assert_int_lt(s.r.files.calls, n);
        } else {
            ck_assert_int_eq(status, VGRAD_E_IO);
            assert_error_names("ubyte");
            ck_assert(!sets[0] && !sets[1]);
        }
        for (int i = 0; i < 2; i++)
            vgrad_dataset_destroy(sets[i]);
        reading_end(&s.r);
    }
}
END_TEST

START_TEST(long_and_odd_folders_leave_room_for_the_reason)
{
    char folder[300];
    vgrad_dataset *train;
    memset(folder, 'f', sizeof folder);
    folder[10] = '\n';
    folder[299] = '\0';
    folder[290] = '\n';
    for (int i = 49; i < 299; i += 50)
        folder[i] = '/'; /* no part of it is too long for a file system */
    assert_status(VGRAD_E_NOT_FOUND, vgrad_dataset_mnist(&train, NULL, folder, NULL));
    assert_error_names("no train-images-idx3-ubyte");
    ck_assert_ptr_null(strchr(vgrad_last_error(), '\n'));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mnist");
    TCase *names = tcase_create("names");
    tcase_add_loop_test(names, files_are_found_by_all_their_names, 0, 4);
    suite_add_tcase(suite, names);
    add_tests(suite, "files", one_half_is_enough_if_only_one_is_wanted,
              folders_of_these_names_are_passed_over, what_is_no_mnist_is_named,
              every_call_for_a_file_may_fail, long_and_odd_folders_leave_room_for_the_reason);
    return run_suite(suite);
}
