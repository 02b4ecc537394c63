/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic of two tensors with broadcasting: float32, int8 by the rules X and F, int16 by X16 and
 * M. A unit is a run along the last dimension. */
#include "kernels/fixed.h"
#include "kernels/kernels.h"
#include "kernels/op.h"

enum { X16_BITS = 15 };

struct binary {
    const struct gantry_op_args *args;
    struct gantry_op_strides a, b;
    float (*f32)(float a, float b);
    int8_t (*s8)(const struct binary *binary, int8_t a, int8_t b);
    int32_t (*s16)(const struct binary *binary, int32_t a, int32_t b);
    struct gantry_fixed fixed_a, fixed_b, fixed_out; /* int16: rules X16 and M */
    struct gantry_s8_add_args add;                   /* rule X */
    float scale;                                     /* rule F */
};

/* A run: where its operands begin, and how far their elements are apart. */
struct run {
    int64_t a, b, a_step, b_step;
};

static struct run run_of(const struct binary *binary, int32_t unit)
{
    const struct gantry_shape *shape = &binary->args->outputs[0].shape;
    int32_t last = shape->rank - 1;
    struct run run = {0};
    if (last < 0) return run;
    run.a_step = binary->a.step[last];
    run.b_step = binary->b.step[last];
    for (int32_t i = last - 1; i >= 0; i--) {
        run.a += unit % shape->dims[i] * binary->a.step[i];
        run.b += unit % shape->dims[i] * binary->b.step[i];
        unit /= shape->dims[i];
    }
    return run;
}

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct binary *binary = state;
    const struct gantry_op_args *args = binary->args;
    const float *a = args->inputs[0].data, *b = args->inputs[1].data;
    int32_t length = gantry_op_row_length(&args->outputs[0].shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        const struct run run = run_of(binary, unit);
        float *to = (float *)args->outputs[0].data + (int64_t)unit * length;
        for (int64_t i = 0; i < length; i++)
            to[i] = gantry_op_limit(
                args, binary->f32(a[run.a + i * run.a_step], b[run.b + i * run.b_step]));
    }
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct binary *binary = state;
    const struct gantry_op_args *args = binary->args;
    const int8_t *a = args->inputs[0].data, *b = args->inputs[1].data;
    int32_t length = gantry_op_row_length(&args->outputs[0].shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        const struct run run = run_of(binary, unit);
        int8_t *to = (int8_t *)args->outputs[0].data + (int64_t)unit * length;
        for (int64_t i = 0; i < length; i++)
            to[i] = binary->s8(binary, a[run.a + i * run.a_step], b[run.b + i * run.b_step]);
    }
}

static void run_s16(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct binary *binary = state;
    const struct gantry_op_args *args = binary->args;
    const int16_t *a = args->inputs[0].data, *b = args->inputs[1].data;
    int32_t length = gantry_op_row_length(&args->outputs[0].shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        const struct run run = run_of(binary, unit);
        int16_t *to = (int16_t *)args->outputs[0].data + (int64_t)unit * length;
        for (int64_t i = 0; i < length; i++) {
            int32_t y = binary->s16(binary, a[run.a + i * run.a_step], b[run.b + i * run.b_step]);
            to[i] = (int16_t)gantry_min_i32(gantry_max_i32(y, args->clamp_min), args->clamp_max);
        }
    }
}

static struct binary *make(const struct gantry_op_args *args, struct gantry_arena *arena)
{
    struct binary *binary = gantry_arena_alloc(arena, 1, sizeof *binary);
    if (!binary) return NULL;
    binary->args = args;
    binary->a = gantry_op_broadcast(&args->inputs[0].shape, &args->outputs[0].shape);
    binary->b = gantry_op_broadcast(&args->inputs[1].shape, &args->outputs[0].shape);
    return binary;
}

static void set(struct gantry_kernel *kernel, const struct binary *binary)
{
    const struct gantry_op_args *args = binary->args;
    int64_t elements = gantry_op_elements(&args->outputs[0]);
    int32_t units = (int32_t)(elements / gantry_op_row_length(&args->outputs[0].shape));
    enum gantry_dtype dtype = args->outputs[0].dtype;
    gantry_op_set(kernel,
                  dtype == GANTRY_FLOAT32 ? run_f32
                  : dtype == GANTRY_INT16 ? run_s16
                                          : run_s8,
                  binary, units, (uint64_t)elements * 2);
}

static float add_f32(float a, float b) { return a + b; }
static float sub_f32(float a, float b) { return a - b; }
static float mul_f32(float a, float b) { return a * b; }

static int8_t add_s8(const struct binary *binary, int8_t a, int8_t b)
{
    return gantry_s8_add_element(a, b, &binary->add);
}

static int8_t mul_s8(const struct binary *binary, int8_t a, int8_t b)
{
    const struct gantry_op_args *args = binary->args;
    int32_t product = (a - args->inputs[0].zero_point[0]) * (b - args->inputs[1].zero_point[0]);
    return gantry_s8_requantize(product, binary->scale, args->outputs[0].zero_point[0],
                                args->clamp_min, args->clamp_max);
}

/* Rule X16: the operands of a sum are scaled in one step, those of a difference after the shift. */
static int32_t sum_s16(const struct binary *binary, int32_t a, int32_t b, int32_t sign)
{
    int32_t shift = sign > 0 ? 0 : X16_BITS;
    int32_t sum = gantry_fixed_multiply(a * (1 << shift), binary->fixed_a);
    sum += sign * gantry_fixed_multiply(b * (1 << shift), binary->fixed_b);
    return gantry_fixed_multiply(sum, binary->fixed_out);
}

static int32_t add_s16(const struct binary *binary, int32_t a, int32_t b)
{
    return sum_s16(binary, a, b, 1);
}

static int32_t sub_s16(const struct binary *binary, int32_t a, int32_t b)
{
    return sum_s16(binary, a, b, -1);
}

static int32_t mul_s16(const struct binary *binary, int32_t a, int32_t b)
{
    return gantry_fixed_multiply(a * b, binary->fixed_out);
}

static void set_rule_x16(struct binary *binary, int32_t sign)
{
    const struct gantry_op_args *args = binary->args;
    double a = (double)args->inputs[0].scale[0], b = (double)args->inputs[1].scale[0];
    double twice = 2 * (a > b ? a : b), y = (double)args->outputs[0].scale[0];
    binary->s16 = sign > 0 ? add_s16 : sub_s16;
    binary->fixed_a = gantry_fixed_of(a / twice);
    binary->fixed_b = gantry_fixed_of(b / twice);
    if (sign > 0) {
        binary->fixed_a.shift += X16_BITS;
        binary->fixed_b.shift += X16_BITS;
    }
    binary->fixed_out = gantry_fixed_of(twice / (y * (1 << X16_BITS)));
}

/* Rule X; sign: of the second term. */
static void set_rule_x(struct binary *binary, int32_t sign)
{
    const struct gantry_op_args *args = binary->args;
    struct gantry_s8_add_args *add = &binary->add;
    binary->s8 = add_s8;
    *add = (struct gantry_s8_add_args){
        .zero1 = args->inputs[0].zero_point[0],
        .zero2 = args->inputs[1].zero_point[0],
        .zero_out = args->outputs[0].zero_point[0],
        .clamp_min = args->clamp_min,
        .clamp_max = args->clamp_max,
    };
    bool covered = gantry_rule_x(args->inputs[0].scale[0], args->inputs[1].scale[0],
                                 args->outputs[0].scale[0], &add->k1, &add->k2, &add->shift);
    gantry_assert(covered);
    (void)covered;
    add->k2 *= sign;
}

static bool bind_sum(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena, int32_t sign)
{
    struct binary *binary = make(args, arena);
    if (!binary) return false;
    binary->f32 = sign > 0 ? add_f32 : sub_f32;
    if (args->outputs[0].dtype == GANTRY_INT8) set_rule_x(binary, sign);
    if (args->outputs[0].dtype == GANTRY_INT16) set_rule_x16(binary, sign);
    set(kernel, binary);
    return true;
}

bool gantry_op_add(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    return bind_sum(kernel, args, arena, 1);
}

bool gantry_op_sub(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    return bind_sum(kernel, args, arena, -1);
}

bool gantry_op_mul(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    struct binary *binary = make(args, arena);
    if (!binary) return false;
    binary->f32 = mul_f32;
    binary->s8 = mul_s8;
    binary->s16 = mul_s16;
    if (args->outputs[0].dtype == GANTRY_INT16)
        binary->fixed_out = gantry_fixed_of((double)gantry_rule_f_scale(
            args->inputs[0].scale[0], args->inputs[1].scale[0], args->outputs[0].scale[0]));
    if (args->outputs[0].dtype == GANTRY_INT8)
        binary->scale = gantry_rule_f_scale(args->inputs[0].scale[0], args->inputs[1].scale[0],
                                            args->outputs[0].scale[0]);
    set(kernel, binary);
    return true;
}
