/* SPDX-License-Identifier: Apache-2.0
 * Weights and parameters of a chain's convolutions, in plain order and as lines of the stream. */
#include "chain_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t inputs_of(const struct gantry_chain_op *op) { return GANTRY_CHANNELS * op->walk; }

static int32_t outputs_of(const struct gantry_chain_op *op)
{
    return GANTRY_CHANNELS * (op->tcb ? 1 : op->blocks);
}

/* How the numbers of an op are drawn. */
struct style {
    bool full;     /* whole blocks where a diagonal would do */
    int32_t reach; /* not 0: accumulators as near to the ends of int32 as this sum of products */
};

static struct style draw_style(struct chain_builder *b, const struct gantry_chain_op *op,
                               int32_t parts)
{
    struct style style = {.full = chain_one_in(b, 4)};
    if (op->pool || op->max || !chain_draw(b, GANTRY_CHAIN_LIMITS, 8)) return style;
    bool sparse = (op->diag || op->tcb) && !style.full;
    style.reach = 127 * 128 * parts * op->walk * op->kh * op->kw * (sparse ? 1 : GANTRY_CHANNELS);
    return style;
}

/* One weight; identity where a pooling wants it. */
static int32_t draw_weight(struct chain_builder *b, const struct gantry_chain_op *op, int32_t o,
                           int32_t i, const struct style *style)
{
    bool diagonal = o % GANTRY_CHANNELS == i % GANTRY_CHANNELS;
    if (op->pool || (op->max && !style->full)) return diagonal;
    if ((op->diag || op->tcb) && !style->full && !diagonal) return 0;
    if (style->reach) return chain_one_in(b, 2) ? -127 : 127;
    return chain_in(b, -127, 127);
}

static void put_block(struct chain_builder *b, const struct gantry_chain_op *op, int32_t block,
                      int32_t cb, int32_t ky, int32_t kx, const struct style *style)
{
    uint8_t *lines[2];
    int32_t inputs = inputs_of(op);
    for (int32_t half = 0; half < 2; half++) {
        lines[half] = chain_line(b);
        for (int32_t at = 0; at < GANTRY_LINE_BYTES; at++) {
            int32_t o = GANTRY_CHANNELS * block + (half * GANTRY_LINE_BYTES + at) / 16, i = at % 16;
            int32_t value = draw_weight(b, op, o, i, style);
            lines[half][at] = (uint8_t)value;
            if (o >= outputs_of(op)) continue; /* a group reaches beyond the last block */
            op->weight[((o * op->kh + ky) * op->kw + kx) * inputs + GANTRY_CHANNELS * cb + i] +=
                (int16_t)value;
        }
    }
}

static float draw_scale(struct chain_builder *b, const struct gantry_chain_op *op,
                        const struct style *style)
{
    if (op->pool) return 1.0f / (4.0f * (float)(op->kh * op->kw));
    if (op->max && !style->full) return 1.0f;
    if (style->reach) return (float)ldexp(1.0 + chain_in(b, 0, 255) / 256.0, chain_in(b, -26, -24));
    bool sparse = (op->diag || op->tcb) && !style->full;
    double terms = (double)op->walk * op->kh * op->kw * (sparse ? 1 : 16);
    double spread = 5400.0 * sqrt(terms);
    double scale = 60.0 / spread *
                   ldexp(1.0 + chain_in(b, 0, 1 << 20) / (double)(1 << 20), chain_in(b, -2, 1));
    if (chain_one_in(b, 64)) scale = ldexp(scale, chain_in(b, -20, 20));
    return (float)scale;
}

static int32_t draw_bias(struct chain_builder *b, const struct gantry_chain_op *op,
                         const struct style *style)
{
    if (op->pool || (op->max && !style->full)) return 0;
    if (!style->reach) return chain_in(b, -20000, 20000);
    int32_t most = INT32_MAX - style->reach - chain_in(b, 0, 3);
    return chain_one_in(b, 2) ? most : -most;
}

static void put_parameters(struct chain_builder *b, const struct gantry_chain_op *op, int32_t block,
                           const struct style *style)
{
    uint8_t *line = chain_line(b);
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++) {
        int32_t o = GANTRY_CHANNELS * block + c;
        int32_t bias = draw_bias(b, op, style);
        float scale = draw_scale(b, op, style);
        gantry_store_u32(line + 4 * (GANTRY_PARAM_WORD_BIAS + c), (uint32_t)bias);
        gantry_store_u32(line + 4 * (GANTRY_PARAM_WORD_SCALE + c), gantry_lane_scale(scale));
        if (o >= outputs_of(op)) continue;
        op->bias[o] = bias;
        op->scale[o] = scale;
    }
}

static void draw_rule_x(struct chain_builder *b, struct gantry_chain_rule_x *rule)
{
    *rule = (struct gantry_chain_rule_x){
        .shift = chain_in(b, 13, 24),
        .zero1 = chain_in(b, -20, 20),
        .zero2 = chain_in(b, -20, 20),
        .zero_out = chain_in(b, -20, 20),
        .lo = chain_one_in(b, 3) ? chain_in(b, -128, 0) : -128,
        .hi = chain_one_in(b, 3) ? chain_in(b, 1, 127) : 127,
    };
    int32_t most = gantry_min_i32(1 << rule->shift, 1 << 21);
    rule->k1 = chain_in(b, most / 8, most);
    rule->k2 = chain_in(b, most / 8, most) * (chain_one_in(b, 8) ? -1 : 1);
}

static void put_rule_x(struct chain_builder *b, const struct gantry_chain_rule_x *rule)
{
    struct gantry_lane_res res;
    gantry_lane_res_pack(&res, rule->k1, rule->k2, rule->shift, rule->zero1, rule->zero2,
                         rule->zero_out, rule->lo, rule->hi);
    gantry_lane_res_to_line(&res, chain_line(b));
}

void chain_weights(struct chain_builder *b, struct gantry_chain_op *op, int32_t m, bool w2)
{
    size_t outputs = (size_t)outputs_of(op), taps = (size_t)(op->kh * op->kw);
    op->weight = calloc(outputs * taps * (size_t)inputs_of(op), sizeof *op->weight);
    op->bias = calloc(outputs, sizeof *op->bias);
    op->scale = calloc(outputs, sizeof *op->scale);
    gantry_assert(op->weight && op->bias && op->scale);
    if (op->residual != CHAIN_NONE) draw_rule_x(b, &op->rule_x);
    struct style style = draw_style(b, op, w2 ? 2 : 1);
    int32_t groups = op->tcb ? 1 : gantry_div_up(op->blocks, m);
    for (int32_t og = 0; og < groups; og++) {
        if (op->residual != CHAIN_NONE) put_rule_x(b, &op->rule_x);
        for (int32_t j = 0; j < m; j++) put_parameters(b, op, og * m + j, &style);
        for (int32_t cb = 0; cb < op->walk; cb++)
            for (int32_t tap = 0; tap < op->kh * op->kw; tap++)
                for (int32_t block = 0; block < (w2 ? 2 * m : m); block++)
                    put_block(b, op, og * m + block % m, cb, tap / op->kw, tap % op->kw, &style);
    }
}

/* A block of WINDOW; with tcb the taps follow each other over the rows of the map. */
static void put_pass(struct chain_builder *b, const struct gantry_chain_op *op, int32_t block,
                     const struct chain_pass *p, const struct style *style)
{
    uint8_t bytes[GANTRY_BLOCK_BYTES] = {0};
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
        for (int32_t r = 0; r < p->pass.rows; r++)
            for (int32_t k = 0; k < p->columns; k++) {
                int32_t o = GANTRY_CHANNELS * block + c;
                int32_t tap = (p->ky + r * op->stride_y) * op->kw + p->kx + k * op->stride_x;
                int32_t value = draw_weight(b, op, o, c, style);
                bytes[gantry_window_slot(p->pass.rows, c, r, k)] = (uint8_t)value;
                op->weight[(o * op->kh * op->kw + tap) * GANTRY_CHANNELS + c] += (int16_t)value;
            }
    memcpy(chain_line(b), bytes, GANTRY_LINE_BYTES);
    memcpy(chain_line(b), bytes + GANTRY_LINE_BYTES, GANTRY_LINE_BYTES);
}

void chain_window_weights(struct chain_builder *b, struct gantry_chain_op *op,
                          const struct chain_pass *passes, int32_t count)
{
    size_t outputs = (size_t)outputs_of(op), taps = (size_t)(op->kh * op->kw);
    op->weight = calloc(outputs * taps * GANTRY_CHANNELS, sizeof *op->weight);
    op->bias = calloc(outputs, sizeof *op->bias);
    op->scale = calloc(outputs, sizeof *op->scale);
    gantry_assert(op->weight && op->bias && op->scale);
    struct style style = draw_style(b, op, 2);
    style.full = false; /* there are no other weights */
    for (int32_t block = 0; block < (op->tcb ? 1 : op->blocks); block++) {
        put_parameters(b, op, block, &style);
        for (int32_t i = 0; i < count; i++) put_pass(b, op, block, &passes[i], &style);
    }
}
