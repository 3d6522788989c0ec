/* How findings are raised, changed, cleared and told. */
/* SPDX-License-Identifier: MIT */
#include "probe/finding.h"

#include <string.h>

vgrad_status vgrad__findings_create(vgrad__findings *findings, size_t layers,
                                    vgrad_context *context)
{
    const size_t count = VGRAD__FINDING_CODES * (layers + 1);
    *findings = (vgrad__findings){ .context = context, .layers = layers, .count = count };
    findings->cases = vgrad__allocate(context, count, sizeof *findings->cases);
    if (findings->cases)
        findings->order = vgrad__allocate(context, count, sizeof *findings->order);
    if (findings->order)
        findings->news = vgrad__allocate(context, count, sizeof *findings->news);
    if (findings->news)
        return VGRAD_OK;
    vgrad__findings_destroy(findings);
    return VGRAD_E_MEMORY;
}

void vgrad__findings_destroy(vgrad__findings *findings)
{
    vgrad_context *context = findings->context;
    vgrad__release(context, findings->cases, findings->count, sizeof *findings->cases);
    vgrad__release(context, findings->order, findings->count, sizeof *findings->order);
    vgrad__release(context, findings->news, findings->count, sizeof *findings->news);
    *findings = (vgrad__findings){ 0 };
}

void vgrad__findings_begin(vgrad__findings *findings)
{
    findings->stirred = findings->news_count > 0;
    for (size_t i = 0; i < findings->news_count; i++)
        findings->news[i]->is_news = false;
}

/* What the user is told: the severity is 0 once it is cleared. */
static void tell(vgrad__case *one)
{
    const vgrad__verdict *v = &one->verdict;
    one->told = (vgrad_finding){ .struct_size = sizeof one->told,
                                 .code = v->code,
                                 .severity = one->raised ? v->severity : 0,
                                 .layer = v->where >= 0 ? v->where : v->layer,
                                 .role = v->role,
                                 .cause = v->cause,
                                 .first_step = one->first_step,
                                 .last_step = one->last_step,
                                 .unit_first = v->unit_first,
                                 .unit_count = v->unit_count,
                                 .layer_name = v->layer_name,
                                 .message = v->message,
                                 .formula = v->formula,
                                 .remedy = v->remedy,
                                 .evidence_names = v->evidence_names,
                                 .evidence = v->evidence,
                                 .evidence_count = v->evidence_count };
}

static void hold(vgrad__case *one, const vgrad__verdict *verdict, int64_t first, int64_t last,
                 int32_t windows)
{
    const int32_t enough = verdict->at_once ? 1 : windows;
    const bool other = one->raised && one->verdict.severity != verdict->severity;
    if (one->held++ == 0 && !one->raised)
        one->first_step = first;
    one->last_step = last;
    one->missed = 0;
    one->shifted = other ? one->shifted + 1 : 0;
    if (one->raised && (verdict->keeps_first || (other && one->shifted < enough)))
        return;
    one->verdict = *verdict;
    one->is_news |= other || (!one->raised && one->held >= enough);
    one->raised |= one->held >= enough;
    one->shifted = 0;
}

static void miss(vgrad__case *one, bool nearly, int32_t windows)
{
    one->held = 0;
    one->missed = nearly ? 0 : one->missed + 1;
    if (!one->raised || one->missed < windows)
        return;
    one->raised = false;
    one->is_news = true;
}

static vgrad__case *case_of(const vgrad__findings *findings, vgrad_finding_code code, int32_t layer)
{
    return &findings->cases[(size_t)code * (findings->layers + 1) + (size_t)(layer + 1)];
}

bool vgrad__findings_are_quiet(const vgrad__findings *findings, vgrad_finding_code code,
                               int32_t layer)
{
    const vgrad__case *one = case_of(findings, code, layer);
    return !one->raised && one->held == 0;
}

void vgrad__findings_take(vgrad__findings *findings, const vgrad__verdict *verdict, int64_t first,
                          int64_t last, int32_t windows)
{
    vgrad__case *one = case_of(findings, verdict->code, verdict->layer);
    if (verdict->severity > 0)
        hold(one, verdict, first, last, windows);
    else
        miss(one, verdict->nearly, verdict->at_once ? 1 : windows);
    findings->stirred |= one->is_news;
    if (one->raised || one->is_news)
        tell(one);
}

void vgrad__findings_end(vgrad__findings *findings)
{
    const int32_t gravest = 3;
    if (!findings->stirred)
        return;
    findings->raised = findings->news_count = 0;
    for (int32_t severity = gravest; severity > 0; severity--)
        for (size_t i = 0; i < findings->count; i++) {
            vgrad__case *one = &findings->cases[i];
            if (one->raised && one->verdict.severity == severity)
                findings->order[findings->raised++] = one;
        }
    for (size_t i = 0; i < findings->count; i++)
        if (findings->cases[i].is_news)
            findings->news[findings->news_count++] = &findings->cases[i];
}

const char *vgrad_finding_name(vgrad_finding_code code)
{
    static const char *const names[VGRAD__FINDING_CODES] = {
        [VGRAD_FINDING_VANISHING] = "vanishing",
        [VGRAD_FINDING_EXPLODING] = "exploding",
        [VGRAD_FINDING_DEAD_UNITS] = "dead_units",
        [VGRAD_FINDING_SATURATION] = "saturation",
        [VGRAD_FINDING_STALLED] = "stalled",
        [VGRAD_FINDING_UPDATE_TOO_LARGE] = "update_too_large",
        [VGRAD_FINDING_INITIALIZATION] = "initialization",
        [VGRAD_FINDING_NON_FINITE] = "non_finite",
        [VGRAD_FINDING_LOSS_SPIKE] = "loss_spike",
        [VGRAD_FINDING_UNCHANGED] = "unchanged",
    };
    const bool is_code = (int)code >= VGRAD_FINDING_VANISHING && (int)code < VGRAD__FINDING_CODES;
    return is_code ? names[code] : "unknown";
}
