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

void gantry_x8_look_up__ref(const uint8_t table[256], const uint8_t *from, uint8_t *to,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = table[from[i]];
}

void gantry_x8_table__ref(const struct gantry_x8_table_args *args)
{
    const struct gantry_s8_map *in = &args->input, *out = &args->output;
    gantry_map_assert(in);
    gantry_map_assert(out);
    gantry_assert(in->c == out->c && in->h == out->h && in->w == out->w);
    for (int32_t p = 0; p < in->h * in->w; p++)
        gantry_x8_look_up__ref(args->table, (const uint8_t *)gantry_map_pixel(in, 0, p),
                               (uint8_t *)gantry_map_pixel(out, 0, p), (size_t)in->c);
}
