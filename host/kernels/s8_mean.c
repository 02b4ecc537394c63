/* SPDX-License-Identifier: Apache-2.0
 * Mean over height and width, in plain C: the definition. */
#include "kernels/map.h"

enum { CHUNK = 64 };

/* Sums of some channels over all pixels. */
static void sum_channels(const struct gantry_s8_map *in, int32_t first, int32_t count,
                         int32_t sums[CHUNK])
{
    for (int32_t c = 0; c < count; c++) sums[c] = 0;
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++) {
            const int8_t *from = gantry_map_pixel(in, y, x) + first;
            for (int32_t c = 0; c < count; c++) sums[c] += from[c];
        }
}

void gantry_s8_mean__ref(const struct gantry_s8_mean_args *args)
{
    const struct gantry_s8_map *in = &args->input;
    gantry_map_assert(in);
    gantry_map_assert(&args->output);
    gantry_assert(in->c == args->output.c && args->output.h == 1 && args->output.w == 1);
    int32_t offset = in->h * in->w * args->input_zero;
    for (int32_t first = 0; first < in->c; first += CHUNK) {
        int32_t sums[CHUNK], count = gantry_min_i32(CHUNK, in->c - first);
        sum_channels(in, first, count, sums);
        for (int32_t c = 0; c < count; c++)
            args->output.data[first + c] = gantry_s8_requantize(
                sums[c] - offset, args->scale, args->output_zero, args->clamp_min, args->clamp_max);
    }
}
