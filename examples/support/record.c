/* Records of a run, for TensorBoard, spreadsheets and programs. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "record.h"

#include <stdio.h>
#include <sys/stat.h>

#include "check.h"

enum { PATH_SIZE = 4096, HISTOGRAM_EVERY = 5 };

cli_option record_option(int64_t *every)
{
    return (cli_option){ "record", "N", "record every N-th step, for TensorBoard too; 0: none",
                         .number = every };
}

void record_open(run_records *r, const char *directory, const char *run)
{
    char path[PATH_SIZE];
    check(vgrad_recorder_create(&r->recorder, run, NULL));
    snprintf(path, sizeof path, "%s/records", directory);
    mkdir(path, 0777); /* that it is not there is said below */
    vgrad_status status = vgrad_recorder_add(r->recorder, VGRAD_SINK_TENSORBOARD, path);
    if (status != VGRAD_E_UNSUPPORTED)
        check(status);
    snprintf(path, sizeof path, "%s/records/%s.csv", directory, run);
    check(vgrad_recorder_add(r->recorder, VGRAD_SINK_CSV, path));
    snprintf(path, sizeof path, "%s/records/%s.jsonl", directory, run);
    check(vgrad_recorder_add(r->recorder, VGRAD_SINK_JSONL, path));
}

void record_training(run_records *r, const char *directory, const char *run, int64_t every,
                     vgrad_network *network, vgrad_trainer *trainer)
{
    if (every == 0)
        return;
    record_open(r, directory, run);
    check(vgrad_recorder_set(r->recorder, VGRAD_RECORDER_EVERY, (double)every));
    check(vgrad_probe_create(&r->probe, NULL));
    check(vgrad_probe_set(r->probe, VGRAD_PROBE_EVERY, (double)every));
    check(vgrad_probe_set(r->probe, VGRAD_PROBE_HISTOGRAM_EVERY, (double)every * HISTOGRAM_EVERY));
    check(vgrad_probe_attach(r->probe, network));
    check(vgrad_recorder_probe(r->recorder, r->probe));
    check(vgrad_recorder_trainer(r->recorder, trainer));
}

void record_close(run_records *r)
{
    if (r->recorder)
        check(vgrad_recorder_flush(r->recorder));
    vgrad_recorder_destroy(r->recorder);
    vgrad_probe_destroy(r->probe);
    *r = (run_records){ .recorder = NULL };
}
