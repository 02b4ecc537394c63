/* SPDX-License-Identifier: Apache-2.0
 * SOFTMAX and LOG_SOFTMAX over the last axis; a unit is a row. */
#include <math.h>

#include "kernels/kernels.h"
#include "kernels/op_softmax.h"

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

/* int8 with results of int16, which are rounded as those of int8. */
struct wide_softmax {
    const struct gantry_op_args *args;
    const double *table; /* exp by the distance to the greatest of a row */
};

static void softmax_s8_s16(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct wide_softmax *wide = state;
    const struct gantry_op_tensor *y = &wide->args->outputs[0];
    int32_t n = gantry_op_row_length(&y->shape);
    (void)scratch;
    for (int64_t unit = first; unit < end; unit++) {
        const int8_t *from = (const int8_t *)wide->args->inputs[0].data + unit * n;
        int16_t *to = (int16_t *)y->data + unit * n;
        int32_t most = INT8_MIN;
        double sum = 0;
        for (int32_t i = 0; i < n; i++) most = gantry_max_i32(most, from[i]);
        for (int32_t i = 0; i < n; i++) sum += wide->table[most - from[i]];
        for (int32_t i = 0; i < n; i++) {
            double steps = wide->table[most - from[i]] / sum / (double)y->scale[0];
            double value = floor(steps + 0.5) + y->zero_point[0];
            to[i] = (int16_t)gantry_op_round(value, INT16_MIN, INT16_MAX);
        }
    }
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
    if (x->dtype == GANTRY_INT16) return gantry_op_bind_softmax_s16(kernel, args, arena);
    double *table = gantry_arena_alloc(arena, 256, sizeof *table);
    if (!table) return false;
    gantry_s8_softmax_table(table, args->attributes->beta, x->scale[0]);
    if (y->dtype == GANTRY_INT16) {
        struct wide_softmax *wide = gantry_arena_alloc(arena, 1, sizeof *wide);
        if (!wide) return false;
        *wide = (struct wide_softmax){args, table};
        gantry_op_set(kernel, softmax_s8_s16, wide, units, cost);
        return true;
    }
    const struct gantry_s8_softmax_args rows = {.input = {x->data, units, 1, n, n},
                                                .output = {y->data, units, 1, n, n},
                                                .table = table,
                                                .output_scale = y->scale[0],
                                                .output_zero = y->zero_point[0]};
    return gantry_kernel_softmax(kernel, &rows, args->isa, arena);
}

/* ---- LOG_SOFTMAX ---- */

/* x less the greatest of its row, of n values; less the logarithm of the sum of their powers. */
static double log_of_sum(const struct gantry_op_tensor *x, int64_t at, int32_t n, double *most)
{
    const int8_t *stored = (const int8_t *)x->data + at;
    const float *real = (const float *)x->data + at;
    double sum = 0, scale = x->dtype == GANTRY_INT8 ? (double)x->scale[0] : 1.0;
#define AT(i) (x->dtype == GANTRY_INT8 ? (double)stored[i] : (double)real[i])
    *most = AT(0);
    for (int32_t i = 1; i < n; i++) *most = AT(i) > *most ? AT(i) : *most;
    for (int32_t i = 0; i < n; i++) sum += exp(scale * (AT(i) - *most));
#undef AT
    return log(sum);
}

static void log_softmax(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    int32_t n = gantry_op_row_length(&x->shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int64_t at = (int64_t)unit * n;
        double most, sum = log_of_sum(x, at, n, &most);
        for (int64_t i = at; i < at + n; i++) {
            if (x->dtype == GANTRY_FLOAT32) {
                ((float *)y->data)[i] = (float)((double)((const float *)x->data)[i] - most - sum);
                continue;
            }
            double value = (double)x->scale[0] * (((const int8_t *)x->data)[i] - most) - sum;
            ((int8_t *)y->data)[i] = (int8_t)gantry_op_round(
                value / (double)y->scale[0] + y->zero_point[0], INT8_MIN, INT8_MAX);
        }
    }
}

bool gantry_op_log_softmax(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                           struct gantry_arena *arena)
{
    int64_t elements = gantry_op_elements(&args->inputs[0]);
    (void)arena;
    gantry_op_set(kernel, log_softmax, args,
                  (int32_t)(elements / gantry_op_row_length(&args->inputs[0].shape)),
                  (uint64_t)elements * 20);
    return true;
}
