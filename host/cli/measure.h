/* SPDX-License-Identifier: Apache-2.0
 * Measuring for a profile: several runs, and both sides of every layer. */
#ifndef GANTRY_CLI_MEASURE_H
#define GANTRY_CLI_MEASURE_H

#include "cli/cli.h"

/* A record with nodes of its own; segments and events are the engine's. */
struct gantry_cli_measured {
    struct gantry_profile profile;
    struct gantry_profile_node *nodes;
};
/* Runs so often; CPU times are the medians, cycles those of the last run. */
int gantry_cli_measure(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                       const struct gantry_cli_batch *inputs, struct gantry_cli_batch *outputs,
                       size_t runs, struct gantry_cli_measured *out);
void gantry_cli_measured_finish(struct gantry_cli_measured *measured);

/* Ascending order of uint64_t, for qsort. */
int gantry_cli_by_value(const void *a, const void *b);

/* Runs the model on the CPU as well, several times when it is quick: fills the CPU time of
 * accelerator nodes and whether the outputs are equal. */
int gantry_cli_measure_cpu(const struct gantry_cli_args *args, const struct gantry_model *model,
                           const struct gantry_cli_batch *inputs,
                           const struct gantry_cli_batch *outputs,
                           struct gantry_cli_measured *measured);
/* Fills the predicted cycles of the nodes that plan keeps on the CPU and the accelerator could run.
 * nodes: the model's. */
int gantry_cli_predict_other(const struct gantry_model *model, const struct gantry_plan *own,
                             const struct gantry_device_info *info,
                             struct gantry_profile_node *nodes);

#endif
