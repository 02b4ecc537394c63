/* SPDX-License-Identifier: Apache-2.0
 * What the AVX-512 kernels share: the product, and rule F for 64 results at a time. */
#ifndef GANTRY_KERNELS_AVX512_H
#define GANTRY_KERNELS_AVX512_H

#include <immintrin.h>
#include <string.h>

#include "kernels/pack.h"

/* One instruction by hand: from the intrinsic gcc 12 makes copies of the accumulator that halve
 * the speed. */
#define DOT(acc, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "vm"(w))

struct rounding {
    __m512i zero, lo, hi; /* zero in 16 bits, the range in 8 */
    bool wide;
};

static inline struct rounding rounding_of(const struct gantry_requant *requant)
{
    return (struct rounding){_mm512_set1_epi16((short)requant->zero),
                             _mm512_set1_epi8((char)requant->lo),
                             _mm512_set1_epi8((char)requant->hi), requant->wide};
}

/* Rule F on four vectors. Bytes come out in the order of the packing (pack.h). Saturation at each
 * narrowing changes nothing: what saturates is clamped to the same end of the range. */
static inline __attribute__((always_inline)) __m512i requantize(__m512i a0, __m512i a1, __m512i a2,
                                                                __m512i a3, __m512 s0, __m512 s1,
                                                                __m512 s2, __m512 s3,
                                                                const struct rounding *r)
{
    __m512 p0 = _mm512_mul_ps(_mm512_cvtepi32_ps(a0), s0);
    __m512 p1 = _mm512_mul_ps(_mm512_cvtepi32_ps(a1), s1);
    __m512 p2 = _mm512_mul_ps(_mm512_cvtepi32_ps(a2), s2);
    __m512 p3 = _mm512_mul_ps(_mm512_cvtepi32_ps(a3), s3);
    if (__builtin_expect(r->wide, 0)) {
        const __m512 limit = _mm512_set1_ps(1024.0f);
        p0 = _mm512_min_ps(p0, limit);
        p1 = _mm512_min_ps(p1, limit);
        p2 = _mm512_min_ps(p2, limit);
        p3 = _mm512_min_ps(p3, limit);
    }
    __m512i low = _mm512_packs_epi32(_mm512_cvtps_epi32(p0), _mm512_cvtps_epi32(p1));
    __m512i high = _mm512_packs_epi32(_mm512_cvtps_epi32(p2), _mm512_cvtps_epi32(p3));
    __m512i bytes =
        _mm512_packs_epi16(_mm512_adds_epi16(low, r->zero), _mm512_adds_epi16(high, r->zero));
    return _mm512_min_epi8(_mm512_max_epi8(bytes, r->lo), r->hi);
}

static inline __mmask64 first_lanes(int32_t count)
{
    return count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
}

#endif
