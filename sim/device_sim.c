/* SPDX-License-Identifier: Apache-2.0
 * The operations of a device on the Verilated RTL. */
#include "sim/device_sim.h"

#include <stdio.h>
#include <string.h>

#define ADDRESS_BASE UINT64_C(0x800000000)

enum {
    PAGE_BYTES = 4096,
    TIME_CYCLES = 4096,     /* cycles between looks at the clock on the wall */
    STUCK_CYCLES = 1 << 18, /* an abort that takes longer has a port that does not answer */
    ROWS_UNIT = 64          /* unit of the sizes in CAP1 */
};

#define FIELD(value, reg, name)                     \
    ((value) >> GANTRY_FIELD_##reg##_##name##_LSB & \
     (UINT32_MAX >> (32 - GANTRY_FIELD_##reg##_##name##_WIDTH)))

struct device_sim {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_sim_bench bench;
    uint64_t next_address;
    bool running;
    char *wave_path;
};

static struct device_sim *self(struct gantry_device *device) { return (struct device_sim *)device; }

struct gantry_sim_bench *gantry_device_sim_bench(struct gantry_device *device)
{
    return &self(device)->bench;
}

static enum gantry_status no_answer(const struct device_sim *sim, uint32_t reg,
                                    struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register 0x%02X does not answer",
                       sim->base.info.name, (unsigned)reg);
}

/* ---- Opening ---- */

static const struct gantry_sim_core *find_core(const char *config)
{
    if (!config || !config[0]) return gantry_sim_cores[0];
    for (int i = 0; gantry_sim_cores[i]; i++)
        if (!strcmp(gantry_sim_cores[i]->config, config)) return gantry_sim_cores[i];
    return NULL;
}

static enum gantry_status unknown_config(const char *config, struct gantry_error *error)
{
    char names[96] = "";
    size_t used = 0;
    for (int i = 0; gantry_sim_cores[i] && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 gantry_sim_cores[i]->config);
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "sim: no configuration '%s' in this module (it has: %s)", config, names);
}

/* Reads count registers, the first two of them the halves of the hash. */
static enum gantry_status read_registers(struct device_sim *sim, const uint32_t *regs,
                                         uint32_t *values, int count, struct gantry_error *error)
{
    for (int i = 0; i < count; i++)
        if (!gantry_sim_bench_read(&sim->bench, regs[i], &values[i]))
            return no_answer(sim, regs[i], error);
    return GANTRY_OK;
}

static enum gantry_status identify(struct device_sim *sim, struct gantry_error *error)
{
    static const uint32_t regs[] = {GANTRY_REG_ID,   GANTRY_REG_SPEC_HASH, GANTRY_REG_SPEC_HASH_HI,
                                    GANTRY_REG_CAP0, GANTRY_REG_CAP1,      GANTRY_REG_CAP2};
    uint32_t v[GANTRY_COUNT(regs)];
    enum gantry_status status = read_registers(sim, regs, v, (int)GANTRY_COUNT(regs), error);
    if (status) return status;
    struct gantry_device_info *info = &sim->base.info;
    if (v[0] != GANTRY_DEVICE_ID)
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register ID is 0x%08X, not 0x%08X",
                           info->name, v[0], (unsigned)GANTRY_DEVICE_ID);
    info->spec_hash = v[1] | (uint64_t)v[2] << 32;
    if (info->spec_hash != GANTRY_SPEC_HASH) {
        gantry_fail(error, GANTRY_ERR_DEVICE,
                    "%s: specification 0x%016llx of the RTL is not 0x%016llx of the library",
                    info->name, (unsigned long long)info->spec_hash,
                    (unsigned long long)GANTRY_SPEC_HASH);
        gantry_hint(error, "build library and device module from the same sources");
        return GANTRY_ERR_DEVICE;
    }
    info->g = (int32_t)FIELD(v[3], CAP0, G);
    info->ports = (int32_t)FIELD(v[3], CAP0, PORTS);
    info->act_rows = (int32_t)FIELD(v[4], CAP1, ACT_ROWS) * ROWS_UNIT;
    info->ring_lines = (int32_t)FIELD(v[4], CAP1, RING_LINES) * ROWS_UNIT;
    info->window = (int32_t)FIELD(v[5], CAP2, WINDOW);
    info->acc_rows = (int32_t)FIELD(v[5], CAP2, ACC_ROWS);
    info->peak_macs_per_cycle = 512u * (uint32_t)info->g;
    snprintf(info->description, sizeof info->description,
             "RTL under Verilator: %u MAC/cycle, %d ports, memory %s", info->peak_macs_per_cycle,
             info->ports, info->memory);
    return GANTRY_OK;
}

static enum gantry_status set_wave(struct device_sim *sim,
                                   const struct gantry_device_options *options,
                                   struct gantry_error *error)
{
    if (!options->waveform) return GANTRY_OK;
    if (!sim->bench.core->wave_open)
        return gantry_fail(error, GANTRY_ERR_MISSING,
                           "%s: waveform '%s': this module was built without waveforms",
                           sim->base.info.name, options->waveform);
    size_t length = strlen(options->waveform) + 1;
    sim->wave_path = gantry_allocate(sim->allocator, 1, length);
    if (!sim->wave_path)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", sim->base.info.name);
    memcpy(sim->wave_path, options->waveform, length);
    sim->bench.wave =
        (struct gantry_sim_wave){sim->wave_path, options->waveform_from, options->waveform_to};
    return GANTRY_OK;
}

static void sim_close(struct gantry_device *device)
{
    if (!device) return;
    struct device_sim *sim = self(device);
    struct gantry_ddr *ddr = sim->bench.ddr;
    gantry_sim_bench_finish(&sim->bench);
    gantry_ddr_destroy(ddr);
    gantry_release(sim->allocator, sim->wave_path);
    gantry_release(sim->allocator, sim);
}

static enum gantry_status start_bench(struct device_sim *sim, const struct gantry_sim_core *core,
                                      const struct gantry_ddr_preset *preset,
                                      const struct gantry_device_options *options,
                                      struct gantry_error *error)
{
    struct gantry_device_info *info = &sim->base.info;
    snprintf(info->name, sizeof info->name, "sim:%s", core->config);
    snprintf(info->memory, sizeof info->memory, "%s", preset->name);
    info->clock_hz = preset->clock_hz;
    info->accelerator = info->has_cycles = true;
    struct gantry_ddr *ddr = gantry_ddr_create(preset, options->stall_seed, sim->allocator);
    if (!ddr || !gantry_sim_bench_init(&sim->bench, core, ddr)) {
        gantry_ddr_destroy(ddr);
        sim->bench.ddr = NULL;
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory for the model", info->name);
    }
    enum gantry_status status = identify(sim, error);
    return status ? status : set_wave(sim, options, error);
}

static enum gantry_status sim_open(struct gantry_device **out, const char *config,
                                   const struct gantry_device_options *options,
                                   struct gantry_error *error)
{
    static const struct gantry_device_options defaults = GANTRY_DEVICE_OPTIONS_INIT;
    if (!options) options = &defaults;
    const struct gantry_sim_core *core = find_core(config);
    if (!core) return unknown_config(config, error);
    const char *memory = options->memory ? options->memory : "kv260";
    const struct gantry_ddr_preset *preset = gantry_ddr_preset_named(memory);
    if (!preset) {
        char names[96];
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "sim: no memory model '%s' (there are: %s)",
                           memory, gantry_ddr_preset_names(names, sizeof names));
    }
    struct device_sim *sim = gantry_allocate(options->allocator, 1, sizeof *sim);
    if (!sim) return gantry_fail(error, GANTRY_ERR_MEMORY, "sim: no memory");
    sim->base.ops = &gantry_device_sim_ops;
    sim->allocator = options->allocator;
    sim->next_address = ADDRESS_BASE;
    enum gantry_status status = start_bench(sim, core, preset, options, error);
    if (status) {
        sim_close(&sim->base);
        return status;
    }
    *out = &sim->base;
    return GANTRY_OK;
}

/* ---- Buffers ---- */

static enum gantry_status sim_alloc(struct gantry_device *device, size_t bytes,
                                    struct gantry_device_buffer *out, struct gantry_error *error)
{
    struct device_sim *sim = self(device);
    const char *name = device->info.name;
    size_t rounded;
    if (!bytes || !gantry_add_size(bytes, PAGE_BYTES, &rounded))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: buffer of %zu bytes", name, bytes);
    /* Whole beats are mapped, so that the beat with the last byte can be read. */
    rounded = gantry_align_size(bytes, GANTRY_AXI_BYTES);
    uint8_t *host = gantry_allocate(sim->allocator, rounded, 1);
    if (!host) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer of %zu bytes", name, bytes);
    if (!gantry_ddr_map(sim->bench.ddr, sim->next_address, host, rounded)) {
        gantry_release(sim->allocator, host);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: too many buffers", name);
    }
    *out = (struct gantry_device_buffer){host, sim->next_address, bytes, NULL};
    /* A page between buffers belongs to nobody: a run past an end is answered with DECERR. */
    sim->next_address += gantry_align_size(rounded, PAGE_BYTES) + PAGE_BYTES;
    return GANTRY_OK;
}

static void sim_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    if (!buffer->host) return;
    gantry_ddr_unmap(self(device)->bench.ddr, buffer->address);
    gantry_release(self(device)->allocator, buffer->host);
    memset(buffer, 0, sizeof *buffer);
}

/* The accelerator works on the host's memory itself: there is nothing to copy. */
static enum gantry_status sim_sync(struct gantry_device *device,
                                   struct gantry_device_buffer *buffer, size_t offset, size_t bytes,
                                   enum gantry_sync direction, struct gantry_error *error)
{
    (void)direction;
    if (offset > buffer->bytes || bytes > buffer->bytes - offset)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: sync of bytes %zu + %zu of %zu",
                           device->info.name, offset, bytes, buffer->bytes);
    return GANTRY_OK;
}

/* ---- Launches ---- */

static enum gantry_status write_registers(struct device_sim *sim, const uint32_t (*pairs)[2],
                                          size_t count, struct gantry_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!gantry_sim_bench_write(&sim->bench, pairs[i][0], pairs[i][1]))
            return no_answer(sim, pairs[i][0], error);
    return GANTRY_OK;
}

#define HALVES(reg, value) \
    {GANTRY_REG_##reg, (uint32_t)(value)}, { GANTRY_REG_##reg##_HI, (uint32_t)((value) >> 32) }

static enum gantry_status sim_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch, struct gantry_error *error)
{
    struct device_sim *sim = self(device);
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
        {GANTRY_REG_INPUT_STRIDE, launch->input_stride},
        {GANTRY_REG_OUTPUT_STRIDE, launch->output_stride},
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
    return status;
}

/* Runs until the interrupt; false after that many cycles without it. */
static bool run_cycles(struct device_sim *sim, uint32_t cycles)
{
    struct gantry_sim_bench *bench = &sim->bench;
    while (cycles-- && !bench->pins.interrupt) gantry_sim_bench_cycle(bench);
    return bench->pins.interrupt;
}

enum end { END_DONE, END_TIMEOUT, END_STUCK };

/* Runs to the end of the launch. A launch that goes on STUCK_CYCLES after its abort has a port
 * that is never answered: only the reset ends it. */
static enum end run_launch(struct device_sim *sim, uint32_t timeout_ms)
{
    uint64_t deadline = gantry_now_ns() + (uint64_t)timeout_ms * 1000000u;
    bool timeout = false;
    uint32_t aborted_cycles = 0, since_status = 0;
    while (!run_cycles(sim, TIME_CYCLES)) {
        if (aborted_cycles) aborted_cycles += TIME_CYCLES;
        if (aborted_cycles > STUCK_CYCLES) return timeout ? END_TIMEOUT : END_STUCK;
        uint32_t status = 0;
        if (!aborted_cycles && ++since_status % 16 == 0 &&
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
static enum gantry_status read_result(struct device_sim *sim, struct gantry_accel_result *result,
                                      struct gantry_error *error)
{
    static const uint32_t regs[] = {GANTRY_REG_AP_CTRL,       GANTRY_REG_ERROR,
                                    GANTRY_REG_ERROR_INSN,    GANTRY_REG_ERROR_INFO,
                                    GANTRY_REG_ERROR_INFO_HI, GANTRY_REG_INSN_DONE};
    uint32_t v[GANTRY_COUNT(regs)];
    enum gantry_status status = read_registers(sim, regs, v, (int)GANTRY_COUNT(regs), error);
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

static enum gantry_status sim_reset(struct gantry_device *device, struct gantry_error *error)
{
    (void)error;
    gantry_sim_bench_reset(&self(device)->bench);
    self(device)->running = false;
    return GANTRY_OK;
}

static enum gantry_status report(struct device_sim *sim, enum end end, uint32_t timeout_ms,
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
    status = gantry_device_fault(error, name, &result);
    if (end == END_STUCK) gantry_hint(error, "a memory port does not answer; the device was reset");
    return status;
}

static enum gantry_status sim_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error)
{
    struct device_sim *sim = self(device);
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

static enum gantry_status sim_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error)
{
    enum { STALLS = GANTRY_STALL_CLASSES };
    static const uint32_t regs[] = {GANTRY_REG_CYCLES,   GANTRY_REG_CYCLES_HI, GANTRY_REG_INSN_DONE,
                                    GANTRY_REG_RD_BEATS, GANTRY_REG_WR_BEATS,  GANTRY_REG_STATUS};
    struct device_sim *sim = self(device);
    uint32_t v[GANTRY_COUNT(regs)], stall[STALLS], stall_regs[STALLS];
    for (uint32_t i = 0; i < STALLS; i++) stall_regs[i] = GANTRY_REG_STALL0 + 4 * i;
    enum gantry_status status = read_registers(sim, regs, v, (int)GANTRY_COUNT(regs), error);
    if (!status) status = read_registers(sim, stall_regs, stall, STALLS, error);
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

const struct gantry_device_ops gantry_device_sim_ops = {
    sim_open,   sim_close, sim_alloc,    sim_free,  sim_sync,
    sim_submit, sim_wait,  sim_counters, sim_reset,
};
