/* SPDX-License-Identifier: Apache-2.0
 * Matrix product with AVX2: tiles of 4 pixels x 16 channels, or 4 x 8. */
#include "kernels/x86/avx2.h"

enum { ROWS = 4, VECTORS = 2 };

/* Adds the products of bytes k .. k + 3 of each pixel. */
INLINE void add_4(const int8_t *const *x, ptrdiff_t k, const int8_t *w, const int nv, const int mr,
                  __m256i *acc)
{
    __m256i even[VECTORS], odd[VECTORS];
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) {
        __m256i wv = load(w + CHUNK * j);
        even[j] = even_bytes(wv);
        odd[j] = odd_bytes(wv);
    }
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) {
        int32_t four;
        memcpy(&four, x[i] + k, sizeof four);
        __m256i xv = _mm256_set1_epi32(four);
        __m256i x_even = even_bytes(xv), x_odd = odd_bytes(xv);
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++)
            acc[i * nv + j] = add_products(acc[i * nv + j], x_even, x_odd, even[j], odd[j]);
    }
}

INLINE void multiply(const struct gantry_gemm_call *call, const int nv, const int mr, __m256i *acc)
{
    const int8_t *w = call->weights;
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) acc[i * nv + j] = load(call->bias + LANES * j);
    for (int32_t s = 0; s < call->segments; s++) {
        const int8_t *x[ROWS];
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++) x[i] = call->rows[s * call->pitch + i];
        for (ptrdiff_t k = 0; k < 4 * (ptrdiff_t)call->groups; k += 4, w += CHUNK * nv)
            add_4(x, k, w, nv, mr, acc);
    }
    for (int32_t e = 0; e < call->rest_count; e++, w += CHUNK * nv)
        add_4(call->rows + call->rests[e].segment * (ptrdiff_t)call->pitch, call->rests[e].byte, w,
              nv, mr, acc);
}

INLINE void store_pixel(const struct gantry_gemm_call *call, int i, const int8_t *bytes)
{
    memcpy(call->out + i * call->out_stride, bytes, (size_t)call->channels);
}

/* Two pixels of 16 channels, or four of 8, fill four vectors. */
INLINE void tile(const struct gantry_gemm_call *call, const int nv, const int mr)
{
    __m256i acc[ROWS * VECTORS];
    multiply(call, nv, mr, acc);
    struct rounding r = rounding_of(&call->requant);
    const int step = 4 / nv, last = mr * nv - 1;
#pragma GCC unroll 4
    for (int i = 0; i < mr; i += step) {
        __m256i a[4];
        __m256 s[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            int at = i * nv + q;
            a[q] = acc[at < last ? at : last];
            s[q] = _mm256_loadu_ps(call->scale + LANES * (q % nv));
        }
        int8_t bytes[CHUNK];
        __m256i y = requantize(a, s, &r);
        if (nv == 2)
            y = _mm256_permute4x64_epi64(y, 0xd8);
        else
            y = _mm256_permutevar8x32_epi32(y, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256((__m256i *)(void *)bytes, y);
        for (int p = 0; p < step && i + p < mr; p++)
            store_pixel(call, i + p, bytes + p * nv * LANES);
    }
}

#include "kernels/gemm_tiles.h"

static uint64_t peak(int32_t rounds)
{
    __m256i acc[ROWS * VECTORS], x = _mm256_set1_epi16(1);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS * VECTORS; i++) acc[i] = _mm256_setzero_si256();
    for (int32_t round = 0; round < rounds; round++) {
#pragma GCC unroll 8
        for (int i = 0; i < ROWS * VECTORS; i++) {
            __m256i product;
            __asm__ volatile("vpmaddwd %1, %1, %0" : "=x"(product) : "x"(x));
            __asm__ volatile("vpaddd %1, %0, %0" : "+x"(acc[i]) : "x"(product));
        }
    }
    return (uint64_t)rounds * ROWS * VECTORS * 2 * LANES;
}

static void copy(int8_t *to, const int8_t *from, int32_t count) { memcpy(to, from, (size_t)count); }

const struct gantry_gemm_isa gantry_gemm__avx2 = {.lanes = LANES,
                                                  .vectors = VECTORS,
                                                  .rows = {0, ROWS, ROWS},
                                                  .tile = run_tile,
                                                  .copy = copy,
                                                  .peak = peak};
