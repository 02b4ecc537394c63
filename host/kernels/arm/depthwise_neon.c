/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution with NEON: 16 positions, tap by tap, in 16-bit products added to 32 bits.
 * Vector q of the packing holds positions 4 q .. 4 q + 3: they are in order. */
#include "kernels/arm/neon.h"

INLINE int8x16_t load_tap(const struct gantry_depthwise_call *call, const int8_t *row,
                          ptrdiff_t from, bool edge)
{
    if (!edge) return vld1q_s8(row + from);
    int8_t bytes[CHUNK];
    for (int i = 0; i < CHUNK; i++) {
        bool in = from + i >= 0 && from + i < call->valid;
        bytes[i] = in ? row[from + i] : (int8_t)call->pack->input_zero;
    }
    return vld1q_s8(bytes);
}

/* Weights of one tap for 16 positions out of the quadruples of the packing. */
INLINE int8x16_t weights_of(const int8x16x4_t *quads, int tap) { return quads->val[tap]; }

INLINE void add_tap(int32x4_t a[4], int8x16_t x, int8x16_t w)
{
    int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w)), high = vmull_high_s8(x, w);
    a[0] = vaddw_s16(a[0], vget_low_s16(low));
    a[1] = vaddw_high_s16(a[1], low);
    a[2] = vaddw_s16(a[2], vget_low_s16(high));
    a[3] = vaddw_high_s16(a[3], high);
}

/* Adds the taps of row ky of the kernel to 16 positions. */
INLINE void add_row(const struct gantry_depthwise_call *call, int32_t ky, int32_t at,
                    const int8_t *w, bool edge, int32x4_t a[4])
{
    for (int32_t tap = 0; tap < call->pack->kernel_w; tap += 4) {
        int8x16x4_t quads = vld4q_s8(w + tap * CHUNK);
        for (int t = 0; t < 4 && tap + t < call->pack->kernel_w; t++)
            add_tap(a, load_tap(call, call->rows[ky], at + call->offset[tap + t], edge),
                    weights_of(&quads, t));
    }
}

static void row(const struct gantry_depthwise_call *call)
{
    const struct gantry_depthwise_pack *pack = call->pack;
    struct rounding r = rounding_of(&pack->requant);
    const int32_t kw = pack->kernel_w;
    ptrdiff_t row_weights = (ptrdiff_t)pack->tap_groups * 4 * CHUNK;
    int32_t phase = 0;
    for (int32_t at = 0; at < call->bytes; at += CHUNK) {
        ptrdiff_t from = phase * row_weights * pack->kernel_h;
        int32x4_t a[4];
        float32x4_t s[4];
        for (int q = 0; q < 4; q++) {
            a[q] = vld1q_s32(pack->bias + (ptrdiff_t)phase * CHUNK + LANES * q);
            s[q] = vld1q_f32(pack->scale + (ptrdiff_t)phase * CHUNK + LANES * q);
        }
        bool edge = at + call->offset[0] < 0 || at + call->offset[kw - 1] + CHUNK > call->valid;
        for (int32_t ky = 0; ky < pack->kernel_h; ky++)
            add_row(call, ky, at, pack->weights + from + ky * row_weights, edge, a);
        for (uint64_t rows = pack->rest_rows[phase]; rows; rows &= rows - 1) {
            int32_t ky = __builtin_ctzll(rows);
            add_row(call, ky, at, pack->rests + from + ky * row_weights, edge, a);
        }
        int8_t bytes[CHUNK];
        int32_t left = call->bytes - at;
        int8x16_t y = requantize(a, s, &r);
        if (left >= CHUNK) {
            vst1q_s8(call->out + at, y);
        } else {
            vst1q_s8(bytes, y);
            memcpy(call->out + at, bytes, (size_t)left);
        }
        if (++phase == pack->phases) phase = 0;
    }
}

const struct gantry_depthwise_isa gantry_depthwise__neon = {.lanes = LANES, .row = row};
