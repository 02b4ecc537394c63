/* SPDX-License-Identifier: Apache-2.0
 * Functions of a real number: LOGISTIC, TANH, EXP and their like. Stored values are the real
 * function, rounded once, as the operator's row says. */
#include <math.h>

#include "kernels/op_unary.h"

#define PI 3.14159265358979323846

/* How LiteRT brings the result to the output's scale; it matters where that is a tie. */
enum rounding {
    EVEN, /* with the zero point added, ties to even */
    AWAY, /* from the float32 product with the reciprocal scale, ties away from zero */
    CUT   /* towards zero */
};

struct rule {
    double (*real)(double value, const void *context);
    const union gantry_attributes *attributes; /* the context of real */
    float input_scale, output_scale;
    int32_t input_zero, output_zero;
    enum rounding rounding;
};

static int32_t stored(const void *context, int32_t value)
{
    const struct rule *rule = context;
    float x = rule->input_scale * (float)(value - rule->input_zero);
    double y = rule->real((double)x, rule->attributes) / (double)rule->output_scale;
    if (rule->rounding == EVEN) return gantry_op_round(y + rule->output_zero, INT8_MIN, INT8_MAX);
    if (rule->rounding == AWAY)
        y = round(
            (double)((float)rule->real((double)x, rule->attributes) * (1.0f / rule->output_scale)));
    return gantry_op_round(trunc(y) + rule->output_zero, INT8_MIN, INT8_MAX);
}

static bool bind(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                 struct gantry_arena *arena, double (*real)(double value, const void *context),
                 enum rounding rounding, gantry_op_wide *wide)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_unary unary = {
        .args = args, .real = real, .context = args->attributes, .stored = stored};
    if (x->dtype == GANTRY_INT8) {
        struct rule *rule = gantry_arena_alloc(arena, 1, sizeof *rule);
        if (!rule) return false;
        *rule = (struct rule){.real = real,
                              .attributes = args->attributes,
                              .input_scale = x->scale[0],
                              .output_scale = y->scale[0],
                              .input_zero = x->zero_point[0],
                              .output_zero = y->zero_point[0],
                              .rounding = rounding};
        unary.rule = rule;
    }
    if (x->dtype == GANTRY_INT16 && !wide(&unary, arena)) return false;
    return gantry_op_set_unary(kernel, &unary, arena);
}

/* A function of x. */
#define REAL(name, expression)                               \
    static double real_##name(double x, const void *context) \
    {                                                        \
        (void)context;                                       \
        return expression;                                   \
    }

/* gantry_op_<name>: how int8 is rounded, how int16 is computed. */
#define FUNCTION(name, rounding, wide, expression)                                         \
    REAL(name, expression)                                                                 \
    bool gantry_op_##name(struct gantry_kernel *kernel, const struct gantry_op_args *args, \
                          struct gantry_arena *arena)                                      \
    {                                                                                      \
        return bind(kernel, args, arena, real_##name, rounding, wide);                     \
    }

FUNCTION(logistic, EVEN, gantry_op_wide_logistic, 1.0 / (1.0 + exp(-x)))
FUNCTION(tanh, EVEN, gantry_op_wide_tanh, tanh(x))
FUNCTION(elu, EVEN, NULL, x < 0 ? expm1(x) : x)
FUNCTION(erf, EVEN, NULL, erf(x))
FUNCTION(softplus, EVEN, NULL, fmax(x, 0) + log1p(exp(-fabs(x))))
FUNCTION(exp, AWAY, gantry_op_wide_function, exp(x))
FUNCTION(log, AWAY, NULL, log(x))
FUNCTION(rsqrt, AWAY, NULL, 1.0 / sqrt(x))
FUNCTION(sqrt, CUT, NULL, sqrt(x))
/* float32 alone */
FUNCTION(sin, EVEN, NULL, sin(x))
FUNCTION(cos, EVEN, NULL, cos(x))
FUNCTION(square, EVEN, NULL, x *x)
FUNCTION(neg, EVEN, NULL, -x)
FUNCTION(floor, EVEN, NULL, floor(x))
FUNCTION(ceil, EVEN, NULL, ceil(x))
FUNCTION(nearest, EVEN, NULL, nearbyint(x))

REAL(gelu, 0.5 * x * (1.0 + erf(x * sqrt(0.5))))
REAL(gelu_by_tanh, 0.5 * x * (1.0 + tanh(sqrt(2.0 / PI) * (x + 0.044715 * x * x * x))))

bool gantry_op_gelu(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    return bind(kernel, args, arena, args->attributes->approximate ? real_gelu_by_tanh : real_gelu,
                AWAY, gantry_op_wide_function);
}

/* slope x + offset in float32, limited to 0..1. */
static double real_hard_sigmoid(double x, const void *context)
{
    const union gantry_attributes *attributes = context;
    float y = attributes->line.slope * (float)x + attributes->line.offset;
    return (double)(y > 1 ? 1 : y > 0 ? y : 0);
}

bool gantry_op_hard_sigmoid(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                            struct gantry_arena *arena)
{
    return bind(kernel, args, arena, real_hard_sigmoid, EVEN, NULL);
}
