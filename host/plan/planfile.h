/* SPDX-License-Identifier: Apache-2.0
 * Plans as bytes: a header, and behind it a FlatBuffer that also holds the model's own bytes.
 *
 * Program and weights are used where they lie, so the bytes outlive the plan. */
#ifndef GANTRY_PLAN_PLANFILE_H
#define GANTRY_PLAN_PLANFILE_H

#include "plan/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GANTRY_PLANFILE_FORMAT = 4, /* of what this library writes */
    GANTRY_PLANFILE_READER = 1, /* the oldest format number whose readers understand that */
    GANTRY_PLANFILE_HEADER = 64,
    /* Places in the header; all numbers are little-endian. */
    GANTRY_PLANFILE_AT_FORMAT = 8,
    GANTRY_PLANFILE_AT_READER = 12,
    GANTRY_PLANFILE_AT_SIZE = 16, /* of what follows the header */
    GANTRY_PLANFILE_AT_SPEC = 24,
    GANTRY_PLANFILE_AT_CHECKSUM = 32 /* of what follows the header */
};
extern const uint8_t gantry_planfile_magic[8];
/* FNV-1a over words of 64 bits, the last one filled with zeros. */
uint64_t gantry_planfile_checksum(const uint8_t *bytes, size_t size);

/* Whether bytes begin as a plan file does. */
bool gantry_planfile_is(const uint8_t *bytes, size_t size);

/* What a file holds besides the plan; borrowed. */
struct gantry_planfile {
    const uint8_t *bytes;
    size_t size;
    const uint8_t *model;
    size_t model_size;
    const uint8_t *manifest; /* JSON; NULL: there was none beside the model */
    size_t manifest_size;
    const char *model_name, *device;
    size_t input_count; /* inputs with free dimensions */
};
/* Checks header, checksum and structure. bytes: aligned to 16. Errors: GANTRY_ERR_FILE naming
 * what is wrong, with both numbers where a version or a hash differs. */
GANTRY_MUST_USE enum gantry_status gantry_planfile_open(struct gantry_planfile *out,
                                                        const uint8_t *bytes, size_t size,
                                                        const char *name,
                                                        struct gantry_error *error);
/* The shape that input i < input_count of an open file has in the plan. */
struct gantry_input_shape gantry_planfile_input(const struct gantry_planfile *file, size_t i);
/* Packed weights of a CPU node for an instruction set and an order of packing (kernels/kernels.h);
 * NULL: the file has none, or others. */
const void *gantry_planfile_packed(const struct gantry_planfile *file, int32_t node,
                                   const char *isa, uint32_t order, size_t *size);
/* Fills a plan whose model and graph are set from an open file; every index, offset and size is
 * checked, and every program. */
GANTRY_MUST_USE enum gantry_status gantry_planfile_read(struct gantry_plan *plan,
                                                        const struct gantry_planfile *file,
                                                        struct gantry_error *error);
/* planfile_check.c: whether a plan that was read is safe to run. */
GANTRY_MUST_USE enum gantry_status
gantry_planfile_check(const struct gantry_plan *plan, const char *name, struct gantry_error *error);

#ifdef __cplusplus
}
#endif

#endif
