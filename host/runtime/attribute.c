/* SPDX-License-Identifier: Apache-2.0
 * From trace records to nodes.
 *
 * A COMPUTE record owns the front's cycles since the previous COMPUTE record, so that waiting for
 * a LOAD belongs to the node that waits; END owns the tail. Records of the other queues are
 * written as their instructions finish and own none of the front's cycles. */
#include <assert.h>

#include "runtime/engine_internal.h"

enum { QUEUE_COMPUTE = 2 };

static_assert((int)GANTRY_PROFILE_STALLS == (int)GANTRY_STALL_CLASSES,
              "the public record has a place for each class of cycles");
static_assert((int)GANTRY_TRACE_STALL8_WORD == (int)GANTRY_TRACE_STALL0_WORD + 8,
              "the classes stand in consecutive words");

const char *gantry_profile_stall_name(size_t i)
{
    return gantry_stall_label(i < GANTRY_STALL_CLASSES ? (uint32_t)i : UINT32_MAX);
}

static uint32_t field(const uint8_t *record, int word, int lsb, int width)
{
    uint32_t value = gantry_load_u32(record + 4 * word) >> lsb;
    return width >= 32 ? value : value & ((1u << width) - 1);
}
#define FIELD(record, name)                                              \
    field(record, GANTRY_TRACE_##name##_WORD, GANTRY_TRACE_##name##_LSB, \
          GANTRY_TRACE_##name##_WIDTH)

static bool is_unwritten(const uint8_t *record)
{
    for (size_t i = 0; i < GANTRY_TRACE_BYTES; i++)
        if (record[i] != 0xFF) return false;
    return true;
}

static struct gantry_profile_node *owner(const uint8_t *record, const int32_t *insn_node,
                                         uint32_t insn_count, struct gantry_profile_node *nodes,
                                         int32_t node_count)
{
    uint32_t opcode = FIELD(record, OPCODE), index = FIELD(record, INDEX);
    if (opcode == GANTRY_INSN_END) return &nodes[node_count + 1];
    if (FIELD(record, QUEUE) != QUEUE_COMPUTE) return NULL;
    int32_t node = index < insn_count ? insn_node[index] : GANTRY_NODE_LAUNCH;
    if (node == GANTRY_NODE_STORE) return &nodes[node_count + 1];
    if (opcode == GANTRY_INSN_SYNC || node < 0 || node >= node_count) return &nodes[node_count];
    return &nodes[node];
}

size_t gantry_trace_attribute(const uint8_t *trace, size_t records_max, const int32_t *insn_node,
                              uint32_t insn_count, struct gantry_profile_node *nodes,
                              int32_t node_count)
{
    size_t count = 0;
    for (; count < records_max; count++) {
        const uint8_t *record = trace + count * GANTRY_TRACE_BYTES;
        if (is_unwritten(record)) break;
        struct gantry_profile_node *node = owner(record, insn_node, insn_count, nodes, node_count);
        if (!node) continue;
        for (int k = 0; k < GANTRY_STALL_CLASSES; k++) {
            uint64_t cycles = gantry_load_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + k));
            node->stalls[k] += cycles;
            node->cycles += cycles;
        }
    }
    return count;
}

/* The front waits for semaphores before anything else of an instruction. */
static uint64_t work_cycle(const uint8_t *record, uint64_t from)
{
    if (FIELD(record, QUEUE) != QUEUE_COMPUTE) return from;
    return from + gantry_load_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + GANTRY_STALL_SEMAPHORE));
}

static uint64_t cycle(const uint8_t *record, int word, int width)
{
    return gantry_load_u64(record + 4 * word) & ((UINT64_C(1) << width) - 1);
}

uint64_t gantry_trace_times(const uint8_t *trace, size_t records, const int32_t *insn_node,
                            uint32_t insn_count, struct gantry_profile_node *nodes,
                            int32_t node_count)
{
    uint64_t end = 0;
    for (size_t i = 0; i < records; i++) {
        const uint8_t *record = trace + i * GANTRY_TRACE_BYTES;
        uint32_t index = FIELD(record, INDEX);
        int32_t node = index < insn_count ? insn_node[index] : GANTRY_NODE_LAUNCH;
        uint64_t from = cycle(record, GANTRY_TRACE_START_WORD, GANTRY_TRACE_START_WIDTH);
        uint64_t to = cycle(record, GANTRY_TRACE_END_WORD, GANTRY_TRACE_END_WIDTH);
        if (node < 0) node = node == GANTRY_NODE_STORE ? node_count + 1 : node_count;
        if (node < node_count + 2 && to > from) nodes[node].device_ns += to - from;
        if (to > end) end = to;
    }
    return end;
}

size_t gantry_trace_events(const uint8_t *trace, size_t records_max, const int32_t *insn_node,
                           uint32_t insn_count, int32_t segment,
                           struct gantry_profile_event *events)
{
    size_t count = 0;
    for (; count < records_max; count++) {
        const uint8_t *record = trace + count * GANTRY_TRACE_BYTES;
        if (is_unwritten(record)) break;
        uint32_t index = FIELD(record, INDEX), queue = FIELD(record, QUEUE);
        const char *name = gantry_insn_name(FIELD(record, OPCODE));
        uint64_t from = cycle(record, GANTRY_TRACE_START_WORD, GANTRY_TRACE_START_WIDTH);
        events[count] = (struct gantry_profile_event){
            .node = index < insn_count ? insn_node[index] : GANTRY_NODE_LAUNCH,
            .segment = segment,
            .insn = index,
            .run = FIELD(record, RUN),
            .engine = queue <= GANTRY_ENGINE_STORE ? (enum gantry_profile_engine)queue
                                                   : GANTRY_ENGINE_FETCH,
            .name = name ? name : "?",
            .from_cycle = from,
            .work_cycle = work_cycle(record, from),
            .to_cycle = cycle(record, GANTRY_TRACE_END_WORD, GANTRY_TRACE_END_WIDTH),
        };
    }
    return count;
}

bool gantry_engine_node_window(const struct gantry_engine *engine, int32_t node, uint64_t *from_out,
                               uint64_t *to_out)
{
    const struct gantry_plan *plan = engine->plan;
    bool found = false;
    if (!engine->device->info.has_cycles) return false;
    for (int32_t s = 0; s < plan->segment_count; s++) {
        const struct gantry_segment_state *state = &engine->segments[s];
        const struct gantry_plan_segment *segment = &plan->segments[s];
        for (uint32_t i = 0; state->launch.trace_on && i < segment->insn_count; i++) {
            const uint8_t *record = state->trace.host + (size_t)i * GANTRY_TRACE_BYTES;
            uint32_t index = FIELD(record, INDEX);
            if (is_unwritten(record)) break;
            if (FIELD(record, QUEUE) != QUEUE_COMPUTE || index >= segment->insn_count) continue;
            if (segment->insn_node[index] != node) continue;
            uint64_t from = cycle(record, GANTRY_TRACE_START_WORD, GANTRY_TRACE_START_WIDTH);
            uint64_t to = cycle(record, GANTRY_TRACE_END_WORD, GANTRY_TRACE_END_WIDTH);
            if (!found || from < *from_out) *from_out = from;
            if (!found || to > *to_out) *to_out = to;
            found = true;
        }
        if (found) return true;
    }
    return false;
}
