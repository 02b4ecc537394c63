/* SPDX-License-Identifier: Apache-2.0
 * A profile record in Chrome's trace format. Time starts at 0 and nodes follow each other, because
 * the record holds lengths and no dates. */
#include "report/report.h"

enum { PROCESS = 1, TRACK_CPU = 1, TRACK_ACCELERATOR = 2 };

static json_t *track_name(int track, const char *name)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "name", "thread_name", "ph", "M", "pid",
                     PROCESS, "tid", track, "args", "name", name);
}

static json_t *arguments(const struct gantry_profile *profile,
                         const struct gantry_profile_node *node)
{
    json_t *args = json_object();
    json_object_set_new(args, "op", json_string(node->op));
    json_object_set_new(args, "macs", json_integer((json_int_t)node->macs));
    if (node->reason.code) json_object_set_new(args, "reason", json_string(node->reason.code));
    if (!node->accelerator || !gantry_report_has_node_cycles(profile)) return args;
    json_object_set_new(args, "cycles", json_integer((json_int_t)node->cycles));
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        if (node->stalls[i] > 0)
            json_object_set_new(args, gantry_profile_stall_name(i),
                                json_integer((json_int_t)node->stalls[i]));
    return args;
}

void gantry_report_chrome(FILE *out, const struct gantry_profile *profile,
                          const struct gantry_report_context *context)
{
    double now_us = 0.0;
    json_t *events = json_array();
    json_array_append_new(events, track_name(TRACK_CPU, "cpu (measured)"));
    json_array_append_new(events, track_name(TRACK_ACCELERATOR, "accelerator (cycles at clock)"));
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        double length_us = (double)node->cpu_ns / 1000.0;
        if (node->accelerator)
            length_us = context->clock_hz && gantry_report_has_node_cycles(profile)
                            ? (double)node->cycles * 1e6 / (double)context->clock_hz
                            : 0.0;
        json_array_append_new(events,
                              json_pack("{s:o, s:s, s:s, s:f, s:f, s:i, s:i, s:o}", "name",
                                        gantry_report_string(node->name), "cat", node->op, "ph",
                                        "X", "ts", now_us, "dur", length_us, "pid", PROCESS, "tid",
                                        node->accelerator ? TRACK_ACCELERATOR : TRACK_CPU, "args",
                                        arguments(profile, node)));
        now_us += length_us;
    }
    json_t *root = json_object();
    json_object_set_new(root, "traceEvents", events);
    json_object_set_new(root, "displayTimeUnit", json_string("ns"));
    json_object_set_new(root, "otherData",
                        json_pack("{s:o, s:s}", "model", gantry_report_string(profile->model),
                                  "device", profile->device));
    (void)json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
    (void)fputc('\n', out);
    json_decref(root);
}
