/* What the two parts of the kernel share: their numbers, and 32 bytes looked at together. */

#ifndef KERNEL_H
#define KERNEL_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum {
    CHUNK = 32,
    INVISIBLE = 1,
    BREAK = ' ',
};

#define WITH_AVX2 __attribute__((target("avx2,bmi2,popcnt")))

WITH_AVX2 static inline __m256i all(int byte) { return _mm256_set1_epi8((char)byte); }

/* Set the bytes that are one of `count` bytes from `first` on. */
WITH_AVX2 static inline __m256i among(__m256i bytes, int first, int count)
{
    __m256i distance = _mm256_sub_epi8(bytes, all(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(distance, all(count - 1)), distance);
}

WITH_AVX2 static inline __m256i either(__m256i one, __m256i other) { return _mm256_or_si256(one, other); }

WITH_AVX2 static inline __m256i equal(__m256i bytes, int byte) { return _mm256_cmpeq_epi8(bytes, all(byte)); }

WITH_AVX2 static inline __m256i load(const uint8_t *chunk) { return _mm256_loadu_si256((const __m256i *)chunk); }

WITH_AVX2 static inline uint64_t bits_of(__m256i bytes) { return (uint32_t)_mm256_movemask_epi8(bytes); }

/* Return for each byte the bits that its low half has in `low` and its high half in `high`. */
WITH_AVX2 static inline __m256i in_tables(__m256i bytes, const uint8_t *low, const uint8_t *high)
{
    __m256i lows = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)low));
    __m256i highs = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)high));
    __m256i half = all(0x0F);
    return _mm256_and_si256(
        _mm256_shuffle_epi8(lows, _mm256_and_si256(bytes, half)),
        _mm256_shuffle_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
}

static inline int is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

static inline int is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }

static inline int is_alphanumeric(uint8_t byte) { return is_digit(byte) || is_letter(byte); }

#endif
