/* SPDX-License-Identifier: Apache-2.0
 * TRANSPOSE, TILE, BROADCAST_TO, REVERSE_V2, DEPTH_TO_SPACE and SPACE_TO_DEPTH: the same elements
 * in another order. */
#include "kernels/op_view.h"

bool gantry_op_transpose(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                         struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_strides from = gantry_op_dense(&x->shape), to = gantry_op_dense(&y->shape);
    struct gantry_op_view view = gantry_op_view_at(x, 0, y, 0);
    for (int32_t d = 0; d < y->shape.rank; d++) {
        int32_t axis = (int32_t)gantry_op_integer(&args->inputs[1], d);
        axis = gantry_op_axis(axis, x->shape.rank);
        gantry_op_view_add(&view, y->shape.dims[d], from.step[axis], to.step[d]);
    }
    return gantry_op_set_view(kernel, &view, arena);
}

bool gantry_op_tile(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_strides from = gantry_op_dense(&x->shape), to = gantry_op_dense(&y->shape);
    struct gantry_op_view view = gantry_op_view_at(x, 0, y, 0);
    for (int32_t d = 0; d < y->shape.rank; d++) {
        int32_t dim = x->shape.dims[d];
        gantry_op_view_add(&view, y->shape.dims[d] / dim, 0, to.step[d] * dim);
        gantry_op_view_add(&view, dim, from.step[d], to.step[d]);
    }
    return gantry_op_set_view(kernel, &view, arena);
}

bool gantry_op_broadcast_to(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                            struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_strides from = gantry_op_broadcast(&x->shape, &y->shape);
    struct gantry_op_strides to = gantry_op_dense(&y->shape);
    struct gantry_op_view view = gantry_op_view_at(x, 0, y, 0);
    for (int32_t d = 0; d < y->shape.rank; d++)
        gantry_op_view_add(&view, y->shape.dims[d], from.step[d], to.step[d]);
    return gantry_op_set_view(kernel, &view, arena);
}

bool gantry_op_reverse(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_op_strides from = gantry_op_dense(&x->shape), to = from;
    int64_t at = 0;
    for (int64_t i = 0; i < gantry_op_elements(&args->inputs[1]); i++) {
        int32_t axis = (int32_t)gantry_op_integer(&args->inputs[1], i);
        axis = gantry_op_axis(axis, x->shape.rank);
        at += (x->shape.dims[axis] - 1) * to.step[axis];
        from.step[axis] = -to.step[axis];
    }
    struct gantry_op_view view = gantry_op_view_at(x, at, y, 0);
    for (int32_t d = 0; d < y->shape.rank; d++)
        gantry_op_view_add(&view, y->shape.dims[d], from.step[d], to.step[d]);
    return gantry_op_set_view(kernel, &view, arena);
}

/* Pixels of block x block of the wide map are one pixel of the deep one: [n, h, row, w, column, c]
 * against [n, h, w, row, column, c]. */
static bool set_blocks(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       bool to_depth, struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    const int32_t *deep = to_depth ? y->shape.dims : x->shape.dims;
    int32_t block = args->attributes->block;
    int64_t pixel = deep[3], row = pixel / block, inner = row / block, line = deep[2] * row;
    const int32_t dims[5] = {deep[0] * deep[1], deep[2], block, block, (int32_t)inner};
    const int64_t in_deep[5] = {deep[2] * pixel, pixel, row, inner, 1};
    const int64_t in_wide[5] = {line * block, row, line, inner, 1};
    struct gantry_op_view view = gantry_op_view_at(x, 0, y, 0);
    for (int32_t d = 0; d < 5; d++) {
        if (to_depth)
            gantry_op_view_add(&view, dims[d], in_wide[d], in_deep[d]);
        else
            gantry_op_view_add(&view, dims[d], in_deep[d], in_wide[d]);
    }
    return gantry_op_set_view(kernel, &view, arena);
}

bool gantry_op_depth_to_space(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    return set_blocks(kernel, args, false, arena);
}

bool gantry_op_space_to_depth(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    return set_blocks(kernel, args, true, arena);
}
