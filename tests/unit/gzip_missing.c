/* lib/data/gzip_missing.c, in the place of gzip.c: gzip is recognised and refused. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reading.h"

START_TEST(gzip_is_unsupported)
{
    static const unsigned char begins[] = { 0x1f, 0x8b, 8, 0 };
    reading r;
    vgrad_dataset *data = (void *)&r;
    reading_begin(&r);
    reading_file(&r, "x", begins, sizeof begins);
    assert_status(VGRAD_E_UNSUPPORTED, vgrad_dataset_idx(&data, "x", NULL, r.context));
    assert_error_names("zlib");
    ck_assert_ptr_null(data);
    reading_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gzip");
    add_tests(suite, "gzip", gzip_is_unsupported);
    return run_suite(suite);
}
