/* SPDX-License-Identifier: Apache-2.0
 * Copies of boxes of elements between places where they lie apart by steps of their own: what
 * slices, splits, transpositions and repetitions come to. */
#ifndef GANTRY_KERNELS_OP_VIEW_H
#define GANTRY_KERNELS_OP_VIEW_H

#include "kernels/op.h"

/* Two for every dimension of a tensor: a repetition has one of each. */
enum { GANTRY_OP_VIEW_RANK = 2 * GANTRY_RANK_MAX };

/* Dimensions from the outermost on; steps in elements, and may be 0 or negative. */
struct gantry_op_view {
    const uint8_t *from;
    uint8_t *to;
    size_t element; /* bytes */
    int32_t rank;
    int32_t dims[GANTRY_OP_VIEW_RANK];
    int64_t from_step[GANTRY_OP_VIEW_RANK], to_step[GANTRY_OP_VIEW_RANK];
};

/* A view without dimensions, one element: from and to are so many elements into the tensors. */
struct gantry_op_view gantry_op_view_at(const struct gantry_op_tensor *from, int64_t from_at,
                                        const struct gantry_op_tensor *to, int64_t to_at);
/* Gives it one more dimension inside of those it has. */
void gantry_op_view_add(struct gantry_op_view *view, int32_t dim, int64_t from_step,
                        int64_t to_step);

/* Steps of the dimensions of a dense tensor, in elements. */
struct gantry_op_strides gantry_op_dense(const struct gantry_shape *shape);

/* Drops dimensions of 1 and joins those that lie behind each other on both sides. */
void gantry_op_view_simplify(struct gantry_op_view *view);
void gantry_op_view_copy(const struct gantry_op_view *view);

/* A kernel that copies views; a unit is one of them. It brings them to their simplest form. */
void gantry_op_set_views(struct gantry_kernel *kernel, struct gantry_op_view *views, int32_t count);
/* The same for one view, which is copied. False: out of memory. */
GANTRY_MUST_USE bool gantry_op_set_view(struct gantry_kernel *kernel,
                                        const struct gantry_op_view *view,
                                        struct gantry_arena *arena);

#endif
