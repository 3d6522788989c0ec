/* lib/base/crc32c: the published answers, and the CPU's instruction against plain C. */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"

#include <string.h>

#include "base/random.h"
#include "runner.h"

/* RFC 3720, appendix B.4; the first is the customary check value. */
START_TEST(the_published_answers)
{
    uint8_t zeros[32] = { 0 }, ones[32], up[32], down[32];
    for (int i = 0; i < 32; i++) {
        ones[i] = 0xff;
        up[i] = (uint8_t)i;
        down[i] = (uint8_t)(31 - i);
    }
    ck_assert_uint_eq(vgrad__crc32c(0, "123456789", 9), 0xe3069283);
    ck_assert_uint_eq(vgrad__crc32c(0, zeros, 32), 0x8a9136aa);
    ck_assert_uint_eq(vgrad__crc32c(0, ones, 32), 0x62a8ab43);
    ck_assert_uint_eq(vgrad__crc32c(0, up, 32), 0x46dd794e);
    ck_assert_uint_eq(vgrad__crc32c(0, down, 32), 0x113fdb5c);
    ck_assert_uint_eq(vgrad__crc32c(0, NULL, 0), 0);
}
END_TEST

START_TEST(with_and_without_the_instruction_from_any_place_and_in_any_pieces)
{
    uint32_t words[64];
    const uint8_t *bytes = (const uint8_t *)words;
    vgrad__random random = vgrad__random_stream(1, VGRAD__RANDOM_CHECK, 0, 0);
    vgrad__random_words(&random, words, 64);
    for (size_t begin = 0; begin < 9; begin++)
        for (size_t count = 0; begin + count <= sizeof words; count++) {
            uint32_t sum = vgrad__crc32c(0, bytes + begin, count);
            ck_assert_uint_eq(sum, vgrad__crc32c_plain(0, bytes + begin, count));
            uint32_t part = vgrad__crc32c(0, bytes + begin, count / 3);
            ck_assert_uint_eq(sum,
                              vgrad__crc32c(part, bytes + begin + count / 3, count - count / 3));
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crc32c");
    add_tests(suite, "crc32c", the_published_answers,
              with_and_without_the_instruction_from_any_place_and_in_any_pieces);
    return run_suite(suite);
}
