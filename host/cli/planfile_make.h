/* SPDX-License-Identifier: Apache-2.0
 * Plans into bytes: what gantry_planfile_open reads. */
#ifndef GANTRY_CLI_PLANFILE_MAKE_H
#define GANTRY_CLI_PLANFILE_MAKE_H

#include "kernels/kernels.h"
#include "plan/plan.h"

/* What goes into the file besides the plan; borrowed. */
struct gantry_planfile_parts {
    const char *device; /* that the plan is made for */
    const void *model;  /* the whole model file */
    size_t model_size;
    const void *manifest; /* the whole manifest.json beside it, or NULL */
    size_t manifest_size;
    const char *isa;                    /* whose kernels the weights are packed for */
    const struct gantry_packed *packed; /* node_count of the plan's graph; NULL: none */
};
/* Bytes of a plan file. *out is released with the allocator. */
GANTRY_MUST_USE enum gantry_status gantry_planfile_make(uint8_t **out, size_t *size,
                                                        const struct gantry_plan *plan,
                                                        const struct gantry_planfile_parts *parts,
                                                        const struct gantry_allocator *allocator,
                                                        struct gantry_error *error);

#endif
