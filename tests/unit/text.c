/* lib/base/text: what is a character in UTF-8. */
/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "runner.h"

START_TEST(characters_have_one_to_four_bytes)
{
    static const struct {
        const char *text;
        size_t bytes;
    } known[] = {
        { "a", 1 },
        { "\x7f", 1 },
        { "\n", 1 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf!", 2 },
        { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xee\x80\x80", 3 },
        { "\xef\xbf\xbf", 3 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "", 0 },
        { "\x80", 0 },     /* goes on with nothing */
        { "\xc0\x80", 0 }, /* too long for what it is */
        { "\xc1\xbf", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xed\xa0\x80", 0 }, /* half of a pair of UTF-16 */
        { "\xed\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 }, /* beyond the last */
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc2", 0 }, /* cut short */
        { "\xe2\x82", 0 },
        { "\xf0\x9f\x98", 0 },
        { "\xe2\x28\xa1", 0 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_msg(vgrad__utf8(known[i].text) == known[i].bytes, "%d: %zu", (int)i,
                      vgrad__utf8(known[i].text));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    add_tests(suite, "text", characters_have_one_to_four_bytes);
    return run_suite(suite);
}
