/* SPDX-License-Identifier: Apache-2.0
 * Pixels of a map, and the range of a window that lies inside of it. */
#ifndef GANTRY_KERNELS_MAP_H
#define GANTRY_KERNELS_MAP_H

#include "base/base.h"
#include "kernels/kernels.h"

static inline int8_t *gantry_map_pixel(const struct gantry_s8_map *map, int32_t y, int32_t x)
{
    return map->data + ((ptrdiff_t)y * map->w + x) * map->pixel_stride;
}

static inline void gantry_map_assert(const struct gantry_s8_map *map)
{
    gantry_assert(map->data && map->h >= 1 && map->w >= 1 && map->c >= 1);
    gantry_assert(map->pixel_stride >= map->c);
}

/* Taps first <= k < end of a window that starts at origin (< 0: in the padding) and steps by
 * dilation lie within 0..size-1. */
struct gantry_taps {
    int32_t first, end;
};
static inline struct gantry_taps gantry_taps_inside(int32_t origin, int32_t kernel,
                                                    int32_t dilation, int32_t size)
{
    struct gantry_taps taps = {0, 0};
    if (origin < 0) taps.first = gantry_div_up(-origin, dilation);
    if (origin < size) taps.end = gantry_min_i32(kernel, (size - 1 - origin) / dilation + 1);
    return taps;
}

#endif
