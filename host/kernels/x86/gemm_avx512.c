/* SPDX-License-Identifier: Apache-2.0
 * Matrix product with AVX-512 VNNI: tiles of 6 pixels x 64 channels, 8 x 32, 12 x 16 or 8 x 8, all
 * accumulators in registers. */
#include "kernels/x86/avx512.h"

enum { LANES = 16, TILE_MAX = 24, ROWS_MAX = 12, HALF_ROWS = 8 };

#define INLINE static inline __attribute__((always_inline))

/* Four bytes of a pixel as unsigned x + 128, for all lanes. */
INLINE __m512i load_4(const int8_t *x, const bool flipped)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    __m512i all = _mm512_set1_epi32(four);
    return flipped ? all : _mm512_xor_si512(all, _mm512_set1_epi8((char)0x80));
}

/* Adds the products of bytes k .. k + 3 of each pixel. */
INLINE void add_4(const int8_t *const *x, ptrdiff_t k, const int8_t *w, const int nv, const int mr,
                  const bool flipped, __m512i *acc)
{
    __m512i wv[GANTRY_GEMM_VECTORS_MAX];
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) wv[j] = _mm512_load_si512(w + 64 * j);
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++) {
        __m512i xv = load_4(x[i] + k, flipped);
#pragma GCC unroll 4
        for (int j = 0; j < nv; j++) DOT(acc[i * nv + j], xv, wv[j]);
    }
}

/* A product of one row waits for its weights: 2 % of an autoencoder. */
INLINE void fetch_ahead(const int8_t *w, const int nv)
{
    enum { AHEAD = 1024 };
    for (int j = 0; j < nv; j++)
        _mm_prefetch((const void *)((uintptr_t)w + 64 * (uintptr_t)j + AHEAD), _MM_HINT_T0);
}

INLINE void multiply(const struct gantry_gemm_call *call, const int nv, const int mr,
                     const bool flipped, __m512i *acc)
{
    const int8_t *w = call->weights;
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
        __m512i bias = _mm512_loadu_si512(call->bias + LANES * j);
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) acc[i * nv + j] = bias;
    }
    for (int32_t s = 0; s < call->segments; s++) {
        const int8_t *x[ROWS_MAX];
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) x[i] = call->rows[s * call->pitch + i];
        for (ptrdiff_t k = 0; k < 4 * (ptrdiff_t)call->groups; k += 4, w += 64 * nv) {
            if (mr == 1) fetch_ahead(w, nv);
            add_4(x, k, w, nv, mr, flipped, acc);
        }
    }
    for (int32_t e = 0; e < call->rest_count; e++, w += 64 * nv)
        add_4(call->rows + call->rests[e].segment * (ptrdiff_t)call->pitch, call->rests[e].byte, w,
              nv, mr, flipped, acc);
}

INLINE void store_part(const struct gantry_gemm_call *call, int i, __m512i bytes, int width)
{
    int8_t *to = call->out + i * call->out_stride;
    if (call->channels < width)
        _mm512_mask_storeu_epi8(to, first_lanes(call->channels), bytes);
    else if (width == 64)
        _mm512_storeu_si512(to, bytes);
    else if (width == 32)
        _mm256_storeu_si256((__m256i *)(void *)to, _mm512_castsi512_si256(bytes));
    else if (width == 16)
        _mm_storeu_si128((__m128i *)(void *)to, _mm512_castsi512_si128(bytes));
    else
        _mm_storel_epi64((__m128i *)(void *)to, _mm512_castsi512_si128(bytes));
}

/* The pixels i .. i + count - 1 that stand one after another in a vector, `width` bytes each: at
 * once where the output has no other channels. */
INLINE void store_pixels(const struct gantry_gemm_call *call, int i, const int count, __m512i bytes,
                         const int width)
{
    if (call->channels == width && call->out_stride == width) {
        int8_t *to = call->out + i * width;
        if (count * width == 64)
            _mm512_storeu_si512(to, bytes);
        else
            _mm512_mask_storeu_epi8(to, first_lanes(count * width), bytes);
        return;
    }
    __m512i step = _mm512_set1_epi64(width / 8);
    __m512i order = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
#pragma GCC unroll 8
    for (int p = 0; p < count; p++) {
        store_part(call, i + p, _mm512_permutexvar_epi64(order, bytes), width);
        order = _mm512_add_epi64(order, step);
    }
}

/* A pixel fills four vectors. */
INLINE void finish_4(const struct gantry_gemm_call *call, const int mr, const __m512i *acc)
{
    struct rounding r = rounding_of(&call->requant);
    const float *s = call->scale;
    __m512 s0 = _mm512_loadu_ps(s), s1 = _mm512_loadu_ps(s + 16), s2 = _mm512_loadu_ps(s + 32),
           s3 = _mm512_loadu_ps(s + 48);
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++) {
        const __m512i *a = acc + 4 * i;
        store_part(call, i, requantize(a[0], a[1], a[2], a[3], s0, s1, s2, s3, &r), 64);
    }
}

/* Two pixels fill four vectors; eight bytes of each alternate. */
INLINE void finish_2(const struct gantry_gemm_call *call, const int mr, const __m512i *acc)
{
    struct rounding r = rounding_of(&call->requant);
    __m512 s0 = _mm512_loadu_ps(call->scale), s1 = _mm512_loadu_ps(call->scale + 16);
    const __m512i order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
#pragma GCC unroll 12
    for (int i = 0; i < mr; i += 2) {
        const int count = mr - i < 2 ? mr - i : 2;
        const __m512i *a = acc + 2 * i, *b = acc + 2 * (i + count - 1);
        __m512i bytes = requantize(a[0], a[1], b[0], b[1], s0, s1, s0, s1, &r);
        store_pixels(call, i, count, _mm512_permutexvar_epi64(order, bytes), 32);
    }
}

/* Four pixels fill four vectors; four bytes of each alternate. */
INLINE void finish_1(const struct gantry_gemm_call *call, const int mr, const __m512i *acc)
{
    struct rounding r = rounding_of(&call->requant);
    __m512 s = _mm512_loadu_ps(call->scale);
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
#pragma GCC unroll 12
    for (int i = 0; i < mr; i += 4) {
        const int count = mr - i < 4 ? mr - i : 4, last = mr - 1;
        __m512i bytes =
            requantize(acc[i], acc[i + 1 < mr ? i + 1 : last], acc[i + 2 < mr ? i + 2 : last],
                       acc[i + 3 < mr ? i + 3 : last], s, s, s, s, &r);
        store_pixels(call, i, count, _mm512_permutexvar_epi32(order, bytes), 16);
    }
}

INLINE void tile(const struct gantry_gemm_call *call, const int nv, const int mr,
                 const bool flipped)
{
    __m512i acc[TILE_MAX];
    multiply(call, nv, mr, flipped, acc);
    if (nv == 4)
        finish_4(call, mr, acc);
    else if (nv == 2)
        finish_2(call, mr, acc);
    else
        finish_1(call, mr, acc);
}

/* ---- Half vectors: eight channels, eight pixels ---- */

INLINE void add_4_half(const int8_t *const *x, ptrdiff_t k, const int8_t *w, const int mr,
                       const bool flipped, __m256i *acc)
{
    const __m256i flip = _mm256_set1_epi8((char)0x80);
    /* 32 bytes of weights in all need not be aligned. */
    __m256i wv = _mm256_loadu_si256((const __m256i *)(const void *)w);
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++) {
        int32_t four;
        memcpy(&four, x[i] + k, sizeof four);
        __m256i xv = _mm256_set1_epi32(four);
        if (!flipped) xv = _mm256_xor_si256(xv, flip);
        DOT(acc[i], xv, wv);
    }
}

INLINE void multiply_half(const struct gantry_gemm_call *call, const int mr, const bool flipped,
                          __m256i *acc)
{
    const int8_t *w = call->weights;
    __m256i bias = _mm256_loadu_si256((const __m256i *)(const void *)call->bias);
#pragma GCC unroll 8
    for (int i = 0; i < HALF_ROWS; i++) acc[i] = bias;
    for (int32_t s = 0; s < call->segments; s++) {
        const int8_t *x[HALF_ROWS];
#pragma GCC unroll 8
        for (int i = 0; i < mr; i++) x[i] = call->rows[s * call->pitch + i];
        for (ptrdiff_t k = 0; k < 4 * (ptrdiff_t)call->groups; k += 4, w += 32)
            add_4_half(x, k, w, mr, flipped, acc);
    }
    for (int32_t e = 0; e < call->rest_count; e++, w += 32)
        add_4_half(call->rows + call->rests[e].segment * (ptrdiff_t)call->pitch,
                   call->rests[e].byte, w, mr, flipped, acc);
}

INLINE __m512i join(const __m256i *pair)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(pair[0]), pair[1], 1);
}

/* Eight pixels fill four vectors, two in each; four bytes of each alternate. */
INLINE void tile_half(const struct gantry_gemm_call *call, const int mr, const bool flipped)
{
    __m256i acc[HALF_ROWS];
    multiply_half(call, mr, flipped, acc);
    struct rounding r = rounding_of(&call->requant);
    __m512i both = _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)call->scale));
    __m512 s = _mm512_castsi512_ps(both);
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    __m512i bytes =
        requantize(join(acc), join(acc + 2), join(acc + 4), join(acc + 6), s, s, s, s, &r);
    bytes = _mm512_permutexvar_epi32(order, bytes);
    store_pixels(call, 0, mr, bytes, 8);
}

#define TILE(nv, mr)                                                  \
    static void tile_##nv##_##mr(const struct gantry_gemm_call *call) \
    {                                                                 \
        if (call->flipped)                                            \
            tile(call, nv, mr, true);                                 \
        else                                                          \
            tile(call, nv, mr, false);                                \
    }
#define HALF(mr)                                                 \
    static void tile_0_##mr(const struct gantry_gemm_call *call) \
    {                                                            \
        if (call->flipped)                                       \
            tile_half(call, mr, true);                           \
        else                                                     \
            tile_half(call, mr, false);                          \
    }
HALF(1)
HALF(2)
HALF(3)
HALF(4)
HALF(5)
HALF(6)
HALF(7)
HALF(8)
TILE(4, 1)
TILE(4, 2)
TILE(4, 3)
TILE(4, 4)
TILE(4, 5)
TILE(4, 6)
TILE(2, 1)
TILE(2, 2)
TILE(2, 3)
TILE(2, 4)
TILE(2, 5)
TILE(2, 6)
TILE(2, 7)
TILE(2, 8)
TILE(1, 1)
TILE(1, 2)
TILE(1, 3)
TILE(1, 4)
TILE(1, 5)
TILE(1, 6)
TILE(1, 7)
TILE(1, 8)
TILE(1, 9)
TILE(1, 10)
TILE(1, 11)
TILE(1, 12)

static void run_tile(const struct gantry_gemm_call *call, int32_t vectors, int32_t rows)
{
    static void (*const tiles[GANTRY_GEMM_VECTORS_MAX + 1][ROWS_MAX + 1])(
        const struct gantry_gemm_call *) = {
        [0] = {NULL, tile_0_1, tile_0_2, tile_0_3, tile_0_4, tile_0_5, tile_0_6, tile_0_7,
               tile_0_8},
        [1] = {NULL, tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6, tile_1_7, tile_1_8,
               tile_1_9, tile_1_10, tile_1_11, tile_1_12},
        [2] = {NULL, tile_2_1, tile_2_2, tile_2_3, tile_2_4, tile_2_5, tile_2_6, tile_2_7,
               tile_2_8},
        [4] = {NULL, tile_4_1, tile_4_2, tile_4_3, tile_4_4, tile_4_5, tile_4_6}};
    tiles[vectors][rows](call);
}

static void copy(int8_t *to, const int8_t *from, int32_t count)
{
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    int32_t i = 0;
    for (; i + 64 <= count; i += 64)
        _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
    __mmask64 rest = first_lanes(count - i);
    __m512i bytes = _mm512_maskz_loadu_epi8(rest, from + i);
    _mm512_mask_storeu_epi8(to + i, rest, _mm512_xor_si512(bytes, flip));
}

static uint64_t peak(int32_t rounds)
{
    __m512i acc[TILE_MAX / 2], x = _mm512_set1_epi32(0x01010101);
#pragma GCC unroll 12
    for (int i = 0; i < TILE_MAX / 2; i++) acc[i] = _mm512_setzero_si512();
    for (int32_t round = 0; round < rounds; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < TILE_MAX / 2; i++)
            __asm__ volatile("vpdpbusd %1, %1, %0" : "+v"(acc[i]) : "v"(x));
    }
    return (uint64_t)rounds * (TILE_MAX / 2) * 4 * LANES;
}

const struct gantry_gemm_isa gantry_gemm__avx512 = {.lanes = LANES,
                                                    .flip = true,
                                                    .vectors = 4,
                                                    .halves = true,
                                                    .rows = {HALF_ROWS, 12, 8, 0, 6},
                                                    .tile = run_tile,
                                                    .copy = copy,
                                                    .peak = peak};
