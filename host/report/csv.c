/* SPDX-License-Identifier: Apache-2.0
 * The nodes of a profile record as comma-separated values. */
#include <inttypes.h>
#include <math.h>

#include "report/report.h"

static void text(FILE *out, const char *value)
{
    (void)fputc('"', out);
    for (; *value; value++) {
        if (*value == '"') (void)fputc('"', out);
        (void)fputc(*value, out);
    }
    (void)fputc('"', out);
}

static void count(FILE *out, bool known, uint64_t value)
{
    if (known)
        fprintf(out, ",%" PRIu64, value);
    else
        (void)fputc(',', out);
}

static void real(FILE *out, double value, int decimals)
{
    char buffer[48];
    fprintf(out, ",%s",
            value >= 0 ? gantry_report_number(value, decimals, buffer, sizeof buffer) : "");
}

static double us(uint64_t ns) { return ns == GANTRY_UNKNOWN ? -1.0 : (double)ns / 1000.0; }

static void row(FILE *out, const struct gantry_profile *profile,
                const struct gantry_report_context *context, const struct gantry_profile_node *node)
{
    bool known = node->accelerator && gantry_report_has_node_cycles(profile) && !context->planned;
    const char *bound = gantry_report_bound(profile, node);
    char buffer[48];
    fprintf(out, "%" PRId32 ",", node->index);
    text(out, node->name);
    fprintf(out, ",%s,%s,%s", node->op, node->accelerator ? "accelerator" : "cpu",
            node->reason.code ? node->reason.code : "");
    count(out, true, node->macs);
    count(out, known, node->cycles);
    real(out,
         known ? gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle)
               : -1.0,
         6);
    real(out, (double)node->cpu_ns / 1000.0, 3);
    if (node->fused_into >= 0)
        fprintf(out, ",%" PRId32, node->fused_into);
    else
        (void)fputc(',', out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++) count(out, known, node->stalls[i]);
    count(out, node->accelerator, node->predicted_cycles);
    double off = gantry_report_error(profile, node->predicted_cycles, node->cycles);
    fprintf(out, ",%s",
            known && !isnan(off) ? gantry_report_number(off, 2, buffer, sizeof buffer) : "");
    real(out, gantry_report_node_us(profile, context, node), 3);
    count(out, node->accelerator, node->weight_bytes);
    count(out, node->accelerator, node->load_bytes);
    count(out, node->accelerator, node->store_bytes);
    real(out, gantry_report_intensity(node), 3);
    fprintf(out, ",%s", bound ? bound : "");
    count(out, node->other_cycles != GANTRY_UNKNOWN, node->other_cycles);
    real(out, us(node->other_cpu_ns), 3);
    real(out, us(node->cpu_estimate_ns), 3);
    bool timed = node->accelerator && profile->has_times && !profile->trace_lost;
    real(out, timed && !context->planned ? us(node->device_ns) : -1.0, 3);
    real(out, gantry_report_weight_loads(node), 3);
    real(out, gantry_report_input_loads(node), 3);
    (void)fputs("\r\n", out);
}

void gantry_report_csv(FILE *out, const struct gantry_profile *profile,
                       const struct gantry_report_context *context)
{
    (void)fputs("index,name,op,placement,reason,macs,cycles,utilization,cpu_us,fused_into", out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        fprintf(out, ",%s", gantry_profile_stall_name(i));
    (void)fputs(",predicted_cycles,error_percent,time_us,weight_bytes,load_bytes,store_bytes,"
                "intensity,bound,other_cycles,other_cpu_us,cpu_estimate_us,device_us,"
                "weight_loads_per_byte,activation_loads_per_byte\r\n",
                out);
    for (size_t i = 0; i < profile->node_count; i++) row(out, profile, context, &profile->nodes[i]);
}
