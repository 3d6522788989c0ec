/* lib/base: random streams, allocation, errors, log. */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "runner.h"

/* The known answers that come with the paper's code (kat_vectors, philox4x32 10). */
START_TEST(philox_gives_the_published_answers)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        vgrad__philox(known[i].counter, known[i].key, out);
        ck_assert_mem_eq(out, known[i].answer, sizeof out);
    }
}
END_TEST

START_TEST(streams_differ_in_every_coordinate)
{
    vgrad__random streams[] = { vgrad__random_stream(1, 2, 3, 4), vgrad__random_stream(2, 2, 3, 4),
                                vgrad__random_stream(1, 3, 3, 4), vgrad__random_stream(1, 2, 4, 4),
                                vgrad__random_stream(1, 2, 3, 5) };
    double first[5];
    for (int i = 0; i < 5; i++)
        first[i] = vgrad__random_uniform(&streams[i]);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            ck_assert_double_ne(first[i], first[j]);
    vgrad__random again = vgrad__random_stream(1, 2, 3, 4);
    ck_assert_double_eq(first[0], vgrad__random_uniform(&again));
}
END_TEST

START_TEST(uniform_and_normal_have_their_moments)
{
    enum { N = 100000 };
    vgrad__random random = vgrad__random_stream(7, 1, 0, 0);
    double u = 0, u2 = 0, z = 0, z2 = 0, z4 = 0;
    for (int i = 0; i < N; i++) {
        double a = vgrad__random_uniform(&random), b = vgrad__random_normal(&random);
        ck_assert(a >= 0 && a < 1);
        u += a;
        u2 += a * a;
        z += b;
        z2 += b * b;
        z4 += b * b * b * b;
    }
    /* Five standard errors each. */
    ck_assert_double_eq_tol(u / N, 0.5, 5 * sqrt(1 / 12.0 / N));
    ck_assert_double_eq_tol(u2 / N, 1 / 3.0, 5 * sqrt(4 / 45.0 / N));
    ck_assert_double_eq_tol(z / N, 0, 5 / sqrt(N));
    ck_assert_double_eq_tol(z2 / N, 1, 5 * sqrt(2.0 / N));
    ck_assert_double_eq_tol(z4 / N, 3, 5 * sqrt(96.0 / N));
}
END_TEST

START_TEST(permutation_holds_every_number_once_and_moves_them)
{
    enum { N = 1000 };
    int64_t order[N];
    int seen[N] = { 0 }, fixed = 0;
    vgrad__random random = vgrad__random_stream(3, 3, 0, 0);
    vgrad__random_permutation(&random, order, N);
    for (int i = 0; i < N; i++) {
        ck_assert(order[i] >= 0 && order[i] < N);
        seen[order[i]]++;
        fixed += order[i] == i;
    }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(seen[i], 1);
    ck_assert_int_lt(fixed, 10); /* one is expected; ten has a chance of 1e-7 */
}
END_TEST

START_TEST(below_is_even)
{
    enum { N = 60000 };
    int heard[6] = { 0 };
    vgrad__random random = vgrad__random_stream(5, 1, 0, 0);
    for (int i = 0; i < N; i++)
        heard[vgrad__random_below(&random, 6)]++;
    for (int i = 0; i < 6; i++)
        ck_assert_int_lt(abs(heard[i] - N / 6), 5 * 92); /* sqrt(N 1/6 5/6) = 91.3 */
}
END_TEST

START_TEST(allocation_is_zeroed_aligned_and_refuses_overflow)
{
    char *block = vgrad__allocate(NULL, 100, 3);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq((uintptr_t)block % 64, 0);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(block[i], 0);
    vgrad__release(NULL, block, 100, 3);
    ck_assert_ptr_null(vgrad__allocate(NULL, SIZE_MAX / 2, 3));
    assert_error_names("no memory");
}
END_TEST

START_TEST(an_error_text_is_one_line_that_may_quote_the_one_before)
{
    ck_assert_int_eq(vgrad__fail(VGRAD_E_SHAPE, "width %d", 7), VGRAD_E_SHAPE);
    ck_assert_str_eq(vgrad_last_error(), "width 7");
    vgrad__fail(VGRAD_E_SHAPE, "again: %s", vgrad_last_error());
    ck_assert_str_eq(vgrad_last_error(), "again: width 7");
}
END_TEST

static char logged[512];

static void keep_line(int32_t level, const char *line, void *user)
{
    (void)level;
    (void)user;
    strncpy(logged, line, sizeof logged - 1);
}

START_TEST(the_log_hears_its_level_and_those_below)
{
    vgrad_context *context;
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__log_line(context, VGRAD_LOG_WARNING, "nobody listens");
    assert_ok(vgrad_context_set_log(context, VGRAD_LOG_INFO, keep_line, NULL));
    vgrad__log_line(context, VGRAD_LOG_DEBUG, "too fine");
    ck_assert_str_eq(logged, "");
    vgrad__log_line(context, VGRAD_LOG_INFO, "layer %d", 3);
    ck_assert_str_eq(logged, "layer 3");
    assert_status(VGRAD_E_INVALID, vgrad_context_set_log(context, (vgrad_log_level)9, NULL, NULL));
    vgrad_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    add_tests(suite, "random", philox_gives_the_published_answers,
              streams_differ_in_every_coordinate, uniform_and_normal_have_their_moments,
              permutation_holds_every_number_once_and_moves_them, below_is_even);
    add_tests(suite, "context", allocation_is_zeroed_aligned_and_refuses_overflow,
              an_error_text_is_one_line_that_may_quote_the_one_before,
              the_log_hears_its_level_and_those_below);
    return run_suite(suite);
}
