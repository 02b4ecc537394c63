/* SPDX-License-Identifier: Apache-2.0
 * Legality of one instruction, before anything of it runs. */
#include "accel/order.h"

enum gantry_unit gantry_insn_queue(uint32_t opcode)
{
    switch (opcode) {
    case GANTRY_INSN_CONV:
    case GANTRY_INSN_WINDOW:
    case GANTRY_INSN_SYNC:
        return GANTRY_UNIT_COMPUTE;
    case GANTRY_INSN_LOAD:
        return GANTRY_UNIT_LOAD;
    case GANTRY_INSN_STORE:
        return GANTRY_UNIT_STORE;
    default:
        return GANTRY_UNIT_FETCH;
    }
}

/* First operand of a list that is zero, or GANTRY_OPERAND_COUNT. */
static enum gantry_operand first_zero(const struct gantry_insn *insn,
                                      const enum gantry_operand *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (gantry_insn_get(insn, list[i]) == 0) return list[i];
    return GANTRY_OPERAND_COUNT;
}

/* Modes that exclude each other: a diagonal has one block, TCB walks blocks of one pixel. */
static enum gantry_operand conv_modes(const struct gantry_insn *insn)
{
    bool diag = gantry_insn_get(insn, GANTRY_CONV_DIAG) != 0;
    bool tcb = gantry_insn_get(insn, GANTRY_CONV_TCB) != 0;
    if (!diag && !tcb) return GANTRY_OPERAND_COUNT;
    if (diag && tcb) return GANTRY_CONV_TCB;
    if (gantry_insn_get(insn, GANTRY_CONV_LOG2_M) != 0) return GANTRY_CONV_LOG2_M;
    if (gantry_insn_get(insn, GANTRY_CONV_WALK_CB) != 1) return GANTRY_CONV_WALK_CB;
    if (!tcb) return GANTRY_OPERAND_COUNT;
    if (gantry_insn_get(insn, GANTRY_CONV_GROUPS) != 1) return GANTRY_CONV_GROUPS;
    if (gantry_insn_get(insn, GANTRY_CONV_OUT_H) != 1) return GANTRY_CONV_OUT_H;
    if (gantry_insn_get(insn, GANTRY_CONV_OUT_W) != 1) return GANTRY_CONV_OUT_W;
    return GANTRY_OPERAND_COUNT;
}

/* Values that the writer derives from others, for the hardware not to divide. */
static enum gantry_operand conv_derived(const struct gantry_array_params *params,
                                        const struct gantry_insn *insn)
{
    int64_t pitch = gantry_insn_get(insn, GANTRY_CONV_IN_PITCH);
    int64_t p = 2 * params->g >> gantry_insn_get(insn, GANTRY_CONV_LOG2_M);
    if (!gantry_insn_get(insn, GANTRY_CONV_TCB)) {
        if (gantry_insn_get(insn, GANTRY_CONV_STEP_Y) != p / pitch) return GANTRY_CONV_STEP_Y;
        if (gantry_insn_get(insn, GANTRY_CONV_STEP_X) != p % pitch) return GANTRY_CONV_STEP_X;
    }
    int64_t rows = gantry_insn_get(insn, GANTRY_CONV_ROWS);
    int64_t tile = gantry_insn_get(insn, GANTRY_CONV_TILE);
    int64_t tiles = gantry_insn_get(insn, GANTRY_CONV_TILES);
    if (tiles != (rows + tile - 1) / tile) return GANTRY_CONV_TILES;
    if (tiles > 1 && gantry_conv_group_lines(insn) > params->ring_lines) return GANTRY_CONV_TILES;
    return GANTRY_OPERAND_COUNT;
}

static enum gantry_operand conv_range(const struct gantry_array_params *params,
                                      const struct gantry_insn *insn)
{
    static const enum gantry_operand nonzero[] = {
        GANTRY_CONV_IN_PITCH, GANTRY_CONV_IN_H,      GANTRY_CONV_IN_W, GANTRY_CONV_OUT_H,
        GANTRY_CONV_OUT_W,    GANTRY_CONV_OUT_PITCH, GANTRY_CONV_ROWS};
    int64_t log2_m = gantry_insn_get(insn, GANTRY_CONV_LOG2_M);
    if (log2_m > 2 || INT64_C(1) << log2_m > params->g) return GANTRY_CONV_LOG2_M;
    enum gantry_operand bad = first_zero(insn, nonzero, GANTRY_COUNT(nonzero));
    if (bad == GANTRY_OPERAND_COUNT) bad = conv_modes(insn);
    if (bad == GANTRY_OPERAND_COUNT) bad = conv_derived(params, insn);
    return bad;
}

/* Passes: rows to add, planes that exist; operands that are not used are 0. */
static enum gantry_operand window_passes(const struct gantry_insn *insn, bool tcb)
{
    int64_t passes = gantry_insn_get(insn, GANTRY_WINDOW_PASSES);
    if (!tcb && passes > GANTRY_PASSES_MAX) return GANTRY_WINDOW_PASSES;
    int64_t sy = gantry_insn_get(insn, GANTRY_WINDOW_IN_SY);
    int64_t sx = gantry_insn_get(insn, GANTRY_WINDOW_IN_SX);
    for (int32_t i = 0; i < GANTRY_PASSES_MAX; i++) {
        enum gantry_operand operand = gantry_pass_operand(i);
        int32_t value = (int32_t)gantry_insn_get(insn, operand);
        struct gantry_pass pass;
        gantry_pass_unpack(&pass, value);
        bool used = !tcb && i < passes;
        if (used ? pass.rows == 0 || pass.py > sy || pass.px > sx : value != 0) return operand;
    }
    return GANTRY_OPERAND_COUNT;
}

/* With TCB: one row of pixels in, one pixel out. */
static enum gantry_operand window_tcb(const struct gantry_insn *insn)
{
    static const enum gantry_operand ones[] = {GANTRY_WINDOW_IN_H, GANTRY_WINDOW_OUT_H,
                                               GANTRY_WINDOW_OUT_W, GANTRY_WINDOW_GROUPS};
    static const enum gantry_operand zeros[] = {GANTRY_WINDOW_IN_SY, GANTRY_WINDOW_IN_SX};
    for (size_t i = 0; i < GANTRY_COUNT(ones); i++)
        if (gantry_insn_get(insn, ones[i]) != 1) return ones[i];
    for (size_t i = 0; i < GANTRY_COUNT(zeros); i++)
        if (gantry_insn_get(insn, zeros[i]) != 0) return zeros[i];
    return GANTRY_OPERAND_COUNT;
}

static enum gantry_operand window_range(const struct gantry_array_params *params,
                                        const struct gantry_insn *insn)
{
    static const enum gantry_operand nonzero[] = {GANTRY_WINDOW_IN_PITCH, GANTRY_WINDOW_IN_H,
                                                  GANTRY_WINDOW_IN_W,     GANTRY_WINDOW_OUT_H,
                                                  GANTRY_WINDOW_OUT_W,    GANTRY_WINDOW_OUT_PITCH};
    bool tcb = gantry_insn_get(insn, GANTRY_WINDOW_TCB) != 0;
    enum gantry_operand bad = first_zero(insn, nonzero, GANTRY_COUNT(nonzero));
    if (bad == GANTRY_OPERAND_COUNT && tcb) bad = window_tcb(insn);
    if (bad == GANTRY_OPERAND_COUNT) bad = window_passes(insn, tcb);
    if (bad != GANTRY_OPERAND_COUNT) return bad;
    int64_t walk = gantry_insn_get(insn, GANTRY_WINDOW_WALK_CB);
    int64_t tile = gantry_insn_get(insn, GANTRY_WINDOW_TILE);
    int64_t strips = (gantry_insn_get(insn, GANTRY_WINDOW_OUT_W) + params->g - 1) / params->g;
    int64_t segments = (gantry_insn_get(insn, GANTRY_WINDOW_OUT_H) + tile - 1) / tile;
    int64_t tiles = tcb ? (walk + tile - 1) / tile : strips * segments;
    if (!tcb && walk != 1) return GANTRY_WINDOW_WALK_CB;
    if (gantry_insn_get(insn, GANTRY_WINDOW_TILES) != tiles) return GANTRY_WINDOW_TILES;
    if (tiles > 1 && gantry_conv_group_lines(insn) > params->ring_lines) return GANTRY_WINDOW_TILES;
    return GANTRY_OPERAND_COUNT;
}

static enum gantry_operand load_range(const struct gantry_insn *insn)
{
    static const enum gantry_operand nonzero[] = {GANTRY_LOAD_ROWS, GANTRY_LOAD_ROW_BYTES,
                                                  GANTRY_LOAD_PIXELS, GANTRY_LOAD_PITCH};
    if (gantry_insn_get(insn, GANTRY_LOAD_BUFFER) > GANTRY_BUFFER_OUTPUT) return GANTRY_LOAD_BUFFER;
    return first_zero(insn, nonzero, GANTRY_COUNT(nonzero));
}

static enum gantry_operand store_range(const struct gantry_insn *insn)
{
    static const enum gantry_operand nonzero[] = {GANTRY_STORE_ROWS, GANTRY_STORE_PIXELS,
                                                  GANTRY_STORE_PITCH};
    if (gantry_insn_get(insn, GANTRY_STORE_BUFFER) > GANTRY_BUFFER_OUTPUT)
        return GANTRY_STORE_BUFFER;
    if (gantry_insn_get(insn, GANTRY_STORE_OFFSET) % GANTRY_AXI_BYTES) return GANTRY_STORE_OFFSET;
    if (gantry_insn_get(insn, GANTRY_STORE_ROW_STRIDE) % GANTRY_AXI_BYTES)
        return GANTRY_STORE_ROW_STRIDE;
    return first_zero(insn, nonzero, GANTRY_COUNT(nonzero));
}

enum gantry_cause gantry_insn_legal(const struct gantry_array_params *params,
                                    const struct gantry_insn *insn, enum gantry_operand *field_out)
{
    uint32_t opcode = (uint32_t)gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
    *field_out = GANTRY_COMMON_OPCODE;
    if (!gantry_insn_name(opcode)) return GANTRY_CAUSE_BAD_OPCODE;
    bool window = params->window && params->g > 1;
    if (opcode == GANTRY_INSN_WINDOW && !window) return GANTRY_CAUSE_FIELD_RANGE;
    *field_out = GANTRY_OPERAND_COUNT;
    if (!gantry_insn_reserved_clear(insn)) return GANTRY_CAUSE_RESERVED_BITS;
    if (opcode == GANTRY_INSN_CONV) *field_out = conv_range(params, insn);
    if (opcode == GANTRY_INSN_WINDOW) *field_out = window_range(params, insn);
    if (opcode == GANTRY_INSN_LOAD) *field_out = load_range(insn);
    if (opcode == GANTRY_INSN_STORE) *field_out = store_range(insn);
    return *field_out == GANTRY_OPERAND_COUNT ? GANTRY_CAUSE_NONE : GANTRY_CAUSE_FIELD_RANGE;
}
