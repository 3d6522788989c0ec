/* Pictures, drawn by gnuplot where it is installed. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

bool plot_begin(bool wanted, bool quiet)
{
    if (!wanted)
        return false;
    const bool possible = system("command -v gnuplot >/dev/null 2>&1") == 0;
    if (!possible && !quiet)
        puts("\nNo pictures were drawn: gnuplot is not installed.");
    return possible;
}

/* A text between single quotes, in which gnuplot knows no escape but a doubled quote. */
static void put_quoted(FILE *gnuplot, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', gnuplot);
        fputc(*text, gnuplot);
    }
}

/* One definition of a text, for scripts. */
static void define(FILE *gnuplot, const char *name, const char *text)
{
    fprintf(gnuplot, "%s = '", name);
    put_quoted(gnuplot, text);
    fputs("'\n", gnuplot);
}

/* What is written to it is drawn when it is closed, once as SVG and once as PNG. NULL after a
   message. */
static FILE *start_gnuplot(const char *directory, const char *name)
{
    /* In another character set gnuplot would complain about the degree sign. */
    FILE *gnuplot = popen("commands=$(cat)\n"
                          "for kind in svg png; do\n"
                          "    printf \"kind = '%s'\\n%s\\n\" $kind \"$commands\" |\n"
                          "        LC_ALL=C.UTF-8 gnuplot || exit\n"
                          "done",
                          "w");
    if (!gnuplot) {
        perror("gnuplot");
        return NULL;
    }
    define(gnuplot, "plots", PLOT_SCRIPTS);
    define(gnuplot, "directory", directory);
    define(gnuplot, "name", name);
    fputs("set loadpath plots\n", gnuplot);
    return gnuplot;
}

bool plot_script(const char *directory, const char *name, const char *definitions)
{
    FILE *gnuplot = start_gnuplot(directory, name);
    if (!gnuplot)
        return false;
    fprintf(gnuplot, "%s\nload '%s.gp'\n", definitions ? definitions : "", name);
    return plot_close(gnuplot);
}

FILE *plot_open(const char *directory, const char *name, int width, int height)
{
    FILE *gnuplot = start_gnuplot(directory, name);
    if (gnuplot)
        fprintf(gnuplot,
                "width = %d; height = %d\nload 'picture.gp'\n"
                "set datafile separator whitespace\n",
                width, height);
    return gnuplot;
}

void plot_layer_colors(FILE *gnuplot, int count)
{
    fprintf(gnuplot, "do for [i = 1:%d] { set linetype i lw 1.7 lc rgb color(i, %d) }\n", count,
            count);
}

void plot_data(FILE *gnuplot, const char *name, const capture *c)
{
    fprintf(gnuplot, "$%s << END\n", name);
    for (int32_t look = 0; look < c->count; look++) {
        fprintf(gnuplot, "%" PRId64 " %.6g", c->looks[look].epoch, c->looks[look].loss);
        for (int32_t layer = 0; layer < c->layers; layer++)
            for (int q = 0; q < CAPTURE_QUANTITIES; q++)
                fprintf(gnuplot, " %.6g", capture_value(c, look, layer, capture_quantities[q]));
        fputc('\n', gnuplot);
    }
    fputs("END\n", gnuplot);
}

int plot_column(vgrad_quantity quantity)
{
    int q = 0;
    while (capture_quantities[q] != quantity)
        q++;
    return 3 + q;
}

void plot_layers(FILE *gnuplot, const char *name, const capture *c, vgrad_quantity quantity)
{
    fputs("plot", gnuplot);
    for (int32_t layer = 0; layer < c->layers; layer++)
        fprintf(gnuplot, "%s $%s using 1:%d with lines lt %d title '%s'", layer ? "," : "", name,
                plot_column(quantity) + layer * CAPTURE_QUANTITIES, layer + 1, c->names[layer]);
    fputc('\n', gnuplot);
}

void plot_log_range(FILE *gnuplot, const capture *const *captures, int count,
                    vgrad_quantity quantity)
{
    double least = INFINITY, most = 0;
    for (int i = 0; i < count; i++)
        for (int32_t look = 0; look < captures[i]->count; look++)
            for (int32_t layer = 0; layer < captures[i]->layers; layer++) {
                double value = capture_value(captures[i], look, layer, quantity);
                if (value > 0 && isfinite(value)) {
                    least = fmin(least, value);
                    most = fmax(most, value);
                }
            }
    if (most > 0)
        fprintf(gnuplot, "set yrange [1e%d:1e%d]\n", (int)floor(log10(least)),
                (int)ceil(log10(most * 1.001)));
    else
        fputs("set yrange [1e-3:1]\n", gnuplot);
}

bool plot_close(FILE *gnuplot)
{
    if (pclose(gnuplot) == 0)
        return true;
    fputs("gnuplot could not draw a picture\n", stderr);
    return false;
}
