/**
 * @file status.h
 * @brief How a call went, the text of the last failure, and which library this is.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_STATUS_H
#define VGRAD_STATUS_H

#include <vgrad/export.h>
#include <vgrad/version.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Zero: done. Positive: done, with news. Negative: failed, and the object is as it was (but a
 * training step that failed is over: see trainer.h).
 *
 * So `if (call < 0)` is the whole error check. Numbers are never used again for something else.
 * @since 0.1
 */
typedef enum vgrad_status {
    VGRAD_OK = 0,          /**< Done. */
    VGRAD_STOPPED = 1,     /**< A callback or vgrad_trainer_request_stop() ended the run. */
    VGRAD_DONE = 2,        /**< Nothing is left: all epochs are over. */
    VGRAD_CHANGED = 5,     /**< A probe raised, changed or cleared findings. */
    VGRAD_ACCUMULATED = 3, /**< The gradients went to their group; its update is still to come. */
    VGRAD_SKIPPED = 4,     /**< The update was skipped, as a callback asked. */
    VGRAD_E_INVALID = -1,  /**< An argument is NULL, out of range, or not one of its enumerators. */
    VGRAD_E_SHAPE = -2,    /**< Sizes do not fit together; the text names the layer. */
    VGRAD_E_STATE = -3,    /**< Not now: unbuilt, inside a callback, outside the window, ... */
    VGRAD_E_MEMORY = -4,   /**< The allocator returned NULL. */
    VGRAD_E_CALLBACK = -5, /**< A callback returned a number below 0, a layer's function not 0. */
    VGRAD_E_IO = -7,       /**< A file, or a function of the caller's, did not take or give. */
    VGRAD_E_FORMAT = -8,   /**< A file holds something else; the text names file and place. */
    VGRAD_E_NOT_FOUND = -9,   /**< No such thing, or it was never measured. */
    VGRAD_E_NUMBER = -10,     /**< NaN or Inf in a run that was told to stop on one. */
    VGRAD_E_UNSUPPORTED = -11 /**< This build was made without it; the text says without what. */
} vgrad_status;

/**
 * The text of this thread's last failure: one line that names the argument and its value, such as
 * `layer "hidden3": input width 784, got 785`.
 *
 * @return never NULL; "" if nothing has failed on this thread. A success leaves it alone.
 * @par Lifetime
 * Until the next failing call on this thread.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_last_error(void);

/**
 * The enumerator's name without its prefix, such as "E_SHAPE".
 *
 * @param status any number.
 * @return a static string; "UNKNOWN" for a number that is no status.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_status_name(vgrad_status status);

/**
 * The version of the library that is loaded, as VGRAD_VERSION_NUMBER was when it was built.
 *
 * @return 0xMMmmpp.
 * @thread_any
 * @since 0.1
 */
VGRAD_API uint32_t vgrad_version(void);

/**
 * The ABI of the library that is loaded: compare it with VGRAD_ABI_VERSION after dlopen().
 *
 * @return the number in libvgrad.so.N.
 * @thread_any
 * @since 0.1
 */
VGRAD_API uint32_t vgrad_abi_version(void);

/**
 * One line for a bug report: version, compiler, instruction level in use, OpenBLAS, and
 * which optional libraries it was built with.
 *
 * @return never NULL; this thread's, until it ends.
 * @thread_any
 * @since 0.1
 */
VGRAD_API const char *vgrad_build_info(void);

VGRAD_DECLARATIONS_END

#endif
