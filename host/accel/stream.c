/* SPDX-License-Identifier: Apache-2.0
 * The weight stream: how many lines a CONV takes, and how lines are striped over the ports. Also
 * the words of a LOAD row. */
#include "accel/accel.h"

#include <string.h>

void gantry_load_word(const uint8_t *row, int32_t row_bytes, int32_t pixel, int32_t j, int32_t step,
                      int32_t lead, uint8_t pad, uint8_t out[16])
{
    int64_t first = (int64_t)pixel * step - lead + GANTRY_CHANNELS * (int64_t)j;
    if (first >= 0 && first + GANTRY_CHANNELS <= row_bytes) {
        memcpy(out, row + first, GANTRY_CHANNELS);
        return;
    }
    for (int32_t i = 0; i < GANTRY_CHANNELS; i++)
        out[i] = first + i >= 0 && first + i < row_bytes ? row[first + i] : pad;
}

static const int64_t block_lines = GANTRY_BLOCK_BYTES / GANTRY_LINE_BYTES;

static int64_t opcode_of(const struct gantry_insn *insn)
{
    return gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
}

int64_t gantry_conv_group_lines(const struct gantry_insn *conv)
{
    if (opcode_of(conv) == GANTRY_INSN_WINDOW)
        return 1 + block_lines * gantry_insn_get(conv, GANTRY_WINDOW_PASSES);
    if (opcode_of(conv) != GANTRY_INSN_CONV) return 0;
    int64_t m = INT64_C(1) << gantry_insn_get(conv, GANTRY_CONV_LOG2_M);
    int64_t steps = gantry_insn_get(conv, GANTRY_CONV_WALK_CB) *
                    gantry_insn_get(conv, GANTRY_CONV_KH) * gantry_insn_get(conv, GANTRY_CONV_KW);
    int64_t parts = gantry_insn_get(conv, GANTRY_CONV_W2) ? 2 : 1;
    int64_t parameters = gantry_insn_get(conv, GANTRY_CONV_TCB) ? 1 : m;
    return gantry_insn_get(conv, GANTRY_CONV_RES) + parameters + block_lines * m * steps * parts;
}

int64_t gantry_conv_lines(const struct gantry_insn *conv)
{
    bool window = opcode_of(conv) == GANTRY_INSN_WINDOW;
    return gantry_insn_get(conv, window ? GANTRY_WINDOW_GROUPS : GANTRY_CONV_GROUPS) *
           gantry_conv_group_lines(conv);
}

int64_t gantry_stripe_bytes(int64_t lines, int32_t ports)
{
    int64_t bytes = lines * (GANTRY_LINE_BYTES / ports);
    return (bytes + GANTRY_STRIPE_ALIGN - 1) / GANTRY_STRIPE_ALIGN * GANTRY_STRIPE_ALIGN;
}

void gantry_stripe_lines(const uint8_t *lines, int64_t line_count, int32_t ports, uint8_t *out)
{
    int64_t stripe = gantry_stripe_bytes(line_count, ports), width = GANTRY_LINE_BYTES / ports;
    for (int32_t s = 0; s < ports; s++) {
        uint8_t *to = out + s * stripe;
        for (int64_t l = 0; l < line_count; l++)
            memcpy(to + l * width, lines + l * GANTRY_LINE_BYTES + s * width, (size_t)width);
        memset(to + line_count * width, 0, (size_t)(stripe - line_count * width));
    }
}
