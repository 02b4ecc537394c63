/* SPDX-License-Identifier: Apache-2.0
 * QUANTIZE and DEQUANTIZE. */
#include <math.h>

#include "kernels/fixed.h"
#include "kernels/op.h"

/* Stored value i of an int8, int16 or int32 tensor. */
static int32_t stored(const struct gantry_op_tensor *tensor, int64_t i)
{
    if (tensor->dtype == GANTRY_INT8) return ((const int8_t *)tensor->data)[i];
    if (tensor->dtype == GANTRY_INT16) return ((const int16_t *)tensor->data)[i];
    return ((const int32_t *)tensor->data)[i];
}

/* Stores a value within the range of the type. */
static void store(const struct gantry_op_tensor *tensor, int64_t i, int64_t value)
{
    bool narrow = tensor->dtype == GANTRY_INT8, wide = tensor->dtype == GANTRY_INT32;
    int64_t low = narrow ? INT8_MIN : wide ? INT32_MIN : INT16_MIN;
    int64_t high = narrow ? INT8_MAX : wide ? INT32_MAX : INT16_MAX;
    value = value < low ? low : value > high ? high : value;
    if (narrow)
        ((int8_t *)tensor->data)[i] = (int8_t)value;
    else if (wide)
        ((int32_t *)tensor->data)[i] = (int32_t)value;
    else
        ((int16_t *)tensor->data)[i] = (int16_t)value;
}

/* int8 with one scale. */
static void dequantize_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *tensor = &args->inputs[0];
    const int8_t *x = tensor->data;
    float *restrict y = args->outputs[0].data;
    const float scale = tensor->scale[0];
    const int32_t zero = tensor->zero_point[0];
    int64_t elements = gantry_op_elements(tensor);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) y[i] = (float)(x[i] - zero) * scale;
}

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
        y[i] = (float)(stored(x, i) - x->zero_point[c]) * x->scale[c];
    }
}

bool gantry_op_dequantize(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0];
    bool plain = x->dtype == GANTRY_INT8 && x->scales == 1;
    (void)arena;
    gantry_op_set(kernel, plain ? dequantize_s8 : dequantize, args, 1,
                  (uint64_t)gantry_op_elements(x) * 2);
    return true;
}

/* float32 to int8: the product with the reciprocal of the scale, as LiteRT's default path does.
 * Where it passes the limits the result saturates whatever the zero point; within them adding 1.5 x
 * 2^23 rounds to nearest, ties to even. No number gives the least. */
static void quantize_f32_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *tensor = &args->outputs[0];
    const float *x = args->inputs[0].data;
    int8_t *restrict y = tensor->data;
    const float reciprocal = 1.0f / tensor->scale[0], limit = 1024.0f, magic = 12582912.0f;
    const int32_t zero = tensor->zero_point[0];
    int64_t elements = gantry_op_elements(tensor);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) {
        float value = x[i] * reciprocal;
        value = value > -limit ? value : -limit;
        value = value < limit ? value : limit;
        int32_t rounded = (int32_t)(value + magic - magic) + zero;
        rounded = gantry_min_i32(gantry_max_i32(rounded, INT8_MIN), INT8_MAX);
        y[i] = (int8_t)rounded;
    }
}

/* float32 to int16: the quotient, halves away from zero, as LiteRT's default path does. */
static void quantize_f32_s16(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *y = &args->outputs[0];
    const float *x = args->inputs[0].data;
    int64_t elements = gantry_op_elements(&args->inputs[0]);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) {
        double value = (double)roundf(x[i] / y->scale[0]);
        store(y, i, (int64_t)gantry_op_round(value, -(1 << 24), 1 << 24) + y->zero_point[0]);
    }
}

/* One stored value as another type's, by rule M. */
static int64_t requantized(const struct gantry_op_args *args, struct gantry_fixed fixed,
                           int64_t value)
{
    value -= args->inputs[0].zero_point[0];
    value = value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value;
    int32_t scaled = args->attributes->mixed ? gantry_fixed_multiply_up((int32_t)value, fixed)
                                             : gantry_fixed_multiply((int32_t)value, fixed);
    return (int64_t)scaled + args->outputs[0].zero_point[0];
}

static struct gantry_fixed factor_of(const struct gantry_op_args *args)
{
    return gantry_fixed_of((double)args->inputs[0].scale[0] / (double)args->outputs[0].scale[0]);
}

static void requantize(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    const struct gantry_fixed fixed = factor_of(args);
    int64_t elements = gantry_op_elements(x);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) store(y, i, requantized(args, fixed, stored(x, i)));
}

/* The table of rule Q8, or of rule M for bytes that were unsigned. */
static void fill_table(const struct gantry_op_args *args, uint8_t *table)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    const struct gantry_x8_quantize_rule rule = {
        .factor = gantry_rule_q8_factor(x->scale[0], y->scale[0]),
        .input_zero = x->zero_point[0],
        .output_zero = y->zero_point[0],
        .input_least = INT8_MIN,
        .output_least = INT8_MIN};
    if (!args->attributes->mixed) {
        gantry_x8_quantize_table(table, &rule);
        return;
    }
    const struct gantry_fixed fixed = factor_of(args);
    for (int32_t value = INT8_MIN; value <= INT8_MAX; value++) {
        int64_t result = requantized(args, fixed, value);
        result = result < INT8_MIN ? INT8_MIN : result > INT8_MAX ? INT8_MAX : result;
        table[(uint8_t)value] = (uint8_t)result;
    }
}

static bool bind_s8(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    int32_t elements = (int32_t)gantry_op_elements(x);
    uint8_t table[256];
    fill_table(args, table);
    const struct gantry_x8_table_args bytes = {.input = {x->data, 1, 1, elements, elements},
                                               .output = {y->data, 1, 1, elements, elements},
                                               .table = table};
    return gantry_kernel_table(kernel, &bytes, args->isa, arena);
}

bool gantry_op_quantize(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                        struct gantry_arena *arena)
{
    enum gantry_dtype from = args->inputs[0].dtype, to = args->outputs[0].dtype;
    if (from == GANTRY_INT8 && to == GANTRY_INT8) return bind_s8(kernel, args, arena);
    gantry_op_set(kernel,
                  from != GANTRY_FLOAT32 ? requantize
                  : to == GANTRY_INT8    ? quantize_f32_s8
                                         : quantize_f32_s16,
                  args, 1, (uint64_t)gantry_op_elements(&args->inputs[0]) * 2);
    return true;
}
