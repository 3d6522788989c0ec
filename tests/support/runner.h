/* The main of every Check program: one suite, reported as TAP. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_RUNNER_H
#define VGRAD_TESTS_RUNNER_H

#include <check.h>
#include <vgrad/status.h>

/* Runs the suite; the exit status of main. */
int run_suite(Suite *suite);

/* The call gives this status; if not, its error text is shown. */
#define assert_status(expected, call)                                                              \
    do {                                                                                           \
        int status_of_call = (int)(call);                                                          \
        ck_assert_msg(status_of_call == (int)(expected), "%s: %s instead of %s: %s", #call,        \
                      vgrad_status_name((vgrad_status)status_of_call), #expected,                  \
                      vgrad_last_error());                                                         \
    } while (0)
#define assert_ok(call) assert_status(VGRAD_OK, call)

/* The last error's text contains this. */
#define assert_error_names(part)                                                                   \
    ck_assert_msg(strstr(vgrad_last_error(), part) != NULL, "\"%s\" does not name %s",             \
                  vgrad_last_error(), part)

/* Adds each of an array of tests to a suite, as a test case of its name. */
#define add_tests(suite, name, ...)                                                                \
    do {                                                                                           \
        const TTest *const tests_to_add[] = { __VA_ARGS__ };                                       \
        TCase *test_case = tcase_create(name);                                                     \
        tcase_set_timeout(test_case, 120);                                                         \
        for (size_t i = 0; i < sizeof tests_to_add / sizeof *tests_to_add; i++)                    \
            tcase_add_test(test_case, tests_to_add[i]);                                            \
        suite_add_tcase(suite, test_case);                                                         \
    } while (0)

#endif
