/* The main of every Check program. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200112L
#include "runner.h"

#include <stdlib.h>

int run_suite(Suite *suite)
{
    setenv("CK_TAP_LOG_FILE_NAME", "-", 1);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
