/* SPDX-License-Identifier: Apache-2.0
 * What libgantry-sim.so exports. */
#include "sim/device_sim.h"

extern GANTRY_API const struct gantry_device_module gantry_device_module;

const struct gantry_device_module gantry_device_module = {
    .seam = GANTRY_DEVICE_SEAM,
    .spec_hash = GANTRY_SPEC_HASH,
    .library_version = GANTRY_VERSION_STRING,
    .ops = &gantry_device_sim_ops,
};
