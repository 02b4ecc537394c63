/* SPDX-License-Identifier: Apache-2.0
 * SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: every so many elements of the dimensions behind the
 * batch are items of a batch of their own. One unit. */
#include <string.h>

#include "kernels/op_view.h"

/* The place of an item within a block: one view copies its elements. */
struct blocks {
    const struct gantry_op_args *args;
    bool padded;
    uint8_t value[8]; /* of padding */
    size_t element;
    int32_t count;
    struct gantry_op_view *views;
};

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct blocks *blocks = state;
    const struct gantry_op_tensor *y = &blocks->args->outputs[0];
    size_t bytes = (size_t)gantry_op_elements(y) * blocks->element;
    (void)first, (void)end, (void)scratch;
    for (size_t i = 0; blocks->padded && i < bytes; i += blocks->element)
        memcpy((uint8_t *)y->data + i, blocks->value, blocks->element);
    for (int32_t i = 0; i < blocks->count; i++) gantry_op_view_copy(&blocks->views[i]);
}

/* Elements of one dimension that an item of the batch has: those with index * block + offset within
 * 0..size - 1. */
struct range {
    int32_t first, count;
};

static struct range range_of(int32_t offset, int32_t block, int32_t size, int32_t length)
{
    int32_t first = offset < 0 ? (-offset + block - 1) / block : 0;
    int32_t end = offset < size ? (size - offset + block - 1) / block : 0;
    end = gantry_min_i32(end, length);
    return (struct range){first, gantry_max_i32(end - first, 0)};
}

/* The view of item k of the blocks; space: the tensor with whole dimensions, batch: the other. */
static struct gantry_op_view view_of(const struct gantry_op_args *args, int32_t k, bool to_batch)
{
    const struct gantry_op_tensor *space = to_batch ? &args->inputs[0] : &args->outputs[0];
    const struct gantry_op_tensor *batch = to_batch ? &args->outputs[0] : &args->inputs[0];
    struct gantry_op_strides wide = gantry_op_dense(&space->shape);
    struct gantry_op_strides deep = gantry_op_dense(&batch->shape);
    int32_t spatial = (int32_t)gantry_op_elements(&args->inputs[1]), items = space->shape.dims[0];
    int32_t counts[GANTRY_RANK_MAX];
    int64_t steps[GANTRY_RANK_MAX], in_space = 0, in_batch = (int64_t)k * items * deep.step[0];
    for (int32_t d = spatial - 1; d >= 0; d--) {
        int32_t block = (int32_t)gantry_op_integer(&args->inputs[1], d);
        int32_t before = (int32_t)gantry_op_integer(&args->inputs[2], 2 * d);
        int32_t offset = k % block - before;
        struct range range =
            range_of(offset, block, space->shape.dims[d + 1], batch->shape.dims[d + 1]);
        k /= block;
        counts[d] = range.count;
        steps[d] = (int64_t)block * wide.step[d + 1];
        if (range.count == 0) range.first = 0;
        in_space += ((int64_t)range.first * block + offset) * wide.step[d + 1];
        in_batch += range.first * deep.step[d + 1];
    }
    for (int32_t d = 0; d < spatial; d++)
        if (counts[d] == 0) in_space = in_batch = 0; /* nothing of it is copied */
    struct gantry_op_view view = to_batch ? gantry_op_view_at(space, in_space, batch, in_batch)
                                          : gantry_op_view_at(batch, in_batch, space, in_space);
    for (int32_t d = 0; d < space->shape.rank; d++) {
        bool cut = d >= 1 && d <= spatial;
        int32_t dim = cut ? counts[d - 1] : space->shape.dims[d];
        int64_t wide_step = cut ? steps[d - 1] : wide.step[d];
        gantry_op_view_add(&view, dim, to_batch ? wide_step : deep.step[d],
                           to_batch ? deep.step[d] : wide_step);
    }
    return view;
}

static bool bind(struct gantry_kernel *kernel, const struct gantry_op_args *args, bool to_batch,
                 struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct blocks *blocks = gantry_arena_alloc(arena, 1, sizeof *blocks);
    if (!blocks) return false;
    blocks->args = args;
    blocks->element = gantry_dtype_bytes(y->dtype);
    blocks->count = 1;
    for (int32_t d = 0; d < (int32_t)gantry_op_elements(&args->inputs[1]); d++)
        blocks->count *= (int32_t)gantry_op_integer(&args->inputs[1], d);
    for (int32_t i = 0; to_batch && i < (int32_t)gantry_op_elements(&args->inputs[2]); i++)
        blocks->padded = blocks->padded || gantry_op_integer(&args->inputs[2], i) != 0;
    if (y->scales == 1) /* real 0, little endian */
        memcpy(blocks->value, &y->zero_point[0], blocks->element > 4 ? 4 : blocks->element);
    blocks->views = gantry_arena_alloc(arena, (size_t)blocks->count, sizeof *blocks->views);
    if (!blocks->views) return false;
    for (int32_t k = 0; k < blocks->count; k++) {
        blocks->views[k] = view_of(args, k, to_batch);
        gantry_op_view_simplify(&blocks->views[k]);
    }
    gantry_op_set(kernel, run, blocks, 1, (uint64_t)gantry_op_elements(y));
    return true;
}

bool gantry_op_space_to_batch(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    return bind(kernel, args, true, arena);
}

bool gantry_op_batch_to_space(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    return bind(kernel, args, false, arena);
}
