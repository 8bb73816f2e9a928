/* The two steps of the look-up that touch every byte, folding and squeezing, 32 bytes at a time.
 *
 * `squeeze.py` says what they do. `squeeze_in_numpy.py` does the same, four times slower, on machines
 * that have no C compiler or other processors than x86-64 with AVX2 and BMI2. No library is used.
 */

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum {
    CHUNK = 32,
    WORD = 8,
    INVISIBLE = 1,
    BREAK = ' ',
    PAIR = 0x110000, /* two letters, see folding.py */
    LAST_CODE_POINT = 0x10FFFF,
    FIRST_HAN_LEAD = 0xE4, /* of the bytes that begin Han and Hangul, which do not fold */
    HAN_LEADS = 11,
    FIRST_HAN_CODE = 0xC0, /* what the first of them is in a stream */
    MOST_UNKNOWN = 64,
};

static const uint32_t UNKNOWN = 0xFFFFFFFF; /* a fold that the table has not learned yet */

#define WITH_AVX2 __attribute__((target("avx2,bmi2,popcnt")))

/* Tell whether this processor has what the functions below are compiled for. */
int usable(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

WITH_AVX2 static inline __m256i all(int byte) { return _mm256_set1_epi8((char)byte); }

/* Set the bytes that are one of `count` bytes from `first` on. */
WITH_AVX2 static inline __m256i among(__m256i bytes, int first, int count)
{
    __m256i distance = _mm256_sub_epi8(bytes, all(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(distance, all(count - 1)), distance);
}

WITH_AVX2 static inline __m256i either(__m256i one, __m256i other) { return _mm256_or_si256(one, other); }

WITH_AVX2 static inline __m256i equal(__m256i bytes, int byte) { return _mm256_cmpeq_epi8(bytes, all(byte)); }

/* Fold a chunk by its single bytes; return a bit for each that needs a closer look: marks, and what
 * begins a character that may fold, or none at all. */
WITH_AVX2 static inline uint32_t fold_chunk(const uint8_t *source, uint8_t *folded)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)source);
    __m256i lower = either(bytes, all(0x20));
    __m256i han = among(bytes, FIRST_HAN_LEAD, HAN_LEADS);
    __m256i as_it_is = either(among(bytes, '0', 10), among(bytes, 0x80, 0x40));
    __m256i result = _mm256_blendv_epi8(all(BREAK), lower, among(lower, 'a', 26));
    result = _mm256_blendv_epi8(result, bytes, as_it_is);
    __m256i han_code = _mm256_sub_epi8(bytes, all(FIRST_HAN_LEAD - FIRST_HAN_CODE));
    result = _mm256_blendv_epi8(result, han_code, han);
    _mm256_storeu_si256((__m256i *)folded, result);

    __m256i special = _mm256_andnot_si256(han, among(bytes, 0xC0, 0x40));
    special = either(special, either(equal(bytes, '<'), equal(bytes, '&')));
    special = either(special, either(equal(bytes, '%'), equal(bytes, '[')));
    special = either(special, either(equal(bytes, '*'), equal(bytes, '\\')));
    return (uint32_t)_mm256_movemask_epi8(special);
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

/* Fold `size` bytes of UTF-8. Write the positions of those that needed a closer look, and return how
 * many these are.
 *
 * `table` holds the folds of all code points, `encoded` what the bytes of UTF-8 are in a stream.
 * `unknown` gets up to MOST_UNKNOWN code points of which the table has no fold yet; if there is one,
 * the result is not complete. */
WITH_AVX2 int64_t fold(const uint8_t *source, int64_t size, const uint32_t *table,
                       const uint8_t *encoded, uint8_t *folded, int64_t *special, uint32_t *unknown,
                       int64_t *unknown_count)
{
    int64_t count = 0;
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
        for (; bits; bits &= bits - 1) {
            int64_t position = begin + __builtin_ctz(bits);
            special[count] = position;
            count += source[position] < 0x80 || length_of(source[position]);
        }
    }
    *unknown_count = 0;
    for (int64_t number = 0; number < count; number++) {
        const uint8_t *character = source + special[number];
        uint8_t *result = folded + special[number];
        int length = length_of(*character);
        if (!length)
            continue;
        *result = encoded[*character];
        if (special[number] + length > size)
            continue;
        uint32_t code = code_point(character, length), value = table[code];
        if (value == UNKNOWN) {
            if (*unknown_count < MOST_UNKNOWN)
                unknown[(*unknown_count)++] = code;
        } else if (value != code) {
            write_fold(result, length, value, encoded);
        }
    }
    return count;
}

/* Squeeze `size` folded bytes and return the length of the stream.
 *
 * `kept` gets a bit for each byte, and `before` for each chunk how many bytes of the stream come from
 * those before it. Stream and bits are written in whole words and need room for CHUNK bytes more. */
WITH_AVX2 int64_t squeeze(const uint8_t *folded, int64_t size, uint8_t *stream, uint8_t *kept,
                          int64_t *before)
{
    int64_t length = 0;
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        const uint8_t *chunk = folded + begin;
        uint8_t edge[1 + CHUNK] = {BREAK};
        if (!begin || size - begin < CHUNK) { /* what lies before or behind must not be read */
            if (begin)
                edge[0] = chunk[-1];
            memcpy(edge + 1, chunk, (size_t)(size - begin < CHUNK ? size - begin : CHUNK));
            chunk = edge + 1;
        }
        __m256i bytes = _mm256_loadu_si256((const __m256i *)chunk);
        __m256i previous = _mm256_loadu_si256((const __m256i *)(chunk - 1));
        /* What lies above a break is kept; after a letter, where 1 is taken off, the break is, too. */
        __m256i least = _mm256_add_epi8(all(BREAK + 1), among(previous, 'a', 26));
        __m256i keep = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, least), bytes);
        uint32_t bits = (uint32_t)_mm256_movemask_epi8(keep);
        memcpy(kept + begin / 8, &bits, sizeof bits);
        before[begin / CHUNK] = length;
        uint64_t masks[CHUNK / WORD];
        _mm256_storeu_si256((__m256i *)masks, keep);
        for (int number = 0; number < CHUNK / WORD; number++, bits >>= 8) {
            uint64_t word;
            memcpy(&word, chunk + number * WORD, WORD);
            word = _pext_u64(word, masks[number]);
            memcpy(stream + length, &word, WORD);
            length += __builtin_popcount(bits & 0xFF);
        }
    }
    return length;
}

/* Find where eight bytes in a row are digits, letters that look like 0 or 1, or breaks; write the end
 * of each such stretch of a stream, and return how many there are. `size` is less than the room for
 * them; a stretch over the end of a chunk may be written twice. */
WITH_AVX2 int64_t lookalikes(const uint8_t *stream, int64_t size, int64_t *ends)
{
    int64_t count = 0;
    uint64_t bits = 0; /* of the chunk, above the last seven of the one before */
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        const uint8_t *chunk = stream + begin;
        uint8_t rest[CHUNK] = {0};
        if (size - begin < CHUNK)
            chunk = memcpy(rest, chunk, (size_t)(size - begin));
        __m256i bytes = _mm256_loadu_si256((const __m256i *)chunk);
        __m256i some = either(among(bytes, '0', 10), equal(bytes, BREAK));
        some = either(some, either(equal(bytes, 'o'), either(equal(bytes, 'i'), equal(bytes, 'l'))));
        bits = bits >> CHUNK | (uint64_t)(uint32_t)_mm256_movemask_epi8(some) << 7;
        uint64_t runs = bits & bits >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        for (uint64_t last = runs & ~(runs >> 1); last; last &= last - 1)
            ends[count++] = begin + __builtin_ctzll(last) + 1;
    }
    return count;
}
