/* SPDX-License-Identifier: Apache-2.0
 * Between the convolutions on dense tensors: the geometry (op_conv.c), sums of int16 and of float32
 * by int8 weights (op_conv_s16.c, op_conv_hybrid.c). */
#ifndef GANTRY_KERNELS_OP_CONV_H
#define GANTRY_KERNELS_OP_CONV_H

#include "kernels/fixed.h"
#include "kernels/op.h"

struct gantry_op_conv {
    const struct gantry_op_args *args;
    int32_t h, w, c, out_h, out_w, out_c;
    int32_t depth;        /* input channels of an output channel */
    int32_t share;        /* output channels that read the same ones */
    int64_t tap, channel; /* distances of taps and of output channels among the weights */
    struct gantry_window_attributes window;
    bool matrix;                      /* a matrix product: every unit is one pixel */
    bool transposed;                  /* the window is spread over the output */
    const float *scale;               /* int8: of rule F */
    const struct gantry_fixed *fixed; /* int16: of rule M */
    const double *exact;              /* int16: where the product is scaled in float64 */
};

/* Taps of an output position: first element of the input that tap (ky, kx) reads, or -1 outside.
 * unit: a row of the output, through all items of the batch. */
int64_t gantry_op_conv_at(const struct gantry_op_conv *conv, int32_t unit, int32_t ox, int32_t o,
                          int32_t ky, int32_t kx);

/* Runs with int16 input and output, int8 weights, bias int64 or int32 (units: rows). */
void gantry_op_conv_run_s16(const void *state, int32_t first, int32_t end, void *scratch);

/* Binds float32 input and output, int8 weights, float32 bias. False: out of memory. */
bool gantry_op_conv_bind_hybrid(struct gantry_kernel *kernel, const struct gantry_op_conv *conv,
                                struct gantry_arena *arena);

/* Makes the scales of int16: exact ones of a matrix product, else rule M. False: out of memory. */
bool gantry_op_conv_scale_s16(struct gantry_op_conv *conv, struct gantry_arena *arena);

#endif
