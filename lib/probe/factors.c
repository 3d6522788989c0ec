/* What a hop, or a way of several, loses to what. */
/* SPDX-License-Identifier: MIT */
#include "probe/factors.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum { FACTORS_END = VGRAD__LOST_IN_BLOCK + 1 };

static const char *const words[FACTORS_END] = {
    [VGRAD__LOST_TO_WEIGHTS] = "weights",
    [VGRAD__LOST_TO_ALIGNMENT] = "alignment",
    [VGRAD__LOST_TO_DERIVATIVE] = "derivative factor",
    [VGRAD__LOST_TO_CORRELATION] = "correlation",
    [VGRAD__LOST_IN_BLOCK] = "block",
};

vgrad__figure vgrad__main_factor(const double *lost, double sign)
{
    vgrad__figure most = VGRAD__LOST_TO_WEIGHTS;
    for (int f = VGRAD__LOST_TO_WEIGHTS; f < FACTORS_END; f++)
        if (isnan(lost[most]) || sign * lost[f] > sign * lost[most])
            most = (vgrad__figure)f;
    return most;
}

/* Of those that were not told yet; 0: there is none that is known. */
static int largest(const double *lost, const bool *told)
{
    int most = 0;
    for (int f = VGRAD__LOST_TO_WEIGHTS; f < FACTORS_END; f++)
        if (!told[f] && !isnan(lost[f]) && (most == 0 || fabs(lost[f]) > fabs(lost[most])))
            most = f;
    return most;
}

void vgrad__tell_loss(const double *lost, double worth_telling, char to[VGRAD__LOSS_TEXT])
{
    const double total = lost[VGRAD__LOST], sign = total < 0 ? -1 : 1;
    bool told[FACTORS_END] = { false };
    const char *before = ": ";
    size_t used = (size_t)snprintf(to, VGRAD__LOSS_TEXT, "%s %.2f decades",
                                   total < 0 ? "gains" : "loses", fabs(total));
    for (int f = (int)vgrad__main_factor(lost, sign); f > 0; f = largest(lost, told)) {
        told[f] = true;
        if (!(fabs(lost[f]) >= worth_telling) || used >= VGRAD__LOSS_TEXT)
            continue;
        used += (size_t)snprintf(to + used, VGRAD__LOSS_TEXT - used, "%s%s %.2f", before, words[f],
                                 sign * lost[f]);
        before = ", ";
    }
}
