/* SPDX-License-Identifier: Apache-2.0
 * Which engines of the accelerator were at work in the same cycles. */
#include <stdlib.h>

#include "report/report.h"

/* An instruction begins or ends. */
struct edge {
    uint64_t cycle;
    unsigned engine; /* a single bit of a combination */
    int step;        /* 1 or -1 */
};

static int by_cycle(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->cycle > y->cycle) - (x->cycle < y->cycle);
}

static unsigned engine_of(enum gantry_profile_engine engine)
{
    switch (engine) {
    case GANTRY_ENGINE_LOAD:
        return GANTRY_ENGINES_LOAD;
    case GANTRY_ENGINE_COMPUTE:
        return GANTRY_ENGINES_COMPUTE;
    case GANTRY_ENGINE_STORE:
        return GANTRY_ENGINES_STORE;
    case GANTRY_ENGINE_FETCH:
        break;
    }
    return 0;
}

/* Edges of a launch's instructions, in order of time. A record's last cycle is part of it. */
static size_t list_edges(const struct gantry_profile *profile, int32_t segment, struct edge *edges)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->event_count; i++) {
        const struct gantry_profile_event *event = &profile->events[i];
        unsigned engine = engine_of(event->engine);
        if (event->segment != segment || !engine || event->work_cycle > event->to_cycle) continue;
        edges[count++] = (struct edge){event->work_cycle, engine, 1};
        edges[count++] = (struct edge){event->to_cycle + 1, engine, -1};
    }
    qsort(edges, count, sizeof *edges, by_cycle);
    return count;
}

static void sweep(const struct edge *edges, size_t count, uint64_t *cycles)
{
    int depth[GANTRY_ENGINES_COMBINATIONS] = {0};
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned at_work = (depth[GANTRY_ENGINES_LOAD] ? GANTRY_ENGINES_LOAD : 0u) |
                           (depth[GANTRY_ENGINES_COMPUTE] ? GANTRY_ENGINES_COMPUTE : 0u) |
                           (depth[GANTRY_ENGINES_STORE] ? GANTRY_ENGINES_STORE : 0u);
        cycles[at_work] += edges[i].cycle - last;
        last = edges[i].cycle;
        depth[edges[i].engine] += edges[i].step;
    }
}

bool gantry_report_overlap(const struct gantry_profile *profile,
                           uint64_t cycles[GANTRY_ENGINES_COMBINATIONS])
{
    uint64_t sum = 0;
    for (size_t i = 0; i < GANTRY_ENGINES_COMBINATIONS; i++) cycles[i] = 0;
    if (!gantry_report_has_node_cycles(profile) || profile->event_count == 0) return false;
    struct edge *edges = gantry_allocate(NULL, 2 * profile->event_count, sizeof *edges);
    if (!edges) return false;
    for (size_t s = 0; s < profile->segment_count; s++)
        sweep(edges, list_edges(profile, (int32_t)s, edges), cycles);
    gantry_release(NULL, edges);
    for (size_t i = 1; i < GANTRY_ENGINES_COMBINATIONS; i++) sum += cycles[i];
    if (sum > profile->accelerator_cycles) return false; /* a trace of something else */
    cycles[0] = profile->accelerator_cycles - sum;
    return true;
}

const char *gantry_report_engines_name(unsigned engines)
{
    static const char *const names[GANTRY_ENGINES_COMBINATIONS] = {
        [0] = "none",
        [GANTRY_ENGINES_LOAD] = "load",
        [GANTRY_ENGINES_COMPUTE] = "compute",
        [GANTRY_ENGINES_LOAD | GANTRY_ENGINES_COMPUTE] = "load+compute",
        [GANTRY_ENGINES_STORE] = "store",
        [GANTRY_ENGINES_LOAD | GANTRY_ENGINES_STORE] = "load+store",
        [GANTRY_ENGINES_COMPUTE | GANTRY_ENGINES_STORE] = "compute+store",
        [GANTRY_ENGINES_LOAD | GANTRY_ENGINES_COMPUTE | GANTRY_ENGINES_STORE] =
            "load+compute+store"};
    return names[engines];
}
