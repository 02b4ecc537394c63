/* SPDX-License-Identifier: Apache-2.0
 * The device "model": programs run on the executor of host/accel, inside wait.
 *
 * Buffers have made-up addresses above 32 bits, with a page between them that belongs to nobody:
 * a cut address or a run past an end is refused, as hardware would. stall_seed draws the order of
 * the three queues. There are no cycles, and no trace records are written. */
#include "device/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES = 4096, BUFFER_ALIGN = 16 };

static const uint64_t first_address = UINT64_C(0x800000000);

/* A buffer that is mapped; a list, newest first. */
struct mapping {
    struct mapping *next;
    uint8_t *host;
    uint64_t address;
    size_t bytes;
};

struct device_model {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_accel *accel;
    struct mapping *mappings;
    uint64_t next_address, order_seed;
    bool submitted;
    struct gantry_launch launch;
    struct gantry_accel_memory memory;
    struct gantry_accel_result result;
};

static struct device_model *self(struct gantry_device *device)
{
    return (struct device_model *)device;
}

static void model_close(struct gantry_device *device)
{
    struct device_model *model = self(device);
    while (model->mappings) {
        struct mapping *next = model->mappings->next;
        gantry_release(model->allocator, model->mappings->host);
        gantry_release(model->allocator, model->mappings);
        model->mappings = next;
    }
    gantry_accel_destroy(model->accel);
    gantry_release(model->allocator, model);
}

static void describe(struct gantry_device_info *info, const char *config,
                     const struct gantry_array_params *params)
{
    (void)snprintf(info->name, sizeof info->name, "model:%s", config);
    info->accelerator = true;
    info->g = params->g;
    info->act_rows = params->act_rows;
    info->ring_lines = params->ring_lines;
    info->acc_rows = params->acc_rows;
    info->ports = params->ports;
    info->window = params->window;
    info->peak_macs_per_cycle = 512u * (uint32_t)params->g;
    info->spec_hash = GANTRY_SPEC_HASH;
    (void)snprintf(info->description, sizeof info->description,
                   "C model of the array: %" PRIu32 " MAC/cycle, %" PRId32 " ports, no cycles",
                   info->peak_macs_per_cycle, info->ports);
}

static enum gantry_status model_open(struct gantry_device **out, const char *config,
                                     const struct gantry_device_options *options,
                                     struct gantry_error *error)
{
    struct gantry_array_params params;
    if (!gantry_array_params_named(config, &params))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "model: no configuration '%s'", config);
    struct device_model *model = gantry_allocate(options->allocator, 1, sizeof *model);
    if (!model) return gantry_fail(error, GANTRY_ERR_MEMORY, "model: no memory");
    model->base.ops = &gantry_device_model_ops;
    model->allocator = options->allocator;
    model->next_address = first_address;
    model->order_seed = options->stall_seed;
    describe(&model->base.info, config, &params);
    enum gantry_status status =
        gantry_accel_create(&model->accel, &params, options->allocator, error);
    if (status != GANTRY_OK) {
        model_close(&model->base);
        return status;
    }
    *out = &model->base;
    return GANTRY_OK;
}

/* ---- Buffers ---- */

static enum gantry_status model_alloc(struct gantry_device *device, size_t bytes,
                                      enum gantry_buffer_role role,
                                      struct gantry_device_buffer *out, struct gantry_error *error)
{
    (void)role; /* one memory */
    struct device_model *model = self(device);
    const char *name = device->info.name;
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: buffer: %zu bytes are no size", name,
                           bytes);
    struct mapping *mapping = gantry_allocate(model->allocator, 1, sizeof *mapping);
    uint8_t *host = gantry_allocate(model->allocator, bytes, 1);
    if (!mapping || !host) {
        gantry_release(model->allocator, mapping);
        gantry_release(model->allocator, host);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: no memory for %zu bytes", name,
                           bytes);
    }
    *mapping = (struct mapping){model->mappings, host, model->next_address, bytes};
    model->mappings = mapping;
    model->next_address += gantry_align_size(bytes, PAGE_BYTES) + PAGE_BYTES;
    *out = (struct gantry_device_buffer){host, mapping->address, bytes, mapping};
    return GANTRY_OK;
}

static void model_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    struct device_model *model = self(device);
    for (struct mapping **at = &model->mappings; *at; at = &(*at)->next) {
        struct mapping *mapping = *at;
        if (mapping != buffer->handle) continue;
        *at = mapping->next;
        gantry_release(model->allocator, mapping->host);
        gantry_release(model->allocator, mapping);
        break;
    }
    *buffer = (struct gantry_device_buffer){0};
}

static enum gantry_status model_sync(struct gantry_device *device,
                                     struct gantry_device_buffer *buffer, size_t offset,
                                     size_t bytes, enum gantry_sync direction,
                                     struct gantry_error *error)
{
    (void)direction; /* host and model share the memory */
    size_t end;
    if (gantry_add_size(offset, bytes, &end) && end <= buffer->bytes) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "%s: sync: bytes from %zu on, %zu long, leave the buffer (%zu)",
                       device->info.name, offset, bytes, buffer->bytes);
}

/* ---- Launch ---- */

/* Host memory of a register's range; NULL for an empty one. */
static enum gantry_status resolve(const struct device_model *model, const char *what,
                                  uint64_t address, uint64_t bytes, uint64_t align, uint8_t **out,
                                  struct gantry_error *error)
{
    *out = NULL;
    if (bytes == 0) return GANTRY_OK;
    const char *name = model->base.info.name;
    if (address % align)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: address of %s 0x%" PRIx64 " is not a multiple of %" PRIu64, name,
                           what, address, align);
    for (const struct mapping *at = model->mappings; at; at = at->next) {
        if (address < at->address || address - at->address > at->bytes) continue;
        if (bytes > at->bytes - (address - at->address)) continue;
        *out = at->host + (address - at->address);
        return GANTRY_OK;
    }
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "%s: %s at 0x%" PRIx64 ", %" PRIu64 " bytes, is in no buffer", name, what,
                       address, bytes);
}

static enum gantry_status resolve_all(struct device_model *model,
                                      const struct gantry_launch *launch,
                                      struct gantry_error *error)
{
    int32_t ports = model->base.info.ports;
    uint64_t stream = (uint64_t)(gantry_stripe_bytes(launch->wgt_lines, ports) * ports);
    uint8_t *host[5];
    const struct {
        const char *what;
        uint64_t address, bytes, align;
    } rows[] = {
        {"PROGRAM", launch->program, (uint64_t)launch->insn_count * GANTRY_INSN_BYTES, PAGE_BYTES},
        {"WEIGHTS", launch->weights, stream, PAGE_BYTES},
        {"ARENA", launch->arena, launch->arena_bytes, BUFFER_ALIGN},
        {"INPUT", launch->input, launch->input_bytes, BUFFER_ALIGN},
        {"OUTPUT", launch->output, launch->output_bytes, BUFFER_ALIGN},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        enum gantry_status status = resolve(model, rows[i].what, rows[i].address, rows[i].bytes,
                                            rows[i].align, &host[i], error);
        if (status != GANTRY_OK) return status;
    }
    model->memory = (struct gantry_accel_memory){
        .program = host[0],
        .insn_count = launch->insn_count,
        .weights = host[1],
        .wgt_lines = launch->wgt_lines,
        .buffer = {host[2], host[3], host[4]},
        .buffer_bytes = {launch->arena_bytes, launch->input_bytes, launch->output_bytes},
        .repeat = launch->repeat,
        .run_stride = {launch->run_stride[0], launch->run_stride[1], launch->run_stride[2]},
        .sem_init = launch->sem_init,
    };
    return GANTRY_OK;
}

static enum gantry_status model_submit(struct gantry_device *device,
                                       const struct gantry_launch *launch,
                                       struct gantry_error *error)
{
    struct device_model *model = self(device);
    if (model->submitted)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           device->info.name);
    if (launch->repeat == 0)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: REPEAT is 0, least 1",
                           device->info.name);
    enum gantry_status status = resolve_all(model, launch, error);
    if (status != GANTRY_OK) return status;
    model->launch = *launch;
    model->submitted = true;
    return GANTRY_OK;
}

/* The executor counts from a buffer's start; ERROR_INFO holds addresses. */
static void add_address(struct device_model *model)
{
    struct gantry_accel_result *result = &model->result;
    if (result->cause != GANTRY_CAUSE_DDR_RANGE) return;
    const uint64_t start[] = {model->launch.arena, model->launch.input, model->launch.output};
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, model->memory.program + (size_t)result->insn * GANTRY_INSN_BYTES);
    result->info += start[gantry_insn_get(&insn, GANTRY_LOAD_BUFFER)];
}

static enum gantry_status model_wait(struct gantry_device *device, uint32_t timeout_ms,
                                     struct gantry_error *error)
{
    (void)timeout_ms; /* a launch of the model always ends */
    struct device_model *model = self(device);
    if (!model->submitted)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no launch is under way",
                           device->info.name);
    model->submitted = false;
    gantry_accel_run(model->accel, &model->memory, model->order_seed, &model->result);
    if (model->result.cause == GANTRY_CAUSE_NONE) return GANTRY_OK;
    add_address(model);
    return gantry_device_fault(error, device->info.name, &model->result);
}

static enum gantry_status model_counters(struct gantry_device *device, struct gantry_counters *out,
                                         struct gantry_error *error)
{
    (void)error;
    const struct gantry_accel_result *result = &self(device)->result;
    *out = (struct gantry_counters){.insn_done = result->insn_done,
                                    .read_bytes = result->read_bytes,
                                    .write_bytes = result->write_bytes};
    return GANTRY_OK;
}

static enum gantry_status model_reset(struct gantry_device *device, struct gantry_error *error)
{
    (void)error;
    self(device)->submitted = false;
    return GANTRY_OK;
}

const struct gantry_device_ops gantry_device_model_ops = {
    model_open,   model_close, model_alloc,    model_free,  model_sync,
    model_submit, model_wait,  model_counters, model_reset,
};
