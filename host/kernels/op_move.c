/* SPDX-License-Identifier: Apache-2.0
 * Operators that move stored values: RESHAPE, PAD, CONCATENATION, SHAPE. */
#include <math.h>
#include <string.h>

#include "kernels/op_view.h"

static size_t bytes_of(const struct gantry_op_tensor *tensor)
{
    return (size_t)gantry_op_elements(tensor) * gantry_dtype_bytes(tensor->dtype);
}

/* ---- RESHAPE ---- */

static void reshape(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    (void)first, (void)end, (void)scratch;
    memcpy(args->outputs[0].data, args->inputs[0].data, bytes_of(&args->outputs[0]));
}

bool gantry_op_reshape(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    (void)arena;
    gantry_op_set(kernel, reshape, args, 1, bytes_of(&args->outputs[0]) / 8);
    return true;
}

/* ---- PAD ---- */

struct pad {
    const struct gantry_op_args *args;
    uint8_t value[8];
    size_t element;
    int64_t offset; /* of the input's first element, in elements of the output */
    struct gantry_op_strides out;
};

static void fill(const struct pad *pad)
{
    uint8_t *to = pad->args->outputs[0].data;
    size_t bytes = bytes_of(&pad->args->outputs[0]);
    if (pad->element == 1) {
        memset(to, pad->value[0], bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i += pad->element) memcpy(to + i, pad->value, pad->element);
}

static void pad_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct pad *pad = state;
    const struct gantry_op_tensor *x = &pad->args->inputs[0];
    int32_t last = x->shape.rank - 1, at[GANTRY_RANK_MAX] = {0};
    size_t run = pad->element * (size_t)(last < 0 ? 1 : x->shape.dims[last]);
    const uint8_t *from = x->data, *until = from + bytes_of(x);
    int64_t to = pad->offset;
    (void)first, (void)end, (void)scratch;
    fill(pad);
    for (; from < until; from += run) {
        memcpy((uint8_t *)pad->args->outputs[0].data + (size_t)to * pad->element, from, run);
        to += gantry_op_advance(&x->shape, last, at, &pad->out);
    }
}

bool gantry_op_pad(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct pad *pad = gantry_arena_alloc(arena, 1, sizeof *pad);
    if (!pad) return false;
    pad->args = args;
    pad->element = gantry_dtype_bytes(y->dtype);
    pad->out = gantry_op_dense(&y->shape);
    for (int32_t d = 0; d < y->shape.rank; d++)
        pad->offset += gantry_op_integer(&args->inputs[1], 2 * d) * pad->out.step[d];
    if (args->input_count > 2 && args->inputs[2].data)
        memcpy(pad->value, args->inputs[2].data, pad->element);
    else if (y->scales == 1) /* real 0, little endian */
        memcpy(pad->value, &y->zero_point[0], pad->element > 4 ? 4 : pad->element);
    gantry_op_set(kernel, pad_run, pad, 1, bytes_of(y) / 4);
    return true;
}

/* ---- CONCATENATION ---- */

struct concatenation {
    const struct gantry_op_args *args;
    int32_t axis;
    const int8_t **table; /* per input: NULL where stored values stay as they are */
};

static void copy(uint8_t *to, const uint8_t *from, size_t bytes, const int8_t *table)
{
    if (!table) {
        memcpy(to, from, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++) to[i] = (uint8_t)table[from[i]];
}

static void concatenation_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct concatenation *all = state;
    const struct gantry_op_args *args = all->args;
    size_t element = gantry_dtype_bytes(args->outputs[0].dtype);
    struct gantry_op_split out = gantry_op_split_at(&args->outputs[0].shape, all->axis);
    size_t pitch = (size_t)(out.along * out.inner) * element;
    uint8_t *to = args->outputs[0].data;
    (void)first, (void)end, (void)scratch;
    for (int32_t i = 0; i < args->input_count; i++) {
        struct gantry_op_split in = gantry_op_split_at(&args->inputs[i].shape, all->axis);
        size_t run = (size_t)(in.along * in.inner) * element;
        const uint8_t *from = args->inputs[i].data;
        for (int64_t k = 0; k < in.outer; k++)
            copy(to + (size_t)k * pitch, from + (size_t)k * run, run, all->table[i]);
        to += run;
    }
}

/* The bytes of y by those of x on another scale, as LiteRT brings uint8 to the output's: from the
 * unsigned values, in float32, ties away from zero. NULL: out of memory. */
static const int8_t *rescaled(const struct gantry_op_tensor *x, const struct gantry_op_tensor *y,
                              struct gantry_arena *arena)
{
    int8_t *table = gantry_arena_alloc(arena, 256, 1);
    if (!table) return NULL;
    float scale = x->scale[0] * (1.0f / y->scale[0]);
    float bias = -(float)(x->zero_point[0] + 128) * scale;
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        double value = round((double)((float)(q + 128) * scale + bias));
        table[(uint8_t)q] = (int8_t)gantry_op_round(value + y->zero_point[0], INT8_MIN, INT8_MAX);
    }
    return table;
}

static bool alike(const struct gantry_op_tensor *a, const struct gantry_op_tensor *b)
{
    return a->scales != 1 || b->scales != 1 || a->dtype != GANTRY_INT8 ||
           (a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0]);
}

bool gantry_op_concatenation(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                             struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct concatenation *all = gantry_arena_alloc(arena, 1, sizeof *all);
    if (!all) return false;
    all->args = args;
    all->axis = gantry_op_axis(args->attributes->along.axis, y->shape.rank);
    all->table = gantry_arena_alloc(arena, (size_t)args->input_count, sizeof *all->table);
    if (!all->table) return false;
    for (int32_t i = 0; i < args->input_count; i++) {
        if (alike(&args->inputs[i], y)) continue;
        all->table[i] = rescaled(&args->inputs[i], y, arena);
        if (!all->table[i]) return false;
    }
    gantry_op_set(kernel, concatenation_run, all, 1, bytes_of(y) / 4);
    return true;
}

/* ---- SHAPE ---- */

static void shape_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_shape *shape = &args->inputs[0].shape;
    const struct gantry_op_tensor *y = &args->outputs[0];
    (void)first, (void)end, (void)scratch;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (y->dtype == GANTRY_INT64)
            ((int64_t *)y->data)[i] = shape->dims[i];
        else
            ((int32_t *)y->data)[i] = shape->dims[i];
    }
}

bool gantry_op_shape(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena)
{
    (void)arena;
    gantry_op_set(kernel, shape_run, args, 1, 10);
    return true;
}
