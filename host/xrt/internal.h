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

/* What the accelerators of a device share; the first one owns it. */
struct gantry_xrt_board {
    xrtDeviceHandle device;
    xuid_t uuid;
    pthread_mutex_t mutex; /* of the buffers */
    struct gantry_xrt_buffer *buffers;
};

struct gantry_device_xrt {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_xrt_board *board;
    xrtKernelHandle kernel;
    xrtRunHandle run;
    struct gantry_registers registers;
    struct gantry_argument arguments[GANTRY_ARGUMENTS_MAX];
    size_t argument_count;
    bool running, lost; /* lost: a launch that nothing ends, or no answer */
    uint64_t program;   /* of the last launch */
};

static inline struct gantry_device_xrt *gantry_device_xrt_of(struct gantry_device *device)
{
    return (struct gantry_device_xrt *)device;
}

/* ---- buffers.c ---- */

/* The buffer that starts at an address, or NULL. */
struct gantry_xrt_buffer *gantry_xrt_buffer_at(const struct gantry_device_xrt *xrt,
                                               uint64_t address);
/* Frees those that are left. */
void gantry_xrt_buffers_drop(struct gantry_device_xrt *xrt);

/* ---- Operations of device/device.h ---- */

enum gantry_status gantry_xrt_alloc(struct gantry_device *device, size_t bytes,
                                    enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                    struct gantry_error *error);
void gantry_xrt_free(struct gantry_device *device, struct gantry_device_buffer *buffer);
enum gantry_status gantry_xrt_sync(struct gantry_device *device,
                                   struct gantry_device_buffer *buffer, size_t offset, size_t bytes,
                                   enum gantry_sync direction, struct gantry_error *error);
enum gantry_status gantry_xrt_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch,
                                     struct gantry_error *error);
enum gantry_status gantry_xrt_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error);
enum gantry_status gantry_xrt_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error);
enum gantry_status gantry_xrt_reset(struct gantry_device *device, struct gantry_error *error);

#endif
