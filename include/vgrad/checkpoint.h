/**
 * @file checkpoint.h
 * @brief Runs that outlive the process: saved, loaded, and gone on with to the same bits.
 *
 * A checkpoint is one safetensors file, which docs/file-formats.md describes byte by byte: weights,
 * moving statistics, the state of the optimizer, where dropout and the order of rows stand, epoch,
 * batch and group, early stopping and plateau, all settings that are numbers, and what the network
 * is. docs/checkpoints.md shows how to use them.
 *
 * It appears whole or not at all, as vgrad_network_save() says, and carries a CRC-32C of its header
 * and of every tensor.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_CHECKPOINT_H
#define VGRAD_CHECKPOINT_H

#include <vgrad/trainer.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Save a run.
 *
 * A fit of the loaded run ends with the same bits as one that never stopped, on the same kind of
 * machine with the same number of OpenBLAS threads and the same data. Not in the file are data,
 * functions of the user's, callbacks, and what probes remember.
 *
 * @param trainer the trainer, outside its callbacks (there: vgrad_trainer_checkpoint()), not
 * between vgrad_trainer_next() or forward and the update. Within a group of batches
 *                (VGRAD_TRAINER_ACCUMULATE) it may be.
 * @param path    the file; no symbolic link, device or folder.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL; a layer's name that is no UTF-8); VGRAD_E_STATE;
 *         VGRAD_E_IO (what was there is there still, but see vgrad_network_save()); VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_save(vgrad_trainer *trainer, const char *path);

/**
 * Load a run into a trainer that was made as the saved one was. `epochs` of the next fit counts
 * from the run's beginning, so that fit(trainer, data, 10) of a run saved after 7 epochs makes 3.
 *
 * These must be as in the file, or the first that is not is named: the network (kinds, names, sizes
 * and wiring of its layers, activations, options that are fixed by build, dtype), the optimizer's
 * rule, losses, class weights, whether there are early stopping (with or without the best weights),
 * a plateau and a schedule of the user's.
 *
 * Everything else is taken from the file: options of trainer and optimizer, schedules, the settings
 * of early stopping and plateau, what of a layer can be set at any time (trainable, penalties,
 * initializers), seeds. So load first, and set afterwards what is to be different.
 *
 * The data come with the next fit or next(): within an epoch as many rows as it had
 * (VGRAD_E_STATE there otherwise). A run that was in progress goes on: VGRAD_TRAIN_BEGIN fires, but
 * early stopping and plateau do not begin anew, and one that early stopping had ended stays ended.
 * The `every` of callbacks counts anew.
 *
 * @param trainer the trainer, outside its callbacks, not within a step. The run that it was at is
 *                given up, without VGRAD_TRAIN_END.
 * @param path    the file.
 * @return VGRAD_OK; on failure nothing has changed: VGRAD_E_INVALID (NULL, or something is not as
 * in the file); VGRAD_E_SHAPE and VGRAD_E_NOT_FOUND (of a tensor, named); VGRAD_E_STATE;
 *         VGRAD_E_FORMAT (damaged, or no checkpoint); VGRAD_E_IO; VGRAD_E_MEMORY;
 *         VGRAD_E_UNSUPPORTED (written by a newer version; this build is without jansson).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_load(vgrad_trainer *trainer, const char *path);

/**
 * Make the network that a checkpoint describes, built, with its weights and moving statistics.
 *
 * Layers and activations of the user's are functions, which no file has: a network with one is
 * refused with its name. Make such a network yourself and use vgrad_trainer_load().
 *
 * @param[out] out the new network; NULL on failure.
 * @param path     the file.
 * @param context  NULL: the defaults.
 * @return VGRAD_OK; VGRAD_E_INVALID; VGRAD_E_FORMAT and VGRAD_E_SHAPE (with what is wrong where);
 *         VGRAD_E_NOT_FOUND (a tensor is missing); VGRAD_E_UNSUPPORTED (a layer of the user's; a
 *         newer version; this build is without jansson); VGRAD_E_IO; VGRAD_E_MEMORY.
 * @par Lifetime
 * As vgrad_network_create().
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_create_from_file(vgrad_network **out, const char *path,
                                                      vgrad_context *context);

/** How vgrad_trainer_checkpoint() goes about it, as bits. @since 0.1 */
enum {
    /** Also keep the best epoch's as `best.safetensors`: by the loss of the validation, or that of
        the epoch where there is none. The first of equals; never one of NaN. */
    VGRAD_CHECKPOINT_BEST = 1,
    /** A checkpoint that cannot be written is a warning in the log, and training goes on. */
    VGRAD_CHECKPOINT_GO_ON = 2
};

/**
 * Ready-made: saves the run while it goes on, as
 * `DIRECTORY/checkpoint-EPOCH-STEP.safetensors`, where EPOCH (8 digits) is the number of epochs
 * that are over and STEP (12 digits) that of the updates, so that names sort as they were written.
 *
 * It hears of an event last, when all other callbacks have. A checkpoint that cannot be written
 * ends the run with that status (VGRAD_E_IO as a rule), unless VGRAD_CHECKPOINT_GO_ON; those before
 * it stay. The next fit goes on after the update or the epoch that was to be saved.
 *
 * One directory is for one run: temporary files that a killed process left in it are removed, and a
 * run that begins (rather than one that was loaded) is refused at VGRAD_TRAIN_BEGIN with
 * VGRAD_E_STATE if checkpoints are there already. Among these counts a `best.safetensors` only
 * where no others are written: a process that is killed early may have left it alone.
 *
 * @param trainer      the trainer, outside its callbacks.
 * @param directory    made if it is not there; its parent must be. Copied.
 * @param every_epochs after every so many epochs; 0: not at their ends.
 * @param every_steps  after every so many updates; 0: not within epochs.
 * @param keep         how many to keep, the oldest go first, at least 1; 0: all.
 * @param flags        a sum of VGRAD_CHECKPOINT_ bits; without VGRAD_CHECKPOINT_BEST one of the two
 *                     numbers must be above 0.
 * @return VGRAD_OK, VGRAD_E_INVALID, VGRAD_E_STATE, VGRAD_E_IO (the directory), VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_trainer_checkpoint(vgrad_trainer *trainer, const char *directory,
                                                int64_t every_epochs, int64_t every_steps,
                                                int64_t keep, uint32_t flags);

/**
 * The newest checkpoint of a directory that can be read. Every byte of it has been checked; newer
 * ones that cannot be read are warnings in the log.
 *
 * @param directory as for vgrad_trainer_checkpoint().
 * @param[out] path its path, for vgrad_trainer_load(); an empty text on failure.
 * @param capacity  bytes of `path`.
 * @param context   NULL: the defaults.
 * @return VGRAD_OK; VGRAD_E_NOT_FOUND (there is none, or no directory); VGRAD_E_INVALID (NULL;
 *         `path` is too short); VGRAD_E_IO (the directory cannot be listed); VGRAD_E_MEMORY;
 *         VGRAD_E_UNSUPPORTED (this build is without jansson).
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_checkpoint_latest(const char *directory, char *path, size_t capacity,
                                               vgrad_context *context);

VGRAD_DECLARATIONS_END

#endif
