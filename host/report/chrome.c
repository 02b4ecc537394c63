/* SPDX-License-Identifier: Apache-2.0
 * A profile record in Chrome's trace format: tracks of the timeline, slices with what is known of
 * their layer. */
#include "report/report.h"

enum { PROCESS = 1 };

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static json_t *number(uint64_t value) { return json_integer((json_int_t)value); }

/* Names a track and gives it its place. */
static void append_track(json_t *events, int track, const char *key, json_t *value)
{
    static const char *const kinds[] = {"thread_sort_index", "thread_name"};
    json_array_append_new(events,
                          json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "name", kinds[key[0] == 'n'],
                                    "ph", "M", "pid", PROCESS, "tid", track, "args", key, value));
}

static const struct gantry_profile_node *find(const struct gantry_profile *profile, int32_t index)
{
    for (size_t i = 0; i < profile->node_count; i++)
        if (profile->nodes[i].index == index) return &profile->nodes[i];
    return NULL;
}

static void set_layer(json_t *args, const struct gantry_profile *profile,
                      const struct gantry_profile_node *node)
{
    set(args, "op", json_string(node->op));
    set(args, "macs", number(node->macs));
    if (node->reason.code) set(args, "reason", gantry_report_reason(&node->reason));
    if (!node->accelerator) return;
    set(args, "predicted_cycles", number(node->predicted_cycles));
    set(args, "bytes", number(gantry_report_bytes(node)));
    if (!gantry_report_has_node_cycles(profile)) return;
    set(args, "cycles", number(node->cycles));
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        if (node->stalls[i] > 0) set(args, gantry_profile_stall_name(i), number(node->stalls[i]));
}

static json_t *arguments(const struct gantry_profile *profile,
                         const struct gantry_report_slice *slice)
{
    json_t *args = json_object();
    const struct gantry_profile_node *node = find(profile, slice->node);
    bool layer = slice->kind[0] != 'i';
    if (node && node->index >= 0 && !layer) set(args, "layer", gantry_report_string(node->name));
    if (node && layer) set_layer(args, profile, node);
    if (slice->to_cycle > slice->from_cycle) {
        set(args, "from_cycle", number(slice->from_cycle));
        set(args, "to_cycle", number(slice->to_cycle));
    }
    return args;
}

void gantry_report_chrome(FILE *out, const struct gantry_profile *profile,
                          const struct gantry_report_context *context)
{
    size_t count;
    struct gantry_report_slice *slices = gantry_report_timeline(profile, context, &count);
    json_t *events = json_array(), *root = json_object();
    json_array_append_new(events, json_pack("{s:s, s:s, s:i, s:{s:o}}", "name", "process_name",
                                            "ph", "M", "pid", PROCESS, "args", "name",
                                            gantry_report_string(profile->model)));
    for (int track = 0; track < GANTRY_TRACKS; track++) {
        append_track(events, track + 1, "name",
                     json_string(gantry_report_track_name((enum gantry_report_track)track)));
        append_track(events, track + 1, "sort_index", json_integer(track));
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(events, json_pack("{s:o, s:s, s:s, s:f, s:f, s:i, s:i, s:o}", "name",
                                                gantry_report_string(slices[i].name), "cat",
                                                slices[i].kind, "ph", "X", "ts", slices[i].from_us,
                                                "dur", slices[i].to_us - slices[i].from_us, "pid",
                                                PROCESS, "tid", (int)slices[i].track + 1, "args",
                                                arguments(profile, &slices[i])));
    set(root, "traceEvents", events);
    set(root, "displayTimeUnit", json_string("ns"));
    set(root, "otherData",
        json_pack("{s:o, s:s, s:s}", "model", gantry_report_string(profile->model), "device",
                  profile->device, "target", context->target));
    (void)json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)fputc('\n', out);
    json_decref(root);
    gantry_release(NULL, slices);
}
