/**
 * @file version.h
 * @brief The version of the headers; the one place where it is written (meson reads it here).
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_VERSION_H
#define VGRAD_VERSION_H

/** Grows when something is taken away or changes its meaning. */
#define VGRAD_VERSION_MAJOR 0
/** Grows when something is added, or a default or a numeric result changes. */
#define VGRAD_VERSION_MINOR 1
/** Grows with repairs. */
#define VGRAD_VERSION_PATCH 0
/** The number in libvgrad.so.N: within one of them nothing is removed or moved. */
#define VGRAD_ABI_VERSION 0

/** The three numbers as vgrad_version() returns them: 0xMMmmpp. */
#define VGRAD_VERSION_NUMBER                                                                       \
    ((VGRAD_VERSION_MAJOR << 16) | (VGRAD_VERSION_MINOR << 8) | VGRAD_VERSION_PATCH)

#endif
