/* SPDX-License-Identifier: Apache-2.0
 * What several streams did, in Chrome's trace format. */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

enum { PROCESS = 1, NAME_BYTES = 64, ENGINES = GANTRY_TRACKS - GANTRY_TRACK_LAUNCH };

/* Streams first, then launches and engines of each accelerator. */
static int track_of(const struct gantry_report_streams *streams,
                    const struct gantry_report_span *span)
{
    if (span->track == GANTRY_TRACK_HOST) return span->stream;
    return streams->streams + span->accelerator * ENGINES + (int)span->track - GANTRY_TRACK_LAUNCH;
}

static void name_track(json_t *events, int track, const char *name)
{
    json_array_append_new(events, json_pack("{s:s, s:s, s:i, s:i, s:{s:i}}", "name",
                                            "thread_sort_index", "ph", "M", "pid", PROCESS, "tid",
                                            track + 1, "args", "sort_index", track));
    json_array_append_new(events,
                          json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "name", "thread_name", "ph",
                                    "M", "pid", PROCESS, "tid", track + 1, "args", "name", name));
}

static void name_tracks(json_t *events, const struct gantry_report_streams *streams)
{
    char name[NAME_BYTES];
    int track = 0;
    json_array_append_new(events, json_pack("{s:s, s:s, s:i, s:{s:o}}", "name", "process_name",
                                            "ph", "M", "pid", PROCESS, "args", "name",
                                            gantry_report_string(streams->model)));
    for (int i = 0; i < streams->streams; i++) {
        (void)snprintf(name, sizeof name, "stream %d: CPU layers", i);
        name_track(events, track++, name);
    }
    for (int i = 0; i < streams->accelerators; i++)
        for (int k = 0; k < ENGINES; k++) {
            (void)snprintf(
                name, sizeof name, "accelerator %d: %s", i,
                gantry_report_track_name((enum gantry_report_track)(GANTRY_TRACK_LAUNCH + k)));
            name_track(events, track++, name);
        }
}

static const char *kind_of(const struct gantry_report_span *span)
{
    if (span->track == GANTRY_TRACK_HOST) return "cpu";
    return span->track == GANTRY_TRACK_LAUNCH ? "launch" : "instruction";
}

static int by_time(const void *a, const void *b)
{
    const struct gantry_report_span *x = a, *y = b;
    if (x->from_ns != y->from_ns) return x->from_ns < y->from_ns ? -1 : 1;
    return (x->to_ns < y->to_ns) - (x->to_ns > y->to_ns);
}

static json_t *slice(const struct gantry_report_streams *streams,
                     const struct gantry_report_span *span)
{
    return json_pack("{s:o, s:s, s:s, s:f, s:f, s:i, s:i, s:{s:i, s:I}}", "name",
                     gantry_report_string(span->name), "cat", kind_of(span), "ph", "X", "ts",
                     (double)(span->from_ns - streams->from_ns) / 1e3, "dur",
                     (double)(span->to_ns - span->from_ns) / 1e3, "pid", PROCESS, "tid",
                     track_of(streams, span) + 1, "args", "stream", span->stream, "inference",
                     (json_int_t)span->inference);
}

bool gantry_report_chrome_streams(FILE *out, const struct gantry_report_streams *streams)
{
    struct gantry_report_span *spans = gantry_allocate(NULL, streams->count + 1, sizeof *spans);
    if (!spans) return false;
    if (streams->count) memcpy(spans, streams->spans, streams->count * sizeof *spans);
    qsort(spans, streams->count, sizeof *spans, by_time);
    json_t *events = json_array();
    name_tracks(events, streams);
    for (size_t i = 0; i < streams->count; i++)
        json_array_append_new(events, slice(streams, &spans[i]));
    json_t *root =
        json_pack("{s:o, s:s, s:{s:o, s:s, s:s, s:s}}", "traceEvents", events, "displayTimeUnit",
                  "ns", "otherData", "model", gantry_report_string(streams->model), "device",
                  streams->device, "target", streams->target, "time",
                  streams->simulated ? "simulated, the host as the target has it" : "measured");
    (void)json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)fputc('\n', out);
    json_decref(root);
    gantry_release(NULL, spans);
    return true;
}
