/* SPDX-License-Identifier: Apache-2.0
 * Operators on dense tensors of any type and rank: the general interface beside the int8 kernels
 * of kernels.h. A row of graph/ops.def names the function that binds an operator.
 *
 * Binding looks at shapes, types, quantisation and constants, all of which gantry_graph_check has
 * found legal; it may allocate tables and state from the arena. Running reads inputs, writes
 * outputs and allocates nothing. Memory of inputs and outputs is aligned to their elements. */
#ifndef GANTRY_KERNELS_OP_H
#define GANTRY_KERNELS_OP_H

#include "gantry/tensor.h"
#include "kernels/attributes.h"
#include "kernels/kernel.h"

/* A dense tensor in C order. */
struct gantry_op_tensor {
    enum gantry_dtype dtype;
    struct gantry_shape shape;
    void *data;     /* NULL: an absent input. Constants may be read while binding. */
    bool constant;  /* data does not change */
    int32_t scales; /* 0: not quantised; 1: per tensor; n: along axis */
    int32_t axis;
    const float *scale;
    const int32_t *zero_point;
};

struct gantry_op_args {
    const struct gantry_op_tensor *inputs, *outputs;
    int32_t input_count, output_count;
    const union gantry_attributes *attributes;
    int32_t clamp_min, clamp_max; /* of a quantised output, in stored values */
    float real_min, real_max;     /* of a float32 output */
    enum gantry_isa isa;          /* of int8 kernels that operators share; by default plain C */
};

/* Binds an operator; args and all that it points to outlive the kernel. False: out of memory. */
typedef bool gantry_op_bind(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                            struct gantry_arena *arena);

/* One line for every function that ops.def names. */
gantry_op_bind gantry_op_conv_2d;
gantry_op_bind gantry_op_depthwise_conv_2d;
gantry_op_bind gantry_op_fully_connected;
gantry_op_bind gantry_op_average_pool_2d;
gantry_op_bind gantry_op_max_pool_2d;
gantry_op_bind gantry_op_add;
gantry_op_bind gantry_op_sub;
gantry_op_bind gantry_op_mul;
gantry_op_bind gantry_op_div;
gantry_op_bind gantry_op_floor_div;
gantry_op_bind gantry_op_floor_mod;
gantry_op_bind gantry_op_minimum;
gantry_op_bind gantry_op_maximum;
gantry_op_bind gantry_op_squared_difference;
gantry_op_bind gantry_op_pow;
gantry_op_bind gantry_op_relu;
gantry_op_bind gantry_op_relu6;
gantry_op_bind gantry_op_relu_n1_to_1;
gantry_op_bind gantry_op_relu_0_to_1;
gantry_op_bind gantry_op_leaky_relu;
gantry_op_bind gantry_op_prelu;
gantry_op_bind gantry_op_hard_swish;
gantry_op_bind gantry_op_logistic;
gantry_op_bind gantry_op_tanh;
gantry_op_bind gantry_op_elu;
gantry_op_bind gantry_op_gelu;
gantry_op_bind gantry_op_erf;
gantry_op_bind gantry_op_hard_sigmoid;
gantry_op_bind gantry_op_softplus;
gantry_op_bind gantry_op_exp;
gantry_op_bind gantry_op_log;
gantry_op_bind gantry_op_sqrt;
gantry_op_bind gantry_op_rsqrt;
gantry_op_bind gantry_op_abs;
gantry_op_bind gantry_op_neg;
gantry_op_bind gantry_op_square;
gantry_op_bind gantry_op_sin;
gantry_op_bind gantry_op_cos;
gantry_op_bind gantry_op_floor;
gantry_op_bind gantry_op_ceil;
gantry_op_bind gantry_op_nearest;
gantry_op_bind gantry_op_softmax;
gantry_op_bind gantry_op_mean;
gantry_op_bind gantry_op_sum;
gantry_op_bind gantry_op_reduce_prod;
gantry_op_bind gantry_op_reduce_max;
gantry_op_bind gantry_op_reduce_min;
gantry_op_bind gantry_op_reduce_any;
gantry_op_bind gantry_op_reduce_all;
gantry_op_bind gantry_op_log_softmax;
gantry_op_bind gantry_op_quantize;
gantry_op_bind gantry_op_dequantize;
gantry_op_bind gantry_op_reshape;
gantry_op_bind gantry_op_strided_slice;
gantry_op_bind gantry_op_slice;
gantry_op_bind gantry_op_split;
gantry_op_bind gantry_op_pack;
gantry_op_bind gantry_op_unpack;
gantry_op_bind gantry_op_transpose;
gantry_op_bind gantry_op_tile;
gantry_op_bind gantry_op_less;
gantry_op_bind gantry_op_less_equal;
gantry_op_bind gantry_op_greater;
gantry_op_bind gantry_op_greater_equal;
gantry_op_bind gantry_op_equal;
gantry_op_bind gantry_op_not_equal;
gantry_op_bind gantry_op_logical_and;
gantry_op_bind gantry_op_logical_or;
gantry_op_bind gantry_op_logical_not;
gantry_op_bind gantry_op_select;
gantry_op_bind gantry_op_broadcast_to;
gantry_op_bind gantry_op_reverse;
gantry_op_bind gantry_op_space_to_batch;
gantry_op_bind gantry_op_batch_to_space;
gantry_op_bind gantry_op_gather;
gantry_op_bind gantry_op_gather_nd;
gantry_op_bind gantry_op_mirror_pad;
gantry_op_bind gantry_op_cast;
gantry_op_bind gantry_op_depth_to_space;
gantry_op_bind gantry_op_space_to_depth;
gantry_op_bind gantry_op_pad;
gantry_op_bind gantry_op_concatenation;
gantry_op_bind gantry_op_shape;
gantry_op_bind gantry_op_transpose_conv;
gantry_op_bind gantry_op_detection;
gantry_op_bind gantry_op_batch_matmul;
gantry_op_bind gantry_op_svdf;
gantry_op_bind gantry_op_lstm;
gantry_op_bind gantry_op_resize_bilinear;
gantry_op_bind gantry_op_resize_nearest;
gantry_op_bind gantry_op_arg_max;
gantry_op_bind gantry_op_arg_min;

/* ---- What the families share (op.c) ---- */

/* Sets a kernel that runs in units of its own, with state args unless another is given. */
void gantry_op_set(struct gantry_kernel *kernel,
                   void (*run)(const void *state, int32_t first, int32_t end, void *scratch),
                   const void *state, int32_t units, uint64_t cost);
int64_t gantry_op_elements(const struct gantry_op_tensor *tensor);
/* Elements along the last dimension; 1 of a scalar. */
int32_t gantry_op_row_length(const struct gantry_shape *shape);
/* Element i of a tensor of any type but float32; bool is 0 or 1. */
int64_t gantry_op_integer(const struct gantry_op_tensor *tensor, int64_t i);
/* Makes element i of a tensor of any type this number; smaller types keep the low bits. */
void gantry_op_set_integer(const struct gantry_op_tensor *tensor, int64_t i, int64_t value);
/* An axis counted from the front. */
int32_t gantry_op_axis(int32_t axis, int32_t rank);
/* Elements before, along and behind an axis. */
struct gantry_op_split {
    int64_t outer, along, inner;
};
struct gantry_op_split gantry_op_split_at(const struct gantry_shape *shape, int32_t axis);

/* Where a tensor that is broadcast to a shape has its elements: strides of the shape's dimensions,
 * 0 along those that it repeats. */
struct gantry_op_strides {
    int64_t step[GANTRY_RANK_MAX];
};
struct gantry_op_strides gantry_op_broadcast(const struct gantry_shape *from,
                                             const struct gantry_shape *to);

/* Steps at, an index of the first rank dimensions of a shape, to the next one; returns how far that
 * moves by the strides. */
int64_t gantry_op_advance(const struct gantry_shape *shape, int32_t rank, int32_t *at,
                          const struct gantry_op_strides *strides);

/* The element of an axis that RESIZE_NEAREST_NEIGHBOR takes for position i of the output. */
int32_t gantry_op_nearest_place(int32_t i, int32_t in, int32_t out,
                                const struct gantry_resize_attributes *how);

/* Nearest integer, ties to even, limited to a range. */
int32_t gantry_op_round(double value, int32_t low, int32_t high);

/* A float32 output within its activation's range. */
static inline float gantry_op_limit(const struct gantry_op_args *args, float value)
{
    value = value > args->real_min ? value : args->real_min;
    return value < args->real_max ? value : args->real_max;
}

#endif
