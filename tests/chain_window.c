/* SPDX-License-Identifier: Apache-2.0
 * WINDOW instructions of a chain: depthwise kernels cut into passes, and sums over whole maps. */
#include "chain_build.h"

enum { KERNEL_MAX = 7, MAP_MAX = 120, STEPS_MAX = MAP_MAX / 3 };

struct passes {
    struct chain_pass at[STEPS_MAX];
    int32_t count;
};

/* Taps of a kernel axis in one parity plane: first, and how many. */
static int32_t taps_of(int32_t kernel, int32_t pad, int32_t stride, int32_t parity, int32_t *first)
{
    int32_t count = 0;
    for (int32_t k = kernel - 1; k >= 0; k--) {
        if (((k - pad) & (stride - 1)) != parity) continue;
        *first = k;
        count++;
    }
    return count;
}

/* Cuts the taps of a plane into passes of at most the given rows and columns. */
static bool cut_plane(struct passes *passes, const struct gantry_chain_op *op, int32_t py,
                      int32_t px, int32_t rows, int32_t columns)
{
    int32_t y = 0, x = 0, sy = op->stride_y, sx = op->stride_x;
    int32_t count_y = taps_of(op->kh, op->pad_top, sy, py, &y);
    int32_t count_x = taps_of(op->kw, op->pad_left, sx, px, &x);
    for (int32_t i = 0; i < count_y; i += rows)
        for (int32_t j = 0; j < count_x; j += columns) {
            if (passes->count == GANTRY_PASSES_MAX) return false;
            int32_t ky = y + i * sy, kx = x + j * sx;
            passes->at[passes->count++] =
                (struct chain_pass){.pass = {.py = py,
                                             .px = px,
                                             .a0 = (ky - op->pad_top - py) / sy,
                                             .b0 = (kx - op->pad_left - px) / sx,
                                             .rows = gantry_min_i32(rows, count_y - i)},
                                    .ky = ky,
                                    .kx = kx,
                                    .columns = gantry_min_i32(columns, count_x - j)};
        }
    return true;
}

static bool cut(struct passes *passes, const struct gantry_chain_op *op, int32_t rows,
                int32_t columns)
{
    passes->count = 0;
    for (int32_t py = 0; py < op->stride_y; py++)
        for (int32_t px = 0; px < op->stride_x; px++)
            if (!cut_plane(passes, op, py, px, rows, columns)) return false;
    return true;
}

/* Passes as large as can be, or smaller ones; all of them twice for weights in two parts. */
static bool draw_passes(struct chain_builder *b, const struct gantry_chain_op *op,
                        struct passes *passes)
{
    int32_t columns = gantry_window_columns(b->params->g);
    bool small = chain_one_in(b, 3);
    if (!small || !cut(passes, op, chain_in(b, 1, 3), chain_in(b, 1, columns)))
        if (!cut(passes, op, 3, columns)) return false;
    if (op->pool || 2 * passes->count > GANTRY_PASSES_MAX || !chain_draw(b, GANTRY_CHAIN_W2, 4))
        return true;
    for (int32_t i = 0; i < passes->count; i++) passes->at[passes->count + i] = passes->at[i];
    passes->count *= 2;
    return true;
}

/* One step after the other along the raster. */
static void step_over_map(struct chain_builder *b, const struct gantry_chain_op *op,
                          struct passes *passes)
{
    int32_t columns = gantry_window_columns(b->params->g), pixels = op->kh * op->kw;
    passes->count = 0;
    for (int32_t q = 0; q < pixels; q += columns)
        passes->at[passes->count++] = (struct chain_pass){
            .pass = {.rows = 1}, .kx = q, .columns = gantry_min_i32(columns, pixels - q)};
}

static bool draw_kernel(struct chain_builder *b, struct chain_shape *s, struct passes *passes)
{
    struct gantry_chain_op *op = &s->op;
    if (op->tcb) {
        op->kh = s->in.h;
        op->kw = s->in.w;
        op->out_h = op->out_w = 1;
        step_over_map(b, op, passes);
        return true;
    }
    op->kh = chain_in(b, 1, chain_one_in(b, 2) ? 3 : KERNEL_MAX);
    op->kw = chain_in(b, 1, chain_one_in(b, 2) ? 3 : KERNEL_MAX);
    if (!op->pool && chain_draw(b, GANTRY_CHAIN_PAD, 2)) {
        op->pad_top = chain_in(b, -2, op->kh);
        op->pad_left = chain_in(b, -2, op->kw);
    }
    return draw_passes(b, op, passes) && chain_draw_size(b, s);
}

static bool draw_shape(struct chain_builder *b, struct chain_shape *s, struct passes *passes)
{
    struct gantry_chain_op *op = &s->op;
    s->in = b->chain->tensors[op->in].act;
    bool raster = s->in.sy == 1 && s->in.sx == 1 && s->in.pitch == s->in.w;
    if (raster && s->in.h * s->in.w <= MAP_MAX) op->tcb = chain_draw(b, GANTRY_CHAIN_TCB, 3);
    op->diag = !op->tcb;
    op->pool = chain_draw(b, GANTRY_CHAIN_POOL, 4);
    op->stride_y = s->in.sy;
    op->stride_x = s->in.sx;
    op->dilation = 1;
    chain_draw_blocks(b, s);
    return draw_kernel(b, s, passes);
}

static void set_input(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    bool tcb = op->tcb;
    chain_set(b, insn, GANTRY_WINDOW_TCB, tcb);
    chain_set(b, insn, GANTRY_WINDOW_POOL, op->pool);
    chain_set(b, insn, GANTRY_WINDOW_IN_SY, s->in.sy - 1);
    chain_set(b, insn, GANTRY_WINDOW_IN_SX, s->in.sx - 1);
    chain_set(b, insn, GANTRY_WINDOW_PAD, (uint8_t)op->pad);
    chain_set(b, insn, GANTRY_WINDOW_IN_BASE, s->in.base + op->in_block);
    chain_set(b, insn, GANTRY_WINDOW_IN_CB, s->in.cb);
    chain_set(b, insn, GANTRY_WINDOW_IN_PITCH, tcb ? s->in.h * s->in.w : s->in.pitch);
    chain_set(b, insn, GANTRY_WINDOW_IN_PS, s->in.ps);
    chain_set(b, insn, GANTRY_WINDOW_IN_H, tcb ? 1 : s->in.h);
    chain_set(b, insn, GANTRY_WINDOW_IN_W, tcb ? s->in.h * s->in.w : s->in.w);
    chain_set(b, insn, GANTRY_WINDOW_WALK_CB, tcb ? op->blocks : 1);
    chain_set(b, insn, GANTRY_WINDOW_GROUPS, tcb ? 1 : op->blocks);
}

static void set_output(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    chain_set(b, insn, GANTRY_WINDOW_OUT_SY, s->out.sy - 1);
    chain_set(b, insn, GANTRY_WINDOW_OUT_SX, s->out.sx - 1);
    chain_set(b, insn, GANTRY_WINDOW_OUT_H, op->out_h);
    chain_set(b, insn, GANTRY_WINDOW_OUT_W, op->out_w);
    chain_set(b, insn, GANTRY_WINDOW_OUT_BASE, s->out.base);
    chain_set(b, insn, GANTRY_WINDOW_OUT_CB, s->out.cb);
    chain_set(b, insn, GANTRY_WINDOW_OUT_CB0, op->block);
    chain_set(b, insn, GANTRY_WINDOW_OUT_PITCH, s->out.pitch);
    chain_set(b, insn, GANTRY_WINDOW_OUT_PS, s->out.ps);
    chain_set(b, insn, GANTRY_WINDOW_BLOCKS, op->blocks);
    chain_set(b, insn, GANTRY_WINDOW_ZERO_POINT, op->zero);
    chain_set(b, insn, GANTRY_WINDOW_LO, op->lo);
    chain_set(b, insn, GANTRY_WINDOW_HI, op->hi);
}

/* Tiles as few as can be, or short ones; one alone where the ring does not hold the weights. */
static bool set_tiles(struct chain_builder *b, int32_t insn, const struct chain_shape *s,
                      const struct passes *passes)
{
    const struct gantry_chain_op *op = &s->op;
    int32_t rows = op->tcb ? op->blocks : op->out_h;
    int32_t strips = op->tcb ? 1 : gantry_div_up(op->out_w, b->params->g);
    int32_t tile = gantry_div_up(rows, gantry_div_up(rows, GANTRY_TILE_ROWS_MAX));
    bool fits = 1 + 2 * passes->count <= b->params->ring_lines;
    if (fits && chain_draw(b, GANTRY_CHAIN_TILES, 3)) tile = chain_in(b, 1, tile);
    int32_t tiles = strips * gantry_div_up(rows, tile);
    chain_set(b, insn, GANTRY_WINDOW_TILE, tile);
    chain_set(b, insn, GANTRY_WINDOW_TILES, tiles);
    chain_set(b, insn, GANTRY_WINDOW_PASSES, passes->count);
    for (int32_t i = 0; i < passes->count && !op->tcb; i++)
        chain_set(b, insn, gantry_pass_operand(i), gantry_pass_pack(&passes->at[i].pass));
    return fits || tiles == 1;
}

void chain_window(struct chain_builder *b)
{
    struct chain_shape s = {.op = {.kind = GANTRY_CHAIN_CONV, .residual = CHAIN_NONE}, .m = 1};
    struct passes passes;
    s.op.in = chain_pick(b);
    if (s.op.in == CHAIN_NONE || !draw_shape(b, &s, &passes)) return;
    chain_draw_range(b, &s.op);
    if (!chain_draw_output(b, &s)) return;
    struct chain_dep dep = chain_dependency(b, &s.op);
    int32_t insn = chain_append(b, GANTRY_INSN_WINDOW);
    set_input(b, insn, &s);
    set_output(b, insn, &s);
    chain_set(b, insn, GANTRY_WINDOW_DEP, dep.distance);
    chain_set(b, insn, GANTRY_WINDOW_WHOLE, dep.distance > 0 && !dep.fine);
    if (!set_tiles(b, insn, &s, &passes)) b->failed = true;
    chain_window_weights(b, chain_finish(b, insn, &s), passes.at, passes.count);
}
