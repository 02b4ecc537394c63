/* SPDX-License-Identifier: Apache-2.0
 * The seam between the runtime and whatever executes programs.
 *
 * Every device has buffers in device memory that the host can map, takes one launch at a time
 * (submit, then wait), and gives back counters. Life cycle: open, alloc, [sync, submit, wait,
 * counters]*, free, close. Threads may share a device: between gantry_device_take and
 * gantry_device_give it is theirs alone, which all operations but sync need.
 *
 * Hardware with several accelerators is a device for each: the first one owns the others, which
 * hang on it. They share memory: a buffer of one is a buffer of all, and devices see to it that
 * alloc and free of one do not disturb another. */
#ifndef GANTRY_DEVICE_SEAM_H
#define GANTRY_DEVICE_SEAM_H

#include <pthread.h>

#include "accel/accel.h"
#include "gantry/device.h"

/* Memory that host and device share. host is always mapped; address is the device's. */
struct gantry_device_buffer {
    uint8_t *host;
    uint64_t address;
    size_t bytes;
    void *handle; /* the device's own */
};

enum gantry_sync { GANTRY_SYNC_TO_DEVICE, GANTRY_SYNC_FROM_DEVICE };

/* Contents of the registers for one launch. Addresses are device addresses. */
struct gantry_launch {
    uint64_t program, weights, arena, input, output, trace;
    uint32_t insn_count, wgt_lines;
    uint32_t arena_bytes, input_bytes, output_bytes, trace_bytes;
    uint32_t repeat;
    uint32_t run_stride[3]; /* bytes from one run to the next, by gantry_launch_buffer */
    uint64_t sem_init;
    uint32_t watchdog_cycles;
    bool trace_on;
};

/* Counters of the last launch. Cycle counts are 0 for a device without has_cycles. */
struct gantry_counters {
    uint64_t cycles;
    uint32_t insn_done;
    uint64_t stall[GANTRY_STALL_CLASSES];
    uint64_t read_bytes, write_bytes;
    bool trace_lost;
};

/* What a buffer is for: a device may have a memory for each. */
enum gantry_buffer_role {
    GANTRY_ROLE_PROGRAM,
    GANTRY_ROLE_WEIGHTS,
    GANTRY_ROLE_ARENA,
    GANTRY_ROLE_INPUT,
    GANTRY_ROLE_OUTPUT,
    GANTRY_ROLE_TRACE,
    GANTRY_ROLE_COUNT
};

struct gantry_device_ops {
    /* config: what follows the colon of the device's name; NULL without. */
    enum gantry_status (*open)(struct gantry_device **out, const char *config,
                               const struct gantry_device_options *options,
                               struct gantry_error *error);
    void (*close)(struct gantry_device *device);
    enum gantry_status (*alloc)(struct gantry_device *device, size_t bytes,
                                enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                struct gantry_error *error);
    void (*free)(struct gantry_device *device, struct gantry_device_buffer *buffer);
    enum gantry_status (*sync)(struct gantry_device *device, struct gantry_device_buffer *buffer,
                               size_t offset, size_t bytes, enum gantry_sync direction,
                               struct gantry_error *error);
    /* Starts a launch; returns at once where the device is asynchronous. */
    enum gantry_status (*submit)(struct gantry_device *device, const struct gantry_launch *launch,
                                 struct gantry_error *error);
    /* Waits for it. GANTRY_ERR_TIMEOUT after timeout_ms (the launch is then aborted);
     * GANTRY_ERR_DEVICE with cause, unit, instruction and info for an error of the device. */
    enum gantry_status (*wait)(struct gantry_device *device, uint32_t timeout_ms,
                               struct gantry_error *error);
    enum gantry_status (*counters)(struct gantry_device *device, struct gantry_counters *out,
                                   struct gantry_error *error);
    enum gantry_status (*reset)(struct gantry_device *device, struct gantry_error *error);
};

/* Of a device whose time is simulated. A thread that becomes a stream takes part in it: time passes
 * only while every stream waits for it or for a device, and streams go on one at a time, in a
 * fixed order. Calls of other threads take the time that happens to pass. */
struct gantry_device_clock {
    /* A stream that some thread will become; time stands still for it from now on. NULL: too many.
     */
    void *(*join)(struct gantry_device *device);
    void (*become)(struct gantry_device *device, void *stream);
    void (*part)(struct gantry_device *device);
    /* Of a stream, otherwise without effect: the host has worked for so long. */
    void (*pass)(struct gantry_device *device, uint64_t ns);
    /* Simulated time; false when the calling thread is no stream. */
    bool (*now)(struct gantry_device *device, uint64_t *ns_out);
    /* gantry_device_take and _give. */
    void (*take)(struct gantry_device *device);
    void (*give)(struct gantry_device *device);
};

/* First member of every device's struct. */
struct gantry_device {
    const struct gantry_device_ops *ops;
    struct gantry_device_info info;
    void *module;               /* handle of dlopen, or NULL */
    uint32_t watchdog_cycles;   /* of the options; what a launch writes to register WATCHDOG */
    struct gantry_device *next; /* of the same hardware, owned by the first; NULL: the last */
    const struct gantry_device_clock *clock; /* NULL: time passes by itself */
    pthread_mutex_t mutex;                   /* of take and give, without a clock */
};

/* Waits until the device is free, and makes it the caller's; does not nest. */
void gantry_device_take(struct gantry_device *device);
void gantry_device_give(struct gantry_device *device);

/* Implementations inside the library. */
extern const struct gantry_device_ops gantry_device_model_ops;

/* What a device module (libgantry-sim.so) exports under the name "gantry_device_module". */
struct gantry_device_module {
    uint64_t seam; /* GANTRY_DEVICE_SEAM: it was built with these structs */
    uint64_t spec_hash;
    const char *library_version; /* GANTRY_VERSION_STRING: module and library belong together */
    const struct gantry_device_ops *ops;
    /* Whether there is hardware to open, found out without loading anything; NULL: it needs none.
     */
    bool (*is_present)(void);
    /* How many devices the first part of the config counts through; NULL: that is not known. */
    uint32_t (*count)(void);
};

/* The sizes of the structs that pass between library and module. */
#define GANTRY_DEVICE_SEAM                                                                         \
    ((uint64_t)sizeof(struct gantry_device_module) | (uint64_t)sizeof(struct gantry_device) << 8 | \
     (uint64_t)sizeof(struct gantry_device_ops) << 24 |                                            \
     (uint64_t)sizeof(struct gantry_device_options) << 36 |                                        \
     (uint64_t)sizeof(struct gantry_launch) << 48)

/* What a device of some parameters reports, besides its names: it executes this specification. */
void gantry_device_info_params(struct gantry_device_info *info,
                               const struct gantry_array_params *params);
/* Refuses a sync beyond the end of a buffer. */
enum gantry_status gantry_buffer_check(const char *name, const struct gantry_device_buffer *buffer,
                                       size_t offset, size_t bytes, struct gantry_error *error);
/* How many of a device's count accelerators the options ask for, *first the first of them. Refuses
 * one that there is not: GANTRY_ERR_ARGUMENT. */
GANTRY_MUST_USE enum gantry_status gantry_device_choose(const struct gantry_device_options *options,
                                                        const char *device, int count, int *first,
                                                        int *wanted, struct gantry_error *error);

/* Writes the message for a launch that ended with an ERROR register other than 0. */
enum gantry_status gantry_device_fault(struct gantry_error *error, const char *device,
                                       const struct gantry_accel_result *result);

#endif
