/* SPDX-License-Identifier: Apache-2.0
 * The nodes of a profile record as comma-separated values. */
#include <inttypes.h>

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

static void row(FILE *out, const struct gantry_profile *profile,
                const struct gantry_profile_node *node)
{
    char buffer[48];
    bool known = node->accelerator && gantry_report_has_node_cycles(profile);
    double utilization =
        known ? gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle)
              : -1.0;
    fprintf(out, "%" PRId32 ",", node->index);
    text(out, node->name);
    fprintf(out, ",%s,%s,%s", node->op, node->accelerator ? "accelerator" : "cpu",
            node->reason.code ? node->reason.code : "");
    count(out, true, node->macs);
    count(out, known, node->cycles);
    fprintf(out, ",%s",
            utilization >= 0 ? gantry_report_number(utilization, 6, buffer, sizeof buffer) : "");
    fprintf(out, ",%s",
            gantry_report_number((double)node->cpu_ns / 1000.0, 3, buffer, sizeof buffer));
    if (node->fused_into >= 0)
        fprintf(out, ",%" PRId32, node->fused_into);
    else
        (void)fputc(',', out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++) count(out, known, node->stalls[i]);
    (void)fputs("\r\n", out);
}

void gantry_report_csv(FILE *out, const struct gantry_profile *profile,
                       const struct gantry_report_context *context)
{
    (void)context;
    (void)fputs("index,name,op,placement,reason,macs,cycles,utilization,cpu_us,fused_into", out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        fprintf(out, ",%s", gantry_profile_stall_name(i));
    (void)fputs("\r\n", out);
    for (size_t i = 0; i < profile->node_count; i++) row(out, profile, &profile->nodes[i]);
}
