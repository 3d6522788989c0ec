/* In the place of tensorboard.c in a build without protobuf-c: a way to say so. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "record/sink.h"

static vgrad_status open_board(vgrad__sink *sink)
{
    (void)sink;
    return vgrad__fail(VGRAD_E_UNSUPPORTED, "sink: this build is without TensorBoard's event files "
                                            "(protobuf-c)");
}

static void close_board(vgrad__sink *sink)
{
    (void)sink;
}

const vgrad__sink_kind vgrad__sink_tensorboard = { .number = VGRAD_SINK_TENSORBOARD,
                                                   .open = open_board,
                                                   .close = close_board };
