/* Records of a run, for TensorBoard, spreadsheets and programs: DIR/records/RUN, a folder of event
   files, and beside it RUN.csv and RUN.jsonl. `tensorboard --logdir DIR/records` shows all runs. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_RECORD_H
#define EXAMPLES_RECORD_H

#include <vgrad/vgrad.h>

#include "options.h"

/* --record N, for an example's own options. */
cli_option record_option(int64_t *every);

/* {0} is none. */
typedef struct run_records {
    vgrad_recorder *recorder;
    vgrad_probe *probe;
} run_records;

/* Makes the files, which only DIR must be there for. Ends the program, after a message, where that
   cannot be; without event files where the library cannot write them. */
void record_open(run_records *r, const char *directory, const char *run);

/* The same, and from then on every so many steps of the training go into them, with all moments of
   the network's tensors; histograms at every fifth of these. 0: nothing is recorded. */
void record_training(run_records *r, const char *directory, const char *run, int64_t every,
                     vgrad_network *network, vgrad_trainer *trainer);

/* Ends the program, after a message, if anything could not be written. */
void record_close(run_records *r);

#endif
