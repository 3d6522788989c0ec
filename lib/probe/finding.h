/* Findings: raised when a rule holds for some windows, cleared when it does not for as many. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_FINDING_H
#define VGRAD_PROBE_FINDING_H

#include <stdbool.h>
#include <vgrad/probe.h>

#include "base/context.h"

enum {
    VGRAD__FINDING_CODES = 11, /* by vgrad_finding_code, from 1 */
    VGRAD__EVIDENCE_MAX = 6,
    VGRAD__MESSAGE_SIZE = 320
};

/* What a rule says of a layer, or of the whole network (layer -1), in one window. */
typedef struct vgrad__verdict {
    vgrad_finding_code code;
    int32_t layer;
    int32_t severity;     /* 0: it does not hold */
    bool nearly;          /* it would hold by thresholds a fifth closer: what is raised stays */
    bool at_once;         /* no second window is waited for */
    bool keeps_first;     /* while it is raised it tells of the first time */
    int32_t where;        /* the layer that is told of, where that is not `layer`; -1: none */
    int32_t role;         /* vgrad_role; -1: none */
    vgrad_quantity cause; /* 0: none */
    const char *layer_name;
    const char *formula, *remedy;
    const char *const *evidence_names;
    double evidence[VGRAD__EVIDENCE_MAX];
    int32_t evidence_count;
    int64_t unit_first, unit_count;
    char message[VGRAD__MESSAGE_SIZE];
} vgrad__verdict;

/* One finding that may be, of a code and a layer. */
typedef struct vgrad__case {
    vgrad__verdict verdict; /* the latest that held */
    vgrad_finding told;     /* what is told of it, pointing into this */
    int64_t first_step, last_step;
    int32_t held, missed; /* windows in a row */
    int32_t shifted;      /* in which it was raised with another severity */
    bool raised;
    bool is_news; /* raised, changed or cleared by this look */
} vgrad__case;

typedef struct vgrad__findings {
    vgrad_context *context; /* borrowed */
    vgrad__case *cases;     /* code by code, layer by layer, the whole network first */
    size_t count, layers;
    vgrad__case **order; /* those that are raised, gravest first */
    size_t raised;
    vgrad__case **news;
    size_t news_count;
    bool stirred; /* by this look: the order, or what is news, is another one */
} vgrad__findings;

vgrad_status vgrad__findings_create(vgrad__findings *findings, size_t layers,
                                    vgrad_context *context);
void vgrad__findings_destroy(vgrad__findings *findings);

/* A look begins: nothing is news. */
void vgrad__findings_begin(vgrad__findings *findings);
/* Whether nothing is raised of a code and a layer, nor about to be. */
bool vgrad__findings_are_quiet(const vgrad__findings *findings, vgrad_finding_code code,
                               int32_t layer);
/* What a rule says of the window that ends at `last` and began at `first`; raised and cleared after
   `windows` of them. */
void vgrad__findings_take(vgrad__findings *findings, const vgrad__verdict *verdict, int64_t first,
                          int64_t last, int32_t windows);
/* A look ends: they are put in order. */
void vgrad__findings_end(vgrad__findings *findings);

#endif
