/* SPDX-License-Identifier: Apache-2.0
 * PRELU: x, or below 0 x times a slope of a second tensor, which broadcasts. int8 by rule M. */
#include "kernels/fixed.h"
#include "kernels/op_pairs.h"

struct prelu {
    int32_t zero, slope_zero, zero_out;
    struct gantry_fixed positive, negative;
};

static int64_t stored(const void *rule, int64_t a, int64_t b)
{
    const struct prelu *prelu = rule;
    int32_t x = (int32_t)a - prelu->zero, slope = (int32_t)b - prelu->slope_zero;
    int32_t y = x >= 0 ? gantry_fixed_multiply(x, prelu->positive)
                       : gantry_fixed_multiply(x * slope, prelu->negative);
    int64_t value = (int64_t)y + prelu->zero_out;
    return value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value;
}

static float real(float x, float slope) { return x >= 0 ? x : x * slope; }

bool gantry_op_prelu(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *slope = &args->inputs[1];
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct gantry_op_pairs pairs = {.real = real, .integer = stored};
    if (x->dtype == GANTRY_INT8) {
        struct prelu *prelu = gantry_arena_alloc(arena, 1, sizeof *prelu);
        if (!prelu) return false;
        float negative = x->scale[0] * slope->scale[0] / y->scale[0];
        *prelu = (struct prelu){.zero = x->zero_point[0],
                                .slope_zero = slope->zero_point[0],
                                .zero_out = y->zero_point[0],
                                .positive = gantry_fixed_of((double)(x->scale[0] / y->scale[0])),
                                .negative = gantry_fixed_of((double)negative)};
        pairs.rule = prelu;
    }
    return gantry_op_set_pairs(kernel, &pairs, args, arena);
}
