/* SPDX-License-Identifier: Apache-2.0
 * Classes of the layers of random chains. */
#include "chain_cover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HIT(kind, value) gantry_chain_cover_hit(cover, GANTRY_CHAIN_COVER_##kind, value)
#define GET(insn, name) ((int32_t)gantry_insn_get(insn, GANTRY_##name))

static const struct {
    const char *text;
    int32_t first, count;
    const char *labels;
} kinds[] = {
#define COVER(name, text, first, count, labels) {text, first, count, labels},
    GANTRY_CHAIN_COVERS(COVER)
#undef COVER
};

void gantry_chain_cover_hit(struct gantry_chain_cover *cover, enum gantry_chain_cover_kind kind,
                            int64_t value)
{
    int64_t at = value - kinds[kind].first;
    if (at >= 0 && at < kinds[kind].count) cover->count[kind][at]++;
}

static int32_t sign(int32_t value) { return value < 0 ? 0 : value > 0 ? 2 : 1; }

static int32_t end_of_range(int32_t value) { return value == -128 ? 0 : value == 127 ? 2 : 1; }

static int32_t planes(int32_t sy, int32_t sx) { return 2 * sy + sx; }

static void add_tail(struct gantry_chain_cover *cover, int32_t rows, int32_t tile, int32_t tiles)
{
    HIT(TILE, tile);
    HIT(TILE_TAIL, (rows - 1) % tile + 1);
    HIT(TILES, tiles > 2 ? 2 : tiles - 1);
}

/* What CONV and WINDOW have in common; fields of both stand in the same place. */
static void add_layer(struct gantry_chain_cover *cover, const struct gantry_insn *insn,
                      const struct gantry_chain_op *op, int32_t in_block)
{
    int32_t dep = GET(insn, CONV_DEP), lo = GET(insn, CONV_LO), hi = GET(insn, CONV_HI);
    cover->layers++;
    HIT(PAD_TOP, sign(op->pad_top));
    HIT(PAD_LEFT, sign(op->pad_left));
    HIT(BLOCKS, GET(insn, CONV_BLOCKS));
    HIT(DEP, dep);
    if (dep > 0) HIT(WAITS, GET(insn, CONV_WHOLE) ? 0 : 1);
    HIT(IN_BLOCK, in_block > 0);
    HIT(OUT_BLOCK, GET(insn, CONV_OUT_CB0) > 0);
    HIT(OUT_PLANES, planes(GET(insn, CONV_OUT_SY), GET(insn, CONV_OUT_SX)));
    HIT(ZERO, end_of_range(GET(insn, CONV_ZERO_POINT)));
    HIT(LO, end_of_range(lo));
    HIT(HI, end_of_range(hi));
    HIT(RANGE, lo == hi);
    HIT(PAD_BYTE, end_of_range((int8_t)GET(insn, CONV_PAD)));
    HIT(SUM, op->bias[0] < -(1 << 30) ? 0 : op->bias[0] > 1 << 30 ? 2 : 1);
    bool beyond = false;
    size_t weights = (size_t)(op->kh * op->kw * op->walk) * GANTRY_CHANNELS * GANTRY_CHANNELS;
    for (size_t i = 0; i < weights && !beyond; i++)
        beyond = op->weight[i] > 127 || op->weight[i] < -127;
    HIT(WEIGHT, beyond);
}

static void add_conv(struct gantry_chain_cover *cover, const struct gantry_chain *chain,
                     const struct gantry_insn *insn, const struct gantry_chain_op *op)
{
    bool diag = GET(insn, CONV_DIAG), max = GET(insn, CONV_MAX), tcb = GET(insn, CONV_TCB);
    bool pool = GET(insn, CONV_POOL), w2 = GET(insn, CONV_W2), res = GET(insn, CONV_RES);
    if (!diag && !max && !tcb && !pool && !w2 && !op->flat && !res) HIT(MODE, 0);
    const bool modes[] = {diag, max, tcb, pool, w2, op->flat, res};
    for (int32_t i = 0; i < 7; i++)
        if (modes[i]) HIT(MODE, i + 1);
    if (res && GET(insn, CONV_RES_BASE) == GET(insn, CONV_OUT_BASE) + GET(insn, CONV_OUT_CB0))
        HIT(MODE, 8);
    if (res) HIT(RES_PLANES, planes(GET(insn, CONV_RES_SY), GET(insn, CONV_RES_SX)));
    int32_t log2_m = GET(insn, CONV_LOG2_M), pixels = 2 * chain->params.g >> log2_m;
    HIT(M, log2_m);
    HIT(CONV_STRIDE, planes(GET(insn, CONV_IN_SY), GET(insn, CONV_IN_SX)));
    HIT(CONV_KH, GET(insn, CONV_KH));
    HIT(CONV_KW, GET(insn, CONV_KW));
    HIT(DILATION, GET(insn, CONV_DILATION));
    HIT(WALK, GET(insn, CONV_WALK_CB));
    if (!tcb) HIT(PIXEL_TAIL, (GET(insn, CONV_OUT_H) * GET(insn, CONV_IN_PITCH) - 1) % pixels + 1);
    add_tail(cover, GET(insn, CONV_ROWS), GET(insn, CONV_TILE), GET(insn, CONV_TILES));
    add_layer(cover, insn, op, op->in_block);
}

static void add_window(struct gantry_chain_cover *cover, const struct gantry_insn *insn,
                       const struct gantry_chain_op *op)
{
    bool tcb = GET(insn, WINDOW_TCB);
    int32_t passes = GET(insn, WINDOW_PASSES), half = passes / 2;
    HIT(WINDOW_MODE, tcb);
    if (GET(insn, WINDOW_POOL)) HIT(WINDOW_MODE, 2);
    HIT(WINDOW_STRIDE, planes(GET(insn, WINDOW_IN_SY), GET(insn, WINDOW_IN_SX)));
    if (!tcb) {
        bool twice = passes % 2 == 0;
        for (int32_t i = 0; i < passes; i++) {
            int32_t pass = (int32_t)gantry_insn_get(insn, gantry_pass_operand(i));
            HIT(PASS_ROWS, pass >> 14 & 3);
            if (i >= half)
                twice &= pass == (int32_t)gantry_insn_get(insn, gantry_pass_operand(i - half));
        }
        if (twice) HIT(WINDOW_MODE, 3);
        HIT(PASSES, passes);
        HIT(WINDOW_KH, op->kh);
        HIT(WINDOW_KW, op->kw);
    }
    add_tail(cover, tcb ? GET(insn, WINDOW_WALK_CB) : GET(insn, WINDOW_OUT_H),
             GET(insn, WINDOW_TILE), GET(insn, WINDOW_TILES));
    add_layer(cover, insn, op, op->in_block);
}

static void add_load(struct gantry_chain_cover *cover, const struct gantry_insn *insn)
{
    int32_t words = GET(insn, LOAD_WORDS), step = GET(insn, LOAD_STEP);
    bool folded = GET(insn, LOAD_LEAD) > 0 || step < GANTRY_CHANNELS * (words - 1) + 1;
    HIT(LOAD, folded);
    HIT(LOAD_BUFFER, GET(insn, LOAD_BUFFER));
    HIT(LOAD_ALIGN, gantry_insn_get(insn, GANTRY_LOAD_OFFSET) % GANTRY_CHANNELS);
    if (!folded) HIT(CHANNELS, step - GANTRY_CHANNELS * (words - 1));
    HIT(LOAD_PLANES, planes(GET(insn, LOAD_SY), GET(insn, LOAD_SX)));
}

static void add_op(struct gantry_chain_cover *cover, const struct gantry_chain *chain,
                   const struct gantry_chain_op *op)
{
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, chain->program + (size_t)op->insn * GANTRY_INSN_BYTES);
    switch (GET(&insn, COMMON_OPCODE)) {
    case GANTRY_INSN_CONV:
        add_conv(cover, chain, &insn, op);
        break;
    case GANTRY_INSN_WINDOW:
        add_window(cover, &insn, op);
        break;
    case GANTRY_INSN_LOAD:
        add_load(cover, &insn);
        break;
    case GANTRY_INSN_STORE:
        HIT(STORE_BUFFER, GET(&insn, STORE_BUFFER) == GANTRY_BUFFER_OUTPUT);
        HIT(STORE_PLANES, planes(GET(&insn, STORE_SY), GET(&insn, STORE_SX)));
        break;
    default:
        break;
    }
}

void gantry_chain_cover_add(struct gantry_chain_cover *cover, const struct gantry_chain *chain)
{
    cover->chains++;
    HIT(REPEAT, chain->repeat);
    HIT(SEM_INIT, chain->sem_init != 0);
    for (uint32_t i = 0; i < chain->insn_count; i++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, chain->program + (size_t)i * GANTRY_INSN_BYTES);
        HIT(OPCODE, GET(&insn, COMMON_OPCODE));
    }
    for (int32_t i = 0; i < chain->op_count; i++) add_op(cover, chain, &chain->ops[i]);
}

/* The nth word of a list. */
static void print_label(const char *labels, int32_t n)
{
    while (n-- > 0) labels += strcspn(labels, " ") + 1;
    printf(" %.*s", (int)strcspn(labels, " "), labels);
}

int gantry_chain_cover_print(const struct gantry_chain_cover *cover)
{
    int empty = 0;
    printf("%" PRIu64 " chains, %" PRIu64 " layers\n", cover->chains, cover->layers);
    for (int32_t kind = 0; kind < GANTRY_CHAIN_COVER_KINDS; kind++) {
        printf("%-28s", kinds[kind].text);
        for (int32_t i = 0; i < kinds[kind].count; i++) {
            if (kinds[kind].labels)
                print_label(kinds[kind].labels, i);
            else
                printf(" %d", kinds[kind].first + i);
            printf(":%" PRIu64, cover->count[kind][i]);
            empty += cover->count[kind][i] == 0;
        }
        printf("\n");
    }
    return empty;
}
