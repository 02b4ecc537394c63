/* SPDX-License-Identifier: Apache-2.0
 * ADD, SUB and MUL: float32, int8 by the rules X and F, int16 by X16 and M, int32 and int64. */
#include "kernels/fixed.h"
#include "kernels/kernels.h"
#include "kernels/op_pairs.h"

enum { X16_BITS = 15 };

/* What stored values need beside them. */
struct rule {
    struct gantry_s8_add_args add; /* rule X */
    int32_t zero1, zero2, zero_out;
    int32_t low, high;
    struct gantry_fixed fixed_a, fixed_b, fixed_out; /* rules X16 and M */
    float scale;                                     /* rule F */
};

/* ---- int32 and int64, which wrap ---- */

static int64_t add_integer(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t sub_integer(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t mul_integer(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* ---- float32 ---- */

static float add_f32(float a, float b) { return a + b; }
static float sub_f32(float a, float b) { return a - b; }
static float mul_f32(float a, float b) { return a * b; }

/* ---- int8 and int16 ---- */

static int64_t add_s8(const void *state, int64_t a, int64_t b)
{
    const struct rule *rule = state;
    return gantry_s8_add_element((int32_t)a, (int32_t)b, &rule->add);
}

static int64_t mul_s8(const void *state, int64_t a, int64_t b)
{
    const struct rule *rule = state;
    int32_t product = ((int32_t)a - rule->zero1) * ((int32_t)b - rule->zero2);
    return gantry_s8_requantize(product, rule->scale, rule->zero_out, rule->low, rule->high);
}

static int32_t limited(const struct rule *rule, int32_t value)
{
    return gantry_min_i32(gantry_max_i32(value, rule->low), rule->high);
}

/* Rule X16: the operands of a sum are scaled in one step, those of a difference after the shift. */
static int64_t sum_s16(const struct rule *rule, int64_t a, int64_t b, int32_t sign)
{
    int32_t unit = 1 << (sign > 0 ? 0 : X16_BITS);
    int32_t sum = gantry_fixed_multiply((int32_t)a * unit, rule->fixed_a);
    sum += sign * gantry_fixed_multiply((int32_t)b * unit, rule->fixed_b);
    return limited(rule, gantry_fixed_multiply(sum, rule->fixed_out));
}

static int64_t add_s16(const void *rule, int64_t a, int64_t b) { return sum_s16(rule, a, b, 1); }
static int64_t sub_s16(const void *rule, int64_t a, int64_t b) { return sum_s16(rule, a, b, -1); }

static int64_t mul_s16(const void *state, int64_t a, int64_t b)
{
    const struct rule *rule = state;
    return limited(rule, gantry_fixed_multiply((int32_t)(a * b), rule->fixed_out));
}

/* ---- Binding ---- */

static bool is_stored(const struct gantry_op_args *args)
{
    return args->outputs[0].dtype == GANTRY_INT8 || args->outputs[0].dtype == GANTRY_INT16;
}

static struct rule *make_rule(const struct gantry_op_args *args, struct gantry_arena *arena)
{
    struct rule *rule = gantry_arena_alloc(arena, 1, sizeof *rule);
    if (!rule) return NULL;
    rule->zero1 = args->inputs[0].zero_point[0];
    rule->zero2 = args->inputs[1].zero_point[0];
    rule->zero_out = args->outputs[0].zero_point[0];
    rule->low = args->clamp_min;
    rule->high = args->clamp_max;
    return rule;
}

static void set_rule_x16(struct rule *rule, const struct gantry_op_args *args, int32_t sign)
{
    double a = (double)args->inputs[0].scale[0], b = (double)args->inputs[1].scale[0];
    double twice = 2 * (a > b ? a : b), y = (double)args->outputs[0].scale[0];
    rule->fixed_a = gantry_fixed_of(a / twice);
    rule->fixed_b = gantry_fixed_of(b / twice);
    if (sign > 0) {
        rule->fixed_a.shift += X16_BITS;
        rule->fixed_b.shift += X16_BITS;
    }
    rule->fixed_out = gantry_fixed_of(twice / (y * (1 << X16_BITS)));
}

/* Rule X; sign: of the second term. */
static void set_rule_x(struct rule *rule, const struct gantry_op_args *args, int32_t sign)
{
    struct gantry_s8_add_args *add = &rule->add;
    *add = (struct gantry_s8_add_args){.zero1 = rule->zero1,
                                       .zero2 = rule->zero2,
                                       .zero_out = rule->zero_out,
                                       .clamp_min = rule->low,
                                       .clamp_max = rule->high};
    bool covered = gantry_rule_x(args->inputs[0].scale[0], args->inputs[1].scale[0],
                                 args->outputs[0].scale[0], &add->k1, &add->k2, &add->shift);
    gantry_assert(covered);
    (void)covered;
    add->k2 *= sign;
}

static bool bind_sum(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena, int32_t sign)
{
    struct gantry_op_pairs pairs = {.real = sign > 0 ? add_f32 : sub_f32,
                                    .integer = sign > 0 ? add_integer : sub_integer};
    if (is_stored(args)) {
        struct rule *rule = make_rule(args, arena);
        if (!rule) return false;
        pairs.rule = rule;
        if (args->outputs[0].dtype == GANTRY_INT8) {
            set_rule_x(rule, args, sign);
            pairs.integer = add_s8;
        } else {
            set_rule_x16(rule, args, sign);
            pairs.integer = sign > 0 ? add_s16 : sub_s16;
        }
    }
    return gantry_op_set_pairs(kernel, &pairs, args, arena);
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
    struct gantry_op_pairs pairs = {.real = mul_f32, .integer = mul_integer};
    if (is_stored(args)) {
        struct rule *rule = make_rule(args, arena);
        if (!rule) return false;
        rule->scale = gantry_rule_f_scale(args->inputs[0].scale[0], args->inputs[1].scale[0],
                                          args->outputs[0].scale[0]);
        rule->fixed_out = gantry_fixed_of((double)rule->scale);
        pairs.rule = rule;
        pairs.integer = args->outputs[0].dtype == GANTRY_INT8 ? mul_s8 : mul_s16;
    }
    return gantry_op_set_pairs(kernel, &pairs, args, arena);
}
