/* SPDX-License-Identifier: Apache-2.0
 * SELECT and SELECT_V2: of two tensors element by element the one that a third says. A unit is a
 * run along the last dimension. */
#include <string.h>

#include "kernels/op.h"

struct select {
    const struct gantry_op_args *args;
    struct gantry_op_strides from[3]; /* condition, where it holds, where not */
    size_t element;
};

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct select *select = state;
    const struct gantry_op_tensor *inputs = select->args->inputs;
    const struct gantry_shape *shape = &select->args->outputs[0].shape;
    int32_t length = gantry_op_row_length(shape), last = shape->rank - 1;
    uint8_t *to =
        (uint8_t *)select->args->outputs[0].data + (size_t)first * (size_t)length * select->element;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int64_t at[3] = {0}, step[3] = {0};
        int32_t rest = unit;
        for (int32_t d = last - 1; d >= 0; rest /= shape->dims[d--])
            for (int32_t k = 0; k < 3; k++)
                at[k] += rest % shape->dims[d] * select->from[k].step[d];
        for (int32_t k = 0; k < 3 && last >= 0; k++) step[k] = select->from[k].step[last];
        for (int32_t i = 0; i < length; i++, to += select->element) {
            bool holds = ((const uint8_t *)inputs[0].data)[at[0] + i * step[0]] != 0;
            int32_t k = holds ? 1 : 2;
            memcpy(to,
                   (const uint8_t *)inputs[k].data +
                       (size_t)(at[k] + i * step[k]) * select->element,
                   select->element);
        }
    }
}

bool gantry_op_select(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                      struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct select *select = gantry_arena_alloc(arena, 1, sizeof *select);
    if (!select) return false;
    select->args = args;
    select->element = gantry_dtype_bytes(y->dtype);
    for (int32_t k = 0; k < 3; k++)
        select->from[k] = gantry_op_broadcast(&args->inputs[k].shape, &y->shape);
    int64_t elements = gantry_op_elements(y);
    gantry_op_set(kernel, run, select, (int32_t)(elements / gantry_op_row_length(&y->shape)),
                  (uint64_t)elements * 2);
    return true;
}
