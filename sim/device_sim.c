/* SPDX-License-Identifier: Apache-2.0
 * The device on the Verilated RTL: opening, identity, buffers. */
#include "sim/device_internal.h"

#include <stdio.h>
#include <string.h>

#define ADDRESS_BASE UINT64_C(0x800000000)

enum { PAGE_BYTES = 4096 };

struct gantry_sim_bench *gantry_device_sim_bench(struct gantry_device *device)
{
    return &gantry_device_sim_of(device)->bench;
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

static enum gantry_status identify(struct gantry_device_sim *sim, struct gantry_error *error)
{
    const struct gantry_registers registers = gantry_device_sim_registers(sim);
    struct gantry_device_info *info = &sim->base.info;
    enum gantry_status status = gantry_registers_identify(&registers, info, error);
    if (status) return status;
    snprintf(info->description, sizeof info->description,
             "RTL under Verilator: %u MAC/cycle, %d ports, memory %s", info->peak_macs_per_cycle,
             info->ports, info->memory);
    return GANTRY_OK;
}

static enum gantry_status set_wave(struct gantry_device_sim *sim,
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
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    struct gantry_ddr *ddr = sim->bench.ddr;
    gantry_sim_bench_finish(&sim->bench);
    gantry_ddr_destroy(ddr);
    gantry_release(sim->allocator, sim->wave_path);
    gantry_release(sim->allocator, sim);
}

static enum gantry_status start_bench(struct gantry_device_sim *sim,
                                      const struct gantry_sim_core *core,
                                      const struct gantry_ddr_preset *preset,
                                      const struct gantry_device_options *options,
                                      struct gantry_error *error)
{
    struct gantry_device_info *info = &sim->base.info;
    snprintf(info->name, sizeof info->name, "sim:%s", core->config);
    snprintf(info->memory, sizeof info->memory, "%s", preset->name);
    info->clock_hz = preset->clock_hz;
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
    struct gantry_device_sim *sim = gantry_allocate(options->allocator, 1, sizeof *sim);
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
                                    enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                    struct gantry_error *error)
{
    (void)role; /* one memory */
    struct gantry_device_sim *sim = gantry_device_sim_of(device);
    const char *name = device->info.name;
    size_t rounded;
    if (!bytes || !gantry_add_size(bytes, PAGE_BYTES, &rounded))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: buffer: %zu bytes are no size", name,
                           bytes);
    /* Whole beats are mapped, so that the beat with the last byte can be read. */
    rounded = gantry_align_size(bytes, GANTRY_AXI_BYTES);
    uint8_t *host = gantry_allocate(sim->allocator, rounded, 1);
    if (!host)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: no memory for %zu bytes", name,
                           bytes);
    if (!gantry_ddr_map(sim->bench.ddr, sim->next_address, host, rounded)) {
        gantry_release(sim->allocator, host);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: the memory model maps no more",
                           name);
    }
    *out = (struct gantry_device_buffer){host, sim->next_address, bytes, NULL};
    /* A page between buffers belongs to nobody: a run past an end is answered with DECERR. */
    sim->next_address += gantry_align_size(rounded, PAGE_BYTES) + PAGE_BYTES;
    return GANTRY_OK;
}

static void sim_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    if (!buffer->host) return;
    gantry_ddr_unmap(gantry_device_sim_of(device)->bench.ddr, buffer->address);
    gantry_release(gantry_device_sim_of(device)->allocator, buffer->host);
    memset(buffer, 0, sizeof *buffer);
}

/* The accelerator works on the host's memory itself: there is nothing to copy. */
static enum gantry_status sim_sync(struct gantry_device *device,
                                   struct gantry_device_buffer *buffer, size_t offset, size_t bytes,
                                   enum gantry_sync direction, struct gantry_error *error)
{
    (void)direction;
    return gantry_buffer_check(device->info.name, buffer, offset, bytes, error);
}

const struct gantry_device_ops gantry_device_sim_ops = {
    sim_open,
    sim_close,
    sim_alloc,
    sim_free,
    sim_sync,
    gantry_device_sim_submit,
    gantry_device_sim_wait,
    gantry_device_sim_counters,
    gantry_device_sim_reset,
};
