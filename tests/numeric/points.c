/* Circles: their geometry, and their statistics within stated errors. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* A chance of 6e-7 for each comparison, and the seeds are fixed. */
static const double errors = 5;
static const double pi = 3.14159265358979323846;

/* ---- circles ---- */

typedef struct circles {
    vgrad_dataset *data;
    int64_t rows;
    double *x, *y;
} circles;

static circles make(bool ordered, int64_t rows, double factor, double noise, uint64_t seed)
{
    circles c = { .rows = rows };
    assert_ok((ordered ? vgrad_dataset_circles_ordered
                       : vgrad_dataset_circles)(&c.data, rows, factor, noise, seed, NULL));
    ck_assert_int_eq(vgrad_dataset_rows(c.data), rows);
    ck_assert_int_eq(vgrad_dataset_x_width(c.data), 2);
    ck_assert_int_eq(vgrad_dataset_y_width(c.data), 1);
    c.x = malloc((size_t)rows * 2 * sizeof *c.x);
    c.y = malloc((size_t)rows * sizeof *c.y);
    assert_ok(vgrad_dataset_read(c.data, 0, rows, c.x, c.y, VGRAD_FLOAT64));
    return c;
}

static void release(circles *c)
{
    vgrad_dataset_destroy(c->data);
    free(c->x);
    free(c->y);
}

/* linspace(0, 2 pi, n, endpoint=False): the outer circle first, the odd row on the inner one. */
START_TEST(circles_without_noise_are_those_of_scikit_learn)
{
    for (int64_t rows = 2; rows < 40; rows++) {
        circles c = make(true, rows, 0.3, 0, 1);
        for (int64_t i = 0; i < rows; i++) {
            int64_t outer = rows / 2, n = i < outer ? outer : rows - outer;
            double radius = i < outer ? 1 : 0.3;
            double angle = 2 * pi * (double)(i < outer ? i : i - outer) / (double)n;
            ck_assert_double_eq_tol(c.x[2 * i], radius * cos(angle), 1e-15);
            ck_assert_double_eq_tol(c.x[2 * i + 1], radius * sin(angle), 1e-15);
            ck_assert_double_eq(c.y[i], i >= outer);
        }
        release(&c);
    }
}
END_TEST

/* The points less the circle they belong to are normal on both coordinates. */
START_TEST(noise_is_normal_around_the_circles)
{
    enum { N = 20001 };
    const double noise = 0.15;
    circles clean = make(true, N, 0.6, 0, 3), c = make(true, N, 0.6, noise, 3);
    double sum[2] = { 0 }, squares[2] = { 0 }, product = 0, neighbours = 0;
    for (int i = 0; i < N; i++) {
        double e[2] = { c.x[2 * i] - clean.x[2 * i], c.x[2 * i + 1] - clean.x[2 * i + 1] };
        for (int j = 0; j < 2; j++) {
            sum[j] += e[j] / noise;
            squares[j] += e[j] * e[j] / (noise * noise);
        }
        product += e[0] * e[1] / (noise * noise);
        if (i > 0)
            neighbours += e[0] * (c.x[2 * i - 2] - clean.x[2 * i - 2]) / (noise * noise);
    }
    for (int j = 0; j < 2; j++) {
        ck_assert_double_eq_tol(sum[j] / N, 0, errors / sqrt(N));
        ck_assert_double_eq_tol(squares[j] / N, 1, errors * sqrt(2.0 / N));
    }
    ck_assert_double_eq_tol(product / N, 0, errors / sqrt(N));
    ck_assert_double_eq_tol(neighbours / N, 0, errors / sqrt(N));
    release(&clean);
    release(&c);
}
END_TEST

/* Radius squared has the mean r^2 + 2 s^2 and the variance 4 s^2 (r^2 + s^2). */
START_TEST(shuffled_circles_have_their_means_radii_and_labels)
{
    enum { N = 10000 };
    const double s = 0.1, factor = 0.5;
    circles c = make(false, N, factor, s, 4);
    double ones = 0, early = 0, mean[2] = { 0 }, radii[2] = { 0 };
    for (int i = 0; i < N; i++) {
        double *x = c.x + 2 * i;
        ck_assert(c.y[i] == 0 || c.y[i] == 1);
        ones += c.y[i];
        early += i < N / 2 ? c.y[i] : 0;
        mean[0] += x[0] / N;
        mean[1] += x[1] / N;
        radii[(int)c.y[i]] += (x[0] * x[0] + x[1] * x[1]) / (N / 2.0);
    }
    ck_assert_double_eq(ones, N / 2.0);
    /* A hypergeometric number: variance N / 16. */
    ck_assert_double_eq_tol(early, N / 4.0, errors * sqrt(N / 16.0));
    for (int j = 0; j < 2; j++) {
        double r = j == 0 ? 1 : factor, variance = 4 * s * s * (r * r + s * s);
        ck_assert_double_eq_tol(mean[j], 0, errors * s / sqrt(N)); /* the circles' own mean is 0 */
        ck_assert_double_eq_tol(radii[j], r * r + 2 * s * s, errors * sqrt(variance / (N / 2.0)));
    }
    release(&c);
}
END_TEST

static int by_coordinates(const void *a, const void *b)
{
    return memcmp(a, b, 3 * sizeof(double)); /* any order will do, if it is one */
}

static double *sorted_rows(const circles *c)
{
    double *rows = malloc((size_t)c->rows * 3 * sizeof *rows);
    for (int64_t i = 0; i < c->rows; i++) {
        rows[3 * i] = c->x[2 * i];
        rows[3 * i + 1] = c->x[2 * i + 1];
        rows[3 * i + 2] = c->y[i];
    }
    qsort(rows, (size_t)c->rows, 3 * sizeof *rows, by_coordinates);
    return rows;
}

START_TEST(shuffling_is_a_permutation)
{
    for (int64_t rows = 101; rows < 105; rows++) {
        circles ordered = make(true, rows, 0.5, 0.2, 8), shuffled = make(false, rows, 0.5, 0.2, 8);
        size_t size = (size_t)rows * 3 * sizeof(double);
        double *a = sorted_rows(&ordered), *b = sorted_rows(&shuffled);
        ck_assert(memcmp(ordered.x, shuffled.x, (size_t)rows * 2 * sizeof(double)) != 0);
        ck_assert_mem_eq(a, b, size);
        free(a);
        free(b);
        release(&ordered);
        release(&shuffled);
    }
}
END_TEST

START_TEST(circles_are_a_function_of_their_seed)
{
    circles a = make(false, 100, 0.5, 0.1, 1), b = make(false, 100, 0.5, 0.1, 1);
    circles c = make(false, 100, 0.5, 0.1, 2);
    ck_assert_mem_eq(a.x, b.x, 200 * sizeof(double));
    ck_assert(memcmp(a.x, c.x, 200 * sizeof(double)) != 0);
    release(&a);
    release(&b);
    release(&c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("points");
    add_tests(suite, "circles", circles_without_noise_are_those_of_scikit_learn,
              noise_is_normal_around_the_circles,
              shuffled_circles_have_their_means_radii_and_labels, shuffling_is_a_permutation,
              circles_are_a_function_of_their_seed);
    return run_suite(suite);
}
