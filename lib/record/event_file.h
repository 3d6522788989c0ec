/* TensorBoard's event files: events as protobuf messages (event.proto), one behind another in
   TFRecord's framing. Only for builds with protobuf-c. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_EVENT_FILE_H
#define VGRAD_RECORD_EVENT_FILE_H

#include "record/output.h"
#include <event.pb-c.h>

/* {0} is none. */
typedef struct vgrad__event_file {
    vgrad_context *context;
    const char *folder; /* borrowed */
    int64_t began;      /* seconds since 1970 */
    int64_t bare_size;  /* of a file with nothing but what it begins with */
    vgrad__output output;
    uint8_t *bytes; /* of an event */
    size_t capacity;
} vgrad__event_file;

/* Begins a file in a folder, which is made if it is not there; `time` is what the first event
   tells. On failure there is nothing to close. */
vgrad_status vgrad__event_file_open(vgrad__event_file *file, const char *folder, double time,
                                    vgrad_context *context);
/* Begins another file if this one has `most` bytes or more, unless it is bare; 0: no bound. */
vgrad_status vgrad__event_file_turn(vgrad__event_file *file, int64_t most, double time);
vgrad_status vgrad__event_file_add(vgrad__event_file *file, const VgradEvent__Event *event);
vgrad_status vgrad__event_file_flush(vgrad__event_file *file);
void vgrad__event_file_close(vgrad__event_file *file);

#endif
