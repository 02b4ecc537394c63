/* SPDX-License-Identifier: Apache-2.0
 * A device module of the tests; the build gives it its hash and version. */
#include "device/device.h"

#ifdef TEST_NO_SYMBOL
extern GANTRY_API const int gantry_other_symbol;
const int gantry_other_symbol = 1;
#else
#ifndef TEST_SEAM
#define TEST_SEAM GANTRY_DEVICE_SEAM
#endif
extern GANTRY_API const struct gantry_device_module gantry_device_module;
const struct gantry_device_module gantry_device_module = {
    .seam = TEST_SEAM,
    .spec_hash = TEST_HASH,
    .library_version = TEST_VERSION,
    .ops = &gantry_device_model_ops,
};
#endif
