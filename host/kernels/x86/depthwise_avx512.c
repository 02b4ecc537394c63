/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution with AVX-512 VNNI: the bytes of up to four taps of 64 positions are
 * interleaved, so that one instruction adds four taps of 16 positions. */
#include "kernels/x86/avx512.h"

enum { LANES = 16, CHUNK = 64 };

#define INLINE static inline __attribute__((always_inline))

/* Where the taps of a row are read: all lanes, or those that lie inside of it. */
struct window {
    const ptrdiff_t *offset;
    int32_t at, valid;
    bool edge;
    __m512i zero;
};

INLINE __m512i load_tap(const struct window *window, const int8_t *row, int32_t tap)
{
    ptrdiff_t from = window->at + window->offset[tap];
    __m512i x;
    if (!window->edge) {
        x = _mm512_loadu_si512(row + from);
    } else {
        int32_t below = from < 0 ? (int32_t)(from < -CHUNK ? CHUNK : -from) : 0;
        ptrdiff_t left = window->valid - from;
        __mmask64 mask = left > 0 ? first_lanes((int32_t)(left < CHUNK ? left : CHUNK)) : 0;
        mask &= below < CHUNK ? ~(__mmask64)0 << below : 0;
        x = _mm512_mask_loadu_epi8(window->zero, mask, row + from);
    }
    return _mm512_xor_si512(x, _mm512_set1_epi8((char)0x80));
}

/* Quadruples of taps first .. first + count - 1; the order of positions is that of pack.h. */
INLINE void interleave(const struct window *window, const int8_t *row, int32_t first,
                       const int count, __m512i out[4])
{
    const __m512i none = _mm512_setzero_si512();
    __m512i x0 = load_tap(window, row, first);
    __m512i x1 = count > 1 ? load_tap(window, row, first + 1) : none;
    __m512i x2 = count > 2 ? load_tap(window, row, first + 2) : none;
    __m512i x3 = count > 3 ? load_tap(window, row, first + 3) : none;
    __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
    __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
    out[0] = _mm512_unpacklo_epi16(low01, low23);
    out[1] = _mm512_unpackhi_epi16(low01, low23);
    out[2] = _mm512_unpacklo_epi16(high01, high23);
    out[3] = _mm512_unpackhi_epi16(high01, high23);
}

INLINE void load_4(__m512i a[4], const int32_t *from)
{
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) a[q] = _mm512_load_si512(from + LANES * q);
}

INLINE __m512i finish(const __m512i a[4], const float *s, const struct rounding *r)
{
    return requantize(a[0], a[1], a[2], a[3], _mm512_load_ps(s), _mm512_load_ps(s + 16),
                      _mm512_load_ps(s + 32), _mm512_load_ps(s + 48), r);
}

INLINE void store(int8_t *to, __m512i bytes, int32_t left)
{
    if (left >= CHUNK)
        _mm512_storeu_si512(to, bytes);
    else
        _mm512_mask_storeu_epi8(to, first_lanes(left), bytes);
}

/* Whether some tap of the chunk at `at` lies outside of the row. */
INLINE bool is_edge(const ptrdiff_t *offset, int32_t taps, int32_t at, int32_t valid)
{
    return at + offset[0] < 0 || at + offset[taps - 1] + CHUNK > valid;
}

/* ---- One row of output ---- */

INLINE void add_row(const struct window *window, const int8_t *row, const int8_t *w, const int kw,
                    __m512i a[4])
{
    __m512i x[4];
    for (int32_t tap = 0; tap < kw; tap += 4, w += 4 * CHUNK) {
        int left = kw - tap;
        if (left >= 4)
            interleave(window, row, tap, 4, x);
        else if (left == 3)
            interleave(window, row, tap, 3, x);
        else if (left == 2)
            interleave(window, row, tap, 2, x);
        else
            interleave(window, row, tap, 1, x);
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            DOT(a[q], x[q], *(const __m512i *)(const void *)(w + CHUNK * q));
    }
}

/* Adds all rows of the kernel to one chunk. */
INLINE void add_rows(const struct gantry_depthwise_call *call, const struct window *window,
                     int32_t phase, const int kh, const int kw, __m512i a[4])
{
    const struct gantry_depthwise_pack *pack = call->pack;
    const ptrdiff_t row_weights = (kw + 3) / 4 * 4 * CHUNK;
    ptrdiff_t from = phase * row_weights * kh;
    for (int32_t ky = 0; ky < kh; ky++)
        add_row(window, call->rows[ky], pack->weights + from + ky * row_weights, kw, a);
    for (uint64_t rows = pack->rest_rows[phase]; rows; rows &= rows - 1) {
        int32_t ky = __builtin_ctzll(rows);
        add_row(window, call->rows[ky], pack->rests + from + ky * row_weights, kw, a);
    }
}

INLINE void run_row(const struct gantry_depthwise_call *call, const int kh, const int kw)
{
    const struct gantry_depthwise_pack *pack = call->pack;
    struct rounding r = rounding_of(&pack->requant);
    struct window window = {.offset = call->offset,
                            .valid = call->valid,
                            .zero = _mm512_set1_epi8((char)pack->input_zero)};
    int32_t phase = 0;
    for (int32_t at = 0; at < call->bytes; at += CHUNK) {
        __m512i a[4];
        load_4(a, pack->bias + (ptrdiff_t)phase * CHUNK);
        window.at = at;
        window.edge = is_edge(call->offset, kw, at, call->valid);
        if (window.edge) {
            add_rows(call, &window, phase, kh, kw, a);
        } else {
            window.edge = false;
            add_rows(call, &window, phase, kh, kw, a);
        }
        store(call->out + at, finish(a, pack->scale + (ptrdiff_t)phase * CHUNK, &r),
              call->bytes - at);
        if (++phase == pack->phases) phase = 0;
    }
}

static void row_3x3(const struct gantry_depthwise_call *call) { run_row(call, 3, 3); }
static void row_5x5(const struct gantry_depthwise_call *call) { run_row(call, 5, 5); }
static void row_any(const struct gantry_depthwise_call *call)
{
    run_row(call, call->pack->kernel_h, call->pack->kernel_w);
}

static void row(const struct gantry_depthwise_call *call)
{
    int32_t kh = call->pack->kernel_h, kw = call->pack->kernel_w;
    if (kh == 3 && kw == 3)
        row_3x3(call);
    else if (kh == 5 && kw == 5)
        row_5x5(call);
    else
        row_any(call);
}

/* ---- Columns: each row of input is interleaved once for the three rows of output it is in ---- */

struct column_weights {
    __m512i w[12];
    uint64_t rest_rows;
    const __m512i *rests;
};

/* Adds row ky of the kernel; rest: its weights may have a second level. */
INLINE void add_3(__m512i a[4], const __m512i x[4], const struct column_weights *weights,
                  const int ky, const bool rest)
{
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) DOT(a[q], x[q], weights->w[4 * ky + q]);
    if (!rest || !(weights->rest_rows >> ky & 1)) return;
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) DOT(a[q], x[q], weights->rests[4 * ky + q]);
}

/* Finishes the oldest row of accumulators, adds to the middle one and starts the newest. */
#define STEP(oldest, middle, newest)                \
    do {                                            \
        interleave(&window, *rows++, 0, 3, x);      \
        add_3(oldest, x, &weights, 2, rest);        \
        add_3(middle, x, &weights, 1, rest);        \
        load_4(newest, bias);                       \
        add_3(newest, x, &weights, 0, rest);        \
        store(out, finish(oldest, scale, r), left); \
        out += column->out_pitch;                   \
    } while (0)

/* With stride 2 a row of input is in one row of output, or is the last of one and the first of the
 * next. */
#define STEP_2(current, next)                        \
    do {                                             \
        interleave(&window, *rows++, 0, 3, x);       \
        add_3(current, x, &weights, 1, rest);        \
        interleave(&window, *rows++, 0, 3, x);       \
        add_3(current, x, &weights, 2, rest);        \
        load_4(next, bias);                          \
        add_3(next, x, &weights, 0, rest);           \
        store(out, finish(current, scale, r), left); \
        out += column->out_pitch;                    \
    } while (0)

INLINE void run_chunk(const struct gantry_depthwise_column *column, int32_t at, int32_t phase,
                      const int stride, const bool edge, const bool rest, const struct rounding *r)
{
    const struct gantry_depthwise_pack *pack = column->pack;
    ptrdiff_t from = (ptrdiff_t)phase * 12 * CHUNK;
    struct column_weights weights = {.rest_rows = pack->rest_rows[phase],
                                     .rests = (const void *)(pack->rests + from)};
    const struct window window = {column->offset, at, column->valid, edge,
                                  _mm512_set1_epi8((char)pack->input_zero)};
    const int32_t *bias = pack->bias + (ptrdiff_t)phase * CHUNK;
    const float *scale = pack->scale + (ptrdiff_t)phase * CHUNK;
    const int8_t *const *rows = column->rows;
    int8_t *out = column->out + at;
    int32_t left = column->bytes - at, i = 0;
    __m512i x[4], a[4], b[4], c[4];
#pragma GCC unroll 12
    for (int k = 0; k < 12; k++)
        weights.w[k] = _mm512_load_si512(pack->weights + from + (ptrdiff_t)k * CHUNK);
    load_4(a, bias);
    interleave(&window, *rows++, 0, 3, x);
    add_3(a, x, &weights, 0, rest);
    if (stride == 2) {
        for (; i + 2 <= column->count; i += 2) {
            STEP_2(a, b);
            STEP_2(b, a);
        }
        if (i < column->count) STEP_2(a, b);
        return;
    }
    load_4(b, bias);
    interleave(&window, *rows++, 0, 3, x);
    add_3(a, x, &weights, 1, rest);
    add_3(b, x, &weights, 0, rest);
    for (; i + 3 <= column->count; i += 3) {
        STEP(a, b, c);
        STEP(b, c, a);
        STEP(c, a, b);
    }
    if (i < column->count) STEP(a, b, c);
    if (i + 1 < column->count) STEP(b, c, a);
}

/* The variants of a chunk: in the midst of a row with weights of one level, or anything else. */
#define CHUNKS(stride)                                                                    \
    static void inside_##stride(const struct gantry_depthwise_column *column, int32_t at, \
                                int32_t phase, const struct rounding *r)                  \
    {                                                                                     \
        run_chunk(column, at, phase, stride, false, false, r);                            \
    }                                                                                     \
    static void rest_##stride(const struct gantry_depthwise_column *column, int32_t at,   \
                              int32_t phase, const struct rounding *r)                    \
    {                                                                                     \
        run_chunk(column, at, phase, stride, false, true, r);                             \
    }                                                                                     \
    static void edge_##stride(const struct gantry_depthwise_column *column, int32_t at,   \
                              int32_t phase, const struct rounding *r)                    \
    {                                                                                     \
        run_chunk(column, at, phase, stride, true, true, r);                              \
    }
CHUNKS(1)
CHUNKS(2)

static void column(const struct gantry_depthwise_column *column)
{
    struct rounding r = rounding_of(&column->pack->requant);
    bool twice = column->stride == 2;
    int32_t phase = 0;
    for (int32_t at = 0; at < column->bytes; at += CHUNK) {
        if (is_edge(column->offset, 3, at, column->valid))
            (twice ? edge_2 : edge_1)(column, at, phase, &r);
        else if (column->pack->rest_rows[phase])
            (twice ? rest_2 : rest_1)(column, at, phase, &r);
        else
            (twice ? inside_2 : inside_1)(column, at, phase, &r);
        if (++phase == column->pack->phases) phase = 0;
    }
}

/* ---- Even and odd pixels apart, 128 bytes at a time ---- */

static int32_t split(const int8_t *from, int32_t count, int32_t c, int8_t *even, int8_t *odd)
{
    int64_t pick[8];
    int32_t words = c / 8, step = 2 * CHUNK / c, done = 0;
    for (int32_t i = 0; i < 8; i++) pick[i] = i / words * 2 * words + i % words;
    const __m512i evens = _mm512_loadu_si512(pick);
    const __m512i odds = _mm512_add_epi64(evens, _mm512_set1_epi64(words));
    for (; done + step <= count; done += step) {
        __m512i a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + CHUNK);
        _mm512_storeu_si512(even, _mm512_permutex2var_epi64(a, evens, b));
        _mm512_storeu_si512(odd, _mm512_permutex2var_epi64(a, odds, b));
        from += 2 * CHUNK;
        even += CHUNK;
        odd += CHUNK;
    }
    return done;
}

const struct gantry_depthwise_isa gantry_depthwise__avx512 = {
    .lanes = LANES, .flip = true, .row = row, .column = column, .split = split};
