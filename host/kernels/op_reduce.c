/* SPDX-License-Identifier: Apache-2.0
 * SOFTMAX over the last axis, MEAN over any axes. */
#include <math.h>

#include "kernels/kernels.h"
#include "kernels/op.h"

/* ---- SOFTMAX; a unit is a row ---- */

static void softmax_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    int32_t n = gantry_op_row_length(&args->inputs[0].shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        const float *x = (const float *)args->inputs[0].data + (int64_t)unit * n;
        float *y = (float *)args->outputs[0].data + (int64_t)unit * n;
        float most = x[0];
        double sum = 0;
        for (int32_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
        for (int32_t i = 0; i < n; i++)
            sum += exp((double)args->attributes->beta * ((double)x[i] - (double)most));
        for (int32_t i = 0; i < n; i++)
            y[i] =
                (float)(exp((double)args->attributes->beta * ((double)x[i] - (double)most)) / sum);
    }
}

static void softmax_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    struct gantry_s8_softmax_args rows = *(const struct gantry_s8_softmax_args *)state;
    int64_t offset = (int64_t)first * rows.input.c;
    (void)scratch;
    rows.input.data += offset;
    rows.output.data += offset;
    rows.input.h = rows.output.h = end - first;
    gantry_s8_softmax__ref(&rows);
}

bool gantry_op_softmax(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    int32_t n = gantry_op_row_length(&x->shape), units = (int32_t)(gantry_op_elements(x) / n);
    uint64_t cost = (uint64_t)gantry_op_elements(x) * 20;
    if (x->dtype == GANTRY_FLOAT32) {
        gantry_op_set(kernel, softmax_f32, args, units, cost);
        return true;
    }
    struct gantry_s8_softmax_args *rows = gantry_arena_alloc(arena, 1, sizeof *rows);
    double *table = gantry_arena_alloc(arena, 256, sizeof *table);
    if (!rows || !table) return false;
    gantry_s8_softmax_table(table, args->attributes->beta, x->scale[0]);
    *rows = (struct gantry_s8_softmax_args){.input = {x->data, units, 1, n, n},
                                            .output = {y->data, units, 1, n, n},
                                            .table = table,
                                            .output_scale = y->scale[0],
                                            .output_zero = y->zero_point[0]};
    gantry_op_set(kernel, softmax_s8, rows, units, cost);
    return true;
}

/* ---- MEAN; one unit ---- */

struct mean {
    const struct gantry_op_args *args;
    struct gantry_op_strides out; /* steps of the output along the input's dimensions */
    int64_t elements, results, count;
    float scale;
    double *sum;
};

/* Adds every element of the input to its sum. */
static void add_up(const struct mean *mean)
{
    const struct gantry_op_tensor *x = &mean->args->inputs[0];
    int32_t at[GANTRY_RANK_MAX] = {0};
    int64_t to = 0;
    for (int64_t i = 0; i < mean->results; i++) mean->sum[i] = 0;
    for (int64_t i = 0; i < mean->elements; i++) {
        mean->sum[to] += x->dtype == GANTRY_FLOAT32
                             ? (double)((const float *)x->data)[i]
                             : ((const int8_t *)x->data)[i] - x->zero_point[0];
        to += gantry_op_advance(&x->shape, x->shape.rank, at, &mean->out);
    }
}

static void mean_run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct mean *mean = state;
    const struct gantry_op_args *args = mean->args;
    const struct gantry_op_tensor *y = &args->outputs[0];
    (void)first, (void)end, (void)scratch;
    add_up(mean);
    for (int64_t i = 0; i < mean->results; i++) {
        if (y->dtype == GANTRY_FLOAT32)
            ((float *)y->data)[i] = (float)(mean->sum[i] / (double)mean->count);
        else
            ((int8_t *)y->data)[i] =
                gantry_s8_requantize((int32_t)mean->sum[i], mean->scale, y->zero_point[0],
                                     args->clamp_min, args->clamp_max);
    }
}

bool gantry_op_mean(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct gantry_shape kept = x->shape;
    struct mean *mean = gantry_arena_alloc(arena, 1, sizeof *mean);
    if (!mean) return false;
    mean->args = args;
    mean->elements = gantry_op_elements(x);
    mean->results = gantry_op_elements(y);
    mean->count = mean->elements / mean->results;
    mean->sum = gantry_arena_alloc(arena, (size_t)mean->results, sizeof *mean->sum);
    if (!mean->sum) return false;
    for (int64_t k = 0; k < gantry_op_elements(&args->inputs[1]); k++)
        kept.dims[gantry_op_axis((int32_t)gantry_op_integer(&args->inputs[1], k), kept.rank)] = 1;
    mean->out = gantry_op_broadcast(&kept, &x->shape);
    if (y->dtype == GANTRY_INT8)
        mean->scale = gantry_rule_f_mean_scale(x->scale[0], y->scale[0], mean->count);
    gantry_op_set(kernel, mean_run, mean, 1, (uint64_t)mean->elements * 3);
    return true;
}
