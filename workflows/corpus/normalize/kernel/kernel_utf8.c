/* Tells whether bytes are UTF-8, 32 of them at a time; see kernel_fold.c. */

#include "kernel.h"

/* Behind these leads not every second byte is one (Unicode Standard, table 3-7): it would make an overlong
 * form, half of a surrogate pair, or a character beyond the last. A bit for each that is refused here. */
enum {
    AFTER_E0 = 1, /* 80 to 9F */
    AFTER_ED = 2, /* A0 to BF */
    AFTER_F0 = 4, /* 80 to 8F */
    AFTER_F4 = 8, /* 90 to BF */
    EVERY = 15,
    REACH = 3, /* so many bytes go on with a character */
};
static const uint8_t LEAD_BY_LOW_HALF[16] = {
    [0x0] = AFTER_E0 | AFTER_F0, [0x4] = AFTER_F4, [0xD] = AFTER_ED,
};
static const uint8_t LEAD_BY_HIGH_HALF[16] = {
    [0xE] = AFTER_E0 | AFTER_ED, [0xF] = AFTER_F0 | AFTER_F4,
};
static const uint8_t SECOND_BY_LOW_HALF[16] = {
    EVERY, EVERY, EVERY, EVERY, EVERY, EVERY, EVERY, EVERY,
    EVERY, EVERY, EVERY, EVERY, EVERY, EVERY, EVERY, EVERY,
};
static const uint8_t SECOND_BY_HIGH_HALF[16] = {
    [0x8] = AFTER_E0 | AFTER_F0, [0x9] = AFTER_E0 | AFTER_F4,
    [0xA] = AFTER_ED | AFTER_F4, [0xB] = AFTER_ED | AFTER_F4,
};

/* Tell whether every character of `size` bytes is well formed. C0, C1 and what comes after F4 may stand
 * between characters: these bytes begin none, and fold to a break by themselves. */
WITH_AVX2 int64_t is_well_formed(const uint8_t *source, int64_t size)
{
    __m256i broken = all(0);
    /* One byte behind the last is looked at, where a character that is cut off would go on. */
    for (int64_t begin = 0; begin <= size; begin += CHUNK) {
        const uint8_t *chunk = source + begin;
        uint8_t edge[REACH + CHUNK] = {0};
        if (!begin || size - begin < CHUNK) { /* what lies before or behind must not be read */
            int64_t before = begin ? REACH : 0, behind = size - begin < CHUNK ? size - begin : CHUNK;
            memcpy(edge + REACH - before, chunk - before, (size_t)(before + behind));
            chunk = edge + REACH;
        }
        __m256i bytes = load(chunk), one_before = load(chunk - 1);
        __m256i two_before = load(chunk - 2), three_before = load(chunk - 3);
        if (!bits_of(either(either(bytes, one_before), either(two_before, three_before))))
            continue; /* all of them ASCII */
        __m256i is_due = either(
            among(one_before, 0xC2, 0xF5 - 0xC2),
            either(among(two_before, 0xE0, 0xF5 - 0xE0), among(three_before, 0xF0, 0xF5 - 0xF0)));
        __m256i goes_on = _mm256_cmpgt_epi8(all(0xC0), bytes); /* as signed: 80 to BF */
        __m256i refused = _mm256_and_si256(
            in_tables(one_before, LEAD_BY_LOW_HALF, LEAD_BY_HIGH_HALF),
            in_tables(bytes, SECOND_BY_LOW_HALF, SECOND_BY_HIGH_HALF));
        broken = either(broken, either(refused, _mm256_xor_si256(is_due, goes_on)));
    }
    return _mm256_testz_si256(broken, broken);
}
