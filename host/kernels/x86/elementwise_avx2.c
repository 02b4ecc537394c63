/* SPDX-License-Identifier: Apache-2.0
 * What is no product, compiled for AVX2. */
#include <immintrin.h>

#include "kernels/kernel.h"

/* The byte of a table for each index, 16 entries at a time: an index beyond its sixteen gets its
 * highest bit set, for which the shuffle yields 0. */
static void look_up(const uint8_t table[256], const uint8_t *from, uint8_t *to, size_t count)
{
    enum { CHUNK = 32, PARTS = 16 };
    const __m256i beyond = _mm256_set1_epi8(0x70);
    size_t i = 0;
    for (; i + CHUNK <= count; i += CHUNK) {
        __m256i x = _mm256_loadu_si256((const void *)(from + i)), y = _mm256_setzero_si256();
#pragma GCC unroll 16
        for (int p = 0; p < PARTS; p++) {
            __m256i part =
                _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table + 16 * p)));
            __m256i index = _mm256_xor_si256(x, _mm256_set1_epi8((char)(16 * p)));
            index = _mm256_adds_epu8(index, beyond);
            y = _mm256_or_si256(y, _mm256_shuffle_epi8(part, index));
        }
        _mm256_storeu_si256((void *)(to + i), y);
    }
    for (; i < count; i++) to[i] = table[from[i]];
}

#define ISA(name) name##__avx2
#include "kernels/elementwise.h"
