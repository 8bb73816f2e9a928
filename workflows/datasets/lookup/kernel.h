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

static inline int is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

static inline int is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }

static inline int is_alphanumeric(uint8_t byte) { return is_digit(byte) || is_letter(byte); }

#endif
