/*
 * What a probe has seen of a step, as bytes, so that parts of a step that were seen elsewhere
 * become one. Numbers as in bytes.h:
 *
 *     "VGRDLOOK", version, step, rows of the pass, number of layers; for each layer
 *         its name (64 bytes), kind, activation, fan-in, fan-out
 *         for each role that can be watched: 1 and its moments, or 0
 *         for each role that is looked at closely: 1 and its histogram, or 0;
 *             the number of units and the moments of each, or -1
 *         rows of input: count, row and column of the first odd element, norms; rows of delta
 *         elements of f' and the sum of their squares; a byte for each unit: 1 if it lives
 *     the checksum of all that
 *
 * Moments are 11 numbers, as put_moments() has them; a histogram is the 523 of vgrad__histogram in
 * their order. Another order, or another number of roles or formats, is another version.
 *
 * Sums of moments are not those of one probe to the last bit. They are in one case: where tensors
 * are cut between blocks of VGRAD__BLOCK elements, and so that every part is a whole subtree of
 * vgrad__moments_tree. Any cut would have to carry subtrees and the ends of broken blocks element
 * by element, which is more than is seen; rows of a batch hardly ever end with a block.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_STATE_H
#define VGRAD_PROBE_STATE_H

#include "probe/probe.h"

enum { VGRAD__STATE_VERSION = 1, VGRAD__STATE_MAGIC = 8, VGRAD__STATE_SUM = 8 };

extern const char vgrad__state_magic[VGRAD__STATE_MAGIC];

/* Of a vgrad__histogram, which is made of nothing else. */
enum { VGRAD__HISTOGRAM_NUMBERS = VGRAD_HISTOGRAM_BINS + 3 + 2 * VGRAD__FORMATS };
_Static_assert(sizeof(vgrad__histogram) == VGRAD__HISTOGRAM_NUMBERS * sizeof(uint64_t),
               "all of a histogram goes into a state");

/* VGRAD_OK within a step that is looked at. */
vgrad_status vgrad__check_looking(const vgrad_probe *probe);

#endif
