/* A recorder: its life, its sinks, and figures of the user's. */
/* SPDX-License-Identifier: MIT */
#include "record/recorder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

static const vgrad__sink_kind *const kinds[] = { &vgrad__sink_csv, &vgrad__sink_jsonl,
                                                 &vgrad__sink_tensorboard };

static const struct {
    const char *name;
    double initial, low, high;
} options[VGRAD__RECORDER_OPTIONS_MAX] = {
    [VGRAD_RECORDER_EVERY] = { "every", 1, 1, 0x1p53 },
    [VGRAD_RECORDER_MAX_BYTES] = { "max_bytes", 0, 0, 0x1p53 },
    [VGRAD_RECORDER_APPEND] = { "append", 0, 0, 1 },
    [VGRAD_RECORDER_FLUSH_EVERY] = { "flush_every", 1, 1, 0x1p53 },
};

/* ---- life ---- */

/* Names that stay inside the folder that they are put into. */
static bool is_run_name(const char *run)
{
    for (const char *part = run;; part += strcspn(part, "/") + 1) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 2 && strncmp(part, "..", 2) == 0))
            return false;
        if (part[length] == '\0')
            return strlen(run) < VGRAD__RUN_SIZE;
    }
}

vgrad_status vgrad_recorder_create(vgrad_recorder **out, const char *run, vgrad_context *context)
{
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    if (!run)
        return vgrad__fail_null("run");
    if (!is_run_name(run))
        return vgrad__fail(
            VGRAD_E_INVALID,
            "run: 1 to %d bytes, a path without \"..\" and empty names, got \"%.80s\"",
            VGRAD__RUN_SIZE - 1, run);
    vgrad_recorder *recorder = vgrad__allocate(context, 1, sizeof *recorder);
    if (!recorder)
        return VGRAD_E_MEMORY;
    vgrad__hold(&recorder->references);
    recorder->context = vgrad__context_hold(context);
    memcpy(recorder->run, run, strlen(run));
    for (int i = 0; i < VGRAD__RECORDER_OPTIONS_MAX; i++)
        recorder->options[i] = options[i].initial;
    *out = recorder;
    return VGRAD_OK;
}

static void close_sink(const vgrad_recorder *recorder, vgrad__open_sink *open)
{
    open->sink.kind->close(&open->sink);
    vgrad__release(recorder->context, open->path, strlen(open->path) + 1, 1);
}

void vgrad__recorder_let_go(vgrad_recorder *recorder)
{
    vgrad_context *context = recorder->context;
    if (!vgrad__let_go(&recorder->references))
        return;
    vgrad__release(context, recorder, 1, sizeof *recorder);
    vgrad__context_let_go(context);
}

static void close_all(vgrad_recorder *recorder)
{
    vgrad_context *context = recorder->context;
    for (size_t i = 0; i < recorder->sink_count; i++)
        close_sink(recorder, &recorder->sinks[i]);
    vgrad__release(context, recorder->sinks, recorder->sink_capacity, sizeof *recorder->sinks);
    vgrad__release(context, recorder->rows, recorder->row_capacity, sizeof *recorder->rows);
    vgrad__release(context, recorder->counts, recorder->counts_capacity, sizeof *recorder->counts);
    recorder->sinks = NULL;
    recorder->rows = NULL;
    recorder->counts = NULL;
    recorder->sink_count = recorder->row_count = recorder->counts_count = 0;
    recorder->sink_capacity = recorder->row_capacity = recorder->counts_capacity = 0;
}

void vgrad_recorder_destroy(vgrad_recorder *recorder)
{
    if (!recorder)
        return;
    vgrad__recorder_flush(recorder);
    close_all(recorder);
    recorder->closed = true; /* a probe or a trainer may know it for a while yet */
    vgrad__recorder_let_go(recorder);
}

/* ---- options ---- */

static bool is_option(vgrad_recorder_option option)
{
    return (int)option >= 0 && (int)option < VGRAD__RECORDER_OPTIONS_MAX && options[option].name;
}

vgrad_status vgrad_recorder_set(vgrad_recorder *recorder, vgrad_recorder_option option,
                                double value)
{
    if (!recorder)
        return vgrad__fail_null("recorder");
    if (!is_option(option))
        return vgrad__fail(VGRAD_E_INVALID, "option: no recorder option %d", (int)option);
    if (!vgrad__number_fits(value, options[option].low, options[option].high, true))
        return vgrad__fail(VGRAD_E_INVALID, "%s: a whole number from %g to %.17g, got %g",
                           options[option].name, options[option].low, options[option].high, value);
    recorder->options[option] = value;
    for (size_t i = 0; i < recorder->sink_count; i++)
        recorder->sinks[i].sink.max_bytes = (int64_t)recorder->options[VGRAD_RECORDER_MAX_BYTES];
    return VGRAD_OK;
}

double vgrad_recorder_get(const vgrad_recorder *recorder, vgrad_recorder_option option)
{
    if (!recorder) {
        vgrad__fail_null("recorder");
        return (double)NAN;
    }
    if (!is_option(option)) {
        vgrad__fail(VGRAD_E_INVALID, "option: no recorder option %d", (int)option);
        return (double)NAN;
    }
    return recorder->options[option];
}

bool vgrad__recorder_is_due(const vgrad_recorder *recorder, int64_t step)
{
    return !recorder->closed && step % (int64_t)recorder->options[VGRAD_RECORDER_EVERY] == 0;
}

/* ---- sinks ---- */

static const vgrad__sink_kind *find_kind(vgrad_sink sink)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->number == sink)
            return kinds[i];
    return NULL;
}

static bool writes_to(const vgrad_recorder *recorder, const vgrad__sink_kind *kind,
                      const char *path)
{
    for (size_t i = 0; i < recorder->sink_count; i++)
        if (recorder->sinks[i].sink.kind == kind && strcmp(recorder->sinks[i].path, path) == 0)
            return true;
    return false;
}

static vgrad_status check_sink(const vgrad_recorder *recorder, vgrad_sink sink, const char *path)
{
    if (!recorder)
        return vgrad__fail_null("recorder");
    const vgrad__sink_kind *kind = find_kind(sink);
    if (!kind)
        return vgrad__fail(VGRAD_E_INVALID, "sink: no sink %d", (int)sink);
    if (!path)
        return vgrad__fail_null("path");
    if (!*path)
        return vgrad__fail(VGRAD_E_INVALID, "path: a name, got \"\"");
    if (writes_to(recorder, kind, path))
        return vgrad__fail(VGRAD_E_STATE, "path: the recorder writes to \"%.80s\" already", path);
    return VGRAD_OK;
}

vgrad_status vgrad_recorder_add(vgrad_recorder *recorder, vgrad_sink sink, const char *path)
{
    vgrad_status status = check_sink(recorder, sink, path);
    if (status == VGRAD_OK)
        status = vgrad__grow(recorder->context, (void **)&recorder->sinks, recorder->sink_count,
                             &recorder->sink_capacity, sizeof *recorder->sinks);
    if (status != VGRAD_OK)
        return status;
    const size_t size = strlen(path) + 1;
    char *copy = vgrad__allocate(recorder->context, size, 1);
    if (!copy)
        return VGRAD_E_MEMORY;
    memcpy(copy, path, size);
    vgrad__open_sink open = { .path = copy };
    open.sink = (vgrad__sink){ .kind = find_kind(sink),
                               .context = recorder->context,
                               .path = copy,
                               .run = recorder->run,
                               .append = recorder->options[VGRAD_RECORDER_APPEND] != 0,
                               .max_bytes = (int64_t)recorder->options[VGRAD_RECORDER_MAX_BYTES] };
    status = open.sink.kind->open(&open.sink);
    if (status == VGRAD_OK)
        status = open.sink.kind->flush(&open.sink); /* so that a full device is known at once */
    if (status != VGRAD_OK)
        close_sink(recorder, &open);
    else
        recorder->sinks[recorder->sink_count++] = open;
    return status;
}

/* ---- trouble ---- */

/* The last error, if nothing went wrong before. */
static void note(vgrad__trouble *trouble, vgrad_status status)
{
    if (status == VGRAD_OK || trouble->status != VGRAD_OK)
        return;
    trouble->status = status;
    snprintf(trouble->text, sizeof trouble->text, "%s", vgrad_last_error());
}

/* A sink that fails ends there, and the others go on. */
static void judge(vgrad_recorder *recorder, vgrad__open_sink *open, vgrad_status status)
{
    note(&open->trouble, status);
    note(&recorder->trouble, status);
}

static void note_incomplete(vgrad_recorder *recorder, vgrad_status status)
{
    note(&recorder->incomplete, status);
    note(&recorder->trouble, status);
}

/* Tells the log what it does not know. Its function is the user's, and may do anything with the
   recorder, even give it up: whoever calls this does nothing with it afterwards. */
static void tell(vgrad_recorder *recorder)
{
    vgrad__hold(&recorder->references);
    for (size_t i = 0; i < recorder->sink_count; i++) {
        vgrad__open_sink *open = &recorder->sinks[i];
        if (open->trouble.status == VGRAD_OK || open->told)
            continue;
        open->told = true;
        vgrad__log_line(recorder->context, VGRAD_LOG_WARNING,
                        "run \"%s\" is recorded no more in %s: %s", recorder->run, open->path,
                        open->trouble.text);
    }
    if (recorder->incomplete.status != VGRAD_OK && !recorder->told) {
        recorder->told = true;
        vgrad__log_line(recorder->context, VGRAD_LOG_WARNING,
                        "the records of run \"%s\" are incomplete: %s", recorder->run,
                        recorder->incomplete.text);
    }
    vgrad__recorder_let_go(recorder);
}

/* What a call of the user's returns, once the log has heard of it. */
static vgrad_status answer(vgrad_recorder *recorder, const vgrad__trouble *trouble)
{
    const vgrad__trouble copy = *trouble;
    tell(recorder);
    return copy.status == VGRAD_OK ? VGRAD_OK : vgrad__fail(copy.status, "%s", copy.text);
}

/* ---- entries ---- */

static void flush_sinks(vgrad_recorder *recorder)
{
    for (size_t i = 0; i < recorder->sink_count; i++) {
        vgrad__open_sink *open = &recorder->sinks[i];
        if (open->trouble.status == VGRAD_OK)
            judge(recorder, open, open->sink.kind->flush(&open->sink));
    }
    recorder->unflushed = 0;
}

void vgrad__recorder_flush(vgrad_recorder *recorder)
{
    flush_sinks(recorder);
    tell(recorder);
}

vgrad_status vgrad_recorder_flush(vgrad_recorder *recorder)
{
    if (!recorder)
        return vgrad__fail_null("recorder");
    flush_sinks(recorder);
    return answer(recorder, &recorder->trouble);
}

void vgrad__recorder_add_row(vgrad_recorder *recorder, const char *layer, const char *role,
                             const char *quantity, double value)
{
    vgrad_status status =
        vgrad__grow(recorder->context, (void **)&recorder->rows, recorder->row_count,
                    &recorder->row_capacity, sizeof *recorder->rows);
    if (status == VGRAD_OK)
        recorder->rows[recorder->row_count++] = (vgrad__row){ layer, role, quantity, value, "" };
    note_incomplete(recorder, status);
}

void vgrad__recorder_add_counts(vgrad_recorder *recorder, const vgrad__counts *counts)
{
    vgrad_status status =
        vgrad__grow(recorder->context, (void **)&recorder->counts, recorder->counts_count,
                    &recorder->counts_capacity, sizeof *recorder->counts);
    if (status == VGRAD_OK)
        recorder->counts[recorder->counts_count++] = *counts;
    note_incomplete(recorder, status);
}

static void take(vgrad_recorder *recorder, int64_t step, int64_t epoch,
                 const vgrad_finding *finding)
{
    const vgrad__entry entry = { .step = step,
                                 .epoch = epoch,
                                 .time = vgrad__time(),
                                 .rows = recorder->rows,
                                 .row_count = recorder->row_count,
                                 .counts = recorder->counts,
                                 .counts_count = recorder->counts_count,
                                 .finding = finding };
    for (size_t i = 0; i < recorder->sink_count; i++) {
        vgrad__open_sink *open = &recorder->sinks[i];
        if (open->trouble.status == VGRAD_OK)
            judge(recorder, open, open->sink.kind->take(&open->sink, &entry));
    }
    recorder->row_count = recorder->counts_count = 0;
    if (++recorder->unflushed >= (int64_t)recorder->options[VGRAD_RECORDER_FLUSH_EVERY])
        flush_sinks(recorder);
}

void vgrad__recorder_take(vgrad_recorder *recorder, int64_t step, int64_t epoch,
                          const vgrad_finding *finding)
{
    take(recorder, step, epoch, finding);
    tell(recorder);
}

void vgrad__recorder_begin(vgrad_recorder *recorder, const vgrad__run_facts *facts)
{
    for (size_t i = 0; i < recorder->sink_count; i++) {
        vgrad__open_sink *open = &recorder->sinks[i];
        if (open->trouble.status == VGRAD_OK && open->sink.kind->begin)
            judge(recorder, open, open->sink.kind->begin(&open->sink, facts));
    }
    tell(recorder);
}

/* Of a sink that failed since the log was told. */
static const vgrad__trouble *find_new_trouble(const vgrad_recorder *recorder)
{
    static const vgrad__trouble none = { .status = VGRAD_OK };
    for (size_t i = 0; i < recorder->sink_count; i++)
        if (recorder->sinks[i].trouble.status != VGRAD_OK && !recorder->sinks[i].told)
            return &recorder->sinks[i].trouble;
    return &none;
}

vgrad_status vgrad_recorder_scalar(vgrad_recorder *recorder, int64_t step, const char *name,
                                   double value)
{
    if (!recorder)
        return vgrad__fail_null("recorder");
    if (step < 0)
        return vgrad__fail(VGRAD_E_INVALID, "step: at least 0, got %lld", (long long)step);
    if (!name)
        return vgrad__fail_null("name");
    const size_t length = strlen(name), most = 63;
    if (length < 1 || length > most)
        return vgrad__fail(VGRAD_E_INVALID, "name: 1 to %zu bytes, got %zu", most, length);
    vgrad__recorder_add_row(recorder, "", "", name, value);
    if (recorder->row_count == 0)
        return answer(recorder, &recorder->incomplete);
    take(recorder, step, -1, NULL);
    return answer(recorder, find_new_trouble(recorder));
}
