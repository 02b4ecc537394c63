/* SPDX-License-Identifier: Apache-2.0
 * Pools over windows of dense maps of any batch: float32, int8 and int16 by rule P. A unit is a row
 * of the output. */
#include "kernels/map.h"
#include "kernels/op.h"

/* Taps of a window inside of the map, and where they lie. */
struct place {
    struct gantry_taps y, x;
    int64_t origin; /* element of the tap (0, 0), which may be outside */
    int32_t w, c;
};

static struct place place_at(const struct gantry_op_args *args, int32_t unit, int32_t ox)
{
    const struct gantry_window_attributes *a = &args->attributes->window;
    const int32_t *in = args->inputs[0].shape.dims;
    int32_t out_h = args->outputs[0].shape.dims[1];
    int32_t y = unit % out_h * a->stride_h - a->pad_top, x = ox * a->stride_w - a->pad_left;
    int64_t row = (int64_t)(unit / out_h) * in[1] + y;
    return (struct place){.y = gantry_taps_inside(y, a->kernel_h, 1, in[1]),
                          .x = gantry_taps_inside(x, a->kernel_w, 1, in[2]),
                          .origin = (row * in[2] + x) * in[3],
                          .w = in[2],
                          .c = in[3]};
}

static float average_f32(const struct gantry_op_args *args, const struct place *p, int32_t c)
{
    const float *x = args->inputs[0].data;
    float sum = 0;
    for (int32_t ky = p->y.first; ky < p->y.end; ky++)
        for (int32_t kx = p->x.first; kx < p->x.end; kx++)
            sum += x[p->origin + ((int64_t)ky * p->w + kx) * p->c + c];
    return gantry_op_limit(args, sum / (float)((p->y.end - p->y.first) * (p->x.end - p->x.first)));
}

static float max_f32(const struct gantry_op_args *args, const struct place *p, int32_t c)
{
    const float *x = args->inputs[0].data;
    float most = x[p->origin + ((int64_t)p->y.first * p->w + p->x.first) * p->c + c];
    for (int32_t ky = p->y.first; ky < p->y.end; ky++) {
        for (int32_t kx = p->x.first; kx < p->x.end; kx++) {
            float value = x[p->origin + ((int64_t)ky * p->w + kx) * p->c + c];
            most = value > most ? value : most;
        }
    }
    return gantry_op_limit(args, most);
}

static int32_t limited(const struct gantry_op_args *args, int32_t value)
{
    return gantry_min_i32(gantry_max_i32(value, args->clamp_min), args->clamp_max);
}

/* Mean and maximum of a window of stored values. */
#define STORED(type, average, most)                                                             \
    static type average(const struct gantry_op_args *args, const struct place *p, int32_t c)    \
    {                                                                                           \
        const type *x = args->inputs[0].data;                                                   \
        int32_t sum = 0, n = (p->y.end - p->y.first) * (p->x.end - p->x.first);                 \
        for (int32_t ky = p->y.first; ky < p->y.end; ky++)                                      \
            for (int32_t kx = p->x.first; kx < p->x.end; kx++)                                  \
                sum += x[p->origin + ((int64_t)ky * p->w + kx) * p->c + c];                     \
        bool half_up = args->attributes->window.half_up;                                        \
        return (type)limited(args, gantry_s8_mean_element(sum, n, half_up));                    \
    }                                                                                           \
    static type most(const struct gantry_op_args *args, const struct place *p, int32_t c)       \
    {                                                                                           \
        const type *x = args->inputs[0].data;                                                   \
        int32_t value = INT16_MIN;                                                              \
        for (int32_t ky = p->y.first; ky < p->y.end; ky++)                                      \
            for (int32_t kx = p->x.first; kx < p->x.end; kx++)                                  \
                value =                                                                         \
                    gantry_max_i32(value, x[p->origin + ((int64_t)ky * p->w + kx) * p->c + c]); \
        return (type)limited(args, value);                                                      \
    }
STORED(int8_t, average_s8, max_s8)
STORED(int16_t, average_s16, max_s16)
#undef STORED

#define ROWS(name, type, element)                                                       \
    static void name(const void *state, int32_t first, int32_t end, void *scratch)      \
    {                                                                                   \
        const struct gantry_op_args *args = state;                                      \
        const int32_t *out = args->outputs[0].shape.dims;                               \
        (void)scratch;                                                                  \
        for (int32_t unit = first; unit < end; unit++) {                                \
            type *to = (type *)args->outputs[0].data + (int64_t)unit * out[2] * out[3]; \
            for (int32_t ox = 0; ox < out[2]; ox++) {                                   \
                const struct place place = place_at(args, unit, ox);                    \
                for (int32_t c = 0; c < out[3]; c++) *to++ = element(args, &place, c);  \
            }                                                                           \
        }                                                                               \
    }
ROWS(average_rows_f32, float, average_f32)
ROWS(average_rows_s8, int8_t, average_s8)
ROWS(average_rows_s16, int16_t, average_s16)
ROWS(max_rows_f32, float, max_f32)
ROWS(max_rows_s8, int8_t, max_s8)
ROWS(max_rows_s16, int16_t, max_s16)
#undef ROWS

/* How rows of the types are run. */
struct ways {
    void (*f32)(const void *state, int32_t first, int32_t end, void *scratch);
    void (*s8)(const void *state, int32_t first, int32_t end, void *scratch);
    void (*s16)(const void *state, int32_t first, int32_t end, void *scratch);
};

static void set(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                const struct ways *ways)
{
    const int32_t *out = args->outputs[0].shape.dims;
    const struct gantry_window_attributes *a = &args->attributes->window;
    enum gantry_dtype dtype = args->inputs[0].dtype;
    uint64_t taps = (uint64_t)a->kernel_h * (uint64_t)a->kernel_w;
    gantry_op_set(kernel,
                  dtype == GANTRY_FLOAT32 ? ways->f32
                  : dtype == GANTRY_INT16 ? ways->s16
                                          : ways->s8,
                  args, out[0] * out[1], (uint64_t)gantry_op_elements(&args->outputs[0]) * taps);
}

bool gantry_op_average_pool_2d(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                               struct gantry_arena *arena)
{
    static const struct ways ways = {average_rows_f32, average_rows_s8, average_rows_s16};
    (void)arena;
    set(kernel, args, &ways);
    return true;
}

bool gantry_op_max_pool_2d(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                           struct gantry_arena *arena)
{
    static const struct ways ways = {max_rows_f32, max_rows_s8, max_rows_s16};
    (void)arena;
    set(kernel, args, &ways);
    return true;
}
