/* SPDX-License-Identifier: Apache-2.0
 * Predicted cycles: what a plan's programs cost on a target, by formulas and without running. */
#ifndef GANTRY_PLAN_PREDICT_H
#define GANTRY_PLAN_PREDICT_H

#include "plan/plan.h"
#include "target/target.h"

/* Fills the planned part of a record: of nodes (the model's, then @launch and @store), segments
 * and totals. What only running tells is left zero, what nobody knows GANTRY_UNKNOWN. Strings and
 * arrays are borrowed. Errors: GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status
gantry_plan_record(const struct gantry_plan *plan, const struct gantry_device_info *info,
                   struct gantry_profile *profile, struct gantry_profile_node *nodes,
                   struct gantry_profile_segment *segments, struct gantry_error *error);

/* Writes the cycles of each instruction as trace records own them: a COMPUTE has the front's
 * cycles from the end of the one before to its own end, END has the rest, all others have 0. The
 * sum is the launch. cycles: insn_count values. The program has passed gantry_program_check.
 * Errors: GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status gantry_predict(const struct gantry_array_params *params,
                                                  const struct gantry_target *target,
                                                  const uint8_t *program, uint32_t insn_count,
                                                  uint64_t sem_init,
                                                  const struct gantry_allocator *allocator,
                                                  double *cycles, struct gantry_error *error);

/* Cycles of a segment's launch from start to done; adds those of each instruction to the entry of
 * its owner: nodes[node], nodes[node_count] for @launch, nodes[node_count + 1] for @store.
 * UINT64_MAX: out of memory. */
uint64_t gantry_predict_segment(const struct gantry_plan *plan, int32_t segment,
                                const struct gantry_target *target,
                                struct gantry_profile_node *nodes);

#endif
