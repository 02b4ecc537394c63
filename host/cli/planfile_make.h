/* SPDX-License-Identifier: Apache-2.0
 * Plans into bytes: what gantry_planfile_open reads. */
#ifndef GANTRY_CLI_PLANFILE_MAKE_H
#define GANTRY_CLI_PLANFILE_MAKE_H

#include "plan/plan.h"

/* Bytes of a plan, with those of its model file. *out is released with the allocator. */
GANTRY_MUST_USE enum gantry_status
gantry_planfile_make(uint8_t **out, size_t *size, const struct gantry_plan *plan,
                     const char *device, const void *model, size_t model_size,
                     const struct gantry_allocator *allocator, struct gantry_error *error);

#endif
