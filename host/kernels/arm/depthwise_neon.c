/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution with NEON: 16 positions, two taps at a time, whose products are added in 16
 * bits (weights are narrow) and then to 32. Vector q of the packing holds positions 4 q .. 4 q + 3:
 * they are in order. */
#include "kernels/arm/neon.h"

/* Bytes from .. from + 15 of a row; those outside of 0 .. valid - 1 are zero points. Reads within
 * the row, or from its start where it is shorter. */
INLINE int8x16_t load_edge(const int8_t *row, ptrdiff_t from, ptrdiff_t valid, int8_t zero)
{
    static const uint8_t ascending[CHUNK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    ptrdiff_t last = valid > CHUNK ? valid - CHUNK : 0;
    ptrdiff_t at = from < 0 ? 0 : from > last ? last : from;
    ptrdiff_t shift = from - at < -CHUNK ? -CHUNK : from - at > CHUNK ? CHUNK : from - at;
    uint8x16_t index = vaddq_u8(vld1q_u8(ascending), vdupq_n_u8((uint8_t)shift));
    uint8x16_t beyond = vcgeq_u8(index, vdupq_n_u8((uint8_t)(valid < CHUNK ? valid : CHUNK)));
    return vqtbx1q_s8(vdupq_n_s8(zero), vld1q_s8(row + at), vorrq_u8(index, beyond));
}

/* a + the products of one tap or of two. */
INLINE void add_products(const int count, const int8x16_t *x, const int8x16_t *w, int32x4_t a[4])
{
    int16x8_t low = vmull_s8(vget_low_s8(x[0]), vget_low_s8(w[0]));
    int16x8_t high = vmull_high_s8(x[0], w[0]);
    if (count == 2) {
        low = vmlal_s8(low, vget_low_s8(x[1]), vget_low_s8(w[1]));
        high = vmlal_high_s8(high, x[1], w[1]);
    }
    a[0] = vaddw_s16(a[0], vget_low_s16(low));
    a[1] = vaddw_high_s16(a[1], low);
    a[2] = vaddw_s16(a[2], vget_low_s16(high));
    a[3] = vaddw_high_s16(a[3], high);
}

/* Adds rows first .. end - 1 of a kernel of any shape at any place of the row. */
static void add_rows(const struct gantry_depthwise_call *call, int32_t at, int32_t first,
                     int32_t end, const int8_t *w, int32x4_t a[4])
{
    const struct gantry_depthwise_pack *pack = call->pack;
    const int8_t zero = (int8_t)pack->input_zero;
    const ptrdiff_t *offset = call->offset, valid = call->valid;
    const int32_t kw = pack->kernel_w;
    bool edge = at + offset[0] < 0 || at + offset[kw - 1] + CHUNK > valid;
    for (int32_t ky = first; ky < end; ky++) {
        const int8_t *row = call->rows[ky], *taps = w + ky * pack->row_bytes;
        for (int32_t kx = 0; kx < kw; kx += 2, taps += 2 * CHUNK) {
            const int count = kx + 1 < kw ? 2 : 1;
            int8x16_t x[2], wv[2];
            for (int t = 0; t < count; t++) {
                ptrdiff_t from = at + offset[kx + t];
                x[t] = edge ? load_edge(row, from, valid, zero) : vld1q_s8(row + from);
                wv[t] = vld1q_s8(taps + t * CHUNK);
            }
            if (count == 2)
                add_products(2, x, wv, a);
            else
                add_products(1, x, wv, a);
        }
    }
}

static void add_rests(const struct gantry_depthwise_call *call, int32_t at, int32_t phase,
                      int32x4_t a[4])
{
    const struct gantry_depthwise_pack *pack = call->pack;
    const int8_t *w = pack->rests + (ptrdiff_t)phase * pack->kernel_h * pack->row_bytes;
    for (uint64_t rows = pack->rest_rows[phase]; rows; rows &= rows - 1) {
        int32_t ky = __builtin_ctzll(rows);
        add_rows(call, at, ky, ky + 1, w, a);
    }
}

INLINE void store(int8_t *to, int8x16_t y, int32_t count)
{
    if (count >= CHUNK) {
        vst1q_s8(to, y);
        return;
    }
    int8_t bytes[CHUNK];
    vst1q_s8(bytes, y);
    memcpy(to, bytes, (size_t)count);
}

/* Bias and scale of 16 positions. */
struct channels {
    int32x4_t bias[4];
    float32x4_t scale[4];
};
INLINE struct channels channels_of(const struct gantry_depthwise_pack *pack, int32_t phase)
{
    struct channels channels;
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        channels.bias[q] = vld1q_s32(pack->bias + (ptrdiff_t)phase * CHUNK + LANES * q);
        channels.scale[q] = vld1q_f32(pack->scale + (ptrdiff_t)phase * CHUNK + LANES * q);
    }
    return channels;
}

static void row_any(const struct gantry_depthwise_call *call)
{
    const struct gantry_depthwise_pack *pack = call->pack;
    struct rounding r = rounding_of(&pack->requant);
    const int32_t kh = pack->kernel_h;
    int32_t phase = 0;
    for (int32_t at = 0; at < call->bytes; at += CHUNK) {
        struct channels channels = channels_of(pack, phase);
        add_rows(call, at, 0, kh, pack->weights + (ptrdiff_t)phase * kh * pack->row_bytes,
                 channels.bias);
        add_rests(call, at, phase, channels.bias);
        store(call->out + at, requantize(channels.bias, channels.scale, &r), call->bytes - at);
        if (++phase == pack->phases) phase = 0;
    }
}

/* ---- 3 x 3: weights stay in registers down a column ---- */

enum { TAPS = 9 };

INLINE void add_3x3(const int8_t *const *rows, const ptrdiff_t offset[3], int32_t at,
                    const int8x16_t w[TAPS], int32x4_t a[4])
{
    const int8_t *row[3] = {rows[0] + at, rows[1] + at, rows[2] + at};
#pragma GCC unroll 4
    for (int t = 0; t + 1 < TAPS; t += 2) {
        int8x16_t x[2] = {vld1q_s8(row[t / 3] + offset[t % 3]),
                          vld1q_s8(row[(t + 1) / 3] + offset[(t + 1) % 3])};
        add_products(2, x, w + t, a);
    }
    int8x16_t last = vld1q_s8(row[2] + offset[2]);
    add_products(1, &last, w + TAPS - 1, a);
}

INLINE void run_column(const struct gantry_depthwise_column *column, int32_t at, int32_t phase,
                       const struct rounding *r)
{
    const struct gantry_depthwise_pack *pack = column->pack;
    const int8_t *weights = pack->weights + (ptrdiff_t)phase * TAPS * CHUNK;
    const ptrdiff_t offset[3] = {column->offset[0], column->offset[1], column->offset[2]};
    const int32_t left = column->bytes - at;
    bool edge = at + offset[0] < 0 || at + offset[2] + CHUNK > column->valid;
    struct gantry_depthwise_call call = {
        .pack = pack, .offset = column->offset, .valid = column->valid};
    struct channels channels = channels_of(pack, phase);
    int8_t *out = column->out + at;
    int8x16_t w[TAPS];
#pragma GCC unroll 9
    for (int t = 0; t < TAPS; t++) w[t] = vld1q_s8(weights + t * CHUNK);
    for (int32_t i = 0; i < column->count; i++, out += column->out_pitch) {
        int32x4_t a[4] = {channels.bias[0], channels.bias[1], channels.bias[2], channels.bias[3]};
        call.rows = column->rows + (ptrdiff_t)i * column->stride;
        if (edge)
            add_rows(&call, at, 0, 3, weights, a);
        else
            add_3x3(call.rows, offset, at, w, a);
        if (pack->rest_rows[phase]) add_rests(&call, at, phase, a);
        store(out, requantize(a, channels.scale, r), left);
    }
}

static void column(const struct gantry_depthwise_column *column)
{
    struct rounding r = rounding_of(&column->pack->requant);
    int32_t phase = 0;
    for (int32_t at = 0; at < column->bytes; at += CHUNK) {
        run_column(column, at, phase, &r);
        if (++phase == column->pack->phases) phase = 0;
    }
}

static void row(const struct gantry_depthwise_call *call)
{
    if (call->pack->kernel_h == 3 && call->pack->kernel_w == 3)
        column(&(struct gantry_depthwise_column){.pack = call->pack,
                                                 .rows = call->rows,
                                                 .offset = call->offset,
                                                 .bytes = call->bytes,
                                                 .valid = call->valid,
                                                 .count = 1,
                                                 .out = call->out});
    else
        row_any(call);
}

const struct gantry_depthwise_isa gantry_depthwise__neon = {
    .lanes = LANES, .narrow = true, .by_tap = true, .row = row, .column = column};
