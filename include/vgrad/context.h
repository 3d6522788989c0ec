/**
 * @file context.h
 * @brief Where the library's memory comes from and where its words go.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_CONTEXT_H
#define VGRAD_CONTEXT_H

#include <vgrad/status.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Allocator and log. The last argument of every root `create`, and inherited by what is made from
 * it. NULL wherever one is taken: the C library's allocator and no log.
 * @since 0.1
 */
typedef struct vgrad_context vgrad_context;

/**
 * Returns `size` bytes (never 0) at a multiple of `alignment` (a power of two), or NULL.
 * Called from whichever thread uses the handle, so it must be thread-safe.
 */
typedef void *(*vgrad_alloc)(size_t size, size_t alignment, void *user);
/** Takes back a block of vgrad_alloc, never NULL, with the size that was asked for. */
typedef void (*vgrad_release)(void *block, size_t size, void *user);
/** Takes one finished line in UTF-8 without a newline. `level` is a vgrad_log_level. */
typedef void (*vgrad_log)(int32_t level, const char *line, void *user);

/** How much a log wants to hear: its own level and those below. @since 0.1 */
typedef enum vgrad_log_level {
    VGRAD_LOG_NONE = 0,    /**< Nothing. */
    VGRAD_LOG_WARNING = 1, /**< What a user should look into. */
    VGRAD_LOG_INFO = 2,    /**< What was built, and how large it is. */
    VGRAD_LOG_DEBUG = 3    /**< Memory plans and the like. */
} vgrad_log_level;

/**
 * Where text goes: 0 to continue; anything else, and the call that writes fails with VGRAD_E_IO.
 * `text` is not terminated and is valid only during the call.
 */
typedef int32_t (*vgrad_write)(const char *text, size_t length, void *user);

/**
 * A ready-made vgrad_write.
 *
 * @param text   the bytes.
 * @param length how many.
 * @param user   a `FILE *` open for writing.
 *               Text that ends within a line, such as vgrad_trainer_progress() writes, is flushed.
 * @return 0, or 1 if the file took less.
 * @thread_any
 * @since 0.1
 */
VGRAD_API int32_t vgrad_write_file(const char *text, size_t length, void *user);

/**
 * Make a context.
 *
 * @param[out] out set to the new context; to NULL on failure.
 * @param alloc    with `release`: all of the library's memory (OpenBLAS's own excepted).
 *                 Both NULL: the C library's.
 * @param release  see `alloc`.
 * @param user     handed to both.
 * @return VGRAD_OK, VGRAD_E_INVALID (`out` NULL, or one function without the other),
 *         VGRAD_E_MEMORY.
 * @par Lifetime
 * Whatever was made with it keeps it alive, so it may be destroyed first; `alloc` and `release`
 * must work until the last of those is gone.
 * @thread_any
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_context_create(vgrad_context **out, vgrad_alloc alloc,
                                            vgrad_release release, void *user);

/**
 * Give a context up.
 *
 * @param context NULL is fine.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API void vgrad_context_destroy(vgrad_context *context);

/** What can be set of a context. @since 0.1 */
typedef enum vgrad_context_option {
    /**
     * How many bytes a reader takes of a file whose size does not bound them, because it is
     * compressed or a pipe: 1 to 2^53, default 2^30. What is made of them may be larger: int8 in
     * IDX takes four times their memory, and text of one digit a field, in CSV, twelve times for a
     * while.
     */
    VGRAD_CONTEXT_READ_LIMIT = 1
} vgrad_context_option;

/**
 * Set an option.
 *
 * @param context the context.
 * @param option  which.
 * @param value   see vgrad_context_option.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @thread_handle Not while another thread uses something made with this context.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_context_set(vgrad_context *context, vgrad_context_option option,
                                         double value);

/**
 * Read an option.
 *
 * @param context NULL: the defaults.
 * @param option  which.
 * @return its value; NaN on failure.
 * @thread_any
 * @since 0.1
 */
VGRAD_API double vgrad_context_get(const vgrad_context *context, vgrad_context_option option);

/**
 * Choose a log. Default: none.
 *
 * @param context the context.
 * @param level   a vgrad_log_level: lines above it are not made.
 * @param log     NULL: none.
 * @param user    handed to `log`.
 * @return VGRAD_OK, VGRAD_E_INVALID.
 * @par Lifetime
 * `log` must work until another is set or everything made with the context is gone.
 * @thread_handle Not while another thread uses something made with this context.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_context_set_log(vgrad_context *context, vgrad_log_level level,
                                             vgrad_log log, void *user);

VGRAD_DECLARATIONS_END

#endif
