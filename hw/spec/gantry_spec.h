/* SPDX-License-Identifier: Apache-2.0
 * The specification's tables as C constants: parameters, registers, instructions, causes.
 *
 * Names follow the tables: GANTRY_REG_<reg>, GANTRY_FIELD_<reg>_<field>_LSB and _WIDTH,
 * GANTRY_INSN_<insn>, GANTRY_<insn>_<operand> (an operand's index), GANTRY_CAUSE_<cause>,
 * GANTRY_UNIT_<unit>, GANTRY_STALL_<class>, and GANTRY_<const> for fixed sizes. */
#ifndef GANTRY_SPEC_H
#define GANTRY_SPEC_H

#define PARAM(name, min, max, doc)
#define CONFIG(name, g, act_rows, ring_lines, acc_rows, ports, window, instances)
#define CONST(name, value, doc) GANTRY_##name = (value),
enum gantry_spec_const {
#include "params.def"
};
#undef PARAM
#undef CONFIG
#undef CONST

#define PARAM(name, min, max, doc) GANTRY_##name##_MIN = (min), GANTRY_##name##_MAX = (max),
#define CONFIG(name, g, act_rows, ring_lines, acc_rows, ports, window, instances)
#define CONST(name, value, doc)
enum gantry_spec_limit {
#include "params.def"
};
#undef PARAM
#undef CONFIG
#undef CONST

#define REG(name, offset, access, doc) GANTRY_REG_##name = (offset),
#define REG_FIELD(reg, name, lsb, width, doc)
#define CAUSE(name, code, doc)
#define UNIT(name, code, doc)
#define STALL(name, index, label, doc)
enum gantry_reg {
#include "regs.def"
};
#undef REG
#undef REG_FIELD
#define REG(name, offset, access, doc)
#define REG_FIELD(reg, name, lsb, width, doc)                                                  \
    GANTRY_FIELD_##reg##_##name##_LSB = (lsb), GANTRY_FIELD_##reg##_##name##_WIDTH = (width),
enum gantry_reg_field {
#include "regs.def"
};
#undef REG_FIELD
#define REG_FIELD(reg, name, lsb, width, doc)
#undef CAUSE
#define CAUSE(name, code, doc) GANTRY_CAUSE_##name = (code),
enum gantry_cause {
#include "regs.def"
};
#undef CAUSE
#define CAUSE(name, code, doc)
#undef UNIT
#define UNIT(name, code, doc) GANTRY_UNIT_##name = (code),
enum gantry_unit {
#include "regs.def"
};
#undef UNIT
#define UNIT(name, code, doc)
#undef STALL
#define STALL(name, index, label, doc) GANTRY_STALL_##name = (index),
enum gantry_stall {
#include "regs.def"
};
#undef REG
#undef REG_FIELD
#undef CAUSE
#undef UNIT
#undef STALL

#define INSN(name, opcode, queue, doc) GANTRY_INSN_##name = (opcode),
#define OPERAND(insn, name, word, lsb, width, kind, doc)
#define TRACE_FIELD(name, word, lsb, width, doc)
enum gantry_opcode {
#include "isa.def"
};
#undef INSN
#define INSN(name, opcode, queue, doc)
#undef OPERAND
#define OPERAND(insn, name, word, lsb, width, kind, doc) GANTRY_##insn##_##name,
enum gantry_operand {
#include "isa.def"
    GANTRY_OPERAND_COUNT
};
#undef OPERAND
#define OPERAND(insn, name, word, lsb, width, kind, doc)
#undef TRACE_FIELD
#define TRACE_FIELD(name, word, lsb, width, doc)                                               \
    GANTRY_TRACE_##name##_WORD = (word), GANTRY_TRACE_##name##_WIDTH = (width),                \
    GANTRY_TRACE_##name##_LSB = (lsb),
enum gantry_trace_field {
#include "isa.def"
};
#undef INSN
#undef OPERAND
#undef TRACE_FIELD

#include "gantry_spec_hash.h"

#endif
