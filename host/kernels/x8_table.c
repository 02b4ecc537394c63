/* SPDX-License-Identifier: Apache-2.0
 * Bytes through a table, and the table of rule Q8. */
#include "kernels/map.h"

void gantry_x8_quantize_table(uint8_t table[256], const struct gantry_x8_quantize_rule *rule)
{
    for (int32_t i = 0; i < 256; i++) {
        int32_t x = rule->input_least + i;
        int32_t y = (((x - rule->input_zero) * rule->factor + 128) >> 8) + rule->output_zero;
        y = gantry_min_i32(gantry_max_i32(y, rule->output_least), rule->output_least + 255);
        table[(uint8_t)x] = (uint8_t)y;
    }
}

static bool is_identity(const uint8_t table[256])
{
    for (int32_t i = 0; i < 256; i++)
        if (table[i] != i) return false;
    return true;
}

static void look_up(const uint8_t table[256], const int8_t *from, int8_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = (int8_t)table[(uint8_t)from[i]];
}

void gantry_x8_table__ref(const struct gantry_x8_table_args *args)
{
    const struct gantry_s8_map *in = &args->input, *out = &args->output;
    gantry_map_assert(in);
    gantry_map_assert(out);
    gantry_assert(in->c == out->c && in->h == out->h && in->w == out->w);
    /* uint8 that becomes int8 of the same scale is that: what is stored does not change. */
    if (is_identity(args->table)) {
        gantry_s8_copy__ref(in, out);
        return;
    }
    if (in->pixel_stride == in->c && out->pixel_stride == in->c) {
        look_up(args->table, in->data, out->data, (size_t)in->h * (size_t)in->w * (size_t)in->c);
        return;
    }
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++)
            look_up(args->table, gantry_map_pixel(in, y, x), gantry_map_pixel(out, y, x),
                    (size_t)in->c);
}
