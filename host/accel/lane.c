/* SPDX-License-Identifier: Apache-2.0
 * Parameters of the requantisation lane: scale words of rule F, RES lines of rule X. What the lane
 * computes with them is in equations.h. */
#include "accel/accel.h"

#include <string.h>

enum { SH_MIN = GANTRY_POINT_MIN - 2, SH_MAX = 55 };

uint32_t gantry_lane_scale(float scale)
{
    if (!(scale > 0.0f)) return 0;
    if (scale >= 256.0f) scale = 0x1.fffffep7f; /* any accumulator but 0 saturates either way */
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    int32_t sh = 150 - (int32_t)(bits >> 23);
    if (sh > SH_MAX) return 0; /* below 2^-32: every result is 0 */
    uint32_t significand = (bits & 0x7fffff) | 0x800000;
    uint32_t shift = (uint32_t)(sh - SH_MIN) / GANTRY_POINT_STEP;
    uint32_t rest = (uint32_t)(sh - SH_MIN) % GANTRY_POINT_STEP;
    return significand << (2 - rest) | shift << GANTRY_SCALE_MULT_BITS;
}

int8_t gantry_lane_pool(int32_t acc, uint32_t scale_word, int32_t lo, int32_t hi)
{
    return gantry_lane_f(gantry_lane_pool_term(acc), scale_word, 0, lo, hi);
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

void gantry_lane_res_from_line(struct gantry_lane_res *res, const uint8_t line[GANTRY_LINE_BYTES])
{
    uint32_t words[GANTRY_LINE_BYTES / 4];
    for (size_t i = 0; i < GANTRY_COUNT(words); i++) words[i] = gantry_load_u32(line + 4 * i);
    gantry_lane_res_from_words(res, words);
}
