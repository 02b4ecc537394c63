/* SPDX-License-Identifier: Apache-2.0
 * The profile record as JSON. Keys are only ever added; null means: unknown or not applicable. */
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

json_t *gantry_report_string(const char *text)
{
    json_t *string = json_string(text);
    if (string) return string;
    char ascii[256];
    size_t length = 0;
    for (; text[length] && length < sizeof ascii - 1; length++)
        ascii[length] = (unsigned char)text[length] < 0x80 ? text[length] : '?';
    ascii[length] = 0;
    return json_string(ascii);
}

static json_t *number(uint64_t value) { return json_integer((json_int_t)value); }

static json_t *number_or_null(bool known, uint64_t value)
{
    return known ? number(value) : json_null();
}

static json_t *ratio_or_null(double value) { return value >= 0 ? json_real(value) : json_null(); }

static json_t *stalls_json(const uint64_t *stalls)
{
    json_t *object = json_object();
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        json_object_set_new(object, gantry_profile_stall_name(i), number(stalls[i]));
    return object;
}

json_t *gantry_report_reason(const struct gantry_reason *reason)
{
    if (!reason->code) return json_null();
    return json_pack("{s:s, s:s, s:o, s:o}", "code", reason->code, "rule",
                     reason->rule ? reason->rule : "", "limit",
                     reason->has_numbers ? json_integer(reason->limit) : json_null(), "value",
                     reason->has_numbers ? json_integer(reason->value) : json_null());
}

static bool has_cpu_node(const struct gantry_profile *profile)
{
    for (size_t i = 0; i < profile->node_count; i++)
        if (!profile->nodes[i].accelerator) return true;
    return false;
}

static json_t *totals_json(const struct gantry_profile *profile)
{
    bool known = profile->has_cycles, array = profile->peak_macs_per_cycle > 0;
    double utilization =
        known ? gantry_report_utilization(profile->macs_offloaded, profile->accelerator_cycles,
                                          profile->peak_macs_per_cycle)
              : -1.0;
    json_t *totals = json_object();
    json_object_set_new(totals, "macs", number(profile->macs));
    json_object_set_new(totals, "macs_offloaded_percent",
                        json_real(gantry_report_offloaded(profile)));
    json_object_set_new(totals, "peak_macs_per_cycle",
                        number_or_null(array, profile->peak_macs_per_cycle));
    json_object_set_new(totals, "accelerator_cycles",
                        number_or_null(known, profile->accelerator_cycles));
    json_object_set_new(totals, "predicted_cycles", json_null());
    json_object_set_new(totals, "utilization", ratio_or_null(utilization));
    /* CPU nodes have no modelled time yet, so the sum is known only without them. */
    json_object_set_new(
        totals, "cycles",
        number_or_null(known && !has_cpu_node(profile), profile->accelerator_cycles));
    json_object_set_new(totals, "cpu_us", json_real((double)profile->cpu_ns / 1000.0));
    json_object_set_new(totals, "layout_us", json_real((double)profile->layout_ns / 1000.0));
    json_object_set_new(totals, "wall_us", json_real((double)profile->total_ns / 1000.0));
    json_object_set_new(totals, "predicted_cpu_us", json_null());
    json_object_set_new(totals, "launches", number(profile->launches));
    json_object_set_new(totals, "ddr_read_bytes", number_or_null(known, profile->ddr_read_bytes));
    json_object_set_new(totals, "ddr_write_bytes", number_or_null(known, profile->ddr_write_bytes));
    json_object_set_new(totals, "trace_lost", json_boolean(profile->trace_lost));
    json_object_set_new(totals, "stalls", known ? stalls_json(profile->stalls) : json_null());
    return totals;
}

static json_t *node_json(const struct gantry_profile *profile,
                         const struct gantry_profile_node *node)
{
    bool known = node->accelerator && gantry_report_has_node_cycles(profile);
    double utilization =
        known ? gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle)
              : -1.0;
    json_t *object = json_object();
    json_object_set_new(object, "index", json_integer(node->index));
    json_object_set_new(object, "name", gantry_report_string(node->name));
    json_object_set_new(object, "op", json_string(node->op));
    json_object_set_new(object, "placement",
                        json_string(node->accelerator ? "accelerator" : "cpu"));
    json_object_set_new(object, "reason", gantry_report_reason(&node->reason));
    json_object_set_new(object, "macs", number(node->macs));
    json_object_set_new(object, "cycles", number_or_null(known, node->cycles));
    json_object_set_new(object, "predicted_cycles", json_null());
    json_object_set_new(object, "utilization", ratio_or_null(utilization));
    json_object_set_new(object, "cpu_us", json_real((double)node->cpu_ns / 1000.0));
    json_object_set_new(object, "fused_into",
                        node->fused_into >= 0 ? json_integer(node->fused_into) : json_null());
    json_object_set_new(object, "segment",
                        node->segment >= 0 ? json_integer(node->segment) : json_null());
    json_object_set_new(object, "stalls", known ? stalls_json(node->stalls) : json_null());
    return object;
}

json_t *gantry_report_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context)
{
    json_t *root = json_object(), *nodes = json_array();
    for (size_t i = 0; i < profile->node_count; i++)
        json_array_append_new(nodes, node_json(profile, &profile->nodes[i]));
    json_object_set_new(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    json_object_set_new(root, "model", gantry_report_string(profile->model));
    json_object_set_new(root, "device", json_string(profile->device));
    json_object_set_new(root, "target", json_string(context->target));
    json_object_set_new(root, "memory",
                        profile->memory && profile->memory[0] ? json_string(profile->memory)
                                                              : json_null());
    json_object_set_new(root, "totals", totals_json(profile));
    json_object_set_new(root, "nodes", nodes);
    return root;
}
