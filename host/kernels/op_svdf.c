/* SPDX-License-Identifier: Apache-2.0
 * SVDF: every filter is a product of the features, kept over some times, with weights of those
 * times; a unit of the output sums rank filters. A unit of the kernel is an item of the batch. */
#include <string.h>

#include "kernels/fixed.h"
#include "kernels/op.h"

enum { X, FEATURE, TIME, BIAS, STATE };

struct svdf {
    const struct gantry_op_args *args;
    int32_t features, filters, memory, rank;
    struct gantry_fixed to_state, to_output; /* int8 */
};

static const struct gantry_op_tensor *bias_of(const struct gantry_op_args *args)
{
    return args->inputs[BIAS].data ? &args->inputs[BIAS] : NULL;
}

/* The sum over the kept times of one filter, whose latest value is new. */
static float filter_f32(const struct svdf *svdf, int32_t filter, const float *x, float *kept)
{
    const float *w = (const float *)svdf->args->inputs[FEATURE].data;
    const float *time = (const float *)svdf->args->inputs[TIME].data;
    float latest = 0, sum = 0;
    w += (int64_t)filter * svdf->features;
    time += (int64_t)filter * svdf->memory;
    for (int32_t i = 0; i < svdf->features; i++) latest += x[i] * w[i];
    memmove(kept, kept + 1, (size_t)(svdf->memory - 1) * sizeof *kept);
    kept[svdf->memory - 1] = latest;
    for (int32_t i = 0; i < svdf->memory; i++) sum += kept[i] * time[i];
    return sum;
}

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct svdf *svdf = state;
    const struct gantry_op_args *args = svdf->args;
    const struct gantry_op_tensor *bias = bias_of(args);
    int32_t units = svdf->filters / svdf->rank;
    (void)scratch;
    for (int32_t b = first; b < end; b++) {
        const float *x = (const float *)args->inputs[X].data + (int64_t)b * svdf->features;
        float *kept = (float *)args->inputs[STATE].data + (int64_t)b * svdf->filters * svdf->memory;
        float *y = (float *)args->outputs[0].data + (int64_t)b * units;
        for (int32_t u = 0; u < units; u++) {
            float sum = bias ? ((const float *)bias->data)[u] : 0;
            for (int32_t f = u * svdf->rank; f < (u + 1) * svdf->rank; f++)
                sum += filter_f32(svdf, f, x, kept + (int64_t)f * svdf->memory);
            y[u] = gantry_op_limit(args, sum);
        }
    }
}

static int32_t limited(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static int64_t filter_s8(const struct svdf *svdf, int32_t filter, const int8_t *x, int16_t *kept)
{
    const struct gantry_op_tensor *inputs = svdf->args->inputs;
    const int8_t *w = (const int8_t *)inputs[FEATURE].data + (int64_t)filter * svdf->features;
    const int16_t *time = (const int16_t *)inputs[TIME].data + (int64_t)filter * svdf->memory;
    int32_t zero = inputs[X].zero_point[0];
    int64_t latest = 0, sum = 0;
    for (int32_t i = 0; i < svdf->features; i++) latest += (x[i] - zero) * w[i];
    int32_t scaled = gantry_fixed_multiply(limited(latest, INT32_MIN, INT32_MAX), svdf->to_state);
    memmove(kept, kept + 1, (size_t)(svdf->memory - 1) * sizeof *kept);
    kept[svdf->memory - 1] = (int16_t)limited(scaled, INT16_MIN, INT16_MAX);
    for (int32_t i = 0; i < svdf->memory; i++) sum += kept[i] * time[i];
    return sum;
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct svdf *svdf = state;
    const struct gantry_op_args *args = svdf->args;
    const struct gantry_op_tensor *bias = bias_of(args);
    int32_t units = svdf->filters / svdf->rank;
    (void)scratch;
    for (int32_t b = first; b < end; b++) {
        const int8_t *x = (const int8_t *)args->inputs[X].data + (int64_t)b * svdf->features;
        int16_t *kept =
            (int16_t *)args->inputs[STATE].data + (int64_t)b * svdf->filters * svdf->memory;
        int8_t *y = (int8_t *)args->outputs[0].data + (int64_t)b * units;
        for (int32_t u = 0; u < units; u++) {
            int64_t sum = bias ? gantry_op_integer(bias, u) : 0;
            for (int32_t f = u * svdf->rank; f < (u + 1) * svdf->rank; f++)
                sum += filter_s8(svdf, f, x, kept + (int64_t)f * svdf->memory);
            int64_t value =
                gantry_fixed_multiply(limited(sum, INT32_MIN, INT32_MAX), svdf->to_output);
            y[u] = (int8_t)limited(value + args->outputs[0].zero_point[0], args->clamp_min,
                                   args->clamp_max);
        }
    }
}

bool gantry_op_svdf(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[X], *state = &args->inputs[STATE];
    const struct gantry_op_tensor *w = &args->inputs[FEATURE], *time = &args->inputs[TIME];
    struct svdf *svdf = gantry_arena_alloc(arena, 1, sizeof *svdf);
    if (!svdf) return false;
    *svdf = (struct svdf){.args = args,
                          .features = w->shape.dims[1],
                          .filters = w->shape.dims[0],
                          .memory = time->shape.dims[1],
                          .rank = args->attributes->rank};
    bool stored = x->dtype == GANTRY_INT8;
    if (stored) {
        float input = x->scale[0] * w->scale[0] / state->scale[0];
        float output = state->scale[0] * time->scale[0] / args->outputs[0].scale[0];
        svdf->to_state = gantry_fixed_of((double)input);
        svdf->to_output = gantry_fixed_of((double)output);
    }
    gantry_op_set(kernel, stored ? run_s8 : run_f32, svdf, x->shape.dims[0],
                  (uint64_t)gantry_op_elements(state) * 2 +
                      (uint64_t)gantry_op_elements(w) * (uint64_t)x->shape.dims[0]);
    return true;
}
