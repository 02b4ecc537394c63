/* SPDX-License-Identifier: Apache-2.0
 * Devices: what there is, and opening one.
 *
 * Names: "cpu" (no accelerator), "model[:CONFIG]" (the C model), "sim[:CONFIG]" (the Verilated
 * RTL), "xrt[:INDEX]" (an FPGA through XRT), "opencl[:INDEX][:CONFIG]" (OpenCL kernels; INDEX
 * counts the devices of all platforms). A device has one or several accelerators, each of which
 * serves one launch at a time; devices are independent of each other. */
#ifndef GANTRY_DEVICE_H
#define GANTRY_DEVICE_H

#include "gantry/allocator.h"
#include "gantry/log.h"
#include "gantry/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_device; /* opaque */

/* Start from GANTRY_DEVICE_OPTIONS_INIT. */
struct gantry_device_options {
    const char *memory;     /* "ideal" or "kv260": the memory model of sim; NULL: "kv260" */
    const char *waveform;   /* file for a waveform of the launch (sim), or NULL */
    uint64_t waveform_from; /* first and last cycle of the waveform */
    uint64_t waveform_to;
    /* File with the accelerator for xrt; NULL: that of the environment variable GANTRY_XCLBIN, else
     * that of the application "gantry" in /lib/firmware/xilinx. */
    const char *xclbin;
    int32_t accelerator;      /* this one of the device only, for what shares it; -1: all */
    uint64_t stall_seed;      /* sim: random AXI stalls from this seed; 0: none */
    uint32_t watchdog_cycles; /* register WATCHDOG */
    const struct gantry_allocator *allocator;
    const struct gantry_log *log;
};
#define GANTRY_DEVICE_OPTIONS_INIT                                                               \
    {                                                                                            \
        .memory = 0, .waveform = 0, .waveform_from = 0, .waveform_to = UINT64_MAX, .xclbin = 0,  \
        .accelerator = -1, .stall_seed = 0, .watchdog_cycles = 1000000, .allocator = 0, .log = 0 \
    }

struct gantry_device_info {
    char name[32];        /* "sim:half" */
    char description[96]; /* for people */
    bool accelerator;     /* false: cpu */
    bool has_cycles;      /* counters hold cycles */
    bool has_times;       /* trace records hold measured nanoseconds instead of cycles */
    int32_t instances;    /* accelerators that work independently: 1 or more; 0: cpu */
    /* Of one accelerator, as hw/spec/params.def has them. */
    int32_t g, act_rows, ring_lines, acc_rows, ports, window;
    uint32_t peak_macs_per_cycle; /* 512 g */
    uint64_t spec_hash;
    uint32_t clock_hz; /* nominal: cycles are simulated */
    char memory[16];   /* "kv260", "ideal" or "" */
};

/* Opens a device by name, which *out owns until gantry_device_close; options NULL: those of the
 * start. Thread: any; a device that is open serves engines of any threads. Compares its spec hash
 * with the library's and refuses another one, naming both. Unknown names: GANTRY_ERR_ARGUMENT
 * listing the known ones and the nearest. A name whose module is not installed: GANTRY_ERR_MISSING
 * with a hint. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_device_open(struct gantry_device **out, const char *name,
                   const struct gantry_device_options *options, struct gantry_error *error);
GANTRY_API void gantry_device_close(struct gantry_device *device); /* NULL is allowed */
/* Borrowed from the device. */
GANTRY_API const struct gantry_device_info *gantry_device_info(const struct gantry_device *device);

/* What could be opened: fills at most capacity entries, returns how many there are. available:
 * whether it opens here; detail: what it is, or what is missing and what brings it. */
struct gantry_device_entry {
    char name[32];
    bool available;
    char detail[160];
};
GANTRY_API size_t gantry_device_list(struct gantry_device_entry *entries, size_t capacity);
/* The default device: "xrt" where XRT has a device and the accelerator's file is there, else "sim"
 * if its module is there, else "model"; *reason_out says why, a text that stays. */
GANTRY_API const char *gantry_device_default(const char **reason_out);

#ifdef __cplusplus
}
#endif

#endif
