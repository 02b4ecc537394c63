/* SPDX-License-Identifier: Apache-2.0
 * Reductions over any axes: MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL.
 * One unit. */
#include <math.h>

#include "kernels/fixed.h"
#include "kernels/kernels.h"
#include "kernels/op.h"

union total {
    double real; /* of float32 */
    int64_t integer;
};

struct way {
    double (*real)(double total, double value);
    int64_t (*integer)(int64_t total, int64_t value);
    double real_start;
    int64_t integer_start;
};

enum finish {
    AS_IT_IS,
    DIVIDED, /* by the count */
    RULE_F,
    RULE_M
};

struct reduce {
    const struct gantry_op_args *args;
    const struct way *way;
    struct gantry_op_strides out; /* steps of the output along the input's dimensions */
    int64_t elements, results, count;
    enum finish finish;
    int32_t zero; /* taken off every stored value */
    float scale;
    struct gantry_fixed factor;
    union total *total;
};

/* ---- Running ---- */

static int64_t finished(const struct reduce *reduce, int64_t total)
{
    const struct gantry_op_args *args = reduce->args;
    int64_t value = total;
    if (reduce->finish == AS_IT_IS) return total;
    if (reduce->finish == DIVIDED) return total / reduce->count;
    int32_t zero = args->outputs[0].zero_point[0];
    if (reduce->finish == RULE_M)
        value = (int64_t)gantry_fixed_multiply((int32_t)total, reduce->factor) + zero;
    else
        value = gantry_op_round((double)((float)(int32_t)total * reduce->scale),
                                args->clamp_min - zero, args->clamp_max - zero) +
                zero;
    return value < args->clamp_min   ? args->clamp_min
           : value > args->clamp_max ? args->clamp_max
                                     : value;
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct reduce *reduce = state;
    const struct gantry_op_tensor *x = &reduce->args->inputs[0], *y = &reduce->args->outputs[0];
    bool real = x->dtype == GANTRY_FLOAT32;
    int32_t at[GANTRY_RANK_MAX] = {0};
    union total *to = reduce->total;
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < reduce->results; i++) {
        if (real)
            to[i].real = reduce->way->real_start;
        else
            to[i].integer = reduce->way->integer_start;
    }
    for (int64_t i = 0; i < reduce->elements; i++) {
        if (real)
            to->real = reduce->way->real(to->real, (double)((const float *)x->data)[i]);
        else
            to->integer = reduce->way->integer(to->integer, gantry_op_integer(x, i) - reduce->zero);
        to += gantry_op_advance(&x->shape, x->shape.rank, at, &reduce->out);
    }
    for (int64_t i = 0; i < reduce->results; i++) {
        const union total *total = &reduce->total[i];
        if (real)
            ((float *)y->data)[i] =
                (float)(reduce->finish == DIVIDED ? total->real / (double)reduce->count
                                                  : total->real);
        else
            gantry_op_set_integer(y, i, finished(reduce, total->integer));
    }
}

/* ---- Binding ---- */

static struct reduce *set(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          const struct way *way, enum finish finish, struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_shape kept = x->shape;
    struct reduce *reduce = gantry_arena_alloc(arena, 1, sizeof *reduce);
    if (!reduce) return NULL;
    reduce->args = args;
    reduce->way = way;
    reduce->finish = finish;
    reduce->elements = gantry_op_elements(x);
    reduce->results = gantry_op_elements(y);
    reduce->count = reduce->elements / reduce->results;
    reduce->total = gantry_arena_alloc(arena, (size_t)reduce->results, sizeof *reduce->total);
    if (!reduce->total) return NULL;
    for (int64_t k = 0; k < gantry_op_elements(&args->inputs[1]); k++)
        kept.dims[gantry_op_axis((int32_t)gantry_op_integer(&args->inputs[1], k), kept.rank)] = 1;
    reduce->out = gantry_op_broadcast(&kept, &x->shape);
    gantry_op_set(kernel, run, reduce, 1, (uint64_t)reduce->elements * 5);
    return reduce;
}

static double add_real(double total, double value) { return total + value; }
static int64_t add(int64_t total, int64_t value)
{
    return (int64_t)((uint64_t)total + (uint64_t)value);
}
static const struct way sum = {add_real, add, 0, 0};

/* The factor of a mean of int16: the multiplier of sx / sy is divided by the count, with all the
 * bits that it has room for. */
static struct gantry_fixed mean_factor(float ratio, int64_t count)
{
    struct gantry_fixed factor = gantry_fixed_of((double)ratio);
    int32_t bits = gantry_min_i32(63 - __builtin_clzll((uint64_t)count), 31 + factor.shift);
    bits = gantry_min_i32(bits, 32);
    if (bits < 0) return factor;
    factor.multiplier = (int32_t)(((int64_t)factor.multiplier << bits) / count);
    factor.shift -= bits;
    return factor;
}

static bool bind_sum(struct gantry_kernel *kernel, const struct gantry_op_args *args, bool mean,
                     struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct reduce *reduce = set(kernel, args, &sum, mean ? DIVIDED : AS_IT_IS, arena);
    if (!reduce) return false;
    if (x->dtype != GANTRY_INT8 && x->dtype != GANTRY_INT16) return true;
    reduce->zero = x->zero_point[0];
    reduce->finish = mean && x->dtype == GANTRY_INT16 ? RULE_M : RULE_F;
    reduce->scale = gantry_rule_f_mean_scale(x->scale[0], y->scale[0], mean ? reduce->count : 1);
    reduce->factor = mean_factor(x->scale[0] / y->scale[0], reduce->count);
    return true;
}

bool gantry_op_mean(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    return bind_sum(kernel, args, true, arena);
}

bool gantry_op_sum(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                   struct gantry_arena *arena)
{
    return bind_sum(kernel, args, false, arena);
}

static double multiply_real(double total, double value) { return total * value; }
static int64_t multiply(int64_t total, int64_t value)
{
    return (int64_t)((uint64_t)total * (uint64_t)value);
}
static int64_t greater(int64_t total, int64_t value) { return total > value ? total : value; }
static int64_t lesser(int64_t total, int64_t value) { return total < value ? total : value; }

#define REDUCTION(name, ...)                                                               \
    bool gantry_op_##name(struct gantry_kernel *kernel, const struct gantry_op_args *args, \
                          struct gantry_arena *arena)                                      \
    {                                                                                      \
        static const struct way way = {__VA_ARGS__};                                       \
        return set(kernel, args, &way, AS_IT_IS, arena) != NULL;                           \
    }

REDUCTION(reduce_prod, multiply_real, multiply, 1, 1)
REDUCTION(reduce_max, fmax, greater, -HUGE_VAL, INT64_MIN)
REDUCTION(reduce_min, fmin, lesser, HUGE_VAL, INT64_MAX)
/* Of bool, 0 and 1. */
REDUCTION(reduce_any, NULL, greater, 0, 0)
REDUCTION(reduce_all, NULL, lesser, 1, 1)
