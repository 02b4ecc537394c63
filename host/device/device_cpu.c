/* SPDX-License-Identifier: Apache-2.0
 * The device "cpu": no accelerator. It opens and closes, and refuses everything else. */
#include "device/registry.h"

#include <stdio.h>

struct device_cpu {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
};

static enum gantry_status cpu_open(struct gantry_device **out, const char *config,
                                   const struct gantry_device_options *options,
                                   struct gantry_error *error)
{
    (void)config;
    struct device_cpu *cpu = gantry_allocate(options->allocator, 1, sizeof *cpu);
    if (!cpu) return gantry_fail(error, GANTRY_ERR_MEMORY, "cpu: no memory");
    cpu->base.ops = &gantry_device_cpu_ops;
    cpu->allocator = options->allocator;
    (void)snprintf(cpu->base.info.name, sizeof cpu->base.info.name, "cpu");
    (void)snprintf(cpu->base.info.description, sizeof cpu->base.info.description,
                   "no accelerator: everything runs on the host");
    *out = &cpu->base;
    return GANTRY_OK;
}

static void cpu_close(struct gantry_device *device)
{
    struct device_cpu *cpu = (struct device_cpu *)device;
    gantry_release(cpu->allocator, cpu);
}

static enum gantry_status refuse(struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_ARGUMENT, "cpu: takes no launches");
}

static enum gantry_status cpu_alloc(struct gantry_device *device, size_t bytes,
                                    enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                    struct gantry_error *error)
{
    (void)device, (void)bytes, (void)role, (void)out;
    return refuse(error);
}

static void cpu_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    (void)device, (void)buffer;
}

static enum gantry_status cpu_sync(struct gantry_device *device,
                                   struct gantry_device_buffer *buffer, size_t offset, size_t bytes,
                                   enum gantry_sync direction, struct gantry_error *error)
{
    (void)device, (void)buffer, (void)offset, (void)bytes, (void)direction;
    return refuse(error);
}

static enum gantry_status cpu_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch, struct gantry_error *error)
{
    (void)device, (void)launch;
    return refuse(error);
}

static enum gantry_status cpu_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error)
{
    (void)device, (void)timeout_ms;
    return refuse(error);
}

static enum gantry_status cpu_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error)
{
    (void)device, (void)out;
    return refuse(error);
}

static enum gantry_status cpu_reset(struct gantry_device *device, struct gantry_error *error)
{
    (void)device, (void)error;
    return GANTRY_OK;
}

const struct gantry_device_ops gantry_device_cpu_ops = {
    cpu_open,   cpu_close, cpu_alloc,    cpu_free,  cpu_sync,
    cpu_submit, cpu_wait,  cpu_counters, cpu_reset,
};
