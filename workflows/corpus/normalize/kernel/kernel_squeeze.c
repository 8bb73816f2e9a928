/* Squeezing, 32 bytes at a time, and the questions about a stream which are asked too often for Python;
 * see kernel_fold.c.
 */

#include "kernel.h"

enum { WORD = 8 };

/* Tell whether the last visible byte before `position` is a Latin letter; `known` says it of `earlier`,
 * so that a long row of invisible bytes is looked at once. */
static uint64_t is_behind_letter(const uint8_t *folded, int64_t position, int64_t earlier, uint64_t known)
{
    while (position > earlier && folded[position - 1] == INVISIBLE)
        position--;
    return position > earlier ? (uint64_t)is_letter(folded[position - 1]) : known;
}

/* Return the bits that `normalize_stream` keeps of a chunk in which something invisible may stand between a
 * letter and the break behind it, and set the masks of its words. */
WITH_AVX2 static uint32_t keep_behind_invisible(__m256i bytes, uint64_t is_behind, uint64_t *masks)
{
    uint64_t invisible = bits_of(equal(bytes, INVISIBLE));
    uint64_t behind = bits_of(among(bytes, 'a', 26)) << 1 | is_behind;
    /* One added to the first bit of a row is carried to the bit behind the row. */
    behind |= ((behind & invisible) + invisible) & ~invisible;
    uint64_t content = bits_of(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, all(BREAK + 1)), bytes));
    uint32_t bits = (uint32_t)(content | (bits_of(equal(bytes, BREAK)) & behind));
    for (int number = 0; number < CHUNK / WORD; number++)
        masks[number] = _pdep_u64(bits >> 8 * number & 0xFF, 0x0101010101010101) * 0xFF;
    return bits;
}

/* Squeeze `size` folded bytes and return the length of the stream.
 *
 * `kept` gets a bit for each byte, and `before` for each chunk how many bytes of the stream come from
 * those before it. Stream and bits are written in whole words and need room for CHUNK bytes more. */
WITH_AVX2 int64_t squeeze(const uint8_t *folded, int64_t size, uint8_t *stream, uint8_t *kept,
                          int64_t *before)
{
    int64_t length = 0, asked_at = 0;
    uint64_t is_behind = 0; /* a letter, at `asked_at` */
    for (int64_t begin = 0; begin < size; begin += CHUNK) {
        const uint8_t *chunk = folded + begin;
        uint8_t edge[1 + CHUNK] = {BREAK};
        if (!begin || size - begin < CHUNK) { /* what lies before or behind must not be read */
            if (begin)
                edge[0] = chunk[-1];
            memcpy(edge + 1, chunk, (size_t)(size - begin < CHUNK ? size - begin : CHUNK));
            chunk = edge + 1;
        }
        __m256i bytes = load(chunk);
        __m256i previous = load(chunk - 1);
        /* What lies above a break is kept; after a letter, where 1 is taken off, the break is, too. */
        __m256i least = _mm256_add_epi8(all(BREAK + 1), among(previous, 'a', 26));
        __m256i keep = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, least), bytes);
        uint32_t bits = (uint32_t)bits_of(keep);
        uint64_t masks[CHUNK / WORD];
        _mm256_storeu_si256((__m256i *)masks, keep);
        if (bits_of(equal(previous, INVISIBLE))) {
            is_behind = is_behind_letter(folded, begin, asked_at, is_behind);
            asked_at = begin;
            bits = keep_behind_invisible(bytes, is_behind, masks);
        }
        memcpy(kept + begin / 8, &bits, sizeof bits);
        before[begin / CHUNK] = length;
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

/* Return how many of `size` bytes are this one. */
WITH_AVX2 int64_t count(const uint8_t *source, int64_t size, int64_t byte)
{
    int64_t number = 0, begin = 0;
    for (; size - begin >= CHUNK; begin += CHUNK) {
        __m256i bytes = load(source + begin);
        number += __builtin_popcount((uint32_t)bits_of(equal(bytes, (int)byte)));
    }
    for (; begin < size; begin++)
        number += source[begin] == byte;
    return number;
}

/* Return the position in the source of a byte of the stream, with what `normalize_stream` wrote. */
WITH_AVX2 static int64_t source_of(const uint8_t *kept, const int64_t *before, int64_t chunks,
                                   int64_t number)
{
    int64_t low = 0, high = chunks; /* the chunk is the last with no more than `number` bytes before */
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        *(before[middle] <= number ? &low : &high) = middle;
    }
    uint32_t bits;
    memcpy(&bits, kept + low * CHUNK / 8, sizeof bits);
    return low * CHUNK + __builtin_ctz(_pdep_u32((uint32_t)1 << (number - before[low]), bits));
}

/* Tell whether the next visible byte in one direction is a Latin letter. */
static int is_touched(const uint8_t *folded, int64_t size, int64_t position, int step)
{
    do
        position += step;
    while (position >= 0 && position < size && folded[position] == INVISIBLE);
    return position >= 0 && position < size && is_letter(folded[position]);
}

/* Turn `count` stretches of a stream, given by first and last byte, into those of the source. `words`
 * says of each whether no letter touches it there. */
WITH_AVX2 void spans(const uint8_t *kept, const int64_t *before, int64_t chunks, const uint8_t *folded,
                     int64_t size, int64_t *stretches, uint8_t *words, int64_t count)
{
    for (int64_t number = 0; number < count; number++) {
        int64_t *stretch = stretches + 2 * number;
        for (int side = 0; side < 2; side++)
            stretch[side] = source_of(kept, before, chunks, stretch[side]);
        words[number] = !is_touched(folded, size, stretch[0], -1) && !is_touched(folded, size, stretch[1], 1);
    }
}
