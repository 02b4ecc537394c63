/* SPDX-License-Identifier: Apache-2.0
 * The profile record: what one run cost, node by node. Reports print it; nothing else measures. */
#ifndef GANTRY_PROFILE_H
#define GANTRY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/version.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GANTRY_PROFILE_STALLS = 9, GANTRY_NODE_LAUNCH = -1, GANTRY_NODE_STORE = -2 };

/* Why a node stays on the CPU. code: a short stable word; rule: a sentence; limit and value: what
 * the rule compares, when it compares numbers. */
struct gantry_reason {
    const char *code; /* NULL: no reason, the node runs on the accelerator */
    const char *rule;
    bool has_numbers;
    int64_t limit, value;
};

struct gantry_profile_node {
    int32_t index;    /* in the model; GANTRY_NODE_LAUNCH or GANTRY_NODE_STORE for pseudo-nodes */
    const char *name; /* "@launch", "@store" for pseudo-nodes */
    const char *op;
    bool accelerator;
    struct gantry_reason reason;
    uint64_t macs;
    int32_t fused_into;                     /* node, or -1 */
    uint64_t cycles;                        /* of the accelerator; 0 for a CPU or fused node */
    uint64_t stalls[GANTRY_PROFILE_STALLS]; /* by class; they sum to cycles */
    uint64_t cpu_ns; /* measured on this machine; 0 for an accelerator node */
    int32_t segment;
};

struct gantry_profile {
    const char *model, *device, *memory;
    bool has_cycles; /* false: every cycle count is to be read as unknown */
    bool trace_lost;
    uint64_t macs, macs_offloaded;
    uint32_t peak_macs_per_cycle;           /* 0: no accelerator */
    uint64_t accelerator_cycles;            /* sum over launches of register CYCLES */
    uint64_t stalls[GANTRY_PROFILE_STALLS]; /* sum over launches of the class registers */
    uint64_t cpu_ns;                        /* CPU nodes and layout */
    uint64_t layout_ns;                     /* packing of inputs and outputs */
    uint64_t total_ns;                      /* wall time of the run */
    uint32_t launches;
    uint64_t ddr_read_bytes, ddr_write_bytes;
    size_t node_count; /* the model's nodes, then pseudo-nodes */
    const struct gantry_profile_node *nodes;
};

/* Name of a stall class, 0 <= i < GANTRY_PROFILE_STALLS ("busy", "semaphore", ...). */
GANTRY_API const char *gantry_profile_stall_name(size_t i);

#ifdef __cplusplus
}
#endif

#endif
