/* SPDX-License-Identifier: Apache-2.0
 * LOADs and STOREs of a chain. */
#include "chain_build.h"

/* Reserves bytes of a buffer; the start may have any alignment, or that of a word. */
static size_t reserve(struct chain_builder *b, int32_t buffer, size_t bytes, bool words)
{
    size_t at = b->used[buffer];
    if (words)
        at = gantry_align_size(at, 16) + 16 * (size_t)chain_in(b, 0, 2);
    else
        at += (size_t)chain_in(b, 0, 40);
    b->used[buffer] = at + bytes;
    return at;
}

/* Rows of a LOAD: where they are in memory and what a pixel of them is. */
struct source {
    int32_t buffer, row_bytes, step, lead;
    size_t offset, stride;
};

static int32_t load_rows(struct chain_builder *b, int32_t tensor, int32_t row0, int32_t rows,
                         const struct source *from)
{
    const struct gantry_chain_tensor *t = &b->chain->tensors[tensor];
    int32_t insn = chain_append(b, GANTRY_INSN_LOAD);
    size_t offset = from->offset + (size_t)row0 * from->stride;
    chain_set(b, insn, GANTRY_LOAD_BUFFER, from->buffer);
    chain_set(b, insn, GANTRY_LOAD_OFFSET, (int64_t)offset);
    chain_set(b, insn, GANTRY_LOAD_ROW_STRIDE, (int64_t)from->stride);
    chain_set(b, insn, GANTRY_LOAD_ROWS, rows);
    chain_set(b, insn, GANTRY_LOAD_ROW0, row0);
    chain_set(b, insn, GANTRY_LOAD_ROW_BYTES, from->row_bytes);
    chain_set(b, insn, GANTRY_LOAD_PIXELS, t->act.w);
    chain_set(b, insn, GANTRY_LOAD_STEP, from->step);
    chain_set(b, insn, GANTRY_LOAD_LEAD, from->lead);
    chain_set(b, insn, GANTRY_LOAD_WORDS, t->valid1 - t->valid0);
    chain_set(b, insn, GANTRY_LOAD_PAD, chain_in(b, 0, 255));
    chain_set(b, insn, GANTRY_LOAD_SY, t->act.sy - 1);
    chain_set(b, insn, GANTRY_LOAD_SX, t->act.sx - 1);
    chain_set(b, insn, GANTRY_LOAD_BASE, t->act.base);
    chain_set(b, insn, GANTRY_LOAD_CB, t->act.cb);
    chain_set(b, insn, GANTRY_LOAD_CB0, t->valid0);
    chain_set(b, insn, GANTRY_LOAD_PITCH, t->act.pitch);
    chain_set(b, insn, GANTRY_LOAD_PS, t->act.ps);
    chain_edges_of_writer(b, tensor, insn);
    struct chain_state *state = &b->state[tensor];
    state->loads[state->load_count++] = insn;
    (void)chain_op(b, GANTRY_CHAIN_LOAD, insn, tensor, t->valid0);
    return insn;
}

static int32_t new_tensor(struct chain_builder *b, int32_t h, int32_t w, int32_t blocks, int32_t sy,
                          int32_t sx)
{
    struct gantry_act_tensor act;
    int32_t extra = chain_draw(b, GANTRY_CHAIN_SLICE, 4) ? chain_in(b, 1, 2) : 0;
    int32_t least = chain_one_in(b, 2) ? w + chain_in(b, 0, 4) : 0;
    gantry_act_layout(&act, b->params, h, w, 16 * (blocks + extra), sy, sx, least);
    int32_t tensor = chain_tensor(b, &act);
    if (tensor == CHAIN_NONE) {
        b->failed = b->chain->tensor_count == 0;
        return CHAIN_NONE;
    }
    struct gantry_chain_tensor *t = &b->chain->tensors[tensor];
    t->valid0 = chain_in(b, 0, extra);
    t->valid1 = t->valid0 + blocks;
    return tensor;
}

static int32_t plane_count(struct chain_builder *b)
{
    return chain_draw(b, GANTRY_CHAIN_PLANES, 3) ? 2 : 1;
}

/* Few channels, folded: the words of a pixel hold a row of the kernel. */
static int32_t folded(struct chain_builder *b, struct source *from)
{
    int32_t c = chain_in(b, 1, 7), kw = chain_in(b, 1, 7), stride = chain_in(b, 1, 2);
    int32_t w = chain_in(b, kw, kw + b->options.size_max), left = chain_in(b, 0, kw - 1);
    int32_t out_w = (w + left + chain_in(b, 0, kw - 1) - kw) / stride + 1;
    int32_t sy = (b->options.features & GANTRY_CHAIN_PLANES) ? stride : 1;
    from->row_bytes = w * c;
    from->step = stride * c;
    from->lead = left * c;
    return new_tensor(b, chain_in(b, 1, b->options.size_max), out_w, (kw * c + 15) / 16, sy, 1);
}

static int32_t plain(struct chain_builder *b, struct source *from)
{
    int32_t blocks = chain_in(b, 1, gantry_min_i32(3, b->options.blocks_max));
    int32_t h = chain_in(b, 1, b->options.size_max), w = chain_in(b, 1, b->options.size_max);
    int32_t channels =
        chain_one_in(b, 2) ? 16 * blocks : chain_in(b, 16 * blocks - 15, 16 * blocks);
    from->step = chain_one_in(b, 4) ? channels + chain_in(b, 0, 5) : channels;
    from->row_bytes = w * from->step;
    from->lead = 0;
    return new_tensor(b, h, w, blocks, plane_count(b), plane_count(b));
}

void chain_load(struct chain_builder *b)
{
    struct source from = {.buffer = GANTRY_BUFFER_INPUT};
    int32_t tensor = chain_draw(b, GANTRY_CHAIN_FOLD, 3) ? folded(b, &from) : plain(b, &from);
    if (tensor == CHAIN_NONE) return;
    const struct gantry_act_tensor *act = &b->chain->tensors[tensor].act;
    from.stride = (size_t)from.row_bytes + (chain_one_in(b, 3) ? (size_t)chain_in(b, 0, 20) : 0);
    from.offset = reserve(b, from.buffer, from.stride * (size_t)act->h, false);
    int32_t first = act->h > 1 && chain_one_in(b, 3) ? chain_in(b, 1, act->h - 1) : act->h;
    (void)load_rows(b, tensor, 0, first, &from);
    if (first < act->h) (void)load_rows(b, tensor, first, act->h - first, &from);
}

/* Brings a tensor that was stored to the arena back into other rows. */
static void load_back(struct chain_builder *b, int32_t stored, int32_t store, size_t offset,
                      size_t stride)
{
    struct gantry_chain_tensor t = b->chain->tensors[stored];
    int32_t words = t.valid1 - t.valid0;
    int32_t tensor = new_tensor(b, t.act.h, t.act.w, words, plane_count(b), plane_count(b));
    if (tensor == CHAIN_NONE) return;
    struct source from = {.buffer = GANTRY_BUFFER_ARENA,
                          .row_bytes = t.act.w * words * 16,
                          .step = words * 16,
                          .offset = offset,
                          .stride = stride};
    chain_edge(b, store, load_rows(b, tensor, 0, t.act.h, &from));
}

static int32_t store_rows(struct chain_builder *b, int32_t tensor, int32_t row0, int32_t rows,
                          int32_t buffer, size_t offset, size_t stride)
{
    const struct gantry_chain_tensor *t = &b->chain->tensors[tensor];
    int32_t insn = chain_append(b, GANTRY_INSN_STORE);
    chain_set(b, insn, GANTRY_STORE_BUFFER, buffer);
    chain_set(b, insn, GANTRY_STORE_OFFSET, (int64_t)(offset + (size_t)row0 * stride));
    chain_set(b, insn, GANTRY_STORE_ROW_STRIDE, (int64_t)stride);
    chain_set(b, insn, GANTRY_STORE_ROWS, rows);
    chain_set(b, insn, GANTRY_STORE_ROW0, row0);
    chain_set(b, insn, GANTRY_STORE_PIXELS, t->act.w);
    chain_set(b, insn, GANTRY_STORE_WORDS, t->valid1 - t->valid0);
    chain_set(b, insn, GANTRY_STORE_SY, t->act.sy - 1);
    chain_set(b, insn, GANTRY_STORE_SX, t->act.sx - 1);
    chain_set(b, insn, GANTRY_STORE_BASE, t->act.base);
    chain_set(b, insn, GANTRY_STORE_CB, t->act.cb);
    chain_set(b, insn, GANTRY_STORE_CB0, t->valid0);
    chain_set(b, insn, GANTRY_STORE_PITCH, t->act.pitch);
    chain_set(b, insn, GANTRY_STORE_PS, t->act.ps);
    chain_edges_of_reader(b, tensor, insn);
    (void)chain_op(b, GANTRY_CHAIN_STORE, insn, tensor, t->valid0);
    return insn;
}

void chain_store(struct chain_builder *b, int32_t tensor)
{
    const struct gantry_chain_tensor *t = &b->chain->tensors[tensor];
    int32_t buffer = GANTRY_BUFFER_OUTPUT, h = t->act.h;
    if (chain_draw(b, GANTRY_CHAIN_ARENA, 4)) buffer = GANTRY_BUFFER_ARENA;
    size_t stride = (size_t)(t->act.w * (t->valid1 - t->valid0)) * 16;
    if (chain_one_in(b, 3)) stride += 16 * (size_t)chain_in(b, 0, 3);
    size_t offset = reserve(b, buffer, stride * (size_t)h, true);
    int32_t first = h > 1 && chain_one_in(b, 3) ? chain_in(b, 1, h - 1) : h;
    int32_t store = store_rows(b, tensor, 0, first, buffer, offset, stride);
    if (first < h) store = store_rows(b, tensor, first, h - first, buffer, offset, stride);
    b->state[tensor].stored = true;
    if (buffer == GANTRY_BUFFER_ARENA && chain_one_in(b, 2))
        load_back(b, tensor, store, offset, stride);
}
