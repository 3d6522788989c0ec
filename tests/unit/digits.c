/* lib/data/digits: a function of seed and index, laid out in MNIST's way, varied and not alike. */
/* SPDX-License-Identifier: MIT */
#include "data/digits.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/digit_strokes.h"
#include "runner.h"

enum { IMAGES = 10000, SIDE = VGRAD__DIGIT_SIDE, PIXELS = VGRAD__DIGIT_PIXELS, DIGITS = 10 };

static const uint64_t seed = 3;

/* A chance of 6e-7 for each comparison, and the seed is fixed. */
static const double errors = 5;

/* The first images of `seed`, drawn in order before all tests. */
static uint8_t images[IMAGES][PIXELS];
static int digits[IMAGES];

static void draw_images(void)
{
    for (int i = 0; i < IMAGES; i++)
        digits[i] = vgrad__digit_draw(seed, i, images[i]);
}

static bool is_drawn_alike(uint64_t other_seed, int64_t index, int i)
{
    uint8_t pixels[PIXELS];
    int digit = vgrad__digit_draw(other_seed, index, pixels);
    return digit == digits[i] && memcmp(pixels, images[i], PIXELS) == 0;
}

/* ---- seed and index ---- */

START_TEST(an_image_does_not_depend_on_those_before)
{
    for (int i = IMAGES - 1; i >= 0; i--)
        ck_assert_msg(is_drawn_alike(seed, i, i), "image %d", i);
}
END_TEST

START_TEST(other_seeds_give_other_images)
{
    const uint64_t others[] = { seed + 1, seed + ((uint64_t)1 << 32), 0, UINT64_MAX };
    for (size_t s = 0; s < sizeof others / sizeof *others; s++)
        for (int i = 0; i < 100; i++)
            ck_assert(!is_drawn_alike(others[s], i, i));
}
END_TEST

/* Up to the last index there is. */
START_TEST(other_indices_give_other_images)
{
    const int64_t last = UINT32_MAX;
    for (int i = 0; i < 100; i++)
        ck_assert(!is_drawn_alike(seed, last - i, i));
}
END_TEST

static int by_pixels(const void *a, const void *b)
{
    return memcmp(a, b, PIXELS);
}

START_TEST(no_two_images_are_equal)
{
    uint8_t(*sorted)[PIXELS] = malloc(sizeof images);
    memcpy(sorted, images, sizeof images);
    qsort(sorted, IMAGES, PIXELS, by_pixels);
    for (int i = 1; i < IMAGES; i++)
        ck_assert(memcmp(sorted[i - 1], sorted[i], PIXELS) != 0);
    free(sorted);
}
END_TEST

/* ---- which digits ---- */

/* Of n independent draws with chance p: n p, with the variance n p (1 - p). */
static void assert_frequency(int count, int n, double p, const char *what, int digit)
{
    ck_assert_msg(fabs(count - n * p) <= errors * sqrt(n * p * (1 - p)), "%s, digit %d: %d of %d",
                  what, digit, count, n);
}

START_TEST(digits_are_uniform_and_independent)
{
    int counts[DIGITS] = { 0 }, followed_by_itself = 0;
    for (int i = 0; i < IMAGES; i++) {
        ck_assert(digits[i] >= 0 && digits[i] < DIGITS);
        counts[digits[i]]++;
        followed_by_itself += i > 0 && digits[i] == digits[i - 1];
    }
    for (int d = 0; d < DIGITS; d++)
        assert_frequency(counts[d], IMAGES, 1.0 / DIGITS, "drawn", d);
    assert_frequency(followed_by_itself, IMAGES - 1, 1.0 / DIGITS, "followed by itself", -1);
}
END_TEST

/* ---- the table ---- */

static void check_stroke(const uint16_t *stroke, int digit)
{
    int count = 0;
    while (count < POINTS_MAX && stroke[count] > 0) {
        ck_assert_msg(stroke[count] / 100 >= 1 && stroke[count] / 100 <= 99 &&
                          stroke[count] % 100 >= 1,
                      "digit %d: point %d", digit, stroke[count]);
        count++;
    }
    ck_assert_msg(count != 1, "digit %d: a stroke of one point", digit);
}

START_TEST(ways_are_complete)
{
    for (int d = 0; d < DIGITS; d++) {
        int percent = 0;
        for (int w = 0; w < WAYS_MAX; w++) {
            percent += ways[d][w].percent;
            ck_assert_int_eq(ways[d][w].percent > 0, ways[d][w].strokes[0][0] > 0);
            for (int s = 0; s < STROKES_MAX; s++)
                check_stroke(ways[d][w].strokes[s], d);
        }
        ck_assert_msg(percent == 100, "digit %d: %d percent", d, percent);
    }
}
END_TEST

/* ---- the picture ---- */

START_TEST(ink_fits_a_box_of_20_pixels)
{
    int longest = 0;
    for (int i = 0; i < IMAGES; i++) {
        int left = SIDE, right = -1, top = SIDE, bottom = -1;
        for (int p = 0; p < PIXELS; p++)
            if (images[i][p] > 0) {
                int row = p / SIDE, column = p % SIDE;
                left = column < left ? column : left;
                right = column > right ? column : right;
                top = row < top ? row : top;
                bottom = row;
            }
        int width = right - left + 1, height = bottom - top + 1;
        int side = width > height ? width : height;
        ck_assert_msg(side >= 17 && side <= 20, "image %d: %d x %d", i, width, height);
        longest = side > longest ? side : longest;
    }
    ck_assert_int_eq(longest, 20);
}
END_TEST

START_TEST(centre_of_mass_is_in_the_centre)
{
    for (int i = 0; i < IMAGES; i++) {
        double mass = 0, x = 0, y = 0;
        for (int p = 0; p < PIXELS; p++) {
            mass += images[i][p];
            x += images[i][p] * (p % SIDE);
            y += images[i][p] * (p / SIDE);
        }
        ck_assert_double_gt(mass, 0);
        ck_assert_msg(fabs(x / mass - 14) < 0.51 && fabs(y / mass - 14) < 0.51, "image %d: %g, %g",
                      i, x / mass, y / mass);
    }
}
END_TEST

/* MNIST has 0.131 and 0.308; the mean of an image has the deviation 0.04, so this one has 4e-4. */
START_TEST(grey_values_have_the_mean_and_spread_of_mnist)
{
    double sum = 0, squares = 0, n = (double)IMAGES * PIXELS;
    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < PIXELS; p++) {
            double x = images[i][p] / 255.0;
            sum += x;
            squares += x * x;
        }
    double mean = sum / n, deviation = sqrt(squares / n - mean * mean);
    ck_assert_msg(fabs(mean - 0.130) < 0.005, "mean %g", mean);
    ck_assert_msg(fabs(deviation - 0.309) < 0.005, "standard deviation %g", deviation);
}
END_TEST

/* Nearly full, and so are all four neighbours: the pen covers it, and it is no eye of a loop. */
static bool is_inner(const uint8_t *image, int p)
{
    const int around[] = { -SIDE, -1, 0, 1, SIDE };
    int row = p / SIDE, column = p % SIDE;
    if (row == 0 || row == SIDE - 1 || column == 0 || column == SIDE - 1)
        return false;
    for (int k = 0; k < 5; k++)
        if (image[p + around[k]] < 230)
            return false;
    return true;
}

/* Full ink and noise of either sign, held at 255: half of it lies below. */
START_TEST(strokes_have_soft_edges_and_grain)
{
    int inked = 0, grey = 0, inner = 0, grained = 0;
    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < PIXELS; p++) {
            uint8_t value = images[i][p];
            inked += value > 0;
            grey += value > 25 && value < 230;
            if (is_inner(images[i], p)) {
                inner++;
                grained += value < 255;
            }
        }
    double soft = (double)grey / inked, half = (double)grained / inner;
    ck_assert_msg(soft > 0.35 && soft < 0.48, "grey: %g of the ink", soft);
    ck_assert_msg(half > 0.45 && half < 0.55, "grain: %g of the inside", half);
}
END_TEST

/* ---- how they vary ---- */

/* The mean squared distance from the mean image of those with this digit (-1: of all). */
static double variance(int digit)
{
    static double sum[PIXELS];
    double squares = 0;
    int n = 0;
    memset(sum, 0, sizeof sum);
    for (int i = 0; i < IMAGES; i++)
        if (digit < 0 || digits[i] == digit) {
            n++;
            for (int p = 0; p < PIXELS; p++) {
                double x = images[i][p] / 255.0;
                sum[p] += x;
                squares += x * x;
            }
        }
    double mean_squares = 0;
    for (int p = 0; p < PIXELS; p++)
        mean_squares += sum[p] / n * (sum[p] / n);
    return squares / n - mean_squares;
}

/* MNIST: 53 in all, and 42 on average within a digit, of which the 1 varies least. */
START_TEST(every_digit_varies_and_digits_differ)
{
    double all = variance(-1), within = 0;
    for (int d = 0; d < DIGITS; d++) {
        double own = variance(d);
        ck_assert_msg(own > (d == 1 ? 20 : 33), "digit %d: variance %g", d, own);
        within += own / DIGITS;
    }
    ck_assert_msg(all - within > 5, "variance %g, of which %g within digits", all, within);
}
END_TEST

/* The deviation of an image's ink over its mean, among those with this digit. */
static double spread_of_ink(int digit)
{
    double n = 0, sum = 0, squares = 0;
    for (int i = 0; i < IMAGES; i++)
        if (digits[i] == digit) {
            double ink = 0;
            for (int p = 0; p < PIXELS; p++)
                ink += images[i][p] / 255.0;
            n++;
            sum += ink;
            squares += ink * ink;
        }
    double mean = sum / n;
    return sqrt(squares / n - mean * mean) / mean;
}

/* MNIST: 0.25 to 0.30. A pen of one width would give 0.09 to 0.17. */
START_TEST(pens_are_thin_and_thick)
{
    for (int d = 0; d < DIGITS; d++) {
        double spread = spread_of_ink(d);
        ck_assert_msg(spread > 0.19 && spread < 0.32, "digit %d: %g", d, spread);
    }
}
END_TEST

int main(void)
{
    draw_images();
    Suite *suite = suite_create("digits");
    add_tests(suite, "seed and index", an_image_does_not_depend_on_those_before,
              other_seeds_give_other_images, other_indices_give_other_images,
              no_two_images_are_equal);
    add_tests(suite, "digits", digits_are_uniform_and_independent, ways_are_complete);
    add_tests(suite, "picture", ink_fits_a_box_of_20_pixels, centre_of_mass_is_in_the_centre,
              grey_values_have_the_mean_and_spread_of_mnist, strokes_have_soft_edges_and_grain);
    add_tests(suite, "variety", every_digit_varies_and_digits_differ, pens_are_thin_and_thick);
    return run_suite(suite);
}
