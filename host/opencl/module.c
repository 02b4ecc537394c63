/* SPDX-License-Identifier: Apache-2.0
 * What libgantry-opencl.so exports. */
#include "internal.h"

static bool is_present(void) { return gantry_opencl_count() > 0; }

extern GANTRY_API const struct gantry_device_module gantry_device_module;

const struct gantry_device_module gantry_device_module = {
    .seam = GANTRY_DEVICE_SEAM,
    .spec_hash = GANTRY_SPEC_HASH,
    .library_version = GANTRY_VERSION_STRING,
    .ops = &gantry_device_opencl_ops,
    .is_present = is_present,
    .count = gantry_opencl_count,
};
