/* SPDX-License-Identifier: Apache-2.0
 * From the fields of an instruction to its struct. */
#include "accel/decode.h"

static int32_t get(const struct gantry_insn *insn, enum gantry_operand operand)
{
    return (int32_t)gantry_insn_get(insn, operand);
}

static struct gantry_act_tensor conv_input(const struct gantry_insn *insn)
{
    return (struct gantry_act_tensor){
        .base = get(insn, GANTRY_CONV_IN_BASE),
        .cb = get(insn, GANTRY_CONV_IN_CB),
        .pitch = get(insn, GANTRY_CONV_IN_PITCH),
        .ps = get(insn, GANTRY_CONV_IN_PS),
        .sy = 1 + get(insn, GANTRY_CONV_IN_SY),
        .sx = 1 + get(insn, GANTRY_CONV_IN_SX),
        .h = get(insn, GANTRY_CONV_IN_H),
        .w = get(insn, GANTRY_CONV_IN_W),
    };
}

static struct gantry_act_tensor conv_output(const struct gantry_insn *insn)
{
    return (struct gantry_act_tensor){
        .base = get(insn, GANTRY_CONV_OUT_BASE),
        .cb = get(insn, GANTRY_CONV_OUT_CB),
        .pitch = get(insn, GANTRY_CONV_OUT_PITCH),
        .ps = get(insn, GANTRY_CONV_OUT_PS),
        .sy = 1 + get(insn, GANTRY_CONV_OUT_SY),
        .sx = 1 + get(insn, GANTRY_CONV_OUT_SX),
        .h = get(insn, GANTRY_CONV_OUT_H),
        .w = get(insn, GANTRY_CONV_OUT_W),
    };
}

static struct gantry_act_tensor conv_residual(const struct gantry_insn *insn)
{
    return (struct gantry_act_tensor){
        .base = get(insn, GANTRY_CONV_RES_BASE),
        .cb = get(insn, GANTRY_CONV_RES_CB) + 1, /* stored less 1, 0 without RES */
        .pitch = get(insn, GANTRY_CONV_RES_PITCH),
        .ps = get(insn, GANTRY_CONV_RES_PS),
        .sy = 1 + get(insn, GANTRY_CONV_RES_SY),
        .sx = 1 + get(insn, GANTRY_CONV_RES_SX),
        .h = get(insn, GANTRY_CONV_OUT_H),
        .w = get(insn, GANTRY_CONV_OUT_W),
    };
}

static const enum gantry_operand pass_operands[GANTRY_PASSES_MAX] = {
    GANTRY_WINDOW_PASS0, GANTRY_WINDOW_PASS1, GANTRY_WINDOW_PASS2, GANTRY_WINDOW_PASS3,
    GANTRY_WINDOW_PASS4, GANTRY_WINDOW_PASS5, GANTRY_WINDOW_PASS6, GANTRY_WINDOW_PASS7};

enum gantry_operand gantry_pass_operand(int32_t index)
{
    gantry_assert(index >= 0 && index < GANTRY_PASSES_MAX);
    return pass_operands[index];
}

int32_t gantry_pass_pack(const struct gantry_pass *pass)
{
    return pass->py | pass->px << 1 | (pass->a0 & 127) << 2 | (pass->b0 & 31) << 9 |
           pass->rows << 14;
}

void gantry_pass_unpack(struct gantry_pass *pass, int32_t operand)
{
    *pass = (struct gantry_pass){
        .py = operand & 1,
        .px = operand >> 1 & 1,
        .a0 = ((operand >> 2 & 127) ^ 64) - 64,
        .b0 = ((operand >> 9 & 31) ^ 16) - 16,
        .rows = operand >> 14 & 3,
    };
}

/* Operands that WINDOW shares with CONV stand in the same places. */
static void window_decode(struct gantry_conv *out, const struct gantry_insn *insn, int32_t npx)
{
    bool tcb = get(insn, GANTRY_WINDOW_TCB) != 0;
    *out = (struct gantry_conv){
        .window = true,
        .passes = get(insn, GANTRY_WINDOW_PASSES),
        .diag = !tcb,
        .tcb = tcb,
        .pool = get(insn, GANTRY_WINDOW_POOL) != 0,
        .pad = (int8_t)get(insn, GANTRY_WINDOW_PAD),
        .m = 1,
        .p = npx / 2,
        .in = conv_input(insn),
        .out = conv_output(insn),
        .out_cb0 = get(insn, GANTRY_WINDOW_OUT_CB0),
        .walk_cb = get(insn, GANTRY_WINDOW_WALK_CB),
        .blocks = get(insn, GANTRY_WINDOW_BLOCKS),
        .groups = get(insn, GANTRY_WINDOW_GROUPS),
        .tile = get(insn, GANTRY_WINDOW_TILE),
        .tiles = get(insn, GANTRY_WINDOW_TILES),
        .zero = get(insn, GANTRY_WINDOW_ZERO_POINT),
        .lo = get(insn, GANTRY_WINDOW_LO),
        .hi = get(insn, GANTRY_WINDOW_HI),
        .dep = get(insn, GANTRY_WINDOW_DEP),
        .whole = get(insn, GANTRY_WINDOW_WHOLE) != 0,
    };
    for (int32_t i = 0; i < GANTRY_PASSES_MAX; i++)
        gantry_pass_unpack(&out->pass[i], get(insn, pass_operands[i]));
}

void gantry_conv_decode(struct gantry_conv *out, const struct gantry_insn *insn, int32_t npx)
{
    if (get(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_WINDOW) {
        window_decode(out, insn, npx);
        return;
    }
    int32_t m = 1 << get(insn, GANTRY_CONV_LOG2_M);
    *out = (struct gantry_conv){
        .res = get(insn, GANTRY_CONV_RES) != 0,
        .diag = get(insn, GANTRY_CONV_DIAG) != 0,
        .max = get(insn, GANTRY_CONV_MAX) != 0,
        .tcb = get(insn, GANTRY_CONV_TCB) != 0,
        .w2 = get(insn, GANTRY_CONV_W2) != 0,
        .pool = get(insn, GANTRY_CONV_POOL) != 0,
        .pad = (int8_t)get(insn, GANTRY_CONV_PAD),
        .m = m,
        .p = npx / m,
        .in = conv_input(insn),
        .out = conv_output(insn),
        .residual = conv_residual(insn),
        .out_cb0 = get(insn, GANTRY_CONV_OUT_CB0),
        .walk_cb = get(insn, GANTRY_CONV_WALK_CB),
        .blocks = get(insn, GANTRY_CONV_BLOCKS),
        .groups = get(insn, GANTRY_CONV_GROUPS),
        .tile = get(insn, GANTRY_CONV_TILE),
        .tiles = get(insn, GANTRY_CONV_TILES),
        .rows = get(insn, GANTRY_CONV_ROWS),
        .kh = get(insn, GANTRY_CONV_KH),
        .kw = get(insn, GANTRY_CONV_KW),
        .dilation = get(insn, GANTRY_CONV_DILATION),
        .pad_top = get(insn, GANTRY_CONV_PAD_TOP),
        .pad_left = get(insn, GANTRY_CONV_PAD_LEFT),
        .zero = get(insn, GANTRY_CONV_ZERO_POINT),
        .lo = get(insn, GANTRY_CONV_LO),
        .hi = get(insn, GANTRY_CONV_HI),
        .dep = get(insn, GANTRY_CONV_DEP),
        .whole = get(insn, GANTRY_CONV_WHOLE) != 0,
    };
}

static void load_decode(struct gantry_move *out, const struct gantry_insn *insn)
{
    *out = (struct gantry_move){
        .buffer = get(insn, GANTRY_LOAD_BUFFER),
        .offset = gantry_insn_get(insn, GANTRY_LOAD_OFFSET),
        .row_stride = gantry_insn_get(insn, GANTRY_LOAD_ROW_STRIDE),
        .rows = get(insn, GANTRY_LOAD_ROWS),
        .row0 = get(insn, GANTRY_LOAD_ROW0),
        .row_bytes = get(insn, GANTRY_LOAD_ROW_BYTES),
        .pixels = get(insn, GANTRY_LOAD_PIXELS),
        .step = get(insn, GANTRY_LOAD_STEP),
        .lead = get(insn, GANTRY_LOAD_LEAD),
        .words = get(insn, GANTRY_LOAD_WORDS),
        .cb0 = get(insn, GANTRY_LOAD_CB0),
        .pad = get(insn, GANTRY_LOAD_PAD),
        .tensor = {.base = get(insn, GANTRY_LOAD_BASE),
                   .cb = get(insn, GANTRY_LOAD_CB),
                   .pitch = get(insn, GANTRY_LOAD_PITCH),
                   .ps = get(insn, GANTRY_LOAD_PS),
                   .sy = 1 + get(insn, GANTRY_LOAD_SY),
                   .sx = 1 + get(insn, GANTRY_LOAD_SX)},
    };
}

static void store_decode(struct gantry_move *out, const struct gantry_insn *insn)
{
    *out = (struct gantry_move){
        .buffer = get(insn, GANTRY_STORE_BUFFER),
        .offset = gantry_insn_get(insn, GANTRY_STORE_OFFSET),
        .row_stride = gantry_insn_get(insn, GANTRY_STORE_ROW_STRIDE),
        .rows = get(insn, GANTRY_STORE_ROWS),
        .row0 = get(insn, GANTRY_STORE_ROW0),
        .pixels = get(insn, GANTRY_STORE_PIXELS),
        .words = get(insn, GANTRY_STORE_WORDS),
        .cb0 = get(insn, GANTRY_STORE_CB0),
        .tensor = {.base = get(insn, GANTRY_STORE_BASE),
                   .cb = get(insn, GANTRY_STORE_CB),
                   .pitch = get(insn, GANTRY_STORE_PITCH),
                   .ps = get(insn, GANTRY_STORE_PS),
                   .sy = 1 + get(insn, GANTRY_STORE_SY),
                   .sx = 1 + get(insn, GANTRY_STORE_SX)},
    };
    out->step = out->words * GANTRY_CHANNELS;
    out->row_bytes = out->pixels * out->step;
}

void gantry_move_decode(struct gantry_move *out, const struct gantry_insn *insn)
{
    if (get(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_LOAD)
        load_decode(out, insn);
    else
        store_decode(out, insn);
    out->tensor.h = out->row0 + out->rows;
    out->tensor.w = out->pixels;
}
