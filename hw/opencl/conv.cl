/* SPDX-License-Identifier: Apache-2.0
 * CONV. Dimension 0: raster pixels (with TCB channel blocks of the one output pixel), rounded up to
 * whole work-groups; dimension 1: output blocks, groups x m. */

/* The input word of a k-step: tap (a, b) relative to raster pixel n = (y, x), block cb. */
static char16 gather(__global const char16 *act, const struct gantry_conv *conv, int32_t n,
                     int32_t y, int32_t x, int32_t a, int32_t b, int32_t cb,
                     volatile __global int *fault)
{
    int32_t in_y = y * conv->in.sy + a, in_x = x * conv->in.sx + b;
    char16 pad = (char16)((char)conv->pad);
    if (in_y < 0 || in_y >= conv->in.h || in_x < 0 || in_x >= conv->in.w) return pad;
    int64_t q = gantry_act_tap(&conv->in, a, b) + (conv->tcb ? 0 : n);
    int64_t at = word_index(&conv->in, q, cb, fault);
    return at < 0 ? pad : act[at];
}

__kernel __attribute__((reqd_work_group_size(GANTRY_LOCAL, 1, 1))) void
gantry_conv(__global char16 *act, __global const uchar *weights, const struct gantry_conv conv,
            const struct gantry_lines lines, volatile __global int *faults, int slot)
{
    __local int blocks[2 * GANTRY_BLOCK_BYTES];
    volatile __global int *fault = faults + slot;
    int32_t n = get_global_id(0), group = get_global_id(1) / conv.m, j = get_global_id(1) % conv.m;
    int32_t block = conv.tcb ? n : (int32_t)get_global_id(1);
    int32_t y = conv.tcb ? 0 : n / conv.in.pitch, x = conv.tcb ? 0 : n % conv.in.pitch;
    bool used = n < conv.rows * (conv.tcb ? 1 : conv.p) && y < conv.out.h && x < conv.out.w &&
                block < conv.blocks;
    int64_t first = lines.first + group * lines.group;
    int64_t line = first + conv.res + (conv.tcb ? 1 : conv.m) + 2 * j;
    int32_t turn = 0;
    int16 acc = 0;
    if (!conv.tcb && block >= conv.blocks) return; /* all of the work-group */
    for (int32_t walk = 0; walk < conv.walk_cb; walk++) {
        int32_t cb = conv.tcb ? n : conv.diag ? group : walk;
        for (int32_t ky = 0; ky < conv.kh; ky++)
            for (int32_t kx = 0; kx < conv.kw; kx++) {
                int32_t a = ky * conv.dilation - conv.pad_top;
                int32_t b = kx * conv.dilation - conv.pad_left;
                char16 word = (char16)(0);
                if (used) word = gather(act, &conv, n, y, x, a, b, cb, fault);
                for (int32_t part = 0; part <= conv.w2; part++, turn++, line += 2 * conv.m) {
                    __local const int *staged = stage_block(blocks, turn, weights, &lines, line);
                    if (!used) continue;
                    int16 sum = multiply(convert_int16(word), staged);
                    if (turn == 0)
                        acc = sum;
                    else
                        acc = conv.max ? max(acc, sum) : acc + sum;
                }
            }
    }
    if (used) emit(act, &conv, weights, &lines, first, j, block, y, x, acc, fault);
}
