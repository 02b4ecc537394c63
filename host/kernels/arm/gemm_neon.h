/* SPDX-License-Identifier: Apache-2.0
 * Matrix product with NEON: tiles of 4 pixels x 8 channels, or 4 x 4. Included once per instruction
 * set by a file that defines ISA(name) and is compiled for it, with or without dot products. */
#include "kernels/arm/neon.h"

enum { ROWS = 4, VECTORS = 2 };

INLINE int32_t load_32(const int8_t *from)
{
    int32_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

#if defined(__ARM_FEATURE_DOTPROD)
enum { NARROW = 0 };
struct sum {
    int32x4_t all;
};
/* One group of four bytes of a pixel, or two. */
struct values {
    int8x8_t groups;
};
INLINE struct sum start(int32x4_t bias) { return (struct sum){bias}; }
INLINE struct values load_values(const int8_t *from, const int count)
{
    return (struct values){count == 2 ? vld1_s8(from)
                                      : vreinterpret_s8_s32(vdup_n_s32(load_32(from)))};
}
INLINE struct sum add(struct sum sum, const int8x16_t w[2], struct values x, const int count)
{
    sum.all = vdotq_lane_s32(sum.all, w[0], x.groups, 0);
    if (count == 2) sum.all = vdotq_lane_s32(sum.all, w[1], x.groups, 1);
    return sum;
}
INLINE int8x16_t behind(struct sum sum, int8x16_t w)
{
    (void)sum;
    return w;
}
INLINE int32x4_t total(struct sum sum) { return sum.all; }
#else
enum { NARROW = 1 };
/* Each lane is half of a channel's sum. */
struct sum {
    int32x4_t low, high; /* channels 0 and 1, channels 2 and 3 */
};
/* One group of four bytes of a pixel, or two; each is there four times. */
struct values {
    int8x16_t group[2];
};
INLINE struct sum start(int32x4_t bias)
{
    const int32x4_t none = vdupq_n_s32(0);
    return (struct sum){vzip1q_s32(bias, none), vzip2q_s32(bias, none)};
}
INLINE struct values load_values(const int8_t *from, const int count)
{
    struct values x;
#pragma GCC unroll 2
    for (int g = 0; g < 2; g++)
        x.group[g] = vreinterpretq_s8_s32(vdupq_n_s32(g < count ? load_32(from + 4 * g) : 0));
    return x;
}
/* A product has 15 bits and a sign, and so has a sum of two, since weights are narrow:
 * 2 * 127 * 128 < 2^15. Pairs of those are added without loss. */
INLINE struct sum add(struct sum sum, const int8x16_t w[2], struct values x, const int count)
{
    int16x8_t low = vmull_s8(vget_low_s8(w[0]), vget_low_s8(x.group[0]));
    int16x8_t high = vmull_high_s8(w[0], x.group[0]);
    if (count == 2) {
        low = vmlal_s8(low, vget_low_s8(w[1]), vget_low_s8(x.group[1]));
        high = vmlal_high_s8(high, w[1], x.group[1]);
    }
    sum.low = vpadalq_s16(sum.low, low);
    sum.high = vpadalq_s16(sum.high, high);
    return sum;
}
/* w, to be used after the sum is made: gcc would else multiply for all pixels before it adds, in
 * more registers than there are. */
INLINE int8x16_t behind(struct sum sum, int8x16_t w)
{
    __asm__("" : "+w"(w) : "w"(sum.low), "w"(sum.high));
    return w;
}
INLINE int32x4_t total(struct sum sum) { return vpaddq_s32(sum.low, sum.high); }
#endif

/* One group of four bytes, or two, for all of a tile. */
INLINE void add_groups(const int count, const int8_t **w, const int8_t **x, const int nv,
                       const int mr, struct sum *acc)
{
    int8x16_t wv[VECTORS][2];
#pragma GCC unroll 2
    for (int g = 0; g < count; g++)
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) wv[j][g] = vld1q_s8(*w + CHUNK * (g * nv + j));
    *w += CHUNK * nv * count;
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++, x++) {
        struct values values = load_values(*x, count);
        *x += 4 * count;
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) {
            struct sum *sum = &acc[i * nv + j];
            *sum = add(*sum, wv[j], values, count);
            wv[j][0] = behind(*sum, wv[j][0]);
        }
    }
}

INLINE void multiply(const struct gantry_gemm_call *call, const int nv, const int mr,
                     struct sum *acc)
{
    const int8_t *w = call->weights, *x[ROWS];
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) acc[i * nv + j] = start(vld1q_s32(call->bias + LANES * j));
    for (int32_t s = 0; s < call->segments; s++) {
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++) x[i] = call->rows[s * call->pitch + i];
        int32_t left = call->groups;
        for (; left >= 2; left -= 2) add_groups(2, &w, x, nv, mr, acc);
        if (left > 0) add_groups(1, &w, x, nv, mr, acc);
    }
    for (int32_t e = 0; e < call->rest_count; e++) {
        const struct gantry_gemm_rest *rest = &call->rests[e];
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++)
            x[i] = call->rows[rest->segment * call->pitch + i] + rest->byte;
        add_groups(1, &w, x, nv, mr, acc);
    }
}

/* Pixels p .. p + 4 / nv - 1 of the tile. */
INLINE void store(const struct gantry_gemm_call *call, int8x16_t y, const int nv, const int pixel,
                  const int mr)
{
    const int count = mr - pixel < 4 / nv ? mr - pixel : 4 / nv;
#pragma GCC unroll 4
    for (int p = 0; p < count; p++) {
        int8_t *to = call->out + (pixel + p) * call->out_stride;
        if (call->channels == nv * LANES) {
            int64_t eight = vreinterpretq_s64_s8(y)[p % 2];
            int32_t four = vreinterpretq_s32_s8(y)[p];
            if (nv == 2)
                memcpy(to, &eight, sizeof eight);
            else
                memcpy(to, &four, sizeof four);
        } else {
            int8_t bytes[CHUNK];
            vst1q_s8(bytes, y);
            memcpy(to, bytes + p * nv * LANES, (size_t)call->channels);
        }
    }
}

INLINE void tile(const struct gantry_gemm_call *call, const int nv, const int mr)
{
    struct sum acc[ROWS * VECTORS];
    multiply(call, nv, mr, acc);
    struct rounding r = rounding_of(&call->requant);
#pragma GCC unroll 4
    for (int i = 0; i < mr; i += 4 / nv) {
        int32x4_t a[4];
        float32x4_t s[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            int pixel = i + q / nv < mr ? i + q / nv : mr - 1, j = q % nv;
            s[q] = vld1q_f32(call->scale + LANES * j);
            a[q] = total(acc[pixel * nv + j]);
        }
        store(call, requantize(a, s, &r), nv, i, mr);
    }
}

#include "kernels/gemm_tiles.h"

static void copy(int8_t *to, const int8_t *from, int32_t count) { memcpy(to, from, (size_t)count); }

const struct gantry_gemm_isa ISA(gantry_gemm) = {.lanes = LANES,
                                                 .narrow = NARROW,
                                                 .vectors = VECTORS,
                                                 .rows = {0, ROWS, ROWS},
                                                 .tile = run_tile,
                                                 .copy = copy};
