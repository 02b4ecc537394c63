/* SPDX-License-Identifier: Apache-2.0
 * Chains in plain order. */
#include "plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Dense [h][w][channels]; channels in whole blocks. */
struct plain_tensor {
    int32_t h, w, channels;
    int8_t *data;
};

static int8_t *at(const struct plain_tensor *t, int32_t y, int32_t x, int32_t c)
{
    return &t->data[((int64_t)y * t->w + x) * t->channels + c];
}

static int8_t clamp(int64_t value, int32_t lo, int32_t hi)
{
    return (int8_t)(value < lo ? lo : value > hi ? hi : value);
}

static int8_t rule_f(int32_t acc, float scale, const struct gantry_chain_op *op)
{
    volatile float rounded = (float)acc, product = rounded * scale;
    double y = nearbyint((double)product);
    return clamp((int64_t)fmax(fmin(y, 1000), -1000) + op->zero, op->lo, op->hi);
}

static int8_t rule_p(int32_t sum, const struct gantry_chain_op *op)
{
    int32_t n = op->kh * op->kw;
    return clamp((sum > 0 ? sum + n / 2 : sum - n / 2) / n, op->lo, op->hi);
}

static int8_t rule_x(int32_t x1, int32_t x2, const struct gantry_chain_rule_x *r)
{
    int64_t sum = (int64_t)r->k1 * (x1 - r->zero1) + (int64_t)r->k2 * (x2 - r->zero2);
    return clamp(((sum + (INT64_C(1) << (r->shift - 1))) >> r->shift) + r->zero_out, r->lo, r->hi);
}

/* Sum or maximum of one output channel over taps and input blocks. */
static int32_t accumulate(const struct gantry_chain_op *op, const struct plain_tensor *in,
                          int32_t y, int32_t x, int32_t o)
{
    int32_t inputs = 16 * op->walk, own = op->diag || op->tcb ? o / 16 : 0, acc = 0;
    const int16_t *w = op->weight + (int64_t)(op->tcb ? o % 16 : o) * op->kh * op->kw * inputs;
    for (int32_t cb = 0; cb < op->walk; cb++)
        for (int32_t ky = 0; ky < op->kh; ky++)
            for (int32_t kx = 0; kx < op->kw; kx++) {
                int32_t iy = y * op->stride_y + ky * op->dilation - op->pad_top;
                int32_t ix = x * op->stride_x + kx * op->dilation - op->pad_left;
                bool inside = iy >= 0 && iy < in->h && ix >= 0 && ix < in->w;
                int32_t sum = 0;
                for (int32_t i = 0; i < 16; i++) {
                    int32_t c = 16 * (op->in_block + own + cb) + i;
                    int32_t value = inside ? *at(in, iy, ix, c) : op->pad;
                    sum += value * w[(ky * op->kw + kx) * inputs + 16 * cb + i];
                }
                bool first = cb == 0 && ky == 0 && kx == 0;
                acc = first ? sum : !op->max ? acc + sum : sum > acc ? sum : acc;
            }
    return acc;
}

static void conv(const struct gantry_chain_op *op, struct plain_tensor *tensors)
{
    const struct plain_tensor *in = &tensors[op->in], *out = &tensors[op->tensor];
    for (int32_t y = 0; y < op->out_h; y++)
        for (int32_t x = 0; x < op->out_w; x++)
            for (int32_t o = 0; o < 16 * op->blocks; o++) {
                int32_t acc = accumulate(op, in, y, x, o), p = op->tcb ? o % 16 : o;
                int8_t value =
                    op->pool ? rule_p(acc, op) : rule_f(acc + op->bias[p], op->scale[p], op);
                if (op->residual >= 0) {
                    const struct plain_tensor *res = &tensors[op->residual];
                    value = rule_x(value, *at(res, y, x, 16 * op->residual_block + o), &op->rule_x);
                }
                *at(out, y, x, 16 * op->block + o) = value;
            }
}

static void load(const struct gantry_insn *insn, const struct plain_tensor *t, uint32_t run,
                 const uint32_t *stride, uint8_t *const buffers[3])
{
    int64_t buffer = gantry_insn_get(insn, GANTRY_LOAD_BUFFER);
    int64_t rows = gantry_insn_get(insn, GANTRY_LOAD_ROWS);
    int64_t row0 = gantry_insn_get(insn, GANTRY_LOAD_ROW0);
    int64_t bytes = gantry_insn_get(insn, GANTRY_LOAD_ROW_BYTES);
    int64_t first = 16 * gantry_insn_get(insn, GANTRY_LOAD_CB0);
    const uint8_t *from = buffers[buffer] + gantry_insn_get(insn, GANTRY_LOAD_OFFSET);
    from += (size_t)run * stride[buffer];
    for (int64_t r = 0; r < rows; r++, from += gantry_insn_get(insn, GANTRY_LOAD_ROW_STRIDE))
        for (int32_t x = 0; x < t->w; x++)
            for (int64_t c = 0; c < 16 * gantry_insn_get(insn, GANTRY_LOAD_WORDS); c++) {
                int64_t byte = x * gantry_insn_get(insn, GANTRY_LOAD_STEP) -
                               gantry_insn_get(insn, GANTRY_LOAD_LEAD) + c;
                bool inside = byte >= 0 && byte < bytes;
                *at(t, (int32_t)(row0 + r), x, (int32_t)(first + c)) =
                    (int8_t)(inside ? from[byte] : gantry_insn_get(insn, GANTRY_LOAD_PAD));
            }
}

static void store(const struct gantry_insn *insn, const struct plain_tensor *t, uint32_t run,
                  const uint32_t *stride, uint8_t *const buffers[3])
{
    int64_t buffer = gantry_insn_get(insn, GANTRY_STORE_BUFFER);
    int64_t row0 = gantry_insn_get(insn, GANTRY_STORE_ROW0);
    int64_t rows = gantry_insn_get(insn, GANTRY_STORE_ROWS);
    int64_t bytes = 16 * gantry_insn_get(insn, GANTRY_STORE_WORDS);
    int64_t first = 16 * gantry_insn_get(insn, GANTRY_STORE_CB0);
    uint8_t *to = buffers[buffer] + gantry_insn_get(insn, GANTRY_STORE_OFFSET);
    to += (size_t)run * stride[buffer];
    for (int64_t r = 0; r < rows; r++, to += gantry_insn_get(insn, GANTRY_STORE_ROW_STRIDE))
        for (int32_t x = 0; x < t->w; x++)
            memcpy(to + x * bytes, at(t, (int32_t)(row0 + r), x, (int32_t)first), (size_t)bytes);
}

void plain_run(const struct gantry_chain *chain, uint32_t run, uint8_t *const buffers[3])
{
    struct plain_tensor tensors[GANTRY_CHAIN_TENSORS] = {{0}};
    for (int32_t i = 0; i < chain->tensor_count; i++) {
        const struct gantry_act_tensor *act = &chain->tensors[i].act;
        tensors[i] = (struct plain_tensor){act->h, act->w, 16 * act->cb, NULL};
        tensors[i].data = calloc((size_t)act->h * (size_t)act->w, (size_t)tensors[i].channels);
    }
    for (int32_t i = 0; i < chain->op_count; i++) {
        const struct gantry_chain_op *op = &chain->ops[i];
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, chain->program + (size_t)op->insn * GANTRY_INSN_BYTES);
        if (op->kind == GANTRY_CHAIN_LOAD)
            load(&insn, &tensors[op->tensor], run, chain->run_stride, buffers);
        else if (op->kind == GANTRY_CHAIN_STORE)
            store(&insn, &tensors[op->tensor], run, chain->run_stride, buffers);
        else
            conv(op, tensors);
    }
    for (int32_t i = 0; i < chain->tensor_count; i++) free(tensors[i].data);
}
