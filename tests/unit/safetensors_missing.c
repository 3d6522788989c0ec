/* lib/record/safetensors_missing.c, in the place of safetensors_read.c: reading is refused. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reading.h"
#include "record/safetensors.h"

START_TEST(reading_is_unsupported)
{
    vgrad__safetensors opened;
    reading r;
    reading_begin(&r);
    reading_file(&r, "x", "\x02\0\0\0\0\0\0\0{}", 10);
    assert_status(VGRAD_E_UNSUPPORTED, vgrad__safetensors_open(&opened, "x", r.context));
    assert_error_names("jansson");
    reading_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    add_tests(suite, "safetensors", reading_is_unsupported);
    return run_suite(suite);
}
