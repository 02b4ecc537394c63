/* SPDX-License-Identifier: Apache-2.0
 * What the files of the device "xrt" share. */
#ifndef GANTRY_XRT_INTERNAL_H
#define GANTRY_XRT_INTERNAL_H

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "device/registers.h"

/* A buffer; a list, newest first. */
struct gantry_xrt_buffer {
    struct gantry_xrt_buffer *next;
    xrtBufferHandle bo;
    uint8_t *host;
    uint64_t address;
    size_t bytes; /* as allocated: whole pages */
};

struct gantry_device_xrt {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    xrtDeviceHandle device;
    xrtKernelHandle kernel;
    xrtRunHandle run;
    struct gantry_registers registers;
    struct gantry_argument arguments[GANTRY_ARGUMENTS_MAX];
    size_t argument_count;
    struct gantry_xrt_buffer *buffers;
    bool running, lost; /* lost: a launch that nothing ends, or no answer */
    uint64_t program;   /* of the last launch */
};

static inline struct gantry_device_xrt *gantry_device_xrt_of(struct gantry_device *device)
{
    return (struct gantry_device_xrt *)device;
}

/* The buffer that starts at an address, or NULL. */
struct gantry_xrt_buffer *gantry_xrt_buffer_at(const struct gantry_device_xrt *xrt,
                                               uint64_t address);
/* Operations of device/device.h. */
enum gantry_status gantry_xrt_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch,
                                     struct gantry_error *error);
enum gantry_status gantry_xrt_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error);
enum gantry_status gantry_xrt_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error);
enum gantry_status gantry_xrt_reset(struct gantry_device *device, struct gantry_error *error);

#endif
