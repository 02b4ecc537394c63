/* SPDX-License-Identifier: Apache-2.0
 * Instruction fields: the operand table of hw/spec/isa.def, reading, writing and printing. */
#include "accel/accel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GANTRY_INSN_COMMON = -1 };

#define KIND_U false, 0
#define KIND_S true, 0
#define KIND_M1 false, 1
#define INSN(name, opcode, queue, doc)
#define OPERAND(insn, name, word, lsb, width, kind, doc) \
    {#name, GANTRY_INSN_##insn, word, lsb, width, KIND_##kind},
#define TRACE_FIELD(name, word, lsb, width, doc)
static const struct gantry_operand_info operands[] = {
#include "isa.def"
};
#undef INSN
#undef OPERAND
#define INSN(name, opcode, queue, doc) {#name, opcode},
#define OPERAND(insn, name, word, lsb, width, kind, doc)
static const struct {
    const char *name;
    uint32_t opcode;
} insns[] = {
#include "isa.def"
};
#undef INSN
#undef OPERAND
#undef TRACE_FIELD

_Static_assert(GANTRY_COUNT(operands) == GANTRY_OPERAND_COUNT, "one row per operand");
_Static_assert(GANTRY_INSN_BYTES == 4 * GANTRY_INSN_WORDS, "instructions are whole words");

const struct gantry_operand_info *gantry_operand_info(enum gantry_operand operand)
{
    gantry_assert((uint32_t)operand < GANTRY_OPERAND_COUNT);
    return &operands[operand];
}

const char *gantry_insn_name(uint32_t opcode)
{
    for (size_t i = 0; i < GANTRY_COUNT(insns); i++)
        if (insns[i].opcode == opcode) return insns[i].name;
    return NULL;
}

static uint32_t field_mask(const struct gantry_operand_info *info)
{
    return (uint32_t)((UINT64_C(1) << info->width) - 1) << info->lsb;
}

int64_t gantry_insn_get(const struct gantry_insn *insn, enum gantry_operand operand)
{
    const struct gantry_operand_info *info = gantry_operand_info(operand);
    int64_t stored = (insn->word[info->word] & field_mask(info)) >> info->lsb;
    if (info->is_signed && (stored >> (info->width - 1) & 1)) stored -= INT64_C(1) << info->width;
    return stored + info->bias;
}

bool gantry_insn_set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    const struct gantry_operand_info *info = gantry_operand_info(operand);
    int64_t span = INT64_C(1) << info->width;
    int64_t least = info->is_signed ? -(span / 2) : info->bias;
    if (value < least || value >= least + span) return false;
    uint32_t stored = (uint32_t)(uint64_t)(value - info->bias);
    uint32_t mask = field_mask(info);
    insn->word[info->word] = (insn->word[info->word] & ~mask) | (stored << info->lsb & mask);
    return true;
}

bool gantry_insn_reserved_clear(const struct gantry_insn *insn)
{
    uint32_t named[GANTRY_INSN_WORDS] = {0};
    int32_t opcode = (int32_t)gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
    for (size_t i = 0; i < GANTRY_COUNT(operands); i++)
        if (operands[i].opcode == GANTRY_INSN_COMMON || operands[i].opcode == opcode)
            named[operands[i].word] |= field_mask(&operands[i]);
    for (size_t i = 0; i < GANTRY_INSN_WORDS; i++)
        if (insn->word[i] & ~named[i]) return false;
    return true;
}

void gantry_insn_to_bytes(const struct gantry_insn *insn, uint8_t *bytes)
{
    for (size_t i = 0; i < GANTRY_INSN_WORDS; i++) gantry_store_u32(bytes + 4 * i, insn->word[i]);
}

void gantry_insn_from_bytes(struct gantry_insn *insn, const uint8_t *bytes)
{
    for (size_t i = 0; i < GANTRY_INSN_WORDS; i++) insn->word[i] = gantry_load_u32(bytes + 4 * i);
}

/* Appends to a text that may be full already; returns its new length. */
static size_t append(char *buffer, size_t size, size_t used, const char *name, int64_t value)
{
    if (used >= size) return used;
    int written = snprintf(buffer + used, size - used, " %s=%" PRId64, name, value);
    return written < 0 ? used : used + (size_t)written;
}

const char *gantry_insn_text(const struct gantry_insn *insn, char *buffer, size_t size)
{
    uint32_t opcode = (uint32_t)gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
    const char *name = gantry_insn_name(opcode);
    int written = name ? snprintf(buffer, size, "%s", name)
                       : snprintf(buffer, size, "opcode %" PRIu32, opcode);
    size_t used = written < 0 ? 0 : (size_t)written;
    for (size_t i = 0; i < GANTRY_COUNT(operands); i++) {
        if (i == GANTRY_COMMON_OPCODE) continue;
        if (operands[i].opcode != GANTRY_INSN_COMMON && operands[i].opcode != (int32_t)opcode)
            continue;
        int64_t value = gantry_insn_get(insn, (enum gantry_operand)i);
        if (value != 0) used = append(buffer, size, used, operands[i].name, value);
    }
    return buffer;
}
