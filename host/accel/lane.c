/* SPDX-License-Identifier: Apache-2.0
 * The requantisation lane in integers: rules F, P and X of docs/arithmetic.md, bit by bit what the
 * RTL computes.
 *
 * Rule F is defined in float32: y = RNE_int(RNE24(RNE24(acc) * scale)). The lane forms the exact
 * product T = RNE24(acc) * MULT, whose binary point lies at p = 18 + 3 * SHIFT, and rounds once.
 * That differs from rounding twice only where RNE24 moves the product onto a half integer: within
 * half a unit of the 24th bit of h + 1/2. There the result is the even neighbour. */
#include "accel/accel.h"

#include <string.h>

enum { POINT_MIN = 18, POINT_STEP = 3, SH_MIN = 16, SH_MAX = 55 };

uint32_t gantry_lane_scale(float scale)
{
    if (!(scale > 0.0f)) return 0;
    if (scale >= 256.0f) scale = 0x1.fffffep7f; /* any accumulator but 0 saturates either way */
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    int32_t sh = 150 - (int32_t)(bits >> 23);
    if (sh > SH_MAX) return 0; /* below 2^-32: every result is 0 */
    uint32_t significand = (bits & 0x7fffff) | 0x800000;
    uint32_t shift = (uint32_t)(sh - SH_MIN) / 3, rest = (uint32_t)(sh - SH_MIN) % 3;
    return significand << (2 - rest) | shift << GANTRY_SCALE_MULT_BITS;
}

/* acc rounded to 24 significant bits, ties to even. */
static int64_t round_24(int32_t acc)
{
    uint32_t magnitude = (uint32_t)(acc < 0 ? ~acc : acc);
    int32_t drop = magnitude >> 24 ? 8 - __builtin_clz(magnitude) : 0;
    if (drop == 0) return acc;
    int64_t wide = acc, unit = INT64_C(1) << drop;
    wide += unit / 2 - 1 + ((wide >> drop) & 1);
    return wide & -unit;
}

static int8_t clamp_i8(int64_t value, int32_t lo, int32_t hi)
{
    /* The hardware compares with lo last, so an empty range gives lo. */
    if (value > hi) value = hi;
    if (value < lo) value = lo;
    return (int8_t)value;
}

int8_t gantry_lane_f(int32_t acc, uint32_t scale_word, int32_t zero, int32_t lo, int32_t hi)
{
    int64_t mult = scale_word & ((1u << GANTRY_SCALE_MULT_BITS) - 1);
    int32_t shift =
        (int32_t)(scale_word >> GANTRY_SCALE_MULT_BITS) & ((1 << GANTRY_SCALE_SHIFT_BITS) - 1);
    int32_t point = POINT_MIN + POINT_STEP * shift;
    int64_t product = round_24(acc) * mult;
    int64_t whole = product >> point;
    if (whole > 255) return (int8_t)hi;
    if (whole < -256) return (int8_t)lo;
    uint64_t fraction = (uint64_t)product & ((UINT64_C(1) << point) - 1);
    uint64_t half = UINT64_C(1) << (point - 1);
    uint64_t distance = fraction > half ? fraction - half : half - fraction;
    uint32_t top = (uint32_t)(whole < 0 ? ~whole : whole);
    int32_t log2_top = top ? 31 - __builtin_clz(top) : -1;
    int32_t zone_log2 = point + log2_top - 24;
    uint64_t zone = zone_log2 < 0 ? 0 : UINT64_C(1) << zone_log2;
    int64_t rounded = whole + (distance <= zone ? (whole & 1) : fraction > half);
    return clamp_i8(rounded + zero, lo, hi);
}

int8_t gantry_lane_pool(int32_t acc, uint32_t scale_word, int32_t lo, int32_t hi)
{
    return gantry_lane_f(gantry_lane_pool_term(acc), scale_word, 0, lo, hi);
}

int32_t gantry_lane_pool_term(int32_t acc)
{
    return (int32_t)(4u * (uint32_t)acc + (acc < 0 ? UINT32_MAX : 1u));
}

void gantry_lane_res_pack(struct gantry_lane_res *out, int32_t k1, int32_t k2, int32_t shift,
                          int32_t zero1, int32_t zero2, int32_t zero_out, int32_t lo, int32_t hi)
{
    int32_t psel = 0;
    while (17 + 5 * psel < shift) psel++;
    gantry_assert(psel < 4);
    int32_t point = 17 + 5 * psel, up = point - shift;
    int64_t offsets = (int64_t)k1 * zero1 + (int64_t)k2 * zero2;
    *out = (struct gantry_lane_res){
        .k1 = k1 * (1 << up),
        .k2 = k2 * (1 << up),
        .c = (INT64_C(1) << (point - 1)) - offsets * (INT64_C(1) << up) +
             zero_out * (INT64_C(1) << point),
        .psel = psel,
        .lo = lo,
        .hi = hi,
    };
}

void gantry_lane_res_to_line(const struct gantry_lane_res *res, uint8_t line[GANTRY_LINE_BYTES])
{
    memset(line, 0, GANTRY_LINE_BYTES);
    gantry_store_u32(line + 4 * GANTRY_RES_WORD_K1, (uint32_t)res->k1);
    gantry_store_u32(line + 4 * GANTRY_RES_WORD_K2, (uint32_t)res->k2);
    gantry_store_u64(line + 4 * GANTRY_RES_WORD_C, (uint64_t)res->c);
    gantry_store_u32(line + 4 * GANTRY_RES_WORD_PSEL, (uint32_t)res->psel);
    gantry_store_u32(line + 4 * GANTRY_RES_WORD_LO, (uint32_t)res->lo);
    gantry_store_u32(line + 4 * GANTRY_RES_WORD_HI, (uint32_t)res->hi);
}

static int64_t sign_extend(uint64_t value, int32_t bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    value &= (sign << 1) - 1;
    return (int64_t)((value ^ sign) - sign);
}

void gantry_lane_res_from_line(struct gantry_lane_res *res, const uint8_t line[GANTRY_LINE_BYTES])
{
    *res = (struct gantry_lane_res){
        .k1 = (int32_t)sign_extend(gantry_load_u32(line + 4 * GANTRY_RES_WORD_K1), 27),
        .k2 = (int32_t)sign_extend(gantry_load_u32(line + 4 * GANTRY_RES_WORD_K2), 27),
        .c = sign_extend(gantry_load_u64(line + 4 * GANTRY_RES_WORD_C), 48),
        .psel = (int32_t)(gantry_load_u32(line + 4 * GANTRY_RES_WORD_PSEL) & 3),
        .lo = (int32_t)sign_extend(gantry_load_u32(line + 4 * GANTRY_RES_WORD_LO), 8),
        .hi = (int32_t)sign_extend(gantry_load_u32(line + 4 * GANTRY_RES_WORD_HI), 8),
    };
}

int8_t gantry_lane_x(int32_t x1, int32_t x2, const struct gantry_lane_res *res)
{
    int64_t sum = (int64_t)res->k1 * x1 + (int64_t)res->k2 * x2 + res->c;
    return clamp_i8(sum >> (17 + 5 * res->psel), res->lo, res->hi);
}
