/* SPDX-License-Identifier: Apache-2.0
 * Functions of int16 by interpolation, as LiteRT has them (rule I). */
#include <math.h>
#include <stdlib.h>

#include "kernels/curve.h"
#include "kernels/gate.h"
#include "kernels/op_unary.h"

/* ---- Any function: 512 steps over the range of the input ---- */

enum { STEPS = 512 };

static int16_t limited(float value)
{
    return (int16_t)gantry_op_round((double)value, INT16_MIN, INT16_MAX);
}

static int32_t interpolated(const void *rule, int32_t value)
{
    const int16_t *table = rule;
    int32_t at = STEPS / 2 + (value >> 7);
    int32_t slope = table[at + 1] - table[at];
    return table[at] + ((slope * (value & 127) + 64) >> 7);
}

bool gantry_op_wide_function(struct gantry_op_unary *unary, struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &unary->args->inputs[0], *y = &unary->args->outputs[0];
    int16_t *table = gantry_arena_alloc(arena, STEPS + 1, sizeof *table);
    if (!table) return false;
    float low = x->scale[0] * (float)(INT16_MIN - x->zero_point[0]);
    float high = x->scale[0] * (float)(INT16_MAX - x->zero_point[0]);
    float out_low = y->scale[0] * (float)(INT16_MIN - y->zero_point[0]);
    float out_high = y->scale[0] * (float)(INT16_MAX - y->zero_point[0]);
    float step = (high - low) / (float)STEPS, factor = 65536.0f / (out_high - out_low);
#define AT(place) ((float)unary->real((double)(place), unary->context) * factor)
    for (int32_t i = 0; i < STEPS; i++) {
        float start = low + (float)i * step;
        float value = roundf(AT(start)), next = AT(low + (float)(i + 1) * step);
        /* Half of the error in the middle of the step is taken off its start. */
        float error = roundf((next + value) / 2) - roundf(AT(start + step / 2));
        table[i] = limited(value - roundf(error / 2));
    }
    table[STEPS] = limited(roundf(AT(high)));
#undef AT
    unary->stored = interpolated;
    unary->rule = table;
    return true;
}

/* ---- LOGISTIC and TANH: 256 steps of 1 / 24 of the logistic function ---- */

static int32_t scaled_input(const struct gantry_curve *curve, int32_t value)
{
    int64_t half = curve->shift > 0 ? INT64_C(1) << (curve->shift - 1) : 0;
    int64_t scaled = ((int64_t)value * curve->multiplier + half) >> curve->shift;
    return (int32_t)(scaled < -INT32_MAX ? -INT32_MAX : scaled > INT32_MAX ? INT32_MAX : scaled);
}

int32_t gantry_curve_logistic(const void *rule, int32_t value)
{
    const struct gantry_curve *curve = rule;
    int32_t x = scaled_input(curve, value);
    uint32_t size = (uint32_t)abs(x), at = size >> 9, y = UINT32_C(0x7fff) << 10;
    if (at < GANTRY_CURVE_STEPS - 1)
        y = ((uint32_t)curve->table[at] << 9) +
            (size & 0x1ff) * (uint32_t)(curve->table[at + 1] - curve->table[at]);
    y = x >= 0 ? y + (1 << 9) : (UINT32_C(1) << 25) - y + (1 << 9) - 1;
    return (int32_t)(y >> 10);
}

int32_t gantry_curve_tanh(const void *rule, int32_t value)
{
    const struct gantry_curve *curve = rule;
    int32_t x = scaled_input(curve, value);
    uint32_t size = (uint32_t)abs(x), at = size >> 8;
    int32_t y = 0xffff << 8;
    if (at < GANTRY_CURVE_STEPS - 1)
        y = (curve->table[at] << 8) +
            (int32_t)(size & 0xff) * (curve->table[at + 1] - curve->table[at]);
    y = x >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1;
    return y >> 8;
}

/* Values of the table that are one above the rounded function, which suits the interpolation. */
static const uint64_t raised[GANTRY_CURVE_STEPS / 64] = {UINT64_C(0xc0467baefa7bd110),
                                                         UINT64_C(0x11009020440005), UINT64_C(0x80),
                                                         UINT64_C(0x8000000000000000)};

void gantry_curve_init(struct gantry_curve *curve, int32_t multiplier, int32_t shift)
{
    curve->multiplier = multiplier;
    curve->shift = shift;
    for (int32_t i = 0; i < GANTRY_CURVE_STEPS; i++) {
        long rounded = lround(65536 / (1 + exp(-i / 24.0)));
        curve->table[i] = (uint16_t)(rounded + (long)(raised[i / 64] >> i % 64 & 1));
    }
}

static bool set_curve(struct gantry_op_unary *unary,
                      int32_t (*stored)(const void *rule, int32_t value),
                      struct gantry_arena *arena)
{
    struct gantry_curve *curve = gantry_arena_alloc(arena, 1, sizeof *curve);
    if (!curve) return false;
    double multiplier = (double)unary->args->inputs[0].scale[0] * 4096 * 3;
    int32_t shift = 0;
    for (; multiplier <= 32767.0 / 2 && shift <= 30; shift++) multiplier *= 2;
    gantry_curve_init(curve, multiplier < INT32_MAX ? (int32_t)multiplier : INT32_MAX, shift);
    unary->stored = stored;
    unary->rule = curve;
    return true;
}

/* ---- The same at the scales that LSTM gates have ---- */

static int32_t gate_logistic(const void *rule, int32_t value)
{
    (void)rule;
    return gantry_gate_logistic((int16_t)value);
}

static int32_t gate_tanh(const void *rule, int32_t value)
{
    (void)rule;
    return gantry_gate_tanh((int16_t)value, GANTRY_GATE_INTEGER_BITS);
}

static int32_t gate_tanh_of_double(const void *rule, int32_t value)
{
    return gate_tanh(rule, gantry_min_i32(gantry_max_i32(2 * value, INT16_MIN), INT16_MAX));
}

bool gantry_op_wide_logistic(struct gantry_op_unary *unary, struct gantry_arena *arena)
{
    if (unary->args->inputs[0].scale[0] != 0x1p-12f)
        return set_curve(unary, gantry_curve_logistic, arena);
    unary->stored = gate_logistic;
    return true;
}

bool gantry_op_wide_tanh(struct gantry_op_unary *unary, struct gantry_arena *arena)
{
    float scale = unary->args->inputs[0].scale[0];
    if (scale != 0x1p-12f && scale != 0x1p-11f) return set_curve(unary, gantry_curve_tanh, arena);
    unary->stored = scale == 0x1p-12f ? gate_tanh : gate_tanh_of_double;
    return true;
}
