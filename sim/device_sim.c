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

/* A core of no configuration, as tests have them, stands alone. */
static int instances_of(const struct gantry_sim_core *core)
{
    return gantry_max_i32(gantry_array_instances(core->config), 1);
}

static void describe(struct gantry_device_info *info, int count)
{
    char times[24] = "";
    if (count > 1) snprintf(times, sizeof times, "%d x ", count);
    snprintf(info->description, sizeof info->description,
             "RTL under Verilator: %s%u MAC/cycle, %d ports, memory %s", times,
             info->peak_macs_per_cycle, info->ports, info->memory);
}

static enum gantry_status no_memory(const struct gantry_device_sim *sim, struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", sim->base.info.name);
}

/* The waveform is that of the first accelerator. */
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
    char *path = sim->board->wave_path = gantry_allocate(sim->allocator, 1, length);
    if (!path) return no_memory(sim, error);
    memcpy(path, options->waveform, length);
    sim->bench.wave = (struct gantry_sim_wave){path, options->waveform_from, options->waveform_to};
    return GANTRY_OK;
}

static void drop_board(struct gantry_sim_board *board, const struct gantry_allocator *allocator)
{
    gantry_sim_clock_finish(&board->clock);
    gantry_ddr_destroy(board->chip.ddr);
    gantry_release(allocator, board->wave_path);
    gantry_release(allocator, board);
}

static void sim_close(struct gantry_device *device)
{
    if (!device) return;
    struct gantry_sim_board *board = gantry_device_sim_of(device)->board;
    const struct gantry_allocator *allocator = gantry_device_sim_of(device)->allocator;
    for (struct gantry_device *next; device; device = next) {
        next = device->next;
        gantry_sim_bench_finish(&gantry_device_sim_of(device)->bench);
        gantry_release(allocator, device);
    }
    drop_board(board, allocator);
}

/* An accelerator behind those that the board has. */
static enum gantry_status add_instance(struct gantry_sim_board *board, struct gantry_device **at,
                                       const struct gantry_sim_core *core,
                                       const struct gantry_ddr_preset *preset,
                                       const struct gantry_device_options *options,
                                       struct gantry_error *error)
{
    struct gantry_device_sim *sim = gantry_allocate(options->allocator, 1, sizeof *sim);
    if (!sim) return gantry_fail(error, GANTRY_ERR_MEMORY, "sim: no memory");
    *at = &sim->base;
    sim->base.ops = &gantry_device_sim_ops;
    sim->base.clock = &gantry_device_sim_clock;
    sim->allocator = options->allocator;
    sim->board = board;
    struct gantry_device_info *info = &sim->base.info;
    snprintf(info->name, sizeof info->name, "sim:%s", core->config);
    snprintf(info->memory, sizeof info->memory, "%s", preset->name);
    info->clock_hz = preset->clock_hz;
    if (!gantry_sim_bench_init(&sim->bench, core, &board->chip)) return no_memory(sim, error);
    const struct gantry_registers registers = gantry_device_sim_registers(sim);
    return gantry_registers_identify(&registers, info, error);
}

/* A board without accelerators; NULL without memory. */
static struct gantry_sim_board *make_board(const struct gantry_ddr_preset *preset, int count,
                                           const struct gantry_device_options *options)
{
    struct gantry_sim_board *board = gantry_allocate(options->allocator, 1, sizeof *board);
    struct gantry_ddr *ddr =
        gantry_ddr_create(preset, count, options->stall_seed, options->allocator);
    if (!board || !ddr) {
        gantry_ddr_destroy(ddr);
        gantry_release(options->allocator, board);
        return NULL;
    }
    board->next_address = ADDRESS_BASE;
    gantry_sim_chip_init(&board->chip, ddr);
    gantry_sim_clock_init(&board->clock, &board->chip);
    return board;
}

static enum gantry_status open_board(struct gantry_device **out, const struct gantry_sim_core *core,
                                     const struct gantry_ddr_preset *preset,
                                     const struct gantry_device_options *options,
                                     struct gantry_error *error)
{
    int first, count;
    struct gantry_device **at = out;
    *out = NULL;
    enum gantry_status status =
        gantry_device_choose(options, "sim", instances_of(core), &first, &count, error);
    if (status) return status;
    /* The others would stand idle. */
    struct gantry_sim_board *board = make_board(preset, count, options);
    if (!board) return gantry_fail(error, GANTRY_ERR_MEMORY, "sim: no memory");
    for (int i = 0; i < count && !status; i++) {
        status = add_instance(board, at, core, preset, options, error);
        if (!status) describe(&(*at)->info, count);
        if (*at) at = &(*at)->next;
    }
    if (!status) status = set_wave(gantry_device_sim_of(*out), options, error);
    if (!status) return GANTRY_OK;
    if (*out)
        sim_close(*out);
    else
        drop_board(board, options->allocator);
    *out = NULL;
    return status;
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
    return open_board(out, core, preset, options, error);
}

/* ---- Buffers ---- */

static bool map(struct gantry_sim_board *board, uint8_t *host, size_t bytes, uint64_t *address_out)
{
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&board->clock);
    bool fits = gantry_ddr_map(board->chip.ddr, board->next_address, host, bytes);
    *address_out = board->next_address;
    /* A page between buffers belongs to nobody: a run past an end is answered with DECERR. */
    if (fits) board->next_address += gantry_align_size(bytes, PAGE_BYTES) + PAGE_BYTES;
    gantry_sim_clock_leave(&board->clock, stream);
    return fits;
}

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
    uint64_t address;
    if (!host)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: no memory for %zu bytes", name,
                           bytes);
    if (!map(sim->board, host, rounded, &address)) {
        gantry_release(sim->allocator, host);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: the memory model maps no more",
                           name);
    }
    *out = (struct gantry_device_buffer){host, address, bytes, NULL};
    return GANTRY_OK;
}

static void sim_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    struct gantry_sim_board *board = gantry_device_sim_of(device)->board;
    if (!buffer->host) return;
    struct gantry_sim_stream *stream = gantry_sim_clock_enter(&board->clock);
    gantry_ddr_unmap(board->chip.ddr, buffer->address);
    gantry_sim_clock_leave(&board->clock, stream);
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
