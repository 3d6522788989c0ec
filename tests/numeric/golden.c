/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

void golden_read(golden_table *table, const char *file, int count)
{
    const char *root = getenv("VGRAD_SOURCE_ROOT");
    ck_assert_msg(root != NULL, "VGRAD_SOURCE_ROOT is not set");
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/tests/golden/%s", root, file);
    FILE *stream = fopen(path, "r");
    ck_assert_msg(stream != NULL, "cannot open %s", path);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, stream)); /* the heading */
    table->count = 0;
    while (fgets(line, sizeof line, stream)) {
        ck_assert_int_lt(table->count, GOLDEN_MAX);
        golden_figure *f = &table->figures[table->count++];
        ck_assert_int_eq(sscanf(line, "%15[^,],%15[^,],%d,%23[^,],%d,%lf", f->network, f->optimizer,
                                &f->step, f->quantity, &f->layer, &f->value),
                         6);
    }
    fclose(stream);
    ck_assert_int_eq(table->count, count); /* none is lost */
}

double golden(const golden_table *table, const char *network, const char *optimizer, int step,
              const char *quantity, int layer)
{
    for (int i = 0; i < table->count; i++) {
        const golden_figure *f = &table->figures[i];
        if (f->step == step && f->layer == layer && strcmp(f->quantity, quantity) == 0 &&
            strcmp(f->optimizer, optimizer) == 0 && strcmp(f->network, network) == 0)
            return f->value;
    }
    ck_abort_msg("no %s of layer %d at step %d of %s", quantity, layer, step, network);
    return 0;
}

void assert_relative(double got, double want, double tolerance, const char *what, int layer)
{
    ck_assert_msg(fabs(got - want) <= tolerance * fabs(want), "%s, layer %d: %.17g, golden %.17g",
                  what, layer, got, want);
}
