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

void gantry_x8_table__ref(const struct gantry_x8_table_args *args)
{
    const struct gantry_s8_map *in = &args->input, *out = &args->output;
    gantry_map_assert(in);
    gantry_map_assert(out);
    gantry_assert(in->c == out->c && in->h == out->h && in->w == out->w);
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++) {
            const int8_t *from = gantry_map_pixel(in, y, x);
            int8_t *to = gantry_map_pixel(out, y, x);
            for (int32_t c = 0; c < in->c; c++) to[c] = (int8_t)args->table[(uint8_t)from[c]];
        }
}
