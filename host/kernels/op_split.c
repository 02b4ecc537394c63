/* SPDX-License-Identifier: Apache-2.0
 * SPLIT, SPLIT_V, UNPACK and PACK: one tensor into many and many into one along an axis. */
#include "kernels/op_view.h"

/* Copies every one of parts, which lie behind each other along an axis of whole, to where it
 * belongs in it, or from there. */
static bool set_parts(struct gantry_kernel *kernel, const struct gantry_op_tensor *whole,
                      struct gantry_op_split at, const struct gantry_op_tensor *parts,
                      int32_t count, bool out, struct gantry_arena *arena)
{
    struct gantry_op_view *views = gantry_arena_alloc(arena, (size_t)count, sizeof *views);
    int64_t done = 0, pitch = at.along * at.inner;
    if (!views) return false;
    for (int32_t i = 0; i < count; i++) {
        int64_t run = gantry_op_elements(&parts[i]) / at.outer;
        if (out) {
            views[i] = gantry_op_view_at(whole, done, &parts[i], 0);
            gantry_op_view_add(&views[i], (int32_t)at.outer, pitch, run);
        } else {
            views[i] = gantry_op_view_at(&parts[i], 0, whole, done);
            gantry_op_view_add(&views[i], (int32_t)at.outer, run, pitch);
        }
        gantry_op_view_add(&views[i], (int32_t)run, 1, 1);
        done += run;
    }
    gantry_op_set_views(kernel, views, count);
    return true;
}

/* The axis is the last input. */
bool gantry_op_split(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0];
    int32_t axis = (int32_t)gantry_op_integer(&args->inputs[args->input_count - 1], 0);
    axis = gantry_op_axis(axis, x->shape.rank);
    return set_parts(kernel, x, gantry_op_split_at(&x->shape, axis), args->outputs,
                     args->output_count, true, arena);
}

bool gantry_op_unpack(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                      struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0];
    int32_t axis = gantry_op_axis(args->attributes->along.axis, x->shape.rank);
    return set_parts(kernel, x, gantry_op_split_at(&x->shape, axis), args->outputs,
                     args->output_count, true, arena);
}

bool gantry_op_pack(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    int32_t axis = gantry_op_axis(args->attributes->along.axis, y->shape.rank);
    return set_parts(kernel, y, gantry_op_split_at(&y->shape, axis), args->inputs,
                     args->input_count, false, arena);
}
