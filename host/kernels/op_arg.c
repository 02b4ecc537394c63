/* SPDX-License-Identifier: Apache-2.0
 * ARG_MAX and ARG_MIN: where along an axis the greatest or least value is; the first of equals. A
 * unit is a block of the axes before it. */
#include "kernels/op.h"

struct arg {
    const struct gantry_op_args *args;
    struct gantry_op_split split;
    bool least;
};

/* Whether element i of a tensor is beyond element k; NAN is beyond nothing. */
static bool beyond(const struct arg *arg, int64_t i, int64_t k)
{
    const struct gantry_op_tensor *x = &arg->args->inputs[0];
    int64_t a = arg->least ? k : i, b = arg->least ? i : k;
    switch (x->dtype) {
    case GANTRY_FLOAT32:
        return ((const float *)x->data)[a] > ((const float *)x->data)[b];
    case GANTRY_INT16:
        return ((const int16_t *)x->data)[a] > ((const int16_t *)x->data)[b];
    case GANTRY_INT32:
        return ((const int32_t *)x->data)[a] > ((const int32_t *)x->data)[b];
    case GANTRY_INT64:
        return ((const int64_t *)x->data)[a] > ((const int64_t *)x->data)[b];
    case GANTRY_INT8:
        return ((const int8_t *)x->data)[a] > ((const int8_t *)x->data)[b];
    default: /* uint8, bool */
        return ((const uint8_t *)x->data)[a] > ((const uint8_t *)x->data)[b];
    }
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct arg *arg = state;
    const struct gantry_op_tensor *y = &arg->args->outputs[0];
    int64_t inner = arg->split.inner;
    (void)scratch;
    for (int64_t i = first * inner; i < end * inner; i++) {
        int64_t start = i / inner * arg->split.along * inner + i % inner, best = 0;
        for (int64_t k = 1; k < arg->split.along; k++)
            if (beyond(arg, start + k * inner, start + best * inner)) best = k;
        if (y->dtype == GANTRY_INT64)
            ((int64_t *)y->data)[i] = best;
        else
            ((int32_t *)y->data)[i] = (int32_t)best;
    }
}

static bool bind(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                 struct gantry_arena *arena, bool least)
{
    const struct gantry_op_tensor *x = &args->inputs[0];
    struct arg *arg = gantry_arena_alloc(arena, 1, sizeof *arg);
    if (!arg) return false;
    int32_t axis = gantry_op_axis((int32_t)gantry_op_integer(&args->inputs[1], 0), x->shape.rank);
    *arg = (struct arg){args, gantry_op_split_at(&x->shape, axis), least};
    gantry_op_set(kernel, run, arg, (int32_t)arg->split.outer, (uint64_t)gantry_op_elements(x) * 2);
    return true;
}

bool gantry_op_arg_max(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    return bind(kernel, args, arena, false);
}

bool gantry_op_arg_min(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    return bind(kernel, args, arena, true);
}
