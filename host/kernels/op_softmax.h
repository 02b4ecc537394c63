/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of SOFTMAX: float32 and int8 (op_softmax.c), int16 (op_softmax_s16.c). */
#ifndef GANTRY_KERNELS_OP_SOFTMAX_H
#define GANTRY_KERNELS_OP_SOFTMAX_H

#include "kernels/op.h"

/* Binds int16 to int16 with steps of 2^-15; rows of at most 2^15. False: out of memory. */
bool gantry_op_bind_softmax_s16(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                                struct gantry_arena *arena);

#endif
