/*
 * What is found wrong, and by which rule. Every rule is made of ratios, so that the scale of the
 * loss, and of the gradients with it, changes no verdict; none knows a network's name.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_RULES_H
#define VGRAD_PROBE_RULES_H

#include "probe/probe.h"

/* Takes the latest look, whose figures are made, into the window; judges it, and the window when it
   is full. */
void vgrad__rules_look(vgrad_probe *probe, double loss, int64_t rows);

/* ---- what rules share ---- */

enum { VGRAD__NOTE = 1, VGRAD__WARNING = 2, VGRAD__SEVERE = 3 };

/* What is raised stays until it is this much better than the threshold. */
static const double vgrad__ease = 0.8;

/* Of a tensor, as the latest look saw it; NULL: it did not. */
const vgrad__moments *vgrad__moments_seen(const vgrad_probe *probe, size_t layer, vgrad_role role);
/* One with nothing found, to be filled in. */
vgrad__verdict vgrad__verdict_on(const vgrad_probe *probe, vgrad_finding_code code, int32_t layer);
void vgrad__deliver(vgrad_probe *probe, const vgrad__verdict *verdict);
/* Of at most VGRAD__LOSSES_MAX numbers; NaN of none. */
double vgrad__median(const double *values, int64_t count);

/* ---- the window (window.c) ---- */

void vgrad__window_add_loss(vgrad_probe *probe, double loss);
/* A look at all that is judged by windows. */
void vgrad__window_add_look(vgrad_probe *probe, int64_t rows);
/* Decades that a hop loses, in this window or the latest that saw it; 0: not seen yet. */
double vgrad__hop_loss(const vgrad__hop_window *w);
/* Whether so many samples are enough to judge by. */
bool vgrad__window_is_full(const vgrad_probe *probe, int64_t samples);
/* Whether as many were seen of every hop of the way. */
bool vgrad__window_has_way(const vgrad_probe *probe);
/* What was full begins anew; a layer, or the way, of which less was seen goes on. */
void vgrad__window_begin(vgrad_probe *probe);

/* ---- the rules ---- */

/* Vanishing and exploding (rules_way.c). */
void vgrad__judge_way(vgrad_probe *probe);
/* Units, updates and the kernel of one layer (rules_layer.c). */
void vgrad__judge_layer(vgrad_probe *probe, int32_t index);
/* The kernel at one stop of the path, as it was at first (rules_layer.c). */
void vgrad__judge_initialization(vgrad_probe *probe, int32_t at);
/* At every look (rules_at_once.c). */
void vgrad__judge_loss(vgrad_probe *probe, double loss);
void vgrad__judge_finite(vgrad_probe *probe);

#endif
