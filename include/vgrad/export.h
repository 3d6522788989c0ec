/**
 * @file export.h
 * @brief What every other header needs: linkage, visibility, and the integer types.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_EXPORT_H
#define VGRAD_EXPORT_H

#include <stddef.h>
#include <stdint.h>

/** Marks what the shared library exports. */
#if defined(__GNUC__)
#define VGRAD_API __attribute__((visibility("default")))
#else
#define VGRAD_API
#endif

/**
 * @def VGRAD_DECLARATIONS_BEGIN
 * Opens the declarations of a header, with C linkage in C++.
 * @def VGRAD_DECLARATIONS_END
 * Closes what VGRAD_DECLARATIONS_BEGIN opened.
 */
#ifdef __cplusplus
#define VGRAD_DECLARATIONS_BEGIN extern "C" {
#define VGRAD_DECLARATIONS_END   }
#else
#define VGRAD_DECLARATIONS_BEGIN
#define VGRAD_DECLARATIONS_END
#endif

#endif
