/* SPDX-License-Identifier: Apache-2.0
 * Average and maximum over windows, in plain C: the definition. */
#include "kernels/map.h"

/* One window: the part of it that lies inside of the input. */
struct window {
    struct gantry_taps rows, columns;
    int32_t y, x;
};

static struct window window_at(const struct gantry_s8_pool_args *args, int32_t oy, int32_t ox)
{
    struct window w;
    w.y = oy * args->stride_h - args->pad_top;
    w.x = ox * args->stride_w - args->pad_left;
    w.rows = gantry_taps_inside(w.y, args->kernel_h, 1, args->input.h);
    w.columns = gantry_taps_inside(w.x, args->kernel_w, 1, args->input.w);
    gantry_assert(w.rows.first < w.rows.end && w.columns.first < w.columns.end);
    return w;
}

static int32_t average(const struct gantry_s8_pool_args *args, const struct window *w, int32_t c)
{
    const struct gantry_s8_map *in = &args->input;
    int32_t sum = 0;
    for (int32_t ky = w->rows.first; ky < w->rows.end; ky++)
        for (int32_t kx = w->columns.first; kx < w->columns.end; kx++)
            sum += gantry_map_pixel(in, w->y + ky, w->x + kx)[c];
    int32_t count = (w->rows.end - w->rows.first) * (w->columns.end - w->columns.first);
    return gantry_s8_mean_element(sum, count, args->half_up);
}

static int32_t maximum(const struct gantry_s8_pool_args *args, const struct window *w, int32_t c)
{
    const struct gantry_s8_map *in = &args->input;
    int32_t best = INT8_MIN;
    for (int32_t ky = w->rows.first; ky < w->rows.end; ky++)
        for (int32_t kx = w->columns.first; kx < w->columns.end; kx++)
            best = gantry_max_i32(best, gantry_map_pixel(in, w->y + ky, w->x + kx)[c]);
    return best;
}

static void pool(const struct gantry_s8_pool_args *args,
                 int32_t (*reduce)(const struct gantry_s8_pool_args *, const struct window *,
                                   int32_t))
{
    const struct gantry_s8_map *out = &args->output;
    gantry_map_assert(&args->input);
    gantry_map_assert(out);
    gantry_assert(args->input.c == out->c);
    for (int32_t oy = 0; oy < out->h; oy++) {
        for (int32_t ox = 0; ox < out->w; ox++) {
            struct window w = window_at(args, oy, ox);
            int8_t *to = gantry_map_pixel(out, oy, ox);
            for (int32_t c = 0; c < out->c; c++) {
                int32_t value = gantry_max_i32(reduce(args, &w, c), args->clamp_min);
                to[c] = (int8_t)gantry_min_i32(value, args->clamp_max);
            }
        }
    }
}

void gantry_s8_average_pool_2d__ref(const struct gantry_s8_pool_args *args) { pool(args, average); }

void gantry_s8_max_pool_2d__ref(const struct gantry_s8_pool_args *args) { pool(args, maximum); }
