/* SPDX-License-Identifier: Apache-2.0
 * The device "sim": programs run on the Verilated RTL. */
#ifndef GANTRY_SIM_DEVICE_SIM_H
#define GANTRY_SIM_DEVICE_SIM_H

#include "device/device.h"
#include "sim/bench.h"

/* Opens the configurations of gantry_sim_cores; config NULL or empty: the first. */
extern const struct gantry_device_ops gantry_device_sim_ops;

/* The bench inside an open device, for tests: registers, faults of the memory. */
struct gantry_sim_bench *gantry_device_sim_bench(struct gantry_device *device);

#endif
