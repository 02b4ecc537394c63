/* SPDX-License-Identifier: Apache-2.0
 * Buffers of devices that run inside this process and make addresses up.
 *
 * Addresses lie above 32 bits, with a page between buffers that belongs to nobody: a cut address or
 * a run past an end is refused, as hardware would. name: of the device, for messages. */
#ifndef GANTRY_DEVICE_MAPPINGS_H
#define GANTRY_DEVICE_MAPPINGS_H

#include "device/device.h"

/* A buffer; a list, newest first. */
struct gantry_mapping {
    struct gantry_mapping *next;
    uint8_t *host; /* owned */
    uint64_t address;
    size_t bytes;
    void *memory; /* the device's own, or NULL; the device frees it */
};

struct gantry_mappings {
    const struct gantry_allocator *allocator;
    struct gantry_mapping *first;
    uint64_t next_address;
};

void gantry_mappings_init(struct gantry_mappings *mappings,
                          const struct gantry_allocator *allocator);
void gantry_mappings_finish(struct gantry_mappings *mappings);
/* Host memory and an address for a buffer, whose handle is the mapping. */
enum gantry_status gantry_mappings_add(struct gantry_mappings *mappings, const char *name,
                                       size_t bytes, struct gantry_device_buffer *out,
                                       struct gantry_error *error);
/* Clears the buffer; what is none of these is ignored. */
void gantry_mappings_remove(struct gantry_mappings *mappings, struct gantry_device_buffer *buffer);
/* The mapping that holds the range, or NULL. */
const struct gantry_mapping *gantry_mappings_find(const struct gantry_mappings *mappings,
                                                  uint64_t address, uint64_t bytes);
/* What the registers of a launch name, in host memory; refuses ranges that are in no buffer,
 * addresses that are not aligned and REPEAT 0. */
enum gantry_status gantry_mappings_launch(const struct gantry_mappings *mappings, const char *name,
                                          int32_t ports, const struct gantry_launch *launch,
                                          struct gantry_accel_memory *out,
                                          struct gantry_error *error);
/* The order of a launch counts from a buffer's start; ERROR_INFO holds addresses. */
void gantry_result_add_address(struct gantry_accel_result *result,
                               const struct gantry_launch *launch,
                               const struct gantry_accel_memory *memory);

#endif
