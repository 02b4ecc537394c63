/* SPDX-License-Identifier: Apache-2.0
 * Piecewise linear functions: the RELU family, LEAKY_RELU, ABS, by rules M and Q8; HARD_SWISH. */
#include <math.h>

#include "kernels/fixed.h"
#include "kernels/kernels.h"
#include "kernels/op_unary.h"

/* ---- Factors for values above and below 0, then a range ---- */

struct line {
    struct gantry_fixed positive, negative;
    int32_t positive_256, negative_256; /* of rule Q8, where it holds */
    int32_t input_zero, output_zero;
    int32_t low, high;
};

static int32_t limited(int32_t value, int32_t low, int32_t high)
{
    return gantry_min_i32(gantry_max_i32(value, low), high);
}

static int32_t stored_m(const void *rule, int32_t value)
{
    const struct line *line = rule;
    int32_t x = value - line->input_zero;
    int32_t y = gantry_fixed_multiply(x, x >= 0 ? line->positive : line->negative);
    return limited(y + line->output_zero, line->low, line->high);
}

static int32_t stored_q8(const void *rule, int32_t value)
{
    const struct line *line = rule;
    int32_t x = value - line->input_zero;
    int32_t y = x * (x >= 0 ? line->positive_256 : line->negative_256);
    return limited(((y + 128) >> 8) + line->output_zero, line->low, line->high);
}

/* A line for a stored operator; slope: of values below 0. NULL: out of memory. */
static struct line *make_line(const struct gantry_op_args *args, float slope,
                              struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct line *line = gantry_arena_alloc(arena, 1, sizeof *line);
    if (!line) return NULL;
    line->positive = gantry_fixed_of((double)(x->scale[0] / y->scale[0]));
    line->negative = gantry_fixed_of((double)(x->scale[0] * slope / y->scale[0]));
    line->input_zero = x->zero_point[0];
    line->output_zero = y->zero_point[0];
    line->low = gantry_op_least(y->dtype);
    line->high = gantry_op_most(y->dtype);
    return line;
}

/* ---- The RELU family ---- */

struct range {
    double low, high;
};

static double real_range(double value, const void *context)
{
    const struct range *range = context;
    value = value > range->low ? value : range->low;
    return value < range->high ? value : range->high;
}

/* A limit as a stored value, within the type. */
static int32_t stored_limit(const struct gantry_op_tensor *y, double limit)
{
    double value = round((double)((float)limit / y->scale[0])) + y->zero_point[0];
    return gantry_op_round(value, gantry_op_least(y->dtype), gantry_op_most(y->dtype));
}

static bool bind_range(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena, const struct range *range)
{
    struct gantry_op_unary unary = {
        .args = args, .real = real_range, .context = range, .stored = stored_m};
    if (args->inputs[0].dtype != GANTRY_FLOAT32) {
        struct line *line = make_line(args, 1.0f, arena);
        if (!line) return false;
        line->low = stored_limit(&args->outputs[0], range->low);
        line->high = stored_limit(&args->outputs[0], range->high);
        unary.rule = line;
    }
    return gantry_op_set_unary(kernel, &unary, arena);
}

#define RANGE(name, least, most)                                                           \
    bool gantry_op_##name(struct gantry_kernel *kernel, const struct gantry_op_args *args, \
                          struct gantry_arena *arena)                                      \
    {                                                                                      \
        static const struct range range = {least, most};                                   \
        return bind_range(kernel, args, arena, &range);                                    \
    }

RANGE(relu, 0, HUGE_VAL)
RANGE(relu6, 0, 6)
RANGE(relu_n1_to_1, -1, 1)
RANGE(relu_0_to_1, 0, 1)

/* ---- LEAKY_RELU ---- */

static double real_leaky(double value, const void *context)
{
    return value < 0 ? value * (double)*(const float *)context : value;
}

/* Rule Q8 where LiteRT's default has it: int8, both factors within its range. */
static bool has_q8(const struct line *line, const struct gantry_op_args *args)
{
    float ratio = args->inputs[0].scale[0] / args->outputs[0].scale[0];
    float negative = ratio * args->attributes->alpha;
    return args->inputs[0].dtype == GANTRY_INT8 && line->positive_256 > 0 &&
           fabsf(negative) >= 0x1p-8f && negative > -0x1.fffep6f && negative <= 0x1p7f;
}

bool gantry_op_leaky_relu(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          struct gantry_arena *arena)
{
    float alpha = args->attributes->alpha;
    struct gantry_op_unary unary = {
        .args = args, .real = real_leaky, .context = &args->attributes->alpha, .stored = stored_m};
    if (args->inputs[0].dtype != GANTRY_FLOAT32) {
        struct line *line = make_line(args, alpha, arena);
        if (!line) return false;
        float sx = args->inputs[0].scale[0], sy = args->outputs[0].scale[0];
        line->positive_256 = gantry_rule_q8_factor(sx, sy);
        unary.rule = line;
        if (has_q8(line, args)) {
            line->negative_256 = (int32_t)nearbyintf(256.0f * (sx / sy * alpha));
            unary.stored = stored_q8;
        }
    }
    return gantry_op_set_unary(kernel, &unary, arena);
}

/* ---- ABS ---- */

static double real_abs(double value, const void *context)
{
    (void)context;
    return fabs(value);
}

bool gantry_op_abs(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    struct gantry_op_unary unary = {.args = args, .real = real_abs, .stored = stored_m};
    if (args->inputs[0].dtype != GANTRY_FLOAT32) {
        struct line *line = make_line(args, -1.0f, arena);
        if (!line) return false;
        unary.rule = line;
    }
    return gantry_op_set_unary(kernel, &unary, arena);
}
