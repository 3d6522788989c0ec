/* A file of comma-separated values on disk: read, and trained on. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "runner.h"

enum { POINTS = 64 };

static const char *golden(const char *name)
{
    static char path[4096];
    const char *root = getenv("VGRAD_SOURCE_ROOT");
    ck_assert_msg(root != NULL, "VGRAD_SOURCE_ROOT is not set");
    snprintf(path, sizeof path, "%s/tests/golden/%s", root, name);
    return path;
}

/* The points as tests/golden/README.md makes them. */
START_TEST(points_on_disk_are_the_golden_ones)
{
    const double pi = 3.14159265358979323846;
    const char *const labels[] = { "2", "-1" };
    double x[POINTS][2], y[POINTS];
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_csv(&data, golden("circles-points.csv"), labels[_i], NULL));
    ck_assert_int_eq(vgrad_dataset_rows(data), POINTS);
    ck_assert_int_eq(vgrad_dataset_x_width(data), 2);
    ck_assert_int_eq(vgrad_dataset_y_width(data), 1);
    assert_ok(vgrad_dataset_read(data, 0, POINTS, x, y, VGRAD_FLOAT64));
    for (int i = 0; i < POINTS; i++) {
        double radius = i % 2 ? 0.5 : 1.0, angle = 2 * pi * (i / 2) / 32;
        ck_assert_double_eq_tol(x[i][0], radius * cos(angle), 1e-15);
        ck_assert_double_eq_tol(x[i][1], radius * sin(angle), 1e-15);
        ck_assert_double_eq(y[i], i % 2);
    }
    vgrad_dataset_destroy(data);
}
END_TEST

/* Circles are not to be told apart by a line: half of the points is what chance gives. */
START_TEST(a_network_learns_from_a_file)
{
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *adam;
    vgrad_trainer *trainer;
    double before, after;
    assert_ok(vgrad_dataset_csv(&data, golden("circles-points.csv"), "-1", NULL));
    assert_ok(vgrad_network_create(&network, NULL));
    vgrad_layer *hidden = vgrad_dense(vgrad_input(network, 2), 8, VGRAD_TANH);
    assert_ok(vgrad_network_build(network, vgrad_dense(hidden, 1, VGRAD_SIGMOID)));
    assert_ok(vgrad_optimizer_create(&adam, network, VGRAD_ADAM, 0.05));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_BINARY_CROSSENTROPY, adam));
    assert_ok(vgrad_trainer_evaluate(trainer, data, NULL, &before));
    assert_ok(vgrad_trainer_fit(trainer, data, 200));
    assert_ok(vgrad_trainer_evaluate(trainer, data, NULL, &after));
    ck_assert_msg(before < 0.7 && after >= 0.95, "accuracy %g before, %g after", before, after);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(network);
    vgrad_dataset_destroy(data);
}
END_TEST

START_TEST(a_file_with_words_is_named_with_the_place)
{
    vgrad_dataset *data;
    assert_status(VGRAD_E_FORMAT, vgrad_dataset_csv(&data, golden("circles.csv"), "value", NULL));
    ck_assert_ptr_null(data);
    assert_error_names("tests/golden/circles.csv: line 2, column 1: \"sigmoid\" is no number");
}
END_TEST

START_TEST(what_is_no_file_is_an_input_output_error)
{
    vgrad_dataset *data;
    assert_status(VGRAD_E_IO, vgrad_dataset_csv(&data, golden("none.csv"), NULL, NULL));
    assert_error_names("tests/golden/none.csv: ");
    assert_status(VGRAD_E_IO, vgrad_dataset_csv(&data, golden(""), NULL, NULL)); /* a folder */
    assert_error_names("tests/golden/: ");
    ck_assert_ptr_null(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    add_tests(suite, "golden", a_network_learns_from_a_file,
              a_file_with_words_is_named_with_the_place, what_is_no_file_is_an_input_output_error);
    TCase *labels = tcase_create("labels");
    tcase_add_loop_test(labels, points_on_disk_are_the_golden_ones, 0, 2);
    suite_add_tcase(suite, labels);
    return run_suite(suite);
}
