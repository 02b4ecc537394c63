/* SPDX-License-Identifier: Apache-2.0
 * What is no product, compiled for AVX-512. */
#include <immintrin.h>

#include "kernels/kernel.h"

enum { CHUNK = 64 };

/* The instruction that looks up two registers takes seven bits of an index; the eighth chooses
 * between two pairs. */
__attribute__((target("avx512vbmi"))) static size_t
look_up_chunks(const uint8_t table[256], const uint8_t *from, uint8_t *to, size_t count)
{
    const __m512i a = _mm512_loadu_si512(table), b = _mm512_loadu_si512(table + CHUNK);
    const __m512i c = _mm512_loadu_si512(table + 2 * CHUNK);
    const __m512i d = _mm512_loadu_si512(table + 3 * CHUNK);
    size_t i = 0;
    for (; i + CHUNK <= count; i += CHUNK) {
        __m512i x = _mm512_loadu_si512(from + i);
        __m512i low = _mm512_permutex2var_epi8(a, x, b), high = _mm512_permutex2var_epi8(c, x, d);
        _mm512_storeu_si512(to + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
    }
    return i;
}

static void look_up(const uint8_t table[256], const uint8_t *from, uint8_t *to, size_t count)
{
    size_t done = __builtin_cpu_supports("avx512vbmi") ? look_up_chunks(table, from, to, count) : 0;
    for (; done < count; done++) to[done] = table[from[done]];
}

/* ---- ADD, rule X. An element of each operand stands in the upper bytes of a pair of words: as
 * words they meet the factors' upper parts, as bytes the lower eight bits. ---- */

struct sums {
    __m512i low, high; /* parts of the factors */
    __m512i base, zero, lo, hi;
    __m128i shift;
};

static inline __m512i factor_pairs(int32_t k1, int32_t k2)
{
    return _mm512_set1_epi32((int32_t)((uint32_t)k2 << 16 | (uint16_t)k1));
}

/* Sums of 16 pairs. */
static inline __m512i add_pairs(const struct sums *s, __m512i pairs)
{
    __m512i sum = _mm512_dpbusd_epi32(s->base, s->low, pairs);
    return _mm512_sra_epi32(_mm512_dpwssd_epi32(sum, pairs, s->high), s->shift);
}

/* Sums of 32 pairs of bytes, as words. */
static inline __m512i add_words(const struct sums *s, __m512i pairs)
{
    const __m512i none = _mm512_setzero_si512();
    __m512i first = add_pairs(s, _mm512_unpacklo_epi8(none, pairs));
    __m512i second = add_pairs(s, _mm512_unpackhi_epi8(none, pairs));
    return _mm512_adds_epi16(_mm512_packs_epi32(first, second), s->zero);
}

static inline __m512i add_bytes(const struct sums *s, __m512i a, __m512i b)
{
    __m512i first = add_words(s, _mm512_unpacklo_epi8(a, b));
    __m512i second = add_words(s, _mm512_unpackhi_epi8(a, b));
    return _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(first, second), s->lo), s->hi);
}

static void add_run(const struct gantry_s8_add_args *args, const int8_t *a, const int8_t *b,
                    int8_t *to, int32_t count)
{
    int32_t k1 = args->k1, k2 = args->k2, i = 0;
    int32_t base = (1 << (args->shift - 1)) - k1 * args->zero1 - k2 * args->zero2;
    const struct sums s = {.low = factor_pairs((k1 & 0xff) << 8, (k2 & 0xff) << 8),
                           .high = factor_pairs(k1 >> 8, k2 >> 8),
                           .base = _mm512_set1_epi32(base),
                           .zero = _mm512_set1_epi16((short)args->zero_out),
                           .lo = _mm512_set1_epi8((char)args->clamp_min),
                           .hi = _mm512_set1_epi8((char)args->clamp_max),
                           .shift = _mm_cvtsi32_si128(args->shift)};
    for (; i + CHUNK <= count; i += CHUNK)
        _mm512_storeu_si512(to + i,
                            add_bytes(&s, _mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i)));
    if (i == count) return;
    __mmask64 rest = ((__mmask64)1 << (count - i)) - 1;
    __m512i x = _mm512_maskz_loadu_epi8(rest, a + i), y = _mm512_maskz_loadu_epi8(rest, b + i);
    _mm512_mask_storeu_epi8(to + i, rest, add_bytes(&s, x, y));
}

#define ADD_RUN add_run
#define ISA(name) name##__avx512
#include "kernels/elementwise.h"
