/* SPDX-License-Identifier: Apache-2.0
 * COMPUTE instructions of a chain: mode, shape, output, residual, dependency. */
#include "chain_build.h"

enum { KERNEL_OFTEN = 4, KERNEL_MAX = 7, TCB_TAPS_MAX = 100 };

/* ---- Mode and shape ---- */

static void draw_mode(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    if (chain_draw(b, GANTRY_CHAIN_TCB, 8))
        op->tcb = true;
    else if (chain_draw(b, GANTRY_CHAIN_DIAG, 4))
        op->diag = true;
    if (op->tcb || op->diag) op->pool = chain_draw(b, GANTRY_CHAIN_POOL, 4);
    if (!op->pool) op->max = chain_draw(b, GANTRY_CHAIN_MAX, op->diag ? 4 : 12);
    if (!op->pool && !op->max) s->w2 = chain_draw(b, GANTRY_CHAIN_W2, 5);
    if (!op->tcb) op->flat = chain_draw(b, GANTRY_CHAIN_FLAT, 5);
    s->m = 1;
    if (!op->tcb && !op->diag && chain_draw(b, GANTRY_CHAIN_M, 2))
        s->m = 1 << chain_in(b, 0, b->params->g == 4 ? 2 : b->params->g - 1);
}

void chain_draw_blocks(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    const struct gantry_chain_tensor *in = &b->chain->tensors[op->in];
    int32_t blocks = in->valid1 - in->valid0;
    bool slice = chain_draw(b, GANTRY_CHAIN_SLICE, 3);
    int32_t skip = slice ? chain_in(b, 0, blocks - 1) : 0;
    int32_t take = slice ? chain_in(b, 1, blocks - skip) : blocks;
    op->in_block = in->valid0 + skip;
    op->walk = op->tcb || op->diag ? 1 : take;
    op->blocks = op->tcb || op->diag ? take : chain_in(b, 1, b->options.blocks_max);
}

static void draw_kernel(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    op->kh = op->kw = op->dilation = 1;
    if (op->flat) return;
    op->kh = chain_in(b, 1, chain_one_in(b, 12) ? KERNEL_MAX : KERNEL_OFTEN);
    op->kw = chain_in(b, 1, chain_one_in(b, 12) ? KERNEL_MAX : KERNEL_OFTEN);
    if (op->tcb && s->in.h * s->in.w <= TCB_TAPS_MAX) {
        op->kh = s->in.h;
        op->kw = s->in.w;
    }
    if (chain_draw(b, GANTRY_CHAIN_DILATION, 4)) op->dilation = chain_in(b, 1, 3);
    int32_t reach_y = (op->kh - 1) * op->dilation, reach_x = (op->kw - 1) * op->dilation;
    if (op->pool || !chain_draw(b, GANTRY_CHAIN_PAD, 2)) return;
    op->pad_top = chain_in(b, -2, reach_y + 1);
    op->pad_left = chain_in(b, -2, reach_x + 1);
}

/* Natural output size; a pooling must not reach outside. False when there is no such output. */
bool chain_draw_size(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    int32_t span_y = s->in.h + 2 * op->pad_top - (op->kh - 1) * op->dilation - 1;
    int32_t span_x = s->in.w + 2 * op->pad_left - (op->kw - 1) * op->dilation - 1;
    if (op->pool && (span_y < 0 || span_x < 0)) return false;
    op->out_h = op->tcb ? 1 : gantry_max_i32(span_y / op->stride_y + 1, 1);
    op->out_w = op->tcb ? 1 : gantry_max_i32(span_x / op->stride_x + 1, 1);
    op->out_w = gantry_min_i32(op->out_w, s->in.pitch);
    if (op->pool && chain_one_in(b, 2)) op->out_h = chain_in(b, 1, op->out_h);
    return true;
}

/* The stored pixels of the input as one row: planes and gaps, whatever they mean. */
static void flatten(struct gantry_act_tensor *act)
{
    int32_t pixels = act->sy * act->sx > 1 ? act->sy * act->sx * act->ps : act->h * act->pitch;
    act->h = act->sy = act->sx = 1;
    act->w = act->pitch = pixels;
    act->ps = 0;
}

static bool draw_shape(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    s->in = b->chain->tensors[op->in].act;
    op->stride_y = op->flat ? 1 : s->in.sy;
    op->stride_x = op->flat ? 1 : s->in.sx;
    chain_draw_blocks(b, s);
    draw_kernel(b, s);
    if (op->flat) {
        op->out_h = s->in.h;
        op->out_w = s->in.w;
        flatten(&s->in);
        return true;
    }
    return chain_draw_size(b, s);
}

/* ---- Output and residual ---- */

static bool same_layout(const struct gantry_act_tensor *a, const struct gantry_act_tensor *c)
{
    return a->sy == c->sy && a->sx == c->sx && a->pitch == c->pitch && a->ps == c->ps &&
           a->h == c->h && a->w == c->w;
}

/* A residual for the drawn output. Where layouts are free the output takes the size of the
 * residual: what lies outside the input is padding. */
static void draw_residual(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    if (op->pool || !chain_draw(b, GANTRY_CHAIN_RESIDUAL, 2)) return;
    int32_t candidate = chain_pick(b);
    const struct gantry_chain_tensor *t = &b->chain->tensors[candidate];
    if (t->valid1 - t->valid0 < op->blocks) return;
    if (op->flat && !same_layout(&t->act, &b->chain->tensors[op->in].act)) return;
    if (op->tcb && (t->act.h > 1 || t->act.w > 1)) return;
    if (t->act.w > s->in.pitch) return;
    op->residual = candidate;
    op->residual_block = chain_in(b, t->valid0, t->valid1 - op->blocks);
    op->out_h = t->act.h;
    op->out_w = t->act.w;
}

/* The residual's own rows, when nothing else needs what they hold. */
static int32_t in_place(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    int32_t residual = op->residual;
    if (residual == CHAIN_NONE || !chain_draw(b, GANTRY_CHAIN_REUSE, 2)) return CHAIN_NONE;
    const struct chain_state *old = &b->state[residual];
    if (old->region == b->state[op->in].region) return CHAIN_NONE;
    if (!old->stored && old->writer != CHAIN_NONE) return CHAIN_NONE;
    int32_t tensor = b->chain->tensor_count;
    if (tensor == GANTRY_CHAIN_TENSORS) return CHAIN_NONE;
    b->chain->tensor_count++;
    b->chain->tensors[tensor] = (struct gantry_chain_tensor){
        b->chain->tensors[residual].act, op->residual_block, op->residual_block + op->blocks};
    b->state[tensor] = (struct chain_state){.region = old->region, .writer = CHAIN_NONE};
    op->block = op->residual_block;
    return tensor;
}

/* Free blocks next to those that another instruction wrote. */
static int32_t fill_up(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    if (op->residual != CHAIN_NONE || op->pool || op->tcb) return CHAIN_NONE;
    if (!chain_draw(b, GANTRY_CHAIN_SLICE, 2)) return CHAIN_NONE;
    for (int32_t i = 0; i < b->chain->tensor_count; i++) {
        struct gantry_chain_tensor *t = &b->chain->tensors[i];
        if (b->state[i].dead || b->state[i].region == b->state[op->in].region) continue;
        if (t->act.w > s->in.pitch || t->act.cb - t->valid1 < op->blocks) continue;
        if (op->flat && !same_layout(&t->act, &b->chain->tensors[op->in].act)) continue;
        op->block = t->valid1;
        t->valid1 += op->blocks;
        op->out_h = t->act.h;
        op->out_w = t->act.w;
        b->state[i].stored = false;
        return i;
    }
    return CHAIN_NONE;
}

static int32_t fresh(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    struct gantry_act_tensor act = b->chain->tensors[op->in].act;
    int32_t extra = chain_draw(b, GANTRY_CHAIN_SLICE, 3) ? chain_in(b, 1, 3) : 0;
    if (op->flat) {
        act.cb = op->blocks + extra;
    } else {
        int32_t sy = chain_draw(b, GANTRY_CHAIN_PLANES, 3) ? 2 : 1;
        int32_t sx = chain_draw(b, GANTRY_CHAIN_PLANES, 3) ? 2 : 1;
        int32_t least = chain_one_in(b, 2) ? op->out_w + chain_in(b, 0, 3) : 0;
        gantry_act_layout(&act, b->params, op->out_h, op->out_w, 16 * (op->blocks + extra), sy, sx,
                          least);
    }
    int32_t tensor = chain_tensor(b, &act);
    if (tensor == CHAIN_NONE) return CHAIN_NONE;
    struct gantry_chain_tensor *t = &b->chain->tensors[tensor];
    op->block = t->valid0 = chain_in(b, 0, extra);
    t->valid1 = t->valid0 + op->blocks;
    return tensor;
}

bool chain_draw_output(struct chain_builder *b, struct chain_shape *s)
{
    struct gantry_chain_op *op = &s->op;
    op->tensor = in_place(b, s);
    if (op->tensor == CHAIN_NONE) op->tensor = fill_up(b, s);
    if (op->tensor == CHAIN_NONE) op->tensor = fresh(b, s);
    if (op->tensor == CHAIN_NONE) return false;
    s->out = b->chain->tensors[op->tensor].act;
    if (op->flat) flatten(&s->out);
    return true;
}

/* ---- Instruction ---- */

/* Tiles: balanced ones, or short ones; one alone where the ring does not hold the weights. */
static bool draw_tiles(struct chain_builder *b, struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    int32_t pixels = b->npx / s->m;
    s->rows =
        op->tcb ? op->blocks : gantry_div_up(s->in.pitch * (op->flat ? 1 : op->out_h), pixels);
    int32_t tiles = gantry_div_up(s->rows, GANTRY_TILE_ROWS_MAX);
    s->tile = gantry_div_up(s->rows, tiles);
    if (chain_draw(b, GANTRY_CHAIN_TILES, 3))
        s->tile = chain_in(b, gantry_max_i32(1, s->tile / 8), s->tile);
    int64_t lines = (op->residual != CHAIN_NONE) + s->m +
                    (int64_t)2 * s->m * op->walk * op->kh * op->kw * (s->w2 ? 2 : 1);
    if (lines <= b->params->ring_lines) return true;
    s->tile = s->rows;
    return s->rows <= GANTRY_TILE_ROWS_MAX;
}

static void set_input(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    int32_t pixels = b->npx / s->m;
    chain_set(b, insn, GANTRY_CONV_IN_SY, s->in.sy - 1);
    chain_set(b, insn, GANTRY_CONV_IN_SX, s->in.sx - 1);
    chain_set(b, insn, GANTRY_CONV_PAD, (uint8_t)op->pad);
    chain_set(b, insn, GANTRY_CONV_IN_BASE, s->in.base + op->in_block);
    chain_set(b, insn, GANTRY_CONV_IN_CB, s->in.cb);
    chain_set(b, insn, GANTRY_CONV_DILATION, op->dilation);
    chain_set(b, insn, GANTRY_CONV_IN_PITCH, s->in.pitch);
    chain_set(b, insn, GANTRY_CONV_IN_PS, s->in.ps);
    chain_set(b, insn, GANTRY_CONV_IN_H, s->in.h);
    chain_set(b, insn, GANTRY_CONV_IN_W, s->in.w);
    chain_set(b, insn, GANTRY_CONV_KH, op->kh);
    chain_set(b, insn, GANTRY_CONV_KW, op->kw);
    chain_set(b, insn, GANTRY_CONV_PAD_TOP, op->pad_top);
    chain_set(b, insn, GANTRY_CONV_PAD_LEFT, op->pad_left);
    chain_set(b, insn, GANTRY_CONV_STEP_Y, op->tcb ? 0 : pixels / s->in.pitch);
    chain_set(b, insn, GANTRY_CONV_STEP_X, op->tcb ? 0 : pixels % s->in.pitch);
    chain_set(b, insn, GANTRY_CONV_WALK_CB, op->walk);
}

static void set_output(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    chain_set(b, insn, GANTRY_CONV_OUT_SY, s->out.sy - 1);
    chain_set(b, insn, GANTRY_CONV_OUT_SX, s->out.sx - 1);
    chain_set(b, insn, GANTRY_CONV_OUT_H, op->flat ? 1 : op->out_h);
    chain_set(b, insn, GANTRY_CONV_OUT_W, op->flat ? s->in.w : op->out_w);
    chain_set(b, insn, GANTRY_CONV_TILE, s->tile);
    chain_set(b, insn, GANTRY_CONV_TILES, gantry_div_up(s->rows, s->tile));
    chain_set(b, insn, GANTRY_CONV_GROUPS, op->tcb ? 1 : gantry_div_up(op->blocks, s->m));
    chain_set(b, insn, GANTRY_CONV_ROWS, s->rows);
    chain_set(b, insn, GANTRY_CONV_OUT_BASE, s->out.base);
    chain_set(b, insn, GANTRY_CONV_OUT_CB, s->out.cb);
    chain_set(b, insn, GANTRY_CONV_OUT_CB0, op->block);
    chain_set(b, insn, GANTRY_CONV_OUT_PITCH, s->out.pitch);
    chain_set(b, insn, GANTRY_CONV_OUT_PS, s->out.ps);
    chain_set(b, insn, GANTRY_CONV_BLOCKS, op->blocks);
}

static void set_residual(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    if (op->residual == CHAIN_NONE) return;
    struct gantry_act_tensor act = b->chain->tensors[op->residual].act;
    if (op->flat) flatten(&act);
    chain_set(b, insn, GANTRY_CONV_RES, 1);
    chain_set(b, insn, GANTRY_CONV_RES_SY, act.sy - 1);
    chain_set(b, insn, GANTRY_CONV_RES_SX, act.sx - 1);
    chain_set(b, insn, GANTRY_CONV_RES_BASE, act.base + op->residual_block);
    chain_set(b, insn, GANTRY_CONV_RES_CB, act.cb - 1);
    chain_set(b, insn, GANTRY_CONV_RES_PITCH, act.pitch);
    chain_set(b, insn, GANTRY_CONV_RES_PS, act.ps);
}

static void set_modes(struct chain_builder *b, int32_t insn, const struct chain_shape *s)
{
    const struct gantry_chain_op *op = &s->op;
    chain_set(b, insn, GANTRY_CONV_DIAG, op->diag);
    chain_set(b, insn, GANTRY_CONV_MAX, op->max);
    chain_set(b, insn, GANTRY_CONV_TCB, op->tcb);
    chain_set(b, insn, GANTRY_CONV_W2, s->w2);
    chain_set(b, insn, GANTRY_CONV_POOL, op->pool);
    chain_set(b, insn, GANTRY_CONV_LOG2_M, s->m / 2); /* 1, 2, 4 */
    chain_set(b, insn, GANTRY_CONV_ZERO_POINT, op->zero);
    chain_set(b, insn, GANTRY_CONV_LO, op->lo);
    chain_set(b, insn, GANTRY_CONV_HI, op->hi);
}

/* Dependency on the youngest COMPUTE that wrote the input; a SYNC where it is too far back. */
static int32_t draw_dependency(struct chain_builder *b, int32_t tensor)
{
    int32_t writer = b->state[tensor].writer;
    if (writer == CHAIN_NONE || writer < b->sync) return 0;
    int32_t dep = b->compute_count - writer;
    if (dep <= GANTRY_DEP_MAX) return dep;
    (void)chain_append(b, GANTRY_INSN_SYNC);
    b->sync = b->compute_count - 1;
    return 0;
}

/* Whether an op reads exactly the tensor that its youngest writer made, block by block. */
static bool follows_rows(const struct chain_builder *b, const struct gantry_chain_op *op)
{
    int32_t insn = b->compute_insn[b->state[op->in].writer];
    const struct gantry_act_tensor *act = &b->chain->tensors[op->in].act;
    if (op->flat || op->tcb || op->in_block != 0) return false;
    for (int32_t i = 0; i < b->chain->op_count; i++) {
        const struct gantry_chain_op *from = &b->chain->ops[i];
        if ((int32_t)from->insn != insn) continue;
        return from->tensor == op->in && from->block == 0 && !from->flat && !from->tcb &&
               from->out_h == act->h && from->out_w == act->w;
    }
    return false;
}

struct chain_dep chain_dependency(struct chain_builder *b, const struct gantry_chain_op *op)
{
    struct chain_dep dep = {draw_dependency(b, op->in), false};
    if (dep.distance > 0 && follows_rows(b, op)) dep.fine = chain_draw(b, GANTRY_CHAIN_FINE, 2);
    return dep;
}

struct gantry_chain_op *chain_finish(struct chain_builder *b, int32_t insn,
                                     const struct chain_shape *s)
{
    int32_t residual = s->op.residual;
    chain_edges_of_reader(b, s->op.in, insn);
    if (residual != CHAIN_NONE) chain_edges_of_reader(b, residual, insn);
    chain_edges_of_writer(b, s->op.tensor, insn);
    if (residual != CHAIN_NONE && s->op.tensor != residual &&
        b->state[s->op.tensor].region == b->state[residual].region)
        b->state[residual].dead = true;
    b->state[s->op.tensor].writer = b->compute_count - 1;
    struct gantry_chain_op *op = chain_op(b, GANTRY_CHAIN_CONV, insn, s->op.tensor, s->op.block);
    *op = s->op;
    op->insn = (uint32_t)insn;
    return op;
}

/* Within lo .. hi, and now and then an end of int8. */
static int32_t draw_byte(struct chain_builder *b, int32_t lo, int32_t hi)
{
    if (chain_draw(b, GANTRY_CHAIN_LIMITS, 8)) return chain_one_in(b, 2) ? -128 : 127;
    return chain_in(b, lo, hi);
}

void chain_draw_range(struct chain_builder *b, struct gantry_chain_op *op)
{
    op->pad = (int8_t)(op->max && chain_one_in(b, 2) ? -128 : draw_byte(b, -128, 127));
    op->zero = op->pool || op->max ? 0 : draw_byte(b, -30, 30);
    op->lo = -128;
    op->hi = 127;
    if (!chain_one_in(b, 3)) return;
    op->lo = draw_byte(b, -128, 20);
    op->hi = chain_draw(b, GANTRY_CHAIN_LIMITS, 8) ? op->lo : chain_in(b, op->lo, 127);
}

void chain_conv(struct chain_builder *b)
{
    struct chain_shape s = {.op = {.kind = GANTRY_CHAIN_CONV, .residual = CHAIN_NONE}};
    s.op.in = chain_pick(b);
    if (s.op.in == CHAIN_NONE) return;
    draw_mode(b, &s);
    if (!draw_shape(b, &s)) return;
    draw_residual(b, &s);
    chain_draw_range(b, &s.op);
    if (!chain_draw_output(b, &s)) return;
    if (!draw_tiles(b, &s)) {
        b->failed = true; /* the output is taken: start over */
        return;
    }
    struct chain_dep dep = chain_dependency(b, &s.op);
    int32_t insn = chain_append(b, GANTRY_INSN_CONV);
    set_input(b, insn, &s);
    set_output(b, insn, &s);
    set_residual(b, insn, &s);
    set_modes(b, insn, &s);
    chain_set(b, insn, GANTRY_CONV_DEP, dep.distance);
    chain_set(b, insn, GANTRY_CONV_WHOLE, dep.distance > 0 && !dep.fine);
    chain_weights(b, chain_finish(b, insn, &s), s.m, s.w2);
}
