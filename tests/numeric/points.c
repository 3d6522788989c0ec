/* Generators of points: their geometry, and their statistics within stated errors. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* A chance of 6e-7 for each comparison, and the seeds are fixed. */
static const double errors = 5;
static const double pi = 3.14159265358979323846;

typedef struct points {
    vgrad_dataset *data;
    int64_t rows, width;
    double *x, *y;
} points;

static points read_points(vgrad_dataset *data, int64_t rows, int64_t width)
{
    points p = { .data = data, .rows = rows, .width = width };
    ck_assert_int_eq(vgrad_dataset_rows(data), rows);
    ck_assert_int_eq(vgrad_dataset_x_width(data), width);
    ck_assert_int_eq(vgrad_dataset_y_width(data), 1);
    p.x = malloc((size_t)(rows * width) * sizeof *p.x);
    p.y = malloc((size_t)rows * sizeof *p.y);
    assert_ok(vgrad_dataset_read(data, 0, rows, p.x, p.y, VGRAD_FLOAT64));
    return p;
}

static void release(points *p)
{
    vgrad_dataset_destroy(p->data);
    free(p->x);
    free(p->y);
}

static points ordered_circles(int64_t rows, double factor, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_circles_ordered(&data, rows, factor, noise, seed, NULL));
    return read_points(data, rows, 2);
}

static points circles(int64_t rows, double factor, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_circles(&data, rows, factor, noise, seed, NULL));
    return read_points(data, rows, 2);
}

static points moons(int64_t rows, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_moons(&data, rows, noise, seed, NULL));
    return read_points(data, rows, 2);
}

static points blobs(int64_t rows, int64_t width, int64_t classes, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_blobs(&data, rows, width, classes, noise, seed, NULL));
    return read_points(data, rows, width);
}

static points spirals(int64_t rows, int64_t classes, double turns, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_spirals(&data, rows, classes, turns, noise, seed, NULL));
    return read_points(data, rows, 2);
}

static points corners(int64_t rows, double noise, uint64_t seed)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_xor(&data, rows, noise, seed, NULL));
    return read_points(data, rows, 2);
}

/* ---- what holds for every shape ---- */

enum { SHAPES = 6, MANY = 20001 };

/* Shape number 0 is ordered, the others are shuffled. */
static points make_shape(int number, int64_t rows, double noise, uint64_t seed)
{
    switch (number) {
    case 0: return ordered_circles(rows, 0.6, noise, seed);
    case 1: return circles(rows, 0.6, noise, seed);
    case 2: return moons(rows, noise, seed);
    case 3: return blobs(rows, 3, 4, noise, seed);
    case 4: return spirals(rows, 3, 1.5, noise, seed);
    default: return corners(rows, noise, seed);
    }
}

/* The points less those without noise are normal on every coordinate; a normal's square has the
   variance 2, its fourth power the mean 3 and the variance 96. */
START_TEST(noise_is_normal_on_every_coordinate)
{
    const double noise = 0.15;
    points clean = make_shape(_i, MANY, 0, 3), p = make_shape(_i, MANY, noise, 3);
    int64_t width = p.width;
    ck_assert_mem_eq(p.y, clean.y, MANY * sizeof(double));
    double product = 0, neighbours = 0;
    for (int64_t j = 0; j < width; j++) {
        double sum = 0, squares = 0, fourths = 0;
        for (int64_t i = 0; i < MANY; i++) {
            double e = (p.x[i * width + j] - clean.x[i * width + j]) / noise;
            sum += e;
            squares += e * e;
            fourths += e * e * e * e;
        }
        ck_assert_double_eq_tol(sum / MANY, 0, errors / sqrt(MANY));
        ck_assert_double_eq_tol(squares / MANY, 1, errors * sqrt(2.0 / MANY));
        ck_assert_double_eq_tol(fourths / MANY, 3, errors * sqrt(96.0 / MANY));
    }
    for (int64_t i = 0; i < MANY; i++) {
        const double *x = p.x + i * width, *c = clean.x + i * width;
        product += (x[0] - c[0]) * (x[1] - c[1]) / (noise * noise);
        if (i > 0)
            neighbours += (x[0] - c[0]) * (x[-width] - c[-width]) / (noise * noise);
    }
    ck_assert_double_eq_tol(product / MANY, 0, errors / sqrt(MANY));
    ck_assert_double_eq_tol(neighbours / MANY, 0, errors / sqrt(MANY));
    release(&clean);
    release(&p);
}
END_TEST

START_TEST(points_are_a_function_of_their_seed)
{
    points a = make_shape(_i, 100, 0.1, 1), b = make_shape(_i, 100, 0.1, 1);
    size_t size = (size_t)a.width * 100 * sizeof(double);
    ck_assert_mem_eq(a.x, b.x, size);
    ck_assert_mem_eq(a.y, b.y, 100 * sizeof(double));
    for (int bit = 0; bit < 64; bit++) {
        points c = make_shape(_i, 100, 0.1, 1 ^ UINT64_C(1) << bit);
        ck_assert(memcmp(a.x, c.x, size) != 0);
        ck_assert(memcmp(a.y, c.y, 100 * sizeof(double)) != 0 || _i == 0);
        release(&c);
    }
    release(&a);
    release(&b);
}
END_TEST

/* Row 3 of 11, computed apart from the library from the definitions of Philox and of the streams:
   what is drawn for which purpose never changes. */
START_TEST(streams_stay_what_they_are)
{
    const uint64_t seed = UINT64_C(5) << 32 | 7;
    const struct {
        double x[3], label;
    } expected[SHAPES] = {
        { { -0.936738488934789, -0.838552718047411 }, 0 },
        { { -0.183070326935059, -0.580144242495826 }, 1 },
        { { 1.51692967306494, 0.439470999774837 }, 1 },
        { { 1.13387305888933, 4.70169713485349, 7.21805794380611 }, 2 },
        { { 0.0169296730649396, -0.926554404009602 }, 1 },
        { { 0.51692967306494, -0.0605290002251631 }, 1 },
    };
    points p = make_shape(_i, 11, 0.25, seed);
    for (int64_t j = 0; j < p.width; j++)
        ck_assert_double_eq_tol(p.x[3 * p.width + j], expected[_i].x[j], 1e-13);
    ck_assert_double_eq(p.y[3], expected[_i].label);
    release(&p);
}
END_TEST

/* Of each label half is in the first half of the rows: a hypergeometric number, whose variance is
   N / 4 p (1 - p) for a share p. */
START_TEST(labels_are_spread_over_the_rows)
{
    enum { N = 10000, LABELS_MAX = 4 };
    points p = make_shape(_i, N, 0.1, 4);
    double all[LABELS_MAX] = { 0 }, early[LABELS_MAX] = { 0 };
    for (int i = 0; i < N; i++) {
        ck_assert(p.y[i] >= 0 && p.y[i] < LABELS_MAX && p.y[i] == floor(p.y[i]));
        all[(int)p.y[i]]++;
        early[(int)p.y[i]] += i < N / 2;
    }
    for (int label = 0; label < LABELS_MAX; label++) {
        double share = all[label] / N;
        ck_assert_double_le(fabs(early[label] - all[label] / 2),
                            errors * sqrt(N / 4.0 * share * (1 - share)));
    }
    release(&p);
}
END_TEST

/* ---- without noise: the formula, in any order ---- */

/* One row of the set that is expected. */
typedef struct row {
    double x[2], label;
    bool found;
} row;

/* Takes a row that is this one within the tolerance out of those that are left. */
static bool take_row(row *rows, int64_t count, const double *x, double label, double tolerance)
{
    for (int64_t i = 0; i < count; i++)
        if (!rows[i].found && rows[i].label == label && fabs(rows[i].x[0] - x[0]) <= tolerance &&
            fabs(rows[i].x[1] - x[1]) <= tolerance)
            return rows[i].found = true;
    return false;
}

/* Each expected row is there once, and no other. */
static void check_set(points p, row *expected, double tolerance)
{
    for (int64_t i = 0; i < p.rows; i++)
        ck_assert_msg(take_row(expected, p.rows, p.x + 2 * i, p.y[i], tolerance),
                      "row %d of %d: (%.17g, %.17g) is none of label %g", (int)i, (int)p.rows,
                      p.x[2 * i], p.x[2 * i + 1], p.y[i]);
    release(&p);
}

/* linspace(0, 2 pi, n, endpoint=False): the outer circle first, the odd row on the inner one. */
START_TEST(circles_without_noise_are_those_of_scikit_learn)
{
    for (int64_t rows = 2; rows < 40; rows++) {
        points c = ordered_circles(rows, 0.3, 0, 1);
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

/* linspace(0, pi, n), whose only element is 0 for n = 1; the odd row on the inner moon. */
START_TEST(moons_without_noise_are_those_of_scikit_learn)
{
    for (int rows = 2; rows < 40; rows++) {
        row expected[40] = { 0 };
        int outer = rows / 2, inner = rows - outer;
        for (int j = 0; j < outer; j++) {
            double t = outer > 1 ? pi * j / (outer - 1) : 0;
            expected[j] = (row){ { cos(t), sin(t) }, 0, false };
        }
        for (int j = 0; j < inner; j++) {
            double t = inner > 1 ? pi * j / (inner - 1) : 0;
            expected[outer + j] = (row){ { 1 - cos(t), 1 - sin(t) - .5 }, 1, false };
        }
        check_set(moons(rows, 0, (uint64_t)rows), expected, 1e-15);
    }
}
END_TEST

/* The angle is rounded like a number of its size. */
START_TEST(spirals_without_noise_are_their_formula)
{
    const double turns[] = { 0, 0.75, -2, 3.25 };
    for (int classes = 1; classes < 6; classes++)
        for (int rows = classes; rows < 30; rows++)
            for (int number = 0; number < 4; number++) {
                row expected[30] = { 0 }, *next = expected;
                for (int k = 0; k < classes; k++) {
                    int n = rows / classes + (k < rows % classes);
                    for (int j = 1; j <= n; j++) {
                        double r = (double)j / n;
                        double a = 2 * pi * ((double)k / classes + turns[number] * r);
                        *next++ = (row){ { r * cos(a), r * sin(a) }, k, false };
                    }
                }
                check_set(spirals(rows, classes, turns[number], 0, 1), expected,
                          1e-15 * fmax(1, 2 * pi * (1 + fabs(turns[number]))));
            }
}
END_TEST

/* Their program: for i = 0 ... 96, angle i pi / 16, radius 6.5 (104 - i) / 104, the point
   (radius sin angle, radius cos angle) on one spiral and its negative on the other. */
START_TEST(spirals_have_the_points_of_lang_and_witbrock)
{
    enum { ROWS = 208 };
    points p = spirals(ROWS, 2, 3.25, 0, 1);
    row rows[ROWS] = { 0 };
    for (int i = 0; i < ROWS; i++)
        rows[i] = (row){ { p.x[2 * i], p.x[2 * i + 1] }, p.y[i], false };
    for (int i = 0; i <= 96; i++) {
        double angle = i * pi / 16, radius = 6.5 * (104 - i) / 104;
        double x[2] = { radius * sin(angle) / 6.5, radius * cos(angle) / 6.5 };
        double negative[2] = { -x[0], -x[1] };
        ck_assert(take_row(rows, ROWS, x, 0, 2e-14));
        ck_assert(take_row(rows, ROWS, negative, 1, 2e-14));
    }
    for (int i = 0; i < ROWS; i++)
        ck_assert_int_eq(rows[i].found, hypot(rows[i].x[0], rows[i].x[1]) > 7.5 / 104);
    release(&p);
}
END_TEST

/* Four rows are the truth table. */
START_TEST(corners_without_noise_are_the_exclusive_or)
{
    const row table[] = {
        { { 0, 0 }, 0, false },
        { { 0, 1 }, 1, false },
        { { 1, 0 }, 1, false },
        { { 1, 1 }, 0, false },
    };
    for (int rows = 4; rows < 40; rows++) {
        row expected[40];
        for (int i = 0; i < rows; i++)
            expected[i] = table[i % 4];
        check_set(corners(rows, 0, (uint64_t)rows), expected, 0);
    }
}
END_TEST

/* rows // classes each, and one more for the first rows % classes; every point is its centre. */
START_TEST(blobs_without_noise_are_their_centres)
{
    enum { CLASSES_MAX = 7, WIDTH_MAX = 3 };
    for (int width = 1; width <= WIDTH_MAX; width++)
        for (int classes = 1; classes <= CLASSES_MAX; classes++)
            for (int rows = classes; rows < 25; rows++) {
                points p = blobs(rows, width, classes, 0, 6);
                const double *centres[CLASSES_MAX] = { NULL };
                int counts[CLASSES_MAX] = { 0 };
                for (int i = 0; i < rows; i++) {
                    int k = (int)p.y[i];
                    ck_assert(p.y[i] == k && k >= 0 && k < classes);
                    if (counts[k]++ == 0)
                        centres[k] = p.x + i * width;
                    ck_assert_mem_eq(p.x + i * width, centres[k], (size_t)width * sizeof(double));
                }
                for (int k = 0; k < classes; k++)
                    ck_assert_int_eq(counts[k], rows / classes + (k < rows % classes));
                release(&p);
            }
}
END_TEST

static int by_coordinates(const void *a, const void *b)
{
    return memcmp(a, b, 3 * sizeof(double)); /* any order will do, if it is one */
}

static double *sorted_rows(const points *p)
{
    double *rows = malloc((size_t)p->rows * 3 * sizeof *rows);
    for (int64_t i = 0; i < p->rows; i++) {
        rows[3 * i] = p->x[2 * i];
        rows[3 * i + 1] = p->x[2 * i + 1];
        rows[3 * i + 2] = p->y[i];
    }
    qsort(rows, (size_t)p->rows, 3 * sizeof *rows, by_coordinates);
    return rows;
}

START_TEST(shuffling_is_a_permutation)
{
    for (int64_t rows = 101; rows < 105; rows++) {
        points ordered = ordered_circles(rows, 0.5, 0.2, 8), shuffled = circles(rows, 0.5, 0.2, 8);
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

/* ---- with noise: means, radii and the balance of labels ---- */

/* The points of one label, before noise: how many, their mean, and their mean square distance from
   a centre. */
typedef struct curve {
    int64_t count;
    double mean[2], centre[2], square;
} curve;

/* With noise s the mean has the deviation s / sqrt(n); the square distance of a point has the mean
   d^2 + 2 s^2 and the variance 4 s^2 (d^2 + s^2). */
static void check_curve(const points *p, double label, curve e, double s)
{
    double n = (double)e.count, sum[2] = { 0 }, squares = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < p->rows; i++) {
        if (p->y[i] != label)
            continue;
        count++;
        for (int j = 0; j < 2; j++) {
            double d = p->x[2 * i + j] - e.centre[j];
            sum[j] += p->x[2 * i + j];
            squares += d * d;
        }
    }
    ck_assert_int_eq(count, e.count);
    for (int j = 0; j < 2; j++)
        ck_assert_double_eq_tol(sum[j] / n, e.mean[j], errors * s / sqrt(n));
    ck_assert_double_eq_tol(squares / n, e.square + 2 * s * s,
                            errors * sqrt(4 * s * s * (e.square + s * s) / n));
}

static void check_circles(int64_t rows, double factor, double noise, uint64_t seed)
{
    points p = circles(rows, factor, noise, seed);
    check_curve(&p, 0, (curve){ .count = rows / 2, .square = 1 }, noise);
    check_curve(&p, 1, (curve){ .count = rows - rows / 2, .square = factor * factor }, noise);
    release(&p);
}

/* Also 1000 rows with the factors 0.5 and 0.8 and noise 0.1, as published experiments take them. */
START_TEST(circles_have_their_means_radii_and_labels)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        check_circles(1000, 0.5, 0.1, seed);
        check_circles(1000, 0.8, 0.1, seed);
    }
    check_circles(100001, 0.5, 0.1, 4);
    check_circles(100001, 0.8, 0.1, 5);
    check_circles(100001, 0, 0.3, 6);
}
END_TEST

/* sin(j pi / (n - 1)) summed over j = 0 ... n - 1 is cot(pi / (2 (n - 1))). */
START_TEST(moons_have_their_means_radii_and_labels)
{
    enum { N = 50001 };
    const double s = 0.1;
    points p = moons(N, s, 5);
    for (int label = 0; label < 2; label++) {
        int n = N / 2 + label;
        double height = 1 / tan(pi / (2.0 * (n - 1))) / n;
        curve e = { .count = n, .mean = { 0, height }, .square = 1 };
        if (label)
            e = (curve){ n, { 1, .5 - height }, { 1, .5 }, 1 };
        check_curve(&p, label, e, s);
    }
    release(&p);
}
END_TEST

/* The squares of j / n have the mean (n + 1) (2 n + 1) / (6 n^2). */
START_TEST(spirals_have_their_means_radii_and_labels)
{
    enum { N = 50000, CLASSES = 3 };
    const double turns = 1.75, s = 0.05;
    points p = spirals(N, CLASSES, turns, s, 5);
    for (int k = 0; k < CLASSES; k++) {
        int n = N / CLASSES + (k < N % CLASSES);
        curve e = { .count = n, .square = (n + 1.0) * (2.0 * n + 1) / (6.0 * n * n) };
        for (int j = 1; j <= n; j++) {
            double r = (double)j / n, a = 2 * pi * ((double)k / CLASSES + turns * r);
            e.mean[0] += r * cos(a) / n;
            e.mean[1] += r * sin(a) / n;
        }
        check_curve(&p, k, e, s);
    }
    release(&p);
}
END_TEST

START_TEST(corners_have_their_means_radii_and_labels)
{
    enum { N = 50000 };
    points p = corners(N, 0.2, 5);
    for (int label = 0; label < 2; label++)
        check_curve(&p, label, (curve){ N / 2, { .5, .5 }, { .5, .5 }, .5 }, 0.2);
    release(&p);
}
END_TEST

/* A cluster's mean is its centre; its squares show one deviation, whatever the class. */
START_TEST(blobs_have_their_means_deviations_and_labels)
{
    enum { N = 50003, CLASSES = 5 };
    for (int number = 0; number < 2; number++) {
        double s = number ? 3 : 1;
        points centres = blobs(CLASSES, 2, CLASSES, 0, 9), p = blobs(N, 2, CLASSES, s, 9);
        for (int i = 0; i < CLASSES; i++) {
            int k = (int)centres.y[i];
            const double *c = centres.x + 2 * i;
            curve e = { N / CLASSES + (k < N % CLASSES), { c[0], c[1] }, { c[0], c[1] }, 0 };
            check_curve(&p, k, e, s);
        }
        release(&centres);
        release(&p);
    }
}
END_TEST

/* ---- centres of blobs ---- */

enum { SEEDS = 500, CENTRES = 4, COORDINATES = 3, DRAWN = SEEDS * CENTRES * COORDINATES };

/* The centres of many seeds, in units of the box: uniform on [0, 1). */
static void draw_centres(double drawn[SEEDS][CENTRES][COORDINATES])
{
    for (int seed = 0; seed < SEEDS; seed++) {
        points p = blobs(CENTRES, COORDINATES, CENTRES, 0, (uint64_t)seed);
        for (int i = 0; i < CENTRES; i++)
            for (int j = 0; j < COORDINATES; j++)
                drawn[seed][(int)p.y[i]][j] = (p.x[i * COORDINATES + j] + 10) / 20;
        release(&p);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov's D sqrt(n) exceeds 2.74 with the chance 2 exp(-2 2.74^2) = 6e-7. */
START_TEST(centres_are_uniform_in_the_box)
{
    static double drawn[SEEDS][CENTRES][COORDINATES];
    double *u = drawn[0][0], distance_max = 0;
    draw_centres(drawn);
    qsort(u, DRAWN, sizeof *u, by_size);
    for (int i = 0; i < DRAWN; i++) {
        ck_assert(u[i] >= 0 && u[i] < 1);
        distance_max = fmax(distance_max, fmax(u[i] - (double)i / DRAWN, (i + 1.0) / DRAWN - u[i]));
    }
    ck_assert_double_le(distance_max * sqrt(DRAWN), 2.74);
}
END_TEST

/* The product of two independent ones, less their mean, has the deviation 1 / 12. */
START_TEST(centres_are_independent)
{
    static double drawn[SEEDS][CENTRES][COORDINATES];
    double coordinates = 0, centres = 0, seeds = 0;
    draw_centres(drawn);
    for (int seed = 0; seed < SEEDS; seed++)
        for (int k = 0; k < CENTRES; k++)
            for (int j = 0; j < COORDINATES; j++) {
                double d = drawn[seed][k][j] - .5;
                coordinates += d * (drawn[seed][k][(j + 1) % COORDINATES] - .5);
                centres += d * (drawn[seed][(k + 1) % CENTRES][j] - .5);
                seeds += d * (drawn[(seed + 1) % SEEDS][k][j] - .5);
            }
    const double limit = errors / 12 / sqrt(DRAWN);
    ck_assert_double_eq_tol(coordinates / DRAWN, 0, limit);
    ck_assert_double_eq_tol(centres / DRAWN, 0, limit);
    ck_assert_double_eq_tol(seeds / DRAWN, 0, limit);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("points");
    TCase *every = tcase_create("every shape");
    tcase_set_timeout(every, 120);
    tcase_add_loop_test(every, noise_is_normal_on_every_coordinate, 0, SHAPES);
    tcase_add_loop_test(every, points_are_a_function_of_their_seed, 0, SHAPES);
    tcase_add_loop_test(every, streams_stay_what_they_are, 0, SHAPES);
    tcase_add_loop_test(every, labels_are_spread_over_the_rows, 1, SHAPES);
    suite_add_tcase(suite, every);
    add_tests(suite, "without noise", circles_without_noise_are_those_of_scikit_learn,
              moons_without_noise_are_those_of_scikit_learn,
              spirals_without_noise_are_their_formula, spirals_have_the_points_of_lang_and_witbrock,
              corners_without_noise_are_the_exclusive_or, blobs_without_noise_are_their_centres,
              shuffling_is_a_permutation);
    add_tests(suite, "with noise", circles_have_their_means_radii_and_labels,
              moons_have_their_means_radii_and_labels, spirals_have_their_means_radii_and_labels,
              corners_have_their_means_radii_and_labels,
              blobs_have_their_means_deviations_and_labels);
    add_tests(suite, "centres", centres_are_uniform_in_the_box, centres_are_independent);
    return run_suite(suite);
}
