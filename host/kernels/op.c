/* SPDX-License-Identifier: Apache-2.0
 * What the general operators share. */
#include "kernels/op.h"

#include <math.h>

void gantry_op_set(struct gantry_kernel *kernel,
                   void (*run)(const void *state, int32_t first, int32_t end, void *scratch),
                   const void *state, int32_t units, uint64_t cost)
{
    *kernel = (struct gantry_kernel){.run = run, .state = state, .units = units, .cost = cost};
}

int64_t gantry_op_elements(const struct gantry_op_tensor *tensor)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < tensor->shape.rank; i++) elements *= tensor->shape.dims[i];
    return elements;
}

int32_t gantry_op_row_length(const struct gantry_shape *shape)
{
    return shape->rank ? shape->dims[shape->rank - 1] : 1;
}

int64_t gantry_op_integer(const struct gantry_op_tensor *tensor, int64_t i)
{
    switch (tensor->dtype) {
    case GANTRY_INT8:
        return ((const int8_t *)tensor->data)[i];
    case GANTRY_UINT8:
        return ((const uint8_t *)tensor->data)[i];
    case GANTRY_INT16:
        return ((const int16_t *)tensor->data)[i];
    case GANTRY_INT32:
        return ((const int32_t *)tensor->data)[i];
    case GANTRY_INT64:
        return ((const int64_t *)tensor->data)[i];
    case GANTRY_BOOL:
        return ((const uint8_t *)tensor->data)[i] != 0;
    case GANTRY_FLOAT32:
        break;
    }
    return 0;
}

void gantry_op_set_integer(const struct gantry_op_tensor *tensor, int64_t i, int64_t value)
{
    switch (tensor->dtype) {
    case GANTRY_INT8:
    case GANTRY_UINT8:
        ((uint8_t *)tensor->data)[i] = (uint8_t)value;
        break;
    case GANTRY_INT16:
        ((uint16_t *)tensor->data)[i] = (uint16_t)value;
        break;
    case GANTRY_INT32:
        ((uint32_t *)tensor->data)[i] = (uint32_t)value;
        break;
    case GANTRY_INT64:
        ((int64_t *)tensor->data)[i] = value;
        break;
    case GANTRY_BOOL:
        ((uint8_t *)tensor->data)[i] = value != 0;
        break;
    case GANTRY_FLOAT32:
        ((float *)tensor->data)[i] = (float)value;
        break;
    }
}

int32_t gantry_op_axis(int32_t axis, int32_t rank) { return axis < 0 ? axis + rank : axis; }

struct gantry_op_split gantry_op_split_at(const struct gantry_shape *shape, int32_t axis)
{
    struct gantry_op_split split = {1, shape->dims[axis], 1};
    for (int32_t i = 0; i < axis; i++) split.outer *= shape->dims[i];
    for (int32_t i = axis + 1; i < shape->rank; i++) split.inner *= shape->dims[i];
    return split;
}

struct gantry_op_strides gantry_op_broadcast(const struct gantry_shape *from,
                                             const struct gantry_shape *to)
{
    struct gantry_op_strides strides = {{0}};
    int64_t step = 1;
    for (int32_t i = 1; i <= from->rank; i++) {
        int32_t size = from->dims[from->rank - i];
        strides.step[to->rank - i] = size == 1 ? 0 : step;
        step *= size;
    }
    return strides;
}

int64_t gantry_op_advance(const struct gantry_shape *shape, int32_t rank, int32_t *at,
                          const struct gantry_op_strides *strides)
{
    int64_t moved = 0;
    for (int32_t d = rank - 1; d >= 0; d--) {
        moved += strides->step[d];
        if (++at[d] < shape->dims[d]) break;
        moved -= strides->step[d] * shape->dims[d];
        at[d] = 0;
    }
    return moved;
}

int32_t gantry_op_round(double value, int32_t low, int32_t high)
{
    if (!(value > low)) return low;
    if (value > high) return high;
    return (int32_t)nearbyint(value);
}
