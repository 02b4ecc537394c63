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

/* Values that are not known are UINT64_MAX. */
#define GANTRY_UNKNOWN UINT64_MAX

/* Why a node stays on the CPU, or how the accelerator has a node that is no instruction. code: a
 * short stable word; rule: a sentence; limit and value: what the rule compares, when it compares
 * numbers. */
struct gantry_reason {
    const char *code; /* NULL: no reason, the node runs on the accelerator */
    const char *rule;
    bool has_numbers;
    int64_t limit, value;
};

/* Times of a series of runs. */
struct gantry_profile_spread {
    uint64_t first_ns, mean_ns, p50_ns, p99_ns, max_ns;
};

/* How the array computes a node: m output blocks a group, tiles of accumulator rows. */
struct gantry_profile_shape {
    const char *path; /* "array", "diagonal", "window", "mean"; NULL: no instruction */
    uint32_t instructions, m, groups, tile_rows, tiles;
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
    uint64_t cpu_ns;    /* measured on this machine; 0 for an accelerator node */
    uint64_t device_ns; /* measured by a device that has times: its instructions; 0 for CPU nodes */
    int32_t segment;
    /* planned, of the accelerator */
    uint64_t predicted_cycles; /* 0 for a CPU or fused node */
    uint64_t weight_bytes, load_bytes, store_bytes;
    uint64_t weight_operand_bytes, input_operand_bytes; /* of the model's tensors, each once */
    struct gantry_profile_shape shape;
    /* What the other side would cost: filled by who knows, else GANTRY_UNKNOWN. */
    uint64_t other_cycles;    /* predicted, of a CPU node that the accelerator could run */
    uint64_t other_cpu_ns;    /* measured on this machine, of an accelerator node */
    uint64_t cpu_estimate_ns; /* of the target's processor */
    struct gantry_profile_spread cpu;
};

enum gantry_profile_engine {
    GANTRY_ENGINE_FETCH,
    GANTRY_ENGINE_LOAD,
    GANTRY_ENGINE_COMPUTE,
    GANTRY_ENGINE_STORE
};

/* An instruction that ran, from the trace; cycles count from the start of its launch, and are
 * nanoseconds where the device has times. */
struct gantry_profile_event {
    int32_t node, segment;
    uint32_t insn, run;
    enum gantry_profile_engine engine;
    const char *name; /* "CONV" */
    uint64_t from_cycle, to_cycle;
    uint64_t work_cycle; /* the first one after waiting for semaphores, which only COMPUTE counts */
};

/* Consecutive work of one side; times are of the last run and count from its start. */
struct gantry_profile_segment {
    bool accelerator;
    uint32_t instructions;
    uint64_t cycles, predicted_cycles;
    uint64_t device_ns; /* measured by a device that has times: first start to last end */
    uint64_t weight_bytes, program_bytes, chip_bytes; /* chip: activation RAM in use */
    uint64_t from_ns, to_ns;
    uint64_t before_ns, after_ns; /* making memory visible to the device and back */
    uint64_t modelled_host_ns;    /* of the target's processor: the nodes, or about the launch */
};

struct gantry_profile {
    const char *model, *device, *memory;
    bool has_cycles; /* false: every cycle count is to be read as unknown */
    bool has_times;  /* false: the same for times of the device */
    bool trace_lost;
    /* Of the run: everything below and of the nodes is the sum over them; predicted cycles are
     * those of so many single ones. */
    uint32_t inferences;
    uint64_t macs, macs_offloaded;
    uint32_t peak_macs_per_cycle;           /* 0: no accelerator */
    uint64_t accelerator_cycles;            /* sum over launches of register CYCLES */
    uint64_t device_ns;                     /* sum over segments */
    uint64_t stalls[GANTRY_PROFILE_STALLS]; /* sum over launches of the class registers */
    uint64_t cpu_ns;                        /* CPU nodes and layout */
    uint64_t layout_ns;                     /* packing of inputs and outputs: the next two */
    uint64_t pack_ns, unpack_ns;
    uint64_t pack_bytes, unpack_bytes; /* copied by them */
    uint64_t start_ns; /* when the run began: of the monotonic clock, or simulated in a pool */
    uint64_t total_ns; /* wall time of the run */
    uint32_t launches;
    uint64_t ddr_read_bytes, ddr_write_bytes;
    size_t node_count; /* the model's nodes, then pseudo-nodes */
    const struct gantry_profile_node *nodes;
    size_t segment_count;
    const struct gantry_profile_segment *segments;
    size_t event_count; /* 0: no trace */
    const struct gantry_profile_event *events;
    /* planned */
    uint64_t predicted_cycles; /* of the accelerator */
    uint64_t modelled_ns;      /* of the whole network on the target; GANTRY_UNKNOWN */
    bool proven;               /* no placement is better under that model */
    uint64_t chip_bytes;       /* of the activation RAM */
    uint64_t arena_bytes, input_bytes, output_bytes;
    uint32_t memory_bytes_per_cycle; /* of the target's memory; 0: unknown */
    /* of a series of runs */
    uint32_t runs;
    struct gantry_profile_spread wall, cpu;
    /* Whether outputs equal those of the CPU: 1, 0, or -1 when not compared. */
    int equal_to_cpu;
    uint64_t checksum; /* of the outputs: FNV-1a, 64 bits */
};

/* Name of a stall class, 0 <= i < GANTRY_PROFILE_STALLS ("busy", "semaphore", ...). */
GANTRY_API const char *gantry_profile_stall_name(size_t i);

#ifdef __cplusplus
}
#endif

#endif
