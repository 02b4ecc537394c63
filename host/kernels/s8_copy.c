/* SPDX-License-Identifier: Apache-2.0
 * Pixels from one stride to another. */
#include "kernels/map.h"

#include <string.h>

void gantry_s8_copy__ref(const struct gantry_s8_map *input, const struct gantry_s8_map *output)
{
    gantry_map_assert(input);
    gantry_map_assert(output);
    gantry_assert(input->c == output->c && input->h == output->h && input->w == output->w);
    size_t pixels = (size_t)input->h * (size_t)input->w;
    if (input->pixel_stride == input->c && output->pixel_stride == input->c) {
        memcpy(output->data, input->data, pixels * (size_t)input->c);
        return;
    }
    for (int32_t y = 0; y < input->h; y++)
        for (int32_t x = 0; x < input->w; x++)
            memcpy(gantry_map_pixel(output, y, x), gantry_map_pixel(input, y, x), (size_t)input->c);
}
