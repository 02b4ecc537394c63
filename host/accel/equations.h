/* SPDX-License-Identifier: Apache-2.0
 * The accelerator's equations as functions: layout of the activation memory, rules F, P and X as
 * the lane computes them, words of LOAD rows, slots of WINDOW.
 *
 * Written in what C11, C++ and OpenCL C 1.2 have in common: the executor and the kernels of
 * hw/opencl compute with the same text. The kernels' sources bring the integer types and the
 * constants of hw/spec. */
#ifndef GANTRY_ACCEL_EQUATIONS_H
#define GANTRY_ACCEL_EQUATIONS_H

#ifdef __OPENCL_VERSION__
#define GANTRY_CLZ(x) ((int32_t)clz(x))
#else
#define GANTRY_CLZ(x) __builtin_clz(x)
#endif

/* ---- Activation memory: linear pixel numbers, banks and rows ---- */

/* A tensor in activation memory (section "activation memory" of docs/hardware.md). */
struct gantry_act_tensor {
    int32_t base, cb; /* first row; channel blocks of the tensor */
    int32_t pitch;    /* pixels per stored row */
    int32_t ps;       /* pixels per plane; ignored when sy = sx = 1 */
    int32_t sy, sx;   /* 1 or 2: parity planes */
    int32_t h, w;
};

/* Linear pixel number of (y, x). */
static inline int64_t gantry_act_pixel(const struct gantry_act_tensor *tensor, int32_t y, int32_t x)
{
    int64_t plane = (int64_t)(y % tensor->sy) * tensor->sx + x % tensor->sx;
    return plane * tensor->ps + (int64_t)(y / tensor->sy) * tensor->pitch + x / tensor->sx;
}

/* Bank and row of channel block cb of linear pixel q. */
static inline void gantry_act_address(const struct gantry_act_tensor *tensor, int32_t npx,
                                      int64_t q, int32_t cb, int32_t *bank, int64_t *row)
{
    *bank = (int32_t)(q % npx);
    *row = tensor->base + q / npx * tensor->cb + cb;
}

/* Pixels from a raster pixel to the one that kernel tap (a, b) relative to it reads. Shifts and
 * masks of negative taps round down, as in two's complement hardware. */
static inline int64_t gantry_act_tap(const struct gantry_act_tensor *in, int32_t a, int32_t b)
{
    int32_t log2_sy = in->sy - 1, log2_sx = in->sx - 1;
    int64_t plane = (int64_t)(a & (in->sy - 1)) * in->sx + (b & (in->sx - 1));
    return plane * in->ps + (int64_t)(a >> log2_sy) * in->pitch + (b >> log2_sx);
}

/* ---- The lane: rules F, P and X (docs/arithmetic.md) in the integer form the RTL computes ----
 *
 * Rule F is defined in float32: y = RNE_int(RNE24(RNE24(acc) * scale)). The lane forms the exact
 * product T = RNE24(acc) * MULT, whose binary point lies at p = 18 + 3 * SHIFT, and rounds once.
 * That differs from rounding twice only where RNE24 moves the product onto a half integer: within
 * half a unit of the 24th bit of h + 1/2. There the result is the even neighbour. */

enum { GANTRY_POINT_MIN = 18, GANTRY_POINT_STEP = 3 };

/* acc rounded to 24 significant bits, ties to even. */
static inline int64_t gantry_lane_round_24(int32_t acc)
{
    uint32_t magnitude = (uint32_t)(acc < 0 ? ~acc : acc);
    int32_t drop = magnitude >> 24 ? 8 - GANTRY_CLZ(magnitude) : 0;
    if (drop == 0) return acc;
    int64_t wide = acc, unit = (int64_t)1 << drop;
    wide += unit / 2 - 1 + ((wide >> drop) & 1);
    return wide & -unit;
}

/* The hardware compares with lo last, so an empty range gives lo. */
static inline int8_t gantry_lane_clamp(int64_t value, int32_t lo, int32_t hi)
{
    if (value > hi) value = hi;
    if (value < lo) value = lo;
    return (int8_t)value;
}

/* Rule F as the lane computes it, from a scale word; bit-exact to the float definition. */
static inline int8_t gantry_lane_f(int32_t acc, uint32_t scale_word, int32_t zero, int32_t lo,
                                   int32_t hi)
{
    int64_t mult = scale_word & (((uint32_t)1 << GANTRY_SCALE_MULT_BITS) - 1);
    int32_t shift =
        (int32_t)(scale_word >> GANTRY_SCALE_MULT_BITS) & ((1 << GANTRY_SCALE_SHIFT_BITS) - 1);
    int32_t point = GANTRY_POINT_MIN + GANTRY_POINT_STEP * shift;
    int64_t product = gantry_lane_round_24(acc) * mult;
    int64_t whole = product >> point;
    if (whole > 255) return (int8_t)hi;
    if (whole < -256) return (int8_t)lo;
    uint64_t fraction = (uint64_t)product & (((uint64_t)1 << point) - 1);
    uint64_t middle = (uint64_t)1 << (point - 1);
    uint64_t distance = fraction > middle ? fraction - middle : middle - fraction;
    uint32_t top = (uint32_t)(whole < 0 ? ~whole : whole);
    int32_t log2_top = top ? 31 - GANTRY_CLZ(top) : -1;
    int32_t zone_log2 = point + log2_top - 24;
    uint64_t zone = zone_log2 < 0 ? 0 : (uint64_t)1 << zone_log2;
    int64_t rounded = whole + (distance <= zone ? (whole & 1) : (int64_t)(fraction > middle));
    return gantry_lane_clamp(rounded + zero, lo, hi);
}

/* What the bias adder makes of an accumulator under rule P: 4*acc - 1 below 0, else 4*acc + 1. */
static inline int32_t gantry_lane_pool_term(int32_t acc)
{
    return (int32_t)(4 * (uint32_t)acc + (acc < 0 ? ~(uint32_t)0 : 1));
}

/* Rule X on the lane. */
struct gantry_lane_res {
    int32_t k1, k2; /* K_i = k_i << (p - sh), signed 27 bits */
    int64_t c;      /* 48 bits */
    int32_t psel;   /* p = 17 + 5 psel */
    int32_t lo, hi;
};

static inline int8_t gantry_lane_x(int32_t x1, int32_t x2, const struct gantry_lane_res *res)
{
    int64_t sum = (int64_t)res->k1 * x1 + (int64_t)res->k2 * x2 + res->c;
    return gantry_lane_clamp(sum >> (17 + 5 * res->psel), res->lo, res->hi);
}

static inline int64_t gantry_sign_extend(uint64_t value, int32_t bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    value &= (sign << 1) - 1;
    return (int64_t)((value ^ sign) - sign);
}

/* From the 32-bit words of a RES line. */
static inline void gantry_lane_res_from_words(struct gantry_lane_res *res, const uint32_t *words)
{
    uint64_t c = words[GANTRY_RES_WORD_C] | (uint64_t)words[GANTRY_RES_WORD_C + 1] << 32;
    res->k1 = (int32_t)gantry_sign_extend(words[GANTRY_RES_WORD_K1], 27);
    res->k2 = (int32_t)gantry_sign_extend(words[GANTRY_RES_WORD_K2], 27);
    res->c = gantry_sign_extend(c, 48);
    res->psel = (int32_t)(words[GANTRY_RES_WORD_PSEL] & 3);
    res->lo = (int32_t)gantry_sign_extend(words[GANTRY_RES_WORD_LO], 8);
    res->hi = (int32_t)gantry_sign_extend(words[GANTRY_RES_WORD_HI], 8);
}

/* ---- The weight stream ---- */

/* Where an instruction's lines are: byte of the stream in its memory, bytes of a stripe, the
 * instruction's first line, lines of a group. */
struct gantry_lines {
    int64_t at, stripe, first, group;
};

/* Byte b of a line, in the memory of the stream. */
static inline int64_t gantry_line_byte(const struct gantry_lines *lines, int32_t ports,
                                       int64_t line, int32_t b)
{
    int32_t width = GANTRY_LINE_BYTES / ports;
    return lines->at + b / width * lines->stripe + line * width + b % width;
}

/* ---- WINDOW ---- */

/* Passes of WINDOW: the operands PASS0..PASS7 are 16 bits each; see hw/spec/isa.def. */
struct gantry_pass {
    int32_t py, px, a0, b0, rows;
};

enum { GANTRY_PASSES_MAX = 8, GANTRY_WINDOW_ROWS = 3, GANTRY_WINDOW_COLUMNS = 5 };

/* Columns of a pass or step, on an array of g groups. */
static inline int32_t gantry_window_columns(int32_t g) { return g < 4 ? 3 : GANTRY_WINDOW_COLUMNS; }

/* Byte of a weight block for channel c, tap row r of rows, tap column k. */
static inline int32_t gantry_window_slot(int32_t rows, int32_t c, int32_t r, int32_t k)
{
    return GANTRY_CHANNELS * c + GANTRY_WINDOW_COLUMNS * (GANTRY_WINDOW_ROWS - rows + r) + k;
}

/* ---- Decoded instructions ---- */

/* CONV, and WINDOW: that one is a CONV with diag (or tcb) whose k-steps are passes. p: pixels of an
 * accumulator row. Members from window to pool are 0 or 1, whole too. */
struct gantry_conv {
    int32_t window;
    int32_t passes; /* steps with tcb */
    struct gantry_pass pass[GANTRY_PASSES_MAX];
    int32_t res, diag, max, tcb, w2, pool;
    int32_t pad; /* a signed byte */
    int32_t m, p;
    struct gantry_act_tensor in, out, residual;
    int32_t out_cb0, walk_cb, blocks, groups, tile, tiles, rows;
    int32_t kh, kw, dilation, pad_top, pad_left;
    int32_t zero, lo, hi;
    int32_t dep, whole;
};

/* LOAD and STORE; row_bytes, step, lead and pad of a STORE are those of whole words. */
struct gantry_move {
    int64_t offset, row_stride;
    int32_t buffer;
    int32_t rows, row0, row_bytes, pixels, step, lead, words, cb0;
    int32_t pad; /* a byte */
    struct gantry_act_tensor tensor;
};

#endif
