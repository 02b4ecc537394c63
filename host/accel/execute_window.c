/* SPDX-License-Identifier: Apache-2.0
 * WINDOW: depthwise sums over a window of three rows, pass by pass, and the mean of a map with its
 * channel blocks as accumulator rows.
 *
 * A tile is a strip of g columns by a segment of T output rows; segments of a strip follow each
 * other. Only the last `rows` rows of the window count in a pass: others hold what was read before
 * and have no weights. */
#include "accel/execute.h"

#include <string.h>

static int32_t segments(const struct gantry_conv *conv)
{
    return gantry_div_up(conv->out.h, conv->tile);
}

void gantry_exec_window_place(struct gantry_accel *accel, struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    if (conv->tcb) {
        group->rows = group->pixels =
            gantry_min_i32(conv->tile, conv->walk_cb - group->tile * conv->tile);
        memset(accel->pixel_y, 0, sizeof accel->pixel_y);
        memset(accel->pixel_x, 0, sizeof accel->pixel_x);
        return;
    }
    int32_t o0 = group->tile % segments(conv) * conv->tile;
    int32_t x0 = group->tile / segments(conv) * conv->p;
    group->rows = gantry_min_i32(conv->tile, conv->out.h - o0);
    group->pixels = group->rows * conv->p;
    for (int32_t i = 0; i < group->pixels; i++) {
        accel->pixel_y[i] = o0 + i / conv->p;
        accel->pixel_x[i] = x0 + i % conv->p;
    }
}

/* The word of a parity plane at a row and column of it, or the pad byte outside the map. */
static bool read_word(struct gantry_accel *accel, const struct gantry_exec_group *group,
                      const struct gantry_pass *pass, int32_t plane_y, int32_t plane_x, int32_t cb,
                      int8_t out[GANTRY_CHANNELS])
{
    const struct gantry_act_tensor *in = &group->conv->in;
    int32_t y = plane_y * in->sy + pass->py, x = plane_x * in->sx + pass->px;
    if (y < 0 || y >= in->h || x < 0 || x >= in->w) {
        memset(out, group->conv->pad, GANTRY_CHANNELS);
        return true;
    }
    int32_t bank;
    int64_t row;
    gantry_act_address(in, accel->npx, gantry_act_pixel(in, y, x), cb, &bank, &row);
    if (row >= accel->params.act_rows)
        return gantry_order_fail(&accel->order, GANTRY_CAUSE_ACT_RANGE, GANTRY_UNIT_COMPUTE,
                                 group->entry->index, (uint64_t)row);
    memcpy(out, gantry_accel_act_word(accel, bank, (int32_t)row), GANTRY_CHANNELS);
    return true;
}

/* Adds one tap of a pass to all accumulators of the tile. */
static bool add_tap(struct gantry_accel *accel, const struct gantry_exec_group *group,
                    const struct gantry_pass *pass, int32_t r, int32_t k)
{
    const struct gantry_conv *conv = group->conv;
    for (int32_t i = 0; i < group->pixels; i++) {
        int8_t word[GANTRY_CHANNELS];
        int32_t cb = conv->tcb ? group->tile * conv->tile + i : group->number;
        if (!read_word(accel, group, pass, accel->pixel_y[i] + pass->a0 + r,
                       accel->pixel_x[i] + pass->b0 + k, cb, word))
            return false;
        int32_t *acc = accel->acc + i * GANTRY_CHANNELS;
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
            acc[c] += word[c] * accel->weight[gantry_window_slot(pass->rows, c, r, k)];
    }
    return true;
}

bool gantry_exec_window(struct gantry_accel *accel, struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    int32_t columns = gantry_window_columns(accel->params.g);
    int64_t line = group->first_step;
    memset(accel->acc, 0, sizeof accel->acc);
    for (int32_t i = 0; i < conv->passes; i++, line += GANTRY_BLOCK_BYTES / GANTRY_LINE_BYTES) {
        struct gantry_pass step = {.rows = 1, .b0 = i * columns};
        const struct gantry_pass *pass = conv->tcb ? &step : &conv->pass[i];
        gantry_exec_read_block(accel, line);
        for (int32_t r = 0; r < pass->rows; r++)
            for (int32_t k = 0; k < columns; k++)
                if (!add_tap(accel, group, pass, r, k)) return false;
    }
    return true;
}
