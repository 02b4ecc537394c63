/* SPDX-License-Identifier: Apache-2.0
 * Functions of one element. Stored int8 goes through a table of 256 bytes, int16 through the
 * function itself, float32 through the real one. */
#ifndef GANTRY_KERNELS_OP_UNARY_H
#define GANTRY_KERNELS_OP_UNARY_H

#include "kernels/op.h"

struct gantry_op_unary {
    const struct gantry_op_args *args;
    double (*real)(double value, const void *context);
    const void *context;
    /* The stored value of the output for one of the input; rule: its parameters. */
    int32_t (*stored)(const void *rule, int32_t value);
    const void *rule;
    /* Filled by gantry_op_set_unary: */
    const uint8_t *table;
    int64_t elements;
};

/* Sets the kernel of a copy of unary. False: out of memory. */
GANTRY_MUST_USE bool gantry_op_set_unary(struct gantry_kernel *kernel,
                                         const struct gantry_op_unary *unary,
                                         struct gantry_arena *arena);

/* How an int16 operator is computed: sets stored and rule of unary. False: out of memory. */
typedef bool gantry_op_wide(struct gantry_op_unary *unary, struct gantry_arena *arena);
gantry_op_wide gantry_op_wide_function; /* of any real function */
gantry_op_wide gantry_op_wide_logistic;
gantry_op_wide gantry_op_wide_tanh;

/* Least and greatest value of a stored type. */
static inline int32_t gantry_op_least(enum gantry_dtype dtype)
{
    return dtype == GANTRY_INT16 ? INT16_MIN : INT8_MIN;
}
static inline int32_t gantry_op_most(enum gantry_dtype dtype)
{
    return dtype == GANTRY_INT16 ? INT16_MAX : INT8_MAX;
}

#endif
