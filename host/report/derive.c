/* SPDX-License-Identifier: Apache-2.0
 * Values that all writers derive from the record in the same way. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

double gantry_report_utilization(uint64_t macs, uint64_t cycles, uint32_t peak)
{
    if (cycles == 0 || peak == 0) return -1.0;
    return (double)macs / ((double)cycles * (double)peak);
}

double gantry_report_offloaded(const struct gantry_profile *profile)
{
    if (profile->macs == 0) return 0.0;
    return 100.0 * (double)profile->macs_offloaded / (double)profile->macs;
}

bool gantry_report_has_node_cycles(const struct gantry_profile *profile)
{
    return profile->has_cycles && !profile->trace_lost;
}

double gantry_report_node_us(const struct gantry_profile *profile,
                             const struct gantry_report_context *context,
                             const struct gantry_profile_node *node)
{
    if (!node->accelerator) return context->planned ? -1.0 : (double)node->cpu_ns / 1000.0;
    bool ran = !context->planned;
    if (ran && (profile->has_cycles || profile->has_times) && profile->trace_lost) return -1.0;
    if (ran && profile->has_times) return (double)node->device_ns / 1000.0;
    if (context->clock_hz == 0) return -1.0;
    bool counted = profile->has_cycles && ran;
    uint64_t cycles = counted ? node->cycles : node->predicted_cycles;
    return (double)cycles * 1e6 / (double)context->clock_hz;
}

double gantry_report_total_us(const struct gantry_profile *profile,
                              const struct gantry_report_context *context)
{
    double sum = 0.0;
    for (size_t i = 0; i < profile->node_count; i++) {
        double us = gantry_report_node_us(profile, context, &profile->nodes[i]);
        if (us < 0) return -1.0;
        sum += us;
    }
    return sum;
}

double gantry_report_error(const struct gantry_profile *profile, uint64_t predicted,
                           uint64_t counted)
{
    if (!profile->has_cycles || counted == 0 || profile->inferences > 1) return (double)NAN;
    return 100.0 * ((double)predicted - (double)counted) / (double)counted;
}

uint64_t gantry_report_bytes(const struct gantry_profile_node *node)
{
    return node->weight_bytes + node->load_bytes + node->store_bytes;
}

double gantry_report_intensity(const struct gantry_profile_node *node)
{
    uint64_t bytes = gantry_report_bytes(node);
    if (!node->accelerator || bytes == 0 || node->macs == 0) return -1.0;
    return (double)node->macs / (double)bytes;
}

static double loads(const struct gantry_profile_node *node, uint64_t moved, uint64_t bytes)
{
    return node->accelerator && bytes ? (double)moved / (double)bytes : -1.0;
}

double gantry_report_weight_loads(const struct gantry_profile_node *node)
{
    return loads(node, node->weight_bytes, node->weight_operand_bytes);
}

double gantry_report_input_loads(const struct gantry_profile_node *node)
{
    return loads(node, node->load_bytes, node->input_operand_bytes);
}

double gantry_report_attainable(const struct gantry_profile *profile,
                                const struct gantry_profile_node *node)
{
    double intensity = gantry_report_intensity(node);
    if (intensity < 0 || profile->memory_bytes_per_cycle == 0) return -1.0;
    return fmin(profile->peak_macs_per_cycle, intensity * profile->memory_bytes_per_cycle);
}

const char *gantry_report_bound(const struct gantry_profile *profile,
                                const struct gantry_profile_node *node)
{
    double attainable = gantry_report_attainable(profile, node);
    if (attainable < 0) return NULL;
    return attainable < profile->peak_macs_per_cycle ? "memory" : "array";
}

const char *gantry_report_number(double value, int decimals, char *buffer, size_t size)
{
    uint64_t unit = 1;
    for (int i = 0; i < decimals; i++) unit *= 10;
    double scaled = floor(fabs(value) * (double)unit + 0.5);
    if (!(scaled < 1e18)) {
        (void)snprintf(buffer, size, "%s", "-");
        return buffer;
    }
    uint64_t digits = (uint64_t)scaled;
    const char *sign = value < 0 && digits > 0 ? "-" : "";
    if (decimals == 0)
        (void)snprintf(buffer, size, "%s%" PRIu64, sign, digits);
    else
        (void)snprintf(buffer, size, "%s%" PRIu64 ".%0*" PRIu64, sign, digits / unit, decimals,
                       digits % unit);
    return buffer;
}
