/* SPDX-License-Identifier: Apache-2.0
 * What the AVX2 kernels share. Products of bytes are made of 16-bit halves: the instruction that
 * multiplies bytes saturates sums of two products, and would not be exact. */
#ifndef GANTRY_KERNELS_AVX2_H
#define GANTRY_KERNELS_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "kernels/pack.h"

enum { LANES = 8, CHUNK = 32 };

#define INLINE static inline __attribute__((always_inline))

/* Bytes 0 and 2, or 1 and 3, of each four as 16-bit numbers. */
INLINE __m256i even_bytes(__m256i x) { return _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8); }
INLINE __m256i odd_bytes(__m256i x) { return _mm256_srai_epi16(x, 8); }

/* acc + the sum of four products of bytes, lane by lane. */
INLINE __m256i add_products(__m256i acc, __m256i x_even, __m256i x_odd, __m256i w_even,
                            __m256i w_odd)
{
    __m256i sum =
        _mm256_add_epi32(_mm256_madd_epi16(x_even, w_even), _mm256_madd_epi16(x_odd, w_odd));
    return _mm256_add_epi32(acc, sum);
}

struct rounding {
    __m256i zero, lo, hi; /* zero in 16 bits, the range in 8 */
    bool wide;
};

INLINE struct rounding rounding_of(const struct gantry_requant *requant)
{
    return (struct rounding){_mm256_set1_epi16((short)requant->zero),
                             _mm256_set1_epi8((char)requant->lo),
                             _mm256_set1_epi8((char)requant->hi), requant->wide};
}

INLINE __m256i scaled(__m256i acc, __m256 scale, const struct rounding *r)
{
    __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), scale);
    if (__builtin_expect(r->wide, 0)) product = _mm256_min_ps(product, _mm256_set1_ps(1024.0f));
    return _mm256_cvtps_epi32(product);
}

/* Rule F on four vectors; bytes come out in the order of the packing (pack.h). */
INLINE __m256i requantize(const __m256i a[4], const __m256 s[4], const struct rounding *r)
{
    __m256i low = _mm256_packs_epi32(scaled(a[0], s[0], r), scaled(a[1], s[1], r));
    __m256i high = _mm256_packs_epi32(scaled(a[2], s[2], r), scaled(a[3], s[3], r));
    __m256i bytes =
        _mm256_packs_epi16(_mm256_adds_epi16(low, r->zero), _mm256_adds_epi16(high, r->zero));
    return _mm256_min_epi8(_mm256_max_epi8(bytes, r->lo), r->hi);
}

INLINE __m256i load(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }

/* Stores the first count bytes. */
INLINE void store_first(int8_t *to, __m256i bytes, int32_t count)
{
    if (count >= CHUNK) {
        _mm256_storeu_si256((__m256i *)(void *)to, bytes);
        return;
    }
    int8_t all[CHUNK];
    _mm256_storeu_si256((__m256i *)(void *)all, bytes);
    memcpy(to, all, (size_t)count);
}

#endif
