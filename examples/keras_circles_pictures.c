/* The pictures of keras_circles.c. */
/* SPDX-License-Identifier: MIT */
#include "keras_circles.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/plot.h"

/* How many runs fit side by side. */
enum { MAX_PANELS = 3 };

/* When the gradients were looked at, as the x axis says it. */
static const char gradient_epochs[] =
    "epochs of training: the first batch of each; the last point is the run''s last batch";

static bool draw_data(const char *directory, vgrad_dataset *data)
{
    const int64_t rows = vgrad_dataset_rows(data);
    FILE *gp = plot_open(directory, "circles", 560, 560);
    double *x = malloc((size_t)rows * 3 * sizeof *x), *y = x + 2 * rows;
    if (!gp || !x)
        exit(EXIT_FAILURE);
    check(vgrad_dataset_read(data, 0, rows, x, y, VGRAD_FLOAT64));
    fputs("$points << END\n", gp);
    for (int64_t i = 0; i < rows; i++)
        fprintf(gp, "%.3f %.3f %.0f\n", x[2 * i], x[2 * i + 1], y[i]);
    fputs("END\n"
          "set title 'Two circles with noise: which one is a point on?'\n"
          "set xlabel 'x'; set ylabel 'y'\n"
          "set size ratio -1\n"
          "set xrange [-1.5:1.5]; set yrange [-1.5:1.5]\n"
          "set key bottom center outside horizontal\n"
          "plot $points using 1:($3 == 0 ? $2 : NaN) with points pt 6 ps 0.45 lw 1.3"
          " lc rgb '#0072b2' title 'outer, label 0',"
          " $points using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.4"
          " lc rgb '#d55e00' title 'inner, label 1'\n",
          gp);
    free(x);
    return plot_close(gp);
}

/* What every panel over epochs has: the range, and no key of its own. */
static void start_epochs(FILE *gp, const capture *c)
{
    int64_t last = c->looks[c->count - 1].epoch;
    fprintf(gp, "set xrange [0:%" PRId64 "]; set xlabel 'epochs of training'\n", last ? last : 1);
    fputs("set format y '%g'\n", gp);
    plot_layer_colors(gp, c->layers);
}

static void use_log_axis(FILE *gp)
{
    fputs("set logscale y; set format y '10^{%T}'\n", gp);
}

static bool draw_weights(const char *directory, const circles_run *run)
{
    char name[96];
    snprintf(name, sizeof name, "weights-%s", run->name);
    FILE *gp = plot_open(directory, name, 900, 680);
    if (!gp)
        return false;
    plot_data(gp, "weights", &run->weights);
    start_epochs(gp, &run->weights);
    fprintf(gp,
            "set multiplot layout 2,1 title 'Weights of each layer: %s' font ',17'"
            " margins 0.1,0.84,0.1,0.88 spacing 0.1,0.12\n"
            "set key at screen 0.99,0.88 top right reverse Left samplen 2 spacing 1.3\n"
            "set ylabel 'mean' offset 0.5; unset xlabel\n",
            run->name);
    plot_layers(gp, "weights", &run->weights, VGRAD_MEAN);
    fputs("unset key; set xlabel 'epochs of training'; set ylabel 'standard deviation'\n", gp);
    plot_layers(gp, "weights", &run->weights, VGRAD_STD);
    fputs("unset multiplot\n", gp);
    return plot_close(gp);
}

static bool draw_gradients(const char *directory, const circles_run *run)
{
    const capture *g = &run->gradients;
    char name[96];
    snprintf(name, sizeof name, "gradients-%s", run->name);
    FILE *gp = plot_open(directory, name, 900, 900);
    if (!gp)
        return false;
    plot_data(gp, "gradients", g);
    start_epochs(gp, g);
    fprintf(gp,
            "set multiplot layout 3,1 title 'Gradient of each layer''s kernel: %s' font ',17'"
            " margins 0.12,0.84,0.075,0.91 spacing 0.1,0.075\n"
            "set key at screen 0.99,0.91 top right reverse Left samplen 2 spacing 1.3\n"
            "set ylabel 'mean' offset 0.5; unset xlabel\n",
            run->name);
    if (circles_is_dead(run))
        fputs("set yrange [-1:1]\n", gp);
    plot_layers(gp, "gradients", g, VGRAD_MEAN);
    fputs("unset key; set ylabel 'standard deviation'\n", gp);
    use_log_axis(gp);
    plot_log_range(gp, &g, 1, VGRAD_STD);
    plot_layers(gp, "gradients", g, VGRAD_STD);
    fputs("unset logscale y; set format y '%g'; set yrange [0:*]\n"
          "set ylabel 'loss of the batch'\n",
          gp);
    fprintf(gp,
            "set xlabel '%s'\n"
            "plot $gradients using 1:2 with lines lw 2 lc rgb '#333333'\n"
            "unset multiplot\n",
            gradient_epochs);
    return plot_close(gp);
}

/* The runs of the deep nets that saw a gradient, one for each activation. */
static int choose_panels(const circles_run *runs, int count, const circles_run **panels)
{
    int chosen = 0;
    for (int i = 0; i < count && chosen < MAX_PANELS; i++) {
        bool again = chosen && panels[chosen - 1]->plan.activation == runs[i].plan.activation;
        if (runs[i].plan.optimizer == VGRAD_RMSPROP && runs[i].gradients.count && !again)
            panels[chosen++] = &runs[i];
    }
    return chosen;
}

/* The panel's second line: the first layer's curve against the last's, averaged over the first
   batches of the epochs. */
static void put_share(FILE *gp, double ratio)
{
    if (!(ratio > 0) || isinf(ratio))
        fputs("no gradient reaches every layer", gp);
    else if (ratio < 1)
        fprintf(gp, "mean s.d.: first layer %.2g × the last's", 1 / ratio);
    else
        fprintf(gp, "mean s.d.: first layer 1/%.2g of the last's", ratio);
}

static void draw_panel(FILE *gp, const circles_run *run, int place)
{
    char block[16];
    snprintf(block, sizeof block, "panel%d", place);
    plot_data(gp, block, &run->gradients);
    fprintf(gp, "set title \"{/:Bold=16 %s}   accuracy %.2f\\n",
            vgrad_activation_name(run->plan.activation), run->accuracy);
    put_share(gp, circles_mean_ratio(run, VGRAD_STD));
    fputs("\"\n", gp);
    if (place)
        fputs("unset ylabel; set format y ''; unset key; unset label\n", gp);
    plot_layers(gp, block, &run->gradients, VGRAD_STD);
}

/* The story in one picture: the same network with different units, on one logarithmic axis. */
static bool draw_side_by_side(const char *directory, const circles_run **panels, int count)
{
    const capture *captures[MAX_PANELS];
    FILE *gp = plot_open(directory, "gradients", 1280, 480);
    if (!gp)
        return false;
    for (int i = 0; i < count; i++)
        captures[i] = &panels[i]->gradients;
    start_epochs(gp, captures[0]);
    use_log_axis(gp);
    plot_log_range(gp, captures, count, VGRAD_STD);
    fprintf(gp,
            "set multiplot layout 1,%d title"
            " 'How much gradient reaches each layer of the same network' font ',19'"
            " margins 0.07,0.875,0.14,0.755 spacing 0.03,0.1\n"
            "set key at screen 0.99,0.755 top right reverse Left samplen 2 spacing 1.4\n"
            "set ylabel 'standard deviation of dL/dW'\n"
            "unset xlabel; set label '%s' at screen 0.4725,0.04 center\n",
            count, gradient_epochs);
    for (int i = 0; i < count; i++)
        draw_panel(gp, panels[i], i);
    fputs("unset multiplot\n", gp);
    return plot_close(gp);
}

bool circles_draw(const char *directory, vgrad_dataset *data, const circles_run *runs, int count)
{
    const circles_run *panels[MAX_PANELS];
    int side_by_side = choose_panels(runs, count, panels);
    bool good = draw_data(directory, data);
    for (int i = 0; i < count; i++) {
        good &= draw_weights(directory, &runs[i]);
        if (runs[i].gradients.count)
            good &= draw_gradients(directory, &runs[i]);
    }
    if (side_by_side > 1)
        good &= draw_side_by_side(directory, panels, side_by_side);
    return good;
}

/* Few runs are named one by one. */
static void print_each(const char *directory, const circles_run *runs, int count)
{
    if (count > MAX_PANELS)
        printf("  %s/gradients-*.svg, weights-*.svg: each run by itself\n", directory);
    for (int i = 0; i < count && count <= MAX_PANELS; i++) {
        if (runs[i].gradients.count)
            printf("  %s/gradients-%s.svg\n", directory, runs[i].name);
        printf("  %s/weights-%s.svg\n", directory, runs[i].name);
    }
}

void circles_print_pictures(const char *directory, const circles_run *runs, int count)
{
    const circles_run *panels[MAX_PANELS];
    if (choose_panels(runs, count, panels) > 1)
        printf("  %s/gradients.svg: the one to look at, every layer's gradient, side by side\n",
               directory);
    print_each(directory, runs, count);
    printf("  %s/circles.svg: the points\n", directory);
}
