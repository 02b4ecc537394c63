/* SPDX-License-Identifier: Apache-2.0
 * The file that holds an accelerator, read before XRT sees it. */
#ifndef GANTRY_XRT_XCLBIN_H
#define GANTRY_XRT_XCLBIN_H

#include "base/base.h"

/* Checks that the file is there, whole, and that its sections lie within it. *clock_hz: of its
 * first data clock, 0 when it names none. */
enum gantry_status gantry_xclbin_check(const char *device, const char *path, uint32_t *clock_hz,
                                       struct gantry_error *error);

#endif
