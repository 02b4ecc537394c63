/* SPDX-License-Identifier: Apache-2.0
 * What the files of the simulated device share. */
#ifndef GANTRY_SIM_DEVICE_INTERNAL_H
#define GANTRY_SIM_DEVICE_INTERNAL_H

#include "device/registers.h"
#include "sim/clock.h"
#include "sim/device_sim.h"

/* What the accelerators of a device share; the first one owns it. */
struct gantry_sim_board {
    struct gantry_sim_chip chip;
    struct gantry_sim_clock clock;
    uint64_t next_address;
    char *wave_path;
};

struct gantry_device_sim {
    struct gantry_device base;
    const struct gantry_allocator *allocator;
    struct gantry_sim_board *board;
    struct gantry_sim_bench bench;
    bool running;
    uint64_t program; /* of the last launch */
};

static inline struct gantry_device_sim *gantry_device_sim_of(struct gantry_device *device)
{
    return (struct gantry_device_sim *)device;
}

/* Reads a register; context is the device. */
bool gantry_device_sim_read(void *context, uint32_t reg, uint32_t *value_out);

static inline struct gantry_registers gantry_device_sim_registers(struct gantry_device_sim *sim)
{
    return (struct gantry_registers){sim, gantry_device_sim_read, sim->base.info.name};
}

extern const struct gantry_device_clock gantry_device_sim_clock;

/* Operations of device/device.h. */
enum gantry_status gantry_device_sim_submit(struct gantry_device *device,
                                            const struct gantry_launch *launch,
                                            struct gantry_error *error);
enum gantry_status gantry_device_sim_wait(struct gantry_device *device, uint32_t timeout_ms,
                                          struct gantry_error *error);
enum gantry_status gantry_device_sim_counters(struct gantry_device *device,
                                              struct gantry_counters *out,
                                              struct gantry_error *error);
enum gantry_status gantry_device_sim_reset(struct gantry_device *device,
                                           struct gantry_error *error);

#endif
