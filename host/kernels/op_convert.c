/* SPDX-License-Identifier: Apache-2.0
 * QUANTIZE and DEQUANTIZE. */
#include "kernels/op.h"

static void dequantize(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *x = &args->inputs[0];
    float *y = args->outputs[0].data;
    int64_t elements = gantry_op_elements(x);
    struct gantry_op_split split = {1, 1, elements}; /* one scale for all */
    if (x->scales > 1) split = gantry_op_split_at(&x->shape, x->axis);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) {
        int64_t c = i / split.inner % split.along;
        int32_t q = x->dtype == GANTRY_INT8    ? ((const int8_t *)x->data)[i]
                    : x->dtype == GANTRY_INT16 ? ((const int16_t *)x->data)[i]
                                               : ((const int32_t *)x->data)[i];
        y[i] = (float)(q - x->zero_point[c]) * x->scale[c];
    }
}

bool gantry_op_dequantize(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          struct gantry_arena *arena)
{
    (void)arena;
    gantry_op_set(kernel, dequantize, args, 1, (uint64_t)gantry_op_elements(&args->inputs[0]) * 2);
    return true;
}

/* float32 to int8: the product with the reciprocal of the scale, as LiteRT's default path does. */
static void quantize_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const float *x = args->inputs[0].data;
    int8_t *y = args->outputs[0].data;
    float reciprocal = 1.0f / args->outputs[0].scale[0];
    int32_t zero = args->outputs[0].zero_point[0];
    int64_t elements = gantry_op_elements(&args->inputs[0]);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) {
        float value = x[i] * reciprocal;
        int32_t low = INT8_MIN - zero, high = INT8_MAX - zero;
        y[i] = (int8_t)(gantry_op_round((double)value, low, high) + zero);
    }
}

static void quantize_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_x8_table_args *args = state;
    (void)first, (void)end, (void)scratch;
    gantry_x8_table__ref(args);
}

/* Rule Q8. */
static bool bind_s8(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_x8_table_args *table = gantry_arena_alloc(arena, 1, sizeof *table);
    uint8_t *bytes = gantry_arena_alloc(arena, 256, 1);
    int32_t elements = (int32_t)gantry_op_elements(x);
    if (!table || !bytes) return false;
    const struct gantry_x8_quantize_rule rule = {
        .factor = gantry_rule_q8_factor(x->scale[0], y->scale[0]),
        .input_zero = x->zero_point[0],
        .output_zero = y->zero_point[0],
        .input_least = INT8_MIN,
        .output_least = INT8_MIN};
    gantry_x8_quantize_table(bytes, &rule);
    *table = (struct gantry_x8_table_args){.input = {x->data, 1, 1, elements, elements},
                                           .output = {y->data, 1, 1, elements, elements},
                                           .table = bytes};
    gantry_op_set(kernel, quantize_s8, table, 1, (uint64_t)elements);
    return true;
}

bool gantry_op_quantize(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                        struct gantry_arena *arena)
{
    if (args->inputs[0].dtype == GANTRY_INT8) return bind_s8(kernel, args, arena);
    gantry_op_set(kernel, quantize_f32, args, 1,
                  (uint64_t)gantry_op_elements(&args->inputs[0]) * 2);
    return true;
}
