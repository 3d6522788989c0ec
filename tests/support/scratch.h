/* A folder for a test's files. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TESTS_SCRATCH_H
#define VGRAD_TESTS_SCRATCH_H

/* Makes a new one; its path, which lasts until the next one is made. */
const char *scratch_begin(void);

/* Removes it, with all that is in it. */
void scratch_end(void);

#endif
