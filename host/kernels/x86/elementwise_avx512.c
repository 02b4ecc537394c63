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

#define ISA(name) name##__avx512
#include "kernels/elementwise.h"
