/* SPDX-License-Identifier: Apache-2.0
 * Softmax over channels, correctly rounded from double precision. */
#include "kernels/map.h"

#include <math.h>

void gantry_s8_softmax_table(double *table, float beta, float input_scale)
{
    for (int32_t d = 0; d < 256; d++) table[d] = exp(-(double)beta * (double)input_scale * d);
}

static int8_t quantize(double probability, double scale, int32_t zero)
{
    double value = floor(probability / scale + 0.5) + zero;
    if (value < INT8_MIN) return INT8_MIN;
    if (value > INT8_MAX) return INT8_MAX;
    return (int8_t)value;
}

/* The results of a pixel; of more channels than there are distances to the maximum each distance
 * is computed once. */
static void requantize(const struct gantry_s8_softmax_args *args, const int8_t *from, int8_t *to,
                       int32_t max, double sum)
{
    enum { DISTANCES = 256 };
    double scale = (double)args->output_scale;
    int8_t results[DISTANCES];
    if (args->input.c <= DISTANCES) {
        for (int32_t c = 0; c < args->input.c; c++)
            to[c] = quantize(args->table[max - from[c]] / sum, scale, args->output_zero);
        return;
    }
    for (int32_t d = 0; d < DISTANCES; d++)
        results[d] = quantize(args->table[d] / sum, scale, args->output_zero);
    for (int32_t c = 0; c < args->input.c; c++) to[c] = results[max - from[c]];
}

void gantry_s8_softmax__ref(const struct gantry_s8_softmax_args *args)
{
    const struct gantry_s8_map *in = &args->input;
    gantry_map_assert(in);
    gantry_map_assert(&args->output);
    for (int32_t y = 0; y < in->h; y++) {
        for (int32_t x = 0; x < in->w; x++) {
            const int8_t *from = gantry_map_pixel(in, y, x);
            int8_t *to = gantry_map_pixel(&args->output, y, x);
            int32_t max = INT8_MIN;
            for (int32_t c = 0; c < in->c; c++) max = gantry_max_i32(max, from[c]);
            double sum = 0; /* at least 1: the maximum itself */
            for (int32_t c = 0; c < in->c; c++) sum += args->table[max - from[c]];
            requantize(args, from, to, max, sum);
        }
    }
}
