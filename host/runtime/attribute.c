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
