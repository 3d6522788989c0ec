/* lib/record/event_file: bytes that an independent encoder made, and files that are begun anew. */
/* SPDX-License-Identifier: MIT */
#include "record/event_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_files.h"
#include "runner.h"
#include "scratch.h"

enum { ROOM = 4096, HEADER = 49 }; /* bytes of the first record */

static const char *top;
static char folder[64];
static failing_files files;
static vgrad_context *context;
static vgrad__event_file file;
static char names[8][96]; /* of the files that were found, in order */
static int name_count;

static void begin(void)
{
    top = scratch_begin();
    snprintf(folder, sizeof folder, "%s/logs/a/b", top);
    files = (failing_files){ .error = EIO };
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__context_set_files(context, failing_files_begin(&files));
}

static void end(void)
{
    vgrad__event_file_close(&file);
    vgrad_context_destroy(context);
    ck_assert_int_eq(files.is_open, 0);
    scratch_end();
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_name(const char *name, void *user)
{
    (void)user;
    ck_assert_int_lt(name_count, 8);
    snprintf(names[name_count++], sizeof *names, "%s", name);
}

/* Bytes of file number `i` of the folder. */
static size_t get(int i, uint8_t *bytes)
{
    char path[256];
    name_count = 0;
    vgrad__posix_files.list(&vgrad__posix_files, folder, add_name, NULL);
    qsort(names, (size_t)name_count, sizeof *names, compare);
    ck_assert_int_lt(i, name_count);
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    const size_t size = fread(bytes, 1, ROOM, stream);
    fclose(stream);
    return size;
}

/* What follows the first record is this one, in hexadecimal digits. */
static void assert_record(const char *digits)
{
    uint8_t bytes[ROOM];
    char found[2 * ROOM + 1] = "";
    assert_ok(vgrad__event_file_flush(&file));
    const size_t size = get(0, bytes);
    ck_assert_uint_ge(size, HEADER);
    for (size_t i = HEADER; i < size; i++)
        sprintf(found + 2 * (i - HEADER), "%02x", bytes[i]);
    ck_assert_str_eq(found, digits);
}

static void open_file(void)
{
    assert_ok(vgrad__event_file_open(&file, folder, 1234.5, context));
}

static void put(VgradEvent__Value *value)
{
    VgradEvent__Value *values[] = { value };
    VgradEvent__Summary summary = VGRAD_EVENT__SUMMARY__INIT;
    VgradEvent__Event event = VGRAD_EVENT__EVENT__INIT;
    summary.n_value = 1;
    summary.value = values;
    event.wall_time = 1234.5;
    event.step = 7;
    event.what_case = VGRAD_EVENT__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    assert_ok(vgrad__event_file_add(&file, &event));
}

START_TEST(a_file_begins_with_its_version_and_who_wrote_it)
{
    static const char data[] = "\x09\0\0\0\0\0\x4a\x93\x40\x1a\x0d"
                               "brain.Event:2"
                               "\x52\x07\x0a\x05vgrad";
    uint8_t bytes[ROOM];
    open_file();
    assert_ok(vgrad__event_file_flush(&file));
    ck_assert_uint_eq(get(0, bytes), 12 + sizeof data - 1 + 4);
    ck_assert_mem_eq(bytes, "\x21\0\0\0\0\0\0\0", 8);
    ck_assert_mem_eq(bytes + 12, data, sizeof data - 1);
    ck_assert_ptr_eq(strstr(names[0], "events.out.tfevents.0000001234."), names[0]);
}
END_TEST

START_TEST(an_old_scalar_has_the_golden_bytes)
{
    char tag[] = "loss";
    VgradEvent__Value value = VGRAD_EVENT__VALUE__INIT;
    open_file();
    value.tag = tag;
    value.value_case = VGRAD_EVENT__VALUE__VALUE_SIMPLE_VALUE;
    value.simple_value = 0.25F;
    put(&value);
    assert_record("1a00000000000000129bd82d0900000000004a934010072a0d0a0b0a046c6f7373150000803eadb7"
                  "cdb0");
}
END_TEST

static VgradEvent__PluginData plugin = VGRAD_EVENT__PLUGIN_DATA__INIT;
static VgradEvent__SummaryMetadata metadata = VGRAD_EVENT__SUMMARY_METADATA__INIT;
static VgradEvent__TensorShapeProto shape;
static VgradEvent__TensorProto tensor;

static VgradEvent__Value make_tensor(char *tag, char *shown_by)
{
    VgradEvent__Value value = VGRAD_EVENT__VALUE__INIT;
    vgrad_event__tensor_proto__init(&tensor);
    vgrad_event__tensor_shape_proto__init(&shape);
    plugin.plugin_name = shown_by;
    metadata.plugin_data = &plugin;
    tensor.tensor_shape = &shape;
    value.tag = tag;
    value.metadata = &metadata;
    value.value_case = VGRAD_EVENT__VALUE__VALUE_TENSOR;
    value.tensor = &tensor;
    return value;
}

START_TEST(a_scalar_has_the_golden_bytes)
{
    char tag[] = "loss", shown_by[] = "scalars";
    float number = 0.25F;
    VgradEvent__Value value = make_tensor(tag, shown_by);
    open_file();
    tensor.dtype = VGRAD_EVENT__DATA_TYPE__DT_FLOAT;
    tensor.n_float_val = 1;
    tensor.float_val = &number;
    put(&value);
    assert_record("2e00000000000000c5cb57fa0900000000004a934010072a210a1f0a046c6f7373420a080112002a"
                  "040000803e4a0b0a090a077363616c617273e037a5b8");
}
END_TEST

START_TEST(a_histogram_has_the_golden_bytes)
{
    char tag[] = "g", shown_by[] = "histograms";
    double rows[] = { -1, 0, 2, 0, 3, 1 };
    VgradEvent__Dim two = VGRAD_EVENT__DIM__INIT, three = VGRAD_EVENT__DIM__INIT;
    VgradEvent__Dim *axes[] = { &two, &three };
    VgradEvent__Value value = make_tensor(tag, shown_by);
    open_file();
    two.size = 2;
    three.size = 3;
    shape.n_dim = 2;
    shape.dim = axes;
    tensor.dtype = VGRAD_EVENT__DATA_TYPE__DT_DOUBLE;
    tensor.tensor_content = (ProtobufCBinaryData){ sizeof rows, (uint8_t *)rows };
    put(&value);
    assert_record("620000000000000079fd606f0900000000004a934010072a550a530a0167423e0802120812020802"
                  "120208032230000000000000f0bf00000000000000000000000000000040000000000000000000"
                  "00000000000840000000000000f03f4a0e0a0c0a0a686973746f6772616d735993db95");
}
END_TEST

START_TEST(an_old_histogram_has_the_golden_bytes)
{
    char tag[] = "g";
    double limits[] = { 0, 3 }, counts[] = { 2, 1 };
    VgradEvent__HistogramProto histogram = VGRAD_EVENT__HISTOGRAM_PROTO__INIT;
    VgradEvent__Value value = VGRAD_EVENT__VALUE__INIT;
    open_file();
    histogram.min = -1;
    histogram.max = histogram.num = 3;
    histogram.sum = 1;
    histogram.sum_squares = 11;
    histogram.n_bucket_limit = histogram.n_bucket = 2;
    histogram.bucket_limit = limits;
    histogram.bucket = counts;
    value.tag = tag;
    value.value_case = VGRAD_EVENT__VALUE__VALUE_HISTO;
    value.histo = &histogram;
    put(&value);
    assert_record("6500000000000000ebd05a690900000000004a934010072a580a560a01672a5109000000000000f0"
                  "bf11000000000000084019000000000000084021000000000000f03f2900000000000026403210"
                  "000000000000000000000000000008403a100000000000000040000000000000f03f40360146");
}
END_TEST

static void put_loss(void)
{
    char tag[] = "loss";
    VgradEvent__Value value = VGRAD_EVENT__VALUE__INIT;
    value.tag = tag;
    value.value_case = VGRAD_EVENT__VALUE__VALUE_SIMPLE_VALUE;
    value.simple_value = 0.25F;
    put(&value);
}

START_TEST(a_full_file_is_followed_by_another_one)
{
    uint8_t bytes[ROOM];
    open_file();
    for (int i = 0; i < 3; i++) { /* a bare file is never full */
        assert_ok(vgrad__event_file_turn(&file, 1, 1235));
        put_loss();
    }
    assert_ok(vgrad__event_file_turn(&file, 0, 1235)); /* no bound */
    put_loss();
    assert_ok(vgrad__event_file_flush(&file));
    ck_assert_uint_eq(get(0, bytes), HEADER + 42);
    ck_assert_uint_eq(get(1, bytes), HEADER + 42);
    ck_assert_uint_eq(get(2, bytes), HEADER + 84);
    ck_assert_int_eq(name_count, 3);
}
END_TEST

START_TEST(an_event_larger_than_any_buffer_is_whole)
{
    static uint8_t bytes[1 << 18];
    VgradEvent__Event event = VGRAD_EVENT__EVENT__INIT;
    open_file();
    event.what_case = VGRAD_EVENT__EVENT__WHAT_GRAPH_DEF;
    event.graph_def = (ProtobufCBinaryData){ sizeof bytes, bytes };
    assert_ok(vgrad__event_file_add(&file, &event));
    assert_ok(vgrad__event_file_flush(&file));
    ck_assert_int_eq(file.output.size, HEADER + 16 + 4 + (int64_t)sizeof bytes);
    vgrad__file read = vgrad__posix_files.open(&vgrad__posix_files, file.output.path);
    ck_assert_int_eq(vgrad__posix_files.size(&vgrad__posix_files, read), file.output.size);
    vgrad__posix_files.close(&vgrad__posix_files, read);
}
END_TEST

START_TEST(every_call_for_a_file_that_fails_is_told)
{
    for (long n = 1;; n++) {
        files.calls = 0;
        files.fail_at = n;
        vgrad_status status = vgrad__event_file_open(&file, folder, 1234.5, context);
        if (status == VGRAD_OK)
            status = vgrad__event_file_flush(&file);
        files.fail_at = 0;
        vgrad__event_file_close(&file);
        ck_assert_int_eq(files.is_open, 0);
        if (status == VGRAD_OK) {
            ck_assert_int_ge(n, 8); /* five folders, create, size, write */
            break;
        }
        assert_status(VGRAD_E_IO, status);
        assert_error_names("/tmp");
    }
}
END_TEST

START_TEST(a_file_in_the_place_of_a_folder_is_named)
{
    char path[64];
    snprintf(path, sizeof path, "%s/logs", top);
    FILE *other = fopen(path, "w");
    ck_assert_ptr_nonnull(other);
    fclose(other);
    assert_status(VGRAD_E_IO, vgrad__event_file_open(&file, folder, 1234.5, context));
    assert_error_names("/logs/a");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event_file");
    const TTest *const tests[] = {
        a_file_begins_with_its_version_and_who_wrote_it,
        an_old_scalar_has_the_golden_bytes,
        a_scalar_has_the_golden_bytes,
        a_histogram_has_the_golden_bytes,
        an_old_histogram_has_the_golden_bytes,
        a_full_file_is_followed_by_another_one,
        an_event_larger_than_any_buffer_is_whole,
        every_call_for_a_file_that_fails_is_told,
        a_file_in_the_place_of_a_folder_is_named,
    };
    TCase *cases = tcase_create("event files");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
