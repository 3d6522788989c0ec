/* vgrad_dataset_csv() and vgrad__decimal_text() on many numbers, in this process's locale; with the
   argument `comma` in one that writes 1,5, if there is any. */
/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/dataset.h>

#include "base/context.h"
#include "base/decimal.h"
#include "base/random.h"
#include "memory_files.h"
#include "runner.h"

enum { COLUMNS = 4, NUMBERS = 10000, WIDEST = 26 };

/* Any finite double, of every size. */
static double random_double(vgrad__random *random)
{
    double value;
    do {
        uint64_t bits = (uint64_t)vgrad__random_below(random, 1u << 31) << 33 ^
                        (uint64_t)vgrad__random_below(random, 1u << 31) << 16 ^
                        (uint64_t)vgrad__random_below(random, 1u << 16);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static size_t print_numbers(char *text, const double *numbers)
{
    size_t at = 0;
    setlocale(LC_ALL, "C");
    for (int i = 0; i < NUMBERS; i++)
        at += (size_t)sprintf(text + at, "%.17g%c", numbers[i], (i + 1) % COLUMNS ? ',' : '\n');
    return at;
}

static const char *locale = "C";

START_TEST(numbers_come_back_bit_for_bit)
{
    static double numbers[NUMBERS], back[NUMBERS];
    static char text[NUMBERS * WIDEST];
    memory_files files = { 0 };
    vgrad_context *context;
    vgrad_dataset *data;
    vgrad__random random = vgrad__random_stream(11, 1, 0, 0);
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = random_double(&random);
    files.files[0] = (memory_file){ "numbers.csv", text, print_numbers(text, numbers) };
    assert_ok(vgrad_context_create(&context, NULL, NULL, NULL));
    vgrad__context_set_files(context, memory_files_begin(&files));
    ck_assert_ptr_nonnull(setlocale(LC_ALL, locale));
    assert_ok(vgrad_dataset_csv(&data, "numbers.csv", NULL, context));
    ck_assert_str_eq(setlocale(LC_ALL, NULL), locale); /* left as it was */
    assert_ok(vgrad_dataset_read(data, 0, NUMBERS / COLUMNS, back, NULL, VGRAD_FLOAT64));
    for (int i = 0; i < NUMBERS; i++)
        ck_assert_msg(memcmp(&back[i], &numbers[i], sizeof back[i]) == 0, "%a became %a",
                      numbers[i], back[i]);
    vgrad_dataset_destroy(data);
    vgrad_context_destroy(context);
}
END_TEST

START_TEST(numbers_are_written_with_a_point)
{
    vgrad__random random = vgrad__random_stream(12, 1, 0, 0);
    vgrad__decimals decimals;
    char text[VGRAD__DECIMAL_SIZE];
    assert_ok(vgrad__decimals_begin(&decimals));
    ck_assert_ptr_nonnull(setlocale(LC_ALL, locale));
    ck_assert_str_eq(vgrad__decimal_text(1.5, text), "1.5");
    for (int i = 0; i < NUMBERS; i++) {
        const double value = random_double(&random);
        double back;
        vgrad__decimal_text(value, text);
        ck_assert_msg(vgrad__decimal_read(&decimals, text, &back) == VGRAD__DECIMAL_FINITE, "%s",
                      text);
        ck_assert_msg(fabs(back - value) <= 5.1e-9 * fabs(value), "%a became %s", value, text);
    }
    vgrad__decimals_end(&decimals);
}
END_TEST

static const char *locale_with_comma(void)
{
    static const char *const likely[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8",
                                          "it_IT.UTF-8", "pt_BR.UTF-8", "nl_NL.UTF-8",
                                          "pl_PL.UTF-8", "ru_RU.UTF-8", "de_DE" };
    for (size_t i = 0; i < sizeof likely / sizeof *likely; i++)
        if (setlocale(LC_ALL, likely[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
            return likely[i];
    return NULL;
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "comma") == 0)
        locale = locale_with_comma();
    if (!locale) {
        puts("1..0 # SKIP no locale with a decimal comma is installed");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("csv_numbers");
    add_tests(suite, locale, numbers_come_back_bit_for_bit, numbers_are_written_with_a_point);
    return run_suite(suite);
}
