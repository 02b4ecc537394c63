/* SPDX-License-Identifier: Apache-2.0
 * Messages that all devices share: a launch that ended with an error, a sync beyond a buffer. */
#include "device/device.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { TEXT_BYTES = 128 };

/* "Unknown opcode" -> "unknown opcode": the sentence stands inside a line. INSN_COUNT stays. */
static void sentence(uint32_t cause, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", gantry_cause_sentence(cause));
    if (islower((unsigned char)out[1]) || out[1] == ' ')
        out[0] = (char)tolower((unsigned char)out[0]);
}

/* What ERROR_INFO means for a cause, in brackets; empty for causes without. */
static void detail(const struct gantry_accel_result *result, char *out, size_t size)
{
    out[0] = 0;
    switch (result->cause) {
    case GANTRY_CAUSE_ACT_RANGE:
        if (result->limit)
            (void)snprintf(out, size, " (row %" PRIu64 ", limit %" PRId64 ")", result->info,
                           result->limit);
        else
            (void)snprintf(out, size, " (row %" PRIu64 ")", result->info);
        break;
    case GANTRY_CAUSE_WEIGHTS_EXHAUSTED:
        if (result->limit)
            (void)snprintf(out, size, " (%" PRIu64 " lines needed, %" PRId64 " there)",
                           result->info, result->limit);
        break;
    case GANTRY_CAUSE_SEMAPHORE:
        (void)snprintf(out, size, " (semaphore %" PRIu64 ")", result->info);
        break;
    case GANTRY_CAUSE_FIELD_RANGE:
        (void)snprintf(out, size, " (word %" PRIu64 ", bit %" PRIu64 ")", result->info / 32,
                       result->info % 32);
        break;
    case GANTRY_CAUSE_DDR_RANGE:
    case GANTRY_CAUSE_READ_SLVERR:
    case GANTRY_CAUSE_READ_DECERR:
    case GANTRY_CAUSE_WRITE_SLVERR:
    case GANTRY_CAUSE_WRITE_DECERR:
        (void)snprintf(out, size, " (address 0x%" PRIx64 ")", result->info);
        break;
    default:
        break;
    }
}

enum gantry_status gantry_device_fault(struct gantry_error *error, const char *device,
                                       const struct gantry_accel_result *result)
{
    char what[TEXT_BYTES], where[TEXT_BYTES];
    sentence(result->cause, what, sizeof what);
    detail(result, where, sizeof where);
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: instruction %" PRIu32 "%s%s: %s%s, unit %s",
                       device, result->insn, result->insn_name ? " " : "",
                       result->insn_name ? result->insn_name : "", what, where,
                       gantry_unit_name(result->unit));
}

enum gantry_status gantry_buffer_check(const char *name, const struct gantry_device_buffer *buffer,
                                       size_t offset, size_t bytes, struct gantry_error *error)
{
    size_t end;
    if (gantry_add_size(offset, bytes, &end) && end <= buffer->bytes) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "%s: sync: bytes from %zu on, %zu long, leave the buffer (%zu)", name,
                       offset, bytes, buffer->bytes);
}
