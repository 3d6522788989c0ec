/* What TensorBoard's events hold beside plain numbers: buckets of histograms, and messages that are
   packed by themselves. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORD_TENSORBOARD_PARTS_H
#define VGRAD_RECORD_TENSORBOARD_PARTS_H

#include "record/sink.h"

/* protobuf-c has pointers to what may be written to; packing only reads. */
static inline void *vgrad__read_only(const void *data)
{
    return (void *)(uintptr_t)data;
}

/* ---- histograms ---- */

typedef struct vgrad__bucket {
    double left, right, count;
} vgrad__bucket;

/* In order, none of the outer ones empty. A row of empty bins is one bucket. */
typedef struct vgrad__buckets {
    vgrad__bucket rows[VGRAD_HISTOGRAM_BINS];
    int32_t count;
} vgrad__buckets;

/* Of the finite elements, from the least to the most of them. */
void vgrad__buckets_of_values(vgrad__buckets *buckets, const vgrad__counts *counts);
/* Of log10 |x| of those that are not 0: TensorBoard's own bins show nothing below 1e-12. */
void vgrad__buckets_of_logarithms(vgrad__buckets *buckets, const vgrad__histogram *histogram);

/* ---- packed messages ---- */

/* Letters, digits and _ . - / stay, a slash at the beginning does not: as TensorBoard has it, whose
   readers take nothing but UTF-8. */
void vgrad__clean_tag(char *tag);

typedef struct vgrad__packed {
    uint8_t *bytes;
    size_t size;
} vgrad__packed;

/* The network as a GraphDef: a node for each layer. */
vgrad_status vgrad__pack_graph(vgrad__packed *out, const vgrad_network *network,
                               vgrad_context *context);
/* The settings as what the hparams plugin reads. */
vgrad_status vgrad__pack_session_start(vgrad__packed *out, const char *run,
                                       const vgrad__run_facts *facts, vgrad_context *context);
/* Charts of the custom scalars plugin: every layer's line in one. */
vgrad_status vgrad__pack_layout(vgrad__packed *out, vgrad_context *context);
void vgrad__packed_release(vgrad__packed *packed, vgrad_context *context);

#endif
