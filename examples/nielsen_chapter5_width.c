/* Two of the book's problems about a single neuron: for how many activations a the factor
   |w f'(w a + b)| can be 1 or more, equation (123); and how well a neuron can pass on what it was
   given. */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <math.h>
#include <stdio.h>

/* The table of (123): |w| from 4, below which no activation will do, in hundredths. */
enum { WIDTH_FIRST = 400, WIDTH_LAST = 2000 };
static const double small_weights[] = { 0.1, 0.5, 1, 2, 4 };
enum { SMALL_WEIGHTS = sizeof small_weights / sizeof *small_weights, PLACES = 201 };

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

/* Equation (123). */
static double width(double w)
{
    return 2 / w * log(w * (1 + sqrt(1 - 4 / w)) / 2 - 1);
}

/* The same by looking: the place where w f'(w u) falls to 1, halved down to it; twice that. */
static double width_found(double w)
{
    double inside = 0, outside = 1;
    for (int i = 0; i < 60; i++) {
        const double u = (inside + outside) / 2, s = sigmoid(w * u);
        if (w * s * (1 - s) >= 1)
            inside = u;
        else
            outside = u;
    }
    return 2 * inside;
}

/* Where a function with one valley in [low, high] has its bottom, to some 1e-8 of it. */
static double bottom(double (*f)(double), double low, double high)
{
    for (int i = 0; i < 100; i++) {
        const double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (f(a) < f(b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

static double narrowness(double w)
{
    return -width(w);
}

static void write_width(const chapter5 *c)
{
    FILE *table = results_table(c->files, "width.csv");
    double worst = 0;
    fputs("w,width\n", table);
    for (int i = WIDTH_FIRST; i <= WIDTH_LAST; i++) {
        const double w = i / 100.0;
        fprintf(table, "%.2f,%.9g\n", w, width(w));
        worst = fmax(worst, fabs(width(w) - width_found(w)));
    }
    const double most = bottom(narrowness, 4, 20);
    results_number(chapter5_object(c, "width"), "argmax", most);
    results_number(chapter5_object(c, "width"), "max", width(most));
    results_number(chapter5_object(c, "width"), "difference", worst);
    if (!c->common.quiet)
        printf("\n(123): |w f'(w a + b)| is 1 or more for a in a range that is widest at |w| = "
               "%.5f: %.7f;\nmeasured for |w| from 4 to 20 it is that of the formula within %.1e\n",
               most, width(most), worst);
}

/* The largest error of w2 sigmoid(w1 x + b) - shift for x in [0, 1], with b = -w1 / 2. */
static double worst_error(double w1, double w2, double shift)
{
    double worst = 0;
    for (int i = 0; i < PLACES; i++) {
        const double x = i / (PLACES - 1.0);
        worst = fmax(worst, fabs(w2 * sigmoid(w1 * (x - 0.5)) - shift - x));
    }
    return worst;
}

/* By itself: at x = 1/2 it must give 1/2, so w2 is 1. */
static double error_alone(double w1)
{
    return worst_error(w1, 1, 0);
}

/* The book's hint: with w1 small, sigmoid is straight, w2 = 4 / w1 makes its slope 1, and
   w2 / 2 - 1/2 too much is left, which the bias of the neuron after it can take away. */
static double error_with_bias(double w1)
{
    return worst_error(w1, 4 / w1, 2 / w1 - 0.5);
}

static void write_identity(const chapter5 *c)
{
    double errors[SMALL_WEIGHTS];
    json_t *object = chapter5_object(c, "identity");
    const double best = bottom(error_alone, 4, 8);
    for (int i = 0; i < SMALL_WEIGHTS; i++)
        errors[i] = error_with_bias(small_weights[i]);
    results_number(object, "w1_alone", best);
    results_number(object, "error_alone", error_alone(best));
    results_numbers(object, "w1_with_bias", small_weights, SMALL_WEIGHTS);
    results_numbers(object, "errors_with_bias", errors, SMALL_WEIGHTS);
    if (c->common.quiet)
        return;
    printf("\nA neuron that passes x in [0, 1] on: w2 f(w1 x - w1 / 2) is at best wrong by %.4f, "
           "at w1 = %.3f, w2 = 1.\nWith w2 = 4 / w1, and the bias of the next one 1/2 - 2 / w1:\n",
           error_alone(best), best);
    for (int i = 0; i < SMALL_WEIGHTS; i++)
        printf("    w1 = %-4g wrong by %.1e\n", small_weights[i], errors[i]);
}

int chapter5_width(const chapter5 *c)
{
    write_width(c);
    write_identity(c);
    return 1;
}
