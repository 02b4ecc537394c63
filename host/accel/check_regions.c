/* SPDX-License-Identifier: Apache-2.0
 * What instructions touch: words of the activation RAM, bytes of memory. */
#include "accel/check.h"

/* Rows y0..y1 - 1 of a tensor, of the row and column parities in the masks. */
struct window {
    int32_t y0, y1;
    uint32_t parity_y, parity_x;
};

/* Adds a range of pixels in block0..block1 - 1. The tensor starts at any row; pieces are relative
 * to multiples of cb, so that slices of one tensor compare whatever their base is. */
static void add_pixels(struct gantry_check_access *access, const struct gantry_act_tensor *t,
                       int32_t npx, int32_t block0, int32_t block1, int64_t q0, int64_t q1)
{
    int64_t shift = (int64_t)(t->base / t->cb) * npx;
    int32_t rest = t->base % t->cb, split = t->cb - rest;
    if (block0 < split)
        access->piece[access->piece_count++] = (struct gantry_check_piece){
            rest + block0, rest + gantry_min_i32(block1, split), q0 + shift, q1 + shift};
    if (block1 > split)
        access->piece[access->piece_count++] =
            (struct gantry_check_piece){gantry_max_i32(block0, split) - split, block1 - split,
                                        q0 + shift + npx, q1 + shift + npx};
    int64_t row0 = t->base + q0 / npx * t->cb + block0;
    int64_t row1 = t->base + q1 / npx * t->cb + block1 - 1;
    if (row0 < access->row0) access->row0 = row0;
    if (row1 > access->row1) access->row1 = row1;
}

static void add_tensor(struct gantry_check_access *access, const struct gantry_act_tensor *t,
                       int32_t npx, int32_t block0, int32_t block1, const struct window *window)
{
    access->space = GANTRY_CHECK_ACT;
    access->cb = t->cb;
    access->piece_count = 0;
    access->row0 = INT64_MAX;
    access->row1 = -1;
    for (int32_t py = 0; py < t->sy; py++)
        for (int32_t px = 0; px < t->sx; px++) {
            if (!(window->parity_y >> py & 1) || !(window->parity_x >> px & 1) || px >= t->w)
                continue;
            /* First and last row of the window with this parity. */
            int32_t first = window->y0 + (window->y0 % t->sy != py);
            int32_t last = window->y1 - 1 - ((window->y1 - 1) % t->sy != py);
            if (first > last) continue;
            int64_t q0 = gantry_act_pixel(t, first, px);
            int64_t q1 = gantry_act_pixel(t, last, px) + (t->w - 1 - px) / t->sx;
            add_pixels(access, t, npx, block0, block1, q0, q1);
        }
}

static const struct window all_parities = {0, 0, 3, 3};

/* Parities that kernel taps have along one axis. */
static uint32_t parities(int32_t taps, int32_t dilation, int32_t pad, int32_t stride)
{
    uint32_t mask = 0;
    for (int32_t k = 0; k < taps; k++) mask |= 1u << ((k * dilation - pad) & (stride - 1));
    return mask;
}

/* Rows and parities that the passes of WINDOW reach. */
static struct window window_reach(const struct gantry_conv *c)
{
    if (c->tcb) return (struct window){0, 1, 1, 1};
    struct window window = {.y0 = c->in.h};
    for (int32_t i = 0; i < c->passes; i++) {
        const struct gantry_pass *pass = &c->pass[i];
        int32_t first = pass->a0 * c->in.sy + pass->py;
        int32_t last = (pass->a0 + c->out.h - 1 + pass->rows - 1) * c->in.sy + pass->py;
        window.y0 = gantry_min_i32(window.y0, gantry_max_i32(first, 0));
        window.y1 = gantry_max_i32(window.y1, gantry_min_i32(last + 1, c->in.h));
        window.parity_y |= 1u << pass->py;
        window.parity_x |= 1u << pass->px;
    }
    return window;
}

static void conv_input(struct gantry_check_access *out, const struct gantry_conv *c, int32_t npx)
{
    int32_t last = (c->out.h - 1) * c->in.sy + (c->kh - 1) * c->dilation - c->pad_top;
    struct window window = {
        .y0 = gantry_min_i32(gantry_max_i32(-c->pad_top, 0), c->in.h),
        .y1 = gantry_max_i32(gantry_min_i32(last + 1, c->in.h), 0),
        .parity_y = parities(c->kh, c->dilation, c->pad_top, c->in.sy),
        .parity_x = parities(c->kw, c->dilation, c->pad_left, c->in.sx),
    };
    if (c->window) window = window_reach(c);
    int32_t blocks = c->diag ? c->groups : c->tcb ? c->blocks : c->walk_cb;
    out->begin = GANTRY_MOMENT_START;
    out->end = GANTRY_MOMENT_READ;
    out->write = false;
    add_tensor(out, &c->in, npx, 0, blocks, &window);
}

static void conv_back(struct gantry_check_access *out, const struct gantry_conv *c, int32_t npx,
                      bool write)
{
    const struct gantry_act_tensor *t = write ? &c->out : &c->residual;
    struct window window = all_parities;
    window.y1 = t->h;
    int32_t block0 = write ? c->out_cb0 : 0;
    out->begin = GANTRY_MOMENT_BACK;
    out->end = GANTRY_MOMENT_END;
    out->write = write;
    add_tensor(out, t, npx, block0, block0 + c->blocks, &window);
}

static void move_accesses(const struct gantry_check *check, const struct gantry_check_insn *at,
                          struct gantry_check_access out[2])
{
    struct gantry_move m;
    gantry_move_decode(&m, &at->insn);
    bool load = at->queue == GANTRY_UNIT_LOAD;
    struct window window = all_parities;
    window.y0 = m.row0;
    window.y1 = m.row0 + m.rows;
    add_tensor(&out[0], &m.tensor, check->npx, m.cb0, m.cb0 + m.words, &window);
    out[1].space = m.buffer;
    out[1].offset = m.offset + (int64_t)at->run * check->memory->run_stride[m.buffer];
    out[1].stride = m.row_stride;
    out[1].rows = m.rows;
    out[1].row_bytes = m.row_bytes;
    for (int32_t i = 0; i < 2; i++) {
        out[i].write = load == (i == 0);
        out[i].begin = GANTRY_MOMENT_START;
        out[i].end = GANTRY_MOMENT_END;
    }
}

int32_t gantry_check_list(const struct gantry_check *check, int32_t insn,
                          struct gantry_check_access *out)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    for (int32_t i = 0; i < GANTRY_CHECK_ACCESSES; i++)
        out[i] = (struct gantry_check_access){.insn = insn};
    if (at->queue == GANTRY_UNIT_LOAD || at->queue == GANTRY_UNIT_STORE) {
        move_accesses(check, at, out);
        return 2;
    }
    if (at->opcode != GANTRY_INSN_CONV && at->opcode != GANTRY_INSN_WINDOW) return 0;
    struct gantry_conv conv;
    gantry_conv_decode(&conv, &at->insn, check->npx);
    conv_input(&out[0], &conv, check->npx);
    conv_back(&out[1], &conv, check->npx, true);
    if (!conv.res) return 2;
    conv_back(&out[2], &conv, check->npx, false);
    return 3;
}

static bool pieces_meet(const struct gantry_check_access *a, const struct gantry_check_access *b)
{
    for (int32_t i = 0; i < a->piece_count; i++)
        for (int32_t j = 0; j < b->piece_count; j++) {
            const struct gantry_check_piece *p = &a->piece[i], *r = &b->piece[j];
            if (p->block0 < r->block1 && r->block0 < p->block1 && p->q0 <= r->q1 && r->q0 <= p->q1)
                return true;
        }
    return false;
}

/* Columns of two sets of rows with one stride, when neither wraps; else they may meet. */
static bool columns_meet(const struct gantry_check_access *a, const struct gantry_check_access *b)
{
    if (a->stride != b->stride || a->stride == 0) return true;
    int64_t a0 = a->offset % a->stride, b0 = b->offset % b->stride;
    if (a0 + a->row_bytes > a->stride || b0 + b->row_bytes > b->stride) return true;
    return a0 < b0 + b->row_bytes && b0 < a0 + a->row_bytes;
}

bool gantry_check_overlap(const struct gantry_check_access *a, const struct gantry_check_access *b)
{
    if (a->space != b->space) return false;
    if (a->space == GANTRY_CHECK_ACT) {
        if (a->row0 > b->row1 || b->row0 > a->row1) return false;
        return a->cb != b->cb || pieces_meet(a, b);
    }
    int64_t a_end = a->offset + (a->rows - 1) * a->stride + a->row_bytes;
    int64_t b_end = b->offset + (b->rows - 1) * b->stride + b->row_bytes;
    return a->offset < b_end && b->offset < a_end && columns_meet(a, b);
}

bool gantry_check_same_place(const struct gantry_check_access *a,
                             const struct gantry_check_access *b)
{
    if (a->cb != b->cb || a->piece_count != b->piece_count) return false;
    for (int32_t i = 0; i < a->piece_count; i++) {
        const struct gantry_check_piece *p = &a->piece[i], *r = &b->piece[i];
        if (p->block0 != r->block0 || p->block1 != r->block1) return false;
        if (p->q0 != r->q0 || p->q1 != r->q1) return false;
    }
    return true;
}
