/* SPDX-License-Identifier: Apache-2.0
 * Functions of one element: float32, and int8 by a table of the correctly rounded function. A unit
 * is a piece of the tensor. */
#include <math.h>

#include "kernels/op.h"

enum { PIECE = 4096 };

struct unary {
    const struct gantry_op_args *args;
    double (*function)(double value, const void *context);
    const void *context;
    const int8_t *table;
    int64_t elements;
};

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct unary *unary = state;
    const float *x = unary->args->inputs[0].data;
    float *y = unary->args->outputs[0].data;
    int64_t until = (int64_t)end * PIECE;
    (void)scratch;
    if (until > unary->elements) until = unary->elements;
    for (int64_t i = (int64_t)first * PIECE; i < until; i++)
        y[i] = (float)unary->function((double)x[i], unary->context);
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct unary *unary = state;
    const uint8_t *x = unary->args->inputs[0].data;
    int8_t *y = unary->args->outputs[0].data;
    int64_t until = (int64_t)end * PIECE;
    (void)scratch;
    if (until > unary->elements) until = unary->elements;
    for (int64_t i = (int64_t)first * PIECE; i < until; i++) y[i] = unary->table[x[i]];
}

static bool bind(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                 struct gantry_arena *arena, double (*function)(double value, const void *context),
                 const void *context)
{
    struct unary *unary = gantry_arena_alloc(arena, 1, sizeof *unary);
    if (!unary) return false;
    *unary = (struct unary){.args = args,
                            .function = function,
                            .context = context,
                            .elements = gantry_op_elements(&args->inputs[0])};
    bool stored = args->inputs[0].dtype == GANTRY_INT8;
    if (stored) {
        unary->table =
            gantry_op_table(&args->inputs[0], &args->outputs[0], function, context, arena);
        if (!unary->table) return false;
    }
    gantry_op_set(kernel, stored ? run_s8 : run_f32, unary,
                  (int32_t)((unary->elements + PIECE - 1) / PIECE),
                  (uint64_t)unary->elements * (stored ? 1 : 8));
    return true;
}

struct range {
    double low, high;
};

static double limited(double value, const void *context)
{
    const struct range *range = context;
    value = value > range->low ? value : range->low;
    return value < range->high ? value : range->high;
}

static double logistic(double value, const void *context)
{
    (void)context;
    return 1.0 / (1.0 + exp(-value));
}

bool gantry_op_relu(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    static const struct range range = {0, HUGE_VAL};
    return bind(kernel, args, arena, limited, &range);
}

bool gantry_op_relu6(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena)
{
    static const struct range range = {0, 6};
    return bind(kernel, args, arena, limited, &range);
}

bool gantry_op_relu_n1_to_1(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                            struct gantry_arena *arena)
{
    static const struct range range = {-1, 1};
    return bind(kernel, args, arena, limited, &range);
}

bool gantry_op_logistic(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                        struct gantry_arena *arena)
{
    return bind(kernel, args, arena, logistic, NULL);
}
