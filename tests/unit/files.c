/* lib/data/bytes: plain files, from memory, from a folder and through a pipe. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/bytes.h"
#include "reading.h"

enum { BUFFER = 1 << 16, MOST = 3 * BUFFER };

static uint8_t content[MOST];

/* No period that fits a buffer, and no gzip. */
static void fill_content(void)
{
    for (size_t i = 0; i < MOST; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
}

static vgrad__bytes *opened(reading *r)
{
    vgrad__bytes *bytes;
    assert_ok(vgrad__bytes_open(&bytes, "x", r->context));
    return bytes;
}

/* Reads it all in pieces of this size. */
static void read_through(reading *r, size_t size, size_t piece)
{
    static uint8_t found[MOST];
    vgrad__bytes *bytes = opened(r);
    vgrad_status status = VGRAD_OK;
    size_t misjudged = 0; /* not asserted one by one, which would take Check minutes */
    for (size_t at = 0; at < size && status == VGRAD_OK; at += piece) {
        if (!r->files.like_a_pipe)
            misjudged += vgrad__bytes_most(bytes) != (int64_t)(size - at);
        if (piece > size - at)
            piece = size - at;
        status = vgrad__bytes_read(bytes, found + at, piece);
    }
    assert_ok(status);
    ck_assert_uint_eq(misjudged, 0);
    assert_ok(vgrad__bytes_finish(bytes));
    ck_assert_mem_eq(found, content, size);
    vgrad__bytes_close(bytes);
}

START_TEST(plain_files_of_any_size_in_pieces_of_any_size)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 100, BUFFER - 1, BUFFER, BUFFER + 1, MOST };
    static const size_t pieces[] = { 1, 7, BUFFER - 1, BUFFER, BUFFER + 1, MOST };
    reading r;
    fill_content();
    reading_begin(&r);
    r.files.like_a_pipe = _i & 1;
    r.files.most = _i < 2 ? 0 : _i < 4 ? 1 : 3;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        reading_file(&r, "x", content, sizes[s]);
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
            read_through(&r, sizes[s], pieces[p]);
    }
    reading_end(&r);
}
END_TEST

START_TEST(a_file_that_ends_early_says_where_and_by_how_much)
{
    reading r;
    char to[20];
    size_t got;
    reading_begin(&r);
    reading_file(&r, "x", "0123456789", 10);
    r.files.most = (size_t)_i;
    vgrad__bytes *bytes = opened(&r);
    assert_ok(vgrad__bytes_read(bytes, to, 4));
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_read(bytes, to, 9));
    ck_assert_str_eq(vgrad_last_error(), "x: byte 10: the file ends, 3 bytes too early");
    assert_ok(vgrad__bytes_some(bytes, to, 1, &got));
    ck_assert_uint_eq(got, 0);
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

START_TEST(a_file_with_more_than_it_should_says_where_that_begins)
{
    reading r;
    char to[4];
    reading_begin(&r);
    reading_file(&r, "x", "12345", 5);
    r.files.most = (size_t)_i;
    vgrad__bytes *bytes = opened(&r);
    assert_ok(vgrad__bytes_read(bytes, to, 4));
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_finish(bytes));
    ck_assert_str_eq(vgrad_last_error(), "x: byte 4: more bytes follow than the file should have");
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

START_TEST(an_io_error_says_where)
{
    enum { OPEN_AND_SIZE = 2 };
    reading r;
    char to[10], expected[80];
    reading_begin(&r);
    reading_file(&r, "x", "0123456789", 10);
    r.files.most = 3;
    r.files.error = EIO;
    for (int reads = 1; reads <= 3; reads++) {
        r.files.calls = 0;
        r.files.fail_at = OPEN_AND_SIZE + reads + 1;
        vgrad__bytes *bytes = opened(&r);
        assert_status(VGRAD_E_IO, vgrad__bytes_read(bytes, to, 10));
        snprintf(expected, sizeof expected, "x: byte %d: %s", 3 * reads, strerror(EIO));
        ck_assert_str_eq(vgrad_last_error(), expected);
        vgrad__bytes_close(bytes);
    }
    reading_end(&r);
}
END_TEST

START_TEST(nothing_at_all_is_no_error)
{
    reading r;
    size_t got = 9;
    reading_begin(&r);
    reading_file(&r, "x", "1", 1);
    vgrad__bytes *bytes = opened(&r);
    assert_ok(vgrad__bytes_some(bytes, NULL, 0, &got));
    ck_assert_uint_eq(got, 0);
    assert_ok(vgrad__bytes_read(bytes, NULL, 0));
    ck_assert_int_eq(vgrad__bytes_most(bytes), 1);
    vgrad__bytes_close(bytes);
    vgrad__bytes_close(NULL);
    reading_end(&r);
}
END_TEST

START_TEST(a_pipe_is_believed_up_to_the_read_limit)
{
    reading r;
    char to[10];
    size_t got;
    reading_begin(&r);
    reading_file(&r, "x", "0123456789", 10);
    r.files.like_a_pipe = true;
    vgrad__bytes *bytes = opened(&r);
    ck_assert_int_eq(vgrad__bytes_most(bytes), INT64_C(1) << 30);
    vgrad__bytes_close(bytes);

    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, 10));
    bytes = opened(&r);
    assert_ok(vgrad__bytes_read(bytes, to, 3));
    ck_assert_int_eq(vgrad__bytes_most(bytes), 7);
    assert_ok(vgrad__bytes_read(bytes, to, 7));
    ck_assert_int_eq(vgrad__bytes_most(bytes), 0);
    assert_ok(vgrad__bytes_finish(bytes));
    vgrad__bytes_close(bytes);

    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, 9));
    bytes = opened(&r);
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_some(bytes, to, 10, &got));
    assert_error_names("read limit of 9 bytes");
    ck_assert_int_eq(vgrad__bytes_most(bytes), 0);
    vgrad__bytes_close(bytes);

    r.files.like_a_pipe = false; /* its own size bounds it */
    bytes = opened(&r);
    ck_assert_int_eq(vgrad__bytes_most(bytes), 10);
    assert_ok(vgrad__bytes_read(bytes, to, 10));
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

START_TEST(a_file_that_shrinks_holds_nothing_more)
{
    reading r;
    char to[8];
    reading_begin(&r);
    reading_file(&r, "x", "01234567", 4);
    vgrad__bytes *bytes = opened(&r); /* fetched as 4 bytes */
    reading_file(&r, "x", "01234567", 8);
    assert_ok(vgrad__bytes_read(bytes, to, 8)); /* it grew meanwhile */
    ck_assert_int_eq(vgrad__bytes_most(bytes), 0);
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

/* ---- names ---- */

/* The text for a file that is not there. */
static const char *text_for(const char *path)
{
    vgrad__bytes *bytes = (void *)content;
    assert_status(VGRAD_E_IO, vgrad__bytes_open(&bytes, path, NULL));
    ck_assert_ptr_null(bytes);
    return vgrad_last_error();
}

static int64_t say_nothing_is_in_it(const vgrad__files *files, vgrad__file file)
{
    (void)files, (void)file;
    return 0;
}

/* As those of /proc, or one that somebody still writes to: more comes than was stated. */
START_TEST(a_file_that_grows_is_believed_up_to_the_read_limit)
{
    reading r;
    uint8_t found[20];
    size_t got;
    reading_begin(&r);
    reading_file(&r, "x", content, sizeof found);
    r.files.table.size = say_nothing_is_in_it;
    r.files.most = 1;
    assert_ok(vgrad_context_set(r.context, VGRAD_CONTEXT_READ_LIMIT, 9));
    vgrad__bytes *bytes = opened(&r);
    for (int i = 0; i < 9; i++)
        assert_ok(vgrad__bytes_some(bytes, found, 1, &got));
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_some(bytes, found, 1, &got));
    assert_error_names("read limit of 9 bytes");
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

START_TEST(a_path_with_control_characters_makes_one_line)
{
    const char *text = text_for("a\nb\x1b[2Jc\x7f");
    ck_assert_msg(strncmp(text, "a?b?[2Jc?: ", 11) == 0, "%s", text);
}
END_TEST

START_TEST(a_long_path_is_shown_by_its_end)
{
    char path[400], expected[400];
    memset(path, 'a', sizeof path);
    for (size_t length = 90; length < 110; length++) {
        snprintf(path + 10, sizeof path - 10, "%0*d/x.npy", (int)length - 16, 7);
        ck_assert_uint_eq(strlen(path), length);
        const size_t shown = length > 96 ? 96 : length;
        snprintf(expected, sizeof expected, "%s%s: %s", length > 96 ? "..." : "",
                 path + length - shown, strerror(ENOENT));
        ck_assert_str_eq(text_for(path), expected);
    }
}
END_TEST

/* Python decodes an error text as UTF-8, and raises on half a character. */
START_TEST(a_long_path_is_not_cut_within_a_character)
{
    char path[400];
    for (int before = 0; before < 4; before++) {
        path[0] = 0;
        for (int i = 0; i < 60; i++)
            strcat(path, "\xe2\x82\xac"); /* the euro sign */
        strcat(path, &"xxx"[3 - before]);
        const char *text = text_for(path);
        ck_assert_msg(strncmp(text, "...\xe2\x82\xac", 6) == 0, "%s", text);
    }
}
END_TEST

START_TEST(an_error_text_has_room_for_the_place_whatever_the_path)
{
    reading r;
    char path[300], to[1];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    reading_begin(&r);
    reading_file(&r, path, "", 0);
    vgrad__bytes *bytes;
    assert_ok(vgrad__bytes_open(&bytes, path, r.context));
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_read(bytes, to, 1));
    assert_error_names("ppp: byte 0: the file ends, 1 bytes too early");
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_fail(bytes, "n = %d", 9));
    assert_error_names("ppp: byte 0: n = 9");
    assert_status(VGRAD_E_FORMAT, vgrad__bytes_fail_at(bytes, "line 3", "n = %d", 9));
    assert_error_names("ppp: line 3: n = 9");
    vgrad__bytes_close(bytes);
    reading_end(&r);
}
END_TEST

/* ---- the system's own files ---- */

typedef struct folder {
    char name[64], file[80];
} folder;

static void make_folder(folder *f, const void *bytes, size_t size)
{
    snprintf(f->name, sizeof f->name, "/tmp/vgrad-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->name));
    snprintf(f->file, sizeof f->file, "%s/file", f->name);
    FILE *file = fopen(f->file, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_folder(const folder *f)
{
    remove(f->file);
    remove(f->name);
}

/* IDX, of a number of bytes. */
static size_t idx_of_bytes(uint8_t *to, uint32_t count)
{
    const uint8_t header[] = { 0,
                               0,
                               8,
                               1,
                               (uint8_t)(count >> 24),
                               (uint8_t)(count >> 16),
                               (uint8_t)(count >> 8),
                               (uint8_t)count };
    memcpy(to, header, sizeof header);
    for (uint32_t i = 0; i < count; i++)
        to[sizeof header + i] = (uint8_t)(i * 7 + i / 251);
    return sizeof header + count;
}

static void assert_bytes_come_out(const vgrad_dataset *data, uint32_t count)
{
    static double x[MOST];
    uint32_t wrong = 0;
    ck_assert_int_eq(vgrad_dataset_rows(data), count);
    assert_ok(vgrad_dataset_read(data, 0, count, x, NULL, VGRAD_FLOAT64));
    for (uint32_t i = 0; i < count; i++)
        wrong += x[i] != (uint8_t)(i * 7 + i / 251);
    ck_assert_uint_eq(wrong, 0);
}

START_TEST(a_real_file)
{
    enum { COUNT = 150000 };
    static uint8_t bytes[MOST];
    folder f;
    vgrad_dataset *data;
    make_folder(&f, bytes, idx_of_bytes(bytes, COUNT));
    assert_ok(vgrad_dataset_idx(&data, f.file, NULL, NULL));
    assert_bytes_come_out(data, COUNT);
    vgrad_dataset_destroy(data);
    remove_folder(&f);
}
END_TEST

START_TEST(a_real_pipe)
{
    enum { COUNT = 5000 }; /* less than a pipe holds without a reader */
    uint8_t bytes[COUNT + 8];
    int ends[2];
    char path[40];
    vgrad_dataset *data;
    ck_assert_int_eq(pipe(ends), 0);
    size_t size = idx_of_bytes(bytes, COUNT);
    ck_assert_int_eq(write(ends[1], bytes, size), (ssize_t)size);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_ok(vgrad_dataset_idx(&data, path, NULL, NULL));
    assert_bytes_come_out(data, COUNT);
    vgrad_dataset_destroy(data);
    close(ends[0]);
}
END_TEST

START_TEST(what_is_no_file_is_an_io_error)
{
    folder f;
    char expected[200];
    vgrad_dataset *data = (void *)&f;
    make_folder(&f, "", 0);
    assert_status(VGRAD_E_IO, vgrad_dataset_idx(&data, f.name, NULL, NULL));
    snprintf(expected, sizeof expected, "%s: byte 0: %s", f.name, strerror(EISDIR));
    ck_assert_str_eq(vgrad_last_error(), expected);
    ck_assert_ptr_null(data);
    assert_status(VGRAD_E_FORMAT, vgrad_dataset_idx(&data, f.file, NULL, NULL));
    remove(f.file);
    assert_status(VGRAD_E_IO, vgrad_dataset_idx(&data, f.file, NULL, NULL));
    snprintf(expected, sizeof expected, "%s: %s", f.file, strerror(ENOENT));
    ck_assert_str_eq(vgrad_last_error(), expected);
    ck_assert_ptr_null(data);
    remove_folder(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("files");
    TCase *each = tcase_create("each");
    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, plain_files_of_any_size_in_pieces_of_any_size, 0, 6);
    tcase_add_loop_test(each, a_file_that_ends_early_says_where_and_by_how_much, 0, 5);
    tcase_add_loop_test(each, a_file_with_more_than_it_should_says_where_that_begins, 0, 5);
    suite_add_tcase(suite, each);
    add_tests(suite, "plain", an_io_error_says_where, nothing_at_all_is_no_error,
              a_pipe_is_believed_up_to_the_read_limit, a_file_that_shrinks_holds_nothing_more,
              a_file_that_grows_is_believed_up_to_the_read_limit);
    add_tests(suite, "names", a_long_path_is_shown_by_its_end,
              a_long_path_is_not_cut_within_a_character,
              a_path_with_control_characters_makes_one_line,
              an_error_text_has_room_for_the_place_whatever_the_path);
    add_tests(suite, "real", a_real_file, a_real_pipe, what_is_no_file_is_an_io_error);
    return run_suite(suite);
}
