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
    /* Computes a unit of the output of an item of the batch. */
    void (*unit)(const struct svdf *svdf, int32_t item, int32_t unit);
    struct gantry_fixed to_state, to_output; /* int8 */
};

static const struct gantry_op_tensor *bias_of(const struct gantry_op_args *args)
{
    return args->inputs[BIAS].data ? &args->inputs[BIAS] : NULL;
}

/* Makes room behind what is kept of a filter; where the latest value goes. */
static void *shifted(const struct svdf *svdf, int32_t item, int32_t filter, size_t size)
{
    uint8_t *kept = svdf->args->inputs[STATE].data;
    kept += ((int64_t)item * svdf->filters + filter) * svdf->memory * (int64_t)size;
    size_t before = (size_t)(svdf->memory - 1) * size;
    memmove(kept, kept + size, before);
    return kept + before;
}

/* ---- float32 ---- */

/* The sum over the kept times of one filter, whose latest value is new. */
static float filter_f32(const struct svdf *svdf, int32_t item, int32_t filter)
{
    const struct gantry_op_tensor *inputs = svdf->args->inputs;
    const float *x = (const float *)inputs[X].data + (int64_t)item * svdf->features;
    const float *w = (const float *)inputs[FEATURE].data + (int64_t)filter * svdf->features;
    const float *time = (const float *)inputs[TIME].data + (int64_t)filter * svdf->memory;
    float latest = 0, sum = 0, *last = shifted(svdf, item, filter, sizeof *last);
    for (int32_t i = 0; i < svdf->features; i++) latest += x[i] * w[i];
    *last = latest;
    const float *kept = last - (svdf->memory - 1);
    for (int32_t i = 0; i < svdf->memory; i++) sum += kept[i] * time[i];
    return sum;
}

static void unit_f32(const struct svdf *svdf, int32_t item, int32_t unit)
{
    const struct gantry_op_tensor *bias = bias_of(svdf->args);
    float sum = bias ? ((const float *)bias->data)[unit] : 0;
    float *y = (float *)svdf->args->outputs[0].data + (int64_t)item * (svdf->filters / svdf->rank);
    for (int32_t f = unit * svdf->rank; f < (unit + 1) * svdf->rank; f++)
        sum += filter_f32(svdf, item, f);
    y[unit] = gantry_op_limit(svdf->args, sum);
}

/* ---- int8, with a state and weights of the times of int16 or of int8 ---- */

static int32_t limited(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static int32_t latest_s8(const struct svdf *svdf, int32_t item, int32_t filter)
{
    const struct gantry_op_tensor *inputs = svdf->args->inputs;
    const int8_t *x = (const int8_t *)inputs[X].data + (int64_t)item * svdf->features;
    const int8_t *w = (const int8_t *)inputs[FEATURE].data + (int64_t)filter * svdf->features;
    int32_t zero = inputs[X].zero_point[0];
    int64_t sum = 0;
    for (int32_t i = 0; i < svdf->features; i++) sum += (x[i] - zero) * w[i];
    return gantry_fixed_multiply(limited(sum, INT32_MIN, INT32_MAX), svdf->to_state);
}

static int64_t filter_wide(const struct svdf *svdf, int32_t item, int32_t filter)
{
    const int16_t *time = svdf->args->inputs[TIME].data;
    int16_t *last = shifted(svdf, item, filter, sizeof *last);
    int64_t sum = 0;
    *last = (int16_t)limited(latest_s8(svdf, item, filter), INT16_MIN, INT16_MAX);
    const int16_t *kept = last - (svdf->memory - 1);
    time += (int64_t)filter * svdf->memory;
    for (int32_t i = 0; i < svdf->memory; i++) sum += kept[i] * time[i];
    return sum;
}

static int64_t filter_narrow(const struct svdf *svdf, int32_t item, int32_t filter)
{
    const int8_t *time = svdf->args->inputs[TIME].data;
    int8_t *last = shifted(svdf, item, filter, sizeof *last);
    int64_t sum = 0;
    *last = (int8_t)limited(latest_s8(svdf, item, filter), INT8_MIN, INT8_MAX);
    const int8_t *kept = last - (svdf->memory - 1);
    time += (int64_t)filter * svdf->memory;
    for (int32_t i = 0; i < svdf->memory; i++) sum += kept[i] * time[i];
    return sum;
}

static void unit_s8(const struct svdf *svdf, int32_t item, int32_t unit)
{
    const struct gantry_op_args *args = svdf->args;
    const struct gantry_op_tensor *bias = bias_of(args);
    bool wide = args->inputs[STATE].dtype == GANTRY_INT16;
    int8_t *y = (int8_t *)args->outputs[0].data + (int64_t)item * (svdf->filters / svdf->rank);
    int64_t sum = bias ? gantry_op_integer(bias, unit) : 0;
    for (int32_t f = unit * svdf->rank; f < (unit + 1) * svdf->rank; f++)
        sum += wide ? filter_wide(svdf, item, f) : filter_narrow(svdf, item, f);
    int64_t value = gantry_fixed_multiply(limited(sum, INT32_MIN, INT32_MAX), svdf->to_output);
    y[unit] =
        (int8_t)limited(value + args->outputs[0].zero_point[0], args->clamp_min, args->clamp_max);
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct svdf *svdf = state;
    (void)scratch;
    for (int32_t item = first; item < end; item++)
        for (int32_t unit = 0; unit < svdf->filters / svdf->rank; unit++)
            svdf->unit(svdf, item, unit);
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
    svdf->unit = stored ? unit_s8 : unit_f32;
    if (stored) {
        float input = x->scale[0] * w->scale[0] / state->scale[0];
        float output = state->scale[0] * time->scale[0] / args->outputs[0].scale[0];
        svdf->to_state = gantry_fixed_of((double)input);
        svdf->to_output = gantry_fixed_of((double)output);
    }
    gantry_op_set(kernel, run, svdf, x->shape.dims[0],
                  (uint64_t)gantry_op_elements(state) * 2 +
                      (uint64_t)gantry_op_elements(w) * (uint64_t)x->shape.dims[0]);
    return true;
}
