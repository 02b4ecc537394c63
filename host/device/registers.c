/* SPDX-License-Identifier: Apache-2.0
 * Registers by the tables of hw/spec. */
#include "device/registers.h"

#include <inttypes.h>
#include <string.h>

enum { ROWS_UNIT = 64 /* unit of the sizes in CAP1 */ };

#define FIELD(value, reg, name)                     \
    ((value) >> GANTRY_FIELD_##reg##_##name##_LSB & \
     (UINT32_MAX >> (32 - GANTRY_FIELD_##reg##_##name##_WIDTH)))

struct row {
    const char *name, *access;
    uint32_t offset;
};
static const struct row rows[] = {
#define REG(name, offset, access, doc) {#name, #access, offset},
#define REG_FIELD(reg, name, lsb, width, doc)
#define CAUSE(name, code, doc)
#define UNIT(name, code, doc)
#define STALL(name, index, label, doc)
#include "regs.def"
#undef REG
#undef REG_FIELD
#undef CAUSE
#undef UNIT
#undef STALL
};

static int role_of(uint32_t reg)
{
    switch (reg) {
    case GANTRY_REG_PROGRAM:
        return GANTRY_ROLE_PROGRAM;
    case GANTRY_REG_WEIGHTS:
        return GANTRY_ROLE_WEIGHTS;
    case GANTRY_REG_ARENA:
        return GANTRY_ROLE_ARENA;
    case GANTRY_REG_INPUT:
        return GANTRY_ROLE_INPUT;
    case GANTRY_REG_OUTPUT:
        return GANTRY_ROLE_OUTPUT;
    case GANTRY_REG_TRACE:
        return GANTRY_ROLE_TRACE;
    default:
        return -1;
    }
}

static bool is_upper(const struct row *row)
{
    size_t length = strlen(row->name);
    return length > 3 && strcmp(row->name + length - 3, "_HI") == 0;
}

size_t gantry_arguments(struct gantry_argument *out)
{
    size_t count = 0;
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        if (row->offset < GANTRY_REG_PROGRAM || strcmp(row->access, "RW") != 0) continue;
        gantry_assert(count < GANTRY_ARGUMENTS_MAX);
        if (is_upper(row))
            out[count - 1].wide = true;
        else
            out[count++] =
                (struct gantry_argument){row->name, row->offset, false, role_of(row->offset)};
    }
    return count;
}

uint64_t gantry_argument_value(const struct gantry_launch *launch, uint32_t reg)
{
    switch (reg) {
#define VALUE(name, value)  \
    case GANTRY_REG_##name: \
        return launch->value
        VALUE(PROGRAM, program);
        VALUE(WEIGHTS, weights);
        VALUE(ARENA, arena);
        VALUE(INPUT, input);
        VALUE(OUTPUT, output);
        VALUE(TRACE, trace);
        VALUE(INSN_COUNT, insn_count);
        VALUE(WGT_LINES, wgt_lines);
        VALUE(WATCHDOG, watchdog_cycles);
        VALUE(ARENA_BYTES, arena_bytes);
        VALUE(INPUT_BYTES, input_bytes);
        VALUE(OUTPUT_BYTES, output_bytes);
        VALUE(TRACE_SIZE, trace_bytes);
        VALUE(REPEAT, repeat);
        VALUE(INPUT_STRIDE, run_stride[GANTRY_BUFFER_INPUT]);
        VALUE(OUTPUT_STRIDE, run_stride[GANTRY_BUFFER_OUTPUT]);
        VALUE(ARENA_STRIDE, run_stride[GANTRY_BUFFER_ARENA]);
        VALUE(SEM_INIT, sem_init);
#undef VALUE
    case GANTRY_REG_FLAGS:
        return (uint64_t)launch->trace_on << GANTRY_FIELD_FLAGS_TRACE_ON_LSB;
    default:
        gantry_assert(!"a register that no launch sets");
    }
}

static enum gantry_status read_all(const struct gantry_registers *registers, const uint32_t *regs,
                                   uint32_t *values, size_t count, struct gantry_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!registers->read(registers->context, regs[i], &values[i]))
            return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register 0x%02X does not answer",
                               registers->name, (unsigned)regs[i]);
    return GANTRY_OK;
}

enum gantry_status gantry_registers_identify(const struct gantry_registers *registers,
                                             struct gantry_device_info *info,
                                             struct gantry_error *error)
{
    static const uint32_t regs[] = {GANTRY_REG_ID,   GANTRY_REG_SPEC_HASH, GANTRY_REG_SPEC_HASH_HI,
                                    GANTRY_REG_CAP0, GANTRY_REG_CAP1,      GANTRY_REG_CAP2};
    uint32_t v[GANTRY_COUNT(regs)];
    enum gantry_status status = read_all(registers, regs, v, GANTRY_COUNT(regs), error);
    if (status != GANTRY_OK) return status;
    if (v[0] != GANTRY_DEVICE_ID)
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register ID is 0x%08X, not 0x%08X",
                           registers->name, v[0], (unsigned)GANTRY_DEVICE_ID);
    info->spec_hash = v[1] | (uint64_t)v[2] << 32;
    if (info->spec_hash != GANTRY_SPEC_HASH) {
        gantry_fail(error, GANTRY_ERR_DEVICE,
                    "%s: specification 0x%016" PRIx64 " of the RTL is not 0x%016" PRIx64
                    " of the library",
                    registers->name, info->spec_hash, GANTRY_SPEC_HASH);
        gantry_hint(error, "build library and accelerator from the same sources");
        return GANTRY_ERR_DEVICE;
    }
    info->accelerator = info->has_cycles = true;
    info->g = (int32_t)FIELD(v[3], CAP0, G);
    info->ports = (int32_t)FIELD(v[3], CAP0, PORTS);
    info->act_rows = (int32_t)FIELD(v[4], CAP1, ACT_ROWS) * ROWS_UNIT;
    info->ring_lines = (int32_t)FIELD(v[4], CAP1, RING_LINES) * ROWS_UNIT;
    info->window = (int32_t)FIELD(v[5], CAP2, WINDOW);
    info->acc_rows = (int32_t)FIELD(v[5], CAP2, ACC_ROWS);
    info->peak_macs_per_cycle = 512u * (uint32_t)info->g;
    return GANTRY_OK;
}

enum gantry_status gantry_registers_result(const struct gantry_registers *registers,
                                           struct gantry_accel_result *result,
                                           struct gantry_error *error)
{
    static const uint32_t regs[] = {GANTRY_REG_ERROR, GANTRY_REG_ERROR_INSN, GANTRY_REG_ERROR_INFO,
                                    GANTRY_REG_ERROR_INFO_HI, GANTRY_REG_INSN_DONE};
    uint32_t v[GANTRY_COUNT(regs)];
    enum gantry_status status = read_all(registers, regs, v, GANTRY_COUNT(regs), error);
    if (status != GANTRY_OK) return status;
    result->cause = (enum gantry_cause)FIELD(v[0], ERROR, CAUSE);
    result->unit = (enum gantry_unit)FIELD(v[0], ERROR, UNIT);
    result->insn = v[1];
    result->info = v[2] | (uint64_t)v[3] << 32;
    result->insn_done = v[4];
    return GANTRY_OK;
}

enum gantry_status gantry_registers_counters(const struct gantry_registers *registers,
                                             struct gantry_counters *out,
                                             struct gantry_error *error)
{
    enum { STALLS = GANTRY_STALL_CLASSES };
    static const uint32_t regs[] = {GANTRY_REG_CYCLES,   GANTRY_REG_CYCLES_HI, GANTRY_REG_INSN_DONE,
                                    GANTRY_REG_RD_BEATS, GANTRY_REG_WR_BEATS,  GANTRY_REG_STATUS};
    uint32_t v[GANTRY_COUNT(regs)], stall[STALLS], stall_regs[STALLS];
    for (uint32_t i = 0; i < STALLS; i++) stall_regs[i] = GANTRY_REG_STALL0 + 4 * i;
    enum gantry_status status = read_all(registers, regs, v, GANTRY_COUNT(regs), error);
    if (status == GANTRY_OK) status = read_all(registers, stall_regs, stall, STALLS, error);
    if (status != GANTRY_OK) return status;
    *out = (struct gantry_counters){
        .cycles = v[0] | (uint64_t)v[1] << 32,
        .insn_done = v[2],
        .read_bytes = (uint64_t)v[3] * GANTRY_AXI_BYTES,
        .write_bytes = (uint64_t)v[4] * GANTRY_AXI_BYTES,
        .trace_lost = FIELD(v[5], STATUS, TRACE_LOST) != 0,
    };
    for (int i = 0; i < STALLS; i++) out->stall[i] = stall[i];
    return GANTRY_OK;
}
