/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic of two tensors with broadcasting: float32, and int8 by the rules X and F. A unit is a
 * run along the last dimension. */
#include <math.h>

#include "kernels/kernels.h"
#include "kernels/op.h"

struct binary {
    const struct gantry_op_args *args;
    struct gantry_op_strides a, b;
    float (*f32)(float a, float b);
    int8_t (*s8)(const struct binary *binary, int8_t a, int8_t b);
    struct gantry_s8_add_args add; /* rule X */
    float scale;                   /* rule F */
};

/* First elements of the operands of a run. */
static void start_of(const struct binary *binary, int32_t unit, int64_t *a, int64_t *b)
{
    const struct gantry_shape *shape = &binary->args->outputs[0].shape;
    *a = *b = 0;
    for (int32_t i = shape->rank - 2; i >= 0; i--) {
        *a += unit % shape->dims[i] * binary->a.step[i];
        *b += unit % shape->dims[i] * binary->b.step[i];
        unit /= shape->dims[i];
    }
}

static int32_t run_length(const struct gantry_shape *shape)
{
    return shape->rank ? shape->dims[shape->rank - 1] : 1;
}

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct binary *binary = state;
    const struct gantry_op_args *args = binary->args;
    int32_t length = run_length(&args->outputs[0].shape), last = args->outputs[0].shape.rank - 1;
    int64_t a_step = last >= 0 ? binary->a.step[last] : 0;
    int64_t b_step = last >= 0 ? binary->b.step[last] : 0;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int64_t a, b;
        start_of(binary, unit, &a, &b);
        const float *pa = (const float *)args->inputs[0].data + a;
        const float *pb = (const float *)args->inputs[1].data + b;
        float *to = (float *)args->outputs[0].data + (int64_t)unit * length;
        for (int32_t i = 0; i < length; i++, pa += a_step, pb += b_step) {
            float value = binary->f32(*pa, *pb);
            value = value > args->real_min ? value : args->real_min;
            to[i] = value < args->real_max ? value : args->real_max;
        }
    }
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct binary *binary = state;
    const struct gantry_op_args *args = binary->args;
    int32_t length = run_length(&args->outputs[0].shape), last = args->outputs[0].shape.rank - 1;
    int64_t a_step = last >= 0 ? binary->a.step[last] : 0;
    int64_t b_step = last >= 0 ? binary->b.step[last] : 0;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int64_t a, b;
        start_of(binary, unit, &a, &b);
        const int8_t *pa = (const int8_t *)args->inputs[0].data + a;
        const int8_t *pb = (const int8_t *)args->inputs[1].data + b;
        int8_t *to = (int8_t *)args->outputs[0].data + (int64_t)unit * length;
        for (int32_t i = 0; i < length; i++, pa += a_step, pb += b_step)
            to[i] = binary->s8(binary, *pa, *pb);
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
    int32_t units = (int32_t)(elements / run_length(&args->outputs[0].shape));
    gantry_op_set(kernel, args->outputs[0].dtype == GANTRY_FLOAT32 ? run_f32 : run_s8, binary,
                  units, (uint64_t)elements * 2);
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

/* Rule X; sign: of the second term. */
static void set_rule_x(struct binary *binary, int32_t sign)
{
    const struct gantry_op_args *args = binary->args;
    float sy = args->outputs[0].scale[0];
    float r1 = args->inputs[0].scale[0] / sy, r2 = args->inputs[1].scale[0] / sy;
    int exponent; /* of a fraction in [0.5, 1): one more than floor(log2) */
    (void)frexpf(r1 > r2 ? r1 : r2, &exponent);
    int32_t shift = 20 - (exponent - 1);
    binary->s8 = add_s8;
    binary->add = (struct gantry_s8_add_args){
        .k1 = (int32_t)nearbyintf(ldexpf(r1, shift)),
        .k2 = sign * (int32_t)nearbyintf(ldexpf(r2, shift)),
        .shift = shift,
        .zero1 = args->inputs[0].zero_point[0],
        .zero2 = args->inputs[1].zero_point[0],
        .zero_out = args->outputs[0].zero_point[0],
        .clamp_min = args->clamp_min,
        .clamp_max = args->clamp_max,
    };
}

static bool bind_sum(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena, int32_t sign)
{
    struct binary *binary = make(args, arena);
    if (!binary) return false;
    binary->f32 = sign > 0 ? add_f32 : sub_f32;
    if (args->outputs[0].dtype == GANTRY_INT8) set_rule_x(binary, sign);
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
    if (args->outputs[0].dtype == GANTRY_INT8) {
        float product = args->inputs[0].scale[0] * args->inputs[1].scale[0];
        binary->scale = product / args->outputs[0].scale[0];
    }
    set(kernel, binary);
    return true;
}
