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

bool gantry_device_sim_read(void *context, uint32_t reg, uint32_t *value_out)
{
    struct gantry_device_sim *sim = context;
    return gantry_sim_bench_read(&sim->bench, reg, value_out);
}

static enum gantry_status write_registers(struct gantry_device_sim *sim, const uint32_t (*pairs)[2],
                                          size_t count, struct gantry_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!gantry_sim_bench_write(&sim->bench, pairs[i][0], pairs[i][1]))
            return no_answer(sim, pairs[i][0], error);
    return GANTRY_OK;
}

static enum gantry_status write_arguments(struct gantry_device_sim *sim,
                                          const struct gantry_launch *launch,
                                          struct gantry_error *error)
{
    struct gantry_argument arguments[GANTRY_ARGUMENTS_MAX];
    size_t count = gantry_arguments(arguments);
    enum gantry_status status = GANTRY_OK;
    for (size_t i = 0; i < count && !status; i++) {
        uint32_t reg = arguments[i].reg;
        uint64_t value = gantry_argument_value(launch, reg);
        const uint32_t halves[2][2] = {{reg, (uint32_t)value}, {reg + 4, (uint32_t)(value >> 32)}};
        status = write_registers(sim, halves, arguments[i].wide ? 2 : 1, error);
    }
    return status;
}

static enum gantry_status start(struct gantry_device_sim *sim, const struct gantry_launch *launch,
                                struct gantry_error *error)
{
    static const uint32_t interrupt[2][2] = {{GANTRY_REG_GIE, 1}, {GANTRY_REG_IER, 1}};
    static const uint32_t begin[1][2] = {
        {GANTRY_REG_AP_CTRL, 1u << GANTRY_FIELD_AP_CTRL_START_LSB}};
    if (sim->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           sim->base.info.name);
    enum gantry_status status = write_arguments(sim, launch, error);
    if (!status) status = write_registers(sim, interrupt, 2, error);
    if (status) return status;
    gantry_sim_bench_wave_start(&sim->bench);
    status = write_registers(sim, begin, 1, error);
    sim->running = !status;
    sim->program = launch->program;
    return status;
}

enum gantry_status gantry_device_sim_submit(struct gantry_device *device,
                                            const struct gantry_launch *launch,
                                            struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&sim->board->clock);
    enum gantry_status status = start(sim, launch, error);
    gantry_sim_clock_leave(&sim->board->clock, stream);
    return status;
}

enum end { END_DONE, END_TIMEOUT, END_STUCK };

/* Runs to the end of the launch. A launch that goes on STUCK_CYCLES after its abort has a port
 * that is never answered: only the reset ends it. */
static enum end run_launch(struct gantry_device_sim *sim, struct gantry_sim_stream *stream,
                           uint32_t timeout_ms)
{
    const struct gantry_sim_bench *bench = &sim->bench;
    uint64_t deadline = gantry_now_ns() + (uint64_t)timeout_ms * 1000000u;
    bool timeout = false;
    uint32_t aborted_cycles = 0, since_status = 0;
    for (;;) {
        gantry_sim_clock_run(&sim->board->clock, stream, bench->index, TIME_CYCLES);
        if (bench->pins.interrupt) return timeout ? END_TIMEOUT : END_DONE;
        if (aborted_cycles) aborted_cycles += TIME_CYCLES;
        if (aborted_cycles > STUCK_CYCLES) return timeout ? END_TIMEOUT : END_STUCK;
        uint32_t status = 0;
        if (!aborted_cycles && ++since_status % 4 == 0 &&
            gantry_sim_bench_read(&sim->bench, GANTRY_REG_STATUS, &status) &&
            (status >> GANTRY_FIELD_STATUS_ABORTED_LSB & 1))
            aborted_cycles = 1;
        if (!timeout && gantry_now_ns() > deadline) {
            timeout = true;
            aborted_cycles = 1;
            (void)gantry_sim_bench_write(&sim->bench, GANTRY_REG_ABORT, 1);
        }
    }
}

/* Reads why the launch ended; clears done and the interrupt. */
static enum gantry_status read_result(struct gantry_device_sim *sim,
                                      struct gantry_accel_result *result,
                                      struct gantry_error *error)
{
    uint32_t control;
    const struct gantry_registers registers = gantry_device_sim_registers(sim);
    if (!gantry_device_sim_read(sim, GANTRY_REG_AP_CTRL, &control))
        return no_answer(sim, GANTRY_REG_AP_CTRL, error);
    enum gantry_status status = gantry_registers_result(&registers, result, error);
    if (!status && !gantry_sim_bench_write(&sim->bench, GANTRY_REG_ISR, 1))
        status = no_answer(sim, GANTRY_REG_ISR, error);
    return status;
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
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&sim->board->clock);
    gantry_sim_bench_reset(&sim->bench);
    sim->running = false;
    gantry_sim_clock_leave(&sim->board->clock, stream);
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

static enum gantry_status finish(struct gantry_device_sim *sim, enum end end, uint32_t timeout_ms,
                                 struct gantry_error *error)
{
    sim->running = false;
    enum gantry_status status = report(sim, end, timeout_ms, error);
    if (end == END_TIMEOUT && sim->bench.pins.interrupt) {
        struct gantry_accel_result aborted;
        if (!read_result(sim, &aborted, NULL)) return status;
    }
    if (end != END_DONE) gantry_sim_bench_reset(&sim->bench);
    return status;
}

enum gantry_status gantry_device_sim_wait(struct gantry_device *device, uint32_t timeout_ms,
                                          struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    if (!sim->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no launch is under way",
                           device->info.name);
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&sim->board->clock);
    enum end end = run_launch(sim, stream, timeout_ms);
    enum gantry_status status = finish(sim, end, timeout_ms, error);
    gantry_sim_clock_leave(&sim->board->clock, stream);
    return status;
}

enum gantry_status gantry_device_sim_counters(struct gantry_device *device,
                                              struct gantry_counters *out,
                                              struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    const struct gantry_registers registers = gantry_device_sim_registers(sim);
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&sim->board->clock);
    enum gantry_status status = gantry_registers_counters(&registers, out, error);
    gantry_sim_clock_leave(&sim->board->clock, stream);
    return status;
}

/* ---- Streams ---- */

static struct gantry_sim_clock *clock_of(struct gantry_device *device)
{
    return &gantry_device_sim_of(device)->board->clock;
}

static void *sim_join(struct gantry_device *device)
{
    return gantry_sim_clock_join(clock_of(device));
}

static void sim_become(struct gantry_device *device, void *stream)
{
    gantry_sim_clock_become(clock_of(device), stream);
}

static void sim_part(struct gantry_device *device) { gantry_sim_clock_part(clock_of(device)); }

static void sim_pass(struct gantry_device *device, uint64_t ns)
{
    struct gantry_sim_stream *stream = gantry_sim_clock_mine(clock_of(device));
    double cycles = (double)ns * (double)device->info.clock_hz / 1e9;
    if (stream && ns) gantry_sim_clock_run(clock_of(device), stream, -1, (uint64_t)(cycles + 0.5));
}

static bool sim_now(struct gantry_device *device, uint64_t *ns_out)
{
    if (!gantry_sim_clock_mine(clock_of(device))) return false;
    double cycles = (double)gantry_device_sim_of(device)->board->chip.cycles;
    *ns_out = (uint64_t)(cycles * 1e9 / (double)device->info.clock_hz + 0.5);
    return true;
}

static void sim_take(struct gantry_device *device)
{
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(clock_of(device));
    gantry_sim_clock_take(clock_of(device), stream, gantry_device_sim_of(device)->bench.index);
    gantry_sim_clock_leave(clock_of(device), stream);
}

static void sim_give(struct gantry_device *device)
{
    gantry_sim_clock_give(clock_of(device), gantry_device_sim_of(device)->bench.index);
}

const struct gantry_device_clock gantry_device_sim_clock = {
    .join = sim_join,
    .become = sim_become,
    .part = sim_part,
    .pass = sim_pass,
    .now = sim_now,
    .take = sim_take,
    .give = sim_give,
};
