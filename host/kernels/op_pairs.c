/* SPDX-License-Identifier: Apache-2.0
 * How functions of two elements run; those of any type: MINIMUM, MAXIMUM, FLOOR_DIV, FLOOR_MOD,
 * SQUARED_DIFFERENCE, POW. */
#include "kernels/op_pairs.h"

#include <math.h>

struct gantry_op_run gantry_op_run_at(const struct gantry_shape *shape,
                                      const struct gantry_op_strides *a,
                                      const struct gantry_op_strides *b, int32_t unit)
{
    int32_t last = shape->rank - 1;
    struct gantry_op_run run = {0};
    if (last < 0) return run;
    run.a_step = a->step[last];
    run.b_step = b->step[last];
    for (int32_t i = last - 1; i >= 0; i--) {
        run.a += unit % shape->dims[i] * a->step[i];
        run.b += unit % shape->dims[i] * b->step[i];
        unit /= shape->dims[i];
    }
    return run;
}

/* The runs of a type; call: the function of a[..] and b[..]. */
#define RUNS(name, type, out, call)                                                               \
    static void name(const void *state, int32_t first, int32_t end, void *scratch)                \
    {                                                                                             \
        const struct gantry_op_pairs *pairs = state;                                              \
        const struct gantry_op_args *args = pairs->args;                                          \
        const struct gantry_shape *shape = &args->outputs[0].shape;                               \
        int32_t length = gantry_op_row_length(shape);                                             \
        (void)scratch;                                                                            \
        for (int32_t unit = first; unit < end; unit++) {                                          \
            const struct gantry_op_run run = gantry_op_run_at(shape, &pairs->a, &pairs->b, unit); \
            const type *a = (const type *)args->inputs[0].data + run.a;                           \
            const type *b = (const type *)args->inputs[1].data + run.b;                           \
            out *to = (out *)args->outputs[0].data + (int64_t)unit * length;                      \
            for (int64_t i = 0; i < length; i++)                                                  \
                to[i] = (out)call(a[i * run.a_step], b[i * run.b_step]);                          \
        }                                                                                         \
    }

#define REAL(x, y) gantry_op_limit(args, pairs->real(x, y))
#define TRUTH(x, y) (pairs->real(x, y) != 0)
#define INTEGER(x, y) pairs->integer(pairs->rule, x, y)
RUNS(run_f32, float, float, REAL)
RUNS(run_s8, int8_t, int8_t, INTEGER)
RUNS(run_s16, int16_t, int16_t, INTEGER)
RUNS(run_s32, int32_t, int32_t, INTEGER)
RUNS(run_s64, int64_t, int64_t, INTEGER)
/* Of these the result is bool. */
RUNS(judge_f32, float, uint8_t, TRUTH)
RUNS(judge_s8, int8_t, uint8_t, INTEGER)
RUNS(judge_s16, int16_t, uint8_t, INTEGER)
RUNS(judge_s32, int32_t, uint8_t, INTEGER)
RUNS(judge_s64, int64_t, uint8_t, INTEGER)

typedef void run_function(const void *state, int32_t first, int32_t end, void *scratch);

static run_function *run_of(enum gantry_dtype dtype, bool judge)
{
    switch (dtype) {
    case GANTRY_FLOAT32:
        return judge ? judge_f32 : run_f32;
    case GANTRY_INT16:
        return judge ? judge_s16 : run_s16;
    case GANTRY_INT32:
        return judge ? judge_s32 : run_s32;
    case GANTRY_INT64:
        return judge ? judge_s64 : run_s64;
    default: /* int8 and bool */
        return judge ? judge_s8 : run_s8;
    }
}

bool gantry_op_set_pairs(struct gantry_kernel *kernel, const struct gantry_op_pairs *pairs,
                         const struct gantry_op_args *args, struct gantry_arena *arena)
{
    const struct gantry_op_tensor *y = &args->outputs[0];
    struct gantry_op_pairs *kept = gantry_arena_alloc(arena, 1, sizeof *kept);
    if (!kept) return false;
    *kept = *pairs;
    kept->args = args;
    kept->a = gantry_op_broadcast(&args->inputs[0].shape, &y->shape);
    kept->b = gantry_op_broadcast(&args->inputs[1].shape, &y->shape);
    int64_t elements = gantry_op_elements(y);
    gantry_op_set(kernel, run_of(args->inputs[0].dtype, y->dtype == GANTRY_BOOL), kept,
                  (int32_t)(elements / gantry_op_row_length(&y->shape)), (uint64_t)elements * 3);
    return true;
}

/* ---- Operators on stored values as they are ---- */

static int64_t lesser(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return a < b ? a : b;
}

static int64_t greater(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    return a > b ? a : b;
}

/* Quotients by 0 are 0; a remainder by 0 is what it divides. */
static int64_t floor_quotient(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    if (b == 0) return 0;
    if (b == -1) return (int64_t)(0 - (uint64_t)a);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t floor_remainder(const void *rule, int64_t a, int64_t b)
{
    (void)rule;
    if (b == 0) return a;
    if (b == -1) return 0;
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static int64_t squared_difference(const void *rule, int64_t a, int64_t b)
{
    uint64_t difference = (uint64_t)a - (uint64_t)b;
    (void)rule;
    return (int64_t)(difference * difference);
}

static float lesser_f32(float a, float b) { return a < b ? a : b; }
static float greater_f32(float a, float b) { return a > b ? a : b; }
static float floor_quotient_f32(float a, float b) { return floorf(a / b); }
static float squared_difference_f32(float a, float b) { return (a - b) * (a - b); }
static float floor_remainder_f32(float a, float b)
{
    float rest = fmodf(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#define PAIRS(name, integers, reals)                                                       \
    bool gantry_op_##name(struct gantry_kernel *kernel, const struct gantry_op_args *args, \
                          struct gantry_arena *arena)                                      \
    {                                                                                      \
        const struct gantry_op_pairs pairs = {.integer = integers, .real = reals};         \
        return gantry_op_set_pairs(kernel, &pairs, args, arena);                           \
    }

PAIRS(minimum, lesser, lesser_f32)
PAIRS(maximum, greater, greater_f32)
PAIRS(floor_div, floor_quotient, floor_quotient_f32)
PAIRS(floor_mod, floor_remainder, floor_remainder_f32)
PAIRS(squared_difference, squared_difference, squared_difference_f32)
PAIRS(pow, NULL, powf)
