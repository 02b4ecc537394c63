/* SPDX-License-Identifier: Apache-2.0
 * WINDOW. Dimension 0: output pixels (with TCB channel blocks of the one output pixel), rounded up
 * to whole work-groups; dimension 1: channel blocks. */

/* The word of a parity plane at a row and column of it, or the pad byte outside the map. */
static char16 plane_word(__global const char16 *act, const struct gantry_conv *conv,
                         const struct gantry_pass *pass, int32_t plane_y, int32_t plane_x,
                         int32_t cb, volatile __global int *fault)
{
    const struct gantry_act_tensor *in = &conv->in;
    int32_t y = plane_y * in->sy + pass->py, x = plane_x * in->sx + pass->px;
    char16 pad = (char16)((char)conv->pad);
    if (y < 0 || y >= in->h || x < 0 || x >= in->w) return pad;
    int64_t at = word_index(in, gantry_act_pixel(in, y, x), cb, fault);
    return at < 0 ? pad : act[at];
}

__kernel __attribute__((reqd_work_group_size(GANTRY_LOCAL, 1, 1))) void
gantry_window(__global char16 *act, __global const uchar *weights, const struct gantry_conv conv,
              const struct gantry_lines lines, volatile __global int *faults, int slot)
{
    __local int blocks[2 * GANTRY_BLOCK_BYTES];
    volatile __global int *fault = faults + slot;
    int32_t n = get_global_id(0), group = get_global_id(1), block = conv.tcb ? n : group;
    int32_t y = conv.tcb ? 0 : n / conv.out.w, x = conv.tcb ? 0 : n % conv.out.w;
    int32_t columns = gantry_window_columns(GANTRY_NPX / 2);
    bool used = y < conv.out.h && block < conv.blocks && (!conv.tcb || n < conv.walk_cb);
    int64_t first = lines.first + group * lines.group;
    int16 acc = 0;
    for (int32_t i = 0; i < conv.passes; i++) {
        struct gantry_pass pass;
        pass.py = pass.px = pass.a0 = 0;
        pass.b0 = i * columns;
        pass.rows = 1;
        if (!conv.tcb) pass = conv.pass[i];
        __local const int *taps = stage_block(blocks, i, weights, &lines, first + 1 + 2 * i);
        for (int32_t r = 0; used && r < pass.rows; r++)
            for (int32_t k = 0; k < columns; k++) {
                char16 word =
                    plane_word(act, &conv, &pass, y + pass.a0 + r, x + pass.b0 + k, block, fault);
                acc += convert_int16(word) * vload16(gantry_window_slot(pass.rows, 0, r, k), taps);
            }
    }
    if (used) emit(act, &conv, weights, &lines, first, 0, block, y, x, acc, fault);
}
