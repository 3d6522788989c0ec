/* lib/base/decimal.h: which texts are numbers, and which numbers they are. */
/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "runner.h"

static vgrad__decimals decimals;

static void begin(void)
{
    assert_ok(vgrad__decimals_begin(&decimals));
}

static void end(void)
{
    vgrad__decimals_end(&decimals);
}

START_TEST(numbers_are_the_nearest_double)
{
    static const struct {
        const char *text;
        double value;
    } known[] = {
        { "0", 0.0 },
        { "7", 7.0 },
        { "-1", -1.0 },
        { "+1", 1.0 },
        { "007", 7.0 },
        { ".5", 0.5 },
        { "-.5", -0.5 },
        { "2.", 2.0 },
        { "1e3", 1000.0 },
        { "1E+3", 1000.0 },
        { "25e-2", 0.25 },
        { "0.1", 0x1.999999999999ap-4 },
        { "9007199254740993", 0x1p53 },               /* halfway: the even one */
        { "9007199254740995", 0x1.0000000000002p53 }, /* halfway: up to the even */
        { "9007199254740993.0000000000000000000000000000001", 0x1.0000000000001p53 },
        { "2.2250738585072011e-308", 0x0.fffffffffffffp-1022 }, /* PHP's endless one */
        { "2.2250738585072012e-308", DBL_MIN },                 /* Java's */
        { "1.7976931348623157e308", DBL_MAX },
        { "4.9e-324", 0x1p-1074 },
        { "1e-400", 0.0 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double value = (double)NAN;
        ck_assert_msg(vgrad__decimal_read(&decimals, known[i].text, &value) ==
                          VGRAD__DECIMAL_FINITE,
                      "%s", known[i].text);
        ck_assert_msg(value == known[i].value, "%s: %a", known[i].text, value);
    }
}
END_TEST

START_TEST(zero_has_a_sign)
{
    double value = 1;
    ck_assert_int_eq(vgrad__decimal_read(&decimals, "-0", &value), VGRAD__DECIMAL_FINITE);
    ck_assert(value == 0 && signbit(value));
    ck_assert_int_eq(vgrad__decimal_read(&decimals, "-1e-400", &value), VGRAD__DECIMAL_FINITE);
    ck_assert(value == 0 && signbit(value));
}
END_TEST

START_TEST(what_is_no_finite_number_says_what_it_is)
{
    static const struct {
        const char *text;
        vgrad__decimal kind;
    } known[] = {
        { "", VGRAD__DECIMAL_EMPTY },
        { "1e309", VGRAD__DECIMAL_TOO_LARGE },
        { "-1.8e308", VGRAD__DECIMAL_TOO_LARGE },
        { "inf", VGRAD__DECIMAL_SPECIAL },
        { "-Infinity", VGRAD__DECIMAL_SPECIAL },
        { "NaN", VGRAD__DECIMAL_SPECIAL },
        { "nan(7)", VGRAD__DECIMAL_SPECIAL },
        { "0x10", VGRAD__DECIMAL_TEXT },
        { "0x1p3", VGRAD__DECIMAL_TEXT },
        { " 1", VGRAD__DECIMAL_TEXT },
        { "\n1", VGRAD__DECIMAL_TEXT },
        { "1 ", VGRAD__DECIMAL_TEXT },
        { "1 2", VGRAD__DECIMAL_TEXT },
        { "1,5", VGRAD__DECIMAL_TEXT },
        { "1.2.3", VGRAD__DECIMAL_TEXT },
        { "1e", VGRAD__DECIMAL_TEXT },
        { "1e+", VGRAD__DECIMAL_TEXT },
        { "e5", VGRAD__DECIMAL_TEXT },
        { ".", VGRAD__DECIMAL_TEXT },
        { "-", VGRAD__DECIMAL_TEXT },
        { "--1", VGRAD__DECIMAL_TEXT },
        { "1f", VGRAD__DECIMAL_TEXT },
        { "1'000", VGRAD__DECIMAL_TEXT },
        { "NA", VGRAD__DECIMAL_TEXT },
        { "infinite", VGRAD__DECIMAL_TEXT },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double value = 7;
        ck_assert_msg(vgrad__decimal_read(&decimals, known[i].text, &value) == known[i].kind,
                      "\"%s\"", known[i].text);
        ck_assert_double_eq(value, 7);
    }
}
END_TEST

START_TEST(ending_what_never_began_is_fine)
{
    vgrad__decimals never = { 0 };
    vgrad__decimals_end(&never);
    vgrad__decimals_end(&decimals);
    ck_assert_ptr_null(decimals.locale);
}
END_TEST

START_TEST(a_number_becomes_text)
{
    static const struct {
        double value;
        const char *text;
    } known[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 7, "7" },
        { -12, "-12" },
        { 0.25, "0.25" },
        { -1.5, "-1.5" },
        { 1 / 3.0, "0.333333333" },
        { 1234567891, "1234567891" }, /* more than nine digits */
        { 999999999999999, "999999999999999" },
        { 1e15, "1e+15" },
        { 1234567890.5, "1.23456789e+09" },
        { 1e300, "1e+300" },
        { -DBL_MAX, "-1.79769313e+308" },
        { 0x1p-1074, "4.94065646e-324" },
        { (double)INFINITY, "inf" },
        { -(double)INFINITY, "-inf" },
        { (double)NAN, "nan" },
        { -(double)NAN, "nan" },
    };
    char text[VGRAD__DECIMAL_SIZE];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_str_eq(vgrad__decimal_text(known[i].value, text), known[i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decimal");
    TCase *all = tcase_create("decimal");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, numbers_are_the_nearest_double);
    tcase_add_test(all, zero_has_a_sign);
    tcase_add_test(all, what_is_no_finite_number_says_what_it_is);
    tcase_add_test(all, a_number_becomes_text);
    tcase_add_test(all, ending_what_never_began_is_fine);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
