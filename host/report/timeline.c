/* SPDX-License-Identifier: Apache-2.0
 * The timeline of a record: copies, CPU layers and launches one after the other on one axis, and
 * within a launch what its engines did. */
#include <stdlib.h>

#include "report/report.h"

struct timeline {
    const struct gantry_profile *profile;
    const struct gantry_report_context *context;
    struct gantry_report_slice *slices;
    size_t count;
    double now_us;
};

const char *gantry_report_track_name(enum gantry_report_track track)
{
    static const char *const names[GANTRY_TRACKS] = {[GANTRY_TRACK_HOST] =
                                                         "host: CPU layers, copies",
                                                     [GANTRY_TRACK_LAUNCH] = "launches",
                                                     [GANTRY_TRACK_COMPUTE] = "COMPUTE",
                                                     [GANTRY_TRACK_LOAD] = "LOAD",
                                                     [GANTRY_TRACK_STORE] = "STORE"};
    return names[track];
}

static struct gantry_report_slice *add(struct timeline *timeline, enum gantry_report_track track,
                                       const char *name, const char *kind, double from_us,
                                       double length_us)
{
    struct gantry_report_slice *slice = &timeline->slices[timeline->count++];
    *slice = (struct gantry_report_slice){.track = track,
                                          .name = name,
                                          .kind = kind,
                                          .node = INT32_MIN,
                                          .segment = -1,
                                          .from_us = from_us,
                                          .to_us = from_us + length_us};
    return slice;
}

static void add_copy(struct timeline *timeline, const char *name, uint64_t ns)
{
    double length_us = (double)ns / 1000.0;
    (void)add(timeline, GANTRY_TRACK_HOST, name, "copy", timeline->now_us, length_us);
    timeline->now_us += length_us;
}

static double cycles_us(const struct timeline *timeline, uint64_t cycles)
{
    uint32_t clock_hz = timeline->context->clock_hz;
    return clock_hz ? (double)cycles * 1e6 / (double)clock_hz : 0.0;
}

/* Times where the device has them, else cycles at the clock. */
static double event_us(const struct timeline *timeline, uint64_t value)
{
    return timeline->profile->has_times ? (double)value / 1000.0 : cycles_us(timeline, value);
}

static void set_cycles(struct gantry_report_slice *slice, uint64_t from, uint64_t to)
{
    slice->from_cycle = from;
    slice->to_cycle = to;
}

/* CPU layers in order, or a launch's layers by their predicted cycles. */
static void add_layers(struct timeline *timeline, int32_t segment, bool accelerator)
{
    const struct gantry_profile *profile = timeline->profile;
    uint64_t cycle = 0;
    double from_us = timeline->now_us;
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        if (node->segment != segment || node->fused_into >= 0) continue;
        double length_us = (double)node->cpu_ns / 1000.0;
        if (accelerator) length_us = cycles_us(timeline, node->predicted_cycles);
        struct gantry_report_slice *slice =
            add(timeline, accelerator ? GANTRY_TRACK_COMPUTE : GANTRY_TRACK_HOST, node->name,
                accelerator ? "layer" : "cpu", from_us, length_us);
        slice->node = node->index;
        slice->segment = segment;
        from_us += length_us;
        if (!accelerator) continue;
        set_cycles(slice, cycle, cycle + node->predicted_cycles);
        cycle += node->predicted_cycles;
    }
    if (!accelerator) timeline->now_us = from_us;
}

static enum gantry_report_track track_of(enum gantry_profile_engine engine)
{
    if (engine == GANTRY_ENGINE_LOAD) return GANTRY_TRACK_LOAD;
    return engine == GANTRY_ENGINE_STORE ? GANTRY_TRACK_STORE : GANTRY_TRACK_COMPUTE;
}

static const char *layer_name(const struct gantry_profile *profile, int32_t node)
{
    for (size_t i = 0; i < profile->node_count; i++)
        if (profile->nodes[i].index == node) return profile->nodes[i].name;
    return "?";
}

/* Instructions of a launch; those of COMPUTE within slices of their layers. A record's last cycle
 * is part of it, the nanosecond of its end is not. */
static void add_events(struct timeline *timeline, int32_t segment)
{
    const struct gantry_profile *profile = timeline->profile;
    struct gantry_report_slice *layer = NULL;
    uint32_t run = 0;
    for (size_t i = 0; i < profile->event_count; i++) {
        const struct gantry_profile_event *event = &profile->events[i];
        if (event->segment != segment || event->engine == GANTRY_ENGINE_FETCH) continue;
        uint64_t from = event->from_cycle, to = event->to_cycle + !profile->has_times;
        double from_us = timeline->now_us + event_us(timeline, from);
        double length_us = event_us(timeline, to - from);
        bool compute = event->engine == GANTRY_ENGINE_COMPUTE;
        if (compute && (!layer || layer->node != event->node || run != event->run)) {
            layer = add(timeline, GANTRY_TRACK_COMPUTE, layer_name(profile, event->node), "layer",
                        from_us, 0.0);
            layer->node = event->node;
            layer->segment = segment;
            if (profile->has_cycles) layer->from_cycle = from;
            run = event->run;
        }
        struct gantry_report_slice *slice =
            add(timeline, track_of(event->engine), event->name, "instruction", from_us, length_us);
        slice->node = event->node;
        slice->segment = segment;
        if (profile->has_cycles) set_cycles(slice, from, to);
        if (!compute) continue;
        layer->to_us = slice->to_us;
        layer->to_cycle = slice->to_cycle;
    }
}

static void add_launch(struct timeline *timeline, int32_t index)
{
    const struct gantry_profile_segment *segment = &timeline->profile->segments[index];
    bool ran = !timeline->context->planned, times = timeline->profile->has_times && ran;
    bool counted = timeline->profile->has_cycles && ran;
    uint64_t cycles = counted ? segment->cycles : segment->predicted_cycles;
    double length_us = times ? event_us(timeline, segment->device_ns) : cycles_us(timeline, cycles);
    struct gantry_report_slice *slice =
        add(timeline, GANTRY_TRACK_LAUNCH, counted || times ? "launch" : "launch (predicted)",
            "launch", timeline->now_us, length_us);
    slice->segment = index;
    if (!times) set_cycles(slice, 0, cycles);
    if (counted || times)
        add_events(timeline, index);
    else
        add_layers(timeline, index, true);
    timeline->now_us += length_us;
}

/* By track, then start; what contains comes before what is contained. */
static int by_time(const void *a, const void *b)
{
    const struct gantry_report_slice *x = a, *y = b;
    if (x->track != y->track) return x->track < y->track ? -1 : 1;
    if (x->from_us < y->from_us || x->from_us > y->from_us) return x->from_us < y->from_us ? -1 : 1;
    if (x->to_us < y->to_us || x->to_us > y->to_us) return x->to_us > y->to_us ? -1 : 1;
    return (x->kind[0] == 'i') - (y->kind[0] == 'i');
}

struct gantry_report_slice *gantry_report_timeline(const struct gantry_profile *profile,
                                                   const struct gantry_report_context *context,
                                                   size_t *count)
{
    size_t most = profile->node_count + 2 * profile->event_count + profile->segment_count + 2;
    struct timeline timeline = {.profile = profile, .context = context};
    *count = 0;
    timeline.slices = gantry_allocate(NULL, most, sizeof *timeline.slices);
    if (!timeline.slices) return NULL;
    if (!context->planned) add_copy(&timeline, "inputs to memory", profile->pack_ns);
    for (size_t s = 0; s < profile->segment_count; s++) {
        if (profile->segments[s].accelerator)
            add_launch(&timeline, (int32_t)s);
        else if (!context->planned)
            add_layers(&timeline, (int32_t)s, false);
    }
    if (!context->planned) add_copy(&timeline, "outputs from memory", profile->unpack_ns);
    qsort(timeline.slices, timeline.count, sizeof *timeline.slices, by_time);
    *count = timeline.count;
    return timeline.slices;
}
