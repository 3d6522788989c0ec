/* What sinks that write lines have in common: files of one name, of which another one is begun when
   one is large: NAME.csv, NAME.1.csv, NAME.2.csv, ... */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_TEXT_FILE_H
#define VGRAD_RECORD_TEXT_FILE_H

#include "record/output.h"
#include "record/sink.h"

/* vgrad__sink.state of such a sink. */
typedef struct vgrad__text_file {
    vgrad__output output;
    const char *header; /* the first line of every file; "" for none */
    int64_t number;
} vgrad__text_file;

vgrad_status vgrad__text_file_open(vgrad__sink *sink, const char *header);
/* Before an entry: begins another file if this one is full. */
vgrad_status vgrad__text_file_turn(vgrad__sink *sink);
vgrad_status vgrad__text_file_flush(vgrad__sink *sink);
void vgrad__text_file_close(vgrad__sink *sink);

#endif
