/* SPDX-License-Identifier: Apache-2.0
 * Writing target files. */
#include <jansson.h>
#include <math.h>

#include "target/target.h"

enum { DIGITS = 4, INDENT = 2 };

/* Rounded to the digits that a measurement has. */
static double rounded(double value)
{
    if (!(value > 0)) return 0;
    double unit = pow(10, floor(log10(value)) + 1 - DIGITS);
    return round(value / unit) * unit;
}

static json_t *kernel_json(const struct gantry_target_kernel *kernel)
{
    return json_pack("{s:f, s:f, s:f}", "call_us", rounded(kernel->call_ns / 1e3), "mac_ns",
                     rounded(kernel->mac_ns), "value_ns", rounded(kernel->value_ns));
}

static bool equal(const struct gantry_target_kernel *a, const struct gantry_target_kernel *b)
{
    return !(a->call_ns < b->call_ns || a->call_ns > b->call_ns || a->mac_ns < b->mac_ns ||
             a->mac_ns > b->mac_ns || a->value_ns < b->value_ns || a->value_ns > b->value_ns);
}

static json_t *kernels_json(const struct gantry_target *target)
{
    json_t *kernels = json_object();
    json_object_set_new(kernels, "default", kernel_json(&target->others));
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++)
        if (!equal(&target->kernels[op], &target->others))
            json_object_set_new(kernels, gantry_op_label((enum gantry_op)op),
                                kernel_json(&target->kernels[op]));
    return kernels;
}

char *gantry_target_text(const struct gantry_target *target, const char *source, bool one_line)
{
    json_t *root = json_pack(
        "{s:i, s:s, s:s, s:s, s:{s:f, s:f, s:{s:f, s:f}}, s:{s:f, s:f}, s:{s:s, s:o}}", "schema",
        GANTRY_TARGET_SCHEMA, "name", target->name, "description", target->description, "source",
        source, "accelerator", "clock_mhz", rounded(target->clock_hz / 1e6), "launch_us",
        rounded(target->launch_ns / 1e3), "memory", "bytes_per_cycle",
        rounded(target->memory_bytes_per_cycle), "latency_cycles", rounded(target->memory_latency),
        "transfer", "tensor_us", rounded(target->tensor_ns / 1e3), "byte_ns",
        rounded(target->byte_ns), "cpu", "name", target->cpu, "kernels", kernels_json(target));
    size_t flags = JSON_REAL_PRECISION(DIGITS + 2);
    char *text = root ? json_dumps(root, one_line ? flags : flags | JSON_INDENT(INDENT)) : NULL;
    json_decref(root);
    return text;
}
