/**
 * @file recorder.h
 * @brief Records of a run, for TensorBoard, spreadsheets and programs.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_RECORDER_H
#define VGRAD_RECORDER_H

#include <vgrad/probe.h>
#include <vgrad/trainer.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Writes down what probes see and a trainer does, into any number of sinks:
 *
 *     vgrad_recorder_create(&recorder, "relu", NULL);
 *     vgrad_recorder_add(recorder, VGRAD_SINK_TENSORBOARD, "logs");
 *     vgrad_recorder_add(recorder, VGRAD_SINK_CSV, "relu.csv");
 *     vgrad_recorder_probe(recorder, probe);
 *     vgrad_recorder_trainer(recorder, trainer);
 *
 * Writing goes on inside the calls that train. A sink that fails, say for want of space, ends there
 * and then, and nothing else does: training and the other sinks go on, a warning goes to the
 * context's log, and vgrad_recorder_flush() tells of it. The formats are in docs/file-formats.md.
 * @since 0.1
 */
typedef struct vgrad_recorder vgrad_recorder;

/**
 * Make a recorder of one run, without sinks.
 *
 * @param[out] out the new recorder; NULL on failure.
 * @param run      the run's name: 1 to 63 bytes, no folder of it "..", not from a "/". Copied.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_MEMORY.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_create(vgrad_recorder **out, const char *run,
                                             vgrad_context *context);

/**
 * Write what waits, close the files, and give the recorder up. What it recorded of may live on, or
 * be gone already; some memory of the recorder lasts as long as its trainer.
 *
 * @param recorder NULL is fine. Inside a callback or a log is fine, too.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_recorder_destroy(vgrad_recorder *recorder);

/** What can be set of a recorder. @since 0.1 */
typedef enum vgrad_recorder_option {
    /** 1. Records steps 0, k, 2k, ...: of what a probe looks at, and of the batches of a trainer.
     */
    VGRAD_RECORDER_EVERY = 1,
    /** 0: no bound. Once a file has so many bytes, its sink goes on in another one: NAME.csv,
        NAME.1.csv, ... A moment is never divided, so files are larger by up to one. Of open sinks,
        too. */
    VGRAD_RECORDER_MAX_BYTES = 2,
    /** 0. 1: CSV and JSON Lines go on behind what their files hold, as a run does that was loaded;
        else they are emptied. Of sinks to come. (An event file is never written to again.) */
    VGRAD_RECORDER_APPEND = 3,
    /** 1. Recorded moments after which what waits is written, so that others see it. */
    VGRAD_RECORDER_FLUSH_EVERY = 4
} vgrad_recorder_option;

/**
 * Set an option.
 *
 * @param recorder the recorder.
 * @param option   which.
 * @param value    a whole number: from 1 for EVERY and FLUSH_EVERY, from 0 for MAX_BYTES (to 2^53),
 *                 0 or 1 for APPEND.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_set(vgrad_recorder *recorder, vgrad_recorder_option option,
                                          double value);

/**
 * Read an option.
 *
 * @param recorder the recorder.
 * @param option   which.
 * @return its value; NaN on failure.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API double vgrad_recorder_get(const vgrad_recorder *recorder, vgrad_recorder_option option);

/** Where records go. @since 0.1 */
typedef enum vgrad_sink {
    /** A row for every figure: run,step,epoch,layer,role,quantity,value. `path`: the file. */
    VGRAD_SINK_CSV = 1,
    /** An object a line: settings, figures, histograms, findings. `path`: the file. */
    VGRAD_SINK_JSONL = 2,
    /** Event files in the folder PATH/RUN, which is made: scalars, histograms of values and of
        log10 |x|, findings as text, all layers on one chart, settings, the network's graph.
        VGRAD_E_UNSUPPORTED in a build without protobuf-c. */
    VGRAD_SINK_TENSORBOARD = 3
} vgrad_sink;

/**
 * Add a sink. What was recorded before is not in it.
 *
 * @param recorder the recorder.
 * @param sink     its form.
 * @param path     see vgrad_sink; copied.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (it has this one), VGRAD_E_IO,
 *         VGRAD_E_UNSUPPORTED, VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_add(vgrad_recorder *recorder, vgrad_sink sink,
                                          const char *path);

/**
 * Record every look of a probe, attached or not, that comes to its end from now on: all moments of
 * the tensors that it watches, what it makes of them, histograms when it takes some, and findings
 * when they are raised, changed or cleared.
 *
 * @param recorder the recorder.
 * @param probe    the probe.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (it records this one), VGRAD_E_MEMORY.
 * @par Lifetime
 * Either may go first.
 * @thread_handle The recorder belongs to the thread that uses the probe.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_probe(vgrad_recorder *recorder, vgrad_probe *probe);

/**
 * Record loss, accuracy and learning rate of a trainer's batches, what an epoch and its validation
 * gave, and the settings when a run begins. The step of a batch is that of a look at it: the
 * updates before it. Where updates are skipped, a step comes again. Looks of probes are in its
 * epochs from now on, if its batches come from vgrad_trainer_fit() or vgrad_trainer_next().
 *
 * @param recorder the recorder, without a trainer.
 * @param trainer  the trainer, outside its callbacks.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE (it has one), VGRAD_E_MEMORY.
 * @par Lifetime
 * Either may go first.
 * @thread_handle The recorder belongs to the thread that uses the trainer.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_trainer(vgrad_recorder *recorder, vgrad_trainer *trainer);

/**
 * Record a figure of your own.
 *
 * @param recorder the recorder.
 * @param step     which; at least 0. VGRAD_RECORDER_EVERY does not hold.
 * @param name     of the figure: 1 to 63 bytes.
 * @param value    any number.
 * @return VGRAD_OK, VGRAD_E_INVALID; what a sink that failed by this answered.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_scalar(vgrad_recorder *recorder, int64_t step,
                                             const char *name, double value);

/**
 * Write what waits, so that other programs see it.
 *
 * @param recorder the recorder.
 * @return VGRAD_OK; VGRAD_E_INVALID; else what the first sink that failed since it was made failed
 *         with, its text being the last error.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_recorder_flush(vgrad_recorder *recorder);

VGRAD_DECLARATIONS_END

#endif
