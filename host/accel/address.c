/* SPDX-License-Identifier: Apache-2.0
 * The one layout of the activation memory: linear pixel numbers, banks and rows. */
#include "accel/accel.h"

int64_t gantry_act_pixel(const struct gantry_act_tensor *tensor, int32_t y, int32_t x)
{
    int64_t plane = (int64_t)(y % tensor->sy) * tensor->sx + x % tensor->sx;
    return plane * tensor->ps + (int64_t)(y / tensor->sy) * tensor->pitch + x / tensor->sx;
}

void gantry_act_address(const struct gantry_act_tensor *tensor, int32_t npx, int64_t q, int32_t cb,
                        int32_t *bank, int64_t *row)
{
    *bank = (int32_t)(q % npx);
    *row = tensor->base + q / npx * tensor->cb + cb;
}

void gantry_act_layout(struct gantry_act_tensor *tensor, const struct gantry_array_params *params,
                       int32_t h, int32_t w, int32_t channels, int32_t sy, int32_t sx,
                       int32_t min_pitch)
{
    int32_t npx = 2 * params->g;
    *tensor = (struct gantry_act_tensor){
        .cb = gantry_div_up(channels, GANTRY_CHANNELS),
        .pitch = gantry_max_i32(gantry_div_up(w, sx), min_pitch),
        .sy = sy,
        .sx = sx,
        .h = h,
        .w = w,
    };
    if (sy == 1 && sx == 1) return;
    tensor->ps = gantry_div_up(h, sy) * tensor->pitch;
    /* Four consecutive outputs then fall into different banks when they are written. */
    if (params->g > 1)
        while (tensor->ps % npx != 2) tensor->ps++;
}

enum { WINDOW_ROWS = 3, WINDOW_COLUMNS = 5 }; /* of a weight block's slots */

int32_t gantry_window_columns(int32_t g) { return g < 4 ? 3 : WINDOW_COLUMNS; }

int32_t gantry_window_slot(int32_t rows, int32_t c, int32_t r, int32_t k)
{
    return GANTRY_CHANNELS * c + WINDOW_COLUMNS * (WINDOW_ROWS - rows + r) + k;
}

int64_t gantry_act_rows(const struct gantry_act_tensor *tensor, int32_t npx)
{
    int32_t planes = tensor->sy * tensor->sx;
    int64_t pixels = planes > 1 ? (int64_t)planes * tensor->ps : (int64_t)tensor->h * tensor->pitch;
    return (pixels + npx - 1) / npx * tensor->cb;
}
