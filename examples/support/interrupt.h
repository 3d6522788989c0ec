/* Ctrl-C ends a training after its batch, so that what was seen so far is written; a second one
   ends the program. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_INTERRUPT_H
#define EXAMPLES_INTERRUPT_H

#include <stdbool.h>
#include <vgrad/vgrad.h>

/* Begins to listen: from here on an interrupt is only noted. */
void interrupt_listen(void);

/* Whether there was one. */
bool interrupted(void);

/* Makes every run of this trainer stop after the batch at which there was one. */
void interrupt_stops(vgrad_trainer *trainer);

#endif
