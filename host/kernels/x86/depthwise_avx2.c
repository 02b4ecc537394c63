/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution with AVX2: as with AVX-512 (depthwise_avx512.c), half as wide. */
#include "kernels/x86/avx2.h"

/* The bytes of a tap at `at`; those outside of the row are zero points. */
INLINE __m256i load_tap(const struct gantry_depthwise_call *call, const int8_t *row, ptrdiff_t from,
                        bool edge)
{
    if (!edge) return load(row + from);
    int8_t bytes[CHUNK];
    for (int i = 0; i < CHUNK; i++) {
        bool in = from + i >= 0 && from + i < call->valid;
        bytes[i] = in ? row[from + i] : (int8_t)call->pack->input_zero;
    }
    return load(bytes);
}

INLINE void add_group(const struct gantry_depthwise_call *call, const int8_t *row, int32_t at,
                      const ptrdiff_t *offset, const int count, const int8_t *w, bool edge,
                      __m256i a[4])
{
    const __m256i none = _mm256_setzero_si256();
    __m256i x0 = load_tap(call, row, at + offset[0], edge);
    __m256i x1 = count > 1 ? load_tap(call, row, at + offset[1], edge) : none;
    __m256i x2 = count > 2 ? load_tap(call, row, at + offset[2], edge) : none;
    __m256i x3 = count > 3 ? load_tap(call, row, at + offset[3], edge) : none;
    __m256i low01 = _mm256_unpacklo_epi8(x0, x1), high01 = _mm256_unpackhi_epi8(x0, x1);
    __m256i low23 = _mm256_unpacklo_epi8(x2, x3), high23 = _mm256_unpackhi_epi8(x2, x3);
    const __m256i x[4] = {_mm256_unpacklo_epi16(low01, low23), _mm256_unpackhi_epi16(low01, low23),
                          _mm256_unpacklo_epi16(high01, high23),
                          _mm256_unpackhi_epi16(high01, high23)};
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        __m256i wv = load(w + CHUNK * q);
        a[q] = add_products(a[q], even_bytes(x[q]), odd_bytes(x[q]), even_bytes(wv), odd_bytes(wv));
    }
}

INLINE void add_row(const struct gantry_depthwise_call *call, const int8_t *row, int32_t at,
                    const int8_t *w, const int kw, bool edge, __m256i a[4])
{
    for (int32_t tap = 0; tap < kw; tap += 4, w += 4 * CHUNK) {
        const ptrdiff_t *offset = call->offset + tap;
        if (kw - tap >= 4)
            add_group(call, row, at, offset, 4, w, edge, a);
        else if (kw - tap == 3)
            add_group(call, row, at, offset, 3, w, edge, a);
        else if (kw - tap == 2)
            add_group(call, row, at, offset, 2, w, edge, a);
        else
            add_group(call, row, at, offset, 1, w, edge, a);
    }
}

INLINE void run_row(const struct gantry_depthwise_call *call, const int kh, const int kw)
{
    const struct gantry_depthwise_pack *pack = call->pack;
    struct rounding r = rounding_of(&pack->requant);
    ptrdiff_t row_weights = pack->row_bytes;
    int32_t phase = 0;
    for (int32_t at = 0; at < call->bytes; at += CHUNK) {
        ptrdiff_t from = phase * row_weights * kh;
        const int32_t *bias = pack->bias + (ptrdiff_t)phase * CHUNK;
        const float *scale = pack->scale + (ptrdiff_t)phase * CHUNK;
        __m256i a[4];
        __m256 s[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            a[q] = load(bias + LANES * q);
            s[q] = _mm256_loadu_ps(scale + LANES * q);
        }
        bool edge = at + call->offset[0] < 0 || at + call->offset[kw - 1] + CHUNK > call->valid;
        for (int32_t ky = 0; ky < kh; ky++)
            add_row(call, call->rows[ky], at, pack->weights + from + ky * row_weights, kw, edge, a);
        for (uint64_t rows = pack->rest_rows[phase]; rows; rows &= rows - 1) {
            int32_t ky = __builtin_ctzll(rows);
            add_row(call, call->rows[ky], at, pack->rests + from + ky * row_weights, kw, edge, a);
        }
        store_first(call->out + at, requantize(a, s, &r), call->bytes - at);
        if (++phase == pack->phases) phase = 0;
    }
}

static void row_3x3(const struct gantry_depthwise_call *call) { run_row(call, 3, 3); }
static void row_any(const struct gantry_depthwise_call *call)
{
    run_row(call, call->pack->kernel_h, call->pack->kernel_w);
}

static void row(const struct gantry_depthwise_call *call)
{
    if (call->pack->kernel_h == 3 && call->pack->kernel_w == 3)
        row_3x3(call);
    else
        row_any(call);
}

const struct gantry_depthwise_isa gantry_depthwise__avx2 = {.lanes = LANES, .row = row};
