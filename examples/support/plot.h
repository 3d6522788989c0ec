/* Pictures, drawn by gnuplot where it is installed. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_PLOT_H
#define EXAMPLES_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "capture.h"

/* Whether to draw: pictures are wanted, and there is a gnuplot. Where it is missing a line on
   stdout says so, unless `quiet`. */
bool plot_begin(bool wanted, bool quiet);

/* Draws directory/name.svg and .png with the script plots/name.gp, which finds what the example has
   left in `directory`; `definitions` are gnuplot's, such as "layers = 4; runs = 'a b'", or NULL.
   False, after a message, if gnuplot failed. */
bool plot_script(const char *directory, const char *name, const char *definitions);

/* Begins directory/name.svg and .png, with the examples' look; write gnuplot's commands to what is
   returned. NULL after a message. */
FILE *plot_open(const char *directory, const char *name, int width, int height);

/* Makes line types 1 to `count` a scale from the first layer (dark) to the last (bright). */
void plot_layer_colors(FILE *gnuplot, int count);

/* Makes a data block $name of a capture: a line for each look, with the columns epoch, loss, and
   one for each quantity of each layer: see plot_column(). */
void plot_data(FILE *gnuplot, const char *name, const capture *c);

/* The column of a quantity of the first layer, and from one layer to the next. */
int plot_column(vgrad_quantity quantity);

/* Draws a quantity of every layer of block $name over the epochs, in the current axes. */
void plot_layers(FILE *gnuplot, const char *name, const capture *c, vgrad_quantity quantity);

/* A range for a logarithmic axis that holds every figure above 0 of these captures. */
void plot_log_range(FILE *gnuplot, const capture *const *captures, int count,
                    vgrad_quantity quantity);

/* Draws the picture, as SVG and as PNG; false, after a message, if gnuplot failed. */
bool plot_close(FILE *gnuplot);

#endif
