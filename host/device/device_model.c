/* SPDX-License-Identifier: Apache-2.0
 * The device "model": programs run on the executor of host/accel, inside wait. stall_seed
 * draws the order of the three queues. There are no cycles, and no trace records are written. */
#include "device/mappings.h"

#include <inttypes.h>
#include <stdio.h>

struct device_model {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_accel *accel;
    struct gantry_mappings mappings;
    uint64_t order_seed;
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
    gantry_mappings_finish(&model->mappings);
    gantry_accel_destroy(model->accel);
    gantry_release(model->allocator, model);
}

static void describe(struct gantry_device_info *info, const char *config,
                     const struct gantry_array_params *params)
{
    (void)snprintf(info->name, sizeof info->name, "model:%s", config);
    gantry_device_info_params(info, params);
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
    gantry_mappings_init(&model->mappings, options->allocator);
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
    return gantry_mappings_add(&self(device)->mappings, device->info.name, bytes, out, error);
}

static void model_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    gantry_mappings_remove(&self(device)->mappings, buffer);
}

static enum gantry_status model_sync(struct gantry_device *device,
                                     struct gantry_device_buffer *buffer, size_t offset,
                                     size_t bytes, enum gantry_sync direction,
                                     struct gantry_error *error)
{
    (void)direction; /* host and model share the memory */
    return gantry_buffer_check(device->info.name, buffer, offset, bytes, error);
}

/* ---- Launch ---- */

static enum gantry_status model_submit(struct gantry_device *device,
                                       const struct gantry_launch *launch,
                                       struct gantry_error *error)
{
    struct device_model *model = self(device);
    if (model->submitted)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           device->info.name);
    enum gantry_status status = gantry_mappings_launch(
        &model->mappings, device->info.name, device->info.ports, launch, &model->memory, error);
    if (status != GANTRY_OK) return status;
    model->launch = *launch;
    model->submitted = true;
    return GANTRY_OK;
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
    gantry_result_add_address(&model->result, &model->launch, &model->memory);
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
