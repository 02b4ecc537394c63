/* SPDX-License-Identifier: Apache-2.0
 * Sum of two tensors of one shape, in plain C: the definition. */
#include "kernels/map.h"

void gantry_s8_add__ref(const struct gantry_s8_add_args *args)
{
    const struct gantry_s8_map *out = &args->output;
    gantry_map_assert(&args->input1);
    gantry_map_assert(&args->input2);
    gantry_map_assert(out);
    gantry_assert(args->shift >= 1 && args->shift <= 30);
    for (int32_t y = 0; y < out->h; y++) {
        for (int32_t x = 0; x < out->w; x++) {
            const int8_t *a = gantry_map_pixel(&args->input1, y, x);
            const int8_t *b = gantry_map_pixel(&args->input2, y, x);
            int8_t *to = gantry_map_pixel(out, y, x);
            for (int32_t c = 0; c < out->c; c++) to[c] = gantry_s8_add_element(a[c], b[c], args);
        }
    }
}
