/* SPDX-License-Identifier: Apache-2.0
 * Boxes that slices cut out of tensors, as the graph infers them and the kernels copy them. */
#ifndef GANTRY_KERNELS_OP_SLICE_H
#define GANTRY_KERNELS_OP_SLICE_H

#include "kernels/op_view.h"

/* As TensorFlow's strided slice states it: a new axis has an entry of its own, an ellipsis stands
 * for several dimensions. */
struct gantry_op_slice_spec {
    int32_t count;
    int64_t begin[GANTRY_OP_VIEW_RANK], end[GANTRY_OP_VIEW_RANK], step[GANTRY_OP_VIEW_RANK];
};

/* What is taken of every dimension of the input, and the shape that it has in the output. */
struct gantry_op_box {
    int32_t begin[GANTRY_RANK_MAX], step[GANTRY_RANK_MAX], count[GANTRY_RANK_MAX];
    struct gantry_shape shape;
};

/* NULL when the box is legal, else what is wrong with it, for a message. */
const char *gantry_op_slice_box(const struct gantry_shape *x,
                                const struct gantry_op_slice_spec *spec,
                                const struct gantry_slice_attributes *masks,
                                struct gantry_op_box *out);
/* The same of SLICE: size -1 takes the rest. */
const char *gantry_op_slice_sized(const struct gantry_shape *x,
                                  const struct gantry_op_slice_spec *begin_and_size,
                                  struct gantry_op_box *out);

#endif
