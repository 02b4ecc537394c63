/* SPDX-License-Identifier: Apache-2.0
 * What is no product in loops that a compiler turns into vectors. Included once per instruction
 * set by a file that defines ISA(name) and look_up, maybe ADD_RUN, and is compiled for it. */
#include "kernels/elementwise_isa.h"
#include "kernels/map.h"
#include "kernels/softmax_row.h"

enum { PART = GANTRY_MEAN_GROUP, NARROW_MAX = 128 };

/* ---- ADD, rule X ---- */

#ifndef ADD_RUN
#define ADD_RUN add_run
static void add_run(const struct gantry_s8_add_args *args, const int8_t *restrict a,
                    const int8_t *restrict b, int8_t *restrict to, int32_t count)
{
    const int32_t k1 = args->k1, k2 = args->k2, shift = args->shift, zero = args->zero_out;
    const int32_t lo = args->clamp_min - zero, hi = args->clamp_max - zero;
    const int32_t base = (1 << (shift - 1)) - k1 * args->zero1 - k2 * args->zero2;
    for (int32_t i = 0; i < count; i++) {
        int32_t y = (k1 * a[i] + k2 * b[i] + base) >> shift;
        y = y < lo ? lo : y;
        y = y > hi ? hi : y;
        to[i] = (int8_t)(y + zero);
    }
}
#endif

static void add_rows(const struct gantry_s8_add_args *args, int32_t first, int32_t end)
{
    const struct gantry_s8_map *out = &args->output;
    int32_t c = out->c, run = c;
    int32_t pixels = out->w;
    if (args->input1.pixel_stride == c && args->input2.pixel_stride == c &&
        out->pixel_stride == c) {
        run = c * out->w;
        pixels = 1;
    }
    for (int32_t y = first; y < end; y++)
        for (int32_t x = 0; x < pixels; x++)
            ADD_RUN(args, gantry_map_pixel(&args->input1, y, x),
                    gantry_map_pixel(&args->input2, y, x), gantry_map_pixel(out, y, x), run);
}

/* ---- Pools ---- */

/* Pixels of a row of the window that are added before their sums outgrow 16 bits. */
static void sum_whole(const struct gantry_s8_map *in, const int8_t *from, int32_t count,
                      int32_t *restrict sum)
{
    int16_t narrow[PART] = {0};
    for (int32_t x = 0; x < count; x++, from += in->pixel_stride)
        for (int32_t i = 0; i < PART; i++) narrow[i] = (int16_t)(narrow[i] + from[i]);
    for (int32_t i = 0; i < PART; i++) sum[i] += narrow[i];
}

static void sum_taps(const struct gantry_s8_map *in, const struct gantry_window *window,
                     int32_t channel, int32_t count, int32_t *restrict sum)
{
    for (int32_t i = 0; i < PART; i++) sum[i] = 0;
    for (int32_t y = window->top; y < window->bottom; y++) {
        for (int32_t x = window->left; x < window->right; x += NARROW_MAX) {
            const int8_t *from = gantry_map_pixel(in, y, x) + channel;
            int32_t pixels = gantry_min_i32(window->right - x, NARROW_MAX);
            if (count == PART) {
                sum_whole(in, from, pixels, sum);
                continue;
            }
            for (int32_t p = 0; p < pixels; p++, from += in->pixel_stride)
                for (int32_t i = 0; i < count; i++) sum[i] += from[i];
        }
    }
}

/* Rule P. The quotient in float32 is exact enough to be cut: sums are below 2^24 (checked when
 * bound), and a fraction of n differs from a whole number by 1 / n at least. */
static void average_part(const struct gantry_s8_pool_args *args, const struct gantry_window *window,
                         int32_t channel, int32_t count, int8_t *to)
{
    int32_t sum[PART];
    sum_taps(&args->input, window, channel, count, sum);
    int32_t n = (window->bottom - window->top) * (window->right - window->left);
    int32_t up = n / 2, down = -up, offset = 0;
    if (args->half_up) {
        offset = 128;
        up = down = 128 * n + n / 2;
    }
    for (int32_t i = 0; i < PART; i++) {
        int32_t rounded = sum[i] + (sum[i] > 0 ? up : down);
        int32_t mean = (int32_t)((float)rounded / (float)n) - offset;
        mean = mean < args->clamp_min ? args->clamp_min : mean;
        sum[i] = mean > args->clamp_max ? args->clamp_max : mean;
    }
    for (int32_t i = 0; i < count; i++) to[i] = (int8_t)sum[i];
}

static void max_whole(const int8_t *from, int32_t count, ptrdiff_t step, int8_t *restrict to)
{
    int8_t best[PART];
    for (int32_t i = 0; i < PART; i++) best[i] = from[i];
    for (int32_t x = 1; x < count; x++) {
        from += step;
        for (int32_t i = 0; i < PART; i++) best[i] = from[i] > best[i] ? from[i] : best[i];
    }
    for (int32_t i = 0; i < PART; i++) to[i] = best[i] > to[i] ? best[i] : to[i];
}

static void max_part(const struct gantry_s8_pool_args *args, const struct gantry_window *window,
                     int32_t channel, int32_t count, int8_t *to)
{
    const struct gantry_s8_map *in = &args->input;
    int8_t best[PART];
    for (int32_t i = 0; i < PART; i++) best[i] = INT8_MIN;
    for (int32_t y = window->top; y < window->bottom; y++) {
        const int8_t *from = gantry_map_pixel(in, y, window->left) + channel;
        int32_t pixels = window->right - window->left;
        if (count == PART) {
            max_whole(from, pixels, in->pixel_stride, best);
            continue;
        }
        for (int32_t x = 0; x < pixels; x++, from += in->pixel_stride)
            for (int32_t i = 0; i < count; i++) best[i] = from[i] > best[i] ? from[i] : best[i];
    }
    const int8_t lo = (int8_t)args->clamp_min, hi = (int8_t)args->clamp_max;
    for (int32_t i = 0; i < PART; i++) {
        int8_t value = best[i] < lo ? lo : best[i];
        best[i] = value > hi ? hi : value;
    }
    for (int32_t i = 0; i < count; i++) to[i] = best[i];
}

static inline __attribute__((always_inline)) void
pool_rows(const struct gantry_s8_pool_args *args, int32_t first, int32_t end,
          void (*part)(const struct gantry_s8_pool_args *, const struct gantry_window *, int32_t,
                       int32_t, int8_t *))
{
    for (int32_t oy = first; oy < end; oy++) {
        for (int32_t ox = 0; ox < args->output.w; ox++) {
            struct gantry_window window = gantry_window_at(args, oy, ox);
            int8_t *to = gantry_map_pixel(&args->output, oy, ox);
            for (int32_t c = 0; c < args->output.c; c += PART)
                part(args, &window, c, gantry_min_i32(PART, args->output.c - c), to + c);
        }
    }
}

static void average_rows(const struct gantry_s8_pool_args *args, int32_t first, int32_t end)
{
    pool_rows(args, first, end, average_part);
}

static void max_rows(const struct gantry_s8_pool_args *args, int32_t first, int32_t end)
{
    pool_rows(args, first, end, max_part);
}

/* ---- MEAN, rule F: as gantry_s8_requantize does it ---- */

static void mean_groups(const struct gantry_s8_mean_args *args, int32_t first, int32_t end)
{
    const struct gantry_s8_map *in = &args->input;
    const struct gantry_window all = {0, in->h, 0, in->w};
    const float magic = 12582912.0f, limit = 1024.0f;
    int32_t offset = in->h * in->w * args->input_zero, sum[PART];
    for (int32_t group = first; group < end; group++) {
        int32_t channel = group * PART, count = gantry_min_i32(PART, in->c - channel);
        sum_taps(in, &all, channel, count, sum);
        for (int32_t i = 0; i < PART; i++) {
            float product = (float)(sum[i] - offset) * args->scale;
            product = product < limit ? product : limit;
            product = product > -limit ? product : -limit;
            int32_t mean = (int32_t)(product + magic - magic) + args->output_zero;
            mean = mean < args->clamp_min ? args->clamp_min : mean;
            sum[i] = mean > args->clamp_max ? args->clamp_max : mean;
        }
        for (int32_t i = 0; i < count; i++) args->output.data[channel + i] = (int8_t)sum[i];
    }
}

const struct gantry_elementwise_isa ISA(gantry_elementwise) = {.add = add_rows,
                                                               .average = average_rows,
                                                               .max = max_rows,
                                                               .mean = mean_groups,
                                                               .softmax = gantry_softmax_rows,
                                                               .look_up = look_up};
