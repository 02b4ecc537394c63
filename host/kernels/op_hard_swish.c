/* SPDX-License-Identifier: Apache-2.0
 * HARD_SWISH: x * min(max(x + 3, 0), 6) / 6, in LiteRT's fixed point of 16 bits (rule H). */
#include "kernels/fixed.h"
#include "kernels/op_unary.h"

struct swish {
    int32_t input_zero, output_zero;
    struct gantry_fixed ramp, output; /* multipliers of 15 bits */
};

static int32_t saturated(int64_t value)
{
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : (int32_t)value;
}

/* a x b / 2^15, ties up. */
static int32_t high(int32_t a, int32_t b)
{
    int32_t product = a * b, nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
    return saturated((product + nudge) / (1 << 15));
}

static int32_t raised(int32_t value, int32_t bits)
{
    return saturated((int64_t)value * (1 << gantry_min_i32(bits, 15)));
}

/* A factor with a multiplier of 15 bits. */
static struct gantry_fixed narrow(double factor)
{
    struct gantry_fixed fixed = gantry_fixed_of(factor);
    fixed.multiplier = saturated(((int64_t)fixed.multiplier + (1 << 15)) >> 16);
    return fixed;
}

static int32_t stored(const void *rule, int32_t value)
{
    const struct swish *swish = rule;
    int32_t x = (value - swish->input_zero) * 128; /* seven more bits; within 16 */
    int32_t scaled = high(x, swish->output.multiplier);
    int32_t shift = swish->ramp.shift;
    /* The ramp (x + 3) / 6 from 0 to 1: x / 3 saturates at -1 and 1. */
    int32_t ramp = shift > 0 ? raised(x, shift - 1) : x;
    ramp = high(ramp, swish->ramp.multiplier);
    if (shift > 0) ramp = raised(ramp, 1);
    if (shift < 0) ramp = gantry_fixed_shift(ramp, -shift);
    ramp = (ramp + (1 << 15)) >> 1;
    int32_t y = saturated((int64_t)ramp * scaled / (1 << 15));
    shift = swish->output.shift;
    y = shift > 0 ? raised(y, shift) : gantry_fixed_shift(y, -shift);
    return gantry_min_i32(gantry_max_i32(y + swish->output_zero, INT8_MIN), INT8_MAX);
}

static double real(double value, const void *context)
{
    double ramp = value + 3;
    (void)context;
    ramp = ramp > 0 ? ramp : 0;
    return value * (ramp < 6 ? ramp : 6) / 6;
}

bool gantry_op_hard_swish(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_unary unary = {.args = args, .real = real, .stored = stored};
    if (x->dtype == GANTRY_INT8) {
        struct swish *swish = gantry_arena_alloc(arena, 1, sizeof *swish);
        if (!swish) return false;
        float fine = 1.0f / 128.0f * x->scale[0];
        swish->input_zero = x->zero_point[0];
        swish->output_zero = y->zero_point[0];
        swish->ramp = narrow((double)(fine / (3.0f / 32768.0f)));
        swish->output = narrow((double)(fine / y->scale[0]));
        unary.rule = swish;
    }
    return gantry_op_set_unary(kernel, &unary, arena);
}
