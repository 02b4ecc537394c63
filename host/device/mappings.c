/* SPDX-License-Identifier: Apache-2.0
 * Buffers with made-up addresses, and the ranges that a launch names. */
#include "device/mappings.h"

#include <inttypes.h>

enum { PAGE_BYTES = 4096, BUFFER_ALIGN = 16 };

static const uint64_t first_address = UINT64_C(0x800000000);

void gantry_mappings_init(struct gantry_mappings *mappings,
                          const struct gantry_allocator *allocator)
{
    *mappings = (struct gantry_mappings){allocator, NULL, first_address};
}

static void drop(struct gantry_mappings *mappings, struct gantry_mapping *mapping)
{
    gantry_release(mappings->allocator, mapping->host);
    gantry_release(mappings->allocator, mapping);
}

void gantry_mappings_finish(struct gantry_mappings *mappings)
{
    while (mappings->first) {
        struct gantry_mapping *next = mappings->first->next;
        drop(mappings, mappings->first);
        mappings->first = next;
    }
}

enum gantry_status gantry_mappings_add(struct gantry_mappings *mappings, const char *name,
                                       size_t bytes, struct gantry_device_buffer *out,
                                       struct gantry_error *error)
{
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: buffer: %zu bytes are no size", name,
                           bytes);
    struct gantry_mapping *mapping = gantry_allocate(mappings->allocator, 1, sizeof *mapping);
    uint8_t *host = gantry_allocate(mappings->allocator, bytes, 1);
    if (!mapping || !host) {
        gantry_release(mappings->allocator, mapping);
        gantry_release(mappings->allocator, host);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: buffer: no memory for %zu bytes", name,
                           bytes);
    }
    *mapping = (struct gantry_mapping){mappings->first, host, mappings->next_address, bytes, NULL};
    mappings->first = mapping;
    mappings->next_address += gantry_align_size(bytes, PAGE_BYTES) + PAGE_BYTES;
    *out = (struct gantry_device_buffer){host, mapping->address, bytes, mapping};
    return GANTRY_OK;
}

void gantry_mappings_remove(struct gantry_mappings *mappings, struct gantry_device_buffer *buffer)
{
    for (struct gantry_mapping **at = &mappings->first; *at; at = &(*at)->next) {
        struct gantry_mapping *mapping = *at;
        if (mapping != buffer->handle) continue;
        *at = mapping->next;
        drop(mappings, mapping);
        break;
    }
    *buffer = (struct gantry_device_buffer){0};
}

const struct gantry_mapping *gantry_mappings_find(const struct gantry_mappings *mappings,
                                                  uint64_t address, uint64_t bytes)
{
    for (const struct gantry_mapping *at = mappings->first; at; at = at->next) {
        if (address < at->address || address - at->address > at->bytes) continue;
        if (bytes <= at->bytes - (address - at->address)) return at;
    }
    return NULL;
}

/* Host memory of a register's range; NULL for an empty one. */
static enum gantry_status resolve(const struct gantry_mappings *mappings, const char *name,
                                  const char *what, uint64_t address, uint64_t bytes,
                                  uint64_t align, uint8_t **out, struct gantry_error *error)
{
    *out = NULL;
    if (bytes == 0) return GANTRY_OK;
    if (address % align)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: address of %s 0x%" PRIx64 " is not a multiple of %" PRIu64, name,
                           what, address, align);
    const struct gantry_mapping *mapping = gantry_mappings_find(mappings, address, bytes);
    if (!mapping)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: %s at 0x%" PRIx64 ", %" PRIu64 " bytes, is in no buffer", name,
                           what, address, bytes);
    *out = mapping->host + (address - mapping->address);
    return GANTRY_OK;
}

enum gantry_status gantry_mappings_launch(const struct gantry_mappings *mappings, const char *name,
                                          int32_t ports, const struct gantry_launch *launch,
                                          struct gantry_accel_memory *out,
                                          struct gantry_error *error)
{
    uint64_t stream = (uint64_t)(gantry_stripe_bytes(launch->wgt_lines, ports) * ports);
    uint8_t *host[5];
    const struct {
        const char *what;
        uint64_t address, bytes, align;
    } rows[] = {
        {"PROGRAM", launch->program, (uint64_t)launch->insn_count * GANTRY_INSN_BYTES, PAGE_BYTES},
        {"WEIGHTS", launch->weights, stream, PAGE_BYTES},
        {"ARENA", launch->arena, launch->arena_bytes, BUFFER_ALIGN},
        {"INPUT", launch->input, launch->input_bytes, BUFFER_ALIGN},
        {"OUTPUT", launch->output, launch->output_bytes, BUFFER_ALIGN},
    };
    if (launch->repeat == 0)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: REPEAT is 0, least 1", name);
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        enum gantry_status status = resolve(mappings, name, rows[i].what, rows[i].address,
                                            rows[i].bytes, rows[i].align, &host[i], error);
        if (status != GANTRY_OK) return status;
    }
    *out = (struct gantry_accel_memory){
        .program = host[0],
        .insn_count = launch->insn_count,
        .weights = host[1],
        .wgt_lines = launch->wgt_lines,
        .buffer = {host[2], host[3], host[4]},
        .buffer_bytes = {launch->arena_bytes, launch->input_bytes, launch->output_bytes},
        .repeat = launch->repeat,
        .run_stride = {launch->run_stride[0], launch->run_stride[1], launch->run_stride[2]},
        .sem_init = launch->sem_init,
    };
    return GANTRY_OK;
}

void gantry_result_add_address(struct gantry_accel_result *result,
                               const struct gantry_launch *launch,
                               const struct gantry_accel_memory *memory)
{
    if (result->cause != GANTRY_CAUSE_DDR_RANGE) return;
    const uint64_t start[] = {launch->arena, launch->input, launch->output};
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, memory->program + (size_t)result->insn * GANTRY_INSN_BYTES);
    result->info += start[gantry_insn_get(&insn, GANTRY_LOAD_BUFFER)];
}
