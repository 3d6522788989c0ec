/**
 * @file vgrad.h
 * @brief All of libvgrad, in the order in which one meets it.
 *
 * Conventions, said once:
 * - Handles are opaque. `vgrad_x_create(&out, ...)` sets `*out = NULL` on failure;
 *   `vgrad_x_destroy(NULL)` is fine; any order of destruction is safe, because a handle keeps alive
 *   what it needs.
 * - A NULL handle or a NULL output pointer gives VGRAD_E_INVALID and a text in vgrad_last_error().
 * - Layers, tensors and names that a call returns are borrowed: do not free them.
 * - One handle, one thread at a time, where a network, its layers, its optimizer, its trainers and
 *   its probes count as one. Different networks: any threads. Functions marked "any thread" have no
 *   such rule.
 * - The library does not print, exit, install handlers, or change the locale, the floating-point
 *   mode, or OpenBLAS's number of threads (which is the process's: see docs/threading.md).
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_H
#define VGRAD_H

/* In reading order. */
/* clang-format off */
#include <vgrad/version.h>
#include <vgrad/status.h>
#include <vgrad/context.h>
#include <vgrad/tensor.h>
#include <vgrad/dataset.h>
#include <vgrad/network.h>
#include <vgrad/layer.h>
#include <vgrad/weights.h>
#include <vgrad/optimizer.h>
#include <vgrad/trainer.h>
#include <vgrad/checkpoint.h>
#include <vgrad/probe.h>
#include <vgrad/mean_field.h>
#include <vgrad/recorder.h>
/* clang-format on */

#endif
