/* SPDX-License-Identifier: Apache-2.0
 * BATCH_MATMUL: products of matrices, either of which may be transposed and may be one for many. A
 * unit is a row of the output. */
#include "kernels/fixed.h"
#include "kernels/kernels.h"
#include "kernels/op.h"

struct matmul {
    const struct gantry_op_args *args;
    int32_t rows, columns, depth;
    struct gantry_op_strides a, b;           /* of whole matrices */
    int64_t a_row, a_step, b_step, b_column; /* within a matrix, in elements */
    struct gantry_fixed fixed;               /* of rule M */
    float scale;                             /* of rule F */
};

/* First elements of the matrices of an item of the batch. */
static void find(const struct matmul *matmul, int64_t item, int64_t *a, int64_t *b)
{
    const struct gantry_shape *shape = &matmul->args->outputs[0].shape;
    *a = *b = 0;
    for (int32_t i = shape->rank - 3; i >= 0; i--) {
        *a += item % shape->dims[i] * matmul->a.step[i];
        *b += item % shape->dims[i] * matmul->b.step[i];
        item /= shape->dims[i];
    }
}

static float element_f32(const struct matmul *matmul, int64_t a, int64_t b)
{
    const float *x = matmul->args->inputs[0].data, *w = matmul->args->inputs[1].data;
    float sum = 0;
    for (int64_t k = 0; k < matmul->depth; k++)
        sum += x[a + k * matmul->a_step] * w[b + k * matmul->b_step];
    return sum;
}

static int32_t element_s8(const struct matmul *matmul, int64_t a, int64_t b)
{
    const struct gantry_op_tensor *inputs = matmul->args->inputs;
    const int8_t *x = inputs[0].data, *w = inputs[1].data;
    int32_t x_zero = inputs[0].zero_point[0], w_zero = inputs[1].zero_point[0], sum = 0;
    for (int64_t k = 0; k < matmul->depth; k++)
        sum += (x[a + k * matmul->a_step] - x_zero) * (w[b + k * matmul->b_step] - w_zero);
    const struct gantry_op_args *args = matmul->args;
    int32_t y_zero = args->outputs[0].zero_point[0];
    /* LiteRT's default path has another kernel for constants, ONNX Runtime has not. */
    if (inputs[1].constant || args->attributes->adjoint.once)
        return gantry_s8_requantize(sum, matmul->scale, y_zero, args->clamp_min, args->clamp_max);
    return gantry_fixed_multiply(sum, matmul->fixed) + y_zero;
}

static int32_t element_s16(const struct matmul *matmul, int64_t a, int64_t b)
{
    const int16_t *x = matmul->args->inputs[0].data, *w = matmul->args->inputs[1].data;
    int64_t sum = 0;
    for (int64_t k = 0; k < matmul->depth; k++)
        sum += (int64_t)x[a + k * matmul->a_step] * w[b + k * matmul->b_step];
    return gantry_fixed_multiply_wide(sum, matmul->fixed);
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct matmul *matmul = state;
    const struct gantry_op_args *args = matmul->args;
    const struct gantry_op_tensor *y = &args->outputs[0];
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int64_t a, b, to = (int64_t)unit * matmul->columns;
        find(matmul, unit / matmul->rows, &a, &b);
        a += unit % matmul->rows * matmul->a_row;
        for (int32_t column = 0; column < matmul->columns; column++, to++, b += matmul->b_column) {
            if (y->dtype == GANTRY_FLOAT32) {
                ((float *)y->data)[to] = element_f32(matmul, a, b);
                continue;
            }
            bool wide = y->dtype == GANTRY_INT16;
            int32_t value = wide ? element_s16(matmul, a, b) : element_s8(matmul, a, b);
            value = gantry_min_i32(gantry_max_i32(value, args->clamp_min), args->clamp_max);
            if (wide)
                ((int16_t *)y->data)[to] = (int16_t)value;
            else
                ((int8_t *)y->data)[to] = (int8_t)value;
        }
    }
}

/* Strides of whole matrices, as those of a broadcast of what stands before them. */
static struct gantry_op_strides matrices(const struct gantry_shape *from,
                                         const struct gantry_shape *to)
{
    struct gantry_shape batch = *from, wanted = *to;
    batch.rank -= 2;
    wanted.rank -= 2;
    struct gantry_op_strides strides = gantry_op_broadcast(&batch, &wanted);
    for (int32_t i = 0; i < wanted.rank; i++)
        strides.step[i] *= (int64_t)from->dims[from->rank - 1] * from->dims[from->rank - 2];
    return strides;
}

bool gantry_op_batch_matmul(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                            struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *w = &args->inputs[1];
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct matmul *matmul = gantry_arena_alloc(arena, 1, sizeof *matmul);
    if (!matmul) return false;
    int32_t rows = y->shape.dims[y->shape.rank - 2], columns = y->shape.dims[y->shape.rank - 1];
    bool turn_x = args->attributes->adjoint.x, turn_w = args->attributes->adjoint.y;
    int32_t depth = x->shape.dims[x->shape.rank - (turn_x ? 2 : 1)];
    *matmul = (struct matmul){.args = args,
                              .rows = rows,
                              .columns = columns,
                              .depth = depth,
                              .a = matrices(&x->shape, &y->shape),
                              .b = matrices(&w->shape, &y->shape),
                              .a_row = turn_x ? 1 : depth,
                              .a_step = turn_x ? rows : 1,
                              .b_step = turn_w ? 1 : columns,
                              .b_column = turn_w ? depth : 1};
    if (y->dtype == GANTRY_INT8)
        matmul->scale = gantry_rule_f_scale(x->scale[0], w->scale[0], y->scale[0]);
    if (y->dtype != GANTRY_FLOAT32)
        matmul->fixed =
            gantry_fixed_of((double)x->scale[0] * (double)w->scale[0] / (double)y->scale[0]);
    int64_t units = gantry_op_elements(y) / columns;
    gantry_op_set(kernel, run, matmul, (int32_t)units,
                  (uint64_t)gantry_op_elements(y) * (uint64_t)depth);
    return true;
}
