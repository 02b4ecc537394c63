/* SPDX-License-Identifier: Apache-2.0
 * Comparisons and logic, with results of bool. */
#include "kernels/op_pairs.h"

#define COMPARISON(name, operation)                                                            \
    static int64_t name##_integer(const void *rule, int64_t a, int64_t b)                      \
    {                                                                                          \
        (void)rule;                                                                            \
        return a operation b;                                                                  \
    }                                                                                          \
    static float name##_real(float a, float b) { return a operation b ? 1.0f : 0.0f; }         \
    bool gantry_op_##name(struct gantry_kernel *kernel, const struct gantry_op_args *args,     \
                          struct gantry_arena *arena)                                          \
    {                                                                                          \
        const struct gantry_op_pairs pairs = {.integer = name##_integer, .real = name##_real}; \
        return gantry_op_set_pairs(kernel, &pairs, args, arena);                               \
    }

COMPARISON(less, <)
COMPARISON(less_equal, <=)
COMPARISON(greater, >)
COMPARISON(greater_equal, >=)
COMPARISON(equal, ==)
COMPARISON(not_equal, !=)
/* Of bool, which may hold any byte for true. */
COMPARISON(logical_and, &&)
COMPARISON(logical_or, ||)

static void logical_not(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    int64_t elements = gantry_op_elements(&args->outputs[0]);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++)
        ((uint8_t *)args->outputs[0].data)[i] = ((const uint8_t *)args->inputs[0].data)[i] == 0;
}

bool gantry_op_logical_not(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                           struct gantry_arena *arena)
{
    (void)arena;
    gantry_op_set(kernel, logical_not, args, 1, (uint64_t)gantry_op_elements(&args->inputs[0]));
    return true;
}
