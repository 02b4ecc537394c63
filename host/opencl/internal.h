/* SPDX-License-Identifier: Apache-2.0
 * What the files of the device "opencl" share. */
#ifndef GANTRY_OPENCL_INTERNAL_H
#define GANTRY_OPENCL_INTERNAL_H

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include "accel/decode.h"
#include "accel/order.h"
#include "device/mappings.h"

enum {
    GANTRY_OPENCL_LOCAL = 64, /* work-items of a group */
    GANTRY_OPENCL_BATCH = 32, /* instructions between two looks at the device */
    GANTRY_OPENCL_NAME_BYTES = 96
};

/* ---- Errors (error.c) ---- */

/* "CL_OUT_OF_RESOURCES"; "unknown code" for others. */
const char *gantry_opencl_code_name(cl_int code);
/* Message of a call that failed with a code; GANTRY_ERR_MEMORY for the codes that say so, else
 * GANTRY_ERR_DEVICE. */
enum gantry_status gantry_opencl_fail(struct gantry_error *error, const char *device,
                                      const char *call, cl_int code);

/* ---- Platforms and devices (find.c) ---- */

struct gantry_opencl_found {
    cl_platform_id platform;
    cl_device_id device;
    char platform_name[GANTRY_OPENCL_NAME_BYTES], device_name[GANTRY_OPENCL_NAME_BYTES];
};
/* Devices of all platforms. */
uint32_t gantry_opencl_count(void);
/* The index-th of them, in the order of platforms and their devices. GANTRY_ERR_MISSING without any
 * platform or device, GANTRY_ERR_ARGUMENT for an index beyond them, GANTRY_ERR_DEVICE for a device
 * that cannot run the kernels. */
enum gantry_status gantry_opencl_find(uint32_t index, const char *name,
                                      struct gantry_opencl_found *out, struct gantry_error *error);

/* ---- The program (program.c), and its binaries in files (cache.c) ---- */

struct gantry_opencl_source {
    const char *const *texts;
    const size_t *lengths;
    cl_uint count;
    const char *options; /* of the compiler */
};
/* The kernels of hw/opencl with what they include; valid as long as the module. */
void gantry_opencl_source(struct gantry_opencl_source *out);
/* Builds from the cache or from source; a new binary is kept. cache: folder, or NULL for none. A
 * source that does not build is GANTRY_ERR_DEVICE with the first line of the build log, which goes
 * to log as a whole. */
enum gantry_status gantry_opencl_build(const struct gantry_opencl_found *found, cl_context context,
                                       const struct gantry_opencl_source *source, const char *cache,
                                       const struct gantry_log *log, const char *name,
                                       cl_program *out, struct gantry_error *error);

/* Folder for binaries: GANTRY_CACHE, else gantry below XDG_CACHE_HOME, else below ~/.cache; false
 * when there is no such place. */
bool gantry_opencl_cache_folder(char *out, size_t size);
/* Contents of the entry with a key, to release with gantry_release(NULL, ..); NULL when there is
 * none, or none that is whole. */
uint8_t *gantry_opencl_cache_read(const char *folder, uint64_t key, size_t *bytes_out);
/* Keeps an entry, replacing what was there; false when that is not possible. */
bool gantry_opencl_cache_write(const char *folder, uint64_t key, const uint8_t *data, size_t bytes);

/* ---- The device (device_opencl.c), and its launches (launch.c) ---- */

/* An instruction of a batch. */
struct gantry_opencl_record {
    uint32_t index, run, opcode;
    cl_event event; /* NULL: nothing to execute */
};

struct gantry_device_opencl {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_array_params params;
    struct gantry_mappings mappings; /* memory: a cl_mem, NULL for what only the host reads */
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel conv, window, load, store;
    cl_mem act, faults; /* the activation RAM; rows beyond it, per instruction of a batch */
    cl_ulong largest;   /* bytes of a buffer at most */

    /* Launch */
    bool submitted;
    struct gantry_launch launch;
    struct gantry_accel_memory memory;
    struct gantry_accel_result result;
    struct gantry_order order;
    cl_mem weights, buffer[3]; /* of the launch */
    int64_t weights_at, buffer_at[3];
    cl_int code; /* of the call that failed, and its name */
    const char *call;
    struct gantry_opencl_record batch[GANTRY_OPENCL_BATCH];
    uint32_t batch_count;
    cl_event event;    /* of the instruction under work */
    uint32_t records;  /* of the trace, written so far */
    bool started;      /* start_ns is known */
    cl_ulong start_ns; /* of the first kernel, on the device's clock */
    cl_ulong last_ns;  /* end of the latest, from start_ns */
};

static inline struct gantry_device_opencl *gantry_device_opencl_of(struct gantry_device *device)
{
    return (struct gantry_device_opencl *)device;
}

extern const struct gantry_device_ops gantry_device_opencl_ops;

enum gantry_status gantry_opencl_submit(struct gantry_device *device,
                                        const struct gantry_launch *launch,
                                        struct gantry_error *error);
enum gantry_status gantry_opencl_wait(struct gantry_device *device, uint32_t timeout_ms,
                                      struct gantry_error *error);
enum gantry_status gantry_opencl_counters(struct gantry_device *device, struct gantry_counters *out,
                                          struct gantry_error *error);
enum gantry_status gantry_opencl_reset(struct gantry_device *device, struct gantry_error *error);

#endif
