/* Pictures, drawn by gnuplot where it is installed. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

bool plot_is_possible(void)
{
    return system("command -v gnuplot >/dev/null 2>&1") == 0;
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

static FILE *start_gnuplot(void)
{
    /* In another character set it would complain about the degree sign. */
    FILE *gnuplot = popen("LC_ALL=C.UTF-8 gnuplot", "w");
    if (!gnuplot)
        perror("gnuplot");
    return gnuplot;
}

/* One definition of a text, for scripts. */
static void define(FILE *gnuplot, const char *name, const char *text)
{
    fprintf(gnuplot, "%s = '", name);
    put_quoted(gnuplot, text);
    fputs("'\n", gnuplot);
}

static bool draw_as(const char *kind, const char *directory, const char *name,
                    const char *definitions)
{
    FILE *gnuplot = start_gnuplot();
    if (!gnuplot)
        return false;
    define(gnuplot, "plots", PLOT_SCRIPTS);
    define(gnuplot, "directory", directory);
    define(gnuplot, "name", name);
    define(gnuplot, "kind", kind);
    if (definitions)
        fprintf(gnuplot, "%s\n", definitions);
    fprintf(gnuplot, "set loadpath plots\nload '%s.gp'\n", name);
    return plot_close(gnuplot);
}

bool plot_script(const char *directory, const char *name, const char *definitions)
{
    return draw_as("svg", directory, name, definitions) &&
           draw_as("png", directory, name, definitions);
}

FILE *plot_open(const char *directory, const char *name, int width, int height)
{
    FILE *gnuplot = start_gnuplot();
    if (!gnuplot)
        return NULL;
    fprintf(gnuplot,
            "set terminal svg size %d,%d background rgb 'white' font 'sans-serif,14'\n"
            "set encoding utf8\n"
            "set output '",
            width, height);
    put_quoted(gnuplot, directory);
    fprintf(gnuplot,
            "/%s.svg'\n"
            "set border 3 lc rgb '#555555'\n"
            "set tics nomirror out scale 0.6 textcolor rgb '#333333'\n"
            "set grid lt 1 lw 0.7 lc rgb '#e4e4e4'\n"
            "set key noenhanced\n",
            name);
    return gnuplot;
}

/* The colour at `place` in [0, 1]: five points of matplotlib's "plasma", which stay apart in grey
   and for the colour-blind, the last one darkened so that it shows on white. */
static unsigned color_at(double place)
{
    static const double points[5][3] = {
        { 13, 8, 135 }, { 126, 3, 168 }, { 204, 71, 120 }, { 248, 149, 64 }, { 230, 190, 20 },
    };
    int i = place < 1 ? (int)(4 * place) : 3;
    unsigned color = 0;
    for (int c = 0; c < 3; c++)
        color = color << 8 | (unsigned)lround(points[i][c] +
                                              (4 * place - i) * (points[i + 1][c] - points[i][c]));
    return color;
}

void plot_layer_colors(FILE *gnuplot, int count)
{
    for (int i = 0; i < count; i++)
        fprintf(gnuplot, "set linetype %d lw 1.7 lc rgb '#%06x'\n", i + 1,
                color_at(count > 1 ? (double)i / (count - 1) : 0));
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
