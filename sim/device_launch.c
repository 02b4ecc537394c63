/* SPDX-License-Identifier: Apache-2.0
 * The device on the Verilated RTL: launches, their ends, counters. */
#include "sim/device_internal.h"

enum {
    TIME_CYCLES = 4096,    /* cycles between looks at the clock on the wall */
    STUCK_CYCLES = 1 << 16 /* an abort that takes longer has a port that does not answer */
};

static enum gantry_status no_answer(const struct gantry_device_sim *sim, uint32_t reg,
                                    struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register 0x%02X does not answer",
                       sim->base.info.name, (unsigned)reg);
}

enum gantry_status gantry_device_sim_read(struct gantry_device_sim *sim, const uint32_t *regs,
                                          uint32_t *values, int count, struct gantry_error *error)
{
    for (int i = 0; i < count; i++)
        if (!gantry_sim_bench_read(&sim->bench, regs[i], &values[i]))
            return no_answer(sim, regs[i], error);
    return GANTRY_OK;
}

static enum gantry_status write_registers(struct gantry_device_sim *sim, const uint32_t (*pairs)[2],
                                          size_t count, struct gantry_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!gantry_sim_bench_write(&sim->bench, pairs[i][0], pairs[i][1]))
            return no_answer(sim, pairs[i][0], error);
    return GANTRY_OK;
}

#define HALVES(reg, value) \
    {GANTRY_REG_##reg, (uint32_t)(value)}, { GANTRY_REG_##reg##_HI, (uint32_t)((value) >> 32) }

enum gantry_status gantry_device_sim_submit(struct gantry_device *device,
                                            const struct gantry_launch *launch,
                                            struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    if (sim->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           device->info.name);
    const uint32_t pairs[][2] = {
        HALVES(PROGRAM, launch->program),
        HALVES(WEIGHTS, launch->weights),
        HALVES(ARENA, launch->arena),
        HALVES(INPUT, launch->input),
        HALVES(OUTPUT, launch->output),
        HALVES(TRACE, launch->trace),
        HALVES(SEM_INIT, launch->sem_init),
        {GANTRY_REG_INSN_COUNT, launch->insn_count},
        {GANTRY_REG_WGT_LINES, launch->wgt_lines},
        {GANTRY_REG_FLAGS, (uint32_t)launch->trace_on << GANTRY_FIELD_FLAGS_TRACE_ON_LSB},
        {GANTRY_REG_WATCHDOG, launch->watchdog_cycles},
        {GANTRY_REG_ARENA_BYTES, launch->arena_bytes},
        {GANTRY_REG_INPUT_BYTES, launch->input_bytes},
        {GANTRY_REG_OUTPUT_BYTES, launch->output_bytes},
        {GANTRY_REG_TRACE_SIZE, launch->trace_bytes},
        {GANTRY_REG_REPEAT, launch->repeat},
        {GANTRY_REG_ARENA_STRIDE, launch->run_stride[GANTRY_BUFFER_ARENA]},
        {GANTRY_REG_INPUT_STRIDE, launch->run_stride[GANTRY_BUFFER_INPUT]},
        {GANTRY_REG_OUTPUT_STRIDE, launch->run_stride[GANTRY_BUFFER_OUTPUT]},
        {GANTRY_REG_GIE, 1},
        {GANTRY_REG_IER, 1},
    };
    enum gantry_status status = write_registers(sim, pairs, GANTRY_COUNT(pairs), error);
    if (status) return status;
    gantry_sim_bench_wave_start(&sim->bench);
    static const uint32_t start[1][2] = {
        {GANTRY_REG_AP_CTRL, 1u << GANTRY_FIELD_AP_CTRL_START_LSB}};
    status = write_registers(sim, start, 1, error);
    sim->running = !status;
    sim->program = launch->program;
    return status;
}

/* Runs until the interrupt; false after that many cycles without it. */
static bool run_cycles(struct gantry_device_sim *sim, uint32_t cycles)
{
    struct gantry_sim_bench *bench = &sim->bench;
    while (cycles-- && !bench->pins.interrupt) gantry_sim_bench_cycle(bench);
    return bench->pins.interrupt;
}

enum end { END_DONE, END_TIMEOUT, END_STUCK };

/* Runs to the end of the launch. A launch that goes on STUCK_CYCLES after its abort has a port
 * that is never answered: only the reset ends it. */
static enum end run_launch(struct gantry_device_sim *sim, uint32_t timeout_ms)
{
    uint64_t deadline = gantry_now_ns() + (uint64_t)timeout_ms * 1000000u;
    bool timeout = false;
    uint32_t aborted_cycles = 0, since_status = 0;
    while (!run_cycles(sim, TIME_CYCLES)) {
        if (aborted_cycles) aborted_cycles += TIME_CYCLES;
        if (aborted_cycles > STUCK_CYCLES) return timeout ? END_TIMEOUT : END_STUCK;
        uint32_t status = 0;
        if (!aborted_cycles && ++since_status % 4 == 0 &&
            gantry_sim_bench_read(&sim->bench, GANTRY_REG_STATUS, &status) &&
            FIELD(status, STATUS, ABORTED))
            aborted_cycles = 1;
        if (!timeout && gantry_now_ns() > deadline) {
            timeout = true;
            aborted_cycles = 1;
            (void)gantry_sim_bench_write(&sim->bench, GANTRY_REG_ABORT, 1);
        }
    }
    return timeout ? END_TIMEOUT : END_DONE;
}

/* Reads why the launch ended; clears done and the interrupt. */
static enum gantry_status read_result(struct gantry_device_sim *sim,
                                      struct gantry_accel_result *result,
                                      struct gantry_error *error)
{
    static const uint32_t regs[] = {GANTRY_REG_AP_CTRL,       GANTRY_REG_ERROR,
                                    GANTRY_REG_ERROR_INSN,    GANTRY_REG_ERROR_INFO,
                                    GANTRY_REG_ERROR_INFO_HI, GANTRY_REG_INSN_DONE};
    uint32_t v[GANTRY_COUNT(regs)];
    enum gantry_status status =
        gantry_device_sim_read(sim, regs, v, (int)GANTRY_COUNT(regs), error);
    if (!status && !gantry_sim_bench_write(&sim->bench, GANTRY_REG_ISR, 1))
        status = no_answer(sim, GANTRY_REG_ISR, error);
    if (status) return status;
    result->cause = (enum gantry_cause)FIELD(v[1], ERROR, CAUSE);
    result->unit = (enum gantry_unit)FIELD(v[1], ERROR, UNIT);
    result->insn = v[2];
    result->info = v[3] | (uint64_t)v[4] << 32;
    result->insn_done = v[5];
    return GANTRY_OK;
}

static const char *name_of(const uint8_t *bytes)
{
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, bytes);
    return gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE));
}

/* Adds what registers do not hold but a message needs. */
static void explain(const struct gantry_device_sim *sim, struct gantry_accel_result *result)
{
    const uint8_t *insn =
        gantry_ddr_host(sim->bench.ddr, sim->program + (uint64_t)result->insn * GANTRY_INSN_BYTES);
    if (insn && result->unit != GANTRY_UNIT_CONTROL) result->insn_name = name_of(insn);
    if (result->cause == GANTRY_CAUSE_ACT_RANGE) result->limit = sim->base.info.act_rows;
}

enum gantry_status gantry_device_sim_reset(struct gantry_device *device, struct gantry_error *error)
{
    (void)error;
    gantry_sim_bench_reset(&gantry_device_sim_of(device)->bench);
    gantry_device_sim_of(device)->running = false;
    return GANTRY_OK;
}

static enum gantry_status report(struct gantry_device_sim *sim, enum end end, uint32_t timeout_ms,
                                 struct gantry_error *error)
{
    const char *name = sim->base.info.name;
    const char *violation = gantry_ddr_violation(sim->bench.ddr);
    if (violation)
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: broken AXI rule: %s", name, violation);
    if (sim->bench.wave_failed)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: waveform '%s' cannot be written", name,
                           sim->bench.wave.path);
    if (end == END_TIMEOUT)
        return gantry_fail(error, GANTRY_ERR_TIMEOUT, "%s: launch not done after %u ms; aborted",
                           name, (unsigned)timeout_ms);
    struct gantry_accel_result result = {0};
    enum gantry_status status = read_result(sim, &result, error);
    if (status || result.cause == GANTRY_CAUSE_NONE) return status;
    explain(sim, &result);
    status = gantry_device_fault(error, name, &result);
    if (end == END_STUCK) gantry_hint(error, "a memory port does not answer; the device was reset");
    return status;
}

enum gantry_status gantry_device_sim_wait(struct gantry_device *device, uint32_t timeout_ms,
                                          struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    if (!sim->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no launch is under way",
                           device->info.name);
    enum end end = run_launch(sim, timeout_ms);
    sim->running = false;
    enum gantry_status status = report(sim, end, timeout_ms, error);
    if (end == END_TIMEOUT && sim->bench.pins.interrupt) {
        struct gantry_accel_result aborted;
        if (!read_result(sim, &aborted, NULL)) return status;
    }
    if (end != END_DONE) gantry_sim_bench_reset(&sim->bench);
    return status;
}

enum gantry_status gantry_device_sim_counters(struct gantry_device *device,
                                              struct gantry_counters *out,
                                              struct gantry_error *error)
{
    enum { STALLS = GANTRY_STALL_CLASSES };
    static const uint32_t regs[] = {GANTRY_REG_CYCLES,   GANTRY_REG_CYCLES_HI, GANTRY_REG_INSN_DONE,
                                    GANTRY_REG_RD_BEATS, GANTRY_REG_WR_BEATS,  GANTRY_REG_STATUS};
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    uint32_t v[GANTRY_COUNT(regs)], stall[STALLS], stall_regs[STALLS];
    for (uint32_t i = 0; i < STALLS; i++) stall_regs[i] = GANTRY_REG_STALL0 + 4 * i;
    enum gantry_status status =
        gantry_device_sim_read(sim, regs, v, (int)GANTRY_COUNT(regs), error);
    if (!status) status = gantry_device_sim_read(sim, stall_regs, stall, STALLS, error);
    if (status) return status;
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
