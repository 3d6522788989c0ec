/* The words of statuses, roles, quantities and activations, which stand in files and logs. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "runner.h"

static const struct word {
    const char *family;
    int number;
    const char *word;
} words[] = {
#define NUMBER(name, number)
#define WORD(family, name, word) { #family, name, word },
#include "frozen.inc"
#undef WORD
#undef NUMBER
};
enum { WORDS = sizeof words / sizeof *words };

static const char *name_of(const char *family, int number)
{
    if (strcmp(family, "status") == 0)
        return vgrad_status_name((vgrad_status)number);
    if (strcmp(family, "role") == 0)
        return vgrad_role_name((vgrad_role)number);
    if (strcmp(family, "quantity") == 0)
        return vgrad_quantity_name((vgrad_quantity)number);
    return vgrad_activation_name((vgrad_activation)number);
}

START_TEST(a_word_never_changes)
{
    const struct word *word = &words[_i];
    ck_assert_str_eq(name_of(word->family, word->number), word->word);
}
END_TEST

/* A number that is not frozen has no word yet. */
static void assert_others_are(const char *family, const char *unknown)
{
    for (int number = -2000; number < 2000; number++) {
        bool frozen = false;
        for (int i = 0; i < WORDS; i++)
            frozen |= words[i].number == number && strcmp(words[i].family, family) == 0;
        if (!frozen)
            ck_assert_str_eq(name_of(family, number), unknown);
    }
}

START_TEST(other_numbers_are_unknown)
{
    assert_others_are("status", "UNKNOWN");
    assert_others_are("role", "unknown");
    assert_others_are("quantity", "unknown");
    assert_others_are("activation", "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *each = tcase_create("words");
    tcase_add_loop_test(each, a_word_never_changes, 0, WORDS);
    suite_add_tcase(suite, each);
    add_tests(suite, "unknown", other_numbers_are_unknown);
    return run_suite(suite);
}
