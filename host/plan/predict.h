/* SPDX-License-Identifier: Apache-2.0
 * Predicted cycles: what a plan's programs cost on a target, by formulas and without running. */
#ifndef GANTRY_PLAN_PREDICT_H
#define GANTRY_PLAN_PREDICT_H

#include "plan/plan.h"

/* What a prediction knows of the machine around the array. */
struct gantry_target {
    const char *name;                /* "kv260" */
    uint32_t memory_bytes_per_cycle; /* of all ports together */
    uint32_t memory_latency;         /* cycles from a request to its first data */
};
/* The target that a device stands for: its ports and its memory model. */
void gantry_target_of(const struct gantry_device_info *info, struct gantry_target *out);

/* Fills the planned part of a record: of nodes (the model's, then @launch and @store), segments
 * and totals. What only running tells is left zero, what nobody knows GANTRY_UNKNOWN. Strings and
 * arrays are borrowed. Errors: GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status
gantry_plan_record(const struct gantry_plan *plan, const struct gantry_device_info *info,
                   struct gantry_profile *profile, struct gantry_profile_node *nodes,
                   struct gantry_profile_segment *segments, struct gantry_error *error);

/* Cycles of a segment's launch from start to done; adds those of each instruction to the entry of
 * its owner: nodes[node], nodes[node_count] for @launch, nodes[node_count + 1] for @store.
 * UINT64_MAX: out of memory. */
uint64_t gantry_predict_segment(const struct gantry_plan *plan, int32_t segment,
                                const struct gantry_target *target,
                                struct gantry_profile_node *nodes);

#endif
