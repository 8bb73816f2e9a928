/* Folding, 32 bytes at a time: the first of the two things that the look-up does with every byte.
 *
 * `squeeze.py` says what the functions of the kernel do. `squeeze_in_numpy.py` does the same, several
 * times slower, on machines that have no C compiler or other processors than x86-64 with AVX2 and BMI2.
 * No library is used.
 */

#include "kernel.h"

enum {
    PAIR = 0x110000, /* two letters, see folding.py */
    LAST_CODE_POINT = 0x10FFFF,
    FIRST_HAN_LEAD = 0xE4,
    FIRST_HAN_CODE = 0xC0, /* what it is in a stream */
    ESCAPE = 6, /* the length of \u4e00 */
};

/* Tell whether this processor has what the functions below are compiled for. */
int usable(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

/* What a byte is: a bit that both its halves have in these tables. */
enum {
    LETTER_OR_DIGIT = 0x07,
    HAN = 0x10, /* begins a Han or Hangul character, which do not fold */
    SPECIAL = 0xE8, /* needs a closer look */
};
static const uint8_t BY_LOW_HALF[16] = {
    /* 0 */ 0x66, 0x67, 0x67, 0x67, 0x37, 0x3F, 0x3F, 0x37,
    /* 8 */ 0x37, 0x37, 0x3B, 0xB1, 0xB1, 0x31, 0x31, 0x61,
};
static const uint8_t BY_HIGH_HALF[16] = {
    [0x2] = 0x08,              /* % & * */
    [0x3] = 0x84,              /* digits; < and, not meant, a semicolon */
    [0x4] = 0x01, [0x6] = 0x01, /* letters from A to O */
    [0x5] = 0x82, [0x7] = 0x02, /* letters from P to Z; [ and backslash */
    [0xC] = 0x20, [0xD] = 0x20, [0xF] = 0x20, /* begin characters that may fold, or none at all */
    [0xE] = 0x50,              /* E4 to EE: Han; the others as before */
};

/* Fold a chunk by its single bytes; return a bit for each that needs a closer look: marks, and what
 * begins a character that may fold, or none at all. */
WITH_AVX2 static inline uint32_t fold_chunk(const uint8_t *source, uint8_t *folded)
{
    __m256i bytes = load(source);
    __m256i kind = in_tables(bytes, BY_LOW_HALF, BY_HIGH_HALF);
    __m256i inside_character = _mm256_cmpgt_epi8(all(0xC0), bytes); /* as signed: from 0x80 on */
    __m256i result = _mm256_blendv_epi8(all(BREAK), bytes, inside_character);
    __m256i han_code = _mm256_sub_epi8(bytes, all(FIRST_HAN_LEAD - FIRST_HAN_CODE));
    result = _mm256_blendv_epi8(result, han_code, equal(_mm256_and_si256(kind, all(HAN)), HAN));
    __m256i is_other = equal(_mm256_and_si256(kind, all(LETTER_OR_DIGIT)), 0);
    result = _mm256_blendv_epi8(either(bytes, all(0x20)), result, is_other);
    _mm256_storeu_si256((__m256i *)folded, result);
    return ~(uint32_t)bits_of(equal(_mm256_and_si256(kind, all(SPECIAL)), 0));
}

/* Return the length of the character that `lead` begins; 0 if it is a mark or begins none. */
static int length_of(uint8_t lead)
{
    return lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

static uint32_t code_point(const uint8_t *source, int length)
{
    uint32_t code = source[0] & (0x7F >> length);
    for (int at = 1; at < length; at++)
        code = code << 6 | (source[at] & 0x3F);
    return code > LAST_CODE_POINT ? LAST_CODE_POINT : code;
}

/* Write the fold of a character over its `length` bytes. Those that it leaves become invisible. */
static void write_fold(uint8_t *folded, int length, uint32_t value, const uint8_t *encoded)
{
    memset(folded, value == BREAK ? BREAK : INVISIBLE, length);
    if (value < 0x80) {
        folded[0] = (uint8_t)value;
        return;
    }
    if (value >= PAIR) {
        folded[0] = (uint8_t)((value - PAIR) >> 8);
        folded[1] = (uint8_t)(value - PAIR);
        return;
    }
    int size = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    if (size > length)
        return;
    for (int at = size - 1; at > 0; at--, value >>= 6)
        folded[at] = 0x80 | (value & 0x3F);
    folded[0] = encoded[(uint8_t)(value | (0xF00 >> size))];
}

/* What each hexadecimal digit is worth and one more, so that 0 is none. */
static const uint8_t DIGITS[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static int hexadecimal(uint8_t byte) { return DIGITS[byte] - 1; }

/* Return the UTF-16 code unit of an escape like \u4e00; -1 if none begins at `position`. */
static int32_t code_unit(const uint8_t *source, int64_t size, int64_t position)
{
    if (position + ESCAPE > size || source[position] != '\\' || source[position + 1] != 'u')
        return -1;
    const uint8_t *digits = source + position + 2;
    int first = hexadecimal(digits[0]), second = hexadecimal(digits[1]), third = hexadecimal(digits[2]),
        fourth = hexadecimal(digits[3]);
    return (first | second | third | fourth) < 0 ? -1 : first << 12 | second << 8 | third << 4 | fourth;
}

/* Tell whether what stands behind one of the marks < & % [ * lets it begin markup. */
static int may_begin_markup(const uint8_t *source, int64_t size, int64_t position)
{
    if (position + 1 >= size)
        return 0;
    uint8_t next = source[position + 1];
    switch (source[position]) {
    case '<':
        return is_letter(next) || next == '/' || next == '!' || next == '\\';
    case '&':
        return is_letter(next) || next == '#';
    case '%':
        return hexadecimal(next) >= 0 || next == 'u';
    case '[':
        return is_letter(next) || next == '/' || next == '\\';
    case ';':
        return 0;
    default:
        return next == '*' && position > 0 && is_alphanumeric(source[position - 1]) &&
               position + 2 < size && is_alphanumeric(source[position + 2]);
    }
}

/* What `fold` works on; see there. */
struct fold {
    const uint8_t *source;
    int64_t size;
    const uint32_t *table;
    const uint8_t *encoded;
    uint8_t *folded;
};

/* Write the fold of the character of UTF-8 that begins at `position`. */
static void fold_character(struct fold *work, int64_t position)
{
    const uint8_t *character = work->source + position;
    uint8_t *result = work->folded + position;
    int length = length_of(*character);
    if (!length)
        return;
    *result = work->encoded[*character];
    if (position + length > work->size)
        return;
    uint32_t code = code_point(character, length), value = work->table[code];
    if (value != code)
        write_fold(result, length, value, work->encoded);
}

/* Write what an escape of JSON stands for over it, and return where it ends. `unit` is set to the
 * code unit that it names, or to -1. */
static int64_t resolve_escape(struct fold *work, int64_t position, int32_t *unit)
{
    *unit = code_unit(work->source, work->size, position);
    if (*unit < 0) {
        if (memchr("bfnrt", work->source[position + 1], 5))
            work->folded[position + 1] = BREAK;
        return position + 2;
    }
    uint32_t code = (uint32_t)*unit;
    int length = 6;
    if (code >> 10 == 0x36) { /* the first half of a character outside the basic plane */
        int32_t second = code_unit(work->source, work->size, position + 6);
        if (second >> 10 == 0x37) {
            code = 0x10000 + ((code & 0x3FF) << 10) + ((uint32_t)second & 0x3FF);
            length = 12;
        }
    }
    write_fold(work->folded + position, length, work->table[code], work->encoded);
    return position + length;
}

/* Fold `size` bytes of UTF-8; if `escaped`, of JSON as it stands in a file, of which the escapes are
 * resolved. Write the positions where markup may begin, and return how many these are.
 *
 * `table` holds the folds of all code points, `encoded` what the bytes of UTF-8 are in a stream.
 * `marks` has room for `size` positions. */
WITH_AVX2 int64_t fold(const uint8_t *source, int64_t size, int64_t escaped, const uint32_t *table,
                       const uint8_t *encoded, uint8_t *folded, int64_t *marks)
{
    struct fold work = {source, size, table, encoded, folded};
    int64_t *special = marks; /* in one array: there are no more marks than bytes already looked at */
    int64_t special_count = 0, count = 0, end = 0;
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        uint32_t bits;
        if (size - begin >= CHUNK) {
            bits = fold_chunk(source + begin, folded + begin);
        } else {
            uint8_t rest[CHUNK] = {0}, result[CHUNK];
            memcpy(rest, source + begin, (size_t)(size - begin));
            bits = fold_chunk(rest, result);
            memcpy(folded + begin, result, (size_t)(size - begin));
        }
        for (; bits; bits &= bits - 1)
            special[special_count++] = begin + __builtin_ctz(bits);
    }
    for (int64_t number = 0; number < special_count; number++) {
        int64_t position = special[number];
        uint8_t byte = source[position];
        int is_mark;
        if (byte >= 0x80) {
            fold_character(&work, position);
            continue;
        }
        if (byte != '\\') {
            is_mark = may_begin_markup(source, size, position);
        } else if (position < end || position + 1 >= size) {
            continue; /* itself escaped, or cut off */
        } else if (escaped) {
            int32_t unit;
            end = resolve_escape(&work, position, &unit);
            uint8_t behind = source[position + 2 < size ? position + 2 : size - 1];
            is_mark = unit == '<' || unit == '&' ||
                      (source[position + 1] == '\\' && memchr("ux\\", behind, 3));
        } else {
            end = position + 2;
            is_mark = memchr("ux\\", source[position + 1], 3) != NULL;
        }
        marks[count] = position;
        count += is_mark;
    }
    return count;
}
