/* Where a stream may hold a number that is not written in digits alone: with letters that look like
 * digits, or in English words. `numerals.py` reads it then.
 */

#include "kernel.h"

enum {
    REACH_OF_NUMBER = 24, /* as in stream_bytes.py, like the next two */
    LEAST_DIGITS = 4,
    LEAST_SIGNS = 8,
    FIRST_BYTES = 4,
    LONGEST_WORD = 8,
    NONE = -1,
    STEP_IN_WORDS = 64,
    FARTHEST_BACK = 128, /* eighteen numerals, with strokes between them */
    MOST_IN_WORDS = 256, /* the bytes that are read at a time; a number is shorter by a step */
};

static const uint64_t EACH_EIGHTH = 0x80808080;

static int looks_like_digit(uint8_t byte) { return byte == 'o' || byte == 'i' || byte == 'l'; }

/* Tell whether a number stands before `end` in which letters look like digits, as `has_letter_digits`
 * in numerals.py does: it has four digits, and eight of both, in the last REACH_OF_NUMBER bytes. A letter
 * at its edge counts only if no word goes on there: "12345678 of" is none. */
static int is_half_in_letters(const uint8_t *stream, int64_t size, int64_t end)
{
    int64_t farthest = end > REACH_OF_NUMBER ? end - REACH_OF_NUMBER : 0, begin = end;
    int64_t first = NONE, last = NONE; /* of the digits */
    while (begin > farthest && (is_digit(stream[begin - 1]) || looks_like_digit(stream[begin - 1]) ||
                                stream[begin - 1] == BREAK)) {
        begin--;
        if (is_digit(stream[begin])) {
            last = last == NONE ? begin : last;
            first = begin;
        }
    }
    if (first == NONE)
        return 0;
    int64_t start = first, stop = last + 1; /* with the letters that touch the digits */
    while (start > begin && looks_like_digit(stream[start - 1]))
        start--;
    while (stop < end && looks_like_digit(stream[stop]))
        stop++;
    int digits = 0, signs = 0, inside = 0;
    for (int64_t at = start; at < stop; at++) {
        digits += is_digit(stream[at]);
        signs += stream[at] != BREAK;
        inside |= at > first && at < last && looks_like_digit(stream[at]);
    }
    int first_is_whole = start > begin || begin == farthest || !is_letter(stream[begin - 1]);
    int last_is_whole = stop < end || end >= size || !is_letter(stream[end]);
    return digits >= LEAST_DIGITS && signs >= LEAST_SIGNS &&
           (inside || (start < first && first_is_whole) || (stop > last + 1 && last_is_whole));
}

/* Find numbers in which letters look like 0 and 1, within eight bytes or more in a row that are digits,
 * such letters, or breaks. Write the end of each such stretch of a stream, and within it each place on
 * the way that is a multiple of LEAST_SIGNS, if it is the end of a number so far; return how many these
 * are. `size` is less than the room for them. */
WITH_AVX2 int64_t lookalikes(const uint8_t *stream, int64_t size, int64_t *ends)
{
    int64_t count = 0;
    uint64_t bits = 0; /* of the chunk, above the last seven of the one before */
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        const uint8_t *chunk = stream + begin;
        uint8_t rest[CHUNK] = {0};
        if (size - begin < CHUNK)
            chunk = memcpy(rest, chunk, (size_t)(size - begin));
        __m256i bytes = load(chunk);
        __m256i some = either(among(bytes, '0', 10), equal(bytes, BREAK));
        some = either(some, either(equal(bytes, 'o'), either(equal(bytes, 'i'), equal(bytes, 'l'))));
        bits = bits >> CHUNK | bits_of(some) << 7;
        uint64_t runs = bits & bits >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        /* The last byte of the chunk is one of these, so that a stretch may go on in the next one. */
        for (uint64_t last = runs & (~(runs >> 1) | EACH_EIGHTH); last; last &= last - 1) {
            int64_t end = begin + __builtin_ctzll(last) + 1;
            ends[count] = end;
            count += is_half_in_letters(stream, size, end);
        }
    }
    return count;
}

struct word {
    char text[9];
    int8_t length;
    int8_t group; /* of words whose first bytes are looked for together; NONE if they are not */
};

/* Words of numbers as they stand in a stream, by their first letter. By those with a group each number
 * that is written in words, or with words between its groups of digits, is found. */
static const struct word WORDS[] = {
    {"dash", 4, 3},   {"double", 6, 3},     {"eight", 5, 6},       {"five", 4, 4},  {"four", 4, 3},
    {"hyphen", 6, 5}, {"hundred", 7, NONE}, {"i", 1, NONE},        {"l", 1, NONE},  {"nine", 4, 6},
    {"one", 3, 1},    {"oh", 2, 7},         {"o", 1, NONE},        {"seven", 5, 4}, {"six", 3, 5},
    {"space", 5, 5},  {"two", 3, 2},        {"three", 5, 0},       {"then", 4, 6},  {"triple", 6, 0},
    {"thousand", 8, NONE}, {"zero", 4, 0},  {"", 0, NONE},
};
/* The first of these with each letter. */
static const struct word *const WITH_LETTER[26] = {
    ['d' - 'a'] = WORDS,      ['e' - 'a'] = WORDS + 2,  ['f' - 'a'] = WORDS + 3,
    ['h' - 'a'] = WORDS + 5,  ['i' - 'a'] = WORDS + 7,  ['l' - 'a'] = WORDS + 8,
    ['n' - 'a'] = WORDS + 9,  ['o' - 'a'] = WORDS + 10, ['s' - 'a'] = WORDS + 13,
    ['t' - 'a'] = WORDS + 16, ['z' - 'a'] = WORDS + 21,
};
/* Strokes of Chinese characters and words for them, which part its groups: STROKES in numerals.py. */
static const uint8_t STROKES[][3] = {
    {0xC0, 0xB8, 0xA8}, {0xC0, 0xB8, 0xB6}, {0xC2, 0x9D, 0xA0},
    {0xC2, 0xA8, 0xAA}, {0xC3, 0xA9, 0xBA}, {0xC2, 0xA0, 0xBC},
};

/* Chinese numerals, of which single ones may stand among words: NUMERALS there. */
static const uint8_t NUMERALS[][3] = {
    {0xC5, 0x9B, 0xB6}, {0xC2, 0xB4, 0x9E}, {0xC0, 0xB8, 0x80}, {0xC1, 0xA3, 0xB9}, {0xC1, 0xBC, 0x8C},
    {0xC1, 0xB9, 0xBA}, {0xC0, 0xBA, 0x8C}, {0xC4, 0xB4, 0xB0}, {0xC4, 0xB2, 0xB3}, {0xC1, 0xBC, 0x8D},
    {0xC0, 0xB8, 0xA4}, {0xC1, 0x85, 0xA9}, {0xC0, 0xB8, 0x89}, {0xC1, 0x8F, 0x81}, {0xC1, 0x8F, 0x83},
    {0xC1, 0x8F, 0x84}, {0xC1, 0xBC, 0x8E}, {0xC1, 0x9B, 0x9B}, {0xC4, 0x82, 0x86}, {0xC0, 0xBA, 0x94},
    {0xC0, 0xBC, 0x8D}, {0xC1, 0x85, 0xAD}, {0xC5, 0x99, 0x86}, {0xC5, 0x99, 0xB8}, {0xC0, 0xB8, 0x83},
    {0xC2, 0x9F, 0x92}, {0xC2, 0x8B, 0x90}, {0xC1, 0x85, 0xAB}, {0xC2, 0x8D, 0x8C}, {0xC0, 0xB9, 0x9D},
    {0xC3, 0x8E, 0x96}, {0xC1, 0x8B, 0xBE},
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Return the word that begins at `position`, where a letter stands; none if none does. */
static const struct word *word_at(const uint8_t *stream, int64_t size, int64_t position)
{
    uint64_t here = 0, text; /* compared at once: to call memcmp took most of the time */
    if (position + LONGEST_WORD <= size)
        memcpy(&here, stream + position, LONGEST_WORD);
    else
        memcpy(&here, stream + position, (size_t)(size - position));
    const char letter = (char)(stream[position] | 0x20);
    for (const struct word *word = WITH_LETTER[letter - 'a']; word && word->text[0] == letter; word++) {
        memcpy(&text, word->text, LONGEST_WORD);
        if (!((here ^ text) << 8 * (LONGEST_WORD - word->length)))
            return word;
    }
    return NULL;
}

/* Tell whether one of `count` characters of three bytes begins at `position`. */
static int is_one_of(const uint8_t signs[][3], int count, const uint8_t *stream, int64_t size,
                     int64_t position)
{
    for (int number = 0; number < count; number++)
        if (position + 3 <= size && !memcmp(stream + position, signs[number], 3))
            return 1;
    return 0;
}

static int is_stroke(const uint8_t *stream, int64_t size, int64_t position)
{
    return is_one_of(STROKES, COUNT(STROKES), stream, size, position);
}

static int is_numeral(const uint8_t *stream, int64_t size, int64_t position)
{
    return is_one_of(NUMERALS, COUNT(NUMERALS), stream, size, position);
}

/* Return how many digits, numerals and words of a number stand in a row from `position` on, and set `end`. */
static int count_onwards(const uint8_t *stream, int64_t size, int64_t position, int64_t *end)
{
    int count = 0;
    while (position < size) {
        uint8_t byte = stream[position];
        int length = 0;
        if (is_digit(byte)) {
            length = 1;
            count++;
        } else if (is_letter(byte)) {
            const struct word *word = word_at(stream, size, position);
            length = word ? word->length : 0;
            count += word != NULL;
        } else if (byte == BREAK) {
            length = 1;
        } else if (byte >= 0xC0) {
            int counts = is_numeral(stream, size, position);
            length = counts || is_stroke(stream, size, position) ? 3 : 0;
            count += counts;
        }
        if (!length)
            break;
        position += length;
    }
    *end = position;
    return count;
}

/* Return how many digits, or signs in their place, stand in a row before `position`, and set `begin` to
 * the first of them or before it. Letters that end a longer word are no digits: "will one …". */
static int count_back(const uint8_t *stream, int64_t size, int64_t position, int64_t *begin)
{
    int count = 0, letters = 0; /* those that were passed last */
    int64_t at = position;
    for (; at > 0 && at > position - FARTHEST_BACK; at--) {
        uint8_t byte = stream[at - 1];
        if (is_letter(byte) && byte != 'h' && !looks_like_digit(byte)) {
            count -= letters;
            break;
        }
        letters = looks_like_digit(byte) ? letters + 1 : 0;
        if (is_digit(byte) || looks_like_digit(byte))
            count++;
        else if (byte != BREAK && byte != 'h' && byte < 0x80)
            break;
        else if (byte >= 0xC0 && is_numeral(stream, size, at - 1))
            count++;
        else if (byte >= 0xC0 && !is_stroke(stream, size, at - 1))
            break;
    }
    *begin = at;
    return count;
}

/* Find numbers that are written in English words, in whole or in part: eight digits and words in a row.
 * Write where each such stretch of a stream begins and ends, long ones in pieces that overlap, and return
 * how many these are. `size` is less than the room for them. */
WITH_AVX2 int64_t numbers_in_words(const uint8_t *stream, int64_t size, int64_t *stretches)
{
    /* For the low and the high half of each of their first bytes, a bit for each group. */
    uint8_t low[FIRST_BYTES][16] = {{0}}, high[FIRST_BYTES][16] = {{0}};
    for (const struct word *word = WORDS; word < WORDS + COUNT(WORDS); word++)
        for (int at = 0; at < FIRST_BYTES && word->group != NONE; at++)
            for (int half = 0; half < 16; half++) {
                int any = at >= word->length; /* what is behind a short word */
                low[at][half] |= (uint8_t)((any || half == (word->text[at] & 0x0F)) << word->group);
                high[at][half] |= (uint8_t)((any || half == word->text[at] >> 4) << word->group);
            }
    int64_t count = 0, end = 0;
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        const uint8_t *chunk = stream + begin;
        uint8_t rest[CHUNK + FIRST_BYTES] = {0};
        if (size - begin < CHUNK + FIRST_BYTES)
            chunk = memcpy(rest, chunk, (size_t)(size - begin));
        __m256i found = in_tables(load(chunk), low[0], high[0]);
        for (int at = 1; at < FIRST_BYTES; at++)
            found = _mm256_and_si256(found, in_tables(load(chunk + at), low[at], high[at]));
        uint32_t bits = ~(uint32_t)bits_of(equal(found, 0));
        for (; bits; bits &= bits - 1) {
            int64_t position = begin + __builtin_ctz(bits);
            const struct word *word =
                position < end || !is_letter(stream[position]) ? NULL : word_at(stream, size, position);
            if (!word || word->group == NONE)
                continue;
            int64_t first, stop;
            int signs = 1 + count_onwards(stream, size, position + word->length, &stop);
            if (signs + count_back(stream, size, position, &first) < LEAST_SIGNS)
                continue;
            for (end = first; end < stop; first += STEP_IN_WORDS) {
                end = stop - first > MOST_IN_WORDS ? first + MOST_IN_WORDS : stop;
                stretches[count++] = first;
                stretches[count++] = end;
            }
        }
    }
    return count / 2;
}
