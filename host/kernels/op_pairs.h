/* SPDX-License-Identifier: Apache-2.0
 * Functions of two elements on tensors that broadcast to the output. A unit is a run along the last
 * dimension. */
#ifndef GANTRY_KERNELS_OP_PAIRS_H
#define GANTRY_KERNELS_OP_PAIRS_H

#include "kernels/op.h"

/* A run: where its operands begin, and how far their elements are apart. */
struct gantry_op_run {
    int64_t a, b, a_step, b_step;
};
struct gantry_op_run gantry_op_run_at(const struct gantry_shape *shape,
                                      const struct gantry_op_strides *a,
                                      const struct gantry_op_strides *b, int32_t unit);

struct gantry_op_pairs {
    float (*real)(float a, float b);                            /* of float32; 0: false */
    int64_t (*integer)(const void *rule, int64_t a, int64_t b); /* of all other types */
    const void *rule;
    /* Filled by gantry_op_set_pairs: */
    const struct gantry_op_args *args;
    struct gantry_op_strides a, b;
};

/* Sets the kernel of a copy of pairs. False: out of memory. */
GANTRY_MUST_USE bool gantry_op_set_pairs(struct gantry_kernel *kernel,
                                         const struct gantry_op_pairs *pairs,
                                         const struct gantry_op_args *args,
                                         struct gantry_arena *arena);

#endif
