/* SPDX-License-Identifier: Apache-2.0
 * Softmax of one pixel, correctly rounded from double precision: the text that the reference and
 * the instruction sets compile. */
#ifndef GANTRY_KERNELS_SOFTMAX_ROW_H
#define GANTRY_KERNELS_SOFTMAX_ROW_H

#include <math.h>

#include "kernels/map.h"

/* A value's distance to the greatest of its pixel. Of more channels than there are distances each
 * distance is computed once. */
enum { GANTRY_SOFTMAX_DISTANCES = 256, GANTRY_SOFTMAX_SUMS = 8 };

/* The quotient is at least 0 and its limits are whole, so that it may be limited in double. */
static inline int32_t gantry_softmax_quantize(double power, double sum, double scale, int32_t zero)
{
    double value = floor(power / sum / scale + 0.5) + zero;
    value = value < INT8_MAX ? value : INT8_MAX;
    return (int32_t)(value > INT8_MIN ? value : INT8_MIN);
}

static inline void gantry_softmax_few(const struct gantry_s8_softmax_args *args, const int8_t *from,
                                      int8_t *to, int32_t max)
{
    double scale = (double)args->output_scale, sum = 0; /* at least 1: the maximum itself */
    for (int32_t c = 0; c < args->input.c; c++) sum += args->table[max - from[c]];
    for (int32_t c = 0; c < args->input.c; c++)
        to[c] = (int8_t)gantry_softmax_quantize(args->table[max - from[c]], sum, scale,
                                                args->output_zero);
}

/* The sum over distances: eight sums of every eighth, which are added in order. */
static inline double gantry_softmax_sum(const double *table, const int32_t *counts)
{
    double sums[GANTRY_SOFTMAX_SUMS] = {0}, sum = 0;
    for (int32_t d = 0; d < GANTRY_SOFTMAX_DISTANCES; d += GANTRY_SOFTMAX_SUMS)
        for (int32_t i = 0; i < GANTRY_SOFTMAX_SUMS; i++) sums[i] += table[d + i] * counts[d + i];
    for (int32_t i = 0; i < GANTRY_SOFTMAX_SUMS; i++) sum += sums[i];
    return sum;
}

static inline void gantry_softmax_many(const struct gantry_s8_softmax_args *args,
                                       const int8_t *from, int8_t *to, int32_t max)
{
    enum { COUNTERS = 4 }; /* neighbours are often equal: they count apart */
    int32_t counts[COUNTERS][GANTRY_SOFTMAX_DISTANCES] = {{0}}, channels = args->input.c, c = 0;
    int32_t results[GANTRY_SOFTMAX_DISTANCES];
    for (; c + COUNTERS <= channels; c += COUNTERS)
        for (int32_t i = 0; i < COUNTERS; i++) counts[i][max - from[c + i]]++;
    for (; c < channels; c++) counts[0][max - from[c]]++;
    for (int32_t d = 0; d < GANTRY_SOFTMAX_DISTANCES; d++)
        counts[0][d] += counts[1][d] + counts[2][d] + counts[3][d];
    double scale = (double)args->output_scale, sum = gantry_softmax_sum(args->table, counts[0]);
    for (int32_t d = 0; d < GANTRY_SOFTMAX_DISTANCES; d++)
        results[d] = gantry_softmax_quantize(args->table[d], sum, scale, args->output_zero);
    for (c = 0; c < channels; c++) to[c] = (int8_t)results[max - from[c]];
}

/* Rows first to end - 1 of the map. */
static inline void gantry_softmax_rows(const struct gantry_s8_softmax_args *args, int32_t first,
                                       int32_t end)
{
    const struct gantry_s8_map *in = &args->input;
    for (int32_t p = first * in->w; p < end * in->w; p++) {
        const int8_t *from = gantry_map_pixel(in, 0, p);
        int8_t *to = gantry_map_pixel(&args->output, 0, p), max = INT8_MIN;
        for (int32_t c = 0; c < in->c; c++) max = from[c] > max ? from[c] : max;
        if (in->c <= GANTRY_SOFTMAX_DISTANCES)
            gantry_softmax_few(args, from, to, max);
        else
            gantry_softmax_many(args, from, to, max);
    }
}

#endif
