/* Weights in files: what is written, what is taken, and what leaves the network as it was. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "weights.h"

enum { PATH_SIZE = 128, ROOM = 1 << 16 };

static char folder[] = "/tmp/vgrad-test-XXXXXX";
static char path[PATH_SIZE], link_path[PATH_SIZE];
static uint8_t bytes[ROOM];
static vgrad_network *network;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/vgrad-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    network = weights_network(VGRAD_FLOAT32, NULL);
}

static void end(void)
{
    vgrad_network_destroy(network);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

static size_t get_file(void)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return size;
}

static void put_file(size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The text of the file's header. */
static const char *header(void)
{
    const size_t size = get_file(), length = bytes[0] | (size_t)bytes[1] << 8;
    ck_assert_uint_le(8 + length, size);
    bytes[8 + length] = '\0'; /* where the first tensor begins */
    return (const char *)bytes + 8;
}

/* Puts other text of the same length into the file's header. */
static void edit(const char *from, const char *to)
{
    const size_t size = get_file(), length = strlen(from);
    size_t at = 8;
    ck_assert_uint_eq(length, strlen(to));
    while (at + length <= size && memcmp(bytes + at, from, length) != 0)
        at++;
    ck_assert_uint_le(at + length, size);
    memcpy(bytes + at, to, length);
    put_file(size);
}

/* The file is refused, and the network as it was. */
#define refuses_file(status, part)                                                                 \
    do {                                                                                           \
        assert_status(status, vgrad_network_load(network, path));                                  \
        assert_error_names(path);                                                                  \
        assert_error_names(part);                                                                  \
        assert_weights_begun(network);                                                             \
    } while (0)

/* ---- what is written ---- */

START_TEST(each_weight_once_by_its_name)
{
    static const char *const there[] = {
        "\"conv2d.kernel\":{\"dtype\":\"F32\",\"shape\":[3,2,2,3],",
        "\"conv2d.bias\":{\"dtype\":\"F32\",\"shape\":[3],",
        "\"batch_norm.gamma\":",
        "\"batch_norm.beta\":",
        "\"batch_norm.moving_mean\":",
        "\"batch_norm.moving_variance\":",
        "\"batch_norm_1.moving_mean\":{\"dtype\":\"F32\",\"shape\":[24],",
        "\"hidden.kernel\":{\"dtype\":\"F32\",\"shape\":[24,6],",
        "\"layer_norm.gamma\":",
        "\"again.kernel\":",
        "\"last.kernel\":{\"dtype\":\"F32\",\"shape\":[6,2],",
        "\"__metadata__\":{\"format\":\"vgrad\"}",
    };
    assert_ok(vgrad_network_save(network, path));
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        ck_assert_msg(strstr(header(), there[i]) != NULL, "%s: %s", there[i], header());
    ck_assert_ptr_null(strstr(header(), "\"dense")); /* it shares what "again" has */
    int tensors = 0;
    for (const char *at = header(); (at = strstr(at, "\"dtype\"")) != NULL; at++)
        tensors++;
    ck_assert_int_eq(tensors, 2 + 4 + 4 + 2 + 2 + 2 + 2);
    ck_assert_uint_eq((uintptr_t)(header() + strlen(header()) - (const char *)bytes) % 8, 0);
}
END_TEST

START_TEST(names_and_axes_of_pytorch)
{
    static const char *const there[] = {
        "\"conv2d.weight\":{\"dtype\":\"F32\",\"shape\":[3,2,3,2],",
        "\"batch_norm.weight\":",
        "\"batch_norm.bias\":",
        "\"batch_norm.running_mean\":",
        "\"batch_norm.running_var\":",
        "\"hidden.weight\":{\"dtype\":\"F32\",\"shape\":[6,24],",
        "\"hidden.bias\":",
        "\"format\":\"pt\"",
    };
    assert_ok(vgrad_network_save_as(network, path, VGRAD_WEIGHTS_PYTORCH, NULL, NULL));
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        ck_assert_msg(strstr(header(), there[i]) != NULL, "%s: %s", there[i], header());
    assert_ok(vgrad_network_save_as(network, path, VGRAD_WEIGHTS_PYTORCH_NAMES, NULL, NULL));
    ck_assert_ptr_nonnull(
        strstr(header(), "\"hidden.weight\":{\"dtype\":\"F32\",\"shape\":[24,6],"));
    assert_ok(vgrad_network_save_as(network, path, VGRAD_WEIGHTS_PYTORCH_AXES, NULL, NULL));
    ck_assert_ptr_nonnull(
        strstr(header(), "\"hidden.kernel\":{\"dtype\":\"F32\",\"shape\":[6,24],"));
}
END_TEST

START_TEST(what_leads_elsewhere_is_not_written_through)
{
    ck_assert_int_eq(symlink("w.safetensors", link_path), 0);
    assert_status(VGRAD_E_IO, vgrad_network_save(network, link_path));
    assert_error_names("symbolic link");
    ck_assert_int_ne(access(path, F_OK), 0);
    assert_ok(vgrad_network_save(network, path));
    assert_ok(vgrad_network_load(network, link_path)); /* reading follows it */
    unlink(link_path);
    assert_status(VGRAD_E_IO, vgrad_network_save(network, folder));
    assert_status(VGRAD_E_IO, vgrad_network_save(network, "/dev/nowhere/w"));
    assert_error_names("/dev/nowhere/w");
}
END_TEST

/* ---- there and back ---- */

START_TEST(what_was_saved_is_loaded_with_the_same_bits)
{
    const uint32_t format = (uint32_t)_i;
    assert_ok(vgrad_network_save_as(network, path, format, NULL, NULL));
    weights_disturb(network);
    assert_ok(vgrad_network_load_as(network, path, format, NULL, NULL));
    assert_weights_begun(network);
}
END_TEST

START_TEST(a_network_of_another_type_takes_the_same_numbers)
{
    vgrad_network *wide = weights_network(VGRAD_FLOAT64, NULL);
    assert_ok(vgrad_network_save(network, path));
    weights_disturb(wide);
    assert_ok(vgrad_network_load(wide, path));
    assert_weights_begun(wide);
    assert_ok(vgrad_network_save(wide, path));
    weights_disturb(network);
    assert_ok(vgrad_network_load(network, path));
    assert_weights_begun(network);
    vgrad_network_destroy(wide);
}
END_TEST

START_TEST(nan_comes_back_as_it_was)
{
    vgrad_layer *norm = vgrad_network_find(network, "batch_norm");
    const double odd[3] = { (double)NAN, (double)INFINITY, 0 };
    double found[3];
    vgrad_tensor view;
    const int64_t three = 3;
    assert_ok(vgrad_layer_set_tensor(
        norm, VGRAD_MOVING_MEAN, vgrad_tensor_view(&view, odd, VGRAD_FLOAT64, 1, &three, NULL)));
    assert_ok(vgrad_network_save(network, path));
    weights_disturb(network);
    assert_ok(vgrad_network_load(network, path));
    assert_ok(
        vgrad_tensor_copy(vgrad_layer_tensor(norm, VGRAD_MOVING_MEAN), found, VGRAD_FLOAT64, 3));
    ck_assert(isnan(found[0]) && isinf(found[1]) && found[2] == 0);
}
END_TEST

/* ---- names of one's own ---- */

typedef struct naming {
    const char *word;  /* what "hidden.kernel" is called */
    int32_t answer;    /* and what is answered for it */
    bool without_rest; /* everything else is left out */
    int calls;
} naming;

static int32_t give_name(const vgrad_tensor *tensor, char *name, size_t capacity, void *user)
{
    naming *n = user;
    n->calls++;
    ck_assert_uint_eq(capacity, VGRAD_WEIGHTS_NAME_SIZE);
    ck_assert_str_eq(name, tensor->name);
    if (strcmp(tensor->name, "hidden.kernel") != 0)
        return n->without_rest;
    memset(name, 'x', capacity); /* what stood there goes */
    if (strlen(n->word) < capacity)
        strcpy(name, n->word);
    return n->answer;
}

START_TEST(a_function_gives_names_and_leaves_out)
{
    naming one = { .word = "fc1.weight", .without_rest = true }, none = { .word = "", .answer = 1 };
    assert_ok(vgrad_network_save_as(network, path, 0, give_name, &one));
    ck_assert_int_eq(one.calls, 18);
    ck_assert_ptr_nonnull(strstr(header(), "\"fc1.weight\":{\"dtype\":\"F32\",\"shape\":[24,6],"));
    ck_assert_ptr_null(strstr(header(), "hidden"));
    ck_assert_ptr_null(strstr(header(), "bias"));
    double before[WEIGHTS_MOST], after[WEIGHTS_MOST];
    vgrad_network *other = weights_network(VGRAD_FLOAT32, NULL);
    weights_disturb(other);
    const int count = weights_of(other, before);
    assert_ok(vgrad_network_load_as(other, path, 0, give_name, &one));
    ck_assert_int_eq(weights_of(other, after), count);
    int changed = 0;
    for (int i = 0; i < count; i++)
        changed += before[i] != after[i];
    ck_assert_int_eq(changed, 24 * 6);
    /* All but one: the file lacks nothing that is wanted. */
    assert_ok(vgrad_network_save_as(network, path, 0, give_name, &none));
    ck_assert_ptr_null(strstr(header(), "hidden.kernel"));
    assert_ok(vgrad_network_load_as(other, path, 0, give_name, &none));
    assert_weights_begun(other);
    vgrad_network_destroy(other);
}
END_TEST

START_TEST(names_that_will_not_do)
{
    static char long_word[VGRAD_WEIGHTS_NAME_SIZE + 1];
    memset(long_word, 'n', sizeof long_word - 1);
    const struct {
        naming n;
        vgrad_status status;
        const char *part;
    } all[] = {
        { { .word = "" }, VGRAD_E_INVALID, "1 to 255 bytes for \"hidden.kernel\", got none" },
        { { .word = long_word },
          VGRAD_E_INVALID,
          "1 to 255 bytes for \"hidden.kernel\", got more" },
        { { .word = "last.bias" }, VGRAD_E_INVALID, "are both called \"last.bias\"" },
        { { .word = "x", .answer = -7 }, VGRAD_E_CALLBACK, "returned -7 for \"hidden.kernel\"" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        naming n = all[i].n;
        assert_status(all[i].status, vgrad_network_save_as(network, path, 0, give_name, &n));
        assert_error_names(all[i].part);
        ck_assert_int_ne(access(path, F_OK), 0);
        assert_status(all[i].status, vgrad_network_load_as(network, path, 0, give_name, &n));
        assert_weights_begun(network);
    }
    naming metadata = { .word = "__metadata__" };
    assert_status(VGRAD_E_INVALID, vgrad_network_save_as(network, path, 0, give_name, &metadata));
}
END_TEST

/* ---- what is refused ---- */

START_TEST(a_file_of_another_network_is_refused)
{
    vgrad_network *other = weights_network(VGRAD_FLOAT32, NULL);
    weights_disturb(other);
    assert_ok(vgrad_network_save(other, path));
    vgrad_network_destroy(other);
    edit("\"last.bias\"", "\"lost.bias\"");
    refuses_file(VGRAD_E_FORMAT, "tensor \"lost.bias\": the network has none of this name");
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_network_load_as(network, path, VGRAD_WEIGHTS_PASS_OTHERS, NULL, NULL));
    assert_error_names("there is no tensor \"last.bias\"");
    assert_weights_begun(network);
    edit("\"lost.bias\"", "\"last.bias\"");
    edit("\"shape\":[6,2]", "\"shape\":[2,6]");
    refuses_file(VGRAD_E_SHAPE, "tensor \"last.kernel\": shape (6, 2), got (2, 6)");
    edit("\"shape\":[2,6]", "\"shape\":[ 12]");
    refuses_file(VGRAD_E_SHAPE, "tensor \"last.kernel\": shape (6, 2), got (12)");
    edit("\"shape\":[ 12]", "\"shape\":[6,2]");
    edit("\"last.bias\":{\"dtype\":\"F32\"", "\"last.bias\":{\"dtype\":\"I32\"");
    refuses_file(VGRAD_E_FORMAT, "tensor \"last.bias\": of type F16, BF16, F32 or F64, got I32");
    edit("\"last.bias\":{\"dtype\":\"I32\"", "\"last.bias\":{\"dtype\":\"U32\"");
    refuses_file(VGRAD_E_FORMAT, "got U32");
}
END_TEST

START_TEST(a_variance_below_0_is_refused)
{
    vgrad_network *small;
    assert_ok(vgrad_network_create(&small, NULL));
    vgrad_layer *norm = vgrad_batch_norm(vgrad_input(small, 3));
    assert_ok(vgrad_network_build(small, norm));
    assert_ok(vgrad_network_save(small, path));
    const size_t size = get_file();
    bytes[size - 1] |= 0x80; /* the sign of its last number */
    put_file(size);
    assert_status(VGRAD_E_INVALID, vgrad_network_load(small, path));
    assert_error_names("tensor \"batch_norm.moving_variance\": a variance is at least 0, got -1");
    ck_assert_double_eq(
        vgrad_tensor_stat(vgrad_layer_tensor(norm, VGRAD_MOVING_VARIANCE), VGRAD_MIN), 1);
    vgrad_network_destroy(small);
}
END_TEST

START_TEST(a_file_cut_anywhere_leaves_the_network_alone)
{
    vgrad_network *other = weights_network(VGRAD_FLOAT32, NULL);
    weights_disturb(other);
    assert_ok(vgrad_network_save(other, path));
    vgrad_network_destroy(other);
    for (size_t size = get_file(); size-- > 0;) {
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
        refuses_file(VGRAD_E_FORMAT, "");
    }
}
END_TEST

START_TEST(not_before_build_and_not_inside_a_step)
{
    fixture f;
    vgrad_tensor x;
    vgrad_network *unbuilt;
    assert_ok(vgrad_network_create(&unbuilt, NULL));
    assert_status(VGRAD_E_STATE, vgrad_network_save(unbuilt, path));
    assert_status(VGRAD_E_STATE, vgrad_network_load(unbuilt, path));
    vgrad_network_destroy(unbuilt);
    fixture_make(&f, VGRAD_FLOAT32, 0);
    assert_ok(vgrad_trainer_forward(f.trainer, fixture_x(&f, &x)));
    assert_ok(vgrad_network_save(f.network, path)); /* reading is fine */
    assert_status(VGRAD_E_STATE, vgrad_network_load(f.network, path));
    fixture_destroy(&f);
    assert_status(VGRAD_E_IO, vgrad_network_load(network, "/dev/nowhere/w"));
    assert_status(VGRAD_E_IO, vgrad_network_load(network, folder));
    assert_status(VGRAD_E_FORMAT, vgrad_network_load(network, "/dev/zero"));
    assert_error_names("not a regular file");
    assert_weights_begun(network);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        each_weight_once_by_its_name,
        names_and_axes_of_pytorch,
        what_leads_elsewhere_is_not_written_through,
        a_network_of_another_type_takes_the_same_numbers,
        nan_comes_back_as_it_was,
        a_function_gives_names_and_leaves_out,
        names_that_will_not_do,
        a_file_of_another_network_is_refused,
        a_variance_below_0_is_refused,
        a_file_cut_anywhere_leaves_the_network_alone,
        not_before_build_and_not_inside_a_step,
    };
    Suite *suite = suite_create("weights");
    TCase *cases = tcase_create("in a folder");
    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tcase_add_test(cases, all[i]);
    tcase_add_loop_test(cases, what_was_saved_is_loaded_with_the_same_bits, 0, 8);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
