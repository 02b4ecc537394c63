/* SPDX-License-Identifier: Apache-2.0
 * Matrix product with NEON: tiles of 4 pixels x 8 channels, or 4 x 4. Without dot products an
 * accumulator is a pair of vectors, each lane half of a channel's sum. */
#include "kernels/arm/neon.h"

enum { ROWS = 4, VECTORS = 2 };

#if defined(__ARM_FEATURE_DOTPROD)
struct sum {
    int32x4_t all;
};
INLINE struct sum add_products(struct sum sum, int8x16_t w, int8x16_t x)
{
    sum.all = vdotq_s32(sum.all, w, x);
    return sum;
}
INLINE int32x4_t total(struct sum sum) { return sum.all; }
#else
struct sum {
    int32x4_t low, high; /* channels 0 and 1, channels 2 and 3 */
};
/* A product has 15 bits and a sign, so that pairs are added without loss. */
INLINE struct sum add_products(struct sum sum, int8x16_t w, int8x16_t x)
{
    sum.low = vpadalq_s16(sum.low, vmull_s8(vget_low_s8(w), vget_low_s8(x)));
    sum.high = vpadalq_s16(sum.high, vmull_high_s8(w, x));
    return sum;
}
INLINE int32x4_t total(struct sum sum) { return vpaddq_s32(sum.low, sum.high); }
#endif

/* Adds the products of bytes k .. k + 3 of each pixel. */
INLINE void add_4(const int8_t *const *x, ptrdiff_t k, const int8_t *w, const int nv, const int mr,
                  struct sum *acc)
{
    int8x16_t wv[VECTORS];
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) wv[j] = vld1q_s8(w + CHUNK * j);
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) {
        int32_t four;
        memcpy(&four, x[i] + k, sizeof four);
        int8x16_t xv = vreinterpretq_s8_s32(vdupq_n_s32(four));
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) acc[i * nv + j] = add_products(acc[i * nv + j], wv[j], xv);
    }
}

INLINE void multiply(const struct gantry_gemm_call *call, const int nv, const int mr,
                     struct sum *acc)
{
    const int8_t *w = call->weights;
#pragma GCC unroll 8
    for (int i = 0; i < mr * nv; i++) memset(&acc[i], 0, sizeof acc[i]);
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

INLINE void tile(const struct gantry_gemm_call *call, const int nv, const int mr)
{
    struct sum acc[ROWS * VECTORS];
    multiply(call, nv, mr, acc);
    struct rounding r = rounding_of(&call->requant);
    float32x4_t s[4];
    for (int q = 0; q < 4; q++) s[q] = vld1q_f32(call->scale + LANES * (q % nv));
    for (int i = 0; i < mr; i += 4 / nv) {
        int32x4_t a[4];
        int8_t bytes[CHUNK];
        for (int q = 0; q < 4; q++) {
            int pixel = i + q / nv < mr ? i + q / nv : mr - 1, j = q % nv;
            a[q] = vaddq_s32(total(acc[pixel * nv + j]), vld1q_s32(call->bias + LANES * j));
        }
        vst1q_s8(bytes, requantize(a, s, &r));
        for (int p = 0; p < 4 / nv && i + p < mr; p++)
            memcpy(call->out + (i + p) * call->out_stride, bytes + p * nv * LANES,
                   (size_t)call->channels);
    }
}

#define TILE(nv, mr) \
    static void tile_##nv##_##mr(const struct gantry_gemm_call *call) { tile(call, nv, mr); }
TILE(2, 1)
TILE(2, 2)
TILE(2, 3)
TILE(2, 4)
TILE(1, 1)
TILE(1, 2)
TILE(1, 3)
TILE(1, 4)

static void run_tile(const struct gantry_gemm_call *call, int32_t vectors, int32_t rows)
{
    static void (*const tiles[VECTORS][ROWS])(const struct gantry_gemm_call *) = {
        {tile_1_1, tile_1_2, tile_1_3, tile_1_4}, {tile_2_1, tile_2_2, tile_2_3, tile_2_4}};
    tiles[vectors - 1][rows - 1](call);
}

static void copy(int8_t *to, const int8_t *from, int32_t count) { memcpy(to, from, (size_t)count); }

const struct gantry_gemm_isa gantry_gemm__neon = {
    .lanes = LANES, .vectors = VECTORS, .rows = {0, ROWS, ROWS}, .tile = run_tile, .copy = copy};
