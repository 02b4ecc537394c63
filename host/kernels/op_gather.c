/* SPDX-License-Identifier: Apache-2.0
 * GATHER and GATHER_ND: parts of a tensor that indices name. An index outside of its dimension is
 * taken as the nearest one inside: what a network computes cannot be refused any more. One unit. */
#include <string.h>

#include "kernels/op.h"

/* Index i, within 0..size - 1. */
static int64_t index_at(const struct gantry_op_tensor *indices, int64_t i, int64_t size)
{
    int64_t index = gantry_op_integer(indices, i);
    return index < 0 ? 0 : index < size ? index : size - 1;
}

/* ---- GATHER ---- */

struct gather {
    const struct gantry_op_args *args;
    int64_t batches, outer, along, count; /* batches of [outer, along], and count indices of each */
    size_t run;                           /* bytes behind the axis */
};

static void gather_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gather *gather = state;
    const struct gantry_op_tensor *indices = &gather->args->inputs[1];
    const uint8_t *from = gather->args->inputs[0].data;
    uint8_t *to = gather->args->outputs[0].data;
    (void)first, (void)end, (void)scratch;
    for (int64_t row = 0; row < gather->batches * gather->outer; row++) {
        int64_t at = row / gather->outer * gather->count;
        for (int64_t i = at; i < at + gather->count; i++) {
            int64_t index = index_at(indices, i, gather->along);
            memcpy(to, from + (size_t)(row * gather->along + index) * gather->run, gather->run);
            to += gather->run;
        }
    }
}

bool gantry_op_gather(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                      struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *indices = &args->inputs[1];
    const struct gantry_axis_attributes *along = &args->attributes->along;
    int32_t axis = gantry_op_axis(along->axis, x->shape.rank);
    int32_t batch_dims = gantry_op_axis(along->batch_dims, indices->shape.rank);
    struct gather *gather = gantry_arena_alloc(arena, 1, sizeof *gather);
    if (!gather) return false;
    struct gantry_op_split split = gantry_op_split_at(&x->shape, axis);
    gather->args = args;
    gather->batches = 1;
    for (int32_t d = 0; d < batch_dims; d++) gather->batches *= x->shape.dims[d];
    gather->outer = split.outer / gather->batches;
    gather->along = split.along;
    gather->count = gantry_op_elements(indices) / gather->batches;
    gather->run = (size_t)split.inner * gantry_dtype_bytes(x->dtype);
    gantry_op_set(kernel, gather_run, gather, 1, (uint64_t)gantry_op_elements(&args->outputs[0]));
    return true;
}

/* ---- GATHER_ND ---- */

struct gather_nd {
    const struct gantry_op_args *args;
    int32_t depth; /* dimensions that a row of the indices names */
    int64_t rows;
    size_t run;
};

static void gather_nd_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gather_nd *gather = state;
    const struct gantry_op_tensor *x = &gather->args->inputs[0],
                                  *indices = &gather->args->inputs[1];
    uint8_t *to = gather->args->outputs[0].data;
    (void)first, (void)end, (void)scratch;
    for (int64_t row = 0; row < gather->rows; row++) {
        int64_t at = 0;
        for (int32_t d = 0; d < gather->depth; d++)
            at = at * x->shape.dims[d] +
                 index_at(indices, row * gather->depth + d, x->shape.dims[d]);
        memcpy(to, (const uint8_t *)x->data + (size_t)at * gather->run, gather->run);
        to += gather->run;
    }
}

bool gantry_op_gather_nd(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                         struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *indices = &args->inputs[1];
    struct gather_nd *gather = gantry_arena_alloc(arena, 1, sizeof *gather);
    if (!gather) return false;
    gather->args = args;
    gather->depth = gantry_op_row_length(&indices->shape);
    gather->rows = gantry_op_elements(indices) / gather->depth;
    gather->run = gantry_dtype_bytes(x->dtype);
    for (int32_t d = gather->depth; d < x->shape.rank; d++) gather->run *= (size_t)x->shape.dims[d];
    gantry_op_set(kernel, gather_nd_run, gather, 1,
                  (uint64_t)gantry_op_elements(&args->outputs[0]));
    return true;
}
