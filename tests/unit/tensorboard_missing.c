/* lib/record/tensorboard_missing.c, in the place of tensorboard.c: such a sink is refused. */
/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <vgrad/recorder.h>

#include "runner.h"

START_TEST(event_files_are_unsupported)
{
    vgrad_recorder *recorder;
    assert_ok(vgrad_recorder_create(&recorder, "run", NULL));
    assert_status(VGRAD_E_UNSUPPORTED,
                  vgrad_recorder_add(recorder, VGRAD_SINK_TENSORBOARD, "/tmp/vgrad-none"));
    assert_error_names("protobuf-c");
    assert_ok(vgrad_recorder_scalar(recorder, 1, "x", 1)); /* as one without sinks */
    assert_ok(vgrad_recorder_flush(recorder));
    vgrad_recorder_destroy(recorder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensorboard");
    add_tests(suite, "tensorboard", event_files_are_unsupported);
    return run_suite(suite);
}
