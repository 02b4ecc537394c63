/* SPDX-License-Identifier: Apache-2.0
 * The one layout of the activation memory: how a tensor lies in it, and how many rows it takes. */
#include "accel/accel.h"

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

int64_t gantry_act_rows(const struct gantry_act_tensor *tensor, int32_t npx)
{
    int32_t planes = tensor->sy * tensor->sx;
    int64_t pixels = planes > 1 ? (int64_t)planes * tensor->ps : (int64_t)tensor->h * tensor->pitch;
    return (pixels + npx - 1) / npx * tensor->cb;
}
