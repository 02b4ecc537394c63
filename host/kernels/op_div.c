/* SPDX-License-Identifier: Apache-2.0
 * DIV: float32, int32, and stored values by rule V. */
#include "kernels/fixed.h"
#include "kernels/op_pairs.h"

struct division {
    int32_t zero1, zero2, zero_out;
    int32_t low, high;
    struct gantry_fixed factor; /* s1 / (s2 sy) */
};

/* Bits of a value in front of its highest one, the sign's included. */
static int32_t leading_zeros(uint32_t value) { return value ? __builtin_clz(value) : 32; }

static int32_t saturated(int64_t value)
{
    return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* 2^31 / (1 + a / 2^31) for a >= 0, by three steps of Newton's from 48 / 17 - 32 / 17 x, x the half
 * of the denominator; the values have 29 fraction bits. */
static int32_t reciprocal(int32_t a)
{
    const int32_t first = 1515870810, slope = -1010580540, one = 1 << 29;
    int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = first + gantry_fixed_high(half, slope);
    for (int32_t i = 0; i < 3; i++) {
        int32_t rest = one - gantry_fixed_high(half, x);
        x = (int32_t)(x + saturated((int64_t)gantry_fixed_high(x, rest) * 4));
    }
    return saturated((int64_t)x * 2);
}

static int64_t stored(const void *rule, int64_t a, int64_t b)
{
    const struct division *division = rule;
    int32_t x = (int32_t)a - division->zero1, y = (int32_t)b - division->zero2;
    if (y < 0) x = -x, y = -y;
    if (y == 0) return x > 0 ? division->high : x < 0 ? division->low : division->zero_out;
    int32_t zeros = leading_zeros((uint32_t)y);
    int32_t inverse = reciprocal((int32_t)(((uint32_t)y << zeros) - (UINT32_C(1) << 31)));
    int32_t room = leading_zeros((uint32_t)(x < 0 ? ~x : x)) - 1;
    int32_t quotient = gantry_fixed_high((int32_t)((uint32_t)x << room), inverse);
    int32_t shift = division->factor.shift - (31 - zeros) - room;
    if (shift < -31) return division->zero_out;
    const struct gantry_fixed factor = {division->factor.multiplier, shift};
    int64_t result = (int64_t)gantry_fixed_multiply(quotient, factor) + division->zero_out;
    return result < division->low    ? division->low
           : result > division->high ? division->high
                                     : result;
}

static int64_t truncated(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return b ? a / b : 0;
}

static float divided(float a, float b) { return a / b; }

bool gantry_op_div(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    const struct gantry_op_tensor *a = &args->inputs[0], *b = &args->inputs[1];
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct gantry_op_pairs pairs = {.integer = truncated, .real = divided};
    if (y->dtype == GANTRY_INT8 || y->dtype == GANTRY_INT16) {
        struct division *division = gantry_arena_alloc(arena, 1, sizeof *division);
        if (!division) return false;
        *division = (struct division){
            .zero1 = a->zero_point[0],
            .zero2 = b->zero_point[0],
            .zero_out = y->zero_point[0],
            .low = args->clamp_min,
            .high = args->clamp_max,
            .factor = gantry_fixed_of((double)(a->scale[0] / (b->scale[0] * y->scale[0])))};
        pairs.integer = stored;
        pairs.rule = division;
    }
    return gantry_op_set_pairs(kernel, &pairs, args, arena);
}
